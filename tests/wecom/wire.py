"""A callback as WeCom would write it: the other side of the door, for tests."""

from datetime import datetime
from itertools import count
from typing import Any

from bot.channels.wecom.crypto import Keys
from bot.channels.wecom.door import Door

CORP, AGENT = "ww0123456789abcdef", 1000002
KEYS = Keys(
    token="QDG6eKtoken-of-tests", aes_key="jWmYm7qr5nMoAUwZRjGtBxmz3KA1tkAj3ykkR6q2B2C", receiver=CORP
)
DOOR = Door(keys=KEYS, agent_id=AGENT)
_counter = count(1)


def element(name: str, value: Any) -> str:
    """One element: numbers bare, texts in CDATA, a mapping or a list as what it holds."""
    if isinstance(value, list):
        return "".join(element(name, each) for each in value)
    if isinstance(value, dict):
        return f"<{name}>{''.join(element(key, each) for key, each in value.items())}</{name}>"
    if isinstance(value, int | float):
        return f"<{name}>{value}</{name}>"
    return f"<{name}><![CDATA[{value}]]></{name}>"


def inner(sender: str, at: datetime, **fields: Any) -> bytes:
    """The message inside the envelope."""
    values = {
        "ToUserName": CORP,
        "FromUserName": sender,
        "CreateTime": int(at.timestamp()),
        **fields,
        "AgentID": fields.get("AgentID", AGENT),
    }
    body = "".join(element(name, value) for name, value in values.items() if value is not None)
    return f"<xml>{body}</xml>".encode()


def seal(message: bytes, at: datetime, keys: Keys = KEYS) -> tuple[dict[str, str], bytes]:
    """(query, body) of a message, signed; each time another ciphertext."""
    prefix = f"{next(_counter):016d}".encode()
    encrypt = keys.encrypt(message, prefix)
    return sealed(encrypt, at, keys)


def sealed(encrypt: str, at: datetime, keys: Keys = KEYS) -> tuple[dict[str, str], bytes]:
    """(query, body) of a ciphertext, signed."""
    timestamp, nonce = str(int(at.timestamp())), f"{next(_counter)}"
    query = {
        "msg_signature": keys.sign(timestamp, nonce, encrypt),
        "timestamp": timestamp,
        "nonce": nonce,
    }
    body = f"<xml><ToUserName><![CDATA[{keys.receiver}]]></ToUserName><AgentID><![CDATA[{AGENT}]]></AgentID>"
    return query, f"{body}<Encrypt><![CDATA[{encrypt}]]></Encrypt></xml>".encode()
