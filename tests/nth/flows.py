"""What people do, each as a client does it: with keys of its own, and again where nothing could be stored."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from itertools import count
from typing import Any

from tests.scenario.world import TOKEN, World, key_of

_numbers = count(1)
EAST = ("zhangwei", "lilei", "hanmeimei")
TRIES = 8


@dataclass(slots=True, kw_only=True)
class Client:
    """Asks, again on a 503, and remembers what was acknowledged. Anything but an answer or a 503 is `wrong`."""

    world: World
    kept: list[tuple[str, dict[str, Any], dict[str, str], tuple[int, Any]]] = field(default_factory=list)
    wrong: list[str] = field(default_factory=list)

    async def post(self, path: str, body: dict[str, Any], **headers: str) -> tuple[int, Any]:
        status, answer = 503, None
        for _ in range(TRIES):
            status, answer = await self.world.call(path, body, **headers)
            if status != 503:
                break
        if status >= 500:
            self.wrong.append(f"{path}: {status} {answer}")
        return status, answer

    async def keyed(self, path: str, body: dict[str, Any], **headers: str) -> Any:
        """A request with a key; its answer is kept, to be asked for again."""
        status, answer = await self.post(path, body, **headers)
        self.kept.append((path, body, headers, (status, answer)))
        return answer

    async def see(self, path: str) -> Any:
        """What is there; None, and a finding, when it can't be seen."""
        status, answer = 503, None
        for _ in range(TRIES):
            status, answer = await self.world.call(path, Authorization=f"Bearer {TOKEN}")
            if status != 503:
                break
        if status != 200:
            self.wrong.append(f"{path}: {status} {answer}")
        return answer if status == 200 else None

    async def advance(self, by: str) -> None:
        await self.post("/sim/api/clock", {"advance": by})

    async def same_again(self) -> None:
        """Whoever asks again with the same key hears what they heard."""
        for path, body, headers, answer in self.kept:
            again = await self.post(path, body, **headers)
            if again[1] != answer[1]:
                self.wrong.append(f"{path}: {again} after {answer}")

    # -- wishes -----------------------------------------------------------------------------------------

    async def capture(self) -> str:
        number = next(_numbers)
        own = f"nth-{number}"
        body = {"name": "林海", "phone": f"136{number:08d}", "external_id": own, "region": "上海"}
        headers = {"Idempotency-Key": own, "Authorization": f"Bearer {TOKEN}"}
        answer = await self.keyed("/api/v1/leads", body, **headers)
        return str(answer["id"])

    async def type(self, person: str, text: str) -> None:
        await self.keyed(f"/sim/api/people/{person}/messages", {"text": text, "id": f"m{next(_numbers)}"})

    async def card(self, lead: str, verb: str) -> tuple[str, str, str] | None:
        """(person, message, key) of the newest button of that verb for the lead; waits out a lease."""
        for _ in range(4):
            for person in EAST:
                for message in reversed(await self.see(f"/sim/api/people/{person}/messages") or []):
                    key = key_of(message, verb) if message.get("card") else ""
                    if key and lead in key:
                        return person, message["id"], key
            await self.advance("31s")
        return None

    async def press(self, lead: str, verb: str, **selected: str) -> str:
        """Press it, if anybody is shown it; who did."""
        found = await self.card(lead, verb)
        if found is None:
            return ""
        person, message, key = found
        body = {"message_id": message, "key": key, "selected": selected, "click_id": f"c{next(_numbers)}"}
        await self.keyed(f"/sim/api/people/{person}/clicks", body)
        return person


async def taken(client: Client) -> tuple[str, str]:
    lead = await client.capture()
    return lead, await client.press(lead, "accept")


async def capture(client: Client) -> None:
    await client.capture()


async def typed(client: Client) -> None:
    phone = 13500000000 + next(_numbers)
    await client.type("xiaolin", f"/lead 林海 宁波港城食品有限公司 厂长 {phone} 食品 想上一套MES")


async def asked(client: Client) -> None:
    """A draft that is completed by answers."""
    await client.type("xiaolin", f"/lead 林海 {13400000000 + next(_numbers)}")
    for answer in ("宁波港城食品有限公司", "食品", "想上一套MES"):
        await client.type("xiaolin", answer)


async def accept(client: Client) -> None:
    await taken(client)


async def contact(client: Client) -> None:
    lead, _ = await taken(client)
    await client.press(lead, "contacted")


async def hand_back(client: Client) -> None:
    lead = await client.capture()
    await client.press(lead, "handback")
    await client.press(lead, "confirm", reason="wrong_product")
    await client.press(lead, "accept")


async def note(client: Client) -> None:
    lead, who = await taken(client)
    if who:
        await client.type(who, f"/note {lead} 下周三回访")


async def visit(client: Client) -> None:
    lead, who = await taken(client)
    if who:
        await client.type(who, f"/visit {lead} 见到了张总")


async def edit(client: Client) -> None:
    lead, who = await taken(client)
    if who:
        await client.type(who, f"/edit {lead} 公司 苏州恒远精密机械有限公司")


async def undo(client: Client) -> None:
    lead, who = await taken(client)
    if who:
        await client.type(who, "/undo")
        await client.press(lead, "accept")


async def assign(client: Client) -> None:
    lead = await client.capture()
    await client.type("wangfang", f"/assign {lead} @张伟")
    await client.press(lead, "accept")


async def escalate(client: Client) -> None:
    lead = await client.capture()
    for by in ("183s", "2m", "5m", "5m"):
        await client.advance(by)
    await client.press(lead, "grab")


async def duty(client: Client) -> None:
    await client.type("lilei", "/off")
    await client.type("lilei", "/on")


async def join(client: Client) -> None:
    await client.post("/sim/api/people", {"id": f"n{next(_numbers)}", "name": "小陈"})


async def withdraw(client: Client) -> None:
    await client.type("xiaolin", f"/lead 林海 {13300000000 + next(_numbers)}")
    await client.type("xiaolin", "/cancel")


async def look(client: Client) -> None:
    lead = await client.capture()
    for path in (f"leads/{lead}", f"leads/{lead}/events", f"leads/{lead}/notes", "leads?limit=5"):
        await client.see(f"/api/v1/{path}")
    for text in ("/my", "/team", "/pool", f"/status {lead}"):
        await client.type("wangfang", text)


Flow = Callable[[Client], Awaitable[None]]
FLOWS: dict[str, Flow] = {
    each.__name__: each
    for each in (
        capture, typed, asked, accept, contact, hand_back, note, visit, edit, undo, assign, escalate, duty,
        join, withdraw, look,
    )
}  # fmt: skip
