"""Learns the weights of `domain.reader.who` from the labelled leads and made-up ones, and writes bot/who.json.

    python -m tests.evaluation.learn_who           learns from all that is labelled, and writes
    python -m tests.evaluation.learn_who --check   each stranger's set by what was learnt from all others, no rule heard

An averaged perceptron over whole messages. Each labelled lead is read as it is and with other people, firms and
posts in it, so that what stands around a name is learnt and not the name.
"""

import json
import sys
import warnings
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from random import Random
from typing import NamedTuple

from bot.language import tools
from domain.contact import fold
from domain.reader import who
from domain.reader.context import plain
from domain.reader.lead_text import opened_lead, read_lead
from tests.evaluation import chat, made_up
from tests.evaluation.learn_will import SETS

OUT = Path(__file__).parents[2] / "bot" / "who.json"
MADE_UP, VARIED, ROUNDS, LEAST = 3500, 3, 8, 3
STRANGERS = tuple(f"stranger_{each}.jsonl" for each in "abcdef")
ALL = (*SETS, *STRANGERS[4:])


class Example(NamedTuple):
    source: str
    features: list[list[str]]
    tags: list[int]


def spots_of(row: chat.Row) -> list[who.Spot]:
    table = tools(with_pinyin=False).simplify
    values = {field: plain(row.get(field) or "", table) for field in who.FIELDS}
    return who.spots(plain(row["text"], table), values)


def varied(text: str, spans: Sequence[who.Spot], dice: Random) -> tuple[str, list[who.Spot]]:
    """The same message of somebody else."""
    others: dict[tuple[str, str], str] = {}
    out, moved, at = "", [], 0
    for start, end, field in spans:
        if start < at:
            continue
        value = text[start:end]
        if (field, value) not in others:
            others[field, value] = made_up.like(field, value, dice) if dice.random() < 0.85 else value
        out += text[at:start]
        moved.append((len(out), len(out) + len(others[field, value]), field))
        out += others[field, value]
        at = end
    return out + text[at:], moved


def example(source: str, text: str, spans: Sequence[who.Spot], *, ruled: bool) -> Example:
    kit = tools(with_pinyin=False)
    page = opened_lead(text, kit.simplify)
    said = None
    if ruled:
        read = read_lead(text, replace(kit, who={}))
        values = {field: fold(getattr(read, field) or "") for field in who.FIELDS}
        said = who.spots(page.plain, values)
    given = who.features(page.plain, kit, said)
    return Example(source, given, who.tags_of(who.signs(page.plain), spans))


def examples() -> Iterator[Example]:
    dice = Random(5)
    for source in ALL:
        for row in chat.labelled(source):
            if row["kind"] != "lead":
                continue
            spans = spots_of(row)
            yield example(source, row["text"], spans, ruled=False)
            for _ in range(VARIED):
                yield example(source, *varied(row["text"], spans, dice), ruled=True)
    for _ in range(MADE_UP):
        yield example("made up", *made_up.message(dice), ruled=True)


class _Learner:
    """The weights while they are learnt, with what makes the mean of all their states."""

    def __init__(self) -> None:
        self.now: dict[str, list[float]] = {f"T{tag}": [0.0] * len(who.TAGS) for tag in who.TAGS}
        self.past = {mark: list(w) for mark, w in self.now.items()}
        self.clock = 1

    def see(self, seen: Sequence[Sequence[str]], gold: Sequence[int]) -> None:
        self.clock += 1
        said = who.best(who.emissions(seen, self.now), self.now)
        for nth, (right, wrong) in enumerate(zip(gold, said, strict=True)):
            if right != wrong:
                for mark in seen[nth]:
                    self._move(mark, right, 1)
                    self._move(mark, wrong, -1)
            if nth and (gold[nth - 1], right) != (said[nth - 1], wrong):
                self._move(f"T{who.TAGS[gold[nth - 1]]}", right, 1)
                self._move(f"T{who.TAGS[said[nth - 1]]}", wrong, -1)

    def _move(self, mark: str, tag: int, step: int) -> None:
        size = len(who.TAGS)
        self.now.setdefault(mark, [0.0] * size)[tag] += step
        self.past.setdefault(mark, [0.0] * size)[tag] += step * self.clock

    def mean(self) -> dict[str, list[int]]:
        """In halves; what weighs little is left out."""
        means = {
            mark: [round(2 * (one - two / self.clock)) for one, two in zip(w, self.past[mark], strict=True)]
            for mark, w in self.now.items()
        }
        return {mark: w for mark, w in sorted(means.items()) if mark[0] == "T" or max(map(abs, w)) >= LEAST}


def learn(given: Sequence[Example]) -> dict[str, list[int]]:
    often = Counter(mark for each in given for seen in each.features for mark in seen)
    kept = [
        ([[mark for mark in seen if often[mark] > 2] for seen in each.features], each.tags) for each in given
    ]
    learner, dice = _Learner(), Random(7)
    for _ in range(ROUNDS):
        dice.shuffle(kept)
        for seen, gold in kept:
            learner.see(seen, gold)
    return learner.mean()


def alone(text: str, weights: who.Weights) -> dict[str, str]:
    """What the signs say where no rule was heard."""
    kit = tools(with_pinyin=False)
    page = opened_lead(text, kit.simplify)
    own = who.emissions(who.features(page.plain, kit), weights)
    found = who.chosen(who.signs(page.plain), own, who.best(own, weights))
    return {field: page.text[start:end] for field, (start, end, _) in found.items()}


def check(name: str, weights: who.Weights) -> None:
    rows = [(row, alone(row["text"], weights)) for row in chat.labelled(name) if row["kind"] == "lead"]
    for field in who.FIELDS:
        right = sum(field in got and got[field] == row.get(field) for row, got in rows)
        named = sum(field in got for _, got in rows) + sum(bool(row.get(field)) for row, _ in rows)
        print(f"{name} {field:8} {2 * right / named:.3f}", flush=True)


def main() -> None:
    warnings.simplefilter("ignore")
    given = list(examples())
    if "--check" in sys.argv:
        for name in STRANGERS:
            check(name, learn([each for each in given if each.source != name]))
        return
    weights = learn(given)
    lines = ",\n".join(
        f"{json.dumps(mark, ensure_ascii=False)}:{json.dumps(w, separators=(',', ':'))}"
        for mark, w in weights.items()
    )
    OUT.write_text(f"{{\n{lines}\n}}\n", encoding="utf-8")
    print(f"{len(given)} messages, {len(weights)} weights, {OUT.stat().st_size:,} bytes")


if __name__ == "__main__":
    main()
