"""The month's budget: DingTalk counts an organisation's calls, 5,000 a month in the standard edition.

Which calls are free: open.dingtalk.com/document/development/basic-interfaces-such-as-log-off-and-address-book
(tokens, sign-in, contacts). Cards and robot messages are not among them. What no document settles (the
gateway, the session webhook) is counted too, so that the figure errs to the safe side. A call that fails by
throttling does not count.
"""

from collections import Counter
from dataclasses import dataclass, field
from datetime import datetime, timedelta, timezone

CHINA = timezone(timedelta(hours=8))
FREE = (
    "/v1.0/oauth2/",
    "/v1.0/contact/",
    "/gettoken",
    "/topapi/v2/user/",
    "/topapi/user/",
    "/topapi/v2/department/",
)
PUSHES = "pushes"
CALLS = "calls"


def is_metered(path: str) -> bool:
    return not path.startswith(FREE)


def month_of(now: datetime) -> str:
    """The month that DingTalk bills: by China's clock."""
    return f"{now.astimezone(CHINA):%Y-%m}"


@dataclass(slots=True)
class Meter:
    """Counts since the last `take`; whoever keeps the month's sum takes and adds them up."""

    counted: Counter[str] = field(default_factory=Counter)
    total: Counter[str] = field(default_factory=Counter)
    by_path: Counter[str] = field(default_factory=Counter)
    exhausted: bool = False

    def call(self, path: str) -> None:
        """An API call was answered, and not by throttling."""
        if is_metered(path):
            self._add(CALLS)
            self.by_path[path] += 1

    def push(self) -> None:
        """The platform pushed a message, an event or a click."""
        self._add(PUSHES)

    def _add(self, what: str) -> None:
        self.counted[what] += 1
        self.total[what] += 1

    def take(self) -> dict[str, int]:
        """What was counted since the last time."""
        taken = dict(self.counted)
        self.counted.clear()
        return taken

    def give_back(self, taken: dict[str, int]) -> None:
        """What could not be kept is counted again next time."""
        self.counted.update(taken)
