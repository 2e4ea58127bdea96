"""Where a lead goes next: to the rep in turn, or into a visible wait that its manager hears of."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from domain.assign import Choice, Desk, choose, level_newcomers, pass_over
from domain.errors import AlreadyTaken, NotAllowed, OfferGone, OtherTeam, WrongStage
from domain.events import SYSTEM, Kind
from domain.lead import Lead
from domain.notices import Tell
from domain.people import Company, Person, Role
from domain.permission import may_direct
from domain.ports import Uow
from domain.sla import To
from domain.stages import HELD, Stage
from domain.usecases.seeing import lead_for

NO_ROOM = "no_room"
UNDO_FOR = timedelta(minutes=5)
SOON, LATER = timedelta(seconds=20), timedelta(minutes=5)


def today(company: Company, now: datetime) -> date:
    """The calendar day in the company's zone; daily quotas count by it."""
    return now.astimezone(company.zone).date()


def above(uow: Uow, lead: Lead, *, director: bool = False, but: Iterable[str] = ()) -> Person:
    """Who must step in for a lead: the nearest leader above on duty who is not in `but`."""
    barred = set(but)

    def free(person: str) -> bool:
        return person not in barred and uow.desk(person).on_duty

    company = uow.company
    return company.director_of(lead.team, free) if director else company.manager_of(lead.team, free)


def first_on_duty(uow: Uow, role: Role, *, but: str = "") -> str | None:
    """The first of a role who is at work, and not `but`."""
    people = (person.id for person in uow.company.of_role(role) if person.id != but)
    return next((person for person in people if uow.desk(person).on_duty), None)


def next_rep(uow: Uow, lead: Lead, *, exclude: Iterable[str], now: datetime) -> Choice | None:
    """The rep in turn for this lead's team; None when nobody can take it."""
    reps = uow.company.reps(lead.team)
    desks = list(zip(reps, uow.desks(rep.id for rep in reps), strict=True))
    day = today(uow.company, now)
    for desk in (*level_newcomers(desks), *pass_over(desks, day=day)):
        uow.save_desk(desk)
    return choose(desks, exclude=exclude, day=day)


def place(uow: Uow, lead: Lead, *, now: datetime, actor: str = SYSTEM, but: Iterable[str] = ()) -> None:
    """Offer a waiting lead to the rep in turn (not one in `but`); off hours it waits for the opening, without
    room it waits, and its leaders hear. The caller saves it."""
    company = uow.company
    if lead.team is None:
        lead.team = company.team_for(route_values(lead))
    calendar = company.calendar_of(lead.team)
    if not calendar.is_open(now):
        lead.park(why="off_hours", until=calendar.next_open(now), now=now)
        return
    choice = next_rep(uow, lead, exclude=(*lead.handed_back_by, *but), now=now)
    if choice is not None:
        offer(uow, lead, choice.person, why=choice.why, now=now, actor=actor)
        return
    lead.park(why=NO_ROOM, until=_try_again(lead, now), now=now)
    _ring_leaders(uow, lead, now)


def _ring_leaders(uow: Uow, lead: Lead, now: datetime) -> None:
    """A lead without room: the manager hears at once, the director when an offer would have come that far,
    and again each `repeat_after` of working time, so that no lead falls silent."""
    if lead.stuck_at is None:
        lead.stuck_at = now
        stuck(uow, lead, why="full")
        return
    policy = uow.company.policy
    after = policy.reaches(To.DIRECTOR) + lead.stuck_rung * policy.repeat_after
    if uow.company.calendar_of(lead.team).elapsed(lead.stuck_at, now) < after:
        return
    lead.stuck_rung += 1
    boss = above(uow, lead, director=True).id
    lead.record(Kind.ESCALATED, at=now, actor=SYSTEM, level=To.DIRECTOR, to=boss, why=NO_ROOM)
    lead.tell(Tell.STUCK, boss, lead.events, why="full")


def _try_again(lead: Lead, now: datetime) -> datetime:
    """When a lead that found no room is tried again: after a tenth of its age, 20 s to 5 min; from a minute
    on at whole minutes, so that the leads that wait are tried together."""
    wait = min(LATER, max(SOON, (now - lead.created_at) / 10))
    at = now + wait
    return at if wait < timedelta(minutes=1) else at.replace(second=0, microsecond=0) + timedelta(minutes=1)


def offer(uow: Uow, lead: Lead, person: str, *, why: str, now: datetime, actor: str) -> None:
    """Offer it to this person in a new cycle and count it on the desk. With a rep it goes to the rep's team,
    whose manager hears of it from then on."""
    member = uow.company.person(person)
    team = member.team if member.role is Role.REP else lead.team or member.team
    lead.offer_to(person, team=team, policy=uow.company.policy, why=why, now=now, actor=actor)
    given(uow, person, now)


def given(uow: Uow, person: str, now: datetime) -> Desk:
    """Count one more lead given to a person."""
    desk = uow.desk(person)
    member = uow.company.people.get(person)
    weight = member.weight if member and member.weight > 0 else 1.0
    desk.give(today(uow.company, now), weight)
    uow.save_desk(desk)
    return desk


def stuck(uow: Uow, lead: Lead, *, why: str, but: Iterable[str] = ()) -> None:
    """Nobody can take it: the card of the manager (not one in `but`), once for this turn of events."""
    lead.tell(Tell.STUCK, above(uow, lead, but=but).id, lead.events, why=why)


