"""What kind of message it is: a lead handed in, a visit logged on the spot, or a note."""

import re
from enum import StrEnum

from domain.contact import find_emails, find_phones, find_wechats
from domain.reader import lexicon
from domain.reader.context import Context
from domain.reader.page import COMMAND
from domain.reader.places import leading_place


class Kind(StrEnum):
    LEAD = "lead"
    NOTE = "note"
    VISIT = "visit"


_SLASH = {
    Kind.LEAD: re.compile(r"\s*/ ?(?:lead|录线索|线索)(?:@\S{1,40})?(?![A-Za-z])[:\s]*", re.IGNORECASE),
    Kind.VISIT: re.compile(r"\s*/ ?(?:visit|拜访|记拜访)(?:@\S{1,40})?(?![A-Za-z])[:\s]*", re.IGNORECASE),
    Kind.NOTE: re.compile(r"\s*/ ?(?:note|备注|记)(?:@\S{1,40})?(?![A-Za-z])[:\s]*", re.IGNORECASE),
}
_VISIT = re.compile(
    r"\s*(?:【?(?:拜访|走访|外勤)(?:记录|纪要|小结|日报|打卡)】?[:\s]*|📍\s*|visit(?:ed)?(?![A-Za-z])[:\s]*|"
    r"(?:到达|抵达)了?[:\s]+|到了[\s:]+|(?:签[到退]|打卡|外勤|到访)(?![了过率机])[:\s]*|(?:上门|登门|走访)(?=[\s:])[:\s]*|(?:我)?(?:今[天早儿]|今日|上午|中午|下午|早上|刚才?|已经?)?(?:上门|登门|现场)?拜访(?!了|过|完|计划|前)[:\s]*)"
)
_ARRIVED = re.compile(
    r"\s*(?:我)?(?:今天|上午|中午|下午)?(?:刚刚?|已经?|现在?|又|人)?(?:到达?了?|来到了?|在|来了?)(?=[一-鿿]{2})(?!时候|期|底|账|货|位|现在|目前|谈|等|开会|和|跟|与|走|做|看|考虑|忙)"
)
_BY_HEART = re.compile(
    "说|回复|反馈|让我|约我|提醒|换了?(?:手机|号码|电话)|跟进|沟通|联系了|拜访了|发了|打了|报了|签了|等(?:他|她|回复)"
)


def kind_of(text: str, context: Context) -> Kind:
    """By the command, else by how such messages begin, else a text with a firm and its phone is a lead."""
    for kind, pattern in _SLASH.items():
        if pattern.match(text):
            return kind
    if COMMAND.match(text):
        return Kind.LEAD
    if _VISIT.match(text) or _arrived(text, context) or _CHECKED_IN.search(text[:200]):
        return Kind.VISIT
    return Kind.LEAD if _hands_in(text) else Kind.NOTE


def strip_command(text: str, kind: Kind) -> int:
    """How many characters at the start are only the command."""
    match = _SLASH[kind].match(text) or (COMMAND.match(text) if kind is Kind.LEAD else None)
    if match is None and kind is Kind.VISIT:
        match = _VISIT.match(text) or _ARRIVED.match(text)
    return match.end() if match else 0


def _arrived(text: str, context: Context) -> bool:
    """我在…, 刚到…: followed by a place or a firm."""
    match = _ARRIVED.match(text)
    if match is None:
        return False
    word = re.split(r"[\s,;。]", text[match.end() :], maxsplit=1)[0][:20]
    known = any(start == 0 for start, _, kind in context.names.find(word) if kind == "company")
    return known or leading_place(word) is not None or _FIRM_HEAD.match(word) is not None


_FIRM_HEAD = re.compile(
    rf"[一-鿿A-Za-z0-9]{{2,10}}?(?:{lexicon.BRANCH_WORDS}|公司|集团|园区|工厂|厂区|开发区|高新区|大厦|医院|学院|大学)"
)


_CHECKED_IN = re.compile(r"(?:\A|[\s,;。])(?:已?签[到退]|打卡|已到访)(?:\Z|[\s,;。])")
_ANNOUNCED = re.compile(
    r"新(?:加的?)?客户|有人(?:打(?:来)?电话|来电|加微信|来问)|客户(?:自己|主动)?(?:加微信|找上门|来问|来咨询)|(?:请|麻烦)(?:跟进|对接|分配)[:\s]|新线索|新商机|客户信息|线索信息|转介绍|(?:有|来|接到?|介绍|推荐|认识|加|记|给)了?(?:你们?|大家|咱们?)?(?:一?个|一条|条|家)"
    r"(?:新的?|意向|潜在)?(?:客户|单子|线索|商机|咨询|询盘)|咨询电话|(?:展会|展台|会上|沙龙|峰会|论坛|活动|饭局|酒会|群里|电销|地推|陌拜)(?:上)?(?:加|认识|收|扫|打)|(?:小红书|抖音|快手|视频号|公众号|知乎|B站|百度|官网)(?:上)?(?:私信|留言|评论|搜索|投放)?(?:来|过来|找来|咨询)的|名片|主动加的?微信"
)


def _hands_in(text: str) -> bool:
    """A contact, and a firm and nothing told of it, or words that announce a customer."""
    contact = find_phones(text[:500]) or find_emails(text[:500])
    if _ANNOUNCED.search(text[:60]) and (contact or find_wechats(text[:500])):
        return True
    if not contact:
        return False
    if _BY_HEART.search(text):
        return False
    named = _NAME_AND_NUMBER.match(text)
    return _FIRM_HEAD.search(text) is not None or (named is not None and lexicon.is_name(named[1]))


_NAME_AND_NUMBER = re.compile(r"\s*([一-鿿]{2,4})[\s,:]+\+?[0-9 -]{7,}")
