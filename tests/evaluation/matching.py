"""Note to lead over a made-up book of 2,000 leads that share surnames and have similar firms.

The book and the notes come from one seed. A note names its customer the way people do: by the firm's short form with
a title, by full name, by surname alone in a running conversation, by a phone, by answering a card, by a homophone;
some are about a colleague's lead and some about nobody's. `right` of what was attached is the precision, attached of
what there is to attach the coverage.
"""

import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from random import Random
from zoneinfo import ZoneInfo

from bot.language import tools
from domain.contact import normal_phone
from domain.reader.book import Entry, LeadBook, Match, Talk, entry_keys
from domain.reader.context import Context, Names, opened
from domain.reader.names import VENDORS, NameIndex, core_of
from domain.reader.understand import understand
from tests.evaluation.public import almanac

NOW = datetime(2026, 3, 11, 10, tzinfo=ZoneInfo("Asia/Shanghai"))
SURNAMES = "王李张刘陈杨黄赵吴周徐孙马朱胡郭何高林罗郑梁谢宋唐许韩冯邓曹彭曾肖田董袁潘于蒋蔡余杜叶程苏魏吕丁任沈姚卢姜崔钟谭陆汪范金石廖贾夏韦付方白邹孟熊秦邱江尹薛闫段雷侯龙史陶黎贺顾毛郝龚邵万钱严覃武戴莫孔向汤"
GIVEN = "伟 芳 娜 敏 静 丽 强 磊 军 洋 勇 艳 杰 娟 涛 明 超 秀英 霞 平 刚 桂英 建华 建国 文涛 志强 志明 海燕 晓东 晓明 宇航 子轩 浩然 雨薇 思远 家豪 俊杰 欣怡 梓涵 国栋 立新 卫东 红梅 春燕 玉兰 天宇 佳琪 振华 永强 文博"
CITIES = "上海 北京 深圳 广州 杭州 苏州 南京 无锡 常州 宁波 青岛 济南 烟台 武汉 长沙 郑州 洛阳 合肥 芜湖 南昌 厦门 福州 泉州 佛山 东莞 珠海 中山 惠州 重庆 成都 西安 天津 沈阳 大连 长春 哈尔滨 太原 石家庄 昆明 贵阳"
FIRST = "博 鼎 恒 华 瑞 宏 盛 金 天 中 海 新 远 兴 嘉 德 亿 凯 森 科 立 明 智 安 永 富 泰 隆 和 信"
SECOND = "达 泰 源 创 讯 科 昌 力 拓 微 宇 晟 锐 腾 通 迈 朗 辰 岳 峰 润 邦 康 诺 维 跃"
BRANCHES = "智能科技 电子 机械 精密 自动化 新材料 医疗器械 食品 物流 软件 汽车零部件 包装 电气 环保 化工 光电 半导体 家居 服饰 建材"
FORMS = "有限公司 股份有限公司 集团有限公司 有限责任公司"
TITLES = "总经理 采购总监 信息部主任 生产部经理 IT经理 厂长 技术总监 车间主任 设备部部长 工程师"
SHORT_TITLE = {"总经理": "总", "采购总监": "总", "信息部主任": "主任", "生产部经理": "经理", "IT经理": "经理", "厂长": "厂长",
               "技术总监": "总", "车间主任": "主任", "设备部部长": "部长", "工程师": "工"}  # fmt: skip
SAID = (
    "{who}说预算批了，下周三签合同", "今天拜访了{who}，对方有意向，下周五再去", "给{who}打了电话，没人接", "{who}嫌贵，想降到20万",
    "跟{who}开了视频会议，需求明确，后天出方案", "{who}微信回了，方案可以", "{who}那边暂缓，年后再说", "上午和{who}通了电话，让我明天发报价",
    "{who}约我周四下午三点演示", "{who}要看案例，发了两个过去", "刚跟{who}吃完饭，关系不错", "提醒我下午四点给{who}发资料",
)  # fmt: skip
OPEN_ENDED = (
    "对方说再考虑考虑",
    "客户嫌贵，想要九折",
    "约了下周二上午十点过去演示",
    "他说没问题，月底前签",
    "电话没人接，明天再打",
)
HOMOPHONES = {
    "达": "大",
    "泰": "态",
    "源": "原",
    "科": "颗",
    "力": "利",
    "通": "同",
    "微": "威",
    "宇": "雨",
    "峰": "锋",
    "康": "慷",
}
WAYS = (
    ("firm and title", 30), ("firm and name", 14), ("name", 18), ("name and firm's long form", 8), ("firm", 6),
    ("surname in conversation", 10), ("nobody named in conversation", 6), ("phone", 3), ("quoted", 4),
    ("surname alone", 3), ("colleague's", 4), ("homophone", 2), ("nobody's", 3),
)  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """A note, who writes it and in which conversation, and the lead it is about (None = nobody's)."""

    way: str
    text: str
    talk: Talk
    lead: str | None


@dataclass(slots=True, kw_only=True)
class Result:
    """`attached` of `all` were attached, `right` of them rightly; `listed` = the right one in the top three."""

    all: int = 0
    attached: int = 0
    right: int = 0
    listed: int = 0
    wrong: list[str] = field(default_factory=list)
    took: list[float] = field(default_factory=list)
    ways: dict[str, list[int]] = field(default_factory=dict)

    @property
    def precision(self) -> float:
        return self.right / self.attached if self.attached else 1.0

    @property
    def coverage(self) -> float:
        return self.right / self.all

    @property
    def top_three(self) -> float:
        return self.listed / self.all

    @property
    def p95(self) -> float:
        return sorted(self.took)[int(len(self.took) * 0.95)] * 1000


