"""The small lexicons of a note: what was done, what came of it, whether the customer wants it, at which stage it is.

Patterns are for folded, simplified text. Weights are 1 (hint) to 3 (said outright).
"""

import re
from collections.abc import Collection
from typing import NamedTuple


class Cue(NamedTuple):
    start: int
    end: int
    value: str
    weight: int
    rule: str


# -- talk that is of no customer ------------------------------------------------------------------------

_OFFICE = re.compile("报销|周会|晨会|例会|团建|考勤|打卡机|请假条|年会|值日|工资条|食堂|加班餐|团购")
_SMALL_TALK = re.compile(
    "降温|下雨|暴雨|台风|天气|堵车|迟到|加班|快递|停电|空调|打印机|大家|各位|愉快|节日快乐|新年快乐|生日快乐|高铁|航班|吃啥|"
    "听说|据说|同行|行业|政策|补贴|贴息|热搜|群里"
)


def is_small_talk(text: str, *, strangers: bool) -> bool:
    """Talk of the office, the weather, the trade. `strangers` = nobody and no firm is named."""
    return _OFFICE.search(text) is not None or (
        strangers and _SMALL_TALK.search(text) is not None and re.search("客户|对方|甲方", text) is None
    )


# -- what was done --------------------------------------------------------------------------------------

_ACTIVITY: tuple[tuple[str, re.Pattern[str]], ...] = (
    ("wechat", re.compile(r"(?<!换)(?<!换了)(?:企业?)?微信(?!号|同号|也是|换|改|群里?没|支付|小程序|公众号)|(?<![A-Za-z])(?:wechat|vx|wx)(?=上|说|聊|回|发)|(?<!不)(?:回|发)了?(?:我|他|她)?(?:条)?(?:微信|语音|消息)|(?<!不)回消息|语音(?:里|上)?说|微聊|好友申请|加(?:上|了)(?:他|她)?(?:的)?(?:好友|微信)")),
    ("email", re.compile(r"邮件|(?<![A-Za-z])e-?mail(?![A-Za-z])|(?:发|寄)(?:了|到|去)?(?:他|她|对方|客户)?(?:的)?邮箱|来信", re.IGNORECASE)),
    ("call", re.compile(r"电话(?![是为:]{0,2} ?\0)|打给|致电|去了?(?:个|一个)?电|来电|通话|总机|回电|打(?:过去|过来)|打通|拨通|接通|没接(?!上|触|到|洽)|没人接|未接|(?<!不)接起|关机|占线|call(?:ed)?(?![a-z])|(?:打|拨)了?(?:个|一个)|回了?(?:个|一个)电话|手机(?:打|联系|沟通)|语音通话|陌拜电话|语音聊", re.IGNORECASE)),
    ("meeting", re.compile(r"来了?(?:我们|咱们?|我司)(?:公司|展厅|厂里?|这(?:里|边)?|总部|店里)|过来(?:体验|看了|参观|试)")),  # they came to us
    ("visit", re.compile(r"(?<!回)拜访|(?:跑|去)了?一?趟|调研了|扑了?个?空|没见着|上门|登门|面谈|当面|面访|走访|陌拜|见了|见到了?|见过|碰了?(?:个)?面|(?<![过回出上下进])去了(?![,;。]|个?电|一个电)|(?<=\0)去的|[0-9点半]到的|刚从[^,;。]{2,12}(?:出来|回来)|到访|到现场|现场|(?<![调派])(?:去|到)[^,;。 ]{1,12}(?:见|拜访|参观|考察|勘察|那边|公司|厂里|工厂)|拜会|visited", re.IGNORECASE)),
    ("meeting", re.compile(r"会议|开了?(?:个|一个)?(?:[^,;。 ]{0,4})会(?!议?纪要|员|计)|开完会|视频|腾讯会|线上(?:会|演示|交流|沟通)|吃(?:了|过|个|顿|完)?(?:个|一顿|顿)?(?:中|晚|午|早)?(?:饭|餐)|饭局|聚餐|(?<![欢爱好])喝了?(?:个|杯)?(?:茶|酒|咖啡)|(?<![想要约])请[^,;。]{1,6}吃(?:了)?(?:个|顿)?(?:饭|中饭|午饭|晚饭|火锅)|(?:演示|路演|交流|讲标|汇报|宣讲|培训|启动会|会)(?:刚|已经?|都)?(?:做|讲|开)?(?:过了|完|结束)|(?:演示|路演|交流|讲标|汇报|宣讲|培训)(?:刚|已经?|都)?(?:了|过|会)|视频演示|看(?:了|完|过)(?:我们)?(?:的)?(?:demo|演示)|做了(?:个|一次|一场)?(?:演示|交流|汇报)|座谈|研讨|meeting|demo(?:ed)?(?:了|完)", re.IGNORECASE)),
)  # fmt: skip
_PLAN = re.compile(
    r"提醒|记得|别忘|打算|准备(?!好|得)|计划|要去|将要|需要去|约(?!了(?:个)?(?:会|谈)[,;。]|谈了)|再(?:打|联系|约|去|拜访|来|聊|沟通|试|跟|谈|问|碰|见|找|发|演示|讲|看)|让我(?:们)?|请我|叫我|等(?:他|她|对方|回复|通知)|什么时候|何时|能不能|能来|待(?:跟进|回访|联系)|安排|(?:去|来)(?:一趟)"
)
_IN_A_MEETING = re.compile(r"(?:在|正在|去)开会|开会(?:去|呢|中)|出差|在外(?:地|面)")


