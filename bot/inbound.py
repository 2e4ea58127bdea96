"""What comes in from a chat, verified and typed: a click or a message, with the time of its receipt."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from bot.cards.actions import Action
from domain.media import Attachment


@dataclass(frozen=True, slots=True, kw_only=True)
class Click:
    """Somebody pressed a button. `key` is the same for a repeat of the same callback."""

    by: str
    action: Action
    at: datetime
    key: str
    selected: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Chat:
    """Somebody wrote. `kind` is text or that of the first of `media`; `text` holds the words for each."""

    by: str
    text: str
    at: datetime
    key: str
    kind: str = "text"
    media: tuple[Attachment, ...] = ()


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
