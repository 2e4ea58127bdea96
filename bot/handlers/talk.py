"""What people type: a lead, a field, a visit, a question; and what the bot makes of free text."""

import re
from collections.abc import Awaitable, Callable, Mapping

from rapidfuzz.distance import DamerauLevenshtein

from bot.cards import parts
from bot.cards.actions import Run
from bot.cards.model import fit
from bot.handlers import notes
from bot.handlers.intake import hand_in, lead_number, told, where
from bot.handlers.leads import duty_words, undone
from bot.handlers.team import due_words
from bot.inbound import Chat, Click, Reply
from bot.router import Bot, Router
from bot.words import clock_words, field_words, known, say, stage_words
from bot.words.judging import HELP, NO_VALUE, SMALL_TALK, STOP
from bot.words.notes import HELP_TOPICS
from domain.errors import NotAllowed, UnknownLead
from domain.lead import Lead, missing_fields
from domain.people import LEADERS, Person, Role
from domain.permission import may_see
from domain.ports import Dialog
from domain.ports import Undo as Act
from domain.reader.kinds import Kind
from domain.reader.page import field_named
from domain.stages import Stage
from domain.usecases import talk
from domain.usecases.checks import check_known, read_keys
from domain.usecases.duty import set_duty

LINES = 8
LIKE_ENOUGH = 0.6
NEWEST, LONGEST_NOTE = 3, 120
_SIGNS = re.compile(r"[\W_]+")
_FIELD = re.compile(r"[\s:：=＝]+")
BARE = frozenset(
    {
        "我的线索", "我的", "上岗", "值班", "下岗", "下班", "公海", "抢单", "团队", "撤销", "录线索",
        "下一步", "my", "pool", "team", "undo",
    }
)  # fmt: skip
"""Commands that need no more words: without a slash too, when they are all that is said."""


def register(router: Router) -> None:
    router.command("lead", "线索", "录线索")(lead)
    router.command("my", "mine", "我的", "我的线索")(my)
    router.command("status", "状态", "进度")(status)
    router.command("edit", "修改", "改")(edit)
    router.command("visit", "拜访", "记拜访")(visit)
    router.command("note", "备注", "记")(note)
    router.command("undo", "撤销")(undo)
    router.command("cancel", "取消")(stop)
    router.command("next", "下一步", "提醒")(notes.plan_next)
    router.command("find", "查找", "找")(notes.look_for)
    router.command("check", "查重")(check)
    router.command("on", "上岗", "值班")(on)
    router.command("off", "下岗", "下班")(off)
    router.command("help", "帮助", "start", "开始")(help_)
    router.click(Run)(_run(router))
    router.otherwise(_free_text(router))


async def lead(bot: Bot, chat: Chat, rest: str) -> Reply:
    """`/lead …`: everybody of the company may."""
    if not rest:
        return await bot.tell(chat, Reply(text=say(bot.lang(chat.by), "lead.usage")))
    return await hand_in(bot, chat, rest)


async def my(bot: Bot, chat: Chat, _rest: str) -> Reply:
    """`/my`: what one holds, helps with, and handed in."""
    viewer = bot.person(chat.by)
    owned = list(await bot.reads.leads_of(chat.by))
    handed_in = [each for each in await bot.reads.submitted_by(chat.by, LINES) if each.owner != chat.by]
    tonight = chat.at.astimezone(bot.company.zone).replace(hour=23, minute=59, second=59)
    lines = await notes.due_lines(bot, chat.by, chat.at, tonight)
    helping = list(await bot.reads.helping(chat.by))
    lines += _listed(bot, chat, "my.title", owned) + _listed(bot, chat, "my.helping", helping)
    lines += _listed(bot, chat, "my.submitted", handed_in)
    none = "my.none" if viewer.role in (Role.REP, *LEADERS) else "my.none.other"
    return await bot.tell(chat, Reply(text="\n".join(lines) or say(viewer.lang, none)))


