"""Settings that change: while the bot runs, while it is off, and while the database is away."""

from typing import Any

import pytest

from bot.config import Settings
from domain.errors import Unavailable
from tests.scenario.world import Starter, World

NIGHT = {"calendar": {"mode": "always"}}
TOKENS = {"api": {"tokens": {"website": "lb_another-token-of-the-tests"}}}


def changed(world: World, **sections: Any) -> Settings:
    return Settings(**{**world.settings.model_dump(by_alias=True), **sections})


async def held(world: World) -> None:
    """A lead whose contact clock runs over the noon break."""
    lead = await world.submit("周倩")
    await (await world.owner(lead)).does("accept", "周倩")
    await world.advance("1s")


async def test_hours_that_changed_while_the_bot_was_off_run_the_clocks(starter: Starter) -> None:
    world = await starter.start()
    await held(world)
    await starter.stop(world)
    again = await starter.start(CALENDAR__MODE="always")
    assert await again.audit() == []


async def test_a_reload_that_the_database_misses_is_made_up_for(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    await held(world)

    async def away(*_: object, **__: object) -> None:
        raise Unavailable("away")

    with monkeypatch.context() as patch:
        patch.setattr(world.service.store, "write", away)
        with pytest.raises(Unavailable):
            await world.service.reload(lambda: changed(world, **NIGHT, **TOKENS))
    assert (await world.api("leads"))[0] == 401, "a token that was taken out is good for nothing"
    await world.service._learn_members()
    assert await world.audit() == []
