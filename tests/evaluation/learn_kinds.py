"""Learns the weights of `domain.reader.kinds` from what is labelled and from made-up messages: bot/kinds.json.

python -m tests.evaluation.learn_kinds           learns from all that is labelled, and writes
python -m tests.evaluation.learn_kinds --check   each set by what was learnt from all others
"""

import json
import sys
import warnings
from pathlib import Path
from random import Random

from bot.language import tools
from domain.reader.context import opened
from domain.reader.kinds import KINDS, features
from tests.evaluation import chat, made_up
from tests.evaluation.learn_will import SENTENCES, SETS, Example, learn, sentences

OUT = Path(__file__).parents[2] / "bot" / "kinds.json"
ALL = (*SETS, "stranger_e.jsonl", "stranger_f.jsonl")
AGAINST = frozenset("e106 e111 e118 f013 f016 f045 f059 f063 f071 f088 f140 f147 f149".split())
"""Visits that are told of, which by the conventions are notes."""
EVERY, MADE_UP, DECAY = 4, 220, 0.002


def _example(source: str, text: str, kind: str) -> Example:
    _, plain = opened(text, tools(with_pinyin=False))
    return Example(source, tuple(features(plain)), [each.value for each in KINDS].index(kind))


def examples() -> list[Example]:
    """The labelled messages, some of the sentences, which are notes, and made-up messages of each kind."""
    found = [
        _example(source, row["text"], row["kind"])
        for source in ALL
        for row in chat.labelled(source)
        if row["id"] not in AGAINST
    ]
    found += [_example(SENTENCES.name, row["text"], "note") for row in list(sentences())[::EVERY]]
    dice = Random(3)
    for kind in KINDS:
        found += [_example("made up", made_up.message(dice, kind)[0], kind) for _ in range(MADE_UP)]
    return found


def check(given: list[Example]) -> None:
    for source in ALL:
        weights = learn([each for each in given if each.source != source], len(KINDS), DECAY)
        told = [each for each in given if each.source == source]
        right = sum(_judge(weights, each.features) == each.label for each in told)
        print(f"{source:24} {right / len(told):.3f}", flush=True)


def _judge(weights: dict[str, list[float]], marks: tuple[str, ...]) -> int:
    found = [weights[mark] for mark in ("", *marks) if mark in weights]
    sums = [0.0, *(sum(each) for each in zip(*found, strict=True))]
    return max(range(len(KINDS)), key=lambda nth: sums[nth])


def main() -> None:
    warnings.simplefilter("ignore")
    given = examples()
    if "--check" in sys.argv:
        check(given)
        return
    weights = learn(given, len(KINDS), DECAY)
    lines = ",\n".join(
        f"{json.dumps(mark, ensure_ascii=False)}:{json.dumps(w, separators=(',', ':'))}"
        for mark, w in weights.items()
    )
    OUT.write_text(f"{{\n{lines}\n}}\n", encoding="utf-8")
    print(f"{len(given)} messages, {len(weights)} weights, {OUT.stat().st_size:,} bytes")


if __name__ == "__main__":
    main()
