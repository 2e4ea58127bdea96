"""Supervised loops: caught, logged, backed off, restarted, and stamped, so that a dead loop shows."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field

import structlog

log = structlog.get_logger("scheduler")

FAILURES_ALLOWED = 10
LONGEST_BACK_OFF = 30.0


@dataclass(slots=True, kw_only=True)
class Loop:
    """One background loop: `turn` does one round; `period` is how often it does at least, in seconds."""

    name: str
    turn: Callable[[], Awaitable[None]]
    period: float
    last_ok: float = 0.0
    failures: int = 0


@dataclass(slots=True, kw_only=True)
class Supervisor:
    """Runs loops until closed. `gave_up` is called when one fails ten times in a row: the process had
    better be restarted by whoever started it."""

    gave_up: Callable[[str], None]
    loops: list[Loop] = field(default_factory=list)
    _tasks: list["asyncio.Task[None]"] = field(default_factory=list)
    _closing: bool = False

    def add(self, name: str, turn: Callable[[], Awaitable[None]], period: float) -> None:
        self.loops.append(Loop(name=name, turn=turn, period=period))

    def start(self) -> None:
        for loop in self.loops:
            loop.last_ok = asyncio.get_running_loop().time()
            self._tasks.append(asyncio.create_task(self._run(loop), name=loop.name))

    async def _run(self, loop: Loop) -> None:
        while not self._closing:  # a library may swallow the cancellation: it must end all the same
            try:
                await loop.turn()
            except asyncio.CancelledError:
                raise
            except Exception as error:  # whatever it was, the loop must live
                loop.failures += 1
                log.error("loop failed", action="loop_failed", loop=loop.name, error=type(error).__name__,
                          failures=loop.failures, exc_info=loop.failures == 1)  # fmt: skip
                if loop.failures == FAILURES_ALLOWED:
                    self.gave_up(loop.name)
                await asyncio.sleep(min(LONGEST_BACK_OFF, 0.1 * 2**loop.failures))
            else:
                loop.failures = 0
                loop.last_ok = asyncio.get_running_loop().time()

    def ages(self) -> dict[str, tuple[float, float]]:
        """(seconds since the last good round, the most it may be: three periods) by loop."""
        now = asyncio.get_running_loop().time()
        return {loop.name: (now - loop.last_ok, 3 * loop.period + 1.0) for loop in self.loops}

    async def close(self) -> None:
        self._closing = True
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        self._tasks.clear()
