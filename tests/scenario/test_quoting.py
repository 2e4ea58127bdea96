"""A message written under another one: it belongs to the lead of what it quotes, whatever else it might mean."""

from tests.scenario.world import Phone, World, words


async def two_leads(world: World) -> tuple[Phone, str, str]:
    """A rep who holds two leads, and wrote last about the second."""
    rep = world.phone("zhangwei")
    for each in ("lilei", "hanmeimei"):
        await world.phone(each).type("/off")
    first = await world.submit("周倩", company="杭州云栖数据有限公司")
    second = await world.submit("何其芳", company="宁波恒通机械有限公司")
    for name in ("周倩", "何其芳"):
        await rep.does("accept", name)
    await rep.type("何其芳说预算30万")
    return rep, first, second


async def notes_of(world: World, lead: str) -> list[str]:
    return sorted(each["text"] for each in await world.notes(lead))


async def test_under_a_leads_card_it_is_that_leads_note(world: World) -> None:
    rep, first, _ = await two_leads(world)
    [card] = await rep.replies(await rep.card("周倩", "live"), "对方在考虑，周五再问")
    assert "周倩" in card["card"]["title"]
    assert await notes_of(world, first) == ["对方在考虑，周五再问"]
    assert await world.audit() == []


async def test_under_ones_own_note_it_belongs_to_the_same_lead(world: World) -> None:
    rep, first, _ = await two_leads(world)
    await rep.type("周倩电话打通了")
    mine = next(each for each in await rep.messages() if each["text"] == "周倩电话打通了")
    await rep.type("何其芳没接电话")
    await rep.replies(mine, "下午发资料给她")
    assert await notes_of(world, first) == ["下午发资料给她", "周倩电话打通了"]


async def test_under_an_answer_of_the_bot_its_number_counts(world: World) -> None:
    rep, first, _ = await two_leads(world)
    await rep.type(f"/next {first} 明天下午三点 回访")
    said = [each for each in await rep.messages() if each["type"] == "text" and first in each["text"]][-1]
    await rep.replies(said, "客户改口了，想先看案例")
    assert await notes_of(world, first) == ["客户改口了，想先看案例"]


async def test_a_command_under_a_card_speaks_of_its_lead(world: World) -> None:
    rep, first, _ = await two_leads(world)
    await rep.replies(await rep.card("周倩", "live"), "/visit 今天去了现场，客户满意")
    assert [each["kind"] for each in await world.notes(first)] == ["visit"]


async def test_the_quoted_question_is_still_answered(world: World) -> None:
    xiaolin = world.phone("xiaolin")
    [asked] = await xiaolin.type("/lead 周倩 杭州云栖数据有限公司 软件 想上MES")
    await xiaolin.replies(asked, "13812345688")
    lead = asked["text"].split()[0]
    assert (await world.lead(lead))["stage"] == "offered"


async def test_an_open_question_about_another_lead_waits(world: World) -> None:
    rep, first, second = await two_leads(world)
    await rep.does("visit", "何其芳")
    await rep.replies(await rep.card("周倩", "live", "visit"), "客户说预算有80万")
    assert await notes_of(world, first) == ["客户说预算有80万"]
    await rep.type("看了车间，谈得不错")
    assert sorted(each["kind"] for each in await world.notes(second)) == ["note", "visit"]


async def test_a_card_of_several_leads_decides_nothing(world: World) -> None:
    rep, first, second = await two_leads(world)
    await world.advance("26h")
    [which] = await rep.type("/note 客户说预算涨了")
    assert "哪条" in words(which)
    [again] = await rep.replies(which, "电话没人接")
    assert "哪条" in words(again)
    for lead, kept in ((first, []), (second, ["何其芳说预算30万"])):
        assert await notes_of(world, lead) == kept


async def test_who_may_not_see_the_lead_learns_nothing_by_quoting(world: World) -> None:
    _, first, _ = await two_leads(world)
    xiaolin, other = world.phone("xiaolin"), world.phone("lilei")
    mine = await xiaolin.card("周倩")
    status, _ = await world.call(
        "/sim/api/people/lilei/messages", {"text": "已约周三演示", "quote": mine["id"]}
    )
    assert status == 404
    assert first not in words({"all": await other.messages()})


async def test_under_an_earlier_draft_s_question_it_is_that_draft_s_answer(world: World) -> None:
    xiaolin = world.phone("xiaolin")
    [asked] = await xiaolin.type("/lead 周倩 杭州云栖数据有限公司 13812345688 想上MES")
    [later] = await xiaolin.type("/lead 何其芳 宁波恒通机械有限公司 13812345699 想上ERP")
    first, second = asked["text"].split()[0], later["text"].split()[0]
    await xiaolin.replies(asked, "电梯")
    assert ((await world.lead(first))["industry"], (await world.lead(first))["stage"]) == ("电梯", "offered")
    await xiaolin.type("机械")
    assert (await world.lead(second))["industry"] == "机械"
    await xiaolin.replies(asked, "电梯都是他们家的")
    assert await notes_of(world, first) == ["电梯都是他们家的"], "a lead that is out has no question"
