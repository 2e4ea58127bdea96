"""Many who hand leads in and accept them at the same time, until the program dies under them."""

import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from tests.crash.house import ANSWERS_WITHIN, TOKEN, Gone, House

TRIES = 40
PATIENCE = 60.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """A request with a key of its own."""

    path: str
    body: Mapping[str, Any]
    headers: Mapping[str, str] = field(default_factory=dict)

    def ask(self, house: House, within: float = ANSWERS_WITHIN) -> tuple[int, Any]:
        return house.once("POST", self.path, self.body, self.headers, within=within)


def capture_of(number: int) -> Wish:
    own = f"crowd-{number}"
    body = {"name": f"客户{number}", "phone": f"137{number:08d}", "external_id": own}
    headers = {"Idempotency-Key": own, "Authorization": f"Bearer {TOKEN}"}
    return Wish(path="/api/v1/leads", body=body, headers=headers)


def accept_of(lead: str, owner: str) -> Wish:
    """The first offer's button, pressed by whom it was made to."""
    body = {
        "message_id": f"offer:{lead}:1:{owner}",
        "key": f"accept:{lead}-1",
        "click_id": f"accept-{lead}",
    }
    return Wish(path=f"/sim/api/people/{owner}/clicks", body=body)


class Crowd:
    """`answered` holds every wish with its answer, `cut_off` those that got none."""

    def __init__(self, house: House, people: int) -> None:
        self.house = house
        self.answered: list[tuple[Wish, tuple[int, Any]]] = []
        self.cut_off: list[Wish] = []
        self.owners: dict[str, str] = {}
        self._heard = threading.Condition()
        self._threads = [threading.Thread(target=self._live, daemon=True) for _ in range(people)]
        self._wrong: list[BaseException] = []

    def run_until(self, answers: int) -> None:
        """Let them work until so many wishes were answered, then kill the program under them."""
        for thread in self._threads:
            thread.start()
        end = time.monotonic() + PATIENCE
        with self._heard:
            while len(self.answered) < answers and not self._wrong:
                assert self._heard.wait(max(0.0, end - time.monotonic())), self.house.words()
        self.house.kill()
        for thread in self._threads:
            thread.join(PATIENCE)
            assert not thread.is_alive()
        if self._wrong:
            raise self._wrong[0]

    def ask_again(self) -> None:
        """Of the next program: what was cut off, and what was answered last; each twice."""
        for wish in self.cut_off:
            status, answer = wish.ask(self.house)
            assert status in (200, 201), f"{wish}: {answer}"
            assert wish.ask(self.house) == (status, answer)
            self._keep(wish, (status, answer))
        for wish, answer in self.answered[-20:]:
            assert wish.ask(self.house) == answer, wish
        self.cut_off.clear()

    def check(self) -> None:
        """What was answered has happened, once."""
        leads = self.house.rows("SELECT external_id, id FROM leads WHERE external_id LIKE ?", "crowd-%")
        assert len(leads) == len({own for own, _ in leads})
        kept = dict(leads)
        for wish, (_, answer) in self.answered:
            if "external_id" in wish.body:
                assert kept[wish.body["external_id"]] == answer["id"]
        accepts = self.house.rows("SELECT lead_id, actor FROM events WHERE kind = 'accepted'")
        assert len(accepts) == len({lead for lead, _ in accepts})
        taken = dict(accepts)
        for lead, owner in self.owners.items():
            assert taken[lead] == owner

    def _live(self) -> None:
        """One person: hand in, wait for the card, accept, and again."""
        try:
            while True:
                wish = capture_of(self.house.number())
                _, lead = self._say(wish)
                self._accept(lead["id"], lead["owner"])
        except Gone:
            return
        except BaseException as error:  # noqa: BLE001  told to the test, in its own thread
            with self._heard:
                self._wrong.append(error)
                self._heard.notify()

    def _accept(self, lead: str, owner: str) -> None:
        """The card may not be on the phone yet; looking at the phone waits for it."""
        wish = accept_of(lead, owner)
        for _ in range(TRIES):
            self.house.once("GET", f"/sim/api/people/{owner}/messages")
            if self._try(wish)[0] == 200:
                return

    def _say(self, wish: Wish) -> tuple[int, Any]:
        status, answer = self._try(wish)
        assert status in (200, 201), answer
        return status, answer

    def _try(self, wish: Wish) -> tuple[int, Any]:
        try:
            answer = wish.ask(self.house)
        except Gone:
            with self._heard:
                self.cut_off.append(wish)
            raise
        if answer[0] != 404:
            with self._heard:
                self._keep(wish, answer)
                self._heard.notify()
        return answer

    def _keep(self, wish: Wish, answer: tuple[int, Any]) -> None:
        self.answered.append((wish, answer))
        if "click_id" in wish.body and answer[1]["ok"]:
            lead, _, _ = wish.body["key"].removeprefix("accept:").partition("-")
            self.owners[lead] = wish.path.split("/")[4]
