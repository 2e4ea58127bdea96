"""Every hostile string through every entry, and then a look at every place where texts are shown."""

import asyncio
import json
import os
from collections.abc import Iterator
from itertools import count
from typing import Any

import pytest
from aiohttp import ClientSession

from bot.cards import model
from domain.contact import clean_text
from tests.hostile.catalogue import CATALOGUE
from tests.hostile.leaks import EVALUATED, RENDERERS, of_fact, of_message, texts, unsafe
from tests.scenario.world import TOKEN, Starter, World

FIELDS = (
    "name",
    "company",
    "title",
    "need",
    "region",
    "industry",
    "product",
    "wechat",
    "email",
    "phone",
    "amount",
)
FINE = {200, 201, 400, 404, 409, 413, 422}
DIFFERENT = {"control", "broken", "blank", "long", "rare", "sql", "number"}  # where PostgreSQL may differ
ALL = os.environ.get("LEADBELL_HOSTILE") == "all"
AT_ONCE = 8
SOURCES = [f"{TOKEN}-{number}" for number in range(8)]


def chosen(engine: str) -> dict[str, str]:
    """Every fourth string, on PostgreSQL of the kinds where it may differ; all of them on SQLite when asked."""
    if engine == "sqlite":
        return CATALOGUE if ALL else dict(list(CATALOGUE.items())[::4])
    found = {name: each for name, each in CATALOGUE.items() if name.split("-")[0] in DIFFERENT}
    return dict(list(found.items())[::4])


def test_the_catalogue_is_large_and_its_names_are_plain() -> None:
    assert len(set(CATALOGUE.values())) >= 900
    assert sum(any(sign >= "\u2e80" for sign in each) for each in CATALOGUE.values()) > 200
    assert all(name.isascii() and name.replace("-", "").isalnum() for name in CATALOGUE)


class Entries:
    """Puts one string through everything that takes a text; what is answered with a 5xx is a finding."""

    def __init__(self, world: World, http: ClientSession, lead: str) -> None:
        self.world, self.http, self.lead = world, http, lead
        self.numbers = count(1)
        self.wrong: list[str] = []

    async def ask(self, name: str, path: str, body: Any, **headers: str) -> None:
        async with self.http.post(
            self.world.base + path,
            data=json.dumps(body),
            headers={"Content-Type": "application/json", **headers},
        ) as answer:
            said = await answer.text()
        if answer.status not in FINE:
            self.wrong.append(f"{name} at {path}: {answer.status}")
        for text in texts(json.loads(said)):
            if why := unsafe(text):
                self.wrong.append(f"{name} at {path}: {why} in the answer {text[:60]!r}")

    async def put(self, name: str, text: str) -> None:
        number = next(self.numbers)
        phone = f"137{number:08d}"
        for lead in self._leads(text, phone):
            await self.ask(
                name, "/api/v1/leads", lead, Authorization=f"Bearer {SOURCES[number % len(SOURCES)]}"
            )
        await self._say(name, "xiaolin", f"/lead {text} {number + 13900000000}")
        await self._say(name, "xiaolin", "/cancel")
        await self._say(name, "zhangwei", f"/edit {self.lead} {FIELDS[number % len(FIELDS)]} {text}")
        await self._say(name, "zhangwei", f"/note {self.lead} {text}")
        await self._say(name, "zhangwei", f"/visit {self.lead} {text}")
        await self._say(name, "chenjing", text)
        await self._media(name, number, text)
        await self.ask(name, "/sim/api/people", {"id": f"g{number}", "name": text})
        click = {"message_id": text[:100], "key": text, "selected": {text[:50]: text}}
        await self.ask(name, "/sim/api/people/zhangwei/clicks", click)

    def _leads(self, text: str, phone: str) -> Iterator[dict[str, Any]]:
        short = {key: text[:limit] for key, limit in (("name", 80), ("company", 120), ("title", 80), ("region", 80), ("product", 120),
                 ("industry", 80), ("need", 2000), ("channel", 40), ("campaign", 120), ("consent", 200), ("amount", 60))}  # fmt: skip
        yield {
            "phone": phone,
            **short,
            "fields": {text[:40] or "k": text[:200]},
            "external_id": f"{phone}{text[:100]}",
        }
        yield {"phone": text, "email": text, "wechat": text, text: text}

    async def _say(self, name: str, person: str, text: str) -> None:
        await self.ask(name, f"/sim/api/people/{person}/messages", {"text": text})

    async def _media(self, name: str, number: int, text: str) -> None:
        kind = ("location", "voice", "image")[number % 3]
        body = {kind: {"label": text, "text": text, "name": text, "data": text, "lat": text, "seconds": text}}
        await self.ask(name, "/sim/api/people/zhangwei/messages", body)


