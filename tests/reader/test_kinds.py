"""What kind of message it is: the rules' word and the weight of the signs together."""

from datetime import datetime
from zoneinfo import ZoneInfo

import pytest

from bot.language import tools
from domain.reader.context import Context, Tools
from domain.reader.kinds import Kind, features, kind_of

NOW = datetime(2026, 3, 11, 10, tzinfo=ZoneInfo("Asia/Shanghai"))


def context(weights: dict[str, list[float]] | None = None) -> Context:
    return Context(now=NOW, tools=Tools(kinds=weights or {}))


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("此刻在嘉善元丰木业，等人", "visit"), ("第一站恒泰泵业，尤总不在", "visit"),
        ("尤总让我明天上午十点给他回电话", "note"), ("招标网看到盐城市第三中学要采购录播教室，联系人尤老师", "lead"),
        ("来电登记一个，嘉善元丰木业的尤总，想换系统", "lead"),
    ],
)  # fmt: skip
def test_the_signs_tell_what_no_rule_knows(text: str, kind: str) -> None:
    assert kind_of(text, Context(now=NOW, tools=tools(with_pinyin=False))) == kind


def test_weak_signs_leave_it_at_what_the_rules_say() -> None:
    assert kind_of("签到 恒泰泵业公司", context({"恒": [3.5, 0.0]})) is Kind.VISIT
    assert kind_of("签到 恒泰泵业公司", context({"恒": [4.5, 0.0]})) is Kind.LEAD
    assert kind_of("尤总说可以先用", context({"尤": [0.0, 2.5]})) is Kind.NOTE
    assert kind_of("尤总说可以先用用看", context({"尤": [0.0, 2.5]})) is Kind.VISIT


@pytest.mark.parametrize(
    "place", ["上海张江科学城", "上海市浦东新区张江科学城海科路99号", "杭州滨江区江南大道588号"]
)
def test_a_place_alone_is_no_message_of_a_kind_of_its_own(place: str) -> None:
    assert kind_of(place, Context(now=NOW, tools=tools(with_pinyin=False))) is Kind.NOTE


def test_a_command_and_a_number_alone_are_not_weighed() -> None:
    assert kind_of("/note 尤总说可以", context({"尤": [9.0, 0.0]})) is Kind.NOTE
    assert kind_of("新线索 尤总", context({"尤": [0.0, 9.0]})) is Kind.LEAD
    assert kind_of("13812345678", context({"@": [9.0, 0.0]})) is Kind.NOTE


def test_a_contact_is_a_sign_whatever_its_number() -> None:
    first, second = (features(f"尤总{number}") for number in ("13812345678", "13998765432"))
    assert first == second
    assert "=p" in first
    assert "=none" in features("尤总 3")


@pytest.mark.parametrize(
    "text", ["[链接] 一篇文章 https://example.com/a", "一篇文章 HTTP://example.com/lead?x=新客户"]
)
def test_the_address_of_a_page_hands_nobody_in(text: str) -> None:
    assert kind_of(text, Context(now=NOW, tools=tools(with_pinyin=False))) is Kind.NOTE
