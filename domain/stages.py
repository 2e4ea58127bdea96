"""The stages of a lead's life and the moves between them: the one table that everything else obeys."""

from enum import StrEnum


class Stage(StrEnum):
    DRAFT = "draft"  # captured, required fields are missing
    JUDGING = "judging"  # the three questions are open
    NURTURING = "nurturing"  # marketing keeps it warm until its time comes
    WAITING = "waiting"  # ready, and nobody can take it at this moment
    OFFERED = "offered"  # at a rep, or at a team in a grab, to be accepted
    ACCEPTED = "accepted"  # SAL
    CONTACTED = "contacted"
    QUALIFIED = "qualified"  # SQL
    OPPORTUNITY = "opportunity"
    RETURNED = "returned"  # handed back too often: the manager decides
    POOL = "pool"  # 公海
    DORMANT = "dormant"
    INVALID = "invalid"
    MERGED = "merged"


class Verb(StrEnum):
    COMPLETE = "complete"
    OFFER = "offer"
    REASSIGN = "reassign"
    OPEN_GRAB = "open_grab"
    PARK = "park"
    ACCEPT = "accept"
    CONTACT = "contact"
    HAND_BACK = "hand_back"
    TAKE = "take"
    RELEASE = "release"
    WITHDRAW = "withdraw"
    ERASE = "erase"


HELD = frozenset({Stage.ACCEPTED, Stage.CONTACTED, Stage.QUALIFIED, Stage.OPPORTUNITY})
"""Somebody works on it: it counts against that person's active leads."""

CLOSED = frozenset({Stage.INVALID, Stage.MERGED})
"""Nothing is expected of anybody; a new contact of the same customer is a new lead."""

OPEN = frozenset(Stage) - CLOSED

_READY = frozenset({Stage.WAITING, Stage.NURTURING, Stage.RETURNED, Stage.POOL, Stage.DORMANT})
_BACK_TO = frozenset({Stage.WAITING, Stage.NURTURING, Stage.POOL, Stage.INVALID, Stage.RETURNED})


def _moves() -> dict[tuple[Stage, Verb], frozenset[Stage]]:
    """(from, verb) -> where to."""
    table: dict[tuple[Stage, Verb], frozenset[Stage]] = {}

    def move(verb: Verb, sources: frozenset[Stage], *targets: Stage) -> None:
        for source in sources:
            table[source, verb] = frozenset(targets)

    move(Verb.COMPLETE, frozenset({Stage.DRAFT}), Stage.WAITING)
    move(Verb.OFFER, _READY | HELD | {Stage.OFFERED}, Stage.OFFERED)
    move(Verb.REASSIGN, frozenset({Stage.OFFERED}), Stage.OFFERED)
    move(Verb.OPEN_GRAB, frozenset({Stage.OFFERED}), Stage.OFFERED)
    move(Verb.PARK, _READY | {Stage.OFFERED}, Stage.WAITING)
    move(Verb.ACCEPT, frozenset({Stage.OFFERED}), Stage.ACCEPTED)
    move(Verb.CONTACT, frozenset({Stage.ACCEPTED}), Stage.CONTACTED)
    move(Verb.HAND_BACK, frozenset({Stage.OFFERED, Stage.ACCEPTED, Stage.CONTACTED}), *_BACK_TO)
    move(Verb.TAKE, _READY | HELD | {Stage.OFFERED}, Stage.ACCEPTED)
    move(Verb.RELEASE, HELD | {Stage.OFFERED}, Stage.WAITING)
    move(Verb.WITHDRAW, OPEN - HELD, Stage.INVALID)
    move(Verb.ERASE, frozenset(Stage), Stage.INVALID)
    return table


MOVES = _moves()
