"""Text that people typed, made harmless for DingTalk's markdown: no mention, link, picture, tag or format of
theirs comes through. What is done with signs is done for every text, so no caller has to remember it."""

import re

LONGEST = 12_000
"""Bytes of a plain message; with its envelope the platform takes 15,000."""
_SIGNS = str.maketrans(
    {
        "*": "＊", "`": "｀", "#": "＃", "[": "［", "]": "］", "<": "＜", ">": "＞", "|": "｜", "~": "～",
        "\\": "＼", "&": "＆", "$": "＄", "{": "｛", "}": "｝", "!": "！", "\r": " ", "\n": " ", "\t": " ",
    }
)  # fmt: skip
_CODES = str.maketrans({"[": "［", "]": "］", "<": "＜", ">": "＞"})
# An underscore or an at sign between letters is a name's or an address's own, and is no markup there.
_LOOSE = re.compile(r"(?<![A-Za-z0-9])[_@]|[_@](?![A-Za-z0-9])", re.ASCII)
_WIDE = {"_": "＿", "@": "＠"}
_LINK = re.compile(r"(?i)\b(www)\.|:(?=//)|\b(dtmd|dingtalk|javascript|data|tel|mailto|sms):")
_BULLET = re.compile(r"^\s*([-+=]|\d{1,9}[.)](?=\s|$))")
_WIDE_BULLETS = str.maketrans({"-": "－", "+": "＋", "=": "＝", ".": "．", ")": "）"})


def plain(text: str) -> str:
    """One line in which markdown sees words alone."""
    found = text.translate(_SIGNS)
    found = _LOOSE.sub(lambda at: _WIDE[at.group()], found)
    found = _LINK.sub(lambda at: at.group().replace(":", "：").replace(".", "．"), found)
    found = _BULLET.sub(lambda at: at.group().translate(_WIDE_BULLETS), found)
    return " ".join(found.split(" ")).strip()


def spoken(text: str) -> str:
    """A plain message, in its lines: no link, mention or emoticon is made of what stands in it."""
    found = text.translate(_CODES)
    found = _LOOSE.sub(lambda at: _WIDE[at.group()] if at.group() == "@" else "_", found)
    found = _LINK.sub(lambda at: at.group().replace(":", "：").replace(".", "．"), found)
    return cut(found, LONGEST)


def cut(text: str, most: int) -> str:
    """At most `most` bytes of UTF-8, an ellipsis in place of what is cut, never through a character."""
    raw = text.encode()
    if len(raw) <= most:
        return text
    return raw[: most - 3].decode(errors="ignore") + "…"
