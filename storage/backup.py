"""Backups: one SQLite file, whatever the engine, taken from one snapshot while the program runs.

A SQLite database is copied by SQLite's own backup; a PostgreSQL database is read in one snapshot and written
into the same kind of file. It can be looked at and audited anywhere, and restored into either engine.
"""

import os
import sqlite3
import zlib
from contextlib import closing
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from sqlalchemy import URL, Boolean, Connection, Table, func, make_url, select

from storage import epoch, schema, sql, tables
from storage.engine import FileLock, is_sqlite, snapshot_engine, writer_engine
from storage.trouble import Trouble

AT_ONCE = 1_000
SEAL = 60
"""Where a file keeps `user_version`, which SQLite itself does not use (its file format, "User Version"); a
backup keeps the CRC-32 of its other bytes there."""
HEADER = b"SQLite format 3\0"
MEGABYTE = 1 << 20


class BadBackup(Trouble):
    """The file can't be written, is none of ours, is damaged, or can't go where it should."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Copied:
    """What a backup holds, or what came back: `number` = the next lead's, `moved` = the old database."""

    leads: int
    facts: int
    size: int
    number: int = 0
    moved: Path | None = None


def backup(url: URL, file: Path) -> Copied:
    """Write all that is committed now into a new file. Raises BadBackup, SchemaError."""
    if file.exists():
        raise BadBackup("backup.exists", file=file)
    _check_schema(url)
    part = file.with_name(f"{file.name}.part")
    part.unlink(missing_ok=True)
    try:
        part.touch(mode=0o600)
        if is_sqlite(url):
            _copy_sqlite(Path(url.database or ""), part)
        else:
            _dump(url, part)
        found = _look(part)
        _seal(part)
        _sync(part)
        part.rename(file)
    except (OSError, sqlite3.Error) as error:
        raise BadBackup("backup.failed", file=file, why=error) from None
    finally:
        part.unlink(missing_ok=True)
    return found


def restore(url: URL, file: Path, *, now: datetime, seen_file: str = "") -> Copied:
    """Put a backup where the database is to be, in a new epoch. A SQLite database that is there is moved
    aside; a PostgreSQL database must be empty. Raises BadBackup, SchemaError, StoreInUse."""
    found = _look(file)
    _refuse_changed(file)
    _refuse_newer(file)
    seen = epoch.Seen(url, seen_file)
    if not is_sqlite(url):
        _load(url, file)
        return _restored(url, found, seen, None)
    lock = FileLock(url)
    lock.take()
    try:
        return _restored(url, found, seen, _put_in_place(Path(url.database or ""), file, now))
    finally:
        lock.free()


def _restored(url: URL, found: Copied, seen: epoch.Seen, moved: Path | None) -> Copied:
    """Bring the restored database to this program's schema and begin its new epoch."""
    engine = writer_engine(url)
    try:
        schema.migrate(url, engine)
        with engine.connect() as conn, conn.begin():
            epoch.begin(conn, seen=seen.read())
            number = epoch.highest_number(conn) + 1
    finally:
        engine.dispose()
    return Copied(leads=found.leads, facts=found.facts, size=found.size, number=number, moved=moved)


def _check_schema(url: URL) -> None:
    if is_sqlite(url) and not Path(url.database or "").exists():
        raise BadBackup("backup.missing", file=url.database)
    engine = snapshot_engine(url)
    try:
        schema.check(engine)
    finally:
        engine.dispose()


def _look(file: Path) -> Copied:
    """Count what a backup holds; BadBackup when it is damaged or none of ours."""
    if not file.is_file():
        raise BadBackup(f"backup.{'no_file' if file.exists() else 'missing'}", file=file)
    if not os.access(file, os.R_OK):
        raise BadBackup("backup.unreadable", file=file)
    try:
        with closing(_reader(file)) as conn:
            whole = conn.execute("PRAGMA integrity_check").fetchone()[0]
            if whole != "ok":
                raise BadBackup("backup.damaged", file=file, why=whole)
            leads, facts = (
                conn.execute(f"SELECT count(*) FROM {name}").fetchone()[0]  # noqa: S608
                for name in ("leads", "events")
            )
    except sqlite3.Error as error:
        kind = "damaged" if "malformed" in str(error) else "foreign"
        raise BadBackup(f"backup.{kind}", file=file, why=error) from None
    return Copied(leads=leads, facts=facts, size=file.stat().st_size)


def _refuse_newer(file: Path) -> None:
    """What a newer program has written is refused before anything is moved. Raises SchemaError."""
    engine = snapshot_engine(_file_url(file))
    try:
        if (schema.current(engine) or "") > schema.HEAD:
            schema.check(engine)
    finally:
        engine.dispose()


def _copy_sqlite(source: Path, target: Path) -> None:
    """SQLite's own copy, in one step: a reader's snapshot, which holds up no writer."""
    with closing(_reader(source)) as reader, closing(sqlite3.connect(target)) as writer:
        reader.backup(writer)
        writer.execute("PRAGMA journal_mode=DELETE")  # one file, with no log beside it
        writer.execute("PRAGMA user_version=0")  # the seal of where it comes from


def _reader(file: Path) -> sqlite3.Connection:
    """A connection that writes nothing; as a URI, in which a path's own `#`, `?` and `%` are quoted."""
    return sqlite3.connect(f"{file.absolute().as_uri()}?mode=ro", uri=True)


