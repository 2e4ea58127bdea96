"""The schema comes forward, and whatever does not fit is refused before anything is touched."""

from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import Engine, create_engine, text
from sqlalchemy.exc import OperationalError

from bot.words import trouble_words
from domain.people import Company
from storage import schema
from storage.engine import as_trouble, read_url, writer_engine
from storage.schema import SchemaError
from storage.store import Store
from storage.tables import metadata


def set_version(url: str, version: str) -> None:
    engine = create_engine(read_url(url))
    with engine.begin() as conn:
        conn.execute(text("UPDATE alembic_version SET version_num = :v"), {"v": version})
    engine.dispose()


@pytest.fixture
def engine(empty_url: str) -> Engine:
    return writer_engine(read_url(empty_url))


def test_an_empty_database_comes_to_the_newest_schema(empty_url: str, engine: Engine) -> None:
    assert schema.migrate(read_url(empty_url), engine) == (None, schema.HEAD)
    assert schema.migrate(read_url(empty_url), engine) == (schema.HEAD, schema.HEAD)
    schema.check(engine)
    engine.dispose()


def test_the_migrations_lead_to_the_tables_of_the_program(empty_url: str, engine: Engine) -> None:
    schema.migrate(read_url(empty_url), engine)
    with engine.connect() as conn:
        context = MigrationContext.configure(conn, opts={"compare_type": True})
        assert compare_metadata(context, metadata) == []
    engine.dispose()


def test_the_newest_migration_is_the_head() -> None:
    folder = Path(schema.__file__).parent / "migrations" / "versions"
    assert max(file.name[:4] for file in folder.glob("[0-9]*.py")) == schema.HEAD


async def test_a_database_without_a_schema_is_refused(empty_url: str, company: Company) -> None:
    with pytest.raises(SchemaError, match=r"schema\.none head="):
        await Store.open(empty_url, company)


async def test_an_older_database_is_refused(database_url: str, company: Company) -> None:
    set_version(database_url, "0000")
    with pytest.raises(SchemaError, match=r"schema\.old version=0000"):
        await Store.open(database_url, company)


async def test_a_newer_database_is_refused_and_left_alone(database_url: str, company: Company) -> None:
    set_version(database_url, "9999")
    with pytest.raises(SchemaError, match=r"schema\.newer version=9999"):
        await Store.open(database_url, company)
    target = read_url(database_url)
    engine = writer_engine(target)
    with pytest.raises(SchemaError, match=r"schema\.newer"):
        schema.migrate(target, engine)
    engine.dispose()
    set_version(database_url, schema.HEAD)
    await (await Store.open(database_url, company)).close()


def test_a_file_with_data_is_copied_before_it_is_migrated(sqlite_url: str) -> None:
    set_version(sqlite_url, "0000")
    target = read_url(sqlite_url)
    engine = writer_engine(target)
    with pytest.raises(Exception, match="0000"):  # no such migration: the copy was made before
        schema.migrate(target, engine)
    engine.dispose()
    assert target.database is not None
    copies = list(Path(target.database).parent.glob("leadbell.db.0000.*.bak"))
    assert len(copies) == 1
    assert copies[0].stat().st_size > 0


def test_another_programs_database_is_refused_and_left_alone(empty_url: str, engine: Engine) -> None:
    with engine.begin() as conn:
        conn.execute(text("CREATE TABLE customers (id INTEGER)"))
    with pytest.raises(SchemaError, match=r"schema\.foreign tables=customers"):
        schema.migrate(read_url(empty_url), engine)
    assert schema.current(engine) is None
    engine.dispose()


async def test_a_database_that_one_may_not_write_is_refused_before_anything_runs(
    sqlite_url: str, company: Company, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("storage.schema.os.access", lambda path, mode: not str(path).endswith(".db"))
    with pytest.raises(SchemaError, match=r"schema\.unwritable file=.*leadbell\.db"):
        await Store.open(sqlite_url, company)
    monkeypatch.undo()
    await (await Store.open(sqlite_url, company)).close()


@pytest.mark.parametrize(
    ("said", "means"),
    [
        ('connection failed: FATAL:  password authentication failed for user "x"', "refuses its user or its password"),
        ('connection failed: FATAL:  database "leads" does not exist', "has no such database"),
        ("permission denied for schema public", "ALTER DATABASE … OWNER TO"),
        ("failed to resolve host 'geheim@db': Name or service not known", "its host name is not known"),
        ("connection to server at \"127.0.0.1\", port 1 failed", "it can't be reached"),
        ('connection failed: FATAL:  role "x" does not exist', "has no such user"),
        ('relation "leads" does not exist', "Exception"),
        ("permission denied for table leads", "Exception"),
        ("something new", "Exception"),
    ],
)  # fmt: skip
def test_what_a_server_refuses_is_said_with_what_to_do(said: str, means: str) -> None:
    found = as_trouble(OperationalError("SELECT 1", {}, Exception(said)))
    assert found is not None
    assert means in trouble_words("en", found)
    assert "geheim" not in trouble_words("en", found) + trouble_words("zh", found) + str(found)
