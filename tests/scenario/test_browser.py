"""The simulator's page in a real browser: the whole story with a mouse, wide and narrow, light and dark."""

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

import pytest
from playwright.async_api import Browser, Locator, Page, async_playwright, expect

from tests.scenario.world import World, lead_text

pytestmark = pytest.mark.browser
WIDE, NARROW = {"width": 1440, "height": 900}, {"width": 360, "height": 740}
NUMBER = "13812345688"


@pytest.fixture
def database_url(sqlite_url: str) -> str:
    """What the page shows does not depend on the database: one is enough."""
    return sqlite_url


@dataclass(slots=True)
class Window:
    """A page and what went wrong on it."""

    page: Page
    folder: Path
    name: str
    complaints: list[str] = field(default_factory=list)

    def watch(self, base: str) -> None:
        self.page.on(
            "console",
            lambda said: self.complaints.append(said.text) if said.type in ("error", "warning") else None,
        )
        self.page.on("pageerror", lambda error: self.complaints.append(str(error)))
        self.page.on(
            "request",
            lambda request: (
                None
                if request.url.startswith((base, "data:", "blob:"))
                else self.complaints.append(request.url)
            ),
        )

    def phone(self, name: str) -> Locator:
        return self.page.locator(".phone", has=self.page.get_by_role("heading", name=f"{name}的手机"))

    def cards(self, name: str, about: str) -> Locator:
        return self.phone(name).locator(".card", has_text=about)

    async def show(self, name: str) -> None:
        """Bring that phone into view, as a hand on a small screen must."""
        await self.page.locator(".tab", has_text=name).click()
        await expect(self.phone(name)).to_be_in_viewport(ratio=0.5)

    async def say(self, name: str, text: str) -> None:
        await self.show(name)
        await self.phone(name).locator("textarea").fill(text)
        await self.phone(name).locator(".send").click()

    async def push(self, by: str) -> None:
        """Press one of the clock's buttons; on a small screen they are behind one."""
        button = self.page.locator(f"[data-advance='{by}']")
        if not await button.is_visible():
            await self.page.locator("#more").click()
        await button.click()
        await expect(button).not_to_have_attribute("aria-disabled", "true")

    async def shot(self, what: str) -> None:
        await self.page.screenshot(path=self.folder / f"{self.name}-{what}.png")


Open = Callable[[str, dict[str, int], str], Awaitable[Window]]


@asynccontextmanager
async def chromium(path: str) -> AsyncIterator[Browser]:
    async with async_playwright() as driver:
        browser = await driver.chromium.launch(executable_path=path, args=["--no-sandbox"])
        yield browser
        await browser.close()


@asynccontextmanager
async def window(
    world: World, browser: Browser, size: dict[str, int], scheme: str, folder: Path
) -> AsyncIterator[Window]:
    dark: Literal["dark", "light"] = "dark" if scheme == "dark" else "light"
    context = await browser.new_context(
        viewport={"width": size["width"], "height": size["height"]}, color_scheme=dark, locale="zh-CN",
        has_touch=size is NARROW, reduced_motion="no-preference",
    )  # fmt: skip
    page = await context.new_page()
    found = Window(page, folder, f"{size['width']}-{dark}")
    found.watch(world.base)
    await page.goto(f"{world.base}/sim")
    await expect(page.locator(".phone")).to_have_count(13)
    yield found
    await context.close()
    assert found.complaints == []


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("size", [WIDE, NARROW], ids=["wide", "narrow"])
async def test_the_story_on_the_page(
    world: World, chromium_path: str, size: dict[str, int], scheme: str, tmp_path: Path
) -> None:
    async with chromium(chromium_path) as browser, window(world, browser, size, scheme, tmp_path) as seen:
        await the_story(world, seen)


