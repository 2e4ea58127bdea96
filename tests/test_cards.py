"""What a card shows and offers: only what is true for this person, now, and safe for any customer's name."""

import json
import os
import re
import unicodedata
from collections.abc import Callable, Mapping
from dataclasses import fields, replace
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.cards import model
from bot.cards.actions import (
    COMMANDS,
    VERBS,
    Accept,
    Action,
    Assign,
    BadAction,
    Cancel,
    Choose,
    Confirm,
    Contacted,
    Edit,
    Grab,
    HandBack,
    Nudge,
    Run,
    Take,
    Undo,
    Visit,
    pack,
    unpack,
)
from bot.cards.build import NoCard, build
from bot.cards.capture import draft_card, pool_card, submitted_card
from bot.cards.erasing import erase_card
from bot.cards.handback import handback_card
from bot.cards.lead import lead_card
from bot.cards.model import Card, CardState, digest, fit, to_json
from bot.cards.notes import note_card, which_card
from bot.cards.rollup import rollup_card
from bot.handlers.team import due_words
from domain.calendar import Hours, Mode, WorkingCalendar
from domain.events import Kind
from domain.lead import Customer, Lead, Origin
from domain.notices import Tell
from domain.people import Person, Role
from domain.reasons import REASONS
from domain.sla import Do, Policy, Step, To, Which
from domain.stages import Stage
from tests.golden import cases
from tests.golden.cases import (
    ACCEPT,
    CASES,
    COMPANY,
    CUSTOMER,
    PHONE,
    UNDO_UNTIL,
    at,
    climbed,
    offered,
    person,
)

GOLDEN = Path(__file__).parent / "golden"
LANGS = ("zh", "en")
CONTRACT_VERBS = {
    "accept", "handback", "visit", "contacted", "grab", "confirm", "cancel", "edit", "undo", "choose", "nudge",
    "assign", "take",
}  # fmt: skip


# -- golden files ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", sorted(CASES))
def test_every_card_is_as_agreed_in_both_languages(name: str) -> None:
    shown = {lang: to_json(CASES[name](lang)) for lang in LANGS}
    file = GOLDEN / f"{name}.json"
    if os.environ.get("LEADBELL_GOLDEN") == "1":
        file.write_text(json.dumps(shown, ensure_ascii=False, indent=2) + "\n", encoding="utf-8")
    assert file.exists(), "make it with LEADBELL_GOLDEN=1"
    assert shown == json.loads(file.read_text(encoding="utf-8"))


def test_no_golden_file_outlives_its_card() -> None:
    assert {file.stem for file in GOLDEN.glob("*.json")} == CASES.keys()


@pytest.mark.parametrize("name", sorted(CASES))
def test_english_cards_hold_chinese_only_where_people_typed_it(name: str) -> None:
    chinese = to_json(CASES[name]("zh"))
    english = to_json(CASES[name]("en"))
    for key, text in _texts(english):
        ours = re.sub("|".join(_TYPED), "", text)
        assert not re.search("[\u3400-\u9fff\u3000-\u303f\uff01-\uffef]", ours), (key, text)
    assert _shape(chinese) == _shape(english)


_TYPED = sorted(
    [
        *(who.name for who in COMPANY.people.values()),
        *(team.name for team in COMPANY.teams.values()),
        *(str(value) for value in (CUSTOMER.name, CUSTOMER.company, CUSTOMER.title, CUSTOMER.industry)),
        *(str(value) for value in (CUSTOMER.region, CUSTOMER.need)),
        "刘洋",
        re.escape(cases.SPOKEN),
        *(re.escape(each) for each in cases.TYPED),
    ],
    key=len,
    reverse=True,
)


def _texts(card: Mapping[str, object]) -> list[tuple[str, str]]:
    found: list[tuple[str, str]] = []

    def walk(key: str, value: object) -> None:
        if isinstance(value, str):
            found.append((key, value))
        elif isinstance(value, Mapping):
            for name, inner in value.items():
                walk(f"{key}.{name}", inner)
        elif isinstance(value, list | tuple):
            for inner in value:
                walk(key, inner)

    walk("", card)
    return found


def _shape(card: Mapping[str, object]) -> list[str]:
    return [key for key, _ in _texts(card)]


# -- actions --------------------------------------------------------------------------------------------

