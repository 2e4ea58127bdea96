"""The chain of a lead's facts: each link is the SHA-256 of the link before it and of what the fact says.

Whoever changes, removes or slips in a fact breaks every link behind it. A chain holds ids, codes and times
only: what people said stands elsewhere, so that erasing it leaves the chain whole.
"""

import json
from collections.abc import Sequence
from hashlib import sha256

GENESIS = ""
_encode = json.JSONEncoder(ensure_ascii=False, separators=(",", ":")).encode


def link(previous: str, fact: Sequence[str | int | None]) -> str:
    """The link of a fact, in 64 hex digits. `fact` = its columns in the table's order, without the link."""
    return sha256((previous + _encode(fact)).encode("utf-8", "surrogatepass")).hexdigest()


def root(previous: str, no: int, at: int, heads: Sequence[Sequence[str | int]]) -> str:
    """The root of an anchor: over the root before and the (lead, number of its last fact, link) of all."""
    return sha256((previous + _encode([no, at, heads])).encode()).hexdigest()
