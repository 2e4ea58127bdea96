"""What is no longer needed goes: old answers, delivered notices, acts that can't be undone any more."""

from datetime import datetime, timedelta

from sqlalchemy import URL, Engine
from sqlalchemy.exc import DBAPIError

from domain.clock import from_micros, to_micros
from domain.errors import Unavailable
from domain.notices import Tell
from storage import sql
from storage.engine import snapshot_engine
from storage.sending import LONGEST_BLOCK, tidy_sending
from storage.sessions import tidy_sessions
from storage.uow import UnitOfWork

ANSWERS_FOR = timedelta(days=7)
NOTICES_FOR = timedelta(days=30)
WAITS_FOR = timedelta(days=30)
QUEUED = f"state = 'due' AND tell <> '{Tell.FOLLOW_UP}'"


def tidy(uow: UnitOfWork, *, now: datetime) -> None:
    """Delete stored answers after a week, notices that were sent or given up and words that found no lead
    after a month, acts past their undo."""
    uow.later("DELETE FROM inbox WHERE at < ?", to_micros(now - ANSWERS_FOR))
    uow.later("DELETE FROM outbox WHERE state <> 'due' AND done_at < ?", to_micros(now - NOTICES_FOR))
    uow.later("DELETE FROM undos WHERE until < ?", to_micros(now))
    uow.later("DELETE FROM dialogs WHERE kind IN ('pending', 'trend') AND at < ?", to_micros(now - WAITS_FOR))
    tidy_sending(uow, now=now)
    tidy_sessions(uow, now=now)


def first_time(uow: UnitOfWork, *, name: str) -> bool:
    """Whether this is the first call with that name, ever."""
    return bool(
        sql.execute(
            uow.connection, "INSERT INTO marks (name, value) VALUES (?, '1') ON CONFLICT DO NOTHING", (name,)
        )
    )


def free_leases(uow: UnitOfWork, *, now: datetime) -> None:
    """Whoever had claimed these notices is dead: they are due at once."""
    uow.later("UPDATE outbox SET not_before = ? WHERE state = 'due' AND attempts > 0", to_micros(now))


def clock_set_back(uow: UnitOfWork, *, span: timedelta, now: datetime) -> None:
    """The clock was ahead by so much, and was set back: what was to wait by it is hurried.

    What waits for longer than a platform ever blocks (for the morning, say) waits on, and so does a reminder,
    which has a time of its own and counts as queued at that time.
    """
    micros, instant = span // timedelta(microseconds=1), to_micros(now)
    uow.later(
        f"UPDATE outbox SET not_before = not_before - ? WHERE {QUEUED} AND not_before BETWEEN ? AND ?",  # noqa: S608
        micros, instant, to_micros(now + span + LONGEST_BLOCK),
    )  # fmt: skip
    uow.later(f"UPDATE outbox SET created_at = ? WHERE {QUEUED} AND created_at > ?", instant, instant)  # noqa: S608
    uow.later("UPDATE pace SET tat = tat - ? WHERE tat > ?", micros, instant)


def clock_was_ahead(uow: UnitOfWork, *, since: datetime, now: datetime) -> None:
    """At the start: the clock was set back while nothing ran, as the last beat or what was queued tells."""
    newest = uow.query(f"SELECT max(created_at) FROM outbox WHERE {QUEUED}")[0][0]  # noqa: S608
    latest = max(since, from_micros(newest or 0))
    if latest > now:
        clock_set_back(uow, span=latest - now, now=now)


def backlog(engine: Engine, now: datetime) -> tuple[int, int]:
    """(notices that wait for over a minute, notices that could not be sent). Raises Unavailable.

    What an SLA rings waits from when it arose, put off or not; the rest from when it may go.
    """
    late = to_micros(now - timedelta(minutes=1))
    try:
        with engine.connect() as conn:
            waiting = sql.query(
                conn,
                "SELECT count(*) FROM outbox WHERE state = 'due' "
                "AND (not_before < ? OR (priority = 0 AND created_at < ?))",
                (late, late),
            )
            dead = sql.query(conn, "SELECT count(*) FROM outbox WHERE state = 'dead'")
    except DBAPIError as error:
        raise Unavailable(type(error.orig).__name__) from None
    return int(waiting[0][0]), int(dead[0][0])


def last_heartbeat(url: URL) -> datetime | None:
    """The program's own time at its last heartbeat; None when it never ran on this database."""
    engine = snapshot_engine(url)
    try:
        with engine.connect() as conn, conn.begin():
            found = sql.query(conn, "SELECT value FROM marks WHERE name = 'heartbeat'")
    finally:
        engine.dispose()
    return from_micros(int(found[0][0])) if found else None
