"""What the business refuses, one class a rule.

DomainError                     a refusal that a person is told, in words of bot.words
├── NotFound                    nothing of that name
│   ├── UnknownLead
│   └── UnknownPerson
├── NotAllowed                  this person may not do that to this lead
│   └── OtherTeam               … for whom it is to go to is in a team that is not theirs to give to
├── CustomerErased              nothing more is kept of who was erased
├── OfferGone                   the button names an offer that is no longer live
│   └── AlreadyTaken            … because somebody else accepted it
├── HandedBackAlready           this person has just given it back
├── WrongStage                  the lead's stage does not know this verb
├── NothingToUndo
├── TooLate                     the five minutes of undo are over, or somebody went on from there
├── NeedsAttempt                "could not reach" without a recorded attempt
├── NeedsWords                  "other" without words
├── NotReady                    the reader is still being loaded
├── NothingWaits                what was asked about is answered already, or too old
├── TooManyChecks               more look-ups of customers in an hour than anybody needs
├── BadField                    no such field, or a value that cannot stand in it
├── DirectoryShrunk              a platform's directory lacks so many that it is hardly true
└── NobodyLeft                  no person is left to be told (a company without people)

    Unavailable                     not a refusal: the store could not keep it; nothing was stored, try again
"""

from typing import ClassVar


class DomainError(Exception):
    """A refusal. `code` names the sentence in bot.words; `data` fills it."""

    code: ClassVar[str] = "refused"

    def __init__(self, **data: object) -> None:
        super().__init__(f"{self.code} {data}" if data else self.code)
        self.data = data


class NotFound(DomainError):
    code = "not_found"


class UnknownLead(NotFound):
    code = "unknown_lead"


class UnknownPerson(NotFound):
    code = "unknown_person"


class NotAllowed(DomainError):
    code = "not_allowed"


class OtherTeam(NotAllowed):
    code = "other_team"


class CustomerErased(DomainError):
    code = "customer_erased"


class OfferGone(DomainError):
    code = "offer_gone"


class AlreadyTaken(OfferGone):
    code = "already_taken"


class HandedBackAlready(DomainError):
    code = "handed_back_already"


class WrongStage(DomainError):
    code = "wrong_stage"


class NothingToUndo(DomainError):
    code = "nothing_to_undo"


class TooLate(DomainError):
    code = "too_late"


class NeedsAttempt(DomainError):
    code = "needs_attempt"


class NeedsWords(DomainError):
    code = "needs_words"


class NotReady(DomainError):
    code = "not_ready"


class NothingWaits(DomainError):
    code = "nothing_waits"


class TooManyChecks(DomainError):
    code = "too_many_checks"


class BadField(DomainError):
    code = "bad_field"


class NobodyLeft(DomainError):
    code = "nobody_left"


class DirectoryShrunk(DomainError):
    code = "directory_shrunk"


class Unavailable(Exception):
    """The store is locked, full, gone or too busy. Nothing was stored; the caller may try again."""
