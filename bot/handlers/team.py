"""What a manager presses and types: nudge, assign, take over, the team at a glance; and the pool."""

from collections.abc import Sequence
from datetime import datetime

from bot.cards import parts
from bot.cards.actions import ALL, Assign, Nudge, Take
from bot.cards.model import fit
from bot.handlers.intake import lead_number
from bot.handlers.leads import held
from bot.inbound import Chat, Click, Reply
from bot.router import Bot, Router
from bot.words import clock_words, say, stage_words
from domain.errors import NotAllowed
from domain.lead import Lead
from domain.people import LEADERS, Company, Person, Role
from domain.stages import Stage
from domain.usecases.leads import nudge
from domain.usecases.placing import Seen, assign_lead, take_lead

LINES = 10


def register(router: Router) -> None:
    router.click(Nudge)(nudged)
    router.click(Assign)(assigned)
    router.click(Take)(taken)
    router.command("team", "团队")(team)
    router.command("assign", "转派")(assign)
    router.command("pool", "公海")(pool)
    router.command("grab", "抢单")(grab)


def seen(action: Nudge | Assign | Take) -> Seen:
    """What the card that carried this button showed."""
    return Seen(decisions=None if action.lead == ALL else action.decisions)


def picked(click: Click, lead: str) -> str | None:
    """The lead that a button means: its own, or the one chosen on a card that shows several."""
    return lead if lead != ALL else click.selected.get("lead") or None


async def nudged(bot: Bot, click: Click) -> Reply:
    """催办: ring whoever has it once more."""
    action, lang, company = click.action, bot.lang(click.by), bot.company
    assert isinstance(action, Nudge)
    lead_id = picked(click, action.lead)
    if lead_id is None:
        return Reply(text=say(lang, "pick.lead"), ok=False)

    def answer(lead: Lead) -> Reply:
        return Reply(text=say(lang, "nudged", rep=company.name_of(lead.owner), lead=lead.id))

    return await bot.act(click, nudge, answer, lead_id=lead_id, by=click.by, at=click.at, seen=seen(action))


async def assigned(bot: Bot, click: Click) -> Reply:
    """转派: to the person chosen on the card."""
    action, lang = click.action, bot.lang(click.by)
    assert isinstance(action, Assign)
    lead_id, to = picked(click, action.lead), click.selected.get("person")
    if lead_id is None:
        return Reply(text=say(lang, "pick.lead"), ok=False)
    if not to:
        return Reply(text=say(lang, "assign.choose"), ok=False)
    return await _assign(bot, click, lead_id, to, seen(action))


async def _assign(bot: Bot, wish: Click | Chat, lead_id: str, to: str, card: Seen | None = None) -> Reply:
    lang, company = bot.lang(wish.by), bot.company

    off = await _off_duty(bot, [to])

    def answer(lead: Lead) -> Reply:
        return Reply(
            text=say(lang, "assigned", lead=lead.id, rep=_marked(lang, company.name_of(to), to in off))
        )

    return await bot.act(wish, assign_lead, answer, lead_id=lead_id, to=to, by=wish.by, at=wish.at, seen=card)


async def taken(bot: Bot, click: Click) -> Reply:
    """我来接, and claiming from the pool."""
    action, lang = click.action, bot.lang(click.by)
    assert isinstance(action, Take)
    lead_id = picked(click, action.lead)
    if lead_id is None:
        return Reply(text=say(lang, "pick.lead"), ok=False)

    def answer(lead: Lead) -> Reply:
        fresh = lead.accepted_at == click.at  # a second tap finds the card of the first
        text = held("taken", bot.person(click.by), lead)
        return Reply(text=text, card="lead" if fresh else "", lead=lead.id)

    return await bot.act(
        click,
        take_lead,
        answer,
        lead_id=lead_id,
        by=click.by,
        at=click.at,
        seen=seen(action),
    )


async def assign(bot: Bot, chat: Chat, rest: str) -> Reply:
    """`/assign L1042 @王磊`"""
    lang = bot.lang(chat.by)
    word, _, name = rest.strip().partition(" ")
    lead_id, name = lead_number(word), name.strip().lstrip("@＠")
    if not lead_id:
        return await bot.tell(chat, Reply(text=say(lang, "assign.usage"), ok=False))
    found = named(bot.company, name)
    if found is None and not mine(bot.company, chat.by):
        raise NotAllowed(lead="/assign")
    if found is None:
        people, key = await _choice(bot, chat.by), "assign.nobody" if name else "assign.whom"
        return await bot.tell(
            chat, Reply(text=say(lang, key, name=name, people=people, lead=lead_id), ok=False)
        )
    return await _assign(bot, chat, lead_id, found.id)


async def _choice(bot: Bot, boss: str) -> str:
    """The people whom a leader may give leads to; those off duty are marked, and come last."""
    lang, people = bot.lang(boss), mine(bot.company, boss)
    off = await _off_duty(bot, [person.id for person in people])
    people.sort(key=lambda person: person.id in off)
    return say(lang, "list.sep").join(_marked(lang, person.name, person.id in off) for person in people)


async def _off_duty(bot: Bot, people: Sequence[str]) -> frozenset[str]:
    desks = await bot.reads.desks(people)
    return frozenset(each for each in people if each in desks and not desks[each].on_duty)


