"""How much money a text speaks of, in yuan, and in which role: 80万, 20-30万, 五十多万, 不超过150万, 8w5."""

import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from enum import StrEnum
from itertools import islice

_DIGITS = {char: value for value, char in enumerate("零一二三四五六七八九")} | {"〇": 0, "两": 2, "半": 0}
_FORMAL = str.maketrans("壹贰叁肆伍陆柒捌玖拾佰仟", "一二三四五六七八九十百千")
_TENS = {"十": 10, "百": 100, "千": 1000}
_UNITS = {
    "亿": 10**8,
    "个亿": 10**8,
    "千万": 10**7,
    "百万": 10**6,
    "十万": 10**5,
    "万": 10**4,
    "萬": 10**4,
    "w": 10**4,
    "个": 10**4,
    "个w": 10**4,
}
_UNITS |= {"千": 1000, "k": 1000, "m": 10**6, "million": 10**6, "": 1}
_MOST_NUMBERS = 60
_HIGHEST = 10**13  # beyond this nobody means a budget
_SMALL_CHANGE = 100  # below it a fine, a meal, or 20块 of boards
_A_MARKET = 10**11  # from here on it is a market's volume, not a customer's budget

_NUMBER = r"[1-9]0几(?=[万w])|[0-9]{1,3}(?:,[0-9]{3}){1,4}(?:\.[0-9]{1,2})?|[0-9]{1,13}(?:\.[0-9]{1,4})?|[零〇一二两三四五六七八九十百千半几]{1,12}"
_UNIT = r"个?亿|个?w(?![a-z])|个(?=[,;。 左上吧]|\Z)|[十百千]?[万萬]|千|(?:w|k|m|million)(?![a-z])"
_AMOUNT = re.compile(
    rf"(?<![0-9.])(?P<a>{_NUMBER})(?P<v>[来多余把])?[ ]?(?P<u>{_UNIT})?(?P<v2>[多余])?"
    r"(?P<tail>(?:[1-9](?![0-9.])|[一二三四五六七八九](?![十百点折成个号月周天年分口期次家套台人件条份]))(?! ?[个台套人件条月号天]))?千?"
    rf"(?: ?(?:[-~到至]|to) ?(?P<b>{_NUMBER})[来多余]?[ ]?(?P<ub>{_UNIT})?)?"
    r" ?(?P<yuan>元|块|圆|人民币|rmb|cny|yuan)? ?(?P<post>\+(?![0-9])|以内|以下|之内|封顶|顶天|不到|以上|往上|朝上|开外|起步|起|打底)?",
    re.IGNORECASE,
)
_FOREIGN = "eur|usd|gbp|hkd|jpy|sgd|aud|us[$]|hk[$]|[€£$]|欧元|美元|美金|美刀|英镑|港币|港元|港纸|日元|日币|新币|新台币|台币|卢布|韩元|澳元"
_FOREIGN_BEFORE = re.compile(rf"(?<![a-z])(?:{_FOREIGN})[ :]?\Z", re.IGNORECASE)
_FOREIGN_AFTER = re.compile(
    rf" ?(?:{_FOREIGN})(?![a-z])|[欧刀](?=[\s,;。、!?)]|\Z|左右|上下|以内|预算)", re.IGNORECASE
)
_SIGN = re.compile(r"(?:[¥￥]|rmb|cny) ?\Z", re.IGNORECASE)
_AT_LEAST = re.compile(
    r"(?:(?:至少|起码)(?:能|要|得|也)?(?:拿|出|有|给)?|不低于|不少于|不下|不止|超过|大于|at least|over)[ ¥￥]{0,3}\Z",
    re.IGNORECASE,
)
_AT_MOST = re.compile(
    r"(?:最高限价|(?:招标)?限价|控制价|拦标价|不超过|不到|上限(?:是|在)?|撑死|顶多|最多(?:只?(?:能|愿意?|肯)?(?:出|给|付|到))?|不高于|(?<!不)低于|以内|under|up to)[ ¥￥]{0,3}\Z",
    re.IGNORECASE,
)
_CUE = re.compile(r"(?:预算|預算|金额|报价|合同|费用|价格|budget|amount)[^0-9,;。、\n]{0,6}\Z", re.IGNORECASE)
_COUNTED = re.compile(
    r" ?(?:[台人个件套吨条家次辆米㎡平亩户箱瓶只张册本卷份名伏瓦度]|用户|公里|users?|units?)", re.IGNORECASE
)


