"""What the domain asks of its surroundings. Storage implements it; tests have a fake of the same shape."""

from collections.abc import Iterable, Mapping, Sequence, Set
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import NamedTuple, Protocol

from domain.assign import Desk
from domain.facts import Plan, Proposal
from domain.lead import Lead
from domain.media import Attachment
from domain.notices import Notice, Tell
from domain.people import Company


@dataclass(frozen=True, slots=True, kw_only=True)
class Note:
    """Words about a lead, verbatim. `kind` is `note` or `visit`; a repeat of `key` adds nothing."""

    key: str
    lead_id: str
    author: str
    kind: str
    text: str
    at: datetime
    gone: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Dialog:
    """What the bot asked a person and now waits for: the next message is the answer.

    `kind` is `draft` (a missing field), `edit`, `visit`, `handback` (words for a reason), `more`
    (`about` is the visit just logged: a picture, a voice or a place that follows belongs to it), `trend`
    (`about` is a text that names no customer). Under `person#…` are kept `typed`, `current` (the lead last
    written about) and `pending` (a note whose lead is not known yet).
    """

    person: str
    kind: str
    lead_id: str
    about: str = ""
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Undo:
    """An act that its author may take back until `until`. `before` is the lead as it was; `note` the key of
    the words it added or, for an edit, the names of the fields it changed."""

    key: str
    person: str
    verb: str
    at: datetime
    until: datetime
    before: Lead
    decisions: int
    note: str | None = None


@dataclass(slots=True, kw_only=True)
class Shown:
    """One copy of a card at one person: where it is, and the digest of what it shows."""

    message: str
    lead_id: str
    person: str
    tell: str
    channel: str
    handle: str
    digest: str
    state: str
    args: dict[str, object] = field(default_factory=dict)