def activity(text: str, clauses: Collection[tuple[int, int, bool]]) -> Cue | None:
    """What the writer did. `clauses` are (start, end, whether it tells of the future)."""
    found: list[Cue] = []
    for start, end, ahead in clauses:
        for value, pattern in _ACTIVITY:
            match = pattern.search(text, start, end)
            if match is None or ahead:
                continue
            plan = _PLAN.search(text, start, match.start())
            if plan or (value == "meeting" and _IN_A_MEETING.search(text, start, end)):
                continue
            found.append(Cue(match.start(), match.end(), value, 2, f"activity.{value}"))
        if found:
            return min(found, key=lambda cue: (cue.start, _ORDER[cue.value]))
    return None


_ORDER = {"visit": 0, "call": 1, "wechat": 2, "email": 3, "meeting": 4}

# -- what came of it ------------------------------------------------------------------------------------

_OUTCOME: tuple[tuple[str, re.Pattern[str]], ...] = (
    ("wrong_number", re.compile("空号|号码不对|打错|查无此人|停机")),
    (
        "no_answer",
        re.compile(
            "没接|未接|不接|没人接|打不通|无人接|关机|占线|不回|没回(?!事)|未回|没有?回复|联系不上|找不到人|不在(?!乎)|没见到|没见着|外出"
        ),
    ),
    ("lost", re.compile("输给|丢了|定了别家|选了别|签了别家|黄了|没中标|落标|丢单")),
    (
        "signed",
        re.compile(
            "已签|签了|签完|签约成功|签下|合同签(?:了|好|完)|中标了?(?!公)|下单了?|付款了|打款了?|到账了"
        ),
    ),
    ("refused", re.compile("拒绝|不需要|不考虑|不做了|没兴趣|不感兴趣|不合作|拉黑")),
)


def outcome(text: str) -> Cue | None:
    for value, pattern in _OUTCOME:
        match = pattern.search(text)
        if match:
            return Cue(match.start(), match.end(), value, 2, f"outcome.{value}")
    return None


# -- will -----------------------------------------------------------------------------------------------

