"""After the accept: visits, hand-backs, and taking back what one did."""

import pytest

from storage import media
from tests.scenario.world import EAST, NAMES, Phone, World, key_of, plain, plain_words, texts, verbs, words

VISITS = [
    ({"text": "今天见了周总，要两套，下周三演示"}, "下周三演示"),
    ({"location": {"lat": 31.2, "lng": 121.6, "label": "上海张江科学城"}}, "上海张江科学城"),
    ({"voice": {"text": "周总说预算批了", "seconds": 4}}, "周总说预算批了"),
    ({"image": {"name": "名片.jpg", "data": "data:image/png;base64,iVBORw0KGgo="}}, "名片.jpg"),
]


async def held(world: World, name: str = "周倩") -> tuple[str, Phone]:
    """A lead that a rep has accepted."""
    lead = await world.submit(name)
    rep = await world.owner(lead)
    await rep.does("accept", name)
    return lead, rep


async def hand_back(rep: Phone, name: str, reason: str) -> str:
    """退回, a reason, 确认; the words of the answer."""
    await rep.does("handback", name)
    return await rep.does("confirm", name, reason=reason)


@pytest.mark.parametrize(("message", "kept"), VISITS, ids=["text", "location", "voice", "image"])
async def test_log_visit_asks_for_one_message_and_takes_the_next(
    world: World, message: dict[str, object], kept: str
) -> None:
    lead, rep = await held(world)
    assert "发一条消息" in await rep.does("visit", "周倩")
    assert "✅" in texts(await rep.send(message))
    found = await world.notes(lead)
    assert [(each["author"], each["kind"]) for each in found] == [(rep.person, "visit")]
    assert kept in found[0]["text"]
    assert (await world.lead(lead))["stage"] == "contacted"
    await world.advance("3m")  # what follows within two minutes belongs to the visit
    assert "没看懂" in await rep.says("哈哈哈")
    assert len(await world.notes(lead)) == 1


async def test_a_place_and_a_voice_that_follow_one_another_are_one_visit(world: World) -> None:
    lead, rep = await held(world)
    await rep.does("visit", "周倩")
    await rep.send({"location": {"lat": 31.2, "lng": 121.6, "label": "上海张江科学城"}})
    assert "这次拜访" in texts(
        await rep.send({"voice": {"text": "", "seconds": 4, "data": "data:audio/amr;base64,IyFBTVI="}})
    )
    await world.advance("3m")  # what follows within two minutes belongs to the visit
    assert "没看懂" in await rep.says("哈哈哈")
    assert len(await world.notes(lead)) == 1
    [found] = (await media.attached(world.service.store.reader, await note_keys(world, lead))).values()
    assert {(each.kind, each.seconds, each.lat, state) for each, state in found} == {
        ("location", None, 31.2, "here"),
        ("voice", 4, None, "kept"),
    }
    [voice] = [each for each, _ in found if each.path]
    assert await world.service.files.read(voice.path) == b"#!AMR"


async def note_keys(world: World, lead: str) -> list[str]:
    return [each.key for each in await world.service.reads.notes(lead)]


async def test_a_visit_in_one_message_by_its_number(world: World) -> None:
    lead, rep = await held(world)
    said = await rep.says(f"/visit {lead} 今天见了周总")
    assert lead in said
    assert [each["text"] for each in await world.notes(lead)] == ["今天见了周总"]
    await world.advance("1s")
    said = await rep.says(f"/note {lead.lower()} 预算年底前批")
    assert lead in said
    assert [each["kind"] for each in await world.notes(lead)] == ["visit", "note"]


async def test_a_visit_that_is_not_logged_after_all(world: World) -> None:
    lead, rep = await held(world)
    await rep.does("visit", "周倩")
    assert lead in await rep.says("取消")
    assert await world.notes(lead) == []


# -- handing back -------------------------------------------------------------------------------------------


