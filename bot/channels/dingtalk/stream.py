"""DingTalk's Stream: one WebSocket on which the platform pushes and we acknowledge.

The protocol is that of open-dingtalk/developerpedia, docs/learn/stream/protocol.md. Why we speak it ourselves
and do not use the official package: docs/decisions/0040. What is promised here:

- every loss of the connection is answered by a new one, after a pause with jitter, and a clean close too: a
  platform that closes at once is dialled at most ten times in five seconds;
- on `disconnect` the new socket is opened while the old one is still read, so that nothing falls between;
- a half-open socket is noticed by the missing pong and replaced;
- an answer goes to the socket its frame came on; whoever cancels `run` is obeyed at once.
"""

import asyncio
import json
from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

import structlog
from aiohttp import ClientError, ClientSession, ClientWebSocketResponse, ClientWSTimeout, WSMsgType

from bot.channels.base import Refused, Retryable
from bot.seams import jitter

log = structlog.get_logger("dingtalk")

BOT_MESSAGE = "/v1.0/im/bot/messages/get"
CARD_CALLBACK = "/v1.0/card/instances/callback"
SUBSCRIPTIONS = (
    {"type": "EVENT", "topic": "*"},
    {"type": "CALLBACK", "topic": BOT_MESSAGE},
    {"type": "CALLBACK", "topic": CARD_CALLBACK},
)
OK, UNKNOWN_TOPIC, BROKEN = 200, 404, 500
AT_ONCE = 100
LOUD_AT = frozenset({10, 100, 1000})
"""Failures in a row that are said loudly: some minutes, hours and a day of silence."""
LONGEST_FRAME = 4 << 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Timing:
    """Seconds. `floor` is the least pause before a new dial; `steady` is how long a connection must have
    held for the one after it to be dialled at once; `linger` is how long a socket that was told to go is
    still read (the platform closes it after ten)."""

    dial: float = 8.0
    heartbeat: float = 20.0
    linger: float = 12.0
    floor: float = 0.6
    longest: float = 60.0
    steady: float = 30.0
    leave: float = 1.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Frame:
    """One push. `data` is the JSON value that the frame carries as a string; None when it was none."""

    type: str
    topic: str
    message_id: str
    data: Any
    headers: Mapping[str, str] = field(default_factory=dict)


Answer = Callable[[object], Awaitable[None]]
"""Sends the acknowledgement's data; later calls do nothing."""
Handle = Callable[[Frame, Answer], Awaitable[None]]


class UnknownTopic(Exception):
    """A push that nobody here serves; the platform is told so."""


class NotNow(Exception):
    """A push that could not be kept: it is not acknowledged as served, so that it comes again."""


@dataclass(slots=True, eq=False)
class Link:
    """One socket and what is being done for its frames."""

    socket: ClientWebSocketResponse
    born: float
    leaving: asyncio.Event = field(default_factory=asyncio.Event)
    reader: "asyncio.Task[None] | None" = None


def back_off(failures: int, timing: Timing, dice: Callable[[float], float] = jitter) -> float:
    """Seconds to wait: the floor and a random share of 0.5 s doubled with each failure, up to the longest."""
    return timing.floor + dice(min(timing.longest, 0.5 * 2.0 ** min(failures, 12)))


def read_frame(text: str) -> Frame | None:
    """A frame of the platform; None for what is none."""
    try:
        found = json.loads(text)
        headers = {str(key): str(value) for key, value in found.get("headers", {}).items()}
        data = found.get("data")
        return Frame(
            type=str(found.get("type", "")),
            topic=headers.get("topic", ""),
            message_id=headers.get("messageId", ""),
            data=json.loads(data) if isinstance(data, str) and data else data,
            headers=headers,
        )
    except (ValueError, AttributeError, TypeError, RecursionError):
        return None


def write_ack(message_id: str, code: int, data: object, message: str = "OK") -> str:
    """The acknowledgement of a frame as text; its `data` is a JSON string, as the protocol wants it."""
    headers = {"messageId": message_id, "contentType": "application/json"}
    packed = json.dumps(data, ensure_ascii=False)
    return json.dumps(
        {"code": code, "headers": headers, "message": message, "data": packed}, ensure_ascii=False
    )


