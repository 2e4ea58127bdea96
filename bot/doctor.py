"""`leadbell doctor`: each check with ✔, ✘ or ⚠, what it means and the next command."""

import asyncio
import platform
import pyexpat
import shutil
import sys
from collections.abc import Callable, Iterator, Mapping
from datetime import datetime
from pathlib import Path

import aiohttp

from bot.address import WHO_LISTENS, Neighbour, web_address, who_answers
from bot.channels.wecom import checkup
from bot.checks import BAD, GOOD, WARN, Check, check
from bot.company import build_company, read_names_file
from bot.config import ConfigErrors, OpenAiShape, Settings, Wecom, load, warnings
from bot.endpoint import Endpoint, Unreachable
from bot.seams import SystemClock
from bot.words import say
from domain.calendar import Mode

ROOM = 200_000_000
SECONDS = 3.0
LONGEST_LIST = 4 << 20  # some endpoints list hundreds of models

LookAround = Callable[[Settings, datetime, str], Iterator[Check]]
NameOfDatabase = Callable[[Settings], str | None]


def examine(
    path: Path,
    environ: Mapping[str, str],
    now: datetime,
    around: LookAround,
    installation: NameOfDatabase,
    lang: str = "zh",
) -> Iterator[Check]:
    """Every check, in the order in which one would mend them. `around` looks at what is outside the settings,
    the store first; `installation` names the database ("" before its first start, None when it can't be
    read), as the bot that runs on it does."""
    yield _python(lang)
    try:
        settings = load(path, environ)
        company = build_company(settings, year=now.year)
        read_names_file(settings)
    except ConfigErrors as error:
        for mistake in error.mistakes:
            then = f"leadbell check-config --config {path}"
            yield Check(mark=BAD, name="config", means=mistake.line(lang), next=then)
        return
    people, teams = len(company.people), len(company.teams)
    yield check(lang, GOOD, "config", "doctor.config", file=path, people=people, teams=teams)
    for mistake in warnings(settings):
        yield Check(mark=WARN, name="config", means=mistake.line(lang))
    yield _calendar(lang, settings.calendar.mode, company.calendar.unannounced(now))
    yield _disk(lang, _kept_in(settings))
    yield from around(settings, now, lang)
    yield from _channels(lang, settings)
    yield from _running(lang, settings, installation(settings))


def _running(lang: str, settings: Settings, ours: str | None) -> Iterator[Check]:
    """What the bot that runs on this machine says of itself: each instance knows its own connections."""
    host, port = settings.app.host, settings.app.port
    found, address = asyncio.run(who_answers(host, port)), web_address(host, port)
    if found is None:
        yield check(lang, WARN, "bot", "doctor.bot.none", address=address)
    elif found.installation is None:
        yield check(lang, BAD, "bot", "doctor.bot.other", address=address, command=WHO_LISTENS)
    elif ours is None:
        yield check(lang, WARN, "bot", "doctor.bot.unsure", address=address)
    elif found.installation != ours:
        shown = settings.database.shown
        yield check(lang, BAD, "bot", "doctor.bot.stranger", address=address, database=shown)
    else:
        yield from _ours(lang, address, found)


def _ours(lang: str, address: str, bot: Neighbour) -> Iterator[Check]:
    bad = [each for each in bot.checks if not each.ok]
    for each in bad:
        outward = each.name == "outbox" or each.name.startswith("stream")
        then = say(lang, "doctor.bot.channel.next" if outward else "doctor.bot.loop.next")
        yield Check(mark=BAD, name=f"bot: {each.name}", means=each.detail, next=then)
    if not bad:
        yield check(lang, GOOD, "bot", "doctor.bot", address=address)


def _python(lang: str) -> Check:
    key, mark = ("doctor.python", GOOD) if sys.version_info >= (3, 11) else ("doctor.python.old", BAD)
    expat = pyexpat.EXPAT_VERSION
    return check(lang, mark, "python", key, python=platform.python_version(), expat=expat)


def _calendar(lang: str, mode: Mode, missing: int | None) -> Check:
    if mode is Mode.ALWAYS:
        return check(lang, GOOD, "calendar", "doctor.calendar.always")
    if missing is None:
        return check(lang, GOOD, "calendar", "doctor.calendar")
    return check(lang, WARN, "calendar", "doctor.calendar.missing", year=missing)


def _kept_in(settings: Settings) -> Path:
    """Whose disk must not fill: the folder of the SQLite file, else the working folder."""
    engine, _, file = settings.database.url.get_secret_value().partition(":///")
    folder = Path(file.partition("?")[0]).parent if engine.startswith("sqlite") else Path()
    return folder if folder.is_dir() else Path()


def _disk(lang: str, folder: Path) -> Check:
    free = shutil.disk_usage(folder).free
    key, mark = ("doctor.disk", GOOD) if free >= ROOM else ("doctor.disk.full", BAD)
    return check(lang, mark, "disk", key, free=free // 1_000_000)


def _channels(lang: str, settings: Settings) -> Iterator[Check]:
    if settings.simulator.enabled:
        yield Check(mark=GOOD, name="simulator", means=f"{settings.app.base_url}/sim")
    if settings.wecom is not None:
        yield from _wecom(lang, settings, settings.wecom)
    for name, section in (("speech", settings.speech), ("model", settings.model)):
        if section is not None:
            yield asyncio.run(_answers(lang, name, section))
    if not (settings.simulator.enabled or settings.wecom or settings.dingtalk):
        yield check(lang, BAD, "channels", "doctor.channels")


async def _answers(lang: str, name: str, section: OpenAiShape) -> Check:
    """Whether the endpoint of that section answers and takes the key; nothing of anybody's is sent."""
    about = {"address": f"{section.base_url}/models", "section": name}
    async with aiohttp.ClientSession() as http:
        endpoint = Endpoint(base_url=section.base_url, api_key=section.key, http=http)
        try:
            status, _ = await endpoint.ask("GET", "/models", within=SECONDS, most=LONGEST_LIST)
        except Unreachable as error:
            return check(lang, BAD, name, "doctor.endpoint.away", **about, why=error)
    if status in (401, 403):
        return check(lang, BAD, name, "doctor.endpoint.key", **about, status=status)
    return check(lang, GOOD, name, "doctor.endpoint", **about)


def _wecom(lang: str, settings: Settings, section: Wecom) -> list[Check]:
    accounts = [person.wecom for person in settings.people if person.wecom]
    base_url, clock = settings.app.base_url, SystemClock()
    return asyncio.run(checkup.examine(section, base_url=base_url, accounts=accounts, clock=clock, lang=lang))
