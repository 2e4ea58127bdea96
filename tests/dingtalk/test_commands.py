"""The commands that speak to the platform, as somebody types them, against the fake as a program."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from urllib.request import Request, urlopen

import pytest

from tests.scenario.test_commands import free_port, leadbell

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
        "✘ dingtalk → ghost: not delivered: user not in scope\n",
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
