"""Handing in, completing, editing, withdrawing and taking back."""

from datetime import timedelta
from typing import Any

import pytest

from domain.errors import BadField, NotAllowed, NothingToUndo, OfferGone, TooLate, UnknownLead, WrongStage
from domain.lead import Customer, missing_fields
from domain.notices import Tell
from domain.people import Company
from domain.stages import Stage
from domain.usecases import duty, leads
from domain.usecases.delivery import Sent
from tests.fakes.company import EAST, SOUTH, with_people
from tests.fakes.floor import Floor

PHONE = "+8613812345678"
WHOLE = {"company": "博达", "industry": "电子", "need": "MES"}


async def edit(floor: Floor, lead: str, by: str, **values: object) -> None:
    await floor.do(leads.edit_lead, lead_id=lead, values=values, by=by, at=floor.now)


async def note(floor: Floor, lead: str, by: str, *, kind: str = "note", key: str = "n1") -> None:
    await floor.do(leads.add_note, lead_id=lead, by=by, text="聊了半小时", kind=kind, key=key, at=floor.now)


async def withdraw(floor: Floor, lead: str, by: str) -> None:
    await floor.do(leads.withdraw_lead, lead_id=lead, by=by, at=floor.now)


async def accepted(floor: Floor, **values: Any) -> str:
    lead = await floor.capture(**values)
    await floor.show()
    await floor.accept(lead.id, "e1")
    return lead.id


# -- duplicates and drafts ----------------------------------------------------------------------------------


async def test_a_known_customer_joins_the_open_lead(floor: Floor) -> None:
    lead = await floor.capture(phone=PHONE)
    again = await floor.capture(phone=PHONE, name="张伟", by="emp")
    assert again.id == lead.id
    assert await floor.kinds(lead.id) == ["captured", "assigned", "touched"]
    assert await floor.told(Tell.OUTCOME) == []


async def test_what_a_known_customer_adds_is_kept_and_the_rep_hears_of_it(floor: Floor) -> None:
    lead = await accepted(floor, phone=PHONE, need="MES")
    await floor.capture(
        phone=PHONE, name="老张", need="WMS", amount_min=200_000, amount_max=300_000, by="emp"
    )
    customer = (await floor.lead(lead)).customer
    assert (customer.name, customer.need) == ("张伟", "MES")
    assert (customer.amount_min, customer.amount_max) == (200_000, 300_000)
    assert await floor.rows("SELECT author, text FROM notes") == [("emp", "老张 · WMS")]
    assert await floor.kinds(lead) == [
        "captured", "assigned", "delivered", "accepted", "touched", "edited", "note_added",
    ]  # fmt: skip
    assert await floor.told(Tell.OUTCOME, lead) == ["e1"]


async def test_a_draft_whose_question_nobody_answers_goes_out_as_it_is(floor: Floor) -> None:
    draft = await floor.capture(draft=True, by="emp", team="east")
    await floor.wait(minutes=9)
    await floor.do(leads.edit_lead, lead_id=draft.id, values={"title": "厂长"}, by="emp", at=floor.now)
    await floor.wait(minutes=9)
    assert (await floor.lead(draft.id)).stage is Stage.DRAFT, "they are answering"
    await floor.wait(minutes=2)
    assert (await floor.lead(draft.id)).owner in ("e1", "e2")
    assert await floor.told(Tell.OUTCOME, draft.id) == ["emp"]


async def test_what_a_model_read_and_nobody_confirmed_does_not_go_out_with_a_draft(floor: Floor) -> None:
    draft = await floor.capture(draft=True, by="emp", team="east")
    await floor.do(leads.fill_gaps, lead_id=draft.id, values={"company": "博达"}, by="emp", at=floor.now)
    await floor.wait(minutes=11)
    sent = await floor.lead(draft.id)
    assert (sent.stage, sent.customer.company, sent.customer.extra) == (Stage.OFFERED, None, {})


async def test_a_draft_without_a_way_to_reach_anybody_is_asked_about_until_somebody_decides(
    floor: Floor,
) -> None:
    draft = await floor.capture(draft=True, by="emp", team="east", phone=None)
    await floor.wait(minutes=11)
    for _ in range(4):
        await floor.wait(days=1, minutes=1)
    assert await floor.told(Tell.OUTCOME, draft.id) == ["emp"] * 3 + ["dir"] * 2
    assert (await floor.lead(draft.id)).stage is Stage.DRAFT


