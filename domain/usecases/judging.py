"""An answer to one of the three questions: kept with the lead; a no closes it, and says why."""

from datetime import datetime

from domain.errors import NotAllowed, OfferGone
from domain.judging import FAILED, Answer, Question, answer_to
from domain.lead import Lead
from domain.permission import may_edit
from domain.ports import Uow
from domain.stages import CLOSED, HELD
from domain.usecases.placing import UNDO_FOR, told_outcome
from domain.usecases.seeing import lead_for


def judge_lead(uow: Uow, *, lead_id: str, question: Question, given: Answer, by: str, at: datetime) -> Lead:
    """Answer a question about a lead: who may edit it, and whoever handed it in while it is open. The same
    answer again changes nothing. Of a lead that somebody works on a no is only kept: what becomes of it is
    that person's to decide."""
    lead = lead_for(uow, lead_id, by)
    said = answer_to(lead.customer, question)
    knows = lead.origin.by == by and said is None
    if not knows and not may_edit(uow.company, uow.company.person(by), lead):
        raise NotAllowed(lead=lead_id)
    if said is given:
        return lead
    if lead.stage in CLOSED:
        raise OfferGone(lead=lead.id, stage=lead.stage)
    lead.judge(question, given, by=by, now=at)
    if given is Answer.NO and lead.stage not in HELD:
        lead.withdraw(by=by, reason=FAILED[question], now=at)
        uow.free_contact(lead.id)
        told_outcome(uow, lead, "withdrawn", by=by)
    uow.save(lead)
    uow.remember(lead, verb="judge", by=by, at=at, until=at + UNDO_FOR)
    return lead
