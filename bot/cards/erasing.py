"""The card that asks before a customer is erased, and what every card of such a lead says afterwards."""

from bot.cards import parts
from bot.cards.actions import Cancel, Confirm
from bot.cards.model import Button, Card, CardState, Style
from bot.words import say
from domain.lead import Lead
from domain.people import Person
from domain.permission import may_erase


def erase_card(lead: Lead, viewer: Person) -> Card:
    """Erase this customer? It can't be undone, so it says what goes and what stays."""
    lang = viewer.lang
    buttons = (
        Button(
            action=Confirm(what="erase", lead=lead.id), text=say(lang, "button.erase"), style=Style.DANGER
        ),
        Button(action=Cancel(what="erase", lead=lead.id), text=say(lang, "button.cancel")),
    )
    return Card(
        title=say(lang, "erase.title", lead=lead.id),
        lines=(parts.who(lead, viewer), say(lang, "erase.goes"), say(lang, "erase.stays")),
        buttons=buttons if may_erase(viewer) else (),
        note=say(lang, "erase.note"),
    )


def erased_card(lead: Lead, viewer: Person) -> Card:
    """Any card of a lead whose customer was erased: nothing to see, nothing to press."""
    return Card(
        title=say(viewer.lang, "erased.title", lead=lead.id),
        lines=(say(viewer.lang, "erased.line"),),
        state=CardState.DEAD,
    )
