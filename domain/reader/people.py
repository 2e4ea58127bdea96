"""Who a note speaks of: 张总, 孔主任, a full name, the firm in front of it."""

import re
from itertools import islice
from typing import NamedTuple

from domain.reader import lexicon
from domain.reader.context import Context
from domain.reader.firms import famous_in, firm_at, firms_in
from domain.reader.places import behind_places, is_place, leading_place

_MOST = 400  # characters in which people are looked for
_MOST_PEOPLE = 20


class Mention(NamedTuple):
    start: int
    end: int
    value: str
    confidence: float
    rule: str


_FUNCTION = "和于从向全都应时年与及那计要查过到给得但经该更非无并"
_RESPECT = re.compile(rf"(?:{lexicon.HONORIFIC.pattern})(?![价额量计共结体数部包会议]|公司|经理办|务局)")
_NAME = rf"(?:{lexicon.COMPOUND}[一-鿿]{{1,2}}|[{lexicon.SINGLE}][一-鿿]{{1,2}})"
_SAYS = (
    "说|回复?|那边|那里|约|要|让|嫌|反馈|同意|看|出差|出国|不|没|电话|微信|邮件|觉得|表示|想|把|换|已|在|去|来|对|"
    "问|愿意|认可|接|答应|请|带|也|还|就|这边|他|她|昨|今|明|后天|下|上|周|和我|跟我|临时|发|打|提|催|拒|接待|签|准备|参加|一起|的|话|讲|喝|管|拿|离职|调走|休假|生病|住院|升|跳槽|陪|通过|终于|当场|透露|松口|拍板|点头|语音|加|转|开|现|有|没|很|挺|太|刚|忙|又|先|都|能|可|得|会|只|一直|嗰|系|唔|倾|外出|出去|喊|托|帮"
)
_SAID = re.compile(rf"(?:(?<=[\s,;。:、+\0的])|\A)(?P<n>{_NAME}?)(?=:|{_SAYS})")
_TO = re.compile(
    rf"(?:给|跟|和|与|同|找|见到?了?|约了?|请|联系了?|打给|拜访了?|提醒我?给?|问了?|叫|访|催一?下?|跟进一?下?|沟通了?|回访了?|陪|教|邀请?|对接|面谈|走访|"
    rf"辞别|协助)(?:一下|下)?(?P<n>{_NAME}?)(?=[\s,;。、+\0]|\Z|{_SAYS}|开|通|聊|谈|吃|喝|视频|回|准备|打|发|做|演|确认|沟通|见|讲|沟|联系|处|了|过|交流|电|语|微|约|介绍|送|寄|要|汇报|报|催|签|在)"
)
_NAMELESS = re.compile(
    rf"姓(?P<s>{lexicon.COMPOUND}|[{lexicon.SINGLE}])(?:的(?P<t>{lexicon.POST_OF_ONE})|(?:的)?(?:老板|客户|老总|先生|经理)?)"
)
_NEVER_LAST = frozenset(
    "不没说回约要让嫌看觉把换已在去对问接请也还就这那他她昨后下周和跟打提催拒签的了过电微邮给你我们"
)
_STOP = frozenset(
    "总部 别家 原话 别再 续费 续约 税号 毛肚 毛坯 公司 对方 客户 老板 领导 时间 平时 都是 那个 方案 项目 计划 安排 明天 周一 周二 周三 周四 周五 周六 周日 于是 应该 相关 "
    "高层 全部 经过 常规 单位 国庆 元旦 马上 成本 合同 何时 任何 管理 盛大 温度 安全 和我们 向我们 关系 关键 党委 "
    "都不 都没 那边 时候 从来 和他 和她 和对 于我 经常 全都 应当 解决 双方 干脆 万一 相当 相信 毕竟 易用 金额 "
    "费用 水平 查看 支持 包括 钱款 余款 元月 年底 年初 年前 年后 边界 车间 房间 党政 班组 景气 季度 通过 通知".split()
)


