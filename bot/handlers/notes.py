"""Free text about a lead: notes, visits, the next step; and the taps on what was understood."""

import json
import re
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, time, timedelta

from bot.cards import parts
from bot.cards.actions import Choose
from bot.cards.model import fit
from bot.handlers.intake import hand_in, told, with_voice
from bot.inbound import Chat, Click, Reply
from bot.mind import Understood
from bot.router import Bot
from bot.words import clock_words, say
from domain.errors import NothingWaits, UnknownLead
from domain.facts import Plan, due_of, facts_of, morning_of
from domain.lead import Lead
from domain.media import Attachment, MediaKind, Unheard
from domain.permission import may_note, may_see
from domain.ports import Dialog
from domain.reader.book import Talk
from domain.reader.kinds import Kind
from domain.reader.understand import EDGES, Reading
from domain.reader.will import WEIGHED
from domain.stages import Stage
from domain.usecases import notes, talk
from domain.usecases.notes import Heard, Kept
from domain.usecases.seeing import lead_for
from domain.usecases.taking_back import step_before

CHOICES = 3
SHOWN = 60
_NUMBERS = re.compile(r"(?<![0-9A-Za-z])[Ll]\d{1,18}(?![\dA-Za-z])")
_NUMBER = re.compile(r"\s*(?P<lead>[Ll]\d{1,18})(?![\dA-Za-z])[\s:：,，]*")


async def take(bot: Bot, chat: Chat, text: str, kind: Kind | None) -> Reply | None:
    """Keep what somebody wrote; None when it says nothing about any lead."""
    quoted, words = _quoted(text)
    if quoted:
        await _must_see(bot, chat.by, quoted)
    else:
        quoted = await lead_quoted(bot, chat)
    last = await bot.reads.dialog(f"{chat.by}#current")
    about = await _talk(bot, chat, quoted, last)
    found = await _nameable(bot, chat.by, await bot.mind.hear(words, kind, about))
    if kind is None and found.reading.kind is Kind.LEAD and not quoted:
        return await hand_in(bot, chat, chat.text)
    heard = _heard(bot, found.reading, words, chat.at)
    before = _just_now(last, chat.at)
    if before and not quoted and _goes_on(found, heard, before, last, chat.media):
        return await _join(bot, chat, words, last, before, about)
    if kind is None and not (quoted or chat.media or found.match.named or _tells(found.reading)):
        return None
    if found.match.lead:
        return await _keep(bot, chat, found.match.lead, heard)
    return await _ask_which(bot, chat, found, heard, kind)


def _quoted(text: str) -> tuple[str | None, str]:
    """(the lead that the text names by its number, the words behind it)."""
    match = _NUMBER.match(text)
    return (match["lead"].upper(), text[match.end() :]) if match else (None, text)


async def lead_quoted(bot: Bot, chat: Chat) -> str | None:
    """The lead of the message that this one was written under, if it is one's to see: by the card or note, by
    the one number in its words, or by whom the words are about."""
    quote = chat.quote
    if quote is None:
        return None
    named = {quote.lead} if quote.lead else set()
    if not named and quote.message:
        named = set(await bot.reads.leads_behind(quote.message, chat.by))
    named = named or {number.upper() for number in _NUMBERS.findall(quote.text)}
    if not named and quote.text.strip():
        about = Talk(person=chat.by, now=chat.at.astimezone(bot.company.zone))
        match = (await bot.mind.hear(quote.text, Kind.NOTE, about)).match
        named = {match.lead} if match.lead else set()
    if len(named) != 1:
        return None
    found = await bot.reads.lead(named.pop())
    await _refuse_erased(bot, chat.by, found)
    seen = found is not None and may_see(bot.company, bot.person(chat.by), found)
    return found.id if found is not None and seen else None


async def _refuse_erased(bot: Bot, by: str, found: Lead | None) -> None:
    """Words under the card or number of an erased lead are not looked through: whatever they say, they are
    about the customer."""
    if found is not None and found.erased:
        await bot.write(lead_for, lead_id=found.id, by=by)


async def _must_see(bot: Bot, by: str, lead_id: str) -> Lead:
    found = await bot.reads.lead(lead_id)
    await _refuse_erased(bot, by, found)
    if found is None or not may_see(bot.company, bot.person(by), found):
        raise UnknownLead(lead=lead_id)
    return found


