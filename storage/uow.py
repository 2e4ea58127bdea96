"""One transaction for many units: a batch reads and writes once, its units see each other's effects.

A unit works on copies made from rows; what it saves is handed to the batch only when the unit has ended well,
so a unit that fails leaves nothing behind and its neighbours commit.
"""

import json
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection

from domain.assign import Desk
from domain.chain import GENESIS, link
from domain.clock import from_micros, to_micros
from domain.errors import UnknownLead
from domain.events import UNSEEN, Kind
from domain.facts import Plan
from domain.lead import Customer, Lead
from domain.media import Attachment
from domain.notices import Notice, Tell
from domain.people import Company
from domain.ports import Booked, Delivery, Dialog, Note, Shown, Undo
from domain.sla import Policy, unpack_policy
from storage import outbox, shred, sql, tables
from storage.planning import Planning, plan_of
from storage.rows import (
    CUSTOMER,
    DESK_COLUMNS,
    EVENT_COLUMNS,
    HEAD,
    LEAD_COLUMNS,
    NEXT_DUE,
    OWNER,
    STAGE,
    Row,
    desk_of,
    desk_row,
    dump,
    event_row,
    lead_of,
    lead_row,
    media_row,
)

_HELD = {"accepted", "contacted", "qualified", "opportunity"}


def _load(row: Row | None) -> tuple[str, str] | None:
    """(person, kind) that a row weighs on; the twin of Lead.load."""
    if row is None or row[OWNER] is None:
        return None
    if row[STAGE] == "offered":
        return row[OWNER], "unaccepted"
    return (row[OWNER], "active") if row[STAGE] in _HELD else None


class Pending:
    """What was saved and not yet written."""

    def __init__(self) -> None:
        self.leads: dict[str, Row] = {}
        self.desks: dict[str, Row] = {}
        self.events: list[Row] = []
        self.policies: dict[str, Policy] = {}
        self.calendars: dict[str, str] = {}
        self.contacts: dict[str, str] = {}
        self.freed: set[str] = set()
        self.notes: dict[str, Row] = {}
        self.media: dict[str, Row] = {}
        self.codes: dict[str, Row] = {}
        self.dropped_notes: set[str] = set()
        self.notices: dict[str, Row] = {}
        self.refresh: dict[str, int] = {}
        self.inbox: list[Row] = []
        self.dialogs: dict[str, Row | None] = {}
        self.undos: dict[str, Row] = {}
        self.forgotten: set[str] = set()
        self.shown: dict[tuple[str, str], Row] = {}
        self.statements: list[tuple[str, tuple[Any, ...]]] = []

    def absorb(self, other: "Pending") -> None:
        """Take over what another has pending."""
        for freed in other.freed:
            self.contacts = {key: lead for key, lead in self.contacts.items() if lead != freed}
        for name in _UPDATED:
            if more := getattr(other, name):
                getattr(self, name).update(more)
        for key, row in other.notices.items():
            self.notices.setdefault(key, row)
        self.events += other.events
        self.inbox += other.inbox
        self.statements += other.statements


_UPDATED = (
    "leads", "desks", "policies", "calendars", "contacts", "freed", "notes", "media", "codes",
    "dropped_notes", "refresh", "dialogs", "undos", "forgotten", "shown",
)  # fmt: skip


