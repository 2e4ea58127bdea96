"""The command `leadbell`. Exit status: 0 = well, 1 = found something wrong, 2 = called wrongly."""

import argparse
import asyncio
import errno
import gc
import io
import json
import os
import sys
from collections.abc import Callable, Coroutine, Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime, timedelta
from functools import partial
from importlib.metadata import version
from itertools import pairwise
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from bot.address import try_address, why_not
from bot.config import ConfigErrors, Settings, load, warnings
from bot.seams import SystemClock, new_token
from bot.words import say, trouble_words
from domain.errors import Unavailable
from domain.people import Company, Listed

CONFIG = Path("config.toml")
LOCAL = "127.0.0.1"
LISTENS = "[app] port / host (LEADBELL_APP__PORT)"
UNREAD = 141
"""The exit status when nobody reads on (`| head`): that of other programs, which SIGPIPE ends."""
Words = Callable[[str], str]
STANDS_STILL = timedelta(minutes=1)
"""Since the last heartbeat: a program that runs beats every few seconds."""


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command; returns its exit status."""
    _speak_anywhere()
    given = sys.argv[1:] if argv is None else argv
    arguments = _parser(_lang(given)).parse_args(given)
    run: Callable[[argparse.Namespace], int] = arguments.run
    try:
        status = run(arguments)
        sys.stdout.flush()
        return status
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # or the interpreter tries once more
        return UNREAD
    except ConfigErrors as error:
        for mistake in error.mistakes:
            print(mistake.line(arguments.lang), file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 0
    except Exception as error:
        if not (said := _trouble(error, arguments.lang)):
            raise  # a mistake of our own, which is to be seen whole
        return _wrong(said)


def _lang(given: Sequence[str]) -> str:
    """The language of `--help`: that of `--lang`, wherever it stands."""
    return "en" if "--lang=en" in given or ("--lang", "en") in pairwise(given) else "zh"


def _speak_anywhere() -> None:
    """A terminal that knows no Chinese, or no ✔, is no reason to fall silent."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            bare = stream.encoding.lower() in ("ascii", "us-ascii", "ansi_x3.4-1968")
            stream.reconfigure(encoding="utf-8" if bare else None, errors="backslashreplace")


def _wrong(said: str, status: int = 1) -> int:
    print(f"leadbell: {said}", file=sys.stderr)
    return status


def _trouble(error: Exception, lang: str) -> str:
    """What the machine failed at, in a sentence; "" for anything else."""
    from storage.engine import as_trouble

    if isinstance(error, OSError):
        key = "trouble.disk" if error.errno == errno.ENOSPC else "trouble.machine"
        return say(lang, key, what=error.filename or "Leadbell", why=error.strerror or error)
    found = as_trouble(error)
    return trouble_words(lang, found) if found is not None else ""


def _parser(lang: str) -> argparse.ArgumentParser:
    words = partial(say, lang)
    parser = argparse.ArgumentParser(prog="leadbell", description=words("cli.about"))
    parser.add_argument("--version", action="version", version=f"leadbell {version('leadbell')}")
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")

    add = partial(_command, commands, words)
    demo = add("demo", _demo, words("command.demo"), config=False)
    demo.add_argument("--host", default="127.0.0.1", help=words("option.host"))
    demo.add_argument("--port", type=_port, default=8710, help=words("option.port"))
    demo.add_argument(
        "--data", type=Path, default=Path("demo-data"), metavar="DIR", help=words("option.data")
    )
    demo.add_argument("--empty", action="store_true", help=words("option.empty"))
    add("init", _init, words("command.init"))
    add("serve", _serve, words("command.serve"))
    add("check-config", _check_config, words("command.check_config"))
    doctor = add("doctor", _doctor, words("command.doctor"))
    doctor.add_argument("--json", action="store_true", help=words("option.json"))
    add("migrate", _migrate, words("command.migrate"))
    audit = add("audit", _audit, words("command.audit"))
    audit.add_argument("--json", action="store_true", help=words("option.json"))
    prove = add("prove", _prove, words("command.prove"))
    prove.add_argument("lead", nargs="?", metavar="LEAD", help=words("option.lead"))
    prove.add_argument("--json", action="store_true", help=words("option.proof_json"))
    prove.add_argument("--from", dest="file", type=Path, metavar="FILE", help=words("option.from"))
    backup = add("backup", _backup, words("command.backup"))
    backup.add_argument("file", type=Path, metavar="FILE", help=words("option.file"))
    restore = add("restore", _restore, words("command.restore"))
    restore.add_argument("file", type=Path, nargs="?", metavar="FILE", help=words("option.file"))
    restore.add_argument("--confirm", action="store_true", help=words("option.confirm"))
    read = add("read", _read, words("command.read"), config=False)
    kinds = ("auto", "lead", "note", "visit")
    read.add_argument("--kind", choices=kinds, default="auto", help=words("option.kind"))
    read.add_argument("--now", type=datetime.fromisoformat, metavar="ISO", help=words("option.now"))
    read.add_argument("--config", type=Path, metavar="F", help=words("option.names"))
    read.add_argument("--explain", action="store_true", help=words("option.explain"))
    _token_commands(commands, words)
    _platform_commands(commands, words)
    return parser


