"""The promise as arithmetic."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.calendar import Mode
from domain.sla import DEFAULT_LADDER, Do, Policy, Step, To, Which, due_at, policy_id, unpack_policy
from tests.fakes.clock import MONDAY_TEN
from tests.fakes.company import calendar

minutes = st.integers(1, 600).map(lambda count: timedelta(minutes=count))
steps = st.lists(
    st.builds(Step, after=minutes, do=st.sampled_from(Do), to=st.none() | st.sampled_from(To)), max_size=6
).map(tuple)
policies = st.builds(
    Policy, within=minutes, steps=steps, contact_hot=minutes, contact_default=minutes,
    undelivered_after=minutes, repeat_after=minutes,
)  # fmt: skip


def test_the_default_ladder_rings_at_3_5_10_15_and_30_minutes() -> None:
    found = [(step.after / timedelta(minutes=1), step.do, step.to) for step in Policy().ladder]
    assert found == [
        (3, "remind", "owner"), (5, "alert", "manager"), (10, "reassign", None), (15, "grab", None),
        (30, "alert", "director"),
    ]  # fmt: skip


@given(policies)
def test_a_policy_survives_being_packed(policy: Policy) -> None:
    again = unpack_policy(policy.pack())
    assert again == policy
    assert again.ladder == policy.ladder
    assert policy_id(again) == policy_id(policy)


@given(policies)
def test_every_ladder_knows_the_instant_of_its_breach(policy: Policy) -> None:
    assert any(step.after == policy.within for step in policy.ladder)
    assert list(policy.ladder) == sorted(policy.ladder, key=lambda step: step.after)


@given(policies, st.sampled_from(Which), st.sampled_from(["hot", "default"]), st.integers(0, 30))
def test_no_step_is_due_before_the_one_before_it_and_none_is_the_last(
    policy: Policy, which: Which, tier: str, index: int
) -> None:
    now, then = (policy.step(which, number, tier) for number in (index, index + 1))
    assert now.after <= then.after
    assert policy.step(which, 100, tier).to is To.DIRECTOR


@pytest.mark.parametrize(
    ("which", "tier", "promised"),
    [(Which.ACCEPT, "hot", 5), (Which.CONTACT, "hot", 30), (Which.CONTACT, "default", 240)],
)
def test_what_is_promised(which: Which, tier: str, promised: int) -> None:
    assert Policy().promise(which, tier) == timedelta(minutes=promised)


def test_two_policies_have_two_names() -> None:
    assert policy_id(Policy()) == policy_id(Policy(steps=DEFAULT_LADDER))
    assert policy_id(Policy()) != policy_id(Policy(within=timedelta(minutes=6)))


def test_a_step_is_due_in_working_time() -> None:
    friday = datetime(2026, 11, 6, 9, 58, tzinfo=UTC)  # 17:58 in Shanghai
    step = Step(after=timedelta(minutes=5), do=Do.MARK)
    assert due_at(friday, step, calendar()) == friday + timedelta(minutes=5)
    assert due_at(friday, step, calendar(Mode.BUSINESS)) == datetime(2026, 11, 9, 1, 3, tzinfo=UTC)
    assert due_at(MONDAY_TEN, step, calendar(Mode.BUSINESS)) == MONDAY_TEN + timedelta(minutes=5)
