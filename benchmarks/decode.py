"""DECODE: a callback of WeCom from its bytes to a typed value, over SHA-1 and AES of the same bytes.

Ours checks forms, time window, signature, padding, bounds and receiver, and parses; wechatpy's own path stands
beside it.
"""

import hashlib
import time
from base64 import b64decode
from collections.abc import Callable, Iterator
from datetime import UTC, datetime

from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from wechatpy.enterprise import parse_message
from wechatpy.enterprise.crypto import WeChatCrypto

from benchmarks import ground
from benchmarks.callback import KEYS, sealed
from benchmarks.figures import Figure
from benchmarks.measure import median, paired, pin
from bot.channels.wecom.crypto import find_encrypt
from bot.channels.wecom.door import Door

ROUNDS = 9
TARGET = 4.2


def run(quick: bool = False) -> Iterator[Figure]:
    pin(0)
    message = (
        f"<xml><ToUserName><![CDATA[{ground.CORP}]]></ToUserName><FromUserName><![CDATA[ZhangWei]]></FromUserName>"
        f"<CreateTime>{int(time.time())}</CreateTime><MsgType><![CDATA[text]]></MsgType>"
        "<Content><![CDATA[恒远精密机械的张总说预算批了，下周三演示，电话 13812345678，先看半导体案例]]></Content>"
        f"<MsgId>4561255354251345929</MsgId><AgentID>{ground.AGENT}</AgentID></xml>"
    ).encode()
    query, body = sealed(message)
    encrypt, now = find_encrypt(body), datetime.now(UTC)
    door = Door(keys=KEYS, agent_id=ground.AGENT)
    theirs = WeChatCrypto(ground.WECOM_TOKEN, ground.WECOM_KEY, ground.CORP)
    key = b64decode(ground.WECOM_KEY + "=")
    cipher = Cipher(algorithms.AES(key), modes.CBC(key[:16]))

    def floor() -> None:
        parts = sorted((ground.WECOM_TOKEN, query["timestamp"], query["nonce"], encrypt))
        hashlib.sha1("".join(parts).encode()).hexdigest()  # noqa: S324
        decryptor = cipher.decryptor()
        plain = decryptor.update(b64decode(encrypt)) + decryptor.finalize()
        _ = plain[20 : 20 + int.from_bytes(plain[16:20])]

    def wechatpy() -> None:
        parse_message(
            theirs.decrypt_message(body, query["msg_signature"], query["timestamp"], query["nonce"])
        )

    runs: dict[str, Callable[[], object]] = {
        "floor": floor,
        "ours": lambda: door.receive(query, body, now),
        "wechatpy": wechatpy,
    }
    took: dict[str, list[float]] = {name: [] for name in runs}
    count = 200 if quick else 2000
    for _ in range(ROUNDS):
        for name, each in runs.items():
            took[name].append(_time(each, count))
    said = f"floor {median(took['floor']):.1f} us"
    for name in ("ours", "wechatpy"):
        yield Figure(
            bench="decode", name=f"bytes to a typed value: {name}", value=paired(took[name], took["floor"]), unit="x",
            floor=said, target=TARGET if name == "ours" else None, beside=f"{median(took[name]):.1f} us",
            rounds=[a / b for a, b in zip(took[name], took["floor"], strict=True)],
        )  # fmt: skip


def _time(work: Callable[[], object], count: int) -> float:
    begun = time.process_time()
    for _ in range(count):
        work()
    return (time.process_time() - begun) / count * 1e6
