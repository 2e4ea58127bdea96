"""`python -m tests.hostile FILE`: the catalogue as JSON, in plain ASCII, a name and a string each."""

import argparse
import json
from pathlib import Path

from tests.hostile.catalogue import CATALOGUE

if __name__ == "__main__":
    parser = argparse.ArgumentParser(prog="python -m tests.hostile")
    parser.add_argument("file", type=Path)
    parser.parse_args().file.write_text(
        json.dumps(CATALOGUE, indent=0, ensure_ascii=True) + "\n", encoding="ascii"
    )
    print(f"{len(CATALOGUE)} strings")
