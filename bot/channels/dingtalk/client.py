"""The calls to DingTalk's two hosts: the token, the limits in time, and errors as the channel promises
them."""

import asyncio
import json
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any
from urllib.parse import quote, urlencode

import structlog
from aiohttp import (
    ClientConnectorError,
    ClientError,
    ClientResponse,
    ClientSession,
    ClientTimeout,
    ConnectionTimeoutError,
    InvalidURL,
)

from bot.channels.base import Refused, Retryable, Unsure
from bot.channels.dingtalk.errors import CardExists, Misconfigured, OverQuota, old_trouble, trouble
from bot.channels.dingtalk.meter import Meter
from bot.channels.dingtalk.stream import SUBSCRIPTIONS
from bot.channels.tokens import AccessTokens, Fetched, TokenRefused

log = structlog.get_logger("dingtalk")

TOTAL, CONNECT = 6.0, 3.0
"""Seconds for a call and for reaching the host; whoever delivers gives a notice eight."""
DOWNLOAD = ClientTimeout(total=60, connect=CONNECT)
LONGEST_ANSWER = 1 << 20
A_SECOND, AT_ONCE = 12, 8
"""Calls of one kind a second, and how many of them may come together: at most 20 in any second, which is what
the platform allows an app."""
TOKEN = "x-acs-dingtalk-access-token"  # noqa: S105 - a header's name


@dataclass(slots=True)
class Pacer:
    """At most `a_second` calls of one kind a second after the first `at_once`; who comes too early waits."""

    a_second: int = A_SECOND
    at_once: int = AT_ONCE
    _next: dict[str, float] = field(default_factory=dict)

    async def wait(self, kind: str) -> None:
        loop = asyncio.get_running_loop()
        gap = 1.0 / self.a_second
        slot = max(self._next.get(kind, 0.0), loop.time())
        self._next[kind] = slot + gap
        late = slot - loop.time() - (self.at_once - 1) * gap
        if late > 0:
            await asyncio.sleep(late)


