"""Accepting, handing back, grabbing, giving by hand, going off duty: where a lead goes when people act."""

import asyncio
import json
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from domain.clock import to_micros
from domain.errors import (
    AlreadyTaken,
    BadField,
    NeedsAttempt,
    NeedsWords,
    NotAllowed,
    OfferGone,
    OtherTeam,
    UnknownLead,
    UnknownPerson,
    WrongStage,
)
from domain.lead import Lead
from domain.notices import Tell
from domain.people import Capacity, Company, Person, Role, Route
from domain.reasons import REASONS, Goes
from domain.usecases import duty, leads, placing
from domain.usecases.delivery import Sent, Work
from domain.usecases.duty import set_duty
from tests.conftest import OpenStore
from tests.fakes.clock import SteppedClock
from tests.fakes.company import EAST, SOUTH, make_company, only, person, with_people
from tests.fakes.floor import Floor

WORDS = "客户说要先看竞品的报价"


async def accepted(floor: Floor, by: str = "e1", **values: Any) -> str:
    """A lead that its first rep accepted."""
    lead = await floor.capture(**values)
    await floor.show()
    await floor.accept(lead.id, by)
    return lead.id


async def grabbed_open(floor: Floor) -> str:
    """A lead that e1 and e2 let lapse, now open to the whole team."""
    lead = await floor.capture()
    await floor.show()
    await floor.wait(minutes=10)
    await floor.wait(minutes=5)
    return lead.id


# -- accepting ----------------------------------------------------------------------------------------------


async def test_the_same_click_again_changes_nothing(floor: Floor) -> None:
    lead = await accepted(floor)
    again = await floor.accept(lead, "e1", offer=1)
    assert (again.stage, again.version) == ("accepted", 3)
    assert (await floor.kinds(lead)).count("accepted") == 1


async def test_somebody_elses_click_is_too_late(floor: Floor) -> None:
    lead = await grabbed_open(floor)
    await floor.accept(lead, "e1", offer=3)
    with pytest.raises(AlreadyTaken) as refused:
        await floor.accept(lead, "e2", offer=3)
    assert refused.value.data["owner"] == "e1"


async def test_the_button_of_an_old_offer_is_dead(floor: Floor) -> None:
    lead = await floor.capture()
    await floor.show()
    await floor.wait(minutes=10)
    floor.clock.step(seconds=1)
    with pytest.raises(OfferGone):
        await floor.accept(lead.id, "e1", offer=1)
    await floor.accept(lead.id, "e2", offer=2)


async def test_an_accept_received_before_the_clock_struck_stands(floor: Floor) -> None:
    lead = await floor.capture()
    await floor.show()
    in_time = floor.clock.step(minutes=9, seconds=59)
    await floor.wait(seconds=2)
    assert (await floor.lead(lead.id)).owner == "e2"
    await floor.accept(lead.id, "e1", offer=1, at=in_time)
    assert (await floor.lead(lead.id)).owner == "e1"
    assert (await floor.kinds(lead.id))[-2:] == ["accepted", "escalation_withdrawn"]
    with pytest.raises(AlreadyTaken):
        await floor.accept(lead.id, "e2", offer=2)


async def redrawn_as_over(floor: Floor, works: Sequence[Work]) -> None:
    for work in works:
        shown = tuple(replace(each, state="dead") for each in work.copies)
        versions = {each.id: each.version for each in work.leads.values()}
        await floor.settle(Sent(delivery=work.delivery, shown=shown, versions=versions))


async def looked_at(floor: Floor, lead: str) -> set[str]:
    """Whose cards the next redraw looks at."""
    return {each.person for each in await floor.do(lambda uow: uow.shown(lead))}


@pytest.mark.parametrize("booked_before", [True, False])
async def test_cards_that_were_over_come_back_with_an_accept_in_time(
    floor: Floor, booked_before: bool
) -> None:
    lead = await floor.capture()
    await floor.show()
    in_time = floor.clock.step(minutes=9, seconds=59)
    floor.clock.step(seconds=2)
    await floor.sweep()
    works = [each for each in await floor.claim() if each.delivery.tell is Tell.REFRESH]
    if booked_before:
        await redrawn_as_over(floor, works)
        assert "e1" not in await looked_at(floor, lead.id)
    await floor.accept(lead.id, "e1", offer=1, at=in_time)
    if not booked_before:
        await redrawn_as_over(floor, works)
    assert "e1" in await looked_at(floor, lead.id)


@pytest.mark.parametrize(("late", "withdrawn"), [(0, True), (1, False)])
async def test_the_instant_of_the_breach_is_still_in_time(floor: Floor, late: int, withdrawn: bool) -> None:
    lead = await floor.capture()
    await floor.show()
    received = floor.clock.step(minutes=5) + timedelta(microseconds=late)
    await floor.wait(seconds=1)
    await floor.accept(lead.id, "e1", at=received)
    assert ("escalation_withdrawn" in await floor.kinds(lead.id)) is withdrawn
    found = await floor.lead(lead.id)
    assert found.cycle is not None
    assert (found.cycle.breached_at is None) is withdrawn


