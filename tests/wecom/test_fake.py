"""The fake platform keeps the platform's rules, so that a test against it means something."""

from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any

import pytest
import pytest_asyncio
from aiohttp import ClientSession, FormData

from bot.channels.wecom.fake.phones import Dead
from bot.channels.wecom.fake.server import Fake
from tests.scenario.world import StillClock
from tests.wecom.wire import AGENT, CORP
from tests.wecom.world import SECRET, start_fake

BUTTONS = [{"text": "接收", "style": 1, "key": "accept"}]


class Caller:
    """Calls the API as an app does."""

    def __init__(self, fake: Fake, http: ClientSession, clock: StillClock) -> None:
        self.fake, self.http, self.clock = fake, http, clock
        self.token = ""

    async def get(self, call: str, **query: str) -> Any:
        query = {"access_token": self.token, **query}
        async with self.http.get(f"{self.fake.base}/cgi-bin/{call}", params=query) as answer:
            return await answer.json(content_type=None)

    async def post(self, call: str, body: Any, **query: str) -> Any:
        query = {"access_token": self.token, **query}
        async with self.http.post(f"{self.fake.base}/cgi-bin/{call}", params=query, json=body) as answer:
            return await answer.json(content_type=None)

    async def text(self, to: str = "ZhangWei", **more: Any) -> Any:
        body = {"touser": to, "msgtype": "text", "agentid": AGENT, "text": {"content": "你好"}, **more}
        return await self.post("message/send", body)

    async def card(self, task: str, to: str = "ZhangWei", **more: Any) -> Any:
        card = {
            "card_type": "button_interaction",
            "main_title": {"title": "新线索"},
            "task_id": task,
            "button_list": BUTTONS,
            **more,
        }
        return await self.post(
            "message/send",
            {"touser": to, "msgtype": "template_card", "agentid": AGENT, "template_card": card},
        )

    def pass_time(self, **by: float) -> None:
        self.clock.hold(self.clock.now() + timedelta(**by))


@pytest_asyncio.fixture
async def caller() -> AsyncIterator[Caller]:
    clock = StillClock()
    fake = await start_fake(clock)
    fake.state.callback = "http://127.0.0.1:9/callback/wecom"
    async with ClientSession() as http:
        made = Caller(fake, http, clock)
        made.token = (await made.get("gettoken", corpid=CORP, corpsecret=SECRET))["access_token"]
        yield made
    await fake.stop()


async def test_tokens_are_of_the_right_app_and_die(caller: Caller) -> None:
    assert (await caller.get("gettoken", corpid="other", corpsecret=SECRET))["errcode"] == 40013
    assert (await caller.get("gettoken", corpid=CORP, corpsecret="other"))["errcode"] == 40001
    again = await caller.get("gettoken", corpid=CORP, corpsecret=SECRET)
    assert (again["access_token"], again["expires_in"]) == (caller.token, 7200)
    good, caller.token = caller.token, ""
    assert (await caller.text())["errcode"] == 41001
    caller.token = "made up"
    assert (await caller.text())["errcode"] == 40014
    caller.token = good
    caller.pass_time(seconds=7200)
    assert (await caller.text())["errcode"] == 42001


async def test_who_is_not_in_range_is_named_in_small_letters_and_nobody_at_all_is_an_error(
    caller: Caller,
) -> None:
    found = await caller.text("ZhangWei|Nobody")
    assert (found["errcode"], found["invaliduser"]) == (0, "nobody")
    assert (await caller.text("Nobody"))["errcode"] == 81013
    assert (await caller.text("zhangwei"))["invaliduser"] == ""
    caller.fake.state.members["zhangwei"].licensed = False
    assert (await caller.text())["unlicenseduser"] == "zhangwei"


async def test_the_thirty_first_of_a_minute_is_dropped_and_nobody_is_told(caller: Caller) -> None:
    for _ in range(31):
        assert (await caller.text())["errcode"] == 0
    assert len(caller.fake.state.seen_by("ZhangWei")) == 30
    assert len(caller.fake.state.dropped) == 1
    caller.pass_time(seconds=60)
    await caller.text()
    assert len(caller.fake.state.seen_by("ZhangWei")) == 31


async def test_a_response_code_is_good_once_and_for_72_hours(caller: Caller) -> None:
    code = (await caller.card("t1"))["response_code"]
    body = {
        "userids": ["ZhangWei", "Nobody"], "agentid": AGENT, "response_code": code,
        "button": {"replace_name": "已接收"},
    }  # fmt: skip
    assert (await caller.post("message/update_template_card", body))["invaliduser"] == ["nobody"]
    [shown] = caller.fake.state.seen_by("ZhangWei")
    assert (shown.grey, shown.updates) == ("已接收", 1)
    with pytest.raises(Dead):
        await caller.fake.phones.press("ZhangWei", shown, "accept")
    assert (await caller.post("message/update_template_card", body))["errcode"] != 0
    late = (await caller.card("t2"))["response_code"]
    caller.pass_time(hours=73)
    caller.token = (await caller.get("gettoken", corpid=CORP, corpsecret=SECRET))["access_token"]
    assert (await caller.post("message/update_template_card", body | {"response_code": late}))["errcode"] != 0


