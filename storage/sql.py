"""One statement a table for a whole batch, on both databases.

SQLite runs a statement over a list of rows; PostgreSQL takes the rows as one JSON text and reads them as a
set, which costs one round trip and one plan however many rows there are, and the client least. Statements go
to the driver's own cursor: a result that SQLAlchemy makes ready to be read in every way costs ten times what
SQLite takes to find its rows.
"""

import json
from collections.abc import Iterable, Sequence
from functools import lru_cache
from operator import itemgetter
from typing import Any

from sqlalchemy import BigInteger, Boolean, Connection, Float, Table
from sqlalchemy.exc import DBAPIError

from storage.rows import dump

Rows = Sequence[Sequence[Any]]


class Conflict(Exception):
    """A row was not as this transaction had read it; the units are run again, one by one."""


def _kind(table: Table, name: str) -> str:
    kind = table.c[name].type
    if isinstance(kind, Boolean):
        return "boolean"
    if isinstance(kind, Float):
        return "float8"
    return "bigint" if isinstance(kind, BigInteger) else "text"


def _set(table: Table, names: tuple[str, ...], **more: str) -> str:
    """The rows of a statement's one parameter, a JSON array of arrays, as PostgreSQL reads them; `more` =
    columns whose values come last, by the name that they have here."""
    columns = {name: name for name in names} | more
    listed = ", ".join(
        f"(r->>{at})::{_kind(table, column)} AS {name}" for at, (name, column) in enumerate(columns.items())
    )
    return f"(SELECT {listed} FROM jsonb_array_elements(%s::jsonb) AS r) AS v"  # noqa: S608


def is_postgres(conn: Connection) -> bool:
    return conn.dialect.name == "postgresql"


@lru_cache(maxsize=64)
def _columns(table: Table) -> tuple[str, ...]:
    return tuple(column.name for column in table.columns)


@lru_cache(maxsize=256)
def _insert_sql(table: Table, names: tuple[str, ...], clash: str, postgres: bool) -> str:
    listed = ", ".join(names)
    if postgres:
        source = f"SELECT * FROM {_set(table, names)}"  # noqa: S608
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
    postgres = is_postgres(conn)
    return int(send(conn, sql, (dump(rows),) if postgres else rows, many=not postgres).rowcount)


def insert_or(
    conn: Connection, table: Table, rows: Rows, clash: str, names: tuple[str, ...] | None = None
) -> int:
    """Insert rows given in the order of the table's columns (or of `names`), with a conflict clause of one's
    own; returns how many were inserted or changed."""
    if not rows:
        return 0
    names = names or _columns(table)
    return _run(conn, _insert_sql(table, names, clash, is_postgres(conn)), rows)


def insert(conn: Connection, table: Table, rows: Rows, names: tuple[str, ...] | None = None) -> None:
    """Insert rows given in the order of the table's columns (or of `names`)."""
    insert_or(conn, table, rows, "", names)


def insert_new(conn: Connection, table: Table, rows: Rows) -> int:
    """Insert what is not there yet; returns how many were."""
    return insert_or(conn, table, rows, "ON CONFLICT DO NOTHING")


@lru_cache(maxsize=64)
def _replacing(table: Table, key: tuple[str, ...]) -> str:
    sets = ", ".join(f"{name} = excluded.{name}" for name in _columns(table) if name not in key)
    return f"ON CONFLICT ({', '.join(key)}) DO UPDATE SET {sets}"


def upsert(conn: Connection, table: Table, rows: Rows, key: tuple[str, ...]) -> None:
    """Insert or replace by key. No two rows may have the same key."""
    insert_or(conn, table, rows, _replacing(table, key))


@lru_cache(maxsize=256)
def _update_sql(table: Table, names: tuple[str, ...], key: str, guard: str, postgres: bool) -> str:
    if not postgres:
        sets = ", ".join(f"{name} = ?" for name in names)
        return f"UPDATE {table.name} SET {sets} WHERE {key} = ? AND {guard} = ?"  # noqa: S608
    sets = ", ".join(f"{name} = v.{name}" for name in names)
    rows = _set(table, (*names, key), seen=guard)
    return f"UPDATE {table.name} AS t SET {sets} FROM {rows} WHERE t.{key} = v.{key} AND t.{guard} = v.seen"  # noqa: S608


def update_guarded(conn: Connection, table: Table, rows: Rows, *, guard: str, before: Rows) -> None:
    """Write what is different from `before`, the same rows as they were read (key first), where `guard` still
    is what it was; Conflict when one is not. An index is costly to write, so a column that no row changes is
    left out."""
    if not rows:
        return
    columns = _columns(table)
    changed = {
        at
        for row, old in zip(rows, before, strict=True)
        for at, (new, was) in enumerate(zip(row, old, strict=True))
        if new != was
    }
    names, key, mark = tuple(columns[at] for at in sorted(changed)), columns[0], columns.index(guard)
    pick = itemgetter(*sorted(changed), 0)
    values = [(*pick(row), old[mark]) for row, old in zip(rows, before, strict=True)]
    text = _update_sql(table, names, key, guard, is_postgres(conn))
    if _run(conn, text, values) != len(rows):
        raise Conflict(table.name)


@lru_cache(maxsize=256)
def _select_sql(table: Table, names: tuple[str, ...], key: str, tail: str, postgres: bool) -> str:
    return f"SELECT {', '.join(names)} FROM {table.name} WHERE {key} {_any_of(postgres)} {tail}"  # noqa: S608


def _any_of(postgres: bool) -> str:
    """Of a list in one JSON text, on PostgreSQL too: its driver takes longer to pack an array."""
    listed = "ARRAY(SELECT json_array_elements_text(%s))"
    return f"= ANY({listed})" if postgres else "IN (SELECT value FROM json_each(?))"


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
    rows: Sequence[Any] = send(conn, sql, (_json(listed),)).fetchall()
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


def execute_in(conn: Connection, text: str, values: tuple[Any, ...], key: str, wanted: Iterable[str]) -> None:
    """Run a statement written with `?` on the rows whose `key` is one of `wanted`: one statement, whole when
    it is sent. Of several in one piece PostgreSQL would wait for the rest, with all its locks, for as long as
    the client is stopped, and no timeout of its ends that."""
    listed = list(wanted)
    if listed:
        execute(conn, f"{text} WHERE {key} {_any_of(is_postgres(conn))}", (*values, _json(listed)))
