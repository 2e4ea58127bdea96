"""What people do with a lead: hand it in, accept it, contact, hand back, edit, take back."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from domain.contact import contact_keys
from domain.errors import (
    BadField,
    HandedBackAlready,
    NeedsAttempt,
    NeedsWords,
    NotAllowed,
    NothingToUndo,
    OfferGone,
    TooLate,
    WrongStage,
)
from domain.events import SYSTEM, Kind, as_label
from domain.guessing import GUESSED, guessed, sure_of
from domain.judging import with_answers
from domain.lead import CUSTOMER_FIELDS, DRAFT_WAITS, Customer, Lead, Origin, missing_fields
from domain.media import Attachment
from domain.notices import Tell
from domain.people import Role
from domain.permission import is_member, may_direct, may_edit
from domain.ports import Note, Undo, Uow
from domain.reasons import REASONS, Goes, Reason
from domain.stages import CLOSED, HELD, Stage
from domain.usecases.duty import set_duty
from domain.usecases.placing import UNDO_FOR, Seen, above, first_on_duty, offer, place, stuck, told_outcome
from domain.usecases.seeing import lead_for
from domain.usecases.taking_back import confirmed_no, facts_back, mark_cards, step_back

NUDGE_EVERY = timedelta(minutes=2)
"""In which one leader rings the same owner once, however often they press."""
REVISIT_AFTER = timedelta(days=30)
_NO_ANSWERS: Mapping[str, str] = {}
_CLOSING = ("judge", "withdraw")
"""Acts that may close a lead that is on its way: its contacts are free then, and its card gone."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Captured:
    """What became of a hand-in: the lead, whether it joined one that was known, and whether that one was a
    draft which it completed."""

    lead: Lead
    known: bool = False
    completed: bool = False


def capture_lead(
    uow: Uow, *, customer: Customer, origin: Origin, now: datetime, draft: bool = False, to: str | None = None
) -> Captured:
    """Hand in a lead. A known customer (or the same id of the same source) joins the open lead. `to` = the
    rep whose code brought it: theirs, and nobody's turn."""
    keys = contact_keys(phone=customer.phone, email=customer.email, wechat=customer.wechat)
    known = uow.known_external(origin.source, origin.external_id) if origin.external_id else None
    known = known or uow.known_contact(keys)
    if known:
        return _join(uow, known, customer, origin, now, draft=draft)
    lead = Lead.captured(uow.new_lead_id(), customer=customer, origin=origin, draft=draft, now=now)
    if to is not None:
        offer(uow, lead, to, why="own_code", now=now, actor=to)
    elif not draft:
        place(uow, lead, now=now)
    uow.claim_contact(keys, lead.id)
    uow.save(lead)
    if origin.by:
        _remember(uow, "capture", lead, origin.by, now)
    return Captured(lead=lead)


def _join(
    uow: Uow, lead_id: str, customer: Customer, origin: Origin, now: datetime, *, draft: bool
) -> Captured:
    """A known customer asks again: empty fields are filled, what differs is kept as a note, and whoever has
    the lead hears of it. The submitter's own draft goes out when it lacks nothing any more, anybody else's at
    once: what came whole waits for nobody's answers."""
    lead = uow.lead(lead_id)
    by = origin.by or SYSTEM
    lead.record(Kind.TOUCHED, at=now, actor=by, channel=as_label(origin.channel), source=origin.source)
    fresh, other = _news(lead.customer, customer)
    if lead.edit(lead.customer.with_values(**fresh), by=by, now=now):
        _claim_new_keys(uow, lead)
    if other:
        key = f"enquiry:{lead.id}:{lead.events}"
        uow.add_note(Note(key=key, lead_id=lead.id, author=by, kind="note", text=other, at=now))
        lead.record(Kind.NOTE_ADDED, at=now, actor=by, note=key)
    own = lead.origin.by == origin.by
    held, sent = lead.owner, not draft and (_complete if own else _send)(uow, lead, by, now)
    if (fresh or other) and held and held != by:
        lead.tell(Tell.OUTCOME, held, lead.events, what="enquired")
    _wake_up(uow, lead, now)
    uow.save(lead)
    return Captured(lead=lead, known=True, completed=own and sent)