async def _nameable(bot: Bot, by: str, found: Understood) -> Understood:
    """Leads that one may not write about are not named: they do not exist for one."""
    person, match = bot.person(by), found.match
    leads = [(each, await bot.reads.lead(each.lead)) for each in match.best]
    best = tuple(each for each, lead in leads if lead is not None and may_note(bot.company, person, lead))
    lead = match.lead if match.lead in {each.lead for each in best} else None
    return replace(found, match=replace(match, lead=lead, best=best))


async def _talk(bot: Bot, chat: Chat, quoted: str | None, last: Dialog | None) -> Talk:
    """What the person last wrote about, accepted or called."""
    current, at = (last.lead_id, last.at) if last else (None, None)
    for lead in await bot.reads.leads_of(chat.by):
        for when in (lead.accepted_at, lead.contacted_at):
            if when is not None and lead.owner == chat.by and (at is None or when > at):
                current, at = lead.id, when
    zone = bot.company.zone
    return Talk(person=chat.by, now=chat.at.astimezone(zone), current=current, current_at=at, quoted=quoted)


def _just_now(last: Dialog | None, at: datetime) -> dict[str, str] | None:
    """The note that this message may go on from."""
    if last is None or not timedelta(0) <= at - last.at <= notes.TOGETHER or not last.about.startswith("{"):
        return None
    found: dict[str, str] = json.loads(last.about)
    return found


def _goes_on(
    found: Understood, heard: Heard, before: dict[str, str], last: Dialog | None, media: Sequence[Attachment]
) -> bool:
    """After a visit, what names nobody else belongs to it: a place by itself always does, whatever its name;
    what tells of another day never."""
    if before.get("kind") != "visit" or found.reading.kind is Kind.VISIT:
        return False
    if any(each.kind is MediaKind.LOCATION for each in media):
        return True
    if heard.happened is not None:
        return False
    same = last is not None and found.match.lead in (None, last.lead_id)
    return same and (not found.match.named or found.match.lead is not None)


async def _join(
    bot: Bot, chat: Chat, words: str, last: Dialog | None, before: dict[str, str], about: Talk
) -> Reply:
    assert last is not None
    whole = f"{before['text']}\n{words}"
    found = await bot.mind.hear(whole, Kind.VISIT, about)
    heard = _heard(bot, found.reading, whole, chat.at)
    lang = bot.lang(chat.by)

    def answer(kept: Kept) -> Reply:
        said = say(lang, "note.joined", lead=kept.lead.id, who=parts.who(kept.lead, bot.person(chat.by)))
        return Reply(text=with_voice(bot, chat, said))

    return await bot.act(
        chat,
        notes.join_note,
        answer,
        lead_id=last.lead_id,
        no=int(before["no"]),
        text=words,
        heard=heard,
        by=chat.by,
        key=chat.key,
        at=chat.at,
        media=chat.media,
    )


def _heard(bot: Bot, reading: Reading, words: str, at: datetime) -> Heard:
    """A note as it is kept: its words, what it says, and when it was."""
    now = at.astimezone(bot.company.zone)
    facts = facts_of(reading, calendar=bot.company.calendar, now=now)
    kind = "visit" if reading.activity == "visit" else "note"
    return Heard(text=words.strip(), kind=kind, facts=facts, happened=_happened(reading, now))


def _happened(reading: Reading, now: datetime) -> datetime | None:
    """The day before today on which it was, where the words say one."""
    days = [str(each.value) for each in reading.spans if each.field == "date.done"]
    for said in days:
        day = datetime.fromisoformat(said)
        when = day if day.tzinfo else day.replace(hour=12, tzinfo=now.tzinfo)
        if timedelta(0) < now - when <= timedelta(days=31) and when.date() < now.date():
            return when
    return None


async def _keep(bot: Bot, chat: Chat, lead_id: str, heard: Heard) -> Reply:
    return await bot.act(
        chat,
        notes.take_note,
        kept_reply,
        lead_id=lead_id,
        heard=heard,
        by=chat.by,
        key=chat.key,
        at=chat.at,
        media=chat.media,
    )


def kept_reply(kept: Kept) -> Reply:
    """The card of a note that was kept."""
    args = {
        "no": kept.no, "note": kept.note, "kind": kept.kind, "facts": kept.facts.pack(),
        "words": kept.text[:SHOWN], "state": "open", "voice": "due" if kept.voice else "",
        "undo": kept.undo.isoformat() if kept.undo else "", **step_before(kept.step),
    }  # fmt: skip
    return Reply(text="", card="note", lead=kept.lead.id, args=args)


