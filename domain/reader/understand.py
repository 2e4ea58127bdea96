"""The door of the reader: what a message says, with its spans; total, for any text, and quick for any length."""

import re
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from enum import StrEnum

from domain.contact import Found, find_emails, find_phones, find_wechats, show_phone
from domain.reader import cues
from domain.reader.context import Context, Span, opened
from domain.reader.dates import When, find_dates
from domain.reader.kinds import Kind, kind_of, strip_command
from domain.reader.lead_text import LeadText, read_lead
from domain.reader.money import Money, chosen, find_amounts
from domain.reader.names import AS_WRITTEN
from domain.reader.people import Mention, firm_of, mentions
from domain.reader.places import region_of
from domain.reader.visits import Place, is_firm, read_place
from domain.reader.will import will

MOST_DATES = 12
DATES_IN = 500  # characters in which dates are looked for
SURE = 0.9


class DateRole(StrEnum):
    DONE = "done"
    NEXT = "next"
    PROJECT = "project"


@dataclass(frozen=True, slots=True, kw_only=True)
class NextStep:
    """What comes next: `at` when a clock time was said, else `day` to `until`; `words` as they were written,
    but for the time itself, `said`, which is another one when they are read again. `by` = it is a deadline."""

    day: date
    until: date
    at: datetime | None
    words: str
    said: str = ""
    by: bool = False

    @property
    def exact(self) -> bool:
        """Whether one day was named, and no stretch of days."""
        return self.day == self.until


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """What a message says. Money in yuan, None = open or not said; phones as people write them."""

    kind: Kind
    text: str = ""
    name: str | None = None
    company: str | None = None
    title: str | None = None
    phones: tuple[str, ...] = ()
    emails: tuple[str, ...] = ()
    wechat: str | None = None
    region: str | None = None
    industry: str | None = None
    need: str | None = None
    amount_min: int | None = None
    amount_max: int | None = None
    amounts: tuple[Money, ...] = ()
    next: NextStep | None = None
    activity: str | None = None
    outcome: str | None = None
    intent: str | None = None
    competitors: tuple[str, ...] = ()
    products: tuple[str, ...] = ()
    stage: str | None = None
    location: str | None = None
    people: tuple[str, ...] = ()
    lead: LeadText | None = None
    spans: tuple[Span, ...] = ()
    problems: tuple[str, ...] = ()
    sure: bool = False


@dataclass(slots=True)
class _Page:
    """A message while it is read: `rest` is its plain text, NUL where something has been read."""

    clean: str
    plain: str
    rest: str
    spans: list[Span] = field(default_factory=list)

    def strike(self, start: int, end: int) -> None:
        self.rest = self.rest[:start] + "\0" * (end - start) + self.rest[end:]

    def note(self, start: int, end: int, name: str, value: object, confidence: float, rule: str) -> None:
        self.spans.append(
            Span(
                start=start, end=end, text=self.clean[start:end], field=name, value=value,
                confidence=confidence, rule=rule,
            )
        )  # fmt: skip


def understand(message: str, context: Context, kind: Kind | None = None) -> Reading:
    """What `message` says; `kind` when the command said it already. Never raises for any text."""
    clean, plain = opened(message, context.tools)
    page = _Page(clean, plain, plain)
    kind = kind or kind_of(plain, context)
    page.strike(0, strip_command(plain, kind))
    contacts = _contacts(page)
    if kind is Kind.LEAD:
        return _lead(page, contacts, context)
    return _note(page, contacts, context, kind)


# -- contacts -------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Contacts:
    phones: tuple[str, ...]
    emails: tuple[str, ...]
    wechat: str | None


def _contacts(page: _Page) -> _Contacts:
    emails = _take(page, "email", find_emails(page.rest))
    phones = _take(page, "phone", find_phones(page.rest))
    mobile = next((found.value for found in phones if found.value.startswith("+861")), None)
    wechats = _take(page, "wechat", find_wechats(page.rest, mobile or (phones[0].value if phones else None)))
    return _Contacts(
        tuple(dict.fromkeys(show_phone(found.value) for found in phones)),
        tuple(dict.fromkeys(found.value for found in emails)),
        wechats[0].value if wechats else None,
    )


