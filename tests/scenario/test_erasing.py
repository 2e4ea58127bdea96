"""A customer asks to be forgotten: an admin erases them, and nothing of them is left anywhere."""

import asyncio
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
from psycopg import sql

from storage import media
from storage.backup import backup, restore
from storage.engine import read_url
from tests.fakes.clock import MONDAY_TEN
from tests.scenario.test_working_on_it import note_keys
from tests.scenario.world import Starter, World, key_of, verbs, words
from tests.test_proof import proven

NAME, COMPANY, PHONE = "欧阳雀翎", "雀翎羽毛测试工坊", "13700019284"
MAIL, WECHAT = "queling.ouyang@example.com", "queling_9284"
WISH = "绿羽毛样品"
TRACES = (NAME, PHONE, MAIL, WECHAT, WISH)
"""Her name and numbers, and words about her that hold none of them."""
PICTURE = {"image": {"name": "样品.png", "data": "data:image/png;base64,iVBORw0KGgo="}}
EVERYBODY = ("zhangwei", "lilei", "hanmeimei", "wangfang", "chenjing", "xiaolin", "admin", "zhaomin")


async def worked_on(world: World) -> str:
    """A lead of hers that went through everything: edits, a breach, notes, a visit with a picture, a hand-back."""
    submitter = world.phone("xiaolin")
    await submitter.type(f"/lead {NAME} {COMPANY} 采购总监 {PHONE} {MAIL} 微信{WECHAT} 制造业 想上一套MES")
    status, found = await world.api("leads?updated_since=2020-01-01T00:00:00%2B08:00")
    assert status == 200, found
    [lead] = [each["id"] for each in found["items"] if each["name"] == NAME]
    await submitter.type(f"/edit {lead} 需求 要两套{WISH}")
    await world.advance("11m")
    await world.phone("wangfang").type(f"/find {COMPANY}")
    await world.phone("lilei").type(f"/查重 {PHONE}")
    rep = await world.owner(lead)
    await rep.does("accept", NAME)
    [card] = await rep.type(f"{NAME}说预算80万，周三下午三点去{COMPANY}演示")
    await rep.press(card, key_of(card, "confirm"))
    await rep.does("handback", NAME)
    await rep.does("confirm", NAME, reason="other")
    await rep.says(f"{NAME}自己说不想换供应商了")
    rep = await world.owner(lead)
    await rep.does("accept", NAME)
    await rep.type(f"/visit {lead} 见了本人，看了{WISH}")
    await rep.send(PICTURE)
    [card] = await rep.type(f"/note {lead} 周五上午十点送{WISH}过去")
    await rep.press(card, key_of(card, "confirm"))
    return str(lead)


async def erase(world: World, lead: str) -> str:
    """/erase as the admin, and the tap that means it."""
    admin = world.phone("admin")
    [card] = await admin.type(f"/erase {lead}")
    assert card["type"] == "card", card
    assert verbs(card) == ["confirm", "cancel"]
    said = await admin.press(card, key_of(card, "confirm"))
    assert said["ok"], said
    await world.advance("1s")
    return str(said["text"])


def kept(database_url: str) -> Iterator[str]:
    """Everything that a stopped database holds, as text."""
    url = read_url(database_url)
    if url.drivername.startswith("sqlite"):
        assert url.database is not None
        for file in Path(url.database).parent.glob(f"{Path(url.database).name}*"):
            yield file.read_bytes().decode("utf-8", "replace")
        return
    with psycopg.connect(url.set(drivername="postgresql").render_as_string(hide_password=False)) as conn:
        tables = conn.execute("SELECT tablename FROM pg_tables WHERE schemaname = 'public'").fetchall()
        for (table,) in tables:
            query = sql.SQL("SELECT t::text FROM {} t").format(sql.Identifier(table))
            yield from (row[0] for row in conn.execute(query).fetchall())


async def test_nothing_of_an_erased_customer_is_left(starter: Starter, database_url: str) -> None:
    world = await starter.start()
    lead = await worked_on(world)
    keys = await note_keys(world, lead)
    assert await media.attached(world.service.store.reader, keys)
    assert list(starter.media.glob("??/*"))
    assert lead in await erase(world, lead)
    found = await world.lead(lead)
    assert (found["stage"], found["reason"], found["name"], found["phone"]) == (
        "invalid",
        "erased",
        None,
        None,
    )
    assert await world.kinds(lead), "the facts stay"
    for person in EVERYBODY:
        seen = words(await world.phone(person).messages())  # type: ignore[arg-type]
        assert not [each for each in TRACES if each in seen], person
    assert not await media.attached(world.service.store.reader, keys)
    assert not list(starter.media.glob("??/*"))
    assert await world.audit() == []
    await starter.stop(world)
    left = [
        trace for text in kept(database_url) for trace in TRACES if trace in text or _escaped(trace) in text
    ]
    assert left == []


def _escaped(text: str) -> str:
    """As JSON may write it."""
    return text.encode("ascii", "backslashreplace").decode() if not text.isascii() else text


async def test_every_card_says_so_and_has_no_button(world: World) -> None:
    lead = await world.submit("周倩")
    rep = await world.owner(lead)
    await rep.does("accept", "周倩")
    await erase(world, lead)
    for phone in (rep, world.phone("xiaolin")):
        cards = await phone.cards(f"{lead}：客户资料已删除")
        assert {(card["card"]["state"], len(card["card"]["buttons"])) for card in cards} == {("dead", 0)}
        assert not await phone.cards("周倩")
    assert lead not in await rep.says("/my")