def _wake_up(uow: Uow, lead: Lead, now: datetime) -> None:
    """Who asks again is not left lying: the pool's is offered anew, of a nurtured one marketing hears."""
    if lead.stage is Stage.POOL:
        place(uow, lead, now=now)
    elif lead.stage is Stage.NURTURING:
        marketer = first_on_duty(uow, Role.MARKETER) or above(uow, lead).id
        lead.tell(Tell.REVISIT, marketer, lead.events, what="enquired")


_LABELS = {"wechat": "wechat "}  # by itself nothing tells such a name from a word


def _news(known: Customer, given: Customer) -> tuple[dict[str, object], str]:
    """(values for fields that are empty, the words that differ from what is known)."""
    names = [name for name in CUSTOMER_FIELDS if name != "extra" and getattr(given, name) is not None]
    fresh = {name: getattr(given, name) for name in names if getattr(known, name) is None}
    if known.amount_min is not None or known.amount_max is not None:
        fresh = {name: value for name, value in fresh.items() if not name.startswith("amount_")}
    other = [
        f"{_LABELS.get(name, '')}{getattr(given, name)}"
        for name in names
        if name not in fresh and getattr(given, name) != getattr(known, name)
    ]
    return fresh, " · ".join(other)


def _remember(uow: Uow, verb: str, lead: Lead, by: str, at: datetime, note: str | None = None) -> None:
    uow.remember(lead, verb=verb, by=by, at=at, until=at + UNDO_FOR, note=note)


def accept_lead(uow: Uow, *, lead_id: str, offer_no: int, by: str, at: datetime) -> Lead:
    """Accept an offer, or win a grab. `at` is when the click was received; the same click again changes
    nothing."""
    lead = lead_for(uow, lead_id, by)
    person = uow.company.person(by)
    passed_on = lead.offer is not None and lead.offer.no != offer_no
    if lead.accept(by, offer_no, member=is_member(person, lead), at=at):
        desk = uow.desk(by)
        lapsed, desk.lapses = desk.lapses, 0
        uow.save_desk(desk)
        told_outcome(uow, lead, "accepted", by=by)
        uow.save(lead)
        _remember(uow, "accept", lead, by, at)
        if passed_on:
            uow.revive(lead.id)  # the cards of an offer that was over, and is theirs now
            if lapsed >= uow.company.lapses_allowed:
                set_duty(uow, by=by, on=True, at=at)  # the lapse that sent them off duty was none
    return lead


def contact_lead(uow: Uow, *, lead_id: str, by: str, at: datetime, evidence: str = "declared") -> Lead:
    """The owner reached the customer. Again = no change."""
    lead = lead_for(uow, lead_id, by)
    if lead.contact(by, evidence=evidence, at=at):
        uow.save(lead)
        _remember(uow, "contact", lead, by, at)
    return lead


def hand_back(
    uow: Uow, *, lead_id: str, offer_no: int, by: str, reason: str, words: str = "", key: str, at: datetime
) -> Lead:
    """Give a lead back with a reason of the taxonomy; the reason fixes where it goes."""
    chosen = REASONS.get(reason)
    if chosen is None:
        raise BadField(field="reason", value=reason)
    lead = lead_for(uow, lead_id, by)
    _refuse_twice(uow, lead, by, offer_no, at)
    lead.owned_under(by, offer_no)
    if chosen.goes is Goes.EXPERT and lead.helper is not None and lead.help_reason == reason:
        return lead  # asked already: nobody is rung twice
    if chosen.needs_attempts > lead.attempts + uow.note_count(lead.id, _workers(lead)):
        raise NeedsAttempt(lead=lead.id, needed=chosen.needs_attempts)
    if len(words.strip()) < chosen.needs_words:
        raise NeedsWords(lead=lead.id, needed=chosen.needs_words)
    revisit = at + REVISIT_AFTER if chosen.goes is Goes.NURTURE else None
    goes = lead.hand_back(by, chosen, limit=uow.company.handbacks_allowed, revisit=revisit, at=at)
    if words.strip():
        uow.add_note(Note(key=key, lead_id=lead.id, author=by, kind="note", text=words, at=at))
        lead.record(Kind.NOTE_ADDED, at=at, actor=by, note=key)
    _send_on(uow, lead, chosen, goes, by, at)
    if goes is not Goes.EXPERT:
        _tell_leader(uow, lead, reason, by, said=bool(words.strip()))
    uow.save(lead)
    close_question(uow, lead.id, by)
    _remember(uow, "help" if goes is Goes.EXPERT else "handback", lead, by, at)
    return lead


