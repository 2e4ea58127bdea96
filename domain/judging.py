"""The three questions that make a lead: a customer with a name, a will to buy, and a part for us to play.

The first is asked before there is a lead at all. The answers to the other two stand in the customer's extra
fields: `will` and `fit`, each yes, no or unknown; `will_said` and `fit_said` are the words that answered it.
"""

import re
from collections.abc import Mapping, Sequence
from enum import StrEnum

from domain.lead import Customer, Lead
from domain.reader import cues
from domain.reader.context import Names, plain

CHAT = "chat"
SAID = 40


class Question(StrEnum):
    WILL = "will"  # does the customer want to buy?
    FIT = "fit"  # can we take part?


class Answer(StrEnum):
    YES = "yes"
    NO = "no"
    UNKNOWN = "unknown"


ANSWERS = tuple(Answer)
FAILED = {question: f"no_{question}" for question in Question}
"""Why a lead is closed that fails a question."""

_WANTS = re.compile(
    r"想|需要|有需求|打算|计划|准备|要[上换买做装用找]|求购|采购(?!总监|经理|部|主管|专员|员|负责人|中心|处|科|总)"
    r"|询价|询盘|预算|立项|招标|比选|选型|换(?=[一新掉ERPMCO])|有意(?!思|见|外)|感兴趣|咨询|想了解"
)
_DENIED = re.compile(r"没|未(?!来)|无(?!锡|论|线|人|尘|损|缝)|不(?!仅|久|光|但|只|止|错|少|同|断|锈)|随便")
_CLAUSE = re.compile(r"[^,，;；。!！?？\n\s]+")
_AS_IT_IS: Mapping[int, int] = {}
_NO_NAMES = Names()


def read_answers(
    text: str, simplify: Mapping[int, int] = _AS_IT_IS, names: Names = _NO_NAMES
) -> dict[str, str]:
    """What a text about a lead answers already: that the customer wants something, and that it is one of our
    products. It never answers with a no: that takes a person."""
    said = plain(text, simplify)
    found: dict[str, str] = {}
    will = _wish(said)
    if will is not None:
        found |= _yes(Question.WILL, text, will)
    ours = next((start for start, _, kind in names.find(said) if kind == "product"), None)
    if ours is not None:
        found |= _yes(Question.FIT, text, ours)
    return found


def _wish(said: str) -> int | None:
    """Where the words stand that tell of a wish; None when there are none, or a no beside them."""
    cue = cues.intent(said)
    if cue is not None and cue.value != "positive":
        return None
    wants = next((each.start() for each in _WANTS.finditer(said) if not _denied(said, each.start())), None)
    return wants if wants is not None else cue.start if cue else None


def _denied(said: str, at: int) -> bool:
    """Whether a no stands before that word in its clause: then it tells of no wish."""
    clause = next((each for each in _CLAUSE.finditer(said) if each.start() <= at < each.end()), None)
    return clause is not None and _DENIED.search(said, clause.start(), at) is not None


def _yes(question: Question, text: str, at: int) -> dict[str, str]:
    words = next((each[0] for each in _CLAUSE.finditer(text) if each.start() <= at < each.end()), text)
    return {question: Answer.YES, f"{question}_said": words[:SAID]}


def with_answers(customer: Customer, found: Mapping[str, str]) -> Customer:
    """The customer with what was read; what is answered already stays."""
    fresh = {name: text for name, text in found.items() if name not in customer.extra}
    return customer.with_values(extra={**customer.extra, **fresh}) if fresh else customer


def answer_to(customer: Customer, question: Question) -> Answer | None:
    given = customer.extra.get(question)
    return Answer(given) if given in ANSWERS else None


def open_questions(lead: Lead) -> Sequence[Question]:
    """What its submitter is still asked: of a lead typed in chat alone, for nobody else can be asked."""
    if lead.origin.source != CHAT:
        return ()
    return tuple(each for each in Question if answer_to(lead.customer, each) is None)


def failed(reason: str | None) -> Question | None:
    """The question that a closed lead failed."""
    return next((each for each in Question if FAILED[each] == reason), None)
