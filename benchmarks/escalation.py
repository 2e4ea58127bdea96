"""BM-4: 1,000 offers due at one instant while a hundred thousand and a million others run.

The lag runs from the due instant (on PostgreSQL from the end of its half-second grace) to the commit that
escalated the lead, through the Sweep, with four of them claiming. The floor is one bare transaction that
writes the same rows in the same database. Beside it APScheduler with a stored job a lead.
"""

import asyncio
import contextlib
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import chain
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import psycopg
from sqlalchemy import URL, event

from benchmarks import ground
from benchmarks.figures import Figure
from benchmarks.measure import median, percentile
from bot.seams import SystemClock
from domain.clock import to_micros
from domain.people import Company
from scheduler.sweeps import Sweep
from storage import sql, tables
from storage.engine import is_sqlite, read_url
from storage.rows import LEAD_COLUMNS, Row, lead_row
from storage.store import Store

CLAIMERS, ROUNDS, DUE = 4, 5, 1000
MOST_MS = {"sqlite": 100.0, "postgres": 200.0}
ALERT_AFTER = timedelta(hours=10)
IN_A_WHILE = timedelta(seconds=1.6)
FIRST = 90_000_000  # no other lead's number begins so


def run(quick: bool = False) -> Iterator[Figure]:
    sizes = (2_000, 4_000) if quick else (100_000, 1_000_000)
    due, rounds = (50, 2) if quick else (DUE, ROUNDS)
    for kind in ("sqlite",) if quick else ("sqlite", "postgres"):
        lags = []
        for size in sizes:
            with ground.database(kind) as (url, folder):
                rows = asyncio.run(_burst(url, folder, size, due, rounds))
            yield from _figures(kind, size, rows)
            lags.append([row.p99 for row in rows])
        ratio = median(lags[1]) / median(lags[0])
        yield Figure(bench="BM-4", name=f"{kind}: lag at {sizes[1]:,} over {sizes[0]:,} running", value=ratio,
                     unit="x", target=1.2)  # fmt: skip
    yield _beside(1_000 if quick else 10_000, due)


@dataclass(slots=True)
class _Round:
    """One burst: lags in ms (p50, p99), the bare transaction in ms, how many were lost or done twice."""

    p50: float
    p99: float
    bare: float
    wrong: int


async def _burst(url: str, folder: Path, size: int, due: int, rounds: int) -> list[_Round]:
    company = ground.company_of(ground.settings_of(folder, url))
    now = ground.utc_now()
    background = ground.background(company, 1_000_000, size, now)
    ground.fill(url, company, chain(background, _targets(company, now, 2 * due * rounds)))
    target = read_url(url)
    stores = [await Store.open(url, company) for _ in range(1 if is_sqlite(target) else CLAIMERS)]
    done: list[tuple[float, str]] = []
    tasks = [asyncio.create_task(_sweep(stores[number % len(stores)], done)) for number in range(CLAIMERS)]
    try:
        await asyncio.sleep(0.5)
        return [await _one(target, stores[0], done, number, due) for number in range(rounds)]
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        for store in stores:
            await store.close()


def _targets(company: Company, now: datetime, count: int) -> Iterator[Row]:
    """Leads whose next step is the manager's alert, some hours away for now."""
    for number in range(count):
        lead = ground.offered(company, FIRST + number, shown=now - timedelta(hours=1), fired=1)
        yield lead_row(lead, lead.next_due(company.calendar))


async def _sweep(store: Store, done: list[tuple[float, str]]) -> None:
    async def write(work: Any, **values: Any) -> Any:
        found = await store.write(work, **values)
        at = time.time()
        done.extend((at, lead_id) for lead_id in found)
        return found

    sweep = Sweep(
        write=write,
        next_due=store.next_due,
        overdue=store.overdue,
        clock=SystemClock(),
        due=store.due,
        grace=store.sweep_grace,
    )
    while True:
        await sweep.turn()


