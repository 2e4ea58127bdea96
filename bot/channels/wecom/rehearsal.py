"""The keys of the fake, and the accounts of its people: all made up."""

from bot.channels.rehearsal import NAMES

REHEARSAL_KEY = "jWmYm7qr5nMoAUwZRjGtBxmz3KA1tkAj3ykkR6q2B2C"
REHEARSAL = {
    "corp_id": "wwrehearsal000001",
    "agent_id": "1000002",
    "secret": "rehearsal-secret",
    "token": "rehearsaltoken0001",
    "encoding_aes_key": REHEARSAL_KEY,
}
"""Made up, and printed for all to see: of use for nothing but the fake."""
EMPLOYEE = "XiaoLin"
MEMBERS = {
    account: NAMES[account.lower()] for account in ("ZhangWei", "LiLei", "WangFang", "WuLin", EMPLOYEE)
}