class Stream:
    """Keeps one connection. `dial` asks the gateway for an address with a fresh ticket; `handle` serves a
    push and answers it through the function it is given."""

    def __init__(
        self,
        *,
        session: ClientSession,
        dial: Callable[[], Awaitable[str]],
        handle: Handle,
        timing: Timing | None = None,
        pause: Callable[[float], Awaitable[None]] = asyncio.sleep,
        dice: Callable[[float], float] = jitter,
    ) -> None:
        self._session = session
        self._dial = dial
        self._handle = handle
        self._timing = timing or Timing()
        self._pause = pause
        self._dice = dice
        self._links: set[Link] = set()
        self._work: set[asyncio.Task[None]] = set()
        self._room = asyncio.Semaphore(AT_ONCE)
        self._running: asyncio.Task[None] | None = None
        self._closing = False
        self._deaf_since: float | None = asyncio.get_running_loop().time()
        self.dials = 0

    @property
    def connected(self) -> bool:
        """Whether a push can reach us: on a socket that was told to go none comes any more."""
        return any(not (link.socket.closed or link.leaving.is_set()) for link in self._links)

    @property
    def silent(self) -> float:
        """For how many seconds nothing could reach us; 0 while connected."""
        return 0.0 if self._deaf_since is None else asyncio.get_running_loop().time() - self._deaf_since

    def _look(self) -> None:
        """After anything that may have changed whether we are connected."""
        if self.connected:
            self._deaf_since = None
        elif self._deaf_since is None:
            self._deaf_since = asyncio.get_running_loop().time()

    # -- life -------------------------------------------------------------------------------------------

    async def turn(self) -> None:
        """For a supervisor: keep the connection going, and raise what ended it by mistake."""
        if self._closing:
            await asyncio.sleep(1.0)
            return
        if self._running is None:
            self._running = asyncio.create_task(self.run(), name="dingtalk-stream")
        await asyncio.wait((self._running,), timeout=1.0)
        if self._running.done():
            ended, self._running = self._running, None
            ended.result()

    async def run(self) -> None:
        """Hold a connection until cancelled."""
        failures = 0
        try:
            while True:
                link = await self._connect()
                held = link is not None and await self._hold(link)
                failures = 0 if held else failures + 1
                if failures in LOUD_AT and not self.connected:
                    log.error("nothing is heard from the platform", action="stream_down", failures=failures)
                if held and link is not None and link.leaving.is_set():
                    continue
                await self._pause(back_off(failures, self._timing, self._dice))
        finally:
            await self._drop_links()

    async def close(self) -> None:
        """Let what is being answered end, for a second; then cut everything."""
        self._closing = True
        work = [task for task in self._work if not task.done()]
        if work:
            await asyncio.wait(work, timeout=self._timing.leave)
        tasks = [*self._work, *([self._running] if self._running else [])]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        self._running = None

    async def _connect(self) -> Link | None:
        """A fresh connection, or None after saying why there is none."""
        self.dials += 1
        timing = self._timing
        try:
            async with asyncio.timeout(timing.dial):
                address = await self._dial()
                socket = await self._session.ws_connect(
                    address,
                    heartbeat=timing.heartbeat,
                    timeout=ClientWSTimeout(ws_close=timing.leave),
                    max_msg_size=LONGEST_FRAME,
                )
        except (ClientError, OSError, TimeoutError, Retryable, Refused, ValueError) as error:
            # Never the error's own text: it may hold the address, and that holds the ticket.
            why = str(error) if isinstance(error, Retryable | Refused) else type(error).__name__
            log.warning("no stream connection", action="stream_failed", why=why)
            return None
        link = Link(socket=socket, born=asyncio.get_running_loop().time())
        self._links.add(link)
        self._look()
        link.reader = asyncio.create_task(self._read(link))
        link.reader.add_done_callback(lambda _: self._lost(link))
        log.info("stream connected", action="stream_connected")
        return link

    def _lost(self, link: Link) -> None:
        self._links.discard(link)
        self._look()

    async def _hold(self, link: Link) -> bool:
        """Wait until the link ends or is told to go; whether it held long enough to be trusted."""
        assert link.reader is not None
        told = asyncio.create_task(link.leaving.wait())
        try:
            await asyncio.wait((link.reader, told), return_when=asyncio.FIRST_COMPLETED)
        finally:
            told.cancel()
        loop = asyncio.get_running_loop()
        if not link.reader.done():
            loop.call_later(self._timing.linger, link.reader.cancel)
        log.info(
            "stream connection ends",
            action="stream_ends",
            told=link.leaving.is_set(),
            code=link.socket.close_code,
        )
        return loop.time() - link.born >= self._timing.steady

    async def _drop_links(self) -> None:
        readers = [link.reader for link in self._links if link.reader is not None]
        for reader in readers:
            reader.cancel()
        await asyncio.gather(*readers, return_exceptions=True)

    # -- frames -----------------------------------------------------------------------------------------

    async def _read(self, link: Link) -> None:
        try:
            async for message in link.socket:
                if message.type is WSMsgType.TEXT:
                    await self._take(link, message.data)
        except (ClientError, OSError):
            log.info("stream broke", action="stream_broke")
        finally:
            with suppress(ClientError, OSError, TimeoutError):
                await link.socket.close()

    async def _take(self, link: Link, text: str) -> None:
        frame = read_frame(text)
        if frame is None:
            log.warning("a frame that is none", action="bad_frame", bytes=len(text))
        elif frame.type == "SYSTEM":
            await self._system(link, frame)
        else:
            await self._room.acquire()
            task = asyncio.create_task(self._serve(link, frame))
            self._work.add(task)
            task.add_done_callback(self._served)

    def _served(self, task: "asyncio.Task[None]") -> None:
        self._work.discard(task)
        self._room.release()

    async def _system(self, link: Link, frame: Frame) -> None:
        if frame.topic == "ping":
            await _send(link, write_ack(frame.message_id, OK, frame.data))
        elif frame.topic == "disconnect":
            link.leaving.set()
            self._look()

    async def _serve(self, link: Link, frame: Frame) -> None:
        answered = False

        async def answer(data: object) -> None:
            nonlocal answered
            if not answered:
                answered = True
                await _send(link, write_ack(frame.message_id, OK, data))

        try:
            await self._handle(frame, answer)
        except UnknownTopic:
            await _send(link, write_ack(frame.message_id, UNKNOWN_TOPIC, {}, "not served"))
        except NotNow as error:
            log.warning("a push is asked for again", action="push_again", topic=frame.topic, why=str(error))
            await _send(link, write_ack(frame.message_id, BROKEN, {}, "later"))
        except Exception as error:  # one bad push must not stop the others, and is told as what it is
            log.exception(
                "a push failed", action="push_failed", topic=frame.topic, error=type(error).__name__
            )
            if not answered:
                await _send(link, write_ack(frame.message_id, BROKEN, {}, "failed"))


async def _send(link: Link, text: str) -> None:
    """On the socket the frame came on; when that is gone, the platform will ask again or has given up."""
    with suppress(ClientError, OSError):
        await link.socket.send_str(text)