def _refuse_twice(uow: Uow, lead: Lead, by: str, offer_no: int, at: datetime) -> None:
    """A second tap on a hand-back hears that it is done, not that somebody else has the lead."""
    act = uow.last_act(by, at, lead_id=lead.id, verb="handback")
    if act is not None and offer_no == act.before.offer_in_force:
        raise HandedBackAlready(lead=lead.id)


def _workers(lead: Lead) -> tuple[str, ...]:
    """Whose notes count as attempts to reach the customer."""
    return tuple(each for each in (lead.owner, lead.helper) if each)


def _send_on(uow: Uow, lead: Lead, reason: Reason, goes: Goes, by: str, now: datetime) -> None:
    """Place, park or close what was handed back, and tell whom it concerns, but never who did it."""
    if lead.stage is Stage.RETURNED:
        stuck(uow, lead, why="returned", but=(by,))
    elif goes is Goes.REASSIGN:
        place(uow, lead, now=now)
    elif goes is Goes.EXPERT:
        helper = first_on_duty(uow, Role.EXPERT, but=by) or above(uow, lead, but=(by,)).id
        lead.ask_help(helper, by=by, reason=reason.code, at=now)
        mark_cards(uow, lead.id, "asked", tell="handback", person=by)
    elif goes is Goes.NURTURE:
        marketer = first_on_duty(uow, Role.MARKETER, but=by)
        if marketer:
            lead.tell(Tell.REVISIT, marketer, lead.events, what="returned")
        told_outcome(uow, lead, "nurturing", by=by)
    else:
        if lead.stage is Stage.INVALID:
            uow.free_contact(lead.id)
        told_outcome(uow, lead, lead.stage, by=by)


def _tell_leader(uow: Uow, lead: Lead, reason: str, by: str, *, said: bool) -> None:
    """Whoever leads the team hears who gave the lead back, why, whether with words, and where it went: in one
    card, which is the one that asks them to decide where there is such a one; and never who did it. The names
    are kept with it: the card outlives who leaves the company. The words are not, for they may be erased."""
    boss = above(uow, lead, but=(by,)).id
    if boss == by:
        return
    name_of = uow.company.name_of
    about: dict[str, object] = {"by": by, "by_name": name_of(by), "reason": reason, "nth": lead.handbacks}
    if said:
        about["said"] = True
    asked = next((each for each in lead.notices if (each.tell, each.to) == (Tell.STUCK, boss)), None)
    if asked is not None:
        lead.notices[lead.notices.index(asked)] = replace(asked, args={**asked.args, **about})
        return
    lead.notices = [each for each in lead.notices if (each.tell, each.to) != (Tell.OUTCOME, boss)]
    to = {"stage": lead.stage, "owner": lead.owner, "owner_name": name_of(lead.owner)}
    lead.tell(Tell.HANDED_BACK, boss, lead.events, **about, **to)


