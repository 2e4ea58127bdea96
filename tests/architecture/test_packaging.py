"""What is shipped is what was meant: the command, the locked versions, the scripts."""

import os
import re
import subprocess
import tomllib
from importlib.metadata import distribution, entry_points
from pathlib import Path
from typing import Any

import pytest
from packaging.requirements import Requirement
from packaging.version import Version

ROOT = Path(__file__).parents[2]
LOCKS = ("requirements.lock", "requirements-dev.lock", "requirements-bench.lock")
# Below these versions there are published weaknesses: request smuggling and zip bombs (aiohttp), the 2024 OpenSSL
# ones (cryptography), leaked credentials (requests, urllib3), injection when writing (xmltodict).
SAFE_FROM = {
    "aiohttp": "3.14.3",
    "cryptography": "42",
    "requests": "2.33",
    "urllib3": "2.5",
    "xmltodict": "0.15.1",
}
_PINNED = re.compile(r"^(?P<name>[A-Za-z0-9._-]+)==(?P<version>[^ ;\\]+)", re.MULTILINE)


def _pyproject() -> dict[str, Any]:
    return tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))


def _pins(lock: str) -> dict[str, Version]:
    text = (ROOT / lock).read_text(encoding="utf-8")
    return {found["name"]: Version(found["version"]) for found in _PINNED.finditer(text)}


def test_the_command_leadbell_starts_the_command_line() -> None:
    (command,) = entry_points(group="console_scripts", name="leadbell")
    assert command.value == "bot.cli:main"
    assert callable(command.load())


def test_the_installed_version_is_the_one_of_the_project() -> None:
    assert distribution("leadbell").version == _pyproject()["project"]["version"]


def test_only_the_four_rooms_are_shipped() -> None:
    packages = _pyproject()["tool"]["hatch"]["build"]["targets"]["wheel"]["packages"]
    assert sorted(packages) == ["bot", "domain", "scheduler", "storage"]


@pytest.mark.parametrize("lock", LOCKS)
def test_no_locked_version_has_a_known_weakness(lock: str) -> None:
    pins = _pins(lock)
    weak = {name: str(pins[name]) for name, floor in SAFE_FROM.items() if pins[name] < Version(floor)}
    assert weak == {}


def test_the_ranges_alone_keep_the_weak_versions_of_what_we_ask_for_out() -> None:
    asked = {need.name: need for need in map(Requirement, _pyproject()["project"]["dependencies"])}
    assert not asked["aiohttp"].specifier.contains("3.14.2")
    assert not asked["cryptography"].specifier.contains("41.0.7")


@pytest.mark.parametrize("lock", LOCKS)
def test_the_scheduler_is_the_one_that_cannot_be_made_to_run_foreign_code(lock: str) -> None:
    # APScheduler 4 reads schedules back from a database in a form that can carry code.
    assert _pins(lock)["apscheduler"] < Version("4")


def test_nothing_renders_templates_of_strangers() -> None:
    assert "jinja2" not in _pins("requirements.lock")


@pytest.mark.parametrize("lock", LOCKS)
def test_lock_files_name_no_place_to_download_from(lock: str) -> None:
    text = (ROOT / lock).read_text(encoding="utf-8")
    assert re.findall(r"://|--(?:extra-)?index-url|--find-links|@ file", text) == []


@pytest.mark.parametrize("lock", LOCKS)
def test_every_locked_package_has_a_hash(lock: str) -> None:
    blocks = re.split(r"\n(?=\S)", (ROOT / lock).read_text(encoding="utf-8").strip())
    assert [block for block in blocks if "--hash=sha256:" not in block] == []


@pytest.mark.parametrize("lock", LOCKS)
def test_everything_asked_for_is_locked_within_its_range(lock: str) -> None:
    pins = _pins(lock)
    for text in _pyproject()["project"]["dependencies"]:
        need = Requirement(text)
        assert need.specifier.contains(pins[need.name]), text


def test_tests_run_on_the_versions_that_the_bot_runs_on() -> None:
    run, dev = _pins("requirements.lock"), _pins("requirements-dev.lock")
    assert {name: dev[name] for name in run} == run


@pytest.mark.parametrize("name", ["bench", "check", "demo", "lock", "test"])
def test_the_scripts_are_executable_and_plain_shell(name: str) -> None:
    script = ROOT / "scripts" / name
    assert os.access(script, os.X_OK)
    assert script.read_text(encoding="utf-8").startswith("#!/bin/sh\n")
    subprocess.run(["/bin/sh", "-n", script], check=True)


def test_an_old_python_gets_a_clear_sentence_and_no_half_made_environment(tmp_path: Path) -> None:
    for name in ("python3", "python3.11", "python3.12", "python3.13", "python3.14"):
        old = tmp_path / name
        old.write_text('#!/bin/sh\n[ "$1" = --version ] && echo "Python 3.9.2"\n', encoding="utf-8")
        old.chmod(0o755)
    (tmp_path / "pyproject.toml").touch()
    (tmp_path / "requirements.lock").touch()
    program = f"root={tmp_path}; . {ROOT / 'scripts' / 'env.sh'}; prepare run; echo went on"
    path = f"{tmp_path}{os.pathsep}{os.environ['PATH']}"
    ran = subprocess.run(
        ["/bin/sh", "-c", program], env={"PATH": path}, capture_output=True, text=True, check=False
    )
    assert ran.returncode == 1
    assert "Leadbell needs Python 3.11 or newer. Found: Python 3.9.2." in ran.stderr
    assert ran.stdout == ""
    assert not (tmp_path / ".venv").exists()
