"""API tokens: seen once, kept as a hash, ended for good; the same on SQLite and on PostgreSQL."""

from pathlib import Path

import pytest
from sqlalchemy import Engine, text
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine

from bot.seams import new_token
from domain.errors import Unavailable
from storage import tokens
from tests.fakes.clock import SteppedClock


async def test_a_new_token_opens_and_is_not_in_the_database(
    engine: Engine, reader: AsyncEngine, clock: SteppedClock
) -> None:
    token = tokens.add(engine, name="website", new_token=new_token, now=clock.now())
    assert token.startswith("lb_")
    assert len(token) == 46
    assert await tokens.verify(reader, tokens.digest(token)) == ("website", frozenset({"capture", "read"}))
    assert await tokens.verify(reader, tokens.digest("lb_guessed")) is None
    with engine.connect() as conn:
        kept = str(conn.execute(text("SELECT * FROM tokens")).fetchall())
    assert token not in kept
    assert tokens.digest(token) in kept


async def test_a_revoked_token_opens_nothing_and_its_name_is_free_again(
    engine: Engine, reader: AsyncEngine, clock: SteppedClock
) -> None:
    old = tokens.add(engine, name="crm", new_token=new_token, now=clock.now(), scopes=["read"])
    gone_at = clock.step(minutes=1)
    assert tokens.revoke(engine, name="crm", now=gone_at)
    assert await tokens.verify(reader, tokens.digest(old)) is None
    assert [token.revoked_at for token in tokens.listed(engine)] == [gone_at]
    assert not tokens.revoke(engine, name="crm", now=gone_at)
    assert not tokens.revoke(engine, name="nobody", now=gone_at)

    new = tokens.add(engine, name="crm", new_token=new_token, now=clock.now(), scopes=["read", "contact"])
    assert await tokens.verify(reader, tokens.digest(new)) == ("crm", frozenset({"read", "contact"}))
    assert await tokens.verify(reader, tokens.digest(old)) is None


def test_tokens_are_listed_by_name_with_their_scopes(engine: Engine, clock: SteppedClock) -> None:
    for name in ("b", "a"):
        tokens.add(engine, name=name, new_token=new_token, now=clock.now(), scopes=["capture"])
    wanted = [
        tokens.Token(name=name, scopes=frozenset({"capture"}), created_at=clock.now()) for name in ("a", "b")
    ]
    assert tokens.listed(engine) == wanted


def test_a_live_name_is_not_given_twice(engine: Engine, clock: SteppedClock) -> None:
    tokens.add(engine, name="website", new_token=new_token, now=clock.now())
    with pytest.raises(tokens.NameTaken):
        tokens.add(engine, name="website", new_token=new_token, now=clock.now())


@pytest.mark.parametrize("name", ["", "a b", "x" * 65, "a:b", "a\n"])
def test_a_name_that_cannot_be_a_source_is_refused(engine: Engine, clock: SteppedClock, name: str) -> None:
    with pytest.raises(tokens.BadToken):
        tokens.add(engine, name=name, new_token=new_token, now=clock.now())


def test_scopes_are_read_from_a_list_and_an_unknown_one_is_named() -> None:
    assert tokens.read_scopes(" capture , read ") == {"capture", "read"}
    with pytest.raises(tokens.BadToken, match="scope=write"):
        tokens.read_scopes("capture,write")
    with pytest.raises(tokens.BadToken, match="no_scope"):
        tokens.read_scopes(" , ")


async def test_a_token_cannot_be_checked_by_a_database_that_fails(tmp_path: Path) -> None:
    engine = create_async_engine(f"sqlite+aiosqlite:///{tmp_path}/empty.db")
    with pytest.raises(Unavailable):
        await tokens.verify(engine, tokens.digest("lb_any"))
    await engine.dispose()
