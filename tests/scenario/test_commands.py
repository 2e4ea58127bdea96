"""The command `leadbell` as a process: the demo, serving, and the tools beside them, by their exit status."""

import asyncio
import json
import os
import re
import shutil
import signal
import socket
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import redirect_stderr, redirect_stdout
from dataclasses import dataclass
from io import StringIO
from pathlib import Path
from typing import Any
from urllib.error import URLError
from urllib.request import Request, urlopen

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from bot import demo, doctor
from bot.cli import main
from domain.calendar import Mode

WHOLE = "/lead 张伟 上海博达智能科技有限公司 采购总监 13812345678 制造业 想上一套MES"
WITHIN = 30.0


@dataclass(frozen=True, slots=True)
class Ended:
    """What a command came to."""

    returncode: int
    stdout: str
    stderr: str


def leadbell(*arguments: str, stdin: str = "") -> Ended:
    """Run one command to its end, in this process: starting another for each would take most of the time."""
    out, err = StringIO(), StringIO()
    before, sys.stdin = sys.stdin, StringIO(stdin)
    try:
        with redirect_stdout(out), redirect_stderr(err):
            try:
                status = main(arguments)
            except SystemExit as error:
                status = int(str(error.code or 0))
    finally:
        sys.stdin = before
    return Ended(status, out.getvalue(), err.getvalue())


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


class Process:
    """A command that goes on until it is told to stop."""

    def __init__(self, *arguments: str, log: Path) -> None:
        self.log = log
        with log.open("w") as out:
            self.child = subprocess.Popen(
                [Path(sys.executable).with_name("leadbell"), *arguments],
                stdout=out, stderr=subprocess.STDOUT, env=os.environ | {"PYTHONUNBUFFERED": "1"},
            )  # fmt: skip

    def said(self) -> str:
        return self.log.read_text("utf-8")

    def until(self, happened: Callable[[], bool], what: str) -> None:
        """Wait until that is so, while the process lives."""
        end = time.monotonic() + WITHIN
        while not happened():
            assert self.child.poll() is None, self.said()
            assert time.monotonic() < end, f"{what}: {self.said()}"
            time.sleep(0.02)

    def stop(self, how: signal.Signals = signal.SIGTERM) -> tuple[int, float]:
        """(exit status, seconds it took)."""
        began = time.monotonic()
        self.child.send_signal(how)
        status = self.child.wait(timeout=20)
        return status, time.monotonic() - began


@pytest.fixture
def run(tmp_path: Path) -> Iterator[Callable[..., Process]]:
    """Starts processes that end with the test."""
    started: list[Process] = []

    def start(*arguments: str) -> Process:
        process = Process(*arguments, log=tmp_path / f"log-{len(started)}")
        started.append(process)
        return process

    yield start
    for process in started:
        if process.child.poll() is None:
            process.child.kill()
            process.child.wait()


def ask(base: str, path: str, body: object = None, token: str = "") -> object:
    data = None if body is None else json.dumps(body).encode()
    headers = {"Content-Type": "application/json"} | ({"Authorization": f"Bearer {token}"} if token else {})
    with urlopen(Request(base + path, data, headers), timeout=10) as answer:  # noqa: S310 - our own process
        return json.loads(answer.read())


def ready(base: str) -> bool:
    try:
        ask(base, "/healthz")
    except (URLError, ConnectionError):
        return False
    return True


def company_file(folder: Path, port: int, more: str = "") -> Path:
    """The sample company's settings in a folder, its database beside them."""
    folder.mkdir(parents=True, exist_ok=True)
    file = folder / "config.toml"
    database = folder / "leadbell.db"
    text = demo.COMPANY.format(host="127.0.0.1", port=port, token="lb_of-the-website", database=database)
    file.write_text(text.replace("[api]", '[calendar]\nmode = "always"\n\n[api]') + more, encoding="utf-8")
    return file


# -- the demo -----------------------------------------------------------------------------------------------


