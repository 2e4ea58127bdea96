"""What four people who saw no rule taught: one message for each class of their ways of saying a thing."""

from datetime import datetime
from zoneinfo import ZoneInfo

import pytest

from bot.language import almanac_of, tools
from domain.reader.context import Context, Names
from domain.reader.firms import firm_at, firms_in, is_famous, is_plain
from domain.reader.money import read_amount
from domain.reader.names import VENDORS, NameIndex
from domain.reader.places import is_city, is_place, region_in
from domain.reader.understand import Reading, understand

NOW = datetime(2026, 3, 11, 10, tzinfo=ZoneInfo("Asia/Shanghai"))
RIVALS = NameIndex((vendor, "competitor") for vendor in VENDORS)


def read(text: str) -> Reading:
    context = Context(
        now=NOW,
        almanac=almanac_of([2026, 2027]),
        names=Names(find=RIVALS.find),
        tools=tools(with_pinyin=False),
    )
    return understand(text, context)


@pytest.mark.parametrize(
    ("run", "firms"),
    [
        ("展会上碰到宁波博众精工的设备经理", ["宁波博众精工"]), ("他们学校叫铜川市第九中学明年", ["铜川市第九中学"]), ("和田地区人民医院检验科", ["和田地区人民医院"]),
        ("宁大附属第二医院", ["宁大附属第二医院"]), ("跟汉中利州区三小的校长", ["汉中利州区三小"]), ("认识了一家做光伏的晟辉铝业", ["晟辉铝业"]),
        ("公司叫华彩印染", ["华彩印染"]), ("宁波博达有限公司杭州分公司", ["宁波博达有限公司杭州分公司"]), ("无锡恒远机械3有限公司", ["无锡恒远机械3有限公司"]), ("正泰开关", ["正泰开关"]),
        ("牧原的单子", ["牧原"]), ("客户现场", []), ("一家汽车公司", []), ("腾讯会议", []), ("我们想要一家做求职的公司", []), ("长风五金城", []),
    ],
)  # fmt: skip
def test_a_firm_is_found_among_other_words(run: str, firms: list[str]) -> None:
    assert [run[start:end] for start, end in firms_in(run)] == firms


def test_what_only_says_what_kind_of_firm_it_is_names_none() -> None:
    assert is_plain("民办学校")
    assert not is_plain("湘麓学校")
    assert is_famous("牧原")
    assert firm_at("博众精工在苏州") == "博众精工"
    assert firm_at("在苏州") is None


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("常州一个厂要上系统 晟辉铝业 段工 13812345678 他说下周看", "lead"), ("莫科长换号了 新手机13812345678", "note"), ("让我发资料到邮箱 qin@boda.com", "note"),
        ("📍打个卡 晟辉铝业 等段总", "visit"), ("到了到了 晟辉铝业 段总在开会", "visit"), ("现在在客户现场，晟辉铝业", "visit"), ("今天在西安碰到段总 要上系统 13812345678", "lead"),
        ("我在晟辉铝业门口等人", "visit"), ("人已到,晟辉铝业", "visit"), ("高铁上认识的 做支架 叫段明 没留电话", "lead"), ("同事丢给我一个没跟过的,段总,13812345678", "lead"),
        ("忘了打卡 晟辉铝业", "note"), ("在晟辉铝业展会上聊了一会", "note"),
    ],
)  # fmt: skip
def test_what_kind_of_message_it_is(text: str, kind: str) -> None:
    assert read(text).kind == kind


