"""Houses: one a database engine and test process, kept as long as nothing in it went wrong."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.crash.house import House, Nursery

Build = Callable[[str], House]


@pytest.fixture(scope="module")
def nursery(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Nursery]:
    """Whoever starts programs; what they say goes into a file that a failing test quotes."""
    keeper = Nursery(tmp_path_factory.mktemp("nursery") / "log")
    yield keeper
    keeper.close()


@pytest.fixture(scope="module")
def build(
    nursery: Nursery, request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Build]:
    """Builds a house on an empty database of an engine."""
    built: list[House] = []

    def builds(engine_name: str) -> House:
        folder: Path = tmp_path_factory.mktemp(engine_name)
        if engine_name == "sqlite":
            url = f"sqlite:///{folder / 'leadbell.db'}"
        else:
            server = request.getfixturevalue("postgres")
            url = server.create_database()
            request.addfinalizer(lambda: server.drop_database(url))
        built.append(House(nursery=nursery, url=url, folder=folder))
        return built[-1]

    yield builds
    nursery.order(do="kill")
    for house in built:
        house.close()


@pytest.fixture(scope="module")
def standing() -> dict[str, House]:
    """The house of each engine in which nothing went wrong so far."""
    return {}


@pytest.fixture
def house(
    engine_name: str, build: Build, standing: dict[str, House], request: pytest.FixtureRequest
) -> Iterator[House]:
    """A house on each engine in turn whose program serves; the next test gets a new one after a failure."""
    failed = request.session.testsfailed
    found = standing.pop(engine_name, None) or build(engine_name)
    found.deadly.clear()
    found.deaths.clear()
    found.asked.clear()
    found.nursery.order(do="kill")
    found.start()
    yield found
    if request.session.testsfailed == failed and not found.spoiled:
        standing[engine_name] = found
