"""A lead handed in by typing, and the answers to what the bot asked about it."""

import re

from bot.cards import parts
from bot.inbound import Chat, Reply
from bot.router import Bot
from bot.words import field_words, known, reason_words, say, stage_words
from domain.contact import fold
from domain.lead import Lead
from domain.reasons import REASONS, Goes
from domain.stages import Stage
from domain.usecases import talk

_LEAD = re.compile(r"[Ll#]?(\d{1,9})|[Ll](\d{10,18})")


def lead_number(word: str) -> str:
    """The lead that a word names: `L1042`, `l1042`, `1042`, `#1042`; empty when it names none."""
    match = _LEAD.fullmatch(fold(word.strip()))
    return f"L{match[1] or match[2]}" if match else ""


_WITHOUT_LEAD = {"empty": "lead.usage", "dropped": "pending.dropped"}


async def hand_in(bot: Bot, chat: Chat, text: str) -> Reply:
    """A text that hands a lead in, behind its command or without one."""
    return await bot.act(
        chat,
        talk.submit,
        lambda heard: told(bot, chat, heard),
        text=text,
        by=chat.by,
        at=chat.at,
        simplify=bot.mind.simplify,
        answers=bot.mind.judged(text),
    )


def told(bot: Bot, chat: Chat, heard: talk.Heard) -> Reply:  # noqa: PLR0911 - one line a case
    """The answer to what was heard."""
    lang = bot.lang(chat.by)
    found = heard.lead
    if heard.what == "trend":
        return Reply(text="", card="trend", args={"words": heard.asked[:60]})
    if found is None:
        return Reply(text=say(lang, _WITHOUT_LEAD.get(heard.what, "nothing_open")))
    who = parts.who(found, lang)
    match heard.what:
        case "sent":
            return submitted(found)
        case "unsure":
            args = {"missing": list(heard.missing)}
            return Reply(text=say(lang, "lead.unsure", lead=found.id), card="draft", lead=found.id, args=args)
        case "known":
            return Reply(text=say(lang, "lead.known", lead=found.id, where=where(bot, lang, found)))
        case "asked" | "bad_value":
            return Reply(text=question(lang, heard, found), ok=heard.what == "asked")
        case "edited":
            return Reply(text=say(lang, "edited", lead=found.id, field=field_words(lang, heard.asked)))
        case "attached":
            return Reply(text=say(lang, "visit.more", lead=found.id, who=who))
        case "handback":
            return handed_back(bot, lang, found, found.reason or "other")
        case _:
            key = "stopped.draft" if found.stage == "invalid" else "stopped"
            return Reply(text=say(lang, key, lead=found.id))


def submitted(found: Lead) -> Reply:
    """The submitter's card, with five minutes to take it back."""
    args = {"undo": True, "decisions": found.decisions}
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
        return say(lang, "lead.known.with", owner=bot.company.name_of(found.owner))
    return say(lang, "lead.known.stage", stage=stage_words(lang, found.stage))


def handed_back(bot: Bot, lang: str, lead: Lead, code: str) -> Reply:
    reason = reason_words(lang, code)
    if REASONS[code].goes is Goes.EXPERT:
        helper = bot.company.name_of(lead.helper)
        return Reply(text=say(lang, "handback.expert", lead=lead.id, helper=helper, reason=reason))
    return Reply(text=say(lang, "handback.done", lead=lead.id, reason=reason))
