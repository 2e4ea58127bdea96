"""What can't be shown harms nothing else: it is tried a few times, given up, and a human hears of it."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any

import pytest
from structlog.testing import capture_logs

from bot.cards.model import Card
from bot.channels.base import Refused, Retryable, Unsure
from bot.deliver import Deliverer
from domain.facts import Plan
from domain.lead import Lead
from domain.notices import Notice, Tell
from domain.people import Capacity, Person
from domain.ports import Shown, Uow
from domain.stages import Stage
from domain.usecases import notes
from domain.usecases.delivery import GIVE_UP_TRIES, POISON_AFTER, Work
from tests.fakes.company import with_people
from tests.fakes.floor import Floor


@dataclass
class Phones:
    """A platform that shows what it is given, but to the people of `trouble`."""

    name: str = "local"
    trouble: dict[str, Exception] = field(default_factory=dict)
    shown: list[tuple[str, str]] = field(default_factory=list)

    async def send(self, account: str, message: Card | str, *, key: str) -> str:
        if account in self.trouble:
            raise self.trouble[account]
        self.shown.append((account, key))
        return key

    async def update(self, account: str, handle: str, card: Card, *, key: str) -> str:
        return await self.send(account, card, key=key)


def deliverer(floor: Floor, phones: Phones) -> Deliverer:
    def route(person: Person) -> tuple[str, str]:
        return "local", person.id

    return Deliverer(
        channels={"local": phones}, company_now=lambda: floor.company, route=route, clock=floor.clock
    )


async def turn(floor: Floor, phones: Phones) -> list[Work]:
    """Claim, deliver and book once; then all that was put off is due."""
    works = await floor.claim()
    for work in works:
        await floor.settle(*(await deliverer(floor, phones).deliver([work])))
    floor.clock.step(minutes=6)
    await floor.sweep()
    return works


async def test_a_card_whose_deadline_went_over_to_the_next_minute_is_redrawn(floor: Floor) -> None:
    for second, redrawn in ((10, []), (59, ["refresh"])):
        floor.clock.go_to(floor.now.replace(second=second, microsecond=0) + timedelta(minutes=20))
        lead, _ = await offered(floor)
        works = await floor.claim()
        floor.clock.step(seconds=2)  # the platform takes its time
        for work in works:
            await floor.settle(*(await deliverer(floor, Phones()).deliver([work])))
        waits = await floor.rows("SELECT tell FROM outbox WHERE state = 'due' AND lead_id = ?", lead.id)
        assert [tell for (tell,) in waits] == redrawn, second
        await floor.sweep()


async def offered(floor: Floor) -> tuple[Lead, str]:
    lead = await floor.capture(team="east")
    assert lead.owner is not None
    return lead, lead.owner


async def test_a_card_with_a_bug_is_given_up_after_eight_tries_and_the_lead_goes_on(floor: Floor) -> None:
    lead, rep = await offered(floor)
    phones = Phones(trouble={rep: ValueError("a bug")})
    with capture_logs() as logs:
        for _ in range(POISON_AFTER):
            assert (await floor.lead(lead.id)).owner == rep
            await turn(floor, phones)
        await turn(floor, phones)
    assert {each["action"] for each in logs} == {"deliver_failed"}
    assert (await floor.lead(lead.id)).owner != rep
    assert not (await floor.desk(rep)).on_duty
    assert len(await floor.told(Tell.DEAD, lead.id)) == 1
    assert phones.shown, "the others got theirs"


@pytest.mark.parametrize("error", [Unsure("no answer", after=timedelta(seconds=1)), TimeoutError()])
async def test_a_platform_that_hangs_is_no_poison(floor: Floor, error: Exception) -> None:
    lead, rep = await offered(floor)
    phones = Phones(trouble={rep: error})
    for _ in range(POISON_AFTER + 2):
        await turn(floor, phones)
    now = await floor.lead(lead.id)
    assert (now.stage, now.owner) == (Stage.OFFERED, rep)
    phones.trouble.clear()
    await turn(floor, phones)
    assert any(account == rep for account, _ in phones.shown)


async def test_a_day_in_which_nothing_ran_is_no_reason_to_give_up(floor: Floor) -> None:
    lead, rep = await offered(floor)
    await turn(floor, Phones())
    await floor.accept(lead.id, rep)  # its cards are to be redrawn
    floor.clock.step(days=3)
    phones = Phones(trouble={each: Retryable("busy") for each in floor.company.people})
    for _ in range(GIVE_UP_TRIES - 1):
        await turn(floor, phones)
    assert not await floor.told(Tell.DEAD, lead.id)
    phones.trouble.clear()
    await turn(floor, phones)
    assert any(account == rep for account, _ in phones.shown)


async def test_after_a_day_and_fifty_tries_a_human_hears(floor: Floor) -> None:
    lead, rep = await offered(floor)
    await turn(floor, Phones())
    await floor.accept(lead.id, rep)
    phones = Phones(trouble={each: Retryable("busy") for each in floor.company.people})
    for _ in range(GIVE_UP_TRIES):
        await turn(floor, phones)
    assert not await floor.told(Tell.DEAD, lead.id), "in five hours"
    floor.clock.step(days=1)
    await turn(floor, phones)
    assert await floor.told(Tell.DEAD, lead.id)
    await turn(floor, Phones())


async def test_what_is_over_is_drawn_once_though_its_lead_changed_meanwhile(floor: Floor) -> None:
    lead, rep = await offered(floor)
    phones = Phones()
    await turn(floor, phones)  # shown
    for _ in range(4):
        await turn(floor, phones)
    assert (await floor.lead(lead.id)).owner != rep
    state = "SELECT state FROM shown WHERE lead_id = ? AND message LIKE ?"
    assert await floor.rows(state, lead.id, f"offer:{lead.id}:1:%") == [("dead",)]


@pytest.mark.parametrize("kind", [Refused, Retryable])
async def test_what_a_platform_says_is_booked_whatever_signs_it_is_made_of(
    floor: Floor, kind: type[Exception]
) -> None:
    """Half a pair of surrogates, as JSON may hold it, and a zero byte, which PostgreSQL keeps in no text."""
    lead, rep = await offered(floor)
    await turn(floor, Phones(trouble={rep: kind("not delivered: \ud83d\0!")}))
    offer = "SELECT error FROM outbox WHERE tell = 'offer' AND person = ? AND lead_id = ?"
    assert await floor.rows(offer, rep, lead.id) == [("not delivered: !",)]


@dataclass(kw_only=True)
class Slow(Phones):
    """A platform that takes seven seconds to show or change anything."""

    floor: Floor
    began: list[datetime] = field(default_factory=list)

    async def send(self, account: str, message: Card | str, *, key: str) -> str:
        self.began.append(self.floor.now)
        self.floor.clock.step(seconds=7)
        return await Phones.send(self, account, message, key=key)


async def until_all_is_told(floor: Floor, slow: Slow) -> None:
    """Claim, deliver and book; nothing may begin that would not end before its lease."""
    while True:
        claimed, seen = floor.now, len(slow.began)
        works = await floor.claim()
        for group in ([each] for each in works if each.delivery.tell is Tell.REFRESH):
            await floor.settle(*(await deliverer(floor, slow).deliver(group)))
        told = [each for each in works if each.delivery.tell is not Tell.REFRESH]
        if told:
            await floor.settle(*(await deliverer(floor, slow).deliver(told)))
        assert all(at - claimed <= timedelta(seconds=30 - 8) for at in slow.began[seen:])
        if not works:
            return
        floor.clock.step(seconds=2)


async def test_what_a_slow_platform_cannot_show_before_the_lease_ends_is_begun_in_another(
    floor: Floor,
) -> None:
    notices = [
        Notice(key=f"n{no}", tell=Tell.REPLY, to="me", at=floor.now, args={"text": "好"}) for no in range(7)
    ]
    await floor.do(tells, notices=notices)
    slow = Slow(floor=floor)
    await until_all_is_told(floor, slow)
    assert sorted(key for _, key in slow.shown) == [f"{each.key}:text" for each in notices]


async def test_the_words_of_an_answer_and_its_card_have_eight_seconds_each(
    floor: Floor, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A call that is cut short may arrive all the same, after the next one with newer words."""
    lead, rep = await offered(floor)
    await turn(floor, Phones())
    args = {"text": "好", "card": "lead"}
    notice = Notice(key="n", tell=Tell.REPLY, to=rep, lead_id=lead.id, at=floor.now, args=args)
    await floor.do(tells, notices=[notice])
    [answer] = [each for each in await floor.claim() if each.delivery.key == "n"]
    spans: list[float] = []
    timeout = asyncio.timeout

    def noted(span: float) -> asyncio.Timeout:
        spans.append(span)
        return timeout(span)

    monkeypatch.setattr(asyncio, "timeout", noted)
    await deliverer(floor, Phones()).deliver([answer])
    assert spans == [8.0, 8.0]


