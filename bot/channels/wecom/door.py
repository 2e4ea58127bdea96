"""The way in: from a request's query and body to a typed value, or one refusal that says nothing."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple

from bot.channels.wecom import crypto, parse
from bot.channels.wecom.crypto import Keys, Rejected, Signed

__all__ = ["Door", "Received", "Rejected"]


class Received(NamedTuple):
    """A genuine callback: what it says, and the bytes by which a replay is told."""

    message: parse.Inbound
    signed: Signed


@dataclass(frozen=True, slots=True, kw_only=True)
class Door:
    """One app's callback address."""

    keys: Keys
    agent_id: int

    def echo(self, query: Mapping[str, str], now: datetime) -> bytes:
        """What the platform wants to read back when the address is set up. Raises Rejected."""
        return self.keys.open(crypto.read_query(query, crypto.check_encrypt(query.get("echostr", ""))), now)

    def receive(self, query: Mapping[str, str], body: bytes, now: datetime) -> Received:
        """The callback inside a request. Raises Rejected, the same for whatever is wrong with it."""
        signed = crypto.read_query(query, crypto.find_encrypt(body))
        message = parse.read(self.keys.open(signed, now), corp_id=self.keys.receiver)
        if message.agent is not None and message.agent != self.agent_id:
            raise Rejected("agent")
        return Received(message, signed)
