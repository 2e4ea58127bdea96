"""The first schema."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "contacts",
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("lead_id", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_contacts")),
    )
    op.create_index("ix_contacts_lead", "contacts", ["lead_id"], unique=False)
    op.create_table(
        "desks",
        sa.Column("person", sa.Text(), nullable=False),
        sa.Column("on_duty", sa.Boolean(), nullable=False),
        sa.Column("unaccepted", sa.BigInteger(), nullable=False),
        sa.Column("active", sa.BigInteger(), nullable=False),
        sa.Column("given", sa.BigInteger(), nullable=False),
        sa.Column("day", sa.BigInteger(), nullable=True),
        sa.Column("turn", sa.Float(), nullable=False),
        sa.Column("lapses", sa.BigInteger(), nullable=False),
        sa.Column("team", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("person", name=op.f("pk_desks")),
    )
    op.create_table(
        "dialogs",
        sa.Column("person", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("lead_id", sa.Text(), nullable=False),
        sa.Column("about", sa.Text(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("person", name=op.f("pk_dialogs")),
    )
    op.create_table(
        "directory",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("channel", sa.Text(), nullable=False),
        sa.Column("account", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("departments", sa.Text(), nullable=False),
        sa.Column("leads", sa.Text(), nullable=False),
        sa.Column("gone", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_directory")),
    )
    op.create_table(
        "events",
        sa.Column("lead_id", sa.Text(), nullable=False),
        sa.Column("no", sa.BigInteger(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("actor", sa.Text(), nullable=False),
        sa.Column("cycle", sa.BigInteger(), nullable=False),
        sa.Column("offer", sa.BigInteger(), nullable=False),
        sa.Column("clock", sa.Text(), nullable=False),
        sa.Column("step", sa.BigInteger(), nullable=True),
        sa.Column("data", sa.Text(), nullable=False),
        sa.Column("policy", sa.Text(), nullable=True),
        sa.Column("calendar", sa.Text(), nullable=False),
        sa.Column("hash", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("lead_id", "no", name=op.f("pk_events")),
    )
    op.create_index(
        "uq_events_step",
        "events",
        ["lead_id", "cycle", "clock", "step"],
        unique=True,
        postgresql_where=sa.text("step IS NOT NULL"),
        sqlite_where=sa.text("step IS NOT NULL"),
    )
    op.create_table(
        "inbox",
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("answer", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_inbox")),
    )
    op.create_index("ix_inbox_at", "inbox", ["at"], unique=False)
    op.create_table(
        "leads",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("updated_at", sa.BigInteger(), nullable=False),
        sa.Column("stage", sa.Text(), nullable=False),
        sa.Column("team", sa.Text(), nullable=True),
        sa.Column("owner", sa.Text(), nullable=True),
        sa.Column("tier", sa.Text(), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("external_id", sa.Text(), nullable=True),
        sa.Column("channel", sa.Text(), nullable=False),
        sa.Column("captured_by", sa.Text(), nullable=True),
        sa.Column("campaign", sa.Text(), nullable=True),
        sa.Column("consent", sa.Text(), nullable=True),
        sa.Column("customer", sa.Text(), nullable=False),
        sa.Column("events", sa.BigInteger(), nullable=False),
        sa.Column("decisions", sa.BigInteger(), nullable=False),
        sa.Column("next_due", sa.BigInteger(), nullable=True),
        sa.Column("cycle", sa.BigInteger(), nullable=True),
        sa.Column("cycles", sa.BigInteger(), nullable=False),
        sa.Column("policy", sa.Text(), nullable=True),
        sa.Column("first_offer", sa.BigInteger(), nullable=True),
        sa.Column("started_at", sa.BigInteger(), nullable=True),
        sa.Column("fired", sa.BigInteger(), nullable=False),
        sa.Column("breached_at", sa.BigInteger(), nullable=True),
        sa.Column("lapsed", sa.Text(), nullable=False),
        sa.Column("offer", sa.BigInteger(), nullable=True),
        sa.Column("offer_person", sa.Text(), nullable=True),
        sa.Column("offer_team", sa.Text(), nullable=True),
        sa.Column("offered_at", sa.BigInteger(), nullable=True),
        sa.Column("offer_delivered_at", sa.BigInteger(), nullable=True),
        sa.Column("alarmed", sa.Boolean(), nullable=False),
        sa.Column("offers", sa.BigInteger(), nullable=False),
        sa.Column("overtaken", sa.BigInteger(), nullable=True),
        sa.Column("overtaken_person", sa.Text(), nullable=True),
        sa.Column("overtaken_due", sa.BigInteger(), nullable=True),
        sa.Column("assigned_at", sa.BigInteger(), nullable=True),
        sa.Column("accepted_at", sa.BigInteger(), nullable=True),
        sa.Column("accepted_offer", sa.BigInteger(), nullable=False),
        sa.Column("contacted_at", sa.BigInteger(), nullable=True),
        sa.Column("contact_from", sa.BigInteger(), nullable=True),
        sa.Column("contact_fired", sa.BigInteger(), nullable=False),
        sa.Column("contact_steps", sa.BigInteger(), nullable=False),
        sa.Column("contact_breached_at", sa.BigInteger(), nullable=True),
        sa.Column("attempts", sa.BigInteger(), nullable=False),
        sa.Column("handbacks", sa.BigInteger(), nullable=False),
        sa.Column("handed_back_by", sa.Text(), nullable=False),
        sa.Column("helper", sa.Text(), nullable=True),
        sa.Column("help_reason", sa.Text(), nullable=True),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.Column("wake_at", sa.BigInteger(), nullable=True),
        sa.Column("stuck_at", sa.BigInteger(), nullable=True),
        sa.Column("stuck_rung", sa.BigInteger(), nullable=False),
        sa.Column("head", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_leads")),
    )
    op.create_index(
        "ix_leads_captured_by",
        "leads",
        ["captured_by"],
        unique=False,
        postgresql_where=sa.text("captured_by IS NOT NULL"),
        sqlite_where=sa.text("captured_by IS NOT NULL"),
    )
    op.create_index(
        "ix_leads_helper",
        "leads",
        ["helper"],
        unique=False,
        postgresql_where=sa.text("helper IS NOT NULL"),
        sqlite_where=sa.text("helper IS NOT NULL"),
    )
    op.create_index(
        "ix_leads_next_due",
        "leads",
        ["next_due"],
        unique=False,
        postgresql_where=sa.text("next_due IS NOT NULL"),
        sqlite_where=sa.text("next_due IS NOT NULL"),
    )
    op.create_index(
        "ix_leads_owner",
        "leads",
        ["owner"],
        unique=False,
        postgresql_where=sa.text("owner IS NOT NULL"),
        sqlite_where=sa.text("owner IS NOT NULL"),
    )
    op.create_index("ix_leads_updated", "leads", ["updated_at", "id"], unique=False)
    op.create_index(
        "ix_leads_waiting",
        "leads",
        ["team", "created_at"],
        unique=False,
        postgresql_where=sa.text("stage = 'waiting'"),
        sqlite_where=sa.text("stage = 'waiting'"),
    )
    op.create_index(
        "uq_leads_external",
        "leads",
        ["source", "external_id"],
        unique=True,
        postgresql_where=sa.text("external_id IS NOT NULL"),
        sqlite_where=sa.text("external_id IS NOT NULL"),
    )
    op.create_table(
        "marks",
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("value", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_marks")),
    )
    op.create_table(
        "members",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("channel", sa.Text(), nullable=False),
        sa.Column("account", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_members")),
        sa.UniqueConstraint("channel", "account", name=op.f("uq_members_channel")),
    )
    op.create_table(
        "notes",
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("lead_id", sa.Text(), nullable=False),
        sa.Column("author", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("gone", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_notes")),
    )
    op.create_index("ix_notes_lead", "notes", ["lead_id", "at"], unique=False)
    op.create_table(
        "market_notes",
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("author", sa.Text(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_market_notes")),
    )
    op.create_index("ix_market_notes_at", "market_notes", ["at"], unique=False)
    op.create_table(
        "plans",
        sa.Column("lead_id", sa.Text(), nullable=False),
        sa.Column("no", sa.BigInteger(), nullable=False),
        sa.Column("person", sa.Text(), nullable=False),
        sa.Column("due", sa.BigInteger(), nullable=False),
        sa.Column("exact", sa.Boolean(), nullable=False),
        sa.Column("words", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("lead_id", name=op.f("pk_plans")),
    )
    op.create_index("ix_plans_person", "plans", ["person", "due"], unique=False)
    op.create_table(
        "proposals",
        sa.Column("lead_id", sa.Text(), nullable=False),
        sa.Column("no", sa.BigInteger(), nullable=False),
        sa.Column("person", sa.Text(), nullable=False),
        sa.Column("note", sa.Text(), nullable=False),
        sa.Column("facts", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("lead_id", "no", name=op.f("pk_proposals")),
    )
    op.create_index("ix_proposals_note", "proposals", ["note"], unique=False)
    op.create_table(
        "outbox",
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("tell", sa.Text(), nullable=False),
        sa.Column("person", sa.Text(), nullable=False),
        sa.Column("lead_id", sa.Text(), nullable=True),
        sa.Column("args", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("priority", sa.BigInteger(), nullable=False),
        sa.Column("attempts", sa.BigInteger(), nullable=False),
        sa.Column("not_before", sa.BigInteger(), nullable=False),
        sa.Column("lease", sa.BigInteger(), nullable=False),
        sa.Column("changed", sa.BigInteger(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("done_at", sa.BigInteger(), nullable=True),
        sa.Column("error", sa.Text(), nullable=True),
        sa.Column("first_claim", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_outbox")),
    )
    op.create_index(
        "ix_outbox_done",
        "outbox",
        ["done_at"],
        unique=False,
        postgresql_where=sa.text("state <> 'due'"),
        sqlite_where=sa.text("state <> 'due'"),
    )
    op.create_index(
        "ix_outbox_due",
        "outbox",
        ["priority", "not_before"],
        unique=False,
        postgresql_where=sa.text("state = 'due'"),
        sqlite_where=sa.text("state = 'due'"),
    )
    op.create_index(
        "ix_outbox_lead",
        "outbox",
        ["lead_id"],
        unique=False,
        postgresql_where=sa.text("state = 'due'"),
        sqlite_where=sa.text("state = 'due'"),
    )
    op.create_table(
        "pace",
        sa.Column("person", sa.Text(), nullable=False),
        sa.Column("tat", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("person", name=op.f("pk_pace")),
    )
    op.create_table(
        "policies",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_policies")),
    )
    op.create_table(
        "reach",
        sa.Column("person", sa.Text(), nullable=False),
        sa.Column("channel", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("person", name=op.f("pk_reach")),
    )
    op.create_table(
        "shown",
        sa.Column("message", sa.Text(), nullable=False),
        sa.Column("lead_id", sa.Text(), nullable=False),
        sa.Column("person", sa.Text(), nullable=False),
        sa.Column("tell", sa.Text(), nullable=False),
        sa.Column("channel", sa.Text(), nullable=False),
        sa.Column("handle", sa.Text(), nullable=False),
        sa.Column("digest", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("args", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("message", "lead_id", name=op.f("pk_shown")),
    )
    op.create_index(
        "ix_shown_live",
        "shown",
        ["lead_id"],
        unique=False,
        postgresql_where=sa.text("state <> 'dead'"),
        sqlite_where=sa.text("state <> 'dead'"),
    )
    op.create_table(
        "sim_messages",
        sa.Column(
            "seq", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False
        ),
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("person", sa.Text(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("sender", sa.Text(), nullable=False),
        sa.Column("type", sa.Text(), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.Column("changed", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("seq", name=op.f("pk_sim_messages")),
        sa.UniqueConstraint("id", name=op.f("uq_sim_messages_id")),
    )
    op.create_index("ix_sim_messages_changed", "sim_messages", ["changed"], unique=False)
    op.create_index("ix_sim_messages_person", "sim_messages", ["person", "seq"], unique=False)
    op.create_table(
        "tokens",
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("hash", sa.Text(), nullable=False),
        sa.Column("scopes", sa.Text(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("revoked_at", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_tokens")),
        sa.UniqueConstraint("hash", name=op.f("uq_tokens_hash")),
    )
    op.create_table(
        "undos",
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("person", sa.Text(), nullable=False),
        sa.Column("verb", sa.Text(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("until", sa.BigInteger(), nullable=False),
        sa.Column("before", sa.Text(), nullable=False),
        sa.Column("decisions", sa.BigInteger(), nullable=False),
        sa.Column("note", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_undos")),
    )
    op.create_index("ix_undos_person", "undos", ["person", "at"], unique=False)
    op.create_index("ix_undos_until", "undos", ["until"], unique=False)
    _for_platforms()
    _append_only()


def _for_platforms() -> None:
    """What the channels of real platforms keep."""
    op.create_table(
        "platform_tokens",
        sa.Column("app", sa.Text(), nullable=False),
        sa.Column("token", sa.Text(), nullable=False),
        sa.Column("expires_at", sa.BigInteger(), nullable=False),
        sa.Column("fetched_at", sa.BigInteger(), nullable=False),
        sa.Column("fetching_until", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("app", name=op.f("pk_platform_tokens")),
    )
    op.create_table(
        "media",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("note", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("label", sa.Text(), nullable=False),
        sa.Column("channel", sa.Text(), nullable=False),
        sa.Column("ref", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("size", sa.BigInteger(), nullable=True),
        sa.Column("sha256", sa.Text(), nullable=False),
        sa.Column("path", sa.Text(), nullable=False),
        sa.Column("seconds", sa.BigInteger(), nullable=True),
        sa.Column("lat", sa.Float(), nullable=True),
        sa.Column("lng", sa.Float(), nullable=True),
        sa.Column("url", sa.Text(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("attempts", sa.BigInteger(), nullable=False),
        sa.Column("not_before", sa.BigInteger(), nullable=False),
        sa.Column("speech", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_media")),
    )
    op.create_index("ix_media_note", "media", ["note"], unique=False)
    op.create_index(
        "ix_media_wanted",
        "media",
        ["not_before"],
        unique=False,
        postgresql_where=sa.text("state = 'wanted'"),
        sqlite_where=sa.text("state = 'wanted'"),
    )
    op.create_index(
        "ix_media_speech",
        "media",
        ["not_before"],
        unique=False,
        postgresql_where=sa.text("speech = 'due'"),
        sqlite_where=sa.text("speech = 'due'"),
    )
    op.create_table(
        "platform_codes",
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column("app", sa.Text(), nullable=False),
        sa.Column("message", sa.Text(), nullable=False),
        sa.Column("until", sa.BigInteger(), nullable=False),
        sa.Column("used_at", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("code", name=op.f("pk_platform_codes")),
    )
    op.create_index(
        "ix_platform_codes_message",
        "platform_codes",
        ["app", "message"],
        unique=False,
        postgresql_where=sa.text("used_at IS NULL"),
        sqlite_where=sa.text("used_at IS NULL"),
    )
    op.create_index("ix_platform_codes_until", "platform_codes", ["until"], unique=False)
    op.create_table(
        "blocks",
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("until", sa.BigInteger(), nullable=False),
        sa.Column("strikes", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_blocks")),
    )
    op.create_table(
        "platform_sends",
        sa.Column("message", sa.Text(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("app", sa.Text(), nullable=False),
        sa.Column("account", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("message", "at", name=op.f("pk_platform_sends")),
    )
    op.create_index("ix_platform_sends_account", "platform_sends", ["app", "account", "at"], unique=False)
    op.create_index("ix_platform_sends_at", "platform_sends", ["at"], unique=False)
    op.create_table(
        "sessions",
        sa.Column("digest", sa.Text(), nullable=False),
        sa.Column("person", sa.Text(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("seen_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("digest", name=op.f("pk_sessions")),
    )
    op.create_table(
        "meters",
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("count", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_meters")),
    )


def _append_only() -> None:
    """Facts and anchors are never changed and never deleted."""
    op.create_table(
        "calendars",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_calendars")),
    )
    op.create_table(
        "anchors",
        sa.Column("no", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("upto", sa.BigInteger(), nullable=False),
        sa.Column("heads", sa.Text(), nullable=False),
        sa.Column("root", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("no", name=op.f("pk_anchors")),
    )
    if op.get_bind().dialect.name == "postgresql":
        op.execute(
            "CREATE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS "
            "$$ BEGIN RAISE EXCEPTION '% are append-only', TG_TABLE_NAME; END $$"
        )
        for table in ("events", "anchors"):
            op.execute(
                f"CREATE TRIGGER {table}_append_only BEFORE UPDATE OR DELETE ON {table} "
                "FOR EACH ROW EXECUTE FUNCTION refuse_change()"
            )
            op.execute(
                f"CREATE TRIGGER {table}_no_truncate BEFORE TRUNCATE ON {table} "
                "FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()"
            )
        op.execute("CREATE SEQUENCE lead_numbers START 1001")
        return
    for table in ("events", "anchors"):
        for verb in ("UPDATE", "DELETE"):
            op.execute(
                f"CREATE TRIGGER {table}_no_{verb.lower()} BEFORE {verb} ON {table} "
                f"BEGIN SELECT RAISE(ABORT, '{table} are append-only'); END"
            )
