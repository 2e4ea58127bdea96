"""What the benches stand on: 200 reps in twenty teams, settings, databases, leads in bulk."""

import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import islice
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import psycopg
from sqlalchemy import URL

from bot.company import build_company
from bot.config import Settings, load
from domain.assign import Desk
from domain.clock import to_micros
from domain.lead import Customer, Lead, Origin
from domain.people import Company
from domain.sla import policy_id
from storage import schema, tables
from storage.engine import is_sqlite, read_url, writer_engine
from storage.rows import DESK_COLUMNS, LEAD_COLUMNS, Row, desk_row, lead_row
from tests import postgres as test_servers

TEAMS, REPS = 20, 200
TOKEN = "a-token-of-the-bench"
_HEAD = """
[app]
host = "127.0.0.1"
port = 0
base_url = "http://127.0.0.1:8710"
[database]
url = "{url}"
[api]
tokens = {{ website = "{token}" }}
[simulator]
enabled = {simulator}
[calendar]
mode = "always"
[log]
level = "warning"
[capacity]
unaccepted = 1000000
active = 1000000
per_day = 1000000
[sla]
undelivered_after = "5h"
[sla.accept]
within = "10h"
steps = [
  {{ after = "8h", do = "remind", to = "owner" }},
  {{ after = "10h", do = "alert", to = "manager" }},
  {{ after = "20h", do = "reassign" }},
]
[sla.contact]
within = {{ hot = "10h", default = "20h" }}
[[people]]
id = "director"
name = "总监"
role = "director"
[[people]]
id = "admin"
name = "管理员"
role = "admin"
"""


def team(number: int) -> str:
    return f"team{number % TEAMS:02}"


def rep(number: int) -> str:
    return f"rep{number % REPS:03}"


CORP, AGENT = "ww0123456789abcdef", 1000002
WECOM_TOKEN = "token-of-the-bench-01"
WECOM_KEY = "jWmYm7qr5nMoAUwZRjGtBxmz3KA1tkAj3ykkR6q2B2C"


def settings_file(folder: Path, url: str, *, simulator: bool = True, wecom: str = "") -> Path:
    """Write the settings of the bench's company; returns their path. `wecom` = the address of a platform on
    which everybody is."""
    lines = [_HEAD.format(url=url, token=TOKEN, simulator=str(simulator).lower())]
    if wecom:
        lines.append(
            f'[wecom]\ncorp_id = "{CORP}"\nagent_id = {AGENT}\nsecret = "secret"\ntoken = "{WECOM_TOKEN}"\n'
            f'encoding_aes_key = "{WECOM_KEY}"\napi_base = "{wecom}"'
        )
    account = '\nwecom = "{}"' if wecom else ""
    for number in range(TEAMS):
        boss = f"boss{number:02}"
        lines.append(f'[[teams]]\nid = "{team(number)}"\nname = "{number} 组"\nmanager = "{boss}"')
        lines.append(
            f'[[people]]\nid = "{boss}"\nname = "主管{number}"\nrole = "manager"\nteam = "{team(number)}"'
            + account.format(boss)
        )
        lines.append(f'[[routes]]\nteam = "{team(number)}"\nregion = ["区{number:02}"]')
    for number in range(REPS):
        lines.append(
            f'[[people]]\nid = "{rep(number)}"\nname = "销售{number}"\nrole = "rep"\nteam = "{team(number)}"'
            + account.format(rep(number))
        )
    path = folder / "config.toml"
    path.write_text("\n".join(lines), encoding="utf-8")
    return path


def settings_of(folder: Path, url: str, *, simulator: bool = True) -> Settings:
    return load(settings_file(folder, url, simulator=simulator), {})


def company_of(settings: Settings) -> Company:
    return build_company(settings)


def customer(number: int) -> Customer:
    """A customer whose telephone number nobody else has, and whose region picks the team."""
    return Customer(
        name=f"客户{number}", company=f"恒远精密机械第{number}有限公司", title="采购总监",
        phone=f"+861{number + 3_000_000_000:010}", industry="制造业", region=f"区{number % TEAMS:02}",
        product="MES", need="两条产线想上MES，先看半导体行业的案例", amount_min=500_000, amount_max=800_000,
    )  # fmt: skip


# -- databases ----------------------------------------------------------------------------------------------

_DURABLE = (
    "autovacuum=on", "max_connections=200", "shared_buffers=512MB", "max_wal_size=8GB",
    "checkpoint_timeout=30min", "jit=off", "listen_addresses=127.0.0.1", "timezone=UTC",
)  # fmt: skip


@contextmanager
def postgres() -> Iterator[test_servers.Postgres]:
    """A server that keeps what it says it keeps: the tests' one, with fsync and synchronous commits on."""
    quick, test_servers._SETTINGS = test_servers._SETTINGS, _DURABLE
    try:
        server = test_servers.start_postgres()
    finally:
        test_servers._SETTINGS = quick
    with server:
        yield server


def migrate(url: str) -> str:
    """Bring a database to the schema of this program; returns its URL."""
    target = read_url(url)
    engine = writer_engine(target)
    schema.migrate(target, engine)
    engine.dispose()
    return url