def test_the_demo_says_where_it_is_stops_cleanly_and_goes_on_where_it_was(
    run: Callable[..., Process], tmp_path: Path
) -> None:
    port, data = free_port(), tmp_path / "data"
    base = f"http://127.0.0.1:{port}"
    first = run("demo", "--port", str(port), "--data", str(data), "--empty")
    first.until(lambda: "API token (website): " in first.said(), "the greeting")
    said = first.said()
    assert f"{base}/sim" in said
    token = said.split("API token (website): ")[1].split()[0]
    ask(base, "/sim/api/people/xiaolin/messages", {"text": WHOLE})
    ask(base, "/sim/api/clock", {"advance": "4m"})
    before = ask(base, "/sim/api/clock")
    leads = ask(base, "/api/v1/leads", token=token)

    second = run("demo", "--port", str(free_port()), "--data", str(data), "--empty")
    assert second.child.wait(timeout=WITHIN) == 1
    assert "Traceback" not in second.said()
    assert second.said().startswith("leadbell: ")
    other = run("demo", "--port", str(port), "--data", str(tmp_path / "other"), "--empty")
    assert other.child.wait(timeout=WITHIN) == 1
    assert str(port) in other.said()
    assert "Traceback" not in other.said()
    assert not list((tmp_path / "other").glob("*.db")), "the samples are still to come, at a free address"

    status, seconds = first.stop()
    assert (status, seconds < 5.0) == (0, True)
    assert "Traceback" not in first.said()

    again = run("demo", "--port", str(port), "--data", str(data), "--empty")
    again.until(lambda: "API token (website): " in again.said(), "the greeting")
    assert token in again.said()
    assert ask(base, "/api/v1/leads", token=token) == leads
    now = ask(base, "/sim/api/clock")
    assert isinstance(before, dict)
    assert isinstance(now, dict)
    assert str(before["now"])[:15] == str(now["now"])[:15], "the clock stood still"
    status, _ = again.stop(signal.SIGINT)
    assert status == 0


def test_the_demo_begins_with_leads_that_tick(run: Callable[..., Process], tmp_path: Path) -> None:
    port = free_port()
    base = f"http://127.0.0.1:{port}"
    process = run("demo", "--port", str(port), "--data", str(tmp_path / "data"))
    process.until(lambda: "API token" in process.said(), "the greeting")
    token = process.said().split("API token (website): ")[1].split()[0]
    found = ask(base, "/api/v1/leads", token=token)
    assert isinstance(found, dict)
    assert sorted(each["stage"] for each in found["items"]) == ["accepted", "offered", "offered", "offered"]
    config = str(tmp_path / "data" / "config.toml")
    assert process.stop()[0] == 0
    assert leadbell("audit", "--config", config).returncode in (0, 1)


# -- serving ------------------------------------------------------------------------------------------------


def test_serving_and_reloading_the_settings(run: Callable[..., Process], tmp_path: Path) -> None:
    port = free_port()
    base = f"http://127.0.0.1:{port}"
    config = company_file(tmp_path / "srv", port)
    assert leadbell("migrate", "--config", str(config)).returncode == 0
    process = run("serve", "--config", str(config))
    process.until(lambda: ready(base), "serving")
    ask(base, "/sim/api/people/xiaolin/messages", {"text": WHOLE})
    found = ask(base, "/api/v1/leads", token="lb_of-the-website")
    assert isinstance(found, dict)
    lead, owner = found["items"][0]["id"], found["items"][0]["owner"]

    good = config.read_text("utf-8")
    config.write_text(good + "\n[capacity]\nunaccpeted = 1\n", encoding="utf-8")
    process.child.send_signal(signal.SIGHUP)
    process.until(lambda: "reload_refused" in process.said(), "the refusal")
    assert "unaccepted" in process.said()
    people = ask(base, "/sim/api/people")
    assert isinstance(people, list)
    assert owner in {each["id"] for each in people}

    config.write_text(good.replace(f"port = {port}", "port = 1", 1) + '\n[log]\nlevel = "debug"\n', "utf-8")
    process.child.send_signal(signal.SIGHUP)
    process.until(lambda: "restart_needed" in process.said(), "what waits for a restart is named")
    assert "app.port" in process.said()
    assert "log.level" in process.said()

    blocks = good.split("\n[[people]]\n")
    config.write_text(
        "\n[[people]]\n".join(b for b in blocks if f'id = "{owner}"' not in b), encoding="utf-8"
    )
    process.child.send_signal(signal.SIGHUP)

    def moved() -> bool:
        now = ask(base, f"/api/v1/leads/{lead}", token="lb_of-the-website")
        return isinstance(now, dict) and now["owner"] not in (None, owner)

    process.until(moved, "the lead of who left goes to another")
    status, seconds = process.stop()
    assert (status, seconds < 5.0) == (0, True)
    assert "Traceback" not in process.said()
    audited = leadbell("audit", "--config", str(config))
    assert audited.returncode == 0, audited.stdout
    assert leadbell("audit", "--json", "--config", str(config)).stdout.strip() == "[]"


