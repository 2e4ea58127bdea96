"""The days that people name: one rule a way of naming, each with its name; `days_in` tries them all.

Weeks start on Monday. A weekday, a day of the month, a date without a year and a festival roll forward to the next
one; what says it is past (昨天, 上周, 去年) never does. X前 is X itself, 节前 the last workday before it, 节后 the first
after; 月底 is the last day, 月初 the first workday. A bare 今年 or 最近 names no day that one could act on.
"""

import re
from calendar import monthrange
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta

from domain.reader import lunar
from domain.reader.context import Almanac

_DIGITS = {char: value for value, char in enumerate("零一二三四五六七八九")} | {"〇": 0, "两": 2}
_C = "零〇一二两三四五六七八九十廿"
_NUM = rf"(?:[0-9]{{1,3}}|[{_C}]{{1,4}})"
TWO = rf"(?:[0-9]{{1,2}}|[{_C}]{{1,3}})"
DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class When:
    """A time that was named. `day` to `until` is where it lies; `at` is set when a clock time was said.

    `past` = the words themselves say so; `year` = it may lie in any year, and was rolled forward; `vague` = a
    stretch that is named in passing (今年); `grain` is minute, day, week, month, quarter or year.
    """

    start: int
    end: int
    day: date
    until: date
    at: datetime | None = None
    grain: str = "day"
    rule: str = ""
    past: bool = False
    rolled: bool = False
    vague: bool = False

    def over(self, now: datetime) -> bool:
        """Whether it has passed."""
        return self.at < now if self.at else self.until < now.date()


def numeral(text: str) -> int:
    """A small numeral: 12, 十二, 二十三, 廿八, 两, 二〇二六."""
    if text.isascii():
        return int(text)
    if len(text) > 2 and not set(text) & set("十廿"):
        return int("".join(str(_DIGITS[char]) for char in text))
    total, digit = 0, 0
    for char in text:
        if char == "十":
            total += (digit or 1) * 10
            digit = 0
        elif char == "廿":
            total += 20
        else:
            digit = _DIGITS[char]
    return total + digit


Found = When | None
Read = Callable[[re.Match[str], datetime, Almanac], Found]
_RULES: list[tuple[str, re.Pattern[str], Read]] = []


def _rule(name: str, pattern: str) -> Callable[[Read], Read]:
    def register(read: Read) -> Read:
        _RULES.append((name, re.compile(pattern, re.IGNORECASE), read))
        return read

    return register


def day_of(match: re.Match[str], day: date, **more: object) -> When:
    return _stretch(match, day, day, str(more.pop("grain", "day")), **more)


def _stretch(match: re.Match[str], day: date, until: date, grain: str, **more: object) -> When:
    found = When(start=match.start(), end=match.end(), day=day, until=until, grain=grain)
    return replace(found, **more) if more else found  # type: ignore[arg-type]


def _safe(year: int, month: int, day: int) -> date | None:
    return date(year, month, day) if 1 <= month <= 12 and 1 <= day <= monthrange(year, month)[1] else None


def _month(year: int, month: int) -> tuple[date, date]:
    """First and last day; `month` may run over."""
    year, month = year + (month - 1) // 12, (month - 1) % 12 + 1
    return date(year, month, 1), date(year, month, monthrange(year, month)[1])


_YEARS = {
    "大前年": -3,
    "前年": -2,
    "去年": -1,
    "上年": -1,
    "今年": 0,
    "本年": 0,
    "明年": 1,
    "来年": 1,
    "后年": 2,
}
_YEAR_WORD = "|".join(_YEARS)
_PART = "初|上旬|中旬|下旬|中|底|末|尾|月底|月末|月初|月中"


_YEAR = r"(?:(?:19|20)[0-9]{2}|[一二][零〇九][零〇一二三四五六七八九]{2}|[0-9]{2}|[零〇九二三][零〇一二三四五六七八九])"


def _year_of(said: str) -> int:
    """Two digits are of this century, from sixty on of the last."""
    year = int(said) if said.isascii() else int("".join(str(_DIGITS[char]) for char in said))
    return year if year > 99 else year + (1900 if year >= 60 else 2000)


