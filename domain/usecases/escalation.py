"""The clock's side of the story: what is due is done, once, in order, and told to whom it concerns."""

from collections import Counter
from collections.abc import Sequence
from datetime import datetime, timedelta

from domain import sla
from domain.events import SYSTEM, Kind
from domain.guessing import guessed, sure_of
from domain.lead import Lead, missing_fields
from domain.notices import Notice, Tell
from domain.people import LEADERS, Role
from domain.permission import is_member
from domain.ports import Uow
from domain.sla import Do, Step, To, Which
from domain.stages import HELD, Stage
from domain.usecases.placing import above, first_on_duty, given, next_rep, place, told_outcome

ASK_AGAIN = timedelta(days=7)
ASK_DAILY, DRAFT_IS_OLD = timedelta(days=1), timedelta(days=3)


def escalate_due(uow: Uow, *, now: datetime, limit: int = 500) -> list[str]:
    """Do every step that is due on up to `limit` leads; returns their ids. Steps missed together fire in
    order, each with the time at which it was due."""
    leads = uow.due_leads(now, limit)
    uow.desks(dict.fromkeys(lead.owner for lead in leads if lead.owner))  # one read for all who are charged
    for lead in leads:
        _look(uow, lead, now)
        uow.save(lead)
    return [lead.id for lead in leads]


def escalate_lead(uow: Uow, *, lead_id: str, now: datetime) -> bool:
    """Do every step that is due on this one lead; whether one was due."""
    lead = uow.lead(lead_id)
    due = lead.next_due(uow.company.calendar_of(lead.team))
    if due is None or due > now:
        return False
    _look(uow, lead, now)
    uow.save(lead)
    return True


def _look(uow: Uow, lead: Lead, now: datetime) -> None:
    if lead.stage is Stage.OFFERED:
        _check_delivery(uow, lead, now)
        _climb(uow, lead, Which.ACCEPT, now)
    elif lead.stage is Stage.ACCEPTED:
        _climb(uow, lead, Which.CONTACT, now)
    elif lead.stage is Stage.WAITING:
        place(uow, lead, now=now)
    elif lead.stage is Stage.DRAFT:
        _draft_waits(uow, lead, now)
    else:
        _wake(uow, lead, now)


def _check_delivery(uow: Uow, lead: Lead, now: datetime) -> None:
    offer, cycle = lead.offer, lead.cycle
    if offer is None or cycle is None or offer.delivered_at or offer.alarmed:
        return
    if now >= offer.at + cycle.policy.undelivered_after:
        lead.alarm_undelivered(now=now)
        boss = above(uow, lead, but=(offer.person or "",))
        lead.tell(
            Tell.ALERT, boss.id, "delivery", offer.no, clock="delivery", rep=offer.person, cycle=cycle.no
        )


def _climb(uow: Uow, lead: Lead, which: Which, now: datetime) -> None:
    """Fire every step of one clock that is due by now."""
    calendar = uow.company.calendar_of(lead.team)
    while (started := _running(lead, which)) is not None:
        step = lead.step(which)
        due = sla.due_at(started, step, calendar)
        if due > now:
            return
        was_breached = _breached_at(lead, which)
        number = lead.fire(which, due=due)
        if was_breached is None and _breached_at(lead, which) is not None:
            _breach(uow, lead, which, due, now)
        _do(uow, lead, which, step, number, due, now)


def _running(lead: Lead, which: Which) -> datetime | None:
    """The instant from which a clock counts; None when it does not run."""
    if which is Which.ACCEPT:
        return lead.cycle.started_at if lead.cycle and lead.stage is Stage.OFFERED else None
    return lead.contact_from if lead.stage is Stage.ACCEPTED else None


def _breached_at(lead: Lead, which: Which) -> datetime | None:
    if which is Which.CONTACT:
        return lead.contact_breached_at
    return lead.cycle.breached_at if lead.cycle else None


def _breach(uow: Uow, lead: Lead, which: Which, due: datetime, now: datetime) -> None:
    """Record the breach once a cycle, with what excuses the rep (X13)."""
    excuse = _excuse(uow, lead)
    excused = {"excluded": excuse} if excuse else {}
    step = 0 if which is Which.ACCEPT else None
    lead.record(
        Kind.BREACHED,
        at=now,
        actor=SYSTEM,
        clock=which,
        step=step,
        rep=lead.owner,
        due=due.isoformat(),
        **excused,
    )


