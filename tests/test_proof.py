"""`leadbell prove`: the minutes come out of the facts alone, on any machine, and a touched fact is found."""

import asyncio
import json
import os
import subprocess
import sys
from collections.abc import AsyncIterator, Callable
from dataclasses import replace
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import create_engine, text

from bot import cli, demo, proof
from domain.calendar import Mode
from domain.chain import link
from domain.clock import to_micros
from domain.judging import Answer, Question
from domain.lead import Lead
from domain.ports import Uow
from domain.usecases import leads
from domain.usecases.escalation import resume_after_gap
from domain.usecases.judging import judge_lead
from storage import chain, epoch
from storage.engine import read_url, snapshot_engine
from tests.conftest import OpenStore
from tests.fakes.clock import MONDAY_TEN, SteppedClock
from tests.fakes.company import EAST, SOUTH, calendar, make_company
from tests.fakes.floor import Floor

ROOT = Path(__file__).parents[1]
HOLIDAY = {date(2026, 11, 3): "司庆"}


@pytest.fixture
async def place(open_store: OpenStore, clock: SteppedClock) -> AsyncIterator[Floor]:
    """A floor with working hours, on which the Tuesday is a holiday."""
    company = make_company(calendar=calendar(Mode.BUSINESS, holidays=HOLIDAY))
    floor = Floor(await open_store(company), clock)
    yield floor
    await floor.show()
    assert await floor.audit() == []


def proven(url: str, lead: str, now: datetime) -> proof.Document:
    engine = snapshot_engine(read_url(url))
    try:
        with engine.connect() as conn, conn.begin():
            record = chain.read_record(conn, lead)
    finally:
        engine.dispose()
    assert record is not None
    made = proof.document(lead, record, now)
    assert made.proof.whole, made.proof.broken
    return made


def sent_home(uow: Uow, *, person: str) -> None:
    """Off duty for lapses elsewhere; the offer stays."""
    desk = uow.desk(person)
    desk.on_duty = False
    uow.save_desk(desk)


async def accepted(place: Floor) -> Lead:
    """A lead that e1 was shown and accepted at once."""
    lead = await place.capture(team="east")
    await place.show()
    return await place.accept(lead.id, "e1")


def clocks(made: proof.Document, name: str) -> list[dict[str, Any]]:
    return [each for each in made.body["clocks"] if each["clock"] == name]


async def test_lunch_and_a_holiday_do_not_count_and_every_row_is_shown(
    place: Floor, database_url: str
) -> None:
    place.clock.go_to(MONDAY_TEN + timedelta(hours=1, minutes=58))  # 11:58, two minutes before lunch
    lead = await place.capture(team="east")
    place.clock.step(seconds=12)
    await place.show()
    place.clock.go_to(MONDAY_TEN + timedelta(hours=3, minutes=31))  # 13:31, one minute after it
    await place.accept(lead.id, "e1")
    place.clock.go_to(MONDAY_TEN + timedelta(days=2))  # over the holiday, to Wednesday at ten
    await place.contact(lead.id, "e1")
    made = proven(database_url, lead.id, place.now)
    (accept,) = clocks(made, "accept")
    assert accept["minutes"] == 1.8 + 1.0
    assert accept["plain_minutes"] == 92.8
    assert (accept["verdict"], accept["promise_minutes"]) == ("in_time", 5)
    assert sum(row["minutes"] for row in accept["rows"]) == pytest.approx(accept["minutes"])
    (contact,) = clocks(made, "contact")
    assert (
        contact["minutes"] == 4 * 60 + 29 + 60
    )  # the rest of Monday, nothing of Tuesday, an hour of Wednesday
    assert contact["verdict"] == "late"
    off = [row for row in contact["rows"] if row["kind"] == "holiday"]
    assert [(row["name"], row["minutes"]) for row in off] == [("司庆", 0.0)]
    (delivery,) = clocks(made, "delivery")
    assert (delivery["minutes"], delivery["verdict"]) == (0.2, "done")
    assert [each["minutes"] for each in clocks(made, "routing")] == [0.0]


