"""The fake's HTTP side: the endpoints the bot calls, and what people at their phones do."""

import asyncio
import json
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from aiohttp import ClientSession, ClientTimeout, web

from bot.channels.dingtalk.fake.book import SESSION_MS, Book, CardCopy, Member, Refuse
from bot.channels.dingtalk.fake.contacts import Contacts
from bot.channels.dingtalk.fake.messages import Messages, read_json
from bot.channels.dingtalk.fake.wire import Wire
from bot.channels.dingtalk.meter import is_metered
from bot.channels.dingtalk.sign import card_sign, robot_sign
from bot.channels.dingtalk.stream import BOT_MESSAGE, CARD_CALLBACK
from bot.seams import SystemClock, new_id
from domain.clock import Clock, to_micros

Instead = web.HTTPOk
"""Raised to answer something else than what was asked for."""
Handler = Callable[[dict[str, Any]], Awaitable[dict[str, Any]]]
TOKEN = "x-acs-dingtalk-access-token"  # noqa: S105 - a header's name
WITHIN = 2.0
SCOPES = {"/v1.0/card/": "Card.Instance.Write", "/v1.0/robot/": "qyapi_robot_sendmsg"}


class FakeDingtalk:
    """`await start()`, then point both bases of the settings at `base`."""

    def __init__(
        self,
        *,
        clock: Clock | None = None,
        client_id: str = "dingfake",
        client_secret: str = "fake-secret",  # noqa: S107 - it is made up
        qps: int = 20,
        month_calls: int = 5000,
        pick: Callable[[int], int] = lambda count: 0,
    ) -> None:
        self._clock = clock or SystemClock()
        self.client_id, self.client_secret = client_id, client_secret
        self.book = Book(
            now=lambda: to_micros(self._clock.now()) // 1000,
            ticks=lambda: asyncio.get_running_loop().time(),
            new_id=new_id,
            qps=qps,
            month_calls=month_calls,
        )
        self.wire = Wire(book=self.book, pick=pick)
        self.messages = Messages(
            book=self.book,
            robot_code=client_id,
            base=lambda: self.base,
            suffer=self.suffer,
            spoilt=self.spoilt,
        )
        self.contacts = Contacts(
            book=self.book, client_id=client_id, client_secret=client_secret, suffer=self.suffer
        )
        self.robot_url = ""
        self.taps_failed: list[str] = []
        self._runner: web.AppRunner | None = None
        self._http: ClientSession | None = None
        self.base = ""

    @property
    def faults(self) -> Any:
        return self.book.faults

    def go_down(self) -> None:
        """An outage: every call is cut, and so is every connection."""
        self.faults.down = True
        self.wire.reset()

    # -- life -------------------------------------------------------------------------------------------

    async def start(
        self, host: str = "127.0.0.1", port: int = 0, extra: Callable[[web.Application], None] | None = None
    ) -> str:
        app = web.Application(client_max_size=64 << 20)
        self._mount(app)
        if extra is not None:
            extra(app)
        self._runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
        await self._runner.setup()
        await web.TCPSite(self._runner, host, port).start()
        self.base = f"http://{host}:{self._runner.addresses[0][1]}"
        self._http = ClientSession(timeout=ClientTimeout(total=5))
        return self.base

    async def stop(self) -> None:
        self.wire.closing.set()
        self.wire.reset()
        if self._http is not None:
            await self._http.close()
        if self._runner is not None:
            await self._runner.cleanup()

    def _mount(self, app: web.Application) -> None:
        new: dict[tuple[str, str], Handler] = {
            ("POST", "/v1.0/robot/oToMessages/batchSend"): self.messages.batch_send,
            ("POST", "/v1.0/robot/otoMessages/batchRecall"): self.messages.recall,
            ("POST", "/v1.0/robot/groupMessages/send"): self.messages.group_send,
            ("POST", "/v1.0/robot/messageFiles/download"): self.messages.download,
            ("POST", "/v1.0/card/instances"): self._create,
            ("PUT", "/v1.0/card/instances"): self._update,
            ("POST", "/v1.0/card/instances/deliver"): self._deliver,
            ("POST", "/v1.0/card/instances/createAndDeliver"): self._create_and_deliver,
            ("POST", "/v1.0/card/callbacks/register"): self._register,
        }
        for (method, path), handler in new.items():
            app.router.add_route(method, path, self._new_host(handler))
        app.router.add_post("/v1.0/oauth2/accessToken", self._new_host(self._token, token=False))
        app.router.add_post("/v1.0/gateway/connections/open", self._gateway)
        app.router.add_get("/connect", self._connect)
        app.router.add_get("/files/{code}", self.messages.file)
        app.router.add_post("/robot/sendBySession", self.messages.session)
        app.router.add_post("/media/upload", self.messages.upload)
        self.contacts.mount(app, self._new_host)
        app.router.add_route("*", "/v1.0/{rest:.*}", self._no_such_call)

    def _new_host(
        self, handler: Handler, *, token: bool = True
    ) -> Callable[[web.Request], Awaitable[web.StreamResponse]]:
        """With the manners of the new host: the token first, then faults, limits, JSON, refusals."""

        async def serve(request: web.Request) -> web.StreamResponse:
            body = await read_json(request)
            path = request.path
            self.book.calls.append((request.method, path, body))
            try:
                await self.suffer(request, path)
                if token and not self.book.known(request.headers.get(TOKEN)):
                    self.book.refused_tokens += 1
                    raise Refuse(400, "InvalidAuthentication", message="不合法的access_token")
                self.book.fault(path)
                self._limits(request.method, path)
                answer = await handler(body)
            except Refuse as no:
                return self._refusal(no)
            return self.spoilt(request) or web.json_response(answer)

        return serve

    def _limits(self, method: str, path: str) -> None:
        """What the console grants, and how often an app may call."""
        for prefix, scope in SCOPES.items():
            if path.startswith(prefix):
                self.book.allow(scope)
        self.book.pace(f"{method} {path}")
        if is_metered(path):
            self.book.meter()

    def _refusal(self, no: Refuse) -> web.Response:
        found = {"code": no.code, "requestid": self.book.new_id().upper(), "message": no.code, **no.more}
        return web.json_response(found, status=no.status)

    async def _no_such_call(self, _request: web.Request) -> web.Response:
        why = "Specified api is not found, please check your url and method."
        return self._refusal(Refuse(404, "InvalidAction.NotFound", message=why))

    async def suffer(self, request: web.Request, path: str) -> None:
        """The faults that meet every call, whatever it asks."""
        faults = self.book.faults
        if faults.down:
            _drop(request)
        if faults.slow:
            await asyncio.sleep(faults.slow)
        instead = '{"status":1111,"wait":5,"source":"x5","punish":"deny","uuid":"-"}' if faults.banned else ""
        instead = instead or next((faults.instead[each] for each in faults.instead if path == each), "")
        if instead:
            raise Instead(text=instead)

    def spoilt(self, request: web.Request) -> web.Response | None:
        """What becomes of an answer on its way, after the call took effect."""
        faults = self.book.faults
        if faults.lose > 0:
            faults.lose -= 1
            _drop(request)
        if faults.garble > 0:
            faults.garble -= 1
            return web.Response(status=502, text="<html>Bad Gateway</html>", content_type="text/html")
        return None

    # -- tokens and the gateway -------------------------------------------------------------------------

    async def _token(self, body: dict[str, Any]) -> dict[str, Any]:
        if (body.get("appKey"), body.get("appSecret")) != (self.client_id, self.client_secret):
            raise Refuse(400, "invalidClientIdOrSecret", message="无效的clientId或者clientSecret")
        return {"accessToken": self.book.token(), "expireIn": 7200}

    async def _gateway(self, request: web.Request) -> web.StreamResponse:
        """Who does not ask for JSON gets XML."""
        answer = await self._new_host(self._open, token=False)(request)
        if "application/json" in request.headers.get("Accept", ""):
            return answer
        return web.Response(text="<?xml version='1.0'?><answer/>", content_type="text/xml")

    async def _connect(self, request: web.Request) -> web.StreamResponse:
        if self.faults.down:
            _drop(request)
        return await self.wire.serve(request)

    async def _open(self, body: dict[str, Any]) -> dict[str, Any]:
        if (body.get("clientId"), body.get("clientSecret")) != (self.client_id, self.client_secret):
            raise Refuse(401, "invalidClientIdOrSecret")
        if not isinstance(body.get("subscriptions"), list) or not body["subscriptions"]:
            raise Refuse(400, "invalid.subscriptions")
        return {"endpoint": self.base.replace("http", "ws") + "/connect", "ticket": self.book.ticket()}

    # -- cards ------------------------------------------------------------------------------------------

    async def _create(self, body: dict[str, Any]) -> dict[str, Any]:
        return {"success": True, "result": self.book.create_card(body).track}

    async def _update(self, body: dict[str, Any]) -> dict[str, Any]:
        self.book.update_card(body)
        return {"success": True, "result": True}

    async def _deliver(self, body: dict[str, Any]) -> dict[str, Any]:
        card = self.book.cards.get(str(body.get("outTrackId")))
        if card is None:
            raise Refuse(400, "param.cardNotExist")
        people = self.book.spaces(body, self.client_id)
        return {"success": True, "result": self.book.deliver_card(card, people)}

    async def _create_and_deliver(self, body: dict[str, Any]) -> dict[str, Any]:
        if "imRobotOpenSpaceModel" not in body:
            raise Refuse(400, "param.openSpaceModelInvalid")
        people = self.book.spaces(body, self.client_id)
        card = self.book.create_card(body)
        return {
            "success": True,
            "result": {"outTrackId": card.track, "deliverResults": self.book.deliver_card(card, people)},
        }

    async def _register(self, body: dict[str, Any]) -> dict[str, Any]:
        key, url = body.get("callbackRouteKey"), body.get("callbackUrl")
        if not key:
            raise Refuse(400, "param.callbackRouteKeyEmpty")
        if not url:
            raise Refuse(400, "param.callbackUrlEmpty")
        if key in self.book.routes and not body.get("forceUpdate"):
            raise Refuse(500, "param.callbackRouteKeyExist")
        secret = str(body.get("apiSecret") or self.book.new_id())
        self.book.routes[str(key)] = (str(url), secret)
        return {"success": True, "result": {"callbackUrl": url, "apiSecret": secret}}

    # -- what people do ---------------------------------------------------------------------------------

    def join(self, *members: Member) -> None:
        for member in members:
            self.book.people[member.id] = member

    async def leave(self, person: str) -> None:
        """Somebody leaves the company: the directory has them no more, and the bot hears of it."""
        self.book.left[person] = self.book.people.pop(person)
        await self.wire.push("EVENT", "*", {"userId": [person]}, eventType="user_leave_org")

    def come_back(self, person: str) -> None:
        """Nobody tells the bot: it reads it in the directory."""
        self.book.people[person] = self.book.left.pop(person)

    async def say(
        self, person: str, text: str, *, group: str = "", name: str = "", **more: Any
    ) -> dict[str, Any]:
        """Somebody writes to the robot, in their own chat or with an @ in a group; the message as pushed."""
        message = self.message(person, {"msgtype": "text", "text": {"content": text}}, group=group, name=name)
        message |= more
        if not group:
            self.book.show(person, **{"from": person, "kind": "text", "text": text})
        await self.push_message(message)
        return message

    def message(
        self, person: str, content: dict[str, Any], *, group: str = "", name: str = ""
    ) -> dict[str, Any]:
        """The push of a message, as the platform words it."""
        member = self.book.people[person]
        session = self.book.new_id()
        until = self.book.now() + SESSION_MS
        self.book.sessions[session] = (group or person, until)
        message = {
            **content,
            "msgId": name or f"msg{self.book.new_id()}",
            "createAt": self.book.now(),
            "conversationId": group or f"cid{person}=",
            "conversationType": "2" if group else "1",
            "senderId": f"$:LWCP_v1:${person}",
            "senderStaffId": person,
            "senderNick": member.name,
            "senderCorpId": member.corp,
            "chatbotCorpId": "dingcorp",
            "chatbotUserId": "$:LWCP_v1:$robot",
            "robotCode": self.client_id,
            "senderPlatform": "iOS",
            "sessionWebhook": f"{self.base}/robot/sendBySession?session={session}",
            "sessionWebhookExpiredTime": until,
        }
        if group:
            message |= {
                "conversationTitle": "销售群",
                "isInAtList": True,
                "atUsers": [{"dingtalkId": "$:robot"}],
            }
            if "text" in message:  # the @name is cut out, the blank stays
                message["text"] = {"content": " " + message["text"]["content"]}
        if self.book.faults.over_quota:
            message = {k: v for k, v in message.items() if k not in ("text", "content")}
            message |= {"errorCode": 20001, "errorMessage": "push quota exhausted"}
        return message

    async def push_message(self, message: Mapping[str, Any]) -> None:
        if self.robot_url:
            await self._post_robot(message)
        else:
            await self.wire.push("CALLBACK", BOT_MESSAGE, message)

    async def _post_robot(self, message: Mapping[str, Any]) -> None:
        stamp = str(self.book.now())
        headers = {"timestamp": stamp, "sign": robot_sign(self.client_secret, stamp)}
        assert self._http is not None
        async with self._http.post(self.robot_url, json=message, headers=headers) as answer:
            await answer.read()

    async def tap(
        self, person: str, track: str, button: str, *, within: float = WITHIN, params: bool = True
    ) -> dict[str, Any] | None:
        """Press a card's button. What the callback answers is shown to that person alone; None when it did
        not answer in time."""
        card = self.book.cards[track]
        content = {"cardPrivateData": {"actionIds": [button], "params": {"id": button} if params else {}}}
        push = {
            "type": "actionCallback", "outTrackId": track, "corpId": "dingcorp", "userId": person,
            "userIdType": 1, "spaceType": "IM", "extension": "{}",
            "content": json.dumps(content, ensure_ascii=False),
        }  # fmt: skip
        card.answering += 1
        try:
            answer = await self._called_back(card, push, within)
        finally:
            card.answering -= 1
        if answer is None:
            self.taps_failed.append(track)
            return None
        shown = (answer.get("cardData") or {}).get("cardParamMap") or {}
        if (answer.get("cardUpdateOptions") or {}).get("updateCardDataByKey"):
            shown = {**card.local.get(person, {}), **shown}
        if shown:
            card.local[person] = shown
        return answer

    async def _called_back(
        self, card: CardCopy, push: dict[str, Any], within: float
    ) -> dict[str, Any] | None:
        if card.callback == "HTTP":
            return await self._post_card(card, push, within)
        ack = await self.wire.ask("CALLBACK", CARD_CALLBACK, push, within=within)
        if ack is None or ack.get("code") != 200:
            return None
        found = json.loads(ack["data"]).get("response")
        return found if isinstance(found, dict) else {}

    async def _post_card(self, card: CardCopy, push: dict[str, Any], within: float) -> dict[str, Any] | None:
        url, secret = self.book.routes[card.route]
        stamp = str(self.book.now())
        headers = {"x-ddpaas-signature-timestamp": stamp, "x-ddpaas-signature": card_sign(secret, stamp)}
        assert self._http is not None
        try:
            async with asyncio.timeout(within), self._http.post(url, json=push, headers=headers) as answer:
                found = await answer.json() if answer.status == 200 else None
        except TimeoutError:
            return None
        return found if isinstance(found, dict) else None

    # -- what people see --------------------------------------------------------------------------------

    def chat(self, person: str) -> list[dict[str, Any]]:
        """A person's chat, oldest first; a card once, as it looks now for them."""
        found, cards = [], set()
        for each in self.book.chats.get(person, []):
            if each.get("kind") == "card":
                if each["track"] in cards:
                    continue
                cards.add(each["track"])
                found.append({**each, "card": self.drawn(each["track"], person)})
            else:
                found.append(each)
        return found

    def drawn(self, track: str, person: str) -> dict[str, Any]:
        """A card as the public template draws it."""
        data = self.book.cards[track].as_seen(person)
        full = json.loads(data.get("sys_full_json_obj") or "{}")
        return {**{name: data.get(name, "") for name in ("title", "markdown", "tips")},
                "buttons": full.get("msgButtons", [])}  # fmt: skip


def _drop(request: web.Request) -> None:
    """The connection breaks: the caller hears nothing."""
    if request.transport is not None:
        request.transport.abort()
    raise web.HTTPInternalServerError
