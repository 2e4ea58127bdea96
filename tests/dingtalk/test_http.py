"""The HTTP mode: signed callbacks in, the same stories; whatever is not signed changes nothing."""

import asyncio
import hmac
import json
from base64 import b64encode
from collections.abc import AsyncIterator
from typing import Any

import pytest
import pytest_asyncio
from aiohttp import ClientSession
from structlog.testing import capture_logs

from bot.channels.dingtalk import http as dingtalk_http
from bot.channels.dingtalk.sign import EventCrypto, card_sign, robot_sign
from tests.dingtalk.world import Ding, Opener, account_of, press, until

AES = "1234567890123456789012345678901234567890123"


@pytest.fixture
def engine_name() -> str:
    return "sqlite"


@pytest_asyncio.fixture
async def http(opener: Opener) -> AsyncIterator[Ding]:
    """The bot in HTTP mode, known to the platform by its two addresses."""
    ding = await opener.open("http")
    base = f"http://127.0.0.1:{ding.service.port}"
    await until(lambda: ding.fake.book.routes)
    ((key, (_, secret)),) = ding.fake.book.routes.items()
    ding.fake.book.routes[key] = (f"{base}/callback/dingtalk/card", secret)  # the port was not known before
    ding.fake.robot_url = f"{base}/callback/dingtalk"
    yield ding


def crypto(ding: Ding) -> EventCrypto:
    return EventCrypto(token="token-of-the-tests", aes_key=AES, owner_key=ding.fake.client_id)


def stamp(ding: Ding) -> str:
    return str(int(ding.clock.now().timestamp() * 1000))


async def post(url: str, body: Any, **headers: str) -> tuple[int, str]:
    data = body if isinstance(body, bytes) else json.dumps(body).encode()
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    async with ClientSession() as session, session.post(url, data=data, headers=named) as answer:
        return answer.status, await answer.text()


async def test_the_card_route_is_registered_with_a_secret_of_our_own(http: Ding) -> None:
    (body,) = http.calls("/v1.0/card/callbacks/register")
    assert body["callbackUrl"] == "http://127.0.0.1:8710/callback/dingtalk/card"
    assert body["forceUpdate"] is True
    assert len(body["apiSecret"]) == 64
    assert body["apiSecret"] != http.fake.client_secret


async def test_a_lead_is_accepted_and_noted_over_http(http: Ding) -> None:
    lead = await http.submit("周倩", phone="13812345688")
    rep = await http.owner(lead)
    card = http.fake.book.cards[rep.card("周倩")["track"]]
    assert (card.callback, card.route) == ("HTTP", http.service.dingtalk.channel.callback)  # type: ignore[union-attr]
    assert "13812345688" in (await rep.does("accept", "周倩")).replace(" ", "")
    await rep.type(f"/note {lead} 客户要报价")
    assert [note.text for note in await http.service.reads.notes(lead)] == ["客户要报价"]
    assert http.fake.book.violations == []


async def test_the_robots_callback_wants_a_fresh_signature(http: Ding) -> None:
    url, secret = http.fake.robot_url, http.fake.client_secret
    message = http.fake.message(account_of("xiaolin"), {"msgtype": "text", "text": {"content": "/help"}})
    now = stamp(http)
    old = str(int(now) - 3_600_001)
    for headers in (
        {}, {"timestamp": now}, {"timestamp": now, "sign": "x"}, {"timestamp": old, "sign": robot_sign(secret, old)},
        {"timestamp": now, "sign": robot_sign("other", now)}, {"timestamp": now + "0", "sign": robot_sign(secret, now)},
    ):  # fmt: skip
        assert await post(url, message, **headers) == (403, "")
    assert http.phone("xiaolin").texts() == []
    right = {"timestamp": now, "sign": robot_sign(secret, now)}
    status, text = await post(url, message, **right)
    assert (status, json.loads(text)) == (200, {"msgtype": "empty"})


async def test_a_cards_callback_wants_a_fresh_signature(http: Ding) -> None:
    lead = await http.submit()
    rep = await http.owner(lead)
    card = rep.card("周倩")
    ((_, (url, secret)),) = http.fake.book.routes.items()
    push = {
        "outTrackId": card["track"],
        "userId": rep.account,
        "content": json.dumps({"cardPrivateData": {"actionIds": [press(card, "accept")]}}),
    }
    now = stamp(http)
    old = str(int(now) - 3_600_001)
    names = ("x_ddpaas_signature_timestamp", "x_ddpaas_signature")
    for time, sign in (
        (now, "x"),
        (old, card_sign(secret, old)),
        (now, card_sign(http.fake.client_secret, now)),
    ):
        assert (await post(url, push, **dict(zip(names, (time, sign), strict=True))))[0] == 403
    assert (await http.lead(lead)).stage == "offered"
    assert (await post(url, push, **dict(zip(names, (now, card_sign(secret, now)), strict=True))))[0] == 200
    assert (await http.lead(lead)).stage == "accepted"


