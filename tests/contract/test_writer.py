"""The one writer, looked at closely: its batches, its tries, its log, its numbers, and whom it wakes."""

import asyncio
from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy.exc import DBAPIError
from structlog.testing import capture_logs

from domain.errors import Unavailable
from domain.ports import Uow
from domain.usecases.escalation import recount_due
from domain.usecases.leads import accept_lead
from storage import sql
from storage.epoch import Standing, begin_epoch
from storage.store import Store
from storage.uow import UnitOfWork
from storage.writer import Mailbox, Once, Writer
from tests.conftest import OpenStore
from tests.fakes.clock import MONDAY_TEN, SteppedClock
from tests.fakes.floor import Floor


@pytest.fixture
def rests(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """How long the writer waited between its tries, which it does not here."""
    found: list[float] = []
    monkeypatch.setattr(Writer, "rest", lambda self, seconds: found.append(seconds))
    return found


@pytest.fixture
def read(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The tables that rows are read of by their keys, a name a statement."""
    found: list[str] = []
    real = sql.select_in

    def select_in(conn: Any, table: Any, column: str, keys: Any, **more: Any) -> Any:
        found.extend([table.name] if keys else [])
        return real(conn, table, column, keys, **more)

    monkeypatch.setattr(sql, "select_in", select_in)
    return found


def counting(calls: list[int], error: Callable[[UnitOfWork], Any]) -> Callable[..., Any]:
    def unit(uow: UnitOfWork) -> None:
        calls.append(1)
        error(uow)

    return unit


def is_wrong(uow: UnitOfWork) -> None:
    """No other try helps: a value that no driver takes."""
    uow.query("SELECT ?", (object(),))


def comes_too_late(_uow: UnitOfWork) -> None:
    raise sql.Conflict


async def test_what_no_second_try_helps_is_tried_once(floor: Floor, rests: list[float]) -> None:
    calls: list[int] = []
    with pytest.raises((Unavailable, DBAPIError)), capture_logs() as logs:
        await floor.do(counting(calls, is_wrong))
    assert (calls, rests) == ([1], [])
    assert [each["event"] for each in logs] == ["unit failed"]


async def test_what_may_pass_is_tried_four_times_each_time_later(floor: Floor, rests: list[float]) -> None:
    calls: list[int] = []
    with pytest.raises(Unavailable, match="Conflict"), capture_logs() as logs:
        await floor.do(counting(calls, comes_too_late))
    assert len(calls) == 1 + 4, "with its batch, and alone"
    assert rests == pytest.approx([0.02, 0.06, 0.18])
    again = next(each for each in logs if each["event"] == "batch again")
    assert (again["units"], again["error"]) == (1, "Conflict")


async def test_in_a_batch_what_no_second_try_helps_is_tried_once_more_alone(
    floor: Floor, rests: list[float]
) -> None:
    calls: list[int] = []
    async with floor.held():
        wishes = [
            asyncio.ensure_future(floor.do(counting(calls, is_wrong))),
            asyncio.ensure_future(floor.capture()),
        ]
        await asyncio.sleep(0)
    wrong, right = await asyncio.gather(*wishes, return_exceptions=True)
    assert isinstance(wrong, Unavailable | DBAPIError)
    assert right.owner == "e1"  # type: ignore[union-attr]
    assert (len(calls), rests) == (2, [])


async def test_a_mistake_of_ours_is_logged_whole_and_named(floor: Floor) -> None:
    def slips(_uow: Uow) -> None:
        raise ZeroDivisionError

    with capture_logs() as logs, pytest.raises(ZeroDivisionError):
        await floor.do(slips)
    assert [(each["event"], each["unit"], each["exc_info"]) for each in logs] == [
        ("unit failed", "slips", True)
    ]


async def test_a_refusal_is_the_act_of_whoever_asked_where_nobody_else_is_named(
    floor: Floor, store: Store
) -> None:
    lead = await floor.capture()
    for key, by, actor in (("k1", "", "e2"), ("k2", "e3", "e3")):
        wish = Once(key=key, answer=str, refuse=lambda error: error.code, at=MONDAY_TEN, by=by)
        await store.write(accept_lead, once=wish, lead_id=lead.id, offer_no=1, by="e2", at=MONDAY_TEN)
        rows = await floor.rows("SELECT actor FROM events WHERE kind = 'refused' ORDER BY no")
        assert rows[-1] == (actor,)


async def test_many_units_read_each_table_once(floor: Floor, store: Store, read: list[str]) -> None:
    leads = [await floor.capture(phone=f"+86139{no:08d}") for no in range(6)]
    async with floor.held():
        read.clear()
        wishes = [
            asyncio.ensure_future(
                floor.do(accept_lead, lead_id=each.id, offer_no=1, by=str(each.owner), at=floor.now)
            )
            for each in leads
        ]
        await asyncio.sleep(0)
        assert store._writer._queue.qsize() == len(wishes)
    await asyncio.gather(*wishes)
    assert (read.count("leads"), read.count("desks")) == (1, 1)


async def test_a_repeat_reads_no_lead(floor: Floor, store: Store, read: list[str]) -> None:
    lead = await floor.capture()
    wish = Once(key="k", answer=lambda lead: lead.id, refuse=lambda error: error.code, at=MONDAY_TEN)
    values: dict[str, Any] = {"lead_id": lead.id, "offer_no": 1, "by": "e1", "at": MONDAY_TEN}
    assert await store.write(accept_lead, once=wish, **values) == lead.id
    assert "leads" in read
    read.clear()
    assert await store.write(accept_lead, once=wish, **values) == lead.id
    assert read == ["inbox"]


async def test_a_due_time_alone_wakes_the_sweep(floor: Floor, store: Store) -> None:
    await floor.capture()
    await floor.show()
    store.due.clear()
    await floor.do(recount_due, after="")
    async with asyncio.timeout(5):
        await store.due.wait()


async def test_a_closed_writer_keeps_no_connection(open_store: OpenStore, clock: SteppedClock) -> None:
    store = await open_store()
    await Floor(store, clock).capture()
    assert store._writer._kept is not None
    await store.close()
    assert store._writer._kept is None


# -- numbers ------------------------------------------------------------------------------------------------


async def test_numbers_begin_at_1001_and_go_on_one_by_one(floor: Floor, engine_name: str) -> None:
    async with floor.held():
        wishes = [asyncio.ensure_future(floor.capture(phone=f"+86136{no:08d}")) for no in range(45)]
        await asyncio.sleep(0)
    with capture_logs() as logs:
        leads = await asyncio.gather(*wishes)
    assert [lead.id for lead in leads] == [f"L{1001 + no}" for no in range(45)]
    assert logs == [], "more than a block of them in one batch, and none was given twice"


async def test_numbers_go_on_behind_the_newest_lead_and_behind_a_new_epochs_floor(
    open_store: OpenStore, clock: SteppedClock, engine_name: str
) -> None:
    store = await open_store()
    newest = max(
        [int((await Floor(store, clock).capture(phone=f"+86137{no:08d}")).id[1:]) for no in range(3)]
    )
    await store.close()
    store = await open_store()
    number = int((await Floor(store, clock).capture(phone="+8613511111111")).id[1:])
    assert number == newest + 1 if engine_name == "sqlite" else number > newest
    await store.write(begin_epoch, seen=Standing(number=20_000))
    await store.close()
    place = Floor(await open_store(), clock)
    assert (await place.capture(phone="+8613511111112")).id == "L30001"


# -- the way back to the loop -------------------------------------------------------------------------------


async def test_outcomes_that_come_together_wake_the_loop_once() -> None:
    loop = asyncio.get_running_loop()
    rung: list[Any] = []

    class Loop:
        def call_soon_threadsafe(self, call: Callable[[], None]) -> None:
            rung.append(call)

    box = Mailbox(Loop())  # type: ignore[arg-type]
    futures = [loop.create_future() for _ in range(3)]
    for number, future in enumerate(futures):
        box.put(future, number, None)
    assert len(rung) == 1
    rung[0]()
    assert [future.result() for future in futures] == [0, 1, 2]
    late = loop.create_future()
    box.put(late, None, ValueError())
    assert len(rung) == 2, "what comes afterwards rings again"
    rung[1]()
    assert isinstance(late.exception(), ValueError)
