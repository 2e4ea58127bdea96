"""The program is killed with `kill -9` at every named point, on both databases, and started again."""

import pytest

from tests.crash.checks import check, same_answers
from tests.crash.conftest import Build
from tests.crash.house import House
from tests.crash.points import NAMES, SERVING, STARTING
from tests.crash.round import Round

DOWN_HOURS = 3.0
LEAVING = ("leaving", "left")


@pytest.mark.parametrize("group", SERVING, ids=["+".join(group) for group in SERVING])
def test_deaths_while_serving_lose_and_double_nothing(house: House, group: dict[str, int]) -> None:
    house.deadly += group.items()
    house.arm()
    rounds: list[Round] = []
    while len(house.deaths) < len(group):
        assert len(rounds) < 4, f"still alive after {house.deaths} of {list(group)}"
        rounds.append(Round(house=house, number=house.number()))
        rounds[-1].work()
        if "heartbeat" in group:  # it beats by itself, so that death may come a little after the work
            house.until("it dies as its heart beats", lambda: _all_died(house, group))
    assert house.deaths == list(group)
    same_answers(house)
    check(house)
    for each in rounds:
        each.check()


def _all_died(house: House, group: dict[str, int]) -> bool:
    house.now()
    return len(house.deaths) == len(group)


@pytest.mark.parametrize("point", ["opened", "resuming", "resumed", "listening"])
def test_a_death_at_the_start_loses_and_doubles_nothing(house: House, point: str) -> None:
    """Leads are under way, the system is down for hours, and the start itself fails once."""
    round_ = Round(house=house, number=house.number())
    open_, held = round_.capture("a"), round_.capture("b")
    late = round_.type("c")
    assert round_.take(held)
    house.kill()
    house.sleep_through(DOWN_HOURS)
    _fail_to_start(house, point)
    same_answers(house)
    for lead in (open_, late):
        assert round_.take(lead)
    for lead in round_.leads:
        round_.contact(lead)
    check(house)


@pytest.mark.parametrize("point", LEAVING)
def test_a_death_as_somebodys_leads_are_passed_on_leaves_none_behind(house: House, point: str) -> None:
    house.spoiled = True  # one is missing now
    round_ = Round(house=house, number=house.number())
    held, open_ = round_.capture("a"), round_.capture("b")
    assert round_.take(held)
    leaver = round_.owners[held]
    house.kill()
    house.settle_in(without=leaver)
    _fail_to_start(house, point)
    assert house.rows("SELECT id FROM leads WHERE owner = ?", leaver) == []
    for lead in (held, open_):
        assert round_.take(lead)
        round_.contact(lead)
        assert round_.owners[lead] != leaver
    check(house)


def _fail_to_start(house: House, point: str) -> None:
    """Start, die at that point, start again."""
    house.start(point=point)
    house.sound()
    house.start()


def test_deaths_while_the_schema_is_made_leave_nothing_half_made(engine_name: str, build: Build) -> None:
    house = build(engine_name)
    house.nursery.order(do="kill")
    for nth in (1, 7, 20, 38):
        house.start(point="migrating", nth=nth)
    house.start(point="migrated")
    house.start()
    round_ = Round(house=house, number=house.number())
    assert round_.take(round_.capture("a"))
    check(house)


def test_a_death_before_a_rollup_is_booked_shows_each_alert_once(house: House) -> None:
    """Four minutes off, and several alerts are due at once: they come on one card, which must stay one."""
    round_ = Round(house=house, number=house.number())
    leads = [round_.capture(name) for name in "abdefg"]
    house.advance(minutes=4)
    house.kill()
    house.sleep_through(4 / 60)
    house.start()
    house.deadly += [("before_settle", 1), ("sent", 1), ("before_settle", 1)]
    house.arm()
    house.advance(minutes=2)
    for lead in leads:
        assert round_.take(lead)
    for lead in leads:
        round_.contact(lead)
    assert len(house.deaths) == 3
    check(house)


def test_every_named_point_is_passed_by_a_program_that_lives(house: House) -> None:
    house.spoiled = True  # one is missing in the end
    round_ = Round(house=house, number=house.number())
    held = round_.capture("a")
    assert round_.take(held)
    house.kill()
    house.sleep_through(DOWN_HOURS)
    house.start()
    passed = set(house.passed())
    assert round_.take(round_.capture("b"))
    house.kill()
    house.settle_in(without=round_.owners[held])
    house.start()
    Round(house=house, number=house.number()).work()
    house.until("its heart beats", lambda: "heartbeat" in house.passed())
    passed |= set(house.passed())
    assert NAMES - {"migrating"} <= passed
    check(house)


def test_there_are_many_points_and_each_is_in_one_group() -> None:
    names = [name for group in (*SERVING, STARTING) for name in group]
    assert len(names) == len(set(names)) >= 30
