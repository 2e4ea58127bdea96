"""What pages, commands and the API look up: reads on connections of their own, beside the one writer."""

import json
from base64 import b64decode, urlsafe_b64encode
from binascii import Error as NotBase64
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Executable, Select, case, func, select, text, tuple_
from sqlalchemy.ext.asyncio import AsyncEngine

from domain.assign import Desk
from domain.clock import from_micros, to_micros
from domain.errors import BadField
from domain.events import Event, Kind
from domain.facts import Plan
from domain.lead import Lead
from domain.ports import Dialog, Note, Shown
from domain.sla import Policy, unpack_policy
from domain.stages import CLOSED, Stage
from storage.engine import reading
from storage.planning import plan_of
from storage.rows import AT, desk_of, lead_of
from storage.schema import HEAD
from storage.tables import (
    desks,
    dialogs,
    events,
    leads,
    marks,
    notes,
    outbox,
    plans,
    policies,
    proposals,
    shown,
)

_RANK = {stage.value: rank for rank, stage in enumerate(Stage)}
_CLOSED = tuple(stage.value for stage in CLOSED)


@dataclass(frozen=True, slots=True, kw_only=True)
class Counts:
    """How things stand at one instant.

    `outbox_late` is how many seconds ago the longest waiting notice should have gone out, `overdue_seconds`
    the same of the clocks that the sweep has not looked at; 0 when nothing waits. A notice that is put off
    (a retry, quiet hours, a person's pace) is not late.
    """

    leads: Mapping[str, int]
    outbox_due: int
    outbox_dead: int
    outbox_late: float
    overdue: int
    overdue_seconds: float


