"""Who may see, direct and edit which lead: the whole table."""

from dataclasses import replace

import pytest

from domain import permission
from domain.lead import Customer, Lead, Origin
from domain.sla import Offer
from domain.stages import Stage
from tests.fakes.clock import MONDAY_TEN
from tests.fakes.company import make_company

COMPANY = make_company()
EVERYBODY = set(COMPANY.people)
LEADERS = {"me", "dir", "adm"}


def lead(stage: Stage, *, owner: str | None = None, grab: bool = False) -> Lead:
    offer = Offer(no=1, person=None if grab else owner, team="east", at=MONDAY_TEN)
    return Lead(
        id="L1", created_at=MONDAY_TEN, updated_at=MONDAY_TEN, stage=stage, customer=Customer(),
        origin=Origin(by="emp"), team="east", owner=owner, offer=offer if stage is Stage.OFFERED else None,
    )  # fmt: skip


OFFERED = lead(Stage.OFFERED, owner="e1")
GRAB = lead(Stage.OFFERED, grab=True)
ACCEPTED = lead(Stage.ACCEPTED, owner="e1")
POOL = lead(Stage.POOL)
DRAFT = lead(Stage.DRAFT)


@pytest.mark.parametrize(
    ("found", "seers"),
    [
        (OFFERED, {"e1", "emp", "mkt"} | LEADERS),
        (GRAB, {"e1", "e2", "e3", "emp", "mkt"} | LEADERS),
        (ACCEPTED, {"e1", "emp", "mkt"} | LEADERS),
        (POOL, {"e1", "e2", "e3", "s1", "s2", "s3", "emp", "mkt"} | LEADERS),
        (DRAFT, {"emp", "mkt"} | LEADERS),
    ],
)
def test_who_may_see_a_lead(found: Lead, seers: set[str]) -> None:
    assert {each for each in EVERYBODY if permission.may_see(COMPANY, COMPANY.people[each], found)} == seers


@pytest.mark.parametrize(
    ("found", "writers"),
    [
        (ACCEPTED, EVERYBODY),
        (replace(ACCEPTED, origin=Origin(by="e2")), EVERYBODY - {"emp"}),
        (DRAFT, {"emp", "mkt"} | LEADERS),
    ],
)
def test_who_may_write_about_a_lead(found: Lead, writers: set[str]) -> None:
    assert {
        each for each in EVERYBODY if permission.may_note(COMPANY, COMPANY.people[each], found)
    } == writers


@pytest.mark.parametrize(
    ("found", "editors"),
    [(OFFERED, {"e1", "emp"} | LEADERS), (ACCEPTED, {"e1"} | LEADERS), (DRAFT, {"emp"} | LEADERS)],
)
def test_who_may_edit_a_lead(found: Lead, editors: set[str]) -> None:
    assert {
        each for each in EVERYBODY if permission.may_edit(COMPANY, COMPANY.people[each], found)
    } == editors


@pytest.mark.parametrize("found", [OFFERED, GRAB, ACCEPTED, POOL])
def test_the_leaders_above_direct_it(found: Lead) -> None:
    directs = {each for each in EVERYBODY if permission.may_direct(COMPANY, COMPANY.people[each], found)}
    assert directs == LEADERS


@pytest.mark.parametrize(("found", "readers"), [(OFFERED, set()), (GRAB, set()), (ACCEPTED, {"e1"})])
def test_the_full_number_is_the_accepted_owners_alone(found: Lead, readers: set[str]) -> None:
    assert {each for each in EVERYBODY if permission.sees_phone(COMPANY.people[each], found)} == readers


def test_a_lead_without_a_team_may_be_grabbed_by_any_rep() -> None:
    anywhere = replace(GRAB, team=None)
    members = {each for each in EVERYBODY if permission.is_member(COMPANY.people[each], anywhere)}
    assert members == {"e1", "e2", "e3", "s1", "s2", "s3"}
