"""The settings: one TOML file, the environment over it, and every mistake told at once.

`LEADBELL_SECTION__KEY` beats the file (a list or a table is given as JSON), and any text written as
`"env:NAME"` is read from that variable. What is wrong becomes a `Mistake` in Chinese and in English; no
sentence repeats a value, because it may be a secret: only the names of keys, people and teams are said, and
those not when they came out of `env:`.
"""

import json
import re
import tomllib
from base64 import b64decode
from binascii import Error as NotBase64
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import time, timedelta
from pathlib import Path
from typing import Annotated, Any, Literal, get_args, get_origin
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    SecretStr,
    StringConstraints,
    ValidationError,
)
from pydantic.fields import FieldInfo
from pydantic_core import PydanticCustomError
from pydantic_settings import (
    BaseSettings,
    EnvSettingsSource,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
)

from domain.calendar import BadHours, Hours, Mode
from domain.people import Role
from domain.sla import DEFAULT_LADDER, Do, To

PREFIX, BETWEEN = "LEADBELL_", "__"
REFERENCE = "env:"
LONGEST = timedelta(days=366)
SHORT_TOKEN = 16
LOOPBACK = frozenset({"127.0.0.1", "localhost", "::1"})
RESERVED = frozenset({"system", "bot"})  # who acts or speaks when no person does
Loc = tuple[str | int, ...]

