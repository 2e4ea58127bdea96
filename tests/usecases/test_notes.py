"""Notes of the use cases: whose they are, what waits for a choice, and what each step refuses."""

from dataclasses import replace
from datetime import timedelta
from functools import partial
from typing import Any

import pytest

from domain.errors import (
    AlreadyTaken,
    NotAllowed,
    NothingToUndo,
    NothingWaits,
    OfferGone,
    TooLate,
    UnknownLead,
)
from domain.facts import Facts
from domain.media import Attachment, MediaKind
from domain.notices import Tell
from domain.ports import Uow
from domain.usecases import notes
from domain.usecases.leads import undo_last
from domain.usecases.notes import Heard, Kept
from storage.housekeeping import tidy
from tests.fakes.floor import Floor

HEARD = Heard(text="跟张总聊了，预算80万", kind="note", facts=Facts(amount_min=800_000, amount_max=800_000))


WAITS = notes.waiting_no("p1")


async def held(floor: Floor) -> str:
    """A lead that e1 has accepted."""
    lead = (await floor.capture(team="east")).id
    await floor.assign(lead, "e1", "me")
    await floor.show()
    await floor.accept(lead, "e1")
    return lead


async def noted(floor: Floor, lead: str, heard: Heard = HEARD, *, by: str = "e1", key: str = "n1") -> Kept:
    kept: Kept = await floor.do(notes.take_note, lead_id=lead, heard=heard, by=by, key=key, at=floor.now)
    return kept


async def planned(floor: Floor, lead: str, **span: float) -> Any:
    due = floor.now + timedelta(**span)
    plan, _ = await floor.do(
        notes.plan_next, lead_id=lead, due=due, exact=True, words="回电", by="e1", at=floor.now
    )
    return plan


def lose_the_words(uow: Uow, *, key: str) -> None:
    uow.drop_note(key)


def wait_for_a_lead(uow: Uow, *, heard: Heard, by: str, at: Any) -> None:
    notes.keep_pending(uow, heard=heard, by=by, key="p1", at=at)


async def test_a_stranger_adds_nothing_to_a_lead_that_nobody_has(floor: Floor) -> None:
    lead = (await floor.capture(team="east", draft=True)).id
    with pytest.raises(UnknownLead):
        await noted(floor, lead, by="exp")


async def test_a_note_that_waited_keeps_the_time_of_which_it_tells(floor: Floor) -> None:
    lead = await held(floor)
    yesterday = floor.now - timedelta(days=1)
    await floor.do(wait_for_a_lead, heard=replace(HEARD, happened=yesterday), by="e1", at=floor.now)
    await floor.do(notes.attach_pending, lead_id=lead, no=WAITS, by="e1", at=floor.now)
    ((at,),) = await floor.rows("SELECT at FROM notes WHERE lead_id = ?", lead)
    assert at == int(yesterday.timestamp() * 1_000_000)


async def test_who_may_not_see_a_lead_cannot_choose_it_unless_it_was_offered(floor: Floor) -> None:
    lead = await held(floor)
    await floor.do(wait_for_a_lead, heard=HEARD, by="exp", at=floor.now)
    with pytest.raises(UnknownLead):
        await floor.do(notes.attach_pending, lead_id=lead, no=WAITS, by="exp", at=floor.now)


async def test_a_waiting_note_that_is_dropped_waits_no_more(floor: Floor) -> None:
    lead = await held(floor)
    await floor.do(wait_for_a_lead, heard=HEARD, by="e1", at=floor.now)
    await floor.do(notes.drop_pending, no=WAITS, by="e1", at=floor.now)
    with pytest.raises(NothingWaits):
        await floor.do(notes.attach_pending, lead_id=lead, no=WAITS, by="e1", at=floor.now)


async def test_a_waiting_note_is_forgotten_after_half_a_day(floor: Floor) -> None:
    await floor.do(wait_for_a_lead, heard=HEARD, by="e1", at=floor.now)
    floor.clock.step(hours=13)
    with pytest.raises(NothingWaits):
        await floor.do(notes.drop_pending, no=WAITS, by="e1", at=floor.now)


async def test_nothing_joins_a_note_that_was_taken_back(floor: Floor) -> None:
    lead = await held(floor)
    kept = await noted(floor, lead)
    await floor.undo("e1", lead)
    with pytest.raises(NothingWaits):
        await floor.do(
            notes.join_note, lead_id=lead, no=kept.no, text="还有", heard=HEARD, by="e1", key="n2", at=floor.now
        )  # fmt: skip


async def test_a_market_note_needs_a_trend(floor: Floor) -> None:
    with pytest.raises(NothingWaits):
        await floor.do(notes.file_market, no=1, by="e1", key="m1", at=floor.now)


