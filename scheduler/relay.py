"""The relay: claims due notices, has them delivered, books what came of it.

Deliveries to different people run side by side, those to one person in their order; a person whose platform
hangs holds up nobody else. What is done is booked in batches by the one writer.
"""

import asyncio
from collections import defaultdict
from collections.abc import Awaitable, Callable, Sequence
from typing import Any

from domain.clock import Clock
from domain.usecases.delivery import Receipt, Work, claim, settle

CLAIM = 200
AT_ONCE = 64

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
        if not await self.once():
            try:
                await asyncio.wait_for(self._told.wait(), 1.0)
            except TimeoutError:
                return

    async def once(self) -> bool:
        """Claim and start what is due and can be started; whether there was anything."""
        async with self._claiming:  # who drains must see what another round has claimed and not yet started
            self._told.clear()
            room = AT_ONCE - len(self._running)
            if room <= 0:
                await asyncio.wait(self._running.values(), return_when=asyncio.FIRST_COMPLETED)
                return True
            works = await self._write(claim, now=self._clock.now(), limit=CLAIM, busy=list(self._running))
            for person, group in _by_person(works).items():
                self._start(person, group)
            return bool(works)

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
        self._receipts += await self._deliver(group)
        await self._book()

    async def _book(self) -> None:
        """Book every receipt that has come in while the last booking ran, in one transaction."""
        async with self._booking:
            receipts, self._receipts = self._receipts, []
            if receipts:
                await self._write(settle, receipts=receipts, now=self._clock.now())

    async def drain(self, within: float = 5.0) -> bool:
        """Deliver until nothing is due; False when that took longer than `within` seconds."""
        try:
            async with asyncio.timeout(within):
                while await self.once() or self._running:
                    if self._running:
                        await asyncio.wait(list(self._running.values()))
        except TimeoutError:
            return False
        return True

    async def close(self) -> None:
        """Let what is being sent end, two seconds at most; the rest is sent after the restart."""
        tasks = list(self._running.values())
        if tasks:
            await asyncio.wait(tasks, timeout=2.0)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


def _by_person(works: Sequence[Work]) -> dict[str, list[Work]]:
    """Works to one person go in order; a refresh goes by its lead."""
    groups: dict[str, list[Work]] = defaultdict(list)
    for work in works:
        groups[work.delivery.to or f"lead:{work.delivery.lead_id}"].append(work)
    return groups
