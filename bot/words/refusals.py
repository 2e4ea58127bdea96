"""A refusal of the domain in words: what happened, what is kept, what to do."""

from datetime import datetime

from bot.words import clock_words, field_words, reason_words, say, stage_words
from domain.errors import AlreadyTaken, BadField, DomainError, NotAllowed, OfferGone, OtherTeam
from domain.people import Company


def refusal(lang: str, error: DomainError, company: Company, now: datetime) -> str:
    """The sentence for a refusal; it never holds a customer's data."""
    data = error.data
    lead = str(data.get("lead") or "")
    if isinstance(error, AlreadyTaken):
        at = data.get("at")
        when = clock_words(lang, at, company.zone, now) if isinstance(at, datetime) else ""
        return say(
            lang, "refused.already_taken", lead=lead, owner=company.name_of(str(data.get("owner"))), at=when
        )
    if isinstance(error, OfferGone):
        stage = stage_words(lang, str(data.get("stage") or ""))
        return say(lang, "refused.offer_gone", lead=lead, stage=stage)
    if isinstance(error, BadField):
        if data.get("field") == "reason":
            return say(lang, "refused.bad_reason", reason=reason_words(lang, str(data.get("value") or "")))
        return say(lang, "refused.bad_field", field=field_words(lang, str(data.get("field") or "")))
    if isinstance(error, NotAllowed) and lead.startswith("/"):
        return say(lang, "refused.command", command=lead)
    if isinstance(error, NotAllowed) and data.get("person"):
        key = "refused.other_team" if isinstance(error, OtherTeam) else "refused.not_assignable"
        return say(lang, key, person=company.name_of(str(data["person"])))
    return say(
        lang,
        f"refused.{error.code}",
        stage=stage_words(lang, str(data.get("stage") or "")),
        lead=lead,
        needed=data.get("needed", ""),
        person=data.get("person", ""),
        most=data.get("most", ""),
        left=data.get("left", ""),
        before=data.get("before", ""),
    )
