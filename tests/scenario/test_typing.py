"""What people type: a lead in pieces, commands by role and in two languages, and mistakes."""

import re

import pytest

from bot.main import make_router
from tests.scenario.world import Starter, World, key_of, lead_text, plain_words, texts, verbs, words

WHOLE = "张伟 上海博达智能科技有限公司 采购总监 13812345678 制造业 想上一套MES"


async def test_what_is_missing_is_asked_one_at_a_time(world: World) -> None:
    xiaolin = world.phone("xiaolin")
    said = await xiaolin.says("/lead 周倩 杭州云栖数据有限公司")
    lead = said.split()[0]
    assert "怎么联系" in said
    assert (await world.lead(lead))["stage"] == "draft"
    said = await xiaolin.says("1381234567")
    assert "位数不对" in said
    assert "怎么联系" in said
    said = await xiaolin.says("13812345688")
    assert "什么行业" in said
    said = await xiaolin.says("软件")
    assert "需求" in said
    answers = await xiaolin.type("想买一套CRM")
    assert verbs(answers[-1]) == ["edit", "undo"]
    found = await world.lead(lead)
    assert found["stage"] == "offered"
    assert await (await world.owner(lead)).cards("周倩", "live", "accept")


async def test_a_bad_phone_is_told_and_what_was_typed_is_kept(world: World) -> None:
    xiaolin = world.phone("xiaolin")
    said = await xiaolin.says("/lead 周倩 杭州云栖数据有限公司 采购总监 1381234567 软件 想买CRM")
    assert "位数不对" in said
    lead = next(word for word in said.replace("\n", " ").split() if word.startswith("L"))
    await xiaolin.type("13812345688")
    found = await world.lead(lead)
    assert found["stage"] == "offered"
    card = await (await world.owner(lead)).card("周倩", "live")
    assert "1381234567 " not in words(card)


async def test_a_draft_survives_a_restart(starter: Starter) -> None:
    world = await starter.start()
    said = await world.phone("xiaolin").says("/lead 周倩 杭州云栖数据有限公司 13812345688")
    lead = said.split()[0]
    await starter.stop(world)
    world = await starter.start()
    said = await world.phone("xiaolin").says("软件")
    assert lead in said
    await world.phone("xiaolin").type("想买CRM")
    assert (await world.lead(lead))["stage"] == "offered"


async def test_a_running_clock_survives_a_restart(starter: Starter) -> None:
    world = await starter.start()
    lead = await world.submit("周倩")
    await world.advance("2m")
    await starter.stop(world)
    world = await starter.start()
    await world.advance("3m")
    assert await world.phone("wangfang").cards("周倩", "live")
    rep = await world.owner(lead)
    await rep.does("accept", "周倩")
    assert (await world.phone("wangfang").card("周倩"))["card"]["state"] == "done"


async def test_a_sentence_is_no_new_name_of_a_firm(world: World) -> None:
    lead = await world.submit("周倩")
    rep = await world.owner(lead)
    await rep.does("accept", "周倩")
    firm = (await world.lead(lead))["company"]
    assert "公司" in await rep.says(f"/edit {lead} 公司")
    await rep.type("今天见了周总，方案认可，下周三下午回访")
    assert (await world.lead(lead))["company"] == firm
    assert "visit_logged" in await world.kinds(lead)
    await rep.type("Farhill Precision Co., Ltd.")
    assert (await world.lead(lead))["company"] == "Farhill Precision Co., Ltd."


async def test_of_two_drafts_each_gets_its_answer(world: World) -> None:
    """The question about the first is asked again once the second is done; or its number says which is meant."""
    rep = world.phone("xiaolin")
    first, second, third = [
        (await rep.says(f"/lead {name} {phone} {firm} 想上ERP")).split()[0]
        for name, phone, firm in (
            ("王芬", "13700001111", "南京绿源有限公司"), ("李勇", "13700002222", "昆山鼎新有限公司"),
            ("赵强", "13700003333", "无锡远大有限公司"),
        )
    ]  # fmt: skip
    assert {(await world.lead(each))["stage"] for each in (first, second, third)} == {"draft"}
    answers = await rep.type(f"{second} 纺织")
    assert not any("什么行业" in words(each) for each in answers), (
        "the question about the third is open still"
    )
    assert (await world.lead(second))["industry"] == "纺织"
    answers = await rep.type("电子")
    assert (await world.lead(third))["industry"] == "电子"
    assert any(f"{first} 已存草稿。什么行业？" in words(each) for each in answers)
    await rep.type("环保")
    assert (await world.lead(first))["industry"] == "环保"
    assert {(await world.lead(each))["stage"] for each in (first, second, third)} == {"offered"}


