"""Who is in the company, who is above whom, and what they may be given."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, time, timedelta
from enum import StrEnum
from functools import cached_property
from zoneinfo import ZoneInfo

from domain.calendar import WorkingCalendar
from domain.errors import NobodyLeft, UnknownPerson
from domain.sla import Policy


class Role(StrEnum):
    EMPLOYEE = "employee"
    REP = "rep"
    MARKETER = "marketer"
    EXPERT = "expert"
    MANAGER = "manager"
    DIRECTOR = "director"
    ADMIN = "admin"


LEADERS = frozenset({Role.MANAGER, Role.DIRECTOR, Role.ADMIN})


@dataclass(frozen=True, slots=True, kw_only=True)
class Capacity:
    """How many leads a rep may hold: unaccepted, active, and new ones a calendar day."""

    unaccepted: int = 3
    active: int = 60
    per_day: int = 15


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    """One member. `accounts` maps a channel's name to the user id there."""

    id: str
    name: str
    role: Role = Role.EMPLOYEE
    team: str | None = None
    weight: float = 1.0
    capacity: Capacity = Capacity()
    lang: str = "zh"
    quiet: tuple[time, time] | None = (time(21, 0), time(8, 30))
    accounts: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Listed:
    """A member as a platform's directory has them. `departments` are names, the nearest first, `leads` the
    names of those that they lead; `gone` = the directory had them once."""

    channel: str
    account: str
    name: str
    departments: tuple[str, ...] = ()
    leads: tuple[str, ...] = ()
    gone: bool = False

    @property
    def id(self) -> str:
        """Who they are where the settings do not list them. Platforms write accounts in any case."""
        return member_id(self.channel, self.account)


@dataclass(frozen=True, slots=True, kw_only=True)
class Department:
    """One of a platform's directory; `parent` is the number of the one above, if there is any."""

    name: str
    parent: int = 0


def upwards(numbers: Iterable[int], departments: Mapping[int, Department]) -> tuple[str, ...]:
    """The names of these departments and of those above them, each once, the nearest first."""
    names: dict[str, None] = {}
    for number in numbers:
        seen: set[int] = set()
        while number in departments and number not in seen:
            seen.add(number)
            names[departments[number].name] = None
            number = departments[number].parent
    return tuple(filter(None, names))


def by_account(people: Iterable["Person"]) -> dict[tuple[str, str], "Person"]:
    """Whose account is whose, by channel and account; platforms write accounts in any case."""
    return {
        (channel, account.lower()): person
        for person in people
        for channel, account in person.accounts.items()
    }


def same_people(person: "Person | None", company: "Company") -> tuple[str, ...]:
    """Under which ids a company has somebody whom another knew: by their accounts."""
    if person is None:
        return ()
    owners, theirs = by_account(company.people.values()), by_account([person])
    return tuple(dict.fromkeys(owners[each].id for each in theirs if each in owners))


def member_id(channel: str, account: str) -> str:
    """The id of a person whom the settings do not list."""
    return f"{channel}:{account.lower()}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Team:
    id: str
    name: str
    manager: str | None = None
    parent: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Route:
    """Leads whose fields hold one of the words go to `team`; an empty condition fits every lead."""

    team: str
    when: Mapping[str, tuple[str, ...]] = field(default_factory=dict)

    def fits(self, values: Mapping[str, str | None]) -> bool:
        """Whether every named field of `values` contains one of its words."""
        return all(
            any(word in (values.get(name) or "") for word in words) for name, words in self.when.items()
        )


OnDuty = Callable[[str], bool]