def _command(
    commands: Any,
    words: Words,
    name: str,
    run: Callable[[argparse.Namespace], int],
    text: str,
    *,
    config: bool = True,
) -> argparse.ArgumentParser:
    """A command with the options that nearly every one has."""
    command: argparse.ArgumentParser = commands.add_parser(name, help=text, description=text)
    command.set_defaults(run=run)
    if config:
        command.add_argument("--config", type=Path, default=CONFIG, metavar="F", help=words("option.config"))
    command.add_argument("--lang", choices=("zh", "en"), default="zh", help=words("option.lang"))
    return command


def _port(text: str) -> int:
    port = int(text)
    if not 0 <= port <= 65535:
        raise argparse.ArgumentTypeError("a port is 0 to 65535")
    return port


def _token_commands(commands: Any, words: Words) -> None:
    token = commands.add_parser("token", help=words("command.token"))
    verbs = token.add_subparsers(dest="verb", required=True, metavar="VERB")
    for name, run, text in (
        ("add", _token_add, words("command.token_add")),
        ("list", _token_list, words("command.token_list")),
        ("revoke", _token_revoke, words("command.token_revoke")),
    ):
        verb = _command(verbs, words, name, run, text)
        if name != "list":
            verb.add_argument("name", help=words("option.token_name"))
        if name == "add":
            verb.add_argument("--scope", action="append", help=words("option.scope"))


def _platform_commands(commands: Any, words: Words) -> None:
    def add(name: str, verb: str, run: Callable[[argparse.Namespace], int], text: str) -> Any:
        parser = commands.choices.get(name) or commands.add_parser(name, help=words(f"command.{name}"))
        verbs = getattr(parser, "verbs", None)
        if verbs is None:
            verbs = parser.verbs = parser.add_subparsers(dest="verb", required=True, metavar="WHAT")
        return _command(verbs, words, verb, run, text)

    fake = add(
        "fake",
        "wecom",
        _fake_wecom,
        words("command.fake_wecom"),
    )
    fake.add_argument("--port", type=_port, default=8790, help=words("option.port"))
    fake.add_argument("--init", type=Path, metavar="F", help=words("option.init"))
    callback = "http://127.0.0.1:8710/callback/wecom"
    fake.add_argument("--callback", default=callback, metavar="URL", help=words("option.callback"))
    add("wecom", "menu", _wecom_menu, words("command.menu"))
    _sync_options(words, add("sync", "wecom", _sync_wecom, words("command.sync_wecom")))
    fake = add("fake", "dingtalk", _fake_dingtalk, words("command.fake_dingtalk"))
    fake.add_argument("--host", default="127.0.0.1", help=words("option.host"))
    fake.add_argument("--port", type=_port, default=8720, help=words("option.port"))
    fake.add_argument("--init", type=Path, metavar="F", help=words("option.init"))
    _sync_options(words, add("sync", "dingtalk", _sync_dingtalk, words("command.sync_dingtalk")))
    test = _command(commands, words, "send-test", _send_test, words("command.send_test"))
    test.add_argument("--channel", choices=("wecom", "dingtalk"), help=words("option.channel"))
    test.add_argument("--to", default="", metavar="PERSON", help=words("option.to"))


def _sync_options(words: Words, command: argparse.ArgumentParser) -> None:
    command.add_argument("--dry-run", action="store_true", help=words("option.dry_run"))
    command.add_argument("--toml", action="store_true", help=words("option.toml"))
    command.add_argument("--force", action="store_true", help=words("option.force"))


