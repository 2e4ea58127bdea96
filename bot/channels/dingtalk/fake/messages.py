"""The fake's messages: those that the bot sends, files, and answers in a conversation."""

import json
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

from aiohttp import web

from bot.channels.dingtalk.fake.book import Book, Refuse

LONGEST = 15_000
"""Bytes of a message; documented for groups, and taken for people too."""
NEEDS: dict[str, tuple[str, ...]] = {
    "sampleText": ("content",),
    "sampleMarkdown": ("title", "text"),
    "sampleActionCard": ("title", "text", "singleTitle", "singleURL"),
    **{
        f"sampleActionCard{most}": (
            "title", "text", *(f"action{what}{no}" for no in range(1, most + 1) for what in ("Title", "URL")),
        )
        for most in range(2, 6)
    },
}  # fmt: skip
"""The kinds of messages that the bot sends, and what each must hold."""


@dataclass(slots=True, kw_only=True)
class Messages:
    """`base` is the fake's own address; `suffer` has a request meet the faults that are set, and
    `spoilt` its answer."""

    book: Book
    robot_code: str
    base: Callable[[], str]
    suffer: Callable[[web.Request, str], Awaitable[None]]
    spoilt: Callable[[web.Request], web.Response | None]

    async def batch_send(self, body: dict[str, Any]) -> dict[str, Any]:
        users = self._robot(body).get("userIds")
        if not isinstance(users, list) or not users:
            raise Refuse(400, "invalidParameter.userIds.empty")
        if len(users) > 20:
            raise Refuse(400, "invalidParameter.userIds.overMax")
        shown = read_sent(body)
        faults, query = self.book.faults, self.book.new_id()
        bad = [user for user in users if user in faults.invalid or not self.book.reach(user)]
        flow = [user for user in users if user in faults.flow]
        for user in users:
            if user not in bad and user not in flow:
                self.book.show(user, query=query, **shown)
        return {"processQueryKey": query, "invalidStaffIdList": bad, "flowControlledStaffIdList": flow}

    async def group_send(self, body: dict[str, Any]) -> dict[str, Any]:
        conversation = self._robot(body).get("openConversationId")
        if not conversation:
            raise Refuse(400, "miss.openConversationId")
        self.book.show(str(conversation), **read_sent(body))
        return {"processQueryKey": self.book.new_id()}

    def _robot(self, body: dict[str, Any]) -> dict[str, Any]:
        if not body.get("robotCode"):
            raise Refuse(400, "invalidParameter.robotCode.empty")
        if body["robotCode"] != self.robot_code:
            raise Refuse(400, "invalidParameter.robotCode.notExsit")
        return body

    async def recall(self, body: dict[str, Any]) -> dict[str, Any]:
        keys = [str(each) for each in self._robot(body).get("processQueryKeys") or []]
        done = self.book.recall(keys)
        return {
            "successResult": done,
            "failedResult": {each: "no such message" for each in keys if each not in done},
        }

    async def download(self, body: dict[str, Any]) -> dict[str, Any]:
        if body.get("robotCode") not in ("", None, self.robot_code):
            raise Refuse(400, "invalidParameter.robotCode.auth")
        self._robot(body)
        code = str(body.get("downloadCode"))
        if code not in self.book.files:
            raise Refuse(400, "invalidParameter.downloadCode")
        return {"downloadUrl": f"{self.base()}/files/{code}?Expires=1"}

    async def file(self, request: web.Request) -> web.StreamResponse:
        if request.match_info["code"] not in self.book.files:
            raise web.HTTPForbidden
        name, data = self.book.files[request.match_info["code"]]
        return web.Response(body=data, headers={"Content-Disposition": f"attachment; filename={name}.file"})

    async def session(self, request: web.Request) -> web.StreamResponse:
        body = await read_json(request)
        self.book.calls.append(("POST", request.path, body))
        await self.suffer(request, request.path)
        where, until = self.book.sessions.get(request.query.get("session", ""), ("", 0))
        if until < self.book.now():
            return web.json_response({"errcode": 300001, "errmsg": "session.expired"})
        content = (body.get("text") or {}).get("content")
        if body.get("msgtype") != "text" or not isinstance(content, str) or not content:
            return web.json_response({"errcode": 40035, "errmsg": "不合法的参数"})
        self.book.show(where, kind="text", text=content)
        self.book.metered += 1
        return self.spoilt(request) or web.json_response({"errcode": 0, "errmsg": "ok"})

    async def upload(self, request: web.Request) -> web.StreamResponse:
        if not self.book.known(request.query.get("access_token")):
            return web.json_response({"errcode": 40014, "errmsg": "不合法的access_token"})
        form = await request.post()
        if "media" not in form:
            return web.json_response({"errcode": 40035, "errmsg": "缺少参数 media"})
        return web.json_response(
            {"errcode": 0, "errmsg": "ok", "type": "file", "media_id": f"@{self.book.new_id()}"}
        )


async def read_json(request: web.Request) -> dict[str, Any]:
    """The JSON object of a body; empty for anything else."""
    try:
        found = json.loads(await request.read() or b"{}")
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}


def read_sent(body: dict[str, Any]) -> dict[str, Any]:
    """A message as it is shown, or a refusal."""
    key = body.get("msgKey")
    if not key:
        raise Refuse(400, "invalidParameter.msgKey.empty")
    if key not in NEEDS:
        raise Refuse(400, "invalidParameter.msgKey.invalid")
    if len(str(body.get("msgParam")).encode()) > LONGEST:
        raise Refuse(400, "invalidParameter.msgParam.tooLong")
    try:
        param = json.loads(str(body.get("msgParam")))
    except ValueError:
        raise Refuse(400, "invalidParameter.msgParam.invalid") from None
    if not isinstance(param, dict) or not all(isinstance(param.get(each), str) for each in NEEDS[key]):
        raise Refuse(400, "invalidParameter.msgParam.invalid")
    kind = {"sampleText": "text", "sampleMarkdown": "markdown"}.get(key, "actionCard")
    return {"kind": kind, "text": param.get("content", param.get("text", "")), "param": param}
