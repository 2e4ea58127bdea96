"""DingTalk as a channel: cards by our own id, texts, and the truth about what was delivered."""

import asyncio
import json
import re
from collections import OrderedDict
from collections.abc import AsyncIterator, Callable, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager, contextmanager, suppress
from dataclasses import dataclass, field
from datetime import timedelta
from hashlib import sha256
from typing import Any

import structlog

from bot.cards.model import Card, CardState
from bot.channels.base import Refused, Retryable, Unsure
from bot.channels.dingtalk import render
from bot.channels.dingtalk.client import Client
from bot.channels.dingtalk.errors import CardExists, CardGone, NoCards, NotThere, Unsafe
from bot.channels.dingtalk.parse import Session
from bot.channels.dingtalk.render import Template, card_data
from bot.channels.dingtalk.safe import spoken
from domain.clock import Clock, to_micros

log = structlog.get_logger("dingtalk")

NAME = "dingtalk"
CARDS = "/v1.0/card/instances"
WITHOUT_CARDS = 600.0
"""Seconds for which cards are not tried again after the platform refused them all."""
MINUTE = timedelta(minutes=1)
REMEMBERED = 10_000
_SAFE = re.compile(r"[A-Za-z0-9_.:@#-]{1,80}", re.ASCII)
_SOON = {"busy", "limit", "flow", "frequen", "timeout", "稍后", "频", "限流", "繁忙"}
"""Words of a reason that passes by itself; the reasons of a failed delivery are not documented."""
_MESSAGE = "oto:"  # the handle of a message, which can be recalled and not changed


@dataclass(slots=True)
class Gates:
    """One at a time on each card: an update waits until the callback on that card was answered, for the
    platform takes no update inside a callback, and has no versions to tell which of two came first. A
    callback waits for an update `at_most` so many seconds, for its own time is short."""

    _locks: dict[str, tuple[asyncio.Lock, int]] = field(default_factory=dict)

    @asynccontextmanager
    async def hold(self, track: str, *, at_most: float | None = None) -> AsyncIterator[None]:
        lock, users = self._locks.get(track, (asyncio.Lock(), 0))
        self._locks[track] = (lock, users + 1)
        held = False
        try:
            with suppress(TimeoutError):
                async with asyncio.timeout(at_most):
                    held = await lock.acquire()
            yield
        finally:
            if held:
                lock.release()
            lock, users = self._locks[track]
            if users == 1:
                del self._locks[track]
            else:
                self._locks[track] = (lock, users - 1)


@dataclass(slots=True)
class Kept:
    """The newest few of something by name."""

    most: int = REMEMBERED
    _found: "OrderedDict[str, Any]" = field(default_factory=OrderedDict)

    def put(self, name: str, value: Any = True) -> None:
        self._found[name] = value
        self._found.move_to_end(name)
        while len(self._found) > self.most:
            self._found.popitem(last=False)

    def get(self, name: str) -> Any:
        return self._found.get(name)

    def drop(self, name: str) -> Any:
        return self._found.pop(name, None)


