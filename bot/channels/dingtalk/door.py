"""DingTalk as one part: built from its settings, started, fed, counted, stopped. Whoever wires the bot opens
this door and none behind it."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime
from types import SimpleNamespace
from typing import Any, TypeVar
from urllib.parse import urlsplit

import structlog
from aiohttp import ClientSession, web

from bot.cards.model import Card, CardState
from bot.channels.base import Refused, Retryable
from bot.channels.dingtalk.channel import NAME, DingtalkChannel
from bot.channels.dingtalk.client import Client
from bot.channels.dingtalk.examine import examine
from bot.channels.dingtalk.http import CARD, Callbacks, card_secret
from bot.channels.dingtalk.meter import CALLS, PUSHES, Meter, month_of
from bot.channels.dingtalk.people import gone
from bot.channels.dingtalk.receive import Receiver, Redraw
from bot.channels.dingtalk.render import Template
from bot.channels.dingtalk.sign import EventCrypto
from bot.channels.dingtalk.signin import DingtalkSignIn
from bot.channels.dingtalk.stream import Stream, Timing
from bot.channels.tokens import AccessTokens, Fetched
from bot.checks import Check
from bot.config import LOOPBACK
from bot.config import Dingtalk as Settings
from bot.config import Settings as AllSettings
from bot.directory import Directory
from bot.router import Bot, Router
from bot.seams import SystemClock, random_bytes
from domain.clock import Clock
from domain.errors import Unavailable

log = structlog.get_logger("dingtalk")

COUNT_EVERY = 5.0
PEOPLE_EVERY, PEOPLE_PAUSE = 43_200.0, 60.0
WARN_AT = (0.8, 1.0)
Answer = TypeVar("Answer")
MakeTokens = Callable[[str, Callable[[], Awaitable[Fetched]]], AccessTokens]


@dataclass(frozen=True, slots=True, kw_only=True)
class House:
    """What the bot lends: how wishes are served, how cards are drawn, where tokens and counts are kept."""

    bot: Bot
    router: Router
    directory: Directory
    clock: Clock
    home: str
    mark: str
    base_url: str
    copies: Callable[..., Awaitable[Any]]
    redraw: Callable[[Any, str], Awaitable[Any]]
    make_tokens: MakeTokens
    count_up: Callable[[Mapping[str, int]], Awaitable[None]]
    counts: Callable[[str], Awaitable[Mapping[str, int]]]
    left: Callable[[Sequence[str]], Awaitable[None]]
    answered: Callable[[float], None] = lambda seconds: None
    heard: Callable[[str, Callable[[], float]], None] = lambda channel, silent: None
    budget: Callable[[str, str, int, int], None] = lambda channel, what, used, limit: None


def template_of(settings: Settings) -> Template:
    names = settings.card
    return Template(
        id=settings.card_template_id,
        title=names.title,
        body=names.body,
        tips=names.tips,
        buttons=names.buttons,
        state=names.state,
    )


def make_client(
    settings: Settings, session: ClientSession, make_tokens: MakeTokens, meter: Meter | None = None
) -> Client:
    """The calls of one app; its tokens are kept where `make_tokens` says."""
    client = Client(
        session=session,
        api_base=settings.api_base,
        oapi_base=settings.oapi_base,
        client_id=settings.client_id,
        client_secret=settings.client_secret.get_secret_value(),
        meter=meter or Meter(),
    )
    client.tokens = make_tokens(f"{NAME}:{settings.client_id}", client.fetch_token)
    return client


def own_tokens(clock: Clock) -> MakeTokens:
    """Tokens for a command that runs beside the service: asked for again, they are the same ones."""

    async def write(unit: Callable[..., Any], **values: Any) -> Any:
        return unit(None, **values)

    def make(app: str, fetch: Callable[[], Awaitable[Fetched]]) -> AccessTokens:
        turn = SimpleNamespace(token="", mine=True, expires_at=None, fetched_at=None)
        units = SimpleNamespace(
            take_turn=lambda _, **more: turn, keep=lambda _, **more: None, give_up_turn=lambda _, **more: None
        )
        return AccessTokens(app=app, fetch=fetch, write=write, units=units, clock=clock)

    return make


@dataclass(slots=True, kw_only=True)
class Door:
    """Made by `open_door`. `loops` are for a supervisor: (name, turn, period in seconds). `doubts` is set
    when somebody could not be reached."""

    settings: Settings
    house: House
    session: ClientSession
    client: Client
    channel: DingtalkChannel
    receiver: Receiver
    signin: DingtalkSignIn
    doubts: asyncio.Event
    stream: Stream | None = None
    callbacks: Callbacks | None = None
    _warned: dict[str, float] = field(default_factory=dict)
    _registered: bool = False

    def loops(self) -> list[tuple[str, Callable[[], Awaitable[None]], float]]:
        loops: list[tuple[str, Callable[[], Awaitable[None]], float]] = []
        if self.stream is not None:
            loops.append(("dingtalk", self.stream.turn, 2.0))
        else:
            loops.append(("dingtalk", self._register, 60.0))
        loops.append(("dingtalk-people", self._look_for_leavers, PEOPLE_EVERY))
        return [*loops, ("dingtalk-budget", self._count, COUNT_EVERY)]

    def silent(self) -> dict[str, float]:
        """For how many seconds the platform could not reach this instance, in the Stream mode."""
        return {} if self.stream is None else {NAME: self.stream.silent}

    def mount(self, app: web.Application) -> None:
        """Serve the callbacks, in the HTTP mode."""
        if self.callbacks is not None:
            self.callbacks.mount(app)

    async def close(self) -> None:
        """Take nothing in any more; what is being answered may end."""
        if self.stream is not None:
            await self.stream.close()

    async def end(self) -> None:
        """After the last delivery."""
        try:
            await self._keep_counts()
        except Unavailable:
            log.warning("the last calls were not counted", action="not_counted")
        await self.session.close()

    # -- loops ------------------------------------------------------------------------------------------

    async def _register(self) -> None:
        """Tell the platform where taps go, in the HTTP mode; until it knows, nobody's tap arrives."""
        if not self._registered:
            body = {
                "callbackRouteKey": self.channel.callback,
                "callbackUrl": self.house.base_url.rstrip("/") + CARD,
                "apiSecret": card_secret(self.client.client_secret, self.house.home),
                "forceUpdate": True,
            }
            try:
                await self.client.call("POST", "/v1.0/card/callbacks/register", body)
                self._registered = True
            except (Retryable, Refused) as error:
                log.error("the card route is not registered", action="not_registered", why=str(error))
        await asyncio.sleep(20.0 if self._registered else 5.0)

    async def _look_for_leavers(self) -> None:
        """Twice a day, and when somebody could not be reached: whom the organisation does not have any more,
        an event having been missed."""
        with suppress(TimeoutError):
            async with asyncio.timeout(PEOPLE_EVERY):
                await self.doubts.wait()
        self.doubts.clear()
        await self._drop_leavers()
        await asyncio.sleep(PEOPLE_PAUSE)

    async def _drop_leavers(self) -> None:
        people = self.house.bot.company.people.values()
        accounts = [person.accounts[NAME] for person in people if NAME in person.accounts]
        try:
            missing = await gone(self.client, accounts)
        except (Retryable, Refused) as error:
            log.warning("leavers can't be told", action="no_leavers", why=str(error))
            return
        if missing:
            await self.house.left(missing)

    async def _count(self) -> None:
        await self._keep_counts()
        await asyncio.sleep(COUNT_EVERY)

    async def _keep_counts(self) -> None:
        """Add what was counted to the month's sums, and say how they stand."""
        month = month_of(self.house.clock.now())
        taken = self.client.meter.take()
        try:
            if taken:
                named = {f"{NAME}:{what}:{month}": count for what, count in taken.items()}
                await self.house.count_up(named)
        except BaseException:
            self.client.meter.give_back(taken)
            raise
        sums = await self.house.counts(f"{NAME}:")
        limits = {CALLS: self.settings.monthly_calls, PUSHES: self.settings.monthly_pushes}
        for what, limit in limits.items():
            name = f"{NAME}:{what}:{month}"
            used = sums.get(name, 0)
            self.house.budget(NAME, what, used, limit)
            self._warn(name, what, used / limit)

    def _warn(self, name: str, what: str, share: float) -> None:
        passed = max((level for level in WARN_AT if share >= level), default=0.0)
        if passed > self._warned.get(name, 0.0):
            self._warned[name] = passed
            log.warning("the month's budget runs out", action="budget", what=what, share=round(share, 2))


