"""What pages and the API look up, the same on SQLite and on PostgreSQL."""

from collections.abc import Awaitable, Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine

from domain.errors import BadField, Unavailable
from domain.events import Kind
from domain.lead import Customer, Lead, Origin
from domain.ports import Dialog, Uow
from domain.stages import Stage
from domain.usecases.leads import accept_lead, add_note, capture_lead, contact_lead, undo_last, withdraw_lead
from storage.book import changed_since
from storage.meters import read_counts
from storage.reads import Reads, make_cursor, read_cursor
from storage.schema import HEAD
from storage.sessions import find_session
from storage.store import Store
from storage.tokens import verify
from storage.uow import UnitOfWork
from tests.fakes.clock import MONDAY_TEN, SteppedClock


@pytest.fixture
def reads(store: Store) -> Reads:
    return Reads(store.reader)


async def hand_in(store: Store, clock: SteppedClock, **origin: Any) -> Lead:
    taken = await store.write(
        capture_lead,
        customer=Customer(name="张伟", need="五十人用"),
        origin=Origin(**{"channel": "web", "source": "website"} | origin),
        now=clock.now(),
    )
    lead: Lead = taken.lead
    return lead


def _sql(uow: UnitOfWork, *, statement: str, values: tuple[Any, ...]) -> None:
    uow.later(statement, *values)


async def change(store: Store, statement: str, *values: Any) -> None:
    await store.write(_sql, statement=statement, values=values)


async def test_a_lead_is_read_as_it_was_written(store: Store, reads: Reads, clock: SteppedClock) -> None:
    lead = await hand_in(store, clock)
    found = await reads.lead(lead.id)
    assert found == lead
    assert found.cycle == lead.cycle
    assert await reads.lead(lead.id) == lead  # the policy is known by now
    assert await reads.lead("L1") is None


async def test_the_history_is_told_oldest_first(store: Store, reads: Reads, clock: SteppedClock) -> None:
    lead = await hand_in(store, clock)
    assert lead.owner is not None
    await store.write(accept_lead, lead_id=lead.id, offer_no=1, by=lead.owner, at=clock.step(minutes=1))
    facts = await reads.events(lead.id)
    assert [fact.kind for fact in facts] == [Kind.CAPTURED, Kind.ASSIGNED, Kind.ACCEPTED]
    assert [fact.no for fact in facts] == [1, 2, 3]
    assert facts[1].data["to"] == lead.owner
    assert facts[2].at == clock.now()
    assert await reads.events("L1") == []


async def test_a_note_that_was_taken_back_is_not_read(
    store: Store, reads: Reads, clock: SteppedClock
) -> None:
    lead = await hand_in(store, clock)
    for key, text in (("n1", "先说一句"), ("n2", "说错了")):
        at = clock.step(seconds=10)
        await store.write(add_note, lead_id=lead.id, by="e1", text=text, kind="note", key=key, at=at)
    await store.write(undo_last, by="e1", at=clock.step(seconds=1))
    kept = await reads.notes(lead.id)
    assert [(note.key, note.author, note.kind, note.text) for note in kept] == [
        ("n1", "e1", "note", "先说一句")
    ]
    assert not kept[0].gone


async def test_pages_of_changes_meet_without_gap_or_overlap(
    store: Store, reads: Reads, clock: SteppedClock
) -> None:
    made = []
    for number in range(7):
        made.append(await hand_in(store, clock, external_id=str(number)))
        clock.step(seconds=number % 2)  # some share their instant
    wanted = [lead.id for lead in sorted(made, key=lambda lead: (lead.updated_at, lead.id))]
    seen: list[str] = []
    cursor: str | None = None
    while True:
        page, cursor = await reads.leads_since(None, cursor, 3)
        seen += [lead.id for lead in page]
        if cursor is None:
            break
        assert len(page) == 3
    assert seen == wanted


async def test_changes_since_an_instant_hold_that_instant(
    store: Store, reads: Reads, clock: SteppedClock
) -> None:
    await hand_in(store, clock)
    at = clock.step(minutes=1)
    second = await hand_in(store, clock)
    found, following = await reads.leads_since(at, None, 10)
    assert [lead.id for lead in found] == [second.id]
    assert following is None
    assert await reads.leads_since(at + timedelta(microseconds=1), None, 10) == ([], None)


