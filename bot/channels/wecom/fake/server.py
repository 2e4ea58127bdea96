"""The fake as a server: its API, and a plain page that shows every member's phone and lets one press."""

import html
from collections.abc import Callable
from datetime import datetime
from urllib.parse import urlencode

import aiohttp
from aiohttp import web

from bot.channels.wecom.crypto import Keys
from bot.channels.wecom.fake import rules
from bot.channels.wecom.fake.api import Api
from bot.channels.wecom.fake.phones import Dead, Phones
from bot.channels.wecom.fake.state import Json, Message, State

STYLE = """body{font:14px sans-serif;margin:16px;background:#f4f5f7}main{display:flex;flex-wrap:wrap;gap:12px}
section{background:#fff;border:1px solid #ddd;border-radius:8px;padding:10px;width:320px}
article{border:1px solid #e3e3e3;border-radius:6px;padding:8px;margin:8px 0}.mine{background:#dff3d8}
h2{font-size:15px;margin:0 0 6px}h3{font-size:14px;margin:2px 0}p{margin:2px 0;white-space:pre-wrap}small{color:#777}"""


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
        app.router.add_get("/", fake.page)
        app.router.add_post("/do", fake.do)
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

    # -- the page -------------------------------------------------------------------------------------------

    async def do(self, request: web.Request) -> web.StreamResponse:
        """A form of the page: a press, a text, opening the app, setting the callback's address."""
        form = {name: str(value) for name, value in (await request.post()).items()}
        user, said = form.get("user", ""), ""
        try:
            if "callback" in form:
                said = (
                    "address saved" if await self.phones.try_address(form["callback"]) else "address refused"
                )
            elif "key" in form:
                message = next(each for each in self.state.seen_by(user) if each.id == form["message"])
                chosen = {name[2:]: value for name, value in form.items() if name.startswith("s.")}
                said = _told(await self.phones.press(user, message, form["key"], chosen))
            elif "enter" in form:
                said = _told(await self.phones.enter(user))
            elif form.get("text"):
                said = _told(await self.phones.write(user, form["text"]))
        except (Dead, StopIteration):
            said = "that cannot be pressed any more"
        raise web.HTTPFound(f"/?{urlencode({'said': said})}")

    async def page(self, request: web.Request) -> web.Response:
        phones = "".join(self._phone(userid) for userid in self.state.members)
        said = html.escape(request.query.get("said", ""))
        text = (
            f"<!doctype html><meta charset=utf-8><title>WeCom, rehearsed</title><style>{STYLE}</style>"
            f"<h1>WeCom, rehearsed</h1><form method=post action=/do>callback "
            f"<input name=callback size=50 value='{html.escape(self.state.callback)}'><button>save</button></form>"
            f"<p><b>{said}</b></p><main>{phones}</main>"
        )
        return web.Response(
            text=text,
            content_type="text/html",
            headers={
                "Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'; form-action 'self'"
            },
        )

    def _phone(self, userid: str) -> str:
        member = self.state.members[userid]
        shown = "".join(_message(userid, message) for message in self.state.seen_by(userid)[-12:])
        user = html.escape(userid)
        return (
            f"<section><h2>{html.escape(member.name)} <small>{html.escape(member.userid)}</small></h2>{shown}"
            f"<form method=post action=/do><input type=hidden name=user value='{user}'>"
            "<input name=text size=26><button>send</button><button name=enter value=1>open app</button></form>"
            "</section>"
        )


def _told(told: object) -> str:
    return f"bot answered {getattr(told, 'tries', ())}"


def _message(userid: str, message: Message) -> str:
    if message.type != "card":
        kind = " class=mine" if message.mine else ""
        return f"<article{kind}><p>{html.escape(message.text)}</p></article>"
    card = message.card
    title = card.get("main_title") or {}
    rows = "".join(
        f"<p><small>{html.escape(row['keyname'])}</small> {html.escape(row.get('value', ''))}</p>"
        for row in card.get("horizontal_content_list", [])
    )
    source = html.escape((card.get("source") or {}).get("desc", ""))
    body = html.escape("\n".join(t for t in (title.get("desc", ""), card.get("sub_title_text", "")) if t))
    form = (
        _form(userid, message) if not message.grey else f"<p><small>{html.escape(message.grey)}</small></p>"
    )
    return (
        f"<article><small>{source}</small><h3>{html.escape(title.get('title', ''))}</h3><p>{body}</p>{rows}{form}"
        "</article>"
    )


def _form(userid: str, message: Message) -> str:
    card: Json = message.card
    selects = "".join(
        f"<p>{html.escape(question.get('title', ''))} <select name='s.{html.escape(question['question_key'])}'>"
        + "".join(
            f"<option value='{html.escape(option['id'])}'"
            f"{' selected' if option['id'] == question.get('selected_id') else ''}>"
            f"{html.escape(option['text'])}</option>"
            for option in question["option_list"]
        )
        + "</select></p>"
        for question in rules.questions_of(card)
    )
    named = [*card.get("button_list", []), *(card.get("action_menu") or {}).get("action_list", [])]
    if card.get("submit_button"):
        named.append(card["submit_button"])
    buttons = "".join(
        f"<button name=key value='{html.escape(each['key'])}'>{html.escape(each['text'])}</button> "
        for each in named
        if each.get("key")
    )
    if not buttons:
        return ""
    hidden = (
        f"<input type=hidden name=user value='{html.escape(userid)}'>"
        f"<input type=hidden name=message value='{html.escape(message.id)}'>"
    )
    return f"<form method=post action=/do>{hidden}{selects}{buttons}</form>"
