"""From a claimed notice to what a person sees: render the lead as it is now, send, say what came of it."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

import structlog

from bot.cards.build import build
from bot.cards.capture import draft_card, pool_card, submitted_card
from bot.cards.erasing import erase_card, erased_card
from bot.cards.handback import handback_card
from bot.cards.lead import lead_card
from bot.cards.model import Card, CardState, digest, placed
from bot.cards.notes import nobody_card, note_card, trend_card, which_card
from bot.cards.parts import Args
from bot.cards.rollup import rollup_card
from bot.cards.told import hand_back_stands, outcome_stands
from bot.cards.typo import typo_card
from bot.channels.base import Channel, Greets, Refused, Retryable, Unsure
from bot.seams import jitter
from bot.words import say
from domain.clock import Clock
from domain.contact import clean_text
from domain.lead import Lead
from domain.notices import ROLL_UP_FROM, ROLLED_UP, Tell
from domain.people import Company, Person
from domain.ports import HALF, UNKNOWN, Delivery, Shown
from domain.stages import CLOSED, Stage
from domain.usecases.delivery import GIVE_UP_AFTER, GIVE_UP_TRIES, POISON_AFTER, Failed, Receipt, Sent, Work

log = structlog.get_logger("deliver")

TIMEOUT = 8.0
BEGINS_WITHIN = timedelta(seconds=12)
"""What was claimed is begun in this time or not at all: two calls more (words and their card) must fit in,
and their booking, before the lease of 30 s ends and another instance shows it too."""
BACK_OFF_CAP = 300.0
MOST_SHARED = 256
MOST_SAID = 300
_TELLS = frozenset(Tell)
_ON_OFFER = frozenset({Tell.OFFER, Tell.GRAB, Tell.REMIND, Tell.NUDGE})


def render(
    kind: str, leads: Mapping[str, Lead], lead: Lead | None, viewer: Person, company: Company, args: Args
) -> Card:
    """The card of that kind (a Tell, or one that answers a message) as it must look now."""
    if kind in _OF_NO_LEAD:
        return _OF_NO_LEAD[kind](viewer, args)
    if kind in ("pool", "rollup", "which"):
        return _of_several(
            kind, [leads[each] for each in _listed(args) if each in leads], viewer, company, args
        )
    if lead is not None and lead.erased:
        return erased_card(lead, viewer)
    if lead is None or kind in _TELLS:
        return build(Tell(kind), lead, viewer, company, args)
    return _OF_A_LEAD[kind](lead, viewer, company, args)


async def redraw(
    copies: Sequence[Shown], person: str, read: Callable[[str], Awaitable[Lead | None]], company: Company
) -> Card | None:
    """The card of a shown message as it now is; None where it is not that person's, or not known."""
    viewer = company.people.get(person)
    if viewer is None or not copies or copies[0].person != person:
        return None
    copy = copies[0]
    named = dict.fromkeys((copy.lead_id, *_listed(copy.args)))
    leads = {each: found for each in named if each and (found := await read(each)) is not None}
    card = render(copy.tell, leads, leads.get(copy.lead_id), viewer, company, copy.args)
    return _placed(card, copy.lead_id, copy.args, viewer)


_OF_A_LEAD: Mapping[str, Callable[[Lead, Person, Company, Args], Card]] = {
    "submitted": submitted_card,
    "draft": draft_card,
    "handback": handback_card,
    "note": note_card,
    "lead": lambda lead, viewer, company, args: lead_card(lead, viewer, company, Tell.OFFER, args),
    "erase": lambda lead, viewer, _company, _args: erase_card(lead, viewer),
}
_OF_NO_LEAD: Mapping[str, Callable[[Person, Args], Card]] = {
    "typo": typo_card,
    "nobody": nobody_card,
    "trend": trend_card,
}


def _of_several(kind: str, listed: Sequence[Lead], viewer: Person, company: Company, args: Args) -> Card:
    if kind == "pool":
        return pool_card(listed, viewer, company)
    if kind == "which":
        return which_card(listed, viewer, args)
    return rollup_card([(each, _each(args, each.id)) for each in listed], viewer, company)


def _listed(args: Args) -> Sequence[str]:
    found = args.get("leads")
    return [str(each) for each in found] if isinstance(found, list) else ()


def _each(args: Args, lead_id: str) -> Args:
    about = args.get("about")
    found = about.get(lead_id) if isinstance(about, dict) else None
    return found if isinstance(found, dict) else {}