_POSITIVE = (
    (3, r"(?:合同|协议)?已签|签(?:了|好了|完了?)(?!别)|签(?:合同|约|单|意向|字|订|下)(?!了?别家)|就签|能签|[日号周月底天]签(?!别|到)|争取[^,;。]{0,6}签|下单|付款(?!方式|条件|条款|比例|周期|问题|节点)|打款|到账|成交|中标(?!单位|候选)|批了|审批通过|预算(?:已经|已|都)?(?:批|到位|下来|有了)|定了我们|选了我们|选我们|用我们|走(?:合同|流程|审批)|合同审批|进场|启动(?!会议?推)|立项了|开通账号|(?<![聊谈])续[签约]|追加|增购|介绍(?:朋友|客户)|转介绍|(?<!只)(?<!才)愿意|同意|(?:已经?)?通过(?!率|微信|电话|朋友|邮件|他|她|招标|官网)|认可|接受|没问题|没意见|没异议|挺?满意|拍板|点头"),
    (2, r"有(?:明确|真实|强烈|刚性)(?:的)?需求|有需求|有(?:很大|较强|一定|初步|明确|强烈|合作)?(?:的)?(?:意向|兴趣)|感兴趣|意向(?:不错|很?强|明确|较?高|很大|度高)|兴趣(?:很|挺|比较|非常)?(?:大|浓|高)|想[上换要买做试用看了解先装用]|要[上换买](?!不|是|么)|(?:需求|方案|要求)(?:基本|已经?|都|很|比较)?(?:明确|清楚|确认|确定)|确认|可以(?!吗|不|么|便宜|少|降|考虑)|挺好|很好|不错|好评|赞|看好|看中|反响(?:很)?好|关系到位|有优势|优势|合适(?!的)|靠谱|积极|热情|主动|尽快|催我?们?|着急|急着|(?:约|请|让|叫|邀|要)我们?(?=[^,;。]{0,12}(?:去|到|来|过|演示|报价|出|发|做|准备|找|上门|面谈|讲|介绍|参加|投标|提供|周|明|后天|下|号))|约我们?|要求[^,;。]{0,8}(?:给|提供|出|发|安排)(?!优惠|折扣)|让出|换掉|替换掉|试运行正常|运行正常|使用(?:正常|满意|良好)|够用|好用|喜欢|期待|支持(?!不)|推进|推动|加快|准备(?:换|上|买|采购|签|招标|立项)|约(?!了)[^,;。]{0,16}(?:开会|见面|面谈|签|谈合同)"),
)  # fmt: skip
_NEGATIVE = (
    (3, r"(?:明确)?拒绝|不(?:再|打算)?(?:考虑|需要|感兴趣|合作|做了|买了|采购了|上了|搞了|换了|要了|用了|想[换上买做要用合])|没(?:有)?(?:预算|兴趣|意向|需求|必要|这个?计划|打算)|无(?:预算|意向|需求|兴趣)|预算(?:被|给)?(?:砍|取消|冻结|否)(?:没|了|掉)(?!到)|(?:预算)?没批|不批|(?:会|领导|老板|上面)(?:给|把)?否了|(?:董事会|[院校班]务会|领导|老板|审批|会上)[^,;。]{0,4}没通过|(?:项目|今年)[^,;。]{0,5}停了|指定了|(?:定|选|签|买|用|找|换|给)了(?:别|其他|另外)[家的一人]?|输给|丢了|丢单|黄了|落标|没中|暂缓|暂停|搁置|叫停|冻结|取消(?!预约|会议)|终止|不?没法(?:做|上|用|合作|实施)|做不了|拉黑|不同意|不认可|不接受|不满意?|投诉|退货|不用了|别再|不要(?:再)?(?:打|联系|来)|已经?(?:买|签|选|定|上|用)了?(?:别|其他|另)|今年(?:都)?不(?:做|上|搞|买|弄|动)|(?:太|嫌)贵[^,;。]{0,4}(?:不做|不要|算了|不考虑|放弃)|放弃|算了|没戏|倒闭|破产|裁员|推掉|回绝|不匹配|不符合"),
    (2, r"不点头|不(?:太|大)?(?:想|看好|积极|热情|着急|松口|表态)|暂(?:时|且)?(?:不|没|未|无)|不行|没(?:什么)?下文|冷淡|不理|不景气|有?抵触|(?:没|不)太?(?:有)?感觉|不合适|不靠谱|不适合"),
)  # fmt: skip
_NEUTRAL = re.compile(
    r"没表态|不(?:着)?急(?!着)|[院校班]务会|再?考虑|再说|再(?:看|商量|研究|议|定|聊|约|谈|等)|看看|看情况|商量|研究(?!院|所)|犹豫|观望|等(?!级|于|离|候室)|比价|对比|比较(?=了?下?[^高大好强明清积满])|货比|嫌|偏[高贵]|太?贵|[太偏]高|觉得高|高了|价格高|降价|砍价?|压价|便宜点|打折|折扣|[0-9]折|降[到至]|希望降|推迟|延期|延后|往后推|拖|改约|改期|改天|不在(?!乎)|外出|出去|出差|出国|休假|请假|没空|忙|统一招标|走招标|顾虑|担心|疑虑|卡住|卡在|分歧|老板不|领导不|汇报领导|请示|最快也|没定|未定|还没|尚未|没通过|未通过|重新(?:做|调|测|来|报|评)|往后|要看(?!好)|想看看?案例|在和[^,;。]{1,8}(?:谈|比|对)|预算从|周期长|待定|不确定|不好说|没说死|模棱|中立|内部(?:讨论|流程|评估)|评估"
)  # fmt: skip
_FLAT_NOT = re.compile("[没不未别无甭莫](?:有|是|太|怎么|会|能|肯|愿意?|打算|想|够|再|曾)?[^,;。]{0,1}\\Z")
# Praise of what they have is no wish for ours.
_OF_OTHERS = re.compile(r"(?:他们|现在|目前|已经|原来|之前)?(?:用着?的?|用得|现有)[^,;。]{0,6}\Z")


