"""`leadbell read`: a line of text in, what it says as a JSON object out."""

import json
from typing import Any

from domain.reader.lead_text import read_lead


def read_line(line: str, kind: str) -> dict[str, Any]:
    """A line is a text, or a JSON object with `text`. Every line is read as a lead; what that form does not
    know (activity, intent, next step, competitor) is null."""
    text = line.rstrip("\n")
    if text.lstrip().startswith("{"):
        try:
            text = str(json.loads(text)["text"])
        except (ValueError, KeyError, TypeError):
            text = line
    found = read_lead(text)
    return {
        "kind": "lead" if kind == "auto" else kind,
        "name": found.name,
        "company": found.company,
        "title": found.title,
        "phones": [found.phone] if found.phone else [],
        "emails": [found.email] if found.email else [],
        "wechat": found.wechat,
        "region": found.region,
        "industry": found.industry,
        "need": found.need,
        "amount_min": found.amount_min,
        "amount_max": found.amount_max,
        "next_at": None,
        "activity": None,
        "intent": None,
        "competitor": None,
        "sure": found.sure,
        "problems": list(found.problems),
    }
