"""Every card as WeCom's JSON, its limits, and words that stay words."""

import json
import os
import re
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.cards.actions import Accept, Choose, unpack
from bot.cards.model import Button, Card, Field, Option, Select, Style
from bot.channels.wecom import render
from bot.channels.wecom.fake import rules
from bot.words import LANGS
from domain.reasons import REASONS
from tests.golden.cases import CASES

GOLDEN = Path(__file__).parent / "golden"
LINK = "https://leads.example.com/l/L12"
HOSTILE = [
    "<@all> @all @所有人 <@zhangwei>",
    "$userName=zhangwei$ $departmentName=1$",
    '<a href="https://evil.example">点我</a> <font color="warning">红</font>',
    "[点我](https://evil.example) **粗** `码` # 标题 > 引用",
    "http://evil.example www.evil.example WWW.EVIL.EXAMPLE ftp://x",
    "😀👨‍👩‍👧‍👦🇨🇳" * 50,
    "\u202eevil\u202c\u200b\x00\x07",
    "]]><xml>" + "长" * 10_000,
]
LEAKS = re.compile(
    r"<|>|`|@all|@所有人|www\.|(?<!^https)://|\$(?:userName|departmentName|userAlias)", re.IGNORECASE
)


def shown(card: Card, **more: Any) -> render.Json:
    return render.template_card(replace(card, lead="L12", **more), task="lb-test", link=LINK)


def texts(value: Any, key: str = "") -> list[str]:
    """Every text of a card that a person wrote or could have: not its keys, ids and addresses."""
    if isinstance(value, dict):
        return [text for name, each in value.items() for text in texts(each, name)]
    if isinstance(value, list):
        return [text for each in value for text in texts(each, key)]
    own = {"key", "id", "url", "task_id", "card_type", "question_key", "selected_id"}
    return [value] if isinstance(value, str) and key not in own else []