class Batch:
    """The rows that a transaction has read, and what its units have saved."""

    def __init__(
        self,
        conn: Connection,
        *,
        company: Company,
        policies: dict[str, Policy],
        calendars: set[str],
        numbers: Callable[[Connection], str],
        pace: outbox.Pace,
    ) -> None:
        self.conn = conn
        self.company = company
        self.policies = dict(policies)
        self.kept_policies = policies  # committed ones alone: a batch may yet be rolled back
        self.new_policies: dict[str, Policy] = {}
        self.kept_calendars = calendars
        self.new_calendars: set[str] = set()
        self.numbers = numbers
        self.pace = pace
        self.rows: dict[str, Row | None] = {}
        self.stored: dict[str, Row] = {}
        self.heads: dict[str, str] = {}
        self.desk_rows: dict[str, Row] = {}
        self.pending = Pending()
        self.dirty = False
        self.told = False
        self.facts: Counter[tuple[str, str]] = Counter()
        self.due: int | None = None

    def read_leads(self, lead_ids: Iterable[str]) -> None:
        missing = [lead_id for lead_id in lead_ids if lead_id not in self.rows]
        for lead_id in missing:
            self.rows[lead_id] = None
        for row in sql.select_in(
            self.conn, tables.leads, "id", dict.fromkeys(missing), names=LEAD_COLUMNS, lock=True
        ):
            self.take(row)

    def take(self, row: Sequence[Any]) -> None:
        """Keep a row that was read, unless the batch holds a newer one."""
        if self.rows.get(row[0]) is None:
            self.rows[row[0]] = self.stored[row[0]] = tuple(row)
            self.heads[row[0]] = row[HEAD]

    def read_desks(self, people: Iterable[str]) -> None:
        missing = [person for person in people if person not in self.desk_rows]
        for row in sql.select_in(
            self.conn, tables.desks, "person", dict.fromkeys(missing), names=DESK_COLUMNS, lock=True
        ):
            self.desk_rows[row[0]] = tuple(row)
        for person in missing:
            self.desk_rows.setdefault(person, desk_row(Desk(person=person)))

    def policy(self, name: str | None) -> None:
        if name is not None and name not in self.policies:
            found = sql.query(self.conn, "SELECT body FROM policies WHERE id = ?", (name,))
            self.policies[name] = self.new_policies[name] = unpack_policy(found[0][0])

    def absorb(self, pending: Pending) -> None:
        """A unit ended well: its saves are the batch's."""
        self.rows.update(pending.leads)
        self.desk_rows.update(pending.desks)
        self.pending.absorb(pending)
        self.dirty = True
        for row in pending.events:
            self.facts[row[_KIND], row[_CLOCK]] += 1
        self.told = self.told or bool(pending.notices or pending.refresh)
        for row in pending.leads.values():
            if row[NEXT_DUE] is not None and (self.due is None or row[NEXT_DUE] < self.due):
                self.due = row[NEXT_DUE]

    def flush(self) -> None:
        """Write what is pending, one statement a table."""
        if not self.dirty:
            return
        pending, self.pending, self.dirty = self.pending, Pending(), False
        conn = self.conn
        if pending.policies:
            packed = [(name, policy.pack()) for name, policy in pending.policies.items()]
            sql.insert_new(conn, tables.policies, packed)
            self.new_policies.update(pending.policies)
        if pending.calendars:
            sql.insert_new(conn, tables.calendars, list(pending.calendars.items()))
            self.new_calendars.update(pending.calendars)
        facts = self._linked(pending)
        self._flush_leads(pending)
        self._flush_contacts(pending)
        sql.insert(conn, tables.events, facts)
        sql.insert_new(conn, tables.notes, list(pending.notes.values()))
        sql.insert_new(conn, tables.media, list(pending.media.values()))
        sql.insert_new(conn, tables.platform_codes, list(pending.codes.values()))
        for key in pending.dropped_notes:
            sql.execute(conn, "UPDATE notes SET gone = true WHERE key = ?", (key,))
        sql.upsert(conn, tables.desks, list(pending.desks.values()), ("person",))
        sql.insert_new(conn, tables.outbox, list(pending.notices.values()))
        outbox.refresh(conn, pending.refresh)
        sql.insert(conn, tables.inbox, pending.inbox)
        self._flush_talk(pending)
        sql.upsert(conn, tables.shown, list(pending.shown.values()), ("message", "lead_id"))
        for statement, values in pending.statements:
            sql.execute(conn, statement, values)

    def _linked(self, pending: Pending) -> list[Row]:
        """The facts with their links, each lead's chain a step longer; the leads get their new heads."""
        linked = []
        for fact in pending.events:
            head = self.heads[fact[0]] = link(self.heads.get(fact[0], GENESIS), fact)
            linked.append((*fact, head))
        for lead_id, row in pending.leads.items():
            pending.leads[lead_id] = (*row[:HEAD], self.heads.get(lead_id, GENESIS))
        return linked

    def _flush_leads(self, pending: Pending) -> None:
        new = [row for lead_id, row in pending.leads.items() if lead_id not in self.stored]
        changed = [row for lead_id, row in pending.leads.items() if lead_id in self.stored]
        sql.insert(self.conn, tables.leads, new)
        before = [self.stored[row[0]] for row in changed]
        sql.update_guarded(self.conn, tables.leads, changed, guard="version", before=before)
        self.stored.update(pending.leads)

    def _flush_contacts(self, pending: Pending) -> None:
        for lead_id in pending.freed:
            sql.execute(self.conn, "DELETE FROM contacts WHERE lead_id = ?", (lead_id,))
        rows = list(pending.contacts.items())
        if sql.insert_new(self.conn, tables.contacts, rows) != len(rows):
            owners = dict(sql.select_in(self.conn, tables.contacts, "key", pending.contacts))
            if owners != pending.contacts:
                raise sql.Conflict("contacts")

    def _flush_talk(self, pending: Pending) -> None:
        kept = [row for row in pending.dialogs.values() if row is not None]
        sql.upsert(self.conn, tables.dialogs, kept, ("person",))
        for person, row in pending.dialogs.items():
            if row is None:
                sql.execute(self.conn, "DELETE FROM dialogs WHERE person = ?", (person,))
        sql.insert(self.conn, tables.undos, list(pending.undos.values()))
        for key in pending.forgotten:
            sql.execute(self.conn, "DELETE FROM undos WHERE key = ?", (key,))


