"""Two instances on one PostgreSQL database, under load: a blow of each kind. Many: `python -m tests.crash`."""

import random
from collections.abc import Iterator

import pytest

from tests.crash import pair
from tests.crash.pair import BLOWS, Pair
from tests.postgres import Postgres

pytestmark = pytest.mark.postgres


@pytest.fixture(scope="module")
def two(postgres: Postgres, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Pair]:
    url = postgres.create_database()
    found = Pair(url=url, folder=tmp_path_factory.mktemp("pair"))
    yield found
    found.close()
    postgres.drop_database(url)


@pytest.mark.parametrize("what", sorted(set(BLOWS)))
def test_a_blow_at_one_of_two_loses_and_doubles_nothing(
    two: Pair, what: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pair, "BLOWS", (what,))
    done, answered = two.blow(random.Random(3))
    assert done == what
    assert answered > 5
