"""DISPATCH: from a click to its handler, beside slack-bolt and aiogram in the same run.

Ours is `Router.on_click` with a handler that does nothing; theirs is a press of a button through the front
door of each (bolt without its signature check, aiogram from the raw update), to a handler that does nothing.
They do more on the way: middlewares, filters, contexts.
"""

import asyncio
import json
import time
from collections.abc import Awaitable, Callable, Iterator
from datetime import UTC, datetime
from typing import Any

from benchmarks.figures import Figure
from benchmarks.measure import median, pin
from bot.cards.actions import Accept
from bot.inbound import Click, Reply
from bot.router import Router

ROUNDS, MANY = 5, 200
Press = Callable[[], Awaitable[object]]


def run(quick: bool = False) -> Iterator[Figure]:
    pin(0)
    yield from asyncio.run(_compare(200 if quick else 5000))


async def _compare(count: int) -> list[Figure]:
    pressed: dict[str, Press] = {"ours 1": _ours(0), f"ours {MANY}": _ours(MANY)}
    pressed |= _bolt() | _aiogram()
    took: dict[str, list[float]] = {name: [] for name in pressed}
    for press in pressed.values():
        await _time(press, count // 20)
    for _ in range(ROUNDS):
        for name, press in pressed.items():
            # slack-bolt sleeps 10 ms between a press and its answer: fewer presses, or the bench takes minutes
            took[name].append(await _time(press, count if name.startswith("ours") else count // 10))
    one, many = took["ours 1"], took[f"ours {MANY}"]
    ratios = [a / b for a, b in zip(many, one, strict=True)]
    figures = [
        Figure(bench="dispatch", name="router to handler", value=median(one), unit="us", target=5.0, rounds=one),
        Figure(
            bench="dispatch", name=f"{MANY} handlers over one", value=median(ratios), unit="x", target=1.2,
            rounds=ratios,
        ),
    ]  # fmt: skip
    for name in list(took)[2:]:
        figures.append(
            Figure(bench="dispatch", name=f"beside: {name}", value=median(took[name]), unit="us",
                   rounds=took[name], beside=f"{median(took[name]) / median(one):.0f}x ours")
        )  # fmt: skip
    return figures


async def _time(press: Press, count: int) -> float:
    begun = time.process_time()
    for _ in range(count):
        await press()
    return (time.process_time() - begun) / count * 1e6


def _ours(others: int) -> Press:
    router = Router()

    async def nothing(_bot: object, _click: Click) -> Reply:
        return _REPLY

    for number in range(others):
        router.click(type(f"Action{number}", (), {}))(nothing)
    router.click(Accept)(nothing)
    action = Accept(lead="L1001", offer=1)
    click = Click(by="rep", action=action, at=datetime(2026, 11, 2, tzinfo=UTC), key="k")
    bot: Any = None
    return lambda: router.on_click(bot, click)


_REPLY = Reply(text="")


def _bolt() -> dict[str, Press]:
    """slack-bolt with one handler and with twenty; nothing where it is not installed."""
    try:
        from slack_bolt.async_app import AsyncApp
        from slack_bolt.authorization import AuthorizeResult
        from slack_bolt.request.async_request import AsyncBoltRequest
    except ImportError:
        return {}

    async def authorize(**_: object) -> Any:
        return AuthorizeResult(
            enterprise_id=None, team_id="T1", bot_token="xoxb-1", bot_id="B1", bot_user_id="U0"
        )

    async def nothing(ack: Any) -> None:
        await ack()

    def made(handlers: int) -> Press:
        app = AsyncApp(
            signing_secret="s", authorize=authorize, request_verification_enabled=False,
            ignoring_self_events_enabled=False, url_verification_enabled=False, ssl_check_enabled=False,
        )  # fmt: skip
        for number in range(handlers - 1):
            app.action(f"other{number}")(nothing)
        app.action("accept")(nothing)
        body = json.dumps(
            {"type": "block_actions", "team": {"id": "T1"}, "user": {"id": "U1"}, "api_app_id": "A1",
             "actions": [{"type": "button", "action_id": "accept", "block_id": "b", "value": "L1001-1"}]}
        )  # fmt: skip
        headers = {"content-type": ["application/json"]}

        async def press() -> object:
            answer = await app.async_dispatch(AsyncBoltRequest(body=body, headers=headers))
            assert answer.status == 200
            return answer

        return press

    return {"slack-bolt, 1 handler": made(1), "slack-bolt, 20 handlers": made(20)}


def _aiogram() -> dict[str, Press]:
    """aiogram with one handler and with twenty; nothing where it is not installed."""
    try:
        from aiogram import Bot, Dispatcher, F
    except ImportError:
        return {}
    bot = Bot("42:" + "a" * 35)
    user = {"id": 1, "is_bot": False, "first_name": "x"}
    message = {"message_id": 1, "date": 1, "chat": {"id": 1, "type": "private"}, "text": "x"}
    update = {
        "update_id": 1,
        "callback_query": {
            "id": "1", "from": user, "chat_instance": "1", "data": "accept:L1001-1", "message": message,
        },
    }  # fmt: skip

    async def nothing(_query: object) -> bool:
        return True

    def made(handlers: int) -> Press:
        dispatcher = Dispatcher()
        for number in range(handlers - 1):
            dispatcher.callback_query.register(nothing, F.data.startswith(f"other{number}:"))
        dispatcher.callback_query.register(nothing, F.data.startswith("accept:"))
        return lambda: dispatcher.feed_raw_update(bot, update)

    return {"aiogram, 1 handler": made(1), "aiogram, 20 handlers": made(20)}
