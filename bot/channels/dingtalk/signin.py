"""Signing in to the pages with DingTalk: without a question inside its client (免登), by its login page in
any other browser.

open.dingtalk.com/document/development/obtain-the-userid-of-a-user-by-using-the-log-free and
/tutorial-obtaining-user-personal-information. The client hands its code to a script alone, so inside it a
page of ours asks for it; where the client cannot, the page goes on to the login page.
"""

import html
import re
from base64 import b64encode
from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import sha256
from urllib.parse import urlencode, urlsplit

from bot.channels.base import NotGenuine, Refused, SignInPage
from bot.channels.dingtalk.channel import NAME
from bot.channels.dingtalk.client import Client
from bot.config import LOOPBACK

LOGIN = "https://login.dingtalk.com/oauth2/auth"
JSAPI = "https://g.alicdn.com/dingding/dingtalk-jsapi/3.0.25/dingtalk.open.js"
INTERNAL = 0  # `contact_type` of a colleague; 1 is an outside contact
_CODE = re.compile(r"[A-Za-z0-9_-]{1,512}")
_ASK = """
const {corp, client, back, state, login} = document.body.dataset;
const elsewhere = () => location.replace(login);
const done = (found) => {
  const code = found && found.code;
  if (!code) return elsewhere();
  location.replace(back + "?" + new URLSearchParams({code, state}));
};
const older = () => {
  try {
    dd.runtime.permission.requestAuthCode({corpId: corp, onSuccess: done, onFail: elsewhere});
  } catch (_) { elsewhere(); }
};
const ask = () => {
  try {
    dd.requestAuthCode({corpId: corp, clientId: client, success: done, fail: older});
  } catch (_) { older(); }
};
setTimeout(elsewhere, 8000);
if (!window.dd) elsewhere(); else if (dd.ready) dd.ready(ask); else ask();
"""
"""Clients before 7.0.45 know the older call alone."""
_ASK_HASH = b64encode(sha256(_ASK.encode()).digest()).decode()


@dataclass(frozen=True, slots=True, kw_only=True)
class DingtalkSignIn:
    """See bot.channels.base.SignIn. Without `corp_id` the client has nothing to ask with, and its browser is
    one like any other."""

    client: Client
    corp_id: str = ""
    name: str = NAME

    def fits(self, user_agent: str) -> bool:
        return "dingtalk" in user_agent.lower()

    def begin(self, *, back: str, state: str, user_agent: str) -> str | SignInPage:
        login = self._login(back, state)
        if not (self.corp_id and self.fits(user_agent)):
            return login
        script = f"{self.client.api_base}/fake/dingtalk.open.js" if self._rehearsed else JSAPI
        values = {
            "corp": self.corp_id,
            "client": self.client.client_id,
            "back": back,
            "state": state,
            "login": login,
        }
        data = " ".join(f'data-{name}="{html.escape(value)}"' for name, value in values.items())
        return SignInPage(
            html=f"<!doctype html><meta charset=utf-8><title>Leadbell</title><body {data}>"
            f'<script src="{html.escape(script)}"></script><script>{_ASK}</script></body>',
            policy=f"default-src 'none'; script-src {script} 'sha256-{_ASK_HASH}'; frame-src dingtalk: "
            "dingtalkclient:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
        )

    @property
    def _rehearsed(self) -> bool:
        return urlsplit(self.client.api_base).hostname in LOOPBACK

    def _login(self, back: str, state: str) -> str:
        base = f"{self.client.api_base}/oauth2/auth" if self._rehearsed else LOGIN
        query = {
            "redirect_uri": back,
            "response_type": "code",
            "client_id": self.client.client_id,
            "scope": "openid",
            "prompt": "consent",
            "state": state,
        }
        return f"{base}?{urlencode(query)}"

    async def account(self, query: Mapping[str, str]) -> str:
        """The colleague who signed in: a code of the login page comes as `authCode` too, one of the client as
        `code` alone."""
        in_browser = "authCode" in query
        code = query["authCode"] if in_browser else query.get("code", "")
        if not _CODE.fullmatch(code):
            raise NotGenuine("code")
        found = await (self._by_browser(code) if in_browser else self._inside(code))
        account = found.get("userid")
        if not isinstance(account, str) or not account:
            raise Refused("nobody")
        return account

    async def _inside(self, code: str) -> Mapping[str, object]:
        return _result(await self.client.old("/topapi/v2/user/getuserinfo", {"code": code}))

    async def _by_browser(self, code: str) -> Mapping[str, object]:
        body = {
            "clientId": self.client.client_id,
            "clientSecret": self.client.client_secret,
            "code": code,
            "grantType": "authorization_code",
        }
        token = str((await self.client.bare("/v1.0/oauth2/userAccessToken", body)).get("accessToken", ""))
        union = str((await self.client.as_user("/v1.0/contact/users/me", token)).get("unionId", ""))
        found = _result(await self.client.old("/topapi/user/getbyunionid", {"unionid": union}))
        if found.get("contact_type", INTERNAL) != INTERNAL:
            raise Refused("not a colleague")
        return found


def _result(answer: Mapping[str, object]) -> Mapping[str, object]:
    found = answer.get("result")
    return found if isinstance(found, Mapping) else {}
