"""The drill: a backup is taken under load, the database is lost, the backup comes back, and the auditor is content."""

import asyncio
import sqlite3
from contextlib import closing
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import make_url

from bot import cli, demo
from domain.people import Company
from storage import epoch
from storage.backup import BadBackup, backup, restore
from storage.engine import StoreInUse, read_url
from storage.epoch import Seen, Standing
from storage.schema import SchemaError
from storage.store import Store
from tests.conftest import OpenStore
from tests.fakes.clock import MONDAY_TEN, SteppedClock
from tests.fakes.company import make_company
from tests.fakes.floor import Floor
from tests.scenario.world import Starter


async def crowd(floor: Floor, stop: asyncio.Event, enough: asyncio.Event, acknowledged: list[str]) -> None:
    """Hands leads in and has them shown and accepted, as fast as it goes."""
    while not stop.is_set():
        lead = await floor.capture(team="east")
        await floor.show()
        owner = (await floor.lead(lead.id)).owner
        if owner:
            await floor.accept(lead.id, owner)
        acknowledged.append(lead.id)
        if len(acknowledged) >= 12:
            enough.set()


async def test_the_drill(
    open_store: OpenStore, clock: SteppedClock, database_url: str, empty_url: str, tmp_path: Path
) -> None:
    floor = Floor(await open_store(), clock)
    acknowledged: list[str] = []
    stop, enough = asyncio.Event(), asyncio.Event()
    workers = [asyncio.create_task(crowd(floor, stop, enough, acknowledged)) for _ in range(4)]
    await enough.wait()
    before = list(acknowledged)
    file = tmp_path / "copy.db"
    made = await asyncio.to_thread(backup, read_url(database_url), file)
    stop.set()
    await asyncio.gather(*workers)
    assert made.leads >= len(before)
    assert file.stat().st_mode & 0o077 == 0
    back = await asyncio.to_thread(restore, read_url(empty_url), file, now=floor.now)
    assert (back.leads, back.facts) == (made.leads, made.facts)
    again = Floor(await Store.open(empty_url, floor.company, pace=1_000_000), clock)
    try:
        assert await again.audit() == []
        kept = {row[0] for row in await again.rows("SELECT id FROM leads")}
        assert set(before) <= kept
        for lead in before:
            assert (await again.lead(lead)).stage == "accepted"
        last = max(int(lead[1:]) for lead in acknowledged)
        fresh = await again.capture(team="east", phone="+8613911112222")
        assert int(fresh.id[1:]) > last + epoch.SKIP // 2
        await again.show()
        assert await again.audit() == []
    finally:
        await again.store.close()


async def test_a_backup_goes_into_the_other_engine(
    floor: Floor, engine_name: str, request: pytest.FixtureRequest, database_url: str, tmp_path: Path
) -> None:
    lead = await floor.capture(team="east")
    await floor.show()
    await floor.accept(lead.id, "e1")
    await asyncio.to_thread(backup, read_url(database_url), tmp_path / "copy.db")
    other = "postgres" if engine_name == "sqlite" else "sqlite"
    url = request.getfixturevalue(f"empty_{other}_url")
    await asyncio.to_thread(restore, read_url(url), tmp_path / "copy.db", now=floor.now)
    store = await Store.open(url, floor.company)
    try:
        there = Floor(store, floor.clock)
        assert await there.audit() == []
        assert await there.kinds(lead.id) == await floor.kinds(lead.id)
        assert await there.rows("SELECT head FROM leads") == await floor.rows("SELECT head FROM leads")
    finally:
        await store.close()


async def test_numbers_go_on_behind_the_highest_however_the_rows_lay(
    postgres_url: str, empty_sqlite_url: str, company: Company, clock: SteppedClock, tmp_path: Path
) -> None:
    """PostgreSQL hands its rows out as they lie: one that was changed comes last."""
    store = await Store.open(postgres_url, company, pace=1_000_000)
    floor = Floor(store, clock)
    first = await floor.capture(team="east")
    await floor.show()
    await floor.do(skip_numbers, upto=1000 + 2 * epoch.SKIP)
    another = await Store.open(postgres_url, company)
    far = await Floor(another, clock).capture(team="east", phone="+8613911112222")
    await another.close()
    await floor.accept(first.id, str(first.owner))
    await store.close()
    await asyncio.to_thread(backup, read_url(postgres_url), tmp_path / "copy.db")
    await asyncio.to_thread(restore, read_url(empty_sqlite_url), tmp_path / "copy.db", now=floor.now)
    there = Floor(await Store.open(empty_sqlite_url, company), clock)
    try:
        fresh = await there.capture(team="east", phone="+8613911113333")
        assert int(fresh.id[1:]) > int(far.id[1:]) + epoch.SKIP // 2
    finally:
        await there.store.close()