class Reads:
    """Every method raises Unavailable when the database cannot be asked."""

    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = engine
        self._policies: dict[str, Policy] = {}

    async def _rows(self, statement: Executable) -> Sequence[Any]:
        async with reading(self._engine) as conn:
            return (await conn.execute(statement)).fetchall()

    async def _leads(self, statement: Select[Any]) -> list[Lead]:
        rows = await self._rows(statement)
        await self._learn({row[AT["policy"]] for row in rows} - {None})
        return [lead_of(row, self._policies) for row in rows]

    async def _learn(self, names: set[str]) -> None:
        """Policies never change once written, so each is read once."""
        missing = names - self._policies.keys()
        if missing:
            for name, body in await self._rows(
                select(policies.c.id, policies.c.body).where(policies.c.id.in_(missing))
            ):
                self._policies[name] = unpack_policy(body)

    async def lead(self, lead_id: str) -> Lead | None:
        """The lead of that id, or None."""
        found = await self._leads(select(leads).where(leads.c.id == lead_id))
        return found[0] if found else None

    async def events(self, lead_id: str) -> list[Event]:
        """What happened to a lead, oldest first."""
        rows = await self._rows(select(events).where(events.c.lead_id == lead_id).order_by(events.c.no))
        return [_event_of(row) for row in rows]

    async def notes(self, lead_id: str) -> list[Note]:
        """Notes and visits, oldest first, without those that were taken back."""
        rows = await self._rows(
            select(notes.c.key, notes.c.author, notes.c.kind, notes.c.text, notes.c.at)
            .where(notes.c.lead_id == lead_id, notes.c.gone.is_(False))
            .order_by(notes.c.at, notes.c.key)
        )
        return [
            Note(key=key, lead_id=lead_id, author=author, kind=kind, text=text, at=from_micros(at))
            for key, author, kind, text, at in rows
        ]

    async def leads_since(
        self, updated_since: datetime | None, cursor: str | None, limit: int
    ) -> tuple[list[Lead], str | None]:
        """One page of what changed, by (updated_at, id), and the cursor of the next page, None at the end.

        `updated_since` is inclusive. Raises BadField for a cursor that this method did not make.
        """
        place = tuple_(leads.c.updated_at, leads.c.id)
        statement = select(leads).order_by(leads.c.updated_at, leads.c.id).limit(limit + 1)
        if updated_since is not None:
            statement = statement.where(leads.c.updated_at >= to_micros(updated_since))
        if cursor is not None:
            statement = statement.where(place > read_cursor(cursor))
        found = await self._leads(statement)
        page = found[:limit]
        return page, make_cursor(page[-1]) if len(found) > limit else None

    async def leads_of(self, person: str) -> list[Lead]:
        """The open leads that a person holds or is offered, in the order of the stages, oldest first."""
        found = await self._leads(_open().where(leads.c.owner == person))
        return sorted(found, key=lambda lead: (_RANK[lead.stage.value], lead.created_at, lead.id))

    async def helping(self, person: str) -> list[Lead]:
        """The open leads on which a person was asked to help, oldest first."""
        return await self._leads(
            _open().where(leads.c.helper == person).order_by(leads.c.created_at, leads.c.id)
        )

    async def submitted_by(self, person: str, limit: int) -> list[Lead]:
        """What a person handed in, newest first."""
        return await self._leads(
            select(leads)
            .where(leads.c.captured_by == person)
            .order_by(leads.c.created_at.desc(), leads.c.id.desc())
            .limit(limit)
        )

    async def pool(self, team: str | None, limit: int) -> list[Lead]:
        """What lies in the pool for a team (and for nobody's), or for all teams; longest there first."""
        statement = select(leads).where(leads.c.stage == Stage.POOL.value)
        if team is not None:
            statement = statement.where((leads.c.team == team) | leads.c.team.is_(None))
        return await self._leads(statement.order_by(leads.c.updated_at, leads.c.id).limit(limit))

    async def grabs(self, team: str) -> list[Lead]:
        """What a team may grab now, the oldest offer first."""
        wanted = (
            leads.c.stage == Stage.OFFERED.value,
            leads.c.offer_team == team,
            leads.c.offer_person.is_(None),
        )
        return await self._leads(_open().where(*wanted).order_by(leads.c.offered_at, leads.c.id))

    async def plans_of(self, person: str, until: datetime | None) -> list[Plan]:
        """A person's next steps on their own leads, the earliest first; those due by `until`, when given."""
        columns = (plans.c.lead_id, plans.c.no, plans.c.person, plans.c.due, plans.c.exact, plans.c.words)
        statement = (
            select(*columns)
            .join(leads, leads.c.id == plans.c.lead_id)
            .where(plans.c.person == person, leads.c.owner == person)
        )
        if until is not None:
            statement = statement.where(plans.c.due <= to_micros(until))
        return [plan_of(row) for row in await self._rows(statement.order_by(plans.c.due, plans.c.lead_id))]

    async def note_words(self, lead_id: str, no: int) -> str:
        """The words of the note that a proposal was read from; empty when it was taken back."""
        rows = await self._rows(
            select(notes.c.text)
            .join(proposals, proposals.c.note == notes.c.key)
            .where(proposals.c.lead_id == lead_id, proposals.c.no == no, notes.c.gone.is_(False))
        )
        return str(rows[0][0]) if rows else ""

    async def note(self, key: str) -> Note | None:
        """A note by its key; None when it was taken back."""
        rows = await self._rows(select(notes).where(notes.c.key == key, notes.c.gone.is_(False)))
        return Note(**{**rows[0]._mapping, "at": from_micros(rows[0].at)}) if rows else None

    async def leads_behind(self, message: str, person: str) -> list[str]:
        """The leads that a card at that person shows, or that a note they wrote is kept with."""
        card = select(shown.c.lead_id).where(
            shown.c.person == person, (shown.c.message == message) | (shown.c.handle == message)
        )
        note = select(notes.c.lead_id).where(
            notes.c.key == message, notes.c.author == person, notes.c.gone.is_(False)
        )
        rows = await self._rows(card.union(note))
        return sorted({lead for (lead,) in rows if lead})

    async def team_open(
        self, teams: Iterable[str | None], limit: int, *, skip: int = 0
    ) -> tuple[list[Lead], int]:
        """The open leads of these teams (None = those of no team yet), the worst first, and how many there
        are: what nobody has, the oldest first, then promises by how long they are broken, then what is due
        next."""
        of = leads.c
        broken = case(
            (of.stage == Stage.OFFERED, of.breached_at), (of.stage == Stage.ACCEPTED, of.contact_breached_at)
        )
        nobodys = of.owner.is_(None) & of.stage.in_((Stage.OFFERED, Stage.WAITING, Stage.RETURNED))
        rank = case((nobodys, 0), (broken.is_not(None), 1), (of.next_due.is_not(None), 2), else_=3)
        since = case((nobodys, of.created_at), else_=func.coalesce(broken, of.next_due))
        wanted = list(teams)
        ours = of.team.in_([team for team in wanted if team])
        theirs = _open().where(ours | of.team.is_(None) if None in wanted else ours)
        counted = await self._rows(select(func.count()).select_from(theirs.subquery()))
        ordered = theirs.order_by(rank, since, of.created_at, of.id)
        return await self._leads(ordered.limit(limit).offset(skip)), int(counted[0][0])

    async def desks(self, people: Iterable[str]) -> dict[str, Desk]:
        """Each of these people's desk; a clean one for who has none yet."""
        wanted = list(people)
        rows = await self._rows(select(desks).where(desks.c.person.in_(wanted)))
        found = {row[0]: desk_of(row) for row in rows}
        return {person: found.get(person) or Desk(person=person) for person in wanted}

    async def owners(self) -> list[str]:
        """Everybody who holds a lead or is offered one."""
        statement = select(leads.c.owner).where(leads.c.owner.is_not(None)).distinct()
        return [row[0] for row in await self._rows(statement)]

    async def dialog(self, person: str) -> Dialog | None:
        """The question that is open at a person."""
        rows = await self._rows(select(dialogs).where(dialogs.c.person == person))
        if not rows:
            return None
        who, kind, lead_id, about, at = rows[0]
        return Dialog(person=who, kind=kind, lead_id=lead_id, about=about, at=from_micros(at))

    async def copies(self, *, message: str = "", handle: str = "") -> list[Shown]:
        """What a shown message says: a row for each lead that it names. By its handle it takes longer."""
        wanted = shown.c.message == message if message else shown.c.handle == handle
        rows = await self._rows(select(shown).where(wanted).order_by(shown.c.lead_id))
        return [Shown(**{**row._mapping, "args": json.loads(row.args)}) for row in rows]

    async def marks(self, name: str) -> str | None:
        """A small fact about the program itself, as storage.tables.marks keeps it."""
        rows = await self._rows(select(marks.c.value).where(marks.c.name == name))
        return rows[0][0] if rows else None

    async def counts(self, now: datetime) -> Counts:
        """The figures of metrics and readiness."""
        instant = to_micros(now)
        stages = await self._rows(select(leads.c.stage, func.count()).group_by(leads.c.stage))
        due, dead = outbox.c.state == "due", outbox.c.state == "dead"
        waiting, late_from = (
            await self._rows(
                select(func.count(), func.min(outbox.c.not_before)).where(due, outbox.c.not_before <= instant)
            )
        )[0]
        failed = (await self._rows(select(func.count()).select_from(outbox).where(dead)))[0][0]
        overdue, overdue_from = (
            await self._rows(
                select(func.count(), func.min(leads.c.next_due)).where(leads.c.next_due <= instant)
            )
        )[0]
        return Counts(
            leads={row[0]: row[1] for row in stages},
            outbox_due=waiting,
            outbox_dead=failed,
            outbox_late=_seconds(instant, late_from),
            overdue=overdue,
            overdue_seconds=_seconds(instant, overdue_from),
        )

    async def outbox_late(self, now: datetime) -> float:
        """`Counts.outbox_late` alone, which an index answers."""
        instant = to_micros(now)
        first = func.min(outbox.c.not_before)
        rows = await self._rows(select(first).where(outbox.c.state == "due", outbox.c.not_before <= instant))
        return _seconds(instant, rows[0][0])

    async def ping(self) -> None:
        """Ask the database for nothing."""
        await self._rows(select(func.count()).where(leads.c.id == ""))

    async def schema(self) -> tuple[str | None, str]:
        """(the version that the database is at, the one that this program needs)."""
        rows = await self._rows(text("SELECT version_num FROM alembic_version"))
        return (rows[0][0] if rows else None), HEAD


