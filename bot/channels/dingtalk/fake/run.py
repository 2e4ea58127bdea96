"""`leadbell fake dingtalk`: the fake as a program, with a few people, its page, and the settings to use
it."""

import asyncio
import signal
from collections.abc import Callable, Sequence
from pathlib import Path

from bot.channels.dingtalk.fake.book import Member
from bot.channels.dingtalk.fake.page import Page
from bot.channels.dingtalk.fake.server import FakeDingtalk
from bot.channels.rehearsal import NAMES, TEAM, listed_in, settings_of

REDELIVER = 60.0
BOSS, EAST = "wangfang", 10
EMPLOYEE = Member(id="xiaolin", name=NAMES["xiaolin"], mobile="13800000004")
PEOPLE = (
    Member(id="zhangwei", name=NAMES["zhangwei"], manager=BOSS, dept=EAST, mobile="13800000001"),
    Member(id="lilei", name=NAMES["lilei"], manager=BOSS, dept=EAST, mobile="13800000002"),
    Member(id=BOSS, name=NAMES[BOSS], dept=EAST, leads=(EAST,), mobile="13800000003"),
    Member(id="wulin", name=NAMES["wulin"], mobile="13800000005"),
    EMPLOYEE,
)
SECTION = """[dingtalk]
client_id = "dingfake"
client_secret = "fake-secret"
robot_code = "dingfake"
corp_id = "dingcorp"
api_base = "{base}"
oapi_base = "{base}"
"""


def rehearsal(base: str) -> str:
    """The settings of a small company on the fake at that address."""
    return settings_of("dingtalk", SECTION.format(base=base), [each.id for each in PEOPLE])


def members_of(file: Path) -> Sequence[Member]:
    """Whom a settings file names on DingTalk, and one employee more; the usual few where it names nobody."""
    known = {each.id: each for each in PEOPLE}
    listed = listed_in(file, "dingtalk").items()
    found = [known.get(account) or Member(id=account, name=name) for account, name in listed]
    return [*found, *([] if EMPLOYEE in found else [EMPLOYEE])] if found else PEOPLE


async def run(host: str, port: int, people: Sequence[Member], tell: Callable[[str], None]) -> int:
    """Until SIGINT or SIGTERM. What nobody acknowledges comes again after a minute."""
    fake = FakeDingtalk()
    fake.join(*people)
    fake.book.departments |= {1: [EAST], EAST: []}
    fake.book.names[EAST] = TEAM
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