async def test_a_stranger_and_a_lead_that_waits(floor: Floor) -> None:
    lead = await floor.capture()
    with pytest.raises(UnknownPerson):
        await floor.accept(lead.id, "nobody")
    waiting = await floor.capture(draft=True)
    with pytest.raises(OfferGone):
        await floor.accept(waiting.id, "dir", offer=1)


async def test_a_contact_is_the_owners_to_declare(floor: Floor) -> None:
    lead = await accepted(floor)
    with pytest.raises(AlreadyTaken):
        await floor.contact(lead, "me")
    await floor.contact(lead, "e1")
    await floor.contact(lead, "e1")
    assert (await floor.kinds(lead)).count("contacted") == 1
    offered = await floor.capture()
    with pytest.raises(OfferGone):
        await floor.contact(offered.id, "me")


# -- grabbing -----------------------------------------------------------------------------------------------


async def test_a_grab_has_exactly_one_winner(floor: Floor) -> None:
    lead = await grabbed_open(floor)
    tries = await asyncio.gather(*(floor.accept(lead, rep, offer=3) for rep in EAST), return_exceptions=True)
    won = [each for each in tries if isinstance(each, Lead)]
    assert len(won) == 1
    assert [type(each) for each in tries if not isinstance(each, Lead)] == [AlreadyTaken, AlreadyTaken]
    assert (await floor.lead(lead)).owner == won[0].owner


async def test_who_let_it_lapse_may_still_grab_it(floor: Floor) -> None:
    lead = await grabbed_open(floor)
    await floor.accept(lead, "e1", offer=3)
    assert (await floor.desk("e1")).lapses == 0


async def test_who_went_off_duty_is_not_rung_for_the_grab_of_what_they_let_lapse(floor: Floor) -> None:
    lead = await floor.capture()
    await floor.show()
    await floor.wait(minutes=10)
    await floor.do(set_duty, by="e1", on=False, at=floor.now)
    await floor.wait(minutes=5)
    assert (await floor.lead(lead.id)).offer.grab  # type: ignore[union-attr]
    assert "e1" not in await floor.told(Tell.GRAB, lead.id)
    assert "e2" in await floor.told(Tell.GRAB, lead.id)


async def test_who_handed_it_back_may_not_grab_it(floor: Floor) -> None:
    lead = await accepted(floor)
    await floor.hand_back(lead, "e1", "wrong_product")
    await floor.show()
    await floor.wait(minutes=10)
    await floor.wait(minutes=5)
    assert sorted(await floor.told(Tell.GRAB, lead)) == ["e2", "e3"]
    with pytest.raises(NotAllowed):
        await floor.accept(lead, "e1")
    await floor.accept(lead, "e3")


@pytest.mark.parametrize("outsider", ["s1", "me", "mkt"])
async def test_only_the_team_may_grab(floor: Floor, outsider: str) -> None:
    lead = await grabbed_open(floor)
    with pytest.raises((NotAllowed, UnknownLead)):
        await floor.accept(lead, outsider, offer=3)
    assert (await floor.lead(lead)).owner is None


async def test_who_is_off_duty_is_not_called_to_a_grab(floor: Floor) -> None:
    lead = await floor.capture()
    await floor.show()
    await floor.duty("e3", on=False)
    await floor.wait(minutes=10)
    await floor.wait(minutes=5)
    assert sorted(await floor.told(Tell.GRAB, lead.id)) == ["e1", "e2"]


# -- handing back -------------------------------------------------------------------------------------------

GOES_TO = {
    Goes.NURTURE: "nurturing",
    Goes.REASSIGN: "offered",
    Goes.EXPERT: "accepted",
    Goes.INVALID: "invalid",
    Goes.POOL: "pool",
}


@pytest.mark.parametrize("reason", REASONS)
async def test_every_reason_leads_where_it_says(floor: Floor, reason: str) -> None:
    lead = await accepted(floor, by_whom := "e1", phone="+8613812340000")
    await floor.do(leads.add_note, lead_id=lead, by="e1", text="打了两次", kind="note", key="n", at=floor.now)
    found = await floor.hand_back(lead, by_whom, reason, words=WORDS)
    goes = REASONS[reason].goes
    assert found.stage == GOES_TO[goes]
    assert (found.owner == "e1") is (goes is Goes.EXPERT)
    if goes is Goes.REASSIGN:
        assert (found.owner, found.cycles, found.handed_back_by) == ("e2", 2, ("e1",))
    if goes is Goes.NURTURE:
        assert found.wake_at == floor.now + timedelta(days=30)
        assert await floor.told(Tell.REVISIT) == ["mkt"]
    if goes is Goes.EXPERT:
        assert await floor.told(Tell.HELP) == ["exp"]
    assert await floor.told(Tell.HANDED_BACK) == ([] if goes is Goes.EXPERT else ["me"])
    contacts = await floor.rows("SELECT lead_id FROM contacts")
    assert contacts == ([] if goes is Goes.INVALID else [(lead,)])
    blamed = "true" if REASONS[reason].blames_channel else "false"
    facts = await floor.rows("SELECT data FROM events WHERE kind = 'handed_back'")
    assert [f'"blames_channel":{blamed}' in row[0] for row in facts] == (
        [] if goes is Goes.EXPERT else [True]
    )


