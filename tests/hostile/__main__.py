"""`python -m tests.hostile FILE`: the catalogue as JSON, in plain ASCII, a name and a string each."""

import json
import sys
from pathlib import Path

from tests.hostile.catalogue import CATALOGUE

if __name__ == "__main__":
    Path(sys.argv[1]).write_text(json.dumps(CATALOGUE, indent=0, ensure_ascii=True) + "\n", encoding="ascii")
    print(f"{len(CATALOGUE)} strings")