async def _one(target: URL, store: Store, done: list[tuple[float, str]], number: int, due: int) -> _Round:
    first = FIRST + 2 * number * due
    at = ground.utc_now() + IN_A_WHILE + timedelta(seconds=due / 2000)
    await asyncio.to_thread(_make_due, target, first, due, at)
    done.clear()
    until = at + timedelta(seconds=store.sweep_grace + 20)
    while len(done) < due and ground.utc_now() < until:
        await asyncio.sleep(0.05)
    await asyncio.sleep(0.3)
    begun = at.timestamp() + store.sweep_grace
    lags = [(when - begun) * 1e3 for when, _ in done]
    fired = Counter(lead_id for _, lead_id in done)
    wanted = {f"L{each}" for each in range(first, first + due)}
    wrong = (
        len(wanted - fired.keys()) + sum(count - 1 for count in fired.values()) + len(fired.keys() - wanted)
    )
    bare = await asyncio.to_thread(_bare, target, first, due)
    return _Round(percentile(lags, 0.5), percentile(lags, 0.99), bare * 1e3, wrong)


@contextlib.contextmanager
def _raw(target: URL) -> Iterator[Any]:
    if is_sqlite(target):
        with ground.sqlite_open(Path(target.database or "")) as conn:
            yield conn
    else:
        with psycopg.connect(ground.plain(target), autocommit=True) as conn:
            yield conn


def _make_due(target: URL, first: int, due: int, at: datetime) -> None:
    mark = "?" if is_sqlite(target) else "%s"
    text = f"UPDATE leads SET started_at = {mark}, next_due = {mark} WHERE id = {mark}"  # noqa: S608
    micros = to_micros(at)
    rows = [(to_micros(at - ALERT_AFTER), micros, f"L{first + each}") for each in range(due)]
    with _raw(target) as conn:
        conn.execute("BEGIN")
        conn.cursor().executemany(text, rows)
        conn.execute("COMMIT")


def _bare(target: URL, first: int, due: int) -> float:
    """Seconds of one transaction that writes, to the twins of the leads just escalated, the same rows."""
    postgres = not is_sqlite(target)
    with _raw(target) as conn:
        leads, events, notices, desks = _written(conn, first, due, "%s" if postgres else "?")
        statements = (
            (sql._update_sql(tables.leads, "id", "version", postgres), [(*row[1:], row[0], row[1] - 1) for row in leads]),
            (sql._insert_sql(tables.events, ground.columns_of("events"), "", postgres), events),
            (sql._insert_sql(tables.outbox, ground.columns_of("outbox"), "ON CONFLICT DO NOTHING", postgres), notices),
            (_DESKS[postgres], desks),
        )  # fmt: skip
        begun = time.perf_counter()
        conn.execute("BEGIN")
        for text, rows in statements:
            if not postgres:
                conn.executemany(text, rows)
            elif rows:
                conn.execute(text, tuple(list(column) for column in zip(*rows, strict=True)))
        conn.execute("COMMIT")
        return time.perf_counter() - begun


_DESKS = {
    False: "UPDATE desks SET lapses = ? WHERE person = ?",
    True: "UPDATE desks SET lapses = v.l FROM unnest(%s::bigint[], %s::text[]) AS v(l, p) WHERE person = v.p",
}


