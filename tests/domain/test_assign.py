"""Whose turn it is."""

from collections import Counter
from dataclasses import replace
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.assign import Choice, Desk, choose, has_room, level_newcomers, pass_over
from domain.people import Capacity, Person, Role

TODAY = date(2026, 11, 2)
PLENTY = Capacity(unaccepted=10**6, active=10**6, per_day=10**6)


def rep(person_id: str, **values: float) -> Person:
    return Person(id=person_id, name=person_id, role=Role.REP, team="east", capacity=PLENTY, **values)  # type: ignore[arg-type]


@given(st.lists(st.sampled_from([0.5, 1.0, 2.0, 3.0]), min_size=1, max_size=6), st.integers(1, 400))
def test_shares_follow_the_weights_at_every_moment(weights: list[float], leads: int) -> None:
    reps = [
        (rep(f"r{number}", weight=weight), Desk(person=f"r{number}")) for number, weight in enumerate(weights)
    ]
    desks = {person.id: (person, desk) for person, desk in reps}
    given_to: Counter[str] = Counter()
    for _ in range(leads):
        choice = choose(reps, exclude=(), day=TODAY)
        assert choice is not None
        person, desk = desks[choice.person]
        desk.give(TODAY, person.weight)
        given_to[person.id] += 1
    for number, weight in enumerate(weights):
        fair = leads * weight / sum(weights)
        assert abs(given_to[f"r{number}"] - fair) <= max(weights) / min(weights) + len(weights)


def test_only_those_on_duty_with_weight_and_room_are_in_the_turn() -> None:
    full = replace(rep("c"), capacity=Capacity(active=0))
    reps = [
        (rep("a"), Desk(person="a", on_duty=False)),
        (rep("b", weight=0), Desk(person="b")),
        (full, Desk(person="c")),
        (rep("d"), Desk(person="d", turn=9)),
    ]
    assert choose(reps, exclude=(), day=TODAY) == Choice(person="d", why="only_one")
    assert choose(reps, exclude=("d",), day=TODAY) is None


def test_the_lowest_turn_is_next_and_a_tie_goes_by_name() -> None:
    reps = [(rep("b"), Desk(person="b")), (rep("a"), Desk(person="a"))]
    assert choose(reps, exclude=(), day=TODAY) == Choice(person="a", why="turn")


@pytest.mark.parametrize(
    ("desk", "room"),
    [
        (Desk(person="a", unaccepted=2, active=59, given=14, day=TODAY), True),
        (Desk(person="a", unaccepted=3), False),
        (Desk(person="a", active=60), False),
        (Desk(person="a", given=15, day=TODAY), False),
        (Desk(person="a", given=15, day=date(2026, 11, 1)), True),
    ],
)
def test_three_caps_bound_a_desk(desk: Desk, room: bool) -> None:
    assert has_room(replace(rep("a"), capacity=Capacity()), desk, TODAY) is room


def test_who_is_full_keeps_level_with_the_lowest_who_has_room() -> None:
    full = replace(rep("a"), capacity=Capacity(active=0))
    desks = [Desk(person="a", turn=2), Desk(person="b", turn=7), Desk(person="c", turn=5)]
    off = Desk(person="d", turn=1, on_duty=False)
    reps = [(full, desks[0]), (rep("b"), desks[1]), (rep("c"), desks[2]), (rep("d"), off)]
    assert pass_over(reps, day=TODAY) == [desks[0]]
    assert [desk.turn for desk in (*desks, off)] == [5, 7, 5, 1]
    assert pass_over(reps, day=TODAY) == []
    assert pass_over(reps[:1], day=TODAY) == []


def test_who_is_new_in_a_team_is_level_with_its_lowest() -> None:
    here = [Desk(person="a", turn=7, team="east"), Desk(person="b", turn=5, team="east")]
    new = [Desk(person="c", turn=90, team="south"), Desk(person="d")]
    reps = [(rep(desk.person), desk) for desk in (*here, *new)]
    assert level_newcomers(reps) == new
    assert [(desk.turn, desk.team) for desk in new] == [(5, "east"), (5, "east")]
    assert level_newcomers(reps) == []
    first = Desk(person="a", turn=3)
    assert level_newcomers([(rep("a"), first)]) == [first]
    assert first.turn == 3


def test_a_new_desk_is_empty() -> None:
    one = Capacity(unaccepted=1, active=1, per_day=1)
    new = Desk(person="a", day=TODAY)
    assert has_room(replace(rep("a"), capacity=one), new, TODAY)
    assert new.lapses == 0


def test_a_new_day_begins_at_one() -> None:
    desk = Desk(person="a", given=15, day=date(2026, 11, 1))
    desk.give(TODAY, 2.0)
    assert (desk.given, desk.day, desk.turn) == (1, TODAY, 0.5)


def test_counting_in_and_out() -> None:
    desk = Desk(person="a")
    desk.shift("unaccepted", 1)
    desk.shift("active", 2)
    assert (desk.unaccepted, desk.active) == (1, 2)


def test_back_on_duty_level_with_the_others_and_never_ahead() -> None:
    others = [Desk(person="b", turn=7), Desk(person="c", turn=5), Desk(person="d", turn=1, on_duty=False)]
    desk = Desk(person="a", turn=2, on_duty=False, lapses=3)
    desk.come_on_duty(others)
    assert (desk.turn, desk.on_duty, desk.lapses) == (5, True, 0)
    ahead = Desk(person="a", turn=9)
    ahead.come_on_duty(others)
    assert ahead.turn == 9
    alone = Desk(person="a", turn=2)
    alone.come_on_duty([])
    assert alone.turn == 2
