"""Who is at work: on duty, off duty, and who has left the company."""

from collections.abc import Sequence
from datetime import datetime

from domain.assign import Desk
from domain.events import Kind
from domain.notices import Notice, Tell
from domain.people import Role
from domain.ports import Uow
from domain.stages import Stage
from domain.usecases.placing import above, place_waiting, release_leads

NAMED = 10
"""How many leads of somebody who left are named; of the rest only the number is told."""


def set_duty(uow: Uow, *, by: str, on: bool, at: datetime) -> tuple[Desk, int, int]:
    """Go on or off duty. Off: unaccepted offers go to others at once; on: what waits is offered.

    Returns the desk, how many leads found somebody, and how many of those given up nobody can take yet.
    Again = no change.
    """
    desk = uow.desk(by)
    if desk.on_duty is on and desk.lapses == 0:
        return desk, 0, 0
    person = uow.company.person(by)
    if not on:
        desk.on_duty, desk.lapses = False, 0
        uow.save_desk(desk)
        moved = release_leads(uow, person=by, why=Kind.OWNER_LEFT, now=at, only_offered=True)
        placed = sum(uow.lead(lead).stage is Stage.OFFERED for lead in moved)
        return uow.desk(by), placed, len(moved) - placed
    desk.come_on_duty(uow.desks(rep.id for rep in uow.company.reps(person.team) if rep.id != by))
    uow.save_desk(desk)
    _told_back(uow, by, at)
    placed = place_waiting(uow, team=person.team, now=at) if person.role is Role.REP else 0
    return uow.desk(by), placed, 0


def _told_back(uow: Uow, by: str, at: datetime) -> None:
    """The cards that said "no new leads for you" are true again."""
    stale = [
        copy
        for copy in uow.shown("")
        if copy.args.get("person", copy.person) == by
        and copy.tell == Tell.OFF_DUTY
        and not copy.args.get("back")
    ]
    for copy in stale:
        copy.args["back"] = True
        uow.show(copy)
    if stale:
        uow.tell(Notice(key=f"back:{by}:{at.isoformat()}", tell=Tell.REFRESH, to="", at=at))


def person_left(uow: Uow, *, person: str, now: datetime, still: Sequence[str] = ()) -> list[str]:
    """Somebody is no longer in the company: they are signed out of the pages, their open leads are offered
    anew, and whoever is above them hears which, and how many wait since nobody is free. `still` = the ids
    under which a directory has them: the settings list them no more, and they get none of their own leads
    back. Returns the leads' ids."""
    uow.sign_out(person)
    desk = uow.desk(person)
    if desk.on_duty:
        desk.on_duty = False
        uow.save_desk(desk)
    moved = release_leads(uow, person=person, why=Kind.OWNER_LEFT, now=now, but=still)
    hearers: dict[str, list[str]] = {}
    for lead in moved:
        hearers.setdefault(above(uow, uow.lead(lead)).id, []).append(lead)
    for boss, leads in hearers.items():
        key = f"left:{person}:{now.isoformat()}:{boss}"
        args = {
            "name": uow.company.name_of(person),
            "count": len(leads),
            "waits": sum(uow.lead(lead).stage is not Stage.OFFERED for lead in leads),
            "leads": " ".join(leads[:NAMED]),
            **({"still": True} if still else {}),
        }
        uow.tell(Notice(key=key, tell=Tell.LEFT, to=boss, at=now, args=args))
    return moved
