"""When the sales team works: opening hours, weekends, holidays and make-up days, as pure arithmetic.

A window is half open, `[opens, closes)`. Every time that comes in is aware, every time that goes out is UTC.
A wall-clock time means the first instant at which a clock on the wall has reached it. So where a DST change
repeats an hour, the time is its first showing; where it skips one, the time is the moment of the change.
That rule never turns order around, which keeps windows apart and `elapsed` additive in every zone.
"""

import json
import re
from bisect import bisect_left
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from enum import StrEnum
from functools import lru_cache
from hashlib import sha256
from itertools import pairwise
from zoneinfo import ZoneInfo

ZERO = timedelta(0)
DAY = timedelta(days=1)
MINUTE = timedelta(minutes=1)
INSTANT = timedelta.resolution
MINUTES_A_DAY = 24 * 60
LONGEST_CLOSURE_DAYS = 400
FARTHEST_DAYS = 36_525  # a century: whoever asks for more has a wrong date, and would hold up the writer
SATURDAY, NOVEMBER = 5, 11

Window = tuple[datetime, datetime]


class CalendarError(ValueError):
    """The working calendar cannot answer."""


class BadHours(CalendarError):
    """The opening hours make no sense."""


class BadDays(CalendarError):
    """The same date is named both a holiday and a make-up day."""


class NaiveTime(CalendarError):
    """A time without a zone was handed in."""


class BadSpan(CalendarError):
    """A span of time is negative or reaches farther than the calendar counts."""


class NeverOpen(CalendarError):
    """The calendar has no working time for so long that its data must be wrong."""


class Mode(StrEnum):
    """Whether a clock counts working time or runs round the clock."""

    BUSINESS = "business"
    ALWAYS = "always"


class DayKind(StrEnum):
    """What a date is to the team; a make-up day (调休) is a day off that is worked."""

    WORKDAY = "workday"
    WEEKEND = "weekend"
    HOLIDAY = "holiday"
    MAKEUP = "makeup"


