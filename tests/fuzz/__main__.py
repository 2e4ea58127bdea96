"""`python -m tests.fuzz NAME --executions 1000000 [--tally F]`: exit 1 when an input broke something.

NAME is a target of targets.py, or `all`. The tally is written after every ten thousand executions and a run that
was broken off goes on from there. Inputs that break something are added to the corpus.
"""

import argparse
import sys
from pathlib import Path

from tests.fuzz.run import SLICE, Tally, fuzz, keep, read_tally, write_tally
from tests.fuzz.targets import TARGETS


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.fuzz")
    parser.add_argument("name", choices=[*TARGETS, "all"])
    parser.add_argument("--executions", type=int, default=1_000_000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--tally", type=Path)
    wanted = parser.parse_args()
    tallies = read_tally(wanted.tally) if wanted.tally else {}
    status = 0
    for name in TARGETS if wanted.name == "all" else [wanted.name]:
        tally = tallies.setdefault(name, Tally())
        kept = {""}

        def found(wrong: str, text: str, name: str = name, kept: set[str] = kept) -> None:
            kind = wrong.partition(":")[0][:40]
            if kind not in kept:  # one of a kind is enough to mend it
                kept.add(kind)
                print(f"{name}: {wrong}\n    {text[:300]!r}\n    kept in {keep(name, text)}", flush=True)

        while tally.executions < wanted.executions:
            fuzz(
                name,
                tally,
                executions=min(SLICE, wanted.executions - tally.executions),
                seed=wanted.seed,
                found=found,
            )
            if wanted.tally:
                write_tally(wanted.tally, tallies)
        speed = tally.executions / tally.seconds if tally.seconds else 0
        print(
            f"{name}: {tally.executions} executions, {len(tally.findings)} findings, slowest {tally.slowest * 1000:.1f} ms, {speed:.0f}/s",
            flush=True,
        )
        status = status or bool(tally.findings)
    return int(status)


if __name__ == "__main__":
    sys.exit(main())
