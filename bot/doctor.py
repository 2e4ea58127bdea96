"""`leadbell doctor`: each check with ✔, ✘ or ⚠, what it means and the next command."""

import asyncio
import platform
import pyexpat
import shutil
import sys
from collections.abc import Callable, Iterator, Mapping
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path

import aiohttp

from bot.address import WHO_LISTENS, web_address, who_answers
from bot.channels.wecom import checkup
from bot.company import build_company, read_names_file
from bot.config import ConfigErrors, OpenAiShape, Settings, Wecom, load, warnings
from bot.endpoint import Endpoint, Unreachable
from bot.seams import SystemClock

ROOM = 200_000_000
SECONDS = 3.0
LONGEST_LIST = 4 << 20  # some endpoints list hundreds of models
DAYS = 'years = [{year}], holidays = ["{year}-01-01", …], workdays = ["{year}-01-03", …] (docs/sla.md)'
GOOD, BAD, WARN = "✔", "✘", "⚠"


@dataclass(frozen=True, slots=True, kw_only=True)
class Check:
    mark: str
    name: str
    means: str
    next: str = ""

    def line(self) -> str:
        tail = f"\n    → {self.next}" if self.next else ""
        return f"{self.mark} {self.name}: {self.means}{tail}"

    def as_json(self) -> dict[str, str]:
        return asdict(self)


LookAtDatabase = Callable[[Settings, datetime], Iterator[Check]]
NameOfDatabase = Callable[[Settings], str | None]


def examine(
    path: Path,
    environ: Mapping[str, str],
    now: datetime,
    database: LookAtDatabase,
    installation: NameOfDatabase,
    lang: str = "zh",
) -> Iterator[Check]:
    """Every check, in the order in which one would mend them. `database` looks at the store; `installation`
    names it ("" before its first start, None when it can't be read), as the bot that runs on it does.
    `lang` is that of mistakes in the settings."""
    yield _python()
    try:
        settings = load(path, environ)
        company = build_company(settings, year=now.year)
        read_names_file(settings)
    except ConfigErrors as error:
        for mistake in error.mistakes:
            check = f"leadbell check-config --config {path}"
            yield Check(mark=BAD, name="config", means=mistake.line(lang), next=check)
        return
    yield Check(
        mark=GOOD, name="config", means=f"{path}: {len(company.people)} people, {len(company.teams)} teams"
    )
    for mistake in warnings(settings):
        yield Check(mark=WARN, name="config", means=mistake.line(lang))
    yield _calendar(company.calendar.unannounced(now))
    yield _disk(_kept_in(settings))
    yield from database(settings, now)
    yield from _channels(settings)
    yield from _running(settings, installation(settings))


def _running(settings: Settings, ours: str | None) -> Iterator[Check]:
    """What the bot that runs on this machine says of itself: each instance knows its own connections."""
    host, port = settings.app.host, settings.app.port
    found, address = asyncio.run(who_answers(host, port)), web_address(host, port)
    if found is None:
        yield Check(mark=WARN, name="bot", means=f"none answers at {address}", next="leadbell serve")
    elif found.installation is None:
        then = f"`{WHO_LISTENS}` names it: stop it, or set another [app] port"
        yield Check(mark=BAD, name="bot", means=f"another program answers at {address}", next=then)
    elif ours is None:
        means = f"one answers at {address}; whether it is this one, only the database can tell"
        yield Check(mark=WARN, name="bot", means=means, next="mend the line of the database above")
    elif found.installation != ours:
        means = f"the Leadbell at {address} works on another database than {settings.database.shown}"
        then = "stop it, or set another [app] port; if it is the right one, mend [database] url"
        yield Check(mark=BAD, name="bot", means=means, next=then)
    else:
        bad = [each for each in found.checks if not each.ok]
        for each in bad:
            yield Check(mark=BAD, name=f"bot: {each.name}", means=each.detail, next=_look_at(each.name))
        if not bad:
            yield Check(mark=GOOD, name="bot", means=f"{address}: ready")


def _look_at(name: str) -> str:
    """Where the cause of a red line of `/readyz` is to be found."""
    if name == "outbox" or name.startswith("stream"):
        return "mend the channel's red lines above; what waits is sent by itself within 5 minutes of that"
    return "read the log of leadbell serve, its last line about this"


def _python() -> Check:
    means = f"Python {platform.python_version()}, {pyexpat.EXPAT_VERSION}"
    return Check(mark=GOOD if sys.version_info >= (3, 11) else BAD, name="python", means=means)


def _calendar(missing: int | None) -> Check:
    if missing is None:
        return Check(mark=GOOD, name="calendar", means="holidays and make-up days are announced")
    return Check(
        mark=WARN,
        name="calendar",
        means=f"{missing}: the make-up workdays are not known; clocks count Monday to Friday",
        next=f"write them into a file and name it in [calendar] file: {DAYS.format(year=missing)}",
    )


def _kept_in(settings: Settings) -> Path:
    """Whose disk must not fill: the folder of the SQLite file, else the working folder."""
    engine, _, file = settings.database.url.get_secret_value().partition(":///")
    folder = Path(file.partition("?")[0]).parent if engine.startswith("sqlite") else Path()
    return folder if folder.is_dir() else Path()


def _disk(folder: Path) -> Check:
    free = shutil.disk_usage(folder).free
    means = f"{free // 1_000_000} MB free"
    if free < ROOM:
        return Check(mark=BAD, name="disk", means=means, next="free some space: a full disk stores nothing")
    return Check(mark=GOOD, name="disk", means=means)


def _channels(settings: Settings) -> Iterator[Check]:
    if settings.simulator.enabled:
        yield Check(mark=GOOD, name="simulator", means=f"{settings.app.base_url}/sim")
    if settings.wecom is not None:
        yield from _wecom(settings, settings.wecom)
    for name, section in (("speech", settings.speech), ("model", settings.model)):
        if section is not None:
            yield asyncio.run(_answers(name, section))
    if not (settings.simulator.enabled or settings.wecom or settings.dingtalk):
        yield Check(
            mark=BAD,
            name="channels",
            means="nobody can be reached",
            next="set [simulator] enabled = true to try it",
        )


async def _answers(name: str, section: OpenAiShape) -> Check:
    """Whether the endpoint of that section answers and takes the key; nothing of anybody's is sent."""
    address = f"{section.base_url}/models"
    async with aiohttp.ClientSession() as http:
        endpoint = Endpoint(base_url=section.base_url, api_key=section.key, http=http)
        try:
            status, _ = await endpoint.ask("GET", "/models", within=SECONDS, most=LONGEST_LIST)
        except Unreachable as error:
            then = f"is it running, [{name}] base_url right?"
            return Check(mark=BAD, name=name, means=f"{address}: {error}", next=then)
    if status in (401, 403):
        means = f"{address} refuses the key ({status})"
        return Check(mark=BAD, name=name, means=means, next=f"set [{name}] api_key")
    return Check(mark=GOOD, name=name, means=f"{address} answers")


def _wecom(settings: Settings, section: Wecom) -> Iterator[Check]:
    accounts = [person.wecom for person in settings.people if person.wecom]
    found = asyncio.run(
        checkup.examine(section, base_url=settings.app.base_url, accounts=accounts, clock=SystemClock())
    )
    for each in found:
        mark = WARN if each.good is None else GOOD if each.good else BAD
        yield Check(mark=mark, name=each.step, means=each.means, next=each.next)
