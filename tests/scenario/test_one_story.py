"""One rep, one customer, from the card to the visit, told as it happens on the phone."""

from tests.scenario.world import Phone, World, fields_of, key_of, words

CALLED = "刚给云栖周总打了电话，有意向，预算60万，周三下午三点去演示"
VISITED = "/visit 云栖数据 见周倩 演示完 客户认可 下周一上午十点签约"
FOR_ANOTHER = "云栖的周总回复了，合同条款没意见，周五上午十点签"


async def test_a_rep_accepts_calls_types_one_line_is_reminded_visits_and_takes_back_a_wrong_note(
    world: World,
) -> None:
    # Monday ten: a card comes, one tap accepts it, the rep calls.
    lead = await world.submit("周倩", company="杭州云栖数据有限公司")
    rep = await world.owner(lead)
    await rep.does("accept", "周倩")
    await world.advance("20m")

    # One line is typed. The words are kept at once; what was read from them is only proposed.
    [card] = await rep.type(CALLED)
    assert "60" in fields_of(card)["金额"]
    assert "15:00" in fields_of(card)["下一步"]
    assert [each["text"] for each in await world.notes(lead)] == [CALLED]
    assert (await world.lead(lead))["stage"] == "accepted"

    # One tap confirms: the first contact counts, the next step is set.
    assert "提醒" in (await rep.press(card, key_of(card, "confirm")))["text"]
    assert (await world.lead(lead))["stage"] == "contacted"
    assert "15:00" in await rep.says("/next")

    # Wednesday three: it rings, and not a minute earlier.
    await world.advance("2d4h39m")
    assert not await rep.cards("⏰")
    await world.advance("1m")
    reminder = await rep.card("⏰")
    assert "去演示" in words(reminder)
    assert (await rep.press(reminder, key_of(reminder, "confirm")))["ok"]

    # The visit is logged with one message, which brings the next step along.
    await world.advance("2h")
    [card] = await rep.type(VISITED)
    assert "拜访" in card["card"]["title"]
    assert [each["kind"] for each in await world.notes(lead)].count("visit") == 1
    assert (await rep.press(card, key_of(card, "confirm")))["ok"]
    assert "签约" in await rep.says("/next")

    # A little later they type about another 周总, and name the wrong firm: one tap takes the note back, one puts it right.
    await world.advance("20m")
    other = await another_lead_of(rep, world)
    before = await world.notes(lead)
    [card] = await rep.type(FOR_ANOTHER)
    assert len(await world.notes(lead)) == len(before) + 1
    assert (await rep.press(card, key_of(card, "cancel")))["ok"]
    assert await world.notes(lead) == before
    which = await rep.card("哪条线索")
    button = next(each["key"] for each in which["card"]["buttons"] if other in each["key"])
    assert (await rep.press(which, button))["ok"]
    assert [each["text"] for each in await world.notes(other)] == [FOR_ANOTHER]
    assert "签约" in await rep.says("/next")  # what was confirmed before stands
    assert await world.audit() == []


async def another_lead_of(rep: Phone, world: World) -> str:
    """A second lead of the same rep, who shares the first one's surname."""
    for number in range(12):  # the turn comes round
        lead = await world.submit("周涛", company=f"无锡恒远机械{number}有限公司")
        if (await world.owner(lead)).person == rep.person:
            await rep.does("accept", "周涛")
            return lead
    raise AssertionError("the turn never came round")
