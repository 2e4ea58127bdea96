"""The chain of facts: whole after any work, and broken by whoever touches it, at the link that was touched."""

import asyncio
from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import create_engine, text

from domain.chain import link
from domain.events import Kind
from domain.ports import Uow
from storage import chain
from storage.chain import Anchor, Break, breaks
from storage.engine import read_url, snapshot_engine
from storage.rows import EVENT_COLUMNS
from tests.fakes.floor import Floor

Spoil = Callable[..., None]
OFF = {
    "sqlite": tuple(f"DROP TRIGGER {t}_no_{v}" for t in ("events", "anchors") for v in ("update", "delete")),
    "postgresql": ("ALTER TABLE events DISABLE TRIGGER ALL", "ALTER TABLE anchors DISABLE TRIGGER ALL"),
}
FACTS = f"SELECT {', '.join(EVENT_COLUMNS)} FROM events WHERE lead_id = ? ORDER BY no"  # noqa: S608


@pytest.fixture
def spoil(database_url: str) -> Iterator[Spoil]:
    """Runs statements on the database with the triggers off."""
    engine = create_engine(read_url(database_url))
    off: list[bool] = []

    def run(statement: str, **values: object) -> None:
        with engine.begin() as conn:
            for each in () if off else OFF[conn.dialect.name]:
                conn.execute(text(each))
            off.append(True)
            conn.execute(text(statement), values)

    yield run
    engine.dispose()


@pytest.fixture
async def bare(store: Any, clock: Any) -> Floor:
    """A floor that may be left spoilt."""
    return Floor(store, clock)


def look(url: str, *, newest: int | None = None) -> list[Break]:
    engine = snapshot_engine(read_url(url))
    try:
        with engine.connect() as conn, conn.begin():
            return list(breaks(conn, newest=newest))
    finally:
        engine.dispose()


async def lived(floor: Floor) -> str:
    """A lead with a life: shown, missed, passed on, accepted, contacted."""
    lead = await floor.capture(team="east")
    await floor.show()
    for minutes in (3, 2, 5):
        await floor.wait(minutes=minutes, seconds=1)
    owner = (await floor.lead(lead.id)).owner
    assert owner
    await floor.accept(lead.id, owner)
    await floor.contact(lead.id, owner)
    return lead.id


async def test_each_link_is_the_hash_of_the_one_before_and_of_the_fact(floor: Floor) -> None:
    lead = await lived(floor)
    head = ""
    for row in await floor.rows(FACTS, lead):
        head = link(head, row[:-1])
        assert row[-1] == head
    assert await floor.rows("SELECT head FROM leads WHERE id = ?", lead) == [(head,)]


async def test_units_of_one_batch_lengthen_the_same_chain(floor: Floor, database_url: str) -> None:
    lead = await floor.capture()

    def touches(uow: Uow, *, wanted: str, twice: bool) -> None:
        for _ in range(1 + twice):
            found = uow.lead(wanted)
            found.record(Kind.TOUCHED, at=floor.now, actor="e1")
            uow.save(found)
            uow.due_leads(floor.now, 1)  # writes what earlier units have saved

    await asyncio.gather(*(floor.do(touches, wanted=lead.id, twice=bool(number % 2)) for number in range(20)))
    assert len(await floor.kinds(lead.id)) == 2 + 30
    assert look(database_url) == []


async def test_facts_name_the_policy_and_the_calendar_they_were_booked_under(floor: Floor) -> None:
    lead = await lived(floor)
    named = await floor.rows(
        "SELECT DISTINCT policy, calendar FROM events WHERE lead_id = ? AND no > 1", lead
    )
    assert len(named) == 1
    ((policy, calendar),) = named
    assert await floor.rows("SELECT count(*) FROM policies WHERE id = ?", policy) == [(1,)]
    assert await floor.rows("SELECT id, body FROM calendars") == [(calendar, floor.company.calendar.pack())]