async def test_a_leader_who_handed_the_lead_in_hears_once_of_its_hand_back(floor: Floor) -> None:
    lead = await accepted(floor, by="e1", team="east")
    mine = await floor.capture(team="east", by="me")
    await floor.show()
    await floor.accept(mine.id, "e2")
    await floor.hand_back(mine.id, "e2", "bad_number")
    assert await floor.told(Tell.HANDED_BACK, mine.id) == ["me"]
    assert await floor.told(Tell.OUTCOME, mine.id) == ["me"], "of the accept alone"
    await floor.hand_back(lead, "e1", "bad_number")
    assert await floor.told(Tell.HANDED_BACK, lead) == ["me"]


async def test_who_stands_above_all_is_not_told_of_their_own_hand_back(open_store: OpenStore) -> None:
    one = make_company([person("e1", Role.REP, "east"), person("adm", Role.ADMIN)])
    floor = Floor(await open_store(one), SteppedClock())
    lead = await floor.capture(team="east")
    await floor.take(lead.id, "adm")
    await floor.hand_back(lead.id, "adm", "bad_number")
    assert await floor.told(Tell.HANDED_BACK) == []


async def test_an_offer_may_be_handed_back_before_it_is_accepted(floor: Floor) -> None:
    lead = await floor.capture()
    await floor.show()
    found = await floor.hand_back(lead.id, "e1", "full")
    assert found.owner == "e2"
    assert (await floor.desk("e1")).unaccepted == 0


async def test_a_hand_back_that_lacks_something_is_refused(floor: Floor) -> None:
    lead = await accepted(floor)
    with pytest.raises(BadField):
        await floor.hand_back(lead, "e1", "because")
    with pytest.raises(NeedsAttempt):
        await floor.hand_back(lead, "e1", "unreachable")
    with pytest.raises(NeedsWords):
        await floor.hand_back(lead, "e1", "other", words=" 忙  ")
    with pytest.raises(OfferGone):
        await floor.hand_back(lead, "e1", "full", offer=7)
    with pytest.raises(AlreadyTaken):
        await floor.hand_back(lead, "me", "full", offer=1)
    assert (await floor.kinds(lead))[-1] == "accepted"


async def test_a_hand_back_of_what_became_an_opportunity_is_refused(floor: Floor) -> None:
    lead = await accepted(floor)

    def grows(uow: object) -> None:
        found = uow.lead(lead)  # type: ignore[attr-defined]
        with pytest.raises(WrongStage):
            found._move("complete", "waiting")
        found.stage = type(found.stage)("opportunity")
        with pytest.raises(WrongStage):
            found.hand_back("e1", REASONS["full"], limit=3, revisit=None, at=floor.now)

    await floor.do(grows)


async def test_the_third_hand_back_rests_with_the_manager(floor: Floor) -> None:
    lead = (await floor.capture()).id
    for rep in EAST:
        await floor.show()
        await floor.hand_back(lead, rep, "wrong_region")
    found = await floor.lead(lead)
    assert (found.stage, found.owner, found.handbacks) == ("returned", None, 3)
    assert await floor.told(Tell.STUCK, lead) == ["me"]
    await floor.wait(hours=24)
    assert (await floor.lead(lead)).stage == "returned"
    await floor.assign(lead, "e3", "me")
    assert (await floor.lead(lead)).owner == "e3"


async def test_a_nurtured_lead_comes_to_marketing_on_its_day(floor: Floor) -> None:
    lead = await accepted(floor)
    await floor.hand_back(lead, "e1", "not_yet")
    await floor.wait(days=30)
    assert await floor.told(Tell.REVISIT, lead) == ["mkt", "mkt"]
    found = await floor.lead(lead)
    assert (found.stage, found.wake_at) == ("nurturing", floor.now + timedelta(days=7))
    await floor.wait(days=7)
    assert await floor.told(Tell.REVISIT, lead) == ["mkt"] * 3
    await floor.assign(lead, "e2", "mkt")
    assert (await floor.lead(lead)).owner == "e2"


async def test_a_day_that_comes_in_the_quiet_hours_is_told_in_the_morning(floor: Floor) -> None:
    lead = await accepted(floor)
    floor.clock.step(hours=12)  # ten in the evening
    await floor.hand_back(lead, "e1", "not_yet")
    await floor.wait(days=30)
    waits = "SELECT created_at, not_before FROM outbox WHERE tell = 'revisit' AND state = 'due'"
    morning = floor.now + timedelta(hours=10, minutes=30)
    assert await floor.rows(waits) == [(to_micros(floor.now), to_micros(morning))]