async def test_a_missed_lead_shows_each_clock_and_the_due_time_that_was_booked(
    place: Floor, database_url: str
) -> None:
    lead = await place.capture(team="east")
    await place.show()
    for minutes in (3, 2, 5):
        await place.wait(minutes=minutes, seconds=1)
    owner = (await place.lead(lead.id)).owner
    assert owner
    await place.accept(lead.id, owner)
    made = proven(database_url, lead.id, place.now)
    (accept,) = clocks(made, "accept")
    assert accept["verdict"] == "late"
    assert accept["due"] == (MONDAY_TEN + timedelta(minutes=5)).isoformat()
    assert accept["minutes"] == pytest.approx(10 + 3 / 60)
    assert len(clocks(made, "delivery")) == 2


async def test_what_a_person_is_not_charged_with_is_listed(place: Floor, database_url: str) -> None:
    first = await place.capture(team="east")
    place.clock.step(minutes=2)
    await place.sweep()  # the card is late: an alarm of its own
    await place.show()
    owner = (await place.lead(first.id)).owner
    assert owner
    await place.do(sent_home, person=owner)
    await place.wait(minutes=5, seconds=1)
    made = proven(database_url, first.id, place.now)
    whys = {each["why"] for each in made.body["exclusions"]}
    assert {"undelivered", "delivered_late", "off_duty"} <= whys
    assert clocks(made, "accept")[0]["verdict"] == "excused"
    since, until = place.now, place.clock.step(hours=2)
    await place.do(resume_after_gap, since=since, until=until)
    again = proven(database_url, first.id, place.now)
    assert "system_down" in {each["why"] for each in again.body["exclusions"]}


async def test_an_undone_accept_runs_the_old_clock_on(place: Floor, database_url: str) -> None:
    lead = await place.capture(team="east")
    await place.show()
    place.clock.step(minutes=1)
    await place.accept(lead.id, "e1")
    place.clock.step(minutes=1)
    await place.undo("e1", lead.id)
    made = proven(database_url, lead.id, place.now)
    (accept,) = clocks(made, "accept")
    assert (accept["ended"], accept["minutes"], accept["verdict"]) == (None, 2.0, "running")


async def test_a_handed_back_lead_has_a_clock_for_each_cycle(place: Floor, database_url: str) -> None:
    lead = await place.capture(team="east")
    await place.show()
    await place.hand_back(lead.id, "e1", "wrong_product")
    await place.show()
    place.clock.step(minutes=2)
    made = proven(database_url, lead.id, place.now)
    assert [(each["cycle"], each["minutes"]) for each in clocks(made, "accept")] == [(1, 0.0), (2, 2.0)]


async def test_a_draft_is_detected_when_it_is_complete(place: Floor, database_url: str) -> None:
    lead = await place.capture(team="east", by="emp", draft=True)
    made = proven(database_url, lead.id, place.clock.step(minutes=3))
    assert [each["verdict"] for each in clocks(made, "detection")] == ["running"]
    assert clocks(made, "routing") == []


async def test_a_draft_that_is_sent_waits_for_its_first_owner_from_then_on(
    place: Floor, database_url: str
) -> None:
    lead = await place.capture(team="east", by="emp", draft=True)
    place.clock.step(minutes=3)
    await place.do(leads.send_draft, lead_id=lead.id, by="emp", at=place.now)
    made = proven(database_url, lead.id, place.now)
    (detection,) = clocks(made, "detection")
    assert (detection["minutes"], detection["verdict"]) == (3.0, "done")
    assert [each["minutes"] for each in clocks(made, "routing")] == [0.0]


async def test_a_draft_that_is_withdrawn_is_detected_no_longer(place: Floor, database_url: str) -> None:
    lead = await place.capture(team="east", by="emp", draft=True)
    place.clock.step(minutes=3)
    await place.do(leads.withdraw_lead, lead_id=lead.id, by="emp", at=place.now)
    made = proven(database_url, lead.id, place.clock.step(hours=1))
    assert [(each["minutes"], each["verdict"]) for each in clocks(made, "detection")] == [(3.0, "done")]


