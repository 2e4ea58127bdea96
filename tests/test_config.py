"""The settings: what may be written, what beats what, and that every mistake is named at once."""

import json
import re
import string
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from copy import deepcopy
from datetime import timedelta
from pathlib import Path
from typing import Any, get_args

import pytest
from pydantic import BaseModel
from pydantic_core import PydanticUndefined

from bot import config
from bot.config import ConfigErrors, Mistake, Settings, load, nearest, needs_restart, parse_duration, warnings
from domain.people import Role

ROOT = Path(__file__).parents[1]
EXAMPLE = ROOT / "config.example.toml"
ENVIRON = {
    "LEADBELL_WEBSITE_TOKEN": "website-token-of-the-test",
    "WECOM_SECRET": "wecom-secret",
    "WECOM_TOKEN": "wecom-callback-token",
    "WECOM_AES_KEY": "a" * 43,
    "DINGTALK_SECRET": "dingtalk-secret",
    "DINGTALK_TOKEN": "dingtalk-callback-token",
    "DINGTALK_AES_KEY": "b" * 43,
    "SPEECH_API_KEY": "speech-key",
    "MODEL_API_KEY": "model-key",
}
ONE = {"people": [{"id": "zhangwei", "name": "张伟", "role": "admin"}], "simulator": {"enabled": True}}
Path_ = tuple[str | int, ...]


def toml(value: Any) -> str:
    if isinstance(value, dict):
        return "{" + ", ".join(f"{json.dumps(key)} = {toml(each)}" for key, each in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(map(toml, value)) + "]"
    return json.dumps(value, ensure_ascii=False)


def read(folder: Path, raw: dict[str, Any] | str, environ: dict[str, str] | None = None) -> Settings:
    text = raw if isinstance(raw, str) else "\n".join(f"{key} = {toml(value)}" for key, value in raw.items())
    path = folder / "config.toml"
    path.write_text(text, "utf-8")
    return load(path, environ or {})


def mistakes(folder: Path, raw: dict[str, Any] | str, environ: dict[str, str] | None = None) -> list[Mistake]:
    try:
        read(folder, raw, environ)
    except ConfigErrors as errors:
        return list(errors.mistakes)
    return []


def told(folder: Path, raw: dict[str, Any] | str, environ: dict[str, str] | None = None) -> dict[str, str]:
    return {each.key: each.code for each in mistakes(folder, raw, environ)}


def with_one(**more: Any) -> dict[str, Any]:
    return ONE | more


# The example


def example() -> dict[str, Any]:
    return tomllib.loads(EXAMPLE.read_text("utf-8"))


def walk(raw: Any, at: Path_ = ()) -> Iterator[tuple[Path_, Any]]:
    if at:
        yield at, raw
    items = raw.items() if isinstance(raw, dict) else enumerate(raw) if isinstance(raw, list) else ()
    for key, value in items:
        yield from walk(value, (*at, key))


def model_in(annotation: Any) -> type[BaseModel] | None:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    return next((found for each in get_args(annotation) if (found := model_in(each))), None)


def model_keys(model: type[BaseModel], at: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], Any]]:
    """Every setting: its keys (lists left out), and its default (None for one without)."""
    for name, each in model.model_fields.items():
        here = (*at, each.alias or name)
        inner = model_in(each.annotation)
        default = each.get_default(call_default_factory=True, validated_data={})
        yield here, None if default is PydanticUndefined else default
        if inner is not None:
            yield from model_keys(inner, here)


def plain(at: Path_) -> tuple[str, ...]:
    return tuple(key for key in at if isinstance(key, str))


def pick(settings: Any, at: tuple[str, ...]) -> list[Any]:
    """The values at a setting, one for each entry of the lists on the way."""
    if not at:
        return [settings]
    if isinstance(settings, tuple):
        return [found for each in settings for found in pick(each, at)]
    name = next(n for n, field in type(settings).model_fields.items() if (field.alias or n) == at[0])
    return pick(getattr(settings, name), at[1:])


SAMPLES = {
    ("api",), ("api", "tokens"), ("people",), ("people", "role"), ("teams",), ("routes",), ("routes", "region"),
    ("routes", "industry"), ("routes", "product"), ("routes", "channel"),
}  # fmt: skip
KEYS = dict(model_keys(Settings))


def test_the_example_leaves_no_setting_out() -> None:
    written = {plain(at) for at, _ in walk(example())}
    assert set(KEYS) - written == set()


def test_the_example_shows_each_default_as_it_is() -> None:
    settings = load(EXAMPLE, ENVIRON)
    compared = 0
    for at, default in KEYS.items():
        if default is None or at in SAMPLES:
            continue
        assert default in pick(settings, at), at
        compared += 1
    assert compared > 40


def test_the_example_loads_without_mistakes_and_only_asks_for_an_address() -> None:
    assert [each.key for each in warnings(load(EXAMPLE, ENVIRON))] == ["app.base_url"]