async def test_typing_a_draft_again_in_full_sends_it(floor: Floor) -> None:
    draft = await floor.capture(phone=PHONE, draft=True, by="emp")
    again = await floor.capture(phone=PHONE, by="emp", company="博达", industry="制造", need="MES")
    assert again.id == draft.id
    found = await floor.lead(draft.id)
    assert (found.stage, found.customer.need) == ("offered", "MES")
    assert await floor.told(Tell.OUTCOME) == []


@pytest.mark.parametrize("by", [None, "e2"])
async def test_a_customer_who_asks_themself_does_not_wait_for_a_colleagues_draft(
    floor: Floor, by: str | None
) -> None:
    draft = await floor.capture(phone=PHONE, draft=True, by="emp")
    await floor.capture(phone=PHONE, draft=True, by="e2")
    assert (await floor.lead(draft.id)).stage == "draft"
    again = await floor.capture(phone=PHONE, need="MES", by=by)
    assert again.id == draft.id
    assert (await floor.lead(draft.id)).stage == "offered"
    assert await floor.told(Tell.OUTCOME) == []


async def test_a_customer_in_the_pool_who_asks_again_is_offered_anew(floor: Floor) -> None:
    lead = await accepted(floor, phone=PHONE)
    await note(floor, lead, "e1")
    await floor.hand_back(lead, "e1", "unreachable")
    await floor.capture(phone=PHONE)
    assert (await floor.lead(lead)).owner == "e2"


@pytest.mark.parametrize(("off", "hears"), [((), "mkt"), (("mkt",), "me")])
async def test_of_a_nurtured_customer_who_asks_again_marketing_hears_at_once(
    floor: Floor, off: tuple[str, ...], hears: str
) -> None:
    lead = await accepted(floor, phone=PHONE)
    await floor.hand_back(lead, "e1", "not_yet")
    for each in off:
        await floor.duty(each, on=False)
    await floor.capture(phone=PHONE, need="MES")
    assert await floor.told(Tell.REVISIT, lead) == ["mkt", hears]
    assert (await floor.lead(lead)).stage == "nurturing"


async def test_a_draft_sent_by_its_last_answer_is_taken_back_whole(floor: Floor) -> None:
    draft = await floor.capture(phone=PHONE, company="博达", industry="制造", draft=True, by="emp")
    await floor.do(leads.edit_lead, lead_id=draft.id, values={"need": "MES"}, by="emp", at=floor.now)
    assert (await floor.lead(draft.id)).stage == "offered"
    assert (await floor.undo("emp", draft.id)).verb == "capture"
    assert (await floor.lead(draft.id)).stage == "invalid"


async def test_an_undo_names_its_lead(floor: Floor) -> None:
    first = await floor.capture(by="emp")
    second = await floor.capture(by="emp")
    await floor.undo("emp", first.id)
    assert [(await floor.lead(each.id)).stage for each in (first, second)] == ["invalid", "offered"]


async def test_a_closed_lead_keeps_no_customer(floor: Floor) -> None:
    lead = await accepted(floor, phone=PHONE)
    await floor.hand_back(lead, "e1", "duplicate")
    assert (await floor.capture(phone=PHONE)).id != lead


async def test_the_same_id_of_a_source_is_known_even_when_closed(floor: Floor) -> None:
    lead = await floor.capture(external_id="a", by="emp")
    await withdraw(floor, lead.id, "emp")
    assert (await floor.capture(external_id="a")).id == lead.id


def test_what_is_missing_is_asked_for_in_order() -> None:
    required = ("name", "company", "contact", "industry", "need")
    assert missing_fields(Customer(), required) == required
    assert missing_fields(Customer(name="张", wechat="zhang", need="x"), required) == ("company", "industry")


async def test_a_draft_goes_out_when_it_lacks_nothing(floor: Floor) -> None:
    lead = await floor.capture(draft=True, by="emp")
    assert (lead.stage, await floor.show()) == ("draft", [])
    await edit(floor, lead.id, "emp", company="博达", industry="电子")
    assert (await floor.lead(lead.id)).stage == "draft"
    await edit(floor, lead.id, "emp", need="MES")
    assert (await floor.lead(lead.id)).stage == "offered"
    assert (await floor.kinds(lead.id))[-3:] == ["edited", "completed", "assigned"]


