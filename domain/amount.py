"""How much money a text speaks of, in yuan: 80万, 20-30万, 五十多万, 不超过150万, 8w5."""

import re

_DIGITS = {char: value for value, char in enumerate("零一二三四五六七八九")} | {"〇": 0, "两": 2, "半": 0}
_TENS = {"十": 10, "百": 100, "千": 1000}
_UNITS = {"亿": 10**8, "千万": 10**7, "百万": 10**6, "十万": 10**5, "万": 10**4, "萬": 10**4, "w": 10**4}
_UNITS |= {"千": 1000, "k": 1000, "m": 10**6, "million": 10**6, "": 1}
_HIGHEST = 10**13  # beyond this nobody means a budget

_NUMBER = (
    r"[0-9]{1,3}(?:,[0-9]{3}){1,4}|[0-9]{1,13}(?:\.[0-9]{1,4})?|[零〇一二两三四五六七八九十百千半几]{1,12}"
)
_UNIT = r"亿|[十百千]?[万萬]|千|(?:w|k|m|million)(?![a-z])"
_AMOUNT = re.compile(
    rf"(?<![0-9.])(?P<a>{_NUMBER})(?P<v>[来多余])?[ ]?(?P<u>{_UNIT})?(?P<v2>[多余])?"
    r"(?P<tail>[1-9五](?![0-9.]))?"
    rf"(?: ?(?:[-~到至]|to) ?(?P<b>{_NUMBER})[来多余]?[ ]?(?P<ub>{_UNIT})?)?"
    r" ?(?P<yuan>元|块|圆|人民币|rmb|cny|yuan)? ?(?P<post>以内|以下|之内|封顶|以上|起步|起|打底)?",
    re.IGNORECASE,
)
_SIGN = re.compile(r"(?:[¥￥]|rmb|cny) ?\Z", re.IGNORECASE)
_AT_LEAST = re.compile(r"(?:至少|起码|不低于|不少于|超过|大于|at least|over)[ ¥￥]{0,3}\Z", re.IGNORECASE)
_AT_MOST = re.compile(r"(?:不超过|不到|最多|不高于|低于|以内|under|up to)[ ¥￥]{0,3}\Z", re.IGNORECASE)
_CUE = re.compile(r"(?:预算|預算|金额|报价|合同|费用|价格|budget|amount)[^0-9,;。、\n]{0,6}\Z", re.IGNORECASE)
_OTHER_ROLE = re.compile(
    "(?:营收|营业额|产值|产量|注册资本|资本|首付|保证金|定金|罚款|工资|月薪|年薪|规模|人数|销售额|利润|融资|市值)"
    r"[^,;。\n]{0,6}\Z"
)
_COUNTED = re.compile(
    r" ?(?:[台人个件套吨条家次辆米㎡平亩户箱瓶只张份名伏瓦度]|用户|公里|users?|units?)", re.IGNORECASE
)


def read_amount(text: str, *, sure_money: bool = False) -> tuple[int | None, int | None] | None:
    """The amount in a folded text as (least, most) in yuan, None = open on that side; None = no amount.

    An amount that a budget word names goes before one that stands alone; turnover and the like are passed
    over. A bare number is no amount, unless the text is `sure_money` and it is at least 10,000.
    """
    best: tuple[int | None, int | None] | None = None
    for match in _AMOUNT.finditer(text):
        if not (sure_money or match["u"] or match["ub"] or match["yuan"] or match["a"].isascii()):
            continue  # a numeral of everyday speech
        before = text[max(0, match.start() - 14) : match.start()]
        cued = sure_money or _CUE.search(before) is not None
        if _OTHER_ROLE.search(before) or not _is_money(match, before, cued=cued, sure_money=sure_money):
            continue
        value = _value(match, before)
        if value is not None and cued:
            return value
        best = best or value
    return best


def _is_money(match: re.Match[str], before: str, *, cued: bool, sure_money: bool) -> bool:
    if match["yuan"] or _SIGN.search(before):
        return True
    unit = (match["ub"] or match["u"] or "").lower()
    if not unit:
        return sure_money and re.fullmatch(r"[0-9,]{5,}", match["a"]) is not None
    if cued:
        return True
    if match["a"] in ("百", "千"):
        return False  # 千万 is more often a word than a sum
    if _COUNTED.match(match.string, match.end()):
        return False
    # 5W电源 is a thing and 5w a sum
    return unit not in "wkm千" or not match.string[match.end() : match.end() + 1].isalnum()


def _value(match: re.Match[str], before: str) -> tuple[int | None, int | None] | None:
    """The range in yuan, or None when nobody means so much, or nothing, as money."""
    unit = _UNITS[(match["u"] or match["ub"] or "").lower()]
    first = _number(match["a"])
    least, most = first[0] * unit, first[1] * unit
    if match["b"]:
        most = _number(match["b"])[1] * _UNITS[(match["ub"] or match["u"] or "").lower()]
    elif match["tail"] and match["u"]:
        least = most = least + unit / 10 * _number(match["tail"])[0]
    elif match["v"] in ("多", "余") or match["v2"]:
        most += _step(first[0]) * unit
    low, high = round(min(least, most)), round(max(least, most))
    if not 0 < high < _HIGHEST:
        return None
    if _AT_MOST.search(before) or match["post"] in ("以内", "以下", "之内", "封顶"):
        return None, high
    return low, None if _AT_LEAST.search(before) or match["post"] else high


def _step(number: float) -> int:
    """The next place of a round number: 五十多 goes to 60, 一百多 to 200, 五万多 to 6."""
    step = 1
    while number and number % (step * 10) == 0:
        step *= 10
    return step


def _number(text: str) -> tuple[float, float]:
    """A numeral as (least, most): 三十二 is (32, 32), 三五十 (30, 50), 几十 (10, 100), 十几 (10, 20)."""
    if text[0].isascii():
        value = float(text.replace(",", ""))
        return value, value
    if "几" in text:
        at = text.index("几")
        before, after = _plain(text[:at]), _TENS.get(text[at + 1 : at + 2], 1)
        return before or after, before + after * 10
    pair = re.fullmatch("([一二两三四五六七八九])([一二三四五六七八九])([十百千]?)", text)
    if pair:
        scale = _TENS.get(pair[3], 1)
        return _DIGITS[pair[1]] * scale, _DIGITS[pair[2]] * scale
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