async def the_story(world: World, seen: Window) -> None:
    await seen.say("小林", lead_text("周倩", company="杭州云栖数据有限公司", phone=NUMBER))
    await expect(seen.cards("小林", "周倩")).to_contain_text("待接收")
    await no_wider_than_the_window(seen)
    await seen.shot("1-handed-in")
    _, found = await world.api("leads")
    lead = found["items"][0]["id"]
    names = {each["id"]: each["name"] for each in (await world.call("/sim/api/people"))[1]}
    first = names[found["items"][0]["owner"]]
    await seen.show(first)
    card = seen.cards(first, "周倩").last
    await expect(card.get_by_role("button", name="接收")).to_be_visible()
    await expect(card.get_by_role("timer")).to_contain_text("剩")
    await expect(card).not_to_contain_text(NUMBER)
    await seen.shot("2-offered")

    await seen.push("2m")
    await seen.push("1m")
    await expect(seen.cards(first, "周倩")).to_have_count(2)
    await seen.shot("3-reminded")
    await seen.push("2m")
    await seen.show("王芳")
    await expect(seen.cards("王芳", "周倩").get_by_role("button", name="催办")).to_be_visible()
    await seen.shot("4-breached")
    await seen.push("5m")
    second = names[(await world.lead(lead))["owner"]]
    assert second != first
    await seen.show(first)
    await expect(seen.cards(first, "周倩").last).to_contain_text("已失效")
    await seen.shot("5-passed-on")
    await seen.show(second)
    await seen.cards(second, "周倩").last.get_by_role("button", name="接收").click()
    await expect(seen.cards(second, "周倩").last.get_by_role("button", name="已联系")).to_be_visible()
    await expect(seen.cards(second, "周倩").last.locator("a[href^='tel:']")).to_be_visible()
    await no_wider_than_the_window(seen)
    await seen.shot("6-accepted")
    await seen.show("王芳")
    await expect(seen.cards("王芳", "周倩").last).to_contain_text("已解除")
    await expect(seen.cards("王芳", "周倩").last.locator("button")).to_have_count(0)
    await seen.shot("7-solved")
    assert (await world.lead(lead))["stage"] == "accepted"

    await seen.show(second)
    await seen.cards(second, "周倩").last.get_by_role("button", name="退回").click()
    await expect(seen.phone(second).locator("select")).to_be_visible()
    await seen.shot("8-why")


async def no_wider_than_the_window(seen: Window) -> None:
    assert await seen.page.evaluate("document.documentElement.scrollWidth <= innerWidth")


async def test_the_page_in_english_says_nothing_chinese_of_its_own(
    world: World, chromium_path: str, tmp_path: Path
) -> None:
    async with chromium(chromium_path) as browser, window(world, browser, WIDE, "light", tmp_path) as seen:
        await seen.page.locator("#lang").click()
        await expect(seen.page.locator("[data-t=clock]")).to_have_text("Sim clock")
        await expect(seen.page.locator(".jump").first).to_have_text("↓ New messages")
        assert await seen.page.evaluate("document.documentElement.lang") == "en"
        await seen.shot("english")


async def test_the_controls_are_in_reach_on_the_smallest_phone(
    world: World, chromium_path: str, tmp_path: Path
) -> None:
    smallest = {"width": 320, "height": 640}
    async with (
        chromium(chromium_path) as browser,
        window(world, browser, smallest, "light", tmp_path) as seen,
    ):
        await expect(seen.page.locator("#more")).to_be_in_viewport(ratio=1.0)


async def test_an_outage_is_switched_on_the_page(world: World, chromium_path: str, tmp_path: Path) -> None:
    async with chromium(chromium_path) as browser, window(world, browser, WIDE, "light", tmp_path) as seen:
        await seen.page.locator("#outage").click()
        await expect(seen.page.locator("#outage-note")).to_be_visible()
        await seen.say("小林", "/help")
        await expect(seen.phone("小林").locator(".msg.mine")).to_have_count(1)
        await expect(seen.phone("小林").locator(".msg.theirs")).to_have_count(0)
        await seen.shot("outage")
        await seen.page.locator("#outage").click()
        await expect(seen.page.locator("#outage-note")).to_be_hidden()
        await expect(seen.phone("小林").locator(".msg.theirs")).to_have_count(1)
