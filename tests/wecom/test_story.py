"""The whole story in WeCom's own bytes: card out, click in, every card made true."""

from tests.wecom.world import House, key_of, keys, question


async def test_a_lead_goes_out_as_a_card_and_a_click_accepts_it(any_house: House) -> None:
    house = any_house
    lead = await house.submit("周倩")
    rep = await house.holder(lead)
    card = rep.card("周倩", "accept")
    assert card.card["card_type"] == "button_interaction"
    assert card.card["card_action"]["url"] == f"https://leads.example.com/l/{lead}"
    assert "138****" in str(card.card)
    told = await rep.press("accept", "周倩")
    assert (told.tries, told.body) == ((200,), b"")
    assert (await house.lead(lead)).stage == "accepted"
    assert card.updates == 1
    assert [key.partition(":")[0] for key in keys(card)] == ["contacted", "visit", "handback"]
    assert "138****" not in str(card.card)
    assert len(rep.cards("周倩")) == 1
    await rep.press("contacted", "周倩")
    assert (await house.lead(lead)).stage == "contacted"
    assert card.updates == 2


async def test_the_ladder_rings_the_manager_and_the_first_rep_is_told(house: House) -> None:
    lead = await house.submit("周倩")
    first = await house.holder(lead)
    await house.advance(minutes=5)
    boss = house.phone("WangFang")
    alert = boss.card("周倩", "nudge")
    assert question(alert)["question_key"] == "person"
    await house.advance(minutes=5)
    second = await house.holder(lead)
    assert second.userid != first.userid
    assert first.cards("周倩")[0].card["card_type"] == "text_notice"
    await house.advance(minutes=5)
    assert {"reminded", "breached", "reassigned", "grab_opened"} <= set(await house.kinds(lead))
    assert key_of(first.card("周倩", "grab"), "grab") == key_of(second.card("周倩", "grab"), "grab")
    await second.press("grab", "周倩")
    assert (await house.lead(lead)).owner == {"ZhangWei": "zhangwei", "LiLei": "lilei"}[second.userid]
    assert not [card for card in first.cards("周倩") if key_of(card, "grab")]
    assert not [card for card in boss.cards("周倩") if keys(card)]
