"""The corners of the reader: what is said seldom, and what a company with few data has."""

from datetime import date, datetime
from zoneinfo import ZoneInfo

import pytest

from bot.language import almanac_of, simplified, tools
from domain.contact import hide_contacts
from domain.reader import book as book_module
from domain.reader.book import Entry, LeadBook, Talk
from domain.reader.context import Almanac, Context, Tools, plain
from domain.reader.dates import find_dates
from domain.reader.kinds import Kind
from domain.reader.lead_text import read_lead
from domain.reader.understand import Reading, understand
from tests.evaluation import matching
from tests.evaluation.matching import NOW
from tests.reader.test_dates import NOW as WEDNESDAY
from tests.reader.test_dates import said

MONDAY = datetime(2026, 3, 9, 10, tzinfo=ZoneInfo("Asia/Shanghai"))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("5月中", "05-15..05-20"), ("月初", "04-01..04-10"), ("下周初", "03-16..03-17"), ("今晚24点", "03-11 23:59"), ("便宜一点", ""), ("九九九九小时后", ""),
        ("我有三点", ""), ("100个工作日内", ""), ("13月第一周", ""), ("十一", ""), ("十一后", "10-08..10-11"), ("小年", "2027-01-30"), ("本季度末", "03-31"),
    ],
)  # fmt: skip
def test_times_that_are_said_seldom(text: str, expected: str) -> None:
    assert said(text) == expected


@pytest.mark.parametrize("text", ["节后再说", "过完年再说", "国庆前再说"])
def test_without_announced_days_off_no_festival_has_a_date(text: str) -> None:
    assert find_dates(plain(text, simplified()), MONDAY, Almanac()) == []


def test_a_month_of_nothing_but_days_off_ends_the_search_for_a_workday() -> None:
    days = {date.fromordinal(date(2026, 3, 1).toordinal() + nth): "停工" for nth in range(-60, 60)}
    almanac = Almanac(holidays=days)
    assert almanac.first_workday(date(2026, 3, 2)) == date(2026, 4, 1)
    assert almanac.last_workday(date(2026, 3, 2)) == date(2026, 1, 31)


def test_a_reader_without_its_tools_reads_what_needs_none() -> None:
    context = Context(now=MONDAY, almanac=almanac_of([2026]), tools=Tools())
    assert Tools().known("博达") is False
    assert Tools().pinyin("博达") == ()
    found = understand("打电话给博达智能的张伟 13812345678，预算50万", context, Kind.NOTE)
    assert found.phones == ("13812345678",)
    assert found.activity == "call"
    book = LeadBook(names=matching.build([]).names)
    book.put(Entry(lead="L1", name="张伟", company="博达智能", owner="lilei"))
    assert book.match(found, "张伟说可以", Talk(person="lilei", now=NOW)).best


def test_a_sound_that_was_not_kept_is_made_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(book_module, "MOST_SOUNDS", 0)
    book = matching.build([Entry(lead="L1", name="张伟", company="上海博达智能科技有限公司", owner="lilei")])
    found = book.match(Reading(kind=Kind.NOTE, company="伯达"), "伯达那边嫌贵", Talk(person="lilei", now=NOW))
    assert [each.lead for each in found.best] == ["L1"]
    assert found.lead is None, "what only sounds alike is asked about"


def test_a_firm_that_was_read_counts_even_where_its_words_are_not_in_the_text() -> None:
    book = matching.build([Entry(lead="L1", name="张伟", company="上海博达智能科技有限公司", owner="lilei")])
    found = book.match(Reading(kind=Kind.NOTE, company="博达"), "对方嫌贵", Talk(person="lilei", now=NOW))
    assert [each.lead for each in found.best] == ["L1"]


def test_a_lead_known_by_a_surname_with_title_fits_a_person_of_that_surname() -> None:
    book = matching.build([Entry(lead="L1", name="王总", company="苏州恒通机械有限公司", owner="lilei")])
    for text, fits in (("恒通的王强说可以", True), ("恒通的李强说可以", False)):
        found = book.match(Reading(kind=Kind.NOTE, people=(text[3:5],)), text, Talk(person="lilei", now=NOW))
        assert (found.lead == "L1") is fits, text


def test_what_only_sounds_alike_never_stands_out() -> None:
    assert book_module.BRAND / 2 + book_module.OWN + book_module.OPEN < book_module.ATTACH
    book = matching.build([Entry(lead="L1", name="张伟", company="上海博达智能科技有限公司", owner="lilei")])
    reading = Reading(kind=Kind.NOTE, company="伯达", people=("章伟", "王小明"))
    found = book.match(reading, "伯达的章伟嫌贵", Talk(person="lilei", now=NOW))
    assert (found.lead, [each.lead for each in found.best]) == (None, ["L1"])