def mentions(text: str, context: Context) -> list[Mention]:
    """The people named in a plain text in which NUL marks what has been read, best first."""
    text = text[:_MOST]
    respects = islice(_RESPECT.finditer(text), _MOST_PEOPLE)
    found = [_respectful(match) for match in respects if _is_respect(text, match, context)]
    found += [
        Mention(match.start(), match.end(), f"{match['s']}{match['t'] or '总'}", 0.9, "person.surname")
        for match in _NAMELESS.finditer(text)
    ]
    found += [Mention(start, end, text[start:end], 0.95, "person.known")
              for start, end, kind in context.names.find(text) if kind == "person"]  # fmt: skip
    found += _others(text, context) + _with_post(text, context) + _full_names(text, context)
    taken = [(start, end) for start, end, kind in context.names.find(text) if kind != "person"]
    taken += famous_in(text)
    free = [m for m in found if all(m.end <= start or end <= m.start for start, end in taken)]
    return _apart([each for each in free if not _is_firm(text, each, free)])


# Given names as they stand in Chinese sentences; what is also a product, a place or an everyday word is none.
_LATIN = re.compile(
    r"(?<![A-Za-z0-9@._-])(?:[阿小老][A-Z][a-z]{1,9}|[A-Z][a-z]{2,11})(?: [A-Z][a-z]{1,11}| ?(?:老师|经理|总|姐|哥|先生|女士|小姐))?(?![A-Za-z0-9@._-])"
)
_NO_LATIN = frozenset(
    "Demo Poc Kickoff Email Mail Wechat Teams Zoom Excel Word Windows Linux Android Apple Google Chrome Next Visit Team Meeting Call Note "
    "The This That They And But For With From Monday Tuesday Wednesday Thursday Friday Saturday Sunday January February March April June "
    "July August September October November December Okay Yes Sure Cloud Server Java Python Docker Mysql Redis Saas Okr Kpi Plan Step Offer "
    "Contract Budget Price Quote Done Good Great Thanks Hello China Beijing Shanghai Shenzhen Suzhou Hangzhou Guangzhou".split()
)


def _others(text: str, context: Context) -> list[Mention]:
    """Kelvin, Emily Zhou; 古力娜尔; 何生 as one says in the south."""
    found = [
        Mention(m.start(), m.end(), m[0], 0.85, "person.latin")
        for m in _LATIN.finditer(text)
        if re.split("[ 一-鿿]", m[0])[0] not in _NO_LATIN
    ]
    for m in _FOREIGN_NAME.finditer(text):
        if lexicon.is_transliterated(m[0]) and not context.tools.known(m[0]):
            found.append(Mention(m.start(), m.end(), m[0], 0.8, "person.foreign"))
    for m in _SOUTHERN.finditer(text):
        if not context.tools.known(m[0]) and (
            re.match("[话讲嗰]", text[m.end() : m.end() + 1]) or _stands_alone(text, m, context)
        ):
            found.append(Mention(m.start(), m.end(), m[0], 0.8, "person.title"))
    return found


def _with_post(text: str, context: Context) -> list[Mention]:
    """池雅琴园长, 战所长, 山本先生."""
    found = [Mention(m.start(), m.end(), m[0], 0.9, "person.title") for m in _ABROAD.finditer(text)]
    for m in _NAME_WITH_POST.finditer(text):
        short = m["n"] in lexicon.COMPOUND_LIST or re.fullmatch(lexicon.TRANSLITERATED, m["n"])
        if not short and _is_name(m["n"]) and not context.tools.known(m["n"]):
            found.append(Mention(m.start("n"), m.end("n"), m["n"], 0.92, "person.post"))
    found += [
        Mention(m.start(), m.end(), m[0], 0.85, "person.title")
        for m in _UNLISTED.finditer(text)
        if not _inside_word(text, m.start(), context)
    ]
    return found


