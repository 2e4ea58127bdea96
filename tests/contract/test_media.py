"""What comes with a note is kept with it, once, and a file that a platform still has is fetched by one."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from bot.channels.base import Refused, Retryable
from bot.downloads import TRIES, Downloader
from bot.files import Files, TooLarge
from domain.media import Attachment, MediaKind
from domain.usecases.leads import add_note
from storage import media
from storage.store import Store
from tests.fakes.clock import SteppedClock
from tests.fakes.floor import Floor

PLACE = Attachment(kind=MediaKind.LOCATION, label="上海市虹口区", lat=31.25, lng=121.5)
VOICE = Attachment(kind=MediaKind.VOICE, channel="there", ref="m-1", seconds=7)


class There:
    """A platform that has files; what is not in `files` it refuses, and `busy` makes it ask for patience."""

    def __init__(self, **files: bytes) -> None:
        self.files = {name.replace("_", "-"): data for name, data in files.items()}
        self.busy = False
        self.patience = timedelta(minutes=1)
        self.asked = 0

    async def download(self, ref: str, *, most: int) -> bytes:
        self.asked += 1
        if self.busy:
            raise Retryable("busy", self.patience)
        if ref not in self.files or len(self.files[ref]) > most:
            raise Refused("gone")
        return self.files[ref]


def downloader(store: Store, clock: SteppedClock, there: There, folder: Path, most: int = 1000) -> Downloader:
    return Downloader(
        write=store.write,
        units=media,
        next_wanted=lambda: media.next_wanted(store.reader),
        channels={"there": there},
        files=Files(folder=folder, most=most),
        clock=clock,
    )


async def noted(floor: Floor, *attachments: Attachment) -> None:
    lead = await floor.capture()
    await floor.do(
        add_note, lead_id=lead.id, by="e1", text="聊过", kind="note", key="n", at=floor.now, media=attachments
    )


async def test_a_place_needs_no_fetching_and_a_repeat_adds_nothing(floor: Floor, store: Store) -> None:
    await noted(floor, PLACE, PLACE)
    assert await media.attached(store.reader, ["n"]) == {"n": [(PLACE, "here")]}
    assert await media.next_wanted(store.reader) is None


async def test_a_file_is_fetched_once_and_kept_by_its_content(
    floor: Floor, store: Store, clock: SteppedClock, tmp_path: Path
) -> None:
    await noted(floor, VOICE)
    there = There(m_1=b"#!AMR voice")
    loads = downloader(store, clock, there, tmp_path)
    assert await media.next_wanted(store.reader) is not None
    assert (await loads.once(), await loads.once(), there.asked) == (1, 0, 1)
    [(kept, state)] = (await media.attached(store.reader, ["n"]))["n"]
    assert (state, kept.size, kept.seconds) == ("kept", 11, 7)
    assert await loads.files.read(kept.path) == b"#!AMR voice"
    assert await media.known_paths(store.reader, [kept.path, "no"]) == {kept.path}


async def test_a_busy_platform_is_asked_again_when_it_said(
    floor: Floor, store: Store, clock: SteppedClock, tmp_path: Path
) -> None:
    await noted(floor, VOICE)
    there = There(m_1=b"x")
    there.busy = True
    loads = downloader(store, clock, there, tmp_path)
    await loads.once()
    there.busy = False
    clock.step(seconds=59)
    assert await loads.once() == 0
    clock.step(seconds=1)
    assert await loads.once() == 1
    assert (await media.attached(store.reader, ["n"]))["n"][0][1] == "kept"


async def test_a_file_that_is_gone_or_too_large_is_lost_and_said_so(
    floor: Floor, store: Store, clock: SteppedClock, tmp_path: Path
) -> None:
    await noted(floor, VOICE, Attachment(kind=MediaKind.FILE, channel="there", ref="m-2"))
    loads = downloader(store, clock, There(m_2=b"123456"), tmp_path, most=5)
    await loads.once()
    assert [state for _, state in (await media.attached(store.reader, ["n"]))["n"]] == ["lost", "lost"]
    assert await media.next_wanted(store.reader) is None


async def test_a_fetch_that_never_ends_well_is_given_up(
    floor: Floor, store: Store, clock: SteppedClock, tmp_path: Path
) -> None:
    await noted(floor, VOICE)
    there = There(m_1=b"x")
    there.busy, there.patience = True, timedelta(seconds=1)
    loads = downloader(store, clock, there, tmp_path)
    for _ in range(TRIES):
        assert await loads.once() == 1
        clock.step(seconds=1)
    assert (await media.attached(store.reader, ["n"]))["n"][0][1] == "lost"


async def test_files_are_private_bounded_and_never_at_a_place_of_somebodys_choice(tmp_path: Path) -> None:
    files = Files(folder=tmp_path / "media", most=10)
    digest, place = await files.put(b"0123456789")
    assert (await files.put(b"0123456789")) == (digest, place)
    assert [file.name for file in files.folder.glob("*/*")] == [digest]
    assert (files.folder / place).stat().st_mode & 0o077 == 0
    with pytest.raises(TooLarge):
        await files.put(b"01234567890")
    for bad in ("../../etc/passwd", f"{place}/..", place.upper(), ""):
        with pytest.raises(FileNotFoundError):
            await files.read(bad)
    kept = await files.keep(Attachment(kind=MediaKind.FILE, name="../../x.sh", data=b"abc"))
    assert (kept.data, kept.size, kept.name) == (None, 3, "../../x.sh")
    assert await files.read(kept.path) == b"abc"


async def test_half_a_file_that_a_killed_program_left_goes_with_the_unused_ones(tmp_path: Path) -> None:
    files = Files(folder=tmp_path / "media")
    _, place = await files.put(b"whole")
    half = (files.folder / place).with_name(".new-ab_12cd3")
    half.write_bytes(b"ha")
    written = datetime.fromtimestamp(half.stat().st_mtime, UTC)
    assert list(files.older_than(timedelta(days=2), written + timedelta(days=1))) == []
    old = list(files.older_than(timedelta(days=2), written + timedelta(days=3)))
    assert sorted(old) == sorted((place, f"{place[:2]}/.new-ab_12cd3"))
    for each in old:
        files.drop(each)
    assert list(files.folder.glob("*/*")) == []
