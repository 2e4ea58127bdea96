"""Placing the words of a line that has no labels: which is the person, which the firm, which the wish."""

import re
from collections.abc import Callable, Set
from dataclasses import dataclass, field
from enum import StrEnum
from itertools import islice
from typing import NamedTuple

from domain.reader import lexicon
from domain.reader.firms import firms_in, is_famous, is_plain
from domain.reader.places import behind_places, is_place, leading_place, region_in, region_of

MOST_WORDS = 40  # what comes later in a line is part of the wish

_WORD = re.compile(
    rf"(?<![A-Za-z0-9])(?:(?P<company>{lexicon.LATIN_COMPANY}|(?<=from )[A-Z][A-Za-z&]+(?: [A-Z][A-Za-z&-]+){{1,4}})|(?P<title>{lexicon.LATIN_TITLE})"
    rf"|(?P<latin>{lexicon.LATIN_NAME}))|[^\s,;、。|/\0!?:=\u2190-\u2bff\U0001f000-\U0001faff]+"
)
_WRAP = "()[]{}<>\"'“”‘’《》【】「」!?.:-~"
_TAIL = re.compile(r"([^()]{1,40})\(([^()]{1,20})\)")
_ADDRESS = re.compile(".{2,30}(?:[区路号街园镇县楼村乡港]|高新|大厦|广场|大道)")
_CALLED = re.compile(
    "([一-鿿]{0,6}?)(?:(?:联系人?|对接人?|负责人|来电人)(?:名?叫|是)?|名字叫|叫做|名叫|叫|昵称是?:?|网名是?:?)([一-鿿]{2,4})"
)
_SURNAMED = re.compile(
    f"(?:[一-鿿]{{0,4}})姓({lexicon.SURNAME.pattern}|[{lexicon.RARE}])(?:的(?:老板|客户|先生))?"
)
_LAZY_NAME = (
    rf"(?:{lexicon.COMPOUND}[一-鿿]{{1,2}}?|[{lexicon.SINGLE}][一-鿿]{{1,2}}?|{lexicon.TRANSLITERATED})"
)
_FULL_NAME = (
    rf"(?:{lexicon.COMPOUND}[一-鿿]{{1,2}}|[{lexicon.SINGLE}][一-鿿]{{1,2}}|{lexicon.TRANSLITERATED})"
)
_POLITE = rf"(?:{lexicon.COMPOUND}|[{lexicon.SINGLE}{lexicon.RARE}])(?:{lexicon.POST_OF_ONE}|总|工|姐|哥|董|生(?![产物意活态成]))"
_TOLD_NAME = rf"(?:{_LAZY_NAME}|{lexicon.RARE_NAME.pattern})"
_STOPS = r"(?=\Z|[手电微座说要想他她的在这和接留给,就开]|加了?我|v|wx|tel|1[3-9])"
# A person among other words, in the order in which they are believed.
_AMONG = (
    re.compile(
        rf"(?P<t>{lexicon.POST_TAIL})?(?P<n>姓(?P<s>{lexicon.COMPOUND}|[{lexicon.SINGLE}{lexicon.RARE}]))(?:(?:的|(?P=s))(?P<t2>{lexicon.POST_TAIL}))?"
    ),
    re.compile(
        rf"(?P<t>[一-鿿A-Z]{{0,6}}?(?:{lexicon.POST_TAIL}))(?:名字)?(?:就?是|叫做?|名叫|:)?(?P<n>{_LAZY_NAME}){_STOPS}"
    ),
    re.compile(
        rf"(?:叫做?|名叫|真名|名字是|联系人|对接人|负责人|(?<![一-鿿])找|我是|本人|联系)(?:是|为|:)?(?:他们)?(?P<t>[一-鿿A-Z]{{0,6}}(?:{lexicon.POST_TAIL}))?的?"
        rf"(?P<n>{_POLITE}|{_TOLD_NAME}{_STOPS}|[A-Z][a-z]{{2,10}}(?: [A-Z][a-z]{{1,10}})?)"
    ),
    re.compile(
        rf"(?:\A|的|[科处部室办系]|中心|院|校|[他她]们|个|位|反正是|是|买家|客户|家长|领导)(?P<t>[一-鿿]{{0,4}}(?:{lexicon.POST_TAIL}))?(?P<n>{_POLITE})"
    ),
)
_TITLE_SURNAMED = re.compile("(?P<t>[一-鿿]{2,6})(?P<n>姓[一-鿿]{1,2})")
# What people say before a firm's name: 对方是, 我是, 好像叫什么.
_SAID_OF_FIRM = re.compile(
    "(?:啊|呢|就|应该|好像|大概|对方|客户|那边|公司|单位|我们?|在[一-鿿]{2,4}|全称)*(?P<how>是|叫做?(?:什么)?|名叫|来自|在)+(?:叫什么|什么)?(?=[一-鿿A-Z]{3})"
)
# Where one breath runs into the next, in what was dictated without a stop.
_BREATH = re.compile(
    "嗯|那个(?=有)|有个新?客户啊?|然后|他们的?|她们的?|(?:联系)?电话号?码?是?|手机号?码?是?|(?=[他她](?:想|要|说|们))|(?=想[做上要搞买看换用])|(?=[预玉]算)"
)
_LONG_BREATH = 13
_UNIT = re.compile("[一-鿿]{2,5}(?:部|处|科|中心)")
_DEPARTMENT = re.compile("([一-鿿A-Za-z]{2,6}?[部科处办])(.{2,6})")


