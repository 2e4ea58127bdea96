"""What a typed answer comes to: a draft that is completed, questions that are passed over or called off."""

import pytest

from domain.errors import NotAllowed, NothingWaits
from domain.guessing import guessed
from domain.people import Person, Role
from domain.ports import Uow
from domain.reasons import REASONS
from domain.stages import Stage
from domain.usecases import talk
from domain.usecases.leads import edit_lead, send_draft, undo_last, withdraw_lead
from domain.usecases.notes import file_market, waiting_no
from tests.fakes.company import with_people
from tests.fakes.floor import Floor

WHOLE = "张伟 上海博达智能科技有限公司 13812345678 制造业 想上一套MES"


async def test_a_second_message_that_fills_ones_draft_sends_it(floor: Floor) -> None:
    asked = await floor.do(talk.submit, text="张伟 13812345678", by="emp", at=floor.now)
    assert asked.what == "asked"
    sent = await floor.do(talk.submit, text=WHOLE, by="emp", at=floor.now)
    assert (sent.what, sent.lead.id) == ("sent", asked.lead.id)
    assert (await floor.lead(asked.lead.id)).stage is Stage.OFFERED
    again = await floor.do(talk.pass_over, by="emp", at=floor.now)
    assert again.what == "nothing", "the question is closed with it"


async def test_a_draft_is_sent_by_those_alone_who_may_edit_it(floor: Floor) -> None:
    marketer = Person(id="mk", name="MK", role=Role.MARKETER)
    floor.store.company = with_people(floor.company, marketer)
    asked = await floor.do(talk.submit, text="张伟 13812345678", by="emp", at=floor.now)
    with pytest.raises(NotAllowed):
        await floor.do(send_draft, lead_id=asked.lead.id, by="mk", at=floor.now)
    assert (await floor.lead(asked.lead.id)).stage is Stage.DRAFT


@pytest.mark.parametrize(("answer", "name"), [("13900001111", None), ("王姐 13900001111", "王姐")])
async def test_a_phone_typed_when_something_else_was_asked_is_kept(
    floor: Floor, answer: str, name: str | None
) -> None:
    asked = await floor.do(talk.submit, text="公司：苏州恒通机械 需求：换ERP", by="emp", at=floor.now)
    assert asked.asked == "name"
    heard = await floor.do(talk.hear, text=answer, by="emp", key="k", at=floor.now)
    assert (heard.what, heard.lead.customer.phone) == ("asked", "+8613900001111")
    assert heard.lead.customer.name == name
    assert heard.asked == ("name" if name is None else "industry")
    again = await floor.do(talk.hear, text="13900002222", by="emp", key="k2", at=floor.now)
    assert again.lead.customer.phone == "+8613900001111", "the first one stays"


@pytest.mark.parametrize(
    ("typed", "answer", "still", "kept"),
    [
        ("张伟 博达智能科技 13812345678", "对了他微信是 feng8888", "industry", {"wechat": "feng8888", "industry": None}),
        ("公司：恒通机械 张工 zhang@hengtong.cn", "客户 张刚 13712340000", "industry", {"phone": "+8613712340000", "industry": None}),
        ("公司：恒通机械 张工 zhang@hengtong.cn", "汽车零部件，电话13712340000", "need", {"phone": "+8613712340000", "industry": "汽车零部件"}),
        ("13712349876", "高兴 南京金陵药业有限公司", "industry", {"name": "高兴", "company": "南京金陵药业有限公司"}),
        ("13712349876", "王强 采购经理", "company", {"name": "王强", "title": "采购经理"}),
        ("13712349876", "王强", "company", {"name": "王强"}),
        ("王强 13712349876", "金陵药业的微信 jinling01", "industry", {"company": "金陵药业", "wechat": "jinling01"}),
        ("公司：恒通机械 张工 zhang@hengtong.cn", "养猫的 13712340000", "need", {"phone": "+8613712340000", "industry": "养猫的"}),
        ("公司：恒通机械 张工 13812345678", "电子行业 苏州", "need", {"industry": "电子行业 苏州"}),
    ],
)  # fmt: skip
async def test_an_answer_that_says_more_or_something_else_is_kept_where_it_belongs(
    floor: Floor, typed: str, answer: str, still: str, kept: dict[str, str | None]
) -> None:
    await floor.do(talk.submit, text=typed, by="emp", at=floor.now)
    heard = await floor.do(talk.hear, text=answer, by="emp", key="k", at=floor.now)
    assert {name: getattr(heard.lead.customer, name) for name in kept} == kept
    assert (heard.what, heard.asked) == ("asked", still)


