"""The customer's will by the words of a note: a small table of weights beside the cues.

A word, two words in a row and the cue that was found each speak for positive, neutral or negative, against a note
that says nothing of it; what they say is added up. The table is learnt by `python -m tests.evaluation.learn_will`.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from math import exp

from domain.reader.cues import Cue

INTENTS = ("positive", "neutral", "negative")
Weights = Mapping[str, Sequence[float]]
"""For each feature what it adds to each of INTENTS; `` is what all begin with."""
_MOST = 300  # characters that are weighed
_WORD = re.compile("[0-9A-Za-z.一-鿿]+")
_NUMBER = re.compile("[0-9.]+")


def features(words: Sequence[str], cue: Cue | None = None) -> list[str]:
    """What is weighed of a note: its words, each two that follow one another, and `=` with the cue's rule."""
    said = ["#" if _NUMBER.fullmatch(word) else word.lower() for word in words if _WORD.fullmatch(word)]
    pairs = [f"{one}|{two}" for one, two in zip(["^", *said], [*said, "$"], strict=True)]
    return [*sorted({*said, *pairs}), f"={cue.rule if cue else 'none'}"]


def will(text: str, cue: Cue | None, weights: Weights, cut: Callable[[str], Sequence[str]]) -> Cue | None:
    """The intent that is likeliest, with the place of the word that speaks loudest for it; the cue alone
    where there are no weights."""
    if not weights:
        return cue
    found = [each for each in features(cut(text[:_MOST]), cue) if each in weights]
    sums = [weights[""][nth] + sum(weights[each][nth] for each in found) for nth in range(len(INTENTS))]
    best = max(range(len(INTENTS)), key=lambda nth: sums[nth])
    if sums[best] <= 0:
        return None
    if cue and cue.value == INTENTS[best]:
        return cue
    loudest = max(found, key=lambda each: weights[each][best], default="")
    word = loudest.strip("^$").partition("|")[0]
    at = max(text.lower().find(word), 0)
    sure = exp(sums[best]) / (1 + sum(map(exp, sums)))
    return Cue(at, at + len(word), INTENTS[best], 2 if sure > 0.7 else 1, "intent.words")
