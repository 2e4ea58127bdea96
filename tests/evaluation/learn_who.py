"""Learns the weights of `domain.reader.who` from the labelled leads and made-up ones, and writes bot/who.json.

    python -m tests.evaluation.learn_who           learns from all that is labelled, and writes
    python -m tests.evaluation.learn_who --check   each stranger's set by what was learnt from all others

An averaged perceptron over whole messages. Each labelled lead is read as it is and with other people, firms and
posts in it, so that what stands around a name is learnt and not the name.
"""

import json
import sys
import warnings
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path
from dataclasses import replace
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
MADE_UP, VARIED, ROUNDS, LEAST = 3000, 3, 8, 0.3
STRANGERS = tuple(f"stranger_{each}.jsonl" for each in "abcd")


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
    for source in SETS:
        for row in chat.labelled(source):
            if row["kind"] != "lead":
                continue
            spans = spots_of(row)
            yield example(source, row["text"], spans, ruled=False)
            for _ in range(VARIED):
                yield example(source, *varied(row["text"], spans, dice), ruled=True)
    for _ in range(MADE_UP):
        yield example("made up", *made_up.message(dice), ruled=True)


def learn(given: Sequence[Example], rounds: int = ROUNDS) -> dict[str, list[float]]:
    often = Counter(mark for each in given for seen in each.features for mark in seen)
    kept = [
        ([[mark for mark in seen if often[mark] > 2] for seen in each.features], each.tags) for each in given
    ]
    size = len(who.TAGS)
    weights: dict[str, list[float]] = {f"T{tag}": [0.0] * size for tag in who.TAGS}
    summed: dict[str, list[float]] = {f"T{tag}": [0.0] * size for tag in who.TAGS}
    dice, clock = Random(7), 1
    for _ in range(rounds):
        dice.shuffle(kept)
        for seen, gold in kept:
            clock += 1
            said = who.best(who.emissions(seen, weights), weights)
            if said == gold:
                continue
            for nth, (right, wrong) in enumerate(zip(gold, said, strict=True)):
                marks: list[str] = []
                if right != wrong:
                    marks = seen[nth]
                for mark in marks:
                    w = weights.get(mark)
                    if w is None:
                        w = weights[mark] = [0.0] * size
                        summed[mark] = [0.0] * size
                    s = summed[mark]
                    w[right] += 1
                    s[right] += clock
                    w[wrong] -= 1
                    s[wrong] -= clock
                if nth and (right != wrong or gold[nth - 1] != said[nth - 1]):
                    for before, tag, step in ((gold[nth - 1], right, 1), (said[nth - 1], wrong, -1)):
                        mark = f"T{who.TAGS[before]}"
                        weights[mark][tag] += step
                        summed[mark][tag] += step * clock
    for mark, w in weights.items():
        s = summed[mark]
        weights[mark] = [round(one - two / clock, 1) for one, two in zip(w, s, strict=True)]
    return {mark: w for mark, w in sorted(weights.items()) if mark[0] == "T" or max(map(abs, w)) >= LEAST}


def main() -> None:
    warnings.simplefilter("ignore")
    given = list(examples())
    if "--check" in sys.argv:
        for name in STRANGERS:
            check(name, learn([each for each in given if each.source != name]))
        return
    weights = learn(given)
    lines = (
        f"{json.dumps(mark, ensure_ascii=False)}:{json.dumps(w, separators=(',', ':'))}"
        for mark, w in weights.items()
    )
    OUT.write_text("{" + ",\n".join(lines) + "}\n", encoding="utf-8")
    print(f"{len(weights)} weights in {OUT.name}, {OUT.stat().st_size:,} bytes")


def said(text: str, weights: who.Weights, rules: dict[str, str | None] | None = None) -> dict[str, str]:
    kit = tools(with_pinyin=False)
    page = opened_lead(text, kit.simplify)
    if rules is None:
        read = read_lead(text, replace(kit, who={}))
        rules = {field: getattr(read, field) for field in who.FIELDS}
    found = who.read(
        page.plain, {field: fold(value or "") for field, value in rules.items()}, replace(kit, who=weights)
    )
    return {field: page.text[start:end] for field, (start, end, _) in found.items()}


def check(name: str, weights: who.Weights) -> None:
    """The tagger alone, without the rules."""
    leads = [row for row in chat.labelled(name) if row["kind"] == "lead"]
    print(name, len(weights), end=" ")
    for field in who.FIELDS:
        right = got = meant = 0
        for row in leads:
            value = said(row["text"], weights).get(field)
            right += value is not None and value == row.get(field)
            got += value is not None
            meant += bool(row.get(field))
        print(
            f"{field} {2 * right / (got + meant):.3f} (p {right / max(got, 1):.2f} r {right / meant:.2f})",
            end="  ",
        )
    print(flush=True)


if __name__ == "__main__":
    main()
