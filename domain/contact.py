"""Phones, e-mails and WeChat names: one written form to compare, one to show, one that hides.

A phone is kept as `+` and digits (E.164), with `-801` behind it for an extension. All functions are total:
any text goes in, and what is no contact comes back as None.
"""

import re
import unicodedata
from collections.abc import Callable
from typing import NamedTuple

_WIDE = {0xFF00 + n: 0x20 + n for n in range(0x01, 0x5F)} | {0x3000: 0x20}
_WIDE_WORDS = {wide: plain for wide, plain in _WIDE.items() if chr(plain).isalnum() or plain == 0x20}
_WIDE_WORD = re.compile("[\u3000０-９Ａ-Ｚａ-ｚ]")
_DASHES = dict.fromkeys(map(ord, "‐‑‒–—―−"), 0x2D)
_FOLD = {**_WIDE, **_DASHES, ord("〜"): 0x7E, ord("﹣"): 0x2D}

_EMOJI = "©®‼⁉←-⯿〰〽㊗㊙️\U0001f000-\U0001faff"
_DROP = re.compile(
    "[\x00-\x09\x0b-\x1f\x7f-\x9f\xad\u034f\u061c\u115f\u1160\u180e\u200b\u200c\u200e\u200f\u202a-\u202e"
    "\u2060-\u206f\u2800\u3164\ufeff\uffa0\ufff9-\ufffb\ud800-\udfff\U000e0000-\U000e007f]"
    f"|(?<![{_EMOJI}])\u200d|\u200d(?![{_EMOJI}])"
)
# A sign may carry a few marks (Thai, Arabic, accents); hundreds of them run over the lines above and below.
MOST_MARKS = 4
_MARK = (
    "[\u0300-\u036f\u0483-\u0489\u0591-\u05bd\u0610-\u061a\u064b-\u065f\u0e31\u0e34-\u0e3a\u0e47-\u0e4e"
    "\u1ab0-\u1aff\u1dc0-\u1dff\u20d0-\u20ff\u3099\u309a\ufe00-\ufe0f\ufe20-\ufe2f]"
)
_FLOOD = re.compile(f"({_MARK}{{{MOST_MARKS}}}){_MARK}+")
# Tag letters can hide a text nobody sees; they are kept only where they make the flag of a country's part.
_FLAG = re.compile("(\U0001f3f4[\U000e0030-\U000e007a]{1,6}\U000e007f)")
_BREAKS = re.compile("\r\n?|[\u2028\u2029]")
# Whatever any step of the cleaning may change; a text with none of it is clean as it is.
_TOUCHED = re.compile(
    "[\x00-\x1f\x7f-\x9f\xad\u034f\u061c\u115f\u1160\u180e\u200b-\u200f\u2028-\u202e\u2060-\u206f\u2800\u3164"
    "\ufeff\uffa0\ufff9-\ufffb\ud800-\udfff\U000e0000-\U000e007f\u3000０-９Ａ-Ｚａ-ｚ]"
    f"|{_MARK}{{{MOST_MARKS + 1}}}"
)
_JOINED = re.compile(
    "[\u200d\u20e3\ufe00-\ufe0f\U0001f3fb-\U0001f3ff\U000e0020-\U000e007f\U000e0100-\U000e01ef]"
)

