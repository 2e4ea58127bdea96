"""The documents say what the code does: pictures, names, links, commands and settings are compared with it."""

import argparse
import importlib
import re
import tomllib
from collections import defaultdict
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from pydantic import SecretStr

from bot import cli
from bot.setup import questions
from domain.reasons import REASONS
from domain.stages import MOVES, Stage
from tests.test_config import KEYS

ROOT = Path(__file__).parents[2]
READMES = ("README.md", "README.zh-CN.md")
PAGES = sorted(
    str(path.relative_to(ROOT)) for pattern in ("*.md", "docs/**/*.md") for path in ROOT.glob(pattern)
)
# Stages that are drawn as one box, because most verbs treat them alike.
READY = (Stage.WAITING, Stage.NURTURING, Stage.RETURNED, Stage.POOL, Stage.DORMANT)
LATER = (Stage.QUALIFIED, Stage.OPPORTUNITY)
_FENCE = re.compile(r"^```[^\n]*\n.*?^```", re.MULTILINE | re.DOTALL)
_LINK = re.compile(r'(?:\]\(|(?:src|srcset|href)=")(?P<to>[^)"\s]+)')
_KEY = re.compile(
    r"`(?P<key>(?:app|database|api|calendar|sla|capacity|leads|reader|speech|model|web|media|watch|simulator|log|teams|people|routes|wecom|dingtalk)"
    r"(?:\.[a-z_]+)+)`"
)


def read(page: str) -> str:
    return (ROOT / page).read_text(encoding="utf-8")


# -- the picture of a lead's life ---------------------------------------------------------------------------


def _box(stage: Stage) -> str:
    return "ready" if stage in READY else "later" if stage in LATER else stage.value


def _members(box: str) -> tuple[Stage, ...]:
    return {"ready": READY, "later": LATER}.get(box) or (Stage(box),)


def draw() -> str:
    """The moves as a mermaid diagram: an arrow for each pair of boxes, with every verb that leads along it."""
    arrows: dict[tuple[str, str], dict[str, tuple[set[Stage], set[Stage]]]] = defaultdict(dict)
    for (source, verb), targets in MOVES.items():
        for target in targets:
            verbs = arrows[_box(source), _box(target)]
            sources, ends = verbs.setdefault(verb.value, (set(), set()))
            sources.add(source)
            ends.add(target)
    lines = [
        "stateDiagram-v2",
        f'    state "{" · ".join(READY)}" as ready',
        f'    state "{" · ".join(LATER)}" as later',
        "    [*] --> draft: captured",
        "    [*] --> ready: captured, as waiting",
    ]
    for (start, end), verbs in sorted(arrows.items()):
        words = ", ".join(_arrow(verb, start, end, *verbs[verb]) for verb in sorted(verbs))
        lines.append(f"    {start} --> {end}: {words}")
    return "\n".join(lines)


def _arrow(verb: str, source: str, target: str, sources: set[Stage], ends: set[Stage]) -> str:
    assert sources == set(_members(source)), (
        f"{verb} treats the stages of {source} differently: draw them apart"
    )
    named = "" if len(_members(target)) == 1 else " to " + " or ".join(sorted(ends))
    return verb + named


def test_the_diagram_of_a_leads_life_is_drawn_from_the_table_of_moves() -> None:
    (shown,) = re.findall(r"```mermaid\n(stateDiagram-v2\n.*?)\n```", read("ARCHITECTURE.md"), re.DOTALL)
    assert shown == draw(), f"put this into ARCHITECTURE.md:\n{draw()}"


def test_the_stages_that_no_verb_leads_to_are_named() -> None:
    reached = {target for targets in MOVES.values() for target in targets} | {Stage.DRAFT}
    told = re.search(r"No verb leads yet to (?P<stages>[^.]+)\.", read("ARCHITECTURE.md"))
    assert told is not None
    assert set(re.findall(r"`(\w+)`", told["stages"])) == {stage.value for stage in set(Stage) - reached}


