"""The answer to a click inside the answer to its callback, which the platform says it takes and may ignore
(https://developer.work.weixin.qq.com/document/path/90241); behind a switch, and never relied on."""

from collections.abc import Callable
from datetime import datetime

from bot.channels.wecom.crypto import Keys
from bot.channels.wecom.parse import CardClick
from bot.channels.wecom.render import cut, plain
from bot.inbound import Reply
from bot.seams import new_id

LONGEST = 30


def greyed(keys: Keys) -> Callable[[CardClick, Reply, datetime], bytes]:
    """A function that greys the pressed button under the words of the reply; nothing for a refusal."""

    def answer(click: CardClick, reply: Reply, now: datetime) -> bytes:
        words = cut(plain(reply.text), LONGEST)
        if not reply.ok or not words:
            return b""
        made = str(int(now.timestamp()))
        message = (
            f"<xml><ToUserName><![CDATA[{_cdata(click.sender)}]]></ToUserName>"
            f"<FromUserName><![CDATA[{keys.receiver}]]></FromUserName><CreateTime>{made}</CreateTime>"
            "<MsgType><![CDATA[update_button]]></MsgType>"
            f"<Button><ReplaceName><![CDATA[{_cdata(words)}]]></ReplaceName></Button></xml>"
        )
        prefix, nonce = bytes.fromhex(new_id()), new_id()[:16]
        return keys.envelope(message.encode("utf-8"), timestamp=made, nonce=nonce, prefix=prefix)

    return answer


def _cdata(text: str) -> str:
    return text.replace("]]>", "]]]]><![CDATA[>")
