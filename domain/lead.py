"""The lead: one aggregate, one writer of its stage, a guard before every move, a fact after it.

The same click twice changes nothing; somebody else's late click raises AlreadyTaken. Methods check first
and change afterwards, so a refused verb leaves the lead as it was.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, fields, replace
from datetime import datetime, timedelta
from typing import Any

from domain import sla
from domain.calendar import WorkingCalendar
from domain.errors import AlreadyTaken, NotAllowed, OfferGone, WrongStage
from domain.events import SYSTEM, Event, Kind, as_label
from domain.notices import Notice, Tell
from domain.reasons import Goes, Reason
from domain.sla import Cycle, Do, Offer, Policy, Step, Which
from domain.stages import HELD, MOVES, Stage, Verb

ERASED = "erased"
"""The reason of a lead whose customer was erased."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Customer:
    """Who wants what. The only personal data of a lead, all in one place. Money in yuan."""

    name: str | None = None
    company: str | None = None
    title: str | None = None
    phone: str | None = None
    email: str | None = None
    wechat: str | None = None
    industry: str | None = None
    region: str | None = None
    product: str | None = None
    need: str | None = None
    amount_min: int | None = None
    amount_max: int | None = None
    extra: Mapping[str, str] = field(default_factory=dict)

    def with_values(self, **values: object) -> "Customer":
        return replace(self, **values)  # type: ignore[arg-type]


CUSTOMER_FIELDS = tuple(f.name for f in fields(Customer))


DRAFT_WAITS = timedelta(minutes=10)
"""For an answer to what was asked about a draft."""


def missing_fields(customer: Customer, required: tuple[str, ...]) -> tuple[str, ...]:
    """The required fields that are empty, in the order of asking; `contact` is any way to reach them."""

    def empty(name: str) -> bool:
        if name == "contact":
            return not (customer.phone or customer.email or customer.wechat)
        return not getattr(customer, name, None)

    return tuple(name for name in required if empty(name))


@dataclass(frozen=True, slots=True, kw_only=True)
class Origin:
    """Where a lead came from: fixed at capture. `by` is the submitter's id, absent for a machine."""

    channel: str = ""
    source: str = ""
    external_id: str | None = None
    by: str | None = None
    campaign: str | None = None
    consent: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Overtaken:
    """The offer that a reassign or a grab ended: an accept received by `due` still wins it."""

    no: int
    person: str
    due: datetime


