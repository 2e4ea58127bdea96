"""The outbox on both databases: leases are fenced, the pace is kept, nothing is lost and nothing comes twice."""

import asyncio
import threading
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from sqlalchemy import Connection, create_engine, text

from domain.notices import ROLL_UP_FROM, Notice, Tell
from domain.people import Company
from domain.ports import HALF, Shown, Uow
from domain.usecases.delivery import Failed, Sent, Work, claim
from domain.usecases.leads import add_note
from storage import sql
from storage.engine import read_url
from storage.housekeeping import clock_set_back, clock_was_ahead
from storage.store import Store
from storage.uow import UnitOfWork
from tests.conftest import OpenStore
from tests.fakes.clock import MONDAY_TEN, SteppedClock
from tests.fakes.floor import Floor

LEASE = 30


def notice(key: str, to: str, *, tell: Tell = Tell.REMIND, at: datetime = MONDAY_TEN) -> Notice:
    return Notice(key=key, tell=tell, to=to, at=at)


def tells(uow: Uow, *, notices: list[Notice]) -> None:
    for each in notices:
        uow.tell(each)


async def test_a_claimed_notice_is_nobody_elses_until_its_lease_ends(floor: Floor) -> None:
    await floor.do(tells, notices=[notice("n1", "me")])
    (first,) = await floor.claim()
    assert await floor.claim() == []
    floor.clock.step(seconds=LEASE)
    (second,) = await floor.claim()
    assert (first.delivery.lease, second.delivery.lease) == (1, 2)
    assert (first.delivery.attempts, second.delivery.attempts) == (1, 2)
    await floor.settle(Sent(delivery=second.delivery))


async def test_a_claim_reads_nothing_that_is_not_due_yet(floor: Floor, engine_name: str) -> None:
    """Thousands of reminders wait for their day, and each claim goes through the writer."""
    if engine_name != "sqlite":
        pytest.skip("PostgreSQL plans by what is in the table")
    asked: list[tuple[str, tuple[object, ...]]] = []
    real = sql.query

    def overheard(conn: Connection, text: str, values: tuple[object, ...] = ()) -> Sequence[object]:
        asked.append((text, values))
        return real(conn, text, values)

    def listens(uow: UnitOfWork) -> list[str]:
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(sql, "query", overheard)
            uow.claim_notices(floor.now, 64, ["e1"])
        return [row[3] for row in uow.query(f"EXPLAIN QUERY PLAN {asked[0][0]}", asked[0][1])]

    plan = await floor.do(listens)
    assert "SEARCH outbox USING INDEX ix_outbox_due (priority=? AND not_before<?)" in plan


@pytest.mark.parametrize("fails", [False, True])
async def test_what_a_copy_is_told_while_it_is_drawn_anew_is_not_lost(floor: Floor, fails: bool) -> None:
    """Somebody confirms a note while its card is on its way once more: it must not ask again."""
    lead = (await floor.capture()).id
    await floor.show()
    await floor.do(arms, lead=lead, at=floor.now)
    (redraw,) = await floor.claim()
    await floor.do(marks_the_copies, lead=lead)
    await floor.do(arms, lead=lead, at=floor.now)
    shown = tuple(redraw.copies)
    assert shown
    failed = Failed(delivery=redraw.delivery, why="x", again_in=timedelta(0), shown=shown)
    await floor.settle(failed if fails else Sent(delivery=redraw.delivery, shown=shown))
    (again,) = await floor.claim()
    assert [each.args["state"] for each in again.copies] == ["taken" for _ in shown]


def arms(uow: Uow, *, lead: str, at: datetime) -> None:
    uow.refresh(lead, at)


def marks_the_copies(uow: Uow, *, lead: str) -> None:
    for copy in uow.shown(lead):
        copy.args["state"] = "taken"
        uow.show(copy)


async def leased_twice(floor: Floor) -> tuple[Work, Work]:
    """What is due, claimed by one who is stopped, and after its lease by another."""
    (first,) = await floor.claim()
    floor.clock.step(seconds=LEASE)
    (second,) = await floor.claim()
    return first, second