def _take(page: _Page, name: str, found: list[Found]) -> list[Found]:
    for each in found:
        page.note(each.start, each.end, name, each.value, 0.98, f"contact.{name}")
        page.strike(each.start, each.end)
    return found


# -- dates ----------------------------------------------------------------------------------------------

_BREAK = re.compile(r"[\s,;。、!?\0+]+")


def _clauses(text: str) -> list[tuple[int, int]]:
    found, at = [], 0
    for match in _BREAK.finditer(text):
        if match.start() > at:
            found.append((at, match.start()))
        at = match.end()
    if at < len(text):
        found.append((at, len(text)))
    return found


def _clause_of(clauses: list[tuple[int, int]], at: int) -> tuple[int, int]:
    return next(((start, end) for start, end in clauses if start <= at < end), (at, at))


def _role(when: When, text: str, clause: tuple[int, int], kind: Kind, now: datetime) -> DateRole | None:
    """Done, next, a project's own timeline, or None for a time in passing."""
    start, end = clause
    if kind is Kind.LEAD:
        if (
            when.past
            or when.over(now)
            or (when.at is None and when.day == now.date() and _CAME.match(text, when.end))
        ):
            return None
        near = max(start, when.start - _NEAR), min(end, when.end + _NEAR)
        return DateRole.NEXT if cues.REACH.search(text, *near) else DateRole.PROJECT
    done = cues.DONE.search(text, max(start, when.start - _FAR), min(end, when.end + _FAR)) is not None
    if _names_no_step(when, text, clause):
        return None
    if when.past or (when.over(now) and when.at is None) or _UNTIL.search(text[start : when.start]):
        return DateRole.DONE
    if when.vague:
        return _in_passing(when, text, clause, kind, now, done=done)
    if _was_today(when, text, end, kind, now, done=done):
        return DateRole.DONE
    if when.rolled and done and not _PUT_OFF.search(text, start, end):
        return DateRole.DONE
    return DateRole.NEXT if not when.over(now) else DateRole.DONE


_CAME = re.compile("[^,;。约]{0,6}(?:有|接|收|来|碰|遇|加|刚|打进|找|路过|参加|展会|扫)")


def _names_no_step(when: When, text: str, clause: tuple[int, int]) -> bool:
    """下半年预算普遍砍三成, 尾款年底结: a time at which nobody has anything to do."""
    acts = cues.NEXT.search(text, when.end, clause[1]) or _PUT_OFF.search(text, *clause)
    return (when.grain == "year" and not acts) or cues.TERMS.search(text, *clause) is not None


_UNTIL = re.compile(r"(?:(?:聊|谈|喝|开|忙|等|讲)到|原来|原定|本来|原先)\Z")
_PUT_OFF = re.compile("约|再|就|定在|改到|推|延")


# 今天微信说…, 今天请他吃饭, 他透露…: what was said on it is over.
_TOLD = re.compile(
    "[^,;。!?0-9]{0,10}(?:(?:微信|电话|群|会)(?:里|上|中)|视频会议里|打电话 ?意思)|[^,;。!?0-9]{0,14}?(?:微信|电话|当面|邮件)?(?:里|上|中)?(?:说|讲|表示|透露|反馈|回复|聊了)|[^;。!?]{0,24}[,。 ](?:他|她|对方|人家|客户|领导|老板|学校|院方|校方)|"
    "[^;。!?]{0,20}[,。 ][一-鿿]{1,2}了|[^,;。]{0,4}(?:到账|到款|付清)"
)