_TABLES: dict[str, tuple[tuple[int, re.Pattern[str]], ...]] = {
    "positive": tuple((weight, re.compile(pattern)) for weight, pattern in _POSITIVE),
    "negative": tuple((weight, re.compile(pattern)) for weight, pattern in _NEGATIVE),
}


def intent(text: str, rivals: Collection[str] = ()) -> Cue | None:
    """The customer's will: positive, neutral, negative; None when nothing tells. A later outright word wins over
    an earlier one; a soft no beside a yes is neutral."""
    no = _cues(text, "negative") + _went_elsewhere(text, rivals)
    yes = [cue for cue in _cues(text, "positive") if not _denied(text, cue, no)]
    undecided = _NEUTRAL.search(text)
    yes_weight, no_weight = _most(yes), _most(no)
    if no_weight == 3 and (yes_weight < 3 or _last(no) >= _last(yes)):
        return _first(no)
    if no_weight and yes_weight:
        return _neutral(yes[0]) if yes_weight < 3 or no_weight == 3 else _first(yes)
    if no_weight:
        return _neutral(no[0]) if undecided and no_weight < 2 else _first(no)
    if yes_weight == 3:
        return _first(yes)
    if yes_weight and undecided:
        return _neutral(yes[0])
    if yes_weight:
        return _first(yes)
    return Cue(undecided.start(), undecided.end(), "neutral", 1, "intent.neutral") if undecided else None


def _cues(text: str, value: str) -> list[Cue]:
    return [
        Cue(match.start(), match.end(), value, weight, f"intent.{value}{weight}")
        for weight, pattern in _TABLES[value]
        for match in pattern.finditer(text)
    ]


def _denied(text: str, cue: Cue, no: list[Cue]) -> bool:
    """A negation in front, or the same words read as a no."""
    before = text[max(0, cue.start - 5) : cue.start]
    if text[cue.start] in "没不无" or text[cue.start : cue.end] in ("催", "赞"):
        return any(each.start <= cue.start < each.end for each in no)
    if _FLAT_NOT.search(before) or _OF_OTHERS.search(text[max(0, cue.start - 10) : cue.start]):
        return True
    return any(each.start <= cue.start < each.end for each in no)


