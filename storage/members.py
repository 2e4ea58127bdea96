"""Members whom the settings do not list, on which channel each person was last heard, and what the platforms'
directories say of the company.

The command line reads a directory beside a running bot, so `take_over` needs a connection alone.
"""

import json
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, select
from sqlalchemy.ext.asyncio import AsyncEngine

from domain.assign import Desk
from domain.errors import DirectoryShrunk
from domain.people import Listed, Person
from storage import sql, tables
from storage.engine import reading
from storage.rows import desk_row
from storage.uow import UnitOfWork

_EVERYBODY = (
    "SELECT id, name, channel, account FROM members UNION ALL SELECT person, '', channel, '' FROM reach"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Directory:
    """`members` by id, the channel last used by person, and `version`, which another reading of a platform's
    directory changes."""

    members: Mapping[str, Person]
    reach: Mapping[str, str]
    version: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """How many a directory has now, who came and who left since it was read last, by account."""

    members: int
    came: tuple[str, ...]
    left: tuple[str, ...]


def join(uow: UnitOfWork, *, member: Person) -> None:
    """Somebody of the company whom the settings do not list wrote to the bot: an employee from now on."""
    channel, account = next(iter(member.accounts.items()))
    uow.later(
        "INSERT INTO members (id, name, channel, account) VALUES (?, ?, ?, ?) ON CONFLICT DO NOTHING",
        member.id, member.name, channel, account,
    )  # fmt: skip
    sql.insert_new(uow.connection, tables.desks, [desk_row(Desk(person=member.id))])


def heard_on(uow: UnitOfWork, *, person: str, channel: str) -> None:
    """A person on several platforms used this one last: it is where they are reached."""
    uow.later(
        "INSERT INTO reach (person, channel) VALUES (?, ?) "
        "ON CONFLICT (person) DO UPDATE SET channel = excluded.channel",
        person, channel,
    )  # fmt: skip


def _read_all(conn: Connection) -> tuple[Sequence[Any], str]:
    version = sql.query(conn, "SELECT value FROM marks WHERE name = 'directory'")
    return sql.query(conn, _EVERYBODY), version[0][0] if version else ""


async def read_directory(engine: AsyncEngine) -> Directory:
    """Everybody whom the settings do not list, and where people were last heard."""
    async with reading(engine) as conn:
        rows, version = await conn.run_sync(_read_all)
    return Directory(
        members={
            id_: Person(id=id_, name=name, accounts={channel: account})
            for id_, name, channel, account in rows
            if account
        },
        reach={id_: channel for id_, _, channel, account in rows if not account},
        version=version,
    )


# -- directories of the platforms ---------------------------------------------------------------------------


async def read_listed(engine: AsyncEngine) -> list[Listed]:
    """What the directories said at their last reading, those who have left since the first one too."""
    async with reading(engine) as conn:
        rows = (await conn.execute(select(tables.directory).order_by(tables.directory.c.id))).all()
    return [
        Listed(
            channel=row.channel,
            account=row.account,
            name=row.name,
            departments=tuple(json.loads(row.departments)),
            leads=tuple(json.loads(row.leads)),
            gone=row.gone,
        )
        for row in rows
    ]


def sync(uow: UnitOfWork, *, channel: str, listed: Collection[Listed]) -> Change:
    """`take_over` as a unit of the running bot."""
    return take_over(uow.connection, channel=channel, listed=listed)


def take_over(conn: Connection, *, channel: str, listed: Collection[Listed], force: bool = False) -> Change:
    """Keep what a platform's directory says now; whoever is not in it any more has left.

    Raises DirectoryShrunk, and keeps all as it was, when nobody is in it or more than half are gone: rather
    than that so many left, the app sees less. `force` takes it all the same.
    """
    rows = sql.query(conn, "SELECT id, account FROM directory WHERE channel = ? AND NOT gone", (channel,))
    before, now = dict(rows), {each.id: each for each in listed}
    left = sorted(before.keys() - now.keys())
    if not force and (not now or len(left) * 2 > len(before)):
        raise DirectoryShrunk(found=len(now), left=len(left), before=len(before))
    fresh = [
        (key, channel, each.account, each.name, _names(each.departments), _names(each.leads), False)
        for key, each in sorted(now.items())
    ]
    gone = [(key, channel, before[key], "", "[]", "[]", True) for key in left]
    sql.upsert(conn, tables.directory, fresh + gone, key=("id",))
    sql.execute_in(conn, "DELETE FROM members", (), "id", left)
    sql.execute(
        conn,
        "INSERT INTO marks (name, value) VALUES ('directory', '1') ON CONFLICT (name) "
        "DO UPDATE SET value = CAST(CAST(marks.value AS INTEGER) + 1 AS TEXT)",
    )
    came = tuple(now[key].account for key in sorted(now.keys() - before.keys()))
    return Change(members=len(now), came=came, left=tuple(before[key] for key in left))


def _names(names: tuple[str, ...]) -> str:
    return json.dumps(names, ensure_ascii=False)
