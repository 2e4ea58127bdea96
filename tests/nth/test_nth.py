"""A short form of `python -m tests.nth`: some flows, every tenth statement or so."""

import shutil
from itertools import count
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from tests.fakes.databases import Databases
from tests.nth.flows import FLOWS
from tests.nth.run import sweep

SHORT = ("accept", "hand_back")


@pytest.mark.parametrize("flow", SHORT)
async def test_a_failing_call_loses_and_doubles_nothing(
    flow: str, sqlite_template: Path, tmp_path: Path
) -> None:
    numbers = count()

    def url() -> str:
        file = tmp_path / f"nth-{next(numbers)}.db"
        shutil.copyfile(sqlite_template, file)
        return f"sqlite:///{file}"

    with capture_logs():
        score = await sweep(flow, url, tmp_path, step=7)
    assert score.wrong == []
    assert score.runs >= 30
    assert score.calls.keys() >= {"statement", "commit", "committed", "send", "sent"}


async def test_a_failing_call_loses_and_doubles_nothing_on_postgresql(
    databases: Databases, tmp_path: Path
) -> None:
    taken: list[str] = []

    def url() -> str:
        taken.append(databases.take())
        return taken[-1]

    with capture_logs():
        score = await sweep("accept", url, tmp_path, calls=("commit", "committed", "statement"), step=9)
    for each in taken:
        databases.give_back(each)
    assert score.wrong == []
    assert score.runs >= 15


def test_every_flow_has_a_name() -> None:
    assert len(FLOWS) >= 16
