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
from random import Random
from typing import NamedTuple

from bot.language import tools
from domain.contact import fold
from domain.reader import who
from domain.reader.lead_text import opened_lead
from tests.evaluation import chat, made_up
from tests.evaluation.learn_will import SETS

OUT = Path(__file__).parents[2] / "bot" / "who.json"
MADE_UP, VARIED, ROUNDS, LEAST = 3000, 3, 8, 0.3
STRANGERS = tuple(f"stranger_{each}.jsonl" for each in "abcd")


class Example(NamedTuple):
    source: str
    features: list[list[str]]
    tags: list[int]


def _places(text: str, value: str) -> list[int]:
    found, at = [], text.find(value)
    while at >= 0:
        found.append(at)
        at = text.find(value, at + len(value))
    return found


def spans_of(row: chat.Row) -> list[made_up.Span]:
    """Where in its text a label's person, firm and post stand; a surname alone where one is called 姓殷."""
    text = fold(row["text"])
    given = {field: fold(row[field]) for field in who.FIELDS if row.get(field)}
    found: list[made_up.Span] = []
    name = given.get("name", "")
    if name and name not in text and (at := text.find(f"姓{name[0]}")) >= 0:
        size = 2 if text[at + 1 : at + 3] in who.lexicon.COMPOUND_LIST else 1
        found.append((at + 1, at + 1 + size, "name"))
    elif name:
        found += [(at, at + len(name), "name") for at in _places(text, name)]
    if "company" in given:
        size = len(given["company"])
        found += [(at, at + size, "company") for at in _places(text, given["company"])]
    if "title" in given:
        free = [at for at in _places(text, given["title"])
                if all(at + len(given["title"]) <= b or e <= at for b, e, f in found)]  # fmt: skip
        near = found[0][0] if found and found[0][2] == "name" else 0
        free.sort(key=lambda at: abs(at - near))
        found += [(at, at + len(given["title"]), "title") for at in free[:1]]
    return sorted(found)


def varied(text: str, spans: Sequence[made_up.Span], dice: Random) -> tuple[str, list[made_up.Span]]:
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


def example(source: str, text: str, spans: Sequence[made_up.Span]) -> Example:
    kit = tools(with_pinyin=False)
    page = opened_lead(text, kit.simplify)
    shift = len(page.text) and 0
    given = who.signs(page.plain)
    tags = []
    for sign in given:
        tag = "O"
        for start, end, field in spans:
            if start + shift <= sign.start < end + shift and "\0" not in page.plain[sign.start : sign.end]:
                tag = ("B" if sign.start == start + shift else "I") + field[0]
        tags.append(who.TAGS.index(tag))
    for nth, tag in enumerate(tags):
        name = who.TAGS[tag]
        if name[0] == "I" and (nth == 0 or who.TAGS[tags[nth - 1]][1:] != name[1]):
            tags[nth] = who.TAGS.index("B" + name[1])
    return Example(source, who.features(page.plain, kit.cut, kit.known), tags)


def examples() -> Iterator[Example]:
    dice = Random(5)
    for source in SETS:
        for row in chat.labelled(source):
            if row["kind"] != "lead":
                continue
            spans = spans_of(row)
            yield example(source, row["text"], spans)
            for _ in range(VARIED):
                yield example(source, *varied(row["text"], spans, dice))
    for _ in range(MADE_UP):
        yield example("made up", *made_up.lead(dice))


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
            said = who.best(seen, weights)
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
    lines = (f"{json.dumps(mark, ensure_ascii=False)}:{json.dumps(w, separators=(',', ':'))}" for mark, w in weights.items())
    OUT.write_text("{" + ",\n".join(lines) + "}\n", encoding="utf-8")
    print(f"{len(weights)} weights in {OUT.name}, {OUT.stat().st_size:,} bytes")


def said(text: str, weights: who.Weights) -> dict[str, str]:
    kit = tools(with_pinyin=False)
    page = opened_lead(text, kit.simplify)
    tags = who.best(who.features(page.plain, kit.cut, kit.known), weights)
    out: dict[str, str] = {}
    for start, end, field in who.spans(who.signs(page.plain), tags):
        out.setdefault(field, page.text[start:end])
    return out


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
        print(f"{field} {2 * right / (got + meant):.3f} (p {right / max(got, 1):.2f} r {right / meant:.2f})", end="  ")
    print(flush=True)


if __name__ == "__main__":
    main()
