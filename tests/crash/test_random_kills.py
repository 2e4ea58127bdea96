"""The program is killed at any moment, under load.

A few kills an engine in every run. `LEADBELL_KILLS=10000` makes it so many; the tally is kept in the files that
`LEADBELL_KILLS_TALLY` names, an engine's name behind it (without it in pytest's cache), and a run that was broken
off goes on from there. `LEADBELL_SEED` deals the same dice again.
"""

import json
import os
import random
import time
from pathlib import Path

import pytest

from tests.crash.checks import check
from tests.crash.conftest import Build
from tests.crash.crowd import Crowd
from tests.crash.house import House

FEW = 6
A_HOUSE = 50
PEOPLE = 4
MOST_ANSWERS = 40


def test_kills_at_any_moment_lose_and_double_nothing(
    engine_name: str, build: Build, request: pytest.FixtureRequest
) -> None:
    wanted = int(os.environ.get("LEADBELL_KILLS", FEW))
    seed = int(os.environ.get("LEADBELL_SEED", time.time_ns() % 1_000_000))
    dice = random.Random(seed)
    tally = Tally(_tally_file(engine_name, request) if wanted > FEW else None)
    house: House | None = None
    while tally.kills < wanted:
        if house is None or tally.kills % A_HOUSE == 0:
            house = build(engine_name)
        try:
            answers = kill_once(house, dice)
        except BaseException as error:
            error.add_note(f"LEADBELL_SEED={seed}, kill {tally.kills + 1} of {wanted} on {engine_name}")
            raise
        tally.add(answers)
    assert tally.kills >= wanted


def kill_once(house: House, dice: random.Random) -> int:
    """Load, death, audit, restart, the same wishes again, everything checked. Returns the wishes answered."""
    house.nursery.order(do="kill")
    house.start()
    crowd = Crowd(house, PEOPLE)
    crowd.run_until(dice.randint(1, MOST_ANSWERS))
    house.sound()
    house.start()
    crowd.ask_again()
    check(house)
    crowd.check()
    return len(crowd.answered)


def _tally_file(engine_name: str, request: pytest.FixtureRequest) -> Path:
    named = os.environ.get("LEADBELL_KILLS_TALLY")
    if named:
        return Path(f"{named}.{engine_name}")
    assert request.config.cache is not None
    return request.config.cache.mkdir("kills") / f"{engine_name}.json"


class Tally:
    """How many kills were survived, and how many wishes were answered in them; kept in a file, if any."""

    def __init__(self, file: Path | None) -> None:
        self._file = file
        found = json.loads(file.read_text()) if file and file.exists() else {}
        self.kills: int = found.get("kills", 0)
        self.answers: int = found.get("answers", 0)

    def add(self, answers: int) -> None:
        self.kills += 1
        self.answers += answers
        if self._file:
            self._file.parent.mkdir(parents=True, exist_ok=True)
            fresh = self._file.with_suffix(".new")
            fresh.write_text(json.dumps({"kills": self.kills, "answers": self.answers}))
            fresh.replace(self._file)


def test_a_tally_goes_on_where_it_was_broken_off(tmp_path: Path) -> None:
    first = Tally(tmp_path / "deep" / "tally.json")
    first.add(7)
    first.add(5)
    second = Tally(tmp_path / "deep" / "tally.json")
    assert (second.kills, second.answers) == (2, 12)
    assert Tally(None).kills == 0