@dataclass(slots=True, kw_only=True)
class Deliverer:
    """Delivers works to one person in their order. `route` says on which channel and account a person is."""

    channels: Mapping[str, Channel]
    company_now: Callable[[], Company]
    route: Callable[[Person], tuple[str, str] | None]
    clock: Clock
    observe: Callable[[str, str], None] = lambda channel, result: None
    _worded: set[str] = field(default_factory=set)  # answers whose words were shown and whose card is due
    _shared: dict[str, "_Message"] = field(default_factory=dict)  # cards of several leads, by message

    async def deliver(self, works: Sequence[Work]) -> list[Receipt]:
        """Deliver what was claimed for one person (or one lead's refresh); never raises."""
        receipts: list[Receipt] = []
        until = self.clock.now() + BEGINS_WITHIN
        for group in _rolled_up(works):
            receipts += await self._safely(group, until)
        return receipts

    async def _safely(self, group: Sequence[Work], until: datetime) -> list[Receipt]:
        deliveries = [work.delivery for work in group]
        if deliveries[0].tell is Tell.REFRESH:
            return [await self._refresh(group[0], until)]
        try:
            self._in_time(until)
            shown = await self._show(group)
        except Exception as error:  # noqa: BLE001 - a bug in one card must not stop the others
            # What is on one card is tried again at one time, so that it comes on one card again.
            first = self._failed(deliveries[0], error)
            why = f"{first.why} {HALF}" if deliveries[0].key in self._worded else first.why
            return [replace(first, why=why, delivery=each) for each in deliveries]
        finally:
            self._worded.discard(deliveries[0].key)
        return self._sent(group, shown)

    def _in_time(self, until: datetime) -> None:
        if self.clock.now() > until:
            raise Retryable("the lease runs", timedelta(seconds=1))

    def _sent(self, group: Sequence[Work], shown: tuple[Shown, ...]) -> list[Receipt]:
        versions = {lead.id: lead.version for lead in group[0].leads.values()}
        return [
            Sent(delivery=each, shown=shown if nth == 0 else (), versions=versions)
            for nth, each in enumerate(work.delivery for work in group)
        ]

    def _failed(self, delivery: Delivery, error: Exception) -> Failed:
        """What follows from an error."""
        match error:
            case Unsure() | TimeoutError():
                self.observe("any", "unsure")
                return self._again(delivery, UNKNOWN, getattr(error, "after", None))
            case Retryable():
                self.observe("any", "retry")
                return self._again(delivery, clean_text(str(error), MOST_SAID), error.after)
            case Refused():
                self.observe("any", "refused")
                return Failed(delivery=delivery, why=clean_text(str(error), MOST_SAID), again_in=None)
            case _:
                log.error("delivery failed", action="deliver_failed", tell=delivery.tell, exc_info=error)
                return self._poisoned(delivery, type(error).__name__)

    def _again(self, delivery: Delivery, why: str, after: timedelta | None) -> Failed:
        """Full jitter, 1 s doubling to 5 min; after a day it is given up and a human hears, but not before
        fifty tries (two hours of them): for most of that day nothing may have run."""
        tried = delivery.attempts >= GIVE_UP_TRIES
        if tried and self.clock.now() - delivery.created_at > GIVE_UP_AFTER:
            return Failed(delivery=delivery, why=why, again_in=None)
        most = min(BACK_OFF_CAP, 2.0 ** min(delivery.attempts, 9))
        wait = after or timedelta(seconds=0.5 + jitter(most))
        return Failed(delivery=delivery, why=why, again_in=wait)

    def _poisoned(self, delivery: Delivery, why: str) -> Failed:
        if delivery.attempts >= POISON_AFTER:
            return Failed(delivery=delivery, why=why, again_in=None)
        return self._again(delivery, why, None)

    async def _show(self, group: Sequence[Work]) -> tuple[Shown, ...]:
        work = group[0]
        delivery = work.delivery
        if delivery.tell is Tell.WELCOME:
            await self._greet(delivery.args)
            return ()
        company = self.company_now()
        viewer = company.people.get(delivery.to)
        if viewer is None:
            raise Refused("left the company")
        if len(group) > 1:
            return await self._send(work, _rollup_args(group), "rollup", viewer, company)
        if delivery.tell is Tell.REPLY:
            return await self._reply(work, viewer, company)
        if _stale(work):
            return ()
        args = _of_the_step(work) if delivery.tell is Tell.FOLLOW_UP else delivery.args
        return await self._send(work, args, delivery.tell.value, viewer, company)

    async def _greet(self, args: Args) -> None:
        name = str(args["channel"])
        channel: object = self.channels.get(name)
        if not isinstance(channel, Greets):
            raise Refused("nobody greets there")
        if self.clock.now() >= datetime.fromisoformat(str(args["until"])):
            raise Refused("late")
        async with asyncio.timeout(TIMEOUT):
            await channel.greet(str(args["code"]), say(str(args["lang"]), "scanned.welcome"))
        self.observe(name, "sent")

    def _place(self, viewer: Person) -> tuple[Channel, str]:
        found = self.route(viewer)
        if found is None:
            raise Refused("on no platform")
        return self.channels[found[0]], found[1]

    async def _reply(self, work: Work, viewer: Person, company: Company) -> tuple[Shown, ...]:
        args = dict(work.delivery.args)
        text, card = str(args.pop("text", "")), str(args.pop("card", ""))
        channel, account = self._place(viewer)
        if text and card != "typo" and not work.delivery.half:
            async with asyncio.timeout(TIMEOUT):
                await channel.send(account, text, key=f"{work.delivery.key}:text")
        self._worded.add(work.delivery.key)
        return await self._send(work, args, card, viewer, company) if card else ()

    async def _send(
        self, work: Work, args: Args, kind: str, viewer: Person, company: Company
    ) -> tuple[Shown, ...]:
        delivery, lead = work.delivery, work.lead
        if lead is not None and delivery.tell in (Tell.OFFER, Tell.GRAB):
            lead.delivered(
                int(str(delivery.args["offer"])), at=self.clock.now()
            )  # the clock starts as it is shown
        card = _placed(render(kind, work.leads, lead, viewer, company, args), delivery.lead_id, args, viewer)
        channel, account = self._place(viewer)
        async with asyncio.timeout(TIMEOUT):  # of its own: a call that is cut short may arrive after the next
            handle = await channel.send(account, card, key=delivery.key)
        self.observe(channel.name, "sent")
        about = _listed(args) or [delivery.lead_id or ""]
        if delivery.lead_id is None and delivery.tell is not Tell.OFF_DUTY:
            return ()  # about no lead, and never to change
        return tuple(
            Shown(
                message=delivery.key,
                lead_id=lead_id,
                person=viewer.id,
                tell=kind,
                channel=channel.name,
                handle=handle,
                digest=digest(card),
                state=card.state.value,
                args=dict(args),
            )
            for lead_id in about
        )

    async def _refresh(self, work: Work, until: datetime) -> Receipt:
        """Make every copy of this lead's cards true; what shows the truth already costs no call.

        A copy that fails holds up no other, and what was changed is booked all the same: handles work once.
        """
        delivery, changed, failed, hangs = work.delivery, [], [], False
        before = {copy.message: copy.digest for copy in work.copies}
        for copy in work.copies:
            try:
                if hangs:
                    raise Retryable("the platform hangs")  # the lease runs: the rest another time
                if await self._redraw(work, copy, until):
                    changed.append(copy)
            except Refused as error:  # nobody sees this copy any more
                log.warning(
                    "a copy is out of reach", action="copy_lost", channel=copy.channel, why=str(error)
                )
                copy.state = CardState.DEAD.value
                changed.append(copy)
            except Exception as error:  # noqa: BLE001 - whatever it was, the other copies must not lie
                failed.append(self._failed(delivery, error))
                hangs = hangs or isinstance(error, TimeoutError)
                if delivery.in_doubt or isinstance(error, Unsure | TimeoutError):
                    copy.digest = ""  # nobody knows what it shows, so no later look may take it for true
                    changed.append(copy)
        versions = {lead.id: lead.version for lead in work.leads.values()}
        if not failed:
            return Sent(delivery=delivery, shown=tuple(changed), versions=versions, before=before)
        worst = max(failed, key=lambda each: each.again_in or timedelta.min)
        return replace(worst, shown=tuple(changed), before=before)

    async def _redraw(self, work: Work, copy: Shown, until: datetime) -> bool:
        """Make one copy true; False when nothing is to be booked: it is, or nobody sees it any more. One that
        is over and was kept as alive, for its lead changed while it was drawn, costs no call."""
        company = self.company_now()
        viewer, channel = company.people.get(copy.person), self.channels.get(copy.channel)
        if viewer is None or channel is None:
            return False
        card = render(copy.tell, work.leads, work.lead, viewer, company, copy.args)
        card = _placed(card, copy.lead_id, copy.args, viewer)
        shows, account = digest(card), viewer.accounts.get(copy.channel, viewer.id)
        if shows == copy.digest and not work.delivery.in_doubt:
            kept, copy.state = copy.state, card.state.value
            return copy.state != kept
        message = self._message(copy)
        async with message.lock:
            self._in_time(until)
            used = (message.newest or copy.handle) if copy.handle in message.used else copy.handle
            message.used.add(used)
            async with asyncio.timeout(TIMEOUT):  # the wait for its turn is no part of it
                copy.handle = await channel.update(account, used, card, key=copy.message)
            message.newest = copy.handle
        copy.digest, copy.state = shows, card.state.value
        return True

    def _message(self, copy: Shown) -> "_Message":
        """What redraws of several leads share that lie on one card: its turn, and its newest handle."""
        if len(_listed(copy.args)) < 2:
            return _Message()
        if len(self._shared) > MOST_SHARED and copy.message not in self._shared:
            del self._shared[next(iter(self._shared))]
        return self._shared.setdefault(copy.message, _Message())