def _marked(lang: str, name: str, off: bool) -> str:
    return say(lang, "assign.off", name=name) if off else name


def named(company: Company, name: str) -> Person | None:
    """The one person of that name or id; None when there is none, or more than one."""
    found = [person for person in company.people.values() if name in (person.name, person.id)]
    return found[0] if len(found) == 1 else None


def mine(company: Company, boss: str) -> list[Person]:
    """The reps of the teams that somebody leads; for marketing, which sends out what it kept warm, all."""
    if company.person(boss).role is Role.MARKETER:
        return list(company.reps(None))
    return [rep for team_id in company.led_by(boss) for rep in company.reps(team_id)]


async def team(bot: Bot, chat: Chat, rest: str) -> Reply:
    """`/team`, `/team 2`, `/team 华东 2`: a page of what is open in one's teams, the worst first."""
    viewer, company = bot.person(chat.by), bot.company
    lang, led = viewer.lang, _led(company, chat.by)
    if not led:
        raise NotAllowed(lead="/team")
    wanted, page = _paged(company, rest.strip())
    teams = [each for each in led if not wanted or _is_in(company, each, wanted)]
    if not teams:
        ways = say(lang, "list.sep").join(f"/team {company.team_name(each)}" for each in led if each)
        return await bot.tell(
            chat, Reply(text=say(lang, "team.unknown", team=fit(wanted, 20), ways=ways), ok=False)
        )
    leads, count = await bot.reads.team_open(teams, LINES, skip=(page - 1) * LINES)
    if not leads and count:  # behind the last page
        page = -(-count // LINES)
        leads, count = await bot.reads.team_open(teams, LINES, skip=(page - 1) * LINES)
    names = say(lang, "list.sep").join(
        company.team_name(each) for each in teams if each and company.reps(each)
    )
    name = company.team_name(wanted) or names
    if not leads:
        return await bot.tell(chat, Reply(text=say(lang, "team.none", team=name)))
    lines = [say(lang, "team.title", team=name, count=count)]
    for lead in leads:
        owner = company.name_of(lead.owner) if lead.owner else say(lang, "team.nobody")
        lines.append(
            say(
                lang, "team.line", lead=lead.id, who=parts.who(lead, viewer), owner=owner,
                stage=stage_words(lang, lead.stage), due=due_words(lang, lead, company, chat.at),
            )
        )  # fmt: skip
    if (left := count - page * LINES) > 0:
        following = " ".join(["/team", *([wanted] if wanted else []), str(page + 1)])
        lines.append(say(lang, "team.more", count=left, command=following))
    return await bot.tell(chat, Reply(text="\n".join(lines)))


def _led(company: Company, boss: str) -> tuple[str | None, ...]:
    """The teams that somebody stands above; None, for whoever stands above all: the leads of no team yet."""
    teams = company.led_by(boss)
    return (*teams, None) if company.leads_team(boss, None) else teams


def _paged(company: Company, typed: str) -> tuple[str, int]:
    """The words before the number of a page, and that number; the first page where none is named, or where
    the whole is a team's name."""
    words, _, last = typed.rpartition(" ")
    if last.isdecimal() and len(last) <= 4 and not any(typed == each.name for each in company.teams.values()):
        return words.strip(), max(int(last), 1)
    return typed, 1


def _is_in(company: Company, team_id: str | None, wanted: str) -> bool:
    """Whether a team is the one of that name or id, or stands below it."""
    return any(wanted in (each, company.team_name(each)) for each in company.lineage(team_id))


def due_words(lang: str, lead: Lead, company: Company, now: datetime) -> str:
    """` · 10:35 前` of the promise that runs, or since when it is broken; empty where none runs."""
    if lead.broken_at is not None:
        return say(lang, "my.late", at=clock_words(lang, lead.broken_at, company.zone, now))
    due = lead.promised_until(company.calendar_of(lead.team))
    if due is None or lead.stage not in (Stage.OFFERED, Stage.ACCEPTED):
        return ""
    return say(lang, "my.due", at=clock_words(lang, due, company.zone, now))


async def pool(bot: Bot, chat: Chat, _rest: str) -> Reply:
    """`/pool`: the leads that anybody of the sales team may claim."""
    lang, person = bot.lang(chat.by), bot.person(chat.by)
    if person.role not in (Role.REP, *LEADERS):
        raise NotAllowed(lead="/pool")
    leads = [lead for lead in await bot.reads.pool(None, LINES) if chat.by not in lead.handed_back_by]
    if not leads:
        return await bot.tell(chat, Reply(text=say(lang, "pool.empty")))
    args = {"leads": [lead.id for lead in leads]}
    return await bot.tell(chat, Reply(text="", card="pool", lead=leads[0].id, args=args))


async def grab(bot: Bot, chat: Chat, _rest: str) -> Reply:
    """`/抢单`: the card of what one's team may grab now, the oldest first."""
    lang, person = bot.lang(chat.by), bot.person(chat.by)
    if person.role is not Role.REP:
        raise NotAllowed(lead="/grab")
    for lead in await bot.reads.grabs(person.team or ""):
        if lead.offer and chat.by not in lead.handed_back_by:
            args = {"offer": lead.offer.no}
            return await bot.tell(chat, Reply(text="", card="lead", lead=lead.id, args=args))
    return await bot.tell(chat, Reply(text=say(lang, "grab.none")))
