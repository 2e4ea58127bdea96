"""Notes from chat: the words at once, what was read from them when its author confirms it."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from datetime import datetime, timedelta
from zlib import crc32

from domain.contact import clean_text
from domain.errors import AlreadyTaken, NotAllowed, NothingWaits, OfferGone, UnknownLead
from domain.events import Kind
from domain.facts import Facts, Plan, Proposal, unpack_facts
from domain.lead import Customer, Lead
from domain.media import Attachment, MediaKind
from domain.notices import Notice, Tell
from domain.permission import may_confirm, may_edit, may_follow_up, may_note
from domain.ports import Dialog, Uow
from domain.stages import HELD
from domain.usecases.leads import add_note
from domain.usecases.placing import UNDO_FOR
from domain.usecases.seeing import lead_for
from domain.usecases.taking_back import mark_cards, pack_before, remind, step_before, step_on_cards

LONGEST = 2000
TOGETHER = timedelta(minutes=2)
PENDING_FOR = timedelta(hours=12)


@dataclass(frozen=True, slots=True, kw_only=True)
class Kept:
    """A note that was kept: `no` is its fact's number, `note` its key, `text` its words (the whole where
    something joined it, none where it was confirmed), `joined` = it belongs to the visit just logged,
    `voice` = nobody has the words of a voice that came with it, `undo` = until when it may be taken back,
    `step` = the next step that confirming it would replace."""

    lead: Lead
    no: int
    kind: str
    facts: Facts
    note: str
    text: str
    joined: bool = False
    voice: bool = False
    undo: datetime | None = None
    step: Plan | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Heard:
    """A note before its lead is known: what is kept while the person chooses."""

    text: str
    kind: str
    facts: Facts = field(default_factory=Facts)
    happened: datetime | None = None
    media: tuple[Attachment, ...] = ()
    offered: tuple[str, ...] = ()

    def pack(self, key: str) -> str:
        """As JSON. What came with it is kept already, so its bytes are not."""
        media = [asdict(replace(each, data=None)) for each in self.media]
        values: dict[str, object] = {
            "text": self.text, "kind": self.kind, "facts": self.facts.pack(), "key": key,
            "offered": list(self.offered), "media": media,
        }  # fmt: skip
        if self.happened:
            values["happened"] = self.happened.isoformat()
        return json.dumps(values, ensure_ascii=False)


def unpack_heard(text: str) -> tuple[Heard, str]:
    """(the note, its key) that `Heard.pack` wrote."""
    values = json.loads(text)
    happened = values.get("happened")
    heard = Heard(
        text=values["text"], kind=values["kind"], facts=unpack_facts(values["facts"]),
        happened=datetime.fromisoformat(happened) if happened else None,
        media=tuple(Attachment(**{**each, "kind": MediaKind(each["kind"])}) for each in values["media"]),
        offered=tuple(values["offered"]),
    )  # fmt: skip
    return heard, values["key"]


def take_note(
    uow: Uow, *, lead_id: str, heard: Heard, by: str, key: str, at: datetime, media: Sequence[Attachment] = ()
) -> Kept:
    """Keep the words with the lead, and what was read from them as a proposal. The owner of a colleague's
    lead is told. A visit with a place is better evidence of a first contact than one without."""
    person = uow.company.person(by)
    lead = uow.lead(lead_id)
    if lead.erased:
        lead_for(uow, lead_id, by)  # says so, to who may know of it
    if not may_note(uow.company, person, lead):
        raise UnknownLead(lead=lead_id)
    located = any(each.kind is MediaKind.LOCATION for each in media)
    lead = add_note(
        uow, lead_id=lead_id, by=by, text=clean_text(heard.text, LONGEST), kind=heard.kind, key=key, at=at,
        media=media, happened=heard.happened, evidence="visit_located" if located else "visit",
    )  # fmt: skip
    no = lead.events
    uow.set_proposal(Proposal(lead_id=lead.id, no=no, person=by, note=key, facts=heard.facts))
    uow.set_dialog(_current(by, lead.id, pack_last(heard, no, key), at))
    if lead.owner not in (None, by):
        _tell_owner(uow, lead, heard.kind, by, key, at)
    return Kept(
        lead=lead, no=no, kind=heard.kind, facts=heard.facts, note=key, text=heard.text,
        voice=any(each.unheard for each in media), undo=at + UNDO_FOR, step=uow.plan(lead.id),
    )  # fmt: skip


def pack_last(heard: Heard, no: int, key: str) -> str:
    """The note last written, so that what follows within two minutes can be added to it."""
    return json.dumps({"kind": heard.kind, "no": no, "key": key, "text": heard.text}, ensure_ascii=False)


def join_note(  # noqa: PLR0913 - what is known of a note
    uow: Uow,
    *,
    lead_id: str,
    no: int,
    text: str,
    heard: Heard,
    by: str,
    key: str,
    at: datetime,
    media: Sequence[Attachment] = (),
) -> Kept:
    """Add words to the note just written; `heard` is the whole of it, read anew. Its proposal grows with it,
    or is opened again when it was confirmed already."""
    lead, found = lead_for(uow, lead_id, by), _own(uow, lead_id, no, by)
    if found.state == "dropped" or uow.note(found.note) is None:
        raise NothingWaits
    heard = replace(heard, facts=found.facts.and_more(heard.facts))
    uow.extend_note(found.note, clean_text(text, LONGEST))
    uow.attach(found.note, media, at)
    uow.set_proposal(replace(found, facts=heard.facts, state="open"))
    about = {"facts": heard.facts.pack(), "state": "open", "words": heard.text[:60]}
    _on_card(uow, found, {**about, **step_before(uow.plan(lead_id))})
    uow.set_dialog(_current(by, lead_id, pack_last(heard, no, found.note), at))
    uow.refresh(lead_id, at)
    return Kept(
        lead=lead, no=no, kind=heard.kind, facts=heard.facts, note=found.note, text=heard.text, joined=True
    )


def voice_heard(uow: Uow, *, media: str, note: str, text: str, heard: Heard, at: datetime) -> None:
    """What a voice says joins its note; `heard` is the whole of it, read anew. The proposal grows with it on
    the author's card, or on a new one where none is there. Twice = no change; a note taken back stays so."""
    kept, found = uow.note(note), uow.proposal_of(note)
    if not uow.voice_over(media, "done") or kept is None or found is None or found.state == "dropped":
        return
    heard = replace(heard, facts=found.facts.and_more(heard.facts))
    uow.extend_note(note, clean_text(text, LONGEST))
    uow.set_proposal(replace(found, facts=heard.facts, state="open"))
    args: dict[str, object] = {
        "facts": heard.facts.pack(), "state": "open", "words": heard.text[:60], "voice": "",
        **step_before(uow.plan(found.lead_id)),
    }  # fmt: skip
    if not _on_card(uow, found, args):
        args |= {"text": "", "card": "note", "no": found.no, "note": note, "kind": kept.kind}
        uow.tell(
            Notice(
                key=f"heard:{media}",
                tell=Tell.REPLY,
                to=found.person,
                lead_id=found.lead_id,
                args=args,
                at=at,
            )
        )
    uow.refresh(found.lead_id, at)