@pytest.mark.parametrize(
    ("statement", "said"),
    [
        ("UPDATE events SET at = at - 60000000 WHERE kind = 'delivered'", "broken at fact 3 (delivered)"),
        ("UPDATE events SET data = '{}' WHERE kind = 'breached'", "broken at fact 5 (breached)"),
        ("UPDATE events SET actor = 'e3' WHERE kind = 'accepted'", "(accepted): it is not what was written"),
        ("UPDATE events SET calendar = 'x' WHERE no = 2", "broken at fact 2 (assigned)"),
        ("DELETE FROM events WHERE kind = 'breached'", "fact 5 is missing before fact 6 (escalated)"),
        ("DELETE FROM events WHERE kind = 'contacted'", "and not at the head that the lead keeps"),
        ("DELETE FROM events", "not one of its facts is left"),
        ("UPDATE leads SET head = ''", "and not at the head that the lead keeps"),
    ],
)
async def test_whoever_touches_a_fact_breaks_the_chain_there(
    bare: Floor, spoil: Spoil, database_url: str, statement: str, said: str
) -> None:
    lead = await lived(bare)
    assert look(database_url) == []
    spoil(statement)
    for newest in (None, 5):
        found = look(database_url, newest=newest)
        assert [each.lead for each in found] == [lead]
        assert said in found[0].what
    assert any(said in each.what and each.invariant == 9 for each in await bare.audit())


async def test_a_fact_slipped_in_with_a_link_of_its_own_is_found(
    bare: Floor, spoil: Spoil, database_url: str
) -> None:
    lead = await lived(bare)
    last = (await bare.rows(FACTS, lead))[-1]
    forged = (*last[:1], last[1] + 1, "note_added", *last[3:-1])
    names, marks = ", ".join(EVENT_COLUMNS), ", ".join(f":{name}" for name in EVENT_COLUMNS)
    row = dict(zip(EVENT_COLUMNS, (*forged, link(last[-1], forged)), strict=True))
    spoil(f"INSERT INTO events ({names}) VALUES ({marks})", **row)  # noqa: S608
    assert "and not at the head" in look(database_url)[0].what


async def test_a_chain_written_anew_is_given_away_by_its_anchor(
    bare: Floor, spoil: Spoil, database_url: str
) -> None:
    lead = await lived(bare)
    laid: Anchor = await bare.do(chain.lay_anchor, now=bare.now)
    assert laid.no == 1
    assert await bare.do(chain.lay_anchor, now=bare.now) is None  # nothing has grown
    bare.clock.step(minutes=5)
    other = await bare.capture()
    second: Anchor = await bare.do(chain.lay_anchor, now=bare.now)
    assert (second.no, second.root == laid.root) == (2, False)
    assert look(database_url) == []
    head = ""
    for row in await bare.rows(FACTS, lead):
        changed = (*row[:3], row[3] - 1 if row[2] == "accepted" else row[3], *row[4:-1])
        head = link(head, changed)
        spoil("UPDATE events SET at = :at, hash = :hash WHERE lead_id = :lead AND no = :no",
              at=changed[3], hash=head, lead=lead, no=row[1])  # fmt: skip
    spoil("UPDATE leads SET head = :head WHERE id = :lead", head=head, lead=lead)
    found = look(database_url)
    assert [each.lead for each in found] == [lead]
    assert "is not the one that anchor 1 of 2026-11-02" in found[0].what
    spoil("UPDATE anchors SET heads = replace(heads, :was, :now) WHERE no = 2", was=other.id, now="L9")
    assert [each.lead for each in look(database_url)] == [lead, None]


async def test_a_trigger_that_is_off_is_reported(bare: Floor, spoil: Spoil) -> None:
    await bare.capture()
    spoil("SELECT 1")
    found = {each.what for each in await bare.audit() if each.invariant == 9}
    assert any(what.startswith("nothing keeps events append-only") for what in found)
    assert any(what.startswith("nothing keeps anchors append-only") for what in found)


@pytest.mark.parametrize("table", ["events", "anchors"])
@pytest.mark.parametrize("change", ["UPDATE {} SET at = 1", "DELETE FROM {}", "TRUNCATE {}"])
async def test_neither_facts_nor_anchors_can_be_changed(
    floor: Floor, database_url: str, engine_name: str, table: str, change: str
) -> None:
    await floor.capture()
    await floor.do(chain.lay_anchor, now=floor.now + timedelta(minutes=2))
    if engine_name == "sqlite" and change.startswith("TRUNCATE"):
        return  # SQLite has no such statement
    engine = create_engine(read_url(database_url))
    try:
        with pytest.raises(Exception, match="append-only"), engine.begin() as conn:
            conn.execute(text(change.format(table)))
    finally:
        engine.dispose()
