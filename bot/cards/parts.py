"""What several cards share: the customer in one line, the fields a person may see, times, selects."""

from collections.abc import Iterable, Mapping
from datetime import datetime

from bot.cards.model import OPTIONS, Field, Option, Select, fit
from bot.words import clock_words, day_words, field_words, money_words, reason_words, say, source_words
from domain.calendar import CalendarError
from domain.contact import hide_contacts, mask_email, mask_phone, mask_wechat, show_phone
from domain.judging import Question, answer_to
from domain.lead import Lead, missing_fields
from domain.people import Company, Person
from domain.permission import may_edit, sees_phone
from domain.sla import Step, due_at
from domain.stages import Stage

NAME = 10
"""A customer's name in a title or a line, so that the company beside it still shows."""

LONGEST = 2000
"""As much of a text as is looked through for numbers; a line shows a twentieth of it."""

Args = Mapping[str, object]


def number(args: Args, name: str) -> int:
    """A whole number of a notice's args; 0 when it is missing."""
    value = args.get(name)
    return int(str(value)) if value not in (None, "") else 0


def text(args: Args, name: str) -> str:
    """A text of a notice's args; empty when it is missing."""
    value = args.get(name)
    return str(value) if value is not None else ""


def instant(args: Args, name: str) -> datetime | None:
    """An instant of a notice's args, kept as ISO 8601 with its offset; None when it is missing."""
    value = args.get(name)
    if isinstance(value, datetime):
        return value
    return datetime.fromisoformat(value) if isinstance(value, str) and value else None


def typed(lead: Lead, viewer: Person, text: str | None) -> str:
    """A text of the customer or of where the lead came from, as this person may read it: contacts typed into
    it are masked for all but the owner who accepted. Cards and answers show such a text by no other way."""
    known = (text or "")[:LONGEST]
    return known if sees_phone(viewer, lead) else hide_contacts(known)


def name_of(lead: Lead, viewer: Person) -> str:
    """The customer's name, or the company's for one who left none; short."""
    customer = lead.customer
    name = fit(typed(lead, viewer, customer.name), NAME) or fit(typed(lead, viewer, customer.company), NAME)
    return name or say(viewer.lang, "who.nobody")


def firm(lead: Lead, viewer: Person, width: int) -> str:
    """The customer's company, cut to a width."""
    return fit(typed(lead, viewer, lead.customer.company), width)


def who(lead: Lead, viewer: Person) -> str:
    """The customer in one line: name and company."""
    name, company = fit(typed(lead, viewer, lead.customer.name), NAME), firm(lead, viewer, 40)
    if name and company:
        return say(viewer.lang, "who.sign", name=name, company=company)
    return name or company or say(viewer.lang, "who.nobody")


def member(company: Company, person_id: str | None, lang: str) -> str:
    """A colleague's name, short; the system's for nobody."""
    return fit(company.name_of(person_id), NAME) or say(lang, "who.system")


def named(company: Company, args: Args, who: str, lang: str) -> str:
    """The colleague whom `args` name as `who`, by the name they had then, if it was kept."""
    return fit(text(args, f"{who}_name"), NAME) or member(company, text(args, who), lang)


def holder(lead: Lead, company: Company, lang: str) -> str:
    """Who has the lead: its owner, whoever it is only offered to, or the whole team."""
    if not lead.owner:
        return say(lang, "who.team")
    name = member(company, lead.owner, lang)
    return say(lang, "who.offered", name=name) if lead.stage is Stage.OFFERED else name


def helped(lead: Lead, company: Company, lang: str) -> tuple[str, ...]:
    """Who was asked to help with a lead, and why; none when nobody was."""
    if lead.helper is None:
        return ()
    helper = member(company, lead.helper, lang)
    return (say(lang, "lead.helper", helper=helper, reason=reason_words(lang, lead.help_reason or "")),)


def undo_over(lead: Lead, args: Args, key: str = "undo") -> bool:
    """Whether the lead changed after the instant until which an act might be taken back: a button for it, if
    still drawn, could not be pressed. Cards know no other present."""
    until = instant(args, key)
    return until is not None and lead.updated_at > until


def undo_until(lang: str, company: Company, args: Args, key: str = "undo") -> str:
    """Until when an act may be taken back, for the last line of its card; empty where that is not known."""
    until = instant(args, key)
    return say(lang, "undo.until", at=day_words(lang, until, company.zone)) if until else ""


def clock(viewer: Person, company: Company, at: datetime, since: datetime | None = None) -> str:
    """A time on a card, always with its date: nobody draws a card anew at midnight, so an hour alone would
    stay on a phone and tell of the wrong day. With its year too where that is not the one of `since`."""
    return day_words(viewer.lang, at, company.zone, since)


def ahead(lead: Lead, viewer: Person, company: Company, until: datetime) -> str:
    """The end of a promise that still runs, without its date where the lead was given out on that very day.

    The card changes as the promise ends, and was drawn after the lead was given out; so who reads the hour
    alone reads it on that day.
    """
    return clock_words(viewer.lang, until, company.zone, lead.assigned_at or lead.created_at)


def due(lead: Lead, company: Company, started: datetime, step: Step) -> datetime | None:
    """When a step of a lead's clock is due; None where the calendar cannot say."""
    try:
        return due_at(started, step, company.calendar_of(lead.team))
    except CalendarError:
        return None


