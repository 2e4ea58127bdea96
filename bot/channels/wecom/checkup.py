"""Is the app set up as it must be? Each step of docs/wecom.md, tried."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from email.utils import parsedate_to_datetime
from urllib.parse import urlsplit

import aiohttp

from bot.channels.base import Refused, Retryable
from bot.channels.wecom.app import keys_of
from bot.channels.wecom.client import ApiError, Client, SetUpWrong
from bot.channels.wecom.standalone import opened
from bot.config import LOOPBACK, Wecom
from bot.seams import new_id
from domain.clock import Clock

CALLBACK = "/callback/wecom"
SKEWED, FAR_OFF = 60.0, 240.0
TIMEOUT = aiohttp.ClientTimeout(total=5, connect=3)
MOST_ASKED = 50
_MEANING = {
    40001: ("the secret is not this app's", "copy it again: 应用管理 → the app → Secret"),
    40013: ("the corp id is wrong", "copy it from 我的企业 → 企业信息"),
    301002: ("the app may not do this with that agent_id", "agent_id and secret must be of one app"),
    60020: ("this address is not trusted", "add it: the app → 企业可信IP"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """`good` = True, False, or None for a doubt."""

    step: str
    good: bool | None
    means: str
    next: str = ""


async def examine(settings: Wecom, *, base_url: str, accounts: Iterable[str], clock: Clock) -> list[Finding]:
    """Every step, in the order in which one would mend them; what depends on a failed step is left out."""
    async with opened(settings, clock) as client:
        token = await _token(client)
        found = [token]
        if token.good:
            found += [
                await _address(client),
                await _app(client, settings),
                await _members(client, list(accounts)),
            ]
        found.append(await _clock_skew(settings, clock))
        found.append(await _callback(settings, base_url, clock.now()))
        found.append(_domain(settings, base_url))
    return found


async def _token(client: Client) -> Finding:
    step = "wecom token"
    try:
        await client.tokens.get()
    except SetUpWrong as error:
        means, mend = _MEANING.get(error.code, (f"errcode {error.code}", "see the errcode's page"))
        address = f" ({error.ip})" if error.ip else ""
        return Finding(step=step, good=False, means=f"{means}{address}", next=mend)
    except (Retryable, Refused) as error:
        return Finding(step=step, good=False, means=f"no answer: {error}", next="is api_base reachable?")
    return Finding(step=step, good=True, means="the corp id and the secret fit")


async def _address(client: Client) -> Finding:
    """The trusted address: the token is handed out to any, a call is not."""
    step = "wecom trusted IP"
    try:
        await client.get("getcallbackip")
    except SetUpWrong as error:
        means, mend = _MEANING.get(error.code, (f"errcode {error.code}", "see the errcode's page"))
        return Finding(step=step, good=False, means=f"{means}: {error.ip or 'unknown'}", next=mend)
    except (Retryable, Refused) as error:
        return Finding(step=step, good=None, means=f"could not be tried: {error}")
    return Finding(step=step, good=True, means="calls from here are taken")


async def _app(client: Client, settings: Wecom) -> Finding:
    """The agent id is that of the secret's app (https://developer.work.weixin.qq.com/document/path/90227)."""
    step = "wecom app"
    try:
        app = await client.get("agent/get", agentid=str(settings.agent_id))
    except (SetUpWrong, ApiError) as error:
        means, _ = _MEANING.get(error.code, (f"errcode {error.code}", ""))
        mend = "copy wecom.agent_id again: 应用管理 → the app → AgentId"
        return Finding(step=step, good=False, means=f"{means}: {settings.agent_id}", next=mend)
    except (Retryable, Refused) as error:
        return Finding(step=step, good=None, means=f"could not be tried: {error}")
    if app.get("close"):
        return Finding(step=step, good=False, means="the app is disabled", next="应用管理 → the app → 启用")
    return Finding(step=step, good=True, means=f"{settings.agent_id} {app.get('name', '')}".rstrip())


async def _members(client: Client, accounts: list[str]) -> Finding:
    """Everybody in the settings is in the app's range."""
    step, lost = "wecom members", []
    for account in accounts[:MOST_ASKED]:
        try:
            await client.get("user/get", userid=account)
        except ApiError:
            lost.append(account)
        except (Retryable, Refused) as error:
            return Finding(step=step, good=None, means=f"could not be read: {error}")
    if lost:
        return Finding(
            step=step,
            good=False,
            means=f"not in the app's range: {', '.join(lost)}",
            next="the app → 可见范围, or mend their `wecom` in the settings",
        )
    return Finding(step=step, good=True, means=f"{min(len(accounts), MOST_ASKED)} people can be reached")


async def _clock_skew(settings: Wecom, clock: Clock) -> Finding:
    """Callbacks of another five minutes are refused, so the clock must be right."""
    step = "wecom clock"
    try:
        async with aiohttp.ClientSession(timeout=TIMEOUT) as http, http.get(settings.api_base) as answer:
            theirs = parsedate_to_datetime(answer.headers["Date"])
    except (aiohttp.ClientError, TimeoutError, KeyError, ValueError):
        return Finding(step=step, good=None, means="the platform's clock could not be read")
    off = abs((clock.now() - theirs).total_seconds())
    means = f"{off:.0f} s from the platform's"
    if off >= FAR_OFF:
        return Finding(step=step, good=False, means=means, next="set the clock: timedatectl set-ntp true")
    return Finding(step=step, good=True if off < SKEWED else None, means=means)


async def _callback(settings: Wecom, base_url: str, now: datetime) -> Finding:
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
        why = type(error).__name__
        return Finding(
            step=step, good=False, means=f"{address}: {why}", next="leadbell serve; is base_url reachable?"
        )
    if status == 403:
        return Finding(
            step=step,
            good=False,
            means=f"{address}: refused",
            next="the running bot has another token or encoding_aes_key: restart it",
        )
    if (status, body) != (200, word):
        return Finding(step=step, good=False, means=f"{address}: HTTP {status}", next="what answers there?")
    return Finding(step=step, good=True, means=f"{address} answers as the console wants")


def _domain(settings: Wecom, base_url: str) -> Finding:
    step, parts = "wecom domain", urlsplit(base_url)
    if urlsplit(settings.api_base).hostname in LOOPBACK:
        return Finding(step=step, good=True, means="a rehearsal: no domain is needed")
    if parts.scheme != "https" or parts.hostname in LOOPBACK:
        return Finding(
            step=step,
            good=False,
            means=f"{base_url} cannot be opened on a phone",
            next="set app.base_url to the https address in front of the bot",
        )
    means = f"{parts.hostname}: put it in under 网页授权及JS-SDK and 企业微信授权登录"
    return Finding(step=step, good=True, means=means)
