"""What a rep presses: accept, grab, contacted, hand back, log a visit, undo."""

from bot.cards import parts
from bot.cards.actions import (
    Accept,
    Cancel,
    Choose,
    Confirm,
    Contacted,
    Edit,
    Grab,
    HandBack,
    Undo,
    Visit,
)
from bot.handlers import erasing, notes
from bot.handlers.intake import handed_back
from bot.inbound import Click, Reply
from bot.router import Bot, Router
from bot.words import reason_words, say
from domain.contact import show_phone
from domain.judging import ANSWERS, Answer, Question, failed
from domain.lead import Lead
from domain.people import Person, Role
from domain.ports import Undo as Act
from domain.reasons import REASONS
from domain.usecases import talk
from domain.usecases.duty import set_duty
from domain.usecases.judging import judge_lead
from domain.usecases.leads import accept_lead, contact_lead, hand_back, send_draft, undo_last, withdraw_lead

UNDOES = {"undo_facts": "facts", "undo_note": "note", "undo_visit": "visit", "undo_judge": "judge"}
"""What the undo of a card takes back: what was confirmed, the words, the answer that closed a lead."""


def register(router: Router) -> None:
    router.click(Accept)(accept)
    router.click(Grab)(accept)
    router.click(Contacted)(contacted)
    router.click(HandBack)(ask_reason)
    router.click(Visit)(ask_visit)
    router.click(Confirm)(confirm)
    router.click(Cancel)(cancel)
    router.click(Undo)(undo)
    router.click(Edit)(ask_edit)
    router.click(Choose)(chosen)


def held(key: str, viewer: Person, lead: Lead) -> str:
    """The sentence for a lead that is now one's own, with its number to call."""
    lang, who = viewer.lang, parts.who(lead, viewer)
    phone = lead.customer.phone
    if phone is None:
        return say(lang, f"{key}.no_phone", lead=lead.id, who=who)
    return say(lang, key, lead=lead.id, who=who, phone=show_phone(phone))


async def accept(bot: Bot, click: Click) -> Reply:
    """接收 and 抢单: one winner; the same click again gets the same answer."""
    action, viewer = click.action, bot.person(click.by)
    assert isinstance(action, Accept | Grab)
    return await bot.act(
        click,
        accept_lead,
        lambda lead: Reply(text=held("accepted", viewer, lead)),
        lead_id=action.lead,
        offer_no=action.offer,
        by=click.by,
        at=click.at,
    )


async def contacted(bot: Bot, click: Click) -> Reply:
    action, lang = click.action, bot.lang(click.by)
    assert isinstance(action, Contacted)
    return await bot.act(
        click,
        contact_lead,
        lambda lead: Reply(text=say(lang, "contacted", lead=lead.id)),
        lead_id=action.lead,
        by=click.by,
        at=click.at,
    )


async def ask_reason(bot: Bot, click: Click) -> Reply:
    """退回: a card with the reasons; nothing happens before one is chosen and confirmed."""
    action, lang = click.action, bot.lang(click.by)
    assert isinstance(action, HandBack)
    return await bot.act(
        click,
        talk.look,
        lambda lead: Reply(text=say(lang, "handback.asked", lead=lead.id), card="handback", lead=lead.id),
        lead_id=action.lead,
        offer_no=action.offer,
        by=click.by,
    )


async def ask_visit(bot: Bot, click: Click) -> Reply:
    """记拜访: the next message is the visit's log."""
    action, viewer = click.action, bot.person(click.by)
    assert isinstance(action, Visit)

    def answer(lead: Lead) -> Reply:
        who = parts.who(lead, viewer)
        asked = say(viewer.lang, "visit.asked", lead=lead.id, who=who)
        return Reply(text=asked + notes.still_offered(viewer.lang, lead, click.by), say=True)

    return await bot.act(click, talk.ask, answer, kind="visit", lead_id=action.lead, by=click.by, at=click.at)


async def confirm(bot: Bot, click: Click) -> Reply:
    """确认: a hand-back with its reason, an uncertain reading, what a note says, an erasing, back on duty."""
    action = click.action
    assert isinstance(action, Confirm)
    lead, no = action.lead, action.offer
    match action.what:
        case "handback":
            return await _hand_back(bot, click, action)
        case "draft":
            return await _send(bot, click, lead)
        case "note":
            return await notes.confirm(bot, click, lead, no)
        case "next":
            return await notes.done(bot, click, lead, no)
        case "make":
            return await notes.make_lead(bot, click, no)
        case "market":
            return await notes.market(bot, click, no)
        case "erase":
            return await erasing.confirm(bot, click, action)
        case _:
            return await on_duty(bot, click)


async def _hand_back(bot: Bot, click: Click, action: Confirm) -> Reply:
    lang = bot.lang(click.by)
    chosen = REASONS.get(click.selected.get("reason", ""))
    if chosen is None:
        return await bot.tell(click, Reply(text=say(lang, "handback.choose"), ok=False))
    if chosen.needs_words:
        text = say(lang, "handback.words", reason=reason_words(lang, chosen.code), count=chosen.needs_words)
        about = f"{chosen.code}:{action.offer}"
        return await bot.act(
            click,
            talk.ask,
            lambda _: Reply(text=text, say=True),
            kind="handback",
            lead_id=action.lead,
            by=click.by,
            at=click.at,
            about=about,
        )
    return await bot.act(
        click,
        hand_back,
        lambda lead: handed_back(bot, lang, lead, chosen.code),
        lead_id=action.lead,
        offer_no=action.offer,
        by=click.by,
        reason=chosen.code,
        key=click.key,
        at=click.at,
    )


