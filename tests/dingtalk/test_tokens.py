"""The app's token: it runs out after 7,200 seconds, or earlier when the platform ends it; nobody notices."""

from collections.abc import Callable
from datetime import timedelta

import pytest

from bot.channels.dingtalk.people import read_member
from tests.dingtalk.world import Ding, Opener


def fetched(ding: Ding) -> int:
    return len(ding.calls("/v1.0/oauth2/accessToken"))


def ended(ding: Ding) -> None:
    """The platform forgets every token."""
    ding.fake.book.tokens.clear()


def cut_short(ding: Ding) -> None:
    """The platform lets it run out long before the time it told."""
    for token in ding.fake.book.tokens:
        ding.fake.book.tokens[token] = ding.fake.book.now() + 20_000


async def shown_at_once(ding: Ding, name: str) -> None:
    lead = await ding.capture(name)
    assert (await ding.owner(lead)).cards(name, "accept")


async def test_a_token_that_runs_out_by_its_own_time_is_renewed_before_a_call_is_refused(ding: Ding) -> None:
    await shown_at_once(ding, "周倩")
    assert fetched(ding) == 1
    for hour, name in ((4, "郑爽"), (24, "何其芳"), (48, "顾城")):
        await ding.advance(hours=hour)  # past 7,200 seconds, and nights without a call
        await shown_at_once(ding, name)
    assert fetched(ding) >= 4
    assert ding.fake.book.refused_tokens == 0


async def test_within_its_time_a_token_is_used_again_and_renewed_five_minutes_before_its_end(
    ding: Ding,
) -> None:
    await shown_at_once(ding, "周倩")
    await ding.advance(seconds=6_890)
    await shown_at_once(ding, "郑爽")
    assert fetched(ding) == 1
    await ding.advance(seconds=20)
    await shown_at_once(ding, "何其芳")
    assert fetched(ding) == 2
    assert len(ding.fake.book.tokens) == 1  # asked for in time, it is the same one, renewed
    assert ding.fake.book.refused_tokens == 0


@pytest.mark.parametrize("how", [ended, cut_short])
async def test_a_token_that_the_platform_ends_early_costs_one_refused_call_and_no_time(
    ding: Ding, how: Callable[[Ding], None]
) -> None:
    await shown_at_once(ding, "周倩")
    how(ding)
    await ding.advance(seconds=30)
    before = fetched(ding), ding.fake.book.refused_tokens
    await shown_at_once(ding, "郑爽")
    refused = ding.fake.book.refused_tokens
    assert (before, fetched(ding), refused) in (((1, 0), 2, 1), ((2, 1), 2, 1))  # a reminder may have met it
    rep = await ding.owner(await ding.capture("何其芳"))
    assert await rep.does("accept", "何其芳")
    assert (fetched(ding), ding.fake.book.refused_tokens) == (2, 1)


async def test_the_old_host_renews_a_token_that_it_refuses_too(ding: Ding) -> None:
    assert ding.service.dingtalk is not None
    client = ding.service.dingtalk.client
    await shown_at_once(ding, "周倩")
    ended(ding)
    await ding.advance(seconds=30)
    found = await read_member(client, "ding-lilei")
    assert found is not None
    assert (found.name, ding.fake.book.refused_tokens) == ("李雷", 1)


async def test_a_restart_uses_the_kept_token_while_it_lasts(opener: Opener) -> None:
    ding = await opener.open()
    await shown_at_once(ding, "周倩")
    await opener.shut(ding)
    ding = await opener.open()
    await shown_at_once(ding, "郑爽")
    assert fetched(ding) == 1
    await opener.shut(ding)
    opener.clock.hold(opener.clock.now() + timedelta(hours=4))
    ding = await opener.open()
    await shown_at_once(ding, "何其芳")
    assert fetched(ding) >= 2
    assert ding.fake.book.refused_tokens == 0
