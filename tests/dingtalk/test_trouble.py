"""What goes wrong with a platform, and what must come out right all the same."""

import asyncio
import json
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from aiohttp import ClientSession

from bot.channels.base import Retryable
from bot.channels.dingtalk.stream import BOT_MESSAGE, CARD_CALLBACK, Stream, Timing
from bot.web import health
from domain.errors import Unavailable
from storage import meters
from storage.tables import shown as shown_table
from tests.dingtalk.world import REPS, Ding, Opener, press, until, verbs, words

CREATE = "/v1.0/card/instances/createAndDeliver"
PUT = "/v1.0/card/instances"
DENIED = "Forbidden.AccessDenied."


@pytest.fixture
def engine_name() -> str:
    """The database makes no difference here; the stories run on both."""
    return "sqlite"


def shown(ding: Ding, about: str = "周倩") -> int:
    """How often a card about somebody was put into a chat with a live button."""
    return sum(
        count
        for card in ding.fake.book.cards.values()
        if about in words(card.params)
        for count in card.times.values()
    )


# -- frames -----------------------------------------------------------------------------------------------


async def test_the_same_message_again_has_no_second_effect_and_no_second_answer(ding: Ding) -> None:
    lead = await ding.submit()
    rep = await ding.owner(lead)
    await rep.does("accept", "周倩")
    message = await rep.send({"msgtype": "text", "text": {"content": f"/note {lead} 客户要报价"}})
    answers = len(rep.texts())
    await ding.fake.push_message(message)
    await ding.fake.push_message(message)
    await until(lambda: not ding.fake.wire.unacked)
    await ding.settle()
    assert len(await ding.service.reads.notes(lead)) == 1
    assert len(rep.texts()) == answers


async def test_a_message_that_a_restart_cut_short_is_served_once_when_it_comes_again(opener: Opener) -> None:
    ding = await opener.open()
    lead = await ding.submit()
    rep = await ding.owner(lead)
    await rep.does("accept", "周倩")
    message = await rep.send({"msgtype": "text", "text": {"content": f"/note {lead} 客户要报价"}})
    await opener.shut(ding)
    again = await opener.open()
    await again.fake.push_message(message)
    await until(lambda: not again.fake.wire.unacked)
    await again.settle()
    assert len(await again.service.reads.notes(lead)) == 1


async def test_a_callback_that_comes_twice_gets_the_same_answer(ding: Ding) -> None:
    lead = await ding.submit()
    rep = await ding.owner(lead)
    card = rep.card("周倩")
    push = {
        "type": "actionCallback", "outTrackId": card["track"], "userId": rep.account, "userIdType": 1,
        "content": json.dumps({"cardPrivateData": {"actionIds": [press(card, "accept")], "params": {}}}),
    }  # fmt: skip
    acks: list[Any] = []
    for _ in range(2):
        name = ding.fake.book.new_id() if not acks else acks[0]["headers"]["messageId"]
        waiting = ding.fake.wire.waiting[name] = asyncio.get_running_loop().create_future()
        await ding.fake.wire.push("CALLBACK", CARD_CALLBACK, push, name=name)
        acks.append(await asyncio.wait_for(waiting, 3))
    assert acks[0]["data"] == acks[1]["data"]
    assert (await ding.kinds(lead)).count("accepted") == 1


@pytest.mark.parametrize(
    "data",
    [
        None, 7, [], {}, {"msgId": 5}, {"msgId": "m", "msgtype": "text"}, {"msgId": "m2", "text": "no object"},
        {"msgId": "m3", "senderStaffId": "ding-lilei", "msgtype": "richText", "content": {"richText": [1, {"text": 3}]}},
        {"msgId": "m4", "senderStaffId": "ding-lilei", "msgtype": "unknownMsgType", "content": {"unknownMsgType": "x"}},
        {"msgId": "m5", "senderStaffId": "ding-lilei", "msgtype": "audio", "content": {"duration": "x"}},
    ],
)  # fmt: skip
@pytest.mark.parametrize("topic", [BOT_MESSAGE, CARD_CALLBACK])
async def test_a_push_of_any_shape_is_acknowledged_and_harms_nothing(
    ding: Ding, topic: str, data: Any
) -> None:
    ack = await ding.fake.wire.ask("CALLBACK", topic, data, within=3)
    assert ack is not None
    assert ack["code"] == 200


