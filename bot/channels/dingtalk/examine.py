"""What `leadbell doctor` asks DingTalk: are the credentials right, may the app do what it must, are the
people there. It opens no connection that messages could be pushed to, and shows nobody anything."""

from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from bot.cards.model import Card, CardState
from bot.channels.base import Refused, Retryable
from bot.channels.dingtalk.client import Client
from bot.channels.dingtalk.console import hint, means
from bot.channels.dingtalk.errors import Misconfigured, NoCards, Unsafe
from bot.channels.dingtalk.people import read_member
from bot.channels.dingtalk.render import PUBLIC_TEMPLATE, Template, card_data
from bot.seams import new_id

GOOD, BAD, WARN = "✔", "✘", "⚠"
MOST_ASKED = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    mark: str
    name: str
    means: str
    next: str = ""


async def examine(
    client: Client,
    *,
    mode: str,
    robot_code: str,
    base_url: str,
    accounts: dict[str, str],
    template: Template,
) -> AsyncIterator[Finding]:
    """`accounts` is the account of each person by id. Costs two calls of the month."""
    try:
        await client.fetch_token()
    except (Retryable, Refused) as error:
        wrong = isinstance(error, Misconfigured)
        key = "credentials" if wrong else "unreachable"
        yield Finding(mark=BAD, name="dingtalk", means=means(key, why=str(error)), next=hint(key))
        return
    yield Finding(mark=GOOD, name="dingtalk", means=means("token"))
    if mode == "stream":
        yield await _asked("stream", client.open_stream)
    else:
        yield _address(base_url)
    yield await _asked("robot", lambda: _probe_robot(client, robot_code))
    yield await _cards(client, template)
    names = _names(template)
    if names is not None:
        yield names
    async for finding in _people(client, accounts):
        yield finding


async def _asked(key: str, ask: Callable[[], Awaitable[Any]]) -> Finding:
    try:
        await ask()
    except (Retryable, Refused) as error:
        return Finding(
            mark=BAD, name=f"dingtalk {key}", means=means("refused", why=str(error)), next=hint(key)
        )
    return Finding(mark=GOOD, name=f"dingtalk {key}", means=means(key))


def _address(base_url: str) -> Finding:
    """In the HTTP mode DingTalk must be able to reach us."""
    host = urlsplit(base_url).hostname or ""
    local = host in ("localhost", "::1") or host.startswith(("127.", "10.", "192.168."))
    mark = BAD if local else GOOD
    return Finding(
        mark=mark,
        name="dingtalk http",
        means=means("address", url=base_url),
        next=hint("http") if local else "",
    )


async def _probe_robot(client: Client, robot_code: str) -> None:
    """Ask for a file that can't be there: the answer says whether robot and scope are right."""
    body = {"downloadCode": "leadbell-doctor", "robotCode": robot_code}
    try:
        await client.call("POST", "/v1.0/robot/messageFiles/download", body)
    except Refused:
        return


def _names(template: Template) -> Finding | None:
    """What of the template can be told from the settings alone: the names of its variables."""
    public, usual = Template(id=PUBLIC_TEMPLATE), _variables(Template(id=""))
    if template.id == PUBLIC_TEMPLATE and template != public:
        odd = ", ".join(sorted(_variables(template) - usual))
        return Finding(
            mark=BAD, name="dingtalk template", means=means("odd_names", names=odd), next=hint("odd_names")
        )
    if template.id != PUBLIC_TEMPLATE and template.buttons == public.buttons:
        return Finding(
            mark=WARN, name="dingtalk template", means=means("public_buttons"), next=hint("public_buttons")
        )
    return None


def _variables(template: Template) -> set[str]:
    return {template.title, template.body, template.tips, template.buttons, template.state} - {""}


async def _cards(client: Client, template: Template) -> Finding:
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
        return Finding(
            mark=WARN, name="dingtalk cards", means=means("no_cards", why=str(error)), next=hint("cards")
        )
    except (Retryable, Refused, Unsafe) as error:
        return Finding(
            mark=BAD, name="dingtalk cards", means=means("refused", why=str(error)), next=hint("cards")
        )
    return Finding(mark=GOOD, name="dingtalk cards", means=means("cards"))


async def _people(client: Client, accounts: dict[str, str]) -> AsyncIterator[Finding]:
    missing = []
    for person, account in list(accounts.items())[:MOST_ASKED]:
        try:
            if await read_member(client, account) is None:
                missing.append(person)
        except (Retryable, Refused) as error:
            yield Finding(
                mark=WARN, name="dingtalk people", means=means("refused", why=str(error)), next=hint("people")
            )
            return
    if missing:
        named = ", ".join(missing)
        yield Finding(
            mark=BAD, name="dingtalk people", means=means("missing", who=named), next=hint("missing")
        )
    else:
        yield Finding(mark=GOOD, name="dingtalk people", means=means("people", count=len(accounts)))


def budget(what: str, used: int, limit: int) -> Finding:
    """The month's `calls` or `pushes`."""
    share = used / limit
    mark = BAD if share >= 1 else WARN if share >= 0.8 else GOOD
    text = means(what, used=used, limit=limit)
    return Finding(mark=mark, name="dingtalk budget", means=text, next=hint("budget") if mark != GOOD else "")
