"""The least that a durable accept can cost here: the app that only reads a callback, and the rows of an accept.

The same statements as ours, in one transaction for all that wait, committed before the answer. No use case, no
answer in words, no log, no metrics, no headers: whatever runs an accept costs more than this. Run
`python -m benchmarks.bare URL` on a database that `ground.fill` has filled; it prints its port.
"""

import asyncio
import queue
import sys
import threading
import time
from hashlib import sha256

from aiohttp import web
from sqlalchemy import Connection

from benchmarks import floors
from benchmarks.platforms import Callback
from storage import outbox, sql, tables
from storage.engine import read_url, writer_engine
from storage.rows import AT, DESK_COLUMNS, LEAD_COLUMNS, dump

ANSWER = '{"text":"L1042 是你的了，请联系 客户1042 13812345678","ok":true,"card":"","lead":null,"args":{},"say":false}'
TIMES = ("updated_at", "next_due", "assigned_at", "accepted_at", "contact_from")
VALUES = {
    "version": 3,
    "stage": "accepted",
    "events": 4,
    "decisions": 2,
    "accepted_offer": 1,
    "head": "h" * 64,
}
Wish = tuple[str, str, str, str, "asyncio.Future[None]"]
_Rows = list[tuple[object, ...]]


class Bare(Callback):
    """See the module."""

    def __init__(self, url: str) -> None:
        super().__init__()
        self.loop = asyncio.get_running_loop()
        self.queue: queue.Queue[Wish] = queue.Queue()
        self.conn = writer_engine(read_url(url)).connect()
        threading.Thread(target=self.write, daemon=True).start()

    async def take(self, request: web.Request) -> web.Response:
        fields, encrypt = await self.read(request)
        done: asyncio.Future[None] = self.loop.create_future()
        lead = fields["EventKey"].removeprefix("accept:").partition("-")[0]
        key = sha256(fields["EventKey"].encode()).hexdigest()[:32]
        twin = sha256(encrypt.encode()).hexdigest()
        self.queue.put((f"wecom:e:{key}", f"wecom:r:{twin}", lead, fields["FromUserName"], done))
        await done
        return web.Response(body=b"")

    def write(self) -> None:
        while True:
            wishes = [self.queue.get()]
            while len(wishes) < 256 and not self.queue.empty():
                wishes.append(self.queue.get())
            with self.conn.begin():
                _accept(self.conn, wishes)
            self.loop.call_soon_threadsafe(_settle, wishes)


def _settle(wishes: list[Wish]) -> None:
    for *_, done in wishes:
        done.set_result(None)


def _accept(conn: Connection, wishes: list[Wish]) -> None:
    """What `accept_lead` reads and writes, for all of them at once."""
    now = time.time_ns() // 1000
    sql.select_in(conn, tables.inbox, "key", [key for wish in wishes for key in wish[:2]])
    leads = sql.select_in(conn, tables.leads, "id", [wish[2] for wish in wishes], names=LEAD_COLUMNS)
    people = sorted({wish[3] for wish in wishes})
    desks = sql.select_in(conn, tables.desks, "person", people, names=DESK_COLUMNS)
    before: _Rows = [tuple(row) for row in leads]
    after: _Rows = [_accepted(row, now) for row in before]
    sql.update_guarded(conn, tables.leads, after, guard="version", before=before)
    facts = [
        (lead, 4, "accepted", now, by, 1, 1, "", None, "{}", "p", "c", "h" * 64) for *_, lead, by, _ in wishes
    ]
    sql.insert(conn, tables.events, facts)
    codes = [(f"rc-{wish[2]}", "app", f"offer:{wish[2]}", now, None) for wish in wishes]
    sql.insert_new(conn, tables.platform_codes, codes)
    sql.upsert(conn, tables.desks, [(row[0], True, 0, 1, *row[4:]) for row in desks], ("person",))
    outbox.refresh(conn, {wish[2]: now for wish in wishes})
    sql.insert(conn, tables.inbox, [(key, now, ANSWER) for wish in wishes for key in wish[:2]])
    undos = [(f"{row[0]}:2", "p", "accept", now, now, dump(row), 1, None) for row in before]
    sql.insert(conn, tables.undos, undos)


def _accepted(row: tuple[object, ...], now: int) -> tuple[object, ...]:
    found = list(row)
    for name in TIMES:
        found[AT[name]] = now
    for name, value in VALUES.items():
        found[AT[name]] = value
    return tuple(found)


async def main(url: str) -> None:
    app = web.Application()
    app.router.add_post("/callback/wecom", Bare(url).take)
    await floors.serve(app, 0)


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1]))
