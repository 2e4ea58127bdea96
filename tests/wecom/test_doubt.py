"""A call that was not made, and one of which nobody knows: told apart, for what follows is different."""

import asyncio
from typing import Any

import aiohttp
import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from bot.channels.base import Retryable, Unsure
from bot.channels.wecom.client import App, Client, NotDone
from bot.channels.wecom.standalone import Memory, _write
from tests.scenario.world import StillClock


class Unreached(aiohttp.TCPConnector):
    """A host whose connections never come about."""

    async def _create_connection(self, *_: Any, **__: Any) -> Any:
        await asyncio.Event().wait()


def client_of(http: aiohttp.ClientSession, base: str) -> Client:
    app = App(base=base, corp_id="ww1", agent_id=1, secret="s")
    units = Memory().units()
    return Client(
        http=http,
        app=app,
        write=_write,
        token_units=units.tokens,
        block=units.sending.block,
        clock=StillClock(),
    )


async def ask(answer: Any, *, token: Any = None) -> Exception:
    """What comes of one call to a host that serves it so."""

    async def gettoken(_request: web.Request) -> web.StreamResponse:
        if token is not None:
            return await token(_request)  # type: ignore[no-any-return]
        return web.json_response({"errcode": 0, "access_token": "t", "expires_in": 7200})

    app = web.Application()
    app.router.add_get("/cgi-bin/gettoken", gettoken)
    app.router.add_post("/cgi-bin/message/send", answer)
    async with TestServer(app) as server, aiohttp.ClientSession() as http:
        client = client_of(http, str(server.make_url("")))
        with pytest.raises(Retryable) as caught:
            await client.post("message/send", {})
    return caught.value


async def cut(request: web.Request) -> web.StreamResponse:
    assert request.transport is not None
    await request.read()
    request.transport.abort()
    return web.Response()


def page(status: int) -> Any:
    async def answer(_request: web.Request) -> web.StreamResponse:
        return web.Response(status=status, text="<html>")

    return answer


@pytest.mark.parametrize(
    ("answer", "doubt"), [(cut, True), (page(502), True), (page(200), True), (page(404), False)]
)
async def test_what_comes_behind_the_request_leaves_it_in_doubt_unless_it_was_turned_away(
    answer: Any, doubt: bool
) -> None:
    error = await ask(answer)
    assert isinstance(error, Unsure) is doubt
    assert isinstance(error, NotDone) is not doubt


@pytest.mark.parametrize("token", [cut, page(502)])
async def test_a_call_for_which_there_was_no_token_was_not_made(token: Any) -> None:
    assert not isinstance(await ask(page(200), token=token), Unsure)


@pytest.mark.parametrize("connector", [None, Unreached])
async def test_a_host_that_is_not_reached_was_not_asked(
    connector: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bot.channels.wecom.client.TIMEOUT", aiohttp.ClientTimeout(total=5, connect=0.05))
    async with aiohttp.ClientSession(connector=connector() if connector else None) as http:
        client = client_of(http, "http://127.0.0.1:1")
        with pytest.raises(NotDone):
            await client._exchange("GET", "http://127.0.0.1:1/x", None)
