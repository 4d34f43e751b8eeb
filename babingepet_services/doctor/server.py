"""The PostgreSQL server: versions, what stands in between, encryption, and Dagster's tables.

Does not belong here: what the warehouses in it hold (``doctor.warehouses``).
"""

from __future__ import annotations

from contextlib import closing
from dataclasses import dataclass
from importlib import metadata
from ipaddress import ip_address
from typing import Any

from sqlalchemy import text

from babingepet.errors import BabingepetError, ConfigurationError
from babingepet_resources.settings import Settings
from babingepet_resources.warehouse.database import Database, open_database
from babingepet_services.doctor.findings import Finding, fail, ok, warn
from babingepet_services.orchestration.storage import open_storage, storage_url, stored_version

SECTION = "database"
OLDEST = 140_000
"""The oldest server that its makers still mend, as the server counts."""


@dataclass(frozen=True)
class Link:
    """A connection as both of its ends see it.

    Attributes:
        server: Version, as the server counts: 150014 is 15.14.
        client: Version of the library that speaks to it, counted the same way.
        is_pooled: Whether the process that answers is not the one that greeted us.
        is_encrypted: Whether this end of the way is.
        is_local: Whether it never leaves this machine.
    """

    server: int
    client: int
    is_pooled: bool
    is_encrypted: bool
    is_local: bool


def examine_server(settings: Settings) -> list[Finding]:
    """Look at the configured server and at Dagster's tables; nothing for the embedded database."""
    findings: list[Finding] = []
    if settings.database_url and settings.warehouse(settings.source).file is None:
        findings += _server(settings)
    return [*findings, *_dagster(settings)]


def _server(settings: Settings) -> list[Finding]:
    try:
        with closing(open_database(settings.database_url or "")) as database:
            link = _look(database)
    except BabingepetError as error:
        return [fail(SECTION, "server", str(error), _mend(error))]
    return [_version(link), _way(link), encryption(link)]


def _mend(error: BabingepetError) -> str:
    if isinstance(error, ConfigurationError):
        return "mend BABINGEPET_DATABASE_URL"
    return "see whether the address and the password are right, and whether the server runs"


def _look(database: Database) -> Link:
    with database.reading() as connection:
        answering = connection.execute(text("SELECT pg_backend_pid()")).scalar_one()
        link: Any = connection.connection.driver_connection
        info = link.info
        return Link(
            info.server_version,
            database.engine.dialect.loaded_dbapi.__libpq_version__,
            answering != info.backend_pid,
            bool(info.ssl_in_use),
            _is_local(info.host),
        )


def _is_local(host: str | None) -> bool:
    if not host or host.startswith("/") or host == "localhost":
        return True
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False


def _version(link: Link) -> Finding:
    major, minor = divmod(link.server, 10_000)
    client_major, client_minor = divmod(link.client, 10_000)
    shown = f"PostgreSQL {major}.{minor}, client library {client_major}.{client_minor}"
    if link.server < OLDEST:
        return warn(
            SECTION, "server", shown, f"upgrade it to PostgreSQL {OLDEST // 10_000} or later"
        )
    return ok(SECTION, "server", shown)


def _way(link: Link) -> Finding:
    if link.is_pooled:
        return ok(SECTION, "connection", "by way of a pooler")
    return ok(SECTION, "connection", "direct")


def encryption(link: Link) -> Finding:
    """Whether what is said stays between the two ends."""
    if link.is_encrypted:
        return ok(SECTION, "encryption", "TLS")
    if link.is_local:
        return ok(SECTION, "encryption", "none; it does not leave this machine")
    advice = (
        "add ?sslmode=require to BABINGEPET_DATABASE_URL, or sslmode=verify-full with a sslrootcert"
    )
    return warn(SECTION, "encryption", "none, and the server is elsewhere", advice)


def _dagster(settings: Settings) -> list[Finding]:
    name = "Dagster's tables"
    try:
        if storage_url(settings) is None:
            return []
        with open_storage(settings) as database:
            stored = stored_version(database)
    except BabingepetError as error:
        return [fail(SECTION, name, str(error), "see BABINGEPET_DAGSTER_DATABASE_URL")]
    installed = metadata.version("dagster")
    if stored == installed:
        return [ok(SECTION, name, f"{database.where}: of Dagster {stored}")]
    shown = f"{database.where}: {f'of Dagster {stored}' if stored else 'not made yet'}"
    return [warn(SECTION, name, shown, "babingepet db upgrade, or start it: it does so itself")]
