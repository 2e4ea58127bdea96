"""What people type about their leads: notes, visits, next steps, wrong leads taken back, nothing written unconfirmed."""

import re
from datetime import datetime

import pytest

from tests.scenario.world import NAMES, Phone, World, fields_of, key_of, texts, verbs, words


async def accepted(
    world: World, name: str = "周倩", company: str = "杭州云栖数据有限公司"
) -> tuple[Phone, str]:
    """A rep who holds a lead."""
    lead = await world.submit(name, company=company)
    rep = await world.owner(lead)
    await rep.does("accept", name)
    return rep, lead


async def test_one_line_becomes_note_and_next_step_confirmed_with_one_tap_and_rings_in_time(
    world: World,
) -> None:
    rep, lead = await accepted(world)
    await world.advance("5m")
    [card] = await rep.type("电话打通了云栖的周总，有意向，预算50-80万，竞品是用友，周三下午三点带方案去演示")
    assert "周倩" in card["card"]["title"]
    shown = fields_of(card)
    assert "50–80" in shown["金额"]
    assert shown["竞品"] == "用友"
    assert "15:00" in shown["下一步"]
    notes = await world.notes(lead)
    assert [each["text"] for each in notes] == [
        "电话打通了云栖的周总，有意向，预算50-80万，竞品是用友，周三下午三点带方案去演示"
    ]
    assert "next_set" not in await world.kinds(lead)
    assert (await world.lead(lead))["stage"] == "accepted"

    said = await rep.press(card, key_of(card, "confirm"))
    assert said["ok"], said
    assert "提醒" in said["text"]
    kinds = await world.kinds(lead)
    assert "next_set" in kinds
    assert (await world.lead(lead))["stage"] == "contacted"
    await world.advance("2d")
    assert not await rep.cards("⏰")
    await world.advance("6h")
    reminder = await rep.card("⏰")
    assert "带方案去演示" in words(reminder)
    assert "15:00" in words(reminder)
    await rep.press(reminder, key_of(reminder, "confirm"))
    assert (await rep.card("⏰"))["card"]["state"] == "done"
    assert "next_done" in await world.kinds(lead)
    assert await world.audit() == []


async def test_what_is_typed_after_a_visit_was_undone_is_a_note_of_its_own(world: World) -> None:
    rep, lead = await accepted(world)
    await rep.type(f"/visit {lead} 今天去了现场，聊得不错")
    assert "已撤销" in await rep.says("/undo")
    [card] = await rep.type("昨天拜访了云栖，周倩说下周三定")
    assert "已记" in card["card"]["title"]
    assert [each["text"] for each in await world.notes(lead)] == ["昨天拜访了云栖，周倩说下周三定"]


async def test_nothing_read_is_written_before_the_tap(world: World) -> None:
    rep, lead = await accepted(world)
    before = await world.lead(lead)
    await rep.type("周倩说预算80万，下周三签合同")
    after = await world.lead(lead)
    assert after["stage"] == before["stage"] == "accepted"
    assert after["owner"] == before["owner"]
    assert "edited" not in await world.kinds(lead)
    assert "下周三" not in await rep.says("/next")


async def test_a_notes_card_says_until_when_each_step_can_be_taken_back(world: World) -> None:
    rep, _lead = await accepted(world)
    [card] = await rep.type("周倩说预算80万，下周三上午十点签合同")
    assert card["card"]["note"] == "11月2日（周一） 10:05 前可撤销"
    await world.advance("2m")
    await rep.press(card, key_of(card, "confirm"))
    assert (await rep.card("周倩", verb="cancel"))["card"]["note"] == "11月2日（周一） 10:07 前可撤销"
    await rep.does("cancel", "周倩")
    assert (await rep.card("周倩", verb="confirm"))["card"]["note"] == "11月2日（周一） 10:05 前可撤销"


