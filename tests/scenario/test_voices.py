"""What a voice says: written down by the endpoint that the company set up, or kept with a word that it was not."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any

import pytest
import pytest_asyncio

from bot import speech
from bot.config import Settings
from bot.doctor import examine
from bot.seams import SystemClock
from storage import media
from tests.fakes.speech import KEY, SpeechFake
from tests.scenario.world import Phone, Starter, World, fields_of, key_of, words

VOICE = {"voice": {"text": "", "seconds": 4, "data": "data:audio/amr;base64,IyFBTVI="}}
SAID = "跟云栖的周总通了电话，预算五十万，周三下午三点带方案过去演示"


@dataclass
class Ears:
    """A bot with an endpoint, and the endpoint."""

    world: World
    fake: SpeechFake
    url: str

    async def listen(self) -> int:
        """The loop's next round; returns how many voices were tried."""
        assert self.world.service.speech is not None
        return await self.world.service.speech.once()


@pytest_asyncio.fixture
async def ears(starter: Starter, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Ears]:
    monkeypatch.setattr(speech, "POLL", 3600.0)  # the test says when the loop looks
    fake = SpeechFake(says=SAID)
    server = fake.server()
    await server.start_server()
    url = str(server.make_url("/v1"))
    world = await starter.start(SPEECH__BASE_URL=url, SPEECH__API_KEY=KEY)
    yield Ears(world, fake, url)
    await server.close()


async def held(world: World) -> tuple[Phone, str]:
    lead = await world.submit("周倩", company="杭州云栖数据有限公司")
    rep = await world.owner(lead)
    await rep.does("accept", "周倩")
    return rep, lead


async def note_card(rep: Phone) -> Any:
    return await rep.card("已记")


async def test_a_voice_is_written_down_read_and_confirmed_like_a_typed_note(ears: Ears) -> None:
    rep, lead = await held(ears.world)
    await rep.send(VOICE)
    assert "正在转成文字" in words(await note_card(rep))
    assert await ears.listen() == 1
    await ears.world.service.deliver_due(5.0)
    assert ears.fake.asked == [
        {"file": "voice.amr", "model": "whisper-1", "language": "zh", "response_format": "json"}
    ]
    card = await note_card(rep)
    assert "正在转成文字" not in words(card)
    assert "15:00" in fields_of(card)["下一步"]
    assert [each["text"] for each in await ears.world.notes(lead)] == [f"[语音]\n{SAID}"]
    assert "next_set" not in await ears.world.kinds(lead), "nothing is written before the tap"
    assert (await rep.press(card, key_of(card, "confirm")))["ok"]
    assert (await ears.world.lead(lead))["stage"] == "contacted"
    assert await ears.listen() == 0


async def test_a_voice_that_joins_a_visit_comes_on_a_card_of_its_own(ears: Ears) -> None:
    rep, lead = await held(ears.world)
    await rep.does("visit", "周倩")
    await rep.send({"location": {"lat": 31.2, "lng": 121.6, "label": "上海张江科学城"}})
    await rep.send(VOICE)
    assert not await rep.cards("已记")
    await ears.listen()
    await ears.world.service.deliver_due(5.0)
    card = await note_card(rep)
    assert SAID[:10] in words(card)
    assert len(await ears.world.notes(lead)) == 1


async def test_without_an_endpoint_the_card_says_so_and_the_voice_is_kept(world: World) -> None:
    rep, lead = await held(world)
    await rep.send(VOICE)
    assert "没有设置转写" in words(await note_card(rep))
    assert world.service.speech is None
    assert len(await world.notes(lead)) == 1


async def test_words_that_came_with_a_voice_are_not_asked_for_again(ears: Ears) -> None:
    rep, _ = await held(ears.world)
    await rep.send({"voice": {**VOICE["voice"], "text": SAID}})
    assert "语音已存" not in words(await note_card(rep))
    assert await ears.listen() == 0
    assert ears.fake.asked == []


@pytest.mark.parametrize(
    "mood", [(400, b"{}"), (413, b""), (200, b'{"text": ""}'), (200, '{"text": "\u200b"}'.encode())]
)
async def test_a_voice_that_nobody_understands_says_so_on_its_card(
    ears: Ears, mood: tuple[int, bytes]
) -> None:
    rep, lead = await held(ears.world)
    await rep.send(VOICE)
    ears.fake.mood = mood
    await ears.listen()
    await ears.world.service.deliver_due(5.0)
    assert "没能转成文字" in words(await note_card(rep))
    assert [each["text"] for each in await ears.world.notes(lead)] == ["[语音]"]
    assert await ears.listen() == 0