@pytest.mark.parametrize(
    ("text", "name", "company", "title"),
    [
        ("/lead 宁波晟辉铝业 厂长姓沈 13812345678", "沈厂长", "宁波晟辉铝业", "厂长"), ("/lead 姓司马的老板 晟辉铝业 13812345678", "司马总", "晟辉铝业", "老板"),
        ("新线索 盐城响水 昌源化工 安环部长鄢志强 13812345678", "鄢志强", "昌源化工", "安环部长"), ("/lead 晟辉铝业 检验科 索主任 13812345678", "索主任", "晟辉铝业", None),
        ("李总介绍了个新客户 双林塑模 找他们副总尉迟明 13812345678", "尉迟明", "双林塑模", "副总"), ("介绍人：晨阳电子的曾总。新客户：立信线路板，联系人幸文斌，13812345678", "幸文斌", "立信线路板", None),
        ("新线索 大理的民宿'苍山小院' 老板叫段明 13812345678", "段明", "苍山小院", "老板"), ("/lead 厂名叫鑫步达 我叫蔡志坚 13812345678", "蔡志坚", "鑫步达", None),
        ("/lead 东莞的鲜达冷链,老板娘姓植,叫她植姐就行,13812345678", "植姐", "鲜达冷链", "老板娘"), ("/lead 联系人: Stefan Mueller(翻译) 公司: 欧文零件 电话 13812345678", "Stefan Mueller", "欧文零件", None),
        ("/lead 联系人: Ma Yue(马越) 公司: 欧文零件 电话 13812345678", "马越", "欧文零件", None), ("/lead 广汽埃安的供应商,韶关的粤北铸造,设备科科长丘国栋,13812345678", "丘国栋", "粤北铸造", "设备科科长"),
        ("有线索 湖南湘米集团当副总裁,叫阎立平,13812345678", "阎立平", "湖南湘米集团", "副总裁"), ("/lead 买家孙先生 公司杭州云帆服饰 13812345678", "孙先生", "杭州云帆服饰", None),
        ("Hi, this is Kevin from Brightway Lighting, call 13812345678", "Kevin", "Brightway Lighting", None), ("/lead 养猪场的 叫阿健 13812345678", "阿健", None, None),
        ("/lead 消防器材厂的后勤科长 叫桂小兵 13812345678", "桂小兵", None, "后勤科长"), ("/lead 观测站站长 东智才让 德令哈市气象局 13812345678", "东智才让", "德令哈市气象局", "观测站站长"),
        ("刚有个电话是南阳七里园派出所的说是要采购充电柜对方姓皮皮所长手机号是13812345678", "皮所长", "南阳七里园派出所", None),
        ("/lead 晟辉铝业 找方案 13812345678", None, "晟辉铝业", None),
        ("/lead 晟辉铝业 岩温老师 13812345678", "岩温老师", "晟辉铝业", None), ("/lead 成都 锐诺生物 lab manager Vivian 谢 13812345678", "Vivian 谢", "锐诺生物", "lab manager"),
    ],
)  # fmt: skip
def test_a_lead_as_it_is_told(text: str, name: str | None, company: str | None, title: str | None) -> None:
    found = read(text)
    assert found.kind == "lead"
    assert (found.name, found.title) == (name, title)
    assert company is None or found.company == company


@pytest.mark.parametrize(
    ("text", "name", "company"),
    [
        ("昨天拜访了玉溪师院，钏主任看了样机", "钏主任", "玉溪师院"), ("曲靖九中 战所长 试用了两周", "战所长", "曲靖九中"), ("约好去怒江州医院见段志强副院长", "段志强", "怒江州医院"),
        ("丰田合成的山本先生说想看界面", "山本先生", "丰田合成"), ("彩蝶轩那边凉了", None, "彩蝶轩"), ("牧原 合同已发", None, "牧原"), ("鲁花那边没谈拢,滕总说再看", "滕总", "鲁花"),
        ("陪我们李经理去晟辉铝业拜访了史总监", "史总监", "晟辉铝业"), ("一个姓武的经理接的", "武经理", None), ("去了趟郑州锅圈,等了半天", None, "郑州锅圈"), ("刀总说再等等", "刀总", None),
        ("Coco姐说预算砍了", "Coco姐", None), ("白云经理说再等等", None, None), ("公冶主管说再等等", "公冶主管", None), ("项目经理说再等等", None, None),
    ],
)  # fmt: skip
def test_who_a_note_is_about(text: str, name: str | None, company: str | None) -> None:
    found = read(text)
    assert (found.name, found.company) == (name, company)


