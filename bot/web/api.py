"""The capture API under /api/v1: other systems hand leads in and read what became of them."""

import hashlib
import json
import re
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol

from aiohttp import web

from bot.web.keys import CAPTURE, CONTACT, READ, Caller, Keys
from bot.web.mistakes import bad_field, nearest
from bot.web.problems import PROBLEM_JSON, Problem
from bot.web.schemas import read_json, read_lead
from bot.web.shapes import event_json, lead_json, note_json, receipt
from domain.clock import Clock
from domain.errors import BadField, DomainError
from domain.events import Event
from domain.lead import Lead
from domain.people import Company
from domain.ports import Note
from domain.usecases.leads import Captured, capture_lead

MOST_BYTES = 64 * 1024
MOST_ITEMS, USUAL_ITEMS = 500, 100
_QUERY = ("updated_since", "cursor", "limit")
_KEY = re.compile(r"[\x20-\x7e]{1,255}")
_LEAD_ID = re.compile(r"L[0-9]{1,18}")
# A plus sign that nobody escaped arrives as a space.
_LOST_PLUS = re.compile(r" (?=[0-9]{2}:?[0-9]{2}\Z)")


class Reads(Protocol):
    """What the API looks up; each raises Unavailable when the store does not answer."""

    async def lead(self, lead_id: str) -> Lead | None: ...

    async def events(self, lead_id: str) -> Sequence[Event]: ...

    async def notes(self, lead_id: str) -> Sequence[Note]: ...

    async def leads_since(
        self, updated_since: datetime | None, cursor: str | None, limit: int
    ) -> tuple[Sequence[Lead], str | None]:
        """A page by (updated_at, id) and the next cursor; BadField for a cursor that is none."""
        ...


@dataclass(slots=True, kw_only=True)
class Api:
    """What the API works with.

    `write` runs a use case, `once` makes its idempotency key (storage's Once), `new_id` makes up a key for a
    request without one, `captured` counts a new lead of a source.
    """

    write: Callable[..., Awaitable[Any]]
    once: Callable[..., Any]
    reads: Reads
    keys: Keys
    clock: Clock
    company_now: Callable[[], Company]
    new_id: Callable[[], str]
    captured: Callable[[str], None]


API = web.AppKey("api", Api)


def mount(app: web.Application, api: Api) -> None:
    """Serve the API. The app's middleware must be `problems.guard`, which turns Problems into answers."""
    app[API] = api
    app.router.add_post("/api/v1/leads", create)
    app.router.add_get("/api/v1/leads", changes)
    app.router.add_get("/api/v1/leads/{id}", show)
    app.router.add_get("/api/v1/leads/{id}/events", history)
    app.router.add_get("/api/v1/leads/{id}/notes", notes)


async def create(request: web.Request) -> web.Response:
    """Hand in a lead: 201, or 200 when it joins one that is known."""
    api = request.app[API]
    now = api.clock.now()
    caller = await api.keys.caller(request, CAPTURE)
    key = _idempotency_key(request)
    value = read_json(await read_body(request))
    given = read_lead(value)
    customer, origin = given.customer(), given.origin(caller.name)
    outcome = _Outcome(zone=api.company_now().zone, digest=_digest(value) if key else "-")
    once = api.once(
        key=f"api:{caller.name}:{key or api.new_id()}", answer=outcome.answer, refuse=outcome.refuse, at=now
    )
    stored: str = await api.write(capture_lead, once=once, customer=customer, origin=origin, now=now)
    status, digest, body = stored.split(" ", 2)
    if digest != outcome.digest:
        raise Problem(409, "this Idempotency-Key came with another body before")
    if outcome.fresh:
        api.captured(caller.name)
    answer = _text(body, int(status))
    if answer.status == 201:
        answer.headers["Location"] = f"/api/v1/leads/{json.loads(body)['id']}"
    return answer


class _Outcome:
    """Puts the outcome of a capture into the text that is stored with it: `status digest body`.

    A repeat gets that text; `fresh` stays False for it, since its work was not done again.
    """

    def __init__(self, *, zone: Any, digest: str) -> None:
        self.zone = zone
        self.digest = digest
        self.fresh = False

    def answer(self, captured: Captured) -> str:
        self.fresh = not captured.known
        body = receipt(captured.lead, self.zone, known=captured.known)
        return f"{200 if captured.known else 201} {self.digest} {_dump(body)}"

    def refuse(self, error: DomainError) -> str:
        return f"409 {self.digest} {_dump(Problem(409, f'refused: {error.code}').body())}"


