"""A process that starts the real program again and again, each time in a process of its own.

It reads one JSON order a line from its standard input and answers each with one JSON line:

    {"do": "start", "config": F, "url": U, "point": P, "nth": N}  ->  {"port": 1234, "pid": 5} or {"status": -9, "at": P}
    {"do": "kill"}                                                ->  {"status": -9, "at": ""}
    {"do": "wait"}                                                ->  {"status": -9, "at": P}

What is expensive to import is imported here, once; the program itself is forked off. At the end of the input
the program is killed too, so that nothing is left behind.
"""

import asyncio
import json
import os
import select
import signal
import sys
import time
from pathlib import Path
from typing import Any

import alembic.command
import alembic.config
from aiohttp import web

from bot import main as program
from bot.config import load
from bot.logs import set_up
from tests.crash.points import Points, install

START_WITHIN = 30.0
END_WITHIN = 20.0
NO_PACE = 1_000_000  # notices a minute: a crowd's cards come at once
SLOW_TO_IMPORT = (alembic.command,)  # before the fork


async def _serve(order: dict[str, Any], tell: int) -> None:
    def say(value: dict[str, Any]) -> None:
        os.write(tell, json.dumps(value).encode() + b"\n")

    points = Points(lambda name: say({"at": name}))
    install(points)
    points.arm(order["point"], order["nth"])
    settings = load(Path(order["config"]), {"LEADBELL_DATABASE__URL": order["url"]})
    build = program.Service.application

    async def arm(request: web.Request) -> web.Response:
        wanted = await request.json()
        points.arm(wanted["point"], wanted["nth"])
        return web.json_response({})

    async def passed(_request: web.Request) -> web.Response:
        return web.json_response(points.passed)

    def with_points(service: program.Service) -> web.Application:
        app = build(service)
        app.router.add_post("/crash", arm)
        app.router.add_get("/crash", passed)
        return app

    setattr(program.Service, "application", with_points)  # noqa: B010  mypy knows it as a method
    program.prepare_database(order["url"])
    service = await program.Service.start(settings, year=2026)
    service.store.set_pace(NO_PACE)
    say({"port": service.port})
    await service.stopped.wait()


class Nursery:
    """Keeps at most one program."""

    def __init__(self) -> None:
        self.pid = 0
        self.pipe = -1
        self.heard = b""

    def start(self, order: dict[str, Any]) -> dict[str, Any]:
        self.pipe, tell = os.pipe()
        self.heard = b""
        sys.stdout.flush()
        self.pid = os.fork()
        if self.pid == 0:
            os.close(self.pipe)
            self._run(order, tell)
        os.close(tell)
        while b"\n" not in self.heard and self._hear(START_WITHIN):
            continue
        line, _, self.heard = self.heard.partition(b"\n")
        found: dict[str, Any] = json.loads(line) if line else {}
        if "port" in found:
            return {"port": found["port"], "pid": self.pid}
        return self.kill() | found

    def _run(self, order: dict[str, Any], tell: int) -> None:
        """In the new process: never returns."""
        try:
            os.dup2(os.open(os.devnull, os.O_RDWR), 0)
            os.dup2(2, 1)
            asyncio.run(_serve(order, tell))
        except BaseException:  # noqa: BLE001  the new process ends here, whatever happened
            sys.excepthook(*sys.exc_info())
            os._exit(1)
        os._exit(0)

    def _hear(self, within: float) -> bool:
        """Take in what the program says; False once it is silent for good."""
        ready, _, _ = select.select([self.pipe], [], [], within)
        more = os.read(self.pipe, 4096) if ready else b""
        self.heard += more
        return bool(more)

    def kill(self) -> dict[str, Any]:
        if self.pid:
            os.kill(self.pid, signal.SIGKILL)
        return self.wait()

    def wait(self) -> dict[str, Any]:
        """The end of the program: its status, negative for a signal, and the point at which it came."""
        if not self.pid:
            return {"status": 0, "at": ""}
        until = time.monotonic() + END_WITHIN
        pid, status = 0, 0
        while not pid and time.monotonic() < until:
            pid, status = os.waitpid(self.pid, os.WNOHANG)
            if not pid:
                select.select([self.pipe], [], [], 0.01)
        if not pid:
            return {"status": None, "at": ""}
        while self._hear(0):
            continue
        os.close(self.pipe)
        self.pid = 0
        said = [json.loads(line) for line in self.heard.splitlines()]
        at = next((each["at"] for each in said if "at" in each), "")
        return {"status": os.waitstatus_to_exitcode(status), "at": at}


def main() -> None:
    set_up("warning", as_json=False)
    nursery = Nursery()
    try:
        for line in sys.stdin:
            order = json.loads(line)
            match order["do"]:
                case "start":
                    answer = nursery.start(order)
                case "kill":
                    answer = nursery.kill()
                case _:
                    answer = nursery.wait()
            sys.stdout.write(json.dumps(answer) + "\n")
            sys.stdout.flush()
    finally:
        nursery.kill()


if __name__ == "__main__":
    main()
