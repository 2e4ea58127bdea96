"""The fake refuses what the documents say the platform refuses: each call of the bot's, with each of its codes."""

import json
from collections.abc import AsyncIterator
from typing import Any

import pytest
from aiohttp import ClientSession

from bot.channels.dingtalk.fake import FakeDingtalk
from bot.channels.dingtalk.fake.book import PUBLIC_TEMPLATE, Member

CARD = "/v1.0/card/instances"
BOTH = f"{CARD}/createAndDeliver"
SEND = "/v1.0/robot/oToMessages/batchSend"
FILE = "/v1.0/robot/messageFiles/download"
OPEN = "/v1.0/gateway/connections/open"
TOKEN = "/v1.0/oauth2/accessToken"
ROUTE = "/v1.0/card/callbacks/register"
Json = dict[str, Any]
WHOLE: Json = {
    "cardTemplateId": PUBLIC_TEMPLATE, "outTrackId": "t1", "cardData": {"cardParamMap": {"title": "x"}},
    "openSpaceId": "dtv1.card//IM_ROBOT.zhangwei", "imRobotOpenSpaceModel": {"supportForward": False},
    "imRobotOpenDeliverModel": {"spaceType": "IM_ROBOT", "robotCode": "dingfake"}, "callbackType": "STREAM", "userIdType": 1,
}  # fmt: skip
TEXT: Json = {
    "robotCode": "dingfake", "userIds": ["zhangwei"], "msgKey": "sampleText", "msgParam": '{"content": "x"}',
}  # fmt: skip


@pytest.fixture
async def fake() -> AsyncIterator[FakeDingtalk]:
    platform = FakeDingtalk()
    await platform.start()
    platform.join(Member(id="zhangwei", name="张伟"), Member(id="unseen", name="外人"))
    platform.book.unseen.add("unseen")
    platform.book.templates.add("draft.schema")
    platform.book.unpublished.add("draft.schema")
    platform.book.routes["taken"] = ("https://x.example", "secret")
    yield platform
    await platform.stop()


async def call(
    fake: FakeDingtalk, path: str, body: Json, method: str = "POST", token: str = ""
) -> tuple[int, Json]:
    headers = {"Accept": "application/json", "x-acs-dingtalk-access-token": token or fake.book.token()}
    async with (
        ClientSession() as http,
        http.request(method, fake.base + path, json=body, headers=headers) as answer,
    ):
        return answer.status, await answer.json(content_type=None)


def without(body: Json, name: str) -> Json:
    return {key: value for key, value in body.items() if key != name}


def params(**values: Any) -> Json:
    return WHOLE | {"cardData": {"cardParamMap": values}}


