"""What is fuzzed. A target reads a text; anything it raises that it has not declared is a finding.

The next ones (CSV and XLSX, dates) join with one entry each in
`TARGETS`: a name, some good inputs, a function that reads one and asserts what must hold of what it read, and the
errors that it may raise.
"""

import json
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache
from typing import Any
from xml.etree.ElementTree import fromstring
from zoneinfo import ZoneInfo

from pydantic_core import PydanticCustomError

from bot import proof
from bot.cards.actions import BadAction, pack, unpack
from bot.channels.dingtalk.parse import BadPush, read_message, read_tap
from bot.channels.wecom import parse as wecom
from bot.channels.wecom.crypto import Rejected, find_encrypt
from bot.config import parse_duration
from bot.holidays_cn import BadCalendarFile, read_override
from bot.reading import BadLine, make_context, read_line
from bot.web import sim
from bot.web.problems import Problem
from bot.web.schemas import read_json, read_lead
from domain import contact
from domain.calendar import BadHours, Hours
from domain.errors import BadField
from domain.lead import Customer
from domain.reader.context import Context
from storage.reads import read_cursor
from tests.fakes.clock import MONDAY_TEN
from tests.hostile.leaks import EVALUATED, unsafe
from tests.wecom import wire

CARD = {"card": {"selects": [{"key": "reason", "selected": "other"}]}}


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    seeds: tuple[str, ...]
    read: Callable[[str], None]
    declared: tuple[type[Exception], ...] = ()


class NotJson(Exception):
    """The callers of these targets have refused it before."""


def _json(text: str) -> Any:
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        raise NotJson from None


@cache
def _context() -> Context:
    """Ten on a Wednesday in Shanghai, with the shipped names alone."""
    return make_context(datetime(2026, 3, 11, 10, tzinfo=ZoneInfo("Asia/Shanghai")))


def _action(text: str) -> None:
    action = unpack(text)
    key = pack(action)
    assert unpack(key) == action
    assert len(key) <= 128
    assert key.isascii()


def _lead(text: str) -> None:
    found = read_line(text, "lead", _context())
    json.dumps(found)
    for name in ("phones", "emails"):
        for each in found.get(name) or ():
            assert not unsafe(str(each))
    low, high = found.get("amount_min"), found.get("amount_max")
    assert low is None or 0 <= low <= (high or low) < 10**13


def _note(text: str) -> None:
    kind = ("note", "visit", "auto")[len(text) % 3]  # one reading an execution, for the time is one message's
    json.dumps(read_line(text, kind, _context()))


def _contacts(text: str) -> None:
    for found in (*contact.find_phones(text), *contact.find_emails(text), *contact.find_wechats(text)):
        assert 0 <= found.start < found.end <= len(text)
        assert not unsafe(found.value)
    phone, email, wechat = contact.normal_phone(text), contact.normal_email(text), contact.normal_wechat(text)
    if phone:
        assert phone.isascii()
        assert contact.normal_phone(contact.show_phone(phone)) == phone
        assert "*" in contact.mask_phone(phone)
    if email:
        contact.mask_email(email)
    if wechat:
        contact.mask_wechat(wechat)
    contact.contact_keys(phone=phone, email=email, wechat=wechat)


def _clean(text: str) -> None:
    for limit in (10, 60, 2000):
        clean = contact.clean_text(text, limit)
        assert not unsafe(clean.replace(EVALUATED, ""))
        assert len(clean) <= limit
        assert contact.clean_text(clean, limit) == clean


def _body(text: str) -> None:
    given = read_lead(read_json(text.encode("utf-8", "surrogatepass")))
    customer = given.customer()
    assert isinstance(customer, Customer)
    origin = given.origin("website")
    for each in (*vars_of(customer), origin.channel, origin.campaign, origin.external_id, origin.consent):
        if isinstance(each, str):
            assert not unsafe(each.replace(EVALUATED, ""))


def vars_of(customer: Customer) -> list[Any]:
    return [getattr(customer, name) for name in Customer.__dataclass_fields__]


