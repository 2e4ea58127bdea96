"""Engines and the rules of each database.

SQLite: WAL, `synchronous=FULL` (NORMAL may lose the last commits when the power fails), `BEGIN IMMEDIATE` (a
deferred transaction that turns from reading to writing fails at once under contention), one process a file.
PostgreSQL: psycopg 3 for the writer and for reads alike.
"""

import fcntl
import os
import sqlite3
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, closing
from pathlib import Path
from typing import IO, Any

import structlog
from sqlalchemy import URL, Connection, Engine, create_engine, event, make_url
from sqlalchemy.exc import DBAPIError, InterfaceError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine
from sqlalchemy.pool import NullPool

from domain.errors import Unavailable
from storage import sql
from storage.trouble import Trouble

log = structlog.get_logger("storage")

BUSY_MS = 5000
_FAILED = (DBAPIError, InterfaceError, PoolTimeout, OSError)
# A server that is gone without a word is given up within half a minute; the system alone waits for hours.
_LINE = {
    "connect_timeout": 5,
    "keepalives_idle": 10,
    "keepalives_interval": 5,
    "keepalives_count": 3,
    "tcp_user_timeout": 25_000,
}
# An instance that hangs in its turn loses it, and who waits too long for a turn says so.
_TURNS = "-c idle_in_transaction_session_timeout=10000 -c lock_timeout=15000"


_TROUBLES = (
    ("unable to open", "db.open"),
    ("readonly", "db.readonly"),
    ("full", "db.full"),
    ("disk I/O", "db.io"),
    ("not a database", "db.foreign"),
    ("malformed", "db.damaged"),
    ("locked", "db.locked"),
    ("password authentication failed", "db.password"),
    ("FATAL:  database", "db.none"),
    ("FATAL:  role", "db.role"),
    ("permission denied for schema", "db.schema"),
    ("resolve host", "db.host"),
    ("connection", "db.away"),
)


def as_trouble(error: Exception) -> Trouble | None:
    """What an error of storage means to whoever runs a command; None for any other. Nothing of a statement or
    an address is repeated."""
    if isinstance(error, Trouble):
        return error
    if isinstance(error, Unavailable):
        return Trouble("away", why=error)
    if not isinstance(error, DBAPIError | InterfaceError):
        return None
    said = str(error.orig)
    code = next((code for part, code in _TROUBLES if part in said), "")
    return Trouble(code) if code else Trouble("db.other", why=type(error.orig).__name__)


class StoreInUse(Trouble):
    """Another process serves this database file."""


def read_url(text: str) -> URL:
    """The URL with our driver in place of whatever it names. Raises ValueError for another database."""
    url = make_url(text)
    family = url.get_backend_name()
    if family == "sqlite":
        return url.set(drivername="sqlite")
    if family == "postgresql":
        return url.set(drivername="postgresql+psycopg")
    raise ValueError(f"database.url: {family} is not supported; use sqlite:///… or postgresql://…")


def is_sqlite(url: URL) -> bool:
    return url.get_backend_name() == "sqlite"


def writer_engine(url: URL, *, timeout_ms: int = BUSY_MS) -> Engine:
    """The synchronous engine of the writer."""
    if not is_sqlite(url):
        return create_engine(url, pool_pre_ping=True, pool_size=5, connect_args={**_LINE, "options": _TURNS})
    engine = create_engine(
        url,
        pool_size=1,  # kept: opening one reads the schema, and closing the last one empties the log
        max_overflow=4,
        connect_args={"check_same_thread": False, "timeout": timeout_ms / 1000},
    )
    event.listen(engine, "connect", _pragmas)
    event.listen(engine, "begin", _begin_immediate)
    return engine


def reader_engine(url: URL) -> AsyncEngine:
    """The asynchronous engine of pages and the API: reads only."""
    if not is_sqlite(url):
        return create_async_engine(
            url, pool_pre_ping=True, pool_size=5, max_overflow=0, connect_args={**_LINE}
        )
    engine = create_async_engine(
        url.set(drivername="sqlite+aiosqlite"),
        pool_size=4,
        max_overflow=0,  # a connection beyond the pool is a thread, made and ended for one read
        connect_args={"timeout": BUSY_MS / 1000},
    )
    event.listen(engine.sync_engine, "connect", _read_pragmas)
    return engine


