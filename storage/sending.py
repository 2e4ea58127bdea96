"""What a platform lets us send, counted in transactions: limits hold over restarts and instances."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from domain.clock import from_micros, to_micros
from storage import sql
from storage.uow import UnitOfWork

KEEP_SENDS = timedelta(days=4)
FIRST_BLOCK = timedelta(seconds=60)
LONGEST_BLOCK = timedelta(minutes=60)
FORGIVEN_AFTER = timedelta(minutes=10)


@dataclass(frozen=True, slots=True, kw_only=True)
class Limit:
    """At most `most` messages to one account in any `within`."""

    most: int
    within: timedelta


@dataclass(frozen=True, slots=True, kw_only=True)
class Slot:
    """`wait_until` = not now; None = send, it is counted. `tried` = this message was tried before, and may be
    shown already."""

    wait_until: datetime | None = None
    tried: bool = False


def take_slot(
    uow: UnitOfWork,
    *,
    app: str,
    call: str,
    account: str,
    message: str,
    limits: tuple[Limit, ...],
    now: datetime,
) -> Slot:
    """Ask to send one message to one account now. `call` is the block that this kind of call may be under."""
    instant = to_micros(now)
    blocked = _blocked(uow, call, instant)
    if blocked is not None:
        return Slot(wait_until=blocked)
    for limit in limits:
        free_at = _free_at(uow, app, account, limit, instant)
        if free_at is not None:
            return Slot(wait_until=free_at)
    tried = uow.query("SELECT at FROM platform_sends WHERE message = ? LIMIT 1", (message,))
    sql.execute(
        uow.connection,
        "INSERT INTO platform_sends (message, at, app, account) VALUES (?, ?, ?, ?) ON CONFLICT DO NOTHING",
        (message, instant, app, account),
    )
    return Slot(tried=bool(tried))


def _free_at(uow: UnitOfWork, app: str, account: str, limit: Limit, now: int) -> datetime | None:
    """When the account's window has room again; None = now. Only the last `most` can fill it."""
    span = limit.within // timedelta(microseconds=1)
    rows = uow.query(
        "SELECT at FROM platform_sends WHERE app = ? AND account = ? AND at > ? "
        "ORDER BY at DESC LIMIT 1 OFFSET ?",
        (app, account, now - span, limit.most - 1),
    )
    return from_micros(rows[0][0] + span) if rows else None


def _blocked(uow: UnitOfWork, name: str, now: int) -> datetime | None:
    rows = uow.query("SELECT until FROM blocks WHERE name = ? AND until > ?", (name, now))
    return from_micros(rows[0][0]) if rows else None


def blocked_until(uow: UnitOfWork, *, name: str, now: datetime) -> datetime | None:
    """Until when that call must not be made; None = it may."""
    return _blocked(uow, name, to_micros(now))


def block(uow: UnitOfWork, *, name: str, now: datetime) -> datetime:
    """The platform said "too often": a minute, then twice as long each time it says so soon after, an hour at
    most. Returns until when. Several calls that meet the same block count once."""
    instant = to_micros(now)
    rows = uow.query("SELECT until, strikes FROM blocks WHERE name = ?", (name,))
    until, strikes = rows[0] if rows else (0, 0)
    if until > instant:
        return from_micros(until)
    if instant - until > FORGIVEN_AFTER // timedelta(microseconds=1):
        strikes = 0
    span = min(FIRST_BLOCK * 2**strikes, LONGEST_BLOCK)
    end: datetime = now + span
    sql.execute(
        uow.connection,
        "INSERT INTO blocks (name, until, strikes) VALUES (?, ?, ?) "
        "ON CONFLICT (name) DO UPDATE SET until = excluded.until, strikes = excluded.strikes",
        (name, to_micros(end), strikes + 1),
    )
    return end


# -- codes that permit one update of a card ------------------------------------------------------------


def keep_code(uow: UnitOfWork, *, app: str, message: str, code: str, until: datetime) -> None:
    """A code came with a sent card, or with a click on it. The same one again is the same one."""
    uow.pending.codes[code] = (code, app, message, to_micros(until), None)


def claim_code(uow: UnitOfWork, *, app: str, message: str, now: datetime, leave: int = 0) -> str | None:
    """The oldest code of that card that nobody has used, taken for good; None when there are no more than
    `leave`."""
    instant = to_micros(now)
    rows = uow.query(
        "SELECT code FROM platform_codes WHERE app = ? AND message = ? AND used_at IS NULL AND until > ? "
        "ORDER BY until, code LIMIT ?",
        (app, message, instant, leave + 1),
    )
    if len(rows) <= leave:
        return None
    sql.execute(uow.connection, "UPDATE platform_codes SET used_at = ? WHERE code = ?", (instant, rows[0][0]))
    return str(rows[0][0])


def give_back_code(uow: UnitOfWork, *, code: str) -> None:
    """The platform never saw it: it may be claimed again."""
    uow.later("UPDATE platform_codes SET used_at = NULL WHERE code = ?", code)


def tidy_sending(uow: UnitOfWork, *, now: datetime) -> None:
    """Codes past their time and tries that count no more go."""
    uow.later("DELETE FROM platform_codes WHERE until < ?", to_micros(now))
    uow.later("DELETE FROM platform_sends WHERE at < ?", to_micros(now - KEEP_SENDS))
