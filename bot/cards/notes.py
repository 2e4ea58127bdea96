"""The cards of a note: what was understood, which lead it is about, and the reminder of the next step."""

from collections.abc import Sequence

from bot.cards import parts
from bot.cards.actions import Cancel, Choose, Confirm
from bot.cards.model import Button, Card, CardState, Field, Style, fit
from bot.cards.parts import Args
from bot.words import known, money_words, say
from domain.facts import Facts, unpack_facts
from domain.lead import Lead
from domain.people import Company, Person
from domain.permission import may_confirm, may_follow_up

CHOICES = 3


def note_card(lead: Lead, viewer: Person, company: Company, args: Args) -> Card:
    """What was read from a note, to be confirmed, moved or taken back. `args`: `no`, `kind`, `facts`,
    `state`, one of open, taken and dropped, `voice`, of a voice without words: due, failed, or empty, the
    instants until which the note (`undo`) and its confirmation (`undo_facts`) may be taken back, and the next
    step that confirming replaces, its words (`was`) and its time (`was_due`)."""
    lang = viewer.lang
    state = parts.text(args, "state") or "open"
    kind = parts.text(args, "kind") or "note"
    facts = unpack_facts(parts.text(args, "facts") or "{}")
    voice = parts.text(args, "voice")
    unheard = (parts.voice(company, lang, voice),) if voice and state != "dropped" else ()
    asks = state == "open" and bool(facts) and may_confirm(company, viewer, lead)
    undo = "undo_facts" if state == "taken" else "undo"
    over = state == "dropped" or parts.undo_over(lead, args, undo)
    buttons = _note_buttons(lead, lang, parts.number(args, "no"), state, kind, asks=asks, over=over)
    line = f"note.{state}" if state != "open" else "note.ask" if asks else "note.kept"
    return Card(
        title=say(lang, f"note.title.{kind}", lead=lead.id, who=parts.who(lead, viewer)),
        lines=(
            say(lang, line, lead=lead.id),
            *(
                _replaced(lead, viewer, company, args, state)
                if facts.due and (asks or state == "taken")
                else ()
            ),
            *_quoted(viewer, args),
            *unheard,
        ),
        fields=_understood(facts, lead, viewer, company),
        buttons=buttons,
        state=CardState.LIVE if buttons else CardState.DONE,
        note="" if over else parts.undo_until(lang, company, args, undo),
    )


def _replaced(lead: Lead, viewer: Person, company: Company, args: Args, state: str) -> tuple[str, ...]:
    """Which next step the one that was read takes the place of; none where there was none."""
    lang, due = viewer.lang, parts.instant(args, "was_due")
    if due is None:
        return ()
    at = parts.clock(viewer, company, due, lead.updated_at)
    words = say(lang, "note.step", at=at, words=fit(parts.text(args, "was"), 40)).strip()
    return (say(lang, "note.replaced" if state == "taken" else "note.replaces", step=words),)


def _quoted(viewer: Person, args: Args) -> tuple[str, ...]:
    words = parts.text(args, "words")
    return (say(viewer.lang, "note.words", words=words),) if words else ()


def _note_buttons(
    lead: Lead, lang: str, no: int, state: str, kind: str, *, asks: bool, over: bool
) -> tuple[Button, ...]:
    what = "undo_facts" if state == "taken" else f"undo_{kind}"
    back = Button(
        action=Cancel(what=what, lead=lead.id, offer=no), text=say(lang, "button.undo"), style=Style.DANGER
    )
    undo = () if over else (back,)
    if state in ("dropped", "taken"):
        return undo
    confirm = Button(
        action=Confirm(what="note", lead=lead.id, offer=no),
        text=say(lang, "button.confirm"),
        style=Style.PRIMARY,
    )
    other = Button(action=Cancel(what="note", lead=lead.id, offer=no), text=say(lang, "button.other_lead"))
    return (confirm, other, *undo) if asks else (other, *undo)


def _understood(facts: Facts, lead: Lead, viewer: Person, company: Company) -> tuple[Field, ...]:
    lang = viewer.lang
    step = ""
    if facts.due is not None:
        at = parts.clock(viewer, company, facts.due, lead.updated_at)
        step = say(lang, "note.step", at=at, words=facts.words) if facts.words else at
    amount = money_words(lang, facts.amount_min, facts.amount_max)
    if amount and facts.role:
        amount = say(
            lang, "note.amount", role=known(lang, f"money_role.{facts.role}", facts.role), amount=amount
        )
    reached = facts.activity and known(lang, f"activity.{facts.activity}", facts.activity)
    came = facts.outcome and known(lang, f"came.{facts.outcome}", facts.outcome)
    return parts.fields(
        lang,
        ("next", step),
        ("amount", amount),
        ("competitor", facts.competitor),
        ("intent", facts.intent and known(lang, f"intent.{facts.intent}", facts.intent)),
        ("progress", facts.stage and known(lang, f"progress.{facts.stage}", facts.stage)),
        ("activity", " · ".join(each for each in (reached, came) if each)),
    )