def voice_unheard(uow: Uow, *, media: str, note: str, at: datetime) -> None:
    """What a voice says never will be known: its card says so, and the voice stays with the note."""
    found = uow.proposal_of(note)
    if uow.voice_over(media, "failed") and found is not None and _on_card(uow, found, {"voice": "failed"}):
        uow.refresh(found.lead_id, at)


def _on_card(uow: Uow, found: Proposal, changed: Mapping[str, object]) -> bool:
    """Put that on the cards of a proposal; whether there are any."""
    copies = [
        each for each in uow.shown(found.lead_id) if each.tell == "note" and each.args.get("no") == found.no
    ]
    for copy in copies:
        copy.args |= changed
        uow.show(copy)
    return bool(copies)


def _current(by: str, lead_id: str, about: str, at: datetime) -> Dialog:
    return Dialog(person=f"{by}#current", kind="current", lead_id=lead_id, about=about, at=at)


def _tell_owner(uow: Uow, lead: Lead, kind: str, by: str, key: str, at: datetime) -> None:
    assert lead.owner is not None
    uow.tell(
        Notice(
            key=f"colleague:{key}", tell=Tell.COLLEAGUE, to=lead.owner, lead_id=lead.id,
            args={"by": by, "kind": kind}, at=at,
        )
    )  # fmt: skip


