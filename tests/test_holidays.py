"""China's holidays: what the package knows, what an override file adds, and what another package says."""

import subprocess
import sys
from datetime import date, timedelta
from zoneinfo import ZoneInfo

import chinese_calendar
import pytest

from bot.holidays_cn import BadCalendarFile, Days, china_days, merge, read_override
from domain.calendar import DayKind, Hours, Mode, WorkingCalendar

YEARS = range(2021, 2027)


def calendar(days: Days) -> WorkingCalendar:
    return WorkingCalendar(
        mode=Mode.BUSINESS,
        hours=Hours.parse(["09:00-12:00", "13:30-18:00"]),
        zone=ZoneInfo("Asia/Shanghai"),
        holidays=days.holidays,
        makeup=days.makeup,
        announced_years=days.announced,
    )


@pytest.mark.parametrize("year", YEARS)
def test_every_day_of_a_known_year_is_what_chinesecalendar_says(year: int) -> None:
    china = calendar(china_days([year]))
    first = date(year, 1, 1)
    days = [first + timedelta(days=number) for number in range((date(year + 1, 1, 1) - first).days)]
    ours = {day: china.day_kind(day)[0] in (DayKind.WORKDAY, DayKind.MAKEUP) for day in days}
    assert ours == {day: chinese_calendar.is_workday(day) for day in days}


def test_the_make_up_days_of_2026_carry_the_festival_they_pay_for() -> None:
    assert china_days([2026]).makeup == {
        date(2026, 1, 4): "元旦",
        date(2026, 2, 14): "春节",
        date(2026, 2, 28): "春节",
        date(2026, 5, 9): "劳动节",
        date(2026, 9, 20): "国庆节",
        date(2026, 10, 10): "国庆节",
    }


def test_a_december_make_up_day_pays_for_the_new_year_to_come() -> None:
    days = china_days([2018])
    assert days.makeup[date(2018, 12, 29)] == "元旦"
    assert {day.year for day in days.holidays} == {2018}


def test_holidays_have_their_chinese_names() -> None:
    holidays = china_days([2020]).holidays
    assert holidays[date(2020, 1, 25)] == "春节"
    assert set(holidays[date(2020, 10, 1)].split("、")) == {"国庆节", "中秋节"}


def test_a_year_without_make_up_days_counts_as_not_announced_but_keeps_its_lawful_holidays() -> None:
    days = china_days([2026, 2090])
    assert days.announced == {2026}
    assert {day.year for day in days.makeup} == {2026}
    assert days.holidays[date(2090, 10, 1)] == "国庆节"


def test_the_package_is_not_loaded_before_it_is_asked() -> None:
    probe = "import sys, bot.holidays_cn; print('holidays' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", probe], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"


def test_an_override_may_be_plain_lists() -> None:
    days = read_override('years = [2027]\nholidays = ["2027-01-01", 2027-01-02]\nworkdays = ["2027-01-03"]')
    assert days == Days(
        holidays={date(2027, 1, 1): "放假", date(2027, 1, 2): "放假"},
        makeup={date(2027, 1, 3): "调休上班"},
        announced=frozenset({2027}),
    )


def test_an_override_may_name_its_days() -> None:
    days = read_override('[holidays]\n2027-01-01 = "元旦"\n[workdays]\n"2027-01-03" = "元旦"\n')
    assert days == Days(
        holidays={date(2027, 1, 1): "元旦"}, makeup={date(2027, 1, 3): "元旦"}, announced=frozenset()
    )


def test_an_empty_override_changes_nothing() -> None:
    base = china_days([2026])
    assert merge(base, read_override("")) == base


def test_an_override_may_be_a_holiday_cn_file() -> None:
    days = read_override(
        """\ufeff
        {"year": 2027, "papers": [], "days": [
            {"name": "元旦", "date": "2027-01-01", "isOffDay": true},
            {"name": "元旦", "date": "2026-12-27", "isOffDay": false}
        ]}"""
    )
    assert days == Days(
        holidays={date(2027, 1, 1): "元旦"},
        makeup={date(2026, 12, 27): "元旦"},
        announced=frozenset({2027}),
    )


def test_a_holiday_cn_file_without_days_announces_nothing() -> None:
    assert read_override('{"year": 2027, "days": []}').announced == frozenset()


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("years = [2027\nholidays", "The calendar file is not TOML: .*line 2.*"),
        ('holiday = ["2027-01-01"]', 'knows no key "holiday", only holidays, workdays, years'),
        ('years = ["2027"]', r"years: must be a list of numbers, such as \[2027\]"),
        ("years = 2027", "years: must be a list of numbers"),
        ("years = [true]", "years: must be a list of numbers"),
        ('holidays = "2027-01-01"', "holidays: must be a list of dates, or a table"),
        (
            'holidays = ["2027-01-01", "2027-02-30"]',
            r'holidays\[1\]: "2027-02-30" is not a date like 2027-01-31',
        ),
        ("workdays = [2027-01-01T00:00:00]", r"workdays\[0\]: .* is not a date"),
        ('[workdays]\nsoon = "x"', 'workdays: "soon" is not a date'),
        ("[workdays]\n2027-01-03 = 1", 'workdays.2027-01-03: the name must be text, not "1"'),
        ('holidays = ["2027-01-01"]\nworkdays = ["2027-01-01"]', "2027-01-01 is named both"),
        ('{"year": 2027,\n"days": [}', r"The calendar file is not JSON: .*\(at line 2\)"),
        ('{"days": []}', "year: must be a number, such as 2027"),
        ('{"year": 2027}', "days: must be a list of days"),
        ('{"year": 2027, "days": [1]}', r"days\[0\]: must have a name, a date, and isOffDay"),
        ('{"year": 2027, "days": [{"name": "x", "date": "2027-01-01"}]}', r"days\[0\]: must have"),
        (
            '{"year": 2027, "days": [{"name": "x", "isOffDay": true}]}',
            r'days\[0\].date: "None" is not a date',
        ),
        (
            '{"year": 2027, "days": [{"date": "2027-01-01", "isOffDay": true}]}',
            r"days\[0\].name: the name must",
        ),
    ],
)
def test_a_bad_override_is_refused_by_line_or_key(text: str, sentence: str) -> None:
    with pytest.raises(BadCalendarFile, match=sentence):
        read_override(text)


def test_the_override_wins_day_by_day() -> None:
    base = Days(
        holidays={date(2027, 2, 5): "农历除夕", date(2027, 2, 6): "春节"},
        makeup={date(2027, 2, 14): "春节", date(2027, 2, 20): "春节"},
        announced=frozenset({2026}),
    )
    override = Days(
        holidays={date(2027, 2, 14): "年会", date(2027, 2, 6): "大年初一"},
        makeup={date(2027, 2, 5): "赶工"},
        announced=frozenset({2027}),
    )
    assert merge(base, override) == Days(
        holidays={date(2027, 2, 6): "大年初一", date(2027, 2, 14): "年会"},
        makeup={date(2027, 2, 20): "春节", date(2027, 2, 5): "赶工"},
        announced=frozenset({2026, 2027}),
    )