def test_serving_without_settings_or_schema_says_what_to_do(
    run: Callable[..., Process], tmp_path: Path
) -> None:
    missing = leadbell("serve", "--config", str(tmp_path / "none.toml"))
    assert missing.returncode == 1
    assert "leadbell init" in missing.stderr
    process = run("serve", "--config", str(company_file(tmp_path / "srv", free_port())))
    assert process.child.wait(timeout=WITHIN) == 1
    assert "leadbell migrate" in process.said()
    assert "Traceback" not in process.said()


# -- the tools ----------------------------------------------------------------------------------------------


def test_settings_are_checked_with_every_mistake_at_once(tmp_path: Path) -> None:
    config = company_file(tmp_path, 8710)
    assert leadbell("check-config", "--config", str(config)).returncode == 0
    config.write_text(
        config.read_text("utf-8") + '\n[sla.acept]\nwithin = "5m"\n\n[log]\nlevle = "info"\n', "utf-8"
    )
    found = leadbell("check-config", "--config", str(config))
    assert found.returncode == 1
    assert "accept" in found.stderr
    assert "level" in found.stderr
    for command in ("check-config", "serve", "migrate", "audit", "token list", "sync wecom"):
        english = leadbell(*command.split(), "--config", str(config), "--lang", "en")
        assert english.returncode == 1
        assert english.stderr.isascii(), "every word of it in English"
        assert "did you mean `level`?" in english.stderr
    assert "did you mean `level`?" in leadbell("doctor", "--config", str(config), "--lang", "en").stdout


def test_settings_that_can_be_used_but_are_hardly_meant_get_no_tick(tmp_path: Path) -> None:
    config = tmp_path / "config.toml"
    config.write_text('[[people]]\nid = "a"\nname = "A"\n', "utf-8")
    found = leadbell("check-config", "--config", str(config), "--lang", "en")
    assert found.stdout.splitlines()[-1] == f"⚠ {config}: can be used, but the 3 above are hardly meant"
    assert "✔" not in found.stdout
    assert found.returncode == 0


def test_the_doctor_names_the_setting_for_a_year_without_announced_days(tmp_path: Path) -> None:
    [good, bad] = [doctor._calendar("en", Mode.BUSINESS, year) for year in (None, 2031)]
    assert (good.mark, good.next) == ("✔", "")
    assert bad.next.startswith("write them into a file and name it in [calendar] file: years = [2031], ")
    days = tmp_path / "days.toml"
    line = bad.next.split(": ", 1)[1].partition(" (")[0].replace(", …", "")
    days.write_text(line.replace("], ", "]\n"), "utf-8")
    config = company_file(tmp_path, 8710)
    config.write_text(
        config.read_text("utf-8").replace("[calendar]", '[calendar]\nfile = "days.toml"', 1), "utf-8"
    )
    assert leadbell("check-config", "--config", str(config)).returncode == 0, "the shown format is taken"


@pytest.mark.parametrize("command", ["", "doctor", "token add", "fake wecom", "sync dingtalk", "restore"])
def test_help_is_in_the_language_that_is_asked_for(command: str) -> None:
    chinese = leadbell(*command.split(), "--help").stdout
    english = leadbell(*command.split(), "--lang", "en", "--help").stdout if command else ""
    assert re.search("[\u4e00-\u9fff]", chinese)
    assert not re.search("[\u4e00-\u9fff]", english)


def test_the_command_tells_its_version() -> None:
    assert leadbell("--version").stdout.startswith("leadbell ")


