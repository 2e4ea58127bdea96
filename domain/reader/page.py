"""A text while it is being read for a lead: its contacts and its labelled fields are taken out of it.

What has been taken is NUL in the folded text, so that the words left over are found by what is not.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from itertools import islice

from domain.contact import Found, clean_text, find_emails, find_phones, find_wechats, fold
from domain.reader import lexicon
from domain.reader.money import read_amount
from domain.reader.places import behind_places, leading_place, region_of

MOST_CHARACTERS = 10_000
_AS_IT_IS: Mapping[int, int] = {}
_MOST_LABELS = 40
_WHERE = 300  # signs in which a place is looked for
_HEAD = 2_000  # what stands further down in a pasted text is kept as part of the need, unread

_LABELS = {
    "name": "联系人姓名 客户联系人 客户姓名 联系人 联络人 姓名 客户 名字 称呼 对接人 负责人 name contact contact_name",
    "company": "公司名称 公司全称 公司名 公司 单位名称 单位全称 客户单位 单位 机构 学校 门店 店名 企业名称 企业 客户名称 客户公司 "
    "company company_name organization",
    "title": "职位 职务 岗位 头衔 title job_title position role",
    "phone": "手机号码 手机号 手机 电话号码 联系电话 联系方式 电话 座机 固话 "
    "mobile phone phone_number tel cell m t",
    "email": "电子邮箱 邮箱 电子邮件 邮件 email e-mail mail e",
    "wechat": "微信号 微信 wechat weixin vx wx",
    "industry": "所在行业 所属行业 行业 industry sector",
    "region": "所在地区 所在地 地区 区域 省份 城市 地址 region city location address",
    "product": "意向产品 感兴趣的产品 产品 product",
    "need": "业务需求概述 业务需求 需求概述 需求描述 需求 痛点 备注 说明 "
    "need needs requirement requirements note",
    "amount": "预算金额 预算 金额 budget amount",
    "channel": "线索来源 来源渠道 渠道 来源 channel source",
}
_FIELD_OF = {word.replace("_", " "): name for name, words in _LABELS.items() for word in words.split()}
# Chinese labels that need no colon, a space will do.
_SPACED = frozenset(("联系人", "姓名", "公司名称", "公司", "单位", "职位", "职务", "行业", "地区", "需求"))
LABEL = re.compile(
    r"(?<![^\s,;、。|/()\]】\0])(?P<word>[^\W\d_][^\W\d_-]{0,9}-?[^\W\d_]{0,5}(?: (?:name|title|number))?)"
    r"[ ]{0,4}(?P<sign>[:=][:= ]*|\n|(?<= ))",
    re.IGNORECASE,
)
_GAP = " \t\n,;、。|/:=·-\0()[]【】，；：（）／｜＝"
_EDGE = " \n,;、。|/:=，；：／＝｜"
_GLUE = frozenset(("", "的", "叫", "是", "在"))
_CHANNEL = "官网|网站|展会|会展|公众号|抖音|百度|小红书|视频号|直播|朋友圈?|老客户|同事|渠道|代理商?|伙伴|线上|线下|电话|400|客户|新"
PREAMBLE = re.compile(
    r"(?:\s*(?:hi|hello|hey|您好|你好|哈喽|各位好?|大家好|老板|领导|嗯|那个)(?=[,!~。 ])"
    r"|\s*(?:请|麻烦)?(?:大家|谁)?(?:跟进|对接|分配)一?下?(?=[:\s])"
    r"|\s*(?:嗯?那个|刚才?|又|这边|这里|我)?(?:刚刚?|又)?(?:来了?|有|接到?了?|收到?了?|加了?|新加)的?(?:一?[个条家])(?:新的?)?"
    r"(?:客户|线索|商机|单子|名片)啊?(?:要报(?:上来|备)?|给(?:你们?|大家|咱们?))?(?=[\s,:。])"
    r"|\s*新加的?客户(?=[\s,:])"
    r"|\s*(?:新?客户)?(?:自己|主动)?(?:找上门|找过来|打来|加过来|加微信|来问|来咨询)(?:来?问价?|咨询)?的(?=[^一-鿿]))*[👏!,:\s]*",
    re.IGNORECASE,
)
"""What a person says before the lead itself."""
COMMAND = re.compile(
    r"\s*(?:@[^\s@]{1,30}\s+)?(?:(?:帮我|麻烦)?(?:加|建|录|记|报)(?:个|一个|一条)(?:新)?(?:客户|线索|商机)[:,\s]+"
    r"|(?:客户)?转介绍[:,\s]+|新(?:商机|客户|线索)(?:一个|一条|登记一下)?[:,\s]+|(?:客户|线索)一[个条][:,\s]+|/ ?(?:lead|录线索|线索)(?:@[^\s]{1,40})?(?![A-Za-z])|"
    rf"(?:(?:{_CHANNEL})(?:上)?(?:来的|介绍的?|推荐的?|转来的|给的|收到?的|留资的?|咨询的?|引流的?)?(?:新)?(?:客户)?(?:线索|名片|留资)"
    rf"|(?:{_CHANNEL})(?:上)?(?:来的|介绍的|推荐的|转来的|留资的|咨询的|引流的?)(?:新)?(?:客户)?"
    r"|线索|录线索|名片|来电(?:的)?客户|新客户|客户名片)(?=[\s:姓]|\Z))[:\s]*",
    re.IGNORECASE,
)
_CONTACT_LABEL = re.compile(
    r"(?:(?:联系|移动)?电话|联系方式|手机号?码?|座机|固话|(?:电子)?邮[箱件]|微信号?"
    r"|(?<![A-Za-z])(?:mobile|phone|tel|cell|e-?mail|wechat|[MTE](?=[ :])))[ :=.]{0,4}\Z",
    re.IGNORECASE,
)
_WRONG_PHONE = re.compile(
    r"(?<![0-9A-Za-z.¥￥])(?:\+?86[ -]?)?"
    r"(?:1[3-9](?:[ -]?[0-9]){6,13}|0[1-9][0-9]{1,2}[ -]?[0-9]{5,11})"
    r"(?![0-9.]| ?[万元块年台个件亿wk])"
)
_CONTACT_PROBLEMS = {"phone": "phone_invalid", "email": "email_invalid", "wechat": "contact_unclear"}
_WRONG_EMAIL = re.compile(r"(?<![^\s,;:、。|/\0一-鿿])[A-Za-z0-9._%+-]{1,64}@[A-Za-z0-9._@-]{0,80}")


@dataclass(slots=True)
class Page:
    """A text while it is being read: `plain` is folded, and what has been read is NUL in it; `said` is whole."""

    text: str
    plain: str
    said: str = ""
    values: dict[str, str] = field(default_factory=dict)
    leftover: list[str] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)
    labelled: set[str] = field(default_factory=set)
    amount: tuple[int | None, int | None] = (None, None)
    sure: bool = True

    def strike(self, start: int, end: int) -> None:
        self.plain = self.plain[:start] + "\0" * (end - start) + self.plain[end:]

    def set_aside(self, start: int, end: int) -> None:
        self.leftover.append(self.text[start:end].strip(_GAP))
        self.strike(start, end)

    def unread(self, start: int, end: int) -> str:
        """The words of a stretch that have not been read yet."""
        pairs = zip(self.text[start:end], self.plain[start:end], strict=True)
        return "".join(" " if seen == "\0" else char for char, seen in pairs).strip(_EDGE)

    def trouble(self, code: str) -> None:
        if code not in self.problems:
            self.problems.append(code)

    def remainder(self) -> str:
        """The words not read yet, in their order and as they were typed."""
        unread = re.finditer("[^\0]+", self.plain + self.text[len(self.plain) :])
        pieces = [self.text[run.start() : run.end()].strip(_EDGE) for run in unread]
        return " ".join(piece for piece in pieces if piece.strip(_GAP) not in _GLUE)


def open_page(text: str, simplify: Mapping[int, int] = _AS_IT_IS) -> Page:
    """A fresh page of the text, cleaned, at most `MOST_CHARACTERS` of it; traditional signs are read as simple."""
    clean = clean_text(text, MOST_CHARACTERS)
    said = fold(clean[:_HEAD]).translate(simplify)
    return Page(clean, said, said[:_WHERE])


def read_contacts(page: Page) -> None:
    """Take the contacts out: a mobile before a landline, further ones and wrong ones are set aside."""
    _keep(page, "email", find_emails(page.plain))
    phones = find_phones(page.plain)
    _keep(page, "phone", sorted(phones, key=lambda found: not found.value.startswith("+861")))
    _keep(page, "wechat", find_wechats(page.plain, page.values.get("phone")))
    for pattern, code in ((_WRONG_PHONE, "phone_invalid"), (_WRONG_EMAIL, "email_invalid")):
        for match in list(pattern.finditer(page.plain)):
            page.trouble(code)
            page.set_aside(_label_start(page, match.start()), match.end())


def _label_start(page: Page, start: int) -> int:
    near = max(0, start - 16)
    label = _CONTACT_LABEL.search(page.plain[near:start])
    return near + label.start() if label else start


def _keep(page: Page, name: str, found: list[Found]) -> None:
    """Keep the first contact and set the others aside."""
    for nth, contact in enumerate(found):
        start = _label_start(page, contact.start)
        if nth == 0:
            page.values[name] = contact.value
            page.strike(start, contact.end)
        elif page.values[name] == contact.value:
            page.strike(start, contact.end)
        else:
            page.set_aside(start, contact.end)
            page.sure = False


def read_labels(page: Page) -> None:
    """Take out the fields that are written with a label."""
    known = ((m, name) for m in LABEL.finditer(page.plain) if (name := label_field(m)))
    labels = list(islice(known, _MOST_LABELS))
    ends = [*(m.start() for m, _ in labels), len(page.plain)][1:]
    for (match, name), limit in zip(labels, ends, strict=bool(labels)):
        end = limit if name in ("need", "product") else _value_end(page, match.end(), limit)
        value = page.unread(match.end(), end)
        page.strike(match.start(), match.end())
        if value and not (name in _NAMES and fold(value) in _NOTHING):
            _set_label(page, name, value)
            page.strike(match.end(), end)


_NAMES = frozenset(("name", "company", "title", "industry", "region"))
_NOTHING = frozenset(("无", "没有", "暂无", "不详", "未知", "-", "/"))


def label_field(match: re.Match[str]) -> str | None:
    """The field that a match of `LABEL` names, None when the word is no label there."""
    word, sign = match["word"].lower(), match["sign"]
    if sign == "\n":
        alone = match.start() == 0 or match.string[match.start() - 1] in "\n\0"
        return _FIELD_OF.get(word) if alone and len(word) > 1 else None
    if not sign:
        return _FIELD_OF[word] if word in _SPACED else None
    return _FIELD_OF.get(word)


def _value_end(page: Page, start: int, limit: int) -> int:
    """A short value ends at a separator, at a space only beside Chinese (Acme Robotics stays whole)."""
    at = start
    for match in re.finditer(r"[\n;、。|\0]|,(?![0-9]{3})| +", page.plain[start:limit]):
        at, after = start + match.start(), page.plain[start + match.end() : start + match.end() + 1]
        latin = page.plain[at - 1 : at].isascii() and after.isascii() and at > start
        if not (match[0].startswith(" ") and latin):
            return at
    return limit


def _set_label(page: Page, name: str, value: str) -> None:
    if name == "amount":
        set_amount(page, value)
    elif name in _CONTACT_PROBLEMS:
        page.leftover.append(value)
        if name not in page.values:
            page.trouble(_CONTACT_PROBLEMS[name])
    elif name == "name" and _firm_like(fold(value)) and "company" not in page.labelled:
        _set_label(page, "company", value)
    elif (
        name == "name"
        and (both := _WITH_TITLE.fullmatch(fold(value)))
        and lexicon.is_title(both["title"])
        and "title" not in page.labelled
    ):
        _set_label(page, "name", value[: both.end("name")])
        _set_label(page, "title", value[both.start("title") : both.end("title")])
    elif name == "name" and (aside := _ASIDE.fullmatch(fold(value))):
        group = "aside" if lexicon.is_name(aside["aside"]) else "name"
        _set_label(page, "name", value[aside.start(group) : aside.end(group)])
    elif name == "need" and name in page.labelled:
        page.values[name] += "\n" + value
    elif name in page.labelled:
        page.leftover.append(value)
        page.sure = False
    else:
        page.labelled.add(name)
        page.values[name] = _place(page, value) if name == "region" else value


_WITH_TITLE = re.compile(r"(?P<name>[^()]{2,10})\((?P<title>[^()]{2,12})\)")


_ASIDE = re.compile(r"(?P<name>[^()]{2,40}?) ?\((?P<aside>[^()]{2,12})\)")


def _firm_like(value: str) -> bool:
    """Whether what stands behind 客户 is a firm and no person."""
    if lexicon.FIRM.fullmatch(value):
        return True
    named = len(value) >= 4 and lexicon.BRANCH_NAMED.fullmatch(value) is not None
    local = leading_place(value) is not None and len(behind_places(value)) >= 2
    return (named or local) and not lexicon.is_name(value)


def _place(page: Page, value: str) -> str:
    """The town of an address; what the address says besides is set aside."""
    if leading_place(value) is None or behind_places(value):
        page.leftover += [value] if region_of(value) else []
    return region_of(value) or value


def set_amount(page: Page, value: str) -> None:
    """Take a value said to be money; one that cannot be read is set aside."""
    amount = read_amount(fold(value), sure_money=True)
    if amount is None or "amount" in page.labelled:
        page.leftover.append(value)
        page.trouble("amount_unclear")
        return
    page.labelled.add("amount")
    page.amount = amount


def field_named(word: str) -> str | None:
    """The field that a label such as 电话 or `phone` names; None for any other word."""
    return _FIELD_OF.get(word.strip().lower().replace("_", " "))
