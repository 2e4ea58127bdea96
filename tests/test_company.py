"""From the settings to the company that the rules read."""

from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from typing import Any

import pytest

from bot.company import NO_DAYS, build_company, read_days
from bot.config import ConfigErrors, Settings
from bot.holidays_cn import Days
from domain.calendar import DayKind
from domain.people import Capacity, Role
from domain.sla import DEFAULT_LADDER, Do, Policy, Step, To

PEOPLE = [
    {"id": "zhangwei", "name": "张伟", "role": "rep", "team": "east", "wecom": "ZhangWei", "dingtalk": "d1"},
    {
        "id": "wangfang",
        "name": "王芳",
        "role": "manager",
        "active": 5,
        "per_day": 0,
        "quiet": "",
        "lang": "en",
    },
]
TEAMS = [
    {"id": "sales", "name": "销售部", "manager": "wangfang"},
    {"id": "east", "name": "华东", "parent": "sales", "hours": ["08:00-12:00"]},
    {"id": "shanghai", "name": "上海", "parent": "east"},
]
WECOM = {
    "corp_id": "ww1",
    "agent_id": 1,
    "secret": "s",
    "token": "t",
    "encoding_aes_key": "a" * 43,
}
DINGTALK = {"client_id": "ding1", "client_secret": "s", "robot_code": "ding1"}


def settings(**more: Any) -> Settings:
    return Settings(**({"people": PEOPLE, "teams": TEAMS} | more))


def override(tmp_path: Path, content: str | bytes) -> Settings:
    file = tmp_path / "days.toml"
    file.write_bytes(content if isinstance(content, bytes) else content.encode())
    return settings(calendar={"file": str(file)})


def test_people_carry_their_own_figures_and_the_companys_for_the_rest() -> None:
    company = build_company(settings(capacity={"unaccepted": 7, "active": 8, "per_day": 9}))
    assert company.person("zhangwei").capacity == Capacity(unaccepted=7, active=8, per_day=9)
    assert company.person("wangfang").capacity == Capacity(unaccepted=7, active=5, per_day=0)
    assert company.person("wangfang").role is Role.MANAGER
    assert company.person("wangfang").lang == "en"


def test_quiet_hours_are_times_of_day_or_none() -> None:
    company = build_company(settings())
    assert company.person("zhangwei").quiet == (time(21), time(8, 30))
    assert company.person("wangfang").quiet is None


@pytest.mark.parametrize(
    ("channels", "accounts"),
    [
        ({}, {}),
        ({"wecom": WECOM}, {"wecom": "ZhangWei"}),
        ({"dingtalk": DINGTALK}, {"dingtalk": "d1"}),
        ({"simulator": {"enabled": True}}, {"local": "zhangwei"}),
        (
            {"wecom": WECOM, "dingtalk": DINGTALK, "simulator": {"enabled": True}},
            {"wecom": "ZhangWei", "dingtalk": "d1", "local": "zhangwei"},
        ),
    ],
)
def test_people_have_accounts_on_the_channels_that_run(
    channels: dict[str, Any], accounts: dict[str, str]
) -> None:
    assert build_company(settings(**channels)).person("zhangwei").accounts == accounts


def test_teams_keep_their_place_in_the_tree() -> None:
    company = build_company(settings())
    assert company.lineage("shanghai") == ("shanghai", "east", "sales")
    assert company.manager_of("shanghai", lambda _: True).id == "wangfang"


def test_a_teams_own_hours_run_its_clocks_and_those_of_the_teams_below() -> None:
    company = build_company(settings())
    at = datetime(2026, 11, 24, 0, 30, tzinfo=UTC)  # Tuesday, 08:30 in Shanghai
    assert company.calendar_of("east").is_open(at)
    assert company.calendar_of("shanghai").is_open(at)
    assert not company.calendar_of("sales").is_open(at)
    assert not company.calendar_of(None).is_open(at)


def test_the_default_settings_are_the_default_promise() -> None:
    policy = build_company(settings()).policy
    assert policy == Policy()
    assert policy.steps == DEFAULT_LADDER


