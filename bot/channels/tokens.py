"""A platform app's access token: shared by all instances, fetched by one of them at a time.

At most one refresh and one retry a call, no call with a token that was refused, and no second fetch within
ten seconds of the last or before the platform's own time: platforms block an app that calls all the same.
"""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Protocol, TypeVar

from bot.channels.base import Retryable, Unsure
from domain.clock import Clock

EARLY = timedelta(minutes=5)
FRESH = timedelta(seconds=10)
BREATHER = timedelta(seconds=1)
POLL = 0.1
POLLS = 80
Result = TypeVar("Result")


class TokenRefused(Exception):
    """The platform did not take the token of this call: expired, revoked, unknown."""


class Turn(Protocol):
    """See storage.platform_tokens.Turn."""

    @property
    def token(self) -> str: ...
    @property
    def expires_at(self) -> datetime | None: ...
    @property
    def fetched_at(self) -> datetime | None: ...
    @property
    def mine(self) -> bool: ...


class TokenUnits(Protocol):
    """Storage's units for tokens, by name."""

    take_turn: Callable[..., Any]
    keep: Callable[..., None]
    give_up_turn: Callable[..., None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Fetched:
    """What the platform handed out, and for how long."""

    token: str
    lasts: timedelta


class AccessTokens:
    """`app` names the token, such as `wecom:ww…:1000002`. `fetch` asks the platform for one and raises
    Retryable or Refused; `write` runs a unit of storage."""

    def __init__(
        self,
        *,
        app: str,
        fetch: Callable[[], Awaitable[Fetched]],
        write: Callable[..., Awaitable[Any]],
        units: TokenUnits,
        clock: Clock,
    ) -> None:
        self._app = app
        self._fetch = fetch
        self._write = write
        self._units = units
        self._clock = clock
        self._turn = asyncio.Lock()
        self._token = ""
        self._good_until: datetime | None = None
        self._fetched_at: datetime | None = None
        self._failed: tuple[datetime, Retryable] | None = None
        self._asking: asyncio.Task[str] | None = None

    async def call(self, ask: Callable[[str], Awaitable[Result]]) -> Result:
        """Run `ask(token)`; when it raises TokenRefused, once more with a newer token. Raises Retryable when
        the platform takes neither."""
        token = await self.get()
        try:
            return await ask(token)
        except TokenRefused:
            self._spoil(token)
            newer = await self.renew(token)
        try:
            return await ask(newer)
        except TokenRefused as error:
            self._spoil(newer)
            raise Retryable(f"a fresh token was refused: {error}", timedelta(minutes=1)) from None

    async def get(self) -> str:
        """The token to use now. Raises Retryable or Refused when there is none to be had."""
        if self._usable(self._clock.now()):
            return self._token
        return await self.renew(self._token)

    async def renew(self, used: str) -> str:
        """A token other than `used`, which was refused or runs out."""
        async with self._turn:
            if self._token != used and self._usable(self._clock.now()):
                return self._token
            fetched = self._fetched_at
            if used and self._token == used and fetched and self._clock.now() - fetched < FRESH:
                raise Retryable("a fresh token was refused", FRESH)
            if self._failed and self._clock.now() - self._failed[0] < (self._failed[1].after or BREATHER):
                raise self._failed[1]  # those who waited for a fetch that failed do not each try again
            return await self._asked(used)

    def _spoil(self, token: str) -> None:
        """Nobody calls with this token any more."""
        if token == self._token:
            self._good_until = None

    def _usable(self, now: datetime) -> bool:
        return bool(self._token) and self._good_until is not None and now < self._good_until

    async def _asked(self, used: str) -> str:
        """A caller that gives up meanwhile leaves nobody's turn behind: the token is fetched all the same."""
        self._asking = asyncio.create_task(self._ask(used))
        self._asking.add_done_callback(lambda task: task.cancelled() or task.exception())
        return await asyncio.shield(self._asking)

    async def _ask(self, used: str) -> str:
        for _ in range(POLLS):
            turn: Turn = await self._write(
                self._units.take_turn, app=self._app, used=used, now=self._clock.now()
            )
            if turn.token:
                return self._take(turn.token, turn.expires_at, turn.fetched_at)
            if turn.mine:
                return await self._fetch_mine()
            await asyncio.sleep(POLL)  # another instance is fetching
        raise Retryable("no access token yet")

    async def _fetched(self) -> Fetched:
        """Whatever became of asking for a token, the call that needed it was not made."""
        try:
            return await self._fetch()
        except Unsure as error:
            raise Retryable(f"no token: {error}", error.after) from None

    async def _fetch_mine(self) -> str:
        try:
            found = await self._fetched()
        except BaseException as error:
            if isinstance(error, Retryable):
                self._failed = (self._clock.now(), error)
            await self._write(self._units.give_up_turn, app=self._app)
            raise
        now = self._clock.now()
        until = now + found.lasts
        await self._write(self._units.keep, app=self._app, token=found.token, expires_at=until, now=now)
        return self._take(found.token, until, now)

    def _take(self, token: str, until: datetime | None, fetched: datetime | None) -> str:
        assert until is not None
        lasts = until - fetched if fetched else EARLY
        self._token, self._fetched_at = token, fetched
        self._good_until = until - min(EARLY, lasts / 2)
        return token