def edit_lead(
    uow: Uow,
    *,
    lead_id: str,
    values: Mapping[str, object],
    by: str,
    at: datetime,
    answers: Mapping[str, str] = _NO_ANSWERS,
) -> Lead:
    """Change fields. A draft that lacks nothing any more goes out at once. `answers` to the three questions
    that the new words give fill what is open."""
    lead = lead_for(uow, lead_id, by)
    check_edit(uow, lead, by)
    for name in values:
        if name not in CUSTOMER_FIELDS or name == "extra":
            raise BadField(field=name)
    customer = sure_of(with_answers(lead.customer.with_values(**values), answers), values)
    changed = lead.edit(customer, by=by, now=at)
    if changed:
        _claim_new_keys(uow, lead)
        sent = _complete(uow, lead, by, at)
        if lead.stage is Stage.DRAFT:
            lead.wake_at = at + DRAFT_WAITS  # the next question waits as long
        uow.save(lead)
        if sent:
            _remember(uow, "capture", lead, by, at)  # the answer that sent it out is taken back with the lead
        else:
            _remember(uow, "edit", lead, by, at, note=",".join(changed))
    return lead


def check_edit(uow: Uow, lead: Lead, by: str) -> None:
    """Raise unless this person may change this lead, and it is open."""
    if not may_edit(uow.company, uow.company.person(by), lead):
        raise NotAllowed(lead=lead.id)
    if lead.stage in CLOSED:
        raise WrongStage(lead=lead.id, stage=lead.stage, verb="edit")


def _complete(uow: Uow, lead: Lead, by: str, at: datetime) -> bool:
    """A draft that lacks nothing any more goes out; whether it did."""
    if lead.stage is not Stage.DRAFT or missing_fields(lead.customer, uow.company.required):
        return False
    if guessed(lead.customer):
        return False  # somebody has to say that it is right
    return _send(uow, lead, by, at)


def _send(uow: Uow, lead: Lead, by: str, at: datetime) -> bool:
    """A draft goes out as it is; whether it was one."""
    if lead.stage is not Stage.DRAFT:
        return False
    lead.complete(by=by, now=at)
    place(uow, lead, now=at)
    return True


def _claim_new_keys(uow: Uow, lead: Lead) -> None:
    customer = lead.customer
    keys = contact_keys(phone=customer.phone, email=customer.email, wechat=customer.wechat)
    free = tuple(key for key in keys if uow.known_contact((key,)) is None)
    uow.claim_contact(free, lead.id)


def send_draft(uow: Uow, *, lead_id: str, by: str, at: datetime) -> Lead:
    """The submitter sends a draft as it is (an uncertain reading confirmed). Again = no change."""
    lead = lead_for(uow, lead_id, by)
    if not may_edit(uow.company, uow.company.person(by), lead):
        raise NotAllowed(lead=lead_id)
    if lead.stage is Stage.DRAFT:
        lead.customer = sure_of(lead.customer, guessed(lead.customer))
        _send(uow, lead, by, at)
        uow.save(lead)
    return lead


def fill_gaps(uow: Uow, *, lead_id: str, values: Mapping[str, object], by: str, at: datetime) -> Lead | None:
    """Put what a model read into the open fields of `by`'s draft, marked as guessed, so that it waits for a
    confirming tap. None when there is nothing to fill: it was sent, withdrawn or completed by hand by now."""
    lead = uow.lead(lead_id)
    if lead.stage is not Stage.DRAFT or lead.origin.by != by:
        return None
    amount = lead.customer.amount_min is not None or lead.customer.amount_max is not None
    fresh = {
        name: value
        for name, value in values.items()
        if not getattr(lead.customer, name) and not (amount and name in ("amount_min", "amount_max"))
    }
    if not fresh:
        return None
    customer = lead.customer.with_values(**fresh)
    marks = ",".join([*guessed(customer), *fresh])
    lead.edit(customer.with_values(extra={**customer.extra, GUESSED: marks}), by=SYSTEM, now=at)
    uow.save(lead)
    return lead


def withdraw_lead(uow: Uow, *, lead_id: str, by: str, at: datetime, reason: str = "withdrawn") -> Lead:
    """The submitter, or a leader above, takes a lead back before anybody accepted it. Again = no change."""
    lead = lead_for(uow, lead_id, by)
    person = uow.company.person(by)
    if lead.origin.by != by and not may_direct(uow.company, person, lead):
        raise NotAllowed(lead=lead_id)
    if lead.stage not in CLOSED:
        lead.withdraw(by=by, reason=reason, now=at)
        uow.free_contact(lead.id)
        told_outcome(uow, lead, "withdrawn", by=by)
        uow.save(lead)
        _remember(uow, "withdraw", lead, by, at)
    return lead


