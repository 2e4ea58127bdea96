"""Leads from forms and other systems, through to the card and back."""

import asyncio

from bot.seams import new_token
from storage import tokens
from storage.engine import writer_engine
from tests.scenario.world import EAST, World, words

FORM = {
    "name": "周倩", "company": "杭州云栖数据有限公司", "phone": "13812345688", "need": "想买CRM",
    "channel": "官网", "external_id": "form-17",
}  # fmt: skip


async def test_a_form_becomes_a_card_and_its_history_can_be_read(world: World) -> None:
    status, made = await world.api("leads", FORM)
    assert status == 201
    lead = made["id"]
    assert made["stage"] == "offered"
    rep = world.phone(made["owner"])
    assert rep.person in EAST
    card = await rep.card("周倩", "live", "accept")
    assert "138****5688" in words(card)
    assert "官网" in words(card)
    await rep.does("accept", "周倩")
    await rep.type(f"/visit {lead} 今天见了周总")
    found = await world.lead(lead)
    assert found["owner"] == rep.person
    assert found["stage"] == "contacted"
    assert await world.kinds(lead) == [
        "captured", "assigned", "delivered", "accepted", "visit_logged", "contacted",
    ]  # fmt: skip
    actors = [each["actor"] for each in await world.events(lead)]
    assert actors == ["system", "system", "system", rep.person, rep.person, rep.person]
    notes = await world.notes(lead)
    assert [(each["author"], each["kind"], each["text"]) for each in notes] == [
        (rep.person, "visit", "今天见了周总")
    ]


async def test_the_same_form_twice_and_the_same_customer_elsewhere(world: World) -> None:
    _, made = await world.api("leads", FORM)
    status, again = await world.api("leads", FORM)
    assert (status, again["duplicate_of"]) == (200, made["id"])
    status, again = await world.api("leads", {"phone": "+86 138 1234 5688", "name": "别人"})
    assert (status, again["duplicate_of"]) == (200, made["id"])
    offer, news = await world.phone(made["owner"]).cards("周倩")
    assert (offer["card"]["state"], news["card"]["state"]) == ("live", "done")
    assert [note["text"] for note in await world.notes(made["id"])] == ["别人"]
    assert (await world.kinds(made["id"])).count("touched") == 2


async def test_ten_of_the_same_form_at_once_are_one_lead(world: World) -> None:
    answers = await asyncio.gather(*(world.api("leads", FORM) for _ in range(10)))
    assert sorted(status for status, _ in answers) == [200] * 9 + [201]
    assert len({found["id"] for _, found in answers}) == 1


async def test_the_same_idempotency_key_is_the_same_answer(world: World) -> None:
    one = await world.api("leads", FORM, Idempotency_Key="k1")
    two = await world.api("leads", FORM, Idempotency_Key="k1")
    assert one == two
    assert one[0] == 201
    status, _ = await world.api("leads", FORM | {"need": "别的"}, Idempotency_Key="k1")
    assert status == 409


async def test_a_token_may_do_what_its_scope_says(world: World) -> None:
    engine = writer_engine(world.service.store.url)
    made = {
        scope: tokens.add(
            engine, name=f"for-{scope}", new_token=new_token, now=world.clock.now(), scopes=[scope]
        )
        for scope in ("capture", "read")
    }
    engine.dispose()
    status, found = await world.api("leads", FORM, token=made["capture"])
    assert status == 201
    assert (await world.api(f"leads/{found['id']}", token=made["capture"]))[0] == 403
    assert (await world.api(f"leads/{found['id']}", token=made["read"]))[0] == 200
    assert (await world.api("leads", FORM, token=made["read"]))[0] == 403
    assert (await world.api("leads", FORM, token="lb_wrong"))[0] == 401
    assert (await world.call("/api/v1/leads", FORM))[0] == 401


async def test_other_systems_read_what_changed(world: World) -> None:
    leads = [await world.submit(name) for name in ("王一", "王二", "王三")]
    since = (await world.lead(leads[0]))["updated_at"].replace("+", "%2B")
    await world.advance("1m")
    await (await world.owner(leads[1])).does("accept", "王二")
    _, page = await world.api(f"leads?updated_since={since}&limit=2")
    assert len(page["items"]) == 2
    _, rest = await world.api(f"leads?updated_since={since}&limit=2&cursor={page['next_cursor']}")
    assert rest["next_cursor"] is None
    assert [each["id"] for each in (*page["items"], *rest["items"])] == [leads[0], leads[2], leads[1]]


async def test_health_and_figures(world: World) -> None:
    assert (await world.call("/healthz"))[0] == 200
    status, ready = await world.call("/readyz")
    assert status == 200, ready
    async with world.http.get(world.base + "/metrics") as answer:
        assert answer.status == 200
        assert "leadbell_" in await answer.text()
    status, spec = await world.call("/openapi.json")
    assert status == 200
    assert "/api/v1/leads" in spec["paths"]
    async with world.http.get(world.base + "/") as answer:
        assert answer.url.path == "/sim", "whoever opens the bare address is led to the page"


async def test_the_simulator_refuses_what_makes_no_sense(world: World) -> None:
    assert (await world.call("/sim/api/people/nobody/messages"))[0] == 404
    assert (await world.call("/sim/api/people/lilei/messages", {}))[0] == 422
    assert (await world.call("/sim/api/people/lilei/messages", {"text": "  "}))[0] == 422
    for wrong in ("soon", "-1m", "400d", "", 5, None):
        assert (await world.call("/sim/api/clock", {"advance": wrong}))[0] == 422, wrong
    status, _ = await world.call("/sim/api/clock", {"advance": "1s"}, Origin="https://evil.example")
    assert status == 403


async def test_somebody_the_settings_do_not_list_may_hand_in_a_lead(world: World) -> None:
    status, made = await world.call("/sim/api/people", {"id": "NewOne", "name": "新来的"})
    assert status == 201
    newcomer = made["id"]
    lead = await world.submit("周倩", by=newcomer)
    assert (await world.lead(lead))["stage"] == "offered"
    _, people = await world.call("/sim/api/people")
    assert next(each for each in people if each["id"] == newcomer)["role"] == "employee"