async def test_cancel_takes_the_draft_back(world: World) -> None:
    xiaolin = world.phone("xiaolin")
    lead = (await xiaolin.says("/lead 周倩 杭州云栖数据有限公司")).split()[0]
    assert lead in await xiaolin.says("取消")
    assert (await world.lead(lead))["stage"] == "invalid"
    assert "没看懂" in await xiaolin.says("13812345688")


async def test_cancel_takes_back_a_draft_that_waits_for_its_tap(world: World) -> None:
    xiaolin = world.phone("xiaolin")
    await xiaolin.type("/lead 周倩 杭州云栖数据 13812345678 想买CRM")
    card = (await xiaolin.type("跳过"))[-1]
    assert "确认" in words(card)
    lead = key_of(card, "edit").split(":")[1]
    assert (await world.lead(lead))["stage"] == "draft"
    assert lead in await xiaolin.says("/cancel")
    assert (await world.lead(lead))["stage"] == "invalid"
    assert "没有在等" in await xiaolin.says("/cancel")
    await xiaolin.says("/undo")
    assert (await world.lead(lead))["stage"] == "draft"


@pytest.mark.parametrize("slash", ["/lead", "／lead", "  /LEAD", "/线索", "/lead@leadbell"])
async def test_a_command_is_known_however_it_is_written(world: World, slash: str) -> None:
    answers = await world.phone("xiaolin").type(f"{slash} {WHOLE}")
    assert verbs(answers[-1]) == ["edit", "undo"]


async def test_a_lead_by_lines_with_labels(world: World) -> None:
    text = "/lead\n姓名：周倩\n公司：杭州云栖数据有限公司\n电话：138-1234-5688\n行业：软件\n需求：想买CRM"
    answers = await world.phone("xiaolin").type(text)
    assert verbs(answers[-1]) == ["edit", "undo"], answers
    assert "周倩" in words(answers[-1])


async def test_a_mistyped_command_is_one_tap_away(world: World) -> None:
    xiaolin = world.phone("xiaolin")
    answers = await xiaolin.type(f"/leed {WHOLE}")
    assert len(answers) == 1
    card = answers[0]
    assert "/lead" in words(card)
    assert [each["key"] for each in card["card"]["buttons"]] == ["choose:run:/lead"]
    assert (await xiaolin.press(card, "choose:run:/lead"))["ok"]
    made = await xiaolin.card("张伟", verb="undo")
    lead = key_of(made, "undo").split(":")[1]
    assert (await world.lead(lead))["stage"] == "offered"
    await xiaolin.press(card, "choose:run:/lead")
    status, found = await world.api("leads")
    assert status == 200
    assert len(found["items"]) == 1


@pytest.mark.parametrize("text", ["/xyzzy", "/", "你好", "？？？", "/工资条"])
async def test_what_is_not_understood_gets_one_line_of_help(world: World, text: str) -> None:
    said = await world.phone("xiaolin").says(text)
    assert "/lead" in said
    assert "\n" not in said


async def test_changing_a_field_by_card_and_by_message(world: World) -> None:
    lead = await world.submit("周倩", phone="13812345688")
    xiaolin = world.phone("xiaolin")
    rep = await world.owner(lead)
    assert "改哪一项" in await xiaolin.does("edit", "周倩")
    assert lead in texts(await xiaolin.type("电话 13900139000"))
    assert "139****9000" in words(await rep.card("周倩", "live"))
    said = await xiaolin.says(f"/edit {lead} 公司 杭州西湖软件有限公司")
    assert lead in said
    assert "杭州西湖软件有限公司" in words(await rep.card("周倩", "live"))
    assert "没有" in await xiaolin.says(f"/edit {lead} 星座 双鱼")
    assert lead in await xiaolin.says("/undo")
    assert "上海博达智能科技有限公司" in words(await rep.card("周倩", "live"))
    await rep.does("accept", "周倩")
    assert "13900139000" in words(await rep.card("周倩", "live")).replace(" ", "")
    assert "没有改动" in await xiaolin.says(f"/edit {lead} 公司 别的公司")


