"""The three questions as the submitter meets them: only what the text leaves open is asked, by quick replies."""

import pytest

from tests.scenario.world import World, key_of, texts, verbs, words

WHO = "/lead 周倩 杭州云栖数据有限公司 采购总监 13812345688 软件"


def choice(message: dict[str, object], text: str) -> str:
    card = message["card"]
    assert isinstance(card, dict)
    return str(next(each["key"] for each in card["buttons"] if each["text"] == text))


async def test_what_the_text_answers_is_not_asked(world: World) -> None:
    [card] = await world.phone("xiaolin").type(f"{WHO} 想上一套MES")
    assert verbs(card) == ["edit", "undo"]
    assert "✅购买意愿「想上一套MES」 ✅可参与「想上一套MES」" in words(card)


async def test_two_taps_answer_what_is_open_and_the_rep_sees_it(world: World) -> None:
    xiaolin = world.phone("xiaolin")
    [card] = await xiaolin.type(f"{WHO} 数据平台")
    lead = key_of(card, "undo").split(":")[1]
    assert "还差 2 问）：客户有购买意愿吗" in words(card)
    assert "已记" in (await xiaolin.press(card, choice(card, "有意愿")))["text"]
    card = await xiaolin.card("周倩", verb="choose")
    assert "还差 1 问）：这个项目我们能参与吗" in words(card)
    await xiaolin.press(card, choice(card, "不清楚"))
    card = await xiaolin.card("周倩")
    assert verbs(card) == ["edit", "undo"]
    rep = await world.owner(lead)
    assert "三问：✅特定客户 ✅购买意愿 ❔可参与不清楚" in words(await rep.card("周倩", "live"))
    assert (await world.lead(lead))["stage"] == "offered"
    assert await world.audit() == []


async def test_a_no_closes_the_lead_names_the_question_and_one_tap_takes_it_back(world: World) -> None:
    xiaolin = world.phone("xiaolin")
    [card] = await xiaolin.type(f"{WHO} 数据平台")
    lead = key_of(card, "undo").split(":")[1]
    rep = await world.owner(lead)
    said = await xiaolin.press(card, choice(card, "没意愿"))
    assert "购买意愿不成立" in said["text"]
    assert (await world.lead(lead))["stage"] == "invalid"
    assert not await rep.cards("周倩", "live")
    card = await xiaolin.card("周倩")
    assert "不算线索" in words(card)
    await xiaolin.press(card, key_of(card, "cancel"))
    assert (await world.lead(lead))["stage"] == "offered"
    assert await (await world.owner(lead)).cards("周倩", "live", "accept")
    assert await world.audit() == []


async def test_a_trend_that_gets_its_customer_keeps_its_words(world: World) -> None:
    xiaolin = world.phone("xiaolin")
    [card] = await xiaolin.type("/lead 新能源行业很火，都想上MES")
    assert "哪家客户" in words(card)
    said = texts(await xiaolin.type("宁德时代"))
    assert "联系人" in said
    lead = said.split()[0]
    assert (await world.lead(lead))["stage"] == "draft"
    await xiaolin.type("周倩")
    await xiaolin.type("13812345688")
    answers = await xiaolin.type("新能源")
    assert verbs(answers[-1]) == ["edit", "undo"]
    assert "都想上MES" in words(answers[-1])


@pytest.mark.parametrize(
    "refusal", ["只是随便问问，没有采购计划", "不打算采购", "目前没有上MES的计划", "近期无采购意向"]
)
async def test_a_refusal_is_no_wish(world: World, refusal: str) -> None:
    [card] = await world.phone("xiaolin").type(f"{WHO} {refusal}")
    assert "客户有购买意愿吗" in words(card)
    assert "✅购买意愿" not in words(card)


@pytest.mark.parametrize(
    ("wish", "said"), [("之前没用过，想上一套MES", "想上一套MES"), ("未来计划上MES", "未来计划上MES")]
)
async def test_a_word_of_no_that_is_none_or_stands_elsewhere_leaves_the_wish(
    world: World, wish: str, said: str
) -> None:
    [card] = await world.phone("xiaolin").type(f"{WHO} {wish}")
    assert f"✅购买意愿「{said}」" in words(card)
