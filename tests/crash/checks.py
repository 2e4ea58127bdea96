"""What must hold after a death and a restart, over and above the auditor's list."""

import json
import re
from collections import Counter
from datetime import timedelta
from typing import Any

from bot.cards.actions import ALL, BadAction, unpack
from bot.cards.model import to_json
from bot.deliver import render
from domain.clock import from_micros
from domain.events import Kind
from domain.lead import Lead
from domain.people import Company
from domain.sla import unpack_policy
from storage.audit import audit_database
from storage.engine import read_url
from storage.rows import LEAD_COLUMNS, lead_of
from storage.store import PG_GRACE_SECONDS
from tests.crash.house import House

Card = dict[str, Any]


def drain(house: House) -> None:
    """Let every lease, back-off and night run out; then nothing may be left to deliver."""
    house.advance(seconds=61)
    for _ in range(6):
        house.until("the outbox drains", house.nothing_due)
        coming = house.rows("SELECT min(not_before) FROM outbox WHERE state = 'due'")[0][0]
        if coming is None:
            return
        house.advance(seconds=1 + (from_micros(coming) - house.now()).total_seconds())
    left = house.rows("SELECT key, attempts, not_before, error FROM outbox WHERE state = 'due'")
    raise AssertionError(f"still waiting: {left}")


MOST_LOOKS = 5


def check(house: House) -> None:
    """The outbox drains, the auditor finds nothing, and every phone shows the truth once.

    The program goes on meanwhile: where a clock fell due or a card was drawn during the look, phones and facts
    are of different instants, and it is looked again. What is wrong for good is wrong then, too.
    """
    for look in range(1, MOST_LOOKS + 1):
        drain(house)
        before = _standing(house)
        try:
            _look(house)
        except AssertionError as error:
            still = before[0] == 0 and _standing(house) == before
            if still or look == MOST_LOOKS:
                for lead in sorted(set(re.findall(r"\bL[0-9]+", str(error)[:200]))):
                    error.add_note(_story(house, lead))
                raise
        else:
            return


def _story(house: House, lead: str) -> str:
    """What is kept of a lead: its facts, its cards, its notices."""
    told: list[object] = []
    for statement in (
        "SELECT no, kind, at, actor, offer, clock, step FROM events WHERE lead_id = ? ORDER BY no",
        "SELECT message, handle, tell, state, digest, args FROM shown WHERE lead_id = ? ORDER BY message",
        "SELECT key, state, attempts, lease, changed, not_before, created_at, done_at, first_claim, error "
        "FROM outbox WHERE lead_id = ? ORDER BY created_at",
    ):
        told += [statement, *house.rows(statement, lead)]
    return "\n".join(map(str, told))


def _standing(house: House) -> tuple[int, ...]:
    """(what waits or is under way, and what changes with every notice, fact and card)."""
    (found,) = house.rows(
        "SELECT (SELECT count(*) FROM outbox WHERE state = 'due'), (SELECT count(*) FROM outbox), "
        "(SELECT count(*) FROM events), (SELECT max(changed) FROM sim_messages)"
    )
    return found


def _look(house: House) -> None:
    assert house.rows("SELECT key, error FROM outbox WHERE state = 'dead'") == []
    company = house.company
    grace = timedelta(seconds=0 if house.url.startswith("sqlite") else PG_GRACE_SECONDS)
    assert audit_database(read_url(house.url), company, house.now(), grace=grace) == []
    shown = _shown(house)
    leads = _leads(house)
    phones = {person: _cards(house, person) for person in company.people}
    _each_once(shown)
    for person, cards in phones.items():
        for message, card in cards.items():
            _no_dead_offer(person, message, card, leads)
            _is_kept(message, card, shown)
    _tell_the_truth(shown, phones, leads, company)


def same_answers(house: House) -> None:
    """Whoever asks again with the same key hears what they heard."""
    for each in house.asked:
        again = house.ask(each.method, each.path, each.body, each.headers)
        assert again == each.answer, f"{each.path} {each.body}: {again} after {each.answer}"


def kinds(house: House, lead_id: str) -> list[str]:
    return [row[0] for row in house.rows("SELECT kind FROM events WHERE lead_id = ? ORDER BY no", lead_id)]


def accepted_by(house: House, lead_id: str) -> list[str]:
    """Who accepted it, in order."""
    return [
        row[0]
        for row in house.rows(
            "SELECT actor FROM events WHERE lead_id = ? AND kind = ? ORDER BY no",
            lead_id,
            Kind.ACCEPTED.value,
        )
    ]


