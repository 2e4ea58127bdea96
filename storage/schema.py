"""The schema's version: bring it forward, refuse what is older or newer than this program."""

import os
import shutil
from datetime import UTC, datetime
from pathlib import Path

from sqlalchemy import URL, Engine, inspect, text

from storage.engine import is_sqlite
from storage.trouble import Trouble

HEAD = "0001"
"""The newest migration; tests compare it with the folder."""
NOBODYS = {"spatial_ref_sys"}
"""Tables that a server itself may have put into an empty database."""


class SchemaError(Trouble):
    """The database does not fit this program."""


def current(engine: Engine) -> str | None:
    """The version of a database; None when it is empty."""
    with engine.connect() as conn:
        if not inspect(conn).has_table("alembic_version"):
            return None
        found = conn.execute(text("SELECT version_num FROM alembic_version")).fetchone()
        return found[0] if found else None


def check(engine: Engine) -> None:
    """Raise SchemaError unless the database is exactly at HEAD."""
    version = current(engine)
    if version == HEAD:
        return
    if version is None:
        _check_empty(engine)
        raise SchemaError("schema.none", head=HEAD)
    raise SchemaError(f"schema.{'old' if version < HEAD else 'newer'}", version=version, head=HEAD)


def check_writable(url: URL) -> None:
    """Raise SchemaError where this user may not write: SQLite finds out only at the first write."""
    if not is_sqlite(url) or not url.database:
        return
    file = Path(url.database)
    for each in (file, file.absolute().parent):
        if each.exists() and not os.access(each, os.W_OK):
            raise SchemaError("schema.unwritable", file=each)


def migrate(url: URL, engine: Engine) -> tuple[str | None, str]:
    """Bring the database to HEAD; returns (from, to). A SQLite file with data is copied beside itself first.

    Raises SchemaError when the database is newer than this program, or another program's.
    """
    before = current(engine)
    if before is None:
        _check_empty(engine)
    if before is not None and before > HEAD:
        check(engine)
    if before == HEAD:
        return before, HEAD
    if before is not None and url.database and is_sqlite(url):
        _copy_aside(Path(url.database), before)
    from alembic import command
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent / "migrations"))
    with engine.connect() as conn:
        config.attributes["connection"] = conn
        command.upgrade(config, "head")
    return before, HEAD


def _check_empty(engine: Engine) -> None:
    with engine.connect() as conn:
        found = sorted(set(inspect(conn).get_table_names()) - NOBODYS)
    if found:
        raise SchemaError("schema.foreign", tables=", ".join(found[:5]))


def _copy_aside(file: Path, version: str) -> None:
    stamp = datetime.fromtimestamp(file.stat().st_mtime, UTC).strftime("%Y%m%d-%H%M%S")
    for suffix in ("", "-wal"):
        source = file.with_name(file.name + suffix)
        if source.exists():
            shutil.copy2(source, file.with_name(f"{file.name}.{version}.{stamp}.bak{suffix}"))
