"""BM-5: 10,000 cards to 200 recipients through the relay into a platform on this machine, 1 % of calls failing.

The rate counts until 99 % are shown, so that the wait before the retries is nobody's merit. The floor is a
loop of as many at once that posts the same bytes. Then the same with one recipient who never answers, and
once more over a stepped clock at 25 a minute.
"""

import asyncio
import json
import shutil
import time
from bisect import bisect_left
from collections import defaultdict
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import aiohttp

from benchmarks import ground
from benchmarks.figures import Figure
from benchmarks.measure import LOAD_CORE, SERVER_CORE, Process, ask, median, paired, percentile, pin, started
from bot.cards.model import Card, to_json
from bot.channels.base import Retryable
from bot.deliver import Deliverer
from bot.seams import SystemClock
from domain.clock import Clock
from domain.lead import Lead, Origin
from domain.people import Company
from scheduler.relay import AT_ONCE, Relay
from storage import outbox
from storage.rows import LEAD_COLUMNS, lead_row
from storage.store import Store

ROUNDS, CARDS, ONE_IN = 5, 10_000, 100
STUCK = ground.rep(0)


def run(quick: bool = False) -> Iterator[Figure]:
    cards, rounds = (600, 2) if quick else (CARDS, ROUNDS)
    with ground.database("sqlite") as (url, folder):
        company = ground.company_of(ground.settings_of(folder, url))
        _queue(url, company, cards)
        source = folder / "bench.db"
        with ground.sqlite_open(source) as conn:
            conn.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()
        with started("benchmarks.platforms", core=LOAD_CORE) as sink:
            pin(SERVER_CORE)
            bodies: list[bytes] = []
            flows, stuck, bare = [], [], []
            for _ in range(rounds):
                flows.append(_round(source, company, sink, cards, "", bodies))
                ask(sink, "POST", "/sink/plan", {"every": ONE_IN, "stuck": ""})
                bare.append(asyncio.run(_bare(sink, bodies[:cards], cards)))
                stuck.append(_round(source, company, sink, cards, STUCK, bodies))
        yield from _figures([each[0] for each in flows], bare, cards)
        shares = [b[1] / a[1] for a, b in zip(flows, stuck, strict=True)]
        yield Figure(bench="BM-5", name="p99 of the others, one recipient stuck", value=median(shares), unit="x",
                     target=1.05, rounds=shares, beside=f"{median(b[1] for b in stuck):.2f} s")  # fmt: skip
        most = asyncio.run(_stepped(_copy(source), company, cards))
    yield Figure(bench="BM-5", name="most in any 60 s at 25 a minute, stepped clock", value=float(most), unit="",
                 target=25.0)  # fmt: skip


def _figures(ours: list[float], bare: list[float], cards: int) -> Iterator[Figure]:
    ratios = [a / b for a, b in zip(ours, bare, strict=True)]
    yield Figure(
        bench="BM-5", name=f"{cards:,} cards: rate over a bare client loop", value=paired(ours, bare), unit="x",
        target=0.6, at_least=True, rounds=ratios, floor=f"bare loop {1e6 / median(bare):.0f} us a card",
        beside=f"{median(ours):.0f} cards/s",
    )  # fmt: skip


def _queue(url: str, company: Company, cards: int) -> None:
    """Leads that were just offered, their cards in the outbox."""
    now = ground.utc_now()
    leads, notices = [], []
    for number in range(cards):
        origin = Origin(channel="官网", source="bench")
        lead = Lead.captured(
            f"L{number}", customer=ground.customer(number), origin=origin, draft=False, now=now
        )
        lead.offer_to(
            ground.rep(number), team=ground.team(number), policy=company.policy, why="turn", now=now
        )
        lead.version = 1
        notices += [outbox.row(notice, now, now) for notice in lead.notices]
        leads.append(lead_row(lead, lead.next_due(company.calendar)))
    assert len(leads[0]) == len(LEAD_COLUMNS)
    ground.fill(url, company, iter(leads))
    columns = ground.columns_of("outbox")
    with ground.sqlite_open(Path(url.removeprefix("sqlite:///"))) as conn:
        conn.execute("BEGIN")
        conn.executemany(ground.insert_text("outbox", columns), notices)
        conn.execute("COMMIT")


def _copy(source: Path) -> str:
    file = source.with_name("round.db")
    for suffix in ("", "-wal", "-shm"):
        file.with_name(file.name + suffix).unlink(missing_ok=True)
    shutil.copyfile(source, file)
    return f"sqlite:///{file}"


