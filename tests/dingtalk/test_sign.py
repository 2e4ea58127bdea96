"""Signatures and the encryption of events, against the published vectors and against whoever forges."""

import json
from pathlib import Path
from typing import Any
from urllib.parse import quote_plus

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.channels.dingtalk.sign import BadSignature, EventCrypto, card_sign, check_stamped, robot_sign

VECTORS = json.loads((Path(__file__).parent / "vectors.json").read_text(encoding="utf-8"))
EVENTS = {each["name"]: each for each in VECTORS["event_crypto"]}
HMACS = {each["name"]: each for each in VECTORS["hmac"]}


def crypto(vector: dict[str, Any]) -> EventCrypto:
    return EventCrypto(
        token=vector["token"], aes_key=vector["encoding_aes_key"], owner_key=vector["owner_key"]
    )


def given_of(vector: dict[str, Any]) -> dict[str, str]:
    return {
        "signature": vector["msg_signature"],
        "timestamp": vector["timestamp"],
        "nonce": vector["nonce"],
        "encrypted": vector["encrypt"],
    }


@pytest.mark.parametrize("name", sorted(EVENTS))
def test_an_event_is_opened_and_sealed_as_published(name: str) -> None:
    vector = EVENTS[name]
    box = crypto(vector)
    assert box.signature(vector["timestamp"], vector["nonce"], vector["encrypt"]) == vector["msg_signature"]
    plain = box.open(**given_of(vector))
    assert plain.decode() == vector["expect_plaintext"]
    assert box.encrypt(plain, vector["expect_random16"].encode()) == vector["encrypt"]


def test_the_robots_signature_is_as_published() -> None:
    vector = HMACS["robot_inbound_http_sign"]
    assert robot_sign(vector["secret"], vector["timestamp"]) == vector["expect"]


def test_a_group_webhooks_signature_is_the_same_and_url_encoded() -> None:
    vector = HMACS["custom_webhook_sign"]
    signed = robot_sign(vector["secret"], vector["timestamp"])
    assert signed == vector["expect_base64"]
    assert quote_plus(signed) == vector["expect_urlencoded"]


def test_a_cards_signature_is_as_published() -> None:
    vector = HMACS["card_http_callback_x-ddpaas-signature"]
    assert card_sign(vector["apiSecret"], vector["x_ddpaas_signature_timestamp"]) == vector["expect"]


@pytest.mark.parametrize("part", ["signature", "timestamp", "nonce", "encrypted"])
def test_an_event_with_any_part_changed_is_refused(part: str) -> None:
    vector = EVENTS["self-made-nonascii"]
    for at in range(len(given_of(vector)[part])):
        forged = given_of(vector)
        old = forged[part][at]
        forged[part] = forged[part][:at] + ("b" if old != "b" else "c") + forged[part][at + 1 :]
        with pytest.raises(BadSignature):
            crypto(vector).open(**forged)


def test_parts_that_are_swapped_or_shifted_are_refused_where_they_are_no_such_part() -> None:
    vector = EVENTS["self-made-nonascii"]
    right = given_of(vector)
    for timestamp, nonce in (
        (right["nonce"], right["timestamp"]),
        (right["timestamp"] + "a", right["nonce"][1:]),
        ("", right["timestamp"] + right["nonce"]),
    ):
        with pytest.raises(BadSignature):
            crypto(vector).open(**(right | {"timestamp": timestamp, "nonce": nonce}))


@given(st.binary(max_size=200))
@settings(max_examples=300, deadline=None)
def test_any_ciphertext_is_refused_in_one_way_only(sealed: bytes) -> None:
    from base64 import b64encode

    with pytest.raises(BadSignature):
        crypto(EVENTS["py-sample"]).decrypt(b64encode(sealed).decode())


@pytest.mark.parametrize("text", ["", "!", "汉字", "====", "a" * 7])
def test_what_is_no_base64_is_refused(text: str) -> None:
    with pytest.raises(BadSignature):
        crypto(EVENTS["py-sample"]).decrypt(text)


def test_an_envelope_for_another_app_is_refused() -> None:
    vector = dict(EVENTS["py-sample"], owner_key="dingother")
    with pytest.raises(BadSignature):
        crypto(vector).open(**given_of(vector))


@pytest.mark.parametrize(
    ("timestamp", "sign"),
    [
        ("1577262236757", "wrong"), ("1577262236757", ""), ("", ""), ("1577262236757 ", "DJrE6"), ("１577262236757", "x"),
        ("157726223675", "x"), ("-577262236757", "x"),
    ],
)  # fmt: skip
def test_a_wrong_stamp_is_refused(timestamp: str, sign: str) -> None:
    with pytest.raises(BadSignature):
        check_stamped(timestamp, sign, robot_sign("this is a secret", timestamp), now_ms=1577262236757)


def test_a_right_stamp_is_good_for_an_hour_either_way() -> None:
    stamp = 1577262236757
    right = robot_sign("this is a secret", str(stamp))
    for off in (-3_600_000, 0, 3_600_000):
        check_stamped(str(stamp), right, right, now_ms=stamp + off)
    for off in (-3_600_001, 3_600_001):
        with pytest.raises(BadSignature):
            check_stamped(str(stamp), right, right, now_ms=stamp + off)