_leads = st.integers(0, 10**9).map(lambda number: f"L{number}")
_counts = st.integers(0, 10**8)
_some = st.integers(1, 10**8)
_whats = st.from_regex("[a-z_]{1,16}", fullmatch=True)
_actions: st.SearchStrategy[Action] = st.one_of(
    *(st.builds(kind, lead=_leads, offer=_counts) for kind in (Accept, Grab, HandBack, Contacted, Visit)),
    *(
        st.one_of(
            st.builds(kind, what=_whats),
            st.builds(kind, what=_whats, lead=_leads),
            st.builds(kind, what=_whats, lead=_leads, offer=_some),
        )
        for kind in (Confirm, Cancel)
    ),
    st.builds(Edit, lead=_leads, field=st.one_of(st.just(""), _whats)),
    st.builds(Undo, lead=_leads, decisions=_counts),
    st.builds(Choose, what=_whats, lead=_leads, option=_counts),
    st.builds(Run, command=st.sampled_from(sorted(COMMANDS))),
    *(
        st.one_of(st.builds(kind, lead=_leads, decisions=_counts), st.just(kind(lead="*")))
        for kind in (Nudge, Assign, Take)
    ),
)


@given(_actions)
def test_every_action_survives_its_button_key(action: Action) -> None:
    key = pack(action)
    assert key.isascii()
    assert len(key) <= 64
    assert key.partition(":")[0] in CONTRACT_VERBS
    assert unpack(key) == action


def test_the_verbs_are_those_that_others_rely_on() -> None:
    assert VERBS == CONTRACT_VERBS


@pytest.mark.parametrize(
    ("action", "key"),
    [
        (Accept(lead="L12", offer=3), "accept:L12-3"),
        (Confirm(what="handback", lead="L12", offer=3), "confirm:handback:L12-3"),
        (Confirm(what="duty"), "confirm:duty"),
        (Choose(what="industry", lead="L12", option=3), "choose:industry:L12:3"),
        (Run(command="/help"), "choose:run:/help"),
        (Nudge(lead="L12", decisions=2), "nudge:L12:2"),
        (Take(lead="*"), "take:*"),
    ],
)
def test_keys_are_written_as_agreed(action: Action, key: str) -> None:
    assert pack(action) == key


@given(st.one_of(st.text(), st.from_regex("(accept|choose|take|confirm):[L0-9:*-]{0,80}", fullmatch=True)))
def test_any_other_key_is_a_bad_action_and_nothing_else(key: str) -> None:
    try:
        action = unpack(key)
    except BadAction:
        return
    assert pack(action) == key


@pytest.mark.parametrize(
    "key",
    [
        "", "accept", "accept:L12", "accept:L12-03", "accept:L12-3 ", "accept:L１２-3", "accept:l12-3", "ACCEPT:L12-3",
        "choose:run:/rm", "nudge:L12:0", "confirm:duty:L1-0", "accept:*-3", "delete:L12", "accept:L12-3\n",
    ],
)  # fmt: skip
def test_old_and_invented_keys_are_refused(key: str) -> None:
    with pytest.raises(BadAction):
        unpack(key)


def test_an_action_that_makes_no_key_is_refused_when_packed() -> None:
    for action in (
        Accept(lead="12", offer=1),
        Accept(lead="L1", offer=-1),
        Run(command="/rm"),
        Nudge(lead=""),
    ):
        with pytest.raises(BadAction):
            pack(action)


# -- what a card lets a person do -----------------------------------------------------------------------


def _keys(card: Card) -> list[str]:
    return [pack(button.action) for button in card.buttons]


def _all_text(card: Card) -> str:
    return "\n".join(text for _, text in _texts(to_json(card)))


def test_a_live_offer_names_itself_on_every_button() -> None:
    card = CASES["offer_live"]("zh")
    assert _keys(card) == ["accept:L12-1", "handback:L12-1", "visit:L12-1"]
    assert card.deadline == at(5)
    assert card.lines[0].startswith("5 分钟内接收 · 10:35 前")


@pytest.mark.parametrize("name", sorted(CASES))
def test_a_time_without_its_date_is_the_end_of_a_promise_that_still_runs(name: str) -> None:
    """Whatever else a card says of the time is read on the next day too."""
    card = CASES[name]("zh")
    runs = {f"{card.deadline.astimezone(cases.ZONE):%H:%M}"} if card.deadline else set()
    bare = re.findall(
        r"(?<!） )(?<!）\s\d\d:\d\d – )(?<!\d)\d{2}:\d{2}", _all_text(replace(card, deadline=None))
    )
    assert set(bare) <= runs


def test_an_alert_of_a_promise_broken_the_day_before_says_which_day() -> None:
    lead = climbed(offered(), minutes=5)
    alert = build(Tell.ALERT, lead, person("zhaogang"), COMPANY, ACCEPT)
    assert "1月5日（周一） 10:30" in [field.value for field in alert.fields]
    several = rollup_card([(lead, ACCEPT)], person("zhaogang", "en"), COMPANY)
    assert "late since Mon 5 Jan 10:35" in several.lines[0]


