"""Every sentence exists in both languages, says the same, and nothing is said anywhere else."""

import ast
import re
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from string import Formatter
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot import words
from bot.words import (
    CATALOGUES,
    clock_words,
    day_words,
    duration_words,
    field_words,
    money_words,
    reason_words,
    role_words,
    say,
    source_words,
    stage_words,
    weekday,
)
from domain.judging import FAILED
from domain.lead import CUSTOMER_FIELDS, ERASED
from domain.notices import Tell
from domain.people import Role
from domain.reasons import REASONS, Goes
from domain.stages import Stage
from domain.usecases.placing import NO_ROOM
from storage.engine import _TROUBLES as TROUBLES

BOT = Path(__file__).parents[1] / "bot"
CHINESE = re.compile("[\u3400-\u9fff\u3001-\u3011]")
TO_BE_TYPED = re.compile("/[a-z]+ .*|“[^”]*”|e\\.g\\. .*")
"""The examples in an English sentence: what people type may be Chinese in any language."""
BESIDE_ITS_ENGLISH = {"config.py", "setup.py", "commands.py"}
"""They speak in a terminal before any setting is read, so each sentence stands there beside its English."""
DATA = {"demo.py", "schemas.py", "holidays_cn.py", "rehearsal.py"}
"""Their Chinese is names, not what the bot says."""
SHANGHAI = ZoneInfo("Asia/Shanghai")


def _slots(sentence: str) -> set[str]:
    return {name for _, name, _, _ in Formatter().parse(sentence) if name is not None}


def test_both_languages_know_the_same_sentences() -> None:
    assert CATALOGUES["zh"].keys() == CATALOGUES["en"].keys()


@pytest.mark.parametrize("key", sorted(CATALOGUES["zh"]))
def test_a_sentence_takes_the_same_values_in_both_languages(key: str) -> None:
    chinese, english = CATALOGUES["zh"][key], CATALOGUES["en"][key]
    assert chinese.strip()
    assert english.strip()
    assert _slots(chinese) == _slots(english)
    assert not CHINESE.search(TO_BE_TYPED.sub("", english))
    assert all(name.isidentifier() for name in _slots(chinese)), "values are put in by name, whole"


def _said() -> list[tuple[str, str]]:
    """(place, key) of every `say(lang, "key", …)` in bot/; of a key chosen by a condition, each."""
    return [
        (f"{file.relative_to(BOT)}:{node.lineno}", part.value)
        for file in sorted(BOT.rglob("*.py"))
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8")))
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "say"
        if len(node.args) == 2 and not isinstance(node.args[1], ast.JoinedStr)
        for part in ast.walk(node.args[1])
        if isinstance(part, ast.Constant) and isinstance(part.value, str) and "." in part.value
    ]


def test_every_sentence_that_is_said_exists() -> None:
    said = _said()
    assert len(said) > 50
    assert [(place, key) for place, key in said if key not in CATALOGUES["zh"]] == []


def _troubles() -> set[str]:
    """The first argument of every error of storage that stops a command: its code."""
    names = {"Trouble", "SchemaError", "BadBackup", "StoreInUse", "NameTaken", "BadToken"}
    calls = [
        node
        for place in (BOT.parent / "storage", BOT)
        for file in sorted(place.rglob("*.py"))
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8")))
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in names
    ]
    return {
        part.value
        for call in calls
        if not isinstance(call.args[0], ast.JoinedStr)
        for part in ast.walk(call.args[0])
        if isinstance(part, ast.Constant) and isinstance(part.value, str)
    } | {code for _, code in TROUBLES}


def test_whatever_stops_a_command_has_its_sentence() -> None:
    codes = _troubles()
    assert len(codes) > 25
    assert sorted(codes - {key.removeprefix("trouble.") for key in CATALOGUES["zh"]}) == []


def _strings(tree: ast.AST) -> list[ast.Constant]:
    """The string constants of a module but for docstrings and what is listened for: the names of commands,
    and sets of words to compare with."""
    passed = [
        node.body[0]
        for node in ast.walk(tree)
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef)
        if node.body and isinstance(node.body[0], ast.Expr)
    ]
    heard = [node for node in ast.walk(tree) if isinstance(node, ast.Set) or _names_a_command(node)]
    skipped = {id(part) for node in (*passed, *heard) for part in ast.walk(node)}
    constants = [
        node for node in ast.walk(tree) if isinstance(node, ast.Constant) and id(node) not in skipped
    ]
    return [node for node in constants if isinstance(node.value, str)]


def _names_a_command(node: ast.AST) -> bool:
    return isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == "command"