async def test_a_confirmation_is_undone_with_one_tap(world: World) -> None:
    rep, _lead = await accepted(world)
    [card] = await rep.type("周倩说预算80万，下周三上午十点签合同")
    await rep.press(card, key_of(card, "confirm"))
    assert "签合同" in await rep.says("/next")
    taken = await rep.card("已记")
    assert verbs(taken) == ["cancel"]
    said = await rep.press(taken, key_of(taken, "cancel"))
    assert said["ok"], said
    assert "签合同" not in await rep.says("/next")
    await world.advance("10d")
    assert not await rep.cards("⏰")
    assert await world.audit() == []


async def test_of_two_customers_of_one_name_the_rep_is_asked_and_no_clock_stops(world: World) -> None:
    boss, rep = world.phone("wangfang"), world.phone("lilei")
    leads = []
    for company in ("宁波甲机械有限公司", "宁波乙机械有限公司"):
        lead = await world.submit("王强", company=company)
        await boss.type(f"/assign {lead} @李雷")
        await rep.does("accept", lead)
        leads.append(lead)
    [card] = await rep.type("今天拜访了王强，很满意")
    assert "哪条线索" in card["card"]["title"]
    assert [(await world.lead(lead))["stage"] for lead in leads] == ["accepted", "accepted"]
    button = next(each["key"] for each in card["card"]["buttons"] if leads[0] in each["key"])
    await rep.press(card, button)
    assert [(await world.lead(lead))["stage"] for lead in leads] == ["contacted", "accepted"]
    await world.advance("40m")
    [card] = await rep.type("今天拜访了王强")
    assert "哪条线索" in card["card"]["title"]
    await rep.type("乙公司那个王强说下周签合同")
    assert [each["text"] for each in await world.notes(leads[1])] == ["乙公司那个王强说下周签合同"]


async def hint(world: World, lead: str) -> str | None:
    found = await world.service.reads.lead(lead)
    assert found is not None
    return found.customer.extra.get("stage")


async def test_how_far_it_is_said_to_be_is_proposed_and_kept_when_confirmed(world: World) -> None:
    rep, lead = await accepted(world)
    [card] = await rep.type("给云栖的周总发了报价")
    assert fields_of(card)["进展"] == "方案提案"
    assert await hint(world, lead) is None
    await rep.press(card, key_of(card, "confirm"))
    assert await hint(world, lead) == "proposal"
    assert (await world.lead(lead))["stage"] == "accepted"
    taken = await rep.card("已记")
    await rep.press(taken, key_of(taken, "cancel"))
    assert await hint(world, lead) is None


async def test_a_next_step_typed_over_another_says_so_and_can_be_undone(world: World) -> None:
    rep, lead = await accepted(world)
    assert (
        await rep.says(f"/next {lead} 明天下午三点 回访") == f"✅ {lead} 下一步：11月3日（周二） 15:00 回访"
    )
    said = await rep.says(f"/next {lead} 周四上午十点 签合同")
    assert "原来的下一步「11月3日（周二） 15:00 回访」已替换" in said
    assert "下一步" in await rep.says("/undo")
    assert "15:00" in await rep.says("/next")
    assert "签合同" not in await rep.says("/next")
    await rep.says("/undo")
    assert "没有待办" in await rep.says("/next")
    assert await world.audit() == []


async def test_what_was_written_and_what_comes_next_can_be_read_in_the_chat(world: World) -> None:
    rep, lead = await accepted(world)
    for text in ("一", "二", "三", "电话 13912345678 打不通"):
        await rep.says(f"/note {lead} 第{text}次联系")
        await world.advance("1s")
    await rep.says(f"/next {lead} 明天下午三点 回访")
    said = (await rep.says(f"/status {lead}")).splitlines()
    assert "下一步 11月3日（周二） 15:00 回访" in said
    assert [line.partition("：")[2] for line in said if line.startswith("· ")] == [
        "第二次联系", "第三次联系", "第电话 13912345678 打不通次联系",
    ]  # fmt: skip
    assert said[-1] == "更早的还有 1 条"
    seen = await world.phone("wangfang").says(f"/status {lead}")
    assert "139****5678" in seen
    assert "13912345678" not in seen


