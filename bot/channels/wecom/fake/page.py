"""The fake's page: every member's phone, which one can press, write on, and take out of the app's range.

GET / is the page, GET /phones what the phones show now, POST /do a form of it: what came of it as JSON.
"""

import html
from collections.abc import Awaitable, Callable
from pathlib import Path

from aiohttp import web

from bot.channels.rehearsal import STYLE
from bot.channels.wecom.fake import rules
from bot.channels.wecom.fake.phones import Dead, Phones, Told
from bot.channels.wecom.fake.state import Json, Message, State

HERE = Path(__file__).parent
LATEST = 12
ONLY_OURS = "default-src 'none'; style-src 'self'; script-src 'self'; connect-src 'self'; form-action 'self'"


class Page:
    def __init__(self, state: State, phones: Phones) -> None:
        self._state = state
        self._phones = phones

    def mount(self, app: web.Application) -> None:
        for path, file in (("/", HERE / "page.html"), ("/page.js", HERE / "page.js"), ("/page.css", STYLE)):
            app.router.add_get(path, _file(file))
        app.router.add_get("/phones", self.show)
        app.router.add_post("/do", self.do)

    async def show(self, _request: web.Request) -> web.Response:
        members = [
            {
                "id": member.userid,
                "name": member.name,
                "left": not member.visible,
                "messages": "".join(_message(userid, each) for each in self._state.seen_by(userid)[-LATEST:]),
            }
            for userid, member in self._state.members.items()
        ]
        return web.json_response({"callback": self._state.callback, "members": members})

    async def do(self, request: web.Request) -> web.Response:
        form = {name: str(value) for name, value in (await request.post()).items()}
        try:
            said = await self._done(form)
        except (Dead, StopIteration, KeyError):
            said = "按不动了 that cannot be pressed any more"
        return web.json_response({"said": said})

    async def _done(self, form: dict[str, str]) -> str:
        """A press, a text, opening the app, coming and going, or the callback's address."""
        user = form.get("user", "")
        if "callback" in form:
            return "callback ✔" if await self._phones.try_address(form["callback"]) else "callback ✘"
        if "key" in form:
            message = next(each for each in self._state.seen_by(user) if each.id == form["message"])
            chosen = {name[2:]: value for name, value in form.items() if name.startswith("s.")}
            return _said(await self._phones.press(user, message, form["key"], chosen))
        for name, act in (
            ("enter", self._phones.enter),
            ("leave", self._phones.leave),
            ("back", self._phones.come_back),
        ):
            if name in form:
                return _said(await act(user))
        return _said(await self._phones.write(user, form["text"])) if form["text"] else ""


def _file(path: Path) -> Callable[[web.Request], Awaitable[web.StreamResponse]]:
    async def serve(_request: web.Request) -> web.StreamResponse:
        return web.FileResponse(path, headers={"Content-Security-Policy": ONLY_OURS})

    return serve


def _said(told: Told) -> str:
    tries = ", ".join("✘" if each == 0 else str(each) for each in told.tries)
    return f"机器人应答 the bot answered: {tries}"


def _message(userid: str, message: Message) -> str:
    if message.type != "card":
        kind = " class=mine" if message.mine else ""
        return f"<li{kind}>{html.escape(message.text)}</li>"
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
    head = f"<small>{source}</small><b>{html.escape(title.get('title', ''))}</b>"
    return f"<li class=card>{head}<p>{body}</p>{rows}{form}</li>"


def _form(userid: str, message: Message) -> str:
    card: Json = message.card
    selects = "".join(map(_select, rules.questions_of(card)))
    named = [*card.get("button_list", []), *(card.get("action_menu") or {}).get("action_list", [])]
    if card.get("submit_button"):
        named.append(card["submit_button"])
    buttons = " ".join(map(_button, named))
    if not buttons.strip():
        return ""
    hidden = (
        f"<input type=hidden name=user value='{html.escape(userid)}'>"
        f"<input type=hidden name=message value='{html.escape(message.id)}'>"
    )
    return f"<form>{hidden}{selects}{buttons}</form>"


def _button(drawn: Json) -> str:
    if not drawn.get("key"):
        return ""
    look = " class=blue" if drawn.get("style") == 1 else ""
    return f"<button name=key value='{html.escape(drawn['key'])}'{look}>{html.escape(drawn['text'])}</button>"


def _select(question: Json) -> str:
    options = "".join(
        f"<option value='{html.escape(option['id'])}'"
        f"{' selected' if option['id'] == question.get('selected_id') else ''}>"
        f"{html.escape(option['text'])}</option>"
        for option in question["option_list"]
    )
    name = html.escape(question["question_key"])
    return f"<p>{html.escape(question.get('title', ''))} <select name='s.{name}'>{options}</select></p>"
