"""What a language model may add to a reading: words of the message itself, for fields that the rules left open.

The model sees the message without its phones, e-mails, WeChat names and QQ numbers, and gives back quotes. A quote that the
message does not hold is dropped; numbers are read from it by our own rules.
"""

from collections.abc import Mapping, Sequence

from domain.contact import clean_text, fold, without_contacts
from domain.reader.money import read_amount

LONGEST = 1000
"""Characters of a message that are shown to a model."""
LIMITS: Mapping[str, int] = {
    "name": 20, "company": 60, "title": 20, "industry": 20, "region": 20, "product": 40, "need": 200, "amount": 40,
}  # fmt: skip
"""The fields that a model may quote for, with the longest quote."""
_HIDDEN = {
    "phone": "〔电话〕",
    "nearly": "〔电话〕",
    "email": "〔邮箱〕",
    "wechat": "〔微信〕",
    "qq": "〔QQ〕",
}
_NUMBERED = frozenset({"product", "need", "amount"})


def redact(text: str) -> str:
    """The message as a model may see it: contacts replaced by 〔电话〕 and the like, at most LONGEST signs."""
    return without_contacts(text, lambda kind, _: _HIDDEN[kind])[:LONGEST]


def sift(quotes: Mapping[str, str], shown: str, wanted: Sequence[str]) -> dict[str, object]:
    """The values of the wanted fields that hold: quotes of what was `shown`, of a fitting length; an amount as
    `amount_min` and `amount_max` in yuan. Everything else a model says is left out."""
    found: dict[str, object] = {}
    for name, quote in quotes.items():
        said = clean_text(quote, 2 * LONGEST)
        if name not in wanted or name not in LIMITS or not _holds(name, said, shown):
            continue
        if name != "amount":
            found[name] = said
        elif (amount := read_amount(fold(said), sure_money=True)) is not None:
            found["amount_min"], found["amount_max"] = amount
    return found


def _holds(name: str, said: str, shown: str) -> bool:
    if not said or len(said) > LIMITS[name] or "〔" in said or "\n" in said:
        return False
    numbered = any(sign.isdigit() for sign in said)
    return fold(said) in fold(shown) and (name in _NUMBERED or not numbered)
