"""DingTalk's signatures and the encryption of event subscriptions. Verify, then parse.

Sources: the robot's callback open.dingtalk.com/document/development/receive-message; the card's
/development/event-callback-card; events /development/callback-event-message-body-encryption-and-decryption.
"""

import hmac
import re
from base64 import b64decode, b64encode
from binascii import Error as NotBase64
from hashlib import sha1, sha256

from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

HOUR = 3_600_000
BLOCK = 32
_MILLIS = re.compile(r"[0-9]{13}", re.ASCII)
_NONCE = re.compile(r"[0-9A-Za-z]{1,64}", re.ASCII)
_STAMP = re.compile(r"[0-9]{10,13}", re.ASCII)


class BadSignature(Exception):
    """Not from the platform, or too old to be believed. Says nothing more on purpose."""


def robot_sign(secret: str, timestamp: str) -> str:
    """Base64 of HMAC-SHA256 over "timestamp\\nsecret"; a group webhook's `sign` is the same, URL-encoded."""
    text = f"{timestamp}\n{secret}".encode("utf-8", "surrogatepass")
    return b64encode(hmac.digest(secret.encode(), text, sha256)).decode()


def card_sign(secret: str, timestamp: str) -> str:
    """What `x-ddpaas-signature` holds: the signature covers the time alone."""
    text = timestamp.encode("utf-8", "surrogatepass")
    return b64encode(hmac.digest(secret.encode(), text, sha256)).decode()


def check_stamped(timestamp: str, given: str, right: str, *, now_ms: int, within: int = HOUR) -> None:
    """Raise BadSignature unless the signature is right and its time, in milliseconds, is fresh."""
    if not _MILLIS.fullmatch(timestamp) or abs(now_ms - int(timestamp)) > within:
        raise BadSignature
    if not hmac.compare_digest(given.encode("utf-8", "surrogatepass"), right.encode()):
        raise BadSignature


class EventCrypto:
    """The encrypted envelope of one event subscription. `owner_key` is the app's client id."""

    def __init__(self, *, token: str, aes_key: str, owner_key: str) -> None:
        self._token = token
        self._owner = owner_key.encode()
        self._key = b64decode(aes_key + "=", validate=True)
        if len(self._key) != BLOCK or not token:
            raise ValueError("the key is 32 bytes and the token not empty")

    def signature(self, timestamp: str, nonce: str, encrypted: str) -> str:
        """SHA-1 over the four texts in order of their characters."""
        joined = "".join(sorted((self._token, timestamp, nonce, encrypted)))
        return sha1(joined.encode(), usedforsecurity=False).hexdigest()

    def open(self, *, signature: str, timestamp: str, nonce: str, encrypted: str) -> bytes:
        """The plain message. Raises BadSignature for anything that is not wholly right."""
        if not (_STAMP.fullmatch(timestamp) and _NONCE.fullmatch(nonce) and encrypted.isascii()):
            raise BadSignature
        right = self.signature(timestamp, nonce, encrypted)
        if not hmac.compare_digest(signature.encode("utf-8", "surrogatepass"), right.encode()):
            raise BadSignature
        return self.decrypt(encrypted)

    def decrypt(self, encrypted: str) -> bytes:
        try:
            sealed = b64decode(encrypted, validate=True)
        except (NotBase64, ValueError):
            raise BadSignature from None
        if not sealed or len(sealed) % 16:
            raise BadSignature
        found = self._cipher().decryptor()
        plain = _unpadded(found.update(sealed) + found.finalize())
        size = int.from_bytes(plain[16:20], "big")
        message, owner = plain[20 : 20 + size], plain[20 + size :]
        if len(plain) < 20 or len(message) != size or not hmac.compare_digest(owner, self._owner):
            raise BadSignature
        return message

    def encrypt(self, message: bytes, random16: bytes) -> str:
        """Sealed, in Base64. The length is counted in bytes, the padding goes to whole blocks of 32."""
        plain = random16 + len(message).to_bytes(4, "big") + message + self._owner
        pad = BLOCK - len(plain) % BLOCK
        found = self._cipher().encryptor()
        return b64encode(found.update(plain + bytes([pad]) * pad) + found.finalize()).decode()

    def _cipher(self) -> "Cipher[modes.CBC]":
        return Cipher(algorithms.AES(self._key), modes.CBC(self._key[:16]))


def _unpadded(plain: bytes) -> bytes:
    pad = plain[-1]
    if not 1 <= pad <= BLOCK or plain[-pad:] != bytes([pad]) * pad:
        raise BadSignature
    return plain[:-pad]
