"""The chains of facts as they are kept: check them, fix their heads in anchors, read one for a proof."""

import json
from collections.abc import Generator, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import groupby
from operator import itemgetter
from typing import Any

from sqlalchemy import Connection, text

from domain.chain import GENESIS, link, root
from domain.clock import from_micros, to_micros
from storage import sql, tables
from storage.rows import EVENT_COLUMNS, dump
from storage.uow import UnitOfWork

AT_ONCE = 2_000
SEEN_AGAIN = timedelta(minutes=1)  # a fact's time is when it was received: a batch may commit it later
NO, KIND, HASH = (EVENT_COLUMNS.index(name) for name in ("no", "kind", "hash"))

Heads = dict[tuple[str, int], str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Break:
    """The first place at which a lead's chain does not hold; `lead` None = an anchor."""

    lead: str | None
    what: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Anchor:
    """The heads of the chains that had grown by `at`, under one root."""

    no: int
    at: datetime
    root: str


def breaks(conn: Connection, *, newest: int | None = None) -> Generator[Break, None, None]:
    """Every broken chain by its first broken link, then every broken anchor.

    `newest` looks only at so many leads changed last, and at no anchor.
    """
    anchors = [] if newest is not None else _anchors(conn)
    wanted = {(lead, no): "" for anchor in anchors for lead, no, _ in json.loads(anchor[3])}
    heads = _heads(conn, newest)
    for lead, facts in groupby(_facts(conn, newest), key=itemgetter(0)):
        broken = _first_break([tuple(fact) for fact in facts], heads.pop(lead, None), wanted)
        if broken:
            yield Break(lead=lead, what=broken)
    for lead in heads:
        yield Break(lead=lead, what="the chain is broken: not one of its facts is left")
    yield from _broken_anchors(anchors, wanted)


def _heads(conn: Connection, newest: int | None) -> dict[str, tuple[int, str]]:
    limit = "" if newest is None else f" ORDER BY updated_at DESC LIMIT {newest}"
    rows = conn.execute(text(f"SELECT id, events, head FROM leads{limit}"))  # noqa: S608 - a number
    return {lead: (events, head) for lead, events, head in rows}


def _facts(conn: Connection, newest: int | None) -> Iterator[Any]:
    columns, of = ", ".join(EVENT_COLUMNS), ""
    if newest is not None:
        of = f"WHERE lead_id IN (SELECT id FROM leads ORDER BY updated_at DESC LIMIT {newest})"  # noqa: S608
    statement = text(f"SELECT {columns} FROM events {of} ORDER BY lead_id, no")  # noqa: S608
    with conn.execution_options(yield_per=AT_ONCE).execute(statement) as facts:
        yield from facts


def _first_break(facts: list[Any], kept: tuple[int, str] | None, wanted: Heads) -> str:
    """What is wrong first, or nothing. Puts the links that anchors ask for into `wanted`."""
    head = GENESIS
    for number, fact in enumerate(facts, start=1):
        named = f"fact {fact[NO]} ({fact[KIND]})"
        if fact[NO] != number:
            return f"the chain is broken: fact {number} is missing before {named}"
        head = link(head, fact[:HASH])
        if head != fact[HASH]:
            return f"the chain is broken at {named}: it is not what was written"
        if (fact[0], number) in wanted:
            wanted[fact[0], number] = head
    if kept is None:
        return "the chain is of a lead that is gone"
    if kept != (len(facts), head):
        return f"the chain ends at fact {len(facts)}, and not at the head that the lead keeps ({kept[0]})"
    return ""


def _anchors(conn: Connection) -> Sequence[Any]:
    return conn.execute(text("SELECT no, at, root, heads FROM anchors ORDER BY no")).fetchall()


def _broken_anchors(anchors: Sequence[Any], found: Heads) -> Iterator[Break]:
    before, said = GENESIS, set[str]()
    for number, (no, at, kept, listed) in enumerate(anchors, start=1):
        heads = json.loads(listed)
        named = f"anchor {no} of {from_micros(at):%Y-%m-%d %H:%M} UTC"
        if no != number or root(before, no, at, heads) != kept:
            yield Break(lead=None, what=f"{named} is not what was written")
            return  # those behind it hang on it
        before = kept
        for lead, fact, head in heads:
            if found[lead, fact] != head and lead not in said:
                said.add(lead)
                yield Break(lead=lead, what=f"fact {fact} is not the one that {named} fixed")


def newest_anchor(conn: Connection) -> Anchor | None:
    """The last anchor, whose root stands for all facts before it."""
    rows = sql.query(conn, "SELECT no, at, root FROM anchors ORDER BY no DESC LIMIT 1")
    return Anchor(no=rows[0][0], at=from_micros(rows[0][1]), root=rows[0][2]) if rows else None


def last_anchor(uow: UnitOfWork) -> Anchor | None:
    """`newest_anchor` as a unit."""
    return newest_anchor(uow.connection)


def lay_anchor(uow: UnitOfWork, *, now: datetime) -> Anchor | None:
    """Fix the heads of all chains that have grown since the last anchor; None when none has."""
    rows = uow.query("SELECT no, upto, root FROM anchors ORDER BY no DESC LIMIT 1")
    last, upto, before = rows[0] if rows else (0, 0, GENESIS)
    since = upto - SEEN_AGAIN // timedelta(microseconds=1)
    grown = uow.query(
        "SELECT id, events, head, updated_at FROM leads WHERE updated_at >= ? AND head <> '' ORDER BY id",
        (since,),
    )
    if not any(row[3] > upto for row in grown):
        return None
    heads = [[lead, events, head] for lead, events, head, _ in grown]
    at, no = to_micros(now), last + 1
    anchor = Anchor(no=no, at=now, root=root(before, no, at, heads))
    row = (no, at, max(row[3] for row in grown), dump(heads), anchor.root)
    sql.insert(uow.connection, tables.anchors, [row])
    return anchor


@dataclass(frozen=True, slots=True, kw_only=True)
class Record:
    """All that the proof of one lead is made of."""

    head: str
    tier: str
    facts: list[list[Any]]
    policies: dict[str, str]
    calendars: dict[str, str]
    anchor: Anchor | None


def read_record(conn: Connection, lead: str) -> Record | None:
    """The facts of a lead with everything that they name, or None when there is no such lead."""
    found = sql.query(conn, "SELECT head, tier FROM leads WHERE id = ?", (lead,))
    if not found:
        return None
    columns = ", ".join(EVENT_COLUMNS)
    facts = [
        list(row)
        for row in sql.query(conn, f"SELECT {columns} FROM events WHERE lead_id = ? ORDER BY no", (lead,))  # noqa: S608
    ]
    fact_columns = {name: EVENT_COLUMNS.index(name) for name in ("policy", "calendar")}
    named = {name: {fact[at] for fact in facts} - {None} for name, at in fact_columns.items()}
    return Record(
        head=found[0][0],
        tier=found[0][1],
        facts=facts,
        policies=dict(map(tuple, sql.select_in(conn, tables.policies, "id", sorted(named["policy"])))),
        calendars=dict(map(tuple, sql.select_in(conn, tables.calendars, "id", sorted(named["calendar"])))),
        anchor=newest_anchor(conn),
    )