# -- running ------------------------------------------------------------------------------------------------


def _demo(arguments: argparse.Namespace) -> int:
    from bot import demo
    from bot.logs import set_up

    try:
        try_address(arguments.host, arguments.port)  # a database made without its samples would stay without
    except OSError as error:
        return _no_address(arguments, error, arguments.host, arguments.port, "--port / --host")
    folder: Path = arguments.data
    path = demo.write_company(folder, host=arguments.host, port=arguments.port, token=new_token())
    environ = dict(os.environ)
    environ["LEADBELL_APP__HOST"], environ["LEADBELL_APP__PORT"] = arguments.host, str(arguments.port)
    settings = load(path, environ)
    set_up("warning", as_json=False)
    return asyncio.run(_run_demo(settings, empty=arguments.empty, lang=arguments.lang))


def _no_address(arguments: argparse.Namespace, error: OSError, host: str, port: int, settings: str) -> int:
    return _wrong(asyncio.run(why_not(error, host, port, settings=settings, lang=arguments.lang)))


async def _run_demo(settings: Settings, *, empty: bool, lang: str) -> int:
    from bot import demo
    from bot.main import Service, Signals, prepare_database
    from bot.seams import ShiftedClock

    fresh, _ = await asyncio.to_thread(prepare_database, settings.database.url.get_secret_value())
    clock = ShiftedClock()
    service = await Service.start(settings, year=SystemClock().now().year, clock=clock, frozen=True)
    try:
        if fresh is None:
            company = service.store.company
            moment = demo.good_moment(company.calendar, clock.now(), company)
            await service.phones.set_offset(moment - SystemClock().now())
            if not empty:
                await demo.seed(service.store.write, service.phones.advance, clock.now)
        _greet(settings, service.port, lang)
        await Signals(service=service, load=lambda: settings).wait()
    finally:
        await service.stop()
    return 0


def _greet(settings: Settings, port: int, lang: str) -> None:
    address = f"http://{settings.app.host}:{port}"
    print(say(lang, "cli.demo", address=address))
    for name, token in settings.api.tokens.items():
        print(f"API token ({name}): {token.get_secret_value()}")
    print(say(lang, "cli.try"), flush=True)


def _serve(arguments: argparse.Namespace) -> int:
    from bot.logs import set_up

    settings = load(arguments.config, os.environ)
    set_up(settings.log.level, as_json=settings.log.as_json)
    try:
        try_address(settings.app.host, settings.app.port)  # before anything is caught up with in the database
    except OSError as error:
        return _no_address(arguments, error, settings.app.host, settings.app.port, LISTENS)
    _url(settings)  # said before a file is made
    return asyncio.run(_run(settings, arguments.config))


async def _run(settings: Settings, path: Path) -> int:
    from bot.main import Service, Signals

    service = await Service.start(settings, year=SystemClock().now().year)
    try:
        print(f"leadbell: listening on http://{settings.app.host}:{service.port}", flush=True)
        await Signals(service=service, load=lambda: load(path, os.environ)).wait()
        return 1 if service.failed else 0
    finally:
        await service.stop()


# -- settings and database ----------------------------------------------------------------------------------


def _url(settings: Settings) -> Any:
    """The database's address; SchemaError where it is a file that is not there: who asks so makes none."""
    from storage.engine import read_url
    from storage.schema import SchemaError

    if settings.database.missing:
        raise SchemaError("schema.missing", database=settings.database.shown)
    return read_url(settings.database.url.get_secret_value())


@contextmanager
def _database(settings: Settings, make: Callable[[Any], Any] | None = None) -> Iterator[Any]:
    """An engine of the database at this program's schema, else SchemaError, which says what to do."""
    from storage.engine import writer_engine
    from storage.schema import check

    engine = (make or writer_engine)(_url(settings))
    try:
        check(engine)
        yield engine
    finally:
        engine.dispose()


def _init(arguments: argparse.Namespace) -> int:
    from bot.setup import AlreadyThere, ask, render_config, write_config

    if arguments.config.exists():
        return _wrong(say(arguments.lang, "cli.exists", file=arguments.config))
    try:
        answers = ask(input, print, arguments.lang)
        write_config(arguments.config, render_config(answers))
    except (AlreadyThere, EOFError) as error:
        return _wrong(say(arguments.lang, "cli.unwritten", why=error))
    print(f"{arguments.config} ✔  →  leadbell doctor --config {arguments.config}")
    return 0


