"""One seed, from an empty database through the storm to the calm after it, and what the checks then find."""

import gc
import logging
import sys
import warnings
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from unittest.mock import patch

import structlog

from tests.simulation import checks, setting
from tests.simulation.disk import Disk, mounted
from tests.simulation.nemesis import Machine, Nemesis, streams
from tests.simulation.people import People
from tests.simulation.platform import CODES, FIXED, Platform
from tests.simulation.program import CHANNEL, Process, serve
from tests.simulation.world import Stuck, World

CALM_WITHIN = 60.0
EMPTY_WITHIN = 420.0
LEADS, SECONDS, FAULTS = 8, 300.0, 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What became of a seed. `digest` is the hash of its trace."""

    seed: int
    wrong: tuple[str, ...]
    digest: str
    lines: int
    leads: int
    seconds: float
    faults: Counter[str] = field(default_factory=Counter)

    @property
    def full(self) -> bool:
        """Whether it had what a seed must have to be counted."""
        return self.leads >= LEADS and self.seconds >= SECONDS and self.faults.total() >= FAULTS


class Run:
    """See the module."""

    def __init__(self, seed: int, folder: Path, echo: Callable[[str], None] | None) -> None:
        self.world = World(seed, echo=echo)
        dice = streams(seed)
        self.folder = folder
        self.file = setting.fresh_database(folder)
        self.lunch = dice.random() < 0.35
        self.company = setting.company(dice, CHANNEL, lunch=self.lunch)
        self.storm = 252.0 + 30.0 * dice.random()
        self.leads = 10 + dice.randrange(3)
        self.disk = Disk(self.world)
        self.platform = Platform(self.world, dice.choice((FIXED, CODES)))
        self.nemesis = Nemesis(
            self.world, self.disk, self.platform, [*setting.EAST, *setting.SOUTH, "me", "mkt"]
        )
        self.platform.rates = self.nemesis.rates()
        self.people = People(self.world, self.platform, self.nemesis.manners(), setting.roles())
        self.world.buried = self._buried
        self.lives = 0
        self.down = 0.0
        self.graves: list[Process] = []

    # -- the machine ------------------------------------------------------------------------------------

    def start(self) -> None:
        """Start the program; when it does not come up, it is started again."""
        world = self.world
        if world.process is not None:
            return
        self.lives += 1
        process = world.process = Process(world, self.lives)
        world.trace("starts", self.lives)
        work = serve(
            process, self.platform, setting.settings(self.folder), self.company, f"sqlite:///{self.file}"
        )
        task = process.spawn(work)
        task.add_done_callback(lambda done: self._started(process, done))
        world.at(1.0, self._look_after, process)

    def _started(self, process: Process, task: Any) -> None:
        error = None if task.cancelled() else task.exception()
        self.world.trace("serves" if error is None else f"does not start: {type(error).__name__}")
        if error is not None:
            process.alive = False
        else:
            checks.on_start(self.world)

    def _look_after(self, process: Process) -> None:
        """What systemd does: a program that ended is started again."""
        if self.world.process is not process:
            return
        if process.service is not None and process.service.failed:
            self.world.trace("gave up")
            self._end(process)
        self.world.at(1.0, self._look_after, process)

    def _buried(self, process: Process) -> None:
        world = self.world
        process.bury()
        self.graves.append(process)
        world.process = None
        wait = 0.2 if world.calm else self.nemesis.restarts_in()
        if wait > 60.0:
            self.down += wait
        world.trace("died", process.number, f"{wait:.2f}")
        world.disturb(wait + 25.0)
        world.at(wait, self.start)

    def kill(self) -> None:
        process = self.world.process
        if process is not None and process.alive:
            self.world.fault("death")
            process.alive = False
            self._buried(process)

    def stop(self) -> None:
        """SIGTERM: it ends in its own time."""
        process = self.world.process
        if process is not None and process.ready and not process.suspended:
            self.world.fault("stop")
            self._end(process)

    def _end(self, process: Process) -> None:
        service = process.service
        assert service is not None

        def gone(_task: Any) -> None:
            process.alive = False

        process.service = None
        process.spawn(service.stop()).add_done_callback(gone)

    def suspend(self, seconds: float, clock_stood: bool) -> None:
        process = self.world.process
        if process is None or process.suspended:
            return
        self.world.fault("suspended", f"{seconds:.1f}", "clock stood" if clock_stood else "")
        self.world.disturb(seconds + 25.0)
        process.suspend()
        self.world.at(seconds, self._resume, process, seconds, clock_stood)

    def _resume(self, process: Process, seconds: float, clock_stood: bool) -> None:
        if self.world.process is process and process.suspended:
            process.resume(seconds, clock_stood=clock_stood)
            self.world.trace("resumes")

    # -- the story --------------------------------------------------------------------------------------

    def story(self) -> None:
        world, dice = self.world, self.world.dice("story")
        self.start()
        for nth in range(self.leads):
            at = 1.0 + (0.75 * self.storm * dice.random() if nth else 0.0)
            world.at(at, self.people.hand_in)
        for _ in range(dice.randrange(6, 20)):
            world.at(5.0 + self.storm * dice.random(), self.people.chatter)
        self.nemesis.plan(Machine(kill=self.kill, stop=self.stop, suspend=self.suspend), self.storm)
        self._storm()
        self._calm()

    def _storm(self) -> None:
        """As long as it lasts; time that the program is down for more than a minute is not counted."""
        world = self.world
        while world.now < self.storm + self.down:
            world.run(self.storm + self.down)

    def _calm(self) -> None:
        world = self.world
        world.calm = True
        world.trace("CALM")
        self.nemesis.calm()
        if world.process is not None and world.process.suspended:
            world.process.resume(0.0, clock_stood=False)
        self.start()
        begin = world.now
        world.run(begin + 5.0, lambda: world.process is not None and world.process.ready)
        world.run(begin + CALM_WITHIN)
        self.look = checks.Look(self)
        self.look.after_a_minute()
        while not self.look.quiet() and world.now < begin + EMPTY_WITHIN:
            world.run(world.now + 5.0)
        self.look.at_the_end()

    def outcome(self) -> Outcome:
        world = self.world
        return Outcome(
            seed=world.seed,
            wrong=tuple(world.wrong),
            digest=world.digest(),
            lines=world.lines,
            leads=checks.leads_in(self.file),
            seconds=world.now - self.down,
            faults=world.faults,
        )


class _Secrets:
    """The module `secrets` with a seed."""

    def __init__(self, world: World) -> None:
        self._dice = world.dice("secrets")

    def token_bytes(self, count: int) -> bytes:
        return self._dice.randbytes(count)

    def token_urlsafe(self, count: int) -> str:
        return self._dice.randbytes(count).hex()

    def randbelow(self, limit: int) -> int:
        return self._dice.randrange(limit)


@contextmanager
def _alone(world: World) -> Iterator[None]:
    """Nothing of the simulation reaches the outside, and nothing of chance the inside. What looks into the
    database without being called does so less often: for it finds nothing."""
    kept = structlog.get_config()
    structlog.configure(
        processors=[checks.log_watch(world)], cache_logger_on_first_use=False,
        wrapper_class=structlog.make_filtering_bound_logger(logging.WARNING),
    )  # fmt: skip
    try:
        with (
            patch("bot.seams.secrets", _Secrets(world)),
            patch("bot.seams.new_id._left", []),
            patch("bot.main.HEARTBEAT", 10.0),
            patch("bot.downloads.POLL", 10.0),
            patch("scheduler.sweeps.NAP", 2.0),
            patch("scheduler.relay.NAP", 2.0),
        ):
            yield
    finally:
        structlog.configure(**kept)


@contextmanager
def _swept() -> Iterator[None]:
    """The garbage of runs (coroutines of the dead, among others) is collected once, when they are over, without
    a look at what was there before."""
    was_hook, was_gc = sys.unraisablehook, gc.isenabled()
    sys.unraisablehook = lambda _: None
    logging.disable(logging.CRITICAL)
    gc.disable()
    gc.freeze()
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
            gc.collect()
            gc.collect()  # what the first one has let go
    finally:
        gc.unfreeze()
        logging.disable(logging.NOTSET)
        if was_gc:
            gc.enable()
        sys.unraisablehook = was_hook


def run_seed(seed: int, folder: Path, echo: Callable[[str], None] | None = None) -> Outcome:
    """Run one seed in a folder that keeps a database between the calls; the same seed, the same outcome."""
    [outcome] = run_seeds([seed], folder, echo)
    return outcome


def run_seeds(seeds: Iterable[int], folder: Path, echo: Callable[[str], None] | None = None) -> list[Outcome]:
    """Run some seeds and sweep up once behind them all, which takes as long as behind one."""
    setting.settings(folder)
    setting.template(folder)
    with _swept():
        return [_play(seed, folder, echo) for seed in seeds]


def _play(seed: int, folder: Path, echo: Callable[[str], None] | None) -> Outcome:
    run = Run(seed, folder, echo)
    with _alone(run.world), mounted(run.disk):
        try:
            run.story()
        except Stuck as stuck:
            run.world.violated(f"stuck: {stuck}")
        outcome = run.outcome()
        if run.world.process is not None:
            run.world.process.bury()
            run.graves.append(run.world.process)
        for process in run.graves:
            process.forget()
    return outcome
