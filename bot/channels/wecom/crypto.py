"""Callbacks of WeCom: genuine or refused, before anything is parsed.

The order is the point: sizes and forms, the time window, the signature in constant time, and only then the
cipher. Rules: https://developer.work.weixin.qq.com/document/path/90968. The cipher is wechatpy's; its
verification, which parses first and compares with `!=`, is not used.
"""

import hmac
import re
import struct
from base64 import b64decode, b64encode
from binascii import Error as NotBase64
from binascii import a2b_base64
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from hashlib import sha1, sha256
from typing import TYPE_CHECKING, NamedTuple

from bot.channels.base import NotGenuine

if TYPE_CHECKING:
    from wechatpy.crypto.cryptography import WeChatCipher

WINDOW_S = 300
MOST_BYTES = 64 * 1024
BLOCK = 32
_PADDINGS = {pad: bytes([pad]) * pad for pad in range(1, BLOCK + 1)}
_QUERY = re.compile(r"[0-9a-f]{40} [0-9]{10} [0-9A-Za-z]{1,32}")
_CIPHERTEXT = re.compile(r"[A-Za-z0-9+/]{42,}={0,2}")
_BASE64 = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/="
_OPEN, _CLOSE = b"<Encrypt><![CDATA[", b"]]></Encrypt>"
_SHORTEST = 44
_KEY = re.compile(r"[0-9A-Za-z]{43}")


class Rejected(NotGenuine):
    """Not genuine, or not readable."""


class Signed(NamedTuple):
    """A message as it came, its forms checked and nothing more."""

    signature: str
    timestamp: str
    nonce: str
    encrypt: str

    @property
    def digest(self) -> str:
        """The SHA-256 of the ciphertext, by which a replay is told: what is signed is one run of characters,
        which can be cut into timestamp, nonce and ciphertext in more than one way."""
        return sha256(self.encrypt.encode("ascii")).hexdigest()


def read_query(query: Mapping[str, str], encrypt: str) -> Signed:
    """The signed parts of a call, `encrypt` from its body or its `echostr`. Raises Rejected."""
    get = query.get
    signature, timestamp, nonce = get("msg_signature", ""), get("timestamp", ""), get("nonce", "")
    if not _QUERY.fullmatch(f"{signature} {timestamp} {nonce}"):
        raise Rejected("query")
    return Signed(signature, timestamp, nonce, encrypt)


def check_encrypt(encrypt: str) -> str:
    """The `echostr` of a query, if it has the form of a ciphertext. Raises Rejected."""
    if len(encrypt) > MOST_BYTES or not _CIPHERTEXT.fullmatch(encrypt):
        raise Rejected("form")
    return encrypt


def find_encrypt(body: bytes) -> str:
    """The ciphertext of a body, found without a parser: nothing is parsed before it is known to be genuine.
    Raises Rejected."""
    if len(body) > MOST_BYTES:
        raise Rejected("size")
    start = body.find(_OPEN)
    end = body.find(_CLOSE, start)
    found = body[start + len(_OPEN) : end]
    if start < 0 or end < 0 or len(found) < _SHORTEST or found.translate(None, _BASE64):
        raise Rejected("form")
    if body.count(b"<Encrypt>") != 1:
        raise Rejected("form")
    return found.decode("ascii")


@dataclass(frozen=True, kw_only=True)
class Keys:
    """What the platform and we share. `receiver` is the corp id that every ciphertext names."""

    token: str
    aes_key: str
    receiver: str

    def __post_init__(self) -> None:
        if not self.token or not _KEY.fullmatch(self.aes_key):
            raise ValueError("a token, and 43 letters or digits as the key")

    @cached_property
    def _receiver(self) -> bytes:
        return self.receiver.encode("utf-8")

    @cached_property
    def _cipher(self) -> "WeChatCipher":
        # Late: with it come the package's own HTTP client and parser, which we never use: 6 MB for everybody.
        from wechatpy.crypto.cryptography import WeChatCipher  # noqa: PLC0415

        return WeChatCipher(b64decode(self.aes_key + "="))

    def sign(self, timestamp: str, nonce: str, encrypt: str) -> str:
        parts = sorted((self.token, timestamp, nonce, encrypt))
        return sha1("".join(parts).encode("utf-8")).hexdigest()  # noqa: S324  the platform's choice

    def open(self, signed: Signed, now: datetime) -> bytes:
        """The message inside, once it is known to be genuine and of these five minutes. Raises Rejected."""
        if abs(now.timestamp() - int(signed.timestamp)) > WINDOW_S:
            raise Rejected("time")
        right = self.sign(signed.timestamp, signed.nonce, signed.encrypt)
        if not hmac.compare_digest(right, signed.signature):
            raise Rejected("signature")
        return self.decrypt(signed.encrypt)

    def decrypt(self, encrypt: str) -> bytes:
        """random(16) ‖ length (big-endian, 4 bytes) ‖ message ‖ receiver, padded to 32. Raises Rejected."""
        try:
            data = a2b_base64(encrypt, strict_mode=True)
        except NotBase64:
            raise Rejected("base64") from None
        if len(data) % BLOCK or not data:
            raise Rejected("block")
        plain: bytes = self._cipher.decrypt(data)
        pad = plain[-1]
        if pad not in _PADDINGS or not plain.endswith(_PADDINGS[pad]):
            raise Rejected("padding")
        end = 20 + int.from_bytes(plain[16:20])
        if end > len(plain) - pad:
            raise Rejected("length")
        if plain[end:-pad] != self._receiver:
            raise Rejected("receiver")
        return plain[20:end]

    def encrypt(self, message: bytes, prefix: bytes) -> str:
        """The ciphertext of a message; `prefix` is 16 fresh random bytes."""
        if len(prefix) != 16:
            raise ValueError("16 random bytes")
        plain = prefix + struct.pack(">I", len(message)) + message + self._receiver
        pad = BLOCK - len(plain) % BLOCK
        return b64encode(self._cipher.encrypt(plain + bytes([pad]) * pad)).decode("ascii")

    def envelope(self, message: bytes, *, timestamp: str, nonce: str, prefix: bytes) -> bytes:
        """A passive answer as it goes on the wire."""
        encrypt = self.encrypt(message, prefix)
        signature = self.sign(timestamp, nonce, encrypt)
        return (
            f"<xml><Encrypt><![CDATA[{encrypt}]]></Encrypt><MsgSignature><![CDATA[{signature}]]></MsgSignature>"
            f"<TimeStamp>{timestamp}</TimeStamp><Nonce><![CDATA[{nonce}]]></Nonce></xml>"
        ).encode("ascii")