def _check_config(arguments: argparse.Namespace) -> int:
    from bot.company import build_company, read_names_file

    settings = load(arguments.config, os.environ)
    build_company(settings, year=SystemClock().now().year)
    read_names_file(settings)
    found = warnings(settings)
    for mistake in found:
        print(f"⚠ {mistake.line(arguments.lang)}")
    verdict = say(arguments.lang, "check.warned", file=arguments.config, count=len(found))
    print(verdict if found else f"✔ {arguments.config}")
    return 0


def _doctor(arguments: argparse.Namespace) -> int:
    from bot.doctor import examine
    from bot.main import installation_of, look_around

    now = SystemClock().now()
    checks = list(examine(arguments.config, os.environ, now, look_around, installation_of, arguments.lang))
    if arguments.json:
        print(json.dumps([check.as_json() for check in checks], ensure_ascii=False))
    else:
        for check in checks:
            print(check.line())
    return 1 if any(check.mark == "✘" for check in checks) else 0


def _migrate(arguments: argparse.Namespace) -> int:
    from bot.main import prepare_database

    settings = load(arguments.config, os.environ)
    before, now = prepare_database(settings.database.url.get_secret_value())
    print(f"{settings.database.shown}: {before or 'empty'} → {now}")
    return 0


def _audit(arguments: argparse.Namespace) -> int:
    settings = load(arguments.config, os.environ)
    return _audited(settings, arguments.lang, as_json=arguments.json)


def _audited(settings: Settings, lang: str, *, as_json: bool = False) -> int:
    """Print what does not hold as of the last heartbeat: the simulator's clock is its own, and what a program
    that has not run since has not done is no wonder."""
    from bot.company import build_company
    from storage.audit import audit_database
    from storage.engine import snapshot_engine
    from storage.housekeeping import last_heartbeat

    with _database(settings, snapshot_engine) as engine:
        url = engine.url
    now = SystemClock().now()
    beat = last_heartbeat(url)
    if beat is not None and not settings.simulator.enabled and now - beat > STANDS_STILL:
        print(say(lang, "audit.stands", since=f"{beat:%Y-%m-%d %H:%M:%S}"), file=sys.stderr)
    now = beat or now
    company = build_company(settings, year=now.year)
    found = audit_database(url, company, now, grace=timedelta(seconds=1))
    if as_json:
        rows = [
            {"invariant": f"INV-{each.invariant}", "what": each.what, "lead": each.lead} for each in found
        ]
        print(json.dumps(rows, ensure_ascii=False))
    else:
        for each in found:
            print(f"✘ INV-{each.invariant} {each.lead or ''} {each.what}")
        print(say(lang, "audit.broken", count=len(found)) if found else say(lang, "audit.whole"))
    return 1 if found else 0


def _prove(arguments: argparse.Namespace) -> int:
    from zoneinfo import ZoneInfo

    from bot import proof

    zone = ZoneInfo("Asia/Shanghai")
    if arguments.file:
        try:
            made = proof.check(json.loads(arguments.file.read_text(encoding="utf-8")))
        except ValueError as error:
            print(say(arguments.lang, "prove.unread", file=arguments.file, why=error), file=sys.stderr)
            return 1
        if arguments.lead and arguments.lead.upper() != made.proof.lead:
            about = {"file": arguments.file, "lead": made.proof.lead, "asked": arguments.lead}
            print(say(arguments.lang, "prove.other", **about), file=sys.stderr)
            return 1
    elif not arguments.lead:
        print("leadbell prove: LEAD or --from FILE", file=sys.stderr)
        return 2
    else:
        settings = load(arguments.config, os.environ)
        zone = ZoneInfo(settings.app.timezone)
        arguments.lead = arguments.lead.upper() if not arguments.lead.isdecimal() else f"L{arguments.lead}"
        record, now = _record(settings, arguments.lead)
        if record is None:
            print(say(arguments.lang, "prove.unknown", lead=arguments.lead), file=sys.stderr)
            return 1
        made = proof.document(arguments.lead, record, now)
    if arguments.json:
        print(json.dumps(made.body, ensure_ascii=False))
    else:
        for line in proof.lines(made, zone=zone, lang=arguments.lang, alone=bool(arguments.file)):
            print(line)
    return 0 if made.proof.whole else 1