def _was_today(when: When, text: str, end: int, kind: Kind, now: datetime, *, done: bool) -> bool:
    """Of today, and told of as past: a visit's own day, or a hour that is over in a clause with 了."""
    if not when.day == when.until == now.date():
        return False
    if (
        when.at is None
        and kind is Kind.VISIT
        and not re.search("再|(?<!续)约|发(?!票)|回", text[when.end : end])
    ):
        return True
    told = _TOLD.match(text, when.end) if when.at is None else None
    if told and not _PUT_OFF.search(text, when.end, told.end()):
        return True
    return (when.at is None or when.at < now) and done


def _in_passing(
    when: When, text: str, clause: tuple[int, int], kind: Kind, now: datetime, *, done: bool
) -> DateRole | None:
    if when.rule == "span.these":
        return (
            DateRole.NEXT
            if cues.NEXT.search(text, when.end, min(clause[1], when.end + 4)) and not done
            else None
        )
    if when.rule != "period" or kind is Kind.VISIT or done:
        return None
    later = {"上": 9, "中": 12, "下": 14, "傍": 17, "晚": 18}[text[when.start]] > now.hour
    return DateRole.NEXT if later and cues.NEXT.search(text, when.end, clause[1]) else None


def _next_step(page: _Page, kind: Kind, context: Context) -> tuple[NextStep | None, list[When]]:
    """The main event that comes next, and every time that was found (struck from the page)."""
    found = find_dates(page.rest[:DATES_IN], context.now, context.almanac)[:MOST_DATES]
    clauses = _clauses(page.rest)
    best: tuple[int, int, When, tuple[int, int]] | None = None
    for when in found:
        clause = _clause_of(clauses, when.start)
        role = _role(when, page.rest, clause, kind, context.now)
        value = (when.at or when.day).isoformat()
        page.note(when.start, when.end, f"date.{role or 'mention'}", value, 0.9, when.rule)
        if role is DateRole.NEXT:
            rank = (_rank(when, page.rest, clause), when.start, when, clause)
            best = rank if best is None or rank[:2] >= best[:2] else best
    for when in found:
        page.strike(when.start, when.end)
    if best is None:
        return None, found
    _, _, when, (start, end) = best
    if end - when.end < 2:  # 下周三下午三点 | 带方案再去
        end = _words_end(page.plain, end)
    more = _BY.match(page.plain, when.end)
    behind = more.end() if more else when.end
    words = f"{page.clean[start : when.start]}{page.clean[behind:end]}".strip(EDGES)
    said = page.clean[when.start : behind]
    by = said.endswith("前")
    return NextStep(day=when.day, until=when.until, at=when.at, words=words or said, said=said, by=by), found


EDGES = " ,，。;；、"
"""Signs that words are left with at their ends when a time is taken out of them."""
_BY = re.compile(r"(?:之?以?前|左右)(?![台面期排后往去来])")


def _words_end(text: str, end: int) -> int:
    """A clause that is only a time goes on in the next one."""
    match = re.compile(r"[ ,]?[^\s,;。!?\0]{1,12}(?=[\s,;。!?\0]|\Z)").match(text, end)
    return match.end() if match else end


_NEAR, _FAR = 14, 24  # signs around a date in which its deed is looked for, and whether it is done


def _rank(when: When, text: str, clause: tuple[int, int]) -> int:
    """How much a date looks like the thing to be done."""
    rank = (
        2
        if cues.NEXT.search(text, when.end, min(clause[1], when.end + _NEAR))
        else 1
        if cues.NEXT.search(text, *clause)
        else 0
    )
    return rank + (1 if when.at else 0) - (2 if when.grain == "year" else 0)


# -- leads ----------------------------------------------------------------------------------------------