def add_note(  # noqa: PLR0913 - what is known of a note
    uow: Uow,
    *,
    lead_id: str,
    by: str,
    text: str,
    kind: str,
    key: str,
    at: datetime,
    media: Sequence[Attachment] = (),
    happened: datetime | None = None,
    evidence: str = "visit",
) -> Lead:
    """Keep words with a lead, verbatim, and what came with them. A visit of the owner, or of the helper who
    was asked, is also the first contact, with that class of evidence. `happened` is when it was, for what is
    told later."""
    lead = uow.lead(lead_id)
    uow.add_note(Note(key=key, lead_id=lead_id, author=by, kind=kind, text=text, at=happened or at))
    uow.attach(key, media, at)
    lead.record(Kind.VISIT_LOGGED if kind == "visit" else Kind.NOTE_ADDED, at=at, actor=by, note=key)
    if kind == "visit" and lead.works_on(by):
        lead.contact(by, evidence=evidence, at=at)
    uow.save(lead)
    _remember(uow, kind, lead, by, at, note=key)
    return lead


def nudge(uow: Uow, *, lead_id: str, by: str, at: datetime, seen: Seen | None = None) -> Lead:
    """A leader rings whoever has the lead once more. Again within NUDGE_EVERY = no change."""
    lead = lead_for(uow, lead_id, by)
    if not may_direct(uow.company, uow.company.person(by), lead):
        raise NotAllowed(lead=lead_id)
    if seen is not None:
        seen.check(lead)
    if lead.owner is None or lead.owner == by:
        raise OfferGone(lead=lead.id, stage=lead.stage)
    if not uow.nudged_around(at, NUDGE_EVERY, lead.id, by=by, to=lead.owner):
        lead.record(Kind.NUDGED, at=at, actor=by, to=lead.owner)
        lead.tell(Tell.NUDGE, lead.owner, by, lead.events, by=by, offer=lead.offer_in_force)
        uow.save(lead)
    return lead


def undo_last(
    uow: Uow, *, by: str, at: datetime, lead_id: str | None = None, verb: str | None = None, no: int = 0
) -> Undo:
    """Take back one's newest act of the last five minutes (on `lead_id`, of the kind `verb`, when given), or
    that very note, or the confirming of it, whose card has the number `no`.

    Refused with TooLate when somebody has decided something about that lead since, or when another note of
    the lead was confirmed after this one.
    """
    note = _note_of(uow, lead_id, no) if no and lead_id else None
    act = uow.last_act(by, at, lead_id=lead_id, verb=verb, note=note if verb != "facts" else None)
    if act is None:
        raise NothingToUndo
    lead = uow.lead(act.before.id)
    if lead.decisions != act.decisions or (no and verb == "facts" and confirmed_no(act) != no):
        raise TooLate(lead=lead.id)
    _take_back(uow, lead, act, by, at)
    uow.save(lead)
    uow.revive(lead.id)
    uow.forget(act)
    if lead.decisions > act.decisions and _where(lead) == _where(act.before):
        # Nothing is left of what came after one's acts before this one: they can be taken back in their turn.
        uow.carry_acts(by, lead.id, since=act.before.decisions, now=lead.decisions)
    close_question(uow, lead.id, by)
    return act


def _where(lead: Lead) -> tuple[object, ...]:
    return lead.stage, lead.owner, lead.offer_in_force


def _note_of(uow: Uow, lead_id: str, no: int) -> str:
    found = uow.proposal(lead_id, no)
    if found is None:
        raise NothingToUndo
    return found.note


def close_question(uow: Uow, lead_id: str, by: str) -> None:
    """A hand-back that waited for its words is off: what is typed next is no answer to it."""
    dialog = uow.dialog(by)
    if dialog is not None and dialog.kind == "handback" and dialog.lead_id == lead_id:
        uow.end_dialog(by)