_FOREIGN_NAME = re.compile(f"(?<![一-鿿]){lexicon.TRANSLITERATED}(?<![不都其])")
_TRANSLITERATED = re.compile(f"{lexicon.TRANSLITERATED}(?P<t>{lexicon.POST_OF_ONE}|总|副总|老板|大哥|大姐)")
_NAME_WITH_POST = re.compile(
    rf"(?:(?<![一-鿿〇])|(?<=[科处部办室院校局所站馆厂司心委的见找给跟和陪]))(?P<n>{_NAME})(?:{lexicon.POST_OF_ONE})"
)
"""池雅琴园长."""
_UNLISTED = re.compile(
    rf"(?:(?<![一-鿿〇])|(?<=[科处部办室院校局所站馆厂司心委])|(?<=的)|(?<=[一二三][中小]))(?![{lexicon.NO_SURNAME}])[一-鿿](?:{lexicon.POST_OF_ONE})"
)
"""战所长, 门主任: a surname of no list, behind a firm or where a clause begins."""
_ABROAD = re.compile(
    "(?:山本|田中|佐藤|铃木|高桥|渡边|伊藤|中村|小林|加藤|吉田|山田|佐佐木|松本|井上|木村|清水|山崎|池田|桥本|石川|前田|藤田|小川|后藤|冈田|长谷川|村上|近藤|石井|斋藤|坂本|远藤|青木|藤井|三浦|西村|藤原|松田|中岛|小野)"
    "(?:先生|女士|小姐|社长|部长|课长|总)|(?<![一-鿿])(?![{no}])[一-鿿]总(?![是共体价])".replace(
        "{no}", lexicon.NO_SURNAME
    )
)
"""山本先生; 刀总 where a clause begins."""
_SOUTHERN = re.compile(f"[{lexicon.SINGLE}]生")


def _is_firm(text: str, mention: Mention, people: list[Mention]) -> bool:
    """华艺的|钱雨薇, 牧野|羊绒, 鑫达|何生: what only begins like a name is a firm's."""
    if mention.confidence >= 0.9 or mention.rule == "person.latin":
        return False
    if _TRADE_BEHIND.match(text, mention.end):
        return True
    return text[mention.end : mention.end + 1] == "的" and any(
        each.start == mention.end + 1 for each in people
    )


_TRADE_BEHIND = re.compile(f"(?:{lexicon.BRANCH_WORDS}|羊绒|中学|小学|学校|公司)")


def _respectful(match: re.Match[str]) -> Mention:
    return Mention(match.start(), match.end(), match[0], 0.9, "person.title")


def _is_respect(text: str, match: re.Match[str], context: Context) -> bool:
    if match[0] == "钱总":
        return True
    if match[0] in _NO_PEOPLE or (match[0][0] in _FUNCTION and not _speaks(text, match)):
        return False
    if match[0][0] in "老小阿" and len(match[0]) == 2:
        return _stands_alone(text, match, context)
    foreign = _TRANSLITERATED.fullmatch(match[0])
    if foreign and len(match[0]) - len(foreign["t"]) > 1:
        head = match[0][: -len(foreign["t"])]
        if _is_name(text[max(0, match.start() - 1) : match.end() - len(foreign["t"])]):
            return False  # 池|雅琴园长
        return not context.tools.known(head) and leading_place(head) is None
    return not _inside_word(text, match.start(), context)


_NO_PEOPLE = (
    "施工",
    "高工",
    "金工",
    "单工",
    "木工",
    "水工",
    "法工",
    "海工",
    "国工",
    "门店长",
    "门工",
    "山工",
    "支队",
    "车队",
    "部队",
    "连队",
    "班队",
    "商队",
)
_FREE_BEFORE = re.compile(
    r"(?:\A|店主|师长|盟商|客户|老板|户|经理|主管|主任|技术|财务|会计|同事|秘书|[\s,;。:、+\0(]|[的给跟和与同找见约请叫陪问让催是对去到在等帮替连])\Z"
)
_FREE_AFTER = re.compile(
    rf"(?:\Z|[\s,;。:、+\0)]|厂|家|店|公司|办公室|OK|关机|占线|通了|那|打|临|嫌|{_SAYS})"
)


def _speaks(text: str, match: re.Match[str]) -> bool:
    """向主管那边…, at the head of a clause: a person, and no 向 before a 主管."""
    head = match.start() == 0 or text[match.start() - 1] in " ,;。:\0\n"
    return (
        head and re.match("那边|那里|说|回复|反馈|让我|约我", text[match.end() : match.end() + 2]) is not None
    )


def _stands_alone(text: str, match: re.Match[str], context: Context) -> bool:
    """老谷, 小佘: nothing runs on before it, something is said of them, and it is no everyday word."""
    free = _FREE_BEFORE.search(text[max(0, match.start() - 2) : match.start()]) if match.start() else True
    return bool(free and _FREE_AFTER.match(text, match.end()) and not context.tools.known(match[0]))