def _lead(page: _Page, contacts: _Contacts, context: Context) -> Reading:
    read = read_lead(page.clean, context.tools)
    step, _ = _next_step(page, Kind.LEAD, context)
    rivals = _named(page, context, "competitor", but=f"{read.company or ''}\0{read.name or ''}")
    return Reading(
        kind=Kind.LEAD, text=page.clean, name=read.name, company=read.company, title=read.title,
        phones=contacts.phones or ((show_phone(read.phone),) if read.phone else ()), emails=contacts.emails,
        wechat=contacts.wechat or read.wechat, region=read.region, industry=read.industry, need=read.need,
        amount_min=read.amount_min, amount_max=read.amount_max, next=step, competitors=rivals,
        products=_named(page, context, "product"), lead=read, spans=tuple(page.spans), problems=read.problems,
        sure=read.sure,
    )  # fmt: skip


_ITS_OWN = re.compile("[一-鿿]{0,3}(?:部|公司|集团|总部|园区|大厦)")


def _named(page: _Page, context: Context, kind: str, but: str = "") -> tuple[str, ...]:
    """The known names of a kind, as they were written, but for those within the customer's own."""
    found = []
    for start, end, what in context.names.find(page.plain):
        word = AS_WRITTEN.get(page.plain[start:end].lower(), page.clean[start:end])
        if kind == "competitor" and _ITS_OWN.match(page.plain, end):
            continue  # 阿里云生态部 is where one is, and no rival
        if what == kind and page.plain[start:end] not in but:
            page.note(start, end, kind, word, 0.95, f"{kind}.known")
            found.append(word)
    return tuple(dict.fromkeys(found))


# -- notes and visits -----------------------------------------------------------------------------------

_RIVAL = re.compile(
    r"(?:竞品|竞争对手|友商)(?:是|:|为|有)?(?P<a>[一-鿿A-Za-z]{2,6}?)(?=[\s,;。\0]|\Z|在|已|也|报|昨|今|来|的)|输给了?(?P<b>[一-鿿A-Za-z]{2,6}?)(?=[\s,;。\0]|\Z|了)"
)


def _rivals(page: _Page, context: Context, firm: str) -> tuple[str, ...]:
    known = list(_named(page, context, "competitor", but=firm))
    for match in _RIVAL.finditer(page.plain):
        word = match["a"] or match["b"]
        if not any(word in each or each in word for each in known) and word not in ("什么", "哪家", "谁"):
            page.note(*match.span("a" if match["a"] else "b"), "competitor", word, 0.7, "competitor.cue")
            known.append(word)
    return tuple(known)


def _place(page: _Page, context: Context) -> Place:
    """Where a visit was, and with whom. What stands right behind the next step's date, once somebody was named,
    is what is to be done (周倩 谈方案 下周三再去) and no firm, unless it is called like one."""
    place = read_place(page.rest, context)
    person, company = place.person, place.company
    if person is None or company is None or is_firm(company.value):
        return place
    behind = any(
        each.field == "date.next"
        and person.start < each.start
        and each.end <= company.start
        and not page.rest[each.end : company.start].strip(" \0")
        for each in page.spans
    )
    return replace(place, company=None) if behind else place


