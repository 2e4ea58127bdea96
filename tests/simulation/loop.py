"""An event loop that a seed drives: virtual time, no sockets, no threads, and any ready step may be the next one."""

import asyncio
import heapq
import math
import random
import selectors
from asyncio import events
from collections.abc import Callable
from typing import Any

STEP = 20e-6
"""What one step of the loop costs, in virtual seconds: time goes on while a program works."""


class VirtualLoop(asyncio.SelectorEventLoop):
    """Whoever owns it says what time it is and runs one step after the other; it never waits.

    `slow` is how long a call that goes to another thread takes, drawn for each.
    """

    def __init__(self, dice: random.Random, now: float) -> None:
        super().__init__(selectors.SelectSelector())
        self._ready: list[asyncio.Handle] = []
        self._scheduled: list[asyncio.TimerHandle] = []
        self._dice = dice
        self._now = now
        self.set_exception_handler(lambda _loop, _context: None)

    def time(self) -> float:
        return self._now

    def _make_self_pipe(self) -> None:
        """No sockets."""

    def _close_self_pipe(self) -> None:
        """There is none."""

    def _write_to_self(self) -> None:
        """Nobody sleeps in a selector, so nobody needs waking."""

    def run_in_executor(self, executor: object, func: Callable[..., Any], *args: Any) -> Any:  # type: ignore[override]
        """Run it here, a seeded moment later."""
        future = self.create_future()

        def run() -> None:
            try:
                result = func(*args)
            except Exception as error:  # noqa: BLE001 - whatever a thread's function raises goes to its caller
                if not future.done():
                    future.set_exception(error)
            else:
                if not future.done():
                    future.set_result(result)

        self.call_later(0.0005 + 0.01 * self._dice.random(), run)
        return future

    def next_at(self) -> float:
        """When there is something to do: now, at a timer, or never."""
        if self._ready:
            return self._now
        while self._scheduled and self._scheduled[0].cancelled():
            heapq.heappop(self._scheduled)._scheduled = False  # type: ignore[attr-defined]
        return self._scheduled[0].when() if self._scheduled else math.inf

    def go_to(self, now: float) -> None:
        """It is later; timers that are due are ready to run."""
        self._now = max(self._now, now)
        while self._scheduled and self._scheduled[0].when() <= self._now:
            timer = heapq.heappop(self._scheduled)
            timer._scheduled = False  # type: ignore[attr-defined]
            if not timer.cancelled():
                self._ready.append(timer)

    def step(self) -> None:
        """Run one of the steps that are ready, whichever the dice say."""
        ready = self._ready
        if len(ready) > 1:
            chosen = int(self._dice.random() * len(ready))
            ready[chosen], ready[-1] = ready[-1], ready[chosen]
        handle = ready.pop()
        self._now += STEP
        if not handle.cancelled():
            events._set_running_loop(self)
            try:
                handle._run()
            finally:
                events._set_running_loop(None)