def _inside_word(text: str, at: int, context: Context) -> bool:
    """Whether a dictionary's word runs across `at`: 由于|工期, 紧张|总是."""
    if at == 0 or not "一" <= text[at - 1] <= "鿿":
        return False
    left = text[max(0, at - 1) : at + 1]
    return context.tools.known(left)


def _full_names(text: str, context: Context) -> list[Mention]:
    found = []
    for pattern, rule, confidence in ((_SAID, "person.says", 0.85), (_TO, "person.to", 0.85)):
        for match in islice(pattern.finditer(text), _MOST_PEOPLE):
            name = _best_name(text, match.start("n"), context)
            if name:
                start = match.start("n")
                found.append(Mention(start, start + len(name), name, confidence, rule))
    return found + _among_words(text, context)


_BEHIND_FIRM = re.compile(rf"(?:{lexicon.BRANCH_WORDS}|公司|集团|研究院|医院|学院|大学)的?\Z")


def _among_words(text: str, context: Context) -> list[Mention]:
    """The words that are no everyday ones and look like a name; an everyday one behind a firm's name."""
    found, at = [], 0
    words = context.tools.cut(text)
    for nth, word in enumerate(words):
        if word in lexicon.COMPOUND_LIST and nth + 1 < len(words) and len(words[nth + 1]) <= 2:
            word += words[nth + 1]  # 上官|婉
        if 2 <= len(word) <= 4 and _is_name(word):
            third = words[nth + 1] if nth + 1 < len(words) else ""
            word += third if _goes_on(text, at, word, third) else ""
            known = context.tools.known(word)
            behind = known and _BEHIND_FIRM.search(text[max(0, at - 6) : at]) is not None
            if not known or behind:
                found.append(Mention(at, at + len(word), word, 0.7, "person.word"))
        at += len(words[nth])
        if len(found) >= _MOST_PEOPLE:
            break
    return found


def _best_name(text: str, start: int, context: Context) -> str:
    """The name that begins there: as the words are cut where that gives one, else by what follows it."""
    words, at = {}, 0
    for word in context.tools.cut(text[start : start + 12]):
        words[at] = word
        at += len(word)
    first = words.get(0, "")
    if any(first.startswith(each) for each in lexicon.COMPOUND_LIST):
        more = words.get(len(first), "")
        if len(first) + len(more) <= 4 and more and "一" <= more[0] <= "鿿" and more[0] not in _NEVER_LAST:
            first += more if len(first) < 4 and (len(more) == 1 or len(first) == 2) else ""
    if _goes_on(text, start, first, words.get(2, "")):
        return first + words[2]
    if _is_name(first):
        rest = text[start + 3 : start + 6]
        verb = len(first) == 3 and first[2] in "发通打开聊谈吃喝寄送签" and _is_name(first[:2])
        goes_on = "一" <= rest[:1] <= "鿿" and re.match(_SAYS, rest) is None
        return first[:2] if verb and (goes_on or re.match("[了个过]", rest)) else first
    for size in (4, 3, 2):
        name = text[start : start + size]
        if len(name) == size and _is_name(name) and _ends_well(text, start + size, size, context, first):
            return name
    return first if _is_name(first) else ""


def _goes_on(text: str, start: int, first: str, third: str) -> bool:
    """周子|墨|要求: a name of three signs that was cut in two."""
    if len(first) != 2 or len(third) != 1 or third in _NEVER_LAST or not "一" <= third <= "鿿":
        return False
    after = text[start + 3 : start + 4]
    ends = not "一" <= after <= "鿿" or re.match(_SAYS, text[start + 3 : start + 6]) is not None
    return ends and third not in "发通打聊谈吃送寄来去问带" and _is_name(first) and _is_name(first + third)


def _ends_well(text: str, end: int, size: int, context: Context, first: str) -> bool:
    if size > 2 and text[end - 1] in _NEVER_LAST:
        return False
    rest = text[end : end + 2]
    if rest[:1] == "" or not "一" <= rest[:1] <= "鿿":
        return True
    if context.tools.known(text[end - 1 : end + 1]) and size > 2:
        return False  # 倪虹说|线缆: the third sign begins a word of its own
    return (
        re.match(_SAYS + "|开|通|聊|谈|吃|喝|视频|做|演|确认|见|讲|处|了|过|交流", text[end : end + 3])
        is not None
    )


