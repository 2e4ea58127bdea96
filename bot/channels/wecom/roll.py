"""The company's directory, as far as the app may see it."""

from collections.abc import Mapping
from typing import Any

from bot.channels.wecom.client import Client
from domain.people import Department, Listed, upwards

CHANNEL = "wecom"


async def read_roll(client: Client) -> list[Listed]:
    """Everybody in the app's range, with the departments above them. Raises Retryable or Refused (the app may
    not read the directory): a part of it is no directory."""
    found = (await client.get("department/list")).get("department") or []
    departments = {int(each["id"]): _department(each) for each in found}
    heads = {
        int(each["id"]): {str(one).lower() for one in each.get("department_leader") or ()} for each in found
    }
    members: dict[str, Listed] = {}
    for number in departments:
        answer = await client.get("user/simplelist", department_id=str(number))
        for each in answer.get("userlist") or []:
            account = str(each["userid"])
            member = Listed(
                channel=CHANNEL,
                account=account,
                name=str(each.get("name") or account),
                departments=upwards(map(int, each.get("department") or ()), departments),
                leads=tuple(departments[one].name for one in heads if account.lower() in heads[one]),
            )
            members.setdefault(member.id, member)
    return list(members.values())


def _department(each: Mapping[str, Any]) -> Department:
    return Department(name=str(each.get("name") or each["id"]), parent=int(each.get("parentid") or 0))
