"""The fake's own page and calls: what each person sees, and a way to tap, type and break things.

Loopback only, for whoever tries the bot without an account. GET /fake, GET /fake/api/people,
GET /fake/api/people/{id}/chat, POST /fake/api/people/{id}/say {"text", "group"?},
POST /fake/api/people/{id}/tap {"track", "button"}, POST /fake/api/people/{id}/leave and …/back,
POST /fake/api/faults {"down": true, …},
POST /fake/api/sockets {"do": "disconnect" | "reset" | "close"}, GET /fake/api/calls.
"""

import json
from dataclasses import fields
from pathlib import Path
from typing import Any

from aiohttp import web

from bot.channels.dingtalk.fake.book import Faults
from bot.channels.dingtalk.fake.server import FakeDingtalk
from bot.channels.rehearsal import STYLE

PAGE = Path(__file__).parent / "page.html"
SIMPLE = {each.name for each in fields(Faults)} & {
    "down",
    "slow",
    "lose",
    "close_at_once",
    "deaf",
    "over_quota",
}


class Page:
    def __init__(self, fake: FakeDingtalk) -> None:
        self._fake = fake

    def mount(self, app: web.Application) -> None:
        app.router.add_get("/fake", self.page)
        app.router.add_get("/fake/page.css", self.style)
        app.router.add_get("/fake/api/people", self.people)
        app.router.add_get("/fake/api/people/{id}/chat", self.chat)
        app.router.add_post("/fake/api/people/{id}/say", self.say)
        app.router.add_post("/fake/api/people/{id}/tap", self.tap)
        app.router.add_post("/fake/api/people/{id}/leave", self.leave)
        app.router.add_post("/fake/api/people/{id}/back", self.back)
        app.router.add_post("/fake/api/faults", self.faults)
        app.router.add_post("/fake/api/sockets", self.sockets)
        app.router.add_get("/fake/api/calls", self.calls)

    async def page(self, _request: web.Request) -> web.StreamResponse:
        return web.FileResponse(PAGE)

    async def people(self, _request: web.Request) -> web.Response:
        book = self._fake.book
        members = [*book.people.values(), *book.left.values()]
        return _json([{"id": each.id, "name": each.name, "left": each.id in book.left} for each in members])

    async def style(self, _request: web.Request) -> web.StreamResponse:
        return web.FileResponse(STYLE)

    def _person(self, request: web.Request, *, left: bool = False) -> str:
        """Somebody who is there; with `left`, who has left."""
        person = request.match_info["id"]
        if person not in (self._fake.book.left if left else self._fake.book.people):
            raise web.HTTPNotFound
        return person

    async def chat(self, request: web.Request) -> web.Response:
        gone = request.match_info["id"] in self._fake.book.left
        return _json(self._fake.chat(self._person(request, left=gone)))

    async def leave(self, request: web.Request) -> web.Response:
        await self._fake.leave(self._person(request))
        return _json({"ok": True, "connections": len(self._fake.wire.live)})

    async def back(self, request: web.Request) -> web.Response:
        self._fake.come_back(self._person(request, left=True))
        return _json({"ok": True})

    async def say(self, request: web.Request) -> web.Response:
        body = await _body(request)
        await self._fake.say(
            self._person(request), str(body.get("text", "")), group=str(body.get("group", ""))
        )
        return _json({"ok": True, "connections": len(self._fake.wire.live)})

    async def tap(self, request: web.Request) -> web.Response:
        body = await _body(request)
        track = str(body.get("track"))
        if track not in self._fake.book.cards:
            raise web.HTTPNotFound
        answer = await self._fake.tap(self._person(request), track, str(body.get("button")))
        return _json({"ok": answer is not None, "answer": answer})

    async def faults(self, request: web.Request) -> web.Response:
        for name, value in (await _body(request)).items():
            if name in SIMPLE:
                setattr(self._fake.book.faults, name, value)
        return _json({name: getattr(self._fake.book.faults, name) for name in sorted(SIMPLE)})

    async def sockets(self, request: web.Request) -> web.Response:
        match (await _body(request)).get("do"):
            case "disconnect":
                await self._fake.wire.disconnect()
            case "reset":
                self._fake.wire.reset()
            case "close":
                await self._fake.wire.close_clean()
            case _:
                raise web.HTTPUnprocessableEntity
        return _json({"ok": True})

    async def calls(self, _request: web.Request) -> web.Response:
        book = self._fake.book
        calls = [{"method": method, "path": path, "body": body} for method, path, body in book.calls[-200:]]
        return _json({"metered": book.metered, "month_calls": book.month_calls, "calls": calls})


def _json(value: Any) -> web.Response:
    return web.json_response(value, dumps=lambda found: json.dumps(found, ensure_ascii=False))


async def _body(request: web.Request) -> dict[str, Any]:
    try:
        found = json.loads(await request.read())
    except ValueError:
        raise web.HTTPBadRequest from None
    if not isinstance(found, dict):
        raise web.HTTPUnprocessableEntity
    return found
