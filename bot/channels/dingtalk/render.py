"""From a card to what DingTalk shows: the variables of a template, or a message with links where cards are
not permitted.

Data rules: every value is a string of at most 1 KB, keys 100 bytes, 100 KB in all
(open.dingtalk.com/document/ development/instructions-for-filling-in-api-card-data). The default template is
the one that DingTalk's own SDK uses for everybody: `title`, `markdown`, `tips`, and `msgButtons` inside
`sys_full_json_obj`.
"""

import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

from bot.cards.actions import Confirm
from bot.cards.model import Button, Card, Option, Select, Style
from bot.channels.dingtalk.press import Press, needed, write_press
from bot.channels.dingtalk.safe import cut, plain
from bot.words import say as words

PUBLIC_TEMPLATE = "1366a1eb-bc54-4859-ac88-517c56a9acb1.schema"
VALUE = 1024
HOME = "home"
"""The page of a card that is the card itself: where "back" leads."""
LONGEST_TEXT = 6000
_COLORS = {Style.PRIMARY: "blue", Style.DEFAULT: "gray", Style.DANGER: "red"}
Say = Callable[[str], str]
"""The words of a key in the reader's language."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Template:
    """The template's id and the names of its variables. A name with a dot is a member of a variable that
    holds a JSON object; an empty name is a variable that the template lacks."""

    id: str
    title: str = "title"
    body: str = "markdown"
    tips: str = "tips"
    buttons: str = "sys_full_json_obj.msgButtons"
    state: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Tap:
    """A button as it is drawn: its id, or the address it opens."""

    text: str
    style: Style = Style.DEFAULT
    id: str = ""
    url: str = ""

    def as_json(self) -> dict[str, Any]:
        """Both the id and the params come back on a tap, depending on the template, so both are sent."""
        drawn: dict[str, Any] = {"text": plain(self.text), "color": _COLORS[self.style]}
        if self.url:
            return {**drawn, "url": self.url}
        return {**drawn, "id": self.id, "request": True, "params": {"id": self.id}}


def card_data(
    card: Card,
    template: Template,
    *,
    press: Press | None = None,
    tip: str = "",
    say: Say | None = None,
    link: str = "",
) -> dict[str, str]:
    """The card's variables. `press` = the page of choices that is open, which needs `say`; `tip` = what is
    said in passing, in place of the card's note; `link` = the address of the lead's own page."""
    taps = first_taps(card, template)
    if press is not None and say is not None and press.page not in ("", HOME):
        select = next((each for each in card.selects if each.key == press.page), None)
        if select is not None:
            taps = choice_taps(card, select, press, template, say)
            tip = tip or select.label
    values: dict[str, Any] = {}
    shown = {
        template.title: cut(plain(card.title), VALUE),
        template.body: _with_link(body(card), card, link),
        template.tips: cut(plain(tip or card.note), VALUE),
        template.state: card.state.value,
        template.buttons: [tap.as_json() for tap in taps],
    }
    for name, value in shown.items():
        if name:
            _put(values, name, value)
    return {name: value if isinstance(value, str) else _packed(value) for name, value in values.items()}


def _with_link(text: str, card: Card, link: str) -> str:
    """The link comes last and is never cut."""
    more = f"\n\n[{words(card.lang, 'wire.page')}]({link})" if link else ""
    return cut(text, VALUE - len(more.encode())) + more


def _put(values: dict[str, Any], name: str, value: object) -> None:
    outer, _, inner = name.partition(".")
    if inner:
        values.setdefault(outer, {})[inner] = value
    else:
        values[outer] = value


def _packed(value: object) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def body(card: Card) -> str:
    """Lines, then fields, in DingTalk's markdown; nothing that people typed can be markup."""
    lines = [plain(line) for line in card.lines]
    fields = [f"**{plain(field.label)}**：{plain(field.value)}" for field in card.fields]
    return "\n\n".join("  \n".join(part) for part in (lines, fields) if part)


# -- buttons ----------------------------------------------------------------------------------------------


def first_taps(card: Card, template: Template) -> list[Tap]:
    """The card's own buttons; one that needs a choice opens its first page. A card that asks for one choice
    alone, with nothing chosen yet, shows that page at once; a colleague's name never stands there as the one
    tap that gives a lead away."""
    taps = [_tap(button, card) for button in card.buttons]
    asked = [select for select in card.selects if not select.selected]
    asking = [button for button in card.buttons if needed(button.action, card)]
    if len(asked) == len(asking) == 1 and isinstance(asking[0].action, Confirm):
        opened = Press(action=asking[0].action, page=asked[0].key)
        others = [tap for button, tap in zip(card.buttons, taps, strict=True) if button is not asking[0]]
        inline = [*_choices(card, asked[0], opened), *others]
        if buttons_size(inline, template) <= VALUE:
            return inline
    return taps


