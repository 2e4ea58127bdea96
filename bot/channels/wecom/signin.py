"""Signing in to the pages with WeCom: silently inside its client, by a QR code on a desktop.

https://developer.work.weixin.qq.com/document/path/91022 and 98152.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import urlencode, urlsplit

from bot.channels.base import NotGenuine, Refused
from bot.channels.wecom.client import App, Client
from bot.channels.wecom.receive import NAME
from bot.config import LOOPBACK

_CODE = re.compile(r"[A-Za-z0-9_-]{1,512}")
INSIDE = "https://open.weixin.qq.com/connect/oauth2/authorize"
DESKTOP = "https://login.work.weixin.qq.com/wwlogin/sso/login"


@dataclass(frozen=True, slots=True, kw_only=True)
class WecomSignIn:
    """See bot.channels.base.SignIn."""

    client: Client
    app: App
    name: str = NAME

    def fits(self, user_agent: str) -> bool:
        return "wxwork" in user_agent.lower()

    def begin(self, *, back: str, state: str, user_agent: str) -> str:
        rehearsed = urlsplit(self.app.base).hostname in LOOPBACK
        if self.fits(user_agent):
            base = f"{self.app.base}/connect/oauth2/authorize" if rehearsed else INSIDE
            query = {
                "appid": self.app.corp_id,
                "redirect_uri": back,
                "response_type": "code",
                "scope": "snsapi_base",
                "state": state,
                "agentid": str(self.app.agent_id),
            }
            return f"{base}?{urlencode(query)}#wechat_redirect"
        base = f"{self.app.base}/wwlogin/sso/login" if rehearsed else DESKTOP
        query = {
            "login_type": "CorpApp",
            "appid": self.app.corp_id,
            "agentid": str(self.app.agent_id),
            "redirect_uri": back,
            "state": state,
            "lang": "zh",
        }
        return f"{base}?{urlencode(query)}"

    async def account(self, query: Mapping[str, str]) -> str:
        """The member who signed in. The platform names members outside the app's range too, so who may see
        what is decided elsewhere."""
        code = query.get("code", "")
        if not _CODE.fullmatch(code):
            raise NotGenuine("code")
        found = await self.client.get("auth/getuserinfo", code=code)
        account = found.get("userid")
        if not isinstance(account, str) or not account:
            raise Refused("not a member of the company")
        return account
