"""Reading a lead out of what a person typed: labels first, then contacts, then the order of the words.

Values keep the words of the sender; what fits nowhere is the need, and what is left beside a labelled need,
or is a second phone or a wrong one, is the `leftover`. Nothing typed is lost, nothing is invented.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from domain.contact import fold
from domain.errors import BadField
from domain.reader import lexicon, who
from domain.reader.context import Tools
from domain.reader.money import read_amount
from domain.reader.page import (
    COMMAND,
    LABEL,
    PREAMBLE,
    Page,
    label_field,
    open_page,
    read_contacts,
    read_labels,
    set_amount,
)
from domain.reader.places import PLACE, is_city, region_in, region_of
from domain.reader.placing import Kind, Placed, Word, place_words, words_of

_NO_TOOLS = Tools()
REQUIRED = ("name", "company", "contact", "industry", "need")


@dataclass(frozen=True, slots=True, kw_only=True)
class LeadText:
    """What a text says of a lead. Amounts are in yuan, None = open; contacts are in normal form.

    `sure` tells that no word had to be guessed a place; `problems` are codes for the bot to word:
    phone_invalid, email_invalid, contact_unclear, amount_unclear, empty.
    """

    name: str | None = None
    company: str | None = None
    title: str | None = None
    phone: str | None = None
    email: str | None = None
    wechat: str | None = None
    industry: str | None = None
    region: str | None = None
    product: str | None = None
    need: str | None = None
    amount_min: int | None = None
    amount_max: int | None = None
    channel: str | None = None
    sure: bool = False
    leftover: str = ""
    problems: tuple[str, ...] = ()


_BROUGHT_BY = re.compile(
    r"(?:介绍人|推荐人)(?:是|:| )?[^\s,;。\0]{1,24}|(?:我们?|咱们?)?(?:一个|老客户)?[^\s,;。\0]{0,20}(?:刚|又|给|帮忙?|这边){0,6}(?:推荐|介绍|推)(?:了|过来)(?:一?[个家])?(?:新的?)?(?:客户)?(?:[,:]| 是)?"
)
"""李总介绍了个新客户, 介绍人:晨阳电子的曾总: who brought it is not whom it is about."""
_NAMES = ("name", "company", "title", "industry", "region")


def read_lead(text: str, tools: Tools = _NO_TOOLS) -> LeadText:
    """The lead that a text describes; the command may still stand in front. No text is refused.

    With `tools`, names are given in simplified characters (the need keeps the writer's), and what stands around
    the person, the firm and the post is weighed beside the rules.
    """
    page = opened_lead(text, tools.simplify)
    line = page.plain
    read_labels(page)
    for match in _BROUGHT_BY.finditer(page.plain):
        page.strike(*match.span())
    placed = place_words(words_of(page.plain), taken=page.labelled)
    if tools.who and (page.values or placed.fields.keys() & {"name", "company"}):
        _weigh(page, line, placed, tools)
    _fill(page, placed, tools.simplify)
    for name in _NAMES:
        if name in page.values:
            page.values[name] = page.values[name].translate(tools.simplify)
    return _result(page)


def opened_lead(text: str, simplify: Mapping[int, int]) -> Page:
    """A page of the text without what is said before the lead itself, and without its contacts."""
    page = open_page(text, simplify)
    for opening in (PREAMBLE, COMMAND, PREAMBLE):
        begin = len(page.plain) - len(page.plain.lstrip("\0"))
        if match := opening.match(page.plain, begin):
            page.strike(0, match.end())
    read_contacts(page)
    return page


def _weigh(page: Page, line: str, placed: Placed, tools: Tools) -> None:
    """Who is meant by what stands around: it has heard the rules and counts before them, a label before both."""
    rules = {name: word.text for name, word in placed.fields.items()}
    if "name" in rules:
        rules["name"] = _spoken(rules["name"], placed.fields.get("title"))
    rules |= {
        name: fold(page.values[name]).translate(tools.simplify) for name in page.labelled & {*who.FIELDS}
    }
    found = who.read(line, rules, tools)
    words = [
        (name, word)
        for name, spot in found.items()
        if name not in page.labelled and (word := _word_of(line, spot, rules))
    ]
    if not placed.sure:  # the rules hesitated over what the signs do not see
        for name in {"name", "company"} - page.labelled - found.keys():
            placed.fields.pop(name, None)
    title = placed.fields.get("title")
    if title and any(name != "title" and _overlap(title, word) for name, word in words):
        del placed.fields["title"]
    for name, word in words:
        old = placed.fields.get(name)
        if old is None or (old.start, old.end) != (word.start, word.end):
            placed.fields[name], placed.sure = word, False


def _overlap(one: Word, other: Word) -> bool:
    return one.start < other.end and other.start < one.end


def _word_of(line: str, spot: who.Spot, rules: Mapping[str, str]) -> Word | None:
    """The word that is meant; None where somebody is called 姓殷 and the rules have made 殷总 of it."""
    start, end, field = spot
    if field == "name" and line[start - 1 : start] == "姓" and end - start <= 2:
        if rules.get("name", "").startswith(line[start:end]):
            return None
        start -= 1
    if field == "company" and _torn(line[start:end]):
        return None  # 启明医疗器械(|上海)有限公司
    before = _PLACE_BEFORE.search(line, max(0, start - 12), start) if field == "company" else None
    start = before.start() if before else start
    return Word(start, end, line[start:end], Kind.OTHER)


def _torn(text: str) -> bool:
    """Whether a bracket of it has its other half outside."""
    return any(text.count(left) != text.count(right) for left, right in ("()", "（）"))


_BRACKETS = re.compile(r"[(（]([^()（）]{2,8})[)）]")
_PLACE_BEFORE = re.compile(f"(?:(?:{PLACE.pattern})[省市县区]?){{1,2}}\\Z")
"""宜昌|三峡茶业: the town is a part of the name that it touches."""


def _fill(page: Page, placed: Placed, simplify: Mapping[int, int]) -> None:
    for name, word in placed.fields.items():
        value = page.text[word.start : word.end]
        page.values[name] = _spoken(value, placed.fields.get("title")) if name == "name" else value
        page.strike(word.start, word.end)
    for word in placed.extra:
        page.set_aside(word.start, word.end)
    page.sure = page.sure and placed.sure
    if "region" not in page.labelled:
        company = fold(page.values.get("company", ""))[:60].translate(simplify)
        own = _seat(company)
        place = placed.region or (
            own if is_city(own) else region_in(page.said.replace(page.values.get("name", "\0"), "\0")) or own
        )
        page.values |= {"region": place} if place else {}
    trade = lexicon.TRADE_SPOKEN.search(page.plain)
    if trade:
        page.values.setdefault("industry", trade[1])


def _seat(company: str) -> str | None:
    """The place in a firm's name; the one in brackets before others (东方电子（苏州）, and 东方 is a name)."""
    inside = _BRACKETS.search(company)
    found = (inside and region_of(inside[1])) or region_of(company)
    return None if found == "东方" else found


def _spoken(name: str, title: Word | None) -> str:
    """Of a customer named only by the family name the usual address: 客户姓杜 is 杜总, 厂长姓沈 is 沈厂长."""
    match = re.search(f"姓({lexicon.SURNAME.pattern}|[{lexicon.RARE}])", name)
    if match is None:
        return name
    post = re.search(f"(?:{lexicon.POST_OF_ONE})\\Z", title.text) if title else None
    return f"{match[1]}{post[0] if post else '总'}"


def _result(page: Page) -> LeadText:
    rest = page.remainder()
    if "amount" not in page.labelled:
        page.amount = read_amount(f"{page.values.get('need', '')}\0{page.plain}") or page.amount
    if rest and "need" in page.labelled:
        page.leftover.append(rest)
    elif rest:
        page.values["need"] = rest
    told = not page.values.keys().isdisjoint(("name", "company"))
    return _lead(page, sure=page.sure and told and not page.leftover and not page.problems)


def _lead(page: Page, *, sure: bool) -> LeadText:
    get = page.values.get
    least, most = page.amount
    return LeadText(
        name=get("name"), company=get("company"), title=get("title"), phone=get("phone"), email=get("email"),
        wechat=get("wechat"), industry=get("industry"), region=get("region"), product=get("product"),
        need=get("need"), channel=get("channel"), amount_min=least, amount_max=most, sure=sure,
        leftover="\n".join(page.leftover), problems=tuple(page.problems),
    )  # fmt: skip


_ALONE = (
    "name",
    "company",
    "title",
    "phone",
    "email",
    "wechat",
    "industry",
    "region",
    "product",
    "need",
    "channel",
)
_GROUPS: dict[str, tuple[str, ...]] = {name: (name,) for name in _ALONE}
_GROUPS |= {"contact": ("phone", "email", "wechat"), "amount": ("amount_min", "amount_max")}


def missing(lead: LeadText, required: Sequence[str] = REQUIRED) -> tuple[str, ...]:
    """The required groups that the lead still lacks, in the order of asking. Raises BadField for no group."""
    for group in required:
        if group not in _GROUPS:
            raise BadField(field=group)
    return tuple(g for g in required if all(getattr(lead, name) is None for name in _GROUPS[g]))


def read_answer(asked: str, text: str) -> LeadText:
    """The answer to a question about one group of `missing`: that field filled, or the problem with it.

    A contact given along with the answer is kept too. Raises BadField for no group.
    """
    if asked not in _GROUPS:
        raise BadField(field=asked)
    page = open_page(text)
    read_contacts(page)
    label = LABEL.match(page.plain)
    if label and label_field(label) is not None:
        page.strike(0, label.end())
    rest = page.remainder()
    if asked in ("contact", "phone", "email", "wechat"):
        _answer_contact(page, asked, rest)
    elif not rest:
        page.trouble("empty")
    elif asked == "amount":
        set_amount(page, rest)
    else:
        page.values[asked] = rest
    return _lead(page, sure=not page.problems)


def _answer_contact(page: Page, asked: str, rest: str) -> None:
    wanted = _GROUPS[asked]
    alone = re.fullmatch("[A-Za-z][A-Za-z0-9_-]{5,19}", rest)
    if alone and "wechat" in wanted and "wechat" not in page.values:
        page.values["wechat"] = rest
    elif rest:
        page.leftover.append(rest)
    if not any(name in page.values for name in wanted) and not page.problems:
        page.trouble("contact_unclear" if rest else "empty")
