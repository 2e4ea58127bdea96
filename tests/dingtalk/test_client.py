"""The calls themselves: paced, timed, and read for what they mean."""

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from aiohttp import ClientSession, ClientTimeout, TCPConnector, web
from aiohttp.test_utils import TestServer

from bot.channels.base import Refused, Retryable, Unsure
from bot.channels.dingtalk.client import Client
from bot.channels.dingtalk.door import make_client, own_tokens
from bot.channels.dingtalk.errors import (
    Misconfigured,
    NoCards,
    NotThere,
    OverQuota,
    old_trouble,
    trouble,
)
from bot.channels.dingtalk.meter import is_metered, month_of
from bot.channels.tokens import TokenRefused
from tests.dingtalk.world import Opener

DENIED = "Forbidden.AccessDenied."
MINUTE, HOUR = timedelta(minutes=1), timedelta(hours=1)


@pytest.fixture
def engine_name() -> str:
    return "sqlite"


@pytest.fixture
async def client(opener: Opener) -> AsyncIterator[Client]:
    settings = opener.settings("stream", "")
    assert settings.dingtalk is not None
    async with ClientSession() as session:
        yield make_client(settings.dingtalk, session, own_tokens(opener.clock))


async def test_a_crowd_of_calls_is_never_over_twenty_a_second(opener: Opener, client: Client) -> None:
    opener.fake.book.qps = 20
    path = "/v1.0/robot/otoMessages/batchRecall"
    body = {"robotCode": opener.fake.client_id, "processQueryKeys": []}
    await asyncio.gather(*(client.call("POST", path, body) for _ in range(24)))
    assert client.meter.by_path[path] == 24


async def test_a_crowd_that_needs_a_token_fetches_one(opener: Opener, client: Client) -> None:
    body = {"robotCode": opener.fake.client_id, "processQueryKeys": []}
    await asyncio.gather(
        *(client.call("POST", "/v1.0/robot/otoMessages/batchRecall", body) for _ in range(8))
    )
    assert [path for _, path, _ in opener.fake.book.calls].count("/v1.0/oauth2/accessToken") == 1


async def test_a_host_that_hangs_is_given_up_in_doubt(opener: Opener, client: Client) -> None:
    await client.fetch_token()
    opener.fake.faults.slow = 5.0
    client.timeout = ClientTimeout(total=0.1)
    with pytest.raises(Unsure):
        await client.fetch_token()


