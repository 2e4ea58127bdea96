"""A little company, a few leads, and every card they give rise to: by name, in either language.

The leads go through the real verbs, so a golden card shows a state that can happen.
"""

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from bot.cards.build import build
from bot.cards.capture import draft_card, pool_card, submitted_card
from bot.cards.erasing import erase_card, erased_card
from bot.cards.handback import handback_card
from bot.cards.model import Card
from bot.cards.notes import nobody_card, note_card, trend_card, which_card
from bot.cards.rollup import rollup_card
from bot.cards.typo import typo_card
from domain.calendar import Hours, Mode, WorkingCalendar
from domain.events import Kind
from domain.facts import Facts
from domain.judging import CHAT
from domain.lead import Customer, Lead, Origin
from domain.notices import Tell
from domain.people import Company, Person, Role, Team
from domain.reasons import REASONS
from domain.sla import Policy, Which

ZONE = ZoneInfo("Asia/Shanghai")
START = datetime(2026, 1, 5, 2, 30, tzinfo=UTC)
"""Monday, 10:30 on the wall."""
POLICY = Policy()
PHONE = "+8613812345678"
UNDO_UNTIL = (START + timedelta(minutes=5)).isoformat()

CALENDAR = WorkingCalendar(
    mode=Mode.BUSINESS,
    hours=Hours.parse(["09:00-12:00", "13:30-18:00"]),
    zone=ZONE,
    holidays={},
    makeup={},
    announced_years=frozenset({2026}),
)

_PEOPLE = (
    Person(id="lilei", name="李雷", role=Role.REP, team="east"),
    Person(id="hanmeimei", name="韩梅梅", role=Role.REP, team="east"),
    Person(id="linxia", name="林夏", role=Role.REP, team="south"),
    Person(id="wangfang", name="王芳", role=Role.MANAGER, team="east"),
    Person(id="zhaogang", name="赵刚", role=Role.DIRECTOR, team="sales"),
    Person(id="zhouning", name="周宁", role=Role.MARKETER),
    Person(id="sunqi", name="孙琪", role=Role.EXPERT),
    Person(id="chenjie", name="陈洁", role=Role.EMPLOYEE),
    Person(id="wulin", name="吴琳", role=Role.ADMIN),
)

COMPANY = Company(
    people={person.id: person for person in _PEOPLE},
    teams={
        "sales": Team(id="sales", name="销售部", manager="zhaogang"),
        "east": Team(id="east", name="华东", manager="wangfang", parent="sales"),
        "south": Team(id="south", name="华南", parent="sales"),
    },
    calendar=CALENDAR,
    policy=POLICY,
    zone=ZONE,
)

CUSTOMER = Customer(
    name="张伟",
    company="博达智能",
    title="采购经理",
    phone=PHONE,
    industry="智能制造",
    region="上海",
    product="MES",
    need="想上MES，下月立项，先看演示",
    amount_min=500_000,
    amount_max=800_000,
)


def person(name: str, lang: str = "zh") -> Person:
    """A member of the company who reads that language."""
    return replace(COMPANY.people[name], lang=lang)


def at(minutes: float) -> datetime:
    """So many minutes after 10:30."""
    return START + timedelta(minutes=minutes)


def captured(number: int = 12, customer: Customer = CUSTOMER, *, draft: bool = False) -> Lead:
    origin = Origin(channel="chat", source="chat", by="chenjie")
    return Lead.captured(f"L{number}", customer=customer, origin=origin, draft=draft, now=at(0))


def offered(
    number: int = 12, customer: Customer = CUSTOMER, *, to: str = "lilei", delivered: bool = True
) -> Lead:
    lead = captured(number, customer)
    lead.offer_to(to, team="east", policy=POLICY, why="turn", now=at(0))
    if delivered:
        lead.delivered(lead.offers, at=at(0))
    return lead


def climbed(lead: Lead, *, minutes: float) -> Lead:
    """Its accept clock fired what is due by then; reassign goes to 韩梅梅, grab to the team."""
    assert lead.cycle is not None
    assert lead.cycle.started_at is not None
    while (step := lead.step(Which.ACCEPT)).after <= timedelta(minutes=minutes):
        due = lead.cycle.started_at + step.after
        number = lead.fire(Which.ACCEPT, due=due)
        if step.do == "reassign":
            lead.reassign_to("hanmeimei", why="turn", due=due, step=number, now=due)
            lead.delivered(lead.offers, at=due)
        elif step.do == "grab":
            lead.open_grab(due=due, step=number, now=due)
            lead.delivered(lead.offers, at=due)
    return lead


