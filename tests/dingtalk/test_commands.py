"""The commands that speak to the platform, as somebody types them, against the fake as a program."""

import json
import os
import re
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from urllib.request import Request, urlopen

import pytest

from bot.channels.dingtalk.fake.run import members_of
from bot.config import load, warnings
from tests.scenario.test_commands import Process, free_port, leadbell, ready, run
from tests.scenario.world import lead_text

__all__ = ["run"]  # a fixture

CONFIG = """
[database]
url = "sqlite:///{folder}/leadbell.db"
[dingtalk]
client_id = "dingfake"
client_secret = "fake-secret"
robot_code = "dingfake"
api_base = "{base}"
oapi_base = "{base}"
[[people]]
id = "boss"
name = "王芳"
role = "admin"
dingtalk = "wangfang"
[[people]]
id = "ghost"
name = "走了"
dingtalk = "ghost"
"""


@pytest.fixture
def base() -> Iterator[str]:
    """`leadbell fake dingtalk` while the test runs."""
    port = free_port()
    program = "import sys; from bot.cli import main; sys.exit(main(sys.argv[1:]))"
    command = [sys.executable, "-c", program, "fake", "dingtalk", "--port", str(port)]
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, text=True, env=os.environ | {"PYTHONUNBUFFERED": "1"}
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline().strip() == f"http://127.0.0.1:{port}/fake"
        yield f"http://127.0.0.1:{port}"
        process.send_signal(signal.SIGTERM)
        assert process.wait(5) == 0


@pytest.fixture
def config(base: str, tmp_path: Path) -> str:
    file = tmp_path / "config.toml"
    file.write_text(CONFIG.format(base=base, folder=tmp_path), encoding="utf-8")
    return str(file)


def asked(url: str, body: object = None) -> object:
    data = None if body is None else json.dumps(body).encode()
    with urlopen(Request(url, data=data), timeout=5) as answer:  # noqa: S310 - always ours
        return json.load(answer)


def test_doctor_sync_and_a_test_card_against_the_fake(base: str, config: str) -> None:
    assert leadbell("migrate", "--config", config).returncode == 0
    doctor = leadbell("doctor", "--config", config)
    assert re.findall(r"^(?![✔✘⚠] |    → ).*", doctor.stdout + doctor.stderr, re.MULTILINE) == [""]
    assert doctor.returncode == 1
    assert "✔ dingtalk stream" in doctor.stdout
    assert "✘ dingtalk people" in doctor.stdout
    assert "✔ dingtalk budget: 本月接口已用 0 / 5000 次" in doctor.stdout

    sync = leadbell("sync", "dingtalk", "--config", config)
    assert sync.returncode == 1
    assert "✘ ghost 走了" in sync.stdout
    assert "+ lilei 李雷" in sync.stdout
    assert '[[people]]\nid = "lilei"' in leadbell("sync", "dingtalk", "--toml", "--config", config).stdout

    assert leadbell("send-test", "--config", config).returncode == 0
    chat = asked(f"{base}/fake/api/people/wangfang/chat")
    assert "测试卡片" in json.dumps(chat, ensure_ascii=False)
    refused = leadbell("send-test", "--channel", "dingtalk", "--to", "ghost", "--config", config)
    assert (refused.returncode, refused.stderr) == (
        1,
        "✘ dingtalk → ghost: not delivered: user not in scope → leadbell doctor\n",
    )
    assert (
        leadbell("send-test", "--channel", "dingtalk", "--to", "nobody", "--config", config).returncode == 2
    )


def test_the_fakes_page_and_its_calls(base: str) -> None:
    with urlopen(f"{base}/fake", timeout=5) as answer:  # noqa: S310
        assert "fake DingTalk" in answer.read().decode()
    people = asked(f"{base}/fake/api/people")
    assert isinstance(people, list)
    assert {each["id"] for each in people} >= {"zhangwei", "wangfang"}
    assert asked(f"{base}/fake/api/people/zhangwei/say", {"text": "hi"}) == {"ok": True, "connections": 0}
    assert isinstance(asked(f"{base}/fake/api/faults", {"slow": 0.5, "unknown": 1}), dict)
    assert asked(f"{base}/fake/api/sockets", {"do": "reset"}) == {"ok": True}


def test_the_short_way_of_the_page_leads_to_a_bot_of_which_all_is_well(
    run: Callable[..., Process], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """`fake dingtalk --init`, migrate, serve, doctor, a lead, and a tap: as docs/dingtalk.md has it."""
    monkeypatch.chdir(tmp_path)
    fake_port, port = free_port(), free_port()
    monkeypatch.setenv("LEADBELL_APP__PORT", str(port))
    file = tmp_path / "config.toml"
    fake = run("fake", "dingtalk", "--init", str(file), "--port", str(fake_port))
    fake.until(lambda: "[dingtalk]" in fake.said(), "the fake")
    assert list(warnings(load(file, {}))) == []
    assert leadbell("migrate", "--config", str(file)).returncode == 0
    bot = run("serve", "--config", str(file))
    fake.until(lambda: "stream ✔ 1" in fake.said(), "the connection")
    bot.until(lambda: ready(f"http://127.0.0.1:{port}"), "the bot")
    doctor = leadbell("doctor", "--config", str(file))
    lines = (doctor.stdout + doctor.stderr).splitlines()
    assert [each for each in lines if not each.startswith("✔ ")] == []
    assert sum("dingtalk" in each for each in lines) >= 7

    people = f"http://127.0.0.1:{fake_port}/fake/api/people"
    asked(f"{people}/xiaolin/say", {"text": lead_text("周倩")})

    def card() -> tuple[str, str, str]:
        for rep in ("zhangwei", "lilei"):
            for each in asked(f"{people}/{rep}/chat"):  # type: ignore[attr-defined]
                for button in each.get("card", {}).get("buttons", ()):
                    if button["id"].startswith("accept:"):
                        return rep, each["track"], button["id"]
        return "", "", ""

    bot.until(lambda: card()[0] != "", "the card")
    rep, track, button = card()
    answer = asked(f"{people}/{rep}/tap", {"track": track, "button": button})
    assert "已接收" in json.dumps(answer, ensure_ascii=False)
    assert leadbell("send-test", "--config", str(file)).returncode == 0
    assert leadbell("sync", "dingtalk", "--config", str(file)).returncode == 0
    assert bot.stop()[0] == 0
    assert fake.stop()[0] == 0


def test_the_fakes_people_are_those_of_the_settings(tmp_path: Path) -> None:
    file = tmp_path / "config.toml"
    assert {each.id for each in members_of(file)} == {"zhangwei", "lilei", "wangfang", "wulin", "xiaolin"}
    file.write_text('[[people]]\nid = "a"\nname = "甲"\ndingtalk = "manager4220"\n', encoding="utf-8")
    assert [(each.id, each.name) for each in members_of(file)] == [("manager4220", "甲"), ("xiaolin", "小林")]
