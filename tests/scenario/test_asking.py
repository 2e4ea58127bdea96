"""While the bot asks: words that say something to it are no values, and a question does not wait for ever."""

import pytest

from tests.scenario.world import Phone, World, key_of, texts, words


async def test_what_is_skipped_stays_open_and_the_draft_can_be_sent_as_it_is(world: World) -> None:
    xiaolin = world.phone("xiaolin")
    said = await xiaolin.says("/lead 周倩 杭州云栖数据有限公司")
    lead = said.split()[0]
    assert "行业" in await xiaolin.says("跳过")
    assert "需求" in await xiaolin.says("软件")
    answers = await xiaolin.type("想买CRM")
    assert "联系方式" in words(answers[-1])
    found = await world.lead(lead)
    assert found["stage"] == "draft"
    await xiaolin.press(answers[-1], key_of(answers[-1], "confirm"))
    assert (await world.lead(lead))["stage"] == "offered"


@pytest.mark.parametrize("word", ["没有", "无。", "skip", " SKIP "])
async def test_none_is_no_value(world: World, word: str) -> None:
    xiaolin = world.phone("xiaolin")
    lead = (await xiaolin.says("/lead 周倩 杭州云栖数据有限公司 13812345688 想买CRM")).split()[0]
    answers = await xiaolin.type(word)
    assert "还缺：行业" in words(answers[-1])
    assert (await world.lead(lead))["industry"] is None


@pytest.mark.parametrize("word", ["帮助", "help", "Help！"])
async def test_help_helps_and_the_question_stays(world: World, word: str) -> None:
    xiaolin = world.phone("xiaolin")
    lead = (await xiaolin.says("/lead 周倩 杭州云栖数据有限公司 13812345688 想买CRM")).split()[0]
    assert "/lead" in await xiaolin.says(word)
    await xiaolin.type("软件")
    assert (await world.lead(lead))["industry"] == "软件"


async def test_while_a_visit_is_asked_for_cancel_and_none_end_it(world: World) -> None:
    lead = await world.submit("周倩")
    rep = await world.owner(lead)
    await rep.does("accept", "周倩")
    for word in ("取消", "没有"):
        await rep.does("visit", "周倩")
        assert "不问了" in await rep.says(word)
    assert await world.notes(lead) == []


async def test_hours_after_the_prompt_a_message_is_no_visit(world: World) -> None:
    lead = await world.submit("周倩")
    rep = await world.owner(lead)
    await rep.does("accept", "周倩")
    await rep.does("visit", "周倩")
    await world.advance("3h")
    await rep.type("周倩电话里说预算50万")
    assert [each["kind"] for each in await world.notes(lead)] == ["note"]


async def asked_why(world: World) -> tuple[Phone, str]:
    """A rep who hands a lead back for another reason, and is asked for words."""
    lead = await world.submit("周倩")
    rep = await world.owner(lead)
    await rep.does("accept", "周倩")
    await rep.does("handback", "周倩")
    card = await rep.card("周倩", verb="confirm")
    await rep.press(card, key_of(card, "confirm"), reason="other")
    return rep, lead


async def test_hours_after_a_hand_back_was_begun_a_message_is_no_reason(world: World) -> None:
    rep, lead = await asked_why(world)
    assert "字" in texts(await rep.type("没有"))
    await world.advance("3h")
    await rep.type("周倩电话里说预算50万，下周再谈")
    assert (await world.lead(lead))["stage"] == "accepted"
    assert [each["kind"] for each in await world.notes(lead)] == ["note"]


async def test_who_decides_about_a_lead_handed_back_can_read_why(world: World) -> None:
    rep, lead = await asked_why(world)
    await rep.type("客户点名要换个懂电子行业的人")
    boss = world.phone("wangfang")
    told = await boss.card("退回")
    assert f"其他（原话见 /status {lead}）" in words(told)
    assert "客户点名要换个懂电子行业的人" in await boss.says(f"/status {lead}")


async def test_a_draft_that_was_left_lying_is_asked_about_again(world: World) -> None:
    xiaolin = world.phone("xiaolin")
    lead = (await xiaolin.says("/lead 周倩 杭州云栖数据有限公司 软件 想买CRM")).split()[0]
    await world.advance("3h")
    assert "没有联系方式" in str(await xiaolin.messages())
    assert "联系" in await xiaolin.says("13812345688")
    await xiaolin.type("13812345688")
    await xiaolin.type("软件")
    found = await world.lead(lead)
    assert (found["industry"], found["stage"]) == ("软件", "waiting")  # it is lunch time


async def test_a_draft_whose_question_is_not_answered_goes_out_and_its_author_hears(world: World) -> None:
    xiaolin = world.phone("xiaolin")
    lead = (await xiaolin.says("/lead 周倩 杭州云栖数据有限公司 13812345688 想买CRM")).split()[0]
    await world.advance("11m")
    assert (await world.lead(lead))["stage"] == "offered"
    assert "没等到补充" in str(await xiaolin.messages())


async def test_a_trend_without_a_customer_keeps_its_two_ways(world: World) -> None:
    xiaolin = world.phone("xiaolin")
    await xiaolin.type("/lead 新能源行业很火")
    [card] = await xiaolin.type("没有")
    assert "哪家客户" in words(card)
    assert "市场信息" in (await xiaolin.press(card, key_of(card, "confirm")))["text"]


async def test_a_hand_in_that_was_called_off_is_taken_up_again(world: World) -> None:
    xiaolin = world.phone("xiaolin")
    asked = await xiaolin.says("/lead 周八 宁波周氏厂 13711110808")
    lead = asked.split()[0]
    assert f"{lead} 已撤回" in await xiaolin.says("/cancel")
    again = await xiaolin.says("/undo")
    assert again.startswith(f"↩ 已撤销：撤回 {lead}")
    assert again.endswith(asked)
    await xiaolin.type("制造业")
    assert (await world.lead(lead))["industry"] == "制造业"
