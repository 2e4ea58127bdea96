"""The story the product is for: a lead, a card, a clock, and people who answer or do not."""

import asyncio

from tests.scenario.world import EAST, NAMES, World, fields_of, key_of, plain, plain_words, verbs, words

MASKED, FULL = "138****5688", "13812345688"


async def test_a_lead_that_nobody_takes_climbs_until_a_rep_grabs_it(world: World) -> None:
    lead = await world.submit("周倩", company="杭州云栖数据有限公司", phone="13812345688")
    first = await world.owner(lead)
    card = await first.card("周倩", "live", "accept")
    assert verbs(card) == ["accept", "handback", "visit"]
    assert MASKED in words(card)
    assert FULL not in plain_words(card)
    assert "5 分钟内接收 · 10:05 前" in card["card"]["lines"]

    await world.advance("3m")
    reminder = await first.card("周倩", "live", "accept")
    assert reminder["id"] != card["id"]
    assert "⏰ 还剩 2 分钟 · 10:05 前接收" in reminder["card"]["lines"]

    await world.advance("2m")
    boss = world.phone("wangfang")
    alert = await boss.card("周倩", "live")
    assert verbs(alert) == ["nudge", "assign", "take"]
    assert "未接：周倩" in alert["card"]["title"]
    assert NAMES[first.person] in words(alert)
    breaches = [each for each in await world.events(lead) if each["kind"] == "breached"]
    assert [each["clock"] for each in breaches] == ["accept"]

    await world.advance("5m")
    second = await world.owner(lead)
    assert second.person != first.person
    assert {each["card"]["state"] for each in await first.cards("周倩")} == {"dead"}
    assert f"转给 {NAMES[second.person]}" in words(await first.card("周倩"))
    assert verbs(await second.card("周倩", "live")) == ["accept", "handback", "visit"]

    await world.advance("5m")
    assert (await world.lead(lead))["owner"] is None
    grabs = {rep: await world.phone(rep).card("周倩", "live", "grab") for rep in EAST}
    assert all(verbs(each) == ["grab"] for each in grabs.values())

    await world.advance("15m")
    assert await world.phone("tangyue").card("周倩", "live")

    winner, loser = world.phone("lilei"), world.phone("zhangwei")
    said = await winner.does("grab", "周倩")
    assert FULL in plain(said)
    late = await loser.press(grabs["zhangwei"], key_of(grabs["zhangwei"], "grab"))
    assert not late["ok"]
    assert late["text"] == f"{lead} 已由 李雷 10:30 接收"
    await every_copy_is_true(world, lead)
    assert (await world.lead(lead))["owner"] == "lilei"
    assert [kind for kind in await world.kinds(lead) if kind != "refused"] == [
        "captured", "assigned", "delivered", "reminded", "breached", "escalated", "reassigned", "delivered",
        "grab_opened", "delivered", "escalated", "accepted",
    ]  # fmt: skip


async def every_copy_is_true(world: World, lead: str) -> None:
    """Full number only where the lead is held; all else says who has it, and presses nothing."""
    _, people = await world.call("/sim/api/people")
    for person in people:
        for card in await world.phone(person["id"]).cards("周倩"):
            state = card["card"]["state"]
            if person["id"] == "lilei":
                assert (FULL in plain_words(card)) == (state == "live"), card
            else:
                assert FULL not in plain_words(card)
                assert card["card"]["buttons"] == [], card
                assert "李雷" in words(card)
            if person["id"] in ("wangfang", "tangyue"):
                assert state == "done"
                assert "✅ 已解除：李雷 11月2日（周一） 10:30 接收" in card["card"]["lines"]
            if person["id"] in ("zhangwei", "hanmeimei"):
                assert state == "dead"
    holding = await world.phone("lilei").cards("周倩", "live")
    assert len(holding) == 1, [words(each) for each in holding]
    assert verbs(holding[0]) == ["contacted", "visit", "handback"]
    assert lead == (await world.lead(lead))["id"]


async def test_an_accept_in_time_stops_the_clock_and_shows_the_number(world: World) -> None:
    lead = await world.submit("周倩", phone="13812345688")
    rep = await world.owner(lead)
    await world.advance("4m59s")
    said = await rep.does("accept", "周倩")
    assert said.startswith(f"✅ 已接收 {lead} 周倩")
    assert FULL in plain(said)
    card = await rep.card("周倩", "live")
    assert plain(fields_of(card)["电话"]) == FULL
    assert card["card"]["lines"][0].startswith("✅ 已接收 11月2日（周一） 10:04")
    await world.advance("1h")
    assert await world.phone("wangfang").cards("周倩") == []
    assert "breached" not in await world.kinds(lead)


async def test_the_submitter_hears_that_it_was_accepted_and_never_the_number(world: World) -> None:
    lead = await world.submit("周倩", phone="13812345688")
    rep = await world.owner(lead)
    await rep.does("accept", "周倩")
    messages = [each for each in await world.phone("xiaolin").messages() if each["from"] == "bot"]
    assert any(f"你提交的 {lead} 周倩 已由 {NAMES[rep.person]} 接收" in words(each) for each in messages)
    assert all(FULL not in plain_words(each) for each in messages)


async def test_contacted_is_noted_once_and_the_card_says_so(world: World) -> None:
    lead = await world.submit("周倩")
    rep = await world.owner(lead)
    await rep.does("accept", "周倩")
    held = await rep.card("周倩", "live", "contacted")
    assert await rep.does("contacted", "周倩") == f"✅ 已记下：{lead} 已联系"
    again = await rep.press(held, key_of(held, "contacted"))
    assert again["ok"]
    card = await rep.card("周倩", "live")
    assert verbs(card) == ["visit", "handback"]
    assert "✅ 已联系 11月2日（周一） 10:00" in card["card"]["lines"]
    assert (await world.kinds(lead)).count("contacted") == 1
    assert (await world.lead(lead))["stage"] == "contacted"