def _simulator(text: str) -> None:
    body = _json(text)
    if not isinstance(body, dict):
        return
    kind, words, kept, media = sim._spoken("zh", body)
    assert kind
    json.dumps(kept, allow_nan=False)
    for each in media:
        assert each.lat is None or -90 <= each.lat <= 90
        assert each.seconds is None or 0 <= abs(each.seconds) <= 86_400
    assert not unsafe(words.replace(EVALUATED, ""))
    sim._selected(CARD, body.get("selected"))


def _duration(text: str) -> None:
    assert timedelta(0) < parse_duration(text) <= timedelta(days=366)


def _hours(text: str) -> None:
    Hours.parse(text.split(","))


def _proof(text: str) -> None:
    made = proof.check(_json(text))
    assert not made.proof.whole or made.body["facts"]


def _override(text: str) -> None:
    found = read_override(text)
    assert not found.holidays.keys() & found.makeup.keys()


def _wecom(text: str) -> None:
    """The inside of a callback, which a signature has vouched for."""
    message = text.encode("utf-8", "surrogatepass")
    plain = wecom._plain(message)
    assert plain is None or plain == {field.tag: field.text or "" for field in fromstring(message)}  # noqa: S314
    wecom.read(message, corp_id=wire.CORP)


def _envelope(text: str) -> None:
    """A callback's body, which anybody can send, and what is inside when its signature is right."""
    encrypt = find_encrypt(text.encode("utf-8", "surrogatepass"))
    query, body = wire.sealed(encrypt, MONDAY_TEN)
    assert find_encrypt(body) == encrypt
    wire.DOOR.receive(query, body, MONDAY_TEN)


def _dingtalk(text: str) -> None:
    for read in (read_message, read_tap):
        with suppress(BadPush):
            read(_json(text))


LEADS = (
    "张伟 博达智能 13812345678 想上MES",
    "姓名：李雷 公司：苏州恒远精密机械有限公司 电话：+86 139-0013-8000 需求：两条产线想上MES，预算20-30万，下周三回访",
    "王芳 采购总监 wangfang@example.com 微信:wangfang_88 制造业 宁波 一百二十万",
    "Zhang Wei, Boda Ltd, 021-5888 1234 ext 12, needs an ERP for 50 users",
    "明天下午三点 给李总回电话 报价 8.5w 竞品是用友 年底前定",
)
BODIES = (
    '{"name": "张伟", "company": "华东机械", "phone": "138 1234 5678", "amount": "20-30万", "consent": true, "fields": {"a": "b"}}',
    '{"email": "a@b.cn", "amount": 1.5e5, "need": "x", "external_id": "form-1", "channel": "官网"}',
    '{"wechat": "wangfang_88", "amount": 200000, "campaign": null, "title": "总监", "region": "上海"}',
)
SAID = (
    '{"text": "/lead 张伟 13812345678", "id": "m1"}',
    '{"location": {"lat": 31.2, "lng": 121.5, "label": "人民广场"}}',
    '{"voice": {"seconds": 7, "text": "下周三回访"}, "selected": {"reason": "other"}}',
    '{"image": {"data": "data:image/png;base64,iVBORw0KGgo=", "name": "图"}}',
    '{"message_id": "offer:L1001:1:zhangwei", "key": "accept:L1001-1", "selected": {"to": "lilei"}}',
)
KEYS = (
    "accept:L1001-1", "handback:L1001-2", "visit:L1001", "contacted:L1001-1", "grab:L1001-3", "confirm:handback:L1001-1", "cancel:L1001", "edit:L1001", "undo:L1001",
    "choose:L1001:need", "nudge:L1001-1", "assign:L1001", "take:L1001", "on:", "lead:L1001",
)  # fmt: skip
PROOF = json.dumps(
    {"leadbell_proof": 1, "lead": "L1001", "at": "2026-11-02T10:00:00+08:00", "tier": "default", "head": "", "anchor": None, "facts": [
        ["L1001", 1, "captured", 1_780_000_000_000_000, "system", 0, 0, "", None, "{}", None, "c", "00"],
        ["L1001", 2, "delivered", 1_780_000_000_000_000, "system", 1, 1, "", None, '{"waited": 1}', "p", "c", "00"]],
     "policies": {"p": "{}"}, "calendars": {"c": '{"mode":"always","hours":["00:00-24:00"],"zone":"Asia/Shanghai","holidays":{},"makeup":{},"announced":[]}'},
     "clocks": [], "exclusions": []}
)  # fmt: skip