_QUOTED = re.compile("['\"“‘『《]([一-鿿A-Za-z·]{2,12})['\"”’』》]")
_CALLED_SO = re.compile(
    "(?:公司|厂子?|店|品牌|牌子|店铺|brand|单位|学校|医院|机构|工作室|企业)(?:名字?|全称)?(?:叫做?|名叫|:)(?P<f>[一-鿿A-Za-z·]{2,14})(?![一-鿿A-Za-z])|品牌名?(?P<f2>[A-Za-z]{2,14})"
)
"""What is said to be a firm's name, or stands in quotes, needs no word of a trade in it."""


class Kind(StrEnum):
    RESPECT = "respect"
    NAME = "name"
    LATIN = "latin"
    NAMED = "named"  # a firm that is said to be called so
    FIRM = "firm"
    LOCAL = "local"
    BRANCH = "branch"
    TITLE = "title"
    TRADE = "trade"
    REGION = "region"
    ADDRESS = "address"
    OTHER = "other"


class Word(NamedTuple):
    """A word of the folded line and its place in it (end excluded)."""

    start: int
    end: int
    text: str
    kind: Kind


@dataclass(slots=True, kw_only=True)
class Placed:
    """Where the words went: a field's name to its word; `extra` had no free field; `sure` = no guess."""

    fields: dict[str, Word] = field(default_factory=dict)
    extra: list[Word] = field(default_factory=list)
    region: str | None = None
    sure: bool = True


def words_of(line: str) -> list[Word]:
    """The first words of a folded line in which NUL marks what is already read."""
    found: list[Word] = []
    named = [*_CALLED_SO.finditer(line[:_MOST_READ]), *_QUOTED.finditer(line[:_MOST_READ])]
    for match in named:
        start, end = match.span(match.lastindex or 0)
        if _may_be_a_firm(line[start:end], quoted=match.re is _QUOTED) and all(
            end <= each.start or each.end <= start for each in found
        ):
            found.append(Word(start, end, line[start:end], Kind.NAMED))
            line = line[:start] + "\0" * (end - start) + line[end:]
    for match in islice(_WORD.finditer(line), MOST_WORDS):
        latin = {"company": Kind.FIRM, "title": Kind.TITLE, "latin": Kind.LATIN}.get(match.lastgroup or "")
        if latin:
            found.append(Word(match.start(), match.end(), match[0], latin))
        else:
            found += _parts(match.start(), match[0])
    return sorted(found)