async def test_the_day_of_a_nurtured_lead_is_told_to_who_is_at_work(
    open_store: OpenStore, clock: SteppedClock, company: Company
) -> None:
    floor = Floor(await open_store(with_people(company, person("mk2", Role.MARKETER))), clock)
    lead = await accepted(floor)
    await floor.hand_back(lead, "e1", "not_yet")
    await floor.duty("mkt", on=False)
    await floor.wait(days=30)
    await floor.duty("mk2", on=False)
    await floor.wait(days=7)
    assert await floor.told(Tell.REVISIT, lead) == ["mkt", "mk2", "me"]


async def test_marketing_sends_out_what_it_nurtures_and_nothing_else(floor: Floor) -> None:
    lead = await accepted(floor)
    with pytest.raises(NotAllowed):
        await floor.assign(lead, "e2", "mkt")
    await floor.hand_back(lead, "e1", "not_yet")
    with pytest.raises(NotAllowed):
        await floor.take(lead, "mkt")


async def test_the_last_rep_who_is_full_does_not_silence_a_lead(floor: Floor) -> None:
    """The reason of a hand-back and the reason of a wait may have the same name."""
    lead = (await floor.capture(team="south")).id
    for _ in range(3):
        await floor.show()
        owner = (await floor.lead(lead)).owner
        await floor.accept(lead, owner or "")
        await floor.hand_back(lead, owner or "", "full")
        if (await floor.lead(lead)).stage != "offered":
            break
    assert await floor.told(Tell.STUCK, lead) != []


async def test_a_leaders_card_takes_nothing_from_who_accepted_meanwhile(floor: Floor) -> None:
    lead = (await floor.capture(team="east")).id
    await floor.show()
    rep = (await floor.lead(lead)).owner or ""
    shown = placing.Seen(decisions=(await floor.lead(lead)).decisions)
    await floor.accept(lead, rep)
    for card in (shown, placing.Seen()):
        for work, more in ((placing.take_lead, {}), (placing.assign_lead, {"to": "e3"}), (leads.nudge, {})):
            with pytest.raises(AlreadyTaken):
                await floor.do(work, lead_id=lead, by="me", at=floor.now, seen=card, **more)
    assert (await floor.lead(lead)).owner == rep


async def test_who_loses_a_lead_to_a_leader_hears_of_it_and_the_leader_may_undo(floor: Floor) -> None:
    lead = await accepted(floor)
    await floor.take(lead, "me")
    assert await floor.told(Tell.OUTCOME, lead) == ["e1"]
    assert (await floor.undo("me", lead)).verb == "take"
    assert (await floor.lead(lead)).owner == "e1"


async def test_an_impatient_leader_rings_once(floor: Floor) -> None:
    lead = await accepted(floor)
    for _ in range(3):
        await floor.do(leads.nudge, lead_id=lead, by="me", at=floor.now)
    assert await floor.told(Tell.NUDGE, lead) == ["e1"]
    assert (await floor.kinds(lead)).count("nudged") == 1
    [nudge] = await floor.rows("SELECT args FROM outbox WHERE tell = 'nudge'")
    assert json.loads(nudge[0])["offer"] == 1, "its card is of that offer, whatever comes of the lead"
    await floor.do(leads.nudge, lead_id=lead, by="dir", at=floor.now)
    assert await floor.told(Tell.NUDGE, lead) == ["e1", "e1"], "another leader is another matter"
    floor.clock.step(minutes=2)
    await floor.do(leads.nudge, lead_id=lead, by="me", at=floor.now)
    assert await floor.told(Tell.NUDGE, lead) == ["e1", "e1", "e1"]


async def test_a_leader_who_presses_twice_across_a_full_minute_rings_once(floor: Floor) -> None:
    lead = await accepted(floor)
    for at in (119, 121):  # whatever the clock's figures, two seconds lie between
        when = floor.now.replace(minute=0, second=0) + timedelta(seconds=at)
        await floor.do(leads.nudge, lead_id=lead, by="me", at=when)
    assert await floor.told(Tell.NUDGE, lead) == ["e1"]
    assert (await floor.kinds(lead)).count("nudged") == 1


async def test_a_nudge_after_the_clock_was_set_back_rings(floor: Floor) -> None:
    lead = await accepted(floor)
    now = floor.now
    await floor.do(leads.nudge, lead_id=lead, by="me", at=now)
    await floor.do(leads.nudge, lead_id=lead, by="me", at=now - timedelta(seconds=1))  # it came later
    assert await floor.told(Tell.NUDGE, lead) == ["e1"]
    await floor.do(leads.nudge, lead_id=lead, by="me", at=now - timedelta(hours=1))
    assert await floor.told(Tell.NUDGE, lead) == ["e1", "e1"]


async def test_whoever_got_the_lead_since_is_rung_too(floor: Floor) -> None:
    lead = await accepted(floor)
    await floor.do(leads.nudge, lead_id=lead, by="me", at=floor.now)
    await floor.assign(lead, "e2", "me")
    await floor.do(leads.nudge, lead_id=lead, by="me", at=floor.now)
    assert await floor.told(Tell.NUDGE, lead) == ["e1", "e2"]


