"""Companies to test with: two teams of three reps under a manager each, and everybody else once."""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import date
from typing import Any
from zoneinfo import ZoneInfo

from domain.calendar import Hours, Mode, WorkingCalendar
from domain.people import Company, Listed, Person, Role, Team
from domain.sla import Policy
from storage.engine import read_url, writer_engine
from storage.members import Change, take_over

SHANGHAI = ZoneInfo("Asia/Shanghai")
HOURS = ("09:00-12:00", "13:30-18:00")
EAST = ("e1", "e2", "e3")
SOUTH = ("s1", "s2", "s3")


def calendar(
    mode: Mode = Mode.ALWAYS, hours: Iterable[str] = HOURS, *, holidays: Mapping[date, str] | None = None
) -> WorkingCalendar:
    return WorkingCalendar(
        mode=mode,
        hours=Hours.parse(hours),
        zone=SHANGHAI,
        holidays=holidays or {},
        makeup={},
        announced_years=frozenset({2026}),
    )


def person(person_id: str, role: Role, team: str | None = None, **values: Any) -> Person:
    """A member whose name is their id in capitals, known to the simulator under their id."""
    values.setdefault("accounts", {"local": person_id})
    return Person(id=person_id, name=person_id.upper(), role=role, team=team, **values)


def everybody() -> tuple[Person, ...]:
    return (
        *(person(rep, Role.REP, "east") for rep in EAST),
        *(person(rep, Role.REP, "south") for rep in SOUTH),
        person("me", Role.MANAGER, "east"),
        person("ms", Role.MANAGER, "south"),
        person("dir", Role.DIRECTOR),
        person("adm", Role.ADMIN),
        person("mkt", Role.MARKETER),
        person("exp", Role.EXPERT),
        person("emp", Role.EMPLOYEE),
    )


def make_company(people: Iterable[Person] | None = None, **values: Any) -> Company:
    """The company of the tests; `values` replace any of its settings."""
    members = everybody() if people is None else tuple(people)
    settings: dict[str, Any] = {
        "people": {member.id: member for member in members},
        "teams": {
            "east": Team(id="east", name="East", manager="me"),
            "south": Team(id="south", name="South", manager="ms"),
        },
        "calendar": calendar(),
        "policy": Policy(),
        "zone": SHANGHAI,
    }
    return Company(**settings | values)


def with_people(company: Company, *changed: Person, gone: Iterable[str] = ()) -> Company:
    """The company with some members replaced or added, and some gone."""
    left = set(gone)
    people = {member.id: member for member in (*company.people.values(), *changed) if member.id not in left}
    return replace(company, people=people)


def only(company: Company, *people: str) -> Company:
    """The company with these members alone."""
    return replace(company, people={each: company.people[each] for each in people})


def take_over_by_hand(
    database_url: str, channel: str, listed: list[Listed], *, force: bool = False
) -> Change:
    """What `leadbell sync` does with a directory, beside the running bot."""
    engine = writer_engine(read_url(database_url))
    try:
        with engine.begin() as conn:
            return take_over(conn, channel=channel, listed=listed, force=force)
    finally:
        engine.dispose()