async def test_an_accepted_lead_that_nobody_calls_climbs_too(world: World) -> None:
    lead = await world.submit("周倩")
    rep = await world.owner(lead)
    await rep.does("accept", "周倩")
    await world.advance("4h30m")  # three working hours: 10:00-12:00 and 13:30-14:30
    reminder = await rep.card("周倩", "live", "contacted")
    assert any("首次联系" in line and "15:30" in line for line in reminder["card"]["lines"]), reminder
    assert await world.phone("wangfang").cards("周倩") == []
    await world.advance("1h")
    alert = await world.phone("wangfang").card("周倩", "live")
    assert "未联系" in alert["card"]["title"]
    assert [e["clock"] for e in await world.events(lead) if e["kind"] == "breached"] == ["contact"]
    await rep.does("contacted", "周倩")
    alert = await world.phone("wangfang").card("周倩")
    assert alert["card"]["state"] == "done"
    assert any("已联系" in line for line in alert["card"]["lines"])


async def test_two_reps_who_grab_at_once_leave_one_owner(world: World) -> None:
    lead = await world.submit("周倩")
    await world.advance("15m")
    phones = [world.phone(rep) for rep in EAST]
    cards = [await phone.card("周倩", "live", "grab") for phone in phones]
    answers = await asyncio.gather(
        *(phone.press(card, key_of(card, "grab")) for phone, card in zip(phones, cards, strict=True))
    )
    assert sorted(each["ok"] for each in answers) == [False, False, True]
    owner = (await world.lead(lead))["owner"]
    assert all(NAMES[owner] in each["text"] for each in answers if not each["ok"])
    assert (await world.kinds(lead)).count("accepted") == 1


async def test_the_same_click_again_gives_the_same_answer_and_one_effect(world: World) -> None:
    lead = await world.submit("周倩")
    rep = await world.owner(lead)
    card = await rep.card("周倩", "live", "accept")
    key = key_of(card, "accept")
    one = await rep.press(card, key, click_id="tap-1")
    two = await rep.press(card, key, click_id="tap-1")
    assert one == two
    assert one["ok"]
    assert (await world.kinds(lead)).count("accepted") == 1


async def test_the_same_click_ten_times_at_once_is_one_effect_and_one_answer(world: World) -> None:
    lead = await world.submit("周倩")
    rep = await world.owner(lead)
    card = await rep.card("周倩", "live", "accept")
    key = key_of(card, "accept")
    answers = await asyncio.gather(*(rep.press(card, key, click_id="tap-1") for _ in range(10)))
    assert all(each == answers[0] for each in answers)
    assert answers[0]["ok"]
    assert (await world.kinds(lead)).count("accepted") == 1


async def test_ten_taps_of_the_same_button_accept_once_and_all_are_told_well(world: World) -> None:
    lead = await world.submit("周倩")
    rep = await world.owner(lead)
    card = await rep.card("周倩", "live", "accept")
    answers = await asyncio.gather(*(rep.press(card, key_of(card, "accept")) for _ in range(10)))
    assert all(each["ok"] for each in answers)
    assert (await world.kinds(lead)).count("accepted") == 1


async def test_somebody_elses_click_changes_nothing(world: World) -> None:
    lead = await world.submit("周倩")
    rep = await world.owner(lead)
    key = key_of(await rep.card("周倩", "live", "accept"), "accept")
    other = world.phone(next(each for each in EAST if each != rep.person))
    message = (await other.type("/my"))[-1]
    answer = await other.press(message, key)
    assert not answer["ok"]
    found = await world.lead(lead)
    assert (found["stage"], found["owner"]) == ("offered", rep.person)


async def test_a_click_on_a_card_that_has_gone_on_is_refused_with_where_it_went(world: World) -> None:
    lead = await world.submit("周倩")
    rep = await world.owner(lead)
    card = await rep.card("周倩", "live", "accept")
    await world.advance("10m1s")
    answer = await rep.press(card, key_of(card, "accept"))
    assert not answer["ok"]
    assert lead in answer["text"]
    await (await world.owner(lead)).does("accept", "周倩")
    late = await rep.press(card, key_of(card, "accept"))
    assert not late["ok"]
    assert NAMES[(await world.lead(lead))["owner"]] in late["text"]


async def test_a_key_that_no_button_has_and_a_message_nobody_got(world: World) -> None:
    lead = await world.submit("周倩")
    rep = await world.owner(lead)
    card = await rep.card("周倩", "live", "accept")
    for key in ("", "explode:L1", f"accept:{lead}", f"accept:{lead}-1;drop", f"accept:{lead}-01"):
        answer = await rep.press(card, key)
        assert not answer["ok"], key
        assert "已失效" in answer["text"]
    for key in ("accept:L999999-1", f"accept:{lead}-99", f"nudge:{lead}", f"take:{lead}"):
        answer = await rep.press(card, key)
        assert not answer["ok"], key
    status, _ = await world.call("/sim/api/people/zhangwei/clicks", {"message_id": "nothing", "key": "x"})
    assert status == 404
    status, _ = await world.call("/sim/api/people/nobody/clicks", {"message_id": card["id"], "key": "x"})
    assert status == 404
    assert (await world.lead(lead))["stage"] == "offered"
