"""What a platform's directory says is kept whole or not at all; the same on SQLite and on PostgreSQL."""

import pytest
from sqlalchemy import Engine, text
from sqlalchemy.ext.asyncio import AsyncEngine

from domain.errors import DirectoryShrunk
from domain.people import Listed, Person
from storage import members
from storage.store import Store

CHANNEL = "wecom"


def listed(*accounts: str, channel: str = CHANNEL) -> list[Listed]:
    return [
        Listed(
            channel=channel, account=each, name=each.upper(), departments=("华东", "销售部"), leads=("华东",)
        )
        for each in accounts
    ]


def take(
    engine: Engine, found: list[Listed], *, channel: str = CHANNEL, force: bool = False
) -> members.Change:
    with engine.begin() as conn:
        return members.take_over(conn, channel=channel, listed=found, force=force)


async def test_what_was_read_is_kept_as_it_was_and_its_version_changes(
    engine: Engine, reader: AsyncEngine
) -> None:
    assert (await members.read_directory(reader)).version == ""
    change = take(engine, listed("Ann", "bob"))
    assert (change.members, change.came, change.left) == (2, ("Ann", "bob"), ())
    assert await members.read_listed(reader) == listed("Ann", "bob")
    first = (await members.read_directory(reader)).version
    take(engine, listed("ann", "bob"))
    assert (await members.read_directory(reader)).version not in ("", first)
    assert [each.account for each in await members.read_listed(reader)] == ["ann", "bob"]


async def test_who_is_not_there_any_more_is_gone_without_a_name_and_comes_back(
    engine: Engine, reader: AsyncEngine
) -> None:
    take(engine, listed("ann", "bob"))
    take(engine, listed("x", channel="dingtalk"), channel="dingtalk")
    assert take(engine, listed("ann")).left == ("bob",)
    assert await members.read_listed(reader) == [
        *listed("x", channel="dingtalk"),
        *listed("ann"),
        Listed(channel=CHANNEL, account="bob", name="", gone=True),
    ]
    assert take(engine, listed("ann")).left == ()
    assert take(engine, listed("ann", "Bob")).came == ("Bob",)
    assert not [each for each in await members.read_listed(reader) if each.gone]


async def test_a_member_who_once_wrote_and_has_left_is_no_member_any_more(
    store: Store, engine: Engine, reader: AsyncEngine
) -> None:
    take(engine, listed("ann", "bob"))
    for account in ("bob", "guest"):
        person = Person(id=f"wecom:{account}", name=account, accounts={CHANNEL: account})
        await store.write(members.join, member=person)
    await store.write(members.sync, channel=CHANNEL, listed=listed("ann"))
    assert set((await members.read_directory(reader)).members) == {"wecom:guest"}


@pytest.mark.parametrize("found", [[], ["ann"], ["x", "y", "z", "u"]])
async def test_an_answer_that_lacks_too_many_changes_nothing_unless_it_is_forced(
    engine: Engine, reader: AsyncEngine, found: list[str]
) -> None:
    take(engine, listed("ann", "bob", "cid"))
    with pytest.raises(DirectoryShrunk) as refused:
        take(engine, listed(*found))
    assert refused.value.data["before"] == 3
    assert await members.read_listed(reader) == listed("ann", "bob", "cid")
    with engine.connect() as conn:
        assert conn.execute(text("SELECT value FROM marks WHERE name = 'directory'")).scalar() == "1"
    take(engine, listed(*found), force=True)
    there = [each.account for each in await members.read_listed(reader) if not each.gone]
    assert there == sorted(found)


def test_a_first_answer_with_nobody_in_it_is_refused(engine: Engine) -> None:
    with pytest.raises(DirectoryShrunk):
        take(engine, [])
