"""The public sets: Microsoft's Recognizers-Text and JioNLP's own tests. See tests/data/README.md.

They disagree by design (whether 上午 begins at 7 or 8, whether 29日 looks back), so the day is compared, and the minute
only where a clock time was said. What is counted is whether our first time starts where the label starts.
"""

import json
from collections.abc import Iterator
from datetime import date, datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from bot.language import almanac_of, simplified
from domain.reader.context import Almanac, plain
from domain.reader.dates import When, find_dates
from domain.reader.money import find_amounts

DATA = Path(__file__).parent.parent / "data"
ZONE = ZoneInfo("Asia/Shanghai")
_ALMANACS: dict[int, Almanac] = {}


def rows(name: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in (DATA / name).read_text("utf-8").splitlines() if line.strip()]


def almanac(year: int) -> Almanac:
    if year not in _ALMANACS:
        _ALMANACS[year] = almanac_of(range(year - 1, year + 3))
    return _ALMANACS[year]


def first_time(text: str, ref: str) -> When | None:
    now = datetime.fromisoformat(ref).replace(tzinfo=ZONE)
    found = find_dates(plain(text, simplified()), now, almanac(now.year))
    return found[0] if found else None


def _same(when: When | None, gold: str) -> bool:
    if when is None:
        return False
    said = datetime.fromisoformat(gold)
    day: date = when.at.date() if when.at else when.day
    if said.date() != day:
        return False
    return when.at is None or (when.at.hour, when.at.minute) == (said.hour, said.minute)


def microsoft_dates() -> Iterator[tuple[str, bool]]:
    """(text, right) of the rows that name a day or a stretch of days."""
    for row in rows("ms_datetime_zh.jsonl"):
        results = [each for each in row["results"] if each["type"] in ("date", "daterange", "datetime")]
        if not results:
            continue
        golds = [value.get("value") or value.get("start") for value in results[0]["values"]]
        golds = [gold for gold in golds if gold and gold != "not resolved"]
        if golds:
            when = first_time(row["text"], row["ref"])
            yield row["text"], any(_same(when, gold) for gold in golds)


def jionlp_dates() -> Iterator[tuple[str, bool]]:
    """(text, right) of the rows that name a point or a stretch after a known reference time."""
    for row in rows("jionlp_time.jsonl"):
        if row["type"] not in ("time_point", "time_span") or row["ref"] is None:
            continue
        gold = row["time"][0] if isinstance(row["time"], list) else None
        if gold and "inf" not in gold:
            yield row["text"], _same(first_time(row["text"], row["ref"]), gold)


def microsoft_money() -> Iterator[tuple[str, bool]]:
    for row in rows("ms_currency_zh.jsonl"):
        golds = [
            float(each["value"])
            for each in row["results"]
            if each.get("isoCurrency") == "CNY" and each["value"]
        ]
        if golds:
            found = {each.least for each in find_amounts(plain(row["text"], {}))}
            yield row["text"], round(golds[0]) in found


def jionlp_money() -> Iterator[tuple[str, bool]]:
    for row in rows("jionlp_money.jsonl"):
        gold = row["gold"]
        if not isinstance(gold, dict) or gold.get("case") not in ("元", "人民币", None):
            continue
        number = gold["num"]
        least, most = number if isinstance(number, list) else (number, number)
        found = find_amounts(plain(row["text"], {}))
        yield (
            row["text"],
            bool(found)
            and (found[0].least, found[0].most)
            == (
                round(float(least)),
                round(float(most)),
            ),
        )
