"""What `leadbell doctor` finds: a mark, what was looked at, what it means, and the next step."""

from dataclasses import asdict, dataclass

from bot.words import known, say

GOOD, BAD, WARN = "✔", "✘", "⚠"


@dataclass(frozen=True, slots=True, kw_only=True)
class Check:
    mark: str
    name: str
    means: str
    next: str = ""

    def line(self) -> str:
        tail = f"\n    → {self.next}" if self.next else ""
        return f"{self.mark} {self.name}: {self.means}{tail}"

    def as_json(self) -> dict[str, str]:
        return asdict(self)


def check(lang: str, mark: str, name: str, key: str, /, **values: object) -> Check:
    """A finding in the words of `key`, its next step in those of `key.next` where there are any."""
    then = known(lang, f"{key}.next", "").format_map(values)
    return Check(mark=mark, name=name, means=say(lang, key, **values), next=then)
