"""What a working day is worth: windows, holidays, make-up days, and clocks that pause and go on."""

from collections.abc import Iterable
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.calendar import (
    BadDays,
    BadHours,
    BadSpan,
    CalendarError,
    DayKind,
    Hours,
    Mode,
    NaiveTime,
    NeverOpen,
    Row,
    WorkingCalendar,
)

SHANGHAI = ZoneInfo("Asia/Shanghai")
BERLIN = ZoneInfo("Europe/Berlin")
OFFICE = Hours.parse(["09:00-12:00", "13:30-18:00"])
NATIONAL_WEEK = {date(2026, 10, day): "国庆节" for day in range(1, 8)}
MAKEUP = {date(2026, 9, 20): "国庆节", date(2026, 10, 10): "国庆节"}
MINUTE = timedelta(minutes=1)
HOUR = timedelta(hours=1)


def calendar(
    *,
    mode: Mode = Mode.BUSINESS,
    hours: Hours = OFFICE,
    zone: ZoneInfo = SHANGHAI,
    holidays: dict[date, str] = NATIONAL_WEEK,
    makeup: dict[date, str] = MAKEUP,
    announced: Iterable[int] = (2026,),
) -> WorkingCalendar:
    return WorkingCalendar(
        mode=mode,
        hours=hours,
        zone=zone,
        holidays=holidays,
        makeup=makeup,
        announced_years=frozenset(announced),
    )


def at(text: str, zone: ZoneInfo = SHANGHAI) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=zone).astimezone(UTC)


CHINA = calendar()


class TestHours:
    def test_windows_are_read_as_minutes_of_the_day(self) -> None:
        assert OFFICE.spans == ((540, 720), (810, 1080))
        assert Hours.parse([" 9:00-24:00 "]).spans == ((540, 1440),)

    @pytest.mark.parametrize(
        ("windows", "sentence"),
        [
            ([], "Opening hours need at least one window, such as 09:00-12:00."),
            (["nine to five"], 'The window "nine to five" is not written like 09:00-12:00.'),
            (["09:60-12:00"], 'The window "09:60-12:00" is not written like 09:00-12:00.'),
            (["12:00-09:00"], "Window 12:00-09:00 must end after it starts, by 24:00."),
            (["09:00-09:00"], "Window 09:00-09:00 must end after it starts, by 24:00."),
            (["09:00-24:01"], "Window 09:00-24:01 must end after it starts, by 24:00."),
            (["13:30-18:00", "09:00-12:00"], "A window opens at 09:00, before the last closes at 18:00."),
            (["09:00-12:00", "11:59-18:00"], "A window opens at 11:59, before the last closes at 12:00."),
        ],
    )
    def test_hours_that_make_no_sense_are_refused_in_a_sentence(
        self, windows: list[str], sentence: str
    ) -> None:
        with pytest.raises(BadHours) as refused:
            Hours.parse(windows)
        assert str(refused.value) == sentence

    def test_windows_may_touch(self) -> None:
        touching = calendar(hours=Hours.parse(["09:00-12:00", "12:00-18:00"]))
        assert touching.elapsed(at("2026-03-04 11:00"), at("2026-03-04 13:00")) == 2 * HOUR
        assert touching.is_open(at("2026-03-04 12:00"))


class TestDays:
    def test_a_date_is_a_workday_a_weekend_a_holiday_or_made_up(self) -> None:
        assert CHINA.day_kind(date(2026, 9, 30)) == (DayKind.WORKDAY, "")
        assert CHINA.day_kind(date(2026, 9, 27)) == (DayKind.WEEKEND, "")
        assert CHINA.day_kind(date(2026, 10, 3)) == (DayKind.HOLIDAY, "国庆节")
        assert CHINA.day_kind(date(2026, 10, 10)) == (DayKind.MAKEUP, "国庆节")

    def test_a_date_cannot_be_both_off_and_made_up(self) -> None:
        with pytest.raises(BadDays, match="2026-10-01 cannot be both"):
            calendar(makeup={date(2026, 10, 1): "x"})

    def test_a_workday_has_its_windows_in_utc(self) -> None:
        assert CHINA.windows(date(2026, 9, 30)) == (
            (datetime(2026, 9, 30, 1, tzinfo=UTC), datetime(2026, 9, 30, 4, tzinfo=UTC)),
            (datetime(2026, 9, 30, 5, 30, tzinfo=UTC), datetime(2026, 9, 30, 10, tzinfo=UTC)),
        )

    def test_a_made_up_saturday_is_worked_and_a_holiday_is_not(self) -> None:
        assert len(CHINA.windows(date(2026, 10, 10))) == 2
        assert CHINA.windows(date(2026, 10, 1)) == ()
        assert CHINA.windows(date(2026, 10, 11)) == ()

    def test_later_changes_to_the_given_days_do_not_reach_the_calendar(self) -> None:
        given_days = {date(2026, 3, 4): "x"}
        fixed = calendar(holidays=given_days)
        given_days.clear()
        assert fixed.day_kind(date(2026, 3, 4)) == (DayKind.HOLIDAY, "x")