async def test_a_step_that_was_done_since_is_not_undone(world: World) -> None:
    rep, lead = await accepted(world)
    await rep.says(f"/next {lead} 10:03 送样品")
    await world.advance("3m")
    reminder = await rep.card("⏰")
    await rep.press(reminder, key_of(reminder, "confirm"))
    assert "之后" in await rep.says("/undo")
    assert "没有待办" in await rep.says("/next")


async def test_a_next_step_that_may_mean_two_leads_is_asked_about(world: World) -> None:
    rep, first = await accepted(world, "周涛", "无锡恒远机械有限公司")
    boss = world.phone("wangfang")
    second = await world.submit("周涛", company="苏州晶锐半导体有限公司")
    await boss.says(f"/assign {second} @{NAMES[rep.person]}")
    await rep.does("accept", "晶锐")
    said = await rep.says("/next 周涛 明天下午三点 回访")
    assert first in said
    assert second in said
    assert "晶锐" in said
    command = said[said.index("/next") :]
    assert (await rep.says(command)).startswith("✅")
    assert (await rep.says("/next 明天下午三点")).startswith("✅"), "what was spoken of last is meant"
    assert "用法" in await rep.says("/next 周涛 随便")


async def test_a_wrong_lead_is_taken_back_with_one_tap_and_the_right_one_offered(world: World) -> None:
    rep, wrong = await accepted(world, "周倩", "杭州云栖数据有限公司")
    right = ""
    for number in range(12):  # the turn comes round to the same rep
        lead = await world.submit("周涛", company=f"无锡恒远机械{number}有限公司")
        if (await world.owner(lead)).person == rep.person:
            right = lead
            await rep.does("accept", "周涛")
            break
    assert right
    [card] = await rep.type("云栖的周总说可以，下周二上午十点过去")
    assert await world.notes(wrong)
    answer = await rep.press(card, key_of(card, "cancel"))
    assert answer["ok"], answer
    assert await world.notes(wrong) == []
    which = await rep.card("哪条线索")
    button = next(each["key"] for each in which["card"]["buttons"] if right in each["key"])
    await rep.press(which, button)
    assert [each["text"] for each in await world.notes(right)] == ["云栖的周总说可以，下周二上午十点过去"]
    assert (await rep.card("哪条线索"))["card"]["state"] == "done"
    assert await world.audit() == []


async def test_a_tie_is_asked_about_and_attached_by_a_tap(world: World) -> None:
    rep, first = await accepted(world, "周倩", "杭州云栖数据有限公司")
    second = ""
    for number in range(12):
        lead = await world.submit(f"李{'一二三四五六七八九十甲乙'[number]}", company="杭州云栖数据有限公司")
        if (await world.owner(lead)).person == rep.person:
            second = lead
            await rep.does("accept", f"李{'一二三四五六七八九十甲乙'[number]}")
            break
    await world.advance("3h5m")  # so that neither is what the chat is about
    [card] = await rep.type("给云栖发了报价26万")
    assert "哪条线索" in card["card"]["title"]
    assert await world.notes(first) == [] == await world.notes(second)
    key = next(each["key"] for each in card["card"]["buttons"] if second in each["key"])
    await rep.press(card, key)
    assert len(await world.notes(second)) == 1


async def test_a_visit_is_logged_with_one_message(world: World) -> None:
    rep, lead = await accepted(world)
    [card] = await rep.type("/visit 云栖数据 见周倩 参观机房 客户认可 月底签约")
    assert "拜访" in card["card"]["title"]
    [visit] = await world.notes(lead)
    assert visit["kind"] == "visit"
    contacted = next(each for each in await world.events(lead) if each["kind"] == "contacted")
    assert contacted["evidence"] == "visit"
    await world.advance("1m")
    said = await rep.says("还看了消防，缺两个喷头")
    assert "这次拜访" in said
    [visit] = await world.notes(lead)
    assert visit["text"].endswith("还看了消防，缺两个喷头")


