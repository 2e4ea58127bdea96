"""The command `leadbell`. Exit status: 0 = well, 1 = found something wrong, 2 = called wrongly."""

import argparse
import asyncio
import json
import os
import sys
from collections.abc import Callable, Sequence
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import Any

from bot.config import ConfigErrors, Settings, load, warnings
from bot.logs import set_up
from bot.seams import SystemClock, new_token
from bot.words import say

CONFIG = Path("config.toml")


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command; returns its exit status."""
    arguments = _parser().parse_args(argv)
    run: Callable[[argparse.Namespace], int] = arguments.run
    try:
        return run(arguments)
    except ConfigErrors as error:
        print(error, file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="leadbell", description=say("zh", "cli.about"))
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")

    def add(name: str, run: Callable[[argparse.Namespace], int], text: str, *, config: bool = True) -> Any:
        command = commands.add_parser(name, help=text, description=text)
        command.set_defaults(run=run)
        if config:
            command.add_argument(
                "--config", type=Path, default=CONFIG, metavar="F", help="the settings' file"
            )
        return command

    demo = add("demo", _demo, "run a sample company in the browser, with no account", config=False)
    demo.add_argument("--host", default="127.0.0.1", help="the address to listen on")
    demo.add_argument("--port", type=_port, default=8710)
    demo.add_argument(
        "--data", type=Path, default=Path("demo-data"), metavar="DIR", help="where its data is kept"
    )
    demo.add_argument("--empty", action="store_true", help="leave out the sample leads")
    init = add("init", _init, "write a config.toml by a few questions")
    init.add_argument("--lang", choices=("zh", "en"), default="zh")
    add("serve", _serve, "run the bot on the configured channels")
    add("check-config", _check_config, "name every mistake in the settings at once")
    doctor = add("doctor", _doctor, "check everything and name the next step")
    doctor.add_argument("--json", action="store_true")
    add("migrate", _migrate, "bring the database to the newest schema")
    audit = add("audit", _audit, "check the invariants on the live data")
    audit.add_argument("--json", action="store_true")
    read = add("read", _read, "read lines from standard input, write what they say as JSON", config=False)
    read.add_argument("--kind", choices=("auto", "lead", "note", "visit"), default="auto")
    _token_commands(commands)
    _wecom_commands(commands)
    return parser


def _port(text: str) -> int:
    port = int(text)
    if not 0 <= port <= 65535:
        raise argparse.ArgumentTypeError("a port is 0 to 65535")
    return port


def _token_commands(commands: Any) -> None:
    token = commands.add_parser("token", help="API tokens: shown once, kept as hashes")
    verbs = token.add_subparsers(dest="verb", required=True, metavar="VERB")
    for name, run in (("add", _token_add), ("list", _token_list), ("revoke", _token_revoke)):
        verb = verbs.add_parser(name)
        verb.set_defaults(run=run)
        verb.add_argument("--config", type=Path, default=CONFIG, metavar="F")
        if name != "list":
            verb.add_argument("name")
        if name == "add":
            verb.add_argument("--scope", default="capture,read", help="capture, read, contact")


def _wecom_commands(commands: Any) -> None:
    def add(name: str, verb: str, run: Callable[[argparse.Namespace], int], text: str) -> Any:
        parser = commands.choices.get(name) or commands.add_parser(name, help=text)
        verbs = getattr(parser, "verbs", None)
        if verbs is None:
            verbs = parser.verbs = parser.add_subparsers(dest="verb", required=True, metavar="WHAT")
        command = verbs.add_parser(verb, help=text, description=text)
        command.set_defaults(run=run)
        command.add_argument("--config", type=Path, default=CONFIG, metavar="F")
        return command

    fake = add(
        "fake", "wecom", _fake_wecom, "run a WeCom of one's own, to rehearse a set-up without an account"
    )
    fake.add_argument("--port", type=_port, default=8790)
    fake.add_argument("--init", type=Path, metavar="F", help="first write the settings of a small company")
    fake.add_argument("--callback", default="http://127.0.0.1:8710/callback/wecom", metavar="URL")
    add("wecom", "menu", _wecom_menu, "put up the app's menu (and its tile, with wecom.workbench)")
    add("sync", "wecom", _sync_wecom, "compare the settings' people with the company's directory")
    test = commands.add_parser("send-test", help="send a test card to the admins, or to one person")
    test.set_defaults(run=_send_test)
    test.add_argument("--config", type=Path, default=CONFIG, metavar="F")
    test.add_argument("--to", default="", metavar="PERSON", help="a person's id")


# -- running ------------------------------------------------------------------------------------------------


def _demo(arguments: argparse.Namespace) -> int:
    from bot import demo

    folder: Path = arguments.data
    path = demo.write_company(folder, host=arguments.host, port=arguments.port, token=new_token())
    environ = dict(os.environ)
    environ["LEADBELL_APP__HOST"], environ["LEADBELL_APP__PORT"] = arguments.host, str(arguments.port)
    settings = load(path, environ)
    set_up("warning", as_json=False)
    return asyncio.run(_run_demo(settings, empty=arguments.empty))


async def _run_demo(settings: Settings, *, empty: bool) -> int:
    from bot import demo
    from bot.main import Service, Signals, prepare_database
    from bot.seams import ShiftedClock

    fresh, _ = await asyncio.to_thread(prepare_database, settings.database.url.get_secret_value())
    clock = ShiftedClock()
    service = await _started(Service.start, settings, clock=clock, frozen=True)
    if service is None:
        return 1
    try:
        if fresh is None:
            company = service.store.company
            moment = demo.good_moment(company.calendar, clock.now(), company)
            await service.phones.set_offset(moment - SystemClock().now())
            if not empty:
                await demo.seed(service.store.write, service.phones.advance, clock.now)
        _greet(settings, service.port)
        await Signals(service=service, load=lambda: settings).wait()
    finally:
        await service.stop()
    return 0


def _greet(settings: Settings, port: int) -> None:
    address = f"http://{settings.app.host}:{port}"
    print(say("zh", "cli.demo", address=address))
    for name, token in settings.api.tokens.items():
        print(f"API token ({name}): {token.get_secret_value()}")
    print(say("zh", "cli.try"), flush=True)


async def _started(start: Callable[..., Any], settings: Settings, **more: Any) -> Any:
    """The running service, or None after saying why it can't run."""
    from storage.engine import StoreInUse
    from storage.schema import SchemaError

    try:
        return await start(settings, year=SystemClock().now().year, **more)
    except (SchemaError, StoreInUse) as error:
        print(f"leadbell: {error}", file=sys.stderr)
    except OSError as error:
        print(
            f"leadbell: {settings.app.host}:{settings.app.port}: {error.strerror or error}", file=sys.stderr
        )
    return None