@asynccontextmanager
async def reading(engine: AsyncEngine) -> AsyncIterator[AsyncConnection]:
    """A connection for reads; Unavailable, without the driver's words, when the database can't answer."""
    try:
        async with engine.connect() as conn:
            yield conn
    except _FAILED as error:
        # `from None`: the driver's text may hold values of the statement
        raise Unavailable(type(error).__name__) from None


def snapshot_engine(url: URL) -> Engine:
    """A synchronous engine that only reads: each transaction sees one snapshot and holds up no writer."""
    if not is_sqlite(url):
        return create_engine(
            url,
            poolclass=NullPool,
            connect_args={**_LINE},
            execution_options={"isolation_level": "REPEATABLE READ", "postgresql_readonly": True},
        )
    engine = create_engine(url, poolclass=NullPool, connect_args={"timeout": BUSY_MS / 1000})
    event.listen(engine, "connect", _snapshot_pragmas)
    event.listen(engine, "begin", _begin_deferred)
    return engine


def _pragmas(dbapi: Any, _record: object) -> None:
    dbapi.isolation_level = None  # we say BEGIN ourselves
    cursor = dbapi.cursor()
    cursor.execute("PRAGMA journal_mode=WAL")
    cursor.execute("PRAGMA synchronous=FULL")
    cursor.execute("PRAGMA secure_delete=ON")  # what is deleted is not left in the file's free space
    cursor.execute("PRAGMA temp_store=MEMORY")
    cursor.execute("PRAGMA cache_size=-8000")  # KiB; the system's own cache holds the file too
    cursor.close()


def _read_pragmas(dbapi: Any, _record: object) -> None:
    cursor = dbapi.cursor()
    cursor.execute("PRAGMA query_only=ON")
    cursor.execute("PRAGMA cache_size=-512")  # KiB, of each; the system's own cache holds the file too
    cursor.close()


def _snapshot_pragmas(dbapi: Any, record: object) -> None:
    dbapi.isolation_level = None  # we say BEGIN ourselves
    _read_pragmas(dbapi, record)


def _begin_deferred(connection: Any) -> None:
    connection.exec_driver_sql("BEGIN")


def _begin_immediate(connection: Any) -> None:
    sql.send_outside(connection, "BEGIN IMMEDIATE")


class DatabaseFile:
    """The file of a SQLite database, as it was at its first opening; of PostgreSQL there is none to lose."""

    def __init__(self, url: URL) -> None:
        self._path = Path(url.database) if is_sqlite(url) and url.database else None
        self._known: tuple[int, int] | None = None

    def check(self) -> None:
        """Raises Unavailable unless what lies at its path is the file that was there at the first call."""
        if self._path is None:
            return
        try:
            found = self._path.stat()
            here = found.st_dev, found.st_ino
        except OSError:
            here = 0, 0
        self._known = self._known or here
        if here != self._known:
            raise Unavailable("its file was moved or deleted")

    def save(self, conn: Connection) -> None:
        """Copy what an open connection still reaches into a new file beside the old place, and say where."""
        assert self._path is not None
        target = self._path.with_name(f"{self._path.name}.saved-{os.getpid()}")
        try:
            with closing(sqlite3.connect(target)) as copy:
                target.chmod(0o600)
                driver = conn.connection.driver_connection
                assert driver is not None
                driver.backup(copy)
        except (OSError, sqlite3.Error) as error:
            log.critical("the database's file is gone", action="file_gone", error=type(error).__name__)
        else:
            log.critical("the database's file is gone", action="file_gone", saved=str(target))


class FileLock:
    """One process per SQLite file: an advisory lock beside it, held as long as the process lives."""

    def __init__(self, url: URL) -> None:
        self._path = Path(f"{url.database}.lock") if is_sqlite(url) and url.database else None
        self._file: IO[str] | None = None

    def take(self) -> None:
        """Raises StoreInUse, naming the process that holds it."""
        if self._path is None:
            return
        self._path.parent.mkdir(parents=True, exist_ok=True)
        handle = self._path.open("a+")
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            handle.seek(0)
            holder = handle.read().strip() or "?"
            handle.close()
            raise StoreInUse("held", file=self._path, process=holder) from None
        handle.truncate(0)
        handle.write(str(os.getpid()))
        handle.flush()
        self._file = handle

    def free(self) -> None:
        if self._file is not None:
            self._file.close()
            self._file = None
