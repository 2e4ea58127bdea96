"""The leads as the reader's book knows them: who, which firm, whose; and what has changed since."""

from collections.abc import Iterator, Sequence
from typing import Any

from sqlalchemy import Engine, select
from sqlalchemy.ext.asyncio import AsyncEngine

from domain.contact import contact_keys
from domain.reader.book import Entry
from domain.stages import OPEN
from storage.engine import reading
from storage.rows import unpack_customer
from storage.tables import leads

_OPEN = frozenset(stage.value for stage in OPEN)
_COLUMNS = (leads.c.updated_at, leads.c.id, leads.c.stage, leads.c.owner, leads.c.team, leads.c.customer)
AT_ONCE = 2_000


def _entry(row: Sequence[Any]) -> Entry:
    _, lead, stage, owner, team, body = row
    customer = unpack_customer(body)
    return Entry(
        lead=lead, name=customer.name or "", company=customer.company or "", title=customer.title or "",
        owner=owner, team=team, open=stage in _OPEN,
        keys=contact_keys(phone=customer.phone, email=customer.email, wechat=customer.wechat),
    )  # fmt: skip


async def changed_since(engine: AsyncEngine, cursor: tuple[int, str]) -> tuple[list[Entry], tuple[int, str]]:
    """Up to AT_ONCE leads that changed after the cursor, and the cursor behind them; (0, "") is the start."""
    at, lead = cursor
    later = (leads.c.updated_at > at) | ((leads.c.updated_at == at) & (leads.c.id > lead))
    statement = select(*_COLUMNS).where(later).order_by(leads.c.updated_at, leads.c.id).limit(AT_ONCE)
    async with reading(engine) as conn:
        rows = (await conn.execute(statement)).fetchall()
    last = (int(rows[-1][0]), str(rows[-1][1])) if rows else cursor
    return [_entry(row) for row in rows], last


def known_names(engine: Engine) -> Iterator[tuple[str, str]]:
    """(text, kind) of every firm and contact, for the command line."""
    with engine.connect() as conn:
        for row in conn.execute(select(*_COLUMNS)):
            entry = _entry(row)
            for text, kind in ((entry.company, "company"), (entry.name, "person")):
                if text:
                    yield text, kind
