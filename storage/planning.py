"""The part of the unit of work that keeps next steps and what was read from notes."""

from abc import ABC, abstractmethod
from collections.abc import Sequence
from typing import Any

from domain.clock import from_micros, to_micros
from domain.facts import Plan, Proposal, unpack_facts


class Planning(ABC):
    """See domain.ports.Uow. What a unit has set it reads back before it is written."""

    def __init__(self) -> None:
        self._plans: dict[str, Plan | None] = {}
        self._proposals: dict[tuple[str, int], Proposal] = {}

    @abstractmethod
    def query(self, statement: str, values: tuple[Any, ...] = ()) -> Sequence[Any]: ...

    @abstractmethod
    def later(self, statement: str, *values: Any) -> None: ...

    def plan(self, lead_id: str) -> Plan | None:
        if lead_id in self._plans:
            return self._plans[lead_id]
        rows = self.query(
            "SELECT lead_id, no, person, due, exact, words FROM plans WHERE lead_id = ?", (lead_id,)
        )
        return plan_of(rows[0]) if rows else None

    def set_plan(self, plan: Plan) -> None:
        self._plans[plan.lead_id] = plan
        self.later(
            "INSERT INTO plans (lead_id, no, person, due, exact, words) VALUES (?, ?, ?, ?, ?, ?) "
            "ON CONFLICT (lead_id) DO UPDATE SET no = excluded.no, person = excluded.person, "
            "due = excluded.due, exact = excluded.exact, words = excluded.words",
            plan.lead_id, plan.no, plan.person, to_micros(plan.due), plan.exact, plan.words,
        )  # fmt: skip

    def end_plan(self, lead_id: str) -> None:
        self._plans[lead_id] = None
        self.later("DELETE FROM plans WHERE lead_id = ?", lead_id)

    def proposal(self, lead_id: str, no: int) -> Proposal | None:
        if (lead_id, no) in self._proposals:
            return self._proposals[lead_id, no]
        rows = self.query(
            "SELECT person, note, facts, state FROM proposals WHERE lead_id = ? AND no = ?", (lead_id, no)
        )
        if not rows:
            return None
        person, note, facts, state = rows[0]
        return Proposal(
            lead_id=lead_id, no=no, person=person, note=note, facts=unpack_facts(facts), state=state
        )

    def proposal_of(self, note: str) -> Proposal | None:
        rows = self.query("SELECT lead_id, no FROM proposals WHERE note = ?", (note,))
        return self.proposal(*rows[0]) if rows else None

    def set_proposal(self, proposal: Proposal) -> None:
        self._proposals[proposal.lead_id, proposal.no] = proposal
        self.later(
            "INSERT INTO proposals (lead_id, no, person, note, facts, state) VALUES (?, ?, ?, ?, ?, ?) "
            "ON CONFLICT (lead_id, no) DO UPDATE SET facts = excluded.facts, state = excluded.state",
            proposal.lead_id, proposal.no, proposal.person, proposal.note, proposal.facts.pack(),
            proposal.state,
        )  # fmt: skip


def plan_of(row: Sequence[Any]) -> Plan:
    lead_id, no, person, due, exact, words = row
    return Plan(lead_id=lead_id, no=no, person=person, due=from_micros(due), exact=bool(exact), words=words)
