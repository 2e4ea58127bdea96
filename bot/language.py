"""The language tools that the reader is given: OpenCC's characters, jieba's words, pypinyin's syllables.

Each loads on its first use and is kept for the process: call `tools()` in a thread at start, never on the
event loop. Measured on two cores: jieba 0.5 s and 80 MB, pypinyin 0.25 s, OpenCC 0.05 s.
"""

import json
import logging
from collections.abc import Iterable, Mapping, Sequence
from functools import cache, lru_cache
from importlib import import_module
from pathlib import Path
from typing import Any, BinaryIO

from bot.holidays_cn import Days, china_days
from domain.reader.context import Almanac, Tools

_LAST = 0x9FFF
COMMON = 60
"""So often a word stands in jieba's corpus before it is taken for one of everyday speech."""


def almanac(days: Days) -> Almanac:
    return Almanac(holidays=days.holidays, makeup=frozenset(days.makeup))


def almanac_of(years: Iterable[int]) -> Almanac:
    """China's days off of these years."""
    return almanac(china_days(years))


@lru_cache(maxsize=1)
def simplified() -> Mapping[int, int]:
    """Every traditional character that has one simplified form, by ordinal; all others stay as they are."""
    opencc: Any = import_module("opencc")
    convert = opencc.OpenCC("t2s").convert
    signs = [chr(code) for code in range(0x4E00, _LAST + 1)]
    # One by one, so that no phrase rule sees two of them together and none changes a text's length.
    simple = convert("\n".join(signs)).split("\n")
    return {
        ord(sign): ord(plain)
        for sign, plain in zip(signs, simple, strict=True)
        if len(plain) == 1 and plain != sign
    }


def frequencies(file: BinaryIO) -> tuple[dict[str, int], int]:
    """jieba's words with how often each stands in its corpus, beginnings of words too (those that are no word
    0 times), and the sum. Of some thousand lines at a time, so that nobody waits for long."""
    found: dict[str, int] = {}
    total = 0
    while lines := file.readlines(100_000):
        said = b"".join(lines).decode().split()  # word, number, kind, word, …
        numbers = [*map(int, said[1::3])]
        found.update(zip(said[::3], numbers, strict=True))
        total += sum(numbers)
    for word in tuple(found):
        while (word := word[:-1]) and word not in found:
            found[word] = 0
    return found, total


@lru_cache(maxsize=1)
def _jieba() -> Any:
    jieba = import_module("jieba")
    jieba.setLogLevel(logging.WARNING)
    words = jieba.dt
    # What `initialize` does in less than half its time, without its cache: unmarshalling that in one piece
    # holds up every other thread (and so the event loop) for half a second, and it is written into the
    # temporary folder.
    with words.get_dict_file() as file:
        words.FREQ, words.total = frequencies(file)
    words.initialized = True
    return words


def cut(text: str) -> Sequence[str]:
    """The words of a text, in order, none left out."""
    return tuple(_jieba().cut(text))


def known(word: str) -> bool:
    """Whether it is a word of everyday speech, and no rare one that may as well be a name."""
    return bool(_jieba().FREQ.get(word, 0) >= COMMON)


def pinyin(text: str) -> Sequence[str]:
    """The toneless syllable of each character."""
    lazy_pinyin: Any = import_module("pypinyin").lazy_pinyin
    return tuple(lazy_pinyin(text, errors=list))


@cache
def weights(name: str) -> Mapping[str, Sequence[float]]:
    """What `python -m tests.evaluation.learn_will` and its likes have learnt, a mark with its weights a line.
    Read a thousand lines at a time, for json lets nobody else work while it reads."""
    _, *lines, _, _ = Path(__file__).with_name(f"{name}.json").read_text(encoding="utf-8").split("\n")
    found: dict[str, Sequence[float]] = {}
    for at in range(0, len(lines), 1000):
        found |= json.loads("{" + "".join(lines[at : at + 1000]).removesuffix(",") + "}")
    return found


@lru_cache(maxsize=1)
def tools(*, with_pinyin: bool = True) -> Tools:
    """All of them, loaded."""
    _jieba()
    if with_pinyin:
        pinyin(chr(0x94C3))
    return Tools(
        simplify=simplified(),
        cut=cut,
        known=known,
        pinyin=pinyin,
        will=weights("will"),
        who=weights("who"),
        kinds=weights("kinds"),
    )
