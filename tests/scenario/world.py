"""A running bot and the phones of its people: what the stories drive, over HTTP, by the published calls alone."""

import json
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import count
from pathlib import Path
from typing import Any

from aiohttp import ClientSession

from bot import demo
from bot.config import Settings, load
from bot.main import Service
from bot.seams import ShiftedClock
from storage.audit import Violation
from tests.fakes.clock import MONDAY_TEN

Json = dict[str, Any]
TOKEN = "lb_website-token-of-the-tests"
EAST = ("zhangwei", "lilei", "hanmeimei")
NAMES = {"zhangwei": "张伟", "lilei": "李雷", "hanmeimei": "韩梅梅"}
ANNA = '\n[[people]]\nid = "anna"\nname = "Anna"\nrole = "rep"\nteam = "south"\nlang = "en"\n'
_numbers = count(13810000001)


class StillClock(ShiftedClock):
    """The simulator's clock, which in a story moves only when it is pushed."""

    def __init__(self, at: datetime = MONDAY_TEN) -> None:
        super().__init__()
        self._held = at

    def go(self) -> None:
        """Stay where it was put, and know how far that is from the machine's clock."""
        assert self._held is not None
        self.offset = self._held - datetime.now(UTC)


def lead_text(name: str, company: str = "上海博达智能科技有限公司", phone: str = "") -> str:
    """`/lead …` with everything that is asked for; a fresh number unless told one."""
    return f"/lead {name} {company} 采购总监 {phone or next(_numbers)} 制造业 想上一套MES"


def settings_for(folder: Path, database_url: str, more: str, environ: Mapping[str, str]) -> Settings:
    """The sample company on that database, on any free port."""
    file = folder / "config.toml"
    text = demo.COMPANY.format(host="127.0.0.1", port=0, token=TOKEN, database="unused.db")
    file.write_text(text + ANNA + more, encoding="utf-8")
    return load(file, {"LEADBELL_DATABASE__URL": database_url, **environ})


@dataclass(slots=True, kw_only=True)
class World:
    """The service as it runs, and the HTTP client of whoever is outside."""

    service: Service
    http: ClientSession
    settings: Settings
    clock: StillClock

    @property
    def base(self) -> str:
        return f"http://127.0.0.1:{self.service.port}"

    def phone(self, person: str) -> "Phone":
        return Phone(self, person)

    async def call(self, path: str, body: object = None, **headers: str) -> tuple[int, Any]:
        """(status, JSON): a POST when there is a body."""
        method = "GET" if body is None else "POST"
        async with self.http.request(method, self.base + path, json=body, headers=headers) as answer:
            return answer.status, await answer.json(content_type=None)

    async def advance(self, by: str) -> datetime:
        status, found = await self.call("/sim/api/clock", {"advance": by})
        assert status == 200, found
        return datetime.fromisoformat(found["now"])

    async def outage(self, on: bool) -> None:
        status, _ = await self.call("/sim/api/outage", {"on": on})
        assert status == 200

    async def api(
        self, path: str, body: object = None, token: str = TOKEN, **headers: str
    ) -> tuple[int, Any]:
        """A call of the capture API; a header's underscores stand for dashes."""
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        return await self.call(f"/api/v1/{path}", body, Authorization=f"Bearer {token}", **named)

    async def lead(self, lead: str) -> Json:
        status, found = await self.api(f"leads/{lead}")
        assert status == 200, found
        return dict(found)

    async def events(self, lead: str) -> list[Json]:
        status, found = await self.api(f"leads/{lead}/events")
        assert status == 200, found
        return list(found["items"])

    async def kinds(self, lead: str) -> list[str]:
        return [each["kind"] for each in await self.events(lead)]

    async def notes(self, lead: str) -> list[Json]:
        status, found = await self.api(f"leads/{lead}/notes")
        assert status == 200, found
        return list(found["items"])

    async def submit(self, name: str, by: str = "xiaolin", **values: str) -> str:
        """An employee hands in a lead; its id."""
        answer = await self.phone(by).type(lead_text(name, **values))
        key = str(answer[-1]["card"]["buttons"][0]["key"])
        return key.split(":")[1]

    async def owner(self, lead: str) -> "Phone":
        """The phone of whoever the lead is offered to, or who holds it."""
        found = (await self.lead(lead))["owner"]
        assert found is not None
        return self.phone(found)

    async def audit(self) -> list[Violation]:
        return await self.service.store.audit(self.clock.now(), grace=timedelta(seconds=1))

    async def on_duty(self, person: str) -> bool:
        _, people = await self.call("/sim/api/people")
        return bool(next(each["on_duty"] for each in people if each["id"] == person))


