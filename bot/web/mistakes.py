"""What is wrong with a request, field by field: the 422 of the API. Values are never said back."""

from collections.abc import Iterable
from difflib import get_close_matches

from pydantic_core import ErrorDetails

from bot.web.problems import Problem
from domain.contact import clean_text

MOST_ERRORS = 20
LONGEST_KEY = 60


def bad_field(field: str, detail: str) -> Problem:
    """A 422 about one field, header or query key."""
    return invalid([{"field": field, "detail": detail}])


def invalid(errors: list[dict[str, str]]) -> Problem:
    """A 422 that lists `field` and `detail` of each mistake."""
    detail = "; ".join(f"{each['field']}: {each['detail']}" for each in errors)
    return Problem(422, detail, errors=errors)


def safe(key: str) -> str:
    """A key that somebody sent, fit to be said back."""
    return clean_text(key, LONGEST_KEY) or "?"


def mistakes(found: Iterable[ErrorDetails], known: Iterable[str]) -> list[dict[str, str]]:
    """One mistake a field: of a field with several types the one that says more than "not this type"."""
    chosen: dict[str, ErrorDetails] = {}
    for error in found:
        loc = [str(part) for part in error["loc"]]
        deep = 2 if loc[:1] == ["fields"] else 1
        field = ".".join(safe(part) for part in loc[:deep]) or "body"
        if field not in chosen or chosen[field]["type"].endswith("_type"):
            chosen[field] = error
    return [_mistake(field, error, known) for field, error in list(chosen.items())[:MOST_ERRORS]]


_WORDS = {
    "string_type": "must be text",
    "string_too_long": "is too long, at most {max_length} characters",
    "string_too_short": "must not be empty",
    "string_unicode": "is no valid Unicode text",
    "too_long": "has too many entries, at most {max_length}",
    "dict_type": "must be an object of texts",
    "greater_than_equal": "must not be negative",
    "less_than": "is too large",
    "finite_number": "must be a finite number",
}
_WORDS_OF_TYPE = {"amount": "must be a number or text", "consent": "must be true, false or text"}


def _mistake(field: str, error: ErrorDetails, known: Iterable[str]) -> dict[str, str]:
    kind = error["type"]
    if kind == "extra_forbidden":
        near = nearest(field, known)
        hint = f", did you mean {near}?" if near else ""
        return {"field": field, "detail": f"is not a known key{hint}"} | ({"nearest": near} if near else {})
    if kind.endswith("_type") and field in _WORDS_OF_TYPE:
        return {"field": field, "detail": _WORDS_OF_TYPE[field]}
    return {"field": field, "detail": _WORDS.get(kind, "is not valid").format(**error.get("ctx", {}))}


_OTHER_NAMES = {
    "mobile": "phone", "tel": "phone", "telephone": "phone", "mail": "email", "weixin": "wechat",
    "wx": "wechat",
    "message": "need", "comment": "need", "remark": "need", "note": "need", "budget": "amount",
    "position": "title", "job": "title", "city": "region", "province": "region", "source": "channel",
    "organization": "company", "contact": "name", "id": "external_id", "extra": "fields",
}  # fmt: skip


def nearest(key: str, known: Iterable[str]) -> str:
    """The known key that was most likely meant, or ""."""
    listed = list(known)
    other = _OTHER_NAMES.get(key.lower(), "")
    found = [other] if other in listed else get_close_matches(key.lower(), listed, n=1, cutoff=0.6)
    return found[0] if found else ""
