"""Sign-in for the pages: the platform says who somebody is, a cookie remembers it for a while.

The state goes out in the address and into a cookie of the same browser; both must come back, once.
"""

import hashlib
import hmac
import re
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Protocol
from urllib.parse import quote

import structlog
from aiohttp import web

from bot.channels.base import NotGenuine, Refused, Retryable, SignIn, SignInPage
from bot.directory import Directory
from bot.web.problems import Problem
from bot.words import say
from domain.clock import Clock
from domain.people import Company, Person

log = structlog.get_logger("signin")

TOUCH_EVERY = timedelta(minutes=5)
STATE_LASTS = 600
SESSION_LASTS = 12 * 3600
_NEXT = re.compile(r"/l/L[0-9]{1,18}")
_TOKEN = re.compile(r"[0-9a-f]{64}")


class Session(Protocol):
    @property
    def person(self) -> str: ...
    @property
    def seen_at(self) -> datetime: ...


class Units(Protocol):
    """Storage's units for sessions, by name."""

    open_session: Callable[..., None]
    see_session: Callable[..., None]
    end_session: Callable[..., None]


@dataclass(slots=True, kw_only=True)
class Gate:
    """Signs people in and says who is asking. `find` looks a session up by its token's digest, `may_try`
    raises a Problem for an address that tries too often."""

    signins: Sequence[SignIn]
    base_url: str
    write: Callable[..., Awaitable[Any]]
    units: Units
    find: Callable[[str, datetime], Awaitable[Session | None]]
    directory: Directory
    company_now: Callable[[], Company]
    clock: Clock
    new_id: Callable[[], str]
    may_try: Callable[[web.Request], None]

    def mount(self, app: web.Application) -> None:
        app.router.add_get("/signin", self.start, allow_head=False)
        app.router.add_get("/signin/{channel}/back", self.back, allow_head=False)
        app.router.add_post("/signout", self.sign_out)

    # -- cookies ------------------------------------------------------------------------------------------

    @property
    def _secure(self) -> bool:
        return self.base_url.startswith("https://")

    def _name(self, name: str) -> str:
        return f"__Host-{name}" if self._secure else name

    def _set(self, response: web.StreamResponse, name: str, value: str, lasts: int) -> None:
        response.set_cookie(
            self._name(name),
            value,
            max_age=lasts,
            path="/",
            secure=self._secure,
            httponly=True,
            samesite="Lax",
        )

    def _drop(self, response: web.StreamResponse, name: str) -> None:
        self._set(response, name, "", 0)

    # -- in and out ---------------------------------------------------------------------------------------

    async def who(self, request: web.Request) -> Person | None:
        """The person whose browser this is: signed in, and still one of the company."""
        token = request.cookies.get(self._name("leadbell"), "")
        if not _TOKEN.fullmatch(token):
            return None
        digest, now = _digest(token), self.clock.now()
        session = await self.find(digest, now)
        if session is None:
            return None
        if now - session.seen_at >= TOUCH_EVERY:
            await self.write(self.units.see_session, digest=digest, now=now)
        return self.company_now().people.get(session.person)

    def ask(self, request: web.Request) -> web.Response:
        """Send the browser to the sign-in, and afterwards back to where it is."""
        place = request.path if _NEXT.fullmatch(request.path) else "/"
        return web.Response(status=302, headers={"Location": f"/signin?next={quote(place)}"})

    async def start(self, request: web.Request) -> web.Response:
        """Begin with the platform that is named, or whose client this is; in any other browser ask which."""
        agent = request.headers.get("User-Agent", "")
        wanted = request.query.get("next", "")
        place = wanted if _NEXT.fullmatch(wanted) else "/"
        signin = self._named(request.query.get("with", "")) or self._fitting(agent)
        if signin is None:
            return self._ask_which(place)
        state = self.new_id()
        back = f"{self.base_url.rstrip('/')}/signin/{signin.name}/back"
        response = _begun(signin.begin(back=back, state=state, user_agent=agent))
        self._set(response, "leadbell_state", f"{state}{place}", STATE_LASTS)
        return response

    def _named(self, name: str) -> SignIn | None:
        return next((each for each in self.signins if each.name == name), None)

    def _fitting(self, agent: str) -> SignIn | None:
        """The platform whose client this is; with one platform alone there is no question."""
        only = self.signins[0] if len(self.signins) == 1 else None
        return next((each for each in self.signins if each.fits(agent)), only)

    def _ask_which(self, place: str) -> web.Response:
        if not self.signins:
            raise Problem(404, "no platform to sign in with")
        links = "".join(
            f'<p><a href="/signin?with={each.name}&amp;next={quote(place)}">'
            f"{say('zh', f'signin.{each.name}')} / {say('en', f'signin.{each.name}')}</a></p>"
            for each in self.signins
        )
        head = "<!doctype html><meta charset=utf-8><meta name=viewport content='width=device-width'>"
        return web.Response(text=f"{head}<title>Leadbell</title>{links}", content_type="text/html")

    async def back(self, request: web.Request) -> web.Response:
        """The platform sent the browser back with a code."""
        signin = self._named(request.match_info["channel"])
        kept = request.cookies.get(self._name("leadbell_state"), "")
        state, place = kept[:32], kept[32:]
        given = request.query.get("state", "")
        if signin is None or len(state) != 32 or not hmac.compare_digest(state.encode(), given.encode()):
            return self._refused("state")
        self.may_try(request)
        try:
            account = await signin.account(request.query)
        except (NotGenuine, Refused) as error:
            return self._refused(str(error))
        except Retryable:
            raise Problem(503, "the platform does not answer, try again") from None
        person = self.directory.known(signin.name, account)
        if person is None:
            return self._refused("nobody we know")
        return await self._let_in(person, place if _NEXT.fullmatch(place) else "/")

    async def _let_in(self, person: str, place: str) -> web.Response:
        token = self.new_id() + self.new_id()
        await self.write(self.units.open_session, digest=_digest(token), person=person, now=self.clock.now())
        response = web.Response(status=302, headers={"Location": place})
        self._set(response, "leadbell", token, SESSION_LASTS)
        self._drop(response, "leadbell_state")
        log.info("signed in", action="signed_in", person=person)
        return response

    def _refused(self, why: str) -> web.Response:
        log.warning("sign-in refused", action="signin_refused", why=why[:60])
        response = web.Response(status=403, text="403\n")
        self._drop(response, "leadbell_state")
        return response

    async def sign_out(self, request: web.Request) -> web.Response:
        origin = request.headers.get("Origin")
        if origin is not None and origin.rstrip("/") != self.base_url.rstrip("/"):
            raise Problem(403, "another origin")
        token = request.cookies.get(self._name("leadbell"), "")
        if _TOKEN.fullmatch(token):
            await self.write(self.units.end_session, digest=_digest(token))
        response = web.Response(status=204)
        self._drop(response, "leadbell")
        return response


def _begun(begin: str | SignInPage) -> web.Response:
    """Off to the platform, or the page that asks its client."""
    if isinstance(begin, str):
        return web.Response(status=302, headers={"Location": begin})
    headers = {"Content-Security-Policy": begin.policy}
    return web.Response(text=begin.html, content_type="text/html", headers=headers)


def _digest(token: str) -> str:
    return hashlib.sha256(token.encode("ascii")).hexdigest()