_MOST_READ = 300


def _may_be_a_firm(word: str, *, quoted: bool) -> bool:
    person = (
        lexicon.is_respect(word)
        or (lexicon.is_name(word) and not quoted)
        or lexicon.is_title(word)
        or lexicon.is_trade(word)
    )
    return not person and _NO_FIRM.search(word) is None and leading_place(word) != word


_NO_FIRM = re.compile(
    "[我你他她的了吗呢吧想要做没不说]|什么|地址|在|电话|搞|女士|希望|联系|采购$|询价|报价|需求|预算|系统|客户"
)


def _parts(start: int, raw: str) -> list[Word]:
    bare = raw.strip(_WRAP) if not _TAIL.fullmatch(raw) else raw
    start += raw.index(bare) if bare else 0
    found = []
    for begin, end in _carved(bare):
        whole = (begin, end) == (0, len(bare))
        if _looks_firm(bare[begin:end]) if not whole else _with_more(bare):
            found.append(_firm_word(start + begin, bare[begin:end], bare[:begin]))
            continue
        for left, right in _breaths(bare[begin:end]):
            found += [
                _word(start + begin + left + at, bare[begin + left + at : begin + left + to])
                for at, to in _seams(bare[begin + left : begin + right])
            ]
    return found


def _carved(run: str) -> list[tuple[int, int]]:
    """The pieces of a run in which a firm's name stands among other words: 碰到|苏州博众精工|的设备经理孙立军."""
    spans = list(firms_in(run)) if len(run) <= _LONGEST_RUN else []
    if not spans or _kind(run) in (Kind.NAME, Kind.TRADE):
        return [(0, len(run))]
    if _with_more(run):
        return [(0, len(run))]
    pieces, at = [], 0
    for begin, end in spans:
        pieces += [(at, begin), (begin, end)]
        at = end + (run[end : end + 1] == "的")
    return [(begin, end) for begin, end in (*pieces, (at, len(run))) if begin < end]


def _with_more(run: str) -> bool:
    """南京证券科技|园, 深圳大族激光|配套: a few signs behind a firm that are nobody's name and no post."""
    first = next(firms_in(run), None) if len(run) <= _LONGEST_RUN else None
    rest = run[first[1] :] if first and first[0] == 0 else ""
    return 0 < len(rest) <= 3 and not (_is_person(rest) or lexicon.is_title(rest) or _NOT_OF_IT.search(rest))


_NOT_OF_IT = re.compile("[的()姓叫是在想要找做有那这说科处部室]")


def _looks_firm(word: str) -> bool:
    return next(firms_in(word), None) == (0, len(word))


def _firm_word(start: int, text: str, before: str) -> Word:
    if re.search("(?:叫做?|名叫|名称是|全称)(?:什么)?\\Z", before):
        return Word(start, start + len(text), text, Kind.NAMED)
    kind = Kind.FIRM if lexicon.FIRM.fullmatch(text) else Kind.LOCAL if leading_place(text) else Kind.BRANCH
    return Word(start, start + len(text), text, kind)


_LONGEST_RUN = 200


def _breaths(word: str) -> list[tuple[int, int]]:
    """The pieces of a long run without a stop, as they were dictated; a firm's own long name is one."""
    if not _LONG_BREATH < len(word) <= 200 or lexicon.FIRM.fullmatch(word):
        return [(0, len(word))]
    cuts, at = [], 0
    for match in _BREATH.finditer(word):
        cuts.append((at, match.start()))
        at = match.end()
    return [(begin, end) for begin, end in (*cuts, (at, len(word))) if begin < end]


def _word(start: int, text: str) -> Word:
    """A word and what it looks like, without what is said before a firm's name: 对方是|凤溪陶瓷."""
    said = _SAID_OF_FIRM.match(text)
    if said:
        kind = _kind(text[said.end() :])
        if kind in _FIRMS:
            called = Kind.NAMED if "叫" in said[0] else kind
            return Word(start + said.end(), start + len(text), text[said.end() :], called)
    return Word(start, start + len(text), text, _kind(text))


