"""What a unit of work promises, on both databases: all of it or nothing, and neighbours are not disturbed."""

import asyncio
from dataclasses import replace
from typing import Any

import pytest
from sqlalchemy import create_engine, text
from sqlalchemy.exc import DBAPIError
from structlog.testing import capture_logs

from domain.errors import DomainError, NotAllowed, OfferGone, Unavailable, UnknownLead
from domain.events import Kind
from domain.lead import Customer, Lead, Origin
from domain.notices import Notice, Tell
from domain.people import Company
from domain.ports import Dialog, Note, Uow
from domain.usecases.leads import accept_lead, capture_lead, contact_lead
from storage.engine import read_url
from storage.store import Store
from storage.uow import UnitOfWork
from storage.writer import Once
from tests.conftest import OpenStore
from tests.fakes.clock import MONDAY_TEN, SteppedClock
from tests.fakes.floor import Floor, read_lead

NOW = MONDAY_TEN


def once(key: str, by: str = "e1") -> Once:
    return Once(
        key=key, answer=lambda lead: f"yours {lead.id}", refuse=lambda error: error.code, at=NOW, by=by
    )


def saves_then_fails(uow: Uow, *, wanted: str, error: Exception) -> None:
    lead = uow.lead(wanted)
    lead.tier = "hot"
    uow.save(lead)
    uow.tell(Notice(key="never", tell=Tell.GAP, to="me", at=NOW))
    uow.add_note(Note(key="never", lead_id=wanted, author="e1", kind="note", text="x", at=NOW))
    uow.set_dialog(Dialog(person="e1", kind="edit", lead_id=wanted, at=NOW))
    desk = uow.desk("e1")
    desk.lapses = 9
    uow.save_desk(desk)
    raise error


def saves_stale(uow: UnitOfWork, *, wanted: str, rival: Any) -> None:
    """Somebody else changes the row between our reading and our writing."""
    lead = uow.lead(wanted)
    rival()
    uow.save(lead)


def breaks_the_database(uow: UnitOfWork) -> None:
    uow.query("SELECT * FROM no_such_table")


def two_saves(uow: Uow, *, wanted: str) -> tuple[int, int]:
    first = uow.lead(wanted)
    first.tier = "hot"
    uow.save(first)
    second = uow.lead(wanted)
    second.record(Kind.TOUCHED, at=NOW, actor="system")
    uow.save(second)
    return first.version, second.version


async def test_a_lead_its_facts_and_its_notices_are_kept_together(floor: Floor) -> None:
    lead = await floor.capture()
    assert await floor.kinds(lead.id) == ["captured", "assigned"]
    assert await floor.told(Tell.OFFER, lead.id) == ["e1"]
    kept = await floor.lead(lead.id)
    assert (kept.version, kept.events, kept.facts, kept.notices) == (1, 2, [], [])


async def test_a_kept_lead_is_read_back_as_it_was(floor: Floor) -> None:
    lead = await floor.capture(
        name="李雷", company="博达", title="厂长", email="l@bo.cn", wechat="lilei", industry="电子", need="MES",
        product="MES", amount_min=500_000, amount_max=800_000, extra={"预算年": "2027"}, external_id="x-1", by="emp",
    )  # fmt: skip
    await floor.show()
    await floor.wait(minutes=3)
    kept = await floor.lead(lead.id)
    assert kept.customer == lead.customer
    assert kept.origin == lead.origin
    assert kept.cycle is not None
    assert kept.offer is not None
    assert (kept.cycle.fired, kept.cycle.policy) == (1, floor.company.policy)
    assert (kept.cycle.started_at, kept.offer.delivered_at) == (NOW, NOW)
    assert kept.updated_at == floor.now


