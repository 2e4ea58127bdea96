"""People from the organisation's directory: read by a command or by the bot, taken over while it runs."""

import asyncio
from collections.abc import AsyncIterator

import pytest
from aiohttp import ClientSession

from bot.channels.base import Refused, Retryable
from bot.channels.dingtalk import people
from bot.channels.dingtalk.client import Client
from bot.channels.dingtalk.door import make_client, own_tokens
from bot.channels.dingtalk.fake.book import Member
from bot.channels.dingtalk.people import read_directory
from domain.people import Listed, Role
from storage.members import Change
from tests.dingtalk.world import ALL, REPS, Ding, Opener, account_of, until
from tests.fakes.company import take_over_by_hand
from tests.scenario.test_commands import Ended, leadbell

LISTSUB, LISTID, USER = "/topapi/v2/department/listsub", "/topapi/user/listid", "/topapi/v2/user/get"


@pytest.fixture
async def client(opener: Opener) -> AsyncIterator[Client]:
    """The organisation: 华东 below 销售部, with a group below it, and one member more than the settings list."""
    book = opener.fake.book
    book.departments |= {1: [10], 10: [11], 11: [12], 12: []}
    book.names |= {10: "销售部", 11: "华东", 12: "一组"}
    for person, name in ALL.items():
        depts = {"wangfang": 11, "liuqiang": 10} | dict.fromkeys(REPS, 12)
        leads = {"wangfang": (11,), "liuqiang": (10,)}.get(person, ())
        opener.fake.join(Member(id=account_of(person), name=name, dept=depts.get(person, 1), leads=leads))
    opener.fake.join(Member(id="HanLei", name="韩磊", dept=12))
    settings = opener.settings("stream", "").dingtalk
    assert settings is not None
    async with ClientSession() as session:
        yield make_client(settings, session, own_tokens(opener.clock))


async def by_hand(opener: Opener, client: Client, *, force: bool = False) -> Change:
    """What the command does, beside the running bot."""
    found = await read_directory(client)
    return take_over_by_hand(opener.database_url, "dingtalk", found, force=force)


async def beat(ding: Ding) -> None:
    """What the bot does every two seconds."""
    await ding.service._learn_members()
    await ding.settle()


async def test_the_directory_has_departments_upwards_and_who_leads(opener: Opener, client: Client) -> None:
    found = {each.account: each for each in await read_directory(client)}
    assert found["HanLei"] == Listed(
        channel="dingtalk", account="HanLei", name="韩磊", departments=("一组", "华东", "销售部")
    )
    assert found[account_of("wangfang")].leads == ("华东",)
    assert found[account_of("xiaolin")].departments == ()
    assert len(found) == len(ALL) + 1
    assert client.meter.total["calls"] == 0  # contacts are free
    opener.fake.book.departments[12] = [10]  # a circle ends
    assert len(await read_directory(client)) == len(found)
    opener.fake.book.unseen.add("HanLei")
    assert "HanLei" not in {each.account for each in await read_directory(client)}


async def test_a_newcomer_of_the_directory_gets_leads_and_a_leaver_gets_none(
    opener: Opener, client: Client
) -> None:
    ding = await opener.open()
    await by_hand(opener, client)
    await beat(ding)
    person = next(
        each for each in ding.service.store.company.people.values() if "HanLei" in each.accounts.values()
    )
    assert (person.role, person.team) == (Role.REP, "east")
    leads = [await ding.capture(name) for name in ("周倩", "郑爽", "何其芳", "顾城")]
    [mine] = [lead for lead in leads if (await ding.lead(lead)).owner == person.id]
    card = next(each for each in ding.fake.chat("HanLei") if each["kind"] == "card")
    await ding.fake.tap("HanLei", card["track"], card["card"]["buttons"][0]["id"])
    await ding.settle()
    assert (await ding.lead(mine)).stage == "accepted"

    del ding.fake.book.people["HanLei"]
    assert (await by_hand(opener, client)).left == ("HanLei",)
    await beat(ding)
    assert person.id not in ding.service.store.company.people
    found = await ding.lead(mine)
    assert found.owner in REPS
    assert ding.phone(found.owner).cards(str(found.customer.name), "accept")
    await opener.shut(ding)
    again = await opener.open()
    assert person.id not in again.service.store.company.people


