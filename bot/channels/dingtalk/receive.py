"""From a push to the router and back: who it was, what they want, and the answer inside the time limit.

A message is acknowledged once its effect is committed, so that one which a crash cut short comes again; a
card's callback is answered within two seconds with the card as it now is, for the one who tapped, and
everybody's copy is updated afterwards by the delivery of cards.
"""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial
from typing import Any

import structlog

from bot.cards.model import Card
from bot.channels.base import Refused, Retryable
from bot.channels.dingtalk.channel import NAME, DingtalkChannel, Kept
from bot.channels.dingtalk.parse import BadPush, Message, Tapped, read_message, read_tap
from bot.channels.dingtalk.press import Press
from bot.channels.dingtalk.render import HOME, card_data
from bot.channels.dingtalk.safe import spoken
from bot.channels.dingtalk.stream import BOT_MESSAGE, CARD_CALLBACK, Answer, Frame, NotNow, UnknownTopic
from bot.directory import LONGEST_NAME, Directory
from bot.inbound import Chat, Click, Reply
from bot.router import Bot, Router
from bot.words import say
from domain.clock import Clock
from domain.errors import DomainError, Unavailable
from domain.media import Attachment, MediaKind

log = structlog.get_logger("dingtalk")

WITHIN = 1.6
"""Seconds for a card's callback; the platform waits two."""
BY_KEY = {"updateCardDataByKey": True, "updatePrivateDataByKey": True}

Redraw = Callable[[str, str], Awaitable[Card | None]]
"""(a card's handle, a person) -> the card as it now is; None for one that is not theirs."""


