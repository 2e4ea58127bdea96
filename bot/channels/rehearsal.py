"""The small company of a rehearsal on a platform's fake: its settings, and whom another file names there."""

import tomllib
from collections.abc import Iterable
from pathlib import Path

NAMES = {"zhangwei": "张伟", "lilei": "李雷", "wangfang": "王芳", "wulin": "吴琳", "xiaolin": "小林"}
ROLES = {"zhangwei": "rep", "lilei": "rep", "wangfang": "manager", "wulin": "admin"}
"""Who has none is an employee by writing, and stands in no settings."""
TEAM = "华东"
BOT_PORT = 8710
STYLE = Path(__file__).with_name("rehearsal.css")
"""Of the fakes' pages."""

_HOUSE = """# A rehearsal: a small company on a fake platform. Nothing in here is secret.

[app]
host = "127.0.0.1"
port = {port}
base_url = "http://127.0.0.1:{port}"

[database]
url = "sqlite:///rehearsal.db"

[calendar]
mode = "always"

[[teams]]
id = "east"
name = "{team}"
manager = "wangfang"

{section}
"""


def settings_of(channel: str, section: str, accounts: Iterable[str], *, port: int = BOT_PORT) -> str:
    """The settings of the company on a platform: `section` is the platform's own part, `accounts` are the
    people's there."""
    people = [_person(channel, account) for account in accounts if account.lower() in ROLES]
    return _HOUSE.format(port=port, team=TEAM, section=section.strip()) + "".join(people)


def _person(channel: str, account: str) -> str:
    id_ = account.lower()
    role = ROLES[id_]
    team = "" if role == "admin" else 'team = "east"\n'
    return (
        f'\n[[people]]\nid = "{id_}"\nname = "{NAMES[id_]}"\nrole = "{role}"\n{team}{channel} = "{account}"\n'
    )


def listed_in(file: Path, channel: str) -> dict[str, str]:
    """Whom a settings file names on a platform, by account; nobody where there is no such file. The file need
    not be right yet: its secrets are what the rehearsal is to bring."""
    try:
        people = tomllib.loads(file.read_text(encoding="utf-8")).get("people") or ()
    except (OSError, ValueError):
        return {}
    return {
        str(each[channel]): str(each.get("name") or each[channel])
        for each in people
        if isinstance(each, dict) and each.get(channel)
    }
