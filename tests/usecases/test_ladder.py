"""The clock's side of a lead's life, step by step: who is rung, when, and what is written down."""

from datetime import timedelta

import pytest

from domain.notices import Tell
from domain.people import Company
from domain.sla import Do, Policy, Step, To
from tests.conftest import OpenStore
from tests.fakes.clock import MONDAY_TEN, SteppedClock
from tests.fakes.company import make_company, only
from tests.fakes.floor import Floor

HOUR = timedelta(hours=1)


async def offered(floor: Floor) -> str:
    """A lead at e1 whose card was shown: its clock runs."""
    lead = await floor.capture()
    await floor.show()
    return lead.id


async def test_the_whole_ladder_in_order(floor: Floor) -> None:
    lead = await offered(floor)
    assert await floor.kinds(lead) == ["captured", "assigned", "delivered"]

    await floor.wait(minutes=2, seconds=59)
    assert await floor.told(Tell.REMIND) == []
    await floor.wait(seconds=1)
    assert await floor.told(Tell.REMIND) == ["e1"]

    await floor.wait(minutes=2)
    assert await floor.told(Tell.ALERT) == ["me"]
    found = await floor.lead(lead)
    assert found.cycle is not None
    assert found.cycle.breached_at == floor.now
    assert (found.owner, found.stage) == ("e1", "offered")

    await floor.wait(minutes=5)
    found = await floor.lead(lead)
    assert (found.owner, found.offers, found.cycles) == ("e2", 2, 1)
    assert found.cycle is not None
    assert found.cycle.lapsed == ("e1",)
    assert await floor.told(Tell.OFFER) == ["e1", "e2"]
    assert ((await floor.desk("e2")).given, (await floor.desk("e2")).turn) == (1, 1.0)  # it was e2's turn

    await floor.wait(minutes=5)
    found = await floor.lead(lead)
    assert found.offer is not None
    assert (found.owner, found.offer.grab, found.offers) == (None, True, 3)
    assert sorted(await floor.told(Tell.GRAB)) == ["e1", "e2", "e3"]

    await floor.wait(minutes=15)
    assert await floor.told(Tell.ALERT) == ["me", "dir"]
    assert await floor.kinds(lead) == [
        "captured", "assigned", "delivered", "reminded", "breached", "escalated", "reassigned", "delivered",
        "grab_opened", "delivered", "escalated",
    ]  # fmt: skip


async def test_the_director_is_rung_again_until_somebody_takes_it(floor: Floor) -> None:
    lead = await offered(floor)
    await floor.wait(minutes=30)
    for _ in range(3):
        await floor.wait(hours=8)
    assert await floor.told(Tell.ALERT, lead) == ["me", "dir", "dir", "dir", "dir"]
    await floor.take(lead, "dir")
    await floor.contact(lead, "dir")
    await floor.wait(hours=24)
    assert len(await floor.told(Tell.ALERT, lead)) == 5


async def test_steps_that_were_missed_together_fire_in_order(floor: Floor) -> None:
    lead = await offered(floor)
    await floor.wait(minutes=31)
    assert (await floor.kinds(lead))[3:] == [
        "reminded", "breached", "escalated", "reassigned", "grab_opened", "escalated", "delivered",
    ]  # fmt: skip
    assert (await floor.desk("e1")).lapses == 1
    assert (await floor.desk("e2")).lapses == 0  # never saw the card


async def test_a_second_sweep_changes_nothing(floor: Floor) -> None:
    lead = await offered(floor)
    await floor.wait(minutes=5)
    before = await floor.kinds(lead)
    assert await floor.sweep() == []
    assert await floor.kinds(lead) == before


async def test_an_accept_ends_the_ladder(floor: Floor) -> None:
    lead = await offered(floor)
    await floor.wait(minutes=4)
    await floor.accept(lead, "e1")
    await floor.wait(minutes=20)
    assert await floor.told(Tell.ALERT) == []
    assert await floor.kinds(lead) == ["captured", "assigned", "delivered", "reminded", "accepted"]


async def test_a_late_accept_is_recorded_as_late(floor: Floor) -> None:
    lead = await offered(floor)
    await floor.wait(minutes=6)
    await floor.accept(lead, "e1")
    facts = await floor.rows("SELECT data FROM events WHERE kind = 'accepted'")
    assert facts == [('{"late":true}',)]


