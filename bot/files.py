"""Where the files that come with messages are kept: under one folder, by their content, never by a name that
came from outside."""

import asyncio
import os
import re
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from hashlib import sha256
from pathlib import Path

from domain.media import Attachment

MOST_BYTES = 20 * 1024 * 1024
_PLACE = re.compile(r"[0-9a-f]{2}/[0-9a-f]{64}")
_HALF = re.compile(r"[0-9a-f]{2}/\.new-\w+")  # what a program was writing when it was killed


class TooLarge(Exception):
    """A file over the limit; it is not kept."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Files:
    """The media folder. The same content is kept once; what is read back is what was written."""

    folder: Path
    most: int = MOST_BYTES

    async def keep(self, attachment: Attachment) -> Attachment:
        """The attachment with its bytes put away; one without bytes as it is. Raises TooLarge."""
        if attachment.data is None:
            return attachment
        digest, path = await self.put(attachment.data)
        return replace(attachment, data=None, size=len(attachment.data), sha256=digest, path=path)

    async def put(self, data: bytes) -> tuple[str, str]:
        """(SHA-256, place under the folder) of a file, on the disk when this returns. Raises TooLarge."""
        if len(data) > self.most:
            raise TooLarge(f"{len(data)} bytes")
        return await asyncio.to_thread(self._write, data)

    def _write(self, data: bytes) -> tuple[str, str]:
        digest = sha256(data).hexdigest()
        place = f"{digest[:2]}/{digest}"
        target = self.folder / place
        if target.exists():
            os.utime(target)  # young again: the sweep of unused files must not take it
            return digest, place
        target.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        handle, name = tempfile.mkstemp(dir=target.parent, prefix=".new-")
        try:
            with os.fdopen(handle, "wb") as file:
                file.write(data)
                file.flush()
                os.fsync(file.fileno())
            Path(name).replace(target)
        except BaseException:
            Path(name).unlink(missing_ok=True)
            raise
        return digest, place

    async def read(self, place: str) -> bytes:
        """The file at a place that `put` returned. Raises FileNotFoundError."""
        if not _PLACE.fullmatch(place):
            raise FileNotFoundError(place)
        return await asyncio.to_thread((self.folder / place).read_bytes)

    def older_than(self, age: timedelta, now: datetime) -> Iterator[str]:
        """The places of files, and of halves of files, that were written longer than `age` ago."""
        for file in self.folder.glob("??/*"):
            place = f"{file.parent.name}/{file.name}"
            if _ours(place) and now.timestamp() - file.stat().st_mtime > age.total_seconds():
                yield place

    def drop(self, place: str) -> None:
        if _ours(place):
            (self.folder / place).unlink(missing_ok=True)


def _ours(place: str) -> bool:
    return bool(_PLACE.fullmatch(place) or _HALF.fullmatch(place))