async def test_a_draft_may_be_sent_as_it_is(floor: Floor) -> None:
    lead = await floor.capture(draft=True, by="emp")
    with pytest.raises(UnknownLead):
        await floor.do(leads.send_draft, lead_id=lead.id, by="e1", at=floor.now)
    for _ in range(2):
        await floor.do(leads.send_draft, lead_id=lead.id, by="emp", at=floor.now)
    assert await floor.kinds(lead.id) == ["captured", "completed", "assigned"]


# -- editing and withdrawing --------------------------------------------------------------------------------


async def test_an_edit_names_its_fields_and_keeps_their_values_out_of_the_facts(floor: Floor) -> None:
    lead = await floor.capture(by="emp", phone=PHONE)
    await edit(floor, lead.id, "emp", phone="+8613811112222", name="李雷")
    await edit(floor, lead.id, "emp", name="李雷")
    facts = await floor.rows("SELECT data FROM events WHERE kind = 'edited'")
    assert facts == [('{"fields":["name","phone"]}',)]
    assert (await floor.capture(phone="+8613811112222")).id == lead.id


async def test_an_edit_takes_no_customer_from_another_lead(floor: Floor) -> None:
    first = await floor.capture(phone=PHONE)
    second = await floor.capture(by="emp")
    await edit(floor, second.id, "emp", phone=PHONE)
    assert (await floor.capture(phone=PHONE)).id == first.id


@pytest.mark.parametrize("by", ["e1", "me", "dir"])
async def test_the_owner_and_the_leaders_may_edit(floor: Floor, by: str) -> None:
    lead = await accepted(floor)
    await edit(floor, lead, by, title="厂长")


async def test_a_wrong_edit_is_refused(floor: Floor) -> None:
    lead = await accepted(floor, by="emp")
    with pytest.raises(NotAllowed):
        await edit(floor, lead, "emp", title="x")  # somebody accepted it
    with pytest.raises(UnknownLead):
        await edit(floor, lead, "s1", title="x")
    with pytest.raises(UnknownLead):
        await edit(floor, lead, "s1", owner="x")
    with pytest.raises(NotAllowed):
        await edit(floor, lead, "mkt", owner="x")  # who may see it hears that they may not
    for name in ("owner", "extra"):
        with pytest.raises(BadField):
            await edit(floor, lead, "e1", **{name: "x"})
    await floor.hand_back(lead, "e1", "competitor")
    with pytest.raises(WrongStage):
        await edit(floor, lead, "me", title="x")


async def test_the_submitter_takes_a_lead_back_before_it_is_accepted(floor: Floor) -> None:
    lead = await floor.capture(by="emp", phone=PHONE)
    with pytest.raises(NotAllowed):
        await withdraw(floor, lead.id, "e1")
    for _ in range(2):
        await withdraw(floor, lead.id, "emp")
    assert (await floor.lead(lead.id)).stage == "invalid"
    assert (await floor.kinds(lead.id)).count("withdrawn") == 1
    await floor.wait(hours=1)
    assert await floor.told(Tell.ALERT) == []


async def test_a_withdrawal_is_taken_back_with_its_customer_and_offered_anew(floor: Floor) -> None:
    lead = await floor.capture(by="emp", phone=PHONE)
    await floor.show()
    await withdraw(floor, lead.id, "emp")
    assert (await floor.undo("emp")).verb == "withdraw"
    found = await floor.lead(lead.id)
    assert (found.stage, found.owner is None) == ("offered", False)
    assert (await floor.capture(phone=PHONE)).id == lead.id
    await floor.show()
    assert found.owner is not None
    await floor.accept(lead.id, found.owner)
    assert (await floor.lead(lead.id)).stage == "accepted"


async def test_a_leader_withdraws_and_the_submitter_hears(floor: Floor) -> None:
    lead = await floor.capture(by="emp")
    await withdraw(floor, lead.id, "me")
    assert await floor.told(Tell.OUTCOME) == ["emp"]


async def test_an_accepted_lead_is_not_withdrawn(floor: Floor) -> None:
    lead = await accepted(floor, by="emp")
    with pytest.raises(WrongStage):
        await withdraw(floor, lead, "emp")


