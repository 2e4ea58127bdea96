"""Pushes as the documents show them, and pushes of any shape: a typed value, or the one refusal."""

import json
from contextlib import suppress
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.cards.actions import Accept
from bot.channels.dingtalk.parse import BadPush, read_message, read_tap
from bot.channels.dingtalk.press import Press, read_press
from bot.channels.dingtalk.stream import read_frame

MESSAGE: dict[str, Any] = {
    "conversationId": "cid2Hkyh+8bJvbjpgyTU3eoJ==",
    "atUsers": [{"dingtalkId": "$:LWCP_v1:$robot"}],
    "chatbotCorpId": "ding9f50b15bccd16741",
    "chatbotUserId": "$:LWCP_v1:$robot",
    "msgId": "msg1A2B==",
    "senderNick": "杨xx",
    "isAdmin": True,
    "senderStaffId": "user123",
    "sessionWebhookExpiredTime": 1613635652738,
    "createAt": 1613630252678,
    "senderCorpId": "ding9f50b15bccd16741",
    "conversationType": "2",
    "senderId": "$:LWCP_v1:$Ff09GIxxxxx",
    "conversationTitle": "机器人测试-TEST",
    "isInAtList": True,
    "sessionWebhook": "https://oapi.dingtalk.com/robot/sendBySession?session=xxxxx",
    "text": {"content": " 你好"},
    "msgtype": "text",
    "a key of tomorrow": {},
}
"""The shape of the sample of /document/development/receive-message."""


def test_the_documented_message_is_read() -> None:
    found = read_message(MESSAGE)
    assert (found.id, found.account, found.name, found.text) == ("msg1A2B==", "user123", "杨xx", "你好")
    assert found.group
    assert found.session is not None
    assert found.session.expires == 1613635652738


@pytest.mark.parametrize(
    ("more", "account", "over"),
    [
        ({"senderStaffId": None}, "", False), ({"senderCorpId": "another"}, "", False),
        ({"text": None, "errorCode": 20001, "errorMessage": "x"}, "user123", True),
        ({"text": None, "errCode": "20001", "errMsg": "x"}, "user123", True),
    ],
)  # fmt: skip
def test_outsiders_and_messages_over_quota_are_told_apart(more: Any, account: str, over: bool) -> None:
    found = read_message(MESSAGE | more)
    assert (found.account, found.over_quota) == (account, over)


@pytest.mark.parametrize(
    ("duration", "seconds"), [(4000, 4), ("5", 5), (None, None), ("x", None), ([], None)]
)
def test_the_length_of_a_voice_is_read_in_either_of_its_forms(duration: Any, seconds: int | None) -> None:
    content = {"duration": duration, "downloadCode": "code", "recognition": "你好"}
    found = read_message(MESSAGE | {"msgtype": "audio", "content": content})
    assert (found.text, found.attached[0].seconds) == ("你好", seconds)


@pytest.mark.parametrize(
    ("text", "tap"),
    [
        ("接收 #accept:L12-3", Press(action=Accept(lead="L12", offer=3))), ("#accept:L12-3  ", Press(action=Accept(lead="L12", offer=3))),
        ("accept:L12-3", None), ("看看 #标签", None), ("#accept:L12-3 再说", None), ("", None),
    ],
)  # fmt: skip
def test_a_text_that_a_link_sent_reads_as_the_tap(text: str, tap: Press | None) -> None:
    assert read_message(MESSAGE | {"text": {"content": text}}).tap == tap


def callback(**content: Any) -> dict[str, Any]:
    return {"type": "actionCallback", "outTrackId": "t", "userId": "u", "content": json.dumps(content)}


def test_what_a_button_says_was_chosen_holds_nothing_that_a_database_refuses() -> None:
    assert read_press("nudge:*?lead=L1%00").chosen == {"lead": "L1"}


@pytest.mark.parametrize(
    "push",
    [
        callback(cardPrivateData={"actionIds": ["accept:L12-3"], "params": {}}),
        callback(cardPrivateData={"actionIds": ["1"], "params": {"id": "accept:L12-3"}}),
        callback(cardPrivateData={"actionIds": ["1"]}, params={"id": "accept:L12-3"}),
        {"outTrackId": "t", "userId": "u", "value": json.dumps({"cardPrivateData": {"actionIds": ["accept:L12-3"]}})},
        {"outTrackId": "t", "userId": "u", "content": {"cardPrivateData": {"actionIds": ["accept:L12-3"]}}},
    ],
)  # fmt: skip
def test_a_tap_is_read_wherever_a_page_of_the_documents_puts_it(push: Any) -> None:
    assert read_tap(push).press == Press(action=Accept(lead="L12", offer=3))


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=12,
)
NAMES = (
    "msgId", "msgtype", "text", "content", "senderStaffId", "sessionWebhook", "sessionWebhookExpiredTime",
    "outTrackId", "userId", "value", "richText", "cardPrivateData", "actionIds", "params",
)  # fmt: skip
KINDS = st.sampled_from(["text", "audio", "picture", "video", "file", "richText", "unknownMsgType"])


@given(st.dictionaries(st.sampled_from(NAMES), JSON, max_size=8), KINDS, st.booleans())
@settings(max_examples=400, deadline=None)
def test_a_push_of_any_shape_is_a_value_or_a_bad_push(body: dict[str, Any], kind: str, typed: bool) -> None:
    if typed:
        body |= {"msgId": "m", "msgtype": kind, "outTrackId": "t", "userId": "u"}
    with suppress(BadPush):
        assert read_message(body).tap is None or body
    with suppress(BadPush):
        read_tap(body)
    with suppress(BadPush):
        read_tap(body | {"content": json.dumps(body)})


@given(st.text(max_size=200) | JSON.map(json.dumps))
@settings(max_examples=300, deadline=None)
def test_any_text_is_a_frame_or_none(text: str) -> None:
    found = read_frame(text)
    assert found is None or isinstance(found.topic, str)
