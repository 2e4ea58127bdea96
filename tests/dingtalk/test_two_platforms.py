"""One lead across two platforms: the reps on DingTalk, the leaders on another, one state, every card true.

The other platform is the simulator here: the bot knows no difference between channels.
"""

from collections.abc import AsyncIterator

import pytest_asyncio
from aiohttp import ClientSession

from tests.dingtalk.world import REPS, Ding, Opener, press, verbs, words
from tests.scenario.world import Phone, World, key_of, plain

LEADERS = ("wangfang", "liuqiang", "chenjing")
FULL = "13812345688"


@pytest_asyncio.fixture
async def both(opener: Opener) -> AsyncIterator[tuple[Ding, World]]:
    """The same bot, seen from either platform."""
    ding = await opener.open(more="[simulator]\nenabled = true\n", absent=LEADERS)
    async with ClientSession() as http:
        yield ding, World(service=ding.service, http=http, settings=ding.service.settings, clock=opener.clock)


async def test_the_whole_ladder_with_reps_here_and_leaders_there(both: tuple[Ding, World]) -> None:
    ding, sim = both
    boss, director = sim.phone("wangfang"), sim.phone("liuqiang")
    lead = await ding.submit("周倩", phone=FULL)
    first = await ding.owner(lead)
    assert first.cards("周倩", "accept")
    assert await boss.cards("周倩") == []

    await sim.advance("3m")
    assert len(first.cards("周倩", "accept")) == 2
    await sim.advance("2m")
    alert = await boss.card("周倩", "live")
    assert REPS[first.person] in str(alert)
    assert not ding.fake.chat("ding-wangfang")

    await boss.does("nudge", "周倩")
    await ding.settle()
    assert len(first.cards("周倩", "accept")) == 3

    await sim.advance("5m")
    second = await ding.owner(lead)
    assert second.person != first.person
    assert all(verbs(each) == [] for each in first.cards("周倩"))
    await sim.advance("5m")
    grabs = {rep: ding.phone(rep).card("周倩", "grab") for rep in REPS}
    await sim.advance("15m")
    assert await director.card("周倩", "live")

    said = await ding.phone("lilei").does("grab", "周倩")
    assert FULL in plain(said)
    assert (await sim.lead(lead))["owner"] == "lilei"
    late = await ding.phone("zhangwei").tap(grabs["zhangwei"], "grab")
    assert "李雷" in words(late or {})
    for phone in (boss, director):
        assert {each["card"]["state"] for each in await phone.cards("周倩")} == {"done"}
    for rep in ("zhangwei", "hanmeimei"):
        assert all(verbs(each) == [] for each in ding.phone(rep).cards("周倩"))
    assert FULL not in plain(str([await phone.messages() for phone in (boss, director)]))


async def test_one_platform_that_is_down_does_not_hold_up_the_cards_of_the_other(
    both: tuple[Ding, World],
) -> None:
    ding, sim = both
    lead = await ding.submit("周倩")
    rep = await ding.owner(lead)
    await sim.advance("5m")
    ding.fake.faults.down = True
    boss = sim.phone("wangfang")
    await boss.does("take", "周倩")
    await ding.settle()
    assert await boss.cards("周倩", "live", "take") == []
    assert rep.cards("周倩", "accept")  # nothing reaches it now
    calls = ding.fake.book.metered
    ding.fake.faults.down = False
    await sim.advance("6m")
    assert rep.cards("周倩", "accept") == []
    assert ding.fake.book.metered > calls
    assert (await ding.lead(lead)).owner == "wangfang"


async def test_a_leader_there_assigns_to_a_rep_here(both: tuple[Ding, World]) -> None:
    ding, sim = both
    lead = await ding.submit("周倩")
    first = await ding.owner(lead)
    await sim.advance("5m")
    other = next(rep for rep in REPS if rep != first.person)
    boss = sim.phone("wangfang")
    await boss.does("assign", "周倩", person=other)
    await ding.settle()
    assert all(verbs(each) == [] for each in first.cards("周倩"))
    assert await ding.phone(other).does("accept", "周倩")
    assert {each["card"]["state"] for each in await boss.cards("周倩")} == {"done"}


async def test_who_is_on_both_is_reached_where_they_wrote_last_and_the_old_card_stays_true(
    both: tuple[Ding, World],
) -> None:
    ding, sim = both
    lead = await ding.submit("周倩")
    rep = await ding.owner(lead)
    here = rep.card("周倩", "accept")
    there: Phone = sim.phone(rep.person)
    await ding.service.directory.recognise("local", rep.person, "")
    await sim.advance("3m")
    reminder = await there.card("周倩", "live", "accept")
    answer = await there.press(reminder, key_of(reminder, "accept"))
    assert answer["ok"]
    await ding.settle()
    assert verbs(rep.card("周倩")) == ["contacted", "visit", "handback"]
    assert rep.card("周倩")["track"] == here["track"]
    late = await ding.fake.tap(rep.account, here["track"], press(rep.card("周倩"), "contacted"))
    assert late is not None
    await ding.settle()
    assert (await ding.lead(lead)).stage == "contacted"
    assert "contacted" not in str(await there.card("周倩"))