@dataclass(slots=True, kw_only=True)
class DingtalkChannel:
    """`mark` tells this database's cards from those that another one, or the same one before it was restored,
    has shown by the same app. `callback` is the route key of the HTTP mode; empty = the callbacks come by
    Stream. `pages` is where leads have their pages; empty = at no address that a phone can open. `doubt` is
    called when somebody could not be reached."""

    client: Client
    template: Template
    robot_code: str
    mark: str
    clock: Clock
    ticks: Callable[[], float]
    callback: str = ""
    pages: str = ""
    name: str = NAME
    doubt: Callable[[], None] = lambda: None
    gates: Gates = field(default_factory=Gates)
    sessions: Kept = field(default_factory=Kept)
    _doubtful: Kept = field(default_factory=Kept)
    _no_cards_until: float = float("-inf")

    # -- the promise of a channel -----------------------------------------------------------------------

    async def send(self, account: str, message: Card | str, *, key: str) -> str:
        """A text, or a card under our own id: the same key is the same card, however often it is sent."""
        with self._doubting():
            if isinstance(message, str):
                return await self._text(account, spoken(message))
            return await self._card(account, message, self.track(key))

    @contextmanager
    def _doubting(self) -> Iterator[None]:
        """Whoever is refused a message may have left."""
        try:
            yield
        except Refused:
            self.doubt()
            raise

    async def _card(self, account: str, message: Card, track: str) -> str:
        if self.ticks() < self._no_cards_until:
            return await self._message(account, message)
        try:
            async with self.gates.hold(track):
                await self._create(account, track, message)
        except NoCards as error:
            log.error("cards are refused; messages with links instead", action="no_cards", why=str(error))
            self._no_cards_until = self.ticks() + WITHOUT_CARDS
            return await self._message(account, message)
        return track

    async def update(self, account: str, handle: str, card: Card, *, key: str) -> str:
        """Change the card for everybody who sees it; a message is recalled and sent anew."""
        with self._doubting():
            if handle.startswith(_MESSAGE):
                return await self._replace(account, handle, card)
            async with self.gates.hold(handle):
                try:
                    await self._safely(lambda data: self._put(handle, data), card)
                except CardGone:
                    await self._create(account, handle, card)
        return handle

    def track(self, key: str) -> str:
        """The outTrackId of a key: at most 100 plain characters."""
        plain = key if _SAFE.fullmatch(key) else sha256(key.encode()).hexdigest()[:40]
        return f"{self.mark}.{plain}"

    def link(self, card: Card) -> str:
        """The address of the card's lead, where it has a page."""
        return f"{self.pages}/l/{card.lead}" if self.pages and card.lead else ""

    def heard(self, account: str, session: Session) -> None:
        """This person's chat may be answered there for a while."""
        self.sessions.put(account, session)

    @property
    def cards_refused(self) -> bool:
        return self.ticks() < self._no_cards_until

    async def download(self, ref: str, *, most: int) -> bytes:
        """The file of a message; see bot.channels.base.Downloads."""
        return await self.client.download(ref, self.robot_code, most=most)

    def key_of(self, track: str) -> str:
        """The key that `track` was made of, where it can be read back; empty otherwise."""
        mark, _, key = track.partition(".")
        return key if mark == self.mark and not re.fullmatch(r"[0-9a-f]{40}", key) else ""

    # -- cards ------------------------------------------------------------------------------------------

    async def _create(self, account: str, track: str, card: Card) -> None:
        try:
            await self._safely(lambda data: self._deliver_new(account, track, card, data), card)
        except CardExists:
            await self._again(account, track, card)
        except (Unsure, asyncio.CancelledError):  # the second: whoever delivers has no more time
            self._doubtful.put(track)
            raise
        self._doubtful.drop(track)

    async def _deliver_new(self, account: str, track: str, card: Card, data: dict[str, str]) -> None:
        body = {
            "cardTemplateId": self.template.id,
            "outTrackId": track,
            "cardData": {"cardParamMap": data},
            "openSpaceId": f"dtv1.card//IM_ROBOT.{account}",
            "imRobotOpenSpaceModel": _space(data.get(self.template.title, "")),
            "imRobotOpenDeliverModel": {"spaceType": "IM_ROBOT", "robotCode": self.robot_code},
            "userIdType": 1,
            **self._called_back(),
        }
        found = await self.client.call("POST", f"{CARDS}/createAndDeliver", body)
        result = found.get("result")
        _delivered(result.get("deliverResults") if isinstance(result, Mapping) else None)

    def _called_back(self) -> dict[str, str]:
        if self.callback:
            return {"callbackType": "HTTP", "callbackRouteKey": self.callback}
        return {"callbackType": "STREAM"}

    async def _again(self, account: str, track: str, card: Card) -> None:
        """The card was created before. An earlier try of ours that got no answer is taken for delivered; one
        that was told "not delivered", or that another process made, is delivered now: rather twice than
        never."""
        await self._safely(lambda data: self._put(track, data), card)
        if self._doubtful.get(track):
            return
        body = {
            "outTrackId": track,
            "openSpaceId": f"dtv1.card//IM_ROBOT.{account}",
            "imRobotOpenDeliverModel": {"spaceType": "IM_ROBOT", "robotCode": self.robot_code},
            "userIdType": 1,
        }
        try:
            found = await self.client.call("POST", f"{CARDS}/deliver", body)
        except (Unsure, asyncio.CancelledError):
            self._doubtful.put(track)
            raise
        _delivered(found.get("result"))

    async def _put(self, track: str, data: Mapping[str, str]) -> None:
        """By key: a variable that we do not know keeps its value."""
        body = {
            "outTrackId": track,
            "cardData": {"cardParamMap": data},
            "cardUpdateOptions": {"updateCardDataByKey": True, "updatePrivateDataByKey": True},
            "userIdType": 1,
        }
        await self.client.call("PUT", CARDS, body)

    async def _safely(self, call: Callable[[dict[str, str]], Any], card: Card) -> None:
        """With the whole card; where the platform's filter dislikes its text, with its buttons alone."""
        try:
            await call(card_data(card, self.template, link=self.link(card)))
        except Unsafe:
            log.warning("a card's text was refused; sent without it", action="unsafe_text")
            await call(card_data(_bare(card), self.template))

    # -- messages ---------------------------------------------------------------------------------------

    async def _text(self, account: str, text: str) -> str:
        session = self.sessions.get(account)
        if isinstance(session, Session) and session.expires > to_micros(self.clock.now()) // 1000 + 60_000:
            try:
                await self.client.webhook(session.url, {"msgtype": "text", "text": {"content": text}})
                return ""
            except Unsure:
                raise
            except Retryable:
                self.sessions.drop(account)
        return await self._batch_send(account, "sampleText", {"content": text})

    async def _message(self, account: str, card: Card) -> str:
        key, param = render.message(card)
        return _MESSAGE + await self._batch_send(account, key, param)

    async def _replace(self, account: str, handle: str, card: Card) -> str:
        try:
            await self.recall(handle)
        except Refused:
            log.info("too old to be recalled", action="not_recalled")
        if card.state is CardState.DEAD:
            return handle
        return await self._message(account, card)

    async def recall(self, handle: str) -> None:
        body = {"robotCode": self.robot_code, "processQueryKeys": [handle.removeprefix(_MESSAGE)]}
        await self.client.call("POST", "/v1.0/robot/otoMessages/batchRecall", body)

    async def _batch_send(self, account: str, key: str, param: Mapping[str, str]) -> str:
        body = {
            "robotCode": self.robot_code,
            "userIds": [account],
            "msgKey": key,
            "msgParam": json.dumps(param, ensure_ascii=False),
        }
        try:
            found = await self.client.call("POST", "/v1.0/robot/oToMessages/batchSend", body)
        except Unsafe as error:
            raise Refused(str(error)) from None
        if account in _listed(found, "invalidStaffIdList"):
            raise NotThere("invalidStaffIdList")
        if account in _listed(found, "flowControlledStaffIdList"):
            raise Retryable("flowControlledStaffIdList", MINUTE)
        return str(found.get("processQueryKey") or "")


