"""BM-3: leads over `POST /api/v1/leads`, one a request: validated, deduplicated, assigned, the card queued.

The floor is raw sqlite3 writing the rows that those leads left, a thousand leads a transaction, FULL. The
same server over a database with a million leads runs in the same rounds.
"""

import contextlib
import json
import time
from collections.abc import Iterator
from pathlib import Path

from benchmarks import ground
from benchmarks.figures import Figure
from benchmarks.measure import ask, load, median, paired, request, started

ROUNDS, COUNT, FULL = 5, 1500, 1_000_000
TABLES = ("leads", "contacts", "events", "outbox", "inbox")
BATCH = 1000


def posts(first: int, count: int) -> list[bytes]:
    """Leads of customers whom nobody knows yet."""
    headers = {"Authorization": f"Bearer {ground.TOKEN}"}
    found = []
    for number in range(first, first + count):
        who = ground.customer(number)
        body = {
            "name": who.name, "company": who.company, "title": who.title, "phone": who.phone, "need": who.need,
            "industry": who.industry, "region": who.region, "product": who.product, "amount": "50-80万",
            "channel": "官网", "external_id": f"form-{number}",
        }  # fmt: skip
        found.append(request("POST", "/api/v1/leads", json.dumps(body).encode(), headers))
    return found


def run(quick: bool = False) -> Iterator[Figure]:
    count, rounds, full = (60, 2, 2_000) if quick else (COUNT, ROUNDS, FULL)
    with contextlib.ExitStack() as stack:
        url, folder = stack.enter_context(ground.database("sqlite"))
        other, crowded = stack.enter_context(ground.database("sqlite"))
        company = ground.company_of(ground.settings_of(crowded, other))
        now = ground.utc_now()
        contacts = ((f"phone:+861{each:010}", f"L{each}") for each in range(10_000_000, 10_000_000 + full))
        ground.fill(other, company, ground.background(company, 10_000_000, full, now), contacts)
        servers = [
            stack.enter_context(started("benchmarks.server", str(ground.settings_file(place, each))))
            for each, place in ((url, folder), (other, crowded))
        ]
        rates: list[list[float]] = [[], []]
        raws, cpu = [], []
        for server in servers:
            load(server, posts(0, count), 201)
        for number in range(1, rounds + 1):
            work = posts(number * count, count)
            for each, server in enumerate(servers):
                sample = load(server, work, 201)
                ask(server, "POST", "/bench/drain")
                rates[each].append(sample.rate)
                if each == 0:
                    cpu.append(sample.cpu_us)
            raws.append(_raw(folder / "bench.db", number))
    few = [a / b for a, b in zip(rates[0], raws, strict=True)]
    yield Figure(
        bench="BM-3", name="single POST over raw batches of 1000", value=paired(rates[0], raws), unit="x",
        target=0.05, at_least=True, rounds=few, floor=f"raw {1e6 / median(raws):.0f} us a lead",
        beside=f"{median(rates[0]):.0f}/s, {median(cpu):.0f} us CPU",
    )  # fmt: skip
    many = [a / b for a, b in zip(rates[1], rates[0], strict=True)]
    yield Figure(bench="BM-3", name=f"rate at {full:,} leads over the empty one", value=paired(*reversed(rates)),
                 unit="x", target=0.8, at_least=True, rounds=many)  # fmt: skip


def _raw(served: Path, number: int) -> float:
    """Leads a second of raw sqlite3 that writes what the served leads left, into an empty database."""
    with ground.sqlite_open(served) as conn:
        rows = {
            name: [tuple(row) for row in conn.execute(f"SELECT * FROM {name}").fetchall()]  # noqa: S608
            for name in TABLES
        }
    file = served.with_name(f"raw{number}.db")
    ground.migrate(f"sqlite:///{file}")
    count = len(rows["leads"])
    with ground.sqlite_open(file) as conn:
        begun = time.perf_counter()
        for start in range(0, count, BATCH):
            conn.execute("BEGIN")
            for name in TABLES:
                share = len(rows[name]) / count
                part = rows[name][int(start * share) : int(min(start + BATCH, count) * share)]
                conn.executemany(ground.insert_text(name, ground.columns_of(name)), part)
            conn.execute("COMMIT")
        return count / (time.perf_counter() - begun)
