"""The seams: the only place that reads a clock or makes something up by chance."""

import secrets
from datetime import UTC, datetime, timedelta


class SystemClock:
    """The machine's clock, in UTC."""

    def now(self) -> datetime:
        return datetime.now(UTC)


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


def new_id() -> str:
    """A fresh identifier: 128 random bits in hex."""
    return secrets.token_hex(16)


def new_token() -> str:
    """A fresh API token: `lb_` and 256 random bits."""
    return f"lb_{secrets.token_urlsafe(32)}"


def random_bytes(count: int) -> bytes:
    """So many random bytes."""
    return secrets.token_bytes(count)


def jitter(most: float) -> float:
    """A random share of `most`, for back-off."""
    return secrets.randbelow(10_000) / 10_000 * most
