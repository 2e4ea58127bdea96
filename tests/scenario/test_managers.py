"""What managers see and do, and what keeps the machine honest: duty, room, quiet hours, outages."""

from datetime import timedelta

from domain.ports import Uow
from tests.scenario.world import EAST, NAMES, Phone, Starter, World, fields_of, key_of, verbs, words


async def alarmed(world: World, name: str = "周倩") -> tuple[str, Phone]:
    """A lead that its rep let pass, and the manager who hears of it."""
    lead = await world.submit(name)
    await world.advance("5m")
    return lead, world.phone("wangfang")


async def test_a_nudge_rings_whoever_has_it(world: World) -> None:
    lead, boss = await alarmed(world)
    rep = await world.owner(lead)
    before = len(await rep.cards("周倩"))
    said = await boss.does("nudge", "周倩")
    assert NAMES[rep.person] in said
    rung = await rep.card("周倩", "live", "accept")
    assert len(await rep.cards("周倩")) == before + 1
    assert "王芳" in words(rung)
    assert rep.person == (await world.owner(lead)).person


async def test_assigning_by_the_card_begins_a_new_cycle(world: World) -> None:
    lead, boss = await alarmed(world)
    first = await world.owner(lead)
    card = await boss.card("周倩", "live", "assign")
    offered = [option["id"] for option in card["card"]["selects"][0]["options"]]
    to = next(each for each in EAST if each != first.person)
    assert to in offered
    assert first.person not in offered
    assert card["card"]["selects"][0]["selected"] == ""
    slip = await boss.press(card, key_of(card, "assign"))
    assert (slip["ok"], (await world.owner(lead)).person) == (False, first.person)
    assert NAMES[to] in await boss.does("assign", "周倩", person=to)
    assert (await world.owner(lead)).person == to
    assert (await boss.card("周倩"))["card"]["state"] == "done"
    assert not await first.cards("周倩", "live")
    assert "主管" in words(await world.phone(to).card("周倩", "live", "accept"))
    await world.advance("5m")
    assert await boss.cards("周倩", "live")
    assert [each["kind"] for each in await world.events(lead)].count("breached") == 2


async def test_assigning_in_one_message(world: World) -> None:
    lead = await world.submit("周倩")
    boss = world.phone("wangfang")
    assert "李雷" in await boss.says(f"/assign {lead} @李雷")
    assert (await world.lead(lead))["owner"] == "lilei"
    said = await boss.says(f"/assign {lead} @诸葛亮")
    assert "诸葛亮" in said
    assert "李雷" in said
    said = await world.phone("sunli").says(f"/assign {lead} @张伟")
    assert said == f"没有 {lead} 这条线索"
    assert "不能接线索" in await boss.says(f"/assign {lead} @孙莉")
    said = await boss.says(f"/assign {lead} @陈静")
    assert "陈静 在别的团队" in said
    assert "不能接线索" not in said
    assert (await world.lead(lead))["owner"] == "lilei"


async def test_taking_it_over(world: World) -> None:
    lead, boss = await alarmed(world)
    rep = await world.owner(lead)
    card = await rep.card("周倩", "live", "accept")
    assert lead in await boss.does("take", "周倩")
    found = await world.lead(lead)
    assert (found["owner"], found["stage"]) == ("wangfang", "accepted")
    late = await rep.press(card, key_of(card, "accept"))
    assert not late["ok"]
    assert "王芳" in late["text"]
    assert await boss.cards("周倩", "live", "contacted")
    assert (await rep.card("周倩"))["card"]["state"] == "dead"


async def test_a_second_tap_on_taking_it_over_posts_no_second_card(world: World) -> None:
    _, boss = await alarmed(world)
    card = await boss.card("周倩", "live", "take")
    for _ in range(2):
        assert (await boss.press(card, key_of(card, "take")))["ok"]
        await world.advance("1s")
    assert len(await boss.cards("周倩", verb="contacted")) == 1


async def test_who_is_no_manager_directs_nothing(world: World) -> None:
    lead, boss = await alarmed(world)
    card = await boss.card("周倩", "live")
    rep = await world.owner(lead)
    other = world.phone(next(each for each in EAST if each != rep.person))
    mine = (await other.type("/my"))[-1]
    for verb in ("nudge", "assign", "take"):
        answer = await other.press(mine, key_of(card, verb), person=other.person)
        assert not answer["ok"], verb
    south = world.phone("lihaoran")
    mine = (await south.type("/my"))[-1]
    assert not (await south.press(mine, key_of(card, "take")))["ok"]
    assert (await world.lead(lead))["owner"] == rep.person


