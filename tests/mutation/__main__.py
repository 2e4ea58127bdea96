"""`python -m tests.mutation sla permission --tally F`: the score of each module, and the survivors.

Each mutant is put into a copy of the tree and the module's own tests run against it, then the wider ones; a mutant
that no test notices survives. The tally remembers every verdict, so a run that was broken off goes on.
"""

import argparse
import json
import os
import shutil
import signal
import sys
import tempfile
import time
from importlib import import_module
from pathlib import Path
from typing import NoReturn

import pytest

from tests.mutation.mutate import Mutant, mutants

ROOT = Path(__file__).parents[2]
PARTS = ("bot", "domain", "scheduler", "storage", "tests", "pyproject.toml", "config.example.toml")
POSTGRES = "postgres"
"""Before the tests of a stage: on PostgreSQL, for what only there means anything."""
LADDER = "tests/usecases/test_ladder.py"
WIDER = (LADDER, "tests/usecases/test_handing_on.py", "tests/usecases/test_life.py")
MODULES: dict[str, tuple[str, tuple[tuple[str, ...], ...]]] = {
    "sla": ("domain/sla.py", (("tests/domain/test_sla.py",), WIDER)),
    "assign": ("domain/assign.py", (("tests/domain/test_assign.py",), WIDER)),
    "permission": ("domain/permission.py", (("tests/domain/test_permission.py",), WIDER)),
    "chain": ("domain/chain.py", (("tests/contract/test_chain.py",),)),
    "proof": ("domain/proof.py", (("tests/test_proof.py",),)),
    "escalation": ("domain/usecases/escalation.py", ((LADDER,), ("tests/usecases",))),
    "outbox": (
        "storage/outbox.py",
        (
            ("tests/contract/test_outbox.py",),
            ("tests/usecases/test_trouble.py", "tests/test_rollup.py"),
            WIDER,
        ),
    ),
    "writer": (
        "storage/writer.py",
        (
            ("tests/contract/test_writer.py", "tests/contract/test_store.py", "tests/contract/test_units.py"),
            (POSTGRES, "tests/contract/test_writer.py", "tests/contract/test_outbox.py"),
        ),
    ),
}
WITHIN, A_TEST = 180.0, 45
"""Seconds for a stage, and for one test of it: a mutant that hangs is noticed by then."""
DEEP = "whatever_happens"  # a state machine: minutes, and what it notices the stories notice first
OURS = ("bot", "domain", "scheduler", "storage", "tests")
PRELOADED = (
    "aiohttp.test_utils", "aiosqlite", "alembic.command", "apscheduler.schedulers.asyncio", "holidays", "psycopg",
    "pydantic", "sqlalchemy.ext.asyncio", "structlog",
)  # fmt: skip


def noticed(copy: Path, stages: tuple[tuple[str, ...], ...]) -> bool:
    """Whether some test fails (or hangs) on what the copy now holds. On SQLite: the rules are the same on both."""
    return any(_tested(copy, tests) not in (0, 5) for tests in stages)


def _tested(copy: Path, tests: tuple[str, ...]) -> int:
    """The exit code of pytest in a fork, which has the libraries and nothing of ours; it hung: 1."""
    child = os.fork()
    if child == 0:
        os.setsid()
        _become_pytest(copy, tests)
    end = time.monotonic() + WITHIN
    while time.monotonic() < end:
        done, status = os.waitpid(child, os.WNOHANG)
        if done:
            return os.waitstatus_to_exitcode(status)
        time.sleep(0.02)
    os.killpg(child, signal.SIGKILL)
    os.waitpid(child, 0)
    return 1


def _become_pytest(copy: Path, tests: tuple[str, ...]) -> NoReturn:
    sys.dont_write_bytecode = True
    for name in [each for each in sys.modules if each.partition(".")[0] in OURS]:
        del sys.modules[name]
    sys.path[:] = [str(copy), *(each for each in sys.path if each not in ("", str(ROOT)))]
    os.chdir(copy)
    silence = os.open(os.devnull, os.O_WRONLY)
    os.dup2(silence, 1)
    os.dup2(silence, 2)
    there = tests[0] == POSTGRES
    chosen = f"{'' if there else 'not '}postgres and not {DEEP}"
    code = 3
    try:
        how = ["-x", "-q", "-p", "no:cacheprovider", "-o", f"timeout={A_TEST}", "-k", chosen]
        code = int(pytest.main([*how, *tests[there:]], plugins=[_AtOnce()]))
    finally:
        os._exit(code)


class _AtOnce:
    """The first failure is enough; what a mutant has hung would hang the end of the test too."""

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        if report.failed:
            os._exit(1)


def judge(name: str, copy: Path, tally: dict[str, str], save: Path | None) -> tuple[int, list[str]]:
    """(mutants, survivors) of a module."""
    path, stages = MODULES[name]
    file = copy / path
    original = file.read_text(encoding="utf-8")
    assert not noticed(copy, stages), f"the tests of {name} fail without any mutant"
    found: list[Mutant] = list(mutants(original))
    survivors = []
    for number, mutant in enumerate(found):
        key = f"{name}:{number}:{mutant.line}:{mutant.what}"
        if key not in tally:
            file.write_text(mutant.source, encoding="utf-8")
            tally[key] = "noticed" if noticed(copy, stages) else "survived"
            file.write_text(original, encoding="utf-8")
            if save:
                save.write_text(json.dumps(tally, indent=1, ensure_ascii=False), encoding="utf-8")
        if tally[key] == "survived":
            survivors.append(f"{path}:{mutant.line}: {mutant.what}")
    return len(found), survivors


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.mutation")
    parser.add_argument("modules", nargs="+", choices=[*MODULES, "all"])
    parser.add_argument("--tally", type=Path)
    wanted = parser.parse_args()
    tally: dict[str, str] = (
        json.loads(wanted.tally.read_text("utf-8")) if wanted.tally and wanted.tally.exists() else {}
    )
    for library in PRELOADED:
        import_module(library)
    with tempfile.TemporaryDirectory() as folder:
        for part in PARTS:
            source = ROOT / part
            if source.is_dir():
                shutil.copytree(source, Path(folder) / part, ignore=shutil.ignore_patterns("__pycache__"))
            else:
                shutil.copy(source, folder)
        for name in MODULES if "all" in wanted.modules else wanted.modules:
            number, survivors = judge(name, Path(folder), tally, wanted.tally)
            print(
                f"{name}: {number - len(survivors)} of {number} noticed, {100 * (1 - len(survivors) / number):.1f} %",
                flush=True,
            )
            for each in survivors:
                print(f"    {each}", flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
