"""Where the bot is to listen: is that address free, who answers there, and what to do when it is taken."""

import errno
import os
import socket
import sys
from dataclasses import dataclass

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


async def why_not(error: OSError, host: str, port: int, *, settings: str) -> str:
    """What stands in the way of listening there and what to do; `settings` names what sets the address."""
    said = os.strerror(error.errno) if error.errno else str(error)  # its own text names the address again
    return f"{host}:{port}: {said}: {await _advice(error.errno, host, port, settings)}"


async def _advice(number: int | None, host: str, port: int, settings: str) -> str:
    if number == errno.EADDRINUSE:
        found = await who_answers(host, port)
        if found is not None and found.installation is not None:
            return f"a Leadbell runs there already (serve or demo). Stop it, or set another {settings}"
        return f"another program listens there; `{WHO_LISTENS}` names it. Stop it, or set another {settings}"
    if number == errno.EACCES:
        return f"this user may not listen there. Take a port above 1023 as {settings}"
    return f"no address of this machine. Set another {settings}, such as 127.0.0.1"
