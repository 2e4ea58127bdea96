"""What people send beside plain words in their own chat: groups, voices, pictures, files, quotes."""

import re
from pathlib import Path
from typing import Any

import pytest

from bot.channels.dingtalk.fake.book import Member
from domain.media import MediaKind
from storage.tables import media as media_table
from tests.dingtalk.world import Ding, Handset, until, words

FULL = "13812345688"
PAGE = Path(__file__).parents[2] / "docs" / "dingtalk.md"


@pytest.fixture
def engine_name() -> str:
    return "sqlite"


async def visiting(ding: Ding) -> tuple[str, Handset]:
    """A lead whose owner was just asked for the log of a visit."""
    lead = await ding.submit("周倩", phone=FULL)
    rep = await ding.owner(lead)
    await rep.does("accept", "周倩")
    await rep.does("visit", "周倩")
    return lead, rep


async def test_a_group_gets_no_data_and_the_answer_comes_in_the_own_chat(ding: Ding) -> None:
    lead, rep = await visiting(ding)
    answers = await rep.type(f"/status {lead}", group="cidgroup=")
    assert any(lead in text for text in answers)
    in_group = ding.fake.book.chats["cidgroup="]
    assert [each["text"] for each in in_group] == [f"@{name_of(ding, rep)} 已在单聊里回复你"]
    assert FULL not in words({"all": in_group}).replace(" ", "")


def name_of(ding: Ding, rep: Handset) -> str:
    return ding.service.store.company.people[rep.person].name


async def test_a_command_in_a_group_is_read_in_spite_of_its_leading_blank(ding: Ding) -> None:
    said = await ding.phone("xiaolin").type("/help", group="cidgroup=")
    assert any("/lead" in text for text in said)


async def test_half_a_sign_in_a_message_or_in_a_name_costs_nobody_their_answer(ding: Ding) -> None:
    async def hear(account: str, text: str, nick: str = "新人\ud83d") -> None:
        message = ding.fake.message(account, {"msgtype": "text", "text": {"content": text}})
        assert ding.service.dingtalk is not None
        await ding.service.dingtalk.receiver.on_message(message | {"senderNick": nick}, ding.clock.now())
        await ding.settle()

    ding.fake.join(Member(id="newcomer", name="新人"))
    await hear("newcomer", "/lead 周\ud83d倩 上海博达\u0000智能 13812345688 制造业 想上一套MES")
    (kept,) = await ding.service.reads.submitted_by("dingtalk:newcomer", 5)
    assert (kept.customer.name, ding.service.store.company.name_of("dingtalk:newcomer")) == ("周倩", "新人")
    for text in ("/ledd \ud83d", "/note \ud83d", "/find \ud83d", "/assign L1 @\ud83d"):
        before = len(ding.phone("wangfang").chat())
        await hear(ding.phone("wangfang").account, text)
        assert len(ding.phone("wangfang").chat()) > before


async def test_a_voice_is_noted_by_what_was_recognised_and_its_sound_is_fetched(ding: Ding) -> None:
    lead, rep = await visiting(ding)
    ding.fake.book.files["code-voice"] = ("a.amr", b"sound")
    await rep.send(
        {
            "msgtype": "audio",
            "content": {"duration": 4000, "downloadCode": "code-voice", "recognition": "今天演示很顺利"},
        }
    )
    (note,) = await ding.service.reads.notes(lead)
    assert (note.kind, note.text) == ("visit", "[语音] 今天演示很顺利")
    await ding.service.downloader.once()
    ((kind, state, seconds, path),) = await kept(ding)
    assert (kind, state, seconds) == (MediaKind.VOICE, "kept", 4)
    assert await ding.service.files.read(path) == b"sound"


