"""Crashes by the thousand: `python -m tests.crash --kills 1000 --engine sqlite --tally F`.

`--engine postgres` kills one program at random moments; `--engine pair` runs two instances on one PostgreSQL
database and lets a nemesis kill either, end its backends (`pg_terminate_backend`), or stop one (`SIGSTOP`) for
longer than a lease. After every blow the auditor looks, and everything that was acknowledged is looked for. The
tally is written after each, and a run that was broken off goes on from there. Exit 1 with the first violation.
"""

import argparse
import random
import sys
import tempfile
import time
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path

from tests.crash.house import House, Nursery
from tests.crash.pair import Pair
from tests.crash.test_random_kills import A_HOUSE, Tally, kill_once
from tests.postgres import start_postgres


def single(
    stack: ExitStack, folder: Path, new_url: Callable[[], str]
) -> Callable[[int, random.Random], tuple[str, int]]:
    """One program, killed at random moments; a new database after every fifty."""
    nursery = Nursery(folder / "log")
    stack.callback(nursery.close)
    houses: list[House] = []

    def blow(number: int, dice: random.Random) -> tuple[str, int]:
        if number % A_HOUSE == 0 or not houses:
            while houses:
                houses.pop().close()
            houses.append(House(nursery=nursery, url=new_url(), folder=folder))
        return "kill", kill_once(houses[-1], dice)

    return blow


def pair(
    stack: ExitStack, folder: Path, new_url: Callable[[], str]
) -> Callable[[int, random.Random], tuple[str, int]]:
    """Two instances on one database; a new one after every fifty blows."""
    pairs: list[Pair] = []

    def close() -> None:
        while pairs:
            pairs.pop().close()

    stack.callback(close)

    def blow(number: int, dice: random.Random) -> tuple[str, int]:
        if number % A_HOUSE == 0 or not pairs:
            close()
            pairs.append(Pair(url=new_url(), folder=folder))
        return pairs[-1].blow(dice)

    return blow


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.crash")
    parser.add_argument("--kills", type=int, default=1000)
    parser.add_argument("--engine", choices=("sqlite", "postgres", "pair"), default="sqlite")
    parser.add_argument("--tally", type=Path)
    parser.add_argument("--seed", type=int, default=time.time_ns() % 1_000_000)
    parser.add_argument("--minutes", type=float, default=600.0, help="stop after so long")
    wanted = parser.parse_args()
    tally = Tally(wanted.tally)
    dice = random.Random(wanted.seed)
    end = time.monotonic() + wanted.minutes * 60
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        if wanted.engine == "sqlite":
            urls = iter(range(10**9))
            blow = single(stack, folder, lambda: f"sqlite:///{folder / f'{next(urls)}.db'}")
        else:
            server = stack.enter_context(start_postgres())
            blow = (single if wanted.engine == "postgres" else pair)(stack, folder, server.create_database)
        while tally.kills < wanted.kills and time.monotonic() < end:
            try:
                what, answers = blow(tally.kills, dice)
            except BaseException:
                print(f"--seed {wanted.seed}, blow {tally.kills + 1}", file=sys.stderr, flush=True)
                raise
            tally.add(answers)
            if tally.kills % 10 == 0:
                print(f"{tally.kills} blows ({what}), {tally.answers} wishes answered", flush=True)
    print(f"{wanted.engine}: {tally.kills} blows survived, {tally.answers} wishes answered")
    return 0


if __name__ == "__main__":
    sys.exit(main())
