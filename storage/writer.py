"""The one writer: a thread that runs the units of many callers in one transaction and commits once.

Callers hand in a plain function; the thread drains its queue, reads what the units name in one statement a
table, runs them one after the other, writes with one statement a table, commits, and only then answers. A
batch that fails is run again unit by unit, so one bad unit fails alone. On PostgreSQL there may be several
instances; their batches take turns, and what still clashes is tried again.
"""

import asyncio
import queue
import sqlite3
import threading
from collections import Counter, deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Any

import structlog
from sqlalchemy import Connection, Engine
from sqlalchemy.exc import DBAPIError, IntegrityError, OperationalError

from domain.errors import DomainError, Unavailable, UnknownLead
from domain.events import Kind
from domain.notices import Notice
from domain.people import Company
from domain.sla import Policy
from storage import sql
from storage.engine import DatabaseFile
from storage.outbox import Pace
from storage.tables import inbox
from storage.uow import Batch, UnitOfWork

log = structlog.get_logger("storage")

MOST_UNITS = 256
MOST_QUEUED = 20_000
TRIES = 4


@dataclass(frozen=True, slots=True, kw_only=True)
class Once:
    """A callback's key and how its outcome is put into an answer. A repeat of the key gets the stored one.

    `answer` turns the use case's result and `refuse` a DomainError into text; both are pure, for they run
    inside the transaction. `follow_up` may queue one notice for an answer. `twin` is a second key that gets
    the same answer (the same bytes again, whatever they say), and `also` is work of storage's own that
    belongs to the transaction.
    """

    key: str
    answer: Callable[[Any], str]
    refuse: Callable[[DomainError], str]
    at: datetime
    by: str = ""
    follow_up: Callable[[str], Notice | None] | None = None
    twin: str = ""
    also: Callable[[UnitOfWork], None] | None = None


@dataclass(slots=True)
class Unit:
    """One caller's wish and where its outcome goes."""

    work: Callable[..., Any]
    values: dict[str, Any]
    once: Once | None
    done: Callable[[Any, BaseException | None], None]
    result: Any = None
    error: BaseException | None = None


Facts = Counter[tuple[str, str]]
Woken = Callable[[bool, int | None, Facts], None]


