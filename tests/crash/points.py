"""Named places in the running program at which it can be killed. They are put in from outside, by wrapping."""

import functools
import inspect
import os
import signal
import threading
from collections import Counter
from collections.abc import Callable
from typing import Any

from sqlalchemy import Engine, event

from bot import main
from bot.channels.local.channel import LocalChannel
from bot.deliver import Deliverer
from bot.main import Service
from bot.web import api
from bot.web.sim import Simulator
from scheduler import sweeps
from scheduler.relay import Relay
from storage import sql
from storage.uow import Batch, UnitOfWork
from storage.writer import Writer

SERVING = (
    {"unit_ran": 9, "before_flush": 12, "before_commit": 15, "committed": 11},
    {"wrote_leads": 2, "wrote_desks": 4, "wrote_events": 3, "wrote_outbox": 4},
    {"wrote_contacts": 2, "wrote_inbox": 3, "wrote_shown": 3},
    {"capture_answer": 2, "typed_answer": 1, "join_answer": 1, "click_answer": 3, "clock_answer": 2},
    {"claimed": 2, "before_send": 3, "sent": 2, "before_settle": 3},
    {"settled": 4, "before_update": 2, "updated": 2},
    {"before_escalation": 1, "escalated": 1, "escalation_committed": 2},
    {"before_heartbeat": 1, "heartbeat": 1},
)
"""Points that a serving program passes, in the groups in which one program after the other dies at them.
The number is how many passages a death waits for, so that each falls on different work."""

STARTING = {
    "migrating": 7,
    "migrated": 1,
    "opened": 1,
    "resuming": 1,
    "resumed": 1,
    "leaving": 1,
    "left": 1,
    "listening": 1,
}
"""Points that a starting program passes: on a new database, after a gap, and after somebody left."""

NAMES = frozenset(STARTING).union(*SERVING)
FLUSHED = frozenset(name.removeprefix("wrote_") for name in NAMES if name.startswith("wrote_"))


class Points:
    """Counts the passages and ends the process, as `kill -9` does, at the one that was asked for."""

    def __init__(self, tell: Callable[[str], None]) -> None:
        self.passed: Counter[str] = Counter()
        self._tell = tell
        self._lock = threading.Lock()
        self._deadly = ""
        self._left = 0

    def arm(self, name: str, nth: int) -> None:
        """Die at the `nth` passage of that point from now on; an empty name disarms."""
        if name and name not in NAMES:
            raise ValueError(f"no point {name!r}")
        with self._lock:
            self._deadly, self._left = name, nth

    def at(self, name: str) -> None:
        """The program is here."""
        with self._lock:
            self.passed[name] += 1
            if name != self._deadly:
                return
            self._left -= 1
            if self._left > 0:
                return
            self._tell(name)
            os.kill(os.getpid(), signal.SIGKILL)


def _wrap(
    owner: Any,
    name: str,
    *,
    before: Callable[..., None] | None = None,
    after: Callable[..., None] | None = None,
) -> None:
    """Call `before(*args)` and `after(result, *args)` around a function of a module or class."""
    inner = getattr(owner, name)

    @functools.wraps(inner)
    def plain(*args: Any, **values: Any) -> Any:
        if before:
            before(*args)
        result = inner(*args, **values)
        if after:
            after(result, *args)
        return result

    @functools.wraps(inner)
    async def waiting(*args: Any, **values: Any) -> Any:
        if before:
            before(*args)
        result = await inner(*args, **values)
        if after:
            after(result, *args)
        return result

    setattr(owner, name, waiting if inspect.iscoroutinefunction(inner) else plain)


def install(points: Points) -> None:
    """Put every point in; once a process."""
    _install_writing(points)
    _install_delivery(points)
    _install_answers(points)
    _install_clock(points)
    _install_start(points)


def _install_writing(points: Points) -> None:
    _wrap(UnitOfWork, "finish", after=lambda *_: points.at("unit_ran"))
    _wrap(Batch, "flush", before=lambda batch: points.at("before_flush") if batch.dirty else None)
    for name in ("insert", "insert_new", "upsert", "update_guarded"):
        _wrap(sql, name, after=functools.partial(_wrote, points))
    _wrap(Writer, "_attempt", after=lambda *_: points.at("committed"))

    def commits(_conn: object) -> None:
        if threading.current_thread().name.startswith("writer"):
            points.at("before_commit")

    event.listen(Engine, "commit", commits)


def _wrote(points: Points, _result: object, _conn: object, table: Any, rows: Any, *_more: object) -> None:
    if rows and table.name in FLUSHED:
        points.at(f"wrote_{table.name}")


def _install_delivery(points: Points) -> None:
    held: list[bool] = []

    def books(relay: Any) -> None:
        held.append(bool(relay._receipts))
        if held[-1]:
            points.at("before_settle")

    def booked(*_: object) -> None:
        if held and held.pop():
            points.at("settled")

    _wrap(Deliverer, "deliver", before=lambda *_: points.at("claimed"))
    _wrap(
        LocalChannel, "send", before=lambda *_: points.at("before_send"), after=lambda *_: points.at("sent")
    )
    _wrap(
        LocalChannel,
        "update",
        before=lambda *_: points.at("before_update"),
        after=lambda *_: points.at("updated"),
    )
    _wrap(Relay, "_book", before=books, after=booked)


def _install_answers(points: Points) -> None:
    _wrap(api, "create", after=lambda *_: points.at("capture_answer"))
    for name, point in (
        ("type", "typed_answer"),
        ("click", "click_answer"),
        ("advance", "clock_answer"),
        ("join", "join_answer"),
    ):
        _wrap(Simulator, name, after=functools.partial(_answered, points, point))


def _answered(points: Points, point: str, *_: object) -> None:
    points.at(point)


def _install_clock(points: Points) -> None:
    fresh: list[bool] = []

    def escalated(done: list[str], *_: object) -> None:
        if done:
            points.at("escalated")
            fresh.append(True)

    def committed(*_: object) -> None:
        if fresh:
            fresh.clear()
            points.at("escalation_committed")

    _wrap(sweeps, "escalate_due", before=lambda *_: points.at("before_escalation"), after=escalated)
    _wrap(sweeps.Sweep, "_act", after=committed)
    _wrap(
        Service,
        "_heartbeat",
        before=lambda *_: points.at("before_heartbeat"),
        after=lambda *_: points.at("heartbeat"),
    )


def _install_start(points: Points) -> None:
    def creates(_conn: object, _cursor: object, statement: str, *_: object) -> None:
        if statement.lstrip().upper().startswith("CREATE"):
            points.at("migrating")

    event.listen(Engine, "before_cursor_execute", creates)
    _wrap(main, "prepare_database", after=lambda *_: points.at("migrated"))
    _wrap(Service, "_begin", before=lambda *_: points.at("opened"))
    _wrap(sweeps, "resume_after_gap", after=lambda count, *_: points.at("resuming") if count else None)
    _wrap(main, "resume", after=lambda *_: points.at("resumed"))
    _wrap(main, "person_left", after=lambda *_: points.at("leaving"))
    _wrap(Service, "_release_leavers", after=lambda *_: points.at("left"))
    _wrap(Service, "_listen", after=lambda *_: points.at("listening"))