def skip_numbers(uow: Any, *, upto: int) -> None:
    uow.query("SELECT setval('lead_numbers', ?)", (upto,))


async def test_what_is_no_backup_is_refused(database_url: str, tmp_path: Path) -> None:
    url = read_url(database_url)
    file = tmp_path / "x.db"
    with pytest.raises(BadBackup, match=r"backup\.missing"):
        restore(url, file, now=MONDAY_TEN)
    file.write_bytes(b"not a database at all" * 100)
    with pytest.raises(BadBackup, match=r"backup\.foreign"):
        restore(url, file, now=MONDAY_TEN)
    with pytest.raises(BadBackup, match=r"backup\.exists"):
        backup(url, file)
    with closing(sqlite3.connect(tmp_path / "other.db")) as other:
        other.execute("CREATE TABLE t (x)")
    with pytest.raises(BadBackup, match=r"backup\.foreign"):
        restore(url, tmp_path / "other.db", now=MONDAY_TEN)
    with pytest.raises(BadBackup):
        backup(url, tmp_path / "no" / "such" / "folder")


async def test_a_damaged_backup_is_refused(floor: Floor, database_url: str, tmp_path: Path) -> None:
    for _ in range(30):
        await floor.capture(team="east")
    await floor.show()
    file = tmp_path / "copy.db"
    await asyncio.to_thread(backup, read_url(database_url), file)
    body = bytearray(file.read_bytes())
    for at in range(4096 * 8, len(body) - 4096 * 8, 4096):
        body[at : at + 64] = b"\xff" * 64
    file.write_bytes(body)
    with pytest.raises(BadBackup, match=r"backup\.(damaged|foreign)"):
        restore(read_url(f"sqlite:///{tmp_path}/new.db"), file, now=MONDAY_TEN)
    assert not (tmp_path / "new.db").exists()


async def test_one_changed_letter_in_a_backup_is_noticed(
    floor: Floor, database_url: str, tmp_path: Path
) -> None:
    """SQLite's own check looks at how the pages hang together, not at what is written on them."""
    await floor.capture(team="east", company="远山精工")
    file, there = tmp_path / "copy.db", read_url(f"sqlite:///{tmp_path}/new.db")
    await asyncio.to_thread(backup, read_url(database_url), file)
    body = file.read_bytes()
    file.write_bytes(body.replace("远山精工".encode(), "近山精工".encode()))
    with pytest.raises(BadBackup, match=r"backup\.changed"):
        restore(there, file, now=MONDAY_TEN)
    assert not (tmp_path / "new.db").exists()
    file.write_bytes(body)
    restore(there, file, now=MONDAY_TEN)
    (tmp_path / "by cp.db").write_bytes((tmp_path / "new.db").read_bytes())
    assert restore(there, tmp_path / "by cp.db", now=MONDAY_TEN).leads == 1, (
        "what bears no seal is taken as it is"
    )


@pytest.mark.parametrize("name", ["day#2.db", "day?2.db", "day%232.db", "天 2.db"])
def test_a_path_is_taken_letter_by_letter(tmp_path: Path, sqlite_url: str, name: str) -> None:
    """As an address, `day.db#2` would be `day.db`: another database was backed up, and restored."""
    folder = tmp_path / name
    folder.mkdir()
    made = backup(read_url(sqlite_url), folder / name)
    assert [each.name for each in folder.iterdir()] == [name]
    there = make_url("sqlite://").set(database=str(folder / f"new {name}"))
    assert restore(there, folder / name, now=MONDAY_TEN).size == made.size
    assert backup(there, folder / "again.db").size == made.size
    assert {each.name for each in folder.iterdir()} >= {name, f"new {name}", "again.db"}


