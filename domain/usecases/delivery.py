"""What came of telling people: shown, to be tried again, or impossible."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from domain.events import SYSTEM, Kind
from domain.facts import Plan
from domain.lead import Lead
from domain.notices import Notice, Tell
from domain.people import Role
from domain.ports import UNKNOWN, Delivery, Shown, Uow
from domain.stages import Stage
from domain.usecases.placing import place
from domain.usecases.taking_back import hand_on_step

GIVE_UP_AFTER, GIVE_UP_TRIES = timedelta(hours=24), 50
POISON_AFTER = 8


@dataclass(frozen=True, slots=True, kw_only=True)
class Sent:
    """Shown, or found to be needless (`shown` empty). `versions` = of the leads as they were rendered;
    `before` = the digests of what redrawn copies showed, by message."""

    delivery: Delivery
    shown: tuple[Shown, ...] = ()
    versions: Mapping[str, int] = field(default_factory=dict)
    before: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Failed:
    """Not shown. `again_in` = try after so long; None = it never will be, for `why`. No instant: between the
    try and its booking the clock may be set.

    `shown` = the copies that were made true all the same, before or after one that failed; `before` as above.
    """

    delivery: Delivery
    why: str
    again_in: timedelta | None
    shown: tuple[Shown, ...] = ()
    before: Mapping[str, str] = field(default_factory=dict)


Receipt = Sent | Failed


@dataclass(frozen=True, slots=True, kw_only=True)
class Work:
    """A claimed delivery with what is needed to render it: the lead as it is now (and every lead that its
    cards name), the copies that show it, and of a reminder the lead's next step."""

    delivery: Delivery
    lead: Lead | None
    copies: Sequence[Shown] = ()
    leads: dict[str, Lead] = field(default_factory=dict)
    plan: Plan | None = None


def claim(uow: Uow, *, now: datetime, limit: int, busy: Sequence[str] = ()) -> list[Work]:
    """Lease due notices and read what they are about, in one transaction."""
    deliveries = uow.claim_notices(now, limit, busy)
    uow.preload(delivery.lead_id for delivery in deliveries if delivery.lead_id)
    shown = uow.shown_of([each.lead_id or "" for each in deliveries if each.tell is Tell.REFRESH])
    plans = uow.plans(each.lead_id for each in deliveries if each.lead_id and each.tell in _WITH_STEPS)
    plans = {lead_id: hand_on_step(uow, uow.lead(lead_id), plan, now=now) for lead_id, plan in plans.items()}
    return [_work(uow, delivery, shown, plans) for delivery in deliveries]


_WITH_STEPS = (Tell.FOLLOW_UP, Tell.REFRESH)  # due, or its lead has changed and may be another's now


def _work(
    uow: Uow, delivery: Delivery, shown: Mapping[str, Sequence[Shown]], plans: Mapping[str, Plan]
) -> Work:
    copies = shown.get(delivery.lead_id or "", ()) if delivery.tell is Tell.REFRESH else ()
    if delivery.lead_id is None:
        return Work(delivery=delivery, lead=None, copies=copies)
    named = {delivery.lead_id: None, **dict.fromkeys(_named(delivery.args))}
    for copy in copies:
        named |= dict.fromkeys(_named(copy.args))
    uow.preload(named)
    leads = {lead_id: uow.lead(lead_id) for lead_id in named}
    lead, plan = leads[delivery.lead_id], plans.get(delivery.lead_id)
    return Work(delivery=delivery, lead=lead, copies=copies, leads=leads, plan=plan)


def _named(args: Mapping[str, object]) -> list[str]:
    """The leads that a card of several leads shows."""
    found = args.get("leads")
    return [str(each) for each in found] if isinstance(found, list) else []


def settle(uow: Uow, *, receipts: Sequence[Receipt], now: datetime) -> None:
    """Book what came of some deliveries, all in one transaction."""
    uow.preload(dict.fromkeys(lead_id for receipt in receipts for lead_id in _concerned(receipt)))
    sent = [receipt.delivery for receipt in receipts if isinstance(receipt, Sent)]
    booked = uow.notices_done(sent, at=now)
    for receipt in receipts:
        if isinstance(receipt, Sent):
            if receipt.delivery.key in booked.done:
                _sent(uow, receipt, now)
            elif receipt.delivery.key in booked.overtaken:
                _shown_late(uow, receipt, now)
        else:
            _failed(uow, receipt, now)