class UnitOfWork(Planning):
    """The Uow of one unit; see domain.ports for what each method promises."""

    def __init__(self, batch: Batch) -> None:
        super().__init__()
        self._batch = batch
        self._found: dict[str, Row] = {}
        self._read: dict[str, tuple[Customer, str]] = {}
        self._desks: dict[str, Desk] = {}
        self.pending = Pending()

    @property
    def company(self) -> Company:
        return self._batch.company

    @property
    def connection(self) -> Connection:
        """For what storage itself does in a unit."""
        return self._batch.conn

    def query(self, statement: str, values: tuple[Any, ...] = ()) -> Sequence[Any]:
        """Read with SQL what earlier units of the batch have saved too."""
        self._batch.flush()
        return sql.query(self._batch.conn, statement, values)

    def later(self, statement: str, *values: Any) -> None:
        """Run a statement with the batch's writes."""
        self.pending.statements.append((statement, values))

    # -- leads ------------------------------------------------------------------------------------------

    def new_lead_id(self) -> str:
        return self._batch.numbers(self._batch.conn)

    def preload(self, lead_ids: Iterable[str]) -> None:
        self._batch.read_leads(lead_ids)

    def _row(self, lead_id: str) -> Row | None:
        row = self.pending.leads.get(lead_id)
        if row is None:
            if lead_id not in self._batch.rows:
                self._batch.read_leads((lead_id,))
            row = self._batch.rows[lead_id]
        return row

    def lead(self, lead_id: str) -> Lead:
        row = self._row(lead_id)
        if row is None:
            raise UnknownLead(lead=lead_id)
        self._found.setdefault(lead_id, row)
        return self._lead(row)

    def _lead(self, row: Row) -> Lead:
        self._batch.policy(row[_POLICY])
        lead = lead_of(row, self._batch.policies)
        self._read[lead.id] = lead.customer, row[CUSTOMER]
        return lead

    def _packed(self, lead: Lead) -> str | None:
        """The customer's text, where the customer is still the one that was read."""
        customer, text = self._read.get(lead.id, (None, None))
        return text if customer is lead.customer else None

    def save(self, lead: Lead) -> None:
        was = self.pending.leads.get(lead.id) or self._found.get(lead.id)
        lead.version += 1
        calendar = self.company.calendar_of(lead.team)
        row = lead_row(lead, lead.next_due(calendar), self._packed(lead))
        self.pending.leads[lead.id] = row
        if lead.cycle is not None and row[_POLICY] not in self._batch.kept_policies:
            self.pending.policies[row[_POLICY]] = lead.cycle.policy
            self._batch.policies[row[_POLICY]] = lead.cycle.policy
        self._weigh(_load(was), _load(row))
        if calendar.id not in self._batch.kept_calendars:
            self.pending.calendars[calendar.id] = calendar.pack()
        self.pending.events.extend(
            event_row(lead.id, fact, policy=row[_POLICY], calendar=calendar.id) for fact in lead.facts
        )
        # Not `updated_at`, which never goes back: a clock that was wrong must hold up nothing later.
        now = max((fact.at for fact in lead.facts), default=lead.updated_at)
        if was is not None and any(fact.kind not in UNSEEN for fact in lead.facts):
            self.pending.refresh[lead.id] = to_micros(now)
        for notice in lead.notices:
            self._queue(notice, now)
        lead.facts, lead.notices = [], []

    def _weigh(self, was: tuple[str, str] | None, now: tuple[str, str] | None) -> None:
        if was == now:
            return
        for load, by in ((was, -1), (now, 1)):
            if load is not None:
                desk = self.desk(load[0])
                desk.shift(load[1], by)
                self.save_desk(desk)

    def _leads(self, rows: Iterable[Sequence[Any]], fits: Callable[[Row], bool]) -> Sequence[Lead]:
        found = []
        for read in rows:
            self._batch.take(read)
            row = self._row(read[0])
            if row is not None and fits(row):
                self._found.setdefault(row[0], row)
                found.append(self._lead(row))
        return found

    def _select(self, where: str, values: tuple[Any, ...]) -> Sequence[Any]:
        lock = " FOR UPDATE SKIP LOCKED" if sql.is_postgres(self._batch.conn) else ""
        columns = ", ".join(LEAD_COLUMNS)
        return self.query(f"SELECT {columns} FROM leads WHERE {where}{lock}", values)  # noqa: S608

    def due_leads(self, now: datetime, limit: int) -> Sequence[Lead]:
        instant = to_micros(now)
        rows = self._select("next_due <= ? ORDER BY next_due LIMIT ?", (instant, limit))
        return self._leads(rows, lambda row: row[NEXT_DUE] is not None and row[NEXT_DUE] <= instant)

    def waiting_leads(self, team: str | None, limit: int) -> Sequence[Lead]:
        if team is None:
            rows = self._select("stage = 'waiting' ORDER BY created_at LIMIT ?", (limit,))
        else:
            rows = self._select(
                "stage = 'waiting' AND (team = ? OR team IS NULL) ORDER BY created_at LIMIT ?", (team, limit)
            )
        return self._leads(rows, lambda row: row[STAGE] == "waiting")

    def ticking_leads(self, after: str, limit: int) -> Sequence[Lead]:
        rows = self._select("next_due IS NOT NULL AND id > ? ORDER BY id LIMIT ?", (after, limit))
        return self._leads(rows, lambda row: True)

    def leads_of(self, person: str) -> Sequence[Lead]:
        rows = self._select("owner = ?", (person,))
        return self._leads(rows, lambda row: row[OWNER] == person)

    def drafts_of(self, person: str) -> Sequence[Lead]:
        where = "captured_by = ? AND stage = 'draft' ORDER BY created_at DESC, id DESC"
        return self._leads(self._select(where, (person,)), lambda row: row[STAGE] == "draft")

    # -- desks ------------------------------------------------------------------------------------------

    def desk(self, person: str) -> Desk:
        found = self._desks.get(person)
        if found is None:
            if person not in self._batch.desk_rows:
                self._batch.read_desks((person,))
            found = self._desks[person] = desk_of(self._batch.desk_rows[person])
        return found

    def desks(self, people: Iterable[str]) -> Sequence[Desk]:
        wanted = list(people)
        self._batch.read_desks(sorted(wanted))
        return [self.desk(person) for person in wanted]

    def save_desk(self, desk: Desk) -> None:
        self.pending.desks[desk.person] = ()  # written from the object when the unit ends

    # -- contacts ---------------------------------------------------------------------------------------

    def known_contact(self, keys: Iterable[str]) -> str | None:
        wanted = list(keys)
        for source in (self.pending, self._batch.pending):
            found = next((source.contacts[key] for key in wanted if key in source.contacts), None)
            if found is not None:
                return found
        rows = sql.select_in(self._batch.conn, tables.contacts, "key", wanted)
        gone = self.pending.freed | self._batch.pending.freed
        return next((lead for _, lead in rows if lead not in gone), None)

    def claim_contact(self, keys: Iterable[str], lead_id: str) -> None:
        for key in keys:
            self.pending.contacts[key] = lead_id

    def free_contact(self, lead_id: str) -> None:
        self.pending.freed.add(lead_id)

    def known_external(self, source: str, external_id: str) -> str | None:
        rows = self.query("SELECT id FROM leads WHERE source = ? AND external_id = ?", (source, external_id))
        return rows[0][0] if rows else None

    # -- words ------------------------------------------------------------------------------------------

    def add_note(self, note: Note) -> None:
        self.pending.notes[note.key] = (
            note.key, note.lead_id, note.author, note.kind, note.text, to_micros(note.at), note.gone,
        )  # fmt: skip

    def note(self, key: str) -> Note | None:
        rows = self.query(
            "SELECT key, lead_id, author, kind, text, at, gone FROM notes WHERE key = ? AND NOT gone", (key,)
        )
        for found, lead_id, author, kind, text, at, gone in rows:
            return Note(
                key=found, lead_id=lead_id, author=author, kind=kind, text=text, at=from_micros(at), gone=gone
            )
        return None

    def extend_note(self, key: str, text: str) -> None:
        self.later("UPDATE notes SET text = text || ? WHERE key = ?", f"\n{text}", key)

    def add_market_note(self, *, key: str, author: str, text: str, at: datetime) -> None:
        self.later(
            "INSERT INTO market_notes (key, author, text, at) VALUES (?, ?, ?, ?)",
            key, author, text, to_micros(at),
        )  # fmt: skip

    def attach(self, note: str, media: Sequence[Attachment], at: datetime) -> None:
        for each in media:
            row = media_row(note, each, to_micros(at))
            self.pending.media[row[0]] = row

    def voice_over(self, media: str, state: str) -> bool:
        changed = "UPDATE media SET speech = ? WHERE id = ? AND speech = 'due'"
        return sql.execute(self._batch.conn, changed, (state, media)) == 1

    def drop_note(self, key: str) -> None:
        self.pending.dropped_notes.add(key)
        self.later("UPDATE proposals SET state = 'dropped' WHERE note = ? AND state = 'open'", key)

    def had_part(self, lead_id: str, person: str, *, grabs: bool) -> bool:
        rows = self.query(
            "SELECT kind, actor, data FROM events WHERE lead_id = ? AND kind NOT IN ('refused', 'looked_up')",
            (lead_id,),
        )
        acted = any(
            person == actor or (grabs and kind == Kind.GRAB_OPENED) or _unjson(data).get("to") == person
            for kind, actor, data in rows
        )
        return acted or any(copy.person == person for copy in self.shown(lead_id))

    def nudged_around(self, at: datetime, within: timedelta, lead_id: str, *, by: str, to: str) -> bool:
        rows = self.query(
            "SELECT data FROM events WHERE lead_id = ? AND kind = ? AND actor = ? AND at > ? AND at < ?",
            (lead_id, Kind.NUDGED, by, to_micros(at - within), to_micros(at + within)),
        )
        return any(_unjson(data).get("to") == to for (data,) in rows)

    def note_count(self, lead_id: str, authors: Sequence[str], *, kind: str = "") -> int:
        rows = self.query("SELECT author, kind FROM notes WHERE lead_id = ? AND NOT gone", (lead_id,))
        return sum(author in authors and kind in ("", each) for author, each in rows)

    def dialog(self, person: str) -> Dialog | None:
        rows = self.query("SELECT person, kind, lead_id, about, at FROM dialogs WHERE person = ?", (person,))
        if not rows:
            return None
        who, kind, lead_id, about, at = rows[0]
        return Dialog(person=who, kind=kind, lead_id=lead_id, about=about, at=from_micros(at))

    def set_dialog(self, dialog: Dialog) -> None:
        self.pending.dialogs[dialog.person] = (
            dialog.person, dialog.kind, dialog.lead_id, dialog.about, to_micros(dialog.at),
        )  # fmt: skip

    def end_dialog(self, person: str) -> None:
        self.pending.dialogs[person] = None

    # -- undo -------------------------------------------------------------------------------------------

    def remember(
        self, lead: Lead, *, verb: str, by: str, at: datetime, until: datetime, note: str | None = None
    ) -> None:
        before = self._found.get(lead.id) or self.pending.leads[lead.id]
        key = f"{by}:{lead.id}:{lead.version}"
        self.pending.undos[key] = (
            key, by, verb, to_micros(at), to_micros(until), dump(before), lead.decisions, note,
        )  # fmt: skip

    def last_act(
        self, person: str, now: datetime, *, lead_id: str | None = None, verb: str | None = None,
        note: str | None = None,
    ) -> Undo | None:  # fmt: skip
        of_lead = f"{person}:{lead_id}:" if lead_id else ""
        rows = self.query(
            "SELECT key, person, verb, at, until, before, decisions, note FROM undos "
            "WHERE person = ? AND until >= ? AND substr(key, 1, ?) = ? AND (verb = ? OR ? = '') "
            "AND (note = ? OR ? = '') ORDER BY at DESC, key DESC LIMIT 1",
            (person, to_micros(now), len(of_lead), of_lead, verb or "", verb or "", note or "", note or ""),
        )
        if not rows:
            return None
        key, who, verb, at, until, before, decisions, note = rows[0]
        return Undo(
            key=key,
            person=who,
            verb=verb,
            at=from_micros(at),
            until=from_micros(until),
            before=self._lead(tuple(_unjson(before))),
            decisions=decisions,
            note=note,
        )

    def forget_acts(self, person: str, lead_id: str) -> None:
        of_lead = f"{person}:{lead_id}:"
        self.later("DELETE FROM undos WHERE substr(key, 1, ?) = ?", len(of_lead), of_lead)

    def carry_acts(self, person: str, lead_id: str, *, since: int, now: int) -> None:
        of_lead = f"{person}:{lead_id}:"
        self.later(
            "UPDATE undos SET decisions = ? WHERE person = ? AND substr(key, 1, ?) = ? AND decisions = ?",
            now, person, len(of_lead), of_lead, since,
        )  # fmt: skip

    def forget(self, undo: Undo) -> None:
        self.pending.forgotten.add(undo.key)

    # -- telling ----------------------------------------------------------------------------------------

    def tell(self, notice: Notice) -> None:
        self._queue(notice, notice.at)

    def _queue(self, notice: Notice, now: datetime) -> None:
        if notice.tell is Tell.REFRESH and notice.lead_id:
            self.refresh(notice.lead_id, now)  # one row a lead: two would redraw with the same used handles
            return
        when = notice.not_before or now
        if not notice.urgent:
            when = self.company.quiet_until(notice.to, when)
        self.pending.notices.setdefault(notice.key, outbox.row(notice, now, when))

    def shred(self, lead_id: str, traces: Sequence[str], instead: str) -> Sequence[str]:
        self._batch.flush()
        return shred.shred(self._batch.conn, lead_id, traces, instead)

    def sign_out(self, person: str) -> None:
        self.later("DELETE FROM sessions WHERE person = ?", person)

    def claim_notices(self, now: datetime, limit: int, busy: Iterable[str]) -> Sequence[Delivery]:
        self._batch.flush()
        return outbox.claim(self._batch.conn, now, limit, busy, self._batch.pace)

    def notices_done(self, deliveries: Sequence[Delivery], *, at: datetime) -> Booked:
        return outbox.done(self._batch.conn, deliveries, at)

    def notice_again(self, delivery: Delivery, *, at: datetime, why: str) -> bool:
        return outbox.again(self._batch.conn, delivery, at, why)

    def notice_dead(self, delivery: Delivery, *, why: str, at: datetime) -> bool:
        return outbox.dead(self._batch.conn, delivery, why, at)

    def show(self, shown: Shown) -> None:
        self.pending.shown[shown.message, shown.lead_id] = (
            shown.message, shown.lead_id, shown.person, shown.tell, shown.channel, shown.handle, shown.digest,
            shown.state, dump(shown.args),
        )  # fmt: skip

    def refresh(self, lead_id: str, at: datetime) -> None:
        self.pending.refresh[lead_id] = to_micros(at)

    def tell_again(self, key: str, at: datetime) -> None:
        self.later(
            "UPDATE outbox SET state = 'due', not_before = ?, created_at = ?, attempts = 0, error = NULL, "
            "done_at = NULL, first_claim = NULL WHERE key = ? AND state <> 'due'",
            to_micros(at), to_micros(at), key,
        )  # fmt: skip

    def revive(self, lead_id: str) -> None:
        self.later("UPDATE shown SET state = 'done' WHERE lead_id = ? AND state = 'dead'", lead_id)

    def copy(self, message: str, lead_id: str) -> Shown | None:
        if saved := self.pending.shown.get((message, lead_id)):
            return _copy(saved)
        listed = ", ".join(SHOWN_COLUMNS)
        rows = self.query(
            f"SELECT {listed} FROM shown WHERE message = ? AND lead_id = ?",  # noqa: S608
            (message, lead_id),
        )
        return _copy(rows[0]) if rows else None

    def shown(self, lead_id: str) -> Sequence[Shown]:
        return self.shown_of((lead_id,)).get(lead_id, ())

    def shown_of(self, lead_ids: Iterable[str]) -> Mapping[str, Sequence[Shown]]:
        self._batch.flush()
        found: dict[str, list[Shown]] = {}
        rows = sql.select_in(
            self._batch.conn,
            tables.shown,
            "lead_id",
            lead_ids,
            names=SHOWN_COLUMNS,
            where="AND state <> 'dead'",
        )
        for row in rows:
            copy = _copy(row)
            found.setdefault(copy.lead_id, []).append(copy)
        return found

    def plans(self, lead_ids: Iterable[str]) -> Mapping[str, Plan]:
        """Before the unit has set any."""
        self._batch.flush()
        rows = sql.select_in(self._batch.conn, tables.plans, "lead_id", dict.fromkeys(lead_ids))
        return {row[0]: plan_of(row) for row in rows}

    def answered(self, key: str, answer: str, now: datetime) -> None:
        """Keep the answer to a callback, in the transaction of its effect."""
        self.pending.inbox.append((key, to_micros(now), answer))

    def finish(self) -> None:
        """The unit ended well: hand its saves to the batch."""
        for person in self.pending.desks:
            self.pending.desks[person] = desk_row(self._desks[person])
        self._batch.absorb(self.pending)


_POLICY = LEAD_COLUMNS.index("policy")
SHOWN_COLUMNS = ("message", "lead_id", "person", "tell", "channel", "handle", "digest", "state", "args")
_KIND, _CLOCK = EVENT_COLUMNS.index("kind"), EVENT_COLUMNS.index("clock")


def _copy(row: Sequence[Any]) -> Shown:
    return Shown(**{**dict(zip(SHOWN_COLUMNS, row, strict=True)), "args": _unjson(row[-1])})


def _unjson(text: str) -> Any:
    return json.loads(text)