async def test_yesterdays_visit_keeps_its_own_day(world: World) -> None:
    rep, lead = await accepted(world)
    await rep.type("昨天下午四点拜访了云栖的周倩，聊得不错")
    [visit] = await world.notes(lead)
    assert visit["kind"] == "visit"
    at = datetime.fromisoformat(visit["at"])
    assert world.clock.now().date().toordinal() - at.date().toordinal() == 1


async def test_a_visit_to_a_colleagues_lead_is_logged_and_its_owner_told(world: World) -> None:
    rep, lead = await accepted(world)
    other = next(each for each in ("zhangwei", "lilei", "hanmeimei") if each != rep.person)
    await world.phone(other).type("拜访杭州云栖数据 周倩 送样品")
    assert len(await world.notes(lead)) == 1
    assert await rep.cards("拜访了你的客户")


async def test_what_is_about_nobodys_lead_offers_to_make_one(world: World) -> None:
    rep, _ = await accepted(world)
    [card] = await rep.type("拜访苏州晶锐半导体 陆明轩 想上MES")
    assert "还没有" in card["card"]["title"]
    said = await rep.press(card, key_of(card, "confirm"))
    assert said["ok"], said
    assert "怎么联系" in said["text"]
    mine = await rep.says("/my")
    assert "陆明轩" in mine


async def test_a_trend_without_a_customer_is_no_lead(world: World) -> None:
    xiaolin = world.phone("xiaolin")
    [card] = await xiaolin.type("/lead 新能源行业很火")
    assert card["card"]["title"] == "哪家客户？"
    assert (await world.api("leads"))[1]["items"] == []
    said = await xiaolin.press(card, key_of(card, "confirm"))
    assert "市场信息" in said["text"]
    assert (await world.api("leads"))[1]["items"] == []


async def test_a_trend_becomes_a_lead_once_its_customer_is_named(world: World) -> None:
    xiaolin = world.phone("xiaolin")
    await xiaolin.type("/lead 新能源行业很火")
    said = await xiaolin.says("宁德时代")
    lead = said.split()[0]
    assert (await world.lead(lead))["stage"] == "draft"


async def test_a_lead_is_handed_in_without_the_slash(world: World) -> None:
    rep, _ = await accepted(world)
    answers = await rep.type("新线索：苏州晶锐半导体有限公司 陆明轩 设备部经理 13912340001 电子行业 想上MES")
    assert "L" in words(answers[-1])
    assert any(each["stage"] == "offered" for each in (await world.api("leads"))[1]["items"])


async def test_the_next_step_is_set_listed_put_off_and_done(world: World) -> None:
    rep, lead = await accepted(world)
    said = await rep.says(f"/next {lead} 今天下午四点 回访")
    assert "16:00" in said
    assert "今天待办 1 项" in await rep.says("/my")
    await world.advance("6h")
    reminder = await rep.card("⏰")
    assert "再提醒" in (await rep.press(reminder, key_of(reminder, "choose")))["text"]
    await world.advance("1d")
    fresh = (await rep.cards("⏰", "live"))[-1]
    assert "回访" in words(fresh)
    await rep.press(fresh, key_of(fresh, "confirm"))
    assert "没有待办" in await rep.says("/next")


async def test_find_shows_what_one_may_see_and_check_who_has_it(world: World) -> None:
    rep, lead = await accepted(world)
    assert lead in await rep.says("/find 云栖")
    other = next(each for each in ("zhangwei", "lilei", "hanmeimei") if each != rep.person)
    assert lead not in await world.phone(other).says("/find 云栖")
    said = await world.phone(other).says("/查重 云栖")
    assert lead in said
    assert "138" not in said
    for _ in range(19):
        await world.phone(other).says("/查重 云栖")
    assert "查得太多" in await world.phone(other).says("/查重 云栖")
    assert "looked_up" in await world.kinds(lead)


