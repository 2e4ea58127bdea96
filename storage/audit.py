"""The auditor: re-derives from the facts what must always hold, and names what does not.

The same checks run after every step of the simulation, after every kill, and every few minutes in production.
It reads one snapshot on a connection of its own and writes nothing. Every check lists at most `MOST` cases.
"""

# ruff: noqa: S608 - every query is put together from the constants of this module

from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import islice
from typing import Any

from sqlalchemy import URL, Connection, inspect, text

from domain.clock import to_micros
from domain.errors import DomainError
from domain.people import Company
from domain.sla import unpack_policy
from domain.stages import CLOSED, HELD, Stage
from storage.chain import breaks
from storage.engine import snapshot_engine
from storage.rows import LEAD_COLUMNS, NEXT_DUE, lead_of

MOST = 20
SAMPLE = 5_000
LAG = timedelta(seconds=15)
OLDEST = timedelta(hours=24)


@dataclass(frozen=True, slots=True, kw_only=True)
class Violation:
    """`invariant` is the number of what does not hold, `lead` the lead that shows it (None: none does)."""

    invariant: int
    what: str
    lead: str | None = None


def _listed(stages: frozenset[Stage]) -> str:
    return ", ".join(f"'{stage}'" for stage in sorted(stages))


_HELD, _CLOSED, _STAGES = _listed(HELD), _listed(CLOSED), _listed(frozenset(Stage))

# Facts that move a lead. `resumed` with a cause only restarts a clock, and an undone edit moves nothing.
_MOVES = """(e.kind IN ('captured', 'completed', 'assigned', 'reassigned', 'grab_opened', 'parked',
 'accepted', 'contacted', 'handed_back', 'owner_left', 'refused_by_platform', 'withdrawn', 'erased')
 OR (e.kind = 'resumed' AND {e.cause} IS NULL) OR (e.kind = 'undone' AND {e.stage} IS NOT NULL))"""

_STAGE_AFTER = """CASE e.kind WHEN 'captured' THEN 'draft' WHEN 'assigned' THEN 'offered'
 WHEN 'reassigned' THEN 'offered' WHEN 'grab_opened' THEN 'offered' WHEN 'accepted' THEN 'accepted'
 WHEN 'contacted' THEN 'contacted' WHEN 'withdrawn' THEN 'invalid' WHEN 'erased' THEN 'invalid'
 WHEN 'handed_back' THEN {e.to_stage}
 WHEN 'undone' THEN {e.stage} ELSE 'waiting' END"""

_OWNER_AFTER = """CASE WHEN e.kind IN ('assigned', 'reassigned') THEN {e.to}
 WHEN e.kind = 'contacted' THEN coalesce({e.owner}, e.actor)
 WHEN e.kind = 'accepted' THEN e.actor WHEN e.kind = 'undone' THEN {e.owner} END"""

_LAST_MOVE = f"""FROM leads l JOIN (SELECT e.lead_id, max(e.no) AS no FROM events e WHERE {_MOVES}
 GROUP BY e.lead_id) last ON last.lead_id = l.id JOIN events e ON e.lead_id = l.id AND e.no = last.no"""

_COUNTED = f"""SELECT owner AS person, sum(CASE WHEN stage = 'offered' THEN 1 ELSE 0 END) AS unaccepted,
 sum(CASE WHEN stage IN ({_HELD}) THEN 1 ELSE 0 END) AS active
 FROM leads WHERE owner IS NOT NULL GROUP BY owner"""


def _orphaned(table: str) -> str:
    return f"""SELECT t.lead_id FROM {table} t WHERE t.lead_id IS NOT NULL AND t.lead_id <> ''
 AND NOT EXISTS (SELECT 1 FROM leads l WHERE l.id = t.lead_id)"""


