"""One message for each way of saying a thing that the labelled sets taught: who, which firm, how much, what came of it."""

from datetime import datetime
from zoneinfo import ZoneInfo

import pytest

from bot.language import almanac_of, tools
from domain.contact import find_phones, find_wechats, fold, normal_phone, show_phone
from domain.reader.context import Context, Names, Tools
from domain.reader.money import read_amount
from domain.reader.names import NameIndex
from domain.reader.understand import Reading, understand
from domain.reader.will import features, will

NOW = datetime(2026, 3, 11, 10, tzinfo=ZoneInfo("Asia/Shanghai"))
KNOWN = NameIndex([("锐衡", "competitor"), ("博达智能", "company")])


def read(text: str) -> Reading:
    names = Names(find=KNOWN.find)
    return understand(
        text, Context(now=NOW, almanac=almanac_of([2026, 2027]), names=names, tools=tools(with_pinyin=False))
    )


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("04-23587716", "04-23587716"), ("(04)2358-7716", "04-23587716"), ("02-2345-6789", "02-23456789"), ("02-2345678", None),
        ("03-5782216分機318", "03-5782216-318"), ("0912-345-678", "0912345678"), ("+886 2 2345 6789", "02-23456789"),
        ("tel13812345678", "13812345678"), ("M13812345678", "13812345678"), ("T0571-88001234转2", "0571-88001234-2"), ("XM13812345678", None),
    ],
)  # fmt: skip
def test_a_number_of_taiwan_or_behind_its_label_is_found(text: str, shown: str | None) -> None:
    assert [show_phone(each.value) for each in find_phones(fold(text))] == ([shown] if shown else [])


def test_a_number_of_taiwan_has_one_normal_form() -> None:
    assert normal_phone("04-2358-7716") == normal_phone("+886 4 23587716") == "+886423587716"


@pytest.mark.parametrize("text", ["V:zhang_min8", "微信换了，新的是zhang_min8"])
def test_a_wechat_name_behind_v_and_a_new_one(text: str) -> None:
    assert [each.value for each in find_wechats(fold(text))] == ["zhang_min8"]


@pytest.mark.parametrize(
    ("text", "amount"),
    [
        ("金额二十二万八", (228_000, 228_000)), ("八万八千", (88_000, 88_000)), ("预算不低于二十万", (200_000, None)), ("十五六万", (150_000, 160_000)),
        ("也就万把块钱", (10_000, 10_000)), ("预算五六十个", (500_000, 600_000)), ("要五六十个", None), ("限价43万", (None, 430_000)),
        ("三万贵,两万五就干", (25_000, 25_000)), ("报价15万,还到14万", (140_000, 140_000)), ("智慧黑板20块", None), ("八万册", None),
        ("三十好几万", (300_000, 400_000)), ("40几万", (400_000, 500_000)), ("10万+", (100_000, None)), ("五万不到", (None, 50_000)),
        ("撑死80万", (None, 800_000)), ("顶多20万", (None, 200_000)), ("一台3万二", (32_000, 32_000)), ("25w不带安装", (250_000, 250_000)),
        ("300人规模,8万以内", (None, 80_000)), ("28万一分不能少", (280_000, 280_000)), ("38万三套", (380_000, 380_000)),
    ],
)  # fmt: skip
def test_sums_as_they_are_rounded_and_haggled(
    text: str, amount: tuple[int | None, int | None] | None
) -> None:
    assert read_amount(text) == amount


@pytest.mark.parametrize(
    ("text", "name", "company", "title"),
    [
        ("/lead 阿不都热西提 喀什绿洲建材 副总 13812345678", "阿不都热西提", "喀什绿洲建材", "副总"),
        ("/lead 操德胜 采购部 襄阳汉江轴承 13812345678", "操德胜", "襄阳汉江轴承", "采购部"),
        ("/lead 厦门航食 配餐部经理林丽萍 13812345678", "林丽萍", None, "配餐部经理"),
        ("/lead 苏州实验初中 后勤孙主任 13812345678", "孙主任", "苏州实验初中", "后勤"),
        ("/lead 泉州闽瓷卫浴 副总洪总 13812345678", "洪总", "泉州闽瓷卫浴", "副总"),
        ("/lead 成都萌友动物医院 院长姓邝 13812345678", "邝院长", "成都萌友动物医院", "院长"),
        ("/lead 潮州凤溪陶瓷 官小姐 管采购的 13812345678", "官小姐", "潮州凤溪陶瓷", "采购"),
        ("好像是叫什么盐城沃野农业 姓花 13812345678", "花总", "盐城沃野农业", None),
        ("/lead 公司:无 称呼:曹女士 13812345678", "曹女士", None, None),
        ("嗯有个客户在芜湖叫芜湖江北船舶修造然后他们的设备科长叫钱大洪电话是13812345678他想做远程监控", "钱大洪", "芜湖江北船舶修造", "设备科长"),
    ],
)  # fmt: skip
def test_a_lead_as_it_is_announced(text: str, name: str, company: str | None, title: str | None) -> None:
    found = understand(
        text if text.startswith("/") else f"/lead {text}", Context(now=NOW, tools=tools(with_pinyin=False))
    )
    assert (found.name, found.title) == (name, title)
    assert company is None or found.company == company