async def test_handing_back_before_acceptance_passes_it_to_the_next(world: World) -> None:
    lead = await world.submit("周倩")
    rep = await world.owner(lead)
    said = await hand_back(rep, "周倩", "full")
    assert lead in said
    assert (await world.owner(lead)).person != rep.person
    assert not await rep.cards("周倩", "live")


@pytest.mark.parametrize(
    ("reason", "stage"),
    [
        ("not_yet", "nurturing"), ("no_budget", "nurturing"), ("wrong_region", "offered"),
        ("bad_number", "invalid"), ("refused", "invalid"),
    ],
)  # fmt: skip
async def test_the_reason_decides_where_it_goes(world: World, reason: str, stage: str) -> None:
    lead, rep = await held(world)
    await rep.does("handback", "周倩")
    asked = await rep.card("周倩", "live", "confirm")
    assert verbs(asked) == ["confirm", "cancel"]
    ids = [option["id"] for option in asked["card"]["selects"][0]["options"]]
    assert reason in ids
    assert lead in await rep.does("confirm", "周倩", reason=reason)
    found = await world.lead(lead)
    assert found["stage"] == stage
    assert found["owner"] != rep.person
    assert (await world.kinds(lead)).count("handed_back") == 1
    assert not await rep.cards("周倩", "live")
    if stage == "nurturing":
        assert await world.phone("zhaomin").cards("周倩", "live")
    if stage != "offered":
        heard = await world.phone("xiaolin").messages()
        assert any(f"你提交的 {lead}" in words(each) for each in heard[2:]), heard


async def test_a_second_tap_on_a_hand_back_hears_that_it_is_done(world: World) -> None:
    lead, rep = await held(world)
    await rep.does("handback", "周倩")
    asked = await rep.card("周倩", "live", "confirm")
    key = key_of(asked, "confirm")
    assert (await rep.press(asked, key, reason="wrong_region"))["ok"]
    again = await rep.press(asked, key, reason="wrong_region")
    assert (again["ok"], again["text"]) == (False, f"{lead} 你已经退回了，不用再点")
    assert (await world.kinds(lead)).count("handed_back") == 1
    assert "已撤销" in await rep.says("/undo")
    assert (await world.lead(lead))["owner"] == rep.person


async def test_a_second_tap_on_asking_for_help_rings_nobody_again(world: World) -> None:
    lead, rep = await held(world)
    await rep.does("handback", "周倩")
    asked = await rep.card("周倩", "live", "confirm")
    key = key_of(asked, "confirm")
    first = await rep.press(asked, key, reason="too_technical")
    assert (await rep.press(asked, key, reason="too_technical"))["text"] == first["text"]
    assert (await world.kinds(lead)).count("help_requested") == 1


async def test_a_call_for_help_is_taken_back_and_nothing_older_in_its_place(world: World) -> None:
    lead, rep = await held(world)
    await rep.does("handback", "周倩")
    await rep.does("confirm", "周倩", reason="too_technical")
    [helper] = {to for to in ("sunli", "wangfang") if await world.phone(to).cards("周倩", "live")}
    assert (await rep.says("/undo")).endswith(f"已撤销：求助 {lead}")
    found = await world.lead(lead)
    assert (found["stage"], found["owner"]) == ("accepted", rep.person), "the acceptance stands"
    await world.advance("1s")
    assert not await world.phone(helper).cards("周倩", "live"), "who was asked reads that it is over"
    assert f"已撤销：接收 {lead}" in await rep.says("/undo")


async def test_an_expert_is_asked_and_the_lead_stays(world: World) -> None:
    lead, rep = await held(world)
    said = await hand_back(rep, "周倩", "too_technical")
    assert "孙莉" in said
    assert (await world.lead(lead))["owner"] == rep.person
    card = await world.phone("sunli").card("周倩", "live")
    assert "技术超纲" in words(card)
    own = await rep.card("周倩", "live", "contacted")
    assert "已请 孙莉 协助：技术超纲" in words(own)
    assert own["card"]["label"] == "已接收"
    asked = await rep.card("退回：周倩")
    assert (asked["card"]["state"], verbs(asked)) == ("done", [])
    assert "孙莉" in words(asked)


