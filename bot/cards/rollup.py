"""Several leads in trouble at once: one card, so that a bad minute rings a manager once."""

from collections.abc import Sequence

from bot.cards import parts
from bot.cards.actions import ALL, Assign, Nudge, Take
from bot.cards.model import OPTIONS, Button, Card, CardState, Select, Style
from bot.cards.parts import Args
from bot.cards.told import handed_back_text
from bot.cards.trouble import candidates, is_open, overdue, solved, stuck, waiting_since
from bot.words import say
from domain.lead import Lead
from domain.people import Company, Person
from domain.permission import may_direct

SHOWN = 10
"""How many leads a roll-up names before it counts the rest."""
FIRM = 12


def rollup_card(items: Sequence[tuple[Lead, Args]], viewer: Person, company: Company) -> Card:
    """Several leads in trouble in one card that still names each; what is solved stays, ticked off."""
    lang = viewer.lang
    items = _distinct(items)
    troubled = [(lead, args) for lead, args in items if is_open(lead, args)]
    mine = [lead for lead, _ in troubled if may_direct(company, viewer, lead)]
    people = candidates(mine, viewer, company)
    return Card(
        title=_title(items, len(troubled), lang),
        lines=_lines(items, viewer, company),
        buttons=_many_leads(mine, people, lang),
        selects=_selects(mine, people, viewer, company),
        state=CardState.LIVE if troubled else CardState.DONE,
        note=say(lang, "alert.more_people", lead=mine[0].id) if len(people) > OPTIONS else "",
    )


def _title(items: Sequence[tuple[Lead, Args]], troubled: int, lang: str) -> str:
    """How many need somebody; with none, how many did, or on a card that tells of hand-backs alone, those."""
    if troubled:
        return say(lang, "rollup.title", count=troubled)
    alerts = sum(not _is_news(args) for _, args in items)
    return say(lang, "rollup.solved" if alerts else "rollup.handed", count=alerts or len(items))


def _is_news(args: Args) -> bool:
    """Whether a notice tells of a hand-back alone, and asks nobody for anything."""
    return "nth" in args and "why" not in args


def _distinct(items: Sequence[tuple[Lead, Args]]) -> list[tuple[Lead, Args]]:
    """Each lead once, told of twice or not; trouble that is still open comes before what is solved."""
    found: dict[str, tuple[Lead, Args]] = {}
    for lead, args in items:
        if lead.id not in found or is_open(lead, args):
            found[lead.id] = (lead, args)
    return list(found.values())


def _lines(items: Sequence[tuple[Lead, Args]], viewer: Person, company: Company) -> tuple[str, ...]:
    """A line a lead, in the order told; where there are too many, those still open come first."""
    lang = viewer.lang
    ordered = list(items)
    if len(ordered) > SHOWN:
        ordered.sort(key=lambda item: not is_open(*item))
    lines = [_line(lead, args, viewer, company) for lead, args in ordered[:SHOWN]]
    rest = len(ordered) - SHOWN
    return (*lines, say(lang, "rollup.more", count=rest)) if rest > 0 else tuple(lines)


def _line(lead: Lead, args: Args, viewer: Person, company: Company) -> str:
    lang = viewer.lang
    name = f"{lead.id} {parts.name_of(lead, viewer)}".rstrip()
    if _is_news(args):
        by = parts.named(company, args, "by", lang)
        how = handed_back_text(lead, viewer, company, args)
        return say(lang, "rollup.handed_back", name=name, by=by, how=how)
    if not is_open(lead, args):
        sign, _, how = solved(lead, viewer, company, args).partition(" ")
        return say(lang, "rollup.done", sign=sign, name=name, how=how)
    late = lead.broken_at
    since = say(
        lang,
        "rollup.late" if late else "rollup.since",
        at=parts.clock(viewer, company, late or waiting_since(lead)),
    )
    line = say(lang, "rollup.open", name=name, trouble=_trouble(lead, args, company, lang), since=since)
    return " · ".join([line, *_about(lead, viewer)])


def _about(lead: Lead, viewer: Person) -> list[str]:
    """The firm, where a name stands before it, and the amount: by which a leader tells what is urgent."""
    firm = parts.firm(lead, viewer, FIRM) if lead.customer.name else ""
    return [each for each in (firm, parts.amount(lead, viewer.lang)) if each]


def _trouble(lead: Lead, args: Args, company: Company, lang: str) -> str:
    """What is wrong with a lead, in a few words: who did not accept, or why nobody can."""
    if "why" in args:
        return say(lang, f"rollup.{stuck(args)}")
    if lead.owner is None:
        return say(lang, "rollup.grab")
    return say(lang, f"rollup.{overdue(args)}", rep=parts.member(company, lead.owner, lang))


def _many_leads(leads: Sequence[Lead], people: Sequence[Person], lang: str) -> tuple[Button, ...]:
    if not leads:
        return ()
    buttons = []
    if any(lead.owner for lead in leads):
        buttons.append(Button(action=Nudge(lead=ALL), text=say(lang, "button.nudge"), style=Style.PRIMARY))
    if people:
        buttons.append(Button(action=Assign(lead=ALL), text=say(lang, "button.assign")))
    return (*buttons, Button(action=Take(lead=ALL), text=say(lang, "button.take")))


def _selects(
    leads: Sequence[Lead], people: Sequence[Person], viewer: Person, company: Company
) -> tuple[Select, ...]:
    """Two choices on one card: no platform has room for pages of either."""
    if not leads:
        return ()
    chosen = parts.leads_select(leads, viewer)
    return (chosen, parts.people_select(people[:OPTIONS], company, viewer.lang)) if people else (chosen,)
