"""A mistyped command: the nearest one as a question, run by one tap with what was typed after it."""

from bot.cards import parts
from bot.cards.actions import Run
from bot.cards.model import Button, Card, Style
from bot.cards.parts import Args
from bot.words import say
from domain.people import Person


def typo_card(viewer: Person, args: Args) -> Card:
    """`args`: `command` with its slash, `typed` as it was."""
    command = parts.text(args, "command")
    meant = command.removeprefix("/")
    text = say(viewer.lang, "typo", typed=parts.text(args, "name"), meant=meant)
    button = Button(
        action=Run(command=command), text=say(viewer.lang, "typo.run", meant=meant), style=Style.PRIMARY
    )
    return Card(title=text, buttons=(button,))
