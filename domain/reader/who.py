"""Who is the person, the firm and the post in a lead, by what stands around them: a tagger beside the rules.

Each sign of a lead (a word of another script or a number is one) is given a tag: no part of a name (O), or the
first (B) or a further one (I) of the person, the firm or the post. What is seen of a sign and its neighbours
speaks for each tag, and so does the tag in front; the tags that together are likeliest are taken. The table is
learnt by `python -m tests.evaluation.learn_who`.
"""

import math
import re
from bisect import bisect_left
from collections.abc import Mapping, Sequence
from typing import NamedTuple

from domain.reader import lexicon
from domain.reader.context import Tools
from domain.reader.places import PLACE

FIELDS = ("name", "company", "title")
TAGS = ("O", "Bn", "In", "Bc", "Ic", "Bt", "It")
_MAY_FOLLOW = tuple(
    tuple(nth for nth, before in enumerate(TAGS) if tag[0] != "I" or before[1:] == tag[1:]) for tag in TAGS
)
"""An inner part stands only behind a part of the same."""
Weights = Mapping[str, Sequence[float]]
MOST = 300  # characters that are tagged

_SIGN = re.compile(
    r"(?P<read>\0+)|(?P<line>\s*\n\s*)|(?P<space>[ \t]+)|(?P<number>[0-9.,]*[0-9])|[A-Za-z]+|.", re.DOTALL
)
_MARKS = {"read": "@", "line": "\n", "space": " ", "number": "#"}
_CLASSES = (
    ("p", PLACE),
    ("f", re.compile(f"{lexicon.FIRM_END}|{lexicon.BRANCH_WORDS}")),
    ("t", re.compile(lexicon.POST_TAIL)),
    ("d", lexicon.DEPARTMENT),
    ("c", re.compile(lexicon.COMPOUND)),
    ("r", re.compile(lexicon.TITLE_OF_RESPECT)),
)
_SURNAMES = frozenset(lexicon.SINGLE)
_RARE = frozenset(lexicon.RARE)


Spot = tuple[int, int, str]
"""(start, end, field) of a stretch of the text."""


class Sign(NamedTuple):
    start: int
    end: int
    word: str


def read(text: str, rules: Mapping[str, str], tools: Tools) -> dict[str, Spot]:
    """Where the person, the firm and the post stand that a text in which NUL marks what is read speaks of;
    `rules` = what the rules say."""
    own = emissions(features(text, tools, spots(text, rules)), tools.who)
    return chosen(signs(text), own, best(own, tools.who))


def signs(text: str) -> list[Sign]:
    found = []
    for match in _SIGN.finditer(text[:MOST]):
        word = _MARKS.get(match.lastgroup or "", match[0])
        if word.isascii() and word.isalpha():
            word = "Aa" if word[0].isupper() and word[1:].islower() else "AA" if word.isupper() else "aa"
        found.append(Sign(match.start(), match.end(), word))
    return found


def _classes(text: str) -> list[str]:
    """For each character the kinds of words it is part of, with the place in them."""
    marks = ["" for _ in text]
    for name, pattern in _CLASSES:
        for match in pattern.finditer(text):
            start, end = match.span()
            for at in range(start, end):
                marks[at] += name + (
                    "s" if end - start == 1 else "b" if at == start else "e" if at == end - 1 else "i"
                )
    for at, char in enumerate(text):
        if char in _SURNAMES:
            marks[at] += "S"
        elif char in _RARE:
            marks[at] += "R"
    return marks


def _words(text: str, tools: Tools) -> list[tuple[str, str]]:
    """For each character its word, and where in it it stands: everyday words in small letters."""
    found: list[tuple[str, str]] = []
    for word in tools.cut(text):
        size = len(word)
        marks = "s" if size == 1 else "b" + "m" * (size - 2) + "e"
        if size > 1 and not tools.known(word):
            marks = marks.upper()
        found += [(word, mark) for mark in marks]
    return found