async def test_an_old_lease_finishes_nothing(floor: Floor) -> None:
    lead = await floor.capture()
    first, second = await leased_twice(floor)
    await floor.settle(Sent(delivery=first.delivery, shown=(floor.copy(first.delivery),)))
    await floor.settle(Failed(delivery=first.delivery, why="x", again_in=timedelta(hours=1)))
    await floor.settle(Failed(delivery=first.delivery, why="x", again_in=None))
    offer = "SELECT state, error FROM outbox WHERE tell = 'offer'"
    assert await floor.rows(offer) == [("due", None)]
    assert (await floor.lead(lead.id)).stage == "offered"
    await floor.settle(Sent(delivery=second.delivery, shown=(floor.copy(second.delivery),)))
    assert await floor.rows(offer) == [("sent", None)]


async def test_what_a_stopped_instance_showed_after_its_lease_is_kept_true_too(floor: Floor) -> None:
    lead = await floor.capture()
    first, second = await leased_twice(floor)
    copy = floor.copy(second.delivery)
    await floor.settle(Sent(delivery=second.delivery, shown=(copy,)))
    assert await floor.claim() == []
    await floor.settle(Sent(delivery=first.delivery, shown=(replace(copy, handle="the first one's"),)))
    rows = "SELECT message, handle, digest FROM shown ORDER BY message"
    assert await floor.rows(rows) == [
        (copy.message, copy.handle, copy.digest), (f"{copy.message}~1", "the first one's", ""),
    ]  # fmt: skip
    (again,) = await floor.claim()
    assert (again.delivery.tell, again.delivery.lead_id) == (Tell.REFRESH, lead.id)
    made_true = tuple(replace(each, digest="true") for each in again.copies)
    await floor.settle(Sent(delivery=again.delivery, shown=made_true))
    await floor.settle(Sent(delivery=again.delivery, shown=made_true))
    assert await floor.claim() == [], "booked twice is booked once"


async def test_what_an_older_lease_booked_and_redrew_first_may_lie_on_top(floor: Floor) -> None:
    """The redraw was made before the newer lease was booked, of a lead whose clock had not started."""
    await floor.capture()
    first, second = await leased_twice(floor)
    copy = floor.copy(first.delivery)
    await floor.settle(Sent(delivery=first.delivery, shown=(copy,)))
    (redraw,) = await floor.claim()
    redrawn = tuple(replace(each, digest="no clock yet") for each in redraw.copies)
    await floor.settle(Sent(delivery=redraw.delivery, shown=redrawn))
    await floor.settle(Sent(delivery=second.delivery, shown=(replace(copy, digest="over", state="dead"),)))
    assert await floor.rows("SELECT state, digest FROM shown") == [("done", "")]
    assert [each.delivery.tell for each in await floor.claim()] == [Tell.REFRESH]


@pytest.mark.parametrize("other", [False, True])
async def test_what_a_stopped_instance_books_first_is_kept_once_for_each_card(
    floor: Floor, other: bool
) -> None:
    await floor.capture()
    first, second = await leased_twice(floor)
    late = floor.copy(first.delivery)
    await floor.settle(Sent(delivery=first.delivery, shown=(late,)))
    copy = replace(late, handle="another") if other else late
    await floor.settle(Sent(delivery=second.delivery, shown=(copy,)))
    found = await floor.rows("SELECT message, handle FROM shown ORDER BY message")
    assert found == [(copy.message, copy.handle), (f"{copy.message}~2", late.handle)][: 1 + other]
    (again,) = await floor.claim()
    assert again.delivery.tell is Tell.REFRESH


async def test_a_redraw_that_came_after_its_lease_leaves_a_copy_of_unknown_content(floor: Floor) -> None:
    lead = await floor.capture()
    await floor.show()
    await floor.accept(lead.id, str(lead.owner))
    first, second = await leased_twice(floor)
    fresh = tuple(replace(each, handle="new", digest="true") for each in second.copies)
    await floor.settle(Sent(delivery=second.delivery, shown=fresh))
    gone = replace(first.copies[0], message="a message that is no more")
    await floor.settle(Sent(delivery=first.delivery, shown=(*first.copies, gone)))
    assert await floor.rows("SELECT handle, digest FROM shown") == [("new", "")]
    (again,) = await floor.claim()
    assert again.delivery.tell is Tell.REFRESH