def _record(settings: Settings, lead: str) -> tuple[Any, datetime]:
    """What is kept of a lead (None: there is no such lead), and the time by the program's clock."""
    from storage.chain import read_record
    from storage.engine import snapshot_engine
    from storage.housekeeping import last_heartbeat

    now = SystemClock().now()
    with _database(settings, snapshot_engine) as engine:
        if settings.simulator.enabled:  # its clock is its own: the one of its last heartbeat
            now = last_heartbeat(_url(settings)) or now
        with engine.connect() as conn, conn.begin():
            return read_record(conn, lead), now


def _read(arguments: argparse.Namespace) -> int:
    """One JSON object a line, as the lines come, 1 when one could not be read; own names with `--config`."""
    from bot.reading import make_context, read_lines

    settings = load(arguments.config, os.environ) if arguments.config else None
    zone = ZoneInfo(settings.app.timezone if settings else "Asia/Shanghai")
    now = arguments.now or SystemClock().now()
    local = now.astimezone(zone) if now.tzinfo else now.replace(tzinfo=zone)
    gc.disable()  # of half a million words and weights nothing is garbage
    context = make_context(
        local,
        _own_names(settings, arguments.lang) if settings else (),
        settings.reader.competitors if settings else (),
    )
    gc.freeze()
    gc.enable()
    if isinstance(sys.stdin, io.TextIOWrapper):
        sys.stdin.reconfigure(encoding="utf-8", errors="replace")
    wrong = False
    for found in read_lines(sys.stdin, arguments.kind, context, explain=arguments.explain):
        wrong = wrong or "error" in found
        print(json.dumps(found, ensure_ascii=False), flush=True)
    return 1 if wrong else 0


def _backup(arguments: argparse.Namespace) -> int:
    from storage.backup import backup

    made = backup(_url(load(arguments.config, os.environ)), arguments.file)
    print(
        say(
            arguments.lang, "backup.done", file=arguments.file, leads=made.leads, facts=made.facts,
            bytes=made.size,
        )
    )  # fmt: skip
    return 0


def _restore(arguments: argparse.Namespace) -> int:
    from storage.backup import restore
    from storage.engine import read_url

    if arguments.confirm == bool(arguments.file):
        print("leadbell restore: FILE or --confirm", file=sys.stderr)
        return 2
    if arguments.confirm:
        return _with_database(arguments, lambda engine: _confirm(engine, arguments.lang))
    settings = load(arguments.config, os.environ)
    url = read_url(settings.database.url.get_secret_value())
    made = restore(url, arguments.file, now=SystemClock().now(), seen_file=settings.watch.seen_file)
    if made.moved:
        print(say(arguments.lang, "restore.moved", file=made.moved))
    print(say(arguments.lang, "restore.done", leads=made.leads, facts=made.facts, number=made.number))
    return _audited(settings, arguments.lang)


def _confirm(engine: Any, lang: str) -> int:
    from storage.epoch import confirm

    with engine.connect() as conn, conn.begin():
        found = confirm(conn)
    print(say(lang, "restore.confirmed", epoch=found.epoch) if found else say(lang, "restore.nothing"))
    return 0


def _own_names(settings: Settings, lang: str) -> Iterator[tuple[str, str]]:
    """The company's products and further names, and the customers of its database where there is one."""
    from bot.company import read_names_file

    yield from ((each, "product") for each in settings.reader.products)
    yield from ((each, "company") for each in read_names_file(settings))
    if settings.database.missing:
        return
    from storage.book import known_names
    from storage.schema import SchemaError

    try:
        with _database(settings) as engine:
            yield from known_names(engine)
    except (SchemaError, Unavailable) as error:
        why = _trouble(error, lang)
        _wrong(say(lang, "cli.without_customers", database=settings.database.shown, why=why))


# -- tokens -------------------------------------------------------------------------------------------------


def _with_database(arguments: argparse.Namespace, run: Callable[[Any], int]) -> int:
    with _database(load(arguments.config, os.environ)) as engine:
        return run(engine)


def _token_add(arguments: argparse.Namespace) -> int:
    from storage import tokens

    def add(engine: Any) -> int:
        scopes = [each.strip() for each in ",".join(arguments.scope or ["capture,read"]).split(",")]
        now = SystemClock().now()
        print(tokens.add(engine, name=arguments.name, new_token=new_token, now=now, scopes=scopes))
        print(say(arguments.lang, "token.once"), file=sys.stderr)
        return 0

    return _with_database(arguments, add)


