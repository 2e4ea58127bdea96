"""From a genuine callback to a Click or a Chat, served in one transaction; and the few that ask for more."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import partial
from typing import Any, Protocol

import structlog

from bot.cards.actions import Action, BadAction, unpack
from bot.channels.wecom import parse
from bot.channels.wecom.door import Door, Received
from bot.channels.wecom.render import CHOICE, NOTHING, SUBMIT
from bot.directory import Directory
from bot.inbound import Chat, Click, Reply
from bot.router import Bot, Router
from bot.words import say
from domain.clock import Clock
from domain.contact import clean_text
from domain.media import Attachment, MediaKind

log = structlog.get_logger("wecom")

NAME = "wecom"
RUN = "run:"
LONGEST = 10_000
CODE_LASTS = timedelta(hours=72)
_KINDS = {
    "image": MediaKind.IMAGE,
    "voice": MediaKind.VOICE,
    "video": MediaKind.VIDEO,
    "file": MediaKind.FILE,
}
_LEFT = frozenset({"delete_user"})
_ADDED = frozenset({"add_external_contact", "add_half_external_contact"})


class Beyond(Protocol):
    """What a callback may set going besides a click or a message."""

    async def left(self, person: str) -> None:
        """That member is gone: what they held is offered anew."""
        ...

    async def customer(self, change: parse.CustomerChange, person: str) -> None:
        """A customer was added by scanning a member's code."""
        ...

    async def entered(self, person: str, at: datetime) -> None:
        """Somebody opened the app; the first time they are told what it is for."""
        ...

    async def alert(self, event: str, at: datetime) -> None:
        """The platform warns about the app itself."""
        ...


@dataclass(slots=True, kw_only=True)
class Receiver:
    """The webhook of one app. `keep_code` is storage's unit; `count` is told every kind that comes in."""

    app: str
    door: Door
    bot: Bot
    router: Router
    directory: Directory
    clock: Clock
    keep_code: Callable[..., None]
    beyond: Beyond
    name_of: Callable[[str], Awaitable[str]]
    count: Callable[[str], None] = field(default=lambda kind: None)
    passive: Callable[[parse.CardClick, Reply, datetime], bytes] | None = None

    async def echo(self, query: Any) -> bytes:
        return self.door.echo(query, self.clock.now())

    async def take(self, query: Any, body: bytes) -> bytes:
        """See bot.channels.base.Webhook."""
        now = self.clock.now()
        received = self.door.receive(query, body, now)
        message = received.message
        self.count(_kind(message))
        match message:
            case parse.CardClick():
                return await self._click(message, received, now)
            case parse.Text() | parse.Media() | parse.Place() | parse.Link() | parse.MenuClick():
                await self._chat(message, received, now)
            case _:
                await self._event(message, now)
        return b""

    async def _person(self, account: str) -> str:
        known = self.directory.known(NAME, account)
        name = account if known is not None else await self.name_of(account)
        return await self.directory.recognise(NAME, account, name)

    # -- clicks -----------------------------------------------------------------------------------------

    async def _click(self, click: parse.CardClick, received: Received, now: datetime) -> bytes:
        person = await self._person(click.sender)
        key, selected = _pressed(click)
        wish = partial(
            Click,
            by=person,
            at=now,
            key=click.key,
            selected=selected,
            source=click.task_id,
            toast=False,
            twin=_twin(received),
            also=self._code_of(click),
        )
        action = _action(key)
        if action is None:
            chat = Chat(by=person, text="", at=now, key=click.key, twin=_twin(received))
            await self.bot.tell(chat, Reply(text=say(self.bot.lang(person), "bad_action"), ok=False))
            return b""
        reply = await self.router.on_click(self.bot, wish(action=action))
        return self.passive(click, reply, now) if self.passive else b""

    def _code_of(self, click: parse.CardClick) -> Callable[[Any], None] | None:
        """The click's code is kept in the transaction of its effect."""
        if not click.code:
            return None
        until = click.at + CODE_LASTS
        return partial(self.keep_code, app=self.app, message=click.task_id, code=click.code, until=until)

    # -- messages ---------------------------------------------------------------------------------------

    async def _chat(self, message: parse.Inbound, received: Received, now: datetime) -> None:
        person = await self._person(message.sender)
        text, media = _spoken(self.bot.lang(person), message)
        chat = Chat(
            by=person,
            text=text,
            at=now,
            key=message.key,
            kind=media[0].kind if media else "text",
            media=media,
            twin=_twin(received),
        )
        await self.router.on_chat(self.bot, chat)

    # -- the rest ---------------------------------------------------------------------------------------

    async def _event(self, message: parse.Inbound, now: datetime) -> None:
        match message:
            case parse.Entered():
                await self.beyond.entered(await self._person(message.sender), now)
            case parse.Membership(joined=False):
                await self._left(message.sender)
            case parse.ContactChange(change=change, user=user) if change in _LEFT:
                await self._left(user)
            case parse.ContactChange(change="update_user", user=user, new_user=new) if new and new != user:
                log.warning("a user id changed; the settings name the old one", action="user_id_changed")
            case parse.CustomerChange(change=change, user=user) if change in _ADDED:
                await self.beyond.customer(message, await self._person(user))
            case parse.Alert(event=event):
                log.warning("the platform warns about the app", action="app_alert", event_name=event)
                await self.beyond.alert(event, now)

    async def _left(self, account: str) -> None:
        person = self.directory.known(NAME, account)
        if person is not None:
            await self.beyond.left(person)


def _kind(message: parse.Inbound) -> str:
    """A bounded label: a type of ours, never a word from outside."""
    return type(message).__name__.lower()


def _twin(received: Received) -> str:
    return f"wecom:r:{received.signed.digest}"


def _pressed(click: parse.CardClick) -> tuple[str, dict[str, str]]:
    """(the button's key, what was chosen); a card with one button for all has the key among the choices."""
    selected = {name: ids[0] for name, ids in click.selected.items() if ids and ids[0] != NOTHING}
    key = selected.pop(CHOICE, "") if click.button == SUBMIT else click.button
    return key, selected


def _action(key: str) -> Action | None:
    try:
        return unpack(key)
    except BadAction:
        return None


def _spoken(lang: str, message: parse.Inbound) -> tuple[str, tuple[Attachment, ...]]:
    """(words, attachments) of a message."""
    match message:
        case parse.Text():
            return clean_text(message.content, LONGEST), ()
        case parse.MenuClick():
            return message.menu.removeprefix(RUN), ()
        case parse.Media():
            kind = _KINDS[message.kind]
            words = say(lang, f"media.{kind}", label=message.name, text=message.name).strip()
            return words, (Attachment(kind=kind, name=message.name, channel=NAME, ref=message.media_id),)
        case parse.Place():
            words = say(lang, "media.location", label=message.label)
            place = Attachment(kind=MediaKind.LOCATION, label=message.label, lat=message.lat, lng=message.lng)
            return words, (place,)
        case parse.Link():
            words = say(lang, "media.link", text=f"{message.title} {message.url}".strip())
            return words, (Attachment(kind=MediaKind.LINK, label=message.title, url=message.url),)
        case _:
            raise AssertionError(type(message))
