"""From a typed wish to the one function that serves it. Refusals become words here, once."""

from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Protocol

from bot.cards.actions import Accept, Choose, Contacted, Grab, HandBack
from bot.inbound import Chat, Click, Reply, read_reply
from bot.mind import Mind
from bot.model import Model
from bot.words.refusals import refusal
from domain.assign import Desk
from domain.clock import Clock
from domain.errors import DomainError
from domain.facts import Plan
from domain.lead import Lead
from domain.media import Attachment
from domain.notices import Notice, Tell
from domain.people import Company, Person
from domain.ports import Dialog, Note


class Reads(Protocol):
    """What handlers look up without changing anything."""

    async def lead(self, lead_id: str) -> Lead | None: ...

    async def leads_of(self, person: str) -> Sequence[Lead]: ...

    async def helping(self, person: str) -> Sequence[Lead]: ...

    async def submitted_by(self, person: str, limit: int) -> Sequence[Lead]: ...

    async def pool(self, team: str | None, limit: int) -> Sequence[Lead]: ...

    async def grabs(self, team: str) -> Sequence[Lead]: ...

    async def team_open(
        self, teams: Sequence[str | None], limit: int, *, skip: int = 0
    ) -> tuple[Sequence[Lead], int]: ...

    async def dialog(self, person: str) -> Dialog | None: ...

    async def plans_of(self, person: str, until: datetime | None) -> Sequence[Plan]: ...

    async def desks(self, people: Iterable[str]) -> Mapping[str, Desk]: ...

    async def notes(self, lead_id: str) -> Sequence[Note]: ...

    async def note_words(self, lead_id: str, no: int) -> str: ...

    async def note(self, key: str) -> Note | None: ...

    async def leads_behind(self, message: str, person: str) -> Sequence[str]: ...


Write = Callable[..., Awaitable[Any]]


@dataclass(slots=True, kw_only=True)
class Bot:
    """What a handler may use: the writer, the reads, the company as it is now, the clock."""

    write: Write
    once: Callable[..., Any]
    reads: Reads
    clock: Clock
    company_now: Callable[[], Company]
    keep: Callable[[Attachment], Awaitable[Attachment]]
    drop: Callable[[Iterable[str]], None]
    mind: Mind
    model: Model | None = None

    @property
    def company(self) -> Company:
        return self.company_now()

    def person(self, person_id: str) -> Person:
        return self.company.person(person_id)

    def lang(self, person_id: str) -> str:
        found = self.company.people.get(person_id)
        return found.lang if found else "zh"

    def refused(self, wish: Click | Chat, error: DomainError) -> Reply:
        return Reply(text=refusal(self.lang(wish.by), error, self.company, wish.at), ok=False)

    async def act(
        self, wish: Click | Chat, work: Callable[..., Any], answer: Callable[[Any], Reply], **values: Any
    ) -> Reply:
        """Do `work` once for this wish and answer it; the answer is stored with the effect, and what is to be
        sent with it goes into the outbox of the same transaction."""
        said: dict[str, Reply] = {}  # what is fresh need not be read out of its own text

        def keep(reply: Reply) -> str:
            text = reply.dump()
            said[text] = reply
            return text

        def refuse(error: DomainError) -> str:
            return keep(self.refused(wish, error))

        def follow_up(text: str) -> Notice | None:
            reply = said[text]
            spoken = reply.text if reply.say or _is_said(wish, reply) else ""
            if not (reply.card or spoken):
                return None
            args = {"text": spoken, "card": reply.card, **reply.args}
            return Notice(
                key=f"reply:{wish.key}",
                tell=Tell.REPLY,
                to=wish.by,
                lead_id=reply.lead,
                args=args,
                at=wish.at,
            )

        once = self.once(
            key=wish.key,
            answer=lambda result: keep(answer(result)),
            refuse=refuse,
            at=wish.at,
            by=wish.by,
            follow_up=follow_up,
            twin=wish.twin,
            also=wish.also,
        )
        text = await self.write(work, once=once, **values)
        return said.get(text) or read_reply(text)

    async def tell(self, wish: Click | Chat, reply: Reply) -> Reply:
        """Answer without changing anything."""
        return await self.act(wish, _nothing, lambda _: reply)