def _token_list(arguments: argparse.Namespace) -> int:
    from storage import tokens

    def show(engine: Any) -> int:
        for each in tokens.listed(engine):
            state = "revoked" if each.revoked_at else "live"
            print(f"{each.name}\t{','.join(sorted(each.scopes))}\t{each.created_at:%Y-%m-%d}\t{state}")
        return 0

    return _with_database(arguments, show)


def _token_revoke(arguments: argparse.Namespace) -> int:
    from storage import tokens

    def revoke(engine: Any) -> int:
        if tokens.revoke(engine, name=arguments.name, now=SystemClock().now()):
            print(say(arguments.lang, "token.revoked", name=arguments.name))
            return 0
        return _wrong(say(arguments.lang, "token.none", name=arguments.name))

    return _with_database(arguments, revoke)


# -- WeCom --------------------------------------------------------------------------------------------------


def _fake_wecom(arguments: argparse.Namespace) -> int:
    from bot.channels.wecom import commands

    def run() -> Coroutine[Any, Any, Any]:
        people = commands.members_of(arguments.init or arguments.config)
        return commands.run_fake(
            port=arguments.port, callback=arguments.callback, people=people, out=partial(print, flush=True)
        )

    text = commands.rehearsal(arguments.port, arguments.callback)
    return _rehearse(arguments, text, run, LOCAL)


def _rehearse(
    arguments: argparse.Namespace, text: str, run: Callable[[], Coroutine[Any, Any, Any]], host: str
) -> int:
    """Write the settings of a fake's small company and run it. Where it can't listen nothing is written."""
    file: Path | None = arguments.init
    if file is None and arguments.config != CONFIG and not arguments.config.exists():
        return _wrong(say(arguments.lang, "cli.no_file", file=arguments.config))
    try:
        try_address(host, arguments.port)
        if file is not None and not _rehearsal_written(file, text, arguments.lang):
            return 1
        return asyncio.run(run()) or 0
    except OSError as error:
        return _no_address(arguments, error, host, arguments.port, "--port" if host == LOCAL else "--host")


def _rehearsal_written(file: Path, text: str, lang: str) -> bool:
    """Whether the settings are there now; those that were there are left as they are."""
    from bot.setup import AlreadyThere, write_config

    try:
        write_config(file, text)
        print(f"{file} ✔", flush=True)
    except AlreadyThere:
        print(say(lang, "cli.exists", file=file), flush=True)
    except OSError as error:
        _wrong(say(lang, "cli.unwritten", why=f"{file}: {error.strerror}"))
        return False
    return True


def _with_wecom(arguments: argparse.Namespace) -> tuple[Settings, Any]:
    settings = load(arguments.config, os.environ)
    if settings.wecom is None:
        _wrong(say(arguments.lang, "cli.no_section", section="wecom"))
    return settings, settings.wecom


def _wecom_menu(arguments: argparse.Namespace) -> int:
    from bot.channels.wecom import commands

    settings, section = _with_wecom(arguments)
    if section is None:
        return 2
    return asyncio.run(
        commands.put_up_menu(
            section, link=settings.app.base_url, lang=arguments.lang, out=partial(print, flush=True)
        )
    )


def _sync_wecom(arguments: argparse.Namespace) -> int:
    from bot.channels.wecom import commands

    settings, section = _with_wecom(arguments)
    if section is None:
        return 2
    return _sync(arguments, settings, "wecom", commands.read_directory(section))


def _sync(
    arguments: argparse.Namespace, settings: Settings, channel: str, read: Coroutine[Any, Any, list[Listed]]
) -> int:
    """Read a platform's directory, tell what is missing or different, and keep it for the running bot."""
    from bot.channels.base import Refused, Retryable
    from bot.company import build_company
    from bot.roster import as_toml, compare, newcomers

    company, lang = build_company(settings, year=SystemClock().now().year), arguments.lang
    try:
        listed = asyncio.run(read)
    except (Refused, Retryable) as error:
        print(say(lang, "sync.unread", why=error), file=sys.stderr)
        return 1
    if arguments.toml:
        print(as_toml(newcomers(company, listed)))
        return 0
    differences = list(compare(company, settings, listed, channel))
    for each in differences:
        print(each.line(lang))
    print(say(lang, "sync.sum", members=len(listed), count=len(differences)))
    wrong = any(each.kind != "new" for each in differences)
    keep = partial(_keep_directory, company=company, channel=channel, listed=listed, arguments=arguments)
    return max(int(wrong), 0 if arguments.dry_run else _with_database(arguments, keep))