@pytest.mark.parametrize(("why", "digest"), [("timeout", ""), ("refused", "known")])
async def test_a_try_that_was_cut_short_after_its_lease_may_lie_over_what_was_shown_since(
    floor: Floor, why: str, digest: str
) -> None:
    """It was stopped in the middle of its call, which went on when it woke, and nobody awaited its end."""
    lead = await floor.capture()
    first, second = await leased_twice(floor)
    copy = replace(floor.copy(second.delivery), message=second.delivery.key)
    await floor.settle(Sent(delivery=second.delivery, shown=(copy,)))
    await floor.accept(lead.id, str(lead.owner))
    (redraw,) = await floor.claim()
    true = tuple(replace(each, digest="known", state="dead") for each in redraw.copies)
    await floor.settle(Sent(delivery=redraw.delivery, shown=true))
    await floor.settle(Failed(delivery=first.delivery, why=why, again_in=timedelta(seconds=1)))
    assert await floor.rows("SELECT digest FROM shown") == [(digest,)]
    assert [each.delivery.tell for each in await floor.claim()] == [Tell.REFRESH] * (why == "timeout")


async def test_a_redraw_that_failed_after_its_lease_keeps_no_older_handle(floor: Floor) -> None:
    lead = await floor.capture()
    await floor.show()
    await floor.accept(lead.id, str(lead.owner))
    first, second = await leased_twice(floor)
    fresh = tuple(replace(each, handle="new", digest="true") for each in second.copies)
    await floor.settle(Sent(delivery=second.delivery, shown=fresh))
    late = Failed(delivery=first.delivery, why="x", again_in=timedelta(seconds=1), shown=tuple(first.copies))
    await floor.settle(late)
    assert await floor.rows("SELECT handle, digest FROM shown") == [("new", "")]
    (again,) = await floor.claim()
    assert again.delivery.tell is Tell.REFRESH


async def test_a_redraw_that_came_after_its_lease_brings_back_what_was_drawn_as_over(floor: Floor) -> None:
    """The older content may lie on the phone for good, and nobody looks at what is booked as over."""
    lead = await floor.capture()
    await floor.show()
    await floor.accept(lead.id, str(lead.owner))
    first, second = await leased_twice(floor)
    over = tuple(replace(each, digest="over", state="dead") for each in second.copies)
    await floor.settle(Sent(delivery=second.delivery, shown=over))
    assert await floor.claim() == []
    await floor.settle(Sent(delivery=first.delivery, shown=tuple(first.copies)))
    assert await floor.rows("SELECT state, digest FROM shown") == [("done", "")]
    (again,) = await floor.claim()
    assert [each.message for each in again.copies] == [each.message for each in first.copies]


async def test_a_notice_is_settled_once(floor: Floor) -> None:
    await floor.do(tells, notices=[notice("n1", "me")])
    (work,) = await floor.claim()
    await floor.settle(Sent(delivery=work.delivery))
    await floor.settle(Failed(delivery=work.delivery, why="x", again_in=None))
    assert await floor.rows("SELECT state FROM outbox") == [("sent",)]


async def test_what_was_given_up_is_not_sent_by_a_word_that_comes_after(floor: Floor) -> None:
    await floor.do(tells, notices=[notice("n1", "me")])
    (work,) = await floor.claim()
    await floor.settle(Failed(delivery=work.delivery, why="x", again_in=None))
    await floor.settle(Sent(delivery=work.delivery))
    assert await floor.rows("SELECT state, error FROM outbox WHERE key = 'n1'") == [("dead", "x")]


async def test_of_a_long_reason_only_the_beginning_is_kept(floor: Floor) -> None:
    await floor.do(tells, notices=[notice("tried again", "me"), notice("given up", "me")])
    for work in await floor.claim():
        again = timedelta(0) if work.delivery.key == "tried again" else None
        await floor.settle(Failed(delivery=work.delivery, why="long " * 200, again_in=again))
    assert await floor.rows("SELECT length(error) FROM outbox WHERE person = 'me'") == [(500,), (500,)]


async def test_an_answer_whose_words_were_shown_is_half_done(floor: Floor) -> None:
    await floor.do(tells, notices=[notice("n1", "me", tell=Tell.REPLY)])
    (first,) = await floor.claim()
    await floor.settle(Failed(delivery=first.delivery, why=f"45009 {HALF}", again_in=timedelta(0)))
    (second,) = await floor.claim()
    assert (first.delivery.half, second.delivery.half) == (False, True)


