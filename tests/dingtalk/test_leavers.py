"""Who left, or was taken out of the app's range: their open leads go to colleagues, and nobody else's do."""

from collections.abc import Callable
from typing import Any

import pytest

from bot.channels.dingtalk import door
from tests.dingtalk.world import REPS, Ding, Handset, Opener, until

USER = "/topapi/v2/user/get"
NAMES = ("郑爽", "何其芳", "顾城")


@pytest.fixture(autouse=True)
def at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """The next look comes without a pause."""
    monkeypatch.setattr(door, "PEOPLE_PAUSE", 0.0)


async def working(ding: Ding) -> tuple[str, Handset]:
    """A lead that its owner has accepted."""
    lead = await ding.capture("周倩")
    rep = await ding.owner(lead)
    await rep.does("accept", "周倩")
    await until(lambda: ding.calls("/v1.0/card/instances", "PUT"))  # else this change finds them gone
    await ding.settle()
    return lead, rep


async def out_of_reach(ding: Ding, rep: Handset) -> None:
    """New leads come until one is offered to that rep, whom no card reaches."""
    kinds = [kind for name in NAMES for kind in await ding.kinds(await ding.capture(name))]
    assert "refused_by_platform" in kinds
    await until(lambda: len(ding.calls(USER)) >= len(REPS))


def leaves(ding: Ding, account: str) -> None:
    del ding.fake.book.people[account]


def leaves_the_range(ding: Ding, account: str) -> None:
    ding.fake.book.unseen.add(account)


@pytest.mark.parametrize("how", [leaves, leaves_the_range])
async def test_who_can_not_be_reached_and_is_gone_loses_all_open_leads(
    ding: Ding, how: Callable[[Ding, str], None]
) -> None:
    lead, rep = await working(ding)
    how(ding, rep.account)
    await out_of_reach(ding, rep)
    await until(lambda: any(ding.phone(each).cards("周倩", "accept") for each in REPS if each != rep.person))
    await ding.settle()
    assert (await ding.lead(lead)).owner not in (None, rep.person)
    assert "owner_left" in await ding.kinds(lead)
    await until(lambda: any("已离开公司" in str(each) for each in ding.phone("wangfang").cards()))


async def still(ding: Ding, lead: str, rep: Handset) -> None:
    await ding.settle()
    assert (await ding.lead(lead)).owner == rep.person
    assert "owner_left" not in await ding.kinds(lead)


async def test_who_is_there_all_the_same_keeps_what_they_work_on(ding: Ding) -> None:
    lead, rep = await working(ding)
    ding.fake.faults.undelivered[rep.account] = "用户关闭了机器人"
    await out_of_reach(ding, rep)
    await still(ding, lead, rep)


@pytest.mark.parametrize("answer", ["", "null", "{}", "<html>", '{"errcode": 60011}', '{"errcode": 90018}'])
async def test_a_directory_that_can_not_be_asked_takes_nobody_s_leads(ding: Ding, answer: str) -> None:
    lead, rep = await working(ding)
    leaves(ding, rep.account)
    if answer:
        ding.fake.faults.instead[USER] = answer
    else:
        ding.fake.faults.denied.add("qyapi_get_member")
    for name in NAMES:
        await ding.capture(name)
    await until(lambda: ding.calls(USER))
    await still(ding, lead, rep)


async def test_a_range_that_was_emptied_by_mistake_takes_nobody_s_leads(ding: Ding) -> None:
    lead, rep = await working(ding)
    ding.fake.book.unseen |= ding.fake.book.people.keys()
    await ding.capture("郑爽")
    await until(lambda: len(ding.calls(USER)) >= 7)
    await still(ding, lead, rep)


async def test_an_event_of_leaving_that_comes_twice_moves_the_lead_once(ding: Ding) -> None:
    lead, rep = await working(ding)
    for _ in range(2):
        event: dict[str, Any] = {"userId": [rep.account]}
        await ding.fake.wire.ask("EVENT", "*", event, within=3, eventType="user_leave_org")
        await ding.settle()
    assert (await ding.kinds(lead)).count("owner_left") == 1


async def test_who_leaves_by_the_fakes_page_and_is_back_gets_leads_again(ding: Ding) -> None:
    lead, rep = await working(ding)
    await ding.fake.leave(rep.account)
    await until(lambda: ding.phone("wangfang").cards("已离开公司"))
    await ding.settle()
    assert (await ding.lead(lead)).owner not in (None, rep.person)
    ding.fake.come_back(rep.account)
    await rep.type("/on")
    await ding.settle()
    leads = [await ding.capture(name) for name in NAMES]
    assert rep.person in [(await ding.lead(each)).owner for each in leads]


async def test_the_look_twice_a_day_finds_who_left_without_a_word(
    opener: Opener, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(door, "PEOPLE_EVERY", 0.2)
    ding = await opener.open()
    lead, rep = await working(ding)
    leaves(ding, rep.account)
    await until(lambda: any(ding.phone(each).cards("周倩", "accept") for each in REPS if each != rep.person))
    assert (await ding.lead(lead)).owner != rep.person
