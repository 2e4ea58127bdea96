"""What /查重 asks about: a way to reach somebody, or else words."""

import pytest

from domain.usecases.checks import read_keys


@pytest.mark.parametrize(
    ("words", "keys"),
    [
        ("13812345678", 1),
        ("１３８ １２３４ ５６７８", 1),
        ("Zhou@boda.com", 1),
        ("zhou_boda", 1),
        ("138 1234 5678 或 zhou@boda.com", 2),
        ("博达智能", 0),
        ("张伟", 0),
    ],
)
def test_numbers_mail_and_wechat_ids_are_keys_and_names_are_not(words: str, keys: int) -> None:
    assert len(read_keys(words)) == keys
