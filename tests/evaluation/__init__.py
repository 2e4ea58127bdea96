"""How well the reader reads: `python -m tests.evaluation` prints a table per field on each labelled set."""
