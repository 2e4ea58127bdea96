"""Every message and event is a typed value; what is odd is refused or counted, never a crash."""

import random
import time
from base64 import b64encode
from typing import Any
from xml.etree.ElementTree import fromstring

import pytest
from wechatpy.enterprise import parse_message

from bot.channels.wecom import parse
from bot.channels.wecom.crypto import Rejected
from tests.fakes.clock import MONDAY_TEN
from tests.wecom.wire import AGENT, CORP, DOOR, inner, seal, sealed

SLOWEST = 0.05


def read(**fields: Any) -> parse.Inbound:
    return parse.read(inner("ZhangWei", MONDAY_TEN, **fields), corp_id=CORP)


def event(name: str, **fields: Any) -> Any:
    return read(MsgType="event", Event=name, **fields)


def test_a_text_has_its_sender_its_time_and_a_key_that_a_retry_shares() -> None:
    found = read(MsgType="text", Content="你好 <b>&amp; 😀", MsgId=4561255354251345929)
    assert found == parse.Text(
        sender="ZhangWei",
        at=MONDAY_TEN,
        key="wecom:m:4561255354251345929",
        agent=AGENT,
        content="你好 <b>&amp; 😀",
    )
    assert read(MsgType="text", Content="x", MsgId=2).key != found.key


def test_every_kind_of_message() -> None:
    voice: Any = read(MsgType="voice", MediaId="m", Format="amr", MsgId=1)
    assert (voice.kind, voice.media_id) == ("voice", "m")
    for kind in ("image", "video", "file"):
        found: Any = read(MsgType=kind, MediaId="m", PicUrl="http://x", MsgId=1)
        assert (found.kind, found.media_id) == (kind, "m")
    place: Any = read(
        MsgType="location", Location_X=23.134521, Location_Y=113.358803, Scale=20, Label="广州", MsgId=1
    )
    assert (place.lat, place.lng, place.label) == (23.134521, 113.358803, "广州")
    link: Any = read(MsgType="link", Title="t", Description="d", Url="https://x", PicUrl="p", MsgId=1)
    assert (link.title, link.description, link.url) == ("t", "d", "https://x")
    assert isinstance(read(MsgType="hologram", MsgId=1), parse.Unknown)


def test_every_kind_of_event() -> None:
    assert event("subscribe").joined
    assert not event("unsubscribe").joined
    assert isinstance(event("enter_agent", EventKey=""), parse.Entered)
    assert event("LOCATION", Latitude=23.1, Longitude=113.3, Precision=65).lng == 113.3
    assert event("click", EventKey="my").menu == "my"
    where = {"Location_X": "31.2", "Location_Y": "121.6", "Scale": "15", "Label": "张江", "Poiname": ""}
    assert event("location_select", EventKey="k", SendLocationInfo=where).label == "张江"
    for name in ("view", "scancode_push", "pic_sysphoto", "batch_job_result", "switch_workbench_mode"):
        assert isinstance(event(name, EventKey="k", ScanCodeInfo={"ScanType": "qr"}), parse.Passing)
    assert event("close_inactive_agent").event == "close_inactive_agent"
    changed = event("change_contact", ChangeType="update_user", UserID="a", NewUserID="b")
    assert (changed.change, changed.user, changed.new_user) == ("update_user", "a", "b")
    customer = event(
        "change_external_contact",
        ChangeType="add_external_contact",
        UserID="zhangwei",
        ExternalUserID="wm1",
        State="expo",
        WelcomeCode="wc",
        AgentID=None,
    )
    assert (customer.customer, customer.state, customer.welcome_code, customer.agent) == (
        "wm1", "expo", "wc", None,
    )  # fmt: skip
    assert event("hologram_event").kind == "hologram_event"


CARD = {
    "TaskId": "lead-42_a1@1",
    "CardType": "button_interaction",
    "ResponseCode": "RC",
    "EventKey": "accept",
}


