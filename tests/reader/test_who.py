"""Who is meant in a lead: the signs around a person, a firm and a post, weighed beside the rules."""

from dataclasses import replace

import pytest

from bot.language import tools
from domain.reader import who
from domain.reader.context import Tools
from domain.reader.lead_text import LeadText, read_lead

KIT = tools(with_pinyin=False)


def read(text: str, weights: who.Weights) -> LeadText:
    return read_lead(text, replace(KIT, who=weights))


def tag(*tags: str) -> list[float]:
    """Weights that speak for these tags alone."""
    return [9.0 if each in tags else 0.0 for each in who.TAGS]


@pytest.mark.parametrize(
    ("text", "name", "company", "title"),
    [
        ("我家楼下新开的面馆，店名《拾光小灶》，老板姓严，13812345678", "严总", "拾光小灶", "老板"),
        ("同学聚会碰到的，耿晓东现在在盐城恒泰泵业当生产副总，想换系统，13812345678", "耿晓东", "盐城恒泰泵业", "生产副总"),
        ("别找尤总，找嘉善元丰木业的设备主管费明辉，13812345678", "费明辉", "嘉善元丰木业", "设备主管"),
    ],
)  # fmt: skip
def test_a_shape_that_no_rule_knows_is_read_by_what_stands_around(
    text: str, name: str, company: str, title: str
) -> None:
    found = read_lead(text, KIT)
    assert (found.name, found.company, found.title) == (name, company, title)


def test_where_signs_and_rules_say_the_same_the_reading_is_sure() -> None:
    assert read_lead("/lead 周倩 杭州云栖数据有限公司 采购总监 13812345688 制造业 想上一套MES", KIT).sure


def test_without_weights_the_rules_alone_read() -> None:
    assert read_lead("/lead 晟辉铝业 段明 13812345678", replace(KIT, who={})).name == "段明"


def test_where_nothing_is_seen_of_a_name_the_rules_name_is_dropped() -> None:
    found = read("/lead 晟辉铝业 博众精工 采购经理 段明 13812345678", {"Z": tag("O")})
    assert (found.name, found.company, found.title) == (None, None, "采购经理")
    assert not found.sure
    found = read("/lead 晟辉铝业 采购经理 段明 13812345678", {"Z": tag("O")})
    assert (found.name, found.company, found.title) == ("段明", "晟辉铝业", "采购经理"), "the rules were sure"


def test_what_brings_neither_a_contact_nor_a_name_by_the_rules_is_not_weighed() -> None:
    found = read_lead("/lead 新能源行业很火，都想上MES", KIT)
    assert (found.name, found.company) == (None, None)


def test_what_stands_with_a_label_is_not_weighed() -> None:
    found = read("姓名：段明\n公司：晟辉铝业\n职务：厂长\n手机：13812345678", {"Z": tag("O")})
    assert (found.name, found.company, found.title) == ("段明", "晟辉铝业", "厂长")
    found = read(
        "姓名：段明\n公司：晟辉铝业\n职务：厂长\n手机：13812345678", {"0厂": tag("Bn"), "0长": tag("In")}
    )
    assert (found.name, found.title) == ("段明", "厂长")


def test_a_post_within_what_is_meant_as_the_firm_is_none() -> None:
    weights = {"0店": tag("Bc"), "0长": tag("Ic"), "0会": tag("Ic"), "0段": tag("Bn"), "0明": tag("In")}
    found = read("/lead 店长会 段明 13812345678", weights)
    assert (found.name, found.company) == ("段明", "店长会")


def test_a_surname_alone_is_said_as_one_is_addressed() -> None:
    assert read("/lead 老板姓植 鲜达冷链 13812345678", {"0植": tag("Bn")}).name == "植总"
    assert read("/lead 晟辉铝业 客户姓亼 13812345678", {"0亼": tag("Bn")}).name in ("姓亼", "亼总")


def test_of_two_stretches_the_likelier_is_meant() -> None:
    given = who.signs("甲乙")
    own = [[0.0, 3.0, 0, 0, 0, 0, 0], [0.0, 5.0, 0, 0, 0, 0, 0]]
    assert who.chosen(given, own, who.best(own, {})) == {"name": (1, 2, "name")}
    assert who.chosen(given, own[::-1], who.best(own, {})) == {"name": (0, 1, "name")}


def test_nothing_is_found_in_nothing() -> None:
    assert who.read("", {}, replace(KIT, who={"Z": tag("O")})) == {}
    assert who.read("段明", {}, Tools()) == {}


def test_that_no_rule_was_asked_is_another_thing_than_that_they_found_nothing() -> None:
    unasked, silent = who.features("段明", KIT), who.features("段明", KIT, [])
    assert "AO" in silent[0]
    assert set(unasked[0]) < set(silent[0])


def test_where_a_value_stands_in_a_text() -> None:
    text = "姓欧阳的找\0店长,店长姓殷,晟辉\n3 Abc ABC abc"
    assert who.spots(text, {"name": "欧阳总"}) == [(1, 3, "name")]
    assert who.spots(text, {"name": "殷总", "title": "店长"}) == [(9, 11, "title"), (12, 13, "name")]
    assert who.spots(text, {"title": "店长"}) == [(6, 8, "title")]
    assert who.spots(text, {"name": "谁", "company": ""}) == []
    assert [sign.word for sign in who.signs("3 Abc ABC abc\n\0")] == [
        "#",
        " ",
        "Aa",
        " ",
        "AA",
        " ",
        "aa",
        "\n",
        "@",
    ]
    assert who.tags_of(who.signs("a\0b"), [(0, 3, "name")]) == [1, 0, 1]
