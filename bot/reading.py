"""`leadbell read`: a line of text in, what it says as a JSON object out."""

import json
from collections.abc import Iterable, Iterator
from dataclasses import replace
from datetime import datetime
from typing import Any

from bot.language import almanac_of, simplified, tools
from domain.reader.context import Context, Names, plain
from domain.reader.kinds import Kind
from domain.reader.names import VENDORS, NameIndex, short_forms
from domain.reader.understand import Reading, understand

Named = Iterable[tuple[str, str]]


def make_context(now: datetime, names: Named = (), competitors: Iterable[str] = ()) -> Context:
    """What lines are read with. `names` are (text, kind) of the company's own; a firm is known by its short
    forms too. Without `competitors` of its own the shipped list of vendors is used beside it all the same."""
    table = simplified()
    index = NameIndex((plain(each, table), "competitor") for each in (*competitors, *VENDORS))
    for text, kind in names:
        said = plain(text, table)
        for form in short_forms(said) if kind == "company" else (said,):
            index.add(form, kind)
    return Context(
        now=now,
        almanac=almanac_of(range(now.year - 1, now.year + 3)),
        names=Names(find=index.find),
        tools=tools(with_pinyin=False),
    )


class BadLine(ValueError):
    """A line that begins like a JSON object and is none that can be read; the message says why."""


def read_line(line: str, kind: str, context: Context, *, explain: bool = False) -> dict[str, Any]:
    """A line is a text, or a JSON object with `text` and perhaps a `ref`: when it was written, which is given
    back. An empty line is a note that says nothing. Raises BadLine."""
    text, ref = _opened(line)
    if ref is not None:
        context = replace(context, now=_written(ref, context.now))
    found = understand(text, context, None if kind == "auto" else Kind(kind))
    said = as_json(found) | {"ref": ref}
    if explain:
        said["spans"] = [
            {
                "field": each.field, "start": each.start, "end": each.end, "text": each.text,
                "value": each.value, "confidence": round(each.confidence, 2), "rule": each.rule,
            }
            for each in sorted(found.spans, key=lambda span: (span.start, span.end))
        ]  # fmt: skip
    return said


def read_lines(
    lines: Iterable[str], kind: str, context: Context, *, explain: bool = False
) -> Iterator[dict[str, Any]]:
    """One answer a line, in order; one that cannot be read is answered with its number and why."""
    for number, line in enumerate(lines, start=1):
        try:
            yield read_line(line, kind, context, explain=explain)
        except BadLine as error:
            yield {"error": str(error), "line": number}


def _opened(line: str) -> tuple[str, str | None]:
    text = line.rstrip("\r\n")
    if not text.lstrip().startswith("{"):
        return text, None
    try:
        given = json.loads(text)
    except (ValueError, RecursionError):
        raise BadLine("not a JSON object") from None
    if not isinstance(given.get("text"), str):
        raise BadLine("`text` is missing or no string")
    if not isinstance(given.get("ref") or "", str):
        raise BadLine("`ref` is no string")
    return given["text"], given.get("ref") or None


def _written(ref: str, now: datetime) -> datetime:
    """The time of a `ref`, in the zone of `now`, which a time without an offset is in."""
    try:
        written = datetime.fromisoformat(ref)
        return written.astimezone(now.tzinfo) if written.tzinfo else written.replace(tzinfo=now.tzinfo)
    except (ValueError, OverflowError):
        raise BadLine("`ref` is no time in ISO 8601") from None


def as_json(found: Reading) -> dict[str, Any]:
    """The reading in the names that other programs rely on; what was not said is null."""
    step = found.next
    at = None if step is None else step.at.isoformat() if step.at else step.day.isoformat()
    until = step.until.isoformat() if step and not step.at and not step.exact else None
    return {
        "kind": found.kind.value,
        "name": found.name,
        "company": found.company,
        "title": found.title,
        "phones": list(found.phones),
        "emails": list(found.emails),
        "wechat": found.wechat,
        "region": found.region,
        "industry": found.industry,
        "need": found.need,
        "amount_min": found.amount_min,
        "amount_max": found.amount_max,
        "amounts": [{"role": each.role.value, "min": each.least, "max": each.most} for each in found.amounts],
        "next_at": at,
        "next_until": until,
        "next_step": step.words if step else None,
        "activity": found.activity,
        "outcome": found.outcome,
        "intent": found.intent,
        "competitor": ";".join(found.competitors) or None,
        "products": list(found.products),
        "stage": found.stage,
        "location": found.location,
        "sure": found.sure,
        "problems": list(found.problems),
    }
