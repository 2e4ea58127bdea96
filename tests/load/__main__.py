"""`python -m tests.load --minutes 10`: prints the figures as JSON; exit 1 when one is over what is promised."""

import argparse
import asyncio
import sys

from tests.load.run import load, report


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.load")
    parser.add_argument("--minutes", type=float, default=10.0)
    found = asyncio.run(load(parser.parse_args().minutes))
    print(report(found))
    over = [
        name
        for name, bad in {
            "click_p99": found.click_p99 > 1000,
            "lag_p99": found.lag_p99 > 10,
            "lag_max": found.lag_max > 15,
            "growth": found.growth > 0.05,
            "violations": found.violations > 0,
            "answers": any(name.split()[-1].startswith("5") for name in found.answers if "read" not in name),
        }.items()
        if bad
    ]
    print(f"over: {', '.join(over) or 'nothing'}")
    return int(bool(over))


if __name__ == "__main__":
    sys.exit(main())
