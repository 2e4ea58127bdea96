"""From a notice to its card: the one entry for whoever delivers."""

from collections.abc import Callable, Mapping
from typing import assert_never

from bot.cards import notes, told, trouble
from bot.cards.lead import lead_card
from bot.cards.model import Card
from bot.cards.parts import Args
from domain.lead import Lead
from domain.notices import Tell
from domain.people import Company, Person


class NoCard(ValueError):
    """This notice is no card: an answer in words, the order to redraw cards, or one that lacks its lead."""


_ABOUT_A_LEAD: Mapping[Tell, Callable[[Lead, Person, Company, Args], Card]] = {
    Tell.ALERT: trouble.alert_card,
    Tell.STUCK: trouble.stuck_card,
    Tell.OUTCOME: told.outcome_card,
    Tell.HELP: told.help_card,
    Tell.REVISIT: told.revisit_card,
    Tell.FOLLOW_UP: notes.follow_up_card,
    Tell.COLLEAGUE: notes.colleague_card,
    Tell.HANDED_BACK: told.handed_back_card,
}
_OF_THE_HOUSE: Mapping[Tell, Callable[[Person, Company, Args], Card]] = {
    Tell.OFF_DUTY: told.off_duty_card,
    Tell.GAP: told.gap_card,
    Tell.DEAD: told.dead_card,
    Tell.CALENDAR: told.calendar_card,
    Tell.LEFT: told.left_card,
}


def build(tell: Tell, lead: Lead | None, viewer: Person, company: Company, args: Args) -> Card:
    """The card of a notice to `viewer`, from the lead as it now is.

    Raises NoCard for REPLY and REFRESH, and where a notice about a lead comes without one.
    """
    match tell:
        case Tell.OFFER | Tell.GRAB | Tell.REMIND | Tell.NUDGE | Tell.CONTACT_DUE:
            return lead_card(_there(lead, tell), viewer, company, tell, args)
        case (
            Tell.ALERT
            | Tell.STUCK
            | Tell.OUTCOME
            | Tell.HELP
            | Tell.REVISIT
            | Tell.FOLLOW_UP
            | Tell.COLLEAGUE
            | Tell.HANDED_BACK
        ):
            return _ABOUT_A_LEAD[tell](_there(lead, tell), viewer, company, args)
        case Tell.OFF_DUTY | Tell.GAP | Tell.DEAD | Tell.CALENDAR | Tell.LEFT:
            return _OF_THE_HOUSE[tell](viewer, company, args)
        case Tell.REPLY | Tell.REFRESH | Tell.WELCOME:
            raise NoCard(tell)
        case _:
            assert_never(tell)


def _there(lead: Lead | None, tell: Tell) -> Lead:
    if lead is None:
        raise NoCard(f"{tell} without its lead")
    return lead