def _listed(bot: Bot, chat: Chat, title: str, leads: list[Lead]) -> list[str]:
    if not leads:
        return []
    viewer = bot.person(chat.by)
    lang = viewer.lang
    lines = [say(lang, title, count=len(leads))]
    for each in leads[:LINES]:
        due = due_words(lang, each, bot.company, chat.at) if title == "my.title" else ""
        stage = stage_words(lang, each.stage)
        lines.append(say(lang, "my.line", lead=each.id, who=parts.who(each, viewer), stage=stage, due=due))
    if len(leads) > LINES:
        lines.append(say(lang, "my.more", count=len(leads) - LINES))
    return lines


async def _seen(bot: Bot, chat: Chat, lead_id: str) -> Lead:
    """A lead that this person may see; one they may not see does not exist for them."""
    found = await bot.reads.lead(lead_id)
    if found is None or not may_see(bot.company, bot.person(chat.by), found):
        raise UnknownLead(lead=lead_id)
    return found


async def status(bot: Bot, chat: Chat, rest: str) -> Reply:
    """`/status L1042`: how it stands, for the owner, the submitter, the leaders."""
    lang = bot.lang(chat.by)
    lead_id = lead_number(rest)
    if not lead_id:
        return await bot.tell(chat, Reply(text=say(lang, "status.usage"), ok=False))
    found, viewer = await _seen(bot, chat, lead_id), bot.person(chat.by)
    lines = [*_status(bot, viewer, found), *await _told_of(bot, viewer, found)]
    return await bot.tell(chat, Reply(text="\n".join(lines)))


async def _told_of(bot: Bot, viewer: Person, found: Lead) -> list[str]:
    """What the customer wants, what comes next, and the newest notes."""
    lang, zone, now = viewer.lang, bot.company.zone, bot.clock.now()
    lines = list(parts.need(found, viewer))
    plans = await bot.reads.plans_of(found.owner, None) if found.owner else ()
    for plan in plans:
        if plan.lead_id == found.id:
            at, words = clock_words(lang, plan.due, zone, now), parts.typed(found, viewer, plan.words)
            lines.append(say(lang, "status.next", at=at, words=words))
    notes_ = await bot.reads.notes(found.id)
    for note in notes_[-NEWEST:]:
        at, by = clock_words(lang, note.at, zone, now), bot.company.name_of(note.author)
        text = fit(parts.typed(found, viewer, note.text), LONGEST_NOTE)
        lines.append(say(lang, "status.note", at=at, by=by, text=text))
    if len(notes_) > NEWEST:
        lines.append(say(lang, "status.notes", count=len(notes_) - NEWEST))
    return lines


def _status(bot: Bot, viewer: Person, found: Lead) -> list[str]:
    company, lang = bot.company, viewer.lang
    now = bot.clock.now()

    def at(key: str, when: object, **more: object) -> list[str]:
        if when is None:
            return []
        return [say(lang, key, at=clock_words(lang, when, company.zone, now), **more)]  # type: ignore[arg-type]

    lines = [
        say(
            lang,
            "status.line",
            lead=found.id,
            who=parts.who(found, viewer),
            stage=stage_words(lang, found.stage),
        )
    ]
    if found.owner:
        owner, team = parts.holder(found, company, lang), company.team_name(found.team)
        lines.append(say(lang, "status.owner", owner=owner, team=team))
    by = company.name_of(found.origin.by) or parts.source(found, viewer)
    lines += at("status.captured", found.created_at, by=by)
    lines += at("status.accepted", found.accepted_at) + at("status.contacted", found.contacted_at)
    lines += at("status.late", found.broken_at)
    lines += at("status.due", found.promised_until(company.calendar_of(found.team)))
    if found.reason:
        lines.append(say(lang, "status.reason", reason=known(lang, f"reason.{found.reason}", found.reason)))
    return lines


async def edit(bot: Bot, chat: Chat, rest: str) -> Reply:
    """`/edit L1042 电话 138…`; without the value, or the field, it is asked for."""
    lang = bot.lang(chat.by)
    word, _, words = rest.strip().partition(" ")
    lead_id = lead_number(word)
    if not lead_id:
        return await bot.tell(chat, Reply(text=say(lang, "edit.usage"), ok=False))
    named, value = [*_FIELD.split(words.strip(), maxsplit=1), ""][:2]
    field = field_named(named) or named
    if not value:
        return await _ask_edit(bot, chat, lead_id, field)
    return await bot.act(
        chat,
        talk.set_field,
        lambda heard: told(bot, chat, heard),
        lead_id=lead_id,
        name=field,
        text=value,
        by=chat.by,
        at=chat.at,
    )


