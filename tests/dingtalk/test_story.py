"""The story the product is for, on DingTalk: a lead, a card, a clock, people who answer or do not."""

import asyncio

from tests.dingtalk.world import REPS, Ding, press, verbs, words

MASKED, FULL = "138＊＊＊＊5688", "13812345688"


async def test_a_rep_accepts_by_one_tap_and_sees_the_number(ding: Ding) -> None:
    lead = await ding.submit("周倩", phone="13812345688")
    rep = await ding.owner(lead)
    card = rep.card("周倩")
    assert verbs(card) == ["accept", "handback", "visit"]
    assert MASKED in words(card["card"])
    assert FULL not in words(card["card"]).replace(" ", "")

    said = await rep.does("accept", "周倩")
    assert FULL in said.replace(" ", "")
    found = await ding.lead(lead)
    assert (found.stage, found.owner) == ("accepted", rep.person)
    assert verbs(rep.card("周倩")) == ["contacted", "visit", "handback"]
    assert FULL in words(rep.card("周倩")["card"]).replace(" ", "")


async def test_the_one_who_tapped_sees_it_at_once_and_everybody_after_the_callback(ding: Ding) -> None:
    lead = await ding.submit()
    rep = await ding.owner(lead)
    card = rep.card("周倩")
    track = card["track"]
    answer = await ding.fake.tap(rep.account, track, press(card, "accept"))
    assert answer is not None
    assert "已接" in words(answer) or "接收" in words(answer)
    await ding.settle()
    copy = ding.fake.book.cards[track]
    assert copy.local == {}
    assert "contacted" in copy.params["sys_full_json_obj"]
    assert ding.fake.book.violations == []


async def test_a_lead_that_nobody_takes_climbs_until_a_rep_grabs_it(ding: Ding) -> None:
    lead = await ding.submit("周倩", phone="13812345688")
    first = await ding.owner(lead)
    await ding.advance(minutes=3)
    assert len(first.cards("周倩", "accept")) == 2

    await ding.advance(minutes=2)
    boss = ding.phone("wangfang")
    alert = boss.card("周倩")
    assert verbs(alert) == ["nudge", "assign", "take"]
    assert REPS[first.person] in words(alert["card"])

    await ding.advance(minutes=5)
    second = await ding.owner(lead)
    assert second.person != first.person
    assert all(verbs(each) == [] for each in first.cards("周倩"))
    assert f"转给 {REPS[second.person]}" in words(first.card("周倩")["card"])

    await ding.advance(minutes=5)
    assert (await ding.lead(lead)).owner is None
    grabs = {rep: ding.phone(rep).card("周倩", "grab") for rep in REPS}

    await ding.advance(minutes=15)
    assert ding.phone("liuqiang").card("周倩")

    said = await ding.phone("lilei").does("grab", "周倩")
    assert FULL in said.replace(" ", "")
    late = await ding.phone("zhangwei").tap(grabs["zhangwei"], "grab")
    assert late is not None
    assert f"{lead} 已由 李雷" in late["cardData"]["cardParamMap"]["tips"]
    assert (await ding.lead(lead)).owner == "lilei"
    for rep in ("zhangwei", "hanmeimei"):
        assert verbs(ding.phone(rep).card("周倩")) == []
    kinds = await ding.kinds(lead)
    assert [kind for kind in kinds if kind != "refused"] == [
        "captured", "assigned", "delivered", "reminded", "breached", "escalated", "reassigned", "delivered",
        "grab_opened", "delivered", "escalated", "accepted",
    ]  # fmt: skip


async def test_of_all_who_grab_at_once_one_wins_and_the_others_hear_who(ding: Ding) -> None:
    lead = await ding.submit("周倩", phone=FULL)
    await ding.advance(minutes=15)
    reps = [ding.phone(each) for each in REPS]
    cards = [rep.card("周倩", "grab") for rep in reps]
    answers = await asyncio.gather(
        *(
            ding.fake.tap(rep.account, card["track"], press(card, "grab"))
            for rep, card in zip(reps, cards, strict=True)
        )
    )
    await ding.settle()
    winner = await ding.owner(lead)
    assert (await ding.kinds(lead)).count("accepted") == 1
    for rep, answer in zip(reps, answers, strict=True):
        seen = words({"answer": answer, "card": rep.card("周倩")["card"]}).replace(" ", "")
        assert (FULL in seen) is (rep.person == winner.person)
        assert (f"{lead}已由{REPS[winner.person]}" in seen) is (rep.person != winner.person)
        assert bool(rep.cards("周倩", "contacted")) is (rep.person == winner.person)
        assert not rep.cards("周倩", "grab")