def _excuse(uow: Uow, lead: Lead) -> str:
    """Why a breach is not held against who has the lead: they were not shown it, or are off duty."""
    if lead.offer is not None and lead.offer.delivered_at is None:
        return "undelivered"
    return "off_duty" if lead.owner and not uow.desk(lead.owner).on_duty else ""


def _do(uow: Uow, lead: Lead, which: Which, step: Step, number: int, due: datetime, now: datetime) -> None:
    if step.do is Do.REMIND and lead.owner is not None:
        lead.record(Kind.REMINDED, at=now, actor=SYSTEM, clock=which, step=number, to=lead.owner)
        tell = Tell.REMIND if which is Which.ACCEPT else Tell.CONTACT_DUE
        offer = lead.offer_in_force
        lead.tell(tell, lead.owner, which, lead.cycle.no if lead.cycle else 0, number, offer=offer)
    elif step.do is Do.ALERT:
        _alert(uow, lead, which, step, number, now)
    elif step.do is Do.REASSIGN:
        _reassign(uow, lead, number, due, now)
    elif step.do is Do.GRAB:
        _open_grab(uow, lead, number, due, now)


def _alert(uow: Uow, lead: Lead, which: Which, step: Step, number: int, now: datetime) -> None:
    rep = lead.owner
    boss = above(uow, lead, director=step.to is To.DIRECTOR, but=(rep or "",))
    level = step.to or To.MANAGER
    lead.record(Kind.ESCALATED, at=now, actor=SYSTEM, clock=which, step=number, level=level, to=boss.id)
    cycle = lead.cycle.no if lead.cycle else 0
    about = {
        "clock": which, "level": level, "rep": rep, "cycle": cycle, "since": now.isoformat(),
        "after": step.after.total_seconds(),
    }  # fmt: skip
    lead.tell(Tell.ALERT, boss.id, which, cycle, number, **about)


def _reassign(uow: Uow, lead: Lead, number: int, due: datetime, now: datetime) -> None:
    """To the next in turn who neither let it lapse in this cycle nor ever handed it back."""
    owner, cycle = lead.owner, lead.cycle
    barred = {owner or "", *(cycle.lapsed if cycle else ()), *lead.handed_back_by}
    choice = next_rep(uow, lead, exclude=barred, now=now)
    if choice is None:
        lead.record(
            Kind.ESCALATED,
            at=now,
            actor=SYSTEM,
            clock=Which.ACCEPT,
            step=number,
            level="reassign",
            why="nobody",
        )
        return
    seen = lead.offer is not None and lead.offer.delivered_at is not None
    lead.reassign_to(choice.person, why=choice.why, due=due, step=number, now=now)
    given(uow, choice.person, now)
    if owner and seen:
        _lapsed(uow, owner, now)


def _open_grab(uow: Uow, lead: Lead, number: int, due: datetime, now: datetime) -> None:
    if lead.offer is not None and lead.offer.grab:
        return
    owner = lead.owner
    seen = lead.offer is not None and lead.offer.delivered_at is not None
    lead.open_grab(due=due, step=number, now=now)
    if owner and seen:
        _lapsed(uow, owner, now)
    lapsed = lead.cycle.lapsed if lead.cycle else ()
    for rep in uow.company.reps(lead.team):
        desk = uow.desk(rep.id)
        sent_off = rep.id in lapsed and desk.lapses >= uow.company.lapses_allowed  # and did not go themselves
        if is_member(rep, lead) and rep.id not in lead.handed_back_by and (desk.on_duty or sent_off):
            lead.tell(Tell.GRAB, rep.id, lead.offers, offer=lead.offers)


