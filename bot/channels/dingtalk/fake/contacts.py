"""The fake's contacts and sign-in: the old host's user and department calls, and the browser's OAuth."""

import json
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from aiohttp import web

from bot.channels.dingtalk.fake.book import Book, Member, Refuse

CORP = "dingcorp"
SCOPES = {"/user/listid": "qyapi_get_department_member", "/user/": "qyapi_get_member",
          "/department/": "qyapi_get_department_list"}  # fmt: skip
Handler = Callable[[dict[str, Any]], Awaitable[dict[str, Any]]]
Wrap = Callable[..., Callable[[web.Request], Awaitable[web.StreamResponse]]]


@dataclass(slots=True, kw_only=True)
class Contacts:
    book: Book
    client_id: str
    client_secret: str
    suffer: Callable[[web.Request, str], Awaitable[None]]

    def mount(self, app: web.Application, new_host: Wrap) -> None:
        old: dict[str, Callable[[dict[str, Any]], Any]] = {
            "/topapi/v2/user/get": self._user,
            "/topapi/v2/user/getbymobile": self._by_mobile,
            "/topapi/v2/user/getuserinfo": self._by_code,
            "/topapi/user/getbyunionid": self._by_union,
            "/topapi/user/listid": self._people_of,
            "/topapi/v2/department/listsub": self._subs,
        }
        for path, answer in old.items():
            app.router.add_post(path, self._old_host(answer))
        app.router.add_post("/v1.0/oauth2/userAccessToken", new_host(self._user_token, token=False))
        app.router.add_get("/v1.0/contact/users/{id}", self._me)
        app.router.add_get("/oauth2/auth", self._login)
        app.router.add_get("/fake/dingtalk.open.js", self._jsapi)

    def _old_host(
        self, answer: Callable[[dict[str, Any]], Any]
    ) -> Callable[[web.Request], Awaitable[web.StreamResponse]]:
        """Always 200; what is wrong is an `errcode`."""

        async def serve(request: web.Request) -> web.StreamResponse:
            body = json.loads(await request.read() or b"{}")
            self.book.calls.append(("POST", request.path, body))
            await self.suffer(request, request.path)
            if not self.book.known(request.query.get("access_token")):
                self.book.refused_tokens += 1
                return web.json_response({"errcode": 40014, "errmsg": "不合法的access_token"})
            try:
                self.book.fault(request.path)
                self._limits(request.path)
                result = answer(body)
            except Refuse as no:
                return web.json_response({"errcode": int(no.code), "errmsg": no.code})
            return web.json_response({"errcode": 0, "errmsg": "ok", "result": result, "request_id": "1"})

        return serve

    def _limits(self, path: str) -> None:
        if next((scope for part, scope in SCOPES.items() if part in path), "") in self.book.faults.denied:
            raise Refuse(200, "60011")
        try:
            self.book.pace(path)
        except Refuse:
            raise Refuse(200, "90018") from None

    def _member(self, user: object) -> Member:
        if not isinstance(user, str) or not user:
            raise Refuse(200, "40035")
        found = self.book.people.get(user)
        if found is None:
            raise Refuse(200, "60121")
        if user in self.book.unseen:
            raise Refuse(200, "50002")
        return found

    def _user(self, body: dict[str, Any]) -> dict[str, Any]:
        member = self._member(body.get("userid"))
        found = {
            "userid": member.id, "unionid": member.union, "name": member.name, "active": True, "admin": False,
            "boss": False, "dept_id_list": [member.dept],
            "leader_in_dept": [
                {"dept_id": each, "leader": each in member.leads} for each in {member.dept, *member.leads}
            ],
        }  # fmt: skip
        return {**found, "manager_userid": member.manager} if member.manager else found

    def _by_mobile(self, body: dict[str, Any]) -> dict[str, Any]:
        mobile = str(body.get("mobile"))
        found = next((each for each in self.book.people.values() if each.mobile == mobile), None)
        if found is None:
            raise Refuse(200, "60121")
        return {"userid": found.id}

    def _by_code(self, body: dict[str, Any]) -> dict[str, Any]:
        """A code is good once."""
        person = self.book.codes.pop(str(body.get("code")), None)
        if person is None:
            raise Refuse(200, "40078")
        member = self._member(person)
        return {
            "userid": member.id,
            "unionid": member.union,
            "name": member.name,
            "sys": False,
            "sys_level": 0,
        }

    def _by_union(self, body: dict[str, Any]) -> dict[str, Any]:
        union = body.get("unionid")
        found = next((each for each in self.book.people.values() if each.union == union), None)
        if found is None:
            raise Refuse(200, "60121")
        return {"contact_type": int(found.id in self.book.outside), "userid": found.id}

    def _people_of(self, body: dict[str, Any]) -> dict[str, Any]:
        dept, seen = self._department(body), self.book.people.keys() - self.book.unseen
        return {"userid_list": [each for each in sorted(seen) if self.book.people[each].dept == dept]}

    def _department(self, body: dict[str, Any]) -> int:
        dept = body.get("dept_id", 1)
        if not isinstance(dept, int):
            raise Refuse(200, "40035")
        if dept not in self.book.departments:
            raise Refuse(200, "60003")
        return dept

    def _subs(self, body: dict[str, Any]) -> list[dict[str, Any]]:
        dept = self._department(body)
        return [
            {"dept_id": each, "name": self.book.names.get(each, f"部门{each}"), "parent_id": dept}
            for each in self.book.departments[dept]
        ]

    async def _user_token(self, body: dict[str, Any]) -> dict[str, Any]:
        right = (body.get("clientId"), body.get("clientSecret")) == (self.client_id, self.client_secret)
        if body.get("grantType") != "authorization_code":
            raise Refuse(400, "unsupported.grant.type")
        person = self.book.codes.pop(str(body.get("code")), None)
        if not right or person is None:
            raise Refuse(400, "invalidParameter.code")
        token = f"user-{self.book.new_id()}"
        self.book.codes[token] = person
        return {
            "accessToken": token,
            "refreshToken": self.book.new_id(),
            "expireIn": 7200,
            "corpId": CORP,
        }

    def sign_in(self, person: str) -> str:
        """A code with which the bot learns who this is, once."""
        code = self.book.new_id()
        self.book.codes[code] = person
        return code

    def _who(self, request: web.Request) -> str:
        """Whose browser this is: `?as=`, else the first."""
        wanted = request.query.get("as", "")
        return wanted if wanted in self.book.people else next(iter(self.book.people))

    async def _login(self, request: web.Request) -> web.StreamResponse:
        """The login page, for somebody who has agreed before."""
        query = request.query
        if query.get("client_id") != self.client_id or query.get("response_type") != "code":
            return web.Response(status=400, text="client_id or response_type")
        code = self.sign_in(self._who(request))
        back = urlencode({"code": code, "authCode": code, "state": query.get("state", "")})
        raise web.HTTPFound(f"{query.get('redirect_uri', '/')}?{back}")

    async def _jsapi(self, request: web.Request) -> web.StreamResponse:
        """The script that the client answers: it hands out a code of this one person."""
        code = json.dumps(self.sign_in(self._who(request)))
        script = (
            "window.dd = {ready: (then) => then(), requestAuthCode: ({corpId, clientId, success, fail}) =>"
            f' corpId === "{CORP}" && clientId === {json.dumps(self.client_id)}'
            f' ? success({{code: {code}}}) : fail({{errorMessage: "corpId or clientId"}})}};'
        )
        return web.Response(text=script, content_type="text/javascript")

    async def _me(self, request: web.Request) -> web.StreamResponse:
        person = self.book.codes.get(request.headers.get("x-acs-dingtalk-access-token", ""))
        if person is None or request.match_info["id"] != "me":
            return web.json_response({"code": "InvalidAuthentication", "message": "token"}, status=400)
        member = self.book.people[person]
        return web.json_response({"nick": member.name, "unionId": member.union, "openId": f"open-{person}"})
