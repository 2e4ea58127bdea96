"""The messages and events of WeCom as typed values; see
https://developer.work.weixin.qq.com/document/path/90239 (messages) and 90240 (events).

Only what a signature has vouched for comes here, and still no document type, no repeated field and nothing
that is nested deeper than a card's choices is taken.
"""

import contextlib
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from hashlib import sha256
from xml.etree.ElementTree import Element, ParseError, XMLParser
from xml.parsers import expat

from bot.channels.wecom.crypto import Rejected

YEAR_3000 = 32503680000
# One field as the platform writes it, name and words, or all the rest. What XML says of signs beyond these
# (line ends made alike, entities, signs that may not be) is the parser's to say: they match nothing here.
_SIGNS = r"\x00-\x08\x0b-\x1f\ufffe\uffff"
_FIELD = re.compile(
    rf"""
    <([A-Za-z]{{1,40}})>
    (?:<!\[CDATA\[)?+
    ( (?<= <!\[CDATA\[) (?: [^\]{_SIGNS}]+ | \](?!\]>) )*+ (?= \]\]>)
    | (?<!    \[CDATA\[) [^<>&\]{_SIGNS}]*+ (?= <) )
    (?:\]\]>)?
    </\1>
    | [\s\S]++
    """,
    re.VERBOSE,
)
_DECIMAL = re.compile(r"-?[0-9]{1,3}(\.[0-9]{1,20})?", re.ASCII)
Fields = Mapping[str, str]
Common = tuple[str, datetime, str, int | None]


@dataclass(slots=True)
class Inbound:
    """What every message and event has. `key` is the same for a retry; `sender` is a user id, or `sys`.

    Nobody changes one; not frozen, for to make a frozen one is a fifteenth of reading a callback.
    """

    sender: str
    at: datetime
    key: str
    agent: int | None


@dataclass(slots=True)
class Text(Inbound):
    content: str


@dataclass(slots=True)
class Media(Inbound):
    """A picture, a voice, a video or a file: `media_id` opens it for three days."""

    kind: str
    media_id: str
    name: str = ""


@dataclass(slots=True)
class Place(Inbound):
    """A place sent as a message, in degrees."""

    lat: float
    lng: float
    label: str


@dataclass(slots=True)
class Link(Inbound):
    title: str
    description: str
    url: str


@dataclass(slots=True)
class Membership(Inbound):
    """A member came into the app's range, or left it or the company."""

    joined: bool


@dataclass(slots=True)
class Entered(Inbound):
    """Somebody opened the app."""


@dataclass(slots=True)
class Position(Inbound):
    """Where somebody is who let the app know, on opening it."""

    lat: float
    lng: float


@dataclass(slots=True)
class MenuClick(Inbound):
    menu: str


@dataclass(slots=True)
class Passing(Inbound):
    """An event that asks for nothing: a page opened, a code scanned, pictures announced."""

    event: str
    about: str


@dataclass(slots=True)
class CardClick(Inbound):
    """A button of a card, or an entry of its menu (`from_menu`). `code` permits one update of that card."""

    button: str
    task_id: str
    card_type: str
    code: str
    selected: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    from_menu: bool = False


@dataclass(slots=True)
class Alert(Inbound):
    """The platform warns the operator: the app is little used and will be cut off, or was, or is back."""

    event: str


@dataclass(slots=True)
class ContactChange(Inbound):
    """A change in the company's directory."""

    change: str
    user: str
    new_user: str


@dataclass(slots=True)
class CustomerChange(Inbound):
    """A customer was added by a member, or went. `state` is what the scanned code carries."""

    change: str
    user: str
    customer: str
    state: str
    welcome_code: str


@dataclass(slots=True)
class Unknown(Inbound):
    """A type that this release does not know: answered, counted, and left."""

    kind: str


def read(message: bytes, *, corp_id: str) -> Inbound:
    """The typed value of a decrypted message. Raises Rejected."""
    fields, picked = _flat(message)
    if fields.get("ToUserName") != corp_id:
        raise Rejected("corp")
    try:
        kind = fields["MsgType"]
        if kind == "event":
            return _event(fields, picked)
        reader = _MESSAGES.get(kind)
        if reader is None:
            return Unknown(*_common(fields, _message_key(fields)), kind=kind[:40])
        return reader(fields)
    except KeyError:
        raise Rejected("field") from None


