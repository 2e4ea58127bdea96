"""Bugs put into the program on purpose, each of which the simulation must find: proof that it can see.

A bug is a patch in the running program: a function replaced, or a statement of SQL changed on its way.
"""

import asyncio
import contextlib
import statistics
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any
from unittest.mock import patch

from bot import deliver
from bot.deliver import Deliverer
from domain import lead as lead_module
from domain import sla
from domain.calendar import WorkingCalendar
from domain.errors import DomainError
from domain.events import Kind
from domain.lead import Lead
from domain.notices import Tell
from domain.usecases import delivery, leads
from domain.usecases.delivery import Failed, Sent
from scheduler import relay as relay_module
from scheduler.relay import Relay
from storage import outbox, sql, writer
from storage.uow import Batch, UnitOfWork
from storage.writer import Writer
from tests.simulation.command import say
from tests.simulation.run import run_seed

MOST_SEEDS = 100
Bug = Callable[[ExitStack], None]
BUGS: dict[str, Bug] = {}


def bug(plant: Bug) -> Bug:
    BUGS[plant.__name__] = plant
    return plant


def put(stack: ExitStack, owner: Any, name: str, new: Any) -> Any:
    """Replace an attribute; returns what was there."""
    old = owner.__dict__[name] if isinstance(owner, type) else getattr(owner, name)
    stack.enter_context(patch.object(owner, name, new))
    return old.__func__ if isinstance(old, staticmethod | classmethod) else old


def rewrite(stack: ExitStack, name: str, old: str, new: str) -> None:
    """Change a statement that storage.sql runs."""
    real = getattr(sql, name)

    def changed(conn: Any, statement: str, *more: Any) -> Any:
        return real(conn, statement.replace(old, new), *more)

    put(stack, sql, name, changed)


# -- the inbox and the writer -------------------------------------------------------------------------------


@bug
def no_dedupe(stack: ExitStack) -> None:
    """Nobody looks whether a callback was answered before."""
    put(stack, writer, "_answers", lambda conn, keys: ())
    rewrite_inbox(stack, "ON CONFLICT (key) DO NOTHING")


def rewrite_inbox(stack: ExitStack, clash: str) -> None:
    real = sql.insert

    def insert(conn: Any, table: Any, rows: Any, names: Any = None) -> None:
        if table.name == "inbox":
            sql.insert_or(conn, table, rows, clash)
        else:
            real(conn, table, rows, names)

    put(stack, sql, "insert", insert)


@bug
def commit_before_inbox(stack: ExitStack) -> None:
    """The effect is committed first, the answer in a transaction of its own."""
    real = put(stack, Writer, "_attempt", None)

    def attempt(self: Writer, units: Any) -> None:
        late: list[tuple[Any, Any]] = []
        kept = UnitOfWork.answered
        with patch.object(
            UnitOfWork, "answered", lambda uow, key, text, at: late.append((key, (key, text, at)))
        ):
            real(self, units)
        if late:

            class Later:
                @staticmethod
                def work(uow: UnitOfWork) -> None:
                    for _, values in late:
                        with contextlib.suppress(Exception):
                            kept(uow, *values)

            unit = writer.Unit(work=Later.work, values={}, once=None, done=lambda result, error: None)
            real(self, [unit])

    stack.enter_context(patch.object(Writer, "_attempt", attempt))


@bug
def answer_before_commit(stack: ExitStack) -> None:
    """Whoever asked hears before it is kept."""
    real = put(stack, Writer, "_one", None)

    def one(self: Writer, batch: Batch, unit: Any, answers: Any) -> None:
        real(self, batch, unit, answers)
        if unit.once is not None and unit.error is None:
            unit.done(unit.result, None)
            unit.done = lambda result, error: None

    stack.enter_context(patch.object(Writer, "_one", one))


@bug
def refusal_rolls_on(stack: ExitStack) -> None:
    """A unit that is refused keeps what it had done until then."""
    real = put(stack, Lead, "may_take", None)

    def may_take(self: Lead, by: str, offer_no: int, **more: Any) -> None:
        with contextlib.suppress(DomainError):
            real(self, by, offer_no, **more)

    stack.enter_context(patch.object(Lead, "may_take", may_take))


# -- offers -------------------------------------------------------------------------------------------------