def open_door(settings: Settings, house: House, *, timing: Timing | None = None) -> Door:
    """The channel and its ears, ready to be started. Needs a running loop."""
    session = ClientSession()
    client = make_client(settings, session, house.make_tokens)
    http = settings.mode == "http"
    doubts = asyncio.Event()
    channel = DingtalkChannel(
        client=client,
        template=template_of(settings),
        robot_code=settings.robot_code,
        doubt=doubts.set,
        mark=house.mark,
        clock=house.clock,
        ticks=asyncio.get_running_loop().time,
        callback=f"leadbell-{house.home}" if http else "",
        pages=_pages(house.base_url, settings.api_base),
    )
    receiver = Receiver(
        bot=house.bot,
        router=house.router,
        directory=house.directory,
        channel=channel,
        redraw=_redraw(channel, house),
        clock=house.clock,
        observe=house.answered,
        left=house.left,
    )
    door = Door(
        settings=settings,
        house=house,
        session=session,
        client=client,
        channel=channel,
        receiver=receiver,
        doubts=doubts,
        signin=DingtalkSignIn(client=client, corp_id=settings.corp_id or ""),
    )
    if http:
        door.callbacks = _callbacks(settings, house, receiver)
    else:
        stream = Stream(session=session, dial=client.open_stream, handle=receiver.on_frame, timing=timing)
        house.heard(NAME, lambda: stream.silent)
        door.stream = stream
    return door