# -- notes --------------------------------------------------------------------------------------------------


async def test_a_visit_of_the_owner_is_the_first_contact(floor: Floor) -> None:
    lead = await accepted(floor)
    await note(floor, lead, "me", kind="visit", key="v0")
    assert (await floor.lead(lead)).stage == "accepted"
    await note(floor, lead, "e1", kind="visit", key="v1")
    assert (await floor.kinds(lead))[-2:] == ["visit_logged", "contacted"]
    await note(floor, lead, "e1", kind="visit", key="v2")
    assert (await floor.lead(lead)).attempts == 2


# -- undo ---------------------------------------------------------------------------------------------------


async def test_a_capture_is_taken_back(floor: Floor) -> None:
    lead = await floor.capture(by="emp", phone=PHONE)
    assert (await floor.undo("emp")).verb == "capture"
    assert (await floor.lead(lead.id)).stage == "invalid"
    assert (await floor.capture(phone=PHONE)).id != lead.id


async def test_an_accept_is_taken_back_and_its_clock_has_run_on(floor: Floor) -> None:
    lead = await floor.capture()
    await floor.show()
    floor.clock.step(minutes=2)
    await floor.accept(lead.id, "e1")
    floor.clock.step(minutes=2)
    assert (await floor.undo("e1")).verb == "accept"
    found = await floor.lead(lead.id)
    assert (found.stage, found.owner, found.accepted_at) == ("offered", "e1", None)
    await floor.sweep()
    assert await floor.told(Tell.REMIND) == ["e1"]
    await floor.accept(lead.id, "e1", offer=1)


async def test_a_contact_is_taken_back(floor: Floor) -> None:
    lead = await accepted(floor)
    await floor.contact(lead, "e1")
    assert (await floor.undo("e1", lead)).verb == "contact"
    found = await floor.lead(lead)
    assert (found.stage, found.attempts, found.contacted_at) == ("accepted", 0, None)
    assert found.next_due(floor.company.calendar) is not None


async def test_a_hand_back_is_taken_back_while_nobody_has_gone_on(floor: Floor) -> None:
    lead = await accepted(floor)
    await floor.hand_back(lead, "e1", "other", words="我搞错了，不是这个客户")
    assert (await floor.lead(lead)).owner == "e2"
    await floor.undo("e1")
    found = await floor.lead(lead)
    assert (found.stage, found.owner, found.handbacks, found.handed_back_by) == ("accepted", "e1", 0, ())
    with pytest.raises(OfferGone):
        await floor.accept(lead, "e2", offer=2)
    assert (await floor.desk("e2")).unaccepted == 0


async def test_a_closing_hand_back_is_taken_back_with_its_customer(floor: Floor) -> None:
    lead = await accepted(floor, phone=PHONE)
    await floor.hand_back(lead, "e1", "bad_number")
    await floor.undo("e1")
    assert (await floor.capture(phone=PHONE)).id == lead


async def test_a_note_is_taken_back(floor: Floor) -> None:
    lead = await accepted(floor)
    await note(floor, lead, "e1")
    assert (await floor.undo("e1")).verb == "note"
    assert await floor.rows("SELECT key FROM notes WHERE NOT gone") == []
    assert (await floor.lead(lead)).stage == "accepted"


async def test_taking_back_a_note_does_not_turn_back_the_clock(floor: Floor) -> None:
    lead = (await floor.capture()).id
    await floor.show()
    floor.clock.step(minutes=9)
    await floor.sweep()
    await note(floor, lead, "e1")
    await floor.wait(minutes=2)
    await floor.undo("e1")
    found = await floor.lead(lead)
    assert (found.owner, found.offers) == ("e2", 2)
    await floor.wait(minutes=30)
    assert await floor.told(Tell.ALERT, lead) == ["me", "dir"]


async def test_a_visit_is_taken_back_with_the_contact_it_was(floor: Floor) -> None:
    lead = await accepted(floor)
    await note(floor, lead, "e1", kind="visit")
    await floor.undo("e1")
    assert (await floor.lead(lead)).stage == "accepted"
    assert await floor.rows("SELECT key FROM notes WHERE NOT gone") == []


