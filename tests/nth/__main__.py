"""`python -m tests.nth all --engine sqlite`: every flow, every N, every way; exit 1 when something did not hold.

`--step 5` takes every fifth N. A flow that is through is a line of the report, so a run that was broken off can be
taken up by naming the flows that are left.
"""

import argparse
import asyncio
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import count
from pathlib import Path

import structlog

from storage import schema
from storage.engine import read_url, writer_engine
from tests.nth.flows import FLOWS
from tests.nth.run import sweep
from tests.postgres import start_postgres


def migrated(url: str) -> str:
    engine = writer_engine(read_url(url))
    schema.migrate(read_url(url), engine)
    engine.dispose()
    return url


@contextmanager
def databases(engine: str, folder: Path) -> Iterator[Callable[[], str]]:
    """Makes the URL of an empty, migrated database at every call."""
    if engine == "sqlite":
        numbers = count()
        yield lambda: migrated(f"sqlite:///{folder / f'nth-{next(numbers)}.db'}")
        return
    with start_postgres() as server:
        server.template("schema", migrated)
        yield lambda: server.create_database(template="schema")


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.nth")
    parser.add_argument("flows", nargs="+", choices=[*FLOWS, "all"])
    parser.add_argument("--engine", choices=("sqlite", "postgres"), default="sqlite")
    parser.add_argument("--step", type=int, default=1)
    wanted = parser.parse_args()
    structlog.configure(logger_factory=structlog.ReturnLoggerFactory())
    status = 0
    for flow in FLOWS if "all" in wanted.flows else wanted.flows:
        begun = time.monotonic()
        with tempfile.TemporaryDirectory() as folder, databases(wanted.engine, Path(folder)) as url:
            score = asyncio.run(sweep(flow, url, Path(folder), step=wanted.step))
        calls = ", ".join(f"{name} {most}" for name, most in score.calls.items())
        print(
            f"{flow}: {score.runs} runs ({calls}), {len(score.wrong)} wrong, {time.monotonic() - begun:.0f} s",
            flush=True,
        )
        for each in score.wrong[:20]:
            print(f"    {each}", flush=True)
        status = status or bool(score.wrong)
    return int(status)


if __name__ == "__main__":
    sys.exit(main())