async def visit_asked_for(bot: Bot, chat: Chat, lead_id: str) -> Reply:
    """The message that 记拜访 asked for: a visit to that lead, whatever it says."""
    about = Talk(person=chat.by, now=chat.at.astimezone(bot.company.zone), quoted=lead_id)
    found = await bot.mind.hear(chat.text, Kind.VISIT, about)
    heard = _heard(bot, found.reading, chat.text, chat.at)
    lang = bot.lang(chat.by)

    def answer(kept: Kept) -> Reply:
        text = say(lang, "visit.done", lead=kept.lead.id, who=parts.who(kept.lead, bot.person(chat.by)))
        text += still_offered(lang, kept.lead, chat.by)
        if not (kept.facts.worth_asking or kept.voice):
            return Reply(text=text)
        return replace(kept_reply(kept), text=text)

    return await bot.act(
        chat, notes.visit_asked_for, answer, lead_id=lead_id, heard=heard, by=chat.by, key=chat.key,
        at=chat.at, media=chat.media,
    )  # fmt: skip


def still_offered(lang: str, lead: Lead, by: str) -> str:
    """To whoever logs a visit to a lead that is only offered them: no visit stops the clock of acceptance."""
    offered = lead.stage is Stage.OFFERED and lead.owner == by
    return f"\n{say(lang, 'visit.unaccepted')}" if offered else ""


async def _ask_which(
    bot: Bot, chat: Chat, found: Understood, heard: Heard, kind: Kind | None
) -> Reply | None:
    """Nothing stands out: the best three to choose from, or nobody's lead, or nothing that was said."""
    best = [each.lead for each in found.match.best]
    tells = _tells(found.reading) or kind is not None or bool(chat.media)
    if not best and not found.match.named and tells:
        best = [lead.id for lead in (await bot.reads.leads_of(chat.by))[:CHOICES]]
    if not tells and not found.match.named:
        return None
    if not best and not tells:
        return None
    args: dict[str, object] = {"words": heard.text[:SHOWN], "no": notes.waiting_no(chat.key)}
    if best:
        reply = Reply(text="", card="which", lead=best[0], args={**args, "leads": best})
    else:
        name = found.reading.name or found.reading.company or ""
        reply = Reply(text="", card="nobody", args={**args, "name": name})
    heard = replace(heard, media=chat.media, offered=tuple(best))
    return await bot.act(
        chat, notes.keep_pending, lambda _: reply, heard=heard, by=chat.by, key=chat.key, at=chat.at
    )


def _tells(reading: Reading) -> bool:
    """Whether a message says anything that belongs to a lead. A will that only single words weighed is none:
    small talk has those too."""
    will = any(span.field == "intent" and span.rule != WEIGHED for span in reading.spans)
    return bool(
        reading.activity or reading.next or will or reading.outcome or reading.competitors
        or reading.amount_min or reading.amount_max
    )  # fmt: skip


# -- voices -------------------------------------------------------------------------------------------------


async def voice_heard(bot: Bot, voice: Unheard, text: str) -> None:
    """What a voice says, as a machine wrote it down: its note is read anew with it."""
    note = await bot.reads.note(voice.note)
    if note is None:
        await voice_unheard(bot, voice)
        return
    whole = f"{note.text}\n{text}".strip()
    about = Talk(person=note.author, now=note.at.astimezone(bot.company.zone), quoted=note.lead_id)
    found = await bot.mind.hear(whole, Kind.VISIT if note.kind == "visit" else Kind.NOTE, about)
    heard = _heard(bot, found.reading, whole, note.at)
    at = bot.clock.now()
    await bot.write(notes.voice_heard, media=voice.id, note=voice.note, text=text, heard=heard, at=at)


async def voice_unheard(bot: Bot, voice: Unheard) -> None:
    """Nobody will know what a voice says: its card says so, and the recording stays."""
    await bot.write(notes.voice_unheard, media=voice.id, note=voice.note, at=bot.clock.now())


# -- taps -----------------------------------------------------------------------------------------------


async def confirm(bot: Bot, click: Click, lead_id: str, no: int) -> Reply:
    """确认: what was read is written."""
    lang, zone = bot.lang(click.by), bot.company.zone

    def answer(kept: Kept) -> Reply:
        due = kept.facts.due
        if due is None:
            return Reply(text=say(lang, "note.confirmed", lead=kept.lead.id))
        at = clock_words(lang, due, zone, click.at)
        return Reply(text=say(lang, "note.confirmed_next", lead=kept.lead.id, at=at))

    return await bot.act(click, notes.confirm_facts, answer, lead_id=lead_id, no=no, by=click.by, at=click.at)


