"""What the program tells its admins about itself."""

from datetime import datetime

from domain.notices import Notice, Tell
from domain.people import Role
from domain.ports import Uow
from domain.usecases.placing import today


def warn_of_calendar(uow: Uow, *, now: datetime) -> int | None:
    """Tell the admins, once a day, that a year's make-up workdays are not announced; returns that year."""
    company = uow.company
    year = company.calendar.unannounced(now)
    if year is None:
        return None
    for admin in company.of_role(Role.ADMIN) or company.chain(None)[:1]:
        key = f"calendar:{year}:{today(company, now)}:{admin.id}"
        uow.tell(Notice(key=key, tell=Tell.CALENDAR, to=admin.id, at=now, args={"year": year}))
    return year
