"""The loops that run beside everything else: they lose nothing that was claimed, and they end when told to."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import Any

import pytest

from domain.clock import EPOCH
from domain.errors import Unavailable
from domain.notices import Tell
from domain.ports import Delivery
from domain.usecases.delivery import Receipt, Sent, Work, claim
from scheduler.relay import CLAIM, Relay
from scheduler.supervisor import Supervisor
from scheduler.ticker import Ticker
from tests.fakes.clock import SteppedClock


def work_for(person: str, key: str = "") -> Work:
    delivery = Delivery(key=key or person, lease=1, tell=Tell.GAP, to=person, lead_id=None, created_at=EPOCH)
    return Work(delivery=delivery, lead=None)


class House:
    """A store and a channel that answer when they are let."""

    def __init__(self, *people: str) -> None:
        self.due = [work_for(person) for person in people]
        self.booked: list[str] = []
        self.sends = {person: asyncio.Event() for person in people}
        self.claims, self.bookings = asyncio.Event(), asyncio.Event()
        self.asked, self.disk_full, self.unbookable = 0, False, ""
        self.relay = Relay(write=self.write, deliver=self.deliver, clock=SteppedClock(), told=asyncio.Event())

    async def write(self, use_case: Any, **values: Any) -> Any:
        if use_case is claim:
            self.asked += 1
            claimed, self.due = self.due, []
            await self.claims.wait()
            return claimed
        await self.bookings.wait()
        if self.disk_full:
            raise Unavailable("disk full")
        keys = [receipt.delivery.key for receipt in values["receipts"]]
        if self.unbookable in keys:
            raise ValueError("a bug")
        self.booked += keys
        return None

    async def deliver(self, works: Sequence[Work]) -> list[Receipt]:
        await self.sends[works[0].delivery.to].wait()
        return [Sent(delivery=work.delivery) for work in works]


async def settled() -> None:
    for _ in range(20):
        await asyncio.sleep(0)


async def test_what_is_sent_while_a_booking_runs_is_booked_too() -> None:
    house = House("a", "b", "c")
    house.claims.set()
    await house.relay.once()
    for person in ("a", "b", "c"):
        house.sends[person].set()
        await settled()  # each arrives while the booking of the first one stands still
    house.bookings.set()
    assert await house.relay.drain()
    assert house.booked == ["a", "b", "c"]


async def test_nothing_is_claimed_while_what_was_shown_waits_to_be_booked() -> None:
    house = House("a", "b")
    house.claims.set()
    house.bookings.set()
    house.disk_full = True
    await house.relay.once()
    house.sends["a"].set()
    await settled()  # shown, not booked, and nobody is busy with it any more
    house.bookings.clear()
    house.sends["b"].set()
    await settled()  # another booking has taken it along
    turn = asyncio.create_task(house.relay.once())
    await settled()
    house.bookings.set()
    assert not await turn
    assert not await house.relay.drain(within=0.01), "who drains waits for the bookings too"
    assert (house.asked, house.booked) == (1, [])
    house.disk_full = False
    await house.relay.once()
    assert (house.asked, house.booked) == (2, ["a", "b"])


@pytest.mark.parametrize(("waiting", "asked"), [(CLAIM, 2), (CLAIM - 1, 1)])
async def test_only_a_full_claim_is_followed_by_another_unasked(waiting: int, asked: int) -> None:
    house = House(*["a"] * waiting)
    house.claims.set()
    loop = asyncio.create_task(forever(house.relay.turn))
    await settled()
    assert house.asked == asked
    house.bookings.set()
    house.sends["a"].set()
    await settled()
    assert house.asked > asked, "who is done may have more to come"
    loop.cancel()


async def forever(turn: Callable[[], Awaitable[None]]) -> None:
    while True:
        await turn()


async def test_a_receipt_that_cannot_be_booked_takes_no_other_with_it() -> None:
    house = House("a", "b", "c")
    house.unbookable = "b"
    house.claims.set()
    await house.relay.once()
    for person in ("a", "b", "c"):
        house.sends[person].set()
        await settled()  # the first booking stands still, so that the others go together
    house.bookings.set()
    await settled()
    assert house.booked == ["a", "c"]
    await house.relay.close()


async def test_who_gives_up_waiting_loses_nothing_that_was_claimed_for_them() -> None:
    house = House("a")
    house.bookings.set()
    house.sends["a"].set()
    assert not await house.relay.drain(within=0.01)
    house.claims.set()
    await settled()
    assert house.booked == ["a"]


async def test_a_relay_that_closes_lets_a_claim_and_its_delivery_end() -> None:
    house = House("a")
    house.bookings.set()
    turn = asyncio.create_task(house.relay.turn())
    await settled()
    turn.cancel()
    closing = asyncio.create_task(house.relay.close())
    await settled()
    house.claims.set()
    house.sends["a"].set()
    await closing
    assert house.booked == ["a"]
    with pytest.raises(asyncio.CancelledError):
        await turn


@pytest.mark.parametrize("swallowed", [False, True])
async def test_a_loop_ends_when_told_to_even_if_something_swallows_the_word(swallowed: bool) -> None:
    supervisor = Supervisor(gave_up=lambda name: None)

    async def turn() -> None:
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            if not swallowed:
                raise

    supervisor.add("loop", turn, 1.0)
    supervisor.start()
    await settled()
    async with asyncio.timeout(2):
        await supervisor.close()


async def test_a_job_under_way_at_the_close_is_broken_off_without_a_word(
    caplog: pytest.LogCaptureFixture,
) -> None:
    ticker, begun, ended = Ticker(), asyncio.Event(), asyncio.Event()

    async def job() -> None:
        begun.set()
        try:
            await asyncio.Event().wait()
        finally:
            ended.set()

    ticker.every(0.01, job, name="audit")
    ticker.start()
    async with asyncio.timeout(5):
        await begun.wait()
        ticker.close()
        await ended.wait()
    await asyncio.sleep(0)
    assert [each for each in caplog.records if each.levelname == "ERROR"] == []