def no_step_twice(house: House, lead_id: str) -> None:
    steps = house.rows(
        "SELECT cycle, clock, step FROM events WHERE lead_id = ? AND step IS NOT NULL AND kind <> 'breached'",
        lead_id,
    )
    assert len(steps) == len(set(steps)), steps


def _leads(house: House) -> dict[str, Lead]:
    policies = {name: unpack_policy(body) for name, body in house.rows("SELECT id, body FROM policies")}
    rows = house.rows(f"SELECT {', '.join(LEAD_COLUMNS)} FROM leads")  # noqa: S608
    return {row[0]: lead_of(row, policies) for row in rows}


def _shown(house: House) -> dict[str, dict[str, Any]]:
    """What the program believes to have shown, by message."""
    found: dict[str, dict[str, Any]] = {}
    for message, lead, person, tell, state, args in house.rows(
        "SELECT handle, lead_id, person, tell, state, args FROM shown"
    ):
        entry = found.setdefault(
            message,
            {"person": person, "tell": tell, "state": state, "args": json.loads(args), "leads": []},
        )
        if lead not in entry["leads"]:  # one message may be kept twice, where two instances showed it
            entry["leads"].append(lead)
    return found


def _cards(house: House, person: str) -> dict[str, Card]:
    status, messages = house.ask("GET", f"/sim/api/people/{person}/messages")
    assert status == 200
    return {each["id"]: each["card"] for each in messages if each["type"] == "card"}


def _each_once(shown: dict[str, dict[str, Any]]) -> None:
    """Nobody is shown the same offer, reminder or alert on two cards."""
    seen: Counter[tuple[str, ...]] = Counter()
    for entry in shown.values():
        for fact in _facts(entry):
            seen[fact] += 1
    assert [fact for fact, times in seen.items() if times > 1] == []


def _facts(entry: dict[str, Any]) -> list[tuple[str, ...]]:
    person, tell, args = entry["person"], entry["tell"], entry["args"]
    if tell in ("offer", "grab"):
        return [(person, tell, entry["leads"][0], str(args["offer"]))]
    if tell == "alert":
        return [(person, "alert", entry["leads"][0], _about(args))]
    if tell == "rollup":
        return [(person, "alert", lead, _about(args["about"][lead])) for lead in entry["leads"]]
    return []


def _about(args: dict[str, Any]) -> str:
    return f"{args.get('clock')}/{args.get('cycle')}/{args.get('level')}/{args.get('since')}"


def _no_dead_offer(person: str, message: str, card: Card, leads: dict[str, Lead]) -> None:
    """A button that takes a lead is there only while the lead can be taken with it."""
    for button in card["buttons"]:
        verb, _, rest = button["key"].partition(":")
        if verb not in ("accept", "grab"):
            continue
        lead_id, _, number = rest.partition("-")
        offer = leads[lead_id].offer
        live = leads[lead_id].stage == "offered" and offer is not None and offer.no == int(number)
        mine = offer is not None and offer.person in (person, None)
        assert live, f"{person}'s card {message} offers {button['key']}, which is gone"
        assert mine, f"{person}'s card {message} offers {button['key']}, which is somebody else's"


def _is_kept(message: str, card: Card, shown: dict[str, dict[str, Any]]) -> None:
    """A card with a button for a lead is one that the program knows of and will keep true."""
    for button in card["buttons"]:
        try:
            lead = getattr(unpack(button["key"]), "lead", "")
        except BadAction:
            raise AssertionError(f"{message} has the button {button['key']}") from None
        assert message in shown or lead in ("", ALL), f"nobody keeps {message} true ({button['key']})"


def _tell_the_truth(
    shown: dict[str, dict[str, Any]],
    phones: dict[str, dict[str, Card]],
    leads: dict[str, Lead],
    company: Company,
) -> None:
    """Every card on every phone that is not dead is what would be shown now."""
    for message, entry in shown.items():
        card = phones.get(entry["person"], {}).get(message)
        if card is None or card["state"] == entry["state"] == "dead":
            continue  # scrolled out of the part of the chat that is shown, or left as it died
        lead = leads[entry["leads"][0]]
        true = to_json(
            render(entry["tell"], leads, lead, company.people[entry["person"]], company, entry["args"])
        )
        assert _to_the_minute(card) == _to_the_minute(true), (
            f"{entry['person']}'s {message} is out of date:\n{card}\nand not\n{true}"
        )


def _to_the_minute(card: Card) -> Card:
    """Without the deadline's seconds: a delivery some milliseconds after the rendering is no lie."""
    return {**card, "deadline": str(card.get("deadline", ""))[:16]}