async def test_one_after_the_other_is_taken_back_when_all_that_came_since_is_undone(floor: Floor) -> None:
    lead = await accepted(floor)
    before = await floor.lead(lead)
    for key in ("n1", "n2"):  # a visit undone, and logged anew
        await note(floor, lead, "e1", kind="visit", key=key)
        assert (await floor.undo("e1", lead)).verb == "visit"
    after = await floor.lead(lead)
    assert (after.stage, after.accepted_at) == (before.stage, before.accepted_at)
    assert (await floor.undo("e1", lead)).verb == "accept"
    found = await floor.lead(lead)
    assert (found.stage, found.owner, found.accepted_at) == ("offered", "e1", None)
    await floor.accept(lead, "e1")
    assert (await floor.lead(lead)).stage == "accepted"


async def test_what_somebody_else_did_and_undid_leaves_no_act_of_ones_own_open(floor: Floor) -> None:
    lead = await accepted(floor)
    await floor.take(lead, "me")
    await floor.undo("me", lead)
    with pytest.raises(TooLate):
        await floor.undo("e1", lead)


async def test_a_visit_beside_another_that_stands_keeps_the_accept(floor: Floor) -> None:
    lead = await accepted(floor)
    for key in ("n1", "n2"):
        await note(floor, lead, "e1", kind="visit", key=key)
    await floor.undo("e1", lead)
    assert (await floor.lead(lead)).stage == "contacted"
    await floor.do(leads.undo_last, by="e1", at=floor.now, lead_id=lead, verb="visit")
    assert (await floor.lead(lead)).stage == "accepted"
    assert (await floor.undo("e1", lead)).verb == "accept"


async def test_an_edit_is_taken_back_without_what_others_edited(floor: Floor) -> None:
    lead = await accepted(floor)
    await edit(floor, lead, "e1", title="厂长", company="博达")
    await edit(floor, lead, "me", industry="电子")
    await floor.undo("e1")
    found = (await floor.lead(lead)).customer
    assert (found.title, found.company, found.industry) == (None, None, "电子")
    assert (await floor.kinds(lead))[-2:] == ["edited", "undone"]


@pytest.mark.parametrize("done", ["accept", "contact", "handback"])
async def test_what_others_wrote_into_a_lead_stays_when_an_act_on_it_is_taken_back(
    floor: Floor, done: str
) -> None:
    lead = await accepted(floor)
    if done == "contact":
        await floor.contact(lead, "e1")
    if done == "handback":
        await floor.hand_back(lead, "e1", "wrong_product")
    await edit(floor, lead, "me", phone=PHONE)
    assert (await floor.undo("e1", lead)).verb == done
    assert (await floor.lead(lead)).customer.phone == PHONE


async def test_an_edit_that_was_edited_back_leaves_nothing_to_change(floor: Floor) -> None:
    lead = await accepted(floor)
    await edit(floor, lead, "e1", title="厂长")
    floor.clock.step(seconds=1)
    await edit(floor, lead, "me", title=None)
    await floor.undo("e1")
    assert "undone" not in await floor.kinds(lead)


async def test_it_is_too_late_when_somebody_has_decided_since(floor: Floor) -> None:
    lead = await accepted(floor)
    await floor.hand_back(lead, "e1", "full")
    await floor.accept(lead, "e2")
    with pytest.raises(TooLate):
        await floor.undo("e1")


@pytest.mark.parametrize("minutes", [5, 6])
async def test_five_minutes_are_the_time_to_undo(floor: Floor, minutes: int) -> None:
    await accepted(floor)
    floor.clock.step(minutes=minutes)
    if minutes == 5:
        await floor.undo("e1")
    else:
        with pytest.raises(NothingToUndo):
            await floor.undo("e1")


async def test_an_act_is_taken_back_once(floor: Floor) -> None:
    lead = await accepted(floor)
    with pytest.raises(NothingToUndo):
        await floor.undo("e1", "L9")
    await floor.undo("e1", lead)
    with pytest.raises(NothingToUndo):
        await floor.undo("e1", lead)


async def test_an_offer_handed_back_and_undone_is_live_again(floor: Floor) -> None:
    for rep in ("e2", "e3", *SOUTH):
        await floor.duty(rep, on=False)
    lead = (await floor.capture()).id
    await floor.show()
    await floor.hand_back(lead, "e1", "conflict")
    assert (await floor.lead(lead)).stage == "waiting"
    await floor.undo("e1")
    await floor.accept(lead, "e1", offer=1)


