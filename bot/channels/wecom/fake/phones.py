"""What members do: press, write, send a place or a voice, open the app; told to the bot as the platform tells
it."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import aiohttp

from bot.channels.wecom.fake import rules
from bot.channels.wecom.fake.api import Api
from bot.channels.wecom.fake.state import Message, State

RETRIES = 3
ANSWER_WITHIN = 5.0
WELCOME_LASTS = timedelta(seconds=20)
Fields = dict[str, Any]


class Dead(Exception):
    """That cannot be pressed: the button is grey, or was never there."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """How a callback went: the status of each try, and the answer's body."""

    tries: tuple[int, ...]
    body: bytes = b""

    @property
    def taken(self) -> bool:
        return bool(self.tries) and self.tries[-1] == 200


class Phones:
    """The members' side. `http` is used for the callbacks; `numbers` makes up message ids."""

    def __init__(self, state: State, api: Api, http: aiohttp.ClientSession) -> None:
        self.state = state
        self._api = api
        self._http = http
        self._number = int(state.now().timestamp() * 1_000_000)  # another than those before a restart

    # -- what a member does -------------------------------------------------------------------------------

    async def press(
        self, userid: str, message: Message, key: str, selected: Mapping[str, str] | None = None
    ) -> Told:
        """Press a button of a card; what is not chosen goes as the card shows it. Raises Dead."""
        if message.grey or message.to != userid.lower() or key not in rules.keys_of(message.card):
            raise Dead(key)
        menu = key in {each["key"] for each in (message.card.get("action_menu") or {}).get("action_list", [])}
        fields: Fields = {
            "Event": "template_card_menu_event" if menu else "template_card_event",
            "EventKey": key,
            "TaskId": message.task_id,
            "CardType": message.card["card_type"],
            "ResponseCode": self.state.new_code(message),
        }
        items = _chosen(message, selected or {})
        if items and not menu:
            fields["SelectedItems"] = {"SelectedItem": items}
        told = await self.event(userid, **fields)
        if self.state.moods.passive_works and b"<Encrypt>" in told.body:
            self._apply(message, told.body)
        return told

    async def write(self, userid: str, text: str) -> Told:
        self._mine(userid, text)
        return await self.message(userid, MsgType="text", Content=text)

    async def send_media(self, userid: str, kind: str, data: bytes, name: str = "") -> Told:
        self._mine(userid, f"[{kind}]")
        media_id = self._api.keep(kind, name, data)
        extra: Fields = {"Format": "amr"} if kind == "voice" else {"PicUrl": "http://p.qpic.cn/x"}
        return await self.message(userid, MsgType=kind, MediaId=media_id, **extra)

    async def send_place(self, userid: str, lat: float, lng: float, label: str) -> Told:
        self._mine(userid, f"[location] {label}")
        place: Fields = {"Location_X": lat, "Location_Y": lng, "Scale": 15, "Label": label}
        return await self.message(userid, MsgType="location", AppType="wxwork", **place)

    async def send_link(self, userid: str, title: str, url: str) -> Told:
        return await self.message(userid, MsgType="link", Title=title, Description="", Url=url, PicUrl="")

    async def enter(self, userid: str) -> Told:
        return await self.event(userid, Event="enter_agent", EventKey="")

    async def choose_menu(self, userid: str, key: str) -> Told:
        return await self.event(userid, Event="click", EventKey=key)

    async def leave(self, userid: str) -> Told:
        """The member leaves the app's range."""
        self.state.members[userid.lower()].visible = False
        return await self.event(userid, Event="unsubscribe")

    async def come_back(self, userid: str) -> Told:
        """The member is back in the app's range."""
        self.state.members[userid.lower()].visible = True
        return await self.event(userid, Event="subscribe")

    async def scanned(self, userid: str, customer: str, name: str, *, state: str, code: str = "") -> Told:
        """A customer scans a member's live code."""
        self.state.customers[customer] = {"external_userid": customer, "name": name, "type": 1, "gender": 0}
        self.state.welcome_codes[code] = self.state.now() + WELCOME_LASTS
        return await self.event(
            "sys",
            Event="change_external_contact",
            ChangeType="add_external_contact",
            UserID=userid,
            ExternalUserID=customer,
            State=state,
            WelcomeCode=code,
            AgentID=None,
        )

    # -- telling the bot ----------------------------------------------------------------------------------

    async def message(self, userid: str, **fields: Any) -> Told:
        self._number += 1
        return await self.tell(self.inner(userid, MsgId=self._number, **fields))

    async def event(self, userid: str, **fields: Any) -> Told:
        return await self.tell(self.inner(userid, MsgType="event", **fields))

    def inner(self, sender: str, **fields: Any) -> bytes:
        """The message inside the envelope."""
        values: Fields = {
            "ToUserName": self.state.corp_id,
            "FromUserName": sender,
            "CreateTime": int(self.state.now().timestamp()),
            "AgentID": self.state.agent_id,
        } | fields
        body = "".join(element(name, value) for name, value in values.items() if value is not None)
        return f"<xml>{body}</xml>".encode()

    async def tell(self, inner: bytes, *, retry_anyway: int = 0) -> Told:
        """Call the bot; again, sealed anew, when it does not answer 200 within five seconds. `retry_anyway` =
        so many times more although it did."""
        tries: list[int] = []
        body = b""
        for nth in range(1 + max(RETRIES, retry_anyway)):
            status, body = await self._once(inner)
            tries.append(status)
            if status == 200 and nth >= retry_anyway:
                break
        return Told(tries=tuple(tries), body=body)

    async def _once(self, inner: bytes) -> tuple[int, bytes]:
        query, body = self.seal(inner, self.state.now())
        try:
            async with asyncio.timeout(ANSWER_WITHIN):
                async with self._http.post(self.state.callback, params=query, data=body) as response:
                    return response.status, await response.read()
        except (aiohttp.ClientError, TimeoutError, OSError):
            return 0, b""

    def seal(self, inner: bytes, at: datetime) -> tuple[Fields, bytes]:
        """(query, body): each time another ciphertext and nonce."""
        state = self.state
        encrypt = state.keys.encrypt(inner, bytes.fromhex(state.new_id())[:16])
        query = self._sign(encrypt, at)
        body = element("ToUserName", state.corp_id) + element("AgentID", state.agent_id)
        return query, f"<xml>{body}{element('Encrypt', encrypt)}</xml>".encode()

    def _sign(self, encrypt: str, at: datetime) -> Fields:
        timestamp, nonce = str(int(at.timestamp())), self.state.new_id()[:10]
        signature = self.state.keys.sign(timestamp, nonce, encrypt)
        return {"msg_signature": signature, "timestamp": timestamp, "nonce": nonce}

    async def try_address(self, address: str) -> bool:
        """Save the callback's address as the console does: it must read an encrypted word back at once, and
        exactly."""
        word = str(int(self.state.new_id()[:12], 16)).encode()
        encrypt = self.state.keys.encrypt(word, bytes.fromhex(self.state.new_id())[:16])
        query = self._sign(encrypt, self.state.now()) | {"echostr": encrypt}
        try:
            async with asyncio.timeout(1.0), self._http.get(address, params=query) as response:
                right = response.status == 200 and await response.read() == word
        except (aiohttp.ClientError, TimeoutError, OSError):
            return False
        if right:
            self.state.callback = address
        return right

    def _mine(self, userid: str, text: str) -> None:
        message = Message(
            id=self.state.new_id(), to=userid.lower(), at=self.state.now(), type="text", text=text, mine=True
        )
        self.state.messages.append(message)

    def _apply(self, message: Message, body: bytes) -> None:
        """A passive answer greys the pressed button, where the platform honours it."""
        encrypt = body.split(b"<Encrypt><![CDATA[")[1].split(b"]]>")[0].decode()
        answer = self.state.keys.decrypt(encrypt).decode()
        if "<MsgType><![CDATA[update_button]]></MsgType>" in answer:
            message.grey = answer.split("<ReplaceName><![CDATA[")[1].split("]]>")[0]


def element(name: str, value: Any) -> str:
    """One element: numbers bare, texts in CDATA, a mapping or a list as what it holds."""
    if isinstance(value, list):
        return "".join(element(name, each) for each in value)
    if isinstance(value, dict):
        return f"<{name}>{''.join(element(key, each) for key, each in value.items())}</{name}>"
    if isinstance(value, int | float):
        return f"<{name}>{value}</{name}>"
    return f"<{name}><![CDATA[{str(value).replace(']]>', ']]]]><![CDATA[>')}]]></{name}>"


def _chosen(message: Message, selected: Mapping[str, str]) -> list[Fields]:
    items: list[Fields] = []
    for question in rules.questions_of(message.card):
        ids = [option["id"] for option in question["option_list"]]
        shown = question.get("selected_id")
        chosen = selected.get(question["question_key"], shown if shown in ids else ids[0])
        if chosen not in ids:
            raise Dead(chosen)
        items.append({"QuestionKey": question["question_key"], "OptionIds": {"OptionId": chosen}})
    return items
