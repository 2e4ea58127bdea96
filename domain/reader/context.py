"""What a message is read with: the time, the days off, the company's own names, the language tools."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta

from domain.contact import clean_text, fold

HEAD = 1_000
"""So many characters are read; what stands further down is kept with the words, unread."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Span:
    """A value and where it was read. `start` and `end` count characters of the cleaned text; `rule` names what
    found it; `confidence` is 0 to 1."""

    start: int
    end: int
    text: str
    field: str
    value: object
    confidence: float
    rule: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Almanac:
    """Days off and make-up days by date, with the names of the festivals."""

    holidays: Mapping[date, str] = field(default_factory=dict)
    makeup: frozenset[date] = frozenset()

    def works(self, day: date) -> bool:
        return day in self.makeup or (day.weekday() < 5 and day not in self.holidays)

    def first_workday(self, day: date) -> date:
        """That day, or the next one on which people work."""
        for _ in range(30):
            if self.works(day):
                return day
            day += timedelta(days=1)
        return day

    def last_workday(self, day: date) -> date:
        for _ in range(30):
            if self.works(day):
                return day
            day -= timedelta(days=1)
        return day

    def festival(self, name: str, day: date) -> date | None:
        """The first date of that festival from `day` on, as far as the days off are known."""
        found = [each for each, said in self.holidays.items() if name in said and "调休" not in said]
        return min((each for each in found if each >= day), default=None)

    def after_break(self, day: date) -> date:
        """The first workday after the days off around a festival's date."""
        return self.first_workday(day + timedelta(days=1))


def no_names(_text: str) -> Sequence[tuple[int, int, str]]:
    return ()


def as_it_is(text: str) -> Sequence[str]:
    return tuple(text)


def knows_nothing(_word: str) -> bool:
    return False


def no_pinyin(_text: str) -> Sequence[str]:
    return ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Tools:
    """`simplify` maps the ordinals of traditional characters; `cut` gives a text's words in order, none left
    out; `known` whether a word is one of everyday speech; `pinyin` gives each character's toneless syllable;
    `will` weighs words for the customer's will, `who` for the person, the firm and the post of a lead (see
    domain.reader.will and domain.reader.who), `kinds` for what kind of message it is (domain.reader.kinds)."""

    simplify: Mapping[int, int] = field(default_factory=dict)
    cut: Callable[[str], Sequence[str]] = as_it_is
    known: Callable[[str], bool] = knows_nothing
    pinyin: Callable[[str], Sequence[str]] = no_pinyin
    will: Mapping[str, Sequence[float]] = field(default_factory=dict)
    who: Mapping[str, Sequence[float]] = field(default_factory=dict)
    kinds: Mapping[str, Sequence[float]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Names:
    """The company's own names. `find` gives the (start, end, kind) of known ones in a plain text, longest
    first; kinds are `company`, `person`, `competitor`, `product`."""

    find: Callable[[str], Sequence[tuple[int, int, str]]] = no_names


@dataclass(frozen=True, slots=True, kw_only=True)
class Context:
    """`now` is aware and in the zone in which the writer lives."""

    now: datetime
    almanac: Almanac = Almanac()
    names: Names = Names()
    tools: Tools = Tools()


def plain(text: str, simplify: Mapping[int, int]) -> str:
    """A cleaned text folded for reading: every character keeps its place."""
    return fold(text).translate(simplify) if simplify else fold(text)


def opened(text: str, tools: Tools) -> tuple[str, str]:
    """(the words cleaned as they are kept, the part of them that is read, folded and simplified)."""
    clean = clean_text(text, 10_000)
    return clean, plain(clean[:HEAD], tools.simplify)
