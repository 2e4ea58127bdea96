"""Members whom the settings do not list, and on which channel each person was last heard."""

from collections.abc import Mapping
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncEngine

from domain.people import Person
from storage import sql, tables
from storage.engine import reading
from storage.uow import UnitOfWork


@dataclass(frozen=True, slots=True, kw_only=True)
class Directory:
    """`members` by id, and the channel last used by person."""

    members: Mapping[str, Person]
    reach: Mapping[str, str]


def join(uow: UnitOfWork, *, member: Person) -> None:
    """Somebody of the company whom the settings do not list wrote to the bot: an employee from now on."""
    channel, account = next(iter(member.accounts.items()))
    uow.later(
        "INSERT INTO members (id, name, channel, account) VALUES (?, ?, ?, ?) ON CONFLICT DO NOTHING",
        member.id, member.name, channel, account,
    )  # fmt: skip
    row = (member.id, True, 0, 0, 0, None, 0.0, 0)
    sql.insert_new(uow.connection, tables.desks, [row])


def heard_on(uow: UnitOfWork, *, person: str, channel: str) -> None:
    """A person on several platforms used this one last: it is where they are reached."""
    uow.later(
        "INSERT INTO reach (person, channel) VALUES (?, ?) "
        "ON CONFLICT (person) DO UPDATE SET channel = excluded.channel",
        person, channel,
    )  # fmt: skip


async def read_directory(engine: AsyncEngine) -> Directory:
    """Everybody whom the settings do not list, and where people were last heard."""
    async with reading(engine) as conn:
        members = (await conn.execute(select(tables.members))).all()
        reach = (await conn.execute(select(tables.reach))).all()
    return Directory(
        members={
            row.id: Person(id=row.id, name=row.name, accounts={row.channel: row.account}) for row in members
        },
        reach={row.person: row.channel for row in reach},
    )