_BUDGET_OF = re.compile("(?:预算|预计|大概|金额)[^0-9,;。]{0,3}\\Z")
_PRICED = re.compile("(?:报价|价格|总价|预算|合同额?|金额|货款)[^0-9,;。、\\n]{0,3}\\Z")
_ROUND = re.compile("(?<![0-9零一二两三四五六七八九十百千半几])([百千万])把")  # 万把块, 百把万


class Role(StrEnum):
    """What an amount is: only the first group is what the customer may spend with us."""

    BUDGET = "budget"
    QUOTE = "quote"  # what we offered
    ASK = "ask"  # what the customer wants to pay
    DEAL = "deal"  # agreed, signed, paid
    STATED = "stated"  # said without a word that tells
    RIVAL = "rival"  # a competitor's price
    GAP = "gap"  # by how much something is dearer or cheaper
    PART = "part"  # a deposit, an instalment
    SIZE = "size"  # turnover, capital
    FORMER = "former"  # what it was before: 从80万砍到60万


_RANK = {Role.PART: 0.5, Role.ASK: 5, Role.DEAL: 5, Role.BUDGET: 4, Role.QUOTE: 3, Role.STATED: 1}


@dataclass(frozen=True, slots=True, kw_only=True)
class Money:
    """An amount and its place: `least` and `most` in yuan, None = open on that side."""

    start: int
    end: int
    least: int | None
    most: int | None
    role: Role


def find_amounts(text: str, *, sure_money: bool = False, rivals: Collection[str] = ()) -> list[Money]:
    """Every amount in a folded text, in order. `rivals` are names whose prices are not ours.

    A bare number is no amount, unless the text is `sure_money` and it is at least 10,000.
    """
    found = []
    text = _ROUND.sub(r"一\1", text.translate(_FORMAL)).replace("十好几", "十零几")
    for match in islice(_AMOUNT.finditer(text), _MOST_NUMBERS):
        if not (sure_money or match["u"] or match["ub"] or match["yuan"] or match["a"].isascii()):
            continue  # a numeral of everyday speech
        before = text[max(0, match.start() - 14) : match.start()]
        cued = sure_money or _CUE.search(before) is not None
        if _is_foreign(match, before) or not _is_money(match, before, cued=cued, sure_money=sure_money):
            continue
        value = _value(match, before)
        if value is not None:
            role = _role(text, match, rivals)
            if role is Role.STATED and not _SMALL_CHANGE <= (value[0] or _SMALL_CHANGE) < _A_MARKET:
                role = Role.SIZE
            found.append(
                Money(start=match.start(), end=match.end(), least=value[0], most=value[1], role=role)
            )
    return found


def chosen(amounts: Sequence[Money]) -> Money | None:
    """The one that tells what the business is worth: what is asked or agreed before a budget, a budget before
    a quote; the later of two alike, but the first of those that are only stated."""
    fit = [each for each in amounts if each.role in _RANK]
    best = max((_RANK[each.role] for each in fit), default=0)
    alike = [each for each in fit if _RANK[each.role] == best]
    return (alike[-1] if best > _RANK[Role.STATED] else alike[0]) if alike else None


def read_amount(text: str, *, sure_money: bool = False) -> tuple[int | None, int | None] | None:
    """The amount in a folded text as (least, most) in yuan, None = open on that side; None = no amount."""
    found = chosen(find_amounts(text, sure_money=sure_money))
    return (found.least, found.most) if found else None