@pytest.mark.parametrize("what", ["notes", "another program's", "damaged", "empty"])
def test_a_restore_moves_nothing_aside_but_a_database_of_ours(
    tmp_path: Path, sqlite_url: str, what: str
) -> None:
    backup(read_url(sqlite_url), tmp_path / "copy.db")
    target = tmp_path / "target.db"
    if what == "another program's":
        with closing(sqlite3.connect(target)) as other:
            other.execute("CREATE TABLE t (x)")
    else:
        damaged = b"SQLite format 3\0" + b"\xff" * 5000
        target.write_bytes({"notes": b"do not lose me", "damaged": damaged, "empty": b""}[what])
    before = target.read_bytes()
    url = read_url(f"sqlite:///{target}")
    if what in ("damaged", "empty"):
        moved = restore(url, tmp_path / "copy.db", now=MONDAY_TEN).moved
        assert moved is not None
        assert moved.read_bytes() == before
        return
    with pytest.raises(BadBackup, match=r"backup\.not_ours"):
        restore(url, tmp_path / "copy.db", now=MONDAY_TEN)
    assert target.read_bytes() == before


async def test_a_database_in_use_or_with_leads_is_not_overwritten(
    floor: Floor, engine_name: str, database_url: str, tmp_path: Path
) -> None:
    await floor.capture()
    await asyncio.to_thread(backup, read_url(database_url), tmp_path / "copy.db")
    with pytest.raises(StoreInUse if engine_name == "sqlite" else BadBackup):
        restore(read_url(database_url), tmp_path / "copy.db", now=floor.now)
    assert len(await floor.rows("SELECT id FROM leads")) == 1
    await floor.show()


def test_a_backup_of_nothing_is_refused(tmp_path: Path) -> None:
    with pytest.raises(BadBackup, match=r"backup\.missing"):
        backup(read_url(f"sqlite:///{tmp_path}/none.db"), tmp_path / "copy.db")


def test_what_was_seen_is_kept_and_a_spoilt_file_is_none(tmp_path: Path) -> None:
    seen = Seen(read_url(f"sqlite:///{tmp_path}/leadbell.db"))
    assert seen.read() is None
    seen.write(Standing(epoch=2, beats=7, number=1234))
    assert seen.read() == Standing(epoch=2, beats=7, number=1234)
    (tmp_path / "leadbell.db.seen").write_text("{")
    assert seen.read() is None
    nowhere = Seen(read_url("postgresql://somewhere/db"))
    nowhere.write(Standing())
    assert nowhere.read() is None


