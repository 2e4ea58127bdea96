"""Everybody with a phone: they hand leads in, press what they see (twice, late, all at once), change their minds."""

import asyncio
import json
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Any

from aiohttp import StreamReader, web
from aiohttp.test_utils import make_mocked_request

from bot.cards.actions import unpack
from bot.inbound import Chat, Click
from domain.errors import Unavailable
from domain.people import Role
from tests.simulation.platform import Content, Message, Platform
from tests.simulation.world import World

if TYPE_CHECKING:
    from tests.simulation.program import Process

TRIES = 3
ASKS_AGAIN = 5.0
NAMES = "赵钱孙李周吴郑王冯陈褚卫蒋沈韩杨朱秦尤许何吕施张"
WEIGHTS = {
    "accept": 5.0, "grab": 8.0, "handback": 0.9, "visit": 0.5, "contacted": 2.0, "nudge": 1.5, "assign": 1.0,
    "take": 0.7, "confirm": 5.0, "cancel": 0.7, "undo": 0.8, "edit": 0.2, "choose": 0.3,
}  # fmt: skip


@dataclass(slots=True, kw_only=True)
class Asked:
    """Something a person (or a machine) asked of the program: a click, words, a call of the API.

    `received` are the instants, by the machine's clock, at which the program got it; `answers` what was heard
    back of each time it was answered.
    """

    number: int
    by: str
    what: str
    sent: float
    key: str
    about: Any = None
    selected: dict[str, str] = field(default_factory=dict)
    tries: int = 0
    received: list[datetime] = field(default_factory=list)
    answers: list[str] = field(default_factory=list)
    heard: list[float] = field(default_factory=list)
    said: list[str] = field(default_factory=list)

    @property
    def answered(self) -> bool:
        return bool(self.answers)

    @property
    def ok(self) -> bool:
        if not self.answers:
            return False
        if self.what == "api":
            return self.answers[0][:3] in ("200", "201")
        return bool(json.loads(self.answers[0])["ok"])


@dataclass(slots=True, kw_only=True)
class Manners:
    """How people are in this run."""

    eager: float = 0.75
    twice: float = 0.15
    stale: float = 0.2
    bunched: float = 0.5
    duplicated: float = 0.15
    late: float = 0.06
    answer_lost: float = 0.08


