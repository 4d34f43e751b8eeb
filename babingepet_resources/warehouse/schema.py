"""Bringing a database to this version's tables, and knowing whether it is there.

What belongs here: which revision a database is at, the way to the newest, and the refusal to touch
a database that is somebody else's. What does not: the revisions themselves (``migrations``).

Each migration is one transaction that takes a lock first: killed in the middle, it leaves the
database at the revision before, and running again goes on from there.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, text

from babingepet.errors import ConfigurationError
from babingepet_resources.warehouse.database import Database
from babingepet_resources.warehouse.limits import PATIENT
from babingepet_resources.warehouse.tables import metadata

VERSION_TABLE = "alembic_version"

SUGGESTED_SCHEMA = "babingepet"

_LOCK = 0x62616269
"""Any number, the same in every program that upgrades ('babi')."""


@dataclass(frozen=True)
class Upgrade:
    """What an upgrade did.

    Attributes:
        before: The revision found; None for an empty database.
        after: The revision reached: this version's newest.
        applied: Revisions applied, in order; empty when there was nothing to do.
    """

    before: str | None
    after: str
    applied: tuple[str, ...]


def head() -> str:
    """The newest revision this version knows."""
    revision = ScriptDirectory.from_config(_config()).get_current_head()
    if revision is None:
        raise ConfigurationError("The installation lacks its migrations: install it again.")
    return revision


def current(database: Database) -> str | None:
    """The revision a database is at; None when it was never upgraded.

    Raises:
        ConfigurationError: The database holds tables of the same names that are not ours.
    """
    with database.reading() as connection:
        return _revision(connection, database)


def is_current(database: Database) -> bool:
    """Whether the database holds this version's tables."""
    return current(database) == head()


def made_schemas(database: Database) -> set[str | None]:
    """Schemas of a PostgreSQL database that hold our tables; None stands for the server's default.

    Raises:
        WarehouseUnavailable: It does not answer.
    """
    query = text(
        "SELECT nspname, nspname = current_schema() FROM pg_class JOIN pg_namespace n "
        "ON n.oid = relnamespace WHERE relname = 'warehouse_meta' AND relkind = 'r'"
    )
    with database.reading() as connection:
        found = connection.execute(query).all()
    return {name for name, _ in found} | {None for _, is_default in found if is_default}


def upgrade(database: Database) -> Upgrade:
    """Bring a database to the newest revision.

    Raises:
        ConfigurationError: The database holds tables of the same names that are not ours, or was
            upgraded by a newer version.
        WarehouseUnavailable: The database.
    """
    database = database.within(PATIENT)
    make_schema(database)
    goal = head()
    applied: list[str] = []
    before: str | None = None
    while True:
        with database.writing() as connection:
            _lock(connection)
            at = _revision(connection, database)
            if not applied:
                before = at
            if at == goal:
                return Upgrade(before, goal, tuple(applied))
            command.upgrade(_config(connection), "+1")
            applied.append(str(_stored_revision(connection)))


def make_schema(database: Database) -> None:
    """Make the PostgreSQL schema that a database was opened with, if it is not there.

    Raises:
        WarehouseUnavailable: The database.
    """
    if database.schema is None:
        return
    # Asked first: where an administrator made it, the user may lack the right that IF NOT EXISTS needs.
    exists = text("SELECT 1 FROM pg_namespace WHERE nspname = :name")
    with database.reading() as connection:
        if connection.execute(exists, {"name": database.schema}).first():
            return
    with database.writing() as connection:
        _lock(connection)  # two at once: IF NOT EXISTS alone lets the second fail on the catalogue
        connection.exec_driver_sql(f'CREATE SCHEMA IF NOT EXISTS "{database.schema}"')


def _config(connection: Connection | None = None) -> Config:
    config = Config()
    folder = Path(__file__).parent / "migrations"
    config.set_main_option("script_location", str(folder).replace("%", "%%"))
    config.attributes["connection"] = connection
    return config


def _lock(connection: Connection) -> None:
    # SQLite's writing transaction is a lock of its own.
    if connection.dialect.name == "postgresql":
        connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _LOCK})


def _revision(connection: Connection, database: Database) -> str | None:
    """The revision, after making sure that the tables are ours."""
    present = _names_in_use(connection)
    clashing = sorted(present & {*metadata.tables, VERSION_TABLE})
    if not clashing:
        return None
    revision = _stored_revision(connection) if VERSION_TABLE in present else None
    known = {script.revision for script in ScriptDirectory.from_config(_config()).walk_revisions()}
    if revision in known and "warehouse_meta" in present:
        _refuse_strangers(present, revision, database)
        return revision
    if "warehouse_meta" in present and _is_ours(connection):
        raise ConfigurationError(
            f"The database {database.where} was upgraded by a newer version of Babingepet "
            f"(revision {revision}): install that version."
        )
    raise ConfigurationError(
        f"The database {database.where} holds tables that Babingepet did not create: "
        f"{', '.join(clashing)}. They were left alone. {_offer(database)}"
    )


def _names_in_use(connection: Connection) -> set[str]:
    """Names of tables, and of views, indexes and sequences, which share them."""
    query = "SELECT name FROM sqlite_schema"
    if connection.dialect.name == "postgresql":
        query = "SELECT relname FROM pg_class WHERE pg_table_is_visible(oid)"
    return set(connection.execute(text(query)).scalars())


def _refuse_strangers(present: set[str], revision: str | None, database: Database) -> None:
    """Tables that the coming revisions would make must not be there already."""
    coming = ScriptDirectory.from_config(_config()).iterate_revisions("head", revision)
    made = {name for script in coming for name in getattr(script.module, "TABLES", ())}
    if clashing := sorted(present & made):
        raise ConfigurationError(
            f"The database {database.where} holds tables that Babingepet did not create, under "
            f"names that this version needs: {', '.join(clashing)}. They were left alone. Rename "
            "them, then run `babingepet db upgrade`."
        )


def _offer(database: Database) -> str:
    if database.is_sqlite:
        return "Name another file in BABINGEPET_DATABASE_URL."
    name = SUGGESTED_SCHEMA if database.schema != SUGGESTED_SCHEMA else f"{SUGGESTED_SCHEMA}_2"
    return f"Set BABINGEPET_DATABASE_SCHEMA={name} to keep Babingepet's tables in a schema of their own."


def _stored_revision(connection: Connection) -> str | None:
    query = text(f"SELECT version_num FROM {VERSION_TABLE}")  # noqa: S608 (a constant)
    revisions = connection.execute(query).scalars().all()
    return revisions[0] if len(revisions) == 1 else None  # several are those of another program


def _is_ours(connection: Connection) -> bool:
    query = text("SELECT value FROM warehouse_meta WHERE key = 'product'")
    return connection.execute(query).scalar_one_or_none() == "babingepet"
