"""Makes bad inputs of good ones: flips, cuts, repeats, splices, and signs and words that break programs."""

import random
from collections.abc import Sequence

from tests.hostile.catalogue import CATALOGUE

MOST = 4_000
SPICE = tuple(dict.fromkeys(each[:200] for each in CATALOGUE.values() if each))
SIGNS = "0123456789０１９一二十百千万亿两半.,:;：；，。、-—~+*/\\|()（）[]{}<>《》@#$%^&=!?'\"` \t\n\r\x00\u3000\u200b\u202e\ud800年月日号点分周下上明今元块kKwW"


def _insert(dice: random.Random, text: str, _other: str) -> str:
    at = dice.randint(0, len(text))
    return text[:at] + dice.choice(SIGNS) * dice.choice((1, 1, 1, 2, 9)) + text[at:]


def _spice(dice: random.Random, text: str, _other: str) -> str:
    at = dice.randint(0, len(text))
    return text[:at] + dice.choice(SPICE) + text[at:]


def _delete(dice: random.Random, text: str, _other: str) -> str:
    at = dice.randint(0, len(text))
    return text[:at] + text[at + dice.choice((1, 1, 2, 5, 20)) :]


def _replace(dice: random.Random, text: str, _other: str) -> str:
    at = dice.randint(0, len(text))
    return text[:at] + dice.choice(SIGNS) + text[at + 1 :]


def _odd(dice: random.Random, text: str, _other: str) -> str:
    """A sign from anywhere in Unicode, lone surrogates too."""
    at = dice.randint(0, len(text))
    return (
        text[:at]
        + chr(dice.choice((dice.randint(0, 0x2FF), dice.randint(0x2000, 0xFFFF), dice.randint(0, 0x10FFFF))))
        + text[at:]
    )


def _repeat(dice: random.Random, text: str, _other: str) -> str:
    start = dice.randint(0, len(text))
    end = min(len(text), start + dice.randint(1, 12))
    return text[:end] + text[start:end] * dice.choice((1, 2, 10, 100)) + text[end:]


def _splice(dice: random.Random, text: str, other: str) -> str:
    return text[: dice.randint(0, len(text))] + other[dice.randint(0, len(other)) :]


def _swap(dice: random.Random, text: str, _other: str) -> str:
    a, b = sorted((dice.randint(0, len(text)), dice.randint(0, len(text))))
    return text[b:] + text[a:b] + text[:a]


_WAYS = (_insert, _insert, _spice, _delete, _replace, _odd, _repeat, _splice, _swap)


def mutate(dice: random.Random, seeds: Sequence[str]) -> str:
    """One input: a seed, changed a few times."""
    text = dice.choice(seeds)
    for _ in range(dice.choice((1, 1, 2, 2, 3, 5, 8))):
        text = dice.choice(_WAYS)(dice, text, dice.choice(seeds))
    return text[:MOST]