async def _ask_edit(bot: Bot, chat: Chat, lead_id: str, field: str) -> Reply:
    """What is missing of an edit: which field, or its new value."""
    lang = bot.lang(chat.by)
    text = say(lang, "ask.edit")
    if field:
        text = say(lang, "ask.edit.field", lead=lead_id, field=field_words(lang, field))
    return await bot.act(
        chat, talk.ask, lambda _: Reply(text=text), kind="edit", lead_id=lead_id, by=chat.by, at=chat.at,
        about=field,
    )  # fmt: skip


async def visit(bot: Bot, chat: Chat, rest: str) -> Reply:
    """`/visit 博达 见张总 …` or `/visit L1042 …`"""
    return await _read(bot, chat, rest, Kind.VISIT, "visit.usage")


async def note(bot: Bot, chat: Chat, rest: str) -> Reply:
    """`/note 博达张总 …` or `/note L1042 …`"""
    return await _read(bot, chat, rest, Kind.NOTE, "note.usage")


async def _read(bot: Bot, chat: Chat, rest: str, kind: Kind, usage: str) -> Reply:
    """Words for a lead, behind a command that says what they are."""
    number, _, words = rest.strip().partition(" ")
    bare = lead_number(number) and not words.strip() and not chat.media
    found = None if bare or not rest.strip() else await notes.take(bot, chat, rest, kind)
    return found or await bot.tell(chat, Reply(text=say(bot.lang(chat.by), usage), ok=False))


async def check(bot: Bot, chat: Chat, rest: str) -> Reply:
    """`/查重 138…` or a firm: who has it and how it stands, never contact data; counted and recorded."""
    lang = bot.lang(chat.by)
    words = rest.strip()
    if not words:
        return await bot.tell(chat, Reply(text=say(lang, "check.usage"), ok=False))
    keys = read_keys(words)
    named = () if keys else await bot.mind.find(words, chat.by, LINES)

    def answer(leads: list[Lead]) -> Reply:
        if not leads:
            return Reply(text=say(lang, "check.none"))
        lines = [
            say(lang, "check.line", lead=each.id, where=where(bot, lang, each)) for each in leads[:LINES]
        ]
        return Reply(text="\n".join([say(lang, "check.title", count=len(leads)), *lines]))

    return await bot.act(chat, check_known, answer, keys=keys, leads=named, by=chat.by, at=chat.at)


async def undo(bot: Bot, chat: Chat, rest: str) -> Reply:
    """`/undo`, or `/undo L1042` for the newest act on that lead."""
    lang = bot.lang(chat.by)
    lead_id = lead_number(rest) or None

    def answer(taken: tuple[Act, talk.Heard]) -> Reply:
        act, heard = taken
        said = undone(lang, act)
        return said if heard.what == "nothing" else Reply(text=f"{said.text}\n{told(bot, chat, heard).text}")

    return await bot.act(chat, talk.take_back, answer, by=chat.by, at=chat.at, lead_id=lead_id)


async def stop(bot: Bot, chat: Chat, _rest: str) -> Reply:
    """`取消`: the bot stops asking; with no question open one's newest draft is taken back."""
    drafts = [each for each in await bot.reads.submitted_by(chat.by, LINES) if each.stage is Stage.DRAFT]
    return await bot.act(
        chat,
        talk.stop_asking,
        lambda heard: told(bot, chat, heard),
        by=chat.by,
        at=chat.at,
        draft=drafts[0].id if drafts else "",
    )


async def on(bot: Bot, chat: Chat, rest: str) -> Reply:
    return await _duty(bot, chat, rest, True)


async def off(bot: Bot, chat: Chat, rest: str) -> Reply:
    return await _duty(bot, chat, rest, False)


