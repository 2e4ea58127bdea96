"""The heartbeat to an address of the operator's: it comes while all is well, and its silence is the alarm.

The address is the operator's own setting, so it may be anywhere; but it is given little time, no redirect is
followed, nothing is read of the answer, and whatever goes wrong with it never touches the service.
"""

from typing import Any

import structlog
from aiohttp import ClientError, ClientSession, ClientTimeout

log = structlog.get_logger("watch")

WITHIN = ClientTimeout(total=8, connect=3)


class Heart:
    """Beats to one address; an empty address never beats. Close it."""

    def __init__(self, address: str) -> None:
        self._address = address
        self._http: ClientSession | None = None

    @property
    def wanted(self) -> bool:
        return bool(self._address)

    async def beat(self, body: dict[str, Any]) -> bool:
        """POST the body; whether the address took it with a 2xx. Never raises but for cancellation."""
        if self._http is None:
            self._http = ClientSession(timeout=WITHIN)
        try:
            async with self._http.post(self._address, json=body, allow_redirects=False) as answer:
                taken, why = 200 <= answer.status < 300, str(answer.status)
        except (TimeoutError, ClientError, OSError, ValueError) as error:  # its text may hold the address
            taken, why = False, type(error).__name__
        if not taken:
            log.warning("the heartbeat was not taken", action="heartbeat_failed", why=why)
        return taken

    async def close(self) -> None:
        if self._http is not None:
            await self._http.close()
