"""A customer added a member by scanning that member's code."""

from dataclasses import dataclass
from datetime import datetime

from domain.events import SYSTEM
from domain.lead import Customer, Lead, Origin
from domain.notices import Notice, Tell
from domain.people import Role
from domain.ports import Uow
from domain.stages import CLOSED
from domain.usecases.leads import Captured, capture_lead
from domain.usecases.placing import offer

LONGEST_CHANNEL = 40


@dataclass(frozen=True, slots=True, kw_only=True)
class Welcome:
    """The platform lets us greet a customer once, by this code, until then."""

    code: str
    lang: str
    until: datetime


def customer_scanned(
    uow: Uow,
    *,
    source: str,
    member: str,
    customer: str,
    channel: str,
    name: str | None,
    welcome: Welcome | None = None,
    now: datetime,
) -> Captured:
    """The customer becomes a lead of the member whose code it was, once; where that is nobody who may be
    given leads, the turn decides. `customer` is the platform's id of them, `channel` what the code says."""
    external = f"{member}:{customer}"
    known = uow.known_external(source, external) is not None
    origin = Origin(channel=channel[:LONGEST_CHANNEL] or source, source=source, by=None, external_id=external)
    taken = capture_lead(uow, customer=Customer(name=name, need=None), origin=origin, now=now)
    if not known and not taken.known:
        _to_its_member(uow, taken.lead, member, now)
    if welcome is not None:
        uow.tell(_greeting(source, welcome, taken.lead.id, now))
    return taken


def _greeting(source: str, welcome: Welcome, lead_id: str, now: datetime) -> Notice:
    args = {
        "channel": source,
        "code": welcome.code,
        "lang": welcome.lang,
        "until": welcome.until.isoformat(),
    }
    key = f"welcome:{source}:{welcome.code}"
    return Notice(key=key, tell=Tell.WELCOME, to="", lead_id=lead_id, args=args, at=now)


def name_customer(uow: Uow, *, lead_id: str, name: str, now: datetime) -> Lead:
    """What the platform calls a customer who scanned a code."""
    lead = uow.lead(lead_id)
    if lead.stage not in CLOSED and lead.edit(lead.customer.with_values(name=name), by=SYSTEM, now=now):
        uow.save(lead)
    return lead


def _to_its_member(uow: Uow, lead: Lead, member: str, now: datetime) -> None:
    person = uow.company.people.get(member)
    if person is None or person.role is not Role.REP or not uow.desk(member).on_duty or lead.owner == member:
        return
    offer(uow, lead, member, why="own_code", now=now, actor=member)
    uow.save(lead)