async def test_the_copies_of_a_lead_that_a_slow_platform_cannot_change_in_time_are_changed_in_another(
    floor: Floor,
) -> None:
    lead, rep = await offered(floor)
    await floor.show()
    await floor.do(hangs, lead=lead.id, people=["me", "dir", "adm", "e1", "e2", "e3"])
    await floor.accept(lead.id, rep)
    slow = Slow(floor=floor)
    await until_all_is_told(floor, slow)
    assert {account for account, _ in slow.shown} >= {"me", "dir", "adm", "e1", "e2", "e3"}


def tells(uow: Uow, *, notices: list[Notice]) -> None:
    for each in notices:
        uow.tell(each)


def hangs(uow: Uow, *, lead: str, people: list[str]) -> None:
    for person in people:
        uow.show(
            Shown(
                message=f"copy {person}", lead_id=lead, person=person, tell="lead", channel="local", handle="h",
                digest="", state="live",
            )
        )  # fmt: skip


@dataclass
class Codes(Phones):
    """A platform that changes a card by a code that works once, and gives a new one with each change."""

    used: list[str] = field(default_factory=list)
    made: int = 0

    async def update(self, account: str, handle: str, card: Card, *, key: str) -> str:
        self.used.append(handle)
        await asyncio.sleep(0)
        self.made += 1
        return f"code {self.made}"


