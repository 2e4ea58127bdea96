"""ACCEPT: what a durable accept in the simulator costs above the floor, and how its p99 compares.

One round = the same clicks to the floor, to the server with its relay at work, and to the server with its
relay held. `whole` is the server's CPU while the clicks run, `drained` also what the relay still had to do
afterwards, `click` the click alone.
"""

import json
import time
from collections.abc import Iterator

from benchmarks import ground, measure
from benchmarks.figures import Figure
from benchmarks.measure import Process, Sample, ask, cpu_seconds, load, median, paired, request, started

ROUNDS = 5
ADDED = {"sqlite": 200.0, "postgres": 450.0}
TAIL = {"sqlite": 5.0, "postgres": 8.0}


def clicks(found: list[list[str]]) -> list[bytes]:
    """One press of 接收 for each (person, message, lead)."""
    return [
        request(
            "POST",
            f"/sim/api/people/{person}/clicks",
            json.dumps({"message_id": message, "key": f"accept:{lead}-1", "click_id": message}).encode(),
        )
        for person, message, lead in found
    ]


def run(quick: bool = False) -> Iterator[Figure]:
    for kind in ("sqlite",) if quick else ("sqlite", "postgres"):
        yield from _on(kind, 60 if quick else 1000, 2 if quick else ROUNDS)


def _on(kind: str, count: int, rounds: int) -> Iterator[Figure]:
    with ground.database(kind) as (url, folder):
        path = ground.settings_file(folder, url)
        with started("benchmarks.server", str(path)) as server, started("benchmarks.floors") as floor:
            total = count * (2 * rounds + 1)
            work = clicks(ask(server, "POST", "/bench/fill", {"first": 0, "count": total}))
            load(floor, work[:count])
            load(server, work[:count])
            floors, wholes, drained, alone = [], [], [], []
            for number in range(rounds):
                start = (2 * number + 1) * count
                floors.append(load(floor, work[start : start + count]))
                whole, all_of_it = _with_refreshes(server, work[start : start + count])
                wholes.append(whole)
                drained.append(all_of_it)
                alone.append(_relay_held(server, work[start + count : start + 2 * count]))
    yield from _figures(kind, floors, wholes, drained, alone)


def _with_refreshes(server: Process, work: list[bytes]) -> tuple[Sample, float]:
    before = cpu_seconds(server.pid)
    whole = load(server, work)
    ask(server, "POST", "/bench/drain")
    time.sleep(0.05)
    return whole, (cpu_seconds(server.pid) - before) / len(work) * 1e6


def _relay_held(server: Process, work: list[bytes]) -> Sample:
    ask(server, "POST", "/bench/hold", {"on": True})
    time.sleep(0.1)
    sample = load(server, work)
    ask(server, "POST", "/bench/hold", {"on": False})
    ask(server, "POST", "/bench/drain")
    return sample


def _figures(
    kind: str, floors: list[Sample], wholes: list[Sample], drained: list[float], alone: list[Sample]
) -> Iterator[Figure]:
    base = [each.cpu_us for each in floors]
    said = f"floor {median(base):.0f} us CPU, p99 {median(each.p99_ms for each in floors):.1f} ms"
    for name, costs in (
        ("whole", [each.cpu_us for each in wholes]),
        ("drained", drained),
        ("click", [each.cpu_us for each in alone]),
    ):
        added = [ours - floor for ours, floor in zip(costs, base, strict=True)]
        yield Figure(
            bench="accept", name=f"{kind}: CPU added, {name}", value=median(added), unit="us", floor=said,
            target=ADDED[kind] if name == "whole" else None, rounds=added,
            beside=f"{median(costs):.0f} us = {paired(costs, base):.2f}x the floor",
        )  # fmt: skip
    tails = [measure.percentile(each.latencies, 0.99) * 1e3 for each in floors]
    for name, samples in (("whole", wholes), ("click", alone)):
        p99 = [each.p99_ms for each in samples]
        ratios = [ours / floor for ours, floor in zip(p99, tails, strict=True)]
        yield Figure(
            bench="accept", name=f"{kind}: p99, {name}", value=median(ratios), unit="x", floor=said,
            target=TAIL[kind] if name == "whole" else None, rounds=ratios,
            beside=f"{median(p99):.1f} ms at {median(each.rate for each in samples):.0f}/s",
        )  # fmt: skip