async def test_a_cursor_leads_back_to_its_lead_and_a_made_up_one_nowhere(
    store: Store, reads: Reads, clock: SteppedClock
) -> None:
    lead = await hand_in(store, clock)
    micros, lead_id = read_cursor(make_cursor(lead))
    assert lead_id == lead.id
    assert await reads.leads_since(None, make_cursor(lead), 5) == ([], None)
    assert micros == int(lead.updated_at.timestamp() * 1_000_000)
    for wrong in ("", "!", "abc", "AAAA", "OjE", "é", "MTIzOg", "eHg6TDE", "OTk5OTk5OTk5OTk5OTk5OTk5OTk6TDE"):
        with pytest.raises(BadField):
            await reads.leads_since(None, wrong, 5)


async def test_a_person_s_leads_go_by_stage_and_then_by_age(
    store: Store, reads: Reads, clock: SteppedClock
) -> None:
    leads = []
    for _ in range(12):
        leads.append(await hand_in(store, clock))
        clock.step(seconds=1)
    mine = [lead for lead in leads if lead.owner == "e1"]
    assert len(mine) == 2
    accepted, offered = mine
    await store.write(
        accept_lead, lead_id=accepted.id, offer_no=accepted.offers, by="e1", at=clock.step(seconds=1)
    )
    assert [lead.id for lead in await reads.leads_of("e1")] == [offered.id, accepted.id]
    assert await reads.leads_of("nobody") == []


async def test_everybody_with_a_lead_before_them_is_an_owner(
    store: Store, reads: Reads, clock: SteppedClock
) -> None:
    assert await reads.owners() == []
    owners = {(await hand_in(store, clock)).owner for _ in range(7)}
    assert set(await reads.owners()) == owners
    assert len(await reads.owners()) == len(owners)


async def test_what_i_handed_in_is_listed_newest_first(
    store: Store, reads: Reads, clock: SteppedClock
) -> None:
    made = []
    for _ in range(3):
        made.append((await hand_in(store, clock, by="emp")).id)
        clock.step(seconds=1)
    await hand_in(store, clock, by="mkt")
    assert [lead.id for lead in await reads.submitted_by("emp", 2)] == [made[2], made[1]]


async def test_the_pool_of_a_team_holds_its_own_and_nobody_s(
    store: Store, reads: Reads, clock: SteppedClock
) -> None:
    east, south, free = [(await hand_in(store, clock)).id for _ in range(3)]
    for lead_id, team in ((east, "east"), (south, "south"), (free, None)):
        await change(
            store, "UPDATE leads SET stage = 'pool', owner = NULL, team = ? WHERE id = ?", team, lead_id
        )
    assert {lead.id for lead in await reads.pool("east", 10)} == {east, free}
    assert {lead.id for lead in await reads.pool(None, 10)} == {east, south, free}
    assert len(await reads.pool(None, 2)) == 2


async def test_a_team_s_open_leads_begin_with_what_is_worst(
    store: Store, reads: Reads, clock: SteppedClock
) -> None:
    """What nobody has, the oldest first; broken promises, the longest first; then what is due next."""
    leads = [await hand_in(store, clock) for _ in range(9)]
    put = (
        "UPDATE leads SET team = 'east', stage = ?, owner = ?, next_due = ?, breached_at = ?, contact_breached_at = ?,"
        " created_at = ? WHERE id = ?"
    )
    rows = (
        ("nurturing", None, None, None, None, 1),
        ("offered", "e1", 200, None, None, 2),
        ("pool", None, None, 5, None, 3),
        ("accepted", "e1", 100, 5, None, 4),  # the contact clock runs; that the offer was late is over
        ("accepted", "e1", 90, None, 60, 5),
        ("offered", "e1", 80, 50, None, 6),
        ("offered", None, 70, 40, None, 7),
        ("waiting", None, 60, None, None, 8),
        ("returned", None, 50, None, None, 9),
    )
    for lead, row in zip(leads, rows, strict=True):
        await change(store, put, *row, lead.id)
    gone = await hand_in(store, clock, by="emp")
    await store.write(withdraw_lead, lead_id=gone.id, by="emp", at=clock.now())
    await change(store, "UPDATE leads SET team = 'east' WHERE id = ?", gone.id)
    worst = [leads[n].id for n in (6, 7, 8, 5, 4, 3, 1, 0, 2)]
    found, count = await reads.team_open(["east"], 10)
    assert ([lead.id for lead in found], count) == (worst, 9)
    found, count = await reads.team_open(["east"], 2, skip=3)
    assert ([lead.id for lead in found], count) == (worst[3:5], 9)
    assert await reads.team_open([], 10) == ([], 0)
    await change(store, "UPDATE leads SET team = NULL WHERE id = ?", leads[6].id)
    assert [lead.id for lead in (await reads.team_open([None], 10))[0]] == [leads[6].id]
    assert [lead.id for lead in (await reads.team_open(["east", None], 10))[0]] == worst