def entries(dice: Random, count: int = 2000) -> list[Entry]:
    """Leads of 25 reps in 5 teams. Firms share brands, people share names."""
    found: list[Entry] = []
    brands = [a + b for a in FIRST.split() for b in SECOND.split()]
    for number in range(count):
        name = dice.choice(SURNAMES[:60] if dice.random() < 0.8 else SURNAMES) + dice.choice(GIVEN.split())
        company = dice.choice(CITIES.split()) + dice.choice(brands) + dice.choice(BRANCHES.split())
        if found and dice.random() < 0.08:
            company = dice.choice(found).company  # a second contact at the same firm
        elif dice.random() < 0.7:
            company += dice.choice(FORMS.split())
        phone = normal_phone(f"13{number:09d}")
        rep = dice.randrange(25)
        found.append(
            Entry(
                lead=f"L{1000 + number}", name=name, company=company, title=dice.choice(TITLES.split()),
                owner=f"rep{rep}", team=f"team{rep % 5}", open=dice.random() < 0.9, keys=entry_keys(phone, None, None),
            )
        )  # fmt: skip
    return found


def cases(dice: Random, book: list[Entry], count: int = 2000) -> Iterator[Case]:
    ways = [way for way, weight in WAYS for _ in range(weight)]
    for _ in range(count):
        way = dice.choice(ways)
        entry = dice.choice([each for each in (dice.choice(book) for _ in range(20)) if each.open])
        yield _case(dice, way, entry, book)


def _case(dice: Random, way: str, entry: Entry, book: list[Entry]) -> Case:  # noqa: C901 - a table
    core = core_of(entry.company)
    short = dice.choice([core[:2], core[:2], core[:4], core])
    polite = entry.name[0] + SHORT_TITLE[entry.title]
    person = entry.owner or ""
    current: str | None = None
    at: datetime | None = None
    quoted: str | None = None
    who = ""
    lead: str | None = entry.lead
    template = dice.choice(SAID)
    other = dice.choice(book)
    if dice.random() < 0.4:  # what was last written about is more often something else
        current, at = other.lead, NOW - timedelta(minutes=dice.randrange(1, 300))
    match way:
        case "firm and title":
            who = dice.choice([f"{short}的{polite}", f"{short}{polite}"])
        case "firm and name":
            who = dice.choice([f"{short}的{entry.name}", f"{short}{entry.name}"])
        case "name":
            who = entry.name
        case "name and firm's long form":
            who = f"{entry.company}{entry.name}"
        case "firm":
            who = short
        case "surname in conversation":
            who, current, at = polite, entry.lead, NOW - timedelta(minutes=dice.randrange(1, 30))
        case "nobody named in conversation":
            template, current, at = (
                dice.choice(OPEN_ENDED),
                entry.lead,
                NOW - timedelta(minutes=dice.randrange(1, 30)),
            )
        case "phone":
            number = entry.keys[0].removeprefix("p:+86")
            template = dice.choice((f"{number}打通了，说下周再联系", f"电话 {number} 没人接，明天再打"))
        case "quoted":
            template, quoted = dice.choice((*OPEN_ENDED, SAID[3].format(who=polite))), entry.lead
        case "surname alone":
            who, current, at = polite, None, None
        case "colleague's":
            person = next(each.owner for each in book if each.owner != entry.owner) or ""
            who = f"{core}的{entry.name}"
        case "homophone":
            typo = core[0] + HOMOPHONES.get(core[1], core[1])
            who = f"{typo}{core[2:4]}的{polite}"
        case _:
            person, lead = f"rep{dice.randrange(25)}", None
            who = dice.choice(
                ("蓝海之星的欧阳总", "欧阳震华", "远景动力研究所的司徒工", "轩辕科创的尉迟经理")
            )
    talk = Talk(person=person, now=NOW, current=current, current_at=at, quoted=quoted)
    return Case(way=way, text=template.format(who=who), talk=talk, lead=lead)


def build(book: list[Entry]) -> LeadBook:
    kit = tools()
    names = NameIndex((vendor, "competitor") for vendor in VENDORS)
    leads = LeadBook(names=names, pinyin=kit.pinyin, known=kit.known)
    for entry in book:
        leads.put(entry)
    return leads


def judged(leads: LeadBook, case: Case) -> Match:
    kit = tools()
    context = Context(now=case.talk.now, almanac=almanac(2026), names=Names(find=leads.names.find), tools=kit)
    _, plain = opened(case.text, kit)
    return leads.match(understand(case.text, context), plain, case.talk)


def run(seed: int = 7, count: int = 2000) -> Result:
    dice = Random(seed)
    book = entries(dice)
    leads = build(book)
    result = Result()
    for case in cases(dice, book, count):
        begun = time.perf_counter()
        match = judged(leads, case)
        result.took.append(time.perf_counter() - begun)
        _count(result, case, match)
    return result


def _count(result: Result, case: Case, match: Match) -> None:
    way = result.ways.setdefault(case.way, [0, 0, 0, 0])
    if match.lead is not None:
        result.attached += 1
        if match.lead == case.lead:
            result.right += 1
        else:
            result.wrong.append(f"{case.way}: {case.text} → {match.best[:2]} (meant {case.lead})")
    if case.lead is None:
        way[0] += 1
        way[1] += match.lead is None
        return
    listed = case.lead in (each.lead for each in match.best)
    result.all += 1
    result.listed += listed
    for nth, hit in enumerate((True, match.lead == case.lead, listed, match.lead not in (None, case.lead))):
        way[nth] += hit
