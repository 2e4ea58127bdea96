"""CALLBACK: an accept that comes as WeCom's signed and encrypted callback, over an app that only reads it.

One round = the same callbacks to the floor, and to the server while its relay updates the cards at a platform
that takes everything. `whole` is the server's CPU while the callbacks run, `click` with the relay held. Beside it
stands what the rows of an accept cost by hand, with no program around them: see bare.py.
"""

import time
from collections.abc import Iterator
from itertools import count as counting
from urllib.parse import urlencode

from benchmarks import ground
from benchmarks.figures import Figure
from benchmarks.measure import Process, Sample, ask, load, median, paired, request, started
from bot.channels.wecom.crypto import Keys

ROUNDS = 5
COST = {"sqlite": 2.2, "postgres": 3.5}
TAIL = {"sqlite": 5.0, "postgres": 8.0}
KEYS = Keys(token=ground.WECOM_TOKEN, aes_key=ground.WECOM_KEY, receiver=ground.CORP)
_numbers = counting(1)


def click(person: str, task: str, lead: str) -> bytes:
    """The inside of a press of 接收."""
    fields = {
        "ToUserName": ground.CORP, "FromUserName": person, "CreateTime": str(int(time.time())), "MsgType": "event",
        "Event": "template_card_event", "EventKey": f"accept:{lead}-1", "TaskId": task.partition("~")[0],
        "CardType": "button_interaction", "ResponseCode": f"rc-{lead}", "AgentID": str(ground.AGENT),
    }  # fmt: skip
    return f"<xml>{''.join(f'<{k}><![CDATA[{v}]]></{k}>' for k, v in fields.items())}</xml>".encode()


def sealed(message: bytes) -> tuple[dict[str, str], bytes]:
    """(query, body) of a message, signed now."""
    number = next(_numbers)
    encrypt = KEYS.encrypt(message, f"{number:016d}".encode())
    timestamp, nonce = str(int(time.time())), str(number)
    query = {"msg_signature": KEYS.sign(timestamp, nonce, encrypt), "timestamp": timestamp, "nonce": nonce}
    body = (
        f"<xml><ToUserName><![CDATA[{ground.CORP}]]></ToUserName><Encrypt><![CDATA[{encrypt}]]></Encrypt>"
        f"<AgentID><![CDATA[{ground.AGENT}]]></AgentID></xml>"
    )
    return query, body.encode()


def callbacks(found: list[list[str]]) -> list[bytes]:
    """One callback for each (person, task, lead)."""
    made = []
    for person, task, lead in found:
        query, body = sealed(click(person, task, lead))
        made.append(request("POST", f"/callback/wecom?{urlencode(query)}", body))
    return made


def run(quick: bool = False) -> Iterator[Figure]:
    for kind in ("sqlite",) if quick else ("sqlite", "postgres"):
        yield from _on(kind, 60 if quick else 1000, 2 if quick else ROUNDS)


def _on(kind: str, count: int, rounds: int) -> Iterator[Figure]:
    with ground.database(kind) as (url, folder), started("benchmarks.platforms") as floor:
        platform = f"http://127.0.0.1:{floor.port}"
        path = ground.settings_file(folder, url, simulator=False, wecom=platform)
        with started("benchmarks.server", str(path)) as server:
            total = count * (2 * rounds + 1)
            work = callbacks(ask(server, "POST", "/bench/fill", {"first": 0, "count": total}))
            load(floor, work[:count])
            load(server, work[:count])
            floors, wholes, alone = [], [], []
            for number in range(rounds):
                start = (2 * number + 1) * count
                floors.append(load(floor, work[start : start + count]))
                wholes.append(load(server, work[start : start + count]))
                ask(server, "POST", "/bench/drain")
                alone.append(_relay_held(server, work[start + count : start + 2 * count]))
    yield from _figures(kind, floors, wholes, alone)
    yield _by_hand(kind, count, rounds)


def _by_hand(kind: str, count: int, rounds: int) -> Figure:
    """The least: the floor and the rows of an accept, with no program around them."""
    with ground.database(kind) as (url, folder), started("benchmarks.platforms") as floor:
        company, numbers = ground.company_of(ground.settings_of(folder, url)), range(count * (rounds + 1))
        ground.fill(url, company, ground.background(company, 0, len(numbers), ground.utc_now()))
        work = callbacks([[ground.rep(number), f"offer:L{number}", f"L{number}"] for number in numbers])
        with started("benchmarks.bare", url) as bare:
            load(floor, work[:count])
            load(bare, work[:count])
            costs, base = [], []
            for start in range(count, len(work), count):
                base.append(load(floor, work[start : start + count]).cpu_us)
                costs.append(load(bare, work[start : start + count]).cpu_us)
    return Figure(
        bench="callback", name=f"{kind}: CPU, its rows written by hand", value=paired(costs, base), unit="x",
        floor=f"floor {median(base):.0f} us CPU", rounds=[a / b for a, b in zip(costs, base, strict=True)],
        beside=f"{median(costs):.0f} us",
    )  # fmt: skip


def _relay_held(server: Process, work: list[bytes]) -> Sample:
    ask(server, "POST", "/bench/hold", {"on": True})
    time.sleep(0.1)
    sample = load(server, work)
    ask(server, "POST", "/bench/hold", {"on": False})
    ask(server, "POST", "/bench/drain")
    return sample


def _figures(kind: str, floors: list[Sample], wholes: list[Sample], alone: list[Sample]) -> Iterator[Figure]:
    base = [each.cpu_us for each in floors]
    tails = [each.p99_ms for each in floors]
    said = f"floor {median(base):.0f} us CPU, p99 {median(tails):.1f} ms"
    for name, samples in (("click", alone), ("whole", wholes)):
        costs, p99 = [each.cpu_us for each in samples], [each.p99_ms for each in samples]
        goal = name == "click"
        yield Figure(
            bench="callback", name=f"{kind}: CPU, {name}", value=paired(costs, base), unit="x", floor=said,
            target=COST[kind] if goal else None, rounds=[a / b for a, b in zip(costs, base, strict=True)],
            beside=f"{median(costs):.0f} us",
        )  # fmt: skip
        yield Figure(
            bench="callback", name=f"{kind}: p99, {name}", value=paired(p99, tails), unit="x", floor=said,
            target=TAIL[kind] if goal else None, rounds=[a / b for a, b in zip(p99, tails, strict=True)],
            beside=f"{median(p99):.1f} ms",
        )  # fmt: skip