async def test_only_an_open_note_can_be_moved_to_another_lead(floor: Floor) -> None:
    lead = await held(floor)
    kept = await noted(floor, lead)
    await floor.do(notes.confirm_facts, lead_id=lead, no=kept.no, by="e1", at=floor.now)
    with pytest.raises(NothingWaits):
        await floor.do(notes.not_this_one, lead_id=lead, no=kept.no, offered=(), by="e1", at=floor.now)


async def test_a_note_without_its_words_cannot_be_moved(floor: Floor) -> None:
    lead = await held(floor)
    kept = await noted(floor, lead)
    await floor.do(lose_the_words, key="n1")
    with pytest.raises(NothingWaits):
        await floor.do(notes.not_this_one, lead_id=lead, no=kept.no, offered=(), by="e1", at=floor.now)


async def test_what_was_read_from_a_moved_note_cannot_be_confirmed_where_it_was(floor: Floor) -> None:
    lead = await held(floor)
    kept = await noted(floor, lead)
    await floor.do(notes.not_this_one, lead_id=lead, no=kept.no, offered=(), by="e1", at=floor.now)
    with pytest.raises(NothingWaits):
        await floor.do(notes.confirm_facts, lead_id=lead, no=kept.no, by="e1", at=floor.now)


async def test_only_its_author_confirms_a_note_and_only_one_that_there_is(floor: Floor) -> None:
    lead = await held(floor)
    kept = await noted(floor, lead)
    with pytest.raises(NotAllowed):
        await floor.do(notes.confirm_facts, lead_id=lead, no=kept.no, by="me", at=floor.now)
    with pytest.raises(NothingWaits):
        await floor.do(notes.confirm_facts, lead_id=lead, no=kept.no + 7, by="e1", at=floor.now)


async def test_a_colleague_s_note_writes_nothing_into_the_lead(floor: Floor) -> None:
    lead = await held(floor)
    kept = await noted(floor, lead, by="e2")
    with pytest.raises(NotAllowed):
        await floor.do(notes.confirm_facts, lead_id=lead, no=kept.no, by="e2", at=floor.now)
    assert (await floor.lead(lead)).customer.amount_max is None
    assert await floor.rows("SELECT * FROM plans WHERE lead_id = ?", lead) == []


async def test_a_second_tap_confirms_nothing_twice(floor: Floor) -> None:
    lead = await held(floor)
    kept = await noted(floor, lead)
    for _ in range(2):
        await floor.do(notes.confirm_facts, lead_id=lead, no=kept.no, by="e1", at=floor.now)
    assert (await floor.kinds(lead)).count("facts_confirmed") == 1


async def test_who_handed_the_lead_back_confirms_no_note_of_before(floor: Floor) -> None:
    lead = await held(floor)
    kept = await noted(floor, lead)
    await floor.hand_back(lead, "e1", "no_budget")
    with pytest.raises(NotAllowed):
        await floor.do(notes.confirm_facts, lead_id=lead, no=kept.no, by="e1", at=floor.now)
    assert await floor.rows("SELECT * FROM plans WHERE lead_id = ?", lead) == []


async def test_undoing_a_confirmation_leaves_no_reminder_where_none_was_read(floor: Floor) -> None:
    lead = await held(floor)
    kept = await noted(floor, lead)
    await floor.do(notes.confirm_facts, lead_id=lead, no=kept.no, by="e1", at=floor.now)
    assert (await floor.lead(lead)).customer.amount_max == 800_000
    await floor.undo("e1", lead)
    assert (await floor.lead(lead)).customer.amount_max is None
    assert await floor.rows("SELECT * FROM plans WHERE lead_id = ?", lead) == []


async def test_a_next_step_is_set_by_who_has_the_lead(floor: Floor) -> None:
    lead = await held(floor)
    with pytest.raises(NotAllowed):
        await floor.do(
            notes.plan_next, lead_id=lead, due=floor.now, exact=True, words="", by="mkt", at=floor.now
        )


async def test_a_next_step_is_done_once_and_by_its_own(floor: Floor) -> None:
    lead = await held(floor)
    plan = await planned(floor, lead, hours=1)
    with pytest.raises(NotAllowed):
        await floor.do(notes.next_done, lead_id=lead, no=plan.no, by="me", at=floor.now)
    for _ in range(2):
        await floor.do(notes.next_done, lead_id=lead, no=plan.no, by="e1", at=floor.now)
    assert (await floor.kinds(lead)).count("next_done") == 1