def _written(conn: Any, first: int, due: int, mark: str) -> tuple[list[Any], list[Any], list[Any], list[Any]]:
    """What the escalation of those leads wrote, renamed to their twins; every desk that it may have."""
    ids = [f"L{each}" for each in range(first, first + due)]
    twin = {each: f"L{first + due + number}" for number, each in enumerate(ids)}
    low, high = ids[0], ids[-1]

    def read(table: str, key: str, more: str = "") -> list[Any]:
        listed = ", ".join(ground.columns_of(table))
        text = f"SELECT {listed} FROM {table} WHERE {key} BETWEEN {mark} AND {mark} {more}"  # noqa: S608
        return [tuple(row) for row in conn.execute(text, (low, high)).fetchall()]

    leads = [(twin[row[0]], *row[1:]) for row in read("leads", "id")]
    events = [
        (twin[row[0]], *row[1:]) for row in read("events", "lead_id", "AND kind IN ('breached', 'escalated')")
    ]
    notices = [(f"{row[0]}:twin", *row[1:3], twin[row[3]], *row[4:]) for row in read("outbox", "lead_id")]
    at = LEAD_COLUMNS.index("owner")
    desks = [(0, owner) for owner in sorted({row[at] for row in leads})]
    return leads, events, notices, desks


def _figures(kind: str, size: int, rows: Sequence[_Round]) -> Iterator[Figure]:
    ratios = [row.p99 / row.bare for row in rows]
    bare, lag = median(row.bare for row in rows), [row.p99 for row in rows]
    said = f"bare transaction {bare * 1e3:.0f} us"
    at = f"{kind}, {size:,} running"
    yield Figure(bench="BM-4", name=f"{at}: p99 lag over bare", value=median(ratios), unit="x", target=4.0,
                 floor=said, rounds=ratios)  # fmt: skip
    yield Figure(bench="BM-4", name=f"{at}: p99 lag", value=median(lag), unit="ms", target=MOST_MS[kind],
                 floor=said, rounds=lag, beside=f"p50 {median(row.p50 for row in rows):.1f} ms")  # fmt: skip
    yield Figure(bench="BM-4", name=f"{at}: lost or doubled, {CLAIMERS} claimers", unit="", target=0.0,
                 value=float(sum(row.wrong for row in rows)))  # fmt: skip


# -- APScheduler with a job a lead --------------------------------------------------------------------------

_FIRED: list[float] = []


async def fired() -> None:
    """The job: it does nothing but note when it ran, which flatters it."""
    _FIRED.append(time.time())


def _beside(jobs: int, due: int) -> Figure:
    with TemporaryDirectory(prefix="leadbell-bench-") as folder:
        lags = asyncio.run(_apscheduler(f"sqlite:///{folder}/jobs.db", jobs, due))
    return Figure(
        bench="BM-4", name=f"beside: APScheduler, stored jobs, {jobs:,}: p99 lag", value=percentile(lags, 0.99) if lags else 0,
        unit="ms", beside=f"{len(lags)} of {due} ran",
    )  # fmt: skip


async def _apscheduler(url: str, jobs: int, due: int) -> list[float]:
    from apscheduler.jobstores.sqlalchemy import SQLAlchemyJobStore
    from apscheduler.schedulers.asyncio import AsyncIOScheduler

    store = SQLAlchemyJobStore(url=url)
    event.listen(store.engine, "connect", lambda conn, _: conn.execute("PRAGMA synchronous=OFF"))
    scheduler = AsyncIOScheduler(
        jobstores={"default": store}, timezone="UTC", job_defaults={"misfire_grace_time": None}
    )
    later = datetime.now(UTC) + timedelta(hours=6)
    scheduler.start(paused=True)
    for number in range(jobs - due):
        scheduler.add_job(fired, "date", run_date=later, id=f"later{number}")
    at = datetime.now(UTC) + timedelta(seconds=2 + due / 100)
    for number in range(due):
        scheduler.add_job(fired, "date", run_date=at, id=f"due{number}")
    store.engine.dispose()  # the next connection is one that syncs
    event.listen(store.engine, "connect", lambda conn, _: conn.execute("PRAGMA synchronous=FULL"))
    _FIRED.clear()
    scheduler.resume()
    until = at + timedelta(seconds=60)
    while len(_FIRED) < due and datetime.now(UTC) < until:
        await asyncio.sleep(0.05)
    scheduler.shutdown(wait=False)
    return [(when - at.timestamp()) * 1e3 for when in _FIRED]