async def test_the_contact_clock_starts_anew_after_the_system_was_down(
    place: Floor, database_url: str
) -> None:
    lead = await accepted(place)
    since = place.now
    until = place.clock.step(hours=7)
    await place.do(resume_after_gap, since=since, until=until)
    place.clock.step(minutes=10)
    await place.contact(lead.id, "e1")
    made = proven(database_url, lead.id, place.now)
    down, after = clocks(made, "contact")
    assert (down["verdict"], down["minutes"]) == ("system_down", 330.0)
    assert (after["verdict"], after["minutes"]) == ("in_time", 10.0)
    assert "system_down" in {each["why"] for each in made.body["exclusions"]}


async def test_an_undone_hand_back_runs_the_contact_clock_on(place: Floor, database_url: str) -> None:
    lead = await accepted(place)
    place.clock.step(minutes=1)
    await place.hand_back(lead.id, "e1", "not_yet")
    place.clock.step(minutes=1)
    await place.undo("e1", lead.id)
    place.clock.step(minutes=1)
    made = proven(database_url, lead.id, place.now)
    (contact,) = clocks(made, "contact")
    assert (contact["ended"], contact["minutes"], contact["verdict"]) == (None, 3.0, "running")
    assert all(each["ended"] for each in clocks(made, "routing"))


@pytest.mark.parametrize("shown", [True, False])
@pytest.mark.parametrize("how", ["hand_back", "contacted", "offered", "assign"])
async def test_who_was_offered_a_lead_that_an_undo_took_away_breaks_no_promise(
    place: Floor, database_url: str, how: str, shown: bool
) -> None:
    lead = await place.capture(team="east")
    await place.show()
    if how in ("hand_back", "contacted"):
        await place.accept(lead.id, "e1")
    if how == "contacted":
        await place.contact(lead.id, "e1")
    if how == "assign":
        await place.assign(lead.id, "e2", "me")
    else:
        await place.hand_back(lead.id, "e1", "wrong_product")
    if shown:
        await place.show()
    place.clock.step(minutes=1)
    await place.undo("me" if how == "assign" else "e1", lead.id)
    if how in {"offered", "assign"}:
        await place.accept(lead.id, "e1")
    place.clock.step(hours=1)
    made = proven(database_url, lead.id, place.now)
    others = [each for each in made.body["clocks"] if each["cycle"] == 2]
    assert others
    assert {each["verdict"] for each in others} <= {"ended", "done", "not_shown"}


async def test_words_that_are_taken_back_stop_no_clock(place: Floor, database_url: str) -> None:
    lead = await accepted(place)
    await place.do(leads.add_note, lead_id=lead.id, by="e1", text="x", kind="note", key="n", at=place.now)
    await place.undo("e1", lead.id)
    (contact,) = clocks(proven(database_url, lead.id, place.clock.step(minutes=1)), "contact")
    assert (contact["minutes"], contact["verdict"]) == (1.0, "running")


async def test_a_lead_that_a_no_closed_for_a_while_counts_from_its_new_offer(
    place: Floor, database_url: str
) -> None:
    lead = await place.capture(team="east", by="emp")
    await place.show()
    place.clock.step(minutes=4)
    await place.do(
        judge_lead, lead_id=lead.id, question=Question.WILL, given=Answer.NO, by="emp", at=place.now
    )
    place.clock.step(minutes=3)
    await place.undo("emp", lead.id)
    made = proven(database_url, lead.id, place.now)
    (accept,) = clocks(made, "accept")
    assert (accept["minutes"], accept["verdict"]) == (4.0, "ended")


async def test_a_taken_lead_that_is_given_up_again_waits_with_no_clock_of_a_person(
    place: Floor, database_url: str
) -> None:
    for rep in (*EAST, *SOUTH):
        await place.duty(rep, on=False)
    lead = await place.capture(team="east")
    assert lead.stage == "waiting"
    await place.take(lead.id, "dir")
    place.clock.step(minutes=1)
    await place.undo("dir", lead.id)
    await place.wait(minutes=1)
    made = proven(database_url, lead.id, place.now)
    assert [(each["minutes"], each["verdict"]) for each in clocks(made, "contact")] == [(1.0, "ended")]


async def test_an_undone_hand_back_after_the_first_contact_starts_no_clock(
    place: Floor, database_url: str
) -> None:
    lead = await accepted(place)
    place.clock.step(minutes=1)
    await place.contact(lead.id, "e1")
    place.clock.step(minutes=1)
    await place.hand_back(lead.id, "e1", "not_yet")
    await place.undo("e1", lead.id)
    made = proven(database_url, lead.id, place.now)
    assert [(each["minutes"], each["verdict"]) for each in clocks(made, "contact")] == [(1.0, "in_time")]


