"""Tables of the memory's file, and whether a file is one of ours.

What belongs here: names, types, indexes, triggers and the version. What does not: rows.

The file has its own small version number (``user_version``) and a mark (``application_id``), since
it is no part of the warehouse. Rows of engrams never change but in strength and, once, outcome.
"""

from __future__ import annotations

from sqlalchemy import (
    JSON,
    BigInteger,
    Boolean,
    Column,
    Connection,
    Double,
    ForeignKey,
    Index,
    Integer,
    MetaData,
    Table,
    Text,
    UniqueConstraint,
)

from babingepet.errors import ConfigurationError

MARK = 0x42424D45
"""``BBME``, in the file's head."""
VERSION = 1

metadata = MetaData()


def _text(name: str) -> Column[str]:
    return Column(name, Text, nullable=False)


def _time(name: str, *, null: bool = False) -> Column[int]:
    return Column(name, BigInteger, nullable=null)


engram = Table(
    "engram",
    metadata,
    Column("id", Integer, primary_key=True),
    _text("kind"),
    _text("market"),
    _text("symbol"),
    _text("source"),
    _text("text"),
    Column("fingerprint", Text, nullable=False, unique=True),
    _text("tags"),
    _text("payload"),
    Column("strength", Double, nullable=False),
    Column("pinned", Boolean, nullable=False),
    _time("event_time"),
    _time("known_at"),
    _time("last_access"),
    Column("access_count", Integer, nullable=False),
    Column("expects_outcome", Boolean, nullable=False),
    Column("outcome", JSON(none_as_null=True)),
    _time("outcome_known_at", null=True),
    _time("written_at"),
    Index("engram_known_at_idx", "known_at"),
    Index("engram_outcome_idx", "market", "kind", "outcome_known_at"),
    sqlite_autoincrement=True,  # a number that a prompt has named is never another engram's
)

engram_fact = Table(
    "engram_fact",
    metadata,
    Column("fact_id", Text, primary_key=True),
    Column("engram_id", ForeignKey("engram.id", ondelete="CASCADE"), nullable=False, index=True),
    _text("fingerprint"),
    sqlite_with_rowid=False,
)
"""The stored facts that an engram was made and strengthened by: each counts once."""

chronicle = Table(
    "chronicle",
    metadata,
    Column("id", Integer, primary_key=True),
    _text("kind"),
    _text("market"),
    _text("symbol"),
    _text("source"),
    _time("period_start"),
    _time("period_end"),
    _text("title"),
    _text("body"),
    _time("known_at"),
    UniqueConstraint("kind", "market", "symbol", "source", "period_start"),
)

_SEARCH = (
    # The underscore belongs to a word: vpin_regime_high is one. Text of the tags has blanks.
    """CREATE VIRTUAL TABLE engram_fts USING fts5(
        text, tags, content='engram', content_rowid='id',
        tokenize="unicode61 remove_diacritics 2 tokenchars '_'")""",
    "CREATE VIRTUAL TABLE engram_words USING fts5vocab(engram_fts, 'row')",
    """CREATE TRIGGER engram_added AFTER INSERT ON engram BEGIN
        INSERT INTO engram_fts(rowid, text, tags) VALUES (new.id, new.text, new.tags); END""",
    """CREATE TRIGGER engram_forgotten AFTER DELETE ON engram BEGIN
        INSERT INTO engram_fts(engram_fts, rowid, text, tags)
        VALUES ('delete', old.id, old.text, old.tags); END""",
    """CREATE TRIGGER engram_kept BEFORE UPDATE OF
        kind, market, symbol, source, text, fingerprint, tags, payload, event_time, known_at
        ON engram BEGIN SELECT RAISE(ABORT, 'an engram never changes'); END""",
    """CREATE TRIGGER engram_outcome_kept BEFORE UPDATE OF outcome, outcome_known_at
        ON engram WHEN old.outcome IS NOT NULL
        BEGIN SELECT RAISE(ABORT, 'an outcome never changes'); END""",
)


def is_ready(connection: Connection, where: str) -> bool:
    """Whether the file has our tables; False for a new one.

    Raises:
        ConfigurationError: It is somebody else's, or of a newer version.
    """
    mark, version, tables = (
        connection.exec_driver_sql(statement).scalar_one()
        for statement in (
            "PRAGMA application_id",
            "PRAGMA user_version",
            "SELECT count(*) FROM sqlite_master",
        )
    )
    if mark == 0 and tables == 0:
        return False
    if mark != MARK:
        raise ConfigurationError(f"{where} holds the tables of another program: move it away.")
    if version > VERSION:
        raise ConfigurationError(
            f"{where} was written by a newer version (tables {version}, here {VERSION})."
        )
    return True


def create(connection: Connection) -> None:
    """Make all tables of a new file."""
    metadata.create_all(connection)
    for statement in (*_SEARCH, f"PRAGMA application_id = {MARK}", f"PRAGMA user_version = {VERSION}"):  # fmt: skip
        connection.exec_driver_sql(statement)