# (invariant, what, a query whose first column is the lead and whose second, if any, says more)
_CHECKS: tuple[tuple[int, str, str], ...] = (
    (1, "the owner is not the one that the facts name",
     f"SELECT l.id, e.kind {_LAST_MOVE} WHERE coalesce(l.owner, '') <> coalesce({_OWNER_AFTER}, '')"),
    (1, "accepted by one while another held it",
     f"""SELECT lead_id FROM (SELECT e.lead_id, e.kind, {{e.taken}} AS taken,
     lag(e.kind) OVER w AS was, lag({{e.stage}}) OVER w AS was_stage
     FROM events e WHERE {_MOVES} WINDOW w AS (PARTITION BY e.lead_id ORDER BY e.no)) f
     WHERE kind = 'accepted' AND taken IS NULL
     AND (was IN ('accepted', 'contacted') OR (was = 'undone' AND was_stage IN ({_HELD})))"""),
    (2, "no such stage", f"SELECT id, stage FROM leads WHERE stage NOT IN ({_STAGES})"),
    (2, "held by nobody", f"SELECT id FROM leads WHERE stage IN ({_HELD}) AND owner IS NULL"),
    (2, "owned while nobody is to work on it",
     f"SELECT id, stage FROM leads WHERE owner IS NOT NULL AND stage NOT IN ('offered', {_HELD})"),
    (2, "accepted without a running clock",
     "SELECT id FROM leads WHERE stage = 'accepted' AND (next_due IS NULL OR contact_from IS NULL)"),
    (2, "waits for nothing", "SELECT id FROM leads WHERE stage = 'waiting' AND next_due IS NULL"),
    (2, "offered without an offer, or owned by another than the offer names",
     """SELECT id FROM leads WHERE stage = 'offered'
     AND (offer IS NULL OR cycle IS NULL OR coalesce(owner, '') <> coalesce(offer_person, ''))"""),
    (2, "offered, not shown, and nothing will ring",
     """SELECT l.id FROM leads l WHERE l.stage = 'offered' AND l.next_due IS NULL AND NOT EXISTS (
     SELECT 1 FROM outbox o WHERE o.state = 'due' AND o.lead_id = l.id AND o.tell IN ('offer', 'grab')
     AND substr(o.key, 1, length(o.tell || ':' || l.id || ':' || l.offer || ':'))
     = o.tell || ':' || l.id || ':' || l.offer || ':')"""),
    (3, "one step of a clock twice",
     """SELECT lead_id, min(clock) FROM events WHERE step IS NOT NULL GROUP BY lead_id, cycle, clock, step
     HAVING count(*) > 1"""),
    (3, "breached twice in one cycle",
     """SELECT e.lead_id FROM events e WHERE e.kind = 'breached' AND e.clock = 'accept' AND {e.cause} IS NULL
     GROUP BY e.lead_id, e.cycle HAVING count(*) > 1"""),
    (4, "escalated after it was accepted",
     """SELECT b.lead_id FROM events b JOIN events a ON a.lead_id = b.lead_id AND a.cycle = b.cycle
     AND a.kind = 'accepted' AND a.no < b.no WHERE b.clock = 'accept' AND b.step IS NOT NULL
     AND NOT EXISTS (SELECT 1 FROM events u WHERE u.lead_id = b.lead_id AND u.kind = 'undone'
     AND u.no > a.no AND u.no < b.no)"""),
    (5, "a later step before an earlier one",
     """SELECT lead_id, clock FROM (SELECT lead_id, clock, step, lag(step) OVER
     (PARTITION BY lead_id, cycle, clock ORDER BY no) AS was FROM events
     WHERE step IS NOT NULL AND kind <> 'breached') f WHERE step <= was"""),
    (5, "overdue", "SELECT id FROM leads WHERE next_due < :late AND updated_at < :late"),
    (6, "no such state of a notice",
     "SELECT lead_id, key FROM outbox WHERE state NOT IN ('due', 'sent', 'dead')"),
    (6, "a notice neither sent nor given up after a day",
     "SELECT lead_id, key FROM outbox WHERE state = 'due' AND created_at < :old AND not_before < :late"),
    (9, "its facts are not numbered from 1 without a gap",
     """SELECT l.id FROM leads l LEFT JOIN (SELECT lead_id, count(*) AS n, min(no) AS first, max(no) AS last
     FROM events GROUP BY lead_id) e ON e.lead_id = l.id
     WHERE coalesce(e.n, 0) <> l.events OR l.events < 1 OR e.last <> l.events OR e.first <> 1"""),
    (9, "its life does not begin with its capture",
     "SELECT lead_id, kind FROM events WHERE no = 1 AND kind <> 'captured'"),
    (9, "its stage is not the one that the facts lead to",
     f"SELECT l.id, e.kind {_LAST_MOVE} WHERE l.stage <> {_STAGE_AFTER}"),
    (10, "a desk's counters are not its leads",
     f"""SELECT NULL, d.person FROM desks d LEFT JOIN ({_COUNTED}) c ON c.person = d.person
     WHERE d.unaccepted <> coalesce(c.unaccepted, 0) OR d.active <> coalesce(c.active, 0)"""),
    (10, "leads weigh on somebody without a desk",
     f"""SELECT NULL, c.person FROM ({_COUNTED}) c LEFT JOIN desks d ON d.person = c.person
     WHERE d.person IS NULL"""),
    (10, "a negative counter",
     "SELECT NULL, person FROM desks WHERE unaccepted < 0 OR active < 0 OR given < 0 OR lapses < 0"),
    (10, "a contact of a lead that is closed or gone",
     f"""SELECT c.lead_id FROM contacts c LEFT JOIN leads l ON l.id = c.lead_id
     WHERE l.id IS NULL OR l.stage IN ({_CLOSED})"""),
    (10, "due before it was captured",  # but for one captured by a clock that has been set back since
     "SELECT id FROM leads WHERE next_due < created_at AND created_at <= :now"),
    (10, "an offer or a cycle beyond the count",
     "SELECT id FROM leads WHERE offer > offers OR cycle > cycles OR first_offer > offers"),
    *((10, f"{table}: of a lead that does not exist", _orphaned(table))
      for table in ("events", "notes", "shown", "outbox", "dialogs")),
)  # fmt: skip