def test_every_setting_of_the_example_has_a_word_of_why() -> None:
    lines = EXAMPLE.read_text("utf-8").splitlines()
    sections = [line for line in lines if line.startswith("[") and not line.startswith("[[")]
    assert len(sections) == 20
    assert sum("#" in line for line in lines) > 60


# Every key of the example, changed in every way

MUTABLE = [at for at, _ in walk(example()) if isinstance(at[-1], str) and at[:2] != ("api", "tokens")]
ALL = [at for at, _ in walk(example())]
EMPTY_IS_FINE = {
    ("api",), ("api", "tokens"), ("app",), ("calendar",), ("calendar", "file"), ("capacity",), ("database",), ("dingtalk", "card"),
    ("dingtalk", "card", "state"),
    ("leads",), ("leads", "required"), ("log",), ("media",), ("media", "folder"), ("people", "quiet"),
    ("reader",), ("reader", "competitors"), ("reader", "products"), ("reader", "names_file"), ("routes",), ("routes", "channel"),
    ("routes", "industry"), ("routes", "product"), ("routes", "region"), ("simulator",), ("sla",),
    ("sla", "accept"), ("sla", "contact"), ("sla", "contact", "within"), ("watch",), ("watch", "heartbeat_url"),
    ("watch", "seen_file"), ("web",),
}  # fmt: skip


def name_of(at: Path_) -> str:
    return "".join(f"[{key}]" if isinstance(key, int) else f".{key}" for key in at).removeprefix(".")


def changed(at: Path_, change: Any) -> dict[str, Any]:
    """The example with `change(container, last key)` made at a place."""
    raw = example()
    container: Any = raw
    for key in at[:-1]:
        container = container[key]
    change(container, at[-1])
    return raw


def names(folder: Path, raw: dict[str, Any]) -> set[str]:
    return {re.sub(r" \([^)]*\)", "", each.key) for each in mistakes(folder, raw, ENVIRON)}


def required(at: Path_) -> bool:
    container = model_in(Settings)
    for key in plain(at)[:-1]:
        assert container is not None
        fields = {field.alias or name: field for name, field in container.model_fields.items()}
        container = model_in(fields[key].annotation)
    assert container is not None
    fields = {field.alias or name: field for name, field in container.model_fields.items()}
    return fields[str(at[-1])].is_required()


@pytest.mark.parametrize("at", MUTABLE, ids=name_of)
def test_a_key_that_was_deleted_is_named_when_it_is_needed(at: Path_, tmp_path: Path) -> None:
    found = names(tmp_path, changed(at, lambda container, key: container.pop(key)))
    half = at[0] == "dingtalk" and at[-1] in ("token", "encoding_aes_key") and len(at) == 2
    step = at[-1] == "to"
    assert (name_of(at) in found) == (required(at) or half or step)


@pytest.mark.parametrize("at", ALL, ids=name_of)
def test_a_key_that_was_emptied_is_named_unless_empty_means_something(at: Path_, tmp_path: Path) -> None:
    value = dict(walk(example()))[at]
    empty: Any = {} if isinstance(value, dict) else [] if isinstance(value, list) else ""
    raw = changed(at, lambda container, key: container.__setitem__(key, empty))
    found = names(tmp_path, raw)
    inside = [each for each in found if each.startswith(name_of(at))]
    fine = plain(at) in EMPTY_IS_FINE and not isinstance(at[-1], int)
    assert bool(inside) != (fine or (at[0] == "teams" and empty == [] and len(at) == 1))


@pytest.mark.parametrize("at", ALL, ids=name_of)
def test_a_value_of_the_wrong_type_is_named(at: Path_, tmp_path: Path) -> None:
    value = dict(walk(example()))[at]
    wrong: list[Any] = [[[1]], {"x": {"y": 1}}, 1.5]
    if isinstance(value, str):
        wrong += [5, True]
    if isinstance(value, int | float) and not isinstance(value, bool):
        wrong = ["some", True, [1], -1]
    if isinstance(value, bool):
        wrong = ["perhaps", 5, [True]]
    for each in wrong:
        found = names(tmp_path, changed(at, lambda container, key, new=each: container.__setitem__(key, new)))
        assert any(name.startswith(name_of(at)) for name in found), each


@pytest.mark.parametrize("at", MUTABLE, ids=name_of)
def test_a_misspelt_key_is_named_with_the_right_one(at: Path_, tmp_path: Path) -> None:
    right = str(at[-1])
    typo = right + right[-1]
    raw = changed(at, lambda container, key: container.__setitem__(typo, container.pop(key)))
    found = {re.sub(r" \([^)]*\)", "", each.key): each for each in mistakes(tmp_path, raw, ENVIRON)}
    assert found[name_of((*at[:-1], typo))].near == right