async def test_a_message_over_quota_is_acknowledged_and_its_sender_is_told(ding: Ding) -> None:
    ding.fake.faults.over_quota = True
    rep = ding.phone("zhangwei")
    said = await rep.type("/my")
    assert len(said) == 1
    assert "额度" in said[0]
    assert ding.service.dingtalk is not None
    assert ding.service.dingtalk.receiver.over_quota


async def test_a_message_pushed_while_nobody_listened_is_served_when_it_comes_again(ding: Ding) -> None:
    rep = ding.phone("zhangwei")
    ding.fake.wire.reset()
    await until(lambda: not ding.fake.wire.live)
    await ding.fake.say(rep.account, "/my")
    await until(lambda: ding.fake.wire.live, within=5)
    assert await ding.fake.wire.redeliver() == 1
    await until(lambda: not ding.fake.wire.unacked)
    await ding.settle()
    assert len(rep.texts()) == 1


async def test_a_message_that_could_not_be_stored_is_asked_for_again_and_served_once(ding: Ding) -> None:
    lead = await ding.capture()
    rep = await ding.owner(lead)
    await rep.does("accept", "周倩")
    bot = ding.service.bot
    write = bot.write

    async def full(*_: Any, **__: Any) -> Any:
        raise Unavailable("disk full")

    bot.write = full
    await ding.fake.say(rep.account, f"/note {lead} 客户要报价")
    await until(lambda: [ack["code"] for ack in ding.fake.wire.acks][-1] == 500)
    card = rep.card("周倩")
    answer = await ding.fake.tap(rep.account, card["track"], press(card, "contacted"))
    assert answer is not None
    assert "没存上" in answer["cardData"]["cardParamMap"]["tips"]
    bot.write = write
    assert await ding.service.reads.notes(lead) == []
    await ding.fake.wire.redeliver()
    await until(lambda: not ding.fake.wire.unacked)
    await ding.settle()
    assert len(await ding.service.reads.notes(lead)) == 1
    assert (await ding.lead(lead)).contacted_at is None


async def test_an_outsider_is_told_nothing(ding: Ding) -> None:
    await ding.submit()
    people = len(ding.service.store.company.people)
    said = await ding.phone("zhangwei").type("/my", senderCorpId="another-corp")
    assert said == ["我只认识本公司的同事"]
    assert len(ding.service.store.company.people) == people


async def test_an_event_is_acknowledged_as_the_protocol_wants(ding: Ding) -> None:
    ack = await ding.fake.wire.ask("EVENT", "*", {"a": 1}, within=3, eventType="org_dept_create")
    assert ack is not None
    assert ack["data"] == '{"status": "SUCCESS", "message": "OK"}'


async def test_who_leaves_the_company_loses_the_lead_to_a_colleague(ding: Ding) -> None:
    lead = await ding.submit()
    rep = await ding.owner(lead)
    await ding.fake.wire.ask("EVENT", "*", {"userId": [rep.account]}, within=3, eventType="user_leave_org")
    await ding.settle()
    assert (await ding.lead(lead)).owner not in (None, rep.person)


async def test_a_slow_store_does_not_hold_up_the_answer_and_the_card_comes_true_after_it(ding: Ding) -> None:
    assert ding.service.dingtalk is not None
    receiver, go = ding.service.dingtalk.receiver, asyncio.Event()
    redraw = receiver.redraw

    async def slow(track: str, person: str) -> Any:
        await go.wait()
        return await redraw(track, person)

    receiver.redraw, receiver.within = slow, 0.05
    lead = await ding.capture()
    rep = await ding.owner(lead)
    assert await rep.tap(rep.card("周倩"), "accept") == {}
    go.set()
    await ding.settle()
    assert (await ding.lead(lead)).stage == "accepted"
    assert rep.cards("周倩", "contacted")
    assert ding.fake.taps_failed == []


