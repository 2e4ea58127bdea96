"""The connection: it comes back whatever ends it, never in a rush, and goes when told to."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any

import pytest
from aiohttp import ClientSession

from bot.channels.base import Retryable
from bot.channels.dingtalk.fake import FakeDingtalk
from bot.channels.dingtalk.fake.book import Member
from bot.channels.dingtalk.stream import (
    BOT_MESSAGE,
    Answer,
    Frame,
    Stream,
    Timing,
    UnknownTopic,
    back_off,
    read_frame,
)

QUICK = Timing(dial=2.0, heartbeat=0.2, linger=0.2, floor=0.6, steady=0.0, leave=0.2)


class Pauses:
    """The waits between dials, taken without waiting."""

    def __init__(self, most: float = 1e9) -> None:
        self.taken: list[float] = []
        self.most = most
        self.over = asyncio.Event()

    async def __call__(self, seconds: float) -> None:
        self.taken.append(seconds)
        if sum(self.taken) >= self.most:
            self.over.set()
            await asyncio.Event().wait()
        await asyncio.sleep(0)


class Heard:
    """What the bot was pushed; it answers with a sign of its own."""

    def __init__(self) -> None:
        self.frames: asyncio.Queue[Frame] = asyncio.Queue()

    async def __call__(self, frame: Frame, answer: Answer) -> None:
        await self.frames.put(frame)
        await answer({"response": frame.message_id})

    async def next(self) -> Frame:
        async with asyncio.timeout(3):
            return await self.frames.get()


Listen = Callable[..., Awaitable[Stream]]


@pytest.fixture
async def fake() -> AsyncIterator[FakeDingtalk]:
    platform = FakeDingtalk()
    await platform.start()
    platform.join(Member(id="manager4220", name="张伟"))
    yield platform
    await platform.stop()


@asynccontextmanager
async def listening(
    fake: FakeDingtalk, handle: Any, *, timing: Timing = QUICK, pause: Any = None, dial: Any = None
) -> AsyncIterator[Stream]:
    async def open_stream() -> str:
        async with session.post(
            f"{fake.base}/v1.0/gateway/connections/open",
            json={"clientId": fake.client_id, "clientSecret": fake.client_secret, "subscriptions": [1]},
            headers={"Accept": "application/json"},
        ) as answer:
            found = await answer.json()
        return f"{found['endpoint']}?ticket={found['ticket']}"

    async with ClientSession() as session:
        stream = Stream(
            session=session,
            dial=dial or open_stream,
            handle=handle,
            timing=timing,
            pause=pause or Pauses(),
            dice=lambda most: 0.0,
        )
        task = asyncio.create_task(stream.run())
        try:
            yield stream
        finally:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)
            await stream.close()


async def until(true: Callable[[], bool], within: float = 3.0) -> None:
    async with asyncio.timeout(within):
        while not true():  # noqa: ASYNC110 - what is waited for happens at the other end of a socket
            await asyncio.sleep(0.005)


async def test_a_push_is_handed_over_and_acknowledged_with_its_message_id(fake: FakeDingtalk) -> None:
    heard = Heard()
    async with listening(fake, heard):
        await until(lambda: len(fake.wire.live) == 1)
        await fake.say("manager4220", "/my")
        frame = await heard.next()
        assert frame.topic == BOT_MESSAGE
        assert frame.data["text"] == {"content": "/my"}
        await until(lambda: bool(fake.wire.acks))
    ack = fake.wire.acks[0]
    assert ack["code"] == 200
    assert ack["headers"] == {"messageId": frame.message_id, "contentType": "application/json"}
    assert ack["data"] == f'{{"response": "{frame.message_id}"}}'


async def test_a_ping_of_the_platform_is_echoed(fake: FakeDingtalk) -> None:
    async with listening(fake, Heard()):
        await until(lambda: len(fake.wire.live) == 1)
        ack = await fake.wire.ask("SYSTEM", "ping", {"opaque": "abc"}, within=2)
    assert ack is not None
    assert ack["data"] == '{"opaque": "abc"}'


async def test_a_topic_that_nobody_serves_and_a_bug_are_told_as_what_they_are(fake: FakeDingtalk) -> None:
    async def handle(frame: Frame, answer: Answer) -> None:
        if frame.topic == "/unknown":
            raise UnknownTopic(frame.topic)
        raise RuntimeError("a bug")

    async with listening(fake, handle):
        await until(lambda: len(fake.wire.live) == 1)
        unknown = await fake.wire.ask("CALLBACK", "/unknown", {}, within=2)
        broken = await fake.wire.ask("CALLBACK", BOT_MESSAGE, {}, within=2)
    assert unknown is not None
    assert broken is not None
    assert (unknown["code"], broken["code"]) == (404, 500)


async def test_on_disconnect_the_new_socket_is_open_before_the_old_one_is_dropped(fake: FakeDingtalk) -> None:
    heard, pauses = Heard(), Pauses()
    async with listening(fake, heard, pause=pauses) as stream:
        await until(lambda: len(fake.wire.live) == 1)
        old = fake.wire.live[0]
        await fake.wire.disconnect(close=False)
        await until(lambda: len(fake.wire.live) == 1)
        assert not old.ws.closed
        assert stream.dials == 2
        assert pauses.taken == []
        await fake.say("manager4220", "hello")
        await heard.next()
        await until(lambda: old.ws.closed)


async def test_a_frame_of_the_old_socket_is_answered_on_the_old_socket(fake: FakeDingtalk) -> None:
    go = asyncio.Event()

    async def slow(frame: Frame, answer: Answer) -> None:
        await go.wait()
        await answer({"response": None})

    async with listening(fake, slow, timing=Timing(linger=5, steady=0.0, leave=0.2)):
        await until(lambda: len(fake.wire.live) == 1)
        await fake.say("manager4220", "first")
        await fake.wire.disconnect(close=False)
        await until(lambda: len(fake.wire.live) == 1)
        go.set()
        await until(lambda: not fake.wire.unacked)


@pytest.mark.parametrize("how", ["reset", "close_clean"])
async def test_a_lost_connection_is_replaced_after_a_pause(fake: FakeDingtalk, how: str) -> None:
    heard, pauses = Heard(), Pauses()
    async with listening(fake, heard, pause=pauses):
        await until(lambda: len(fake.wire.live) == 1)
        if how == "reset":
            fake.wire.reset()
        else:
            await fake.wire.close_clean()
        await until(lambda: fake.wire.opens == 2 and len(fake.wire.live) == 1)
        await fake.say("manager4220", "still there?")
        assert (await heard.next()).data["text"]["content"] == "still there?"
    assert len(pauses.taken) == 1
    assert pauses.taken[0] >= QUICK.floor


async def test_a_platform_that_closes_at_once_is_dialled_at_most_ten_times_in_five_seconds(
    fake: FakeDingtalk,
) -> None:
    fake.faults.close_at_once = True
    pauses = Pauses(most=5.0)
    async with listening(fake, Heard(), timing=Timing(leave=0.1), pause=pauses):
        await asyncio.wait_for(pauses.over.wait(), 3)
        assert fake.wire.opens <= 10
        assert fake.wire.opens == len(pauses.taken)


async def test_disconnect_frames_in_a_row_make_no_hot_loop(fake: FakeDingtalk) -> None:
    pauses = Pauses(most=5.0)
    async with listening(fake, Heard(), timing=Timing(leave=0.1, linger=0.1), pause=pauses):
        while not pauses.over.is_set():
            if fake.wire.live:
                await fake.wire.disconnect(close=False)
            await asyncio.sleep(0.005)
        assert fake.wire.opens <= 10


async def test_a_half_open_socket_is_noticed_and_replaced(fake: FakeDingtalk) -> None:
    fake.faults.deaf = True
    async with listening(fake, Heard(), pause=Pauses()):
        await until(lambda: len(fake.wire.sockets) == 1)
        fake.faults.deaf = False
        await until(lambda: len(fake.wire.live) == 1)
        assert fake.wire.opens == 2


async def test_how_long_nothing_was_heard_counts_from_the_loss_to_the_new_connection(
    fake: FakeDingtalk,
) -> None:
    go = asyncio.Event()

    async def hold(_seconds: float) -> None:
        await go.wait()

    async with listening(fake, Heard(), pause=hold) as stream:
        await until(lambda: stream.silent == 0)
        fake.wire.reset()
        await until(lambda: stream.silent > 0.02)
        first = stream.silent
        await until(lambda: stream.silent > first + 0.02)
        go.set()
        await until(lambda: stream.silent == 0)


async def test_a_socket_that_was_told_to_go_is_not_taken_for_a_connection(fake: FakeDingtalk) -> None:
    async with listening(fake, Heard(), timing=Timing(linger=5, steady=9, leave=0.2)) as stream:
        await until(lambda: stream.connected)
        dial = asyncio.Event()

        async def pause(_seconds: float) -> None:
            await dial.wait()

        stream._pause = pause
        await fake.wire.disconnect(close=False)
        await until(lambda: stream.silent > 0)
        assert not fake.wire.sockets[0].ws.closed
        dial.set()
        await until(lambda: stream.connected)


@pytest.mark.parametrize("error", [Retryable("http 500"), OSError("no network"), TimeoutError()])
async def test_a_gateway_that_fails_is_asked_again(fake: FakeDingtalk, error: Exception) -> None:
    asked = 0

    async def dial() -> str:
        nonlocal asked
        asked += 1
        raise error

    pauses = Pauses(most=3.0)
    async with listening(fake, Heard(), dial=dial, pause=pauses):
        await asyncio.wait_for(pauses.over.wait(), 3)
    assert asked == len(pauses.taken)


async def test_a_ticket_is_good_once_and_for_ninety_seconds(fake: FakeDingtalk) -> None:
    ticket = fake.book.ticket()
    assert fake.book.use_ticket(ticket)
    assert not fake.book.use_ticket(ticket)


async def test_cancelling_ends_it_at_once_even_while_it_waits_for_the_gateway(fake: FakeDingtalk) -> None:
    async def dial() -> str:
        await asyncio.Event().wait()
        return ""

    async with ClientSession() as session:
        stream = Stream(session=session, dial=dial, handle=Heard(), timing=QUICK)
        task = asyncio.create_task(stream.run())
        await asyncio.sleep(0.01)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            async with asyncio.timeout(0.5):
                await task


async def test_closing_lets_an_answer_end_and_then_cuts(fake: FakeDingtalk) -> None:
    started = asyncio.Event()

    async def slow(frame: Frame, answer: Answer) -> None:
        started.set()
        await asyncio.sleep(0.05)
        await answer({"response": None})

    async with listening(fake, slow) as stream:
        await until(lambda: len(fake.wire.live) == 1)
        await fake.say("manager4220", "last words")
        await asyncio.wait_for(started.wait(), 2)
        await stream.close()
        await until(lambda: fake.wire.unacked == {})


async def test_a_supervisor_keeps_it_running_and_hears_of_a_bug(fake: FakeDingtalk) -> None:
    async def dial() -> str:
        raise KeyError("a bug")

    async with ClientSession() as session:
        stream = Stream(session=session, dial=dial, handle=Heard(), timing=QUICK)
        with pytest.raises(KeyError):
            await stream.turn()
        await stream.close()


def test_the_pause_grows_with_every_failure_up_to_a_minute_and_is_never_under_the_floor() -> None:
    timing = Timing()
    longest = [back_off(failures, timing, dice=lambda most: most) for failures in range(30)]
    assert longest[0] == pytest.approx(1.1)
    assert longest == sorted(longest)
    assert max(longest) == pytest.approx(60.6)
    assert all(back_off(failures, timing) >= 0.6 for failures in range(30))


@pytest.mark.parametrize("text", ["", "[]", "{", '{"headers": 3}', '{"data": "{"}', "[" * 100_000, "null"])
def test_what_is_no_frame_is_read_as_none(text: str) -> None:
    assert read_frame(text) is None