def test_all_mistakes_are_told_at_once_and_each_with_its_place(tmp_path: Path) -> None:
    raw = {
        "people": [
            {"id": "wangfang", "name": "王芳", "role": "manager", "wecom": "WF"},
            {"id": "ZhangWei", "name": "张伟", "role": "manger", "team": "eest", "wecom": "wf"},
            {"name": "李雷"},
            {"id": "zhangwei", "name": "张伟"},
        ],
        "teams": [
            {"id": "east", "name": "华东", "manager": "wangfan"},
            {"id": "EAST", "name": "x", "parent": "no"},
        ],
        "wecom": {
            "corp_idd": "ww1",
            "agent_id": "x",
            "secret": "",
            "token": "…",
            "encoding_aes_key": "short",
        },
        "app": {"port": 70000, "timezone": "Asia/Shangai", "base_url": "leads.example.com"},
        "databse": {},
        "sla": {
            "accept": {
                "within": "5 min",
                "steps": [{"after": "5m", "do": "alert"}, {"after": "x", "do": "grap"}],
            }
        },
        "routes": [{"team": "west"}],
    }
    assert told(tmp_path, raw) == {
        "people[1] (ZhangWei).role": "one_of",
        "people[1] (ZhangWei).team": "unknown_team",
        "people[1] (ZhangWei).wecom": "duplicate",
        "people[2] (李雷).id": "missing",
        "people[3] (zhangwei).id": "duplicate",
        "teams[0] (east).manager": "unknown_person",
        "teams[1] (EAST).id": "duplicate",
        "teams[1] (EAST).parent": "unknown_team",
        "wecom.corp_id": "missing",
        "wecom.corp_idd": "unknown",
        "wecom.agent_id": "whole",
        "wecom.secret": "blank",
        "wecom.token": "sample",
        "wecom.encoding_aes_key": "aes_key",
        "app.port": "most",
        "app.timezone": "zone",
        "app.base_url": "url",
        "databse": "unknown",
        "sla.accept.within": "duration",
        "sla.accept.steps[0].to": "missing",
        "sla.accept.steps[1].after": "duration",
        "sla.accept.steps[1].do": "one_of",
        "routes[0].team": "unknown_team",
    }


def test_a_mistake_is_a_sentence_in_both_languages(tmp_path: Path) -> None:
    (mistake,) = mistakes(tmp_path, with_one(log={"level": "inof"}))
    assert mistake.line() == "log.level：只能是 debug / info / warning / error；是不是 `info`？"
    assert (
        mistake.line("en") == "log.level: must be one of debug / info / warning / error; did you mean `info`?"
    )


def test_the_error_itself_reads_as_its_list(tmp_path: Path) -> None:
    with pytest.raises(ConfigErrors) as refused:
        read(tmp_path, with_one(app={"prot": 1, "host": ""}))
    assert str(refused.value).splitlines() == [
        "app.host：不能是空的",
        "app.prot：没有这个设置；是不是 `port`？",
    ]


def test_all_wording_has_both_languages_with_the_same_blanks() -> None:
    for zh, en in (*config._WORDS.values(), *config._ADVICE.values()):
        assert re.search(r"[\u4e00-\u9fff]", zh)
        assert not re.search(r"[\u4e00-\u9fff]", en)
        assert {part[1] for part in string.Formatter().parse(zh)} == {
            part[1] for part in string.Formatter().parse(en)
        }
    assert set(config._KINDS.values()) <= set(config._WORDS)


def test_a_problem_nobody_foresaw_still_has_words() -> None:
    error = {"loc": ("app", "host"), "type": "never_seen", "input": "x"}
    assert config._told({}, error).line("en") == "app.host: is not a valid value"


# The file


@pytest.mark.parametrize(
    ("content", "code", "hint"),
    [
        (b"[app]\nport = \n", "syntax", ""),
        ("[app]\nhost = “127.0.0.1”\n".encode(), "syntax", "fullwidth"),
        ("[app]\nport = ， # fine\n".encode(), "syntax", "fullwidth"),
        ("# 库\n［database］\n".encode(), "syntax", "fullwidth"),
        ('[app]\nport = ] name = "张，伟" # 全角，在注释里\n'.encode(), "syntax", ""),
        (b"[app", "syntax", ""),
        ("# 设置\n".encode("gbk"), "not_utf8", ""),
    ],
)
def test_a_file_that_is_no_toml_is_told_with_its_line(
    tmp_path: Path, content: bytes, code: str, hint: str
) -> None:
    path = tmp_path / "my.toml"
    path.write_bytes(content)
    with pytest.raises(ConfigErrors) as refused:
        load(path, {})
    (mistake,) = refused.value.mistakes
    assert (mistake.key, mistake.code, mistake.advice) == ("my.toml", code, hint)
    assert code != "syntax" or re.search(r"at (line 2|end of document)", mistake.problem())


def test_a_missing_file_sends_to_init(tmp_path: Path) -> None:
    with pytest.raises(ConfigErrors, match=r"config\.toml：找不到这个文件；运行 leadbell init"):
        load(tmp_path / "config.toml", {})


