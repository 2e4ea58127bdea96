"""What came with notes: rows at once, the files as soon as the platform hands them out."""

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncEngine

from domain.clock import from_micros, to_micros
from domain.media import Attachment, MediaKind, Unheard, Wanted
from storage import sql
from storage.engine import reading
from storage.tables import media
from storage.uow import UnitOfWork

LEASE = timedelta(seconds=120)
_NEXT_WANTED = "SELECT min(not_before) FROM media WHERE state = 'wanted'"


def claim_wanted(uow: UnitOfWork, *, now: datetime, limit: int) -> list[Wanted]:
    """Lease files that a platform still has; a lease that ends unsettled is given out again."""
    rows = _leased(uow, "channel, ref", "state = 'wanted'", now, limit)
    return [Wanted(id=id_, channel=channel, ref=ref, attempts=tries) for id_, tries, channel, ref in rows]


def _leased(uow: UnitOfWork, names: str, where: str, now: datetime, limit: int) -> list[tuple[Any, ...]]:
    """(id, this try's number, the columns `names`) of rows that are due, leased."""
    instant = to_micros(now)
    rows = uow.query(
        f"SELECT id, attempts + 1, {names} FROM media WHERE {where} AND not_before <= ? "  # noqa: S608
        "ORDER BY not_before LIMIT ?",
        (instant, limit),
    )
    until = instant + LEASE // timedelta(microseconds=1)
    leased = "UPDATE media SET not_before = ?, attempts = attempts + 1"
    sql.execute_in(uow.connection, leased, (until,), "id", [row[0] for row in rows])
    return [tuple(row) for row in rows]


def file_kept(uow: UnitOfWork, *, id_: str, size: int, sha256: str, path: str, at: datetime) -> None:
    """The file is here: `path` is its place under the media folder. What a voice says may be heard now."""
    uow.later(
        "UPDATE media SET state = 'kept', size = ?, sha256 = ?, path = ?, attempts = 0, not_before = ? "
        "WHERE id = ?",
        size, sha256, path, to_micros(at), id_,
    )  # fmt: skip


def file_again(uow: UnitOfWork, *, id_: str, at: datetime) -> None:
    uow.later("UPDATE media SET not_before = ? WHERE id = ? AND state = 'wanted'", to_micros(at), id_)


def file_lost(uow: UnitOfWork, *, id_: str) -> None:
    """The platform will never hand it out: too large, expired, deleted."""
    uow.later("UPDATE media SET state = 'lost' WHERE id = ?", id_)


def claim_unheard(uow: UnitOfWork, *, now: datetime, limit: int) -> list[Unheard]:
    """Lease voices whose words are wanted, those whose file is lost too, so that somebody says so."""
    rows = _leased(uow, "note, path", "speech = 'due' AND state <> 'wanted'", now, limit)
    return [Unheard(id=id_, note=note, path=path, attempts=tries) for id_, tries, note, path in rows]


def hear_again(uow: UnitOfWork, *, id_: str, at: datetime) -> None:
    uow.later("UPDATE media SET not_before = ? WHERE id = ? AND speech = 'due'", to_micros(at), id_)


async def next_unheard(engine: AsyncEngine) -> datetime | None:
    """When a voice may be heard next."""
    due = (media.c.speech == "due") & (media.c.state != "wanted")
    async with reading(engine) as conn:
        found = await conn.scalar(select(func.min(media.c.not_before)).where(due))
    return None if found is None else from_micros(found)


async def next_wanted(engine: AsyncEngine) -> datetime | None:
    """When a file may be fetched next."""
    async with reading(engine) as conn:
        found = (await conn.run_sync(sql.query, _NEXT_WANTED))[0][0]
    return None if found is None else from_micros(found)


async def attached(engine: AsyncEngine, notes: Iterable[str]) -> dict[str, list[tuple[Attachment, str]]]:
    """(attachment, state) of each of these notes, in the order of arrival."""
    async with reading(engine) as conn:
        statement = select(media).where(media.c.note.in_(list(notes))).order_by(media.c.at, media.c.id)
        rows: Sequence[Any] = (await conn.execute(statement)).all()
    found: dict[str, list[tuple[Attachment, str]]] = {}
    for row in rows:
        found.setdefault(row.note, []).append((_attachment(row), row.state))
    return found


def _attachment(row: Any) -> Attachment:
    names = ("name", "label", "channel", "ref", "size", "sha256", "path", "seconds", "lat", "lng", "url")
    return Attachment(kind=MediaKind(row.kind), **{name: getattr(row, name) for name in names})


async def known_paths(engine: AsyncEngine, paths: Iterable[str]) -> set[str]:
    """Which of these files a note names."""
    async with reading(engine) as conn:
        rows = await conn.execute(select(media.c.path).where(media.c.path.in_(list(paths))).distinct())
        return {row.path for row in rows}
