"""`leadbell init`: four questions, a file that starts as it is, and nothing ever written over."""

import stat
from collections.abc import Iterator
from pathlib import Path

import pytest

from bot.config import load, warnings
from bot.setup import AlreadyThere, Answers, BadAnswer, Platform, ask, questions, render_config, write_config
from domain.people import Role

ENVIRON = {
    "WECOM_CORP_ID": "ww0123456789abcdef",
    "WECOM_AGENT_ID": "1000002",
    "WECOM_SECRET": "wecom-secret",
    "WECOM_TOKEN": "wecom-callback-token",
    "WECOM_AES_KEY": "a" * 43,
    "DINGTALK_CLIENT_ID": "ding0123456789abcdef",
    "DINGTALK_SECRET": "dingtalk-secret",
    "DINGTALK_ROBOT_CODE": "ding0123456789abcdef",
    "LEADBELL_DB": "postgresql://bell@db/leads",
}


def answers(*lines: str, lang: str = "zh") -> tuple[Answers, list[str], list[str]]:
    typed: Iterator[str] = iter(lines)
    prompts: list[str] = []
    said: list[str] = []

    def read(prompt: str) -> str:
        prompts.append(prompt)
        return next(typed)

    return ask(read, said.append, lang), prompts, said


def test_four_times_enter_gives_a_company_that_runs_in_the_simulator(tmp_path: Path) -> None:
    given, prompts, said = answers("", "", "", "")
    assert len(prompts) == len(questions) == 4
    assert said == []
    path = tmp_path / "config.toml"
    write_config(path, render_config(given))
    settings = load(path, {})
    assert settings.simulator.enabled
    assert settings.database.url.get_secret_value() == "sqlite:///leadbell.db"
    assert [(each.id, each.name, each.role) for each in settings.people] == [("admin", "管理员", Role.ADMIN)]
    assert [each.code for each in warnings(settings)] == ["no_rep"], "they are still to be written"


@pytest.mark.parametrize("platform", Platform)
@pytest.mark.parametrize("database", ["sqlite", "postgresql://bell:pw@db/leads", "env:LEADBELL_DB"])
def test_what_init_writes_loads_once_its_secrets_are_set(
    tmp_path: Path, platform: Platform, database: str
) -> None:
    given, _, _ = answers('华"锦\\科技，王芳、WangFang', platform, database, "9：00-12:00，13:00-18:00")
    path = tmp_path / "config.toml"
    write_config(path, render_config(given))
    settings = load(path, ENVIRON)
    assert settings.teams[0].name == '华"锦\\科技'
    assert settings.teams[0].manager == settings.people[0].id == "WangFang"
    assert settings.calendar.hours == ("9:00-12:00", "13:00-18:00")
    on_wecom = platform in (Platform.WECOM, Platform.BOTH)
    on_dingtalk = platform in (Platform.DINGTALK, Platform.BOTH)
    assert (settings.wecom is not None, settings.people[0].wecom) == (
        on_wecom,
        "WangFang" if on_wecom else None,
    )
    assert (settings.dingtalk is not None, settings.people[0].dingtalk is not None) == (
        on_dingtalk,
        on_dingtalk,
    )
    assert settings.simulator.enabled is (platform is Platform.SIMULATOR)
    assert settings.database.url.get_secret_value().partition(":")[0] in ("sqlite", "postgresql")


def test_the_sections_that_init_writes_are_explained_in_both_languages(tmp_path: Path) -> None:
    given, _, _ = answers("", "3", "", "")
    comments = [line for line in render_config(given).splitlines() if "#" in line]
    assert len(comments) >= 12
    assert any("企业微信" in line and "WeCom" in line for line in comments)


@pytest.mark.parametrize(
    ("number", "bad"),
    [
        (0, "只有公司"),
        (0, "公司,,id"),
        (0, "公司,王芳,两 个"),
        (0, "公司,王芳,system"),
        (0, "公司\x07,王芳,wang"),
        (1, "5"),
        (1, "slack"),
        (2, "mysql://x/y"),
        (2, "sqlite://"),
        (2, "env:"),
        (2, "postgresql://a\x00b"),
        (3, "九点到六点"),
        (3, "13:00-18:00, 09:00-12:00"),
        (3, ","),
    ],
)
def test_a_bad_answer_is_refused_in_both_languages(number: int, bad: str) -> None:
    with pytest.raises(BadAnswer) as refused:
        questions[number].read(bad)
    assert refused.value.zh
    assert refused.value.en in str(refused.value)


@pytest.mark.parametrize(("lang", "word"), [("zh", "请写 1 到 4"), ("en", "a number from 1 to 4")])
def test_a_bad_answer_is_explained_and_asked_again(lang: str, word: str) -> None:
    given, prompts, said = answers("", "7", "2", "", "", lang=lang)
    assert said == [word]
    assert prompts[1] == prompts[2]
    assert given.platform is Platform.DINGTALK


def test_questions_are_asked_in_the_readers_language() -> None:
    _, zh, _ = answers("", "", "", "")
    _, en, _ = answers("", "", "", "", lang="en")
    assert zh[3] == "上班时间 [09:00-12:00, 13:30-18:00] "
    assert en[3] == "Working hours [09:00-12:00, 13:30-18:00] "


def test_a_file_that_exists_is_never_written_over(tmp_path: Path) -> None:
    path = tmp_path / "config.toml"
    path.write_text("mine", "utf-8")
    with pytest.raises(AlreadyThere, match=r"已经存在.*config\.toml exists"):
        write_config(path, "other")
    assert path.read_text("utf-8") == "mine"


def test_only_the_owner_may_read_what_init_wrote(tmp_path: Path) -> None:
    path = tmp_path / "config.toml"
    write_config(path, "text")
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
