"""The crowd of a busy company: bursts of leads, clicks (many of them twice), reads; and what it measures."""

import asyncio
import contextlib
import json
import random
import re
import sqlite3
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Awaitable, Callable
from contextlib import closing
from dataclasses import asdict, dataclass, field
from datetime import datetime
from itertools import count
from pathlib import Path

from aiohttp import ClientSession, ClientTimeout, TCPConnector

from storage import schema
from storage.engine import read_url, writer_engine
from tests.load.company import SOURCES, write

BURST, EVERY = 10, 20
LEADS_A_SECOND, CLICKS_A_SECOND, READS_A_SECOND = 20, 50, 10
LEFT_ALONE = 0.12
"""The share of leads that nobody accepts: their clocks run to the end."""


@dataclass(slots=True, kw_only=True)
class Figures:
    """What was measured. Latencies in milliseconds, lags in seconds, memory in MB."""

    minutes: float
    leads: int = 0
    clicks: int = 0
    reads: int = 0
    answers: dict[str, int] = field(default_factory=dict)
    click_p50: float = 0.0
    click_p99: float = 0.0
    click_max: float = 0.0
    capture_p99: float = 0.0
    escalations: int = 0
    lag_p99: float = 0.0
    lag_max: float = 0.0
    lag_max_in_outage: float = 0.0
    drained_within: float = 0.0
    memory_start: float = 0.0
    memory_end: float = 0.0
    growth: float = 0.0
    violations: int = 0


def percentile(values: list[float], share: float) -> float:
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))] if ordered else 0.0


class Crowd:
    """See the module. `clock()` is seconds since the start."""

    def __init__(self, base: str, http: ClientSession, seconds: float) -> None:
        self.base, self.http, self.seconds = base, http, seconds
        self.begun = time.monotonic()
        self.dice = random.Random(20261102)
        self.numbers = count(1)
        self.offers: list[tuple[float, str, str]] = []
        self.pressed: list[tuple[str, dict[str, str]]] = []
        self.clicks: list[float] = []
        self.captures: list[float] = []
        self.answers: Counter[str] = Counter()
        self.leads: list[str] = []
        self.tasks: set[asyncio.Task[None]] = set()

    def clock(self) -> float:
        return time.monotonic() - self.begun

    async def at_rate(self, rate: Callable[[], float], wish: Callable[[], Awaitable[None]]) -> None:
        """Open loop: a wish starts when it is its time, however slow the answers are."""
        following = self.clock()
        while self.clock() < self.seconds:
            now_rate = rate()
            following = max(following + 1 / now_rate, self.clock() - 1) if now_rate else self.clock() + 0.2
            await asyncio.sleep(max(0.0, following - self.clock()))
            if now_rate:
                task = asyncio.ensure_future(self._safely(wish))
                self.tasks.add(task)
                task.add_done_callback(self.tasks.discard)

    async def _safely(self, wish: Callable[[], Awaitable[None]]) -> None:
        try:
            await wish()
        except (TimeoutError, OSError) as error:
            self.answers[type(error).__name__] += 1

    async def post(
        self, path: str, body: dict[str, object], **headers: str
    ) -> tuple[int, dict[str, object], float]:
        begun = time.perf_counter()
        async with self.http.post(self.base + path, json=body, headers=headers) as answer:
            said = await answer.json(content_type=None)
        self.answers[f"{path.split('/')[1]} {answer.status}"] += 1
        return answer.status, said, (time.perf_counter() - begun) * 1000

    async def capture(self) -> None:
        number = next(self.numbers)
        body: dict[str, object] = {
            "name": f"客户{number}",
            "phone": f"13{number % 10}{number:08d}",
            "external_id": f"load-{number}",
        }
        token = list(SOURCES.values())[number % len(SOURCES)]
        status, lead, took = await self.post("/api/v1/leads", body, Authorization=f"Bearer {token}")
        self.captures.append(took)
        if status in (200, 201):
            self.leads.append(str(lead["id"]))
            if self.dice.random() > LEFT_ALONE and lead.get("owner"):
                self.offers.append(
                    (self.clock() + self.dice.uniform(2, 60), str(lead["id"]), str(lead["owner"]))
                )

    async def click(self) -> None:
        """Accept what was offered a while ago; where nothing is, the same click again."""
        ready = next((index for index, offer in enumerate(self.offers) if offer[0] <= self.clock()), None)
        if ready is not None:
            _, lead, owner = self.offers.pop(ready)
            body = {
                "message_id": f"offer:{lead}:1:{owner}",
                "key": f"accept:{lead}-1",
                "click_id": f"c-{lead}",
            }
            wish = (f"/sim/api/people/{owner}/clicks", body)
        elif self.pressed:
            wish = self.dice.choice(self.pressed)
        else:
            return
        status, _, took = await self.post(wish[0], dict(wish[1]))
        self.clicks.append(took)
        if status == 200:
            self.pressed.append(wish)
            self.pressed = self.pressed[-2000:]

    async def read(self) -> None:
        token = next(iter(SOURCES.values()))
        path = self.dice.choice(
            (
                "/api/v1/leads?limit=20",
                "/readyz",
                "/metrics",
                f"/api/v1/leads/{self.dice.choice(self.leads or ['L1001'])}",
            )
        )
        async with self.http.get(self.base + path, headers={"Authorization": f"Bearer {token}"}) as answer:
            await answer.read()
            self.answers[f"read {answer.status}"] += 1


