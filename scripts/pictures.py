"""Starts a fresh demo, plays a short story on it, and photographs its page; see scripts/pictures."""

import json
import os
import socket
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.request import Request, urlopen

from playwright.sync_api import Browser, sync_playwright

PICTURES = Path(__file__).resolve().parent.parent / "docs" / "pictures"
LARGEST = 300_000
LEAD = "/lead 周倩 上海云栖数据有限公司 采购总监 13812345688 制造业 想上一套MES，月底前看演示"
EAST = ("zhangwei", "lilei", "hanmeimei")


@contextmanager
def demo() -> Iterator[str]:
    """The address of a demo that ends with the block."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    program = Path(sys.executable).with_name("leadbell")
    with tempfile.TemporaryDirectory() as folder:
        command = [program, "demo", "--port", str(port), "--data", folder]
        child = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)  # noqa: S603 - our own program
        assert child.stdout is not None
        try:
            while "Ctrl-C" not in (line := child.stdout.readline()):
                if not line:
                    raise SystemExit("the demo did not start")
            yield f"http://127.0.0.1:{port}"
        finally:
            child.terminate()
            child.wait()


def call(base: str, path: str, body: object = None) -> Any:
    data = None if body is None else json.dumps(body).encode()
    request = Request(f"{base}/sim/api/{path}", data, {"Content-Type": "application/json"})  # noqa: S310
    with urlopen(request, timeout=10) as answer:  # noqa: S310 - our own demo
        return json.loads(answer.read())


def press(base: str, person: str, verb: str) -> bool:
    """Press the newest button of that verb on somebody's phone; whether there was one."""
    for message in reversed(call(base, f"people/{person}/messages")):
        for button in (message.get("card") or {}).get("buttons", ()):
            if button["key"].startswith(verb):
                body = {"message_id": message["id"], "key": button["key"]}
                return bool(call(base, f"people/{person}/clicks", body)["ok"])
    return False


def play(base: str) -> str:
    """A lead comes in while an older one is overdue; who has the new one on their phone, unanswered."""
    call(base, "clock", {"advance": "90s"})
    next(rep for rep in EAST if press(base, rep, "accept"))
    call(base, "people/xiaolin/messages", {"text": LEAD})
    call(base, "clock", {"advance": "40s"})
    newest = {rep: call(base, f"people/{rep}/messages")[-1:] for rep in EAST}
    return next(rep for rep, found in newest.items() if found and "周倩" in found[0]["text"])


def photograph(browser: Browser, base: str, rep: str) -> None:
    """Four pictures: wide and on a phone, light and dark."""
    name = next(each["name"] for each in call(base, "people") if each["id"] == rep)
    for what, width, height, scale in (("simulator-desktop", 1440, 900, 1), ("card-phone", 390, 720, 2)):
        for scheme in ("light", "dark"):
            page = browser.new_page(
                viewport={"width": width, "height": height},
                device_scale_factor=scale,
                color_scheme="dark" if scheme == "dark" else "light",
                locale="zh-CN",
            )
            page.goto(f"{base}/sim")
            page.locator(".phone .card").first.wait_for()
            if width < 700:
                page.locator(".tab", has_text=name).click()
            page.wait_for_timeout(1500)  # until nothing moves any more
            file = PICTURES / f"{what}-{scheme}.png"
            page.screenshot(path=file)
            page.close()
            if file.stat().st_size > LARGEST:
                raise SystemExit(f"{file.name} is over {LARGEST} bytes")


def main() -> None:
    PICTURES.mkdir(parents=True, exist_ok=True)
    with demo() as base, sync_playwright() as driver:
        browser = driver.chromium.launch(
            executable_path=os.environ["LEADBELL_CHROMIUM"], args=["--no-sandbox"]
        )
        photograph(browser, base, play(base))
        browser.close()


if __name__ == "__main__":
    main()
