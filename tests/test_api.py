"""The capture API as other systems use it, over HTTP; on both databases where the store matters."""

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from dataclasses import dataclass
from functools import partial
from itertools import count
from typing import Any

import pytest
import pytest_asyncio
from aiohttp import ClientResponse, web
from aiohttp.test_utils import TestClient, TestServer, make_mocked_request
from structlog.testing import capture_logs

from bot.seams import new_token
from bot.web import answers, api, metrics, openapi, problems
from bot.web.api import Api
from bot.web.keys import Keys
from bot.web.limits import Buckets, Limits, bucket_key, client_address, is_local
from bot.web.metrics import Metrics
from bot.web.schemas import LeadIn, read_json, read_lead
from domain.errors import NobodyLeft, Unavailable
from domain.people import Company
from domain.usecases.leads import add_note
from storage import tokens
from storage.engine import writer_engine
from storage.reads import Reads
from storage.store import Store
from storage.writer import Once
from tests.fakes.clock import SteppedClock

SECRET = "lb_website-token"
WHO = {"name": "张伟", "phone": "13812345678", "need": "五十人用"}


both = pytest.mark.parametrize(
    "engine_name", ["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)], indirect=True
)


@pytest.fixture
def engine_name(request: pytest.FixtureRequest) -> str:
    """SQLite, but for tests marked `both`: most of these stories end before the store."""
    name: str = getattr(request, "param", "sqlite")
    return name


@dataclass(slots=True, kw_only=True)
class Front:
    """The API on a port of its own, and what its tests reach behind it."""

    client: TestClient[web.Request, web.Application]
    app: web.Application
    app_api: Api
    store: Store
    clock: SteppedClock
    metrics: Metrics

    async def post(self, body: Any = None, *, raw: bytes | None = None, **headers: str) -> ClientResponse:
        """Hand in a lead; a header's underscores stand for dashes, an empty one leaves it out."""
        named = {"Authorization": f"Bearer {SECRET}", "Content-Type": "application/json"}
        named |= {name.replace("_", "-"): value for name, value in headers.items()}
        data = json.dumps(body).encode() if raw is None else raw
        sent = {name: value for name, value in named.items() if value}
        return await self.client.post("/api/v1/leads", data=data, headers=sent)

    async def get(self, path: str, token: str = SECRET, **query: str) -> ClientResponse:
        return await self.client.get(path, headers={"Authorization": f"Bearer {token}"}, params=query)

    async def lead(self, body: Mapping[str, Any] = WHO, **headers: Any) -> dict[str, Any]:
        """A lead that is taken: the receipt."""
        answer = await self.post(body, **headers)
        assert answer.status in (200, 201), await answer.text()
        found: dict[str, Any] = await answer.json()
        return found

    def token(self, name: str, *scopes: str) -> str:
        """A token of the store."""
        engine = writer_engine(self.store.url)
        made = tokens.add(engine, name=name, new_token=new_token, now=self.clock.now(), scopes=scopes)
        engine.dispose()
        return made

    def revoke(self, name: str) -> None:
        engine = writer_engine(self.store.url)
        assert tokens.revoke(engine, name=name, now=self.clock.now())
        engine.dispose()


Opens = Callable[..., Awaitable[Front]]


@pytest_asyncio.fixture
async def open_front(store: Store, clock: SteppedClock, company: Company) -> AsyncIterator[Opens]:
    clients: list[TestClient[web.Request, web.Application]] = []
    numbers = count(1)

    async def opens(*, limits: Limits | None = None, trusted_hops: int = 0, **changed: Any) -> Front:
        reads, figures = Reads(store.reader), Metrics()
        keys = Keys(
            {"website": SECRET},
            verify=partial(tokens.verify, store.reader),
            ticks=clock.monotonic,
            limits=limits,
            trusted_hops=trusted_hops,
        )
        wired: dict[str, Any] = {
            "write": store.write,
            "once": Once,
            "reads": reads,
            "keys": keys,
            "clock": clock,
            "company_now": lambda: company,
            "new_id": lambda: f"id-{next(numbers)}",
            "captured": figures.lead,
        }
        own = Api(**wired | changed)
        app = web.Application(middlewares=[problems.guard(new_id=own.new_id, observe=figures.http)])
        app.on_response_prepare.append(problems.secure_headers)
        api.mount(app, own)
        openapi.mount(app, "0.1.0")
        metrics.mount(app, figures, lambda: own.reads.counts(clock.now()), keys.may_measure)  # type: ignore[attr-defined]
        client = TestClient(TestServer(app))
        await client.start_server()
        clients.append(client)
        return Front(client=client, app=app, app_api=own, store=store, clock=clock, metrics=figures)

    yield opens
    for client in clients:
        await client.close()


@pytest_asyncio.fixture
async def front(open_front: Opens) -> Front:
    return await open_front()


async def problem(answer: ClientResponse, status: int, *fields: str) -> dict[str, Any]:
    """The problem in an answer, which has that status and names these fields."""
    body: dict[str, Any] = await answer.json(content_type="application/problem+json")
    assert answer.status == status, body
    assert body["status"] == status
    assert [each["field"] for each in body.get("errors", [])] == list(fields)
    answers.ProblemOut.model_validate_json(await answer.text())
    return body


# -- handing in ---------------------------------------------------------------------------------------------


@both
async def test_a_form_hands_in_a_lead_and_a_rep_has_it_at_once(front: Front) -> None:
    answer = await front.post(WHO | {"amount": "20-30万", "channel": "官网", "consent": True})
    assert answer.status == 201
    body = await answer.json()
    assert answer.headers["Location"] == f"/api/v1/leads/{body['id']}"
    assert body["stage"] == "offered"
    assert body["owner"] in {"e1", "e2", "e3", "s1", "s2", "s3"}
    assert body["created_at"] == "2026-11-02T10:00:00+08:00"
    assert "duplicate_of" not in body
    answers.Receipt.model_validate_json(await answer.text())

    found = await (await front.get(f"/api/v1/leads/{body['id']}")).json()
    assert found["channel"] == "官网"
    assert found["source"] == "website"
    assert (found["amount_min"], found["amount_max"]) == (200_000, 300_000)
    assert found["owner"] == body["owner"]


@pytest.mark.parametrize("amount", ["-5万", "负5万", "-50000"])
@both
async def test_an_amount_below_nothing_is_not_read_as_one(front: Front, amount: str) -> None:
    answer = await front.post(WHO | {"amount": amount})
    assert answer.status == 201
    found = await (await front.get(f"/api/v1/leads/{(await answer.json())['id']}")).json()
    assert (found["amount_min"], found["amount_max"]) == (None, None)


async def test_the_channel_is_the_source_when_the_form_says_none(front: Front) -> None:
    made = await front.lead()
    found = await (await front.get(f"/api/v1/leads/{made['id']}")).json()
    assert found["channel"] == "website"


@both
async def test_a_known_customer_joins_the_open_lead_and_nothing_of_it_is_told(front: Front) -> None:
    first = await front.lead()
    answer = await front.post({"name": "somebody", "phone": "+86 138-1234-5678"})
    assert answer.status == 200
    body = await answer.json()
    assert body["duplicate_of"] == body["id"] == first["id"]
    assert "张伟" not in await answer.text()
    assert "Location" not in answer.headers
    answers.Duplicate.model_validate_json(await answer.text())


@both
async def test_the_same_id_of_the_same_source_is_the_same_lead(front: Front) -> None:
    first = await front.lead({"email": "a@example.com", "external_id": "7"})
    again = await front.lead({"email": "b@example.com", "external_id": "7"})
    assert again["duplicate_of"] == first["id"]
    other = front.token("fair", "capture")
    elsewhere = await front.lead(
        {"email": "c@example.com", "external_id": "7"}, Authorization=f"Bearer {other}"
    )
    assert "duplicate_of" not in elsewhere


@both
async def test_a_repeat_with_the_same_key_gets_the_same_answer_and_makes_no_second_lead(front: Front) -> None:
    first = await front.post(WHO, Idempotency_Key="form-17")
    front.clock.step(minutes=2)
    again = await front.post(
        raw=json.dumps(dict(reversed(WHO.items())), indent=2).encode(), Idempotency_Key="form-17"
    )
    assert (first.status, await first.text()) == (again.status, await again.text())
    assert first.headers["Location"] == again.headers["Location"]
    assert len((await (await front.get("/api/v1/leads")).json())["items"]) == 1
    assert front.metrics.registry.get_sample_value("leadbell_leads_total", {"source": "website"}) == 1


@both
async def test_two_at_once_with_the_same_key_make_one_lead(front: Front) -> None:
    both = await asyncio.gather(*(front.post(WHO, Idempotency_Key="k") for _ in range(4)))
    assert {answer.status for answer in both} == {201}
    assert len({await answer.text() for answer in both}) == 1


@both
async def test_a_key_that_came_with_another_body_is_a_conflict(front: Front) -> None:
    await front.lead(WHO, Idempotency_Key="form-17")
    body = await problem(await front.post(WHO | {"need": "别的"}, Idempotency_Key="form-17"), 409)
    assert "another body" in body["detail"]


async def test_another_source_may_use_the_same_key(front: Front) -> None:
    await front.lead(WHO, Idempotency_Key="1")
    other = front.token("fair", "capture")
    made = await front.lead({"email": "a@example.com"}, Idempotency_Key="1", Authorization=f"Bearer {other}")
    assert "duplicate_of" not in made


@pytest.mark.parametrize("key", ["x" * 256, "tab\there", "中文"])
async def test_a_key_that_cannot_be_kept_is_refused(front: Front, key: str) -> None:
    await problem(await front.post(WHO, Idempotency_Key=key), 422, "Idempotency-Key")


@both
async def test_what_the_domain_refuses_is_a_conflict_and_stays_one(open_front: Opens, store: Store) -> None:
    async def refuses(work: object, /, *, once: Once, **_: object) -> Any:
        return await store.write(_refuse, once=once)

    front = await open_front(write=refuses)
    for _ in range(2):
        body = await problem(await front.post(WHO, Idempotency_Key="k"), 409)
        assert body["detail"] == "refused: nobody_left"


def _refuse(_uow: object) -> None:
    raise NobodyLeft


async def test_when_nothing_was_stored_the_source_is_told_to_try_again(open_front: Opens) -> None:
    async def gone(*_: object, **__: object) -> None:
        raise Unavailable("locked")

    front = await open_front(write=gone)
    answer = await front.post(WHO)
    body = await problem(answer, 503)
    assert body["detail"] == "nothing was stored, try again"
    assert int(answer.headers["Retry-After"]) > 0


# -- what is refused ----------------------------------------------------------------------------------------


async def test_every_mistake_is_named_at_once(front: Front) -> None:
    wrong = {
        "phnoe": "1",
        "mobile": "2",
        "zzzzzz": 3,
        "name": 4,
        "amount": True,
        "consent": 5,
        "company": "x" * 121,
    }
    answer = await front.post(wrong | {"fields": {"a": 1, "": "x"}, "need": None})
    body = await problem(
        answer,
        422,
        "name",
        "company",
        "amount",
        "consent",
        "fields.a",
        "fields.?",
        "phnoe",
        "mobile",
        "zzzzzz",
    )
    told = {each["field"]: each for each in body["errors"]}
    assert told["phnoe"]["nearest"] == told["mobile"]["nearest"] == "phone"
    assert "nearest" not in told["zzzzzz"]
    assert told["company"]["detail"] == "is too long, at most 120 characters"
    assert told["amount"]["detail"] == "must be a number or text"
    assert told["fields.?"]["detail"] == "must not be empty"


@pytest.mark.parametrize("body", [{}, {"name": "张伟"}, {"phone": " "}, {"phone": None, "email": ""}])
async def test_without_a_way_to_reach_the_customer_there_is_no_lead(
    front: Front, body: dict[str, Any]
) -> None:
    found = await problem(await front.post(body), 422, "phone", "email", "wechat")
    assert "is needed" in found["detail"]


@pytest.mark.parametrize(
    ("body", "fields"),
    [
        ({"phone": "12345", "email": "a@example.com"}, ["phone"]),
        ({"phone": "13812345678", "email": "nobody"}, ["email"]),
        ({"wechat": "一二三"}, ["wechat"]),
        ({"phone": "call me", "wechat": "a b"}, ["phone", "wechat"]),
    ],
)
async def test_a_contact_that_is_none_is_named(front: Front, body: dict[str, Any], fields: list[str]) -> None:
    found = await problem(await front.post(body), 422, *fields)
    assert not any(value in json.dumps(found, ensure_ascii=False) for value in body.values())


@pytest.mark.parametrize(
    ("raw", "status", "fields"),
    [
        (b"", 400, []),
        (b"{", 400, []),
        (b"name=x", 400, []),
        (b'{"name": "\xff"}', 400, []),
        ('\ufeff{"phone": "13812345678"}'.encode(), 400, []),
        (b'{"amount": NaN, "phone": "13812345678"}', 400, []),
        (b'{"amount": ' + b"9" * 5000 + b"}", 400, []),
        (b"[" * 60_000, 422, []),
        (b"[]", 422, []),
        (b'"text"', 422, []),
        (b'{"phone": "13812345678", "phone": "1", "need": "a", "need": "b"}', 422, ["phone", "need"]),
        (b'{"fields": {"a": "1", "a": "2"}}', 422, ["a"]),
        (b'{"amount": 1e400, "phone": "13812345678"}', 422, ["amount"]),
        (b'{"amount": -1, "phone": "13812345678"}', 422, ["amount"]),
        (b'{"amount": 1e14, "phone": "13812345678"}', 422, ["amount"]),
        (b'{"name": "\\ud800", "phone": "13812345678"}', 422, ["name"]),
        (b'{"na\\ud800": "x"}', 422, ["body"]),
        (b'{"\\ud800": "x", "\\ud800": "y"}', 422, ["?"]),
        (b'{"fields": {"a": {"b": {"c": {}}}}}', 422, ["fields.a"]),
        (b'{"fields": ["a"]}', 422, ["fields"]),
        (json.dumps({"fields": {str(n): "" for n in range(31)}}).encode(), 422, ["fields"]),
    ],
)
async def test_what_is_not_strict_json_of_a_lead_is_refused(
    front: Front, raw: bytes, status: int, fields: list[str]
) -> None:
    await problem(await front.post(raw=raw), status, *fields)


async def test_a_thousand_unknown_keys_get_a_short_answer(front: Front) -> None:
    answer = await front.post({f"key{number}": "" for number in range(3000)})
    body = await answer.json(content_type=None)
    assert answer.status == 422
    assert len(body["errors"]) == 20


async def test_only_plain_json_in_utf_8_is_taken(front: Front) -> None:
    for kind in ("", "text/plain", "application/x-www-form-urlencoded", "application/json; charset=gbk"):
        await problem(await front.post(WHO, Content_Type=kind), 415)
    await problem(await front.post(raw=b"x", Content_Encoding="gzip"), 415)
    answer = await front.post(
        WHO, Content_Type="application/json; charset=UTF-8", Content_Encoding="identity"
    )
    assert answer.status == 201


async def test_a_body_of_64_kib_is_read_and_a_larger_one_is_not(front: Front) -> None:
    padded = json.dumps(WHO).encode().ljust(api.MOST_BYTES)
    assert (await front.post(raw=padded)).status == 201
    await problem(await front.post(raw=padded + b" "), 413)

    async def chunks() -> AsyncIterator[bytes]:
        for _ in range(3):
            yield b" " * 30_000

    headers = {"Authorization": f"Bearer {SECRET}", "Content-Type": "application/json"}
    answer = await front.client.post("/api/v1/leads", data=chunks(), headers=headers)
    await problem(answer, 413)


async def test_a_body_that_breaks_off_is_the_caller_s_error() -> None:
    class Torn:
        async def iter_any(self) -> AsyncIterator[bytes]:
            yield b"{"
            raise ConnectionResetError

    request = make_mocked_request("POST", "/", {"Content-Type": "application/json"}, payload=Torn())  # type: ignore[arg-type]
    with pytest.raises(problems.Problem, match="400"):
        await api.read_body(request)


# -- what is kept -------------------------------------------------------------------------------------------


def test_texts_are_kept_clean_and_whole() -> None:
    taken = read_lead(
        read_json(
            '{"name": " 张\\u202e伟\\u0000 ", "phone": "１３８ 1234 5678", "wechat": "微信:zhang_wei88", '
            '"email": "A@Example.com", "fields": {"来源\\u200b": " 百度 "}, "external_id": "\\u0007 7 ", '
            '"consent": false, "campaign": "双十一"}'.encode()
        )
    )
    customer, origin = taken.customer(), taken.origin("website")
    assert (customer.name, customer.phone, customer.wechat) == ("张伟", "+8613812345678", "zhang_wei88")
    assert customer.email == "a@example.com"
    assert customer.extra == {"来源": "百度"}
    assert (origin.external_id, origin.consent, origin.campaign) == ("7", "no", "双十一")


@pytest.mark.parametrize(
    ("amount", "least", "most"),
    [
        (200_000, 200_000, 200_000),
        (1999.6, 2000, 2000),
        (0, None, None),
        ("5000", 5000, 5000),
        ("８０万", 800_000, 800_000),
        ("不超过150万", None, 1_500_000),
        (None, None, None),
    ],
)
def test_an_amount_is_a_number_or_words(amount: object, least: int | None, most: int | None) -> None:
    customer = LeadIn.model_validate({"phone": "13812345678", "amount": amount}).customer()
    assert (customer.amount_min, customer.amount_max) == (least, most)
    assert customer.extra == {}


def test_words_about_money_that_are_no_amount_are_kept_as_words() -> None:
    customer = LeadIn.model_validate({"phone": "13812345678", "amount": "面议"}).customer()
    assert customer.amount_min is None
    assert customer.extra == {"amount": "面议"}
    body = {
        "phone": "13812345678",
        "amount": "面议",
        "fields": {"amount": "看情况"},
        "consent": "勾选了同意",
    }
    lead = LeadIn.model_validate(body)
    assert lead.customer().extra == {"amount": "看情况"}
    assert lead.origin("website").consent == "勾选了同意"


# -- reading ------------------------------------------------------------------------------------------------


@both
async def test_contacts_are_masked_unless_the_token_may_see_them(front: Front) -> None:
    made = await front.lead(
        WHO | {"email": "zhangwei@example.com", "wechat": "zhang_wei", "fields": {"utm": "baidu"}}
    )
    path = f"/api/v1/leads/{made['id']}"
    masked = await (await front.get(path)).json()
    assert (masked["phone"], masked["email"], masked["wechat"]) == (
        "138****5678",
        "z***@example.com",
        "zh****",
    )
    assert masked["fields"] is None
    answer = await front.get(path, token=front.token("crm", "read", "contact"))
    found = await answer.json()
    assert (found["phone"], found["email"]) == ("+8613812345678", "zhangwei@example.com")
    assert found["fields"] == {"utm": "baidu"}
    answers.Lead.model_validate_json(await answer.text())


async def test_a_contact_typed_into_any_text_of_a_lead_is_masked_like_the_phone(front: Front) -> None:
    typed = "找13811113333或a.b@example.com"
    names = ("name", "company", "title", "industry", "region", "product", "need", "channel", "campaign")
    made = await front.lead(WHO | dict.fromkeys(names, typed) | {"external_id": "13811113333"})
    await front.store.write(
        add_note, lead_id=made["id"], by=made["owner"], text=typed, kind="note", key="n", at=front.clock.now()
    )
    path, open_token = f"/api/v1/leads/{made['id']}", front.token("crm", "read", "contact")
    for each in (path, "/api/v1/leads", f"{path}/notes"):
        shown = await (await front.get(each)).text()
        assert "1111" not in shown
        assert "a.b@" not in shown
        assert typed in await (await front.get(each, token=open_token)).text()
    found = await (await front.get(path)).json()
    assert {found[name] for name in names} == {"找138****3333或a***@example.com"}
    assert found["external_id"] == "138****3333"


async def test_another_number_of_a_known_customer_is_masked_in_the_notes_like_the_first(front: Front) -> None:
    made = await front.lead(WHO | {"email": "zhangwei@example.com", "wechat": "zhang_wei"})
    other = {
        "phone": "13900001111",
        "email": "zhangwei@example.com",
        "wechat": "wei_zhang_88",
        "need": "两百人用",
    }
    assert (await front.lead(other))["duplicate_of"] == made["id"]
    path = f"/api/v1/leads/{made['id']}/notes"
    (note,) = (await (await front.get(path)).json())["items"]
    assert note["text"] == "139****1111 · wechat we**** · 两百人用"
    (note,) = (await (await front.get(path, token=front.token("crm", "read", "contact"))).json())["items"]
    assert note["text"] == "+8613900001111 · wechat wei_zhang_88 · 两百人用"


@both
async def test_the_history_and_the_notes_of_a_lead(front: Front) -> None:
    made = await front.lead()
    path = f"/api/v1/leads/{made['id']}"
    at = front.clock.step(minutes=1)
    await front.store.write(
        add_note, lead_id=made["id"], by=made["owner"], text="见过了", kind="visit", key="n1", at=at
    )
    events = await front.get(f"{path}/events")
    told = (await events.json())["items"]
    assert [each["kind"] for each in told] == ["captured", "assigned", "visit_logged"]
    assert told[0]["actor"] == "system"
    assert told[1]["to"] == made["owner"]
    assert told[2]["at"] == "2026-11-02T10:01:00+08:00"
    answers.Events.model_validate_json(await events.text())
    notes = await front.get(f"{path}/notes")
    assert (await notes.json())["items"] == [
        {
            "key": "n1",
            "at": "2026-11-02T10:01:00+08:00",
            "author": made["owner"],
            "kind": "visit",
            "text": "见过了",
        }
    ]
    answers.Notes.model_validate_json(await notes.text())


@pytest.mark.parametrize("path", ["L9999", "x", "L1/events", "L1/notes", "L1%00", "L" + "9" * 30])
async def test_a_lead_that_is_not_there(front: Front, path: str) -> None:
    await problem(await front.get(f"/api/v1/leads/{path}"), 404)


@both
async def test_another_system_follows_the_changes_page_by_page(front: Front) -> None:
    ids = [(await front.lead({"email": f"a{number}@example.com"}))["id"] for number in range(5)]
    since = front.clock.step(minutes=1)
    ids.append((await front.lead({"email": "late@example.com"}))["id"])
    seen, cursor = [], ""
    while True:
        answer = await front.get("/api/v1/leads", limit="2", **({"cursor": cursor} if cursor else {}))
        answers.Leads.model_validate_json(await answer.text())
        page = await answer.json()
        seen += [lead["id"] for lead in page["items"]]
        cursor = page["next_cursor"]
        if cursor is None:
            break
    assert seen == ids
    for when in (since.isoformat(), "2026-11-02T02:01:00Z", "2026-11-02T10:01:00 08:00"):
        page = await (await front.get("/api/v1/leads", updated_since=when)).json()
        assert [lead["id"] for lead in page["items"]] == ids[-1:]


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ("limit=0", "limit"),
        ("limit=501", "limit"),
        ("limit=x", "limit"),
        ("updated_since=yesterday", "updated_since"),
        ("updated_since=2026-11-02T10:00:00", "updated_since"),
        ("cursor=abc", "cursor"),
        ("update_since=2026-11-02", "update_since"),
        ("zzz=1", "zzz"),
        ("limit=1&limit=2", "limit"),
    ],
)
async def test_a_question_about_changes_that_cannot_be_is_named(front: Front, query: str, field: str) -> None:
    await problem(await front.get(f"/api/v1/leads?{query}"), 422, field)


