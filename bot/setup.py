"""`leadbell init`: four questions, and a config.toml with comments that starts as it is.

The questions are data and `ask` is given its reader and writer, so a terminal, a page or a test can ask them.
Secrets are never asked for: the file names the environment variables that hold them.
"""

import json
import re
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from pydantic import TypeAdapter, ValidationError

from bot.config import REFERENCE, DatabaseUrl, PersonId, Windows


class Platform(StrEnum):
    WECOM = "wecom"
    DINGTALK = "dingtalk"
    BOTH = "both"
    SIMULATOR = "simulator"


@dataclass(frozen=True, slots=True, kw_only=True)
class Answers:
    """What `init` was told. `admin_id` is also the user id on the chosen platforms."""

    company: str
    admin_name: str
    admin_id: str
    platform: Platform
    database: str
    hours: tuple[str, ...]


class BadAnswer(ValueError):
    """An answer that can't be used; it says in both languages what is wanted."""

    def __init__(self, zh: str, en: str) -> None:
        super().__init__(f"{zh} / {en}")
        self.zh, self.en = zh, en


class AlreadyThere(FileExistsError):
    """The file exists, and `init` never writes over one."""

    def __init__(self, path: Path) -> None:
        super().__init__(
            f"{path} 已经存在，没有改动；请换一个文件名或先移走它。/ {path} exists and was left as it is; "
            "choose another name or move it away first."
        )
        self.path = path


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """One question; an empty answer means `default`. `read` turns a text into answers or raises BadAnswer."""

    zh: str
    en: str
    default: str
    read: Callable[[str], dict[str, object]]

    def text(self, lang: str = "zh") -> str:
        """The question with its default in brackets."""
        return f"{self.en if lang == 'en' else self.zh} [{self.default}] "


def _who(text: str) -> dict[str, object]:
    parts = [part.strip() for part in re.split("[,，、]", text)]
    if len(parts) != 3 or not all(parts) or not text.isprintable():
        raise BadAnswer(
            "请写三项，用逗号隔开：公司，姓名，账号", "three things with commas: company, name, user id"
        )
    company, name, user = parts
    try:
        TypeAdapter(PersonId).validate_python(user)
    except ValidationError:
        raise BadAnswer(
            "账号只能用文字、数字和 . _ @ -", "a user id holds letters, digits and . _ @ -"
        ) from None
    return {"company": company, "admin_name": name, "admin_id": user}


def _platform(text: str) -> dict[str, object]:
    numbered = dict(zip("1234", Platform, strict=True))
    try:
        return {"platform": numbered.get(text) or Platform(text.lower())}
    except ValueError:
        raise BadAnswer("请写 1 到 4", "a number from 1 to 4") from None


def _database(text: str) -> dict[str, object]:
    url = "sqlite:///leadbell.db" if text.lower() == "sqlite" else text
    try:
        if not url.startswith(REFERENCE):
            TypeAdapter(DatabaseUrl).validate_python(url)
    except ValidationError:
        url = ""
    if not url.isprintable() or not url.removeprefix(REFERENCE).strip():
        raise BadAnswer(
            "请写 sqlite 或 postgresql://用户@主机/库名", "sqlite, or postgresql://user@host/name"
        )
    return {"database": url}


def _hours(text: str) -> dict[str, object]:
    windows = tuple(part for part in re.split(r"[,，、;；\s]+", text.replace("：", ":")) if part)
    try:
        TypeAdapter(Windows).validate_python(windows)
    except ValidationError:
        windows = ()
    if not windows:
        raise BadAnswer(
            "请写 09:00-12:00, 13:30-18:00 这样的时间段", "windows such as 09:00-12:00, 13:30-18:00"
        )
    return {"hours": windows}


questions = (
    Question(
        zh="公司、第一位管理员的姓名和平台账号（逗号隔开）",
        en="Company, the first admin's name and platform user id (with commas)",
        default="我的公司，管理员，admin",
        read=_who,
    ),
    Question(
        zh="聊天平台：1 企业微信  2 钉钉  3 两个都用  4 只用模拟器",
        en="Chat platform: 1 WeCom  2 DingTalk  3 both  4 the simulator only",
        default="4",
        read=_platform,
    ),
    Question(
        zh="数据库：sqlite，或 postgresql:// 地址（也可写 env:变量名）",
        en="Database: sqlite, or a postgresql:// address (or env:NAME)",
        default="sqlite",
        read=_database,
    ),
    Question(zh="上班时间", en="Working hours", default="09:00-12:00, 13:30-18:00", read=_hours),
)


def ask(read: Callable[[str], str], say: Callable[[str], None], lang: str = "zh") -> Answers:
    """Put the four questions; a bad answer is explained through `say` and asked again.

    `read` shows a prompt and returns a line; whatever it raises at the end of the input passes through.
    """
    found: dict[str, object] = {}
    for question in questions:
        while True:
            try:
                found |= question.read(read(question.text(lang)).strip() or question.default)
                break
            except BadAnswer as error:
                say(error.en if lang == "en" else error.zh)
    return Answers(**found)  # type: ignore[arg-type]  # each question's reader makes its own types


