"""Fetches the files of notes from the platforms that still have them, before those throw them away."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Protocol

import structlog

from bot.channels.base import Downloads, Refused, Retryable
from bot.files import Files, TooLarge
from bot.seams import jitter
from domain.clock import Clock
from domain.media import Wanted

log = structlog.get_logger("media")

AT_ONCE = 4
POLL = 2.0
TIMEOUT = 60.0
TRIES = 20
BACK_OFF_CAP = 3600.0


class Units(Protocol):
    """Storage's units for files, by name."""

    claim_wanted: Callable[..., list[Wanted]]
    file_kept: Callable[..., None]
    file_again: Callable[..., None]
    file_lost: Callable[..., None]


@dataclass(slots=True, kw_only=True)
class Downloader:
    write: Callable[..., Awaitable[Any]]
    units: Units
    next_wanted: Callable[[], Awaitable[datetime | None]]
    channels: Mapping[str, object]
    files: Files
    clock: Clock
    observe: Callable[[str, str], None] = field(default=lambda channel, result: None)

    async def turn(self) -> None:
        """One round of the loop: fetch what is wanted, or wait a little."""
        coming = await self.next_wanted()
        if coming is None or coming > self.clock.now():
            await asyncio.sleep(POLL)
            return
        await self.once()

    async def once(self) -> int:
        """Fetch what is wanted now; returns how many files were tried."""
        wanted = await self.write(self.units.claim_wanted, now=self.clock.now(), limit=AT_ONCE)
        await asyncio.gather(*(self._fetch(each) for each in wanted))
        return len(wanted)

    async def _fetch(self, wanted: Wanted) -> None:
        channel = self.channels.get(wanted.channel)
        try:
            if not isinstance(channel, Downloads):
                raise Refused("no such channel")
            async with asyncio.timeout(TIMEOUT):
                data = await channel.download(wanted.ref, most=self.files.most)
            digest, path = await self.files.put(data)
        except (Refused, TooLarge) as error:
            await self._lost(wanted, str(error))
        except (Retryable, TimeoutError, OSError) as error:
            after = error.after if isinstance(error, Retryable) else None
            await self._again(wanted, type(error).__name__, after)
        else:
            await self.write(
                self.units.file_kept,
                id_=wanted.id,
                size=len(data),
                sha256=digest,
                path=path,
                at=self.clock.now(),
            )
            self.observe(wanted.channel, "downloaded")

    async def _again(self, wanted: Wanted, why: str, after: timedelta | None) -> None:
        if wanted.attempts >= TRIES:
            await self._lost(wanted, why)
            return
        wait = after or timedelta(seconds=1 + jitter(min(BACK_OFF_CAP, 2.0 ** min(wanted.attempts, 12))))
        await self.write(self.units.file_again, id_=wanted.id, at=self.clock.now() + wait)

    async def _lost(self, wanted: Wanted, why: str) -> None:
        log.warning("a file could not be fetched", action="media_lost", channel=wanted.channel, why=why[:200])
        self.observe(wanted.channel, "lost")
        await self.write(self.units.file_lost, id_=wanted.id)