def visit_asked_for(
    uow: Uow, *, lead_id: str, heard: Heard, by: str, key: str, at: datetime, media: Sequence[Attachment] = ()
) -> Kept:
    """The visit that a button asked for; a picture, a voice or a place that follows belongs to it."""
    kept = take_note(
        uow, lead_id=lead_id, heard=replace(heard, kind="visit"), by=by, key=key, at=at, media=media
    )
    uow.set_dialog(Dialog(person=by, kind="more", lead_id=lead_id, about=key, at=at))
    return kept


def waiting_no(key: str) -> int:
    """The number by which a card names the note that came with `key` and waits: 1 to 999,999,999."""
    return 1 + crc32(key.encode()) % 999_999_999


def pending_at(by: str, no: int) -> str:
    """Where a note that waits is kept among the dialogs."""
    return f"{by}#pending:{no}"


def keep_pending(uow: Uow, *, heard: Heard, by: str, key: str, at: datetime) -> int:
    """Keep a note whose lead is not known until its author has chosen one: no words are lost. The number of
    the note, for its card: several may wait at once, and a tap is about that card's own."""
    no = waiting_no(key)
    uow.set_dialog(
        Dialog(person=pending_at(by, no), kind="pending", lead_id="", about=heard.pack(key), at=at)
    )
    return no


def pending_note(uow: Uow, by: str, no: int, at: datetime) -> tuple[Heard, str]:
    """The note of that number that waits for its lead; NothingWaits when there is none (any more)."""
    dialog = uow.dialog(pending_at(by, no))
    if dialog is None or at - dialog.at > PENDING_FOR:
        raise NothingWaits
    return unpack_heard(dialog.about)


def end_pending(uow: Uow, heard: Heard, state: str, *, by: str, no: int, at: datetime) -> None:
    """The note waits no more, and the card that asked about it says what became of it."""
    uow.end_dialog(pending_at(by, no))
    for lead_id in heard.offered:
        mark_cards(uow, lead_id, state, tell="which", person=by, no=no)
        uow.refresh(lead_id, at)


def attach_pending(uow: Uow, *, lead_id: str, no: int, by: str, at: datetime) -> Kept:
    """The chosen lead takes the waiting note: one that was offered, or that this person may see."""
    heard, key = pending_note(uow, by, no, at)
    if lead_id not in heard.offered:
        lead_for(uow, lead_id, by)
    end_pending(uow, heard, "chosen", by=by, no=no, at=at)
    return take_note(uow, lead_id=lead_id, heard=heard, by=by, key=f"{key}:chosen", at=at, media=heard.media)


def drop_pending(uow: Uow, *, no: int, by: str, at: datetime) -> None:
    """It was nothing, after all."""
    heard, _ = pending_note(uow, by, no, at)
    end_pending(uow, heard, "off", by=by, no=no, at=at)