async def test_a_drafts_question_is_answered_though_another_was_asked_since(floor: Floor) -> None:
    def forget(uow: Uow, *, person: str) -> None:
        uow.end_dialog(person)

    first = await floor.do(talk.submit, text="张伟 13812345678 想上MES", by="emp", at=floor.now)
    second = await floor.do(talk.submit, text="李雷 13812345679 想上MES", by="emp", at=floor.now)
    values = {"lead_id": first.lead.id, "by": "emp", "at": floor.now}
    heard = await floor.do(talk.answer_draft, text="博达智能科技", **values)
    assert (heard.what, heard.asked) == ("asked", "industry")
    heard = await floor.do(talk.answer_draft, text="制造业", **values)
    assert (heard.what, heard.lead.stage) == ("sent", "offered")
    assert (await floor.do(talk.answer_draft, text="制造业", **values)).what == "nothing"
    await floor.do(forget, person="emp")
    values["lead_id"] = second.lead.id
    assert (await floor.do(talk.answer_draft, text="恒通机械", **values)).asked == "industry"
    await floor.do(forget, person="emp")
    assert (await floor.do(talk.answer_draft, text="机械", **values)).what == "sent"


async def test_the_customer_of_a_trend_may_be_named_by_a_bare_word(floor: Floor) -> None:
    asked = await floor.do(talk.submit, text="新能源行业很火", by="emp", at=floor.now)
    assert asked.what == "trend"
    heard = await floor.do(talk.hear, text="abc", by="emp", key="k", at=floor.now)
    assert heard.lead.customer.company == "abc"


async def test_no_hand_back_after_all_ends_the_question_for_its_words(floor: Floor) -> None:
    lead = await floor.capture()
    held = await floor.accept(lead.id, str(lead.owner))
    reason = next(code for code, each in REASONS.items() if each.needs_words)
    await floor.do(
        talk.ask,
        kind="handback",
        lead_id=lead.id,
        by=held.owner,
        at=floor.now,
        about=f"{reason}:{held.accepted_offer}",
    )
    await floor.do(talk.call_off, lead_id=lead.id, by=held.owner, key="k", at=floor.now)
    heard = await floor.do(talk.hear, text="号码是空号", by=held.owner, key="k2", at=floor.now)
    assert heard.what == "nothing"
    assert (await floor.lead(lead.id)).owner == held.owner


async def drafted(floor: Floor) -> str:
    asked = await floor.do(talk.submit, text="老地方 13812345678", by="emp", at=floor.now)
    assert asked.what == "asked"
    return str(asked.lead.id)


async def test_what_a_model_read_waits_for_the_tap_even_when_nothing_lacks_any_more(floor: Floor) -> None:
    lead = await drafted(floor)
    missing = {"name": "阿强", "company": "老地方", "industry": "冲压", "need": "要排产"}
    filled = await floor.do(talk.fill_draft, lead_id=lead, values=missing, by="emp", at=floor.now)
    assert (filled.what, filled.asked) == ("filled", "")
    assert (await floor.lead(lead)).stage is Stage.DRAFT
    edited = await floor.do(edit_lead, lead_id=lead, values={"name": "陈强"}, by="emp", at=floor.now)
    assert edited.customer.extra["guessed"] == ",".join(
        sorted(guessed(edited.customer), key=list(missing).index)
    )
    assert "name" not in guessed(edited.customer)
    assert (await floor.lead(lead)).stage is Stage.DRAFT
    sent = await floor.do(send_draft, lead_id=lead, by="emp", at=floor.now)
    assert (sent.stage, guessed(sent.customer)) == (Stage.OFFERED, [])