# -- names in the code --------------------------------------------------------------------------------------


def _find(name: str) -> Any:
    parts = name.split(".")
    for end in range(len(parts), 0, -1):
        try:
            found: Any = importlib.import_module(".".join(parts[:end]))
        except ModuleNotFoundError:
            continue
        for part in parts[end:]:
            found = getattr(found, part)
        return found
    raise ModuleNotFoundError(name)


@pytest.mark.parametrize("page", PAGES)
def test_every_function_that_a_page_names_is_there(page: str) -> None:
    names = set(re.findall(r"`((?:bot|domain|scheduler|storage)(?:\.\w+)+)`", read(page)))
    missing = []
    for name in sorted(names):
        try:
            _find(name)
        except (ModuleNotFoundError, AttributeError):
            missing.append(name)
    assert missing == []


def test_the_walk_through_of_a_click_names_every_room() -> None:
    rooms = set(re.findall(r"`(bot\.\w+|domain|scheduler|storage)\.", read("ARCHITECTURE.md")))
    assert rooms >= {"bot.web", "bot.router", "bot.handlers", "bot.cards", "domain", "scheduler", "storage"}


def test_every_reason_of_a_hand_back_is_in_its_table() -> None:
    table = dict(re.findall(r"^\| `(\w+)` \|[^|]*\| `(\w+)` \|", read("docs/assignment.md"), re.MULTILINE))
    assert table == {code: reason.goes.value for code, reason in REASONS.items()}


def test_every_test_that_a_page_names_is_there() -> None:
    files = [*(ROOT / "tests").rglob("test_*.py")]
    there = {file.stem for file in files}
    for file in files:
        there |= set(re.findall(r"^ *(?:async )?def (test_\w+)", file.read_text("utf-8"), re.MULTILINE))
    named = {name for page in PAGES for name in re.findall(r"`(test_\w+)`", read(page))}
    assert len(named) > 30
    assert named - there - REASONS.keys() == set()


# -- links --------------------------------------------------------------------------------------------------


