"""A customer added a member by scanning that member's code."""

from datetime import datetime

from domain.events import SYSTEM
from domain.lead import Customer, Lead, Origin
from domain.people import Role
from domain.ports import Uow
from domain.stages import CLOSED
from domain.usecases.leads import Captured, capture_lead
from domain.usecases.placing import offer

LONGEST_CHANNEL = 40


def customer_scanned(
    uow: Uow, *, source: str, member: str, customer: str, channel: str, name: str | None, now: datetime
) -> Captured:
    """The customer becomes a lead of the member whose code it was, once; where that is nobody who may be
    given leads, the turn decides. `customer` is the platform's id of them, `channel` what the code says."""
    external = f"{member}:{customer}"
    known = uow.known_external(source, external) is not None
    origin = Origin(channel=channel[:LONGEST_CHANNEL] or source, source=source, by=None, external_id=external)
    taken = capture_lead(uow, customer=Customer(name=name, need=None), origin=origin, now=now)
    if not known and not taken.known:
        _to_its_member(uow, taken.lead, member, now)
    return taken


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
