"""The proof of a lead's clocks: from its facts alone to every minute that was counted, and by which rule.

Nothing is taken on trust. The chain is followed from its start to its head, a policy and a calendar must be
what their ids say, and every clock is counted anew from the facts that start and end it. What goes in is what
`storage` keeps or what a printed proof holds, so a proof can be checked on a machine that has no database.

`detection` (received until it can be given out), `routing` (until it is offered) and `delivery` (until the
card is shown) are the system's, in plain time; `accept` and `contact` are people's, in working time.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from hashlib import sha256
from typing import Any

from domain.calendar import Row, WorkingCalendar, unpack_calendar
from domain.chain import GENESIS, link
from domain.clock import from_micros
from domain.sla import Policy, Which, policy_id, unpack_policy

COLUMNS = (
    "lead_id", "no", "kind", "at", "actor", "cycle", "offer", "clock", "step", "data", "policy", "calendar",
    "hash",
)  # fmt: skip
"""A fact's columns, in the order in which they are hashed; the last is the link."""

ENDS_ACCEPT = {"accepted", "handed_back", "owner_left", "refused_by_platform", "withdrawn", "erased"}
ENDS_CONTACT = {"contacted", "handed_back", "owner_left", "withdrawn", "erased"}
TO_PLACE = {"completed", "handed_back", "owner_left", "refused_by_platform"}
PLACED = {"assigned", "parked", "accepted"}
FIRST_MOVES = {*PLACED, "completed", "withdrawn", "erased"}
RUNS_ON = {"offered": Which.ACCEPT, "accepted": Which.CONTACT}


_UNREADABLE = (ValueError, KeyError, TypeError, AttributeError, OverflowError, OSError)  # a zone is a file


@dataclass(frozen=True, slots=True, kw_only=True)
class Fact:
    """One fact as it is stored. `at` in microseconds since 1970 UTC, `data` already read."""

    no: int
    kind: str
    at: datetime
    actor: str
    cycle: int
    offer: int
    clock: str
    data: Mapping[str, Any]
    policy: str | None
    calendar: str


@dataclass(slots=True, kw_only=True)
class Run:
    """One run of one clock. `began` and `ended` are the facts that start and end it; `ended` None = it runs.

    `minutes` are what counts: working time on `accept` and `contact`, plain time on the system's clocks.
    `promise` and `due` are set where something was promised; `rows` are the calendar's rows behind `minutes`.
    `recorded_due` is what the breach of this clock says it was due at.
    """

    clock: str
    cycle: int
    offer: int
    began: Fact
    ended: Fact | None = None
    until: datetime
    calendar: str = ""
    minutes: float = 0.0
    plain_minutes: float = 0.0
    promise: float | None = None
    due: datetime | None = None
    recorded_due: datetime | None = None
    verdict: str = ""
    rows: list[Row] = field(default_factory=list)


@dataclass(frozen=True, slots=True, kw_only=True)
class Exclusion:
    """A reason why a clock is not held against a person: `why` and the fact that says so."""

    fact: int
    clock: str
    cycle: int
    why: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Proof:
    """See the module. `broken` names what does not hold; empty = the log is whole and every sum agrees."""

    lead: str
    facts: Sequence[Fact]
    runs: Sequence[Run]
    exclusions: Sequence[Exclusion]
    policies: Mapping[str, Policy]
    broken: Sequence[str]

    @property
    def whole(self) -> bool:
        return not self.broken


def prove(
    lead: str,
    *,
    rows: Sequence[Sequence[Any]],
    head: str,
    tier: str,
    policies: Mapping[str, str],
    calendars: Mapping[str, str],
    now: datetime,
) -> Proof:
    """Count everything anew. `rows` = facts in the order of COLUMNS, `policies` and `calendars` the bodies
    by id; clocks that still run are counted until `now`. Never raises for a log that is not whole."""
    broken = list(_broken_chain(lead, rows, head))
    known_policies, known_calendars = _snapshots(policies, calendars, broken)
    try:
        facts = [_fact(row) for row in rows]
    except (ValueError, TypeError, IndexError, OverflowError) as error:
        return Proof(lead=lead, facts=(), runs=(), exclusions=(), policies={},
                     broken=[*broken, f"a fact cannot be read ({type(error).__name__})"])  # fmt: skip
    runs = _runs(facts, now)
    for run in runs:
        _count(run, facts, tier, known_policies, known_calendars, broken)
    return Proof(
        lead=lead,
        facts=facts,
        runs=runs,
        exclusions=_exclusions(facts),
        policies=known_policies,
        broken=broken,
    )


