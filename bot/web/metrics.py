"""Figures for Prometheus, in a registry of our own. No label holds a person or a phone."""

from collections.abc import Awaitable, Callable, Iterable, Mapping
from functools import cache
from typing import Protocol

from aiohttp import web
from prometheus_client import (
    CollectorRegistry,
    Counter,
    Gauge,
    Histogram,
    disable_created_metrics,
    generate_latest,
)
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.exposition import CONTENT_TYPE_PLAIN_0_0_4
from prometheus_client.registry import Collector

from domain.errors import Unavailable
from domain.events import Kind
from domain.stages import Stage

_QUICK = (0.002, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0)
_METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})


class Counts(Protocol):
    """How things stand, as storage.reads counts them; seconds where a name does not say a number."""

    @property
    def leads(self) -> Mapping[str, int]: ...
    @property
    def outbox_due(self) -> int: ...
    @property
    def outbox_dead(self) -> int: ...
    @property
    def outbox_late(self) -> float: ...
    @property
    def overdue_seconds(self) -> float: ...


class _Standing(Collector):
    """The gauges: read from the database when somebody asks, not kept."""

    def __init__(self) -> None:
        self.counts: Counts | None = None

    def collect(self) -> Iterable[GaugeMetricFamily]:
        counts = self.counts
        if counts is None:
            return
        stages = GaugeMetricFamily("leadbell_leads", "Leads by stage", labels=["stage"])
        for stage in Stage:
            stages.add_metric([stage.value], counts.leads.get(stage.value, 0))
        yield stages
        for name, about, value in (
            ("leadbell_outbox_due", "Notices whose time has come and that are not sent", counts.outbox_due),
            ("leadbell_outbox_dead", "Notices given up", counts.outbox_dead),
            ("leadbell_outbox_oldest_seconds", "How late the oldest due notice is", counts.outbox_late),
            ("leadbell_sweep_lag_seconds", "How late the sweep is with a clock", counts.overdue_seconds),
        ):
            yield GaugeMetricFamily(name, about, value=value)


class Metrics:
    """What the program counts. Made once, by whoever wires it."""

    def __init__(self) -> None:
        disable_created_metrics()  # type: ignore[no-untyped-call]
        self.registry = CollectorRegistry()
        self._standing = _Standing()
        self._connected = Gauge(
            "leadbell_stream_connected",
            "1 while a platform's pushes can reach us over our own connection",
            ["channel"],
            registry=self.registry,
        )
        self._silent = Gauge(
            "leadbell_stream_silent_seconds",
            "For how long a platform's pushes could not reach us; 0 while connected",
            ["channel"],
            registry=self.registry,
        )
        self._budget = Gauge(
            "leadbell_platform_month",
            "What a platform counts and limits by the month: our calls, its pushes",
            ["channel", "what", "of"],
            registry=self.registry,
        )
        self._leads = Counter(
            "leadbell_leads_total", "Leads handed in, by source", ["source"], registry=self.registry
        )
        self._http = Histogram(
            "leadbell_http_seconds",
            "Time of an HTTP answer",
            ["route", "method", "status"],
            registry=self.registry,
            buckets=_QUICK,
        )
        self._callback = Histogram(
            "leadbell_callback_seconds",
            "Time of a chat callback's answer",
            registry=self.registry,
            buckets=_QUICK,
        )
        self._breaches = Counter(
            "leadbell_sla_breaches_total", "Promises broken, by clock", ["clock"], registry=self.registry
        )
        self._sends = Counter(
            "leadbell_send_total",
            "Messages handed to a channel",
            ["channel", "result"],
            registry=self.registry,
        )
        self._inbound = Counter(
            "leadbell_inbound_total",
            "Callbacks taken, by channel and kind; `unknown` is a kind that this release does not know",
            ["channel", "kind"],
            registry=self.registry,
        )
        self._facts = Counter(
            "leadbell_facts_total", "Facts about leads, by kind", ["kind"], registry=self.registry
        )
        self._http_of = cache(self._http.labels)  # found once for good: to find one costs more than to count
        self._inbound_of = cache(self._inbound.labels)
        self.registry.register(self._standing)

    def lead(self, source: str) -> None:
        """A new lead came in; `source` is a token's name or `chat`."""
        self._leads.labels(source).inc()

    def http(self, route: str, method: str, status: int, seconds: float) -> None:
        """An HTTP request was answered; `route` is a template, never a path."""
        self._http_of(route, method if method in _METHODS else "other", str(status)).observe(seconds)

    def stream(self, channel: str, silent: Callable[[], float]) -> None:
        """A platform pushes over a connection of ours; `silent` tells for how many seconds it could not, and
        is asked at each look."""
        self._connected.labels(channel).set_function(lambda: float(silent() == 0))
        self._silent.labels(channel).set_function(silent)

    def budget(self, channel: str, what: str, used: int, limit: int) -> None:
        """How much of a platform's month is used: of its `calls`, of its `pushes`."""
        self._budget.labels(channel, what, "used").set(used)
        self._budget.labels(channel, what, "limit").set(limit)

    def callback(self, seconds: float) -> None:
        """A chat callback was answered."""
        self._callback.observe(seconds)

    def inbound(self, channel: str, kind: str) -> None:
        """A genuine callback was taken; `kind` is one of a closed list."""
        self._inbound_of(channel, kind).inc()

    def facts(self, counts: Mapping[tuple[str, str], int]) -> None:
        """These facts were committed, by (kind, clock)."""
        for (kind, clock), count in counts.items():
            self._facts.labels(kind).inc(count)
            if kind == Kind.BREACHED:
                self._breaches.labels(clock).inc(count)

    def send(self, channel: str, result: str) -> None:
        """A channel was asked to send; `result` is sent, retry or refused."""
        self._sends.labels(channel, result).inc()

    def text(self, counts: Counts | None) -> bytes:
        """The exposition; without `counts` (the database does not answer) the gauges are left out."""
        self._standing.counts = counts
        return generate_latest(self.registry)


def mount(
    app: web.Application,
    metrics: Metrics,
    counts: Callable[[], Awaitable[Counts]],
    may_see: Callable[[web.Request], Awaitable[None]],
) -> None:
    """Serve GET /metrics. `may_see` raises a Problem for a caller who may not."""

    async def show(request: web.Request) -> web.Response:
        await may_see(request)
        try:
            found = await counts()
        except Unavailable:
            found = None
        body = metrics.text(found)
        return web.Response(body=body, headers={"Content-Type": CONTENT_TYPE_PLAIN_0_0_4})

    app.router.add_get("/metrics", show)
