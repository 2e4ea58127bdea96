"""Every card as DingTalk gets it: golden files, limits, and no text of anybody's that becomes markup."""

import json
import os
import re
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.cards.actions import Accept, Assign, Confirm, Nudge
from bot.cards.model import Button, Card, Field, Option, Select
from bot.channels.dingtalk.fake.book import VALUE, Book
from bot.channels.dingtalk.fake.messages import read_sent
from bot.channels.dingtalk.press import Press, read_press, write_press
from bot.channels.dingtalk.render import Template, card_data, message
from bot.channels.dingtalk.safe import cut, plain, spoken
from bot.words import say
from tests.golden.cases import CASES

GOLDEN = Path(__file__).parent / "golden"
PUBLIC = Template(id="1366a1eb-bc54-4859-ac88-517c56a9acb1.schema")
OWN = Template(id="own.schema", title="headline", body="text", tips="hint", buttons="buttons", state="status")
LANGS = ("zh", "en")


def pages(card: Card, lang: str, template: Template = PUBLIC) -> Iterator[tuple[str, dict[str, str]]]:
    """Every page that taps can open on a card, by the id that opens it."""
    todo, seen = [""], set[str]()
    while todo:
        at = todo.pop(0)
        seen.add(at)
        press = read_press(at) if at else None
        data = card_data(card, template, press=press, say=partial(say, lang))
        yield at, data
        for button in buttons(data, template):
            if "p=" in button.get("id", "") and button["id"] not in seen | set(todo):
                todo.append(button["id"])


def buttons(data: dict[str, str], template: Template = PUBLIC) -> list[dict[str, Any]]:
    outer, _, inner = template.buttons.partition(".")
    found = json.loads(data[outer])
    return list(found[inner] if inner else found)


