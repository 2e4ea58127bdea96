"""The floor that everything served is measured against, so that nobody wins by a fat one.

An aiohttp application that parses the same request and answers in the same shape; no database, no middleware,
no log. Its own microseconds stand beside every ratio. Run `python -m benchmarks.floors`; it prints its port.
"""

import asyncio
import json

from aiohttp import web

SINK_BROKEN = 503


async def click(request: web.Request) -> web.Response:
    """What the simulator's click is asked and answers."""
    body = json.loads(await request.read())
    return web.json_response({"ok": True, "text": f"{request.match_info['id']} {body['key']}"})


async def lead(request: web.Request) -> web.Response:
    """What the capture API is asked and answers."""
    body = json.loads(await request.read())
    answer = {"id": "L1", "stage": "offered", "customer": body.get("name")}
    return web.json_response(answer, status=201, headers={"Location": "/api/v1/leads/L1"})


async def healthy(_request: web.Request) -> web.Response:
    return web.json_response({"ok": True})


class Sink:
    """A platform on this machine: takes cards, refuses a share of them, hangs for one account.

    Answers `{"handle": …}`. `/sink/plan` sets `every` (each that-many-th card fails; 0 = none) and `stuck`.
    """

    def __init__(self) -> None:
        self.every = 0
        self.stuck = ""
        self.count = 0

    async def plan(self, request: web.Request) -> web.Response:
        value = json.loads(await request.read())
        self.every, self.stuck, self.count = value["every"], value["stuck"], 0
        return web.json_response({})

    async def card(self, request: web.Request) -> web.Response:
        value = json.loads(await request.read())
        if value["to"] == self.stuck:
            await asyncio.sleep(3600)
        self.count += 1
        if self.every and self.count % self.every == 0:
            return web.json_response({}, status=SINK_BROKEN)
        return web.json_response({"handle": value["key"]})


def application() -> web.Application:
    sink = Sink()
    app = web.Application()
    app.router.add_post("/sim/api/people/{id}/clicks", click)
    app.router.add_post("/api/v1/leads", lead)
    app.router.add_get("/healthz", healthy)
    app.router.add_post("/sink/plan", sink.plan)
    app.router.add_post("/sink", sink.card)
    return app


async def serve(port: int) -> None:
    runner = web.AppRunner(application(), access_log=None, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", port, backlog=1024).start()
    print(json.dumps({"port": runner.addresses[0][1]}), flush=True)
    await asyncio.Event().wait()


if __name__ == "__main__":
    import sys

    asyncio.run(serve(int(sys.argv[1]) if len(sys.argv) > 1 else 0))