async def test_several_breaches_at_once_ring_a_manager_once(world: World) -> None:
    names = ("孙一", "孙二", "孙三", "孙四", "孙五")
    leads = [await world.submit(name) for name in names]
    await world.advance("5m")
    boss = world.phone("wangfang")
    cards = await boss.cards(state="live")
    assert len(cards) == 1, [words(each) for each in cards]
    text = words(cards[0])
    assert all(name in text and lead in text for name, lead in zip(names, leads, strict=True))
    assert cards[0]["card"]["title"] == "⚠ 5 条线索需要处理"
    assert all(
        "11月2日（周一） 10:05 起超时 · 上海博达智能科技" in line for line in cards[0]["card"]["lines"]
    )

    rep = await world.owner(leads[2])
    await rep.does("accept", "孙三")
    card = (await boss.cards("孙三"))[0]
    assert card["id"] == cards[0]["id"]
    assert card["card"]["title"] == "⚠ 4 条线索需要处理"
    assert any(line.startswith("✅") and "孙三" in line for line in card["card"]["lines"])

    assert leads[0] in await boss.does("take", "孙一", lead=leads[0])
    assert (await world.lead(leads[0]))["owner"] == "wangfang"
    for name in ("孙二", "孙四", "孙五"):
        lead = leads[names.index(name)]
        await (await world.owner(lead)).does("accept", name)
    card = next(each for each in await boss.cards("孙三") if each["id"] == cards[0]["id"])
    assert card["card"]["state"] == "done"
    assert card["card"]["buttons"] == []


async def test_a_manager_off_duty_is_passed_over(world: World) -> None:
    await world.phone("wangfang").type("/off")
    lead = await world.submit("周倩")
    await world.advance("5m")
    assert await world.phone("wangfang").cards("周倩") == []
    assert await world.phone("tangyue").cards("周倩", "live")
    heard = [each for each in await world.events(lead) if each["kind"] == "escalated"]
    assert len(heard) == 1


async def test_when_all_are_full_the_manager_hears_and_nothing_is_lost(starter: Starter) -> None:
    world = await starter.start(CAPACITY__UNACCEPTED="1")
    leads = [await world.submit(name) for name in ("王一", "王二", "王三")]
    owners = {(await world.lead(lead))["owner"] for lead in leads}
    assert owners == set(EAST)
    fourth = await world.submit("周倩")
    found = await world.lead(fourth)
    assert (found["stage"], found["owner"]) == ("waiting", None)
    card = await world.phone("wangfang").card("周倩", "live")
    assert "暂无人能接" in card["card"]["title"]
    await (await world.owner(leads[0])).does("accept", "王一")
    await world.advance("30s")
    found = await world.lead(fourth)
    assert found["stage"] == "offered"
    assert (await world.phone("wangfang").card("周倩"))["card"]["state"] == "done"


async def test_three_lapses_in_a_row_and_back_with_one_tap(world: World) -> None:
    for person in ("lilei", "hanmeimei"):
        await world.phone(person).type("/off")
    rep = world.phone("zhangwei")
    for name in ("王一", "王二", "王三"):
        await world.submit(name)
    await world.advance("16m")
    assert not await world.on_duty("zhangwei")
    card = await rep.card("暂停", "live", "confirm")
    assert "3" in words(card)
    lead = await world.submit("周倩")
    assert (await world.lead(lead))["stage"] == "waiting"
    assert await world.phone("wangfang").cards("周倩", "live")
    assert "在岗" in await rep.does("confirm", "暂停")
    assert await world.on_duty("zhangwei")
    assert (await world.lead(lead))["owner"] == "zhangwei"
    back = next(each for each in await rep.cards() if each["id"] == card["id"])
    assert back["card"]["state"] == "done"
    assert verbs(back) == []


async def test_outside_working_hours_a_lead_waits_for_the_opening(world: World) -> None:
    await world.advance("9h")  # 19:00
    lead = await world.submit("周倩")
    found = await world.lead(lead)
    assert (found["stage"], found["owner"]) == ("waiting", None)
    await world.advance("13h59m")
    assert (await world.lead(lead))["stage"] == "waiting"
    await world.advance("2m")
    rep = await world.owner(lead)
    assert "09:05" in words(await rep.card("周倩", "live", "accept"))
    await world.advance("4m30s")
    assert await world.phone("wangfang").cards("周倩", "live")