@dataclass(frozen=True, kw_only=True)
class Company:
    """An immutable snapshot of the settings that the rules read; a reload replaces it whole."""

    people: Mapping[str, Person]
    teams: Mapping[str, Team]
    calendar: WorkingCalendar
    policy: Policy
    zone: ZoneInfo
    calendars: Mapping[str, WorkingCalendar] = field(default_factory=dict)
    routes: tuple[Route, ...] = ()
    required: tuple[str, ...] = ("name", "company", "contact", "industry", "need")
    lapses_allowed: int = 3
    handbacks_allowed: int = 3
    left: Mapping[str, str] = field(default_factory=dict)  # the names that people had, by their ids
    hears: bool = False  # whether what a voice says is written down by a machine

    def person(self, person_id: str) -> Person:
        """The member of that id, or UnknownPerson."""
        found = self.people.get(person_id)
        if found is None:
            raise UnknownPerson(person=person_id)
        return found

    def name_of(self, person_id: str | None) -> str:
        """A person's name, the one they had if they have left, or the id itself where nobody knew it."""
        found = self.people.get(person_id or "")
        return found.name if found else self.left.get(person_id or "", person_id or "")

    def team_name(self, team_id: str | None) -> str:
        found = self.teams.get(team_id or "")
        return found.name if found else team_id or ""

    def calendar_of(self, team_id: str | None) -> WorkingCalendar:
        """The working hours that run a team's clocks: its own, or the company's."""
        return self.calendars.get(team_id or "", self.calendar)

    @cached_property
    def _reps(self) -> Mapping[str, tuple[Person, ...]]:
        teams: dict[str, list[Person]] = {}
        for person in self.people.values():
            if person.role is Role.REP and person.team:
                teams.setdefault(person.team, []).append(person)
        return {team: tuple(people) for team, people in teams.items()}

    def reps(self, team_id: str | None) -> tuple[Person, ...]:
        """The reps of a team; of all teams when `team_id` is None."""
        if team_id is not None:
            return self._reps.get(team_id, ())
        return tuple(person for people in self._reps.values() for person in people)

    @cached_property
    def _lineage(self) -> Mapping[str, tuple[str, ...]]:
        return {team_id: tuple(self._upwards(team_id)) for team_id in self.teams}

    def _upwards(self, team_id: str) -> Iterable[str]:
        seen: set[str] = set()
        at: str | None = team_id
        while at is not None and at in self.teams and at not in seen:
            seen.add(at)
            yield at
            at = self.teams[at].parent

    def lineage(self, team_id: str | None) -> tuple[str, ...]:
        """The team and those above it, nearest first."""
        return self._lineage.get(team_id or "", ())

    def of_role(self, role: Role) -> tuple[Person, ...]:
        return tuple(person for person in self.people.values() if person.role is role)

    @cached_property
    def _chains(self) -> dict[str | None, tuple[Person, ...]]:
        return {}

    def chain(self, team_id: str | None) -> tuple[Person, ...]:
        """Everybody above a team, nearest first: managers up the tree, directors, admins; never empty.

        A missing manager is skipped upward. With no leader at all the first person stands in, so that
        somebody always hears. Raises NobodyLeft for a company without people.
        """
        known = self._chains.get(team_id)
        if known is None:
            known = self._chains[team_id] = self._chain(team_id)
        return known

    def _chain(self, team_id: str | None) -> tuple[Person, ...]:
        found: dict[str, Person] = {}
        for team in self.lineage(team_id):
            boss = self.people.get(self.teams[team].manager or "")
            if boss is not None:
                found.setdefault(boss.id, boss)
        for role in (Role.DIRECTOR, Role.ADMIN, Role.MANAGER):
            for person in self.of_role(role):
                if role is not Role.MANAGER or not found:
                    found.setdefault(person.id, person)
        if not found:
            if not self.people:
                raise NobodyLeft
            first = next(iter(self.people.values()))
            found[first.id] = first
        return tuple(found.values())

    def manager_of(self, team_id: str | None, on_duty: OnDuty) -> Person:
        """Who hears of a team's breaches: the nearest above who is on duty, else the nearest."""
        chain = self.chain(team_id)
        return next((boss for boss in chain if on_duty(boss.id)), chain[0])

    def director_of(self, team_id: str | None, on_duty: OnDuty) -> Person:
        """Who hears when the manager's step passed: the nearest director on duty, else the topmost leader who
        is, so that no director is rung about their own lead while somebody else can hear."""
        chain = self.chain(team_id)
        directors = [boss for boss in chain if boss.role is Role.DIRECTOR] or list(chain[1:] or chain)
        return next((boss for boss in (*directors, *reversed(chain)) if on_duty(boss.id)), directors[0])

    def leads_team(self, person_id: str, team_id: str | None) -> bool:
        """Whether a person stands above a team (or is director or admin, who stand above all)."""
        person = self.people.get(person_id)
        if person is None:
            return False
        if person.role in (Role.DIRECTOR, Role.ADMIN):
            return True
        return any(self.teams[team].manager == person_id for team in self.lineage(team_id))

    def led_by(self, person_id: str) -> tuple[str, ...]:
        """The ids of the teams that a person stands above."""
        return tuple(team for team in self.teams if self.leads_team(person_id, team))

    def team_for(self, values: Mapping[str, str | None]) -> str | None:
        """The team of the first route that fits a lead's fields; None = any team."""
        return next((route.team for route in self.routes if route.fits(values)), None)

    def quiet_until(self, person_id: str, at: datetime) -> datetime:
        """When a notice that is not urgent may reach a person: `at`, or the end of the quiet hours."""
        person = self.people.get(person_id)
        if person is None or person.quiet is None:
            return at
        start, end = person.quiet
        local = at.astimezone(self.zone)
        clock = local.time()
        inside = (start <= clock or clock < end) if start > end else start <= clock < end
        if not inside:
            return at
        day = local.date()
        until = datetime.combine(day, end, self.zone)
        if until <= local:
            until = datetime.combine(day + timedelta(days=1), end, self.zone)
        return until.astimezone(at.tzinfo)