@dataclass(frozen=True, slots=True, kw_only=True)
class Hours:
    """The windows of a working day, in minutes since local midnight; 1440 is the midnight that ends it."""

    spans: tuple[tuple[int, int], ...]

    def __post_init__(self) -> None:
        if not self.spans:
            raise BadHours("Opening hours need at least one window, such as 09:00-12:00.")
        for opens, closes in self.spans:
            if not 0 <= opens < closes <= MINUTES_A_DAY:
                raise BadHours(f"Window {_wall(opens)}-{_wall(closes)} must end after it starts, by 24:00.")
        for (_, closes), (opens, _) in pairwise(self.spans):
            if opens < closes:
                raise BadHours(
                    f"A window opens at {_wall(opens)}, before the last closes at {_wall(closes)}."
                )

    @classmethod
    def parse(cls, windows: Iterable[str]) -> "Hours":
        """Read windows such as "09:00-12:00", in order; raises BadHours naming the one that is wrong."""
        return cls(spans=tuple(_span(text) for text in windows))


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One line of a proof: this stretch (UTC) added `counted` working time, because the day is `kind`.

    A closed day is a row too, with nothing counted; `name` says which holiday or make-up day it is.
    """

    opens: datetime
    closes: datetime
    counted: timedelta
    kind: DayKind
    name: str

    @property
    def minutes(self) -> float:
        return self.counted / MINUTE


class WorkingCalendar:
    """Working time of one team. Fixed once built; days worked out are kept, so asking again is quick.

    `announced_years` are those whose days off are official. A year that is missing there still works,
    on Monday to Friday and whatever days are given: missing data never stops a clock; `unannounced` tells.
    """

    __slots__ = (
        "_always", "_announced", "_closing", "_holidays", "_hours", "_id", "_makeup", "_packed", "_windows",
        "_zone",
    )  # fmt: skip

    def __init__(
        self,
        *,
        mode: Mode,
        hours: Hours,
        zone: ZoneInfo,
        holidays: Mapping[date, str],
        makeup: Mapping[date, str],
        announced_years: frozenset[int],
    ) -> None:
        if both := sorted(holidays.keys() & makeup.keys()):
            raise BadDays(f"{both[0].isoformat()} cannot be both a holiday and a make-up working day.")
        self._always = mode is Mode.ALWAYS
        self._hours = Hours(spans=((0, MINUTES_A_DAY),)) if self._always else hours
        self._zone = zone
        self._holidays = dict(holidays)
        self._makeup = dict(makeup)
        self._announced = announced_years
        self._windows: Callable[[date], tuple[Window, ...]] = lru_cache(maxsize=4096)(self._day_windows)
        self._closing: Callable[[int], tuple[Window, ...]] = lru_cache(maxsize=4096)(self._windows_closing)
        self._packed = _pack(self._always, self._hours, zone, self._holidays, self._makeup, announced_years)
        self._id = sha256(self._packed.encode()).hexdigest()[:16]

    @property
    def id(self) -> str:
        """A short name for the calendar's content: sixteen hex digits of its SHA-256."""
        return self._id

    def pack(self) -> str:
        """The calendar as canonical JSON; equal calendars pack equally."""
        return self._packed

    def is_open(self, at: datetime) -> bool:
        """Whether `at` is working time; the end of a window no longer is."""
        at = _utc(at)
        return self._always or any(True for _ in self._within(at, at + INSTANT))

    def next_open(self, at: datetime) -> datetime:
        """The first working instant from `at` on: `at` itself when open. Raises NeverOpen."""
        return self.add(at, ZERO)

    def add(self, start: datetime, amount: timedelta) -> datetime:
        """When a clock of `amount` working time, started at `start`, runs out.

        An amount that just fills a window is due at that window's end, not at the next one's start.
        Raises BadSpan for a negative amount or one that takes over a century, NeverOpen if no window comes.
        """
        start = _utc(start)
        if amount < ZERO:
            raise BadSpan(f"A clock cannot run for {amount / MINUTE:g} minutes, which is less than none.")
        if self._always:
            return start + amount
        left = amount
        for opens, closes in self._ahead(start):
            if opens < start:
                opens = start
            if left <= (room := closes - opens):
                return opens + left
            left -= room
        raise BadSpan(f"{amount / DAY:g} days of working time from {start:%Y-%m-%d} on take over a century.")

    def elapsed(self, start: datetime, end: datetime) -> timedelta:
        """Working time between two instants; zero if `end` is not after `start`. BadSpan over a century."""
        start, end = _utc(start), _utc(end)
        if end <= start:
            return ZERO
        if self._always:
            return end - start
        return sum((closes - opens for opens, closes in self._within(start, end)), ZERO)

    def windows(self, day: date) -> tuple[Window, ...]:
        """The working windows (UTC) of a local date, in order; none on a day off."""
        return self._windows(day)

    def day_kind(self, day: date) -> tuple[DayKind, str]:
        """What a local date is, and the name of its holiday or make-up day (else empty)."""
        if (name := self._makeup.get(day)) is not None:
            return DayKind.MAKEUP, name
        if (name := self._holidays.get(day)) is not None:
            return DayKind.HOLIDAY, name
        return (DayKind.WEEKEND if day.weekday() >= SATURDAY else DayKind.WORKDAY), ""

    def explain(self, start: datetime, end: datetime) -> list[Row]:
        """The calendar rows behind `elapsed(start, end)`, in order; their `counted` add up to it exactly."""
        start, end = _utc(start), _utc(end)
        _check_reach(start, end)
        first, last = (at.astimezone(self._zone).toordinal() for at in (start, end))
        rows = []
        # One day more on either side: a change that repeats midnight goes back to a date already left.
        for day in map(date.fromordinal, range(first - 1, last + 2)):
            kind, name = self.day_kind(day)
            windows = self._windows(day)
            whole = (self._instant(day, 0), self._instant(day, MINUTES_A_DAY))
            for opens, closes in _clip(windows or (whole,), start, end):
                counted = closes - opens if windows else ZERO
                rows.append(Row(opens=opens, closes=closes, counted=counted, kind=kind, name=name))
        return rows

    def unannounced(self, at: datetime) -> int | None:
        """The year whose official days off are missing: this one, or from November on the next; else None."""
        local = _utc(at).astimezone(self._zone)
        years = (local.year, local.year + 1) if local.month >= NOVEMBER else (local.year,)
        return None if self._always else next((year for year in years if year not in self._announced), None)

    def _ahead(self, at: datetime) -> Iterator[Window]:
        """Windows that close after `at`, in order, for a century at most."""
        today = at.toordinal()
        for window in self._closing(today):
            if window[1] > at:
                yield window
        closed = 0
        for day in range(today + 1, today + FARTHEST_DAYS):
            windows = self._closing(day)
            closed = 0 if windows else closed + 1
            if closed >= LONGEST_CLOSURE_DAYS:
                raise NeverOpen(
                    f"The calendar has no working time in the {closed} days up to {date.fromordinal(day)}; "
                    "check its hours and holidays."
                )
            yield from windows

    def _within(self, start: datetime, end: datetime) -> Iterator[Window]:
        """Windows between two instants, cut to them, in order."""
        _check_reach(start, end)
        # A window on a day that DST makes longer can close two UTC dates after an instant inside it.
        for day in range(start.toordinal(), end.toordinal() + 3):
            yield from _clip(self._closing(day), start, end)

    def _windows_closing(self, ordinal: int) -> tuple[Window, ...]:
        """Windows that end on a UTC date: each is on one date only, and looking up asks no zone."""
        days = map(date.fromordinal, range(ordinal - 2, ordinal + 3))
        found = (window for day in days for window in self._windows(day))
        return tuple(window for window in found if window[1].toordinal() == ordinal)

    def _day_windows(self, day: date) -> tuple[Window, ...]:
        if not self._always and self.day_kind(day)[0] in (DayKind.WEEKEND, DayKind.HOLIDAY):
            return ()
        spans = (tuple(self._instant(day, wall) for wall in span) for span in self._hours.spans)
        return tuple((opens, closes) for opens, closes in spans if opens < closes)

    def _instant(self, day: date, minutes: int) -> datetime:
        """The first instant at which the wall clock has reached that many minutes into the day."""
        wall = datetime.combine(day, time()) + minutes * MINUTE
        local = wall.replace(tzinfo=self._zone)
        after = local.astimezone(UTC)
        if after.astimezone(self._zone).replace(tzinfo=None) == wall:
            return after
        # In a gap fold=1 lands before the change and fold=0 after it (PEP 495), so search between the two.
        seconds = range(int(local.replace(fold=1).timestamp()), int(after.timestamp()))
        offset = after.astimezone(self._zone).utcoffset()
        changed = bisect_left(
            seconds, True, key=lambda at: datetime.fromtimestamp(at, self._zone).utcoffset() == offset
        )
        return datetime.fromtimestamp(seconds.start + changed, UTC)