# Code -> (Chinese, English). They follow the key: "app.port: must be a whole number".
_WORDS = {
    "aes_key": ("要 43 个字符，从平台后台原样复制", "must be the 43 characters that the platform shows"),
    "base_url_local": (
        "是本机地址，手机上打不开卡片里的链接",
        "is an address of this machine, so a phone can't open the links in cards",
    ),
    "blank": ("不能是空的", "must not be empty"),
    "calendar_file": ("节假日文件有错：{detail}", "has a mistake: {detail}"),
    "database": (
        "要写成 sqlite:///文件 或 postgresql://用户@主机/库名",
        "must be sqlite:///file or postgresql://user@host/name",
    ),
    "duplicate": ("“{name}”已经用在 {other}", '"{name}" is already used at {other}'),
    "duration": (
        "要写成 90s、5m、4h、2d 或 1h30m 这样的时长，大于零，不超过一年",
        "must be a duration such as 90s, 5m, 4h, 2d or 1h30m, above zero and at most a year",
    ),
    "env_missing": ("环境变量 {name} 没有设置", "needs the environment variable {name}, which is not set"),
    "env_unnamed": ('"env:" 后面缺变量名', 'names no variable after "env:"'),
    "fraction": ("要写数字", "must be a number"),
    "hours": ("要写成 09:00-12:00 这样的时间段", "must be a window such as 09:00-12:00"),
    "hours_order": ("时间段要从早到晚，互不重叠", "must go from early to late without overlap"),
    "id": (
        "只能用文字、数字和 . _ @ -，最多 64 个字符",
        "may hold letters, digits and . _ @ - only, at most 64 of them",
    ),
    "least": ("不能小于 {ge}", "must be at least {ge}"),
    "list": ("要写成列表", "must be a list"),
    "loop": ("上级绕成了圈：{name}", "goes round in a circle: {name}"),
    "memory": (
        "内存数据库一停就丢光，请写文件",
        "must be a file: a database in memory is lost at every stop",
    ),
    "missing": ("必须填写", "is required"),
    "more": ("要大于 {gt}", "must be above {gt}"),
    "most": ("不能大于 {le}", "must be at most {le}"),
    "needless_to": ("这一步不通知人，不要写 to", "has no meaning for this step; leave it out"),
    "no_admin": ("没有管理员：出了问题没人收到提醒", "has no admin, so nobody hears of trouble"),
    "no_channel": ("都没有配置，谁也收不到消息", "are all off, so nobody can be reached"),
    "no_rep": ("没有销售：线索分不出去", "has no rep, so leads have nobody to go to"),
    "host": ("只写主机名或 IP 地址，不要写 http://", "must be a host name or an IP address, without http://"),
    "no_right": ("当前用户没有权限读它", "may not be read by this user"),
    "folder": ("是一个文件夹，不是文件", "is a folder and no file"),
    "no_file": ("找不到这个文件", "is not there"),
    "not_later": ("每一步都要比上一步晚", "must be later than the step before"),
    "not_utf8": ("不是 UTF-8 编码，请另存为 UTF-8", "is not UTF-8 text; save it as UTF-8"),
    "one_of": ("只能是 {expected}", "must be one of {expected}"),
    "other": ("这个值不对", "is not a valid value"),
    "quiet": (
        '要写成 21:00-08:30，不需要免打扰就写 ""',
        'must be a span such as 21:00-08:30, or "" for none',
    ),
    "reserved": ("system 和 bot 是保留的", "must not be system or bot, which the product uses itself"),
    "reference": ("要引用环境变量，写 env:名字", "looks like a variable's name; a reference is env:NAME"),
    "sample": ("还是示例里的省略号", "still holds the dots of the sample"),
    "short_token": ("少于 16 个字符，容易被猜到", "is shorter than 16 characters and easy to guess"),
    "simulator_exposed": (
        "模拟器打开时 host 应该是本机：谁都能扮演任何人",
        "should be this machine while the simulator is on: there anybody can act as anyone",
    ),
    "syntax": ("不是正确的 TOML:{detail}", "is not correct TOML: {detail}"),
    "table": ("要写成一个表", "must be a table"),
    "team_unled": ("这个团队往上都没有负责人", "has no manager, and neither has a team above it"),
    "teamless": ("没有团队，分不到线索", "is a rep without a team and gets no leads"),
    "text": ("要写成带引号的文字", "must be text in quotes"),
    "unknown": ("没有这个设置", "is not a setting"),
    "unknown_person": ("没有“{name}”这个人", 'names nobody: there is no person "{name}"'),
    "unknown_team": ("没有“{name}”这个团队", 'names no team: there is no "{name}"'),
    "unreachable": ("没有任何平台账号，收不到消息", "is on no platform and can't be reached"),
    "url": ("要写成 https://主机 这样的地址", "must be an address such as https://host"),
    "whole": ("要写整数", "must be a whole number"),
    "yes_no": ("要写 true 或 false", "must be true or false"),
    "zone": ("没有这个时区", "is not a time zone"),
}
# What can be done, where the sentence itself doesn't say it.
_ADVICE = {
    "needed_people": ("至少写一个 [[people]]", "write at least one [[people]] entry"),
    "no_config": ("运行 leadbell init 生成一份", "run leadbell init to write one"),
    "fullwidth": (
        "这一行有全角标点，请改成半角的 \" ' = , [ ]",
        "this line holds full-width punctuation; use plain \" ' = , [ ]",
    ),
    "near": ("是不是 `{near}`？", "did you mean `{near}`?"),
    "no_admin": (
        '在一个人的 [[people]] 里写 role = "admin"',
        'write role = "admin" in one [[people]] entry',
    ),
    "no_channel": (
        "照 config.example.toml 写 [wecom] 或 [dingtalk]，只想试用就写 [simulator] enabled = true",
        "write [wecom] or [dingtalk] as config.example.toml has it, or [simulator] enabled = true to try it",
    ),
    "no_rep": (
        '写几个 role = "rep" 的 [[people]]，或运行 leadbell sync',
        'write [[people]] entries with role = "rep", or run leadbell sync',
    ),
    "team_unled": ('写上 manager = "某人的 id"', 'write manager = "a person\'s id"'),
    "teamless": ('写上 team = "某个团队的 id"', 'write team = "a team\'s id"'),
    "unreachable": (
        '写上 wecom 或 dingtalk = "平台上的用户 id"',
        'write wecom or dingtalk = "the user id there"',
    ),
}
# Pydantic's names for what is wrong -> ours; a prefix is enough.
_KINDS = {
    "missing": "missing", "extra_forbidden": "unknown", "int_": "whole", "float_": "fraction",
    "finite": "fraction", "bool_": "yes_no", "string_type": "text", "string_too_short": "blank",
    "string_pattern": "id", "too_short": "blank", "tuple_type": "list", "dict_type": "table",
    "model_": "table", "enum": "one_of", "literal_error": "one_of", "greater_than_equal": "least",
    "greater_than": "more", "less_than_equal": "most",
}  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Mistake:
    """What is wrong at one key. `lang` is "zh" or "en"; a hint may be empty."""

    key: str
    code: str
    given: Mapping[str, str] = field(default_factory=dict)
    near: str = ""
    advice: str = ""

    def problem(self, lang: str = "zh") -> str:
        """What is wrong, as words that follow the key."""
        return _WORDS[self.code][lang == "en"].format_map(self.given)

    def hint(self, lang: str = "zh") -> str:
        """What was probably meant, or what to do; empty where the problem says it already."""
        advice = "near" if self.near else self.advice or self.code
        return _ADVICE.get(advice, ("", ""))[lang == "en"].format(near=self.near)

    def line(self, lang: str = "zh") -> str:
        """Key, problem and hint in one line."""
        colon, gap = (": ", "; ") if lang == "en" else ("：", "；")
        return self.key + colon + gap.join(filter(None, (self.problem(lang), self.hint(lang))))


class ConfigErrors(Exception):
    """The settings can't be used; `mistakes` has all that is wrong, never a value."""

    def __init__(self, mistakes: Iterable[Mistake]) -> None:
        self.mistakes = tuple(mistakes)
        super().__init__("\n".join(mistake.line() for mistake in self.mistakes))


