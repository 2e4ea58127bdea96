"""`leadbell fake dingtalk`: the fake as a program, with a few people, its page, and the settings to use
it."""

import asyncio
import signal
import tomllib
from collections.abc import Callable, Sequence
from pathlib import Path

from bot.channels.dingtalk.fake.book import Member
from bot.channels.dingtalk.fake.page import Page
from bot.channels.dingtalk.fake.server import FakeDingtalk

REDELIVER = 60.0
BOSS, EAST = "wangfang", 10
EMPLOYEE = Member(id="xiaolin", name="小林", mobile="13800000004")
PEOPLE = (
    Member(id="zhangwei", name="张伟", manager=BOSS, dept=EAST, mobile="13800000001"),
    Member(id="lilei", name="李雷", manager=BOSS, dept=EAST, mobile="13800000002"),
    Member(id=BOSS, name="王芳", dept=EAST, leads=(EAST,), mobile="13800000003"),
    Member(id="wulin", name="吴琳", mobile="13800000005"),
    EMPLOYEE,
)
ROLES = {"zhangwei": "rep", "lilei": "rep", BOSS: "manager", "wulin": "admin"}
SECTION = """[dingtalk]
client_id = "dingfake"
client_secret = "fake-secret"
robot_code = "dingfake"
corp_id = "dingcorp"
api_base = "{base}"
oapi_base = "{base}"
"""
COMPANY = """# A rehearsal: a small company on the fake DingTalk. Nothing in here is secret.

[app]
host = "127.0.0.1"
port = 8710
base_url = "http://127.0.0.1:8710"

[database]
url = "sqlite:///rehearsal.db"

[calendar]
mode = "always"

[[teams]]
id = "east"
name = "华东"
manager = "wangfang"

"""


def write_rehearsal(file: Path, base: str) -> bool:
    """Write the settings of a small company on the fake; False where there is such a file already."""
    try:
        file.touch(mode=0o600, exist_ok=False)
    except FileExistsError:
        return False
    file.write_text(COMPANY + SECTION.format(base=base) + "".join(map(_person, PEOPLE)), encoding="utf-8")
    return True


def _person(member: Member) -> str:
    """Their entry; an employee has none, and becomes one by writing."""
    role = ROLES.get(member.id)
    if role is None:
        return ""
    team = "" if role == "admin" else 'team = "east"\n'
    return (
        f'\n[[people]]\nid = "{member.id}"\nname = "{member.name}"\nrole = "{role}"\n{team}'
        f'dingtalk = "{member.id}"\n'
    )


def members_of(file: Path) -> Sequence[Member]:
    """Whom a settings file names on DingTalk, and one employee more; the usual few where there is no such
    file. The file need not be right yet."""
    try:
        raw = tomllib.loads(file.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return PEOPLE
    listed = [each for each in raw.get("people") or () if isinstance(each, dict) and each.get("dingtalk")]
    known = {each.id: each for each in PEOPLE}
    found = [
        known.get(account) or Member(id=account, name=str(each.get("name") or account))
        for each in listed
        if (account := str(each["dingtalk"]))
    ]
    return [*found, *([] if EMPLOYEE in found else [EMPLOYEE])] if found else PEOPLE


async def run(host: str, port: int, people: Sequence[Member], tell: Callable[[str], None]) -> int:
    """Until SIGINT or SIGTERM. What nobody acknowledges comes again after a minute."""
    fake = FakeDingtalk()
    fake.join(*people)
    fake.book.departments |= {1: [EAST], EAST: []}
    fake.book.names[EAST] = "华东"
    stopped = asyncio.Event()
    for name in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(name, stopped.set)
    await fake.start(host, port, extra=Page(fake).mount)
    accounts = " | ".join(f'"{each.id}"' for each in people)
    tell(f"{fake.base}/fake\n\n{SECTION.format(base=fake.base)}\n[[people]]    # dingtalk = {accounts}")
    listening = asyncio.create_task(_say_who_listens(fake, tell))
    try:
        while not stopped.is_set():
            try:
                async with asyncio.timeout(REDELIVER):
                    await stopped.wait()
            except TimeoutError:
                await fake.wire.redeliver()
    finally:
        listening.cancel()
        await fake.stop()
    return 0


async def _say_who_listens(fake: FakeDingtalk, tell: Callable[[str], None]) -> None:
    """A line when the bot has connected, and when it is gone."""
    before = 0
    while True:
        now = len(fake.wire.live)
        if now != before:
            tell(f"stream {'✔' if now else '✘'} {now}")
        before = now
        await asyncio.sleep(0.5)