def test_the_doctor_looks_at_everything(tmp_path: Path) -> None:
    config = company_file(tmp_path, free_port())
    assert leadbell("migrate", "--config", str(config)).returncode == 0
    found = leadbell("doctor", "--config", str(config))
    assert found.returncode == 0, found.stdout
    assert "✔" in found.stdout
    assert "⚠ bot: http://127.0.0.1:" in found.stdout
    assert "没有机器人在运行" in found.stdout
    rows = json.loads(leadbell("doctor", "--json", "--config", str(config)).stdout)
    assert isinstance(rows, list)
    assert rows
    assert leadbell("doctor", "--config", str(tmp_path / "none.toml")).returncode == 1


async def doctor_beside(folder: Path, path: str, status: int, said: object) -> Ended:
    """What the doctor says of a company whose address somebody else has."""
    port = free_port()
    config = company_file(folder, port)
    assert leadbell("migrate", "--config", str(config)).returncode == 0
    with sqlite3.connect(folder / "leadbell.db") as database:
        database.execute("INSERT INTO marks (name, value) VALUES ('installation', 'ours')")
    database.close()

    async def answer(_: web.Request) -> web.Response:
        return web.json_response(said, status=status)

    app = web.Application()
    app.router.add_get(path, answer)
    async with TestServer(app, port=port):
        return await asyncio.to_thread(leadbell, "doctor", "--config", str(config), "--lang", "en")


async def test_the_doctor_says_what_to_do_about_a_red_line_of_the_running_bot(tmp_path: Path) -> None:
    checks = [{"name": "outbox", "ok": False, "detail": "12 wait, the oldest for 200 s"}]
    found = await doctor_beside(tmp_path, "/readyz", 503, {"installation": "ours", "checks": checks})
    assert found.returncode == 1
    [line] = [each for each in found.stdout.splitlines() if "bot: outbox" in each]
    assert line.startswith("✘ bot: outbox: 12 wait")
    assert "mend the channel's red lines above" in found.stdout


@pytest.mark.parametrize(
    ("path", "said", "line", "then"),
    [
        ("/readyz", {"installation": "ours", "checks": []}, "✔ bot: ", ": ready"),
        ("/readyz", {"installation": "theirs", "checks": []}, "✘ bot: the Leadbell at ", "[database] url"),
        ("/readyz", {"checks": []}, "✘ bot: another program answers at ", "[app] port"),
        ("/", {"hello": 1}, "✘ bot: another program answers at ", "[app] port"),
    ],
)
async def test_the_doctor_tells_its_own_bot_from_whoever_else_has_the_address(
    tmp_path: Path, path: str, said: object, line: str, then: str
) -> None:
    found = await doctor_beside(tmp_path, path, 200, said)
    assert line in found.stdout
    assert then in found.stdout.partition(line)[2]
    assert found.returncode == int(line.startswith("✘"))


UNUSABLE = {
    "no database": ("sqlite:///{folder}/junk.db", "its file is none, or damaged"),
    "no folder": ("sqlite:///{folder}/junk.db/x/leadbell.db", "Not a directory"),
    "no server": ("postgresql://bell:geheim@127.0.0.1:1/leads", "can't be reached, so nothing was changed"),
    "newer": ("sqlite:///{folder}/newer.db", "newer than this program (0001): install the newer leadbell"),
}


@pytest.mark.parametrize("command", ["migrate", "serve", "doctor", "audit", "token list", "backup b.db"])
@pytest.mark.parametrize("trouble", UNUSABLE)
def test_a_database_that_cannot_be_used_is_a_sentence_and_no_traceback(
    tmp_path: Path, trouble: str, command: str
) -> None:
    url, means = UNUSABLE[trouble]
    (tmp_path / "junk.db").write_bytes(b"no database at all, but long enough to be read as one" * 99)
    with sqlite3.connect(tmp_path / "newer.db") as database:
        database.execute("CREATE TABLE alembic_version (version_num TEXT)")
        database.execute("INSERT INTO alembic_version VALUES ('0009')")
    database.close()
    config = company_file(tmp_path, free_port())
    known = f"sqlite:///{tmp_path / 'leadbell.db'}"
    config.write_text(config.read_text("utf-8").replace(known, url.format(folder=tmp_path)), "utf-8")
    found = leadbell(*command.split(), "--config", str(config), "--lang", "en")
    said = found.stdout + found.stderr
    if command == "doctor":
        [line] = [each for each in said.splitlines() if " database: " in each]
        assert (means in line, found.returncode) == (True, 1) or ("⚠" in line and "not there yet" in line)
    else:
        assert (said.count("\n"), found.returncode) == (1, 1)
        assert means in said or trouble == "no folder"
    assert "geheim" not in said
    assert not Path("b.db").exists()