INSIDES = tuple(
    wire.inner("ZhangWei", MONDAY_TEN, **fields).decode()
    for fields in (
        {"MsgType": "text", "Content": "周总说[微笑] 预算批了 ]] & <再说>", "MsgId": 1},
        {"MsgType": "event", "Event": "template_card_event", "EventKey": "accept:L1-1", "TaskId": "t", "ResponseCode": "r"},
        {"MsgType": "event", "Event": "template_card_event", "EventKey": "handback:L1-1", "TaskId": "t",
         "SelectedItems": {"SelectedItem": {"QuestionKey": "reason", "OptionIds": {"OptionId": ["other"]}}}},
        {"MsgType": "location", "Location_X": "31.2", "Location_Y": "121.5", "Label": "人民广场", "MsgId": 2},
    )
)  # fmt: skip
PUSHES = (
    '{"msgtype": "text", "text": {"content": "/lead 张伟 13812345678"}, "msgId": "m1", "senderStaffId": "zhangwei", "senderNick": "张伟", "conversationType": "1", "sessionWebhook": "https://oapi.dingtalk.com/robot/sendBySession?session=x", "sessionWebhookExpiredTime": 1795956685000}',
    '{"msgtype": "audio", "content": {"downloadCode": "c", "recognition": "预算批了", "duration": 7000}, "msgId": "m2", "senderStaffId": "a"}',
    '{"msgtype": "richText", "content": {"richText": [{"text": "看"}, {"type": "picture", "downloadCode": "c"}]}, "msgId": "m3", "senderStaffId": "a"}',
    '{"outTrackId": "t1", "userId": "zhangwei", "content": "{\\"cardPrivateData\\": {\\"actionIds\\": [\\"b\\"], \\"params\\": {\\"id\\": \\"accept:L12-3\\"}}}"}',
)

TARGETS: dict[str, Target] = {
    "action": Target(seeds=KEYS, read=_action, declared=(BadAction,)),
    "lead": Target(seeds=LEADS, read=_lead, declared=(BadLine,)),
    "note": Target(seeds=LEADS, read=_note, declared=(BadLine,)),
    "contact": Target(seeds=(*LEADS, "+8613812345678", "400-820-8820", "0512-6788 1234", "vx: abc_123456"), read=_contacts),
    "clean": Target(seeds=(*LEADS, *BODIES), read=_clean),
    "body": Target(seeds=BODIES, read=_body, declared=(Problem,)),
    "simulator": Target(seeds=SAID, read=_simulator, declared=(Problem, NotJson)),
    "duration": Target(seeds=("90s", "5m", "4h", "2d", "1h30m"), read=_duration, declared=(PydanticCustomError,)),
    "hours": Target(seeds=("09:00-12:00,13:30-18:00", "00:00-24:00"), read=_hours, declared=(BadHours,)),
    "cursor": Target(seeds=("MTc4MDAwMDAwMDAwMDAwMDpMMTAwMQ", "MDpMMQ"), read=lambda text: _discard(read_cursor(text)), declared=(BadField,)),
    "wecom": Target(seeds=INSIDES, read=_wecom, declared=(Rejected,)),
    "envelope": Target(seeds=tuple(wire.seal(each.encode(), MONDAY_TEN)[1].decode() for each in INSIDES), read=_envelope, declared=(Rejected,)),
    "dingtalk": Target(seeds=PUSHES, read=_dingtalk, declared=(NotJson,)),
    "proof": Target(seeds=(PROOF,), read=_proof, declared=(proof.BadProof, NotJson)),
    "calendar": Target(
        seeds=('years = [2027]\nworkdays = ["2027-02-14"]\n[holidays]\n2027-01-01 = "元旦"\n', '{"year": 2027, "days": [{"name": "元旦", "date": "2027-01-01", "isOffDay": true}]}'),
        read=_override, declared=(BadCalendarFile,),
    ),
}  # fmt: skip


def _discard(_value: object) -> None:
    return None
