"""Time as the domain sees it: aware UTC instants that somebody else read off a clock."""

from datetime import UTC, datetime, timedelta
from typing import Protocol

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)


class Clock(Protocol):
    """What the edges hold. Everything inside takes `now` as an argument."""

    def now(self) -> datetime:
        """The present instant, aware, in UTC."""
        ...


def to_micros(at: datetime) -> int:
    """Microseconds since 1970-01-01 UTC; what the database keeps. `at` must be aware."""
    return (at - EPOCH) // _MICROSECOND


def from_micros(micros: int) -> datetime:
    """The aware UTC instant of so many microseconds since 1970-01-01 UTC."""
    return EPOCH + timedelta(microseconds=micros)
