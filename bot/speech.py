"""What voices say: an endpoint that speaks OpenAI's `POST /audio/transcriptions` writes it down, when the
company has set one up; the recording leaves the machine for that endpoint only."""

import asyncio
import json
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Protocol

import aiohttp
import structlog

from bot.endpoint import Endpoint, Unreachable
from bot.files import Files
from bot.seams import jitter
from domain.clock import Clock
from domain.contact import clean_text
from domain.media import Unheard

log = structlog.get_logger("speech")

AT_ONCE = 2
POLL = 2.0
TIMEOUT = 60.0
TRIES = 8
BACK_OFF_CAP = 600.0
LONGEST = 2000
MOST_BYTES = 256 * 1024
"""The longest answer that is read: ten minutes of speech are some 3,000 characters."""
_NAMES = ((b"#!AMR", "amr"), (b"RIFF", "wav"), (b"OggS", "ogg"), (b"ID3", "mp3"), (b"\xff\xfb", "mp3"))


class NotHeard(Exception):
    """This recording will never be written down: the endpoint refuses it, or nothing is said."""


async def transcribe(endpoint: Endpoint, model: str, recording: bytes) -> str:
    """The words of a recording, cleaned, at most LONGEST characters. Raises NotHeard or Unreachable."""
    form = aiohttp.FormData()
    form.add_field("file", recording, filename=f"voice.{_suffix(recording)}")
    for name, value in (("model", model), ("language", "zh"), ("response_format", "json")):
        form.add_field(name, value)
    call = endpoint.ask("POST", "/audio/transcriptions", within=TIMEOUT, most=MOST_BYTES, data=form)
    return _words(*await call)


def _suffix(recording: bytes) -> str:
    """Endpoints tell the format by the name; WeCom records AMR."""
    return next((suffix for head, suffix in _NAMES if recording.startswith(head)), "amr")


def _words(status: int, body: bytes) -> str:
    if status in (400, 413, 415, 422):
        raise NotHeard(f"refused with {status}")
    if status != 200:
        raise Unreachable(f"answered {status}")
    try:
        found = json.loads(body)
    except ValueError:
        raise Unreachable("no JSON") from None
    said = found.get("text") if isinstance(found, dict) else None
    if not isinstance(said, str):
        raise Unreachable("no text")
    if not (words := clean_text(said, LONGEST)):
        raise NotHeard("nothing is said")
    return words


class Units(Protocol):
    """Storage's units for voices, by name."""

    claim_unheard: Callable[..., list[Unheard]]
    hear_again: Callable[..., None]


@dataclass(slots=True, kw_only=True)
class Transcriber:
    """The loop. `heard` joins what a voice says to its note, `unheard` books that nobody will know."""

    write: Callable[..., Awaitable[Any]]
    units: Units
    next_unheard: Callable[[], Awaitable[datetime | None]]
    heard: Callable[[Unheard, str], Awaitable[None]]
    unheard: Callable[[Unheard], Awaitable[None]]
    endpoint: Endpoint
    model: str
    files: Files
    clock: Clock
    observe: Callable[[str, str], None] = field(default=lambda channel, result: None)

    async def turn(self) -> None:
        """One round of the loop: hear what is wanted, or wait a little."""
        coming = await self.next_unheard()
        if coming is None or coming > self.clock.now():
            await asyncio.sleep(POLL)
            return
        await self.once()

    async def once(self) -> int:
        """Hear what is wanted now; returns how many voices were tried."""
        wanted = await self.write(self.units.claim_unheard, now=self.clock.now(), limit=AT_ONCE)
        await asyncio.gather(*(self._hear(each) for each in wanted))
        return len(wanted)

    async def _hear(self, voice: Unheard) -> None:
        try:
            recording = await self.files.read(voice.path)
            words = await transcribe(self.endpoint, self.model, recording)
        except (NotHeard, FileNotFoundError) as error:
            await self._give_up(voice, error)
        except Unreachable as error:
            if voice.attempts >= TRIES:
                await self._give_up(voice, error)
                return
            wait = timedelta(seconds=1 + jitter(min(BACK_OFF_CAP, 4.0 ** min(voice.attempts, 6))))
            log.warning("no answer from the speech endpoint", action="speech_again", why=str(error))
            await self.write(self.units.hear_again, id_=voice.id, at=self.clock.now() + wait)
        else:
            await self.heard(voice, words)
            self.observe("speech", "heard")

    async def _give_up(self, voice: Unheard, error: Exception) -> None:
        log.warning("a voice was not written down", action="speech_failed", why=str(error)[:200])
        self.observe("speech", "lost")
        await self.unheard(voice)
