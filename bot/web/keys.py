"""Who may use the API: bearer tokens of the settings and of the store, their scopes, and how often."""

import hashlib
import hmac
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass

from aiohttp import web

from bot.web.limits import Buckets, Limits, bucket_key, client_address, is_local
from bot.web.problems import SOURCE, Problem

CAPTURE, READ, CONTACT = "capture", "read", "contact"
BOTH = frozenset({CAPTURE, READ})
FRESH_SECONDS = 0.25
"""How long a token of the store is trusted unasked: a busy source costs four lookups a second, and one that
is revoked ends within a quarter of one."""

_LONGEST = 512
_MOST_SEEN = 1000
Grant = tuple[str, frozenset[str]]
Verify = Callable[[str], Awaitable[Grant | None]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Caller:
    """Who asks: the token's name is the source of what it hands in."""

    name: str
    scopes: frozenset[str]


class Keys:
    """Checks tokens. `verify` looks a SHA-256 (hex) up in the store; `ticks` is a steady clock in seconds."""

    def __init__(
        self,
        fixed: Mapping[str, str],
        *,
        verify: Verify,
        ticks: Callable[[], float],
        limits: Limits | None = None,
        trusted_hops: int = 0,
    ) -> None:
        found = limits or Limits()
        self._verify = verify
        self._ticks = ticks
        self.trusted_hops = trusted_hops
        self._addresses = Buckets(found.address, ticks)
        self._refused = Buckets(found.refused, ticks)
        self._sign_ins = Buckets(found.sign_ins, ticks)
        self._uses = {CAPTURE: Buckets(found.capture, ticks), READ: Buckets(found.read, ticks)}
        self._seen: dict[str, tuple[float, Grant]] = {}
        self._fixed: dict[str, str] = {}
        self.use(fixed)

    def use(self, fixed: Mapping[str, str]) -> None:
        """Take over the tokens of the settings, name to secret; a reload calls it again."""
        self._fixed = {_digest(secret): name for name, secret in fixed.items() if secret}

    async def caller(self, request: web.Request, scope: str) -> Caller:
        """The bearer of a token with that scope; a Problem 401, 403 or 429 for anybody else."""
        address = bucket_key(client_address(request, self.trusted_hops))
        _slow_down(self._addresses.take(address))
        scheme, _, token = request.headers.get("Authorization", "").partition(" ")
        token = token.strip()
        if scheme.lower() != "bearer" or not 0 < len(token) <= _LONGEST:
            raise Problem(401, "send a token: Authorization: Bearer …", headers=_challenge())
        found = await self._look_up(_digest(token), address)
        if found is None:
            _slow_down(self._refused.take(address))
            raise Problem(401, "this token is not known", headers=_challenge("invalid_token"))
        name, scopes = found
        request[SOURCE] = name
        if scope not in scopes:
            raise Problem(
                403,
                f"this token lacks the scope {scope}",
                headers=_challenge("insufficient_scope", scope),
            )
        _slow_down(self._uses[scope].take(name))
        return Caller(name=name, scopes=scopes)

    def may_sign_in(self, request: web.Request) -> None:
        """Count a try to sign in; a Problem 429 when its address has had too many."""
        _slow_down(self._sign_ins.take(bucket_key(client_address(request, self.trusted_hops))))

    async def may_measure(self, request: web.Request) -> None:
        """Metrics are open to this machine; others need a token that reads."""
        if not is_local(request, self.trusted_hops):
            await self.caller(request, READ)

    async def _look_up(self, hashed: str, address: str) -> Grant | None:
        for known, name in self._fixed.items():
            if hmac.compare_digest(known, hashed):
                return name, BOTH
        at, grant = self._seen.get(hashed, (0.0, None))
        if grant is not None and 0 <= self._ticks() - at < FRESH_SECONDS:
            return grant
        _slow_down(self._refused.wait(address))
        grant = await self._verify(hashed)
        if grant is None:
            self._seen.pop(hashed, None)
        else:
            if len(self._seen) >= _MOST_SEEN:
                self._seen.clear()
            self._seen[hashed] = (self._ticks(), grant)
        return grant


def _digest(token: str) -> str:
    return hashlib.sha256(token.encode("utf-8", "surrogateescape")).hexdigest()


def _challenge(error: str = "", scope: str = "") -> dict[str, str]:
    parts = ['realm="leadbell"']
    parts += [f'error="{error}"'] if error else []
    parts += [f'scope="{scope}"'] if scope else []
    return {"WWW-Authenticate": "Bearer " + ", ".join(parts)}


def _slow_down(seconds: int) -> None:
    if seconds:
        raise Problem(
            429, f"too many requests, try again in {seconds} s", headers={"Retry-After": str(seconds)}
        )
