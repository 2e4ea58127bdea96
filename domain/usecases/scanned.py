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
    origin = Origin(channel=channel[:LONGEST_CHANNEL] or source, source=source, by=None, external_id=external)
    person = uow.company.people.get(member)
    its = member if person and person.role is Role.REP and uow.desk(member).on_duty else None
    taken = capture_lead(uow, customer=Customer(name=name, need=None), origin=origin, now=now, to=its)
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
