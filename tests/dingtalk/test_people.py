"""Who is in the organisation, who has left, who signs in; and what the doctor says about it all."""

from collections.abc import AsyncIterator

import pytest
from aiohttp import ClientSession

from bot.channels.base import Refused, Retryable
from bot.channels.dingtalk.client import Client
from bot.channels.dingtalk.door import examine_dingtalk, make_client, own_tokens, send_test
from bot.channels.dingtalk.examine import budget
from bot.channels.dingtalk.fake.book import Member
from bot.channels.dingtalk.people import gone
from bot.checks import Check
from bot.config import Settings
from tests.dingtalk.world import Opener, account_of

USER = "/topapi/v2/user/get"
DENIED = "Forbidden.AccessDenied.AccessTokenPermissionDenied"


@pytest.fixture
def engine_name() -> str:
    return "sqlite"


@pytest.fixture
def settings(opener: Opener) -> Settings:
    return opener.settings("stream", "")


@pytest.fixture
async def client(opener: Opener, settings: Settings) -> AsyncIterator[Client]:
    assert settings.dingtalk is not None
    async with ClientSession() as session:
        yield make_client(settings.dingtalk, session, own_tokens(opener.clock))


@pytest.mark.parametrize("code", ["60121", "50002", "33012"])
async def test_who_left_or_is_out_of_the_range_is_gone(opener: Opener, client: Client, code: str) -> None:
    accounts = [account_of(each) for each in ("zhangwei", "lilei")]
    opener.fake.faults.refuse.append((USER, 200, code, {}))
    assert await gone(client, accounts) == [account_of("zhangwei")]


@pytest.mark.parametrize(
    "code", ["60011", "60020", "90018", "90002", "90020", "-1", "40035", "40078", "43007"]
)
async def test_no_other_refusal_makes_anybody_gone(opener: Opener, client: Client, code: str) -> None:
    accounts = [account_of(each) for each in ("zhangwei", "lilei")]
    opener.fake.faults.refuse.append((USER, 200, code, {}))
    with pytest.raises((Retryable, Refused)):
        await gone(client, accounts)


@pytest.mark.parametrize(
    "body", ["null", "[]", "{}", '{"errcode": 0}', '{"errcode": 0, "result": []}', "<html>"]
)
async def test_no_answer_that_is_none_makes_anybody_gone(opener: Opener, client: Client, body: str) -> None:
    opener.fake.faults.instead[USER] = body
    with pytest.raises(Retryable):
        await gone(client, [account_of("zhangwei")])


@pytest.mark.parametrize(("there", "away"), [(1, 4), (0, 2), (1, 2), (30, 8)])
async def test_when_too_many_are_gone_nobody_is(
    opener: Opener, client: Client, there: int, away: int
) -> None:
    opener.fake.join(*(Member(id=f"here{number}", name="在") for number in range(there)))
    accounts = [f"here{number}" for number in range(there)] + [f"nobody{number}" for number in range(away)]
    with pytest.raises(Retryable, match="range"):
        await gone(client, accounts)


# -- the doctor -------------------------------------------------------------------------------------------


def marks(findings: list[Check]) -> dict[str, str]:
    return {each.name: each.mark for each in findings}


async def test_all_is_well(client: Client, settings: Settings) -> None:
    assert marks(await examine_dingtalk(client, settings, lang="zh")) == {
        "dingtalk": "✔", "dingtalk stream": "✔", "dingtalk robot": "✔", "dingtalk cards": "✔", "dingtalk people": "✔",
    }  # fmt: skip


async def test_wrong_credentials_are_named_and_nothing_else_is_asked(
    opener: Opener, client: Client, settings: Settings
) -> None:
    opener.fake.client_secret = "another"
    (found,) = await examine_dingtalk(client, settings, lang="zh")
    assert found.mark == "✘"
    assert "Client Secret" in found.next


@pytest.mark.parametrize(
    ("path", "status", "code", "name", "mark"),
    [
        ("/v1.0/card/instances", 403, DENIED, "dingtalk cards", "⚠"),
        ("/v1.0/card/instances", 400, "param.templateUnpublished", "dingtalk cards", "⚠"),
        ("/v1.0/robot/messageFiles", 403, DENIED, "dingtalk robot", "✘"),
        ("/v1.0/robot/messageFiles", 400, "invalidParameter.robotCode.auth", "dingtalk robot", "✘"),
        ("/v1.0/gateway", 401, "x", "dingtalk stream", "✘"),
        ("/topapi/v2/user/get", 200, "60011", "dingtalk people", "⚠"),
        ("/topapi/v2/user/get", 200, "60121", "dingtalk people", "✘"),
    ],
)  # fmt: skip
async def test_each_mistake_in_the_console_is_named(
    opener: Opener,
    client: Client,
    settings: Settings,
    path: str,
    status: int,
    code: str,
    name: str,
    mark: str,
) -> None:
    opener.fake.faults.refuse.append((path, status, code, {}))
    found = await examine_dingtalk(client, settings, lang="zh")
    assert marks(found)[name] == mark
    assert next(each.next for each in found if each.name == name)


@pytest.mark.parametrize(
    ("section", "cards", "names"),
    [
        ('card_template_id = "own.schema"\ncard = {{buttons = "msgButtons", state = "state"}}', "✔", None),
        ('card_template_id = "own.schema"', "✔", "⚠"),
        ('card = {{title = "headline"}}', "✔", "✘"),
        ('card_template_id = "nobody.schema"\ncard = {{buttons = "msgButtons"}}', "⚠", None),
    ],
)
async def test_the_template_is_tried_and_its_variables_compared(
    opener: Opener, client: Client, section: str, cards: str, names: str | None
) -> None:
    opener.fake.book.templates.add("own.schema")
    mode = 'mode = "stream"'
    settings = opener.settings("stream", "", replace={mode: f"{mode}\n{section.format()}"})
    found = marks(await examine_dingtalk(client, settings, lang="zh"))
    assert (found["dingtalk cards"], found.get("dingtalk template")) == (cards, names)
    assert not any(card.people for card in opener.fake.book.cards.values())  # shown to nobody


async def test_a_platform_that_is_down_is_told_with_its_hosts(
    opener: Opener, client: Client, settings: Settings
) -> None:
    opener.fake.faults.down = True
    (found,) = await examine_dingtalk(client, settings, lang="zh")
    assert "api.dingtalk.com:443" in found.next


async def test_a_local_address_is_wrong_in_the_http_mode(opener: Opener, client: Client) -> None:
    found = await examine_dingtalk(client, opener.settings("http", ""), lang="zh")
    assert marks(found)["dingtalk http"] == "✘"


def test_the_budget_turns_yellow_at_four_fifths_and_red_at_its_end() -> None:
    assert [budget("zh", "calls", used, 5000).mark for used in (0, 3999, 4000, 4999, 5000, 6000)] == [
        "✔",
        "✔",
        "⚠",
        "⚠",
        "✘",
        "✘",
    ]


async def test_a_test_card_is_shown_or_its_refusal_is_told(
    opener: Opener, client: Client, settings: Settings
) -> None:
    await send_test(client, settings, account_of("lilei"), "你好")
    assert opener.fake.chat(account_of("lilei"))[-1]["card"]["markdown"] == "你好"
    with pytest.raises(Refused):
        await send_test(client, settings, "nobody", "你好")