def _seams(word: str) -> list[tuple[int, int]]:
    """Where words written without a gap come apart: 博达公司的张伟, 张伟采购总监, 采购部王经理."""
    size = len(word)
    if size > 60 or size < 3:
        return [(0, size)] if size else []
    tail = _TAIL.fullmatch(word)
    if tail and region_of(tail[2]) is None:
        return [(0, tail.end(1)), (tail.start(2), tail.end(2))]
    for split in (
        _firm_and_person,
        _of_whom,
        _function,
        _person_and_title,
        _department_and_person,
        _post_and_person,
        _called,
        _title_and_surname,
    ):
        pieces = split(word)
        if pieces:
            return pieces
    return [(0, size)]


def _is_person(word: str) -> bool:
    return lexicon.is_respect(word) or lexicon.is_name(word)


def _firm_and_person(word: str) -> list[tuple[int, int]]:
    match = lexicon.FIRM.match(word)
    if match is None or match.end() == len(word):
        return []
    begin = match.end() + (word[match.end()] == "的")
    rest = word[begin:]
    inner = [(begin, len(word))] if _is_person(rest) else _person_and_title(rest, begin)
    return [(0, match.end()), *inner] if inner else []


def _of_whom(word: str) -> list[tuple[int, int]]:
    firm, of, person = word.partition("的")
    if len(firm) < 2 or not of:
        return []
    if not person:
        return [(0, len(firm))] if _kind(firm) in (Kind.LOCAL, Kind.BRANCH) else []
    return [(0, len(firm)), (len(firm) + 1, len(word))] if _is_person(person) else []


def _person_and_title(word: str, shift: int = 0) -> list[tuple[int, int]]:
    for cut in range(2, min(5, len(word))):
        department = re.match("[部科处](?!长|员)", word[cut:])
        if not department and lexicon.is_name(word[:cut]) and lexicon.KNOWN_TITLE.fullmatch(word, cut):
            return [(shift, shift + cut), (shift + cut, shift + len(word))]
    return []


def _department_and_person(word: str) -> list[tuple[int, int]]:
    match = _DEPARTMENT.fullmatch(word)
    if match and lexicon.HONORIFIC.fullmatch(match[2]) and lexicon.is_title(match[1]):
        return [match.span(1), match.span(2)]
    for cut in range(2, len(word) - 1):  # 副总洪总
        known = lexicon.KNOWN_TITLE.fullmatch(word, 0, cut) or lexicon.DEPARTMENT.fullmatch(word, 0, cut)
        if known and lexicon.HONORIFIC.fullmatch(word, cut):
            return [(0, cut), (cut, len(word))]
    return []


def _post_and_person(word: str) -> list[tuple[int, int]]:
    """配餐部经理林丽萍."""
    for cut in range(len(word) - 2, max(3, len(word) - 5), -1):
        if (
            lexicon.may_be_name(word[cut:])
            and lexicon.POST.fullmatch(word, 0, cut)
            and lexicon.is_title(word[:cut])
        ):
            return [(0, cut), (cut, len(word))]
    return []


def _function(word: str) -> list[tuple[int, int]]:
    """设备部的, 管采购的."""
    match = lexicon.FUNCTION.fullmatch(word)
    return [match.span("f")] if match else []


def _title_and_surname(word: str) -> list[tuple[int, int]]:
    """院长姓邝, 老板姓金."""
    match = _TITLE_SURNAMED.fullmatch(word)
    if match and lexicon.is_title(match["t"]):
        return [match.span("t"), match.span("n")]
    return []


def _called(word: str) -> list[tuple[int, int]]:
    match = _CALLED.fullmatch(word)
    if match and (lexicon.may_be_name(match[2]) or lexicon.HONORIFIC.fullmatch(match[2])):
        return [match.span(1), match.span(2)] if match[1] else [match.span(2)]
    return []


