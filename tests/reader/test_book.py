"""Which lead a note is about: never a wrong one, and never a guess on a tie."""

from datetime import timedelta

import pytest

from bot.language import tools
from domain.reader.book import Entry, LeadBook, Match, Talk, entry_keys
from domain.reader.context import Context
from domain.reader.kinds import Kind
from domain.reader.understand import understand
from tests.evaluation import matching
from tests.evaluation.matching import NOW, Case
from tests.evaluation.public import almanac

BODA = Entry(
    lead="L1", name="张伟", company="上海博达智能科技有限公司", title="采购总监", owner="lilei",
    keys=entry_keys("+8613812345678", None, None),
)  # fmt: skip
OTHER_ZHANG = Entry(lead="L2", name="张敏", company="苏州恒通机械有限公司", title="经理", owner="lilei")
TWIN = Entry(lead="L3", name="王强", company="上海博达智能科技有限公司", title="厂长", owner="lilei")
COLLEAGUES = Entry(lead="L4", name="张涛", company="无锡海润水产", title="总经理", owner="hanmeimei")


@pytest.fixture
def book() -> LeadBook:
    return matching.build([BODA, OTHER_ZHANG, TWIN, COLLEAGUES])


def match(book: LeadBook, text: str, **about: object) -> Match:
    talk = Talk(person="lilei", now=NOW, **about)  # type: ignore[arg-type]
    return matching.judged(book, Case(way="", text=text, talk=talk, lead=None))


def leads(found: Match) -> list[str]:
    return [each.lead for each in found.best]


@pytest.mark.parametrize(
    "text",
    ["博达的张总说没预算", "张伟说再考虑考虑", "上海博达智能科技有限公司张总约我周四去", "13812345678 打通了", "伯达的张总嫌贵"],
)  # fmt: skip
def test_what_points_to_one_lead_is_attached(book: LeadBook, text: str) -> None:
    assert match(book, text).lead == "L1"


def test_two_contacts_at_one_firm_are_a_tie_and_both_are_offered(book: LeadBook) -> None:
    found = match(book, "给博达发了报价")
    assert found.lead is None
    assert set(leads(found)[:2]) == {"L1", "L3"}


def test_a_surname_alone_is_asked_about_and_answered_by_the_conversation(book: LeadBook) -> None:
    found = match(book, "张总说没预算")
    assert found.lead is None
    assert set(leads(found)) == {"L1", "L2"}
    recent = NOW - timedelta(minutes=5)
    assert match(book, "张总说没预算", current="L2", current_at=recent).lead == "L2"
    stale = NOW - timedelta(hours=6)
    assert match(book, "张总说没预算", current="L2", current_at=stale).lead is None


@pytest.mark.parametrize("current", ["L1", "L5"])
@pytest.mark.parametrize("ago", [timedelta(minutes=1), timedelta(minutes=40)])
def test_of_two_customers_of_one_name_the_conversation_chooses_none(
    book: LeadBook, current: str, ago: timedelta
) -> None:
    book.put(Entry(lead="L5", name="张伟", company="乙有限公司", owner="lilei"))
    found = match(book, "今天拜访了张伟，很满意", current=current, current_at=NOW - ago)
    assert found.lead is None
    assert set(leads(found)) == {"L1", "L5"}
    about: dict[str, object] = {"current": current, "current_at": NOW - ago}
    assert match(book, "乙公司那个张伟说下周签合同", **about).lead == "L5"
    assert match(book, "博达的张伟说下周签合同", **about).lead == "L1"
    assert match(book, "张伟 13812345678 打通了", **about).lead == "L1"
    assert match(book, "张伟说可以", quoted="L5", **about).lead == "L5"


def test_of_two_customers_at_one_firm_the_conversation_chooses_none_by_the_firm_alone(book: LeadBook) -> None:
    recent = NOW - timedelta(minutes=5)
    assert match(book, "给博达发了报价", current="L1", current_at=recent).lead is None
    assert match(book, "给博达的张总发了报价", current="L3", current_at=recent).lead == "L1"


def test_a_name_that_one_customer_bears_is_lifted_by_the_conversation(book: LeadBook) -> None:
    book.put(Entry(lead="L6", name="高峰", company="无锡远洋水产有限公司", owner="lilei"))
    at = NOW - timedelta(minutes=5)
    assert match(book, "远洋说可以", current="L6", current_at=at).lead == "L6"
    assert match(book, "远洋说可以").lead is None


def test_the_conversation_never_overrules_what_is_named(book: LeadBook) -> None:
    recent = NOW - timedelta(minutes=1)
    assert match(book, "恒通的张敏说可以", current="L1", current_at=recent).lead == "L2"
    assert match(book, "蓝海之星的张总说可以", current="L1", current_at=recent).lead is None


def test_a_colleagues_customer_is_found_by_name_and_never_guessed_by_a_surname(book: LeadBook) -> None:
    assert match(book, "海润水产的张涛来电话了").lead == "L4"
    assert "L4" not in leads(match(book, "张总说没预算"))


def test_the_card_that_is_answered_decides(book: LeadBook) -> None:
    assert match(book, "对方要降价", quoted="L3").lead == "L3"


def test_what_names_nobody_is_about_nobody(book: LeadBook) -> None:
    found = match(book, "今天天气不错")
    assert (found.lead, found.best, found.named) == (None, (), False)


def test_a_changed_lead_is_found_under_its_new_name_alone(book: LeadBook) -> None:
    book.put(Entry(lead="L1", name="赵云", company="上海博达智能科技有限公司", owner="lilei"))
    assert match(book, "赵云说可以").lead == "L1"
    assert match(book, "张伟说可以").lead is None


def test_of_leads_that_share_a_name_the_one_that_is_renamed_is_found_under_it_no_more(book: LeadBook) -> None:
    for lead in ("L8", "L9"):
        book.put(Entry(lead=lead, name="欧阳静", company="常州瑞丰泵业有限公司", owner="lilei"))
    assert sorted(leads(match(book, "欧阳静说可以"))) == ["L8", "L9"]
    book.put(Entry(lead="L8", name="司马光", company="宁波远大阀门有限公司", owner="lilei"))
    assert match(book, "欧阳静说可以").lead == "L9"
    assert match(book, "司马光说可以").lead == "L8"


def test_over_two_thousand_leads_nothing_is_attached_wrongly() -> None:
    result = matching.run(seed=20, count=500)
    assert result.precision >= 0.99, result.wrong
    assert result.coverage >= 0.85
    assert result.top_three >= 0.97
    assert result.p95 <= 15  # milliseconds of the processor


@pytest.mark.parametrize(
    ("text", "company"),
    [
        ("张伟 谈方案 下周三再去", None),
        ("张伟 谈方案 周五 带样品", None),
        ("张伟 谈方案 下周三去苏州恒通机械演示", "苏州恒通机械"),
        ("博世 张伟 谈方案 下周三再去", "博世"),
    ],
)
def test_what_a_visit_plans_next_is_no_firm(text: str, company: str | None) -> None:
    context = Context(now=NOW, almanac=almanac(2026), tools=tools())
    assert understand(text, context, Kind.VISIT).company == company
