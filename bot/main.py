"""The composition root: builds and wires every part, starts and stops them. Only bot.cli imports it."""

import asyncio
import gc
import json
import logging
import os
import signal
from collections.abc import Awaitable, Callable, Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import partial
from importlib.metadata import version
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import aiohttp
import structlog
from aiohttp import web

from bot.channels.base import Channel, Refused, Retryable
from bot.channels.dingtalk.door import Door, House, ask_dingtalk, budget_names, examine_dingtalk, open_door
from bot.channels.dingtalk.examine import budget
from bot.channels.dingtalk.people import read_directory
from bot.channels.local.channel import LocalChannel
from bot.channels.tokens import AccessTokens, Fetched
from bot.channels.wecom.app import WecomApp, make_app
from bot.channels.wecom.face import Tiles
from bot.channels.wecom.roll import read_roll
from bot.checks import BAD, GOOD, WARN, Check, check
from bot.company import build_company, read_days, read_names_file
from bot.config import (
    ConfigErrors,
    Dingtalk,
    LanguageModel,
    OpenAiShape,
    Settings,
    Speech,
    needs_restart,
    warnings,
)
from bot.deliver import Deliverer, redraw
from bot.directory import Directory, with_members
from bot.downloads import Downloader
from bot.endpoint import Endpoint
from bot.files import Files
from bot.handlers import erasing as erasing_handlers
from bot.handlers import leads as lead_handlers
from bot.handlers import notes as note_handlers
from bot.handlers import talk as talk_handlers
from bot.handlers import team as team_handlers
from bot.mind import Mind
from bot.model import Model
from bot.phones import SimulatedPhones
from bot.roster import with_directory
from bot.router import Bot, Router
from bot.seams import ShiftedClock, SystemClock, WatchedClock, new_id
from bot.speech import Transcriber
from bot.watch import Heart
from bot.web import api, callbacks, health, metrics, openapi, problems
from bot.web.keys import Keys
from bot.web.lead_page import LeadPage
from bot.web.signin import Gate
from bot.web.sim import Simulator, Stream
from bot.words import say, trouble_words
from domain.clock import Clock, from_micros
from domain.errors import DirectoryShrunk, Unavailable
from domain.people import Company, Listed, Person, same_people
from domain.usecases.duty import person_left
from domain.usecases.erasing import erase_again
from domain.usecases.escalation import recount_due
from domain.usecases.watch import warn_of_calendar
from scheduler.relay import Relay
from scheduler.supervisor import Supervisor
from scheduler.sweeps import Sweep, resume
from scheduler.ticker import Ticker
from storage import (
    book,
    chain,
    chat,
    epoch,
    housekeeping,
    media,
    members,
    meters,
    platform_tokens,
    schema,
    sending,
    sessions,
    tokens,
)
from storage.audit import audit_database
from storage.engine import FileLock, as_trouble, is_sqlite, read_url, writer_engine
from storage.reads import Reads
from storage.store import Store, ensure_desks
from storage.writer import Once

log = structlog.get_logger("leadbell")

HEARTBEAT = 2.0
JUMP = 5.0
AUDIT_EVERY = 300.0
TIDY_EVERY = 3600.0
ANCHOR_EVERY = timedelta(hours=1)
CHAINS_AT_ONCE = 500
WATCH_EVERY = 60.0
SEEN_EVERY = 5  # heartbeats
TILES_EVERY = 60.0
SYNC_EVERY = 3600.0
UNUSED_FOR = timedelta(days=2)
WECOM_UNITS = SimpleNamespace(tokens=platform_tokens, sending=sending, first_time=housekeeping.first_time)


def fixed_tokens(settings: Settings) -> dict[str, str]:
    """The API tokens of the settings, source name to secret."""
    return {name: token.get_secret_value() for name, token in settings.api.tokens.items()}


def media_folder(settings: Settings) -> Path:
    """Where files are kept: as set, else beside the SQLite file, else in the working folder."""
    if settings.media.folder:
        return Path(settings.media.folder)
    url = read_url(settings.database.url.get_secret_value())
    beside = Path(url.database).parent if is_sqlite(url) and url.database else Path()
    return beside / "media"


def make_router() -> Router:
    """Every handler, registered once."""
    router = Router()
    lead_handlers.register(router)
    erasing_handlers.register(router)
    team_handlers.register(router)
    talk_handlers.register(router)
    return router