def test_a_file_saved_by_notepad_with_its_mark_is_read(tmp_path: Path) -> None:
    assert read(tmp_path, "\ufeff[[people]]\nid = 'zhangwei'\nname = '张伟'\n").people[0].name == "张伟"


@pytest.mark.parametrize("raw", ["", "people = []"])
def test_a_company_needs_a_person(tmp_path: Path, raw: str) -> None:
    (mistake,) = mistakes(tmp_path, raw)
    assert mistake.key == "people"
    assert mistake.hint() == "至少写一个 [[people]]"


@pytest.mark.parametrize(
    "raw", ["[people]\nid = 'x'", "people = 3\nteams = ['x']", "people = ['x']\nsla = 1"]
)
def test_a_section_of_the_wrong_shape_is_named_not_a_crash(tmp_path: Path, raw: str) -> None:
    assert set(told(tmp_path, raw)) & {"people", "people[0]"}


# The environment


def test_the_environment_beats_the_file(tmp_path: Path) -> None:
    raw = with_one(app={"port": 1, "host": "0.0.0.0"}, sla={"contact": {"within": {"hot": "1h"}}})  # noqa: S104
    settings = read(
        tmp_path,
        raw,
        {
            "LEADBELL_APP__PORT": "9000",
            "leadbell_sla__contact__within__hot": "1h30m",
            "LEADBELL_CALENDAR__HOURS": '["10:00-11:00"]',
            "LEADBELL_API__TOKENS__WEBSITE": "1234567890123456",
            "LEADBELL_LOG__JSON": "true",
            "LEADBELL_WEBSITE_TOKEN": "not a setting",
            "HOME": "/nowhere",
        },
    )
    assert (settings.app.port, settings.app.host) == (9000, "0.0.0.0")  # noqa: S104
    assert settings.sla.contact.within.hot == timedelta(minutes=90)
    assert settings.calendar.hours == ("10:00-11:00",)
    assert settings.api.tokens["website"].get_secret_value() == "1234567890123456"
    assert settings.log.as_json


def single_values() -> list[tuple[Path_, Any]]:
    return [
        (at, value)
        for at, value in walk(example())
        if not isinstance(value, dict | list) and all(isinstance(key, str) for key in at)
    ]


@pytest.mark.parametrize(
    ("at", "value"), single_values(), ids=lambda part: name_of(part) if isinstance(part, tuple) else ""
)
def test_any_key_can_come_from_the_environment(at: Path_, value: Any, tmp_path: Path) -> None:
    raw = changed(at, lambda container, key: container.pop(key))
    variable = "LEADBELL_" + "__".join(map(str, at)).upper()
    text = json.dumps(value) if isinstance(value, bool) else str(value)
    assert read(tmp_path, raw, ENVIRON | {variable: text}) == load(EXAMPLE, ENVIRON)
    spoilt = mistakes(tmp_path, raw, ENVIRON | {variable: ""})
    assert at in {
        ("calendar", "file"),
        ("dingtalk", "card", "state"),
        ("media", "folder"),
        ("reader", "names_file"),
        ("watch", "heartbeat_url"),
        ("watch", "seen_file"),
    } or f"{name_of(at)} ({variable})" in {each.key for each in spoilt}


@pytest.mark.parametrize(
    ("error", "code"),
    [(PermissionError, "no_right"), (IsADirectoryError, "folder"), (FileNotFoundError, "no_file")],
)
def test_a_file_that_is_there_and_cannot_be_read_is_not_called_missing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, error: type[OSError], code: str
) -> None:
    def refuse(_path: Path) -> bytes:
        raise error

    monkeypatch.setattr(Path, "read_bytes", refuse)
    with pytest.raises(ConfigErrors) as raised:
        load(tmp_path / "config.toml", ENVIRON)
    assert [each.code for each in raised.value.mistakes] == [code]


@pytest.mark.parametrize("host", ["http://x", "a b", "127.0.0.1/x"])
def test_the_address_to_listen_at_is_a_bare_name(tmp_path: Path, host: str) -> None:
    assert [each.key for each in mistakes(tmp_path, ONE, {"LEADBELL_APP__HOST": host})] == [
        "app.host (LEADBELL_APP__HOST)"
    ]
    assert mistakes(tmp_path, ONE, {"LEADBELL_APP__HOST": "::1"}) == []


@pytest.mark.parametrize("text", ["ENV:WEB_TOKEN_OF_OURS", "${WEB_TOKEN_OF_OURS}", "$WEB_TOKEN_OF_OURS"])
def test_a_secret_that_only_looks_like_a_reference_is_none(tmp_path: Path, text: str) -> None:
    raw = ONE | {"api": {"tokens": {"web": text}}}
    assert [(each.key, each.code) for each in mistakes(tmp_path, raw, {})] == [
        ("api.tokens.web", "reference")
    ]


