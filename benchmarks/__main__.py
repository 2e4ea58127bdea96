"""Runs the benches and says what is short of its target.

python -m benchmarks [names…] [--quick] [--json FILE]
"""

import argparse
import importlib
import json
import os
import platform
import sys
import time
from collections.abc import Sequence
from pathlib import Path

from benchmarks.figures import Figure

NAMES = ("dispatch", "accept", "intake", "escalation", "delivery", "footprint", "callback", "decode")


def main(argv: Sequence[str] | None = None) -> int:
    """Run the benches that are named, or all of them; 0 when every target is met."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"of {', '.join(NAMES)}; all when none")
    parser.add_argument("--quick", action="store_true", help="small sizes: shows that it works, not how fast")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the figures there too")
    arguments = parser.parse_args(argv)
    unknown = set(arguments.names) - set(NAMES)
    if unknown:
        parser.error(f"no bench is called {', '.join(sorted(unknown))}; there are {', '.join(NAMES)}")
    found: list[Figure] = []
    for name in arguments.names or NAMES:
        begun = time.perf_counter()
        for figure in importlib.import_module(f"benchmarks.{name}").run(arguments.quick):
            print(figure.line(), flush=True)
            found.append(figure)
        print(f"{name}: {time.perf_counter() - begun:.0f} s", file=sys.stderr)
    if arguments.json:
        arguments.json.write_text(json.dumps(_report(found, arguments.quick), indent=1, ensure_ascii=False))
    short = [figure for figure in found if figure.verdict == "short"]
    print(f"{len(short)} of {sum(1 for each in found if each.verdict)} targets are short")
    return 1 if short and not arguments.quick else 0


def _report(found: Sequence[Figure], quick: bool) -> dict[str, object]:
    machine = {
        "python": platform.python_version(), "system": platform.platform(), "cores": os.cpu_count(),
        "load": os.getloadavg()[0],
    }  # fmt: skip
    return {"quick": quick, "machine": machine, "figures": [figure.as_json() for figure in found]}


if __name__ == "__main__":
    raise SystemExit(main())
