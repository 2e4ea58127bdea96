"""Who may do what to which lead. Checked inside every use case, on every click."""

from domain.lead import Lead
from domain.people import Company, Person, Role
from domain.stages import CLOSED, HELD, Stage


def may_see(company: Company, person: Person, lead: Lead) -> bool:
    """Owner, helper, submitter, addressee of the live offer, leaders above, and marketing."""
    if person.id in (lead.owner, lead.helper, lead.origin.by) or person.role is Role.MARKETER:
        return True
    offer = lead.offer
    if lead.stage is Stage.OFFERED and offer and offer.grab and is_member(person, lead):
        return True
    if lead.stage is Stage.POOL and person.role is Role.REP:
        return True
    return company.leads_team(person.id, lead.team)


def may_note(company: Company, person: Person, lead: Lead) -> bool:
    """Write about it: who may see it, and of a colleague's lead who works on leads, for its owner is told."""
    works = person.role is not Role.EMPLOYEE and lead.owner is not None
    return works or may_see(company, person, lead)


def sees_phone(person: Person, lead: Lead) -> bool:
    """The full number only to the one who accepted the lead, and to nobody else."""
    return lead.stage in HELD and lead.owner == person.id


def may_direct(company: Company, person: Person, lead: Lead) -> bool:
    """Nudge and assign: the leaders above the lead's team; marketing too while it nurtures the lead."""
    nurtures = person.role is Role.MARKETER and lead.stage is Stage.NURTURING
    return nurtures or company.leads_team(person.id, lead.team)


def may_edit(company: Company, person: Person, lead: Lead) -> bool:
    """The owner, the leaders above, and the submitter until somebody accepted it."""
    if lead.owner == person.id or company.leads_team(person.id, lead.team):
        return True
    return lead.origin.by == person.id and lead.stage not in HELD


def may_confirm(company: Company, person: Person, lead: Lead) -> bool:
    """Write what a note says into the lead: who works on it, and who may edit it. A lead that went to others
    since is theirs to write."""
    return lead.works_on(person.id) or may_edit(company, person, lead)


def may_follow_up(person: Person, lead: Lead) -> bool:
    """Whether the lead's next step is theirs to take: it goes with the lead, from owner to owner. Where
    nobody has the lead, whoever looks after it (marketing, a leader) keeps what they have planned."""
    if lead.stage in CLOSED:
        return False
    return lead.owner == person.id or (lead.owner is None and person.role is not Role.REP)


def may_erase(person: Person) -> bool:
    """Delete what is kept of a customer, which nobody can take back: the admins, who answer for the data."""
    return person.role is Role.ADMIN


def is_member(person: Person, lead: Lead) -> bool:
    """Whether a person may join the grab of a lead: reps of its team; any rep where it has no team."""
    return person.role is Role.REP and (lead.team is None or person.team == lead.team)
