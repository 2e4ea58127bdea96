"""A chat platform that keeps the truth: what every person saw, when, and what hangs on their phone now.

Two natures. `fixed`: a card has the name that its sender gave it, so the same name again shows nothing twice.
`codes`: a card is changed by a code that works once, and each change answers with the next; the same content
again is swallowed, other content is a second card.
"""

import asyncio
import json
from collections import defaultdict, deque
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from bot.cards.model import Card, to_json
from bot.channels.base import Refused, Retryable, Unsure
from tests.simulation.world import Died, World

if TYPE_CHECKING:
    from tests.simulation.program import Process

Content = dict[str, Any]
MOST_A_MINUTE = 30
FIXED, CODES = "fixed", "codes"


@dataclass(slots=True, kw_only=True)
class Message:
    """One message on one phone. `current` = it is the newest of its key; `wall` is when it was shown, by the
    machine's clock; `doubted` = a try before had no plain answer."""

    number: int
    person: str
    key: str
    content: Content
    shown: float
    wall: datetime
    code: str = ""
    doubted: bool = False
    current: bool = True
    visible: bool = True
    answered: bool = False
    history: list[tuple[float, Content]] = field(default_factory=list)

    @property
    def buttons(self) -> list[Content]:
        return list(self.content.get("buttons", ()))


@dataclass(slots=True, kw_only=True)
class Rates:
    """How often a call goes wrong, and how: as shares of all calls."""

    busy: float = 0.0
    limited: float = 0.0
    lost: float = 0.0
    hangs: float = 0.0
    drops: float = 0.0
    slow: float = 0.0
    kills: float = 0.0
    fills: float = 0.0


@dataclass(slots=True)
class Call:
    """What the program asks of the platform."""

    verb: str
    person: str
    key: str
    content: Content
    code: str
    process: "Process"
    answer: "asyncio.Future[str]"
    sent: float
    doubted: bool


