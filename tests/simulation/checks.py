"""What must hold when calm has returned: the invariants, judged by the truth that the platform and the people keep.

The production auditor looks first. What follows derives the same promises anew, by other means: from the facts, from
what hung on the phones, from what the people were told.
"""

import json
import re
import sqlite3
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

from bot.cards.actions import ALL, unpack
from bot.cards.model import to_json
from bot.deliver import render
from domain.clock import from_micros, to_micros
from domain.lead import Lead
from domain.notices import Tell
from domain.sla import Policy, unpack_policy
from domain.stages import Stage
from domain.usecases.leads import NUDGE_EVERY
from storage.audit import audit_database
from storage.engine import read_url
from storage.rows import LEAD_COLUMNS, lead_of
from tests.simulation.disk import _connect
from tests.simulation.ladder import Ladders
from tests.simulation.people import Asked
from tests.simulation.platform import FIXED, Message
from tests.simulation.world import World

if TYPE_CHECKING:
    from tests.simulation.run import Run

LAG = 15.0
IN_FLIGHT = 10.0
"""What was claimed before somebody acted may still arrive for so long: a timeout and a little."""
_PASSING = ("Unavailable", "OperationalError", "TimeoutError", "Conflict", "IntegrityError")


def log_watch(world: World) -> Callable[..., Any]:
    """A log processor: a line that tells of a bug is a violation."""
    import structlog

    def watch(_logger: object, _method: str, line: Any) -> Any:
        action, error = line.get("action"), str(line.get("error", ""))
        if action == "violation" and line.get("invariant") not in (5, 6):
            world.violated(f"the auditor in the program: {line}")
        bug = action in ("unit_failed", "loop_failed", "tick_failed") and not error.startswith(_PASSING)
        if bug or action == "deliver_failed":
            world.violated(f"unexplained: {line}")
        if action is not None:
            world.trace("log", action, error)
        raise structlog.DropEvent

    return watch


def on_start(world: World) -> None:
    """The program serves again."""
    world.disturb(5.0)


def leads_in(file: Path) -> int:
    line = _connect(str(file))
    try:
        return int(line.execute("SELECT count(*) FROM leads").fetchone()[0])
    finally:
        line.close()


@dataclass(slots=True, kw_only=True)
class Fact:
    """A row of the events."""

    lead: str
    no: int
    kind: str
    at: datetime
    actor: str
    cycle: int
    offer: int
    clock: str
    step: int | None
    data: dict[str, Any]


