"""WeCom as a channel: template cards and texts out, cards changed by one-use codes."""

from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta
from hashlib import sha256
from typing import Any, Protocol

import structlog

from bot.cards.actions import pack
from bot.cards.model import Card
from bot.channels.base import Refused, Retryable
from bot.channels.wecom import render
from bot.channels.wecom.client import ApiError, Client, Json, NotDone
from bot.channels.wecom.receive import CODE_LASTS, NAME
from bot.words import say
from domain.clock import Clock

log = structlog.get_logger("wecom")

SEND, UPDATE = "message/send", "message/update_template_card"
GREET = "externalcontact/send_welcome_msg"
GREETED, OTHERS_GREET = 41051, 41096
"""They talk already, or were greeted; another app of the company is greeting."""
MINUTE = timedelta(seconds=68)
"""The platform counts 60 seconds at its own door: a message may take our whole timeout to get there."""
NOBODY_REACHED = 81013
BETWEEN = "~"
MISFORMED = frozenset({40008, 40033, 40035, 40056, 40058, 40063, 41016, 41033, 45008, 82002, 82003})


class Slot(Protocol):
    """See storage.sending.Slot."""

    @property
    def wait_until(self) -> datetime | None: ...
    @property
    def tried(self) -> bool: ...


class SendUnits(Protocol):
    """Storage's units for sending, by name."""

    take_slot: Callable[..., Any]
    keep_code: Callable[..., None]
    claim_code: Callable[..., Any]
    give_back_code: Callable[..., None]
    blocked_until: Callable[..., Any]


class WecomChannel:
    """One app. `limits` are the platform's for one member, by the minute and the hour; `link` is the address
    of a lead's page. `mark` tells the messages of this database from those that another one, or the same one
    before it was restored, has sent by the same app: a task id is taken once."""

    name = NAME

    def __init__(
        self,
        client: Client,
        *,
        write: Callable[..., Awaitable[Any]],
        units: SendUnits,
        limits: tuple[Any, ...],
        clock: Clock,
        link: Callable[[str], str],
    ) -> None:
        self._client = client
        self._write = write
        self._units = units
        self._limits = limits
        self._clock = clock
        self._link = link
        self.mark = ""

    def _task(self, key: str) -> str:
        return render.task_id(f"{self.mark}/{key}")

    async def send(self, account: str, message: Card | str, *, key: str) -> str:
        """See bot.channels.base.Channel. The handle is the card's task id and, behind `~`, what can be
        pressed on it; a text has none."""
        if isinstance(message, str):
            for nth, part in enumerate(render.parts(message)):
                body = {"msgtype": "text", "text": {"content": part}, "safe": 0}
                await self._deliver(account, body, message=self._task(f"{key}/{nth}"))
            return ""
        return await self._send_card(account, message, key=key)

    async def _send_card(self, account: str, card: Card, *, key: str, heading: str = "") -> str:
        task = self._task(key)
        body = {
            "msgtype": "template_card",
            "template_card": render.template_card(
                card, task=task, link=self._link(card.lead), heading=heading
            ),
            "enable_id_trans": 0,
            "enable_duplicate_check": 1,
            "duplicate_check_interval": 1800,
        }
        answer = await self._deliver(account, body, message=task)
        await self._keep(task, answer.get("response_code"))
        return f"{task}{BETWEEN}{_offers(card)}"

    async def _deliver(self, account: str, body: Json, *, message: str) -> Json:
        """Send within the limits. A message that was tried before and is refused for its form now is taken as
        shown: its task id is known already."""
        slot: Slot = await self._write(
            self._units.take_slot,
            app=self._client.app,
            call=self._client.block_of(SEND),
            account=account.lower(),
            message=message,
            limits=self._limits,
            now=self._clock.now(),
        )
        if slot.wait_until is not None:
            raise Retryable("a limit of the platform", slot.wait_until - self._clock.now())
        try:
            answer = await self._client.post(
                SEND, {"touser": account, "agentid": self._client.agent_id, **body}
            )
        except ApiError as error:
            if slot.tried and error.code in MISFORMED and body["msgtype"] == "template_card":
                return {}
            raise
        _reached(account, answer)
        return answer

    async def _keep(self, task: str, code: object) -> None:
        if isinstance(code, str) and code:
            until = self._clock.now() + CODE_LASTS
            await self._write(
                self._units.keep_code, app=self._client.app, message=task, code=code, until=until
            )

    # -- changing a shown card ----------------------------------------------------------------------------

    async def update(self, account: str, handle: str, card: Card, *, key: str) -> str:
        """Change the card by a code that nobody has used; where none is left or none is taken any more, show
        a new card that calls itself the latest. See docs/decisions/0031."""
        blocked = await self._write(
            self._units.blocked_until, name=self._client.block_of(UPDATE), now=self._clock.now()
        )
        if blocked is not None:
            raise Retryable("a limit of the platform", blocked - self._clock.now())
        task, _, shown = handle.partition(BETWEEN)
        offers = _offers(card)
        in_force = offers != "-" and set(offers.split(".")) <= set(shown.split("."))
        while code := await self._claim(task, leave=1 if in_force else 0):
            if await self._change(account, task, card, code):
                return f"{task}{BETWEEN}{offers}"
        if in_force or offers == shown:
            return handle  # what can be pressed is on it: the last code is kept for when that ends
        current = say(card.lang, "wire.current")
        return await self._send_card(account, card, key=f"{key}>{task}", heading=current)

    async def _claim(self, task: str, leave: int) -> str:
        found = await self._write(
            self._units.claim_code, app=self._client.app, message=task, leave=leave, now=self._clock.now()
        )
        return str(found or "")

    async def _change(self, account: str, task: str, card: Card, code: str) -> bool:
        shown = render.template_card(card, task=task, link=self._link(card.lead))
        shown.pop("task_id", None)  # of a card that is there it cannot be changed
        body = {
            "userids": [account],
            "agentid": self._client.agent_id,
            "response_code": code,
            "enable_id_trans": 0,
            "template_card": shown,
        }
        try:
            answer = await self._client.post(UPDATE, body)
        except NotDone:
            await self._write(self._units.give_back_code, code=code)
            raise
        except ApiError as error:
            log.info("a card was not updated", action="not_updated", code=error.code)
            return False
        return not answer.get("invaliduser")

    # -- customers ------------------------------------------------------------------------------------------

    async def greet(self, code: str, text: str) -> None:
        """See bot.channels.base.Greets."""
        try:
            await self._client.post(GREET, {"welcome_code": code, "text": {"content": text}})
        except ApiError as error:
            if error.code == OTHERS_GREET:
                raise Retryable(str(error)) from None
            if error.code != GREETED:
                raise

    # -- files ----------------------------------------------------------------------------------------------

    async def download(self, ref: str, *, most: int) -> bytes:
        """See bot.channels.base.Downloads."""
        return await self._client.download(ref, most)


def _offers(card: Card) -> str:
    """What can be pressed on a card: six hex digits a button, `-` for none."""
    keys = [button.url or pack(button.action) for button in card.buttons]
    return ".".join(sha256(key.encode("utf-8", "surrogatepass")).hexdigest()[:6] for key in keys) or "-"


def _reached(account: str, answer: Json) -> None:
    """A send that reached nobody says 0 all the same; the ids come back in small letters."""
    for name in ("invaliduser", "unlicenseduser"):
        listed = str(answer.get(name) or "").lower().split("|")
        if account.lower() in listed:
            raise Refused(name)
