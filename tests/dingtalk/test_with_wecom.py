"""One lead whose reps are on DingTalk and whose leaders are on WeCom: the whole ladder, one state, both cards true."""

from collections.abc import AsyncIterator

import pytest_asyncio

from tests.dingtalk.world import REPS, Ding, Opener, verbs, words
from tests.scenario.world import plain
from tests.wecom.wire import AGENT, CORP, KEYS
from tests.wecom.world import SECRET, House, keys, start_fake

LEADERS = {"wangfang": "WangFang", "liuqiang": "TangYue", "chenjing": "WuLin"}
FULL = "13812345688"
WECOM = f"""
[wecom]
corp_id = "{CORP}"
agent_id = {AGENT}
secret = "{SECRET}"
token = "{KEYS.token}"
encoding_aes_key = "{KEYS.aes_key}"
api_base = "%s"
"""


@pytest_asyncio.fixture
async def both(opener: Opener) -> AsyncIterator[tuple[Ding, House]]:
    """One bot between the two platforms, each with its own people."""
    other = await start_fake(opener.clock)
    ding = await opener.open(more=WECOM % other.base, absent=LEADERS, wecom=LEADERS)
    house = House(
        folder=opener.folder,
        database_url=opener.database_url,
        fake=other,
        clock=opener.clock,
        service=ding.service,
    )
    other.state.callback = f"http://127.0.0.1:{ding.service.port}/callback/wecom"
    yield ding, house
    await other.stop()


async def test_the_whole_ladder_over_both_platforms(both: tuple[Ding, House]) -> None:
    ding, house = both
    boss, director = house.phone("WangFang"), house.phone("TangYue")
    lead = await ding.submit("周倩", phone=FULL)
    first = await ding.owner(lead)
    assert first.cards("周倩", "accept")
    assert boss.cards("周倩") == []

    await ding.advance(minutes=3)
    assert len(first.cards("周倩", "accept")) == 2
    await ding.advance(minutes=2)
    assert [key.partition(":")[0] for key in keys(boss.card("周倩"))] == ["nudge", "assign", "take"]
    assert (await boss.press("nudge", "周倩")).taken
    await ding.settle()
    assert len(first.cards("周倩", "accept")) == 3

    await ding.advance(minutes=5)
    second = await ding.owner(lead)
    assert second.person != first.person
    assert all(verbs(each) == [] for each in first.cards("周倩"))
    await ding.advance(minutes=5)
    grabs = {rep: ding.phone(rep).card("周倩", "grab") for rep in REPS}
    await ding.advance(minutes=15)
    assert director.cards("周倩")

    said = await ding.phone("lilei").does("grab", "周倩")
    assert FULL in plain(said)
    late = await ding.phone("zhangwei").tap(grabs["zhangwei"], "grab")
    assert "李雷" in words(late or {})
    await house.settle()
    assert (await ding.lead(lead)).owner == "lilei"
    for rep in ("zhangwei", "hanmeimei"):
        assert all(verbs(each) == [] for each in ding.phone(rep).cards("周倩"))
    for leader in (boss, director):
        assert [key for card in leader.cards("周倩") for key in keys(card)] == []
        assert FULL not in plain(str([card.card for card in leader.cards()]))
    assert [kind for kind in await ding.kinds(lead) if kind != "refused"] == [
        "captured", "assigned", "delivered", "reminded", "breached", "escalated", "nudged", "reassigned", "delivered",
        "grab_opened", "delivered", "escalated", "accepted",
    ]  # fmt: skip


async def test_a_manager_on_wecom_takes_a_lead_and_the_rep_on_dingtalk_sees_it_gone(
    both: tuple[Ding, House],
) -> None:
    ding, house = both
    lead = await ding.submit("周倩", phone=FULL)
    rep = await ding.owner(lead)
    await ding.advance(minutes=5)
    boss = house.phone("WangFang")
    assert (await boss.press("take", "周倩")).taken
    await ding.settle()
    assert (await ding.lead(lead)).owner == "wangfang"
    assert all(verbs(each) == [] for each in rep.cards("周倩"))
    late = await ding.fake.tap(rep.account, rep.card("周倩")["track"], f"accept:{lead}-1")
    assert late is not None
    assert (await ding.lead(lead)).owner == "wangfang"


async def test_each_platform_that_is_down_holds_up_its_own_cards_alone(both: tuple[Ding, House]) -> None:
    ding, house = both
    lead = await ding.submit("周倩")
    rep = await ding.owner(lead)
    await ding.advance(minutes=5)
    boss = house.phone("WangFang")
    ding.fake.faults.down = True
    assert (await boss.press("take", "周倩")).taken
    await house.settle()
    assert [key for key in keys(boss.card("周倩")) if key.startswith("take")] == []
    assert rep.cards("周倩", "accept")
    ding.fake.faults.down = False
    await ding.advance(minutes=6)
    assert rep.cards("周倩", "accept") == []
