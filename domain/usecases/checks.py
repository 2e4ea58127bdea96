"""查重: who has a customer already. The answer holds no contact data; who asked is counted and recorded."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from domain.contact import contact_keys, find_emails, find_phones, fold, normal_wechat
from domain.errors import TooManyChecks
from domain.events import Kind
from domain.lead import Lead
from domain.ports import Dialog, Uow

MOST_AN_HOUR = 20
HOUR = timedelta(hours=1)


def read_keys(words: str) -> tuple[str, ...]:
    """The contact keys in what was asked; none when it is a firm or a name."""
    plain = fold(words)
    keys: list[str] = []
    for phone in find_phones(plain):
        keys += contact_keys(phone=phone.value, email=None, wechat=None)
    for email in find_emails(plain):
        keys += contact_keys(phone=None, email=email.value, wechat=None)
    if not keys and words.strip().isascii():
        keys += contact_keys(phone=None, email=None, wechat=normal_wechat(plain))
    return tuple(keys)


def check_known(uow: Uow, *, keys: Sequence[str], leads: Sequence[str], by: str, at: datetime) -> list[Lead]:
    """The open leads with one of these keys, and those named. Raises TooManyChecks past MOST_AN_HOUR."""
    _count(uow, by, at)
    known = uow.known_contact(keys) if keys else None
    found = [uow.lead(each) for each in dict.fromkeys([*([known] if known else []), *leads])]
    for lead in found:
        lead.record(Kind.LOOKED_UP, at=at, actor=by)
        uow.save(lead)
    return found


def _count(uow: Uow, by: str, at: datetime) -> None:
    kept = uow.dialog(f"{by}#checks")
    fresh = kept is None or at - kept.at >= HOUR
    count = 1 if fresh or kept is None else int(kept.about) + 1
    if count > MOST_AN_HOUR:
        raise TooManyChecks(most=MOST_AN_HOUR)
    since = at if fresh or kept is None else kept.at
    uow.set_dialog(Dialog(person=f"{by}#checks", kind="checks", lead_id="", about=str(count), at=since))