def _is_name(word: str) -> bool:
    if not word or word in _STOP or word[:2] in _STOP or word[0] in _FUNCTION:
        return False
    if (
        word[-1] in "区县局馆校院所队还崩没都就也会"
        or re.fullmatch("..[科部室厅件]", word)
        or re.fullmatch(f"[{lexicon.SINGLE}]生[在通说话到过]", word)
    ):
        return False
    return (
        lexicon.is_name(word)
        and leading_place(word) is None
        and not lexicon.is_title(word)
        and firm_at(word) is None
    )


def looks_like_name(word: str) -> bool:
    """Whether a word that stands alone may be a person's full name."""
    return len(word) in (2, 3) and _is_name(word)


def _apart(found: list[Mention]) -> list[Mention]:
    kept: list[Mention] = []
    for each in sorted(found, key=lambda m: (-m.confidence, m.start, m.start - m.end)):
        if all(each.end <= other.start or other.end <= each.start for other in kept):
            kept.append(each)
    return kept


_LEAD_IN = re.compile(
    r"(?:加了|催了?一下|一下|[一两几]趟|提醒我?|给|跟|和|与|同|找|见到?了?|在|到了?|去了?|回|约了?|请|联系了?|打给了?|打电话给|拜访了?|电话|上门|面谈|面访|走访|刚|我|从|向|对|问了?|催|陪|已经?|报价|"
    r"跟进一?下?|沟通了?|回访了?|演示|进了?|访|邀请?|接到|接(?!待|受|口|入)|收到|关于|(?:财务|前台|同事)?通知|趟|人在|又|再|先|陪[一-鿿]{1,3}?(?:去|跑|到)了?一?趟?|跑了?一?趟?|昨儿|今儿|明儿)"
)
_WHERE = re.compile(
    "(?:去了?一?趟?|跑了?一?趟?|从|给|到|在)(?P<f>[一-鿿A-Za-z]{2,6}?)(?=见了?|做了?|演示|出来|回来|谈|开会|拜访|现场|送|装|调试|讲|了趟|培训)"
)
_WENT = re.compile(
    r"(?:(?:去|跑)了?一?趟|拜访了?|走访了?|回访了?)(?P<f>[一-鿿A-Za-z]{2,10})(?=[\s,;。\0]|\Z)"
)
_ONLY_A_TRADE = re.compile(
    f"(?:{lexicon.BRANCH_WORDS}|医疗|汽车|公司|集团|机场|学校|医院|法院|银行|大学|学院)+"
)
_NOT_FIRM = re.compile(
    "总部|定金|订金|尾款|冻结|暂停|统一|报给|开标|勘察|上报|签到|寄给|早上|中午|晚上|一个|一家|有个|[说要让想没不把被回了过来去吗呢吧们你俺咱里]|原因|大家|[他她]的|已|计划|可以|各位|因为|听说|最近|几家|[这那哪]个|楼下|同行|不能|电话|微信|邮件|我们|他们|客户|对方|方案|合同|报价|系统|软件|下周|明天|今天|昨天|上午|下午"
)


_RUN = re.compile(r"[^\s,;。、:!?+|【】()\0]+")


def firm_of(text: str, person: Mention | None, context: Context) -> Mention | None:
    """The customer's firm: a known one, else one in front of the person, else words made like a firm's name."""
    known = [each for each in context.names.find(text) if each[2] == "company"]
    if known:
        start, end, _ = max(known, key=lambda each: each[1] - each[0])
        return Mention(start, end, text[start:end], 0.95, "company.known")
    made = [each for each in _made_like_firms(text[:_MOST]) if person is None or not _overlaps(each, person)]
    if person is not None:
        near = [each for each in made if 0 <= person.start - each.end <= _NEAR]
        before = near[0] if near else _before(text, person.start) or _that_side(text)
        if before:
            return before
    return made[0] if made else _firm_gone_to(text, person, context) or _that_side(text)


_NEAR = 12
_THAT_SIDE = re.compile(
    r"(?:\A|[\s,;。!\0])(?P<f>[一-鿿A-Za-z]{2,8}?)(?:那边|那单|那家|那个单子|的单子|的项目|进展)"
)


