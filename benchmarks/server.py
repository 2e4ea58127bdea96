"""The bot as a server of the bench: the real Service, and a few doors to fill it and to hold its relay.

    python -m benchmarks.server CONFIG

Prints its port as JSON when it serves. The limits of the capture API are raised; nothing else is changed.
"""

import asyncio
import json
import sys
from pathlib import Path
from typing import Any

from aiohttp import web
from sqlalchemy import text

from benchmarks.ground import customer
from bot.config import Settings, load
from bot.logs import set_up
from bot.main import Service, Signals, fixed_tokens, prepare_database
from bot.web.keys import Keys
from bot.web.limits import Limits
from domain.lead import Origin
from domain.usecases.leads import capture_lead
from scheduler.relay import Relay

ENDLESS = 1_000_000_000
AT_ONCE = 2000
_ON_PHONES = (
    "SELECT m.person, m.id, s.lead_id FROM sim_messages m JOIN shown s ON s.message = m.id "
    "ORDER BY m.seq DESC LIMIT :count"
)
_ON_WECOM = (
    "SELECT person, handle, lead_id FROM shown WHERE channel = 'wecom' AND tell = 'offer' "
    "ORDER BY length(lead_id) DESC, lead_id DESC LIMIT :count"
)


class HeldRelay(Relay):
    """The relay, which does nothing while it is held."""

    def hold(self, on: bool) -> None:
        self._held = on

    async def turn(self) -> None:
        if getattr(self, "_held", False):
            await asyncio.sleep(0.05)
        else:
            await super().turn()


class BenchService(Service):
    """The running bot with `/bench/…` beside it."""

    def __init__(self, *values: Any) -> None:
        super().__init__(*values)
        self.relay: HeldRelay = HeldRelay(
            write=self.store.write, deliver=self.deliverer.deliver, clock=self.clock, told=self.store.told
        )
        self.keys = Keys(
            fixed_tokens(self.settings),
            verify=self.keys._verify,
            ticks=asyncio.get_running_loop().time,
            limits=Limits(capture=ENDLESS, read=ENDLESS, address=ENDLESS, refused=ENDLESS),
        )
        self.store.set_pace(ENDLESS // 1000)
        if self.wecom is not None:
            self.wecom.channel._limits = ()

    async def _load_mind(self) -> None:
        """Without the reader of chat: its memory is measured where it is tested, and no bench types a note."""

    def application(self) -> web.Application:
        app = super().application()
        app.router.add_post("/bench/fill", self._fill)
        app.router.add_post("/bench/hold", self._hold)
        app.router.add_post("/bench/drain", self._drain)
        return app

    async def _fill(self, request: web.Request) -> web.Response:
        """Capture that many leads and show their cards; answers [person, message, lead] of each."""
        wanted = await request.json()
        first, count = wanted["first"], wanted["count"]
        origin = Origin(channel="官网", source="bench")
        for start in range(first, first + count, AT_ONCE):
            numbers = range(start, min(start + AT_ONCE, first + count))
            now = self.clock.now()
            units = [
                self.store.write(capture_lead, customer=customer(each), origin=origin, now=now)
                for each in numbers
            ]
            await asyncio.gather(*units)
            await self._settle()
        async with self.store.reader.connect() as conn:
            rows = await conn.execute(text(_ON_WECOM if self.wecom else _ON_PHONES), {"count": count})
            return web.json_response([list(row) for row in rows])

    async def _hold(self, request: web.Request) -> web.Response:
        self.relay.hold((await request.json())["on"])
        return web.json_response({})

    async def _drain(self, _request: web.Request) -> web.Response:
        await self._settle()
        return web.json_response({})

    async def _settle(self) -> None:
        """Return when nothing waits in the outbox any more."""
        while await self.store.next_notice() is not None:
            await self.relay.drain(60.0)
            await asyncio.sleep(0.02)


async def run(settings: Settings, path: Path) -> None:
    prepare_database(settings.database.url.get_secret_value())
    service = await BenchService.start(settings, year=2026)
    print(json.dumps({"port": service.port}), flush=True)
    await Signals(service=service, load=lambda: load(path, {})).wait()
    await service.stop()


def main(path: Path) -> None:
    settings = load(path, {})
    set_up(settings.log.level, as_json=False)
    asyncio.run(run(settings, path))


if __name__ == "__main__":
    main(Path(sys.argv[1]))