def parse_duration(text: object) -> timedelta:
    """Read `90s`, `5m`, `4h`, `2d` or a mix with the largest first, such as `1h30m`.

    Above zero and at most 366 days; anything else raises PydanticCustomError("duration").
    """
    if isinstance(text, timedelta):
        return text
    found = re.fullmatch(
        r"(?:(\d{1,8})d)?(?:(\d{1,8})h)?(?:(\d{1,8})m)?(?:(\d{1,8})s)?", str(text).strip(), re.ASCII
    )
    days, hours, minutes, seconds = (int(part or 0) for part in found.groups()) if found else (0, 0, 0, 0)
    span = timedelta(days=days, hours=hours, minutes=minutes, seconds=seconds)
    if not timedelta(0) < span <= LONGEST:
        raise PydanticCustomError("duration", "not a duration")
    return span


def quiet_hours(text: str) -> tuple[time, time] | None:
    """Read `21:00-08:30`; None for an empty text. Raises PydanticCustomError("quiet")."""
    if not text:
        return None
    try:
        start, end = (time.fromisoformat(part.strip()) for part in text.split("-"))
    except ValueError:
        raise PydanticCustomError("quiet", "not a span of the day") from None
    if start == end:
        raise PydanticCustomError("quiet", "not a span of the day")
    return start, end


def _quiet(text: str) -> str:
    quiet_hours(text)
    return text


def _window(text: str) -> str:
    try:
        Hours.parse([text])
    except BadHours:
        raise PydanticCustomError("hours", "not a window") from None
    return text


def _windows(texts: tuple[str, ...]) -> tuple[str, ...]:
    if not texts:
        raise PydanticCustomError("blank", "no windows")
    try:
        Hours.parse(texts)
    except BadHours:
        raise PydanticCustomError("hours_order", "windows out of order") from None
    return texts


def _zone(text: str) -> str:
    try:
        ZoneInfo(text)
    except (KeyError, ValueError, OSError):
        raise PydanticCustomError("zone", "not a zone") from None
    return text


def _web_address(text: str) -> str:
    try:
        parts = urlsplit(text)
        good = parts.scheme in ("http", "https") and bool(parts.hostname) and (parts.port or 0) >= 0
    except ValueError:
        good = False
    if not good:
        raise PydanticCustomError("url", "not an address")
    return text.rstrip("/")


def _address_or_none(secret: SecretStr) -> SecretStr:
    if secret.get_secret_value():
        _web_address(secret.get_secret_value())
    return secret


def _database(secret: SecretStr) -> SecretStr:
    url = secret.get_secret_value()
    if re.fullmatch(r"sqlite(\+\w+)?:(//)?(/(:memory:)?)?", url):
        raise PydanticCustomError("memory", "a database in memory")
    if not re.match(r"sqlite(\+\w+)?:///.|postgresql(\+\w+)?://", url):
        raise PydanticCustomError("database", "not a database address")
    return secret


def _written(secret: SecretStr) -> SecretStr:
    text = secret.get_secret_value()
    if not text:
        raise PydanticCustomError("blank", "empty")
    if "…" in text:
        raise PydanticCustomError("sample", "copied from the sample")
    if re.match(r"env:|env\.|\$\{?[A-Z_]{3}", text, re.IGNORECASE):
        raise PydanticCustomError("reference", "a reference that is none")
    return secret


def _aes_key(secret: SecretStr) -> SecretStr:
    text = secret.get_secret_value()
    try:
        good = len(text) == 43 and len(b64decode(text + "=", validate=True)) == 32
    except (NotBase64, ValueError):
        good = False
    if not good:
        raise PydanticCustomError("aes_key", "not a key")
    return secret


def _trimmed(value: object) -> object:
    return value.strip() if isinstance(value, str) else value


def _not_bool(value: object) -> object:
    if isinstance(value, bool):
        raise PydanticCustomError("int_type", "true is no number")
    return value


def _not_reserved(text: str) -> str:
    if text.lower() in RESERVED:
        raise PydanticCustomError("reserved", "reserved")
    return text


def _host(text: str) -> str:
    if not re.fullmatch(r"[\w.:%-]+", text):
        raise PydanticCustomError("host", "host")
    return text


Text = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1)]
Host = Annotated[Text, AfterValidator(_host)]
Id = Annotated[str, StringConstraints(strip_whitespace=True, pattern=r"^[\w.@-]{1,64}$")]
PersonId = Annotated[Id, AfterValidator(_not_reserved)]
Secret = Annotated[SecretStr, BeforeValidator(_trimmed), AfterValidator(_written)]
AesKey = Annotated[SecretStr, BeforeValidator(_trimmed), AfterValidator(_aes_key)]
DatabaseUrl = Annotated[SecretStr, BeforeValidator(_trimmed), AfterValidator(_database)]
WebAddress = Annotated[Text, AfterValidator(_web_address)]
Zone = Annotated[Text, AfterValidator(_zone)]
Duration = Annotated[timedelta, BeforeValidator(parse_duration)]
Windows = Annotated[tuple[Annotated[Text, AfterValidator(_window)], ...], AfterValidator(_windows)]
Quiet = Annotated[str, StringConstraints(strip_whitespace=True), AfterValidator(_quiet)]
Count = Annotated[int, BeforeValidator(_not_bool), Field(ge=0)]
Positive = Annotated[int, BeforeValidator(_not_bool), Field(ge=1)]
Asked = Literal[
    "name", "company", "contact", "title", "phone", "email", "wechat", "industry", "region", "product",
    "need", "amount_min",
]  # fmt: skip


