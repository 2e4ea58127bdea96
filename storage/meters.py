"""What a platform counts: summed over all instances and restarts, for the month's budget."""

from collections.abc import Mapping

from sqlalchemy import Engine, select
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncEngine

from domain.errors import Unavailable
from storage import sql
from storage.engine import reading
from storage.tables import meters
from storage.uow import UnitOfWork

INSTALLATION = "installation"


def count_up(uow: UnitOfWork, *, counts: Mapping[str, int]) -> None:
    """Add to the counts of these names."""
    for name, more in counts.items():
        uow.later(
            "INSERT INTO meters (name, count) VALUES (?, ?) "
            "ON CONFLICT (name) DO UPDATE SET count = meters.count + excluded.count",
            name, more,
        )  # fmt: skip


def installation(uow: UnitOfWork, *, fresh: str) -> str:
    """The name of this installation: made once, with its database, and the same ever after."""
    uow.query(
        "INSERT INTO marks (name, value) VALUES (?, ?) ON CONFLICT (name) DO UPDATE SET name = excluded.name "
        "RETURNING value",
        (INSTALLATION, fresh),
    )
    return str(uow.query("SELECT value FROM marks WHERE name = ?", (INSTALLATION,))[0][0])


def name_of(engine: Engine) -> str:
    """The installation's name, for a command; "" before the first start. Raises Unavailable."""
    try:
        with engine.connect() as conn:
            rows = sql.query(conn, "SELECT value FROM marks WHERE name = ?", (INSTALLATION,))
    except DBAPIError as error:
        raise Unavailable(type(error.orig).__name__) from None
    return str(rows[0][0]) if rows else ""


async def read_counts(engine: AsyncEngine, prefix: str) -> dict[str, int]:
    """The counts whose name begins so."""
    async with reading(engine) as conn:
        rows = (await conn.execute(select(meters).where(meters.c.name.startswith(prefix)))).all()
    return {str(name): int(count) for name, count in rows}


def counted(engine: Engine, name: str) -> int:
    """One count, for a command; 0 when there is none. Raises Unavailable."""
    try:
        with engine.connect() as conn:
            rows = sql.query(conn, "SELECT count FROM meters WHERE name = ?", (name,))
    except DBAPIError as error:
        raise Unavailable(type(error.orig).__name__) from None
    return int(rows[0][0]) if rows else 0
