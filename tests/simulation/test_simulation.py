"""The short form of the simulation: some seeds, every seed that ever failed, the replay, a handful of planted bugs."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.simulation.command import main, scratch
from tests.simulation.planted import BUGS, find
from tests.simulation.run import LEADS, SECONDS, run_seed

ROOT = Path(__file__).parents[2]
FRESH = range(1001, 1011)
FOUND = {
    1: "an answer lost to a broken connection, then a withdrawal: the card hung there, and nobody kept it true",
    4: "a refresh that failed on one copy forgot the new codes of the others",
    32: "a clock set back by an hour: what waited by the wrong clock waited an hour",
    35: "an update whose answer was lost, then an undo: the card was taken for true, and was not",
    2014: "a clock set forward past a lease: the refresh under way was claimed again, with codes that it had used",
}
"""Seeds that found a bug of the program, with what it was; each is mended and has a test of its own beside."""

QUICK = (
    "no_dedupe", "answer_before_commit", "stale_card_executed", "clock_from_assignment", "alert_twice",
    "gives_up_at_once", "sweep_skips_a_step",
)  # fmt: skip


@pytest.fixture(scope="module")
def folder() -> Iterator[Path]:
    with scratch() as place:
        yield place


@pytest.mark.parametrize("seed", [*FOUND, *FRESH])
def test_a_seed_breaks_no_promise(seed: int, folder: Path) -> None:
    outcome = run_seed(seed, folder)
    assert outcome.wrong == (), f"python -m tests.simulation --seed {seed} --trace"
    assert outcome.lines > 100


def test_a_seed_is_a_whole_story(folder: Path) -> None:
    outcomes = [run_seed(seed, folder) for seed in range(1, 4)]
    assert all(outcome.full for outcome in outcomes)
    assert min(outcome.leads for outcome in outcomes) >= LEADS
    assert min(outcome.seconds for outcome in outcomes) >= SECONDS


def test_the_same_seed_is_the_same_story_and_another_is_another(folder: Path) -> None:
    first, second, other = run_seed(7, folder), run_seed(7, folder), run_seed(8, folder)
    assert (first.digest, first.lines) == (second.digest, second.lines)
    assert first.digest != other.digest


def test_a_replay_in_another_process_is_the_same_to_the_byte() -> None:
    """Whatever order that process has for its sets."""
    traces = []
    for order in ("1", "2"):
        done = subprocess.run(
            [sys.executable, "-m", "tests.simulation", "--seed", "3", "--trace"],
            cwd=ROOT, env={**os.environ, "PYTHONHASHSEED": order}, capture_output=True, timeout=120, check=False,
        )  # fmt: skip
        assert done.returncode == 0, done.stderr[-2000:]
        traces.append(done.stdout)
    assert traces[0] == traces[1]
    assert traces[0].count(b"\n") > 100


@pytest.mark.parametrize("name", QUICK)
def test_a_planted_bug_is_seen(name: str, folder: Path) -> None:
    seeds, seen = find(name, folder, most=30)
    assert seeds, f"{name} was not found"
    assert seen


def test_there_are_enough_planted_bugs() -> None:
    assert len(BUGS) >= 25
    assert all(plant.__doc__ for plant in BUGS.values())


def test_a_tally_goes_on_where_it_stopped(tmp_path: Path) -> None:
    file = tmp_path / "tally.json"
    assert main(["--first", "2", "--seeds", "1", "--tally", str(file)]) == 0
    assert main(["--seeds", "2", "--tally", str(file)]) == 0
    found = json.loads(file.read_text("utf-8"))
    assert (found["run"], found["next"], found["failed"]) == (2, 4, [])
    assert found["seconds"] >= 2 * SECONDS