@pytest.mark.parametrize("done_first", [False, True])
async def test_a_reminder_of_a_lead_that_was_taken_away_says_whose_it_is(
    floor: Floor, done_first: bool
) -> None:
    lead = await held(floor)
    plan = await planned(floor, lead, hours=1)
    tap = partial(floor.do, lead_id=lead, no=plan.no, by="e1", at=floor.now)
    later = partial(tap, notes.next_later, due=floor.now + timedelta(hours=3))
    if done_first:
        await tap(notes.next_done)
    await floor.assign(lead, "e2", "me")
    for press in (partial(tap, notes.next_done), later):
        with pytest.raises(OfferGone) as refused:
            await press()
        assert refused.value.data["owner"] == "e2"
    await floor.show()
    await floor.accept(lead, "e2")
    for press in (partial(tap, notes.next_done), later):
        with pytest.raises(AlreadyTaken) as refused:
            await press()
        assert refused.value.data["owner"] == "e2"
    assert (await floor.kinds(lead)).count("next_done") == done_first


async def test_a_reminder_of_a_lead_that_waits_for_somebody_ends_no_step(floor: Floor) -> None:
    lead = await held(floor)
    plan = await planned(floor, lead, hours=1)
    for rep in ("e2", "e3"):
        await floor.duty(rep, on=False)
    await floor.hand_back(lead, "e1", "full")
    assert (await floor.lead(lead)).owner is None
    with pytest.raises(OfferGone):
        await floor.do(notes.next_done, lead_id=lead, no=plan.no, by="e1", at=floor.now)
    assert await floor.rows("SELECT no FROM plans") == [(plan.no,)]


async def test_a_reminder_of_a_closed_lead_is_over(floor: Floor) -> None:
    lead = await held(floor)
    plan = await planned(floor, lead, hours=1)
    await floor.hand_back(lead, "e1", "duplicate")
    with pytest.raises(OfferGone):
        await floor.do(notes.next_done, lead_id=lead, no=plan.no, by="e1", at=floor.now)


async def test_a_step_that_was_replaced_is_put_off_by_nobody(floor: Floor) -> None:
    lead = await held(floor)
    old = await planned(floor, lead, hours=1)
    new = await planned(floor, lead, hours=2)
    later = floor.now + timedelta(hours=3)
    with pytest.raises(NothingWaits):
        await floor.do(notes.next_later, lead_id=lead, no=old.no, due=later, by="e1", at=floor.now)
    with pytest.raises(NotAllowed):
        await floor.do(notes.next_later, lead_id=lead, no=new.no, due=later, by="me", at=floor.now)


async def voiced(floor: Floor) -> tuple[str, str]:
    """(a lead with a voice whose words nobody has, the voice)."""
    lead = await floor.capture()
    await floor.show()
    await floor.accept(lead.id, str(lead.owner))
    voice = Attachment(kind=MediaKind.VOICE, path="aa/b", sha256="b")
    await floor.do(
        notes.take_note, lead_id=lead.id, heard=Heard(text="[语音]", kind="note"), by=str(lead.owner), key="n",
        at=floor.now, media=(voice,),
    )  # fmt: skip
    return lead.id, (await floor.rows("SELECT id FROM media"))[0][0]


async def test_what_a_voice_says_joins_its_note_once(floor: Floor) -> None:
    lead, voice = await voiced(floor)
    heard = Heard(text="[语音]\n预算批了", kind="note")
    for _ in range(2):
        await floor.do(notes.voice_heard, media=voice, note="n", text="预算批了", heard=heard, at=floor.now)
    assert await floor.rows("SELECT text FROM notes") == [("[语音]\n预算批了",)]
    assert len(await floor.told(Tell.REPLY, lead)) == 1


async def test_a_voice_without_its_note_is_put_aside(floor: Floor) -> None:
    lead, voice = await voiced(floor)
    await floor.do(notes.voice_unheard, media=voice, note="another", at=floor.now)
    assert await floor.rows("SELECT speech FROM media") == [("failed",)]
    await floor.do(notes.voice_unheard, media=voice, note="n", at=floor.now)
    await floor.do(
        notes.voice_heard, media=voice, note="n", text="x", heard=Heard(text="x", kind="note"), at=floor.now
    )
    assert await floor.rows("SELECT text FROM notes") == [("[语音]",)]
    assert await floor.told(Tell.REPLY, lead) == []


def two_wait(uow: Uow, *, lead: str, by: str, at: Any) -> tuple[int, int]:
    first, second = (
        notes.keep_pending(uow, heard=replace(HEARD, text=text, offered=(lead,)), by=by, key=text, at=at)
        for text in ("拜访了钱总", "拜访了冯总")
    )
    return first, second


async def test_each_waiting_note_is_answered_by_its_own_card(floor: Floor) -> None:
    lead = await held(floor)
    first, second = await floor.do(two_wait, lead=lead, by="e1", at=floor.now)
    kept = await floor.do(notes.attach_pending, lead_id=lead, no=first, by="e1", at=floor.now)
    assert kept.text == "拜访了钱总"
    with pytest.raises(NothingWaits):
        await floor.do(notes.attach_pending, lead_id=lead, no=first, by="e1", at=floor.now)
    kept = await floor.do(notes.attach_pending, lead_id=lead, no=second, by="e1", at=floor.now)
    assert kept.text == "拜访了冯总"
    assert await floor.rows("SELECT text FROM notes WHERE lead_id = ? ORDER BY text", lead) == [
        ("拜访了冯总",), ("拜访了钱总",)
    ]  # fmt: skip


