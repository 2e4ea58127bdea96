"""What the fake platform knows: members, messages, codes, tokens; and its moods."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from bot.channels.wecom.crypto import Keys

Json = dict[str, Any]
TOKEN_LASTS = timedelta(seconds=7200)
CODE_LASTS = timedelta(hours=72)
MEDIA_LASTS = timedelta(days=3)
BAD_PARAMETER, BAD_CODE, TASK_KNOWN, NO_CALLBACK = 40058, 40058, 40058, 40058
"""No source says which code a used response code or a known task id gets: the general one."""


@dataclass(slots=True, kw_only=True)
class Member:
    """`visible` = in the app's range; `licensed` = has an interface licence."""

    userid: str
    name: str
    departments: tuple[int, ...] = (1,)
    leader: bool = False
    visible: bool = True
    licensed: bool = True


@dataclass(slots=True, kw_only=True)
class Message:
    """One message on one member's phone. `card` is what it looks like now; `grey` = its buttons are dead,
    under that text."""

    id: str
    to: str
    at: datetime
    type: str
    text: str = ""
    card: Json = field(default_factory=dict)
    task_id: str = ""
    grey: str = ""
    updates: int = 0
    mine: bool = False


@dataclass(slots=True, kw_only=True)
class Code:
    """A response code: one use, for one message."""

    msgid: str
    agent: int
    until: datetime
    used: bool = False


@dataclass(slots=True, kw_only=True)
class Media:
    kind: str
    name: str
    data: bytes
    until: datetime


@dataclass(slots=True, kw_only=True)
class Moods:
    """What goes wrong on purpose. `fail` holds errcodes for a name's coming calls; or "http", "slow", "lost"
    (done, and the answer is lost)."""

    fail: dict[str, list[int | str]] = field(default_factory=dict)
    down: bool = False
    address_refused: bool = False
    closed: bool = False
    drop_loudly: bool = False
    passive_works: bool = False
    new_token_each: bool = False


@dataclass(slots=True, kw_only=True)
class State:
    """One corp with one app. `departments` by number: a name and the department above."""

    corp_id: str
    agent_id: int
    secret: str
    keys: Keys
    now: Callable[[], datetime]
    new_id: Callable[[], str]
    callback: str = ""
    members: dict[str, Member] = field(default_factory=dict)
    departments: dict[int, tuple[str, int]] = field(default_factory=dict)
    messages: list[Message] = field(default_factory=list)
    codes: dict[str, Code] = field(default_factory=dict)
    tokens: dict[str, datetime] = field(default_factory=dict)
    tasks: set[str] = field(default_factory=set)
    media: dict[str, Media] = field(default_factory=dict)
    logins: dict[str, str] = field(default_factory=dict)
    customers: dict[str, Json] = field(default_factory=dict)
    welcome_codes: dict[str, datetime] = field(default_factory=dict)
    welcomed: dict[str, Json] = field(default_factory=dict)
    menu: Json = field(default_factory=dict)
    workbench: dict[str, Json] = field(default_factory=dict)
    sent: list[tuple[datetime, str]] = field(default_factory=list)
    dropped: list[tuple[datetime, str]] = field(default_factory=list)
    trace: list[tuple[datetime, str]] = field(default_factory=list)
    repeats: dict[str, datetime] = field(default_factory=dict)
    moods: Moods = field(default_factory=Moods)

    @property
    def calls(self) -> list[str]:
        """The names of the API's calls so far; `trace` has them with their times."""
        return [call for _, call in self.trace]

    def add(self, userid: str, name: str, **more: Any) -> Member:
        member = Member(userid=userid, name=name, **more)
        self.members[userid.lower()] = member
        return member

    def seen_by(self, userid: str) -> list[Message]:
        """What that member's phone shows, oldest first."""
        return [message for message in self.messages if message.to == userid.lower()]

    def revoke_tokens(self) -> None:
        """Every token dies early."""
        self.tokens.clear()

    def new_code(self, message: Message) -> str:
        code = f"rc-{self.new_id()}"
        self.codes[code] = Code(msgid=message.id, agent=self.agent_id, until=self.now() + CODE_LASTS)
        return code