def test_settings_can_come_from_the_environment_alone() -> None:
    settings = load(None, {"LEADBELL_PEOPLE": '[{"id": "zhangwei", "name": "张伟", "role": "admin"}]'})
    assert settings.people[0].role is Role.ADMIN


def test_a_variable_of_no_section_is_named_with_the_one_that_was_meant(tmp_path: Path) -> None:
    (first, second) = mistakes(tmp_path, ONE, {"LEADBELL_WECOMM__SECRET": "x", "LEADBELL_ZZZZZZ__X": "x"})
    assert (first.key, first.near) == ("LEADBELL_WECOMM__SECRET", "LEADBELL_WECOM__SECRET")
    assert (second.key, second.near) == ("LEADBELL_ZZZZZZ__X", "")


def test_a_variable_with_one_underscore_too_few_is_named_and_not_passed_over(tmp_path: Path) -> None:
    variables = {
        "LEADBELL_APP_PORT": "9000",
        "LEADBELL_LOG_JSON": "true",
        "LEADBELL_WECOM_SECRET": "x",
        "LEADBELL_X": "x",
    }
    found = mistakes(tmp_path, ONE, variables)
    assert {each.key: each.near for each in found} == {
        "LEADBELL_APP_PORT": "LEADBELL_APP__PORT",
        "LEADBELL_LOG_JSON": "LEADBELL_LOG__JSON",
        "LEADBELL_WECOM_SECRET": "LEADBELL_WECOM__SECRET",
    }
    used = ONE | {"api": {"tokens": {"website": "env:LEADBELL_WECOM_SECRET"}}}
    assert mistakes(tmp_path, used, {"LEADBELL_WECOM_SECRET": "website-token-of-the-test"}) == [], (
        "the file names it"
    )


@pytest.mark.parametrize("text", ["09:00-12:00", '"09:00-12:00"', "[", "5"])
def test_a_list_that_is_no_json_in_the_environment_is_named_by_its_variable(
    tmp_path: Path, text: str
) -> None:
    assert told(tmp_path, ONE, {"LEADBELL_CALENDAR__HOURS": text}) == {
        "calendar.hours (LEADBELL_CALENDAR__HOURS)": "list"
    }


def test_a_secret_is_read_from_the_variable_it_names(tmp_path: Path) -> None:
    raw = with_one(api={"tokens": {"website": "env: TOKEN "}}, database={"url": "env:DB"})
    settings = read(tmp_path, raw, {"TOKEN": " padded-token\n", "DB": "postgresql://bell:pw@db/leads"})
    assert settings.api.tokens["website"].get_secret_value() == "padded-token"
    assert settings.database.shown == "postgresql://bell:***@db/leads"


def test_a_secret_without_its_variable_is_named_with_key_and_variable(tmp_path: Path) -> None:
    raw = with_one(
        api={"tokens": {"website": "env:NOWHERE", "form": "env:"}}, calendar={"hours": ["env:GONE"]}
    )
    found = {each.key: each.line("en") for each in mistakes(tmp_path, raw)}
    assert found == {
        "api.tokens.website": "api.tokens.website: needs the environment variable NOWHERE, which is not set",
        "api.tokens.form": 'api.tokens.form: names no variable after "env:"',
        "calendar.hours[0]": "calendar.hours[0]: needs the environment variable GONE, which is not set",
    }


@pytest.mark.parametrize(
    "at", [at for at in ALL if not isinstance(dict(walk(example()))[at], dict | list)], ids=name_of
)
def test_what_came_from_env_is_never_said_in_a_mistake(at: Path_, tmp_path: Path) -> None:
    secret = "hunter2-hunter2"
    raw = changed(at, lambda container, key: container.__setitem__(key, "env:LEAK"))
    raw["people"].append(deepcopy(raw["people"][0]))
    raw["nonsense"] = 1
    with pytest.raises(ConfigErrors) as refused:
        read(tmp_path, raw, ENVIRON | {"LEAK": secret})
    error = refused.value
    lines = [each.line(lang) for each in error.mistakes for lang in ("zh", "en")]
    assert secret not in "\n".join([str(error), repr(error), repr(error.mistakes), *lines]).lower()
    assert error.__context__ is None


def test_secrets_are_not_in_what_settings_show_of_themselves() -> None:
    settings = load(EXAMPLE, ENVIRON | {"LEADBELL_DATABASE__URL": "postgresql://bell:wecom-pw@db/leads"})
    shown = f"{settings} {settings!r} {settings.model_dump()} {settings.model_dump_json()} {settings.database.shown}"
    for secret in (*ENVIRON.values(), "wecom-pw"):
        assert secret not in shown


