"""`python -m tests.simulation --help`."""

import sys

from tests.simulation.command import main

sys.exit(main())