@pytest.mark.parametrize("replaced", [False, True])
async def test_a_reminder_that_may_hang_on_a_phone_says_that_its_step_is_over(
    floor: Floor, replaced: bool
) -> None:
    lead, rep = await offered(floor)
    await floor.accept(lead.id, rep)
    await floor.show()
    due = floor.now + timedelta(minutes=1)
    step: dict[str, Any] = {"lead_id": lead.id, "due": due, "exact": True, "words": "回访", "by": rep}
    plan, _ = await floor.do(notes.plan_next, **step, at=floor.now)
    floor.clock.go_to(due)
    phones = Phones(trouble={rep: Unsure("connection reset")})
    await turn(floor, phones)
    if replaced:
        later = {**step, "due": floor.now + timedelta(days=1)}
        await floor.do(notes.plan_next, **later, at=floor.now)
    else:
        await floor.do(notes.next_done, lead_id=lead.id, no=plan.no, by=rep, at=floor.now)
    phones.trouble.clear()
    await turn(floor, phones)
    key = f"follow_up:{lead.id}:{plan.no}"
    assert (rep, key) in phones.shown
    assert await floor.rows("SELECT state FROM shown WHERE message = ?", key) == [("done",)]


async def planned(floor: Floor, minutes: int) -> tuple[Lead, str, str, Plan]:
    """A lead whose rep has planned a call in so many minutes; (lead, rep, another rep, the step)."""
    lead, rep = await offered(floor)
    await floor.accept(lead.id, rep)
    await turn(floor, Phones())
    plan, _ = await floor.do(
        notes.plan_next, lead_id=lead.id, due=floor.now + timedelta(minutes=minutes), exact=True, words="回访",
        by=rep, at=floor.now,
    )  # fmt: skip
    return lead, rep, "e2" if rep == "e1" else "e1", plan


