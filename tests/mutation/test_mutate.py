"""The mutator makes one change at a time, and every mutant is a program."""

from itertools import islice
from pathlib import Path

from tests.mutation.__main__ import MODULES, POSTGRES, ROOT
from tests.mutation.mutate import mutants

SOURCE = '''
def due(at: int, limit: int = 5) -> bool:
    """Whether it is time."""
    if at > limit and not limit == 0:
        tell(at - 1)
        return True
    return False
'''


def test_each_mutant_has_one_change() -> None:
    found = [mutant.what for mutant in mutants(SOURCE)]
    assert "at > limit → at >= limit" in found
    assert "limit == 0 → limit != 0" in found
    assert "at - 1 → at + 1" in found
    assert "return True → return None" in found
    assert "tell(at - 1) → None" in found
    assert "5 → 6" in found
    assert len(found) == len({mutant.source for mutant in mutants(SOURCE)})


def test_every_module_that_is_scored_is_there_and_its_mutants_compile() -> None:
    for path, stages in MODULES.values():
        assert all((ROOT / test).exists() for tests in stages for test in tests if test != POSTGRES)
        found = list(islice(mutants((ROOT / path).read_text(encoding="utf-8")), 5))
        assert len(found) == 5
        for mutant in found:
            compile(mutant.source, str(Path(path)), "exec")