class Writer:
    """See the module. `woken(told, due)` is called in the writer's thread after each commit that queued a
    notice or brought a due instant (microseconds)."""

    def __init__(self, engine: Engine, *, company: Company, pace: int, woken: Woken) -> None:
        self._engine = engine
        self.company = company
        self._pace = Pace(pace)
        self._woken = woken
        self._policies: dict[str, Policy] = {}
        self._calendars: set[str] = set()
        self._numbers = _Numbers()
        self._queue: queue.Queue[Unit | None] = queue.Queue(MOST_QUEUED)
        self._thread = threading.Thread(target=self._run, name="writer", daemon=True)
        self._kept: Connection | None = None
        self.file = DatabaseFile(engine.url)
        self._saved = False
        self._closing = False

    def start(self) -> None:
        self._thread.start()

    def close(self) -> None:
        """Finish what is queued and stop."""
        self._closing = True
        self._queue.put(None)
        self._thread.join(5)

    def submit(self, unit: Unit) -> None:
        """Queue a unit; Unavailable when the writer is closing or hopelessly behind."""
        if self._closing:
            raise Unavailable("closing")
        try:
            self._queue.put_nowait(unit)
        except queue.Full:
            raise Unavailable("the writer is behind") from None

    def _run(self) -> None:
        try:
            self._serve()
        finally:
            self.let_go()

    def _serve(self) -> None:
        while True:
            first = self._queue.get()
            if first is None:
                return
            units, last = [first], False
            while len(units) < MOST_UNITS:
                try:
                    unit = self._queue.get_nowait()
                except queue.Empty:
                    break
                if unit is None:
                    last = True
                    break
                units.append(unit)
            self.perform(units)
            if last:
                return

    def perform(self, units: Sequence[Unit]) -> None:
        """Run some units in one transaction; each unit's `done` is called exactly once."""
        try:
            self._attempt(units)
        except Exception as error:  # noqa: BLE001 - the batch failed as a whole; each caller hears
            if len(units) == 1 and not _passing(error):
                self._fail(units[0], error)
            else:
                log.warning("batch again", action="batch_again", units=len(units), error=type(error).__name__)
                self._one_by_one(units)
        for unit in units:
            unit.done(unit.result, unit.error)

    def _one_by_one(self, units: Sequence[Unit]) -> None:
        """When the database itself is away, the others need not find that out one after the other."""
        away: Exception | None = None
        for unit in units:
            if away is None:
                away = self._alone(unit)
            else:
                self._fail(unit, away)

    def _alone(self, unit: Unit) -> Exception | None:
        """Run one unit; the error when it is the database that is away, however often it is tried."""
        for attempt in range(TRIES):
            try:
                self._attempt([unit])
            except Exception as error:  # noqa: BLE001 - the caller hears of it
                if not _passing(error) or attempt == TRIES - 1:
                    self._fail(unit, error)
                    return error if _away(error) else None
                self.rest(0.02 * 3**attempt)
            else:
                return None
        return None

    def rest(self, seconds: float) -> None:
        """Let what is in the way go by."""
        threading.Event().wait(seconds)

    def _fail(self, unit: Unit, error: Exception) -> None:
        log.error("unit failed", action="unit_failed", unit=unit.work.__name__, error=_short(error))
        unit.result = None
        unit.error = (
            Unavailable(type(error).__name__) if isinstance(error, DBAPIError | sql.Conflict) else error
        )

    def _connection(self) -> Connection:
        """The writer's own: to take one out of the pool and put it back costs more than a small commit."""
        if self._kept is None:
            self._kept = self._engine.connect()
        return self._kept

    def _look_at_file(self) -> None:
        """A SQLite file that was moved or deleted can be written to for as long as it is open, and what goes
        into it is lost: nothing is taken any more, and what it holds is saved beside where it was."""
        try:
            self.file.check()
        except Unavailable:
            if not self._saved:
                self._saved = True
                self.file.save(self._connection())
            raise

    def let_go(self) -> None:
        """Give the connection back."""
        kept, self._kept = self._kept, None
        if kept is not None:
            kept.close()

    def _attempt(self, units: Sequence[Unit]) -> None:
        self._look_at_file()
        try:
            batch = self._transact(self._connection(), units)
        except Exception:
            self.let_go()
            raise
        self._policies |= batch.new_policies
        self._calendars |= batch.new_calendars
        if batch.told or batch.due is not None or batch.facts:
            self._woken(batch.told, batch.due, batch.facts)

    def _transact(self, conn: Connection, units: Sequence[Unit]) -> Batch:
        with conn.begin():
            _one_at_a_time(conn)
            batch = Batch(
                conn,
                company=self.company,
                policies=self._policies,
                calendars=self._calendars,
                numbers=self._numbers,
                pace=self._pace,
            )
            answers = self._prefetch(batch, units)
            for unit in units:
                unit.result = unit.error = None
                self._one(batch, unit, answers)
            batch.flush()
        return batch

    def _prefetch(self, batch: Batch, units: Sequence[Unit]) -> dict[str, str]:
        """Read what the units name: stored answers, leads, desks. Returns the answers by key."""
        keys = [key for unit in units if unit.once for key in (unit.once.key, unit.once.twin) if key]
        answers = dict(_answers(batch.conn, keys)) if keys else {}
        fresh = [unit for unit in units if unit.once is None or unit.once.key not in answers]
        batch.read_leads(sorted({unit.values["lead_id"] for unit in fresh if unit.values.get("lead_id")}))
        batch.read_desks(sorted({unit.values["by"] for unit in fresh if unit.values.get("by")}))
        return answers

    def _one(self, batch: Batch, unit: Unit, answers: dict[str, str]) -> None:
        once = unit.once
        if once is not None and (given := answers.get(once.key) or answers.get(once.twin)) is not None:
            unit.result = given
            return
        uow = UnitOfWork(batch)
        try:
            result = unit.work(uow, **unit.values)
            if once is not None:
                result = once.answer(result)
        except DomainError as error:
            if once is None:
                unit.error = error
                return
            uow = UnitOfWork(batch)
            result = once.refuse(error)
            _book_refusal(uow, unit, once, error)
        except (DBAPIError, sql.Conflict):
            raise
        except Exception as error:  # a bug in this unit: it fails alone
            log.exception("unit failed", action="unit_failed", unit=unit.work.__name__)
            unit.error = error
            return
        if once is not None:
            _book_answer(uow, once, result, answers)
        uow.finish()
        unit.result = result


def _book_answer(uow: UnitOfWork, once: Once, answer: str, answers: dict[str, str]) -> None:
    for key in (once.key, once.twin):
        if key:
            uow.answered(key, answer, once.at)
            answers[key] = answer
    if once.also is not None:
        once.also(uow)
    notice = once.follow_up(answer) if once.follow_up else None
    if notice is not None:
        uow.tell(notice)


