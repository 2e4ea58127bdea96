"""The company and the platforms' directories: one made of both, and what they do not agree on.

A department is a team when it bears the team's name or id: its leader is the team's manager, its members and
those of the departments below it are the team's reps. Everybody else of a directory is an employee. What the
settings say of a person or a team wins, key by key.
"""

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace

from bot.config import Settings
from bot.words import role_words, say
from domain.people import Capacity, Company, Listed, Person, Role, by_account


def with_directory(company: Company, settings: Settings, listed: Collection[Listed]) -> Company:
    """The company of these settings with what the directories say. Whoever has left one is not reached on it
    any more, and has left the company where no other platform reaches them."""
    served = [each for each in listed if getattr(settings, each.channel, None) is not None]
    owners = by_account(company.people.values())
    said = {entry.id: entry.model_fields_set for entry in settings.people}
    people, led = dict(company.people), dict[str, str]()
    for each in served:
        known = owners.get(_account(each))
        owner = people.get(known.id) if known is not None else None
        if each.gone:
            if owner is not None:
                people |= _without(people.pop(owner.id), each.channel)
            continue
        person = _person(each, owner, settings, said, _place(company, each))
        people[person.id] = person
        for team in _teams(company, each.leads):
            led.setdefault(team, person.id)
    teams = {
        team.id: replace(team, manager=team.manager or led.get(team.id)) for team in company.teams.values()
    }
    return replace(company, people=people, teams=teams)


def _account(each: Listed) -> tuple[str, str]:
    return each.channel, each.account.lower()


def _without(person: Person, channel: str) -> dict[str, Person]:
    accounts = {name: account for name, account in person.accounts.items() if name != channel}
    return {person.id: replace(person, accounts=accounts)} if accounts else {}


def _person(
    each: Listed,
    owner: Person | None,
    settings: Settings,
    said: Mapping[str, set[str]],
    place: tuple[Role, str | None],
) -> Person:
    role, team = place
    if owner is None:
        caps = settings.capacity
        capacity = Capacity(unaccepted=caps.unaccepted, active=caps.active, per_day=caps.per_day)
        accounts = {each.channel: each.account}
        return Person(id=each.id, name=each.name, role=role, team=team, capacity=capacity, accounts=accounts)
    keys = said.get(owner.id, set())
    return replace(
        owner,
        role=owner.role if "role" in keys else role,
        team=owner.team if "team" in keys else team,
    )


def _place(company: Company, each: Listed) -> tuple[Role, str | None]:
    for names, role in ((each.leads, Role.MANAGER), (each.departments, Role.REP)):
        for team in _teams(company, names):
            return role, team
    return Role.EMPLOYEE, None


def _teams(company: Company, names: Iterable[str]) -> Iterator[str]:
    called = {name: team.id for team in company.teams.values() for name in (team.id, team.name)}
    return (called[name.strip()] for name in names if name.strip() in called)


# -- telling ------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """`kind` is gone, new, manager, unled or nowhere; `who` an account, a person or a team."""

    kind: str
    who: str
    name: str
    detail: str = ""

    def line(self, lang: str) -> str:
        return say(lang, f"sync.{self.kind}", person=self.who, name=self.name, detail=self.detail)


def compare(
    company: Company, settings: Settings, listed: Collection[Listed], channel: str
) -> Iterator[Difference]:
    """What the settings and a directory do not agree on, and what either of them lacks."""
    found, both = {_account(each) for each in listed}, with_directory(company, settings, listed)
    owners = by_account(company.people.values())
    for person in company.people.values():
        account = person.accounts.get(channel, "")
        if account and (channel, account.lower()) not in found:
            yield Difference(kind="gone", who=person.id, name=person.name, detail=account)
    for each in listed:
        if _account(each) not in owners:
            person = both.people[each.id]
            detail = " · ".join(filter(None, (role_words("zh", person.role), both.team_name(person.team))))
            yield Difference(kind="new", who=each.account, name=each.name, detail=detail)
    yield from _of_teams(company, both, listed, owners)


def _of_teams(
    company: Company, both: Company, listed: Collection[Listed], owners: Mapping[tuple[str, str], Person]
) -> Iterator[Difference]:
    filled = {team for each in listed for team in _teams(company, (*each.leads, *each.departments))}
    for team in company.teams.values():
        heads = [each for each in listed if team.id in _teams(company, each.leads)]
        if team.id not in filled:
            yield Difference(kind="nowhere", who=team.id, name=team.name)
        elif both.teams[team.id].manager is None:
            yield Difference(kind="unled", who=team.id, name=team.name)
        elif heads and both.teams[team.id].manager not in {
            owners[_account(each)].id if _account(each) in owners else each.id for each in heads
        }:
            yield Difference(kind="manager", who=team.id, name=team.name, detail=heads[0].name)


def as_toml(people: Iterable[Listed]) -> str:
    """Entries for the settings, to paste."""
    return "\n".join(
        f"[[people]]\nid = {_quoted(each.account.lower())}\nname = {_quoted(each.name)}\n"
        f"{each.channel} = {_quoted(each.account)}\n"
        for each in people
    )


def newcomers(company: Company, listed: Iterable[Listed]) -> Iterator[Listed]:
    """The members whom the settings do not list."""
    owners = by_account(company.people.values())
    return (each for each in listed if _account(each) not in owners)


def _quoted(text: str) -> str:
    """A basic string of TOML."""
    clean = "".join(each if each.isprintable() else " " for each in text)
    return '"' + clean.replace("\\", "\\\\").replace('"', '\\"') + '"'