async def test_what_is_not_urgent_does_not_ring_at_night(starter: Starter) -> None:
    world = await starter.start(CALENDAR__MODE="always")
    lead = await world.submit("周倩")
    rep = await world.owner(lead)
    await world.advance("12h")  # 22:00
    await rep.does("handback", "周倩") if await rep.cards("周倩", "live", "handback") else None
    second = await world.submit("王一")
    owner = await world.owner(second)
    assert await owner.cards("王一", "live", "accept"), "a lead rings at night where the clock runs at night"
    await owner.does("accept", "王一")
    before = [words(each) for each in await world.phone("xiaolin").messages()]
    assert not any("你提交的" in each and "王一" in each for each in before)
    await world.advance("10h31m")
    after = [words(each) for each in await world.phone("xiaolin").messages()]
    assert any("你提交的" in each and "王一" in each for each in after)


async def test_an_outage_starts_no_clock_and_is_the_systems_fault(world: World) -> None:
    await world.outage(True)
    await world.phone("xiaolin").type("/lead 周倩 杭州云栖数据有限公司 总监 13812345688 软件 想买CRM")
    _, found = await world.api("leads")
    lead = found["items"][0]["id"]
    await world.advance("8m")
    assert "undelivered" in await world.kinds(lead)
    assert "breached" not in await world.kinds(lead)
    rep = await world.owner(lead)
    assert await rep.cards("周倩") == []

    await world.outage(False)
    await world.advance("1s")
    card = await rep.card("周倩", "live", "accept")
    assert "10:13" in words(card)
    delivered = next(each for each in await world.events(lead) if each["kind"] == "delivered")
    assert delivered["cause"] == "system"
    assert delivered["waited"] >= timedelta(minutes=8).total_seconds()
    assert len(await rep.cards("周倩")) == 1
    assert len(await world.phone("xiaolin").cards("周倩")) == 1
    alerts = await world.phone("wangfang").cards("周倩")
    assert all(each["card"]["state"] == "done" for each in alerts), alerts

    await world.advance("4m50s")
    assert "breached" not in await world.kinds(lead)
    await world.advance("15s")
    assert "breached" in await world.kinds(lead)


async def test_an_outage_during_the_clock_changes_no_card_and_everything_comes_once(world: World) -> None:
    lead = await world.submit("周倩")
    rep = await world.owner(lead)
    card = await rep.card("周倩", "live", "accept")
    await world.outage(True)
    await world.advance("4m")
    assert len(await rep.cards("周倩")) == 1
    assert (await rep.press(card, key_of(card, "accept")))["ok"]
    await world.outage(False)
    await world.advance("2s")
    cards = await rep.cards("周倩")
    assert len(cards) == 1, [words(each) for each in cards]
    assert verbs(cards[0]) == ["contacted", "visit", "handback"]
    await world.advance("1h")
    assert len(await rep.cards("周倩")) == 1


# -- what an undo gives back ------------------------------------------------------------------------------


async def in_grab(world: World) -> str:
    """A lead that its team may grab."""
    lead = await world.submit("周倩")
    await world.advance("16m")
    return lead


async def test_a_grab_that_is_undone_is_a_grab_again_for_everybody(world: World) -> None:
    lead = await in_grab(world)
    winner, other = world.phone("zhangwei"), world.phone("hanmeimei")
    await winner.does("grab", "周倩")
    assert not await other.cards("周倩", "live", "grab")
    assert "已撤销" in await winner.says(f"/undo {lead}")
    for phone in (winner, other, world.phone("lilei")):
        assert len(await phone.cards("周倩", "live", "grab")) == 1, phone.person
    assert (await other.click("grab", "周倩"))["ok"]
    assert (await world.lead(lead))["owner"] == "hanmeimei"


async def test_an_assignment_that_is_undone_gives_the_first_rep_their_card_back(world: World) -> None:
    lead = await world.submit("周倩")
    first, manager = await world.owner(lead), world.phone("wangfang")
    to = next(each for each in EAST if each != first.person)
    await manager.type(f"/assign {lead} @{NAMES[to]}")
    assert not await first.cards("周倩", "live")
    assert "已撤销" in await manager.says(f"/undo {lead}")
    assert verbs(await first.card("周倩", "live")) == ["accept", "handback", "visit"]
    assert not await world.phone(to).cards("周倩", "live")
    assert (await first.click("accept", "周倩"))["ok"]


