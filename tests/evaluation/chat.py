"""The labelled messages: what is counted for each field, and the floors that the build holds.

Conventions of a label stand in docs/reading.md. A date is right when it lies in [next_at, next_until] or is one of
next_alt; an amount when both ends are; a competitor list is compared as a set; a text field as a whole.
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from bot.language import tools
from domain.reader.context import Context, Names
from domain.reader.names import VENDORS, NameIndex
from domain.reader.understand import Reading, understand
from domain.reader.will import Weights
from tests.evaluation.public import almanac, rows

REF = "2026-03-11T10:00:00+08:00"
OWN_RIVALS = ("鼎科", "云岚软件", "锐衡", "康影")
"""The competitors of the made-up firm whose people write: a tenant's own list, beside the vendors that all know."""
INTENTS = ("positive", "neutral", "negative")
Row = dict[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Score:
    """`value` of `target`; `of` = how many labels it was counted over."""

    field: str
    value: float
    of: int
    target: float
    most: bool = False

    @property
    def good(self) -> bool:
        return self.value <= self.target if self.most else self.value >= self.target


def known_names() -> NameIndex:
    return NameIndex((rival, "competitor") for rival in (*VENDORS, *OWN_RIVALS))


def labelled(name: str) -> list[Row]:
    return rows(name)


def read_row(row: Row, names: NameIndex | None = None, weights: Weights | None = None) -> Reading:
    """A message as it is read; with `weights` of the will that are not the ones that ship."""
    index = names or known_names()
    now = datetime.fromisoformat(row.get("ref") or REF)
    language = tools(with_pinyin=False)
    context = Context(
        now=now, almanac=almanac(now.year), names=Names(find=index.find),
        tools=language if weights is None else replace(language, will=weights),
    )  # fmt: skip
    return understand(row["text"], context)


def next_of(reading: Reading) -> str | None:
    step = reading.next
    if step is None:
        return None
    return step.at.isoformat() if step.at else step.day.isoformat()


def next_right(row: Row, said: str | None) -> bool:
    gold = row.get("next_at")
    if gold is None or said is None:
        return gold == said
    if said in row.get("next_alt", ()):
        return True
    if "T" in gold:
        return bool(said == gold)
    return bool(gold <= said[:10] <= (row.get("next_until") or gold))


def _f1(pairs: Iterable[tuple[set[str], set[str]]]) -> tuple[float, int]:
    right = said = meant = 0
    for got, gold in pairs:
        right, said, meant = right + len(got & gold), said + len(got), meant + len(gold)
    return (2 * right / (said + meant) if said + meant else 1.0), meant


def _one(value: object) -> set[str]:
    return {str(value)} if value else set()


def scores(rows_: Sequence[Row]) -> list[Score]:
    """Every field of the targets, over these messages."""
    read = [(row, read_row(row)) for row in rows_]
    leads = [(row, got) for row, got in read if row["kind"] == "lead"]
    told = [(row, got) for row, got in read if row["kind"] != "lead"]
    found = [_share("kind", [got.kind.value == row["kind"] for row, got in read], 0.97)]
    dated = [next_right(row, next_of(got)) for row, got in read if row.get("next_at")]
    undated = [next_of(got) is not None for row, got in read if not row.get("next_at")]
    found += [_share("next_at", dated, 0.92), _share("next_at false alarms", undated, 0.05, most=True)]
    priced = [_amount(row) == (got.amount_min, got.amount_max) for row, got in read if any(_amount(row))]
    free = [(got.amount_min, got.amount_max) != (None, None) for row, got in read if not any(_amount(row))]
    found += [_share("amount", priced, 0.93), _share("amount false alarms", free, 0.02, most=True)]
    found += [
        _score("phones F1", [(set(got.phones), set(row.get("phones", ()))) for row, got in read], 0.99),
        _score("emails F1", [(set(got.emails), set(row.get("emails", ()))) for row, got in read], 0.99),
        _score("wechat F1", [(_one(got.wechat), _one(row.get("wechat"))) for row, got in read], 0.0),
    ]
    for name, target in (("name", 0.95), ("company", 0.88), ("title", 0.92)):
        pairs = [(_one(getattr(got, name)), _one(row.get(name))) for row, got in leads]
        found.append(_score(f"lead {name} F1", pairs, target))
    for name in ("name", "company"):
        pairs = [(_one(getattr(got, name)), _one(row.get(name))) for row, got in told]
        found.append(_score(f"note {name} F1", pairs, 0.0))
    found.append(_share("region", [got.region == row.get("region") for row, got in leads], 0.0))
    found.append(_share("activity", [got.activity == row.get("activity") for row, got in told], 0.90))
    found.append(_intent(told))
    pairs = [
        (set(got.competitors), set((row.get("competitor") or "").split(";")) - {""}) for row, got in read
    ]
    found.append(_score("competitor F1", pairs, 0.90))
    places = [got.location == row.get("location") for row, got in told if row["kind"] == "visit"]
    found.append(_share("visit location", places, 0.0))
    return found


def _amount(row: Row) -> tuple[int | None, int | None]:
    return row.get("amount_min"), row.get("amount_max")


def _share(name: str, hits: Sequence[bool], target: float, *, most: bool = False) -> Score:
    value = sum(hits) / len(hits) if hits else (0.0 if most else 1.0)
    return Score(field=name, value=value, of=len(hits), target=target, most=most)


def _score(name: str, pairs: Iterable[tuple[set[str], set[str]]], target: float) -> Score:
    value, meant = _f1(pairs)
    return Score(field=name, value=value, of=meant, target=target)


def _intent(told: Sequence[tuple[Row, Reading]]) -> Score:
    """The mean F1 of the three intents; that none is said counts against them where it is wrong."""
    counts: dict[str, list[int]] = defaultdict(lambda: [0, 0, 0])
    for row, got in told:
        for name in INTENTS:
            counts[name][0] += got.intent == name == row.get("intent")
            counts[name][1] += got.intent == name
            counts[name][2] += row.get("intent") == name
    each = [2 * right / (said + meant) if said + meant else 1.0 for right, said, meant in counts.values()]
    return Score(field="intent macro-F1", value=sum(each) / len(each), of=len(told), target=0.80)


def mistakes(rows_: Sequence[Row]) -> list[str]:
    """What was read wrong, one line a field: for whoever betters the rules on the development set."""
    found = []
    for row in rows_:
        got = read_row(row)
        said = {
            "kind": got.kind.value, "name": got.name, "company": got.company, "title": got.title,
            "phones": list(got.phones), "emails": list(got.emails), "wechat": got.wechat, "region": got.region,
            "amount": (got.amount_min, got.amount_max), "activity": got.activity, "intent": got.intent,
            "competitor": ";".join(got.competitors) or None, "location": got.location,
        }  # fmt: skip
        gold = {name: row.get(name, [] if name in ("phones", "emails") else None) for name in said}
        gold["amount"] = _amount(row)
        wrong = [f"{name}: {said[name]} (label {gold[name]})" for name in said if said[name] != gold[name]]
        if not next_right(row, next_of(got)):
            wrong.append(f"next_at: {next_of(got)} (label {row.get('next_at')})")
        found += [f"{row['id']} {row['text']!r}: {each}" for each in wrong]
    return found