# Single kinds of values


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("90s", 90),
        ("5m", 300),
        ("4h", 14400),
        ("2d", 172800),
        ("1h30m", 5400),
        (" 1d2h3m4s ", 93784),
        ("366d", 31622400),
    ],
)
def test_a_duration_is_a_number_with_its_unit(text: str, seconds: int) -> None:
    assert parse_duration(text) == timedelta(seconds=seconds)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "5",
        "5 m",
        "m",
        "0s",
        "-5m",
        "1.5h",
        "30m1h",
        "5M",
        "５m",
        "367d",
        "99999999d",
        "999999999d",
        5,
        None,
    ],
)
def test_any_other_duration_is_refused(tmp_path: Path, text: Any) -> None:
    assert mistakes(tmp_path, with_one(sla={"repeat_after": text or ""}))[0].code == "duration"


@pytest.mark.parametrize(
    "quiet", ["21:00", "21:00-", "25:00-08:00", "09:00-09:00", "21:00-22:00-23:00", "late"]
)
def test_quiet_hours_that_make_no_sense_are_refused(tmp_path: Path, quiet: str) -> None:
    raw = {"people": [{"id": "a", "name": "a", "quiet": quiet}]}
    assert told(tmp_path, raw) == {"people[0] (a).quiet": "quiet"}


@pytest.mark.parametrize(
    ("hours", "where"),
    [
        (["9-12"], {"calendar.hours[0]": "hours"}),
        (["09:00-12:00", "12:00-11:00"], {"calendar.hours[1]": "hours"}),
        (["13:00-18:00", "09:00-12:00"], {"calendar.hours": "hours_order"}),
        ([], {"calendar.hours": "blank"}),
    ],
)
def test_opening_hours_that_make_no_sense_are_refused(
    tmp_path: Path, hours: list[str], where: dict[str, str]
) -> None:
    assert told(tmp_path, with_one(calendar={"hours": hours})) == where


@pytest.mark.parametrize(
    ("url", "code"),
    [
        ("sqlite:///leadbell.db", ""),
        ("sqlite:////data/leadbell.db", ""),
        ("sqlite+aiosqlite:///leadbell.db", ""),
        ("postgresql://bell@db/leads", ""),
        ("postgresql+asyncpg://bell:pw@db/leads?sslmode=require", ""),
        ("postgresql:///leads?host=/var/run/postgresql", ""),
        ("sqlite://", "memory"),
        ("sqlite:///:memory:", "memory"),
        ("mysql://x/y", "database"),
        ("postgres://x/y", "database"),
        ("leadbell.db", "database"),
        ("", "database"),
    ],
)
def test_the_database_is_a_file_or_postgresql_whatever_the_driver(
    tmp_path: Path, url: str, code: str
) -> None:
    assert told(tmp_path, with_one(database={"url": url})) == ({"database.url": code} if code else {})


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("sqlite:///leadbell.db", "sqlite:///leadbell.db"),
        ("postgresql://bell@db/leads", "postgresql://bell@db/leads"),
        ("postgresql://bell:p@ss:w/rd@db/leads", "postgresql://bell:***@db/leads"),
        ("postgresql://db/leads?password=pw", "postgresql://db/leads"),
    ],
)
def test_a_database_address_is_shown_without_its_password(tmp_path: Path, url: str, shown: str) -> None:
    assert read(tmp_path, with_one(database={"url": url})).database.shown == shown


@pytest.mark.parametrize("address", ["x", "ftp://x", "http://", "http://[::1", "http://x:99999"])
def test_an_address_that_no_browser_opens_is_refused(tmp_path: Path, address: str) -> None:
    assert told(tmp_path, with_one(app={"base_url": address})) == {"app.base_url": "url"}


def test_an_address_loses_its_last_slash(tmp_path: Path) -> None:
    assert read(tmp_path, with_one(app={"base_url": "https://bell.cn/"})).app.base_url == "https://bell.cn"


@pytest.mark.parametrize("zone", ["Shanghai", "../etc/passwd", "Asia", "/etc/localtime"])
def test_a_zone_that_does_not_exist_is_refused(tmp_path: Path, zone: str) -> None:
    assert told(tmp_path, with_one(app={"timezone": zone})) == {"app.timezone": "zone"}


@pytest.mark.parametrize("key", ["a" * 42, "a" * 44, "!" * 43, "密" * 43])
def test_a_key_that_decodes_to_no_32_bytes_is_refused(tmp_path: Path, key: str) -> None:
    section = {"corp_id": "ww1", "agent_id": 1, "secret": "s", "token": "t", "encoding_aes_key": key}
    assert told(tmp_path, with_one(wecom=section)) == {"wecom.encoding_aes_key": "aes_key"}


@pytest.mark.parametrize(
    ("person", "code"), [("system", "reserved"), ("Bot", "reserved"), ("a b", "id"), ("a:b", "id")]
)
def test_an_id_that_a_button_or_a_log_could_not_carry_is_refused(
    tmp_path: Path, person: str, code: str
) -> None:
    raw = {"people": [{"id": person, "name": "x"}]}
    assert told(tmp_path, raw) == {f"people[0] ({person}).id": code}


# What only shows between keys


