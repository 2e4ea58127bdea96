"""PostgreSQL databases for the tests: emptied and used again, for making one takes longer than most tests."""

import psycopg
from psycopg import sql

from tests.postgres import Postgres

# Everything that a test might have changed beside rows: tables, keys, columns, triggers, the version.
SHAPE = """
SELECT md5(string_agg(part, ',' ORDER BY part)) FROM (
    SELECT 'class ' || relname || relkind::text FROM pg_class WHERE relnamespace = 'public'::regnamespace
    UNION ALL SELECT 'column ' || attrelid::regclass::text || attname || atttypid::text || attnotnull::text
    FROM pg_attribute JOIN pg_class ON pg_class.oid = attrelid
    WHERE relnamespace = 'public'::regnamespace AND relkind = 'r' AND attnum > 0
    UNION ALL SELECT 'trigger ' || tgname || tgenabled::text FROM pg_trigger WHERE NOT tgisinternal
    UNION ALL SELECT 'version ' || version_num FROM alembic_version
) AS parts(part)
"""
TABLES = "SELECT tablename FROM pg_tables WHERE schemaname = 'public' AND tablename <> 'alembic_version'"


class Databases:
    """Migrated databases, one taker each. One that comes back with another shape is thrown away."""

    def __init__(self, server: Postgres) -> None:
        self._server = server
        self._free: list[str] = []
        self._shape: str | None = None

    def take(self) -> str:
        """The URL of an empty, migrated database that nobody else has."""
        if self._free:
            return self._free.pop()
        url = self._server.create_database(template="schema")
        if self._shape is None:
            with psycopg.connect(url) as conn:
                self._shape = _shape(conn)
        return url

    def give_back(self, url: str) -> None:
        """Its taker has closed every connection."""
        try:
            with psycopg.connect(url, options="-c lock_timeout=2000") as conn:
                fit = _shape(conn) == self._shape
                if fit:
                    _empty(conn)
        except psycopg.Error:
            fit = False
        if fit:
            self._free.append(url)
        else:
            self._server.drop_database(url)


def _shape(conn: psycopg.Connection) -> str | None:
    row = conn.execute(SHAPE).fetchone()
    return row[0] if row else None


def _empty(conn: psycopg.Connection) -> None:
    names = [row[0] for row in conn.execute(TABLES)]
    asked = sql.SQL(", ").join(
        sql.SQL("EXISTS (SELECT 1 FROM {})").format(sql.Identifier(name)) for name in names
    )
    answers = conn.execute(sql.SQL("SELECT {}").format(asked)).fetchone() or ()
    full = [sql.Identifier(name) for name, has_rows in zip(names, answers, strict=True) if has_rows]
    if full:
        conn.execute("SET LOCAL session_replication_role = replica")  # facts can't be emptied otherwise
        conn.execute(sql.SQL("TRUNCATE {} RESTART IDENTITY").format(sql.SQL(", ").join(full)))
    conn.execute("ALTER SEQUENCE lead_numbers RESTART")
