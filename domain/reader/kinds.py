"""What kind of message it is: a lead handed in, a visit logged on the spot, or a note."""

import re
from collections.abc import Mapping, Sequence
from enum import StrEnum

from domain.contact import find_emails, find_phones, find_wechats
from domain.reader.context import Context
from domain.reader.firms import firm_at
from domain.reader.page import COMMAND
from domain.reader.places import leading_place


class Kind(StrEnum):
    LEAD = "lead"
    NOTE = "note"
    VISIT = "visit"


KINDS = (Kind.NOTE, Kind.LEAD, Kind.VISIT)
"""In the order of the weights, which are relative to a note."""
Weights = Mapping[str, Sequence[float]]

_SLASH = {
    Kind.LEAD: re.compile(r"\s*/ ?(?:lead|录线索|线索)(?:@\S{1,40})?(?![A-Za-z])[:\s]*", re.IGNORECASE),
    Kind.VISIT: re.compile(r"\s*/ ?(?:visit|拜访|记拜访)(?:@\S{1,40})?(?![A-Za-z])[:\s]*", re.IGNORECASE),
    Kind.NOTE: re.compile(r"\s*/ ?(?:note|备注|记)(?:@\S{1,40})?(?![A-Za-z])[:\s]*", re.IGNORECASE),
}
_VISIT = re.compile(
    r"\s*(?:【?(?:拜访|走访|外勤)(?:记录|纪要|小结|日报|打卡)】?[:\s]*|📍\s*|visit(?:ed)?(?![A-Za-z])[:\s]*|check-? ?in(?![A-Za-z])[:\s]*|"
    r"(?:到达|抵达)了?[:\s]+|(?:到[了啦])+[\s:,📍]+|(?:到了){2}|(?:已|补|[一-鿿]{0,6}?(?<!忘了)(?<![没忘得醒天要未让会不]))(?:(?:签个?[到退]|打个?卡|外勤|到访)啊?)+(?![了过率机表])[^\w\s]*[|📍:\s]*|(?:上门|登门|走访)(?=[\s:])[:\s]*|"
    r"(?:我)?(?:今[天早儿]|今日|上午|中午|下午|早上|刚才?|已经?)?(?:上门|登门|现场)?拜访(?!了|过|完|计划|前)[:\s]*)"
)
_ARRIVED = re.compile(
    r"\s*(?:我)?(?:今天|上午|中午|下午)?(?:刚刚?|已经?|现在?|又|人|就|报个到 ?|今日第[二三四]家,)*(?:到达?了?|来到了?|在|来了?)(?=[一-鿿]{2})(?!时候|期|底|账|货|位|现在|目前|谈|等|开会|和|跟|与|走|做|看|考虑|忙)"
)
_THERE = re.compile(
    "\\s*(?:我|人)?(?:今天|现在|正|还)*(?:人)?(?:在|到了?)(?:客户|甲方|对方|现场[ ,]|现场在)(?:的?(?:现场|公司|厂|楼下|办公室|门口|单位)|那|这|了)"
)
_ON_SITE = re.compile(
    r"\s*(?:我|人)?(?:现在)?(?:就)?(?:在|已?到)[一-鿿A-Za-z0-9]{0,16}?(?:现场|楼下|门口|签到|打卡)|\s*人?(?:已到|到了)[,。]|\s*报个到"
)
_MET = re.compile("碰到|碰见|遇到|遇见|认识|聊起来|[展年博]会上?|论坛|峰会|机场|高铁")
_OF_OLD = re.compile(
    r"换了?(?:个)?(?:手机|号|电话|微信|邮箱)|(?:微信|手机|邮箱|号码)换了|离职|(?:发|寄)[^,;。]{0,6}(?:到|给|去)?了?(?:他|她|对方)?(?:的)?邮箱|邮件发|(?:打|拨)(?:电话)?给 ?[+0-9]|昨天拜访了|回访"
)
"""What says that the customer is one whom we know, though the message brings a number."""


def kind_of(text: str, context: Context) -> Kind:
    """By the command, else by how such messages begin, a contact, and the weight of the signs."""
    for kind, pattern in _SLASH.items():
        if pattern.match(text):
            return kind
    if COMMAND.match(text):
        return Kind.LEAD
    return _weighed(text, _by_rule(text, context), context.tools.kinds)


def _by_rule(text: str, context: Context) -> Kind:
    logged = _VISIT.match(text) or _VISIT.match(text, _first_word(text))
    if logged or _arrived(text, context) or _CHECKED_IN.search(text[:200]):
        return Kind.VISIT
    return Kind.LEAD if _hands_in(text) else Kind.NOTE


_OF_RULES = {Kind.NOTE: 2.0, Kind.LEAD: 2.0, Kind.VISIT: 4.0}
"""What the rules' word weighs; a visit is said in plain words."""
_WEIGHED_IN = 300  # characters
_LEAST = 8
_BEGIN = 14  # signs at the head of a message, which tell the most
_PAGE = re.compile(r"https?://[!-~]+", re.IGNORECASE)
_SIGN = re.compile(r"[0-9.]+|\0+|.", re.DOTALL)


