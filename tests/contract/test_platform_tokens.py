"""A platform's access token: one fetch at a time over all instances, one retry a call, no stampede."""

import asyncio
from datetime import timedelta

import pytest

from bot.channels.base import Retryable
from bot.channels.tokens import AccessTokens, Fetched, TokenRefused
from storage import platform_tokens
from storage.store import Store
from tests.fakes.clock import SteppedClock


class Platform:
    """Hands out t1, t2, …; only the newest is good, and none while `broken`, when it wants no call for `rest`."""

    def __init__(self) -> None:
        self.fetches = 0
        self.asked: list[str] = []
        self.rest: timedelta | None = None
        self.revoked: set[str] = set()
        self.broken = False

    async def fetch(self) -> Fetched:
        self.fetches += 1
        await asyncio.sleep(0)
        if self.broken:
            raise Retryable("down", self.rest)
        return Fetched(token=f"t{self.fetches}", lasts=timedelta(hours=2))

    async def ask(self, token: str) -> str:
        await asyncio.sleep(0)
        self.asked.append(token)
        if token in self.revoked:
            raise TokenRefused("42001")
        return token


@pytest.fixture
def platform() -> Platform:
    return Platform()


def tokens(store: Store, platform: Platform, clock: SteppedClock) -> AccessTokens:
    return AccessTokens(
        app="there:1", fetch=platform.fetch, write=store.write, units=platform_tokens, clock=clock
    )


async def test_two_hundred_calls_on_two_instances_fetch_one_token(
    store: Store, platform: Platform, clock: SteppedClock
) -> None:
    one, two = tokens(store, platform, clock), tokens(store, platform, clock)
    found = await asyncio.gather(*(each.call(platform.ask) for each in (one, two) * 100))
    assert (set(found), platform.fetches) == ({"t1"}, 1)
    kept = await store.write(platform_tokens.take_turn, app="there:1", used="", now=clock.now())
    assert kept.token == "t1"


async def test_a_token_that_dies_in_a_burst_is_replaced_once(
    store: Store, platform: Platform, clock: SteppedClock
) -> None:
    one, two = tokens(store, platform, clock), tokens(store, platform, clock)
    await asyncio.gather(one.call(platform.ask), two.call(platform.ask))
    clock.step(minutes=1)
    platform.revoked.add("t1")
    found = await asyncio.gather(*(each.call(platform.ask) for each in (one, two) * 100))
    assert (set(found), platform.fetches) == ({"t2"}, 2)


async def test_a_platform_that_refuses_every_token_is_asked_for_two_and_then_left_alone(
    store: Store, platform: Platform, clock: SteppedClock
) -> None:
    one = tokens(store, platform, clock)
    platform.revoked = {f"t{nth}" for nth in range(10)}
    with pytest.raises(Retryable):
        await one.call(platform.ask)
    for _ in range(5):
        with pytest.raises(Retryable) as refused:
            await one.call(platform.ask)
        assert refused.value.after == timedelta(seconds=10)
    assert (platform.fetches, platform.asked) == (1, ["t1"])
    clock.step(seconds=11)
    with pytest.raises(Retryable):
        await one.call(platform.ask)
    assert (platform.fetches, platform.asked) == (2, ["t1", "t2"])


async def test_a_platform_that_wants_a_minutes_rest_is_not_asked_for_a_token_meanwhile(
    store: Store, platform: Platform, clock: SteppedClock
) -> None:
    """Such as one that was asked with a wrong secret, for each of a hundred cards."""
    one = tokens(store, platform, clock)
    platform.broken, platform.rest = True, timedelta(minutes=1)
    for _ in range(100):
        with pytest.raises(Retryable):
            await one.call(platform.ask)
        clock.step(seconds=1)
    assert platform.fetches == 2
    platform.broken = False
    clock.step(minutes=1)
    assert await one.get() == "t3"


async def test_a_token_is_renewed_five_minutes_early_and_a_restart_uses_the_stored_one(
    store: Store, platform: Platform, clock: SteppedClock
) -> None:
    assert await tokens(store, platform, clock).get() == "t1"
    again = tokens(store, platform, clock)
    assert await again.get() == "t1"
    clock.step(minutes=114)
    assert await again.get() == "t1"
    clock.step(minutes=2)
    assert await again.get() == "t2"


async def test_a_failed_fetch_lets_the_next_try_and_all_who_waited_hear_at_once(
    store: Store, platform: Platform, clock: SteppedClock
) -> None:
    one = tokens(store, platform, clock)
    platform.broken = True
    found = await asyncio.gather(*(one.call(platform.ask) for _ in range(20)), return_exceptions=True)
    assert {type(each) for each in found} == {Retryable}
    assert platform.fetches == 1
    platform.broken = False
    clock.step(seconds=2)
    assert await one.get() == "t2"


async def test_who_dies_while_fetching_is_replaced(
    store: Store, platform: Platform, clock: SteppedClock
) -> None:
    turn = await store.write(platform_tokens.take_turn, app="there:1", used="", now=clock.now())
    assert turn.mine
    later = await store.write(platform_tokens.take_turn, app="there:1", used="", now=clock.now())
    assert (later.mine, later.token) == (False, "")
    clock.step(seconds=16)
    assert await tokens(store, platform, clock).get() == "t1"


async def test_a_caller_who_gives_up_leaves_nobody_waiting_for_a_token(
    store: Store, platform: Platform, clock: SteppedClock
) -> None:
    one = tokens(store, platform, clock)
    hasty = asyncio.create_task(one.call(platform.ask))
    await asyncio.sleep(0)  # its turn is being taken
    hasty.cancel()
    await asyncio.gather(hasty, return_exceptions=True)
    assert (await one.call(platform.ask), platform.fetches) == ("t1", 1)