# -- golden files -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", sorted(CASES))
def test_every_card_is_as_agreed_as_wecom_json(name: str) -> None:
    found = {lang: shown(CASES[name](lang), lang=lang) for lang in LANGS}
    file = GOLDEN / f"{name}.json"
    if os.environ.get("LEADBELL_GOLDEN") == "1":
        file.parent.mkdir(exist_ok=True)
        file.write_text(json.dumps(found, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
    assert file.exists(), "make it with LEADBELL_GOLDEN=1"
    assert found == json.loads(file.read_text(encoding="utf-8"))


def test_no_golden_file_outlives_its_card() -> None:
    assert {file.stem for file in GOLDEN.glob("*.json")} == CASES.keys()


@pytest.mark.parametrize("lang", LANGS)
@pytest.mark.parametrize("name", sorted(CASES))
def test_the_platform_takes_every_card_and_every_update(name: str, lang: str) -> None:
    card = shown(CASES[name](lang), lang=lang)
    assert rules.check_card(card, update=False) == 0
    assert rules.check_card({k: v for k, v in card.items() if k != "task_id"}, update=True) == 0
    within_advice(card)


def within_advice(card: render.Json) -> None:
    """The lengths that the platform advises; over them its clients cut."""
    assert len(card["main_title"]["title"]) <= 36
    assert len(card["main_title"].get("desc", "")) <= 160
    assert len(card.get("sub_title_text", "")) <= 160
    assert len(card["source"]["desc"]) <= 20
    for row in card.get("horizontal_content_list", []):
        assert 0 < len(row["keyname"]) <= 5
        assert len(row["value"]) <= 30
    for button in card.get("button_list", []):
        assert 0 < len(button["text"]) <= 10
        assert button["style"] in (1, 2, 3, 4)
    for question in rules.questions_of(card):
        assert all(0 < len(option["text"]) <= 16 for option in question["option_list"])


# -- pages of choices ---------------------------------------------------------------------------------------


def test_every_hand_back_reason_can_be_reached_and_none_is_chosen_before_one_chooses() -> None:
    card = CASES["handback_reasons"]("zh")
    reached: list[str] = []
    page, pages = 0, 0
    while True:
        found = shown(card, page=page)
        ids = [option["id"] for option in found["button_selection"]["option_list"]]
        assert (ids[0], found["button_selection"]["selected_id"]) == (render.NOTHING, render.NOTHING)
        assert len(ids) <= 10
        reached += ids[1:]
        pages += 1
        flip = unpack(found["button_list"][-1]["key"])
        assert isinstance(flip, Choose)
        assert (flip.what, flip.lead) == ("page", "L12")
        page = flip.option
        if page == 0:
            break
    assert sorted(reached) == sorted(REASONS)
    assert pages == 3


def test_a_group_of_choices_is_not_torn_apart() -> None:
    options = tuple(Option(id=f"{g}{n}", text=f"{g}{n}", group=g) for g in "abc" for n in range(5))
    pages = render._pages(Select(key="k", label="l", options=options))
    assert [[option.group for option in page] for page in pages] == [["a"] * 5, ["b"] * 5, ["c"] * 5]


def test_two_questions_and_three_verbs_are_one_card_with_one_button() -> None:
    card = shown(CASES["rollup_many"]("zh"))
    assert card["card_type"] == "multiple_interaction"
    verbs = card["select_list"][0]
    assert [option["id"] for option in verbs["option_list"]] == ["nudge:*", "assign:*", "take:*"]
    assert (verbs["question_key"], card["submit_button"]["key"]) == (render.CHOICE, render.SUBMIT)


def test_a_roll_up_names_every_lead_though_the_room_is_small() -> None:
    lines = shown(CASES["rollup_many"]("zh"))["main_title"]["desc"].split("\n")
    assert [line.split()[1] for line in lines[:10]] == [f"L{number}" for number in range(1, 11)]


def test_what_a_short_line_of_a_roll_up_leaves_free_is_for_the_longer_ones() -> None:
    card = replace(CASES["rollup"]("en"), lines=("⚠ " + "a" * 60, "✅ " + "b" * 20, "⚠ " + "c" * 90))
    lines = shown(card)["main_title"]["desc"].split("\n")
    assert [len(line) for line in lines] == [62, 22, 74]
    english = shown(CASES["rollup"]("en"))["main_title"]["desc"].split("\n")
    assert all("late since Mon 5 Jan 10:35" in line for line in english[:2])


def test_a_long_need_does_not_push_the_leads_number_out() -> None:
    card = Card(title="t", lines=("要" * 112, "求" * 112), note="L1042")
    text = shown(card)["sub_title_text"]
    assert len(text) == 160
    assert text.endswith("\nL1042")


# -- hostile words ------------------------------------------------------------------------------------------


def hostile_card(words: str) -> Card:
    return Card(
        title=words,
        lines=(words, words),
        fields=(Field(label="公司", value=words), Field(label="Company", value=words)),
        buttons=(
            Button(action=Accept(lead="L12", offer=1), text=words, style=Style.PRIMARY),
            Button(action=Accept(lead="L12", offer=2), text="x", url="https://leads.example.com/l/L12"),
        ),
        selects=(Select(key="person", label=words, options=(Option(id="a", text=words, group=words),)),),
        note=words,
    )


def innocent(card: render.Json) -> None:
    for text in texts(card):
        assert not LEAKS.search(text), text
        text.encode("utf-8")
    assert rules.check_card(card, update=False) == 0
    within_advice(card)


@pytest.mark.parametrize("words", [*HOSTILE, *(each * 700 for each in HOSTILE[:5])], ids=range(13))
def test_no_link_no_mention_and_no_markup_comes_of_what_somebody_wrote(words: str) -> None:
    innocent(shown(hostile_card(words)))
    innocent(shown(replace(hostile_card(words), selects=())))
    innocent(shown(replace(hostile_card(words), buttons=(), selects=())))
    two = replace(hostile_card(words), selects=hostile_card(words).selects * 2)
    for question in shown(two)["select_list"]:
        innocent_texts = texts(question)
        assert not any(LEAKS.search(text) for text in innocent_texts)
    for part in render.parts(words):
        assert not LEAKS.search(part)


@settings(max_examples=150, deadline=timedelta(seconds=2))
@given(st.lists(st.one_of(st.sampled_from(HOSTILE), st.text(max_size=60)), min_size=1, max_size=6))
def test_whatever_is_strung_together_stays_words(pieces: list[str]) -> None:
    innocent(shown(hostile_card("".join(pieces) or "x")))


@settings(max_examples=200, deadline=timedelta(seconds=2))
@given(st.text(), st.integers(min_value=4, max_value=3000))
def test_a_text_is_cut_at_a_character_within_its_bytes(text: str, most: int) -> None:
    found = render.cut_bytes(text, most)
    assert len(found.encode("utf-8")) <= most
    clean = text.encode("utf-8", "replace").decode("utf-8")
    assert found == clean or clean.startswith(found.removesuffix("…"))


def test_a_long_answer_is_a_few_messages_divided_at_line_ends() -> None:
    lines = [f"L{n} 张伟 · 上海博达智能科技有限公司 · 已接收" for n in range(100)]
    parts = render.parts("\n".join(lines))
    assert len(parts) == 4
    assert all(len(part.encode("utf-8")) <= 2048 for part in parts)
    assert "\n".join(parts).splitlines()[:80] == lines[:80]
    assert render.parts("短") == ["短"]
    assert render.parts("") == []


def test_a_task_id_is_of_the_platforms_characters_and_the_same_for_the_same_key() -> None:
    for key in ("offer:L1:1:张伟", "x" * 5000, ""):
        assert re.fullmatch(r"[0-9A-Za-z_\-@]{1,128}", render.task_id(key))
        assert render.task_id(key) == render.task_id(key)
    assert render.task_id("a") != render.task_id("b")
