"""What a model may add: quotes of the message alone, its contacts never shown."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.contact import fold
from domain.reader.gaps import LIMITS, LONGEST, redact, sift

SHOWN = "老地方做冲压件，预算五十万，3号车间要排产"


def test_contacts_are_taken_out_and_the_rest_stays_as_it_was_typed() -> None:
    typed = "王姐 138 1234 5678，邮箱 wang@example.com，微信 wangjie_88，要排产"
    assert redact(typed) == "王姐 〔电话〕，邮箱 〔邮箱〕，微信 〔微信〕，要排产"
    assert len(redact("要" * 5000)) == LONGEST


def test_a_phone_that_is_a_wechat_name_too_is_taken_out_once() -> None:
    assert "138" not in redact("微信13812345678")


@pytest.mark.parametrize(
    ("name", "quote", "value"),
    [
        ("company", "老地方", {"company": "老地方"}),
        ("company", " 老地方 ", {"company": "老地方"}),
        ("amount", "预算五十万", {"amount_min": 500_000, "amount_max": 500_000}),
        ("amount", "要排产", {}),
        ("need", "3号车间要排产", {"need": "3号车间要排产"}),
        ("industry", "3号车间", {}),
        ("company", "新地方", {}),
        ("company", "", {}),
        ("name", SHOWN, {}),
        ("phone", "老地方", {}),
    ],
)
def test_only_a_quote_that_fits_its_field_is_believed(
    name: str, quote: str, value: dict[str, object]
) -> None:
    assert sift({name: quote}, SHOWN, [*LIMITS, "phone"]) == value


def test_a_field_that_is_known_already_is_not_asked_for() -> None:
    assert sift({"company": "老地方"}, SHOWN, ["name"]) == {}


@given(st.dictionaries(st.sampled_from(list(LIMITS)), st.text(max_size=300)), st.text(max_size=300))
def test_nothing_a_model_says_gets_in_unless_the_message_says_it(quotes: dict[str, str], shown: str) -> None:
    for name, value in sift(quotes, shown, list(LIMITS)).items():
        assert name.startswith("amount") or fold(str(value)) in fold(shown)
