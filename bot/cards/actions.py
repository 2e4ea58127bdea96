"""What a button stands for. `pack` writes it as the button's key, `unpack` reads a key back.

A key is `verb:id…`, ASCII, at most 64 bytes: the same one is WeCom's EventKey and DingTalk's action id. It
names the offer or the count of decisions that the card showed, so a stale tap is told from a live one.
"""

import re
from dataclasses import MISSING, dataclass, fields
from functools import lru_cache
from typing import Any

LONGEST = 64
COMMANDS = frozenset(
    {
        "/assign", "/check", "/duty", "/edit", "/erase", "/find", "/handback", "/help", "/lead", "/leads",
        "/my", "/next", "/note", "/off", "/on",
        "/pool", "/sla", "/start", "/status", "/team", "/undo", "/visit",
    }
)  # fmt: skip
"""The commands that a tap may run; a key that names another is refused."""
ALL = "*"
"""Stands for a lead where a card shows several: which one is in its select."""


class BadAction(ValueError):
    """A key that no card of this release carries, or an action that makes no valid key."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Accept:
    lead: str
    offer: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Grab:
    lead: str
    offer: int


@dataclass(frozen=True, slots=True, kw_only=True)
class HandBack:
    """Ask for the reasons; `offer` is the live offer, or the accepted one."""

    lead: str
    offer: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Contacted:
    lead: str
    offer: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Visit:
    lead: str
    offer: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Confirm:
    """Go through with `what`: `handback` (a lead, an offer, select `reason`), `draft` and `erase` (a lead),
    `duty`; `note` and `next` (a lead; `offer` is the number of the fact), `make` and `market` (`offer` is the
    number of the note or trend that waits)."""

    what: str
    lead: str = ""
    offer: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Cancel:
    what: str
    lead: str = ""
    offer: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Edit:
    lead: str
    field: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Undo:
    """Take back an act; `decisions` is the lead's count after it, so that a later act stops this."""

    lead: str
    decisions: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Choose:
    """A quick reply: option number `option` to the question about `what`. `page` = show that page of the
    card's choices, made by a platform that cannot show them all at once."""

    what: str
    lead: str
    option: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """Run a command of COMMANDS; what was typed after it is kept by who asked."""

    command: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Nudge:
    lead: str
    decisions: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Assign:
    """To the person of the card's select `person`."""

    lead: str
    decisions: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Take:
    lead: str
    decisions: int = 0


Action = (
    Accept | Grab | HandBack | Contacted | Visit | Confirm | Cancel | Edit | Undo | Choose | Run
    | Nudge | Assign | Take
)  # fmt: skip

_PARTS = {
    "lead": r"(?P<lead>L[0-9]{1,18})",
    "all": r"(?P<lead>\*)",
    "offer": r"(?P<offer>0|[1-9][0-9]{0,8})",
    "decisions": r"(?P<decisions>0|[1-9][0-9]{0,8})",
    "option": r"(?P<option>0|[1-9][0-9]{0,8})",
    "field": r"(?P<field>[a-z_]{1,16})",
    "what": r"(?P<what>[a-z_]{1,16})",
    "command": r"(?P<command>/[a-z]{1,16})",
}
_NUMBERS = frozenset({"offer", "decisions", "option"})

_FORMS: tuple[tuple[type[Action], str], ...] = (
    (Accept, "accept:{lead}-{offer}"),
    (Grab, "grab:{lead}-{offer}"),
    (HandBack, "handback:{lead}-{offer}"),
    (Contacted, "contacted:{lead}-{offer}"),
    (Visit, "visit:{lead}-{offer}"),
    (Confirm, "confirm:{what}"),
    (Confirm, "confirm:{what}:{offer}"),
    (Confirm, "confirm:{what}:{lead}"),
    (Confirm, "confirm:{what}:{lead}-{offer}"),
    (Cancel, "cancel:{what}"),
    (Cancel, "cancel:{what}:{offer}"),
    (Cancel, "cancel:{what}:{lead}"),
    (Cancel, "cancel:{what}:{lead}-{offer}"),
    (Edit, "edit:{lead}"),
    (Edit, "edit:{lead}:{field}"),
    (Undo, "undo:{lead}:{decisions}"),
    (Run, "choose:run:{command}"),
    (Choose, "choose:{what}:{lead}:{option}"),
    (Nudge, "nudge:{lead}:{decisions}"),
    (Nudge, "nudge:{lead}"),
    (Nudge, "nudge:{all}"),
    (Assign, "assign:{lead}:{decisions}"),
    (Assign, "assign:{lead}"),
    (Assign, "assign:{all}"),
    (Take, "take:{lead}:{decisions}"),
    (Take, "take:{lead}"),
    (Take, "take:{all}"),
)
_KEYS = tuple(
    (
        kind,
        form,
        frozenset(re.findall(r"{([a-z]+)}", form.replace("{all}", "{lead}"))),
        re.compile(form.format_map(_PARTS), re.ASCII),
    )
    for kind, form in _FORMS
)
VERBS = frozenset(form.partition(":")[0] for _, form in _FORMS)
_BY_VERB = {verb: tuple(row for row in _KEYS if row[1].partition(":")[0] == verb) for verb in VERBS}
_BY_KIND = {kind: tuple(row for row in _KEYS if row[0] is kind) for kind, _ in _FORMS}


@lru_cache(maxsize=1024)
def pack(action: Action) -> str:
    """The button key of an action: ASCII, at most 64 bytes. Raises BadAction for values that fit no key."""
    values = _set_values(action)
    for _, form, names, _ in _BY_KIND[type(action)]:
        if names == values.keys():
            key = form.format_map(values | {"all": ALL})
            if _read(key) == action:
                return key
    raise BadAction(f"{action} makes no button key")


def unpack(key: str) -> Action:
    """The action of a button key. Raises BadAction for anything that `pack` does not write."""
    action = _read(key)
    if action is None:
        raise BadAction(f"no button has the key {key[:LONGEST]!r}")
    return action


def _read(key: str) -> Action | None:
    if len(key) > LONGEST:
        return None
    for kind, _, _, reader in _BY_VERB.get(key.partition(":")[0], ()):
        match = reader.fullmatch(key)
        if match:
            texts = match.groupdict()
            values: dict[str, Any] = {
                name: int(text) if name in _NUMBERS else text for name, text in texts.items()
            }
            action = kind(**values)
            return action if _sound(action, texts) else None
    return None


def _sound(action: Action, texts: dict[str, str]) -> bool:
    """What a pattern cannot say: the command is known, and no written number is the one left out."""
    if isinstance(action, Run):
        return action.command in COMMANDS
    return all(getattr(action, name) for name in texts.keys() & _OPTIONAL[type(action)])


def _set_values(action: Action) -> dict[str, object]:
    """The fields that the key must name: the required ones, and the others where they are set."""
    values = ((name, getattr(action, name), required) for name, required in _FIELDS[type(action)])
    return {name: value for name, value, required in values if value or required}


_FIELDS = {kind: tuple((field.name, field.default is MISSING) for field in fields(kind)) for kind in _BY_KIND}
_OPTIONAL = {kind: {name for name, required in found if not required} for kind, found in _FIELDS.items()}
