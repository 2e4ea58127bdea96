"""The whole story in WeCom's own bytes: card out, click in, every card made true."""

import asyncio

import pytest

from storage import media
from tests.wecom.world import House, Phone, key_of, keys, question

NAMES = {"ZhangWei": "张伟", "LiLei": "李雷"}


@pytest.fixture
def house(told_house: House) -> House:
    """Each of these stories is told on both engines, and again with restarts in its middle."""
    return told_house


async def test_a_lead_goes_out_as_a_card_and_a_click_accepts_it(house: House) -> None:
    lead = await house.submit("周倩")
    rep = await house.holder(lead)
    card = rep.card("周倩", "accept")
    assert card.card["card_type"] == "button_interaction"
    assert card.card["card_action"]["url"] == f"https://leads.example.com/l/{lead}"
    assert "138****" in str(card.card)
    told = await rep.press("accept", "周倩")
    assert (told.tries, told.body) == ((200,), b"")
    assert (await house.lead(lead)).stage == "accepted"
    assert card.updates == 1
    assert [key.partition(":")[0] for key in keys(card)] == ["contacted", "visit", "handback"]
    assert "138****" not in str(card.card)
    assert len(rep.cards("周倩")) == 1
    await rep.press("contacted", "周倩")
    assert (await house.lead(lead)).stage == "contacted"
    assert card.updates == 2


async def test_the_ladder_rings_the_manager_and_the_first_rep_is_told(house: House) -> None:
    lead = await house.submit("周倩")
    first = await house.holder(lead)
    await house.advance(minutes=5)
    boss = house.phone("WangFang")
    alert = boss.card("周倩", "nudge")
    assert question(alert)["question_key"] == "person"
    await house.advance(minutes=5)
    second = await house.holder(lead)
    assert second.userid != first.userid
    assert first.cards("周倩")[0].card["card_type"] == "text_notice"
    await house.advance(minutes=5)
    assert {"reminded", "breached", "reassigned", "grab_opened"} <= set(await house.kinds(lead))
    assert key_of(first.card("周倩", "grab"), "grab") == key_of(second.card("周倩", "grab"), "grab")
    await second.press("grab", "周倩")
    assert (await house.lead(lead)).owner == {"ZhangWei": "zhangwei", "LiLei": "lilei"}[second.userid]
    assert not [card for card in first.cards("周倩") if key_of(card, "grab")]
    assert not [card for card in boss.cards("周倩") if keys(card)]


async def held(house: House, name: str = "周倩") -> tuple[str, Phone]:
    lead = await house.submit(name)
    rep = await house.holder(lead)
    await rep.press("accept", name)
    return lead, rep


async def test_a_hand_back_turns_the_page_to_its_reason(house: House) -> None:
    lead, rep = await held(house)
    await rep.press("handback", "周倩")
    card = rep.card("退回原因")
    assert question(card)["title"] == "退回原因 1/3"
    await rep.press_on(card, key_of(card, "confirm"))
    assert "原因" in rep.texts()
    await rep.press_on(card, key_of(card, "choose"))
    assert question(card)["title"] == "退回原因 2/3"
    assert len(rep.cards("退回原因")) == 1
    await rep.press_on(card, key_of(card, "confirm"), reason="wrong_product")
    assert "handed_back" in await house.kinds(lead)
    assert (await house.holder(lead)).userid != rep.userid
    assert not keys(rep.cards("周倩")[0])
    assert not keys(card)


async def test_a_visit_by_place_and_voice_is_one_visit_and_the_voice_is_fetched(house: House) -> None:
    lead, rep = await held(house)
    await rep.press("visit", "周倩")
    assert "发一条消息" in rep.texts()
    await house.fake.phones.send_place(rep.userid, 31.2, 121.6, "上海张江科学城")
    await house.fake.phones.send_media(rep.userid, "voice", b"#!AMR\n" + b"x" * 40)
    await house.settle()
    await house.settle()
    [visit] = await house.bot.reads.notes(lead)
    assert (visit.kind, visit.text) == ("visit", "[位置] 上海张江科学城")
    found = (await media.attached(house.bot.store.reader, [visit.key]))[visit.key]
    assert {(each.kind, state) for each, state in found} == {("location", "here"), ("voice", "kept")}
    [voice] = [each for each, _ in found if each.kind == "voice"]
    assert await house.bot.files.read(voice.path) == b"#!AMR\n" + b"x" * 40
    assert "这次拜访" in rep.texts()