async def everything(world: World, strings: dict[str, str], lead: str) -> Entries:
    """All strings, a few side by side."""
    waiting = iter(strings.items())
    async with ClientSession() as http:
        entries = Entries(world, http, lead)

        async def work() -> None:
            for name, text in waiting:
                await entries.put(name, text)

        await asyncio.gather(*(work() for _ in range(AT_ONCE)))
    return entries


@pytest.mark.timeout(1800 if ALL else 600)
async def test_no_string_breaks_or_leaks_anything(starter: Starter, engine_name: str) -> None:
    tokens = {f"s{number}": token for number, token in enumerate(SOURCES)} | {"website": TOKEN}
    world = await starter.start(API__TOKENS=json.dumps(tokens))
    lead = await world.submit("林海")
    world.service.store.set_pace(1_000_000)
    await world.phone((await world.owner(lead)).person).does("accept")
    await world.phone("wangfang").type(f"/assign {lead} @张伟")
    await world.phone("zhangwei").does("accept", lead)
    strings = chosen(engine_name)
    entries = await everything(world, strings, lead)
    assert entries.wrong == []
    await world.advance("20m")
    assert await shown(world) == []
    assert await world.audit() == []


async def shown(world: World) -> list[str]:
    """Everything that is wrong in any place where a text is shown or kept for good."""
    found: list[str] = []
    store = world.service.store
    rows = await store.write(read_rows, statement="SELECT type, sender, body FROM sim_messages")
    assert len(rows) > 500
    for kind, _sender, body in rows:
        found += of_message({"type": kind, **json.loads(body)})
    for kind, actor, data in await store.write(read_rows, statement="SELECT kind, actor, data FROM events"):
        found += of_fact(kind, actor, data)
    cursor: str | None = ""
    while cursor is not None:
        _, page = await world.api(f"leads?limit=500{cursor and '&cursor=' + cursor}")
        found += [f"the API shows {why}: {text[:60]!r}" for text in texts(page) if (why := unsafe(text))]
        cursor = page["next_cursor"]
    return found


def read_rows(uow: Any, *, statement: str) -> list[tuple[Any, ...]]:
    return [tuple(row) for row in uow.query(statement)]


@pytest.mark.parametrize("limit", [model.TITLE, model.VALUE, model.BUTTON, 2000])
def test_what_is_cleaned_is_clean_at_any_length(limit: int) -> None:
    for name, text in CATALOGUE.items():
        for cut in (clean_text(text, limit), model.fit(text, limit)):
            assert not unsafe(cut), name
            assert len(cut) <= limit, name
            assert clean_text(cut, limit) == cut, name


def test_every_channel_writes_words_without_a_leak() -> None:
    """Channels join with their own markup; the simulator has none."""
    for channel, (write, leaks) in RENDERERS.items():
        for name, text in CATALOGUE.items():
            assert list(leaks(write(text))) == [], f"{channel}: {name}"


def test_the_look_for_leaks_sees_them() -> None:
    card = {
        "title": "a\nb",
        "lines": [],
        "fields": [{"label": "x", "value": "y" * 99, "href": "javascript:x"}],
        "buttons": [],
        "note": "",
    }
    assert len(list(of_message({"text": "\u202e", "card": card}))) == 4
    assert list(of_fact("captured", "system", '{"why": "张伟 138…"}'))
    assert unsafe(EVALUATED)
    assert unsafe("\x1b[0m")
    assert not unsafe("张伟\n<b>")
