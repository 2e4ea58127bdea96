"""Two wishes at the same instant: exactly one comes true, whoever asks, on one store or on two.

A thousand races of each kind; `LEADBELL_RACES=10000` makes it so many.
"""

import asyncio
import os
import random
from collections.abc import Awaitable, Callable, Iterator
from datetime import datetime, timedelta
from typing import Any

import pytest

from domain.errors import DomainError
from domain.lead import Customer, Lead, Origin
from domain.people import Capacity, Company, Role
from domain.usecases import escalation, leads
from domain.usecases.delivery import Sent
from storage.store import Store
from storage.writer import Once
from tests.conftest import OpenStore
from tests.fakes.clock import SteppedClock
from tests.fakes.company import EAST, make_company, person
from tests.fakes.floor import Floor

RACES = int(os.environ.get("LEADBELL_RACES", "1000"))
SWEEPS = RACES // 25
AT_ONCE = 10_000
PLENTY = Capacity(unaccepted=10**6, active=10**6, per_day=10**6)


@pytest.fixture
def company() -> Company:
    """One team with room for everything, so that a thousand races can be prepared at once."""
    reps = [person(rep, Role.REP, "east", capacity=PLENTY) for rep in EAST]
    return make_company([*reps, person("me", Role.MANAGER, "east"), person("dir", Role.DIRECTOR)])


@pytest.fixture
async def stores(open_store: OpenStore, engine_name: str) -> list[Store]:
    """One store on SQLite; on PostgreSQL two, as two instances."""
    return [await open_store() for _ in range(1 if engine_name == "sqlite" else 2)]


class Track:
    """A thousand leads at the start of a race, and the stores in turn."""

    def __init__(self, stores: list[Store], clock: SteppedClock) -> None:
        self.floor = Floor(stores[0], clock)
        self._stores = self._turns(stores)

    @staticmethod
    def _turns(stores: list[Store]) -> Iterator[Store]:
        while True:
            yield from stores

    def ask(self, work: Callable[..., Any], **values: Any) -> Awaitable[Any]:
        return next(self._stores).write(work, **values)

    async def offered(self, count: int = RACES) -> list[Lead]:
        """So many leads, each shown to its rep."""
        found = await asyncio.gather(
            *(
                self.ask(leads.capture_lead, customer=Customer(name="x"), origin=Origin(), now=self.floor.now)
                for _ in range(count)
            )
        )
        work = await self.floor.claim(limit=10 * count)
        await self.floor.settle(
            *(Sent(delivery=each.delivery, shown=(self.floor.copy(each.delivery),)) for each in work)
        )
        return [each.lead for each in found]

    def accept(self, lead: str, by: str, offer: int, at: datetime) -> Awaitable[Any]:
        return self.ask(leads.accept_lead, lead_id=lead, offer_no=offer, by=by, at=at)

    async def sweeps(self, count: int, limit: int) -> list[list[str]]:
        asked = (self.ask(escalation.escalate_due, now=self.floor.now, limit=limit) for _ in range(count))
        return list(await asyncio.gather(*asked))

    async def count(self, kind: str) -> int:
        rows = await self.floor.rows("SELECT count(*) FROM events WHERE kind = ?", kind)
        number: int = rows[0][0]
        return number


async def settle_all(wishes: list[Awaitable[Any]]) -> list[Any]:
    """All of them in any order, as many at once as the writer lets wait."""
    random.Random(7).shuffle(wishes)
    done: list[Any] = []
    for at in range(0, len(wishes), AT_ONCE):
        done += await asyncio.gather(*wishes[at : at + AT_ONCE], return_exceptions=True)
    return done


@pytest.fixture
async def track(stores: list[Store], clock: SteppedClock) -> Any:
    race = Track(stores, clock)
    yield race
    assert await race.floor.audit() == []


async def test_a_thousand_grabs_have_a_thousand_winners(track: Track) -> None:
    found = await track.offered()
    track.floor.clock.step(minutes=15)
    while any(await track.sweeps(1, 500)):
        pass
    offers: dict[str, int] = {row[0]: row[1] for row in await track.floor.rows("SELECT id, offer FROM leads")}
    grabs: list[Awaitable[Any]] = [
        track.accept(lead.id, rep, offers[lead.id], track.floor.now) for lead in found for rep in EAST
    ]
    done = await settle_all(grabs)
    assert sum(isinstance(each, Lead) for each in done) == RACES
    assert all(isinstance(each, Lead | DomainError) for each in done)
    assert await track.count("accepted") == RACES


async def test_an_accept_in_time_beats_the_timer_a_thousand_times(track: Track) -> None:
    """Received before ten minutes were over, committed before or after the step that passes it on."""
    found = await track.offered()
    received = track.floor.clock.step(minutes=9, seconds=59)
    track.floor.clock.step(seconds=2)
    wishes = [track.accept(lead.id, lead.owner or "", 1, received) for lead in found]
    timers: list[Awaitable[Any]] = [
        track.ask(escalation.escalate_due, now=track.floor.now, limit=40) for _ in range(SWEEPS)
    ]
    done = await settle_all([*wishes, *timers])
    assert [each for each in done if isinstance(each, BaseException)] == []
    rows = await track.floor.rows("SELECT id, owner, stage FROM leads")
    owners = {lead.id: lead.owner for lead in found}
    assert all(stage == "accepted" and owner == owners[lead] for lead, owner, stage in rows)
    assert await track.count("escalation_withdrawn") == await track.count("reassigned") > 0


async def test_a_late_accept_and_the_timer_have_one_winner_each(track: Track) -> None:
    found = await track.offered()
    late = track.floor.clock.step(minutes=10) + timedelta(microseconds=1)
    track.floor.clock.step(seconds=1)
    wishes = [track.accept(lead.id, lead.owner or "", 1, late) for lead in found]
    timers: list[Awaitable[Any]] = [
        track.ask(escalation.escalate_due, now=track.floor.now, limit=40) for _ in range(SWEEPS)
    ]
    done = await settle_all([*wishes, *timers])
    won = [each for each in done if isinstance(each, Lead)]
    assert await track.count("accepted") == len(won)
    assert await track.count("reassigned") >= RACES - len(won)
    rows = await track.floor.rows("SELECT stage, count(*) FROM leads GROUP BY stage ORDER BY stage")
    stages: dict[str, int] = {stage: number for stage, number in rows}  # noqa: C416
    assert sum(stages.values()) == RACES
    assert stages.get("accepted", 0) == len(won)


async def test_a_thousand_steps_fire_once_each_however_many_sweep(track: Track) -> None:
    await track.offered()
    track.floor.clock.step(minutes=5)
    while any(await track.sweeps(8, 100)):
        pass
    assert [await track.count(kind) for kind in ("reminded", "breached", "escalated")] == [RACES] * 3


async def test_the_same_click_four_times_in_any_order_has_one_effect_and_one_answer(track: Track) -> None:
    found = await track.offered(250)

    def click(lead: Lead) -> Awaitable[Any]:
        once = Once(
            key=f"click-{lead.id}", answer=lambda got: f"yours {got.id}", refuse=lambda error: error.code,
            at=track.floor.now, by=lead.owner or "",
        )  # fmt: skip
        return track.ask(
            leads.accept_lead, once=once, lead_id=lead.id, offer_no=1, by=lead.owner, at=track.floor.now
        )

    answers = await settle_all([click(lead) for lead in found for _ in range(4)])
    assert sorted(answers) == sorted(f"yours {lead.id}" for lead in found for _ in range(4))
    assert await track.count("accepted") == 250
    assert await track.count("refused") == 0
