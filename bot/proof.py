"""The proof of a lead's clocks as people and machines read it; see domain.proof for what is proven.

The JSON form holds everything the sums need (facts, policies, calendars), so that `check` can count it anew
on any machine, with neither the database nor the settings.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol
from zoneinfo import ZoneInfo

from bot.words import known, say
from domain.proof import COLUMNS, Fact, Proof, Run, prove

FORMAT = 1


class BadProof(ValueError):
    """The file is no proof that this program can read."""


class Anchor(Protocol):
    """The newest anchor; see storage.chain."""

    @property
    def no(self) -> int: ...
    @property
    def at(self) -> datetime: ...
    @property
    def root(self) -> str: ...


class Record(Protocol):
    """What storage keeps of a lead; see storage.chain."""

    @property
    def head(self) -> str: ...
    @property
    def tier(self) -> str: ...
    @property
    def facts(self) -> Sequence[Sequence[Any]]: ...
    @property
    def policies(self) -> Mapping[str, str]: ...
    @property
    def calendars(self) -> Mapping[str, str]: ...
    @property
    def anchor(self) -> Anchor | None: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Document:
    """A proof with all it was made of."""

    proof: Proof
    body: dict[str, Any]


def document(lead: str, record: Record, now: datetime) -> Document:
    """Prove what storage keeps of a lead."""
    body: dict[str, Any] = {
        "leadbell_proof": FORMAT,
        "lead": lead,
        "at": now.isoformat(),
        "tier": record.tier,
        "head": record.head,
        "anchor": _anchor(record.anchor),
        "columns": list(COLUMNS),
        "facts": [list(fact) for fact in record.facts],
        "policies": dict(record.policies),
        "calendars": dict(record.calendars),
    }
    proof = _prove(body)
    return Document(proof=proof, body=body | _sums(proof))


def check(body: Any) -> Document:
    """Count a printed proof anew; what its sums say must come out. Raises BadProof for anything else."""
    if not isinstance(body, dict) or body.get("leadbell_proof") != FORMAT:
        raise BadProof("no proof of this format")
    try:
        proof = _prove(body)
        fresh = _sums(proof)
    except (KeyError, TypeError, ValueError, AttributeError, IndexError, ArithmeticError, OSError) as error:
        raise BadProof(f"cannot be read: {type(error).__name__}") from None
    if any(fresh[name] != body.get(name) for name in ("clocks", "exclusions")):
        proof = _with(proof, "the sums in the file are not what its facts give")
    return Document(proof=proof, body=body | _sums(proof))


def _prove(body: Mapping[str, Any]) -> Proof:
    return prove(
        body["lead"],
        rows=body["facts"],
        head=body["head"],
        tier=body["tier"],
        policies=body["policies"],
        calendars=body["calendars"],
        now=datetime.fromisoformat(body["at"]),
    )


def _with(proof: Proof, broken: str) -> Proof:
    return Proof(
        lead=proof.lead,
        facts=proof.facts,
        runs=proof.runs,
        exclusions=proof.exclusions,
        policies=proof.policies,
        broken=[*proof.broken, broken],
    )


def _anchor(anchor: Anchor | None) -> dict[str, Any] | None:
    return {"no": anchor.no, "at": anchor.at.isoformat(), "root": anchor.root} if anchor else None


def _sums(proof: Proof) -> dict[str, Any]:
    return {
        "whole": proof.whole,
        "broken": list(proof.broken),
        "clocks": [_run(run) for run in proof.runs],
        "exclusions": [
            {"fact": each.fact, "clock": each.clock, "cycle": each.cycle, "why": each.why}
            for each in proof.exclusions
        ],
    }


def _run(run: Run) -> dict[str, Any]:
    return {
        "clock": str(run.clock),
        "cycle": run.cycle,
        "offer": run.offer,
        "began": {"fact": run.began.no, "at": run.began.at.isoformat()},
        "ended": run.ended and {"fact": run.ended.no, "kind": run.ended.kind, "at": run.ended.at.isoformat()},
        "minutes": run.minutes,
        "plain_minutes": run.plain_minutes,
        "promise_minutes": run.promise,
        "due": run.due and run.due.isoformat(),
        "verdict": run.verdict,
        "policy": run.began.policy if run.promise is not None else None,
        "calendar": run.calendar or None,
        "rows": [
            {
                "opens": row.opens.isoformat(),
                "closes": row.closes.isoformat(),
                "minutes": row.minutes,
                "kind": row.kind.value,
                "name": row.name,
            }
            for row in run.rows
        ],
    }


def lines(made: Document, *, zone: ZoneInfo, lang: str, alone: bool = False) -> Iterator[str]:
    """The proof for people: whole or not, every fact, every clock with its arithmetic, what is excused.
    `alone` = it comes from a file, with no database beside it."""
    proof = made.proof
    yield say(lang, "proof.title", lead=proof.lead, count=len(proof.facts))
    for broken in proof.broken:
        yield say(lang, "proof.broken", what=broken)
    if proof.whole:
        yield say(lang, "proof.whole", head=made.body["head"])
    if alone:
        yield say(lang, "proof.alone", lead=proof.lead)
    if anchor := made.body.get("anchor"):
        at = _clock(datetime.fromisoformat(anchor["at"]), zone)
        yield say(lang, "proof.anchor", no=anchor["no"], at=at, root=anchor["root"])
    yield ""
    yield say(lang, "proof.facts", zone=zone.key)
    for fact, row in zip(proof.facts, made.body["facts"], strict=False):
        yield f"  {fact.no:>3}  {_clock(fact.at, zone)}  {_fact(fact, zone)}  {row[-1][:12]}"
    yield ""
    yield say(lang, "proof.clocks")
    for run in proof.runs:
        yield from _run_lines(run, zone, lang)
    yield ""
    yield say(lang, "proof.policies")
    for name, packed in made.body["policies"].items():
        yield f"  {name}  {packed}"
    if proof.exclusions:
        yield ""
        yield say(lang, "proof.exclusions")
    for each in proof.exclusions:
        yield f"  {each.fact:>3}  {known(lang, f'proof.why.{each.why}', each.why)}"


def _clock(at: datetime, zone: ZoneInfo) -> str:
    return f"{at.astimezone(zone):%Y-%m-%d %H:%M:%S}.{at.microsecond // 1000:03}"


def _local(value: Any, zone: ZoneInfo) -> Any:
    """An instant as the listing's own times; anything else as it is."""
    try:
        at = datetime.fromisoformat(value) if isinstance(value, str) else None
    except ValueError:
        return value
    return _clock(at, zone) if at is not None and at.tzinfo else value