def test_a_promise_of_ones_own_reaches_the_rules() -> None:
    steps = [{"after": "1m", "do": "alert", "to": "manager"}]
    sla = {
        "accept": {"within": "2m", "steps": steps},
        "contact": {"within": {"hot": "10m", "default": "1d"}},
        "undelivered_after": "30s",
        "repeat_after": "1h",
    }
    assert build_company(settings(sla=sla)).policy == Policy(
        within=timedelta(minutes=2),
        steps=(Step(after=timedelta(minutes=1), do=Do.ALERT, to=To.MANAGER),),
        contact_hot=timedelta(minutes=10),
        contact_default=timedelta(days=1),
        undelivered_after=timedelta(seconds=30),
        repeat_after=timedelta(hours=1),
    )


def test_a_route_tests_only_the_conditions_that_were_written() -> None:
    routes = [{"team": "east", "region": ["上海", "江苏"], "product": ["ERP"]}, {"team": "sales"}]
    company = build_company(settings(routes=routes))
    assert company.team_for({"region": "江苏苏州", "product": "ERP"}) == "east"
    assert company.team_for({"region": "北京", "product": "ERP"}) == "sales"


def test_the_rules_of_leads_reach_the_company() -> None:
    leads = {"required": ["phone"], "lapses_allowed": 1, "handbacks_allowed": 2}
    company = build_company(settings(leads=leads))
    assert (company.required, company.lapses_allowed, company.handbacks_allowed) == (("phone",), 1, 2)


def test_without_a_year_only_weekends_are_off_and_nothing_counts_as_announced() -> None:
    calendar = build_company(settings()).calendar
    assert calendar.day_kind(date(2026, 10, 1))[0] is DayKind.WORKDAY
    assert calendar.unannounced(datetime(2026, 5, 1, tzinfo=UTC)) == 2026


def test_a_year_brings_chinas_days_off_from_the_year_before_to_two_after() -> None:
    company = build_company(settings(), year=2024)
    assert company.calendar.day_kind(date(2023, 10, 1))[0] is DayKind.HOLIDAY
    assert company.calendar.day_kind(date(2026, 10, 1))[0] is DayKind.HOLIDAY
    assert company.calendar.day_kind(date(2026, 2, 14)) == (DayKind.MAKEUP, "春节")
    assert company.calendar_of("east").day_kind(date(2026, 10, 1))[0] is DayKind.HOLIDAY


def test_days_that_are_handed_in_are_taken_as_they_are() -> None:
    days = Days(holidays={date(2026, 3, 3): "店庆"}, makeup={}, announced=frozenset({2026}))
    company = build_company(settings(), days, year=2026)
    assert company.calendar.day_kind(date(2026, 3, 3)) == (DayKind.HOLIDAY, "店庆")
    assert company.calendar.day_kind(date(2026, 10, 1))[0] is DayKind.WORKDAY


def test_the_companys_own_file_of_days_wins_over_the_package(tmp_path: Path) -> None:
    own = override(tmp_path, 'years = [2027]\nworkdays = ["2026-10-01"]\n[holidays]\n2026-03-03 = "店庆"\n')
    days = read_days(own, 2026)
    assert days.holidays[date(2026, 3, 3)] == "店庆"
    assert date(2026, 10, 1) in days.makeup
    assert 2027 in days.announced
    assert days != NO_DAYS


@pytest.mark.parametrize(
    ("content", "zh", "en"),
    [
        ("holydays = []", "节假日文件有错", 'knows no key "holydays"'),
        (b"\xd6\xd0", "不是 UTF-8", "is not UTF-8"),
    ],
)
def test_a_wrong_file_of_days_is_a_mistake_of_the_settings(
    tmp_path: Path, content: str | bytes, zh: str, en: str
) -> None:
    with pytest.raises(ConfigErrors) as refused:
        build_company(override(tmp_path, content), year=2026)
    (mistake,) = refused.value.mistakes
    assert mistake.key == "calendar.file"
    assert zh in mistake.problem()
    assert en in mistake.problem("en")


def test_a_file_of_days_that_has_gone_is_a_mistake_of_the_settings(tmp_path: Path) -> None:
    gone = settings(calendar={"file": str(tmp_path / "gone.toml")})
    with pytest.raises(ConfigErrors, match=r"calendar\.file"):
        build_company(gone, year=2026)
