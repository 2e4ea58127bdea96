"""What must never be seen, wherever a text is shown; a place to show joins `RENDERERS` with its channel."""

import json
import re
from collections.abc import Callable, Iterator
from typing import Any
from urllib.parse import urlsplit

from bot.cards import model
from bot.cards.actions import unpack

# Controls but for the line break, direction marks, what has no width, line separators, lone surrogates, non-characters.
UNSEEN = re.compile(
    "[\x00-\x09\x0b-\x1f\x7f-\x9f\u061c\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb\ud800-\udfff]"
)
EVALUATED = (
    "9359935991"  # 1337133713 * 7: a template was run; ten digits, for ids and times are in answers too
)
PLAIN_FACT = re.compile(r"[\w.:@+/ &()-]{0,80}")
SCHEMES = {"http", "https", "tel", "mailto"}

Rendered = Callable[[str], Iterator[str]]
RENDERERS: dict[str, tuple[Callable[[str], str], Rendered]] = {}
"""Name -> (how a channel writes a person's words into its own markup, what would be a leak there)."""


def unsafe(text: str) -> str:
    """Why a text must not be shown as it is; empty when it may."""
    if found := UNSEEN.search(text):
        return f"U+{ord(found[0]):04X}"
    return "a template was run" if EVALUATED in text else ""


def texts(value: Any) -> Iterator[str]:
    """Every text in a JSON value, keys too."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for key, each in value.items():
            yield key
            yield from texts(each)
    elif isinstance(value, list):
        for each in value:
            yield from texts(each)


def of_message(message: dict[str, Any]) -> Iterator[str]:
    """What is wrong with a message as a phone shows it."""
    for text in texts(message):
        if why := unsafe(text):
            yield f"{why} in {text[:80]!r}"
    if message.get("card"):
        yield from _of_card(message["card"])


def _of_card(card: dict[str, Any]) -> Iterator[str]:
    single = [
        (card["title"], model.TITLE),
        (card.get("note") or "", model.LINE),
        *((line, model.LINE) for line in card["lines"]),
        *((field["label"], model.LABEL) for field in card["fields"]),
        *((field["value"], model.VALUE) for field in card["fields"]),
        *((button["text"], model.BUTTON) for button in card["buttons"]),
    ]
    for text, limit in single:
        if "\n" in text or len(text) > limit:
            yield f"breaks its line or is over {limit}: {text[:80]!r}"
    if len(card["lines"]) > model.LINES or len(card["fields"]) > model.FIELDS:
        yield "more lines or fields than a card takes"
    for button in card["buttons"]:
        unpack(button["key"])
    for place in (*card["buttons"], *card["fields"]):
        address = place.get("url") or place.get("href")
        if address and urlsplit(address).scheme not in SCHEMES:
            yield f"leads to {address!r}"


def of_fact(kind: str, actor: str, data: str) -> Iterator[str]:
    """Facts hold ids, codes and times: nothing that anybody typed."""
    for text in (kind, actor, *texts(json.loads(data))):
        if not PLAIN_FACT.fullmatch(text):
            yield f"{kind}: {text[:80]!r}"