@pytest.mark.parametrize(
    ("content", "kind", "said"),
    [
        ({"msgtype": "picture", "content": {"downloadCode": "code"}}, "image", "[图片]"),
        ({"msgtype": "file", "content": {"downloadCode": "code", "fileName": "报价.xlsx"}}, "file", "[文件] 报价.xlsx"),
        ({"msgtype": "video", "content": {"downloadCode": "code", "duration": "5", "videoType": "mp4"}}, "video", "[视频]"),
        (
            {"msgtype": "richText", "content": {"richText": [{"text": "现场照片"}, {"type": "picture", "downloadCode": "code"}]}},
            "image", "现场照片",
        ),
    ],
)  # fmt: skip
async def test_what_comes_with_a_visit_is_kept_with_it(
    ding: Ding, content: Any, kind: str, said: str
) -> None:
    lead, rep = await visiting(ding)
    ding.fake.book.files["code"] = ("x", b"bytes")
    await rep.send(content)
    (note,) = await ding.service.reads.notes(lead)
    assert note.text == said
    await ding.service.downloader.once()
    assert [(each[0], each[1]) for each in await kept(ding)] == [(kind, "kept")]


async def test_a_file_whose_code_has_run_out_is_lost_and_said_so(ding: Ding) -> None:
    _, rep = await visiting(ding)
    await rep.send({"msgtype": "picture", "content": {"downloadCode": "gone"}})
    await ding.service.downloader.once()
    assert [each[1] for each in await kept(ding)] == ["lost"]


async def kept(ding: Ding) -> list[Any]:
    columns = media_table.c
    async with ding.service.store.reader.connect() as conn:
        found = await conn.execute(
            media_table.select().with_only_columns(columns.kind, columns.state, columns.seconds, columns.path)
        )
        return [tuple(row) for row in found]


async def test_a_quote_of_a_message_about_a_lead_makes_the_answer_a_note_on_it(ding: Ding) -> None:
    lead = await ding.submit("周倩")
    rep = await ding.owner(lead)
    await rep.does("accept", "周倩")
    replied = {"msgtype": "text", "content": {"text": f"{lead} 周倩 还有 30 分钟"}}
    text = {"content": "已约周三演示", "isReplyMsg": True, "repliedMsg": replied}
    await rep.send({"msgtype": "text", "text": text})
    assert [(note.kind, note.text) for note in await ding.service.reads.notes(lead)] == [
        ("note", "已约周三演示")
    ]


async def test_a_quote_without_a_number_is_understood_by_its_words(ding: Ding) -> None:
    lead = await ding.submit("周倩")
    other = await ding.submit("何其芳")
    rep = await ding.owner(lead)
    await rep.does("accept", "周倩")
    replied = {"msgType": "text", "msgId": "x", "content": {"text": "周倩说想看演示"}}
    await rep.send({"msgtype": "text", "text": {"content": "已约周三演示", "repliedMsg": replied}})
    assert [note.text for note in await ding.service.reads.notes(lead)] == ["已约周三演示"]
    assert await ding.service.reads.notes(other) == []


async def test_what_can_not_be_read_is_answered_so(ding: Ding) -> None:
    rep = ding.phone("zhangwei")
    await rep.send({"msgtype": "unknownMsgType", "content": {"unknownMsgType": "x"}})
    assert rep.texts() == ["这条消息我读不了，请发文字"]


async def test_a_session_of_another_host_is_never_called(ding: Ding) -> None:
    rep = ding.phone("zhangwei")
    said = await rep.type("/my", sessionWebhook="http://127.0.0.1:1/steal", sessionWebhookExpiredTime=10**14)
    assert len(said) == 1  # by the platform's own call instead
    assert ding.calls("/v1.0/robot/oToMessages/batchSend")


async def test_an_expired_session_falls_back_to_a_message_of_ours(ding: Ding) -> None:
    rep = ding.phone("zhangwei")
    await rep.type("/my")
    assert not ding.calls("/v1.0/robot/oToMessages/batchSend")
    ding.fake.book.sessions.clear()
    await ding.advance(minutes=1)
    assert ding.service.dingtalk is not None
    await ding.service.dingtalk.channel.send(rep.account, "later", key="k")
    assert rep.texts()[-1] == "later"
    assert len(ding.calls("/v1.0/robot/oToMessages/batchSend")) == 1