class Look:
    """A look at the database and at the phones, after the storm."""

    def __init__(self, run: "Run") -> None:
        self.run = run
        self.world, self.platform, self.people = run.world, run.platform, run.people
        self.company = run.company

    def rows(self, statement: str, *values: Any) -> list[tuple[Any, ...]]:
        line = _connect(str(self.run.file), timeout=0.0)
        try:
            return line.execute(statement, values).fetchall()
        finally:
            line.close()

    def wrong(self, what: str) -> None:
        self.world.violated(what)

    # -- when calm returns ------------------------------------------------------------------------------

    def after_a_minute(self) -> None:
        """INV-11: nothing due waits, nothing is overdue, every loop turns."""
        process = self.world.process
        if process is None or not process.ready:
            self.wrong("a minute after the storm the program does not serve")
            return
        now = to_micros(self.world.wall())
        late = self.rows(
            "SELECT key, attempts, error FROM outbox WHERE state = 'due' AND not_before < ?", now - 10_000_000
        )
        for row in late:
            self.wrong(f"INV-11 still due a minute after the storm: {row}")
        overdue = self.rows("SELECT id FROM leads WHERE next_due < ?", now - int(LAG * 1e6))
        for row in overdue:
            self.wrong(f"INV-11 overdue a minute after the storm: {row[0]}")
        assert process.service is not None
        for loop in process.service.supervisor.loops:
            age = process.loop.time() - loop.last_ok
            if age > 3 * loop.period + 1.0:
                self.wrong(f"INV-11 the loop {loop.name} stands still for {age:.0f} s")

    def quiet(self) -> bool:
        """Whether nothing waits to be told, but for reminders of another day."""
        return not self._waiting()

    def _waiting(self) -> list[tuple[Any, ...]]:
        now = to_micros(self.world.wall())
        rows = self.rows("SELECT key, attempts, error, not_before, tell FROM outbox WHERE state = 'due'")
        return [row[:4] for row in rows if row[4] != Tell.FOLLOW_UP or row[3] <= now]

    def at_the_end(self) -> None:
        self._read()
        for row in self._waiting():
            self.wrong(f"INV-11 never told: {row[:3]} not before {from_micros(row[3]) - self.world.wall()}")
        for check in (
            self._audit, self._answers, self._effects, self._accepts, self._ladders, self._told, self._copies,
            self._once, self._rings, self._born,
        ):  # fmt: skip
            try:
                check()
            except (AssertionError, KeyError, ValueError, sqlite3.Error) as error:
                self.wrong(f"{check.__name__}: {type(error).__name__}: {error}")

    def _read(self) -> None:
        policies: dict[str, Policy] = {
            name: unpack_policy(body) for name, body in self.rows("SELECT id, body FROM policies")
        }
        rows = self.rows(f"SELECT {', '.join(LEAD_COLUMNS)} FROM leads ORDER BY id")  # noqa: S608
        self.leads: dict[str, Lead] = {row[0]: lead_of(row, policies) for row in rows}
        self.facts: dict[str, list[Fact]] = defaultdict(list)
        for row in self.rows(
            "SELECT lead_id, no, kind, at, actor, cycle, offer, clock, step, data FROM events ORDER BY lead_id, no"
        ):
            self.facts[row[0]].append(
                Fact(
                    lead=row[0], no=row[1], kind=row[2], at=from_micros(row[3]), actor=row[4], cycle=row[5],
                    offer=row[6], clock=row[7], step=row[8], data=json.loads(row[9]),
                )
            )  # fmt: skip
        self.inbox: dict[str, str] = dict(self.rows("SELECT key, answer FROM inbox"))

    def every_fact(self) -> Iterator[Fact]:
        for lead in self.facts.values():
            yield from lead

    # -- the checks -------------------------------------------------------------------------------------

    def _audit(self) -> None:
        url = read_url(f"sqlite:///{self.run.file}")
        for found in audit_database(url, self.company, self.world.wall(), grace=timedelta(0)):
            self.wrong(f"INV-{found.invariant} {found.what} ({found.lead})")

    def _key(self, asked: Asked) -> str:
        return f"api:website:{asked.key}" if asked.what == "api" else asked.key

    def _answers(self) -> None:
        """INV-7 and INV-2: one answer a key, however often it was asked, and that answer is in the inbox."""
        for asked in self.people.asked:
            said = set(asked.said)
            if len(said) > 1:
                self.wrong(f"INV-7 several answers to {asked.number} ({asked.about}): {sorted(said)}")
            if asked.what != "api" and not asked.ok:
                continue  # a refusal before the use case is no effect
            if asked.answered and self._key(asked) not in self.inbox:
                self.wrong(f"INV-2 acknowledged and not kept: {asked.number} {asked.about}")

    def _done(self, verb: str) -> list[Asked]:
        """The clicks of that verb that had their effect, by the inbox."""
        return [
            asked
            for asked in self.people.asked
            if asked.what == "click"
            and asked.about.partition(":")[0] == verb
            and _said_ok(self.inbox.get(asked.key, ""))
        ]

    def _effects(self) -> None:
        """INV-2, INV-9: what was acknowledged has happened, exactly once."""
        self._nudges()
        captured = {lead for asked in self.people.asked if (lead := self._captured(asked))}
        for lead in sorted(captured - set(self.leads)):
            self.wrong(f"INV-2 {lead} was acknowledged and is not there")
        for lead in sorted(set(self.leads) - captured):
            self.wrong(f"INV-9 nobody handed in {lead}")
        self._kept_words()
        for asked in (*self._done("accept"), *self._done("grab")):
            lead = getattr(unpack(asked.about), "lead", "")
            if not any(f.kind == "accepted" and f.actor == asked.by for f in self.facts[lead]):
                self.wrong(f"INV-2 {asked.by} was told to have {lead} and never had it")

    def _nudges(self) -> None:
        """INV-7: each press rang, or came soon after one that did; no press rang twice."""
        pressed = self._done("nudge")
        rang = [fact for fact in self.every_fact() if fact.kind == "nudged"]
        if len(rang) > len(pressed):
            self.wrong(f"INV-7 {len(pressed)} nudges were answered, {len(rang)} happened")
        for asked in pressed:
            near = (abs(got - fact.at) for fact in rang if fact.actor == asked.by for got in asked.received)
            if not any(apart <= NUDGE_EVERY for apart in near):
                self.wrong(f"INV-7 {asked.by} was told that {asked.about} rang, and nothing did")

    def _captured(self, asked: Asked) -> str:
        """The lead that an answer in the inbox names as handed in."""
        answer = self.inbox.get(self._key(asked), "")
        if asked.what == "api" and answer:
            return str(json.loads(answer.split(" ", 2)[2])["id"])
        if asked.what != "api" and _said_ok(answer):  # free words and a tap may hand a lead in, too
            found = json.loads(answer)
            draft = re.match(r"(L[0-9]+) 已存草稿", found["text"])
            return str(found["lead"] or (draft[1] if draft else ""))
        return ""

    def _kept_words(self) -> None:
        """A visit is a note of its own, a part of the one just logged, or waits for the choice of its lead."""
        kept = {row[0] for row in self.rows("SELECT key FROM notes")}
        words = "\n".join(
            row[0] for row in self.rows("SELECT text FROM notes UNION ALL SELECT about FROM dialogs")
        )
        for asked in self.people.asked:
            visit = asked.what == "chat" and asked.about.startswith("见了") and asked.ok
            if visit and asked.key not in kept and asked.about not in words:
                self.wrong(f"INV-2 a visit was acknowledged and is not kept: {asked.key}")

    def _accepts(self) -> None:
        """INV-8, INV-1: every accept was a click on an offer that was live for that person, at its receipt."""
        clicks: dict[tuple[str, str, datetime], list[int]] = defaultdict(list)
        for asked in self.people.asked:
            if asked.what != "click" or asked.about.partition(":")[0] not in ("accept", "grab"):
                continue
            action: Any = unpack(asked.about)
            for at in asked.received:
                clicks[action.lead, asked.by, at].append(action.offer)
        for lead_id, facts in self.facts.items():
            self._offers(lead_id, facts, clicks)

    def _offers(
        self, lead_id: str, facts: list[Fact], clicks: dict[tuple[str, str, datetime], list[int]]
    ) -> None:
        live: Fact | None = None
        lost: dict[int, tuple[str, Fact]] = {}
        back: set[str] = set()
        team: str | None = None
        teams: dict[int, str | None] = {}
        for fact in facts:
            if fact.kind in ("assigned", "reassigned"):
                team = self.company.people[str(fact.data["to"])].team
            if fact.kind in ("reassigned", "grab_opened") and live is not None:
                lost = {live.offer: (str(live.data.get("to")), fact)}
            if fact.kind in ("assigned", "reassigned", "grab_opened"):
                live = fact
                teams[fact.offer] = team
                lost = lost if fact.kind != "assigned" else {}
            elif fact.kind == "handed_back":
                back.add(fact.actor)
            elif fact.kind == "undone" and "stage" in fact.data:  # words that are taken back move no lead
                back.discard(fact.actor)
                live = self._restored(lead_id, fact, facts)
                team = teams.get(fact.offer, team)  # and whose it was
            elif fact.kind == "accepted" and not fact.data.get("taken"):
                named = clicks.get((lead_id, fact.actor, fact.at), [])
                if not named:
                    self.wrong(
                        f"INV-8 {lead_id} accepted by {fact.actor} at {fact.at}, when no click came in"
                    )
                elif not any(self._fits(fact, live, lost, no, back, team) for no in named):
                    self.wrong(f"INV-8 {lead_id}: {fact.actor} accepted offer {named}, live was {live}")
                live = None

    def _restored(self, lead_id: str, undone: Fact, facts: list[Fact]) -> Fact | None:
        """The offer that an undo brought back."""
        if undone.data.get("stage") != "offered":
            return None
        offers = [
            f for f in facts if f.no < undone.no and f.kind in ("assigned", "reassigned", "grab_opened")
        ]
        return next((f for f in reversed(offers) if f.offer == undone.offer), None)

    def _fits(
        self,
        accept: Fact,
        live: Fact | None,
        lost: dict[int, tuple[str, Fact]],
        no: int,
        back: set[str],
        team: str | None,
    ) -> bool:
        if no in lost:
            person, ended = lost[no]
            if person == accept.actor and accept.at <= ended.at:
                return True
        if live is None or live.offer != no:
            return False
        if live.kind != "grab_opened":
            return bool(live.data.get("to") == accept.actor)
        person_ = self.company.people[accept.actor]
        return person_.role == "rep" and person_.team == team and accept.actor not in back

    def _ladders(self) -> None:
        """INV-3, INV-4, INV-5: every step fired once, in order, at its time, from the true delivery on."""
        for what in Ladders(self).wrong():
            self.wrong(what)

    def _told(self) -> None:
        """INV-3, INV-6: every fact that rings somebody has its one notice."""
        notices: Counter[tuple[str, str]] = Counter(
            (str(lead), tell) for lead, tell in self.rows("SELECT lead_id, tell FROM outbox")
        )
        wanted: Counter[tuple[str, str]] = Counter()
        for fact in self.every_fact():
            tell = _tells(fact)
            if tell:
                wanted[fact.lead, tell] += 1
        for lead in self.leads:
            for tell in ("offer", "remind", "contact_due", "alert", "nudge"):
                if notices[lead, tell] != wanted[lead, tell]:
                    self.wrong(
                        f"INV-3 {lead}: {wanted[lead, tell]} facts ring with {tell}, {notices[lead, tell]} notices"
                    )

    # -- the phones -------------------------------------------------------------------------------------

    def _shown(self) -> dict[str, dict[str, Any]]:
        found: dict[str, dict[str, Any]] = {}
        for message, lead, person, tell, state, args, handle in self.rows(
            "SELECT message, lead_id, person, tell, state, args, handle FROM shown ORDER BY message, lead_id"
        ):
            entry = found.setdefault(
                message,
                {"person": person, "tell": tell, "state": state, "args": json.loads(args), "leads": [],
                 "handle": handle},
            )  # fmt: skip
            entry["leads"].append(lead)
        return found

    def _visible(self) -> list[Message]:
        return [message for message in self.platform.messages if message.visible and message.current]

    def _lives_elsewhere(self, entry: Any, shown: Mapping[str, Any]) -> bool:
        """Whether the person has another card of that lead with something to press."""
        return any(
            message.person == entry["person"]
            and message.content.get("state") == "live"
            and entry["leads"][0] in shown.get(message.key, {"leads": ()})["leads"]
            for message in self._visible()
        )

    def _copies(self) -> None:
        """Every card that hangs on a phone says what is true, and is kept by somebody when it has buttons."""
        shown = self._shown()
        for message in self._visible():
            if "buttons" not in message.content:
                continue
            if message.key in self.platform.refused:
                continue  # the platform said that nobody sees it
            entry = shown.get(message.key)
            if entry is None:
                self._unkept(message)
                continue
            self._no_dead_offer(message)
            lead = self.leads.get(entry["leads"][0])
            viewer = self.company.people[entry["person"]]
            true = to_json(render(entry["tell"], self.leads, lead, viewer, self.company, entry["args"]))
            if message.content["state"] == "dead" and entry["state"] == "dead":
                if true["state"] == "live" and not self._lives_elsewhere(entry, shown):
                    self.wrong(
                        f"a card was left dead that is the only one: {message.key} at {message.person}"
                    )
                continue  # left as it died
            if _to_the_minute(message.content) != _to_the_minute(json.loads(json.dumps(true))):
                self.wrong(
                    f"a card lies: {message.key} at {message.person} (message {message.number}) shows "
                    f"{_brief(message.content)} and not {_brief(true)}"
                )

    def _unkept(self, message: Message) -> None:
        """A card of which the program does not know: it may have no button for a lead, unless nobody could know."""
        named = [getattr(unpack(str(button["key"])), "lead", "") for button in message.buttons]
        if any(lead not in ("", ALL) for lead in named) and not self._given_up(message):
            self.wrong(f"nobody keeps {message.key} at {message.person} true: {_brief(message.content)}")

    def _given_up(self, message: Message) -> bool:
        return bool(self.rows("SELECT 1 FROM outbox WHERE key = ? AND state = 'dead'", message.key))

    def _no_dead_offer(self, message: Message) -> None:
        for button in message.buttons:
            verb, _, rest = str(button["key"]).partition(":")
            if verb not in ("accept", "grab"):
                continue
            lead_id, _, number = rest.partition("-")
            lead = self.leads[lead_id]
            offer = lead.offer
            if lead.stage is not Stage.OFFERED or offer is None or offer.no != int(number):
                self.wrong(f"{message.key} at {message.person} offers {button['key']}, which is gone")
            elif offer.person not in (message.person, None):
                self.wrong(f"{message.key} at {message.person} offers {button['key']}, which is another's")

    def _once(self) -> None:
        """INV-6: shown once, but for calls of which nobody can know, and for codes that were used up."""
        messages: Counter[str] = Counter(message.key for message in self.platform.messages)
        for key, times in messages.items():
            tries = self.platform.attempts[key]
            if self.platform.nature == FIXED and times > 1:
                self.wrong(f"INV-6 {key} was shown {times} times")
            if times > len(tries):
                self.wrong(f"INV-6 {key} was shown {times} times in {len(tries)} calls")
        for key, (first, again) in self.platform.repeated.items():
            if self.world.calm_between(first, again):
                self.wrong(f"INV-6 {key} was sent at {first:.1f}, heard of, and sent again at {again:.1f}")
        facts = Counter(each for message, entry in self._shown().items() for each in _facts(message, entry))
        for each, times in facts.items():
            if times > 1:
                self.wrong(f"INV-6 {each} hangs on {times} cards")

    def _rings(self) -> None:
        """Nobody is rung about what they have already done."""
        acted: dict[tuple[str, str, int], float] = {}
        contacted: dict[tuple[str, str], float] = {}
        for asked in self.people.asked:
            if asked.what != "click" or not asked.ok:
                continue
            verb = asked.about.partition(":")[0]
            action: Any = unpack(asked.about)
            if verb in ("accept", "grab"):
                acted.setdefault((asked.by, action.lead, action.offer), asked.heard[0])
            elif verb == "contacted":
                contacted.setdefault((asked.by, action.lead), asked.heard[0])
        undone = {fact.lead for fact in self.every_fact() if fact.kind == "undone"}
        args = {row[0]: json.loads(row[1]) for row in self.rows("SELECT key, args FROM outbox")}
        for message in self.platform.messages:
            tell, _, rest = message.key.partition(":")
            lead = rest.partition(":")[0]
            if lead in undone or not message.visible:
                continue
            done = None
            if tell in ("offer", "grab", "remind"):
                done = acted.get((message.person, lead, int(args[message.key].get("offer", 0))))
            elif tell == "contact_due":
                done = _contact(contacted, acted, message.person, lead)
            first = self.platform.attempts[message.key][0][0]
            if done is not None and first > done + IN_FLIGHT and self.world.calm_between(done - 30.0, first):
                self.wrong(
                    f"{message.person} acted on {lead} at {done:.1f} and was rung at {first:.1f}: {message.key}"
                )

    def _born(self) -> None:
        """A card is sent for an offer that is live, where nobody can doubt that it was not shown before."""
        if self.world.jumped:
            return
        offered = {
            (fact.lead, fact.offer): (fact.at - self.world.start).total_seconds()
            for fact in self.every_fact()
            if fact.kind in ("assigned", "reassigned", "grab_opened")
        }
        for message in self.platform.messages:
            tell, _, rest = message.key.partition(":")
            if tell not in ("offer", "grab") or message.doubted or not message.visible:
                continue
            lead, offer = rest.split(":")[:2]
            first = message.history[0][1] if message.history else message.content
            keys = [str(button["key"]) for button in first.get("buttons", ())]
            live = any(key.startswith(("accept:", "grab:")) for key in keys)
            if not live and self.world.calm_between(offered[lead, int(offer)], message.shown):
                self.wrong(f"{message.key} was born dead at {message.person}: {_brief(first)}")


