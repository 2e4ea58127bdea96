"""Where a run takes place: the company, its promise, its hours, all drawn from the seed."""

import random
import shutil
from datetime import timedelta
from functools import cache
from pathlib import Path
from zoneinfo import ZoneInfo

from bot.config import Settings, load
from domain.calendar import Hours, Mode, WorkingCalendar
from domain.people import Capacity, Company, Person, Role, Route, Team
from domain.sla import Do, Policy, Step, To
from storage import schema
from storage.engine import read_url, writer_engine

TOKEN = "lb_website-token-of-the-simulation"
SHANGHAI = ZoneInfo("Asia/Shanghai")
EAST, SOUTH = ("e1", "e2", "e3"), ("s1", "s2", "s3")
LUNCH = ("00:00-10:02", "10:04-24:00")
"""Two minutes off in the middle of a run that starts at ten."""

_CONFIG = """
[app]
host = "127.0.0.1"
port = 0
[database]
url = "sqlite:///unused.db"
[api]
tokens = {{ website = "{token}" }}
[simulator]
enabled = false
[[teams]]
id = "east"
name = "East"
[[people]]
id = "adm"
name = "Adm"
role = "admin"
"""


def roles() -> dict[str, Role]:
    """Everybody, in a fixed order."""
    found = dict.fromkeys((*EAST, *SOUTH), Role.REP)
    return found | {
        "me": Role.MANAGER, "ms": Role.MANAGER, "dir": Role.DIRECTOR, "adm": Role.ADMIN, "mkt": Role.MARKETER,
        "exp": Role.EXPERT, "emp": Role.EMPLOYEE,
    }  # fmt: skip


def policy(dice: random.Random) -> Policy:
    """The promise and its ladder, shortened so that a run of minutes sees every step."""
    unit = dice.choice((10.0, 15.0, 20.0))

    def after(units: float) -> timedelta:
        return timedelta(seconds=unit * units)

    return Policy(
        within=after(2),
        steps=(
            Step(after=after(1.2), do=Do.REMIND, to=To.OWNER),
            Step(after=after(2), do=Do.ALERT, to=To.MANAGER),
            Step(after=after(4), do=Do.REASSIGN),
            Step(after=after(6), do=Do.GRAB),
            Step(after=after(9), do=Do.ALERT, to=To.DIRECTOR),
        ),
        contact_hot=after(3),
        contact_default=after(5),
        undelivered_after=timedelta(seconds=20),
        repeat_after=timedelta(hours=8),
    )


def calendar(*, lunch: bool) -> WorkingCalendar:
    return WorkingCalendar(
        mode=Mode.BUSINESS if lunch else Mode.ALWAYS,
        hours=Hours.parse(LUNCH if lunch else ("09:00-18:00",)),
        zone=SHANGHAI,
        holidays={},
        makeup={},
        announced_years=frozenset({2025, 2026, 2027}),
    )


def company(dice: random.Random, channel: str, *, lunch: bool) -> Company:
    teams = dict.fromkeys(EAST, "east") | dict.fromkeys(SOUTH, "south") | {"me": "east", "ms": "south"}
    people = {
        each: Person(
            id=each,
            name=each.upper(),
            role=role,
            team=teams.get(each),
            quiet=None,
            capacity=Capacity(unaccepted=4, active=60, per_day=60),
            accounts={channel: each},
        )
        for each, role in roles().items()
    }
    return Company(
        people=people,
        teams={
            "east": Team(id="east", name="East", manager="me"),
            "south": Team(id="south", name="South", manager="ms"),
        },
        routes=(Route(team="south", when={"region": ("广东",)}), Route(team="east")),
        calendar=calendar(lunch=lunch),
        policy=policy(dice),
        zone=SHANGHAI,
        lapses_allowed=dice.choice((3, 6, 50)),
    )


@cache
def settings(folder: Path) -> Settings:
    file = folder / "config.toml"
    file.touch(mode=0o600)
    file.write_text(_CONFIG.format(token=TOKEN), encoding="utf-8")
    return load(file, {})


@cache
def template(folder: Path) -> Path:
    """An empty database at the newest schema, made once."""
    file = folder / "template.db"
    url = read_url(f"sqlite:///{file}")
    engine = writer_engine(url)
    schema.migrate(url, engine)
    engine.dispose()
    return file


def fresh_database(folder: Path) -> Path:
    """A database of one's own, without what an earlier run has left."""
    file = folder / "leadbell.db"
    for old in folder.glob("leadbell.db*"):
        old.unlink()
    shutil.copyfile(template(folder), file)
    return file
