"""Erasing a customer who asks for it (PIPL, Article 47): their words go, the facts of the work stay."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from domain.contact import show_phone
from domain.errors import NotAllowed, UnknownLead
from domain.events import SYSTEM
from domain.lead import Customer, Lead
from domain.permission import may_erase
from domain.ports import Uow

SHORTEST = 2
"""A trace of fewer characters would be found everywhere."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Erased:
    """`files` are the places of what came with the lead's notes: nothing names them any more."""

    lead: Lead
    files: Sequence[str] = ()


def erase_lead(uow: Uow, *, lead_id: str, by: str, at: datetime, instead: str) -> Erased:
    """Delete what is kept of a lead's customer, everywhere. Again = no change. `instead` takes the place of
    stored answers that name it, for a callback that comes once more."""
    if not may_erase(uow.company.person(by)):
        raise NotAllowed(lead=lead_id)
    return _erase(uow, uow.lead(lead_id), by=by, at=at, instead=instead)


def erase_again(uow: Uow, *, lead_ids: Iterable[str], at: datetime, instead: str) -> list[Erased]:
    """An older backup was restored: who was erased since is erased anew."""
    found = []
    for lead_id in lead_ids:
        try:
            lead = uow.lead(lead_id)
        except UnknownLead:  # the backup is older than the lead: a newer one may yet bring it back
            uow.shred(lead_id, (), instead)
            continue
        found.append(_erase(uow, lead, by=SYSTEM, at=at, instead=instead))
    return found


def _erase(uow: Uow, lead: Lead, *, by: str, at: datetime, instead: str) -> Erased:
    if lead.erased:
        return Erased(lead=lead)
    traces = traces_of(lead.customer)
    lead.erase(by=by, now=at)
    uow.save(lead)
    return Erased(lead=lead, files=uow.shred(lead.id, traces, instead))


def traces_of(customer: Customer) -> tuple[str, ...]:
    """What gives a customer away in words that belong to no lead: name, numbers, addresses."""
    phone = customer.phone or ""
    numbers = (phone, phone.removeprefix("+86"), show_phone(phone) if phone else "")
    found = (customer.name, *numbers, customer.email, customer.wechat)
    return tuple(dict.fromkeys(each for each in found if each and len(each) >= SHORTEST))