def _keep_directory(
    engine: Any, *, company: Company, channel: str, listed: list[Listed], arguments: argparse.Namespace
) -> int:
    from bot.words.refusals import refusal
    from domain.errors import DirectoryShrunk
    from storage.members import take_over

    try:
        with engine.begin() as conn:
            change = take_over(conn, channel=channel, listed=listed, force=arguments.force)
    except DirectoryShrunk as error:
        print(f"✘ {refusal(arguments.lang, error, company, SystemClock().now())}", file=sys.stderr)
        return 1
    for account in change.left:
        print(say(arguments.lang, "sync.left", person=account))
    print(say(arguments.lang, "sync.done"))
    return 0


def _send_test(arguments: argparse.Namespace) -> int:
    settings = load(arguments.config, os.environ)
    if not (arguments.channel or settings.wecom or settings.dingtalk):
        return _wrong(say(arguments.lang, "cli.no_platform"), 2)
    channel = arguments.channel or ("wecom" if settings.wecom is not None else "dingtalk")
    return (_send_test_wecom if channel == "wecom" else _send_test_dingtalk)(arguments)


def _send_test_wecom(arguments: argparse.Namespace) -> int:
    from bot.channels.wecom import commands

    settings, section = _with_wecom(arguments)
    if section is None:
        return 2
    wanted = [
        (each.wecom, each.lang)
        for each in settings.people
        if each.wecom and (each.id == arguments.to if arguments.to else each.role == "admin")
    ]
    if not wanted:
        return _wrong(say(arguments.lang, "cli.nobody"), 2)
    return asyncio.run(
        commands.send_test(section, wanted, link=settings.app.base_url, out=partial(print, flush=True))
    )


# -- dingtalk -----------------------------------------------------------------------------------------------


def _fake_dingtalk(arguments: argparse.Namespace) -> int:
    """Runs until Ctrl-C; prints the settings that lead to it."""
    from bot.channels.dingtalk.fake import run

    host, port = arguments.host, arguments.port

    def fake() -> Coroutine[Any, Any, int]:
        people = run.members_of(arguments.init or arguments.config)
        return run.run(host, port, people, partial(print, flush=True))

    return _rehearse(arguments, run.rehearsal(f"http://{host}:{port}"), fake, host)


def _with_dingtalk(arguments: argparse.Namespace) -> tuple[Settings, bool]:
    settings = load(arguments.config, os.environ)
    if settings.dingtalk is None:
        _wrong(say(arguments.lang, "cli.no_section", section="dingtalk"))
    return settings, settings.dingtalk is not None


def _sync_dingtalk(arguments: argparse.Namespace) -> int:
    from bot.channels.dingtalk.door import ask_dingtalk
    from bot.channels.dingtalk.people import read_directory

    settings, there = _with_dingtalk(arguments)
    if not there:
        return 2
    read = ask_dingtalk(settings, lambda client, _: read_directory(client))
    return _sync(arguments, settings, "dingtalk", read)


def _send_test_dingtalk(arguments: argparse.Namespace) -> int:
    from bot.channels.base import Refused, Retryable
    from bot.channels.dingtalk.door import ask_dingtalk, send_test

    settings, there = _with_dingtalk(arguments)
    if not there:
        return 2
    people = [p for p in settings.people if (p.id == arguments.to if arguments.to else p.role == "admin")]
    wanted = {each.id: (each.dingtalk, say(each.lang, "cli.test")) for each in people if each.dingtalk}
    if not wanted:
        return _wrong(say(arguments.lang, "cli.nobody"), 2)
    failed = 0
    for person, (account, text) in wanted.items():
        try:
            asyncio.run(ask_dingtalk(settings, partial(send_test, account=account, text=text)))
            print(f"✔ dingtalk → {person}")
        except (Retryable, Refused) as error:
            print(f"✘ dingtalk → {person}: {error} → leadbell doctor", file=sys.stderr)
            failed = 1
    return failed