def accepted(by: str = "lilei", *, after: float = 2) -> Lead:
    lead = offered(to=by)
    lead.accept(by, lead.offers, member=True, at=at(after))
    return lead


def contacted() -> Lead:
    lead = accepted()
    lead.contact("lilei", evidence="declared", at=at(20))
    return lead


def idle() -> Lead:
    """Accepted, then nothing for longer than the four hours promised."""
    lead = accepted()
    assert lead.contact_from is not None
    for _ in range(2):
        step = lead.step(Which.CONTACT)
        lead.fire(Which.CONTACT, due=CALENDAR.add(lead.contact_from, step.after))
    return lead


def helped() -> Lead:
    """Accepted, and somebody was asked to help."""
    lead = accepted()
    lead.ask_help("sunqi", by="lilei", reason="too_technical", at=at(5))
    return lead


def handed_back(reason: str = "wrong_region", *, limit: int = 3) -> Lead:
    lead = accepted()
    lead.hand_back("lilei", REASONS[reason], limit=limit, revisit=at(43_200), at=at(9))
    return lead


def withdrawn() -> Lead:
    lead = offered()
    lead.withdraw(by="chenjie", reason="withdrawn", now=at(1))
    return lead


def erased() -> Lead:
    lead = accepted()
    lead.erase(by="wulin", now=at(9))
    return lead


def parked() -> Lead:
    lead = captured()
    lead.team, lead.stuck_at = "east", at(0)
    lead.park(why="full", until=at(1), now=at(0))
    return lead


def released() -> Lead:
    lead = offered()
    lead.release(why=Kind.OWNER_LEFT, by="system", now=at(1))
    return lead


def pooled(number: int) -> Lead:
    lead = offered(number)
    lead.accept("hanmeimei" if number == 0 else "lilei", 1, member=True, at=at(1))
    lead.hand_back("lilei", REASONS["unreachable"], limit=3, revisit=None, at=at(2))
    return lead


ACCEPT: Mapping[str, object] = {"clock": "accept", "level": "manager", "rep": "lilei", "cycle": 1}
CONTACT: Mapping[str, object] = {**ACCEPT, "clock": "contact"}
DELIVERY: Mapping[str, object] = {"clock": "delivery", "rep": "lilei", "cycle": 1}


def _at_rep(make: Callable[[], Lead], who: str = "lilei", tell: Tell = Tell.OFFER, **args: object) -> "Case":
    about = {"offer": 1, "why": "turn", **args}
    return lambda lang: build(tell, make(), person(who, lang), COMPANY, about)


def _told(tell: Tell, who: str, make: Callable[[], Lead] | None, **args: object) -> "Case":
    return lambda lang: build(tell, make() if make else None, person(who, lang), COMPANY, args)


READ = Facts(
    due=at(60 * 50), exact=True, words="带方案去演示", amount_min=500_000, amount_max=800_000, role="budget",
    competitor="用友", intent="positive", activity="call", stage="proposal", evidence="call_note",
)  # fmt: skip
TYPED = ("王总", "见了张总", "已加微信", "[语音]", "新能源行业很火", READ.words, READ.competitor, "送样品")
"""What a person typed in these cases, beside the customer's own data and SPOKEN."""
SPOKEN = "电话打通了，有意向，预算50-80万，竞品是用友，周三下午带方案去演示"


def _note(**args: object) -> "Case":
    about = {
        "no": 5, "kind": "note", "facts": READ.pack(), "words": SPOKEN, "state": "open",
        "undo": UNDO_UNTIL, **args,
    }  # fmt: skip
    return lambda lang: note_card(accepted(), person("lilei", lang), COMPANY, about)


def _follow_up(make: Callable[[], Lead], **args: object) -> "Case":
    about = {"no": 7, "words": READ.words, "due": at(60 * 50).isoformat(), **args}
    return _told(Tell.FOLLOW_UP, "lilei", make, **about)


def _typed(build_one: Callable[[Person, Mapping[str, object]], Card], **args: object) -> "Case":
    return lambda lang: build_one(person("lilei", lang), args)


def _which(lang: str, **args: object) -> Card:
    others = (accepted(), offered(13, replace(CUSTOMER, name="刘洋")))
    return which_card(others, person("lilei", lang), {"words": SPOKEN, "no": 7, **args})


