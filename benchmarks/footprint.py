"""BM-8: from the start to the first answer, resident memory, and its growth over 100,000 clicks.

Both beside the floor's process. The server is `leadbell serve` with the bench's company and the simulator, but
without the text reader, which loads after the start and whose size `leadbell read` is tested for.
"""

import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from benchmarks import ground
from benchmarks.accept import clicks
from benchmarks.figures import Figure
from benchmarks.measure import SERVER_CORE, ask, load, median, pin, request, resident_bytes, started

ROUNDS, CLICKS, LEADS = 5, 100_000, 1000
_SERVE = """
import asyncio, sys
from bot import cli, main
main.Service._load_mind = lambda _: asyncio.sleep(0)
sys.exit(cli.main(["serve", "--config", sys.argv[1]]))
"""


def run(quick: bool = False) -> Iterator[Figure]:
    times: list[list[float]] = [[], []]
    sizes: list[list[float]] = [[], []]
    with ground.database("sqlite") as (url, folder):
        for _ in range(2 if quick else ROUNDS):
            for each in (0, 1):
                port = _free_port()
                command = [sys.executable, "-m", "benchmarks.floors", str(port)]
                if each:
                    path = ground.settings_file(folder, url)
                    path.write_text(path.read_text("utf-8").replace("port = 0", f"port = {port}"), "utf-8")
                    command = [sys.executable, "-c", _SERVE, str(path)]
                with _until_answer(command, port) as (took, pid):
                    times[each].append(took)
                    sizes[each].append(resident_bytes(pid) / 1e6)
    for name, unit, (floor, ours), target in (
        ("start to the first 200", "s", times, 5.0), ("resident memory", "MB", sizes, 3.2),
    ):  # fmt: skip
        ratios = [a / b for a, b in zip(ours, floor, strict=True)]
        yield Figure(bench="BM-8", name=name, value=median(ratios), unit="x", target=target, rounds=ratios,
                     floor=f"bare aiohttp {median(floor):.3g} {unit}", beside=f"{median(ours):.3g} {unit}")  # fmt: skip
    yield _growth(2_000 if quick else CLICKS, 50 if quick else LEADS)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextmanager
def _until_answer(command: list[str], port: int) -> Iterator[tuple[float, int]]:
    """(seconds from the start of a process to its first 200, its id)."""
    begun = time.perf_counter()
    popen = subprocess.Popen(command, stdout=subprocess.DEVNULL, env=os.environ | {"PYTHONUNBUFFERED": "1"})
    pin(SERVER_CORE, popen.pid)
    try:
        while not _answers(port):
            if popen.poll() is not None or time.perf_counter() - begun > 60:
                raise RuntimeError(f"{command[1:3]} did not answer")
            time.sleep(0.005)
        took = time.perf_counter() - begun
        time.sleep(1.0)
        yield took, popen.pid
    finally:
        popen.send_signal(signal.SIGTERM)
        popen.wait(15)


def _answers(port: int) -> bool:
    try:
        with socket.create_connection(("127.0.0.1", port), 1.0) as sock:
            sock.sendall(request("GET", "/healthz", headers={"Connection": "close"}))
            return b" 200 " in sock.recv(100)
    except OSError:
        return False


def _growth(count: int, leads: int) -> Figure:
    """Accepts, then the same presses again and again under new ids, each kept and answered."""
    with ground.database("sqlite") as (url, folder):
        path: Path = ground.settings_file(folder, url)
        with started("benchmarks.server", str(path)) as server:
            found = ask(server, "POST", "/bench/fill", {"first": 0, "count": leads})
            load(server, clicks(found))
            load(server, _again(found, 0, min(count, 5000)))
            ask(server, "POST", "/bench/drain")
            before = resident_bytes(server.pid)
            for start in range(0, count, 5000):
                load(server, _again(found, 1_000_000 + start, min(5000, count - start)))
            after = resident_bytes(server.pid)
    return Figure(
        bench="BM-8", name=f"growth over {count:,} clicks", value=(after / before - 1) * 100, unit="%", target=5.0,
        beside=f"{before / 1e6:.0f} to {after / 1e6:.0f} MB",
    )  # fmt: skip


def _again(found: list[list[str]], first: int, count: int) -> list[bytes]:
    work = []
    for number in range(first, first + count):
        person, message, lead = found[number % len(found)]
        body = {"message_id": message, "key": f"accept:{lead}-1", "click_id": f"again{number}"}
        work.append(request("POST", f"/sim/api/people/{person}/clicks", json.dumps(body).encode()))
    return work
