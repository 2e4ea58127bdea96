"""What `leadbell doctor` asks DingTalk: are the credentials right, may the app do what it must, are the
people there. It opens no connection that messages could be pushed to, and shows nobody anything."""

from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any
from urllib.parse import urlsplit

from bot.cards.model import Card, CardState
from bot.channels.base import Refused, Retryable
from bot.channels.dingtalk.client import Client
from bot.channels.dingtalk.errors import Misconfigured, NoCards, Unsafe
from bot.channels.dingtalk.people import read_member
from bot.channels.dingtalk.render import PUBLIC_TEMPLATE, Template, card_data
from bot.checks import BAD, GOOD, WARN, Check, check
from bot.seams import new_id
from bot.words import say

MOST_ASKED = 200


async def examine(
    client: Client,
    *,
    mode: str,
    robot_code: str,
    base_url: str,
    accounts: dict[str, str],
    template: Template,
    lang: str,
) -> AsyncIterator[Check]:
    """`accounts` is the account of each person by id. Costs two calls of the month."""
    try:
        await client.fetch_token()
    except (Retryable, Refused) as error:
        key = "credentials" if isinstance(error, Misconfigured) else "unreachable"
        yield check(lang, BAD, "dingtalk", f"dingtalk.{key}", why=error)
        return
    yield check(lang, GOOD, "dingtalk", "dingtalk.token")
    if mode == "stream":
        yield await _asked(lang, "stream", client.open_stream)
    else:
        yield _address(lang, base_url)
    yield await _asked(lang, "robot", lambda: _probe_robot(client, robot_code))
    yield await _cards(lang, client, template)
    names = _names(lang, template)
    if names is not None:
        yield names
    yield await _people(lang, client, accounts)


async def _asked(lang: str, what: str, ask: Callable[[], Awaitable[Any]]) -> Check:
    try:
        await ask()
    except (Retryable, Refused) as error:
        return _refused(lang, BAD, what, error)
    return check(lang, GOOD, f"dingtalk {what}", f"dingtalk.{what}")


def _refused(lang: str, mark: str, what: str, error: Exception) -> Check:
    means, then = say(lang, "dingtalk.refused", why=error), say(lang, f"dingtalk.{what}.hint")
    return Check(mark=mark, name=f"dingtalk {what}", means=means, next=then)


def _address(lang: str, base_url: str) -> Check:
    """In the HTTP mode DingTalk must be able to reach us."""
    host = urlsplit(base_url).hostname or ""
    if host in ("localhost", "::1") or host.startswith(("127.", "10.", "192.168.")):
        return check(lang, BAD, "dingtalk http", "dingtalk.http.local", url=base_url)
    return check(lang, GOOD, "dingtalk http", "dingtalk.http", url=base_url)


async def _probe_robot(client: Client, robot_code: str) -> None:
    """Ask for a file that can't be there: the answer says whether robot and scope are right."""
    body = {"downloadCode": "leadbell-doctor", "robotCode": robot_code}
    try:
        await client.call("POST", "/v1.0/robot/messageFiles/download", body)
    except Refused:
        return


def _names(lang: str, template: Template) -> Check | None:
    """What of the template can be told from the settings alone: the names of its variables."""
    public, usual = Template(id=PUBLIC_TEMPLATE), _variables(Template(id=""))
    if template.id == PUBLIC_TEMPLATE and template != public:
        odd = ", ".join(sorted(_variables(template) - usual))
        return check(lang, BAD, "dingtalk template", "dingtalk.odd_names", names=odd)
    if template.id != PUBLIC_TEMPLATE and template.buttons == public.buttons:
        return check(lang, WARN, "dingtalk template", "dingtalk.public_buttons")
    return None


def _variables(template: Template) -> set[str]:
    return {template.title, template.body, template.tips, template.buttons, template.state} - {""}


async def _cards(lang: str, client: Client, template: Template) -> Check:
    """Create a card of that template with every variable, and deliver it to nobody: the answer says whether
    the scope is granted, the template there and published, and the variables of a kind it takes."""
    card = Card(title="Leadbell", lines=("leadbell doctor",), note="-", state=CardState.DONE)
    body = {
        "cardTemplateId": template.id,
        "outTrackId": f"leadbell-doctor-{new_id()}",
        "cardData": {"cardParamMap": card_data(card, template)},
        "userIdType": 1,
    }
    try:
        await client.call("POST", "/v1.0/card/instances", body)
    except NoCards as error:
        means, then = say(lang, "dingtalk.no_cards", why=error), say(lang, "dingtalk.cards.hint")
        return Check(mark=WARN, name="dingtalk cards", means=means, next=then)
    except (Retryable, Refused, Unsafe) as error:
        return _refused(lang, BAD, "cards", error)
    return check(lang, GOOD, "dingtalk cards", "dingtalk.cards")


async def _people(lang: str, client: Client, accounts: dict[str, str]) -> Check:
    missing = []
    for person, account in list(accounts.items())[:MOST_ASKED]:
        try:
            if await read_member(client, account) is None:
                missing.append(f"{person} = {account}")
        except (Retryable, Refused) as error:
            return _refused(lang, WARN, "people", error)
    if missing:
        return check(lang, BAD, "dingtalk people", "dingtalk.missing", who=", ".join(missing))
    return check(lang, GOOD, "dingtalk people", "dingtalk.people", count=len(accounts))


def budget(lang: str, what: str, used: int, limit: int) -> Check:
    """The month's `calls` or `pushes`."""
    share = used / limit
    mark = BAD if share >= 1 else WARN if share >= 0.8 else GOOD
    means = say(lang, f"dingtalk.{what}", used=used, limit=limit)
    then = "" if mark == GOOD else say(lang, "dingtalk.budget.hint")
    return Check(mark=mark, name="dingtalk budget", means=means, next=then)
