"""What every test may ask for: both databases, freshly migrated, a company, a stepped clock, a browser."""

import os
import shutil
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio

from domain.calendar import Mode
from domain.people import Company
from storage import schema
from storage.engine import read_url, writer_engine
from storage.store import Store
from tests.fakes.clock import SteppedClock
from tests.fakes.company import calendar, make_company
from tests.fakes.databases import Databases
from tests.fakes.floor import Floor
from tests.postgres import Postgres, start_postgres

FAST = 1_000_000
"""A pace that never holds a notice up; the tests of the pace set their own."""

OpenStore = Callable[..., Awaitable[Store]]


def migrated(url: str) -> str:
    """Bring a database to the newest schema; returns its URL."""
    target = read_url(url)
    engine = writer_engine(target)
    schema.migrate(target, engine)
    engine.dispose()
    return url


@pytest.fixture(scope="session")
def postgres() -> Iterator[Postgres]:
    """One server a test process, its migrated template made once."""
    with start_postgres() as server:
        server.template("schema", migrated)
        yield server


@pytest.fixture(scope="session")
def sqlite_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    file = tmp_path_factory.mktemp("schema") / "template.db"
    migrated(f"sqlite:///{file}")
    return file


@pytest.fixture
def sqlite_url(sqlite_template: Path, tmp_path: Path) -> str:
    """A migrated SQLite database of one's own."""
    file = tmp_path / "leadbell.db"
    shutil.copyfile(sqlite_template, file)
    return f"sqlite:///{file}"


@pytest.fixture(scope="session")
def databases(postgres: Postgres) -> Databases:
    return Databases(postgres)


@pytest.fixture
def postgres_url(databases: Databases) -> Iterator[str]:
    """A migrated PostgreSQL database of one's own."""
    url = databases.take()
    yield url
    databases.give_back(url)


@pytest.fixture(params=["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)])
def engine_name(request: pytest.FixtureRequest) -> str:
    """Which database: a test that asks for it, or for `database_url`, runs on both."""
    name: str = request.param
    return name


@pytest.fixture
def database_url(engine_name: str, request: pytest.FixtureRequest) -> str:
    """A fresh migrated database, on each engine in turn."""
    url: str = request.getfixturevalue(f"{engine_name}_url")
    return url


@pytest.fixture
def empty_sqlite_url(tmp_path: Path) -> str:
    return f"sqlite:///{tmp_path / 'empty.db'}"


@pytest.fixture
def empty_postgres_url(postgres: Postgres) -> Iterator[str]:
    url = postgres.create_database()
    yield url
    postgres.drop_database(url)


@pytest.fixture
def empty_url(engine_name: str, request: pytest.FixtureRequest) -> str:
    """A database with nothing in it, on each engine in turn."""
    url: str = request.getfixturevalue(f"empty_{engine_name}_url")
    return url


@pytest.fixture
def company() -> Company:
    """Two teams of three reps, their managers, and one of each other role; the clock runs day and night."""
    return make_company()


@pytest.fixture
def office_company() -> Company:
    """The same people in working hours: 9 to 12 and 13:30 to 18 on working days."""
    return make_company(calendar=calendar(Mode.BUSINESS))


@pytest.fixture
def clock() -> SteppedClock:
    """Stands at ten on a Monday morning in Shanghai until it is stepped."""
    return SteppedClock()


@pytest_asyncio.fixture
async def open_store(database_url: str, company: Company) -> AsyncIterator[OpenStore]:
    """Opens stores on the test's database, closed at its end. Takes another company, and `pace`."""
    opened: list[Store] = []

    async def opens(other: Company | None = None, **values: Any) -> Store:
        store = await Store.open(database_url, other or company, **{"pace": FAST} | values)
        opened.append(store)
        return store

    yield opens
    for store in reversed(opened):
        await store.close()


@pytest_asyncio.fixture
async def store(open_store: OpenStore) -> Store:
    return await open_store()


@pytest_asyncio.fixture
async def floor(store: Store, clock: SteppedClock) -> AsyncIterator[Floor]:
    """The sales floor of the round-the-clock company; audited when the test is over."""
    place = Floor(store, clock)
    yield place
    assert await place.audit() == []


@pytest_asyncio.fixture
async def office(open_store: OpenStore, office_company: Company, clock: SteppedClock) -> AsyncIterator[Floor]:
    """The sales floor of the company with working hours; audited when the test is over."""
    place = Floor(await open_store(office_company), clock)
    yield place
    assert await place.audit() == []


@pytest.fixture(scope="session")
def chromium_path() -> str:
    """The browser that LEADBELL_CHROMIUM names, for tests marked `browser`."""
    return os.environ["LEADBELL_CHROMIUM"]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Without a Chromium the browser tests are skipped, and the report says so."""
    path = os.environ.get("LEADBELL_CHROMIUM", "")
    if path and Path(path).exists():
        return
    why = f"LEADBELL_CHROMIUM names no file ({path!r})" if path else "LEADBELL_CHROMIUM is not set"
    no_browser = pytest.mark.skip(reason=f"!! BROWSER TESTS NOT RUN: {why}; scripts/test looks for one")
    for item in items:
        if item.get_closest_marker("browser"):
            item.add_marker(no_browser)
