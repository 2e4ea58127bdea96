"""What erasing a customer does to a lead, whatever its state, and what gives a customer away elsewhere."""

import pytest

from domain.errors import CustomerErased, NotAllowed, UnknownLead
from domain.lead import Customer
from domain.ports import Dialog, Uow
from domain.usecases import erasing, leads, notes
from domain.usecases.erasing import traces_of
from tests.fakes.floor import Floor


async def erase(floor: Floor, lead: str, by: str = "adm") -> erasing.Erased:
    found: erasing.Erased = await floor.do(
        erasing.erase_lead, lead_id=lead, by=by, at=floor.now, instead='{"text":""}'
    )
    return found


async def test_an_erased_lead_rings_nobody_and_weighs_on_nobody(floor: Floor) -> None:
    lead = (await floor.capture()).id
    await floor.show()
    await floor.accept(lead, "e1")
    found = (await erase(floor, lead)).lead
    assert (found.stage, found.owner, found.customer, found.erased) == ("invalid", None, Customer(), True)
    assert (await floor.desk("e1")).active == 0
    await floor.wait(minutes=600)
    assert (await floor.kinds(lead))[-1] == "erased"
    assert await floor.audit() == []


@pytest.mark.parametrize("draft", [True, False])
async def test_a_draft_and_a_closed_lead_are_erased_too_and_twice_is_once(
    floor: Floor, *, draft: bool
) -> None:
    lead = (await floor.capture(draft=draft, by="emp")).id
    if not draft:
        await floor.do(leads.withdraw_lead, lead_id=lead, by="emp", at=floor.now)
    await erase(floor, lead)
    assert (await erase(floor, lead)).files == ()
    assert (await floor.kinds(lead)).count("erased") == 1


@pytest.mark.parametrize("by", ["me", "dir", "e1", "emp", "mkt"])
async def test_nobody_but_an_admin_erases(floor: Floor, by: str) -> None:
    lead = (await floor.capture()).id
    with pytest.raises(NotAllowed):
        await erase(floor, lead, by)
    with pytest.raises(UnknownLead):
        await erase(floor, "L9")


@pytest.mark.parametrize(
    ("by", "refused"), [("me", CustomerErased), ("e1", CustomerErased), ("s1", UnknownLead)]
)
async def test_an_erased_lead_takes_no_words(floor: Floor, by: str, refused: type[Exception]) -> None:
    lead = (await floor.capture()).id
    await floor.show()
    await floor.accept(lead, "e1")
    await erase(floor, lead)
    heard = notes.Heard(text="她周五到", kind="note")
    with pytest.raises(refused):
        await floor.do(notes.take_note, lead_id=lead, heard=heard, by=by, key="k", at=floor.now)
    with pytest.raises(refused):
        await floor.do(
            notes.plan_next, lead_id=lead, due=floor.now, exact=True, words="送样品", by=by, at=floor.now
        )
    with pytest.raises(refused):
        await floor.do(leads.edit_lead, lead_id=lead, values={"need": "样品"}, by=by, at=floor.now)
    assert await floor.rows("SELECT text FROM notes") == []
    assert await floor.rows("SELECT words FROM plans") == []


async def test_an_older_backup_may_lack_the_lead(floor: Floor) -> None:
    lead = (await floor.capture()).id
    found = await floor.do(erasing.erase_again, lead_ids=["L9", lead], at=floor.now, instead="{}")
    assert [each.lead.id for each in found] == [lead]
    assert (await floor.lead(lead)).erased


def test_what_gives_a_customer_away() -> None:
    known = Customer(name="张伟", phone="+8613812345678", email="a@b.cn", wechat="zw_1", company="博达")
    assert traces_of(known) == ("张伟", "+8613812345678", "13812345678", "a@b.cn", "zw_1")
    assert traces_of(Customer(name="张")) == (), "too short: it would be found everywhere"
    assert traces_of(Customer()) == ()


async def test_words_of_no_lead_go_when_they_name_the_customer(floor: Floor) -> None:
    lead = (await floor.capture(name="欧阳雀翎")).id

    def writes(uow: Uow) -> None:
        for no, about in enumerate(("欧阳雀翎说要涨价", "新能源行业很火")):
            uow.add_market_note(key=f"m{no}", author="e1", text=about, at=floor.now)
            uow.set_dialog(Dialog(person=f"e{no}#1", kind="pending", lead_id="", about=about, at=floor.now))

    await floor.do(writes)
    await erase(floor, lead)
    assert await floor.rows("SELECT text FROM market_notes") == [("新能源行业很火",)]
    assert await floor.rows("SELECT about FROM dialogs") == [("新能源行业很火",)]