@dataclass(slots=True, kw_only=True)
class Client:
    """One app's access. Raises Retryable and Refused as a channel does, and the errors of .errors. `logs` =
    refusals are written into the log; a command says them itself."""

    session: ClientSession
    api_base: str
    oapi_base: str
    client_id: str
    client_secret: str
    tokens: AccessTokens = field(init=False)
    meter: Meter
    logs: bool = True
    pacer: Pacer = field(default_factory=Pacer)
    timeout: ClientTimeout = field(default_factory=lambda: ClientTimeout(total=TOTAL, connect=CONNECT))

    # -- the new host -----------------------------------------------------------------------------------

    async def call(self, method: str, path: str, body: Mapping[str, Any] | None = None) -> dict[str, Any]:
        """One call with the app's token; a token that is refused is renewed once."""
        await self.pacer.wait(f"{method} {path}")
        return await self.tokens.call(lambda token: self._once(method, path, body, {TOKEN: token}))

    async def bare(self, path: str, body: Mapping[str, Any]) -> dict[str, Any]:
        """One POST without a token: where one is asked for, or where credentials are in the body."""
        return await self._once("POST", path, body, {})

    async def as_user(self, path: str, token: str) -> dict[str, Any]:
        """One GET with a person's own token."""
        return await self._once("GET", path, None, {TOKEN: token})

    async def _once(
        self, method: str, path: str, body: Mapping[str, Any] | None, headers: dict[str, str]
    ) -> dict[str, Any]:
        headers = {"Accept": "application/json", **headers}
        async with self._sent(method, self.api_base + path, json=body, headers=headers) as answer:
            found = await _json(answer)
            if answer.status // 100 == 2 and isinstance(found, dict):
                self.meter.call(path)
                return found
            error = trouble(answer.status, found, cards=path.startswith("/v1.0/card/"))
        self._note(path, error)
        raise error

    def _note(self, path: str, error: Exception) -> None:
        throttled = isinstance(error, Retryable) and str(error).startswith(("Qps", "Qpm"))
        if isinstance(error, OverQuota):
            self.meter.exhausted = True
        elif not throttled:
            self.meter.call(path)
        if not self.logs:
            return
        if isinstance(error, Misconfigured | OverQuota):
            log.error("the platform refuses the app", action="platform_refuses", path=path, why=str(error))
        elif not isinstance(error, TokenRefused | CardExists):
            log.warning("the platform refused a call", action="call_refused", path=path, why=str(error))

    @asynccontextmanager
    async def _sent(
        self, method: str, url: str, *, within: ClientTimeout | None = None, **more: Any
    ) -> AsyncIterator[ClientResponse]:
        """The answer. Raises Retryable when the host was not reached, and Unsure when the connection broke or
        the time ran out behind that: the call may have taken effect."""
        try:
            async with self.session.request(
                method, url, timeout=within or self.timeout, allow_redirects=False, **more
            ) as answer:
                yield answer
        except (ClientConnectorError, ConnectionTimeoutError, InvalidURL):
            raise Retryable("unreachable") from None
        except (ClientError, TimeoutError, OSError) as error:
            raise Unsure(type(error).__name__) from None  # its text may hold the address, and so the token

    # -- the old host -----------------------------------------------------------------------------------

    async def old(self, path: str, body: Mapping[str, Any]) -> dict[str, Any]:
        """One POST to the old host with the app's token in the address."""
        await self.pacer.wait(path)
        return await self.tokens.call(lambda token: self._old_once(path, token, json=body))

    async def _old_once(self, path: str, token: str, **more: Any) -> dict[str, Any]:
        url = f"{self.oapi_base}{path}?{urlencode({'access_token': token})}"
        async with self._sent("POST", url, **more) as answer:
            found = await _json(answer)
            if not isinstance(found, dict) or "errcode" not in found:
                raise trouble(answer.status, found)
            error = old_trouble(found)
        self.meter.call(path)
        if error is not None:
            raise error
        return found

    async def webhook(self, url: str, body: Mapping[str, Any]) -> None:
        """Answer in a conversation by the address that its message brought. Raises Retryable."""
        if not url.startswith(self.oapi_base + "/"):  # it came from outside: never another host
            raise Retryable("a session of another host")
        async with self._sent("POST", url, json=body) as answer:
            found = await _json(answer)
        self.meter.call("/robot/sendBySession")
        if not isinstance(found, dict):
            raise trouble(answer.status, found)
        if (error := old_trouble(found)) is not None:
            raise Retryable(str(error))

    # -- what is asked for ------------------------------------------------------------------------------

    async def fetch_token(self) -> Fetched:
        """A token, for whoever keeps it."""
        body = {"appKey": self.client_id, "appSecret": self.client_secret}
        found = await self.bare("/v1.0/oauth2/accessToken", body)
        lasts = timedelta(seconds=int(found.get("expireIn", 7200)))
        return Fetched(token=str(found["accessToken"]), lasts=lasts)

    async def open_stream(self) -> str:
        """A WebSocket address with its ticket, good once and for 90 seconds."""
        body = {
            "clientId": self.client_id,
            "clientSecret": self.client_secret,
            "subscriptions": SUBSCRIPTIONS,
            "ua": "leadbell/0.1",
        }
        found = await self.bare("/v1.0/gateway/connections/open", body)
        return f"{found['endpoint']}?ticket={quote(str(found['ticket']), safe='')}"

    async def download(self, code: str, robot_code: str, *, most: int) -> bytes:
        """A file that somebody sent. Raises Refused when it is gone, or larger."""
        body = {"downloadCode": code, "robotCode": robot_code}
        found = await self.call("POST", "/v1.0/robot/messageFiles/download", body)
        async with self._sent("GET", str(found["downloadUrl"]), within=DOWNLOAD) as answer:
            if answer.status != 200:
                raise Retryable(f"file: http {answer.status}")
            data = await answer.content.read(most + 1)
            while len(data) <= most and (more := await answer.content.read(most + 1)):
                data += more
        if len(data) > most:
            raise Refused("file too large")
        return data


async def _json(answer: ClientResponse) -> object:
    """The JSON of an answer; None for anything else, such as the page of a blocked address."""
    raw = await answer.content.read(LONGEST_ANSWER)
    while more := await answer.content.read(LONGEST_ANSWER):
        raw += more
        if len(raw) > LONGEST_ANSWER:
            return None
    try:
        found: object = json.loads(raw)
    except (ValueError, RecursionError):
        return None
    return found