async def test_an_accept_that_came_in_time_takes_the_breach_back(place: Floor, database_url: str) -> None:
    lead = await place.capture(team="east")
    await place.show()
    pressed = place.now + timedelta(minutes=4)
    await place.wait(minutes=5, seconds=1)
    await place.accept(lead.id, "e1", offer=1, at=pressed)
    made = proven(database_url, lead.id, place.now)
    assert "received_in_time" in {each["why"] for each in made.body["exclusions"]}
    assert clocks(made, "accept")[-1]["verdict"] == "in_time"


async def test_an_accept_before_the_card_was_shown_has_an_accept_clock_from_the_card_after_its_undo(
    place: Floor, database_url: str
) -> None:
    lead = await place.capture(team="east")
    owner = lead.owner
    assert owner
    await place.accept(lead.id, owner)
    assert clocks(proven(database_url, lead.id, place.now), "accept") == []
    place.clock.step(seconds=30)
    await place.undo(owner, lead.id)
    assert clocks(proven(database_url, lead.id, place.now), "accept") == []
    place.clock.step(seconds=30)
    await place.show()  # the card is sent once more
    (accept,) = clocks(proven(database_url, lead.id, place.now), "accept")
    assert accept["began"]["at"] == place.now.isoformat()


async def test_a_breach_under_the_old_hours_stands_beside_a_due_time_of_the_new(
    place: Floor, database_url: str
) -> None:
    lead = await place.capture(team="east")
    await place.show()
    await place.wait(minutes=5, seconds=1)
    place.store.company = make_company(calendar=calendar(Mode.BUSINESS, ("10:02-12:00",)))
    owner = (await place.lead(lead.id)).owner
    assert owner
    await place.accept(lead.id, owner)
    made = proven(database_url, lead.id, place.now)
    (accept,) = clocks(made, "accept")
    assert (MONDAY_TEN + timedelta(minutes=5)).isoformat() in json.dumps(made.body["facts"])
    assert accept["due"] == (MONDAY_TEN + timedelta(minutes=7)).isoformat()


async def test_a_calendar_that_is_gone_is_said(place: Floor, database_url: str) -> None:
    lead = await accepted(place)
    engine = snapshot_engine(read_url(database_url))
    try:
        with engine.connect() as conn, conn.begin():
            record = chain.read_record(conn, lead.id)
    finally:
        engine.dispose()
    assert record is not None
    made = proof.document(lead.id, replace(record, calendars={}), place.now)
    assert any("calendar or policy that is gone" in each for each in made.proof.broken)


async def test_changed_hours_are_a_calendar_of_their_own(place: Floor, database_url: str) -> None:
    lead = await place.capture(team="east")
    await place.show()
    place.store.company = make_company(calendar=calendar(Mode.BUSINESS, ("10:02-12:00",)))
    place.clock.step(minutes=4)
    await place.accept(lead.id, "e1")
    made = proven(database_url, lead.id, place.now)
    (accept,) = clocks(made, "accept")
    assert accept["minutes"] == 2.0  # the hours that held when it ended
    assert len(made.body["calendars"]) == 2


