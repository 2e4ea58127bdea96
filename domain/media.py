"""What comes with a message beside its words: a voice, a picture, a file, a place, a link."""

from dataclasses import dataclass
from enum import StrEnum


class MediaKind(StrEnum):
    VOICE = "voice"
    IMAGE = "image"
    VIDEO = "video"
    FILE = "file"
    LOCATION = "location"
    LINK = "link"


@dataclass(frozen=True, slots=True, kw_only=True)
class Attachment:
    """One attachment. Three ways of having it: `data` (the bytes are here), `path` (they are kept, with their
    `size` and `sha256`), or `ref` (the platform has them, and `channel` can fetch them by it).

    `name` and `label` are somebody's words and never a place on disk; `seconds` is a voice's length; `lat`
    and `lng` are degrees; `url` is a link's. `spoken` = what a voice says is in the message's words already.
    """

    kind: MediaKind
    name: str = ""
    label: str = ""
    data: bytes | None = None
    channel: str = ""
    ref: str = ""
    size: int | None = None
    sha256: str = ""
    path: str = ""
    seconds: int | None = None
    lat: float | None = None
    lng: float | None = None
    url: str = ""
    spoken: bool = False

    @property
    def unheard(self) -> bool:
        """A voice of which nobody has the words yet."""
        return self.kind is MediaKind.VOICE and not self.spoken


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """A kept note's attachment that the platform still has."""

    id: str
    channel: str
    ref: str
    attempts: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Unheard:
    """A kept voice whose words are wanted: the file at `path`, of the note `note`."""

    id: str
    note: str
    path: str
    attempts: int
