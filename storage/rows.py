"""Rows to aggregates and back: plain tuples in the order of the table's columns, and nothing lazy."""

import json
from collections.abc import Mapping, Sequence
from datetime import datetime
from hashlib import sha256
from typing import Any

from domain.assign import Desk
from domain.clock import from_micros, to_micros
from domain.events import Event
from domain.lead import Customer, Lead, Origin, Overtaken
from domain.media import Attachment
from domain.sla import Cycle, Offer, Policy, policy_id
from domain.stages import Stage
from storage import tables

Row = tuple[Any, ...]
LEAD_COLUMNS = tuple(column.name for column in tables.leads.columns)
EVENT_COLUMNS = tuple(column.name for column in tables.events.columns)
FACT_COLUMNS = EVENT_COLUMNS[:-1]
"""What a fact says; the last column is its link in the lead's chain."""
DESK_COLUMNS = tuple(column.name for column in tables.desks.columns)
AT = {name: index for index, name in enumerate(LEAD_COLUMNS)}
STAGE, OWNER, TEAM = (AT[name] for name in ("stage", "owner", "team"))
NEXT_DUE, CREATED, CUSTOMER, HEAD = (AT[name] for name in ("next_due", "created_at", "customer", "head"))


def _micros(at: datetime | None) -> int | None:
    return None if at is None else to_micros(at)


def _time(micros: int | None) -> datetime | None:
    return None if micros is None else from_micros(micros)


def _list(text: str) -> tuple[str, ...]:
    return tuple(text.split(",")) if text else ()


def dump(value: object) -> str:
    """Compact JSON with the characters as they are."""
    return _encode(value)


_encode = json.JSONEncoder(ensure_ascii=False, separators=(",", ":")).encode


def pack_customer(customer: Customer) -> str:
    """The filled fields as JSON."""
    values = {name: getattr(customer, name) for name in _CUSTOMER_FIELDS}
    return dump({name: value for name, value in values.items() if value})


_CUSTOMER_FIELDS = tuple(Customer.__dataclass_fields__)


def unpack_customer(text: str) -> Customer:
    return Customer(**json.loads(text))


def lead_row(lead: Lead, next_due: datetime | None, packed: str | None = None) -> Row:
    """The lead as a tuple in the order of LEAD_COLUMNS; the head of its chain is put in as it is written.
    `packed` = what `pack_customer` made of its customer, where that is known."""
    cycle, offer, lost, origin = lead.cycle, lead.offer, lead.overtaken, lead.origin
    return (
        lead.id,
        lead.version,
        to_micros(lead.created_at),
        to_micros(lead.updated_at),
        lead.stage.value,
        lead.team,
        lead.owner,
        lead.tier,
        origin.source,
        origin.external_id,
        origin.channel,
        origin.by,
        origin.campaign,
        origin.consent,
        packed or pack_customer(lead.customer),
        lead.events,
        lead.decisions,
        _micros(next_due),
        cycle.no if cycle else None,
        lead.cycles,
        policy_id(cycle.policy) if cycle else None,
        cycle.first_offer if cycle else None,
        _micros(cycle.started_at) if cycle else None,
        cycle.fired if cycle else 0,
        _micros(cycle.breached_at) if cycle else None,
        ",".join(cycle.lapsed) if cycle else "",
        offer.no if offer else None,
        offer.person if offer else None,
        offer.team if offer else None,
        to_micros(offer.at) if offer else None,
        _micros(offer.delivered_at) if offer else None,
        offer.alarmed if offer else False,
        lead.offers,
        lost.no if lost else None,
        lost.person if lost else None,
        to_micros(lost.due) if lost else None,
        _micros(lead.assigned_at),
        _micros(lead.accepted_at),
        lead.accepted_offer,
        _micros(lead.contacted_at),
        _micros(lead.contact_from),
        lead.contact_fired,
        lead.contact_steps,
        _micros(lead.contact_breached_at),
        lead.attempts,
        lead.handbacks,
        ",".join(lead.handed_back_by),
        lead.helper,
        lead.help_reason,
        lead.reason,
        _micros(lead.wake_at),
        _micros(lead.stuck_at),
        lead.stuck_rung,
        "",
    )


