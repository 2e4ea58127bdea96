"""A life in any order: whatever people, the clock and the platform do, the auditor finds nothing wrong.

LEADBELL_DEEP=1 looks twenty times harder.
"""

import asyncio
import os
import shutil
from collections.abc import Callable, Coroutine
from dataclasses import replace
from datetime import timedelta
from itertools import count
from pathlib import Path
from typing import Any, ClassVar

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    Bundle,
    RuleBasedStateMachine,
    consumes,
    initialize,
    invariant,
    rule,
    run_state_machine_as_test,
)

from domain.calendar import Mode
from domain.errors import DomainError
from domain.people import Capacity
from domain.reasons import REASONS
from domain.sla import Policy
from domain.usecases import duty, escalation, leads
from storage.store import Store
from tests.fakes.clock import SteppedClock
from tests.fakes.company import calendar, everybody, make_company
from tests.fakes.databases import Databases
from tests.fakes.floor import Floor

SMALL = Capacity(unaccepted=2, active=3, per_day=20)
PEOPLE = st.sampled_from([member.id for member in everybody()])
REPS = st.sampled_from(["e1", "e2", "e3"])
PHONES = st.sampled_from([f"+861380000000{no}" for no in range(4)])
WORDS = "说不上来的原因"


class Life(RuleBasedStateMachine):
    """The synchronous face of a sales floor; every rule is one thing that can happen."""

    fresh: ClassVar[Callable[[], str]]
    drop: ClassVar[Callable[[str], None]]

    lead = Bundle("lead")
    claimed = Bundle("claimed")

    def __init__(self) -> None:
        super().__init__()
        self.loop = asyncio.Runner()
        self.url = type(self).fresh()
        self.clock = SteppedClock()

    @initialize(mode=st.sampled_from(Mode), delay=st.sampled_from([0, 7, 12]))
    def the_day_begins(self, mode: Mode, delay: int) -> None:
        self.clock.step(hours=delay)
        people = [replace(each, capacity=SMALL) for each in everybody()]
        self.company = make_company(people, calendar=calendar(mode))
        self.floor = Floor(self.run(Store.open(self.url, self.company, pace=10**6)), self.clock)

    def run(self, wish: Coroutine[Any, Any, Any]) -> Any:
        return self.loop.run(wish)

    def may(self, wish: Coroutine[Any, Any, Any]) -> Any:
        """Do it, or be refused."""
        try:
            return self.run(wish)
        except DomainError:
            return None

    # -- people ---------------------------------------------------------------------------------------------

    @rule(target=lead, phone=PHONES, by=st.none() | PEOPLE, draft=st.booleans())
    def hands_in(self, phone: str, by: str | None, draft: bool) -> str:
        found: str = self.run(self.floor.capture(phone=phone, by=by, draft=draft and by is not None)).id
        return found

    @rule(lead=lead, by=PEOPLE, back=st.integers(0, 2), seconds=st.sampled_from([0, 0, 1, 400]))
    def accepts(self, lead: str, by: str, back: int, seconds: int) -> None:
        """With the button of an older card too, and a click that was received a while ago."""
        found = self.run(self.floor.lead(lead))
        now = self.clock.now()
        at = max(now - timedelta(seconds=seconds), found.assigned_at or now)
        self.may(self.floor.accept(lead, by, offer=max(1, found.offers - back), at=at))

    @rule(lead=lead)
    def the_right_one_accepts(self, lead: str) -> None:
        found = self.run(self.floor.lead(lead))
        if found.offer is not None:
            self.may(self.floor.accept(lead, found.offer.person or "e2", offer=found.offer.no))

    @rule(lead=lead)
    def the_owner_makes_contact(self, lead: str) -> None:
        owner = self.run(self.floor.lead(lead)).owner
        self.may(self.floor.contact(lead, owner or "e1"))

    @rule(lead=lead, reason=st.sampled_from(list(REASONS)), stranger=st.none() | PEOPLE)
    def hands_back(self, lead: str, reason: str, stranger: str | None) -> None:
        owner = stranger or self.run(self.floor.lead(lead)).owner or "e1"
        self.may(
            self.floor.hand_back(lead, owner, reason, words=WORDS, key=f"w{self.clock.now()}{lead}{owner}")
        )

    @rule(lead=lead, by=PEOPLE, to=PEOPLE)
    def gives(self, lead: str, by: str, to: str) -> None:
        self.may(self.floor.assign(lead, to, by))

    @rule(lead=lead, by=PEOPLE)
    def takes(self, lead: str, by: str) -> None:
        self.may(self.floor.take(lead, by))

    @rule(lead=lead, by=PEOPLE)
    def nudges(self, lead: str, by: str) -> None:
        self.may(self.floor.do(leads.nudge, lead_id=lead, by=by, at=self.clock.now()))

    @rule(lead=lead, by=PEOPLE, kind=st.sampled_from(["note", "visit"]))
    def writes(self, lead: str, by: str, kind: str) -> None:
        key = f"{lead}-{by}-{kind}-{self.clock.now()}"
        self.may(
            self.floor.do(
                leads.add_note, lead_id=lead, by=by, text="x", kind=kind, key=key, at=self.clock.now()
            )
        )

    @rule(lead=lead, by=PEOPLE, phone=PHONES, whole=st.booleans())
    def edits(self, lead: str, by: str, phone: str, whole: bool) -> None:
        values = {"phone": phone} | ({"company": "a", "industry": "b", "need": "c"} if whole else {})
        self.may(self.floor.do(leads.edit_lead, lead_id=lead, values=values, by=by, at=self.clock.now()))

    @rule(lead=lead, by=PEOPLE)
    def sends_the_draft(self, lead: str, by: str) -> None:
        self.may(self.floor.do(leads.send_draft, lead_id=lead, by=by, at=self.clock.now()))

    @rule(lead=lead, by=PEOPLE)
    def withdraws(self, lead: str, by: str) -> None:
        self.may(self.floor.do(leads.withdraw_lead, lead_id=lead, by=by, at=self.clock.now()))

    @rule(by=PEOPLE)
    def undoes(self, by: str) -> None:
        self.may(self.floor.undo(by))

    @rule(by=PEOPLE, on=st.booleans())
    def changes_duty(self, by: str, on: bool) -> None:
        self.may(self.floor.duty(by, on=on))

    @rule(who=REPS)
    def leaves(self, who: str) -> None:
        self.may(self.floor.do(duty.person_left, person=who, now=self.clock.now()))

    # -- the machine ----------------------------------------------------------------------------------------

    @rule(seconds=st.sampled_from([1, 30, 61, 180, 300, 301, 600, 3600, 30_000, 100_000]))
    def time_passes(self, seconds: int) -> None:
        self.clock.step(seconds=seconds)
        self.run(self.floor.sweep())

    @rule(hours=st.integers(1, 60))
    def nothing_runs_for_a_while(self, hours: int) -> None:
        since = self.clock.now()
        until = self.clock.step(hours=hours)
        while self.run(self.floor.do(escalation.resume_after_gap, since=since, until=until)):
            pass

    @rule(fails=st.frozensets(PEOPLE, max_size=2))
    def cards_are_shown(self, fails: frozenset[str]) -> None:
        self.run(self.floor.show(fails=fails))

    @rule(target=claimed, limit=st.integers(1, 3))
    def a_relay_claims_and_stalls(self, limit: int) -> list[Any]:
        work: list[Any] = self.run(self.floor.claim(limit=limit))
        return work

    @rule(work=consumes(claimed), fails=st.booleans())
    def the_stalled_relay_settles(self, work: list[Any], fails: bool) -> None:
        to = frozenset(each.delivery.to for each in work) if fails else frozenset()
        self.run(self.floor.settle(*(self.floor._receipt(each.delivery, to) for each in work)))

    @rule(within=st.sampled_from([2, 5, 8]))
    def the_policy_changes(self, within: int) -> None:
        policy = Policy(within=timedelta(minutes=within))
        self.floor.store.company = make_company(
            self.company.people.values(), calendar=self.company.calendar, policy=policy
        )

    @rule()
    def the_program_restarts(self) -> None:
        company = self.floor.store.company
        self.run(self.floor.store.close())
        self.floor.store = self.run(Store.open(self.url, company, pace=10**6))

    @invariant()
    def the_auditor_finds_nothing(self) -> None:
        self.run(
            self.floor.sweep()
        )  # in life it runs every second; a clock that was wound back is due at once
        found = [
            each for each in self.run(self.floor.audit()) if not each.what.startswith("a notice neither")
        ]
        assert found == []

    def teardown(self) -> None:
        if hasattr(self, "floor"):
            self.run(self.floor.store.close())
        self.loop.close()
        type(self).drop(self.url)


def modest(examples: int) -> settings:
    """Enough for every day; LEADBELL_DEEP looks twenty times harder."""
    if os.environ.get("LEADBELL_DEEP"):
        examples *= 20
    return settings(
        deadline=None,
        suppress_health_check=list(HealthCheck),
        max_examples=examples,
        stateful_step_count=30,
    )


def test_whatever_happens_on_sqlite_the_auditor_finds_nothing(sqlite_template: Path, tmp_path: Path) -> None:
    numbers = count()

    def fresh() -> str:
        file = tmp_path / f"life-{next(numbers)}.db"
        shutil.copyfile(sqlite_template, file)
        return f"sqlite:///{file}"

    life = type("SqliteLife", (Life,), {"fresh": staticmethod(fresh), "drop": staticmethod(lambda url: None)})
    run_state_machine_as_test(life, settings=modest(25))


@pytest.mark.postgres
def test_whatever_happens_on_postgres_the_auditor_finds_nothing(databases: Databases) -> None:
    machine = {"fresh": staticmethod(databases.take), "drop": staticmethod(databases.give_back)}
    life = type("PostgresLife", (Life,), machine)
    run_state_machine_as_test(life, settings=modest(10))