async def test_a_limit_of_500_is_fine(front: Front) -> None:
    assert (await front.get("/api/v1/leads?limit=500")).status == 200


# -- who may ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "given", ["", "Bearer", "Bearer ", f"Basic {SECRET}", "Bearer wrong", "Bearer " + "x" * 600]
)
async def test_without_a_known_token_nothing_is_read_or_written(front: Front, given: str) -> None:
    answer = await front.post(WHO, Authorization=given)
    await problem(answer, 401)
    assert answer.headers["WWW-Authenticate"].startswith('Bearer realm="leadbell"')
    assert (await (await front.get("/api/v1/leads")).json())["items"] == []


async def test_a_token_does_what_its_scope_says_and_no_more(front: Front) -> None:
    form, report = front.token("form", "capture"), front.token("report", "read")
    made = await front.lead(WHO, Authorization=f"bearer {form}")
    answer = await front.get(f"/api/v1/leads/{made['id']}", token=form)
    await problem(answer, 403)
    assert 'scope="read"' in answer.headers["WWW-Authenticate"]
    assert (await front.get(f"/api/v1/leads/{made['id']}", token=report)).status == 200
    await problem(await front.post(WHO, Authorization=f"Bearer {report}"), 403)


@both
async def test_a_token_made_while_the_bot_runs_works_and_a_revoked_one_ends(front: Front) -> None:
    token = front.token("fair", "capture")
    await front.lead(WHO, Authorization=f"Bearer {token}")
    await front.lead(WHO, Authorization=f"Bearer {token}")  # trusted for a moment
    front.revoke("fair")
    front.clock.step(seconds=0.3)
    await problem(await front.post(WHO, Authorization=f"Bearer {token}"), 401)


