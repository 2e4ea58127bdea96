"""No text column may be forgotten when a customer is erased: each is named here as the customer's or as not."""

from sqlalchemy import Text

from storage.tables import metadata

THE_CUSTOMERS = {
    "leads.customer", "leads.external_id", "leads.consent", "contacts.key", "notes.text", "market_notes.text",
    "plans.words", "proposals.facts", "shown.args", "shown.digest", "dialogs.about", "undos.before",
    "outbox.args", "inbox.answer", "media.name", "media.label", "media.path", "media.ref", "media.sha256",
    "media.url", "sim_messages.body",
}  # fmt: skip
"""What is deleted, blanked or written anew: tests/scenario/test_erasing.py looks for what is left."""

NOT_THE_CUSTOMERS = {
    "anchors": "heads root", "blocks": "name", "calendars": "id body", "contacts": "lead_id",
    "desks": "person team", "dialogs": "person kind lead_id",
    "directory": "id channel account name departments leads",
    "events": "lead_id kind actor clock data policy calendar hash", "inbox": "key",
    "leads": "id stage team owner tier source channel captured_by campaign policy lapsed offer_person offer_team "
    "overtaken_person handed_back_by helper help_reason reason head",
    "market_notes": "key author", "marks": "name value", "media": "id note kind channel state speech",
    "members": "id name channel account", "meters": "name", "notes": "key lead_id author kind",
    "outbox": "key tell person lead_id state error", "pace": "person", "plans": "lead_id person",
    "platform_codes": "code app message", "platform_sends": "message app account", "platform_tokens": "app token",
    "policies": "id body", "proposals": "lead_id person note state", "reach": "person channel",
    "sessions": "digest person", "shown": "message lead_id person tell channel handle state",
    "sim_messages": "id person sender type", "tokens": "name hash scopes", "undos": "key person verb note",
}  # fmt: skip


def test_every_text_column_is_the_customers_or_not() -> None:
    there = {
        f"{table.name}.{column.name}"
        for table in metadata.tables.values()
        for column in table.columns
        if isinstance(column.type, Text)
    }
    others = {f"{table}.{name}" for table, names in NOT_THE_CUSTOMERS.items() for name in names.split()}
    assert not THE_CUSTOMERS & others
    assert there == THE_CUSTOMERS | others