async def test_the_chain_of_facts_and_the_proof_stay_whole(world: World, database_url: str) -> None:
    lead = await world.submit("周倩")
    rep = await world.owner(lead)
    await world.advance("2m")
    await rep.does("accept", "周倩")
    await erase(world, lead)
    assert (await world.kinds(lead))[-1] == "erased"
    made = await asyncio.to_thread(proven, database_url, lead, world.clock.now())
    ended = [each for each in made.proof.runs if each.clock == "contact"]
    assert [each.ended and each.ended.kind for each in ended] == ["erased"], ended


async def test_only_an_admin_erases_and_only_after_a_tap(world: World) -> None:
    lead = await world.submit("周倩")
    for person in ("wangfang", "xiaolin", "zhangwei", "zhaomin"):
        assert "/erase" in await world.phone(person).says(f"/erase {lead}")
    admin = world.phone("admin")
    assert "/erase L1042" in await admin.says("/erase")
    assert "没有" in await admin.says("/erase L9999")
    [card] = await admin.type(f"/erase {lead}")
    assert "没有删除" in (await admin.press(card, key_of(card, "cancel")))["text"]
    assert (await world.lead(lead))["name"] == "周倩"
    assert (await admin.press(card, key_of(card, "confirm")))["ok"], "the card was only put aside"
    assert (await admin.press(card, key_of(card, "confirm")))["ok"], "again changes nothing"
    assert (await world.kinds(lead)).count("erased") == 1
    assert "已删除" in await admin.says(f"/erase {lead}")


async def test_who_was_erased_may_come_again_as_somebody_new(world: World) -> None:
    first = await world.submit("周倩", phone=PHONE)
    await erase(world, first)
    second = await world.submit("周倩", phone=PHONE)
    assert second != first
    assert (await world.lead(second))["stage"] == "offered"


async def test_others_words_stay(world: World) -> None:
    lead, other = await world.submit("周倩"), await world.submit("周倩")
    rep = await world.owner(other)
    await rep.does("accept", "周倩")
    await rep.type(f"/note {other} 聊得不错")
    await erase(world, lead)
    assert [each["text"] for each in await world.notes(other)] == ["聊得不错"]
    assert (await world.lead(other))["name"] == "周倩"


async def test_a_note_finds_an_erased_customer_no_more(world: World) -> None:
    lead = await world.submit(NAME)
    rep = await world.owner(lead)
    await rep.does("accept", NAME)
    await erase(world, lead)
    answer = await rep.type(f"{NAME}说预算80万")
    assert not [each for each in answer if lead in words(each)]
    assert await world.notes(lead) == []


async def test_words_under_an_erased_card_are_not_kept_and_the_answer_says_why(world: World) -> None:
    lead = await world.submit(NAME)
    rep = await world.owner(lead)
    await rep.does("accept", NAME)
    card = await rep.card(NAME)
    await erase(world, lead)
    facts, marketer = await world.kinds(lead), world.phone("zhaomin")
    for phone, words_typed in (
        (rep, f"/note {lead} {WISH}"),
        (rep, f"/visit {lead} 见了本人，看了{WISH}"),
        (rep, f"/next {lead} 明天下午三点 送{WISH}"),
        (rep, f"/edit {lead} 需求 {WISH}"),
        (marketer, f"{lead} 周五上午十点送{WISH}过去"),
    ):
        said = await phone.says(words_typed)
        assert lead in said, (words_typed, said)
        assert "没有保存" in said, (words_typed, said)
    [answer] = await rep.replies(card, f"她说周五送{WISH}过去，预算80万")
    assert "没有保存" in answer["text"]
    stranger = await world.phone("anna").says(f"/note {lead} {WISH}")
    assert "There is no lead" in stranger, "for who never had to do with it there is none"
    assert [each for each in await world.kinds(lead) if each != "refused"] == facts
    assert await world.notes(lead) == []


@pytest.mark.parametrize("again", [False, True])
async def test_a_restored_backup_brings_nobody_back(
    starter: Starter, one_engine: str, tmp_path: Path, database_url: str, *, again: bool
) -> None:
    """What was erased after the backup is erased anew at the next start, and stays so."""
    if one_engine != "sqlite":
        pytest.skip("the file that remembers lies beside SQLite; PostgreSQL needs a setting")
    world = await starter.start()
    lead = await world.submit(NAME, phone=PHONE)
    copy = tmp_path / "copy.db"
    await asyncio.to_thread(backup, read_url(database_url), copy)
    await erase(world, lead)
    await world.service._beat()
    world.service._beats = 0
    await world.service._beat()
    await starter.stop(world)
    database = Path(str(read_url(database_url).database))
    for old in database.parent.glob(f"{database.name}*"):
        if not old.name.endswith(".seen"):
            old.unlink()
    await asyncio.to_thread(restore, read_url(database_url), copy, now=MONDAY_TEN)
    world = await starter.start()
    if again:
        await starter.stop(world)
        world = await starter.start()
    found = await world.lead(lead)
    assert (found["reason"], found["name"]) == ("erased", None)
    assert (await world.kinds(lead)).count("erased") == 1
    assert await world.audit() == []