def test_what_is_said_in_chinese_is_written_in_the_words_only() -> None:
    found = [
        f"{file.relative_to(BOT)}:{node.lineno}"
        for file in sorted(BOT.rglob("*.py"))
        if file.parent.name not in ("words", "fake") and file.name not in DATA | BESIDE_ITS_ENGLISH
        for node in _strings(ast.parse(file.read_text(encoding="utf-8")))
        if CHINESE.search(str(node.value))
    ]
    assert found == []


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_everything_that_can_be_named_has_a_name(lang: str) -> None:
    catalogue = CATALOGUES[lang]
    assert {f"reason.{code}" for code in REASONS} <= catalogue.keys()
    assert {f"goes.{goes}" for goes in Goes} <= catalogue.keys()
    assert {f"stage.{stage}" for stage in Stage} <= catalogue.keys()
    assert {f"role.{role}" for role in Role} <= catalogue.keys()
    assert {f"tell.{tell}" for tell in Tell} <= catalogue.keys()
    assert {f"field.{name}" for name in CUSTOMER_FIELDS if name != "extra"} <= catalogue.keys()
    assert all(len(catalogue[key]) <= 10 for key in catalogue if key.startswith("button."))
    assert all(len(catalogue[f"reason.{code}"]) <= 16 for code in REASONS)


def test_a_missing_sentence_or_value_is_named() -> None:
    with pytest.raises(KeyError, match=r"lead\.nothing"):
        say("zh", "lead.nothing")
    with pytest.raises(KeyError, match="who"):
        say("zh", "lead.new")


def test_an_unknown_language_speaks_chinese() -> None:
    assert say("fr", "button.accept") == "接收"


@given(st.text())
def test_braces_in_what_people_typed_stay_as_they_are(typed: str) -> None:
    assert say("zh", "lead.new", who=typed) == f"新线索：{typed}"
    assert say("zh", "lead.new", who="{who}{0.__class__}{") == "新线索：{who}{0.__class__}{"


def test_two_modules_cannot_claim_one_sentence() -> None:
    with pytest.raises(ValueError, match=r"lead\.new"):
        words._merged({"lead.new": "a"}, {"lead.new": "b"})


@pytest.mark.parametrize(
    ("span", "chinese", "english"),
    [
        (timedelta(seconds=45), "45 秒", "45 s"),
        (timedelta(minutes=2), "2 分钟", "2 min"),
        (timedelta(minutes=2, seconds=20), "2 分钟", "2 min"),
        (timedelta(minutes=90), "1 小时 30 分", "1 h 30 min"),
        (timedelta(hours=4), "4 小时", "4 h"),
        (timedelta(hours=51, minutes=5), "51 小时 5 分", "51 h 5 min"),
        (timedelta(seconds=-5), "0 秒", "0 s"),
    ],
)
def test_lengths_of_time_are_said_as_people_say_them(span: timedelta, chinese: str, english: str) -> None:
    assert duration_words("zh", span) == chinese
    assert duration_words("en", span) == english


def test_a_time_has_its_date_only_on_another_day() -> None:
    at = datetime(2026, 1, 5, 2, 42, tzinfo=UTC)
    assert clock_words("zh", at, SHANGHAI, at + timedelta(hours=5)) == "10:42"
    assert clock_words("zh", at, SHANGHAI, at + timedelta(days=1)) == "1月5日（周一） 10:42"
    assert clock_words("en", at, SHANGHAI, at + timedelta(days=1)) == "Mon 5 Jan 10:42"
    assert clock_words("en", at, SHANGHAI, at - timedelta(days=9)) == "Mon 5 Jan 2026 10:42"
    assert day_words("en", at, SHANGHAI) == "Mon 5 Jan 10:42"
    # 17:00 UTC is the next day in Shanghai.
    assert clock_words("en", datetime(2026, 1, 5, 17, tzinfo=UTC), SHANGHAI, at) == "Tue 6 Jan 01:00"


def test_a_date_has_its_weekday() -> None:
    assert weekday("zh", date(2026, 1, 4)) == "周日"
    assert weekday("en", date(2026, 1, 5)) == "Mon"


@pytest.mark.parametrize(
    ("low", "high", "chinese", "english"),
    [
        (None, None, "", ""),
        (500_000, 500_000, "50 万元", "CNY 500k"),
        (500_000, 800_000, "50–80 万元", "CNY 500–800k"),
        (15_500, None, "1.55 万元", "CNY 15.5k"),
        (None, 800, "800 元", "CNY 800"),
        (100_000, None, "10 万元", "CNY 100k"),
        (10**30, None, f"{10**26} 万元", f"CNY {10**27}k"),
    ],
)
def test_money_is_said_as_people_say_it(
    low: int | None, high: int | None, chinese: str, english: str
) -> None:
    assert money_words("zh", low, high) == chinese
    assert money_words("en", low, high) == english


def test_what_has_no_words_shows_as_it_is() -> None:
    assert reason_words("zh", "older_code") == "older_code"
    assert stage_words("en", "pool") == "in the pool"
    assert role_words("zh", "rep") == "销售"
    assert field_words("en", "contact") == "Contact"
    assert source_words("zh", "抖音") == "抖音"


@pytest.mark.parametrize("lang", words.LANGS)
def test_whatever_may_stand_as_a_leads_reason_has_words(lang: str) -> None:
    for code in (*REASONS, *FAILED.values(), ERASED, NO_ROOM, "off_hours", "withdrawn", "undone"):
        assert reason_words(lang, code) != code, code
