"""Where a firm or an institution stands in a run of words: 苏州博达精密, 六枝特区人民医院, 兰大二院."""

import re
from collections.abc import Iterator
from itertools import islice

from domain.reader import lexicon
from domain.reader.places import leading_place

_FAMOUS = re.compile(
    rf"(?:(?<![一-鿿])|(?<=[的跟和与给在到去见催找是对为了]))(?P<e>{lexicon.FAMOUS})(?![镇县市区村路街]|会议|文档|视频|地图)"
)
_MOST = 12
_LONGEST = 24
_END = re.compile(
    rf"(?=(?P<e>{lexicon.FIRM_END}|(?:{lexicon.BRANCH_WORDS})(?![科处部室组系师员长厂子家区房城])|公司|工厂|厂(?![长家区房子里商])|[书药饭]店|专卖店|旗舰店|超市|连锁)(?![长员]))"
)
# What a sentence says in front of a name. The short ones are also signs of names: they cut only before a place.
_CUT = re.compile(
    r"\A(?:公司|买家|单位|学校)(?!的)|(?:民办|公办|私立)学校(?=[一-鿿]{4})|隔壁|(?:来了|有|一|这|那)位|(?:(?:有|是|来|找|认识|碰到|遇到|碰见|遇见|开|搞|介绍|推荐|加)了?(?:一|两|几)?|一|两|几)(?:个|家)(?!居|纺|具|电|园|乐|庭|美|和|属)新?(?:的|开的?)?|那[个边家]|这[个边家里]|这次|上次|"
    r"(?:介绍人?|来自|来源|来信方为?|推荐客户|推荐|认识|碰到|碰见|遇到|遇见|加了|看到|听说|收到|接到|关于|参加|联系|回访|跟进|拜访|走访|提醒|协助|对接|陪同|路过|旁边|专门|主要|一个|一家|电话里|那边|"
    r"新客户|老客户|客户|对方|公司(?:名?叫|名称?是|是)|单位|厂名?叫?|厂子叫?|名字叫?|全称|昨天|今天|明天|刚才?|刚刚|上午|下午|中午|晚上|早上|昨晚|今儿|昨儿|现在|目前|已经?|我们|他们|她们|你们|人家|咱们?|客户是)(?:是|叫|的|了|在)*|"
    r"[的了是叫说在到去给跟着把被让帮陪催问您我你他她它俺咱哎啊呀哦嗯](?!家[一-鿿])|(?:见|找|约|请|从|和|与|做|跑|进|寄给?|送给?|向|对|等|人)(?=[一-鿿])"
)
_ALWAYS = re.compile(r"[见找约请从和与做跑进寄送向对等人]")
_PLAIN = re.compile(
    rf"(?:{lexicon.FIRM_END}|{lexicon.BRANCH_WORDS}|民办|公办|老|新|大|小|本|该|贵|我|市|县|省|区|乡镇?|私立|国营|外资|民营|建筑|医疗|汽车|机械|公司|工厂|厂|[书药饭]店|门店|超市|连锁|同行|客户|所有|全部|各|其他|别的?|几)+"
)
_NEVER = re.compile(
    "[,;。:!?说没不吗呢吧想要做求]|拟采|采购(?!中心|公司|供应链)|了解|解贵|也有|不是|贵[司公]|多少|怎么|什么|电话|微信|报价|方案|合同|预算|系统|软件|下周|项目"
)


def firms_in(run: str) -> Iterator[tuple[int, int]]:
    """The (start, end) of each name made like a firm's in a run without stops, in order."""
    done, nth = 0, 0
    found: list[tuple[int, int]] = []
    famous = famous_in(run)
    ends = [match.span("e") for match in islice(_END.finditer(run), 4 * _MOST)]
    while nth < len(ends):
        stop = ends[nth][1]
        while nth + 1 < len(ends) and _goes_on(run[stop : ends[nth + 1][0]]):
            nth += 1
            stop = max(stop, ends[nth][1])
        start = _start(run, done, stop)
        start = min((begin for begin, end in famous if done <= begin < start < end), default=start)
        name = run[start:stop]
        if 3 <= len(name) <= _LONGEST and not _PLAIN.fullmatch(name) and not _NEVER.search(name):
            found.append((start, stop))
            done = stop
        nth += 1
    for begin, end in famous:
        if all(end <= start or stop <= begin for start, stop in found):
            rest = run[end:].partition("的")[0]
            found.append((begin, end + len(rest) * _belongs(rest)))
    return iter(sorted(found))


def _belongs(rest: str) -> bool:
    """正泰|开关, 龙湖|天街: the end of a run behind a famous name, and nobody's name or post."""
    person = lexicon.is_respect(rest) or lexicon.is_name(rest) or lexicon.is_title(rest)
    return (
        2 <= len(rest) <= 4
        and not person
        and re.search("[的那这说约在是给要想了没不]|进展|演示|报价|合同|项目", rest) is None
    )


def famous_in(text: str) -> list[tuple[int, int]]:
    """Where firms stand that everybody calls by a short name."""
    return [match.span("e") for match in islice(_FAMOUS.finditer(text), _MOST)]


def is_famous(word: str) -> bool:
    return _FAMOUS.fullmatch(word) is not None


def _goes_on(between: str) -> bool:
    """华大|附属|医院, 博达科技|杭州|分公司: one name; a 的 or a department ends it."""
    if len(between) > 6 or re.search("[^一-鿿0-9A-Za-z()]|[的和与跟给到是叫说了要想年新拟采购求需]", between):
        return False
    return not between or between[-1] not in "科处部室系组办" or between.startswith("附属")


def _start(run: str, least: int, stop: int) -> int:
    """Behind the last word that a sentence says in front of a name."""
    start = max(least, stop - 2 * _LONGEST)
    at = start
    while match := _CUT.search(run, at, stop - 1):
        sure = _ALWAYS.fullmatch(match[0]) is None
        cuts = sure or match.start() == start or leading_place(run[match.end() : stop]) is not None
        if cuts and not _in_place(run, match.start(), stop):
            start = match.end()
        at = max(match.end(), at + 1)
    return start


def _in_place(run: str, at: int, stop: int) -> bool:
    """和田, 大同, 来宾: the sign belongs to a place's name."""
    return any(
        (place := leading_place(run[begin:stop])) is not None and begin + len(place) > at
        for begin in range(max(0, at - 3), at + 1)
    )


def is_plain(word: str) -> bool:
    """Whether it only says what kind of firm it is: 民办学校, 汽车公司."""
    return _PLAIN.fullmatch(word) is not None


def firm_at(run: str) -> str | None:
    """The name that a run begins with, when it is made like a firm's."""
    first = next(firms_in(run), None)
    return run[first[0] : first[1]] if first and first[0] == 0 else None
