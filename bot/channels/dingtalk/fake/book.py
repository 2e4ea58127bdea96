"""What the fake knows: its people, cards, messages, tokens and tickets, and the faults it was told to
have."""

from collections import Counter, deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

PUBLIC_TEMPLATE = "1366a1eb-bc54-4859-ac88-517c56a9acb1.schema"
VALUE, KEY, ALL, TRACK, SPACE = 1024, 100, 100_000, 100, 1000
DENIED = "Forbidden.AccessDenied."
TOKEN_MS, TICKET_MS = 7_200_000, 90_000
SESSION_MS = 5_400_000


class Refuse(Exception):
    """The platform says no: an HTTP status and a code."""

    def __init__(self, status: int, code: str, **more: Any) -> None:
        super().__init__(code)
        self.status = status
        self.code = code
        self.more = more


@dataclass(frozen=True, slots=True, kw_only=True)
class Member:
    id: str
    name: str
    mobile: str = ""
    dept: int = 1
    manager: str = ""
    leads: tuple[int, ...] = ()
    corp: str = "dingcorp"

    @property
    def union(self) -> str:
        return f"union-{self.id}"


@dataclass(slots=True, kw_only=True)
class CardCopy:
    """A card: public data, what one person's client alone was told, and where it was delivered."""

    track: str
    template: str
    params: dict[str, str]
    callback: str
    route: str
    private: dict[str, dict[str, str]] = field(default_factory=dict)
    local: dict[str, dict[str, str]] = field(default_factory=dict)
    open_to_robot: bool = False
    people: list[str] = field(default_factory=list)
    times: Counter[str] = field(default_factory=Counter)
    history: list[dict[str, str]] = field(default_factory=list)
    answering: int = 0

    def as_seen(self, person: str) -> dict[str, str]:
        return {**self.params, **self.private.get(person, {}), **self.local.get(person, {})}


@dataclass(slots=True, kw_only=True)
class Faults:
    """What goes wrong. `refuse` holds one-shot answers by path prefix, `instead` lasting bodies by path,
    whatever they are; `lose` counts answers that get lost on the way after the call took effect, `garble`
    those that a gateway in between turns into a page; `down` drops every connection, `banned` blocks the
    caller's address; `denied` names scopes that are not granted."""

    down: bool = False
    slow: float = 0.0
    lose: int = 0
    garble: int = 0
    close_at_once: bool = False
    deaf: bool = False
    undelivered: dict[str, str] = field(default_factory=dict)
    invalid: set[str] = field(default_factory=set)
    flow: set[str] = field(default_factory=set)
    over_quota: bool = False
    banned: bool = False
    denied: set[str] = field(default_factory=set)
    instead: dict[str, str] = field(default_factory=dict)
    refuse: deque[tuple[str, int, str, dict[str, Any]]] = field(default_factory=deque)


