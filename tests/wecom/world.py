"""A bot on WeCom, the fake platform beside it, and the phones of the company: what the stories drive."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from itertools import count
from pathlib import Path
from typing import Any

from aiohttp import ClientSession

from bot.channels.wecom.fake.phones import Told
from bot.channels.wecom.fake.server import Fake
from bot.channels.wecom.fake.state import Message
from bot.config import Settings, load
from bot.main import Service
from bot.seams import new_id
from domain.lead import Lead
from storage.audit import Violation
from tests.scenario.world import StillClock
from tests.wecom.wire import AGENT, CORP, KEYS

SECRET = "wecom-secret-of-the-tests"
MEMBERS = {
    "ZhangWei": "张伟", "LiLei": "李雷", "WangFang": "王芳", "TangYue": "唐悦", "WuLin": "吴琳", "XiaoLin": "小林",
}  # fmt: skip
COMPANY = """
[app]
host = "127.0.0.1"
port = 0
base_url = "{page}"
[database]
url = "sqlite:///unused.db"
[calendar]
mode = "always"
[wecom]
corp_id = "{corp}"
agent_id = {agent}
secret = "{secret}"
token = "{token}"
encoding_aes_key = "{key}"
api_base = "{base}"
{more}
[[teams]]
id = "sales"
name = "销售部"
manager = "tangyue"
[[teams]]
id = "east"
name = "华东"
manager = "wangfang"
parent = "sales"
[[people]]
id = "zhangwei"
name = "张伟"
role = "rep"
team = "east"
wecom = "ZhangWei"
[[people]]
id = "lilei"
name = "李雷"
role = "rep"
team = "east"
wecom = "lilei"
[[people]]
id = "wangfang"
name = "王芳"
role = "manager"
team = "east"
wecom = "WangFang"
[[people]]
id = "tangyue"
name = "唐悦"
role = "director"
team = "sales"
wecom = "TangYue"
[[people]]
id = "wulin"
name = "吴琳"
role = "admin"
wecom = "WuLin"
"""
_phones = count(13810000001)
ACCOUNTS = {"zhangwei": "ZhangWei", "lilei": "LiLei"}


def settings_for(
    folder: Path, database_url: str, fake: Fake, more: str = "", page: str = "https://leads.example.com"
) -> Settings:
    file = folder / "config.toml"
    text = COMPANY.format(
        corp=CORP,
        agent=AGENT,
        secret=SECRET,
        token=KEYS.token,
        key=KEYS.aes_key,
        base=fake.base,
        more=more,
        page=page,
    )
    file.write_text(text, encoding="utf-8")
    environ = {"LEADBELL_DATABASE__URL": database_url, "LEADBELL_MEDIA__FOLDER": str(folder / "media")}
    return load(file, environ)


async def start_fake(clock: StillClock) -> Fake:
    fake = await Fake.start(
        corp_id=CORP, agent_id=AGENT, secret=SECRET, keys=KEYS, now=clock.now, new_id=new_id
    )
    for userid, name in MEMBERS.items():
        fake.state.add(userid, name, leader=userid in ("WangFang", "TangYue"))
    return fake


@dataclass(slots=True, kw_only=True)
class House:
    """The company: `await house.start()` again is a restart on the same database.

    In a `restless` one the program sends nothing by itself. Whenever something has happened it is thrown away first,
    and another, which knows the database alone, does what follows.
    """

    folder: Path
    database_url: str
    fake: Fake
    clock: StillClock
    base_url: str = "https://leads.example.com"
    restless: bool = False
    more: str = ""
    service: Service | None = None
    running: list[Service] = field(default_factory=list)

    async def start(self, more: str = "") -> None:
        self.more = more
        settings = settings_for(self.folder, self.database_url, self.fake, more, self.base_url)
        self.service = await Service.start(settings, year=2026, clock=self.clock)
        self.running.append(self.service)
        self.fake.state.callback = f"http://127.0.0.1:{self.service.port}/callback/wecom"
        if self.restless:
            for task in asyncio.all_tasks():
                if task.get_name() == "relay":
                    task.cancel()

    async def _restart(self) -> None:
        if self.restless:
            await self.stop()
            await self.start(self.more)

    async def stop(self) -> None:
        assert self.service is not None
        self.running.remove(self.service)
        await self.service.stop()
        self.service = None

    async def close(self) -> None:
        for service in list(self.running):
            await service.stop()
        await self.fake.stop()

    @property
    def bot(self) -> Service:
        assert self.service is not None
        return self.service

    async def settle(self) -> None:
        """Until what is due is delivered."""
        await self._restart()
        await self.bot.deliver_due(2.0)  # what the relay has in its hands already
        await self.bot.run_due()

    async def advance(self, **by: float) -> None:
        """The clock moves; everything that falls due on the way happens at its own time."""
        for _ in range(2):
            await self._restart()
            await self.bot.phones.advance(timedelta(**by) / 2)

    # -- what people see and do ---------------------------------------------------------------------------

    def phone(self, userid: str) -> "Phone":
        return Phone(self, userid)

    async def lead(self, lead: str) -> Lead:
        found = await self.bot.reads.lead(lead)
        assert found is not None
        return found

    async def kinds(self, lead: str) -> list[str]:
        return [str(event.kind) for event in await self.bot.reads.events(lead)]

    async def submit(self, name: str, by: str = "XiaoLin") -> str:
        """Somebody types a lead in; its id."""
        phone = self.phone(by)
        text = f"/lead {name} 上海博达智能科技有限公司 采购总监 {next(_phones)} 制造业 想上一套MES"
        assert (await phone.write(text)).taken
        return self.handed_in(name, by)

    def handed_in(self, name: str, by: str = "XiaoLin") -> str:
        """The id of the lead with that customer, off the card that says it was taken."""
        card = self.phone(by).card(name)
        return next(key.split(":")[1] for key in keys(card) if key.startswith("edit:"))

    async def holder(self, lead: str) -> "Phone":
        owner = (await self.lead(lead)).owner
        return self.phone(ACCOUNTS[str(owner)])

    def bot_code(self, userid: str) -> str:
        """The code with which the platform sends a browser back."""
        code = new_id()
        self.fake.state.logins[code] = userid
        return code

    async def post(self, query: Mapping[str, Any], body: bytes) -> tuple[int, bytes, str]:
        """(status, body, type) of a callback, whatever is wrong with it."""
        async with (
            ClientSession() as http,
            http.post(self.fake.state.callback, params=query, data=body) as answer,
        ):
            return answer.status, await answer.read(), answer.content_type

    async def audit(self) -> list[Violation]:
        return await self.bot.store.audit(self.clock.now(), grace=timedelta(seconds=1))


@dataclass(frozen=True, slots=True)
class Phone:
    """One member's phone."""

    house: House
    userid: str

    @property
    def all(self) -> list[Message]:
        return self.house.fake.state.seen_by(self.userid)

    def cards(self, about: str = "") -> list[Message]:
        return [each for each in self.all if each.type == "card" and about in str(each.card)]

    def card(self, about: str = "", verb: str = "") -> Message:
        """The newest card that names it, with a button of that verb."""
        found = [each for each in self.cards(about) if not verb or key_of(each, verb)]
        assert found, [(each.text, each.card) for each in self.all]
        return found[-1]

    def texts(self) -> str:
        return "\n".join(each.text for each in self.all if each.type == "text" and not each.mine)

    async def write(self, text: str) -> Told:
        told = await self.house.fake.phones.write(self.userid, text)
        await self.house.settle()
        return told

    async def press(self, verb: str, about: str = "", **selected: str) -> Told:
        card = self.card(about, verb)
        return await self.press_on(card, key_of(card, verb), **selected)

    async def press_on(self, card: Message, key: str, **selected: str) -> Told:
        told = await self.house.fake.phones.press(self.userid, card, key, selected)
        await self.house.settle()
        return told


def keys(message: Message) -> list[str]:
    return [each["key"] for each in message.card.get("button_list", []) if "key" in each]


def key_of(message: Message, verb: str) -> str:
    return next((key for key in keys(message) if key.partition(":")[0] == verb), "")


def question(message: Message) -> Mapping[str, Any]:
    found: Mapping[str, Any] = message.card["button_selection"]
    return found