class _Section(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)


class App(_Section):
    host: Host = "127.0.0.1"
    port: Annotated[int, BeforeValidator(_not_bool), Field(ge=0, le=65535)] = 8710
    base_url: WebAddress = "http://127.0.0.1:8710"
    timezone: Zone = "Asia/Shanghai"


class Database(_Section):
    url: DatabaseUrl = SecretStr("sqlite:///leadbell.db")

    @property
    def missing(self) -> bool:
        """Whether it is a file that is not there (yet)."""
        kind, _, file = self.url.get_secret_value().partition(":///")
        file = file.partition("?")[0]
        return kind.startswith("sqlite") and not (file and Path(file).exists())

    @property
    def shown(self) -> str:
        """The address without its password, fit for a log or a screen."""
        return re.sub(r"//([^:/@]*):.*@", r"//\1:***@", self.url.get_secret_value().partition("?")[0])


class Api(_Section):
    tokens: dict[Text, Secret] = Field(default_factory=dict)


class CalendarRules(_Section):
    mode: Mode = Mode.BUSINESS
    hours: Windows = ("09:00-12:00", "13:30-18:00")
    file: str = ""


class StepEntry(_Section):
    after: Duration
    do: Literal[Do.REMIND, Do.ALERT, Do.REASSIGN, Do.GRAB]
    to: To | None = None


def _default_steps() -> tuple[StepEntry, ...]:
    return tuple(StepEntry.model_validate({"after": s.after, "do": s.do, "to": s.to}) for s in DEFAULT_LADDER)


class AcceptRules(_Section):
    within: Duration = timedelta(minutes=5)
    steps: tuple[StepEntry, ...] = Field(default_factory=_default_steps, min_length=1)


class ContactTimes(_Section):
    hot: Duration = timedelta(minutes=30)
    default: Duration = timedelta(hours=4)


class ContactRules(_Section):
    within: ContactTimes = ContactTimes()


class SlaRules(_Section):
    undelivered_after: Duration = timedelta(seconds=60)
    repeat_after: Duration = timedelta(hours=8)
    accept: AcceptRules = AcceptRules()
    contact: ContactRules = ContactRules()


class CapacityRules(_Section):
    unaccepted: Positive = 3
    active: Positive = 60
    per_day: Positive = 15


class TeamEntry(_Section):
    id: Id
    name: Text
    manager: Id | None = None
    parent: Id | None = None
    hours: Windows | None = None


class PersonEntry(_Section):
    id: PersonId
    name: Text
    role: Role = Role.EMPLOYEE
    team: Id | None = None
    wecom: Text | None = None
    dingtalk: Text | None = None
    weight: Annotated[float, BeforeValidator(_not_bool), Field(gt=0, le=1000, allow_inf_nan=False)] = 1.0
    unaccepted: Count | None = None
    active: Count | None = None
    per_day: Count | None = None
    lang: Literal["zh", "en"] = "zh"
    quiet: Quiet = "21:00-08:30"


class Wecom(_Section):
    corp_id: Text
    agent_id: Positive
    secret: Secret
    token: Secret
    encoding_aes_key: AesKey
    api_base: WebAddress = "https://qyapi.weixin.qq.com"
    passive_cards: bool = False
    workbench: bool = False
    sync: bool = False


class CardVariables(_Section):
    """The names of a card template's variables; a name with a dot is a member of a variable that holds a
    JSON object. `state` may be empty: the template has none."""

    title: Text = "title"
    body: Text = "markdown"
    tips: Text = "tips"
    buttons: Text = "sys_full_json_obj.msgButtons"
    state: str = ""


class Dingtalk(_Section):
    client_id: Text
    client_secret: Secret
    robot_code: Text
    corp_id: Text | None = None
    mode: Literal["stream", "http"] = "stream"
    # The template that DingTalk publishes for everyone: buttons without drawing one's own.
    card_template_id: Text = "1366a1eb-bc54-4859-ac88-517c56a9acb1.schema"
    card: CardVariables = CardVariables()
    monthly_calls: Positive = 5000
    monthly_pushes: Positive = 3000
    token: Secret | None = None
    encoding_aes_key: AesKey | None = None
    api_base: WebAddress = "https://api.dingtalk.com"
    oapi_base: WebAddress = "https://oapi.dingtalk.com"
    sync: bool = False


class Simulator(_Section):
    enabled: bool = False


class Web(_Section):
    trusted_hops: Count = 0


class MediaRules(_Section):
    folder: str = ""
    most_mb: Annotated[int, BeforeValidator(_not_bool), Field(ge=1, le=100)] = 20


class WatchRules(_Section):
    heartbeat_url: Annotated[SecretStr, BeforeValidator(_trimmed), AfterValidator(_address_or_none)] = (
        SecretStr("")
    )
    seen_file: str = ""