UNKNOWN = "timeout"
"""How the reason of a try begins of which nobody knows whether it was shown."""
HALF = "(half)"
"""Stands in the reason of a failed try when only the card of an answer is left to be shown."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivery:
    """A claimed row of the outbox. `lease` is its fence: who holds an older one finishes nothing.

    `in_doubt` = an earlier try ended without a word (a crash, a timeout): it may have been shown. `together`
    is the same for what was first claimed at one time, and stays so however often it is tried. `half` = the
    words of an answer were shown, its card was not.
    """

    key: str
    lease: int
    tell: Tell
    to: str
    lead_id: str | None
    args: dict[str, object] = field(default_factory=dict)
    attempts: int = 0
    created_at: datetime
    changed: int = 0
    in_doubt: bool = False
    together: int = 0
    half: bool = False


class Booked(NamedTuple):
    """The keys that were booked as sent, and those that somebody else has claimed since; what is in
    neither was booked before."""

    done: Set[str]
    overtaken: Set[str]


class Uow(Protocol):
    """One transaction over the aggregates. Leads are handed out as copies; only what is saved is written."""

    @property
    def company(self) -> Company:
        """The settings as they are for this transaction."""
        ...

    def new_lead_id(self) -> str:
        """A number never given before: `L` and digits."""
        ...

    def lead(self, lead_id: str) -> Lead:
        """The lead, locked until the transaction ends; UnknownLead when there is none."""
        ...

    def preload(self, lead_ids: Iterable[str]) -> None:
        """Read several leads at once, before `lead` asks for each."""
        ...

    def save(self, lead: Lead) -> None:
        """The one place that writes: the row, its facts, its notices, and the desks that it weighs on."""
        ...

    def due_leads(self, now: datetime, limit: int) -> Sequence[Lead]:
        """Leads whose next due instant has come, the longest due first, but those that others hold."""
        ...

    def waiting_leads(self, team: str | None, limit: int) -> Sequence[Lead]:
        """Leads that wait for room in a team, the oldest first."""
        ...

    def ticking_leads(self, after: str, limit: int) -> Sequence[Lead]:
        """Leads that something is due on, by id, those behind `after`."""
        ...

    def leads_of(self, person: str) -> Sequence[Lead]:
        """Every open lead that this person owns."""
        ...

    def drafts_of(self, person: str) -> Sequence[Lead]:
        """The drafts that this person has handed in, the newest first."""
        ...

    def desk(self, person: str) -> Desk:
        """A person's desk, locked; a new one for who has none."""
        ...

    def desks(self, people: Iterable[str]) -> Sequence[Desk]:
        """Several desks in one read, in the order asked."""
        ...

    def save_desk(self, desk: Desk) -> None: ...

    def known_contact(self, keys: Iterable[str]) -> str | None:
        """The open lead that one of these contact keys belongs to."""
        ...

    def claim_contact(self, keys: Iterable[str], lead_id: str) -> None:
        """These keys now belong to this lead."""
        ...

    def free_contact(self, lead_id: str) -> None:
        """The keys of a closed lead belong to nobody."""
        ...

    def known_external(self, source: str, external_id: str) -> str | None:
        """The lead that this source delivered under this id before."""
        ...

    def add_note(self, note: Note) -> None: ...

    def note(self, key: str) -> Note | None:
        """The note of that key, unless it was taken back."""
        ...

    def extend_note(self, key: str, text: str) -> None:
        """Add a line to a note's words."""
        ...

    def add_market_note(self, *, key: str, author: str, text: str, at: datetime) -> None:
        """Keep words about a market, of no lead."""
        ...

    def attach(self, note: str, media: Sequence[Attachment], at: datetime) -> None:
        """Keep what came with a note; what the platform still has is fetched later."""
        ...

    def voice_over(self, media: str, state: str) -> bool:
        """What a voice says is known (`done`) or never will be (`failed`). False: that was booked already."""
        ...

    def drop_note(self, key: str) -> None:
        """Mark a note as taken back."""
        ...

    def plan(self, lead_id: str) -> Plan | None:
        """The next step that is open on a lead."""
        ...

    def plans(self, lead_ids: Iterable[str]) -> Mapping[str, Plan]:
        """The same for several leads, read at once; a lead without one is left out."""
        ...

    def set_plan(self, plan: Plan) -> None:
        """Replaces the lead's next step."""
        ...

    def end_plan(self, lead_id: str) -> None: ...

    def proposal(self, lead_id: str, no: int) -> Proposal | None:
        """What was read from the note with that fact's number."""
        ...

    def proposal_of(self, note: str) -> Proposal | None:
        """The proposal that was read from the note of that key."""
        ...

    def set_proposal(self, proposal: Proposal) -> None: ...

    def note_count(self, lead_id: str, authors: Sequence[str], *, kind: str = "") -> int:
        """How many notes and visits of these people a lead has; of one `kind`, when given."""
        ...

    def had_part(self, lead_id: str, person: str, *, grabs: bool) -> bool:
        """Whether this person ever did something with a lead or was given it, or a card of theirs names it;
        with `grabs` also whether its team could grab it."""
        ...

    def nudged_around(self, at: datetime, within: timedelta, lead_id: str, *, by: str, to: str) -> bool:
        """Whether `by` rang `to` about the lead less than `within` before or after `at`: clicks come in
        another order than they were made, and a clock that was set back has facts far ahead."""
        ...

    def tell(self, notice: Notice) -> None:
        """Queue a notice that belongs to no lead's facts."""
        ...

    def tell_again(self, key: str, at: datetime) -> None:
        """A notice that was told, or passed over, is due once more, under the same key."""
        ...

    def dialog(self, person: str) -> Dialog | None: ...

    def set_dialog(self, dialog: Dialog) -> None: ...

    def end_dialog(self, person: str) -> None: ...

    def remember(
        self, lead: Lead, *, verb: str, by: str, at: datetime, until: datetime, note: str | None = None
    ) -> None:
        """Keep an act on a saved lead, with the lead as this transaction found it, so that its author may
        take it back until `until`."""
        ...

    def last_act(
        self, person: str, now: datetime, *, lead_id: str | None = None, verb: str | None = None,
        note: str | None = None,
    ) -> Undo | None:  # fmt: skip
        """The newest act of a person (on that lead, of that kind, with that note) that may be undone."""
        ...

    def forget(self, undo: Undo) -> None: ...

    def forget_acts(self, person: str, lead_id: str) -> None:
        """None of a person's acts on a lead can be undone any more."""
        ...

    def carry_acts(self, person: str, lead_id: str, *, since: int, now: int) -> None:
        """The acts that left a lead at `since` decisions stand as if they had left it at `now`."""
        ...

    def shred(self, lead_id: str, traces: Sequence[str], instead: str) -> Sequence[str]:
        """Delete every word that is kept with a lead or holds one of these traces of its customer, and have
        its cards drawn anew. A stored answer that names it becomes `instead`. Returns the places of the files
        that came with its notes alone."""
        ...

    def sign_out(self, person: str) -> None:
        """End every session of this person on the pages."""
        ...

    def claim_notices(self, now: datetime, limit: int, busy: Iterable[str]) -> Sequence[Delivery]:
        """Lease due notices, the urgent first, none for the people in `busy`, within each person's pace."""
        ...

    def notices_done(self, deliveries: Sequence[Delivery], *, at: datetime) -> Booked:
        """Book these as sent, but for those whose lease has passed to somebody else."""
        ...

    def notice_again(self, delivery: Delivery, *, at: datetime, why: str) -> bool:
        """Try again at that time; False when the lease has passed to somebody else."""
        ...

    def notice_dead(self, delivery: Delivery, *, why: str, at: datetime) -> bool:
        """It will never be sent; False when the lease has passed to somebody else."""
        ...

    def show(self, shown: Shown) -> None:
        """Keep where a copy of a card is and what it shows; replaces that message's copy of the lead."""
        ...

    def refresh(self, lead_id: str, at: datetime) -> None:
        """Have every shown copy of this lead's cards made true again."""
        ...

    def revive(self, lead_id: str) -> None:
        """Copies of this lead's cards that were over may change again: an undo gives them back their use."""
        ...

    def copy(self, message: str, lead_id: str) -> Shown | None:
        """What is kept of that message with that lead, over or not."""
        ...

    def shown(self, lead_id: str) -> Sequence[Shown]:
        """Every copy of this lead's cards that may still change."""
        ...

    def shown_of(self, lead_ids: Iterable[str]) -> Mapping[str, Sequence[Shown]]:
        """The same for several leads, read at once; a lead that is shown nowhere is left out."""
        ...