async def test_the_question_that_a_model_answers_gives_way_to_the_next(floor: Floor) -> None:
    lead = await drafted(floor)
    dialog = await floor.do(lambda uow: uow.dialog("emp"))
    filled = await floor.do(
        talk.fill_draft, lead_id=lead, values={dialog.about: "阿强"}, by="emp", at=floor.now
    )
    assert filled.what == "filled"
    assert filled.asked not in ("", dialog.about)
    assert (await floor.do(lambda uow: uow.dialog("emp"))).about == filled.asked
    more = await floor.do(
        talk.fill_draft,
        lead_id=lead,
        values={"need": "要排产", "amount_min": 1},
        by="emp",
        at=floor.now,
    )
    assert (more.what, more.asked) == ("filled", "")
    assert (await floor.do(lambda uow: uow.dialog("emp"))).about == filled.asked, "that question stands"
    again = await floor.do(talk.fill_draft, lead_id=lead, values={"amount_max": 2}, by="emp", at=floor.now)
    assert again.what == "nothing", "an amount is filled whole or not"


async def test_a_model_that_comes_late_changes_nothing(floor: Floor) -> None:
    lead = await drafted(floor)
    await floor.do(send_draft, lead_id=lead, by="emp", at=floor.now)
    late = await floor.do(talk.fill_draft, lead_id=lead, values={"need": "x"}, by="emp", at=floor.now)
    assert late.what == "nothing"
    other = await floor.do(talk.submit, text="新地方 13912345678", by="emp", at=floor.now)
    alien = await floor.do(
        talk.fill_draft, lead_id=other.lead.id, values={"need": "x"}, by="e1", at=floor.now
    )
    assert alien.what == "nothing"
    await floor.do(talk.stop_asking, by="emp", at=floor.now)


async def test_two_trends_are_filed_by_their_own_cards(floor: Floor) -> None:
    trends = ("机器人行业很热", "锂电行业不行了")
    for text in trends:
        await floor.do(talk.submit, text=text, by="emp", at=floor.now)
    first, second = (waiting_no(text) for text in trends)
    await floor.do(file_market, no=first, by="emp", key="m1", at=floor.now)
    with pytest.raises(NothingWaits):
        await floor.do(file_market, no=first, by="emp", key="m2", at=floor.now)
    asked = await floor.do(talk.pass_over, by="emp", at=floor.now)
    assert asked.asked == trends[1], "the newest question is still open"
    await floor.do(file_market, no=second, by="emp", key="m3", at=floor.now)
    assert (await floor.do(talk.pass_over, by="emp", at=floor.now)).what == "nothing"
    assert {text for (text,) in await floor.rows("SELECT text FROM market_notes")} == set(trends)


@pytest.mark.parametrize(
    "answer",
    ["我有个朋友李建国在苏州汇川，139 1234 5678", "周倩 无锡锐进精密 13700001111", "孙芳 sunfang@ruijin.cn"],
)
async def test_a_whole_lead_typed_while_another_is_asked_about_is_a_lead_of_its_own(
    floor: Floor, answer: str
) -> None:
    asked = await floor.do(talk.submit, text="王总 13811110000", by="emp", at=floor.now)
    assert asked.asked == "company"
    heard = await floor.do(talk.hear, text=answer, by="emp", key="k", at=floor.now)
    assert heard.lead.id != asked.lead.id
    first = (await floor.lead(asked.lead.id)).customer
    assert (first.name, first.company, first.phone) == ("王总", None, "+8613811110000")


async def test_a_sign_is_no_answer(floor: Floor) -> None:
    await floor.do(talk.submit, text="王总 13811110000", by="emp", at=floor.now)
    heard = await floor.do(talk.hear, text="👍", by="emp", key="k", at=floor.now)
    assert (heard.what, heard.asked, heard.lead.customer.company) == ("bad_value", "company", None)