def _kind(word: str) -> Kind:
    """What a word looks like by itself."""
    if len(word) > 60:
        return Kind.OTHER
    place = leading_place(word)
    if place and not behind_places(word):
        return Kind.REGION
    if lexicon.is_trade(word):
        return Kind.TRADE
    if lexicon.is_respect(word) or _SURNAMED.fullmatch(word):
        return Kind.RESPECT
    if lexicon.FIRM.fullmatch(word) and lexicon.WISH_VERB.match(word) is None:
        return Kind.FIRM
    if lexicon.is_title(word) and not (place and len(word) > 6):
        return Kind.TITLE
    return _doubtful_kind(word, place)


def _doubtful_kind(word: str, place: str | None) -> Kind:
    named_like_a_firm = (
        len(word) >= 4 and lexicon.BRANCH_NAMED.fullmatch(word) is not None and not is_plain(word)
    )
    if not named_like_a_firm and lexicon.is_name(word) and not is_place(word):
        return Kind.NAME
    if lexicon.WISH_VERB.search(word):
        return Kind.OTHER
    if place and len(behind_places(word)) >= 2 and len(word) <= 20:
        if (
            word[-1] == "的"
            or "那边" in word
            or _ADDRESS.fullmatch(word)
            or region_in(behind_places(word)) == behind_places(word)
        ):
            return Kind.ADDRESS
        return Kind.BRANCH if named_like_a_firm else Kind.LOCAL
    return Kind.BRANCH if named_like_a_firm and lexicon.WISH.search(word) is None else Kind.OTHER


def place_words(words: list[Word], *, taken: Set[str]) -> Placed:
    """Decide which word fills which field, leaving alone the fields that labels have `taken`."""
    placed = Placed()
    firm_at = next((w.start for w in words if w.kind in _FIRMS), -1)  # a wish comes behind its firm
    wishes = [w.start for w in words if w.kind is Kind.OTHER and lexicon.WISH.search(w.text)]
    wish_at = next((at for at in wishes if at > firm_at), None)
    early = [word for word in words if wish_at is None or word.start < wish_at]
    for name, place in _PLACERS.items():
        if name not in taken:
            place(placed, words, early)
    placed.fields = {name: word for name, word in placed.fields.items() if name not in taken}
    return placed


def _take(placed: Placed, name: str, candidates: list[Word]) -> None:
    if candidates:
        placed.fields[name] = candidates[0]
        placed.sure = placed.sure and len(candidates) == 1


def _place_name(placed: Placed, words: list[Word], early: list[Word]) -> None:
    people = [w for w in early if w.kind in _PEOPLE] or [w for w in words if w.kind in _PEOPLE]
    called = next((_piece(w, m, "n", Kind.NAME) for w in words if (m := _CALL_ME.search(w.text))), None)
    if called:
        placed.fields["name"] = called
        return
    if not people and (word := _unusual_name(words) or _among(placed, words)):
        placed.fields["name"], placed.sure = word, False
        return
    best = next((same for kind in _PEOPLE if (same := [w for w in people if w.kind is kind])), [])
    _take(placed, "name", best)
    placed.extra += [w for w in people if w not in best]


_CALL_ME = re.compile(
    rf"叫[她他]?(?P<n>(?:{lexicon.COMPOUND}|(?![{lexicon.NO_SURNAME}])[一-鿿])(?:{lexicon.POST_OF_ONE}|总|工|姐|哥|董|处|局|叔|姨))(?:就|吧|即可|\Z)"
)
"""叫她植姐就行: how somebody wants to be called."""


def _among(placed: Placed, words: list[Word]) -> Word | None:
    """A person named within a sentence, with the post that is said beside."""
    loose = [w for w in words if w.kind in (Kind.OTHER, Kind.TITLE) and len(w.text) <= _LONGEST_RUN]
    for pattern in _AMONG:
        for word in loose:
            for match in pattern.finditer(word.text):
                called = match["n"]
                person = lexicon.is_name(called) or not re.fullmatch(_FULL_NAME, called)
                if person and not _NOBODY.search(called):
                    post = next((each for each in ("t", "t2") if match.groupdict().get(each)), None)
                    if post and "title" not in placed.fields:
                        placed.fields["title"] = _piece(word, match, post, Kind.TITLE)
                    return _piece(word, match, "n", Kind.NAME)
    return None