async def test_a_failed_notice_comes_again_when_it_was_told_to(floor: Floor) -> None:
    await floor.do(tells, notices=[notice("n1", "me")])
    (work,) = await floor.claim()
    await floor.settle(Failed(delivery=work.delivery, why="45009", again_in=timedelta(seconds=60)))
    floor.clock.step(seconds=59)
    assert await floor.claim() == []
    floor.clock.step(seconds=1)
    (again,) = await floor.claim()
    assert (again.delivery.key, again.delivery.attempts) == ("n1", 2)
    await floor.settle(Sent(delivery=again.delivery))


async def test_a_running_clock_goes_before_everything_else(floor: Floor) -> None:
    await floor.do(tells, notices=[notice("late", "me", tell=Tell.GAP)])
    floor.clock.step(seconds=1)
    await floor.do(tells, notices=[notice("urgent", "me", at=floor.now)])
    assert [work.delivery.key for work in await floor.claim(limit=1)] == ["urgent"]
    assert [work.delivery.key for work in await floor.claim(limit=1)] == ["late"]


async def test_true_cards_go_after_a_running_clock_and_before_all_else(floor: Floor) -> None:
    lead = (await floor.capture(by="emp")).id
    await floor.show()
    await floor.do(tells, notices=[notice("late", "me", tell=Tell.GAP)])
    floor.clock.step(seconds=1)
    await floor.accept(lead, "e1")
    floor.clock.step(seconds=1)
    await floor.do(tells, notices=[notice("urgent", "me", at=floor.now)])
    order = [work.delivery.key for _ in range(4) for work in await floor.claim(limit=1)]
    wanted = ["urgent", f"refresh:{lead}", "late"]
    assert [key for key in order if key in wanted] == wanted


async def test_whoever_is_busy_gets_nothing_now(floor: Floor) -> None:
    await floor.do(tells, notices=[notice("a", "me"), notice("b", "ms")])
    assert [work.delivery.to for work in await floor.claim(busy=["me"])] == ["ms"]
    assert [work.delivery.to for work in await floor.claim(busy=[])] == ["me"]


async def test_a_refresh_under_way_is_not_claimed_again_though_its_lease_ran_out(floor: Floor) -> None:
    lead = (await floor.capture()).id
    await floor.show()
    await floor.accept(lead, "e1")
    (refresh,) = [each for each in await floor.claim() if each.delivery.tell is Tell.REFRESH]
    floor.clock.step(seconds=90)
    assert await floor.claim(busy=[refresh.delivery.key]) == []
    assert [each.delivery.key for each in await floor.claim()] == [refresh.delivery.key]


async def test_what_is_not_urgent_waits_for_the_morning(floor: Floor) -> None:
    night = floor.clock.step(hours=13)  # eleven at night
    await floor.do(
        tells, notices=[notice("gap", "me", tell=Tell.GAP, at=night), notice("alert", "me", at=night)]
    )
    assert [each.key for each in await floor.show()] == ["alert"]
    floor.clock.step(hours=9, minutes=30)  # half past eight
    assert [each.key for each in await floor.show()] == ["gap"]


async def test_a_storm_of_alarms_is_one_turn_of_the_pace(open_store: OpenStore, clock: SteppedClock) -> None:
    floor = Floor(await open_store(pace=25), clock)
    stuck = [notice(f"s{no:02}", "me", tell=Tell.STUCK) for no in range(40)]
    alerts = [notice(f"a{no}", "me", tell=Tell.ALERT) for no in range(4)]
    await floor.do(tells, notices=[*stuck, *alerts, notice("r", "me")])
    claimed = [work.delivery.key for work in await floor.claim()]
    assert set(claimed) == {each.key for each in (*stuck, *alerts)} | {"r"}
    assert set(claimed[:5]) == {"a0", "a1", "a2", "a3", "r"}  # a clock that runs goes before a wait for room


async def test_alarms_that_trickle_in_come_singly_at_first_and_then_together(
    open_store: OpenStore, clock: SteppedClock
) -> None:
    floor = Floor(await open_store(pace=25), clock)
    claimed: dict[datetime, list[str]] = {}
    arose: dict[str, datetime] = {}
    for no in range(40):
        arose[f"a{no}"] = floor.now
        if no < 30:
            await floor.do(tells, notices=[notice(f"a{no}", "me", tell=Tell.ALERT, at=floor.now)])
        work = await floor.claim()
        await floor.settle(*(Sent(delivery=each.delivery) for each in work))
        if work:
            claimed[floor.now] = [each.delivery.key for each in work]
        floor.clock.step(seconds=1)
    assert [len(keys) for keys in claimed.values()] == [1, 1, 8, 10, 10]
    waits = [at - arose[key] for at, keys in claimed.items() for key in keys]
    assert max(waits) == timedelta(seconds=10)


