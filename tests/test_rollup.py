"""What is shown together stays together: whatever a program that died may have shown is shown so again."""

import pytest

from bot import deliver
from domain.notices import Tell
from domain.people import Capacity, Company, Role
from domain.usecases.delivery import Work
from tests.fakes.company import EAST, make_company, person
from tests.fakes.floor import Floor


@pytest.fixture
def company() -> Company:
    """One team under one manager, with room for everything."""
    plenty = Capacity(unaccepted=100, active=100, per_day=100)
    reps = [person(rep, Role.REP, "east", capacity=plenty) for rep in EAST]
    return make_company([*reps, person("me", Role.MANAGER, "east"), person("dir", Role.DIRECTOR)])


async def handed_in(floor: Floor, count: int) -> None:
    for _ in range(count):
        await floor.capture(team="east")
    await floor.show()


def groups(works: list[Work]) -> list[int]:
    """The sizes of the cards on which the manager's alerts come."""
    mine = [work for work in works if work.delivery.tell is Tell.ALERT and work.delivery.to == "me"]
    return sorted(len(group) for group in deliver._rolled_up(mine))


@pytest.mark.parametrize(
    ("first", "then", "cards"), [(2, 3, [1, 1, 1, 1, 1]), (4, 2, [1, 1, 4]), (4, 4, [4, 4])]
)
async def test_alerts_are_rolled_up_as_they_were_first_claimed(
    floor: Floor, first: int, then: int, cards: list[int]
) -> None:
    await handed_in(floor, first)
    floor.clock.step(seconds=20)
    await handed_in(floor, then)
    await floor.wait(minutes=4)
    floor.clock.step(seconds=40)
    await floor.sweep()  # the manager is to hear of the first ones
    await floor.claim()  # and the program dies
    floor.clock.step(seconds=20)
    await floor.sweep()
    floor.clock.step(seconds=11)
    assert groups(await floor.claim()) == cards
    floor.clock.step(seconds=31)  # it dies again: what was claimed together twice is still no group
    assert groups(await floor.claim()) == cards
    floor.clock.step(seconds=31)
    await floor.show()


async def test_what_was_rolled_up_keeps_its_card_in_whatever_order_it_is_claimed(floor: Floor) -> None:
    """A database gives rows of one instant in any order; the card bears the first one's key."""
    await handed_in(floor, 4)
    await floor.wait(minutes=4)
    floor.clock.step(seconds=60)
    await floor.sweep()
    mine = [work for work in await floor.claim() if work.delivery.tell is Tell.ALERT]
    (there,), (back,) = deliver._rolled_up(mine), deliver._rolled_up(mine[::-1])
    assert [work.delivery.key for work in there] == [work.delivery.key for work in back]
    assert len(there) == 4
