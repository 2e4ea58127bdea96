"""WeCom's HTTP API: one token, one retry, and every error code as what it means for the caller.

Codes: https://developer.work.weixin.qq.com/document/path/90313. Branch on the code alone: the message may
change, and holds our address.
"""

import asyncio
import json
import re
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlencode

import aiohttp
import structlog

from bot.channels.base import Refused, Retryable, Unsure
from bot.channels.tokens import AccessTokens, Fetched, TokenRefused, TokenUnits
from domain.clock import Clock

log = structlog.get_logger("wecom")

Json = dict[str, Any]
TIMEOUT = aiohttp.ClientTimeout(total=8, connect=3)
DOWNLOAD_TIMEOUT = aiohttp.ClientTimeout(total=60, connect=3)
AT_ONCE = 16
TOKEN_CODES = frozenset({40014, 42001})
TOO_OFTEN, TOO_MANY_AT_ONCE, BUSY, BAD_ADDRESS = 45009, 45033, -1, 60020
SET_UP_WRONG = frozenset({40001, 40013, 40091, 41002, 41004, 50003, 301002, 48002, 41001, BAD_ADDRESS})
"""Not a fault of one message: an operator must act, and until then nothing is lost."""
NOT_REACHED = (aiohttp.ClientConnectorError, aiohttp.ConnectionTimeoutError, aiohttp.InvalidURL)
_IP = re.compile(r"from ip: ([0-9a-fA-F.:]{3,45})")


class ApiError(Refused):
    """The platform refused the call for good; `code` is its errcode."""

    def __init__(self, code: int, call: str) -> None:
        super().__init__(f"{call}: errcode {code}")
        self.code = code


class NotDone(Retryable):
    """The platform said no for now, or was never reached: nothing has happened there."""


class SetUpWrong(NotDone):
    """The app is not set up as it must be: secret, agent, address. Nothing will go until a human acts."""

    def __init__(self, code: int, call: str, ip: str = "") -> None:
        where = f" from {ip}" if ip else ""
        super().__init__(f"{call}: errcode {code}{where}", timedelta(seconds=60))
        self.code = code
        self.ip = ip