def _seals(file: Path) -> tuple[int, int]:
    """(the seal that a file bears, 0 for none; the one that its content has)."""
    with file.open("rb") as handle:
        head = bytearray(handle.read(SEAL + 4))
        borne, head[SEAL:] = int.from_bytes(head[SEAL:], "big"), bytes(4)
        found = zlib.crc32(head)
        while part := handle.read(MEGABYTE):
            found = zlib.crc32(part, found)
    return borne, found or 1


def _seal(file: Path) -> None:
    _, seal = _seals(file)
    with file.open("r+b") as handle:
        handle.seek(SEAL)
        handle.write(seal.to_bytes(4, "big"))


def _refuse_changed(file: Path) -> None:
    """A file that bears no seal, such as a database copied with `cp`, is taken as it is."""
    borne, found = _seals(file)
    if borne not in (0, found):
        raise BadBackup("backup.changed", file=file)


def _refuse_foreign(database: Path) -> None:
    """What is moved aside must be a database of ours, damaged or not."""
    if not database.exists() or not database.stat().st_size:
        return
    with database.open("rb") as handle:
        ours = handle.read(len(HEADER)) == HEADER
    try:
        with closing(_reader(database)) as conn:
            names = {name for (name,) in conn.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
            ours = ours and (not names or "alembic_version" in names)
    except sqlite3.Error:
        pass  # a damaged one is what a backup is for
    if not ours:
        raise BadBackup("backup.not_ours", file=database)


def _sync(file: Path) -> None:
    with file.open("rb") as handle:
        os.fsync(handle.fileno())
    folder = os.open(file.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)


def _dump(url: URL, target: Path) -> None:
    """A PostgreSQL database as such a file, from one snapshot."""
    to = _file_url(target)
    source, writes = snapshot_engine(url), writer_engine(to)
    try:
        schema.migrate(to, writes)
        with source.connect() as reads, reads.begin(), writes.connect() as conn, conn.begin():
            for table in tables.metadata.sorted_tables:
                _copy_rows(reads, conn, table)
            # SQLite takes the newest row's number for the highest, and these rows lie in no order.
            sql.execute(conn, epoch.SET_MARK, ("numbers", str(epoch.highest_number(reads))))
        with writes.connect() as conn:
            conn.exec_driver_sql("ROLLBACK")
            conn.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")
            conn.exec_driver_sql("PRAGMA journal_mode=DELETE")
    finally:
        source.dispose()
        writes.dispose()


def _copy_rows(reads: Connection, writes: Connection, table: Table) -> None:
    flags = [index for index, column in enumerate(table.columns) if isinstance(column.type, Boolean)]
    with reads.execution_options(yield_per=AT_ONCE).execute(select(table)) as result:
        for rows in result.partitions(AT_ONCE):
            sql.insert(writes, table, [_with_flags(row, flags) for row in rows])


def _with_flags(row: Any, flags: list[int]) -> list[Any]:
    values = list(row)
    for index in flags:
        values[index] = bool(values[index])
    return values


def _file_url(file: Path) -> URL:
    return make_url("sqlite://").set(database=str(file))


def _put_in_place(database: Path, file: Path, now: datetime) -> Path | None:
    """The file where the database is to be, once it lies beside it whole; what was there, with its log, is
    moved aside."""
    database.parent.mkdir(parents=True, exist_ok=True)
    _refuse_foreign(database)
    part = database.with_name(f"{database.name}.part")
    part.unlink(missing_ok=True)
    try:
        part.touch(mode=0o600)
        _copy_sqlite(file, part)
        _sync(part)
        moved = _move_aside(database, now) if database.exists() else None
        part.rename(database)
    except (OSError, sqlite3.Error) as error:
        raise BadBackup("backup.failed", file=database, why=error) from None
    finally:
        part.unlink(missing_ok=True)
    return moved


def _move_aside(database: Path, now: datetime) -> Path:
    moved = database.with_name(f"{database.name}.before-restore-{now:%Y%m%d-%H%M%S}")
    for suffix in ("", "-wal", "-shm"):
        old = database.with_name(database.name + suffix)
        if old.exists():
            old.rename(moved.with_name(moved.name + suffix))
    return moved


def _load(url: URL, file: Path) -> None:
    """The file's rows into an empty PostgreSQL database, in one transaction."""
    source, engine = snapshot_engine(_file_url(file)), writer_engine(url)
    try:
        schema.check(source)
        schema.migrate(url, engine)
        with source.connect() as reads, reads.begin(), engine.connect() as conn, conn.begin():
            _refuse_unless_empty(conn)
            for table in tables.metadata.sorted_tables:
                _copy_rows(reads, conn, table)
            _set_sequences(conn)
    finally:
        source.dispose()
        engine.dispose()


def _refuse_unless_empty(conn: Connection) -> None:
    if conn.execute(select(func.count()).select_from(tables.leads)).scalar_one():
        raise BadBackup("backup.not_empty")
    for table in tables.metadata.sorted_tables:  # desks and marks that a start had made
        if table.name not in ("events", "anchors"):
            conn.execute(table.delete())


def _set_sequences(conn: Connection) -> None:
    top = sql.query(conn, "SELECT coalesce(max(CAST(substr(id, 2) AS BIGINT)), 1000) FROM leads")[0][0]
    sql.query(conn, "SELECT setval('lead_numbers', ?)", (top,))
    sql.query(
        conn,
        "SELECT setval(pg_get_serial_sequence('sim_messages', 'seq'), "
        "(SELECT coalesce(max(seq), 1) FROM sim_messages))",
    )