def bursts(crowd: Crowd) -> float:
    return LEADS_A_SECOND if crowd.clock() % EVERY < BURST else 0


async def outage(crowd: Crowd) -> tuple[float, float]:
    """The platform is gone for the middle fifth; (start, end) in seconds."""
    start, end = crowd.seconds * 0.4, crowd.seconds * 0.6
    await asyncio.sleep(start)
    await crowd.post("/sim/api/outage", {"on": True})
    await asyncio.sleep(end - start)
    await crowd.post("/sim/api/outage", {"on": False})
    return start, end


async def memory(pid: int, seen: list[float]) -> None:
    while True:
        status = await asyncio.to_thread(Path(f"/proc/{pid}/status").read_text)
        found = re.search(r"VmRSS:\s+(\d+)", status)
        seen.append(int(found[1]) / 1024 if found else 0.0)
        await asyncio.sleep(1)


async def start(folder: Path) -> tuple[asyncio.subprocess.Process, str, str]:
    """The real program, in a process of its own: (process, address, database file)."""
    file = folder / "load.db"
    url = f"sqlite:///{file}"
    engine = writer_engine(read_url(url))
    schema.migrate(read_url(url), engine)
    engine.dispose()
    config = write(folder, url)
    process = await asyncio.create_subprocess_exec(
        str(Path(sys.executable).with_name("leadbell")),
        "serve",
        "--config",
        str(config),
        stdout=asyncio.subprocess.PIPE,
    )
    assert process.stdout is not None
    line = (await process.stdout.readline()).decode()
    return process, line.rpartition(" ")[2].strip(), str(file)


def lags(file: str) -> list[tuple[float, float]]:
    """(when, seconds between a breach's due time and when it was booked), from the facts."""
    with closing(sqlite3.connect(file)) as conn:
        rows = conn.execute("SELECT at, data FROM events WHERE kind = 'breached'").fetchall()
    found = []
    for at, data in rows:
        due = json.loads(data).get("due")
        if due:
            found.append((at / 1e6, at / 1e6 - datetime.fromisoformat(due).timestamp()))
    return found


async def drained(file: str, within: float = 600) -> float:
    """Seconds until nothing waits that was tried before (while the load goes on)."""
    begun = time.monotonic()
    while time.monotonic() - begun < within:
        with closing(sqlite3.connect(file)) as conn:
            waiting = conn.execute(
                "SELECT count(*) FROM outbox WHERE state = 'due' AND error IS NOT NULL"
            ).fetchone()[0]
        if not waiting:
            break
        await asyncio.sleep(0.5)
    return time.monotonic() - begun


async def load(minutes: float) -> Figures:
    with tempfile.TemporaryDirectory() as folder:
        process, base, file = await start(Path(folder))
        try:
            found = await _loaded(minutes, process.pid, base, file)
        finally:
            process.terminate()
            await process.wait()
        found.violations = await _audit(Path(folder))
    return found


async def _loaded(minutes: float, pid: int, base: str, file: str) -> Figures:
    seconds, seen, wall = minutes * 60, list[float](), time.time()
    limits = ClientTimeout(total=30)
    async with ClientSession(timeout=limits, connector=TCPConnector(limit=256)) as http:
        crowd = Crowd(base, http, seconds)
        watching = asyncio.create_task(memory(pid, seen))
        down = asyncio.create_task(outage(crowd))
        running = asyncio.gather(
            crowd.at_rate(lambda: bursts(crowd), crowd.capture),
            crowd.at_rate(lambda: CLICKS_A_SECOND, crowd.click),
            crowd.at_rate(lambda: READS_A_SECOND, crowd.read),
        )
        began, ended = await down
        took = await drained(file)
        await running
        await asyncio.gather(*crowd.tasks)
        watching.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await watching
    settled = seen[len(seen) // 5 :]
    booked = lags(file)
    during = [lag for at, lag in booked if wall + began <= at <= wall + ended]
    return Figures(
        minutes=minutes,
        leads=len(crowd.leads),
        clicks=len(crowd.clicks),
        reads=sum(number for name, number in crowd.answers.items() if name.startswith("read")),
        answers=dict(crowd.answers),
        click_p50=percentile(crowd.clicks, 0.5),
        click_p99=percentile(crowd.clicks, 0.99),
        click_max=max(crowd.clicks, default=0.0),
        capture_p99=percentile(crowd.captures, 0.99),
        escalations=len(booked),
        lag_p99=percentile([lag for _, lag in booked], 0.99),
        lag_max=max((lag for _, lag in booked), default=0.0),
        lag_max_in_outage=max(during, default=0.0),
        drained_within=took,
        memory_start=settled[0] if settled else 0.0,
        memory_end=settled[-1] if settled else 0.0,
        growth=(settled[-1] / settled[0] - 1) if settled and settled[0] else 0.0,
    )


async def _audit(folder: Path) -> int:
    process = await asyncio.create_subprocess_exec(
        str(Path(sys.executable).with_name("leadbell")), "audit", "--json", "--config", str(folder / "config.toml"),
        stdout=asyncio.subprocess.PIPE,
    )  # fmt: skip
    said, _ = await process.communicate()
    return len(json.loads(said))


def report(found: Figures) -> str:
    return json.dumps(
        {
            name: round(value, 3) if isinstance(value, float) else value
            for name, value in asdict(found).items()
        },
        indent=1,
    )