@_rule("date.full", rf"(?<![0-9{_C}])(?P<y>{_YEAR})(?: ?年 ?|(?<=[0-9]{{4}})[-/.])(?P<m>{TWO})(?:月|[-/.])(?P<d>{TWO})[日号]?(?![0-9])")  # fmt: skip
def _full(match: re.Match[str], now: datetime, _almanac: Almanac) -> Found:
    day = _safe(_year_of(match["y"]), numeral(match["m"]), numeral(match["d"]))
    return day_of(match, day, past=day < now.date()) if day else None


@_rule(
    "date.compact", r"(?<![0-9])(?P<y>20[0-9]{2})(?P<m>0[1-9]|1[0-2])(?P<d>0[1-9]|[12][0-9]|3[01])(?![0-9])"
)
def _compact(match: re.Match[str], now: datetime, _almanac: Almanac) -> Found:
    day = _safe(int(match["y"]), int(match["m"]), int(match["d"]))
    return day_of(match, day, past=day < now.date()) if day else None


@_rule(
    "date.month_day",
    rf"(?:(?P<ry>{_YEAR_WORD})的?)?(?<![0-9])(?<![农阴旧]历)(?P<m>{TWO})月(?:份)?(?:的)?(?P<d>{TWO})(?:[日号]|(?![0-9]|个|天|万|[{_C}]))",
)
def _monthday_of(match: re.Match[str], now: datetime, _almanac: Almanac) -> Found:
    year = now.year + _YEARS.get(match["ry"] or "", 0)
    month, day = numeral(match["m"]), numeral(match["d"])
    found = _safe(year, month, day)
    if found is None or match["ry"]:
        return day_of(match, found, past=found < now.date()) if found else None
    if found >= now.date():
        return day_of(match, found)
    ahead = _safe(year + 1, month, day)
    return day_of(match, ahead, rolled=True) if ahead else None


@_rule("date.dotted", r"(?<![0-9.\-/v])(?P<m>1[0-2]|0?[1-9])(?P<s>[./])(?P<d>3[01]|[12][0-9]|0[1-9]|(?<=/)[1-9](?=[ ,。;]|\Z|之?前|之?后)|[1-9](?=号|日|[上下]午|[早晚]上|之?前|之?后))[日号]?"
       r"(?![0-9.%/]| ?[万亿元块千百wk折倍个台人天年月周小点分米版寸吨m])")  # fmt: skip
def _dotted(match: re.Match[str], now: datetime, almanac: Almanac) -> Found:
    return _month_day_of(match, int(match["m"]), int(match["d"]), now)


def _month_day_of(match: re.Match[str], month: int, day: int, now: datetime) -> Found:
    found = _safe(now.year, month, day)
    if found and found >= now.date():
        return day_of(match, found)
    ahead = _safe(now.year + 1, month, day)
    return day_of(match, ahead, rolled=True) if ahead else None


def _part_of_month(match: re.Match[str], first: date, last: date, almanac: Almanac, part: str) -> When:
    part = part.removeprefix("月")
    if part == "初":
        return _stretch(match, almanac.first_workday(first), first.replace(day=10), "day")
    if part == "上旬":
        return _stretch(match, first, first.replace(day=10), "week")
    if part == "中旬":
        return _stretch(match, first.replace(day=11), first.replace(day=20), "week")
    if part == "中":
        return _stretch(match, first.replace(day=15), first.replace(day=20), "day")
    if part == "下旬":
        return _stretch(match, first.replace(day=21), last, "week")
    if part in ("底", "末", "尾"):
        return day_of(match, last)
    return _stretch(match, first, last, "month")


@_rule(
    "month.named",
    rf"(?:(?<![0-9{_C}])(?P<y>{_YEAR}) ?年 ?|(?P<ry>{_YEAR_WORD})的?)?(?<![0-9])(?<![农阴旧]历)(?P<m>{TWO})月(?:份)?(?P<part>{_PART})?(?![0-9]|[{_C}])",
)
def _named_month(match: re.Match[str], now: datetime, almanac: Almanac) -> Found:
    month = numeral(match["m"])
    if not 1 <= month <= 12:
        return None
    year = _year_of(match["y"]) if match["y"] else now.year + _YEARS.get(match["ry"] or "", 0)
    first, last = _month(year, month)
    rolled = not match["y"] and not match["ry"] and last < now.date()
    if rolled:
        first, last = _month(year + 1, month)
    found = _part_of_month(match, first, last, almanac, match["part"] or "")
    return replace(found, past=found.until < now.date(), rolled=rolled)


_MONTHS = {"上上": -2, "上": -1, "这": 0, "本": 0, "当": 0, "下": 1, "下下": 2}