async def _duty(bot: Bot, chat: Chat, rest: str, on: bool) -> Reply:
    """It takes effect at once; where a day is named, nothing changes and that is said."""
    lang = bot.lang(chat.by)
    command = "/on" if on else "/off"
    if bot.person(chat.by).role is Role.EMPLOYEE:
        raise NotAllowed(lead=command)
    if rest.strip():
        return await bot.tell(chat, Reply(text=say(lang, "duty.now", command=command), ok=False))
    return await bot.act(
        chat,
        set_duty,
        lambda moved: Reply(text=duty_words(bot.person(chat.by), on, *moved[1:])),
        by=chat.by,
        on=on,
        at=chat.at,
    )


async def help_(bot: Bot, chat: Chat, rest: str) -> Reply:
    """`/help`: every command that one's role may use, with an example; `/help 拜访`: two examples to copy."""
    lang, role = bot.lang(chat.by), bot.person(chat.by).role
    topic = HELP_TOPICS.get(rest.strip().lstrip("/").lower(), "")
    if topic == "required":
        names = say(lang, "list.sep").join(field_words(lang, name) for name in bot.company.required)
        return await bot.tell(chat, Reply(text=say(lang, "help.more.required", fields=names)))
    if topic:
        return await bot.tell(chat, Reply(text=say(lang, f"help.more.{topic}")))
    lines = [say(lang, f"help.{key}") for key, roles in _HELP.items() if role in roles]
    return await bot.tell(chat, Reply(text="\n".join(lines)))


_ALL = frozenset(Role)
_HELP: Mapping[str, frozenset[Role]] = {
    "welcome": _ALL, "team": LEADERS, "assign": LEADERS | {Role.MARKETER}, "lead": _ALL, "my": _ALL,
    "visit": _ALL, "next": _ALL, "find": _ALL, "edit": _ALL, "pool": LEADERS | {Role.REP},
    "grab": frozenset({Role.REP}), "duty": _ALL - {Role.EMPLOYEE}, "erase": frozenset({Role.ADMIN}),
    "help": _ALL,
}  # fmt: skip
"""The lines of /help, and who may use what they name."""


def _free_text(router: Router) -> Callable[[Bot, Chat, str], Awaitable[Reply]]:
    """The handler of everything that is no known command."""

    async def otherwise(bot: Bot, chat: Chat, name: str) -> Reply:
        if name:
            return await _typo(bot, chat, name, router.commands)
        word = _bare(chat.text)
        if word in STOP:
            return await stop(bot, chat, "")
        if word in HELP:
            return await help_(bot, chat, "")
        if word in BARE and not chat.media:
            return await router.named(word)(bot, chat, "")
        if talk.announces(chat.text):
            return await hand_in(bot, chat, chat.text)
        return await _said(bot, chat, word)

    return otherwise


async def _said(bot: Bot, chat: Chat, word: str) -> Reply:
    """Words under a quoted lead, the answer to the open question, or a message of its own."""
    asked = await bot.reads.dialog(chat.by)
    dialog = asked if asked is not None and talk.still_open(asked, chat.at) else None
    named = _NUMBERED.match(chat.text)
    if named and (reply := await _under_its_draft(bot, chat, named[1].upper(), named[2])) is not None:
        return reply
    quoted = await notes.lead_quoted(bot, chat)
    if dialog is None or (quoted and dialog.lead_id != quoted):
        if quoted and (reply := await _under_its_draft(bot, chat, quoted, chat.text)) is not None:
            return reply
        found = await (notes.take(bot, chat, chat.text, None) if quoted else _free_note(bot, chat))
        return found or await _again(bot, chat)
    if word in NO_VALUE and not chat.media:
        return await bot.act(
            chat, talk.pass_over, lambda heard: told(bot, chat, heard), by=chat.by, at=chat.at
        )
    if dialog.kind in ("draft", "trend") and word in SMALL_TALK:
        return await _again(bot, chat)
    return await _answer(bot, chat, dialog)


_NUMBERED = re.compile(r"\s*(L[0-9]{1,18})[\s:：,，]+(\S.*)", re.IGNORECASE | re.DOTALL)


