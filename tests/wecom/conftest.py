"""A company on WeCom."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio

from tests.scenario.world import StillClock
from tests.wecom.world import House, start_fake


@pytest_asyncio.fixture
async def still_house(sqlite_url: str, tmp_path: Path) -> AsyncIterator[House]:
    """On SQLite, not yet started."""
    clock = StillClock()
    made = House(folder=tmp_path, database_url=sqlite_url, fake=await start_fake(clock), clock=clock)
    yield made
    await made.close()


@pytest_asyncio.fixture
async def house(still_house: House) -> House:
    """Running on SQLite; the audit at the end finds nothing."""
    await still_house.start()
    return still_house


@pytest_asyncio.fixture
async def any_still_house(database_url: str, tmp_path: Path) -> AsyncIterator[House]:
    """On each engine in turn, not yet started."""
    clock = StillClock()
    made = House(folder=tmp_path, database_url=database_url, fake=await start_fake(clock), clock=clock)
    yield made
    assert made.service is None or await made.audit() == []
    await made.close()


@pytest_asyncio.fixture(params=["once", "restarted"])
async def told_house(any_still_house: House, request: pytest.FixtureRequest) -> House:
    """On each engine in turn, and again with the program started anew between whatever happens and what follows."""
    any_still_house.restless = request.param == "restarted"
    await any_still_house.start()
    return any_still_house


@pytest_asyncio.fixture
async def any_house(any_still_house: House) -> House:
    """Running on each engine in turn."""
    await any_still_house.start()
    return any_still_house
