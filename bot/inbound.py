"""What comes in from a chat, verified and typed: a click or a message, with the time of its receipt."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from bot.cards.actions import Action
from domain.media import Attachment


@dataclass(frozen=True, slots=True, kw_only=True)
class Click:
    """Somebody pressed a button. `key` is the same for a repeat of the same callback.

    `source` is the handle of the card that was pressed. `toast` = the platform shows the answer in passing;
    without it, what went wrong is said in the chat. `twin` and `also`: see Chat.
    """

    by: str
    action: Action
    at: datetime
    key: str
    selected: Mapping[str, str] = field(default_factory=dict)
    source: str = ""
    toast: bool = True
    twin: str = ""
    also: Callable[[Any], None] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Quote:
    """What a message answers to. `lead` is the one number that was found in it, `message` the key of the card
    or of the person's own message, `text` its words; a platform gives what it has."""

    lead: str = ""
    message: str = ""
    text: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Chat:
    """Somebody wrote. `kind` is text or that of the first of `media`; `text` holds the words for each;
    `quote` is the message that it was written under, if any.

    `twin` is a second key of this callback (the very bytes, whatever they say), and `also` work of the
    channel's own that is done in the transaction of its effect.
    """

    by: str
    text: str
    at: datetime
    key: str
    kind: str = "text"
    media: tuple[Attachment, ...] = ()
    quote: Quote | None = None
    twin: str = ""
    also: Callable[[Any], None] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """The bot's answer. `card` names a card to be sent with it: a kind of bot.handlers.answers, a lead, its
    arguments. `say` also sends the text as a chat message (a click alone shows it in passing)."""

    text: str
    ok: bool = True
    card: str = ""
    lead: str | None = None
    args: Mapping[str, object] = field(default_factory=dict)
    say: bool = False

    def dump(self) -> str:
        """As JSON, for the inbox."""
        values = {name: getattr(self, name) for name in self.__slots__}
        return json.dumps(
            values,
            ensure_ascii=False,
            separators=(",", ":"),
        )  # fmt: skip


def read_reply(text: str) -> Reply:
    """The reply that `Reply.dump` wrote."""
    return Reply(**json.loads(text))
