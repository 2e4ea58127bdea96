"""The models of the API's answers: what /openapi.json promises and the tests hold real answers against."""

from datetime import datetime
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from domain.events import Kind
from domain.stages import Stage


class _Answer(BaseModel):
    model_config = ConfigDict(extra="forbid")


class Receipt(_Answer):
    """What became of a lead that was handed in."""

    id: str = Field(examples=["L1001"])
    stage: Stage
    owner: str | None = Field(description="A person's id; null while nobody has it")
    team: str | None
    version: int
    created_at: datetime
    updated_at: datetime
    assigned_at: datetime | None


class Duplicate(Receipt):
    """The lead that was known already; what was handed in has joined it."""

    duplicate_of: str


class Lead(Receipt):
    """A lead. Without the scope `contact`, contacts are masked in every text and `fields` is null."""

    tier: str
    channel: str
    source: str
    campaign: str | None
    external_id: str | None
    submitted_by: str | None
    accepted_at: datetime | None
    contacted_at: datetime | None
    next_due: datetime | None = Field(description="When its clock, or its revisit, comes due")
    reason: str | None
    name: str | None
    company: str | None
    title: str | None
    industry: str | None
    region: str | None
    product: str | None
    need: str | None
    amount_min: int | None = Field(description="Yuan")
    amount_max: int | None = Field(description="Yuan")
    phone: str | None
    email: str | None
    wechat: str | None
    fields: dict[str, str] | None


class Event(_Answer):
    """A fact in the history of a lead; what belongs to its kind alone stands beside these."""

    model_config = ConfigDict(extra="allow")

    no: int
    at: datetime
    kind: Kind
    actor: str = Field(description="A person's id, or `system`")
    cycle: int
    offer: int
    clock: Literal["accept", "contact"] | None
    step: int | None


class Note(_Answer):
    """Words about a lead."""

    key: str
    at: datetime
    author: str
    kind: Literal["note", "visit"]
    text: str


class Leads(_Answer):
    """A page by `updated_at` and `id`."""

    items: list[Lead]
    next_cursor: str | None


class Events(_Answer):
    """The history, oldest first."""

    items: list[Event]
    next_cursor: None


class Notes(_Answer):
    """Notes and visits, oldest first."""

    items: list[Note]
    next_cursor: None


class Mistake(_Answer):
    """What is wrong with one field."""

    field: str
    detail: str
    nearest: str | None = Field(None, description="The known key that was perhaps meant")


class ProblemOut(_Answer):
    """An error, as RFC 9457 has it."""

    model_config = ConfigDict(title="Problem")

    type: str
    title: str
    status: int
    detail: str
    errors: list[Mistake] | None = None
    request_id: str | None = None