def _pages(base_url: str, api_base: str) -> str:
    """Where leads have their pages, for phones: not on this machine, unless the platform is on it too."""
    local = urlsplit(base_url).hostname in LOOPBACK and urlsplit(api_base).hostname not in LOOPBACK
    return "" if local else base_url.rstrip("/")


def _redraw(channel: DingtalkChannel, house: House) -> Redraw:
    async def redraw(track: str, person: str) -> Any:
        key = channel.key_of(track)
        copies = await house.copies(message=key) if key else await house.copies(handle=track)
        return await house.redraw(copies, person)

    return redraw


def _callbacks(settings: Settings, house: House, receiver: Receiver) -> Callbacks:
    secret = settings.client_secret.get_secret_value()
    crypto = None
    if settings.token is not None and settings.encoding_aes_key is not None:
        crypto = EventCrypto(
            token=settings.token.get_secret_value(),
            aes_key=settings.encoding_aes_key.get_secret_value(),
            owner_key=settings.client_id,
        )
    return Callbacks(
        receiver=receiver,
        client_secret=secret,
        card_secret=card_secret(secret, house.home),
        clock=house.clock,
        fresh=random_bytes,
        crypto=crypto,
    )


# -- for commands -----------------------------------------------------------------------------------------


def budget_names(now: datetime) -> dict[str, str]:
    """The names under which this month's calls and pushes are counted."""
    return {what: f"{NAME}:{what}:{month_of(now)}" for what in (CALLS, PUSHES)}


async def ask_dingtalk(
    settings: AllSettings, ask: Callable[[Client, AllSettings], Awaitable[Answer]]
) -> Answer:
    """Ask the platform something from a command, with a session and a token of its own."""
    assert settings.dingtalk is not None
    async with ClientSession() as session:
        client = make_client(settings.dingtalk, session, own_tokens(SystemClock()))
        client.logs = False
        return await ask(client, settings)


async def examine_dingtalk(client: Client, settings: AllSettings, *, lang: str) -> list[Check]:
    section = settings.dingtalk
    assert section is not None
    findings = examine(
        client,
        mode=section.mode,
        robot_code=section.robot_code,
        base_url=settings.app.base_url,
        accounts={person.id: person.dingtalk for person in settings.people if person.dingtalk},
        template=template_of(section),
        lang=lang,
    )
    return [finding async for finding in findings]


async def send_test(client: Client, settings: AllSettings, account: str, text: str) -> None:
    """One message to one account. Raises Retryable or Refused with the platform's own reason."""
    section = settings.dingtalk
    assert section is not None
    channel = DingtalkChannel(
        client=client,
        template=template_of(section),
        robot_code=section.robot_code,
        mark=f"test{random_bytes(4).hex()}",
        clock=SystemClock(),
        ticks=asyncio.get_running_loop().time,
    )
    card = Card(title="Leadbell", lines=(text,), state=CardState.DONE)
    await channel.send(account, card, key="send-test")