_NOBODY = re.compile("[我你他她在的了]|线索|客户|单子")


def _piece(word: Word, match: re.Match[str], group: str, kind: Kind) -> Word:
    start, end = match.span(group)
    return Word(word.start + start, word.start + end, match[group], kind)


_OF_WHOM = re.compile(
    "[一-鿿]{0,6}(?:的|联系人|对接人|[他她我你]们|找|当|是|个|任|做|为)(?=[一-鿿A-Z]{2})|[他找当是任系]"
)


def _place_company(placed: Placed, words: list[Word], early: list[Word]) -> None:
    named = [w for w in words if w.kind in (Kind.NAMED, Kind.FIRM)]
    named.sort(key=lambda w: _FIRMS.index(w.kind))
    loose = [w for w in early if w.kind in _FIRMS and not _only_where(w, words)]
    loose = loose or [w for w in words if w.kind is Kind.BRANCH]
    own = [[w for w in same if not (_GENERIC.search(w.text) or is_famous(w.text))] for same in (named, loose)]
    for same in (*own, named, loose):
        if same:
            _take(placed, "company", [w for w in same if w.kind is same[0].kind])
            return
    # By elimination: an early, short word beside what is already known, with the wish still to come.
    left = [
        w for w in early[:4]
        if w.kind is Kind.OTHER and 2 <= len(w.text) <= 12 and w.text[-1] != "的"
        and not (_SPEECH.search(w.text) or _A_KIND.search(w.text) or is_plain(w.text))
    ]  # fmt: skip
    if left and placed.fields and words[-1] is not left[0]:
        _take(placed, "company", left[:1])
        placed.sure = False


_A_KIND = re.compile("(?:厂|馆|店|公司|外贸|批发|展|市场|那边|这边|转来|来的)\\Z")


def _only_where(word: Word, words: list[Word]) -> bool:
    """盐城响水 before 昌源化工: a place, for a firm follows."""
    at = words.index(word) + 1
    reach = 2 if len(behind_places(word.text)) <= 2 else 1
    near = [w for w in words[at : at + reach] if w.start - word.end <= _NEAR]
    return word.kind is Kind.LOCAL and any(w.kind is Kind.BRANCH for w in near)


_NEAR = 12  # signs
_GENERIC = re.compile("(?:厂|(?<!有限)(?<!责任)(?<!股份)公司|企业|店|医药城|工业园)\\Z")
"""木地板厂, 外贸公司: more often what it is than what it is called, beside a name."""
_SPEECH = re.compile(
    "们|谁|跟进|消息|留言|名片|备注|公司名|先生|女士|小姐|询盘|转一|没|留|[我你他她的了吗呢吧就把被让给个]|客户|线索|介绍|推荐|朋友|说"
)


def _place_title(placed: Placed, words: list[Word], early: list[Word]) -> None:
    if "title" not in placed.fields:
        _choose_title(placed, words, early)
    title = placed.fields.get("title")
    said = _OF_WHOM.match(title.text) if title else None
    if title and said and said.end() < len(title.text):  # 联系人工会主席, 当副总裁
        placed.fields["title"] = Word(
            title.start + said.end(), title.end, title.text[said.end() :], Kind.TITLE
        )


