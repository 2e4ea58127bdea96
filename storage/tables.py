"""The schema. Times are whole microseconds since 1970 UTC (docs/decisions/0002); lists are comma-joined ids.

Personal data stands in `leads.customer`, `contacts.key`, `notes.text`, `market_notes.text`,
`plans.words`, `proposals.facts`, `shown.args`, `dialogs`, `undos.before`,
`outbox.args` of replies, `inbox.answer`, `members`, `directory`, `media` (and the files it names) and
`sim_messages`, and nowhere else.
"""

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Float,
    Index,
    Integer,
    MetaData,
    PrimaryKeyConstraint,
    Table,
    Text,
    UniqueConstraint,
    text,
)

NAMING = {
    "ix": "ix_%(table_name)s_%(column_0_name)s",
    "uq": "uq_%(table_name)s_%(column_0_name)s",
    "pk": "pk_%(table_name)s",
}
metadata = MetaData(naming_convention=NAMING)


def _words(name: str, *, need: bool = False) -> Column[str]:
    return Column(name, Text, nullable=not need)


def _number(name: str, *, need: bool = False) -> Column[int]:
    return Column(name, BigInteger, nullable=not need)


def _when(name: str, *, need: bool = False) -> Column[int]:
    return Column(name, BigInteger, nullable=not need)


leads = Table(
    "leads",
    metadata,
    Column("id", Text, primary_key=True),
    _number("version", need=True),
    _when("created_at", need=True),
    _when("updated_at", need=True),
    _words("stage", need=True),
    _words("team"),
    _words("owner"),
    _words("tier", need=True),
    _words("source", need=True),
    _words("external_id"),
    _words("channel", need=True),
    _words("captured_by"),
    _words("campaign"),
    _words("consent"),
    _words("customer", need=True),
    _number("events", need=True),
    _number("decisions", need=True),
    _when("next_due"),
    _number("cycle"),
    _number("cycles", need=True),
    _words("policy"),
    _number("first_offer"),
    _when("started_at"),
    _number("fired", need=True),
    _when("breached_at"),
    _words("lapsed", need=True),
    _number("offer"),
    _words("offer_person"),
    _words("offer_team"),
    _when("offered_at"),
    _when("offer_delivered_at"),
    Column("alarmed", Boolean, nullable=False),
    _number("offers", need=True),
    _number("overtaken"),
    _words("overtaken_person"),
    _when("overtaken_due"),
    _when("assigned_at"),
    _when("accepted_at"),
    _number("accepted_offer", need=True),
    _when("contacted_at"),
    _when("contact_from"),
    _number("contact_fired", need=True),
    _number("contact_steps", need=True),
    _when("contact_breached_at"),
    _number("attempts", need=True),
    _number("handbacks", need=True),
    _words("handed_back_by", need=True),
    _words("helper"),
    _words("help_reason"),
    _words("reason"),
    _when("wake_at"),
    _when("stuck_at"),
    _number("stuck_rung", need=True),
    _words("head", need=True),
    Index("ix_leads_next_due", "next_due", postgresql_where=text("next_due IS NOT NULL"),
          sqlite_where=text("next_due IS NOT NULL")),
    Index("ix_leads_owner", "owner", postgresql_where=text("owner IS NOT NULL"),
          sqlite_where=text("owner IS NOT NULL")),
    Index("ix_leads_helper", "helper", postgresql_where=text("helper IS NOT NULL"),
          sqlite_where=text("helper IS NOT NULL")),
    Index("ix_leads_waiting", "team", "created_at", postgresql_where=text("stage = 'waiting'"),
          sqlite_where=text("stage = 'waiting'")),
    Index("ix_leads_updated", "updated_at", "id"),
    Index("ix_leads_captured_by", "captured_by", postgresql_where=text("captured_by IS NOT NULL"),
          sqlite_where=text("captured_by IS NOT NULL")),
    Index("uq_leads_external", "source", "external_id", unique=True,
          postgresql_where=text("external_id IS NOT NULL"), sqlite_where=text("external_id IS NOT NULL")),
)  # fmt: skip

policies = Table("policies", metadata, Column("id", Text, primary_key=True), _words("body", need=True))

calendars = Table("calendars", metadata, Column("id", Text, primary_key=True), _words("body", need=True))
"""Working calendars under which facts were booked, by content: a proof needs no settings."""

anchors = Table(
    "anchors",
    metadata,
    Column("no", BigInteger, primary_key=True, autoincrement=False),
    _when("at", need=True),
    _when("upto", need=True),
    _words("heads", need=True),
    _words("root", need=True),
)
"""The heads of the chains that have grown, chained in turn: a root known outside fixes all before it."""

contacts = Table(
    "contacts",
    metadata,
    Column("key", Text, primary_key=True),
    _words("lead_id", need=True),
    Index("ix_contacts_lead", "lead_id"),
)

