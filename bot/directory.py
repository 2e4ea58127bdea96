"""Who is writing: from a channel's account to a person, listed in the settings or not."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from domain.people import Company, Person, by_account, member_id

LONGEST_NAME = 40


@dataclass(slots=True, kw_only=True)
class Directory:
    """`join` and `heard_on` are storage's units; `admit` puts a new member into the running company."""

    write: Callable[..., Awaitable[Any]]
    join: Callable[..., None]
    heard_on: Callable[..., None]
    company_now: Callable[[], Company]
    admit: Callable[[Company], None]
    reach: dict[str, str] = field(default_factory=dict)
    _indexed: Company | None = None
    _index: dict[tuple[str, str], Person] = field(default_factory=dict)

    async def recognise(self, channel: str, account: str, name: str) -> str:
        """The id of the person with that account; whoever belongs to the company and is not listed becomes an
        employee. Platforms write user ids in any case, so case does not count."""
        found = self._find(channel, account)
        if found is None:
            found = Person(
                id=member_id(channel, account), name=name[:LONGEST_NAME], accounts={channel: account}
            )
            await self.write(self.join, member=found)
            self.admit(with_members(self.company_now(), {found.id: found}))
        await self._heard(found, channel)
        return found.id

    def known(self, channel: str, account: str) -> str | None:
        """The id of the person with that account, if there is one."""
        found = self._find(channel, account)
        return None if found is None else found.id

    def _find(self, channel: str, account: str) -> Person | None:
        company = self.company_now()
        if self._indexed is not company:
            self._indexed = company
            self._index = by_account(company.people.values())
        return self._index.get((channel, account.lower()))

    async def _heard(self, person: Person, channel: str) -> None:
        if len(person.accounts) > 1 and self.reach.get(person.id) != channel:
            await self.write(self.heard_on, person=person.id, channel=channel)
            self.reach[person.id] = channel

    def route(self, person: Person, channels: Mapping[str, object]) -> tuple[str, str] | None:
        """The channel and account on which a person is reached: the one last used, else the first that is
        served; None = on none."""
        last = self.reach.get(person.id, "")
        for name in (last, *person.accounts):
            if name in channels and name in person.accounts:
                return name, person.accounts[name]
        return None


def with_members(company: Company, members: Mapping[str, Person]) -> Company:
    """The company with these members too, but for those whose account is somebody's by now: who wrote before
    the settings or a directory named them is no second person."""
    taken = by_account(company.people.values()).keys()
    others = {id_: member for id_, member in members.items() if not taken & by_account([member]).keys()}
    return replace(company, people={**others, **company.people})
