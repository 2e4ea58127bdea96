"""One round of work on the sales floor, told over HTTP: everything that a crash may interrupt happens in it.

The round is written as if nothing ever died; the house asks again where no answer came.
"""

import json
from dataclasses import dataclass, field
from typing import Any

from tests.crash.checks import accepted_by, kinds, no_step_twice
from tests.crash.house import TOKEN, House

EAST = frozenset({"zhangwei", "lilei", "hanmeimei"})
TAKES = ("accept", "grab")


@dataclass(frozen=True, slots=True, kw_only=True)
class Button:
    """A button on somebody's phone."""

    person: str
    message: str
    key: str


@dataclass(slots=True, kw_only=True)
class Round:
    """`leads` are the leads of this round, `owners` who had accepted them last, as far as was answered."""

    house: House
    number: int
    leads: list[str] = field(default_factory=list)
    owners: dict[str, str] = field(default_factory=dict)

    def work(self) -> None:
        """The whole round."""
        taken, returned = self.capture("a"), self.capture("b")
        late = self.type("c")
        self.join()
        assert self.take(taken)
        assert self.hand_back(returned)
        assert self.take(returned)
        for minutes in (3, 2, 5, 5):  # reminded, alarmed, passed on, thrown open
            self.house.advance(minutes=minutes, seconds=3)
        assert self.capture("a") == taken
        assert self.take(late)
        for lead in self.leads:
            self.contact(lead)

    # -- wishes -----------------------------------------------------------------------------------------

    def capture(self, name: str) -> str:
        """Hand in a lead with a key and the source's own id; returns the lead's id."""
        own = f"{self.number}-{name}"
        body = {
            "name": f"客户{own}",
            "company": "苏州恒远精密机械有限公司",
            "phone": f"139{self.number:05d}{ord(name):03d}",
            "need": "两条产线想上MES",
            "external_id": own,
        }
        headers = {"Idempotency-Key": own, "Authorization": f"Bearer {TOKEN}"}
        status, answer = self.house.keyed("/api/v1/leads", body, headers)
        assert status in (200, 201), answer
        return self._mine(answer["id"])

    def type(self, name: str) -> str:
        """Somebody types a lead; returns its id."""
        phone = f"138{self.number:05d}{ord(name):03d}"
        text = f"/lead 林海 宁波港城食品有限公司 厂长 {phone} 食品 想上一套MES"
        body = {"text": text, "id": f"t{self.number}-{name}"}
        status, answer = self.house.keyed("/sim/api/people/xiaolin/messages", body)
        assert status == 200, answer
        rows = self.house.rows("SELECT lead_id FROM contacts WHERE key LIKE ?", f"%{phone}")
        assert len(rows) == 1, rows
        return self._mine(rows[0][0])

    def _mine(self, lead: str) -> str:
        if lead not in self.leads:
            self.leads.append(lead)
        return lead

    def join(self) -> None:
        """Somebody whom the settings do not list opens the bot."""
        who = f"guest{self.number}"
        status, answer = self.house.ask("POST", "/sim/api/people", {"id": who, "name": "小陈"})
        assert (status, answer) == (201, {"id": f"local:{who}"})

    def take(self, lead: str) -> bool:
        """Whoever is offered the lead presses the button, until somebody has it."""
        for attempt in range(4):
            button = self.button(lead, *TAKES)
            if button and self.press(button, click=f"{lead}-take-{attempt}-{button.person}")["ok"]:
                self.owners[lead] = button.person
                return True
            self.house.advance(seconds=31)  # what a dead program was about to show is shown then
        return False

    def hand_back(self, lead: str) -> bool:
        """Who is offered the lead gives it back with a reason that sends it on."""
        assert self.press(self.shown(lead, "handback"), click=f"{lead}-ask")["ok"]
        confirm = self.shown(lead, "confirm")
        answer = self.press(confirm, click=f"{lead}-back", selected={"reason": "wrong_product"})
        return bool(answer["ok"])

    def contact(self, lead: str) -> None:
        """Its owner says that the customer was reached."""
        button = self.shown(lead, "contacted")
        assert button.person == self.owners[lead]
        assert self.press(button, click=f"{lead}-contact")["ok"]

    def press(self, button: Button, *, click: str, selected: dict[str, str] | None = None) -> dict[str, Any]:
        body = {"message_id": button.message, "key": button.key, "click_id": click}
        if selected:
            body["selected"] = selected  # type: ignore[assignment]
        status, answer = self.house.keyed(f"/sim/api/people/{button.person}/clicks", body)
        assert status == 200, answer
        found: dict[str, Any] = answer
        return found

    def shown(self, lead: str, verb: str) -> Button:
        """That button, which must be on a phone as soon as the lease of a program that died has run out."""
        for _ in range(3):
            found = self.button(lead, verb)
            if found is not None:
                return found
            self.house.advance(seconds=31)
        raise AssertionError(f"nobody is shown {verb} for {lead}: {kinds(self.house, lead)}")

    def button(self, lead: str, *verbs: str) -> Button | None:
        """The newest such button for that lead on a rep's phone; None when no phone shows one."""
        status, _ = self.house.ask("GET", "/sim/api/people/xiaolin/messages")  # waits for what is on its way
        assert status == 200
        rows = self.house.rows(
            "SELECT person, id, body FROM sim_messages WHERE type = 'card' ORDER BY seq DESC"
        )
        for person, message, body in rows:
            if lead not in body or person not in EAST & self.house.company.people.keys():
                continue
            for each in json.loads(body)["card"]["buttons"]:
                verb, _, rest = each["key"].partition(":")
                if verb in verbs and rest.removeprefix("handback:").partition("-")[0] == lead:
                    return Button(person=person, message=message, key=each["key"])
        return None

    # -- what must be true of this round ------------------------------------------------------------------

    def check(self) -> None:
        """Nothing acknowledged is lost, nothing is doubled."""
        for name in "ab":
            own = f"{self.number}-{name}"
            assert self.house.rows("SELECT count(*) FROM leads WHERE external_id = ?", own) == [(1,)]
        for lead in self.leads:
            self._check_lead(lead)

    def _check_lead(self, lead: str) -> None:
        owner = self.owners[lead]
        stored = self.house.rows("SELECT stage, owner FROM leads WHERE id = ?", lead)
        assert stored == [("contacted", owner)], f"{lead}: {stored}, {kinds(self.house, lead)}"
        assert accepted_by(self.house, lead) == [owner], kinds(self.house, lead)
        happened = kinds(self.house, lead)
        assert happened.count("captured") == happened.count("contacted") == 1
        no_step_twice(self.house, lead)
