"""A second database on the same app, and one that was restored: the platform takes a task id once."""

import shutil
from pathlib import Path

from tests.wecom.world import House, key_of


async def test_a_rehearsal_on_the_same_app_takes_no_real_lead_away(
    still_house: House, sqlite_template: Path, tmp_path: Path
) -> None:
    house = still_house
    await house.start()
    rehearsed = await house.submit("周倩")
    await house.settle()
    first = await house.holder(rehearsed)
    await house.stop()
    shutil.copyfile(sqlite_template, tmp_path / "real.db")
    house.database_url = f"sqlite:///{tmp_path / 'real.db'}"
    await house.start()
    lead = await house.submit("李娜")
    await house.settle()
    rep = await house.holder(lead)
    assert (lead, rep.userid) == (rehearsed, first.userid), "the key of its offer is the rehearsal's too"
    assert key_of(rep.cards("李娜")[0], "accept")
    await rep.press("accept", "李娜")
    assert (await house.lead(lead)).stage == "accepted"
    assert await house.audit() == []


async def test_each_epoch_of_a_database_has_task_ids_of_its_own(house: House) -> None:
    app = house.bot.wecom
    assert app is not None
    first = app.channel._task("offer:L1001:1:lilei")
    assert house.bot.installation in app.channel.mark
    await house.stop()
    await house.start()
    again = house.bot.wecom
    assert again is not None
    assert again.channel._task("offer:L1001:1:lilei") == first
    again.channel.mark = f"{house.bot.installation}-2"
    assert again.channel._task("offer:L1001:1:lilei") != first