_STOPS = frozenset(",;。、:!?|/@\n ()\"'“”‘’-")


def spots(text: str, values: Mapping[str, str]) -> list[Spot]:
    """Where in a text a person, a firm and a post stand; a surname alone where one is called 姓殷."""
    found: list[Spot] = []
    for field in FIELDS:
        value = values.get(field) or ""
        places = _places(text, value)
        if field == "name" and not places and value and (at := text.find(f"姓{value[0]}")) >= 0:
            value = value[:2] if value[:2] in lexicon.COMPOUND_LIST else value[0]
            places = [at + 1]
        if field == "title":
            near = next((start for start, _, what in found if what == "name"), 0)
            free = [
                at for at in places if all(at + len(value) <= start or end <= at for start, end, _ in found)
            ]
            places = sorted(free, key=lambda at: abs(at - near))[:1]
        found += [(at, at + len(value), field) for at in places]
    return sorted(found)


def _places(text: str, value: str) -> list[int]:
    found, at = [], text.find(value) if value else -1
    while at >= 0:
        found.append(at)
        at = text.find(value, at + len(value))
    return found


def tags_of(given: Sequence[Sign], found: Sequence[Spot]) -> list[int]:
    """The tags of signs of which these stretches are known."""
    tags = [0] * len(given)
    starts = [sign.start for sign in given]
    over: list[list[tuple[int, str]]] = [[] for _ in given]
    for start, end, field in found:
        for each in over[bisect_left(starts, start) : bisect_left(starts, end)]:
            each.append((start, field))
    for nth, sign in enumerate(given):
        for start, field in over[nth]:
            if sign.word != "@":
                inner = sign.start > start and nth > 0 and TAGS[tags[nth - 1]][1:] == field[0]
                tags[nth] = TAGS.index(("I" if inner else "B") + field[0])
    return tags


def features(text: str, tools: Tools, said: Sequence[Spot] | None = None) -> list[list[str]]:
    """What is seen of each sign; `said` = what the rules say, where they were asked."""
    text = text[:MOST]
    given = signs(text)
    rules = None if said is None else [TAGS[tag] for tag in tags_of(given, said)]
    lacks = "" if said is None else "".join(sorted({field[0] for _, _, field in said}))
    kinds, words = _classes(text), _words(text, tools)
    w = ["<", "<", "<", *(sign.word for sign in given), ">", ">", ">"]
    c = ["<", "<", *(kinds[sign.start] for sign in given), ">", ">"]
    since, clause, stop = 0, 0, "<"
    found = []
    for nth, sign in enumerate(given):
        at, ct = nth + 3, nth + 2
        word, place = words[sign.start]
        before = words[sign.start - 1][0] if sign.start else "<"
        after = words[sign.end][0] if sign.end < len(words) else ">"
        ahead = _ahead(kinds, text, sign.start)
        a, b, o, x, y = w[at - 2], w[at - 1], w[at], w[at + 1], w[at + 2]
        k = c[ct]
        found.append([
            "0" + o, "1" + b, "2" + x, "3" + a, "4" + y, "5" + b + o, "6" + o + x, "7" + a + b, "8" + x + y,
            "9" + w[at - 3] + a + b, "a" + b + x, "b" + k, "c" + c[ct - 1], "d" + c[ct + 1], f"e{c[ct - 1]},{k}",
            f"f{k},{c[ct + 1]}", f"g{c[ct - 1]},{k},{c[ct + 1]}", f"h{k},{c[ct + 1]},{c[ct + 2]}", f"i{c[ct-2]},{c[ct-1]},{k}",
            "j" + place, f"k{place},{k}", f"l{before}", f"m{after}", f"n{word}{place}", f"o{b},{place}", f"p{min(since, 5)}{stop}",
            f"q{min(since, 5)},{ahead}", f"r{k},{ahead}", f"s{min(clause, 6)}", f"t{b},{k}", f"u{x},{k}", f"v{b},{ahead}",
        ])  # fmt: skip
        if rules is not None:
            own, before, after = (
                rules[nth],
                rules[nth - 1] if nth else "O",
                rules[nth + 1] if nth + 1 < len(rules) else "O",
            )
            found[-1] += [
                f"A{own}", f"B{own},{k}", f"C{own},{place}", f"D{before},{own}", f"E{own},{after}", f"F{own},{o}",
                f"G{own},{lacks}", f"H{own},{b}", f"I{own},{x}",
            ]  # fmt: skip
        if sign.word in _STOPS:
            since, stop, clause = 0, sign.word, clause + 1
        else:
            since += 1
    return found


