"""The front door of storage: write through the one writer, read on connections of one's own."""

import asyncio
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import URL, func, select
from sqlalchemy.ext.asyncio import AsyncEngine

from domain.assign import Desk
from domain.clock import from_micros, to_micros
from domain.people import Company
from storage import schema, sql, tables
from storage.audit import Violation, audit_database
from storage.engine import FileLock, is_sqlite, read_url, reader_engine, reading, writer_engine
from storage.outbox import Pace
from storage.rows import desk_row
from storage.uow import UnitOfWork
from storage.writer import Facts, Mailbox, Once, Writer, future_unit

PG_GRACE_SECONDS = 0.5
RATE_A_MINUTE = 25
NEVER = 2**63 - 1
"""Later than any instant that is kept."""


class Store:
    """Open with `await Store.open(...)`, close with `await store.close()`.

    `told` and `due` are set by every commit that queued a notice or brought a due instant nearer, and
    `counted` is called with the facts of each by kind and clock; the relay
    and the sweep wait on them.
    """

    def __init__(self, url: URL, company: Company, *, pace: int = RATE_A_MINUTE) -> None:
        self.url = url
        self.lock = FileLock(url)
        self.told = asyncio.Event()
        self.due = asyncio.Event()
        self.counted: Callable[[Facts], None] = lambda facts: None
        self._loop = asyncio.get_running_loop()
        self._mailbox = Mailbox(self._loop)
        self._nearest = self._unread = NEVER
        self._engine = writer_engine(url)
        self.reader: AsyncEngine = reader_engine(url)
        self._writer = Writer(self._engine, company=company, pace=pace, woken=self._woken)

    @classmethod
    async def open(cls, url: str, company: Company, *, pace: int = RATE_A_MINUTE) -> "Store":
        """Take the file's lock, check the schema, start the writer.

        Raises StoreInUse, schema.SchemaError (older or newer than this program) or Unavailable.
        """
        store = cls(read_url(url), company, pace=pace)
        store.lock.take()
        try:
            await asyncio.to_thread(schema.check, store._engine)
            schema.check_writable(store.url)
        except BaseException:
            store.lock.free()
            await store.reader.dispose()
            store._engine.dispose()
            raise
        store._writer.start()
        await store.write(ensure_desks, people=list(company.people))
        return store

    @property
    def company(self) -> Company:
        return self._writer.company

    @company.setter
    def company(self, company: Company) -> None:
        self._writer.company = company

    @property
    def sweep_grace(self) -> float:
        """Seconds that a sweep waits past the due time: several instances decide by receipt time."""
        return 0.0 if is_sqlite(self.url) else PG_GRACE_SECONDS

    def set_pace(self, limit: int) -> None:
        """Change the notices a minute that one person may get."""
        self._writer._pace = Pace(limit)

    def _woken(self, told: bool, due: int | None, facts: Facts) -> None:
        self._loop.call_soon_threadsafe(self._wake, told, due, facts)

    def _wake(self, told: bool, due: int | None, facts: Facts) -> None:
        self.counted(facts)
        if told:
            self.told.set()
        if due is not None:
            self._unread = min(due, self._unread)
            if due < self._nearest:
                self.due.set()

    async def write(self, work: Callable[..., Any], /, *, once: Once | None = None, **values: Any) -> Any:
        """Run a use case in a transaction. With `once` returns the answer (the stored one for a repeat),
        otherwise the result; raises its DomainError, or Unavailable when nothing could be stored."""
        unit, future = future_unit(work, values, once, self._mailbox)
        self._writer.submit(unit)
        return await future

    def check_file(self) -> None:
        """Raises Unavailable when the file of a SQLite database is not where it was any more."""
        self._writer.file.check()

    async def audit(self, now: datetime, *, grace: timedelta | None = None) -> list[Violation]:
        """What does not hold at `now`, on a snapshot; `grace` is the sweep's own waiting by default."""
        waits = timedelta(seconds=self.sweep_grace) if grace is None else grace
        return await asyncio.to_thread(audit_database, self.url, self.company, now, grace=waits)

    async def next_due(self) -> datetime | None:
        """The nearest instant at which a lead is due; None when none ever is."""
        self._unread = NEVER  # what is committed during the read may go unseen by it
        async with reading(self.reader) as conn:
            found = (await conn.run_sync(sql.query, "SELECT min(next_due) FROM leads"))[0][0]
        self._nearest = min(NEVER if found is None else found, self._unread)
        return None if self._nearest == NEVER else from_micros(self._nearest)

    async def overdue(self, now: datetime, limit: int) -> list[str]:
        """The leads whose due instant has come, by id, the longest due first."""
        leads = tables.leads.c
        due = select(leads.id).where(leads.next_due <= to_micros(now)).order_by(leads.next_due).limit(limit)
        async with reading(self.reader) as conn:
            return list((await conn.scalars(due)).all())

    async def next_notice(self) -> datetime | None:
        """The nearest instant at which a notice may be delivered."""
        outbox = tables.outbox.c
        async with reading(self.reader) as conn:
            found = await conn.scalar(select(func.min(outbox.not_before)).where(outbox.state == "due"))
        return None if found is None else from_micros(found)

    async def close(self) -> None:
        """Finish what is queued, then let go of the file."""
        await asyncio.to_thread(self._writer.close)
        await self.reader.dispose()
        self._engine.dispose()
        self.lock.free()


def ensure_desks(uow: UnitOfWork, *, people: list[str]) -> None:
    """Every person has a desk row, so that it can be locked."""
    sql.insert_new(uow.connection, tables.desks, [desk_row(Desk(person=person)) for person in people])