@dataclass(frozen=True, slots=True)
class Phone:
    """One person's phone in the simulator."""

    world: World
    person: str

    async def messages(self) -> list[Json]:
        status, found = await self.world.call(f"/sim/api/people/{self.person}/messages")
        assert status == 200, found
        return list(found)

    async def type(self, text: str) -> list[Json]:
        """Send a text; what the bot has written since, oldest first."""
        return await self.send({"text": text})

    async def replies(self, message: Json, text: str) -> list[Json]:
        """Send a text that quotes a message of this chat."""
        return await self.send({"text": text, "quote": message["id"]})

    async def send(self, body: Json) -> list[Json]:
        before = {each["id"] for each in await self.messages()}
        status, found = await self.world.call(f"/sim/api/people/{self.person}/messages", body)
        assert status == 200, found
        return [each for each in await self.messages() if each["id"] not in before and each["from"] == "bot"]

    async def says(self, text: str) -> str:
        """Send a text; the words of the one answer."""
        answers = await self.type(text)
        assert len(answers) == 1, answers
        return str(answers[0]["text"])

    async def cards(self, about: str = "", state: str = "", verb: str = "") -> list[Json]:
        """The cards that name `about` anywhere, in that state, with that button; oldest first."""
        return [
            each
            for each in await self.messages()
            if each["type"] == "card"
            and about in words(each)
            and state in ("", each["card"]["state"])
            and (not verb or key_of(each, verb))
        ]

    async def card(self, about: str = "", state: str = "", verb: str = "") -> Json:
        """The newest such card."""
        found = await self.cards(about, state, verb)
        assert found, [words(each) for each in await self.messages()]
        return found[-1]

    async def press(self, message: Json, key: str, *, click_id: str = "", **selected: str) -> Json:
        """Press a button by its key; the answer."""
        body: Json = {"message_id": message["id"], "key": key, "selected": selected}
        if click_id:
            body["click_id"] = click_id
        status, found = await self.world.call(f"/sim/api/people/{self.person}/clicks", body)
        assert status == 200, found
        return dict(found)

    async def click(self, verb: str, about: str = "", **selected: str) -> Json:
        """Press the newest button of that verb on a card about somebody; the answer."""
        card = await self.card(about, verb=verb)
        return await self.press(card, key_of(card, verb), **selected)

    async def does(self, verb: str, about: str = "", **selected: str) -> str:
        """Press it and have it work; the words of the answer."""
        answer = await self.click(verb, about, **selected)
        assert answer["ok"], answer
        return str(answer["text"])


def words(message: Json) -> str:
    """Everything that can be read on a message."""
    return json.dumps(message, ensure_ascii=False)


def plain(text: str) -> str:
    """A text without its spaces: a phone number is the same however it is grouped."""
    return text.replace(" ", "")


def plain_words(message: Json) -> str:
    return plain(words(message))


def key_of(message: Json, verb: str) -> str:
    """The key of the message's button of that verb; empty when it has none."""
    keys = (str(button["key"]) for button in message["card"]["buttons"])
    return next((key for key in keys if key.partition(":")[0] == verb), "")


def verbs(message: Json) -> list[str]:
    return [button["key"].partition(":")[0] for button in message["card"]["buttons"]]


def fields_of(message: Json) -> dict[str, str]:
    return {each["label"]: each["value"] for each in message["card"]["fields"]}


def texts(messages: Sequence[Json]) -> str:
    return "\n".join(each["text"] for each in messages)


@dataclass(slots=True, kw_only=True)
class Starter:
    """Starts bots on one database, with one clock: the second start is a restart."""

    database_url: str
    media: Path
    clock: StillClock = field(default_factory=StillClock)
    running: list[World] = field(default_factory=list)

    async def start(self, more: str = "", *, frozen: bool = False, **environ: str) -> World:
        """The sample company's bot; `more` is added to its settings, `environ` laid over them."""
        with tempfile.TemporaryDirectory() as folder:
            environ = {"MEDIA__FOLDER": str(self.media), **environ}
            values = {f"LEADBELL_{name}": value for name, value in environ.items()}
            settings = settings_for(Path(folder), self.database_url, more, values)
        service = await Service.start(settings, year=2026, clock=self.clock, frozen=frozen)
        world = World(service=service, http=ClientSession(), settings=settings, clock=self.clock)
        self.running.append(world)
        return world

    async def stop(self, world: World) -> None:
        self.running.remove(world)
        await world.http.close()
        await world.service.stop()

    async def stop_all(self) -> None:
        for world in list(self.running):
            await self.stop(world)
