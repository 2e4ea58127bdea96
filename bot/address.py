"""Where the bot is to listen: is that address free, who answers there, and what to do when it is taken."""

import errno
import os
import socket
import sys
from dataclasses import dataclass

from bot.words import say

EVERYWHERE = frozenset({"0.0.0.0", "::"})  # noqa: S104 - where a bot listens that listens everywhere
PATIENCE = 3.0
WHO_LISTENS = "lsof -nP -iTCP -sTCP:LISTEN" if sys.platform == "darwin" else "ss -ltnp"


@dataclass(frozen=True, slots=True, kw_only=True)
class Check:
    """A line of the `/readyz` of whoever answers."""

    name: str
    ok: bool
    detail: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Neighbour:
    """Who answers. `installation` names its database; None = it is no Leadbell."""

    installation: str | None
    checks: tuple[Check, ...] = ()


def web_address(host: str, port: int) -> str:
    """Where a program on this machine asks for what listens there."""
    host = "127.0.0.1" if host in EVERYWHERE else host
    return f"http://{f'[{host}]' if ':' in host else host}:{port}"


def try_address(host: str, port: int) -> None:
    """Raises OSError where the address can't be listened on now."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.create_server((host, port), family=family):
        pass


async def who_answers(host: str, port: int) -> Neighbour | None:
    """Whoever answers at that address; None where nobody listens. Takes three seconds at most."""
    import aiohttp  # noqa: PLC0415 - takes a sixth of a second, and most commands ask nobody

    try:
        async with (
            aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=PATIENCE)) as http,
            http.get(f"{web_address(host, port)}/readyz", allow_redirects=False) as answer,
        ):
            said = await answer.json()
            checks = [
                Check(name=str(each["name"]), ok=bool(each["ok"]), detail=str(each["detail"]))
                for each in said["checks"]
            ]
            return Neighbour(installation=str(said["installation"]), checks=tuple(checks))
    except aiohttp.ClientConnectorError:
        return None
    except (aiohttp.ClientError, TimeoutError, OSError, ValueError, TypeError, KeyError):
        return Neighbour(installation=None)


async def why_not(error: OSError, host: str, port: int, *, settings: str, lang: str) -> str:
    """What stands in the way of listening there and what to do; `settings` names what sets the address."""
    number = error.errno or 0
    # Its own text names the address again; a resolver's numbers are negative, and none of the system's.
    said = os.strerror(number) if number > 0 else str(error.strerror).partition(" (")[0]
    advice = say(lang, await _advice(number, host, port), settings=settings, command=WHO_LISTENS)
    return say(lang, "address", address=f"{host}:{port}", why=said, advice=advice)


async def _advice(number: int, host: str, port: int) -> str:
    """The key of the sentence."""
    if number == errno.EADDRINUSE:
        found = await who_answers(host, port)
        ours = found is not None and found.installation is not None
        return "address.ours" if ours else "address.taken"
    return "address.forbidden" if number == errno.EACCES else "address.foreign"
