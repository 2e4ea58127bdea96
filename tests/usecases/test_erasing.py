"""What erasing a customer does to a lead, whatever its state, and what gives a customer away elsewhere."""

from dataclasses import replace
from datetime import datetime

import pytest

from domain.errors import CustomerErased, NotAllowed, UnknownLead
from domain.lead import Customer
from domain.notices import Notice, Tell
from domain.ports import Dialog, Uow
from domain.usecases import erasing, leads, notes
from domain.usecases.delivery import Sent
from domain.usecases.erasing import traces_of
from storage.epoch import read_standing
from storage.uow import UnitOfWork
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


def keep_answers(uow: UnitOfWork, *, answers: dict[str, str], now: datetime) -> None:
    for key, answer in answers.items():
        uow.answered(key, answer, now)


async def test_a_number_that_only_begins_alike_is_another_leads(floor: Floor) -> None:
    lead = (await floor.capture()).id
    answers = {"a": f"已接收 {lead} 王强", "b": f"已接收 {lead}7", "c": f"{lead}7、{lead}。", "d": "L9"}
    await floor.do(keep_answers, answers=answers, now=floor.now)
    await erase(floor, lead)
    kept = await floor.rows("SELECT key, answer FROM inbox ORDER BY key")
    assert [answer == answers[key] for key, answer in kept] == [False, True, False, True]


async def test_an_older_backup_may_lack_the_lead(floor: Floor) -> None:
    lead = (await floor.capture()).id
    found = await floor.do(erasing.erase_again, lead_ids=["L9", lead], at=floor.now, instead="{}")
    assert [each.lead.id for each in found] == [lead]
    assert (await floor.lead(lead)).erased
    stands = await floor.do(read_standing)
    assert set(stands.erased) == {"L9", lead}, "a newer backup may yet bring it back"


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


async def test_words_on_their_way_to_a_phone_do_not_come_back(floor: Floor) -> None:
    """A copy is drawn anew, and an answer shown, by who had claimed them before the customer was erased."""
    lead = (await floor.capture(name="欧阳雀翎")).id
    await floor.show()
    await floor.do(answers, lead=lead, at=floor.now)
    await floor.show()
    await floor.do(refreshes, lead=lead, at=floor.now)
    (redraw,) = await floor.claim()
    await floor.do(answers, lead=lead, at=floor.now, key="reply:2")
    (answer,) = await floor.claim()
    await erase(floor, lead)
    await floor.settle(
        Sent(delivery=redraw.delivery, shown=tuple(redraw.copies)),
        Sent(delivery=answer.delivery, shown=(floor.copy(answer.delivery),)),
    )
    await floor.show()
    assert [row for row in await floor.rows("SELECT args FROM shown") if "欧阳" in row[0]] == []


async def test_a_question_that_names_two_leads_forgets_the_words_with_either(floor: Floor) -> None:
    first, second = (await floor.capture()).id, (await floor.capture()).id
    await floor.show()
    await floor.do(answers, lead=first, at=floor.now, leads=[first, second])
    (asked,) = await floor.claim()
    copies = [
        replace(floor.copy(asked.delivery), message="m", tell="which", lead_id=each)
        for each in (first, second)
    ]
    await floor.settle(Sent(delivery=asked.delivery, shown=tuple(copies)))
    await erase(floor, second)
    assert await floor.rows("SELECT args FROM shown WHERE tell = 'which'") == [("{}",), ("{}",)]
    assert await floor.rows("SELECT key FROM outbox WHERE tell = 'reply'") == []


def answers(uow: Uow, *, lead: str, at: datetime, key: str = "reply:1", **more: object) -> None:
    args = {"card": "note", "words": "欧阳雀翎自己说的", **more}
    uow.tell(Notice(key=key, tell=Tell.REPLY, to="e1", lead_id=lead, args=args, at=at))


def refreshes(uow: Uow, *, lead: str, at: datetime) -> None:
    uow.refresh(lead, at)