def _asks(lang: str) -> Card:
    """At who handed it in by chat: the first question that nobody has answered."""
    lead = offered()
    lead.origin = Origin(channel=CHAT, source=CHAT, by="chenjie")
    return submitted_card(lead, person("chenjie", lang), COMPANY, {"undo": UNDO_UNTIL, "decisions": 0})


def _in_trouble(lang: str) -> Card:
    items = [
        (climbed(offered(12), minutes=5), ACCEPT),
        (climbed(offered(13, replace(CUSTOMER, name="刘洋")), minutes=16), ACCEPT),
        (accepted(after=6), CONTACT),
    ]
    items[2][0].id = "L14"
    return rollup_card([*items[:2], (items[2][0], ACCEPT)], person("wangfang", lang), COMPANY)


def _many(lang: str) -> Card:
    leads = [climbed(offered(number), minutes=5) for number in range(1, 14)]
    return rollup_card([(lead, ACCEPT) for lead in leads], person("zhaogang", lang), COMPANY)


def _all_solved(lang: str) -> Card:
    items = [(accepted(), ACCEPT), (withdrawn(), ACCEPT)]
    items[1][0].id = "L13"
    return rollup_card(items, person("wangfang", lang), COMPANY)


def _pool(lang: str) -> Card:
    leads = [pooled(12), pooled(13), pooled(14)]
    leads[1].take("hanmeimei", policy=POLICY, at=at(30))
    return pool_card(leads, person("hanmeimei", lang), COMPANY)


Case = Callable[[str], Card]