@pytest.mark.parametrize(
    ("items", "selected"),
    [
        (None, {}),
        ("", {}),
        ({"SelectedItem": {"QuestionKey": "reason", "OptionIds": {"OptionId": "r1"}}}, {"reason": ("r1",)}),
        (
            {
                "SelectedItem": [
                    {"QuestionKey": "lead", "OptionIds": {"OptionId": "L1"}},
                    {"OptionIds": {"OptionId": ["a", "b"]}, "QuestionKey": "person"},
                ]
            },
            {"lead": ("L1",), "person": ("a", "b")},
        ),
        ({"SelectedItem": {"QuestionKey": "reason", "OptionIds": ""}}, {"reason": ()}),
    ],
    ids=["absent", "empty", "one", "several", "nothing chosen"],
)
def test_a_card_click_has_what_was_chosen(items: Any, selected: dict[str, tuple[str, ...]]) -> None:
    found = event("template_card_event", **CARD, SelectedItems=items)
    assert (found.button, found.task_id, found.code, found.from_menu) == (
        "accept", "lead-42_a1@1", "RC", False,
    )  # fmt: skip
    assert found.selected == selected
    assert event("template_card_menu_event", **CARD).from_menu


def test_two_clicks_of_a_second_are_told_apart_and_a_retry_is_not() -> None:
    one = event("template_card_event", **CARD)
    assert one.key == event("template_card_event", **(CARD | {"ResponseCode": "another"})).key
    others = [event("template_card_event", **(CARD | {name: "x"})).key for name in ("EventKey", "TaskId")]
    assert len({one.key, *others}) == 3


def test_wechatpy_reads_the_same_in_a_text() -> None:
    message = inner("ZhangWei", MONDAY_TEN, MsgType="text", Content="看看 & 再说", MsgId=7)
    theirs, ours = parse_message(message), parse.read(message, corp_id=CORP)
    assert isinstance(ours, parse.Text)
    assert (theirs.source, theirs.content, theirs.create_time) == (ours.sender, ours.content, ours.at)


@pytest.mark.parametrize(
    ("content", "short"),
    [
        ("<![CDATA[好的[微笑]，]>见]]] 面]]>", True),
        ("<![CDATA[]]>", True),
        ("<![CDATA[a\nb\tc & <b>&amp;</b> </Content>]]>", True),
        ("周总", True),
        ("a\r\nb", False),
        ("<![CDATA[a\r\nb]]>", False),
        ("a &amp; b", False),
        ("<![CDATA[a]]>b", False),
        ("b<![CDATA[a]]>", False),
        ("<![CDATA[a]]><![CDATA[b]]>", False),
        ("<!-- a -->b", False),
        ("a>b", False),
    ],
)
def test_the_short_way_reads_what_the_parser_reads(content: str, short: bool) -> None:
    message = f"<xml><Content>{content}</Content><MsgId>7</MsgId></xml>".encode()
    plain = parse._plain(message)
    assert (plain is not None) == short
    assert parse._flat(message) == ({each.tag: each.text or "" for each in fromstring(message)}, {})  # noqa: S314


@pytest.mark.parametrize(
    "message",
    ["<xml><a>1</a>2</xml>", "<xml>2<a>1</a></xml>", "<xml><a>1</a><a>2</a></xml>", "<xml><a>1</b></xml>", "<xml><a>\x01</a></xml>",
     "<xml><a><![CDATA[\uffff]]></a></xml>", "<xml><a>x]]></a></xml>", "<xml><a>\udce9</a></xml>", "<xml><a/></xml>", "<xml></xml>x", "<xml>", ""],
)  # fmt: skip
def test_whatever_else_is_left_to_the_parser(message: str) -> None:
    assert parse._plain(message.encode("utf-8", "surrogateescape")) is None


def test_what_the_platform_writes_goes_the_short_way() -> None:
    assert all(map(parse._plain, TEXTS))


