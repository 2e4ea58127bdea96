"""The simulator as a channel: it delivers, fails and updates like a platform, into chats in the store."""

from collections.abc import Awaitable, Callable
from typing import Any, Protocol

from bot.cards.model import Card, to_json
from bot.channels.base import Retryable

NAME = "local"


class Chats(Protocol):
    """Where the simulated phones are kept."""

    async def put(
        self, *, message: str, person: str, sender: str, kind: str, body: dict[str, Any]
    ) -> None: ...

    async def change(self, *, message: str, body: dict[str, Any]) -> None: ...


class LocalChannel:
    """One per process. While `outage` is on, every call fails as an unreachable platform's would."""

    name = NAME

    def __init__(
        self,
        chats: Chats,
        *,
        changed: Callable[[str], None],
        outage: Callable[[], Awaitable[bool]],
        person_of: Callable[[str], str] = str,
    ) -> None:
        self._chats = chats
        self._changed = changed
        self._outage = outage
        self._person_of = person_of  # chats are kept by person, and a newcomer's id is not their account

    async def send(self, account: str, message: Card | str, *, key: str) -> str:
        """Show it on that person's phone; the key is the message's id, so a repeat shows nothing twice."""
        await self._reachable()
        kind, body = ("text", {"text": message}) if isinstance(message, str) else ("card", _card(message))
        person = self._person_of(account)
        await self._chats.put(message=key, person=person, sender="bot", kind=kind, body=body)
        self._changed(person)
        return key

    async def update(self, account: str, handle: str, card: Card, *, key: str) -> str:
        await self._reachable()
        await self._chats.change(message=handle, body=_card(card))
        self._changed(self._person_of(account))
        return handle

    async def _reachable(self) -> None:
        if await self._outage():
            raise Retryable("simulated outage")


def _card(card: Card) -> dict[str, Any]:
    return {"text": card.title, "card": to_json(card)}
