"""Setting it up: the doctor names what is wrong, the shell's commands do what they say."""

import asyncio
import logging
import re
from collections.abc import Callable
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from bot.channels.wecom import checkup, commands
from bot.channels.wecom.rehearsal import MEMBERS
from bot.checks import BAD, GOOD, Check
from bot.config import Settings, load, warnings
from tests.wecom.world import House, settings_for

PEOPLE = ["ZhangWei", "lilei", "WangFang"]


async def look(house: House, settings: Settings | None = None) -> dict[str, Check]:
    chosen = settings or settings_for(house.folder, house.database_url, house.fake)
    assert chosen.wecom is not None
    base = house.fake.state.callback.removesuffix(checkup.CALLBACK) or "http://127.0.0.1:9"
    clock = house.bot.clock if house.service else house.clock
    found = await checkup.examine(chosen.wecom, base_url=base, accounts=PEOPLE, clock=clock, lang="zh")
    return {each.name.removeprefix("wecom "): each for each in found}


async def test_every_step_is_well_against_a_platform_that_is_well(house: House) -> None:
    found = await look(house)
    assert list(found) == ["token", "trusted IP", "app", "members", "clock", "callback", "domain"]
    assert {name for name, each in found.items() if each.mark == GOOD} >= set(found) - {"clock"}


async def test_an_address_that_is_not_trusted_is_named(house: House) -> None:
    house.fake.state.moods.address_refused = True
    found = (await look(house))["token"]
    assert found.mark == BAD
    assert "10.0.0.1" in found.means
    assert "企业可信IP" in found.next


async def test_a_wrong_secret_a_lost_member_and_another_token_are_named(house: House) -> None:
    house.fake.state.secret = "another"
    assert "secret" in (await look(house))["token"].means
    house.fake.state.secret = "wecom-secret-of-the-tests"
    house.fake.state.members["lilei"].visible = False
    assert "lilei" in (await look(house))["members"].means
    settings = settings_for(house.folder, house.database_url, house.fake)
    assert settings.wecom is not None
    other = settings.wecom.model_copy(update={"token": type(settings.wecom.token)("another-token-of-tests")})
    found = await look(house, settings.model_copy(update={"wecom": other}))
    assert found["callback"].mark == BAD
    assert "重启它" in found["callback"].next


async def test_the_id_of_another_app_and_an_app_that_is_off_are_named(house: House) -> None:
    house.fake.state.moods.closed = True
    assert "停用" in (await look(house))["app"].means
    house.fake.state.moods.closed = False
    house.fake.state.agent_id += 1
    found = (await look(house))["app"]
    assert found.mark == BAD
    assert "wecom.agent_id" in found.next


async def test_a_clock_that_is_wrong_and_a_bot_that_is_not_there_are_named(still_house: House) -> None:
    found = await look(still_house)
    assert found["callback"].mark == BAD
    assert found["clock"].mark == BAD  # the test's own clock stands in another year
    assert re.fullmatch(r"与平台的时间相差 \d+ 秒", found["clock"].means)


def collect() -> tuple[list[str], Callable[[str], None]]:
    said: list[str] = []
    return said, said.append


async def test_a_test_card_arrives_and_the_menu_stands(still_house: House) -> None:
    house = still_house
    settings = settings_for(house.folder, house.database_url, house.fake, "workbench = true")
    assert settings.wecom is not None
    said, out = collect()
    sent = await commands.send_test(
        settings.wecom, [("WuLin", "zh"), ("nobody", "zh")], link="https://x.example", out=out
    )
    assert (sent, said[0]) == (1, "✔ WuLin")
    assert said[1].startswith("✘ nobody")
    assert "测试卡" in str(house.phone("WuLin").cards()[0].card)
    assert await commands.put_up_menu(settings.wecom, link="https://x.example", lang="zh", out=out) == 0
    names = [each["name"] for each in house.fake.state.menu["button"]]
    assert names == ["我的线索", "录线索", "更多"]
    assert house.fake.state.workbench["template"]["type"] == "keydata"


def test_the_rehearsals_settings_are_good(tmp_path: Path) -> None:
    file = tmp_path / "config.toml"
    file.write_text(commands.rehearsal(8790, "http://127.0.0.1:8762/callback/wecom"), encoding="utf-8")
    settings = load(file, {})
    assert settings.app.port == 8762
    assert settings.wecom is not None
    assert list(warnings(settings)) == []
    assert set(commands.members_of(file)) == {"ZhangWei", "LiLei", "WangFang", "WuLin", "XiaoLin"}
    assert commands.members_of(tmp_path / "none.toml") == MEMBERS


async def test_the_fake_keeps_trying_the_address_until_the_bot_answers(house: House) -> None:
    said, out = collect()
    running = asyncio.create_task(
        commands.run_fake(port=0, callback=house.fake.state.callback, people={}, out=out)
    )
    for _ in range(100):
        await asyncio.sleep(0.01)
        if said:
            break
    running.cancel()
    with pytest.raises(asyncio.CancelledError):
        await running
    assert "[wecom]" in said[0]


async def test_the_tile_tells_what_waits_and_only_when_it_changes(still_house: House) -> None:
    house = still_house
    await house.start("workbench = true")
    assert house.bot.wecom is not None
    tiles = house.bot._tiles(house.bot.wecom)
    lead = await house.submit("周倩")
    await tiles.once()
    rep = await house.holder(lead)
    shown = house.fake.state.workbench[rep.userid.lower()]
    assert [each["data"] for each in shown["keydata"]["items"]] == ["1", "0"]
    calls = house.fake.state.calls.count("agent/set_workbench_data")
    await tiles.once()
    assert house.fake.state.calls.count("agent/set_workbench_data") == calls


async def test_a_callback_that_breaks_off_is_refused_and_is_no_fault_of_ours(house: House) -> None:
    with capture_logs() as logged:
        _, writer = await asyncio.open_connection("127.0.0.1", house.bot.port)
        writer.write(b"POST /callback/wecom HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n\r\n<xml")
        await writer.drain()
        writer.close()
        async with asyncio.timeout(5):
            while not (found := [each for each in logged if each.get("action") == "http"]):  # noqa: ASYNC110
                await asyncio.sleep(0.01)
    assert [each["status"] for each in found] == [403]


async def test_what_is_no_http_is_logged_without_its_bytes(
    house: House, caplog: pytest.LogCaptureFixture
) -> None:
    """A client that tells too short a length: the rest of its body is read as a request."""
    reader, writer = await asyncio.open_connection("127.0.0.1", house.bot.port)
    writer.write(b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n")
    assert b"200 OK" in await reader.readline()
    writer.write(b'"name": "Zhang Wei", "phone": "13812345678"}\r\n\r\n')
    async with asyncio.timeout(5):
        await reader.read()
    writer.close()
    (logged,) = [each for each in caplog.records if each.name == "aiohttp.server"]
    assert "13812345678" not in logging.Formatter().format(logged)
