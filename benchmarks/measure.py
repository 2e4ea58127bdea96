"""How things are measured: CPU time of a process, pinned cores, a lean HTTP client, and paired figures."""

import asyncio
import json
import os
import signal
import statistics
import subprocess
import sys
import time
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

CONNECTIONS = 32
SERVER_CORE, LOAD_CORE = 0, 1
START_SECONDS = 120.0


def pin(core: int, pid: int = 0) -> None:
    """Keep a process on one core, where the system can and has that many."""
    if hasattr(os, "sched_setaffinity") and core < (os.cpu_count() or 1):
        os.sched_setaffinity(pid, {core})


def cpu_seconds(pid: int) -> float:
    """CPU time that a process and its threads have used so far. Linux alone knows others' clocks."""
    return time.clock_gettime((~pid << 3) | 2)


def resident_bytes(pid: int) -> int:
    """Resident memory of a process. Linux alone."""
    pages = int(Path(f"/proc/{pid}/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE")


def percentile(values: Sequence[float], share: float) -> float:
    """The value below which that share lies (nearest rank)."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))]


@dataclass(slots=True)
class Sample:
    """One round: CPU and wall seconds, how many requests, each one's latency in seconds."""

    count: int
    cpu: float
    wall: float
    latencies: list[float] = field(default_factory=list)

    @property
    def cpu_us(self) -> float:
        return self.cpu / self.count * 1e6

    @property
    def p99_ms(self) -> float:
        return percentile(self.latencies, 0.99) * 1e3 if self.latencies else 0.0

    @property
    def rate(self) -> float:
        return self.count / self.wall


def median(values: Iterable[float]) -> float:
    return statistics.median(values)


def paired(ours: Sequence[float], floors: Sequence[float]) -> float:
    """The median of the rounds' own ratios: whatever slows the machine for a round slows both."""
    return median(a / b for a, b in zip(ours, floors, strict=True))


@dataclass(slots=True)
class Process:
    """A server of the bench: its id, its port, and what it said when it was ready."""

    popen: "subprocess.Popen[str]"
    said: dict[str, Any]

    @property
    def pid(self) -> int:
        return self.popen.pid

    @property
    def port(self) -> int:
        return int(self.said["port"])


@contextmanager
def started(module: str, *arguments: str, core: int = SERVER_CORE) -> Iterator[Process]:
    """Run `python -m module arguments` on a core until the block ends. Its first line is JSON with `port`."""
    command = [sys.executable, "-m", module, *arguments]
    popen = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=os.environ | _QUIET)
    try:
        pin(core, popen.pid)
        assert popen.stdout is not None
        line = popen.stdout.readline()
        if not line:
            raise RuntimeError(f"{module} did not start")
        yield Process(popen, json.loads(line))
    finally:
        popen.send_signal(signal.SIGTERM)
        try:
            popen.wait(10)
        except subprocess.TimeoutExpired:
            popen.kill()
            popen.wait()


_QUIET = {"PYTHONUNBUFFERED": "1"}


def request(method: str, path: str, body: bytes = b"", headers: dict[str, str] | None = None) -> bytes:
    """The bytes of one HTTP/1.1 request to this machine."""
    lines = [f"{method} {path} HTTP/1.1", "Host: 127.0.0.1"]
    lines += [f"{name}: {value}" for name, value in (headers or {}).items()]
    if body:
        lines += ["Content-Type: application/json", f"Content-Length: {len(body)}"]
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + body


class _Connection(asyncio.Protocol):
    """Sends the next request as soon as an answer is whole; keeps each one's latency and status."""

    def __init__(self, work: Iterator[bytes], outcome: "Outcome", done: "asyncio.Future[None]") -> None:
        self.work, self.outcome, self.done = work, outcome, done
        self.buffer = b""
        self.sent = 0.0
        self.transport: asyncio.Transport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self.transport = transport
        self._next()

    def _next(self) -> None:
        assert self.transport is not None
        following = next(self.work, None)
        if following is None:
            self.transport.close()
            return
        self.sent = time.perf_counter()
        self.transport.write(following)

    def data_received(self, data: bytes) -> None:
        self.buffer += data
        head, split, body = self.buffer.partition(b"\r\n\r\n")
        if not split or len(body) < _length(head):
            return
        self.buffer = b""
        self.outcome.latencies.append(time.perf_counter() - self.sent)
        status = int(head[9:12])
        self.outcome.statuses[status] = self.outcome.statuses.get(status, 0) + 1
        self.outcome.last = body
        self._next()

    def connection_lost(self, error: Exception | None) -> None:
        if not self.done.done():
            self.done.set_result(None)


def _length(head: bytes) -> int:
    at = head.lower().find(b"content-length:")
    return int(head[at + 15 :].split(b"\r\n", 1)[0]) if at >= 0 else 0


@dataclass(slots=True)
class Outcome:
    """What a load saw: latencies in seconds, how often each status, the last body."""

    latencies: list[float] = field(default_factory=list)
    statuses: dict[int, int] = field(default_factory=dict)
    last: bytes = b""

    def expect(self, *good: int) -> None:
        """Raise unless every answer had one of these statuses: a wrong answer is no fast answer."""
        wrong = {status: count for status, count in self.statuses.items() if status not in good}
        if wrong or not self.statuses:
            raise RuntimeError(f"answers were {self.statuses}, last {self.last[:300]!r}")


async def drive(port: int, requests: Sequence[bytes], connections: int = CONNECTIONS) -> Outcome:
    """Send all requests over that many connections kept alive, each as fast as it is answered."""
    loop = asyncio.get_running_loop()
    outcome, work = Outcome(), iter(requests)
    ends = [loop.create_future() for _ in range(connections)]
    for end in ends:
        await loop.create_connection(lambda end=end: _Connection(work, outcome, end), "127.0.0.1", port)  # type: ignore[misc]
    await asyncio.gather(*ends)
    if len(outcome.latencies) != len(requests):
        raise RuntimeError(f"{len(requests)} asked, {len(outcome.latencies)} answered")
    return outcome


def load(server: Process, requests: Sequence[bytes], *good: int, connections: int = CONNECTIONS) -> Sample:
    """One round against a server: its CPU time while the requests ran."""
    pin(LOAD_CORE)
    cpu, wall = cpu_seconds(server.pid), time.perf_counter()
    outcome = asyncio.run(drive(server.port, requests, connections))
    sample = Sample(
        count=len(requests),
        cpu=cpu_seconds(server.pid) - cpu,
        wall=time.perf_counter() - wall,
        latencies=outcome.latencies,
    )
    outcome.expect(*(good or (200,)))
    return sample


def ask(server: Process, method: str, path: str, value: object = None) -> Any:
    """One request, one JSON answer."""
    body = b"" if value is None else json.dumps(value).encode()
    outcome = asyncio.run(drive(server.port, [request(method, path, body)], 1))
    outcome.expect(200)
    return json.loads(outcome.last)
