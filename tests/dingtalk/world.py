"""A running bot on the fake platform, and the handsets of its people: stories in DingTalk's own frames."""

import asyncio
import json
import tempfile
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from itertools import count
from pathlib import Path
from typing import Any

from sqlalchemy import select

from bot.cards.model import CardState
from bot.channels.dingtalk.channel import DingtalkChannel
from bot.channels.dingtalk.fake import FakeDingtalk
from bot.channels.dingtalk.fake.book import Member
from bot.channels.dingtalk.render import card_data
from bot.config import Settings, load
from bot.deliver import redraw
from bot.main import Service
from domain.lead import Customer, Origin
from domain.usecases.leads import capture_lead
from storage.audit import Violation
from storage.tables import shown
from tests.scenario.world import StillClock, lead_text

Json = dict[str, Any]
REPS = {"zhangwei": "张伟", "lilei": "李雷", "hanmeimei": "韩梅梅"}
ALL = {**REPS, "wangfang": "王芳", "liuqiang": "刘强", "chenjing": "陈静", "xiaolin": "小林"}
COMPANY = """
[app]
host = "127.0.0.1"
port = 0
[database]
url = "sqlite:///unused.db"
[api]
tokens = {{ website = "lb_website-token-of-the-tests" }}
[dingtalk]
client_id = "{client_id}"
client_secret = "{secret}"
robot_code = "{client_id}"
api_base = "{base}"
oapi_base = "{base}"
mode = "{mode}"
token = "token-of-the-tests"
encoding_aes_key = "1234567890123456789012345678901234567890123"
[[teams]]
id = "sales"
name = "销售部"
manager = "liuqiang"
[[teams]]
id = "east"
name = "华东"
manager = "wangfang"
parent = "sales"
"""
_numbers = count(13910000001)
ROLES = {"wangfang": "manager", "liuqiang": "director", "chenjing": "admin", "xiaolin": "employee"}


def account_of(person: str) -> str:
    return f"ding-{person}"


def company_toml(
    fake: FakeDingtalk,
    mode: str = "stream",
    more: str = "",
    absent: Collection[str] = (),
    wecom: Mapping[str, str] | None = None,
) -> str:
    """The settings; who is `absent` has no account on this platform, who is in `wecom` has one there."""
    text = COMPANY.format(client_id=fake.client_id, secret=fake.client_secret, base=fake.base, mode=mode)
    for person, name in ALL.items():
        role = ROLES.get(person, "rep")
        text += f'[[people]]\nid = "{person}"\nname = "{name}"\nrole = "{role}"\n'
        if person not in absent:
            text += f'dingtalk = "{account_of(person)}"\n'
        if wecom and person in wecom:
            text += f'wecom = "{wecom[person]}"\n'
        if role == "rep":
            text += 'team = "east"\n'
    return text + more


async def until(true: Callable[[], Any], within: float = 10.0) -> None:
    """Until something has happened at the other end of a socket."""
    async with asyncio.timeout(within):
        while not true():  # noqa: ASYNC110
            await asyncio.sleep(0.005)


@dataclass(slots=True, kw_only=True)
class Ding:
    """The service, the platform and the clock of a story."""

    service: Service
    fake: FakeDingtalk
    clock: StillClock

    def phone(self, person: str) -> "Handset":
        return Handset(self, person)

    async def settle(self) -> None:
        await self.service.deliver_due(3.0)

    async def advance(self, **by: float) -> None:
        await self.service.phones.advance(timedelta(**by))

    async def lead(self, lead_id: str) -> Any:
        return await self.service.reads.lead(lead_id)

    async def kinds(self, lead_id: str) -> list[str]:
        return [event.kind.value for event in await self.service.reads.events(lead_id)]

    async def submit(self, name: str = "周倩", by: str = "xiaolin", **values: str) -> str:
        """An employee hands in a lead by typing; its id."""
        before = {each.id for each in await self.service.reads.submitted_by(by, 50)}
        await self.phone(by).type(lead_text(name, **values))
        after = await self.service.reads.submitted_by(by, 50)
        return next(each.id for each in after if each.id not in before)

    async def capture(self, name: str = "周倩") -> str:
        """A lead of the website: nobody but its owner is shown a card. Its id."""
        customer = Customer(name=name, company="博达智能", phone=f"+86{next(_numbers)}", need="MES")
        taken = await self.service.store.write(
            capture_lead,
            customer=customer,
            origin=Origin(channel="form", source="website"),
            now=self.clock.now(),
        )
        await self.settle()
        lead_id: str = taken.lead.id
        return lead_id

    async def owner(self, lead_id: str) -> "Handset":
        found = (await self.lead(lead_id)).owner
        assert found is not None
        return self.phone(found)

    def calls(self, path: str = "", method: str = "") -> list[Json]:
        """The bodies of the calls that the platform got."""
        return [b for m, p, b in self.fake.book.calls if p.startswith(path) and method in ("", m)]

    async def untrue(self) -> list[Json]:
        """The cards on somebody's phone that do not show their lead as it now is. One whose story ended (it was
        passed on, say) keeps what it said then, and has no button; of who left the company nothing is known."""
        service = self.service
        async with service.store.reader.connect() as conn:
            found = await conn.execute(select(shown.c.handle, shown.c.person, shown.c.state).distinct())
            rows = [tuple(row) for row in found if row.handle in self.fake.book.cards]
        rows = [row for row in rows if row[1] in service.store.company.people]
        lying = []
        for handle, person, state in rows:
            copies = await service.reads.copies(handle=handle)
            card = await redraw(copies, person, service.reads.lead, service.store.company)
            copy, channel = self.fake.book.cards[handle], self._channel
            wanted = None if card is None else card_data(card, channel.template, link=channel.link(card))
            ended = state == CardState.DEAD and '"msgButtons":[]' in copy.params["sys_full_json_obj"]
            if copy.params != wanted and not ended:
                lying.append({"to": person, "shows": copy.params, "should": wanted})
        return lying

    @property
    def _channel(self) -> DingtalkChannel:
        assert self.service.dingtalk is not None
        return self.service.dingtalk.channel

    async def audit(self) -> list[Violation]:
        return await self.service.store.audit(self.clock.now(), grace=timedelta(seconds=1))


