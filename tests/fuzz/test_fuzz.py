"""A short form of `python -m tests.fuzz`: each target a few thousand times, and everything that ever broke it."""

import random
from pathlib import Path

import pytest

from tests.fuzz.mutator import MOST, mutate
from tests.fuzz.run import HEAVY, Tally, broken, corpus, fuzz, read_tally, weigh, write_tally
from tests.fuzz.targets import BODIES, TARGETS, Target
from tests.hostile.catalogue import CATALOGUE

SHORT = 1_500


@pytest.mark.parametrize("name", TARGETS)
def test_a_target_raises_only_what_it_declares(name: str) -> None:
    found: list[tuple[str, str]] = []
    tally = Tally()
    fuzz(name, tally, executions=SHORT, seed=20261102, found=lambda wrong, text: found.append((wrong, text)))
    assert found == []
    assert tally.executions == SHORT


@pytest.mark.parametrize("name", TARGETS)
def test_what_once_broke_a_target_and_the_catalogue_break_it_no_more(name: str) -> None:
    target = TARGETS[name]
    good = [text for text in target.seeds if broken(target, text)]
    assert good == []
    wrong = {text[:60]: why for text in (*corpus(name), *CATALOGUE.values()) if (why := broken(target, text))}
    assert wrong == {}


@pytest.mark.parametrize("name", TARGETS)
def test_no_input_takes_much_memory(name: str) -> None:
    dice = random.Random(7)
    texts = [mutate(dice, TARGETS[name].seeds) for _ in range(20)]
    assert weigh(name, [*texts, "9" * MOST, "(" * MOST, "十" * MOST]) < HEAVY


def test_the_fuzzer_finds_what_is_planted() -> None:
    """A reader that stumbles over a lone surrogate, and one that stumbles over a full-width digit."""

    def stumbles(text: str) -> None:
        text.encode()
        assert "３" not in text

    planted = Target(seeds=BODIES, read=stumbles, declared=())
    kinds = set()
    dice = random.Random(3)
    for _ in range(3_000):
        kinds.add(broken(planted, mutate(dice, planted.seeds)).partition(":")[0])
    assert kinds == {"", "UnicodeEncodeError", "AssertionError"}


def test_a_tally_goes_on_where_it_was_broken_off(tmp_path: Path) -> None:
    file = tmp_path / "tally.json"
    tallies = {"hours": Tally()}
    fuzz("hours", tallies["hours"], executions=50, seed=1, found=lambda wrong, text: None)
    write_tally(file, tallies)
    again = read_tally(file)
    assert again["hours"].executions == 50
    fuzz("hours", again["hours"], executions=50, seed=1, found=lambda wrong, text: None)
    assert again["hours"].executions == 100
    assert read_tally(tmp_path / "none") == {}