class Platform:
    """See the module. `saw` is called when something new is on a phone."""

    def __init__(self, world: World, nature: str) -> None:
        self.world = world
        self.nature = nature
        self.dice = world.dice("platform")
        self.rates = Rates()
        self.messages: list[Message] = []
        self.by_key: dict[str, Message] = {}
        self.by_code: dict[str, Message] = {}
        self.known: dict[str, tuple[str, float, int]] = {}
        self.heard: dict[str, float] = {}
        self.refused: set[str] = set()
        self.doubted: set[str] = set()
        self.repeated: dict[str, tuple[float, float]] = {}
        self.rings: defaultdict[str, deque[tuple[float, bool]]] = defaultdict(deque)
        self.attempts: defaultdict[str, list[tuple[float, str, int]]] = defaultdict(list)
        self.gone: dict[str, float] = {}
        self.limited: dict[str, float] = {}
        self.out_until = 0.0
        self.out_hangs = False
        self.mishap = world.dice("mishap")
        self.fills: Callable[[], None] = lambda: None
        self.saw: Callable[[Message, bool], None] = lambda message, fresh: None
        self._codes = 0

    # -- the call ---------------------------------------------------------------------------------------

    async def ask(
        self, process: "Process", verb: str, person: str, key: str, content: Content, code: str
    ) -> str:
        """One request over the network; the answer, or Retryable, or Refused, or nothing ever."""
        if not process.alive:
            raise Died
        answer: asyncio.Future[str] = process.loop.create_future()
        call = Call(verb, person, key, content, code, process, answer, self.world.now, key in self.doubted)
        self.doubted.add(key)
        self.attempts[key].append((self.world.now, verb, process.number))
        if verb == "send" and key in self.heard:
            self.repeated[key] = (self.heard[key], self.world.now)
        self.world.at(0.01 + 0.15 * self.dice.random() ** 2, self._arrive, call)
        code = await answer  # who gave up in the moment of the answer has not heard it
        if verb == "send":
            self.heard[key] = self.world.now
        found = self.by_key.get(key)
        if found is not None:
            found.answered = True
            self.known[key] = (code, self.world.now, process.number)
        return code

    def _arrive(self, call: Call) -> None:
        now, throw, rates = self.world.now, self.dice.random(), self.rates
        if now < self.out_until:
            if not self.out_hangs:
                self._answer(call, Retryable("unreachable"))
            return
        if now < self.gone.get(call.person, 0.0):
            self.refused.add(call.key)
            self._answer(call, Refused("no such account"))
            return
        if now < self.limited.get(call.person, 0.0):
            self._answer(call, Retryable("limit", timedelta(seconds=self.limited[call.person] - now)))
            return
        if throw < rates.busy:
            self.world.fault("busy", call.key)
            self._answer(call, Retryable("busy"))
        elif throw < rates.busy + rates.limited:
            self.world.fault("limited", call.person)
            self.limited[call.person] = now + 12.0
            self._answer(call, Retryable("limit", timedelta(seconds=12)))
        elif throw < rates.busy + rates.limited + rates.hangs:
            self.world.fault("hangs", call.key)
        elif throw < rates.busy + rates.limited + rates.hangs + rates.slow:
            self.world.fault("slow", call.key)
            self.world.at(1.0 + 7.2 * self.dice.random(), self._take_late, call)
        else:
            self._take(call)

    def _take_late(self, call: Call) -> None:
        """A request whose sender has died meanwhile is dropped with its connection."""
        if call.process.alive:
            self._take(call)

    def _take(self, call: Call) -> None:
        """It is done, whatever the sender comes to hear of it."""
        done = self._update(call) if call.verb == "update" else self._send(call)
        throw = self.dice.random()
        if throw < self.rates.lost:
            self.world.fault("answer_lost", call.verb, call.key)
            if self.dice.random() < 0.5:
                self._answer(call, Unsure("connection reset"))
            return
        if throw < self.rates.lost + self.rates.kills:
            self.world.fault("death_after_send", call.key)
            self.world.at(0.003 * self.dice.random(), self._kill, call.process)
        if self.rates.fills and self.mishap.random() < self.rates.fills:
            self.fills()  # what was shown can't be booked
        self._answer(call, done)

    def _kill(self, process: "Process") -> None:
        if process.alive and self.world.process is process:
            process.alive = False
            self.world.buried(process)

    def _answer(self, call: Call, what: str | Exception) -> None:
        self.world.at(0.005 + 0.1 * self.dice.random() ** 2, self._hear, call, what)

    def _hear(self, call: Call, what: str | Exception) -> None:
        call.process.reach(self._settle, call, what)

    def _settle(self, call: Call, what: str | Exception) -> None:
        if call.answer.done():
            return
        if isinstance(what, Exception):
            if not call.doubted and not isinstance(what, Unsure):
                self.doubted.discard(call.key)
            call.answer.set_exception(what)
            return
        call.answer.set_result(what)

    # -- what it does -----------------------------------------------------------------------------------

    def _send(self, call: Call) -> str:
        before = self.by_key.get(call.key)
        if before is not None and (self.nature == FIXED or before.content == call.content):
            if self.nature == FIXED:
                self._change(before, call.content)
            return before.code
        return self._show(call)

    def _show(self, call: Call) -> str:
        before = self.by_key.get(call.key)
        if before is not None:
            before.current = False
        rings = self.rings[call.person]
        while rings and rings[0][0] <= self.world.now - 60.0:
            rings.popleft()
        visible = True
        if len(rings) >= MOST_A_MINUTE:
            visible = False
            self.world.fault("dropped_over_limit", call.key)
        elif self.dice.random() < self.rates.drops:
            self.world.fault("dropped", call.key)
            visible = False
        message = Message(
            number=len(self.messages),
            person=call.person,
            key=call.key,
            content=call.content,
            shown=self.world.now,
            wall=self.world.wall(),
            code=call.key if self.nature == FIXED else self._new_code(),
            visible=visible,
            doubted=call.doubted,
        )
        rings.append((self.world.now, call.verb == "send" and not call.key.startswith("reply:")))
        unasked = sum(each[1] for each in rings)
        if unasked > MOST_A_MINUTE:
            self.world.violated(
                f"{unasked} messages in a minute to {call.person}, who had asked for none: {call.key}"
            )
        self.messages.append(message)
        self.by_key[call.key] = self.by_code[message.code] = message
        if visible:
            self.world.trace("shown", message.person, message.key, _short(message.content))
            self.saw(message, True)
        return message.code

    def _update(self, call: Call) -> str:
        found = self.by_code.get(call.code)
        if found is None:
            self.world.violated(f"an update with a code that never was: {call.key} {call.code}")
            return call.code
        if self.nature == FIXED:
            self._change(found, call.content)
            return found.code
        if found.code != call.code or not found.current:
            return self._used(call)
        self._change(found, call.content)
        found.code = self._new_code()
        self.by_code[found.code] = found
        return found.code

    def _used(self, call: Call) -> str:
        """The code was used up: a new card takes the place of the old one. A sender that had heard of a newer
        code, and has lived long enough to keep it, has no excuse."""
        newest, heard, life = self.known.get(call.key, ("", 0.0, 0))
        if newest and newest != call.code and life == call.process.number and self.world.now - heard > 15.0:
            self.world.violated(f"a used code again: {call.key} {call.code}, and {newest} was known")
        self.world.trace("code used", call.key)
        return self._show(call)

    def _change(self, message: Message, content: Content) -> None:
        if message.content == content:
            return
        message.history.append((self.world.now, message.content))
        message.content = content
        if message.visible:
            self.world.trace("changed", message.person, message.key, _short(content))
            self.saw(message, False)

    def _new_code(self) -> str:
        self._codes += 1
        return f"code-{self._codes}"


def _short(content: Content) -> str:
    if "buttons" not in content:
        return str(content.get("text", ""))[:30].replace("\n", "/")
    keys = ",".join(button["key"] for button in content["buttons"])
    return f"{content['state']}[{keys}]"


class SimulatedChannel:
    """The platform as bot.channels.base.Channel, in one process."""

    name = "sim"

    def __init__(self, process: "Process", platform: Platform) -> None:
        self._process = process
        self._platform = platform

    async def send(self, account: str, message: Card | str, *, key: str) -> str:
        content = {"text": message} if isinstance(message, str) else _json(message)
        return await self._platform.ask(self._process, "send", account, key, content, "")

    async def update(self, account: str, handle: str, card: Card, *, key: str) -> str:
        return await self._platform.ask(self._process, "update", account, key, _json(card), handle)


def _json(card: Card) -> Content:
    found: Content = json.loads(json.dumps(to_json(card)))
    return found
