"""Every published vector opens, wechatpy agrees, and whatever is not genuine is refused in one way."""

import base64
import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from wechatpy.crypto import PrpCrypto
from wechatpy.enterprise.crypto import WeChatCrypto

from bot.channels.wecom.crypto import (
    BLOCK,
    MOST_BYTES,
    Keys,
    Rejected,
    check_encrypt,
    find_encrypt,
    read_query,
)
from tests.fakes.clock import MONDAY_TEN
from tests.wecom.wire import CORP, KEYS, inner, seal, sealed

FOUND = json.loads((Path(__file__).parent / "vectors.json").read_text(encoding="utf-8"))
VECTORS: list[dict[str, Any]] = FOUND["vectors"]
TEXT = inner("zhangwei", MONDAY_TEN, MsgType="text", Content="你好 😀", MsgId=1)
BY_NAME = {vector["name"]: vector for vector in VECTORS}


def keys_of(vector: dict[str, Any]) -> Keys:
    return Keys(token=vector["token"], aes_key=vector["encoding_aes_key"], receiver=vector["receive_id"])


def query_of(vector: dict[str, Any]) -> dict[str, str]:
    return {name: vector[name] for name in ("msg_signature", "timestamp", "nonce")}


def time_of(vector: dict[str, Any]) -> datetime:
    return datetime.fromtimestamp(int(vector["timestamp"]), UTC)


def why(keys: Keys, query: dict[str, str], body: bytes, now: datetime = MONDAY_TEN) -> str:
    """The word of the refusal."""
    with pytest.raises(Rejected) as refused:
        keys.open(read_query(query, find_encrypt(body)), now)
    return refused.value.why


@pytest.mark.parametrize("vector", VECTORS, ids=lambda vector: vector["name"])
def test_every_published_vector_opens_as_published_and_as_wechatpy_opens_it(vector: dict[str, Any]) -> None:
    keys = keys_of(vector)
    signed = read_query(query_of(vector), vector["encrypt"])
    opened = keys.open(signed, time_of(vector))
    assert opened.decode() == vector["decrypted"]
    theirs = WeChatCrypto(vector["token"], vector["encoding_aes_key"], vector["receive_id"])
    assert (
        theirs._check_signature(
            vector["msg_signature"], vector["timestamp"], vector["nonce"], vector["encrypt"], PrpCrypto
        )
        == vector["decrypted"]
    )
    prefix = bytes.fromhex(vector["random16_hex"])
    assert keys.encrypt(opened, prefix) == vector["encrypt"]


@pytest.mark.parametrize(
    "echo", ["", "AAAA", "A" * 43 + "!", "A" * 44 + "=A", "A" * (MOST_BYTES + 1), "电" * 44]
)
def test_an_echo_of_another_form_is_refused(echo: str) -> None:
    with pytest.raises(Rejected, match="form"):
        check_encrypt(echo)


@pytest.mark.parametrize("vector", [v for v in VECTORS if "post_body" in v], ids=lambda v: v["name"])
def test_a_published_body_holds_the_published_ciphertext(vector: dict[str, Any]) -> None:
    assert find_encrypt(vector["post_body"].encode()) == vector["encrypt"]


@pytest.mark.parametrize("vector", VECTORS, ids=lambda vector: vector["name"])
def test_a_changed_signature_or_nonce_or_timestamp_is_refused(vector: dict[str, Any]) -> None:
    keys, now = keys_of(vector), time_of(vector)
    signature = vector["msg_signature"]
    for at in range(40):
        other = signature[:at] + ("0" if signature[at] != "0" else "1") + signature[at + 1 :]
        with pytest.raises(Rejected, match="signature"):
            keys.open(read_query(query_of(vector) | {"msg_signature": other}, vector["encrypt"]), now)
    nonce = str(int(vector["nonce"]) - 1)
    with pytest.raises(Rejected, match="signature"):
        keys.open(read_query(query_of(vector) | {"nonce": nonce}, vector["encrypt"]), now)
    later = str(int(vector["timestamp"]) + 1)
    with pytest.raises(Rejected, match="signature"):
        keys.open(read_query(query_of(vector) | {"timestamp": later}, vector["encrypt"]), now)


def test_the_published_negatives_are_refused() -> None:
    for negative in FOUND["negative"]:
        if "encoding_aes_key" in negative:
            with pytest.raises(ValueError, match="43"):
                Keys(token="token", aes_key=negative["encoding_aes_key"], receiver=CORP)
            continue
        vector = BY_NAME.get(negative["base"], VECTORS[0])
        changed = query_of(vector) | {k: negative[k] for k in ("msg_signature", "nonce") if k in negative}
        with pytest.raises(Rejected, match="signature"):
            keys_of(vector).open(read_query(changed, vector["encrypt"]), time_of(vector))


def test_an_empty_token_signs_nothing() -> None:
    with pytest.raises(ValueError, match="token"):
        Keys(token="", aes_key=KEYS.aes_key, receiver=CORP)


@pytest.mark.parametrize("length", [*range(40), 4000])
def test_what_we_seal_both_we_and_wechatpy_open_at_every_padding(length: int) -> None:
    message = b"<" + b"x" * length
    for receiver in (CORP, ""):
        keys = Keys(token=KEYS.token, aes_key=KEYS.aes_key, receiver=receiver)
        encrypt = keys.encrypt(message, b"0123456789abcdef")
        assert len(base64.b64decode(encrypt)) % BLOCK == 0
        assert keys.decrypt(encrypt) == message
        assert PrpCrypto(base64.b64decode(KEYS.aes_key + "=")).decrypt(encrypt, receiver) == message.decode()