def which_card(leads: Sequence[Lead], viewer: Person, args: Args) -> Card:
    """Which lead is it about? The three most likely, a new one, or none. `args`: `no` of the note that waits,
    and `state`, chosen or off."""
    lang, no = viewer.lang, parts.number(args, "no")
    state = parts.text(args, "state")
    if state:
        return Card(
            title=say(lang, "which.title"), lines=(say(lang, f"which.{state}"),), state=CardState.DONE
        )
    buttons = [
        Button(action=Choose(what="note", lead=lead.id, option=no), text=parts.name_of(lead, viewer))
        for lead in leads[:CHOICES]
    ]
    lines = [say(lang, "which.line", lead=lead.id, who=parts.who(lead, viewer)) for lead in leads[:CHOICES]]
    return Card(
        title=say(lang, "which.title"),
        lines=(*lines, *_quoted(viewer, args)),
        buttons=(*buttons, *_otherwise(lang, no)),
    )


def _otherwise(lang: str, no: int) -> tuple[Button, ...]:
    return (
        Button(action=Confirm(what="make", offer=no), text=say(lang, "button.new_lead")),
        Button(action=Cancel(what="pending", offer=no), text=say(lang, "button.drop")),
    )


def nobody_card(viewer: Person, args: Args) -> Card:
    """The note speaks of nobody's lead: make one of it?"""
    lang = viewer.lang
    make, drop = _otherwise(lang, parts.number(args, "no"))
    title = say(lang, "nobody.title", name=parts.text(args, "name"))
    return Card(title=title, lines=(say(lang, "nobody.ask"), *_quoted(viewer, args)), buttons=(make, drop))


def trend_card(viewer: Person, args: Args) -> Card:
    """A trend names no customer and is no lead. `args`: `no` of the trend that waits, `words`."""
    lang, no = viewer.lang, parts.number(args, "no")
    return Card(
        title=say(lang, "trend.title"),
        lines=(say(lang, "trend.ask"), *_quoted(viewer, args)),
        buttons=(
            Button(
                action=Confirm(what="market", offer=no), text=say(lang, "button.market"), style=Style.PRIMARY
            ),
            Button(action=Cancel(what="trend", offer=no), text=say(lang, "button.drop")),
        ),
    )


def follow_up_card(lead: Lead, viewer: Person, company: Company, args: Args) -> Card:
    """The next step at its time. `args`: `no`, `words`, `due`, `state` (empty, done, later, over)."""
    lang, no = viewer.lang, parts.number(args, "no")
    state = parts.text(args, "state")
    due = parts.instant(args, "due")
    lines = [words] if (words := parts.typed(lead, viewer, parts.text(args, "words"))) else []
    if due is not None:
        lines.append(say(lang, "follow_up.at", at=parts.clock(viewer, company, due)))
    if state or not may_follow_up(viewer, lead):
        lines.insert(0, say(lang, f"follow_up.{state or 'gone'}"))
        return Card(
            title=say(lang, "follow_up.title", who=parts.who(lead, viewer)),
            lines=tuple(lines),
            state=CardState.DONE if state else CardState.DEAD,
            note=lead.id,
        )
    done = Confirm(what="next", lead=lead.id, offer=no)
    later = Choose(what="later", lead=lead.id, option=no)
    return Card(
        title=say(lang, "follow_up.title", who=parts.who(lead, viewer)),
        lines=(*lines, *parts.unreached(lead, viewer, company)),
        fields=parts.contacts(lead, viewer),
        note=lead.id,
        buttons=(
            Button(action=done, text=say(lang, "button.next_done"), style=Style.PRIMARY),
            Button(action=later, text=say(lang, "button.later")),
        ),
    )


def colleague_card(lead: Lead, viewer: Person, company: Company, args: Args) -> Card:
    """Somebody else logged something about one's lead."""
    lang = viewer.lang
    kind = parts.text(args, "kind") or "note"
    name = parts.member(company, parts.text(args, "by"), lang)
    return Card(
        title=parts.who(lead, viewer),
        lines=(say(lang, f"colleague.{kind}", name=name, lead=lead.id),),
        state=CardState.DONE,
    )
