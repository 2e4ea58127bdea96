"""The working hours change while clocks run."""

from domain.people import Company
from domain.usecases.escalation import recount_due
from tests.fakes.floor import Floor


async def test_new_working_hours_move_the_due_times_of_clocks_that_run(
    floor: Floor, office_company: Company
) -> None:
    leads = [await floor.capture() for _ in range(3)]
    await floor.show()
    await floor.wait(hours=1, minutes=58, seconds=30)  # round the clock: everything so far has fired
    floor.store.company = office_company
    after: str | None = ""
    seen = 0
    while after is not None:
        after = await floor.do(recount_due, after=after, limit=2)
        seen += after is not None
    assert seen == 2  # two batches of at most two
    for lead in leads:
        now = await floor.lead(lead.id)
        due = now.next_due(office_company.calendar_of(now.team))
        kept = await floor.rows("SELECT next_due FROM leads WHERE id = ?", lead.id)
        assert due is not None
        assert kept[0][0] == int(due.timestamp() * 1_000_000)
