"""`leadbell fake dingtalk`: the fake as a program, with a few people, its page, and the settings to use
it."""

import asyncio
import signal
from collections.abc import Callable

from bot.channels.dingtalk.fake.book import Member
from bot.channels.dingtalk.fake.page import Page
from bot.channels.dingtalk.fake.server import FakeDingtalk

REDELIVER = 60.0
PEOPLE = (
    Member(id="zhangwei", name="张伟", manager="wangfang", mobile="13800000001"),
    Member(id="lilei", name="李雷", manager="wangfang", mobile="13800000002"),
    Member(id="wangfang", name="王芳", mobile="13800000003"),
    Member(id="xiaolin", name="小林", mobile="13800000004"),
)
SETTINGS = """{base}/fake

[dingtalk]
client_id = "{client_id}"
client_secret = "{secret}"
robot_code = "{client_id}"
corp_id = "dingcorp"
api_base = "{base}"
oapi_base = "{base}"

[[people]]    # dingtalk = {people}"""


async def run(host: str, port: int, tell: Callable[[str], None]) -> int:
    """Until SIGINT or SIGTERM. What nobody acknowledges comes again after a minute."""
    fake = FakeDingtalk()
    fake.join(*PEOPLE)
    stopped = asyncio.Event()
    for name in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(name, stopped.set)
    await fake.start(host, port, extra=Page(fake).mount)
    people = " | ".join(f'"{each.id}"' for each in PEOPLE)
    tell(SETTINGS.format(base=fake.base, client_id=fake.client_id, secret=fake.client_secret, people=people))
    try:
        while not stopped.is_set():
            try:
                async with asyncio.timeout(REDELIVER):
                    await stopped.wait()
            except TimeoutError:
                await fake.wire.redeliver()
    finally:
        await fake.stop()
    return 0
