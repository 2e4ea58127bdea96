"""The company's own names: found in a text in one pass, and the short forms that people use for a firm."""

import re
from collections.abc import Iterable, Sequence

from domain.reader import lexicon
from domain.reader.places import behind_places

_LEGAL = (
    *("股份有限公司", "有限责任公司", "集团有限公司", "控股有限公司", "有限公司", "股份公司", "总公司"),
    *("分公司", "公司", "集团", "股份", "控股"),
)
_BRACKET = re.compile(r"\([^()]{1,12}\)")
_BRANCH_WORD = re.compile(f"(?:{lexicon.BRANCH_WORDS})+\\Z")
_BUSINESS = re.compile(lexicon.BRANCH_WORDS)
SHORTEST = 2
_BETWEEN = "和与跟给同在到去从向对约找见请把被让"


def _without_form(company: str) -> str:
    """Without the legal form at its end, the longest that fits."""
    if not company.endswith(_LEGAL):
        return company
    return next(company.removesuffix(form) for form in _LEGAL if company.endswith(form))


def _without_brackets(company: str) -> str:
    return (_BRACKET.sub("", company) if "(" in company else company).strip()


def core_of(company: str) -> str:
    """A firm's name without its brackets, its place and its legal form: 上海博达智能科技有限公司 is 博达智能科技."""
    bare = _without_brackets(company)
    while (cut := _without_form(bare)) and cut != bare:
        bare = cut
    rest = behind_places(bare).removeprefix("市").removeprefix("省")
    return rest if len(rest) >= SHORTEST else bare


def short_forms(company: str) -> tuple[str, ...]:
    """What people may call a firm, longest first: the whole, without its legal form, its core and that core's
    beginnings, down to the bare brand. A beginning that is only a line of business is none."""
    core = core_of(company)
    bare = _without_form(_without_brackets(company))
    forms = {company, bare, core}
    brand = _BRANCH_WORD.sub("", core)
    place = bare[: len(bare) - len(core)] if bare.endswith(core) else ""
    for size in range(max(SHORTEST, min(len(brand), 4)), len(core)):
        forms.add(core[:size])
    if len(brand) >= SHORTEST:
        forms |= {brand, brand[:SHORTEST], place + brand}
    if any(map(_BUSINESS.match, (company, bare, core))):  # one of which each form begins with
        forms = {form for form in forms if not _BRANCH_WORD.fullmatch(form)}
    fit = (form for form in forms if len(form) >= SHORTEST)
    return tuple(sorted(sorted(fit), key=len, reverse=True))


def lowered(text: str) -> str:
    """In small letters; the text itself where it is so, for `lower` copies it and names are many."""
    small = text.lower()
    return text if small == text else small


class NameIndex:
    """Known names of any kind. `add` is cheap, so that the index follows the company while it works."""

    def __init__(self, names: Iterable[tuple[str, str]] = ()) -> None:
        self._kinds: dict[str, str] = {}
        self._sizes: dict[str, tuple[int, ...]] = {}
        for text, kind in names:
            self.add(text, kind)

    def add(self, text: str, kind: str) -> None:
        """Take in one name (folded and simplified). A name that is known keeps its first kind."""
        word = lowered(text.strip())
        if not SHORTEST <= len(word) <= 40 or word in self._kinds:
            return
        self._kinds[word] = kind
        head = word[:SHORTEST]
        sizes = self._sizes.get(head, ())
        if len(word) not in sizes:
            self._sizes[head] = tuple(sorted((*sizes, len(word)), reverse=True))

    def find(self, text: str) -> Sequence[tuple[int, int, str]]:
        """(start, end, kind) of the names in a plain text, the longest at each place, none overlapping."""
        low = text.lower()
        found, at = [], 0
        while at < len(low) - 1:
            end = self._at(low, at)
            if end and low[at] in _BETWEEN and self._at(low, at + 1) > end:
                end = 0  # 和|科腾, though 和科 is a name too
            if end:
                found.append((at, end, self._kinds[low[at:end]]))
                at = end
            else:
                at += 1
        return found

    def _at(self, low: str, at: int) -> int:
        for size in self._sizes.get(low[at : at + SHORTEST], ()):
            end = at + size
            if end <= len(low) and low[at:end] in self._kinds and _whole_word(low, at, end):
                return end
        return 0


def _whole_word(text: str, start: int, end: int) -> bool:
    """A Latin name is no part of a longer one."""
    before, after = text[start - 1 : start], text[end : end + 1]
    return not ((_latin(before) and _latin(text[start])) or (_latin(text[end - 1]) and _latin(after)))


def _latin(char: str) -> bool:
    return char.isascii() and char.isalnum()


VENDORS = tuple(
    "用友 金蝶 SAP Oracle 甲骨文 浪潮 鼎捷 海康 海康威视 大华 Salesforce 纷享销客 销售易 致远 泛微 蓝凌 西门子 施耐德 达索 "
    "PTC Infor Epicor 微软 Dynamics 和利时 中控 宝信 东软 神州数码 赛意 黑湖 明源 广联达 华为 阿里云 腾讯云 旷视 商汤 "
    "科大讯飞 启明 绿盟 深信服 天融信 红圈 管家婆 畅捷通 速达 简道云 明道云 鼎信 汉得 远光 金山 帆软 钉钉 飞书 北森 薪人薪事 神策 有赞 微盟 聚水潭 旺店通 吉客云 百胜 富勒 唯智 Siemens Rockwell 罗克韦尔 ABB 欧姆龙 汇川 发那科 库卡 安川 "
    "迈瑞 联影 东软医疗 GE 飞利浦 佳能医疗 鱼跃 新华医疗 万东 开立 理邦 赛默飞 岛津 安捷伦 沃特世 珀金埃尔默 布鲁克 蔡司 奥林巴斯 徕卡 希沃 鸿合 科大讯飞 "
    "浪潮云 H3C 新华三 锐捷 比亚迪 道一云 轻流 氚云 伙伴云 悟空CRM 励销云 八百客 Zoho HubSpot 探迹 卫瓴 尘锋 盖雅 肯耐珂萨 Workday Moka 2号人事部 正航 易飞 智邦国际 "
    "科箭 通天晓 盘古信息 元工 摩尔元数 兰光 华磊迅拓 格创东智 CAXA 数码大方 永洪 观远 思迈特 Tableau PowerBI 奇安信 安恒 山石网科 宇视 萤石 天地伟业 客如云 哗啦啦 "
    "二维火 奥琦玮 石基 绿云 oTMS 易流 卫宁 创业慧康 东华医为 嘉和美康 希森美康 雅培 贝克曼 美敦力 史赛克 德尔格 科曼 宝莱特 明峰 赛诺威盛 梅特勒 赛多利斯 艾本德 "
    "聚光科技 天瑞仪器 普析 视源 奥威亚 中庆 极智嘉 快仓 海柔 埃斯顿 新松 优傲 节卡 基恩士 康耐视 信捷 英威腾 台达 三菱电机".split()
)
"""The competitors that are known without a company's own list."""
AS_WRITTEN = {vendor.lower(): vendor for vendor in VENDORS}