async def test_who_takes_back_what_they_did_is_sent_the_card_once_more_where_it_was_never_booked_as_shown(
    floor: Floor,
) -> None:
    """What they pressed may have been another card of the lead, such as the form of an earlier hand-back."""
    lead = (await floor.capture()).id
    await floor.accept(lead, "e1")
    floor.clock.step(seconds=100)
    await floor.settle(*[Sent(delivery=work.delivery) for work in await floor.claim()])  # passed over by now
    await floor.undo("e1")
    assert (await floor.kinds(lead))[-1] == "undone"
    assert await floor.audit() == [], "its card is on its way"
    assert [each.lead_id for each in await floor.show() if each.tell is Tell.OFFER] == [lead]
    assert (await floor.kinds(lead))[-1] == "delivered"
    assert (await floor.lead(lead)).promised_until(floor.company.calendar) == floor.now + timedelta(minutes=5)
    assert await floor.audit() == []


async def test_a_card_that_was_booked_only_after_the_accept_is_not_sent_again_by_its_undo(
    floor: Floor,
) -> None:
    """It hangs on the phone already: a second one beside it would say the same, and both would be live."""
    lead = (await floor.capture()).id
    await floor.accept(lead, "e1")
    assert Tell.OFFER in [each.tell for each in await floor.show()]
    await floor.wait(seconds=100)
    await floor.undo("e1")
    assert [each.lead_id for each in await floor.show() if each.tell is Tell.OFFER] == []
    assert (await floor.kinds(lead))[-2:] == ["undone", "delivered"]
    assert (await floor.lead(lead)).promised_until(floor.company.calendar) == floor.now + timedelta(minutes=5)
    assert await floor.audit() == []


async def test_an_offer_that_comes_back_and_was_never_shown_is_offered_anew(floor: Floor) -> None:
    lead = (await floor.capture()).id
    floor.clock.step(seconds=130)
    assert await floor.sweep() == [lead]  # the manager hears that no card was shown
    await floor.assign(lead, "e3", "me")
    await floor.settle(*[Sent(delivery=work.delivery) for work in await floor.claim()])  # all were dropped
    await floor.undo("me")
    assert (await floor.kinds(lead))[-2:] == ["undone", "assigned"]
    assert [each.lead_id for each in await floor.show() if each.tell is Tell.OFFER] == [lead]
    assert (await floor.lead(lead)).cycle.started_at == floor.now  # type: ignore[union-attr]
    assert await floor.audit() == []


async def test_nobody_is_charged_for_a_person_who_left_with_an_open_undo(floor: Floor) -> None:
    lead = await accepted(floor)
    await floor.do(duty.person_left, person="e1", now=floor.now)
    assert (await floor.lead(lead)).owner in EAST
    assert floor.now - (await floor.lead(lead)).updated_at == timedelta(0)


@pytest.mark.parametrize("far", [0, 1, 2])
async def test_an_undo_gives_a_lead_to_nobody_who_has_left_meanwhile(
    floor: Floor, company: Company, far: int
) -> None:
    lead = (await floor.capture()).id
    await floor.show()
    if far:
        await floor.accept(lead, "e1")
    if far == 2:
        await floor.contact(lead, "e1")
    await floor.take(lead, "me")
    floor.store.company = with_people(company, gone=["e1"])
    await floor.do(duty.person_left, person="e1", now=floor.now)
    await floor.undo("me", lead)
    assert (await floor.lead(lead)).owner == "e2"
    assert await floor.told(Tell.OFFER, lead) == ["e1", "e2"]


async def test_a_manager_who_takes_an_assignment_back_leaves_the_first_clock_as_it_ran(floor: Floor) -> None:
    lead = await floor.capture(team="east")
    await floor.show()
    before = await floor.lead(lead.id)
    assert before.owner
    floor.clock.step(seconds=20)
    other = next(rep for rep in ("e1", "e2") if rep != before.owner)
    await floor.assign(lead.id, other, "me")
    await floor.undo("me", lead.id)
    after = await floor.lead(lead.id)
    assert (after.stage, after.owner) == ("offered", before.owner)
    assert after.cycle
    assert before.cycle
    assert after.cycle.started_at == before.cycle.started_at