@contextmanager
def database(kind: str) -> Iterator[tuple[str, Path]]:
    """(URL of a fresh migrated database, a folder of one's own): `sqlite` or `postgres`."""
    with TemporaryDirectory(prefix="leadbell-bench-") as name:
        folder = Path(name)
        if kind == "sqlite":
            yield migrate(f"sqlite:///{folder / 'bench.db'}"), folder
            return
        with postgres() as server:
            yield migrate(server.create_database()), folder


# -- leads in bulk ------------------------------------------------------------------------------------------


def offered(company: Company, number: int, *, shown: datetime, fired: int = 0) -> Lead:
    """Lead number `number`, offered to its rep, the card shown at that instant, `fired` steps behind it."""
    lead = Lead.captured(
        f"L{number}", customer=customer(number), origin=Origin(channel="官网", source="bench"), draft=False,
        now=shown,
    )  # fmt: skip
    lead.offer_to(rep(number), team=team(number), policy=company.policy, why="turn", now=shown)
    lead.delivered(1, at=shown)
    assert lead.cycle is not None
    lead.cycle = replace(lead.cycle, fired=fired)
    lead.version = 2
    lead.facts, lead.notices = [], []
    return lead


def background(company: Company, first: int, count: int, now: datetime) -> Iterator[Row]:
    """Rows of leads whose clocks run and are due some hours from now, spread over one hour."""
    template = offered(company, first, shown=now - timedelta(hours=1))
    row = list(lead_row(template, now))
    at = {name: LEAD_COLUMNS.index(name) for name in ("id", "customer", "owner", "offer_person", "team",
                                                       "offer_team", "next_due")}  # fmt: skip
    body = row[at["customer"]]
    due = to_micros(now + timedelta(hours=6))
    for number in range(first, first + count):
        row[at["id"]] = f"L{number}"
        row[at["customer"]] = body.replace(f"客户{first}", f"客户{number}")
        row[at["owner"]] = row[at["offer_person"]] = rep(number)
        row[at["team"]] = row[at["offer_team"]] = team(number)
        row[at["next_due"]] = due + number * 3_600_000_000 // (first + count)
        yield tuple(row)


def fill(url: str, company: Company, leads: Iterator[Row], contacts: Iterable[tuple[str, str]] = ()) -> None:
    """Put leads (and the keys of their contacts) straight into the tables, with the desks and the policy."""
    policy = (policy_id(company.policy), company.policy.pack())
    desks = [desk_row(Desk(person=person)) for person in company.people]
    target = read_url(url)
    with _loader(target) as put:
        put("policies", ("id", "body"), iter([policy]))
        put("desks", DESK_COLUMNS, iter(desks))
        put("leads", LEAD_COLUMNS, leads)
        put("contacts", ("key", "lead_id"), contacts)


@contextmanager
def _loader(target: URL) -> Iterator[Any]:
    if is_sqlite(target):
        with sqlite_open(Path(target.database or "")) as conn:
            yield lambda name, columns, rows: _put_sqlite(conn, name, columns, rows)
            conn.execute("ANALYZE")
        return
    with psycopg.connect(plain(target)) as conn:
        yield lambda name, columns, rows: _put_postgres(conn, name, columns, rows)
    with psycopg.connect(plain(target), autocommit=True) as conn:
        conn.execute("VACUUM ANALYZE")


def plain(target: URL) -> str:
    """The URL as psycopg takes it."""
    return target.set(drivername="postgresql").render_as_string(hide_password=False)


@contextmanager
def sqlite_open(file: Path) -> Iterator[sqlite3.Connection]:
    """A bare connection with the rules of our writer: WAL, FULL, transactions begun by hand."""
    conn = sqlite3.connect(file, isolation_level=None)
    for pragma in ("journal_mode=WAL", "synchronous=FULL", "cache_size=-32000"):
        conn.execute(f"PRAGMA {pragma}").fetchall()
    try:
        yield conn
    finally:
        conn.close()


def insert_text(name: str, columns: Sequence[str]) -> str:
    return f"INSERT INTO {name} ({', '.join(columns)}) VALUES ({', '.join('?' * len(columns))})"  # noqa: S608


def _put_sqlite(conn: sqlite3.Connection, name: str, columns: Sequence[str], rows: Iterator[Row]) -> None:
    text = insert_text(name, columns).replace("INSERT", "INSERT OR IGNORE", 1)
    while chunk := list(islice(rows, 20_000)):
        conn.execute("BEGIN")
        conn.executemany(text, chunk)
        conn.execute("COMMIT")


def _put_postgres(conn: Any, name: str, columns: Sequence[str], rows: Iterator[Row]) -> None:
    with conn.cursor().copy(f"COPY {name} ({', '.join(columns)}) FROM STDIN") as copy:
        for row in rows:
            copy.write_row(row)
    conn.commit()


def columns_of(name: str) -> tuple[str, ...]:
    return tuple(column.name for column in tables.metadata.tables[name].columns)


def utc_now() -> datetime:
    return datetime.now(UTC)