@_rule(
    "month.relative",
    rf"(?P<r>上上|下下|上|下|这|本|当)(?:一?个)?月(?:份)?的?(?:(?P<d>{TWO})[日号]|(?P<part>{_PART}))?",
)
def _relative_month(match: re.Match[str], now: datetime, almanac: Almanac) -> Found:
    shift = _MONTHS[match["r"]]
    first, last = _month(now.year, now.month + shift)
    if match["d"]:
        day = _safe(first.year, first.month, numeral(match["d"]))
        return day_of(match, day, past=day < now.date()) if day else None
    found = _part_of_month(match, first, last, almanac, match["part"] or "")
    return replace(found, past=found.until < now.date(), vague=shift == 0 and not match["part"])


@_rule(
    "month.part",
    r"(?<![正腊冬个上下这本当0-9一二三四五六七八九十])月(?P<part>底|末|尾|初|中旬|中)(?!国|国人)|(?<![月0-9一二三四五六七八九十])(?P<ten>上旬|中旬|下旬)",
)
def _month_part(match: re.Match[str], now: datetime, almanac: Almanac) -> Found:
    found = _part_of_month(match, *_month(now.year, now.month), almanac, match["part"] or match["ten"])
    if found.until >= now.date():
        return found
    return _part_of_month(match, *_month(now.year, now.month + 1), almanac, match["part"] or match["ten"])


_MONTH_BEFORE = re.compile(rf"(?<![0-9{_C}])(?P<m>{TWO})月(?:份)?{TWO}[日号][^月0-9]*\Z")


@_rule("date.day", rf"(?<![0-9{_C}月.第年路街道巷弄村区-])(?P<d>{TWO})[号日](?![线楼院店厂码机门仓库])")
def _bareday_of(match: re.Match[str], now: datetime, _almanac: Almanac) -> Found:
    wanted = numeral(match["d"])
    if match[0].endswith("日") and not match["d"].isascii():
        return None  # 一日, 三日 as words
    named = _MONTH_BEFORE.search(match.string, max(0, match.start() - 30), match.start())
    if named and (found := _month_day_of(match, numeral(named["m"]), wanted, now)):
        return found  # 六月十五号试运行, 十二号得到位
    for ahead in range(4):
        first, _ = _month(now.year, now.month + ahead)
        day = _safe(first.year, first.month, wanted)
        if day and day >= now.date():
            return day_of(match, day, rolled=ahead > 0)
    return None


_WEEKS = {"上上": -2, "上": -1, "这": 0, "本": 0, "下": 1, "下下": 2, "下下下": 3}
_WEEK = "(?:周|星期|礼拜)"


@_rule(
    "week.day",
    rf"(?P<r>下下下|上上|下下|上|下|这|本)?(?:一?个)?{_WEEK}(?:{_WEEK})?(?P<d>[一二三四五六日天末1-7])(?!家|部曲|[年月号]|[0-9](?![0-9]?[:点时]))",
)
def _weekday(match: re.Match[str], now: datetime, _almanac: Almanac) -> Found:
    shift = _WEEKS.get(match["r"] or "", 0)
    monday = now.date() - timedelta(days=now.weekday()) + timedelta(weeks=shift)
    if match["d"] == "末":
        day, until = monday + 5 * DAY, monday + 6 * DAY
    else:
        nth = int(match["d"]) if match["d"].isascii() else "一二三四五六日天".index(match["d"]) + 1
        day = until = monday + timedelta(days=min(nth, 7) - 1)
    rolled = not match["r"] and until < now.date()
    if rolled:
        day, until = day + timedelta(weeks=1), until + timedelta(weeks=1)
    return _stretch(match, day, until, "day", past=until < now.date(), rolled=rolled)


@_rule(
    "week.whole",
    rf"(?P<r>下下|上上|上|下|这|本)(?:一?个)?{_WEEK}(?P<part>初|中|末|内|之内)?(?![一二三四五六日天1-7期])",
)
def _week(match: re.Match[str], now: datetime, _almanac: Almanac) -> Found:
    shift = _WEEKS[match["r"]]
    monday = now.date() - timedelta(days=now.weekday()) + timedelta(weeks=shift)
    first, last = monday, monday + 6 * DAY
    if match["part"] == "初":
        last = monday + DAY
    elif match["part"] == "末":
        first = monday + 5 * DAY
    elif shift == 0:
        first = now.date()
        return _stretch(match, first, monday + 4 * DAY if now.weekday() < 5 else last, "week")
    return _stretch(match, first, last, "week", past=last < now.date())


