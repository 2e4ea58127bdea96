"""A clock that stands still until a test moves it."""

from datetime import UTC, datetime, timedelta

MONDAY_TEN = datetime(2026, 11, 2, 2, 0, tzinfo=UTC)
"""Monday, 2 November 2026, ten in the morning in Shanghai: a plain working day."""


class SteppedClock:
    """The Clock of the tests. `step` moves it, `sleep` moves it too and never waits."""

    def __init__(self, at: datetime = MONDAY_TEN) -> None:
        self._at = at

    def now(self) -> datetime:
        return self._at

    def step(self, *, days: float = 0, hours: float = 0, minutes: float = 0, seconds: float = 0) -> datetime:
        """Move by so much (backwards too) and return the new instant."""
        self._at += timedelta(days=days, hours=hours, minutes=minutes, seconds=seconds)
        return self._at

    def go_to(self, at: datetime) -> datetime:
        self._at = at
        return at

    def monotonic(self) -> float:
        return self._at.timestamp()

    async def sleep(self, seconds: float) -> None:
        self.step(seconds=seconds)