def _serve(arguments: argparse.Namespace) -> int:
    settings = load(arguments.config, os.environ)
    set_up(settings.log.level, as_json=settings.log.as_json)
    return asyncio.run(_run(settings, arguments.config))


async def _run(settings: Settings, path: Path) -> int:
    from bot.main import Service, Signals

    service = await _started(Service.start, settings)
    if service is None:
        return 1
    try:
        print(f"leadbell: listening on http://{settings.app.host}:{service.port}", flush=True)
        await Signals(service=service, load=lambda: load(path, os.environ)).wait()
        return 1 if service.failed else 0
    finally:
        await service.stop()


# -- settings and database ----------------------------------------------------------------------------------


def _init(arguments: argparse.Namespace) -> int:
    from bot.setup import AlreadyThere, ask, render_config, write_config

    if arguments.config.exists():
        print(f"leadbell: {arguments.config} exists and is left as it is", file=sys.stderr)
        return 1
    try:
        answers = ask(input, print, arguments.lang)
        write_config(arguments.config, render_config(answers))
    except (AlreadyThere, EOFError) as error:
        print(f"leadbell: {error!s}; nothing was written", file=sys.stderr)
        return 1
    print(f"{arguments.config} ✔  →  leadbell doctor --config {arguments.config}")
    return 0


def _check_config(arguments: argparse.Namespace) -> int:
    from bot.company import build_company

    settings = load(arguments.config, os.environ)
    build_company(settings, year=SystemClock().now().year)
    for mistake in warnings(settings):
        print(f"⚠ {mistake.line()}")
    print(f"✔ {arguments.config}")
    return 0


def _doctor(arguments: argparse.Namespace) -> int:
    from bot.doctor import examine
    from bot.main import look_at_database

    checks = list(examine(arguments.config, os.environ, SystemClock().now(), look_at_database))
    if arguments.json:
        print(json.dumps([check.as_json() for check in checks], ensure_ascii=False))
    else:
        for check in checks:
            print(check.line())
    return 1 if any(check.mark == "✘" for check in checks) else 0


def _migrate(arguments: argparse.Namespace) -> int:
    from bot.main import prepare_database
    from storage.schema import SchemaError

    settings = load(arguments.config, os.environ)
    try:
        before, now = prepare_database(settings.database.url.get_secret_value())
    except SchemaError as error:
        print(f"leadbell: {error}", file=sys.stderr)
        return 1
    print(f"{settings.database.shown}: {before or 'empty'} → {now}")
    return 0