def not_this_one(
    uow: Uow, *, lead_id: str, no: int, offered: Sequence[str], by: str, at: datetime
) -> tuple[Heard, int]:
    """The note was attached to the wrong lead: it goes, and waits (under that number) for one of those
    offered. What came with it stays with the note that was taken back."""
    lead = lead_for(uow, lead_id, by)
    found = _own(uow, lead_id, no, by)
    if found.state != "open":
        raise NothingWaits
    note = uow.note(found.note)
    assert note is not None  # a proposal is open only as long as its words are there
    uow.drop_note(found.note)
    uow.set_proposal(replace(found, state="dropped"))
    lead.record(Kind.UNDONE, at=at, actor=by, verb=note.kind)
    uow.save(lead)
    mark_cards(uow, lead_id, "dropped", tell="note", no=no)
    uow.end_dialog(f"{by}#current")
    heard = Heard(text=note.text, kind=note.kind, facts=found.facts, offered=tuple(offered))
    return heard, keep_pending(uow, heard=heard, by=by, key=f"{found.note}:moved", at=at)


def _trend_at(by: str, no: int) -> str:
    return f"{by}#trend:{no}"


def keep_trend(uow: Uow, *, about: str, by: str, at: datetime) -> None:
    """A trend waits for its customer, which is asked for; its card's taps find it by `waiting_no(about)`,
    whatever is asked since."""
    for person in (by, _trend_at(by, waiting_no(about))):
        uow.set_dialog(Dialog(person=person, kind="trend", lead_id="", about=about, at=at))


def end_trend(uow: Uow, *, no: int, by: str) -> str:
    """The trend of that number waits no more; its words. NothingWaits when there is none (any more)."""
    kept, asked = uow.dialog(_trend_at(by, no)), uow.dialog(by)
    if kept is None:
        raise NothingWaits
    uow.end_dialog(kept.person)
    if asked is not None and asked.kind == "trend" and asked.about == kept.about:
        uow.end_dialog(by)
    return kept.about


def file_market(uow: Uow, *, no: int, by: str, key: str, at: datetime) -> None:
    """A trend is kept as market information: words of no lead. NothingWaits when there is none."""
    uow.add_market_note(key=key, author=by, text=end_trend(uow, no=no, by=by), at=at)


def _own(uow: Uow, lead_id: str, no: int, by: str) -> Proposal:
    found = uow.proposal(lead_id, no)
    if found is None:
        raise NothingWaits
    if found.person != by:
        raise NotAllowed(lead=lead_id)
    return found


# -- confirming -----------------------------------------------------------------------------------------


def confirm_facts(uow: Uow, *, lead_id: str, no: int, by: str, at: datetime) -> Kept:
    """Write what was read: amount, competitor, intent, how far the business seems to be (a hint, for the
    lead's own stage has its moves), the next step with its reminder, the first contact. Again = no change."""
    lead = lead_for(uow, lead_id, by)
    found = _own(uow, lead_id, no, by)
    if found.state == "dropped":
        raise NothingWaits
    if found.state == "open":
        if not may_confirm(uow.company, uow.company.person(by), lead):
            raise NotAllowed(lead=lead_id)
        _apply(uow, lead, found, by, at)
    return Kept(lead=lead, no=no, kind="note", facts=found.facts, note=found.note, text="")


def _apply(uow: Uow, lead: Lead, found: Proposal, by: str, at: datetime) -> None:
    facts = found.facts
    plan = uow.plan(lead.id)
    changed: tuple[str, ...] = ()
    if may_edit(uow.company, uow.company.person(by), lead):
        changed = lead.edit(_customer_with(lead, facts), by=by, now=at)
    if facts.due is not None:
        set_next(uow, lead, due=facts.due, exact=facts.exact, words=facts.words, by=by, at=at)
    if facts.evidence and lead.works_on(by) and lead.contacted_at is None:
        lead.contact(by, evidence=facts.evidence, at=at)
    uow.set_proposal(replace(found, state="taken"))
    lead.record(Kind.FACTS_CONFIRMED, at=at, actor=by, note=found.note)
    uow.save(lead)
    until = at + UNDO_FOR
    _on_card(uow, found, {"state": "taken", "undo_facts": until.isoformat(), **step_before(plan)})
    about = pack_before(plan, found.no, changed)
    uow.remember(lead, verb="facts", by=by, at=at, until=until, note=about)


