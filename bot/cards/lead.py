"""The lead's card at a rep: offered, accepted, contacted, or gone to somebody else."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from bot.cards import gone, parts
from bot.cards.actions import Accept, Action, Contacted, Grab, HandBack, Visit
from bot.cards.model import Button, Card, Field, Style
from bot.cards.parts import Args
from bot.words import duration_words, say, stage_words
from domain.lead import Lead
from domain.notices import Tell
from domain.people import Company, Person
from domain.permission import is_member
from domain.sla import Do, Step, Which
from domain.stages import HELD, Stage

HANDED = frozenset({Stage.ACCEPTED, Stage.CONTACTED})
"""The held stages from which a lead may be handed back."""


@dataclass(frozen=True, slots=True, kw_only=True)
class View:
    """Who looks at which lead, and with which notice it came."""

    lead: Lead
    viewer: Person
    company: Company
    tell: Tell
    args: Args

    @property
    def lang(self) -> str:
        return self.viewer.lang

    def clock(self, at: datetime) -> str:
        return parts.clock(self.viewer, self.company, at)

    def ahead(self, until: datetime) -> str:
        return parts.ahead(self.lead, self.viewer, self.company, until)

    def due(self, started: datetime, step: Step) -> datetime | None:
        return parts.due(self.lead, self.company, started, step)


def lead_card(lead: Lead, viewer: Person, company: Company, tell: Tell, args: Args) -> Card:
    """The card of the offer that `args["offer"]` names, as it now stands for this person.

    Without that number it is the card of whatever this person now has of the lead (a nudge).
    """
    view = View(lead=lead, viewer=viewer, company=company, tell=tell, args=args)
    offer_no = parts.number(args, "offer") or own_offer(lead, viewer)
    offer = lead.offer
    if lead.stage is Stage.OFFERED and offer is not None and offer.no == offer_no:
        if offer.person == viewer.id:
            return _offered(view)
        if offer.grab and is_member(viewer, lead) and viewer.id not in lead.handed_back_by:
            return _grab(view)
    if lead.stage in HELD and lead.owner == viewer.id and lead.accepted_offer == offer_no:
        return _held(view)
    return gone.gone_card(lead, viewer, company, offer_no)


def own_offer(lead: Lead, viewer: Person) -> int:
    """The number of what this person has of the lead: the accepted offer, or the live one."""
    if lead.stage in HELD and lead.owner == viewer.id:
        return lead.accepted_offer
    return lead.offer.no if lead.offer else 0


# -- the live offer -------------------------------------------------------------------------------------


def _offered(view: View) -> Card:
    lead, lang = view.lead, view.lang
    assert lead.offer is not None
    line, deadline = _time_left(view)
    return Card(
        title=say(lang, "lead.new", who=parts.who(lead, view.viewer)),
        lines=(
            *_nudged(view),
            _reminder(view, deadline) or line,
            *parts.unreached(lead, view.viewer, view.company),
            *parts.helped(lead, view.company, lang),
            *parts.need(lead, view.viewer),
            *parts.judged(lead, view.viewer),
        ),
        fields=_facts(view, why=_why(view)),
        buttons=(
            _button(lang, "button.accept", Accept(lead=lead.id, offer=lead.offer.no), Style.PRIMARY),
            _button(lang, "button.handback", HandBack(lead=lead.id, offer=lead.offer.no)),
            _button(lang, "button.visit", Visit(lead=lead.id, offer=lead.offer.no)),
        ),
        deadline=deadline,
        note=lead.id,
    )


def _grab(view: View) -> Card:
    lead, lang = view.lead, view.lang
    assert lead.offer is not None
    team = view.company.team_name(lead.team)
    return Card(
        title=say(lang, "lead.grab", who=parts.who(lead, view.viewer)),
        lines=(
            say(lang, "lead.grab_now"),
            *parts.unreached(lead, view.viewer, view.company),
            *parts.need(lead, view.viewer),
        ),
        fields=_facts(view, why=say(lang, "why.grab", team=team)),
        buttons=(_button(lang, "button.grab", Grab(lead=lead.id, offer=lead.offer.no), Style.PRIMARY),),
        note=lead.id,
    )


def _button(lang: str, key: str, action: Action, style: Style = Style.DEFAULT) -> Button:
    return Button(action=action, text=say(lang, key), style=style)


def _facts(view: View, *, why: str) -> tuple[Field, ...]:
    lead, lang = view.lead, view.lang
    return (
        *parts.about(lead, view.viewer, "company", "title"),
        *parts.contacts(lead, view.viewer),
        *parts.fields(lang, parts.place(lead, view.viewer)),
        *parts.fields(lang, ("source", parts.origin(lead, view.viewer, view.company)), ("why", why)),
    )


def _why(view: View) -> str:
    code = parts.text(view.args, "why")
    team = view.company.team_name(view.lead.team)
    if code not in ("only_one", "turn", "by_hand", "own_code"):
        return team
    return say(view.lang, f"why.{code}", team=team)


def _time_left(view: View) -> tuple[str, datetime | None]:
    """The first line of an offer and its deadline: the promise, or after the breach the next handing on.

    The clock counts from the first delivery of its cycle; until that is recorded, from the offer.
    """
    lead, lang = view.lead, view.lang
    cycle, offer = lead.cycle, lead.offer
    assert cycle is not None
    assert offer is not None
    within = cycle.policy.within
    started = cycle.started_at or offer.at
    if cycle.breached_at is None:
        until = view.due(started, Step(after=within, do=Do.MARK))
        span = duration_words(lang, within)
        if until is None:
            return say(lang, "lead.within_open", within=span), None
        return say(lang, "lead.within", within=span, until=view.ahead(until)), until
    onward = [step for step in cycle.policy.ladder[cycle.fired :] if step.do in (Do.REASSIGN, Do.GRAB)]
    until = view.due(started, onward[0]) if onward else None
    if until is None:
        return say(lang, "lead.late"), None
    # Who was passed the lead let nothing lapse, so the breach is not held against them.
    first = offer.no == cycle.first_offer
    return say(lang, "lead.late_until" if first else "lead.passed_until", until=view.ahead(until)), until


def _nudged(view: View) -> tuple[str, ...]:
    """The line that says who rings, on a nudge."""
    if view.tell is not Tell.NUDGE:
        return ()
    by = parts.member(view.company, parts.text(view.args, "by"), view.lang)
    return (say(view.lang, "lead.nudged", by=by),)


def _reminder(view: View, until: datetime | None) -> str:
    """The first line of a reminder; empty for any other card, and once the promise is broken."""
    cycle, lang = view.lead.cycle, view.lang
    left = _left(view)
    late = cycle is None or cycle.breached_at is not None
    if view.tell is not Tell.REMIND or left is None or until is None or late:
        return ""
    return say(lang, "lead.left", left=duration_words(lang, left), until=view.ahead(until))


def _left(view: View) -> timedelta | None:
    """What the promise left when the newest reminder was due; it says what was rung, so it does not age."""
    cycle = view.lead.cycle
    assert cycle is not None
    rung = [step for step in cycle.policy.ladder[: cycle.fired] if step.do is Do.REMIND]
    if not rung or rung[-1].after >= cycle.policy.within:
        return None
    return cycle.policy.within - rung[-1].after


# -- held by the viewer ---------------------------------------------------------------------------------


def _held(view: View) -> Card:
    lead, lang = view.lead, view.lang
    lines, deadline = _progress(view)
    offer = lead.accepted_offer
    buttons = [_button(lang, "button.visit", Visit(lead=lead.id, offer=offer))]
    if lead.stage in HANDED:
        buttons.append(_button(lang, "button.handback", HandBack(lead=lead.id, offer=offer)))
    if lead.stage is Stage.ACCEPTED:
        done = _button(lang, "button.contacted", Contacted(lead=lead.id, offer=offer), Style.PRIMARY)
        buttons.insert(0, done)
    return Card(
        title=parts.who(lead, view.viewer),
        lines=(
            *lines,
            *parts.unreached(lead, view.viewer, view.company),
            *parts.helped(lead, view.company, lang),
            *parts.need(lead, view.viewer),
            *parts.judged(lead, view.viewer),
        ),
        fields=(
            *parts.contacts(lead, view.viewer),
            *parts.about(lead, view.viewer, "company", "title"),
            *parts.fields(lang, parts.place(lead, view.viewer)),
            *parts.fields(lang, ("source", parts.origin(lead, view.viewer, view.company))),
        ),
        buttons=tuple(buttons),
        deadline=deadline,
        label=stage_words(lang, lead.stage),
        note=lead.id,
    )


def _progress(view: View) -> tuple[tuple[str, ...], datetime | None]:
    lead, lang = view.lead, view.lang
    accepted = say(lang, "lead.accepted", at=view.clock(lead.accepted_at or lead.updated_at))
    if lead.stage is not Stage.ACCEPTED:
        at = lead.contacted_at
        reached = (say(lang, "lead.contacted", at=view.clock(at)),) if at else ()
        later = lead.stage is not Stage.CONTACTED
        on = (say(lang, "lead.on", stage=stage_words(lang, lead.stage)),) if later else ()
        return on + reached or (accepted,), None
    line, deadline = _contact_line(view)
    return (*_nudged(view), accepted, *line), deadline


def _contact_line(view: View) -> tuple[tuple[str, ...], datetime | None]:
    """When the first contact is due."""
    lead, lang = view.lead, view.lang
    if lead.cycle is None or lead.contact_from is None:
        return (), None
    promise = lead.cycle.policy.promise(Which.CONTACT, lead.tier)
    until = view.due(lead.contact_from, Step(after=promise, do=Do.MARK))
    if until is None:
        return (), None
    if lead.contact_breached_at is not None:
        return (say(lang, "lead.contact_late", until=view.clock(until)),), None
    if view.tell is Tell.CONTACT_DUE:
        return (say(lang, "lead.contact_due", until=view.ahead(until)),), until
    return (say(lang, "lead.contact_until", until=view.ahead(until)),), until