async def test_a_callback_that_comes_three_times_acts_once(house: House) -> None:
    lead = await house.submit("周倩")
    rep = await house.holder(lead)
    card = rep.card("周倩", "accept")
    inner = house.fake.phones.inner(
        rep.userid,
        MsgType="event",
        Event="template_card_event",
        EventKey=key_of(card, "accept"),
        TaskId=card.task_id,
        CardType="button_interaction",
        ResponseCode=house.fake.state.new_code(card),
    )
    told = await house.fake.phones.tell(inner, retry_anyway=3)
    assert told.tries == (200, 200, 200, 200)
    await house.settle()
    assert (await house.kinds(lead)).count("accepted") == 1
    assert card.updates == 1
    query, body = house.fake.phones.seal(inner, house.clock.now())
    for _ in range(2):  # the very bytes again
        assert await house.post(query, body) == (200, b"", "text/plain")
    assert (await house.kinds(lead)).count("accepted") == 1


async def test_of_two_who_grab_one_wins_and_the_other_is_told(house: House) -> None:
    lead = await house.submit("周倩")
    await house.advance(minutes=15)
    one, two = house.phone("ZhangWei"), house.phone("LiLei")
    cards = [(each, each.card("周倩", "grab")) for each in (one, two)]
    await asyncio.gather(
        *(house.fake.phones.press(each.userid, card, key_of(card, "grab")) for each, card in cards)
    )
    await house.settle()
    winner = await house.holder(lead)
    loser = two if winner.userid == one.userid else one
    assert (await house.kinds(lead)).count("accepted") == 1
    assert NAMES[winner.userid] in loser.texts()
    assert not [card for card in loser.cards("周倩") if key_of(card, "grab")]


async def test_a_late_click_is_told_why_and_the_card_tells_the_truth(house: House) -> None:
    lead = await house.submit("周倩")
    first = await house.holder(lead)
    stale = first.card("周倩", "accept")
    key = key_of(stale, "accept")
    await house.advance(minutes=15)
    second = house.phone("LiLei" if first.userid == "ZhangWei" else "ZhangWei")
    await second.press("grab", "周倩")
    inner = house.fake.phones.inner(
        first.userid, MsgType="event", Event="template_card_event", EventKey=key, TaskId=stale.task_id,
        CardType="button_interaction", ResponseCode="rc-x",
    )  # fmt: skip
    assert (await house.fake.phones.tell(inner)).taken
    await house.settle()
    assert NAMES[second.userid] in first.texts()


async def test_somebody_whom_the_settings_do_not_list_hands_a_lead_in(house: House) -> None:
    lead = await house.submit("周倩", by="XiaoLin")
    assert (await house.lead(lead)).origin.by == "wecom:xiaolin"
    assert (await house.phone("xiaolin").write("/my")).taken
    assert lead in house.phone("XiaoLin").texts()
    assert house.bot.store.company.people["lilei"].accounts["wecom"] == "lilei"
    await house.phone("LiLei").write("/my")
    assert "wecom:lilei" not in house.bot.store.company.people


async def test_opening_the_app_is_welcomed_once_and_the_menu_runs_commands(house: House) -> None:
    phone = house.phone("XiaoLin")
    for _ in range(2):
        assert (await house.fake.phones.enter("XiaoLin")).taken
        await house.advance(seconds=2)
    assert phone.texts().count("线索铃") == 1
    await house.stop()
    await house.start()
    await house.fake.phones.enter("XiaoLin")
    await house.settle()
    assert phone.texts().count("线索铃") == 1
    await house.fake.phones.choose_menu("XiaoLin", "run:/help")
    await house.settle()
    assert "/lead" in phone.texts()