def features(text: str) -> list[str]:
    """What is weighed of a message: its signs and pairs, `^` with the runs it begins with, and whether a contact is
    in it; @ is a contact, # a number, and the address of a page is nothing."""
    text, ways = _PAGE.sub("", text[:_WEIGHED_IN]), []
    for way, find in (("p", find_phones), ("e", find_emails), ("w", find_wechats)):
        for found in find(text):
            text = text[: found.start] + "\0" * (found.end - found.start) + text[found.end :]
            ways.append(way)
    way = f"={ways[0] if ways else 'none'}"
    signs = [
        "^",
        *("@" if s[0] == "\0" else "#" if s[0] in "0123456789." else s for s in _SIGN.findall(text.lower())),
    ]
    runs = {"".join(signs[at : at + size]) for size in (1, 2) for at in range(len(signs) - size + 1)}
    for at in range(min(_BEGIN, len(signs))):
        for size in (2, 3, 4):
            run = f"^{'' if at else '^'}{''.join(signs[at : at + size])}"
            runs |= {run, run + way}
    return [way, *sorted(runs)]


def _weighed(text: str, ruled: Kind, weights: Weights) -> Kind:
    """The kind that the signs and the rules together speak for; a number alone hands nobody in, and a bare name
    or place says nothing of the kind."""
    found = [weights[mark] for mark in ("", *features(text)) if mark in weights]
    if not found or len(text) < _LEAST or not _WORDS.search(text[:_WEIGHED_IN]):
        return ruled
    sums = [0.0, *(sum(each) for each in zip(*found, strict=True))]
    sums[KINDS.index(ruled)] += _OF_RULES[ruled]
    return KINDS[sums.index(max(sums))]


def strip_command(text: str, kind: Kind) -> int:
    """How many characters at the start are only the command."""
    match = _SLASH[kind].match(text) or (COMMAND.match(text) if kind is Kind.LEAD else None)
    if match is None and kind is Kind.VISIT:
        begin = _first_word(text)
        match = _VISIT.match(text, begin) or _ARRIVED.match(text, begin)
    return match.end() if match else 0


def _first_word(text: str) -> int:
    """Behind the pins and marks in front of a message: 📍✅."""
    return next((at for at, sign in enumerate(text[:40]) if sign.isalnum() or sign == "/"), 0)


def _arrived(text: str, context: Context) -> bool:
    """我在…, 刚到…: followed by a place or a firm; where a customer was met it is no visit."""
    if _THERE.match(text) or (_ON_SITE.match(text) and not _MET.search(text[:60])):
        return True
    match = _ARRIVED.match(text)
    if match is None or _MET.search(text[:60]):
        return False
    word = re.split(r"[\s,;。]", text[match.end() :], maxsplit=1)[0][:30]
    known = any(start == 0 for start, _, kind in context.names.find(word) if kind == "company")
    return (
        known
        or leading_place(word) is not None
        or _FIRM_HEAD.match(word) is not None
        or firm_at(word) is not None
    )


_FIRM_HEAD = re.compile(r"[一-鿿A-Za-z0-9]{2,10}?(?:园区|工厂|厂区|开发区|高新区|大厦)")


_CHECKED_IN = re.compile(r"(?:\A|[\s,;。])(?:已?签[到退]|打卡|已到访)(?:\Z|[\s,;。])")
_ANNOUNCED = re.compile(
    r"新(?:加的?)?客户|有人(?:打(?:来)?电话|来电|加微信|来问)|客户(?:自己|主动)?(?:加微信|找上门|来问|来咨询)|(?:请|麻烦)(?:跟进|对接|分配)[:\s]|新线索|新商机|客户信息|线索信息|转介绍|(?:有|来|接到?|介绍|推荐|认识|加|记|给)了?(?:你们?|大家|咱们?)?(?:一?个|一条|条|家)"
    r"(?:新的?|意向|潜在)?(?:客户|单子|线索|商机|咨询|询盘)|咨询电话|(?:展会|展台|会上|沙龙|峰会|论坛|活动|饭局|酒会|群里|电销|地推|陌拜)(?:上)?(?:加|认识|收|扫|打)|(?:小红书|抖音|快手|视频号|公众号|知乎|B站|百度|官网)(?:上)?(?:私信|留言|评论|搜索|投放)?(?:来|过来|找来|咨询)的|名片|主动加的?微信"
)


_WORDS = re.compile("[一-鿿]{2}|[A-Za-z]{2,} [A-Za-z]{2,}")
"""A number alone hands nobody in."""


def _hands_in(text: str) -> bool:
    """A contact with words beside it, and nothing that tells of an old acquaintance; or words that announce a customer."""
    head = text[:500]
    contact = find_phones(head) or find_emails(head) or find_wechats(head)
    if _OF_OLD.search(head) and not re.search("没跟过", head) and not _ANNOUNCED.search(text[:60]):
        return False
    return bool(contact and _WORDS.search(head)) or _ANNOUNCED_OUTRIGHT.search(text[:80]) is not None


_ANNOUNCED_OUTRIGHT = re.compile(
    "(?:高铁|飞机|火车|展会|饭局|酒局|饭桌|电梯|路)(?:里|上)[^,。]{0,6}(?:认识|碰到|遇到|加)的|"
    "(?:新|留|加|记|算|录)[一-鿿]{0,3}线索|转[一-鿿]{0,2}询盘|(?:来电|客户)登记|有个(?:大|新|小)客户"
)
"""What brings a lead though no number came with it."""