async def test_without_marketing_the_manager_hears_of_the_day(
    open_store: OpenStore, clock: SteppedClock, company: Company
) -> None:
    floor = Floor(await open_store(with_people(company, gone=["mkt", "exp"])), clock)
    lead = await accepted(floor)
    await floor.hand_back(lead, "e1", "too_technical")
    assert await floor.told(Tell.HELP) == ["me"]
    await floor.hand_back(lead, "e1", "no_budget")
    await floor.wait(days=30)
    assert await floor.told(Tell.REVISIT, lead) == ["me"]
    assert await floor.audit() == []


async def test_the_submitter_hears_what_became_of_it(floor: Floor) -> None:
    lead = await floor.capture(by="emp")
    await floor.show()
    await floor.accept(lead.id, "e1")
    await floor.hand_back(lead.id, "e1", "duplicate")
    assert await floor.told(Tell.OUTCOME) == ["emp", "emp"]
    own = await floor.capture(by="e2", phone="+8613822223333")
    await floor.show()
    await floor.accept(own.id, own.owner or "")
    assert await floor.told(Tell.OUTCOME, own.id) == []


async def test_a_submitter_who_left_hears_nothing(floor: Floor) -> None:
    lead = await floor.capture(by="gone")
    await floor.accept(lead.id, "e1")
    assert await floor.told(Tell.OUTCOME) == []


# -- by hand ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("leader", ["me", "dir", "adm"])
async def test_whoever_is_above_may_give_take_and_nudge(floor: Floor, leader: str) -> None:
    lead = (await floor.capture()).id
    await floor.do(leads.nudge, lead_id=lead, by=leader, at=floor.now)
    assert await floor.told(Tell.NUDGE) == ["e1"]
    found = await floor.assign(lead, "e3", leader)
    assert (found.owner, found.cycles, found.decisions) == ("e3", 2, 1)
    found = await floor.take(lead, leader)
    assert (found.owner, found.stage) == (leader, "accepted")
    again = await floor.take(lead, leader)
    assert again.version == found.version


@pytest.mark.parametrize("other", ["e1", "ms", "mkt", "emp", "exp"])
async def test_nobody_else_may(floor: Floor, other: str) -> None:
    lead = (await floor.capture()).id
    for wish in (
        floor.do(leads.nudge, lead_id=lead, by=other, at=floor.now),
        floor.assign(lead, "e3", other),
        floor.take(lead, other),
    ):
        with pytest.raises((NotAllowed, UnknownLead)):
            await wish


async def test_a_rep_who_leads_a_team_gives_leads_to_its_people_alone(
    open_store: OpenStore, clock: SteppedClock, company: Company
) -> None:
    teams = {**company.teams, "east": replace(company.teams["east"], manager="e1")}
    floor = Floor(await open_store(replace(company, teams=teams)), clock)
    lead = (await floor.capture()).id
    with pytest.raises(OtherTeam):
        await floor.assign(lead, "s1", "e1")
    assert (await floor.assign(lead, "e2", "e1")).owner == "e2"


@pytest.mark.parametrize("to", ["mkt", "emp", "exp", "adm"])
async def test_a_lead_is_given_to_those_who_sell(floor: Floor, to: str) -> None:
    lead = (await floor.capture()).id
    with pytest.raises(NotAllowed):
        await floor.assign(lead, to, "me")


async def test_a_lead_may_be_given_over_the_caps(floor: Floor) -> None:
    for _ in range(5):
        lead = await floor.capture()
        await floor.assign(lead.id, "e1", "dir")
    assert (await floor.desk("e1")).unaccepted == 5


async def test_a_lead_given_to_a_rep_of_another_team_is_that_teams(floor: Floor) -> None:
    lead = (await floor.capture()).id
    await floor.assign(lead, "s1", "dir")
    await floor.show()
    await floor.wait(minutes=5)
    assert await floor.told(Tell.ALERT, lead) == ["ms"]
    await floor.wait(minutes=5)
    assert (await floor.lead(lead)).owner == "s2"
    await floor.assign(lead, "s3", "ms")
    assert (await floor.lead(lead)).owner == "s3"


async def test_a_lead_taken_from_the_pool_is_the_teams_of_who_took_it(floor: Floor) -> None:
    lead = await accepted(floor)
    await floor.do(leads.add_note, lead_id=lead, by="e1", text="未接", kind="note", key="n", at=floor.now)
    await floor.hand_back(lead, "e1", "unreachable")
    assert (await floor.take(lead, "s1")).team == "south"
    await floor.wait(hours=4)
    assert await floor.told(Tell.ALERT, lead) == ["ms"]


async def test_a_lead_given_to_a_leader_stays_with_its_team(floor: Floor) -> None:
    lead = (await floor.capture()).id
    assert (await floor.assign(lead, "dir", "me")).team == "east"


async def test_there_is_nobody_to_nudge(floor: Floor) -> None:
    lead = (await floor.capture()).id
    await floor.take(lead, "me")
    with pytest.raises(OfferGone):
        await floor.do(leads.nudge, lead_id=lead, by="me", at=floor.now)
    other = await floor.capture(draft=True)
    with pytest.raises(OfferGone):
        await floor.do(leads.nudge, lead_id=other.id, by="dir", at=floor.now)