async def test_a_lone_alarm_never_waits_for_company(open_store: OpenStore, clock: SteppedClock) -> None:
    floor = Floor(await open_store(pace=25), clock)
    for no in range(5):
        await floor.do(tells, notices=[notice(f"a{no}", "me", tell=Tell.ALERT, at=floor.now)])
        assert [each.key for each in await floor.show()] == [f"a{no}"]
        floor.clock.step(seconds=5)


@pytest.mark.parametrize(
    ("alarms", "reminders", "come"),
    [(ROLL_UP_FROM - 1, 0, 2), (ROLL_UP_FROM - 1, 1, 2), (ROLL_UP_FROM, 0, 4)],
)
async def test_a_few_alarms_have_cards_and_turns_of_their_own(
    open_store: OpenStore, clock: SteppedClock, alarms: int, reminders: int, come: int
) -> None:
    floor = Floor(await open_store(pace=5), clock)
    await floor.do(tells, notices=[notice(f"r{no}", "me") for no in range(reminders)])
    await floor.do(tells, notices=[notice(f"a{no}", "me", tell=Tell.ALERT) for no in range(alarms)])
    assert len(await floor.claim()) == come


async def test_a_second_alarm_of_the_same_instant_is_still_a_lone_one(
    open_store: OpenStore, clock: SteppedClock
) -> None:
    floor = Floor(await open_store(pace=25), clock)
    await floor.do(tells, notices=[notice(f"a{no}", "me", tell=Tell.ALERT) for no in range(2)])
    assert [len(await floor.claim(limit=1)) for _ in range(2)] == [1, 1]


@pytest.mark.parametrize(("arises", "comes"), [(5, 10), (9, 10), (15, 15)])
async def test_an_alarm_soon_after_a_card_of_several_waits_for_the_next_one(
    open_store: OpenStore, clock: SteppedClock, arises: int, comes: int
) -> None:
    floor = Floor(await open_store(pace=25), clock)
    await floor.do(
        tells, notices=[notice(f"a{no}", "me", tell=Tell.ALERT, at=floor.now) for no in range(ROLL_UP_FROM)]
    )
    assert len(await floor.claim()) == ROLL_UP_FROM
    clock.step(seconds=arises)
    await floor.do(tells, notices=[notice("next", "me", tell=Tell.ALERT, at=floor.now)])
    assert len(await floor.claim()) == (0 if comes > arises else 1)
    clock.step(seconds=comes - arises)
    assert len(await floor.claim()) == (1 if comes > arises else 0)


async def test_alarms_that_gather_make_no_card_of_those_that_are_tried_again(
    open_store: OpenStore, clock: SteppedClock
) -> None:
    floor = Floor(await open_store(pace=25), clock)
    reminders = [notice(f"r{no}", "me") for no in range(7)]
    await floor.do(tells, notices=[*reminders, *(notice(f"a{no}", "me", tell=Tell.ALERT) for no in range(2))])
    soon = timedelta(seconds=0.5)
    for work in await floor.claim():
        failed = Failed(delivery=work.delivery, why="45009", again_in=soon)
        await floor.settle(failed if work.delivery.tell is Tell.ALERT else Sent(delivery=work.delivery))
    clock.step(seconds=1)
    await floor.do(tells, notices=[notice(f"b{no}", "me", tell=Tell.ALERT, at=floor.now) for no in range(2)])
    (work,) = await floor.claim()  # the pace has room for one
    assert work.delivery.attempts == 2


async def test_who_must_wait_for_their_pace_holds_up_nobody_behind_them(
    open_store: OpenStore, clock: SteppedClock
) -> None:
    floor = Floor(await open_store(pace=25), clock)
    await floor.do(tells, notices=[notice(f"n{no:02}", "me") for no in range(30)])
    clock.step(seconds=1)
    await floor.do(tells, notices=[notice("other", "ms", at=floor.now)])
    assert len(await floor.claim(limit=20)) == 10
    assert [work.delivery.key for work in await floor.claim(limit=20)] == ["other"]


