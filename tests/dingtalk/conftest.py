"""A platform and a bot for each story; after it the invariants hold and nothing was logged as an error."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest_asyncio
from structlog.testing import capture_logs

from bot.channels.dingtalk.fake import FakeDingtalk
from tests.dingtalk.world import Ding, Opener, members
from tests.scenario.world import StillClock

EXPECTED = frozenset({"platform_refuses", "no_cards", "over_quota", "not_registered", "stream_down"})
"""What a story provokes on purpose."""


@pytest_asyncio.fixture
async def opener(database_url: str, tmp_path: Path) -> AsyncIterator[Opener]:
    clock = StillClock()
    fake = FakeDingtalk(clock=clock, qps=1000)
    await fake.start()
    fake.join(*members())
    bots = Opener(database_url=database_url, folder=tmp_path / "media", fake=fake, clock=clock)
    with capture_logs() as logged:
        try:
            yield bots
            for ding in bots.running:
                await ding.advance(seconds=1)
                assert await ding.audit() == []
                assert await ding.untrue() == []
            assert fake.book.violations == []
        finally:
            for ding in list(bots.running):
                await bots.shut(ding)
            await fake.stop()
    assert errors(logged) == []


def errors(logged: list[Any]) -> list[Any]:
    loud = [each for each in logged if each["log_level"] in ("error", "critical")]
    return [each for each in loud if each.get("action") not in EXPECTED]


@pytest_asyncio.fixture
async def ding(opener: Opener) -> Ding:
    """The bot in Stream mode at ten on a Monday morning."""
    return await opener.open()
