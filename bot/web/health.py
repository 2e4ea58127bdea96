"""Is the process up (`/healthz`), and can it do its work (`/readyz`)?"""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass

from aiohttp import web

from domain.errors import Unavailable

DATABASE_SECONDS = 1.0
OUTBOX_SECONDS = 120.0
STREAM_SECONDS = 60.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Health:
    """What readiness asks.

    `ping` asks the database anything; `schema` tells (found, needed) versions; `loops` the age of each
    background loop's last good round and the age that is too old, in seconds; `outbox_late` how many seconds
    the longest waiting notice is late; `lost` says what a restored database lacks, or nothing; `streams` for
    how many seconds each platform that pushes over a connection of ours could not reach us, 0 = it can.
    """

    ping: Callable[[], Awaitable[None]]
    schema: Callable[[], Awaitable[tuple[str | None, str]]]
    loops: Callable[[], Mapping[str, tuple[float, float]]]
    outbox_late: Callable[[], Awaitable[float]]
    lost: Callable[[], Awaitable[str]] | None = None
    streams: Callable[[], Mapping[str, float]] = dict
    installation: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Check:
    name: str
    ok: bool
    detail: str


async def checks(health: Health) -> list[Check]:
    """Every check; without a database those that need it are not asked, so the answer comes in time."""
    found = [await _within("database", _ping(health))]
    if found[0].ok:
        found.append(await _within("schema", _schema(health)))
        found.append(await _within("outbox", _outbox(health)))
        if health.lost is not None:
            found.append(await _within("restored", _restored(health.lost)))
    for name, (age, most) in sorted(health.loops().items()):
        detail = f"last good round {age:.0f} s ago, at most {most:.0f} s is fine"
        found.append(Check(name=f"loop {name}", ok=age <= most, detail=detail))
    found += [_stream(name, silent) for name, silent in sorted(health.streams().items())]
    return found


def _stream(name: str, silent: float) -> Check:
    detail = (
        f"no connection for {silent:.0f} s, at most {STREAM_SECONDS:.0f} s is fine" if silent else "connected"
    )
    return Check(name=f"stream {name}", ok=silent <= STREAM_SECONDS, detail=detail)


async def _within(name: str, asked: Awaitable[tuple[bool, str]]) -> Check:
    try:
        async with asyncio.timeout(DATABASE_SECONDS):
            ok, detail = await asked
    except TimeoutError:
        ok, detail = False, f"no answer within {DATABASE_SECONDS:.0f} s"
    except Unavailable as error:
        ok, detail = False, f"not reachable: {error}"
    return Check(name=name, ok=ok, detail=detail)


async def _ping(health: Health) -> tuple[bool, str]:
    await health.ping()
    return True, "answers"


async def _schema(health: Health) -> tuple[bool, str]:
    found, needed = await health.schema()
    ok = found == needed
    return ok, f"at {found}" if ok else f"at {found or 'no schema'}, needs {needed}"


async def _outbox(health: Health) -> tuple[bool, str]:
    late = await health.outbox_late()
    return late <= OUTBOX_SECONDS, f"the oldest due notice is {late:.0f} s late"


async def _restored(lost: Callable[[], Awaitable[str]]) -> tuple[bool, str]:
    what = await lost()
    return not what, what or "nothing is lost"


def mount(app: web.Application, health: Health, front: str = "") -> None:
    """Serve GET /healthz and GET /readyz; and GET /, which leads to the page `front` where there is one."""

    async def alive(_request: web.Request) -> web.Response:
        return web.json_response({"ok": True})

    async def ready(_request: web.Request) -> web.Response:
        found = await checks(health)
        good = all(check.ok for check in found)
        shown = [{"name": check.name, "ok": check.ok, "detail": check.detail} for check in found]
        body = {"ready": good, "installation": health.installation, "checks": shown}
        return web.json_response(body, status=200 if good else 503)

    async def root(_request: web.Request) -> web.Response:
        if front:
            raise web.HTTPFound(front)
        return web.Response(text="Leadbell\n\n/healthz\n/readyz\n/openapi.json\n")

    app.router.add_get("/", root)
    app.router.add_get("/healthz", alive)
    app.router.add_get("/readyz", ready)
