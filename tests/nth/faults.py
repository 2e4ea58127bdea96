"""One call that fails: a statement or commit of the writer, a read, a send or update of the channel.

A fault counts the calls of its kind from when it is armed, and strikes at the N-th. It is put in below everything
of ours: at the driver's own calls, and at the channel's two verbs.
"""

import asyncio
import sqlite3
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import psycopg
from sqlalchemy import Engine

from bot import deliver
from bot.channels.base import Refused, Retryable
from bot.main import Service
from storage.engine import is_sqlite

SQLITE = {
    "locked": lambda: sqlite3.OperationalError("database is locked"),
    "full": lambda: sqlite3.OperationalError("database or disk is full"),
    "io": lambda: sqlite3.OperationalError("disk I/O error"),
}
POSTGRES = {
    "locked": lambda: psycopg.errors.LockNotAvailable("canceling statement due to lock timeout"),
    "deadlock": lambda: psycopg.errors.DeadlockDetected("deadlock detected"),
    "full": lambda: psycopg.errors.DiskFull("could not extend file: No space left on device"),
    "io": lambda: psycopg.errors.IoError("could not read block"),
}
CALLS = ("statement", "commit", "committed", "read", "send", "sent", "update", "updated")
CHANNEL = ("retryable", "refused", "timeout", "hang", "broken")
HANG_FOR = 0.05


@dataclass(slots=True)
class Fault:
    """`call` is what fails, `way` how; `nth` counts from 1. `passed` is how many such calls there were."""

    call: str
    way: str
    nth: int
    passed: int = 0
    struck: bool = False

    def strikes(self, call: str) -> bool:
        if call != self.call or self.struck:
            return False
        self.passed += 1
        self.struck = self.passed == self.nth
        return self.struck


def ways(call: str, *, sqlite: bool) -> tuple[str, ...]:
    """How such a call can fail. After the effect (`committed`, `sent`) only the answer can be lost."""
    if call in ("committed", "sent", "updated"):
        return ("lost",)
    if call in ("send", "update"):
        return CHANNEL
    return tuple(SQLITE if sqlite else POSTGRES)


@dataclass(slots=True)
class Saboteur:
    """Sits in a running service and fails the call that it is told to."""

    service: Service
    fault: Fault | None = None
    _errors: dict[str, Callable[[], Exception]] = field(init=False)

    def __post_init__(self) -> None:
        sqlite = is_sqlite(self.service.store.url)
        self._errors = {**(SQLITE if sqlite else POSTGRES)}
        self._errors["lost"] = self._errors["io"]
        self._into_writer(self.service.store._engine)
        self._into_reader(self.service.store.reader.sync_engine)
        self._into_channel()
        deliver.TIMEOUT = HANG_FOR  # a hanging platform is given up at once

    def at(self, call: str) -> None:
        """The program makes such a call; it may fail here."""
        if self.fault is not None and self.fault.strikes(call):
            raise self._errors[self.fault.way]()

    def _into_writer(self, engine: Engine) -> None:
        self._before(engine, "do_execute", "statement")
        self._before(engine, "do_executemany", "statement")
        inner = engine.dialect.do_commit

        def do_commit(connection: Any) -> None:
            self.at("commit")
            inner(connection)
            self.at("committed")

        setattr(engine.dialect, "do_commit", do_commit)  # noqa: B010  mypy knows it as a method

    def _into_reader(self, engine: Engine) -> None:
        self._before(engine, "do_execute", "read")

    def _before(self, engine: Engine, name: str, call: str) -> None:
        inner = getattr(engine.dialect, name)

        def wrapped(*args: Any, **values: Any) -> Any:
            self.at(call)
            return inner(*args, **values)

        setattr(engine.dialect, name, wrapped)

    def _into_channel(self) -> None:
        channel = self.service.channels["local"]
        send, update = channel.send, channel.update

        async def sends(*args: Any, **values: Any) -> str:
            await self._channel_call("send")
            handle = await send(*args, **values)
            await self._channel_call("sent")
            return handle

        async def updates(*args: Any, **values: Any) -> str:
            await self._channel_call("update")
            handle = await update(*args, **values)
            await self._channel_call("updated")
            return handle

        setattr(channel, "send", sends)  # noqa: B010
        setattr(channel, "update", updates)  # noqa: B010

    async def _channel_call(self, call: str) -> None:
        if self.fault is None or not self.fault.strikes(call):
            return
        match self.fault.way:
            case "refused":
                raise Refused("no such account")
            case "timeout":
                raise TimeoutError
            case "hang":
                await asyncio.sleep(3600)
            case "broken":
                raise ValueError("an answer that nobody expected")
            case _:
                raise Retryable("try again")