_CLAUSE_END = re.compile("[,;。、!?\\n\0 ]")
_STOP = re.compile("[,;。!?]")
_ROLE_BEFORE = (
    (
        Role.SIZE,
        re.compile(
            "(?:营收|营业额|产值|产量|注册资本|资本|罚款|工资|月薪|年薪|规模|人数|销售额|利润|融资|市值|估值|投资额|每人|人均|扣了?我?|罚款?)[^0-9]{0,6}\\Z"
        ),
    ),
    (
        Role.PART,
        re.compile("(?:首付|首款|预付|定金|订金|尾款)[^0-9]{0,5}\\Z"),
    ),
    (Role.GAP, re.compile("(?:保证金|质保金|运费|差旅|税费|税金)[^0-9]{0,5}\\Z")),
    (
        Role.GAP,
        re.compile(
            "(?:(?<![不最至顶])[高贵多]出?|低|便宜|(?<![至不])少了?|[差省降涨减]了?|优惠了?|让利|差价|相差|再加|再让|追加|另加)(?:了|出|约|大概)?\\Z"
        ),
    ),
    (
        Role.ASK,
        re.compile(
            "(?:还价?到?|[降砍压谈减缩优惠让]+价?[到至成为]|能不能|可不可以|能否|只[肯能愿]?[出给付]|最多[给出]|要求|希望|心理价位?|想要|最多只?)[^0-9]{0,6}\\Z"
        ),
    ),
    (
        Role.DEAL,
        re.compile(
            "(?:合同|签约?|成交|总价|总额|金额|中标|订单|下单|回款|到账|付了|打款|已签)[^0-9]{0,6}\\Z"
        ),
    ),
    (Role.BUDGET, re.compile("(?:预算|費用|费用|budget)[^0-9]{0,8}\\Z", re.IGNORECASE)),
    (Role.QUOTE, re.compile("(?:报价?|报了|开价|价格|方案价|quote)[^0-9]{0,6}\\Z", re.IGNORECASE)),
)
_ROLE_AFTER = (
    (Role.GAP, re.compile(r" ?(?:的)?保证金")),
    (Role.GAP, re.compile(r" ?(?:的)?(?:差价|差距|优惠|便宜|折扣)")),
    (Role.PART, re.compile(r" ?(?:的)?(?:首付|定金|尾款|预付)")),
    (Role.SIZE, re.compile(r" ?(?:的)?(?:营收|产值|注册资本|年产值|规模的?企业)")),
    (
        Role.ASK,
        re.compile(r"(?:块钱?|元)?(?:就|以?内?能|可以|才)(?:干|签|做|定|买|要|上|拿|成|接受|考虑|行)"),
    ),
    (Role.DEAL, re.compile(r"[^,;。0-9]{0,3}(?:签|成交|拿下|中标|到账)")),
    (Role.BUDGET, re.compile(r" ?(?:的|左右)?(?:的)?预算")),
)


def _role(text: str, match: re.Match[str], rivals: Collection[str]) -> Role:
    head = text[max(0, match.start() - 20) : match.start()]
    for end in reversed(list(_CLAUSE_END.finditer(head))):
        clause = head[end.end() :]
        if clause.strip(" ¥￥:"):
            head = clause
            break
    if _STOP.search(head) and "报" not in head:
        head = _STOP.split(head)[-1]  # 300人规模,8万以内: what was said before is of something else
    if any(name in head for name in (*rivals, "竞品", "对手", "友商", "别家", "同行")) and not re.search(
        "我们|我司|咱", head
    ):
        return Role.RIVAL
    if re.search("从[^0-9]{0,4}\\Z", head) and re.match("[^,;。]{0,6}[到至成]", text[match.end() :]):
        return Role.FORMER
    for role, pattern in _ROLE_BEFORE:
        if pattern.search(head):
            return role
    for role, pattern in _ROLE_AFTER:
        if pattern.match(text, match.end()):
            return role
    return Role.STATED


def _is_foreign(match: re.Match[str], before: str) -> bool:
    """Whether it is money of another country: taken for yuan it would be a lie."""
    behind = _FOREIGN_AFTER.match(match.string, match.start() + len(match[0].rstrip()))
    return behind is not None or _FOREIGN_BEFORE.search(before) is not None


