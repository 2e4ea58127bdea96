"""A customer who scanned a member's code."""

from datetime import timedelta
from typing import Any

from domain.notices import Tell
from domain.usecases import leads
from domain.usecases.delivery import Failed, Sent, Work
from domain.usecases.scanned import Welcome, customer_scanned, name_customer
from tests.fakes.company import EAST, SOUTH
from tests.fakes.floor import Floor


async def scanned(floor: Floor, member: str, customer: str = "wm1", code: str = "") -> Any:
    welcome = Welcome(code=code, lang="zh", until=floor.now + timedelta(seconds=20)) if code else None
    return await floor.do(
        customer_scanned, source="wecom", member=member, customer=customer, channel="expo", name=None,
        welcome=welcome, now=floor.now,
    )  # fmt: skip


async def welcomes(floor: Floor) -> list[Work]:
    return [each for each in await floor.claim() if each.delivery.tell is Tell.WELCOME]


async def test_the_lead_is_offered_to_the_member_whose_code_it_was(floor: Floor) -> None:
    for member in ("e2", "e3"):
        taken = await scanned(floor, member, f"wm-{member}")
        assert taken.lead.owner == member
        assert await floor.kinds(taken.lead.id) == ["captured", "assigned"]


async def test_a_code_of_ones_own_costs_nobody_else_a_turn(floor: Floor) -> None:
    for customer in ("wm1", "wm2"):
        await scanned(floor, "e3", customer)
    desks = [await floor.desk(rep) for rep in EAST]
    assert [(desk.given, desk.turn) for desk in desks] == [(0, 0.0), (0, 0.0), (2, 2.0)]


async def test_the_same_customer_on_the_same_code_is_one_lead(floor: Floor) -> None:
    first, again = await scanned(floor, "e2"), await scanned(floor, "e2")
    assert (again.lead.id, again.known) == (first.lead.id, True)


async def test_the_turn_decides_where_the_member_may_be_given_no_leads(floor: Floor) -> None:
    await floor.duty("e3", on=False)
    owners = {(await scanned(floor, who, f"wm-{who}")).lead.owner for who in ("me", "emp", "gone", "e3")}
    assert owners <= {*EAST, *SOUTH} - {"e3"}


async def test_when_nobody_can_be_offered_it_the_members_code_changes_nothing(floor: Floor) -> None:
    first = (await scanned(floor, "e1")).lead
    await floor.do(leads.withdraw_lead, lead_id=first.id, by="dir", at=floor.now)
    again = await scanned(floor, "e1")
    assert again.lead.id == first.id
    assert (await floor.lead(first.id)).stage == "invalid"


async def test_the_platform_names_them_until_the_lead_is_closed(floor: Floor) -> None:
    lead = (await scanned(floor, "e1")).lead
    for name in ("周倩", "周倩"):
        await floor.do(name_customer, lead_id=lead.id, name=name, now=floor.now)
    assert (await floor.kinds(lead.id)).count("edited") == 1
    await floor.do(leads.withdraw_lead, lead_id=lead.id, by="dir", at=floor.now)
    await floor.do(name_customer, lead_id=lead.id, name="别人", now=floor.now)
    assert (await floor.lead(lead.id)).customer.name == "周倩"


async def test_a_welcome_is_queued_with_the_lead_once_for_each_code(floor: Floor) -> None:
    [lead] = {(await scanned(floor, "e1", code=code)).lead.id for code in ("wc1", "wc1", "wc2")}
    found = {each.delivery.args["code"]: each.delivery for each in await welcomes(floor)}
    assert found.keys() == {"wc1", "wc2"}
    assert {(each.to, each.lead_id) for each in found.values()} == {("", lead)}


async def test_a_welcome_that_was_not_to_be_is_a_fact_once_and_rings_nobody(floor: Floor) -> None:
    lead = (await scanned(floor, "e1", code="wc1")).lead.id
    [work] = await welcomes(floor)
    late = Failed(delivery=work.delivery, why="late", again_in=None)
    await floor.settle(late)
    await floor.settle(late)
    assert (await floor.kinds(lead)).count("unwelcomed") == 1
    assert await floor.told(Tell.DEAD) == []
    floor.clock.step(seconds=31)
    assert await welcomes(floor) == []


async def test_a_welcome_that_went_is_no_fact(floor: Floor) -> None:
    lead = (await scanned(floor, "e1", code="wc1")).lead.id
    [work] = await welcomes(floor)
    await floor.settle(Sent(delivery=work.delivery))
    assert "unwelcomed" not in await floor.kinds(lead)
