"""The answers to the three questions: kept with the lead, a no closes it, and every answer can be taken back."""

from typing import Any

import pytest

from domain.errors import NotAllowed, OfferGone, UnknownLead
from domain.judging import Answer, Question
from domain.lead import Customer, Lead, Origin
from domain.notices import Tell
from domain.stages import Stage
from domain.usecases import talk
from domain.usecases.judging import judge_lead
from domain.usecases.leads import capture_lead
from tests.fakes.floor import Floor

PHONE = "+8613812345678"


async def typed(floor: Floor, **values: Any) -> Lead:
    customer = Customer(name="张伟", company="博达", phone=PHONE, **values)
    origin = Origin(channel="chat", source="chat", by="emp")
    found: Lead = (await floor.do(capture_lead, customer=customer, origin=origin, now=floor.now)).lead
    return found


async def judge(floor: Floor, lead: Lead, question: Question, given: Answer, by: str = "emp") -> Lead:
    found: Lead = await floor.do(
        judge_lead, lead_id=lead.id, question=question, given=given, by=by, at=floor.now
    )
    return found


async def test_a_yes_is_kept_beside_who_said_it_and_the_same_again_is_nothing(floor: Floor) -> None:
    lead = await typed(floor, extra={"will": "yes", "will_said": "想上MES"})
    await judge(floor, lead, Question.FIT, Answer.YES)
    await judge(floor, lead, Question.FIT, Answer.YES)
    await judge(floor, lead, Question.WILL, Answer.UNKNOWN)
    found = await floor.lead(lead.id)
    assert dict(found.customer.extra) == {"will": "unknown", "fit": "yes"}
    assert (await floor.kinds(lead.id)).count("judged") == 2
    assert found.stage is Stage.OFFERED


@pytest.mark.parametrize(("question", "reason"), [(Question.WILL, "no_will"), (Question.FIT, "no_fit")])
async def test_a_no_closes_the_lead_with_the_question_as_the_reason_and_undo_opens_it(
    floor: Floor, question: Question, reason: str
) -> None:
    lead = await typed(floor)
    await judge(floor, lead, question, Answer.NO)
    closed = await floor.lead(lead.id)
    assert (closed.stage, closed.reason, closed.owner) == (Stage.INVALID, reason, None)
    with pytest.raises(OfferGone):
        await judge(floor, lead, question, Answer.YES)
    await floor.undo("emp")
    again = await floor.lead(lead.id)
    assert (again.stage, again.offers) == (Stage.OFFERED, lead.offers + 1)
    assert again.owner is not None
    assert question not in again.customer.extra
    assert (await floor.capture(phone=PHONE)).id == lead.id


async def test_undoing_an_answer_leaves_what_the_clock_did_since(floor: Floor) -> None:
    lead = await typed(floor)
    await floor.show()
    await floor.wait(minutes=9)
    await judge(floor, lead, Question.WILL, Answer.YES)
    await floor.wait(minutes=2)
    moved = await floor.lead(lead.id)
    assert moved.owner != lead.owner
    await floor.undo("emp")
    found = await floor.lead(lead.id)
    assert (found.owner, dict(found.customer.extra)) == (moved.owner, {})


async def test_of_a_lead_that_somebody_works_on_a_no_is_only_kept(floor: Floor) -> None:
    lead = await typed(floor)
    await floor.show()
    assert lead.owner
    await floor.accept(lead.id, lead.owner)
    await judge(floor, lead, Question.FIT, Answer.NO, by=lead.owner)
    found = await floor.lead(lead.id)
    assert found.stage is Stage.ACCEPTED
    assert found.customer.extra["fit"] == "no"
    with pytest.raises(NotAllowed):
        await judge(floor, lead, Question.FIT, Answer.YES)


async def test_who_handed_it_in_may_answer_what_is_open_after_somebody_took_it(floor: Floor) -> None:
    lead = await typed(floor)
    await floor.show()
    assert lead.owner
    await floor.accept(lead.id, lead.owner)
    await judge(floor, lead, Question.FIT, Answer.YES)
    found = await floor.lead(lead.id)
    assert (found.stage, found.customer.extra["fit"]) == (Stage.ACCEPTED, "yes")


async def test_a_leader_who_says_no_has_the_submitter_told(floor: Floor) -> None:
    lead = await typed(floor)
    team = (await floor.lead(lead.id)).team
    await judge(floor, lead, Question.WILL, Answer.NO, by="me" if team == "east" else "ms")
    assert await floor.told(Tell.OUTCOME)


async def test_the_answer_about_the_need_answers_what_it_tells_of_the_will(floor: Floor) -> None:
    heard = await floor.do(
        talk.submit, text="/lead 周倩 杭州云栖数据有限公司 13812345678 软件", by="emp", at=floor.now
    )
    assert heard.what == "asked"
    assert heard.asked == "need"
    answers = {"will": "yes", "will_said": "想买CRM"}
    await floor.do(talk.hear, text="想买CRM", by="emp", key="k", at=floor.now, answers=answers)
    assert dict((await floor.lead(heard.lead.id)).customer.extra) == answers


async def test_a_stranger_who_answers_learns_not_that_there_is_such_a_lead(floor: Floor) -> None:
    lead = await typed(floor)
    with pytest.raises(UnknownLead):
        await judge(floor, lead, Question.WILL, Answer.NO, by="exp")