@dataclass(slots=True)
class _Message:
    """A message's handles that were used, and the one that its last change gave."""

    lock: asyncio.Lock = field(default_factory=asyncio.Lock)
    used: set[str] = field(default_factory=set)
    newest: str = ""


def _placed(card: Card, lead_id: str | None, args: Args, viewer: Person) -> Card:
    page = args.get("page")
    return placed(card, lead=lead_id or "", page=page if isinstance(page, int) else 0, lang=viewer.lang)


def _stale(work: Work) -> bool:
    """A card that would be born dead is not sent: its offer is not the live one, what it tells is over."""
    delivery, lead = work.delivery, work.lead
    if delivery.tell is Tell.OUTCOME and lead is not None and not delivery.in_doubt:
        return not outcome_stands(lead, delivery.args)
    if delivery.tell is Tell.HANDED_BACK and lead is not None and not delivery.in_doubt:
        return not hand_back_stands(lead, delivery.args)
    if delivery.tell is Tell.FOLLOW_UP and not delivery.in_doubt:
        return not _is_theirs(work) or work.lead is None or work.lead.stage in CLOSED
    if delivery.tell not in _ON_OFFER or lead is None or delivery.in_doubt:
        return False  # in doubt it may hang on a phone already, and must not go on lying there
    if delivery.tell is Tell.NUDGE:
        return lead.owner != delivery.to
    offer = lead.offer
    live = lead.stage is Stage.OFFERED and offer is not None and offer.no == delivery.args.get("offer")
    return not live


