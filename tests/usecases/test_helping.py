"""Somebody is asked to help: who that is, what they may do, whose attempts count, and when it ends."""

from typing import Any

import pytest

from domain.errors import AlreadyTaken, NeedsAttempt
from domain.notices import Tell
from domain.permission import may_edit, may_see, sees_phone
from domain.usecases import notes
from domain.usecases.notes import Heard
from tests.fakes.floor import Floor


async def helped(floor: Floor) -> str:
    """A lead of e1, on which the expert was asked to help."""
    lead = (await floor.capture()).id
    await floor.show()
    await floor.accept(lead, "e1")
    await floor.hand_back(lead, "e1", "too_technical")
    return lead


async def writes(floor: Floor, lead: str, by: str, key: str, *, kind: str = "note") -> Any:
    return await floor.do(
        notes.take_note, lead_id=lead, heard=Heard(text="打过电话了", kind=kind), by=by, key=key, at=floor.now
    )


async def test_the_helper_sees_the_lead_and_writes_to_it_and_the_owner_hears(floor: Floor) -> None:
    lead = await helped(floor)
    found, expert = await floor.lead(lead), floor.company.people["exp"]
    assert (found.owner, found.helper, found.help_reason) == ("e1", "exp", "too_technical")
    assert may_see(floor.company, expert, found)
    assert not may_edit(floor.company, expert, found)
    assert not sees_phone(expert, found)
    await writes(floor, lead, "exp", "n1")
    assert await floor.told(Tell.COLLEAGUE, lead) == ["e1"]


async def test_a_visit_of_the_helper_is_the_first_contact_and_the_owner_keeps_the_lead(floor: Floor) -> None:
    lead = await helped(floor)
    await writes(floor, lead, "exp", "v1", kind="visit")
    found = await floor.lead(lead)
    assert (found.stage, found.owner) == ("contacted", "e1")
    assert await floor.audit() == []
    assert (await floor.undo("exp", lead)).verb == "visit"
    assert ((await floor.lead(lead)).stage, (await floor.lead(lead)).helper) == ("accepted", "exp")


async def test_a_visit_of_anybody_else_stops_no_clock(floor: Floor) -> None:
    lead = await helped(floor)
    await writes(floor, lead, "me", "v1", kind="visit")
    assert (await floor.lead(lead)).stage == "accepted"
    with pytest.raises(AlreadyTaken):
        await floor.contact(lead, "me")
    await floor.contact(lead, "exp")
    assert (await floor.lead(lead)).stage == "contacted"


async def test_notes_of_others_are_no_attempt_of_the_owner(floor: Floor) -> None:
    lead = await helped(floor)
    for key, by in (("n1", "me"), ("n2", "mkt")):
        await writes(floor, lead, by, key)
        with pytest.raises(NeedsAttempt):
            await floor.hand_back(lead, "e1", "unreachable", key=f"h-{key}")
    await writes(floor, lead, "exp", "n3")
    await floor.hand_back(lead, "e1", "unreachable")
    assert (await floor.lead(lead)).stage == "pool"


async def test_attempts_of_the_owner_before_are_not_the_new_owners(floor: Floor) -> None:
    lead = (await floor.capture()).id
    await floor.show()
    await floor.accept(lead, "e1")
    await floor.contact(lead, "e1")
    await floor.assign(lead, "e2", "me")
    await floor.show()
    with pytest.raises(NeedsAttempt):  # neither before the accept nor after it
        await floor.hand_back(lead, "e2", "unreachable")
    await floor.accept(lead, "e2")
    with pytest.raises(NeedsAttempt):
        await floor.hand_back(lead, "e2", "unreachable")


@pytest.mark.parametrize("how", ["hand_back", "assign", "take"])
async def test_help_ends_when_the_lead_goes_to_somebody_else(floor: Floor, how: str) -> None:
    lead = await helped(floor)
    if how == "hand_back":
        await floor.hand_back(lead, "e1", "wrong_region", key="h2")
    elif how == "assign":
        await floor.assign(lead, "e2", "me")
    else:
        await floor.take(lead, "me")
    found = await floor.lead(lead)
    assert (found.helper, found.help_reason) == (None, None)
    assert not may_see(floor.company, floor.company.people["exp"], found)


async def test_help_asked_for_before_the_accept_stays(floor: Floor) -> None:
    lead = (await floor.capture()).id
    await floor.show()
    await floor.hand_back(lead, "e1", "needs_solution")
    await floor.accept(lead, "e1")
    assert (await floor.lead(lead)).helper == "exp"


async def test_a_contact_that_is_taken_back_sends_no_helper_away(floor: Floor) -> None:
    lead = (await floor.capture()).id
    await floor.show()
    await floor.accept(lead, "e1")
    await floor.contact(lead, "e1")
    await floor.hand_back(lead, "e1", "too_technical")
    await floor.undo("e1", lead, verb="contact")
    found = await floor.lead(lead)
    assert (found.stage, found.helper, found.help_reason) == ("accepted", "exp", "too_technical")


async def test_a_hand_back_that_is_taken_back_has_its_helper_again(floor: Floor) -> None:
    lead = await helped(floor)
    await floor.hand_back(lead, "e1", "wrong_region", key="h2")
    await floor.undo("e1", lead)
    assert (await floor.lead(lead)).helper == "exp"


async def test_a_manager_who_returns_a_lead_for_the_third_time_does_not_ring_their_own_phone(
    floor: Floor,
) -> None:
    lead = (await floor.capture()).id
    for key in ("h1", "h2"):
        await floor.show()
        await floor.hand_back(lead, (await floor.lead(lead)).owner or "", "wrong_region", key=key)
    await floor.take(lead, "me")
    await floor.hand_back(lead, "me", "wrong_region", key="h3")
    assert (await floor.lead(lead)).stage == "returned"
    assert await floor.told(Tell.STUCK, lead) == ["dir"]