def _fact(fact: Fact, zone: ZoneInfo) -> str:
    said = " ".join(f"{name}={_local(value, zone)}" for name, value in fact.data.items())
    return f"{fact.kind:<12} {fact.actor:<10} cycle={fact.cycle} offer={fact.offer} {said}".rstrip()


def _run_lines(run: Run, zone: ZoneInfo, lang: str) -> Iterator[str]:
    until = _clock(run.ended.at, zone) if run.ended else say(lang, "proof.runs_on")
    yield "  " + say(
        lang,
        "proof.run",
        clock=known(lang, f"proof.clock.{run.clock}", run.clock),
        cycle=run.cycle,
        began=_clock(run.began.at, zone),
        first=run.began.no,
        until=until,
        last=run.ended.no if run.ended else "-",
    )
    verdict = known(lang, f"proof.verdict.{run.verdict}", run.verdict)
    if run.promise is None or run.due is None:
        yield "      " + say(lang, "proof.plain", minutes=f"{run.minutes:.3f}", verdict=verdict)
        return
    for row in run.rows:
        kind = known(lang, f"proof.day.{row.kind}", row.kind)
        span = f"{_clock(row.opens, zone)[:19]} – {_clock(row.closes, zone)[11:19]}"
        yield f"      {span}  {kind}{' ' + row.name if row.name else ''}  + {row.minutes:.3f}"
    yield "      " + say(
        lang,
        "proof.sum",
        minutes=f"{run.minutes:.3f}",
        promise=f"{run.promise:g}",
        due=_clock(run.due, zone),
        policy=run.began.policy,
        calendar=run.calendar,
        verdict=verdict,
    )