async def test_a_body_that_is_too_large_or_no_json_is_harmless(http: Ding) -> None:
    now = stamp(http)
    right = {"timestamp": now, "sign": robot_sign(http.fake.client_secret, now)}
    assert (await post(http.fake.robot_url, b"x" * 300_000, **right))[0] == 403
    for body in (b"", b"null", b"[", b"[" * 100_000, "{}".encode("utf-16")):
        assert (await post(http.fake.robot_url, body, **right))[0] == 200


def event_url(ding: Ding, box: EventCrypto, sealed: str, *, time: str = "", **changed: str) -> str:
    time = time or stamp(ding)
    query = {
        "timestamp": time,
        "nonce": "abcdefgh",
        "msg_signature": box.signature(time, "abcdefgh", sealed),
    } | changed
    return ding.fake.robot_url + "?" + "&".join(f"{name}={value}" for name, value in query.items())


async def test_saving_the_address_in_the_console_is_answered_with_success(http: Ding) -> None:
    box = crypto(http)
    sealed = box.encrypt(b'{"EventType":"check_url"}', b"0123456789abcdef")
    status, text = await post(event_url(http, box, sealed), {"encrypt": sealed})
    found = json.loads(text)
    assert status == 200
    plain = box.open(
        signature=found["msg_signature"],
        timestamp=found["timeStamp"],
        nonce=found["nonce"],
        encrypted=found["encrypt"],
    )
    assert plain == b"success"


async def test_who_left_by_a_sealed_event_loses_the_lead(http: Ding) -> None:
    lead = await http.submit()
    rep = await http.owner(lead)
    box = crypto(http)
    event = {"EventType": "user_leave_org", "UserId": [rep.account], "CorpId": "dingcorp"}
    sealed = box.encrypt(json.dumps(event).encode(), b"0123456789abcdef")
    assert (await post(event_url(http, box, sealed), {"encrypt": sealed}))[0] == 200
    assert (await http.lead(lead)).owner not in (None, rep.person)


async def test_an_event_that_is_old_or_forged_changes_nothing(http: Ding) -> None:
    lead = await http.submit()
    rep = await http.owner(lead)
    box = crypto(http)
    sealed = box.encrypt(
        json.dumps({"EventType": "user_leave_org", "UserId": [rep.account]}).encode(), b"0123456789abcdef"
    )
    old = str(int(stamp(http)) - 3_600_001)
    forged = hmac.digest(b"x", b"y", "sha1").hex()
    for url in (event_url(http, box, sealed, time=old), event_url(http, box, sealed, msg_signature=forged)):
        assert await post(url, {"encrypt": sealed}) == (403, "")
    assert await post(event_url(http, box, sealed), {"encrypt": b64encode(b"x" * 64).decode()}) == (403, "")
    assert (await http.lead(lead)).owner == rep.person


@pytest.mark.parametrize("path", ["/callback/dingtalk", "/callback/dingtalk/card"])
async def test_a_time_that_is_no_text_is_refused_like_all_else(http: Ding, path: str) -> None:
    names = b"timestamp: \xff\r\nx-ddpaas-signature-timestamp: \xff\r\nContent-Length: 2\r\n\r\n{}"
    assert await first_line(http, f"POST {path} HTTP/1.1\r\nHost: x\r\n".encode() + names) == "403"


async def first_line(ding: Ding, request: bytes, *, hang_up: bool = False) -> str:
    """What a request is answered with that is sent byte by byte: the status."""
    reader, writer = await asyncio.open_connection("127.0.0.1", ding.service.port)
    writer.write(request)
    await writer.drain()
    found = b" "
    if not hang_up:
        async with asyncio.timeout(10):
            found = await reader.readline()
    writer.close()
    await writer.wait_closed()
    return found.decode().split(" ")[1]


async def test_a_body_that_comes_too_slowly_or_breaks_off_is_refused_like_all_else(
    http: Ding, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(dingtalk_http, "READ_WITHIN", 0.1)
    begun = b"POST /callback/dingtalk HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n\r\n{"
    assert await first_line(http, begun) == "403"
    monkeypatch.setattr(dingtalk_http, "READ_WITHIN", 60.0)
    with capture_logs() as logged:
        await first_line(http, begun, hang_up=True)
        await until(lambda: any(each.get("action") == "http" for each in logged))
    assert [each["status"] for each in logged if each.get("action") == "http"] == [403]