@dataclass(slots=True, kw_only=True)
class _Look:
    """One audit: the snapshot and what it is judged by."""

    conn: Connection
    company: Company
    values: dict[str, int]
    found: list[Violation] = field(default_factory=list)

    def rows(self, statement: str, most: int = MOST) -> Iterator[Any]:
        """The rows of a query in which `{e.name}` stands for a value of a fact's data."""
        sql = _with_json(statement, postgres=self.conn.dialect.name == "postgresql")
        yield from self.conn.execute(text(f"{sql} LIMIT {most}"), self.values)

    def say(self, invariant: int, what: str, lead: str | None = None) -> None:
        self.found.append(Violation(invariant=invariant, what=what, lead=lead))


def _with_json(statement: str, *, postgres: bool) -> str:
    for alias in ("e", "b"):
        for name in ("to", "to_stage", "stage", "owner", "cause", "taken", "due"):
            value = (
                f"(CAST({alias}.data AS jsonb) ->> '{name}')"
                if postgres
                else f"json_extract({alias}.data, '$.{name}')"
            )
            statement = statement.replace(f"{{{alias}.{name}}}", value)
    return statement


def audit(
    conn: Connection, company: Company, now: datetime, *, grace: timedelta, chains: int | None = None
) -> list[Violation]:
    """Everything that does not hold at `now`. `grace` is what the sweep waits on purpose; `chains` checks the
    chains of so many leads changed last, instead of all."""
    values = {
        "now": to_micros(now), "late": to_micros(now - LAG - grace), "old": to_micros(now - OLDEST - LAG),
    }  # fmt: skip
    look = _Look(conn=conn, company=company, values=values)
    for invariant, what, statement in _CHECKS:
        for row in look.rows(statement):
            more = f" ({row[1]})" if len(row) > 1 and row[1] is not None else ""
            look.say(invariant, what + more, row[0])
    for check in (_unique, _guarded, _in_time, _dead_untold, _next_due):
        check(look)
    with closing(breaks(conn, newest=chains)) as broken:
        for each in islice(broken, MOST):
            look.say(9, each.what, each.lead)
    return look.found