async def test_an_edit_with_wrong_words_says_what_is_missing_and_waits_for_it(world: World) -> None:
    lead = await world.submit("周倩", phone="13812345688")
    rep = await world.owner(lead)
    await rep.does("accept", "周倩")

    async def phone_now() -> str:
        return plain_words(await rep.card("周倩", "live", "visit"))

    said = await rep.says(f"/edit {lead} 电话 13900")
    assert "不是完整的电话号码" in said
    assert "没有改" in said
    assert "草稿" not in said
    assert f"{lead} 的电话已改" in await rep.says("13900139000")
    assert "13900139000" in await phone_now()
    assert "新的电话" in await rep.says(f"/edit {lead} 电话")
    assert "已改" in await rep.says("13900139111")
    assert "13900139111" in await phone_now()
    assert "已改" in await rep.says(f"/edit {lead.lower()} 电话：13900139222")
    assert "13900139222" in await phone_now()
    assert "改哪一项" in await rep.says(f"/edit {lead}")
    assert "已改" in await rep.says("职位 厂长")
    assert "先写线索号" in await rep.says("/edit 电话 13900139000")
    await rep.does("handback", "周倩")
    await rep.does("confirm", "周倩", reason="bad_number")
    assert "已关闭" in await world.phone("wangfang").says(f"/edit {lead} 职位 厂长")


@pytest.mark.parametrize("number", ["1001", "l1001", "L1001", "Ｌ１００１", "#1001"])
async def test_a_lead_is_found_by_its_number_however_it_is_written(world: World, number: str) -> None:
    await world.submit("周倩")
    assert "周倩" in await world.phone("wangfang").says(f"/status {number}")
    assert "李雷" in await world.phone("wangfang").says(f"/assign {number} @李雷")


async def test_a_command_that_is_the_whole_message_needs_no_slash(world: World) -> None:
    rep = world.phone("lilei")
    assert "没有线索" in await rep.says("我的线索")
    assert "/lead" in await rep.says("帮助")
    assert "已下岗" in await rep.says("下班。")
    assert not await world.on_duty("lilei")
    assert "已在岗" in await rep.says("值班")
    assert "公海" in await rep.says("公海")
    assert "没有可抢" in await rep.says("抢单")
    assert "华东" in await world.phone("wangfang").says("团队")
    assert "/lead" in await world.phone("anna").says("Help")
    assert "没看懂" in await rep.says("值班的人真多")


async def test_grab_shows_again_what_the_team_may_grab(world: World) -> None:
    await world.submit("周倩")
    await world.advance("16m")
    rep = world.phone("hanmeimei")
    [answer] = await rep.type("抢单")
    assert verbs(answer) == ["grab"]
    assert (await rep.press(answer, key_of(answer, "grab")))["ok"]
    assert "不是给你用的" in await world.phone("xiaolin").says("抢单")


async def test_the_pool_is_one_card_and_nothing_is_chosen_on_it(world: World) -> None:
    for name in ("王一", "王二"):
        lead = await world.submit(name)
        rep = await world.owner(lead)
        await rep.does("accept", name)
        await rep.type(f"/note {lead} 打了三次没人接")
        await rep.does("handback", name)
        await rep.does("confirm", name, reason="unreachable")
    answers = await world.phone("chenjing").type("/pool")
    assert [each["type"] for each in answers] == ["card"]
    assert answers[0]["card"]["selects"][0]["selected"] == ""
    refused = await world.phone("chenjing").press(answers[0], key_of(answers[0], "take"))
    assert not refused["ok"]


async def test_a_known_customer_is_told_and_not_sent_twice(world: World) -> None:
    lead = await world.submit("周倩", phone="13812345688")
    answers = await world.phone("sunli").type(lead_text("周倩", phone="13812345688"))
    assert lead in texts(answers)
    assert "touched" in await world.kinds(lead)
    _, found = await world.api("leads")
    assert len(found["items"]) == 1


async def test_my_status_and_team_say_how_it_stands(world: World) -> None:
    lead = await world.submit("周倩")
    rep = await world.owner(lead)
    for person in ("xiaolin", rep.person):
        assert lead in await world.phone(person).says("/my")
    assert lead in await world.phone("wangfang").says("/team")
    for person in ("xiaolin", rep.person, "wangfang", "tangyue"):
        said = await world.phone(person).says(f"/status {lead}")
        assert "待接收" in said
        assert len(said.splitlines()) <= 8
    assert f"没有 {lead}" in await world.phone("chenjing").says(f"/status {lead}")
    assert "没有 L999" in await world.phone("xiaolin").says("/status L999")


