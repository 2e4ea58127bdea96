"""What undoing a note or its confirmed facts means beside the lead itself: its cards, its next step."""

import json
from dataclasses import replace
from datetime import datetime

from domain.errors import TooLate
from domain.events import Kind
from domain.facts import Plan
from domain.lead import Lead
from domain.notices import Notice, Tell
from domain.permission import may_follow_up
from domain.ports import Undo, Uow
from domain.stages import HELD


def mark_cards(uow: Uow, lead_id: str, state: str, *, tell: str, person: str = "", **about: object) -> None:
    """The copies of a note's card, of a reminder or of a question (at `person`), whose args hold `about`, now
    say what became of it."""
    for copy in uow.shown(lead_id):
        if person not in ("", copy.person):
            continue
        if copy.tell == tell and all(copy.args.get(name) == value for name, value in about.items()):
            copy.args["state"] = state
            uow.show(copy)


def step_before(plan: Plan | None) -> dict[str, object]:
    """Which next step the card of a note says that its tap would replace: its words and its time, if any."""
    if plan is None:
        return {"was": "", "was_due": ""}
    return {"was": plan.words, "was_due": plan.due.isoformat()}


def step_on_cards(uow: Uow, lead_id: str) -> None:
    """The next step has changed: so does what the cards of notes say that a tap would replace."""
    step = step_before(uow.plan(lead_id))
    for copy in uow.shown(lead_id):
        if copy.tell == "note" and copy.args.get("state") == "open":
            copy.args |= step
            uow.show(copy)


def remind(uow: Uow, plan: Plan, again: str = "", now: datetime | None = None) -> None:
    """Queue the reminder for its time; it is not sent once another step has taken its place."""
    at = plan.due if now is None else max(plan.due, now)
    uow.tell(
        Notice(
            key=f"follow_up:{plan.lead_id}:{plan.no}{again}", tell=Tell.FOLLOW_UP, to=plan.person,
            lead_id=plan.lead_id, args={"no": plan.no}, not_before=plan.due, at=at,
        )
    )  # fmt: skip


def hand_on_step(uow: Uow, lead: Lead, plan: Plan, *, now: datetime) -> Plan:
    """The next step goes with its lead: whoever has accepted it is reminded. One whose time comes while its
    rep no longer has the lead is nobody's, and rings when the next one accepts."""
    planner = uow.company.people.get(plan.person)
    if planner is not None and may_follow_up(planner, lead):
        return plan
    if lead.stage in HELD and lead.owner is not None:
        plan = replace(plan, person=lead.owner)
        uow.set_plan(plan)
        remind(uow, plan, f":{lead.events}", now)
    elif plan.person and plan.due <= now:
        plan = replace(plan, person="")
        uow.set_plan(plan)
    return plan


def pack_before(plan: Plan | None, no: int, changed: tuple[str, ...] = ()) -> str:
    """What confirming, or a step set outright, replaced, for an undo: the step before, the number of the
    proposal or of the step, the changed fields."""
    step = None
    if plan is not None:
        step = [plan.no, plan.person, plan.due.isoformat(), plan.exact, plan.words]
    return json.dumps({"no": no, "fields": list(changed), "plan": step}, ensure_ascii=False)


def confirmed_no(act: Undo) -> int:
    """The number of the note that a confirmation was of."""
    return int(json.loads(act.note or "{}")["no"])


def facts_back(uow: Uow, lead: Lead, act: Undo, by: str, at: datetime) -> None:
    """Undo a confirmation: the fields and the next step are as before, and the proposal is open again, unless
    its words were taken back meanwhile."""
    about = json.loads(act.note or "{}")
    values = {name: getattr(act.before.customer, name) for name in about["fields"]}
    lead.edit(lead.customer.with_values(**values), by=by, now=at)
    proposal = uow.proposal(lead.id, about["no"])
    assert proposal is not None
    state = "dropped" if uow.note(proposal.note) is None else "open"
    uow.set_proposal(replace(proposal, state=state))
    if proposal.facts.due is not None:
        _plan_back(uow, lead, about["plan"], act.at, at)
    if act.before.contacted_at is None and lead.contacted_at is not None:
        lead.restore(act.before, verb=act.verb, by=by, now=at)  # the contact that was confirmed with it
    else:
        lead.record(Kind.UNDONE, at=at, actor=by, verb=act.verb)
    mark_cards(uow, lead.id, state, tell="note", no=about["no"])


def step_back(uow: Uow, lead: Lead, act: Undo, by: str, at: datetime) -> None:
    """Undo a `/next`: the step before it is there again. TooLate when it was done or replaced since."""
    about, now = json.loads(act.note or "{}"), uow.plan(lead.id)
    if now is None or now.no != about["no"]:
        raise TooLate(lead=lead.id)
    _plan_back(uow, lead, about["plan"], act.at, at)
    lead.record(Kind.UNDONE, at=at, actor=by, verb=act.verb)


def _plan_back(uow: Uow, lead: Lead, step: list[object] | None, replaced: datetime, at: datetime) -> None:
    """The next step as it was before it was `replaced`; one whose time came meanwhile was passed over by its
    reminder, which rings now."""
    uow.end_plan(lead.id)
    if step is not None:
        no, person, due, exact, words = step
        plan = Plan(
            lead_id=lead.id, no=int(str(no)), person=str(person), due=datetime.fromisoformat(str(due)),
            exact=bool(exact), words=str(words),
        )  # fmt: skip
        uow.set_plan(plan)
        if replaced < plan.due <= at:
            remind(uow, plan, f":{lead.events}")
    step_on_cards(uow, lead.id)