def _dump(value: object) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def _digest(value: object) -> str:
    """The SHA-256 of a body, the same for another order of keys and other spaces."""
    return hashlib.sha256(json.dumps(value, sort_keys=True).encode()).hexdigest()


def _idempotency_key(request: web.Request) -> str:
    given = request.headers.getall("Idempotency-Key", [])
    if given and (len(given) > 1 or not _KEY.fullmatch(given[0])):
        raise bad_field("Idempotency-Key", "must be one text of 1 to 255 printable ASCII characters")
    return given[0] if given else ""


async def read_body(request: web.Request) -> bytes:
    """The body of a JSON request; 415 and 413 are said before it is read."""
    if request.headers.get("Content-Encoding", "identity").lower() != "identity":
        raise Problem(415, "send the body without Content-Encoding")
    if request.content_type != "application/json" or (request.charset or "utf-8").lower() != "utf-8":
        raise Problem(
            415, "send Content-Type: application/json, in UTF-8", headers={"Accept": "application/json"}
        )
    if (request.content_length or 0) > MOST_BYTES:
        raise _too_large()
    body = bytearray()
    try:
        async for chunk in request.content.iter_any():
            body += chunk
            if len(body) > MOST_BYTES:
                raise _too_large()
    except (ConnectionError, web.RequestPayloadError):
        raise Problem(400, "the body ended early") from None
    return bytes(body)


def _too_large() -> Problem:
    return Problem(413, f"a lead takes at most {MOST_BYTES} bytes", headers={"Connection": "close"})


async def _found(request: web.Request) -> tuple[Api, Caller, Lead]:
    api = request.app[API]
    caller = await api.keys.caller(request, READ)
    lead_id = request.match_info["id"]
    lead = await api.reads.lead(lead_id) if _LEAD_ID.fullmatch(lead_id) else None
    if lead is None:
        raise Problem(404, "there is no such lead")
    return api, caller, lead


async def show(request: web.Request) -> web.Response:
    """One lead."""
    api, caller, lead = await _found(request)
    return _json(lead_json(lead, api.company_now(), contact=CONTACT in caller.scopes))


async def history(request: web.Request) -> web.Response:
    """What happened to a lead, oldest first."""
    api, _, lead = await _found(request)
    zone = api.company_now().zone
    return _list([event_json(event, zone) for event in await api.reads.events(lead.id)])


async def notes(request: web.Request) -> web.Response:
    """The notes and visits of a lead, oldest first."""
    api, caller, lead = await _found(request)
    zone, contact = api.company_now().zone, CONTACT in caller.scopes
    return _list([note_json(note, zone, contact=contact) for note in await api.reads.notes(lead.id)])


async def changes(request: web.Request) -> web.Response:
    """The leads that changed since an instant, a page at a time."""
    api = request.app[API]
    caller = await api.keys.caller(request, READ)
    since, cursor, limit = _page_wanted(request)
    try:
        found, following = await api.reads.leads_since(since, cursor, limit)
    except BadField:
        raise bad_field("cursor", "is none that this API gave") from None
    company, contact = api.company_now(), CONTACT in caller.scopes
    return _list([lead_json(lead, company, contact=contact) for lead in found], following)


def _page_wanted(request: web.Request) -> tuple[datetime | None, str | None, int]:
    query = request.query
    for key in query:
        if key not in _QUERY:
            near = nearest(key, _QUERY)
            raise bad_field(key[:60], f"is not a known key{f', did you mean {near}?' if near else ''}")
        if len(query.getall(key)) > 1:
            raise bad_field(key, "is there more than once")
    return _since(query.get("updated_since")), query.get("cursor"), _limit(query.get("limit"))


def _limit(text: str | None) -> int:
    if text is None:
        return USUAL_ITEMS
    if not re.fullmatch("[0-9]{1,3}", text) or not 1 <= int(text) <= MOST_ITEMS:
        raise bad_field("limit", f"must be a whole number from 1 to {MOST_ITEMS}")
    return int(text)


def _since(text: str | None) -> datetime | None:
    if text is None:
        return None
    try:
        at = datetime.fromisoformat(_LOST_PLUS.sub("+", text))
    except ValueError:
        at = None
    if at is None or at.tzinfo is None:
        raise bad_field("updated_since", "must be ISO 8601 with an offset, such as 2026-11-02T10:00:00+08:00")
    return at


def _list(items: list[dict[str, object]], following: str | None = None) -> web.Response:
    return _json({"items": items, "next_cursor": following})


def _json(value: object) -> web.Response:
    return _text(_dump(value), 200)


def _text(body: str, status: int) -> web.Response:
    kind = "application/json" if status < 400 else PROBLEM_JSON
    return web.Response(text=body, status=status, content_type=kind)
