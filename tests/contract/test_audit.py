"""Each check of the auditor is shown a database that somebody spoilt on purpose, and must say so."""

# ruff: noqa: S608 - the tests spoil columns and tables by name

from collections.abc import Callable, Iterator
from datetime import timedelta

import pytest
from sqlalchemy import Connection, create_engine, text

from domain.clock import to_micros
from storage.audit import Violation
from storage.engine import read_url
from tests.fakes.clock import MONDAY_TEN
from tests.fakes.floor import Floor

Spoil = Callable[..., None]
NO_TRIGGERS = {
    "sqlite": ("DROP TRIGGER IF EXISTS events_no_update", "DROP TRIGGER IF EXISTS events_no_delete"),
    "postgresql": ("ALTER TABLE events DISABLE TRIGGER ALL",),
}
EVENT = (
    "INSERT INTO events (lead_id, no, kind, at, actor, cycle, offer, clock, step, data, calendar, hash) "
    "VALUES (:lead, :no, :kind, :at, :actor, 1, 1, :clock, :step, :data, '', '')"
)


@pytest.fixture
def spoil(database_url: str) -> Iterator[Spoil]:
    """Runs statements on the database behind everybody's back."""
    engine = create_engine(read_url(database_url))

    def run(statement: str, **values: object) -> None:
        with engine.begin() as conn:
            _unguard(conn)
            conn.execute(text(statement), values)

    yield run
    engine.dispose()


def _unguard(conn: Connection) -> None:
    for statement in NO_TRIGGERS[conn.dialect.name]:
        conn.execute(text(statement))


def event(spoil: Spoil, lead: str, no: int, kind: str, **values: object) -> None:
    """Slip in a fact that never happened, and count it."""
    row = {"actor": "system", "at": to_micros(MONDAY_TEN), "clock": "", "step": None, "data": "{}"}
    spoil(EVENT, lead=lead, no=no, kind=kind, **row | values)
    spoil("UPDATE leads SET events = :no WHERE id = :lead AND events < :no", lead=lead, no=no)


def said(found: list[Violation], invariant: int, what: str) -> list[str | None]:
    return [each.lead for each in found if each.invariant == invariant and each.what.startswith(what)]


class Case:
    """One accepted lead of e1 in a clean book; `found` is what the auditor then says."""

    def __init__(self, floor: Floor, spoil: Spoil, lead: str, events: int) -> None:
        self.floor, self.spoil, self.lead, self.events = floor, spoil, lead, events

    async def expect(self, invariant: int, what: str, lead: str | None = "the lead") -> None:
        named = self.lead if lead == "the lead" else lead
        assert named in said(await self.floor.audit(), invariant, what)

    def event(self, kind: str, *, no: int | None = None, **values: object) -> None:
        self.events += 1
        event(self.spoil, self.lead, no or self.events, kind, **values)


@pytest.fixture
async def offered(store: object, clock: object, spoil: Spoil) -> Case:
    floor = Floor(store, clock)  # type: ignore[arg-type]
    lead = await floor.capture()
    assert await floor.audit() == []
    return Case(floor, spoil, lead.id, 2)


@pytest.fixture
async def accepted(offered: Case) -> Case:
    await offered.floor.show()
    await offered.floor.accept(offered.lead, "e1")
    assert await offered.floor.audit() == []
    offered.events = 4
    return offered


async def test_an_owner_that_no_fact_names(accepted: Case) -> None:
    accepted.spoil("UPDATE leads SET owner = 'e2'")
    await accepted.expect(1, "the owner is not the one that the facts name")


async def test_two_people_accepted_the_same_lead(accepted: Case) -> None:
    accepted.event("accepted", actor="e2")
    await accepted.expect(1, "accepted by one while another held it")


async def test_accepted_again_after_an_undone_contact(accepted: Case) -> None:
    accepted.event("undone", data='{"verb": "contact", "stage": "accepted", "owner": "e1"}')
    accepted.event("accepted", actor="e2")
    await accepted.expect(1, "accepted by one while another held it")


async def test_a_stage_that_does_not_exist(accepted: Case) -> None:
    accepted.spoil("UPDATE leads SET stage = 'lost'")
    await accepted.expect(2, "no such stage (lost)")


async def test_a_held_lead_without_an_owner(accepted: Case) -> None:
    accepted.spoil("UPDATE leads SET owner = NULL")
    await accepted.expect(2, "held by nobody")


async def test_an_owner_of_what_waits(accepted: Case) -> None:
    accepted.spoil("UPDATE leads SET stage = 'pool'")
    await accepted.expect(2, "owned while nobody is to work on it")