@bug
def stale_card_executed(stack: ExitStack) -> None:
    """A button of an offer that is over still takes the lead, if it is offered to that person at all."""
    real = put(stack, Lead, "may_take", None)

    def may_take(self: Lead, by: str, offer_no: int, **more: Any) -> None:
        real(self, by, self.offer.no if self.offer else offer_no, **more)

    stack.enter_context(patch.object(Lead, "may_take", may_take))


@bug
def anybody_may_accept(stack: ExitStack) -> None:
    """No guard: whoever presses a live offer's button has it."""
    real = put(stack, Lead, "may_take", None)

    def may_take(self: Lead, by: str, offer_no: int, **more: Any) -> None:
        mine = replace(self.offer, person=by) if self.offer and self.offer.no == offer_no else self.offer
        self.offer, kept = mine, self.offer
        try:
            real(self, by, offer_no, **more)
        finally:
            self.offer = kept

    stack.enter_context(patch.object(Lead, "may_take", may_take))


@bug
def grab_unguarded(stack: ExitStack) -> None:
    """Who handed a lead back may grab it again."""
    real = put(stack, Lead, "may_take", None)

    def may_take(self: Lead, by: str, offer_no: int, **more: Any) -> None:
        kept, self.handed_back_by = self.handed_back_by, ()
        try:
            real(self, by, offer_no, **(more | {"member": True}))
        finally:
            self.handed_back_by = kept

    stack.enter_context(patch.object(Lead, "may_take", may_take))


@bug
def receipt_time_ignored(stack: ExitStack) -> None:
    """An accept counts from when it was done, not from when it came in."""
    real = leads.accept_lead

    def accept_lead(uow: Any, *, at: Any, **more: Any) -> Any:
        return real(uow, at=at + timedelta(seconds=0.4), **more)

    put(stack, __import__("bot.handlers.leads", fromlist=["x"]), "accept_lead", accept_lead)


@bug
def withdrawal_forgotten(stack: ExitStack) -> None:
    """An accept in time that comes after the escalation leaves it standing."""
    real = put(stack, Lead, "record", None)

    def record(self: Lead, kind: Kind, **more: Any) -> None:
        if kind is not Kind.ESCALATION_WITHDRAWN:
            real(self, kind, **more)

    stack.enter_context(patch.object(Lead, "record", record))


@bug
def undo_forgets_the_owner(stack: ExitStack) -> None:
    """Undo puts the stage back and not who has it."""
    names = tuple(name for name in lead_module._RESTORED if name != "owner")
    put(stack, lead_module, "_RESTORED", names)


@bug
def undo_forgets_the_outbox(stack: ExitStack) -> None:
    """An undone act leaves the cards as they were."""
    real = put(stack, UnitOfWork, "save", None)

    def save(self: UnitOfWork, lead: Lead) -> None:
        undone = any(fact.kind is Kind.UNDONE for fact in lead.facts)
        real(self, lead)
        if undone:
            self.pending.refresh.pop(lead.id, None)

    stack.enter_context(patch.object(UnitOfWork, "save", save))


# -- the clocks ---------------------------------------------------------------------------------------------


@bug
def clock_from_assignment(stack: ExitStack) -> None:
    """The promise runs from the offer, delivered or not."""
    real = put(stack, Lead, "delivered", None)

    def delivered(self: Lead, offer_no: int, *, at: Any) -> bool:
        return bool(real(self, offer_no, at=self.offer.at if self.offer else at))

    stack.enter_context(patch.object(Lead, "delivered", delivered))


@bug
def lost_pause(stack: ExitStack) -> None:
    """The clock runs through lunch."""
    put(stack, WorkingCalendar, "add", lambda self, start, span: start + span)


@bug
def sweep_skips_a_step(stack: ExitStack) -> None:
    """Off by one: after a step comes the one after the next."""
    real = put(stack, sla.Policy, "step", None)
    put_step = lambda self, which, index, tier: real(self, which, index + 1 if index else 0, tier)  # noqa: E731
    stack.enter_context(patch.object(sla.Policy, "step", put_step))


@bug
def sweep_too_early(stack: ExitStack) -> None:
    """Every step is due a second before its time."""
    real = put(stack, sla, "due_at", None)
    put(stack, sla, "due_at", lambda *given: real(*given) - timedelta(seconds=1))


