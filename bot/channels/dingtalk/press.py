"""A button's id: the key of its action, and what was chosen so far.

`confirm:handback:L12-1?reason=bad_number` is a choice made; `assign:L12:1?p=person` opens the choices of
that select. Cards have no selects on DingTalk, so a choice is one or two more taps: each tap is answered
with the next page of the same card, for the person who tapped alone, and costs no call. Nothing is kept
between taps: the button says it all.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from urllib.parse import parse_qsl, urlencode

from bot.cards.actions import ALL, Action, Assign, Confirm, pack, unpack
from bot.cards.model import Card
from domain.contact import clean_text

LONGEST = 400
_PAGE, _GROUP, _FROM = "p", "g", "f"  # short: a card's buttons must fit into one kilobyte
_OWN = frozenset({_PAGE, _GROUP, _FROM})


@dataclass(frozen=True, slots=True, kw_only=True)
class Press:
    """`page` names the select to choose from next (`group` and `start` say where in it); empty = act now.
    `chosen` is what has been chosen, by the select's key."""

    action: Action
    chosen: Mapping[str, str] = field(default_factory=dict)
    page: str = ""
    group: str = ""
    start: int = 0


def write_press(press: Press) -> str:
    """The button's id."""
    query = dict(press.chosen)
    own = {_PAGE: press.page, _GROUP: press.group, _FROM: str(press.start or "")}
    query |= {name: value for name, value in own.items() if value}
    key = pack(press.action)
    return f"{key}?{urlencode(query)}" if query else key


def read_press(text: str) -> Press:
    """What a button's id says. Raises BadAction (a ValueError) for any other text."""
    key, _, tail = text[:LONGEST].partition("?")
    query = {name: clean_text(value, LONGEST) for name, value in parse_qsl(tail, max_num_fields=10)}
    start = query.get(_FROM, "0")
    return Press(
        action=unpack(key),
        chosen={name: value for name, value in query.items() if name not in _OWN},
        page=query.get(_PAGE, ""),
        group=query.get(_GROUP, ""),
        start=int(start) if start.isascii() and start.isdigit() and len(start) < 4 else 0,
    )


def needed(action: Action, card: Card) -> tuple[str, ...]:
    """The selects of the card that this action reads, in the order they are asked."""
    there = [select.key for select in card.selects]
    wanted = []
    if getattr(action, "lead", "") == ALL:
        wanted.append("lead")
    if isinstance(action, Assign):
        wanted.append("person")
    if isinstance(action, Confirm) and action.what == "handback":
        wanted.append("reason")
    return tuple(name for name in wanted if name in there)