def audit_database(
    url: URL, company: Company, now: datetime, *, grace: timedelta, chains: int | None = None
) -> list[Violation]:
    """`audit` on a snapshot of its own; blocks, and holds up no writer."""
    engine = snapshot_engine(url)
    try:
        with engine.connect() as conn, conn.begin():
            return audit(conn, company, now, grace=grace, chains=chains)
    finally:
        engine.dispose()


def _unique(look: _Look) -> None:
    """The keys that decide every race are in place (INV-3, INV-7)."""
    schema = inspect(look.conn)
    steps = [index for index in schema.get_indexes("events") if index["name"] == "uq_events_step"]
    if not steps or not steps[0]["unique"]:
        look.say(3, "no unique key on the steps of a clock")
    for table, key in (("inbox", "key"), ("outbox", "key"), ("contacts", "key")):
        if schema.get_pk_constraint(table)["constrained_columns"] != [key]:
            look.say(7, f"no unique key on {table}")


def _guarded(look: _Look) -> None:
    """The triggers that refuse to change or remove a fact or an anchor are in place (INV-9)."""
    postgres = look.conn.dialect.name == "postgresql"
    statement = (
        "SELECT tgname FROM pg_trigger WHERE NOT tgisinternal AND tgenabled <> 'D'"
        if postgres
        else "SELECT name FROM sqlite_master WHERE type = 'trigger'"
    )
    found = {row[0] for row in look.rows(statement, 1_000)}
    for table in ("events", "anchors"):
        for verb in ("append_only", "no_truncate") if postgres else ("no_update", "no_delete"):
            if f"{table}_{verb}" not in found:
                look.say(
                    9, f"nothing keeps {table} append-only: the trigger {table}_{verb} is missing or off"
                )


def _in_time(look: _Look) -> None:
    """An accept received by the due time of the breach has withdrawn it (INV-4)."""
    rows = look.rows(
        """SELECT b.lead_id, a.at, {b.due} FROM events b JOIN events a ON a.lead_id = b.lead_id
        AND a.cycle = b.cycle AND a.kind = 'accepted' AND a.no > b.no AND a.at <= b.at
        WHERE b.kind = 'breached' AND b.clock = 'accept' AND {b.cause} IS NULL
        AND NOT EXISTS (SELECT 1 FROM events w WHERE w.lead_id = a.lead_id
        AND w.kind = 'escalation_withdrawn' AND w.no = a.no + 1)""",
        SAMPLE,
    )
    for lead, at, due in rows:
        if at <= to_micros(datetime.fromisoformat(due)):
            look.say(4, "an accept in time has not withdrawn the escalation", lead)


def _dead_untold(look: _Look) -> None:
    """What could not be told, a human has heard of (INV-6)."""
    heard = {
        row[0].removeprefix("dead:").rpartition(":")[0]
        for row in look.rows("SELECT key FROM outbox WHERE tell = 'dead'", 10 * SAMPLE)
    }
    dead = "SELECT key, lead_id FROM outbox WHERE state = 'dead' AND tell <> 'dead' ORDER BY done_at DESC"
    for key, lead in look.rows(dead, SAMPLE):
        if key not in heard:
            look.say(6, f"given up and nobody was told ({key})", lead)


def _next_due(look: _Look) -> None:
    """The column that the sweep reads is what the rules compute (INV-10), on the leads changed last."""
    policies = {
        name: unpack_policy(body) for name, body in look.rows("SELECT id, body FROM policies", SAMPLE)
    }
    columns = ", ".join(LEAD_COLUMNS)
    for row in look.rows(
        f"SELECT {columns} FROM leads WHERE stage IN ({_STAGES}) ORDER BY updated_at DESC",
        SAMPLE,
    ):
        try:
            lead = lead_of(row, policies)
            due = lead.next_due(look.company.calendar_of(lead.team))
        except (DomainError, KeyError) as error:
            look.say(10, f"cannot be read ({type(error).__name__})", row[0])
            continue
        if row[NEXT_DUE] != (to_micros(due) if due else None):
            look.say(10, "the next due time is not the computed one", lead.id)
