"""Signing in to a lead's page: the same browser, once, and only those who may see it."""

from collections.abc import AsyncIterator
from datetime import timedelta
from urllib.parse import parse_qs, urlsplit

import pytest
import pytest_asyncio
from aiohttp import ClientSession, CookieJar

from bot.web.limits import Buckets
from tests.wecom.world import House

CLIENT = {"User-Agent": "Mozilla/5.0 wxwork/4.1.20 MicroMessenger/7.0.1"}


@pytest_asyncio.fixture
async def at_home(still_house: House) -> House:
    """Pages on this machine's own address, so that cookies come back over http."""
    house = still_house
    await house.start()
    gate_base = f"http://127.0.0.1:{house.bot.port}"
    await house.stop()
    house.base_url = gate_base
    await house.start()
    return house


@pytest_asyncio.fixture
async def browser() -> AsyncIterator[ClientSession]:
    async with ClientSession(cookie_jar=CookieJar(unsafe=True), headers=CLIENT) as session:
        yield session


def place(house: House, path: str) -> str:
    return f"http://127.0.0.1:{house.bot.port}{path}"


async def sign_in(house: House, browser: ClientSession, path: str, userid: str) -> tuple[int, str]:
    """Open a page as a browser does, through the platform and back; (status, text)."""
    async with browser.get(place(house, path), allow_redirects=False) as answer:
        start = answer.headers["Location"]
    async with browser.get(place(house, start), allow_redirects=False) as answer:
        out = answer.headers["Location"]
    query = parse_qs(urlsplit(out).query)
    code = house.bot_code(userid)
    back = f"/signin/wecom/back?code={code}&state={query['state'][0]}"
    async with browser.get(place(house, back), allow_redirects=False) as answer:
        if answer.status != 302:
            return answer.status, await answer.text()
        then = answer.headers["Location"]
    async with browser.get(place(house, then), allow_redirects=False) as answer:
        return answer.status, await answer.text()


async def test_the_owner_opens_the_card_and_sees_the_lead(at_home: House, browser: ClientSession) -> None:
    house = at_home
    lead = await house.submit("周倩")
    rep = await house.holder(lead)
    status, text = await sign_in(house, browser, f"/l/{lead}", rep.userid)
    assert status == 200
    assert "周倩" in text
    assert "138****" in text
    await rep.press("accept", "周倩")
    await rep.write(f"/note {lead} 换号了，打 13900001111")
    async with browser.get(place(house, f"/l/{lead}")) as answer:
        page = await answer.text()
    assert "138****" not in page
    assert "13900001111" in page
    house.clock.hold(house.clock.now() + timedelta(minutes=61))
    async with browser.get(place(house, f"/l/{lead}"), allow_redirects=False) as answer:
        assert answer.status == 302


async def test_who_may_not_see_it_finds_nothing_and_who_is_unknown_is_not_let_in(
    at_home: House, browser: ClientSession
) -> None:
    house = at_home
    lead = await house.submit("周倩")
    rep = await house.holder(lead)
    other = "LiLei" if rep.userid == "ZhangWei" else "ZhangWei"
    assert (await sign_in(house, browser, f"/l/{lead}", other))[0] == 404
    house.fake.state.add("Stranger", "路人")
    browser.cookie_jar.clear()
    assert (await sign_in(house, browser, f"/l/{lead}", "Stranger"))[0] == 403


async def test_a_number_in_a_note_is_the_owners_alone_as_on_every_card(
    at_home: House, browser: ClientSession
) -> None:
    house = at_home
    lead = await house.submit("周倩")
    rep = await house.holder(lead)
    await rep.press("accept", "周倩")
    await rep.write(f"/note {lead} 换号了，打 13900001111")
    status, page = await sign_in(house, browser, f"/l/{lead}", "WangFang")
    assert (status, "换号了，打 139****1111" in page, "13900001111" in page) == (200, True, False)


