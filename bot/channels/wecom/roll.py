"""The company's directory beside the settings: who is new, who has left, who leads."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from bot.channels.wecom.client import Client


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One member as the directory has them."""

    account: str
    name: str
    departments: tuple[int, ...]
    leads: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Roll:
    """`departments` by number; `members` by account in small letters."""

    departments: Mapping[int, str]
    members: Mapping[str, Entry]

    def missing(self, accounts: Iterable[str]) -> list[str]:
        """The accounts of the settings that the directory does not have (left, or out of the app's range)."""
        return [account for account in accounts if account.lower() not in self.members]

    def unlisted(self, accounts: Iterable[str]) -> list[Entry]:
        """The members whom the settings do not list: employees, as soon as they write."""
        known = {account.lower() for account in accounts}
        return [entry for key, entry in sorted(self.members.items()) if key not in known]


async def read_roll(client: Client) -> Roll:
    """Everybody in the app's range. Raises Retryable or Refused (the app may not read the directory)."""
    found = (await client.get("department/list")).get("department") or []
    departments = {int(each["id"]): str(each.get("name") or each["id"]) for each in found}
    leaders = {
        int(each["id"]): {str(u).lower() for u in each.get("department_leader") or []} for each in found
    }
    members: dict[str, Entry] = {}
    for number in departments:
        answer = await client.get("user/simplelist", department_id=str(number))
        for each in answer.get("userlist") or []:
            account = str(each["userid"])
            members[account.lower()] = Entry(
                account=account,
                name=str(each.get("name") or account),
                departments=tuple(int(one) for one in each.get("department") or ()),
                leads=tuple(one for one, heads in leaders.items() if account.lower() in heads),
            )
    return Roll(departments=departments, members=members)


def as_settings(entries: Iterable[Entry], departments: Mapping[int, str]) -> str:
    """The members as `[[people]]` to paste; leaders as managers, the rest as employees."""
    return "\n".join(_one(entry, departments) for entry in entries)


def _one(entry: Entry, departments: Mapping[int, str]) -> str:
    where = " · ".join(departments.get(number, str(number)) for number in entry.departments)
    role = "manager" if entry.leads else "employee"
    account, name = _quoted(entry.account), _quoted(entry.name)
    return (
        f"[[people]]  # {_one_line(where)}\nid = {_quoted(entry.account.lower())}\nname = {name}\n"
        f'role = "{role}"\nwecom = {account}\n'
    )


def _quoted(text: str) -> str:
    """A TOML basic string."""
    clean = _one_line(text).replace("\\", "\\\\").replace('"', '\\"')
    return f'"{clean}"'


def _one_line(text: str) -> str:
    return "".join(each if each.isprintable() else " " for each in text)