@pytest.mark.parametrize(
    ("path", "body", "status", "code"),
    [
        (TOKEN, {"appKey": "dingfake", "appSecret": "wrong"}, 400, "invalidClientIdOrSecret"),
        (OPEN, {"clientId": "dingfake", "clientSecret": "wrong", "subscriptions": [1]}, 401, "invalidClientIdOrSecret"),
        (OPEN, {"clientId": "dingfake", "clientSecret": "fake-secret"}, 400, "invalid.subscriptions"),
        (BOTH, without(WHOLE, "outTrackId"), 400, "param.outTrackIdEmpty"),
        (BOTH, without(WHOLE, "cardTemplateId"), 400, "param.cardTemplateIdEmpty"),
        (BOTH, without(WHOLE, "cardData"), 400, "param.cardPublicDataEmpty"),
        (BOTH, without(WHOLE, "openSpaceId"), 400, "param.openSpaceIdEmpty"),
        (BOTH, without(WHOLE, "imRobotOpenDeliverModel"), 400, "param.openDeliverModelEmpty"),
        (BOTH, without(WHOLE, "imRobotOpenSpaceModel"), 400, "param.openSpaceModelInvalid"),
        (BOTH, WHOLE | {"imRobotOpenSpaceModel": {}}, 400, "param.openSpaceModelInvalid"),
        (BOTH, WHOLE | {"imRobotOpenDeliverModel": {"spaceType": "X"}}, 400, "param.openDeliverModelError"),
        (BOTH, WHOLE | {"openSpaceId": "dtv1.card//X.y"}, 400, "param.openSpaceIdInvalid"),
        (BOTH, WHOLE | {"openSpaceId": "dtv1.card//IM_ROBOT." + "x" * 1000}, 400, "param.openSpaceIdInvalid"),
        (BOTH, WHOLE | {"cardTemplateId": "nobody.schema"}, 400, "param.templateNotExist"),
        (BOTH, WHOLE | {"cardTemplateId": "draft.schema"}, 400, "param.templateUnpublished"),
        (BOTH, WHOLE | {"outTrackId": "x" * 101}, 400, "param.invalid"),
        (BOTH, WHOLE | {"callbackType": "stream"}, 400, "param.invalid"),
        (BOTH, params(title=1), 400, "param.invalid"),
        (BOTH, params(title="x" * 1025), 400, "param.invalid"),
        (BOTH, params(**{f"v{number}": "x" * 1024 for number in range(98)}), 400, "param.invalid"),
        (f"{CARD}/deliver", WHOLE | {"outTrackId": "nobody"}, 400, "param.cardNotExist"),
        (SEND, without(TEXT, "robotCode"), 400, "invalidParameter.robotCode.empty"),
        (SEND, TEXT | {"robotCode": "other"}, 400, "invalidParameter.robotCode.notExsit"),
        (SEND, TEXT | {"userIds": []}, 400, "invalidParameter.userIds.empty"),
        (SEND, TEXT | {"userIds": ["x"] * 21}, 400, "invalidParameter.userIds.overMax"),
        (SEND, without(TEXT, "msgKey"), 400, "invalidParameter.msgKey.empty"),
        (SEND, TEXT | {"msgKey": "sampleNothing"}, 400, "invalidParameter.msgKey.invalid"),
        (SEND, TEXT | {"msgParam": "{"}, 400, "invalidParameter.msgParam.invalid"),
        (SEND, TEXT | {"msgParam": "{}"}, 400, "invalidParameter.msgParam.invalid"),
        (SEND, TEXT | {"msgParam": json.dumps({"content": "x" * 15_000})}, 400, "invalidParameter.msgParam.tooLong"),
        (FILE, {"downloadCode": "x"}, 400, "invalidParameter.robotCode.empty"),
        (FILE, {"downloadCode": "x", "robotCode": "other"}, 400, "invalidParameter.robotCode.auth"),
        (FILE, {"downloadCode": "x", "robotCode": "dingfake"}, 400, "invalidParameter.downloadCode"),
        (ROUTE, {"callbackUrl": "https://y.example"}, 400, "param.callbackRouteKeyEmpty"),
        (ROUTE, {"callbackRouteKey": "new"}, 400, "param.callbackUrlEmpty"),
        (ROUTE, {"callbackRouteKey": "taken", "callbackUrl": "https://y.example"}, 500, "param.callbackRouteKeyExist"),
        ("/v1.0/oauth2/userAccessToken", {"grantType": "x"}, 400, "unsupported.grant.type"),
        ("/v1.0/oauth2/userAccessToken", {"grantType": "authorization_code", "code": "x"}, 400, "invalidParameter.code"),
        ("/v1.0/nothing", {}, 404, "InvalidAction.NotFound"),
        ("/v1.0/robot/oToMessages", {}, 404, "InvalidAction.NotFound"),
    ],
)  # fmt: skip
async def test_the_fake_refuses_what_the_documents_say_of_each_call(
    fake: FakeDingtalk, path: str, body: Json, status: int, code: str
) -> None:
    found, answer = await call(fake, path, body)
    assert (found, answer["code"]) == (status, code)
    assert answer["requestid"]


