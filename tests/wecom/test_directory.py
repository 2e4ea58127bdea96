"""People from the company's directory: read by a command or by the bot, taken over while it runs."""

import asyncio
from datetime import timedelta

import pytest

from bot.channels.wecom import commands
from bot.channels.wecom.roll import read_roll
from domain.people import Listed, Role
from storage.members import Change
from tests.fakes.company import take_over_by_hand
from tests.scenario.test_commands import Ended, leadbell
from tests.wecom.world import ACCOUNTS, House, settings_for


def furnish(house: House) -> None:
    """华东 has a group below it, and one member more."""
    state = house.fake.state
    state.departments = {1: ("博达", 0), 2: ("销售部", 1), 3: ("华东", 2), 4: ("一组", 3)}
    for userid in ("ZhangWei", "lilei"):
        state.members[userid.lower()].departments = (4,)
    state.members["wangfang"].departments = (3,)
    state.members["tangyue"].departments = (2,)
    state.add("HanMei", "韩梅", departments=(4,))


async def by_hand(house: House, *, force: bool = False) -> Change:
    """What the command does, beside the running bot."""
    section = settings_for(house.folder, house.database_url, house.fake).wecom
    assert section is not None
    found = await commands.read_directory(section)
    return take_over_by_hand(house.database_url, "wecom", found, force=force)


async def beat(house: House) -> None:
    """What the bot does every two seconds."""
    await house.bot._learn_members()
    await house.settle()


async def test_the_roll_has_departments_upwards_and_who_leads(still_house: House) -> None:
    house = still_house
    furnish(house)
    section = settings_for(house.folder, house.database_url, house.fake).wecom
    assert section is not None
    found = {each.id: each for each in await commands.read_directory(section)}
    assert found["wecom:hanmei"] == Listed(
        channel="wecom", account="HanMei", name="韩梅", departments=("一组", "华东", "销售部", "博达")
    )
    assert found["wecom:wangfang"].leads == ("华东",)
    house.fake.state.departments[1] = ("博达", 4)  # a circle ends
    assert len(await commands.read_directory(section)) == len(house.fake.state.members)


async def test_a_newcomer_of_the_directory_gets_leads_and_a_leaver_gets_none(any_house: House) -> None:
    house = any_house
    furnish(house)
    await by_hand(house)
    await beat(house)
    assert house.bot.store.company.person("wecom:hanmei").role is Role.REP
    leads = [await house.submit(name) for name in ("王强", "李娜", "张敏")]
    [mine] = [lead for lead in leads if (await house.lead(lead)).owner == "wecom:hanmei"]
    await house.phone("HanMei").press("accept")
    assert (await house.lead(mine)).stage == "accepted"

    del house.fake.state.members["hanmei"]
    seen = len(house.phone("HanMei").all)
    assert (await by_hand(house)).left == ("HanMei",)
    await beat(house)
    assert "wecom:hanmei" not in house.bot.store.company.people
    assert (await house.lead(mine)).owner in ACCOUNTS
    name = (await house.lead(mine)).customer.name
    assert (await house.holder(mine)).cards(str(name))
    assert len(house.phone("HanMei").all) == seen

    await house.stop()
    await house.start()
    assert "wecom:hanmei" not in house.bot.store.company.people


async def test_a_person_of_the_settings_who_left_the_company_is_out_though_they_still_stand_there(
    any_house: House,
) -> None:
    house = any_house
    furnish(house)
    await by_hand(house)
    lead = await house.submit("周倩")
    rep = await house.holder(lead)
    owner = str((await house.lead(lead)).owner)
    house.fake.state.members[rep.userid.lower()].visible = False
    await by_hand(house)
    await beat(house)
    assert owner not in house.bot.store.company.people
    assert (await house.lead(lead)).owner not in (None, owner)
    house.fake.state.members[rep.userid.lower()].visible = True
    await rep.write("/my")  # back, and not yet read: for now an employee like any other
    assert house.bot.directory.known("wecom", rep.userid) == f"wecom:{rep.userid.lower()}"
    await by_hand(house)
    await beat(house)
    assert house.bot.store.company.person(owner).role is Role.REP
    assert house.bot.directory.known("wecom", rep.userid) == owner


async def test_who_wrote_before_the_settings_named_them_is_who_the_settings_say(any_house: House) -> None:
    house = any_house
    house.fake.state.add("HanMei", "韩梅")
    await house.phone("HanMei").write("/my")
    assert house.bot.directory.known("wecom", "HanMei") == "wecom:hanmei"
    await house.stop()
    await house.start(
        '[[people]]\nid = "mei"\nname = "韩梅"\nrole = "rep"\nteam = "east"\nwecom = "HanMei"\n'
    )
    assert house.bot.directory.known("wecom", "HanMei") == "mei"


