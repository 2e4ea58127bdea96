"""What stands around the bot in a bench: an app that only reads a callback, a platform, a sink for cards.

Beside `floors` and not in it, for the ciphers weigh more than a bare aiohttp process does. Run
`python -m benchmarks.platforms`; it prints its port.
"""

import asyncio
import hashlib
import hmac
import json
import sys
from base64 import b64decode
from xml.etree.ElementTree import fromstring

from aiohttp import web
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

from benchmarks import floors, ground

SINK_BROKEN = 503


class Callback:
    """What a callback of WeCom costs with nothing behind it: the signature, the cipher, the parser."""

    def __init__(self) -> None:
        self.key = b64decode(ground.WECOM_KEY + "=")
        self.cipher = Cipher(algorithms.AES(self.key), modes.CBC(self.key[:16]))

    async def take(self, request: web.Request) -> web.Response:
        fields, _ = await self.read(request)
        return web.Response(body=b"" if fields["MsgType"] else b"?")

    async def read(self, request: web.Request) -> tuple[dict[str, str], str]:
        """(the message's fields, the ciphertext)."""
        body, query = await request.read(), request.query
        encrypt = fromstring(body).findtext("Encrypt") or ""  # noqa: S314
        parts = sorted((ground.WECOM_TOKEN, query["timestamp"], query["nonce"], encrypt))
        right = hashlib.sha1("".join(parts).encode()).hexdigest()  # noqa: S324
        if not hmac.compare_digest(right, query["msg_signature"]):
            raise web.HTTPForbidden
        decryptor = self.cipher.decryptor()
        plain = decryptor.update(b64decode(encrypt)) + decryptor.finalize()
        length = int.from_bytes(plain[16:20])
        return {each.tag: each.text or "" for each in fromstring(plain[20 : 20 + length])}, encrypt  # noqa: S314


class Platform:
    """A WeCom that takes everything at once."""

    def __init__(self) -> None:
        self.count = 0

    async def token(self, _request: web.Request) -> web.Response:
        return web.json_response({"errcode": 0, "access_token": "token", "expires_in": 7200})

    async def send(self, request: web.Request) -> web.Response:
        await request.read()
        self.count += 1
        return web.json_response({"errcode": 0, "msgid": f"m{self.count}", "response_code": f"r{self.count}"})

    async def update(self, request: web.Request) -> web.Response:
        await request.read()
        return web.json_response({"errcode": 0})


class Sink:
    """A platform on this machine: takes cards, refuses a share of them, hangs for one account.

    Answers `{"handle": …}`. `/sink/plan` sets `every` (each that-many-th card fails; 0 = none) and `stuck`.
    """

    def __init__(self) -> None:
        self.every = 0
        self.stuck = ""
        self.count = 0

    async def plan(self, request: web.Request) -> web.Response:
        value = json.loads(await request.read())
        self.every, self.stuck, self.count = value["every"], value["stuck"], 0
        return web.json_response({})

    async def card(self, request: web.Request) -> web.Response:
        value = json.loads(await request.read())
        if value["to"] == self.stuck:
            await asyncio.sleep(3600)
        self.count += 1
        if self.every and self.count % self.every == 0:
            return web.json_response({}, status=SINK_BROKEN)
        return web.json_response({"handle": value["key"]})


def application() -> web.Application:
    app, sink, platform = web.Application(), Sink(), Platform()
    app.router.add_post("/sink/plan", sink.plan)
    app.router.add_post("/sink", sink.card)
    app.router.add_post("/callback/wecom", Callback().take)
    app.router.add_get("/cgi-bin/gettoken", platform.token)
    app.router.add_post("/cgi-bin/message/send", platform.send)
    app.router.add_post("/cgi-bin/message/update_template_card", platform.update)
    return app


if __name__ == "__main__":
    asyncio.run(floors.serve(application(), int(sys.argv[1]) if len(sys.argv) > 1 else 0))
