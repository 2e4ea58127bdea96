"""A lead handed in by typing, and the answers to what the bot asked about it."""

import re
from dataclasses import replace

from bot.cards import parts
from bot.inbound import Chat, Reply
from bot.model import Model
from bot.router import Bot
from bot.words import field_words, known, reason_words, say, stage_words
from domain.contact import fold
from domain.lead import Lead
from domain.reader.gaps import LIMITS
from domain.reasons import REASONS, Goes
from domain.stages import Stage
from domain.usecases import talk
from domain.usecases.notes import waiting_no
from domain.usecases.placing import UNDO_FOR

_LEAD = re.compile(r"[Ll#]?(\d{1,9})|[Ll](\d{10,18})")


def lead_number(word: str) -> str:
    """The lead that a word names: `L1042`, `l1042`, `1042`, `#1042`; empty when it names none."""
    match = _LEAD.fullmatch(fold(word.strip()))
    return f"L{match[1] or match[2]}" if match else ""


_WITHOUT_LEAD = {"empty": "lead.usage", "dropped": "pending.dropped"}


async def hand_in(bot: Bot, chat: Chat, text: str) -> Reply:
    """A text that hands a lead in, behind its command or without one."""
    reply = await bot.act(
        chat,
        talk.submit,
        lambda heard: told(bot, chat, heard),
        text=text,
        by=chat.by,
        at=chat.at,
        tools=bot.mind.tools,
        answers=bot.mind.judged(text),
    )
    if bot.model is not None and (lead := await _draft_of(bot, chat, reply)) is not None:
        bot.model.later(_fill(bot, bot.model, chat, lead, text))
    return reply


async def _draft_of(bot: Bot, chat: Chat, reply: Reply) -> Lead | None:
    """The draft that this message made or asked about, if it did."""
    dialog = await bot.reads.dialog(chat.by)
    asked = dialog.lead_id if dialog and dialog.kind == "draft" and dialog.at == chat.at else ""
    lead_id = asked or (reply.lead if reply.card == "draft" else "")
    found = await bot.reads.lead(lead_id) if lead_id else None
    return found if found is not None and found.stage is Stage.DRAFT else None


def _filled(bot: Bot, chat: Chat, heard: talk.Heard) -> Reply:
    """The draft with what a model read, and the question that is now open."""
    lang, found = bot.lang(chat.by), heard.lead
    if found is None:
        return Reply(text="")
    text = question(lang, heard, found) if heard.asked else say(lang, "lead.unsure", lead=found.id)
    return _and_then(lang, Reply(text=text, card="draft", lead=found.id), heard.then)


async def _fill(bot: Bot, model: Model, chat: Chat, lead: Lead, text: str) -> None:
    """Have a model look for what the rules left open; what it quotes comes on the draft's card."""
    wanted = [name for name in LIMITS if not getattr(lead.customer, name, None)]
    values = await model.gaps(text, wanted)
    if values:
        wish = replace(chat, key=f"{chat.key}:filled", twin="", also=None)
        await bot.act(
            wish,
            talk.fill_draft,
            lambda heard: _filled(bot, chat, heard),
            lead_id=lead.id,
            values=values,
            by=chat.by,
            at=bot.clock.now(),
        )


def told(bot: Bot, chat: Chat, heard: talk.Heard) -> Reply:  # noqa: PLR0911 - one line a case
    """The answer to what was heard."""
    lang = bot.lang(chat.by)
    found = heard.lead
    if heard.what == "trend":
        return Reply(text="", card="trend", args={"words": heard.asked[:60], "no": waiting_no(heard.asked)})
    if found is None:
        return Reply(text=say(lang, _WITHOUT_LEAD.get(heard.what, "nothing_open")))
    who = parts.who(found, bot.person(chat.by))
    match heard.what:
        case "sent":
            return _and_then(lang, submitted(bot, found), heard.then)
        case "unsure":
            unsure = Reply(text=say(lang, "lead.unsure", lead=found.id), card="draft", lead=found.id)
            return _and_then(lang, unsure, heard.then)
        case "known":
            return Reply(text=say(lang, "lead.known", lead=found.id, where=where(bot, lang, found)))
        case "asked" | "bad_value":
            return Reply(text=question(lang, heard, found), ok=heard.what == "asked")
        case "edited":
            return Reply(text=say(lang, "edited", lead=found.id, field=field_words(lang, heard.asked)))
        case "attached":
            return Reply(text=with_voice(bot, chat, say(lang, "visit.more", lead=found.id, who=who)))
        case "handback":
            return handed_back(bot, lang, found, heard.asked)
        case _:
            key = "stopped.draft" if found.stage == "invalid" else "stopped"
            return Reply(text=say(lang, key, lead=found.id))


def _and_then(lang: str, reply: Reply, then: talk.Heard | None) -> Reply:
    """The answer, and the question that is open now."""
    if then is None or then.lead is None:
        return reply
    return replace(reply, text="\n".join(filter(None, (reply.text, question(lang, then, then.lead)))))


def with_voice(bot: Bot, chat: Chat, text: str) -> str:
    """The answer to a message; where it brought a voice without words, what becomes of that too."""
    unheard = any(each.unheard for each in chat.media)
    return f"{text}\n{parts.voice(bot.company, bot.lang(chat.by))}" if unheard else text


def submitted(bot: Bot, found: Lead) -> Reply:
    """The submitter's card, with five minutes to take it back."""
    until = bot.clock.now() + UNDO_FOR
    args = {"undo": until.isoformat(), "decisions": found.decisions}
    return Reply(text="", card="submitted", lead=found.id, args=args)


def question(lang: str, heard: talk.Heard, found: Lead) -> str:
    """What is asked next, after what was wrong with the last answer."""
    field = field_words(lang, heard.asked)
    if found.stage is not Stage.DRAFT:  # a new value: the old one stands, and nothing of this one is kept
        wrong = heard.asked if heard.problem == "contact_unclear" else heard.problem
        return known(lang, f"wrong.{wrong}", "") + say(lang, "edit.again", lead=found.id, field=field)
    problem = known(lang, f"problem.{heard.problem}", "") if heard.problem else ""
    ask = known(lang, f"ask.{heard.asked}", "") or say(lang, "ask.other", lead="{lead}", field=field)
    return "\n".join(text for text in (problem, ask.replace("{lead}", found.id)) if text)


def where(bot: Bot, lang: str, found: Lead) -> str:
    """Who has a known customer's lead: a name or a stage, never contact data."""
    if found.owner:
        key = "lead.known.offered" if found.stage is Stage.OFFERED else "lead.known.with"
        return say(lang, key, owner=bot.company.name_of(found.owner))
    return say(lang, "lead.known.stage", stage=stage_words(lang, found.stage))


def handed_back(bot: Bot, lang: str, lead: Lead, code: str) -> Reply:
    reason = reason_words(lang, code)
    if REASONS[code].goes is Goes.EXPERT:
        helper = bot.company.name_of(lead.helper)
        return Reply(text=say(lang, "handback.expert", lead=lead.id, helper=helper, reason=reason))
    return Reply(text=say(lang, "handback.done", lead=lead.id, reason=reason))
