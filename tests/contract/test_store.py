"""Opening, closing and losing the store, on both databases."""

import asyncio
import sqlite3
import subprocess
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, closing
from pathlib import Path
from typing import Any

import psycopg
import pytest
from sqlalchemy import Connection, create_engine, text
from structlog.testing import capture_logs

from domain.errors import Unavailable
from domain.notices import Notice, Tell
from domain.people import Company
from domain.usecases.leads import capture_lead
from storage import engine as engines
from storage import meters, writer
from storage.backup import restore
from storage.engine import StoreInUse, read_url, reading
from storage.store import Store
from storage.uow import UnitOfWork
from tests.conftest import OpenStore
from tests.fakes.clock import MONDAY_TEN, SteppedClock
from tests.fakes.company import make_company
from tests.fakes.floor import Floor

ROOT = Path(__file__).parents[2]
OTHER_PROCESS = """
import sys
from storage.engine import FileLock, StoreInUse, read_url
try:
    FileLock(read_url(sys.argv[1])).take()
except StoreInUse as problem:
    print("refused:", problem)
"""


async def test_closing_finishes_what_is_queued(open_store: OpenStore, clock: SteppedClock) -> None:
    store = await open_store()
    place = Floor(store, clock)
    wishes = [asyncio.ensure_future(place.capture(phone=f"+86139{no:08d}")) for no in range(40)]
    await asyncio.sleep(0)
    await store.close()
    assert not store._writer._thread.is_alive()
    assert store._engine.pool.checkedout() == 0, "its connection was given back"  # type: ignore[attr-defined]
    leads = await asyncio.gather(*wishes)
    assert len({lead.id for lead in leads}) == 40
    assert await Floor(await open_store(), clock).rows("SELECT count(*) FROM leads") == [(40,)]


async def test_a_closed_store_takes_nothing_more(open_store: OpenStore, clock: SteppedClock) -> None:
    store = await open_store()
    await store.close()
    with pytest.raises(Unavailable):
        await Floor(store, clock).capture()


