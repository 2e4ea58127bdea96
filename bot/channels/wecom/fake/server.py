"""The fake as a server: its API, signing in, and the page with every member's phone."""

from collections.abc import Callable
from datetime import datetime
from urllib.parse import urlencode

import aiohttp
from aiohttp import web

from bot.channels.wecom.crypto import Keys
from bot.channels.wecom.fake.api import Api
from bot.channels.wecom.fake.page import Page
from bot.channels.wecom.fake.phones import Phones
from bot.channels.wecom.fake.state import State


class Fake:
    """One corp, one app, on loopback. `await Fake.start(...)`, then `await fake.stop()`."""

    def __init__(self, state: State, http: aiohttp.ClientSession) -> None:
        self.state = state
        self.api = Api(state)
        self.phones = Phones(state, self.api, http)
        self._http = http
        self._runner: web.AppRunner | None = None

    @classmethod
    async def start(
        cls,
        *,
        corp_id: str,
        agent_id: int,
        secret: str,
        keys: Keys,
        now: Callable[[], datetime],
        new_id: Callable[[], str],
        port: int = 0,
    ) -> "Fake":
        state = State(corp_id=corp_id, agent_id=agent_id, secret=secret, keys=keys, now=now, new_id=new_id)
        fake = cls(state, aiohttp.ClientSession(auto_decompress=False))
        app = web.Application(client_max_size=32 * 1024 * 1024)
        fake.api.mount(app)
        Page(state, fake.phones).mount(app)
        app.router.add_get("/connect/oauth2/authorize", fake.authorize)
        app.router.add_get("/wwlogin/sso/login", fake.authorize)
        fake._runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.5)
        await fake._runner.setup()
        try:
            await web.TCPSite(fake._runner, "127.0.0.1", port).start()
        except OSError:
            await fake.stop()
            raise
        return fake

    @property
    def base(self) -> str:
        """The address to put into `wecom.api_base`."""
        assert self._runner is not None
        return f"http://127.0.0.1:{self._runner.addresses[0][1]}"

    async def stop(self) -> None:
        await self._http.close()
        if self._runner is not None:
            await self._runner.cleanup()

    # -- signing in -----------------------------------------------------------------------------------------

    async def authorize(self, request: web.Request) -> web.StreamResponse:
        """The member whose client (or QR scan) this is: `?as=userid`, else the first."""
        member = self.state.members.get(request.query.get("as", "").lower())
        member = member or next(iter(self.state.members.values()))
        code = self.state.new_id()
        self.state.logins[code] = member.userid
        back = urlencode({"code": code, "state": request.query.get("state", "")})
        raise web.HTTPFound(f"{request.query.get('redirect_uri', '/')}?{back}")