_EXTENSION = r"(?:\s?(?:-|转|轉|分机|分機|ext\.?|x|#)\s?(?P<ext>[0-9]{1,6}))?(?![0-9])"
_MOBILE = r"(?P<mobile>1[ .-]?[3-9](?:[ .-]?[0-9]){9})(?![0-9])"
_TOLL_FREE = r"(?P<free>[48]00(?:[ .-]?[0-9]){7})(?![0-9])"
_LANDLINE = (
    r"\(?(?:0|(?<=86[ -])|(?<=86)|(?<=86[ -]\())\)?(?P<area>10|2[0-9]|[3-9][0-9]{2})\)?[ .-]?"
    r"(?P<line>[2-9][0-9]{2,3}[ .-]?[0-9]{4})" + _EXTENSION
)
# No letter may stand in front, but for a label's: tel13812345678, M139…, T0571-….
_ALONE = r"(?:(?<![0-9A-Za-z.+])|(?<=tel)|(?<=mob)|(?<=cell)|(?<=phone)|(?<=(?<![A-Za-z])[mtp]))"
_CHINA = re.compile(rf"{_ALONE}(?:(?:\+|00)?86[ -]?)?(?:{_MOBILE}|{_TOLL_FREE}|{_LANDLINE})", re.IGNORECASE)
# 02-23456789, (04)2358-7716, 03-5782216#318, 0912-345-678, +886 2 2345 6789: shorter than the mainland's.
_TAIWAN = re.compile(
    rf"{_ALONE}(?:(?P<mobile>(?:(?:\+|00)886[ -]?0?|0)9[0-9]{{2}}[ -]?[0-9]{{3}}[ -]?[0-9]{{3}})(?![0-9])"
    r"|(?:(?:\+|00)886[ -]?\(?0?|\(?0)(?P<area>[2-8])(?:\) ?| ?- ?|(?<=886[2-8]) ?|(?<=886[ -][2-8]) ?)"
    rf"(?P<line>(?:[2-9][0-9]{{3}}|[2-9][0-9]{{2}})[ -]?[0-9]{{4}}){_EXTENSION})",
    re.IGNORECASE,
)
_ABROAD = re.compile(r"(?<![0-9A-Za-z.])(?:\+|00)(?!86|886)[1-9](?:[ .()-]{0,2}[0-9]){6,14}(?![0-9])")
_EMAIL = re.compile(
    r"(?<![A-Za-z0-9._%+-])[A-Za-z0-9_](?:[A-Za-z0-9_%+-]|\.(?!\.)){0,63}(?<!\.)@"
    r"(?:[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?\.){1,8}[A-Za-z]{2,24}(?![A-Za-z0-9-])"
)
_WECHAT_NAME = r"[A-Za-z][A-Za-z0-9_-]{5,19}"
_WECHAT = re.compile(
    rf"(?:微信号?|wechat|weixin|(?<![A-Za-z])[vw]x|v信|(?<![A-Za-z])v(?=:))(?:[ ]?id)?"
    rf"(?:[ ,:=]|换?了|改成|换成|新的|是){{0,4}}"
    rf"(?P<id>{_WECHAT_NAME}|[0-9]{{5,11}})"
    r"(?![A-Za-z0-9_@.-])",
    re.IGNORECASE,
)
_SAME_NUMBER = re.compile(
    r"\(?(?:(?:微信|wechat|[vw]x)(?: ?: ?)?(?:也是?|就是|同)(?:这个|手机|电话)?号?|(?:手机|电话)?同微信号?|"
    r"(?:tel|mob|mobile|phone|电话|手机)号?[/&、 ]{1,3}"
    r"(?:wechat|weixin|微信|wx|vx)号?[ :=]{0,3}(?=\0|1[3-9]))\)?",
    re.IGNORECASE,
)


class Found(NamedTuple):
    """A contact in a text: its place (characters, end excluded) and its normal form."""

    start: int
    end: int
    value: str


def fold(text: str) -> str:
    """The text with full-width signs, odd dashes and a mobile number spelt out as ASCII; every character
    keeps its place."""
    folded = text.translate(_FOLD)
    return _SPELT.sub(lambda match: match[0].translate(_SPELT_DIGITS), folded)


_SPELT = re.compile(
    "(?<![零〇一二三四五六七八九幺十])[一幺][三四五六七八九][零〇一二三四五六七八九幺]{9}(?![零〇一二三四五六七八九幺十百千万])"
)
_SPELT_DIGITS = str.maketrans("零〇一幺二三四五六七八九", "001123456789")


# What no reading takes for sure, but a mask must hide: a mobile number whose digits are signs and words mixed
# (138 一一一一 3333) or stand apart by more than one sign, one with a digit too few or too many, whose rest
# is soon guessed, and the number of a QQ account.
_ANY_DIGIT = str.maketrans("零〇一幺二三四五六七八九壹贰叁肆伍陆柒捌玖\n", "001123456789123456789 ")
_APART = "[ ._·-]{0,3}"
_LOOSE = re.compile(rf"(?<![0-9])1{_APART}[3-9](?:{_APART}[0-9]){{8,10}}(?![0-9]| ?(?:[万亿元块]|RMB))")
_QQ = re.compile(
    r"(?:(?<![A-Za-z])QQ|扣扣)(?:号码?|群号?)?[ :=是]{0,4}(?P<id>[1-9][0-9]{4,10})(?![0-9])", re.IGNORECASE
)
_MAYBE = re.compile(
    "[0-9@vwq０-９＠Ａ-Ｚａ-ｚ零〇一幺二三四五六七八九壹贰叁肆伍陆柒捌玖]|微信|扣扣", re.IGNORECASE
)
"""A text with none of these holds no contact."""


_SIGNS = r"!-~\u3001\u3002\u300a-\u300d\uff01\uff08\uff09\uff0c\uff1a\uff1b\uff1f\xb7\u2013\u2014\u2026"
_COMMON = rf"[{_SIGNS}\u4e00-\u9fff]+"
_COMMON_LINE = re.compile(f"{_COMMON}(?: {_COMMON})*")


def is_common_line(text: str) -> bool:
    """Whether it is one line of common signs with single spaces between: nothing in it needs cleaning."""
    return _COMMON_LINE.fullmatch(text) is not None