async def test_a_writer_hopelessly_behind_says_so(
    open_store: OpenStore, clock: SteppedClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(writer, "MOST_QUEUED", 3)
    place = Floor(await open_store(), clock)
    async with place.held():
        done = [asyncio.ensure_future(place.capture(phone=f"+86139{no:08d}")) for no in range(8)]
        await asyncio.sleep(0)
    found = await asyncio.gather(*done, return_exceptions=True)
    refused = [each for each in found if isinstance(each, Unavailable)]
    assert refused
    assert await place.rows("SELECT count(*) FROM leads") == [(len(found) - len(refused),)]


async def test_a_second_store_on_the_same_file_is_refused(sqlite_url: str, company: Company) -> None:
    store = await Store.open(sqlite_url, company)
    with pytest.raises(StoreInUse, match="process="):
        await Store.open(sqlite_url, company)
    await store.close()
    await (await Store.open(sqlite_url, company)).close()


async def test_a_second_process_on_the_same_file_is_refused(sqlite_url: str, company: Company) -> None:
    store = await Store.open(sqlite_url, company)
    command = [sys.executable, "-c", OTHER_PROCESS, sqlite_url]
    other = await asyncio.to_thread(
        subprocess.run, command, cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert other.stdout.startswith("refused: ")
    await store.close()


async def test_a_locked_database_is_unavailable_and_nothing_is_half_written(
    sqlite_url: str, company: Company, clock: SteppedClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(engines, "BUSY_MS", 1)
    monkeypatch.setattr(engines.writer_engine, "__kwdefaults__", {"timeout_ms": 1})
    store = await Store.open(sqlite_url, company)
    place = Floor(store, clock)
    rival = create_engine(read_url(sqlite_url))
    with rival.connect() as conn:
        conn.execute(text("BEGIN IMMEDIATE"))
        with pytest.raises(Unavailable):
            await place.capture()
        conn.rollback()
    assert await place.rows("SELECT count(*) FROM leads") == [(0,)]
    assert await place.rows("SELECT count(*) FROM outbox") == [(0,)]
    assert (await place.capture()).owner == "e1"
    rival.dispose()
    await store.close()


async def test_many_who_wait_for_a_database_that_is_away_hear_it_together(
    sqlite_url: str, company: Company, clock: SteppedClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each would wait for the lock by itself, behind all before it."""
    monkeypatch.setattr(engines.writer_engine, "__kwdefaults__", {"timeout_ms": 1})
    rests: list[float] = []
    monkeypatch.setattr(writer.Writer, "rest", lambda self, seconds: rests.append(seconds))
    store = await Store.open(sqlite_url, company)
    place = Floor(store, clock)
    rival = create_engine(read_url(sqlite_url))
    with rival.connect() as conn:
        conn.execute(text("BEGIN IMMEDIATE"))
        wishes = [place.capture(phone=f"+86139{no:08d}") for no in range(40)]
        found = await asyncio.gather(*wishes, return_exceptions=True)
        conn.rollback()
    assert {type(each) for each in found} == {Unavailable}
    assert len(rests) < 40
    assert (await place.capture()).owner == "e1"
    rival.dispose()
    await store.close()


@pytest.mark.postgres
async def test_a_cut_connection_is_made_again(
    postgres_url: str, company: Company, clock: SteppedClock
) -> None:
    store = await Store.open(postgres_url, company)
    place = Floor(store, clock)
    await place.capture()
    rival = create_engine(read_url(postgres_url), isolation_level="AUTOCOMMIT")
    cut = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"
    with rival.connect() as conn:
        conn.execute(text(cut))
    assert (await place.capture()).owner == "e2"
    assert await place.audit() == []
    rival.dispose()
    await store.close()


@pytest.mark.postgres
async def test_a_connection_cut_in_the_middle_of_a_unit_is_tried_again(
    postgres_url: str, company: Company, clock: SteppedClock
) -> None:
    store = await Store.open(postgres_url, company)
    place = Floor(store, clock)
    calls: list[int] = []

    def dies_once(uow: object) -> int:
        calls.append(1)
        if len(calls) == 1:
            uow.query("SELECT pg_terminate_backend(pg_backend_pid())")  # type: ignore[attr-defined]
        return len(calls)

    assert await place.do(dies_once) == 2
    await store.close()


@pytest.mark.postgres
async def test_no_statement_is_sent_in_parts(
    postgres_url: str, company: Company, clock: SteppedClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    """`executemany` sends many in one piece. Of an instance that is stopped in the middle of it PostgreSQL
    awaits the rest for ever, with the turn that all others wait for."""

    def in_parts(*_: object) -> None:
        raise AssertionError("in parts")

    monkeypatch.setattr(psycopg.Cursor, "executemany", in_parts)
    store = await Store.open(postgres_url, company)
    place = Floor(store, clock)
    for number in range(5):
        await place.capture(phone=f"+86139{number:08d}")
    await place.show()
    await place.wait(minutes=6)
    await place.show()
    assert await place.audit() == []
    await store.close()


async def test_a_server_that_is_gone_without_a_word_is_given_up(postgres_url: str) -> None:
    """The system alone waits two hours for an answer, and the writer with it."""
    url = read_url(postgres_url)
    for engine in (engines.writer_engine(url), engines.snapshot_engine(url)):
        with engine.connect() as conn:
            _gives_up(conn)
        engine.dispose()
    reader = engines.reader_engine(url)
    async with reading(reader) as conn:
        await conn.run_sync(_gives_up)
    await reader.dispose()


def _gives_up(conn: Connection) -> None:
    held = conn.connection.dbapi_connection
    assert held is not None
    said = getattr(held, "driver_connection", held).info.get_parameters()
    idle, every, times = (int(said[f"keepalives_{name}"]) for name in ("idle", "interval", "count"))
    assert idle + every * times <= 30
    assert int(said["tcp_user_timeout"]) <= 30_000


async def test_a_failed_transaction_keeps_no_connection(sqlite_url: str, company: Company) -> None:
    """The next one begins on a connection that is looked at first."""
    store = await Store.open(sqlite_url, company)
    found: list[object] = []

    def breaks(uow: UnitOfWork) -> None:
        found.append(store._writer._kept)
        uow.query("SELECT * FROM no_such_table")

    with pytest.raises(Unavailable):
        await store.write(breaks)
    assert found[0] is not None
    assert store._writer._kept is None
    assert store._engine.pool.checkedout() == 0  # type: ignore[attr-defined]
    await store.close()


async def test_a_notice_alone_wakes_the_relay(open_store: OpenStore, clock: SteppedClock) -> None:
    store = await open_store()
    store.told.clear()
    notice = Notice(key="n1", tell=Tell.GAP, to="me", at=clock.now())
    await Floor(store, clock).do(lambda uow: uow.tell(notice))
    async with asyncio.timeout(5):
        await store.told.wait()


async def test_what_is_committed_while_the_nearest_due_time_is_read_counts(
    open_store: OpenStore, clock: SteppedClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = await open_store()
    place = Floor(store, clock)

    @asynccontextmanager
    async def slow(engine: Any) -> AsyncIterator[Any]:
        async with reading(engine) as conn:
            yield conn
        await place.capture()  # after the read, and before its outcome is known

    monkeypatch.setattr("storage.store.reading", slow)
    found = await store.next_due()
    monkeypatch.undo()
    assert found is not None
    assert found == await store.next_due()


async def test_a_commit_wakes_the_relay_and_the_sweep(open_store: OpenStore, clock: SteppedClock) -> None:
    store = await open_store()
    store.told.clear()
    store.due.clear()
    await Floor(store, clock).capture()
    async with asyncio.timeout(5):
        await asyncio.gather(store.told.wait(), store.due.wait())
    lead_due = await store.next_due()
    assert lead_due is not None
    assert await store.next_notice() == clock.now()


async def test_an_empty_store_waits_for_nothing(open_store: OpenStore) -> None:
    store = await open_store()
    assert (await store.next_due(), await store.next_notice()) == (None, None)


async def test_new_settings_hold_from_the_next_unit_on(open_store: OpenStore, clock: SteppedClock) -> None:
    store = await open_store()
    place = Floor(store, clock)
    smaller = make_company(
        person for person in store.company.people.values() if person.id not in ("e1", "e2")
    )
    store.company = smaller
    assert store.company is smaller
    assert (await place.capture()).owner == "e3"


async def test_how_long_a_sweep_waits_on_purpose(open_store: OpenStore, engine_name: str) -> None:
    assert (await open_store()).sweep_grace == (0.0 if engine_name == "sqlite" else 0.5)


async def test_only_the_two_databases_are_served() -> None:
    with pytest.raises(ValueError, match="mysql is not supported"):
        read_url("mysql://localhost/x")


async def test_work_that_its_caller_gave_up_is_still_done(open_store: OpenStore, clock: SteppedClock) -> None:
    store = await open_store()
    wish = asyncio.ensure_future(store.write(capture_nobody, now=clock.now()))
    await asyncio.sleep(0)
    wish.cancel()
    with pytest.raises(asyncio.CancelledError):
        await wish
    await (
        store.close()
    )  # finishes what is queued; on PostgreSQL another unit would not have waited for this one
    async with reading((await open_store()).reader) as conn:
        assert (await conn.scalar(text("SELECT count(*) FROM leads"))) == 1


def capture_nobody(uow: object, *, now: object) -> object:
    from domain.lead import Customer, Origin

    return capture_lead(uow, customer=Customer(name="x"), origin=Origin(), now=now)  # type: ignore[arg-type]


async def test_a_file_that_is_deleted_under_a_running_program_takes_nothing_and_is_saved(
    sqlite_url: str, company: Company
) -> None:
    """Until now whoever handed a lead in was told that it is kept, and it went with the process."""
    store = await Store.open(sqlite_url, company)
    file = Path(str(read_url(sqlite_url).database))
    try:
        store.check_file()
        await store.write(meters.count_up, counts={"before": 3})
        for each in file.parent.glob(f"{file.name}*"):
            each.unlink()
        with capture_logs() as logged:
            for _ in range(2):
                with pytest.raises(Unavailable):
                    await store.write(meters.count_up, counts={"after": 1})
        with pytest.raises(Unavailable):
            store.check_file()
        [said] = [each for each in logged if each.get("action") == "file_gone"]
    finally:
        await store.close()
    with closing(sqlite3.connect(said["saved"])) as saved:
        assert saved.execute("SELECT name, count FROM meters").fetchall() == [("before", 3)]
    restore(read_url(sqlite_url), Path(said["saved"]), now=MONDAY_TEN)
    again = await Store.open(sqlite_url, company)
    assert await meters.read_counts(again.reader, "") == {"before": 3}
    await again.close()
