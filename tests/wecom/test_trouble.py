"""When the platform, the network or the set-up misbehaves: nothing is lost, nothing is said twice."""

from collections import Counter
from datetime import timedelta

import pytest

from tests.wecom.world import House, Phone, key_of

NAMES = ("王强", "李娜", "张敏")


@pytest.fixture
def house(told_house: House) -> House:
    """Each of these stories is told on both engines, and again with restarts in its middle."""
    return told_house


async def lead_of(house: House, name: str = "周倩") -> tuple[str, Phone]:
    lead = await house.submit(name)
    return lead, await house.holder(lead)


async def test_a_revoked_token_is_fetched_anew_once(house: House) -> None:
    lead, rep = await lead_of(house)
    fetched = house.fake.state.calls.count("gettoken")
    await house.advance(seconds=20)
    house.fake.state.revoke_tokens()
    await rep.press("accept", "周倩")
    assert rep.cards("周倩")[0].updates == 1
    assert house.fake.state.calls.count("gettoken") == fetched + 1
    assert (await house.lead(lead)).stage == "accepted"


async def test_too_often_is_left_alone_for_the_minute_that_the_platform_blocks(house: House) -> None:
    await house.settle()
    house.fake.state.moods.fail["message/send"] = [45009]
    await house.phone("XiaoLin").write("/help")
    calls = house.fake.state.calls.count("message/send")
    await house.advance(seconds=55)
    assert house.fake.state.calls.count("message/send") == calls
    assert "/lead" not in house.phone("XiaoLin").texts()
    await house.advance(seconds=10)
    assert house.phone("XiaoLin").texts().count("线索铃") == 1


async def test_a_clock_that_was_wrong_for_a_moment_holds_up_no_answer(house: House) -> None:
    await house.settle()
    right = house.clock.now()
    house.clock.hold(right + timedelta(hours=1))
    house.fake.state.moods.fail["message/send"] = [-1]
    await house.phone("XiaoLin").write("/help")
    house.clock.hold(right)  # before anybody has looked at it
    await house.bot._watch_clock()
    await house.advance(seconds=30)
    assert house.phone("XiaoLin").texts().count("线索铃") == 1


@pytest.mark.parametrize("mood", [45033, -1, "http"])
async def test_a_short_trouble_is_tried_again(house: House, mood: int | str) -> None:
    house.fake.state.moods.fail["message/send"] = [mood, mood]
    await house.phone("XiaoLin").write("/help")
    await house.advance(seconds=30)
    assert house.phone("XiaoLin").texts().count("线索铃") == 1


async def test_a_rep_whom_the_platform_does_not_reach_loses_the_lead_at_once_and_the_admin_hears(
    house: House,
) -> None:
    house.fake.state.members["lilei"].visible = False
    for name in ("周倩", "吴凡"):
        lead, _ = await lead_of(house, name)
        await house.advance(seconds=1)
        assert (await house.holder(lead)).userid == "ZhangWei"
    assert "李雷" in str([card.card for card in house.phone("WuLin").cards()])
    assert not house.phone("LiLei").cards()


async def test_a_member_without_a_licence_counts_as_not_reached(house: House) -> None:
    house.fake.state.members["lilei"].licensed = False
    for name in ("周倩", "吴凡"):
        lead, _ = await lead_of(house, name)
        assert (await house.holder(lead)).userid == "ZhangWei"


async def test_an_hour_without_the_platform_loses_nothing_and_repeats_nothing(house: House) -> None:
    house.fake.state.moods.down = True
    for nth, name in enumerate(NAMES):
        await house.phone("XiaoLin").write(
            f"/lead {name} 上海博达智能科技有限公司 采购总监 1391000000{nth} 制造业 想上一套MES"
        )
        await house.advance(minutes=20)
    assert not [each for each in house.fake.state.messages if each.card]
    house.fake.state.moods.down = False
    await house.advance(minutes=10)
    for name in NAMES:
        found = await house.lead(house.handed_in(name))
        assert found.next_due(house.bot.store.company.calendar) is not None
        assert any(house.phone(rep).cards(name) for rep in ("ZhangWei", "LiLei")), name
    per_message = Counter(each.task_id for each in house.fake.state.messages if each.task_id)
    assert max(per_message.values()) == 1
    assert house.fake.state.dropped == []
    assert await house.audit() == []


