"""What a channel promises: to show a message to one account, and to change a card it showed."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Protocol, runtime_checkable

from bot.cards.model import Card


class Retryable(Exception):
    """The platform could not take it now. `after` = when it may be tried again, None = the usual back-off."""

    def __init__(self, why: str, after: timedelta | None = None) -> None:
        super().__init__(why)
        self.after = after


class Unsure(Retryable):
    """Nobody knows whether the platform took it: the connection broke before its answer came."""


class Refused(Exception):
    """The platform will never take it: the account does not exist, or may not be reached."""


class NotGenuine(Exception):
    """A callback that is forged, replayed too late, or unreadable. `why` is one word for our log; the caller
    is told nothing."""

    def __init__(self, why: str) -> None:
        super().__init__(why)
        self.why = why


class Webhook(Protocol):
    """A platform's callback address."""

    async def echo(self, query: Mapping[str, str]) -> bytes:
        """What the platform wants to read back when the address is set up. Raises NotGenuine."""
        ...

    async def take(self, query: Mapping[str, str], body: bytes) -> bytes:
        """Serve a callback; returns the body of the answer once its effect is committed. Raises NotGenuine,
        or Unavailable when nothing could be stored."""
        ...


class Channel(Protocol):
    """One platform. Tokens, limits and payload shapes stay behind these two verbs."""

    name: str

    async def send(self, account: str, message: Card | str, *, key: str) -> str:
        """Show a card or a text; returns the handle by which a card is changed later. The same `key` again
        shows nothing twice where the platform permits. Raises Retryable, Unsure or Refused."""
        ...

    async def update(self, account: str, handle: str, card: Card, *, key: str) -> str:
        """Make a shown card look like this; returns the handle from now on. Raises Retryable or Refused."""
        ...


@runtime_checkable
class Greets(Protocol):
    """A channel that may say one word to a customer who has just met a member."""

    async def greet(self, code: str, text: str) -> None:
        """Say it by a code that works once: a second time says nothing twice. Raises Retryable, Unsure or
        Refused."""
        ...


@runtime_checkable
class Downloads(Protocol):
    """A channel that can hand out the files which people sent to it."""

    async def download(self, ref: str, *, most: int) -> bytes:
        """The file of an Attachment's `ref`, at most that many bytes. Raises Retryable, or Refused when it is
        larger, gone, or was never there."""
        ...


class SignIn(Protocol):
    """A platform that can say who somebody is, for the pages."""

    @property
    def name(self) -> str:
        """The channel's."""
        ...

    def fits(self, user_agent: str) -> bool:
        """Whether this browser is inside the platform's own client."""
        ...

    def begin(self, *, back: str, state: str, user_agent: str) -> "str | SignInPage":
        """Where to send the browser, or a page that finds out by itself; either leads it to `back` with a
        code and `state`."""
        ...

    async def account(self, query: Mapping[str, str]) -> str:
        """The account of whoever came back with these values. Raises NotGenuine, Refused or Retryable."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class SignInPage:
    """A page of ours that asks a platform's client who somebody is; `policy` = its content policy."""

    html: str
    policy: str
