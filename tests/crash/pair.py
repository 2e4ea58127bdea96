"""Two instances on one PostgreSQL database, under load, and blows that fall on either.

`kill` ends one as kill -9 does, `terminate` has the server end every backend, `stop` freezes one (SIGSTOP) while the
other lives on past the leases of what the frozen one had claimed, and then lets it go on with what it believed.
"""

import contextlib
import os
import random
import signal
import threading
import time
from pathlib import Path

import psycopg

from tests.crash.checks import check
from tests.crash.crowd import TRIES, Crowd, Wish, accept_of
from tests.crash.house import Gone, House, Nursery

BLOWS = ("kill", "kill", "terminate", "stop")
PEOPLE = 3
LEASE_OVER = 35.0
ASKS_ELSEWHERE = 15.0
"""Seconds after which a person asks the other instance: all of them may hang on a stopped one."""
TERMINATE = (
    "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity "
    "WHERE datname = current_database() AND pid <> pg_backend_pid()"
)


class PairCrowd(Crowd):
    """The crowd asks either instance, and again of another where there was no answer or a 503."""

    def __init__(self, pair: "Pair", dice: random.Random) -> None:
        super().__init__(pair.houses[0], PEOPLE)
        self.pair = pair
        self.stop = threading.Event()
        self._dice = dice

    def start(self) -> None:
        for thread in self._threads:
            thread.start()

    def heard(self, answers: int, within: float = 60.0) -> None:
        """Wait until so many wishes were answered."""
        end = time.monotonic() + within
        with self._heard:
            while len(self.answered) < answers and not self._wrong:
                assert self._heard.wait(max(0.0, end - time.monotonic())), self.pair.words()

    def finish(self) -> None:
        self.stop.set()
        for thread in self._threads:
            thread.join(60)
            assert not thread.is_alive()
        if self._wrong:
            raise self._wrong[0]

    def _accept(self, lead: str, owner: str) -> None:
        """The card may not be on the phone yet; looking at the phone waits for it."""
        wish = accept_of(lead, owner)
        for _ in range(TRIES):
            house = self.pair.one(self._dice)
            with contextlib.suppress(Gone, TimeoutError):
                if house is not None:
                    house.once("GET", f"/sim/api/people/{owner}/messages", within=ASKS_ELSEWHERE)
            if self._try(wish)[0] == 200:
                return

    def _try(self, wish: Wish) -> tuple[int, object]:
        tried = False
        while not self.stop.is_set():
            house = self.pair.one(self._dice)
            try:
                answer = wish.ask(house, ASKS_ELSEWHERE) if house else (503, None)
                tried = tried or house is not None
            except (Gone, TimeoutError):
                answer, tried = (503, None), True
            if answer[0] == 503:
                time.sleep(0.02)
                continue
            if answer[0] != 404:
                with self._heard:
                    self._keep(wish, answer)
                    self._heard.notify()
            return answer
        if tried:
            with self._heard:
                self.cut_off.append(wish)
        raise Gone("the test is over")


class Pair:
    """See the module."""

    def __init__(self, *, url: str, folder: Path) -> None:
        self.url = url
        self.nurseries = [Nursery(folder / f"log-{number}") for number in range(2)]
        self.houses = [House(nursery=each, url=url, folder=folder) for each in self.nurseries]
        self.away: set[int] = set()
        for house in self.houses:
            house.start()

    def one(self, dice: random.Random) -> House | None:
        """An instance that is there."""
        there = [house for number, house in enumerate(self.houses) if number not in self.away]
        return dice.choice(there) if there else None

    def words(self) -> str:
        return "\n".join(house.words() for house in self.houses)

    def blow(self, dice: random.Random) -> tuple[str, int]:
        """Load, a blow, life goes on, everything checked. Returns the blow and how many wishes were answered."""
        what, victim = dice.choice(BLOWS), dice.randrange(2)
        crowd = PairCrowd(self, dice)
        crowd.start()
        crowd.heard(dice.randint(1, 20))
        getattr(self, f"_{what}")(victim, crowd)
        crowd.finish()
        self.houses[0].sound()
        crowd.ask_again()
        check(self.houses[0])
        crowd.check()
        return what, len(crowd.answered)

    def _kill(self, victim: int, crowd: PairCrowd) -> None:
        self.away.add(victim)
        self.houses[victim].kill()
        crowd.heard(len(crowd.answered) + 5)
        self.houses[victim].start()
        self.away.discard(victim)
        crowd.heard(len(crowd.answered) + 5)

    def _terminate(self, _victim: int, crowd: PairCrowd) -> None:
        with psycopg.connect(self.url, autocommit=True) as conn:
            row = conn.execute(TERMINATE).fetchone()
        assert row is not None
        assert row[0] > 0
        crowd.heard(len(crowd.answered) + 5)

    def _stop(self, victim: int, crowd: PairCrowd) -> None:
        self.away.add(victim)
        os.kill(self.houses[victim].pid, signal.SIGSTOP)
        try:
            self.houses[1 - victim].advance(seconds=LEASE_OVER)
            crowd.heard(len(crowd.answered) + 5)
        finally:
            os.kill(self.houses[victim].pid, signal.SIGCONT)
        self.away.discard(victim)
        crowd.heard(len(crowd.answered) + 5)

    def close(self) -> None:
        for nursery in self.nurseries:
            nursery.close()
        for house in self.houses:
            house.close()