async def test_an_update_that_hangs_does_not_hold_up_the_answer_to_a_tap(ding: Ding) -> None:
    """The update may take six seconds, the platform waits two for the answer."""
    assert ding.service.dingtalk is not None
    receiver = ding.service.dingtalk.receiver
    receiver.within = 0.3
    lead = await ding.capture()
    rep = await ding.owner(lead)
    card = rep.card("周倩")
    async with receiver.channel.gates.hold(card["track"]):
        answer = await ding.fake.tap(rep.account, card["track"], press(card, "accept"))
    assert answer is not None
    assert "已接收" in words(answer)
    assert ding.fake.taps_failed == []


async def test_a_double_tap_is_one_accept_and_both_are_told_so(ding: Ding) -> None:
    lead = await ding.capture()
    rep = await ding.owner(lead)
    card = rep.card("周倩")
    answers = await asyncio.gather(
        *(ding.fake.tap(rep.account, card["track"], press(card, "accept")) for _ in range(3))
    )
    assert all(each is not None and "已接收" in words(each) for each in answers)
    await ding.settle()
    assert (await ding.kinds(lead)).count("accepted") == 1


async def test_a_card_that_reached_a_stranger_tells_them_nothing(ding: Ding) -> None:
    lead = await ding.capture()
    rep = await ding.owner(lead)
    card = rep.card("周倩")
    answer = await ding.fake.tap("stranger", card["track"], press(card, "accept"))
    assert answer is not None
    assert answer["cardData"]["cardParamMap"] == {"tips": "我只认识本公司的同事"}
    assert (await ding.lead(lead)).stage == "offered"
    assert "dingtalk:stranger" not in ding.service.store.company.people


# -- sockets ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("how", ["reset", "close_clean", "disconnect", "half_open"])
async def test_what_was_pushed_after_a_lost_connection_is_served(ding: Ding, how: str) -> None:
    lead = await ding.submit()
    rep = await ding.owner(lead)
    if how == "half_open":
        await half_open(ding)
    elif how == "disconnect":
        await ding.fake.wire.disconnect(close=False)
    elif how == "reset":
        ding.fake.wire.reset()
    else:
        await ding.fake.wire.close_clean()
    await until(lambda: ding.fake.wire.opens >= 2 and ding.fake.wire.live)
    assert await rep.does("accept", "周倩")


async def half_open(ding: Ding) -> None:
    """The connection stands, and at its other end nobody reads or answers any more."""
    impatient(ding)
    ding.fake.faults.deaf = True
    ding.fake.wire.reset()
    await until(lambda: ding.fake.wire.opens == 2 and ding.fake.wire.sockets)
    ding.fake.faults.deaf = False


async def ready(ding: Ding) -> dict[str, bool]:
    async with ClientSession() as http, http.get(f"http://127.0.0.1:{ding.service.port}/readyz") as answer:
        return {each["name"]: each["ok"] for each in (await answer.json())["checks"]}