async def test_who_got_their_lead_back_is_not_told_to_drop_it(world: World) -> None:
    lead = await world.submit("周倩")
    rep, manager = await world.owner(lead), world.phone("wangfang")
    await rep.does("accept", "周倩")
    to = next(each for each in EAST if each != rep.person)
    await manager.type(f"/assign {lead} @{NAMES[to]}")
    assert await rep.cards("你不用再跟进")
    await manager.type(f"/undo {lead}")
    assert not await rep.cards("你不用再跟进")
    assert await rep.cards("改派已撤销，仍由你跟进")
    assert "contacted" in verbs(await rep.card("周倩", "live"))
    assert not await world.phone(to).cards("周倩", "live")


LEAVER = '\n[[people]]\nid = "liuyang"\nname = "刘洋"\nrole = "rep"\nteam = "east"\n'


async def test_who_left_while_the_bot_was_off_is_told_by_name_and_how_many_of_their_leads_wait(
    starter: Starter,
) -> None:
    world = await starter.start(LEAVER, CAPACITY__UNACCEPTED="1")
    leads = [await world.submit(name) for name in ("周倩", "郑爽", "何其芳")]
    for lead in leads:
        await world.phone("wangfang").type(f"/assign {lead} @刘洋")
    await world.phone("liuyang").does("accept", "郑爽")
    for rep in EAST[1:]:
        await world.phone(rep).type("/off")
    await starter.stop(world)
    world = await starter.start(CAPACITY__UNACCEPTED="1")
    [card] = await world.phone("wangfang").cards("已离开公司")
    assert card["card"]["title"] == "刘洋 已离开公司"
    assert card["card"]["lines"][0] == "名下 3 条线索：1 条已转给他人，2 条暂无人可接，等待分配"
    with_somebody = [(await world.lead(lead))["owner"] for lead in leads]
    assert (with_somebody.count("zhangwei"), with_somebody.count(None)) == (1, 2)


# -- what a manager reads ---------------------------------------------------------------------------------


async def test_a_broken_promise_is_told_as_broken(world: World) -> None:
    lead = await world.submit("周倩")
    await world.advance("6m")
    for command in ("/team", f"/status {lead}"):
        assert "10:05 起超时" in words((await world.phone("wangfang").type(command))[-1]), command
    rep = await world.owner(lead)
    await rep.does("accept", "周倩")
    assert "超时" not in words((await rep.type("/my"))[-1])


async def test_a_team_s_list_begins_with_what_nobody_has_and_goes_on_over_pages(world: World) -> None:
    leads = [
        await world.submit(name)
        for name in "孙一 孙二 孙三 孙四 孙五 孙六 孙七 孙八 孙九 孙十 郑一 郑二".split()
    ]
    rep, boss = await world.owner(leads[0]), world.phone("wangfang")
    await rep.does("accept", "孙一")
    await world.advance("20m")
    first = (await boss.says("/team")).splitlines()
    assert first[0] == "华东：未关闭 12 条"
    assert [line.partition(" ")[0] for line in first[1:11]] == leads[1:11]
    assert all("· 无人 · " in line for line in first[1:11])
    assert first[11:] == ["… 还有 2 条，下一页发 /team 2"]
    second = (await boss.says("/team 2")).splitlines()
    assert [line.partition(" ")[0] for line in second[1:]] == [leads[11], leads[0]]
    assert await boss.says("/team 9") == "\n".join(second)  # the last page there is


async def test_going_off_duty_names_no_day(world: World) -> None:
    rep = world.phone("zhangwei")
    assert "没有改动" in await rep.says("/off 明天")
    assert await world.on_duty("zhangwei")
    assert "不再派新线索" in await rep.says("/off")
    assert "新线索" not in await world.phone("wangfang").says("/on"), "a manager is in nobody's turn"


async def test_a_lead_of_no_team_yet_is_in_the_list_of_whoever_stands_above_all(world: World) -> None:
    def of_no_team(uow: Uow, *, wanted: str) -> None:
        found = uow.lead(wanted)
        found.team = None  # as when no route fits, and nobody anywhere has room
        uow.save(found)

    lead = await world.submit("周倩")
    await world.service.store.write(of_no_team, wanted=lead)
    assert lead in await world.phone("tangyue").says("/team")
    assert lead not in await world.phone("tangyue").says("/team 销售部")
    assert lead not in await world.phone("wangfang").says("/team")


