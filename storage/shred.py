"""Deleting what is kept of a customer, table by table, as listed at the head of `storage.tables`."""

from collections.abc import Sequence

from sqlalchemy import Connection

from storage import sql

_OF_THE_LEAD = (
    "DELETE FROM contacts WHERE lead_id = ?",
    "DELETE FROM media WHERE note IN (SELECT key FROM notes WHERE lead_id = ?)",
    "UPDATE notes SET text = '', gone = true WHERE lead_id = ?",
    "DELETE FROM proposals WHERE lead_id = ?",
    "DELETE FROM plans WHERE lead_id = ?",
    "DELETE FROM dialogs WHERE lead_id = ?",
    "DELETE FROM outbox WHERE lead_id = ? AND tell IN ('reply', 'welcome')",
    # What was out of date may be changed once more: it still names the customer on somebody's phone.
    "UPDATE shown SET state = 'done', digest = '' WHERE lead_id = ?",
    # A question that names several leads holds the same words with each.
    "UPDATE shown SET args = '{}' WHERE message IN (SELECT message FROM shown WHERE lead_id = ?) "
    "AND tell NOT IN ('rollup', 'pool')",
)
_WITH_A_TRACE = (
    "DELETE FROM market_notes WHERE text LIKE ? ESCAPE '!'",
    "DELETE FROM dialogs WHERE about LIKE ? ESCAPE '!'",
    "DELETE FROM outbox WHERE tell IN ('reply', 'welcome') AND args LIKE ? ESCAPE '!'",
)
_SAID = (
    ("answer", "UPDATE inbox SET answer = ? WHERE substr(key, 1, 4) <> 'api:'"),
    # What was typed in the simulator; a platform keeps its own chats. Cards are drawn anew instead.
    ("body", "DELETE FROM sim_messages WHERE id NOT IN (SELECT message FROM shown)"),
)


def shred(conn: Connection, lead_id: str, traces: Sequence[str], instead: str) -> list[str]:
    """See domain.ports.Uow.shred."""
    files = _files(conn, lead_id)
    for statement in _OF_THE_LEAD:
        sql.execute(conn, statement, (lead_id,))
    sql.execute(conn, "DELETE FROM undos WHERE key LIKE ? ESCAPE '!'", (_holding(f":{lead_id}:"),))
    sql.execute(
        conn,
        "INSERT INTO marks (name, value) VALUES ('erased', ?) "
        "ON CONFLICT (name) DO UPDATE SET value = marks.value || ' ' || excluded.value",
        (lead_id,),
    )
    for column, statement in _SAID:
        given = (instead,) if "?" in statement else ()
        for trace in traces:
            sql.execute(conn, f"{statement} AND {column} LIKE ? ESCAPE '!'", (*given, _holding(trace)))
        sql.execute(conn, f"{statement} AND {_but_longer(column, lead_id)} LIKE ?", (*given, f"%{lead_id}%"))
    for trace in (f'"{lead_id}"', *traces):  # in quotes it stands in the list of a question
        for statement in _WITH_A_TRACE:
            sql.execute(conn, statement, (_holding(trace),))
    return files


def _files(conn: Connection, lead_id: str) -> list[str]:
    """The places that nothing but this lead's notes names."""
    theirs = "SELECT key FROM notes WHERE lead_id = ?"
    rows = sql.query(
        conn,
        f"SELECT DISTINCT path FROM media WHERE path <> '' AND note IN ({theirs}) "  # noqa: S608
        f"AND path NOT IN (SELECT path FROM media WHERE note NOT IN ({theirs}))",
        (lead_id, lead_id),
    )
    return [path for (path,) in rows]


def _but_longer(column: str, lead_id: str) -> str:
    """The column without the numbers that only begin like this one: L1042 is not named by L10421."""
    for digit in range(10):
        column = f"replace({column}, '{lead_id}{digit}', '')"
    return column


def _holding(text: str) -> str:
    """A pattern of LIKE for what holds this text."""
    for sign in "!%_":
        text = text.replace(sign, f"!{sign}")
    return f"%{text}%"
