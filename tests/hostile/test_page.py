"""Hostile strings on the simulator's page, in a real browser: they are text there, and nothing else."""

import os
from typing import Any

import pytest
from playwright.async_api import Page, async_playwright

from domain.contact import clean_text
from tests.hostile.catalogue import CATALOGUE
from tests.scenario.world import Starter, World

FAMILIES = ("markup", "address", "xml", "markdown", "mention", "template", "bidi", "emoji", "flood")
PEOPLE = ("xiaolin", "zhangwei", "lilei", "hanmeimei", "chenjing")
A_PHONE = 60
SEEN = """() => ({
  texts: [...document.querySelectorAll('.said-text')].map((node) => node.textContent),
  inside: [...document.querySelectorAll('.said-text, .card h3, .card .lines, .card dd, .card dt, .card .note')]
    .flatMap((node) => [...node.querySelectorAll('*')])
    .map((node) => node.tagName + '.' + node.className)
    .filter((name) => !/^(SPAN.said-text|SPAN.said-text cut|BUTTON.unfold|A\\..*)$/.test(name)),
  foreign: document.querySelectorAll('img, iframe, object, embed, form[action], base, meta[http-equiv=refresh]').length,
  handlers: [...document.querySelectorAll('*')].flatMap((node) => [...node.attributes])
    .filter((each) => /^on/i.test(each.name)).map((each) => each.name),
  links: [...document.querySelectorAll('a[href]')].map((node) => node.protocol),
})"""

pytestmark = pytest.mark.browser


@pytest.fixture
def database_url(sqlite_url: str) -> str:
    """What the page shows does not depend on the database: one is enough."""
    return sqlite_url


async def said(world: World) -> dict[str, str]:
    """Each phone says some of the strings; the texts by name."""
    chosen = {name: each for name, each in CATALOGUE.items() if name.split("-")[0] in FAMILIES}
    shown = {}
    for number, (name, text) in enumerate(chosen.items()):
        person = PEOPLE[number % len(PEOPLE)]
        if number // len(PEOPLE) >= A_PHONE or not clean_text(text, 2000):
            continue
        status, _ = await world.call(f"/sim/api/people/{person}/messages", {"text": text})
        assert status == 200, name
        shown[name] = clean_text(text, 10_000)
    for number, text in enumerate(
        (CATALOGUE["markup-004"], CATALOGUE["mention-001"], CATALOGUE["template-001"])
    ):
        lead = {"phone": f"1370000000{number}", "name": text, "company": text, "need": text}
        status, _ = await world.api("leads", lead)
        assert status == 201
    await world.call("/sim/api/people/xiaolin/messages")
    return shown


async def open_page(page: Page, world: World, wrong: list[str]) -> dict[str, Any]:
    page.on("dialog", lambda dialog: wrong.append(f"a dialog: {dialog.message}"))
    page.on("pageerror", lambda error: wrong.append(str(error)))
    page.on(
        "request", lambda request: None if request.url.startswith(world.base) else wrong.append(request.url)
    )
    await page.goto(f"{world.base}/sim")
    await page.locator(".said-text").nth(100).wait_for(state="attached")  # the page's policy allows no eval
    await page.wait_for_timeout(300)
    found: dict[str, Any] = await page.evaluate(SEEN)
    return found


async def test_on_the_page_every_string_is_text(starter: Starter) -> None:
    world = await starter.start()
    shown = await said(world)
    assert len(shown) >= 200
    wrong: list[str] = []
    async with async_playwright() as browsers:
        browser = await browsers.chromium.launch(
            executable_path=os.environ["LEADBELL_CHROMIUM"], args=["--no-sandbox"]
        )
        page = await browser.new_page()
        found = await open_page(page, world, wrong)
        await browser.close()
    assert wrong == []
    assert found["inside"] == []
    assert (found["foreign"], found["handlers"]) == (0, [])
    assert set(found["links"]) <= {"http:", "https:", "tel:", "mailto:"}
    missing = [name for name, text in shown.items() if text not in found["texts"]]
    assert missing == []