def _said_ok(answer: str) -> bool:
    return bool(answer) and bool(json.loads(answer)["ok"])


def _tells(fact: Fact) -> str:
    match fact.kind:
        case "assigned" | "reassigned":
            return "offer"
        case "reminded":
            return "remind" if fact.clock == "accept" else "contact_due"
        case "escalated":
            return "alert" if fact.clock and fact.data.get("to") else ""
        case "undelivered":
            return "alert"
        case "nudged":
            return "nudge"
        case _:
            return ""


def _facts(message: str, entry: dict[str, Any]) -> list[tuple[str, ...]]:
    """What a kept card tells of, so that the same on two cards shows."""
    person, tell, args = entry["person"], entry["tell"], entry["args"]
    if tell in ("offer", "grab") and not message.startswith("reply"):
        return [(person, tell, entry["leads"][0], str(args.get("offer")))]
    if tell == "alert":
        return [(person, "alert", entry["leads"][0], _about(args))]
    if tell == "rollup":
        return [(person, "alert", lead, _about(args["about"].get(lead, {}))) for lead in entry["leads"]]
    return []


def _about(args: dict[str, Any]) -> str:
    if "nth" in args:
        return f"handed back/{args['nth']}"
    if args.get("clock") == "delivery":
        return f"delivery/{args.get('cycle')}/{args.get('rep')}/{args.get('since')}"
    return f"{args.get('clock')}/{args.get('cycle')}/{args.get('level')}/{args.get('since')}"


def _to_the_minute(card: dict[str, Any]) -> dict[str, Any]:
    """Without the deadline's seconds: a delivery some milliseconds after the rendering is no lie."""
    return {**card, "deadline": str(card.get("deadline", ""))[:16]}


def _contact(
    contacted: Mapping[tuple[str, str], float],
    acted: Mapping[tuple[str, str, int], float],
    person: str,
    lead: str,
) -> float | None:
    """When this person said so; None where they accepted the lead once more since: that was another cycle's."""
    done = contacted.get((person, lead))
    if done is None or any(at > done for (who, of, _), at in acted.items() if (who, of) == (person, lead)):
        return None
    return done


def _brief(card: dict[str, Any]) -> str:
    keys = ",".join(str(button["key"]) for button in card["buttons"])
    return f"{card['title']} {card['lines'][:2]} {card['state']}[{keys}] {card.get('deadline', '')}"
