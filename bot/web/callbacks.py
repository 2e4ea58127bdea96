"""The platforms' callback addresses: bounded bodies, one answer for whatever is wrong."""

import asyncio
from collections.abc import Callable, Mapping

import structlog
from aiohttp import web

from bot.channels.base import NotGenuine, Webhook

log = structlog.get_logger("callback")

MOST_BYTES = 64 * 1024
READ_WITHIN = 4.0
LOG_EVERY = 10.0
PLAIN = "text/plain"


class Callbacks:
    """Serves one platform's webhook at one address."""

    def __init__(
        self, webhook: Webhook, *, channel: str, ticks: Callable[[], float], observe: Callable[[float], None]
    ) -> None:
        self._webhook = webhook
        self._channel = channel
        self._ticks = ticks
        self._observe = observe
        self._refused = 0
        self._logged_at = -LOG_EVERY

    def mount(self, app: web.Application, path: str) -> None:
        app.router.add_get(path, self.get, allow_head=False)
        app.router.add_post(path, self.post)

    async def get(self, request: web.Request) -> web.Response:
        """The platform tries the address."""
        try:
            echo = await self._webhook.echo(_query(request))
        except NotGenuine as error:
            return self._refuse(error)
        return web.Response(body=echo, content_type=PLAIN)

    async def post(self, request: web.Request) -> web.Response:
        """Something happened; answered once it is committed."""
        start = self._ticks()
        try:
            body = await _body(request)
            answer = await self._webhook.take(_query(request), body)
        except (NotGenuine, TimeoutError) as error:
            return self._refuse(error)
        self._observe(self._ticks() - start)
        return web.Response(body=answer, content_type=PLAIN)

    def _refuse(self, error: Exception) -> web.Response:
        """The same for every reason; a line in the log each ten seconds at most."""
        self._refused += 1
        now = self._ticks()
        if now - self._logged_at >= LOG_EVERY:
            why = error.why if isinstance(error, NotGenuine) else "slow"
            log.warning(
                "callback refused", action="refused", channel=self._channel, why=why, count=self._refused
            )
            self._logged_at, self._refused = now, 0
        return web.Response(status=403, content_type=PLAIN)


def _query(request: web.Request) -> Mapping[str, str]:
    query = request.query
    if len(query) != len(set(query)):
        raise NotGenuine("query")
    return query


async def _body(request: web.Request) -> bytes:
    if (request.content_length or 0) > MOST_BYTES or "Content-Encoding" in request.headers:
        raise NotGenuine("size")
    if request.content.is_eof():  # all of it is there, as with nearly every callback
        return await _bounded(request)
    async with asyncio.timeout(READ_WITHIN):
        return await _bounded(request)


async def _bounded(request: web.Request) -> bytes:
    found = bytearray()
    try:
        async for chunk in request.content.iter_any():
            found += chunk
            if len(found) > MOST_BYTES:
                raise NotGenuine("size")
    except (ConnectionError, web.RequestPayloadError):
        raise NotGenuine("ended early") from None
    return bytes(found)