def _of_the_step(work: Work) -> Args:
    """What a reminder says; of a step that is no more, and may be on a phone already, that it is over."""
    args, plan = work.delivery.args, work.plan
    if plan is None or not _is_theirs(work):
        return {**args, "state": "over"}
    return {**args, "words": plan.words, "due": plan.due.isoformat()}


def _is_theirs(work: Work) -> bool:
    """Whether the step of a reminder is open, was not replaced, and did not go on to somebody else."""
    plan, delivery = work.plan, work.delivery
    return plan is not None and plan.no == delivery.args.get("no") and plan.person == delivery.to


def _rolled_up(works: Sequence[Work]) -> list[Sequence[Work]]:
    """Several alerts first claimed together are one card that names each; everything else goes one by one.

    Together for ever: what a program that died may have shown on one card, or on cards of their own, must be
    shown so again, or a card stays on a phone that nobody keeps true.
    """
    alerts: dict[int, list[Work]] = {}
    for work in works:
        if work.delivery.tell in ROLLED_UP:
            alerts.setdefault(work.delivery.together, []).append(work)
    rolled = [sorted(group, key=_first) for group in alerts.values() if len(group) >= ROLL_UP_FROM]
    inside = {id(work) for group in rolled for work in group}
    return [*([work] for work in works if id(work) not in inside), *rolled]


def _first(work: Work) -> tuple[datetime, str]:
    """The order on a card of several, the same at every try: the card bears the first one's key."""
    return work.delivery.created_at, work.delivery.key


def _rollup_args(group: Sequence[Work]) -> dict[str, object]:
    about: dict[str, object] = {}
    for work in group:
        lead_id, news = work.delivery.lead_id, work.delivery.tell is Tell.HANDED_BACK
        if lead_id and not (news and lead_id in about):  # what asks for help goes before what is only told
            about[lead_id] = dict(work.delivery.args)
    for work in group[1:]:
        group[0].leads.update(work.leads)
    return {"leads": list(about), "about": about}
