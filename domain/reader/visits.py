"""A visit as it is logged on the spot: 签到 珠海高新区 格致电机 叶青; where, at which firm, with whom."""

import re
from dataclasses import dataclass

from domain.reader import lexicon
from domain.reader.context import Context
from domain.reader.firms import firms_in
from domain.reader.people import Mention, looks_like_name, mentions
from domain.reader.places import behind_places, is_place, leading_place

MOST_WORDS = 30


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    company: Mention | None = None
    person: Mention | None = None
    location: str | None = None


_WORD = re.compile(r"[^\s,;。、!?+|\0📍🎉]+")
_ADDRESS = re.compile(
    r"(?:地址|位置|地点)?[:在]?(?P<a>(?:[一-鿿]{2,8}(?:省|市|区|县|镇|乡|自治州|旗))+[一-鿿A-Za-z0-9()-]*|[一-鿿]{2,14}(?:新区|高新区?|开发区|工业园区?|产业园|科技园|科学园|保税区|园区|大厦|广场|大道|路|街|[0-9]+号)[一-鿿A-Za-z0-9()-]{0,20})"
)
_FIRM_END = re.compile(
    rf"(?:{lexicon.BRANCH_WORDS}|公司|集团|研究院|医院|学院|大学|院|厂|店|部|城|园|初中|高中|中学|小学|机场|配套|支架|拖拉机)\Z"
)
_SEE = re.compile(r"(?P<firm>[一-鿿A-Za-z0-9]{2,18}?)(?:见|拜访|找|和|跟|与|约)(?=[一-鿿]{2})")
_LABEL = re.compile(
    "(?:(?P<company>拜访(?:客户|单位|公司)|客户(?:名称|单位|公司)?|公司(?:名称)?|单位(?:名称)?)|"
    "(?P<person>(?:拜访|接待|受访|会见|洽谈)?(?:对象|人员?)|联系人|接待人?|客户联系人|对接人)|"
    "(?P<location>(?:拜访|到访)?(?:地点|地址|位置))|[一-鿿]{2,5}):(?P<value>.*)",
    re.DOTALL,
)
"""A form of a visit, a field a word: 客户:博达; what else has a label (内容, 下一步) names neither."""
_DEPARTMENT = "(?:[一-鿿]{1,4}[部科处])"
_WITH = re.compile(
    f"(?:(?:前台|门卫|保安|同事|秘书|助理)[说讲]|{_DEPARTMENT}(?=[一-鿿]{{2,3}}\\Z)|见到?了?|找|和|跟|与|陪|约了?|对接)"
)
_WAS = re.compile("(?:了|这边|那边|现场|(?<![一二三四五六七八九十分总])公司里?|厂里)+\\Z")


def read_place(text: str, context: Context) -> Place:
    """The words of a visit in which NUL marks what is already read."""
    words = [
        m
        for m, _ in zip(_WORD.finditer(text), range(MOST_WORDS), strict=False)
        if not _LOGGED.fullmatch(m[0])
    ]
    location: str | None = None
    company = person = None
    told = _told(words)
    if told.company or told.person:
        return told
    made = [word for word in words if next(firms_in(word[0]), None)]
    for nth, word in enumerate(words):
        said = word[0]
        follows = any(each.start() > word.start() for each in made) or _brand(words, nth + 1, context)
        address = _address(said, firm_follows=follows)
        if address and location is None and (_in_a_mall(words, nth, context) or nth > 0 or not is_firm(said)):
            location = address
            continue
        person = person or _person(word.start(), said, text, context)
        if company is None:
            company = _firm(word.start(), said, person, context)
    return Place(company=company, person=person, location=location)


def _told(words: list[re.Match[str]]) -> Place:
    """What a filled form says of the visit."""
    company = person = location = None
    for word in words:
        label = _LABEL.match(word[0])
        value = label["value"] if label else ""
        if not label or not value:
            continue
        begin, end = word.start() + label.start("value"), word.end()
        company = company or (Mention(begin, end, value, 0.9, "company.label") if label["company"] else None)
        person = person or (Mention(begin, end, value, 0.9, "person.label") if label["person"] else None)
        location = location or (value if label["location"] else None)
    return Place(company=company, person=person, location=location)


_VERB = re.compile(
    "[谈看聊讲做开送见演参取修装等找跟和陪办对问说上]|需求|现场|方案|客户|下午|上午|交流|合作|洽谈|考察|调研|签约|验收|培训|沟通|对接|拜访|回访|安装|维护|巡检|门口|里面|已经?|没|不"
)
_LOGGED = re.compile(
    "(?:现场|外勤|客户)*(?:人?已到[了啦]?|签到|签退|打卡|拜访|现场|第[一二三四五]家|今[天日])+"
)
_HEAD = re.compile("(?:我|人)?(?:刚|已经?|又)?(?:到了?|在)(?=[一-鿿]{4})")
_SPOT = re.compile(
    "(?:城|街|园|区|馆|楼|广场|天地|镇|古城|中心|层|港|湖|湾|路|桥|村|口|[0-9一二三四五][FfBb楼层])\\Z"
)
"""What a shop stands in or at, where a firm's name follows."""
_ROOM = re.compile(
    "[一-鿿]{0,6}(?:[0-9一二三四五六七八九十]{1,2}[楼层](?:[一-鿿]{0,3}室)?|会议室|护士站|展厅)"
)