class TestOpen:
    @pytest.mark.parametrize(
        ("local", "is_open", "next_open"),
        [
            ("2026-03-04 08:59", False, "2026-03-04 09:00"),
            ("2026-03-04 09:00", True, "2026-03-04 09:00"),
            ("2026-03-04 11:59", True, "2026-03-04 11:59"),
            ("2026-03-04 12:00", False, "2026-03-04 13:30"),
            ("2026-03-04 18:00", False, "2026-03-05 09:00"),
            ("2026-03-06 18:00", False, "2026-03-09 09:00"),
            ("2026-09-19 10:00", False, "2026-09-20 09:00"),
            ("2026-09-30 18:00", False, "2026-10-08 09:00"),
            ("2026-10-10 10:00", True, "2026-10-10 10:00"),
        ],
    )
    def test_the_door_opens_at_the_start_of_a_window_and_shuts_at_its_end(
        self, local: str, is_open: bool, next_open: str
    ) -> None:
        assert CHINA.is_open(at(local)) is is_open
        assert CHINA.next_open(at(local)) == at(next_open)


class TestAdd:
    @pytest.mark.parametrize(
        ("start", "minutes", "due"),
        [
            ("2026-03-04 10:00", 5, "2026-03-04 10:05"),
            ("2026-03-04 11:55", 5, "2026-03-04 12:00"),
            ("2026-03-04 11:57", 5, "2026-03-04 13:32"),
            ("2026-03-04 12:00", 5, "2026-03-04 13:35"),
            ("2026-03-04 07:00", 5, "2026-03-04 09:05"),
            ("2026-03-04 23:30", 5, "2026-03-05 09:05"),
            ("2026-03-06 17:58", 5, "2026-03-09 09:03"),
            ("2026-03-04 09:00", 450, "2026-03-04 18:00"),
            ("2026-03-04 09:00", 900, "2026-03-05 18:00"),
            ("2026-09-30 17:58", 5, "2026-10-08 09:03"),
            ("2026-10-09 17:58", 5, "2026-10-10 09:03"),
            ("2026-03-04 12:30", 0, "2026-03-04 13:30"),
            ("2026-03-04 10:00", 0, "2026-03-04 10:00"),
        ],
    )
    def test_a_clock_pauses_off_hours_and_goes_on(self, start: str, minutes: int, due: str) -> None:
        assert CHINA.add(at(start), minutes * MINUTE) == at(due)

    def test_a_time_of_any_zone_is_taken_and_utc_given_back(self) -> None:
        due = CHINA.add(datetime(2026, 3, 4, 10, tzinfo=SHANGHAI), 5 * MINUTE)
        assert due == at("2026-03-04 10:05")
        assert due.tzinfo is UTC

    def test_a_clock_never_runs_backwards(self) -> None:
        with pytest.raises(BadSpan, match="cannot run for -5 minutes"):
            CHINA.add(at("2026-03-04 10:00"), -5 * MINUTE)

    def test_a_naive_time_is_refused(self) -> None:
        naive = datetime.fromisoformat("2026-03-04 10:00")
        with pytest.raises(NaiveTime, match="2026-03-04T10:00:00 has no zone"):
            CHINA.add(naive, MINUTE)
        with pytest.raises(NaiveTime):
            CHINA.elapsed(at("2026-03-04 10:00"), naive)

    def test_a_calendar_that_is_all_holidays_says_so_instead_of_searching_forever(self) -> None:
        first = date(2026, 1, 1)
        shut = calendar(
            holidays={first + timedelta(days=day): "x" for day in range(800)}, makeup={}, announced=()
        )
        with pytest.raises(
            NeverOpen, match="no working time in the 400 days up to 2027-04-08; check its hours"
        ):
            shut.add(at("2026-03-04 10:00"), MINUTE)
        assert not shut.is_open(at("2026-03-04 10:00"))
        assert shut.elapsed(at("2026-03-04 10:00"), at("2026-06-04 10:00")) == timedelta(0)

    def test_an_amount_that_takes_over_a_century_is_refused(self) -> None:
        minute_a_day = calendar(hours=Hours.parse(["09:00-09:01"]))
        with pytest.raises(BadSpan, match="365 days of working time from 2026-03-04 on take over a century"):
            minute_a_day.add(at("2026-03-04 10:00"), timedelta(days=365))

    def test_every_refusal_is_one_family_that_configuration_can_catch(self) -> None:
        families = {BadHours, BadDays, BadSpan, NaiveTime, NeverOpen}
        assert all(issubclass(family, CalendarError) for family in families)
        assert issubclass(CalendarError, ValueError)