async def test_the_fake_takes_what_is_right_once(fake: FakeDingtalk) -> None:
    status, answer = await call(fake, BOTH, WHOLE)
    assert (status, answer["result"]["deliverResults"][0]["success"]) == (200, True)
    assert (await call(fake, BOTH, WHOLE))[1]["code"] == "param.cardAlreadyExist"
    assert (await call(fake, CARD, {"outTrackId": "t1"}, "PUT"))[1][
        "code"
    ] == "param.cardDataAndPrivateDataBothEmpty"
    assert (await call(fake, CARD, {"outTrackId": "t2", "cardData": {}}, "PUT"))[1][
        "code"
    ] == "param.cardNotExist"
    closed = without(without(WHOLE, "imRobotOpenSpaceModel"), "openSpaceId") | {"outTrackId": "t3"}
    assert (await call(fake, CARD, closed))[0] == 200
    assert (await call(fake, f"{CARD}/deliver", WHOLE | {"outTrackId": "t3"}))[1][
        "code"
    ] == "param.openSpaceModelInvalid"
    status, answer = await call(fake, SEND, TEXT | {"userIds": ["zhangwei", "unseen", "nobody"]})
    assert (status, answer["invalidStaffIdList"]) == (200, ["unseen", "nobody"])
    recall = {"robotCode": "dingfake", "processQueryKeys": [answer["processQueryKey"], "nothing"]}
    done = (await call(fake, "/v1.0/robot/otoMessages/batchRecall", recall))[1]
    assert (done["successResult"], list(done["failedResult"])) == ([answer["processQueryKey"]], ["nothing"])


async def test_tokens_rates_scopes_and_months_are_refused_on_every_call(fake: FakeDingtalk) -> None:
    assert (await call(fake, SEND, TEXT, token="wrong"))[1]["code"] == "InvalidAuthentication"
    fake.faults.denied.add("qyapi_robot_sendmsg")
    status, answer = await call(fake, SEND, TEXT)
    assert (status, answer["accessdenieddetail"]) == (403, {"requiredScopes": ["qyapi_robot_sendmsg"]})
    fake.faults.denied.clear()
    fake.book.month_calls = fake.book.metered
    assert (await call(fake, SEND, TEXT))[1]["code"] == "Forbidden.AccessDenied.ApiCountLimitForOrg"
    fake.book.month_calls, fake.book.qps = 5000, 0
    assert (await call(fake, SEND, TEXT))[1]["code"] == "Forbidden.AccessDenied.QpsLimitForAppkeyAndApi"
    fake.faults.banned = True
    assert (await call(fake, SEND, TEXT))[1]["status"] == 1111


@pytest.mark.parametrize(
    ("path", "body", "code"),
    [
        ("v2/user/get", {}, 40035), ("v2/user/get", {"userid": "nobody"}, 60121), ("v2/user/get", {"userid": "unseen"}, 50002),
        ("v2/user/get", {"userid": "zhangwei"}, 0), ("v2/user/getuserinfo", {"code": "x"}, 40078),
        ("user/getbyunionid", {"unionid": "x"}, 60121), ("v2/user/getbymobile", {"mobile": "1"}, 60121),
        ("v2/department/listsub", {"dept_id": 99}, 60003), ("v2/department/listsub", {"dept_id": "x"}, 40035),
        ("user/listid", {"dept_id": 99}, 60003),
    ],
)  # fmt: skip
async def test_the_old_hosts_calls_are_refused_by_their_codes(
    fake: FakeDingtalk, path: str, body: Json, code: int
) -> None:
    address = f"/topapi/{path}?access_token="
    assert (await call(fake, address + fake.book.token(), body))[1]["errcode"] == code
    assert (await call(fake, address + "wrong", body))[1]["errcode"] == 40014
    fake.book.qps = 0
    assert (await call(fake, address + fake.book.token(), body))[1]["errcode"] == 90018
    fake.faults.denied |= {"qyapi_get_member", "qyapi_get_department_list", "qyapi_get_department_member"}
    assert (await call(fake, address + fake.book.token(), body))[1]["errcode"] == 60011


async def test_an_answer_by_a_session_wants_a_live_one_and_a_text(fake: FakeDingtalk) -> None:
    address = fake.message("zhangwei", {})["sessionWebhook"].removeprefix(fake.base)
    text = {"msgtype": "text", "text": {"content": "x"}}
    assert (await call(fake, address, text))[1]["errcode"] == 0
    assert (await call(fake, address, {"msgtype": "text"}))[1]["errcode"] == 40035
    fake.book.sessions.clear()
    assert (await call(fake, address, text))[1]["errmsg"] == "session.expired"


async def test_the_gateway_answers_json_to_who_asks_for_it_alone(fake: FakeDingtalk) -> None:
    body = {"clientId": "dingfake", "clientSecret": "fake-secret", "subscriptions": [1]}
    async with ClientSession() as http, http.post(fake.base + OPEN, json=body) as answer:
        assert answer.content_type == "text/xml"
    assert (await call(fake, OPEN, body))[1]["endpoint"].startswith("ws://")