async def test_however_much_somebody_asks_what_rings_them_waits_a_minute_at_most(
    open_store: OpenStore, clock: SteppedClock
) -> None:
    floor = Floor(await open_store(pace=25), clock)
    await floor.do(tells, notices=[notice(f"reply{no}", "me", tell=Tell.REPLY) for no in range(200)])
    answers = await floor.claim()
    assert len(answers) == 200, "who asks is answered at once"
    await floor.settle(*(Sent(delivery=work.delivery) for work in answers))
    await floor.do(tells, notices=[notice("n1", "me")])
    assert await floor.claim() == []
    clock.step(minutes=1)
    assert [work.delivery.key for work in await floor.claim()] == ["n1"]


async def test_a_pace_that_a_wrong_clock_has_kept_holds_nobody_up_for_more_than_a_minute(
    open_store: OpenStore, clock: SteppedClock
) -> None:
    floor = Floor(await open_store(pace=25), clock)
    clock.step(hours=1)
    await floor.do(tells, notices=[notice(f"n{no}", "me", at=floor.now) for no in range(10)])
    claimed = await floor.claim()
    await floor.settle(*(Sent(delivery=work.delivery) for work in claimed))
    clock.step(hours=-1)
    await floor.do(tells, notices=[notice("after", "me", at=floor.now)])
    assert await floor.claim() == [], "ten have just been told"
    clock.step(minutes=1)
    assert [work.delivery.key for work in await floor.claim()] == ["after"]


async def test_no_minute_holds_more_notices_than_the_pace_allows(
    open_store: OpenStore, clock: SteppedClock, engine_name: str
) -> None:
    limit = 25
    floors = [Floor(await open_store(pace=limit), clock)]
    if engine_name == "postgres":
        floors.append(Floor(await open_store(pace=limit), clock))
    people = ["me", "ms"]
    await floors[0].do(tells, notices=[notice(f"n{no}", people[no % 2]) for no in range(120)])
    sent: dict[str, list[datetime]] = {who: [] for who in people}
    for turn in range(600):
        place = floors[turn % len(floors)]
        for work in await place.claim():
            sent[work.delivery.to].append(place.now)
            await place.settle(Sent(delivery=work.delivery))
        clock.step(seconds=0.5)
    for times in sent.values():
        assert len(times) == 60
        worst = max(sum(start <= at < start + timedelta(seconds=60) for at in times) for start in times)
        assert worst <= limit
        assert (times[-1] - times[0]) < timedelta(minutes=4)  # the burst, then the rest spread


async def sent(floor: Floor) -> list[str]:
    """The keys of what can be claimed now, each settled as sent."""
    work = await floor.claim()
    await floor.settle(*(Sent(delivery=each.delivery) for each in work))
    return [each.delivery.key for each in work]


@pytest.mark.parametrize("limit", [1, 2])
async def test_the_slowest_pace_is_one_a_minute(
    open_store: OpenStore, clock: SteppedClock, limit: int
) -> None:
    floor = Floor(await open_store(pace=limit), clock)
    await floor.do(tells, notices=[notice(f"n{no}", "me") for no in range(3)])
    for _ in range(3):
        assert len(await sent(floor)) == 1
        clock.step(seconds=59.999999)
        assert await sent(floor) == []
        clock.step(seconds=0.000001)


async def test_who_asks_is_answered_whatever_the_pace_and_it_counts(
    open_store: OpenStore, clock: SteppedClock
) -> None:
    floor = Floor(await open_store(pace=1), clock)
    await floor.do(tells, notices=[notice("first", "me")])
    came = [await sent(floor)]
    clock.step(seconds=30)
    for key, tell in (("answer", Tell.REPLY), ("second", Tell.REMIND)):
        await floor.do(tells, notices=[notice(key, "me", tell=tell)])
        came.append(await sent(floor))
    for _ in range(2):
        clock.step(seconds=30)
        came.append(await sent(floor))
    assert came == [["first"], ["answer"], [], [], ["second"]]


