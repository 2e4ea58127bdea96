"""Every sentence a person reads, in Chinese and in English, and nothing else."""

from collections.abc import Mapping
from datetime import date, datetime, timedelta
from typing import Protocol
from zoneinfo import ZoneInfo

from bot.words import cards, judging, notes, operating, proof, replies

LANGS = ("zh", "en")
"""The languages; the first stands in for one that nobody knows."""


def _merged(*parts: Mapping[str, str]) -> dict[str, str]:
    """One catalogue of several; a key that two modules claim is a mistake of ours and stops the start."""
    merged: dict[str, str] = {}
    for part in parts:
        if twice := sorted(merged.keys() & part.keys()):
            raise ValueError(f"two modules of bot.words claim {twice}")
        merged |= part
    return merged


CATALOGUES: Mapping[str, Mapping[str, str]] = {
    "zh": _merged(cards.ZH, judging.ZH, notes.ZH, operating.ZH, replies.ZH, proof.ZH),
    "en": _merged(cards.EN, judging.EN, notes.EN, operating.EN, replies.EN, proof.EN),
}


def say(lang: str, key: str, **values: object) -> str:
    """The sentence of that key with `values` put in; what people typed may hold braces and stays as it is.

    An unknown language speaks Chinese. Raises KeyError naming a key or a value that is missing.
    """
    sentence = CATALOGUES.get(lang, CATALOGUES["zh"]).get(key)
    if sentence is None:
        raise KeyError(f"no sentence {key!r} in bot.words")
    return sentence.format_map(values)


def known(lang: str, key: str, otherwise: str) -> str:
    """The sentence of that key, or `otherwise` where the key comes from data and may be any text."""
    return CATALOGUES.get(lang, CATALOGUES["zh"]).get(key, otherwise)


class Trouble(Protocol):
    """What is in the way of a command, such as storage.trouble.Trouble."""

    @property
    def code(self) -> str: ...
    @property
    def given(self) -> Mapping[str, object]: ...


def trouble_words(lang: str, trouble: Trouble) -> str:
    """What is in the way, what is kept, and what to do."""
    means = say(lang, f"trouble.{trouble.code}", **trouble.given)
    return say(lang, "trouble.db", means=means) if trouble.code.startswith("db.") else means


def reason_words(lang: str, code: str) -> str:
    """A hand-back reason of domain.reasons; a code of an older release shows as itself."""
    return known(lang, f"reason.{code}", code)


def stage_words(lang: str, stage: str) -> str:
    return known(lang, f"stage.{stage}", stage)


def role_words(lang: str, role: str) -> str:
    return known(lang, f"role.{role}", role)


def field_words(lang: str, name: str) -> str:
    """The label of a customer's field, or of `contact`."""
    return known(lang, f"field.{name}", name)


def source_words(lang: str, name: str) -> str:
    """A channel or source: the company's own names show as they are."""
    return known(lang, f"source.{name}", name)


def duration_words(lang: str, span: timedelta) -> str:
    """A length of time to the minute (below one, to the second): 45 seconds, 2 minutes, 1 hour 30, 24 hours.

    Promises are in working time, of which a day is no unit: 24 hours of it take three days.
    """
    seconds = max(round(span.total_seconds()), 0)
    if seconds < 60:
        return say(lang, "time.seconds", count=seconds)
    hours, minutes = divmod(round(seconds / 60), 60)
    if not hours:
        return say(lang, "time.minutes", count=minutes)
    words = say(lang, "time.hours", count=hours)
    return f"{words} {say(lang, 'time.minutes_after', count=minutes)}" if minutes else words


def clock_words(lang: str, at: datetime, zone: ZoneInfo, now: datetime) -> str:
    """The wall clock of `zone`, such as 10:42; with the date where that is another day than `now`'s."""
    local, today = at.astimezone(zone), now.astimezone(zone)
    if today.date() == local.date():
        return f"{local:%H:%M}"
    return f"{_date_words(lang, local.date(), local.year != today.year)} {local:%H:%M}"


def day_words(lang: str, at: datetime, zone: ZoneInfo, since: datetime | None = None) -> str:
    """The date and the wall clock of `zone`, such as Mon 5 Jan 10:42: for what is read on any day. With the
    year where it is another one than that of `since`."""
    local = at.astimezone(zone)
    other = since is not None and since.astimezone(zone).year != local.year
    return f"{_date_words(lang, local.date(), with_year=other)} {local:%H:%M}"


def _date_words(lang: str, day: date, with_year: bool) -> str:
    month = say(lang, f"month.{day.month}")
    key = "time.date_year" if with_year else "time.date"
    return say(lang, key, year=day.year, month=month, day=day.day, weekday=weekday(lang, day))


def weekday(lang: str, day: date) -> str:
    """The short name of a date's day of the week."""
    return say(lang, f"weekday.{day.isoweekday()}")


def money_words(lang: str, low: int | None, high: int | None) -> str:
    """An amount of money, in yuan, or a range of it, in the unit people say it in; empty for none."""
    ends = [amount for amount in (low, high) if amount is not None]
    if not ends:
        return ""
    unit = int(say(lang, "money.unit"))
    big = max(ends) >= unit
    texts = [_in_units(end, unit) if big else str(end) for end in ends]
    return say(lang, "money.big" if big else "money.small", amount="–".join(dict.fromkeys(texts)))


def _in_units(amount: int, unit: int) -> str:
    """Whole numbers throughout: a float would round what a customer said."""
    whole, rest = divmod(amount, unit)
    digits = len(str(unit)) - 1
    return f"{whole}.{rest:0{digits}d}".rstrip("0").rstrip(".")
