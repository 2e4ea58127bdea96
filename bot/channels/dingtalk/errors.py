"""What DingTalk's refusals mean for a delivery: try later and when, never, or a mistake in the console.

Codes: open.dingtalk.com/document/development/server-api-error-codes-1 and
/how-to-process-api-throttling-on-the-dingtalk-server; the old host answers 200 with an `errcode`.
"""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from bot.channels.base import Refused, Retryable, Unsure
from bot.channels.tokens import TokenRefused
from bot.seams import jitter

SECOND, MINUTE, HOUR = timedelta(seconds=1), timedelta(minutes=1), timedelta(hours=1)


class Misconfigured(Retryable):
    """The console or the settings must be mended; until then everybody waits. Nobody is to blame for it, so
    no rep is given up on: the delivery stays due, and the log and the doctor say what to do."""


class NoCards(Misconfigured):
    """Cards can't be sent at all: the scope, or the template, is missing."""


class CardExists(Exception):
    """A card of that outTrackId was created before."""


class CardGone(Exception):
    """There is no card of that outTrackId."""


class Unsafe(Exception):
    """The platform's filter dislikes a text."""


class OverQuota(Retryable):
    """This month's calls are used up."""


class NotThere(Refused):
    """The organisation does not have this person, or not in the app's visible range: they left, were taken
    out of it, or were never there."""


_NOBODY = frozenset(
    {"param.userIdNotExist", "staffId.notExisted", "invalidParameter.userIds.invalid", "user.notExist"}
)
_NOTHING = frozenset({"param.openSpaceIdInvalid", "invalidParameter.downloadCode", "invalidParameter.code"})
_CONSOLE = frozenset(
    {
        "robot.oto.notExist", "chatbotId.notAllow.sendOTO", "invalidParameter.robotCode.empty",
        "invalidParameter.robotCode.invalid", "invalidParameter.robotCode.notExsit",
        "invalidParameter.robotCode.auth", "template.stopped", "bot.forbidden.sendMessage", "bot.stopped",
        "invalidClientIdOrSecret", "InvalidAction.NotFound",
    }
)  # fmt: skip
_TEMPLATE = frozenset({"param.templateNotExist", "param.templateUnpublished", "param.cardTemplateIdEmpty"})
_TOO_FAST = frozenset({"send.too.fast", "send.byToken.tooFast", "too.many.people"})
_UNSAFE = frozenset({"param.contentUnsafe", "contain.notAllowed.text", "contain.unsafe.url"})
DENIED = "Forbidden.AccessDenied."


def trouble(status: int, body: object, *, cards: bool = False) -> Exception:
    """The error for a non-2xx answer of the new host; `cards` = of a call of the card API."""
    if not isinstance(body, Mapping):
        return _unreadable(status)
    if body.get("status") == 1111:  # the egress address is blocked: no code, no message
        return Retryable("address blocked", timedelta(minutes=_number(body.get("wait"), 5)))
    code = str(body.get("code", ""))[:100]
    if code in ("InvalidAuthentication", "invalidParameter.token.invalid"):
        return TokenRefused(code)
    if code.startswith(DENIED):
        return _denied(code.removeprefix(DENIED), body, cards=cards)
    return _of_what_was_asked(code) or _otherwise(status, code)


def _of_what_was_asked(code: str) -> Exception | None:
    """The error of a code that speaks of the card, the text or the person that a call named."""
    kinds: tuple[tuple[frozenset[str], type[Exception]], ...] = (
        (frozenset({"param.cardAlreadyExist"}), CardExists),
        (frozenset({"param.cardNotExist"}), CardGone),
        (_UNSAFE, Unsafe),
        (_NOBODY, NotThere),
        (_NOTHING, Refused),
    )
    return next((kind(code) for codes, kind in kinds if code in codes), None)


def _unreadable(status: int) -> Exception:
    """No JSON: a page of a gateway in between. Below 500 it turned the call away; otherwise what lies behind
    it may have done what was asked."""
    if 400 <= status < 500:
        return Retryable(f"http {status}", timedelta(minutes=5) if status == 403 else None)
    return Unsure(f"http {status}")


def _otherwise(status: int, code: str) -> Exception:
    if code in _TEMPLATE:
        return NoCards(code, MINUTE)
    if code in _CONSOLE:
        return Misconfigured(code, MINUTE)
    if code in _TOO_FAST:
        return Retryable(code, MINUTE)
    return Retryable(code or f"http {status}")


def _denied(kind: str, body: Mapping[str, Any], *, cards: bool) -> Exception:
    if kind.startswith("Qps"):
        return Retryable(kind, SECOND + timedelta(seconds=jitter(1.0)))
    if kind.startswith("Qpm"):
        return Retryable(kind, MINUTE)
    if kind == "ApiCountLimitForOrg":
        return OverQuota(kind, HOUR)
    if kind == "AccessTokenPermissionDenied":
        detail = body.get("accessdenieddetail")
        scopes = detail.get("requiredScopes") if isinstance(detail, Mapping) else None
        named = ",".join(map(str, scopes)) if isinstance(scopes, list) else ""
        why = f"scope missing: {named}"[:200]
        return NoCards(why, MINUTE) if cards else Misconfigured(why, MINUTE)
    return Misconfigured(kind, MINUTE)


def old_trouble(body: Mapping[str, Any]) -> Exception | None:  # noqa: PLR0911 - one line a kind
    """The error that an answer of the old host holds; None when all is well. `errcode` may be a string."""
    code = _number(body.get("errcode"), 0)
    if code == 88:
        code = _number(body.get("sub_code"), 88)
    why = f"errcode {code}"
    match code:
        case 0:
            return None
        case 40014 | 42001 | 41001:
            return TokenRefused(why)
        case 33012 | 50002 | 60121:
            return NotThere(why)
        case 40078:
            return Refused(why)
        case 90018:
            return Retryable(why, SECOND + timedelta(seconds=jitter(1.0)))
        case 90002:
            return Retryable(why, timedelta(seconds=5))
        case 90020:
            return OverQuota(why, HOUR)
        case 40001 | 43007 | 60011 | 60020 | 88:
            return Misconfigured(why, MINUTE)
        case _:
            return Retryable(why)


def _number(value: object, otherwise: int) -> int:
    try:
        return int(str(value))
    except ValueError:
        return otherwise