@pytest.mark.parametrize(
    ("text", "name", "company"),
    [
        ("白云经理说下周三再谈", None, None),
        ("下午跟东曜的Kelvin开了个腾讯会议", "Kelvin", "东曜"), ("何生话价钱OK", "何生", None), ("约何生", "何生", None), ("呼和主任说再等等", "呼和主任", None),
        ("阿里经理说再等等", None, None), ("签到 湘雅医院李工", "李工", "湘雅医院"), ("签到 博达智能", None, "博达智能"), ("今天拜访湘澜 谈方案", None, "湘澜"), ("古力娜尔托人带话", "古力娜尔", None), ("去晶锐见了客户", None, "晶锐"), ("给裴志刚送标书", "裴志刚", None),
        ("陪方总一起去了常州天宁纺织，王娟接待", "王娟", "常州天宁纺织"), ("向主管那边报价发了", "向主管", None), ("数谷周子墨要求给环境", "周子墨", "数谷"),
        ("锐衡昨天去做了演示", None, None), ("最近制造业真卷", None, None),
    ],
)  # fmt: skip
def test_who_a_note_is_about(text: str, name: str | None, company: str | None) -> None:
    found = read(text)
    assert (found.name, found.company) == (name, company)


@pytest.mark.parametrize(
    ("text", "day"),
    [
        ("周五下午四点开周会 都别迟到", None), ("听说明年补贴还要继续", None), ("周末愉快各位", None), ("下半年预算普遍砍三成", None),
        ("项目往后推到下半年", "2026-07-01"), ("张总问尾款年底结行不行", None), ("今天请邝院长吃饭，他透露预算12万", None), ("今天张总微信说再看看", None),
        ("六月十五号试运行，张总说工程师十二号得到位", "2026-06-12"), ("国庆要办活动，张总说节后再约", "2026-10-08"), ("Fiona said PO next week", "2026-03-16"),
        ("Simon will call tomorrow", "2026-03-12"), ("Simon will call on Monday", "2026-03-16"), ("Simon will call on Friday", "2026-03-13"),
        ("Simon will decide next month", "2026-04-01"), ("张总说下旬回来再约", "2026-03-21"), ("农历六月初六去见张总", "2026-07-19"),
        ("拜访湘澜 今天谈合同", None),
    ],
)  # fmt: skip
def test_what_is_a_next_step_and_what_is_said_in_passing(text: str, day: str | None) -> None:
    step = read(text).next
    assert (step.day.isoformat() if step else None) == day


@pytest.mark.parametrize(
    ("text", "activity"),
    [
        ("谭工喜欢喝茶，下次去带点龙井", None), ("小沈离职了，新人电话13961720811", None), ("云经理换微信了", None), ("报价已经发过去了给张总", None),
        ("张总通过了好友申请", "wechat"), ("今天请邝院长吃饭，他透露了预算", "meeting"), ("卜主任开会去了没见着", "visit"), ("给张总打过去，她在开车", "call"),
    ],
)  # fmt: skip
def test_what_was_done_and_what_only_sounds_like_it(text: str, activity: str | None) -> None:
    assert read(text).activity == activity


def test_a_liking_of_tea_is_no_wish_to_buy() -> None:
    assert read("他喜欢喝茶").intent is None
    assert read("谭工喜欢喝茶，下次去带点龙井").intent is None


@pytest.mark.parametrize(
    ("text", "intent"),
    [
        ("张总说行，发合同吧", "positive"), ("张总答应先装一台试试", "positive"), ("张总说还在和别家比", "neutral"), ("张总说得跟合伙人商量", "neutral"),
        ("张总自己开发了，不用我们的", "negative"), ("给张总寄了样机，单号已发", None), ("张总倾向锐衡", "negative"),
    ],
)  # fmt: skip
def test_the_will_behind_the_words(text: str, intent: str | None) -> None:
    assert read(text).intent == intent


def test_a_filled_form_of_a_visit_names_its_fields() -> None:
    found = read(
        "【拜访记录】\n客户：锦川建工\n对象：尉迟敏\n地点：成都市武侯区天府三街199号\n内容：汇报方案\n空："
    )
    assert (found.kind, found.company, found.name) == ("visit", "锦川建工", "尉迟敏")
    assert found.location == "成都市武侯区天府三街199号"


def test_a_lunar_month_beyond_the_table_has_no_days() -> None:
    far = Context(now=datetime(2060, 1, 1, tzinfo=NOW.tzinfo), tools=tools(with_pinyin=False))
    assert understand("腊月再联系张总", far).next is None
    assert understand("农历八月十五再联系张总", far).next is None


def test_without_weights_the_cue_alone_decides() -> None:
    assert will("说可以", None, {}) is None
    marks = ["#", "#|", "$demo |", "$| demo", "$| demo |", "demo", "demo |", "| demo", "|#", "=none"]
    assert features("12,Demo") == marks, "what a clause says, and once more of the last one"
    weights = {"": [0.0, -1.0, -1.0], "行": [1.0, 0.0, 0.0], "=none": [0.0, 0.0, 0.0]}
    found = will("他说行", None, weights)
    assert found is not None
    assert (found.start, found.value, found.weight, found.rule) == (2, "positive", 1, "intent.words")
    assert understand("张总说可以", Context(now=NOW, tools=Tools())).intent == "positive"
