"""Whatever can go wrong, when it hurts most: near commits, between a send and its booking, at deadlines."""

import random
from collections.abc import Callable
from dataclasses import dataclass

from tests.simulation.disk import Disk
from tests.simulation.people import Manners
from tests.simulation.platform import Platform, Rates
from tests.simulation.world import World

DAY = 86_400.0


@dataclass(slots=True, kw_only=True)
class Machine:
    """What the nemesis may do to the machine: see run.Run."""

    kill: Callable[[], None]
    stop: Callable[[], None]
    suspend: Callable[[float, bool], None]


class Nemesis:
    """Draws a plan from the seed: how often what fails, and a list of blows. Every seed has other favourites."""

    def __init__(self, world: World, disk: Disk, platform: Platform, people: list[str]) -> None:
        self.world, self.disk, self.platform, self.people = world, disk, platform, people
        self.dice = world.dice("nemesis")
        self.down_for = 0.0
        platform.fills = self._full

    def rates(self) -> Rates:
        dice = self.dice

        def share(most: float, *, often: float = 0.6) -> float:
            return most * dice.random() if dice.random() < often else 0.0

        return Rates(
            busy=share(0.15), limited=share(0.03), lost=share(0.18), hangs=share(0.06), drops=share(0.05),
            slow=share(0.08), kills=share(0.06), fills=0.05 if self.world.dice("fills").random() < 0.25 else 0.0,
        )  # fmt: skip

    def manners(self) -> Manners:
        dice = self.dice
        return Manners(
            eager=0.55 + 0.4 * dice.random(),
            twice=0.3 * dice.random(),
            stale=0.4 * dice.random(),
            bunched=dice.random(),
            duplicated=0.05 + 0.3 * dice.random(),
            late=0.12 * dice.random(),
            answer_lost=0.2 * dice.random(),
        )

    def plan(self, machine: Machine, storm: float) -> None:
        """Set the storm's blows on the world's clock."""
        blows: list[tuple[Callable[[], None], int]] = [
            (machine.kill, 3),
            (self._deadly_commit, 6),
            (self._deadly_statement, 3),
            (self._lost_commit, 3),
            (self._io_error, 2),
            (self._lock, 3),
            (self._full, 2),
            (self._outage, 2),
            (self._revoke, 2),
            (self._slow_disk, 2),
            (machine.stop, 1),
            (lambda: machine.suspend(*self._nap()), 2),
        ]
        if self.dice.random() < 0.25:
            blows.append((self._jump, 3))
        favourites = [(blow, most * self.dice.choice((0, 1, 1, 2))) for blow, most in blows]
        for blow, most in favourites:
            for _ in range(self.dice.randrange(most + 1)):
                self.world.at(2.0 + (storm - 6.0) * self.dice.random(), blow)
        if self.dice.random() < 0.12:
            self.world.at(storm * (0.3 + 0.6 * self.dice.random()), self._long_death, machine)

    def restarts_in(self) -> float:
        """How long the program stays down after a death."""
        if self.down_for:
            seconds, self.down_for = self.down_for, 0.0
            return seconds
        return 0.2 + (0.5 if self.dice.random() < 0.6 else 9.0) * self.dice.random()

    def _long_death(self, machine: Machine) -> None:
        self.down_for = self.dice.choice((330.0, 400.0, 1800.0, 3 * DAY))
        self.world.fault("days_of_downtime" if self.down_for > DAY else "long_downtime", self.down_for)
        machine.kill()

    def _deadly_commit(self) -> None:
        if self.dice.random() < 0.6:
            self.disk.dies_after_commit = 1 + self.dice.randrange(4)
        else:
            self.disk.dies_before_commit = 1 + self.dice.randrange(4)

    def _deadly_statement(self) -> None:
        self.disk.dies_at = 1 + self.dice.randrange(25)

    def _lost_commit(self) -> None:
        self.disk.loses_answer = 1 + self.dice.randrange(4)
        self.world.disturb(10)

    def _io_error(self) -> None:
        self.disk.broken_at = 1 + self.dice.randrange(25)
        self.world.disturb(10)

    def _lock(self) -> None:
        seconds = self.dice.choice((0.05, 0.2, 1.0, 6.0)) * (0.5 + self.dice.random())
        self.world.fault("locked", f"{seconds:.2f}")
        self.disk.locked_until = self.world.now + seconds
        self.world.disturb(seconds + 10)

    def _full(self) -> None:
        seconds = 0.2 + 5.0 * self.dice.random()
        self.world.fault("disk_full", f"{seconds:.2f}")
        self.disk.full_until = self.world.now + seconds
        self.world.disturb(seconds + 10)

    def _outage(self) -> None:
        seconds = 3.0 + 40.0 * self.dice.random() ** 2
        self.platform.out_hangs = self.dice.random() < 0.4
        self.world.fault("outage", f"{seconds:.1f}", "hangs" if self.platform.out_hangs else "refuses")
        self.platform.out_until = self.world.now + seconds

    def _revoke(self) -> None:
        person = self.dice.choice(self.people)
        seconds = 5.0 + 60.0 * self.dice.random()
        self.world.fault("revoked", person, f"{seconds:.1f}")
        self.platform.gone[person] = self.world.now + seconds

    def _slow_disk(self) -> None:
        self.world.fault("slow_disk")
        self.disk.slow = 0.8 * self.dice.random()
        self.world.disturb(12)
        self.world.at(5.0, self._fast_disk)

    def _fast_disk(self) -> None:
        self.disk.slow = 0.0

    def _nap(self) -> tuple[float, bool]:
        seconds = self.dice.choice((2.0, 12.0, 45.0)) * (0.5 + self.dice.random())
        return seconds, self.dice.random() < 0.5

    def _jump(self) -> None:
        by = self.dice.choice((-3600.0, -90.0, -5.0, 5.0, 90.0, 3600.0))
        if self.world.skew and self.dice.random() < 0.6:
            by = -self.world.skew
        self.world.fault("clock_jump", by)
        self.world.skew += by
        self.world.jumped = True
        self.world.disturb(30)

    def calm(self) -> None:
        """It is over: what is broken works again."""
        self.platform.rates = Rates()
        self.platform.out_until = 0.0
        self.platform.gone.clear()
        self.platform.limited.clear()
        disk = self.disk
        disk.locked_until = disk.full_until = disk.slow = 0.0
        disk.broken_at = disk.dies_at = disk.dies_before_commit = disk.dies_after_commit = (
            disk.loses_answer
        ) = 0


def streams(seed: int) -> random.Random:
    """The dice for what a run is like at all."""
    return random.Random(f"{seed}/setting")
