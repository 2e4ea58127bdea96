"""The cards of whoever must step in: nobody answers, nobody can take it; live until it is solved."""

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta

from bot.cards import parts
from bot.cards.actions import Assign, Nudge, Take
from bot.cards.model import Button, Card, CardState, Field, Style, fit
from bot.cards.parts import Args
from bot.words import duration_words, say, stage_words
from domain.lead import Lead
from domain.people import Company, Person
from domain.permission import may_direct
from domain.sla import Do, Which
from domain.stages import HELD, Stage

DELIVERY = "delivery"


def is_open(lead: Lead, args: Args) -> bool:
    """Whether the trouble that a notice told of is still there."""
    if "why" in args:
        return _is_stuck(lead, args)
    if not _same_cycle(lead, args):
        return False
    if args.get("clock") == Which.CONTACT:
        return lead.stage is Stage.ACCEPTED
    if args.get("clock") == DELIVERY:
        return _is_undelivered(lead, args)
    return lead.stage is Stage.OFFERED


def _same_cycle(lead: Lead, args: Args) -> bool:
    return lead.cycle is not None and lead.cycle.no == parts.number(args, "cycle")


def _is_stuck(lead: Lead, args: Args) -> bool:
    if args["why"] == "refused" and lead.stage is Stage.OFFERED:
        return lead.offer is not None and lead.offer.delivered_at is None
    return lead.stage in (Stage.WAITING, Stage.RETURNED)


def _is_undelivered(lead: Lead, args: Args) -> bool:
    offer = lead.offer
    if lead.stage is not Stage.OFFERED or offer is None:
        return False
    return offer.delivered_at is None and offer.person == args.get("rep")


def solved(lead: Lead, viewer: Person, company: Company, args: Args) -> str:
    """How the trouble ended, in one line."""
    lang = viewer.lang
    if lead.stage in HELD:
        return _taken(lead, viewer, company, args)
    offer = lead.offer
    if lead.stage is not Stage.OFFERED or offer is None:
        return say(lang, "solved.stage", stage=stage_words(lang, lead.stage))
    of_it = args.get("clock") == DELIVERY and _same_cycle(lead, args)
    if of_it and offer.person == args.get("rep") and offer.delivered_at:
        return say(lang, "solved.delivered", at=parts.clock(viewer, company, offer.delivered_at))
    if offer.grab:
        return say(lang, "solved.grab")
    return say(lang, "solved.offered", name=parts.member(company, offer.person, lang))


def _taken(lead: Lead, viewer: Person, company: Company, args: Args) -> str:
    name = parts.member(company, lead.owner, viewer.lang)
    if args.get("clock") == Which.CONTACT and lead.contacted_at:
        at = parts.clock(viewer, company, lead.contacted_at)
        return say(viewer.lang, "solved.contacted", name=name, at=at)
    at = parts.clock(viewer, company, lead.accepted_at or lead.updated_at)
    return say(viewer.lang, "solved.accepted", name=name, at=at)


# -- one lead -------------------------------------------------------------------------------------------


def alert_card(lead: Lead, viewer: Person, company: Company, args: Args) -> Card:
    """A clock of this lead was breached (`args["clock"]`: accept, contact or delivery)."""
    if not is_open(lead, args):
        return _solved_card(lead, viewer, company, args)
    lang = viewer.lang
    rep = _rep(lead, company, args, lang)
    after = duration_words(lang, _promised(lead, args))
    kind = overdue(args)
    name = parts.name_of(lead, viewer)
    system = (say(lang, "alert.system", after=after, rep=rep),) if kind == DELIVERY else ()
    return _trouble(
        lead,
        viewer,
        company,
        title=say(lang, f"alert.{kind}", after=after, name=fit(name, 8), rep=fit(rep, 6)),
        lines=system,
        rep=rep,
        nudge=kind != DELIVERY,
    )


def stuck_card(lead: Lead, viewer: Person, company: Company, args: Args) -> Card:
    """Nobody can take it (`args["why"]`: full, nobody, returned or refused): the manager decides."""
    if not is_open(lead, args):
        return _solved_card(lead, viewer, company, args)
    lang = viewer.lang
    why = stuck(args)
    line = "stuck.returned_line" if why == "returned" else f"stuck.{why}_line"
    return _trouble(
        lead,
        viewer,
        company,
        title=say(lang, f"stuck.{why}", who=parts.who(lead, viewer)),
        lines=(say(lang, line, count=lead.handbacks), *_given_back(lead, company, args, lang)),
        rep="",
        nudge=False,
    )


def _given_back(lead: Lead, company: Company, args: Args, lang: str) -> tuple[str, ...]:
    """Who gave the lead back and why, where that is what brought it here."""
    by = parts.named(company, args, "by", lang)
    reason = parts.handed_why(lead, lang, args)
    return (say(lang, "stuck.handed_back", by=by, reason=reason),) if "by" in args else ()


def overdue(args: Args) -> str:
    """Which clock a notice told of: accept, contact or delivery."""
    kind = parts.text(args, "clock")
    return kind if kind in (Which.CONTACT, DELIVERY) else Which.ACCEPT.value