@dataclass(slots=True, kw_only=True)
class Lead:
    """See the module. `version` counts saves, `events` facts, `decisions` what people decided."""

    id: str
    created_at: datetime
    stage: Stage
    customer: Customer
    origin: Origin
    version: int = 0
    updated_at: datetime
    events: int = 0
    decisions: int = 0
    team: str | None = None
    owner: str | None = None
    tier: str = "default"
    cycle: Cycle | None = None
    offer: Offer | None = None
    offers: int = 0
    cycles: int = 0
    overtaken: Overtaken | None = None
    assigned_at: datetime | None = None
    accepted_at: datetime | None = None
    accepted_offer: int = 0
    contacted_at: datetime | None = None
    contact_from: datetime | None = None
    contact_fired: int = 0
    contact_steps: int = 0
    contact_breached_at: datetime | None = None
    attempts: int = 0
    handbacks: int = 0
    handed_back_by: tuple[str, ...] = ()
    helper: str | None = None
    help_reason: str | None = None
    reason: str | None = None
    wake_at: datetime | None = None
    stuck_at: datetime | None = None
    stuck_rung: int = 0
    facts: list[Event] = field(default_factory=list)
    notices: list[Notice] = field(default_factory=list)

    # -- facts ------------------------------------------------------------------------------------------

    def record(
        self,
        kind: Kind,
        *,
        at: datetime,
        actor: str,
        clock: str = "",
        step: int | None = None,
        **data: object,
    ) -> None:
        """Append one fact; it is stored with the next save."""
        self.events += 1
        self.updated_at = max(self.updated_at, at)
        self.facts.append(
            Event(
                no=self.events,
                kind=kind,
                at=at,
                actor=actor,
                cycle=self.cycle.no if self.cycle else 0,
                offer=self.offer.no if self.offer else 0,
                clock=clock,
                step=step,
                data=data,
            )
        )

    def tell(self, tell: Tell, to: str, *parts: object, **args: object) -> None:
        """Append one notice; `parts` make its key unique beside its kind, lead and receiver."""
        key = self.notice_key(tell, to, *parts)
        self.notices.append(Notice(key=key, tell=tell, to=to, lead_id=self.id, args=args))

    def notice_key(self, tell: Tell, to: str, *parts: object) -> str:
        """The key under which a notice of this lead is told once."""
        return ":".join([tell.value, self.id, *(str(part) for part in parts), to])

    def _move(self, verb: Verb, to: Stage) -> None:
        if to not in MOVES.get((self.stage, verb), ()):
            raise WrongStage(lead=self.id, stage=self.stage, verb=verb)
        self.stage = to
        if to is not Stage.WAITING:
            self.stuck_at, self.stuck_rung = None, 0

    # -- capture ----------------------------------------------------------------------------------------

    @classmethod
    def captured(
        cls, lead_id: str, *, customer: Customer, origin: Origin, draft: bool, now: datetime
    ) -> "Lead":
        """A new lead: a draft that waits for fields, or ready to be placed."""
        lead = cls(
            id=lead_id,
            created_at=now,
            updated_at=now,
            stage=Stage.DRAFT if draft else Stage.WAITING,
            wake_at=now + DRAFT_WAITS if draft else None,
            customer=customer,
            origin=origin,
        )
        lead.record(
            Kind.CAPTURED,
            at=now,
            actor=origin.by or SYSTEM,
            channel=as_label(origin.channel),
            source=origin.source,
        )
        return lead

    def complete(self, *, by: str, now: datetime) -> None:
        """A draft has what it needs."""
        self._move(Verb.COMPLETE, Stage.WAITING)
        self.record(Kind.COMPLETED, at=now, actor=by)

    def edit(self, customer: Customer, *, by: str, now: datetime) -> tuple[str, ...]:
        """Take over changed fields; returns their names. Their values stay out of the facts."""
        changed = tuple(
            name for name in CUSTOMER_FIELDS if getattr(customer, name) != getattr(self.customer, name)
        )
        if changed:
            self.customer = customer
            self.record(Kind.EDITED, at=now, actor=by, fields=list(changed))
        return changed

    def judge(self, question: str, answer: str, *, by: str, now: datetime) -> None:
        """Somebody answered one of the three questions; the words that it was read from stand no more."""
        extra = {name: text for name, text in self.customer.extra.items() if name != f"{question}_said"}
        self.customer = self.customer.with_values(extra={**extra, question: answer})
        self.record(Kind.JUDGED, at=now, actor=by, question=question, answer=answer)

    # -- offers -----------------------------------------------------------------------------------------

    def offer_to(
        self, person: str, *, team: str | None, policy: Policy, why: str, now: datetime, actor: str = SYSTEM
    ) -> None:
        """Offer it to one person in a new cycle, whose clock starts when the card is delivered."""
        self._move(Verb.OFFER, Stage.OFFERED)
        self._begin(policy)
        self.overtaken = None
        self.accepted_at = self.contacted_at = None
        self.contact_fired, self.contact_breached_at = 0, None
        self.wake_at = self.reason = None
        self.team = team or self.team
        self.assigned_at = now
        self._offer(person, now)
        self.record(Kind.ASSIGNED, at=now, actor=actor, to=person, why=why)
        self.tell(Tell.OFFER, person, self.offers, offer=self.offers, why=why)

    def reassign_to(self, person: str, *, why: str, due: datetime, step: int, now: datetime) -> None:
        """The clock passes the lead on within its cycle; who let it lapse is remembered."""
        self._move(Verb.REASSIGN, Stage.OFFERED)
        self._lapse(due)
        self._offer(person, now)
        self.record(Kind.REASSIGNED, at=now, actor=SYSTEM, clock=Which.ACCEPT, step=step, to=person, why=why)
        self.tell(Tell.OFFER, person, self.offers, offer=self.offers, why=why)

    def open_grab(self, *, due: datetime, step: int, now: datetime) -> None:
        """The whole team may take it."""
        self._move(Verb.OPEN_GRAB, Stage.OFFERED)
        self._lapse(due)
        self._offer(None, now)
        self.record(Kind.GRAB_OPENED, at=now, actor=SYSTEM, clock=Which.ACCEPT, step=step)

    def _lapse(self, due: datetime) -> None:
        """End the live offer of one person; an accept received by `due` may still overtake this."""
        offer, cycle = self._live()
        if offer.person is not None:
            self.overtaken = Overtaken(no=offer.no, person=offer.person, due=due)
            if offer.delivered_at is not None:  # who never saw the card let nothing lapse
                self.cycle = replace(cycle, lapsed=(*cycle.lapsed, offer.person))

    def _begin(self, policy: Policy) -> None:
        self.cycles += 1
        self.cycle = Cycle(no=self.cycles, policy=policy, first_offer=self.offers + 1)

    def _offer(self, person: str | None, now: datetime) -> None:
        self.offers += 1
        self.attempts = 0  # what others tried is not the new owner's attempt
        self._end_help()
        self.owner = person
        self.offer = Offer(no=self.offers, person=person, team=self.team, at=now)

    def _live(self) -> tuple[Offer, Cycle]:
        if self.stage is not Stage.OFFERED or self.offer is None or self.cycle is None:
            raise OfferGone(lead=self.id, stage=self.stage)
        return self.offer, self.cycle

    def park(self, *, why: str, until: datetime | None, now: datetime) -> None:
        """Nobody can take it now: it waits, visibly, and is placed again at `until`. A fact, unless it
        already waited for that reason."""
        fresh = self.stage is not Stage.WAITING or self.reason != why
        self._move(Verb.PARK, Stage.WAITING)
        self.owner = self.offer = None
        self.wake_at, self.reason = until, why
        if fresh:
            self.record(Kind.PARKED, at=now, actor=SYSTEM, why=why)

    def delivered(self, offer_no: int, *, at: datetime) -> bool:
        """The card of an offer was shown. The first one of a cycle starts its clock. False when stale."""
        offer, cycle = self.offer, self.cycle
        if self.stage is not Stage.OFFERED or offer is None or cycle is None or offer.no != offer_no:
            return False
        if offer.delivered_at is not None:
            return False
        self.offer = replace(offer, delivered_at=at)
        late = at - offer.at > cycle.policy.undelivered_after
        later = False
        if cycle.started_at is None:
            self.cycle = replace(cycle, started_at=at)
            drawn, due = (_minute(start + cycle.policy.within) for start in (offer.at, at))
            later = drawn != due
        cause: dict[str, Any] = {"cause": "system"} if late else {}
        self.record(Kind.DELIVERED, at=at, actor=SYSTEM, waited=(at - offer.at).total_seconds(), **cause)
        if offer.alarmed or later:
            # A delivery changes no card, but the one that said it was missing, and its own where the deadline
            # that was drawn, by the minute, is not the true one.
            self.tell(Tell.REFRESH, "", "delivered", offer_no)
        return True

    # -- the clocks -------------------------------------------------------------------------------------

    def next_due(self, calendar: WorkingCalendar) -> datetime | None:
        """The instant at which the sweep must look at this lead again; None = nothing is due."""
        if self.stage is Stage.OFFERED:
            return self._offer_due(calendar)
        if self.stage is Stage.ACCEPTED and self.contact_from is not None:
            return sla.due_at(self.contact_from, self.step(Which.CONTACT), calendar)
        return self.wake_at

    def _offer_due(self, calendar: WorkingCalendar) -> datetime | None:
        offer, cycle = self._live()
        alarm = None
        if offer.delivered_at is None and not offer.alarmed:
            alarm = offer.at + cycle.policy.undelivered_after
        if cycle.started_at is None:
            return alarm
        due = sla.due_at(cycle.started_at, self.step(Which.ACCEPT), calendar)
        return min(due, alarm) if alarm else due

    def promised_until(self, calendar: WorkingCalendar) -> datetime | None:
        """The end of the promise that runs; once it is broken, or where none runs, the next due instant."""
        cycle, offer = self.cycle, self.offer
        if cycle is not None and offer is not None and cycle.breached_at is None:
            end = Step(after=cycle.policy.within, do=Do.MARK)
            return sla.due_at(cycle.started_at or offer.at, end, calendar)
        running = self.stage is Stage.ACCEPTED and self.contact_breached_at is None
        if running and cycle is not None and self.contact_from is not None:
            end = Step(after=cycle.policy.promise(Which.CONTACT, self.tier), do=Do.MARK)
            return sla.due_at(self.contact_from, end, calendar)
        return self.next_due(calendar)

    def step(self, which: Which) -> Step:
        """The next step of a clock that has not fired."""
        assert self.cycle is not None
        fired = self.cycle.fired if which is Which.ACCEPT else self.contact_fired
        return self.cycle.policy.step(which, fired, self.tier)

    def fire(self, which: Which, *, due: datetime) -> int:
        """Count the next step as fired; marks the breach with its due time.

        Returns the step's number, unique per cycle on the accept clock and per life on the contact clock
        (an undone accept may run that clock again in the same cycle).
        """
        assert self.cycle is not None
        step = self.step(which)
        breach = step.after >= self.cycle.policy.promise(which, self.tier) and step.do is not Do.REMIND
        if which is Which.ACCEPT:
            breached = self.cycle.breached_at or (due if breach else None)
            self.cycle = replace(self.cycle, fired=self.cycle.fired + 1, breached_at=breached)
            return self.cycle.fired
        self.contact_fired += 1
        self.contact_steps += 1
        self.contact_breached_at = self.contact_breached_at or (due if breach else None)
        return self.contact_steps

    def alarm_undelivered(self, *, now: datetime) -> None:
        """The card of the live offer was not shown in time: the system's fault, and recorded so."""
        offer, _ = self._live()
        self.offer = replace(offer, alarmed=True)
        self.record(Kind.UNDELIVERED, at=now, actor=SYSTEM, cause="system", to=offer.person or offer.team)

    # -- what people do ---------------------------------------------------------------------------------

    def may_take(self, by: str, offer_no: int, *, member: bool, at: datetime) -> None:
        """Raise unless `by` may take the offer of that number, received at `at`.

        `member` says whether that person belongs to the team of a grab. Who let it lapse may grab it; who
        handed it back may not. An accept received by the due time of the step that overtook it stands.
        """
        if self.stage is not Stage.OFFERED or self.offer is None:
            raise (
                AlreadyTaken(lead=self.id, owner=self.owner, at=self.accepted_at)
                if self.owner
                else OfferGone(lead=self.id, stage=self.stage)
            )
        if self.offer.no != offer_no:
            lost = self.overtaken
            if lost and lost.no == offer_no and lost.person == by and at <= lost.due:
                return
            raise OfferGone(lead=self.id, stage=self.stage, owner=self.owner)
        if self.offer.grab:
            if not member or by in self.handed_back_by:
                raise NotAllowed(lead=self.id)
        elif self.offer.person != by:
            raise NotAllowed(lead=self.id)

    def accept(self, by: str, offer_no: int, *, member: bool, at: datetime) -> bool:
        """Take the offer. False when this person already did (the same click again)."""
        if self.stage in HELD and self.owner == by and self.accepted_offer == offer_no:
            return False
        self.may_take(by, offer_no, member=member, at=at)
        assert self.cycle is not None
        assert self.offer is not None
        overtook = self.offer.no != offer_no
        breach = self.cycle.breached_at
        withdrawn = overtook or (breach is not None and at <= breach)
        if breach is not None and at <= breach:
            self.cycle = replace(self.cycle, breached_at=None)
        self._hold(Verb.ACCEPT, by, at)
        self.accepted_offer = offer_no
        late = self.cycle.breached_at is not None
        self.record(Kind.ACCEPTED, at=at, actor=by, **_late(late))
        if withdrawn:
            self.record(Kind.ESCALATION_WITHDRAWN, at=at, actor=SYSTEM, why="received_in_time")
        return True

    def take(self, by: str, *, policy: Policy, at: datetime) -> None:
        """A leader takes it over, or somebody takes it from the pool: held at once, in a cycle of its own."""
        self._hold(Verb.TAKE, by, at)
        self._end_help()
        self._begin(policy)
        self.offers += 1
        self.accepted_offer = self.offers
        self.record(Kind.ACCEPTED, at=at, actor=by, taken=True)

    def _hold(self, verb: Verb, by: str, at: datetime) -> None:
        self._move(verb, Stage.ACCEPTED)
        self.decisions += 1
        self.owner, self.offer, self.overtaken = by, None, None
        self.accepted_at = self.contact_from = at
        self.contacted_at = None
        self.attempts = 0  # what others tried is not the new owner's attempt
        self.contact_fired, self.contact_breached_at = 0, None
        self.wake_at = None

    def works_on(self, person: str) -> bool:
        """Whether this person's contact with the customer counts: the owner's or the helper's."""
        return self.stage in HELD and person in (self.owner, self.helper)

    def contact(self, by: str, *, evidence: str, at: datetime) -> bool:
        """The first contact was made, by the owner or the helper; stops the contact clock. False when it was
        made already."""
        if not self.works_on(by):
            self._owned(by)
        self.attempts += 1
        if self.stage is not Stage.ACCEPTED:
            return False
        self._move(Verb.CONTACT, Stage.CONTACTED)
        self.decisions += 1
        self.contacted_at = at
        late = self.contact_breached_at is not None and at > self.contact_breached_at
        helped: dict[str, Any] = {"owner": self.owner} if by != self.owner else {}
        self.record(Kind.CONTACTED, at=at, actor=by, evidence=evidence, **helped, **_late(late))
        return True

    def _owned(self, by: str) -> None:
        if self.stage not in HELD:
            raise OfferGone(lead=self.id, stage=self.stage, owner=self.owner)
        if self.owner != by:
            raise AlreadyTaken(lead=self.id, owner=self.owner, at=self.accepted_at)

    def hand_back(
        self, by: str, reason: Reason, *, limit: int, revisit: datetime | None, at: datetime
    ) -> Goes:
        """Give it back with a reason; returns where it goes (the caller places it).

        The third hand-back ends the ping-pong: `Goes.REASSIGN` then rests at the manager as `returned`.
        """
        self._owner_or_offered(by)
        if reason.goes is Goes.EXPERT:
            return reason.goes  # nothing moves: the caller asks somebody to help
        too_often = reason.goes is Goes.REASSIGN and self.handbacks + 1 >= limit
        self._move(Verb.HAND_BACK, Stage.RETURNED if too_often else _HANDED_TO[reason.goes])
        self.decisions += 1
        self.record(
            Kind.HANDED_BACK, at=at, actor=by, reason=reason.code, goes=reason.goes, to_stage=self.stage,
            blames_channel=reason.blames_channel,
        )  # fmt: skip
        self.handbacks += 1
        self.handed_back_by = (
            (*self.handed_back_by, by) if by not in self.handed_back_by else self.handed_back_by
        )
        self.reason = reason.code
        self._release(revisit if self.stage is Stage.NURTURING else None)
        return reason.goes

    def ask_help(self, helper: str, *, by: str, reason: str, at: datetime) -> None:
        """Somebody is asked to help; the owner stays, and the helper may see the lead and write to it."""
        self.helper, self.help_reason = helper, reason
        self.record(Kind.HELP_REQUESTED, at=at, actor=by, reason=reason, to=helper)
        self.tell(Tell.HELP, helper, self.events, by=by, reason=reason)

    def help_as_before(self, before: "Lead", *, by: str, now: datetime) -> None:
        """Undo: whoever was asked is asked no more; who was asked before them still is."""
        self.helper, self.help_reason = before.helper, before.help_reason
        self.record(Kind.UNDONE, at=now, actor=by, verb="help")

    def _end_help(self) -> None:
        self.helper = self.help_reason = None

    @property
    def offer_in_force(self) -> int:
        """The number of the live offer, else of the one that was accepted."""
        return self.offer.no if self.offer else self.accepted_offer

    def owned_under(self, by: str, offer_no: int) -> None:
        """Raise unless `by` holds this lead, or is offered it, under that offer's number."""
        self._owner_or_offered(by)
        if self.offer_in_force != offer_no:
            raise OfferGone(lead=self.id, stage=self.stage, owner=self.owner)

    def _owner_or_offered(self, by: str) -> None:
        offered = self.stage is Stage.OFFERED and self.offer is not None and self.offer.person == by
        if not offered:
            self._owned(by)

    def _release(self, wake_at: datetime | None) -> None:
        self.owner = self.offer = self.overtaken = None
        self.accepted_at = None
        self.wake_at = wake_at
        self._end_help()

    def release(self, *, why: Kind, by: str, now: datetime) -> None:
        """Take it from its owner (who left, or an outage passed): it waits to be placed in a new cycle."""
        self._move(Verb.RELEASE, Stage.WAITING)
        self.record(why, at=now, actor=by, owner=self.owner)
        self._release(now)

    def restart_clocks(self, *, now: datetime) -> None:
        """The system was down: what passed meanwhile is its own fault; the contact clock starts afresh."""
        self.record(Kind.RESUMED, at=now, actor=SYSTEM, cause="system_down")
        self.contact_from, self.contact_fired = now, 0

    def withdraw(self, *, by: str, reason: str, now: datetime) -> None:
        """The submitter takes it back: closed, nobody is rung any more."""
        self._move(Verb.WITHDRAW, Stage.INVALID)
        self.decisions += 1
        self.reason = reason
        self.record(Kind.WITHDRAWN, at=now, actor=by, reason=reason)
        self._release(None)

    def erase(self, *, by: str, now: datetime) -> None:
        """Nothing is left of the customer, and nobody is rung any more. The facts stay: they hold no word of
        the customer's, so the chain stays whole."""
        self._move(Verb.ERASE, Stage.INVALID)
        self.decisions += 1
        self.customer, self.origin = Customer(), replace(self.origin, external_id=None, consent=None)
        self.reason = ERASED
        self.record(Kind.ERASED, at=now, actor=by)
        self._release(None)

    @property
    def erased(self) -> bool:
        """Whether its customer was erased; what a number stands for then is nobody's any more."""
        return self.reason == ERASED

    def restore(self, before: "Lead", *, verb: str, by: str, now: datetime) -> None:
        """Undo: everything but its history and its customer is as it was before; a restored clock has run on
        meanwhile. Help that its owner has asked for since goes on."""
        if self.helper is None or self.owner != before.owner:
            self.helper, self.help_reason = before.helper, before.help_reason
        for name in _RESTORED:
            setattr(self, name, getattr(before, name))
        self.decisions += 1
        self.record(Kind.UNDONE, at=now, actor=by, verb=verb, stage=self.stage, owner=self.owner)

    @property
    def broken_at(self) -> datetime | None:
        """When the promise was broken that somebody still has to keep; None where none is."""
        if self.stage is Stage.ACCEPTED:
            return self.contact_breached_at
        return self.cycle.breached_at if self.stage is Stage.OFFERED and self.cycle else None

    @property
    def load(self) -> tuple[str, str] | None:
        """(person, `unaccepted` or `active`) that this lead weighs on; None = on nobody."""
        if self.owner is None:
            return None
        if self.stage is Stage.OFFERED:
            return self.owner, "unaccepted"
        return (self.owner, "active") if self.stage in HELD else None


def _minute(at: datetime) -> datetime:
    return at.replace(second=0, microsecond=0)


def _late(late: bool) -> dict[str, Any]:
    return {"late": True} if late else {}


_HANDED_TO = {
    Goes.NURTURE: Stage.NURTURING,
    Goes.REASSIGN: Stage.WAITING,
    Goes.INVALID: Stage.INVALID,
    Goes.POOL: Stage.POOL,
}

_RESTORED = (
    "stage", "team", "owner", "tier", "cycle", "offer", "overtaken", "assigned_at", "accepted_at",
    "accepted_offer", "contacted_at", "contact_from", "contact_fired", "contact_breached_at", "attempts",
    "handbacks", "handed_back_by", "reason", "wake_at", "stuck_at", "stuck_rung",
)  # fmt: skip