async def test_a_breach_while_off_duty_is_excused(floor: Floor) -> None:
    lead = await offered(floor)

    def off(uow: object) -> None:
        mine = uow.desk("e1")  # type: ignore[attr-defined]
        mine.on_duty = False
        uow.save_desk(mine)  # type: ignore[attr-defined]

    await floor.do(off)
    await floor.wait(minutes=5)
    facts = await floor.rows("SELECT data FROM events WHERE kind = 'breached' AND lead_id = ?", lead)
    assert '"excluded":"off_duty"' in facts[0][0]
    assert '"rep":"e1"' in facts[0][0]


# -- the card that is not shown -----------------------------------------------------------------------------


async def test_the_clock_starts_with_the_card_and_not_before(floor: Floor) -> None:
    lead = (await floor.capture()).id
    floor.clock.step(seconds=50)
    await floor.sweep()
    await floor.show()
    await floor.wait(minutes=2, seconds=59)
    assert await floor.told(Tell.REMIND) == []
    await floor.wait(seconds=1)
    assert await floor.told(Tell.REMIND, lead) == ["e1"]


async def test_a_card_not_shown_within_a_minute_is_the_systems_fault(floor: Floor) -> None:
    lead = (await floor.capture()).id
    floor.clock.step(seconds=60)
    await floor.sweep()
    assert await floor.told(Tell.ALERT, lead) == ["me"]
    found = await floor.lead(lead)
    assert found.offer is not None
    assert found.offer.alarmed
    floor.clock.step(minutes=9)
    assert await floor.sweep() == []  # told once
    await floor.show()
    facts = await floor.rows("SELECT data FROM events WHERE kind = 'delivered'")
    assert facts == [('{"waited":600.0,"cause":"system"}',)]
    assert "breached" not in await floor.kinds(lead)
    await floor.wait(minutes=5)
    assert (await floor.kinds(lead))[-3:] == ["reminded", "breached", "escalated"]


async def test_a_card_shown_twice_counts_once(floor: Floor) -> None:
    lead = await floor.capture()
    await floor.show()

    def again(uow: object) -> bool:
        shown: bool = uow.lead(lead.id).delivered(1, at=floor.now)  # type: ignore[attr-defined]
        return shown

    assert not await floor.do(again)


async def test_who_never_saw_the_card_let_nothing_lapse(floor: Floor) -> None:
    lead = await offered(floor)
    floor.clock.step(minutes=10)
    await floor.sweep()  # now at e2, who never sees it
    floor.clock.step(minutes=5)
    await floor.sweep()
    found = await floor.lead(lead)
    assert found.cycle is not None
    assert found.cycle.lapsed == ("e1",)
    assert (await floor.desk("e2")).lapses == 0
    assert (await floor.kinds(lead)).count("undelivered") == 1


@pytest.mark.parametrize("shown", [True, False])
async def test_a_breach_of_a_lead_that_was_passed_on_is_not_held_against_who_never_saw_it(
    open_store: OpenStore, clock: SteppedClock, shown: bool
) -> None:
    steps = (
        Step(after=timedelta(minutes=4), do=Do.REASSIGN),
        Step(after=timedelta(minutes=5), do=Do.ALERT, to=To.MANAGER),
    )
    floor = Floor(await open_store(make_company(policy=Policy(steps=steps))), clock)
    lead = await offered(floor)
    clock.step(minutes=4)
    await floor.sweep()
    if shown:
        await floor.show()
    clock.step(minutes=1)
    await floor.sweep()
    facts = await floor.rows("SELECT data FROM events WHERE kind = 'breached' AND lead_id = ?", lead)
    assert '"rep":"e2"' in facts[0][0]
    assert ('"excluded":"undelivered"' in facts[0][0]) is not shown


# -- nobody left to give it to ------------------------------------------------------------------------------


async def test_a_reassign_that_finds_nobody_is_written_down(
    open_store: OpenStore, clock: SteppedClock
) -> None:
    floor = Floor(await open_store(only(make_company(), "e1", "me", "dir")), clock)
    lead = await offered(floor)
    await floor.wait(minutes=10)
    facts = await floor.rows("SELECT data FROM events WHERE lead_id = ? ORDER BY no DESC LIMIT 1", lead)
    assert facts == [('{"level":"reassign","why":"nobody"}',)]
    assert (await floor.lead(lead)).owner == "e1"
    assert await floor.audit() == []