events = Table(
    "events",
    metadata,
    _words("lead_id", need=True),
    _number("no", need=True),
    _words("kind", need=True),
    _when("at", need=True),
    _words("actor", need=True),
    _number("cycle", need=True),
    _number("offer", need=True),
    _words("clock", need=True),
    _number("step"),
    _words("data", need=True),
    _words("policy"),
    _words("calendar", need=True),
    _words("hash", need=True),
    PrimaryKeyConstraint("lead_id", "no"),
    Index("uq_events_step", "lead_id", "cycle", "clock", "step", unique=True,
          postgresql_where=text("step IS NOT NULL"), sqlite_where=text("step IS NOT NULL")),
)  # fmt: skip

notes = Table(
    "notes",
    metadata,
    Column("key", Text, primary_key=True),
    _words("lead_id", need=True),
    _words("author", need=True),
    _words("kind", need=True),
    _words("text", need=True),
    _when("at", need=True),
    Column("gone", Boolean, nullable=False),
    Index("ix_notes_lead", "lead_id", "at"),
)

market_notes = Table(
    "market_notes",
    metadata,
    Column("key", Text, primary_key=True),
    _words("author", need=True),
    _words("text", need=True),
    _when("at", need=True),
    Index("ix_market_notes_at", "at"),
)

plans = Table(
    "plans",
    metadata,
    Column("lead_id", Text, primary_key=True),
    _number("no", need=True),
    _words("person", need=True),
    _when("due", need=True),
    Column("exact", Boolean, nullable=False),
    _words("words", need=True),
    Index("ix_plans_person", "person", "due"),
)

proposals = Table(
    "proposals",
    metadata,
    _words("lead_id", need=True),
    _number("no", need=True),
    _words("person", need=True),
    _words("note", need=True),
    _words("facts", need=True),
    _words("state", need=True),
    PrimaryKeyConstraint("lead_id", "no"),
    Index("ix_proposals_note", "note"),
)

desks = Table(
    "desks",
    metadata,
    Column("person", Text, primary_key=True),
    Column("on_duty", Boolean, nullable=False),
    _number("unaccepted", need=True),
    _number("active", need=True),
    _number("given", need=True),
    _number("day"),
    Column("turn", Float, nullable=False),
    _number("lapses", need=True),
    Column("team", Text),
)

inbox = Table(
    "inbox",
    metadata,
    Column("key", Text, primary_key=True),
    _when("at", need=True),
    _words("answer", need=True),
    Index("ix_inbox_at", "at"),
)

outbox = Table(
    "outbox",
    metadata,
    Column("key", Text, primary_key=True),
    _words("tell", need=True),
    _words("person", need=True),
    _words("lead_id"),
    _words("args", need=True),
    _words("state", need=True),
    _number("priority", need=True),
    _number("attempts", need=True),
    _when("not_before", need=True),
    _number("lease", need=True),
    _number("changed", need=True),
    _when("created_at", need=True),
    _when("done_at"),
    _words("error"),
    _when("first_claim"),
    Index("ix_outbox_due", "priority", "not_before", postgresql_where=text("state = 'due'"),
          sqlite_where=text("state = 'due'")),
    Index("ix_outbox_done", "done_at", postgresql_where=text("state <> 'due'"),
          sqlite_where=text("state <> 'due'")),
    Index("ix_outbox_lead", "lead_id", postgresql_where=text("state = 'due'"),
          sqlite_where=text("state = 'due'")),
)  # fmt: skip

pace = Table("pace", metadata, Column("person", Text, primary_key=True), _when("tat", need=True))

shown = Table(
    "shown",
    metadata,
    _words("message", need=True),
    _words("lead_id", need=True),
    _words("person", need=True),
    _words("tell", need=True),
    _words("channel", need=True),
    _words("handle", need=True),
    _words("digest", need=True),
    _words("state", need=True),
    _words("args", need=True),
    PrimaryKeyConstraint("message", "lead_id"),
    Index("ix_shown_live", "lead_id", postgresql_where=text("state <> 'dead'"),
          sqlite_where=text("state <> 'dead'")),
)  # fmt: skip

dialogs = Table(
    "dialogs",
    metadata,
    Column("person", Text, primary_key=True),
    _words("kind", need=True),
    _words("lead_id", need=True),
    _words("about", need=True),
    _when("at", need=True),
)

undos = Table(
    "undos",
    metadata,
    Column("key", Text, primary_key=True),
    _words("person", need=True),
    _words("verb", need=True),
    _when("at", need=True),
    _when("until", need=True),
    _words("before", need=True),
    _number("decisions", need=True),
    _words("note"),
    Index("ix_undos_person", "person", "at"),
    Index("ix_undos_until", "until"),
)

members = Table(
    "members",
    metadata,
    Column("id", Text, primary_key=True),
    _words("name", need=True),
    _words("channel", need=True),
    _words("account", need=True),
    UniqueConstraint("channel", "account"),
)