@pytest.mark.parametrize("name", sorted(CASES))
def test_every_card_is_as_agreed_in_both_languages(name: str) -> None:
    found: dict[str, Any] = {}
    for lang in LANGS:
        card = CASES[name](lang)
        key, param = message(card)
        found[lang] = {
            "card": [{"opened": at, **data, "sys_full_json_obj": buttons(data)} for at, data in pages(card, lang)],
            "message": {"msgKey": key, **param},
        }  # fmt: skip
    file = GOLDEN / f"{name}.json"
    if os.environ.get("LEADBELL_GOLDEN") == "1":
        file.parent.mkdir(exist_ok=True)
        file.write_text(json.dumps(found, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
    assert file.exists(), "make it with LEADBELL_GOLDEN=1"
    assert found == json.loads(file.read_text(encoding="utf-8"))


def test_no_golden_file_outlives_its_card() -> None:
    assert {file.stem for file in GOLDEN.glob("*.json")} == CASES.keys()


@pytest.mark.parametrize("template", [PUBLIC, OWN], ids=["public", "own"])
@pytest.mark.parametrize("name", sorted(CASES))
def test_every_page_keeps_the_limits_and_is_taken_by_the_platform(name: str, template: Template) -> None:
    book = new_book(template)
    for lang in LANGS:
        for number, (_, data) in enumerate(pages(CASES[name](lang), lang, template)):
            take(book, f"{lang}-{number}", template, data)
        taken(*message(CASES[name](lang)))


def new_book(template: Template) -> Book:
    return Book(now=lambda: 0, ticks=lambda: 0.0, new_id=lambda: "id", templates={template.id})


def take(book: Book, track: str, template: Template, data: dict[str, str]) -> None:
    """The platform takes such a card, or refuses it."""
    assert all(len(value.encode()) <= VALUE for value in data.values())
    book.create_card({"cardTemplateId": template.id, "outTrackId": track, "cardData": {"cardParamMap": data}})


def taken(key: str, param: dict[str, str]) -> None:
    """The platform takes such a message, or refuses it."""
    read_sent({"msgKey": key, "msgParam": json.dumps(param, ensure_ascii=False)})


def test_a_template_of_ones_own_gets_its_own_names_and_the_state() -> None:
    data = card_data(CASES["offer_live"]("zh"), OWN)
    assert set(data) == {"headline", "text", "hint", "status", "buttons"}
    assert data["status"] == "live"
    assert [each["text"] for each in json.loads(data["buttons"])] == ["接收", "退回", "记拜访"]


def test_every_reason_can_be_chosen_by_taps_alone() -> None:
    card = CASES["handback_reasons"]("zh")
    offered = {option.id for select in card.selects for option in select.options}
    reached = set()
    for _, data in pages(card, "zh"):
        for button in buttons(data):
            press = read_press(button["id"])
            if not press.page and press.chosen:
                reached.add(press.chosen["reason"])
    assert reached == offered


def test_a_choice_of_a_lead_and_a_person_takes_one_page_each() -> None:
    card = CASES["rollup"]("zh")
    acts = set()
    for _, data in pages(card, "zh"):
        for button in buttons(data):
            press = read_press(button["id"])
            if not press.page and isinstance(press.action, Assign):
                acts.add((press.chosen["lead"], press.chosen["person"]))
    wanted = {select.key: [option.id for option in select.options] for select in card.selects}
    assert acts == {(lead, person) for lead in wanted["lead"] for person in wanted["person"]}


def test_an_id_says_all_and_is_read_back() -> None:
    for press in (
        Press(action=Accept(lead="L12", offer=3)),
        Press(action=Assign(lead="*"), chosen={"lead": "L12"}, page="person", start=5),
        Press(action=Nudge(lead="L12", decisions=2)),
        Press(action=Confirm(what="handback", lead="L12", offer=1), page="reason", group="3"),
        Press(action=Assign(lead="L12"), chosen={"person": "张 伟&p=x?#"}),
    ):
        assert read_press(write_press(press)) == press


@pytest.mark.parametrize(
    "text", ["", "accept", "accept:L1-1 ", "nothing:L1", "accept:L1-x?p=home", "x" * 999]
)
def test_an_id_of_no_button_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"."):
        read_press(text)


# -- hostile texts ----------------------------------------------------------------------------------------

HOSTILE = (
    "<@all>", "<a atId=all>所有人</a>", "@所有人", "@manager4220", "[点我](http://evil.example)", "![x](http://evil.example/a.png)",
    "<font color=red>x</font>", "**bold**", "__bold__", "# title", "> quote", "- item", "1. item", "`code`", "~~x~~",
    "&lt;a atId=all&gt;", "http://evil.example", "HTTPS://EVIL.example", "www.evil.example", "dtmd://dingtalkclient/sendMessage?content=x",
    "dingtalk://dingtalkclient/page/link?url=x", "javascript:alert(1)", "]( http://evil.example)", "${x}", "{{x}}", "| a | b |",
    "\n# title", "\r\n> q", "\\*x\\*", "<br>", "<img src=x onerror=y>", "\u202eabc", "a\u200bb", "'\"</script>",
    "张" * 10_000, "x" * 10_000, "😀" * 10_000, "👨‍👩‍👧‍👦🏳️‍🌈" * 900, "@所有人 " * 2000, "[点我](http://evil.example)" * 400, "[微笑]" * 2000,
)  # fmt: skip
_OURS = re.compile(r"\*\*[^*\n]{1,40}\*\*：")
_MARKUP = re.compile(r"[*`#\[\]<>|~\\&${}]|(?i:\bwww\.)|://|(?<![A-Za-z0-9])[@_]|[@_](?![A-Za-z0-9])")
_LINE = re.compile(r"(?m)^\s*([-+=]|\d+[.)]\s)")


def assert_harmless(text: str) -> None:
    theirs = _OURS.sub("", text)
    assert not _MARKUP.search(theirs), text
    assert not _LINE.search(theirs), text


def hostile_card(text: str) -> Card:
    """A card with that text wherever a customer's or a colleague's words may stand."""
    return Card(
        title=text,
        lines=(text, f"需求：{text}"),
        fields=(Field(label="公司", value=text),),
        buttons=(Button(action=Assign(lead="L1", decisions=1), text="指派"),),
        selects=(Select(key="person", label=text, options=(Option(id="a", text=text),)),),
        note=text,
    )


@pytest.mark.parametrize("text", HOSTILE, ids=range(len(HOSTILE)))
def test_hostile_text_is_shown_as_words(text: str) -> None:
    check_hostile(text)


@pytest.mark.parametrize("template", [PUBLIC, OWN], ids=["public", "own"])
@pytest.mark.parametrize("text", HOSTILE, ids=range(len(HOSTILE)))
def test_hostile_text_passes_no_limit_and_hides_no_choice(text: str, template: Template) -> None:
    check_limits(text, template)


@given(st.lists(st.one_of(st.sampled_from(HOSTILE), st.text(max_size=60)), min_size=1, max_size=6))
@settings(max_examples=100, deadline=None)
def test_whatever_is_strung_together_passes_no_limit(pieces: list[str]) -> None:
    check_limits("".join(pieces), PUBLIC)


def check_limits(text: str, template: Template) -> None:
    book, card = new_book(template), hostile_card(text)
    acts = set()
    for number, (_, data) in enumerate(pages(card, "zh", template)):
        take(book, f"t{number}", template, data)
        acts |= {
            press.chosen.get("person")
            for each in buttons(data, template)
            if not (press := read_press(each["id"])).page
        }
    assert acts >= {"a"}
    key, param = message(card)
    taken(key, param)
    taken("sampleText", {"content": spoken(text)})


@pytest.mark.parametrize("text", HOSTILE, ids=range(len(HOSTILE)))
def test_hostile_text_in_a_plain_message_makes_no_mention_and_no_link(text: str) -> None:
    found = spoken(f"已记录\n{text}\n好")
    assert not re.search(
        r"[<>\[\]]|(?i:\bwww\.)|://|(?i:dtmd|javascript):|(?<![A-Za-z0-9])@|@(?![A-Za-z0-9])", found
    ), found
    assert found.startswith("已记录\n")


@given(st.text(alphabet=st.sampled_from(list("<>@#*_[]()!`~|\\&${}:/.- +=1a张\nwhtp")), max_size=60))
@settings(max_examples=300, deadline=None)
def test_any_text_is_shown_as_words(text: str) -> None:
    check_hostile(text)


def check_hostile(text: str) -> None:
    card = hostile_card(text)
    for _, data in pages(card, "zh"):
        for name in ("title", "markdown", "tips"):
            assert_harmless(data[name])
        for button in buttons(data):
            assert_harmless(button["text"])
    _, param = message(card)
    shown = re.sub(r"^### ", "", param["text"])
    links = re.findall(r"\]\(([^)]*)\)", shown)
    assert all(unquote(link).startswith("dtmd://dingtalkclient/sendMessage?content=") for link in links)
    shown = re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", shown)
    assert_harmless(shown)


def test_a_mask_and_an_address_stay_readable() -> None:
    assert plain("138****5688") == "138＊＊＊＊5688"
    assert plain("zhang_wei@example.com") == "zhang_wei@example.com"
    assert plain("5 分钟内接收 · 10:05 前") == "5 分钟内接收 · 10:05 前"


@given(st.text(max_size=400), st.integers(min_value=4, max_value=300))
def test_a_cut_keeps_to_its_bytes_and_breaks_no_character(text: str, most: int) -> None:
    text = text.encode(errors="ignore").decode()
    found = cut(text, most)
    assert len(found.encode()) <= most
    assert found == text or found.endswith("…")


def test_the_documents_template_has_the_variables_that_are_sent() -> None:
    """What docs/dingtalk.md tells people to draw is what the renderer fills in, and nothing else."""
    page = (Path(__file__).parents[2] / "docs" / "dingtalk.md").read_text("utf-8")
    rows = page.partition("## The card template")[2].partition("\n\n##")[0].splitlines()
    drawn = {found[1] for row in rows if (found := re.match(r"\| [^|]+ \| `(\w+)` \|", row))}
    own = Template(id="own", buttons="msgButtons", state="state")
    card = Card(title="t", buttons=(Button(text="x", action=Accept(lead="L1", offer=1)),))
    sent = card_data(card, own)
    assert drawn == set(sent)
    (button,) = json.loads(sent["msgButtons"])
    row = next(row for row in rows if "`msgButtons` |" in row)
    assert set(button) | {"url"} == set(re.findall(r"`(\w+)`", row)) - {"msgButtons"}
