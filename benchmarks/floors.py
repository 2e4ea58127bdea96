"""The floor that everything served is measured against, so that nobody wins by a fat one.

An aiohttp application that parses the same request and answers in the same shape; no database, no middleware,
no log. Its own microseconds stand beside every ratio. Run `python -m benchmarks.floors`; it prints its port.
"""

import asyncio
import json

from aiohttp import web


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


def application() -> web.Application:
    app = web.Application()
    app.router.add_post("/sim/api/people/{id}/clicks", click)
    app.router.add_post("/api/v1/leads", lead)
    app.router.add_get("/healthz", healthy)
    return app


async def serve(app: web.Application, port: int) -> None:
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", port, backlog=1024).start()
    print(json.dumps({"port": runner.addresses[0][1]}), flush=True)
    await asyncio.Event().wait()


if __name__ == "__main__":
    import sys

    asyncio.run(serve(application(), int(sys.argv[1]) if len(sys.argv) > 1 else 0))