@pytest.mark.parametrize(
    ("knows", "tick"), [("ascii", "✔".encode()), ("gbk", b"\\u2714"), ("utf-8", "✔".encode())]
)
def test_a_terminal_without_chinese_or_ticks_still_reads_what_is_said(
    tmp_path: Path, knows: str, tick: bytes
) -> None:
    found = subprocess.run(
        [sys.executable, "-c", "import sys; from bot.cli import main; sys.exit(main())", "check-config",
         "--config", company_file(tmp_path, 8710)],
        capture_output=True, timeout=60, check=False, env=os.environ | {"PYTHONIOENCODING": knows},
    )  # fmt: skip
    assert found.stdout.startswith(tick), found.stderr
    assert found.returncode == 0


def test_the_doctor_looks_at_the_disk_that_holds_the_database(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    looked: list[Path] = []

    def used(folder: Path) -> Any:
        looked.append(folder)
        return real(folder)

    real = shutil.disk_usage
    monkeypatch.setattr(shutil, "disk_usage", used)
    leadbell("doctor", "--config", str(company_file(tmp_path, free_port())))
    assert looked == [tmp_path]


def test_a_test_card_without_a_platform_is_one_sentence(tmp_path: Path) -> None:
    config = ("--config", str(company_file(tmp_path, 8710)))
    found = leadbell("send-test", *config)
    assert (found.returncode, found.stderr) == (2, "leadbell: 设置里没有 [wecom]，也没有 [dingtalk]\n")
    found = leadbell("send-test", "--channel", "dingtalk", *config, "--lang", "en")
    assert (found.returncode, found.stderr) == (2, "leadbell: no [dingtalk] in the settings\n")


def test_the_doctor_sees_a_folder_in_which_no_database_can_be_made(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    config = company_file(tmp_path, 8710)
    monkeypatch.setattr("storage.schema.os.access", lambda path, mode: path != tmp_path)
    found = leadbell("doctor", "--config", str(config))
    assert f"✘ database: {tmp_path}：本用户不能写（chown，或换它的所有者来运行）" in found.stdout
    assert found.returncode == 1


def test_a_lead_is_proven_by_its_number_as_people_type_it(tmp_path: Path) -> None:
    config = ("--config", str(company_file(tmp_path, 8710)))
    assert leadbell("migrate", *config).returncode == 0
    for typed in ("1042", "l1042", "L1042"):
        assert leadbell("prove", typed, *config, "--lang", "en").stderr == "there is no lead L1042\n"


def test_what_is_no_proof_is_said_to_be_none(tmp_path: Path) -> None:
    (tmp_path / "p.json").write_text("hello", "utf-8")
    found = leadbell("prove", "--from", str(tmp_path / "p.json"), "--lang", "en")
    assert (found.returncode, found.stdout) == (1, "")
    assert "p.json is no proof as leadbell prove --json writes it: " in found.stderr
    gone = leadbell("prove", "--from", str(tmp_path / "none.json"))
    assert gone.stderr.endswith("none.json：No such file or directory，什么都没改\n")


@pytest.mark.parametrize(
    "command",
    ["serve", "audit", "prove L1042", "token list", "token add fair", "backup b.db", "restore --confirm"],
)
def test_where_no_database_is_yet_a_command_says_so_and_makes_none(tmp_path: Path, command: str) -> None:
    config = str(company_file(tmp_path, 8710))
    found = leadbell(*command.split(), "--config", config)
    assert found.stderr.endswith("leadbell.db 还没有建：运行 leadbell migrate\n")
    assert (found.returncode, found.stdout) == (1, "")
    assert sorted(each.name for each in tmp_path.iterdir()) == ["config.toml"]


def test_tokens_are_added_listed_and_revoked(tmp_path: Path) -> None:
    config = str(company_file(tmp_path, 8710))
    assert leadbell("token", "list", "--config", config).returncode == 1, "no schema yet"
    assert leadbell("migrate", "--config", config).returncode == 0
    added = leadbell("token", "add", "fair", "--scope", "capture", "--config", config)
    assert added.returncode == 0
    assert added.stdout.strip().startswith("lb_")
    assert "只显示这一次" in added.stderr
    listed = leadbell("token", "list", "--config", config)
    assert "fair" in listed.stdout
    assert added.stdout.strip() not in listed.stdout
    again = leadbell("token", "add", "fair", "--config", config)
    assert (again.returncode, "token revoke fair" in again.stderr) == (1, True)
    assert leadbell("token", "add", "x", "--scope", "everything", "--config", config).returncode == 1
    assert leadbell("token", "revoke", "fair", "--config", config).returncode == 0
    assert leadbell("token", "revoke", "fair", "--config", config).returncode == 1


def test_init_writes_settings_that_hold_and_never_overwrites(tmp_path: Path) -> None:
    file = tmp_path / "config.toml"
    made = leadbell("init", "--config", str(file), stdin="\n" * 40)
    assert made.returncode == 0, made.stdout + made.stderr
    assert leadbell("check-config", "--config", str(file)).returncode == 0
    text = file.read_text("utf-8")
    assert leadbell("init", "--config", str(file), stdin="\n" * 40).returncode == 1
    assert file.read_text("utf-8") == text


def test_reading_lines(tmp_path: Path) -> None:
    lines = (
        "张伟 上海博达智能科技有限公司 采购总监 13812345678 制造业 想上一套MES\n"
        + json.dumps({"text": "李娜 13900139000"})
        + "\n"
    )
    found = leadbell("read", stdin=lines)
    assert found.returncode == 0, found.stderr
    rows = [json.loads(line) for line in found.stdout.splitlines()]
    assert rows[0]["name"] == "张伟"
    assert rows[0]["company"] == "上海博达智能科技有限公司"
    assert rows[0]["phones"]
    assert rows[1]["name"] == "李娜"


@pytest.mark.parametrize(
    "wrong", [(), ("dance",), ("demo", "--port", "99999"), ("token",), ("read", "--kind", "song")]
)
def test_a_wrong_call_is_status_two(wrong: tuple[str, ...]) -> None:
    found = leadbell(*wrong)
    assert found.returncode == 2
    assert "usage" in found.stderr
    assert leadbell(*wrong[:1], "--help").returncode in (0, 2)


def test_the_installed_command_is_the_same_program(tmp_path: Path) -> None:
    program = Path(sys.executable).with_name("leadbell")
    found = subprocess.run(
        [program, "check-config", "--config", company_file(tmp_path, 8710)],
        capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip
    assert found.returncode == 0, found.stderr
    assert subprocess.run([program, "dance"], capture_output=True, timeout=60, check=False).returncode == 2


@pytest.mark.parametrize("platform", ["wecom", "dingtalk"])
def test_a_fake_whose_address_is_taken_says_what_to_do_and_writes_nothing(
    tmp_path: Path, platform: str
) -> None:
    file = tmp_path / "config.toml"
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = str(taken.getsockname()[1])
        found = leadbell("fake", platform, "--init", str(file), "--port", port, "--lang", "en")
    assert found.stderr.startswith(f"leadbell: 127.0.0.1:{port}: Address already in use: another program")
    assert "set another --port" in found.stderr
    assert (found.returncode, found.stdout, file.exists()) == (1, "", False)


@pytest.mark.parametrize("platform", ["wecom", "dingtalk"])
def test_a_fake_writes_over_no_settings(run: Callable[..., Process], tmp_path: Path, platform: str) -> None:
    file = tmp_path / "config.toml"
    port = str(free_port())
    for said in (f"{file} ✔", f"{file} 已存在，原样保留"):
        fake = run("fake", platform, "--init", str(file), "--port", port)
        fake.until(lambda fake=fake: "api_base" in fake.said(), "its settings")  # type: ignore[misc]
        assert fake.said().startswith(said)
        fake.stop(signal.SIGINT)
        if said.endswith("✔"):
            assert file.stat().st_mode & 0o077 == 0
            file.write_text("# mine\n" + file.read_text("utf-8"), "utf-8")
    assert file.read_text("utf-8").startswith("# mine\n")


def test_settings_that_cannot_be_written_are_said_before_the_fake_runs(tmp_path: Path) -> None:
    file = tmp_path / "nowhere" / "config.toml"
    found = leadbell("fake", "wecom", "--init", str(file), "--port", str(free_port()))
    assert found.stderr == f"leadbell: {file}: No such file or directory，什么都没写\n"
    assert (found.returncode, found.stdout) == (1, "")


def test_serving_at_an_address_that_is_taken_says_who_has_it_and_changes_nothing(
    run: Callable[..., Process], tmp_path: Path
) -> None:
    port = free_port()
    first, second = company_file(tmp_path / "a", port), company_file(tmp_path / "b", port)
    for config in (first, second):
        assert leadbell("migrate", "--config", str(config)).returncode == 0
    process = run("serve", "--config", str(first))
    process.until(lambda: ready(f"http://127.0.0.1:{port}"), "serving")
    found = leadbell("serve", "--config", str(second))
    assert found.stderr == (
        f"leadbell: 127.0.0.1:{port}：Address already in use：那里已有一个 Leadbell 在运行（serve 或 demo）。"
        "停掉它，或换一个 [app] port / host (LEADBELL_APP__PORT)\n"
    )
    assert (found.returncode, found.stdout) == (1, "")
    with sqlite3.connect(tmp_path / "b" / "leadbell.db") as database:
        assert database.execute("SELECT count(*) FROM marks").fetchone() == (0,), "nothing was begun"
    database.close()


@pytest.mark.parametrize(
    ("host", "why"),
    [("192.0.2.1", "Cannot assign requested address"), ("no.invalid", "Name or service not known")],
)
def test_serving_at_an_address_of_elsewhere_is_said(tmp_path: Path, host: str, why: str) -> None:
    config = company_file(tmp_path, free_port())
    config.write_text(config.read_text("utf-8").replace('host = "127.0.0.1"', f'host = "{host}"'), "utf-8")
    found = leadbell("serve", "--config", str(config))
    assert found.stderr.startswith(f"leadbell: {host}:")
    assert f"：{why}：不是本机的地址。" in found.stderr
    assert found.returncode == 1


def test_the_doctor_sees_a_place_that_cannot_be_written_to(tmp_path: Path) -> None:
    config = company_file(tmp_path, free_port())
    places = f'\n[watch]\nseen_file = "{tmp_path}/nowhere/seen"\n[media]\nfolder = "{config}/media"\n'
    config.write_text(config.read_text("utf-8") + places, "utf-8")
    assert leadbell("migrate", "--config", str(config)).returncode == 0
    found = leadbell("doctor", "--config", str(config))
    assert f"✘ watch.seen_file: {tmp_path}/nowhere：没有这个目录，或本用户不能写" in found.stdout
    assert f"✘ media.folder: {config}：没有这个目录，或本用户不能写" in found.stdout
    assert found.returncode == 1


def test_a_database_that_is_served_is_not_migrated_anew(run: Callable[..., Process], tmp_path: Path) -> None:
    """Its file was taken away: a new one in its place would be found and taken for it."""
    port = free_port()
    config = company_file(tmp_path, port)
    assert leadbell("migrate", "--config", str(config)).returncode == 0
    process = run("serve", "--config", str(config))
    process.until(lambda: ready(f"http://127.0.0.1:{port}"), "serving")
    assert leadbell("migrate", "--config", str(config)).returncode == 0, "there is nothing to do"
    (tmp_path / "leadbell.db").unlink()
    found = leadbell("migrate", "--config", str(config))
    assert (found.returncode, "占用" in found.stderr) == (1, True)


def test_a_fake_names_a_settings_file_that_is_not_there(tmp_path: Path) -> None:
    for platform in ("wecom", "dingtalk"):
        found = leadbell(
            "fake", platform, "--config", str(tmp_path / "none.toml"), "--port", str(free_port())
        )
        assert (found.returncode, found.stderr) == (1, f"leadbell: 找不到 {tmp_path}/none.toml\n")