async def test_a_manager_who_has_the_lead_is_not_rung_about_themself(floor: Floor) -> None:
    lead = await offered(floor)
    await floor.assign(lead, "me", "me")
    await floor.show()
    await floor.wait(minutes=5)
    assert await floor.told(Tell.ALERT, lead) == ["dir"]


async def test_a_director_who_has_the_lead_is_not_rung_about_themself(floor: Floor) -> None:
    lead = (await floor.capture()).id
    await floor.take(lead, "dir")
    await floor.wait(hours=8)
    assert await floor.told(Tell.ALERT, lead) == ["me", "adm"]


# -- other policies -----------------------------------------------------------------------------------------


async def test_a_promise_without_a_step_of_its_own_is_breached_all_the_same(
    open_store: OpenStore, clock: SteppedClock
) -> None:
    policy = Policy(within=timedelta(minutes=4), steps=(Step(after=HOUR, do=Do.ALERT, to=To.DIRECTOR),))
    floor = Floor(await open_store(make_company(policy=policy)), clock)
    lead = await offered(floor)
    await floor.wait(minutes=4)
    assert (await floor.kinds(lead))[-1] == "breached"
    assert await floor.told(Tell.ALERT) == []
    await floor.wait(minutes=56)
    assert await floor.told(Tell.ALERT) == ["dir"]


async def test_a_reminder_at_the_end_of_the_promise_hides_no_breach(
    open_store: OpenStore, clock: SteppedClock
) -> None:
    steps = (
        Step(after=timedelta(minutes=5), do=Do.REMIND, to=To.OWNER),
        Step(after=timedelta(minutes=10), do=Do.REASSIGN),
    )
    floor = Floor(await open_store(make_company(policy=Policy(steps=steps))), clock)
    lead = await offered(floor)
    await floor.wait(minutes=5)
    assert (await floor.kinds(lead))[-2:] == ["reminded", "breached"]


async def test_a_new_policy_leaves_running_clocks_alone(floor: Floor) -> None:
    lead = await offered(floor)
    floor.store.company = make_company(policy=Policy(steps=(Step(after=HOUR, do=Do.GRAB),)))
    await floor.wait(minutes=3)
    assert await floor.told(Tell.REMIND, lead) == ["e1"]
    floor.store.company = make_company()


async def test_a_grab_in_a_grab_opens_nothing_new(open_store: OpenStore, clock: SteppedClock) -> None:
    minutes = (timedelta(minutes=6), timedelta(minutes=7), timedelta(minutes=8))
    policy = Policy(
        steps=(
            Step(after=minutes[0], do=Do.GRAB),
            Step(after=minutes[1], do=Do.GRAB),
            Step(after=minutes[2], do=Do.REMIND, to=To.OWNER),
        )
    )
    floor = Floor(await open_store(make_company(policy=policy)), clock)
    lead = await offered(floor)
    await floor.wait(minutes=9)
    assert (await floor.kinds(lead)).count("grab_opened") == 1
    assert await floor.told(Tell.REMIND) == []  # nobody owns it
    assert await floor.audit() == []


async def test_a_lead_passed_on_twice_within_a_minute_charges_only_who_saw_it(
    open_store: OpenStore, clock: SteppedClock
) -> None:
    policy = Policy(
        steps=(
            Step(after=timedelta(minutes=6), do=Do.REASSIGN),
            Step(after=timedelta(minutes=6, seconds=30), do=Do.REASSIGN),
        )
    )
    floor = Floor(await open_store(make_company(policy=policy)), clock)
    lead = await offered(floor)
    clock.step(minutes=6)
    await floor.sweep()
    clock.step(seconds=30)
    await floor.sweep()
    assert (await floor.lead(lead)).owner == "e3"
    assert [(await floor.desk(rep)).lapses for rep in ("e1", "e2")] == [1, 0]
    assert await floor.audit() == []


# -- accepted, and then nothing -----------------------------------------------------------------------------