def prepare_database(url: str) -> tuple[str | None, str]:
    """Bring the database's schema to this program's version; returns (from, to). Raises StoreInUse where it
    would change a file that a program runs on."""
    found = read_url(url)
    if is_sqlite(found) and found.database:
        Path(found.database).parent.mkdir(parents=True, exist_ok=True)
    engine = writer_engine(found)
    lock = FileLock(found)
    try:
        if schema.current(engine) != schema.HEAD:
            lock.take()  # a program may run on it, or on the file that was taken away from here
        return schema.migrate(found, engine)
    finally:
        lock.free()
        engine.dispose()


def look_at_database(settings: Settings, now: datetime, lang: str) -> Iterator[Check]:
    """The doctor's look at the store: reachable, at the right schema, and whether notices pile up."""
    url = read_url(settings.database.url.get_secret_value())
    shown = settings.database.shown
    engine = writer_engine(url)
    try:
        if settings.database.missing:
            schema.check_writable(url)
            yield check(lang, WARN, "database", "doctor.database.missing", database=shown)
            return
        schema.check(engine)
        schema.check_writable(url)
        yield check(lang, GOOD, "database", "doctor.database", database=shown, version=schema.HEAD)
        yield from _look_at_places(lang, settings)
        yield from _look_at_epoch(lang, epoch.look(engine, epoch.Seen(url, settings.watch.seen_file)))
        waiting, dead = housekeeping.backlog(engine, now)
        mark = WARN if waiting or dead else GOOD
        yield check(lang, mark, "outbox", "doctor.outbox", waiting=waiting, dead=dead)
    except Unavailable as error:
        yield check(lang, BAD, "database", "doctor.database.away", database=shown, why=error)
    except Exception as error:
        if (found := as_trouble(error)) is None:
            raise
        yield Check(mark=BAD, name="database", means=trouble_words(lang, found))
    finally:
        engine.dispose()


def _look_at_places(lang: str, settings: Settings) -> Iterator[Check]:
    """The further places that the program writes to, where the settings name them."""
    seen, media = settings.watch.seen_file, settings.media.folder
    if seen and not _may_write(folder := Path(seen).absolute().parent):
        yield check(lang, BAD, "watch.seen_file", "doctor.place", folder=folder)
    if media:
        made = (each for each in (Path(media).absolute(), *Path(media).absolute().parents) if each.exists())
        if not _may_write(folder := next(made)):  # the program makes the rest of the path
            yield check(lang, BAD, "media.folder", "doctor.place", folder=folder)


def _may_write(folder: Path) -> bool:
    return folder.is_dir() and os.access(folder, os.W_OK)


def look_around(settings: Settings, now: datetime, lang: str) -> Iterator[Check]:
    """The doctor's look at what is outside the settings: the store and the platforms."""
    yield from look_at_database(settings, now, lang)
    if settings.dingtalk is not None:
        yield from asyncio.run(ask_dingtalk(settings, partial(examine_dingtalk, lang=lang)))
        yield from _dingtalk_budget(lang, settings, settings.dingtalk, now)


def installation_of(settings: Settings) -> str | None:
    """The name of the database's installation; "" before its first start, None when it can't be read."""
    if settings.database.missing:
        return ""
    engine = writer_engine(read_url(settings.database.url.get_secret_value()))
    try:
        return meters.name_of(engine)
    except Unavailable:
        return None  # the look at the database has said so
    finally:
        engine.dispose()


def _dingtalk_budget(lang: str, settings: Settings, section: Dingtalk, now: datetime) -> Iterator[Check]:
    engine = writer_engine(read_url(settings.database.url.get_secret_value()))
    try:
        used = {what: meters.counted(engine, name) for what, name in budget_names(now).items()}
    except Unavailable:
        return  # the look at the database has said so
    finally:
        engine.dispose()
    for what, limit in (("calls", section.monthly_calls), ("pushes", section.monthly_pushes)):
        yield budget(lang, what, used[what], limit)


def _look_at_epoch(lang: str, lost: epoch.Lost | None) -> Iterator[Check]:
    if lost is not None:
        means = say(lang, "watch.red", epoch=lost.epoch, since=_instant(lost.since))
        yield Check(mark=BAD, name="restored", means=means, next="leadbell restore --confirm")


def _instant(at: datetime | None) -> str:
    return f"{at:%Y-%m-%d %H:%M:%S} UTC" if at else "?"


def _endpoint(section: OpenAiShape) -> Endpoint:
    return Endpoint(base_url=section.base_url, api_key=section.key, http=aiohttp.ClientSession())