async def _send(bot: Bot, click: Click, lead_id: str) -> Reply:
    lang = bot.lang(click.by)
    return await bot.act(
        click,
        send_draft,
        lambda lead: Reply(text=say(lang, "confirmed", lead=lead.id)),
        lead_id=lead_id,
        by=click.by,
        at=click.at,
    )


async def on_duty(bot: Bot, click: Click) -> Reply:
    return await bot.act(
        click,
        set_duty,
        lambda moved: Reply(text=duty_words(bot.person(click.by), True, *moved[1:])),
        by=click.by,
        on=True,
        at=click.at,
    )


def duty_words(person: Person, on: bool, moved: int, waiting: int) -> str:
    """What is said to who went on or off duty, with how many leads moved, and how many wait for somebody."""
    key = f"duty.{'on' if on else 'off'}"
    if moved or waiting:
        how = "placed" if on else "moved" if not waiting else "both" if moved else "waiting"
        return say(person.lang, f"{key}.{how}", count=moved, waiting=waiting)
    if person.role is not Role.REP:
        return say(person.lang, "duty.on.other" if on else "duty.off.other")
    return say(person.lang, key)


async def cancel(bot: Bot, click: Click) -> Reply:
    """取消: a hand-back that is not wanted after all, or a draft that is taken back."""
    action, lang = click.action, bot.lang(click.by)
    assert isinstance(action, Cancel)
    if action.what == "erase":
        return await erasing.call_off(bot, click, action.lead)
    if action.what == "note":
        return await notes.not_this_one(bot, click, action.lead, action.offer)
    if action.what in UNDOES:
        return await bot.act(
            click,
            undo_last,
            lambda act: undone(bot.lang(click.by), act),
            lead_id=action.lead,
            verb=UNDOES[action.what],
            no=action.offer,
            by=click.by,
            at=click.at,
        )
    if action.what in ("pending", "trend"):
        return await notes.drop(bot, click, action.what, action.offer)
    if action.what == "draft":
        return await bot.act(
            click,
            withdraw_lead,
            lambda lead: Reply(text=say(lang, "withdrawn", lead=lead.id)),
            lead_id=action.lead,
            by=click.by,
            at=click.at,
        )
    return await bot.act(
        click,
        talk.call_off,
        lambda lead: Reply(text=say(lang, "handback.cancelled", lead=lead.id)),
        lead_id=action.lead,
        by=click.by,
        key=click.key,
        at=click.at,
    )


async def undo(bot: Bot, click: Click) -> Reply:
    action, lang = click.action, bot.lang(click.by)
    assert isinstance(action, Undo)
    return await bot.act(
        click,
        undo_last,
        lambda act: undone(lang, act),
        lead_id=action.lead,
        verb="capture",  # the button stands on the card of a hand-in alone
        by=click.by,
        at=click.at,
    )


def undone(lang: str, act: Act) -> Reply:
    return Reply(text=say(lang, "undone", verb=say(lang, f"verb.{act.verb}"), lead=act.before.id))


async def ask_edit(bot: Bot, click: Click) -> Reply:
    """修改: which field, and the next message holds it."""
    action, lang = click.action, bot.lang(click.by)
    assert isinstance(action, Edit)
    return await bot.act(
        click,
        talk.ask,
        lambda _: Reply(text=say(lang, "ask.edit"), say=True),
        kind="edit",
        lead_id=action.lead,
        by=click.by,
        at=click.at,
        about=action.field,
    )


async def chosen(bot: Bot, click: Click) -> Reply:
    """A lead for a note, a reminder put off, an answer to one of the three questions, another page; or a
    choice of an older release."""
    action = click.action
    assert isinstance(action, Choose)
    if action.what in ("note", "later"):
        return await notes.chosen(bot, click)
    if action.what in set(Question) and 0 < action.option <= len(ANSWERS):
        return await _judge(bot, click, Question(action.what), ANSWERS[action.option - 1])
    if action.what != "page":
        return await bot.tell(click, Reply(text=say(bot.lang(click.by), "bad_action"), ok=False))
    return await bot.act(
        click,
        talk.turn_page,
        lambda _: Reply(text=""),
        lead_id=action.lead,
        by=click.by,
        source=click.source,
        page=action.option,
        at=click.at,
    )


async def _judge(bot: Bot, click: Click, question: Question, answer: Answer) -> Reply:
    action, lang = click.action, bot.lang(click.by)
    assert isinstance(action, Choose)

    def told(lead: Lead) -> Reply:
        key = "judge.closed" if failed(lead.reason) is question else "judge.kept"
        return Reply(text=say(lang, key, lead=lead.id, question=say(lang, f"judge.{question}")))

    return await bot.act(
        click,
        judge_lead,
        told,
        lead_id=action.lead,
        question=question,
        given=answer,
        by=click.by,
        at=click.at,
    )