directory = Table(
    "directory",
    metadata,
    Column("id", Text, primary_key=True),
    _words("channel", need=True),
    _words("account", need=True),
    _words("name", need=True),
    _words("departments", need=True),
    _words("leads", need=True),
    Column("gone", Boolean, nullable=False),
)
"""What a platform's directory said at the last reading; who has left since the first one stays as `gone`."""

reach = Table("reach", metadata, Column("person", Text, primary_key=True), _words("channel", need=True))

tokens = Table(
    "tokens",
    metadata,
    Column("name", Text, primary_key=True),
    _words("hash", need=True),
    _words("scopes", need=True),
    _when("created_at", need=True),
    _when("revoked_at"),
    UniqueConstraint("hash"),
)

marks = Table("marks", metadata, Column("name", Text, primary_key=True), _words("value", need=True))
"""Small facts about the program itself: the heartbeat, the simulator's clock and outage switch, how often the
directory was taken over, the working hours by which due times were reckoned, the names that people had."""

sim_messages = Table(
    "sim_messages",
    metadata,
    Column("seq", BigInteger().with_variant(Integer, "sqlite"), primary_key=True, autoincrement=True),
    Column("id", Text, nullable=False, unique=True),
    _words("person", need=True),
    _when("at", need=True),
    _words("sender", need=True),
    _words("type", need=True),
    _words("body", need=True),
    _number("changed", need=True),
    Index("ix_sim_messages_person", "person", "seq"),
    Index("ix_sim_messages_changed", "changed"),
)

# What the channels of real platforms keep.

platform_tokens = Table(
    "platform_tokens",
    metadata,
    Column("app", Text, primary_key=True),
    _words("token", need=True),
    _when("expires_at", need=True),
    _when("fetched_at", need=True),
    _when("fetching_until"),
)
"""The access token of each platform app, one for all instances. It opens that app's calls for two hours."""

media = Table(
    "media",
    metadata,
    Column("id", Text, primary_key=True),
    _words("note", need=True),
    _words("kind", need=True),
    _words("name", need=True),
    _words("label", need=True),
    _words("channel", need=True),
    _words("ref", need=True),
    _words("state", need=True),
    _number("size"),
    _words("sha256", need=True),
    _words("path", need=True),
    _number("seconds"),
    Column("lat", Float),
    Column("lng", Float),
    _words("url", need=True),
    _when("at", need=True),
    _number("attempts", need=True),
    _when("not_before", need=True),
    _words("speech", need=True),
    Index("ix_media_note", "note"),
    Index("ix_media_wanted", "not_before", postgresql_where=text("state = 'wanted'"),
          sqlite_where=text("state = 'wanted'")),
    Index("ix_media_speech", "not_before", postgresql_where=text("speech = 'due'"),
          sqlite_where=text("speech = 'due'")),
)  # fmt: skip
"""What came with a note. `state`: here (nothing to fetch), kept (the file is at `path` under the media
folder), wanted (the platform still has it), lost. `speech`: due (a voice whose words nobody has), done,
failed, or empty. `attempts` and `not_before` count the fetching, and once it is kept, the hearing."""

platform_codes = Table(
    "platform_codes",
    metadata,
    Column("code", Text, primary_key=True),
    _words("app", need=True),
    _words("message", need=True),
    _when("until", need=True),
    _when("used_at"),
    Index("ix_platform_codes_message", "app", "message", postgresql_where=text("used_at IS NULL"),
          sqlite_where=text("used_at IS NULL")),
    Index("ix_platform_codes_until", "until"),
)  # fmt: skip
"""One-use codes with which a platform lets a sent card be changed; claimed (`used_at`) before use."""

blocks = Table(
    "blocks",
    metadata,
    Column("name", Text, primary_key=True),
    _when("until", need=True),
    _number("strikes", need=True),
)
"""Until when a platform has asked us not to make a call, and how many times in a row it has."""

platform_sends = Table(
    "platform_sends",
    metadata,
    _words("message", need=True),
    _when("at", need=True),
    _words("app", need=True),
    _words("account", need=True),
    PrimaryKeyConstraint("message", "at"),
    Index("ix_platform_sends_account", "app", "account", "at"),
    Index("ix_platform_sends_at", "at"),
)
"""Every try to show a message, written before it is made: the limits of an hour and a minute are counted
here, and a message that was tried before may be on the phone already."""

sessions = Table(
    "sessions",
    metadata,
    Column("digest", Text, primary_key=True),
    _words("person", need=True),
    _when("created_at", need=True),
    _when("seen_at", need=True),
)
"""Who is signed in to the pages; the token itself is in their browser alone."""

meters = Table("meters", metadata, Column("name", Text, primary_key=True), _number("count", need=True))
"""What a platform counts and charges for, by month: `dingtalk:calls:2026-11`."""