class RouteEntry(_Section):
    team: Id
    region: tuple[Text, ...] = ()
    industry: tuple[Text, ...] = ()
    product: tuple[Text, ...] = ()
    channel: tuple[Text, ...] = ()


class LeadRules(_Section):
    required: tuple[Asked, ...] = ("name", "company", "contact", "industry", "need")
    lapses_allowed: Positive = 3
    handbacks_allowed: Positive = 3


class ReaderRules(_Section):
    competitors: tuple[Text, ...] = ()
    products: tuple[Text, ...] = ()
    names_file: str = ""


class OpenAiShape(_Section):
    """An endpoint in OpenAI's shape."""

    base_url: WebAddress
    api_key: Secret | None = None

    @property
    def key(self) -> str:
        return self.api_key.get_secret_value() if self.api_key else ""


class Speech(OpenAiShape):
    """One that answers `POST /audio/transcriptions`."""

    model: Text = "whisper-1"


class LanguageModel(OpenAiShape):
    """One that answers `POST /chat/completions`."""

    model: Text


class Log(_Section):
    level: Literal["debug", "info", "warning", "error"] = "info"
    as_json: bool = Field(default=False, alias="json")


class Settings(BaseSettings):
    """All settings, read once and never changed; a reload makes a new one. Build it with `load`."""

    model_config = SettingsConfigDict(
        frozen=True,
        extra="forbid",
        hide_input_in_errors=True,
        env_prefix=PREFIX,
        env_nested_delimiter=BETWEEN,
    )

    people: tuple[PersonEntry, ...] = Field(min_length=1)
    teams: tuple[TeamEntry, ...] = ()
    app: App = App()
    database: Database = Database()
    api: Api = Api()
    calendar: CalendarRules = CalendarRules()
    sla: SlaRules = SlaRules()
    capacity: CapacityRules = CapacityRules()
    watch: WatchRules = WatchRules()
    leads: LeadRules = LeadRules()
    reader: ReaderRules = ReaderRules()
    speech: Speech | None = None
    model: LanguageModel | None = None
    routes: tuple[RouteEntry, ...] = ()
    wecom: Wecom | None = None
    dingtalk: Dingtalk | None = None
    simulator: Simulator = Simulator()
    web: Web = Web()
    media: MediaRules = MediaRules()
    log: Log = Log()

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Only what `load` hands in: it has already laid the environment over the file."""
        return (init_settings,)


class _Environment(EnvSettingsSource):
    """The variables of one environment; a value that should be JSON and isn't is left to be named later."""

    def __init__(self, environ: Mapping[str, str]) -> None:
        super().__init__(Settings)
        self.env_vars = {name.lower(): value for name, value in environ.items()}

    def decode_complex_value(self, field_name: str, field: FieldInfo, value: Any) -> Any:
        try:
            return json.loads(value)
        except ValueError:
            return value


class _Revealed(str):
    """A value read from `env:NAME`: a secret perhaps, so never said."""

    __slots__ = ()


def load(path: Path | None, environ: Mapping[str, str]) -> Settings:
    """The settings of a file (None: of the environment alone); raises ConfigErrors with every mistake.

    A relative `calendar.file` in the file is taken from the file's own folder.
    """
    table = _read(path) if path else {}
    raw = _laid_over(table, _Environment(environ)())
    unset: dict[Loc, Mistake] = {}
    raw = _revealed(raw, environ, (), unset)
    mistakes = [*_foreign(environ, str(table)), *unset.values()]
    settings = None
    try:
        settings = Settings(**raw)
    except ValidationError as error:
        told = error.errors(include_url=False)
        mistakes += [_told(raw, each) for each in told if each["loc"] not in unset and not _echo(each)]
    mistakes += _contradictions(raw)
    if settings is None or mistakes:
        raise ConfigErrors(_named(mistakes, environ))
    return settings


RELOADED = frozenset({"people", "teams", "routes", "calendar", "sla", "capacity", "leads", "api"})
"""The sections that a reload takes over, with `app.timezone`; every other change waits for a restart."""


def needs_restart(old: Settings, new: Settings) -> list[str]:
    """The keys that differ and are not among those that a reload takes over; never a value."""
    waiting: list[str] = []
    for section in Settings.model_fields.keys() - RELOADED:
        was, now = getattr(old, section), getattr(new, section)
        if was is None or now is None:
            waiting += [section] if was is not now else []
        else:
            waiting += [
                f"{section}.{key}" for key in type(now).model_fields if getattr(was, key) != getattr(now, key)
            ]
    return sorted(set(waiting) - {"app.timezone"})


def warnings(settings: Settings) -> list[Mistake]:
    """What works but is hardly meant; nothing here stops a start."""
    return [*_lonely(settings), *_leaderless(settings), *_exposed(settings)]