@dataclass(frozen=True, slots=True)
class Handset:
    """One person's DingTalk."""

    ding: Ding
    person: str

    @property
    def account(self) -> str:
        return account_of(self.person)

    def chat(self) -> list[Json]:
        return self.ding.fake.chat(self.account)

    def texts(self) -> list[str]:
        return [each["text"] for each in self.chat() if each["kind"] != "card" and each["from"] == "bot"]

    async def type(self, text: str, **more: Any) -> list[str]:
        """Write to the robot; what it has said since."""
        before = len(self.texts())
        await self.ding.fake.say(self.account, text, **more)
        await until(lambda: not self.ding.fake.wire.unacked)
        await self.ding.settle()
        return self.texts()[before:]

    async def send(self, content: Json, **more: Any) -> Json:
        message = self.ding.fake.message(self.account, content) | more
        await self.ding.fake.push_message(message)
        await until(lambda: not self.ding.fake.wire.unacked)
        await self.ding.settle()
        return message

    def cards(self, about: str = "", button: str = "") -> list[Json]:
        """The cards that name it anywhere and have a button of that verb, oldest first."""
        return [
            each
            for each in self.chat()
            if each["kind"] == "card" and about in words(each["card"]) and (not button or press(each, button))
        ]

    def card(self, about: str = "", button: str = "") -> Json:
        found = self.cards(about, button)
        assert found, [words(each.get("card", each)) for each in self.chat()]
        return found[-1]

    async def tap(self, card: Json, button: str, **more: Any) -> Json | None:
        """Press the button whose id begins so; what the callback answered."""
        answer = await self.ding.fake.tap(self.account, card["track"], press(card, button), **more)
        await self.ding.settle()
        return answer

    async def does(self, button: str, about: str = "") -> str:
        """Press it on the newest such card and have it work; what the card says in passing."""
        answer = await self.tap(self.card(about, button), button)
        assert answer is not None
        return str(answer["cardData"]["cardParamMap"]["tips"])


def words(card: Json) -> str:
    return json.dumps(card, ensure_ascii=False)


def press(message: Json, verb: str) -> str:
    """The id of the message's button that begins so; empty when it has none."""
    ids = [button["id"] for button in message["card"]["buttons"]]
    return next((each for each in ids if each.startswith(verb)), "")


def verbs(message: Json) -> list[str]:
    return [button["id"].partition(":")[0] for button in message["card"]["buttons"]]


@dataclass(slots=True, kw_only=True)
class Opener:
    """Starts bots on one database and one platform; the second start is a restart."""

    database_url: str
    folder: Path
    fake: FakeDingtalk
    clock: StillClock
    running: list[Ding] = field(default_factory=list)

    def settings(
        self,
        mode: str,
        more: str,
        absent: Collection[str] = (),
        wecom: Mapping[str, str] | None = None,
        replace: Mapping[str, str] | None = None,
    ) -> Settings:
        with tempfile.TemporaryDirectory() as folder:
            file = Path(folder) / "config.toml"
            text = company_toml(self.fake, mode, more, absent, wecom)
            for old, new in (replace or {}).items():
                text = text.replace(old, new, 1)
            file.write_text(text, encoding="utf-8")
            environ = {
                "LEADBELL_DATABASE__URL": self.database_url,
                "LEADBELL_MEDIA__FOLDER": str(self.folder),
            }
            return load(file, environ)

    def text(self) -> str:
        """The settings as a file holds them."""
        return company_toml(self.fake)

    async def open(
        self,
        mode: str = "stream",
        more: str = "",
        absent: Collection[str] = (),
        wecom: Mapping[str, str] | None = None,
        replace: Mapping[str, str] | None = None,
    ) -> Ding:
        settings = self.settings(mode, more, absent, wecom, replace)
        service = await Service.start(settings, year=2026, clock=self.clock)
        ding = Ding(service=service, fake=self.fake, clock=self.clock)
        self.running.append(ding)
        if mode == "stream":
            await until(lambda: self.fake.wire.live)
        await ding.settle()  # the calendar's warning to the admin
        return ding

    async def shut(self, ding: Ding) -> None:
        self.running.remove(ding)
        await ding.service.stop()


def members() -> list[Member]:
    bosses = {"zhangwei": "wangfang", "lilei": "wangfang", "hanmeimei": "wangfang", "wangfang": "liuqiang"}
    return [
        Member(id=account_of(each), name=name, manager=account_of(bosses[each]) if each in bosses else "")
        for each, name in ALL.items()
    ]
