"""Why a rep hands a lead back. The reason fixes where the lead goes and whether its channel is to blame."""

from dataclasses import dataclass
from enum import StrEnum


class Goes(StrEnum):
    NURTURE = "nurture"  # to marketing, to be warmed up again
    REASSIGN = "reassign"  # to the next rep, a new cycle
    EXPERT = "expert"  # an expert helps; the owner stays
    INVALID = "invalid"
    POOL = "pool"


@dataclass(frozen=True, slots=True, kw_only=True)
class Reason:
    """`needs_attempts` recorded contact attempts, `needs_words` characters of explanation."""

    code: str
    goes: Goes
    blames_channel: bool = False
    needs_attempts: int = 0
    needs_words: int = 0


def _all() -> dict[str, Reason]:
    groups: dict[Goes, tuple[str, ...]] = {
        Goes.NURTURE: ("not_yet", "need_unclear", "no_budget", "not_decider"),
        Goes.REASSIGN: ("wrong_region", "wrong_product", "wrong_industry", "full", "on_leave", "conflict"),
        Goes.EXPERT: ("too_technical", "needs_solution"),
        Goes.INVALID: (
            "bad_number", "duplicate", "test_junk", "competitor", "job_or_pitch", "no_customer",
            "cannot_join", "refused",
        ),
    }  # fmt: skip
    blamed = {"bad_number", "test_junk", "job_or_pitch", "no_customer"}
    found = {
        code: Reason(code=code, goes=goes, blames_channel=code in blamed)
        for goes, codes in groups.items()
        for code in codes
    }
    found["unreachable"] = Reason(code="unreachable", goes=Goes.POOL, needs_attempts=1)
    found["other"] = Reason(code="other", goes=Goes.REASSIGN, needs_words=5)
    return found


REASONS = _all()
"""By code, in the order in which a person is asked."""