@pytest.mark.parametrize(
    ("text", "company", "location"),
    [
        ("打卡 东莞虎门 铭扬电子", "铭扬电子", "东莞虎门"), ("签到 赣州南康家具城 木言木语 赖总在", "木言木语", "赣州南康家具城"), ("签到 晟辉铝业 行政楼6楼", "晟辉铝业", "行政楼6楼"),
        ("📍打卡 在厦门湖里 鹭港报关行", "鹭港报关行", "厦门湖里"), ("签到 晟辉铝业 3楼会议室 等人", "晟辉铝业", "3楼会议室"), ("签到 小满手作 常州市武进区", "小满手作", "常州市武进区"),
        ("打卡 长沙 刚到博远渔具", "博远渔具", "长沙"),
    ],
)  # fmt: skip
def test_where_a_visit_is(text: str, company: str, location: str) -> None:
    found = read(text)
    assert (found.kind, found.company, found.location) == ("visit", company, location)


@pytest.mark.parametrize(
    ("text", "when"),
    [
        ("call Tom on 10/22 4pm", "2026-10-22T16:00:00+08:00"), ("原来明天改到下周一下午3点", "2026-03-16T15:00:00+08:00"), ("过几天再联系段总", None), ("我这两天再催一下段总", "2026-03-11"),
        ("这两天段总出差了", None), ("今天给段总打电话，她坚持要进口的", None), ("段总的款今天到账", None), ("give quotation by Fri", "2026-03-13"), ("约了9月24日下午2点二次评审", "2026-09-24T14:00:00+08:00"),
        ("/lead 今天有个自己找上门的 段总 13812345678", None), ("签到 晟辉铝业 今天跟段总谈续约", None),
    ],
)  # fmt: skip
def test_what_comes_next(text: str, when: str | None) -> None:
    step = read(text).next
    said = (step.at.isoformat() if step.at else step.day.isoformat()) if step else None
    assert said == when


@pytest.mark.parametrize(
    ("text", "amount"),
    [
        ("预算一百多万", (1_000_000, 1_100_000)), ("八十多万", (800_000, 900_000)), ("五万多", (50_000, 60_000)), ("28万一分不能少", (280_000, 280_000)), ("上百万还是有的", (1_000_000, 1_000_000)),
        ("至少能拿70万", (700_000, None)), ("一两万块钱", (10_000, 20_000)), ("200万往上", (2_000_000, None)), ("定金两万", (20_000, 20_000)), ("定金两万,总价80万", (800_000, 800_000)), ("投标保证金2万", None),
        ("预算不多五万以内", (None, 50_000)), ("报价22800给他了", (22_800, 22_800)), ("最多5万", (None, 50_000)), ("编号22800", None),
    ],
)  # fmt: skip
def test_sums(text: str, amount: tuple[int | None, int | None] | None) -> None:
    assert read_amount(text) == amount


@pytest.mark.parametrize(
    ("text", "activity"),
    [
        ("给段总去了个电话，聊了半天", "call"), ("总机转了半天才转到信息部", "call"), ("启动会开完了", "meeting"), ("合同已发对方邮箱", "email"), ("康桥护理院的演示刚结束", "meeting"),
        ("今天微信上跟段总聊了挺多他说六台以上整个招标可能要放到年底", "wechat"),
    ],
)  # fmt: skip
def test_what_was_done(text: str, activity: str) -> None:
    assert read(text).activity == activity


def test_one_number_for_phone_and_wechat_and_a_rival_in_its_usual_spelling() -> None:
    assert read("/lead 段明 晟辉铝业 Tel/WeChat: 13812345678").wechat == "13812345678"
    assert read("段总说sap刚上线").competitors == ("SAP",)
    assert read("/lead 晟辉铝业 实训主任冉启明 13812345678").competitors == ()


def test_the_place_a_message_speaks_of() -> None:
    assert region_in("郑州医博会上认识的 周口的老板") == "周口"
    assert region_in("Foshan Nanhai, 百俊玻璃") == "佛山"
    assert region_in("浦江县晶艺水晶厂") == "浦江"
    assert region_in("同安 佳友卫浴") == "同安"
    assert region_in("江苏的客户") == "江苏"
    assert region_in("没说在哪") is None
    assert is_place("虎门")
    assert not is_city(None)
