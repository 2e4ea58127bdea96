"""Who is in the organisation, and who leads whom. Contacts cost nothing of the month's calls.

Calls: open.dingtalk.com/document/development/query-user-details,
/user-management-acquires-the-list-departments, /query-the-list-of-department-userids.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from bot.channels.base import Retryable
from bot.channels.dingtalk.client import Client
from bot.channels.dingtalk.errors import NotThere
from domain.people import Company

ROOT = 1
MOST_DEPARTMENTS = 2000
FEW, SUSPICIOUS, MOST = 3, 0.2, 0.5
"""When more than a few and a suspicious share of all accounts are gone at once, or the most of them, the
app's visible range was changed rather than that so many people left."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Member:
    account: str
    name: str
    department: int
    manager: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Organisation:
    departments: Mapping[int, str] = field(default_factory=dict)
    members: Mapping[str, Member] = field(default_factory=dict)


async def read_organisation(client: Client) -> Organisation:
    """Every department below the root and everybody in them, as far as the app may see."""
    departments: dict[int, str] = {ROOT: ""}
    todo = [ROOT]
    while todo and len(departments) < MOST_DEPARTMENTS:
        found = await client.old("/topapi/v2/department/listsub", {"dept_id": todo.pop()})
        for each in found.get("result") or []:
            number = int(each["dept_id"])
            if number not in departments:
                departments[number] = str(each.get("name", ""))
                todo.append(number)
    members: dict[str, Member] = {}
    for department in departments:
        found = await client.old("/topapi/user/listid", {"dept_id": department})
        for account in (found.get("result") or {}).get("userid_list") or []:
            if account not in members and (member := await read_member(client, str(account))) is not None:
                members[member.account] = member
    return Organisation(departments=departments, members=members)


async def read_member(client: Client, account: str) -> Member | None:
    """One member; None for one whom the organisation does not have (any more) or does not let the app see,
    which the platform's own codes alone say. Raises Retryable or Refused for any other answer."""
    try:
        found = await client.old("/topapi/v2/user/get", {"userid": account, "language": "zh_CN"})
    except NotThere:
        return None
    result = found.get("result")
    if not isinstance(result, Mapping):
        raise Retryable("a member without a result")
    departments = result.get("dept_id_list") or [ROOT]
    return Member(
        account=str(result.get("userid", account)),
        name=str(result.get("name", "")),
        department=int(departments[0]),
        manager=str(result.get("manager_userid") or ""),
    )


async def gone(client: Client, accounts: Sequence[str]) -> list[str]:
    """Which of these accounts the platform says it does not have. Raises Retryable or Refused when it can't
    be asked, and when so many are gone that something else must be wrong."""
    missing = [account for account in accounts if await read_member(client, account) is None]
    if len(missing) > min(max(FEW, SUSPICIOUS * len(accounts)), MOST * len(accounts)):
        raise Retryable(f"{len(missing)} of {len(accounts)} accounts are not to be seen: is the range right?")
    return missing


# -- comparing --------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """`kind` is gone, new, manager; `person` is an id of the settings or an account."""

    kind: str
    person: str
    name: str
    detail: str = ""


def compare(company: Company, organisation: Organisation, channel: str) -> Iterator[Difference]:
    """What the settings and the organisation do not agree on."""
    accounts = {p.accounts[channel]: p for p in company.people.values() if channel in p.accounts}
    for account, person in accounts.items():
        member = organisation.members.get(account)
        if member is None:
            yield Difference(kind="gone", person=person.id, name=person.name, detail=account)
        elif (boss := accounts.get(member.manager)) is not None and not _leads(company, boss.id, person.team):
            yield Difference(kind="manager", person=person.id, name=person.name, detail=boss.id)
    for account, member in organisation.members.items():
        if account not in accounts:
            department = organisation.departments.get(member.department, "")
            yield Difference(kind="new", person=account, name=member.name, detail=department)


def _leads(company: Company, boss: str, team: str | None) -> bool:
    return team is None or company.leads_team(boss, team)


def as_toml(newcomers: Iterable[Difference], channel: str) -> str:
    """Entries for the settings, of people whom they do not list."""
    entries = []
    for each in newcomers:
        name, account = _quoted(each.name or each.person), _quoted(each.person)
        entries.append(f"[[people]]\nid = {account}\nname = {name}\n{channel} = {account}\n")
    return "\n".join(entries)


def _quoted(text: str) -> str:
    """A text of TOML; whatever else is in it than plain signs is taken out."""
    clean = "".join(sign for sign in text if sign.isprintable() and sign not in '"\\')
    return f'"{clean}"'