async def test_each_instance_is_ready_by_its_own_connection(
    postgres_url: str, opener: Opener, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A minute without one is too long; back again, it is well again. The metrics say the same."""
    monkeypatch.setattr(health, "STREAM_SECONDS", 0.05)
    opener.database_url = postgres_url
    one, two = await opener.open(), await opener.open()
    assert one.service.dingtalk is not None
    stream = one.service.dingtalk.stream
    assert stream is not None
    dial, asked = stream._dial, asyncio.Event()

    async def dead() -> str:
        asked.set()
        raise Retryable("unreachable")

    stream._dial = dead
    await next(iter(stream._links)).socket.close()
    await asked.wait()
    await until(lambda: stream.silent > 0.05)
    assert (await ready(one))["stream dingtalk"] is False
    assert (await ready(two))["stream dingtalk"] is True
    assert 'leadbell_stream_connected{channel="dingtalk"} 0.0' in one.service.metrics.text(None).decode()
    assert 'leadbell_stream_connected{channel="dingtalk"} 1.0' in two.service.metrics.text(None).decode()
    stream._dial = dial
    await until(lambda: stream.connected, within=8)
    assert (await ready(one))["stream dingtalk"] is True


async def test_two_instances_serve_what_each_is_pushed(postgres_url: str, opener: Opener) -> None:
    opener.database_url = postgres_url
    one, two = await opener.open(), await opener.open()
    await until(lambda: len(one.fake.wire.live) == 2)
    turns = iter(range(1000))
    one.fake.wire.pick = lambda count: next(turns) % count
    lead = await one.submit()
    await two.settle()
    rep = await one.owner(lead)
    assert await rep.does("accept", "周倩")
    await two.settle()
    tokens = [path for _, path, _ in one.fake.book.calls if path.endswith("/accessToken")]
    assert len(tokens) == 1
    assert (await two.lead(lead)).owner == rep.person


# -- calls ------------------------------------------------------------------------------------------------


async def test_a_token_that_is_revoked_is_renewed_once(ding: Ding) -> None:
    await ding.capture("周倩")
    ding.fake.book.tokens.clear()
    await ding.advance(seconds=30)
    lead = await ding.capture("郑爽")
    assert (await ding.owner(lead)).cards("郑爽", "accept")
    tokens = [path for _, path, _ in ding.fake.book.calls if path.endswith("/accessToken")]
    assert len(tokens) == 2


@pytest.mark.parametrize(
    ("status", "code"),
    [
        (403, DENIED + "QpsLimitForAppkeyAndApi"), (403, DENIED + "QpsLimitForApi"),
        (403, DENIED + "QpmLimitForAppkeyAndApi"), (500, "system.busy"), (500, "unknownError"),
        (403, DENIED + "IpNotInWhiteList"), (400, "some.new.code"),
    ],
)  # fmt: skip
async def test_a_passing_refusal_delays_the_card_and_blames_nobody(
    ding: Ding, status: int, code: str
) -> None:
    ding.fake.faults.refuse.append((CREATE, status, code, {}))
    lead = await ding.capture()
    rep = await ding.owner(lead)
    assert rep.cards("周倩") == []
    assert (await ding.lead(lead)).offer.delivered_at is None
    await ding.advance(minutes=2)
    assert (await ding.owner(lead)).person == rep.person
    assert len(rep.cards("周倩", "accept")) >= 1
    assert shown(ding) >= 1


async def test_a_card_that_was_not_delivered_goes_to_the_next_rep_at_once(ding: Ding) -> None:
    for away in ("zhangwei", "lilei"):
        ding.fake.faults.undelivered[f"ding-{away}"] = "用户不在应用可见范围"
    lead = await ding.capture()
    await ding.settle()
    assert (await ding.lead(lead)).owner == "hanmeimei"
    assert ding.phone("hanmeimei").cards("周倩", "accept")
    assert ding.phone("chenjing").cards()  # the admin hears of it


async def test_a_delivery_that_is_told_not_done_is_done_later_on_the_same_card(ding: Ding) -> None:
    for each in REPS:
        ding.fake.faults.undelivered[f"ding-{each}"] = "system busy, 稍后再试"
    lead = await ding.capture()
    rep = await ding.owner(lead)
    assert rep.cards() == []
    ding.fake.faults.undelivered.clear()
    await ding.advance(minutes=2)
    assert len(rep.cards("周倩", "accept")) == 1
    assert shown(ding) == 1


async def test_a_message_that_reached_none_of_those_it_named_goes_to_the_next_rep(ding: Ding) -> None:
    """200 with a list of whom it did not reach; the same for who is not there, and for who is over a limit."""
    ding.fake.faults.denied.add("Card.Instance.Write")
    ding.fake.faults.invalid.add("ding-zhangwei")
    ding.fake.faults.flow.add("ding-lilei")
    leads = [await ding.capture(name) for name in ("周倩", "郑爽", "何其芳")]
    assert "refused_by_platform" in [kind for each in leads for kind in await ding.kinds(each)]
    owners = {(await ding.lead(each)).owner for each in leads}
    assert owners == {"lilei", "hanmeimei"}
    assert ding.phone("hanmeimei").chat()
    assert not ding.phone("lilei").chat()
    ding.fake.faults.flow.clear()
    await ding.advance(minutes=2)
    assert ding.phone("lilei").chat()


async def test_an_answer_that_got_lost_does_not_show_the_card_twice(ding: Ding) -> None:
    ding.fake.faults.lose = 1
    lead = await ding.capture()
    await ding.advance(seconds=30)
    rep = await ding.owner(lead)
    assert len(rep.cards("周倩", "accept")) == 1
    assert shown(ding) == 1
    assert await rep.does("accept", "周倩")


async def test_an_update_that_got_no_answer_is_made_again_and_harms_nothing(ding: Ding) -> None:
    lead = await ding.capture()
    rep = await ding.owner(lead)
    track = rep.card("周倩")["track"]
    ding.fake.faults.lose = 2  # the client sends a PUT on a kept connection once more by itself
    assert await rep.does("accept", "周倩")
    first = len(ding.calls(PUT, "PUT"))
    await ding.advance(seconds=30)
    again = ding.calls(PUT, "PUT")
    assert len(again) > first
    assert again[0] == again[-1]
    assert [row["state"] for row in await states(ding, track)] == ["live"]


async def states(ding: Ding, handle: str) -> list[Any]:
    async with ding.service.store.reader.connect() as conn:
        found = await conn.execute(shown_table.select().where(shown_table.c.handle == handle))
        return [dict(row) for row in found.mappings()]


async def test_an_answer_in_a_chat_that_got_no_answer_comes_rather_twice_than_never(ding: Ding) -> None:
    rep = ding.phone("zhangwei")
    ding.fake.faults.lose = 1  # the session's address has no key by which the platform knew it again
    await rep.type("/my")
    await ding.advance(seconds=30)
    assert len(rep.texts()) == 2
    assert len(set(rep.texts())) == 1


async def test_a_page_of_a_gateway_in_between_leaves_a_card_in_doubt_and_shows_it_once(ding: Ding) -> None:
    ding.fake.faults.garble = 1
    lead = await ding.capture()
    await ding.advance(seconds=30)
    rep = await ding.owner(lead)
    assert len(rep.cards("周倩", "accept")) == 1
    assert shown(ding) == 1


async def test_texts_that_the_platform_dislikes_go_without_their_words(ding: Ding) -> None:
    ding.fake.faults.refuse.append((CREATE, 400, "param.contentUnsafe", {}))
    lead = await ding.capture()
    rep = await ding.owner(lead)
    card = rep.cards(button="accept")[-1]
    assert "周倩" not in words(card["card"])
    await rep.tap(card, "accept")
    assert (await ding.lead(lead)).owner == rep.person


async def test_an_hour_of_outage_loses_nothing_and_shows_each_card_once(ding: Ding) -> None:
    """No call and no connection; one lead is being worked on, one was just offered, one comes in."""
    stream = impatient(ding)
    worked = await ding.submit("周倩")
    first = await ding.owner(worked)
    await first.does("accept", "周倩")
    offered = await ding.capture("郑爽")
    second = await ding.owner(offered)
    ding.fake.go_down()
    await ding.fake.say(first.account, f"/note {worked} 客户要报价")  # nobody is there to hear it
    came = await ding.capture("何其芳")
    await ding.advance(minutes=60)
    assert shown(ding, "何其芳") == 0
    assert not stream.connected

    ding.fake.faults.down = False
    await until(lambda: stream.connected)
    await ding.fake.wire.redeliver()
    await until(lambda: not ding.fake.wire.unacked)
    await ding.advance(minutes=6)
    assert all(count == 1 for card in ding.fake.book.cards.values() for count in card.times.values())
    assert await ding.untrue() == []
    assert await ding.audit() == []
    assert [note.text for note in await ding.service.reads.notes(worked)] == ["客户要报价"]
    assert (await ding.lead(worked)).owner == first.person
    assert verbs(second.cards("郑爽")[0]) == []  # it went on while nothing could be shown
    for lead, name in ((offered, "郑爽"), (came, "何其芳")):
        found = await ding.lead(lead)
        taker = ding.phone(found.owner or "lilei")
        verb = "accept" if found.owner else "grab"
        assert await taker.does(verb, name)
        assert (await ding.lead(lead)).owner == taker.person


def impatient(ding: Ding) -> Stream:
    """Dial again after moments, and miss a pong within moments."""
    assert ding.service.dingtalk is not None
    stream = ding.service.dingtalk.stream
    assert stream is not None
    stream._timing = Timing(dial=2.0, heartbeat=0.3, floor=0.05, longest=0.05, steady=0.0, leave=0.2)
    return stream


async def test_the_months_quota_delays_and_is_told_in_the_metrics(ding: Ding) -> None:
    ding.fake.book.month_calls = ding.fake.book.metered
    await ding.capture()
    assert ding.service.dingtalk is not None
    assert ding.service.dingtalk.client.meter.exhausted
    ding.fake.book.month_calls += 100
    await ding.advance(minutes=61)
    assert ding.fake.book.cards


async def test_where_cards_are_not_permitted_messages_with_links_stand_in(ding: Ding) -> None:
    denied = {"accessdenieddetail": {"requiredScopes": ["Card.Instance.Write"]}}
    ding.fake.faults.refuse.append((CREATE, 403, DENIED + "AccessTokenPermissionDenied", denied))
    lead = await ding.capture()
    rep = await ding.owner(lead)
    offer = rep.chat()[-1]
    assert offer["kind"] == "actionCard"
    assert offer["param"]["actionTitle1"] == "接收"
    await rep.type(sent_by(offer["param"]["actionURL1"]))
    assert (await ding.lead(lead)).stage == "accepted"
    newest = rep.chat()[-2:]
    assert any(each["kind"] == "actionCard" and "已" in each["param"]["actionTitle1"] for each in newest), (
        newest
    )
    assert offer["id"] not in [each["id"] for each in rep.chat()]  # the old one was taken back


async def test_reasons_are_links_where_cards_are_not_permitted(ding: Ding) -> None:
    ding.fake.faults.refuse.append((CREATE, 403, DENIED + "AccessTokenPermissionDenied", {}))
    lead = await ding.capture()
    rep = await ding.owner(lead)
    await rep.type(f"接收 #accept:{lead}-1")
    await rep.type(f"退回 #handback:{lead}-1")
    asked = next(each for each in reversed(rep.chat()) if "bad_number" in words(each))
    link = next(part for part in asked["text"].split("(dtmd") if "bad_number" in part)
    await rep.type(sent_by("dtmd" + link.partition(")")[0]))
    assert (await ding.lead(lead)).reason == "bad_number"


def sent_by(link: str) -> str:
    """What the client sends when the link is opened."""
    assert link.startswith("dtmd://dingtalkclient/sendMessage?content=")
    return parse_qs(urlsplit(link).query)["content"][0]


# -- stopping ---------------------------------------------------------------------------------------------


async def test_stopping_takes_less_than_five_seconds_even_with_a_hung_platform(opener: Opener) -> None:
    ding = await opener.open()
    await ding.capture()
    ding.fake.faults.slow = 30.0
    await ding.fake.say("ding-zhangwei", "/my")
    loop = asyncio.get_running_loop()
    started = loop.time()
    await opener.shut(ding)
    assert loop.time() - started < 5.0


async def test_the_months_calls_are_kept_over_a_restart(opener: Opener) -> None:
    ding = await opener.open()
    await ding.capture()
    used = ding.fake.book.metered
    await opener.shut(ding)
    again = await opener.open()
    found = await meters.read_counts(again.service.store.reader, "dingtalk:calls:")
    assert list(found) == ["dingtalk:calls:2026-11"]
    assert used <= found["dingtalk:calls:2026-11"] <= used + 1  # the gateway is counted, to be safe