class People:
    """See the module."""

    def __init__(self, world: World, platform: Platform, manners: Manners, people: dict[str, Role]) -> None:
        self.world = world
        self.platform = platform
        self.manners = manners
        self.roles = people
        self.dice = world.dice("people")
        self.asked: list[Asked] = []
        self.captures = 0
        platform.saw = self.saw
        self.forger = world.dice("forger")
        self.forges = world.seed % 7 in (2, 5)  # there is a thief in some runs
        self.scroll = world.dice("scroll")
        self.edge = world.dice("edge")
        self.shy = world.dice("shy")
        self.shyness = 0.85 if self.shy.random() < 0.25 else 0.0  # in some runs hardly anybody accepts
        self.offers: dict[tuple[str, str], tuple[Content, str]] = {}

    # -- handing in -------------------------------------------------------------------------------------

    def hand_in(self) -> None:
        """A new lead, by chat or by the website's form; now and then a customer that is known already."""
        self.captures += 1
        number = 13800000000 + self.captures
        if self.captures > 2 and self.dice.random() < 0.08:
            number -= 1
            self.world.trace("known customer")
        name = NAMES[self.captures % len(NAMES)] + "经理"
        if self.dice.random() < 0.35:
            body = {
                "name": name, "company": "上海博达智能科技有限公司", "phone": str(number), "industry": "制造业",
                "need": "想上一套MES", "region": self.dice.choice(["上海", "广东"]),
            }  # fmt: skip
            self._ask("website", "api", body)
            return
        by = self.dice.choice(
            [each for each, role in self.roles.items() if role in (Role.EMPLOYEE, Role.MARKETER)]
        )
        region = self.dice.choice(["上海", "广东"])
        self.type(by, f"/lead {name} 上海博达智能科技有限公司 采购总监 {number} 制造业 {region} 想上一套MES")

    def type(self, by: str, text: str) -> None:
        self._ask(by, "chat", text)

    def _ask(self, by: str, what: str, about: Any, **selected: str) -> Asked:
        number = len(self.asked) + 1
        asked = Asked(
            number=number,
            by=by,
            what=what,
            sent=self.world.now,
            key=f"cb:{number}",
            about=about,
            selected=selected,
        )
        self.asked.append(asked)
        self.world.trace("asks", asked.number, by, what, str(about)[:40], selected or "")
        self._try(asked)
        return asked

    # -- the way to the program -------------------------------------------------------------------------

    def _try(self, asked: Asked) -> None:
        """The platform passes it on: three times, five seconds apart, until it is answered."""
        if asked.answered or (asked.tries >= TRIES and asked.what != "api"):
            return
        asked.tries += 1
        if asked.tries > 12:
            return
        delay = 0.002 + 0.15 * self.dice.random() ** 2
        if not self.world.calm and self.dice.random() < self.manners.late:
            self.world.fault("late", asked.number)
            delay += 30.0 * self.dice.random() ** 2
        self.world.at(delay, self._arrive, asked)
        if not self.world.calm and self.dice.random() < self.manners.duplicated:
            for _ in range(self.dice.choice((1, 1, 2, 3))):
                self.world.fault("duplicated", asked.number)
                self.world.at(delay + 0.02 * self.dice.random(), self._arrive, asked)
        self.world.at(ASKS_AGAIN, self._try, asked)

    def _arrive(self, asked: Asked) -> None:
        process = self.world.process
        if process is not None and process.ready:
            process.reach(self._serve, process, asked)

    def _serve(self, process: "Process", asked: Asked) -> None:
        if process.ready:
            at = self.world.wall()
            asked.received.append(at)
            _ = process.spawn(self._handle(process, asked, at))

    async def _handle(self, process: "Process", asked: Asked, at: datetime) -> None:
        service = process.service
        assert service is not None
        app = process.application() if asked.what == "api" else None  # before it may begin to stop
        if self.edge.random() < 0.2:  # the rest of the request is slow to come
            await asyncio.sleep(0.5 * self.edge.random())
        try:
            if app is not None:
                answer = await self._call(app, process, asked)
            elif asked.what == "chat":
                chat = Chat(by=asked.by, text=asked.about, at=at, key=asked.key)
                answer = (await service.router.on_chat(service.bot, chat)).dump()
            else:
                click = Click(
                    by=asked.by, action=unpack(asked.about), at=at, key=asked.key, selected=asked.selected
                )
                answer = (await service.router.on_click(service.bot, click)).dump()
        except Unavailable:
            return  # the edge says 503, and the platform asks again
        except Exception as error:  # noqa: BLE001 - no edge expects it
            self.world.violated(
                f"{asked.what} {asked.about!r} of {asked.by} raised {type(error).__name__}: {error}"
            )
            return
        if not process.alive:
            return
        self.world.trace("answer", asked.number, answer[:60].replace("\n", "/"))
        asked.said.append(answer)
        if not self.world.calm and self.dice.random() < self.manners.answer_lost:
            self.world.fault("answer_to_callback_lost", asked.number)
            return
        asked.answers.append(answer)
        asked.heard.append(self.world.now)

    async def _call(self, app: web.Application, process: "Process", asked: Asked) -> str:
        """One request of the capture API, through the real application."""
        from tests.simulation.setting import TOKEN

        body = json.dumps(asked.about).encode()
        reader = StreamReader(_Quiet(), 1 << 16, loop=process.loop)  # type: ignore[arg-type]
        reader.feed_data(body)
        reader.feed_eof()
        headers = {
            "Authorization": f"Bearer {TOKEN}", "Content-Type": "application/json", "Idempotency-Key": asked.key,
            "Content-Length": str(len(body)),
        }  # fmt: skip
        request = make_mocked_request(
            "POST", "/api/v1/leads", headers, payload=reader, app=app, loop=process.loop
        )
        response = await app._handle(request)
        if response.status >= 500:
            raise Unavailable(str(response.status))
        return f"{response.status} {response.text}"  # type: ignore[attr-defined]

    # -- what they do with what they see ----------------------------------------------------------------

    def saw(self, message: Message, fresh: bool) -> None:
        """Something is new on a phone."""
        if self.world.calm or not message.buttons:
            return
        if self.forges and self.forger.random() < (0.5 if _offers(message, "grab") else 0.1):
            self.world.fault("forged", message.key)
            thief = self.forger.choice(self._thieves(message))
            self.world.at(
                5.0 * self.forger.random(), self.press, thief, message.content, self._forged(message)
            )
        self._scrolls_up(message)
        manners, dice = self.manners, self.dice
        if dice.random() > (manners.eager if fresh else 0.25 * manners.eager):
            return
        if self.shyness and _offers(message, "accept") and self.shy.random() < self.shyness:
            return
        button = self._choose(message.buttons)
        delay = self._when(message)
        self.world.at(delay, self.press, message.person, message.content, button)
        if dice.random() < manners.twice:
            self.world.at(delay + 0.05 * dice.random(), self.press, message.person, message.content, button)
        if dice.random() < manners.stale:
            other = self._choose(message.buttons)
            self.world.at(
                delay + 90.0 * dice.random() ** 2, self.press, message.person, message.content, other
            )

    def _thieves(self, message: Message) -> list[str]:
        """Others; a lead that is up for grabs tempts those who may see it, and are no reps."""
        grab = _offers(message, "grab")
        return [
            each
            for each, role in self.roles.items()
            if each != message.person and not (grab and role is Role.REP)
        ]

    def _scrolls_up(self, message: Message) -> None:
        """Who is offered a lead once more may press the card of the time before, further up."""
        for button in message.buttons:
            key = str(button["key"])
            if not key.startswith("accept:"):
                continue
            place = (message.person, key.partition(":")[2].partition("-")[0])
            content, before = self.offers.get(place, (message.content, key))
            if before != key and self.scroll.random() < 0.5:
                self.world.at(8.0 * self.scroll.random(), self.press, message.person, content, before)
            self.offers[place] = (message.content, key)

    def _forged(self, message: Message) -> str:
        """Somebody presses what hangs on another's phone."""
        return str(self.forger.choice(message.buttons)["key"])

    def _choose(self, buttons: list[Content]) -> str:
        keys = [str(button["key"]) for button in buttons]
        return self.dice.choices(keys, [WEIGHTS.get(key.partition(":")[0], 0.3) for key in keys])[0]

    def _when(self, message: Message) -> float:
        """Soon, at some time, at the same instant as the others, or around the deadline."""
        dice, now = self.dice, self.world.now
        throw = dice.random()
        deadline = message.content.get("deadline")
        if deadline and throw < 0.35:
            left = (datetime.fromisoformat(str(deadline)) - self.world.wall()).total_seconds() + dice.random()
            if 0 < left < 120:
                return max(0.0, left + 0.1 * dice.random() - 0.05)
        if throw < 0.35 + 0.4 * self.manners.bunched:
            beat = 2.0
            return max(0.0, (now // beat + 1) * beat - now + 0.1 * dice.random() - 0.05)
        return 0.5 + 40.0 * dice.random() ** 3

    def press(self, person: str, content: Content, key: str) -> None:
        """Press a button of a card as it was when it was seen."""
        if self.world.calm:
            return
        selected = {}
        for each in content.get("selects", ()):
            options = each["options"]
            if options and self.dice.random() < 0.95:
                selected[each["key"]] = self.dice.choice(options)["id"]
        asked = self._ask(person, "click", key, **selected)
        if key.startswith(("handback", "visit")):
            self.world.at(2.0 + 3.0 * self.dice.random(), self._go_on, asked)

    def _go_on(self, asked: Asked) -> None:
        """After `visit`: the words it asks for."""
        if asked.ok and asked.about.startswith("visit") and not self.world.calm:
            self.type(asked.by, "见了采购总监，下周给报价")

    def chatter(self) -> None:
        """What people type without being asked."""
        if self.world.calm:
            return
        dice = self.dice
        by = dice.choice(list(self.roles))
        rep = self.roles[by] is Role.REP
        words = ["/my", "/undo", "/help", "你好", "/undo"]
        if rep:
            words += ["/off", "/on", "/on", "/on", "/pool"]
        if self.roles[by] in (Role.MANAGER, Role.DIRECTOR):
            words += ["/team"]
        self.type(by, dice.choice(words))


def _offers(message: Message, verb: str) -> bool:
    return any(str(button["key"]).startswith(f"{verb}:") for button in message.buttons)


class _Quiet:
    """A protocol for a request that came over no socket."""

    _reading_paused = False

    def pause_reading(self, **_: object) -> None: ...

    def resume_reading(self, **_: object) -> None: ...


Seen = Callable[[Message, bool], None]