async def test_a_rep_takes_from_the_pool_but_not_what_they_gave_back(floor: Floor) -> None:
    lead = await accepted(floor)
    await floor.do(leads.add_note, lead_id=lead, by="e1", text="未接", kind="note", key="n", at=floor.now)
    await floor.hand_back(lead, "e1", "unreachable")
    with pytest.raises(NotAllowed):
        await floor.take(lead, "e1")
    with pytest.raises(UnknownLead):
        await floor.take(lead, "emp")
    found = await floor.take(lead, "e2")
    assert (found.owner, found.stage) == ("e2", "accepted")


async def test_who_comes_late_to_the_pool_hears_who_has_it(floor: Floor) -> None:
    lead = await accepted(floor)
    await floor.do(leads.add_note, lead_id=lead, by="e1", text="未接", kind="note", key="n", at=floor.now)
    shown = placing.Seen(decisions=(await floor.hand_back(lead, "e1", "unreachable")).decisions)
    await floor.take(lead, "e2")
    with pytest.raises(AlreadyTaken) as late:
        await floor.do(placing.take_lead, lead_id=lead, by="e1", at=floor.now, seen=shown)
    assert late.value.data["owner"] == "e2"


# -- duty ---------------------------------------------------------------------------------------------------


async def test_three_lapses_in_a_row_and_the_rep_is_off_duty(floor: Floor) -> None:
    for rep in ("e2", "e3", *SOUTH):
        await floor.duty(rep, on=False)
    offered = [await floor.capture() for _ in range(3)]
    await floor.show()
    assert [lead.owner for lead in offered] == ["e1", "e1", "e1"]
    await floor.duty("e2", on=True)
    await floor.wait(minutes=10)
    desk = await floor.desk("e1")
    assert (desk.on_duty, desk.lapses) == (False, 3)
    assert await floor.told(Tell.OFF_DUTY) == ["e1", "me"]
    assert (await floor.capture()).owner != "e1"
    desk, _ = await floor.duty("e1", on=True)
    assert (desk.on_duty, desk.lapses) == (True, 0)
    told = await floor.rows("SELECT args FROM shown WHERE tell = 'off_duty'")
    assert len(told) == 2
    assert all('"back":true' in args for (args,) in told)  # and both cards are made true
    assert [each.tell for each in await floor.show()].count(Tell.REFRESH) >= 1


async def test_an_accept_in_time_takes_back_the_lapse_that_sent_the_rep_off_duty(floor: Floor) -> None:
    for rep in ("e2", "e3", *SOUTH):
        await floor.duty(rep, on=False)
    offered = [await floor.capture() for _ in range(3)]
    await floor.show()
    await floor.duty("e2", on=True)
    in_time = floor.clock.step(minutes=9, seconds=59)
    await floor.wait(seconds=2)
    assert not (await floor.desk("e1")).on_duty
    await floor.accept(offered[1].id, "e1", offer=1, at=in_time)
    assert (await floor.desk("e1")).on_duty


async def test_an_accept_forgives_the_lapses(floor: Floor) -> None:
    lead = await floor.capture()
    await floor.show()
    await floor.wait(minutes=10)
    assert (await floor.desk("e1")).lapses == 1
    await floor.assign(lead.id, "e1", "me")
    await floor.show()
    await floor.accept(lead.id, "e1")
    assert (await floor.desk("e1")).lapses == 0


async def test_a_leader_is_never_sent_off_duty(floor: Floor) -> None:
    for _ in range(4):
        lead = await floor.capture()
        await floor.assign(lead.id, "me", "dir")
        await floor.show()
    await floor.wait(minutes=10)
    desk = await floor.desk("me")
    assert (desk.lapses, desk.on_duty) == (4, True)


async def test_going_off_duty_hands_on_what_is_not_accepted(floor: Floor) -> None:
    kept = await accepted(floor)
    for rep in ("e2", "e3", *SOUTH):
        await floor.duty(rep, on=False)
    moved = await floor.capture()
    assert moved.owner == "e1"
    await floor.duty("e3", on=True)
    desk, count = await floor.duty("e1", on=False)
    assert (desk.on_duty, desk.unaccepted, desk.active, count) == (False, 0, 1, 1)
    assert (await floor.lead(moved.id)).owner == "e3"
    assert (await floor.lead(kept)).owner == "e1"
    assert (await floor.duty("e1", on=False))[1] == 0


async def test_coming_on_duty_takes_what_waits_oldest_first(floor: Floor) -> None:
    for rep in (*EAST, *SOUTH):
        await floor.duty(rep, on=False)
    waiting = []
    for _ in range(4):
        floor.clock.step(seconds=1)
        waiting.append((await floor.capture()).id)
    assert await floor.told(Tell.STUCK) == ["dir"] * 4
    _, placed = await floor.duty("e2", on=True)
    assert placed == 3  # three unaccepted are the most
    owners = [(await floor.lead(lead)).owner for lead in waiting]
    assert owners == ["e2", "e2", "e2", None]
    desk, placed = await floor.duty("me", on=True)
    assert (desk.person, placed) == ("me", 0)