def test_only_five_minutes_either_way() -> None:
    query, body = seal(TEXT, MONDAY_TEN)
    for off in (-300, 0, 300):
        now = MONDAY_TEN + timedelta(seconds=off)
        assert KEYS.open(read_query(query, find_encrypt(body)), now) == TEXT
    for off in (-301, 301, 86400):
        assert why(KEYS, query, body, MONDAY_TEN + timedelta(seconds=off)) == "time"


def test_another_corps_message_is_refused() -> None:
    other = Keys(token=KEYS.token, aes_key=KEYS.aes_key, receiver="ww-somebody-else")
    for receiver in (other, Keys(token=KEYS.token, aes_key=KEYS.aes_key, receiver="")):
        query, body = seal(TEXT, MONDAY_TEN, receiver)
        assert why(KEYS, query, body) == "receiver"


def raw(plain: bytes) -> str:
    """A ciphertext of these very bytes, however wrong."""
    return base64.b64encode(KEYS._cipher.encrypt(plain)).decode()


@pytest.mark.parametrize(
    ("plain", "word"),
    [
        (b"0" * 16 + b"\x00\x00\x00\x01x" + CORP.encode() + b"\x00" * 25, "padding"),
        (b"0" * 16 + b"\x00\x00\x00\x01x" + CORP.encode() + b"\x00" * 24 + b"\x21", "padding"),
        (b"0" * 16 + b"\x00\x00\x00\x01x" + CORP.encode() + b"\x05" * 24 + b"\x19", "padding"),
        (b"0" * 16 + b"\xff\xff\xff\xffx" + CORP.encode() + b"\x19" * 25, "length"),
        (b"0" * 16 + b"\x00\x00\x00\x14x" + CORP.encode() + b"\x19" * 25, "length"),
        (b"\x20" * 32, "length"),
    ],
    ids=["pad 0", "pad 33", "pad unequal", "length huge", "length past the end", "nothing but padding"],
)
def test_a_signed_message_whose_inside_is_wrong_is_refused(plain: bytes, word: str) -> None:
    assert len(plain) % BLOCK == 0
    query, body = sealed(raw(plain), MONDAY_TEN)
    assert why(KEYS, query, body) == word


def test_a_signed_ciphertext_of_half_a_block_is_refused() -> None:
    query, body = sealed(base64.b64encode(b"x" * 48).decode(), MONDAY_TEN)
    assert why(KEYS, query, body) == "block"


BAD_QUERIES = [
    {"timestamp": "1409659813.0"}, {"timestamp": "١٤٠٩٦٥٩٨١٣"}, {"timestamp": " 1409659813"}, {"timestamp": ""},
    {"timestamp": "140965981"}, {"timestamp": "14096598130"}, {"nonce": ""}, {"nonce": "x" * 33}, {"nonce": "a b"},
    {"nonce": "é"}, {"msg_signature": ""}, {"msg_signature": "A" * 40}, {"msg_signature": "0" * 39},
    {"msg_signature": "0" * 41}, {"msg_signature": "0" * 39 + "\n"},
]  # fmt: skip


@pytest.mark.parametrize("change", BAD_QUERIES, ids=str)
def test_a_query_of_another_form_is_refused_before_anything_is_computed(change: dict[str, str]) -> None:
    query, body = seal(TEXT, MONDAY_TEN)
    assert why(KEYS, query | change, body) == "query"
    for name in change:
        assert why(KEYS, {k: v for k, v in query.items() if k != name}, body) == "query"


@pytest.mark.parametrize(
    ("body", "word"),
    [
        (b"", "form"),
        (b"<xml></xml>", "form"),
        (b"<xml><Encrypt>AAAA</Encrypt></xml>", "form"),
        (b"<xml><Encrypt><![CDATA[" + b"A" * 44 + b"]]></Encrypt><Encrypt></Encrypt></xml>", "form"),
        (b"x" * (MOST_BYTES + 1), "size"),
    ],
    ids=["empty", "none", "short", "two", "large"],
)
def test_a_body_of_another_form_is_refused(body: bytes, word: str) -> None:
    query, _ = seal(TEXT, MONDAY_TEN)
    assert why(KEYS, query, body) == word


def test_no_shift_of_the_boundaries_between_the_signed_parts_opens() -> None:
    """timestamp, nonce and ciphertext are signed as one sorted run: `ab|c` signs like `a|bc`."""
    query, body = seal(TEXT, MONDAY_TEN)
    encrypt = find_encrypt(body)
    run = [query["timestamp"], query["nonce"], encrypt]
    tried = 0
    for cut in range(1, 33):
        for left, right in ((0, 1), (1, 2), (2, 1), (1, 0), (2, 0), (0, 2)):
            parts = list(run)
            for moved in (
                (parts[right][:cut], parts[right][cut:]),
                (parts[right][-cut:], parts[right][:-cut]),
            ):
                changed = list(parts)
                changed[left], changed[right] = parts[left] + moved[0], moved[1]
                with pytest.raises(Rejected):
                    KEYS.open(
                        read_query(
                            {**query, "timestamp": changed[0], "nonce": changed[1]},
                            check_encrypt(changed[2]),
                        ),
                        MONDAY_TEN,
                    )
                tried += 1
    assert tried == 384


def test_a_passive_answer_is_sealed_so_that_wechatpy_opens_it() -> None:
    answer = KEYS.envelope(b"<xml>ok</xml>", timestamp="1409659813", nonce="77", prefix=b"0123456789abcdef")
    theirs = WeChatCrypto(KEYS.token, KEYS.aes_key, CORP)
    signature = answer.split(b"<MsgSignature><![CDATA[")[1].split(b"]]>")[0].decode()
    assert theirs.decrypt_message(answer, signature, "1409659813", "77") == "<xml>ok</xml>"