async def test_who_leads_several_teams_may_name_one(world: World) -> None:
    names = "孙一 孙二 孙三 孙四 孙五 孙六 孙七 孙八 孙九 孙十 郑一".split()
    leads = [await world.submit(name) for name in names]
    chief = world.phone("tangyue")
    assert (await chief.says("/团队 华东")).splitlines()[-1] == "… 还有 1 条，下一页发 /team 华东 2"
    assert len((await chief.says("/team 华东 2")).splitlines()) == 2
    assert await chief.says("/team 华南") == "华南：没有未关闭的线索"
    assert (
        await chief.says("/team 西北")
        == "你带的团队里没有「西北」。可以发：/team 销售部、/team 华东、/team 华南"
    )
    assert leads[-1] not in await world.phone("wangfang").says("/team 华南")


async def test_passing_a_lead_on_is_no_solution_until_somebody_accepts(world: World) -> None:
    lead = await world.submit("周倩")
    await world.advance("5m")
    manager, first = world.phone("wangfang"), await world.owner(lead)
    to = next(each for each in EAST if each != first.person)
    await manager.type(f"/assign {lead} @{NAMES[to]}")
    assert await manager.cards(f"↪ 已派给 {NAMES[to]}，等待接收")
    assert not await manager.cards("✅ 已解除")
    await world.phone(to).does("accept", "周倩")
    assert await manager.cards("✅ 已解除")


async def test_a_manager_hears_who_is_off_duty_for_lapses_and_that_they_are_back(world: World) -> None:
    names = ("周倩", "郑爽", "何其芳", "顾城", "苏小妹", "秦可卿", "林黛玉", "薛宝钗", "史湘云")
    for name in names:
        await world.submit(name)
    await world.advance("16m")
    manager = world.phone("wangfang")
    told = await manager.cards("已暂停派单")
    assert told, [words(each) for each in await manager.messages()]
    name = str(told[0]["card"]["title"]).removeprefix("⚠ ").removesuffix(" 已暂停派单")
    person = next(each for each in EAST if NAMES[each] == name)
    await world.phone(person).type("/on")
    assert await manager.cards(f"✅ {name} 已回到岗位")


async def handed_back(world: World, name: str, reason: str = "bad_number") -> tuple[str, Phone]:
    """A lead that its rep accepted and gave back."""
    lead = await world.submit(name)
    rep = await world.owner(lead)
    await rep.does("accept", name)
    await rep.does("handback", name)
    await rep.does("confirm", name, reason=reason)
    return lead, rep


async def test_the_manager_hears_in_one_line_who_gave_a_lead_back_and_why(world: World) -> None:
    boss = world.phone("wangfang")
    lead, rep = await handed_back(world, "周倩", "wrong_region")
    [told] = await boss.cards("周倩")
    to = NAMES[(await world.owner(lead)).person]
    assert told["card"]["title"] == f"↩ {NAMES[rep.person]}退回 {lead} 周倩"
    assert told["card"]["lines"] == [f"原因：区域不符 → 已派给 {to}"]
    assert (told["card"]["state"], told["card"]["buttons"]) == ("done", [])
    await (await world.owner(lead)).does("accept", "周倩")
    assert await boss.cards("周倩") == [told], "what the lead does later is no news"
    await handed_back(world, "吴越")
    assert "空号错号 → 已关闭" in words(await boss.card("吴越"))


async def test_a_hand_back_that_is_undone_is_told_so(world: World) -> None:
    _, rep = await handed_back(world, "周倩")
    assert "↩" in await rep.says("/undo")
    await world.advance("1s")
    [told] = await world.phone("wangfang").cards("周倩")
    assert told["card"]["lines"] == ["退回已撤销"]
    await rep.does("handback", "周倩")
    await rep.does("confirm", "周倩", reason="bad_number")
    first, second = await world.phone("wangfang").cards("周倩")
    assert first["card"]["lines"] == ["退回已撤销"], "another hand-back makes the first no truer"
    assert "空号错号" in words(second)


