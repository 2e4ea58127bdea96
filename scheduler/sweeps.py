"""The sweep: finds what is due by an indexed column and does it, however long nobody looked."""

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress
from datetime import datetime, timedelta
from typing import Any

import structlog

from domain.clock import Clock
from domain.errors import Unavailable
from domain.usecases.escalation import escalate_due, escalate_lead, resume_after_gap

log = structlog.get_logger("scheduler")

AT_ONCE = 500
NAP, BLINK = 1.0, 0.02
GAP = timedelta(minutes=5)


class Sweep:
    """See the module. `grace` (seconds) is how long after the due time it acts; `next_due` reads the nearest
    due instant, `overdue` what is due by id; `due` is set by a commit that may have brought it nearer."""

    def __init__(
        self,
        *,
        write: Callable[..., Awaitable[Any]],
        next_due: Callable[[], Awaitable[datetime | None]],
        overdue: Callable[[datetime, int], Awaitable[list[str]]],
        clock: Clock,
        due: asyncio.Event,
        grace: float,
    ) -> None:
        self._write = write
        self._next_due = next_due
        self._overdue = overdue
        self._clock = clock
        self._due = due
        self._grace = timedelta(seconds=grace)
        self._stuck: set[str] = set()
        self.lag = 0.0

    async def turn(self) -> None:
        """Do what is due, or sleep until the next due instant, a second at most."""
        self._due.clear()
        coming = await self._next_due()
        if await self._act(coming):
            return
        wait = NAP
        if coming is not None and not self._stuck:
            left = (coming + self._grace - self._clock.now()).total_seconds()
            wait = min(NAP, max(BLINK, left))  # what is due and not done, another instance has
        with suppress(TimeoutError):
            async with asyncio.timeout(wait):
                await self._due.wait()

    async def once(self) -> int:
        """One batch of what is due; how many leads it was."""
        return await self._act(await self._next_due())

    async def _act(self, coming: datetime | None) -> int:
        now = self._clock.now() - self._grace
        if coming is None or coming > now:
            return 0
        self.lag = (now - coming).total_seconds()
        try:
            done = len(await self._write(escalate_due, now=now, limit=AT_ONCE))
        except Unavailable:
            raise
        except Exception:  # noqa: BLE001 - the writer has logged it; whichever lead it was, the others go on
            return await self._one_by_one(now)
        self._stuck.clear()
        return done

    async def _one_by_one(self, now: datetime) -> int:
        """Some lead cannot be looked at: each by itself, so that it holds up no other. It is tried again each
        second, and the auditor finds it overdue."""
        done, stuck = 0, set()
        for lead_id in await self._overdue(now, AT_ONCE):
            try:
                done += await self._write(escalate_lead, lead_id=lead_id, now=now)
            except Unavailable:
                raise
            except Exception:  # noqa: BLE001 - the writer has logged it
                stuck.add(lead_id)
        for lead_id in stuck - self._stuck:
            log.error("a lead holds up its clock", action="lead_stuck", lead=lead_id)
        self._stuck = stuck
        return done

    async def all(self) -> None:
        """Every batch that is due now."""
        while await self.once() == AT_ONCE:
            pass


async def resume(write: Callable[..., Awaitable[Any]], *, since: datetime | None, now: datetime) -> int:
    """At start, before serving: a gap of more than five minutes is booked as the system's fault.

    Returns how many leads it concerned; 0 for a short gap, which is simply caught up.
    """
    if since is None or now - since <= GAP:
        return 0
    total = 0
    while count := await write(resume_after_gap, since=since, until=now, limit=AT_ONCE):
        total += count
    if total:
        log.warning(
            "resumed after a gap", action="resumed", leads=total, seconds=(now - since).total_seconds()
        )
    return total