CASES: Mapping[str, Case] = {
    "offer_live": _at_rep(offered),
    "offer_not_yet_delivered": _at_rep(lambda: offered(delivered=False)),
    "offer_overdue": _at_rep(lambda: climbed(offered(), minutes=5)),
    "offer_second_rep": _at_rep(lambda: climbed(offered(), minutes=10), "hanmeimei", offer=2),
    "offer_remind": _at_rep(lambda: climbed(offered(), minutes=3), tell=Tell.REMIND),
    "offer_nudged": _told(Tell.NUDGE, "lilei", lambda: climbed(offered(), minutes=5), by="wangfang"),
    "offer_accepted": _at_rep(accepted),
    "offer_accepted_and_idle": _at_rep(idle),
    "offer_accepted_and_helped": _at_rep(helped),
    "offer_contact_due": _at_rep(accepted, tell=Tell.CONTACT_DUE),
    "offer_contacted": _at_rep(contacted),
    "offer_taken_by_other": _at_rep(lambda: accepted("hanmeimei")),
    "offer_passed_on": _at_rep(lambda: climbed(offered(), minutes=10)),
    "offer_lapsed_into_grab": _at_rep(lambda: climbed(offered(), minutes=15)),
    "offer_handed_back": _at_rep(handed_back),
    "offer_closed_by_other": _at_rep(lambda: handed_back("bad_number"), "hanmeimei"),
    "offer_withdrawn": _at_rep(withdrawn),
    "offer_taken_back": _at_rep(released),
    "grab_live": _at_rep(lambda: climbed(offered(), minutes=15), "hanmeimei", Tell.GRAB, offer=3),
    "handback_reasons": lambda lang: handback_card(accepted(), person("lilei", lang), COMPANY, {}),
    "handback_over": lambda lang: handback_card(handed_back(), person("lilei", lang), COMPANY, {}),
    "handback_asked": lambda lang: handback_card(
        helped(), person("lilei", lang), COMPANY, {"state": "asked"}
    ),
    "alert_accept": _told(Tell.ALERT, "wangfang", lambda: climbed(offered(), minutes=5), **ACCEPT),
    "alert_accept_in_grab": _told(Tell.ALERT, "zhaogang", lambda: climbed(offered(), minutes=30), **ACCEPT),
    "alert_accept_solved": _told(Tell.ALERT, "wangfang", lambda: accepted("hanmeimei"), **ACCEPT),
    "alert_contact": _told(Tell.ALERT, "wangfang", idle, **CONTACT),
    "alert_contact_solved": _told(Tell.ALERT, "wangfang", contacted, **CONTACT),
    "alert_delivery": _told(Tell.ALERT, "wangfang", lambda: offered(delivered=False), **DELIVERY),
    "alert_delivery_solved": _told(Tell.ALERT, "wangfang", offered, **DELIVERY),
    "stuck_full": _told(Tell.STUCK, "wangfang", parked, why="full"),
    "stuck_returned": _told(Tell.STUCK, "wangfang", lambda: handed_back(limit=1), why="returned", by="lilei",
        reason="wrong_region", nth=1),
    "stuck_solved": _told(Tell.STUCK, "wangfang", offered, why="full"),
    "rollup": _in_trouble,
    "rollup_many": _many,
    "rollup_solved": _all_solved,
    "outcome_accepted": _told(Tell.OUTCOME, "chenjie", accepted, what="accepted", by="lilei"),
    "outcome_invalid": _told(
        Tell.OUTCOME, "chenjie", lambda: handed_back("bad_number"), what="invalid", by="lilei"
    ),
    "off_duty": _told(Tell.OFF_DUTY, "lilei", None, lapses=3),
    "off_duty_of_a_rep": _told(Tell.OFF_DUTY, "wangfang", None, lapses=3, person="lilei"),
    "off_duty_back": _told(Tell.OFF_DUTY, "lilei", None, lapses=3, back=True),
    "help": _told(Tell.HELP, "sunqi", helped, by="lilei", reason="too_technical"),
    "help_over": _told(Tell.HELP, "sunqi", handed_back, by="lilei", reason="too_technical"),
    "revisit_returned": _told(Tell.REVISIT, "zhouning", lambda: handed_back("not_yet"), what="returned"),
    "revisit_due": _told(Tell.REVISIT, "wangfang", lambda: handed_back("not_yet"), what="due"),
    "revisit_over": _told(Tell.REVISIT, "wangfang", offered, what="due"),
    "gap": _told(
        Tell.GAP, "wangfang", None,
        **{"from": "2026-01-05T10:02:00+08:00", "to": "2026-01-05T10:31:00+08:00", "count": 12},
    ),
    "dead": _told(Tell.DEAD, "wulin", None, about="offer", to="lilei", lead="L12", why="60111"),
    "left": _told(Tell.LEFT, "wangfang", None, name="李雷", count=12, leads="L3 L7 L12"),
    "left_some_wait": _told(
        Tell.LEFT, "wangfang", None, name="李雷", count=3, waits=2, leads="L3 L7 L12"
    ),
    "calendar": _told(Tell.CALENDAR, "wulin", None, year=2027),
    "submitted": lambda lang: submitted_card(
        offered(), person("chenjie", lang), COMPANY, {"undo": UNDO_UNTIL, "decisions": 0}
    ),
    "submitted_settled": lambda lang: submitted_card(accepted(), person("chenjie", lang), COMPANY, {}),
    "draft": lambda lang: draft_card(
        captured(customer=replace(CUSTOMER, industry=None, extra={"guessed": "company,need"}), draft=True),
        person("chenjie", lang), COMPANY, {},
    ),
    "submitted_asks": _asks,
    "erase": lambda lang: erase_card(accepted(), person("wulin", lang)),
    "erased": lambda lang: erased_card(erased(), person("lilei", lang)),
    "note": _note(),
    "note_nothing_read": _note(facts="{}", words=TYPED[2]),
    "note_replaces": _note(was=TYPED[7], was_due=at(60 * 26).isoformat()),
    "note_taken": _note(state="taken", was=TYPED[7], was_due=at(60 * 26).isoformat()),
    "note_taken_back": _note(state="dropped"),
    "note_visit": _note(kind="visit", facts=Facts(activity="visit").pack(), words=TYPED[1]),
    "note_voice": _note(facts="{}", words=TYPED[3], voice="due"),
    "which_lead": _which,
    "which_lead_chosen": lambda lang: _which(lang, state="chosen"),
    "nobodys_lead": _typed(nobody_card, no=7, name=TYPED[0], words=SPOKEN),
    "trend": _typed(trend_card, no=7, words=TYPED[4]),
    "typo": _typed(typo_card, command="/visit", name="vist"),
    "follow_up": _follow_up(accepted),
    "follow_up_done": _follow_up(accepted, state="done"),
    "follow_up_overtaken": _follow_up(lambda: accepted("hanmeimei")),
    "handed_back": _told(
        Tell.HANDED_BACK, "wangfang", lambda: handed_back("wrong_region"), by="lilei", reason="wrong_region",
        nth=1, stage="offered", owner="hanmeimei",
    ),
    "colleague": _told(Tell.COLLEAGUE, "lilei", accepted, by="hanmeimei", kind="visit"),
    "pool": _pool,
}  # fmt: skip
"""By the name of their golden file."""
