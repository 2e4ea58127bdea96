"""What a platform lets us send: windows, blocks and one-use codes, on both databases."""

import asyncio
from datetime import datetime, timedelta

from storage import sending
from storage.sending import Limit, Slot
from storage.store import Store
from tests.fakes.clock import SteppedClock

MINUTE = Limit(most=3, within=timedelta(seconds=60))
HOUR = Limit(most=5, within=timedelta(hours=1))


async def ask(store: Store, clock: SteppedClock, message: str, account: str = "a") -> Slot:
    found: Slot = await store.write(
        sending.take_slot,
        app="there:1",
        call="there:1:send",
        account=account,
        message=message,
        limits=(MINUTE, HOUR),
        now=clock.now(),
    )
    return found


async def test_no_window_of_a_minute_or_an_hour_holds_more_than_its_limit(
    store: Store, clock: SteppedClock
) -> None:
    start = clock.now()
    for nth in range(3):
        assert (await ask(store, clock, f"m{nth}")).wait_until is None
        clock.step(seconds=10)
    assert (await ask(store, clock, "m3")).wait_until == start + timedelta(seconds=60)
    assert (await ask(store, clock, "m3", account="b")).wait_until is None
    clock.go_to(start + timedelta(seconds=60))
    assert (await ask(store, clock, "m4")).wait_until is None
    clock.step(seconds=10)
    assert (await ask(store, clock, "m5")).wait_until is None
    clock.step(minutes=2)
    assert (await ask(store, clock, "m6")).wait_until == start + timedelta(hours=1)


async def test_a_hundred_who_ask_at_once_get_no_more_than_the_limit(
    store: Store, clock: SteppedClock
) -> None:
    slots = await asyncio.gather(*(ask(store, clock, f"m{nth}") for nth in range(100)))
    assert sum(slot.wait_until is None for slot in slots) == 3


async def test_a_message_that_was_tried_before_is_known(store: Store, clock: SteppedClock) -> None:
    assert (await ask(store, clock, "m")).tried is False
    clock.step(seconds=1)
    assert (await ask(store, clock, "m")).tried is True


async def block(store: Store, clock: SteppedClock) -> datetime:
    until: datetime = await store.write(sending.block, name="there:1:send", now=clock.now())
    return until


async def test_a_block_lasts_a_minute_then_longer_and_is_forgiven(store: Store, clock: SteppedClock) -> None:
    first = await block(store, clock)
    assert first == clock.now() + timedelta(seconds=60)
    assert await block(store, clock) == first
    assert (await ask(store, clock, "m")).wait_until == first
    lengths = []
    for _ in range(8):
        clock.go_to(await block(store, clock) + timedelta(seconds=1))
        lengths.append((await block(store, clock) - clock.now()).total_seconds())
    assert lengths == [120, 240, 480, 960, 1920, 3600, 3600, 3600]
    clock.go_to(await block(store, clock) + timedelta(minutes=11))
    assert await block(store, clock) == clock.now() + timedelta(seconds=60)


async def keep(store: Store, clock: SteppedClock, code: str, hours: int = 72) -> None:
    until = clock.now() + timedelta(hours=hours)
    await store.write(sending.keep_code, app="there:1", message="card", code=code, until=until)


async def claim(store: Store, clock: SteppedClock, leave: int = 0) -> str | None:
    found: str | None = await store.write(
        sending.claim_code, app="there:1", message="card", now=clock.now(), leave=leave
    )
    return found


async def test_a_code_is_claimed_once_however_many_want_it(store: Store, clock: SteppedClock) -> None:
    await keep(store, clock, "one")
    await keep(store, clock, "one")
    found = await asyncio.gather(*(claim(store, clock) for _ in range(20)))
    assert sorted(filter(None, found)) == ["one"]
    await store.write(sending.give_back_code, code="one")
    assert await claim(store, clock) == "one"


async def test_the_last_code_can_be_left_and_an_old_one_is_no_code(store: Store, clock: SteppedClock) -> None:
    await keep(store, clock, "old", hours=1)
    clock.step(hours=2)
    await keep(store, clock, "one")
    assert await claim(store, clock, leave=1) is None
    clock.step(seconds=1)
    await keep(store, clock, "two")
    assert await claim(store, clock, leave=1) == "one"
    assert await claim(store, clock) == "two"
    assert await claim(store, clock) is None
    await store.write(sending.tidy_sending, now=clock.now() + timedelta(days=5))
    await keep(store, clock, "old")
    assert await claim(store, clock) == "old"