async def test_a_large_file_may_take_longer_than_a_call(
    client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def slowly(_request: web.Request) -> web.Response:
        await asyncio.sleep(0.5)
        return web.Response(body=b"picture")

    app = web.Application()
    app.router.add_get("/file", slowly)
    async with TestServer(app) as server:

        async def call(*_: object) -> dict[str, Any]:
            return {"downloadUrl": str(server.make_url("/file"))}

        monkeypatch.setattr(Client, "call", call)
        client.timeout = ClientTimeout(total=0.1)
        assert await client.download("code", "robot", most=100) == b"picture"


async def test_a_host_that_is_not_there_is_unreachable_and_not_in_doubt(client: Client) -> None:
    client.api_base = "http://127.0.0.1:1"
    with pytest.raises(Retryable, match=r"^unreachable$") as caught:
        await client.fetch_token()
    assert not isinstance(caught.value, Unsure)


class Unreached(TCPConnector):
    """A host whose connections never come about."""

    async def _create_connection(self, *_: Any, **__: Any) -> Any:
        await asyncio.Event().wait()


async def test_a_host_that_does_not_take_the_connection_was_not_reached(opener: Opener) -> None:
    settings = opener.settings("stream", "")
    assert settings.dingtalk is not None
    async with ClientSession(connector=Unreached()) as session:
        client = make_client(settings.dingtalk, session, own_tokens(opener.clock))
        client.timeout = ClientTimeout(total=5, connect=0.05)
        with pytest.raises(Retryable, match=r"^unreachable$") as caught:
            await client.fetch_token()
    assert not isinstance(caught.value, Unsure)


async def test_a_connection_that_breaks_behind_the_request_leaves_it_in_doubt(
    opener: Opener, client: Client
) -> None:
    opener.fake.faults.down = True  # the request is read, and the connection cut
    with pytest.raises(Unsure):
        await client.fetch_token()


async def test_a_call_for_which_there_was_no_token_was_not_made(opener: Opener, client: Client) -> None:
    opener.fake.faults.down = True
    with pytest.raises(Retryable, match="no token") as caught:
        await client.call("POST", "/v1.0/robot/otoMessages/batchRecall", {})
    assert not isinstance(caught.value, Unsure)


async def test_an_error_never_tells_a_token_or_an_address(opener: Opener, client: Client) -> None:
    opener.fake.faults.down = True
    with pytest.raises(Retryable) as caught:
        await client.old("/topapi/v2/user/get", {"userid": "x"})
    assert "http" not in str(caught.value)
    assert caught.value.__cause__ is None


@pytest.mark.parametrize(
    ("status", "body", "kind", "after"),
    [
        (400, {"code": "InvalidAuthentication"}, TokenRefused, None),
        (403, {"code": DENIED + "QpmLimitForAppkeyAndApi"}, Retryable, MINUTE),
        (403, {"code": DENIED + "ApiCountLimitForOrg"}, OverQuota, HOUR),
        (403, {"code": DENIED + "IpNotInWhiteList"}, Misconfigured, MINUTE),
        (400, {"code": "param.userIdNotExist"}, NotThere, None),
        (400, {"code": "staffId.notExisted"}, NotThere, None),
        (400, {"code": "invalidParameter.downloadCode"}, Refused, None),
        (400, {"code": "param.templateUnpublished"}, NoCards, MINUTE),
        (400, {"code": "send.too.fast"}, Retryable, MINUTE),
        (400, {"code": "robot.oto.notExist"}, Misconfigured, MINUTE),
        (500, {"code": "system.busy"}, Retryable, None),
        (500, {}, Retryable, None),
        (502, None, Unsure, None),
        (200, None, Unsure, None),
        (404, None, Retryable, None),
        (403, None, Retryable, timedelta(minutes=5)),
        (403, {"status": 1111, "wait": 5, "source": "x5", "punish": "deny"}, Retryable, timedelta(minutes=5)),
        (403, {"status": 1111, "wait": "?"}, Retryable, timedelta(minutes=5)),
    ],
)  # fmt: skip
def test_each_refusal_of_the_new_host_means_what_it_means(
    status: int, body: Any, kind: type[Exception], after: timedelta | None
) -> None:
    error = trouble(status, body)
    assert type(error) is kind
    assert getattr(error, "after", None) == after


def test_a_missing_scope_is_named_and_is_about_cards_only_where_cards_were_asked_for() -> None:
    body = {
        "code": DENIED + "AccessTokenPermissionDenied",
        "accessdenieddetail": {"requiredScopes": ["Card.Instance.Write"]},
    }
    assert type(trouble(403, body, cards=True)) is NoCards
    assert type(trouble(403, body)) is Misconfigured
    assert "Card.Instance.Write" in str(trouble(403, body))


@pytest.mark.parametrize(
    ("body", "kind"),
    [
        ({"errcode": 0}, type(None)), ({"errcode": "0"}, type(None)), ({"errcode": 40014}, TokenRefused),
        ({"errcode": "42001"}, TokenRefused), ({"errcode": 88, "sub_code": "40014"}, TokenRefused),
        ({"errcode": 60121}, NotThere), ({"errcode": 50002}, NotThere), ({"errcode": "33012"}, NotThere),
        ({"errcode": 40078}, Refused), ({"errcode": 90020}, OverQuota), ({"errcode": 60011}, Misconfigured),
        ({"errcode": -1}, Retryable), ({"errcode": 90018}, Retryable), ({"errcode": 310000}, Retryable),
    ],
)  # fmt: skip
def test_each_code_of_the_old_host_means_what_it_means(body: dict[str, Any], kind: type) -> None:
    assert type(old_trouble(body)) is kind


@pytest.mark.parametrize(
    ("path", "counts"),
    [
        ("/v1.0/oauth2/accessToken", False), ("/topapi/v2/user/get", False), ("/v1.0/contact/users/me", False),
        ("/topapi/v2/department/listsub", False), ("/v1.0/card/instances", True),
        ("/v1.0/robot/oToMessages/batchSend", True), ("/v1.0/gateway/connections/open", True),
    ],
)  # fmt: skip
def test_what_counts_for_the_month(path: str, counts: bool) -> None:
    assert is_metered(path) is counts


def test_a_month_begins_at_midnight_in_china() -> None:
    assert month_of(datetime(2026, 10, 31, 15, 59, tzinfo=UTC)) == "2026-10"
    assert month_of(datetime(2026, 10, 31, 16, 0, tzinfo=UTC)) == "2026-11"