@pytest.mark.postgres
async def test_two_instances_that_claim_at_once_keep_one_pace(
    postgres_url: str, company: Company, clock: SteppedClock
) -> None:
    stores = [await Store.open(postgres_url, company, pace=25) for _ in range(2)]
    here, there = (Floor(store, clock) for store in stores)
    await here.do(tells, notices=[notice(f"n{no:02}", "me") for no in range(20)])
    claimed, go_on = threading.Event(), threading.Event()

    def claims_slowly(uow: Uow) -> int:
        found = claim(uow, now=clock.now(), limit=6)
        claimed.set()
        assert go_on.wait(10)
        return len(found)

    slow = asyncio.create_task(here.do(claims_slowly))
    assert await asyncio.to_thread(claimed.wait, 10)
    other = asyncio.create_task(there.claim())
    waits = "SELECT count(*) FROM pg_locks WHERE NOT granted"
    rival = create_engine(read_url(postgres_url), isolation_level="AUTOCOMMIT")
    async with asyncio.timeout(10):
        with rival.connect() as conn:
            while not await asyncio.to_thread(conn.scalar, text(waits)):
                continue
    go_on.set()
    assert (await slow, len(await other)) == (6, 4)
    rival.dispose()
    for store in stores:
        await store.close()


async def test_a_slower_pace_holds_from_the_next_claim_on(open_store: OpenStore, clock: SteppedClock) -> None:
    store = await open_store(pace=25)
    place = Floor(store, clock)
    await place.do(tells, notices=[notice(f"n{no}", "me") for no in range(20)])
    assert len(await place.claim()) == 10
    store.set_pace(2)
    clock.step(seconds=1)
    assert await place.claim() == []


async def test_the_card_of_a_changed_lead_is_refreshed_once(floor: Floor) -> None:
    lead = await floor.capture()
    await floor.show()
    await floor.accept(lead.id, "e1")
    await floor.contact(lead.id, "e1")
    work = await floor.claim()
    assert Counter(each.delivery.tell for each in work) == {Tell.REFRESH: 1}
    assert [copy.person for copy in work[0].copies] == ["e1"]
    assert work[0].lead is not None
    assert work[0].lead.stage == "contacted"
    await floor.settle(Sent(delivery=work[0].delivery))
    assert await floor.claim() == []


async def test_a_change_during_a_refresh_makes_it_run_again(floor: Floor) -> None:
    lead = await floor.capture()
    await floor.show()
    await floor.accept(lead.id, "e1")
    (first,) = await floor.claim()
    await floor.contact(lead.id, "e1")
    assert await floor.claim() == []  # one at a time
    await floor.settle(Sent(delivery=first.delivery))
    (second,) = await floor.claim()
    assert second.delivery.key == first.delivery.key
    await floor.settle(Sent(delivery=second.delivery))
    assert await floor.claim() == []


async def test_a_dead_refresh_lives_again_with_the_next_change(floor: Floor) -> None:
    lead = await floor.capture()
    await floor.show()
    await floor.accept(lead.id, "e1")
    (work,) = await floor.claim()
    await floor.settle(Failed(delivery=work.delivery, why="gone", again_in=None))
    await floor.contact(lead.id, "e1")
    assert [each.tell for each in await floor.show()].count(Tell.REFRESH) == 1


async def test_words_beside_a_lead_make_no_card_untrue(floor: Floor) -> None:
    lead = await floor.capture()
    await floor.show()
    await floor.do(add_note, lead_id=lead.id, by="e1", text="已加微信", kind="note", key="n", at=floor.now)
    assert await floor.claim() == []


async def test_a_copy_is_replaced_by_its_message_and_forgotten_when_dead(floor: Floor) -> None:
    lead = await floor.capture()

    def shows(uow: Uow, *, state: str, digest: str) -> None:
        uow.show(
            Shown(
                message="m1", lead_id=lead.id, person="e1", tell="offer", channel="local", handle="h",
                digest=digest, state=state, args={"offer": 1},
            )
        )  # fmt: skip

    def copies(uow: Uow) -> list[Shown]:
        return list(uow.shown(lead.id))

    await floor.do(shows, state="live", digest="a")
    await floor.do(shows, state="live", digest="b")
    (copy,) = await floor.do(copies)
    assert (copy.digest, copy.args) == ("b", {"offer": 1})
    await floor.do(shows, state="dead", digest="b")
    assert await floor.do(copies) == []


@pytest.mark.parametrize("waiting", [1, 3])
async def test_a_claim_takes_no_more_than_its_limit(floor: Floor, waiting: int) -> None:
    await floor.do(tells, notices=[notice(f"n{no}", "me") for no in range(5)])
    assert len(await floor.claim(limit=waiting)) == waiting