@pytest.mark.parametrize("trouble", ["nobody", "half", "refused", "away"])
async def test_an_answer_that_is_hardly_true_leaves_the_team_as_it_is(house: House, trouble: str) -> None:
    furnish(house)
    assert house.bot.wecom is not None
    client, state = house.bot.wecom.client, house.fake.state
    await house.bot.sync("wecom", lambda: read_roll(client))
    before = dict(house.bot.store.company.people)
    assert "wecom:hanmei" in before
    if trouble == "refused":
        state.moods.fail["user/simplelist"] = [60011]
    state.moods.down = trouble == "away"
    for nth, member in enumerate(state.members.values()):
        member.visible = trouble not in ("nobody", "half") or (trouble == "half" and nth < 2)
    await house.bot.sync("wecom", lambda: read_roll(client))
    await beat(house)
    assert house.bot.store.company.people == before


async def test_the_bot_reads_the_directory_by_itself_where_it_is_told_to(still_house: House) -> None:
    house = still_house
    furnish(house)
    await house.start("sync = true")
    job = house.bot.ticker._scheduler.get_job("wecom directory")
    assert job is not None
    await job.func()
    assert house.bot.store.company.person("wecom:hanmei").team == "east"


async def test_a_reload_keeps_the_people_of_the_directory(house: House) -> None:
    furnish(house)
    await by_hand(house)
    settings = settings_for(house.folder, house.database_url, house.fake)
    assert await house.bot.reload(lambda: settings)
    assert house.bot.store.company.person("wecom:hanmei").team == "east"


async def test_who_is_taken_off_the_settings_gets_none_of_their_leads_back_from_the_directory(
    any_house: House,
) -> None:
    house = any_house
    furnish(house)
    await by_hand(house)
    await beat(house)
    leads = [await house.submit(name) for name in ("王强", "李娜", "张敏")]
    rep = await house.holder(leads[0])
    owner = str((await house.lead(leads[0])).owner)
    await rep.press("accept")
    for userid in {"ZhangWei", "lilei", "HanMei"} - {rep.userid}:
        await house.phone(userid).write("/off")
    settings = settings_for(house.folder, house.database_url, house.fake)
    fewer = settings.model_copy(update={"people": [each for each in settings.people if each.id != owner]})
    assert await house.bot.reload(lambda: fewer)
    await house.settle()
    again = f"wecom:{rep.userid.lower()}"
    assert house.bot.store.company.person(again).role is Role.REP, "the directory has them in the team"
    found = await house.lead(leads[0])
    assert (found.stage, found.owner) == ("waiting", None), "though nobody else is on duty"
    [told] = house.phone("WangFang").cards("已从人员名单移除")
    assert leads[0] in str(told)


async def test_after_a_night_off_the_people_of_the_directory_are_there_before_leads_are_placed_anew(
    house: House,
) -> None:
    furnish(house)
    await by_hand(house)
    await beat(house)
    for userid in ACCOUNTS.values():
        await house.phone(userid).write("/off")
    lead = await house.submit("王强")
    assert (await house.lead(lead)).owner == "wecom:hanmei"
    await house.stop()
    house.clock.hold(house.clock.now() + timedelta(minutes=30))
    await house.start()
    found = await house.lead(lead)
    assert (found.stage, found.owner) == ("offered", "wecom:hanmei")
    assert "parked" not in await house.kinds(lead)


async def test_the_command_tells_what_is_missing_and_writes_it_down(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    furnish(house)
    monkeypatch.setenv("LEADBELL_DATABASE__URL", house.database_url)

    async def sync(*options: str) -> Ended:
        file = str(house.folder / "config.toml")
        return await asyncio.to_thread(leadbell, "sync", "wecom", "--config", file, *options)

    dry = await sync("--dry-run")
    assert (dry.returncode, "已写入" in dry.stdout) == (0, False)
    assert "韩梅 销售 · 华东" in dry.stdout
    assert 'wecom = "HanMei"' in (await sync("--toml")).stdout
    await beat(house)
    assert "wecom:hanmei" not in house.bot.store.company.people
    assert (await sync()).returncode == 0
    await beat(house)
    assert "wecom:hanmei" in house.bot.store.company.people

    for member in house.fake.state.members.values():
        member.visible = member.userid == "HanMei"
    refused = await sync()
    assert refused.returncode == 1
    assert "✘ lilei 李雷" in refused.stdout
    assert "--force" in refused.stderr
    forced = await sync("--force")
    assert "− WangFang" in forced.stdout
    house.fake.state.moods.fail["department/list"] = [60011]
    assert "读不到通讯录" in (await sync()).stderr