def render_config(answers: Answers) -> str:
    """The text of a config.toml; it loads once the variables it names are set."""
    parts = [_HEAD, _database_part(answers), _calendar_part(answers), _PROMISE, _people_part(answers)]
    if answers.platform in (Platform.WECOM, Platform.BOTH):
        parts.append(_WECOM)
    if answers.platform in (Platform.DINGTALK, Platform.BOTH):
        parts.append(_DINGTALK)
    if answers.platform is Platform.SIMULATOR:
        parts.append(_SIMULATOR)
    return "\n".join(parts)


def write_config(path: Path, text: str) -> None:
    """Write a new file that only its owner may read; raises AlreadyThere and leaves an existing one alone."""
    try:
        path.touch(mode=0o600, exist_ok=False)
    except FileExistsError:
        raise AlreadyThere(path) from None
    path.write_text(text, encoding="utf-8", newline="\n")


def _quoted(value: str) -> str:
    return json.dumps(value, ensure_ascii=False)


def _database_part(answers: Answers) -> str:
    return f"""\
[database]
# 单机用文件；多实例用 PostgreSQL / a file for one process, PostgreSQL for several
url = {_quoted(answers.database)}
"""


def _calendar_part(answers: Answers) -> str:
    return f"""\
[calendar]
mode = "business"               # 只算上班时间；"always" 全天候 / working time only, or round the clock
hours = [{", ".join(map(_quoted, answers.hours))}]
"""


def _people_part(answers: Answers) -> str:
    user = _quoted(answers.admin_id)
    accounts = {
        Platform.WECOM: f"wecom = {user}\n",
        Platform.DINGTALK: f"dingtalk = {user}\n",
        Platform.BOTH: f"wecom = {user}\ndingtalk = {user}\n",
        Platform.SIMULATOR: "",
    }
    return f"""\
# 团队；上级团队用 parent / Teams; `parent` names the one above
[[teams]]
id = "sales"
name = {_quoted(answers.company)}
manager = {user}

[[people]]
id = {user}
name = {_quoted(answers.admin_name)}
role = "admin"
{accounts[answers.platform]}
# 每位销售一段，去掉 # 后改成自己的人 / One such entry for each rep; take the # away
# [[people]]
# id = "zhangwei"
# name = "张伟"
# role = "rep"
# team = "sales"
# wecom = "ZhangWei"
# dingtalk = "manager4220"
"""


_HEAD = """\
# Leadbell 的设置；全部设置见 config.example.toml。/ Settings of Leadbell; config.example.toml has all.
# 改完运行 leadbell check-config。/ Run leadbell check-config after a change.
# "env:NAME" 从环境变量 NAME 读取，密钥不写进文件。/ "env:NAME" reads NAME from the environment.

[app]
host = "127.0.0.1"
port = 8710
base_url = "http://127.0.0.1:8710"  # 换成手机能打开的地址 / make it what a phone can open
timezone = "Asia/Shanghai"

[api]
# 官网表单等来源的令牌；也可以用 leadbell token add / tokens of the sources of leads; or: leadbell token add
tokens = {}  # { website = "env:LEADBELL_WEBSITE_TOKEN" }
"""

_PROMISE = """\
[sla.accept]
within = "5m"                   # 五分钟内接单 / the promise
steps = [
  { after = "3m", do = "remind", to = "owner" },
  { after = "5m", do = "alert", to = "manager" },
  { after = "10m", do = "reassign" },
  { after = "15m", do = "grab" },
  { after = "30m", do = "alert", to = "director" },
]
"""

_WECOM = """\
# 企业微信自建应用 / a WeCom app of one's own
[wecom]
corp_id = "env:WECOM_CORP_ID"            # 我的企业 → 企业信息 / the company's id
agent_id = "env:WECOM_AGENT_ID"          # 应用详情 / the app's page
secret = "env:WECOM_SECRET"
token = "env:WECOM_TOKEN"                # 接收消息 / of the callback
encoding_aes_key = "env:WECOM_AES_KEY"   # 接收消息 / of the callback
"""

_DINGTALK = """\
# 钉钉企业内部应用，Stream 模式不需要公网地址 / a DingTalk internal app; stream mode needs no public address
[dingtalk]
client_id = "env:DINGTALK_CLIENT_ID"
client_secret = "env:DINGTALK_SECRET"
robot_code = "env:DINGTALK_ROBOT_CODE"   # 一般和 client_id 相同 / mostly the same as client_id
mode = "stream"
"""

_SIMULATOR = """\
# 浏览器里的聊天模拟器 / the chat simulator in the browser
[simulator]
enabled = true
"""
