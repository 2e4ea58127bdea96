"""One WeCom app, put together: the way in, the way out, and what they share."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Protocol

import aiohttp

from bot.channels.wecom.beyond import Beyond
from bot.channels.wecom.channel import MINUTE, WecomChannel
from bot.channels.wecom.client import App, Client
from bot.channels.wecom.crypto import Keys
from bot.channels.wecom.door import Door
from bot.channels.wecom.passive import greyed
from bot.channels.wecom.receive import Receiver
from bot.channels.wecom.signin import WecomSignIn
from bot.config import Wecom
from bot.directory import Directory
from bot.router import Bot, Router

A_MINUTE, AN_HOUR = 28, 980
"""The platform drops what is over 30 a minute or 1,000 an hour to one member, and tells nobody."""
HOUR = timedelta(minutes=61)
SESSION_HEADERS = {"User-Agent": "leadbell"}


class Units(Protocol):
    """The modules of storage that the app needs."""

    tokens: Any
    sending: Any
    first_time: Callable[..., bool]


@dataclass(frozen=True, slots=True, kw_only=True)
class WecomApp:
    client: Client
    channel: WecomChannel
    receiver: Receiver
    beyond: Beyond
    signin: WecomSignIn
    http: aiohttp.ClientSession

    async def close(self) -> None:
        await self.beyond.close()
        await self.http.close()


def app_of(settings: Wecom) -> App:
    return App(
        base=settings.api_base,
        corp_id=settings.corp_id,
        agent_id=settings.agent_id,
        secret=settings.secret.get_secret_value(),
    )


def keys_of(settings: Wecom) -> Keys:
    return Keys(
        token=settings.token.get_secret_value(),
        aes_key=settings.encoding_aes_key.get_secret_value(),
        receiver=settings.corp_id,
    )


def make_client(
    settings: Wecom,
    *,
    http: aiohttp.ClientSession,
    write: Callable[..., Awaitable[Any]],
    units: Units,
    clock: Any,
) -> Client:
    """The API of the app that the settings name."""
    return Client(
        http=http,
        app=app_of(settings),
        write=write,
        token_units=units.tokens,
        block=units.sending.block,
        clock=clock,
    )


def make_app(
    settings: Wecom,
    *,
    bot: Bot,
    router: Router,
    directory: Directory,
    units: Units,
    base_url: str,
    count: Callable[[str], None],
) -> WecomApp:
    """Build it all. Must be called in the running loop; close it with `close`."""
    http = aiohttp.ClientSession(headers=SESSION_HEADERS, auto_decompress=True)
    client = make_client(settings, http=http, write=bot.write, units=units, clock=bot.clock)
    limit = units.sending.Limit
    channel = WecomChannel(
        client,
        write=bot.write,
        units=units.sending,
        limits=(limit(most=A_MINUTE, within=MINUTE), limit(most=AN_HOUR, within=HOUR)),
        clock=bot.clock,
        link=lambda lead: f"{base_url.rstrip('/')}/l/{lead}" if lead else base_url,
    )
    beyond = Beyond(bot=bot, client=client, clock=bot.clock, write=bot.write, units=units)
    keys = keys_of(settings)
    receiver = Receiver(
        app=client.app,
        door=Door(keys=keys, agent_id=settings.agent_id),
        bot=bot,
        router=router,
        directory=directory,
        clock=bot.clock,
        keep_code=units.sending.keep_code,
        beyond=beyond,
        name_of=beyond.member_name,
        count=count,
        passive=greyed(keys) if settings.passive_cards else None,
    )
    signin = WecomSignIn(client=client, app=app_of(settings))
    return WecomApp(
        client=client, channel=channel, receiver=receiver, beyond=beyond, signin=signin, http=http
    )