async def test_a_unit_that_fails_leaves_nothing_and_its_neighbours_stay(floor: Floor) -> None:
    lead = await floor.capture()
    done = await asyncio.gather(
        floor.accept(lead.id, "e1", offer=1),
        floor.do(saves_then_fails, wanted=lead.id, error=RuntimeError("a bug")),
        floor.do(saves_then_fails, wanted=lead.id, error=NotAllowed()),
        floor.capture(phone="+8613900000001"),
        return_exceptions=True,
    )
    assert isinstance(done[0], Lead)
    assert isinstance(done[1], RuntimeError)
    assert isinstance(done[2], NotAllowed)
    kept = await floor.lead(lead.id)
    assert (kept.stage, kept.tier) == ("accepted", "default")
    assert await floor.rows("SELECT key FROM outbox WHERE key = 'never' UNION SELECT key FROM notes") == []
    assert await floor.rows("SELECT person FROM dialogs") == []
    assert (await floor.desk("e1")).lapses == 0


async def test_a_broken_statement_fails_its_own_unit_alone(floor: Floor) -> None:
    done = await asyncio.gather(
        floor.capture(), floor.do(breaks_the_database), floor.capture(), return_exceptions=True
    )
    assert [type(each) for each in done] == [Lead, Unavailable, Lead]


async def test_a_refusal_without_a_key_is_raised_and_changes_nothing(floor: Floor) -> None:
    lead = await floor.capture()
    with pytest.raises(UnknownLead):
        await floor.accept(lead.id, "e2")
    assert (await floor.lead(lead.id)).version == 1


async def test_a_refused_click_is_a_fact_and_changes_nothing_else(floor: Floor, store: Store) -> None:
    lead = await floor.capture()
    answer = await store.write(
        accept_lead, once=once("k1", "e2"), lead_id=lead.id, offer_no=1, by="e2", at=NOW
    )
    kept = await floor.lead(lead.id)
    assert answer == "unknown_lead"
    assert (kept.stage, kept.owner, kept.decisions) == ("offered", "e1", 0)
    facts = await floor.rows("SELECT kind, actor, data FROM events WHERE lead_id = ? AND no = 3", lead.id)
    assert facts == [("refused", "e2", '{"what":"accept_lead","why":"unknown_lead"}')]


async def test_a_refused_click_on_an_unknown_lead_is_answered(store: Store) -> None:
    values = {"offer_no": 1, "by": "e1", "at": NOW}
    assert await store.write(accept_lead, once=once("k1"), lead_id="L9", **values) == "unknown_lead"
    assert await store.write(accept_lead, once=once("k1"), lead_id="L9", **values) == "unknown_lead"


async def test_a_repeat_gets_the_stored_answer(floor: Floor, store: Store) -> None:
    lead = await floor.capture()
    click: dict[str, Any] = {"lead_id": lead.id, "offer_no": 1, "by": "e1", "at": NOW}
    first = await store.write(accept_lead, once=once("k1"), **click)
    assert first == f"yours {lead.id}"
    await floor.contact(lead.id, "e1")
    assert await store.write(accept_lead, once=once("k1"), **click) == first
    assert await floor.kinds(lead.id) == ["captured", "assigned", "accepted", "contacted"]


async def test_a_repeat_of_a_refusal_is_refused_again_without_a_second_fact(
    floor: Floor, store: Store
) -> None:
    lead = await floor.capture()
    click: dict[str, Any] = {"lead_id": lead.id, "offer_no": 1, "by": "e2", "at": NOW}
    first = await store.write(accept_lead, once=once("k1", "e2"), **click)
    await floor.assign(lead.id, "e2", "me")  # now it would be granted
    assert await store.write(accept_lead, once=once("k1", "e2"), **click) == first == "unknown_lead"
    assert (await floor.kinds(lead.id)).count("refused") == 1


