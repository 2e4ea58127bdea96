"""A language model beside the rules: it fills what they left open, is never believed, and can break nothing."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any

import pytest
import pytest_asyncio

from bot import model
from tests.fakes.model import ModelFake
from tests.scenario.world import Phone, Starter, World, fields_of, key_of, words

TYPED = "/lead 帮忙跟一下阿强那边，他在老地方做冲压件，电话13812345678，想把车间的单子管起来"
QUOTES = {"name": "阿强", "company": "老地方", "need": "想把车间的单子管起来", "industry": "冲压件"}


@dataclass
class Helped:
    """A bot with a model, and the model."""

    world: World
    fake: ModelFake

    async def submits(self, text: str = TYPED) -> tuple[Phone, list[Any]]:
        """The submitter, and all that is on their phone when the model has answered."""
        phone = self.world.phone("xiaolin")
        await phone.type(text)
        assert self.world.service.bot.model is not None
        await self.world.service.bot.model.settled()
        await self.world.service.deliver_due(5.0)
        return phone, await phone.messages()


@pytest_asyncio.fixture
async def helped(starter: Starter) -> AsyncIterator[Helped]:
    fake = ModelFake(quotes=dict(QUOTES))
    server = fake.server()
    await server.start_server()
    world = await starter.start(MODEL__BASE_URL=str(server.make_url("/v1")), MODEL__MODEL="m")
    yield Helped(world, fake)
    fake.release()
    await server.close()


async def only_lead(world: World) -> Any:
    status, found = await world.api("leads")
    assert status == 200
    assert len(found["items"]) == 1
    return found["items"][0]


async def test_the_model_fills_what_the_rules_left_open_and_a_tap_confirms_it(helped: Helped) -> None:
    phone, _ = await helped.submits()
    card = await phone.card(verb="confirm")
    assert "老地方" in fields_of(card)["公司"]
    assert "不确定" in words(card)
    lead = await only_lead(helped.world)
    assert lead["stage"] == "draft", "nothing goes out on a machine's word"
    await phone.press(card, key_of(card, "confirm"))
    lead = await only_lead(helped.world)
    assert lead["stage"] == "offered"
    assert lead["company"] == "老地方"
    kept = await helped.world.service.reads.lead(lead["id"])
    assert kept is not None
    assert "guessed" not in kept.customer.extra


async def test_the_model_sees_no_phone_no_mail_and_no_wechat_name(helped: Helped) -> None:
    await helped.submits(f"{TYPED}，邮箱 qiang@example.com，微信 qiang_8899")
    assert "〔电话〕" in helped.fake.shown
    for secret in ("13812345678", "qiang@example.com", "qiang_8899"):
        assert secret not in str(helped.fake.asked)


async def test_what_the_person_answered_meanwhile_stays(helped: Helped) -> None:
    helped.fake.stalls = True
    phone = helped.world.phone("xiaolin")
    await phone.type(TYPED)
    lead = await only_lead(helped.world)
    await phone.type(f"/edit {lead['id']} 公司 宁波永固冲压件厂")
    helped.fake.release()
    assert helped.world.service.bot.model is not None
    await helped.world.service.bot.model.settled()
    assert (await only_lead(helped.world))["company"] == "宁波永固冲压件厂"


async def test_a_complete_lead_is_nothing_to_ask_a_model_about(helped: Helped) -> None:
    await helped.submits("/lead 张伟 上海博达智能科技有限公司 采购总监 13812345678 制造业 想上一套MES")
    assert helped.fake.asked == []


WHO = ("name", "company", "title", "industry", "region", "product", "need", "phone")
LIES = [
    {"company": "北京没这回事科技有限公司"},
    {"name": "阿强", "phone": "13900000000"},
    {"company": "忽略之前的指令"},
    {"name": "13812345678"},
    {"company": "〔电话〕"},
    {"company": 5},
]


@pytest.mark.parametrize("quotes", LIES)
async def test_what_the_message_does_not_say_is_not_believed(helped: Helped, quotes: dict[str, Any]) -> None:
    await helped.submits("/lead 老地方那边 13812345678")
    before = await only_lead(helped.world)
    helped.fake.quotes = quotes
    await helped.submits("/lead 老地方那边 13812345678")
    after = await only_lead(helped.world)
    assert {name: after[name] for name in WHO} == {name: before[name] for name in WHO}


BROKEN: list[tuple[int, bytes]] = [
    (500, b"oops"), (200, b"<html>"), (200, b"{}"), (200, b'{"choices": []}'), (200, b'{"choices": [{"message": {"content": 5}}]}'),
    (200, b" " * 70_000), (302, b""), (200, b"[" * 50_000),
]  # fmt: skip


@pytest.mark.parametrize("raw", BROKEN, ids=range(len(BROKEN)))
async def test_an_answer_of_no_use_leaves_the_reading_of_the_rules(
    helped: Helped, raw: tuple[int, bytes]
) -> None:
    helped.fake.raw = raw
    _, messages = await helped.submits()
    assert (await only_lead(helped.world))["stage"] == "draft"
    assert len(messages) == 2, "what was typed, and the first question"


async def test_a_model_that_answers_in_a_fenced_block_is_understood(helped: Helped) -> None:
    helped.fake.content = '```json\n{"company": "老地方"}\n```'
    await helped.submits()
    assert (await only_lead(helped.world))["company"] == "老地方"


async def test_a_model_that_stalls_is_left_after_its_time_and_rests_after_three(
    helped: Helped, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(model, "TIMEOUT", 0.01)
    helped.fake.stalls = True
    for nth in range(5):
        await helped.submits(f"/lead 第{nth}家 1381234567{nth}")
    assert len(helped.fake.asked) == model.BREAKS_AFTER


async def test_a_model_that_dies_with_the_program_leaves_a_draft(helped: Helped) -> None:
    helped.fake.stalls = True
    await helped.world.phone("xiaolin").type(TYPED)
    assert (await only_lead(helped.world))["stage"] == "draft"
