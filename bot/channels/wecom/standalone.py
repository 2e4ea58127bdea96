"""The app's API for one command, without the store: a server may be running on it."""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from types import SimpleNamespace
from typing import Any

import aiohttp

from bot.channels.wecom.app import make_client
from bot.channels.wecom.channel import WecomChannel
from bot.channels.wecom.client import Client
from bot.config import Wecom
from domain.clock import Clock


@dataclass(slots=True, kw_only=True)
class Turn:
    """See storage.platform_tokens.Turn."""

    token: str = ""
    expires_at: datetime | None = None
    fetched_at: datetime | None = None
    mine: bool = True


@dataclass(slots=True)
class Memory:
    """What the store would keep, for as long as the command runs."""

    codes: list[str] = field(default_factory=list)

    def units(self) -> SimpleNamespace:
        tokens = SimpleNamespace(take_turn=lambda _uow, **_: Turn(), keep=_nothing, give_up_turn=_nothing)
        sending = SimpleNamespace(
            block=lambda _uow, *, name, now: now + timedelta(seconds=60),
            take_slot=lambda _uow, **_: SimpleNamespace(wait_until=None, tried=False),
            keep_code=lambda _uow, *, code, **_: self.codes.append(code),
            claim_code=_nothing,
            give_back_code=_nothing,
            blocked_until=_nothing,
        )
        return SimpleNamespace(tokens=tokens, sending=sending, first_time=_nothing)


def _nothing(_uow: Any, **_: Any) -> None:
    """There is nothing to keep."""


async def _write(work: Callable[..., Any], /, **values: Any) -> Any:
    return work(None, **values)


@asynccontextmanager
async def opened(settings: Wecom, clock: Clock) -> AsyncIterator[Client]:
    """The client, and its connections closed at the end."""
    async with aiohttp.ClientSession() as http:
        yield make_client(settings, http=http, write=_write, units=Memory().units(), clock=clock)


def channel_of(client: Client, clock: Clock, link: Callable[[str], str]) -> WecomChannel:
    """The channel over a client of one command."""
    return WecomChannel(
        client, write=_write, units=Memory().units().sending, limits=(), clock=clock, link=link
    )