async def test_a_hand_back_takes_two_taps_for_its_reason_and_no_typing(ding: Ding) -> None:
    lead = await ding.submit()
    rep = await ding.owner(lead)
    await rep.does("accept", "周倩")
    await rep.does("handback", "周倩")
    calls = ding.fake.book.metered
    groups = rep.card("周倩", "confirm:handback")
    invalid = next(each["id"] for each in groups["card"]["buttons"] if "无效" in each["text"])
    await rep.tap(groups, invalid)
    reasons = rep.card("周倩", "confirm:handback")
    assert ding.fake.book.metered == calls  # turning the pages costs no call
    bad = next(each["id"] for each in reasons["card"]["buttons"] if "reason=bad_number" in each["id"])
    await rep.tap(reasons, bad)
    found = await ding.lead(lead)
    assert (found.stage, found.reason) == ("invalid", "bad_number")
    assert all(verbs(each) == [] for each in rep.cards("周倩"))


async def test_back_leads_to_the_first_page_and_a_hand_back_can_be_called_off(ding: Ding) -> None:
    lead = await ding.submit()
    rep = await ding.owner(lead)
    await rep.does("accept", "周倩")
    await rep.does("handback", "周倩")
    asked = rep.card("周倩", "confirm:handback")
    await rep.tap(asked, "confirm:handback")
    opened = rep.card("周倩", "confirm:handback")
    assert opened["card"]["buttons"][-1]["text"] == "返回"
    await rep.tap(opened, opened["card"]["buttons"][-1]["id"])
    assert rep.card("周倩", "cancel:handback")["card"]["buttons"] == asked["card"]["buttons"]
    await rep.tap(rep.card("周倩", "cancel:handback"), "cancel:handback")
    assert (await ding.lead(lead)).owner == rep.person


async def test_a_manager_assigns_by_choosing_a_name(ding: Ding) -> None:
    lead = await ding.submit()
    first = await ding.owner(lead)
    await ding.advance(minutes=5)
    boss = ding.phone("wangfang")
    await boss.tap(boss.card("周倩"), "assign")
    people = boss.card("周倩", "assign")
    other = next(rep for rep in REPS if rep != first.person)
    chosen = next(each["id"] for each in people["card"]["buttons"] if f"person={other}" in each["id"])
    await boss.tap(people, chosen)
    assert (await ding.lead(lead)).owner == other
    assert ding.phone(other).card("周倩", "accept")


async def test_a_visit_is_logged_by_one_button_and_one_message(ding: Ding) -> None:
    lead = await ding.submit()
    rep = await ding.owner(lead)
    await rep.does("accept", "周倩")
    await rep.does("visit", "周倩")
    said = await rep.type("今天上门演示，客户很满意，下周二再谈")
    assert any(lead in text for text in said)
    notes = await ding.service.reads.notes(lead)
    assert [(note.kind, note.text) for note in notes] == [("visit", "今天上门演示，客户很满意，下周二再谈")]


async def test_a_tap_whose_params_do_not_come_back_is_read_by_its_id(ding: Ding) -> None:
    lead = await ding.submit()
    rep = await ding.owner(lead)
    await rep.tap(rep.card("周倩"), "accept", params=False)
    assert (await ding.lead(lead)).owner == rep.person


async def test_somebody_else_who_presses_a_forwarded_card_changes_and_learns_nothing(ding: Ding) -> None:
    lead = await ding.submit("周倩", phone="13812345688")
    rep = await ding.owner(lead)
    await rep.does("accept", "周倩")
    card = rep.card("周倩")
    other = next(ding.phone(each) for each in REPS if each != rep.person)
    answer = await ding.fake.tap(other.account, card["track"], press(card, "contacted"))
    assert answer is not None
    assert set(answer["cardData"]["cardParamMap"]) == {"tips"}
    assert FULL not in words(answer).replace(" ", "")
    assert (await ding.lead(lead)).contacted_at is None


async def test_a_newcomer_who_writes_becomes_an_employee(ding: Ding) -> None:
    from bot.channels.dingtalk.fake.book import Member

    ding.fake.join(Member(id="newcomer", name="新同事"))
    await ding.fake.say("newcomer", "/help")
    from tests.dingtalk.world import until

    await until(lambda: not ding.fake.wire.unacked)
    await ding.settle()
    assert ding.service.store.company.people["dingtalk:newcomer"].name == "新同事"
    assert any("/lead" in each.get("text", "") for each in ding.fake.chat("newcomer"))
