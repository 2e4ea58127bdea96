"""The company's directory, as far as the app may see it."""

from collections.abc import Iterator, Mapping
from typing import Any

from bot.channels.wecom.client import Client
from domain.people import Listed

CHANNEL = "wecom"


async def read_roll(client: Client) -> list[Listed]:
    """Everybody in the app's range, with the departments above them. Raises Retryable or Refused (the app may
    not read the directory): a part of it is no directory."""
    found = (await client.get("department/list")).get("department") or []
    departments = {int(each["id"]): each for each in found}
    members: dict[str, Listed] = {}
    for number in departments:
        answer = await client.get("user/simplelist", department_id=str(number))
        for each in answer.get("userlist") or []:
            member = _listed(each, departments)
            members.setdefault(member.id, member)
    return list(members.values())


def _listed(each: Mapping[str, Any], departments: Mapping[int, Mapping[str, Any]]) -> Listed:
    account = str(each["userid"])
    own = [int(number) for number in each.get("department") or ()]
    return Listed(
        channel=CHANNEL,
        account=account,
        name=str(each.get("name") or account),
        departments=tuple(dict.fromkeys(name for number in own for name in _upwards(number, departments))),
        leads=tuple(_name(one) for one in departments.values() if account.lower() in _heads(one)),
    )


def _upwards(number: int, departments: Mapping[int, Mapping[str, Any]]) -> Iterator[str]:
    seen: set[int] = set()
    while number in departments and number not in seen:
        seen.add(number)
        yield _name(departments[number])
        number = int(departments[number].get("parentid") or 0)


def _name(department: Mapping[str, Any]) -> str:
    return str(department.get("name") or department["id"])


def _heads(department: Mapping[str, Any]) -> set[str]:
    return {str(each).lower() for each in department.get("department_leader") or ()}
