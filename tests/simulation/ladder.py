"""The clocks, reckoned anew: from the cards that the platform showed to every step that had to fire."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from domain.sla import Do, Policy, Which
from domain.stages import Stage
from tests.simulation.setting import SHANGHAI

if TYPE_CHECKING:
    from tests.simulation.checks import Fact, Look

TOLERATED = timedelta(milliseconds=5)
BOOKED_WITHIN = 12.0
LAG = 15.0
KINDS = {Do.REMIND: "reminded", Do.ALERT: "escalated", Do.REASSIGN: "reassigned", Do.GRAB: "grab_opened"}


def open_minutes(start: datetime, span: timedelta, pause: tuple[int, int] | None) -> datetime:
    """`start` plus so much time in which the shop is open: always, but for one daily pause (minutes of the day)."""
    if pause is None:
        return start + span
    at = start.astimezone(SHANGHAI)
    left = span
    while True:
        midnight = at.replace(hour=0, minute=0, second=0, microsecond=0)
        closes, opens = (midnight + timedelta(minutes=each) for each in pause)
        if at < closes:
            if at + left <= closes:
                return at + left
            left -= closes - at
            at = opens
        elif at < opens:
            at = opens
        else:
            tomorrow = closes + timedelta(days=1)
            if at + left <= tomorrow:
                return at + left
            left -= tomorrow - at
            at = opens + timedelta(days=1)


class Ladders:
    """See the module. Judged by the wall clock where it was right, and only what nothing disturbed."""

    def __init__(self, look: "Look") -> None:
        self.look = look
        self.world = look.world
        self.pause = (602, 604) if look.run.lunch else None
        self.shown: dict[tuple[str, int], datetime] = {}
        for message in look.platform.messages:
            tell, *parts = message.key.split(":")
            if tell in ("offer", "grab"):
                key = (parts[0], int(parts[1]))
                self.shown[key] = min(message.wall, self.shown.get(key, message.wall))

    def due(self, started: datetime, after: timedelta) -> datetime:
        return open_minutes(started, after, self.pause)

    def wrong(self) -> Iterator[str]:
        for lead_id, facts in self.look.facts.items():
            yield from self._lead(lead_id, facts)

    def _lead(self, lead_id: str, facts: "list[Fact]") -> Iterator[str]:
        cycles = sorted({fact.cycle for fact in facts if fact.cycle})
        for cycle in cycles:
            yield from self._cycle(lead_id, cycle, [fact for fact in facts if fact.cycle == cycle])
        yield from self._contact(lead_id, facts)

    def _at(self, instant: datetime) -> float:
        return (instant - self.world.start).total_seconds()

    def _cycle(self, lead_id: str, cycle: int, facts: "list[Fact]") -> Iterator[str]:
        policy: Policy = self.look.company.policy
        name = f"{lead_id} cycle {cycle}"
        started = next((fact for fact in facts if fact.kind == "delivered"), None)
        steps = [fact for fact in facts if fact.clock == "accept" and fact.step and fact.kind != "breached"]
        breached = [
            fact for fact in facts if fact.kind == "breached" and fact.clock == "accept" and fact.step == 0
        ]
        if started is None:
            if steps or breached:
                yield f"INV-3 {name}: its clock ran before its card was delivered"
            return
        yield from self._start(name, lead_id, started)
        if [fact.step for fact in steps] != list(range(1, len(steps) + 1)):
            yield f"INV-5 {name}: the steps {[fact.step for fact in steps]} are not one after the other"
        for fact in steps:
            undone = [each.at for each in facts if each.kind == "undone" and each.no < fact.no]
            yield from self._step(name, started, fact, policy, undone[-1] if undone else started.at)
        if len(breached) > 1:
            yield f"INV-3 {name}: breached {len(breached)} times"
        within = self.due(started.at, policy.within)
        for fact in breached:
            if abs(datetime.fromisoformat(str(fact.data["due"])) - within) > TOLERATED:
                yield f"INV-5 {name}: breached at {fact.data['due']}, promised by {within}"
        if len(steps) >= 2 and not breached:
            yield f"INV-3 {name}: escalated without a breach"
        yield from self._complete(name, lead_id, cycle, started, steps, policy)

    def _start(self, name: str, lead_id: str, started: "Fact") -> Iterator[str]:
        """The clock starts when the card was shown: not before, and not much later."""
        shown = self.shown.get((lead_id, started.offer))
        if shown is None:
            yield f"INV-3 {name}: delivered, and never shown"
            return
        if self.world.jumped:
            return
        waited = (started.at - shown).total_seconds()
        if waited < -0.000_01:
            yield f"INV-5 {name}: its clock started {-waited:.3f} s before its card was shown"
        quiet = self.world.calm_between(self._at(shown), self._at(started.at))
        if waited > BOOKED_WITHIN and quiet and not self._tried_again(lead_id, started.offer):
            yield f"INV-5 {name}: its clock started {waited:.1f} s after its card was shown"

    def _tried_again(self, lead_id: str, offer: int) -> bool:
        tries = self.look.platform.attempts
        return any(
            len(each) > 1
            for key, each in tries.items()
            if key.startswith((f"offer:{lead_id}:{offer}:", f"grab:{lead_id}:{offer}:"))
        )

    def _step(
        self, name: str, started: "Fact", fact: "Fact", policy: Policy, since: datetime
    ) -> Iterator[str]:
        """`since` = when the clock was last let go: one that an undo restores has run on meanwhile."""
        assert fact.step is not None
        step = policy.step(Which.ACCEPT, fact.step - 1, "default")
        if KINDS[step.do] != fact.kind and fact.data.get("level") != "reassign":
            yield f"INV-5 {name}: step {fact.step} was {fact.kind}, and should be {step.do}"
        due = self.due(started.at, step.after)
        if fact.at < due - TOLERATED:
            yield f"INV-5 {name}: step {fact.step} came {(due - fact.at).total_seconds():.3f} s early"
        due = max(due, since)
        late = (fact.at - due).total_seconds()
        if (
            late > LAG
            and not self.world.jumped
            and self.world.calm_between(self._at(due), self._at(due) + LAG)
        ):
            yield f"INV-5 {name}: step {fact.step} came {late:.1f} s late"

    def _complete(
        self, name: str, lead_id: str, cycle: int, started: "Fact", steps: "list[Fact]", policy: Policy
    ) -> Iterator[str]:
        """What is still offered at the end has fired all that was due."""
        lead = self.look.leads[lead_id]
        if lead.stage is not Stage.OFFERED or lead.cycle is None or lead.cycle.no != cycle:
            return
        now = self.world.wall() - timedelta(seconds=LAG)
        due = [step for step in policy.ladder if self.due(started.at, step.after) <= now]
        if len(steps) < len(due):
            yield f"INV-5 {name}: {len(due)} steps were due at the end, {len(steps)} fired"

    def _contact(self, lead_id: str, facts: "list[Fact]") -> Iterator[str]:
        """The contact clock runs from the accept, or from the end of an outage."""
        policy: Policy = self.look.company.policy
        since: datetime | None = None
        ladder = sorted((0.75, 1.0, 2.0))
        fired = 0
        for fact in facts:
            if fact.kind == "accepted" or (fact.kind == "resumed" and fact.data.get("cause")):
                since, fired = fact.at, 0
            elif fact.kind == "undone":
                since = None  # an older clock may run again
            elif fact.clock == "contact" and fact.step and since is not None:
                share = ladder[fired] if fired < len(ladder) else None
                fired += 1
                if share is None:
                    continue
                due = self.due(since, policy.contact_default * share)
                if fact.at < due - TOLERATED:
                    yield f"INV-5 {lead_id}: contact step {fired} came {(due - fact.at).total_seconds():.3f} s early"
                late = (fact.at - due).total_seconds()
                if (
                    late > LAG
                    and not self.world.jumped
                    and self.world.calm_between(self._at(due), self._at(due) + LAG)
                ):
                    yield f"INV-5 {lead_id}: contact step {fired} came {late:.1f} s late"
        lead = self.look.leads[lead_id]
        if lead.stage is Stage.ACCEPTED and since is not None:
            now = self.world.wall() - timedelta(seconds=LAG)
            wanted = sum(1 for share in ladder if self.due(since, policy.contact_default * share) <= now)
            if fired < wanted:
                yield f"INV-5 {lead_id}: {wanted} contact steps were due at the end, {fired} fired"