def _flat(message: bytes) -> tuple[dict[str, str], dict[str, tuple[str, ...]]]:
    """The message's fields, those one level down by their path, such as `ScanCodeInfo/ScanResult`; and what
    was chosen on a card, by the question's key."""
    plain = _plain(message)
    if plain is not None:
        return plain, {}
    tree = _tree(message)
    fields = {child.tag: child.text or "" for child in tree}
    if len(fields) != len(tree):
        raise Rejected("twice")
    picked: dict[str, tuple[str, ...]] = {}
    if any(map(len, tree)):
        for child in tree:
            if child.tag == "SelectedItems":
                picked = _picked(child)
            else:
                fields |= {f"{child.tag}/{below.tag}": below.text or "" for below in child}
    return fields, picked


def _plain(message: bytes) -> dict[str, str] | None:
    """The fields of a message that is one run of plain fields, as nearly all are, for a third of what a
    parser costs; None where only a parser can say what, or whether anything, is meant."""
    if not (message.startswith(b"<xml>") and message.endswith(b"</xml>")):
        return None
    try:
        found = _FIELD.findall(message[5:-6].decode())
    except UnicodeDecodeError:
        return None
    fields: dict[str, str] = dict(found)
    return fields if len(fields) == len(found) and "" not in fields else None


def _picked(items: Element) -> dict[str, tuple[str, ...]]:
    return {
        item.findtext("QuestionKey") or "": tuple(
            each.text or "" for each in item.iterfind("OptionIds/OptionId")
        )
        for item in items.iterfind("SelectedItem")
    }


def _tree(message: bytes) -> Element:
    """The parsed message. A document type is never there, and would be the way to a bomb of entities; the
    words of one may stand in what somebody typed, so only then is looked twice."""
    parser = XMLParser(encoding="utf-8")  # noqa: S314  see above; sizes are bounded
    if b"<!DOCTYPE" in message:
        _refuse_doctype(message)
    try:
        parser.feed(message)
        return parser.close()
    except ParseError:
        raise Rejected("xml") from None


def _refuse_doctype(message: bytes) -> None:
    parser = expat.ParserCreate("utf-8")
    parser.StartDoctypeDeclHandler = _no_doctype
    with contextlib.suppress(expat.ExpatError):
        parser.Parse(message, True)


def _no_doctype(*_: object) -> None:
    raise Rejected("doctype")


def _need(fields: Fields, name: str) -> str:
    found = fields.get(name, "")
    if not found:
        raise Rejected("field")
    return found


def _whole(text: str) -> int:
    if not (text.isascii() and text.isdigit() and len(text) < 20):
        raise Rejected("number")
    return int(text)


def _degrees(text: str, most: float) -> float:
    if not _DECIMAL.fullmatch(text) or abs(float(text)) > most:
        raise Rejected("number")
    return float(text)


def _common(fields: Fields, key: str) -> Common:
    """What every Inbound begins with."""
    created, sender, agent = _whole(fields["CreateTime"]), fields["FromUserName"], fields.get("AgentID")
    if created > YEAR_3000 or not sender:
        raise Rejected("field")
    return sender, datetime.fromtimestamp(created, UTC), key, _whole(agent) if agent else None


def _message_key(fields: Fields) -> str:
    """By MsgId, as the platform asks; https://developer.work.weixin.qq.com/document/path/90238."""
    number = fields["MsgId"]
    if not number:
        raise Rejected("field")
    return f"wecom:m:{number[:64]}"


def _event_key(fields: Fields, picked: Mapping[str, tuple[str, ...]]) -> str:
    """Events have no id. The platform says FromUserName and CreateTime, a second wide; two clicks of one
    person in one second are told apart by the rest."""
    get = fields.get
    parts = [
        get("FromUserName", ""), get("CreateTime", ""), get("Event", ""), get("EventKey", ""),
        get("TaskId", ""), get("ChangeType", ""), get("ExternalUserID", ""), get("UserID", ""),
        *(f"{question}={','.join(ids)}" for question, ids in sorted(picked.items())),
    ]  # fmt: skip
    told = "\x1f".join(parts).lower().encode("utf-8", "surrogatepass")
    return f"wecom:e:{sha256(told).hexdigest()[:32]}"