async def test_a_reload_takes_over_the_tokens_of_the_settings(front: Front) -> None:
    front.app_api.keys.use({"website": "lb_new", "unset": ""})
    await problem(await front.post(WHO), 401)
    assert (await front.post(WHO, Authorization="Bearer lb_new")).status == 201


async def test_many_tokens_in_use_are_no_leak(front: Front, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("bot.web.keys._MOST_SEEN", 1)
    for name in ("a", "b"):
        made = front.token(name, "capture")
        await front.lead({"email": f"{name}@example.com"}, Authorization=f"Bearer {made}")
    assert len(front.app_api.keys._seen) == 1


async def test_a_source_in_a_hurry_is_told_when_to_come_back(open_front: Opens) -> None:
    front = await open_front(limits=Limits(capture=3))
    for _ in range(3):
        await front.lead()
    answer = await front.post(WHO)
    await problem(answer, 429)
    wait = int(answer.headers["Retry-After"])
    assert wait == 20
    assert (await front.get("/api/v1/leads")).status == 200  # reading has its own measure
    front.clock.step(seconds=wait)
    await front.lead()
    await problem(await front.post(WHO), 429)


async def test_one_address_is_held_back_whatever_its_tokens(open_front: Opens) -> None:
    front = await open_front(limits=Limits(address=2), trusted_hops=1)
    for _ in range(2):
        await front.lead(WHO, X_Forwarded_For="198.51.100.7")
    await problem(await front.post(WHO, X_Forwarded_For="198.51.100.7"), 429)
    await front.lead(WHO, X_Forwarded_For="198.51.100.7, 203.0.113.9")


async def test_who_guesses_tokens_is_stopped_and_the_website_goes_on(open_front: Opens) -> None:
    front = await open_front(limits=Limits(refused=2))
    for guess in ("a", "b"):
        await problem(await front.post(WHO, Authorization=f"Bearer {guess}"), 401)
    await problem(await front.post(WHO, Authorization="Bearer c"), 429)
    await front.lead()


def test_a_full_register_of_callers_forgets_the_idle_first_and_then_the_oldest(clock: SteppedClock) -> None:
    buckets = Buckets(60, clock.monotonic, most=4)
    for key in "abcd":
        assert buckets.take(key) == 0
    clock.step(seconds=1)
    assert buckets.take("e") == 0
    assert list(buckets._full_at) == ["e"]
    for key in "fgh":
        buckets.take(key)
    buckets.take("i")
    assert list(buckets._full_at) == ["g", "h", "i"]


@pytest.mark.parametrize(
    ("hops", "told", "wanted"),
    [
        (0, ["198.51.100.7"], "127.0.0.1"),
        (1, ["6.6.6.6, 198.51.100.7"], "198.51.100.7"),
        (2, ["6.6.6.6, 198.51.100.7, 203.0.113.1"], "198.51.100.7"),
        (2, ["6.6.6.6", "198.51.100.7, 203.0.113.1"], "198.51.100.7"),
        (2, ["198.51.100.7"], "198.51.100.7"),
        (1, ["[2001:db8::1]"], "2001:db8::1"),
        (1, ["::ffff:198.51.100.7"], "198.51.100.7"),
        (1, ["unknown"], "127.0.0.1"),
        (1, [], "127.0.0.1"),
    ],
)
def test_only_our_own_proxies_say_who_asks(hops: int, told: list[str], wanted: str) -> None:
    assert client_address(_from("127.0.0.1", *told), hops) == wanted


def _from(peer: str, *told: str) -> web.Request:
    from multidict import CIMultiDict

    headers = CIMultiDict([("X-Forwarded-For", each) for each in told])
    request = make_mocked_request("GET", "/", headers)
    return request.clone(remote=peer)


def test_a_household_s_ipv6_network_counts_as_one_address() -> None:
    assert bucket_key("2001:db8::1") == bucket_key("2001:db8::ffff") != bucket_key("2001:db8:0:1::1")
    assert bucket_key("198.51.100.7") == "198.51.100.7"
    assert bucket_key("socket") == "socket"


def test_a_program_on_this_machine_is_told_from_a_caller_behind_its_proxy() -> None:
    assert is_local(_from("127.0.0.1"), 0)
    assert is_local(_from("::1"), 0)
    assert not is_local(_from("127.0.0.1", "198.51.100.7"), 0)
    assert not is_local(_from("127.0.0.1", "198.51.100.7"), 1)
    assert not is_local(_from("198.51.100.7"), 0)


# -- around every request -----------------------------------------------------------------------------------


async def test_every_answer_has_an_id_and_plain_safe_headers(front: Front) -> None:
    answer = await front.get("/api/v1/leads")
    assert answer.headers["X-Request-Id"].startswith("id-")
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert answer.headers["Cache-Control"] == "no-store"
    assert answer.headers["Content-Security-Policy"] == "default-src 'none'; frame-ancestors 'none'"
    given = await front.post({}, X_Request_Id="abc-1")
    assert given.headers["X-Request-Id"] == "abc-1"
    assert (await given.json(content_type=None))["request_id"] == "abc-1"
    forged = await front.post({}, X_Request_Id="a b")
    assert forged.headers["X-Request-Id"].startswith("id-")


async def test_the_log_has_one_line_a_request_and_no_word_of_the_customer(front: Front) -> None:
    with capture_logs() as lines:
        await front.post(WHO | {"email": "secret@example.com"}, Idempotency_Key="geheim")
        await front.get("/api/v1/leads/L1001")
    told = [line for line in lines if line.get("action") == "http"]
    assert [(line["route"], line["method"], line["status"], line["source"]) for line in told] == [
        ("/api/v1/leads", "POST", 201, "website"),
        ("/api/v1/leads/{id}", "GET", 200, "website"),
    ]
    assert not any(word in str(lines) for word in ("138", "张伟", "secret", "geheim", SECRET, "L1001"))


async def test_a_bug_is_logged_by_its_place_and_the_caller_learns_nothing(open_front: Opens) -> None:
    async def breaks(*_: object, **__: object) -> None:
        raise KeyError("13812345678")

    front = await open_front(write=breaks)
    with capture_logs() as lines:
        body = await problem(await front.post(WHO), 500)
    assert body["detail"] == "this went wrong on our side"
    bug = next(line for line in lines if line.get("action") == "bug")
    assert bug["error"] == "KeyError"
    assert "test_api.py" in bug["where"]
    assert "13812345678" not in str(lines)


async def test_paths_and_methods_that_are_none_are_problems_too(front: Front) -> None:
    await problem(await front.get("/api/v2/leads"), 404)
    answer = await front.client.delete("/api/v1/leads")
    await problem(answer, 405)
    assert "POST" in answer.headers["Allow"]
    assert front.metrics.registry.get_sample_value(
        "leadbell_http_seconds_count", {"route": "other", "method": "GET", "status": "404"}
    )


async def test_a_page_s_redirect_and_its_own_headers_are_left_alone() -> None:
    async def away(_request: web.Request) -> web.Response:
        raise web.HTTPFound("/sim")

    async def page(_request: web.Request) -> web.Response:
        return web.Response(text="<p>", content_type="text/html", headers={"Cache-Control": "max-age=60"})

    figures = Metrics()
    app = web.Application(middlewares=[problems.guard(new_id=lambda: "id", observe=figures.http)])
    app.on_response_prepare.append(problems.secure_headers)
    app.router.add_get("/", away)
    app.router.add_get("/sim", page)
    async with TestClient(TestServer(app)) as client:
        answer = await client.get("/", allow_redirects=False)
        assert (answer.status, answer.headers["Location"]) == (302, "/sim")
        answer = await client.get("/sim")
        assert answer.headers["Cache-Control"] == "max-age=60"
        assert "default-src 'self'" in answer.headers["Content-Security-Policy"]


# -- the description ----------------------------------------------------------------------------------------


def _references(value: Any) -> list[str]:
    if isinstance(value, dict):
        own = [value["$ref"]] if "$ref" in value else []
        return own + [each for inner in value.values() for each in _references(inner)]
    return [each for inner in value for each in _references(inner)] if isinstance(value, list) else []


async def test_the_description_covers_every_route_and_points_at_what_is_there(front: Front) -> None:
    answer = await front.client.get("/openapi.json")
    document = await answer.json()
    assert document["openapi"] == "3.1.0"
    assert document["info"]["version"] == "0.1.0"
    served = {
        (resource.canonical, route.method.lower())
        for resource in front.app.router.resources()
        for route in resource
        if resource.canonical.startswith("/api/") and route.method != "HEAD"
    }
    described = {(path, method) for path, methods in document["paths"].items() for method in methods}
    assert described == served
    schemas = document["components"]["schemas"]
    assert {each.removeprefix("#/components/schemas/") for each in _references(document)} <= schemas.keys()
    for path, methods in document["paths"].items():
        for operation in methods.values():
            assert operation["security"] == [{"token": ["capture" if "requestBody" in operation else "read"]}]
            assert {"200", "401", "403", "429", "503"} <= operation["responses"].keys()
            assert all(each["description"] and each["content"] for each in operation["responses"].values())
            named = {each["name"] for each in operation.get("parameters", []) if each["in"] == "path"}
            assert named == ({"id"} if "{id}" in path else set())


def test_the_description_s_examples_are_leads_that_would_be_taken() -> None:
    document = openapi.build("0.1.0")
    examples = document["components"]["schemas"]["LeadIn"]["examples"]
    assert examples
    for example in examples:
        assert read_lead(example).customer().phone == "+8613812345678"
    assert document["components"]["schemas"]["LeadIn"]["additionalProperties"] is False