async def test_a_card_whose_codes_are_used_up_is_shown_anew_and_says_so(house: House) -> None:
    lead, rep = await lead_of(house)
    for code in house.fake.state.codes.values():
        code.used = True
    await house.advance(minutes=10)
    other = await house.holder(lead)
    assert other.userid != rep.userid
    newest = rep.cards("周倩")[-1]
    assert "最新状态" in newest.card["source"]["desc"]
    assert newest.card["card_type"] == "text_notice"


async def test_a_send_whose_answer_was_lost_shows_one_card(house: House) -> None:
    """The platform has the card and we do not know: its task id tells on the second try."""
    house.fake.state.moods.fail["message/send"] = ["lost", "lost"]
    lead = await house.submit("周倩")
    await house.advance(seconds=30)
    rep = await house.holder(lead)
    assert len(rep.cards("周倩")) == 1
    assert len(house.phone("XiaoLin").cards("周倩")) == 1
    await rep.press("accept", "周倩")
    assert (await house.lead(lead)).stage == "accepted"
    assert key_of(rep.cards("周倩")[0], "contacted")


async def test_a_wrong_secret_or_address_holds_everything_back_and_loses_nothing(house: House) -> None:
    house.fake.state.moods.address_refused = True
    await house.phone("XiaoLin").write("/help")
    await house.advance(minutes=5)
    assert house.phone("XiaoLin").texts() == ""
    assert house.fake.state.calls.count("gettoken") < 15
    house.fake.state.moods.address_refused = False
    await house.advance(minutes=6)
    assert house.phone("XiaoLin").texts().count("线索铃") == 1


async def test_forged_callbacks_get_one_answer_and_change_nothing(house: House) -> None:
    phones = house.fake.phones
    inner = phones.inner("XiaoLin", MsgType="text", Content="/help", MsgId=1)
    query, body = phones.seal(inner, house.clock.now())
    early, early_body = phones.seal(inner, house.clock.now() - timedelta(seconds=301))
    calls = [
        (query | {"msg_signature": "0" * 40}, body),
        (query | {"nonce": "other"}, body),
        ({}, body),
        (query, b""),
        (query, b"x" * 70_000),
        (early, early_body),
    ]
    answers = {await house.post(params, data) for params, data in calls}
    assert answers == {(403, b"", "text/plain")}
    await house.settle()
    assert house.phone("XiaoLin").all == []


async def test_the_address_is_verified_as_the_console_does(house: House) -> None:
    assert await house.fake.phones.try_address(house.fake.state.callback)
    assert not await house.fake.phones.try_address(house.fake.state.callback + "x")


async def test_while_the_store_is_away_the_platform_is_asked_to_try_again(house: House) -> None:
    house.bot.store._writer._closing = True
    told = await house.fake.phones.write("XiaoLin", "/help")
    assert told.tries == (503, 503, 503, 503)
    house.bot.store._writer._closing = False
    assert (await house.fake.phones.write("XiaoLin", "/help")).taken


@pytest.mark.parametrize("mood", ["http", "lost", 41096, -1])
async def test_a_customers_welcome_is_tried_again_and_said_once(house: House, mood: int | str) -> None:
    house.fake.state.moods.fail["externalcontact/send_welcome_msg"] = [mood, mood]
    assert (await house.fake.phones.scanned("LiLei", "wm-77", "周倩", state="expo2026", code="wc-1")).taken
    await house.advance(seconds=15)
    assert list(house.fake.state.welcomed) == ["wc-1"]
    await house.advance(minutes=1)
    [lead] = await house.bot.reads.leads_of("lilei")
    assert "unwelcomed" not in await house.kinds(lead.id)


async def test_a_welcome_that_is_too_late_is_dropped_and_recorded(house: House) -> None:
    await house.phone("XiaoLin").write("/help")  # there is a token
    state, begun = house.fake.state, house.clock.now()
    state.moods.down = True
    assert (await house.fake.phones.scanned("LiLei", "wm-77", "周倩", state="expo2026", code="wc-1")).taken
    await house.advance(seconds=19)
    state.moods.down = False
    state.moods.fail["externalcontact/send_welcome_msg"] = [-1]
    await house.advance(minutes=1)
    [lead] = await house.bot.reads.leads_of("lilei")
    assert (await house.kinds(lead.id)).count("unwelcomed") == 1
    tries = [at - begun for at, call in state.trace if call == "externalcontact/send_welcome_msg"]
    assert max(tries) < timedelta(seconds=20)
    assert state.welcomed == {}
    assert "欢迎" not in str([card.card for card in house.phone("WuLin").cards()])