def _broken_chain(lead: str, rows: Sequence[Sequence[Any]], head: str) -> Sequence[str]:
    """The first link that does not hold, as a sentence."""
    before = GENESIS
    for number, row in enumerate(rows, start=1):
        if row[1] != number:
            return [f"fact {number} is missing"]
        before = link(before, row[:-1])
        if row[0] != lead or before != row[-1]:
            return [f"the chain is broken at fact {number} ({row[2]})"]
    return [] if before == head and rows else ["the chain does not end at the head that the lead keeps"]


def _snapshots(
    policies: Mapping[str, str], calendars: Mapping[str, str], broken: list[str]
) -> tuple[dict[str, Policy], dict[str, WorkingCalendar]]:
    """Policies and calendars whose content is what their id says."""
    good: dict[str, Policy] = {}
    for name, body in policies.items():
        try:
            good[name] = unpack_policy(body)
            true = policy_id(good[name]) == name
        except _UNREADABLE:
            true = False
        if not true:
            broken.append(f"policy {name} is not what was promised")
    found: dict[str, WorkingCalendar] = {}
    for name, body in calendars.items():
        try:
            found[name] = unpack_calendar(body)
            true = sha256(body.encode()).hexdigest()[: len(name)] == name == found[name].id
        except _UNREADABLE:
            true = False
        if not true:
            broken.append(f"calendar {name} is not what was counted by")
    return good, found


def _fact(row: Sequence[Any]) -> Fact:
    values = dict(zip(COLUMNS, row, strict=True))
    return Fact(
        no=values["no"],
        kind=values["kind"],
        at=from_micros(values["at"]),
        actor=values["actor"],
        cycle=values["cycle"],
        offer=values["offer"],
        clock=values["clock"],
        data=json.loads(values["data"]),
        policy=values["policy"],
        calendar=values["calendar"],
    )


class _Watch:
    """Follows the facts and keeps which clocks run."""

    def __init__(self, now: datetime) -> None:
        self.now = now
        self.runs: list[Run] = []

    def start(self, clock: str, fact: Fact, *, offer: int | None = None) -> None:
        self.runs.append(
            Run(
                clock=clock,
                cycle=fact.cycle,
                offer=fact.offer if offer is None else offer,
                began=fact,
                until=self.now,
            )
        )

    def end(self, clock: str, fact: Fact) -> None:
        for run in self.runs:
            if run.clock == clock and run.ended is None:
                run.ended, run.until = fact, fact.at

    def running(self, clock: str) -> bool:
        return any(run.clock == clock and run.ended is None for run in self.runs)

    def started(self, clock: str, cycle: int) -> Run | None:
        found = [run for run in self.runs if run.clock == clock and run.cycle == cycle]
        return found[-1] if found else None

    def resume(self, clock: str, fact: Fact) -> None:
        """An undo: the clock that it ended runs on as if it had not."""
        run = self.started(clock, fact.cycle)
        if run is not None:
            run.ended, run.until = None, self.now


def _runs(facts: Sequence[Fact], now: datetime) -> list[Run]:
    watch = _Watch(now)
    for fact in facts:
        if fact.no == 1:
            _received(watch, fact, facts)
        else:
            _follow(watch, fact)
    return watch.runs


def _received(watch: _Watch, first: Fact, facts: Sequence[Fact]) -> None:
    """A draft is complete later; anything else can be given out as soon as it is received."""
    watch.start("detection", first)
    if next((fact.kind for fact in facts if fact.kind in FIRST_MOVES), "") in PLACED:
        watch.end("detection", first)
        watch.start("routing", first)


def _follow(watch: _Watch, fact: Fact) -> None:
    match fact.kind:
        case "assigned" | "reassigned" | "grab_opened":
            for clock in ("routing", "delivery", *((*Which,) if fact.kind == "assigned" else ())):
                watch.end(clock, fact)
            watch.start("delivery", fact)
        case "delivered":
            watch.end("delivery", fact)
            if watch.started(Which.ACCEPT, fact.cycle) is None:
                watch.start(Which.ACCEPT, fact)
        case "undone":
            _undone(watch, fact)
        case "resumed" if fact.data.get("cause"):
            watch.end(Which.CONTACT, fact)
            watch.start(Which.CONTACT, fact)
        case _:
            _moved(watch, fact)


def _moved(watch: _Watch, fact: Fact) -> None:
    """What ends a clock, and what makes a lead wait for its next owner."""
    if fact.kind == "completed":
        watch.end("detection", fact)
    if fact.kind in ENDS_ACCEPT or fact.kind == "resumed":
        watch.end(Which.ACCEPT, fact)
        watch.end("delivery", fact)
    if fact.kind in ENDS_CONTACT:
        watch.end(Which.CONTACT, fact)
    if fact.kind == "accepted":
        watch.end("routing", fact)
        watch.start(Which.CONTACT, fact)
    elif fact.kind in ("withdrawn", "erased"):
        watch.end("detection", fact)
        watch.end("routing", fact)
    elif fact.kind in TO_PLACE or fact.kind == "resumed":
        waits = fact.data.get("to_stage", "waiting") == "waiting"
        if waits and not watch.running("routing"):
            watch.start("routing", fact, offer=0)


