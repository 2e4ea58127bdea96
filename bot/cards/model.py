"""The card as every platform shows it: values, their limits, their JSON, and a digest to tell a change by."""

import json
from dataclasses import dataclass, fields, replace
from datetime import datetime
from enum import StrEnum
from hashlib import sha256

from bot.cards.actions import Action, pack
from domain.contact import clean_text, is_common_line

TITLE = 26
LINE = 112
LABEL = 12
VALUE = 60
OPTION = 16
BUTTON = 10
FIELDS = 6
LINES = 12
OPTIONS = 10
"""Limits in characters and entries. The strictest platform advises them; a channel may cut further.
OPTIONS binds a select of leads, and one of people beside it; what a card asks for alone (a reason, a
colleague) is shown in pages."""


class Style(StrEnum):
    PRIMARY = "primary"
    DEFAULT = "default"
    DANGER = "danger"


class CardState(StrEnum):
    LIVE = "live"  # something can still be done here
    DONE = "done"  # it was done, or was only to be read
    DEAD = "dead"  # it went past this person


@dataclass(frozen=True, slots=True, kw_only=True)
class Button:
    """`url` makes it a link instead of an action."""

    action: Action
    text: str
    style: Style = Style.DEFAULT
    url: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Field:
    label: str
    value: str
    href: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Option:
    """`group` heads the options that share it; a platform that knows no groups keeps the order."""

    id: str
    text: str
    group: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Select:
    """`selected` is an option's id, or empty: then a platform must show that nothing is chosen yet."""

    key: str
    label: str
    options: tuple[Option, ...]
    selected: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Card:
    """One card for one person. Every text is cut and cleaned here, so no builder can send an unsafe one.

    `lead` is what it is about, for a platform that links a card to a page; `page` is for one that cannot show
    all choices at once; `lang` is the viewer's. Whoever delivers sets them. `label` stands
    above a live card in place of "open", where the lead has got further.
    """

    title: str
    lines: tuple[str, ...] = ()
    fields: tuple[Field, ...] = ()
    buttons: tuple[Button, ...] = ()
    selects: tuple[Select, ...] = ()
    state: CardState = CardState.LIVE
    deadline: datetime | None = None
    note: str = ""
    label: str = ""
    lead: str = ""
    page: int = 0
    lang: str = "zh"

    def __post_init__(self) -> None:
        safe: dict[str, object] = {
            "title": fit(self.title, TITLE),
            "lines": tuple(text for line in self.lines[:LINES] if (text := fit(line, LINE))),
            "fields": tuple(fitted for field in self.fields if (fitted := _fit_field(field)).value)[:FIELDS],
            "buttons": tuple(_fit_button(button) for button in self.buttons),
            "selects": tuple(_fit_select(select) for select in self.selects),
            "note": fit(self.note, LINE),
            "label": fit(self.label, LABEL),
        }
        for name, value in safe.items():
            object.__setattr__(self, name, value)


def placed(card: Card, *, lead: str, page: int, lang: str) -> Card:
    """The same card for that lead, page and language; its texts are clean and not cleaned again."""
    told = {"lead": lead, "page": page, "lang": lang}
    twin = object.__new__(Card)
    for name in _NAMES:
        object.__setattr__(twin, name, told[name] if name in told else getattr(card, name))
    return twin


_NAMES = tuple(each.name for each in fields(Card))


def _fit_field(field: Field) -> Field:
    label, value = fit(field.label, LABEL), fit(field.value, VALUE)
    return field if (label, value) == (field.label, field.value) else replace(field, label=label, value=value)


def _fit_button(button: Button) -> Button:
    text = fit(button.text, BUTTON)
    return button if text == button.text else replace(button, text=text)


def _fit_select(select: Select) -> Select:
    options = tuple(
        replace(option, text=fit(option.text, OPTION), group=fit(option.group, LABEL))
        for option in select.options
    )
    return replace(select, label=fit(select.label, LABEL), options=options)


def fit(text: str, limit: int) -> str:
    """One line of at most `limit` characters, an ellipsis in place of what is cut, never through a sign.

    Line breaks become spaces; controls and direction marks go.
    """
    if len(text) <= limit and is_common_line(text):
        return text
    # A text may be a whole book: this much of it fills any line, even where most is cleaned away.
    flat = " ".join(clean_text(text[: 40 * limit], 40 * limit).split())
    if len(flat) <= limit:
        return flat
    return clean_text(flat, limit - 1) + "…"


def to_json(card: Card) -> dict[str, object]:
    """The card as plain JSON values, in the shape that the simulator's API promises."""
    found: dict[str, object] = {
        "title": card.title,
        "lines": list(card.lines),
        "fields": [_without_none(label=f.label, value=f.value, href=f.href) for f in card.fields],
        "buttons": [
            _without_none(key=pack(b.action), text=b.text, style=b.style.value, url=b.url)
            for b in card.buttons
        ],
        "selects": [_select_json(select) for select in card.selects],
        "state": card.state.value,
    }
    if card.deadline is not None:
        found["deadline"] = card.deadline.isoformat(timespec="seconds")
    if card.note:
        found["note"] = card.note
    if card.label:
        found["label"] = card.label
    return found


def _select_json(select: Select) -> dict[str, object]:
    options = [_without_none(id=o.id, text=o.text, group=o.group or None) for o in select.options]
    return {"key": select.key, "label": select.label, "options": options, "selected": select.selected}


def _without_none(**values: str | None) -> dict[str, str]:
    return {name: value for name, value in values.items() if value is not None}


def digest(card: Card) -> str:
    """Sixteen hex digits of the SHA-256 of what the card shows; the same card has the same digest.

    The deadline counts to the minute: a delivery some milliseconds after rendering must not cost an update.
    """
    content = to_json(card)
    if card.deadline is not None:
        content["deadline"] = card.deadline.isoformat(timespec="minutes")
    if card.page:
        content["page"] = card.page
    text = json.dumps(content, sort_keys=True, separators=(",", ":"))
    return sha256(text.encode()).hexdigest()[:16]