@pytest.mark.parametrize(("later", "said"), [(10, "10:35"), (24 * 60, "1月5日（周一） 10:35")])
def test_a_list_dates_what_is_not_of_the_day_on_which_it_is_asked_for(later: int, said: str) -> None:
    lead = climbed(offered(), minutes=5)
    assert due_words("zh", lead, COMPANY, at(later)) == f" · ⚠ {said} 起超时"


def test_an_offer_over_lunch_shows_the_time_after_lunch() -> None:
    lead = cases.captured()
    lead.offer_to("lilei", team="east", policy=cases.POLICY, why="turn", now=at(88))
    lead.delivered(1, at=at(88))
    card = lead_card(lead, person("lilei"), COMPANY, Tell.OFFER, {"offer": 1})
    assert card.lines[0] == "5 分钟内接收 · 13:33 前"


def test_the_second_rep_is_given_a_time_that_is_still_ahead() -> None:
    card = CASES["offer_second_rep"]("zh")
    assert card.deadline == at(15)


def test_the_full_number_shows_only_to_who_accepted_and_goes_again_with_the_lead() -> None:
    lead = cases.accepted()
    full = "13812345678"
    assert full in _all_text(lead_card(lead, person("lilei"), COMPANY, Tell.OFFER, {"offer": 1}))
    for name in CASES:
        holds = full in _all_text(CASES[name]("zh")) or PHONE in _all_text(CASES[name]("zh"))
        own = name in {
            "offer_accepted", "offer_accepted_and_idle", "offer_accepted_and_helped", "offer_contact_due",
            "offer_contacted", "follow_up",
        }  # fmt: skip
        assert holds is own, name
    lead.hand_back("lilei", REASONS["wrong_region"], limit=3, revisit=None, at=at(5))
    assert full not in _all_text(lead_card(lead, person("lilei"), COMPANY, Tell.OFFER, {"offer": 1}))


def test_a_number_typed_into_the_need_stays_hidden_until_the_lead_is_accepted() -> None:
    typed = "打 138 1234 5678 或 021-58881234，邮箱 zhang@example.com，微信 zhangwei88 找我"
    lead = offered(customer=replace(CUSTOMER, need=typed))
    for who in ("lilei", "wangfang", "chenjie"):
        for tell in (Tell.OFFER, Tell.ALERT, Tell.HELP):
            shown = _all_text(build(tell, lead, person(who), COMPANY, {**ACCEPT, "offer": 1}))
            assert not re.search("1234 ?5678|58881234|zhang@|zhangwei88", shown)
    lead.accept("lilei", 1, member=True, at=at(1))
    assert typed in _all_text(lead_card(lead, person("lilei"), COMPANY, Tell.OFFER, {"offer": 1}))


@pytest.mark.parametrize("viewer", ["lilei", "hanmeimei", "wangfang", "zhaogang", "chenjie", "zhouning"])
def test_a_number_typed_into_any_text_of_a_lead_is_hidden_on_every_card(viewer: str) -> None:
    """Whichever text it is: those of a field that is added tomorrow are filled here too."""
    texts: dict[str, Any] = {
        each.name: f"{each.name} 13811113333" for each in fields(Customer) if each.type == "str | None"
    }
    said = {"will": "yes", "will_said": "打13811113333"}
    known = replace(CUSTOMER, **{**texts, "phone": None, "email": None, "wechat": None}, extra=said)
    args = {**ACCEPT, "offer": 1, "why": "turn", "words": "", "no": 1, "what": "accepted", "nth": 1}
    for lead in (offered(customer=known), climbed(offered(customer=known), minutes=30)):
        lead.origin = Origin(**{each.name: "来自13811113333" for each in fields(Origin) if each.name != "by"})
        about = {**args, "cycle": lead.cycle.no if lead.cycle else 1}
        reader, each = person(viewer), (lead, person(viewer), COMPANY, about)
        shown = [build(tell, *each) for tell in Tell if tell not in _OF_NO_LEAD]
        shown += [card(*each) for card in (draft_card, submitted_card, handback_card, note_card)]
        shown += [pool_card([lead], reader, COMPANY), rollup_card([(lead, about)], reader, COMPANY)]
        shown += [which_card([lead], reader, about), erase_card(lead, reader)]
        for card in shown:
            assert "1111" not in _all_text(card)


def test_a_number_in_the_words_of_a_next_step_goes_with_the_lead() -> None:
    args = {"no": 7, "words": "打13811113333", "due": at(60).isoformat()}
    for who, shown in (("lilei", "打13811113333"), ("hanmeimei", "打138****3333")):
        assert build(Tell.FOLLOW_UP, cases.accepted(), person(who), COMPANY, args).lines[-2] == shown


_OF_NO_LEAD = {
    Tell.REPLY, Tell.REFRESH, Tell.WELCOME, Tell.OFF_DUTY, Tell.GAP, Tell.DEAD, Tell.CALENDAR, Tell.LEFT,
}  # fmt: skip