@pytest.mark.parametrize("topic", ["拜访", "lead", "备注", "下一步", "查重", "录入规范"])
async def test_help_on_a_subject_has_examples_to_copy(world: World, topic: str) -> None:
    said = await world.phone("lilei").says(f"/help {topic}")
    assert len(said.splitlines()) == (1 if topic == "录入规范" else 3)


async def test_a_question_that_is_open_is_answered_before_anything_is_read(world: World) -> None:
    rep, lead = await accepted(world)
    said = await rep.says("/lead 赵敏 苏州晶锐半导体有限公司")
    assert "怎么联系" in said
    assert "什么行业" in await rep.says("13912340077")
    assert await world.notes(lead) == []


async def test_chatter_is_not_understood_and_kept_nowhere(world: World) -> None:
    rep, lead = await accepted(world)
    assert "没看懂" in await rep.says("哈哈哈")
    assert await world.notes(lead) == []


async def test_an_undone_confirmation_takes_its_first_contact_along(world: World) -> None:
    rep, lead = await accepted(world)
    [card] = await rep.type("电话打通了云栖的周总，有意向")
    await rep.press(card, key_of(card, "confirm"))
    assert (await world.lead(lead))["stage"] == "contacted"
    contacted = next(each for each in await world.events(lead) if each["kind"] == "contacted")
    assert contacted["evidence"] == "call_note"
    taken = await rep.card("已记")
    assert (await rep.press(taken, key_of(taken, "cancel")))["ok"]
    assert (await world.lead(lead))["stage"] == "accepted"
    assert len(await world.notes(lead)) == 1
    assert await world.audit() == []


async def test_a_lead_that_was_not_offered_for_a_note_cannot_be_chosen(world: World) -> None:
    rep, lead = await accepted(world)
    other = world.phone(next(each for each in ("zhangwei", "lilei", "hanmeimei") if each != rep.person))
    [card] = await other.type("拜访苏州晶锐半导体 陆明轩 想上MES")
    waits = key_of(card, "confirm").rpartition(":")[2]
    answer = await other.press(card, f"choose:note:{lead}:{waits}")
    assert (answer["ok"], answer["text"]) == (False, f"没有 {lead} 这条线索")
    assert await world.notes(lead) == []


async def test_a_place_sent_after_a_visit_belongs_to_it_whatever_its_name(world: World) -> None:
    rep, lead = await accepted(world)
    await rep.type(f"/visit {lead} 见周总")
    await rep.send({"location": {"lat": 31.2, "lng": 121.6, "label": "上海张江科学城"}})
    [note] = await world.notes(lead)
    assert "张江" in note["text"]


async def test_yesterdays_visit_is_a_visit_of_its_own_right_after_todays(world: World) -> None:
    rep, lead = await accepted(world)
    await rep.type(f"/visit {lead} 今天去了现场，聊得不错")
    await rep.type("昨天拜访了云栖的周总")
    found = {each["text"]: each["at"][:10] for each in await world.notes(lead)}
    assert found == {"今天去了现场，聊得不错": "2026-11-02", "昨天拜访了云栖的周总": "2026-11-01"}


async def test_a_lead_announced_as_one_is_no_answer_to_an_open_question(world: World) -> None:
    rep, lead = await accepted(world)
    xiaolin = world.phone("xiaolin")
    await xiaolin.type("/lead 王总 13811110000")
    [card] = await xiaolin.type("新线索：孙芳，无锡锐进精密，厂长，手机13700001111，机械，想上CRM")
    assert "孙芳" in words(card)
    assert "哪家公司" in texts(await xiaolin.type("你好"))
    offer = await rep.card("周倩", verb="visit")
    await rep.press(offer, key_of(offer, "visit"))
    await rep.type("新线索：吴涛，苏州汇川，厂长，手机13700002222，机械，想上CRM")
    assert await world.notes(lead) == []