@pytest.mark.parametrize(
    ("text", "activity"),
    [
        ("准备打电话给张总", ""),
        ("打算拜访博达", ""),
        ("周二已经签了，打了电话", "call"),
        ("3月1号签了合同", ""),
    ],
)
def test_what_is_planned_was_not_done(text: str, activity: str) -> None:
    context = Context(now=WEDNESDAY, almanac=almanac_of([2026]), tools=Tools())
    found = understand(text, context, Kind.NOTE)
    assert (found.activity or "") == activity
    assert found.next is None


@pytest.mark.parametrize(
    "text", ["昨天给小李介绍跟奇点汽车汪洋聊了", "今天陪老板见了奇点汽车汪洋", "刚我从跟找奇点汽车汪洋"]
)
def test_a_firm_before_its_person_is_found_behind_many_verbs(text: str) -> None:
    context = Context(now=MONDAY, almanac=almanac_of([2026]), tools=tools())
    assert understand(text, context, Kind.NOTE).company == "奇点汽车"


def test_half_a_persons_name_that_sounds_like_a_firm_is_not_that_firm() -> None:
    book = matching.build([Entry(lead="L1", name="张伟", company="上海王晓食品有限公司", owner="lilei")])
    reading = Reading(kind=Kind.NOTE, people=("王小明",))
    assert book.match(reading, "王小明说可以", Talk(person="lilei", now=NOW)).best == ()


@pytest.mark.parametrize(
    ("text", "people"),
    [
        ("老谷电话里说今年不搞了", ("老谷",)), ("小佘关机了", ("小佘",)), ("蔺老师那边报价了", ("蔺老师",)), ("司徒助理带我看了", ("司徒助理",)),
        ("木总约了下周三", ("木总",)), ("小时候的事", ()), ("木工进场了", ()), ("把老路修好", ()), ("修老谷桥", ()),
    ],
)  # fmt: skip
def test_rare_surnames_and_familiar_names_are_people_and_everyday_words_are_not(
    text: str, people: tuple[str, ...]
) -> None:
    context = Context(now=WEDNESDAY, almanac=almanac_of([2026]), tools=tools())
    assert tuple(understand(text, context, Kind.NOTE).people) == people


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("加个客户：武夷山市岩韵茶厂 联系人兰姨 13799180034", "lead"), ("客户转介绍：银川塞上酒庄 马文杰 0951-6027714", "lead"),
        ("刚才展会上扫到一个 泉州闽瓷卫浴 微信号 minci_88", "lead"), ("有个单子给你们，昆山那边做模具的", "note"),
        ("【拜访纪要】客户：汉江轴承", "visit"), ("📍湘桥区 凤溪陶瓷", "visit"), ("visit 南山湾科技 Tony", "visit"), ("到了 许昌禾泽种业 打卡", "visit"),
        ("到达 邢台宏锻 签到", "visit"), ("张总说考虑考虑", "note"),
    ],
)  # fmt: skip
def test_leads_and_visits_are_known_by_how_people_announce_them(text: str, kind: str) -> None:
    context = Context(now=WEDNESDAY, almanac=almanac_of([2026]), tools=tools())
    assert understand(text, context).kind == kind


@pytest.mark.parametrize(
    ("text", "amount"),
    [
        ("预算大几万", (50_000, 100_000)), ("千把万的项目", (10_000_000, 10_000_000)), ("预算1.2个亿", (120_000_000, 120_000_000)),
        ("最高限价480万", (None, 4_800_000)), ("有个两千亿的盘子", (None, None)), ("团建每人80块", (None, None)), ("百来万吧", (1_000_000, 1_000_000)),
        ("50w 想换ERP", (500_000, 500_000)), ("5W 电源要两个", (None, None)), ("10万欧姆龙的单子", (100_000, 100_000)),
        ("预算30万欧派橱柜", (300_000, 300_000)), ("50万 欧洲客户的单子", (500_000, 500_000)), ("北欧 80万的项目", (800_000, 800_000)),
    ],
)  # fmt: skip
def test_money_as_people_round_it(text: str, amount: tuple[int | None, int | None]) -> None:
    context = Context(now=WEDNESDAY, almanac=almanac_of([2026]), tools=tools())
    found = understand(text, context, Kind.NOTE)
    assert (found.amount_min, found.amount_max) == amount


