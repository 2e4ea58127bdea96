"""Who is signed in to the pages: a random token in a cookie, its SHA-256 here."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncEngine

from domain.clock import from_micros, to_micros
from storage.engine import reading
from storage.tables import sessions
from storage.uow import UnitOfWork

ABSOLUTE = timedelta(hours=12)
IDLE = timedelta(hours=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Session:
    """A session that is good at the time asked."""

    person: str
    seen_at: datetime


def open_session(uow: UnitOfWork, *, digest: str, person: str, now: datetime) -> None:
    uow.later(
        "INSERT INTO sessions (digest, person, created_at, seen_at) VALUES (?, ?, ?, ?)",
        digest, person, to_micros(now), to_micros(now),
    )  # fmt: skip


def see_session(uow: UnitOfWork, *, digest: str, now: datetime) -> None:
    """It was used: an idle hour starts anew."""
    uow.later("UPDATE sessions SET seen_at = ? WHERE digest = ?", to_micros(now), digest)


def end_session(uow: UnitOfWork, *, digest: str) -> None:
    uow.later("DELETE FROM sessions WHERE digest = ?", digest)


def tidy_sessions(uow: UnitOfWork, *, now: datetime) -> None:
    uow.later(
        "DELETE FROM sessions WHERE created_at < ? OR seen_at < ?",
        to_micros(now - ABSOLUTE), to_micros(now - IDLE),
    )  # fmt: skip


async def find_session(engine: AsyncEngine, digest: str, now: datetime) -> Session | None:
    """The session of that token, unless twelve hours, or an hour without use, have passed."""
    async with reading(engine) as conn:
        found = (await conn.execute(select(sessions).where(sessions.c.digest == digest))).one_or_none()
    if found is None:
        return None
    created, seen = from_micros(found.created_at), from_micros(found.seen_at)
    if now - created >= ABSOLUTE or now - seen >= IDLE:
        return None
    return Session(person=found.person, seen_at=seen)
