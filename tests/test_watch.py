"""The heartbeat to the operator's address: sent while all is well, silent when not, and harmless when it fails."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
from aiohttp import web

from bot.watch import Heart
from storage import chain
from tests.scenario.world import Starter


@dataclass(slots=True)
class Address:
    """What the operator's address hears, and how it answers."""

    status: int = 200
    url: str = ""
    heard: list[dict[str, Any]] = field(default_factory=list)
    followed: int = 0
    hang: bool = False


@pytest_asyncio.fixture
async def address() -> AsyncIterator[Address]:
    found = Address()

    async def take(request: web.Request) -> web.Response:
        found.heard.append(await request.json())
        if found.hang:
            await asyncio.sleep(3600)
        return web.Response(status=found.status, headers={"Location": "/elsewhere"})

    async def elsewhere(_request: web.Request) -> web.Response:
        found.followed += 1
        return web.Response()

    app = web.Application()
    app.router.add_post("/beat/secret", take)
    app.router.add_route("*", "/elsewhere", elsewhere)
    runner = web.AppRunner(app, shutdown_timeout=0.1)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    found.url = f"http://127.0.0.1:{runner.addresses[0][1]}/beat/secret"
    yield found
    await runner.cleanup()


async def test_it_beats_with_the_newest_anchor_while_all_is_well(
    database_url: str, tmp_path: Path, address: Address
) -> None:
    starter = Starter(database_url=database_url, media=tmp_path / "media")
    world = await starter.start(WATCH__HEARTBEAT_URL=address.url)
    try:
        await world.submit("林海")
        await world.service.tell_all_is_well()
        await world.service.lay_anchor()
        await world.service.tell_all_is_well()
        anchor = await world.service.store.write(chain.last_anchor)
        assert [each["anchor"] and each["anchor"]["root"] for each in address.heard] == [None, anchor.root]
        assert address.heard[0]["at"].startswith("2026-11-02T02:")
        world.service.violations = 1
        await world.service.tell_all_is_well()
        assert len(address.heard) == 2  # the auditor is not content
        world.service.violations = 0
        world.service.supervisor.loops[0].last_ok -= 3600
        await world.service.tell_all_is_well()
        assert len(address.heard) == 2  # a loop is dead
    finally:
        await starter.stop_all()


async def test_anchors_are_an_hour_apart_however_often_the_program_starts(
    database_url: str, tmp_path: Path
) -> None:
    starter = Starter(database_url=database_url, media=tmp_path / "media")
    world = await starter.start()
    try:
        laid = []
        for name in ("林海", "王海", "张海"):
            await world.submit(name)
            await world.service.lay_anchor()
            laid.append((await world.service.store.write(chain.last_anchor)).no)
            await starter.stop(world)
            world = await starter.start()
            await world.advance("31m")
        assert laid == [1, 1, 2]
    finally:
        await starter.stop_all()


async def test_an_auditor_that_fails_is_not_content(
    database_url: str, tmp_path: Path, address: Address, monkeypatch: pytest.MonkeyPatch
) -> None:
    starter = Starter(database_url=database_url, media=tmp_path / "media")
    world = await starter.start(WATCH__HEARTBEAT_URL=address.url)

    def breaks(*_: object, **__: object) -> None:
        raise ValueError("a bug")

    try:
        await world.service.check()
        monkeypatch.setattr("bot.main.audit_database", breaks)
        with pytest.raises(ValueError, match="a bug"):
            await world.service.check()
        with pytest.raises(ValueError, match="a bug"):
            await world.service.tell_all_is_well()
        assert address.heard == []
    finally:
        await starter.stop_all()


@pytest.mark.parametrize(("status", "taken"), [(200, True), (204, True), (302, False), (500, False)])
async def test_an_answer_is_taken_as_it_is_and_no_redirect_is_followed(
    address: Address, status: int, taken: bool
) -> None:
    address.status = status
    heart = Heart(address.url)
    assert await heart.beat({}) is taken
    assert address.followed == 0
    await heart.close()


async def test_an_address_that_hangs_or_is_gone_is_given_up(
    address: Address, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    from aiohttp import ClientTimeout

    from bot import watch

    monkeypatch.setattr(watch, "WITHIN", ClientTimeout(total=0.2))
    address.hang = True
    heart = Heart(address.url)
    assert await heart.beat({}) is False
    await heart.close()
    gone = Heart("http://127.0.0.1:1/beat/secret")
    assert await gone.beat({}) is False
    assert "secret" not in caplog.text
    await gone.close()
    assert Heart("").wanted is False