async def test_an_accepted_lead_whose_clock_stands(accepted: Case) -> None:
    accepted.spoil("UPDATE leads SET next_due = NULL")
    await accepted.expect(2, "accepted without a running clock")


async def test_a_waiting_lead_that_waits_for_nothing(accepted: Case) -> None:
    accepted.spoil("UPDATE leads SET stage = 'waiting', next_due = NULL")
    await accepted.expect(2, "waits for nothing")


async def test_an_offer_to_one_and_another_owner(offered: Case) -> None:
    offered.spoil("UPDATE leads SET offer_person = 'e2'")
    await offered.expect(2, "offered without an offer")


async def test_an_offer_that_nobody_will_see_or_hear_of(offered: Case) -> None:
    offered.spoil("UPDATE leads SET next_due = NULL, alarmed = :yes", yes=True)
    assert said(await offered.floor.audit(), 2, "offered, not shown") == []  # its card is still to be sent
    offered.spoil("UPDATE outbox SET state = 'sent'")
    await offered.expect(2, "offered, not shown, and nothing will ring")


async def test_the_key_of_the_steps_is_missing(accepted: Case) -> None:
    accepted.spoil("DROP INDEX uq_events_step")
    await accepted.expect(3, "no unique key on the steps", None)


async def test_a_step_that_fired_twice(accepted: Case) -> None:
    accepted.spoil("DROP INDEX uq_events_step")
    for _ in range(2):
        accepted.event("escalated", clock="accept", step=2)
    await accepted.expect(3, "one step of a clock twice")


async def test_two_breaches_in_one_cycle(accepted: Case) -> None:
    due = f'{{"due": "{MONDAY_TEN.isoformat()}"}}'
    accepted.event("breached", clock="accept", data=due)
    accepted.event("breached", clock="accept", step=0, data=due)
    await accepted.expect(3, "breached twice in one cycle")


async def test_an_escalation_after_the_accept(accepted: Case) -> None:
    accepted.event("escalated", clock="accept", step=2)
    await accepted.expect(4, "escalated after it was accepted")


async def test_an_accept_in_time_that_withdrew_nothing(offered: Case) -> None:
    due = f'{{"due": "{(MONDAY_TEN + timedelta(minutes=5)).isoformat()}"}}'
    at = to_micros(MONDAY_TEN + timedelta(minutes=6))
    offered.event("breached", at=at, clock="accept", step=0, data=due)
    offered.event("accepted", at=to_micros(MONDAY_TEN + timedelta(minutes=4)), actor="e1")
    await offered.expect(4, "an accept in time has not withdrawn")


async def test_a_late_accept_withdraws_nothing_and_need_not(offered: Case) -> None:
    due = f'{{"due": "{(MONDAY_TEN + timedelta(minutes=5)).isoformat()}"}}'
    offered.event(
        "breached", at=to_micros(MONDAY_TEN + timedelta(minutes=6)), clock="accept", step=0, data=due
    )
    offered.event("accepted", at=to_micros(MONDAY_TEN + timedelta(minutes=5, seconds=30)), actor="e1")
    assert said(await offered.floor.audit(), 4, "") == []


async def test_steps_out_of_order(accepted: Case) -> None:
    accepted.event("escalated", clock="accept", step=3)
    accepted.event("escalated", clock="accept", step=2)
    await accepted.expect(5, "a later step before an earlier one")


async def test_a_lead_that_the_sweep_forgot(accepted: Case) -> None:
    await accepted.floor.do(_nothing)
    due = (await accepted.floor.lead(accepted.lead)).next_due(accepted.floor.company.calendar)
    assert due is not None
    accepted.floor.clock.go_to(due + timedelta(seconds=15))
    assert said(await accepted.floor.audit(), 5, "overdue") == []
    accepted.floor.clock.step(seconds=1)
    await accepted.expect(5, "overdue")
    assert said(await accepted.floor.audit(grace=timedelta(seconds=2)), 5, "overdue") == []


def _nothing(_uow: object) -> None:
    """A unit that wants nothing."""


async def test_a_notice_in_no_known_state(accepted: Case) -> None:
    accepted.spoil("UPDATE outbox SET state = 'lost'")
    await accepted.expect(6, "no such state of a notice")


async def test_a_notice_that_lies_for_days(offered: Case) -> None:
    offered.floor.clock.step(days=2)
    await offered.expect(6, "a notice neither sent nor given up")


async def test_a_dead_notice_of_which_nobody_heard(offered: Case) -> None:
    offered.spoil("UPDATE outbox SET state = 'dead'")
    await offered.expect(6, "given up and nobody was told (offer:")


