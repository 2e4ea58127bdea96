"""A lead that somebody may neither see nor ever had to do with does not exist for them."""

from domain.errors import CustomerErased, UnknownLead
from domain.lead import Lead
from domain.permission import is_member, may_see
from domain.ports import Uow


def lead_for(uow: Uow, lead_id: str, by: str) -> Lead:
    """The lead, for who may see it, or once could: its card may hang on their phone, and the answer to a late
    tap is how it stands now. For all others UnknownLead, as for a number that was never given. CustomerErased
    where nothing can be done to it any more, so that no words are kept of who was to be forgotten."""
    lead = uow.lead(lead_id)
    person = uow.company.person(by)
    if not (may_see(uow.company, person, lead) or uow.had_part(lead_id, by, grabs=is_member(person, lead))):
        raise UnknownLead(lead=lead_id)
    if lead.erased:
        raise CustomerErased(lead=lead_id)
    return lead