_DAYS = {
    "寻": -1, "琴": -1, "噚": -1, "听": 1, "赶明": 1,
    "大前": -3, "前": -2, "昨": -1, "今": 0, "当": 0, "本": 0, "次": 1, "明": 1, "后": 2, "大后": 3,
}  # fmt: skip
_PERIOD_HEAD = "[天日儿](?![文猫气然])|(?=早|晚|上午|中午|下午)"


@_rule(
    "day.relative",
    r"(?:(?P<south>[听寻琴噚])[日晚朝](?!常)|(?P<north>赶明)儿?个?|(?P<r>大前|前|昨|今|明|次|本|大后)(?:(?<![次本])天|日(?!常)|(?<![次本])儿个?|(?<!明)晨|(?=早|晚|上[午昼晌]|中午|下[午昼晌]))(?!报|之星)|(?P<a>后|当)(?:天(?!津|然|气)|日(?!式)))",
)
def _relativeday_of(match: re.Match[str], now: datetime, _almanac: Almanac) -> Found:
    shift = _DAYS[match["south"] or match["north"] or match["r"] or match["a"]]
    return day_of(match, now.date() + timedelta(days=shift), past=shift < 0)


@_rule("span.after", rf"(?:再?过|等)?(?P<n>{_NUM}|半|几|数)(?P<more>多|来)?(?:个)?(?P<half>半)?(?P<u>工作日|天|日|周|星期|礼拜|月|季度|年|小时|钟头|钟|刻钟|分钟|分)(?P<h2>半)?"
       r"(?:(?P<after>之?以?后|过后)|(?P<within>之?以?内|里面?)|(?P<before>之?以?前))")  # fmt: skip
def _span(match: re.Match[str], now: datetime, almanac: Almanac) -> Found:
    if match["before"] and match["before"] == "前" and match["u"] in ("月", "年") and match["n"] == "几":
        return None
    return _shifted(match, now, almanac, back=bool(match["before"]))


@_rule(
    "span.pass",
    r"(?:再)?过(?:个)?(?P<n>[一二两三四五六七八九十几]|[0-9]{1,2})(?:个)?(?P<u>工作日|天|周|星期|礼拜|月|小时|钟头|分钟)(?!去)",
)
def _passing(match: re.Match[str], now: datetime, almanac: Almanac) -> Found:
    if match["n"] == "几":
        return None  # 过几天: some time
    found = _shifted(match, now, almanac, back=False)
    if found and match["u"] == "天" and match["n"] == "两":
        return replace(found, until=found.day + 2 * DAY)
    return found


@_rule("span.these", "(?:这|近)(?:一?两|几|一二)天|这一两天")
def _these_days(match: re.Match[str], now: datetime, _almanac: Almanac) -> Found:
    return _stretch(match, now.date(), now.date() + 2 * DAY, "day", vague=True)


def _shifted(match: re.Match[str], now: datetime, almanac: Almanac, *, back: bool) -> Found:
    said = match["n"]
    groups = match.groupdict()
    number = 0.5 if said == "半" else 3.0 if said in ("几", "数") else float(numeral(said))
    number += 0.5 if groups.get("half") or groups.get("h2") else 0.0
    unit, sign = match["u"], -1 if back else 1
    if unit in _MINUTES:
        if number * _MINUTES[unit] > 60 * 24 * 60:
            return None
        at = now + timedelta(minutes=sign * number * _MINUTES[unit])
        return day_of(match, at.date(), at=at.replace(second=0, microsecond=0), grain="minute", past=back)
    day = _far(now.date(), unit, number * sign, almanac)
    return day_of(match, day, past=back) if day else None


_MINUTES = {"小时": 60, "钟头": 60, "钟": 60, "刻钟": 15, "分钟": 1, "分": 1}


def _far(today: date, unit: str, number: float, almanac: Almanac) -> date | None:
    if unit in ("月", "季度", "年"):
        months = round(number * {"月": 1, "季度": 3, "年": 12}[unit] * 2) / 2
        if abs(months) > 240:
            return None
        whole = int(months)
        first, last = _month(today.year, today.month + whole)
        day = first.replace(day=min(today.day, last.day))
        return day + timedelta(days=round((months - whole) * 30))
    if unit == "工作日":
        return _workdays(today, int(number), almanac)
    days = round(number * (7 if unit in ("周", "星期", "礼拜") else 1))
    return today + timedelta(days=days) if abs(days) <= 4000 else None


