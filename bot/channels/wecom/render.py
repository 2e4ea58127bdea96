"""A card as a WeCom template card; limits of
https://developer.work.weixin.qq.com/document/path/90236, counted in characters and in bytes as it says.

What people wrote is text and nothing else: no link, no mention, no markup comes of it.
"""

import re
from collections.abc import Mapping, Sequence
from hashlib import sha256
from itertools import groupby
from typing import Any

from bot.cards.actions import Choose, pack
from bot.cards.model import Button, Card, CardState, Field, Option, Select, Style
from bot.words import say

Json = dict[str, Any]

TITLE, DESC, SUBTITLE, SOURCE = 36, 160, 160, 20
KEYNAME, VALUE, FIELDS = 5, 30, 6
BUTTON, BUTTONS, KEY_BYTES = 10, 6, 1024
OPTION, OPTIONS, OPTION_BYTES, SELECTS = 16, 10, 128, 3
TEXT_BYTES, URL_BYTES, TASK_BYTES = 2048, 2048, 128
SUBMIT, CHOICE, NOTHING = "do", "verb", "-"
"""The key of a card's only button, the question under which its choice stands, the option that is none."""

_STYLES: Mapping[Style, int] = {Style.PRIMARY: 1, Style.DEFAULT: 2, Style.DANGER: 3}
_COLOURS: Mapping[CardState, int] = {CardState.LIVE: 1, CardState.DONE: 3, CardState.DEAD: 0}


def task_id(key: str) -> str:
    """The id of a message's card: letters and digits, at most 128 bytes, the same for the same key."""
    return f"lb-{sha256(key.encode('utf-8', 'surrogatepass')).hexdigest()[:40]}"


def template_card(card: Card, *, task: str, link: str, heading: str = "") -> Json:
    """The card as JSON. `link` is opened by a tap on it; `heading` stands above, such as "the latest"."""
    if not _callbacks(card):
        return _notice(card, link=link, lang=card.lang, heading=heading)
    if len(card.selects) > 1:
        return _several(card, task=task, lang=card.lang, heading=heading)
    return _interaction(card, task=task, link=link, lang=card.lang, heading=heading)


def _callbacks(card: Card) -> list[Button]:
    return [button for button in card.buttons if button.url is None]


def _source(card: Card, lang: str, heading: str) -> Json:
    return {"desc": cut(heading or say(lang, "wire.source"), SOURCE), "desc_color": _COLOURS[card.state]}


def _notice(card: Card, *, link: str, lang: str, heading: str) -> Json:
    """Nothing to press: a notice that opens the lead's page."""
    found: Json = {
        "card_type": "text_notice",
        "source": _source(card, lang, heading),
        "main_title": {"title": needed(card.title, TITLE)},
        "sub_title_text": _subtitle(card),
        "horizontal_content_list": _fields(card.fields),
        "card_action": {"type": 1, "url": _url(link)},
    }
    jumps = [
        {"type": 1, "title": needed(button.text, 18), "url": _url(button.url)}
        for button in card.buttons[:3]
        if button.url
    ]
    return _filled(found | {"jump_list": jumps})


def _interaction(card: Card, *, task: str, link: str, lang: str, heading: str) -> Json:
    found: Json = {
        "card_type": "button_interaction",
        "source": _source(card, lang, heading),
        "main_title": {"title": needed(card.title, TITLE)},
        "sub_title_text": _subtitle(card),
        "horizontal_content_list": _fields(card.fields),
        "card_action": {"type": 1, "url": _url(link)},
        "task_id": task,
    }
    buttons = [_button(button) for button in card.buttons]
    if card.selects:
        select, pages = card.selects[0], _pages(card.selects[0])
        page = card.page % len(pages)
        label = f"{select.label} {page + 1}/{len(pages)}" if len(pages) > 1 else select.label
        found["button_selection"] = _question(select, pages[page], label, lang)
        if len(pages) > 1 and card.lead:
            flip = Choose(what="page", lead=card.lead, option=(page + 1) % len(pages))
            text = say(lang, "wire.more", page=(page + 1) % len(pages) + 1, pages=len(pages))
            buttons.append({"text": cut(text, BUTTON), "style": 2, "key": pack(flip)})
    found["button_list"] = buttons[:BUTTONS]
    return _filled(found)


def _several(card: Card, *, task: str, lang: str, heading: str) -> Json:
    """Two questions and several verbs: three questions and one button, the first asks what to do."""
    verbs = Select(
        key=CHOICE,
        label=say(lang, "wire.verb"),
        options=tuple(Option(id=pack(each.action), text=each.text) for each in _callbacks(card)),
    )
    selects = [_question(each, each.options, each.label, lang) for each in (verbs, *card.selects)]
    return _filled(
        {
            "card_type": "multiple_interaction",
            "source": {"desc": _source(card, lang, heading)["desc"]},
            "main_title": {
                "title": needed(card.title, TITLE),
                "desc": _evenly([*card.lines, *([card.note] if card.note else [])], DESC),
            },
            "task_id": task,
            "select_list": selects[:SELECTS],
            "submit_button": {"text": cut(say(lang, "wire.submit"), BUTTON), "key": SUBMIT},
        }
    )


def _subtitle(card: Card) -> str:
    """The lines, the fields whose label the platform has no room for, and the note, as far as they go."""
    wide = [f"{field.label} {field.value}" for field in card.fields if len(field.label) > KEYNAME]
    note = plain(card.note)
    room = SUBTITLE - len(note) - 1 if note else SUBTITLE  # a long need must not push the note out
    text = cut(plain("\n".join((*card.lines, *wide))), room)
    return cut("\n".join(each for each in (text, note) if each), SUBTITLE)