async def test_what_the_one_who_comes_gave_back_holds_up_nothing_else(floor: Floor) -> None:
    lead = await accepted(floor)
    for rep in ("e2", "e3", *SOUTH):
        await floor.duty(rep, on=False)
    await floor.hand_back(lead, "e1", "wrong_region")
    await floor.duty("e1", on=False)
    floor.clock.step(seconds=1)
    other = (await floor.capture()).id
    assert (await floor.duty("e1", on=True))[1] == 1
    assert [(await floor.lead(each)).owner for each in (lead, other)] == [None, "e1"]


async def test_a_rep_back_from_leave_starts_level_with_the_others(floor: Floor) -> None:
    for rep in ("e3", *SOUTH):
        await floor.duty(rep, on=False)
    for number in range(10):
        lead = await floor.capture()
        await floor.accept(lead.id, ("e1", "e2")[number % 2])
    desk, _ = await floor.duty("e3", on=True)
    assert desk.turn == 5.0


async def test_the_leads_of_who_left_go_to_others(floor: Floor, company: Company) -> None:
    held = await accepted(floor)
    for rep in ("e2", "e3", *SOUTH):
        await floor.duty(rep, on=False)
    offered = (await floor.capture()).id
    grown = await accepted(floor, phone="+8613912312312")
    for rep in ("e2", "e3"):
        await floor.duty(rep, on=True)
    floor.store.company = with_people(company, gone=["e1"])
    moved = await floor.do(duty.person_left, person="e1", now=floor.now)
    assert sorted(moved) == sorted([held, offered, grown])
    owners = {(await floor.lead(lead)).owner for lead in moved}
    assert owners == {"e2", "e3"}
    assert await floor.told(Tell.LEFT) == ["me"]
    [(args,)] = await floor.rows("SELECT args FROM outbox WHERE tell = ?", Tell.LEFT)
    assert (json.loads(args)["count"], json.loads(args)["waits"]) == (3, 0)
    assert await floor.do(duty.person_left, person="e1", now=floor.now) == []


async def test_a_lead_that_cannot_be_released_stays(floor: Floor) -> None:
    """A person may own what the table of moves lets nobody take away; it is left as it is."""
    lead = await accepted(floor)

    def returns(uow: object) -> None:
        found = uow.lead(lead)  # type: ignore[attr-defined]
        found.stage = type(found.stage)("dormant")
        uow.save(found)  # type: ignore[attr-defined]

    await floor.do(returns)
    assert await floor.do(duty.person_left, person="e1", now=floor.now) == []

    def repairs(uow: object) -> None:
        found = uow.lead(lead)  # type: ignore[attr-defined]
        found.stage = type(found.stage)("accepted")
        uow.save(found)  # type: ignore[attr-defined]

    await floor.do(repairs)


# -- who gets the next one ----------------------------------------------------------------------------------


async def test_a_full_team_parks_the_lead_and_tells_the_manager_once(
    open_store: OpenStore, clock: SteppedClock, company: Company
) -> None:
    small = replace(company.people["e1"], capacity=Capacity(unaccepted=1))
    floor = Floor(await open_store(with_people(only(company, "e1", "me", "dir"), small)), clock)
    first = await floor.capture()
    waits = await floor.capture()
    assert (waits.stage, waits.reason, waits.owner) == ("waiting", "no_room", None)
    for _ in range(5):
        await floor.wait(seconds=20)
    assert await floor.told(Tell.STUCK) == ["dir"]
    assert (await floor.kinds(waits.id)).count("parked") == 1
    await floor.accept(first.id, "e1")
    await floor.wait(seconds=20)
    assert (await floor.lead(waits.id)).owner == "e1"
    assert await floor.audit() == []


async def test_a_lead_that_nobody_can_take_reaches_the_director_and_falls_silent_for_nobody(
    open_store: OpenStore, clock: SteppedClock, company: Company
) -> None:
    small = replace(only(company, "e1", "me", "dir"), routes=(Route(team="east"),))
    floor = Floor(await open_store(small), clock)
    await floor.duty("e1", on=False)
    waits = await floor.capture()
    assert await floor.told(Tell.STUCK, waits.id) == ["me"]
    await floor.wait(minutes=29)
    assert await floor.told(Tell.STUCK, waits.id) == ["me"]
    await floor.wait(minutes=6)
    assert await floor.told(Tell.STUCK, waits.id) == ["me", "dir"]
    for _ in range(8):
        await floor.wait(hours=1)
    assert await floor.told(Tell.STUCK, waits.id) == ["me", "dir", "dir"]
    await floor.duty("e1", on=True)
    assert (await floor.lead(waits.id)).owner == "e1"
    assert (await floor.lead(waits.id)).stuck_at is None
    assert await floor.audit() == []