def _lapsed(uow: Uow, person: str, now: datetime) -> None:
    """Several offers let pass in a row: off duty, told so, back with one tap. Whoever is above hears too."""
    desk = uow.desk(person)
    desk.lapses += 1
    member = uow.company.people.get(person)
    if desk.lapses >= uow.company.lapses_allowed and desk.on_duty and member and member.role not in LEADERS:
        desk.on_duty = False
        boss = uow.company.manager_of(member.team, lambda each: uow.desk(each).on_duty)
        args = {"lapses": desk.lapses, "person": person}
        for to in dict.fromkeys((person, boss.id)):
            key = f"off_duty:{person}:{now.isoformat()}:{to}"
            uow.tell(Notice(key=key, tell=Tell.OFF_DUTY, to=to, at=now, args=args))
    uow.save_desk(desk)


def _draft_waits(uow: Uow, lead: Lead, now: datetime) -> None:
    """Nobody has answered what was asked about a draft. Where the customer can be reached it goes out as it
    is, for a lead grows cold; else who handed it in is asked each day, from the fourth on who is above."""
    by = lead.origin.by
    guesses = guessed(lead.customer)
    sure = sure_of(lead.customer.with_values(**dict.fromkeys(guesses)), guesses)
    if not missing_fields(sure, ("contact",)):
        lead.edit(sure, by=SYSTEM, now=now)  # what a model read and nobody confirmed stays behind
        lead.complete(by=SYSTEM, now=now)
        place(uow, lead, now=now)
        told_outcome(uow, lead, "sent", by=SYSTEM)
        return
    lead.wake_at = now + ASK_DAILY
    if by is None or by not in uow.company.people or now - lead.created_at > DRAFT_IS_OLD:
        by = above(uow, lead).id  # who may fill it in
    key = f"draft:{lead.id}:{now.isoformat()}:{by}"
    uow.tell(Notice(key=key, tell=Tell.OUTCOME, to=by, lead_id=lead.id, args={"what": "draft"}, at=now))


def _wake(uow: Uow, lead: Lead, now: datetime) -> None:
    """A revisit date has come: marketing decides, and is asked again until it has."""
    day, lead.wake_at = lead.wake_at, now + ASK_AGAIN
    marketer = first_on_duty(uow, Role.MARKETER) or above(uow, lead).id
    key = f"revisit:{lead.id}:{lead.events}:{day}:{marketer}"
    args = {"what": "due"}
    uow.tell(Notice(key=key, tell=Tell.REVISIT, to=marketer, lead_id=lead.id, args=args, at=now))


def resume_after_gap(uow: Uow, *, since: datetime, until: datetime, limit: int = 500) -> int:
    """The system was down from `since` to `until`: nobody is charged for what passed meanwhile.

    Offers whose step passed are offered anew with a fresh clock, contact clocks whose step passed start
    afresh, unless they were broken before, and each manager hears once. Returns how many leads were due; call
    until it is 0.
    """
    leads: Sequence[Lead] = uow.due_leads(until, limit)
    told: Counter[str] = Counter()
    for lead in leads:
        before = lead.stage
        _resume(uow, lead, until)
        waits_on = before is lead.stage is Stage.WAITING  # no clock of anybody's ran
        if lead.stage in HELD or (lead.facts and not waits_on):
            told[above(uow, lead).id] += 1
        uow.save(lead)
    for boss, count in told.items():
        key = f"gap:{since.isoformat()}:{until.isoformat()}:{boss}"
        args = {"from": since.isoformat(), "to": until.isoformat(), "count": count}
        uow.tell(Notice(key=key, tell=Tell.GAP, to=boss, at=until, args=args))
    return len(leads)


def _resume(uow: Uow, lead: Lead, now: datetime) -> None:
    if lead.stage is Stage.OFFERED:
        lead.record(
            Kind.BREACHED, at=now, actor=SYSTEM, clock=Which.ACCEPT, rep=lead.owner, cause="system_down"
        )
        lead.release(why=Kind.RESUMED, by=SYSTEM, now=now)
        place(uow, lead, now=now)
    elif lead.stage is Stage.ACCEPTED and lead.contact_breached_at is None:
        lead.restart_clocks(now=now)
    else:
        _look(uow, lead, now)


def recount_due(uow: Uow, *, after: str, limit: int = 500) -> str | None:
    """The working hours have changed: reckon the next due instants anew, in batches by lead id.

    Returns the last id that was looked at, or None when there are no more.
    """
    leads = uow.ticking_leads(after, limit)
    for lead in leads:
        uow.save(lead)
    return leads[-1].id if leads else None