def _failed(uow: Uow, receipt: Failed, now: datetime) -> None:
    delivery, why = receipt.delivery, receipt.why
    if receipt.again_in is not None:
        held = uow.notice_again(delivery, at=now + receipt.again_in, why=why)
    elif delivery.tell is Tell.WELCOME:
        _unwelcomed(uow, receipt, now)
        return
    else:
        held = uow.notice_dead(delivery, why=why, at=now)
    if not held:
        _tried_late(uow, receipt, now)
        return
    for shown in _as_told(uow, receipt, now):  # their handles of before are used up
        _keep(uow, _looked_at_again(shown))
    if receipt.again_in is None:
        _dead(uow, receipt, now)


def _keep(uow: Uow, shown: Shown) -> None:
    """Keep what a message shows; one that shows several leads is kept with each of them, all alike."""
    for lead_id in _named(shown.args) or (shown.lead_id,):
        uow.show(replace(shown, lead_id=lead_id))


def _as_told(uow: Uow, receipt: Receipt, now: datetime) -> Sequence[Shown]:
    """What came of a card's copies. A redraw changes no args: what was told to a copy meanwhile stays."""
    delivery = receipt.delivery
    if delivery.tell is not Tell.REFRESH or not receipt.shown:
        return receipt.shown
    told = {each.message: each.args for each in uow.shown(delivery.lead_id or "")}
    shown = [replace(each, args=told.get(each.message, each.args)) for each in receipt.shown]
    return [_on_top(uow, each, receipt.before.get(each.message), now) for each in shown]


def _on_top(uow: Uow, shown: Shown, before: str | None, now: datetime) -> Shown:
    """A card of several leads is redrawn by each of them. Where another's redraw was booked since this one
    was claimed, and drew something else, nobody knows which of the two lies on top."""
    known = uow.copy(shown.message, shown.lead_id) if len(_named(shown.args)) > 1 else None
    if known is None or known.digest in (before, shown.digest):
        return shown
    uow.refresh(shown.lead_id, now)
    return _looked_at_again(replace(shown, digest=""))


def _forgetful(uow: Uow, shown: Shown) -> Shown:
    """Whose customer was erased while the words were on their way gets none of them back."""
    named = _named(shown.args) or (shown.lead_id,)
    wordless = shown.tell in ("rollup", "pool")
    if wordless or not any(lead_id and uow.lead(lead_id).erased for lead_id in named):
        return shown
    return replace(shown, args={})


def _concerned(receipt: Receipt) -> list[str]:
    """The leads that booking this receipt looks at."""
    shown = [each.lead_id for each in receipt.shown if each.lead_id] if isinstance(receipt, Sent) else []
    return [*shown, receipt.delivery.lead_id] if receipt.delivery.lead_id else shown


def _sent(uow: Uow, receipt: Sent, now: datetime) -> None:
    for shown in _as_told(uow, receipt, now):
        if receipt.delivery.lease > 1 and receipt.delivery.tell is not Tell.REFRESH:
            shown = _beside_older(uow, shown, receipt.delivery.lease, now)
        seen = receipt.versions.get(shown.lead_id)
        if seen is not None and seen != uow.lead(shown.lead_id).version:
            uow.refresh(shown.lead_id, now)  # it changed while the card was on its way
            shown = _looked_at_again(shown)
        _keep(uow, shown)
    delivery = receipt.delivery
    if delivery.tell in (Tell.OFFER, Tell.GRAB) and receipt.shown and delivery.lead_id:
        lead = uow.lead(delivery.lead_id)
        if lead.delivered(int(str(delivery.args["offer"])), at=now):
            uow.save(lead)


def _looked_at_again(shown: Shown) -> Shown:
    """Nobody looks at a card that is over, so one that may have come back to life is not booked as such."""
    return replace(shown, state="done") if shown.state == "dead" else shown