def route_values(lead: Lead) -> dict[str, str | None]:
    """What a route may look at."""
    customer = lead.customer
    return {
        "region": customer.region,
        "industry": customer.industry,
        "product": customer.product,
        "company": customer.company,
        "channel": lead.origin.channel,
    }


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """What a leader's card showed when its button was pressed: the lead's count of `decisions`, or on a card
    of several leads (None) that this one was in trouble. A command typed by hand has seen nothing."""

    decisions: int | None = None

    def check(self, lead: Lead) -> None:
        """Raise when somebody has decided about the lead since: a card must not undo an accept unseen."""
        changed = lead.decisions != self.decisions
        if self.decisions is None:
            changed = lead.stage in HELD and lead.contact_breached_at is None
        if changed and lead.stage in HELD:
            raise AlreadyTaken(lead=lead.id, owner=lead.owner, at=lead.accepted_at)
        if changed:
            raise OfferGone(lead=lead.id, stage=lead.stage, owner=lead.owner)


def assign_lead(uow: Uow, *, lead_id: str, to: str, by: str, at: datetime, seen: Seen | None = None) -> Lead:
    """A leader gives the lead to somebody by name: a new cycle, whatever the caps say. Whoever
    leads a team gives it to a rep of the teams below, to themselves, or to whoever stands above the lead's
    team."""
    lead = lead_for(uow, lead_id, by)
    company = uow.company
    if not may_direct(company, company.person(by), lead):
        raise NotAllowed(lead=lead_id)
    if company.person(to).role not in (Role.REP, Role.MANAGER, Role.DIRECTOR):
        raise NotAllowed(lead=lead_id, person=to)
    anywhere = company.person(by).role in (Role.DIRECTOR, Role.ADMIN, Role.MARKETER)
    if not anywhere and not _within(company, lead, by, to):
        raise OtherTeam(lead=lead_id, person=to)
    if seen is not None:
        seen.check(lead)
    loser = _holder(lead)
    lead.decisions += 1
    offer(uow, lead, to, why="by_hand", now=at, actor=by)
    _told_loser(lead, loser, by=by, to=to)
    uow.save(lead)
    uow.remember(lead, verb="assign", by=by, at=at, until=at + UNDO_FOR)
    return lead


def _within(company: Company, lead: Lead, by: str, to: str) -> bool:
    return to == by or company.leads_team(by, company.person(to).team) or company.leads_team(to, lead.team)


def _holder(lead: Lead) -> str | None:
    return lead.owner if lead.stage in HELD else None


def _told_loser(lead: Lead, loser: str | None, *, by: str, to: str) -> None:
    """Whoever had accepted the lead hears that it was taken from them, and by whom."""
    if loser is not None and loser not in (by, to):
        lead.tell(Tell.OUTCOME, loser, lead.events, what="moved", by=by)


def take_lead(uow: Uow, *, lead_id: str, by: str, at: datetime, seen: Seen | None = None) -> Lead:
    """A leader takes the lead over, or a rep takes one from the pool. Again = no change."""
    lead = lead_for(uow, lead_id, by)
    person = uow.company.person(by)
    if lead.owner == by and lead.stage in HELD:
        return lead
    from_pool = lead.stage is Stage.POOL and person.role is Role.REP and by not in lead.handed_back_by
    if not from_pool and not uow.company.leads_team(by, lead.team):
        if seen is not None and person.role is Role.REP and lead.stage in HELD:
            seen.check(lead)  # a rep who was late at the pool hears who has it
        raise NotAllowed(lead=lead_id)
    if seen is not None:
        seen.check(lead)
    loser = _holder(lead)
    if from_pool:
        lead.team = person.team or lead.team
    lead.take(by, policy=uow.company.policy, at=at)
    told_outcome(uow, lead, "accepted", by=by)
    _told_loser(lead, loser, by=by, to=by)
    uow.save(lead)
    uow.remember(lead, verb="take", by=by, at=at, until=at + UNDO_FOR)
    return lead


def told_outcome(uow: Uow, lead: Lead, what: str, *, by: str) -> None:
    """The submitter hears what became of the lead, unless it was their own act."""
    submitter = lead.origin.by
    if submitter and submitter != by and submitter in uow.company.people:
        lead.tell(Tell.OUTCOME, submitter, lead.events, what=what, by=by)


def release_leads(
    uow: Uow, *, person: str, why: Kind, now: datetime, only_offered: bool = False, but: Iterable[str] = ()
) -> list[str]:
    """Take a person's open leads away and place them anew (not at one in `but`); returns their ids."""
    moved = []
    for lead in uow.leads_of(person):
        if lead.stage in HELD and only_offered:
            continue
        try:
            lead.release(why=why, by=SYSTEM, now=now)
        except WrongStage:
            continue
        place(uow, lead, now=now, but=but)
        uow.save(lead)
        moved.append(lead.id)
    return moved


def place_waiting(uow: Uow, *, team: str | None, now: datetime, limit: int = 50) -> int:
    """Room has come up: offer what waits, oldest first; one that is not for those who have room holds up no
    other. Returns how many found somebody."""
    placed = 0
    for lead in uow.waiting_leads(team, limit):
        place(uow, lead, now=now)
        uow.save(lead)
        placed += lead.stage is Stage.OFFERED
    return placed
