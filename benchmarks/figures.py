"""A figure of the suite and how it is printed."""

from dataclasses import asdict, dataclass, field
from typing import Any


@dataclass(frozen=True, slots=True, kw_only=True)
class Figure:
    """`value` in `unit` against `target`; `floor` says what it is measured against and that floor's own
    figure. `at_least` turns the comparison round; a figure without a target is there to be read beside."""

    bench: str
    name: str
    value: float
    unit: str
    floor: str = ""
    target: float | None = None
    at_least: bool = False
    beside: str = ""
    rounds: list[float] = field(default_factory=list)

    @property
    def verdict(self) -> str:
        if self.target is None:
            return ""
        good = self.value >= self.target if self.at_least else self.value <= self.target
        return "PASS" if good else "short"

    def line(self) -> str:
        goal = ""
        if self.target is not None:
            goal = f"{'>=' if self.at_least else '<='} {self.target:g}"
        spread = f"[{min(self.rounds):.3g}..{max(self.rounds):.3g}]" if self.rounds else ""
        return (
            f"{self.bench:9} {self.name:54} {self.value:10.4g} {self.unit:5} {spread:18} {goal:9} "
            f"{self.verdict:6} {self.floor}{'; ' + self.beside if self.beside else ''}"
        )

    def as_json(self) -> dict[str, Any]:
        return asdict(self) | {"verdict": self.verdict}