async def rung(floor: Floor) -> list[str]:
    """Who is reminded of a next step in the next minutes."""
    phones = Phones()
    for _ in range(2):  # a changed lead's cards, and what follows from that
        await turn(floor, phones)
    return [account for account, key in phones.shown if key.startswith("follow_up")]


async def test_a_next_step_goes_with_its_lead_to_whoever_has_it_now(floor: Floor) -> None:
    lead, _, other, plan = await planned(floor, minutes=60)
    await floor.assign(lead.id, other, by="me")
    await turn(floor, Phones())
    await floor.accept(lead.id, other)
    assert await rung(floor) == []
    assert await floor.rows("SELECT person FROM plans") == [(other,)]
    floor.clock.go_to(plan.due)
    assert await rung(floor) == [other]


async def test_a_next_step_that_came_due_at_nobodys_rings_when_somebody_accepts(floor: Floor) -> None:
    lead, rep, other, _ = await planned(floor, minutes=10)
    await floor.hand_back(lead.id, rep, "full")
    assert (await floor.lead(lead.id)).owner == other
    for _ in range(3):
        assert await rung(floor) == []
    await floor.accept(lead.id, other)
    assert await rung(floor) == [other]
    assert await rung(floor) == []


async def test_whoever_has_lost_a_lead_is_reminded_again_when_it_is_theirs_again(floor: Floor) -> None:
    lead, rep, other, _ = await planned(floor, minutes=10)
    await floor.assign(lead.id, other, by="me")
    for _ in range(3):
        assert await rung(floor) == []
    await floor.assign(lead.id, rep, by="me")
    await floor.accept(lead.id, rep)
    assert await rung(floor) == [rep]


async def test_redraws_of_several_leads_on_one_card_use_each_code_once(floor: Floor) -> None:
    plenty = Capacity(unaccepted=100, active=100, per_day=100)
    roomy = [replace(each, capacity=plenty) for each in floor.company.people.values()]
    floor.store.company = with_people(floor.company, *roomy)
    for _ in range(8):
        await offered(floor)
    await floor.show()
    await floor.wait(minutes=4)
    floor.clock.step(minutes=1)
    await floor.sweep()
    codes = Codes()
    maker = deliverer(floor, codes)
    while works := await floor.claim():
        by_person: dict[str, list[Work]] = {}
        for work in works:
            by_person.setdefault(work.delivery.to, []).append(work)
        for group in by_person.values():
            await floor.settle(*(await maker.deliver(group)))
    [(message, count)] = await floor.rows(
        "SELECT message, count(*) FROM shown WHERE tell = 'rollup' AND person = 'me' GROUP BY message"
    )
    assert count >= 4
    rolled = [lead for (lead,) in await floor.rows("SELECT lead_id FROM shown WHERE message = ?", message)]
    for lead in rolled[:2]:
        await floor.accept(lead, str((await floor.lead(lead)).owner))
    await redrawn_at_once(floor, maker, codes, message)


@pytest.mark.parametrize("order", [(0, 1), (1, 0)])
@pytest.mark.parametrize("at_once", [True, False])
async def test_of_two_redraws_of_one_card_that_overlap_the_older_one_does_not_stay(
    floor: Floor, order: tuple[int, int], at_once: bool
) -> None:
    """The older one waited for its turn, or the platform was slow: it lies on top and shows what is over."""
    leads = await a_question_about_two(floor, maker := deliverer(floor, Codes()))
    works: list[Work] = []
    for lead in leads:
        await floor.do(renames, lead_id=lead, now=floor.now)
        works += [work for work in await floor.claim() if work.delivery.tell is Tell.REFRESH]
    older, newer = works
    drawn = [await maker.deliver([newer]), await maker.deliver([older])]
    receipts = [drawn[each] for each in order]
    for together in [[*receipts[0], *receipts[1]]] if at_once else receipts:
        await floor.settle(*together)
    [again] = await floor.claim()
    [receipt] = await maker.deliver([again])
    assert [copy.message for copy in receipt.shown] == ["which"], "it is drawn once more, from what is true"
    await floor.settle(receipt)
    assert await floor.claim() == []
    [(shows,)] = set(await floor.rows("SELECT digest FROM shown WHERE message = 'which'"))
    assert shows == receipt.shown[0].digest