class TooOften(NotDone):
    """45009: a limit of the platform was passed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class App:
    """A self-built app, as the settings name it. Its secret is in no repr."""

    base: str
    corp_id: str
    agent_id: int
    secret: str = field(repr=False)

    @property
    def name(self) -> str:
        """Under which its token, its codes and its blocks are kept."""
        return f"wecom:{self.corp_id}:{self.agent_id}"


class Client:
    """One app's calls. `http` is shared and closed by whoever made it; `block` is storage's unit that keeps
    the times in which the platform wants no calls, for all instances."""

    def __init__(
        self,
        *,
        http: aiohttp.ClientSession,
        app: App,
        write: Callable[..., Awaitable[Any]],
        token_units: TokenUnits,
        block: Callable[..., datetime],
        clock: Clock,
    ) -> None:
        self._http = http
        self._app = app
        self._base = app.base.rstrip("/")
        self.agent_id = app.agent_id
        self._write = write
        self._block = block
        self._clock = clock
        self._room = asyncio.Semaphore(AT_ONCE)
        self.app = app.name
        self.tokens = AccessTokens(
            app=self.app, fetch=self._fetch_token, write=write, units=token_units, clock=clock
        )

    async def post(self, call: str, body: Mapping[str, Any], **query: str) -> Json:
        """POST /cgi-bin/{call}. Raises Retryable or Refused (ApiError, for an errcode)."""
        return await self.tokens.call(lambda token: self._call("POST", call, token, query, body))

    async def get(self, call: str, **query: str) -> Json:
        """GET /cgi-bin/{call}; see post."""
        return await self.tokens.call(lambda token: self._call("GET", call, token, query, None))

    def block_of(self, call: str) -> str:
        """The name under which that call's blocks are kept."""
        return f"{self.app}:{call}"

    async def _call(
        self, method: str, call: str, token: str, query: Mapping[str, str], body: Mapping[str, Any] | None
    ) -> Json:
        address = f"{self._base}/cgi-bin/{call}?{urlencode({'access_token': token, **query})}"
        data = None if body is None else json.dumps(body, ensure_ascii=False).encode("utf-8")
        async with self._room:
            answer = await self._exchange(method, address, data)
        return await self._judge(call, answer)

    async def _exchange(self, method: str, address: str, data: bytes | None) -> Json:
        headers = {"Content-Type": "application/json; charset=utf-8"} if data is not None else {}
        try:
            async with self._http.request(
                method, address, data=data, headers=headers, timeout=TIMEOUT, allow_redirects=False
            ) as response:
                if response.status != 200:
                    raise _turned_away(response.status)
                found = json.loads(await response.read())
        except NOT_REACHED as error:
            raise NotDone(type(error).__name__) from None
        except (aiohttp.ClientError, TimeoutError, ValueError, OSError) as error:
            raise Unsure(type(error).__name__) from None  # its text may hold the address, and so the token
        if not isinstance(found, dict):
            raise Unsure("no JSON object")
        return found

    async def _judge(self, call: str, answer: Json) -> Json:
        code = answer.get("errcode", 0)
        if code == 0:
            return answer
        if code in TOKEN_CODES:
            raise TokenRefused(str(code))
        if code == TOO_OFTEN:
            until = await self._write(self._block, name=self.block_of(call), now=self._clock.now())
            raise TooOften(f"{call}: 45009", until - self._clock.now())
        if code == TOO_MANY_AT_ONCE:
            raise NotDone(f"{call}: 45033", timedelta(seconds=2))
        if code == BUSY:
            raise NotDone(f"{call}: busy", timedelta(seconds=3))
        if code in SET_UP_WRONG:
            raise self._wrong(int(code), call, answer)
        log.warning("the platform refused a call", action="api_error", call=call, code=code)
        raise ApiError(code if isinstance(code, int) else -2, call)

    def _wrong(self, code: int, call: str, answer: Json) -> SetUpWrong:
        found = _IP.search(str(answer.get("errmsg", "")))
        ip = found[1] if found else ""
        log.error("the app is not set up rightly", action="set_up_wrong", call=call, code=code, ip=ip)
        return SetUpWrong(code, call, ip)

    async def _fetch_token(self) -> Fetched:
        query = urlencode({"corpid": self._app.corp_id, "corpsecret": self._app.secret})
        answer = await self._exchange("GET", f"{self._base}/cgi-bin/gettoken?{query}", None)
        try:
            found = await self._judge("gettoken", answer)
        except TokenRefused as error:
            raise Retryable(f"gettoken: {error}") from None
        except ApiError as error:
            raise self._wrong(error.code, "gettoken", answer) from None
        token, lasts = found.get("access_token"), found.get("expires_in")
        if not isinstance(token, str) or not token or not isinstance(lasts, int) or lasts <= 0:
            raise Retryable("gettoken: no token")
        return Fetched(token=token, lasts=timedelta(seconds=lasts))

    async def download(self, media_id: str, most: int) -> bytes:
        """A file that somebody sent. An error comes as JSON with status 200, so the type is looked at."""
        return await self.tokens.call(lambda token: self._download(token, media_id, most))

    async def _download(self, token: str, media_id: str, most: int) -> bytes:
        query = urlencode({"access_token": token, "media_id": media_id})
        try:
            async with self._http.get(
                f"{self._base}/cgi-bin/media/get?{query}", timeout=DOWNLOAD_TIMEOUT, allow_redirects=False
            ) as response:
                if response.status != 200:
                    raise Retryable(f"HTTP {response.status}")
                if "json" in response.content_type or response.content_type == "text/plain":
                    await self._judge("media/get", json.loads(await response.content.read(4096)))
                    raise Retryable("media/get: no file")
                return await _bounded(response, most)
        except (aiohttp.ClientError, TimeoutError, ValueError, OSError) as error:
            raise Retryable(type(error).__name__) from None


def _turned_away(status: int) -> Retryable:
    """The platform itself answers 200. Below 500 something in between turned the call away; otherwise what
    lies behind it may have done what was asked."""
    return NotDone(f"HTTP {status}") if 300 <= status < 500 else Unsure(f"HTTP {status}")


async def _bounded(response: aiohttp.ClientResponse, most: int) -> bytes:
    if (response.content_length or 0) > most:
        raise Refused("the file is too large")
    found = bytearray()
    async for chunk in response.content.iter_chunked(1 << 16):
        found += chunk
        if len(found) > most:
            raise Refused("the file is too large")
    return bytes(found)
