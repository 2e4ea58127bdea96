"""The app's face: its menu, and the tile on the workbench."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import structlog

from bot.channels.base import Refused, Retryable
from bot.channels.wecom.client import Client, Json
from bot.channels.wecom.receive import NAME, RUN
from bot.words import say
from domain.clock import Clock
from domain.lead import Lead
from domain.people import Company, Role
from domain.stages import Stage

log = structlog.get_logger("wecom")

_MENU: Sequence[tuple[str, Sequence[tuple[str, str]]]] = (
    ("my", (("my", "/my"),)),
    ("lead", (("lead", "/lead"),)),
    ("more", (("on", "/on"), ("off", "/off"), ("pool", "/pool"), ("team", "/team"), ("help", "/help"))),
)
MOST = 200
"""Tiles a round: the platform takes ten a minute for each member, and a round is a minute."""


def menu(lang: str) -> Json:
    """我的线索 · 录线索 · 更多: each entry runs a command."""
    return {"button": [_entry(lang, name, below) for name, below in _MENU]}


def _entry(lang: str, name: str, below: Sequence[tuple[str, str]]) -> Json:
    title = say(lang, f"menu.{name}")
    if len(below) == 1:
        return {"type": "click", "name": title, "key": f"{RUN}{below[0][1]}"}
    entries = [
        {"type": "click", "name": say(lang, f"menu.{each}"), "key": f"{RUN}{run}"} for each, run in below
    ]
    return {"name": title, "sub_button": entries}


async def create_menu(client: Client, lang: str) -> None:
    """Put the menu up. Raises Retryable or Refused."""
    await client.post("menu/create", menu(lang), agentid=str(client.agent_id))


async def create_tile(client: Client, lang: str, link: str) -> None:
    """Make the app's tile on the workbench one of figures. Raises Retryable or Refused."""
    items = [
        {"key": say(lang, f"tile.{name}"), "data": "0", "jump_url": link} for name in ("waiting", "late")
    ]
    body = {"agentid": client.agent_id, "type": "keydata", "keydata": {"items": items}}
    await client.post("agent/set_workbench_template", body)


@dataclass(slots=True, kw_only=True)
class Tiles:
    """Keeps each rep's tile true: 待接 n, 超时 n. Only what has changed is told."""

    client: Client
    clock: Clock
    company_now: Callable[[], Company]
    leads_of: Callable[[str], Awaitable[Sequence[Lead]]]
    link: str
    shown: dict[str, tuple[int, int]] = field(default_factory=dict)

    async def once(self) -> None:
        """One round."""
        company, changed = self.company_now(), 0
        for person in company.people.values():
            account = person.accounts.get(NAME)
            if person.role is not Role.REP or account is None or changed >= MOST:
                continue
            figures = self._figures(await self.leads_of(person.id), person.id, company)
            if self.shown.get(person.id) != figures:
                await self._tell(account, person.lang, figures)
                self.shown[person.id] = figures
                changed += 1

    def _figures(self, leads: Sequence[Lead], person: str, company: Company) -> tuple[int, int]:
        now = self.clock.now()
        waiting = [lead for lead in leads if lead.stage is Stage.OFFERED and lead.owner == person]
        late = [
            lead
            for lead in leads
            if (due := lead.next_due(company.calendar_of(lead.team))) is not None and due <= now
        ]
        return len(waiting), len(late)

    async def _tell(self, account: str, lang: str, figures: tuple[int, int]) -> None:
        items: list[dict[str, Any]] = [
            {"key": say(lang, f"tile.{name}"), "data": str(count), "jump_url": self.link}
            for name, count in zip(("waiting", "late"), figures, strict=True)
        ]
        body = {
            "agentid": self.client.agent_id,
            "userid": account,
            "type": "keydata",
            "keydata": {"items": items},
        }
        try:
            await self.client.post("agent/set_workbench_data", body)
        except (Refused, Retryable) as error:
            log.info("a tile was not told", action="no_tile", why=str(error))