async def _under_its_draft(bot: Bot, chat: Chat, quoted: str, text: str) -> Reply | None:
    """Words under what was asked about one's draft, or behind its number, answer that question, whatever was
    asked since."""
    lead = await bot.reads.lead(quoted)
    lacks = lead is not None and missing_fields(lead.customer, bot.company.required)
    if lead is None or not lacks or lead.stage is not Stage.DRAFT or lead.origin.by != chat.by:
        return None
    return await bot.act(
        chat,
        talk.answer_draft,
        lambda heard: told(bot, chat, heard),
        lead_id=quoted,
        text=text,
        by=chat.by,
        at=chat.at,
        answers=bot.mind.judged(text),
    )


def _bare(text: str) -> str:
    """A word as it is compared: without spaces, signs and capitals."""
    return _SIGNS.sub("", text[:40]).lower()


async def _again(bot: Bot, chat: Chat) -> Reply:
    """Nothing was understood; a draft whose question was left lying is asked about once more."""
    return await bot.act(
        chat,
        talk.ask_again,
        lambda heard: told(bot, chat, heard) if heard.what != "nothing" else _unknown(bot, chat),
        by=chat.by,
        at=chat.at,
    )


async def _answer(bot: Bot, chat: Chat, dialog: Dialog) -> Reply:
    """The answer to the open question; what is none is read like any other message."""
    if dialog.kind == "visit":
        return await notes.visit_asked_for(bot, chat, dialog.lead_id)
    if (dialog.kind == "more" and not chat.media) or talk.is_its_own(dialog, chat.text):
        found = await _free_note(bot, chat)
        if found is not None:
            return found
    return await bot.act(
        chat,
        talk.hear,
        lambda heard: told(bot, chat, heard) if heard.what != "nothing" else _unknown(bot, chat),
        text=chat.text,
        by=chat.by,
        key=chat.key,
        at=chat.at,
        media=chat.media,
        answers=bot.mind.judged(f"{dialog.about} {chat.text}"),
    )


async def _free_note(bot: Bot, chat: Chat) -> Reply | None:
    """A message of somebody who works on leads; of others only what hands a lead in."""
    if bot.person(chat.by).role is Role.EMPLOYEE:
        plain = bot.mind.kind(chat.text)
        return await hand_in(bot, chat, chat.text) if plain is Kind.LEAD else None
    return await notes.take(bot, chat, chat.text, None)


async def _typo(bot: Bot, chat: Chat, name: str, commands: frozenset[str]) -> Reply:
    """No such command: the nearest one as a question, never run by itself."""
    lang = bot.lang(chat.by)
    scored = sorted((-DamerauLevenshtein.normalized_similarity(name, each), each) for each in commands)
    score, meant = scored[0]
    if -score < LIKE_ENOUGH:
        return await bot.tell(chat, _unknown(bot, chat))
    _, _, rest = chat.text.lstrip().partition(" ")
    text = say(lang, "typo", typed=name, meant=meant)
    if not meant.isascii():
        return await bot.tell(chat, Reply(text=text, ok=False))
    answer = Reply(text=text, ok=False, card="typo", args={"command": f"/{meant}", "name": name})
    return await bot.act(
        chat, talk.keep_typed, lambda _: answer, text=f"/{meant} {rest.strip()}", by=chat.by, at=chat.at
    )


def _unknown(bot: Bot, chat: Chat) -> Reply:
    role = bot.person(chat.by).role
    kind = "manager" if role in LEADERS else "rep" if role is Role.REP else "employee"
    return Reply(text=say(bot.lang(chat.by), f"unknown.{kind}"), ok=False)


def _run(router: Router) -> Callable[[Bot, Click], Awaitable[Reply]]:
    """The one tap of a typo's suggestion: the command meant, with what was typed after the wrong one."""

    async def run(bot: Bot, click: Click) -> Reply:
        action, lang = click.action, bot.lang(click.by)
        assert isinstance(action, Run)
        typed = await bot.reads.dialog(f"{click.by}#typed")
        if typed is None or not typed.about.startswith(action.command):
            name = action.command.removeprefix("/")
            return await bot.tell(click, Reply(text=say(lang, "gone.command", name=name), ok=False))
        chat = Chat(by=click.by, text=typed.about, at=click.at, key=click.key)
        return await router.on_chat(bot, chat)

    return run
