"""What stands on a card whose offer is over for this person: where the lead went, and nothing to press."""

from bot.cards import parts
from bot.cards.model import Card, CardState, Field
from bot.words import reason_words, say, stage_words
from domain.lead import Lead
from domain.people import Company, Person
from domain.permission import is_member
from domain.reasons import REASONS
from domain.stages import HELD, Stage


def gone_card(lead: Lead, viewer: Person, company: Company, offer_no: int) -> Card:
    """The card of offer number `offer_no`, which is not this person's to take any more."""
    line, state = _where(lead, viewer, company, offer_no)
    return Card(
        title=parts.who(lead, viewer),
        lines=(line,),
        fields=(
            *parts.about(lead, viewer, "company"),
            *_masked(lead, viewer),
        ),
        state=state,
        note=lead.id,
    )


def _masked(lead: Lead, viewer: Person) -> tuple[Field, ...]:
    """The masked phone; none for the owner, whose number is on the card that is live."""
    return () if lead.owner == viewer.id else parts.contacts(lead, viewer)


def _where(lead: Lead, viewer: Person, company: Company, offer_no: int) -> tuple[str, CardState]:
    lang = viewer.lang
    if lead.stage in HELD and lead.owner == viewer.id:
        at = parts.clock(viewer, company, lead.accepted_at or lead.updated_at)
        return say(lang, "gone.yours", at=at), CardState.DONE
    if lead.stage is Stage.INVALID and lead.reason not in REASONS:
        return say(lang, "gone.withdrawn"), CardState.DEAD
    if viewer.id in lead.handed_back_by:
        return _handed_back(lead, viewer), CardState.DONE
    return outcome(lead, viewer, company, offer_no), CardState.DEAD


def _handed_back(lead: Lead, viewer: Person) -> str:
    """The viewer's own reason: known for sure only where theirs was the last hand-back.

    `full` also stands for a lead that waits because all are full, so it is not told.
    """
    mine = lead.handed_back_by[-1] == viewer.id and lead.handbacks == len(lead.handed_back_by)
    code = lead.reason or ""
    if mine and code in REASONS and code != "full":
        return say(viewer.lang, "gone.handed_back_why", reason=reason_words(viewer.lang, code))
    return say(viewer.lang, "gone.handed_back")


def outcome(lead: Lead, viewer: Person, company: Company, offer_no: int) -> str:
    """Where a lead is that this person does not have."""
    lang = viewer.lang
    if lead.stage in HELD:
        at = parts.clock(viewer, company, lead.accepted_at or lead.updated_at)
        return say(lang, "gone.taken", name=parts.member(company, lead.owner, lang), at=at)
    if lead.stage is Stage.OFFERED and lead.offer is not None:
        return _offered_elsewhere(lead, viewer, company, offer_no)
    if lead.stage is Stage.INVALID:
        return say(lang, "gone.closed", reason=reason_words(lang, lead.reason or ""))
    return say(lang, "gone.moved", stage=stage_words(lang, lead.stage))


def _offered_elsewhere(lead: Lead, viewer: Person, company: Company, offer_no: int) -> str:
    lang, offer = viewer.lang, lead.offer
    assert offer is not None
    at = parts.clock(viewer, company, offer.at)
    if offer.person == viewer.id:
        return say(lang, "gone.again", at=at)
    if offer.person is not None:
        return say(lang, "gone.passed", at=at, name=parts.member(company, offer.person, lang))
    elsewhere = is_member(viewer, lead) and offer.no != offer_no
    return say(lang, "gone.grab_yours" if elsewhere else "gone.grab", at=at)