@dataclass(kw_only=True)
class Held(Codes):
    """A platform at which the first change of the question waits until it may go on."""

    begun: asyncio.Event = field(default_factory=asyncio.Event)
    may_go_on: asyncio.Event = field(default_factory=asyncio.Event)

    async def update(self, account: str, handle: str, card: Card, *, key: str) -> str:
        if key == "which" and not self.begun.is_set():
            self.begun.set()
            await self.may_go_on.wait()
        return await Codes.update(self, account, handle, card, key=key)


async def test_the_eight_seconds_of_a_redraw_begin_with_its_turn(
    floor: Floor, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Cut short for the wait before it, a call might arrive after newer ones, and lie over them."""
    held = Held()
    leads = await a_question_about_two(floor, maker := deliverer(floor, held))
    for lead in leads:
        await floor.do(renames, lead_id=lead, now=floor.now)
    works = [work for work in await floor.claim() if work.delivery.tell is Tell.REFRESH]
    running: list[float] = []
    timeout = asyncio.timeout

    @asynccontextmanager
    async def counted(span: float) -> AsyncIterator[None]:
        running.append(span)
        async with timeout(span):
            yield
        running.remove(span)

    monkeypatch.setattr(asyncio, "timeout", counted)
    redraws = [asyncio.ensure_future(maker.deliver([work])) for work in works]
    await held.begun.wait()
    for _ in range(50):
        await asyncio.sleep(0)
    assert running == [8.0], "one is in its call, the other waits for it"
    held.may_go_on.set()
    for receipts in await asyncio.gather(*redraws):
        await floor.settle(*receipts)
    assert held.used.count("which") == 1


async def a_question_about_two(floor: Floor, maker: Deliverer) -> list[str]:
    """The question which of two leads is meant hangs at the manager."""
    leads = [(await floor.capture(team="east", name=name)).id for name in ("张三", "李四")]
    await floor.show()
    which = {"card": "which", "leads": leads, "no": 1, "text": ""}
    question = Notice(key="which", tell=Tell.REPLY, to="me", lead_id=leads[0], args=which, at=floor.now)
    await floor.do(tells, notices=[question])
    await floor.settle(*(await maker.deliver(await floor.claim())))
    return leads


async def redrawn_at_once(floor: Floor, maker: Deliverer, codes: Codes, message: str) -> None:
    """The cards of two leads that changed are redrawn side by side, the one they share among them."""
    works = [work for work in await floor.claim() if work.delivery.tell is Tell.REFRESH]
    assert len(works) == 2
    codes.used.clear()
    for receipts in await asyncio.gather(*(maker.deliver([work]) for work in works)):
        await floor.settle(*receipts)
    of_the_card = [handle for handle in codes.used if handle == message or handle.startswith("code")]
    assert len(of_the_card) == len(set(of_the_card)) >= 2
    assert len(set(await floor.rows("SELECT handle, digest FROM shown WHERE message = ?", message))) == 1


def renames(uow: Uow, *, lead_id: str, now: datetime) -> None:
    lead = uow.lead(lead_id)
    lead.edit(lead.customer.with_values(name=f"{lead.customer.name}丰"), by="me", now=now)
    uow.save(lead)


async def test_redraws_of_a_question_which_lead_it_is_use_each_code_once(floor: Floor) -> None:
    codes = Codes()
    leads = await a_question_about_two(floor, maker := deliverer(floor, codes))
    for lead in leads:
        await floor.do(renames, lead_id=lead, now=floor.now)
    await redrawn_at_once(floor, maker, codes, "which")


async def test_a_try_that_failed_by_a_clock_that_was_ahead_comes_again_in_time(floor: Floor) -> None:
    _, rep = await offered(floor)
    works = await floor.claim()
    floor.clock.step(hours=1)
    failed = await deliverer(floor, Phones(trouble={rep: Unsure("no answer")})).deliver(works)
    floor.clock.step(hours=-1)
    await floor.settle(*failed)
    floor.clock.step(minutes=1)
    assert [work.delivery.key for work in await floor.claim()] == [work.delivery.key for work in works]
