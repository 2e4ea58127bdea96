"""What the API answers with: leads, facts and notes as plain JSON values, times in the company's zone."""

from dataclasses import fields, replace
from datetime import datetime
from typing import Any, TypeVar
from zoneinfo import ZoneInfo

from domain.contact import hide_contacts, mask_email, mask_phone, mask_wechat
from domain.events import Event
from domain.lead import Customer, Lead, Origin
from domain.people import Company
from domain.ports import Note

Json = dict[str, object]
_Texts = TypeVar("_Texts", Customer, Origin)


def _at(when: datetime | None, zone: ZoneInfo) -> str | None:
    return when.astimezone(zone).isoformat() if when else None


def receipt(lead: Lead, zone: ZoneInfo, *, known: bool) -> Json:
    """What a source learns of what it handed in: nothing personal, for it may have met a known customer."""
    found: Json = {
        "id": lead.id,
        "stage": lead.stage.value,
        "owner": lead.owner,
        "team": lead.team,
        "version": lead.version,
        "created_at": _at(lead.created_at, zone),
        "updated_at": _at(lead.updated_at, zone),
        "assigned_at": _at(lead.assigned_at, zone),
    }
    if known:
        found["duplicate_of"] = lead.id
    return found


def lead_json(lead: Lead, company: Company, *, contact: bool) -> Json:
    """A lead; the free fields, and contacts in whatever text they stand, are open only with `contact`."""
    zone, who, origin = company.zone, lead.customer, lead.origin
    if not contact:
        who, origin = _masked_customer(who), _masked(origin)
    return {
        "id": lead.id,
        "stage": lead.stage.value,
        "owner": lead.owner,
        "team": lead.team,
        "tier": lead.tier,
        "version": lead.version,
        "channel": origin.channel,
        "source": origin.source,
        "campaign": origin.campaign,
        "external_id": origin.external_id,
        "submitted_by": lead.origin.by,
        "created_at": _at(lead.created_at, zone),
        "updated_at": _at(lead.updated_at, zone),
        "assigned_at": _at(lead.assigned_at, zone),
        "accepted_at": _at(lead.accepted_at, zone),
        "contacted_at": _at(lead.contacted_at, zone),
        "next_due": _at(lead.next_due(company.calendar_of(lead.team)), zone),
        "reason": lead.reason,
        "name": who.name,
        "company": who.company,
        "title": who.title,
        "industry": who.industry,
        "region": who.region,
        "product": who.product,
        "need": who.need,
        "amount_min": who.amount_min,
        "amount_max": who.amount_max,
        "phone": who.phone,
        "email": who.email,
        "wechat": who.wechat,
        "fields": dict(who.extra) if contact else None,
    }


def _masked(known: _Texts) -> _Texts:
    """With the contacts in each of its texts masked, those of a field added tomorrow too."""
    values = {each.name: getattr(known, each.name) for each in fields(known)}
    hidden: dict[str, Any] = {n: hide_contacts(text) for n, text in values.items() if isinstance(text, str)}
    return replace(known, **hidden)


def _masked_customer(who: Customer) -> Customer:
    return replace(
        _masked(who),
        phone=mask_phone(who.phone) if who.phone else None,
        email=mask_email(who.email) if who.email else None,
        wechat=mask_wechat(who.wechat) if who.wechat else None,
    )


def event_json(event: Event, zone: ZoneInfo) -> Json:
    """A fact; what belongs to its kind alone (to, why, …) stands beside the common members."""
    return dict(event.data) | {
        "no": event.no,
        "at": _at(event.at, zone),
        "kind": event.kind.value,
        "actor": event.actor,
        "cycle": event.cycle,
        "offer": event.offer,
        "clock": event.clock or None,
        "step": event.step,
    }


def note_json(note: Note, zone: ZoneInfo, *, contact: bool) -> Json:
    """A note; contacts in its text are open only with `contact`."""
    return {
        "key": note.key,
        "at": _at(note.at, zone),
        "author": note.author,
        "kind": note.kind,
        "text": note.text if contact else hide_contacts(note.text),
    }