def _workdays(today: date, number: int, almanac: Almanac) -> date | None:
    day = today
    if not 0 < number <= 60:
        return None
    for _ in range(number):
        day = almanac.first_workday(day + DAY)
    return day


_QUARTERS = {"一": 1, "二": 2, "三": 3, "四": 4, "首": 1}


@_rule(
    "week.of_month",
    rf"(?:(?P<ry>{_YEAR_WORD})的?)?(?:(?<![0-9])(?P<m>{TWO})月(?:份)?|(?P<r>上|下|这|本|当)个?月)的?第(?P<n>[一二三四五1-5])(?:个)?(?:周|星期|礼拜)(?P<d>[一二三四五六日天])?(?!期)",
)
def _week_of_month(match: re.Match[str], now: datetime, _almanac: Almanac) -> Found:
    """The first week is the one with the month's first Monday."""
    nth = int(match["n"]) if match["n"].isascii() else numeral(match["n"])
    if match["m"]:
        month = numeral(match["m"])
        if not 1 <= month <= 12:
            return None
        first, last = _month(now.year + _YEARS.get(match["ry"] or "", 0), month)
        if last < now.date() and not match["ry"]:
            first, _ = _month(first.year + 1, month)
    else:
        first, _ = _month(now.year, now.month + _MONTHS[match["r"]])
    if match["d"]:
        weekday = "一二三四五六日天".index(match["d"]) % 7 if match["d"] != "天" else 6
        day = first + timedelta(days=(weekday - first.weekday()) % 7) + timedelta(weeks=nth - 1)
        return day_of(match, day, past=day < now.date())
    monday = first + timedelta(days=-first.weekday() % 7) + timedelta(weeks=nth - 1)
    return _stretch(match, monday, monday + 6 * DAY, "week", past=monday + 6 * DAY < now.date())


@_rule("half", r"(?P<r>上|下|后)(?:一?个)?半(?P<u>月|周)(?!度)")
def _half(match: re.Match[str], now: datetime, _almanac: Almanac) -> Found:
    early = match["r"] == "上"
    if match["u"] == "月":
        first, last = _month(now.year, now.month)
        day, until = (first, first.replace(day=15)) if early else (first.replace(day=16), last)
    else:
        monday = now.date() - timedelta(days=now.weekday())
        day, until = (monday, monday + 2 * DAY) if early else (monday + 3 * DAY, monday + 6 * DAY)
    return _stretch(match, day, until, "week", past=until < now.date())


@_rule(
    "quarter",
    rf"(?:(?<![0-9{_C}])(?P<y>{_YEAR})年的?|(?P<ry>{_YEAR_WORD})的?)?(?:第?(?P<q>[一二三四首1-4])个?季度?(?![0-9])|(?<![A-Za-z])Q(?P<q2>[1-4])(?![0-9A-Za-z])(?:季度)?|(?P<r>上|下|这|本)(?:一?个)?季度)(?P<part>初|中|底|末)?",
)
def _quarter(match: re.Match[str], now: datetime, almanac: Almanac) -> Found:
    current = (now.month - 1) // 3 + 1
    if match["r"]:
        nth, year = current + {"上": -1, "下": 1}.get(match["r"], 0), now.year
    else:
        said = match["q"] or match["q2"]
        nth = int(said) if said.isascii() else _QUARTERS[said]
        year = _year_of(match["y"]) if match["y"] else now.year + _YEARS.get(match["ry"] or "", 0)
        if nth < current and not match["y"] and not match["ry"]:
            year += 1
    first, _ = _month(year, nth * 3 - 2)
    _, last = _month(year, nth * 3)
    if match["part"] in ("底", "末"):
        return day_of(match, last, past=last < now.date())
    if match["part"] == "初":
        return _stretch(match, almanac.first_workday(first), first.replace(day=10), "day")
    return _stretch(match, first, last, "quarter", past=last < now.date(), vague=match["r"] in ("这", "本"))


