"""Who is in the organisation, and who leads what. Contacts cost nothing of the month's calls.

Calls: open.dingtalk.com/document/development/query-user-details,
/user-management-acquires-the-list-departments, /query-the-list-of-department-userids.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from bot.channels.base import Retryable
from bot.channels.dingtalk.client import Client
from bot.channels.dingtalk.errors import NotThere
from domain.people import Department, Listed, upwards

CHANNEL = "dingtalk"
ROOT = 1
MOST_DEPARTMENTS = 2000
FEW, SUSPICIOUS, MOST = 3, 0.2, 0.5
"""When more than a few and a suspicious share of all accounts are gone at once, or the most of them, the
app's visible range was changed rather than that so many people left."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Member:
    """`departments` and `leads` by number."""

    account: str
    name: str
    departments: tuple[int, ...] = ()
    leads: tuple[int, ...] = ()


async def read_directory(client: Client) -> list[Listed]:
    """Everybody whom the app may see, with the departments above them. Raises Retryable or Refused: a part of
    it is no directory."""
    departments = await _departments(client)
    members: dict[str, Listed] = {}
    for department in departments:
        found = await client.old("/topapi/user/listid", {"dept_id": department})
        for account in _listed(_result(found).get("userid_list")):
            member = None if account in members else await read_member(client, str(account))
            if member is not None:
                members[account] = _of(member, departments)
    return list(members.values())


async def _departments(client: Client) -> dict[int, Department]:
    """Every department below the root, and the root, which has no name here."""
    departments, todo = {ROOT: Department(name="")}, [ROOT]
    while todo:
        above = todo.pop()
        found = await client.old("/topapi/v2/department/listsub", {"dept_id": above})
        for each in map(_object, _listed(found.get("result"))):
            number = _number(each.get("dept_id"))
            if number not in departments:
                departments[number] = Department(name=str(each.get("name") or ""), parent=above)
                todo.append(number)
        if len(departments) > MOST_DEPARTMENTS:
            raise Retryable(f"more than {MOST_DEPARTMENTS} departments")
    return departments


def _of(member: Member, departments: Mapping[int, Department]) -> Listed:
    leads = (departments[each].name for each in member.leads if each in departments)
    return Listed(
        channel=CHANNEL,
        account=member.account,
        name=member.name or member.account,
        departments=upwards(member.departments, departments),
        leads=tuple(filter(None, leads)),
    )


async def read_member(client: Client, account: str) -> Member | None:
    """One member; None for one whom the organisation does not have (any more) or does not let the app see,
    which the platform's own codes alone say. Raises Retryable or Refused for any other answer."""
    try:
        found = await client.old("/topapi/v2/user/get", {"userid": account, "language": "zh_CN"})
    except NotThere:
        return None
    result = _result(found)
    heads = (_object(each) for each in _listed(result.get("leader_in_dept")))
    return Member(
        account=str(result.get("userid", account)),
        name=str(result.get("name", "")),
        departments=tuple(map(_number, _listed(result.get("dept_id_list")))),
        leads=tuple(_number(each.get("dept_id")) for each in heads if each.get("leader") is True),
    )


def _result(found: Mapping[str, Any]) -> Mapping[str, Any]:
    return _object(found.get("result"))


def _object(value: object) -> Mapping[str, Any]:
    if not isinstance(value, Mapping):
        raise Retryable("an answer of another shape")
    return value


def _listed(value: object) -> list[Any]:
    """A list; one that is empty may be left out."""
    if value is not None and not isinstance(value, list):
        raise Retryable("an answer of another shape")
    return value or []


def _number(value: object) -> int:
    try:
        return int(str(value))
    except ValueError:
        raise Retryable("an answer of another shape") from None


async def gone(client: Client, accounts: Sequence[str]) -> list[str]:
    """Which of these accounts the platform says it does not have. Raises Retryable or Refused when it can't
    be asked, and when so many are gone that something else must be wrong."""
    missing = [account for account in accounts if await read_member(client, account) is None]
    if len(missing) > min(max(FEW, SUSPICIOUS * len(accounts)), MOST * len(accounts)):
        raise Retryable(f"{len(missing)} of {len(accounts)} accounts are not to be seen: is the range right?")
    return missing
