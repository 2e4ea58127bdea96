"""The submitter's cards: what was understood, with one tap to change it or take it back; and the pool."""

from collections.abc import Sequence

from bot.cards import parts
from bot.cards.actions import ALL, Cancel, Choose, Confirm, Edit, Take, Undo
from bot.cards.model import OPTIONS, Button, Card, CardState, Field, Style
from bot.cards.parts import Args
from bot.words import field_words, say, stage_words
from domain.guessing import guessed
from domain.judging import ANSWERS, Answer, failed, open_questions
from domain.lead import Lead, missing_fields
from domain.people import Company, Person
from domain.permission import may_edit
from domain.reasons import REASONS
from domain.stages import CLOSED, HELD, Stage


def submitted_card(lead: Lead, viewer: Person, company: Company, args: Args) -> Card:
    """What was handed in, and where it went. `args["undo"]` is the instant until which it may be taken back;
    `args["decisions"]` is the lead's count at the hand-in, so that a decision since ends it."""
    lang = viewer.lang
    ask, answers = _judging(lead, viewer, company)
    buttons = (*answers, *_change(lead, viewer, company, args))
    undo = any(isinstance(button.action, Undo) for button in buttons)
    return Card(
        title=say(lang, "submitted.title", lead=lead.id, who=parts.who(lead, viewer)),
        lines=(
            whereabouts(lead, viewer, company),
            *(parts.unreached(lead, viewer, company) if lead.stage not in CLOSED else ()),
            *ask,
            *parts.judged(lead, viewer),
            *parts.need(lead, viewer),
        ),
        fields=understood(lead, viewer),
        buttons=buttons,
        state=CardState.LIVE if buttons else CardState.DONE,
        note=parts.undo_until(lang, company, args) if undo else "",
    )


def _judging(lead: Lead, viewer: Person, company: Company) -> tuple[tuple[str, ...], tuple[Button, ...]]:
    """The first of the three questions that is open, with its quick replies; or the way back from a no."""
    lang = viewer.lang
    if lead.stage in CLOSED:
        undo = Cancel(what="undo_judge", lead=lead.id)
        back = Button(action=undo, text=say(lang, "button.undo"), style=Style.DANGER)
        return (), (back,) if failed(lead.reason) and lead.origin.by == viewer.id else ()
    asked = open_questions(lead)
    if not asked or lead.origin.by != viewer.id:
        return (), ()
    buttons = tuple(
        Button(
            action=Choose(what=asked[0], lead=lead.id, option=nth),
            text=say(lang, f"judge.{asked[0]}.{answer}"),
            style=Style.PRIMARY if answer is Answer.YES else Style.DEFAULT,
        )
        for nth, answer in enumerate(ANSWERS, 1)
    )
    return (say(lang, f"judge.ask.{asked[0]}", count=len(asked)),), buttons


def _change(lead: Lead, viewer: Person, company: Company, args: Args) -> tuple[Button, ...]:
    lang = viewer.lang
    buttons = []
    if lead.stage not in CLOSED and may_edit(company, viewer, lead):
        buttons.append(Button(action=Edit(lead=lead.id), text=say(lang, "button.edit")))
    decided = "decisions" in args and lead.decisions != parts.number(args, "decisions")
    over = decided or parts.undo_over(lead, args)
    if args.get("undo") and not over and lead.stage not in CLOSED | HELD:
        action = Undo(lead=lead.id, decisions=lead.decisions)
        buttons.append(Button(action=action, text=say(lang, "button.undo"), style=Style.DANGER))
    return tuple(buttons)


def whereabouts(lead: Lead, viewer: Person, company: Company) -> str:
    """Who has a lead now, in one line."""
    lang = viewer.lang
    if lead.stage is Stage.INVALID and (question := failed(lead.reason)):
        return say(lang, "submitted.failed", question=say(lang, f"judge.{question}"))
    if lead.stage is Stage.INVALID and lead.reason not in REASONS:
        return say(lang, "submitted.withdrawn")
    team, stage = company.team_name(lead.team), stage_words(lang, lead.stage)
    if lead.stage is Stage.OFFERED and lead.owner is None:
        return say(lang, "submitted.grab", team=team or say(lang, "who.team"))
    if lead.owner is None:
        return say(lang, "submitted.stage", stage=stage)
    name = parts.member(company, lead.owner, lang)
    if not team:
        return say(lang, "submitted.to_plain", name=name, stage=stage)
    return say(lang, "submitted.to", name=name, team=team, stage=stage)


def understood(lead: Lead, viewer: Person) -> tuple[Field, ...]:
    """What the lead's fields hold."""
    return (
        *parts.about(lead, viewer, "company", "title"),
        *parts.contacts(lead, viewer)[:1],
        *parts.about(lead, viewer, "industry", "region"),
    )


def draft_card(lead: Lead, viewer: Person, company: Company, args: Args) -> Card:
    """A draft: what it lacks, what a model read into it, and the tap that sends it as it is."""
    if lead.stage is not Stage.DRAFT:
        return submitted_card(lead, viewer, company, args)
    lang = viewer.lang
    asked = [
        say(lang, key, fields=say(lang, "list.sep").join(field_words(lang, name) for name in names))
        for key, names in (
            ("draft.missing", missing_fields(lead.customer, company.required)),
            ("draft.unsure", guessed(lead.customer)),
        )
        if names
    ]
    confirm, cancel = Confirm(what="draft", lead=lead.id), Cancel(what="draft", lead=lead.id)
    return Card(
        title=say(lang, "draft.title", who=parts.who(lead, viewer)),
        lines=(*asked, *parts.need(lead, viewer)),
        fields=understood(lead, viewer),
        buttons=(
            Button(action=confirm, text=say(lang, "button.confirm"), style=Style.PRIMARY),
            Button(action=Edit(lead=lead.id), text=say(lang, "button.edit")),
            Button(action=cancel, text=say(lang, "button.undo"), style=Style.DANGER),
        ),
        note=lead.id,
    )


# -- the pool -------------------------------------------------------------------------------------------


def pool_card(leads: Sequence[Lead], viewer: Person, company: Company) -> Card:
    """The pool's leads, at most ten of them, to be claimed; what was claimed meanwhile is ticked off."""
    lang = viewer.lang
    shown = leads[:OPTIONS]
    free = [lead for lead in shown if lead.stage is Stage.POOL and viewer.id not in lead.handed_back_by]
    title = say(lang, "pool_card.title", count=len(free)) if free else say(lang, "pool_card.empty")
    claim = Button(action=Take(lead=ALL), text=say(lang, "button.claim"), style=Style.PRIMARY)
    return Card(
        title=title,
        lines=tuple(_pool_line(lead, viewer, company) for lead in shown),
        buttons=(claim,) if free else (),
        selects=(parts.leads_select(free, viewer),) if free else (),
        state=CardState.LIVE if free else CardState.DONE,
    )


def _pool_line(lead: Lead, viewer: Person, company: Company) -> str:
    lang = viewer.lang
    about = {"lead": lead.id, "who": parts.who(lead, viewer)}
    if lead.stage is Stage.POOL:
        _, more = parts.place(lead, viewer)
        return (
            say(lang, "pool_card.line_more", **about, more=more)
            if more
            else say(lang, "pool_card.line", **about)
        )
    if lead.stage in HELD:
        return say(lang, "pool_card.taken", **about, name=parts.member(company, lead.owner, lang))
    return say(lang, "pool_card.gone", **about)
