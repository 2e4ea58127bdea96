"""What DingTalk pushes, as typed values: a message somebody wrote, a tap on a card, an event.

Shapes: open.dingtalk.com/document/development/robot-message-type, /receive-message, /event-callback-card.
Unknown keys are ignored; whatever is missing makes the push a `BadPush`, never another error.
"""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from bot.cards.actions import BadAction
from bot.channels.dingtalk.press import Press, read_press
from bot.inbound import Quote
from domain.contact import clean_text

LONGEST, LONGEST_NAME = 10_000, 200
_TYPED_TAP = re.compile(r"#(\S{1,400})\s*$")
_LEAD = re.compile(r"\bL\d{1,18}\b")


class BadPush(ValueError):
    """Not what the platform sends; says which part."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Attached:
    """A file of a message. `kind` is image, voice, video or file; `code` fetches it."""

    kind: str
    code: str
    name: str = ""
    seconds: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Session:
    """Where a conversation may be answered without a token, until `expires` (milliseconds)."""

    url: str
    expires: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """`account` is empty for an outsider, or before the app is published. `over_quota` = it came without its
    content, because the month's pushes are used up. `quote` is the message that it answers to."""

    id: str
    account: str
    name: str
    kind: str
    text: str
    group: bool = False
    session: Session | None = None
    attached: tuple[Attached, ...] = ()
    over_quota: bool = False
    quote: Quote | None = None

    @property
    def tap(self) -> Press | None:
        """The tap that a link of a card-less message sent as a text."""
        found = _TYPED_TAP.search(self.text)
        try:
            return read_press(found.group(1)) if found else None
        except ValueError:
            return None


@dataclass(frozen=True, slots=True, kw_only=True)
class Tapped:
    """Somebody pressed a button of a card. `press` is None for a button of no card of this release."""

    track: str
    account: str
    press: Press | None


def read_message(data: object) -> Message:
    """A bot message, of the Stream or of the HTTP callback: they are the same JSON."""
    found = _object(data, "message")
    kind = str(found.get("msgtype", ""))
    outsider = _differ(found.get("senderCorpId"), found.get("chatbotCorpId"))
    text, attached = _content(kind, found)
    return Message(
        id=_text(found, "msgId"),
        account="" if outsider else str(found.get("senderStaffId") or ""),
        name=clean_text(str(found.get("senderNick") or ""), LONGEST_NAME),
        kind={"audio": "voice", "picture": "image", "richText": "text"}.get(kind, kind),
        text=clean_text(text, LONGEST),
        group=str(found.get("conversationType")) == "2",
        session=_session(found),
        attached=attached,
        over_quota=bool(found.get("errorCode") or found.get("errCode")),
        quote=_quoted(found),
    )


def _differ(one: object, other: object) -> bool:
    return bool(one and other and one != other)


def _content(kind: str, found: Mapping[str, Any]) -> tuple[str, tuple[Attached, ...]]:
    if kind == "text":
        return str(_part(found, "text").get("content") or ""), ()
    content = _part(found, "content")
    code = str(content.get("downloadCode") or "")
    match kind:
        case "audio":
            heard = _attached("voice", code, seconds=_seconds(content.get("duration")))
            return str(content.get("recognition") or ""), heard
        case "picture":
            return "", _attached("image", code)
        case "video":
            return "", _attached("video", code)
        case "file":
            return "", _attached("file", code, str(content.get("fileName") or ""))
        case "richText":
            return _rich(content.get("richText"))
        case _:
            return "", ()


def _attached(kind: str, code: str, name: str = "", seconds: int | None = None) -> tuple[Attached, ...]:
    return (
        (Attached(kind=kind, code=code, name=clean_text(name, LONGEST_NAME), seconds=seconds),)
        if code
        else ()
    )


def _seconds(duration: object) -> int | None:
    """A voice's length: the documents show milliseconds as a number, one sample seconds as a text."""
    try:
        return int(duration) if isinstance(duration, str) else round(float(str(duration)) / 1000)
    except (ValueError, OverflowError):
        return None


def _rich(parts: object) -> tuple[str, tuple[Attached, ...]]:
    texts: list[str] = []
    attached: tuple[Attached, ...] = ()
    for part in parts if isinstance(parts, list) else ():
        if not isinstance(part, Mapping):
            continue
        if isinstance(text := part.get("text"), str):
            texts.append(text)
        attached += _attached("image", str(part.get("downloadCode") or ""))
    return "".join(texts), attached


def _session(found: Mapping[str, Any]) -> Session | None:
    url = found.get("sessionWebhook")
    try:
        expires = int(found.get("sessionWebhookExpiredTime") or 0)
    except (TypeError, ValueError, OverflowError):  # 1e999 is infinite
        return None
    return Session(url=url, expires=expires) if isinstance(url, str) and url else None


def _quoted(found: Mapping[str, Any]) -> Quote | None:
    """The message that was quoted. `repliedMsg` is seen in the wild and in no document, so its shape is not
    relied on: it is looked through for the one lead that it names, and for words."""
    text = found.get("text")
    replied = text.get("repliedMsg") if isinstance(text, Mapping) else None
    if not replied:
        return None
    named = set(_LEAD.findall(json.dumps(replied, ensure_ascii=False)[:LONGEST]))
    said = _part(replied, "content").get("text") if isinstance(replied, Mapping) else None
    return Quote(
        lead=named.pop() if len(named) == 1 else "",
        text=clean_text(said, LONGEST) if isinstance(said, str) else "",
    )


def read_tap(data: object) -> Tapped:
    """A card's callback. `content` is a JSON string; older pages call it `value`, and one puts `params`
    beside `cardPrivateData`."""
    found = _object(data, "callback")
    content = _loads(found.get("content") or found.get("value"))
    private = _part(content, "cardPrivateData")
    params = private.get("params") or content.get("params")
    ids = private.get("actionIds") or content.get("actionIds")
    names = [params.get("id")] if isinstance(params, Mapping) else []
    names += ids[:1] if isinstance(ids, list) else []
    return Tapped(track=_text(found, "outTrackId"), account=_text(found, "userId"), press=_first(names))


def _first(names: list[Any]) -> Press | None:
    for name in names:
        try:
            return read_press(str(name))
        except (BadAction, ValueError):
            continue
    return None


def _loads(value: object) -> Mapping[str, Any]:
    if isinstance(value, Mapping):
        return value
    try:
        found = json.loads(str(value or "{}"))
    except (ValueError, RecursionError):
        raise BadPush("content") from None
    return _object(found, "content")


def _object(value: object, what: str) -> Mapping[str, Any]:
    if not isinstance(value, Mapping):
        raise BadPush(what)
    return value


def _part(found: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    part = found.get(name)
    return part if isinstance(part, Mapping) else {}


def _text(found: Mapping[str, Any], name: str) -> str:
    value = found.get(name)
    if not isinstance(value, str) or not value or len(value) > 200:
        raise BadPush(name)
    return value