def _anchors(page: Path) -> set[str]:
    text = _FENCE.sub("", page.read_text(encoding="utf-8"))
    titles = re.findall(r"^#+ (.+)$", text, re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", title.lower()).replace(" ", "-") for title in titles}


def _broken(page: str) -> Iterator[str]:
    for link in _LINK.finditer(_FENCE.sub("", read(page))):
        path, _, anchor = link["to"].partition("#")
        if path.startswith(("http://", "https://", "mailto:")):
            continue
        target = (ROOT / page).parent / path if path else ROOT / page
        if not target.exists() or (anchor and anchor not in _anchors(target)):
            yield link["to"]


@pytest.mark.parametrize("page", PAGES)
def test_every_link_leads_somewhere(page: str) -> None:
    assert list(_broken(page)) == []


# -- the two READMEs ----------------------------------------------------------------------------------------


def _headings(page: str) -> list[int]:
    return [len(found) for found in re.findall(r"^(#+) ", _FENCE.sub("", read(page)), re.MULTILINE)]


def test_both_readmes_have_the_same_headings_links_and_code() -> None:
    english, chinese = READMES
    assert _headings(english) == _headings(chinese)
    links = [
        sorted(link["to"] for link in _LINK.finditer(read(page)) if link["to"] not in READMES)
        for page in READMES
    ]
    assert links[0] == links[1]
    assert len(_FENCE.findall(read(english))) == len(_FENCE.findall(read(chinese)))


@pytest.mark.parametrize("page", READMES)
def test_a_readme_gives_the_two_commands_near_the_top_and_stays_short(page: str) -> None:
    above = read(page).partition("<details>")[0]
    assert len(above.splitlines()) <= 150
    top = above.splitlines()[:40]
    for command in ("./scripts/demo", "./scripts/test"):
        assert any(line.startswith(command) for line in top)


# -- commands and settings ----------------------------------------------------------------------------------


def _commands(parser: argparse.ArgumentParser) -> dict[str, argparse.ArgumentParser]:
    found: dict[str, argparse.ArgumentParser] = {}
    for action in parser._actions:
        if isinstance(action, argparse._SubParsersAction):
            found |= action.choices
    return found


@pytest.mark.parametrize("page", READMES)
def test_the_table_of_commands_holds_every_command(page: str) -> None:
    known = _commands(cli._parser("en"))
    in_table = set(re.findall(r"^\| `leadbell ([a-z-]+)", read(page), re.MULTILINE))
    assert in_table == set(known)


@pytest.mark.parametrize("page", PAGES)
def test_every_command_and_option_that_a_page_shows_exists(page: str) -> None:
    known = _commands(cli._parser("en"))
    wrong = []
    for call in re.findall(r"(?:^|[`/ ])leadbell ((?:[a-z-]+)(?: [^`\n|]*)?)(?=[`\n|])", read(page)):
        name, *rest = call.split()
        command = known.get(name)
        if command is None:
            wrong.append(name)
            continue
        verbs = _commands(command)
        if verbs and rest:
            command = verbs.get(rest[0], command)
        options = {option for action in command._actions for option in action.option_strings}
        wrong += [f"{name} {word}" for word in re.findall(r"--[a-z-]+", call) if word not in options]
    assert wrong == []


def _keys(value: Any, at: tuple[str, ...] = ()) -> Iterator[str]:
    if isinstance(value, dict):
        for name, inner in value.items():
            yield ".".join((*at, name))
            yield from _keys(inner, (*at, name))
    elif isinstance(value, list):
        for inner in value:
            yield from _keys(inner, at)


def _known_keys() -> set[str]:
    return set(_keys(tomllib.loads(read("config.example.toml"))))


@pytest.mark.parametrize("page", PAGES)
def test_every_setting_that_a_page_names_is_in_the_example(page: str) -> None:
    assert {found["key"] for found in _KEY.finditer(read(page))} <= _known_keys()


def test_the_page_of_settings_names_every_setting() -> None:
    told = {found["key"] for found in _KEY.finditer(read("docs/settings.md"))}
    leaves = {key for key in _known_keys() if not any(other.startswith(f"{key}.") for other in _known_keys())}
    own_names = {"api.tokens.website"}  # a source is called as one likes
    assert {key for key in leaves if "." in key} - own_names <= told


def _written(default: Any) -> str:
    """A default as the page of settings writes it."""
    match default:
        case None | "" | ():
            return "none"
        case bool():
            return str(default).lower()
        case timedelta():
            seconds = int(default.total_seconds())
            return (
                f"{seconds // 3600}h"
                if seconds % 3600 == 0
                else f"{seconds // 60}m"
                if seconds > 60
                else f"{seconds}s"
            )
        case tuple():
            return ", ".join(default)
        case SecretStr():
            return default.get_secret_value() or "none"
    return str(default)


def test_the_page_of_settings_shows_each_default() -> None:
    elsewhere = {"sla.accept.steps", "media.folder", "watch.seen_file"}  # told in words
    wrong, seen = [], 0
    for keys, shown in re.findall(r"^\| (`.*?) \| (.*?) \|", read("docs/settings.md"), re.MULTILINE):
        for key in re.findall(r"`([a-z_.]+)`", keys):
            at = tuple(key.split("."))
            if at[0] in ("teams", "people", "routes") or key in elsewhere or at not in KEYS:
                continue
            default = KEYS[at]
            seen += 1
            wrong += (
                [] if _written(default) in shown or isinstance(default, dict) else [(key, default, shown)]
            )
    assert wrong == []
    assert seen > 25


def test_the_pages_count_the_questions_of_init_right() -> None:
    count = {3: "three", 4: "four", 5: "five", 6: "six"}[len(questions)]
    assert f"writes one by {count} questions" in read("docs/settings.md")
    assert f"# {count} questions; writes config.toml" in read("docs/operations.md")