def _choose_title(placed: Placed, words: list[Word], early: list[Word]) -> None:
    called = placed.fields.get("name")
    titles = [
        w
        for w in words
        if w.kind is Kind.TITLE
        and (w in early or len(w.text) > 2 or (called and 0 <= called.start - w.end <= 2))
    ]
    titles.sort(key=lambda word: lexicon.POST.fullmatch(word.text) is None)  # 物资部 部长
    name = called
    inside = _OF_SURNAME.search(name.text) if name else None
    if name and inside:  # 姓司马的老板
        at = name.start + inside.start("t")
        placed.fields["title"] = Word(at, at + len(inside["t"]), inside["t"], Kind.TITLE)
        return
    before = next((w for w in reversed(words) if name and w.end <= name.start), None)
    said = _POST_BEFORE.search(before.text) if before and before.kind is not Kind.TITLE else None
    if said and before and name and name.start - before.end <= 3:  # 的后勤科长 叫桂小兵
        titles = [*titles, Word(before.start + said.start("t"), before.end, said["t"], Kind.TITLE)]
    if name is not None and name.kind is Kind.RESPECT:  # 检验科 索主任: where one works is no post
        titles = [w for w in titles if not _UNIT.fullmatch(w.text) and not _OFFICE.fullmatch(w.text)]
        _take(placed, "title", titles)
        return
    _take(placed, "title", titles or [w for w in early if _UNIT.fullmatch(w.text)][:1])


_OF_SURNAME = re.compile(rf"姓.{{1,2}}的(?P<t>{lexicon.POST_TAIL})\Z")
_POST_BEFORE = re.compile(rf"(?:的|\A|个)(?P<t>[一-鿿A-Z]{{0,5}}?(?:{lexicon.POST_TAIL}))\Z")
_OFFICE = re.compile("[一-鿿]{1,3}办|[一-鿿]{1,3}科")


def _place_trade(placed: Placed, words: list[Word], early: list[Word]) -> None:
    trades = [w for w in words if w.kind is Kind.TRADE and (w in early or w.text.endswith("业"))]
    _take(placed, "industry", trades)
    used = {*placed.fields.values(), *placed.extra}
    if trades and not trades[0].text.endswith("业") and all(w in used for w in words):
        placed.sure = False  # 软件 alone may be the trade or the wish


def _place_region(placed: Placed, _words: list[Word], early: list[Word]) -> None:
    company = placed.fields.get("company")
    named = [w for w in early if w.kind is Kind.REGION]
    _take(placed, "region", named)
    placed.extra += [w for w in early if w.kind in (Kind.ADDRESS, Kind.LOCAL) and w is not company]
    placed.region = region_of(named[0].text) if named else None


_FIRMS = (Kind.NAMED, Kind.FIRM, Kind.BRANCH, Kind.LOCAL)
_FOREIGN = re.compile("[一-鿿]{3,5}|[A-Z][a-z]{2,11}")


def _unusual_name(words: list[Word]) -> Word | None:
    """Who no list of surnames knows, in front of a firm (扎西顿珠, Tony); of a rare surname, beside a firm or title."""
    if len(words) > 1 and words[1].kind in _FIRMS and _may_be_a_name(words[0]):
        return words[0]
    for before, word, after in zip([None, *words], words, [*words[1:], None], strict=False):
        beside = [each for each in (before, after) if each]
        rare = lexicon.RARE_NAME.fullmatch(word.text) or (
            before and before.kind is Kind.TITLE and _may_be_a_name(word)
        )
        if rare and any(map(_is_post_or_firm, beside)):
            return word
    return None


def _is_post_or_firm(word: Word) -> bool:
    return word.kind is Kind.TITLE or word.kind in _FIRMS or _UNIT.fullmatch(word.text) is not None


def _may_be_a_name(word: Word) -> bool:
    return (
        word.kind is Kind.OTHER
        and _FOREIGN.fullmatch(word.text) is not None
        and not re.match(
            "[没未不有无是请]|.*(?:线索|客户|商机|单子|邮箱|电话|手机|公司|[我你他在的了有是叫]|询)",
            word.text,
        )
        and not lexicon.WISH.search(word.text)
    )


_PEOPLE = (Kind.RESPECT, Kind.NAME, Kind.LATIN)
_PLACERS: dict[str, Callable[[Placed, list[Word], list[Word]], None]] = {
    "name": _place_name,
    "company": _place_company,
    "title": _place_title,
    "industry": _place_trade,
    "region": _place_region,
}