def _audit(arguments: argparse.Namespace) -> int:
    from bot.company import build_company
    from storage import schema
    from storage.audit import audit_database
    from storage.engine import is_sqlite, read_url, writer_engine
    from storage.housekeeping import last_heartbeat

    settings = load(arguments.config, os.environ)
    url = read_url(settings.database.url.get_secret_value())
    now = SystemClock().now()
    engine = writer_engine(url) if not is_sqlite(url) or Path(url.database or "").exists() else None
    try:
        if engine is None:
            raise schema.SchemaError("there is no database yet: run leadbell migrate")
        schema.check(engine)
    except schema.SchemaError as error:
        print(f"leadbell: {error}", file=sys.stderr)
        return 1
    finally:
        if engine is not None:
            engine.dispose()
    if settings.simulator.enabled:  # its clock is its own: the one of its last heartbeat
        now = last_heartbeat(url) or now
    company = build_company(settings, year=now.year)
    found = audit_database(url, company, now, grace=timedelta(seconds=1))
    if arguments.json:
        rows = [
            {"invariant": f"INV-{each.invariant}", "what": each.what, "lead": each.lead} for each in found
        ]
        print(json.dumps(rows, ensure_ascii=False))
    else:
        for each in found:
            print(f"✘ INV-{each.invariant} {each.lead or ''} {each.what}")
        print(f"{len(found)} violations" if found else "✔ every invariant holds")
    return 1 if found else 0


def _read(arguments: argparse.Namespace) -> int:
    """The simple form: every line is read as a lead's text."""
    from bot.reading import read_line

    for line in sys.stdin:
        if line.strip():
            print(json.dumps(read_line(line, arguments.kind), ensure_ascii=False), flush=True)
    return 0


# -- tokens -------------------------------------------------------------------------------------------------


def _with_database(arguments: argparse.Namespace, run: Callable[[Any], int]) -> int:
    from storage.engine import read_url, writer_engine
    from storage.schema import SchemaError, check

    engine = writer_engine(read_url(load(arguments.config, os.environ).database.url.get_secret_value()))
    try:
        check(engine)
        return run(engine)
    except SchemaError as error:
        print(f"leadbell: {error}", file=sys.stderr)
        return 1
    finally:
        engine.dispose()


def _token_add(arguments: argparse.Namespace) -> int:
    from storage import tokens

    def add(engine: Any) -> int:
        scopes = [each.strip() for each in arguments.scope.split(",")]
        try:
            token = tokens.add(
                engine, name=arguments.name, new_token=new_token, now=SystemClock().now(), scopes=scopes
            )
        except (tokens.NameTaken, tokens.BadToken) as error:
            print(f"leadbell: {type(error).__name__}: {error}", file=sys.stderr)
            return 1
        print(token)
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
            print(f"{arguments.name} revoked")
            return 0
        print(f"leadbell: no live token {arguments.name!r}", file=sys.stderr)
        return 1

    return _with_database(arguments, revoke)


# -- WeCom --------------------------------------------------------------------------------------------------


def _fake_wecom(arguments: argparse.Namespace) -> int:
    from bot.channels.wecom import commands

    if arguments.init is not None:
        new = commands.write_rehearsal(arguments.init, arguments.port)
        print(f"{arguments.init} {'✔' if new else 'exists and is left as it is'}", flush=True)
    people = commands.members_of(arguments.init or arguments.config)
    run = commands.run_fake(
        port=arguments.port, callback=arguments.callback, people=people, out=partial(print, flush=True)
    )
    asyncio.run(run)
    return 0


def _with_wecom(arguments: argparse.Namespace) -> tuple[Settings, Any]:
    settings = load(arguments.config, os.environ)
    if settings.wecom is None:
        print("leadbell: no [wecom] in the settings", file=sys.stderr)
    return settings, settings.wecom


def _wecom_menu(arguments: argparse.Namespace) -> int:
    from bot.channels.wecom import commands

    settings, section = _with_wecom(arguments)
    if section is None:
        return 2
    return asyncio.run(
        commands.put_up_menu(section, link=settings.app.base_url, lang="zh", out=partial(print, flush=True))
    )


def _sync_wecom(arguments: argparse.Namespace) -> int:
    from bot.channels.wecom import commands

    settings, section = _with_wecom(arguments)
    if section is None:
        return 2
    return asyncio.run(commands.compare_roll(settings, section, out=partial(print, flush=True)))


def _send_test(arguments: argparse.Namespace) -> int:
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
        print("leadbell: nobody to send to: no such person on WeCom, or no admin", file=sys.stderr)
        return 2
    return asyncio.run(
        commands.send_test(section, wanted, link=settings.app.base_url, out=partial(print, flush=True))
    )