def _read(path: Path) -> dict[str, Any]:
    key, text = path.name or str(path), ""
    try:
        text = path.read_bytes().decode("utf-8-sig")
        table = tomllib.loads(text)
    except (PermissionError, IsADirectoryError) as error:
        mistake = Mistake(key=key, code="folder" if isinstance(error, IsADirectoryError) else "no_right")
    except OSError:
        mistake = Mistake(key=key, code="no_file", advice="no_config")
    except UnicodeDecodeError:
        mistake = Mistake(key=key, code="not_utf8")
    except tomllib.TOMLDecodeError as error:
        mistake = Mistake(
            key=key, code="syntax", given={"detail": str(error)}, advice=_fullwidth(text, error)
        )
    else:
        rules = table.get("calendar")
        if isinstance(rules, dict) and isinstance(file := rules.get("file"), str) and file.strip():
            rules["file"] = file if file.startswith(REFERENCE) else str(path.parent / file.strip())
        return table
    raise ConfigErrors([mistake])


def _fullwidth(text: str, error: tomllib.TOMLDecodeError) -> str:
    found = re.search(r"at line (\d+)", str(error))
    line = text.splitlines()[int(found[1]) - 1] if found else ""
    bare = re.sub(r'"[^"]*"', "", line).partition("#")[0]
    return "fullwidth" if re.search("[“”‘’＝，：．【】［］]", bare) else ""


def _laid_over(under: Any, over: Any) -> Any:
    if isinstance(under, dict) and isinstance(over, dict):
        both = {key: _laid_over(under[key], over[key]) for key in under.keys() & over.keys()}
        return {**under, **over, **both}
    return over


def _revealed(raw: Any, environ: Mapping[str, str], loc: Loc, unset: dict[Loc, Mistake]) -> Any:
    """A copy with each `env:NAME` replaced by its value; None where there is none, noted in `unset`."""
    if isinstance(raw, dict):
        return {key: _revealed(value, environ, (*loc, key), unset) for key, value in raw.items()}
    if isinstance(raw, list):
        return [_revealed(value, environ, (*loc, at), unset) for at, value in enumerate(raw)]
    if not isinstance(raw, str) or not raw.startswith(REFERENCE):
        return raw
    name = raw.removeprefix(REFERENCE).strip()
    if name and name in environ:
        return _Revealed(environ[name])
    code = "env_missing" if name else "env_unnamed"
    unset[loc] = Mistake(key=_path({}, loc), code=code, given={"name": name})
    return None


def _written_flat() -> Iterator[tuple[str, str]]:
    """Each key of a section as a variable with one `_` too few, and as it is right."""
    for section, info in Settings.model_fields.items():
        model = None if get_origin(info.annotation) is tuple else _model_in(info.annotation)
        for key, inner in model.model_fields.items() if model else ():
            names = (section.upper(), (inner.alias or key).upper())
            yield "_".join(names), BETWEEN.join(names)


def _foreign(environ: Mapping[str, str], file: str) -> Iterator[Mistake]:
    """Variables that look like a setting of ours in a section that isn't there, or with one `_` too few;
    `file` is what the settings' file holds, which may name any variable."""
    flat = dict(_written_flat())
    for name in sorted(environ):
        if not name.upper().startswith(PREFIX):
            continue
        inner = name.upper().removeprefix(PREFIX)
        section, between, _ = inner.partition(BETWEEN)
        if between and section.lower() not in Settings.model_fields:
            near = nearest(section.lower(), Settings.model_fields)
            near = name.upper().replace(section, near.upper(), 1) if near else ""
            yield Mistake(key=name, code="unknown", near=near)
        elif not between and name not in file and (meant := flat.get(inner)):
            yield Mistake(key=name, code="unknown", near=f"{PREFIX}{meant}")


def _echo(error: Any) -> bool:
    """Pydantic calls a list too short when its entries are wrong; those are told themselves."""
    return error["type"] == "too_short" and bool(error["input"])


def _told(raw: Any, error: Any) -> Mistake:
    """Pydantic's error in our words, without the value it met."""
    loc: Loc = error["loc"]
    kind, given = error["type"], error.get("ctx", {})
    code = (
        kind if kind in _WORDS else next((ours for k, ours in _KINDS.items() if kind.startswith(k)), "other")
    )
    near, meant = "", str(error["input"])
    if code == "unknown":
        near = nearest(str(loc[-1]), _keys_at(loc[:-1]))
    elif code == "one_of":
        choices = re.findall(r"'([^']*)'", given["expected"])
        near, given = nearest(meant, choices), {"expected": " / ".join(choices)}
    elif code == "zone":
        near = _nearest_zone(meant)
    advice = "needed_people" if loc == ("people",) and code in ("missing", "blank") else ""
    said = {name: str(value) for name, value in given.items()}
    return Mistake(key=_path(raw, loc), code=code, given=said, near=near, advice=advice)


def _nearest_zone(meant: str) -> str:
    from zoneinfo import available_timezones  # noqa: PLC0415  # reads a folder of hundreds of files

    if "beijing" in meant.lower() or meant.lower() in ("china", "asia/china"):
        return "Asia/Shanghai"  # China's zone bears its largest city's name
    return nearest(meant, available_timezones())


