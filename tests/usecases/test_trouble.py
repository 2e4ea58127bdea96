"""What goes wrong outside: a platform that refuses, an outage, a night in which nothing ran."""

from datetime import timedelta

import pytest

from domain.notices import Tell
from domain.people import Company
from domain.usecases import escalation, watch
from domain.usecases.delivery import Failed
from storage.housekeeping import tidy
from tests.conftest import OpenStore
from tests.fakes.clock import SteppedClock
from tests.fakes.company import only, with_people
from tests.fakes.floor import Floor


async def test_a_refused_card_goes_to_the_next_rep_at_once(floor: Floor) -> None:
    lead = (await floor.capture()).id
    await floor.show(fails=frozenset({"e1"}))
    found = await floor.lead(lead)
    assert (found.owner, found.cycles) == ("e2", 2)
    assert await floor.kinds(lead) == ["captured", "assigned", "refused_by_platform", "assigned", "delivered"]
    assert not (await floor.desk("e1")).on_duty
    assert await floor.told(Tell.DEAD) == ["adm"]


async def test_a_refused_card_of_an_old_offer_moves_nothing(floor: Floor) -> None:
    lead = (await floor.capture()).id
    (work,) = await floor.claim()
    await floor.assign(lead, "e3", "me")
    await floor.settle(Failed(delivery=work.delivery, why="invaliduser", again_in=None))
    found = await floor.lead(lead)
    assert (found.owner, found.cycles) == ("e3", 2)
    assert (await floor.desk("e1")).on_duty


async def test_a_lead_accepted_meanwhile_stays_accepted(floor: Floor) -> None:
    lead = (await floor.capture()).id
    (work,) = await floor.claim()
    await floor.accept(lead, "e1")
    await floor.settle(Failed(delivery=work.delivery, why="timeout", again_in=None))
    assert (await floor.lead(lead)).stage == "accepted"


async def test_an_alert_that_cannot_be_told_is_told_to_the_admins(floor: Floor) -> None:
    lead = (await floor.capture()).id
    await floor.show()
    floor.clock.step(minutes=5)
    await floor.sweep()
    await floor.show(fails=frozenset({"me"}))
    assert await floor.told(Tell.DEAD) == ["adm"]
    assert (await floor.lead(lead)).owner == "e1"


async def test_the_death_of_a_death_notice_is_the_end(floor: Floor) -> None:
    await floor.capture()
    await floor.show(fails=frozenset({"e1", "adm"}))
    assert await floor.told(Tell.DEAD) == ["adm"]
    states = await floor.rows("SELECT state FROM outbox WHERE tell = 'dead'")
    assert states == [("dead",)]


async def test_what_was_given_up_goes_with_the_word_of_it_and_not_before(floor: Floor) -> None:
    await floor.capture()
    await floor.show(fails=frozenset({"e1"}))
    for days in (29, 31):
        await floor.do(tidy, now=floor.now + timedelta(days=days))
        assert [each for each in await floor.audit() if each.invariant == 6] == []
        dead = await floor.rows("SELECT key FROM outbox WHERE state = 'dead'")
        assert len(dead) == (days < 30)


async def test_without_admins_the_nearest_leader_hears(
    open_store: OpenStore, clock: SteppedClock, company: Company
) -> None:
    floor = Floor(await open_store(with_people(company, gone=["adm"])), clock)
    await floor.capture()
    await floor.show(fails=frozenset({"e1"}))
    assert await floor.told(Tell.DEAD) == ["dir"]
    assert await floor.audit() == []


async def test_an_unreachable_director_is_reported_to_the_admin(
    open_store: OpenStore, clock: SteppedClock, company: Company
) -> None:
    floor = Floor(await open_store(only(company, "e1", "adm")), clock)
    lead = await floor.capture()
    await floor.assign(lead.id, "e1", "adm")
    await floor.show(fails=frozenset({"adm"}))
    assert await floor.told(Tell.DEAD) == []


@pytest.mark.parametrize("times", [1, 2])
async def test_an_outage_is_charged_to_nobody(floor: Floor, times: int) -> None:
    offered = (await floor.capture()).id
    held = (await floor.capture()).id
    await floor.show()
    await floor.accept(held, (await floor.lead(held)).owner or "")
    since = floor.now
    floor.clock.step(hours=5)
    done = 0
    for _ in range(times):
        done = await floor.do(escalation.resume_after_gap, since=since, until=floor.now)
    assert done == (2 if times == 1 else 0)
    found = await floor.lead(offered)
    assert (found.stage, found.cycles) == ("offered", 2)
    assert (await floor.kinds(offered))[-3:] == ["breached", "resumed", "assigned"]
    again = await floor.lead(held)
    assert (again.contact_from, again.contact_fired) == (floor.now, 0)
    assert await floor.told(Tell.GAP) in (["me"], ["me", "ms"])
    assert await floor.told(Tell.ALERT) == []


async def test_an_outage_forgives_nothing_that_was_broken_before(floor: Floor) -> None:
    lead = (await floor.capture()).id
    await floor.show()
    await floor.accept(lead, "e1")
    await floor.wait(hours=7, minutes=59)
    broken = (await floor.lead(lead)).broken_at
    since = floor.now
    floor.clock.step(minutes=6)
    await floor.do(escalation.resume_after_gap, since=since, until=floor.now)
    assert broken is not None
    assert (await floor.lead(lead)).broken_at == broken
    assert await floor.told(Tell.ALERT, lead) == ["me", "dir"]


async def test_what_waited_through_the_outage_is_placed(office: Floor) -> None:
    office.clock.step(hours=12)
    waits = (await office.capture()).id
    nurtured = (await office.capture()).id
    since = office.now
    office.clock.step(hours=12, minutes=30)
    await office.do(escalation.resume_after_gap, since=since, until=office.now)
    assert (await office.lead(waits)).stage == "offered"
    assert (await office.lead(nurtured)).stage == "offered"
    assert await office.told(Tell.GAP) in (["me"], ["me", "ms"])


async def test_a_fulfilled_wait_is_over_when_nothing_is_due(floor: Floor) -> None:
    assert (
        await floor.do(escalation.resume_after_gap, since=floor.now - timedelta(hours=1), until=floor.now)
        == 0
    )
    assert await floor.told(Tell.GAP) == []


async def test_what_waits_for_room_waits_on_and_nobody_hears_of_a_gap(floor: Floor, company: Company) -> None:
    for rep in company.reps(None):
        await floor.duty(rep.id, on=False)
    lead = (await floor.capture()).id
    since = floor.now
    floor.clock.step(hours=1)
    assert await floor.do(escalation.resume_after_gap, since=since, until=floor.now) == 1
    assert (await floor.lead(lead)).stage == "waiting"
    assert await floor.told(Tell.GAP) == []


@pytest.mark.parametrize("admins", [True, False])
async def test_a_year_without_announced_days_off_is_told_once_a_day(
    open_store: OpenStore, clock: SteppedClock, office_company: Company, admins: bool
) -> None:
    company = office_company if admins else with_people(office_company, gone=["adm"])
    floor = Floor(await open_store(company), clock)
    assert await floor.do(watch.warn_of_calendar, now=floor.now) in (None, 2027)
    before = len(await floor.told(Tell.CALENDAR))
    clock.step(days=40)
    for _ in range(2):
        assert await floor.do(watch.warn_of_calendar, now=floor.now) == 2027
    assert (await floor.told(Tell.CALENDAR))[before:] == ["adm" if admins else "dir"]
    year = clock.step(days=-300)
    assert await floor.do(watch.warn_of_calendar, now=year) is None