async def test_each_card_of_two_waiting_notes_is_about_its_own_words(world: World) -> None:
    rep, lead = await accepted(world)
    [first] = await rep.type("今天拜访了钱总，聊得很好，下周签约")
    [second] = await rep.type("今天拜访了冯总，要看合同")
    made = await rep.press(first, key_of(first, "confirm"))
    assert made["ok"], made
    [draft] = set(re.findall(r"L\d+", made["text"]))
    assert [each["text"] for each in await world.notes(draft)] == ["今天拜访了钱总，聊得很好，下周签约"]
    assert (await rep.press(second, key_of(second, "cancel")))["ok"]
    assert await world.notes(lead) == []


async def test_the_undo_of_a_notes_card_takes_back_that_note(world: World) -> None:
    rep, lead = await accepted(world)
    [first] = await rep.type(f"/note {lead} 第一条 明天下午四点打电话")
    await rep.type(f"/note {lead} 第二条 预算30万")
    undo = next(each["key"] for each in first["card"]["buttons"] if "undo_note" in each["key"])
    assert (await rep.press(first, undo))["ok"]
    assert [each["text"] for each in await world.notes(lead)] == ["第二条 预算30万"]
    assert (await rep.card("第一条"))["card"]["state"] == "done"
    assert (await rep.card("第二条"))["card"]["state"] == "live"


async def test_a_note_says_which_next_step_it_replaces_before_the_tap_and_undo_brings_it_back(
    world: World,
) -> None:
    rep, lead = await accepted(world)
    await rep.type(f"/next {lead} 今天下午三点 送样品")
    [card] = await rep.type(f"/note {lead} 周三上午十点带方案再去")
    assert "替换" in words(card)
    assert "15:00" in words(card)
    assert "送样品" in words(card)
    [other] = await rep.type(f"/note {lead} 没人接电话")
    assert "替换" not in words(other), "it sets no step"
    await rep.type(f"/next {lead} 今天下午四点 送报价")
    card = await rep.card("周三上午十点带方案再去")
    assert "16:00" in words(card), "what it replaces has changed"
    assert "送样品" not in words(card)
    await rep.press(card, key_of(card, "confirm"))
    card = await rep.card("周三上午十点带方案再去")
    assert "已替换" in words(card)
    assert "送报价" in words(card)
    assert "送报价" not in await rep.says("/next")
    await rep.press(card, key_of(card, "cancel"))
    assert "送报价" in await rep.says("/next")
    card = await rep.card("周三上午十点带方案再去")
    assert "确认后替换" in words(card)
    assert "送报价" in words(card)


async def test_a_step_whose_time_came_while_it_was_replaced_rings_after_the_undo(world: World) -> None:
    rep, lead = await accepted(world)
    await rep.type(f"/next {lead} 10:03 送样品")
    [card] = await rep.type(f"/note {lead} 周三上午十点带方案再去")
    await rep.press(card, key_of(card, "confirm"))
    await world.advance("4m")
    assert not await rep.cards("⏰ 下一步")
    card = await rep.card("周三上午十点带方案再去")
    await rep.press(card, key_of(card, "cancel"))
    await world.advance("1s")
    [rung] = await rep.cards("⏰ 下一步")
    assert "送样品" in words(rung)


@pytest.mark.parametrize("typed", ["/visit 周倩", "/visit 周倩 谈方案 下周三再去"])
async def test_a_visit_to_a_name_that_one_of_ones_leads_alone_bears_is_asked_about_no_more(
    world: World, typed: str
) -> None:
    rep, lead = await accepted(world)
    other = await world.submit("周清", company="苏州恒通机械有限公司")
    await world.phone("wangfang").type(f"/assign {other} @{NAMES[rep.person]}")
    await rep.does("accept", "周清")
    [answer] = await rep.type(typed)
    assert lead in words(answer)
    assert len(await world.notes(lead)) == 1
