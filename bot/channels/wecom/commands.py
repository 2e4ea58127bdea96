"""What `leadbell` does about WeCom from the shell: the fake, the menu, a test card, the directory."""

import asyncio
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from bot.cards.model import Card, CardState
from bot.channels.base import Refused, Retryable
from bot.channels.rehearsal import BOT_PORT, ROLES, TEAM, listed_in, settings_of
from bot.channels.wecom.crypto import Keys
from bot.channels.wecom.face import create_menu, create_tile
from bot.channels.wecom.fake.server import Fake
from bot.channels.wecom.rehearsal import EMPLOYEE, MEMBERS, REHEARSAL, REHEARSAL_KEY
from bot.channels.wecom.roll import read_roll
from bot.channels.wecom.standalone import channel_of, opened
from bot.config import Wecom
from bot.seams import SystemClock, new_id
from bot.words import say
from domain.people import Listed

Say = Callable[[str], Any]


def rehearsal(port: int, callback: str) -> str:
    """The settings of a small company on the fake of that port, whose bot answers at `callback`."""
    section = _section(f"http://127.0.0.1:{port}")
    return settings_of("wecom", section, MEMBERS, port=urlsplit(callback).port or BOT_PORT)


def _section(base: str) -> str:
    lines = [f'{name} = "{value}"' for name, value in REHEARSAL.items() if name != "agent_id"]
    return "\n".join(["[wecom]", *lines, f"agent_id = {REHEARSAL['agent_id']}", f'api_base = "{base}"'])


def members_of(file: Path) -> dict[str, str]:
    """Whom a settings file names on WeCom, and one employee more; the usual few where it names nobody."""
    found = listed_in(file, "wecom")
    return found | {EMPLOYEE: MEMBERS[EMPLOYEE]} if found else MEMBERS


async def run_fake(*, port: int, callback: str, people: dict[str, str], out: Say) -> None:
    """Serve the fake until the process is ended; try the callback's address until the bot answers there."""
    keys = Keys(token=REHEARSAL["token"], aes_key=REHEARSAL_KEY, receiver=REHEARSAL["corp_id"])
    fake = await Fake.start(
        corp_id=REHEARSAL["corp_id"],
        agent_id=int(REHEARSAL["agent_id"]),
        secret=REHEARSAL["secret"],
        keys=keys,
        now=SystemClock().now,
        new_id=new_id,
        port=port,
    )
    fake.state.departments = {1: ("", 0), 2: (TEAM, 1)}
    for userid, name in people.items():
        role = ROLES.get(userid.lower())
        in_team = role in ("rep", "manager")
        fake.state.add(userid, name, departments=(2,) if in_team else (1,), leader=role == "manager")
    try:
        out(f"WeCom, rehearsed: {fake.base}\n\n{_section(fake.base)}\n")
        while not await fake.phones.try_address(callback):  # noqa: ASYNC110  the bot says nothing when it is up
            await asyncio.sleep(2)
        out(f"callback ✔ {callback}")
        await asyncio.Event().wait()
    finally:
        await fake.stop()


async def put_up_menu(section: Wecom, *, link: str, lang: str, out: Say) -> int:
    """The menu, and the tile where it is wanted."""
    try:
        async with opened(section, SystemClock()) as client:
            await create_menu(client, lang)
            out("✔ menu")
            if section.workbench:
                await create_tile(client, lang, link)
                out("✔ workbench")
    except (Refused, Retryable) as error:
        out(f"✘ {error} → leadbell doctor")
        return 1
    return 0


async def send_test(section: Wecom, accounts: Sequence[tuple[str, str]], *, link: str, out: Say) -> int:
    """A test card to each (account, language)."""
    clock, wrong = SystemClock(), 0
    async with opened(section, clock) as client:
        channel = channel_of(client, clock, lambda _lead: link)
        for account, lang in accounts:
            card = Card(
                title=say(lang, "test.title"),
                lines=(say(lang, "test.line"),),
                state=CardState.DONE,
                lang=lang,
            )
            try:
                await channel.send(account, card, key=f"test:{new_id()}")
                out(f"✔ {account}")
            except (Refused, Retryable) as error:
                wrong += 1
                out(f"✘ {account}: {error} → leadbell doctor")
    return 1 if wrong or not accounts else 0


async def read_directory(section: Wecom) -> list[Listed]:
    """Everybody in the app's range. Raises Retryable or Refused."""
    async with opened(section, SystemClock()) as client:
        return await read_roll(client)