class TestElapsed:
    @pytest.mark.parametrize(
        ("start", "end", "minutes"),
        [
            ("2026-03-04 10:00", "2026-03-04 10:05", 5),
            ("2026-03-04 11:55", "2026-03-04 13:35", 10),
            ("2026-03-04 12:10", "2026-03-04 13:00", 0),
            ("2026-03-04 00:00", "2026-03-05 00:00", 450),
            ("2026-03-06 17:00", "2026-03-09 10:00", 120),
            ("2026-09-30 17:00", "2026-10-08 10:00", 120),
            ("2026-10-09 17:00", "2026-10-12 10:00", 570),
            ("2026-03-04 10:05", "2026-03-04 10:00", 0),
            ("2026-03-04 10:00", "2026-03-04 10:00", 0),
        ],
    )
    def test_only_working_time_counts(self, start: str, end: str, minutes: int) -> None:
        assert CHINA.elapsed(at(start), at(end)) == minutes * MINUTE

    def test_a_wrong_century_is_refused_rather_than_counted(self) -> None:
        with pytest.raises(BadSpan, match="From 1202-03-04 to 2026-03-04 is over a century"):
            CHINA.elapsed(datetime(1202, 3, 4, tzinfo=UTC), datetime(2026, 3, 4, tzinfo=UTC))


class TestExplain:
    def test_a_proof_shows_each_window_used_and_each_day_off(self) -> None:
        start, end = at("2026-09-30 17:50"), at("2026-10-08 09:10")
        rows = CHINA.explain(start, end)
        assert rows[0] == Row(
            opens=start,
            closes=at("2026-09-30 18:00"),
            counted=10 * MINUTE,
            kind=DayKind.WORKDAY,
            name="",
        )
        assert [(row.kind, row.name, row.minutes) for row in rows[1:8]] == [
            (DayKind.HOLIDAY, "国庆节", 0.0)
        ] * 7
        assert (rows[1].opens, rows[1].closes) == (at("2026-10-01 00:00"), at("2026-10-02 00:00"))
        assert (rows[8].opens, rows[8].closes, rows[8].minutes) == (at("2026-10-08 09:00"), end, 10.0)
        assert len(rows) == 9

    def test_a_day_off_is_cut_to_the_time_asked_about(self) -> None:
        (row,) = CHINA.explain(at("2026-10-02 10:00"), at("2026-10-02 11:00"))
        assert (row.opens, row.closes) == (at("2026-10-02 10:00"), at("2026-10-02 11:00"))
        assert row.counted == timedelta(0)

    def test_a_made_up_day_is_named_in_the_proof(self) -> None:
        (row,) = CHINA.explain(at("2026-10-10 10:00"), at("2026-10-10 10:30"))
        assert (row.kind, row.name, row.minutes) == (DayKind.MAKEUP, "国庆节", 30.0)

    def test_round_the_clock_every_day_is_one_row(self) -> None:
        rows = calendar(mode=Mode.ALWAYS).explain(at("2026-10-01 12:00"), at("2026-10-03 12:00"))
        assert [row.minutes for row in rows] == [720.0, 1440.0, 720.0]

    def test_nothing_between_needs_no_row(self) -> None:
        assert CHINA.explain(at("2026-03-04 10:00"), at("2026-03-04 10:00")) == []
        assert CHINA.explain(at("2026-03-04 10:05"), at("2026-03-04 10:00")) == []


class TestUnannounced:
    @pytest.mark.parametrize(
        ("local", "announced", "missing"),
        [
            ("2026-10-31 23:59", [2026], None),
            ("2026-11-01 00:00", [2026], 2027),
            ("2026-12-31 23:59", [2026], 2027),
            ("2027-01-01 00:00", [2026], 2027),
            ("2026-11-01 00:00", [2026, 2027], None),
            ("2026-12-01 00:00", [2027], 2026),
            ("2026-05-01 00:00", [], 2026),
        ],
    )
    def test_a_missing_year_is_told_from_november_on(
        self, local: str, announced: list[int], missing: int | None
    ) -> None:
        assert calendar(announced=announced).unannounced(at(local)) == missing

    def test_round_the_clock_needs_no_announcement(self) -> None:
        assert calendar(mode=Mode.ALWAYS, announced=()).unannounced(at("2026-12-01 00:00")) is None

    def test_new_year_without_data_still_counts_monday_to_friday(self) -> None:
        bare = calendar(holidays={}, makeup={}, announced=())
        assert bare.add(at("2027-01-01 10:00"), 5 * MINUTE) == at("2027-01-01 10:05")
        assert bare.next_open(at("2027-01-02 10:00")) == at("2027-01-04 09:00")


