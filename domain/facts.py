"""What a note lets one conclude, and the next step that was agreed: proposals until a person confirms."""

import json
import re
from dataclasses import asdict, dataclass, fields, replace
from datetime import date, datetime, time, timedelta

from domain.calendar import WorkingCalendar
from domain.reader.understand import NextStep, Reading

AFTERNOON, MORNING = time(16, 0), time(9, 0)
SOON = timedelta(minutes=30)
_PARTS = (
    (re.compile("中午|正午|晌午"), time(11, 0)),
    (re.compile("下午|午后|午饭后|[下后]晌|[下晏]昼"), time(14, 0)),
    (re.compile("傍晚|晚上|晚间|今晚|晚$|夜"), time(17, 0)),
)
"""When somebody is reminded of what is to be done in a part of a day: as it begins, before work ends."""
LONGEST_BREAK = 31
"""Days in which a workday is looked for."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """The next step of a lead: what `person` will be reminded of at `due`. One a lead; `no` is the number of
    the fact that set it, so a reminder of an older one is known as such. `exact` = a clock time was said."""

    lead_id: str
    no: int
    person: str
    due: datetime
    exact: bool
    words: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """Everything is optional. `due` is an instant; amounts in yuan; `evidence` is a first contact's class."""

    due: datetime | None = None
    exact: bool = False
    words: str = ""
    amount_min: int | None = None
    amount_max: int | None = None
    role: str = ""
    competitor: str = ""
    intent: str = ""
    activity: str = ""
    outcome: str = ""
    stage: str = ""
    evidence: str = ""

    def __bool__(self) -> bool:
        """Whether there is something to confirm."""
        amount = (self.amount_min, self.amount_max) != (None, None)
        return bool(self.due or amount or self.competitor or self.intent or self.stage or self.evidence)

    @property
    def worth_asking(self) -> bool:
        """Whether there is more than that a visit took place."""
        return bool(replace(self, evidence=""))

    def and_more(self, newer: "Facts") -> "Facts":
        """What the longer text says, and what only the shorter one (self) did: `[位置] …` behind a visit
        takes nothing of it back."""
        step = newer if newer.due else self
        money = newer if (newer.amount_min, newer.amount_max) != (None, None) else self
        return replace(
            self, due=step.due, exact=step.exact, words=step.words, amount_min=money.amount_min,
            amount_max=money.amount_max, role=money.role, competitor=newer.competitor or self.competitor,
            intent=newer.intent or self.intent, activity=newer.activity or self.activity,
            outcome=newer.outcome or self.outcome, stage=newer.stage or self.stage,
            evidence=newer.evidence or self.evidence,
        )  # fmt: skip

    def pack(self) -> str:
        values = {name: value for name, value in asdict(self).items() if value not in (None, "", False)}
        if self.due:
            values["due"] = self.due.isoformat()
        return json.dumps(values, ensure_ascii=False, separators=(",", ":"))


def unpack_facts(text: str) -> Facts:
    """The facts that `pack` wrote; what a newer release added is left out."""
    known = {each.name for each in fields(Facts)}
    values = {name: value for name, value in json.loads(text).items() if name in known}
    if values.get("due"):
        values["due"] = datetime.fromisoformat(values["due"])
    return Facts(**values)


@dataclass(frozen=True, slots=True, kw_only=True)
class Proposal:
    """The facts read from a note, for its author to confirm. `state` is open, taken or dropped."""

    lead_id: str
    no: int
    person: str
    note: str
    facts: Facts
    state: str = "open"


# The classes of evidence of a first contact (X19), the weakest being `declared`, a pressed button.
_EVIDENCE = {"call": "call_note", "wechat": "message_note", "email": "message_note",
             "meeting": "meeting_note", "visit": "visit"}  # fmt: skip
_NOT_REACHED = frozenset({"no_answer", "wrong_number"})


def facts_of(reading: Reading, *, calendar: WorkingCalendar, now: datetime) -> Facts:
    """The proposal that a reading makes. `now` is local."""
    step = reading.next
    reached = reading.activity and reading.outcome not in _NOT_REACHED
    ends = (reading.amount_min, reading.amount_max)
    money = next((each for each in reading.amounts if (each.least, each.most) == ends), None)
    return Facts(
        due=due_of(step, calendar=calendar, now=now) if step else None,
        exact=bool(step and step.at),
        words=step.words if step else "",
        amount_min=reading.amount_min,
        amount_max=reading.amount_max,
        role=money.role.value if money else "",
        competitor="、".join(reading.competitors),
        intent=reading.intent or "",
        activity=reading.activity or "",
        outcome=reading.outcome or "",
        stage=reading.stage or "",
        evidence=_EVIDENCE.get(reading.activity or "", "") if reached else "",
    )


def due_of(step: NextStep, *, calendar: WorkingCalendar, now: datetime) -> datetime:
    """When to remind: at the time that was said, else in the part of the day that was, else when work begins
    on the first workday of those named, of a deadline on the last one that is not behind it; of today, in the
    afternoon, or in half an hour when that is late."""
    if step.at is not None:
        return step.at
    day = _in_time(step.day, calendar) if step.by else step.day
    if day <= now.date():
        later = datetime.combine(now.date(), AFTERNOON, now.tzinfo)
        return later if later > now + SOON else now + SOON
    midnight = datetime.combine(day, time(0, 0), now.tzinfo)
    part = next((hour for words, hour in _PARTS if not step.by and words.search(step.said)), None)
    found = calendar.next_open(datetime.combine(day, part, now.tzinfo)) if part else midnight
    return found if part and found.date() == day else morning_of(midnight, calendar)


def _in_time(deadline: date, calendar: WorkingCalendar) -> date:
    """12月12日前, a Saturday: it is met on Friday."""
    days = (deadline - timedelta(days=back) for back in range(LONGEST_BREAK))
    return next((day for day in days if calendar.windows(day)), deadline)


def morning_of(day: datetime, calendar: WorkingCalendar) -> datetime:
    """When work begins on a day (given as its local midnight) or on the first workday behind it; nine where
    the calendar is open at midnight, for nobody is rung then."""
    start = calendar.next_open(day)
    return calendar.next_open(day.replace(hour=MORNING.hour)) if start == day else start
