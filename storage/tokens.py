"""API tokens: shown once, kept as SHA-256, revoked for good.

A token holds 256 random bits, so a plain hash of it cannot be turned back and needs no salt. The functions of
the command line take a plain engine: a server may be running on the same file, which the store's lock keeps
to one process.
"""

import hashlib
import hmac
import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Engine, insert, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncEngine

from domain.clock import from_micros, to_micros
from storage.engine import reading
from storage.tables import tokens
from storage.trouble import Trouble

SCOPES = ("capture", "read", "contact")
"""`contact` shows phones, e-mails and WeChat names unmasked; it goes with `read`."""

DEFAULT_SCOPES = frozenset({"capture", "read"})
_NAME = re.compile(r"[\w.@-]{1,64}")


class BadToken(Trouble):
    """A name or a scope that cannot be."""


class NameTaken(Trouble):
    """A live token of that name is there already."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Token:
    """What is known of a token; never the token itself."""

    name: str
    scopes: frozenset[str]
    created_at: datetime
    revoked_at: datetime | None = None


def read_scopes(text: str) -> frozenset[str]:
    """The scopes of a list such as `capture,read`; BadToken names an unknown one, or an empty list."""
    found = frozenset(part.strip() for part in text.split(",") if part.strip())
    unknown = sorted(found - set(SCOPES))
    if unknown:
        raise BadToken("token.scope", scope=unknown[0], scopes=", ".join(SCOPES))
    if not found:
        raise BadToken("token.no_scope", scopes=", ".join(SCOPES))
    return found


def digest(token: str) -> str:
    """The SHA-256 of a token in hex: what is stored and looked up."""
    return hashlib.sha256(token.encode("utf-8", "surrogateescape")).hexdigest()


def add(
    engine: Engine,
    *,
    name: str,
    new_token: Callable[[], str],
    now: datetime,
    scopes: Iterable[str] = DEFAULT_SCOPES,
) -> str:
    """Make a token for a source and return it, the only time it can be seen. `new_token` makes up `lb_` and
    256 random bits. The name of a revoked token is free again. Raises NameTaken or BadToken."""
    wanted = read_scopes(",".join(scopes))
    if not _NAME.fullmatch(name):
        raise BadToken("token.name", name=repr(name))
    token = new_token()
    row = {
        "name": name,
        "hash": digest(token),
        "scopes": ",".join(scope for scope in SCOPES if scope in wanted),
        "created_at": to_micros(now),
        "revoked_at": None,
    }
    again = update(tokens).where(tokens.c.name == name, tokens.c.revoked_at.is_not(None)).values(row)
    try:
        with engine.begin() as conn:
            if not conn.execute(again).rowcount:
                conn.execute(insert(tokens).values(row))
    except IntegrityError:
        raise NameTaken("token.taken", name=name) from None
    return token


def listed(engine: Engine) -> list[Token]:
    """All tokens, live and revoked, by name."""
    with engine.connect() as conn:
        return [_token(row) for row in conn.execute(select(tokens).order_by(tokens.c.name))]


def revoke(engine: Engine, *, name: str, now: datetime) -> bool:
    """End a token at once; False when there is no live one of that name."""
    live = update(tokens).where(tokens.c.name == name, tokens.c.revoked_at.is_(None))
    with engine.begin() as conn:
        return conn.execute(live.values(revoked_at=to_micros(now))).rowcount > 0


async def verify(engine: AsyncEngine, hashed: str) -> tuple[str, frozenset[str]] | None:
    """(name, scopes) of the live token with that digest; None when there is none. Raises Unavailable."""
    async with reading(engine) as conn:
        found = (await conn.execute(select(tokens).where(tokens.c.hash == hashed))).fetchone()
    if found is None or not hmac.compare_digest(found.hash, hashed):
        return None
    token = _token(found)
    return None if token.revoked_at else (token.name, token.scopes)


def _token(row: Sequence[Any]) -> Token:
    name, _, scopes, created, revoked = row
    return Token(
        name=name,
        scopes=frozenset(scopes.split(",")),
        created_at=from_micros(created),
        revoked_at=None if revoked is None else from_micros(revoked),
    )
