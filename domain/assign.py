"""Who gets the next lead: weighted round robin over those on duty with room.

Stride scheduling (Waldspurger and Weihl, 1995): every rep has a turn counter that grows by 1/weight with
each lead given; the lowest counter is next. Shares follow the weights exactly, under bursts too, and the
result does not depend on chance. Who comes on duty starts level with the others, so that an absence is not
paid back in one burst.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date

from domain.people import Person


@dataclass(slots=True, kw_only=True)
class Desk:
    """What a person has before them. `lapses` counts offers let pass in a row; `day` is that of `given`, and
    `team` the one whose turns `turn` counts."""

    person: str
    on_duty: bool = True
    unaccepted: int = 0
    active: int = 0
    given: int = 0
    day: date | None = None
    turn: float = 0.0
    lapses: int = 0
    team: str | None = None

    def given_on(self, day: date) -> int:
        return self.given if self.day == day else 0

    def shift(self, kind: str, by: int) -> None:
        """Count a lead in or out of `unaccepted` or `active`."""
        if kind == "unaccepted":
            self.unaccepted += by
        else:
            self.active += by

    def give(self, day: date, weight: float) -> None:
        """Count a lead that is offered: the day's quota and the turn."""
        self.given = self.given_on(day) + 1
        self.day = day
        self.turn += 1.0 / weight

    def come_on_duty(self, others: Iterable["Desk"]) -> None:
        """Back on duty, level with the colleagues who are."""
        self.on_duty = True
        self.lapses = 0
        self.turn = max(self.turn, min((desk.turn for desk in others if desk.on_duty), default=self.turn))


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """Who gets it, and why in one code for bot.words (`only_one`, `turn`)."""

    person: str
    why: str


def has_room(person: Person, desk: Desk, day: date) -> bool:
    """Whether the caps (unaccepted, active, per day) leave room for one more."""
    caps = person.capacity
    return (
        desk.unaccepted < caps.unaccepted and desk.active < caps.active and desk.given_on(day) < caps.per_day
    )


def choose(reps: Sequence[tuple[Person, Desk]], *, exclude: Iterable[str], day: date) -> Choice | None:
    """The next rep in turn, or None when nobody is on duty, has room and is not excluded."""
    barred = set(exclude)
    fit = [
        (desk.turn, person.id)
        for person, desk in reps
        if desk.on_duty and person.weight > 0 and person.id not in barred and has_room(person, desk, day)
    ]
    if not fit:
        return None
    return Choice(person=min(fit)[1], why="only_one" if len(fit) == 1 else "turn")


def level_newcomers(reps: Sequence[tuple[Person, Desk]]) -> list[Desk]:
    """Whoever is new in a team, or new as a rep, starts level with it, rather than with all of its next leads
    or none. Returns the desks that it changed."""
    fresh = [(person, desk) for person, desk in reps if desk.team != person.team]
    for person, desk in fresh:
        turns = (each.turn for _, each in reps if each.team == person.team)
        desk.turn, desk.team = min(turns, default=desk.turn), person.team
    return [desk for _, desk in fresh]


def pass_over(reps: Sequence[tuple[Person, Desk]], *, day: date) -> list[Desk]:
    """Bring those on duty who are full level with those who have room: what they are passed over for is not
    given to them later in one burst. Returns the desks that it changed."""
    here = [
        (desk, has_room(person, desk, day)) for person, desk in reps if desk.on_duty and person.weight > 0
    ]
    level = min((desk.turn for desk, room in here if room), default=0.0)
    behind = [desk for desk, room in here if not room and desk.turn < level]
    for desk in behind:
        desk.turn = level
    return behind
