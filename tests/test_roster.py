"""The settings and a platform's directory together: what the settings say wins, key by key."""

import tomllib
from typing import Any

from bot.company import build_company
from bot.config import Settings
from bot.roster import as_toml, compare, newcomers, with_directory
from domain.people import Capacity, Company, Listed, Role

WECOM = {"corp_id": "ww1", "agent_id": 1, "secret": "s", "token": "t", "encoding_aes_key": "a" * 43}
DINGTALK = {"client_id": "ding1", "client_secret": "s", "robot_code": "ding1"}
TEAMS = [
    {"id": "sales", "name": "销售部", "manager": "boss"},
    {"id": "east", "name": "华东", "parent": "sales"},
    {"id": "north", "name": "华北", "parent": "sales"},
]
PEOPLE: list[dict[str, Any]] = [
    {"id": "boss", "name": "老板", "role": "admin"},
    {"id": "ann", "name": "安", "wecom": "Ann"},
    {"id": "bob", "name": "博", "role": "expert", "team": "north", "wecom": "bob", "dingtalk": "d-bob"},
]


def settings(**more: Any) -> Settings:
    return Settings(**({"people": PEOPLE, "teams": TEAMS, "wecom": WECOM, "dingtalk": DINGTALK} | more))


def member(account: str, *departments: str, channel: str = "wecom", **more: Any) -> Listed:
    return Listed(channel=channel, account=account, name=account.title(), departments=departments, **more)


def made(*listed: Listed, **more: Any) -> Company:
    chosen = settings(**more)
    return with_directory(build_company(chosen), chosen, listed)


def test_a_member_of_a_teams_department_is_its_rep_with_the_companys_caps() -> None:
    company = made(member("Lee", "一组", "华东", "销售部"), capacity={"active": 7})
    person = company.person("wecom:lee")
    assert (person.name, person.role, person.team) == ("Lee", Role.REP, "east")
    assert person.capacity == Capacity(active=7)
    assert person.accounts == {"wecom": "Lee"}


def test_who_leads_the_department_is_the_manager_unless_the_settings_name_another() -> None:
    company = made(
        member("kim", "华东", leads=("华东",)), member("pat", "销售部", leads=("销售部", "人事部"))
    )
    assert company.person("wecom:kim").role is Role.MANAGER
    assert (company.teams["east"].manager, company.teams["sales"].manager) == ("wecom:kim", "boss")
    assert company.teams["north"].manager is None
    assert company.leads_team("wecom:kim", "east")


def test_everybody_else_is_an_employee() -> None:
    person = made(member("hr", "人事部", "总部", leads=("人事部",))).person("wecom:hr")
    assert (person.role, person.team) == (Role.EMPLOYEE, None)


def test_what_the_settings_say_wins_and_what_they_leave_out_is_filled_in() -> None:
    company = made(member("ANN", "华东"), member("bob", "华东", leads=("华东",)))
    ann, bob = company.person("ann"), company.person("bob")
    assert (ann.name, ann.role, ann.team) == ("安", Role.REP, "east")
    assert (bob.role, bob.team) == (Role.EXPERT, "north")
    assert "wecom:ann" not in company.people


def test_who_has_left_is_not_reached_there_any_more() -> None:
    company = made(member("Ann", gone=True), member("bob", gone=True), member("lee", gone=True))
    assert "ann" not in company.people
    assert company.person("bob").accounts == {"dingtalk": "d-bob"}
    assert "wecom:lee" not in company.people
    assert set(made(member("bob", gone=True), member("d-bob", channel="dingtalk", gone=True)).people) == {
        "boss",
        "ann",
    }


def test_a_directory_of_a_platform_that_does_not_run_says_nothing() -> None:
    assert set(made(member("lee", "华东"), wecom=None).people) == {"boss", "ann", "bob"}


def test_what_either_lacks_is_told() -> None:
    chosen = settings(teams=[*TEAMS, {"id": "free", "name": "自由", "parent": "sales"}])
    listed = [member("ann", "华东"), member("lee", "华北", leads=("华北",)), member("pat", leads=("销售部",))]
    found = list(compare(build_company(chosen), chosen, listed, "wecom"))
    assert {(each.kind, each.who) for each in found} == {
        ("gone", "bob"), ("new", "lee"), ("new", "pat"), ("unled", "east"), ("nowhere", "free"), ("manager", "sales"),
    }  # fmt: skip
    lines = [each.line("zh") for each in found]
    assert any("bob" in line and "平台里查不到" in line for line in lines)
    assert any("Lee" in line and "华北" in line for line in lines)


def test_the_settings_own_manager_who_leads_on_the_platform_too_is_no_difference() -> None:
    chosen = settings(teams=[{"id": "east", "name": "华东", "manager": "ann"}])
    chosen = chosen.model_copy(update={"people": chosen.people[:2]})
    found = list(compare(build_company(chosen), chosen, [member("Ann", "华东", leads=("华东",))], "wecom"))
    assert found == []


def test_newcomers_are_entries_to_paste_whatever_their_names_hold() -> None:
    odd = Listed(channel="wecom", account='A"b', name='x"\n[[people]]\\')
    company = build_company(settings())
    [entry] = tomllib.loads(as_toml(newcomers(company, [odd, member("ann")])))["people"]
    assert entry == {"id": 'a"b', "name": 'x" [[people]]\\', "wecom": 'A"b'}
