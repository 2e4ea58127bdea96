"""China's days off and make-up working days (调休) as plain dates, from the `holidays` package or a file.

The State Council publishes a year's days in October or November of the year before. Until the package knows
them, an override file fills in: TOML of ours or the JSON of the holiday-cn project, told apart by the first
character.

    years = [2027]                              # these are now official
    workdays = ["2027-02-14"]                   # days off that are worked
    [holidays]                                  # or a plain list, without names
    2027-01-01 = "元旦"
"""

import json
import re
import tomllib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from functools import cache

_SUBSTITUTE = "休息日"  # what the package calls a day off that a make-up day pays for
_REMARK = re.compile(r"（.*?）")
_KEYS = ("holidays", "workdays", "years")
_DEFAULT_NAMES = {"holidays": "放假", "workdays": "调休上班"}


class BadCalendarFile(ValueError):
    """An override file that can't be read; the sentence names the line or the key."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Days:
    """Dates with their names. `announced` are the years whose days are official and complete."""

    holidays: dict[date, str]
    makeup: dict[date, str]
    announced: frozenset[int]


def china_days(years: Iterable[int]) -> Days:
    """The package's days for these years.

    A year without any make-up day counts as not announced: the package then only computes what the law fixes.
    """
    return _of_the_package(frozenset(years))


@cache
def _of_the_package(wanted: frozenset[int]) -> Days:
    """Kept, for a start reads them twice."""
    import holidays  # noqa: PLC0415  # costs memory and start-up time; only whoever builds a calendar pays

    # The next years too: a make-up day in December may pay for a New Year's Day.
    loaded = wanted | {year + 1 for year in wanted}
    table = holidays.country_holidays("CN", years=loaded, language="zh_CN", expand=False)
    # A package instance carries make-up days of years nobody asked for.
    worked = sorted(day for day in table.weekend_workdays if day.year in wanted)
    names = {day: name.replace("; ", "、") for day, name in sorted(table.items())}
    return Days(
        holidays={day: name for day, name in names.items() if day.year in wanted and day not in worked},
        makeup={day: _festival(day, names) for day in worked},
        announced=frozenset(day.year for day in worked),
    )


def read_override(text: str) -> Days:
    """Read an override file; raises BadCalendarFile."""
    days = _from_json(text) if text.lstrip("\ufeff \t\r\n").startswith("{") else _from_toml(text)
    if both := sorted(days.holidays.keys() & days.makeup.keys()):
        raise BadCalendarFile(f"{both[0]} is named both a holiday and a working day.")
    return days


def merge(base: Days, override: Days) -> Days:
    """Both together; where they speak of the same day the override wins."""
    return Days(
        holidays=_without(base.holidays, override.makeup) | override.holidays,
        makeup=_without(base.makeup, override.holidays) | override.makeup,
        announced=base.announced | override.announced,
    )


def _without(days: Mapping[date, str], others: Mapping[date, str]) -> dict[date, str]:
    return {day: name for day, name in days.items() if day not in others}


def _festival(worked: date, names: Mapping[date, str]) -> str:
    """The festival a make-up day pays for: the one nearest to the day off bought with it."""
    bought = next((day for day, name in names.items() if worked.isoformat() in name), worked)
    proper = [day for day, name in names.items() if not name.startswith(_SUBSTITUTE)]
    nearest = min(proper, key=lambda day: abs(day - bought))
    return _REMARK.sub("", names[nearest])


def _from_toml(text: str) -> Days:
    try:
        table = tomllib.loads(text.removeprefix("\ufeff"))
    except tomllib.TOMLDecodeError as error:
        raise BadCalendarFile(f"The calendar file is not TOML: {error}.") from error
    if unknown := [key for key in table if key not in _KEYS]:
        raise BadCalendarFile(f'The calendar file knows no key "{unknown[0]}", only {", ".join(_KEYS)}.')
    years = table.get("years", [])
    if not isinstance(years, list) or any(type(year) is not int for year in years):
        raise BadCalendarFile("years: must be a list of numbers, such as [2027].")
    return Days(
        holidays=_toml_days("holidays", table.get("holidays", [])),
        makeup=_toml_days("workdays", table.get("workdays", [])),
        announced=frozenset(years),
    )


def _toml_days(key: str, value: object) -> dict[date, str]:
    if isinstance(value, list):
        return {_day(f"{key}[{at}]", text): _DEFAULT_NAMES[key] for at, text in enumerate(value)}
    if isinstance(value, dict):
        return {_day(key, text): _text(f"{key}.{text}", name) for text, name in value.items()}
    raise BadCalendarFile(f"{key}: must be a list of dates, or a table of dates with their names.")


def _from_json(text: str) -> Days:
    try:
        paper = json.loads(text.removeprefix("\ufeff"))
    except json.JSONDecodeError as error:
        raise BadCalendarFile(
            f"The calendar file is not JSON: {error.msg} (at line {error.lineno})."
        ) from error
    year = paper.get("year")
    if type(year) is not int:
        raise BadCalendarFile("year: must be a number, such as 2027.")
    rows = list(_json_rows(paper.get("days")))
    return Days(
        holidays={day: name for day, name, off in rows if off},
        makeup={day: name for day, name, off in rows if not off},
        # That project keeps an empty file for a year the State Council hasn't spoken of yet.
        announced=frozenset([year] if rows else []),
    )


def _json_rows(rows: object) -> Iterator[tuple[date, str, bool]]:
    if not isinstance(rows, list):
        raise BadCalendarFile("days: must be a list of days.")
    for at, row in enumerate(rows):
        if not isinstance(row, dict) or not isinstance(row.get("isOffDay"), bool):
            raise BadCalendarFile(f"days[{at}]: must have a name, a date, and isOffDay true or false.")
        day, name = _day(f"days[{at}].date", row.get("date")), _text(f"days[{at}].name", row.get("name"))
        yield day, name, row["isOffDay"]


def _day(key: str, value: object) -> date:
    if isinstance(value, date) and not isinstance(value, datetime):
        return value
    try:
        return datetime.strptime(str(value), "%Y-%m-%d").date()  # noqa: DTZ007  # a date has no zone
    except ValueError as error:
        raise BadCalendarFile(f'{key}: "{value}" is not a date like 2027-01-31.') from error


def _text(key: str, value: object) -> str:
    if not isinstance(value, str):
        raise BadCalendarFile(f'{key}: the name must be text, not "{value}".')
    return value
