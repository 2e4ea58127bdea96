"""Is the app set up as it must be? Each step of docs/wecom.md, tried."""

from collections.abc import Iterable
from datetime import datetime
from email.utils import parsedate_to_datetime
from urllib.parse import urlsplit

import aiohttp

from bot.channels.base import Refused, Retryable
from bot.channels.wecom.app import keys_of
from bot.channels.wecom.client import ApiError, Client, SetUpWrong
from bot.channels.wecom.standalone import opened
from bot.checks import BAD, GOOD, WARN, Check, check
from bot.config import LOOPBACK, Wecom
from bot.seams import new_id
from bot.words import say
from domain.clock import Clock

CALLBACK = "/callback/wecom"
SKEWED, FAR_OFF = 60.0, 240.0
TIMEOUT = aiohttp.ClientTimeout(total=5, connect=3)
MOST_ASKED = 50
_KNOWN_ERRORS = frozenset({40001, 40013, 301002, 60020})


async def examine(
    settings: Wecom, *, base_url: str, accounts: Iterable[str], clock: Clock, lang: str
) -> list[Check]:
    """Every step, in the order in which one would mend them; what depends on a failed step is left out."""
    async with opened(settings, clock) as client:
        token = await _token(lang, client)
        found = [token]
        if token.mark == GOOD:
            found += [
                await _address(lang, client),
                await _app(lang, client, settings),
                await _members(lang, client, list(accounts)),
            ]
        found.append(await _clock_skew(lang, settings, clock))
        found.append(await _callback(lang, settings, base_url, clock.now()))
        found.append(_domain(lang, settings, base_url))
    return found


def _key_of(code: int) -> str:
    """The sentence of a code of the platform: https://developer.work.weixin.qq.com/document/path/90313."""
    return f"wecom.error.{code}" if code in _KNOWN_ERRORS else "wecom.error"


def _wrong(lang: str, step: str, error: SetUpWrong) -> Check:
    return check(lang, BAD, step, _key_of(error.code), code=error.code, ip=error.ip or "?")


async def _token(lang: str, client: Client) -> Check:
    step = "wecom token"
    try:
        await client.tokens.get()
    except SetUpWrong as error:
        return _wrong(lang, step, error)
    except (Retryable, Refused) as error:
        return check(lang, BAD, step, "wecom.away", why=error)
    return check(lang, GOOD, step, "wecom.token")


async def _address(lang: str, client: Client) -> Check:
    """The trusted address: the token is handed out to any, a call is not."""
    step = "wecom trusted IP"
    try:
        await client.get("getcallbackip")
    except SetUpWrong as error:
        return _wrong(lang, step, error)
    except (Retryable, Refused) as error:
        return check(lang, WARN, step, "wecom.untried", why=error)
    return check(lang, GOOD, step, "wecom.address")


async def _app(lang: str, client: Client, settings: Wecom) -> Check:
    """The agent id is that of the secret's app (https://developer.work.weixin.qq.com/document/path/90227)."""
    step, agent = "wecom app", settings.agent_id
    try:
        app = await client.get("agent/get", agentid=str(agent))
    except (SetUpWrong, ApiError) as error:
        means = say(lang, _key_of(error.code), code=error.code, ip="?")
        return check(lang, BAD, step, "wecom.app.other", means=means, agent=agent)
    except (Retryable, Refused) as error:
        return check(lang, WARN, step, "wecom.untried", why=error)
    if app.get("close"):
        return check(lang, BAD, step, "wecom.app.off")
    return check(lang, GOOD, step, "wecom.app", agent=agent, name=app.get("name", ""))


async def _members(lang: str, client: Client, accounts: list[str]) -> Check:
    """Everybody in the settings is in the app's range."""
    step, lost = "wecom members", []
    for account in accounts[:MOST_ASKED]:
        try:
            await client.get("user/get", userid=account)
        except ApiError:
            lost.append(account)
        except (Retryable, Refused) as error:
            return check(lang, WARN, step, "wecom.untried", why=error)
    if lost:
        return check(lang, BAD, step, "wecom.members.lost", who=", ".join(lost))
    return check(lang, GOOD, step, "wecom.members", count=min(len(accounts), MOST_ASKED))


async def _clock_skew(lang: str, settings: Wecom, clock: Clock) -> Check:
    """Callbacks of another five minutes are refused, so the clock must be right."""
    step = "wecom clock"
    try:
        async with aiohttp.ClientSession(timeout=TIMEOUT) as http, http.get(settings.api_base) as answer:
            theirs = parsedate_to_datetime(answer.headers["Date"])
    except (aiohttp.ClientError, TimeoutError, KeyError, ValueError):
        return check(lang, WARN, step, "wecom.clock.unread")
    off = abs((clock.now() - theirs).total_seconds())
    if off >= FAR_OFF:
        return check(lang, BAD, step, "wecom.clock.off", seconds=f"{off:.0f}")
    return check(lang, GOOD if off < SKEWED else WARN, step, "wecom.clock", seconds=f"{off:.0f}")


async def _callback(lang: str, settings: Wecom, base_url: str, now: datetime) -> Check:
    """Ask our own public address as the console does when the address is saved."""
    step, address = "wecom callback", f"{base_url.rstrip('/')}{CALLBACK}"
    keys = keys_of(settings)
    word, timestamp, nonce = new_id().encode(), str(int(now.timestamp())), new_id()[:16]
    echo = keys.encrypt(word, bytes.fromhex(new_id()))
    query = {
        "msg_signature": keys.sign(timestamp, nonce, echo),
        "timestamp": timestamp,
        "nonce": nonce,
        "echostr": echo,
    }
    try:
        async with (
            aiohttp.ClientSession(timeout=TIMEOUT) as http,
            http.get(address, params=query, allow_redirects=False) as answer,
        ):
            status, body = answer.status, await answer.content.read(4096)
    except (aiohttp.ClientError, TimeoutError, OSError) as error:
        return check(lang, BAD, step, "wecom.callback.away", address=address, why=type(error).__name__)
    if status == 403:
        return check(lang, BAD, step, "wecom.callback.refused", address=address)
    if (status, body) != (200, word):
        return check(lang, BAD, step, "wecom.callback.odd", address=address, status=status)
    return check(lang, GOOD, step, "wecom.callback", address=address)


def _domain(lang: str, settings: Wecom, base_url: str) -> Check:
    step, parts = "wecom domain", urlsplit(base_url)
    if urlsplit(settings.api_base).hostname in LOOPBACK:
        return check(lang, GOOD, step, "wecom.domain.rehearsal")
    if parts.scheme != "https" or parts.hostname in LOOPBACK:
        return check(lang, BAD, step, "wecom.domain.local", url=base_url)
    return check(lang, GOOD, step, "wecom.domain", host=parts.hostname)
