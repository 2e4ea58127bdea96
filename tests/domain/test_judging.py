"""The three questions: what a text answers, what is still asked, and what fails."""

from datetime import UTC, datetime

import pytest

from domain.judging import Answer, Question, answer_to, failed, open_questions, read_answers, with_answers
from domain.lead import Customer, Lead, Origin
from domain.reader.context import Names
from domain.reader.names import NameIndex

OURS = Names(find=NameIndex([("mes", "product"), ("智能仓储", "product")]).find)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("张伟 上海博达智能 13812345678 制造业 想上一套MES", "想上一套MES"),
        ("恒通机械 李工 需要报价", "需要报价"),
        ("云栖数据，预算50万，年底前上线", "预算50万"),
        ("王总对方案感兴趣", "王总对方案感兴趣"),
        ("華信電子 打算換ERP", "打算換ERP"),
    ],
)
def test_a_wish_in_the_text_answers_the_question_of_will(text: str, words: str) -> None:
    table = {ord("華"): ord("华"), ord("電"): ord("电"), ord("換"): ord("换")}
    found = read_answers(text, table)
    assert found[Question.WILL] == Answer.YES
    assert found["will_said"] == words


@pytest.mark.parametrize(
    "text",
    [
        "张伟 上海博达智能 采购总监 13812345678",
        "博达说暂时不考虑",
        "恒通没预算，想等明年",
        "云栖 李工 再看看",
        "",
    ],
)
def test_a_title_a_no_or_nothing_answers_nothing(text: str) -> None:
    assert read_answers(text) == {}


def test_one_of_our_products_answers_whether_we_can_take_part() -> None:
    found = read_answers("恒通机械 李工 看看智能仓储", names=OURS)
    assert found == {Question.FIT: Answer.YES, "fit_said": "看看智能仓储"}
    assert answer_to(with_answers(Customer(), found), Question.FIT) is Answer.YES


def test_what_a_person_answered_is_not_read_over() -> None:
    customer = Customer(extra={"will": "no"})
    kept = with_answers(customer, {"will": "yes", "fit": "yes"})
    assert dict(kept.extra) == {"will": "no", "fit": "yes"}
    assert with_answers(kept, {"will": "yes"}) is kept


def test_only_what_was_typed_in_chat_is_asked_about() -> None:
    at = datetime(2026, 1, 5, 2, tzinfo=UTC)

    def lead(source: str, **extra: str) -> Lead:
        origin = Origin(channel="x", source=source, by="emp")
        return Lead.captured("L1", customer=Customer(extra=extra), origin=origin, draft=False, now=at)

    assert list(open_questions(lead("chat"))) == [Question.WILL, Question.FIT]
    assert list(open_questions(lead("chat", will="unknown"))) == [Question.FIT]
    assert list(open_questions(lead("chat", will="maybe", fit="yes"))) == [Question.WILL]
    assert open_questions(lead("website")) == ()


def test_the_reason_says_which_question_failed() -> None:
    assert failed("no_will") is Question.WILL
    assert failed("no_fit") is Question.FIT
    assert failed("bad_number") is None
    assert failed(None) is None