def _take_back(uow: Uow, lead: Lead, act: Undo, by: str, at: datetime) -> None:
    if act.verb == "capture":
        lead.withdraw(by=by, reason="undone", now=at)
        uow.free_contact(lead.id)
        uow.forget_acts(by, lead.id)  # what was done to it before is gone with it
    elif act.verb == "edit":
        _edit_back(lead, act, by, at)
    elif act.verb == "judge" and lead.decisions == act.before.decisions:
        # An answer that closed nothing: only it goes, for the clock may have moved the lead since.
        lead.edit(lead.customer.with_values(extra=act.before.customer.extra), by=by, now=at)
        lead.record(Kind.UNDONE, at=at, actor=by, verb=act.verb)
    elif act.verb == "help":
        lead.help_as_before(act.before, by=by, now=at)
    elif act.verb == "facts":
        facts_back(uow, lead, act, by, at)
    elif act.verb == "next":
        step_back(uow, lead, act, by, at)
    else:
        visits = uow.note_count(lead.id, _workers(lead), kind="visit") if act.verb == "visit" else 0
        if act.note:
            uow.drop_note(act.note)
            uow.end_dialog(f"{by}#current")  # what is typed next is no more of it
            mark_cards(uow, lead.id, "dropped", tell="note", note=act.note)
        if act.note and (act.decisions == act.before.decisions or visits > 1):
            # Words move no lead: only they go, for the clock may have moved it since. The first contact that
            # a visit made stands as long as another visit does.
            lead.record(Kind.UNDONE, at=at, actor=by, verb=act.verb)
            return
        if act.verb == "handback":
            mark_cards(uow, lead.id, "undone", tell=Tell.HANDED_BACK, nth=act.before.handbacks + 1)
        _as_before(uow, lead, act, by, at)


def _as_before(uow: Uow, lead: Lead, act: Undo, by: str, at: datetime) -> None:
    """The lead is where it was, unless whose it was has left meanwhile."""
    lead.restore(act.before, verb=act.verb, by=by, now=at)
    if act.verb == "judge":
        lead.customer = lead.customer.with_values(extra=act.before.customer.extra)
    if act.verb in _CLOSING or (act.verb == "handback" and lead.stage in HELD | {Stage.OFFERED}):
        _claim_new_keys(uow, lead)
    if lead.owner is not None and lead.owner not in uow.company.people:
        lead.release(why=Kind.OWNER_LEFT, by=SYSTEM, now=at)
        place(uow, lead, now=at)
    elif lead.stage is Stage.OFFERED:
        _offered_again(uow, lead, act.verb, by, at)
    elif lead.stage is Stage.DRAFT:
        lead.wake_at = at + DRAFT_WAITS  # its question is asked again


def _offered_again(uow: Uow, lead: Lead, verb: str, by: str, at: datetime) -> None:
    """An undo brought an offer back whose card may hang nowhere and is sent no more: it went when the lead
    was closed, or was never booked as shown. It is offered anew, or no clock would ever run. To who takes
    back what they did themselves the same card is sent once more, for what they pressed may have been another
    card of the lead; one that was booked only after what they did hangs there, and its clock begins."""
    offer, cycle = lead.offer, lead.cycle
    assert offer is not None
    assert cycle is not None
    if verb in _CLOSING or (cycle.started_at is None and by != offer.person):
        place(uow, lead, now=at)
    elif offer.delivered_at is None and by == offer.person:
        key = lead.notice_key(Tell.OFFER, by, offer.no)
        if uow.copy(key, lead.id) is None:
            uow.tell_again(key, at)
        else:
            lead.delivered(offer.no, at=at)


def _edit_back(lead: Lead, act: Undo, by: str, at: datetime) -> None:
    """Only the fields that this edit changed, for others may have edited since."""
    names = (act.note or "").split(",")
    values = {name: getattr(act.before.customer, name) for name in names}
    if lead.edit(lead.customer.with_values(**values), by=by, now=at):
        lead.record(Kind.UNDONE, at=at, actor=by, verb=act.verb)
