"""A short form of `python -m tests.openapi`: what the description promises, the program keeps; never a 5xx."""

from pathlib import Path

from tests.openapi.run import examine

EXAMPLES = 12


async def test_the_program_keeps_what_its_description_promises(tmp_path: Path) -> None:
    found = await examine(tmp_path, examples=EXAMPLES, seed=20261102)
    assert found.status == 0, found.said
    assert found.cases > EXAMPLES
