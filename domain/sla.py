"""The response promise as data and arithmetic: who is rung how long after what.

A policy is a ladder of steps in working time. It is copied onto a lead's cycle when the clock starts, so
editing the settings never moves a clock that runs. Nothing here reads a clock or keeps a timer: the next
due instant is computed, stored beside the lead, and found by an indexed sweep.
"""

import json
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from functools import lru_cache
from hashlib import sha256

from domain.calendar import WorkingCalendar


class Do(StrEnum):
    REMIND = "remind"
    ALERT = "alert"
    REASSIGN = "reassign"
    GRAB = "grab"
    MARK = "mark"  # the breach of a ladder that rings nobody at that instant


class To(StrEnum):
    OWNER = "owner"
    MANAGER = "manager"
    DIRECTOR = "director"


class Which(StrEnum):
    """Which of a lead's two clocks."""

    ACCEPT = "accept"
    CONTACT = "contact"


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """`after` so much working time, `do` this; `to` says whom a reminder or an alert rings."""

    after: timedelta
    do: Do
    to: To | None = None


def _minutes(count: float) -> timedelta:
    return timedelta(minutes=count)


DEFAULT_LADDER = (
    Step(after=_minutes(3), do=Do.REMIND, to=To.OWNER),
    Step(after=_minutes(5), do=Do.ALERT, to=To.MANAGER),
    Step(after=_minutes(10), do=Do.REASSIGN),
    Step(after=_minutes(15), do=Do.GRAB),
    Step(after=_minutes(30), do=Do.ALERT, to=To.DIRECTOR),
)


@dataclass(frozen=True, kw_only=True)
class Policy:
    """What was promised when a clock started.

    `within` is the time to accept, `contact_hot` and `contact_default` the time from acceptance to the first
    contact; a card not shown after `undelivered_after` is itself an alarm; once a ladder is at its end the
    last step rings again every `repeat_after` of working time, so that no lead falls silent.
    """

    within: timedelta = timedelta(minutes=5)
    steps: tuple[Step, ...] = DEFAULT_LADDER
    contact_hot: timedelta = timedelta(minutes=30)
    contact_default: timedelta = timedelta(hours=4)
    undelivered_after: timedelta = timedelta(seconds=60)
    repeat_after: timedelta = timedelta(hours=8)
    ladder: tuple[Step, ...] = field(init=False, compare=False, repr=False)

    def __post_init__(self) -> None:
        steps = list(self.steps)
        if not any(step.after == self.within and step.do is not Do.REMIND for step in steps):
            steps.append(Step(after=self.within, do=Do.MARK))
        object.__setattr__(self, "ladder", tuple(sorted(steps, key=lambda step: step.after)))

    def step(self, which: Which, index: int, tier: str) -> Step:
        """The step number `index` (0-based) of a clock; beyond the ladder, the repeating last alarm."""
        ladder = self.ladder if which is Which.ACCEPT else self._contact_ladder(tier)
        if index < len(ladder):
            return ladder[index]
        beyond = index - len(ladder) + 1
        return Step(after=ladder[-1].after + beyond * self.repeat_after, do=Do.ALERT, to=To.DIRECTOR)

    def reaches(self, to: To) -> timedelta:
        """After how long the accept clock rings that leader first."""
        return next((step.after for step in self.ladder if step.to is to), self.ladder[-1].after)

    def promise(self, which: Which, tier: str) -> timedelta:
        """The working time that a clock grants before it is breached."""
        if which is Which.ACCEPT:
            return self.within
        return self.contact_hot if tier == "hot" else self.contact_default

    def _contact_ladder(self, tier: str) -> tuple[Step, ...]:
        """Accepted and idle climbs too: the owner at three quarters, the manager at the breach, the
        director at twice the promise."""
        return _contact_ladder(self.promise(Which.CONTACT, tier))

    def pack(self) -> str:
        """The policy as canonical JSON; equal policies pack equally."""
        return json.dumps(
            {
                "within": self.within.total_seconds(),
                "steps": [[s.after.total_seconds(), s.do, s.to] for s in self.steps],
                "contact_hot": self.contact_hot.total_seconds(),
                "contact_default": self.contact_default.total_seconds(),
                "undelivered_after": self.undelivered_after.total_seconds(),
                "repeat_after": self.repeat_after.total_seconds(),
            },
            sort_keys=True,
            separators=(",", ":"),
        )


@lru_cache(maxsize=64)
def _contact_ladder(promise: timedelta) -> tuple[Step, ...]:
    return (
        Step(after=promise * 0.75, do=Do.REMIND, to=To.OWNER),
        Step(after=promise, do=Do.ALERT, to=To.MANAGER),
        Step(after=promise * 2, do=Do.ALERT, to=To.DIRECTOR),
    )


def unpack_policy(text: str) -> Policy:
    """The policy that `Policy.pack` wrote."""
    raw = json.loads(text)
    return Policy(
        within=timedelta(seconds=raw["within"]),
        steps=tuple(
            Step(after=timedelta(seconds=after), do=Do(do), to=To(to) if to else None)
            for after, do, to in raw["steps"]
        ),
        contact_hot=timedelta(seconds=raw["contact_hot"]),
        contact_default=timedelta(seconds=raw["contact_default"]),
        undelivered_after=timedelta(seconds=raw["undelivered_after"]),
        repeat_after=timedelta(seconds=raw["repeat_after"]),
    )


@lru_cache(maxsize=256)
def policy_id(policy: Policy) -> str:
    """A short name for a policy's content: twelve hex digits of its SHA-256."""
    return sha256(policy.pack().encode()).hexdigest()[:12]


@dataclass(frozen=True, slots=True, kw_only=True)
class Cycle:
    """One run of the accept clock: from the delivery of its first card through reassign and grab.

    `fired` counts the steps done; `lapsed` names who let an offer of this cycle pass; `first_offer` is the
    number of its first offer.
    """

    no: int
    policy: Policy
    first_offer: int
    started_at: datetime | None = None
    fired: int = 0
    breached_at: datetime | None = None
    lapsed: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Offer:
    """One lead at one person, or at a whole team in a grab. Buttons name its number."""

    no: int
    person: str | None
    team: str | None
    at: datetime
    delivered_at: datetime | None = None
    alarmed: bool = False  # its missing delivery has been told

    @property
    def grab(self) -> bool:
        return self.person is None


def due_at(started: datetime, step: Step, calendar: WorkingCalendar) -> datetime:
    """When a step is due on a clock that started then."""
    return calendar.add(started, step.after)
