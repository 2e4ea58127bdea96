"""The simulator's page and its API: phones of the sample people, driven by hand or by a script.

Only mounted in the demo or with `[simulator] enabled = true`, and only answered to the same host.
"""

import asyncio
import json
import re
from base64 import b64decode
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from functools import lru_cache
from ipaddress import ip_address
from pathlib import Path
from typing import Any, Protocol

from aiohttp import web

from bot.cards.actions import BadAction, unpack
from bot.channels.local import channel
from bot.config import parse_duration
from bot.directory import Directory
from bot.inbound import Chat, Click, Quote, Reply
from bot.router import Bot, Router
from bot.seams import new_id
from bot.web.limits import passed_on
from bot.web.problems import Problem
from bot.words import say, weekday
from domain.contact import clean_text
from domain.media import Attachment, MediaKind

STATIC = Path(channel.__file__).parent / "static"
CSP = (
    "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self' data:; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
LONGEST = 10_000
_ACCOUNT = re.compile(r"[A-Za-z0-9._-]{1,40}")
MOST_BYTES = 1 << 20
LONGEST_ID = 200
LONGEST_QUOTE = 60
HEARTBEAT = 15.0
FARTHEST = timedelta(days=31)


class Phones(Protocol):
    """What the simulator reads and writes beside the bot: the chats, its clock, its outage switch."""

    async def messages(self, person: str) -> list[dict[str, Any]]: ...

    async def message(self, person: str, message: str) -> dict[str, Any] | None: ...

    async def typed(self, *, message: str, person: str, kind: str, body: dict[str, Any]) -> None: ...

    async def on_duty(self) -> dict[str, bool]: ...

    async def settled(self) -> None:
        """Return when nothing that is due waits to be delivered, or soon."""
        ...

    async def advance(self, by: timedelta) -> datetime: ...

    async def set_outage(self, on: bool) -> None: ...

    async def outage(self) -> bool: ...


@dataclass(slots=True)
class Stream:
    """Who listens for changes; each listener has a queue of (event, data)."""

    listeners: set["asyncio.Queue[tuple[str, dict[str, Any]]]"] = field(default_factory=set)

    def tell(self, event: str, **data: Any) -> None:
        for listener in self.listeners:
            if not listener.full():
                listener.put_nowait((event, data))


@dataclass(slots=True, kw_only=True)
class Simulator:
    bot: Bot
    router: Router
    phones: Phones
    stream: Stream
    directory: Directory

    def mount(self, app: web.Application) -> None:
        """Add `/sim` and `/sim/api/…` to an application."""
        routes: list[tuple[str, str, Callable[[web.Request], Awaitable[web.StreamResponse]]]] = [
            ("GET", "/sim", self.page),
            ("GET", "/sim/static/{name}", self.static),
            ("GET", "/sim/api/people", self.people),
            ("POST", "/sim/api/people", self.join),
            ("GET", "/sim/api/people/{id}/messages", self.messages),
            ("POST", "/sim/api/people/{id}/messages", self.type),
            ("POST", "/sim/api/people/{id}/clicks", self.click),
            ("GET", "/sim/api/clock", self.clock),
            ("POST", "/sim/api/clock", self.advance),
            ("POST", "/sim/api/outage", self.outage),
            ("GET", "/sim/api/stream", self.listen),
        ]
        for method, path, handler in routes:
            app.router.add_route(method, path, _local_only(handler))

    async def page(self, _request: web.Request) -> web.StreamResponse:
        return web.FileResponse(STATIC / "sim.html", headers={"Content-Security-Policy": CSP, **_NO_STORE})

    async def static(self, request: web.Request) -> web.StreamResponse:
        name = request.match_info["name"]
        types = {".js": "text/javascript", ".css": "text/css"}
        file = STATIC / name
        if name not in {each.name for each in STATIC.iterdir()} or file.suffix not in types:
            raise web.HTTPNotFound
        return web.FileResponse(
            file, headers={"Content-Type": f"{types[file.suffix]}; charset=utf-8", **_NO_STORE}
        )

    async def people(self, _request: web.Request) -> web.StreamResponse:
        company, duty = self.bot.company, await self.phones.on_duty()
        return web.json_response(
            [
                {
                    "id": person.id,
                    "name": person.name,
                    "role": person.role,
                    "team": person.team,
                    "team_name": company.team_name(person.team),
                    "on_duty": duty.get(person.id, True),
                }
                for person in company.people.values()
                if channel.NAME in person.accounts
            ]
        )

    async def join(self, request: web.Request) -> web.StreamResponse:
        """Somebody of the company whom the settings do not list opens the bot: `{"id": …, "name": …}`."""
        body = await _body(request)
        account, name = body.get("id"), body.get("name")
        if not isinstance(account, str) or not _ACCOUNT.fullmatch(account) or not isinstance(name, str):
            raise Problem(422, "id: letters, digits, . _ - (at most 40); name: a text")
        person = await self.directory.recognise(channel.NAME, account, clean_text(name, 40) or account)
        self.stream.tell("message", person=person)
        return web.json_response({"id": person}, status=201)

    def _person(self, request: web.Request) -> str:
        person = self.bot.company.people.get(request.match_info["id"])
        if person is None or channel.NAME not in person.accounts:
            raise Problem(404, f"no person {request.match_info['id']!r}")
        return person.id

    async def messages(self, request: web.Request) -> web.StreamResponse:
        person = self._person(request)
        await self.phones.settled()
        found = await self.phones.messages(person)
        zone = self.bot.company.zone
        for each in found:
            each["at"] = each["at"].astimezone(zone).isoformat()
        return web.json_response(found)

    async def type(self, request: web.Request) -> web.StreamResponse:
        """That person types; the answer arrives in the chat."""
        person, body = self._person(request), await _body(request)
        kind, text, kept, media = _spoken(self.bot.lang(person), body)
        message = _id(body.get("id")) or new_id()
        quote = await self._quote(person, body.get("quote"))
        if quote is not None:
            kept = {**kept, "quote": quote.text[:LONGEST_QUOTE]}
        await self.phones.typed(message=f"in:{message}", person=person, kind=kind, body=kept)
        self.stream.tell("message", person=person)
        chat = Chat(
            by=person,
            text=text,
            at=self.bot.clock.now(),
            key=f"sim:{message}",
            kind=kind,
            media=media,
            quote=quote,
        )
        reply = await self.router.on_chat(self.bot, chat)
        await self.phones.settled()
        return web.json_response({"ok": reply.ok, "id": f"in:{message}"})

    async def _quote(self, person: str, given: object) -> Quote | None:
        """The message of this chat that is quoted: a card by its id, one's own message by the key it came
        with."""
        message = _id(given, LONGEST_ID)
        if not message:
            return None
        shown = await self.phones.message(person, message)
        if shown is None:
            raise Problem(404, f"no message {message!r}")
        key = f"sim:{message.removeprefix('in:')}" if message.startswith("in:") else message
        return Quote(message=key, text=str(shown.get("text") or ""))

    async def click(self, request: web.Request) -> web.StreamResponse:
        """That person presses a button; answered after its effect is committed."""
        at = self.bot.clock.now()
        person, body = self._person(request), await _body(request)
        message = _id(body.get("message_id"), LONGEST_ID)
        shown = await self.phones.message(person, message)
        if shown is None:
            raise Problem(404, f"no message {message!r}")
        try:
            action = unpack(str(body.get("key")))
        except BadAction:
            return _reply(Reply(text=say(self.bot.lang(person), "bad_action"), ok=False))
        selected = _selected(shown, body.get("selected"))
        key = f"sim:click:{_id(body.get('click_id')) or new_id()}"
        return _reply(
            await self.router.on_click(
                self.bot, Click(by=person, action=action, at=at, key=key, selected=selected)
            )
        )

    async def clock(self, _request: web.Request) -> web.StreamResponse:
        now = self.bot.clock.now()
        company = self.bot.company
        local = now.astimezone(company.zone)
        open_ = say("zh", "sim.open" if company.calendar.is_open(now) else "sim.closed")
        words = f"{open_} · {weekday('zh', local.date())} {local:%H:%M}"
        return web.json_response(
            {"now": local.isoformat(), "calendar": words, "outage": await self.phones.outage()}
        )

    async def advance(self, request: web.Request) -> web.StreamResponse:
        """The simulator's clock jumps; due work runs before the answer."""
        body = await _body(request)
        try:
            by = parse_duration(body.get("advance"))
        except ValueError as error:
            raise Problem(422, f"advance: {error}") from None
        if by > FARTHEST:
            raise Problem(422, "advance: at most 31d")
        now = await self.phones.advance(by)
        local = now.astimezone(self.bot.company.zone)
        self.stream.tell("clock", now=local.isoformat())
        return web.json_response({"now": local.isoformat()})

    async def outage(self, request: web.Request) -> web.StreamResponse:
        body = await _body(request)
        if not isinstance(body.get("on"), bool):
            raise Problem(422, "on: true or false")
        await self.phones.set_outage(body["on"])
        self.stream.tell("outage", on=body["on"])
        return web.json_response({"on": body["on"]})

    async def listen(self, request: web.Request) -> web.StreamResponse:
        """Server-sent events: something changed."""
        headers = {"Content-Type": "text/event-stream", "X-Accel-Buffering": "no", **_NO_STORE}
        response = web.StreamResponse(headers=headers)
        await response.prepare(request)
        queue: asyncio.Queue[tuple[str, dict[str, Any]]] = asyncio.Queue(1000)
        self.stream.listeners.add(queue)
        try:
            await response.write(b"retry: 3000\n\n")
            while True:
                try:
                    async with asyncio.timeout(HEARTBEAT):
                        event, data = await queue.get()
                    await response.write(f"event: {event}\ndata: {json.dumps(data)}\n\n".encode())
                except TimeoutError:
                    await response.write(b": still here\n\n")
        except (ConnectionError, asyncio.CancelledError):
            return response
        finally:
            self.stream.listeners.discard(queue)


_NO_STORE = {
    "Cache-Control": "no-store",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
}


def _local_only(
    handler: Callable[[web.Request], Awaitable[web.StreamResponse]],
) -> Callable[[web.Request], Awaitable[web.StreamResponse]]:
    """Refuse who is not on this host, what a proxy passes on, and pages of other origins or other names for
    this host (DNS rebinding) that would drive it through a browser."""

    async def guarded(request: web.Request) -> web.StreamResponse:
        origin = request.headers.get("Origin")
        foreign = origin is not None and origin.partition("://")[2] != request.host
        if foreign or passed_on(request) or not (_is_loopback(request.remote) and _names_us(request.host)):
            raise Problem(403, "the simulator answers this host alone")
        return await handler(request)

    return guarded


def _names_us(host: str) -> bool:
    """Whether a Host header names the loopback interface."""
    name = host.rpartition(":")[0] if host.rpartition(":")[2].isdecimal() else host
    return name == "localhost" or _is_loopback(name.strip("[]"))


@lru_cache(maxsize=256)
def _is_loopback(address: str | None) -> bool:
    try:
        return address is not None and ip_address(address).is_loopback
    except ValueError:
        return False


async def _body(request: web.Request) -> dict[str, Any]:
    if (request.content_length or 0) > MOST_BYTES:
        raise Problem(422, "the body is over 1 MB")
    try:
        found = json.loads(await request.read())
    except (ValueError, RecursionError):
        raise Problem(400, "not JSON") from None
    if not isinstance(found, dict):
        raise Problem(422, "a JSON object is wanted")
    return found


def _id(given: object, most: int = 64) -> str:
    """An identifier of the caller's, as the databases can keep it; empty for none."""
    return clean_text(str(given), most) if given else ""


def _number(given: object, most: float) -> float | None:
    """A number between -most and most; None for anything else."""
    if isinstance(given, bool) or not isinstance(given, int | float):
        return None
    return float(given) if -most <= given <= most else None


def _reply(reply: Reply) -> web.Response:
    return web.json_response({"ok": reply.ok, "text": reply.text})


def _selected(shown: dict[str, Any], given: object) -> dict[str, str]:
    """What was chosen: what the click says, and for the rest what the card shows as chosen."""
    card = shown.get("card") or {}
    chosen = {each["key"]: each.get("selected", "") for each in card.get("selects", ())}
    if isinstance(given, dict):
        chosen |= {_id(key): _id(value) for key, value in given.items() if isinstance(value, str)}
    return {key: value for key, value in chosen.items() if value}


_Spoken = tuple[str, str, dict[str, Any], tuple[Attachment, ...]]


def _spoken(lang: str, body: dict[str, Any]) -> _Spoken:
    """(kind, words for the bot, what the chat keeps, attachments) of what somebody sent."""
    if isinstance(text := body.get("text"), str):
        if not text.strip():
            raise Problem(422, "text: empty")
        kept = clean_text(text, LONGEST)
        return "text", kept, {"text": kept}, ()
    for kind in (MediaKind.LOCATION, MediaKind.VOICE, MediaKind.IMAGE):
        if isinstance(found := body.get(kind), dict):
            return _attached(lang, kind, found)
    raise Problem(422, "one of text, location, voice, image is wanted")


def _attached(lang: str, kind: MediaKind, found: dict[str, Any]) -> _Spoken:
    label = clean_text(str(found.get("label") or found.get("text") or found.get("name") or ""), 200)
    words = say(lang, f"media.{kind}", label=label, text=label)
    data = str(found.get("data") or "")
    media = Attachment(kind=kind, name=label, label=label, data=_bytes_of(data))
    if kind is MediaKind.LOCATION:
        sides = {"lat": _number(found.get("lat"), 90), "lng": _number(found.get("lng"), 180)}
        place = {name: side for name, side in sides.items() if side is not None}
        media = Attachment(kind=kind, label=label, lat=place.get("lat"), lng=place.get("lng"))
        return kind, words, {"text": words, "location": {**place, "label": label}}, (media,)
    if kind is MediaKind.VOICE:
        seconds = int(_number(found.get("seconds"), 86_400) or 0)
        media = replace(media, seconds=seconds, spoken=bool(label))
        return kind, words, {"text": label, "voice": {"seconds": media.seconds}}, (media,)
    kept: dict[str, Any] = {"text": label}
    return kind, words, {**kept, "image": {"url": data}} if data.startswith("data:image/") else kept, (media,)


def _bytes_of(data_url: str) -> bytes | None:
    """What a `data:…;base64,` address holds; None for anything else."""
    head, comma, body = data_url.partition(";base64,")
    if not comma or not head.startswith("data:"):
        return None
    try:
        return b64decode(body, validate=True)
    except ValueError:
        raise Problem(422, "data: no base64") from None