def _evenly(lines: Sequence[str], most: int) -> str:
    """The lines in so many characters: where they are too long the longest are cut, so that none is left out;
    what a short one does not need is the others'."""
    text = plain("\n".join(lines))
    if len(text) <= most or not lines:
        return text
    room, left = most + 1, len(lines)
    for length in sorted(len(plain(line)) for line in lines):
        if length >= room // left:
            break
        room, left = room - length - 1, left - 1
    share = max(2, room // left - 1)
    return cut("\n".join(cut(plain(line), share) for line in lines), most)


def _fields(fields: Sequence[Field]) -> list[Json]:
    rows: list[Json] = []
    for field in fields:
        if len(field.label) > KEYNAME or not field.label:
            continue
        row: Json = {"keyname": plain(field.label), "value": cut(plain(field.value), VALUE)}
        if field.href and field.href.startswith(("https://", "http://")):
            row |= {"type": 1, "url": _url(field.href)}
        rows.append(row)
    return rows[:FIELDS]


def _button(button: Button) -> Json:
    text, style = needed(button.text, BUTTON), _STYLES[button.style]
    if button.url is not None:
        return {"type": 1, "text": text, "style": style, "url": _url(button.url)}
    return {"text": text, "style": style, "key": pack(button.action)}


# -- choices --------------------------------------------------------------------------------------------


def _question(select: Select, options: Sequence[Option], label: str, lang: str) -> Json:
    """A drop-down. The platform chooses the first option by itself, so where nothing is chosen yet the first
    one says so."""
    shown = [option for option in options if len(option.id.encode("utf-8")) <= OPTION_BYTES]
    known = [option.id for option in shown]
    first: list[Json] = []
    selected = select.selected if select.selected in known else ""
    if not selected and select.key != CHOICE:
        first, selected = [{"id": NOTHING, "text": cut(say(lang, "wire.choose"), OPTION)}], NOTHING
    listed = [{"id": option.id, "text": _option_text(option)} for option in shown]
    return {
        "question_key": select.key,
        "title": cut(plain(label), 13),
        "option_list": (first + listed)[:OPTIONS],
        "selected_id": selected or known[0],
    }


def _option_text(option: Option) -> str:
    """With its group before it, where both fit: there are no headings in a drop-down."""
    grouped = f"{option.group}·{option.text}" if option.group else option.text
    return needed(grouped if len(grouped) <= OPTION else option.text, OPTION)


def _pages(select: Select) -> list[list[Option]]:
    """The options in pages of what one drop-down holds; a group is kept whole where it fits."""
    room = OPTIONS if select.selected and len(select.options) <= OPTIONS else OPTIONS - 1
    pages: list[list[Option]] = [[]]
    for _, members in groupby(select.options, key=lambda option: option.group):
        group = list(members)
        if len(pages[-1]) + len(group) > room and len(group) <= room and pages[-1]:
            pages.append([])
        for option in group:
            if len(pages[-1]) == room:
                pages.append([])
            pages[-1].append(option)
    return pages


# -- texts ----------------------------------------------------------------------------------------------

_SCHEME = re.compile(r"://")
_HOST = re.compile(r"\bwww\.", re.IGNORECASE)
_EVERYBODY = re.compile(r"@(?=all\b|\u6240\u6709\u4eba|here\b)", re.IGNORECASE)
_TOKEN = re.compile(r"\$(?=departmentName|userName|userAlias)", re.IGNORECASE)
_WIDE = str.maketrans({"<": "＜", ">": "＞", "`": "｀"})


def plain(text: str) -> str:
    """Somebody's words so that a client shows them as words: tags, mentions, name tokens and addresses that
    it would make into something else are broken by a full-width sign."""
    text = text.translate(_WIDE)
    text = _SCHEME.sub("：//", text)
    text = _HOST.sub(lambda found: f"{found[0][:3]}．", text)
    text = _EVERYBODY.sub("＠", text)
    return _TOKEN.sub("＄", text)


def needed(text: str, most: int) -> str:
    """Words where the platform wants some: a dot where there are none."""
    return cut(plain(text), most) or "·"


def cut(text: str, most: int) -> str:
    """At most `most` characters, an ellipsis in place of what is cut."""
    if len(text) <= most:
        return text
    return text[: most - 1].rstrip("\u200d\ufe0f") + "…"


def cut_bytes(text: str, most: int) -> str:
    """At most `most` bytes of UTF-8, never through a character, an ellipsis in place of what is cut."""
    data = text.encode("utf-8", "replace")
    if len(data) <= most:
        return data.decode("utf-8")
    return data[: most - 3].decode("utf-8", "ignore") + "…"


def parts(text: str, most: int = TEXT_BYTES, count: int = 4) -> list[str]:
    """A long text as a few messages, divided at line ends where it can be; what is over is cut."""
    found: list[str] = []
    rest = plain(text)
    while rest and len(found) < count - 1 and len(rest.encode("utf-8", "replace")) > most:
        head = rest.encode("utf-8", "replace")[:most].decode("utf-8", "ignore")
        at = head.rfind("\n") if "\n" in head[1:] else len(head)
        found.append(head[:at])
        rest = rest[at:].lstrip("\n")
    return [*found, cut_bytes(rest, most)] if rest else found


def _url(url: str | None) -> str:
    """An address of ours, never somebody's words; one over the limit is left out by the caller's own."""
    found = url or ""
    return found if len(found.encode("utf-8")) <= URL_BYTES else ""


def _filled(card: Json) -> Json:
    """Without the parts that are empty."""
    return {name: value for name, value in card.items() if value not in ("", [], None)}