def teams(*parents: str | None) -> list[dict[str, str]]:
    rows = [{"id": f"t{at}", "name": "x"} for at in range(len(parents))]
    return [row | ({"parent": parent} if parent else {}) for row, parent in zip(rows, parents, strict=True)]


@pytest.mark.parametrize(
    ("parents", "where"),
    [
        (("t0",), {"teams[0] (t0).parent"}),
        (("t1", "t2", "t0"), {"teams[0] (t0).parent"}),
        (("t1", "t2", "t1"), {"teams[1] (t1).parent"}),
        ((None, "t0", "t1"), set()),
    ],
)
def test_a_team_above_itself_is_told_once(
    tmp_path: Path, parents: tuple[str | None, ...], where: set[str]
) -> None:
    found = mistakes(tmp_path, with_one(teams=teams(*parents)))
    assert {each.key for each in found} == where
    assert all("→" in each.problem() for each in found)


@pytest.mark.parametrize(
    ("steps", "where"),
    [
        ([{"after": "5m", "do": "grab"}, {"after": "5m", "do": "reassign"}], {"[1].after": "not_later"}),
        ([{"after": "1h", "do": "grab"}, {"after": "30m", "do": "reassign"}], {"[1].after": "not_later"}),
        ([{"after": "5m", "do": "remind"}], {"[0].to": "missing"}),
        ([{"after": "5m", "do": "grab", "to": "owner"}], {"[0].to": "needless_to"}),
        ([{"after": "5m", "do": "remind", "to": "manager"}], {"[0].to": "one_of"}),
        ([{"after": "5m", "do": "alert", "to": "owner"}], {"[0].to": "one_of"}),
        ([{"after": "5m", "do": "mark"}], {"[0].do": "one_of"}),
        ([{"after": "5m", "do": "alert", "to": "boss"}], {"[0].to": "one_of"}),
        ([], {"": "blank"}),
    ],
)
def test_a_ladder_that_does_not_climb_is_refused(
    tmp_path: Path, steps: list[dict[str, str]], where: dict[str, str]
) -> None:
    raw = with_one(sla={"accept": {"steps": steps}})
    assert told(tmp_path, raw) == {f"sla.accept.steps{at}": code for at, code in where.items()}


def test_two_sources_with_one_token_are_refused_without_showing_it(tmp_path: Path) -> None:
    raw = with_one(
        api={"tokens": {"website": "same-same-same-same", "form": "same-same-same-same", "other": "x"}}
    )
    (mistake,) = mistakes(tmp_path, raw)
    assert (mistake.key, mistake.code) == ("api.tokens.form", "duplicate")
    assert "same" not in mistake.line("en")


def test_a_file_of_days_is_looked_for_beside_the_settings(tmp_path: Path) -> None:
    raw = with_one(calendar={"file": "days.toml"})
    assert told(tmp_path, raw) == {"calendar.file": "no_file"}
    (tmp_path / "days.toml").write_text("", "utf-8")
    assert read(tmp_path, raw).calendar.file == str(tmp_path / "days.toml")
    elsewhere = {"DAYS": str(tmp_path / "days.toml")}
    assert (
        read(tmp_path, with_one(calendar={"file": "env:DAYS"}), elsewhere).calendar.file == elsewhere["DAYS"]
    )


@pytest.mark.parametrize(("given", "missing"), [("token", "encoding_aes_key"), ("encoding_aes_key", "token")])
def test_dingtalks_event_subscription_needs_both_its_token_and_its_key(
    tmp_path: Path, given: str, missing: str
) -> None:
    section = {"client_id": "ding1", "client_secret": "s", "robot_code": "ding1", given: "a" * 43}
    assert told(tmp_path, with_one(dingtalk=section)) == {f"dingtalk.{missing}": "missing"}


def test_the_nearest_name_shares_its_first_letter_and_a_stranger_has_none() -> None:
    assert nearest("eest", ["west", "east"]) == "east"
    assert nearest("corp_di", ["corp_id", "agent_id"]) == "corp_id"
    assert nearest("zzz", ["corp_id"]) == ""
    assert nearest("x", []) == ""


# What works but is hardly meant


def test_what_is_hardly_meant_is_warned_of(tmp_path: Path) -> None:
    raw = {
        "app": {"host": "0.0.0.0"},  # noqa: S104
        "api": {"tokens": {"website": "short"}},
        "people": [{"id": "a", "name": "a", "role": "rep"}, {"id": "b", "name": "b", "wecom": "B"}],
        "teams": [
            *teams(None, "t0"),
            {"id": "led", "name": "x", "manager": "a"},
            {"id": "sub", "name": "x", "parent": "led"},
        ],
        "wecom": {"corp_id": "ww1", "agent_id": 1, "secret": "s", "token": "t", "encoding_aes_key": "a" * 43},
    }
    found = warnings(read(tmp_path, raw))
    assert {each.key: each.code for each in found} == {
        "people[0] (a)": "teamless",
        "people": "no_admin",
        "teams[0] (t0)": "team_unled",
        "teams[1] (t1)": "team_unled",
        "app.base_url": "base_url_local",
        "api.tokens.website": "short_token",
        "wecom.token": "short_token",
    }
    assert ("people[0] (a)", "unreachable") in {(each.key, each.code) for each in found}
    simulated = warnings(read(tmp_path, raw | {"simulator": {"enabled": True}}))
    assert {each.code for each in simulated} - {each.code for each in found} == {"simulator_exposed"}
    assert "unreachable" not in {each.code for each in simulated}
    public = {"host": "127.0.0.1", "base_url": "https://leads.example.com"}
    proxied = warnings(read(tmp_path, raw | {"app": public, "simulator": {"enabled": True}}))
    assert ("app.base_url", "simulator_exposed") in {(each.key, each.code) for each in proxied}


