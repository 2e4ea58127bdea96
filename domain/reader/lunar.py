"""The days of the Chinese lunar calendar, from a table of its years."""

from datetime import date, timedelta

# New Year's day; the month after which a leap month comes, 0 = none; a 1 for each month of thirty days, in order.
_YEARS = {
    2024: ((2, 10), 0, "010010110110"),
    2025: ((1, 29), 6, "1010010101110"),
    2026: ((2, 17), 0, "101001001110"),
    2027: ((2, 6), 0, "110100100110"),
    2028: ((1, 26), 5, "1110100100110"),
    2029: ((2, 13), 0, "110101010011"),
    2030: ((2, 3), 0, "010110101010"),
    2031: ((1, 23), 3, "0110101101010"),
    2032: ((2, 11), 0, "100101101101"),
    2033: ((1, 31), 11, "0100101011101"),
    2034: ((2, 19), 0, "010010101101"),
    2035: ((2, 8), 0, "101001001101"),
    2036: ((1, 28), 6, "1101001001011"),
    2037: ((2, 15), 0, "110100100101"),
    2038: ((2, 4), 0, "110101010010"),
    2039: ((1, 24), 5, "1101101010100"),
    2040: ((2, 12), 0, "101101011010"),
    2041: ((2, 1), 0, "010101101101"),
    2042: ((1, 22), 2, "0100101011011"),
    2043: ((2, 10), 0, "010010011011"),
    2044: ((1, 30), 7, "1010010010111"),
    2045: ((2, 17), 0, "101001001011"),
    2046: ((2, 6), 0, "101010100101"),
    2047: ((1, 26), 5, "1011010100101"),
    2048: ((2, 14), 0, "011011010010"),
    2049: ((2, 2), 0, "101011011010"),
}


def month_of(year: int, month: int) -> tuple[date, date] | None:
    """First and last day of a month (not a leap one) of the lunar year that begins in `year`; None = not known."""
    if year not in _YEARS or not 1 <= month <= 12:
        return None
    first, leap, sizes = _YEARS[year]
    before = month - 1 + (1 if 0 < leap < month else 0)
    days = [29 + int(size) for size in sizes]
    begin = date(year, *first) + timedelta(days=sum(days[:before]))
    return begin, begin + timedelta(days=days[before] - 1)


def next_day(month: int, day: int, since: date) -> date | None:
    """The first time from `since` on that this lunar day comes."""
    for year in range(since.year - 1, since.year + 3):
        found = month_of(year, month)
        if found and 1 <= day <= (found[1] - found[0]).days + 1:
            when = found[0] + timedelta(days=day - 1)
            if when >= since:
                return when
    return None


def next_month(month: int, since: date) -> tuple[date, date] | None:
    """The first such month that is not over on `since`."""
    spans = (month_of(year, month) for year in range(since.year - 1, since.year + 3))
    return next((span for span in spans if span and span[1] >= since), None)