async def test_repeats_at_the_same_time_have_one_effect_and_one_answer(
    open_store: OpenStore, floor: Floor, engine_name: str
) -> None:
    stores = [floor.store] if engine_name == "sqlite" else [floor.store, await open_store()]
    leads = [await floor.capture() for _ in range(9)]
    for lead in leads:
        by = lead.owner or ""
        answers = await asyncio.gather(
            *(
                stores[each % len(stores)].write(
                    accept_lead, once=once(f"k-{lead.id}", by), lead_id=lead.id, offer_no=1, by=by, at=NOW
                )
                for each in range(4)
            )
        )
        assert set(answers) == {f"yours {lead.id}"}
        assert (await floor.kinds(lead.id)).count("accepted") == 1


async def test_an_answer_that_cannot_be_put_into_words_undoes_the_act(floor: Floor, store: Store) -> None:
    lead = await floor.capture()
    clumsy = Once(key="k", answer=lambda lead: str(1 / 0), refuse=lambda error: "", at=NOW)
    with pytest.raises(ZeroDivisionError):
        await store.write(accept_lead, once=clumsy, lead_id=lead.id, offer_no=1, by="e1", at=NOW)
    assert (await floor.lead(lead.id)).stage == "offered"


async def test_an_answer_may_queue_one_notice_in_the_same_transaction(floor: Floor, store: Store) -> None:
    lead = await floor.capture()
    talks = Once(
        key="k",
        answer=lambda lead: "done",
        refuse=lambda error: error.code,
        at=NOW,
        by="e1",
        follow_up=lambda said: Notice(key="reply:k", tell=Tell.REPLY, to="e1", args={"said": said}, at=NOW),
    )
    for _ in range(2):
        await store.write(accept_lead, once=talks, lead_id=lead.id, offer_no=1, by="e1", at=NOW)
    assert await floor.rows("SELECT key, args FROM outbox WHERE tell = 'reply'") == [
        ("reply:k", '{"said":"done"}')
    ]


async def test_what_a_channel_keeps_with_a_click_is_kept_once_in_the_same_transaction(
    floor: Floor, store: Store
) -> None:
    lead = await floor.capture()
    kept: list[UnitOfWork] = []
    wish = replace(once("k"), also=kept.append)
    for _ in range(2):
        await store.write(accept_lead, once=wish, lead_id=lead.id, offer_no=1, by="e1", at=NOW)
    assert len(kept) == 1
    refused = replace(once("k2"), also=kept.append)
    assert await store.write(accept_lead, once=refused, lead_id="L9", offer_no=1, by="e1", at=NOW)
    assert len(kept) == 2, "a click that is refused has used its code all the same"


async def test_the_log_of_a_failure_names_its_kind_and_nothing_else(floor: Floor) -> None:
    with capture_logs() as logs, pytest.raises(Unavailable):
        await floor.do(breaks_the_database)
    (line,) = [each for each in logs if each["event"] == "unit failed"]
    kinds = {"OperationalError: SQLITE_ERROR", "ProgrammingError: UndefinedTable"}
    assert (line["unit"], line["error"] in kinds) == ("breaks_the_database", True)


async def test_a_save_over_a_newer_row_is_run_again_on_what_is_there(floor: Floor, database_url: str) -> None:
    """The version is the guard wherever no lock helps (SQLite's one writer makes it needless there)."""
    lead = await floor.capture()
    calls: list[int] = []

    def stale(uow: UnitOfWork, *, wanted: str) -> int:
        found = uow.lead(wanted)
        calls.append(found.version)
        if len(calls) == 1:
            uow.connection.execute(text("UPDATE leads SET version = 7 WHERE id = :id"), {"id": wanted})
        uow.save(found)
        return found.version

    # the slip is rolled back with its transaction, so the second try finds the row as it was
    assert await floor.do(stale, wanted=lead.id) == 2
    assert calls == [1, 1]