async def test_who_gave_it_back_is_on_the_card_that_asks_the_manager_to_decide(world: World) -> None:
    boss, lead = world.phone("wangfang"), await world.submit("周倩")
    rep = boss
    for nth in range(3):
        rep = await world.owner(lead)
        await rep.does("handback", "周倩")
        await rep.does("confirm", "周倩", reason="wrong_product")
        await world.advance("15s")
        assert len(await boss.cards("周倩")) == nth + 1
    card = await boss.card("周倩", "live")
    assert f"{NAMES[rep.person]} 退回：产品线不符" in card["card"]["lines"]


async def test_a_manager_is_not_told_of_their_own_hand_back(world: World) -> None:
    lead, boss = await alarmed(world)
    await boss.does("take", "周倩")
    await boss.does("handback", "周倩")
    await boss.does("confirm", "周倩", reason="conflict")
    assert not await boss.cards("退回 " + lead)
    [told] = await world.phone("tangyue").cards("周倩")
    assert told["card"]["title"] == f"↩ 王芳退回 {lead} 周倩"


async def test_a_burst_of_hand_backs_is_one_card(world: World) -> None:
    leads = [
        (await handed_back(world, name, "duplicate"))[0]
        for name in ("孙一", "孙二", "孙三", "孙四", "孙五", "孙六")
    ]
    await world.advance("15s")
    *single, told = await world.phone("wangfang").cards("退回")
    assert len(single) == 2
    assert told["card"]["title"] == "↩ 4 条线索被退回"
    lines = told["card"]["lines"]
    assert all(lead in line and "重复 → 已关闭" in line for lead, line in zip(leads[2:], lines, strict=True))


async def test_assign_lists_who_is_off_duty_last_and_marked(world: World) -> None:
    lead, boss = await world.submit("周倩"), world.phone("wangfang")
    await world.phone("zhangwei").type("/off")
    for typed in (f"/assign {lead}", f"/assign {lead} @诸葛亮"):
        assert (await boss.says(typed)).endswith("李雷、韩梅梅、张伟（休）")
    assert "张伟（休）" in await boss.says(f"/assign {lead} @张伟")
    assert "（休）" not in await boss.says(f"/assign {lead} @李雷")


async def test_a_director_may_give_a_lead_to_any_team_by_the_card(world: World) -> None:
    lead = await world.submit("周倩")
    await world.advance("31m")
    boss = world.phone("tangyue")
    card = await boss.card("周倩", "live", "assign")
    groups = {each["group"] for each in card["card"]["selects"][0]["options"]}
    assert len(groups) > 1
    assert (await boss.press(card, key_of(card, "assign"), person="lihaoran"))["ok"]
    assert (await world.lead(lead))["owner"] == "lihaoran"


async def test_who_is_only_offered_a_lead_is_not_called_its_owner(world: World) -> None:
    lead, boss = await alarmed(world)
    rep = await world.owner(lead)
    waits = f"待接 {NAMES[rep.person]}"
    assert f"负责人：{waits}" in await boss.says(f"/status {lead}")
    assert waits in await boss.says("/find 周倩")
    assert fields_of(await boss.card("周倩"))["负责人"] == waits
    await rep.does("accept", "周倩")
    assert f"负责人：{NAMES[rep.person]}" in await boss.says(f"/status {lead}")


async def test_a_half_lead_says_on_its_card_that_nobody_can_be_reached(world: World) -> None:
    submitter = world.phone("xiaolin")
    await submitter.type("/lead 周倩 杭州云栖数据有限公司 制造业 想上一套MES")
    card = (await submitter.type("跳过"))[-1]
    assert (await submitter.press(card, key_of(card, "confirm")))["ok"]
    lead = key_of(card, "edit").split(":")[1]
    rep = await world.owner(lead)
    card = await rep.card("周倩", "live", "accept")
    assert "无联系方式" in words(card)
    await rep.type(f"/edit {lead} 电话 13812345678")
    await world.advance("1s")
    assert "无联系方式" not in words(await rep.card("周倩", "live", "accept"))


async def test_a_leads_number_is_on_every_card_of_its_life(world: World) -> None:
    lead = await world.submit("周倩")
    rep = await world.owner(lead)
    await rep.does("accept", "周倩")
    await rep.does("contacted", "周倩")
    await rep.does("handback", "周倩")
    for phone in (rep, world.phone("xiaolin")):
        for card in await phone.cards("周倩"):
            shown = {name: card["card"].get(name) for name in ("title", "lines", "fields", "note")}
            assert lead in str(shown)
