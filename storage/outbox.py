"""The outbox: claim, commit, send, mark. At least once, harmless when twice.

A claimed row stays `due` with `not_before` moved to the end of its lease and `lease` counted up; who finishes
must hold the newest lease. `attempts` is counted at the claim, so that a row that kills the process is
counted too. A `refresh` row is one per lead: it is armed again while it is being worked on, by `changed`.
"""

import json
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection

from domain.clock import from_micros, to_micros
from domain.notices import ROLL_UP_FROM, ROLLED_UP, Notice, Tell
from domain.ports import HALF, UNKNOWN, Booked, Delivery
from storage import sql, tables
from storage.rows import Row, dump

LEASE_MICROS = 30_000_000
MINUTE = 60_000_000
GATHER = 10_000_000
"""Who was rung a lot just now gets the alerts of so long a stretch at its end, together."""
COLUMNS = "key, tell, person, lead_id, args, attempts, lease, changed, created_at, error, first_claim"
FIRST, THEN, LAST = 0, 1, 2  # priorities: a running SLA, true cards, everything else


def row(notice: Notice, now: datetime, when: datetime) -> Row:
    """A new notice as a row of the outbox."""
    first = notice.urgent and notice.tell is not Tell.STUCK  # nobody's clock runs while a lead waits for room
    return (
        notice.key, notice.tell.value, notice.to, notice.lead_id, dump(notice.args),
        *_fresh(FIRST if first else LAST, to_micros(when), to_micros(now)),
    )  # fmt: skip


def _fresh(priority: int, not_before: int, now: int) -> Row:
    """The columns behind `args` of what nobody has claimed yet."""
    return "due", priority, 0, not_before, 0, 0, now, None, None, None


def refresh(conn: Connection, leads: Mapping[str, int]) -> None:
    """Arm the refresh of these leads' cards; one that is being worked on will run again."""
    rows = [
        (f"refresh:{lead}", Tell.REFRESH.value, "", lead, "{}", *_fresh(THEN, at, at))
        for lead, at in leads.items()
    ]
    sql.insert_or(
        conn,
        tables.outbox,
        rows,
        "ON CONFLICT (key) DO UPDATE SET changed = outbox.changed + 1, state = 'due', "
        "attempts = CASE WHEN outbox.state = 'due' THEN outbox.attempts ELSE 0 END, "
        "created_at = CASE WHEN outbox.state = 'due' THEN outbox.created_at ELSE excluded.created_at END, "
        "not_before = CASE WHEN outbox.state = 'due' THEN outbox.not_before ELSE excluded.not_before END",
    )


