"""Facts: what happened to a lead, in the past tense. No personal data: words live beside, by reference."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

SYSTEM = "system"


class Kind(StrEnum):
    CAPTURED = "captured"
    TOUCHED = "touched"
    EDITED = "edited"
    COMPLETED = "completed"
    JUDGED = "judged"
    ASSIGNED = "assigned"
    REASSIGNED = "reassigned"
    DELIVERED = "delivered"
    UNDELIVERED = "undelivered"
    REFUSED_BY_PLATFORM = "refused_by_platform"
    REMINDED = "reminded"
    BREACHED = "breached"
    ESCALATED = "escalated"
    ESCALATION_WITHDRAWN = "escalation_withdrawn"
    GRAB_OPENED = "grab_opened"
    PARKED = "parked"
    ACCEPTED = "accepted"
    CONTACTED = "contacted"
    HANDED_BACK = "handed_back"
    HELP_REQUESTED = "help_requested"
    NUDGED = "nudged"
    NOTE_ADDED = "note_added"
    VISIT_LOGGED = "visit_logged"
    WITHDRAWN = "withdrawn"
    UNDONE = "undone"
    REFUSED = "refused"
    OWNER_LEFT = "owner_left"
    RESUMED = "resumed"
    FACTS_CONFIRMED = "facts_confirmed"
    NEXT_SET = "next_set"
    NEXT_DONE = "next_done"
    LOOKED_UP = "looked_up"
    UNWELCOMED = "unwelcomed"
    ERASED = "erased"


UNSEEN = frozenset(
    {Kind.DELIVERED, Kind.TOUCHED, Kind.NOTE_ADDED, Kind.UNDELIVERED, Kind.LOOKED_UP, Kind.UNWELCOMED}
)
"""Facts that change no card: they make no copy untrue."""


_LABEL = re.compile(r"(?!.*[0-9]{5})[\w.&()/ -]{1,20}")


def as_label(text: str) -> str:
    """A channel's name, if it can be one: facts stay for ever, so what may be somebody's data is left out."""
    return text if _LABEL.fullmatch(text) else ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """One fact about one lead. `no` counts per lead from 1; `actor` is a person's id or `system`.

    `step` is set on what an escalation did, `clock` on which clock: (lead, cycle, clock, step) is unique, so
    that no level can ring twice.
    """

    no: int
    kind: Kind
    at: datetime
    actor: str
    cycle: int = 0
    offer: int = 0
    clock: str = ""
    step: int | None = None
    data: Mapping[str, object] = field(default_factory=dict)