def nearest(word: str, known: Iterable[str]) -> str:
    """The known name most likely meant (Damerau-Levenshtein, at least 0.6 alike), or an empty text."""
    from rapidfuzz.distance import DamerauLevenshtein  # noqa: PLC0415  # only a mistake pays for it

    def alike(name: str) -> tuple[float, bool]:
        rated = DamerauLevenshtein.normalized_similarity(word.lower(), name.lower())
        return rated, name[:1].lower() == word[:1].lower()  # the first letter is seldom the wrong one

    best = max(sorted(known), key=alike, default="")
    return best if alike(best)[0] >= 0.6 else ""


def _keys_at(loc: Loc) -> list[str]:
    at: type[BaseModel] | None = Settings
    for part in loc:
        if at is not None and isinstance(part, str):
            at = _model_in(
                next(f.annotation for name, f in at.model_fields.items() if (f.alias or name) == part)
            )
    return [each.alias or name for name, each in at.model_fields.items()] if at else []


def _model_in(annotation: Any) -> type[BaseModel] | None:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    return next((found for each in get_args(annotation) if (found := _model_in(each))), None)


def _path(raw: Any, loc: Loc) -> str:
    """A key as people write it; an entry of a list carries its number from 0 and its id or name."""
    path = ""
    for part in loc:
        if isinstance(raw, dict):
            raw = raw.get(str(part))
        elif isinstance(raw, list) and isinstance(part, int) and part < len(raw):
            raw = raw[part]
        if isinstance(part, str):
            path += f".{part}" if path else part
            continue
        label = (
            next((_said(raw[key]) for key in ("id", "name") if raw.get(key)), "")
            if isinstance(raw, dict)
            else ""
        )
        path += f"[{part}] ({label})" if label else f"[{part}]"
    return path


def _named(mistakes: Iterable[Mistake], environ: Mapping[str, str]) -> Iterator[Mistake]:
    """Where a key was set by a variable, its name beside the key, so that nobody searches the file."""
    names = {name.upper(): name for name in environ}
    for each in mistakes:
        name = names.get(PREFIX + each.key.upper().replace(".", BETWEEN))
        yield Mistake(
            key=f"{each.key} ({name})" if name else each.key,
            code=each.code,
            given=each.given,
            near=each.near,
            advice=each.advice,
        )


def _said(value: object) -> str:
    return "…" if isinstance(value, _Revealed) else str(value).strip()


def _contradictions(raw: dict[str, Any]) -> Iterator[Mistake]:
    """What only shows between keys. It reads the raw values, so that one wrong type hides nothing else."""
    people, teams = _entries(raw, "people"), _entries(raw, "teams")
    for rows, section, keys in ((people, "people", ("id", "wecom", "dingtalk")), (teams, "teams", ("id",))):
        for key in keys:
            yield from _twice(raw, [((section, at, key), row.get(key)) for at, row in rows])
    person_ids = {_text(row.get("id")) for _, row in people}
    team_ids = {_text(row.get("id")) for _, row in teams}
    yield from _nowhere(raw, people, ("people", "team"), team_ids)
    yield from _nowhere(raw, _entries(raw, "routes"), ("routes", "team"), team_ids)
    yield from _nowhere(raw, teams, ("teams", "parent"), team_ids)
    yield from _nowhere(raw, teams, ("teams", "manager"), person_ids)
    yield from _loops(raw, teams)
    yield from _ladder(raw)
    tokens = _inside(raw, "api", "tokens")
    if isinstance(tokens, dict):
        named = [(("api", "tokens", name), token) for name, token in tokens.items()]
        yield from _twice(raw, named, secret=True)
    yield from _half_keyed(raw)
    file = _inside(raw, "calendar", "file")
    if isinstance(file, str) and file.strip() and not Path(file.strip()).is_file():
        yield Mistake(key="calendar.file", code="no_file")


def _inside(raw: Any, *keys: str) -> Any:
    for key in keys:
        raw = raw.get(key) if isinstance(raw, dict) else None
    return raw


def _entries(raw: Any, *keys: str) -> list[tuple[int, dict[str, Any]]]:
    rows = _inside(raw, *keys)
    return [
        (at, row) for at, row in enumerate(rows if isinstance(rows, list) else []) if isinstance(row, dict)
    ]


def _text(value: object) -> str:
    return value.strip() if isinstance(value, str) else ""


def _twice(raw: Any, values: Iterable[tuple[Loc, object]], *, secret: bool = False) -> Iterator[Mistake]:
    """A value used before; identities are compared without case, as the platforms do, secrets exactly."""
    seen: dict[str, Loc] = {}
    for loc, value in values:
        text = _text(value) if secret else _text(value).lower()
        if text and text in seen:
            said = "…" if secret else _said(value)
            yield Mistake(
                key=_path(raw, loc), code="duplicate", given={"name": said, "other": _path(raw, seen[text])}
            )
        seen.setdefault(text, loc)


