"""The sales floor of a test: a store, a stepped clock, and the people's wishes as one-line calls.

It stands where bot and scheduler stand: it shows cards by claiming and settling the outbox, and sweeps.
"""

import asyncio
import threading
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from datetime import datetime, timedelta
from itertools import count
from typing import Any

from domain.assign import Desk
from domain.lead import Customer, Lead, Origin
from domain.notices import Tell
from domain.people import Company
from domain.ports import Delivery, Shown, Undo, Uow
from domain.usecases import delivery as telling
from domain.usecases import duty, escalation, leads, placing
from storage.audit import Violation
from storage.store import Store
from tests.fakes.clock import SteppedClock

Row = tuple[Any, ...]
FACTS = (
    "SELECT no, kind, at, actor, cycle, offer, clock, step, data FROM events WHERE lead_id = ? ORDER BY no"
)


def read_lead(uow: Uow, *, wanted: str) -> Lead:
    return uow.lead(wanted)


def read_desk(uow: Uow, *, person: str) -> Desk:
    return uow.desk(person)


def read_rows(uow: Any, *, statement: str, values: tuple[Any, ...]) -> list[Row]:
    return [tuple(row) for row in uow.query(statement, values)]


class Floor:
    """See the module. Every call acts at the clock's present instant unless told another."""

    def __init__(self, store: Store, clock: SteppedClock) -> None:
        self.store = store
        self.clock = clock
        self._phones = count(13800000000)

    @property
    def company(self) -> Company:
        return self.store.company

    @property
    def now(self) -> datetime:
        return self.clock.now()

    async def do(self, work: Callable[..., Any], /, **values: Any) -> Any:
        return await self.store.write(work, **values)

    @asynccontextmanager
    async def held(self) -> AsyncIterator[None]:
        """The writer is busy and its batch is closed: what is queued meanwhile is its next one."""
        started, ends = threading.Event(), threading.Event()

        def waits(_uow: Uow) -> None:
            started.set()
            ends.wait(10)

        busy = asyncio.ensure_future(self.do(waits))
        await asyncio.to_thread(started.wait, 10)
        yield
        ends.set()
        await busy

    # -- people -----------------------------------------------------------------------------------------

    async def capture(
        self,
        *,
        team: str | None = None,
        by: str | None = None,
        draft: bool = False,
        external_id: str | None = None,
        **customer: Any,
    ) -> Lead:
        """Hand in a new customer; `team` is put into its region, which the tests' routes read."""
        customer.setdefault("name", "张伟")
        customer.setdefault("phone", f"+86{next(self._phones)}")
        if team is not None:
            customer["region"] = team
        origin = Origin(channel="form", source="test", by=by, external_id=external_id)
        captured = await self.do(
            leads.capture_lead, customer=Customer(**customer), origin=origin, now=self.now, draft=draft
        )
        lead: Lead = captured.lead
        return lead

    async def accept(
        self, lead: str, by: str, *, offer: int | None = None, at: datetime | None = None
    ) -> Lead:
        no = await self._offer_no(lead) if offer is None else offer
        found: Lead = await self.do(leads.accept_lead, lead_id=lead, offer_no=no, by=by, at=at or self.now)
        return found

    async def contact(self, lead: str, by: str) -> Lead:
        found: Lead = await self.do(leads.contact_lead, lead_id=lead, by=by, at=self.now)
        return found

    async def hand_back(
        self, lead: str, by: str, reason: str, *, words: str = "", offer: int | None = None, key: str = ""
    ) -> Lead:
        no = await self._offer_no(lead) if offer is None else offer
        found: Lead = await self.do(
            leads.hand_back,
            lead_id=lead,
            offer_no=no,
            by=by,
            reason=reason,
            words=words,
            key=key or f"words-{lead}-{no}",
            at=self.now,
        )
        return found

    async def _offer_no(self, lead_id: str) -> int:
        lead = await self.lead(lead_id)
        return lead.offer.no if lead.offer else lead.accepted_offer

    async def undo(self, by: str, lead: str | None = None, verb: str | None = None) -> Undo:
        undone: Undo = await self.do(leads.undo_last, by=by, at=self.now, lead_id=lead, verb=verb)
        return undone

    async def assign(self, lead: str, to: str, by: str) -> Lead:
        found: Lead = await self.do(placing.assign_lead, lead_id=lead, to=to, by=by, at=self.now)
        return found

    async def take(self, lead: str, by: str) -> Lead:
        found: Lead = await self.do(placing.take_lead, lead_id=lead, by=by, at=self.now)
        return found

    async def duty(self, by: str, *, on: bool) -> tuple[Desk, int]:
        desk, placed, _ = await self.do(duty.set_duty, by=by, on=on, at=self.now)
        return desk, placed

    # -- the machine ------------------------------------------------------------------------------------

    async def sweep(self) -> list[str]:
        """What the scheduler does now."""
        found: list[str] = await self.do(escalation.escalate_due, now=self.now)
        return found

    async def wait(self, **span: float) -> None:
        """Let time pass, then sweep and show what has arisen."""
        self.clock.step(**span)
        await self.sweep()
        await self.show()

    async def claim(self, *, limit: int = 500, busy: Sequence[str] = ()) -> list[telling.Work]:
        found: list[telling.Work] = await self.do(telling.claim, now=self.now, limit=limit, busy=busy)
        return found

    async def settle(self, *receipts: telling.Receipt) -> None:
        await self.do(telling.settle, receipts=receipts, now=self.now)

    async def show(self, *, fails: frozenset[str] = frozenset()) -> list[Delivery]:
        """Deliver everything that is due; whoever is in `fails` is refused by the platform for good."""
        shown: list[Delivery] = []
        while work := await self.claim():
            await self.settle(*(self._receipt(each.delivery, fails) for each in work))
            shown.extend(each.delivery for each in work)
        return shown

    def _receipt(self, delivery: Delivery, fails: frozenset[str]) -> telling.Receipt:
        if delivery.to in fails:
            return telling.Failed(delivery=delivery, why="invaliduser", again_in=None)
        return telling.Sent(delivery=delivery, shown=(self.copy(delivery),) if delivery.to else ())

    def copy(self, delivery: Delivery) -> Shown:
        return Shown(
            message=delivery.key,
            lead_id=delivery.lead_id or "",
            person=delivery.to,
            tell=delivery.tell,
            channel="local",
            handle="",
            digest="",
            state="live",
            args=dict(delivery.args),
        )

    # -- looking ----------------------------------------------------------------------------------------

    async def lead(self, lead_id: str) -> Lead:
        found: Lead = await self.do(read_lead, wanted=lead_id)
        return found

    async def desk(self, person: str) -> Desk:
        found: Desk = await self.do(read_desk, person=person)
        return found

    async def rows(self, statement: str, *values: Any) -> list[Row]:
        found: list[Row] = await self.do(read_rows, statement=statement, values=values)
        return found

    async def kinds(self, lead_id: str) -> list[str]:
        """The kinds of a lead's facts, in order."""
        return [row[1] for row in await self.rows(FACTS, lead_id)]

    async def told(self, tell: Tell, lead_id: str | None = None) -> list[str]:
        """Who was told something (about a lead), in the order of telling."""
        rows = await self.rows(
            "SELECT person, lead_id FROM outbox WHERE tell = ? ORDER BY created_at, key", tell
        )
        return [who for who, lead in rows if lead_id is None or lead == lead_id]

    async def audit(self, *, grace: timedelta = timedelta(0)) -> list[Violation]:
        return await self.store.audit(self.now, grace=grace)