async def test_pool_and_team_are_for_those_who_may(world: World) -> None:
    assert "公海" in await world.phone("lilei").says("/pool")
    for command in ("/pool", "/team", "/on", "/assign L1001 @李雷"):
        said = await world.phone("xiaolin").says(command)
        assert "不是给你用的" in said or "没有" in said, said


async def test_off_and_on_duty(world: World) -> None:
    lead = await world.submit("周倩")
    rep = await world.owner(lead)
    assert "已转给同事" in await rep.says("/off")
    assert not await world.on_duty(rep.person)
    assert (await world.owner(lead)).person != rep.person
    for name in ("王一", "王二", "王三"):
        assert (await world.owner(await world.submit(name))).person != rep.person
    assert "已在岗" in await rep.says("/on")
    assert await world.on_duty(rep.person)


@pytest.mark.parametrize(
    ("person", "shown"),
    [
        ("xiaolin", "/lead"),
        ("lilei", "/pool"),
        ("wangfang", "/assign"),
        ("tangyue", "/team"),
        ("anna", "/pool"),
    ],
)
async def test_help_fits_a_screen_and_the_role(world: World, person: str, shown: str) -> None:
    said = await world.phone(person).says("/help")
    assert shown in said
    assert 1 < len(said.splitlines()) <= 13


COMMANDS = {
    "lead": "", "my": "", "status": "L1001", "edit": "L1001 需求 两套", "visit": "", "note": "", "undo": "",
    "cancel": "", "next": "", "find": "周倩", "check": "周倩", "on": "", "off": "", "help": "", "team": "",
    "assign": "L1001 @谁", "pool": "", "grab": "", "erase": "",
}  # fmt: skip
"""Every command, and words with which it is refused to whom it is not for."""


@pytest.mark.parametrize("person", ["xiaolin", "lilei", "zhaomin", "sunli", "wangfang", "tangyue", "admin"])
async def test_help_names_every_command_that_one_may_use_and_no_other(world: World, person: str) -> None:
    await world.submit("周倩")
    phone = world.phone(person)
    named = set(re.findall(r"/([a-z]+)", await phone.says("/help")))
    refused = {
        name
        for name, words in COMMANDS.items()
        if "不是给你用的" in texts(await phone.type(f"/{name} {words}"))
    }
    assert named == COMMANDS.keys() - refused


def test_every_command_is_among_those_that_help_was_tried_with() -> None:
    assert {name for name in make_router().commands if name.isascii()} - {"mine", "start"} == COMMANDS.keys()


async def test_english_from_the_first_word_to_the_last(world: World) -> None:
    anna = world.phone("anna")
    text = f"/lead {WHOLE} 深圳"
    card = (await anna.type(text))[-1]
    labels = [each["label"] for each in card["card"]["fields"]]
    assert "Phone" in labels
    assert [each["text"] for each in card["card"]["buttons"]] == ["Edit", "Undo"]
    for command in (
        "/my",
        "/status L1001",
        "/pool",
        "/off",
        "/on",
        "/undo",
        "/team",
        "hello",
        "/visit",
        "/edit",
    ):
        said = await anna.says(command)
        assert said.isascii() or "张伟" in said or "，" not in said, said
        assert not any(word in said for word in ("没有", "已", "用法", "线索")), said


async def test_a_message_that_names_no_field_is_kept_while_one_is_asked_for(world: World) -> None:
    """/edit L1042 asks which field; what a rep then writes about a customer must not be lost."""
    lead = await world.submit("周倩")
    rep = await world.owner(lead)
    await rep.does("accept", "周倩")
    await rep.type(f"/edit {lead}")
    await rep.type("周倩说预算五十万，下周三下午三点带方案再去")
    assert [each["text"] for each in await world.notes(lead)] == [
        "周倩说预算五十万，下周三下午三点带方案再去"
    ]


async def test_the_edit_that_completes_a_draft_says_that_it_went_out(world: World) -> None:
    submitter = world.phone("xiaolin")
    asked = await submitter.type("/lead 周倩 上海博达智能科技有限公司 采购总监 13812345678 想上一套MES")
    lead = re.findall(r"L\d+", words(asked[0]))[0]
    answer = await submitter.type(f"/edit {lead} 行业 制造业")
    assert any(f"已提交 {lead}" in words(each) or "撤销" in words(each) for each in answer), answer
    assert (await world.lead(lead))["stage"] == "offered"
