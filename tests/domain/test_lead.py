"""The aggregate by itself: every verb in every stage, and nothing changed by a refusal."""

from collections.abc import Callable
from copy import deepcopy
from datetime import timedelta

import pytest

from domain.errors import DomainError, OfferGone
from domain.events import Kind
from domain.lead import DRAFT_WAITS, Customer, Lead, Origin
from domain.reasons import REASONS
from domain.sla import Policy, Which
from domain.stages import CLOSED, HELD, MOVES, OPEN, Stage, Verb
from tests.fakes.clock import MONDAY_TEN
from tests.fakes.company import calendar

NOW = MONDAY_TEN
POLICY = Policy()


def fresh() -> Lead:
    lead = Lead.captured("L1", customer=Customer(), origin=Origin(by="emp"), draft=False, now=NOW)
    lead.offer_to("e1", team="east", policy=POLICY, why="turn", now=NOW)
    return lead


def standing(stage: Stage) -> Lead:
    """A lead that has come to a stage, owned by e1 where the stage has an owner."""
    lead = fresh()
    if stage is Stage.OFFERED:
        return lead
    lead.accept("e1", 1, member=True, at=NOW)
    lead.stage = stage
    if stage not in HELD:
        lead.owner = None
    return lead


VERBS: dict[Verb, Callable[[Lead], object]] = {
    Verb.COMPLETE: lambda lead: lead.complete(by="emp", now=NOW),
    Verb.OFFER: lambda lead: lead.offer_to("e2", team=None, policy=POLICY, why="turn", now=NOW),
    Verb.REASSIGN: lambda lead: lead.reassign_to("e2", why="turn", due=NOW, step=3, now=NOW),
    Verb.OPEN_GRAB: lambda lead: lead.open_grab(due=NOW, step=4, now=NOW),
    Verb.PARK: lambda lead: lead.park(why="full", until=NOW, now=NOW),
    Verb.ACCEPT: lambda lead: lead.accept("e1", lead.offers, member=True, at=NOW),
    Verb.CONTACT: lambda lead: lead.contact("e1", evidence="declared", at=NOW),
    Verb.HAND_BACK: lambda lead: lead.hand_back("e1", REASONS["full"], limit=3, revisit=None, at=NOW),
    Verb.TAKE: lambda lead: lead.take("me", policy=POLICY, at=NOW),
    Verb.RELEASE: lambda lead: lead.release(why=Kind.OWNER_LEFT, by="system", now=NOW),
    Verb.ERASE: lambda lead: lead.erase(by="adm", now=NOW),
    Verb.WITHDRAW: lambda lead: lead.withdraw(by="emp", reason="x", now=NOW),
}
NO_OPS = {(stage, Verb.ACCEPT) for stage in HELD} | {
    (stage, Verb.CONTACT) for stage in HELD - {Stage.ACCEPTED}
}
"""The same click again: no change and no refusal."""


@pytest.mark.parametrize("verb", Verb)
@pytest.mark.parametrize("stage", Stage)
def test_a_verb_goes_where_the_table_says_or_is_refused_without_a_trace(stage: Stage, verb: Verb) -> None:
    lead = standing(stage)
    before = deepcopy(lead)
    if (stage, verb) in MOVES:
        VERBS[verb](lead)
        assert lead.stage in MOVES[stage, verb]
        assert lead.events > before.events
    elif (stage, verb) in NO_OPS:
        assert VERBS[verb](lead) is False
        assert (lead.stage, lead.facts) == (before.stage, before.facts)
    else:
        with pytest.raises(DomainError):
            VERBS[verb](lead)
        assert lead == before


def test_every_stage_is_open_or_closed() -> None:
    assert frozenset(Stage) == OPEN | CLOSED
    assert not OPEN & CLOSED
    assert HELD < OPEN


@pytest.mark.parametrize("stage", Stage)
def test_whom_a_lead_weighs_on(stage: Stage) -> None:
    expected = {Stage.OFFERED: ("e1", "unaccepted")} | dict.fromkeys(HELD, ("e1", "active"))
    assert standing(stage).load == expected.get(stage)


def test_an_owner_in_an_odd_stage_carries_no_weight() -> None:
    lead = standing(Stage.POOL)
    lead.owner = "e1"
    assert lead.load is None


def test_a_draft_waits_for_its_fields() -> None:
    lead = Lead.captured("L1", customer=Customer(), origin=Origin(), draft=True, now=NOW)
    assert (lead.stage, lead.facts[0].actor) == ("draft", "system")
    assert lead.next_due(calendar()) == NOW + DRAFT_WAITS


def test_an_offer_without_a_cycle_is_no_offer() -> None:
    lead = fresh()
    lead.cycle = None
    with pytest.raises(OfferGone):
        lead.next_due(calendar())
    assert not lead.delivered(1, at=NOW)


def test_a_second_grab_ends_no_persons_offer() -> None:
    lead = fresh()
    lead.delivered(1, at=NOW)
    lead.open_grab(due=NOW, step=4, now=NOW)
    lost = lead.overtaken
    lead.open_grab(due=NOW + timedelta(minutes=1), step=5, now=NOW)
    assert lead.overtaken == lost
    assert lead.cycle is not None
    assert lead.cycle.lapsed == ("e1",)


def test_parking_twice_for_one_reason_is_one_fact() -> None:
    lead = standing(Stage.WAITING)
    before = len(lead.facts)
    lead.park(why="full", until=NOW, now=NOW)
    lead.park(why="full", until=NOW + timedelta(seconds=20), now=NOW)
    lead.park(why="off_hours", until=NOW, now=NOW)
    assert [fact.data["why"] for fact in lead.facts[before:]] == ["full", "off_hours"]


def test_an_undelivered_card_and_a_running_clock_ring_at_the_nearer_time() -> None:
    lead = fresh()
    assert lead.next_due(calendar()) == NOW + timedelta(seconds=60)
    lead.delivered(1, at=NOW)
    assert lead.next_due(calendar()) == NOW + timedelta(minutes=3)
    lead.fire(Which.ACCEPT, due=NOW)
    lead.fire(Which.ACCEPT, due=NOW)
    late = NOW + timedelta(minutes=10)
    lead.reassign_to("e2", why="turn", due=late, step=3, now=late)
    assert lead.next_due(calendar()) == late  # the third step has not been counted yet
    lead.fire(Which.ACCEPT, due=late)
    assert lead.next_due(calendar()) == late + timedelta(seconds=60)


def test_owned_under_an_offer() -> None:
    lead = fresh()
    lead.owned_under("e1", 1)
    with pytest.raises(OfferGone):
        lead.owned_under("e1", 2)
    with pytest.raises(DomainError):
        lead.owned_under("e2", 1)


def test_facts_are_numbered_and_time_does_not_run_back() -> None:
    lead = fresh()
    lead.record(Kind.TOUCHED, at=NOW - timedelta(hours=1), actor="system")
    assert [fact.no for fact in lead.facts] == [1, 2, 3]
    assert lead.updated_at == NOW


def test_a_customers_extra_fields_are_its_own() -> None:
    assert Customer().with_values(name="张").name == "张"
    assert Customer().extra == {}