_SHOWS_ON_THE_CARD = (Accept, Grab, Contacted, HandBack, Choose)


def _is_said(wish: Click | Chat, reply: Reply) -> bool:
    """Whether the answer is a message in the chat: to a message always; to a click where the platform shows
    nothing in passing and the pressed card does not say it either."""
    if isinstance(wish, Chat):
        return True
    return not wish.toast and not (reply.ok and (reply.card or isinstance(wish.action, _SHOWS_ON_THE_CARD)))


def _nothing(_uow: object) -> None:
    """The use case of a question: no effect."""


ClickHandler = Callable[[Bot, Any], Awaitable[Reply]]
ChatHandler = Callable[[Bot, Chat, str], Awaitable[Reply]]


class Router:
    """One dict from action type to function, one from command to function. A second claim raises."""

    def __init__(self) -> None:
        self._clicks: dict[type, ClickHandler] = {}
        self._commands: dict[str, ChatHandler] = {}
        self._otherwise: ChatHandler | None = None

    def click(self, action: type) -> Callable[[ClickHandler], ClickHandler]:
        """Serve the clicks of this action."""

        def register(handler: ClickHandler) -> ClickHandler:
            if action in self._clicks:
                raise ValueError(f"{action.__name__} has a handler already")
            self._clicks[action] = handler
            return handler

        return register

    def command(self, *names: str) -> Callable[[ChatHandler], ChatHandler]:
        """Serve a command under each of these names, without the slash."""

        def register(handler: ChatHandler) -> ChatHandler:
            for name in names:
                if name in self._commands:
                    raise ValueError(f"/{name} has a handler already")
                self._commands[name] = handler
            return handler

        return register

    def otherwise(self, handler: ChatHandler) -> ChatHandler:
        """Serve every message that is no known command; its argument is the command's name, if any."""
        if self._otherwise is not None:
            raise ValueError("free text has a handler already")
        self._otherwise = handler
        return handler

    @property
    def actions(self) -> frozenset[type]:
        return frozenset(self._clicks)

    @property
    def commands(self) -> frozenset[str]:
        return frozenset(self._commands)

    def named(self, name: str) -> ChatHandler:
        """The handler of a command by its name."""
        return self._commands[name]

    async def on_click(self, bot: Bot, click: Click) -> Reply:
        """Serve a click. Raises Unavailable when the store cannot keep it: the edge says so."""
        handler = self._clicks[type(click.action)]
        try:
            return await handler(bot, click)
        except DomainError as error:
            return await bot.tell(click, bot.refused(click, error))

    async def on_chat(self, bot: Bot, chat: Chat) -> Reply:
        """Serve a message: a command by its name, anything else by the handler of free text."""
        if any(each.data is not None for each in chat.media):
            chat = replace(chat, media=tuple([await bot.keep(each) for each in chat.media]))
        name, rest = split_command(chat.text)
        handler = self._commands.get(name) if name else None
        try:
            if handler is not None:
                return await handler(bot, chat, rest)
            assert self._otherwise is not None
            return await self._otherwise(bot, chat, name)
        except DomainError as error:
            return await bot.tell(chat, bot.refused(chat, error))


def split_command(text: str) -> tuple[str, str]:
    """(`lead`, the rest) of `/lead …`; ("", text) of anything else. Takes the full-width slash, leading
    spaces, `/lead@bot` and capitals."""
    stripped = text.lstrip()
    if stripped[:1] not in ("/", "\uff0f") or not stripped[1:2].strip():
        return "", text
    head = stripped[1:].split(None, 1)[0]
    return head.partition("@")[0].lower(), stripped[1 + len(head) :].strip()