def clean_text(text: str, limit: int) -> str:
    """A person's words, safe to store and show: at most `limit` characters.

    The words stay as they were typed; only full-width letters and digits become plain. Gone are controls
    (but for the line break), direction marks, lone surrogates, blank fillers, what has no width outside an
    emoji, and marks beyond four on one sign.
    """
    if len(text) <= limit and not _TOUCHED.search(text):
        return text.strip()
    return _cleaned(text, limit)


def _cleaned(text: str, limit: int) -> str:
    lines = _BREAKS.sub("\n", text.replace("\t", " "))
    if _WIDE_WORD.search(lines):
        lines = lines.translate(_WIDE_WORDS)
    parts = _FLAG.split(lines)
    parts[::2] = [_DROP.sub("", part) for part in parts[::2]]
    return _cut(_FLOOD.sub(r"\1", "".join(parts)).strip(), limit).strip()


def _cut(text: str, limit: int) -> str:
    if len(text) <= limit:
        return text
    end = limit
    while end > 0 and _inside(text, end):
        end -= 1
    return text[: end or limit].rstrip("\u200d")


def _inside(text: str, at: int) -> bool:
    """Whether a cut before `text[at]` would break what a reader sees as one sign."""
    here, before = text[at], text[at - 1]
    if unicodedata.combining(here) or _JOINED.match(here) or before == "\u200d":
        return True
    if not (_regional(here) and _regional(before)):
        return False
    start = at
    while start > 0 and _regional(text[start - 1]):
        start -= 1
    return (at - start) % 2 == 1  # flags are pairs of regional letters


def _regional(char: str) -> bool:
    return "\U0001f1e6" <= char <= "\U0001f1ff"


def _digits(text: str) -> str:
    return re.sub("[^0-9]", "", text)


def _phone(match: re.Match[str]) -> str | None:
    if match["mobile"]:
        return "+86" + _digits(match["mobile"])
    if match["free"]:
        return "+86" + _digits(match["free"])
    line = _digits(match["line"])
    if len(match["area"]) == 2 and len(line) == 7:
        return None  # the big cities' numbers all have eight digits
    return f"+86{match['area']}{line}" + (f"-{match['ext']}" if match["ext"] else "")


def _taiwan(match: re.Match[str]) -> str | None:
    if match["mobile"]:
        return "+886" + _digits(match["mobile"])[-9:]
    line = _digits(match["line"])
    if len(line) != 8 and match["area"] == "2":
        return None  # Taipei's numbers all have eight digits
    return f"+886{match['area']}{line}" + (f"-{match['ext']}" if match["ext"] else "")


def _abroad(match: re.Match[str]) -> str | None:
    digits = _digits(match[0])
    digits = digits.removeprefix("00") if not match[0].startswith("+") else digits
    if digits.startswith("86"):  # written "+8 6…": China's numbers have a pattern of their own
        return None
    return f"+{digits}" if 7 <= len(digits) <= 15 else None


_NUMBERS = ((_ABROAD, _abroad), (_CHINA, _phone), (_TAIWAN, _taiwan))
"""With a country's code in front first: behind +49 stands no number of China's, whatever it looks like."""


def find_phones(text: str) -> list[Found]:
    """The phone numbers in a folded text, in order."""
    found: list[Found] = []
    for pattern, read in _NUMBERS:
        for m in pattern.finditer(text):
            value = read(m)
            if value and all(m.end() <= other.start or other.end <= m.start() for other in found):
                found.append(Found(m.start(), m.end(), value))
    return sorted(found)


def find_emails(text: str) -> list[Found]:
    """The e-mail addresses in a folded text, in order."""
    return [Found(m.start(), m.end(), m[0].lower()) for m in _EMAIL.finditer(text) if len(m[0]) <= 254]


def find_wechats(text: str, phone: str | None = None) -> list[Found]:
    """The WeChat names in a folded text; "the same number" names `phone`."""
    found = [Found(m.start(), m.end(), m["id"]) for m in _WECHAT.finditer(text)]
    if phone:
        found += [Found(m.start(), m.end(), show_phone(phone)) for m in _SAME_NUMBER.finditer(text)]
    return sorted(found)


def _short(text: str) -> str:
    """NFKC of a text short enough to be a contact; a longer one is none."""
    return fold(unicodedata.normalize("NFKC", text[:320])).strip() if len(text) <= 320 else ""


def normal_phone(text: str) -> str | None:
    """A phone number as `+8613812345678`, an extension as `-801` behind it; None when it is none."""
    plain = re.sub(r"\s+", " ", _short(text)).replace("(0)", "")
    for pattern, read in _NUMBERS:
        match = pattern.fullmatch(plain)
        if match:
            return read(match)
    return None


