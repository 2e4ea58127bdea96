"""The platform's HTTP API over the state."""

import asyncio
import json
from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Any

from aiohttp import web

from bot.channels.wecom.fake import rules
from bot.channels.wecom.fake.state import (
    BAD_CODE,
    BAD_PARAMETER,
    MEDIA_LASTS,
    NO_CALLBACK,
    TASK_KNOWN,
    TOKEN_LASTS,
    Code,
    Json,
    Media,
    Member,
    Message,
    State,
)

A_MINUTE, AN_HOUR = 30, 1000
TEXT_BYTES = 2048
ADDRESS = "10.0.0.1"


class Api:
    """Mount with `mount(app)`. Every answer is JSON with errcode, but for a file."""

    def __init__(self, state: State) -> None:
        self.state = state

    def mount(self, app: web.Application) -> None:
        calls: dict[str, Callable[[web.Request], Awaitable[Json]]] = {
            "message/send": self.send,
            "message/update_template_card": self.update,
            "message/recall": self.recall,
            "media/upload": self.upload,
            "user/get": self.user,
            "user/simplelist": self.members,
            "department/list": self.departments,
            "menu/create": self.create_menu,
            "menu/get": self.get_menu,
            "agent/set_workbench_template": self.workbench_template,
            "agent/set_workbench_data": self.workbench_data,
            "auth/getuserinfo": self.login,
            "externalcontact/get": self.customer,
            "externalcontact/send_welcome_msg": self.welcome,
            "getcallbackip": self.addresses,
            "agent/get": self.app,
        }
        app.router.add_get("/cgi-bin/gettoken", self.gettoken)
        app.router.add_get("/cgi-bin/media/get", self.get_media)
        for call, handler in calls.items():
            app.router.add_route("*", f"/cgi-bin/{call}", self._guarded(call, handler))

    def _guarded(
        self, call: str, handler: Callable[[web.Request], Awaitable[Json]]
    ) -> Callable[[web.Request], Awaitable[web.StreamResponse]]:
        async def guarded(request: web.Request) -> web.StreamResponse:
            lost = (self.state.moods.fail.get(call) or [""])[0] == "lost"
            failed = await self._mood(call)
            if failed is not None:
                return failed
            code = self._token_code(request)
            if code:
                return answer(code)
            try:
                found = {"errcode": 0, "errmsg": "ok"} | await handler(request)
            except Wrong as wrong:
                return answer(wrong.code)
            return web.Response(status=502) if lost else web.json_response(found)

        return guarded

    async def _mood(self, call: str) -> web.StreamResponse | None:
        """What goes wrong on purpose."""
        self.state.trace.append((self.state.now(), call))
        moods = self.state.moods
        if moods.down:
            return web.Response(status=502)
        waiting = moods.fail.get(call) or moods.fail.get("*")
        if not waiting:
            return None
        mood = waiting.pop(0)
        if mood == "http":
            return web.Response(status=500)
        if mood == "slow":
            await asyncio.sleep(30)
        return answer(int(mood)) if isinstance(mood, int) else None

    def _token_code(self, request: web.Request) -> int:
        token = request.query.get("access_token", "")
        if self.state.moods.address_refused:
            return 60020
        if not token:
            return 41001
        until = self.state.tokens.get(token)
        if until is None:
            return 40014
        return 42001 if until <= self.state.now() else 0

    async def gettoken(self, request: web.Request) -> web.StreamResponse:
        failed = await self._mood("gettoken")
        if failed is not None:
            return failed
        state = self.state
        if state.moods.address_refused:
            return answer(60020)
        if request.query.get("corpid") != state.corp_id:
            return answer(40013)
        if request.query.get("corpsecret") != state.secret:
            return answer(40001)
        live = [token for token, until in state.tokens.items() if until > state.now()]
        token = live[0] if live and not state.moods.new_token_each else f"at-{state.new_id()}"
        state.tokens.setdefault(token, state.now() + TOKEN_LASTS)
        left = int((state.tokens[token] - state.now()).total_seconds())
        return web.json_response({"errcode": 0, "errmsg": "ok", "access_token": token, "expires_in": left})

    # -- messages -----------------------------------------------------------------------------------------

    async def send(self, request: web.Request) -> Json:
        body = await body_of(request)
        state = self.state
        kind = body.get("msgtype")
        if kind not in rules.TYPES:
            raise Wrong(40008)
        if body.get("agentid") != state.agent_id:
            raise Wrong(40056 if not isinstance(body.get("agentid"), int) else 301002)
        named = [each for each in str(body.get("touser") or "").split("|") if each]
        if not named:
            raise Wrong(40035)
        if len(named) > 1000:
            raise Wrong(40032)
        card = body.get("template_card") if kind == "template_card" else None
        self._check_content(body, card)
        members = [state.members.get(each.lower()) for each in named]
        known = [member for member in members if member is not None and member.visible]
        lost = [each.lower() for each, member in zip(named, members, strict=True) if member not in known]
        if not known:
            raise Wrong(81013)
        found: Json = {"msgid": f"m-{state.new_id()}", "invaliduser": "|".join(lost)}
        found["unlicenseduser"] = "|".join(each.userid.lower() for each in known if not each.licensed)
        if self._is_repeat(body):
            return found
        shown = [self._show(member, body, found["msgid"]) for member in known if member.licensed]
        if card and rules.calls_back(card) and shown:
            state.tasks.add(card["task_id"])
            found["response_code"] = state.new_code(shown[0])
        return found

    def _check_content(self, body: Json, card: Any) -> None:
        if body["msgtype"] == "template_card":
            code = rules.check_card(card, update=False)
            if code:
                raise Wrong(code)
            if rules.calls_back(card):
                if not self.state.callback:
                    raise Wrong(NO_CALLBACK)
                if card["task_id"] in self.state.tasks:
                    raise Wrong(TASK_KNOWN)
        elif body["msgtype"] == "text" and not str((body.get("text") or {}).get("content") or ""):
            raise Wrong(44004)

    def _is_repeat(self, body: Json) -> bool:
        if body.get("enable_duplicate_check") != 1:
            return False
        text = json.dumps(body, sort_keys=True)
        now = self.state.now()
        until = self.state.repeats.get(text)
        span = min(int(body.get("duplicate_check_interval", 1800)), 14400)
        self.state.repeats[text] = now + timedelta(seconds=span)
        return until is not None and until > now

    def _show(self, member: Member, body: Json, msgid: str) -> Message:
        """Put it on the phone, unless the member has had too many: then it is dropped and nobody is told."""
        state, user, now = self.state, member.userid.lower(), self.state.now()
        card = body.get("template_card") or {}
        text = str((body.get("text") or body.get("markdown") or {}).get("content") or "")
        message = Message(
            id=msgid,
            to=user,
            at=now,
            type="card" if card else body["msgtype"],
            text=text.encode("utf-8")[:TEXT_BYTES].decode("utf-8", "ignore"),
            card=dict(card),
            task_id=str(card.get("task_id") or ""),
        )
        minute = sum(1 for at, whom in state.sent if whom == user and now - at < timedelta(minutes=1))
        hour = sum(1 for at, whom in state.sent if whom == user and now - at < timedelta(hours=1))
        state.sent.append((now, user))
        if minute >= A_MINUTE or hour >= AN_HOUR:
            state.dropped.append((now, user))
            if state.moods.drop_loudly:
                raise Wrong(45009)
            return message
        state.messages.append(message)
        return message

    async def update(self, request: web.Request) -> Json:
        body = await body_of(request)
        state = self.state
        code = self._usable(body)
        if body.get("agentid") != state.agent_id:
            raise Wrong(301002)
        shown = [message for message in state.messages if message.id == code.msgid]
        card, button = body.get("template_card"), body.get("button")
        wrong = rules.check_card(card, update=True) if card is not None else 0
        if wrong or (card is None and not button):
            raise Wrong(wrong or BAD_PARAMETER)
        if card is None and any(m.card.get("card_type") not in rules.INTERACTIVE for m in shown):
            raise Wrong(BAD_PARAMETER)
        code.used = True
        wanted = {str(each).lower() for each in body.get("userids") or []}
        for message in shown:
            if body.get("atall") == 1 or message.to in wanted:
                _change(message, card, button)
        missed = sorted(wanted - {message.to for message in shown})
        return {"invaliduser": missed}

    def _usable(self, body: Json) -> Code:
        code = self.state.codes.get(str(body.get("response_code") or ""))
        if code is None or code.used or code.until <= self.state.now():
            raise Wrong(BAD_CODE)
        return code

    async def recall(self, request: web.Request) -> Json:
        msgid = (await body_of(request)).get("msgid")
        young = self.state.now() - timedelta(hours=24)
        kept = [each for each in self.state.messages if each.id != msgid or each.at < young]
        if len(kept) == len(self.state.messages):
            raise Wrong(BAD_PARAMETER)
        self.state.messages = kept
        return {}

    # -- files --------------------------------------------------------------------------------------------

    async def upload(self, request: web.Request) -> Json:
        kind = request.query.get("type", "")
        found = (await request.post()).get("media")
        if kind not in ("image", "voice", "video", "file"):
            raise Wrong(40005)
        if not isinstance(found, web.FileField):
            raise Wrong(41005)
        data = found.file.read()
        if len(data) <= 5:
            raise Wrong(40006)
        media_id = self.keep(kind, found.filename, data)
        created = str(int(self.state.now().timestamp()))
        return {"type": kind, "media_id": media_id, "created_at": created}

    def keep(self, kind: str, name: str, data: bytes) -> str:
        """A file as if a member had sent it; its media id."""
        media_id = f"media-{self.state.new_id()}"
        until = self.state.now() + MEDIA_LASTS
        self.state.media[media_id] = Media(kind=kind, name=name, data=data, until=until)
        return media_id

    async def get_media(self, request: web.Request) -> web.StreamResponse:
        failed = await self._mood("media/get")
        if failed is not None:
            return failed
        code = self._token_code(request)
        media = self.state.media.get(request.query.get("media_id", ""))
        if code or media is None or media.until <= self.state.now():
            return answer(code or 40007)
        types = {"voice": "voice/amr", "image": "image/jpeg", "video": "video/mp4"}
        return web.Response(
            body=media.data,
            headers={
                "Content-Type": types.get(media.kind, "application/octet-stream"),
                "Content-Disposition": f'attachment; filename="{request.query["media_id"]}"',
            },
        )

    # -- people -------------------------------------------------------------------------------------------

    async def user(self, request: web.Request) -> Json:
        member = self.state.members.get(request.query.get("userid", "").lower())
        if member is None:
            raise Wrong(60111)
        if not member.visible:
            raise Wrong(60011)
        return {
            "userid": member.userid,
            "name": member.name,
            "department": list(member.departments),
            "is_leader_in_dept": [int(member.leader)] * len(member.departments),
            "status": 1,
        }

    async def members(self, request: web.Request) -> Json:
        department = int(request.query.get("department_id", "1"))
        listed = [m for m in self.state.members.values() if m.visible and department in m.departments]
        return {
            "userlist": [
                {"userid": m.userid, "name": m.name, "department": list(m.departments)} for m in listed
            ]
        }

    async def app(self, request: web.Request) -> Json:
        if request.query.get("agentid") != str(self.state.agent_id):
            raise Wrong(301002)
        return {"agentid": self.state.agent_id, "name": "Leadbell", "close": int(self.state.moods.closed)}

    async def departments(self, _request: web.Request) -> Json:
        used = {number for member in self.state.members.values() for number in member.departments}
        return {
            "department": [
                {
                    "id": number,
                    "name": self.state.departments.get(number, (f"Dept {number}", 1))[0],
                    "parentid": self.state.departments.get(number, ("", int(number != 1)))[1],
                    "order": number,
                    "department_leader": [
                        m.userid for m in self.state.members.values() if m.leader and number in m.departments
                    ],
                }
                for number in sorted(used | self.state.departments.keys())
            ]
        }

    async def login(self, request: web.Request) -> Json:
        userid = self.state.logins.pop(request.query.get("code", ""), None)
        if userid is None:
            raise Wrong(40029)
        return {"userid": userid} if userid.lower() in self.state.members else {"openid": userid}

    async def customer(self, request: web.Request) -> Json:
        found = self.state.customers.get(request.query.get("external_userid", ""))
        if found is None:
            raise Wrong(84061)
        return {"external_contact": found, "follow_user": []}

    async def welcome(self, request: web.Request) -> Json:
        body = await body_of(request)
        code = str(body.get("welcome_code") or "")
        if code in self.state.welcomed:
            raise Wrong(41051)
        if self.state.now() >= self.state.welcome_codes.get(code, self.state.now()):
            raise Wrong(BAD_CODE)
        self.state.welcomed[code] = body
        return {}

    # -- the app's face -----------------------------------------------------------------------------------

    async def create_menu(self, request: web.Request) -> Json:
        menu = await body_of(request)
        buttons = menu.get("button") or []
        if not 1 <= len(buttons) <= 3:
            raise Wrong(40016)
        for button in buttons:
            below = button.get("sub_button") or []
            if len(below) > 5:
                raise Wrong(40023)
            if rules.bytes_of(button.get("name")) > 16:
                raise Wrong(40018)
            for each in below or [button]:
                if rules.bytes_of(each.get("name")) > 40:
                    raise Wrong(40025)
                if each.get("type") == "click" and not 0 < rules.bytes_of(each.get("key")) <= 128:
                    raise Wrong(40019)
        self.state.menu = menu
        return {}

    async def get_menu(self, _request: web.Request) -> Json:
        if not self.state.menu:
            raise Wrong(46003)
        return self.state.menu

    async def workbench_template(self, request: web.Request) -> Json:
        self.state.workbench["template"] = await body_of(request)
        return {}

    async def workbench_data(self, request: web.Request) -> Json:
        body = await body_of(request)
        self.state.workbench[str(body.get("userid") or "").lower()] = body
        return {}

    async def addresses(self, _request: web.Request) -> Json:
        return {"ip_list": ["101.226.103.*", ADDRESS]}


class Wrong(Exception):
    """The errcode of an answer."""

    def __init__(self, code: int) -> None:
        super().__init__(str(code))
        self.code = code


def answer(code: int) -> web.Response:
    message = "not allow to access from your ip" if code == 60020 else "refused"
    return web.json_response(
        {
            "errcode": code,
            "errmsg": f"{message}, hint: [1695847276640293876906459], from ip: {ADDRESS}, more info",
        }
    )


async def body_of(request: web.Request) -> Json:
    try:
        found = json.loads(await request.read())
    except ValueError:
        raise Wrong(47001) from None
    if not isinstance(found, dict):
        raise Wrong(47001)
    return found


def _change(message: Message, card: Json | None, button: Json | None) -> None:
    message.updates += 1
    if card is None:
        message.grey = str((button or {}).get("replace_name") or "")
    else:
        message.card = dict(card)
        message.grey = str(card.get("replace_text") or "")