async def test_a_sign_or_small_talk_leaves_a_trend_as_it_is(floor: Floor) -> None:
    await floor.do(talk.submit, text="新能源行业很火", by="emp", at=floor.now)
    for heard in (
        await floor.do(talk.hear, text="👍", by="emp", key="k", at=floor.now),
        await floor.do(talk.ask_again, by="emp", at=floor.now),
    ):
        assert (heard.what, heard.asked) == ("trend", "新能源行业很火")
    floor.clock.step(hours=2)
    assert (await floor.do(talk.ask_again, by="emp", at=floor.now)).what == "nothing"


async def asked_for_words(floor: Floor) -> tuple[str, str]:
    """A lead and its owner, who chose 其他 and was asked for a line."""
    lead = (await floor.capture(team="east")).id
    held = await floor.accept(lead, str((await floor.lead(lead)).owner))
    owner, about = str(held.owner), f"other:{held.accepted_offer}"
    await floor.do(talk.ask, kind="handback", lead_id=lead, by=owner, at=floor.now, about=about)
    return lead, owner


async def test_another_reason_closes_the_question_for_a_reasons_words(floor: Floor) -> None:
    lead, owner = await asked_for_words(floor)
    await floor.hand_back(lead, owner, "needs_solution")
    heard = await floor.do(talk.hear, text="方案下周三给他看", by=owner, key="k2", at=floor.now)
    assert heard.what == "nothing"
    assert (await floor.lead(lead)).owner == owner


async def test_an_undo_closes_the_question_for_a_reasons_words(floor: Floor) -> None:
    lead, owner = await asked_for_words(floor)
    await floor.undo(owner, lead)
    heard = await floor.do(talk.hear, text="设备下周到", by=owner, key="k2", at=floor.now)
    assert heard.what == "nothing"


async def test_a_draft_that_was_called_off_is_there_again_and_asked_about(floor: Floor) -> None:
    asked = await floor.do(talk.submit, text="/lead 周八 宁波周氏厂 13711110808", by="emp", at=floor.now)
    assert asked.what == "asked"
    stopped = await floor.do(talk.stop_asking, by="emp", at=floor.now)
    assert stopped.lead.stage is Stage.INVALID
    floor.clock.step(minutes=1)
    act, heard = await floor.do(talk.take_back, by="emp", at=floor.now)
    assert (act.verb, heard.what, heard.asked) == ("withdraw", "asked", asked.asked)
    again = await floor.lead(asked.lead.id)
    assert (again.stage, again.customer, again.reason) == (Stage.DRAFT, asked.lead.customer, None)
    assert (await floor.capture(phone="+8613711110808")).id == again.id
    heard = await floor.do(talk.hear, text="制造业", by="emp", key="k", at=floor.now)
    assert heard.lead.customer.industry == "制造业"


async def test_a_whole_draft_that_was_called_off_is_there_again_and_waits_for_its_tap(floor: Floor) -> None:
    lead = (await floor.capture(by="emp", draft=True, company="博达", industry="制造", need="MES")).id
    await floor.do(withdraw_lead, lead_id=lead, by="emp", at=floor.now)
    _, heard = await floor.do(talk.take_back, by="emp", at=floor.now)
    assert (heard.what, (await floor.lead(lead)).stage) == ("nothing", Stage.DRAFT)


async def test_what_was_done_to_a_lead_that_was_taken_back_stands_in_no_undos_way(floor: Floor) -> None:
    other = (await floor.capture(by="emp")).id
    await floor.do(edit_lead, lead_id=other, values={"title": "厂长"}, by="emp", at=floor.now)
    floor.clock.step(seconds=10)
    lead = (await floor.capture(by="emp", phone="+8613900003333")).id
    await floor.do(edit_lead, lead_id=lead, values={"title": "总监"}, by="emp", at=floor.now)
    await floor.do(undo_last, lead_id=lead, verb="capture", by="emp", at=floor.now)
    act = await floor.do(undo_last, by="emp", at=floor.now)
    assert (act.verb, act.before.id) == ("edit", other)
