"""DingTalk's HTTP mode: the robot's messages, card callbacks and event subscriptions, for a company that
wants no outgoing connection. Size, signature and freshness first, then parsing. All refusals look the same.
"""

import asyncio
import hmac
import json
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from hashlib import sha256
from typing import Any

import structlog
from aiohttp import web

from bot.channels.dingtalk.receive import Receiver
from bot.channels.dingtalk.sign import HOUR, BadSignature, EventCrypto, card_sign, check_stamped, robot_sign
from domain.clock import Clock, to_micros
from domain.errors import Unavailable

log = structlog.get_logger("dingtalk")

LARGEST = 256 << 10
READ_WITHIN = 4.0
ROBOT, CARD = "/callback/dingtalk", "/callback/dingtalk/card"
NO_REPLY = {"msgtype": "empty"}


def card_secret(client_secret: str, home: str) -> str:
    """The secret of the card route: the same on every instance and after every start, and never sent about
    but at the registration."""
    return hmac.digest(client_secret.encode(), f"card callback {home}".encode(), sha256).hex()


@dataclass(slots=True, kw_only=True)
class Callbacks:
    """`crypto` is that of the event subscription, where one is set up."""

    receiver: Receiver
    client_secret: str
    card_secret: str
    clock: Clock
    fresh: Callable[[int], bytes]
    crypto: EventCrypto | None = None

    def mount(self, app: web.Application) -> None:
        app.router.add_post(ROBOT, self._guarded(self.robot))
        app.router.add_post(CARD, self._guarded(self.card))

    def _guarded(
        self, handler: Callable[[web.Request, bytes], Awaitable[web.StreamResponse]]
    ) -> Callable[[web.Request], Awaitable[web.StreamResponse]]:
        async def serve(request: web.Request) -> web.StreamResponse:
            try:
                return await handler(request, await _read(request))
            except BadSignature:
                log.warning("a callback that is not the platform's", action="bad_signature")
                return web.Response(status=403)
            except Unavailable:
                return web.Response(status=503)  # nothing was stored: the platform asks again

        return serve

    def _now(self) -> int:
        return to_micros(self.clock.now()) // 1000

    # -- the robot --------------------------------------------------------------------------------------

    async def robot(self, request: web.Request, body: bytes) -> web.StreamResponse:
        """A message to the robot, or an event: they share the address."""
        if "nonce" in request.query:
            return await self._event(request, body)
        stamp = request.headers.get("timestamp", "")
        right = robot_sign(self.client_secret, stamp)
        check_stamped(stamp, request.headers.get("sign", ""), right, now_ms=self._now())
        at = self.clock.now()
        self.receiver.channel.client.meter.push()
        await self.receiver.on_message(_json(body), at)
        return web.json_response(NO_REPLY)

    async def _event(self, request: web.Request, body: bytes) -> web.StreamResponse:
        if self.crypto is None:
            raise BadSignature
        query = request.query
        stamp = query.get("timestamp", query.get("timeStamp", ""))
        plain = self.crypto.open(
            signature=query.get("msg_signature", query.get("signature", "")),
            timestamp=stamp,
            nonce=query.get("nonce", ""),
            encrypted=str(_object(_json(body)).get("encrypt", "")),
        )
        millis = int(stamp) * (1 if len(stamp) == 13 else 1000)
        if abs(self._now() - millis) > HOUR:
            raise BadSignature
        event = _object(_json(plain))
        self.receiver.channel.client.meter.push()
        answer = await self.receiver.on_event(str(event.get("EventType", "")), event)
        if answer["status"] != "SUCCESS":
            return web.Response(status=503)
        return web.json_response(self._success())

    def _success(self) -> dict[str, str]:
        assert self.crypto is not None
        stamp, nonce = str(self._now()), self.fresh(8).hex()
        sealed = self.crypto.encrypt(b"success", self.fresh(16))
        signature = self.crypto.signature(stamp, nonce, sealed)
        return {"msg_signature": signature, "timeStamp": stamp, "nonce": nonce, "encrypt": sealed}

    # -- cards ------------------------------------------------------------------------------------------

    async def card(self, request: web.Request, body: bytes) -> web.StreamResponse:
        """A tap. The answer is on its way before the card may be updated, so it is written in here."""
        stamp = request.headers.get("x-ddpaas-signature-timestamp", "")
        given = request.headers.get("x-ddpaas-signature", "")
        check_stamped(stamp, given, card_sign(self.card_secret, stamp), now_ms=self._now())
        at = self.clock.now()
        self.receiver.channel.client.meter.push()
        written: list[web.Response] = []

        async def answer(data: object) -> None:
            if not written:
                written.append(web.json_response(data))
                await written[0].prepare(request)
                await written[0].write_eof()

        # The callback carries no id of its own; the platform's repeat of one has its body and its time.
        key = f"dt:{sha256(stamp.encode() + body).hexdigest()[:32]}"
        await self.receiver.on_tap(_json(body), key, at, answer)
        return written[0] if written else web.json_response({})


async def _read(request: web.Request) -> bytes:
    """The body, at most 256 KB; one that is larger, slow or broken off is nobody's we know."""
    body = b""
    try:
        async with asyncio.timeout(READ_WITHIN):
            async for chunk in request.content.iter_chunked(64 << 10):
                body += chunk
                if len(body) > LARGEST:
                    raise BadSignature
    except (TimeoutError, ConnectionError, web.RequestPayloadError):
        raise BadSignature from None
    return body


def _json(body: bytes) -> object:
    try:
        found: object = json.loads(body)
    except (ValueError, RecursionError):
        return None
    return found


def _object(value: object) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}
