"""The benches run and give sane figures; how fast anything is, is not asked here."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]


@pytest.mark.slow
@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="the benches read the clocks of Linux")
def test_the_benches_of_dispatch_and_accept_give_sane_figures(tmp_path: Path) -> None:
    file = tmp_path / "figures.json"
    command = [sys.executable, "-m", "benchmarks", "dispatch", "accept", "--quick", "--json", str(file)]
    ran = subprocess.run(
        command, cwd=ROOT, capture_output=True, text=True, timeout=300, check=False, env=_ENV
    )
    assert ran.returncode == 0, ran.stderr[-2000:]
    report = json.loads(file.read_text("utf-8"))
    figures = {figure["name"]: figure for figure in report["figures"]}
    assert report["quick"] is True
    assert 0 < figures["router to handler"]["value"] < 1e6
    for name in ("whole", "drained", "click"):
        assert 0 < figures[f"sqlite: CPU added, {name}"]["value"] < 1e6
    assert figures["sqlite: p99, whole"]["value"] > 0
    assert all(figure["verdict"] in ("", "PASS", "short") for figure in figures.values())


def test_an_unknown_bench_is_named() -> None:
    command = [sys.executable, "-m", "benchmarks", "sprint"]
    ran = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=60, check=False, env=_ENV)
    assert ran.returncode == 2
    assert "no bench is called sprint" in ran.stderr


_ENV = {name: value for name, value in os.environ.items() if not name.startswith("LEADBELL_")}