def _one_at_a_time(conn: Connection) -> None:
    """PostgreSQL: one batch at a time over all instances. Two batches of many units touch the same desks in
    different order; left to row locks they deadlock, and PostgreSQL takes a second to notice. The pace, too,
    is counted by one at a time."""
    if sql.is_postgres(conn):
        sql.send(conn, "SELECT pg_advisory_xact_lock(712)")


def _book_refusal(uow: UnitOfWork, unit: Unit, once: Once, error: DomainError) -> None:
    """A refused click on a lead is a fact of that lead: who, what, why; nothing else changes."""
    lead_id = unit.values.get("lead_id")
    if not lead_id:
        return
    try:
        lead = uow.lead(lead_id)
    except UnknownLead:
        return
    lead.record(
        Kind.REFUSED,
        at=once.at,
        actor=once.by or str(unit.values.get("by")),
        what=unit.work.__name__,
        why=error.code,
    )
    uow.save(lead)


def _answers(conn: Connection, keys: list[str]) -> Sequence[Any]:
    return sql.select_in(conn, inbox, "key", keys, names=("key", "answer"))


def _passing(error: Exception) -> bool:
    """Whether another try may go well: a lock, a deadlock, a lost race, a lost connection."""
    return isinstance(error, OperationalError | IntegrityError | sql.Conflict) or (
        isinstance(error, DBAPIError) and error.connection_invalidated
    )


def _away(error: Exception) -> bool:
    """Whether it is the database that does not answer, and no statement of this unit that is broken."""
    code = getattr(getattr(error, "orig", None), "sqlite_errorcode", None)
    return isinstance(error, OperationalError) and code != sqlite3.SQLITE_ERROR


def _short(error: Exception) -> str:
    """The error without statement and values, which may hold personal data; SQLite has one class for a full
    disk, a lock and much else, and a name for each."""
    origin = getattr(error, "orig", None)
    what = getattr(origin, "sqlite_errorname", type(origin).__name__) if origin else error
    return f"{type(error).__name__}: {what}"


class _Numbers:
    """Lead numbers: a sequence on PostgreSQL, taken in blocks; the newest row and a count on SQLite."""

    BLOCK = 20

    def __init__(self) -> None:
        self._free: list[int] = []
        self._last = 0

    def __call__(self, conn: Connection) -> str:
        if not self._free:
            self._free = self._block(conn)
        return f"L{self._free.pop()}"

    def _block(self, conn: Connection) -> list[int]:
        if sql.is_postgres(conn):
            rows = sql.query(conn, "SELECT nextval('lead_numbers') FROM generate_series(1, ?)", (self.BLOCK,))
            return sorted((row[0] for row in rows), reverse=True)
        rows = sql.query(conn, "SELECT id FROM leads ORDER BY rowid DESC LIMIT 1")
        skipped = sql.query(conn, "SELECT value FROM marks WHERE name = 'numbers'")
        floor = int(skipped[0][0]) if skipped else 1000  # see storage.epoch
        last = max(int(rows[0][0][1:]) if rows else 1000, floor, self._last)
        self._last = last + self.BLOCK
        return list(range(last + self.BLOCK, last, -1))


class Mailbox:
    """Brings outcomes from the writer's thread to a loop: one wake-up for all that come together."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop
        self._outcomes: deque[tuple[asyncio.Future[Any], Any, BaseException | None]] = deque()
        self._rung = False

    def put(self, future: "asyncio.Future[Any]", result: Any, error: BaseException | None) -> None:
        """Settle a future of the loop, from any thread."""
        self._outcomes.append((future, result, error))
        if not self._rung:
            self._rung = True
            self._loop.call_soon_threadsafe(self._empty)

    def _empty(self) -> None:
        self._rung = False  # before the outcomes are taken: what comes from now on rings again
        while self._outcomes:
            future, result, error = self._outcomes.popleft()
            if future.cancelled():
                continue
            if error is not None:
                future.set_exception(error)
            else:
                future.set_result(result)


def future_unit(
    work: Callable[..., Any], values: dict[str, Any], once: Once | None, mailbox: Mailbox
) -> tuple[Unit, "asyncio.Future[Any]"]:
    """A unit whose outcome arrives as a future of the mailbox's loop."""
    future: asyncio.Future[Any] = asyncio.get_running_loop().create_future()
    return Unit(work=work, values=values, once=once, done=partial(mailbox.put, future)), future
