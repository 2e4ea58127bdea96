"""The world outside the program: true time, what is to happen, the dice, the faults, the trace."""

import hashlib
import heapq
import math
import random
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from tests.fakes.clock import MONDAY_TEN

if TYPE_CHECKING:
    from tests.simulation.program import Process

MOST_STEPS = 2_000_000


class Died(BaseException):
    """The process is dead: nothing that it still does may touch anything."""


class Stuck(Exception):
    """The program waits for what never comes, or runs in circles."""


@dataclass(slots=True)
class World:
    """See the module. `now` is in seconds since the start; `skew` is how wrong the machine's clock is."""

    seed: int
    start: datetime = MONDAY_TEN
    echo: Callable[[str], None] | None = None
    now: float = 0.0
    skew: float = 0.0
    process: "Process | None" = None
    faults: Counter[str] = field(default_factory=Counter)
    wrong: list[str] = field(default_factory=list)
    lines: int = 0
    calm: bool = False
    jumped: bool = False
    disturbed: list[tuple[float, float]] = field(default_factory=list)
    buried: "Callable[[Process], None]" = lambda process: None
    _heap: list[tuple[float, int, Callable[..., None], tuple[Any, ...]]] = field(default_factory=list)
    _count: int = 0
    _hash: Any = field(default_factory=hashlib.sha256)
    _dice: dict[str, random.Random] = field(default_factory=dict)

    def dice(self, name: str) -> random.Random:
        """A source of chance of its own for each part, so that one more throw here changes nothing there."""
        if name not in self._dice:
            self._dice[name] = random.Random(f"{self.seed}/{name}")
        return self._dice[name]

    def wall(self) -> datetime:
        """What the machine's clock shows."""
        return self.start + timedelta(microseconds=round((self.now + self.skew) * 1e6))

    def at(self, delay: float, do: Callable[..., None], *args: Any) -> None:
        """Have something happen so many seconds from now."""
        self._count += 1
        heapq.heappush(self._heap, (self.now + delay, self._count, do, args))

    def trace(self, *words: object) -> None:
        """One line of what happened; the hash of all lines is how a replay is known to be the same."""
        line = " ".join((f"{self.now:.6f}", *map(str, words)))
        self._hash.update(line.encode())
        self._hash.update(b"\n")
        self.lines += 1
        if self.echo is not None:
            self.echo(line)

    def fault(self, kind: str, *about: object) -> None:
        self.faults[kind] += 1
        self.trace("FAULT", kind, *about)

    def disturb(self, seconds: float, since: float | None = None) -> None:
        """From `since` (now) on nobody can expect the program to be in time for so long."""
        start = self.now if since is None else since
        self.disturbed.append((start, start + seconds))

    def calm_between(self, start: float, end: float) -> bool:
        """Whether nothing disturbed the program between two instants."""
        return all(until < start or since > end for since, until in self.disturbed)

    def violated(self, what: str) -> None:
        """Something that must never be was seen."""
        self.trace("VIOLATION", what)
        self.wrong.append(what)

    def digest(self) -> str:
        return str(self._hash.hexdigest())

    def run(self, until: float, enough: Callable[[], bool] = lambda: False) -> None:
        """Let time pass, in the order in which things happen."""
        steps = 0
        while not enough():
            coming = self._heap[0][0] if self._heap else math.inf
            process = self.process
            works = process.next_at() if process is not None else math.inf
            if process is not None and works == math.inf and not process.suspended:
                raise Stuck("the program waits for ever: no timer, nothing to run")
            at = min(coming, works)
            if at > until:
                self.now = max(self.now, until)
                return
            self.now = max(self.now, at)
            if works <= coming:
                assert process is not None
                process.step()
                if not process.alive:
                    self.buried(process)
            else:
                _, _, do, args = heapq.heappop(self._heap)
                do(*args)
            steps += 1
            if steps > MOST_STEPS:
                raise Stuck("the program runs in circles")
