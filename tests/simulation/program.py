"""The program on its one machine: started, killed in mid-step, suspended, stopped, started again."""

import asyncio
import contextlib
import math
from collections.abc import Awaitable, Callable
from typing import Any

from aiohttp import web, web_app

from bot.config import Settings
from bot.main import Service
from domain.clock import Clock
from domain.people import Company
from storage.engine import FileLock
from storage.store import Store
from tests.simulation.loop import VirtualLoop
from tests.simulation.platform import Platform, SimulatedChannel
from tests.simulation.world import Died, World

CHANNEL = "sim"


class WallClock:
    """The machine's clock."""

    def __init__(self, world: World) -> None:
        self._world = world

    def now(self) -> Any:
        return self._world.wall()


class VirtualTicker:
    """scheduler.ticker.Ticker without APScheduler, which reads the real clock."""

    def __init__(self) -> None:
        self._jobs: list[tuple[float, Callable[[], Awaitable[None]]]] = []
        self._tasks: list[asyncio.Task[None]] = []

    def every(self, seconds: float, job: Callable[[], Awaitable[None]], *, name: str) -> None:
        self._jobs.append((seconds, job))

    def start(self) -> None:
        self._tasks = [asyncio.create_task(self._run(*each)) for each in self._jobs]

    async def _run(self, seconds: float, job: Callable[[], Awaitable[None]]) -> None:
        while True:
            await asyncio.sleep(seconds)
            with contextlib.suppress(Exception):
                await job()

    def close(self) -> None:
        for task in self._tasks:
            task.cancel()


class SimulatedService(Service):
    """The service as bot.main wires it, on the simulated platform and without sockets."""

    def __init__(self, settings: Settings, company: Company, store: Store, clock: Clock) -> None:
        super().__init__(settings, company, store, clock)
        self.ticker = VirtualTicker()  # type: ignore[assignment]

    async def _listen(self) -> None:
        """Callbacks are handed to the router."""


class Process:
    """One life of the program. `stopped` seconds of it its monotonic clock did not see."""

    def __init__(self, world: World, number: int) -> None:
        self.world = world
        self.number = number
        self.born = world.now
        self.alive = True
        self.service: SimulatedService | None = None
        self.suspended = False
        self.stopped = 0.0
        self.loop = VirtualLoop(world.dice("loop"), world.now)
        self.connections: list[Any] = []
        self.drivers: list[Any] = []
        self.locks: list[FileLock] = []
        self.waiting: list[tuple[Callable[..., None], tuple[Any, ...]]] = []
        self.tasks: set[asyncio.Task[Any]] = set()
        self._app: web.Application | None = None

    def application(self) -> web.Application:
        """The HTTP side of the service, made when it is first called."""
        assert self.service is not None
        if self._app is None:
            self._app = self.service.application()
            self._app.freeze()
        return self._app

    @property
    def ready(self) -> bool:
        """Whether it serves."""
        return self.alive and self.service is not None

    def monotonic(self) -> float:
        return self.world.now - self.stopped

    def next_at(self) -> float:
        if self.suspended or not self.alive:
            return math.inf
        return max(self.loop.next_at() + self.stopped, self.world.now)

    def step(self) -> None:
        self.loop.go_to(max(self.monotonic(), self.loop.next_at()))  # the sum of two times is not exact
        if self.loop._ready:
            self.loop.step()
            self.world.now = max(self.world.now, self.loop.time() + self.stopped)

    def spawn(self, work: Any) -> "asyncio.Task[Any]":
        """Run a coroutine in it."""
        task = self.loop.create_task(work)
        self.tasks.add(task)
        return task

    def reach(self, do: Callable[..., None], *args: Any) -> None:
        """Something arrives from outside: at once, or when the machine wakes up."""
        if not self.alive:
            return
        if self.suspended:
            self.waiting.append((do, args))
        else:
            do(*args)

    def suspend(self) -> None:
        self.suspended = True

    def resume(self, seconds: float, *, clock_stood: bool) -> None:
        if not self.alive:
            return
        self.suspended = False
        if clock_stood:
            self.stopped += seconds
        waiting, self.waiting = self.waiting, []
        for do, args in waiting:
            do(*args)

    def die(self) -> None:
        """End here, in the middle of whatever it does."""
        if self.alive:
            self.alive = False
            raise Died
        raise Died

    def bury(self) -> None:
        """Take from the dead what the system takes: connections (which rolls back), locks, descriptors."""
        self.alive = False
        for driver in self.drivers:
            driver._connection = None
        for connection in self.connections:
            with contextlib.suppress(Exception):
                connection.close()
        for lock in self.locks:
            lock.free()
        self.loop.close()

    def forget(self) -> None:
        """When the story is over: end what it was in the middle of, and cut what a pool holds for ever. No collector
        sees into a greenlet that waits."""
        for task in asyncio.all_tasks(self.loop):
            for _ in range(20):  # what cleans up after itself may wait once more
                with contextlib.suppress(BaseException):
                    task.get_coro().close()
                    break
        for connection in self.connections:
            connection.__dict__.clear()
        web_app._cached_build_middleware.cache_clear()  # it keeps applications


async def serve(
    process: Process, platform: Platform, settings: Settings, company: Company, url: str
) -> SimulatedService:
    """Service.start with the simulated platform in the place of the real ones."""
    store = await Store.open(url, company)
    service = SimulatedService(settings, company, store, WallClock(process.world))
    service.channels[CHANNEL] = SimulatedChannel(process, platform)
    try:
        await service._begin(False)
    except BaseException:
        await service.stop()
        raise
    process.service = service
    return service
