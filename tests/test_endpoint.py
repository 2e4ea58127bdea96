"""An endpoint's answer is taken whole or not at all, within its time and its length."""

import asyncio
from collections.abc import AsyncIterator

import pytest
import pytest_asyncio
from aiohttp import ClientSession, web
from aiohttp.test_utils import TestServer

from bot.endpoint import Endpoint, Unreachable


async def in_pieces(request: web.Request) -> web.StreamResponse:
    response = web.StreamResponse()
    await response.prepare(request)
    for _ in range(int(request.query["pieces"])):
        await response.write(b"x" * 1000)
        await asyncio.sleep(0)  # so that each goes out alone
    return response


async def elsewhere(_request: web.Request) -> web.Response:
    raise web.HTTPFound("/pieces?pieces=1")


async def never(_request: web.Request) -> web.Response:
    await asyncio.Event().wait()
    return web.Response()


@pytest_asyncio.fixture
async def endpoint() -> AsyncIterator[Endpoint]:
    app = web.Application()
    app.router.add_get("/pieces", in_pieces)
    app.router.add_get("/elsewhere", elsewhere)
    app.router.add_get("/never", never)
    server = TestServer(app)
    await server.start_server()
    made = Endpoint(base_url=str(server.make_url("")).rstrip("/"), http=ClientSession())
    yield made
    await made.close()
    await server.close()


async def test_an_answer_that_comes_in_pieces_is_taken_whole(endpoint: Endpoint) -> None:
    status, body = await endpoint.ask("GET", "/pieces?pieces=20", within=5, most=20_000)
    assert (status, len(body)) == (200, 20_000)


async def test_an_answer_beyond_its_length_is_none(endpoint: Endpoint) -> None:
    with pytest.raises(Unreachable, match="too long"):
        await endpoint.ask("GET", "/pieces?pieces=20", within=5, most=19_999)


async def test_a_redirect_is_not_followed(endpoint: Endpoint) -> None:
    assert (await endpoint.ask("GET", "/elsewhere", within=5, most=1000))[0] == 302


async def test_an_answer_that_never_comes_is_not_waited_for(endpoint: Endpoint) -> None:
    with pytest.raises(Unreachable, match="TimeoutError"):
        await endpoint.ask("GET", "/never", within=0.01, most=10)