def lead_of(row: Sequence[Any], policies: Mapping[str, Policy]) -> Lead:
    """The aggregate of a row. `policies` holds every policy that a row may name."""
    (
        lead_id, version, created, updated, stage, team, owner, tier, source, external_id, channel, by,
        campaign, consent, customer, events, decisions, _, cycle, cycles, policy, first_offer, started, fired,
        breached, lapsed, offer, offer_person, offer_team, offered, shown, alarmed, offers, lost, lost_person,
        lost_due, assigned, accepted, accepted_offer, contacted, contact_from, contact_fired, contact_steps,
        contact_breached, attempts, handbacks, handed_back_by, helper, help_reason,
        reason, wake, stuck, stuck_rung, _,
    ) = row  # fmt: skip
    return Lead(
        id=lead_id,
        version=version,
        created_at=from_micros(created),
        updated_at=from_micros(updated),
        stage=Stage(stage),
        team=team,
        owner=owner,
        tier=tier,
        origin=Origin(
            channel=channel, source=source, external_id=external_id, by=by, campaign=campaign, consent=consent
        ),
        customer=unpack_customer(customer),
        events=events,
        decisions=decisions,
        cycle=Cycle(
            no=cycle,
            policy=policies[policy],
            first_offer=first_offer,
            started_at=_time(started),
            fired=fired,
            breached_at=_time(breached),
            lapsed=_list(lapsed),
        )
        if cycle is not None
        else None,
        cycles=cycles,
        offer=Offer(
            no=offer,
            person=offer_person,
            team=offer_team,
            at=from_micros(offered),
            delivered_at=_time(shown),
            alarmed=bool(alarmed),
        )
        if offer is not None
        else None,
        offers=offers,
        overtaken=Overtaken(no=lost, person=lost_person, due=from_micros(lost_due)) if lost else None,
        assigned_at=_time(assigned),
        accepted_at=_time(accepted),
        accepted_offer=accepted_offer,
        contacted_at=_time(contacted),
        contact_from=_time(contact_from),
        contact_fired=contact_fired,
        contact_steps=contact_steps,
        contact_breached_at=_time(contact_breached),
        attempts=attempts,
        handbacks=handbacks,
        handed_back_by=_list(handed_back_by),
        helper=helper,
        help_reason=help_reason,
        reason=reason,
        wake_at=_time(wake),
        stuck_at=_time(stuck),
        stuck_rung=stuck_rung,
    )


def event_row(lead_id: str, event: Event, *, policy: str | None, calendar: str) -> Row:
    """The fact as a tuple in the order of FACT_COLUMNS, with the ids of what its clocks went by."""
    return (
        lead_id,
        event.no,
        event.kind.value,
        to_micros(event.at),
        event.actor,
        event.cycle,
        event.offer,
        str(event.clock),
        event.step,
        dump(event.data) if event.data else "{}",
        policy,
        calendar,
    )


def desk_row(desk: Desk) -> Row:
    """The desk as a tuple in the order of DESK_COLUMNS; its day as an ordinal."""
    day = desk.day.toordinal() if desk.day else None
    return (
        desk.person, desk.on_duty, desk.unaccepted, desk.active, desk.given, day, desk.turn, desk.lapses,
        desk.team,
    )  # fmt: skip


def desk_of(row: Sequence[Any]) -> Desk:
    person, on_duty, unaccepted, active, given, day, turn, lapses, team = row
    return Desk(
        person=person,
        on_duty=bool(on_duty),
        unaccepted=unaccepted,
        active=active,
        given=given,
        day=datetime.fromordinal(day).date() if day else None,
        turn=turn,
        lapses=lapses,
        team=team,
    )


def media_row(note: str, each: Attachment, at: int) -> Row:
    """An attachment of a note; the same one again has the same id."""
    state = "kept" if each.path else "wanted" if each.ref else "here"
    what = (each.kind.value, each.ref, each.sha256, each.lat, each.lng, each.url, each.name)
    digest = sha256(dump(what).encode("utf-8", "surrogatepass")).hexdigest()[:16]
    return (
        f"{note}#{digest}", note, each.kind.value, each.name, each.label, each.channel, each.ref, state,
        each.size, each.sha256, each.path, each.seconds, each.lat, each.lng, each.url, at, 0, at,
        "due" if each.unheard and state != "here" else "",
    )  # fmt: skip