@pytest.fixture
def config(tmp_path: Path, database_url: str, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    file = tmp_path / "config.toml"
    file.write_text(
        demo.COMPANY.format(host="127.0.0.1", port=0, token="x" * 20, database="unused.db"), "utf-8"
    )
    monkeypatch.setenv("LEADBELL_DATABASE__URL", database_url)
    monkeypatch.setenv("LEADBELL_WATCH__SEEN_FILE", str(tmp_path / "seen.json"))
    return ["--config", str(file)]


async def lived(starter: Starter, tmp_path: Path) -> str:
    """A bot that ran for a while; a lead it has shown."""
    world = await starter.start(WATCH__SEEN_FILE=str(tmp_path / "seen.json"))
    lead = await world.submit("林海")
    await world.service._beat()
    await starter.stop(world)
    return lead


async def test_an_old_copy_put_back_is_noticed_and_said(
    database_url: str, engine_name: str, tmp_path: Path, config: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    """By whatever means the old rows came back: here the count of heartbeats is turned back."""
    starter = Starter(database_url=database_url, media=tmp_path / "media")
    await lived(starter, tmp_path)
    assert await asyncio.to_thread(cli.main, ["doctor", *config, "--json"]) in (0, 1)
    assert "restored" not in capsys.readouterr().out
    store = await Store.open(database_url, make_company())
    await store.write(set_beats, value="0")
    await store.close()
    assert await asyncio.to_thread(cli.main, ["doctor", *config]) == 1
    assert "✘ restored" in capsys.readouterr().out
    world = await starter.start(WATCH__SEEN_FILE=str(tmp_path / "seen.json"))
    try:
        status, found = await world.call("/readyz")
        (said,) = (each for each in found["checks"] if each["name"] == "restored")
        assert (status, said["ok"]) == (503, False)
        assert "came after 2026-11-02" in said["detail"]
        fresh = await world.submit("王海")
        assert int(fresh[1:]) > 1000 + epoch.SKIP  # a card of the lost hours can't mean this one
        assert await asyncio.to_thread(cli.main, ["restore", "--confirm", *config]) == 0
        assert (await world.call("/readyz"))[0] == 200
        capsys.readouterr()
        assert await asyncio.to_thread(cli.main, ["restore", "--confirm", *config, "--lang", "en"]) == 0
        assert "nothing to confirm" in capsys.readouterr().out
    finally:
        await starter.stop_all()


def set_beats(uow: Any, *, value: str) -> None:
    uow.later("UPDATE marks SET value = ? WHERE name = 'beats'", value)


async def test_the_commands_back_up_restore_and_audit(
    database_url: str, empty_url: str, tmp_path: Path, config: list[str],
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str],
) -> None:  # fmt: skip
    starter = Starter(database_url=database_url, media=tmp_path / "media")
    lead = await lived(starter, tmp_path)
    file = str(tmp_path / "copy.db")
    run = asyncio.to_thread
    assert await run(cli.main, ["backup", file, *config, "--lang", "en"]) == 0
    assert "1 leads" in capsys.readouterr().out
    assert await run(cli.main, ["backup", file, *config]) == 1
    assert await run(cli.main, ["restore", *config]) == 2
    monkeypatch.setenv("LEADBELL_DATABASE__URL", empty_url)
    assert await run(cli.main, ["restore", file, *config, "--lang", "en"]) == 0
    shown = capsys.readouterr().out
    assert "1 leads and" in shown
    assert "✔ every invariant holds" in shown
    again = Starter(database_url=empty_url, media=tmp_path / "media", clock=starter.clock)
    world = await again.start(WATCH__SEEN_FILE=str(tmp_path / "seen.json"))
    try:
        assert (await world.lead(lead))["id"] == lead
        assert (await world.call("/readyz"))[0] == 503
    finally:
        await again.stop_all()


def test_a_restored_file_keeps_the_old_one_beside_it(tmp_path: Path, sqlite_url: str) -> None:
    backup(read_url(sqlite_url), tmp_path / "copy.db")
    moved = restore(read_url(sqlite_url), tmp_path / "copy.db", now=MONDAY_TEN).moved
    assert moved is not None
    assert moved.name == "leadbell.db.before-restore-20261102-020000"
    assert moved.exists()
    assert (
        restore(read_url(sqlite_url), tmp_path / "copy.db", now=MONDAY_TEN + timedelta(hours=1)).moved
        != moved
    )


@pytest.mark.parametrize(
    "trouble", [OSError(28, "No space left on device"), sqlite3.OperationalError("disk full")]
)
def test_a_restore_that_finds_no_room_leaves_the_database_where_it_was(
    tmp_path: Path, sqlite_url: str, monkeypatch: pytest.MonkeyPatch, trouble: Exception
) -> None:
    url = read_url(sqlite_url)
    backup(url, tmp_path / "copy.db")
    before = sorted(file.name for file in tmp_path.iterdir())

    def full(source: Path, target: Path) -> None:
        target.write_bytes(b"half of it")
        raise trouble

    monkeypatch.setattr("storage.backup._copy_sqlite", full)
    with pytest.raises(BadBackup, match=r"(?i)space|full"):
        restore(url, tmp_path / "copy.db", now=MONDAY_TEN)
    assert {file.name for file in tmp_path.iterdir()} - {"leadbell.db.lock"} == set(before)


def test_a_backup_of_a_newer_program_moves_nothing(tmp_path: Path, sqlite_url: str) -> None:
    url = read_url(sqlite_url)
    backup(url, tmp_path / "copy.db")
    with closing(sqlite3.connect(tmp_path / "copy.db")) as conn, conn:
        conn.execute("UPDATE alembic_version SET version_num = '9999'")
        conn.execute("PRAGMA user_version = 0")  # the seal of before
    with pytest.raises(SchemaError, match=r"schema\.newer"):
        restore(url, tmp_path / "copy.db", now=MONDAY_TEN)
    assert not list(tmp_path.glob("*before-restore*"))
    backup(url, tmp_path / "again.db")


async def test_a_file_that_cannot_be_written_stops_nothing(database_url: str, tmp_path: Path) -> None:
    starter = Starter(database_url=database_url, media=tmp_path / "media")
    world = await starter.start(WATCH__SEEN_FILE=str(tmp_path / "no" / "such" / "folder" / "seen"))
    try:
        for _ in range(6):
            await world.service._beat()
        assert (await world.call("/readyz"))[0] == 200
    finally:
        await starter.stop_all()