async def not_this_one(bot: Bot, click: Click, lead_id: str, no: int) -> Reply:
    """不是这条: the note leaves the lead, and the others that it may be about are offered."""
    lang = bot.lang(click.by)
    others = [lead.id for lead in await bot.reads.leads_of(click.by) if lead.id != lead_id]
    found = await _other_candidates(bot, click, lead_id, no)
    leads = list(dict.fromkeys([*found, *others]))[:CHOICES]

    def answer(moved: tuple[Heard, int]) -> Reply:
        heard, waits = moved
        args = {"words": heard.text[:SHOWN], "no": waits}
        text = say(lang, "note.moved", lead=lead_id)
        if not leads:
            return Reply(text=text, card="nobody", args={**args, "name": ""}, say=True)
        return Reply(text=text, card="which", lead=leads[0], args={**args, "leads": leads}, say=True)

    return await bot.act(
        click,
        notes.not_this_one,
        answer,
        lead_id=lead_id,
        no=no,
        offered=leads,
        by=click.by,
        at=click.at,
    )


async def _other_candidates(bot: Bot, click: Click, lead_id: str, no: int) -> Sequence[str]:
    """Whom else the words may be about, without the conversation that misled."""
    words = await bot.reads.note_words(lead_id, no)
    if not words:
        return ()
    about = Talk(person=click.by, now=click.at.astimezone(bot.company.zone))
    found = await _nameable(bot, click.by, await bot.mind.hear(words, Kind.NOTE, about))
    return [each.lead for each in found.match.best if each.lead != lead_id]


async def chosen(bot: Bot, click: Click) -> Reply:
    """A lead chosen for the note that waits, or a reminder put off."""
    action = click.action
    assert isinstance(action, Choose)
    if action.what == "later":
        return await _later(bot, click, action.lead, action.option)
    return await bot.act(
        click,
        notes.attach_pending,
        kept_reply,
        lead_id=action.lead,
        no=action.option,
        by=click.by,
        at=click.at,
    )


async def _later(bot: Bot, click: Click, lead_id: str, no: int) -> Reply:
    """明天再提醒: when work begins on the next workday."""
    lang, company = bot.lang(click.by), bot.company
    tomorrow = click.at.astimezone(company.zone).date() + timedelta(days=1)
    due = morning_of(datetime.combine(tomorrow, time(0), company.zone), company.calendar)
    at = clock_words(lang, due, company.zone, click.at)
    return await bot.act(
        click,
        notes.next_later,
        lambda plan: Reply(text=say(lang, "next.later", lead=plan.lead_id, at=at)),
        lead_id=lead_id,
        no=no,
        due=due,
        by=click.by,
        at=click.at,
    )


async def done(bot: Bot, click: Click, lead_id: str, no: int) -> Reply:
    lang = bot.lang(click.by)
    return await bot.act(
        click,
        notes.next_done,
        lambda lead: Reply(text=say(lang, "next.done", lead=lead.id)),
        lead_id=lead_id,
        no=no,
        by=click.by,
        at=click.at,
    )


async def drop(bot: Bot, click: Click, what: str, no: int) -> Reply:
    """算了: nothing is kept of a note without a lead, or of a trend."""
    said = Reply(text=say(bot.lang(click.by), "pending.dropped"))
    if what == "trend":
        return await bot.act(click, notes.end_trend, lambda _: said, no=no, by=click.by)
    return await bot.act(click, notes.drop_pending, lambda _: said, no=no, by=click.by, at=click.at)


async def market(bot: Bot, click: Click, no: int) -> Reply:
    """记为市场信息."""
    lang = bot.lang(click.by)
    return await bot.act(
        click,
        notes.file_market,
        lambda _: Reply(text=say(lang, "market.kept")),
        no=no,
        by=click.by,
        key=click.key,
        at=click.at,
    )


# -- commands -------------------------------------------------------------------------------------------