class Service:
    """A running bot. `await Service.start(...)`, then `await service.stop()`."""

    def __init__(self, settings: Settings, company: Company, store: Store, clock: Clock) -> None:
        self.settings = self._begun_with = settings
        self.store = store
        self._watched, self._ahead = WatchedClock(clock, asyncio.get_running_loop().time), 0.0
        self.clock = clock if settings.simulator.enabled else self._watched
        self.reads = Reads(store.reader)
        self.chats = chat.ChatReads(store.reader)
        self.stream = Stream()
        self.metrics = metrics.Metrics()
        store.counted = self.metrics.facts
        self.keys = Keys(
            fixed_tokens(settings),
            verify=lambda hashed: tokens.verify(store.reader, hashed),
            ticks=asyncio.get_running_loop().time,
            trusted_hops=settings.web.trusted_hops,
        )
        self.router = make_router()
        self.files = Files(folder=media_folder(settings), most=settings.media.most_mb << 20)
        self.mind = Mind(
            company_now=lambda: store.company,
            changed=lambda cursor: book.changed_since(store.reader, cursor),
            competitors=settings.reader.competitors,
            products=settings.reader.products,
            customers=read_names_file(settings),
        )
        self._of_settings = company
        self._version: str | None = None  # of the directories that are taken over
        self._loading: asyncio.Task[None] | None = None
        self.bot = Bot(
            write=store.write,
            once=Once,
            reads=self.reads,
            clock=self.clock,
            company_now=lambda: store.company,
            keep=self.files.keep,
            drop=self._drop_files,
            mind=self.mind,
        )
        self.sweep = Sweep(
            write=store.write,
            next_due=store.next_due,
            overdue=store.overdue,
            clock=self.clock,
            due=store.due,
            grace=store.sweep_grace,
        )
        # The pushed clock stands still while due work runs: nothing can come in that a grace waits for.
        self.walk = Sweep(
            write=store.write,
            next_due=store.next_due,
            overdue=store.overdue,
            clock=self.clock,
            due=asyncio.Event(),
            grace=0.0,
        )
        self.phones = SimulatedPhones(
            write=store.write,
            units=SimpleNamespace(
                put=chat.put_message, change=chat.change_message, set_mark=chat.set_mark, hurry=chat.hurry
            ),
            line=self.chats,
            engine=self,
            clock=clock,
            duty=self._duty,
        )
        self.directory = Directory(
            write=store.write,
            join=members.join,
            heard_on=members.heard_on,
            company_now=lambda: store.company,
            admit=self._admit,
        )
        self.channels: dict[str, Channel] = {}
        if settings.simulator.enabled:
            self.channels["local"] = LocalChannel(
                self.phones,
                changed=lambda person: self.stream.tell("message", person=person),
                outage=self.phones.outage,
                person_of=self._simulated,
            )
        self.wecom: WecomApp | None = None
        if settings.wecom is not None:
            self.wecom = make_app(
                settings.wecom,
                bot=self.bot,
                router=self.router,
                directory=self.directory,
                units=WECOM_UNITS,
                base_url=settings.app.base_url,
                count=lambda kind: self.metrics.inbound("wecom", kind),
            )
            self.channels[self.wecom.channel.name] = self.wecom.channel
        self.deliverer = Deliverer(
            channels=self.channels,
            company_now=lambda: store.company,
            route=self._route,
            clock=self.clock,
            observe=self.metrics.send,
        )
        self.downloader = Downloader(
            write=store.write,
            units=media,
            next_wanted=lambda: media.next_wanted(store.reader),
            channels=self.channels,
            files=self.files,
            clock=self.clock,
            observe=self.metrics.send,
        )
        self.relay = Relay(
            write=store.write, deliver=self.deliverer.deliver, clock=self.clock, told=store.told
        )
        self.supervisor = Supervisor(gave_up=self._gave_up)
        self.ticker = Ticker()
        self.stopped = asyncio.Event()
        self.violations: int | None = None
        self.seen = epoch.Seen(store.url, settings.watch.seen_file)
        self.heart = Heart(settings.watch.heartbeat_url.get_secret_value())
        self._beats = 0
        self.failed = False
        self.dingtalk: Door | None = None
        self.gate: Gate | None = None
        self.speech: Transcriber | None = None
        self.installation = self.mark = ""
        self._runner: web.AppRunner | None = None

    # -- starting and stopping --------------------------------------------------------------------------

    @classmethod
    async def start(
        cls, settings: Settings, *, year: int, clock: Clock | None = None, frozen: bool = False
    ) -> "Service":
        """Open the store, book a gap, catch up, and only then serve. `frozen` = the simulator's clock stood
        still while the program was off.

        Raises ConfigErrors, schema.SchemaError, storage.engine.StoreInUse or OSError (the address is taken).
        """
        company = await asyncio.to_thread(build_company, settings, year=year)
        if clock is None:
            clock = ShiftedClock() if settings.simulator.enabled else SystemClock()
        store = await Store.open(settings.database.url.get_secret_value(), company)
        service = cls(settings, company, store, clock)
        try:
            await service._begin(frozen)
        except BaseException:
            await service.stop()
            raise
        return service

    async def _begin(self, frozen: bool) -> None:
        for mistake in warnings(self.settings):
            log.warning(mistake.line("en"), action="config_warning")
        if self.settings.simulator.enabled:
            await self.phones.follow()
        beat = await self.chats.mark("heartbeat")
        since = from_micros(int(beat)) if beat else None
        if frozen and since is not None:
            await self.phones.set_offset(since - SystemClock().now())
        now = self.clock.now()
        await self.store.write(housekeeping.clock_was_ahead, since=since or now, now=now)
        await self._assemble()
        await resume(self.store.write, since=since, now=now)
        if is_sqlite(self.store.url):  # one process a file, so who had claimed these notices is dead
            await self.store.write(housekeeping.free_leases, now=now)
        self.installation = await self.store.write(meters.installation, fresh=new_id()[:8])
        await self._notice_loss()
        self.mark = f"{self.installation}-{await self.reads.marks('epoch') or 1}"
        if self.wecom is not None:
            self.wecom.channel.mark = self.mark
        await self._beat()
        await self._watch_calendar()
        await self._open_dingtalk()
        self._add_loops()
        self._loading = asyncio.create_task(self._load_mind())
        await self._listen()
        self.supervisor.start()
        self.ticker.start()

    def _add_loops(self) -> None:
        self.supervisor.add("sweep", self.sweep.turn, 2.0)
        self.supervisor.add("relay", self.relay.turn, 10.0)
        self.supervisor.add("downloads", self.downloader.turn, 90.0)
        self.supervisor.add("heartbeat", self._heartbeat, HEARTBEAT)
        if self.settings.speech is not None:
            self.speech = self._transcriber(self.settings.speech)
            self.supervisor.add("speech", self.speech.turn, 90.0)
        if self.settings.model is not None:
            self.bot.model = self._model(self.settings.model)
        if self.settings.simulator.enabled:
            self.supervisor.add("simulator", self._simulate, 1.0)
        if self.wecom is not None and self.settings.wecom is not None and self.settings.wecom.workbench:
            self.ticker.every(TILES_EVERY, self._tiles(self.wecom).once, name="tiles")
        self.ticker.every(AUDIT_EVERY, self.check, name="auditor")
        self.ticker.every(TIDY_EVERY, self._tidy, name="tidy")
        self.ticker.every(TIDY_EVERY, self._watch_calendar, name="calendar")
        self.ticker.every(AUDIT_EVERY, self.lay_anchor, name="anchor")
        if self.heart.wanted:
            self.ticker.every(WATCH_EVERY, self.tell_all_is_well, name="watch")

        for channel, read in self._directories():
            self.ticker.every(SYNC_EVERY, partial(self.sync, channel, read), name=f"{channel} directory")

    def _directories(self) -> Iterator[tuple[str, Callable[[], Awaitable[list[Listed]]]]]:
        """The platforms' directories that are to be read each hour."""
        settings = self.settings
        if self.wecom is not None and settings.wecom is not None and settings.wecom.sync:
            yield "wecom", partial(read_roll, self.wecom.client)
        if self.dingtalk is not None and settings.dingtalk is not None and settings.dingtalk.sync:
            yield "dingtalk", partial(read_directory, self.dingtalk.client)

    def _transcriber(self, section: Speech) -> Transcriber:
        return Transcriber(
            write=self.store.write,
            units=media,
            next_unheard=lambda: media.next_unheard(self.store.reader),
            heard=partial(note_handlers.voice_heard, self.bot),
            unheard=partial(note_handlers.voice_unheard, self.bot),
            endpoint=_endpoint(section),
            model=section.model,
            files=self.files,
            clock=self.clock,
            observe=self.metrics.send,
        )

    def _model(self, section: LanguageModel) -> Model:
        return Model(
            endpoint=_endpoint(section),
            model=section.model,
            ticks=asyncio.get_running_loop().time,
            observe=self.metrics.send,
        )

    async def _open_dingtalk(self) -> None:
        if self.settings.dingtalk is None:
            return
        store = self.store
        house = House(
            bot=self.bot,
            router=self.router,
            directory=self.directory,
            clock=self.clock,
            home=self.installation,
            mark=self.mark,
            base_url=self.settings.app.base_url,
            copies=self.reads.copies,
            redraw=lambda copies, person: redraw(copies, person, self.reads.lead, store.company),
            make_tokens=self._tokens,
            count_up=lambda counts: store.write(meters.count_up, counts=counts),
            counts=lambda prefix: meters.read_counts(store.reader, prefix),
            left=lambda accounts: self._left("dingtalk", accounts),
            answered=self.metrics.callback,
            heard=self.metrics.stream,
            budget=self.metrics.budget,
        )
        self.dingtalk = open_door(self.settings.dingtalk, house)
        self.channels["dingtalk"] = self.dingtalk.channel
        for loop in self.dingtalk.loops():
            self.supervisor.add(*loop)

    def _tokens(self, app: str, fetch: Callable[[], Awaitable[Fetched]]) -> AccessTokens:
        return AccessTokens(
            app=app, fetch=fetch, write=self.store.write, units=platform_tokens, clock=self.clock
        )

    async def _left(self, channel: str, accounts: Sequence[str]) -> None:
        """The platform says that these people left the company: their leads go to others at once."""
        for person in self.store.company.people.values():
            if person.accounts.get(channel) in accounts:
                moved = await self.store.write(person_left, person=person.id, now=self.clock.now())
                log.warning("a member left", action="person_left", person=person.id, leads=len(moved))

    def _tiles(self, app: WecomApp) -> Tiles:
        return Tiles(
            client=app.client,
            clock=self.clock,
            company_now=lambda: self.store.company,
            leads_of=self.reads.leads_of,
            link=self.settings.app.base_url,
        )

    async def _listen(self) -> None:
        logging.getLogger("aiohttp.server").addFilter(problems.UNQUOTED)
        app = self.application()
        self._runner = web.AppRunner(app, access_log=None, shutdown_timeout=2.0)
        await self._runner.setup()
        site = web.TCPSite(self._runner, self.settings.app.host, self.settings.app.port, backlog=1024)
        await site.start()

    @property
    def port(self) -> int:
        """The port that is listened on; of interest when the settings say 0."""
        assert self._runner is not None
        return int(self._runner.addresses[0][1])

    def application(self) -> web.Application:
        """The HTTP side: the capture API, health, metrics, and the simulator where it is enabled."""
        app = web.Application(middlewares=[problems.guard(new_id=new_id, observe=self.metrics.http)])
        app.on_response_prepare.append(problems.secure_headers)
        api.mount(
            app,
            api.Api(
                write=self.store.write,
                once=Once,
                reads=self.reads,
                keys=self.keys,
                clock=self.clock,
                company_now=lambda: self.store.company,
                new_id=new_id,
                captured=self.metrics.lead,
            ),
        )
        health.mount(
            app,
            health.Health(
                ping=self._ping,
                schema=self.reads.schema,
                loops=self.supervisor.ages,
                outbox_late=lambda: self.reads.outbox_late(self.clock.now()),
                lost=self.lost,
                streams=lambda: self.dingtalk.silent() if self.dingtalk is not None else {},
                installation=self.installation,
            ),
            front="/sim" if self.settings.simulator.enabled else "",
        )
        metrics.mount(app, self.metrics, lambda: self.reads.counts(self.clock.now()), self.keys.may_measure)
        openapi.mount(app, version("leadbell"))
        if self.dingtalk is not None:
            self.dingtalk.mount(app)
        if self.wecom is not None:
            callbacks.Callbacks(
                self.wecom.receiver,
                channel="wecom",
                ticks=asyncio.get_running_loop().time,
                observe=self.metrics.callback,
            ).mount(app, "/callback/wecom")
        self.gate = self._gate()
        self.gate.mount(app)
        LeadPage(gate=self.gate, reads=self.reads, company_now=lambda: self.store.company).mount(app)
        if self.settings.simulator.enabled:
            Simulator(
                bot=self.bot,
                router=self.router,
                phones=self.phones,
                stream=self.stream,
                directory=self.directory,
            ).mount(app)
        return app

    def _gate(self) -> Gate:
        return Gate(
            signins=[part.signin for part in (self.wecom, self.dingtalk) if part is not None],
            base_url=self.settings.app.base_url,
            write=self.store.write,
            units=sessions,
            find=lambda digest, now: sessions.find_session(self.store.reader, digest, now),
            directory=self.directory,
            company_now=lambda: self.store.company,
            clock=self.clock,
            new_id=new_id,
            may_try=self.keys.may_sign_in,
        )

    async def stop(self) -> None:
        """Stop accepting, finish what is under way, let go of the database; within five seconds."""
        self.ticker.close()
        if self._loading is not None:
            self._loading.cancel()
            await asyncio.gather(self._loading, return_exceptions=True)
        if self._runner is not None:
            await self._runner.cleanup()
        if self.dingtalk is not None:
            await self.dingtalk.close()
        await self.supervisor.close()
        await self.relay.close()
        if self.dingtalk is not None:
            await self.dingtalk.end()
        await self.heart.close()
        if self.speech is not None:
            await self.speech.endpoint.close()
        if self.bot.model is not None:
            await self.bot.model.close()
        if self.wecom is not None:
            await self.wecom.close()
        try:
            async with asyncio.timeout(1.0):
                await self._beat()
        except Exception:  # noqa: BLE001  the database may be the reason for stopping
            log.warning("no last heartbeat", action="no_heartbeat")
        await self.store.close()
        self.stopped.set()

    def _gave_up(self, loop: str) -> None:
        """A loop failed ten times in a row: end the process, whoever started it starts it again."""
        log.critical("a loop gave up", action="gave_up", loop=loop)
        self.failed = True
        self.stopped.set()

    # -- loops ------------------------------------------------------------------------------------------

    async def loaded(self) -> None:
        """Wait until what is loaded beside the loop is there, or could not be."""
        assert self._loading is not None
        await asyncio.wait({self._loading})

    async def _load_mind(self) -> None:
        """The reader's tools and names, beside the loop; a message that needs them waits."""
        try:
            days = await asyncio.to_thread(read_days, self.settings, self.clock.now().year)
            await self.mind.load(days)
        except Exception:  # without the reader everything but free text still works
            log.exception("the reader could not be loaded", action="no_reader")

    async def _beat(self) -> None:
        await self.store.write(epoch.beat, now=self.clock.now())
        if self._beats % SEEN_EVERY == 0:
            await self._remember(await self.store.write(epoch.read_standing))
        self._beats += 1

    async def _remember(self, stands: epoch.Standing) -> None:
        """A file that can't be written is no reason to stop: the next one is tried in ten seconds."""
        try:
            await asyncio.to_thread(self.seen.write, stands)
        except OSError as error:
            log.warning("what was seen is not written down", action="seen_failed", error=type(error).__name__)

    async def _notice_loss(self) -> None:
        """A database that is older than what this machine has seen begins a new epoch, loudly."""
        stands, seen = await self.store.write(epoch.read_standing), await asyncio.to_thread(self.seen.read)
        if seen is not None and stands.behind(seen):
            lost = await self.store.write(epoch.begin_epoch, seen=seen)
            log.error("the database is older than what was seen", action="lost", epoch=lost.epoch)
        elif await self.reads.marks("lost") is not None:
            log.warning("restored, and nobody has looked yet", action="lost")  # and cards go out all the same
        if seen is not None:
            await self._erase_again([each for each in seen.erased if each not in stands.erased])

    async def _erase_again(self, leads: list[str]) -> None:
        """Whose customers were erased after the backup that was restored: nobody comes back with it."""
        if leads:
            found = await self.store.write(
                erase_again, lead_ids=leads, at=self.clock.now(), instead=erasing_handlers.ANSWERED
            )
            for each in found:
                self._drop_files(each.files)
            log.warning("erased again", action="erased_again", leads=len(found))

    def _drop_files(self, places: Iterable[str]) -> None:
        for place in places:
            self.files.drop(place)

    async def _ping(self) -> None:
        self.store.check_file()
        await self.reads.ping()

    async def lost(self) -> str:
        """What readiness says of a restored database that nobody has looked at yet, or nothing."""
        since = await self.reads.marks("lost")
        if since is None:
            return ""
        since = _instant(from_micros(int(since)) if since else None)
        return say("en", "watch.red", epoch=await self.reads.marks("epoch"), since=since)

    async def tell_all_is_well(self) -> None:
        """The heartbeat to the operator's address: only while every loop is well and the auditor content."""
        if self.violations is None:
            await self.check()
        late = [name for name, (age, most) in self.supervisor.ages().items() if age > most]
        lost = await self.lost()
        if late or lost or self.violations:
            log.error(
                "no heartbeat", action="no_heartbeat", late=late, lost=bool(lost), violations=self.violations
            )
            return
        anchor = await self.store.write(chain.last_anchor)
        root = {"no": anchor.no, "at": anchor.at.isoformat(), "root": anchor.root} if anchor else None
        await self.heart.beat(
            {"at": self.clock.now().isoformat(), "version": version("leadbell"), "anchor": root}
        )

    async def _heartbeat(self) -> None:
        if not self.settings.simulator.enabled:
            await self._watch_clock()
        await self._beat()
        await self._learn_members()
        await asyncio.sleep(HEARTBEAT)

    async def _watch_clock(self) -> None:
        """The machine's clock was set: said, and what waits for a time that was wrong is hurried."""
        jump, ahead = self._watched.look()
        if abs(jump) > JUMP:
            log.warning("the clock was set", action="clock_jump", seconds=round(jump, 1))
        self._ahead = max(self._ahead, ahead)
        if self._ahead > JUMP:
            span = timedelta(seconds=self._ahead)
            await self.store.write(housekeeping.clock_set_back, span=span, now=self.clock.now())
        self._ahead = 0.0

    async def _simulate(self) -> None:
        await self.phones.follow()
        await asyncio.sleep(1.0)

    async def check(self) -> None:
        """The auditor: the invariants on the live data; what does not hold is logged and counted."""
        grace = timedelta(seconds=self.store.sweep_grace)
        try:
            found = await asyncio.to_thread(
                audit_database,
                self.store.url,
                self.store.company,
                self.clock.now(),
                grace=grace,
                chains=CHAINS_AT_ONCE,
            )
        except Exception:
            self.violations = None  # nobody knows, so no heartbeat says that all is well
            raise
        self.violations = len(found)
        for each in found:
            log.error(each.what, action="violation", invariant=each.invariant, lead=each.lead)

    async def lay_anchor(self) -> None:
        """Fix the heads of the chains of facts an hour after the last time, whenever the program was started;
        the root goes into the log, out of the database's reach."""
        last, now = await self.store.write(chain.last_anchor), self.clock.now()
        if last is not None and abs(now - last.at) < ANCHOR_EVERY:  # a clock that was ahead holds up none
            return
        anchor = await self.store.write(chain.lay_anchor, now=now)
        if anchor is not None:
            log.info("anchor", action="anchor", no=anchor.no, root=anchor.root)

    async def _tidy(self) -> None:
        await self.store.write(housekeeping.tidy, now=self.clock.now())
        await self._drop_unused_files()

    async def _drop_unused_files(self) -> None:
        """A picture sent when no question was open belongs to no note, and is not kept for ever."""
        now = SystemClock().now()  # the disk's time, whatever the simulator's clock says
        old = await asyncio.to_thread(lambda: list(self.files.older_than(UNUSED_FOR, now)))
        for part in (old[at : at + 500] for at in range(0, len(old), 500)):
            known = await media.known_paths(self.store.reader, part)
            for place in part:
                if place not in known:
                    self.files.drop(place)

    async def _watch_calendar(self) -> None:
        """A year without announced make-up days is said loudly: in the log each hour, to admins each day."""
        year = await self.store.write(warn_of_calendar, now=self.clock.now())
        if year is not None:
            log.warning(
                "the make-up workdays of a year are not known: [calendar] file can name them (docs/sla.md)",
                action="calendar",
                year=year,
            )

    async def _duty(self) -> dict[str, bool]:
        desks = await self.reads.desks(self.store.company.people)
        return {person: desk.on_duty for person, desk in desks.items()}

    def _route(self, person: Person) -> tuple[str, str] | None:
        return self.directory.route(person, self.channels)

    def _simulated(self, account: str) -> str:
        """The person with that account in the simulator; of those in the settings it is their id."""
        people = self.store.company.people
        if account in people:
            return account
        return next((each.id for each in people.values() if each.accounts.get("local") == account), account)

    def _admit(self, company: Company) -> None:
        self.store.company = company

    async def _learn_members(self) -> None:
        """Take over the members that another instance met, where people were last heard, and a directory that
        was read anew."""
        found = await members.read_directory(self.store.reader)
        self.directory.reach = dict(found.reach)
        if found.version != self._version:
            await self._assemble()
            return
        company = with_members(self.store.company, found.members)
        if company.people.keys() != self.store.company.people.keys():
            self._admit(company)

    async def _assemble(self) -> None:
        """The company of the settings, of the platforms' directories and of whoever else wrote; the leads of
        those who are in none of them go to others."""
        found = await members.read_directory(self.store.reader)
        listed = await members.read_listed(self.store.reader)
        self.directory.reach = dict(found.reach)
        before, left = self.store.company, json.loads(await self.reads.marks("names") or "{}")
        company = with_members(with_directory(self._of_settings, self.settings, listed), found.members)
        self._admit(replace(company, left=left))
        await self.store.write(ensure_desks, people=list(company.people))
        names = left | {person.id: person.name for person in company.people.values()}
        if names != left:
            await self.store.write(chat.set_mark, name="names", value=json.dumps(names, ensure_ascii=False))
        await self._release_leavers(before)
        await self._recount()
        self._version = found.version

    async def _recount(self) -> None:
        """The due times of the clocks that run, where other working hours ran them last: before a reload, or
        before the program was off."""
        company = self.store.company
        teams = {team: calendar.id for team, calendar in sorted(company.calendars.items())}
        hours = f"{company.calendar.id} {teams}"
        if await self.reads.marks("hours") == hours:
            return
        after: str | None = ""
        while after is not None:
            after = await self.store.write(recount_due, after=after)
        await self.store.write(chat.set_mark, name="hours", value=hours)

    async def sync(self, channel: str, read: Callable[[], Awaitable[Collection[Listed]]]) -> None:
        """Read a platform's directory anew; one that cannot be read, or lacks too many, changes nothing."""
        try:
            change = await self.store.write(members.sync, channel=channel, listed=await read())
        except (Refused, Retryable, DirectoryShrunk) as error:
            log.warning(
                "the directory was not taken over", action="sync_failed", channel=channel, why=str(error)
            )
            return
        log.info(
            "directory", action="sync", members=change.members, came=len(change.came), left=len(change.left)
        )
        await self._learn_members()

    # -- due work on demand (the simulator's clock) -----------------------------------------------------

    async def run_due(self) -> None:
        """Do everything that is due now: deliver, sweep, deliver."""
        await self.relay.drain()
        await self.walk.all()
        await self.relay.drain()
        await self.downloader.once()

    async def deliver_due(self, within: float) -> bool:
        return await self.relay.drain(within)

    async def next_instant(self) -> datetime | None:
        """When something is due next: a step of a clock or a delivery."""
        due, notice = await self.store.next_due(), await self.store.next_notice()
        return min((each for each in (due, notice) if each is not None), default=None)

    # -- settings ---------------------------------------------------------------------------------------

    async def reload(self, load: Callable[[], Settings]) -> bool:
        """Take over changed settings whole, or keep the old ones and say so."""
        try:
            settings = await asyncio.to_thread(load)
            company = await asyncio.to_thread(build_company, settings, year=self.clock.now().year)
        except ConfigErrors as error:
            for mistake in error.mistakes:
                log.error(mistake.line("en"), action="reload_refused")
            return False
        waiting = needs_restart(self._begun_with, settings)
        hears = self._of_settings.hears  # as what runs does, until the restart
        self.settings, self._of_settings = settings, replace(company, hears=hears)
        self._version = None  # should the store fail now, the next heartbeat does it
        self.keys.use(fixed_tokens(settings))
        await self._assemble()
        log.info("settings reloaded", action="reloaded", people=len(self.store.company.people))
        if waiting:
            log.warning("changed settings wait for a restart", action="restart_needed", keys=waiting)
        return True

    async def _release_leavers(self, before: Company) -> None:
        """Who is no longer in the company keeps no lead; `before` may still know their accounts."""
        for person in await self.reads.owners():
            if person not in self.store.company.people:
                moved = await self.store.write(
                    person_left,
                    person=person,
                    now=self.clock.now(),
                    still=same_people(before.people.get(person), self.store.company),
                )
                log.warning("a member left", action="person_left", person=person, leads=len(moved))


@dataclass(frozen=True, slots=True, kw_only=True)
class Signals:
    """What the process listens to while it serves."""

    service: Service
    load: Callable[[], Settings]

    async def wait(self) -> None:
        """Serve until SIGTERM or SIGINT; SIGHUP reloads the settings."""
        loop = asyncio.get_running_loop()
        tasks: set[asyncio.Task[Any]] = {asyncio.create_task(self._spare_collector())}

        def reload() -> None:
            task = asyncio.create_task(self.service.reload(self.load))
            tasks.add(task)
            task.add_done_callback(tasks.discard)

        for name in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(name, self.service.stopped.set)
        loop.add_signal_handler(signal.SIGHUP, reload)
        await self.service.stopped.wait()

    async def _spare_collector(self) -> None:
        """What lives as long as the process need not be looked through for garbage: with some thousand leads
        that took 65 ms each time, in which every click waited."""
        gc.collect()
        gc.freeze()
        gc.disable()  # of half a million words and weights nothing is garbage
        try:
            await self.service.loaded()
            gc.freeze()
        finally:
            gc.enable()
