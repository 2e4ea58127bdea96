"""A customer who scanned a member's code."""

from typing import Any

from domain.usecases import leads
from domain.usecases.scanned import customer_scanned, name_customer
from tests.fakes.company import EAST, SOUTH
from tests.fakes.floor import Floor


async def scanned(floor: Floor, member: str, customer: str = "wm1") -> Any:
    return await floor.do(
        customer_scanned, source="wecom", member=member, customer=customer, channel="expo", name=None,
        now=floor.now,
    )  # fmt: skip


async def test_the_lead_is_offered_to_the_member_whose_code_it_was(floor: Floor) -> None:
    for member in ("e2", "e3"):
        taken = await scanned(floor, member, f"wm-{member}")
        assert taken.lead.owner == member


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