async def test_the_expert_who_was_asked_looks_and_writes_and_the_rep_hears(world: World) -> None:
    lead, rep = await held(world)
    expert = world.phone("sunli")
    assert f"没有 {lead}" in await expert.says(f"/status {lead}")
    await hand_back(rep, "周倩", "too_technical")
    assert "周倩" in await expert.says(f"/status {lead}")
    assert f"请我协助的 1 条\n{lead}" in await expert.says("/my")
    await expert.type(f"/note {lead} 接口文档我来写")
    assert [each["author"] for each in await world.notes(lead)] == ["sunli"]
    assert await rep.cards("孙莉")
    assert "发一条消息" in await expert.does("visit", "周倩")
    await expert.type("和客户对过接口了")
    assert (await world.lead(lead))["stage"] == "contacted"
    assert (await world.lead(lead))["owner"] == rep.person
    full = plain((await rep.card("周倩", "live", "visit"))["card"]["fields"][0]["value"])
    assert full not in "".join(plain_words(each) for each in await expert.messages())


async def test_unreachable_needs_an_attempt_on_record(world: World) -> None:
    lead, rep = await held(world)
    await rep.does("handback", "周倩")
    answer = await rep.click("confirm", "周倩", reason="unreachable")
    assert not answer["ok"]
    assert "联系记录" in answer["text"]
    await rep.type(f"/note {lead} 打了三次没人接")
    assert await rep.does("confirm", "周倩", reason="unreachable")
    assert (await world.lead(lead))["stage"] == "pool"
    other = next(each for each in EAST if each != rep.person)
    card = (await world.phone(other).type("/pool"))[-1]
    assert verbs(card) == ["take"]
    assert (await world.phone(other).press(card, key_of(card, "take"), lead=lead))["ok"]
    assert (await world.lead(lead))["owner"] == other


async def test_other_asks_for_words_and_takes_them(world: World) -> None:
    lead, rep = await held(world)
    assert "5 个字" in await hand_back(rep, "周倩", "other")
    assert (await world.lead(lead))["owner"] == rep.person
    assert "至少 5 个字" in texts(await rep.type("不想"))
    assert (await world.lead(lead))["owner"] == rep.person
    said = texts(await rep.type("客户点名要别人跟进"))
    assert lead in said
    assert (await world.lead(lead))["owner"] != rep.person
    assert [each["text"] for each in await world.notes(lead)] == ["客户点名要别人跟进"]


async def test_words_for_a_hand_back_at_lunch_are_taken_and_its_reason_is_told(world: World) -> None:
    lead, rep = await held(world)
    await world.advance("2h")  # it is lunch time: the lead waits for the opening
    await hand_back(rep, "周倩", "other")
    said = texts(await rep.type("客户点名要别人跟进"))
    assert lead in said
    assert "其他" in said
    assert (await world.lead(lead))["stage"] == "waiting"


async def test_a_reason_must_be_chosen_and_a_hand_back_can_be_called_off(world: World) -> None:
    lead, rep = await held(world)
    await rep.does("handback", "周倩")
    answer = await rep.click("confirm", "周倩")
    assert not answer["ok"]
    answer = await rep.click("confirm", "周倩", reason="because")
    assert not answer["ok"]
    assert lead in await rep.does("cancel", "周倩")
    assert (await world.lead(lead))["owner"] == rep.person
    assert "handed_back" not in await world.kinds(lead)
    assert not await rep.cards("周倩", "live", "confirm")


async def test_the_third_hand_back_rests_with_the_manager(world: World) -> None:
    lead = await world.submit("周倩")
    for _ in range(3):
        rep = await world.owner(lead)
        await hand_back(rep, "周倩", "wrong_product")
    await world.advance("15s")  # the news of two hand-backs rang just now
    assert (await world.lead(lead))["stage"] == "returned"
    card = await world.phone("wangfang").card("周倩", "live", "assign")
    chosen = card["card"]["selects"][0]
    assert {option["id"] for option in chosen["options"]} == set(EAST)
    assert (await world.phone("wangfang").press(card, key_of(card, "assign"), person="lilei"))["ok"]
    assert (await world.lead(lead))["owner"] == "lilei"