@pytest.mark.parametrize("table", ["inbox", "outbox", "contacts"])
async def test_a_table_that_lost_its_key(accepted: Case, table: str) -> None:
    accepted.spoil(f"ALTER TABLE {table} RENAME TO old_{table}")
    accepted.spoil(f"CREATE TABLE {table} AS SELECT * FROM old_{table}")
    await accepted.expect(7, f"no unique key on {table}", None)


@pytest.mark.parametrize(
    "statement",
    [
        "DELETE FROM events WHERE no = 2",
        "DELETE FROM events WHERE no = 4",
        "UPDATE leads SET events = events + 1",
        "DELETE FROM events",
    ],
)
async def test_a_fact_that_is_missing(accepted: Case, statement: str) -> None:
    accepted.spoil(statement)
    await accepted.expect(9, "its facts are not numbered")


async def test_a_life_that_does_not_begin_with_a_capture(accepted: Case) -> None:
    accepted.spoil("UPDATE events SET kind = 'touched' WHERE no = 1")
    await accepted.expect(9, "its life does not begin")


async def test_a_stage_that_no_fact_leads_to(accepted: Case) -> None:
    accepted.spoil("UPDATE leads SET stage = 'contacted'")
    await accepted.expect(9, "its stage is not the one")


@pytest.mark.parametrize("column", ["active", "unaccepted"])
async def test_a_desk_that_counts_wrong(accepted: Case, column: str) -> None:
    accepted.spoil(f"UPDATE desks SET {column} = {column} + 1 WHERE person = 'e1'")
    await accepted.expect(10, "a desk's counters are not its leads (e1)", None)


async def test_leads_on_a_desk_that_is_gone(accepted: Case) -> None:
    accepted.spoil("DELETE FROM desks WHERE person = 'e1'")
    await accepted.expect(10, "leads weigh on somebody without a desk (e1)", None)


@pytest.mark.parametrize("column", ["active", "unaccepted", "given", "lapses"])
async def test_a_counter_below_zero(accepted: Case, column: str) -> None:
    accepted.spoil(f"UPDATE desks SET {column} = -1 WHERE person = 's1'")
    await accepted.expect(10, "a negative counter (s1)", None)


async def test_a_contact_that_still_names_a_closed_lead(accepted: Case) -> None:
    accepted.spoil("UPDATE leads SET stage = 'invalid'")
    await accepted.expect(10, "a contact of a lead that is closed")


async def test_due_before_it_was_captured(accepted: Case) -> None:
    accepted.spoil("UPDATE leads SET next_due = created_at - 1")
    await accepted.expect(10, "due before it was captured")


@pytest.mark.parametrize("change", ["offers = 0", "cycles = 0"])
async def test_more_offers_than_were_counted(offered: Case, change: str) -> None:
    offered.spoil(f"UPDATE leads SET {change}")
    await offered.expect(10, "an offer or a cycle beyond the count")


async def test_rows_of_a_lead_that_does_not_exist(accepted: Case) -> None:
    accepted.spoil("INSERT INTO notes VALUES ('k', 'L1', 'e1', 'note', 'x', 1, :no)", no=False)
    accepted.spoil("INSERT INTO shown VALUES ('m', 'L1', 'e1', 'offer', 'local', '', '', 'live', '{}')")
    accepted.spoil("INSERT INTO dialogs VALUES ('e1', 'edit', 'L1', '', 1)")
    accepted.spoil("UPDATE outbox SET lead_id = 'L1'")
    event(accepted.spoil, "L1", 1, "captured")
    found = await accepted.floor.audit()
    for table in ("notes", "shown", "dialogs", "outbox", "events"):
        assert "L1" in said(found, 10, f"{table}: of a lead that does not exist")


async def test_a_due_time_that_nobody_computed(accepted: Case) -> None:
    accepted.spoil("UPDATE leads SET next_due = next_due + 1")
    await accepted.expect(10, "the next due time is not the computed one")


async def test_a_lead_that_cannot_be_read(offered: Case) -> None:
    offered.spoil("UPDATE leads SET offer = NULL")
    await offered.expect(10, "cannot be read (OfferGone)")


async def test_a_long_list_is_cut_short(accepted: Case) -> None:
    for number in range(2000, 2050):
        event(accepted.spoil, f"L{number}", 1, "captured")
    assert len(said(await accepted.floor.audit(), 10, "events: of a lead that does not exist")) == 20


async def test_a_lead_captured_by_a_clock_that_was_set_back_since_is_no_violation(accepted: Case) -> None:
    accepted.spoil(
        "UPDATE leads SET created_at = created_at + 3600000000, next_due = created_at + 1800000000"
    )
    assert [each.what for each in await accepted.floor.audit() if "due before" in each.what] == []
