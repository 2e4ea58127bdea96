"""Signing in to a lead's page with DingTalk: in its client and in any other browser, by the one mechanism
that WeCom's sign-in uses."""

from collections.abc import AsyncIterator, Mapping
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
import pytest_asyncio
from aiohttp import ClientSession, CookieJar
from playwright.async_api import async_playwright

from bot.channels.base import NotGenuine, Refused, SignInPage
from bot.channels.dingtalk.signin import DingtalkSignIn
from tests.dingtalk.world import Ding, Handset, Opener, account_of

CLIENT = "Mozilla/5.0 (iPhone) AppleWebKit/605 Mobile AliApp(DingTalk/7.6.0) dingtalk"
DESKTOP = "Mozilla/5.0 (Macintosh) Safari/605"
FULL = "13812345688"


@pytest.fixture
def engine_name() -> str:
    return "sqlite"


@pytest_asyncio.fixture
async def at_home(opener: Opener) -> Ding:
    """Pages on the address they are opened at, and the company's id in the settings."""
    ding = await opener.open()
    gate = f"http://127.0.0.1:{ding.service.port}"
    await opener.shut(ding)
    section = f'client_id = "{opener.fake.client_id}"'
    return await opener.open(
        replace={
            "port = 0": f'port = {gate.rpartition(":")[2]}\nbase_url = "{gate}"',
            section: f'{section}\ncorp_id = "dingcorp"',
        }
    )


@pytest_asyncio.fixture
async def browser() -> AsyncIterator[ClientSession]:
    async with ClientSession(cookie_jar=CookieJar(unsafe=True), headers={"User-Agent": DESKTOP}) as session:
        yield session


def place(ding: Ding, path: str) -> str:
    return f"http://127.0.0.1:{ding.service.port}{path}"


async def owned(ding: Ding) -> tuple[str, Handset]:
    lead = await ding.submit("周倩", phone=FULL)
    return lead, await ding.owner(lead)


async def through_the_login_page(
    ding: Ding, browser: ClientSession, path: str, account: str
) -> tuple[int, str]:
    """Open a page as a browser does, over the platform's login page and back; (status, text)."""
    async with browser.get(place(ding, path), allow_redirects=False) as answer:
        start = answer.headers["Location"]
    async with browser.get(place(ding, start), allow_redirects=False) as answer:
        login = answer.headers["Location"]
    assert login.startswith(f"{ding.fake.base}/oauth2/auth?")
    async with browser.get(f"{login}&as={account}") as answer:  # back, in, and on to the page
        return answer.status, await answer.text()


async def test_a_browser_signs_in_over_the_login_page_and_sees_what_is_its_persons(
    at_home: Ding, browser: ClientSession
) -> None:
    lead, rep = await owned(at_home)
    assert f"[打开线索]({place(at_home, f'/l/{lead}')})" in rep.card("周倩")["card"]["markdown"]
    status, text = await through_the_login_page(at_home, browser, f"/l/{lead}", rep.account)
    assert status == 200
    assert "周倩" in text
    assert "138****5688" in text  # whole only once it is accepted
    await rep.does("accept", "周倩")
    async with browser.get(place(at_home, f"/l/{lead}")) as answer:
        assert "138****5688" not in (await answer.text())


async def test_a_colleague_finds_nothing_and_a_stranger_is_not_let_in(
    at_home: Ding, browser: ClientSession
) -> None:
    lead, rep = await owned(at_home)
    other = "lilei" if rep.person != "lilei" else "zhangwei"
    assert (await through_the_login_page(at_home, browser, f"/l/{lead}", account_of(other)))[0] == 404
    browser.cookie_jar.clear()
    at_home.fake.book.codes["stranger"] = "nobody-of-ours"
    async with browser.get(place(at_home, "/signin?next=/l/L1001"), allow_redirects=False) as answer:
        state = parse_qs(urlsplit(answer.headers["Location"]).query)["state"][0]
    back = place(at_home, f"/signin/dingtalk/back?code=stranger&state={state}")
    async with browser.get(back, allow_redirects=False) as answer:
        assert answer.status == 403


@pytest.mark.parametrize("twist", ["state", "no cookie", "code", "twice", "odd code"])
async def test_a_sign_in_that_another_browser_began_or_that_was_used_is_refused(
    at_home: Ding, browser: ClientSession, twist: str
) -> None:
    async with browser.get(place(at_home, "/signin?next=/l/L1001"), allow_redirects=False) as answer:
        state = parse_qs(urlsplit(answer.headers["Location"]).query)["state"][0]
    code = at_home.fake.contacts.sign_in(account_of("zhangwei"))
    if twist == "state":
        state = "0" * 32
    if twist == "no cookie":
        browser.cookie_jar.clear()
    if twist in ("code", "odd code"):
        code = "unknown" if twist == "code" else "a b"
    back = place(at_home, "/signin/dingtalk/back")
    sent = {"code": code, "state": state}
    if twist == "twice":
        async with browser.get(back, params=sent, allow_redirects=False) as answer:
            assert answer.status == 302
    async with browser.get(back, params=sent, allow_redirects=False) as answer:
        assert answer.status == 403