@pytest.mark.parametrize(
    ("path", "answer"),
    [
        (LISTSUB, "60011"), (LISTID, "60011"), (USER, "60011"), (USER, "90018"), (LISTID, "60003"), (LISTSUB, "null"),
        (LISTSUB, '{"errcode": 0, "result": [{}]}'), (LISTSUB, '{"errcode": 0, "result": 7}'), (LISTID, '{"errcode": 0}'),
        (LISTID, '{"errcode": 0, "result": {"userid_list": "x"}}'), (USER, '{"errcode": 0}'),
        (USER, '{"errcode": 0, "result": {"dept_id_list": ["x"]}}'), (USER, '{"errcode": 0, "result": {"leader_in_dept": [7]}}'),
    ],
)  # fmt: skip
async def test_a_part_of_a_directory_is_none(opener: Opener, client: Client, path: str, answer: str) -> None:
    if answer.isdigit():
        opener.fake.faults.refuse.append((path, 200, answer, {}))
    else:
        opener.fake.faults.instead[path] = answer
    with pytest.raises((Retryable, Refused)):
        await read_directory(client)


async def test_more_departments_than_are_read_are_no_directory(
    client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(people, "MOST_DEPARTMENTS", 3)
    with pytest.raises(Retryable):
        await read_directory(client)


@pytest.mark.parametrize("trouble", ["nobody", "most", "refused", "away"])
async def test_an_answer_that_is_hardly_true_leaves_the_team_as_it_is(
    opener: Opener, client: Client, trouble: str
) -> None:
    ding = await opener.open()
    await ding.service.sync("dingtalk", lambda: read_directory(client))
    before = dict(ding.service.store.company.people)
    assert "韩磊" in {each.name for each in before.values()}
    if trouble == "refused":
        ding.fake.faults.denied.add("qyapi_get_department_member")
    elif trouble == "away":
        ding.fake.faults.down = True
    else:
        ding.fake.book.unseen |= set(list(ding.fake.book.people)[0 if trouble == "nobody" else 2 :])
    await ding.service.sync("dingtalk", lambda: read_directory(client))
    ding.fake.faults.down = False
    ding.fake.book.unseen.clear()
    await beat(ding)
    assert ding.service.store.company.people == before


async def test_the_bot_reads_the_directory_by_itself_where_it_is_told_to(
    opener: Opener, client: Client
) -> None:
    mode = 'mode = "stream"'
    ding = await opener.open(replace={mode: f"{mode}\nsync = true"})
    await until(lambda: ding.fake.wire.live)
    job = ding.service.ticker._scheduler.get_job("dingtalk directory")
    assert job is not None
    await job.func()
    assert "韩磊" in {each.name for each in ding.service.store.company.people.values()}


async def test_the_command_tells_what_is_missing_and_writes_it_down(
    opener: Opener, client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    ding = await opener.open()
    monkeypatch.setenv("LEADBELL_DATABASE__URL", opener.database_url)
    file = opener.folder.parent / "config.toml"
    file.touch(mode=0o600)
    file.write_text(opener.text(), encoding="utf-8")

    async def sync(*options: str) -> Ended:
        return await asyncio.to_thread(leadbell, "sync", "dingtalk", "--config", str(file), *options)

    dry = await sync("--dry-run")
    assert "韩磊 销售 · 华东" in dry.stdout
    assert "已写入" not in dry.stdout
    assert 'dingtalk = "HanLei"' in (await sync("--toml")).stdout
    await beat(ding)
    assert "韩磊" not in {each.name for each in ding.service.store.company.people.values()}
    assert "已写入" in (await sync()).stdout
    await beat(ding)
    assert "韩磊" in {each.name for each in ding.service.store.company.people.values()}
    ding.fake.faults.denied.add("qyapi_get_department_list")
    assert "读不到通讯录" in (await sync()).stderr
