"""Who may ask how often, and who asks: token buckets in memory, and the client's address behind proxies."""

import math
from collections.abc import Callable
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv6Address, ip_address

from aiohttp import web

MOST_KEYS = 10_000
_PROXIES = ("forwarded", "via", "x-real-ip")


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """Requests a minute; a burst of as many at once is fine. `refused` counts wrong tokens of one address,
    `sign_ins` its returns from a platform: each has us ask the platform, on the way that cards take too."""

    capture: int = 600
    read: int = 3000
    address: int = 6000
    refused: int = 60
    sign_ins: int = 300


class Buckets:
    """One token bucket a key: `a_minute` requests a minute, and as many at once.

    Kept as GCRA: one number a key, the instant (seconds of `ticks`) at which its bucket would be full again.
    """

    def __init__(self, a_minute: int, ticks: Callable[[], float], *, most: int = MOST_KEYS) -> None:
        self._gap = 60 / a_minute
        self._ticks = ticks
        self._most = most
        self._full_at: dict[str, float] = {}

    def wait(self, key: str) -> int:
        """Whole seconds until a request of this key is fine; 0 when it is now. Takes nothing."""
        over = self._full_at.get(key, 0.0) + self._gap - self._ticks() - 60
        return math.ceil(over) if over > 1e-9 else 0

    def take(self, key: str) -> int:
        """Count a request; returns 0, or, when it is one too many, the whole seconds to wait."""
        wait = self.wait(key)
        if wait == 0:
            now = self._ticks()
            if len(self._full_at) >= self._most and key not in self._full_at:
                self._forget(now)
            self._full_at[key] = max(self._full_at.get(key, 0.0), now) + self._gap
        return wait

    def _forget(self, now: float) -> None:
        """Drop the full buckets; when a crowd fills them all, the oldest half."""
        self._full_at = {key: full for key, full in self._full_at.items() if full > now}
        if len(self._full_at) >= self._most:
            self._full_at = dict(list(self._full_at.items())[self._most // 2 :])


def _address(text: str) -> IPv4Address | IPv6Address | None:
    try:
        found = ip_address(text.strip().strip("[]"))
    except ValueError:
        return None
    mapped = found.ipv4_mapped if isinstance(found, IPv6Address) else None
    return mapped or found


def client_address(request: web.Request, trusted_hops: int) -> str:
    """The address that asks. Of X-Forwarded-For only what our own proxies wrote counts: the entry that many
    hops from the right; what stands left of it may be made up by the caller."""
    peer = request.remote or ""
    if trusted_hops > 0:
        told = ",".join(request.headers.getall("X-Forwarded-For", ())).split(",")
        entry = told[-trusted_hops] if len(told) >= trusted_hops else told[0]
        found = _address(entry)
        if found is not None:
            return str(found)
    return peer


def bucket_key(address: str) -> str:
    """What counts as one address: an IPv6 network of 64 bits, of which one household may use all."""
    found = _address(address)
    if isinstance(found, IPv6Address):
        return str(IPv6Address(int(found) >> 64 << 64))
    return str(found or address)


def passed_on(request: web.Request) -> bool:
    """Whether a proxy says that it handed the request on, by any of the headers in use."""
    names = {name.lower() for name in request.headers}
    return any(name in _PROXIES or name.startswith("x-forwarded-") for name in names)


def is_local(request: web.Request, trusted_hops: int) -> bool:
    """Whether a program on this machine asks directly, and not somebody through a proxy on it."""
    if passed_on(request) and trusted_hops == 0:
        return False
    found = _address(client_address(request, trusted_hops))
    return found is not None and found.is_loopback