async def test_a_save_that_never_fits_is_unavailable_and_stores_nothing(floor: Floor) -> None:
    lead = await floor.capture()

    def hopeless(uow: UnitOfWork, *, wanted: str) -> None:
        found = uow.lead(wanted)
        uow.connection.execute(text("UPDATE leads SET version = 7 WHERE id = :id"), {"id": wanted})
        found.tier = "hot"
        uow.save(found)

    with pytest.raises(Unavailable, match="Conflict"):
        await floor.do(hopeless, wanted=lead.id)
    assert (await floor.lead(lead.id)).tier == "default"


async def test_two_saves_of_one_lead_in_one_unit_build_on_each_other(floor: Floor) -> None:
    lead = await floor.capture()
    assert await floor.do(two_saves, wanted=lead.id) == (2, 3)
    kept = await floor.lead(lead.id)
    assert (kept.version, kept.tier, kept.events) == (3, "hot", 3)


async def test_units_of_one_batch_see_each_other(floor: Floor) -> None:
    lead = await floor.capture()
    accepted, contacted = await asyncio.gather(
        floor.do(accept_lead, lead_id=lead.id, offer_no=1, by="e1", at=NOW),
        floor.do(contact_lead, lead_id=lead.id, by="e1", at=NOW),
    )
    assert (accepted.stage, contacted.stage) == ("accepted", "contacted")


async def test_leads_are_handed_out_as_copies(floor: Floor) -> None:
    lead = await floor.capture()

    def scribbles(uow: Uow, *, wanted: str) -> str:
        uow.lead(wanted).tier = "hot"
        return uow.lead(wanted).tier

    assert await floor.do(scribbles, wanted=lead.id) == "default"


async def test_an_unknown_lead_is_said_to_be_unknown(floor: Floor) -> None:
    with pytest.raises(UnknownLead):
        await floor.do(read_lead, wanted="L0")


@pytest.mark.parametrize("statement", ["UPDATE events SET actor = 'x'", "DELETE FROM events"])
async def test_facts_can_be_neither_changed_nor_removed(
    floor: Floor, database_url: str, statement: str
) -> None:
    await floor.capture()
    engine = create_engine(read_url(database_url))
    with pytest.raises(DBAPIError, match="append-only"), engine.begin() as conn:
        conn.execute(text(statement))
    engine.dispose()


async def test_a_notice_is_told_once_for_ever(floor: Floor) -> None:
    def tells(uow: Uow, *, to: str) -> None:
        uow.tell(Notice(key="same", tell=Tell.GAP, to=to, at=NOW))

    await asyncio.gather(floor.do(tells, to="me"), floor.do(tells, to="ms"))
    await floor.show()
    await floor.do(tells, to="dir")
    assert await floor.told(Tell.GAP) == ["me"]
    assert await floor.show() == []


async def test_a_dialog_is_the_newest_one_until_it_ends(floor: Floor) -> None:
    def talk(uow: Uow, *, kind: str | None) -> Dialog | None:
        if kind:
            uow.set_dialog(Dialog(person="e1", kind=kind, lead_id="L1", about="name", at=NOW))
        else:
            uow.end_dialog("e1")
        return None

    def open_dialog(uow: Uow, *, person: str) -> Dialog | None:
        return uow.dialog(person)

    lead = await floor.capture()
    assert await floor.do(open_dialog, person="e1") is None
    await asyncio.gather(floor.do(talk, kind="edit"), floor.do(talk, kind="visit"))
    found = await floor.do(open_dialog, person="e1")
    assert found == Dialog(person="e1", kind="visit", lead_id="L1", about="name", at=NOW)
    await floor.do(talk, kind=None)
    assert await floor.do(open_dialog, person="e1") is None
    assert lead.owner == "e1"