@_rule(
    "year",
    rf"(?:(?<![0-9{_C}])(?P<y>{_YEAR}) ?年(?!产|货|轻|会|级|限|费|薪|营)|(?P<ry>{_YEAR_WORD}))(?:的)?(?P<part>初|年初|中|底|年底|末|年末|尾|年尾|上半年|下半年)?(?![0-9{_C}月第Qq季])",
)
def _year(match: re.Match[str], now: datetime, almanac: Almanac) -> Found:
    year = _year_of(match["y"]) if match["y"] else now.year + _YEARS[match["ry"]]
    return _part_of_year(match, year, match["part"] or "", now, almanac)


def _part_of_year(match: re.Match[str], year: int, part: str, now: datetime, almanac: Almanac) -> When:
    first, last = date(year, 1, 1), date(year, 12, 31)
    part = part.removeprefix("年")
    if part in ("底", "末", "尾"):
        return day_of(match, last, past=last < now.date())
    if part == "初":
        first, last = almanac.first_workday(first), date(year, 1, 31)
    elif part == "中":
        first, last = date(year, 6, 1), date(year, 7, 31)
    elif part == "上半年":
        last = date(year, 6, 30)
    elif part == "下半年":
        first = date(year, 7, 1)
    return _stretch(
        match, first, last, "year", past=last < now.date(), vague=year == now.year and part in ("", "上半年")
    )


@_rule("year.part", r"(?<![0-9一二三四五六七八九去今明后前])(?P<part>年底|年末|年尾|年初|年中|上半年|下半年)")
def _bare_part(match: re.Match[str], now: datetime, almanac: Almanac) -> Found:
    found = _part_of_year(match, now.year, match["part"], now, almanac)
    if found.past:
        found = _part_of_year(match, now.year + 1, match["part"], now, almanac)
    return replace(found, vague=False) if match["part"] != "上半年" else found


_FESTIVALS = {
    "元旦": "元旦", "春节": "春节", "过年": "春节", "大年初一": "春节", "清明": "清明", "五一": "劳动节", "劳动节": "劳动节",
    "端午": "端午", "中秋": "中秋", "国庆": "国庆", "十一": "国庆", "除夕": "除夕",
}  # fmt: skip
_FIXED = {"圣诞": (12, 25), "双十一": (11, 11), "双11": (11, 11), "三八": (3, 8), "妇女节": (3, 8), "情人节": (2, 14),
          "六一": (6, 1), "儿童节": (6, 1), "教师节": (9, 10), "七一": (7, 1), "平安夜": (12, 24)}  # fmt: skip


@_rule(
    "festival",
    rf"(?P<ry>{_YEAR_WORD})?(?:过完|过了)?(?P<f>{'|'.join(sorted([*_FESTIVALS, *_FIXED], key=len, reverse=True))})(?!月|[0-9万个点号日件路块元条人台套])(?:节)?(?:假期|长假|放假|小长假|黄金周)?(?P<edge>之?以?前|之?以?后|回来|完|结束)?",
)
def _festival(match: re.Match[str], now: datetime, almanac: Almanac) -> Found:
    named, edge = match["f"], match["edge"] or ""
    if named == "十一" and not edge and "假" not in match[0]:
        return None
    year = now.year + _YEARS.get(match["ry"] or "", 0)
    from_day = date(year, 1, 1) if match["ry"] else now.date()
    if named in _FIXED:
        day = _safe(from_day.year, *_FIXED[named])
        day = day if day is None or day >= from_day else _safe(from_day.year + 1, *_FIXED[named])
    else:
        day = almanac.festival(_FESTIVALS[named], from_day)
    if day is None:
        return None
    after = edge in ("后", "之后", "以后", "回来", "完", "结束") or match[0].startswith(("过完", "过了"))
    return _around(match, day, "after" if after else "", almanac)


def _around(match: re.Match[str], day: date, edge: str, almanac: Almanac) -> When:
    if edge == "after":
        first = almanac.after_break(day)
        return _stretch(match, first, first + timedelta(days=6 - first.weekday()), "week")
    return day_of(match, day)


_BREAKS = ("元旦", "春节", "清明", "劳动节", "端午", "中秋", "国庆")


