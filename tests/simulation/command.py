"""The command line of the simulation: one seed with its trace, many with a tally, or the planted bugs."""

import argparse
import json
import os
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from tests.simulation.run import Outcome, run_seed, run_seeds

SHARED_MEMORY = Path("/dev/shm")
TOGETHER = 10
"""How many seeds are run before their garbage is collected and the tally is written."""


@contextmanager
def scratch() -> Iterator[Path]:
    """A folder for the databases: in memory where the system has such a place."""
    where = SHARED_MEMORY if SHARED_MEMORY.is_dir() and os.access(SHARED_MEMORY, os.W_OK) else None
    with tempfile.TemporaryDirectory(prefix="leadbell-sim-", dir=where) as folder:
        yield Path(folder)


def say(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


def report(outcome: Outcome) -> None:
    """The one line that replays a failing seed, and what was wrong."""
    say(f"FAILED python -m tests.simulation --seed {outcome.seed} --trace")
    for what in outcome.wrong[:10]:
        say(f"   {what}")


def main(args: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.simulation", description=__doc__)
    parser.add_argument("--seed", type=int, help="run this one seed")
    parser.add_argument("--trace", action="store_true", help="print every line of what happens")
    parser.add_argument("--seeds", type=int, help="run the seeds from --first until so many are in the tally")
    parser.add_argument("--first", type=int, default=1, help="the first seed (1)")
    parser.add_argument("--tally", type=Path, help="the file that remembers how far it came")
    parser.add_argument("--seconds", type=float, help="stop after so many seconds; go on another time")
    parser.add_argument("--planted", nargs="*", metavar="NAME", help="find the planted bugs (these, or all)")
    given = parser.parse_args(args)
    if given.planted is not None:
        from tests.simulation.planted import hunt

        with scratch() as folder:
            return hunt(folder, given.planted)
    if given.seed is not None:
        return one(given.seed, trace=given.trace)
    return many(given)


def one(seed: int, *, trace: bool) -> int:
    with scratch() as folder:
        outcome = run_seed(seed, folder, say if trace else None)
    say(
        f"seed {seed}: {outcome.leads} leads, {outcome.seconds:.0f} s, {outcome.faults.total()} faults, "
        f"{outcome.lines} lines, trace {outcome.digest[:16]}"
    )
    if outcome.wrong:
        report(outcome)
    return 1 if outcome.wrong else 0


def many(given: argparse.Namespace) -> int:
    """Go on where the tally stopped."""
    tally = read_tally(given.tally, given.first)
    started, spent = time.process_time(), tally["spent"]
    with scratch() as folder:
        while (left := (given.seeds or 100) - tally["run"]) > 0:
            for outcome in run_seeds(range(tally["next"], tally["next"] + min(left, TOGETHER)), folder):
                count(tally, outcome)
                if outcome.wrong:
                    report(outcome)
            tally["spent"] = round(spent + time.process_time() - started, 1)
            if given.tally:
                write_tally(given.tally, tally)
            if given.seconds and time.process_time() - started > given.seconds:
                break
    if given.tally:
        write_tally(given.tally, tally)
    say(
        f"{tally['run']} seeds ({tally['full']} full), {len(tally['failed'])} failed, "
        f"{tally['leads']} leads, {tally['seconds'] / 3600:.1f} simulated hours, {sum(tally['faults'].values())} faults, "
        f"{tally['run'] / max(tally['spent'], 0.1):.2f} seeds/s, failed: {tally['failed'][:20]}"
    )
    return 1 if tally["failed"] else 0


def read_tally(file: Path | None, first: int) -> dict[str, Any]:
    if file is not None and file.exists():
        found: dict[str, Any] = json.loads(file.read_text("utf-8"))
        return found
    return {
        "next": first, "run": 0, "full": 0, "leads": 0, "seconds": 0.0, "spent": 0.0, "failed": [], "faults": {},
    }  # fmt: skip


def write_tally(file: Path, tally: dict[str, Any]) -> None:
    """At once, whole: a kill leaves the old tally or the new one."""
    draft = file.with_suffix(".new")
    draft.write_text(json.dumps(tally, indent=1), encoding="utf-8")
    draft.replace(file)


def count(tally: dict[str, Any], outcome: Outcome) -> None:
    """A thin seed (few leads, few faults, a short story) is run and looked at, and not counted as full."""
    tally["next"] = outcome.seed + 1
    tally["run"] += 1
    tally["full"] += outcome.full
    tally["leads"] += outcome.leads
    tally["seconds"] = round(tally["seconds"] + outcome.seconds, 1)
    tally["faults"] = dict(sorted((Counter(tally["faults"]) + outcome.faults).items()))
    if outcome.wrong:
        tally["failed"].append(outcome.seed)