def _that_side(text: str) -> Mention | None:
    """彩蝶轩那边: a name at the head of a clause."""
    for match in _THAT_SIDE.finditer(text):
        name = match["f"]
        if _sound_firm(name) and not lexicon.is_name(name) and _RESPECT.search(name) is None:
            return Mention(match.start("f"), match.end("f"), name, 0.5, "company.that")
    return None


def _overlaps(one: Mention, other: Mention) -> bool:
    return one.start < other.end and other.start < one.end


def _made_like_firms(text: str) -> list[Mention]:
    found = []
    for run in _RUN.finditer(text):
        for begin, end in firms_in(run[0]):
            name = run[0][begin:end]
            while (
                (head := _LEAD_IN.match(name))
                and len(name) - head.end() > 3
                and (head.end() > 1 or name[0] in "趟接跟去")
            ):
                begin, name = begin + head.end(), name[head.end() :]
            if _sound_firm(name):
                found.append(Mention(run.start() + begin, run.start() + end, name, 0.6, "company.like"))
    return found


def _firm_gone_to(text: str, person: Mention | None, context: Context) -> Mention | None:
    """去晶锐见了…, 给凯博做了…: a name without a word of its trade, by the verbs around it."""
    for match in (*_WHERE.finditer(text), *_WENT.finditer(text)):
        start, name = match.start("f"), match["f"]
        while head := _LEAD_IN.match(name):
            start, name = start + head.end(), name[head.end() :]
        free = person is None or person.end <= start or match.end("f") <= person.start
        named = lexicon.is_name(name) or _RESPECT.search(name) or _only_a_place(name)
        strange = not named and not any(context.tools.known(word) for word in (name, name[-2:]))
        if free and strange and len(name) > 1 and _sound_firm(name) and not context.names.find(name):
            return Mention(start, match.end("f"), name, 0.6, "company.where")
    return None


def _only_a_place(name: str) -> bool:
    rest = behind_places(name)
    return leading_place(name) is not None and (len(rest) < 2 or is_place(rest))


def _before(text: str, end: int) -> Mention | None:
    """博达的|张总, 跟奇点汽车|汪洋: back to where the clause or its verb begins."""
    stop = end
    while stop > 0 and text[stop - 1] in "的 ":
        stop -= 1
    start = stop
    while start > 0 and (text[start - 1].isalnum() and text[start - 1] != "\0") and stop - start < 18:
        start -= 1
    run = text[start:stop]
    while match := _LEAD_IN.match(run) or re.match("的", run):
        start, run = start + match.end(), run[match.end() :]
    for match in reversed(
        list(re.finditer("给|跟|和|与|找|见了?|拜访了?|联系|打给|[去跑到]了?一?趟|去了|到了", run))
    ):
        if match.end() < len(run) - 1:
            start, run = start + match.end(), run[match.end() :]
            break
    run = _BEHIND.sub("", run)
    if 2 <= len(run) <= 16 and _sound_firm(run):
        return Mention(start, start + len(run), run, 0.75, "company.before")
    return None


_BEHIND = re.compile(
    "(?:的?(?:老板娘?|店主|店长|加盟商|采购|厨师长|经理|前台)|的?(?:[那这]个|[那这]边|工厂|厂里|公司里)|他们|(?:信息|设备|采购|技术|生产|财务|行政|研发|质检|品质|仓储|物流|后勤|总务|教务|人事|市场|销售|工程|IT)[部科处]?)+(?:拜访|走访|回访)?了?\\Z"
)
"""锦和织造|那个|岳厂长, 赛力克|采购部: what stands between a firm and its person."""
_OFFICE = re.compile("[一-鿿]{1,5}(?:科|处|部|室|系|组|办|中心|大厅)")


def _sound_firm(run: str) -> bool:
    return (
        _NOT_FIRM.search(run) is None
        and not run.isdigit()
        and not lexicon.is_title(run)
        and run not in _STOP
        and _OFFICE.fullmatch(run) is None
        and _ONLY_A_TRADE.fullmatch(run) is None
        and re.search("[^一二三四五六七八九十实附][小老]\\Z", run) is None
        and not (leading_place(run) and not behind_places(run))
    )
