"""The simulated phones over the store, and the clock that one can push forward."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta
from typing import Any, Protocol

from bot.seams import ShiftedClock
from domain.clock import Clock

MOST_STEPS = 10_000
SETTLE = 1.0


class Line(Protocol):
    """What the phones need of the store."""

    async def messages(self, person: str) -> list[dict[str, Any]]: ...

    async def message(self, person: str, message: str) -> dict[str, Any] | None: ...

    async def mark(self, name: str) -> str | None: ...


class Engine(Protocol):
    """What does due work: sweeps and deliveries, and when the next is due."""

    async def run_due(self) -> None: ...

    async def deliver_due(self, within: float) -> bool: ...

    async def next_instant(self) -> datetime | None: ...


class SimulatedPhones:
    """See bot.web.sim.Phones. `write` runs a unit; `put`, `change`, `set_mark` are storage's units."""

    def __init__(
        self,
        *,
        write: Callable[..., Awaitable[Any]],
        units: "ChatUnits",
        line: Line,
        engine: Engine,
        clock: Clock,
        duty: Callable[[], Awaitable[dict[str, bool]]],
    ) -> None:
        self._write = write
        self._units = units
        self._line = line
        self._engine = engine
        self._clock = clock
        self._duty = duty
        self._jumping = asyncio.Lock()
        self._switching = asyncio.Lock()
        self._outage = False

    async def messages(self, person: str) -> list[dict[str, Any]]:
        return await self._line.messages(person)

    async def message(self, person: str, message: str) -> dict[str, Any] | None:
        return await self._line.message(person, message)

    async def typed(self, *, message: str, person: str, kind: str, body: dict[str, Any]) -> None:
        await self.put(message=message, person=person, sender=person, kind=kind, body=body)

    async def put(self, *, message: str, person: str, sender: str, kind: str, body: dict[str, Any]) -> None:
        await self._write(
            self._units.put,
            message=message,
            person=person,
            sender=sender,
            kind=kind,
            body=body,
            at=self._clock.now(),
        )

    async def change(self, *, message: str, body: dict[str, Any]) -> None:
        await self._write(self._units.change, message=message, body=body, at=self._clock.now())

    async def on_duty(self) -> dict[str, bool]:
        return await self._duty()

    async def settled(self) -> None:
        await self._engine.deliver_due(SETTLE)

    async def outage(self) -> bool:
        return self._outage

    async def set_outage(self, on: bool) -> None:
        async with self._switching:
            self._outage = on
            await self._write(self._units.set_mark, name="sim_outage", value="on" if on else "")
        if not on:
            await self._write(self._units.hurry, now=self._clock.now())

    async def advance(self, by: timedelta) -> datetime:
        """Jump forward; everything that falls due on the way happens at its own time, in order."""
        if not isinstance(self._clock, ShiftedClock):
            return self._clock.now()
        async with self._jumping:
            target = self._clock.now() + by
            self._clock.hold(self._clock.now())
            try:
                await self._walk(self._clock, target)
            finally:
                self._clock.hold(target)
                self._clock.go()
            await self._keep_offset(self._clock)
            return target

    async def _walk(self, clock: ShiftedClock, target: datetime) -> None:
        await self._engine.run_due()
        for _ in range(MOST_STEPS):
            coming = await self._engine.next_instant()
            if coming is None or coming > target:
                break
            clock.hold(max(coming, clock.now()))
            await self._engine.run_due()
        clock.hold(target)
        await self._engine.run_due()

    async def _keep_offset(self, clock: ShiftedClock) -> None:
        micros = clock.offset // timedelta(microseconds=1)
        await self._write(self._units.set_mark, name="sim_offset", value=str(micros))

    async def follow(self) -> None:
        """Take over what another instance set: the outage switch and the clock."""
        async with self._switching:  # else an older mark could be read before, and taken over after, a switch
            self._outage = bool(await self._line.mark("sim_outage"))
        if self._jumping.locked():
            return
        async with self._jumping:
            offset = await self._line.mark("sim_offset")
            if offset is not None and isinstance(self._clock, ShiftedClock):
                self._clock.offset = timedelta(microseconds=int(offset))

    async def set_offset(self, offset: timedelta) -> None:
        """Start the simulator's clock with that offset from the machine's."""
        if isinstance(self._clock, ShiftedClock):
            self._clock.offset = offset
            await self._keep_offset(self._clock)


class ChatUnits(Protocol):
    """Storage's units for the simulator, by name."""

    put: Callable[..., None]
    change: Callable[..., None]
    set_mark: Callable[..., None]
    hurry: Callable[..., None]
