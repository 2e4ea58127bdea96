"""The simulator's chats: what each person's phone shows, kept in the database so that every instance shows
the same."""

import asyncio
import json
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, select
from sqlalchemy.ext.asyncio import AsyncEngine

from domain.clock import from_micros, to_micros
from storage import sql
from storage.engine import reading
from storage.rows import dump
from storage.tables import marks, sim_messages
from storage.uow import UnitOfWork

SHOWN = 300


def put_message(
    uow: UnitOfWork, *, message: str, person: str, sender: str, kind: str, body: dict[str, Any], at: datetime
) -> None:
    """Append a message to a person's chat; the same id again shows nothing twice, only the newer content."""
    instant = to_micros(at)
    uow.later(
        "INSERT INTO sim_messages (id, person, at, sender, type, body, changed) VALUES (?, ?, ?, ?, ?, ?, ?) "
        "ON CONFLICT (id) DO UPDATE SET body = excluded.body, changed = excluded.changed",
        message, person, instant, sender, kind, dump(body), instant,
    )  # fmt: skip


def change_message(uow: UnitOfWork, *, message: str, body: dict[str, Any], at: datetime) -> None:
    """A card of the chat now looks like this."""
    uow.later(
        "UPDATE sim_messages SET body = ?, changed = ? WHERE id = ?", dump(body), to_micros(at), message
    )


def set_mark(uow: UnitOfWork, *, name: str, value: str) -> None:
    """Keep a small fact about the program itself."""
    uow.later(
        "INSERT INTO marks (name, value) VALUES (?, ?) "
        "ON CONFLICT (name) DO UPDATE SET value = excluded.value",
        name, value,
    )  # fmt: skip


class ChatReads:
    """Reads the chats and marks on connections of its own."""

    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = engine
        self._turn = asyncio.Lock()
        self._wanted: set[str] = set()
        self._coming: asyncio.Task[dict[str, Any]] | None = None

    async def messages(self, person: str) -> list[dict[str, Any]]:
        """What a person's chat shows now, oldest first, the newest 300."""
        table = sim_messages.c
        query = select(table.id, table.at, table.sender, table.type, table.body)
        query = query.where(table.person == person).order_by(table.seq.desc()).limit(SHOWN)
        async with reading(self._engine) as conn:
            rows = (await conn.execute(query)).all()
        return [
            {
                "id": row.id,
                "at": from_micros(row.at),
                "from": row.sender,
                "type": row.type,
                **json.loads(row.body),
            }
            for row in reversed(rows)
        ]

    async def message(self, person: str, message: str) -> dict[str, Any] | None:
        """One message of a person's chat. Who asks while a read is under way is served by the next, together
        with all who ask meanwhile."""
        self._wanted.add(message)
        if self._coming is None:
            self._coming = asyncio.create_task(self._read_wanted())
        row = (await asyncio.shield(self._coming)).get(message)
        if row is None:
            return None
        _, whose, kind, body = row
        return {"type": kind, **json.loads(body)} if whose == person else None

    async def _read_wanted(self) -> dict[str, Any]:
        async with self._turn:
            wanted, self._wanted, self._coming = self._wanted, set(), None
            async with reading(self._engine) as conn:
                rows = await conn.run_sync(_by_id, wanted)
        return {row[0]: row for row in rows}

    async def changed_since(self, micros: int) -> tuple[Sequence[str], int]:
        """(people whose chat changed after that mark, the new mark)."""
        table = sim_messages.c
        query = select(table.person, table.changed).where(table.changed > micros)
        async with reading(self._engine) as conn:
            rows = (await conn.execute(query)).all()
        newest = max((row.changed for row in rows), default=micros)
        return sorted({row.person for row in rows}), newest

    async def mark(self, name: str) -> str | None:
        """A small fact about the program itself."""
        async with reading(self._engine) as conn:
            row = (await conn.execute(select(marks.c.value).where(marks.c.name == name))).one_or_none()
        return None if row is None else str(row.value)


def _by_id(conn: Connection, wanted: set[str]) -> Sequence[Any]:
    return sql.select_in(conn, sim_messages, "id", wanted, names=("id", "person", "type", "body"))


def hurry(uow: UnitOfWork, *, now: datetime) -> None:
    """The outage is over: what backed off is tried at once. What is being sent keeps its lease."""
    uow.later(
        "UPDATE outbox SET not_before = ? WHERE state = 'due' AND attempts > 0 AND error IS NOT NULL",
        to_micros(now),
    )
