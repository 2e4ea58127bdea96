"""Who is above whom, and who hears when somebody is missing."""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, time
from zoneinfo import ZoneInfo

import pytest

from domain.calendar import Mode
from domain.errors import NobodyLeft, UnknownPerson
from domain.people import Role, Route, Team, same_people
from tests.fakes.company import calendar, make_company, only, person, with_people

COMPANY = make_company()
ALL_HERE: Callable[[str], bool] = lambda person: True  # noqa: E731


def away(*people: str) -> Callable[[str], bool]:
    return lambda person: person not in people


def test_a_person_is_found_by_id_or_said_to_be_unknown() -> None:
    assert COMPANY.person("e1").name == "E1"
    with pytest.raises(UnknownPerson):
        COMPANY.person("x")


def test_names_are_told_as_well_as_they_are_known() -> None:
    assert [COMPANY.name_of(each) for each in ("e1", "gone", None)] == ["E1", "gone", ""]
    assert replace(COMPANY, left={"gone": "刘洋", "e1": "E1 of old"}).name_of("gone") == "刘洋"
    assert replace(COMPANY, left={"e1": "E1 of old"}).name_of("e1") == "E1"
    assert [COMPANY.team_name(each) for each in ("east", "west", None)] == ["East", "west", ""]


def test_a_team_has_hours_of_its_own_or_the_companys() -> None:
    late = calendar(Mode.BUSINESS, ["12:00-20:00"])
    company = make_company(calendars={"south": late})
    assert company.calendar_of("south") is late
    assert company.calendar_of("east") is company.calendar
    assert company.calendar_of(None) is company.calendar


def test_the_reps_of_one_team_or_of_all() -> None:
    assert [rep.id for rep in COMPANY.reps("south")] == ["s1", "s2", "s3"]
    assert len(COMPANY.reps(None)) == 6
    assert COMPANY.reps("west") == ()


def test_the_chain_goes_up_the_tree_to_directors_and_admins() -> None:
    teams = {
        "east": Team(id="east", name="East", manager="me", parent="all"),
        "all": Team(id="all", name="All", manager="ms", parent="east"),  # a ring ends where it began
    }
    company = make_company(teams=teams)
    assert company.lineage("east") == ("east", "all")
    assert company.lineage("nowhere") == ()
    assert [boss.id for boss in company.chain("east")] == ["me", "ms", "dir", "adm"]
    assert [boss.id for boss in COMPANY.chain(None)] == ["dir", "adm"]


def test_a_missing_manager_is_skipped_upward() -> None:
    company = with_people(COMPANY, gone=["me"])
    assert company.manager_of("east", ALL_HERE).id == "dir"


def test_somebody_always_hears() -> None:
    assert [boss.id for boss in only(COMPANY, "e1", "ms").chain("east")] == ["ms"]
    assert [boss.id for boss in only(COMPANY, "e2", "e1").chain("east")] == ["e2"]
    with pytest.raises(NobodyLeft):
        only(COMPANY).chain("east")


def test_who_is_off_duty_is_passed_over_unless_all_are() -> None:
    assert COMPANY.manager_of("east", away("me")).id == "dir"
    assert COMPANY.manager_of("east", lambda person: False).id == "me"
    assert COMPANY.director_of("east", ALL_HERE).id == "dir"
    assert COMPANY.director_of("east", away("dir")).id == "adm"
    assert COMPANY.director_of("east", away("dir", "adm")).id == "me"
    assert COMPANY.director_of("east", away("me", "dir", "adm")).id == "dir"


def test_without_a_director_the_next_above_the_manager_hears() -> None:
    assert with_people(COMPANY, gone=["dir"]).director_of("east", ALL_HERE).id == "adm"
    assert only(COMPANY, "e1", "me").director_of("east", ALL_HERE).id == "me"


def test_who_stands_above_a_team() -> None:
    assert COMPANY.leads_team("me", "east")
    assert not COMPANY.leads_team("me", "south")
    assert COMPANY.leads_team("dir", None)
    assert not COMPANY.leads_team("gone", "east")
    assert COMPANY.led_by("ms") == ("south",)
    assert COMPANY.led_by("adm") == ("east", "south")
    assert COMPANY.led_by("e1") == ()


def test_a_route_fits_when_every_named_field_holds_one_of_its_words() -> None:
    route = Route(team="south", when={"region": ("广东", "广西"), "industry": ("电子",)})
    assert route.fits({"region": "广东省", "industry": "消费电子"})
    assert not route.fits({"region": "广东省", "industry": None})
    company = make_company(routes=(route, Route(team="east")))
    assert company.team_for({}) == "east"
    assert COMPANY.team_for({}) is None


def shanghai(hour: int, minute: int = 0, day: int = 2) -> datetime:
    return datetime(2026, 11, day, hour, minute, tzinfo=ZoneInfo("Asia/Shanghai")).astimezone(UTC)


@pytest.mark.parametrize(
    ("at", "until"),
    [
        (shanghai(20, 59), shanghai(20, 59)),
        (shanghai(21), shanghai(8, 30, day=3)),
        (shanghai(23, 59), shanghai(8, 30, day=3)),
        (shanghai(8, 29), shanghai(8, 30)),
        (shanghai(8, 30), shanghai(8, 30)),
    ],
)
def test_quiet_hours_end_in_the_morning(at: datetime, until: datetime) -> None:
    assert COMPANY.quiet_until("e1", at) == until


def test_quiet_hours_within_a_day_none_and_of_nobody() -> None:
    siesta = replace(COMPANY.people["e1"], quiet=(time(12), time(14)))
    company = with_people(COMPANY, siesta, replace(COMPANY.people["e2"], quiet=None))
    assert company.quiet_until("e1", shanghai(13)) == shanghai(14)
    assert company.quiet_until("e1", shanghai(22)) == shanghai(22)
    assert company.quiet_until("e2", shanghai(23)) == shanghai(23)
    assert company.quiet_until("gone", shanghai(23)) == shanghai(23)


def test_a_rep_without_a_team_belongs_to_no_turn() -> None:
    assert make_company([person("x", Role.REP)]).reps(None) == ()


def test_somebody_is_known_again_by_their_account_under_another_id() -> None:
    mine = {"wecom": "ZhangWei"}
    company = make_company([person("wecom:zhangwei", Role.REP, accounts=mine), person("e1", Role.REP)])
    assert same_people(person("zw", Role.REP, accounts={"wecom": "zhangwei"}), company) == ("wecom:zhangwei",)
    assert same_people(person("zw", Role.REP, accounts={"dingtalk": "zhangwei"}), company) == ()
    assert same_people(None, company) == ()
