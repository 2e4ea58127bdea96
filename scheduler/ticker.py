"""The metronome: what happens by the clock on the wall, and never decides about a lead.

APScheduler only wakes; it drops a job that is a second late unless told otherwise, so it is told otherwise,
and nothing that must not be lost hangs on it.
"""

import asyncio
from collections.abc import Awaitable, Callable

import structlog
from apscheduler.schedulers.asyncio import AsyncIOScheduler

log = structlog.get_logger("scheduler")


class Ticker:
    """Start with `start()`, stop with `close()`. Jobs are added before the start."""

    def __init__(self) -> None:
        self._scheduler = AsyncIOScheduler(
            timezone="UTC", job_defaults={"misfire_grace_time": None, "coalesce": True, "max_instances": 1}
        )

    def every(self, seconds: float, job: Callable[[], Awaitable[None]], *, name: str) -> None:
        """Run `job` every so many seconds; an error is logged and the next round runs all the same. One that
        is under way at the close is broken off without a word."""

        async def safely() -> None:
            try:
                await job()
            except asyncio.CancelledError:
                if self._scheduler.running:
                    raise
            except Exception as error:  # noqa: BLE001  the next tick tries again
                log.error("tick failed", action="tick_failed", job=name, error=type(error).__name__)

        self._scheduler.add_job(safely, "interval", seconds=seconds, id=name)

    def start(self) -> None:
        self._scheduler.start()

    def close(self) -> None:
        if self._scheduler.running:
            self._scheduler.shutdown(wait=False)