@pytest.mark.parametrize("cap", [Capacity(active=1), Capacity(per_day=1)])
async def test_every_cap_counts(
    open_store: OpenStore, clock: SteppedClock, company: Company, cap: Capacity
) -> None:
    one = replace(company.people["e1"], capacity=cap)
    floor = Floor(await open_store(with_people(only(company, "e1", "me"), one)), clock)
    first = await floor.capture()
    await floor.accept(first.id, "e1")
    assert (await floor.capture()).stage == "waiting"
    clock.step(hours=14)  # a new day in Shanghai
    assert (await floor.capture()).stage == ("waiting" if cap.active == 1 else "offered")


@pytest.mark.parametrize("before", ["nobody", "an employee", "in another team", "long in another team"])
async def test_who_is_new_in_a_team_starts_level_with_it(
    open_store: OpenStore, clock: SteppedClock, before: str
) -> None:
    plenty = Capacity(unaccepted=99, per_day=99)
    known = [person(rep, Role.REP, "east", capacity=plenty) for rep in ("e1", "e2")]
    known.append(person("dir", Role.DIRECTOR))
    was = {"nobody": [], "an employee": [person("new", Role.EMPLOYEE)]}.get(
        before, [person("new", Role.REP, "south")]
    )
    routes = (Route(team="east"),)
    floor = Floor(await open_store(make_company([*known, *was], routes=routes)), clock)
    for _ in range(6):
        await floor.capture()
    for _ in range(9 if before == "long in another team" else 0):
        await floor.assign((await floor.capture()).id, "new", "dir")
    known.append(person("new", Role.REP, "east", capacity=plenty))
    floor.store.company = make_company(known, routes=routes)
    owners = Counter([(await floor.capture()).owner for _ in range(6)])
    assert owners == {"e1": 2, "e2": 2, "new": 2}


async def test_who_was_full_is_not_given_what_they_missed_in_one_burst(
    open_store: OpenStore, clock: SteppedClock, company: Company
) -> None:
    cap = Capacity(unaccepted=9, active=1)
    pair = [
        replace(company.people["e1"], capacity=cap),
        replace(company.people["e2"], capacity=Capacity(unaccepted=9)),
    ]
    floor = Floor(await open_store(with_people(only(company, "e1", "e2", "me"), *pair)), clock)
    kept = (await floor.capture()).id
    await floor.accept(kept, "e1")
    for _ in range(8):
        await floor.accept((await floor.capture()).id, "e2")
    await floor.take(kept, "me")  # e1 has room again
    owners = [(await floor.capture()).owner for _ in range(5)]
    assert owners == ["e1", "e1", "e2", "e1", "e2"]


async def test_shares_follow_the_weights_over_a_thousand_leads(
    open_store: OpenStore, clock: SteppedClock
) -> None:
    weights = {"e1": 1.0, "e2": 2.0, "e3": 0.5, "e4": 0.0}
    plenty = Capacity(unaccepted=2000, active=2000, per_day=2000)
    reps = [person(rep, Role.REP, "east", weight=weight, capacity=plenty) for rep, weight in weights.items()]
    company = make_company([*reps, person("me", Role.MANAGER, "east")])
    floor = Floor(await open_store(company), clock)
    found = await asyncio.gather(*(floor.capture() for _ in range(1000)))
    shares = Counter(lead.owner for lead in found)
    assert shares["e4"] == 0
    for rep, weight in weights.items():
        assert abs(shares[rep] - 1000 * weight / 3.5) <= 2
    desk, _ = await floor.duty("e4", on=False)
    assert desk.given == 0
    await floor.assign(found[0].id, "e4", "me")  # by hand, a weight of nothing counts as one
    assert (await floor.desk("e4")).turn == 1.0
    assert await floor.audit() == []


async def test_a_route_sends_a_lead_to_its_team(open_store: OpenStore, clock: SteppedClock) -> None:
    routes = (Route(team="south", when={"region": ("广东", "深圳")}), Route(team="east"))
    floor = Floor(await open_store(make_company(routes=routes)), clock)
    assert (await floor.capture(region="深圳市")).owner == "s1"
    other = await floor.capture(region="上海")
    assert (other.team, other.owner) == ("east", "e1")


async def test_a_lead_of_no_route_goes_to_the_team_of_its_rep(floor: Floor) -> None:
    lead = await floor.capture()
    assert (lead.owner, lead.team) == ("e1", "east")


def test_a_rep_without_a_team_is_offered_nothing() -> None:
    loner = Person(id="x", name="X", role=Role.REP)
    assert make_company([loner]).reps(None) == ()


async def test_a_manager_gives_leads_to_their_own_people_themselves_or_upwards(floor: Floor) -> None:
    lead = (await floor.capture(team="east")).id
    with pytest.raises(NotAllowed):
        await floor.assign(lead, "s1", "me")
    for to in ("e2", "me", "dir"):
        await floor.assign(lead, to, "me")
        assert (await floor.lead(lead)).owner == to
    await floor.assign(lead, "s1", "dir")
    assert (await floor.lead(lead)).owner == "s1"