@dataclass(slots=True, kw_only=True)
class Receiver:
    """`left` is told the accounts of people who left the organisation."""

    bot: Bot
    router: Router
    directory: Directory
    channel: DingtalkChannel
    redraw: Redraw
    clock: Clock
    observe: Callable[[float], None] = lambda seconds: None
    left: Callable[[Sequence[str]], Awaitable[None]] | None = None
    within: float = WITHIN
    over_quota: bool = False
    _seen: Kept = field(default_factory=Kept)

    async def on_frame(self, frame: Frame, answer: Answer) -> None:
        """Serve a frame of the Stream."""
        at = self.clock.now()
        started = asyncio.get_running_loop().time()
        if frame.type == "EVENT":
            await answer(await self.on_event(frame.headers.get("eventType", ""), frame.data))
            return
        self.channel.client.meter.push()
        if frame.topic == BOT_MESSAGE:
            try:
                await self.on_message(frame.data, at)
            except Unavailable as error:
                raise NotNow(type(error).__name__) from None
            await answer({"response": None})
        elif frame.topic == CARD_CALLBACK:
            await self.on_tap(frame.data, f"dt:{frame.message_id}", at, partial(_wrapped, answer))
        else:
            raise UnknownTopic(frame.topic)
        self.observe(asyncio.get_running_loop().time() - started)

    # -- events -----------------------------------------------------------------------------------------

    async def on_event(self, kind: str, data: Any) -> dict[str, str]:
        """An organisation's event; LATER asks for it again."""
        if kind == "user_leave_org" and self.left is not None:
            accounts = data.get("userId", data.get("UserId")) if isinstance(data, dict) else None
            try:
                await self.left([str(each) for each in accounts] if isinstance(accounts, list) else [])
            except Unavailable:
                return {"status": "LATER", "message": "unavailable"}
        return {"status": "SUCCESS", "message": "OK"}

    # -- messages ---------------------------------------------------------------------------------------

    async def on_message(self, data: object, at: datetime) -> None:
        """What somebody wrote. Raises Unavailable when the store cannot keep it: it will come again."""
        try:
            message = read_message(data)
        except BadPush as error:
            log.warning("a message that is none", action="bad_push", part=str(error))
            return
        if self._seen.get(message.id):
            return
        self.over_quota = message.over_quota
        if message.over_quota:
            log.error(
                "a message came without its content: the month's pushes are used up", action="over_quota"
            )
            await self._say(message, "quota.over", "zh")
        elif not message.account:
            log.warning("a message of nobody we may know", action="outsider")
            await self._say(message, "outsider", "zh")
        else:
            await self._serve(message, at)
        self._seen.put(message.id)

    async def _serve(self, message: Message, at: datetime) -> None:
        by = await self.directory.recognise(NAME, message.account, message.name or message.account)
        if message.session is not None and not message.group:
            self.channel.heard(message.account, message.session)
        if (press := message.tap) is not None:
            await self._typed_tap(message, by, press, at)
            return
        lang = self.bot.lang(by)
        text = _words(lang, message)
        if not text:
            await self._say(message, "media.unread", lang)
            return
        media = tuple(
            Attachment(
                spoken=bool(message.text.strip()),
                kind=MediaKind(each.kind), name=each.name, label=each.name, channel=NAME, ref=each.code,
                seconds=each.seconds,
            )
            for each in message.attached
        )  # fmt: skip
        chat = Chat(
            by=by, text=text, at=at, key=f"dt:{message.id}", kind=message.kind, media=media,
            quote=message.quote,
        )  # fmt: skip
        await self.router.on_chat(self.bot, chat)
        if message.group:  # what was asked is answered in their own chat: a group sees nobody's data
            await self._say(message, "group.answered", lang)

    async def _typed_tap(self, message: Message, by: str, press: Press, at: datetime) -> None:
        """A tap that a link sent as a text, where cards are not permitted."""
        if press.page:
            await self._say(message, "bad_action", self.bot.lang(by))
            return
        reply = await self._act(press, by, f"dt:{message.id}", at)
        if not reply.say and reply.text:
            await self.channel.send(message.account, reply.text, key=message.id)

    async def _say(self, message: Message, key: str, lang: str) -> None:
        """A word where the message came from, without costing a call of the month; not worth a second try."""
        if message.session is None:
            return
        content = say(lang, key, name=spoken(message.name[:LONGEST_NAME]))
        try:
            await self.channel.client.webhook(
                message.session.url, {"msgtype": "text", "text": {"content": content}}
            )
        except (Retryable, Refused) as error:
            log.info("no word in the conversation", action="session_failed", why=str(error))

    # -- taps -------------------------------------------------------------------------------------------

    async def on_tap(self, data: object, key: str, at: datetime, answer: Answer) -> None:
        """A tap on a card: act, and answer with the card as it now is. What takes too long goes on after the
        answer; the update that follows shows it."""
        try:
            tapped = read_tap(data)
        except BadPush as error:
            log.warning("a callback that is none", action="bad_push", part=str(error))
            await answer({})
            return
        work = asyncio.create_task(self._tapped(tapped, key, at))
        until = asyncio.get_running_loop().time() + self.within
        try:
            async with self.channel.gates.hold(tapped.track, at_most=self.within):
                left = until - asyncio.get_running_loop().time()
                done, _ = await asyncio.wait((work,), timeout=max(left, 0.0))
                await answer(work.result() if done else {})
            await work
        finally:
            work.cancel()

    async def _tapped(self, tapped: Tapped, key: str, at: datetime) -> dict[str, Any]:
        if self.directory.known(NAME, tapped.account) is None:
            return self._only_tip(say("zh", "outsider"))  # a card went on to somebody we never wrote to
        by = await self.directory.recognise(NAME, tapped.account, "")
        lang, press = self.bot.lang(by), tapped.press
        if press is None:
            return self._only_tip(say(lang, "bad_action"))
        if press.page:
            card, tip = await self.redraw(tapped.track, by), ""
        else:
            try:
                reply = await self._act(press, by, key, at)
            except Unavailable:
                return self._only_tip(say(lang, "unavailable"))
            card, tip = await self.redraw(tapped.track, by), reply.text
        if card is None:
            return self._only_tip(tip or say(lang, "bad_action"))
        opened = press if press.page not in ("", HOME) else None
        template = self.channel.template
        link = self.channel.link(card)
        return _update(card_data(card, template, press=opened, tip=tip, say=partial(say, lang), link=link))

    async def _act(self, press: Press, by: str, key: str, at: datetime) -> Reply:
        click = Click(by=by, action=press.action, at=at, key=key, selected=press.chosen)
        try:
            return await self.router.on_click(self.bot, click)
        except Unavailable:
            raise
        except DomainError:
            log.exception("a refusal that the router did not put into words", action="unworded")
            return Reply(text=say(self.bot.lang(by), "bad_action"), ok=False)

    def _only_tip(self, text: str) -> dict[str, Any]:
        tips = self.channel.template.tips
        return _update({tips: text}) if tips else {}


def _update(data: dict[str, str]) -> dict[str, Any]:
    return {"cardUpdateOptions": BY_KEY, "cardData": {"cardParamMap": data}}


async def _wrapped(answer: Answer, data: object) -> None:
    await answer({"response": data})


def _words(lang: str, message: Message) -> str:
    """The words of a message of any kind."""
    text = message.text
    if message.kind in ("voice", "image", "file", "video"):
        name = message.attached[0].name if message.attached else ""
        text = say(lang, f"media.{message.kind}", text=text or name, label=name).strip()
    return text