def stuck(args: Args) -> str:
    """Why nobody can take a lead, as a notice told: full, nobody, returned or refused."""
    why = parts.text(args, "why")
    return why if why in ("full", "nobody", "returned", "refused") else "nobody"


def _rep(lead: Lead, company: Company, args: Args, lang: str) -> str:
    """Whom the alert is about: named when it was sent, as the lead may since have gone on."""
    named = parts.text(args, "rep")
    return parts.member(company, named, lang) if named else say(lang, "who.team")


def _promised(lead: Lead, args: Args) -> timedelta:
    """The working time that was let pass: at the step that rang, or in an older notice what was promised."""
    after = args.get("after")
    if isinstance(after, int | float):
        return timedelta(seconds=after)
    assert lead.cycle is not None
    policy = lead.cycle.policy
    if args.get("clock") == DELIVERY:
        return policy.undelivered_after
    return policy.promise(Which.CONTACT if args.get("clock") == Which.CONTACT else Which.ACCEPT, lead.tier)


def _solved_card(lead: Lead, viewer: Person, company: Company, args: Args) -> Card:
    how = solved(lead, viewer, company, args)
    key = "alert.solved" if how.startswith("✅") else "alert.moved"
    return Card(
        title=say(viewer.lang, key, name=parts.who(lead, viewer)),
        lines=(how,),
        fields=(*parts.fields(viewer.lang, ("lead", lead.id)), *parts.about(lead, viewer, "company")),
        state=CardState.DONE,
    )


def _trouble(
    lead: Lead,
    viewer: Person,
    company: Company,
    *,
    title: str,
    lines: tuple[str, ...],
    rep: str,
    nudge: bool,
) -> Card:
    lang = viewer.lang
    people = candidates((lead,), viewer, company)
    may = may_direct(company, viewer, lead)
    return Card(
        title=title,
        lines=(*lines, *parts.need(lead, viewer)),
        fields=_facts(lead, viewer, company, rep),
        buttons=_one_lead(lead, viewer, nudge=nudge, people=people) if may else (),
        selects=(parts.people_select(people, company, lang),) if may and people else (),
    )


def _facts(lead: Lead, viewer: Person, company: Company, rep: str) -> tuple[Field, ...]:
    lang = viewer.lang
    now_with = parts.holder(lead, company, lang) if lead.offer or lead.owner else ""
    return parts.fields(
        lang,
        ("lead", f"{lead.id} {parts.who(lead, viewer)}"),
        ("rep", now_with or rep),
        ("team", company.team_name(lead.team)),
        ("since", parts.clock(viewer, company, waiting_since(lead)) if rep or lead.stuck_at else ""),
        ("step", step_reached(lead, lang) if lead.stage is Stage.OFFERED else ""),
        parts.place(lead, viewer),
    )


def _one_lead(lead: Lead, viewer: Person, *, nudge: bool, people: Sequence[Person]) -> tuple[Button, ...]:
    lang, seen = viewer.lang, lead.decisions
    buttons = []
    if nudge and lead.owner is not None and lead.owner != viewer.id:
        action = Nudge(lead=lead.id, decisions=seen)
        buttons.append(Button(action=action, text=say(lang, "button.nudge"), style=Style.PRIMARY))
    if people:
        buttons.append(Button(action=Assign(lead=lead.id, decisions=seen), text=say(lang, "button.assign")))
    if lead.owner != viewer.id:
        buttons.append(Button(action=Take(lead=lead.id, decisions=seen), text=say(lang, "button.take")))
    return tuple(buttons)


def waiting_since(lead: Lead) -> datetime:
    """From when the running clock counts; with none that runs, since nobody can take it, or the hand-in."""
    if lead.stage is Stage.ACCEPTED:
        return lead.contact_from or lead.accepted_at or lead.updated_at
    if lead.stage is not Stage.OFFERED or lead.offer is None:
        return lead.stuck_at or lead.created_at
    return (lead.cycle and lead.cycle.started_at) or lead.offer.at


def step_reached(lead: Lead, lang: str) -> str:
    """How far the ladder got with the live offer."""
    offer, cycle = lead.offer, lead.cycle
    if offer is None or cycle is None:
        return say(lang, "step.none")
    if offer.grab:
        return say(lang, "step.grab")
    if offer.no > cycle.first_offer:
        return say(lang, "step.passed")
    reminded = any(step.do is Do.REMIND for step in cycle.policy.ladder[: cycle.fired])
    return say(lang, "step.reminded" if reminded else "step.none")


def candidates(leads: Iterable[Lead], viewer: Person, company: Company) -> tuple[Person, ...]:
    """Who may be given these leads: the reps of their teams, then those of all that the viewer leads, but the
    one who has it; the company's order."""
    known = tuple(leads)
    if not known:
        return ()
    barred = {viewer.id, known[0].owner if len(known) == 1 else None}
    teams = dict.fromkeys([*(lead.team for lead in known), *company.led_by(viewer.id)])
    found = {person.id: person for team in teams for person in company.reps(team)}
    return tuple(person for person in found.values() if person.id not in barred)
