"""What can't be shown harms nothing else: it is tried a few times, given up, and a human hears of it."""

from dataclasses import dataclass, field
from datetime import timedelta

import pytest
from structlog.testing import capture_logs

from bot.cards.model import Card
from bot.channels.base import Unsure
from bot.deliver import Deliverer
from domain.lead import Lead
from domain.notices import Tell
from domain.people import Person
from domain.stages import Stage
from domain.usecases.delivery import POISON_AFTER, Work
from tests.fakes.floor import Floor


@dataclass
class Phones:
    """A platform that shows what it is given, but to the people of `trouble`."""

    name: str = "local"
    trouble: dict[str, Exception] = field(default_factory=dict)
    shown: list[tuple[str, str]] = field(default_factory=list)

    async def send(self, account: str, message: Card | str, *, key: str) -> str:
        if account in self.trouble:
            raise self.trouble[account]
        self.shown.append((account, key))
        return key

    async def update(self, account: str, handle: str, card: Card, *, key: str) -> str:
        return await self.send(account, card, key=key)


def deliverer(floor: Floor, phones: Phones) -> Deliverer:
    def route(person: Person) -> tuple[str, str]:
        return "local", person.id

    return Deliverer(
        channels={"local": phones}, company_now=lambda: floor.company, route=route, clock=floor.clock
    )


async def turn(floor: Floor, phones: Phones) -> list[Work]:
    """Claim, deliver and book once; then all that was put off is due."""
    works = await floor.claim()
    for work in works:
        await floor.settle(*(await deliverer(floor, phones).deliver([work])))
    floor.clock.step(minutes=6)
    await floor.sweep()
    return works


async def offered(floor: Floor) -> tuple[Lead, str]:
    lead = await floor.capture(team="east")
    assert lead.owner is not None
    return lead, lead.owner


async def test_a_card_with_a_bug_is_given_up_after_eight_tries_and_the_lead_goes_on(floor: Floor) -> None:
    lead, rep = await offered(floor)
    phones = Phones(trouble={rep: ValueError("a bug")})
    with capture_logs() as logs:
        for _ in range(POISON_AFTER):
            assert (await floor.lead(lead.id)).owner == rep
            await turn(floor, phones)
        await turn(floor, phones)
    assert {each["action"] for each in logs} == {"deliver_failed"}
    assert (await floor.lead(lead.id)).owner != rep
    assert not (await floor.desk(rep)).on_duty
    assert len(await floor.told(Tell.DEAD, lead.id)) == 1
    assert phones.shown, "the others got theirs"


@pytest.mark.parametrize("error", [Unsure("no answer", after=timedelta(seconds=1)), TimeoutError()])
async def test_a_platform_that_hangs_is_no_poison(floor: Floor, error: Exception) -> None:
    lead, rep = await offered(floor)
    phones = Phones(trouble={rep: error})
    for _ in range(POISON_AFTER + 2):
        await turn(floor, phones)
    now = await floor.lead(lead.id)
    assert (now.stage, now.owner) == (Stage.OFFERED, rep)
    phones.trouble.clear()
    await turn(floor, phones)
    assert any(account == rep for account, _ in phones.shown)
