"""One statement a table for a whole batch, on both databases.

SQLite runs a statement over a list of rows; PostgreSQL takes one array a column and unnests them, which
costs one round trip and one plan however many rows there are. Statements go to the driver's own cursor: a
result that SQLAlchemy makes ready to be read in every way costs ten times what SQLite takes to find its rows.
"""

import json
from collections.abc import Iterable, Sequence
from functools import lru_cache
from typing import Any

from sqlalchemy import BigInteger, Boolean, Connection, Float, Table
from sqlalchemy.exc import DBAPIError

Rows = Sequence[Sequence[Any]]


class Conflict(Exception):
    """A row was not as this transaction had read it; the units are run again, one by one."""


def _array(table: Table, name: str) -> str:
    kind = table.c[name].type
    if isinstance(kind, Boolean):
        return "boolean[]"
    if isinstance(kind, Float):
        return "float8[]"
    return "bigint[]" if isinstance(kind, BigInteger) else "text[]"


def is_postgres(conn: Connection) -> bool:
    return conn.dialect.name == "postgresql"


@lru_cache(maxsize=64)
def _columns(table: Table) -> tuple[str, ...]:
    return tuple(column.name for column in table.columns)


@lru_cache(maxsize=256)
def _insert_sql(table: Table, names: tuple[str, ...], clash: str, postgres: bool) -> str:
    listed = ", ".join(names)
    if postgres:
        arrays = ", ".join(f"%s::{_array(table, name)}" for name in names)
        source = f"SELECT * FROM unnest({arrays})"  # noqa: S608
    else:
        source = f"VALUES ({', '.join('?' * len(names))})"
    return f"INSERT INTO {table.name} ({listed}) {source} {clash}"


def send(conn: Connection, text: str, values: Sequence[Any] = (), *, many: bool = False) -> Any:
    """Run a statement in the driver's words; the driver's cursor. Raises DBAPIError like SQLAlchemy, but
    without the values, which may be personal."""
    if not conn.in_transaction():
        conn.begin()
    return send_outside(conn, text, values, many=many)


def send_outside(conn: Connection, text: str, values: Sequence[Any] = (), *, many: bool = False) -> Any:
    """`send` without seeing to a transaction: for the statement that begins one."""
    cursor = conn.connection.cursor()
    driver = conn.dialect.loaded_dbapi.Error
    try:
        (conn.dialect.do_executemany if many else conn.dialect.do_execute)(cursor, text, values)
    except driver as error:
        lost = conn.dialect.is_disconnect(error, conn.connection, cursor)
        if lost:
            conn.invalidate(error)
        raise DBAPIError.instance(
            text, None, error, driver, hide_parameters=True, connection_invalidated=lost, dialect=conn.dialect
        ) from error
    return cursor


def _run(conn: Connection, sql: str, rows: Rows) -> int:
    if not rows:
        return 0
    if is_postgres(conn):
        cursor = send(conn, sql, tuple(list(column) for column in zip(*rows, strict=True)))
    else:
        cursor = send(conn, sql, rows, many=True)
    return int(cursor.rowcount)


def insert(conn: Connection, table: Table, rows: Rows, names: tuple[str, ...] | None = None) -> None:
    """Insert rows given in the order of the table's columns (or of `names`)."""
    _run(conn, _insert_sql(table, names or _columns(table), "", is_postgres(conn)), rows)


def insert_new(conn: Connection, table: Table, rows: Rows) -> int:
    """Insert what is not there yet; returns how many were."""
    return _run(conn, _insert_sql(table, _columns(table), "ON CONFLICT DO NOTHING", is_postgres(conn)), rows)


def upsert(conn: Connection, table: Table, rows: Rows, key: tuple[str, ...]) -> None:
    """Insert or replace by key. No two rows may have the same key."""
    names = _columns(table)
    sets = ", ".join(f"{name} = excluded.{name}" for name in names if name not in key)
    clash = f"ON CONFLICT ({', '.join(key)}) DO UPDATE SET {sets}"
    _run(conn, _insert_sql(table, names, clash, is_postgres(conn)), rows)


def insert_or(conn: Connection, table: Table, rows: Rows, clash: str) -> None:
    """Insert with a conflict clause of one's own."""
    _run(conn, _insert_sql(table, _columns(table), clash, is_postgres(conn)), rows)


@lru_cache(maxsize=64)
def _update_sql(table: Table, key: str, guard: str, postgres: bool) -> str:
    names = [name for name in _columns(table) if name != key]
    if not postgres:
        sets = ", ".join(f"{name} = ?" for name in names)
        return f"UPDATE {table.name} SET {sets} WHERE {key} = ? AND {guard} = ?"  # noqa: S608
    sets = ", ".join(f"{name} = v.{name}" for name in names)
    arrays = ", ".join(f"%s::{_array(table, name)}" for name in (*names, key, guard))
    listed = ", ".join((*names, key, "seen"))
    return (
        f"UPDATE {table.name} AS t SET {sets} FROM unnest({arrays}) AS v({listed}) "  # noqa: S608
        f"WHERE t.{key} = v.{key} AND t.{guard} = v.seen"
    )


def update_guarded(conn: Connection, table: Table, rows: Rows, *, guard: str, seen: Sequence[int]) -> None:
    """Replace whole rows (key first) where `guard` still is what was seen; Conflict when one is not."""
    if not rows:
        return
    key = _columns(table)[0]
    values = [(*row[1:], row[0], mark) for row, mark in zip(rows, seen, strict=True)]
    if _run(conn, _update_sql(table, key, guard, is_postgres(conn)), values) != len(rows):
        raise Conflict(table.name)


@lru_cache(maxsize=256)
def _select_sql(table: Table, names: tuple[str, ...], key: str, tail: str, postgres: bool) -> str:
    any_of = "= ANY(%s)" if postgres else "IN (SELECT value FROM json_each(?))"
    return f"SELECT {', '.join(names)} FROM {table.name} WHERE {key} {any_of} {tail}"  # noqa: S608


def select_in(
    conn: Connection,
    table: Table,
    key: str,
    wanted: Iterable[str],
    *,
    names: tuple[str, ...] | None = None,
    lock: bool = False,
    where: str = "",
) -> Sequence[Any]:
    """The rows whose `key` is one of `wanted`; with `lock`, locked in the order of the key on PostgreSQL."""
    listed = list(wanted)
    if not listed:
        return ()
    postgres = is_postgres(conn)
    tail = f"{where} ORDER BY {key} FOR UPDATE" if lock and postgres else where
    sql = _select_sql(table, names or _columns(table), key, tail, postgres)
    rows: Sequence[Any] = send(conn, sql, (listed if postgres else _json(listed),)).fetchall()
    return rows


def _json(values: list[str]) -> str:
    return json.dumps(values, ensure_ascii=True)


def query(conn: Connection, sql: str, values: tuple[Any, ...] = ()) -> Sequence[Any]:
    """Run a SELECT written with `?`; the marks are changed for PostgreSQL."""
    text = sql.replace("?", "%s") if is_postgres(conn) else sql
    rows: Sequence[Any] = send(conn, text, values).fetchall()
    return rows


def execute(conn: Connection, sql: str, values: tuple[Any, ...] = ()) -> int:
    """Run a statement written with `?`; returns how many rows it touched."""
    text = sql.replace("?", "%s") if is_postgres(conn) else sql
    return int(send(conn, text, values).rowcount)


def execute_many(conn: Connection, sql: str, rows: Rows) -> None:
    """Run a statement written with `?` over many rows."""
    if rows:
        text = sql.replace("?", "%s") if is_postgres(conn) else sql
        send(conn, text, rows, many=True)