class SinkChannel:
    """A channel that posts each card to the sink; notes when each was taken."""

    name = "local"

    def __init__(self, session: aiohttp.ClientSession, url: str, bodies: list[bytes]) -> None:
        self._session, self._url, self._bodies = session, url, bodies
        self.taken: list[tuple[float, str]] = []
        self.failed: set[str] = set()
        self.begun = time.perf_counter()

    async def send(self, account: str, message: Card | str, *, key: str) -> str:
        shown = message if isinstance(message, str) else to_json(message)
        body = json.dumps({"to": account, "key": key, "card": shown}, ensure_ascii=False).encode()
        self._bodies.append(body)
        async with self._session.post(self._url, data=body) as answer:
            found = await answer.json()
            if answer.status != 200:
                self.failed.add(key)
                raise Retryable(str(answer.status))
        if key not in self.failed:
            self.taken.append((time.perf_counter() - self.begun, account))
        return str(found["handle"])

    async def update(self, account: str, handle: str, card: Card, *, key: str) -> str:
        return await self.send(account, card, key=key)


def _relay(store: Store, company: Company, channel: Any, clock: Clock) -> Relay:
    deliverer = Deliverer(
        channels={"local": channel}, company_now=lambda: company, clock=clock,
        route=lambda person: ("local", person.id),
    )  # fmt: skip
    return Relay(write=store.write, deliver=deliverer.deliver, clock=clock, told=store.told)


def _round(
    source: Path, company: Company, sink: Process, cards: int, stuck: str, bodies: list[bytes]
) -> tuple[float, float]:
    """(cards a second, p99 in seconds of when the others' cards were shown)."""
    ask(sink, "POST", "/sink/plan", {"every": ONE_IN, "stuck": stuck})
    return asyncio.run(_flow(_copy(source), company, sink, cards, stuck, bodies))


async def _flow(
    url: str, company: Company, sink: Process, cards: int, stuck: str, bodies: list[bytes]
) -> tuple[float, float]:
    wanted = int((cards - (cards // ground.REPS if stuck else 0)) * 0.99)
    store = await Store.open(url, company, pace=600)
    async with aiohttp.ClientSession() as session:
        channel = SinkChannel(session, f"http://127.0.0.1:{sink.port}/sink", bodies)
        relay = _relay(store, company, channel, SystemClock())
        while len(channel.taken) < wanted:
            await relay.turn()
        others = [at for at, account in channel.taken if account != STUCK]
        rate = wanted / channel.taken[wanted - 1][0]
        await relay.close()
    await store.close()
    return rate, percentile(others, 0.99)


async def _bare(sink: Process, bodies: list[bytes], cards: int) -> float:
    """Cards a second of as many at once that post the same bytes."""
    work = iter(bodies)
    taken: list[float] = []
    url = f"http://127.0.0.1:{sink.port}/sink"
    async with aiohttp.ClientSession() as session:

        async def post() -> None:
            for body in work:
                async with session.post(url, data=body) as answer:
                    await answer.json()
                    if answer.status == 200:
                        taken.append(time.perf_counter())

        begun = time.perf_counter()
        await asyncio.gather(*(post() for _ in range(AT_ONCE)))
    wanted = int(cards * 0.99)
    return wanted / (taken[min(wanted, len(taken)) - 1] - begun)


class _Stepped:
    """A clock that stands until it is stepped."""

    def __init__(self) -> None:
        self.at = datetime.now(UTC) + timedelta(seconds=1)

    def now(self) -> datetime:
        return self.at


class _Noting:
    """A channel that takes everything and notes when."""

    name = "local"

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self.times: dict[str, list[float]] = defaultdict(list)
        self.count = 0

    async def send(self, account: str, _message: Card | str, *, key: str) -> str:
        self.times[account].append(self._clock.now().timestamp())
        self.count += 1
        return key

    async def update(self, _account: str, handle: str, _card: Card, *, key: str) -> str:
        return handle or key


async def _stepped(url: str, company: Company, cards: int) -> int:
    """The most notices that one person got in any 60 seconds."""
    clock = _Stepped()
    store = await Store.open(url, company, pace=25)
    channel = _Noting(clock)
    relay = _relay(store, company, channel, clock)
    for _ in range(600):
        await relay.drain(120.0)
        if channel.count >= cards:
            break
        clock.at += timedelta(seconds=1)
    await store.close()
    if channel.count != cards:
        raise RuntimeError(f"{channel.count} of {cards} cards were shown")
    return max(
        number - bisect_left(times, at - 59.999_999) + 1
        for times in channel.times.values()
        for number, at in enumerate(times)
    )
