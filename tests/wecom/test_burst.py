"""Five hundred at once: no limit of the platform is passed in any window, and nothing is forgotten."""

import asyncio
from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime, timedelta

from aiohttp import ClientSession
from sqlalchemy import text

from bot.channels.wecom.fake.state import Message, State
from domain.notices import Notice, Tell
from domain.ports import Uow
from domain.stages import Stage
from tests.wecom.world import House, key_of

MINUTE, HOUR = timedelta(minutes=1), timedelta(hours=1)
TOKEN = "a-token-of-the-burst"
LEADS = 500
PEOPLE = ("zhangwei", "lilei", "wangfang", "tangyue", "wulin")


async def open_crowd(house: House, *, reps: int, unaccepted: int) -> None:
    """The company with so many reps more, each of whom may hold so many leads; after three minutes the
    manager hears."""
    for nth in range(reps):
        house.fake.state.add(f"Rep{nth}", f"销售{nth}")
    people = "".join(
        f'[[people]]\nid = "rep{nth}"\nname = "销售{nth}"\nrole = "rep"\nteam = "east"\nwecom = "Rep{nth}"\n'
        for nth in range(reps)
    )
    rules = (
        f"[capacity]\nunaccepted = {unaccepted}\nper_day = 100\n"
        '[sla.accept]\nwithin = "3m"\nsteps = [{after = "3m", do = "alert", to = "manager"}]\n'
    )
    await house.start(f'[api.tokens]\nwebsite = "{TOKEN}"\n{rules}{people}')


async def burst(house: House) -> list[str]:
    """All of them at once, by the API; their ids."""
    async with ClientSession() as http:

        async def post(nth: int) -> str:
            lead = {"name": f"客户{nth}", "company": f"公司{nth}", "phone": f"131{nth:08d}", "need": "MES"}
            async with http.post(
                f"http://127.0.0.1:{house.bot.port}/api/v1/leads",
                json=lead,
                headers={"Authorization": f"Bearer {TOKEN}", "Idempotency-Key": f"burst-{nth}"},
            ) as answer:
                assert answer.status == 201, await answer.text()
                return str((await answer.json())["id"])

        return await asyncio.gather(*(post(nth) for nth in range(LEADS)))


def most_in(times: Sequence[datetime], within: timedelta) -> int:
    """The most in any window of that length."""
    ordered, first, most = sorted(times), 0, 0
    for last, at in enumerate(ordered):
        while at - ordered[first] >= within:
            first += 1
        most = max(most, last - first + 1)
    return most


def check_trace(state: State) -> int:
    """Every limit that the platform documents; returns the most that one member got in a minute."""
    to, by_call = defaultdict[str, list[datetime]](list), defaultdict[str, list[datetime]](list)
    for at, member in state.sent:
        to[member].append(at)
    for at, call in state.trace:
        by_call[call].append(at)
    assert state.dropped == []
    assert max(most_in(times, HOUR) for times in to.values()) <= 1_000
    assert len(by_call["gettoken"]) == 1
    for times in by_call.values():
        assert most_in(times, MINUTE) <= 10_000
        assert most_in(times, HOUR) <= 150_000
    busiest = max(most_in(times, MINUTE) for times in to.values())
    assert busiest <= 30
    return busiest


async def cards_of(house: House) -> dict[str, list[Message]]:
    """By lead, the cards on phones that say something about it."""
    by_task = {message.task_id: message for message in house.fake.state.messages if message.task_id}
    found = defaultdict[str, list[Message]](list)
    async with house.bot.store.reader.connect() as conn:
        for lead, handle in await conn.execute(text("SELECT lead_id, handle FROM shown")):
            found[lead].append(by_task[handle.partition("~")[0]])
    return found


async def stages_of(house: House) -> dict[str, str]:
    async with house.bot.store.reader.connect() as conn:
        rows = (await conn.execute(text("SELECT id, stage FROM leads"))).all()
    return {row.id: row.stage for row in rows}


async def accept(house: House, leads: Sequence[str]) -> None:
    """Each by who is offered it, on their own phone."""
    cards = await cards_of(house)
    for lead in leads:
        card = next(each for each in cards[lead] if key_of(each, "accept"))
        assert (await house.fake.phones.press(card.to, card, key_of(card, "accept"))).taken


async def test_five_hundred_leads_are_all_offered_and_those_accepted_are_true_everywhere(
    still_house: House,
) -> None:
    house = still_house
    await open_crowd(house, reps=10, unaccepted=60)
    leads = await burst(house)
    await house.advance(minutes=2)
    assert await stages_of(house) == dict.fromkeys(leads, Stage.OFFERED)
    assert (await cards_of(house)).keys() == set(leads)
    await accept(house, leads[:60])
    await house.advance(minutes=3)
    cards = await cards_of(house)
    late = [lead for lead in leads[60:] if any(each.to == "wangfang" for each in cards[lead])]
    assert len(late) == 440
    await accept(house, late[:20])
    await house.advance(minutes=1)
    cards = await cards_of(house)
    stages = await stages_of(house)
    for lead in (*leads[:60], *late[:20]):
        assert stages[lead] == Stage.ACCEPTED
        assert [each for each in cards[lead] if key_of(each, "contacted")], lead
        assert not [each for each in cards[lead] if key_of(each, "accept")], lead
    assert check_trace(house.fake.state) > 20
    assert await house.audit() == []


async def test_what_finds_no_room_stands_on_the_managers_cards_and_is_offered_as_room_comes(
    any_still_house: House,
) -> None:
    house = any_still_house
    await open_crowd(house, reps=8, unaccepted=3)
    leads = await burst(house)
    await house.advance(minutes=1)
    reps = {person.accounts["wecom"].lower() for person in house.bot.store.company.reps(None)}
    for held in (30, 60):
        cards = await cards_of(house)
        stages = await stages_of(house)
        waiting = [lead for lead in leads if stages[lead] == Stage.WAITING]
        offered = [lead for lead in leads if stages[lead] == Stage.OFFERED]
        assert (len(offered), len(waiting)) == (30, LEADS - held)
        assert all(reps & {card.to for card in cards[lead]} for lead in offered)
        assert all({card.to for card in cards[lead]} == {"tangyue"} for lead in waiting)
        if held == 30:
            titles = {card.id: card.card["main_title"]["title"] for each in waiting for card in cards[each]}
            assert sum(int("".join(filter(str.isdigit, title))) for title in titles.values()) == len(waiting)
        await accept(house, offered)
        await house.advance(seconds=30)
    check_trace(house.fake.state)


def five_hundred(uow: Uow, *, now: datetime) -> None:
    """A hundred answers to each of five people at once; answers are not put off by the pace."""
    for nth in range(500):
        args = {"text": f"第 {nth} 条", "card": ""}
        uow.tell(Notice(key=f"burst:{nth}", tell=Tell.REPLY, to=PEOPLE[nth % 5], at=now, args=args))


async def test_five_hundred_messages_at_once_pass_no_limit_and_none_is_dropped(any_house: House) -> None:
    house = any_house
    await house.bot.store.write(five_hundred, now=house.clock.now())
    for _ in range(12):
        await house.advance(seconds=30)
    for userid in PEOPLE:
        assert house.phone(userid).texts().count("第") == 100
    assert check_trace(house.fake.state) > 20