def _ahead(kinds: Sequence[str], text: str, at: int) -> str:
    """How far the next end of a firm's name and the next post are within the clause."""
    firm = post = "-"
    for to in range(at, min(len(text), at + 16)):
        if text[to] in _STOPS or text[to] == "\0":
            break
        if firm == "-" and ("fe" in kinds[to] or "fs" in kinds[to]):
            firm = "0123455666677777"[to - at]
        if post == "-" and "tb" in kinds[to]:
            post = "0123455666677777"[to - at]
    return firm + post


def emissions(seen: Sequence[Sequence[str]], weights: Weights) -> list[list[float]]:
    """What is seen of each sign, added up for each tag."""
    return [
        [sum(each) for each in zip(_NOTHING, *filter(None, map(weights.get, marks)), strict=True)]
        for marks in seen
    ]


def best(own: Sequence[Sequence[float]], weights: Weights) -> list[int]:
    """The tags that together are likeliest."""
    if not own:
        return []
    steps = [weights.get(f"T{tag}", _NOTHING) for tag in TAGS]
    into = [[(prev, steps[prev][tag]) for prev in _MAY_FOLLOW[tag]] for tag in range(len(TAGS))]
    score = [more if tag[0] != "I" else _NEVER for tag, more in zip(TAGS, own[0], strict=True)]
    back: list[list[int]] = []
    for given in own[1:]:
        came, new = [], []
        for may, more in zip(into, given, strict=True):
            top, last = -math.inf, 0
            for prev, step in may:
                if score[prev] + step > top:
                    top, last = score[prev] + step, prev
            new.append(top + more)
            came.append(last)
        score = new
        back.append(came)
    tag = max(range(len(TAGS)), key=lambda each: score[each])
    tags = [tag]
    for came in reversed(back):
        tag = came[tag]
        tags.append(tag)
    return tags[::-1]


_NOTHING = (0.0,) * len(TAGS)
_NEVER = -1e9


def chosen(given: Sequence[Sign], own: Sequence[Sequence[float]], tags: Sequence[int]) -> dict[str, Spot]:
    """Of each field the stretch that is likeliest."""
    found: dict[str, tuple[float, Spot]] = {}
    for spot in spans(given, tags):
        within = [nth for nth, sign in enumerate(given) if spot[0] <= sign.start < spot[1]]
        worth = sum(own[nth][tags[nth]] - own[nth][0] for nth in within) / len(within)
        if spot[2] not in found or worth > found[spot[2]][0]:
            found[spot[2]] = worth, spot
    return {field: spot for field, (_, spot) in found.items()}


def spans(given: Sequence[Sign], tags: Sequence[int]) -> list[tuple[int, int, str]]:
    """The (start, end, field) of what is tagged as a part of something."""
    found: list[tuple[int, int, str]] = []
    for sign, nth in zip(given, tags, strict=True):
        tag = TAGS[nth]
        if tag[0] == "B":
            found.append((sign.start, sign.end, _FIELD_OF[tag[1]]))
        elif tag[0] == "I":
            found[-1] = (found[-1][0], sign.end, found[-1][2])
    return found


_FIELD_OF = {"n": "name", "c": "company", "t": "title"}
