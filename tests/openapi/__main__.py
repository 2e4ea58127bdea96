"""`python -m tests.openapi --examples 500`: every operation with so many examples; exit 1 when a check fails."""

import argparse
import sys

from bot.logs import set_up
from tests.openapi.run import main

if __name__ == "__main__":
    parser = argparse.ArgumentParser(prog="python -m tests.openapi")
    parser.add_argument("--examples", type=int, default=500)
    parser.add_argument("--seed", type=int)
    wanted = parser.parse_args()
    set_up("error", as_json=False)
    found = main(wanted.examples, wanted.seed)
    print(found.said)
    sys.exit(found.status)
