"""When a next step rings, and what counts as something to confirm."""

from dataclasses import replace
from datetime import date, datetime, timedelta

import pytest

from domain.calendar import Mode
from domain.facts import Facts, due_of, morning_of, unpack_facts
from domain.reader.understand import NextStep
from tests.fakes.company import SHANGHAI, calendar

NOW = datetime(2026, 1, 5, 10, tzinfo=SHANGHAI)  # a Monday
ALWAYS, BUSINESS = calendar(Mode.ALWAYS), calendar(Mode.BUSINESS)


def step(day: date, at: datetime | None = None) -> NextStep:
    return NextStep(day=day, until=day, at=at, words="回访")


def test_a_day_alone_rings_when_work_begins() -> None:
    assert due_of(step(date(2026, 1, 8)), calendar=BUSINESS, now=NOW) == datetime(
        2026, 1, 8, 9, tzinfo=SHANGHAI
    )
    saturday = due_of(step(date(2026, 1, 10)), calendar=BUSINESS, now=NOW)
    assert saturday == datetime(2026, 1, 12, 9, tzinfo=SHANGHAI)


@pytest.mark.parametrize(
    ("deadline", "rings"),
    [
        (date(2026, 1, 8), datetime(2026, 1, 8, 9, tzinfo=SHANGHAI)),
        (date(2026, 1, 10), datetime(2026, 1, 9, 9, tzinfo=SHANGHAI)),  # a Saturday: on Friday
        (date(2026, 1, 11), datetime(2026, 1, 9, 9, tzinfo=SHANGHAI)),
    ],
)
def test_a_deadline_on_a_day_off_rings_on_the_last_workday_before_it(deadline: date, rings: datetime) -> None:
    by = replace(step(deadline), by=True)
    assert due_of(by, calendar=BUSINESS, now=NOW) == rings
    friday = datetime(2026, 1, 9, 11, tzinfo=SHANGHAI)
    assert due_of(replace(by, day=date(2026, 1, 11)), calendar=BUSINESS, now=friday) == friday.replace(
        hour=16
    )


@pytest.mark.parametrize(
    ("said", "rings"),
    [
        ("周四上午", 9), ("周四中午", 11), ("周四下午", 14), ("周四傍晚", 17), ("周四晚上", 17), ("周四晚", 17), ("最晚周四", 9),
    ],
)  # fmt: skip
def test_a_part_of_a_day_rings_as_it_begins(said: str, rings: int) -> None:
    thursday = replace(step(date(2026, 1, 8)), said=said)
    assert due_of(thursday, calendar=BUSINESS, now=NOW) == datetime(2026, 1, 8, rings, tzinfo=SHANGHAI)
    saturday = replace(step(date(2026, 1, 10)), said=said)
    assert due_of(saturday, calendar=BUSINESS, now=NOW) == datetime(2026, 1, 12, 9, tzinfo=SHANGHAI)


def test_where_work_never_stops_a_day_alone_rings_at_nine() -> None:
    assert due_of(step(date(2026, 1, 10)), calendar=ALWAYS, now=NOW) == datetime(
        2026, 1, 10, 9, tzinfo=SHANGHAI
    )
    midnight = datetime(2026, 1, 6, tzinfo=SHANGHAI)
    assert morning_of(midnight, ALWAYS) == midnight + timedelta(hours=9)


def test_a_clock_time_is_kept_and_today_rings_in_the_afternoon() -> None:
    at = datetime(2026, 1, 8, 7, 30, tzinfo=SHANGHAI)
    assert due_of(step(at.date(), at), calendar=ALWAYS, now=NOW) == at
    assert due_of(step(NOW.date()), calendar=BUSINESS, now=NOW) == NOW.replace(hour=16)
    late = NOW.replace(hour=17)
    assert due_of(step(NOW.date()), calendar=BUSINESS, now=late) == late + timedelta(minutes=30)


def test_what_is_added_to_a_text_takes_nothing_of_it_back() -> None:
    due = datetime(2026, 1, 8, 15, tzinfo=SHANGHAI)
    first = Facts(
        due=due,
        exact=True,
        words="带方案",
        intent="positive",
        amount_min=500_000,
        amount_max=800_000,
        role="budget",
    )
    assert first.and_more(Facts(evidence="visit_located")) == replace(first, evidence="visit_located")
    later = Facts(
        due=due + timedelta(days=1), words="改期", amount_max=600_000, role="ask", intent="negative"
    )
    grown = first.and_more(later)
    assert (grown.due, grown.exact, grown.words) == (later.due, False, "改期")
    assert (grown.amount_min, grown.amount_max, grown.role, grown.intent) == (
        None,
        600_000,
        "ask",
        "negative",
    )


@pytest.mark.parametrize(
    ("facts", "asks"), [(Facts(), False), (Facts(activity="call"), False), (Facts(stage="proposal"), True)]
)
def test_a_hint_of_the_stage_is_something_to_confirm(facts: Facts, asks: bool) -> None:
    assert bool(facts) is asks
    assert unpack_facts(facts.pack()) == facts
