"""Learns the weights of `domain.reader.will` from sentences of our own, and writes them to bot/will.json.

    python -m tests.evaluation.learn_will           learns from all that is labelled, and writes
    python -m tests.evaluation.learn_will --check   each set by what was learnt from all others

Softmax regression by AdaGrad with a decay of the weights; the order is shuffled by a fixed rule, so that the same
sentences give the same weights. The cue that was found is a feature only where the cues were not made on the set.
"""

import json
import sys
import warnings
from collections import Counter
from collections.abc import Iterator, Sequence
from math import exp, sqrt
from pathlib import Path
from typing import NamedTuple

from domain.reader.names import VENDORS
from domain.reader.will import INTENTS
from tests.evaluation import chat

CLASSES = ("none", *INTENTS)
OUT = Path(__file__).parents[2] / "bot" / "will.json"
SENTENCES = Path(__file__).parents[1] / "data" / "will_sentences.txt"
CUED_ON = ("examples_chat.jsonl", "more_chat.jsonl", "fresh_chat.jsonl")
SETS = (
    *CUED_ON,
    "stranger_chat.jsonl",
    "classes_chat.jsonl",
    "unseen_chat.jsonl",
    "corners_chat.jsonl",
    "plain_chat.jsonl",
    "stranger_a.jsonl",
    "stranger_b.jsonl",
    "stranger_c.jsonl",
    "stranger_d.jsonl",
)
ROUNDS, STEP, DECAY, LEAST = 15, 0.3, 0.15, 0.15


class Example(NamedTuple):
    source: str
    features: tuple[str, ...]
    label: int


def sentences() -> Iterator[chat.Row]:
    """A class a heading, a sentence a line."""
    label = ""
    for line in SENTENCES.read_text(encoding="utf-8").splitlines():
        if line.startswith("# "):
            label = line[2:]
        elif line:
            yield {"text": line, "kind": "note", "intent": None if label == "none" else label}


class _Heard(dict[str, tuple[float, float, float]]):
    """Stands where the weights do and keeps what is asked of them: the features of one note."""

    def __init__(self) -> None:
        super().__init__({"": (0.0, 0.0, 0.0)})
        self.marks: list[str] = []

    def __contains__(self, mark: object) -> bool:
        self.marks.append(str(mark))
        return False


def examples() -> list[Example]:
    """The notes as the reader weighs them: without names, numbers and dates."""
    found, names = [], chat.known_names()
    for source in (*SETS, SENTENCES.name):
        for row in sentences() if source == SENTENCES.name else chat.labelled(source):
            heard = _Heard()
            chat.read_row(row, names, heard)
            marks = heard.marks[:-1] if source in CUED_ON else heard.marks
            if heard.marks:
                found.append(Example(source, tuple(marks), CLASSES.index(row.get("intent") or "none")))
    return found


def learn(given: Sequence[Example], size: int = len(CLASSES), decay: float = DECAY) -> dict[str, list[float]]:
    """The weights of each feature for the classes but the first, relative to that: a note without any intent."""
    often = Counter(mark for each in given for mark in set(each.features))
    rivals = {rival.lower() for rival in (*VENDORS, *chat.OWN_RIVALS)}
    kept = [
        (
            ["", *(mark for mark in each.features if often[mark] > 1 and mark.strip("$|") not in rivals)],
            each.label,
        )
        for each in given
    ]
    weights: dict[str, list[float]] = {}
    spread: dict[str, list[float]] = {}
    order, seed = list(range(len(kept))), 7
    for _ in range(ROUNDS):
        for nth in range(len(order) - 1, 0, -1):
            seed = (seed * 1103515245 + 12345) & 0x7FFFFFFF
            other = seed % (nth + 1)
            order[nth], order[other] = order[other], order[nth]
        for nth in order:
            _step(*kept[nth], weights, spread, size, decay)
    shifted = {mark: [round(each - w[0], 2) for each in w[1:]] for mark, w in weights.items()}
    return {mark: w for mark, w in sorted(shifted.items()) if not mark or max(map(abs, w)) >= LEAST}


def _step(
    marks: Sequence[str],
    label: int,
    weights: dict[str, list[float]],
    spread: dict[str, list[float]],
    size: int,
    decay: float,
) -> None:
    sums = [sum(weights[mark][k] for mark in marks if mark in weights) for k in range(size)]
    raised = [exp(each - max(sums)) for each in sums]
    for k in range(size):
        wrong = raised[k] / sum(raised) - (k == label)
        for mark in marks:
            weight = weights.setdefault(mark, [0.0] * size)
            past = spread.setdefault(mark, [1e-3] * size)
            slope = wrong + (decay * weight[k] if mark else 0.0)
            past[k] += slope * slope
            weight[k] -= STEP * slope / sqrt(past[k])


def _judge(weights: dict[str, list[float]], marks: Sequence[str]) -> int:
    found = [weights[mark] for mark in ("", *marks) if mark in weights]
    sums = [0.0, *(sum(each[k] for each in found) for k in range(len(INTENTS)))]
    return max(range(len(CLASSES)), key=lambda k: sums[k])


def _macro(pairs: Sequence[tuple[int, int]]) -> float:
    each = []
    for k in range(1, len(CLASSES)):
        right = sum(got == gold == k for got, gold in pairs)
        all_ = sum(got == k for got, _ in pairs) + sum(gold == k for _, gold in pairs)
        each.append(2 * right / all_ if all_ else 1.0)
    return sum(each) / len(each)


def check(given: Sequence[Example]) -> None:
    all_pairs: list[tuple[int, int]] = []
    for source in SETS:
        weights = learn([each for each in given if each.source != source])
        told = [each for each in given if each.source == source]
        pairs = [(_judge(weights, each.features), each.label) for each in told]
        all_pairs += pairs
        print(f"{source:24} {_macro(pairs):.3f}")
    print(f"{'all of them':24} {_macro(all_pairs):.3f}")
    pairs = []
    own = [each for each in given if each.source == SENTENCES.name]
    for fold in range(4):
        held = {id(each) for each in own[fold::4]}
        weights = learn([each for each in given if id(each) not in held])
        pairs += [(_judge(weights, each.features), each.label) for each in own[fold::4]]
    print(f"{SENTENCES.name:24} {_macro(pairs):.3f}  (four folds)")


def main() -> None:
    warnings.simplefilter("ignore")
    given = examples()
    if "--check" in sys.argv:
        check(given)
        return
    weights = learn(given)
    lines = ",\n".join(
        f"{json.dumps(mark, ensure_ascii=False)}:{json.dumps(w, separators=(',', ':'))}"
        for mark, w in weights.items()
    )
    OUT.write_text(f"{{\n{lines}\n}}\n", encoding="utf-8")
    print(f"{len(given)} notes, {len(weights)} weights")


if __name__ == "__main__":
    main()
