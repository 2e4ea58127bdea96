"""The house: a program that may die, its database that may not, and whoever talks to it over HTTP.

Whatever gets no answer because the program died is asked again, word for word, of the one started after it.
"""

import contextlib
import http.client
import json
import os
import select
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from itertools import count
from pathlib import Path
from typing import Any

from sqlalchemy import Engine

from bot import demo
from bot.company import build_company
from bot.config import load
from domain.clock import to_micros
from domain.people import Company
from storage import sql
from storage.audit import audit_database
from storage.engine import read_url, snapshot_engine, writer_engine

TOKEN = "lb_website-token-of-the-crashes"
ANSWERS_WITHIN = 60.0
ORDERS_WITHIN = 60.0
ROOT = Path(__file__).parents[2]
# Nobody is ever too busy or sent home: each round finds the same team.
ROOMY = """
[calendar]
mode = "always"

[capacity]
unaccepted = 5000
active = 5000
per_day = 100000

[leads]
lapses_allowed = 100000
"""


class Gone(Exception):
    """The program died before it answered."""


def write_settings(folder: Path, *, without: str = "") -> Path:
    """The sample company's settings, on any free port; `without` leaves one person out."""
    text = demo.COMPANY.format(host="127.0.0.1", port=0, token=TOKEN, database="unused.db")
    head, *people = text.split("[[people]]")
    kept = [each for each in people if not without or f'id = "{without}"' not in each]
    file = folder / f"without-{without or 'nobody'}.toml"
    file.touch(mode=0o600)
    file.write_text("[[people]]".join([head, *kept]) + ROOMY, encoding="utf-8")
    return file


class Nursery:
    """The process that starts programs; see child.py."""

    def __init__(self, log: Path) -> None:
        self.log = log
        with log.open("ab") as errors:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "tests.crash.child"],
                cwd=ROOT,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=errors,
                start_new_session=True,
            )

    def order(self, **order: Any) -> dict[str, Any]:
        source, target = self._process.stdout, self._process.stdin
        assert source is not None
        assert target is not None
        target.write(json.dumps(order).encode() + b"\n")
        target.flush()
        ready, _, _ = select.select([source], [], [], ORDERS_WITHIN)
        line = source.readline() if ready else b""
        assert line, (
            f"no answer to {order['do']} (ended: {self._process.poll()}): {self.log.read_text(errors='replace')[-3000:]}"
        )
        answer: dict[str, Any] = json.loads(line)
        return answer

    def close(self) -> None:
        """End it, and the program that it keeps, at once."""
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self._process.pid, signal.SIGKILL)
        for pipe in (self._process.stdin, self._process.stdout):
            if pipe is not None:
                with contextlib.suppress(BrokenPipeError):
                    pipe.close()
        self._process.wait(10)


@dataclass(slots=True, kw_only=True)
class Asked:
    """A request with a key, and its answer."""

    method: str
    path: str
    body: Mapping[str, Any]
    headers: Mapping[str, str]
    answer: tuple[int, Any]


