"""The relay: claims due notices, has them delivered, books what came of it.

Deliveries to different people run side by side, those to one person in their order; a person whose platform
hangs holds up nobody else. What is done is booked in batches by the one writer.
"""

import asyncio
from collections import defaultdict
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from typing import Any

import structlog

from domain.clock import Clock
from domain.errors import Unavailable
from domain.usecases.delivery import Receipt, Work, claim, settle

log = structlog.get_logger("scheduler")

CLAIM = 64  # more would hold up the clicks that wait for the same writer
AT_ONCE = 64
NAP = 1.0

Deliver = Callable[[Sequence[Work]], Awaitable[list[Receipt]]]


class Relay:
    """See the module. `told` is set by every commit that queued a notice."""

    def __init__(
        self, *, write: Callable[..., Awaitable[Any]], deliver: Deliver, clock: Clock, told: asyncio.Event
    ) -> None:
        self._write = write
        self._deliver = deliver
        self._clock = clock
        self._told = told
        self._running: dict[str, asyncio.Task[None]] = {}
        self._receipts: list[Receipt] = []
        self._booking = asyncio.Lock()
        self._claiming = asyncio.Lock()

    async def turn(self) -> None:
        """Deliver what is due, then wait for something new, at most a second."""
        if await self.once() < CLAIM:
            with suppress(TimeoutError):
                async with asyncio.timeout(NAP):
                    await self._told.wait()

    async def once(self) -> int:
        """Claim and start what is due and can be started; how many, CLAIM where there may be more.

        A caller that is cancelled meanwhile loses nothing: what was claimed for it is delivered all the same.
        """
        return await asyncio.shield(asyncio.create_task(self._claim_and_start()))

    async def _claim_and_start(self) -> int:
        async with self._claiming:  # who drains must see what another round has claimed and not yet started
            self._told.clear()
            if not await self._book():
                return 0  # nobody is busy with what waits to be booked, so it would be claimed once more
            room = AT_ONCE - len(self._running)
            if room <= 0:
                await asyncio.wait(self._running.values(), return_when=asyncio.FIRST_COMPLETED)
                return CLAIM
            works = await self._write(claim, now=self._clock.now(), limit=CLAIM, busy=list(self._running))
            for person, group in _by_person(works).items():
                self._start(person, group)
            return len(works)

    def _start(self, person: str, group: list[Work]) -> None:
        before = self._running.get(person)
        task = asyncio.create_task(self._work(group, before))
        self._running[person] = task
        task.add_done_callback(lambda done: self._ended(person, done))

    def _ended(self, person: str, task: "asyncio.Task[None]") -> None:
        if self._running.get(person) is task:
            del self._running[person]
        self._told.set()  # more may be due for this person

    async def _work(self, group: list[Work], before: "asyncio.Task[None] | None") -> None:
        if before is not None:
            await asyncio.wait((before,))
        found = await self._deliver(group)
        self._receipts += (
            found  # not `+= await`: that reads the list first, and a booking may swap it meanwhile
        )
        await self._book()

    async def _book(self) -> bool:
        """Book all receipts that came in while the last booking ran, in one transaction; False = not yet."""
        async with self._booking:
            receipts, self._receipts = self._receipts, []
            if not receipts:
                return True
            try:
                await self._settle(receipts)
            except Unavailable:
                self._receipts = receipts + self._receipts  # booked later, before anything is claimed
                log.warning("receipts wait", action="receipts_wait", receipts=len(receipts))
                return False
            return True

    async def _settle(self, receipts: list[Receipt]) -> None:
        """Book these; where that fails, each by itself: the others would be sent again for ever."""
        try:
            await self._write(settle, receipts=receipts, now=self._clock.now())
        except Unavailable:
            raise
        except Exception:
            log.exception("not booked", action="not_booked", receipts=len(receipts))
            if len(receipts) > 1:
                for each in receipts:
                    await self._settle([each])

    async def drain(self, within: float = 5.0) -> bool:
        """Deliver until nothing is due; False when that took longer than `within` seconds."""
        try:
            async with asyncio.timeout(within):
                while await self.once() or self._running or self._receipts:
                    if self._running:
                        await asyncio.wait(list(self._running.values()))
        except TimeoutError:
            return False
        return True

    async def close(self) -> None:
        """Let what is being claimed and sent end, two seconds at most; the rest is sent after the restart."""
        with suppress(TimeoutError):
            async with asyncio.timeout(2.0):
                async with self._claiming:
                    tasks = list(self._running.values())
                await asyncio.gather(*(asyncio.shield(task) for task in tasks), return_exceptions=True)
        tasks = list(self._running.values())
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


def _by_person(works: Sequence[Work]) -> dict[str, list[Work]]:
    """Works to one person go in order; a refresh goes by its key, which is one a lead."""
    groups: dict[str, list[Work]] = defaultdict(list)
    for work in works:
        groups[work.delivery.to or work.delivery.key].append(work)
    return groups
