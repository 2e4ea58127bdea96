"""One written form for a phone, an e-mail, a WeChat name: to compare, to show, to hide."""

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from domain.contact import (
    _cleaned,
    clean_text,
    contact_keys,
    find_emails,
    find_phones,
    find_wechats,
    fold,
    is_common_line,
    mask_email,
    mask_phone,
    mask_wechat,
    normal_email,
    normal_phone,
    normal_wechat,
    show_phone,
)

FAMILY = "\U0001f468\u200d\U0001f469\u200d\U0001f467"
WALES = "\U0001f3f4\U000e0067\U000e0062\U000e0077\U000e006c\U000e0073\U000e007f"


@pytest.mark.parametrize(
    ("typed", "kept"),
    [
        ("13700001111", "+8613700001111"),
        ("+86 137 0000 1111", "+8613700001111"),
        ("0086-137-0000-1111", "+8613700001111"),
        ("8613700001111", "+8613700001111"),
        ("137.0000.1111", "+8613700001111"),
        ("１３７００００１１１１", "+8613700001111"),
        ("1 3 7 0 0 0 0 1 1 1 1", "+8613700001111"),
        ("021-62345678", "+862162345678"),
        ("(021) 6234 5678", "+862162345678"),
        ("+86 (0)21 6234 5678", "+862162345678"),
        ("０５１２－６２３４５６７８", "+8651262345678"),
        ("0512-62345678转801", "+8651262345678-801"),
        ("021-62345678-801", "+862162345678-801"),
        ("021-62345678 ext. 12", "+862162345678-12"),
        ("400 820 1234", "+864008201234"),
        ("800-820-1234", "+868008201234"),
        ("+1 (415) 555-0199", "+14155550199"),
        ("+1 415 555 0199", "+14155550199"),
        ("0044 20 7946 0958", "+442079460958"),
    ],
)
def test_however_a_phone_is_typed_it_is_kept_one_way(typed: str, kept: str) -> None:
    assert normal_phone(typed) == kept


@pytest.mark.parametrize(
    "typed",
    [
        "",
        "1370000111",
        "137000011112",
        "12700001111",
        "62345678",
        "2162345678",
        "021-6234567",
        "+86 137",
        "+1234",
        "王伟",
        "1" * 400,
        "+1234567890123456",
    ],
)
def test_what_is_no_phone_number_stays_none(typed: str) -> None:
    assert normal_phone(typed) is None


@pytest.mark.parametrize(
    ("kept", "shown", "hidden"),
    [
        ("+8613700001111", "13700001111", "137****1111"),
        ("+862162345678", "021-62345678", "021-******78"),
        ("+8651262345678-801", "0512-62345678-801", "0512-******78"),
        ("+86102345678", "010-2345678", "010-*****78"),
        ("+864008201234", "400-820-1234", "********34"),
        ("+14155550199", "+14155550199", "*********99"),
        ("12", "12", "**"),
    ],
)
def test_a_phone_is_shown_as_people_write_it_and_hidden_to_the_others(
    kept: str, shown: str, hidden: str
) -> None:
    assert show_phone(kept) == shown
    assert mask_phone(kept) == hidden


@given(st.integers(13_000_000_000, 19_999_999_999), st.sampled_from(["", "+86", "86 ", "0086-"]))
def test_a_mobile_survives_showing_and_reading_again(number: int, prefix: str) -> None:
    kept = normal_phone(f"{prefix}{number}")
    assert kept == f"+86{number}"
    assert normal_phone(show_phone(kept)) == kept
    assert mask_phone(kept) == f"{str(number)[:3]}****{str(number)[-4:]}"


@given(st.text())
def test_no_text_breaks_a_reader_of_contacts(text: str) -> None:
    phone = normal_phone(text)
    assert phone is None or normal_phone(phone) == phone
    assert normal_email(text) is None or "@" in text or "＠" in text or "﹫" in text
    assert normal_wechat(text) is None or len(text) >= 5
    assert all(text[found.start : found.end] for found in find_phones(text) + find_emails(text))


def test_a_line_gives_up_its_phones_in_order() -> None:
    line = fold("总机 0512-62345678转8 手机 137-0000-1111，美国 +1 415 555 0199 订单 20260311123456789")
    assert [found.value for found in find_phones(line)] == [
        "+8651262345678-8",
        "+8613700001111",
        "+14155550199",
    ]


@pytest.mark.parametrize(
    ("text", "number"),
    [("+49 151 23456789", "+4915123456789"), ("0065 138 1234 5678", "+6513812345678"), ("+886 912 345 678", "+886912345678")],
)  # fmt: skip
def test_a_number_behind_another_countrys_code_is_none_of_chinas(text: str, number: str) -> None:
    assert [found.value for found in find_phones(f"王总 {text} 询价")] == [number]
    assert normal_phone(text) == number


def test_an_email_is_lower_case_and_its_owner_hidden() -> None:
    assert normal_email("  Wang.Wei@Example.COM ") == "wang.wei@example.com"
    assert normal_email("ｗａｎｇ＠example.com") == "wang@example.com"
    assert mask_email("wang.wei@example.com") == "w***@example.com"