class Pace:
    """At most `limit` notices to one person in any 60 seconds (GCRA: a burst of 40 % and the rest spread).

    Whatever a window of 60 s holds is at most burst + refill = limit. One number a person is kept, so the
    limit holds across restarts and instances. Nobody waits for it for more than a minute: further ahead than
    `longest` lies only what a clock that was wrong has kept, or answers beyond the limit.
    """

    def __init__(self, limit: int) -> None:
        self.burst = max(1, limit * 2 // 5)
        self.gap = MINUTE // max(1, limit - self.burst)
        self.longest = MINUTE + (self.burst - 1) * self.gap

    def next_slot(self, tat: int, now: int) -> tuple[int, int]:
        """(when it may go, the new theoretical arrival time if it goes then)."""
        start = min(max(tat, now), now + self.longest)
        may = start - (self.burst - 1) * self.gap
        return max(may, now), start + self.gap


# Each priority is named, so that the index ends at `now`: reminders wait in it for weeks.
_DUE = f"state = 'due' AND priority IN ({FIRST}, {THEN}, {LAST}) AND not_before <= ?"
_WHOSE = "CASE WHEN person = '' THEN key ELSE person END"


def claim(conn: Connection, now: datetime, limit: int, busy: Iterable[str], pace: Pace) -> Sequence[Delivery]:
    """Lease due rows, the urgent first, within each person's pace; nothing to those in `busy`, who are named
    by their id, or by the key of a notice that goes to nobody in particular."""
    instant = to_micros(now)
    if sql.is_postgres(conn):
        busy_value: Any = list(busy)
        busy_sql = f"{_WHOSE} <> ALL(?)"
    else:
        busy_value = dump(list(busy))
        busy_sql = f"{_WHOSE} NOT IN (SELECT value FROM json_each(?))"  # noqa: S608
    found = sql.query(
        conn,
        f"SELECT {COLUMNS} FROM outbox WHERE {_DUE} AND {busy_sql} "  # noqa: S608
        "ORDER BY priority, not_before LIMIT ?",
        (instant, busy_value, limit),
    )
    taken, put_off = _within_pace(conn, found, instant, pace)
    for until, keys in put_off.items():
        sql.execute_in(conn, "UPDATE outbox SET not_before = ?", (until,), "key", keys)
    sql.execute_in(
        conn,
        "UPDATE outbox SET lease = lease + 1, attempts = attempts + 1, error = NULL, not_before = ?, "
        "first_claim = coalesce(first_claim, ?)",
        (instant + LEASE_MICROS, instant),
        "key",
        [each[0] for each in taken],
    )
    return [_delivery(each, instant) for each in taken]


def _within_pace(
    conn: Connection, found: Sequence[Any], now: int, pace: Pace
) -> tuple[list[Sequence[Any]], dict[int, list[str]]]:
    """(what may go now, what waits by the instant until which it does)."""
    people = dict.fromkeys(each[2] for each in found if each[2])
    kept = dict(sql.select_in(conn, tables.pace, "person", people))
    tats = {person: min(tat, now + pace.longest) for person, tat in kept.items()}
    moved = {person: tat for person, tat in tats.items() if tat < kept[person]}
    gathering = dict.fromkeys(each[0] for each in found if _gathers(each, tats.get(each[2], 0), now, pace))
    until = (now // GATHER + 1) * GATHER
    put_off = defaultdict(list, {until: list(gathering)})
    rolled = Counter(each[2] for each in found if each[1] in ROLLED_UP and each[0] not in gathering)
    one_card: set[str] = set()
    taken = []
    for each in found:
        person = each[2]
        if each[0] in gathering:  # and what comes after it does too, or it would ring before
            tats[person] = moved[person] = max(tats[person], until + pace.gap + 1)
            continue
        if not person:
            taken.append(each)
            continue
        if person in one_card and each[1] in ROLLED_UP:
            taken.append(each)  # named on the card that takes this turn
            continue
        may, tat = pace.next_slot(tats.get(person, 0), now)
        if may > now and each[1] != Tell.REPLY:  # who asks is answered; it counts all the same
            put_off[may].append(each[0])
            continue
        if each[1] in ROLLED_UP and rolled[person] >= ROLL_UP_FROM:
            one_card.add(person)
            tat = max(tat, now + GATHER + 2 * pace.gap)  # what arises meanwhile gathers for the next one
        tats[person] = moved[person] = tat
        taken.append(each)
    sql.upsert(conn, tables.pace, list(moved.items()), ("person",))
    return taken, put_off


def _gathers(each: Sequence[Any], tat: int, now: int, pace: Pace) -> bool:
    """Whether a new alert waits for its like: after what rang singly just now; a lone one never does."""
    rung_a_lot = tat - now > pace.gap
    never_tried, arose = each[10] is None, each[8]
    return each[1] in ROLLED_UP and never_tried and rung_a_lot and arose // GATHER == now // GATHER


def _delivery(each: Sequence[Any], now: int) -> Delivery:
    key, tell, person, lead_id, args, attempts, lease, changed, created, error, first_claim = each
    return Delivery(
        key=key,
        lease=lease + 1,
        tell=Tell(tell),
        to=person,
        lead_id=lead_id,
        args=json.loads(args),
        attempts=attempts + 1,
        created_at=from_micros(created),
        changed=changed,
        in_doubt=attempts > 0 and (error is None or (bool(person) and error.startswith(UNKNOWN))),
        together=first_claim or now,
        half=HALF in (error or ""),
    )


def done(conn: Connection, deliveries: Sequence[Delivery], at: datetime) -> Booked:
    """Sent, where the lease has not passed on. A refresh that was armed again meanwhile stays due: what it
    showed is shown, and must be known to the next round."""
    names, keys = ("key", "lease", "changed", "state"), [each.key for each in deliveries]
    found = {key: rest for key, *rest in sql.select_in(conn, tables.outbox, "key", keys, names=names)}
    instant, sent, armed, overtaken = to_micros(at), [], [], set()
    for each in deliveries:
        lease, changed, state = found.get(each.key, (None, None, None))
        if lease != each.lease:
            overtaken.add(each.key)
        elif changed != each.changed:
            armed.append(each.key)
        elif state == "due":
            sent.append(each.key)
    sql.execute_in(conn, "UPDATE outbox SET not_before = ?, attempts = 0", (instant,), "key", armed)
    over = "UPDATE outbox SET state = 'sent', done_at = ?, error = NULL"
    sql.execute_in(conn, over, (instant,), "key", sent)
    return Booked(done={*sent, *armed}, overtaken=overtaken)


def again(conn: Connection, delivery: Delivery, at: datetime, why: str) -> bool:
    """Try again then; False where the lease has passed on. What was once in doubt stays so, whatever became
    of the tries after it (a refresh keeps its doubts with the copies)."""
    if delivery.in_doubt and delivery.tell is not Tell.REFRESH and not why.startswith(UNKNOWN):
        why = f"{UNKNOWN}, then {why}"
    return bool(
        sql.execute(
            conn,
            "UPDATE outbox SET not_before = ?, error = ? WHERE key = ? AND lease = ? AND state = 'due'",
            (to_micros(at), why[:500], delivery.key, delivery.lease),
        )
    )


def dead(conn: Connection, delivery: Delivery, why: str, at: datetime) -> bool:
    return bool(
        sql.execute(
            conn,
            "UPDATE outbox SET state = 'dead', done_at = ?, error = ? "
            "WHERE key = ? AND lease = ? AND state = 'due'",
            (to_micros(at), why[:500], delivery.key, delivery.lease),
        )
    )
