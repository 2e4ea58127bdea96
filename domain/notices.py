"""Notices: who must be told or shown what. One notice is one row of the outbox, to one person.

A notice holds no words: the card is rendered when it is delivered, from the lead as it then is.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from domain.clock import EPOCH


class Tell(StrEnum):
    """What a notice is about; bot.cards knows a builder for each."""

    OFFER = "offer"  # the lead card to the one it is offered to
    GRAB = "grab"  # the lead card to each of a team
    REMIND = "remind"
    NUDGE = "nudge"
    CONTACT_DUE = "contact_due"
    ALERT = "alert"  # the card of whoever must step in
    STUCK = "stuck"  # nobody can take it: the manager decides
    OUTCOME = "outcome"  # the submitter hears what became of it
    OFF_DUTY = "off_duty"
    HELP = "help"
    REVISIT = "revisit"
    GAP = "gap"
    DEAD = "dead"
    CALENDAR = "calendar"
    LEFT = "left"  # somebody has left, and their leads went on
    FOLLOW_UP = "follow_up"  # the next step of a lead, at its time
    HANDED_BACK = "handed_back"  # the leader of the team hears who gave a lead back, and why
    COLLEAGUE = "colleague"  # somebody else wrote something about one's lead
    REPLY = "reply"
    WELCOME = "welcome"  # a customer who has just met a member, by a word that goes once and soon or never
    REFRESH = "refresh"  # every shown copy of a lead's cards is made true again


URGENT = frozenset(
    {
        Tell.OFFER,
        Tell.GRAB,
        Tell.REMIND,
        Tell.NUDGE,
        Tell.CONTACT_DUE,
        Tell.ALERT,
        Tell.STUCK,
        Tell.REPLY,
        Tell.FOLLOW_UP,
        Tell.WELCOME,
    }
)
"""What an SLA that runs (or the person's own question) may ring in quiet hours."""

ROLLED_UP = frozenset({Tell.ALERT, Tell.STUCK, Tell.HANDED_BACK})
ROLL_UP_FROM = 4
"""So many of these at once to one person are one card that names each."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Notice:
    """`key` is unique for ever: the same fact is never told twice. `to` is a person's id;
    `at` is when it arose, for those that belong to no lead's facts."""

    key: str
    tell: Tell
    to: str
    lead_id: str | None = None
    args: Mapping[str, object] = field(default_factory=dict)
    not_before: datetime | None = None
    at: datetime = EPOCH

    @property
    def urgent(self) -> bool:
        return self.tell in URGENT
