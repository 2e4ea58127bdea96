"""The card that asks why a lead is handed back."""

from bot.cards import gone, parts
from bot.cards.actions import Cancel, Confirm
from bot.cards.lead import HANDED, own_offer
from bot.cards.model import Button, Card, CardState, Option, Select, Style
from bot.cards.parts import Args
from bot.words import reason_words, say
from domain.lead import Lead
from domain.people import Company, Person
from domain.reasons import REASONS
from domain.stages import Stage

_ORDER = tuple(dict.fromkeys(reason.goes for reason in REASONS.values()))


def handback_card(lead: Lead, viewer: Person, company: Company, args: Args) -> Card:
    """Which reason? Dead once the viewer has nothing of this lead to hand back; done once called off
    (`args["off"]`) or answered by asking somebody to help (`args["state"]` is asked)."""
    offer = own_offer(lead, viewer)
    offered = lead.stage is Stage.OFFERED and lead.owner == viewer.id
    if not offered and not (lead.stage in HANDED and lead.owner == viewer.id):
        return gone.gone_card(lead, viewer, company, offer)
    lang = viewer.lang
    title = say(lang, "handback.title", who=parts.who(lead, viewer))
    if args.get("state") == "asked":
        lines = (*parts.helped(lead, company, lang), say(lang, "handback.cancelled", lead=lead.id))
        return Card(title=title, lines=lines, state=CardState.DONE)
    if args.get("off"):
        return Card(title=title, lines=(say(lang, "handback.cancelled", lead=lead.id),), state=CardState.DONE)
    confirm = Confirm(what="handback", lead=lead.id, offer=offer)
    cancel = Cancel(what="handback", lead=lead.id, offer=offer)
    return Card(
        title=title,
        lines=(say(lang, "handback.ask"),),
        fields=parts.about(lead, viewer, "company"),
        selects=(_reasons(lang),),
        buttons=(
            Button(action=confirm, text=say(lang, "button.confirm_handback"), style=Style.DANGER),
            Button(action=cancel, text=say(lang, "button.cancel")),
        ),
        note=f"{lead.id} · {say(lang, 'handback.note', count=REASONS['other'].needs_words)}",
    )


def _reasons(lang: str) -> Select:
    """Every reason, those with one destination together; nothing chosen, so that none is sent by accident."""
    options = tuple(
        Option(id=code, text=reason_words(lang, code), group=say(lang, f"goes.{reason.goes}"))
        for code, reason in sorted(REASONS.items(), key=lambda item: _ORDER.index(item[1].goes))
    )
    return Select(key="reason", label=say(lang, "select.reason"), options=options)