def test_no_card_and_no_answer_reads_a_customers_text_past_the_mask() -> None:
    """`bot.cards.parts` alone reads them."""
    names = "|".join([each.name for each in (*fields(Customer), *fields(Origin)) if each.name != "by"])
    past = re.compile(rf"(?:customer|origin)\.(?:{names})\b|= \w+\.(?:customer|origin)\b(?!\.)")
    bot = GOLDEN.parents[1] / "bot"
    found = {
        f"{file.parent.name}/{file.name}: {read}"
        for file in (*bot.glob("cards/*.py"), *bot.glob("handlers/*.py"), bot / "web" / "lead_page.py")
        for read in past.findall(file.read_text(encoding="utf-8"))
        if file.name != "parts.py"
    }
    assert found == {
        "handlers/leads.py: customer.phone",  # of the lead that the reader has just accepted
        "cards/rollup.py: customer.name",  # whether there is one
    }


def test_the_number_can_be_dialled_with_its_extension() -> None:
    lead = cases.accepted()
    lead.customer = replace(CUSTOMER, phone="+862158881234-801")
    card = lead_card(lead, person("lilei"), COMPANY, Tell.OFFER, {"offer": 1})
    assert [field.href for field in card.fields if field.href] == ["tel:+862158881234;ext=801"]


def test_a_card_whose_offer_is_over_has_nothing_to_press() -> None:
    for name in CASES:
        card = CASES[name]("zh")
        if card.state is not CardState.LIVE:
            assert not card.buttons, name
            assert not card.selects, name
            assert card.deadline is None, name


def test_the_winner_of_a_grab_has_one_live_card_and_the_lapsed_one_points_to_it() -> None:
    lead = climbed(offered(), minutes=15)
    lead.accept("lilei", 3, member=True, at=at(16))
    old = lead_card(lead, person("lilei"), COMPANY, Tell.OFFER, {"offer": 1})
    new = lead_card(lead, person("lilei"), COMPANY, Tell.GRAB, {"offer": 3})
    loser = lead_card(lead, person("hanmeimei"), COMPANY, Tell.GRAB, {"offer": 3})
    assert (old.state, new.state, loser.state) == (CardState.DONE, CardState.LIVE, CardState.DEAD)
    assert _keys(new) == ["contacted:L12-3", "visit:L12-3", "handback:L12-3"]
    assert loser.lines == ("已由 李雷 1月5日（周一） 10:46 接收",)


def test_who_handed_it_back_is_shown_no_grab_button() -> None:
    lead = offered()
    lead.hand_back("lilei", REASONS["wrong_region"], limit=3, revisit=None, at=at(1))
    lead.offer_to("hanmeimei", team="east", policy=cases.POLICY, why="turn", now=at(1))
    lead.delivered(2, at=at(1))
    lead.open_grab(due=at(16), step=4, now=at(16))
    card = lead_card(lead, person("lilei"), COMPANY, Tell.GRAB, {"offer": 3})
    assert card.lines == ("已退回",)
    assert not card.buttons


def test_undoing_an_accept_brings_the_live_card_back() -> None:
    lead = offered()
    before = replace(lead, facts=[], notices=[])
    shown = digest(lead_card(lead, person("lilei"), COMPANY, Tell.OFFER, {"offer": 1}))
    lead.accept("lilei", 1, member=True, at=at(1))
    assert digest(lead_card(lead, person("lilei"), COMPANY, Tell.OFFER, {"offer": 1})) != shown
    lead.restore(before, verb="accept", by="lilei", now=at(2))
    assert digest(lead_card(lead, person("lilei"), COMPANY, Tell.OFFER, {"offer": 1})) == shown


def test_a_qualified_lead_is_not_offered_for_handing_back() -> None:
    lead = cases.contacted()
    lead.stage = Stage.QUALIFIED
    card = lead_card(lead, person("lilei"), COMPANY, Tell.OFFER, {"offer": 1})
    assert _keys(card) == ["visit:L12-1"]


def test_every_reason_can_be_chosen_and_none_is_chosen_beforehand() -> None:
    (select,) = handback_card(cases.accepted(), person("lilei"), COMPANY, {}).selects
    assert {option.id for option in select.options} == REASONS.keys()
    assert select.selected == ""
    groups = [option.group for option in select.options]
    assert len(set(groups)) == sum(1 for n, group in enumerate(groups) if n == 0 or groups[n - 1] != group)


def test_an_alert_is_acted_on_by_leaders_only() -> None:
    lead = climbed(offered(), minutes=5)
    boss = build(Tell.ALERT, lead, person("wangfang"), COMPANY, ACCEPT)
    assert _keys(boss) == ["nudge:L12", "assign:L12", "take:L12"]
    assert [option.id for option in boss.selects[0].options] == ["hanmeimei"]
    assert not build(Tell.ALERT, lead, person("chenjie"), COMPANY, ACCEPT).buttons