@pytest.mark.parametrize(
    "mood",
    [
        (500, b"{}"),
        (302, b""),
        (200, b"<html>"),
        (200, b"[]"),
        (200, b'{"text": 5}'),
        (200, b" " * 300_000),
        (401, b"{}"),
    ],
)
async def test_an_endpoint_that_misbehaves_is_asked_again_and_then_given_up(
    ears: Ears, mood: tuple[int, bytes]
) -> None:
    rep, _ = await held(ears.world)
    await rep.send(VOICE)
    ears.fake.mood = mood
    for _ in range(speech.TRIES):
        assert await ears.listen() == 1
        assert await ears.listen() == 0, "not before its time"
        await ears.world.advance("12m")
    assert "没能转成文字" in words(await note_card(rep))
    assert len(ears.fake.asked) == speech.TRIES


async def test_an_endpoint_that_is_well_again_hears_what_waited(ears: Ears) -> None:
    rep, _ = await held(ears.world)
    await rep.send(VOICE)
    ears.fake.mood = (500, b"")
    await ears.listen()
    await ears.world.advance("12m")
    ears.fake.mood = None
    assert await ears.listen() == 1
    await ears.world.service.deliver_due(5.0)
    assert "15:00" in fields_of(await note_card(rep))["下一步"]


async def test_a_voice_whose_file_is_lost_says_so(ears: Ears) -> None:
    rep, lead = await held(ears.world)
    await rep.send(VOICE)
    [key] = [each.key for each in await ears.world.service.reads.notes(lead)]
    [(voice, _)] = (await media.attached(ears.world.service.store.reader, [key]))[key]
    ears.world.service.files.drop(voice.path)
    assert await ears.listen() == 1
    await ears.world.service.deliver_due(5.0)
    assert "没能转成文字" in words(await note_card(rep))
    assert ears.fake.asked == []


async def test_a_voice_that_follows_a_visit_is_told_to_be_written_down(ears: Ears) -> None:
    rep, _ = await held(ears.world)
    await rep.does("visit", "周倩")
    await rep.send({"location": {"lat": 31.2, "lng": 121.6, "label": "上海张江科学城"}})
    assert "正在转成文字" in "\n".join(each["text"] for each in await rep.send(VOICE))


async def test_settings_that_wait_for_a_restart_promise_nothing_before_it(world: World) -> None:
    rep, _ = await held(world)
    section = {"speech": {"base_url": "http://127.0.0.1:9"}}
    changed = Settings(**{**world.settings.model_dump(by_alias=True), **section})
    assert await world.service.reload(lambda: changed)
    await rep.send(VOICE)
    assert "没有设置转写" in words(await note_card(rep))


async def test_a_note_taken_back_meanwhile_stays_taken_back(ears: Ears) -> None:
    rep, lead = await held(ears.world)
    await rep.send(VOICE)
    card = await note_card(rep)
    [undo] = [each["key"] for each in card["card"]["buttons"] if "undo_note" in each["key"]]
    assert (await rep.press(card, undo))["ok"]
    await ears.listen()
    await ears.world.service.deliver_due(5.0)
    assert await ears.world.notes(lead) == []
    assert SAID[:10] not in words(await note_card(rep))


async def test_an_endpoint_out_of_reach_is_no_reason_to_lose_the_voice(
    starter: Starter, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(speech, "POLL", 3600.0)
    world = await starter.start(SPEECH__BASE_URL="http://127.0.0.1:9")
    rep, lead = await held(world)
    await rep.send(VOICE)
    assert world.service.speech is not None
    assert await world.service.speech.once() == 1
    assert "正在转成文字" in words(await note_card(rep))
    assert len(await world.notes(lead)) == 1


@pytest.mark.parametrize(("key", "mark"), [(KEY, "✔"), ("a-wrong-key", "✘")])
async def test_the_doctor_asks_the_endpoint_whether_it_takes_the_key(
    ears: Ears, tmp_path: Any, key: str, mark: str
) -> None:
    config = tmp_path / "config.toml"
    config.write_text(
        '[[people]]\nid = "a"\nname = "A"\nrole = "admin"\n[simulator]\nenabled = true\n'
        f'[speech]\nbase_url = "{ears.url}"\napi_key = "{key}"\n', "utf-8",
    )  # fmt: skip
    found = await asyncio.to_thread(
        lambda: list(examine(config, {}, SystemClock().now(), lambda *_: iter(()), lambda _: None))
    )
    assert [each.mark for each in found if each.name == "speech"] == [mark]
    config.write_text(config.read_text("utf-8").replace(ears.url, "http://127.0.0.1:9"), "utf-8")
    found = await asyncio.to_thread(
        lambda: list(examine(config, {}, SystemClock().now(), lambda *_: iter(()), lambda _: None))
    )
    assert [each.mark for each in found if each.name == "speech"] == ["✘"]