def _went_elsewhere(text: str, rivals: Collection[str]) -> list[Cue]:
    """选了用友, 和浪潮签了, 买了金蝶: a no that names who got it."""
    found = []
    for name in rivals:
        said = re.escape(name)
        pattern = rf"(?:选|定|买|签|上|换|给|找)(?:择|定)?了?{said}|(?:和|跟|与){said}[^,;。]{{0,4}}签|(?:倾向|偏向|看好|认准)了?{said}|{said}(?:中标|拿下|签走|签了)"
        found += [Cue(m.start(), m.end(), "negative", 3, "intent.rival") for m in re.finditer(pattern, text)]
    return found


def _most(cues: list[Cue]) -> int:
    return max((cue.weight for cue in cues), default=0)


def _last(cues: list[Cue]) -> int:
    return max(cue.start for cue in cues if cue.weight == _most(cues)) if cues else -1


def _first(cues: list[Cue]) -> Cue:
    return max(cues, key=lambda cue: (cue.weight, -cue.start))


def _neutral(cue: Cue) -> Cue:
    return cue._replace(value="neutral", rule="intent.mixed")


# -- stage ----------------------------------------------------------------------------------------------

_STAGES: tuple[tuple[str, re.Pattern[str]], ...] = (
    ("won", re.compile("合同已签|签了合同|合同签了|已签|中标了|回款|到账|进场实施|验收")),
    ("lost", re.compile("输给|丢单|丢了|选了别|定了别家|明确拒绝|不做了")),
    ("negotiation", re.compile("合同|商务|付款方式|折扣|降价|砍价|议价|条款|审批流程|走流程|签约|签字|法务")),
    ("proposal", re.compile("报价|方案|演示|demo|投标|标书|POC|试用", re.IGNORECASE)),
    ("analysis", re.compile("需求|调研|现场勘察|参观|技术交流|案例")),
    ("contact", re.compile("加了?微信|第一次|初次|自我介绍|发了?资料|打了?(?:个)?电话|联系上")),
)


def stage(text: str) -> Cue | None:
    """A hint of how far the business has come."""
    for value, pattern in _STAGES:
        match = pattern.search(text)
        if match and not _FLAT_NOT.search(text[max(0, match.start() - 5) : match.start()]):
            return Cue(match.start(), match.end(), value, 1, f"stage.{value}")
    return None


# -- next and done --------------------------------------------------------------------------------------

NEXT = re.compile(
    r"约|给(?!我|了)|再|去(?!年|过|了)|见(?!了|过|到)|拜访(?!了)|跟进|提醒|回(?!了|复了|访了)|打(?!了)|发(?!了|过)|联系(?!了|过)|演示(?!了|完)|报价|出|签|开会|开通|汇报|讲|谈(?!了)|吃饭|寄|送|交|培训|上线|进场|启动|评审|招标|投标|做|安排|试|走|定|决|来(?!过|了)|到(?!了)|问|催|看|碰|聊(?!了)|准备|改|收|付|验收|实施|挂网|开标|过来|沟通(?!了)|确认|回复"
)
DONE = re.compile(
    r"了(?!解|结)|过(?!来|去|完|两|几|[一二三四五六七八九十0-9]|了)|已经?|刚|完(?!成|善|了.{0,6}再)|聊到|谈到|喝到|打通|回访(?!一下)"
)
TERMS = re.compile("尾款|质保金|账期|月结|季结|年结")
"""How it is paid, which is no next step."""
PROJECT = re.compile(
    "立项|上线|招标|交付|投产|开标|挂网|验收|启动|动工|开工|竣工|投标|实施|建成|采购|完成|换|投用|切换|评审|定标"
)
REACH = re.compile(
    "打(?:个)?电话|电话|联系|回电|回(?:个|他|她|访|复)|拜访|约|见|演示|跟进|过去|再聊|沟通|来电|发(?!票|货|现|展|布|到的|来的|起)|报价|提醒|上门|去(?!年)|面谈|开会|交流"
)