@bug
def sweep_never_sees_waiting(stack: ExitStack) -> None:
    """The index leaves out what is accepted: the contact clock is never looked at."""
    rewrite(stack, "query", "next_due <= ? ORDER", "next_due <= ? AND stage <> 'accepted' ORDER")


@bug
def alert_twice(stack: ExitStack) -> None:
    """Each alert rings under two keys."""
    real = put(stack, Lead, "tell", None)

    def tell(self: Lead, tell: Tell, to: str, *parts: object, **args: object) -> None:
        real(self, tell, to, *parts, **args)
        if tell is Tell.ALERT:
            real(self, tell, to, *parts, "again", **args)

    stack.enter_context(patch.object(Lead, "tell", tell))


@bug
def alert_forgotten(stack: ExitStack) -> None:
    """The escalation is recorded, and nobody is rung."""
    real = put(stack, Lead, "tell", None)

    def tell(self: Lead, tell: Tell, to: str, *parts: object, **args: object) -> None:
        if tell is not Tell.ALERT or args.get("level") != "director":
            real(self, tell, to, *parts, **args)

    stack.enter_context(patch.object(Lead, "tell", tell))


# -- the outbox and the relay -------------------------------------------------------------------------------


@bug
def sent_before_it_is_sent(stack: ExitStack) -> None:
    """A claim counts as delivered: what a crash or a refusal eats is gone."""
    real = delivery.claim

    def claim(uow: Any, **values: Any) -> Any:
        works = real(uow, **values)
        claimed = [work.delivery for work in works if work.delivery.tell is not Tell.REFRESH]
        uow.notices_done(claimed, at=values["now"])
        return works

    put(stack, relay_module, "claim", claim)


@bug
def send_before_commit(stack: ExitStack) -> None:
    """Cards go out of the transaction: what is rolled back was shown."""
    real = put(stack, outbox, "again", None)
    assert real is not None
    stack.enter_context(
        patch.object(outbox, "again", lambda conn, delivery, at, why: outbox.done(conn, [delivery], at))
    )


@bug
def leases_left_by_the_dead(stack: ExitStack) -> None:
    """A lease never ends."""
    put(stack, outbox, "LEASE_MICROS", 10**12)
    main = __import__("bot.main", fromlist=["x"])
    put(stack, main.housekeeping, "free_leases", lambda uow, *, now: None)


@bug
def receipts_plus_equals_await(stack: ExitStack) -> None:
    """`self._receipts += await …` reads the list before it waits, and a booking swaps it meanwhile."""

    async def work(self: Relay, group: Any, before: Any) -> None:
        if before is not None:
            await asyncio.wait((before,))
        self._receipts += await self._deliver(group)
        await self._book()

    put(stack, Relay, "_work", work)


@bug
def receipts_lost_on_a_full_disk(stack: ExitStack) -> None:
    """A booking that fails forgets what it had to book."""

    async def book(self: Relay) -> bool:
        async with self._booking:
            receipts, self._receipts = self._receipts, []
            if receipts:
                await self._write(delivery.settle, receipts=receipts, now=self._clock.now())
            return True

    put(stack, Relay, "_book", book)


@bug
def claim_lost_on_cancel(stack: ExitStack) -> None:
    """Half of what is claimed is not started, as when the claimer is cancelled."""
    real = put(stack, Relay, "_start", None)
    count = iter(range(10**9))

    def start(self: Relay, person: str, group: Any) -> None:
        if next(count) % 9 != 4:
            real(self, person, group)

    stack.enter_context(patch.object(Relay, "_start", start))
    put(stack, outbox, "LEASE_MICROS", 10**12)


@bug
def refresh_not_armed(stack: ExitStack) -> None:
    """A change while the cards are being redrawn is not drawn."""
    real = sql.insert_or

    def insert_or(conn: Any, table: Any, rows: Any, clash: str, names: Any = None) -> Any:
        blind = "ON CONFLICT (key) DO NOTHING" if "changed = outbox.changed" in clash else clash
        return real(conn, table, rows, blind, names)

    put(stack, sql, "insert_or", insert_or)


@bug
def code_reused(stack: ExitStack) -> None:
    """The new code that an update answers with is not kept."""
    real = put(stack, UnitOfWork, "show", None)

    def show(self: UnitOfWork, shown: Any) -> None:
        before = sql.query(
            self.connection,
            "SELECT handle FROM shown WHERE message = ? AND lead_id = ?",
            (shown.message, shown.lead_id),
        )
        real(self, replace(shown, handle=before[0][0]) if before else shown)

    stack.enter_context(patch.object(UnitOfWork, "show", show))