async def test_a_printed_proof_gives_the_same_minutes_without_the_database(
    place: Floor, database_url: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    lead = await place.capture(team="east")
    await place.show()
    for minutes in (3, 2, 5, 5):
        await place.wait(minutes=minutes, seconds=1)
    made = proven(database_url, lead.id, place.now)
    file = tmp_path / "proof.json"
    file.write_text(json.dumps(made.body, ensure_ascii=False), encoding="utf-8")
    assert cli.main(["prove", "--from", str(file), "--json"]) == 0
    assert json.loads(capsys.readouterr().out) == json.loads(file.read_text("utf-8"))
    for lang in ("zh", "en"):
        assert cli.main(["prove", "--from", str(file), "--lang", lang]) == 0
        shown = capsys.readouterr().out
        for fact in made.body["facts"]:
            assert fact[2] in shown
            assert fact[-1][:12] in shown
        assert made.body["head"] in shown
        assert "due=2026-11-02 10:05:00.000" in shown, "as every other time of it"
        assert "+00:00" not in shown.partition(made.body["head"])[2].partition("policies")[0]
        assert "Asia/Shanghai" in shown
        assert f"leadbell prove {lead.id}" in shown, "what was cut off the end only the database can tell"


@pytest.mark.parametrize("lang", ["zh", "en"])
async def test_the_proof_of_another_lead_is_not_taken_for_the_one_asked_about(
    place: Floor, database_url: str, tmp_path: Path, capsys: pytest.CaptureFixture[str], lang: str
) -> None:
    lead = await place.capture(team="east")
    await place.show()
    file = tmp_path / "proof.json"
    file.write_text(json.dumps(proven(database_url, lead.id, place.now).body), encoding="utf-8")
    asked = ["--from", str(file), "--lang", lang]
    assert cli.main(["prove", "L9999", *asked]) == 1
    shown = capsys.readouterr()
    assert shown.out == ""
    assert lead.id in shown.err
    assert "L9999" in shown.err
    assert cli.main(["prove", lead.id.lower(), *asked]) == 0


async def test_who_reads_only_the_beginning_hears_of_no_failure(
    place: Floor, database_url: str, tmp_path: Path
) -> None:
    lead = await place.capture(team="east")
    await place.show()
    file = tmp_path / "proof.json"
    file.write_text(json.dumps(proven(database_url, lead.id, place.now).body), encoding="utf-8")
    read, write = os.pipe()
    os.close(read)
    run = [sys.executable, "-c", "import sys; from bot.cli import main; sys.exit(main())"]
    for unbuffered in ("", "1"):  # found at the end, and in the middle
        ended = await asyncio.to_thread(
            subprocess.run, [*run, "prove", "--from", str(file)], cwd=ROOT, stdout=write, stderr=subprocess.PIPE,
            env={**os.environ, "PYTHONUNBUFFERED": unbuffered}, check=False,
        )  # fmt: skip
        assert (ended.stderr, ended.returncode) == (b"", cli.UNREAD)
    os.close(write)


def moved(body: dict[str, Any]) -> None:
    body["facts"][2][3] -= 60_000_000


def linked_anew(body: dict[str, Any]) -> None:
    moved(body)
    head = ""
    for fact in body["facts"]:
        fact[-1] = head = link(head, fact[:-1])


def replaced(part: str, old: str, new: str) -> Callable[[dict[str, Any]], None]:
    def spoil(body: dict[str, Any]) -> None:
        (name,) = body[part]
        body[part][name] = body[part][name].replace(old, new) if old else new

    return spoil


def miscounted(body: dict[str, Any]) -> None:
    body["clocks"][-1]["minutes"] += 1


def unreadable(body: dict[str, Any]) -> None:
    body["facts"][2][3] = "yesterday"


SPOILT: dict[str, Callable[[dict[str, Any]], object]] = {
    "a fact's time": moved,
    "a fact is gone": lambda body: body["facts"].pop(1),
    "a fact is no fact": unreadable,
    "the sums": miscounted,
    "the promise": replaced("policies", '"within":300.0', '"within":3000.0'),
    "a policy is no policy": replaced("policies", "", "{"),
    "the hours": replaced("calendars", "09:00", "11:00"),
    "a calendar is no calendar": replaced("calendars", "", "[]"),
    "a whole new chain": linked_anew,
    "the head": lambda body: body.update(head=""),
}


@pytest.mark.parametrize("how", SPOILT)
async def test_a_proof_that_was_touched_does_not_hold(
    place: Floor, database_url: str, tmp_path: Path, capsys: pytest.CaptureFixture[str], how: str
) -> None:
    lead = await place.capture(team="east")
    await place.show()
    place.clock.step(minutes=2)
    await place.accept(lead.id, "e1")
    body = json.loads(json.dumps(proven(database_url, lead.id, place.now).body))
    SPOILT[how](body)
    file = tmp_path / "proof.json"
    file.write_text(json.dumps(body), encoding="utf-8")
    assert cli.main(["prove", "--from", str(file), "--lang", "en"]) == 1
    assert "✘ The log is not whole" in capsys.readouterr().out


async def test_a_forger_who_moves_a_breach_and_links_the_chain_anew_is_found_by_the_hours(
    place: Floor, database_url: str
) -> None:
    lead = await place.capture(team="east")
    await place.show()
    await place.wait(minutes=5, seconds=1)
    body = json.loads(json.dumps(proven(database_url, lead.id, place.now).body))
    head = ""
    for fact in body["facts"]:
        moved = [each.replace("02:05:00", "02:04:00") if isinstance(each, str) else each for each in fact]
        fact[:] = [*moved[:-1], head := link(head, moved[:-1])]
    body["head"] = head
    assert [each for each in proof.check(body).proof.broken if "clock was due" in each]


@pytest.mark.parametrize(
    "text", ["", "[]", "{}", '{"leadbell_proof": 1}', '{"leadbell_proof": 1, "lead": 3, "at": "x"}']
)
def test_a_file_that_is_no_proof_is_refused(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], text: str
) -> None:
    file = tmp_path / "proof.json"
    file.write_text(text, encoding="utf-8")
    assert cli.main(["prove", "--from", str(file)]) == 1
    assert str(file) in capsys.readouterr().err


