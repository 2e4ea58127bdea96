"""`leadbell serve` as real programs on the fake platform: told to stop, and two of them on one database."""

import asyncio
import json
import signal
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import pytest_asyncio

from bot.channels.dingtalk.fake import FakeDingtalk
from bot.channels.dingtalk.stream import CARD_CALLBACK
from tests.dingtalk.world import REPS, account_of, company_toml, members, press, until, words
from tests.scenario.test_commands import Process, ask, free_port
from tests.scenario.world import lead_text

START = 60.0
TOKEN = "lb_website-token-of-the-tests"
Json = dict[str, Any]


@pytest_asyncio.fixture
async def fake() -> AsyncIterator[FakeDingtalk]:
    platform = FakeDingtalk()
    await platform.start()
    platform.join(*members())
    yield platform
    await platform.stop()


class Programs:
    """Bots of one company on one database, each with its own connection."""

    def __init__(self, fake: FakeDingtalk, folder: Path, url: str) -> None:
        self.fake, self.folder, self.url = fake, folder, url
        self.started: list[Process] = []
        self.base = ""

    async def start(self) -> Process:
        port, number = free_port(), len(self.started)
        text = company_toml(self.fake, more='[calendar]\nmode = "always"\n')
        text = text.replace("port = 0", f"port = {port}").replace("sqlite:///unused.db", self.url)
        file = self.folder / f"config-{number}.toml"
        file.touch(mode=0o600)
        file.write_text(f'{text}[media]\nfolder = "{self.folder}/media"\n', encoding="utf-8")
        live = len(self.fake.wire.live)
        program = Process("serve", "--config", str(file), log=self.folder / f"log-{number}")
        self.started.append(program)
        await until(lambda: len(self.fake.wire.live) > live or program.child.poll() is not None, START)
        assert program.child.poll() is None, program.said()
        self.base = f"http://127.0.0.1:{port}"
        return program

    async def asked(self, path: str) -> Any:
        return await asyncio.to_thread(ask, self.base, path, token=TOKEN)

    async def kinds(self, lead: str) -> list[str]:
        found = await self.asked(f"/api/v1/leads/{lead}/events")
        return [each["kind"] for each in found["items"]]

    def end(self) -> None:
        for program in self.started:
            if program.child.poll() is None:
                program.child.kill()
                program.child.wait()


def offered(fake: FakeDingtalk, name: str) -> tuple[str, Json] | None:
    """Who has the card with that name that can be accepted, and the card."""
    for rep in REPS:
        for each in fake.chat(account_of(rep)):
            if each["kind"] == "card" and name in words(each["card"]) and press(each, "accept"):
                return account_of(rep), each
    return None


def shows(fake: FakeDingtalk, account: str, track: str, button: str) -> Callable[[], bool]:
    """Whether everybody's copy of that card has a button of that verb."""
    return lambda: button in words(fake.drawn(track, account)) and not fake.book.cards[track].local


async def pushed(fake: FakeDingtalk, account: str, track: str, button: str, to: int, name: str) -> str:
    """What is said to a callback of that name, pushed to that one of the connections."""
    push = {
        "type": "actionCallback", "outTrackId": track, "userId": account, "userIdType": 1,
        "content": json.dumps({"cardPrivateData": {"actionIds": [button], "params": {}}}),
    }  # fmt: skip
    waiting = fake.wire.waiting[name] = asyncio.get_running_loop().create_future()
    fake.wire.pick = lambda _count: to
    await fake.wire.push("CALLBACK", CARD_CALLBACK, push, name=name)
    async with asyncio.timeout(10):
        response = json.loads((await waiting)["data"])["response"]
    return str(response["cardData"]["cardParamMap"]["tips"])


async def tapped(fake: FakeDingtalk, account: str, track: str, button: str) -> list[str]:
    """What is said to two taps at once, one at either connection, and to the first of them come again at the
    other, as if it had got no answer."""
    at_once = await asyncio.gather(
        *(pushed(fake, account, track, button, to, f"{track}-{to}") for to in (0, 1))
    )
    return [*at_once, await pushed(fake, account, track, button, 1, f"{track}-0")]


async def test_two_programs_on_one_database_serve_what_comes_to_either_once(
    fake: FakeDingtalk, postgres_url: str, tmp_path: Path
) -> None:
    programs = Programs(fake, tmp_path, postgres_url)
    try:
        one, two = await programs.start(), await programs.start()
        assert len(fake.wire.live) == 2
        for turn, name in enumerate(("周倩", "郑爽", "何其芳", "顾城")):
            fake.wire.pick = lambda _count, which=turn % 2: which  # type: ignore[misc]
            message = await fake.say("ding-xiaolin", lead_text(name))
            fake.wire.pick = lambda _count, which=1 - turn % 2: which  # type: ignore[misc]
            await fake.push_message(message)  # the same once more, to the other
            await until(lambda name=name: offered(fake, name), 20)  # type: ignore[misc]
            found = offered(fake, name)
            assert found is not None
            account, card = found
            one_said, two_said, again = await tapped(fake, account, card["track"], press(card, "accept"))
            assert one_said == again
            assert "已接收" in one_said
            assert "已接收" in two_said
            await until(shows(fake, account, card["track"], "contacted"), 20)
        await until(lambda: not fake.wire.unacked)
        leads = await programs.asked("/api/v1/leads")
        assert len(leads["items"]) == 4
        for lead in leads["items"]:
            assert (await programs.kinds(lead["id"])).count("accepted") == 1
        assert all(count == 1 for card in fake.book.cards.values() for count in card.times.values())
        assert len([path for _, path, _ in fake.book.calls if path.endswith("/accessToken")]) == 1

        assert (await asyncio.to_thread(one.stop))[0] == 0  # the other serves all that comes now
        await until(lambda: len(fake.wire.live) == 1)
        fake.wire.pick = lambda _count: 0
        await fake.say("ding-xiaolin", lead_text("苏打"))
        await until(lambda: offered(fake, "苏打"), 20)
        assert two.child.poll() is None
        assert fake.book.violations == []
    finally:
        programs.end()


async def test_a_program_that_is_told_to_stop_ends_within_five_seconds_and_loses_nothing(
    fake: FakeDingtalk, sqlite_url: str, tmp_path: Path
) -> None:
    """SIGTERM while the platform hangs in the middle of a card, an answer and a look for a token."""
    programs = Programs(fake, tmp_path, sqlite_url)
    try:
        program = await programs.start()
        fake.faults.slow = 20.0
        await fake.say("ding-xiaolin", lead_text("周倩"))
        await fake.say("ding-zhangwei", "/my")
        await until(lambda: not fake.wire.unacked, 20)
        await until(lambda: any(path.startswith("/v1.0/") for _, path, _ in fake.book.calls[1:]), 20)
        status, seconds = await asyncio.to_thread(program.stop, signal.SIGTERM)
        assert (status, seconds < 5.0) == (0, True), (seconds, program.said())
        assert "Traceback" not in program.said()
        assert offered(fake, "周倩") is None

        fake.faults.slow = 0.0
        await programs.start()
        await until(lambda: offered(fake, "周倩"), 30)
        found = offered(fake, "周倩")
        assert found is not None
        assert fake.book.cards[found[1]["track"]].times[found[0]] == 1
        answer = await fake.tap(found[0], found[1]["track"], press(found[1], "accept"))
        assert "已接收" in words(answer or {})
    finally:
        programs.end()