def test_nobody_can_be_nudged_while_the_whole_team_may_grab() -> None:
    card = CASES["alert_accept_in_grab"]("zh")
    assert _keys(card) == ["assign:L12", "take:L12"]


def test_an_alert_is_solved_by_a_new_cycle() -> None:
    lead = climbed(offered(), minutes=5)
    lead.offer_to("hanmeimei", team="east", policy=cases.POLICY, why="by_hand", now=at(7))
    card = build(Tell.ALERT, lead, person("wangfang"), COMPANY, ACCEPT)
    assert card.state is CardState.DONE
    assert card.lines == ("↪ 已派给 韩梅梅，等待接收",)


def test_a_roll_up_names_each_lead_once_and_leaves_none_uncounted() -> None:
    leads = [climbed(offered(number), minutes=5) for number in range(1, 14)]
    items = [(lead, ACCEPT) for lead in leads]
    card = rollup_card([*items, items[0]], person("zhaogang"), COMPANY)
    assert card.title == "⚠ 13 条线索需要处理"
    assert len(card.lines) == 11
    assert card.lines[-1] == "还有 3 条"
    ids = [option.id for option in card.selects[0].options]
    assert ids == [lead.id for lead in leads[:10]]


def test_a_solved_lead_leaves_the_choice_of_a_roll_up() -> None:
    card = CASES["rollup"]("zh")
    assert [option.id for option in card.selects[0].options] == ["L12", "L13"]
    assert card.lines[2] == "✅ L14 张伟 · 已解除：李雷 1月5日（周一） 10:36 接收"


def test_taking_back_a_hand_in_ends_with_the_first_decision() -> None:
    lead = offered()
    args = {"undo": UNDO_UNTIL, "decisions": lead.decisions}
    assert "undo:L12:0" in _keys(submitted_card(lead, person("chenjie"), COMPANY, args))
    lead.accept("lilei", 1, member=True, at=at(1))
    assert not [
        key for key in _keys(submitted_card(lead, person("chenjie"), COMPANY, args)) if key.startswith("undo")
    ]


def test_a_button_that_takes_back_goes_with_the_first_change_after_its_time() -> None:
    lead, args = offered(), {"undo": UNDO_UNTIL, "decisions": 0}
    assert "undo:L12:0" in _keys(submitted_card(lead, person("chenjie"), COMPANY, args))
    lead = climbed(lead, minutes=5)
    lead.record(Kind.BREACHED, at=at(5.1), actor="system")
    card = submitted_card(lead, person("chenjie"), COMPANY, args)
    assert "undo:L12:0" not in _keys(card)
    assert "10:35" not in card.note
    held = cases.accepted()
    note = {"no": 7, "undo": UNDO_UNTIL, "kind": "note"}
    assert "cancel:undo_note:L12-7" in _keys(note_card(held, person("lilei"), COMPANY, note))
    held.contact("lilei", evidence="declared", at=at(6))
    assert "cancel:undo_note:L12-7" not in _keys(note_card(held, person("lilei"), COMPANY, note))


def test_who_no_longer_has_the_lead_is_asked_to_confirm_no_note() -> None:
    args = {"no": 7, "facts": '{"intent":"positive"}'}
    assert "confirm:note:L12-7" in _keys(note_card(cases.accepted(), person("lilei"), COMPANY, args))
    assert "confirm:note:L12-7" not in _keys(note_card(cases.handed_back(), person("lilei"), COMPANY, args))


def test_without_a_next_step_an_overdue_offer_still_asks_to_be_accepted() -> None:
    policy = Policy(steps=(Step(after=timedelta(minutes=5), do=Do.ALERT, to=To.MANAGER),))
    lead = cases.captured()
    lead.offer_to("lilei", team="east", policy=policy, why="turn", now=at(0))
    lead.delivered(1, at=at(0))
    lead.fire(Which.ACCEPT, due=at(5))
    for tell in (Tell.OFFER, Tell.REMIND):
        card = lead_card(lead, person("lilei"), COMPANY, tell, {"offer": 1})
        assert card.lines[0] == "⚠ 已超时，请马上接收"
        assert card.deadline is None
    assert "尚未提醒" in _all_text(build(Tell.ALERT, lead, person("wangfang"), COMPANY, ACCEPT))