@pytest.mark.browser
@pytest.mark.parametrize("knows", ["new", "old", "neither"])
async def test_inside_the_client_a_page_asks_it_and_nobody_is_asked_anything(
    at_home: Ding, chromium_path: str, knows: str
) -> None:
    """A client that knows the call, one that knows the older one, and one that knows none and is sent to the
    login page."""
    lead, rep = await owned(at_home)
    asked: list[str] = []
    async with async_playwright() as play:
        chromium = await play.chromium.launch(executable_path=chromium_path, args=["--no-sandbox"])
        page = await (await chromium.new_context(user_agent=CLIENT)).new_page()
        page.on("request", lambda request: asked.append(request.url))
        code = at_home.fake.contacts.sign_in(rep.account)
        new = f"requestAuthCode: ({{success}}) => success({{code: '{code}'}})"
        old = (
            "requestAuthCode: ({fail}) => fail({}), runtime: {permission: {requestAuthCode: "
            f"({{onSuccess}}) => onSuccess({{code: '{code}'}})}}}}"
        )
        calls = {"new": new, "old": old, "neither": ""}[knows]

        async def script(route: Any) -> None:
            body = f"window.dd = {{ready: (then) => then(), {calls}}}"
            await route.fulfill(body=body, content_type="text/javascript")

        async def login(route: Any) -> None:
            await route.continue_(url=f"{route.request.url}&as={rep.account}")

        await page.route("**/fake/dingtalk.open.js", script)
        await page.route("**/oauth2/auth?*", login)
        await page.goto(place(at_home, f"/l/{lead}"))
        await page.get_by_text("周倩").first.wait_for()
        assert urlsplit(page.url).path == f"/l/{lead}"
        await chromium.close()
    assert any("/oauth2/auth" in url for url in asked) is (knows == "neither")


@pytest.mark.browser
async def test_the_fakes_client_answers_the_page_as_the_real_one_does(
    at_home: Ding, chromium_path: str
) -> None:
    """With nothing between: whoever rehearses opens the page as the first of the fake's people."""
    lead, _ = await owned(at_home)
    async with async_playwright() as play:
        chromium = await play.chromium.launch(executable_path=chromium_path, args=["--no-sandbox"])
        page = await (await chromium.new_context(user_agent=CLIENT)).new_page()
        complaints: list[str] = []
        page.on("pageerror", lambda error: complaints.append(str(error)))
        await page.goto(place(at_home, f"/l/{lead}"))
        await page.wait_for_url(f"**/l/{lead}")
        await chromium.close()
    assert complaints == []
    assert ("POST", "/topapi/v2/user/getuserinfo") in [call[:2] for call in at_home.fake.book.calls]


async def test_with_both_platforms_a_browser_is_asked_and_a_client_is_not(
    at_home: Ding, browser: ClientSession
) -> None:
    class Other:
        name = "wecom"

        def fits(self, user_agent: str) -> bool:
            return "wxwork" in user_agent

        def begin(self, *, back: str, state: str, user_agent: str) -> str:
            return f"https://wecom.example/?state={state}"

        async def account(self, query: Mapping[str, str]) -> str:
            raise NotGenuine("never asked")

    gate = at_home.service.gate
    assert gate is not None
    gate.signins = [Other(), *gate.signins]
    async with browser.get(place(at_home, "/signin?next=/l/L1001")) as answer:
        text = await answer.text()
    assert 'href="/signin?with=dingtalk&amp;next=/l/L1001"' in text
    assert "用企业微信登录" in text
    for agent, query, where in (
        (DESKTOP, "?with=dingtalk", "/oauth2/auth"),
        (DESKTOP, "?with=wecom", "wecom.example"),
        ("x wxwork/4.1", "", "wecom.example"),
    ):
        async with browser.get(
            place(at_home, f"/signin{query}"), headers={"User-Agent": agent}, allow_redirects=False
        ) as answer:
            assert where in answer.headers["Location"]
    async with browser.get(place(at_home, "/signin"), headers={"User-Agent": CLIENT}) as answer:
        assert answer.status == 200
        assert "sha256-" in answer.headers["Content-Security-Policy"]


async def test_the_real_addresses_and_whose_code_is_nobodys(ding: Ding) -> None:
    assert ding.service.dingtalk is not None
    client = ding.service.dingtalk.client
    signin = DingtalkSignIn(client=client, corp_id="dingcorp")
    with pytest.raises(NotGenuine):
        await signin.account({"code": "a b"})
    with pytest.raises(Refused):
        await signin.account({"authCode": "unknown", "code": "unknown"})
    ding.fake.book.outside.add(account_of("lilei"))
    with pytest.raises(Refused, match="colleague"):
        await signin.account({"authCode": ding.fake.contacts.sign_in(account_of("lilei"))})
    client.api_base = "https://api.dingtalk.com"
    login = signin.begin(back="https://bot.example/back?x=1", state="s&=", user_agent=DESKTOP)
    assert isinstance(login, str)
    assert login.startswith("https://login.dingtalk.com/oauth2/auth?")
    query = parse_qs(urlsplit(login).query)
    assert (query["state"], query["redirect_uri"]) == (["s&="], ["https://bot.example/back?x=1"])
    page = signin.begin(back="https://bot.example/back", state='"><script>', user_agent=CLIENT)
    assert isinstance(page, SignInPage)
    assert 'src="https://g.alicdn.com/' in page.html
    assert '"><script>' not in page.html.replace('js"><script>', "").replace('open.js"></script><script>', "")
    without = DingtalkSignIn(client=client)
    assert isinstance(without.begin(back="b", state="s", user_agent=CLIENT), str)
