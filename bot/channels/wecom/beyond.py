"""What callbacks set going besides clicks and messages: leavers, customers who scanned a code, a first visit,
the platform's own warnings."""

import asyncio
from collections.abc import Awaitable, Callable, Coroutine
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import partial
from typing import Any, Protocol

import structlog

from bot.channels.base import Refused, Retryable
from bot.channels.wecom.client import Client
from bot.channels.wecom.parse import CustomerChange
from bot.channels.wecom.receive import NAME
from bot.inbound import Chat, Reply
from bot.router import Bot
from bot.words import say
from domain.clock import Clock
from domain.contact import clean_text
from domain.errors import DomainError
from domain.notices import Notice, Tell
from domain.people import LEADERS, Role
from domain.usecases.duty import person_left
from domain.usecases.scanned import Welcome, customer_scanned, name_customer

log = structlog.get_logger("wecom")

WELCOME_LASTS = timedelta(seconds=20)
"""So long the platform takes a code; path/92137."""


class Units(Protocol):
    """Storage's units, by name."""

    first_time: Callable[..., bool]


@dataclass(slots=True, kw_only=True)
class Beyond:
    """See bot.channels.wecom.receive.Beyond."""

    bot: Bot
    client: Client
    clock: Clock
    write: Callable[..., Awaitable[Any]]
    units: Units
    welcomed: set[str] = field(default_factory=set)
    running: set["asyncio.Task[None]"] = field(default_factory=set)

    async def left(self, person: str) -> None:
        moved = await self.write(person_left, person=person, now=self.clock.now())
        log.warning("a member left", action="person_left", person=person, leads=len(moved))

    async def entered(self, person: str, at: datetime) -> None:
        if person in self.welcomed:
            return
        words = self._welcome(person)
        await self.bot.act(
            Chat(by=person, text="", at=at, key=f"{NAME}:hello:{person}:{at.isoformat()}"),
            self.units.first_time,
            lambda first: Reply(text=words if first else ""),
            name=f"{NAME}:welcomed:{person}",
        )
        self.welcomed.add(person)

    def _welcome(self, person: str) -> str:
        lang, role = self.bot.lang(person), self.bot.person(person).role
        what = "team" if role in LEADERS else "duty" if role is Role.REP else "lead"
        return "\n".join(say(lang, f"help.{key}") for key in ("welcome", what, "my"))

    async def customer(self, change: CustomerChange, person: str) -> None:
        """The lead and the word of welcome; the customer's name where it can be had at once, else later,
        apart from the callback."""
        lang, now = self.bot.lang(person), self.clock.now()
        welcome = Welcome(code=change.welcome_code, lang=lang, until=now + WELCOME_LASTS)
        name = await self._quick_name(change.customer)
        taken = await self.write(
            customer_scanned,
            source=NAME,
            member=person,
            customer=change.customer,
            channel=change.state,
            name=name or say(lang, "scanned.name"),
            welcome=welcome if change.welcome_code else None,
            now=now,
        )
        if not taken.known and not name:
            self._later(self._name_later(change.customer, taken.lead.id))
        log.info("a customer scanned a code", action="scanned", lead=taken.lead.id, known=taken.known)

    async def member_name(self, account: str) -> str:
        """What the directory calls a member, if it can be had within half a second; else the account."""
        try:
            async with asyncio.timeout(0.5):
                found = await self.client.get("user/get", userid=account)
        except (Refused, Retryable, TimeoutError):
            return account
        return clean_text(str(found.get("name") or ""), 40) or account

    async def _quick_name(self, customer: str) -> str:
        """Within half a second: the callback waits for it."""
        try:
            async with asyncio.timeout(0.5):
                return await self._name_of(customer)
        except (Refused, Retryable, TimeoutError):
            return ""

    async def _name_of(self, customer: str) -> str:
        found = await self.client.get("externalcontact/get", external_userid=customer)
        contact = found.get("external_contact")
        return clean_text(str(contact.get("name") or ""), 40) if isinstance(contact, dict) else ""

    async def _name_later(self, customer: str, lead: str) -> None:
        try:
            name = await self._name_of(customer)
            if name:
                await self.write(name_customer, lead_id=lead, name=name, now=self.clock.now())
        except (Refused, Retryable, DomainError) as error:
            log.info("a customer's name could not be read", action="no_name", why=type(error).__name__)

    def _later(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.create_task(work)
        self.running.add(task)
        task.add_done_callback(self.running.discard)

    async def alert(self, event: str, at: datetime) -> None:
        """Every admin hears, once a day for each kind of warning."""
        company = self.bot.company
        for admin in company.of_role(Role.ADMIN):
            words = say(admin.lang, "wire.alert", event=event)
            notice = Notice(
                key=f"{NAME}:alert:{event}:{at:%Y%m%d}:{admin.id}",
                tell=Tell.REPLY,
                to=admin.id,
                at=at,
                args={"text": words, "card": ""},
            )
            await self.write(partial(_tell, notice=notice))

    async def close(self) -> None:
        for task in list(self.running):
            task.cancel()
        await asyncio.gather(*self.running, return_exceptions=True)


def _tell(uow: Any, *, notice: Notice) -> None:
    uow.tell(notice)