def settings_of(url: str, folder: Path, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The arguments that name a company's settings on this database, without the simulator."""
    config = folder / "config.toml"
    config.write_text(
        demo.COMPANY.format(host="127.0.0.1", port=0, token="x" * 20, database="unused.db"), "utf-8"
    )
    monkeypatch.setenv("LEADBELL_DATABASE__URL", url)
    monkeypatch.setenv("LEADBELL_SIMULATOR__ENABLED", "false")
    return ["--config", str(config)]


async def test_what_a_stopped_program_has_not_done_since_is_no_violation(
    place: Floor, database_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:  # fmt: skip
    lead = await accepted(place)
    arguments = settings_of(database_url, tmp_path, monkeypatch)
    assert cli.main(["audit", *arguments]) == 1, "by the clock of this machine it is overdue"
    assert f"{lead.id} overdue" in capsys.readouterr().out
    await place.store.write(epoch.beat, now=place.now)
    assert cli.main(["audit", *arguments]) == 0
    assert "程序自 2026-11-02 02:00:00 UTC 起没有运行" in capsys.readouterr().err


async def test_the_command_reads_the_database_and_sees_an_altered_row(
    place: Floor, database_url: str, engine_name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:  # fmt: skip
    lead = await accepted(place)
    arguments = settings_of(database_url, tmp_path, monkeypatch)
    assert cli.main(["prove", lead.id, *arguments]) == 0
    assert "日志完整" in capsys.readouterr().out
    assert cli.main(["prove", "L1", *arguments]) == 1
    assert cli.main(["prove", *arguments]) == 2
    engine = create_engine(read_url(database_url))
    with engine.begin() as conn:
        conn.execute(
            text(
                "DROP TRIGGER events_no_update"
                if engine_name == "sqlite"
                else "ALTER TABLE events DISABLE TRIGGER ALL"
            )
        )
        conn.execute(text("UPDATE events SET at = :at WHERE no = 3"), {"at": to_micros(MONDAY_TEN)})
        conn.execute(text("UPDATE events SET at = at + 1 WHERE no = 3"))
    capsys.readouterr()
    assert cli.main(["prove", lead.id, *arguments]) == 1
    assert "✘ 日志不完整：the chain is broken at fact 3 (delivered)" in capsys.readouterr().out
    assert cli.main(["audit", *arguments]) == 1
    assert f"✘ INV-9 {lead.id} the chain is broken at fact 3 (delivered)" in capsys.readouterr().out
    with engine.begin() as conn:
        conn.execute(text("UPDATE events SET at = at - 1 WHERE no = 3"))
    engine.dispose()
    assert await place.audit() != []  # the trigger is still off
    await _mend(database_url, engine_name)


async def _mend(url: str, engine_name: str) -> None:
    engine = create_engine(read_url(url))
    with engine.begin() as conn:
        conn.execute(text(
            "CREATE TRIGGER events_no_update BEFORE UPDATE ON events BEGIN SELECT RAISE(ABORT, 'events are append-only'); END"
            if engine_name == "sqlite"
            else "ALTER TABLE events ENABLE TRIGGER ALL"
        ))  # fmt: skip
    engine.dispose()
