"""A bot for each story, on both databases; after it the invariants hold and nothing was logged as an error."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
from structlog.testing import capture_logs

from tests.scenario.world import Starter, World

EXPECTED = frozenset({"reload_refused"})


@pytest_asyncio.fixture
async def starter(database_url: str, tmp_path: Path) -> AsyncIterator[Starter]:
    """Starts the sample company's bot; every one that still runs is audited and stopped at the end."""
    bots = Starter(database_url=database_url, media=tmp_path / "media")
    with capture_logs() as logged:
        try:
            yield bots
            for world in bots.running:
                await world.advance("1s")
                assert await world.audit() == []
        finally:
            await bots.stop_all()
    assert errors(logged) == []


def errors(logged: list[Any]) -> list[Any]:
    """What was logged as an error and no story provokes."""
    loud = [each for each in logged if each["log_level"] in ("error", "critical")]
    return [each for each in loud if each.get("action") not in EXPECTED]


@pytest_asyncio.fixture
async def world(starter: Starter) -> World:
    """The sample company's bot at ten on a Monday morning."""
    return await starter.start()


@pytest.fixture
def one_engine(engine_name: str) -> str:
    """For a story in which the database makes no difference but is named."""
    return engine_name