def _undone(watch: _Watch, fact: Fact) -> None:
    """The lead is again what it was: what has run meanwhile is over, and its own clock runs on from where it
    started. Of words that were taken back no stage is told; what a no had closed is offered anew."""
    stage = fact.data.get("stage")
    if stage is None:
        return
    for clock in ("routing", "delivery", *Which):
        watch.end(clock, fact)
    if fact.data.get("verb") != "judge" and stage in RUNS_ON:
        watch.resume(RUNS_ON[stage], fact)


def _count(
    run: Run,
    facts: Sequence[Fact],
    tier: str,
    policies: Mapping[str, Policy],
    calendars: Mapping[str, WorkingCalendar],
    broken: list[str],
) -> None:
    """Fill in a run's minutes, its promise, its due time and its verdict."""
    began, until = run.began.at, max(run.until, run.began.at)
    run.plain_minutes = run.minutes = (until - began) / timedelta(minutes=1)
    if run.clock not in (Which.ACCEPT, Which.CONTACT):
        run.verdict = _system_verdict(run)
        return
    last = run.ended or facts[-1]
    run.calendar = last.calendar  # a changed calendar moves the clocks that run, so the last one counts
    calendar, policy = calendars.get(run.calendar), policies.get(run.began.policy or "")
    if calendar is None or policy is None:
        broken.append(
            f"the {run.clock} clock from fact {run.began.no} names a calendar or policy that is gone"
        )
        return
    run.minutes = calendar.elapsed(began, until) / timedelta(minutes=1)
    run.rows = calendar.explain(began, until)
    promise = policy.promise(Which(run.clock), tier)
    run.promise, run.due = promise / timedelta(minutes=1), calendar.add(began, promise)
    breach = _breach(run, facts)
    _judge(run, breach)
    if breach is not None and run.recorded_due != run.due and _same_calendar(run, breach):
        broken.append(
            f"fact {breach.no} says {run.recorded_due}, and the {run.clock} clock was due {run.due}"
        )


def _system_verdict(run: Run) -> str:
    if run.ended is None:
        return "running"
    return "not_shown" if run.clock == "delivery" and run.ended.kind != "delivered" else "done"


def _breach(run: Run, facts: Sequence[Fact]) -> Fact | None:
    """The breach that belongs to this run; what the system was down for is none."""
    for fact in facts:
        inside = fact.no > run.began.no and (run.ended is None or fact.no <= run.ended.no)
        if inside and fact.kind == "breached" and fact.clock == run.clock and not fact.data.get("cause"):
            due = fact.data.get("due")
            run.recorded_due = datetime.fromisoformat(str(due)) if due else None
            return fact
    return None


def _same_calendar(run: Run, breach: Fact) -> bool:
    return breach.calendar == run.calendar == run.began.calendar and run.recorded_due is not None


def _judge(run: Run, breach: Fact | None) -> None:
    assert run.due is not None
    done = run.ended is not None and run.ended.kind in ("accepted", "contacted")
    late = run.until > run.due
    if run.ended is not None and run.ended.kind == "resumed":
        run.verdict = "system_down"
    elif breach is not None and breach.data.get("excluded"):
        run.verdict = "excused"
    elif done:
        run.verdict = "late" if late else "in_time"
    elif breach is not None or late:
        run.verdict = "breached"
    else:
        run.verdict = "running" if run.ended is None else "ended"


def _exclusions(facts: Sequence[Fact]) -> list[Exclusion]:
    """Everything that is not held against a person (fair miss), each with the fact that says so."""
    found = []
    for fact in facts:
        why = ""
        if fact.kind == "breached":
            why = str(fact.data.get("excluded") or fact.data.get("cause") or "")
        elif fact.kind in ("undelivered", "refused_by_platform"):
            why = fact.kind
        elif fact.kind == "delivered" and fact.data.get("cause"):
            why = "delivered_late"
        elif fact.kind == "escalation_withdrawn":
            why = "received_in_time"
        elif fact.kind == "resumed":
            why = "system_down"
        elif fact.kind == "parked":
            why = f"parked_{fact.data.get('why', '')}"
        if why:
            found.append(Exclusion(fact=fact.no, clock=fact.clock, cycle=fact.cycle, why=why))
    return found