async def test_a_task_id_is_good_once_and_a_notice_has_no_code(caller: Caller) -> None:
    assert (await caller.card("t1"))["errcode"] == 0
    assert (await caller.card("t1"))["errcode"] != 0
    notice = {
        "card_type": "text_notice",
        "main_title": {"title": "x"},
        "card_action": {"type": 1, "url": "https://x.example"},
    }
    body = {"touser": "ZhangWei", "msgtype": "template_card", "agentid": AGENT, "template_card": notice}
    assert "response_code" not in await caller.post("message/send", body)
    nested = {**body, "template_card": {"template_card": notice}}
    assert (await caller.post("message/send", nested))["errcode"] == 41016


@pytest.mark.parametrize(
    "change",
    [
        {"task_id": "a b"},
        {"task_id": "x" * 129},
        {"button_list": BUTTONS * 2},
        {"button_list": [{"text": "x", "key": f"k{n}"} for n in range(7)]},
        {"button_list": [{"text": "x", "key": "k" * 1025}]},
        {"horizontal_content_list": [{"keyname": "a", "value": "b"}] * 7},
        {"button_selection": {"question_key": "q", "option_list": [{"id": str(n), "text": "x"} for n in range(11)]}},
        {"button_selection": {"question_key": "q", "option_list": [{"id": "1", "text": "x"}] * 2}},
        {"main_title": {}},
        {"card_action": {"type": 1, "url": "no scheme"}},
    ],
    ids=range(10),
)  # fmt: skip
async def test_a_card_over_a_limit_is_refused(caller: Caller, change: dict[str, Any]) -> None:
    assert (await caller.card("t1", **change))["errcode"] != 0
    assert caller.fake.state.seen_by("ZhangWei") == []


async def test_without_a_callback_address_no_card_that_calls_back_is_taken(caller: Caller) -> None:
    caller.fake.state.callback = ""
    assert (await caller.card("t1"))["errcode"] != 0


async def test_the_same_request_is_dropped_where_that_was_asked_for(caller: Caller) -> None:
    for _ in range(2):
        await caller.text(enable_duplicate_check=1, duplicate_check_interval=60)
    assert len(caller.fake.state.seen_by("ZhangWei")) == 1
    caller.pass_time(seconds=121)
    await caller.text(enable_duplicate_check=1, duplicate_check_interval=60)
    await caller.text()
    await caller.text()
    assert len(caller.fake.state.seen_by("ZhangWei")) == 4


async def test_files_come_as_files_and_errors_as_json_until_three_days_have_passed(caller: Caller) -> None:
    form = FormData()
    form.add_field("media", b"0123456789", filename="a.txt")
    url = f"{caller.fake.base}/cgi-bin/media/upload"
    query = {"access_token": caller.token, "type": "file"}
    async with caller.http.post(url, params=query, data=form) as answer:
        media = (await answer.json(content_type=None))["media_id"]
    url = f"{caller.fake.base}/cgi-bin/media/get"
    query = {"access_token": caller.token, "media_id": media}
    async with caller.http.get(url, params=query) as answer:
        assert (answer.content_type, await answer.read()) == ("application/octet-stream", b"0123456789")
    assert (await caller.get("media/get", media_id="other"))["errcode"] == 40007


async def test_a_message_is_recalled_within_a_day(caller: Caller) -> None:
    first = (await caller.text())["msgid"]
    assert (await caller.post("message/recall", {"msgid": first}))["errcode"] == 0
    assert caller.fake.state.seen_by("ZhangWei") == []
    assert (await caller.post("message/recall", {"msgid": first}))["errcode"] != 0


async def test_a_bot_that_does_not_answer_is_tried_four_times_with_other_bytes(caller: Caller) -> None:
    told = await caller.fake.phones.write("ZhangWei", "在吗")
    assert told.tries == (0, 0, 0, 0)
    inner = caller.fake.phones.inner("ZhangWei", MsgType="text", Content="x", MsgId=1)
    first, second = (caller.fake.phones.seal(inner, caller.clock.now()) for _ in range(2))
    assert first != second


async def test_a_wrong_errcode_can_be_put_in_the_way(caller: Caller) -> None:
    caller.fake.state.moods.fail["message/send"] = [45009, -1]
    assert [(await caller.text())["errcode"] for _ in range(3)] == [45009, -1, 0]
    caller.fake.state.moods.address_refused = True
    refused = await caller.text()
    assert refused["errcode"] == 60020
    assert "from ip: 10.0.0.1" in refused["errmsg"]