def _beside_older(uow: Uow, shown: Shown, lease: int, now: datetime) -> Shown:
    """An older lease was booked first, as one that came too late: if it is another card, both are kept. If it
    is the same, it may have been redrawn since, and nobody knows which of the two lies on top."""
    known = uow.copy(shown.message, shown.lead_id)
    if known is None:
        return shown
    if known.handle == shown.handle:
        uow.refresh(shown.lead_id, now)
        return _looked_at_again(replace(shown, digest=""))
    _doubt(uow, replace(known, message=f"{known.message}~{lease}"), now)
    return shown


def _doubt(uow: Uow, shown: Shown, now: datetime) -> None:
    """Nobody knows what that copy shows: it is made true, also one that was over."""
    uow.show(_looked_at_again(replace(shown, digest="")))
    uow.refresh(shown.lead_id, now)


def _shown_late(uow: Uow, receipt: Sent, now: datetime) -> None:
    """Whoever held this was stopped for longer than the lease, and another has shown it too: nobody knows
    which of the two lies on top. Every copy is kept, of unknown content, and made true."""
    for late in receipt.shown:
        known = uow.copy(late.message, late.lead_id)
        if known is None and receipt.delivery.tell is not Tell.REFRESH:
            changed: Shown | None = late  # the other is not booked yet
        elif receipt.delivery.tell is Tell.REFRESH or (known is not None and known.handle == late.handle):
            changed = known
        else:
            changed = replace(late, message=f"{late.message}~{receipt.delivery.lease}")
        if changed is not None and late.lead_id:
            _doubt(uow, _forgetful(uow, changed), now)


def _tried_late(uow: Uow, receipt: Failed, now: datetime) -> None:
    """Whoever held this was stopped in the middle of a try that was cut short then: its card may lie over
    what another has shown since."""
    delivery, lead_id = receipt.delivery, receipt.delivery.lead_id or ""
    messages = [each.message for each in receipt.shown]
    if delivery.tell is not Tell.REFRESH and receipt.why.startswith(UNKNOWN):
        messages = [delivery.key]
    for message in messages:
        known = uow.copy(message, lead_id)
        if known is not None:
            for named in _named(known.args) or (lead_id,):
                _doubt(uow, replace(known, lead_id=named), now)


def _dead(uow: Uow, receipt: Failed, now: datetime) -> None:
    """It can't be told: a human hears, and an offer goes on to the next at once."""
    delivery = receipt.delivery
    if delivery.tell is not Tell.DEAD:
        _tell_admins(uow, receipt, now)
    if delivery.tell is not Tell.OFFER or delivery.lead_id is None:
        return
    lead = uow.lead(delivery.lead_id)
    live = lead.offer is not None and lead.offer.no == int(str(delivery.args["offer"]))
    if lead.stage is Stage.OFFERED and live:
        lead.release(why=Kind.REFUSED_BY_PLATFORM, by=SYSTEM, now=now)
        desk = uow.desk(delivery.to)
        desk.on_duty = False  # nothing reaches them: the next lead would be lost on them too
        uow.save_desk(desk)
        place(uow, lead, now=now)
        uow.save(lead)


def _unwelcomed(uow: Uow, receipt: Failed, now: datetime) -> None:
    """It was too late, or the platform would not: a fact of the lead, and nobody can make up for it."""
    delivery = receipt.delivery
    if delivery.key in uow.notices_done([delivery], at=now).done:
        lead = uow.lead(str(delivery.lead_id))
        lead.record(Kind.UNWELCOMED, at=now, actor=SYSTEM, why=receipt.why)
        uow.save(lead)


def _tell_admins(uow: Uow, receipt: Failed, now: datetime) -> None:
    delivery = receipt.delivery
    company = uow.company
    hearers = [person for person in company.of_role(Role.ADMIN) if person.id != delivery.to]
    for person in hearers or [boss for boss in company.chain(None) if boss.id != delivery.to][:1]:
        args = {"about": delivery.tell, "to": delivery.to, "lead": delivery.lead_id, "why": receipt.why}
        uow.tell(
            Notice(
                key=f"dead:{delivery.key}:{person.id}",
                tell=Tell.DEAD,
                to=person.id,
                lead_id=delivery.lead_id,
                args=args,
                at=now,
            )
        )