async def test_a_tap_takes_back_the_note_of_its_own_card(floor: Floor) -> None:
    lead = await held(floor)
    first = await noted(floor, lead)
    await noted(floor, lead, key="n2")
    await floor.do(undo_last, lead_id=lead, verb="note", no=first.no, by="e1", at=floor.now)
    assert await floor.rows("SELECT key FROM notes WHERE lead_id = ? AND NOT gone", lead) == [("n2",)]
    with pytest.raises(NothingToUndo):
        await floor.do(undo_last, lead_id=lead, verb="note", no=first.no, by="e1", at=floor.now)
    with pytest.raises(NothingToUndo):
        await floor.do(undo_last, lead_id=lead, verb="note", no=99, by="e1", at=floor.now)


async def test_a_confirmation_that_another_followed_is_not_mistaken_for_it(floor: Floor) -> None:
    lead = await held(floor)
    first = await noted(floor, lead)
    rival = await noted(floor, lead, replace(HEARD, facts=Facts(competitor="用友")), key="n2")
    for kept in (first, rival):
        await floor.do(notes.confirm_facts, lead_id=lead, no=kept.no, by="e1", at=floor.now)
    with pytest.raises(TooLate):
        await floor.do(undo_last, lead_id=lead, verb="facts", no=first.no, by="e1", at=floor.now)
    await floor.do(undo_last, lead_id=lead, verb="facts", no=rival.no, by="e1", at=floor.now)
    await floor.do(undo_last, lead_id=lead, verb="facts", no=first.no, by="e1", at=floor.now)
    assert (await floor.lead(lead)).customer.amount_min is None


async def test_words_that_found_no_lead_are_gone_after_a_month(floor: Floor) -> None:
    await floor.do(wait_for_a_lead, heard=HEARD, by="e1", at=floor.now)
    await floor.do(notes.keep_trend, about="新能源行业很火", by="e1", at=floor.now)
    await floor.do(tidy, now=floor.now + timedelta(days=29))
    assert len(await floor.rows("SELECT person FROM dialogs")) == 3
    await floor.do(tidy, now=floor.now + timedelta(days=31))
    assert await floor.rows("SELECT person FROM dialogs") == []


async def test_a_visit_taken_back_keeps_what_was_confirmed_since(floor: Floor) -> None:
    lead = await held(floor)
    visit = await noted(floor, lead, replace(HEARD, kind="visit", facts=Facts()))
    note = await noted(floor, lead, key="n2")
    await floor.do(notes.confirm_facts, lead_id=lead, no=note.no, by="e1", at=floor.now)
    await floor.do(undo_last, lead_id=lead, verb="visit", no=visit.no, by="e1", at=floor.now)
    found = await floor.lead(lead)
    assert (found.stage, found.customer.amount_min) == ("accepted", 800_000)


async def test_a_confirmation_undone_after_its_note_brings_no_question_back(floor: Floor) -> None:
    lead = await held(floor)
    kept = await noted(floor, lead)
    await floor.do(notes.confirm_facts, lead_id=lead, no=kept.no, by="e1", at=floor.now)
    await floor.do(undo_last, lead_id=lead, verb="note", no=kept.no, by="e1", at=floor.now)
    await floor.do(undo_last, lead_id=lead, verb="facts", no=kept.no, by="e1", at=floor.now)
    assert await floor.rows("SELECT state FROM proposals") == [("dropped",)]
    for again in (notes.confirm_facts, partial(notes.not_this_one, offered=())):
        with pytest.raises(NothingWaits):
            await floor.do(again, lead_id=lead, no=kept.no, by="e1", at=floor.now)
    assert (await floor.lead(lead)).customer.amount_min is None


async def test_the_first_contact_stands_as_long_as_one_of_two_visits_does(floor: Floor) -> None:
    lead = await held(floor)
    visit = replace(HEARD, kind="visit", facts=Facts())
    first = await noted(floor, lead, visit)
    second = await noted(floor, lead, visit, key="n2")
    await floor.do(undo_last, lead_id=lead, verb="visit", no=first.no, by="e1", at=floor.now)
    assert (await floor.lead(lead)).stage == "contacted"
    assert await floor.rows("SELECT key FROM notes WHERE lead_id = ? AND NOT gone", lead) == [("n2",)]
    await floor.do(undo_last, lead_id=lead, verb="visit", no=second.no, by="e1", at=floor.now)
    assert await floor.rows("SELECT key FROM notes WHERE lead_id = ? AND NOT gone", lead) == []