def _pack(
    always: bool,
    hours: Hours,
    zone: ZoneInfo,
    holidays: Mapping[date, str],
    makeup: Mapping[date, str],
    announced: frozenset[int],
) -> str:
    def named(days: Mapping[date, str]) -> dict[str, str]:
        return {day.isoformat(): days[day] for day in sorted(days)}

    body = {
        "mode": Mode.ALWAYS if always else Mode.BUSINESS,
        "hours": [f"{_wall(opens)}-{_wall(closes)}" for opens, closes in hours.spans],
        "zone": zone.key,
        "holidays": named(holidays),
        "makeup": named(makeup),
        "announced": sorted(announced),
    }
    return json.dumps(body, sort_keys=True, ensure_ascii=False, separators=(",", ":"))


def unpack_calendar(text: str) -> WorkingCalendar:
    """The calendar that `WorkingCalendar.pack` wrote."""
    raw = json.loads(text)
    return WorkingCalendar(
        mode=Mode(raw["mode"]),
        hours=Hours.parse(raw["hours"]),
        zone=ZoneInfo(raw["zone"]),
        holidays={date.fromisoformat(day): name for day, name in raw["holidays"].items()},
        makeup={date.fromisoformat(day): name for day, name in raw["makeup"].items()},
        announced_years=frozenset(raw["announced"]),
    )


def _utc(at: datetime) -> datetime:
    if at.tzinfo is UTC:
        return at
    if at.utcoffset() is None:
        raise NaiveTime(f"The time {at.isoformat()} has no zone; hand in aware times only.")
    return at.astimezone(UTC)


def _check_reach(start: datetime, end: datetime) -> None:
    if end.toordinal() - start.toordinal() > FARTHEST_DAYS:
        raise BadSpan(f"From {start:%Y-%m-%d} to {end:%Y-%m-%d} is over a century; a date must be wrong.")


def _clip(windows: Iterable[Window], start: datetime, end: datetime) -> Iterator[Window]:
    for opens, closes in windows:
        opens, closes = max(opens, start), min(closes, end)
        if opens < closes:
            yield opens, closes


def _wall(minutes: int) -> str:
    return f"{minutes // 60:02}:{minutes % 60:02}"


def _span(text: str) -> tuple[int, int]:
    found = re.fullmatch(r"(\d{1,2}):([0-5]\d)-(\d{1,2}):([0-5]\d)", text.strip(), re.ASCII)
    if found is None:
        raise BadHours(f'The window "{text}" is not written like 09:00-12:00.')
    opens_hour, opens_minute, closes_hour, closes_minute = map(int, found.groups())
    return opens_hour * 60 + opens_minute, closes_hour * 60 + closes_minute