NIGHT = Hours.parse(["00:00-02:15", "02:20-02:45", "02:50-05:00", "22:00-24:00"])
WHOLE_DAY = Hours.parse(["00:00-24:00"])


class TestSummerTime:
    @pytest.mark.parametrize(
        ("day", "minutes"),
        [(date(2026, 3, 27), 410), (date(2026, 3, 29), 360), (date(2026, 10, 25), 470)],
        ids=["usual", "gap", "fold"],
    )
    def test_a_night_shift_counts_the_hours_that_passed(self, day: date, minutes: int) -> None:
        # 135 + 25 + 130 + 120 on a usual day. The gap takes 02:00-03:00, in which 50 minutes of windows lie;
        # the fold repeats that hour after 02:50 has shown for the first time, so the third window has 60 more.
        berlin = calendar(zone=BERLIN, hours=NIGHT, holidays={}, makeup={day: "Nachtschicht"})
        assert (
            sum((closes - opens for opens, closes in berlin.windows(day)), timedelta(0)) == minutes * MINUTE
        )

    def test_a_time_that_is_skipped_means_the_moment_of_the_change(self) -> None:
        day = date(2026, 3, 29)
        berlin = calendar(zone=BERLIN, hours=NIGHT, holidays={}, makeup={day: "x"})
        change = datetime(2026, 3, 29, 1, tzinfo=UTC)
        windows = berlin.windows(day)
        assert len(windows) == 3  # 02:20-02:45 never happened
        assert windows[0][1] == change
        assert windows[1] == (change, datetime(2026, 3, 29, 3, tzinfo=UTC))

    def test_a_time_that_comes_twice_means_its_first_showing(self) -> None:
        day = date(2026, 10, 25)
        berlin = calendar(zone=BERLIN, hours=NIGHT, holidays={}, makeup={day: "x"})
        assert berlin.windows(day)[1] == (
            datetime(2026, 10, 25, 0, 20, tzinfo=UTC),
            datetime(2026, 10, 25, 0, 45, tzinfo=UTC),
        )
        assert berlin.windows(day)[2][1] == datetime(2026, 10, 25, 4, tzinfo=UTC)

    @pytest.mark.parametrize(("day", "hours"), [(28, 24), (29, 23)])
    def test_the_day_of_the_gap_is_an_hour_short(self, day: int, hours: int) -> None:
        berlin = calendar(mode=Mode.ALWAYS, zone=BERLIN)
        ((opens, closes),) = berlin.windows(date(2026, 3, day))
        assert closes - opens == hours * HOUR

    def test_office_hours_follow_the_wall_clock_across_the_change(self) -> None:
        berlin = calendar(zone=BERLIN, holidays={}, makeup={})
        due = berlin.add(at("2026-03-27 17:58", BERLIN), 5 * MINUTE)
        assert due == at("2026-03-30 09:03", BERLIN) == datetime(2026, 3, 30, 7, 3, tzinfo=UTC)

    def test_a_date_that_a_zone_skipped_has_no_windows(self) -> None:
        samoa = calendar(zone=ZoneInfo("Pacific/Apia"), hours=WHOLE_DAY, holidays={}, makeup={})
        assert samoa.windows(date(2011, 12, 30)) == ()
        # Thursday's last minute, no Friday, a weekend, Monday's first minute.
        due = samoa.add(at("2011-12-29 23:59", ZoneInfo("Pacific/Apia")), 2 * MINUTE)
        assert due == at("2012-01-02 00:01", ZoneInfo("Pacific/Apia"))

    def test_a_window_of_a_long_day_may_end_two_utc_dates_on(self) -> None:
        day = date(2026, 10, 25)
        london = calendar(zone=ZoneInfo("Europe/London"), hours=WHOLE_DAY, holidays={}, makeup={day: "x"})
        ((opens, closes),) = london.windows(day)
        assert (opens, closes) == (datetime(2026, 10, 24, 23, tzinfo=UTC), datetime(2026, 10, 26, tzinfo=UTC))
        assert london.is_open(opens)
        assert london.elapsed(opens, opens + MINUTE) == MINUTE