def _in_a_mall(words: list[re.Match[str]], nth: int, context: Context) -> bool:
    """赣州家具城 before 木言木语."""
    return _SPOT.search(words[nth][0]) is not None and _brand(words, nth + 1, context)


def _ends_as_firm(word: str) -> bool:
    return any(end == len(word) for _, end in firms_in(word))


def _brand(words: list[re.Match[str]], nth: int, context: Context) -> bool:
    """Whether the next word may be a shop's or firm's name: 木言木语, 小满手作茶."""
    word = words[nth][0] if nth < len(words) else ""
    named = re.fullmatch("[一-鿿A-Za-z]{3,12}", word) is not None and not _VERB.match(word)
    return named and not lexicon.is_title(word) and not mentions(word, context)


def _address(word: str, *, firm_follows: bool) -> str | None:
    head = _HEAD.match(word)
    bare = word[head.end() if head else 0 :].removesuffix("了")
    if leading_place(bare) and (not behind_places(bare) or is_place(behind_places(bare))):
        return bare
    if _ROOM.fullmatch(bare) and next(firms_in(bare), None) is None:
        return bare
    if leading_place(bare) and _SPOT.search(bare) and firm_follows:
        return bare
    if (
        leading_place(bare)
        and firm_follows
        and next(firms_in(bare), None) is None
        and len(behind_places(bare)) <= 5
    ):
        return bare
    match = _ADDRESS.match(word)
    if (
        match
        and match.end() >= len(word) - 1
        and not re.search("[说等的了长]", word)
        and not _ends_as_firm(word)
    ):
        return match["a"]
    place = leading_place(word)
    behind = behind_places(word) if place else ""
    return word if place and leading_place(behind) else None


def is_firm(word: str) -> bool:
    """Whether a word is called like a firm, a shop or an institution."""
    return _FIRM_END.search(word) is not None and not re.search("[区路街号县镇]\\Z|园区?\\Z|新区", word)


def _person(start: int, word: str, text: str, context: Context) -> Mention | None:
    """A word that begins with a person (夏雨不在), follows 见, or ends a firm's name (建霖卫浴陈志强)."""
    head = _WITH.match(word)
    offset = head.end() if head else 0
    shift = start + offset
    if looks_like_name(word[offset:]):
        return Mention(shift, start + len(word), word[offset:], 0.8, "person.alone")
    found = mentions(word[offset:], context)
    if not found:
        return None
    first = min(found, key=lambda each: each.start)
    if first.start == 0 and first.rule != "person.title" and first.end < len(word) and _FIRM_END.search(word):
        return None  # 东创科技园 begins like a name
    if first.start > 0 and not _behind_firm(word[offset:], first):
        return None
    return first._replace(start=first.start + shift, end=first.end + shift)


def _behind_firm(word: str, person: Mention) -> bool:
    bare = word[: person.start].rstrip("的见找和跟约")
    if _FIRM_END.search(bare):
        return True
    at_end = person.end == len(word) or bare != word[: person.start]
    return at_end and len(bare) >= 4


def _firm(start: int, word: str, person: Mention | None, context: Context) -> Mention | None:
    """The first word that may be a firm's name, cut where the person begins."""
    for begin, end, kind in context.names.find(word):
        if kind == "company":
            return Mention(start + begin, start + end, word[begin:end], 0.95, "company.known")
    for begin, end in firms_in(word):
        behind = word[end:]
        if not 0 < len(behind) <= 2 or not _FIRM_END.search(word):  # 长安配套|厂
            return Mention(start + begin, start + end, word[begin:end], 0.75, "company.place")
    head = _HEAD.match(word)
    if head:
        start, word = start + head.end(), word[head.end() :]
    end = len(word)
    if person and start <= person.start < start + len(word):
        end = person.start - start
    bare = word[:end]
    see = _SEE.match(bare + ("人人" if end < len(word) else ""))
    if see and see.end() <= len(bare) + 2 and len(see["firm"]) >= 3 and len(see["firm"]) < len(bare):
        bare = see["firm"]
    bare = _WAS.sub("", bare).removesuffix("的")
    if not 2 <= len(bare) <= 24 or not re.search("[一-鿿A-Za-z]", bare) or lexicon.is_title(bare):
        return None
    if _VERB.match(bare):
        return None
    return Mention(start, start + len(bare), bare, 0.75, "company.place")
