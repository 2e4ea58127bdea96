"""Noticing that a database is older than what was seen before: a backup was restored, an old file copied.

The database counts its heartbeats and its epochs; a small file beside it remembers the highest count it has
seen. An older database begins a new epoch: its lead numbers skip ahead, so that a button of the lost hours
can never mean another lead, and readiness stays red until somebody has looked.
"""

import json
from contextlib import suppress
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from sqlalchemy import URL, Connection, Engine

from domain.clock import from_micros, to_micros
from storage import sql
from storage.engine import is_sqlite
from storage.uow import UnitOfWork

SKIP = 10_000
"""Lead numbers left out at a new epoch: more than can have been given out unseen."""

SET_MARK = (
    "INSERT INTO marks (name, value) VALUES (?, ?) ON CONFLICT (name) DO UPDATE SET value = excluded.value"
)


@dataclass(frozen=True, slots=True, order=True, kw_only=True)
class Standing:
    """How far a database has come. `number` = the highest lead number that it has given out; `erased` = the
    leads whose customers were erased, so that a restored backup brings nobody back."""

    epoch: int = 1
    beats: int = 0
    number: int = 1000
    erased: tuple[str, ...] = ()

    def behind(self, seen: "Standing") -> bool:
        """Whether a database that stands here is older than one that stood there."""
        return (self.epoch, self.beats) < (seen.epoch, seen.beats)


@dataclass(frozen=True, slots=True, kw_only=True)
class Lost:
    """What came after `since` (None: unknown) is not in the database. `epoch` began with it."""

    epoch: int
    since: datetime | None


def beat(uow: UnitOfWork, *, now: datetime) -> None:
    """The program is alive: stamp the time and count."""
    uow.later(SET_MARK, "heartbeat", str(to_micros(now)))
    uow.later(
        "INSERT INTO marks (name, value) VALUES ('beats', '1') ON CONFLICT (name) "
        "DO UPDATE SET value = CAST(CAST(marks.value AS BIGINT) + 1 AS TEXT)"
    )


def standing(conn: Connection) -> Standing:
    found = dict(
        map(
            tuple, sql.query(conn, "SELECT name, value FROM marks WHERE name IN ('epoch', 'beats', 'erased')")
        )
    )
    return Standing(
        epoch=int(found.get("epoch", 1)),
        beats=int(found.get("beats", 0)),
        number=highest_number(conn),
        erased=tuple(found.get("erased", "").split()),
    )


def read_standing(uow: UnitOfWork) -> Standing:
    """`standing` as a unit."""
    return standing(uow.connection)


def highest_number(conn: Connection) -> int:
    if sql.is_postgres(conn):
        return int(sql.query(conn, "SELECT last_value FROM lead_numbers")[0][0])
    rows = sql.query(conn, "SELECT id FROM leads ORDER BY rowid DESC LIMIT 1")
    return max(int(rows[0][0][1:]) if rows else 1000, floor(conn))


def floor(conn: Connection) -> int:
    """The number below which none is given out any more (SQLite)."""
    rows = sql.query(conn, "SELECT value FROM marks WHERE name = 'numbers'")
    return int(rows[0][0]) if rows else 0


def begin(conn: Connection, *, seen: Standing | None) -> Lost:
    """Begin a new epoch in a database that has lost something."""
    stands = standing(conn)
    top = max(stands, seen or stands)
    epoch = max(stands.epoch, top.epoch) + 1
    number = max(stands.number, seen.number if seen else 0) + SKIP
    rows = sql.query(conn, "SELECT value FROM marks WHERE name = 'heartbeat'")
    since = rows[0][0] if rows else ""
    for name, value in (("epoch", str(epoch)), ("numbers", str(number)), ("lost", since)):
        sql.execute(conn, SET_MARK, (name, value))
    if sql.is_postgres(conn):
        sql.query(conn, "SELECT setval('lead_numbers', ?)", (number,))
    return Lost(epoch=epoch, since=_time(since))


def begin_epoch(uow: UnitOfWork, *, seen: Standing) -> Lost:
    """`begin` as a unit."""
    return begin(uow.connection, seen=seen)


def lost(conn: Connection) -> Lost | None:
    """What is lost and not yet confirmed."""
    rows = sql.query(conn, "SELECT value FROM marks WHERE name = 'lost'")
    return Lost(epoch=standing(conn).epoch, since=_time(rows[0][0])) if rows else None


def look(engine: Engine, seen: "Seen") -> Lost | None:
    """What is lost and not confirmed, or will be found to be lost at the next start."""
    with engine.connect() as conn:
        found, stands, before = lost(conn), standing(conn), seen.read()
    if found is None and before is not None and stands.behind(before):
        return Lost(epoch=stands.epoch, since=None)
    return found


def confirm(conn: Connection) -> Lost | None:
    """Somebody has looked: what was lost is known. Returns it; None when there was nothing."""
    found = lost(conn)
    sql.execute(conn, "DELETE FROM marks WHERE name = 'lost'")
    return found


def _time(micros: str) -> datetime | None:
    return from_micros(int(micros)) if micros else None


class Seen:
    """The file that remembers. On PostgreSQL there is one only where the settings name it."""

    def __init__(self, url: URL, file: str = "") -> None:
        beside = f"{url.database}.seen" if is_sqlite(url) and url.database else ""
        self._file = Path(file or beside) if file or beside else None

    def read(self) -> Standing | None:
        """The furthest standing ever written; None when there is none, or it can't be read."""
        if self._file is None:
            return None
        with suppress(OSError, ValueError, TypeError):
            values = json.loads(self._file.read_text(encoding="utf-8"))
            return Standing(**{**values, "erased": tuple(values.get("erased", ()))})
        return None

    def write(self, stands: Standing) -> None:
        """Remember; raises OSError."""
        if self._file is None:
            return
        fresh = self._file.with_name(f"{self._file.name}.new")
        body: dict[str, Any] = asdict(stands)
        fresh.write_text(json.dumps(body), encoding="utf-8")
        fresh.replace(self._file)