async def test_links_and_unknown_kinds_are_answered(any_house: House) -> None:
    house = any_house  # counts since its start
    phones = house.fake.phones
    assert (await phones.send_link("XiaoLin", "一篇文章", "https://example.com/a")).taken
    assert (await phones.message("XiaoLin", MsgType="hologram")).taken
    assert (await phones.event("XiaoLin", Event="hologram_event")).taken
    await house.settle()
    assert "没看懂" in house.phone("XiaoLin").texts()
    found = house.bot.metrics.registry.get_sample_value(
        "leadbell_inbound_total", {"channel": "wecom", "kind": "unknown"}
    )
    assert found == 2


async def test_who_leaves_the_app_gets_nothing_more_and_their_leads_go_on(house: House) -> None:
    lead = await house.submit("周倩")
    rep = await house.holder(lead)
    before = len(rep.all)
    await house.fake.phones.leave(rep.userid)
    await house.settle()
    other = await house.holder(lead)
    assert other.userid != rep.userid
    assert key_of(other.card("周倩", "accept"), "accept")
    await house.submit("吴凡")
    assert len([each for each in rep.all[before:] if each.type == "card" and keys(each)]) == 0
    await house.fake.phones.come_back(rep.userid)
    await rep.write("/on")
    leads = [await house.submit(name) for name in ("郑爽", "何其芳")]
    await house.settle()
    assert rep.userid in [(await house.holder(lead)).userid for lead in leads]


async def test_a_customer_who_scans_a_code_becomes_that_members_lead_once(house: House) -> None:
    for code in ("wc-1", "wc-2"):
        told = await house.fake.phones.scanned("LiLei", "wm-77", "周倩", state="expo2026", code=code)
        assert told.taken
        await house.advance(seconds=2)
    assert len(house.phone("LiLei").cards("周倩")) == 1
    [lead] = await house.bot.reads.leads_of("lilei")
    assert (lead.origin.channel, lead.customer.name, lead.stage) == ("expo2026", "周倩", "offered")
    assert set(house.fake.state.welcomed) == {"wc-1", "wc-2"}
    assert "您好" in str(house.fake.state.welcomed["wc-1"])


async def test_a_warning_of_the_platform_reaches_the_admin_once(house: House) -> None:
    for _ in range(2):
        await house.fake.phones.event("sys", Event="close_inactive_agent")
        await house.advance(seconds=1)
    assert house.phone("WuLin").texts().count("close_inactive_agent") == 1


async def test_a_manager_answers_a_roll_up_with_one_button(house: House) -> None:
    for name in ("王强", "李娜", "张敏", "刘洋", "陈静"):
        await house.submit(name)
    await house.advance(minutes=5)
    boss = house.phone("WangFang")
    several = [card for card in boss.cards() if card.card["card_type"] == "multiple_interaction"]
    first, chosen = [each["id"] for each in several[-1].card["select_list"][1]["option_list"]][:2]
    assert first == "-"  # nothing is chosen before somebody chooses
    await boss.press_on(several[-1], "do", verb="take:*", lead=chosen)
    assert ((await house.lead(chosen)).owner, (await house.lead(chosen)).stage) == ("wangfang", "accepted")


async def test_a_passive_answer_is_sent_only_behind_its_switch_and_works_where_the_platform_wants(
    still_house: House,
) -> None:
    house = still_house
    await house.start("passive_cards = true")
    house.fake.state.moods.passive_works = True
    lead = await house.submit("周倩")
    rep = await house.holder(lead)
    card = rep.card("周倩", "accept")
    told = await house.fake.phones.press(rep.userid, card, key_of(card, "accept"))
    assert b"<Encrypt>" in told.body
    assert card.grey
    await house.settle()
    assert keys(card)