@dataclass(slots=True, kw_only=True)
class Book:
    """`now` is in milliseconds, `ticks` in seconds of any beginning. `unseen` are out of the app's range,
    `left` out of the company."""

    now: Callable[[], int]
    ticks: Callable[[], float]
    new_id: Callable[[], str]
    month_calls: int = 5000
    qps: int = 20
    people: dict[str, Member] = field(default_factory=dict)
    departments: dict[int, list[int]] = field(default_factory=lambda: {1: []})
    names: dict[int, str] = field(default_factory=dict)
    unseen: set[str] = field(default_factory=set)
    left: dict[str, Member] = field(default_factory=dict)
    templates: set[str] = field(default_factory=lambda: {PUBLIC_TEMPLATE})
    unpublished: set[str] = field(default_factory=set)
    cards: dict[str, CardCopy] = field(default_factory=dict)
    chats: dict[str, list[dict[str, Any]]] = field(default_factory=dict)
    tokens: dict[str, int] = field(default_factory=dict)
    tickets: dict[str, int] = field(default_factory=dict)
    sessions: dict[str, tuple[str, int]] = field(default_factory=dict)
    files: dict[str, tuple[str, bytes]] = field(default_factory=dict)
    codes: dict[str, str] = field(default_factory=dict)
    outside: set[str] = field(default_factory=set)
    routes: dict[str, tuple[str, str]] = field(default_factory=dict)
    calls: list[tuple[str, str, Any]] = field(default_factory=list)
    metered: int = 0
    refused_tokens: int = 0
    violations: list[str] = field(default_factory=list)
    faults: Faults = field(default_factory=Faults)
    _recent: dict[str, deque[float]] = field(default_factory=dict)

    # -- access -----------------------------------------------------------------------------------------

    def token(self) -> str:
        """Inside its validity the same token again, renewed."""
        live = next((token for token, until in self.tokens.items() if until > self.now()), None)
        token = live or self.new_id()
        self.tokens[token] = self.now() + TOKEN_MS
        return token

    def known(self, token: str | None) -> bool:
        return self.tokens.get(token or "", 0) > self.now()

    def ticket(self) -> str:
        ticket = self.new_id()
        self.tickets[ticket] = self.now() + TICKET_MS
        return ticket

    def use_ticket(self, ticket: str) -> bool:
        """Good once, for 90 seconds."""
        return self.tickets.pop(ticket, 0) > self.now()

    def reach(self, person: str) -> bool:
        """Whether the app may see and write to this person."""
        return person in self.people and person not in self.unseen

    def allow(self, scope: str) -> None:
        """Refuse where the console does not grant it; the names of scopes with a dot are the new host's."""
        if scope in self.faults.denied:
            detail = {"accessdenieddetail": {"requiredScopes": [scope]}}
            raise Refuse(403, f"{DENIED}AccessTokenPermissionDenied", **detail)

    def pace(self, key: str) -> None:
        """Refuse a call over the rate."""
        recent = self._recent.setdefault(key, deque())
        while recent and recent[0] <= self.ticks() - 1.0:
            recent.popleft()
        if len(recent) >= self.qps:
            raise Refuse(403, f"{DENIED}QpsLimitForAppkeyAndApi")
        recent.append(self.ticks())

    def meter(self) -> None:
        """Refuse a call over the month; count it otherwise."""
        if self.metered >= self.month_calls:
            raise Refuse(403, f"{DENIED}ApiCountLimitForOrg")
        self.metered += 1

    def fault(self, path: str) -> None:
        """A one-shot answer that was asked for."""
        for each in self.faults.refuse:
            prefix, status, code, more = each
            if path.startswith(prefix):
                self.faults.refuse.remove(each)
                raise Refuse(status, code, **more)

    # -- cards ------------------------------------------------------------------------------------------

    def create_card(self, body: Mapping[str, Any]) -> CardCopy:
        """A new card, or a refusal. A second one of the same id is refused (the documents permit that or
        silence)."""
        track, template = _need(body, "outTrackId", "param.outTrackIdEmpty"), body.get("cardTemplateId")
        if not template:
            raise Refuse(400, "param.cardTemplateIdEmpty")
        if template not in self.templates:
            raise Refuse(400, "param.templateNotExist")
        if template in self.unpublished:
            raise Refuse(400, "param.templateUnpublished")
        called_back = body.get("callbackType", "STREAM") in ("STREAM", "HTTP")
        if len(track) > TRACK or not called_back or body.get("userIdType", 1) not in (1, 2):
            raise Refuse(400, "param.invalid")
        space = body.get("imRobotOpenSpaceModel")
        if space is not None and not isinstance((space or {}).get("supportForward"), bool):
            raise Refuse(400, "param.openSpaceModelInvalid")
        if track in self.cards:
            raise Refuse(400, "param.cardAlreadyExist")
        card = CardCopy(
            track=track,
            template=str(template),
            params=_params(body.get("cardData"), needed=True),
            callback=str(body.get("callbackType", "")),
            route=str(body.get("callbackRouteKey", "")),
            open_to_robot=space is not None,
        )
        self.cards[track] = card
        card.history.append(dict(card.params))
        return card

    def update_card(self, body: Mapping[str, Any]) -> None:
        """Everybody's copy. Without `updateCardDataByKey` every variable is overwritten. An update inside the
        callback on that card is a mistake of the caller's, which we write down and refuse."""
        card = self.cards.get(_need(body, "outTrackId", "param.outTrackIdEmpty"))
        if card is None:
            raise Refuse(400, "param.cardNotExist")
        if "cardData" not in body and "privateData" not in body:
            raise Refuse(400, "param.cardDataAndPrivateDataBothEmpty")
        if card.answering:
            self.violations.append(f"update of {card.track} inside its callback")
            raise Refuse(500, "system.busy")
        options = body.get("cardUpdateOptions") or {}
        params = _params(body.get("cardData"))
        card.params = {**card.params, **params} if options.get("updateCardDataByKey") else params
        card.local.clear()
        card.history.append(dict(card.params))

    def spaces(self, body: Mapping[str, Any], robot_code: str) -> list[str]:
        """The people in whose own chats with the robot a card is to be shown; no other space is served."""
        spaces = _need(body, "openSpaceId", "param.openSpaceIdEmpty")
        model = body.get("imRobotOpenDeliverModel")
        if not isinstance(model, Mapping):
            raise Refuse(400, "param.openDeliverModelEmpty")
        if model.get("spaceType") != "IM_ROBOT" or model.get("robotCode", robot_code) != robot_code:
            raise Refuse(400, "param.openDeliverModelError")
        found = [each.partition(".") for each in spaces.removeprefix("dtv1.card//").split(";")]
        if len(spaces) > SPACE or any(kind.upper() != "IM_ROBOT" or not who for kind, _, who in found):
            raise Refuse(400, "param.openSpaceIdInvalid")
        return [who for _, _, who in found]

    def deliver_card(self, card: CardCopy, people: list[str]) -> list[dict[str, Any]]:
        """Into each chat; one that was not opened when the card was made can't be delivered to."""
        if not card.open_to_robot:
            raise Refuse(400, "param.openSpaceModelInvalid")
        return [self._into(card, person) for person in people]

    def _into(self, card: CardCopy, person: str) -> dict[str, Any]:
        why = self.faults.undelivered.get(person, "" if self.reach(person) else "user not in scope")
        if not why:
            card.times[person] += 1
            if person not in card.people:
                card.people.append(person)
            self.show(person, kind="card", track=card.track)
        return {
            "spaceType": "IM_ROBOT", "spaceId": person, "success": not why,
            "carrierId": "" if why else self.new_id(), "errorMsg": why,
        }  # fmt: skip

    # -- chats ------------------------------------------------------------------------------------------

    def show(self, person: str, **message: Any) -> str:
        """Something appears in a person's chat with the robot."""
        found = {"id": self.new_id(), "at": self.now(), "from": "bot", **message}
        self.chats.setdefault(person, []).append(found)
        return str(found["id"])

    def recall(self, ids: list[str]) -> list[str]:
        """Take messages back; which of them there were."""
        known = {each.get("query") for chat in self.chats.values() for each in chat} & set(ids)
        for chat in self.chats.values():
            chat[:] = [each for each in chat if each.get("query") not in known]
        return [each for each in ids if each in known]


def _need(body: Mapping[str, Any], name: str, code: str) -> str:
    value = body.get(name)
    if not isinstance(value, str) or not value:
        raise Refuse(400, code)
    return value


def _params(data: object, *, needed: bool = False) -> dict[str, str]:
    """A card's variables: strings alone, names of 100 bytes, values of 1 KB."""
    found = data.get("cardParamMap") if isinstance(data, Mapping) else None
    if found is None and not needed:
        return {}
    if not isinstance(found, Mapping):
        raise Refuse(400, "param.cardPublicDataEmpty")
    for name, value in found.items():
        if not isinstance(value, str) or len(value.encode()) > VALUE or len(name.encode()) > KEY:
            raise Refuse(400, "param.invalid", message=f"{name}: a string of at most {VALUE} bytes")
    if sum(len(value.encode()) for value in found.values()) > ALL:
        raise Refuse(400, "param.invalid", message=f"more than {ALL} bytes")
    return dict(found)