BOMB = '<!DOCTYPE x [<!ENTITY a "aaaaaaaaaa">]>'
BAD = {
    "another corp": "<xml><ToUserName>other</ToUserName><MsgType>text</MsgType></xml>",
    "doctype": f"{BOMB}<xml><ToUserName>{CORP}</ToUserName><MsgType>&a;</MsgType></xml>",
    "entity": f"<xml><ToUserName>{CORP}</ToUserName><MsgType>&a;</MsgType></xml>",
    "deep": "<xml>" + "<a>" * 6000 + "</a>" * 6000 + "</xml>",
    "wide": "<xml>" + "<a/>" * 6000 + "</xml>",
    "twice": f"<xml><ToUserName>{CORP}</ToUserName><ToUserName>{CORP}</ToUserName></xml>",
    "cut": f"<xml><ToUserName>{CORP}</ToUserName>",
    "empty": "",
    "no type": f"<xml><ToUserName>{CORP}</ToUserName></xml>",
    "no sender": f"<xml><ToUserName>{CORP}</ToUserName><MsgType>text</MsgType><CreateTime>1</CreateTime>"
    "<MsgId>1</MsgId></xml>",
    "no id": f"<xml><ToUserName>{CORP}</ToUserName><MsgType>text</MsgType><FromUserName>a</FromUserName>"
    "<CreateTime>1</CreateTime></xml>",
    "time": f"<xml><ToUserName>{CORP}</ToUserName><MsgType>text</MsgType><FromUserName>a</FromUserName>"
    "<CreateTime>9999999999999</CreateTime><MsgId>1</MsgId></xml>",
    "latin": f"<xml><ToUserName>{CORP}</ToUserName><MsgType>\udce9</MsgType></xml>",
}


@pytest.mark.parametrize("name", BAD)
def test_a_message_that_no_platform_writes_is_refused(name: str) -> None:
    with pytest.raises(Rejected):
        parse.read(BAD[name].encode("utf-8", "surrogateescape"), corp_id=CORP)


def test_words_that_look_like_markup_are_words() -> None:
    content = "<!DOCTYPE html><!ENTITY x><script>"
    found: Any = read(MsgType="text", Content=content, MsgId=1)
    assert found.content == content


def test_another_apps_message_is_refused() -> None:
    query, body = seal(
        inner("a", MONDAY_TEN, MsgType="text", Content="x", MsgId=1, AgentID=AGENT + 1), MONDAY_TEN
    )
    with pytest.raises(Rejected, match="agent"):
        DOOR.receive(query, body, MONDAY_TEN)


def test_thirty_thousand_odd_bodies_raise_one_error_quickly_and_none_unsigned_reaches_the_parser(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    dice = random.Random(20260105)
    parsed: list[bytes] = []
    original = parse.read

    def watched(message: bytes, *, corp_id: str) -> parse.Inbound:
        parsed.append(message)
        return original(message, corp_id=corp_id)

    monkeypatch.setattr(parse, "read", watched)
    slowest, taken, refused = 0.0, 0, 0
    for nth in range(30_000):
        query, body, readable = odd(dice, nth)
        before = len(parsed)
        start = time.thread_time()
        try:
            DOOR.receive(query, body, MONDAY_TEN)
            taken += 1
        except Rejected:
            refused += 1
        slowest = max(slowest, time.thread_time() - start)
        assert readable or len(parsed) == before
    assert slowest < SLOWEST
    assert refused > 20_000
    assert taken > 300
    assert len(parsed) > 9_000


TEXTS = [
    inner("ZhangWei", MONDAY_TEN, MsgType="text", Content="周总说 😀 预算批了", MsgId=1),
    inner("ZhangWei", MONDAY_TEN, MsgType="event", Event="template_card_event", **CARD),
]


def odd(dice: random.Random, nth: int) -> tuple[dict[str, str], bytes, bool]:
    """(query, body, whether its inside may be parsed) of one odd request."""
    message = dice.choice(TEXTS)
    query, body = seal(message, MONDAY_TEN)
    if nth % 3 == 0:  # random bytes, bare or inside the ciphertext
        junk = dice.randbytes(dice.randrange(1, 400))
        at = body.index(b"<Encrypt><![CDATA[") + 18 + dice.randrange(40)
        return query, junk if dice.random() < 0.5 else body[:at] + junk + body[at:], False
    if nth % 3 == 1:  # a genuine message with some bytes changed, signed again: only the parser can refuse it
        changed = bytearray(message)
        for _ in range(dice.randrange(1, 4)):
            at = dice.randrange(len(changed))
            changed[at : at + dice.randrange(3)] = dice.randbytes(dice.randrange(4))
        return *seal(bytes(changed), MONDAY_TEN), True
    # a random ciphertext, half of them rightly signed: its inside cannot be right
    query, body = sealed(b64encode(dice.randbytes(32 * dice.randrange(1, 20))).decode(), MONDAY_TEN)
    return query if dice.random() < 0.5 else query | {"nonce": "x"}, body, False
