"""Engines of one's own on the test's database, for what does not go through the store."""

from collections.abc import AsyncIterator, Iterator

import pytest
import pytest_asyncio
from sqlalchemy import Engine
from sqlalchemy.ext.asyncio import AsyncEngine

from storage.engine import read_url, reader_engine, writer_engine


@pytest.fixture
def engine(database_url: str) -> Iterator[Engine]:
    engine = writer_engine(read_url(database_url))
    yield engine
    engine.dispose()


@pytest_asyncio.fixture
async def reader(database_url: str) -> AsyncIterator[AsyncEngine]:
    engine = reader_engine(read_url(database_url))
    yield engine
    await engine.dispose()
