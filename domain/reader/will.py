"""The customer's will by the signs of a note: a table of weights beside the cues.

A sign, two signs in a row, those of the last clause and the cue that was found each speak for positive, neutral or
negative, against a note that says nothing of it; what they say is added up. The table is learnt by
`python -m tests.evaluation.learn_will`.
"""

import re
from collections.abc import Mapping, Sequence
from math import exp

from domain.reader.cues import Cue

INTENTS = ("positive", "neutral", "negative")
WEIGHED = "intent.words"
"""The rule of a will that no cue told, only the weight of words."""
Weights = Mapping[str, Sequence[float]]
"""For each feature what it adds to each of INTENTS; `` is what all begin with."""
_MOST = 300  # characters that are weighed
_SIGN = re.compile(
    r"(?P<date>\0+)|(?P<name>〇+)|(?P<number>[0-9.]+)|[a-z]+|[一-鿿]|(?P<stop>[^一-鿿〇0-9a-z\0]+)"
)
_MARKS = {"date": "@", "name": "N", "number": "#", "stop": "|"}
_STOP = re.compile(r"[,;。!?\s\0]+")


def _signs(text: str) -> list[str]:
    """The signs of a folded text, words of other scripts whole: @ is a time, N a name, # a number, | a stop."""
    found = (_MARKS.get(match.lastgroup or "", match[0]) for match in _SIGN.finditer(text))
    return ["|", *found, "|"]


def _runs(signs: Sequence[str], sizes: Sequence[int]) -> set[str]:
    """The runs of so many signs within a clause; a stop may only begin or end one."""
    return {
        "".join(run) if all(len(each) == 1 for each in run) else " ".join(run)
        for size in sizes
        for run in zip(*(signs[at:] for at in range(size)), strict=False)
        if "|" not in run[1:-1] and run != ("|",)
    }


def features(text: str, cue: Cue | None = None) -> list[str]:
    """What is weighed of a note: its signs and pairs, `$` with those of the last clause, `=` with the cue's rule."""
    low = text.lower()
    clauses = [clause for clause in _STOP.split(low) if len(clause) > 1]
    last = _runs(_signs(clauses[-1]), (2, 3)) if len(clauses) > 1 else set()
    return [
        *sorted(_runs(_signs(low), (1, 2)) | {f"${run}" for run in last}),
        f"={cue.rule if cue else 'none'}",
    ]


def will(text: str, cue: Cue | None, weights: Weights) -> Cue | None:
    """The intent that is likeliest, with the place of what speaks loudest for it; the cue alone
    where there are no weights, and where it names who was chosen instead."""
    if not weights or (cue and cue.rule == "intent.rival"):
        return cue
    found = [each for each in features(text[:_MOST], cue) if each in weights]
    sums = [weights[""][nth] + sum(weights[each][nth] for each in found) for nth in range(len(INTENTS))]
    best = max(range(len(INTENTS)), key=lambda nth: sums[nth])
    if sums[best] <= 0:
        return None
    if cue and cue.value == INTENTS[best]:
        return cue
    loudest = max(found, key=lambda each: weights[each][best], default="").strip("$|@N#")
    at = max(text.lower().find(loudest), 0)
    sure = exp(sums[best]) / (1 + sum(map(exp, sums)))
    return Cue(at, at + len(loudest), INTENTS[best], 2 if sure > 0.7 else 1, WEIGHED)