def test_a_calendar_without_working_days_costs_the_time_but_not_the_card() -> None:
    days = [date(2026, 1, 1) + timedelta(days=n) for n in range(900)]
    calendar = WorkingCalendar(
        mode=Mode.BUSINESS,
        hours=Hours.parse(["09:00-12:00"]),
        zone=cases.ZONE,
        holidays=dict.fromkeys(days, "x"),
        makeup={},
        announced_years=frozenset(),
    )
    company = replace(COMPANY, calendar=calendar)
    card = lead_card(offered(), person("lilei"), company, Tell.OFFER, {"offer": 1})
    assert card.lines[0] == "请在 5 分钟内接收"
    held = lead_card(cases.accepted(), person("lilei"), company, Tell.OFFER, {"offer": 1})
    assert held.lines[0] == "✅ 已接收 1月5日（周一） 10:32"
    assert card.deadline is held.deadline is None


def test_an_alert_about_a_grab_that_nobody_was_shown_ends_when_it_is() -> None:
    lead = climbed(offered(), minutes=10)
    lead.open_grab(due=at(15), step=4, now=at(15))
    args = {"clock": "delivery", "rep": None, "cycle": 1}
    card = build(Tell.ALERT, lead, person("wangfang"), COMPANY, args)
    assert card.title == "⚠ 1 分钟未送达：张伟（全组）"
    lead.delivered(3, at=at(17))
    card = build(Tell.ALERT, lead, person("wangfang"), COMPANY, args)
    assert card.lines == ("✅ 已解除：1月5日（周一） 10:47 已送达",)


def test_a_missing_card_of_an_earlier_cycle_is_not_solved_by_a_later_ones_delivery() -> None:
    lead = offered(delivered=False)
    lead.release(why=Kind.OWNER_LEFT, by="system", now=at(2))
    lead.offer_to("lilei", team="east", policy=COMPANY.policy, why="turn", now=at(3), actor="system")
    for _ in ("before", "after"):
        card = build(Tell.ALERT, lead, person("wangfang"), COMPANY, cases.DELIVERY)
        assert card.lines == ("↪ 已派给 李雷，等待接收",), "nothing redraws it, so it stays"
        lead.delivered(2, at=at(4))


def test_a_refused_offer_is_trouble_until_somebody_is_shown_it() -> None:
    lead = offered(delivered=False)
    card = build(Tell.STUCK, lead, person("wangfang"), COMPANY, {"why": "refused"})
    assert card.state is CardState.LIVE
    lead.delivered(1, at=at(3))
    card = build(Tell.STUCK, lead, person("wangfang"), COMPANY, {"why": "refused"})
    assert card.state is CardState.DONE


def test_everybody_of_a_large_team_can_be_chosen_and_beside_several_leads_the_command_is_named() -> None:
    more = [Person(id=f"rep{n}", name=f"同事{n}", role=Role.REP, team="east") for n in range(12)]
    company = replace(COMPANY, people={**COMPANY.people, **{rep.id: rep for rep in more}})
    card = build(Tell.ALERT, climbed(offered(), minutes=5), person("wangfang"), company, ACCEPT)
    assert len(card.selects[0].options) == 13
    leads = [climbed(offered(number), minutes=5) for number in (12, 13)]
    card = rollup_card([(lead, ACCEPT) for lead in leads], person("wangfang"), company)
    assert len(card.selects[1].options) == model.OPTIONS
    assert card.note == "更多同事：/assign L12 @姓名"


def test_a_director_chooses_among_all_teams_and_the_leads_own_comes_first() -> None:
    card = build(Tell.ALERT, climbed(offered(), minutes=5), person("zhaogang"), COMPANY, ACCEPT)
    assert [(each.id, each.group) for each in card.selects[0].options] == [
        ("hanmeimei", "华东"),
        ("linxia", "华南"),
    ]
    card = build(Tell.ALERT, climbed(offered(), minutes=5), person("wangfang"), COMPANY, ACCEPT)
    assert [(each.id, each.group) for each in card.selects[0].options] == [("hanmeimei", "")]


def test_a_roll_up_tells_the_firm_the_amount_and_since_when_it_is_overdue() -> None:
    card = CASES["rollup"]("zh")
    assert card.lines[0] == "⚠ L12 张伟 · 李雷未接 · 1月5日（周一） 10:35 起超时 · 博达智能 · 50–80 万元"
    assert CASES["rollup"]("en").lines[0].endswith("late since Mon 5 Jan 10:35 · 博达智能 · CNY 500–800k")


UNREACHED = replace(CUSTOMER, phone=None)