def _split(e164: str) -> tuple[str, str, str]:
    """A Chinese number as (area code with its 0, or "", number, extension)."""
    number, _, extension = e164.removeprefix("+86").partition("-")
    if len(number) == 11 and number[0] == "1":
        return "", number, extension
    width = 2 if number.startswith(("10", "2")) else 3
    return "0" + number[:width], number[width:], extension


def show_phone(e164: str) -> str:
    """The number as people write it: 13812345678, 021-58881234-801, 400-600-1234, 04-23587716, +1415…."""
    if e164.startswith("+886"):
        return "0" + e164[4:] if e164[4] == "9" else f"0{e164[4]}-{e164[5:]}"
    if not e164.startswith("+86"):
        return e164
    national = e164.removeprefix("+86")
    if national.startswith(("400", "800")):
        return f"{national[:3]}-{national[3:6]}-{national[6:]}"
    return "-".join(part for part in _split(e164) if part)


def mask_phone(e164: str) -> str:
    """The number with its heart hidden: 138****5678, 021-******34; of others the last two digits show."""
    area, number, _ = _split(e164) if e164.startswith("+86") else ("", e164, "")
    if e164.startswith("+861") and len(number) == 11:
        return f"{number[:3]}****{number[-4:]}"
    if area and not number.startswith("+") and not e164.startswith(("+86400", "+86800")):
        return f"{area}-{_stars(number)}"
    return _stars(_digits(e164.removeprefix("+86")))


def _stars(text: str) -> str:
    return "*" * max(len(text) - 2, 2) + (text[-2:] if len(text) > 2 else "")


def normal_email(text: str) -> str | None:
    """An address in lower case; None when it is none."""
    match = _EMAIL.fullmatch(_short(text))
    return match[0].lower() if match and len(match[0]) <= 254 else None


def mask_email(email: str) -> str:
    """The address with its first sign and its domain: z***@example.com."""
    local, _, domain = email.rpartition("@")
    return f"{local[:1]}***@{domain}"


def normal_wechat(text: str) -> str | None:
    """A WeChat name: six to twenty letters, digits, - and _ after a letter, or the number it is bound to."""
    plain = _short(text)
    match = _WECHAT.fullmatch(plain)
    if match:
        return match["id"]
    phone = normal_phone(plain)
    if phone:
        return show_phone(phone) if phone.startswith("+861") else None
    return plain if re.fullmatch(rf"{_WECHAT_NAME}|[1-9][0-9]{{4,10}}", plain) else None


def mask_wechat(wechat: str) -> str:
    """The name with its first two signs: zh****."""
    return f"{wechat[:2]}****"


def contact_keys(*, phone: str | None, email: str | None, wechat: str | None) -> tuple[str, ...]:
    """The keys by which two leads are the same person; the arguments are normal forms.

    An extension stays in the key: two people behind one switchboard are two.
    """
    keys = []
    if phone:
        keys.append(f"p:{phone}")
    if email:
        keys.append(f"e:{email.lower()}")
    if wechat:
        keys.append(f"w:{wechat.lower()}")
    return tuple(keys)


def without_contacts(text: str, shown: Callable[[str, str], str]) -> str:
    """The text with each contact as `shown(kind, value)`; a kind is `phone`, `nearly` (a phone
    with a digit too few or too many), `email`, `wechat` or `qq`."""
    if not _MAYBE.search(text):
        return text
    plain = fold(text).replace("\n", " ")
    loose = _LOOSE.finditer(plain.translate(_ANY_DIGIT))
    found = [(at.start, at.end, "phone", at.value) for at in find_phones(plain)]
    found += [(at.start, at.end, "email", at.value) for at in find_emails(plain)]
    found += [(at.end - len(at.value), at.end, "wechat", at.value) for at in find_wechats(plain)]
    found += [(m.start(), m.end(), *_guessed(_digits(m[0]))) for m in loose]
    found += [(m.start("id"), m.end(), "qq", m["id"]) for m in _QQ.finditer(plain)]
    pieces, done = [], 0
    for start, end, kind, value in sorted(found):
        if start >= done:
            pieces += [text[done:start], shown(kind, value)]
            done = end
    return "".join((*pieces, text[done:]))


def _guessed(digits: str) -> tuple[str, str]:
    return ("phone", f"+86{digits}") if len(digits) == 11 else ("nearly", digits)


_MASKS = {
    "phone": mask_phone,
    "nearly": lambda digits: f"{digits[:3]}****{digits[-2:]}",
    "email": mask_email,
    "wechat": mask_wechat,
    "qq": mask_wechat,
}


def hide_contacts(text: str) -> str:
    """The text with every phone number, e-mail address, WeChat name and QQ number in it masked."""
    return without_contacts(text, lambda kind, value: _MASKS[kind](value))