@_rule(
    "festival.near",
    r"(?<![季春气情关调环])节(?P<edge>前|后)(?!约)|(?:过完|过了)年|(?<![0-9一二三四五六七八九十几半去今明后])年(?P<edge2>前|后)",
)
def _near_festival(match: re.Match[str], now: datetime, almanac: Almanac) -> Found:
    if match["edge2"] or match[0].startswith("过"):
        day = almanac.festival("春节", now.date())
    else:
        said = [m[0] for m in re.finditer("|".join(_FESTIVALS), match.string[: match.start()])]
        names = (_FESTIVALS[said[-1]],) if said else _BREAKS  # 国庆要办活动, 节后再约
        days = [found for name in names if (found := almanac.festival(name, now.date()))]
        day = min(days, default=None)
    if day is None:
        return None
    before = (match["edge"] or match["edge2"]) == "前"
    if before:
        return day_of(match, almanac.last_workday(day - DAY))
    return _around(match, day, "after", almanac)


@_rule(
    "lunar.first_month",
    r"(?:农历|阴历)?(?:大年初(?P<d>[一二三四五六七八九十])|(?<![月季年])初(?P<d2>[一二三四五六七八九十])(?![中级高步年期次稿版]))|元宵节?|(?P<eve>小年)(?!轻)",
)
def _new_year(match: re.Match[str], now: datetime, _almanac: Almanac) -> Found:
    if match["eve"]:
        first = lunar.next_day(1, 1, now.date() + 7 * DAY)
        return day_of(match, first - 7 * DAY) if first else None
    said = match["d"] or match["d2"]
    day = lunar.next_day(1, numeral(said) if said else 15, now.date())
    return day_of(match, day) if day else None


_LUNAR_MONTHS = {"正": 1, "冬": 11, "腊": 12}
_LUNAR_DAY = "初[一二三四五六七八九十]|[一二]?十[一二三四五六七八九]?|廿[一二三四五六七八九]?|三十|[0-9]{1,2}"


@_rule(
    "lunar.date",
    rf"(?:(?:农历|阴历|旧历)的?(?P<m>正|冬|腊|十[一二]?|[一二三四五六七八九]|1[0-2]|[1-9])|(?P<m2>冬|腊|正))月(?:份)?(?:(?P<d>{_LUNAR_DAY})|(?P<part>底|末|初))?",
)
def _lunar_date(match: re.Match[str], now: datetime, _almanac: Almanac) -> Found:
    said = match["m"] or match["m2"]
    month = _LUNAR_MONTHS.get(said) or numeral(said)
    if match["d"]:
        day = lunar.next_day(month, numeral(match["d"].removeprefix("初")), now.date())
        return day_of(match, day) if day else None
    span = lunar.next_month(month, now.date())
    if span is None:
        return None
    if match["part"] == "初":
        return _stretch(match, span[0], span[0] + 9 * DAY, "week")
    return day_of(match, span[1]) if match["part"] else _stretch(match, *span, "month")


_ENGLISH = {"today": 0, "tonight": 0, "tomorrow": 1}
_ENGLISH_DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")


@_rule(
    "english",
    r"(?<![a-z])(?:(?P<d>today|tonight|tomorrow)|(?P<next>next )?(?P<w>mon|tue|wed|thu|fri|sat|sun)[a-z]{0,6}day|next (?P<u>week|month)|(?<=by )(?P<w2>mon|tue|wed|thu|fri|sat|sun))(?![a-z])",
)
def _english(match: re.Match[str], now: datetime, _almanac: Almanac) -> Found:
    today = now.date()
    if match["d"]:
        return day_of(match, today + _ENGLISH[match["d"].lower()] * DAY)
    monday = today - timedelta(days=today.weekday())
    if match["u"]:
        if match["u"].lower() == "month":
            return _stretch(match, *_month(now.year, now.month + 1), "month")
        return _stretch(match, monday + 7 * DAY, monday + 13 * DAY, "week")
    day = monday + _ENGLISH_DAYS.index((match["w"] or match["w2"]).lower()) * DAY
    if match["next"] or day < today:
        day += 7 * DAY
    return day_of(match, day)


@_rule("day.work_end", r"(?P<r>今天|明天|后天)?下班(?:之?以?前)")
def _work_end(match: re.Match[str], now: datetime, _almanac: Almanac) -> Found:
    shift = {"明天": 1, "后天": 2}.get(match["r"] or "", 0)
    return day_of(match, now.date() + timedelta(days=shift))


def days_in(text: str, now: datetime, almanac: Almanac) -> list[When]:
    """Every day that a text names, overlapping ones too."""
    found = []
    for name, pattern, read in _RULES:
        for match in pattern.finditer(text):
            when = read(match, now, almanac)
            if when is not None:
                found.append(replace(when, rule=name))
    return found