@dataclass(slots=True, kw_only=True)
class House:
    """See the module. `deadly` are the points, with their passages, at which the next programs die, one after
    the other; `deaths` names the points of the deaths so far; `asked` keeps what was answered. A `spoiled`
    house is no place for another test."""

    nursery: Nursery
    url: str
    folder: Path
    port: int = 0
    pid: int = 0
    deadly: list[tuple[str, int]] = field(default_factory=list)
    deaths: list[str] = field(default_factory=list)
    asked: list[Asked] = field(default_factory=list)
    spoiled: bool = False
    _numbers: "count[int]" = field(default_factory=lambda: count(1))
    company: Company = field(init=False)
    names: dict[str, str] = field(default_factory=dict)  # of everybody who ever lived here
    _config: Path = field(init=False)
    _reader: Engine = field(init=False)
    _line: threading.local = field(default_factory=threading.local)

    def __post_init__(self) -> None:
        self.settle_in()
        self._reader = snapshot_engine(read_url(self.url))

    def settle_in(self, *, without: str = "") -> None:
        """Who lives here from the next start on: everybody of the sample company, or all but one."""
        self._config = write_settings(self.folder, without=without)
        settings = load(self._config, {"LEADBELL_DATABASE__URL": self.url})
        company = build_company(settings, year=2026)
        self.names |= {person.id: person.name for person in company.people.values()}
        self.company = replace(company, left=self.names)

    def number(self) -> int:
        """A number that this house has not used."""
        return next(self._numbers)

    # -- the program ------------------------------------------------------------------------------------

    def start(self, *, point: str = "", nth: int = 1) -> None:
        """Start the program; with a `point`, it must die there before it serves."""
        answer = self.nursery.order(do="start", config=str(self._config), url=self.url, point=point, nth=nth)
        if point:
            assert answer == {"status": -9, "at": point}, f"not killed at {point}: {answer}\n{self.words()}"
            self.deaths.append(point)
            return
        assert "port" in answer, f"it does not start: {answer}\n{self.words()}"
        self.port, self.pid = answer["port"], answer["pid"]

    def kill(self) -> None:
        """End the program without a warning."""
        assert self.nursery.order(do="kill")["status"] == -9, self.words()
        self.port = 0

    def died(self) -> None:
        """It gave no answer: it must have been killed where it was to be."""
        end = self.nursery.order(do="wait")
        assert end["status"] == -9, f"it died of itself: {end}\n{self.words()}"
        self.deaths.append(end["at"])
        self.port = 0
        self.sound()

    def arm(self) -> None:
        """Die at the next of the deadly points from now on."""
        if self.deadly:
            point, nth = self.deadly.pop(0)
            self.once("POST", "/crash", {"point": point, "nth": nth})

    def sound(self) -> None:
        """The auditor finds nothing wrong in what the dead have left; that nobody did what is due is no wonder."""
        now = datetime.now(UTC)
        found = audit_database(read_url(self.url), self.company, now, grace=timedelta(days=3650))
        assert found == [], f"after {self.deaths}: {found}"

    def passed(self) -> dict[str, int]:
        found: dict[str, int] = self.once("GET", "/crash")[1]
        return found

    def words(self) -> str:
        """The end of the program's log."""
        return self.nursery.log.read_text(errors="replace")[-4000:]

    def close(self) -> None:
        self._reader.dispose()

    # -- talking ----------------------------------------------------------------------------------------

    def once(
        self,
        method: str,
        path: str,
        body: object = None,
        headers: Mapping[str, str] | None = None,
        *,
        within: float = ANSWERS_WITHIN,
    ) -> tuple[int, Any]:
        """One request; Gone when no answer comes."""
        line = http.client.HTTPConnection("127.0.0.1", self.port, timeout=within)
        try:
            payload = None if body is None else json.dumps(body).encode()
            line.request(method, path, payload, {"Content-Type": "application/json", **(headers or {})})
            response = line.getresponse()
            return response.status, json.loads(response.read())
        except (ConnectionError, http.client.HTTPException) as error:
            raise Gone(f"{method} {path}: {type(error).__name__}") from None
        finally:
            line.close()

    def ask(
        self, method: str, path: str, body: object = None, headers: Mapping[str, str] | None = None
    ) -> tuple[int, Any]:
        """One request, again of the next program when this one dies over it."""
        for _ in range(8):
            try:
                return self.once(method, path, body, headers)
            except Gone:
                self.died()
                self.start()
                self.arm()
        raise AssertionError(f"eight programs died over {method} {path}")

    def keyed(
        self, path: str, body: Mapping[str, Any], headers: Mapping[str, str] | None = None
    ) -> tuple[int, Any]:
        """A request that carries a key of its own; its answer is kept, to be asked for again later."""
        answer = self.ask("POST", path, body, headers)
        self.asked.append(
            Asked(method="POST", path=path, body=body, headers=dict(headers or {}), answer=answer)
        )
        return answer

    # -- the simulator's clock --------------------------------------------------------------------------

    def now(self) -> datetime:
        return datetime.fromisoformat(self.ask("GET", "/sim/api/clock")[1]["now"])

    def advance(self, **span: float) -> None:
        """Let so much time pass. A program that dies on the way wakes up earlier, so the rest is added."""
        target = self.now() + timedelta(**span)
        while (left := (target - self.now()).total_seconds()) > 0:
            status, answer = self.ask("POST", "/sim/api/clock", {"advance": f"{int(left) + 1}s"})
            assert status == 200, answer

    def sleep_through(self, hours: float) -> None:
        """The program is off, and so much time passes."""
        assert not self.port
        rows = self.rows("SELECT value FROM marks WHERE name = 'sim_offset'")
        offset = (int(rows[0][0]) if rows else 0) + int(hours * 3_600_000_000)
        engine = writer_engine(read_url(self.url))
        try:
            with engine.begin() as conn:
                sql.execute(
                    conn,
                    "INSERT INTO marks (name, value) VALUES ('sim_offset', ?) "
                    "ON CONFLICT (name) DO UPDATE SET value = excluded.value",
                    (str(offset),),
                )
        finally:
            engine.dispose()

    # -- looking ----------------------------------------------------------------------------------------

    def rows(self, statement: str, *values: Any) -> list[tuple[Any, ...]]:
        with self._reader.connect() as conn, conn.begin():
            return [tuple(row) for row in sql.query(conn, statement, values)]

    def until(self, what: str, true: Any, *, within: float = 10.0) -> None:
        """Wait until something holds, at most `within` seconds."""
        end = time.monotonic() + within
        while not true():
            assert time.monotonic() < end, f"not within {within} s: {what}\n{self.words()}"
            time.sleep(0.02)

    def nothing_due(self) -> bool:
        """Whether no notice waits that may be delivered now."""
        instant = to_micros(self.now())
        rows = self.rows("SELECT count(*) FROM outbox WHERE state = 'due' AND not_before <= ?", instant)
        return bool(rows[0][0] == 0)