def _note(page: _Page, contacts: _Contacts, context: Context, kind: Kind) -> Reading:
    step, dates = _next_step(page, kind, context)
    masked = page.rest
    place = _place(page, context) if kind is Kind.VISIT else Place()
    bare = _without_amounts(_without(masked, place.location))
    people = mentions(bare, context)
    firm = place.company or firm_of(bare, people[0] if people else None, context)
    person = place.person or _main_person(bare, people, firm)
    rivals = _rivals(page, context, firm.value if firm else "")
    amounts = tuple(find_amounts(masked, rivals=rivals))
    money = chosen(amounts)
    about_us = not cues.is_small_talk(masked, strangers=person is None and firm is None)
    told = _struck(masked, firm, person)
    done = cues.activity(told, _with_future(page, dates, context, kind))
    wish = will(told, cues.intent(told, rivals), context.tools.will) if about_us else None
    came, far = cues.outcome(told), cues.stage(told)
    for name, mention in (("name", person), ("company", firm)):
        if mention:
            page.note(mention.start, mention.end, name, mention.value, mention.confidence, mention.rule)
    for name, cue in (("activity", done), ("outcome", came), ("intent", wish), ("stage", far)):
        if cue:
            page.note(cue.start, cue.end, name, cue.value, 0.6 + cue.weight / 10, cue.rule)
    for each in amounts:
        value = (each.least, each.most)
        page.note(each.start, each.end, f"amount.{each.role}", value, 0.9, "money")
    return Reading(
        kind=kind, text=page.clean, name=person.value if person else None, company=firm.value if firm else None,
        phones=contacts.phones, emails=contacts.emails, wechat=contacts.wechat,
        region=_region(place, firm, masked), amount_min=money.least if money else None,
        amount_max=money.most if money else None, amounts=amounts, next=step if about_us else None,
        activity="visit" if kind is Kind.VISIT else done.value if done else None,
        outcome=came.value if came else None, intent=wish.value if wish else None, competitors=rivals,
        products=_named(page, context, "product"), stage=far.value if far else None,
        location=place.location or (_region(place, firm, masked) if kind is Kind.VISIT else None),
        people=tuple(each.value for each in people), spans=tuple(page.spans),
        sure=any(each.confidence >= SURE for each in (person, firm) if each),
    )  # fmt: skip


def _without(text: str, words: str | None) -> str:
    return text.replace(words, "\0" * len(words)) if words else text


def _struck(text: str, *found: Mention | None) -> str:
    """Without the names: 格致电机 is no call (致电)."""
    for each in found:
        if each and text[each.start : each.end] == each.value:
            text = text[: each.start] + "〇" * (each.end - each.start) + text[each.end :]
    return text


def _without_amounts(text: str) -> str:
    for each in find_amounts(text):
        text = text[: each.start] + "\0" * (each.end - each.start) + text[each.end :]
    return text


_OURS, _OF_US = re.compile("(?:我们|我司|咱们?|同事|同行:?)\\Z"), re.compile(r"\((?:我们|我司|咱)")
_HOST = re.compile("接待|带我们?[转看参走]|陪我们?[转看参走]")
_WENT_ALONG = re.compile("一起|一同|去|跑|到")


def _main_person(text: str, people: list[Mention], firm: Mention | None) -> Mention | None:
    """Who received us; else the one behind the firm, the first one named outright; no colleague who came along."""
    outside = [each for each in people if firm is None or each.end <= firm.start or each.start >= firm.end]
    outside = [
        each for each in outside
        if not (text[each.start - 1 : each.start] == "陪" and _WENT_ALONG.match(text, each.end))
    ]  # fmt: skip
    theirs = [
        each for each in outside if not _OURS.search(text[: each.start]) and not _OF_US.match(text, each.end)
    ]
    outside = theirs or outside
    if not outside:
        return None
    host = [each for each in outside if _HOST.match(text, each.end)]
    behind = [each for each in outside if firm and 0 <= each.start - firm.end <= 2]
    strong = [each for each in outside if each.confidence >= 0.8] or outside
    return min(host or behind or strong, key=lambda each: each.start)


def _with_future(page: _Page, dates: list[When], context: Context, kind: Kind) -> list[tuple[int, int, bool]]:
    """The clauses of the message, and whether each tells of what is to come."""
    text, ahead = page.plain, []
    for start, end in _clauses(text):
        coming = [
            when.start for when in dates
            if start <= when.start < end and _role(when, text, (start, end), kind, context.now) is DateRole.NEXT
        ]  # fmt: skip
        cut = min(coming, default=end)
        if cut - start > _NEAR:  # said in one breath: what stands far before the date is done
            ahead.append((start, cut, False))
            start = cut
        ahead.append((start, end, bool(coming)))
    return ahead


def _region(place: Place, firm: Mention | None, text: str) -> str | None:
    for words in (place.location, firm.value if firm else None):
        found = region_of(words[:60]) if words else None
        if found:
            return found
    return region_of(text[:200])