async def test_a_card_whose_lead_changed_on_its_way_is_made_true_again(floor: Floor) -> None:
    lead = await floor.capture()
    (work,) = await floor.claim()
    floor.clock.step(seconds=61)
    await floor.sweep()  # the undelivered alarm is a change that the card on its way does not show
    seen = {lead.id: work.leads[lead.id].version}
    await floor.settle(Sent(delivery=work.delivery, shown=(floor.copy(work.delivery),), versions=seen))
    key = f"refresh:{lead.id}"
    assert await floor.rows("SELECT state FROM outbox WHERE key = ?", key) == [("due",)]


async def test_a_notice_that_failed_outright_is_not_in_doubt(floor: Floor) -> None:
    await floor.do(tells, notices=[notice("n1", "me")])
    (first,) = await floor.claim()
    assert not first.delivery.in_doubt
    await floor.settle(Failed(delivery=first.delivery, why="45009", again_in=timedelta(0)))
    (second,) = await floor.claim()
    assert not second.delivery.in_doubt
    await floor.settle(Failed(delivery=second.delivery, why="timeout", again_in=timedelta(0)))
    (third,) = await floor.claim()
    assert third.delivery.in_doubt


async def test_what_a_crash_left_in_doubt_stays_so_whatever_became_of_the_next_try(floor: Floor) -> None:
    await floor.do(tells, notices=[notice("n1", "me")])
    await floor.claim()
    floor.clock.step(seconds=LEASE)
    (second,) = await floor.claim()
    assert second.delivery.in_doubt
    await floor.settle(Failed(delivery=second.delivery, why="45009", again_in=timedelta(0)))
    (third,) = await floor.claim()
    assert third.delivery.in_doubt


async def test_a_clock_set_back_holds_up_nothing_that_was_to_wait_by_it(floor: Floor) -> None:
    hour = timedelta(hours=1)
    await floor.do(tells, notices=[notice("n1", "me", at=floor.now + hour)])
    assert await floor.claim() == []
    await floor.do(clock_set_back, span=hour, now=floor.now)
    (work,) = await floor.claim()
    assert work.delivery.key == "n1"


async def test_what_waits_for_another_day_waits_on_though_the_clock_is_set_back(floor: Floor) -> None:
    night = floor.now + timedelta(hours=12)
    await floor.do(tells, notices=[notice("n1", "me", tell=Tell.OUTCOME, at=night)])
    morning = await floor.rows("SELECT not_before FROM outbox")
    await floor.do(clock_set_back, span=timedelta(hours=1), now=floor.now)
    assert await floor.rows("SELECT not_before FROM outbox") == morning


async def test_a_reminder_of_another_day_tells_of_no_wrong_clock_and_keeps_its_time(floor: Floor) -> None:
    for wait in (timedelta(minutes=30), timedelta(days=3)):
        due = floor.now + wait
        step = Notice(key=f"{wait}", tell=Tell.FOLLOW_UP, to="me", at=due, not_before=due)
        await floor.do(tells, notices=[step])
    outbox = "SELECT key, not_before, created_at FROM outbox ORDER BY key"
    before = await floor.rows(outbox)
    await floor.do(clock_was_ahead, since=floor.now + timedelta(hours=1), now=floor.now)
    assert await floor.rows(outbox) == before
    await floor.do(tells, notices=[notice("n1", "me", at=floor.now + timedelta(seconds=30))])
    await floor.do(clock_was_ahead, since=floor.now, now=floor.now)
    assert [work.delivery.key for work in await floor.claim()] == ["n1"]
    assert await floor.rows(outbox + " LIMIT 2") == before


async def test_what_a_wrong_clock_has_queued_is_hurried_at_the_next_start(floor: Floor) -> None:
    beat = floor.now
    floor.clock.step(hours=1)
    await floor.do(tells, notices=[notice("n1", "me", at=floor.now)])
    floor.clock.step(hours=-1)
    assert await floor.claim() == []
    await floor.do(clock_was_ahead, since=beat, now=floor.now)
    (work,) = await floor.claim()
    assert work.delivery.key == "n1"
    await floor.do(clock_was_ahead, since=beat, now=floor.now)
    assert await floor.claim() == [], "a clock that is right hurries nothing"
