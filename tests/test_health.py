"""Is it up, can it work, and how is it doing: /healthz, /readyz and /metrics."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any

import pytest
import pytest_asyncio
from aiohttp import web
from aiohttp.test_utils import TestClient, TestServer

from bot.web import health, metrics, problems
from bot.web.health import Health
from bot.web.keys import Keys
from bot.web.metrics import Metrics
from domain.errors import Unavailable
from domain.lead import Customer, Origin
from domain.usecases.leads import capture_lead
from storage.reads import Reads
from storage.store import Store
from tests.fakes.clock import SteppedClock

Client = TestClient[web.Request, web.Application]


@dataclass(slots=True, kw_only=True)
class State:
    """What the program's parts say of themselves."""

    ping: Callable[[], Awaitable[None]]
    loops: dict[str, tuple[float, float]] = field(default_factory=lambda: {"relay": (0.2, 3.0)})
    schema: tuple[str | None, str] = ("0001", "0001")
    late: float = 0.0
    streams: dict[str, float] = field(default_factory=dict)


async def _fine() -> None:
    """A database that answers."""


@pytest.fixture
def state() -> State:
    return State(ping=_fine)


@pytest_asyncio.fixture
async def client(state: State) -> AsyncIterator[Client]:
    async def schema() -> tuple[str | None, str]:
        return state.schema

    async def late() -> float:
        return state.late

    async def ping() -> None:
        await state.ping()

    app = web.Application()
    asked = Health(
        ping=ping,
        schema=schema,
        loops=lambda: state.loops,
        outbox_late=late,
        streams=lambda: state.streams,
    )
    health.mount(app, asked)
    async with TestClient(TestServer(app)) as client:
        yield client


async def ready(client: Client) -> tuple[int, dict[str, tuple[bool, str]]]:
    answer = await client.get("/readyz")
    body = await answer.json()
    assert body["ready"] is (answer.status == 200)
    return answer.status, {each["name"]: (each["ok"], each["detail"]) for each in body["checks"]}


@pytest.mark.parametrize(("silent", "good"), [(0.0, True), (60.0, True), (61.0, False)])
async def test_a_platform_that_cannot_reach_us_is_borne_for_a_minute(
    client: Client, state: State, silent: float, good: bool
) -> None:
    state.streams = {"dingtalk": silent}
    status, found = await ready(client)
    assert (status == 200, found["stream dingtalk"][0]) == (good, good)


async def test_a_bot_that_works_is_ready(client: Client) -> None:
    status, found = await ready(client)
    assert status == 200
    assert found == {
        "database": (True, "answers"),
        "schema": (True, "at 0001"),
        "outbox": (True, "the oldest due notice is 0 s late"),
        "loop relay": (True, "last good round 0 s ago, at most 3 s is fine"),
    }


async def test_the_bare_address_names_what_there_is(client: Client) -> None:
    answer = await client.get("/")
    assert answer.status == 200
    assert "/openapi.json" in await answer.text()


async def test_a_loop_that_stands_still_makes_it_unready(client: Client, state: State) -> None:
    state.loops["sweep"] = (3.1, 3.0)
    status, found = await ready(client)
    assert status == 503
    assert not found["loop sweep"][0]
    assert found["loop relay"][0]


async def test_an_older_schema_and_a_stuck_outbox_are_named(client: Client, state: State) -> None:
    state.schema, state.late = (None, "0001"), 121.0
    status, found = await ready(client)
    assert status == 503
    assert found["schema"] == (False, "at no schema, needs 0001")
    assert found["outbox"] == (False, "the oldest due notice is 121 s late")


