"""`/erase`: an admin deletes what is kept of a customer who asks for it. It has no undo, so it asks."""

from bot.cards.actions import Confirm
from bot.handlers.intake import lead_number
from bot.inbound import Chat, Click, Reply
from bot.router import Bot, Router
from bot.words import say
from domain.errors import NotAllowed
from domain.permission import may_erase
from domain.usecases.erasing import Erased, erase_lead

ANSWERED = Reply(text=f"{say('zh', 'erase.answered')} {say('en', 'erase.answered')}", ok=False).dump()
"""What a callback hears that comes once more, and whose answer named the customer."""


def register(router: Router) -> None:
    router.command("erase", "删除客户")(ask)


async def ask(bot: Bot, chat: Chat, rest: str) -> Reply:
    """`/erase L1042`: what would go, and a button for it."""
    lang = bot.lang(chat.by)
    if not may_erase(bot.person(chat.by)):
        raise NotAllowed(lead="/erase")
    lead_id = lead_number(rest)
    if not lead_id:
        return await bot.tell(chat, Reply(text=say(lang, "erase.usage"), ok=False))
    found = await bot.reads.lead(lead_id)
    if found is None:
        return await bot.tell(chat, Reply(text=say(lang, "refused.unknown_lead", lead=lead_id), ok=False))
    if found.erased:
        return await bot.tell(chat, Reply(text=say(lang, "erase.done", lead=lead_id)))
    return await bot.tell(chat, Reply(text="", card="erase", lead=lead_id))


async def confirm(bot: Bot, click: Click, action: Confirm) -> Reply:
    lang, files = bot.lang(click.by), list[str]()

    def answer(found: Erased) -> Reply:
        files.extend(found.files)
        return Reply(text=say(lang, "erase.done", lead=found.lead.id))

    reply = await bot.act(
        click, erase_lead, answer, lead_id=action.lead, by=click.by, at=click.at, instead=ANSWERED
    )
    bot.drop(files)
    return reply


async def call_off(bot: Bot, click: Click, lead_id: str) -> Reply:
    return await bot.tell(click, Reply(text=say(bot.lang(click.by), "erase.off", lead=lead_id)))
