"""Runs a flow with the N-th call failing, for every N and every way, and checks what is left after each."""

from collections.abc import AsyncIterator, Callable, Generator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from bot import deliver
from tests.nth.faults import CALLS, Fault, Saboteur, ways
from tests.nth.flows import FLOWS, Client
from tests.scenario.world import Starter, World

ENOUGH = 40
"""Runs on one bot; then a new one, so that looking at everything stays cheap."""
ROOMY = '\n[calendar]\nmode = "always"\n\n[capacity]\nunaccepted = 5000\nactive = 5000\nper_day = 100000\n\n[leads]\nlapses_allowed = 100000\n'
MOST = 400


@dataclass(slots=True, kw_only=True)
class Score:
    """`runs` with a failing call, `calls` by kind of the longest, `wrong` what did not hold."""

    runs: int = 0
    calls: dict[str, int] = field(default_factory=dict)
    wrong: list[str] = field(default_factory=list)


@asynccontextmanager
async def bot(url: str, folder: Path) -> AsyncIterator[tuple[World, Saboteur]]:
    starter = Starter(database_url=url, media=folder / "media")
    timeout = deliver.TIMEOUT
    world = await starter.start(ROOMY)
    try:
        world.service.store.set_pace(1_000_000)
        yield world, Saboteur(world.service)
    finally:
        deliver.TIMEOUT = timeout
        await starter.stop_all()


async def sweep(
    flow: str, url: Callable[[], str], folder: Path, *, calls: tuple[str, ...] = CALLS, step: int = 1
) -> Score:
    """Every N (or every `step`-th) of every kind of call in every way. `url` makes an empty database's URL."""
    score = Score()
    fresh = url()
    waiting = _orders(calls, score, step, fresh.startswith("sqlite"))
    order = next(waiting)
    while order is not None:
        async with bot(fresh, folder) as (world, saboteur):
            for _ in range(ENOUGH):
                if order is None:
                    break
                fault = Fault(*order)
                await once(flow, world, saboteur, fault, score)
                order = waiting.send(fault.struck)
        fresh = url()
    return score


def _orders(
    calls: tuple[str, ...], score: Score, step: int, sqlite: bool
) -> Generator[tuple[str, str, int] | None, bool, None]:
    """(call, way, N) one after the other; told after each whether it struck: when not, that way is through."""
    for call in calls:
        for way in ways(call, sqlite=sqlite):
            nth = 1
            while nth < MOST and (yield call, way, nth):
                score.calls[call] = max(score.calls.get(call, 0), nth)
                nth += step
    yield None


async def once(flow: str, world: World, saboteur: Saboteur, fault: Fault, score: Score) -> None:
    """One run with one failing call, and a look at everything after it."""
    client = Client(world=world)
    saboteur.fault = fault
    try:
        await FLOWS[flow](client)
        await client.see("/sim/api/people/xiaolin/messages")  # waits for what is on its way
    finally:
        saboteur.fault = None
    if fault.struck:
        score.runs += 1
    await client.same_again()
    said = [*client.wrong, *await left(world)]
    score.wrong += [f"{flow}, {fault.call} {fault.nth} {fault.way}: {each}" for each in said]


async def left(world: World) -> list[str]:
    """What does not hold once all leases and back-offs have run out."""
    for _ in range(4):
        await world.advance("35s")
        waiting = await rows(world, "SELECT count(*) FROM outbox WHERE state = 'due' AND attempts > 0")
        if waiting == [(0,)]:
            break
    found = [f"INV-{each.invariant} {each.lead} {each.what}" for each in await world.audit()]
    checks = {
        "still to be sent": "SELECT key FROM outbox WHERE state = 'due' AND attempts > 0",
        "captured twice": "SELECT external_id FROM leads WHERE external_id IS NOT NULL GROUP BY external_id HAVING count(*) > 1",
        "accepted twice": "SELECT lead_id FROM events WHERE kind = 'accepted' GROUP BY lead_id, offer, cycle, actor HAVING count(*) > 1 AND max(offer) > 0",
        "one offer on two cards": "SELECT person, lead_id, args FROM shown WHERE tell IN ('offer', 'grab') GROUP BY person, lead_id, args HAVING count(*) > 1",
        "a note twice": "SELECT lead_id FROM notes WHERE NOT gone GROUP BY lead_id, author, text HAVING count(*) > 1",
    }
    for what, statement in checks.items():
        found += [f"{what}: {row}" for row in await rows(world, statement)]
    return found


async def rows(world: World, statement: str) -> list[tuple[Any, ...]]:
    def read(uow: Any) -> list[tuple[Any, ...]]:
        return [tuple(row) for row in uow.query(statement)]

    found: list[tuple[Any, ...]] = await world.service.store.write(read)
    return found
