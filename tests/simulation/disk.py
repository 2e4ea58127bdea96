"""Real SQLite with a hand on every statement: it may be locked, full, slow, or the last thing a process does.

The threads of the program (the writer's, those of the asynchronous driver) are replaced by virtual delays.
"""

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any
from unittest.mock import patch

import aiosqlite.core

from storage.engine import FileLock
from storage.writer import MOST_UNITS, Unit, Writer
from tests.simulation.world import Died, World

_connect = sqlite3.dbapi2.connect
WRITES = ("INSERT", "UPDATE", "DELETE")


class Disk:
    """The disk of the one machine. It survives every process; what fails on it is set by the nemesis."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.dice = world.dice("disk")
        self.locked_until = 0.0
        self.full_until = 0.0
        self.broken_at = 0  # the n-th statement of a writer from now on fails
        self.dies_at = 0  # the process dies at the n-th statement of its writer from now on
        self.dies_before_commit = 0
        self.dies_after_commit = 0
        self.loses_answer = 0  # of the n-th commit from now on
        self.writing = False
        self.slow = 0.0
        self.commits = 0

    def statement(self, process: Any, statement: str) -> None:
        """Before a statement runs."""
        if not process.alive:
            raise Died
        if not self.writing:
            if self.world.now < self.locked_until and self.dice.random() < 0.5:
                raise sqlite3.OperationalError("database is locked")
            return
        head = statement[:6].upper()
        if head == "BEGIN " and self.world.now < self.locked_until:
            raise sqlite3.OperationalError("database is locked")
        if head in WRITES and self.world.now < self.full_until:
            raise sqlite3.OperationalError("database or disk is full")
        if _down(self, "broken_at"):
            self.world.fault("io_error")
            raise sqlite3.OperationalError("disk I/O error")
        if _down(self, "dies_at"):
            self.world.fault("death_in_transaction", head)
            process.die()

    def before_commit(self, process: Any) -> None:
        if not process.alive:
            raise Died
        if self.world.now < self.full_until:
            raise sqlite3.OperationalError("database or disk is full")
        if _down(self, "dies_before_commit"):
            self.world.fault("death_before_commit")
            process.die()

    def after_commit(self, process: Any) -> None:
        self.commits += 1
        if _down(self, "dies_after_commit"):
            self.world.fault("death_after_commit")
            process.die()
        if _down(self, "loses_answer"):
            self.world.fault("commit_answer_lost")
            raise sqlite3.OperationalError("disk I/O error")

    def delay(self) -> float:
        """How long the writer's thread takes to come to a unit."""
        throw = self.dice.random()
        if throw < 0.7:
            return 0.0005 + 0.004 * throw
        if throw < 0.97:
            return 0.02 * throw + self.slow
        return 0.3 * self.dice.random() + self.slow


def _down(disk: Disk, name: str) -> bool:
    """Count down; whether this is the one."""
    left = getattr(disk, name)
    if left:
        setattr(disk, name, left - 1)
    return bool(left == 1)


class _Cursor(sqlite3.Cursor):
    connection: "_Connection"

    def execute(self, sql: str, *values: Any) -> Any:
        self.connection.disk.statement(self.connection.process, sql)
        return super().execute(sql, *values)

    def executemany(self, sql: str, *values: Any) -> Any:
        self.connection.disk.statement(self.connection.process, sql)
        return super().executemany(sql, *values)


class _Connection(sqlite3.Connection):
    disk: Disk
    process: Any

    def cursor(self, *_: Any) -> Any:
        return super().cursor(_Cursor)

    def commit(self) -> None:
        writes = self.disk.writing and self.in_transaction
        if writes:
            self.disk.before_commit(self.process)
        super().commit()
        if writes:
            self.disk.after_commit(self.process)


class _Inline:
    """In place of a connection's thread: what it is to do is done here, statements after a virtual delay."""

    def __init__(self, disk: Disk) -> None:
        self._disk = disk

    def put_nowait(self, item: tuple[Any, Callable[[], Any]]) -> None:
        future, do = item
        process = self._disk.world.process
        name = getattr(getattr(do, "func", None), "__name__", "")
        if process is None or not name.startswith("execute") or future is None:
            _settle(future, do)
            return
        process.loop.call_later(0.0002 + 0.003 * self._disk.dice.random(), _settle, future, do)


def _settle(future: Any, do: Callable[[], Any]) -> None:
    try:
        result = do()
    except Exception as error:  # noqa: BLE001 - it goes to whoever waits
        if future is not None and not future.done():
            future.set_exception(error)
    else:
        if future is not None and not future.done():
            future.set_result(result)


class _NoThread:
    daemon = True

    def start(self) -> None:
        """There is none."""


class InlineWriter(Writer):
    """The writer without its thread: batches are run in the loop, a virtual moment after they were handed in."""

    disk: Disk

    def start(self) -> None:
        self._waiting: list[Unit] = []
        self._coming = False
        self._process: Any = self.disk.world.process

    def close(self) -> None:
        self._closing = True
        while self._waiting:
            self._drain()
        self.let_go()

    def submit(self, unit: Unit) -> None:
        if not self._process.alive:
            raise Died
        if self._closing:
            unit.done(None, _closed())
            return
        self._waiting.append(unit)
        if not self._coming:
            self._coming = True
            self._process.loop.call_later(self.disk.delay(), self._drain)

    def _drain(self) -> None:
        self._coming = False
        units, self._waiting = self._waiting[:MOST_UNITS], self._waiting[MOST_UNITS:]
        if units:
            world = self.disk.world
            world.trace("write", *(unit.work.__name__ for unit in units))
            self.disk.writing = True
            try:
                self.perform(units)
            finally:
                self.disk.writing = False

    def rest(self, seconds: float) -> None:
        world = self.disk.world
        world.now += seconds
        self._process.loop.go_to(self._process.monotonic())


def _closed() -> Exception:
    from domain.errors import Unavailable

    return Unavailable("closing")


@contextmanager
def mounted(disk: Disk) -> Iterator[None]:
    """While it lasts, every SQLite connection is on this disk."""

    def connect(*args: Any, **values: Any) -> Any:
        process = disk.world.process
        if process is None:
            return _connect(*args, **values)
        if not process.alive:
            raise Died
        values |= {"timeout": 0.0, "factory": _Connection}
        found: Any = _connect(*args, **values)
        found.disk, found.process = disk, process
        process.connections.append(found)
        return found

    made = aiosqlite.core.Connection.__init__

    def init(connection: Any, *args: Any, **values: Any) -> None:
        made(connection, *args, **values)
        connection._tx, connection._thread = _Inline(disk), _NoThread()
        if disk.world.process is not None:
            disk.world.process.drivers.append(connection)

    took = FileLock.take

    def take(lock: FileLock) -> None:
        took(lock)
        if disk.world.process is not None:
            disk.world.process.locks.append(lock)

    class Bound(InlineWriter):
        pass

    Bound.disk = disk
    with (
        patch.object(sqlite3.dbapi2, "connect", connect),
        patch.object(sqlite3, "connect", connect),
        patch.object(aiosqlite.core.Connection, "__init__", init),
        patch.object(FileLock, "take", take),
        patch("storage.store.Writer", Bound),
    ):
        yield
