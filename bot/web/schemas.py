"""What the capture API takes: strict JSON, a model that names every mistake, and the customer made of it.

Each text is refused when it is longer than its field and cleaned before it is kept. A phone, an e-mail or a
WeChat name that cannot be read is refused, so that the source's own form can say so; an amount in words that
cannot be read is kept as words.
"""

import json
import re
from collections import Counter
from collections.abc import Mapping
from typing import Annotated, Any, NoReturn

from pydantic import BaseModel, ConfigDict, Field, ValidationError
from pydantic.config import JsonDict

from bot.web.mistakes import LONGEST_KEY, MOST_ERRORS, invalid, mistakes, safe
from bot.web.problems import Problem
from domain.contact import clean_text, fold, normal_email, normal_phone, normal_wechat
from domain.lead import Customer, Origin
from domain.reader.money import read_amount

MOST_ENTRIES, LONGEST_ENTRY = 30, 200
MOST_YUAN = 10**13

Name = Annotated[str, Field(max_length=80)]
Line = Annotated[str, Field(max_length=120)]
Whole = Annotated[int, Field(ge=0, lt=MOST_YUAN)]
Number = Annotated[float, Field(ge=0, lt=MOST_YUAN, allow_inf_nan=False)]
Entries = Annotated[
    dict[
        Annotated[str, Field(min_length=1, max_length=LONGEST_KEY)],
        Annotated[str, Field(max_length=LONGEST_ENTRY)],
    ],
    Field(max_length=MOST_ENTRIES),
]

_EXAMPLE: JsonDict = {
    "name": "张伟",
    "company": "华东机械",
    "phone": "138 1234 5678",
    "need": "想了解 50 人用的方案",
    "amount": "20-30万",
    "channel": "官网",
    "external_id": "form-20261102-17",
    "consent": True,
    "fields": {"utm_source": "baidu"},
}


class LeadIn(BaseModel):
    """A lead. One of `phone`, `email` and `wechat` is needed; every other key may be left out or null."""

    model_config = ConfigDict(
        strict=True, extra="forbid", frozen=True, title="LeadIn", json_schema_extra={"examples": [_EXAMPLE]}
    )

    name: Name | None = None
    company: Line | None = None
    phone: Annotated[str, Field(max_length=40)] | None = None
    email: Annotated[str, Field(max_length=254)] | None = None
    wechat: Annotated[str, Field(max_length=60)] | None = None
    title: Name | None = None
    industry: Name | None = None
    region: Name | None = None
    product: Line | None = None
    need: Annotated[str, Field(max_length=2000)] | None = None
    amount: Whole | Number | Annotated[str, Field(max_length=60)] | None = Field(
        None, description="Yuan: a number, or words such as 80万 or 20-30万"
    )
    channel: Annotated[str, Field(max_length=40)] | None = Field(
        None, description="Where the customer came from; the token's name when it is left out"
    )
    campaign: Line | None = None
    external_id: Annotated[str, Field(max_length=200)] | None = Field(
        None, description="The source's own id: the same source and id is the same lead"
    )
    consent: bool | Annotated[str, Field(max_length=200)] | None = Field(
        None, description="Whether, or on which words, the customer agreed to be contacted"
    )
    fields: Entries | None = Field(None, description="Anything else, as text")

    def origin(self, source: str) -> Origin:
        """Where it came from; `source` is the token's name."""
        consent = self.consent
        if isinstance(consent, bool):
            consent = "yes" if consent else "no"
        return Origin(
            channel=_clean(self.channel, 40) or source,
            source=source,
            external_id=_clean(self.external_id, 200),
            campaign=_clean(self.campaign, 120),
            consent=_clean(consent, 200),
        )

    def customer(self) -> Customer:
        """The customer, cleaned; a Problem 422 names each contact that is none, or asks for one."""
        contacts = self._contacts()
        least, most, words = _amount(self.amount)
        extra = {clean_text(key, LONGEST_KEY): text for key, text in (self.fields or {}).items()}
        if words:
            extra.setdefault("amount", words)
        cleaned = {key: clean_text(text, LONGEST_ENTRY) for key, text in extra.items() if key}
        return Customer(
            name=_clean(self.name, 80),
            company=_clean(self.company, 120),
            title=_clean(self.title, 80),
            phone=contacts["phone"],
            email=contacts["email"],
            wechat=contacts["wechat"],
            industry=_clean(self.industry, 80),
            region=_clean(self.region, 80),
            product=_clean(self.product, 120),
            need=_clean(self.need, 2000),
            amount_min=least,
            amount_max=most,
            extra=cleaned,
        )

    def _contacts(self) -> Mapping[str, str | None]:
        given = {name: _clean(getattr(self, name), 254) for name in _READERS}
        read = {name: _READERS[name](text) if text else None for name, text in given.items()}
        wrong = [name for name, text in given.items() if text and read[name] is None]
        if wrong:
            raise invalid([{"field": name, "detail": _UNREADABLE[name]} for name in wrong])
        if not any(read.values()):
            detail = "one of phone, email and wechat is needed"
            raise invalid([{"field": name, "detail": detail} for name in _READERS])
        return read


_READERS = {"phone": normal_phone, "email": normal_email, "wechat": normal_wechat}
_UNREADABLE = {
    "phone": "is no phone number that can be called",
    "email": "is no e-mail address",
    "wechat": "is no WeChat name",
}


def _clean(text: str | None, limit: int) -> str | None:
    return (clean_text(text, limit) or None) if text else None


_NEGATIVE = re.compile(r"\s*(?:[-−–]|负)")


def _amount(given: float | str | None) -> tuple[int | None, int | None, str]:
    """(least, most, the words when they could not be read)."""
    if given is None:
        return None, None, ""
    if isinstance(given, str):
        text = fold(clean_text(given, 60))
        if not re.fullmatch(r"[0-9]{1,12}(?:\.[0-9]{1,4})?", text):
            found = None if _NEGATIVE.match(text) else read_amount(text, sure_money=True)
            return (*found, "") if found else (None, None, text)
        given = float(text)
    yuan = round(given) or None
    return yuan, yuan, ""


class _Twice(Exception):
    """An object that says a key twice."""


def _once_each(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise _Twice(*(key for key, times in Counter(key for key, _ in pairs).items() if times > 1))
    return found


def _no_constant(name: str) -> NoReturn:
    raise ValueError(name)  # NaN and Infinity are no JSON


_DECODER = json.JSONDecoder(object_pairs_hook=_once_each, parse_constant=_no_constant)


def read_json(body: bytes) -> Any:
    """The value of strict JSON in UTF-8; a Problem 400 for anything else, 422 for a key said twice."""
    try:
        return _DECODER.decode(body.decode())
    except _Twice as twice:
        keys = [str(key) for key in twice.args[:MOST_ERRORS]]
        raise invalid([{"field": safe(key), "detail": "is there more than once"} for key in keys]) from None
    except RecursionError:
        raise Problem(422, "the JSON is nested too deeply") from None
    except ValueError:
        raise Problem(400, "the body is not JSON in UTF-8") from None


def read_lead(value: Any) -> LeadIn:
    """The lead in a JSON value; a Problem 422 names every mistake."""
    if not isinstance(value, dict):
        raise Problem(422, "the body must be a JSON object")
    try:
        return LeadIn.model_validate(value)
    except ValidationError as error:
        raise invalid(
            mistakes(error.errors(include_url=False, include_input=False), LeadIn.model_fields)
        ) from None
