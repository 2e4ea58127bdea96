"""The reader at work in the bot: loaded beside the event loop, with the company's names as they change."""

import asyncio
import threading
from collections.abc import Awaitable, Callable, Mapping, Sequence
from concurrent.futures import Executor, Future
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, TypeVar

from bot.holidays_cn import Days
from bot.language import almanac, tools
from domain.contact import clean_text
from domain.errors import NotReady
from domain.judging import read_answers
from domain.people import Company
from domain.reader.book import Entry, LeadBook, Match, Talk
from domain.reader.context import HEAD, Almanac, Context, Names, Tools, opened, plain
from domain.reader.kinds import Kind, kind_of
from domain.reader.names import VENDORS, NameIndex
from domain.reader.understand import Reading, understand

Result = TypeVar("Result")
Cursor = tuple[int, str]
Changed = Callable[[Cursor], Awaitable[tuple[list[Entry], Cursor]]]
_ANY = datetime(2026, 1, 1, tzinfo=UTC)
LOADS_WITHIN = 10.0
OVERLAP = 5_000_000  # microseconds
LONG = 300
"""A longer message is read in a thread: one of this length takes some 2 ms, and the loop must not wait."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Understood:
    reading: Reading
    match: Match


@dataclass(slots=True, kw_only=True)
class Mind:
    """`changed` reads the leads that changed after a cursor; the names are those of the settings."""

    company_now: Callable[[], Company]
    changed: Changed
    competitors: Sequence[str] = ()
    products: Sequence[str] = ()
    customers: Sequence[str] = ()
    book: LeadBook | None = None
    _tools: Tools = field(default_factory=Tools)
    _almanac: Almanac = field(default_factory=Almanac)
    _cursor: Cursor = (0, "")
    _ready: asyncio.Event = field(default_factory=asyncio.Event)
    _lock: asyncio.Lock = field(default_factory=asyncio.Lock)
    _ours: NameIndex = field(init=False)

    def __post_init__(self) -> None:
        # Known from the first moment on: a lead that is handed in does not wait for the tools.
        self._ours = NameIndex((plain(each, {}), "product") for each in self.products)

    async def load(self, days: Days) -> None:
        """Load the tools in a thread and take in every lead; until then a message waits."""
        self._almanac = almanac(days)
        self._tools = await _beside(tools)
        self.book = await _beside(self._fresh_book)
        await self.follow()
        self._ready.set()

    def _fresh_book(self) -> LeadBook:
        table = self._tools.simplify
        names = NameIndex((plain(each, table), "competitor") for each in (*self.competitors, *VENDORS))
        for each in self.products:
            names.add(plain(each, table), "product")
        for each in self.customers:
            names.add(plain(each, table), "company")
        return LeadBook(names=names, pinyin=self._tools.pinyin, known=self._tools.known)

    async def follow(self) -> None:
        """Take in what has changed since; a page at a time, so that the loop is free in between."""
        async with self._lock:
            # Another instance may commit an earlier change a little later.
            since: Cursor = (max(self._cursor[0] - OVERLAP, 0), "")
            while True:
                entries, cursor = await self.changed(since)
                for nth, entry in enumerate(entries):
                    self._put(entry)
                    if nth % 10 == 9:
                        await asyncio.sleep(0)
                self._cursor = max(self._cursor, cursor)
                if cursor == since or not entries:
                    return
                since = cursor

    def _put(self, entry: Entry) -> None:
        assert self.book is not None
        table = self._tools.simplify
        self.book.put(
            Entry(
                lead=entry.lead, name=plain(entry.name, table), company=plain(entry.company, table),
                title=plain(entry.title, table), owner=entry.owner, team=entry.team, open=entry.open,
                keys=entry.keys,
            )
        )  # fmt: skip

    @property
    def tools(self) -> Tools:
        """The language tools; empty ones before they are loaded."""
        return self._tools

    def context(self, now: datetime) -> Context:
        names = Names(find=self.book.names.find) if self.book else Names()
        zone = self.company_now().zone
        return Context(now=now.astimezone(zone), almanac=self._almanac, names=names, tools=self._tools)

    async def hear(self, text: str, kind: Kind | None, talk: Talk) -> Understood:
        """What a message says and which lead it is about. Waits for the tools, or NotReady."""
        await self._wait()
        await self.follow()
        if len(text) > LONG:
            return await asyncio.to_thread(self._hear, text, kind, talk)
        return self._hear(text, kind, talk)

    async def _wait(self) -> None:
        if not self._ready.is_set():
            try:
                async with asyncio.timeout(LOADS_WITHIN):
                    await self._ready.wait()
            except TimeoutError:
                raise NotReady from None

    def _hear(self, text: str, kind: Kind | None, talk: Talk) -> Understood:
        assert self.book is not None
        reading = understand(text, self.context(talk.now), kind)
        _, said = opened(text, self._tools)
        return Understood(reading=reading, match=self.book.match(reading, said, talk))

    def kind(self, text: str) -> Kind:
        """What kind of message it is, as far as it begins so."""
        return kind_of(opened(text, self._tools)[1], Context(now=_ANY, tools=self._tools))

    def judged(self, text: str) -> Mapping[str, str]:
        """Which of the three questions a text answers already."""
        return read_answers(clean_text(text, HEAD), self._tools.simplify, Names(find=self._ours.find))

    async def find(self, words: str, person: str, most: int) -> list[str]:
        """The leads whose firm or name holds these words, one's own first."""
        await self._wait()
        await self.follow()
        assert self.book is not None
        said = plain(clean_text(words, 60), self._tools.simplify).strip().lower()
        found = [
            entry
            for entry in self.book.entries()
            if said and said in f"{entry.name}\n{entry.company}".lower()
        ]
        found.sort(key=lambda entry: (entry.owner != person, not entry.open, entry.lead))
        return [entry.lead for entry in found[:most]]


class _Unawaited(Executor):
    """A thread for each piece of work, for which the end of the program does not wait as for a pool's."""

    def submit(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> "Future[Any]":
        future: Future[Any] = Future()

        def run() -> None:
            if not future.set_running_or_notify_cancel():
                return
            try:
                future.set_result(fn(*args, **kwargs))
            except Exception as error:  # noqa: BLE001 - whoever waits is told
                future.set_exception(error)

        threading.Thread(target=run, daemon=True).start()
        return future


async def _beside(work: Callable[[], Result]) -> Result:
    return await asyncio.get_running_loop().run_in_executor(_Unawaited(), work)
