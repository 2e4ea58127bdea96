"""Platform access tokens, one row an app: who may fetch a new one is decided in a transaction.

The writer runs one batch at a time over all instances, so the units below need no lock of their own.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

from domain.clock import from_micros, to_micros
from storage import sql
from storage.uow import UnitOfWork

FETCH_WITHIN = timedelta(seconds=15)


@dataclass(frozen=True, slots=True, kw_only=True)
class Turn:
    """What a caller without a usable token should do: use `token`, or fetch one (`mine`), or wait."""

    token: str = ""
    expires_at: datetime | None = None
    fetched_at: datetime | None = None
    mine: bool = False


def take_turn(uow: UnitOfWork, *, app: str, used: str, now: datetime) -> Turn:
    """Ask for a token other than `used` (the one that was refused or has run out; may be empty).

    A token that somebody else has fetched since is handed out. Otherwise exactly one caller is told to fetch;
    whoever fetches and dies is replaced after 15 seconds.
    """
    instant = to_micros(now)
    rows = uow.query(
        "SELECT token, expires_at, fetched_at, fetching_until FROM platform_tokens WHERE app = ?", (app,)
    )
    token, expires, fetched, until = rows[0] if rows else ("", 0, 0, None)
    if token and token != used and expires > instant:
        return Turn(token=token, expires_at=from_micros(expires), fetched_at=from_micros(fetched))
    if until is not None and until > instant:
        return Turn()
    sql.execute(
        uow.connection,
        "INSERT INTO platform_tokens (app, token, expires_at, fetched_at, fetching_until) "
        "VALUES (?, '', 0, 0, ?) ON CONFLICT (app) DO UPDATE SET fetching_until = excluded.fetching_until",
        (app, instant + FETCH_WITHIN // timedelta(microseconds=1)),
    )
    return Turn(mine=True, fetched_at=from_micros(fetched) if fetched else None)


def keep(uow: UnitOfWork, *, app: str, token: str, expires_at: datetime, now: datetime) -> None:
    """A new token was fetched."""
    uow.later(
        "UPDATE platform_tokens SET token = ?, expires_at = ?, fetched_at = ?, fetching_until = NULL "
        "WHERE app = ?",
        token, to_micros(expires_at), to_micros(now), app,
    )  # fmt: skip


def give_up_turn(uow: UnitOfWork, *, app: str) -> None:
    """The fetch failed: the next caller may try."""
    uow.later("UPDATE platform_tokens SET fetching_until = NULL WHERE app = ?", app)