async def test_notes_are_kept_once_and_may_be_taken_back(floor: Floor) -> None:
    lead = await floor.capture()

    def writes(uow: Uow, *, text: str) -> None:
        uow.add_note(Note(key="n1", lead_id=lead.id, author="e1", kind="note", text=text, at=NOW))

    def counts(uow: Uow) -> int:
        return uow.note_count(lead.id, ("e1",))

    def of_others(uow: Uow) -> int:
        return uow.note_count(lead.id, ("e2", "me"))

    def drops(uow: Uow) -> None:
        uow.drop_note("n1")

    await floor.do(writes, text="第一")
    await floor.do(writes, text="第二")
    assert await floor.rows("SELECT text FROM notes") == [("第一",)]
    assert await floor.do(counts) == 1
    assert await floor.do(of_others) == 0
    await floor.do(drops)
    assert await floor.do(counts) == 0


async def test_a_customer_handed_in_twice_at_once_is_one_lead(
    open_store: OpenStore, floor: Floor, engine_name: str
) -> None:
    stores = [floor.store] if engine_name == "sqlite" else [floor.store, await open_store()]
    for phone in ("+8613711112222", "+8613711113333", "+8613711114444"):
        captured = await asyncio.gather(
            *(
                stores[each % len(stores)].write(
                    capture_lead,
                    customer=Customer(name="x", phone=phone),
                    origin=Origin(channel="form", source="test"),
                    now=NOW,
                )
                for each in range(6)
            )
        )
        assert len({each.lead.id for each in captured}) == 1
        assert sorted(each.known for each in captured) == [False] + [True] * 5


async def test_the_same_id_of_the_same_source_is_one_lead(
    open_store: OpenStore, floor: Floor, engine_name: str
) -> None:
    stores = [floor.store] if engine_name == "sqlite" else [floor.store, await open_store()]
    captured = await asyncio.gather(
        *(
            stores[each % len(stores)].write(
                capture_lead,
                customer=Customer(name="x"),
                origin=Origin(channel="ad", source="baidu", external_id="b-7"),
                now=NOW,
            )
            for each in range(6)
        )
    )
    assert len({each.lead.id for each in captured}) == 1


async def test_lead_numbers_are_never_given_twice(
    open_store: OpenStore, floor: Floor, engine_name: str, clock: SteppedClock
) -> None:
    stores = [floor.store] if engine_name == "sqlite" else [floor.store, await open_store()]
    floors = [Floor(store, clock) for store in stores]
    found = await asyncio.gather(
        *(floors[each % len(floors)].capture(phone=f"+86136{each:08d}") for each in range(60))
    )
    assert len({lead.id for lead in found}) == 60
    assert all(lead.id.startswith("L1") and lead.id[1:].isdigit() for lead in found)


async def test_lead_numbers_go_on_after_a_restart(
    open_store: OpenStore, floor: Floor, clock: SteppedClock
) -> None:
    before = [(await floor.capture()).id for _ in range(3)]
    await floor.store.close()
    again = Floor(await open_store(), clock)
    after = (await again.capture(phone="+8613511111111")).id
    assert int(after[1:]) > max(int(each[1:]) for each in before)
    floor.store = again.store


async def test_a_person_without_a_desk_gets_one(floor: Floor) -> None:
    desk = await floor.desk("nobody")
    assert (desk.person, desk.on_duty, desk.active, desk.turn) == ("nobody", True, 0, 0.0)


async def test_a_bug_is_not_taken_for_a_refusal(floor: Floor, store: Store, company: Company) -> None:
    lead = await floor.capture()
    with pytest.raises(TypeError):
        await store.write(accept_lead, once=once("k"), lead_id=lead.id, by="e1", at=NOW)
    assert await floor.rows("SELECT key FROM inbox") == []
    assert issubclass(OfferGone, DomainError)


async def test_a_policy_is_kept_even_when_the_first_batch_that_used_it_failed(
    floor: Floor, open_store: OpenStore
) -> None:
    await asyncio.gather(floor.capture(), floor.do(breaks_the_database), return_exceptions=True)
    bodies = await floor.rows("SELECT body FROM policies")
    assert bodies == [(floor.company.policy.pack(),)]
