"""The seams: the only place that reads a clock or makes something up by chance."""

import secrets
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

from domain.clock import Clock


class SystemClock:
    """The machine's clock, in UTC."""

    def now(self) -> datetime:
        return datetime.now(UTC)


class WatchedClock:
    """A clock of which somebody looks whether it was set. `ticks` = seconds by one that nobody sets.

    What it showed in between counts too: set forward and back between two looks, it was wrong all the same.
    """

    def __init__(self, clock: Clock, ticks: Callable[[], float]) -> None:
        self._clock, self._ticks = clock, ticks
        self._was = self._most = clock.now().timestamp() - ticks()

    def now(self) -> datetime:
        now = self._clock.now()
        self._most = max(self._most, now.timestamp() - self._ticks())
        return now

    def look(self) -> tuple[float, float]:
        """By how many seconds it was set since the last look, and how far ahead of now it was meanwhile."""
        lead = self.now().timestamp() - self._ticks()
        was, most = self._was, self._most
        self._was = self._most = lead
        return lead - was, most - lead


class ShiftedClock:
    """The machine's clock moved by an offset: the simulator's, which one can push forward."""

    def __init__(self, offset: timedelta = timedelta(0)) -> None:
        self.offset = offset
        self._held: datetime | None = None

    def now(self) -> datetime:
        return self._held or datetime.now(UTC) + self.offset

    def hold(self, at: datetime) -> None:
        """Stand still at that instant: while due work is done, step by step."""
        self._held = at

    def go(self) -> None:
        """Run on from where it was held."""
        if self._held is not None:
            self.offset = self._held - datetime.now(UTC)
            self._held = None


class _Ids:
    """Fresh identifiers of 128 random bits in hex. To ask the system for random bits lets another thread have
    its turn each time, so many are drawn at once."""

    SIZE, AT_ONCE = 16, 256

    def __init__(self) -> None:
        self._left: list[str] = []

    def __call__(self) -> str:
        if not self._left:
            drawn = secrets.token_bytes(self.SIZE * self.AT_ONCE)
            self._left = [drawn[at : at + self.SIZE].hex() for at in range(0, len(drawn), self.SIZE)]
        return self._left.pop()


new_id = _Ids()


def new_token() -> str:
    """A fresh API token: `lb_` and 256 random bits."""
    return f"lb_{secrets.token_urlsafe(32)}"


def random_bytes(count: int) -> bytes:
    """So many random bytes."""
    return secrets.token_bytes(count)


def jitter(most: float) -> float:
    """A random share of `most`, for back-off."""
    return secrets.randbelow(10_000) / 10_000 * most
