"""What nobody would type, or only to break it: nothing raises, nothing takes long, nothing is attached wrongly."""

import sys
import time
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.language import tools
from domain.reader.book import LeadBook, Talk
from domain.reader.context import Context, Names, opened
from domain.reader.kinds import Kind
from domain.reader.understand import understand
from tests.evaluation import matching
from tests.evaluation.matching import NOW, Case
from tests.evaluation.public import almanac
from tests.reader.test_book import BODA, COLLEAGUES, OTHER_ZHANG, TWIN

FORTY_PHONES = " ".join(f"1381234{n:04d}" for n in range(40))
HOSTILE = {
    "ten thousand signs": "客户" * 5000,
    "ten thousand digits": "1" * 10_000,
    "ten thousand dates": "下周三下午三点" * 1500,
    "ten thousand amounts": "预算80万" * 2000,
    "ten thousand names": "张总李总王总" * 1700,
    "ten thousand breaks": "\n" * 10_000,
    "ten thousand slashes": "/lead " * 1700,
    "numerals": "一二三四五六七八九十百千万亿" * 700,
    "only emoji": "😀👨‍👩‍👧‍👦🏴󠁧󠁢󠁥󠁮󠁧󠁿👍🏽" * 40,
    "mixed scripts": "Привет مرحبا こんにちは 안녕 नमस्ते ภาษาไทย 张总 🏳️‍🌈" * 20,
    "zero width": "\u200b张\u200c总\u200d说\ufeff可\u2060以" * 30,
    "right to left": "\u202e张总说可以\u202c" * 20,
    "contradictory dates": "昨天明天后天去年明年下周三上周五3月32号2月30日13月1号25点61分",
    "forty phones": FORTY_PHONES,
    "forty phones and a note": f"张总说可以 {FORTY_PHONES} 下周三签",
    "lone surrogates": "\ud800张总\udfff说可以",
    "nulls": "\0张总\0\0说可以\0",
    "json": '{"text": "张总", "kind": ["lead"]}',
    "sql": "张总'; DROP TABLE leads;-- 说可以",
    "markup": "<script>张总</script>&amp;<b>80万</b>",
    "patterns": "(.*)+$[^a-z]{1,99}(?P<x>张总)\\1",
    "braces": "{张总}{{80万}}{0}{__class__}",
    "nothing": "",
    "spaces": "   \t\n ",
}


@pytest.fixture(scope="module")
def book() -> LeadBook:
    return matching.build([BODA, OTHER_ZHANG, TWIN, COLLEAGUES])


def context(book: LeadBook) -> Context:
    return Context(now=NOW, almanac=almanac(2026), names=Names(find=book.names.find), tools=tools())


@pytest.mark.parametrize("kind", [None, *Kind])
@pytest.mark.parametrize("text", HOSTILE.values(), ids=HOSTILE.keys())
def test_nothing_raises_and_nothing_takes_long(book: LeadBook, text: str, kind: Kind | None) -> None:
    about, took = context(book), []
    reading = understand(text, about, kind)
    for _ in range(5):
        begun = time.thread_time()
        reading = understand(text, about, kind)
        book.match(reading, opened(text, about.tools)[1], Talk(person="lilei", now=NOW))
        took.append(time.thread_time() - begun)
    slowed = 4 if sys.gettrace() else 1  # by the coverage table
    assert min(took) < 0.05 * slowed  # seconds of the processor: other work on the machine does not count
    assert all(0 <= span.start <= span.end <= len(reading.text) for span in reading.spans)
    assert all(span.text == reading.text[span.start : span.end] for span in reading.spans)


@pytest.mark.parametrize(
    "text",
    [
        HOSTILE["forty phones"], HOSTILE["ten thousand names"], HOSTILE["contradictory dates"],
        "张总李总王总都说可以", "博达和海润水产都要降价", "张伟和张敏都说可以", "不是博达，是别家", "跟张总同名的那位",
    ],
)  # fmt: skip
def test_what_names_several_is_attached_to_none(book: LeadBook, text: str) -> None:
    found = matching.judged(book, Case(way="", text=text, talk=Talk(person="lilei", now=NOW), lead=None))
    assert found.lead is None


@settings(max_examples=150, deadline=None)
@given(st.text(max_size=300))
def test_any_text_is_read(text: str) -> None:
    about = Context(now=NOW, almanac=almanac(2026), tools=tools())
    for kind in (None, *Kind):
        understand(text, about, kind)


def test_random_pieces_of_real_messages_are_read() -> None:
    dice = Random(3)
    pieces = [
        "下周三",
        "张总",
        "80万",
        "博达",
        "说",
        "没",
        "预算",
        "签",
        "@",
        "138",
        "1",
        "点",
        "半",
        "前",
        "后",
        "年",
        "月",
        "十",
        "/lead ",
        "签到 ",
    ]
    about = Context(now=NOW, almanac=almanac(2026), tools=tools())
    for _ in range(1500):
        understand("".join(dice.choices(pieces, k=dice.randrange(1, 25))), about)
