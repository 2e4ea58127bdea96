"""The pages of the fakes in a real browser: they show by themselves what comes, wide and narrow, light and dark."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from playwright.async_api import Page, expect

from bot.channels.dingtalk.fake.page import Page as DingtalkPage
from bot.channels.dingtalk.fake.run import PEOPLE
from bot.channels.dingtalk.fake.server import FakeDingtalk
from bot.channels.wecom.crypto import Keys
from bot.channels.wecom.fake.server import Fake
from bot.channels.wecom.fake.state import Message
from bot.seams import SystemClock, new_id
from tests.scenario.test_browser import NARROW, WIDE, chromium

pytestmark = pytest.mark.browser
LONG = "周倩 上海博达智能科技有限公司 " + "1234567890" * 12
SHAPES = [
    pytest.param(size, scheme, id=f"{size['width']}-{scheme}")
    for size in (WIDE, NARROW)
    for scheme in ("light", "dark")
]


@asynccontextmanager
async def seen(path: str, address: str, size: Any, scheme: Any) -> AsyncIterator[Page]:
    """The page in a window of that size, which complains of nothing and is never loaded anew."""
    wrong: list[str] = []
    async with chromium(path) as browser:
        page = await (await browser.new_context(viewport=size, color_scheme=scheme)).new_page()
        page.on(
            "console", lambda said: wrong.append(said.text) if said.type in ("error", "warning") else None
        )
        page.on("pageerror", lambda error: wrong.append(str(error)))
        loaded: list[str] = []
        page.on("load", lambda _: loaded.append(page.url))
        await page.goto(address)
        yield page
        assert await page.evaluate("document.documentElement.scrollWidth <= innerWidth")
        back = await page.evaluate("getComputedStyle(document.body).backgroundColor")
        red, green, blue = (int(each) for each in back.removeprefix("rgb(").removesuffix(")").split(","))
        assert (red + green + blue < 3 * 128) is (scheme == "dark")
        assert (wrong, len(loaded)) == ([], 1)


@pytest.mark.parametrize(("size", "scheme"), SHAPES)
async def test_the_page_of_the_fake_wecom(chromium_path: str, size: Any, scheme: str, tmp_path: Path) -> None:
    keys = Keys(token="t" * 16, aes_key="a" * 43, receiver="ww1")
    fake = await Fake.start(
        corp_id="ww1", agent_id=1, secret="s", keys=keys, now=SystemClock().now, new_id=new_id
    )
    for userid in ("ZhangWei", "LiLei"):
        fake.state.add(userid, userid)
    try:
        async with seen(chromium_path, fake.base, size, scheme) as page:
            phone = page.locator("section", has_text="ZhangWei")
            card = {
                "card_type": "button_interaction", "source": {"desc": "线索铃"}, "main_title": {"title": LONG},
                "button_list": [{"text": "接收", "style": 1, "key": "accept:L1:1"}],
            }  # fmt: skip
            message = Message(id="m", to="zhangwei", at=fake.state.now(), type="card", card=card, task_id="t")
            fake.state.messages.append(message)
            await expect(phone.get_by_role("button", name="接收")).to_be_visible()
            message.grey = "已接收"
            await expect(phone.locator(".card")).to_contain_text("已接收")
            await phone.locator("[name=text]").fill("你好")
            await phone.get_by_role("button", name="发送").click()
            await expect(phone.locator(".mine")).to_have_text("你好")
            await phone.get_by_role("button", name="离开").click()
            await expect(phone.get_by_role("button", name="发送")).to_be_disabled()
            assert not fake.state.members["zhangwei"].visible
            await phone.get_by_role("button", name="回来").click()
            await expect(phone.get_by_role("button", name="发送")).to_be_enabled()
            await page.screenshot(path=tmp_path / "wecom.png", full_page=True)
    finally:
        await fake.stop()


@pytest.mark.parametrize(("size", "scheme"), SHAPES)
async def test_the_page_of_the_fake_dingtalk(
    chromium_path: str, size: Any, scheme: str, tmp_path: Path
) -> None:
    fake = FakeDingtalk()
    fake.join(*PEOPLE)
    await fake.start(extra=DingtalkPage(fake).mount)
    try:
        async with seen(chromium_path, f"{fake.base}/fake", size, scheme) as page:
            phone = page.locator("section", has_text="张伟")
            fake.book.show("zhangwei", **{"from": "bot", "kind": "text", "text": LONG})
            await expect(phone.locator("li")).to_have_text(LONG)
            await phone.locator("input").fill("你好")
            await phone.get_by_role("button", name="发送").click()
            await expect(phone.locator(".mine")).to_have_text("你好")
            await phone.get_by_role("button", name="离开").click()
            await expect(phone.get_by_role("button", name="发送")).to_be_disabled()
            assert "zhangwei" not in fake.book.people
            await phone.get_by_role("button", name="回来").click()
            await expect(phone.get_by_role("button", name="发送")).to_be_enabled()
            await page.screenshot(path=tmp_path / "dingtalk.png", full_page=True)
    finally:
        await fake.stop()
