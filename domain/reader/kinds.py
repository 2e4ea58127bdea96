"""What kind of message it is: a lead handed in, a visit logged on the spot, or a note."""

import re
from enum import StrEnum

from domain.contact import find_emails, find_phones
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
    r"\s*(?:(?:签到|打卡|外勤|到访)(?![了过率机])[:\s]*|(?:我)?(?:今天|上午|下午|刚才?|已经?)?(?:上门|登门|现场)?拜访(?!了|过|完|计划|前)[:\s]*)"
)
_ARRIVED = re.compile(
    r"\s*(?:我)?(?:今天|上午|中午|下午)?(?:刚刚?|已经?|现在?|又)?(?:到达?了?|来到了?|在|来了?)(?=[一-鿿]{2})(?!时候|期|底|账|货|位|现在|目前|谈|等|开会|和|跟|与|走|做|看|考虑|忙)"
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
    if _VISIT.match(text) or _arrived(text, context):
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


def _hands_in(text: str) -> bool:
    """A contact, a firm, and nothing told of it."""
    if not (find_phones(text[:500]) or find_emails(text[:500])):
        return False
    if _BY_HEART.search(text):
        return False
    named = _NAME_AND_NUMBER.match(text)
    return _FIRM_HEAD.search(text) is not None or (named is not None and lexicon.is_name(named[1]))


_NAME_AND_NUMBER = re.compile(r"\s*([一-鿿]{2,4})[\s,:]+\+?[0-9 -]{7,}")
