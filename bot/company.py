"""From the settings to the company the rules read: people, teams, their working hours and the promise."""

from collections.abc import Mapping
from pathlib import Path
from zoneinfo import ZoneInfo

from bot.config import ConfigErrors, Mistake, PersonEntry, RouteEntry, Settings, quiet_hours
from bot.holidays_cn import BadCalendarFile, Days, china_days, merge, read_override
from domain.calendar import Hours, WorkingCalendar
from domain.people import Capacity, Company, Person, Route, Team
from domain.sla import Policy, Step

NO_DAYS = Days(holidays={}, makeup={}, announced=frozenset())


def build_company(settings: Settings, days: Days | None = None, *, year: int | None = None) -> Company:
    """The company of these settings; raises ConfigErrors for a calendar file that can't be used.

    `days` are the days off to count with. Without them they are read for the calendar `year` (the year before
    it and the two after it too); with neither, weekends alone are off and no year counts as announced.
    """
    if days is None:
        days = read_days(settings, year) if year is not None else NO_DAYS
    zone = ZoneInfo(settings.app.timezone)
    return Company(
        people={each.id: _person(settings, each) for each in settings.people},
        teams={
            each.id: Team(id=each.id, name=each.name, manager=each.manager, parent=each.parent)
            for each in settings.teams
        },
        calendar=_calendar(settings, settings.calendar.hours, zone, days),
        policy=_policy(settings),
        zone=zone,
        calendars=_own_calendars(settings, zone, days),
        routes=tuple(_route(each) for each in settings.routes),
        required=settings.leads.required,
        lapses_allowed=settings.leads.lapses_allowed,
        handbacks_allowed=settings.leads.handbacks_allowed,
        hears=settings.speech is not None,
    )


def read_days(settings: Settings, year: int) -> Days:
    """China's days off from the year before `year` to two after it, the override file over them.

    Raises ConfigErrors for a file that is missing or wrong.
    """
    days = china_days(range(year - 1, year + 3))
    file = settings.calendar.file.strip()
    if not file:
        return days
    given: Mapping[str, str]
    try:
        return merge(days, read_override(Path(file).read_text("utf-8")))
    except OSError:
        code, given = "no_file", {}
    except UnicodeDecodeError:
        code, given = "not_utf8", {}
    except BadCalendarFile as error:
        code, given = "calendar_file", {"detail": str(error)}
    raise ConfigErrors([Mistake(key="calendar.file", code=code, given=given)])


def read_names_file(settings: Settings) -> list[str]:
    """The names of `reader.names_file`, one a line. Raises ConfigErrors for a file that can't be read."""
    file = settings.reader.names_file.strip()
    if not file:
        return []
    try:
        return [line.strip() for line in Path(file).read_text("utf-8").splitlines() if line.strip()]
    except OSError:
        code = "no_file"
    except UnicodeDecodeError:
        code = "not_utf8"
    raise ConfigErrors([Mistake(key=f"reader.names_file ({file})", code=code, given={})])


def _own_calendars(settings: Settings, zone: ZoneInfo, days: Days) -> dict[str, WorkingCalendar]:
    """A calendar for each team with hours of its own or below one that has them."""
    teams = {team.id: team for team in settings.teams}
    found: dict[str, WorkingCalendar] = {}
    for team in settings.teams:
        nearest = team
        while nearest.hours is None and nearest.parent is not None:
            nearest = teams[nearest.parent]
        if nearest.hours is not None:
            found[team.id] = _calendar(settings, nearest.hours, zone, days)
    return found


def _calendar(settings: Settings, hours: tuple[str, ...], zone: ZoneInfo, days: Days) -> WorkingCalendar:
    return WorkingCalendar(
        mode=settings.calendar.mode,
        hours=Hours.parse(hours),
        zone=zone,
        holidays=days.holidays,
        makeup=days.makeup,
        announced_years=days.announced,
    )


def _policy(settings: Settings) -> Policy:
    sla = settings.sla
    return Policy(
        within=sla.accept.within,
        steps=tuple(Step(after=each.after, do=each.do, to=each.to) for each in sla.accept.steps),
        contact_hot=sla.contact.within.hot,
        contact_default=sla.contact.within.default,
        undelivered_after=sla.undelivered_after,
        repeat_after=sla.repeat_after,
    )


def _person(settings: Settings, entry: PersonEntry) -> Person:
    return Person(
        id=entry.id,
        name=entry.name,
        role=entry.role,
        team=entry.team,
        weight=entry.weight,
        capacity=_capacity(settings, entry),
        lang=entry.lang,
        quiet=quiet_hours(entry.quiet),
        accounts=_accounts(settings, entry),
    )


def _capacity(settings: Settings, entry: PersonEntry) -> Capacity:
    general = settings.capacity
    return Capacity(
        unaccepted=general.unaccepted if entry.unaccepted is None else entry.unaccepted,
        active=general.active if entry.active is None else entry.active,
        per_day=general.per_day if entry.per_day is None else entry.per_day,
    )


def _accounts(settings: Settings, entry: PersonEntry) -> dict[str, str]:
    """The user id on each channel that runs; a notice to a channel that doesn't would wait for ever."""
    ids = {
        "wecom": entry.wecom if settings.wecom else None,
        "dingtalk": entry.dingtalk if settings.dingtalk else None,
        "local": entry.id if settings.simulator.enabled else None,
    }
    return {channel: user for channel, user in ids.items() if user is not None}


def _route(entry: RouteEntry) -> Route:
    when = {
        "region": entry.region,
        "industry": entry.industry,
        "product": entry.product,
        "channel": entry.channel,
    }
    return Route(team=entry.team, when={name: words for name, words in when.items() if words})