def _nowhere(
    raw: Any, rows: list[tuple[int, dict[str, Any]]], where: tuple[str, str], known: set[str]
) -> Iterator[Mistake]:
    """References to a person or team that isn't there."""
    section, key = where
    code = "unknown_person" if key == "manager" else "unknown_team"
    for at, row in rows:
        name = _text(row.get(key))
        if name and name not in known:
            near = nearest(name, {each for each in known if each})
            yield Mistake(
                key=_path(raw, (section, at, key)), code=code, given={"name": _said(row[key])}, near=near
            )


def _loops(raw: Any, teams: list[tuple[int, dict[str, Any]]]) -> Iterator[Mistake]:
    parents = {_text(row.get("id")): _text(row.get("parent")) for _, row in teams}
    told: set[str] = set()
    for at, row in teams:
        first = _text(row.get("id"))
        line = [first]
        while (above := parents.get(line[-1], "")) and above not in line:
            line.append(above)
        if first and above == first and first not in told:
            told.update(line)
            name = " → ".join([*line, first])
            yield Mistake(key=_path(raw, ("teams", at, "parent")), code="loop", given={"name": name})


_HEAR = {Do.REMIND.value: (To.OWNER,), Do.ALERT.value: (To.MANAGER, To.DIRECTOR)}


def _ladder(raw: Any) -> Iterator[Mistake]:
    last = timedelta(0)
    for at, step in _entries(raw, "sla", "accept", "steps"):
        loc: Loc = ("sla", "accept", "steps", at)
        hear = _HEAR.get(str(step.get("do")), ())
        if hear and step.get("to") is None:
            yield Mistake(key=_path({}, (*loc, "to")), code="missing")
        if hear and step.get("to") in [to for to in To if to not in hear]:
            only = {"expected": " / ".join(hear)}
            yield Mistake(key=_path({}, (*loc, "to")), code="one_of", given=only)
        if step.get("do") in (Do.REASSIGN, Do.GRAB) and "to" in step:
            yield Mistake(key=_path({}, (*loc, "to")), code="needless_to")
        try:
            after = parse_duration(step.get("after"))
        except PydanticCustomError:
            continue
        if after <= last:
            yield Mistake(key=_path({}, (*loc, "after")), code="not_later")
        last = after


def _half_keyed(raw: Any) -> Iterator[Mistake]:
    """DingTalk's event subscription needs both its token and its key, or neither."""
    section = _inside(raw, "dingtalk")
    if isinstance(section, dict):
        pair = ("token", "encoding_aes_key")
        absent = [key for key in pair if key not in section]
        if len(absent) == 1:
            yield Mistake(key=f"dingtalk.{absent[0]}", code="missing")


def _lonely(settings: Settings) -> Iterator[Mistake]:
    wecom, dingtalk = settings.wecom is not None, settings.dingtalk is not None
    if not (wecom or dingtalk or settings.simulator.enabled):
        yield Mistake(key="wecom, dingtalk, simulator", code="no_channel")
        return
    for at, person in enumerate(settings.people):
        reached = (wecom and person.wecom) or (dingtalk and person.dingtalk) or settings.simulator.enabled
        if not reached:
            yield Mistake(key=f"people[{at}] ({person.id})", code="unreachable")


def _leaderless(settings: Settings) -> Iterator[Mistake]:
    roles = {person.role for person in settings.people}
    read = any(each is not None and each.sync for each in (settings.wecom, settings.dingtalk))
    if Role.ADMIN not in roles:
        yield Mistake(key="people", code="no_admin")
    if Role.REP not in roles and not read:  # else the directory says who is one
        yield Mistake(key="people", code="no_rep")
    for at, person in enumerate(settings.people):
        if person.role is Role.REP and person.team is None:
            yield Mistake(key=f"people[{at}] ({person.id})", code="teamless")
    teams = {team.id: team for team in settings.teams}
    for at, team in enumerate(settings.teams):
        above: TeamEntry | None = team
        while above is not None and above.manager is None:
            above = teams.get(above.parent or "")
        if above is None:
            yield Mistake(key=f"teams[{at}] ({team.id})", code="team_unled")


def _exposed(settings: Settings) -> Iterator[Mistake]:
    shown_at = {"host": settings.app.host, "base_url": urlsplit(settings.app.base_url).hostname}
    for name, host in shown_at.items():
        if settings.simulator.enabled and host not in LOOPBACK:
            yield Mistake(key=f"app.{name}", code="simulator_exposed")
    platforms = (each for each in (settings.wecom, settings.dingtalk) if each is not None)
    on_phones = any(urlsplit(each.api_base).hostname not in LOOPBACK for each in platforms)
    if on_phones and urlsplit(settings.app.base_url).hostname in LOOPBACK:
        yield Mistake(key="app.base_url", code="base_url_local")
    for name, token in settings.api.tokens.items():
        if len(token.get_secret_value()) < SHORT_TOKEN:
            yield Mistake(key=f"api.tokens.{name}", code="short_token")
    if settings.wecom is not None and len(settings.wecom.token.get_secret_value()) < SHORT_TOKEN:
        yield Mistake(key="wecom.token", code="short_token")
