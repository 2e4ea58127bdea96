"""Starts the real program on a fresh SQLite database and lets Schemathesis loose on it."""

import asyncio
import functools
import os
import re
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

from bot.web import keys
from bot.web.limits import Limits
from storage import schema
from storage.engine import read_url, writer_engine
from tests.scenario.world import TOKEN, Starter

EXCLUDED = "positive_data_acceptance"
"""A schema can't say which digits are a phone that can be called, or which cursor the API gave: those are a 422."""
NO_LIMITS = functools.partial(Limits, capture=10**7, read=10**7, address=10**7, refused=10**7)


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """`status` 0 = no check failed; `cases` how many requests were made; `said` the report."""

    status: int
    cases: int
    said: str


async def examine(folder: Path, *, examples: int, seed: int | None = None) -> Outcome:
    """Every operation with so many examples, all checks; afterwards the auditor must be content."""
    url = f"sqlite:///{folder / 'openapi.db'}"
    engine = writer_engine(read_url(url))
    schema.migrate(read_url(url), engine)
    engine.dispose()
    setattr(keys, "Limits", NO_LIMITS)  # noqa: B010  a refusal for asking too often checks nothing
    starter = Starter(database_url=url, media=folder / "media")
    world = await starter.start()
    try:
        for name in ("林海", "王芳菲", "李小龙"):  # something to find
            await world.submit(name)
        found = await _schemathesis(world.base, folder, examples, seed)
        assert await world.audit() == []
    finally:
        setattr(keys, "Limits", Limits)  # noqa: B010
        await starter.stop_all()
    return found


async def _schemathesis(base: str, folder: Path, examples: int, seed: int | None) -> Outcome:
    dice = ["--seed", str(seed)] if seed is not None else []
    process = await asyncio.create_subprocess_exec(
        str(Path(sys.executable).with_name("schemathesis")), "run", f"{base}/openapi.json",
        "--max-examples", str(examples), "--header", f"Authorization: Bearer {TOKEN}", "--no-color", "--exclude-checks", EXCLUDED, "--workers", "1", *dice,
        cwd=folder, env={**os.environ, "PYTHONWARNINGS": "ignore"},
        stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT,
    )  # fmt: skip
    out, _ = await process.communicate()
    said = out.decode(errors="replace")
    cases = re.search(r"([0-9,]+) generated", said)
    return Outcome(
        status=process.returncode or 0, cases=int(cases[1].replace(",", "")) if cases else 0, said=said
    )


def main(examples: int, seed: int | None) -> Outcome:
    with tempfile.TemporaryDirectory() as folder:
        return asyncio.run(examine(Path(folder), examples=examples, seed=seed))
