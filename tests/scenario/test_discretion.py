"""Who may not see a lead hears the same as for one that was never given: no command and no button tells."""

import pytest

from tests.scenario.world import World, texts

WORDS = (
    "/status {lead}", "/edit {lead} 电话 13900001111", "/edit {lead} 颜色 红", "/edit {lead}", "/edit {lead} 电话",
    "/assign {lead} @张伟", "/note {lead} 打过电话", "/visit {lead} 见了张总", "/next {lead} 明天下午三点 回访",
    "/undo {lead}", "{lead} 打过电话，客户很感兴趣",
)  # fmt: skip
KEYS = (
    "accept:{lead}-1", "grab:{lead}-1", "contacted:{lead}-1", "visit:{lead}-1", "handback:{lead}-1",
    "confirm:handback:{lead}-1", "confirm:draft:{lead}", "confirm:note:{lead}-1", "confirm:next:{lead}-1",
    "cancel:handback:{lead}-1", "cancel:draft:{lead}", "cancel:note:{lead}-1", "edit:{lead}", "undo:{lead}:0",
    "nudge:{lead}:0", "assign:{lead}:0", "take:{lead}:0", "choose:note:{lead}:1", "choose:later:{lead}:1",
)  # fmt: skip
STRANGERS = ("xiaolin", "chenjing", "sunli")


@pytest.mark.parametrize("stranger", STRANGERS)
async def test_a_stranger_cannot_tell_a_lead_from_none(world: World, stranger: str) -> None:
    lead = await world.submit("周倩", by="admin")
    await (await world.owner(lead)).does("accept", "周倩")
    phone, none = world.phone(stranger), "L8888"
    for pattern in WORDS:
        real = texts(await phone.type(pattern.format(lead=lead)))
        other = texts(await phone.type(pattern.format(lead=none)))
        assert real.replace(lead, none) == other, pattern
    mine = (await phone.type("/my"))[-1]
    for pattern in KEYS:
        got, lacked = [
            await phone.press(mine, pattern.format(lead=each), person="zhangwei", reason="full")
            for each in (lead, none)
        ]
        assert (got["ok"], got["text"].replace(lead, none)) == (lacked["ok"], lacked["text"]), pattern
    assert (await world.lead(lead))["stage"] == "accepted"
    assert await world.notes(lead) == []


async def test_an_employee_learns_no_customer_of_others_by_writing_a_note_to_their_firm(world: World) -> None:
    lead = await world.submit("周倩", by="admin")
    await (await world.owner(lead)).does("accept", "周倩")
    for text in ("/note 博达 明天拜访", "/visit 博达 见了人", "/note 上海博达智能科技有限公司 打了电话"):
        said = str(await world.phone("xiaolin").type(text))
        assert ("周倩" in said, lead in said) == (False, False), text
    own = await world.submit("郑爽", by="xiaolin")
    assert own in str(await world.phone("xiaolin").type("/note 博达郑爽 客户要报价"))
    assert await world.notes(lead) == []


async def test_a_colleagues_draft_is_named_to_no_rep_who_writes_of_such_a_firm(world: World) -> None:
    [asked] = await world.phone("xiaolin").type("/lead 王敏 苏州恒远精密机械有限公司 13912345678 想换ERP")
    draft = str(asked["text"]).split()[0]
    said = str(await world.phone("lilei").type("恒远精密机械那边说下周四再聊报价"))
    assert ("王敏" in said, draft in said) == (False, False)
    assert await world.notes(draft) == []


async def test_who_lost_a_lead_still_hears_who_has_it(world: World) -> None:
    lead = await world.submit("周倩")
    first = await world.owner(lead)
    old = await first.card("周倩", "live", "accept")
    await world.advance("10m")
    second = await world.owner(lead)
    await second.does("accept", "周倩")
    answer = await first.press(old, old["card"]["buttons"][0]["key"])
    assert not answer["ok"]
    assert "没有" not in answer["text"]