def fields(lang: str, *pairs: tuple[str, str | None]) -> tuple[Field, ...]:
    """Fields by the name of their label; those without a value are left out."""
    return tuple(Field(label=field_words(lang, name), value=value) for name, value in pairs if value)


def about(lead: Lead, viewer: Person, *names: str) -> tuple[Field, ...]:
    """Texts of the customer as fields."""
    return fields(viewer.lang, *((name, typed(lead, viewer, getattr(lead.customer, name))) for name in names))


def contacts(lead: Lead, viewer: Person) -> tuple[Field, ...]:
    """The ways to reach the customer: whole for the owner who accepted, for all others one and masked."""
    customer, lang = lead.customer, viewer.lang
    if not sees_phone(viewer, lead):
        masked = (
            ("phone", mask_phone(customer.phone) if customer.phone else None),
            ("email", mask_email(customer.email) if customer.email else None),
            ("wechat", mask_wechat(customer.wechat) if customer.wechat else None),
        )
        return fields(lang, *masked)[:1]
    whole = list(fields(lang, ("email", customer.email), ("wechat", customer.wechat)))
    if customer.phone:
        label = field_words(lang, "phone")
        whole.insert(0, Field(label=label, value=show_phone(customer.phone), href=_dial(customer.phone)))
    return tuple(whole)


def unreached(lead: Lead, viewer: Person, company: Company) -> tuple[str, ...]:
    """The line that says of a lead that nobody can be reached, and to who may add a way, how; mostly none."""
    if not missing_fields(lead.customer, ("contact",)):
        return ()
    key = "contact.add" if may_edit(company, viewer, lead) else "contact.none"
    return (say(viewer.lang, key, lead=lead.id),)


def _dial(phone: str) -> str:
    """The number as a link (RFC 3966)."""
    number, _, extension = phone.partition("-")
    return f"tel:{number};ext={extension}" if extension else f"tel:{number}"


def place(lead: Lead, viewer: Person) -> tuple[str, str]:
    """The field of the industry and the region, in one value; the region's where no industry is known."""
    customer = lead.customer
    both = (typed(lead, viewer, customer.industry), typed(lead, viewer, customer.region))
    return "industry" if both[0] else "region", " · ".join(part for part in both if part)


def handed_why(lead: Lead, lang: str, args: Args) -> str:
    """Why a lead was handed back, and how to read the words that came with it."""
    reason = reason_words(lang, text(args, "reason"))
    return say(lang, "reason.said", reason=reason, lead=lead.id) if args.get("said") else reason


def amount(lead: Lead, lang: str) -> str:
    return money_words(lang, lead.customer.amount_min, lead.customer.amount_max)


def need(lead: Lead, viewer: Person) -> tuple[str, ...]:
    """What the customer wants, as a line: product, amount and need; none when unknown."""
    product = fit(typed(lead, viewer, lead.customer.product), 30)
    wanted = fit(typed(lead, viewer, lead.customer.need), 100)
    shown = " · ".join(part for part in (product, amount(lead, viewer.lang), wanted) if part)
    return (say(viewer.lang, "need.line", need=shown),) if shown else ()


def judged(lead: Lead, viewer: Person) -> tuple[str, ...]:
    """The three questions as a line: what is known of each, with the words that answered it."""
    answers = {question: answer_to(lead.customer, question) for question in Question}
    if not any(answers.values()):
        return ()
    lang = viewer.lang
    told = [say(lang, "judge.customer")]
    for question, answer in answers.items():
        words = typed(lead, viewer, lead.customer.extra.get(f"{question}_said"))
        key = f"judge.is.{answer or 'open'}{'.said' if words else ''}"
        told.append(say(lang, key, question=say(lang, f"judge.{question}"), words=fit(words, 20)))
    return (say(lang, "judge.line", answers=" ".join(told)),)


def voice(company: Company, lang: str, state: str = "due") -> str:
    """Of a voice whose words nobody has: it is kept; they are to come (`due`), or never will (`failed`)."""
    return say(lang, f"voice.{state if company.hears else 'kept'}")


def source(lead: Lead, viewer: Person) -> str:
    """The channel by which a lead came, or the source's name; empty when neither is known."""
    return source_words(viewer.lang, typed(lead, viewer, lead.origin.channel or lead.origin.source))


def origin(lead: Lead, viewer: Person, company: Company) -> str:
    """Where a lead came from: the colleague who handed it in, or the channel."""
    if lead.origin.by:
        return say(viewer.lang, "by.named", name=member(company, lead.origin.by, viewer.lang))
    return source(lead, viewer)


def people_select(people: Iterable[Person], company: Company, lang: str) -> Select:
    """A choice of colleagues, team by team where there are several; none is chosen, so that no tap by
    accident gives a lead away."""
    known = tuple(people)
    teams = {person.team for person in known}
    options = tuple(
        Option(id=person.id, text=person.name, group=company.team_name(person.team) if len(teams) > 1 else "")
        for person in known
    )
    return Select(key="person", label=say(lang, "select.person"), options=options)


def leads_select(leads: Iterable[Lead], viewer: Person) -> Select:
    """A choice of leads, by number and name; chosen is the only one, of several none."""
    options = tuple(Option(id=lead.id, text=f"{lead.id} {name_of(lead, viewer)}") for lead in leads)[:OPTIONS]
    first = options[0].id if len(options) == 1 else ""
    return Select(key="lead", label=say(viewer.lang, "select.lead"), options=options, selected=first)