@pytest.mark.parametrize(
    ("make", "who"),
    [
        (lambda: offered(customer=UNREACHED), "lilei"),
        (lambda: climbed(offered(customer=UNREACHED), minutes=15), "hanmeimei"),
        (lambda: _accepted(offered(customer=UNREACHED)), "lilei"),
    ],
)
def test_a_card_says_that_there_is_no_way_to_reach_the_customer(make: Callable[[], Lead], who: str) -> None:
    lead = make()
    for lang, words in (("zh", "无联系方式"), ("en", "No phone, e-mail or WeChat")):
        card = build(
            Tell.OFFER, lead, person(who, lang), COMPANY, {"offer": lead.offer.no if lead.offer else 1}
        )
        assert any(words in line for line in card.lines), card.lines
        assert any("/edit L12" in line for line in card.lines) is (who == "lilei"), (
            "who may not is not told to"
        )
    lead.customer = replace(UNREACHED, wechat="zhangwei88")
    assert "无联系方式" not in _all_text(build(Tell.OFFER, lead, person(who), COMPANY, {"offer": 1}))


def _accepted(lead: Lead) -> Lead:
    lead.accept("lilei", 1, member=True, at=at(2))
    return lead


@pytest.mark.parametrize(
    "name",
    [
        each
        for each in sorted(CASES)
        if each.startswith(
            (
                "offer_",
                "grab",
                "alert",
                "stuck",
                "handback_r",
                "follow",
                "note",
                "draft",
                "submitted",
                "revisit",
                "help",
                "outcome",
                "handed",
            )
        )
    ],
)
def test_every_card_of_one_lead_carries_its_number(name: str) -> None:
    for lang in LANGS:
        assert "L12" in _all_text(CASES[name](lang)), (name, lang)


def test_who_took_it_over_is_told_how_to_reach_the_customer_by_every_way() -> None:
    lead = climbed(offered(), minutes=5)
    lead.customer = replace(CUSTOMER, email="z@example.com", wechat="zhangwei88", phone=None)
    assert "zhangwei88" not in _all_text(build(Tell.OFFER, lead, person("lilei"), COMPANY, {"offer": 1}))
    lead.take("wangfang", policy=cases.POLICY, at=at(6))
    card = lead_card(lead, person("wangfang"), COMPANY, Tell.OFFER, {"offer": lead.accepted_offer})
    assert {"z@example.com", "zhangwei88"} <= {field.value for field in card.fields}


def test_a_hand_in_shows_where_it_is_whatever_became_of_it() -> None:
    def line(lead: Lead) -> str:
        return submitted_card(lead, person("chenjie"), COMPANY, {}).lines[0]

    assert line(climbed(offered(), minutes=15)) == "→ 华东，团队抢单中"
    assert line(cases.parked()) == "→ 待分配"
    assert line(cases.withdrawn()) == "已撤回"
    lead = cases.accepted()
    lead.team = None
    assert line(lead) == "→ 李雷，已接收"


def test_who_handed_a_pool_lead_back_may_not_claim_it() -> None:
    leads = [cases.pooled(12)]
    assert not pool_card(leads, person("lilei"), COMPANY).buttons
    assert _keys(pool_card(leads, person("hanmeimei"), COMPANY)) == ["take:*"]


def test_answers_and_redraws_are_no_cards() -> None:
    for tell in (Tell.REPLY, Tell.REFRESH):
        with pytest.raises(NoCard):
            build(tell, offered(), person("lilei"), COMPANY, {})
    with pytest.raises(NoCard):
        build(Tell.ALERT, None, person("lilei"), COMPANY, {})


# -- digests --------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", sorted(CASES))
def test_the_same_card_has_the_same_digest(name: str) -> None:
    assert digest(CASES[name]("zh")) == digest(CASES[name]("zh"))
    assert re.fullmatch("[0-9a-f]{16}", digest(CASES[name]("zh")))


def test_different_cards_have_different_digests() -> None:
    cards = [CASES[name](lang) for name in CASES for lang in LANGS]
    by_content = {json.dumps(to_json(card), sort_keys=True): digest(card) for card in cards}
    assert len(set(by_content.values())) == len(by_content)


def test_a_delivery_moments_later_costs_no_update_of_the_card() -> None:
    lead = cases.offered(delivered=False)
    shown = digest(lead_card(lead, person("lilei"), COMPANY, Tell.OFFER, {"offer": 1}))
    lead.delivered(1, at=at(0.01))
    assert digest(lead_card(lead, person("lilei"), COMPANY, Tell.OFFER, {"offer": 1})) == shown


# -- hostile text ---------------------------------------------------------------------------------------

_NASTY = (
    "张伟" * 5000,
    "{name}{0}{{}}%s$userName=x$",
    "<xml><![CDATA[]]></xml>&amp;",
    "\u202egnaw\u202c\u2066x\u2069",
    "مرحبا بالعالم",
    "a\u0301" * 500,
    "👨‍👩‍👧‍👦" * 300,
    "🇨🇳" * 300,
    "\x00\x1b[31m\r\nHi\u2028there\u0085",
    "\ud800x",
    "   ",
)
_texts_typed = st.one_of(st.sampled_from(_NASTY), st.text(max_size=300))