async def test_desks_tell_who_has_what_before_them(store: Store, reads: Reads, clock: SteppedClock) -> None:
    lead = await hand_in(store, clock)
    assert lead.owner is not None
    found = await reads.desks([lead.owner, "newcomer"])
    assert found[lead.owner].unaccepted == 1
    assert found["newcomer"].on_duty
    assert found["newcomer"].unaccepted == 0


def _ask(uow: Uow, *, dialog: Dialog) -> None:
    uow.set_dialog(dialog)


async def test_the_open_question_is_found_by_its_person(
    store: Store, reads: Reads, clock: SteppedClock
) -> None:
    asked = Dialog(person="e1", kind="visit", lead_id="L1001", about="", at=clock.now())
    await store.write(_ask, dialog=asked)
    assert await reads.dialog("e1") == asked
    assert await reads.dialog("e2") is None


async def test_a_mark_is_found_by_its_name(store: Store, reads: Reads) -> None:
    await change(store, "INSERT INTO marks (name, value) VALUES (?, ?)", "clock", "12")
    assert await reads.marks("clock") == "12"
    assert await reads.marks("other") is None


async def test_the_counts_know_what_is_late_and_what_is_only_put_off(
    store: Store, reads: Reads, clock: SteppedClock
) -> None:
    quiet = await reads.counts(clock.now() - timedelta(days=1))
    assert (quiet.leads, quiet.outbox_due, quiet.outbox_late, quiet.overdue_seconds) == ({}, 0, 0.0, 0.0)
    lead = await hand_in(store, clock)
    assert lead.owner is not None
    await store.write(accept_lead, lead_id=lead.id, offer_no=1, by=lead.owner, at=clock.now())
    await store.write(contact_lead, lead_id=lead.id, by=lead.owner, at=clock.now())
    await hand_in(store, clock)
    await change(store, "UPDATE outbox SET state = 'dead' WHERE lead_id = ?", lead.id)
    later = clock.step(minutes=2)
    found = await reads.counts(later)
    assert found.leads == {Stage.CONTACTED: 1, Stage.OFFERED: 1}
    assert found.outbox_dead >= 1
    assert found.outbox_due == 1
    assert found.outbox_late == 120.0
    assert await reads.outbox_late(later) == 120.0
    assert found.overdue == 1  # the card was not shown within a minute
    assert found.overdue_seconds == 60.0
    await change(store, "UPDATE outbox SET not_before = not_before + 600000000 WHERE state = 'due'")
    assert await reads.outbox_late(later) == 0.0


async def test_readiness_asks_for_an_answer_and_for_the_schema(reads: Reads) -> None:
    await reads.ping()
    assert await reads.schema() == (HEAD, HEAD)


@pytest.mark.parametrize(
    "read",
    [
        lambda engine: Reads(engine).lead("13812345678"),
        lambda engine: changed_since(engine, (0, "")),
        lambda engine: read_counts(engine, "13812345678"),
        lambda engine: find_session(engine, "13812345678", MONDAY_TEN),
        lambda engine: verify(engine, "13812345678"),
    ],
    ids=["a lead", "the names", "the meters", "a session", "a token"],
)
async def test_a_database_that_fails_is_unavailable_and_says_nothing_more(
    read: Callable[[AsyncEngine], Awaitable[object]], tmp_path: Path
) -> None:
    engine = create_async_engine(f"sqlite+aiosqlite:///{tmp_path}/empty.db")
    with pytest.raises(Unavailable) as caught:
        await read(engine)
    assert str(caught.value) == "OperationalError"
    assert caught.value.__suppress_context__
    await engine.dispose()


async def test_a_team_may_grab_what_is_offered_to_all_of_it(
    store: Store, reads: Reads, clock: SteppedClock
) -> None:
    one, two = [await hand_in(store, clock), await hand_in(store, clock)]
    to_all = (
        "UPDATE leads SET offer_person = NULL, offer_team = 'east', offered_at = offered_at + ? WHERE id = ?"
    )
    await change(store, to_all, 1, one.id)
    await change(store, to_all, 0, two.id)
    assert [lead.id for lead in await reads.grabs("east")] == [two.id, one.id]
    assert await reads.grabs("south") == []
    assert await reads.grabs("") == []
    await change(store, "UPDATE leads SET stage = 'invalid', next_due = NULL WHERE id = ?", two.id)
    assert [lead.id for lead in await reads.grabs("east")] == [one.id]