def _tap(button: Button, card: Card) -> Tap:
    if button.url:
        return Tap(text=button.text, style=button.style, url=button.url)
    wanted = needed(button.action, card)
    press = Press(action=button.action, page=wanted[0] if wanted else "")
    text = f"{button.text}…" if wanted else button.text
    return Tap(text=text, style=button.style, id=write_press(press))


def choice_taps(card: Card, select: Select, press: Press, template: Template, say: Say) -> list[Tap]:
    """One page of choices: groups first where the select has them, then options, and the ways on and back."""
    back = Tap(text=say("choose.back"), id=write_press(Press(action=press.action, page=HOME)))
    return _page(_choices(card, select, press), press, back, template, say)


def _choices(card: Card, select: Select, press: Press) -> list[Tap]:
    """The groups of a select, or the options of the group that is open."""
    groups = _groups(select)
    if len(groups) > 1 and press.group not in map(str, range(len(groups))):
        return [_group_tap(press, number, name) for number, name in enumerate(groups)]
    options = [o for o in select.options if len(groups) < 2 or o.group == groups[int(press.group)]]
    return [_option_tap(card, select, press, option) for option in options]


def _groups(select: Select) -> list[str]:
    return list(dict.fromkeys(option.group for option in select.options))


def _group_tap(press: Press, number: int, name: str) -> Tap:
    opened = Press(action=press.action, chosen=press.chosen, page=press.page, group=str(number))
    return Tap(text=f"{name}…", id=write_press(opened))


def _option_tap(card: Card, select: Select, press: Press, option: Option) -> Tap:
    chosen = {**press.chosen, select.key: option.id}
    still = [name for name in needed(press.action, card) if name not in chosen]
    on = Press(action=press.action, chosen=chosen, page=still[0] if still else "")
    return Tap(text=option.text, style=Style.DEFAULT, id=write_press(on))


def _page(found: list[Tap], press: Press, back: Tap, template: Template, say: Say) -> list[Tap]:
    """As many as one variable holds, and "more" where some are left."""
    rest = found[press.start :] or found
    for count in range(len(rest), 0, -1):
        more = []
        if count < len(rest):
            on = Press(
                action=press.action, chosen=press.chosen, page=press.page, group=press.group,
                start=press.start + count,
            )  # fmt: skip
            more = [Tap(text=say("choose.more"), id=write_press(on))]
        taps = [*rest[:count], *more, back]
        if buttons_size(taps, template) <= VALUE:
            return taps
    return [back]


def buttons_size(taps: Sequence[Tap], template: Template) -> int:
    """The bytes of the variable that holds these buttons."""
    values: dict[str, Any] = {}
    _put(values, template.buttons, [tap.as_json() for tap in taps])
    return len(_packed(next(iter(values.values()))).encode())


# -- where cards are not permitted ------------------------------------------------------------------------


def message(card: Card) -> tuple[str, dict[str, str]]:
    """(msgKey, msgParam) of a message whose buttons send a text in the reader's name, read as the tap.

    Such a message can't turn its page, so the choices of a select stand in it as links; an action that needs
    two choices is left to its command.
    """
    title = plain(card.title)
    parts = (f"### {title}", body(card), *_links(card), plain(card.note))
    shown = {"title": title, "text": cut("\n\n".join(part for part in parts if part), LONGEST_TEXT)}
    taps = [_tap(button, card) for button in card.buttons if button.url or not needed(button.action, card)][
        :5
    ]
    if not taps:
        return "sampleMarkdown", shown
    if len(taps) == 1:
        return "sampleActionCard", {**shown, "singleTitle": plain(taps[0].text), "singleURL": _sends(taps[0])}
    for number, tap in enumerate(taps, 1):
        shown |= {f"actionTitle{number}": plain(tap.text), f"actionURL{number}": _sends(tap)}
    return f"sampleActionCard{len(taps)}", shown


def _links(card: Card) -> Iterator[str]:
    for button in card.buttons:
        wanted = needed(button.action, card)
        select = next((each for each in card.selects if (each.key,) == wanted), None)
        if select is None:
            continue
        taps = [_option_tap(card, select, Press(action=button.action), option) for option in select.options]
        links = [f"[{plain(tap.text)}]({_sends(tap)})" for tap in taps]
        yield f"**{plain(button.text)}**：" + " · ".join(links)


def _sends(tap: Tap) -> str:
    """A link that makes the reader's own client send the tap as a text."""
    if tap.url:
        return tap.url
    return f"dtmd://dingtalkclient/sendMessage?content={quote(f'{tap.text} #{tap.id}', safe='')}"