def _space(preview: str) -> dict[str, Any]:
    """A card is for one person: it can't be forwarded."""
    return {
        "supportForward": False,
        "lastMessageI18n": {"ZH_CN": preview},
        "notification": {"alertContent": preview, "notificationOff": False},
    }


def _delivered(results: object) -> None:
    """Raise unless every delivery succeeded: `success` at the top says nothing about that."""
    found: Sequence[Any] = results if isinstance(results, list) else ()
    failed = [each for each in found if not (isinstance(each, Mapping) and each.get("success") is True)]
    if found and not failed:
        return
    why = str(failed[0].get("errorMsg") or "") if failed and isinstance(failed[0], Mapping) else ""
    why = re.sub(r"\d{5,}", "…", why)[:80]
    if not found or any(word in why.lower() for word in _SOON):
        raise Retryable(f"not delivered: {why}", MINUTE)
    raise Refused(f"not delivered: {why}")


def _listed(found: Mapping[str, Any], name: str) -> list[str]:
    value = found.get(name)
    return [str(each) for each in value] if isinstance(value, list) else []


def _bare(card: Card) -> Card:
    """The buttons with the ids they name, and nothing that anybody typed."""
    return Card(title=f"Leadbell {card.lead}", buttons=card.buttons, selects=card.selects, state=card.state)