async def plan_next(bot: Bot, chat: Chat, rest: str) -> Reply:
    """`/next L1042 明天下午三点 回访`; alone it lists what comes next."""
    lang, company = bot.lang(chat.by), bot.company
    quoted, words = _quoted(rest)
    if not rest.strip():
        return await _upcoming(bot, chat)
    if quoted:
        await _must_see(bot, chat.by, quoted)
    last = await bot.reads.dialog(f"{chat.by}#current")
    found = await bot.mind.hear(words, Kind.NOTE, await _talk(bot, chat, quoted, last))
    step, lead_id = found.reading.next, found.match.lead
    if step is None or lead_id is None:
        text = say(lang, "next.usage") if step is None else await _which_next(bot, chat, found, words)
        return await bot.tell(chat, Reply(text=text, ok=False))
    due = due_of(step, calendar=company.calendar, now=chat.at.astimezone(company.zone))
    at = clock_words(lang, due, company.zone, chat.at)

    def answer(steps: tuple[Plan, Plan | None]) -> Reply:
        plan, was = steps
        text = say(lang, "next.set", lead=plan.lead_id, at=at, words=plan.words)
        if was is None:
            return Reply(text=text)
        when = clock_words(lang, was.due, company.zone, chat.at)
        step = say(lang, "note.step", at=when, words=fit(was.words, 40)).strip()
        return Reply(text=f"{text}\n{say(lang, 'note.replaced', step=step)}")

    return await bot.act(
        chat,
        notes.plan_next,
        answer,
        lead_id=lead_id,
        due=due,
        exact=step.at is not None,
        words=words.replace(step.said, "", 1).strip(EDGES) or step.words,
        by=chat.by,
        at=chat.at,
    )


async def _which_next(bot: Bot, chat: Chat, found: Understood, words: str) -> str:
    """Why no next step was kept: several leads may be meant, or none."""
    lang, person = bot.lang(chat.by), bot.person(chat.by)
    best = (await _nameable(bot, chat.by, found)).match.best
    leads = [lead for each in best if (lead := await bot.reads.lead(each.lead)) is not None]
    if not leads:
        return say(lang, "next.usage")
    listed = say(lang, "list.sep").join(f"{lead.id} {parts.who(lead, person)}" for lead in leads)
    return say(lang, "next.which", leads=listed, command=f"/next {leads[0].id} {words.strip()}")


async def _upcoming(bot: Bot, chat: Chat) -> Reply:
    lines = await due_lines(bot, chat.by, chat.at, None)
    text = "\n".join(lines) or say(bot.lang(chat.by), "next.none")
    return await bot.tell(chat, Reply(text=text))


async def due_lines(bot: Bot, by: str, at: datetime, until: datetime | None) -> list[str]:
    """The person's next steps, the earliest first; up to `until`."""
    lang, zone = bot.lang(by), bot.company.zone
    plans = await bot.reads.plans_of(by, until)
    lines = [
        say(lang, "next.line", lead=each.lead_id, at=clock_words(lang, each.due, zone, at), words=each.words)
        for each in plans
    ]
    if not lines:
        return []
    title = "next.title" if until is None else "next.today"
    return [say(lang, title, count=len(plans)), *lines[:8]]


async def look_for(bot: Bot, chat: Chat, rest: str) -> Reply:
    """`/find 博达`: the leads that this person may see, by firm or name."""
    lang = bot.lang(chat.by)
    if not rest.strip():
        return await bot.tell(chat, Reply(text=say(lang, "find.usage"), ok=False))
    person, lines = bot.person(chat.by), []
    for lead_id in await bot.mind.find(rest, chat.by, 40):
        lead = await bot.reads.lead(lead_id)
        if lead is not None and may_see(bot.company, person, lead):
            owner = parts.holder(lead, bot.company, lang) if lead.owner else say(lang, "find.nobody")
            lines.append(say(lang, "find.line", lead=lead.id, who=parts.who(lead, person), owner=owner))
        if len(lines) == 8:
            break
    text = "\n".join(lines) or say(lang, "find.none", words=rest[:SHOWN])
    return await bot.tell(chat, Reply(text=text))


async def make_lead(bot: Bot, click: Click, no: int) -> Reply:
    """The note of that number, which waits, becomes a lead."""
    chat = Chat(by=click.by, text="", at=click.at, key=click.key)
    dialog = await bot.reads.dialog(notes.pending_at(click.by, no))
    if dialog is None:
        raise NothingWaits
    heard, _ = notes.unpack_heard(dialog.about)
    about = Talk(person=click.by, now=click.at.astimezone(bot.company.zone))
    found = await bot.mind.hear(heard.text, Kind.NOTE, about)
    return await bot.act(
        click,
        talk.make_of_note,
        lambda made: told(bot, chat, made),
        name=found.reading.name,
        company=found.reading.company,
        answers=bot.mind.judged(heard.text),
        no=no,
        by=click.by,
        at=click.at,
    )