@pytest.mark.parametrize(
    "name",
    [
        "张" * 10_000,
        "😀" * 10_000,
        "@所有人",
        "[点我](http://evil.example)",
        "<a atId=all>所有人</a>",
        "[微笑]**粗**",
    ],
)
async def test_a_customer_of_any_name_goes_from_hand_in_to_note_and_makes_no_mention_and_no_link(
    ding: Ding, name: str
) -> None:
    lead = await ding.capture(name)
    rep = await ding.owner(lead)
    await rep.tap(rep.card(button="accept"), "accept")
    await rep.type("/my")
    await rep.type(f"/note {lead} 见过 {name}"[:9000])
    await ding.advance(minutes=2)
    assert (await ding.lead(lead)).owner == rep.person
    assert len(await ding.service.reads.notes(lead)) == 1
    ours = re.compile(r"\[打开线索\]\(http://127\.0\.0\.1:\d+/l/L\d+\)")
    for each in rep.chat():
        if each["from"] == "bot":
            said = ours.sub("", str(each.get("card", each.get("text"))))
            assert not re.search(r"\[[^\]]*\]\(|://|<|(?<![A-Za-z0-9])@|\[微笑\]", said), said
    assert not any(
        wanted in words(body) for body in ding.calls() for wanted in ('"at":', "atUserIds", "cardAtUserIds")
    )


# -- the budget -------------------------------------------------------------------------------------------


async def test_the_normal_life_of_a_lead_costs_at_most_six_calls(ding: Ding) -> None:
    """Card, accept, one visit: every call that counts, the session webhook too, step by step as the page says."""
    steps, before = [], ding.fake.book.metered

    async def step() -> None:
        nonlocal before
        await ding.advance(seconds=30)
        now = ding.fake.book.metered
        steps.append(now - before)
        before = now

    await until(lambda: ding.fake.wire.live)
    await step()
    steps.clear()
    lead = await ding.capture("周倩")
    await step()
    rep = await ding.owner(lead)
    await rep.does("accept", "周倩")
    await step()
    await rep.does("visit", "周倩")
    await step()
    await rep.type("电话沟通，客户下周二看演示")
    await step()
    assert [note.kind for note in await ding.service.reads.notes(lead)] == ["visit"]
    assert sum(steps) <= 6
    table = PAGE.read_text("utf-8").partition("| a lead's normal life | calls |")[2].partition("\n\n")[0]
    assert [int(each) for each in re.findall(r"\| (\d+) \|$", table, re.MULTILINE)] == steps
    assert ding.service.dingtalk is not None
    assert ding.service.dingtalk.client.meter.total["calls"] >= sum(steps)  # our own count is never below


async def test_a_hand_in_by_an_employee_costs_what_the_page_says(ding: Ding) -> None:
    """The card that answers the hand-in is kept true as well."""
    before = ding.fake.book.metered
    lead = await ding.submit("周倩")
    rep = await ding.owner(lead)
    await ding.advance(seconds=30)
    rung = ding.fake.book.metered
    await rep.does("accept", "周倩")
    await ding.advance(seconds=30)
    told = re.search(r"hands in by typing costs (\d+) calls more", PAGE.read_text("utf-8"))
    assert told is not None
    assert (rung - before - 1) + (ding.fake.book.metered - rung - 1) == int(told[1])


async def test_the_metrics_show_the_months_budget(ding: Ding) -> None:
    await ding.capture()
    assert ding.service.dingtalk is not None
    await ding.service.dingtalk._keep_counts()
    text = ding.service.metrics.text(None).decode()
    used = next(line for line in text.splitlines() if 'channel="dingtalk",of="used",what="calls"' in line)
    assert float(used.rpartition(" ")[2]) >= ding.fake.book.metered
    assert 'leadbell_stream_connected{channel="dingtalk"} 1.0' in text
    assert 'leadbell_platform_month{channel="dingtalk",of="limit",what="calls"} 5000.0' in text