@bug
def one_failure_spoils_the_refresh(stack: ExitStack) -> None:
    """A copy that fails takes along the new codes of those before it."""
    real = delivery.settle

    def settle(uow: Any, *, receipts: Any, now: Any) -> None:
        real(uow, receipts=[replace(r, shown=()) if isinstance(r, Failed) else r for r in receipts], now=now)

    put(stack, relay_module, "settle", settle)


@bug
def born_stale(stack: ExitStack) -> None:
    """A card is sent for an offer that is over."""
    put(stack, deliver, "_stale", lambda work: False)


@bug
def gives_up_at_once(stack: ExitStack) -> None:
    """A busy platform is taken for one that refuses."""
    put(
        stack,
        Deliverer,
        "_again",
        lambda self, delivery, why, after: Failed(delivery=delivery, why=why, again_in=None),
    )


@bug
def dead_untold(stack: ExitStack) -> None:
    """What could not be told is given up in silence."""
    put(stack, delivery, "_tell_admins", lambda uow, receipt, now: None)


@bug
def no_pace(stack: ExitStack) -> None:
    """Nobody counts how many messages a person gets; everything is told five times."""
    put(stack, outbox.Pace, "next_slot", lambda self, tat, now: (now, tat))
    real = put(stack, Lead, "tell", None)

    def tell(self: Lead, tell: Tell, to: str, *parts: object, **args: object) -> None:
        for nth in range(5):
            real(self, tell, to, *parts, *([nth] if nth else []), **args)

    stack.enter_context(patch.object(Lead, "tell", tell))


@bug
def version_unguarded(stack: ExitStack) -> None:
    """A delivery is booked on the lead as it was when it was claimed."""
    real = delivery._sent

    def sent(uow: Any, receipt: Sent, now: Any) -> None:
        real(uow, replace(receipt, versions={}), now)

    put(stack, delivery, "_sent", sent)


@bug
def counters_drift(stack: ExitStack) -> None:
    """A lead that changes hands weighs on both."""
    real = put(stack, UnitOfWork, "_weigh", None)
    stack.enter_context(patch.object(UnitOfWork, "_weigh", lambda self, was, now: real(self, None, now)))


@bug
def sweep_dies_silently(stack: ExitStack) -> None:
    """A loop that fails once is not started again."""
    supervisor = __import__("scheduler.supervisor", fromlist=["x"])

    async def run(self: Any, loop: Any) -> None:
        with contextlib.suppress(Exception):
            while not self._closing:
                await loop.turn()
                loop.failures, loop.last_ok = 0, asyncio.get_running_loop().time()

    put(stack, supervisor.Supervisor, "_run", run)


# -- the hunt -----------------------------------------------------------------------------------------------


@contextmanager
def planted(name: str) -> Iterator[None]:
    """The program with that bug in it."""
    with ExitStack() as stack:
        BUGS[name](stack)
        yield


_plain: dict[int, bool] = {}


def fails_anyway(seed: int, folder: Path) -> bool:
    """Whether the plain program fails on that seed too, which then proves nothing."""
    if seed not in _plain:
        _plain[seed] = bool(run_seed(seed, folder).wrong)
    return _plain[seed]


def find(name: str, folder: Path, most: int = MOST_SEEDS) -> tuple[int, str]:
    """(how many seeds it took, what was seen); (0, "") when it was not found."""
    for seed in range(1, most + 1):
        with planted(name):
            outcome = run_seed(seed, folder)
        if outcome.wrong and not fails_anyway(seed, folder):
            return seed, outcome.wrong[0]
    return 0, ""


def hunt(folder: Path, names: list[str]) -> int:
    """Look for each; 1 when one was not found."""
    took: list[int] = []
    for name in names or BUGS:
        started = time.process_time()
        seeds, seen = find(name, folder)
        say(f"{name}: {seeds or 'NOT FOUND'} ({time.process_time() - started:.0f} s) {seen[:150]}")
        took.append(seeds)
    found = [each for each in took if each]
    if found:
        say(
            f"{len(found)} of {len(took)} found; seeds needed: median {statistics.median(found)}, most {max(found)}"
        )
    return 0 if len(found) == len(took) else 1