def _open() -> Select[Any]:
    return select(leads).where(leads.c.stage.not_in(_CLOSED))


def _event_of(row: Sequence[Any]) -> Event:
    _, no, kind, at, actor, cycle, offer, clock, step, data, *_ = row
    return Event(
        no=no,
        kind=Kind(kind),
        at=from_micros(at),
        actor=actor,
        cycle=cycle,
        offer=offer,
        clock=clock,
        step=step,
        data=json.loads(data),
    )


def _seconds(now: int, since: int | None) -> float:
    return 0.0 if since is None else (now - since) / 1_000_000


def make_cursor(lead: Lead) -> str:
    """The place behind a lead in the order (updated_at, id): opaque, and stable across restarts."""
    plain = f"{to_micros(lead.updated_at)}:{lead.id}"
    return urlsafe_b64encode(plain.encode()).decode().rstrip("=")


def read_cursor(cursor: str) -> tuple[int, str]:
    """(microseconds, id) of a cursor; BadField when it is none."""
    try:
        plain = b64decode(cursor + "=" * (-len(cursor) % 4), altchars=b"-_", validate=True).decode()
    except (NotBase64, ValueError):
        raise BadField(field="cursor") from None
    micros, _, lead_id = plain.partition(":")
    if not (micros.isascii() and micros.isdigit() and len(micros) <= 18 and lead_id.isalnum()):
        raise BadField(field="cursor")
    return int(micros), lead_id
