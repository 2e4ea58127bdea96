"""The fake's WebSockets: frames out, acknowledgements in, and every way a socket can die."""

import asyncio
import json
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from aiohttp import WSMsgType, web

from bot.channels.dingtalk.fake.book import Book


@dataclass(slots=True, eq=False)
class Socket:
    """One connection. `dead` = it takes nothing in any more (half-open)."""

    ws: web.WebSocketResponse
    request: web.Request
    left: bool = False


@dataclass(slots=True, kw_only=True)
class Wire:
    """Pushes go to one live connection, chosen by `pick`; who waits for an acknowledgement gets a future."""

    book: Book
    pick: Callable[[int], int]
    sockets: list[Socket] = field(default_factory=list)
    opens: int = 0
    waiting: dict[str, "asyncio.Future[dict[str, Any]]"] = field(default_factory=dict)
    unacked: dict[str, tuple[str, str, Any]] = field(default_factory=dict)
    acks: list[dict[str, Any]] = field(default_factory=list)
    closing: asyncio.Event = field(default_factory=asyncio.Event)

    async def serve(self, request: web.Request) -> web.StreamResponse:
        """GET /connect?ticket=…"""
        self.opens += 1
        if not self.book.use_ticket(request.query.get("ticket", "")):
            return web.Response(status=401)
        ws = web.WebSocketResponse(autoping=True, timeout=0.2)
        await ws.prepare(request)
        if self.book.faults.close_at_once:
            await ws.close(code=1000)
            return ws
        socket = Socket(ws=ws, request=request)
        self.sockets.append(socket)
        try:
            await self._read(socket)
        finally:
            self.sockets.remove(socket)
        return ws

    async def _read(self, socket: Socket) -> None:
        if self.book.faults.deaf:
            socket.left = True
            await self.closing.wait()  # nothing is read any more, so no ping is answered
        async for message in socket.ws:
            if message.type is WSMsgType.TEXT:
                self._ack(json.loads(message.data))

    def _ack(self, ack: dict[str, Any]) -> None:
        self.acks.append(ack)
        name = ack.get("headers", {}).get("messageId", "")
        if ack.get("code") == 200:
            self.unacked.pop(name, None)
        future = self.waiting.pop(name, None)
        if future is not None and not future.done():
            future.set_result(ack)

    @property
    def live(self) -> list[Socket]:
        return [each for each in self.sockets if not (each.left or each.ws.closed)]

    async def push(self, type_: str, topic: str, data: Any, *, name: str = "", **headers: str) -> str:
        """Send a frame to one connection; its message id. With no connection it is lost, as in life."""
        name = name or self.book.new_id()
        frame = {
            "specVersion": "1.0",
            "type": type_,
            "headers": {
                "topic": topic, "messageId": name, "contentType": "application/json",
                "time": str(self.book.now()), "appId": "fake-app", "connectionId": "fake-connection",
                **headers,
            },
            "data": json.dumps(data, ensure_ascii=False),
        }  # fmt: skip
        live = self.live
        if type_ != "SYSTEM":
            self.unacked[name] = (type_, topic, data)
        if live:
            await live[self.pick(len(live))].ws.send_str(json.dumps(frame, ensure_ascii=False))
        return name

    async def ask(
        self, type_: str, topic: str, data: Any, *, within: float, **headers: str
    ) -> dict[str, Any] | None:
        """Push and wait for the acknowledgement; None when it does not come in time."""
        name = self.book.new_id()
        future = self.waiting[name] = asyncio.get_running_loop().create_future()
        await self.push(type_, topic, data, name=name, **headers)
        try:
            async with asyncio.timeout(within):
                acked: dict[str, Any] = await future
                return acked
        except TimeoutError:
            return None
        finally:
            self.waiting.pop(name, None)

    async def redeliver(self) -> int:
        """What the platform does about 60 s after a push that nobody acknowledged: the same message again."""
        again, self.unacked = self.unacked, {}
        for type_, topic, data in again.values():
            await self.push(type_, topic, data)
        return len(again)

    # -- how sockets end --------------------------------------------------------------------------------

    async def disconnect(self, *, close: bool = True) -> None:
        """Tell every connection to go; nothing is pushed on it any more. It is closed after some silence."""
        for socket in self.live:
            socket.left = True
            frame = {"type": "SYSTEM", "headers": {"topic": "disconnect", "messageId": self.book.new_id()},
                     "data": json.dumps({"reason": "connection is expired"})}  # fmt: skip
            await socket.ws.send_str(json.dumps(frame))
            if close:
                asyncio.get_running_loop().call_later(10.0, _abort, socket)

    def reset(self) -> None:
        """Cut every connection without a word."""
        for socket in list(self.sockets):
            socket.left = True
            _abort(socket)

    async def close_clean(self) -> None:
        for socket in list(self.sockets):
            await socket.ws.close(code=1000)


def _abort(socket: Socket) -> None:
    transport = socket.request.transport
    if transport is not None:
        transport.abort()
