"""A conversation with the bot: handing a lead in by typing, and the one question that is open at a time."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields, replace
from datetime import datetime, timedelta
from typing import Any

from domain.contact import clean_text
from domain.errors import BadField, NeedsWords, NotAllowed
from domain.judging import CHAT, with_answers
from domain.lead import CUSTOMER_FIELDS, Customer, Lead, Origin, missing_fields
from domain.media import Attachment
from domain.notices import Notice, Tell
from domain.permission import may_edit, may_see
from domain.ports import Dialog, Undo, Uow
from domain.reader.context import Tools
from domain.reader.lead_text import LeadText, read_answer, read_lead
from domain.reader.page import field_named
from domain.reasons import REASONS
from domain.stages import Stage
from domain.usecases.leads import (
    capture_lead,
    check_edit,
    close_question,
    edit_lead,
    fill_gaps,
    hand_back,
    undo_last,
    withdraw_lead,
)
from domain.usecases.notes import (
    end_pending,
    end_trend,
    keep_trend,
    pending_note,
    take_note,
    waiting_no,
)
from domain.usecases.seeing import lead_for

LONGEST = 2000
MORE_FOR = timedelta(minutes=30)
ANSWER_WITHIN = timedelta(hours=1)
A_SLIP = 8
"""So many characters may be a field's name mistyped; more are a message."""
_SENTENCE, _NUMBER = re.compile(r"[，。；;！!？?\n]"), re.compile("[0-9][0-9 -]{4}|@")  # but Co., Ltd.
_TOGETHER = ("amount", "contact")
"""Fields of typed words that fill several of the customer's."""
_NO_TOOLS = Tools()
_NOTHING: Mapping[str, str] = {}
_ANNOUNCED = re.compile(r"\s*(?:新线索|新客户|新商机|录线索)\s*[:：]")
_WORDS = re.compile(r"[^\W\d_]{2}")
_WHO = ("name", "company", "title")
_NO_ANSWER = re.compile(
    "(?:对了|另外|还有|补充一?下?|顺便|忘了?说|客户|联系人?|方式|电话|手机|邮箱|微信|号码?|[他她]|的|是|有|换成|加|[\\W_])*"
)
"""What is left of words that only brought a name or a way to reach somebody."""
_PARTS: Mapping[str, tuple[str, ...]] = {
    "contact": ("phone", "email", "wechat"),
    "amount": ("amount_min", "amount_max"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Heard:
    """What the bot made of a message.

    `what`: sent, known (joined an open lead), asked (the field `asked` is missing), unsure (confirm what was
    read), attached (one more picture or place for the visit just logged), edited, handback (for the reason
    `asked`), bad_value (with `problem`), empty (nothing to read), trend (no customer is named: `asked` is
    the text), dropped (a trend that is not kept), filled (a model filled gaps of the draft), nothing (no
    question was open).
    """

    what: str
    lead: Lead | None = None
    asked: str = ""
    problem: str = ""
    then: "Heard | None" = None
    """The question about another draft of theirs, which is asked again now that this one is done."""


def customer_of(read: LeadText) -> Customer:
    """What was read, as a lead's customer; words that found no place are kept with the need."""
    values = {f.name: getattr(read, f.name) for f in fields(LeadText) if f.name in CUSTOMER_FIELDS}
    words = [text for text in (read.need, read.leftover) if text]
    values["need"] = clean_text("\n".join(words), LONGEST) or None
    for name in ("name", "company", "title", "industry", "region", "product"):
        if values[name]:
            values[name] = clean_text(values[name], 120)
    return Customer(**values)


def submit(
    uow: Uow,
    *,
    text: str,
    by: str,
    at: datetime,
    tools: Tools = _NO_TOOLS,
    answers: Mapping[str, str] = _NOTHING,
) -> Heard:
    """`/lead …`: a certain and complete reading goes out at once; otherwise it is kept as a draft, and the
    first missing field is asked for, or what was read is put up for a confirming tap. What names no customer
    is no lead (a trend): which one is asked, and nothing is made. `answers` are those to the other two of the
    three questions that the text gives already."""
    read = read_lead(text, tools)
    customer = customer_of(read)
    if customer == Customer():
        return Heard(what="empty")
    customer = with_answers(customer, answers)
    if not (customer.name or customer.company or customer.phone or customer.email or customer.wechat):
        about = clean_text(text, LONGEST)
        keep_trend(uow, about=about, by=by, at=at)
        return Heard(what="trend", asked=about)
    missing = missing_fields(customer, uow.company.required)
    origin = Origin(channel=read.channel or CHAT, source=CHAT, by=by)
    taken = capture_lead(
        uow,
        customer=customer,
        origin=origin,
        now=at,
        draft=bool(missing) or not read.sure or bool(read.problems),
    )
    lead = taken.lead
    if taken.completed:
        uow.end_dialog(by)
        return Heard(what="sent", lead=lead)
    if taken.known and not (lead.stage is Stage.DRAFT and lead.origin.by == by):
        return Heard(what="known", lead=lead)
    missing = missing_fields(lead.customer, uow.company.required)
    if missing:
        uow.set_dialog(Dialog(person=by, kind="draft", lead_id=lead.id, about=missing[0], at=at))
        problem = read.problems[0] if read.problems else ""
        return Heard(what="asked", lead=lead, asked=missing[0], problem=problem)
    return Heard(what="sent" if lead.stage is not Stage.DRAFT else "unsure", lead=lead)


def hear(
    uow: Uow,
    *,
    text: str,
    by: str,
    key: str,
    at: datetime,
    media: Sequence[Attachment] = (),
    answers: Mapping[str, str] = _NOTHING,
) -> Heard:
    """A message that is no command: the answer to the open question, if there is one."""
    dialog = uow.dialog(by)
    if dialog is None or not still_open(dialog, at):
        return Heard(what="nothing")
    match dialog.kind:
        case "trend" if not _says(text):
            return Heard(what="trend", asked=dialog.about)
        case "trend":
            end_trend(uow, no=waiting_no(dialog.about), by=by)
            return submit(uow, text=_with_customer(dialog.about, text), by=by, at=at, answers=answers)
        case "draft":
            return _answer(uow, dialog, text, at, answers)
        case "edit":
            return _edit(uow, dialog, text, at)
        case "more" if media and at - dialog.at <= MORE_FOR:
            uow.attach(dialog.about, media, at)
            return Heard(what="attached", lead=uow.lead(dialog.lead_id))
        case "handback":
            uow.end_dialog(by)
            reason, offer = dialog.about.split(":")
            lead = hand_back(
                uow,
                lead_id=dialog.lead_id,
                offer_no=int(offer),
                by=by,
                reason=reason,
                words=text,
                key=key,
                at=at,
            )
            return Heard(what="handback", lead=lead, asked=reason)
        case _:
            uow.end_dialog(by)
            return Heard(what="nothing")


def announces(text: str) -> bool:
    """Whether a text says itself that it is a lead (`新线索：…`), whatever question is open."""
    return _ANNOUNCED.match(text) is not None


def still_open(dialog: Dialog, at: datetime) -> bool:
    """Whether a message may be the answer to a question; what comes much later is a message of its own."""
    return at - dialog.at <= ANSWER_WITHIN


def pass_over(uow: Uow, *, by: str, at: datetime) -> Heard:
    """`跳过`, `没有`: not an answer. The next missing field is asked, and a draft with nothing left to ask
    waits for its confirming tap; a trend keeps its two ways; words that a hand-back needs are needed."""
    dialog = uow.dialog(by)
    if dialog is None or not still_open(dialog, at):
        return Heard(what="nothing")
    match dialog.kind:
        case "draft":
            return _ask_next(uow, uow.lead(dialog.lead_id), by, at, after=dialog.about)
        case "trend":
            return Heard(what="trend", asked=dialog.about)
        case "handback":
            needed = REASONS[dialog.about.partition(":")[0]].needs_words
            raise NeedsWords(lead=dialog.lead_id, needed=needed)
        case _:
            uow.end_dialog(by)
            return Heard(what="stopped", lead=uow.lead(dialog.lead_id))


def ask_again(uow: Uow, *, by: str, at: datetime) -> Heard:
    """Take up the question about a draft that was left lying, or about a trend that is still open."""
    dialog = uow.dialog(by)
    if dialog is not None and dialog.kind == "trend" and still_open(dialog, at):
        return Heard(what="trend", asked=dialog.about)
    if dialog is None or dialog.kind != "draft" or uow.lead(dialog.lead_id).stage is not Stage.DRAFT:
        return Heard(what="nothing")
    return _ask_next(uow, uow.lead(dialog.lead_id), by, at)


def _with_customer(trend: str, answer: str) -> str:
    """The trend with the customer that was asked for: a bare answer is the firm's name."""
    named = read_lead(answer)
    if named.company or named.name or named.phone:
        return f"{answer}\n需求：{trend}"
    return f"公司：{answer}\n需求：{trend}"


def make_of_note(
    uow: Uow,
    *,
    name: str | None,
    company: str | None,
    no: int,
    by: str,
    at: datetime,
    answers: Mapping[str, str] = _NOTHING,
) -> Heard:
    """The note of that number, which waits for its lead, becomes a draft, kept with it; what is missing is
    asked."""
    heard, noted = pending_note(uow, by, no, at)
    customer = Customer(name=name, company=company, need=clean_text(heard.text, LONGEST) or None)
    customer = with_answers(customer, answers)
    lead = capture_lead(
        uow, customer=customer, origin=Origin(channel=CHAT, source=CHAT, by=by), now=at, draft=True
    ).lead
    end_pending(uow, heard, "chosen", by=by, no=no, at=at)
    take_note(uow, lead_id=lead.id, heard=heard, by=by, key=f"{noted}:made", at=at, media=heard.media)
    return _ask_next(uow, uow.lead(lead.id), by, at)


def _read_value(about: str, text: str) -> tuple[Mapping[str, Any], str]:
    """(values to set, problem) of an answer about one field."""
    if not _says(text):
        return {}, "empty"
    read = read_answer(about, text)
    if read.problems:
        return {}, read.problems[0]
    names = _PARTS.get(about, (about,))
    values = {name: getattr(read, name) for name in names if getattr(read, name)}
    return {name: clean_text(v, LONGEST) if isinstance(v, str) else v for name, v in values.items()}, ""


def _answer(uow: Uow, dialog: Dialog, text: str, at: datetime, answers: Mapping[str, str]) -> Heard:
    lead = uow.lead(dialog.lead_id)
    if _of_another(lead, text):
        return submit(uow, text=text, by=dialog.person, at=at, answers=answers)
    values, problem = _read_value(dialog.about, text)
    values, beside = _told_apart(lead, dialog.about, text, values)
    if not (values or beside):
        return Heard(what="bad_value", lead=lead, asked=dialog.about, problem=problem or "empty")
    told = answers if dialog.about == "need" else _NOTHING
    both = {**beside, **values}
    lead = edit_lead(uow, lead_id=lead.id, values=both, by=dialog.person, at=at, answers=told)
    if not values:  # not what was asked for, but not lost either
        return Heard(what="asked", lead=lead, asked=dialog.about)
    return _ask_next(uow, lead, dialog.person, at, after=dialog.about)


def answer_draft(
    uow: Uow, *, lead_id: str, text: str, by: str, at: datetime, answers: Mapping[str, str] = _NOTHING
) -> Heard:
    """The answer to the question about that draft of one's own, whatever was asked since."""
    lead = lead_for(uow, lead_id, by)
    missing = missing_fields(lead.customer, uow.company.required)
    if lead.stage is not Stage.DRAFT or lead.origin.by != by or not missing:
        return Heard(what="nothing")
    open_since = uow.dialog(by)
    asked = Dialog(person=by, kind="draft", lead_id=lead_id, about=missing[0], at=at)
    heard = _answer(uow, asked, text, at, answers)
    if open_since is not None and heard.what not in ("asked", "bad_value"):
        uow.set_dialog(open_since)
        return replace(heard, then=None)
    return heard


def _says(text: str) -> bool:
    """Whether there is a word or a number in it: 👍 names no firm."""
    return any(each.isalnum() for each in text)


def _of_another(lead: Lead, text: str) -> bool:
    """Whether an answer is a lead of its own: words with another phone than the draft's, or somebody of
    another surname with a way to reach them."""
    read, known = read_lead(text), lead.customer
    if read.phone and known.phone and read.phone != known.phone and _WORDS.search(text):
        return True
    reached = read.phone or read.email or read.wechat
    return bool(reached and known.name and read.name and read.name[0] != known.name[0])


def _told_apart(
    lead: Lead, asked: str, text: str, values: Mapping[str, Any]
) -> tuple[Mapping[str, Any], Mapping[str, Any]]:
    """(the answer, what else the words say that the lead lacks): who it is, and a way to reach them. Words
    that only bring those along (对了他微信是…) are no answer to another question."""
    ways = _PARTS["contact"]
    if asked == "contact" or asked in ways:
        return values, {}
    whole = read_lead(text)
    said = {name: value for name in (*_WHO, *ways) if (value := getattr(whole, name)) and name != asked}
    reached = any(way in said for way in ways)
    if asked == "need":
        said = {way: said[way] for way in ways if way in said}
    elif said and values and (mine := getattr(whole, asked, None)):
        values = {asked: mine}
    elif reached and _NO_ANSWER.fullmatch(str(values.get(asked, "")).replace(whole.name or " ", "")):
        values = {}
    elif not reached:
        said = {}
    return values, {name: value for name, value in said.items() if not getattr(lead.customer, name)}


def _ask_next(uow: Uow, lead: Lead, by: str, at: datetime, after: str = "") -> Heard:
    """Ask for the next missing field behind the one asked last; who passed over some is shown the draft."""
    required = uow.company.required
    missing = missing_fields(lead.customer, required)
    behind = required[required.index(after) + 1 :] if after in required else required
    ahead = [name for name in missing if name in behind]
    if lead.stage is Stage.DRAFT and ahead:
        uow.set_dialog(Dialog(person=by, kind="draft", lead_id=lead.id, about=ahead[0], at=at))
        return Heard(what="asked", lead=lead, asked=ahead[0])
    uow.end_dialog(by)
    what = "unsure" if lead.stage is Stage.DRAFT else "sent"
    return Heard(what=what, lead=lead, then=_asked_before(uow, lead, by, at))


def _asked_before(uow: Uow, done: Lead, by: str, at: datetime) -> Heard | None:
    """The newest other draft of theirs that lacks something: what is typed next is an answer about it."""
    for lead in uow.drafts_of(by):
        missing = missing_fields(lead.customer, uow.company.required)
        if lead.id != done.id and missing:
            uow.set_dialog(Dialog(person=by, kind="draft", lead_id=lead.id, about=missing[0], at=at))
            return Heard(what="asked", lead=lead, asked=missing[0])
    return None


def fill_draft(uow: Uow, *, lead_id: str, values: Mapping[str, object], by: str, at: datetime) -> Heard:
    """What a model read fills the open fields of `by`'s draft; a question that it answers gives way to the
    next one (`filled`, with the field still `asked` for). Nothing goes out before a confirming tap."""
    lead = fill_gaps(uow, lead_id=lead_id, values=values, by=by, at=at)
    if lead is None:
        return Heard(what="nothing")
    dialog = uow.dialog(by)
    open_still = missing_fields(lead.customer, uow.company.required)
    asked = dialog is not None and dialog.kind == "draft" and dialog.lead_id == lead_id
    if dialog is not None and asked and dialog.about not in open_still:
        return replace(_ask_next(uow, lead, by, at), what="filled")
    return Heard(what="filled", lead=lead)


def _edit(uow: Uow, dialog: Dialog, text: str, at: datetime) -> Heard:
    """`field value`, or the value alone when the field was named before."""
    about, rest = (dialog.about, text) if dialog.about else _named(text)
    return set_field(uow, lead_id=dialog.lead_id, name=about, text=rest, by=dialog.person, at=at)


def is_its_own(dialog: Dialog, text: str) -> bool:
    """Whether words that come while a field's name is asked for name none, and are too long for a slip, or a
    sentence comes while a name or a number is: they may be a message, which is not lost, nor a new name."""
    if dialog.kind != "edit" or len(text) <= A_SLIP:
        return False
    if dialog.about:
        sentence = _SENTENCE.search(text) is not None and _NUMBER.search(text) is None
        return sentence and dialog.about not in ("need", "amount")
    return _named(text)[0] not in (*CUSTOMER_FIELDS, *_TOGETHER)


def _named(text: str) -> tuple[str, str]:
    """(field, value) of `电话 138…`, `电话：138…`; the word itself where it names no field."""
    word, rest = [*re.split(r"[\s:：=]+", text.strip(), maxsplit=1), ""][:2]
    return field_named(word) or word, rest


def set_field(uow: Uow, *, lead_id: str, name: str, text: str, by: str, at: datetime) -> Heard:
    """Change one field of a lead from typed words; BadField when there is no such field. A value that
    can't be read is asked for again: the next message is the new value."""
    lead = lead_for(uow, lead_id, by)
    check_edit(uow, lead, by)
    if name not in (*CUSTOMER_FIELDS, *_TOGETHER) or name in ("extra", "amount_min", "amount_max"):
        raise BadField(field=name)
    values, problem = _read_value(name, text)
    if problem or not values:
        uow.set_dialog(Dialog(person=by, kind="edit", lead_id=lead_id, about=name, at=at))
        return Heard(what="bad_value", lead=lead, asked=name, problem=problem or "empty")
    draft = lead.stage is Stage.DRAFT
    lead = edit_lead(uow, lead_id=lead_id, values=values, by=by, at=at)
    uow.end_dialog(by)
    sent = draft and lead.stage is not Stage.DRAFT
    return Heard(what="sent" if sent else "edited", lead=lead, asked=name)


def ask(uow: Uow, *, kind: str, lead_id: str, by: str, at: datetime, about: str = "") -> Lead:
    """Open a question: the person's next message is its answer. A new question replaces an open one."""
    lead = lead_for(uow, lead_id, by)
    person = uow.company.person(by)
    allowed = may_edit(uow.company, person, lead) if kind == "edit" else may_see(uow.company, person, lead)
    if not allowed:
        raise NotAllowed(lead=lead_id)
    if kind == "handback":
        lead.owned_under(by, int(about.rpartition(":")[2]))
    uow.set_dialog(Dialog(person=by, kind=kind, lead_id=lead_id, about=about, at=at))
    return lead


def take_back(uow: Uow, *, by: str, at: datetime, lead_id: str | None = None) -> tuple[Undo, Heard]:
    """`/undo`: one's newest act (on `lead_id`). A draft that is there again, and lacks something, is asked
    about again."""
    act = undo_last(uow, by=by, at=at, lead_id=lead_id)
    lead = uow.lead(act.before.id)
    again = act.verb == "withdraw" and lead.stage is Stage.DRAFT
    if not (again and missing_fields(lead.customer, uow.company.required)):
        return act, Heard(what="nothing")
    return act, _ask_next(uow, lead, by, at)


def stop_asking(uow: Uow, *, by: str, at: datetime, draft: str = "") -> Heard:
    """`取消`: close the open question; a draft that was being filled, or with no question open the one named
    (`draft`), is withdrawn (and can be undone)."""
    dialog = uow.dialog(by)
    uow.end_dialog(by)
    if dialog is None or not still_open(dialog, at):
        if not draft or uow.lead(draft).stage is not Stage.DRAFT:
            return Heard(what="nothing")
        return Heard(what="stopped", lead=withdraw_lead(uow, lead_id=draft, by=by, at=at))
    if not dialog.lead_id:
        return Heard(what="dropped")
    lead = uow.lead(dialog.lead_id)
    if dialog.kind == "draft" and lead.stage is Stage.DRAFT:
        lead = withdraw_lead(uow, lead_id=lead.id, by=by, at=at)
    return Heard(what="stopped", lead=lead)


def look(uow: Uow, *, lead_id: str, offer_no: int, by: str) -> Lead:
    """The lead, when `by` holds it or is offered it under that number; else OfferGone or AlreadyTaken."""
    lead = lead_for(uow, lead_id, by)
    lead.owned_under(by, offer_no)
    return lead


def call_off(uow: Uow, *, lead_id: str, by: str, key: str, at: datetime) -> Lead:
    """No hand-back after all: the question for its words is closed, and the cards that asked say so."""
    lead = lead_for(uow, lead_id, by)
    close_question(uow, lead_id, by)
    for copy in uow.shown(lead_id):
        if copy.person == by and copy.tell == "handback":
            copy.args["off"] = True
            uow.show(copy)
    uow.tell(Notice(key=f"called_off:{key}", tell=Tell.REFRESH, to="", lead_id=lead_id, at=at))
    return lead


def turn_page(uow: Uow, *, lead_id: str, by: str, source: str, page: int, at: datetime) -> None:
    """Show another page of the choices on one's own card `source` (its handle, up to a `~`)."""
    for copy in uow.shown(lead_id):
        if copy.person == by and copy.handle.partition("~")[0] == source:
            copy.args["page"] = page
            uow.show(copy)
            uow.refresh(lead_id, at)


def keep_typed(uow: Uow, *, text: str, by: str, at: datetime) -> None:
    """Keep what was typed after a mistyped command until its one tap comes."""
    uow.set_dialog(Dialog(person=f"{by}#typed", kind="typed", lead_id="", about=text, at=at))