def test_a_company_that_no_channel_reaches_is_warned_of(tmp_path: Path) -> None:
    people = [{"id": who, "name": who, "role": who, "team": "t", "dingtalk": who} for who in ("admin", "rep")]
    raw = {"people": people, "teams": [{"id": "t", "name": "t", "manager": "admin"}]}
    assert [each.code for each in warnings(read(tmp_path, raw))] == ["no_channel"]
    section = {"client_id": "ding1", "client_secret": "s", "robot_code": "ding1"}
    app = {"base_url": "https://bell.cn"}
    assert warnings(read(tmp_path, raw | {"dingtalk": section, "app": app})) == []


def test_a_company_without_an_admin_a_rep_or_a_channel_is_told_what_to_write(tmp_path: Path) -> None:
    raw: dict[str, Any] = {"people": [{"id": "a", "name": "a"}], "teams": [{"id": "t", "name": "t"}]}
    lines = [each.line("en") for each in warnings(read(tmp_path, raw))]
    assert lines == [
        "wecom, dingtalk, simulator: are all off, so nobody can be reached; write [wecom] or [dingtalk] as "
        "config.example.toml has it, or [simulator] enabled = true to try it",
        'people: has no admin, so nobody hears of trouble; write role = "admin" in one [[people]] entry',
        'people: has no rep, so leads have nobody to go to; write [[people]] entries with role = "rep", or run '
        "leadbell sync",
        'teams[0] (t): has no manager, and neither has a team above it; write manager = "a person\'s id"',
    ]
    raw["people"] = [{"id": "r", "name": "r", "role": "rep"}]
    raw["dingtalk"] = {"client_id": "ding1", "client_secret": "s", "robot_code": "ding1"}
    hints = {each.code: each.hint("en") for each in warnings(read(tmp_path, raw))}
    assert hints["teamless"] == 'write team = "a team\'s id"'
    assert hints["unreachable"] == 'write wecom or dingtalk = "the user id there"'


def test_a_company_whose_directory_is_read_need_not_name_its_reps(tmp_path: Path) -> None:
    section = {"client_id": "ding1", "client_secret": "s", "robot_code": "ding1"}
    raw = {
        "people": [{"id": "a", "name": "a", "role": "admin", "dingtalk": "A"}],
        "app": {"base_url": "https://bell.cn"},
    }
    for sync, codes in ((False, ["no_rep"]), (True, [])):
        found = warnings(read(tmp_path, raw | {"dingtalk": section | {"sync": sync}}))
        assert [each.code for each in found] == codes


# As a module


def test_settings_do_not_change_once_read(tmp_path: Path) -> None:
    settings = read(tmp_path, ONE)
    with pytest.raises(ValueError, match="frozen"):
        settings.app.port = 1  # type: ignore[misc]
    with pytest.raises(ValueError, match="frozen"):
        settings.people = ()  # type: ignore[misc]


def test_reading_settings_brings_in_no_holidays_no_database_and_no_language_tools() -> None:
    heavy = "{'holidays', 'sqlalchemy', 'rapidfuzz', 'aiohttp', 'jieba'}"
    probe = f"import sys, bot.config; print(sorted({heavy} & set(sys.modules)))"
    ran = subprocess.run([sys.executable, "-c", probe], cwd=ROOT, capture_output=True, text=True, check=True)
    assert ran.stdout == "[]\n"


def test_changes_that_wait_for_a_restart_are_named_by_key(tmp_path: Path) -> None:
    dingtalk = {"client_id": "a", "client_secret": "of-an-app-of-ours", "robot_code": "r"}
    old = read(tmp_path, with_one(app={"port": 1}))
    new = read(
        tmp_path,
        with_one(app={"port": 2, "timezone": "Asia/Tokyo"}, capacity={"active": 9}, dingtalk=dingtalk),
    )
    other = read(
        tmp_path, with_one(app={"port": 2, "timezone": "Asia/Tokyo"}, dingtalk=dingtalk | {"mode": "http"})
    )
    assert needs_restart(old, old) == []
    assert needs_restart(old, new) == ["app.port", "dingtalk"]
    assert needs_restart(new, other) == ["dingtalk.mode"]
