"""Dates in a message, as people say them: the day, the stretch it may lie in, the clock time when one was said."""

import re
from dataclasses import dataclass, replace
from datetime import datetime, time, timedelta

from domain.reader.context import Almanac
from domain.reader.days import TWO, When, day_of, days_in, numeral

__all__ = ["When", "find_dates"]

_PERIODS = "凌晨|清晨|清早|一早|大早|早上|早晨|早间|早|上午|上昼|上晌|前晌|中午|正午|晌午|午饭后|午后|下午|下昼|下晌|后晌|晏昼|傍晚|晚上|晚间|晚黑|夜晚|晚|夜里|夜间|半夜"
_PM = (
    "下午",
    "下昼",
    "下晌",
    "后晌",
    "晏昼",
    "晚黑",
    "夜晚",
    "午后",
    "午饭后",
    "傍晚",
    "晚上",
    "晚间",
    "晚",
    "夜里",
    "夜间",
)
_CLOCK = re.compile(
    rf"(?P<p>{_PERIODS})?[ 的]?(?:(?<![0-9第百])(?:(?<![周期拜])(?P<from>{TWO})[-~到至])?(?P<h>{TWO})(?:点钟?|时(?![间候期段代效常长]))(?:(?P<half>半)|(?P<q>[一三])刻|(?P<min>{TWO})分?(?![0-9天个台万次期轮楼家人位号部批版]))?(?:整|左右|多)?"
    rf"|(?<![0-9:.])(?P<h24>[01]?[0-9]|2[0-4]):(?P<m24>[0-5][0-9])(?![0-9]) ?(?P<half12>[ap]m(?![a-z]))?|(?<![0-9:.])(?P<h12>1[0-2]|[1-9]) ?(?P<half_day>[ap]m)(?![a-z]))(?!建议|问题|要求|意见|顾虑|想法|折|击|位|检|点)",
    re.IGNORECASE,
)
_ALONE = re.compile(rf"(?:{_PERIODS})")


@dataclass(frozen=True, slots=True)
class _Time:
    start: int
    end: int
    clock: time | None
    period: str


def _clock_of(match: re.Match[str]) -> time | None:
    hour = numeral(match["from"] or match["h"] or match["h24"] or match["h12"])
    if hour < 12 and (match["half12"] or match["half_day"] or "").lower() == "pm":
        hour += 12
    minute = int(match["m24"]) if match["m24"] else 30 if match["half"] else 0
    if match["from"]:
        minute = 0  # 9到11点半 begins at nine
    elif match["q"]:
        minute = 15 if match["q"] == "一" else 45
    elif match["min"]:
        minute = numeral(match["min"])
    period = match["p"] or ""
    if (period in _PM and hour < 12) or (period in ("中午", "正午") and hour < 3):
        hour += 12
    elif not period and match["h"] and 1 <= hour <= 6:
        hour += 12  # nobody is called at three in the morning
    if hour == 24:
        hour, minute = 23, 59
    return time(hour, minute) if hour < 24 and minute < 60 else None


def _times(text: str) -> list[_Time]:
    found = []
    for match in _CLOCK.finditer(text):
        bare = match["h"] and not match["p"] and not match["half"] and not match["q"] and not match["min"]
        if bare and match["h"] in ("一", "几") and "钟" not in match[0] and "整" not in match[0]:
            continue  # 一点 is "a little"
        if bare and text[match.start() - 1 : match.start()] in (
            "有",
            "差",
            "早",
            "晚",
            "快",
            "这",
            "那",
            "哪",
            "几",
        ):
            continue
        found.append(_Time(match.start(), match.end(), _clock_of(match), match["p"] or ""))
    return _begun(text, found)


_TO = re.compile(" ?[-~到至] ?")


def _begun(text: str, times: list[_Time]) -> list[_Time]:
    """上午9:30-11:00 is at half past nine: of two times that are the ends of one stretch, the first."""
    kept: list[_Time] = []
    for each in times:
        if kept and _TO.fullmatch(text, kept[-1].end, each.start):
            kept[-1] = replace(kept[-1], end=each.end)
        else:
            kept.append(each)
    return kept


def find_dates(text: str, now: datetime, almanac: Almanac) -> list[When]:
    """Every time named in a folded, simplified text, in order. `now` is local and aware."""
    days = _merged(text, _apart(days_in(text, now, almanac)))
    times = _times(text)
    found, used = [], set()
    for when in days:
        nearby = next((t for t in times if t.clock and _joins(text, when.end, t.start)), None)
        if nearby and nearby.clock and when.grain == "day" and when.at is None:
            used.add(nearby)
            at = datetime.combine(when.day, nearby.clock, now.tzinfo)
            found.append(
                replace(when, end=nearby.end, at=at, until=when.day, past=when.past or when.day < now.date())
            )
        else:
            found.append(_with_period(text, when))
    for each in times:
        if each not in used and each.clock and not any(w.start <= each.start < w.end for w in found):
            found.append(_today(text, each, now))
    found += _periods_alone(text, found, now)
    return sorted(found, key=lambda when: when.start)


_BEFORE_LEAVING = re.compile(rf"[ 的]?(?:{_PERIODS})?[ 的]?")


def _merged(text: str, found: list[When]) -> list[When]:
    """A day said twice over (3月18号周三) is one, and so is 周五下班前: the day itself decides."""
    kept: list[When] = []
    for when in found:
        last = kept[-1] if kept else None
        if last and last.at is None and last.grain == "day" and _goes_on(text, last, when):
            kept[-1] = replace(last, end=when.end)
        else:
            kept.append(when)
    return kept


def _goes_on(text: str, last: When, when: When) -> bool:
    if when.rule == "day.work_end":
        return _BEFORE_LEAVING.fullmatch(text, last.end, when.start) is not None
    return when.start - last.end <= 1 and (when.rule == "week.day" or when.day == last.day)


def _joins(text: str, end: int, start: int) -> bool:
    return 0 <= start - end <= 3 and not text[end:start].strip(" 的,、那()周一二三四五六日")


def _with_period(text: str, when: When) -> When:
    """明天上午: the period belongs to the day, and names no clock time."""
    match = _ALONE.match(text, when.end)
    return replace(when, end=match.end()) if match and when.grain == "day" else when


def _today(text: str, each: _Time, now: datetime) -> When:
    assert each.clock is not None
    at = datetime.combine(now.date(), each.clock, now.tzinfo)
    if at < now and not each.period and at.hour < 12:
        later = at + timedelta(hours=12)
        at = later if later > now and later.hour < 21 else at
    return When(
        start=each.start, end=each.end, day=at.date(), until=at.date(), at=at, rule="clock", past=at < now
    )


def _periods_alone(text: str, found: list[When], now: datetime) -> list[When]:
    """上午, 下午, 今晚 without a day: today."""
    alone = []
    for match in re.finditer("(?<![0-9])(?:上午|中午|下午|傍晚|晚上)", text):
        if not any(when.start <= match.start() < when.end for when in found):
            alone.append(day_of(match, now.date(), rule="period", vague=True))
    return alone


def _apart(found: list[When]) -> list[When]:
    """The longest of those that overlap."""
    kept: list[When] = []
    for when in sorted(found, key=lambda each: (each.start - each.end, each.start)):
        if all(when.end <= other.start or other.end <= when.start for other in kept):
            kept.append(when)
    return sorted(kept, key=lambda each: each.start)
