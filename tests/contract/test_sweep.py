"""A lead whose clock cannot be looked at holds up no other, on both databases."""

from typing import Any

import pytest
from structlog.testing import capture_logs

from domain.errors import Unavailable
from domain.usecases.escalation import escalate_due, escalate_lead
from scheduler.sweeps import Sweep
from storage import sql
from storage.uow import UnitOfWork
from tests.fakes.floor import Floor


def customer_of(uow: UnitOfWork, *, lead_id: str, customer: str) -> None:
    sql.execute(uow.connection, "UPDATE leads SET customer = ? WHERE id = ?", (customer, lead_id))


def sweep_of(floor: Floor) -> Sweep:
    store = floor.store
    return Sweep(
        write=store.write,
        next_due=store.next_due,
        overdue=store.overdue,
        clock=floor.clock,
        due=store.due,
        grace=0.0,
    )


async def reminded(floor: Floor, *leads: str) -> list[str]:
    return [lead for lead in leads if "reminded" in await floor.kinds(lead)]


async def test_a_lead_that_cannot_be_read_holds_up_the_clock_of_no_other(floor: Floor) -> None:
    broken, sound, later = [(await floor.capture()).id for _ in range(3)]
    await floor.show()
    ((customer,),) = await floor.rows("SELECT customer FROM leads WHERE id = ?", broken)
    await floor.do(customer_of, lead_id=broken, customer="{")
    floor.clock.step(minutes=4)
    sweep = sweep_of(floor)
    with capture_logs() as logs:
        assert await sweep.once() == 2
        assert await sweep.once() == 0, "it is due still"
    assert await reminded(floor, sound, later) == [sound, later]
    stuck = [each["lead"] for each in logs if each["action"] == "lead_stuck"]
    assert stuck == [broken], "said once"
    await floor.do(customer_of, lead_id=broken, customer=customer)
    assert await sweep.once() == 1
    assert await reminded(floor, broken) == [broken]


async def test_while_the_database_is_away_no_lead_is_called_stuck(floor: Floor) -> None:
    await floor.capture()
    await floor.show()
    floor.clock.step(minutes=4)
    sweep, asked = sweep_of(floor), []

    async def away(work: Any, **values: Any) -> Any:
        asked.append(work)
        if work is escalate_due and len(asked) == 2:
            raise ValueError("a bug")
        raise Unavailable("locked")

    sweep._write = away
    for _ in range(2):
        with pytest.raises(Unavailable):
            await sweep.once()
    assert asked == [escalate_due, escalate_due, escalate_lead]
    sweep._write = floor.store.write
    assert await sweep.once() == 1


async def test_one_lead_alone_does_what_is_due_and_no_more(floor: Floor) -> None:
    lead = (await floor.capture()).id
    await floor.show()
    assert not await floor.do(escalate_lead, lead_id=lead, now=floor.now)
    floor.clock.step(minutes=4)
    assert await floor.do(escalate_lead, lead_id=lead, now=floor.now)
    assert await reminded(floor, lead) == [lead]
    await floor.accept(lead, str((await floor.lead(lead)).owner))
    await floor.contact(lead, str((await floor.lead(lead)).owner))
    assert not await floor.do(escalate_lead, lead_id=lead, now=floor.now)