@st.composite
def _customers(draw: st.DrawFn) -> Customer:
    text = st.one_of(st.none(), _texts_typed)
    names = ("name", "company", "title", "industry", "region", "product", "need", "email", "wechat")
    values = {name: draw(text) for name in names}
    amount = st.one_of(st.none(), st.integers(0, 10**400))
    return CUSTOMER.with_values(**values, amount_min=draw(amount), amount_max=draw(amount))


def _leads_of(customer: Customer) -> list[Lead]:
    made = (
        offered(), climbed(offered(), minutes=5), climbed(offered(), minutes=15), cases.accepted(), cases.contacted(),
        cases.handed_back(), cases.withdrawn(), cases.parked(), cases.handed_back("not_yet"), cases.pooled(12),
        cases.captured(draft=True),
    )  # fmt: skip
    for lead in made:
        lead.customer = customer
    return list(made)


def _cards(leads: list[Lead], viewer: Person, words: str) -> list[Card]:
    args: dict[str, object] = {**ACCEPT, "offer": 1, "by": words, "about": words, "to": words, "year": 2027}
    found = [build(tell, lead, viewer, COMPANY, args) for tell in _ABOUT for lead in leads]
    found += [build(Tell.STUCK, lead, viewer, COMPANY, {"why": words}) for lead in leads]
    found += [build(Tell.OUTCOME, lead, viewer, COMPANY, {"what": words, "by": words}) for lead in leads]
    found += [
        make(lead, viewer, COMPANY, {"undo": UNDO_UNTIL})
        for make in (submitted_card, draft_card)
        for lead in leads
    ]
    found += [handback_card(lead, viewer, COMPANY, {}) for lead in leads]
    found.append(rollup_card([(lead, ACCEPT) for lead in leads], viewer, COMPANY))
    return [*found, pool_card(leads, viewer, COMPANY)]


_ABOUT = (
    Tell.OFFER, Tell.GRAB, Tell.REMIND, Tell.NUDGE, Tell.CONTACT_DUE, Tell.ALERT, Tell.HELP, Tell.REVISIT, Tell.DEAD,
)  # fmt: skip


@settings(max_examples=60, deadline=None)
@given(
    _customers(),
    st.sampled_from(["lilei", "hanmeimei", "wangfang", "chenjie"]),
    _texts_typed,
    st.sampled_from(LANGS),
)
def test_no_customer_can_break_a_card(customer: Customer, who: str, words: str, lang: str) -> None:
    for card in _cards(_leads_of(customer), person(who, lang), words):
        _assert_safe(card)


def _assert_safe(card: Card) -> None:
    assert 1 <= len(card.title) <= model.TITLE
    assert len(card.lines) <= model.LINES
    assert all(0 < len(line) <= model.LINE for line in (*card.lines, card.note) if line)
    assert len(card.fields) <= model.FIELDS
    assert all(len(f.label) <= model.LABEL and len(f.value) <= model.VALUE for f in card.fields)
    assert all(0 < len(b.text) <= model.BUTTON for b in card.buttons)
    for select in card.selects:
        assert select.key in ("reason", "person") or len(select.options) <= model.OPTIONS
        assert len({option.id for option in select.options}) == len(select.options)
        assert all(0 < len(option.text) <= model.OPTION for option in select.options)
    for key, text in _texts(to_json(card)):
        assert not any(_raw(char) for char in text), (key, text)
    assert digest(card)


def _raw(char: str) -> bool:
    return unicodedata.category(char) in ("Cc", "Cs", "Zl", "Zp") or unicodedata.bidirectional(char) in (
        "LRE", "RLE", "PDF", "LRO", "RLO", "LRI", "RLI", "FSI", "PDI",
    )  # fmt: skip


@given(_texts_typed, st.integers(1, 120))
def test_a_text_is_cut_to_its_limit_and_cutting_again_changes_nothing(typed: str, limit: int) -> None:
    cut = fit(typed, limit)
    assert len(cut) <= limit
    assert fit(cut, limit) == cut


def test_a_cut_goes_round_a_sign_never_through_it() -> None:
    family = "👨‍👩‍👧‍👦"
    assert fit(family * 3, 16) == family * 2 + "…"
    assert fit(family * 3, 14) == family + "…"
    assert fit("🇨🇳🇨🇳🇨🇳", 4) == "🇨🇳…"
    assert fit("一\n二\t三", 10) == "一 二 三"


@pytest.mark.parametrize("lang", LANGS)
@pytest.mark.parametrize("state", ["chosen", "off"])
def test_the_question_which_lead_says_what_became_of_it(state: str, lang: str) -> None:
    card = which_card([], person("lilei", lang), {"no": 1, "state": state})
    assert (card.state, card.buttons, len(card.lines)) == (CardState.DONE, (), 1)