@pytest.mark.parametrize(
    "text",
    [
        "预算200k EUR",
        "预算 20万美金",
        "报价 $ 50k",
        "预算€30万",
        "他们有100万港币",
        "20万 usd",
        "报价3万欧，含税",
    ],
)
def test_money_of_another_country_is_not_taken_for_yuan(text: str) -> None:
    context = Context(now=WEDNESDAY, almanac=almanac_of([2026]), tools=tools())
    for kind in (Kind.NOTE, Kind.LEAD):
        found = understand(text, context, kind)
        assert (found.amount_min, found.amount_max) == (None, None), kind


@pytest.mark.parametrize(
    ("text", "words", "by"),
    [
        ("后天下午3点半 回访顾经理", "回访顾经理", False), ("林厂长说周五下班前要报价", "林厂长说要报价", True),
        ("3月20号之前把合同寄过去", "把合同寄过去", True), ("周五前台接待", "前台接待", False), ("下周三下午三点", "下周三下午三点", False),
    ],
)  # fmt: skip
def test_a_next_step_is_told_without_its_time_which_would_be_another_one_later(
    text: str, words: str, by: bool
) -> None:
    context = Context(now=WEDNESDAY, almanac=almanac_of([2026]), tools=tools())
    step = understand(text, context, Kind.NOTE).next
    assert step is not None
    assert (step.words, step.by) == (words, by)
    assert step.said in text


def test_a_phone_that_is_spelt_out_is_a_phone() -> None:
    assert read_lead("佟总 昆山锐成精密 幺五八六二三三零零一七 想上MES").phone == "+8615862330017"
    assert read_lead("佟总 昆山锐成精密 幺五八六二三三零零一 想上MES").phone is None
    assert hide_contacts("打幺五八六二三三零零一七") == "打158****0017"


@pytest.mark.parametrize(
    ("typed", "hidden"),
    [
        ("打138 一一一一 3333", "打138****3333"),
        ("打 一三八1111叁叁叁叁 吧", "打 138****3333 吧"),
        ("打1381111\n3333", "打138****3333"),
        ("021-5888\n1234", "021-******34"),
        ("138 - 1111 - 3333", "138****3333"),
        ("138·1111·3333", "138****3333"),
        ("加QQ 123456789", "加QQ 12****"),
        ("qq号：123456789。", "qq号：12****。"),
        ("扣扣是123456", "扣扣是12****"),
        ("ｗｘ：zhang_wei", "ｗｘ：zh****"),
        ("要MES 139123456789", "要MES 139****89"),
        ("要MES 139 1234 567", "要MES 139****67"),
    ],
)
def test_a_number_written_to_slip_through_is_masked(typed: str, hidden: str) -> None:
    assert hide_contacts(typed) == hidden


@pytest.mark.parametrize(
    "typed",
    [
        "预算一百三十万，2026年一季度上线",
        "一三五七九",
        "QQ群里认识的",
        "订单13811113333445",
        "预算1500000000元",
        "13:30-14:30 16:00-17:30",
        "13,800,000,000元",
        "十三\n5家门店",
    ],
)
def test_what_is_no_contact_is_not_masked(typed: str) -> None:
    assert hide_contacts(typed) == typed


@pytest.mark.parametrize(
    ("text", "name", "title"),
    [
        ("/lead 扎西顿珠 拉萨雪域文旅酒店 13908911427", "扎西顿珠", None), ("/lead Tony 深圳南山湾科技 tony@nsw-tech.cn 想看demo", "Tony", None),
        ("/lead 卜主任 河池市第二中医院 设备科 0778-2284163 超声", "卜主任", None), ("/lead 想看demo 深圳南山湾科技 13908911427", None, None),
        ("无锡欣禾包装 联系人厍文斌 13861709254", "厍文斌", None),
    ],
)  # fmt: skip
def test_names_that_no_list_knows_are_known_by_their_place(
    text: str, name: str | None, title: str | None
) -> None:
    found = read_lead(text)
    assert (found.name, found.title) == (name, title)


@pytest.mark.parametrize(
    ("text", "company", "region"),
    [
        (
            "王刚 启明医疗器械（上海）有限公司 13811110021 医疗器械 UDI追溯",
            "启明医疗器械（上海）有限公司",
            "上海",
        ),
        ("王刚 启明医疗器械(上海)有限公司 13811110021 UDI追溯", "启明医疗器械(上海)有限公司", "上海"),
        ("李明 东方电子（苏州）有限公司 13811110022 电子 想要MES", "东方电子（苏州）有限公司", "苏州"),
        ("李明 东方电子有限公司 13811110022 电子 想要MES", "东方电子有限公司", None),
    ],
)
def test_a_firm_with_its_place_in_brackets_stays_whole(text: str, company: str, region: str | None) -> None:
    found = read_lead(text, tools())
    assert (found.company, found.region) == (company, region)