@pytest.mark.parametrize("twist", ["state", "no cookie", "code", "twice"])
async def test_a_sign_in_that_another_browser_began_or_that_was_used_is_refused(
    at_home: House, browser: ClientSession, twist: str
) -> None:
    house = at_home
    async with browser.get(place(house, "/signin?next=/l/L1001"), allow_redirects=False) as answer:
        state = parse_qs(urlsplit(answer.headers["Location"]).query)["state"][0]
    code = house.bot_code("ZhangWei")
    if twist == "state":
        state = "0" * 32
    if twist == "no cookie":
        browser.cookie_jar.clear()
    if twist == "code":
        code = "unknown"
    back = place(house, f"/signin/wecom/back?code={code}&state={state}")
    if twist == "twice":
        async with browser.get(back, allow_redirects=False) as answer:
            assert answer.status == 302
    async with browser.get(back, allow_redirects=False) as answer:
        assert answer.status == 403
    assert "leadbell" not in {c.key for c in browser.cookie_jar} or twist == "twice"


async def test_a_stranger_who_makes_up_states_and_codes_cannot_keep_us_asking_the_platform(
    at_home: House, browser: ClientSession
) -> None:
    house = at_home
    house.bot.keys._sign_ins = Buckets(2, lambda: 0.0)
    made_up = {"Cookie": f"leadbell_state={'a' * 32}"}
    statuses = []
    for nth in range(4):
        back = place(house, f"/signin/wecom/back?code=made-up-{nth}&state={'a' * 32}")
        async with browser.get(back, headers=made_up, allow_redirects=False) as answer:
            statuses.append(answer.status)
    assert statuses == [403, 403, 429, 429]
    assert house.fake.state.calls.count("auth/getuserinfo") == 2


async def test_it_never_sends_anybody_elsewhere(at_home: House, browser: ClientSession) -> None:
    house = at_home
    for bad in ("https://evil.example", "//evil.example", "/l/../x", "/l/L1?x"):
        async with browser.get(
            place(house, "/signin"), params={"next": bad}, allow_redirects=False
        ) as answer:
            state = parse_qs(urlsplit(answer.headers["Location"]).query)["state"][0]
        back = f"/signin/wecom/back?code={house.bot_code('ZhangWei')}&state={state}"
        async with browser.get(place(house, back), allow_redirects=False) as answer:
            assert answer.headers["Location"] == "/"


async def test_on_a_desktop_it_is_a_code_to_scan(house: House) -> None:
    async with (
        ClientSession() as desktop,
        desktop.get(place(house, "/signin?next=/l/L1"), allow_redirects=False) as answer,
    ):
        assert "/wwlogin/sso/login?login_type=CorpApp" in answer.headers["Location"]
        cookie = answer.headers["Set-Cookie"]
    assert cookie.startswith("__Host-leadbell_state=")
    assert {"HttpOnly", "Secure", "SameSite=Lax", "Path=/"} <= set(cookie.split("; "))


async def test_who_leaves_reads_no_page_any_more(at_home: House, browser: ClientSession) -> None:
    house = at_home
    lead = await house.submit("周倩")
    assert (await sign_in(house, browser, f"/l/{lead}", "WangFang"))[0] == 200
    await house.fake.phones.leave("WangFang")
    async with browser.get(place(house, f"/l/{lead}"), allow_redirects=False) as answer:
        assert answer.status == 302
        assert answer.headers["Location"].startswith("/signin")


async def test_signing_out_ends_it(at_home: House, browser: ClientSession) -> None:
    house = at_home
    lead = await house.submit("周倩")
    rep = await house.holder(lead)
    assert (await sign_in(house, browser, f"/l/{lead}", rep.userid))[0] == 200
    async with browser.post(place(house, "/signout"), headers={"Origin": "https://evil.example"}) as answer:
        assert answer.status == 403
    kept = {c.key: c.value for c in browser.cookie_jar}
    async with browser.post(place(house, "/signout")) as answer:
        assert answer.status == 204
    browser.cookie_jar.update_cookies(kept)
    async with browser.get(place(house, f"/l/{lead}"), allow_redirects=False) as answer:
        assert answer.status == 302