# -- undo ---------------------------------------------------------------------------------------------------


async def test_an_accept_is_undone_within_five_minutes(world: World) -> None:
    lead, rep = await held(world)
    await world.advance("4m59s")
    assert lead in texts(await rep.type("/undo"))
    found = await world.lead(lead)
    assert (found["stage"], found["owner"]) == ("offered", rep.person)
    assert "undone" in await world.kinds(lead)
    assert not any("contacted" in verbs(each) for each in await rep.cards("周倩", "live"))


async def test_an_accept_is_not_undone_after_five_minutes(world: World) -> None:
    lead, rep = await held(world)
    await world.advance("5m1s")
    said = await rep.says("/undo")
    assert "5 分钟" in said
    assert (await world.lead(lead))["stage"] == "accepted"


async def test_a_hand_in_is_taken_back_with_one_tap(world: World) -> None:
    lead = await world.submit("周倩")
    rep = await world.owner(lead)
    assert lead in await world.phone("xiaolin").does("undo", "周倩")
    assert (await world.lead(lead))["stage"] == "invalid"
    card = await rep.card("周倩")
    assert card["card"]["state"] == "dead"
    assert "已撤回" in words(card)
    assert (await world.phone("xiaolin").card("周倩"))["card"]["buttons"] == []
    await world.advance("1h")
    assert await world.phone("wangfang").cards("周倩") == []
    again = await world.submit("周倩")
    assert again != lead


async def test_a_hand_in_that_was_accepted_is_not_taken_back(world: World) -> None:
    lead = await world.submit("周倩")
    mine = await world.phone("xiaolin").card("周倩", verb="undo")
    rep = await world.owner(lead)
    await rep.does("accept", "周倩")
    answer = await world.phone("xiaolin").press(mine, key_of(mine, "undo"))
    assert not answer["ok"]
    assert (await world.lead(lead))["owner"] == rep.person


async def test_a_hand_in_is_not_taken_back_after_five_minutes_by_its_button(world: World) -> None:
    lead = await world.submit("周倩")
    mine = await world.phone("xiaolin").card("周倩", verb="undo")
    await world.advance("5m1s")
    answer = await world.phone("xiaolin").press(mine, key_of(mine, "undo"))
    assert not answer["ok"]
    assert (await world.lead(lead))["stage"] == "offered"


async def test_a_hand_back_is_undone_until_somebody_went_on_with_it(world: World) -> None:
    lead, rep = await held(world)
    await hand_back(rep, "周倩", "wrong_region")
    other = await world.owner(lead)
    assert other.person != rep.person
    assert lead in await rep.says("/undo")
    assert (await world.lead(lead))["owner"] == rep.person
    assert (await world.lead(lead))["stage"] == "accepted"
    assert not await other.cards("周倩", "live")

    await hand_back(rep, "周倩", "wrong_region")
    other = await world.owner(lead)
    await other.does("accept", "周倩")
    said = await rep.says("/undo")
    assert "不能撤销" in said
    assert (await world.lead(lead))["owner"] == other.person
    assert not await rep.cards("周倩", "live")
    assert any(
        NAMES[other.person] in words(each) or "已退回" in words(each) for each in await rep.cards("周倩")
    )


async def test_a_closed_lead_comes_back_by_undo(world: World) -> None:
    lead, rep = await held(world)
    await hand_back(rep, "周倩", "bad_number")
    assert (await world.lead(lead))["stage"] == "invalid"
    assert lead in await rep.says("/undo")
    found = await world.lead(lead)
    assert (found["stage"], found["owner"]) == ("accepted", rep.person)
    assert await rep.cards("周倩", "live", "contacted")
