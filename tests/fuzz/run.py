"""Runs a target many times, in slices that a tally remembers, and keeps every input that broke it."""

import json
import random
import sys
import time
import tracemalloc
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from pathlib import Path

from tests.fuzz.mutator import mutate
from tests.fuzz.targets import TARGETS, Target

CORPUS = Path(__file__).parent / "corpus"
SLICE = 10_000
SLOW = 0.05 * (4 if sys.gettrace() else 1)  # the coverage table slows it
"""Seconds that one input may take (of this process's own time, the best of three)."""
HEAVY = 50_000_000


@dataclass(slots=True, kw_only=True)
class Tally:
    """How far a target has come."""

    executions: int = 0
    declared: int = 0
    seconds: float = 0.0
    slowest: float = 0.0
    findings: list[str] = field(default_factory=list)


def broken(target: Target, text: str) -> str:
    """What is wrong with how the target takes this text; empty when all is well."""
    try:
        target.read(text)
    except target.declared:
        return ""
    except Exception as error:  # noqa: BLE001  whatever it is, it was not declared
        return f"{type(error).__name__}: {str(error)[:120]}"
    return ""


def once(target: Target, text: str, tally: Tally) -> str:
    """Run one input and count it; what is wrong, if anything."""
    begun = time.process_time()
    wrong = broken(target, text)
    took = time.process_time() - begun
    tally.executions += 1
    if took > SLOW and not wrong:
        took = min(took, *(timed(target, text) for _ in range(2)))
        if took > SLOW:
            wrong = f"{took * 1000:.0f} ms for {len(text)} characters"
    tally.slowest = max(tally.slowest, took)
    return wrong


def timed(target: Target, text: str) -> float:
    begun = time.process_time()
    broken(target, text)
    return time.process_time() - begun


def fuzz(name: str, tally: Tally, *, executions: int, seed: int, found: Callable[[str, str], None]) -> None:
    """So many more executions; every slice has dice of its own, so that any can be repeated."""
    target = TARGETS[name]
    end = tally.executions + executions
    while tally.executions < end:
        dice = random.Random(f"{seed}:{name}:{tally.executions // SLICE}")
        begun = time.process_time()
        for _ in range(min(SLICE, end - tally.executions)):
            text = mutate(dice, target.seeds)
            wrong = once(target, text, tally)
            if wrong:
                tally.findings.append(wrong)
                found(wrong, text)
        tally.seconds += time.process_time() - begun


def weigh(name: str, texts: list[str]) -> int:
    """The most memory (bytes) that one of these inputs makes the target take."""
    most = 0
    broken(TARGETS[name], TARGETS[name].seeds[0])  # what loads once is no input's weight
    tracemalloc.start()
    try:
        for text in texts:
            tracemalloc.reset_peak()
            before = tracemalloc.get_traced_memory()[0]
            broken(TARGETS[name], text)
            most = max(most, tracemalloc.get_traced_memory()[1] - before)
    finally:
        tracemalloc.stop()
    return most


def keep(name: str, text: str) -> Path:
    """Put an input that broke something into the corpus; it is tried in every test run from then on."""
    CORPUS.mkdir(exist_ok=True)
    file = CORPUS / f"{name}.json"
    kept = json.loads(file.read_text(encoding="ascii")) if file.exists() else []
    if text not in kept:
        kept.append(text)
        file.write_text(json.dumps(kept, indent=0, ensure_ascii=True) + "\n", encoding="ascii")
    return file


def corpus(name: str) -> list[str]:
    file = CORPUS / f"{name}.json"
    return list(json.loads(file.read_text(encoding="ascii"))) if file.exists() else []


def read_tally(file: Path) -> dict[str, Tally]:
    raw = json.loads(file.read_text(encoding="utf-8")) if file.exists() else {}
    return {name: Tally(**values) for name, values in raw.items()}


def write_tally(file: Path, tallies: dict[str, Tally]) -> None:
    fresh = file.with_name(f"{file.name}.new")
    fresh.write_text(json.dumps({name: asdict(each) for name, each in tallies.items()}, indent=1), "utf-8")
    fresh.replace(file)
