"""`/l/L1042`: a lead's page for those who may see it; for all others it is not there."""

import html
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

from aiohttp import web

from bot.cards import parts
from bot.web.problems import Problem
from bot.web.signin import Gate
from bot.words import known, say, stage_words
from domain.contact import hide_contacts
from domain.events import Event
from domain.lead import Lead
from domain.people import Company, Person
from domain.permission import may_see, sees_phone
from domain.ports import Note

_ID = re.compile(r"L[0-9]{1,18}")
_STYLE = (
    "body{font:16px/1.5 system-ui,sans-serif;margin:0;background:#f4f5f7;color:#1c1e21}"
    "main{max-width:40rem;margin:0 auto;padding:1rem}section{background:#fff;border-radius:10px;"
    "padding:.8rem 1rem;margin:.8rem 0}h1{font-size:1.2rem;margin:.2rem 0}dl{display:grid;"
    "grid-template-columns:6rem 1fr;margin:0}dt{color:#667}dd{margin:0}p{margin:.3rem 0;white-space:pre-wrap}"
    "small{color:#667}"
)


class Reads(Protocol):
    async def lead(self, lead_id: str) -> Lead | None: ...

    async def notes(self, lead_id: str) -> Sequence[Note]: ...

    async def events(self, lead_id: str) -> Sequence[Event]: ...


@dataclass(slots=True, kw_only=True)
class LeadPage:
    gate: Gate
    reads: Reads
    company_now: Callable[[], Company]

    def mount(self, app: web.Application) -> None:
        app.router.add_get("/l/{id}", self.show, allow_head=False)

    async def show(self, request: web.Request) -> web.StreamResponse:
        viewer = await self.gate.who(request)
        if viewer is None:
            return self.gate.ask(request)
        lead = await self._seen(request.match_info["id"], viewer)
        notes, events = await self.reads.notes(lead.id), await self.reads.events(lead.id)
        text = _page(lead, notes, events, viewer, self.company_now())
        return web.Response(
            text=text,
            content_type="text/html",
            headers={
                "Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; "
                "form-action 'none'; frame-ancestors 'none'"
            },
        )

    async def _seen(self, lead_id: str, viewer: Person) -> Lead:
        found = await self.reads.lead(lead_id) if _ID.fullmatch(lead_id) else None
        if found is None or not may_see(self.company_now(), viewer, found):
            raise Problem(404, "no such lead")
        return found


def _page(
    lead: Lead, notes: Sequence[Note], events: Sequence[Event], viewer: Person, company: Company
) -> str:
    lang, esc = viewer.lang, html.escape
    rows = [
        *parts.about(lead, viewer, "company", "title"),
        *parts.contacts(lead, viewer),
        *parts.about(lead, viewer, "industry", "region"),
        *parts.fields(lang, ("source", parts.origin(lead, viewer, company))),
    ]
    fields = "".join(f"<dt>{esc(row.label)}</dt><dd>{esc(row.value)}</dd>" for row in rows)
    need = "".join(f"<p>{esc(line)}</p>" for line in (*parts.need(lead, viewer), *parts.judged(lead, viewer)))
    state = f"{stage_words(lang, lead.stage)} · {parts.holder(lead, company, lang)}"
    said = "".join(_note(note, lead, viewer, company) for note in notes)
    done = "".join(f"<p>{_event(event, viewer, company)}</p>" for event in events)
    title = esc(f"{lead.id} {parts.who(lead, viewer)}")
    return (
        f"<!doctype html><html lang={lang}><meta charset=utf-8>"
        f"<meta name=viewport content='width=device-width,initial-scale=1'><title>{title}</title>"
        f"<style>{_STYLE}</style><main><section><h1>{title}</h1><small>{esc(state)}</small>{need}"
        f"<dl>{fields}</dl></section><section>{said or esc(say(lang, 'page.no_notes'))}</section>"
        f"<section><small>{done}</small></section></main></html>"
    )


def _note(note: Note, lead: Lead, viewer: Person, company: Company) -> str:
    text = note.text if sees_phone(viewer, lead) else hide_contacts(note.text)
    at = parts.clock(viewer, company, note.at)
    who = parts.member(company, note.author, viewer.lang)
    return f"<p><small>{html.escape(f'{at} {who}')}</small><br>{html.escape(text)}</p>"


def _event(event: Event, viewer: Person, company: Company) -> str:
    """One fact: when, who, what; a kind without words of its own shows as itself."""
    at = event.at.astimezone(company.zone)
    what = known(viewer.lang, f"event.{event.kind}", str(event.kind).replace("_", " "))
    return html.escape(f"{at:%m-%d %H:%M} {parts.member(company, event.actor, viewer.lang)} {what}")