def _customer_with(lead: Lead, facts: Facts) -> Customer:
    customer = lead.customer
    values: dict[str, object] = {}
    if (facts.amount_min, facts.amount_max) != (None, None):
        values |= {"amount_min": facts.amount_min, "amount_max": facts.amount_max}
    more = {"competitor": facts.competitor, "intent": facts.intent, "stage": facts.stage}
    extra = {**customer.extra, **{name: value for name, value in more.items() if value}}
    if extra != dict(customer.extra):
        values["extra"] = extra
    return customer.with_values(**values)


def set_next(uow: Uow, lead: Lead, *, due: datetime, exact: bool, words: str, by: str, at: datetime) -> Plan:
    """Set the lead's next step and its reminder; the caller saves the lead."""
    lead.record(Kind.NEXT_SET, at=at, actor=by, due=due.isoformat())
    plan = Plan(lead_id=lead.id, no=lead.events, person=by, due=due, exact=exact, words=words[:200])
    uow.set_plan(plan)
    remind(uow, plan)
    step_on_cards(uow, lead.id)
    return plan


def plan_next(
    uow: Uow, *, lead_id: str, due: datetime, exact: bool, words: str, by: str, at: datetime
) -> tuple[Plan, Plan | None]:
    """`/next`: set it outright. Returns it, and the step that it takes the place of."""
    lead = lead_for(uow, lead_id, by)
    if lead.owner != by and not may_edit(uow.company, uow.company.person(by), lead):
        raise NotAllowed(lead=lead_id)
    was = uow.plan(lead_id)
    plan = set_next(uow, lead, due=due, exact=exact, words=words, by=by, at=at)
    uow.save(lead)
    uow.remember(lead, verb="next", by=by, at=at, until=at + UNDO_FOR, note=pack_before(was, plan.no))
    return plan, was


def _step(uow: Uow, lead: Lead, no: int, by: str) -> Plan | None:
    """The step that a reminder's button is about, None when it is done or was replaced. A reminder is over as
    soon as its lead is closed or not theirs any more: raises what is true then."""
    plan = uow.plan(lead.id)
    found = plan if plan is not None and plan.no == no else None
    if found is not None and by not in (found.person, lead.owner):
        raise NotAllowed(lead=lead.id)
    if lead.stage in HELD and lead.owner != by:
        raise AlreadyTaken(lead=lead.id, owner=lead.owner, at=lead.accepted_at)
    if not may_follow_up(uow.company.person(by), lead):
        raise OfferGone(lead=lead.id, stage=lead.stage, owner=lead.owner)
    return found


def next_done(uow: Uow, *, lead_id: str, no: int, by: str, at: datetime) -> Lead:
    """The next step was taken. Again, or when another has been set since = no change."""
    lead = lead_for(uow, lead_id, by)
    if _step(uow, lead, no, by) is not None:
        uow.end_plan(lead_id)
        step_on_cards(uow, lead_id)
        lead.record(Kind.NEXT_DONE, at=at, actor=by)
        uow.save(lead)
        mark_cards(uow, lead_id, "done", tell=Tell.FOLLOW_UP, no=no)
    return lead


def next_later(uow: Uow, *, lead_id: str, no: int, due: datetime, by: str, at: datetime) -> Plan:
    """Remind again at `due`."""
    lead = lead_for(uow, lead_id, by)
    plan = _step(uow, lead, no, by)
    if plan is None:
        raise NothingWaits
    fresh = set_next(uow, lead, due=due, exact=False, words=plan.words, by=by, at=at)
    uow.save(lead)
    mark_cards(uow, lead_id, "later", tell=Tell.FOLLOW_UP, no=no)
    return fresh
