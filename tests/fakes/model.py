"""A language model's endpoint that answers, lies, stalls or repeats what it was told to, as a test wants."""

import asyncio
import json
from dataclasses import dataclass, field
from typing import Any

from aiohttp import web
from aiohttp.test_utils import TestServer


@dataclass
class ModelFake:
    """`quotes` = what it answers; `content` in their place is any text; `raw` is a whole answer (status, body)."""

    quotes: dict[str, Any] = field(default_factory=dict)
    content: str | None = None
    raw: tuple[int, bytes] | None = None
    stalls: bool = False
    asked: list[dict[str, Any]] = field(default_factory=list)
    _released: asyncio.Event = field(default_factory=asyncio.Event)

    async def complete(self, request: web.Request) -> web.Response:
        self.asked.append(await request.json())
        if self.stalls:
            await self._released.wait()
        if self.raw is not None:
            return web.Response(status=self.raw[0], body=self.raw[1], content_type="application/json")
        content = json.dumps(self.quotes, ensure_ascii=False) if self.content is None else self.content
        return web.json_response({"choices": [{"message": {"role": "assistant", "content": content}}]})

    def release(self) -> None:
        self._released.set()

    @property
    def shown(self) -> str:
        """The message of the last question, as the endpoint saw it."""
        return str(json.loads(self.asked[-1]["messages"][1]["content"])["message"])

    def server(self) -> TestServer:
        """To be started and closed by the test; its address is `make_url("/v1")`."""
        app = web.Application()
        app.router.add_post("/v1/chat/completions", self.complete)
        return TestServer(app)