@pytest.mark.parametrize(
    "typed", ["", "wang@", "@example.com", "a..b@example.com", "a.@example.com", "a@b", "a b@c.cn"]
)
def test_a_broken_email_is_none(typed: str) -> None:
    assert normal_email(typed) is None


def test_an_email_longer_than_mail_allows_is_none() -> None:
    long = "a@" + ".".join(["b" * 60] * 5) + ".com"
    assert normal_email(long) is None
    assert find_emails(long) == []


@pytest.mark.parametrize(
    ("typed", "kept"),
    [
        ("wang_wei88", "wang_wei88"),
        ("微信：wang_wei88", "wang_wei88"),
        ("微信号 wang-wei", "wang-wei"),
        ("WX:Wang_Wei", "Wang_Wei"),
        ("+86 137 0000 1111", "13700001111"),
        ("77885566", "77885566"),
        ("021-62345678", None),
        ("wei", None),
        ("王伟", None),
    ],
)
def test_a_wechat_name_is_a_name_or_the_number_it_hangs_on(typed: str, kept: str | None) -> None:
    assert normal_wechat(typed) == kept


def test_same_number_on_wechat_means_the_phone() -> None:
    line = "137 微信同号"
    assert [found.value for found in find_wechats(line, "+8613700001111")] == ["13700001111"]
    assert find_wechats(line) == []
    assert mask_wechat("wang_wei88") == "wa****"


def test_two_leads_are_compared_by_every_contact_they_have() -> None:
    keys = contact_keys(phone="+8613700001111", email="W@example.com", wechat="Wang_Wei")
    assert keys == ("p:+8613700001111", "e:w@example.com", "w:wang_wei")
    assert contact_keys(phone=None, email=None, wechat=None) == ()


def test_folding_keeps_every_sign_in_its_place() -> None:
    assert fold("电话：０２１－６２，\u3000ＡＢ—〜") == "电话:021-62, AB-~"


@pytest.mark.parametrize(
    ("typed", "kept"),
    [
        ("  想上MES，预算８０万 ", "想上MES，预算80万"),
        ("一\r\n二\r三\u2028四\t五", "一\n二\n三\n四 五"),
        ("坏\x00\x1b[31m\x85人", "坏[31m人"),
        ("abc\u202edcb\u2066x\u2069\u200f", "abcdcbx"),
        ("零\u200b宽\ufeff字\u200d符", "零宽字符"),
        ("半\ud800个", "半个"),
        (FAMILY, FAMILY),
        (WALES + "\U000e0041", WALES),
    ],
)
def test_words_are_kept_and_what_nobody_can_see_is_not(typed: str, kept: str) -> None:
    assert clean_text(typed, 100) == kept


@pytest.mark.parametrize(
    ("typed", "limit", "kept"),
    [
        ("一二三四", 2, "一二"),
        ("好" + FAMILY, 3, "好"),
        ("ae\u0301b", 2, "a"),
        ("\U0001f44d\U0001f3fd!", 1, "\U0001f44d"),
        ("\U0001f1e8\U0001f1f3\U0001f1e8\U0001f1f3", 3, "\U0001f1e8\U0001f1f3"),
        ("\U0001f1e8\U0001f1f3\U0001f1e8\U0001f1f3", 2, "\U0001f1e8\U0001f1f3"),
        ("x\U0001f1e8\U0001f1f3", 1, "x"),
        ("e" + "\u0301" * 9, 4, "e" + "\u0301" * 3),
    ],
)
def test_a_cut_never_falls_inside_what_a_reader_sees_as_one_sign(typed: str, limit: int, kept: str) -> None:
    assert clean_text(typed, limit) == kept


@given(st.text(), st.integers(1, 40))
@example("\u0301" * 30, 5)
@example(FAMILY * 3, 7)
def test_cleaning_twice_changes_nothing_more(text: str, limit: int) -> None:
    once = clean_text(text, limit)
    assert len(once) <= limit
    assert clean_text(once, limit) == once
    once.encode()


@given(
    st.text(
        alphabet=st.one_of(
            st.sampled_from(" a0．，龥\u3000９\u200b\u200d\n\r\t\x85\u2028\u0301" + FAMILY + WALES),
            st.characters(),
        )
    )
    | st.text(),
    st.integers(1, 30),
)
def test_a_text_that_looks_clean_is_kept_as_the_thorough_cleaning_would_keep_it(
    words: str, limit: int
) -> None:
    assert clean_text(words, limit) == _cleaned(words, limit)


@given(
    st.text(
        alphabet=st.one_of(
            st.characters(codec="utf-8"), st.sampled_from("张伟 Aa1，。：（）\u3000\u200b\u202eＡ１·")
        ),
        max_size=40,
    )
)
def test_a_common_line_needs_no_cleaning(text: str) -> None:
    if is_common_line(text):
        assert clean_text(text, len(text)) == text == " ".join(text.split())


@pytest.mark.parametrize("text", ["", " a", "a ", "a  b", "a\nb", "Ａ", "\u202ea", "张\u200b伟", "é"])
def test_what_may_need_cleaning_is_no_common_line(text: str) -> None:
    assert not is_common_line(text)
    assert is_common_line("张伟 138-1234，上海（浦东）")