def _is_money(match: re.Match[str], before: str, *, cued: bool, sure_money: bool) -> bool:
    if match["yuan"] or _SIGN.search(before):
        return True
    said = match["ub"] or match["u"] or ""
    unit = said.lower()
    if unit == "个":
        return _BUDGET_OF.search(before) is not None  # 预算五六十个: so many 万
    if not unit:
        plain = re.fullmatch(r"[0-9,]{5,}", match["a"]) is not None and not match["b"]
        return plain and (sure_money or _PRICED.search(before) is not None)
    if cued:
        return True
    if match["a"] in ("百", "千") and not match["v"] and before[-1:] not in ("上", "近"):
        return False  # 千万 is more often a word than a sum
    if _COUNTED.match(match.string, match.end()):
        return False
    # 5W电源 is a thing and 5w a sum, and so is 50w 想换ERP
    after = match.string[match.end() : match.end() + 2]
    return (
        unit not in "wkm千"
        or (said == "w" and match[0].endswith(" "))
        or not after[:1].isalnum()
        or after[:1] in "不含的吧就够做整"
        or after in ("左右", "上下", "预算", "的预", "报价", "以内")
    )


def _value(match: re.Match[str], before: str) -> tuple[int | None, int | None] | None:
    """The range in yuan, or None when nobody means so much, or nothing, as money."""
    unit = _UNITS[(match["u"] or match["ub"] or "").lower()]
    first = _number(match["a"])
    least, most = first[0] * unit, first[1] * unit
    if before.endswith("大") and match["a"].startswith("几"):
        least *= 5  # 大几十万: the upper half
    if match["b"]:
        most = _number(match["b"])[1] * _UNITS[(match["ub"] or match["u"] or "").lower()]
    elif match["tail"] and match["u"]:
        least = most = least + unit / 10 * _number(match["tail"])[0]
    elif match["v"] in ("多", "余") or match["v2"]:
        most += _step(first[0]) * unit
    low, high = round(min(least, most)), round(max(least, most))
    if not 0 < high < _HIGHEST:
        return None
    if _AT_MOST.search(before) or match["post"] in ("以内", "以下", "之内", "封顶", "顶天", "不到"):
        return None, high
    return low, None if _AT_LEAST.search(before) or match["post"] else high


def _step(number: float) -> int:
    """The place in which a round number goes on: 五十多 goes to 60, 一百多 to 110, 五万多 to 6."""
    step = 1
    while number and number % (step * 10) == 0 and step * 10 <= max(10, number / 10):
        step *= 10
    return step


def _number(text: str) -> tuple[float, float]:
    """A numeral as (least, most): 三十二 is (32, 32), 三五十 (30, 50), 几十 (10, 100), 十几 (10, 20)."""
    if "几" in text and text[0].isascii():  # 40几万
        return float(text[:-1]), float(text[:-1]) + 10
    if text[0].isascii():
        value = float(text.replace(",", ""))
        return value, value
    if "几" in text:
        at = text.index("几")
        before, after = _plain(text[:at]), _TENS.get(text[at + 1 : at + 2], 1)
        return before or after, before + after * 10
    pair = re.fullmatch("(.*[十百])?([一二两三四五六七八九])([一二两三四五六七八九])([十百千]?)", text)
    if pair:
        scale, base = _TENS.get(pair[4], 1), _plain(pair[1] or "")
        return base + _DIGITS[pair[2]] * scale, base + _DIGITS[pair[3]] * scale
    return _plain(text), _plain(text)


def _plain(text: str) -> float:
    """A Chinese numeral below ten thousand: 一百二十 is 120, 两百五 is 250, 半 a half."""
    total, digit, last = 0, 0, 1
    for char in text:
        if char in _TENS:
            last = _TENS[char]
            total += (digit or 1) * last
            digit = 0
        else:
            digit, last = _DIGITS[char], last if digit or char not in "零〇" else 1
    total += digit * (last // 10 if last > 10 and text[-1] not in "十百千" else 1)
    return total + (0.5 if "半" in text else 0)