# St. John's turned its clocks at one minute past midnight, back into the day before: the hardest zone for dates.
ZONES = [SHANGHAI, BERLIN, ZoneInfo("America/St_Johns"), ZoneInfo("Pacific/Apia"), ZoneInfo("Europe/London")]
HOURS = [OFFICE, NIGHT, WHOLE_DAY]
TEAMS = [calendar(zone=zone, hours=hours) for zone in ZONES for hours in HOURS]
teams = st.sampled_from(TEAMS)
amounts = st.timedeltas(min_value=timedelta(0), max_value=timedelta(days=12))
# Around each change, where every mistake lives, and anywhere else in twenty years.
CHANGES = [
    datetime(2026, 3, 29, 1, tzinfo=UTC),
    datetime(2026, 10, 25, 1, tzinfo=UTC),
    datetime(2006, 4, 2, 3, 31, tzinfo=UTC),
    datetime(2006, 10, 29, 2, 31, tzinfo=UTC),
    datetime(2011, 12, 30, 10, tzinfo=UTC),
    datetime(2026, 9, 30, 10, tzinfo=UTC),
]
near = st.builds(
    lambda change, off: change + off,
    st.sampled_from(CHANGES),
    st.timedeltas(min_value=timedelta(days=-3), max_value=timedelta(days=3)),
)
moments = near | st.datetimes(datetime(2006, 1, 1), datetime(2027, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001


class TestLaws:
    @given(teams, moments, amounts, amounts)
    def test_time_counted_in_two_parts_is_time_counted_at_once(
        self, team: WorkingCalendar, start: datetime, one: timedelta, two: timedelta
    ) -> None:
        middle, end = start + one, start + one + two
        assert team.elapsed(start, middle) + team.elapsed(middle, end) == team.elapsed(start, end)

    @given(teams, moments, amounts, amounts)
    def test_a_later_end_never_counts_less_and_never_more_than_passed(
        self, team: WorkingCalendar, start: datetime, one: timedelta, two: timedelta
    ) -> None:
        shorter, longer = team.elapsed(start, start + one), team.elapsed(start, start + one + two)
        assert timedelta(0) <= shorter <= longer <= shorter + two

    @given(teams, moments, amounts)
    def test_a_clock_that_ran_out_has_counted_its_amount(
        self, team: WorkingCalendar, start: datetime, amount: timedelta
    ) -> None:
        assert team.elapsed(start, team.add(start, amount)) == amount

    @given(teams, moments, amounts)
    def test_no_earlier_instant_would_have_been_enough(
        self, team: WorkingCalendar, start: datetime, amount: timedelta
    ) -> None:
        due = team.add(start, amount)
        assert due >= start
        if amount:
            assert team.elapsed(start, due - timedelta.resolution) < amount

    @given(teams, moments, amounts, amounts)
    def test_more_time_is_never_due_sooner(
        self, team: WorkingCalendar, start: datetime, one: timedelta, two: timedelta
    ) -> None:
        assert team.add(start, one) <= team.add(start, one + two)
        assert team.add(start, one) <= team.add(start + two, one)

    @given(teams, moments, amounts)
    def test_a_clock_runs_out_in_working_time(
        self, team: WorkingCalendar, start: datetime, amount: timedelta
    ) -> None:
        due = team.add(start, amount)
        assert team.is_open(due) or (amount > timedelta(0) and team.is_open(due - timedelta.resolution))

    @given(teams, moments)
    def test_the_next_opening_is_open_and_nothing_is_before_it(
        self, team: WorkingCalendar, moment: datetime
    ) -> None:
        opening = team.next_open(moment)
        assert team.is_open(opening)
        assert team.is_open(moment) == (opening == moment)
        assert team.elapsed(moment, opening) == timedelta(0)

    @given(teams, moments, amounts)
    def test_a_proof_adds_up_in_order(
        self, team: WorkingCalendar, start: datetime, amount: timedelta
    ) -> None:
        rows = team.explain(start, start + amount)
        assert sum((row.counted for row in rows), timedelta(0)) == team.elapsed(start, start + amount)
        edges = [edge for row in rows for edge in (row.opens, row.closes)]
        assert edges == sorted(edges)

    @given(st.sampled_from(ZONES), moments, amounts)
    def test_round_the_clock_is_plain_arithmetic(
        self, zone: ZoneInfo, start: datetime, amount: timedelta
    ) -> None:
        always = calendar(mode=Mode.ALWAYS, zone=zone)
        assert always.add(start, amount) == start + amount
        assert always.elapsed(start, start + amount) == amount
        assert always.next_open(start) == start
        assert always.is_open(start)