def _text(fields: Fields) -> Inbound:
    return Text(*_common(fields, _message_key(fields)), fields.get("Content", ""))


def _media(fields: Fields) -> Inbound:
    common = _common(fields, _message_key(fields))
    return Media(
        *common,
        kind=fields["MsgType"],
        media_id=_need(fields, "MediaId"),
        name=fields.get("FileName") or fields.get("Title") or "",
    )


def _place(fields: Fields) -> Inbound:
    return Place(
        *_common(fields, _message_key(fields)),
        lat=_degrees(_need(fields, "Location_X"), 90),
        lng=_degrees(_need(fields, "Location_Y"), 180),
        label=fields.get("Label", ""),
    )


def _link(fields: Fields) -> Inbound:
    return Link(
        *_common(fields, _message_key(fields)),
        title=fields.get("Title", ""),
        description=fields.get("Description", ""),
        url=fields.get("Url", ""),
    )


_MESSAGES: Mapping[str, Callable[[Fields], Inbound]] = {
    "text": _text,
    "image": _media,
    "voice": _media,
    "video": _media,
    "file": _media,
    "location": _place,
    "link": _link,
}
_PASSING = frozenset(
    {
        "view", "view_miniprogram", "scancode_push", "scancode_waitmsg", "pic_sysphoto", "pic_photo_or_album",
        "pic_weixin", "batch_job_result", "open_approval_change", "share_agent_change", "share_chain_change",
        "switch_workbench_mode",
    }
)  # fmt: skip
_ALERTS = frozenset(
    {
        "inactive_alert", "close_inactive_agent", "reopen_inactive_agent", "low_active_alert", "low_active",
        "active_restored",
    }
)  # fmt: skip


def _event(fields: Fields, picked: Mapping[str, tuple[str, ...]]) -> Inbound:
    event = _need(fields, "Event")
    common = _common(fields, _event_key(fields, picked))
    if event in ("template_card_event", "template_card_menu_event"):
        return _card_click(fields, picked, event, common)
    reader = _EVENTS.get(event)
    if reader is not None:
        return reader(fields, common)
    if event in _ALERTS:
        return Alert(*common, event=event)
    if event in _PASSING:
        return Passing(*common, event=event, about=fields.get("EventKey", ""))
    return Unknown(*common, kind=event[:40])


def _card_click(fields: Fields, picked: Mapping[str, tuple[str, ...]], event: str, common: Common) -> Inbound:
    return CardClick(
        *common,
        button=_need(fields, "EventKey"),
        task_id=_need(fields, "TaskId"),
        card_type=fields.get("CardType", ""),
        code=fields.get("ResponseCode", ""),
        selected=picked,
        from_menu=event == "template_card_menu_event",
    )


def _picked_place(fields: Fields, common: Common) -> Inbound:
    where = "SendLocationInfo/"
    return Place(
        *common,
        lat=_degrees(_need(fields, f"{where}Location_X"), 90),
        lng=_degrees(_need(fields, f"{where}Location_Y"), 180),
        label=fields.get(f"{where}Label") or fields.get(f"{where}Poiname") or "",
    )


_EVENTS: Mapping[str, Callable[[Fields, Common], Inbound]] = {
    "subscribe": lambda fields, common: Membership(*common, joined=True),
    "unsubscribe": lambda fields, common: Membership(*common, joined=False),
    "enter_agent": lambda fields, common: Entered(*common),
    "LOCATION": lambda fields, common: Position(
        *common, lat=_degrees(_need(fields, "Latitude"), 90), lng=_degrees(_need(fields, "Longitude"), 180)
    ),
    "click": lambda fields, common: MenuClick(*common, menu=_need(fields, "EventKey")),
    "location_select": _picked_place,
    "change_contact": lambda fields, common: ContactChange(
        *common,
        change=_need(fields, "ChangeType"),
        user=fields.get("UserID", ""),
        new_user=fields.get("NewUserID", ""),
    ),
    "change_external_contact": lambda fields, common: CustomerChange(
        *common,
        change=_need(fields, "ChangeType"),
        user=fields.get("UserID", ""),
        customer=fields.get("ExternalUserID", ""),
        state=fields.get("State", ""),
        welcome_code=fields.get("WelcomeCode", ""),
    ),
}