async def test_a_database_that_does_not_answer_in_a_second_is_not_waited_for(
    client: Client, state: State, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(health, "DATABASE_SECONDS", 0.0)
    state.ping = asyncio.Event().wait  # type: ignore[assignment]
    status, found = await ready(client)
    assert status == 503
    assert found["database"] == (False, "no answer within 0 s")
    assert "schema" not in found
    assert (await client.get("/healthz")).status == 200


async def test_a_database_that_is_gone_makes_it_unready_but_not_dead(client: Client, state: State) -> None:
    async def gone() -> None:
        raise Unavailable("OperationalError")

    state.ping = gone
    status, found = await ready(client)
    assert status == 503
    assert found["database"] == (False, "not reachable: OperationalError")
    answer = await client.get("/healthz")
    assert (answer.status, await answer.json()) == (200, {"ok": True})


async def test_the_real_store_is_ready(store: Store, clock: SteppedClock) -> None:
    reads = Reads(store.reader)
    asked = Health(
        ping=reads.ping, schema=reads.schema, loops=dict, outbox_late=lambda: reads.outbox_late(clock.now())
    )
    found = await health.checks(asked)
    assert [check.name for check in found if check.ok] == ["database", "schema", "outbox"]


# -- metrics ------------------------------------------------------------------------------------------------


@pytest_asyncio.fixture
async def measured(
    store: Store, clock: SteppedClock
) -> AsyncIterator[tuple[Client, Metrics, dict[str, bool]]]:
    figures, reads, gone = Metrics(), Reads(store.reader), {"gone": False}

    async def counts() -> Any:
        if gone["gone"]:
            raise Unavailable("OperationalError")
        return await reads.counts(clock.now())

    async def nobody(_hash: str) -> None:
        return None

    keys = Keys({"prometheus": "lb_scrape"}, verify=nobody, ticks=clock.monotonic)
    app = web.Application(middlewares=[problems.guard(new_id=lambda: "id", observe=figures.http)])
    metrics.mount(app, figures, counts, keys.may_measure)
    async with TestClient(TestServer(app)) as client:
        yield client, figures, gone


async def test_prometheus_reads_every_figure(
    measured: tuple[Client, Metrics, dict[str, bool]], store: Store, clock: SteppedClock
) -> None:
    client, figures, _ = measured
    origin = Origin(channel="web", source="website")
    await store.write(capture_lead, customer=Customer(name="张伟"), origin=origin, now=clock.now())
    figures.lead("website")
    figures.callback(0.02)
    figures.facts({("breached", "accept"): 1})
    figures.send("wecom", "sent")
    figures.http("/api/v1/leads", "BREW", 405, 0.001)
    clock.step(seconds=90)
    answer = await client.get("/metrics")
    assert answer.status == 200
    assert answer.headers["Content-Type"].startswith("text/plain; version=0.0.4")
    lines = (await answer.text()).splitlines()
    for line in (
        'leadbell_leads_total{source="website"} 1.0',
        "leadbell_callback_seconds_count 1.0",
        'leadbell_sla_breaches_total{clock="accept"} 1.0',
        'leadbell_send_total{channel="wecom",result="sent"} 1.0',
        'leadbell_http_seconds_count{method="other",route="/api/v1/leads",status="405"} 1.0',
        'leadbell_leads{stage="offered"} 1.0',
        'leadbell_leads{stage="pool"} 0.0',
        "leadbell_outbox_due 1.0",
        "leadbell_outbox_dead 0.0",
        "leadbell_outbox_oldest_seconds 90.0",
        "leadbell_sweep_lag_seconds 30.0",
    ):
        assert line in lines
    assert not any("_created" in line for line in lines)


async def test_without_a_database_the_program_s_own_figures_are_still_there(
    measured: tuple[Client, Metrics, dict[str, bool]],
) -> None:
    client, figures, gone = measured
    gone["gone"] = True
    figures.facts({("breached", "contact"): 1})
    text = await (await client.get("/metrics")).text()
    assert 'leadbell_sla_breaches_total{clock="contact"} 1.0' in text
    assert "leadbell_outbox_due" not in text


async def test_metrics_need_a_token_through_a_proxy(
    measured: tuple[Client, Metrics, dict[str, bool]],
) -> None:
    client, _, _ = measured
    passed_on = {"X-Forwarded-For": "198.51.100.7"}
    for headers in (
        passed_on,
        {"X-Real-IP": "198.51.100.7"},
        {"X-Forwarded-Proto": "https"},
        {"Via": "1.1 x"},
    ):
        assert (await client.get("/metrics", headers=headers)).status == 401
    token = {"Authorization": "Bearer lb_scrape"}
    assert (await client.get("/metrics", headers=passed_on | token)).status == 200