async def test_accepted_and_idle_climbs_too(floor: Floor) -> None:
    lead = await offered(floor)
    await floor.accept(lead, "e1")
    await floor.wait(hours=3)
    assert await floor.told(Tell.CONTACT_DUE, lead) == ["e1"]
    await floor.wait(hours=1)
    assert await floor.told(Tell.ALERT, lead) == ["me"]
    await floor.wait(hours=4)
    assert await floor.told(Tell.ALERT, lead) == ["me", "dir"]
    await floor.wait(hours=8)
    assert await floor.told(Tell.ALERT, lead) == ["me", "dir", "dir"]
    await floor.contact(lead, "e1")
    facts = await floor.rows("SELECT data FROM events WHERE kind = 'contacted'")
    assert facts == [('{"evidence":"declared","late":true}',)]
    assert (await floor.lead(lead)).next_due(floor.company.calendar) is None


async def test_a_hot_lead_is_to_be_called_within_half_an_hour(floor: Floor) -> None:
    lead = await offered(floor)

    def heats(uow: object) -> None:
        found = uow.lead(lead)  # type: ignore[attr-defined]
        found.tier = "hot"
        uow.save(found)  # type: ignore[attr-defined]

    await floor.do(heats)
    await floor.accept(lead, "e1")
    await floor.wait(minutes=30)
    assert await floor.told(Tell.CONTACT_DUE, lead) == ["e1"]
    assert await floor.told(Tell.ALERT, lead) == ["me"]


async def test_a_contact_in_time_stops_the_clock(floor: Floor) -> None:
    lead = await offered(floor)
    await floor.accept(lead, "e1")
    await floor.wait(hours=3)
    await floor.contact(lead, "e1")
    await floor.wait(hours=48)
    assert await floor.told(Tell.ALERT, lead) == []


# -- working hours ------------------------------------------------------------------------------------------


async def test_the_ladder_pauses_at_lunch(office: Floor) -> None:
    office.clock.step(hours=1, minutes=58)  # 11:58
    lead = await offered(office)
    await office.wait(minutes=2)
    await office.wait(minutes=89)
    assert await office.told(Tell.REMIND, lead) == []
    await office.wait(minutes=2)  # 13:31, three working minutes later
    assert await office.told(Tell.REMIND, lead) == ["e1"]
    await office.wait(minutes=2)
    assert await office.told(Tell.ALERT, lead) == ["me"]


async def test_a_lead_of_the_night_waits_for_the_opening(office: Floor) -> None:
    office.clock.step(hours=12)  # ten in the evening
    lead = (await office.capture()).id
    found = await office.lead(lead)
    assert (found.stage, found.reason, found.owner) == ("waiting", "off_hours", None)
    assert found.wake_at == MONDAY_TEN + timedelta(hours=23)
    assert await office.show() == []
    await office.wait(hours=10, minutes=59)
    assert (await office.lead(lead)).stage == "waiting"
    await office.wait(minutes=1)
    assert (await office.lead(lead)).owner == "e1"
    assert await office.told(Tell.OFFER) == ["e1"]
    assert await office.told(Tell.STUCK) == []


async def test_the_ladder_in_working_hours_reaches_over_the_night(office: Floor) -> None:
    office.clock.step(hours=7, minutes=52)  # 17:52
    lead = await offered(office)
    await office.wait(minutes=8)
    assert await office.told(Tell.ALERT, lead) == ["me"]
    await office.wait(hours=15, minutes=1)
    assert (await office.lead(lead)).owner == "e1"
    await office.wait(minutes=1)  # 9:02 the next day: ten working minutes
    assert (await office.lead(lead)).owner == "e2"
    await office.wait(minutes=20)
    assert await office.told(Tell.ALERT, lead) == ["me", "dir"]


async def test_the_weekend_counts_for_nothing(office: Floor) -> None:
    office.clock.step(days=4, hours=7, minutes=59)  # Friday, 17:59
    lead = await offered(office)
    await office.wait(days=2)
    assert await office.told(Tell.REMIND, lead) == []
    await office.wait(hours=15, minutes=3)
    assert await office.told(Tell.REMIND, lead) == ["e1"]


@pytest.mark.parametrize("role", ["me", "dir"])
async def test_an_alert_goes_past_a_leader_who_is_off_duty(
    open_store: OpenStore, clock: SteppedClock, company: Company, role: str
) -> None:
    floor = Floor(await open_store(), clock)
    await floor.duty(role, on=False)
    lead = await offered(floor)
    await floor.wait(minutes=30)
    heard = await floor.told(Tell.ALERT, lead)
    assert heard == (["dir", "dir"] if role == "me" else ["me", "adm"])
    assert company.people[role].id == role
