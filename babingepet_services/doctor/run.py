"""Is everything in place to run: environment, settings, folder, database, exchange, ports.

Nothing is made, mended or started here; each finding says what to do. Parts that look at one
thing each are in ``doctor.server``, ``doctor.warehouses`` and ``doctor.exchange``.
"""

from __future__ import annotations

import os
import platform
import shutil
import socket
import sys
from collections.abc import Mapping
from importlib import metadata
from pathlib import Path

from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError

from babingepet.compiled import ENGINE_VERSION, cache_folder
from babingepet.errors import ConfigurationError
from babingepet_resources.addresses import place_of
from babingepet_resources.clients.clock import Clock
from babingepet_resources.settings import Settings, load_settings, variable_of
from babingepet_services.doctor.exchange import Probe, examine_exchange, measure_skew
from babingepet_services.doctor.findings import Finding, fail, ok, warn
from babingepet_services.doctor.server import examine_server
from babingepet_services.doctor.warehouses import examine_warehouses
from babingepet_services.version import code_version

PACKAGES = (
    "dagster", "dagster-webserver", "python-binance", "sqlalchemy", "psycopg2-binary", "numpy",
    "numba", "pandas", "ta-lib", "scikit-learn", "xgboost", "openai", "yfinance",
)  # fmt: skip
"""Libraries whose version matters when a defect is reported."""
GIB = 1 << 30
LITTLE_SPACE, NO_SPACE = 2 * GIB, GIB // 5
"""Free bytes: a day of captured tape is about a tenth of the first; below the second SQLite and
Dagster stop writing soon."""
SUPABASE = ("SUPABASE_URL", "SUPABASE_ANON_KEY")
KEYS = ("OPENROUTER_API_KEY", "TELEGRAM_BOT_TOKEN", "TELEGRAM_CHAT_ID")


def examine(
    environment: Mapping[str, str], clock: Clock, probe: Probe = measure_skew
) -> list[Finding]:
    """Look at everything.

    Args:
        environment: Variables of this process.
        clock: This machine's.
        probe: Asks the exchange for its time.
    """
    findings = _environment()
    try:
        settings = load_settings()
    except ConfigurationError as error:
        return [*findings, fail("settings", "BABINGEPET_*", str(error), "mend the variable")]
    return [
        *findings,
        *_settings(settings),
        *_other_variables(environment, settings),
        *_data_folder(settings.data_dir.absolute()),
        *examine_server(settings),
        *examine_warehouses(settings, clock, probe),
        examine_exchange(settings, clock, probe),
        _port(settings.dagster_port),
    ]


def _environment() -> list[Finding]:
    return [
        ok("environment", "Python", f"{platform.python_version()}, {sys.platform}"),
        ok("environment", "Babingepet", f"{code_version()}, engine {ENGINE_VERSION}"),
        *(_package(name) for name in PACKAGES),
        _compiled(),
    ]


def _package(name: str) -> Finding:
    try:
        return ok("environment", name, metadata.version(name))
    except metadata.PackageNotFoundError:
        advice = "install the product again: python3 scripts/dev.py setup"
        return fail("environment", name, "is not installed", advice)


def _compiled() -> Finding:
    rules = len(list(cache_folder().rglob("*.nbi")))
    if rules:
        return ok("environment", "compiled rules", f"{rules} warm")
    advice = "the first decision takes about 15 s; python -m babingepet.warm does it now"
    return warn("environment", "compiled rules", "not compiled yet", advice)


def _settings(settings: Settings) -> list[Finding]:
    values: dict[str, object] = {
        name: getattr(settings, name) for name in type(settings).model_fields
    }
    values |= {
        name: _address(name, value)
        for name, value in values.items()
        if name.endswith("_url") and name in settings.model_fields_set
    }
    values["openrouter_api_key"] = "-" if settings.openrouter_api_key is None else "not shown"
    findings = []
    for name, value in values.items():
        origin = "set" if name in settings.model_fields_set else "default"
        shown = " ".join(map(str, value)) if isinstance(value, tuple) else value
        text = "-" if shown in {None, ""} else str(shown)
        findings.append(ok("settings", variable_of(name), f"{text} ({origin})"))
    return findings


def _address(name: str, value: object) -> str | None:
    """An address that the user set, without what in it may be a key."""
    if not isinstance(value, str):
        return None
    if name in {"database_url", "dagster_database_url"}:
        return _without_password(value)
    if name == "tape_url":
        return "with a key, not shown" if {"@", "?"} & set(value) else value
    return place_of(value)


def _without_password(url: str) -> str:
    """Scheme, host and name; neither password nor user nor parameters, which may hold keys."""
    try:
        parsed = make_url(url)
    except (ArgumentError, ValueError):
        return "not a database URL; not shown"
    place = f"{parsed.host or ''}/{parsed.database or ''}"
    return f"{parsed.drivername}://{place}"


def _other_variables(environment: Mapping[str, str], settings: Settings) -> list[Finding]:
    findings = [
        ok("settings", name, "set, not shown; not used by this version")
        for name in KEYS
        if environment.get(name)
    ]
    given = [name for name in SUPABASE if environment.get(name)]
    if not given:
        return findings
    names = " and ".join(given)
    if settings.database_url:
        return [*findings, ok("settings", names, "set; BABINGEPET_DATABASE_URL is used instead")]
    advice = (
        "a Supabase project is reached as a PostgreSQL database: set BABINGEPET_DATABASE_URL to "
        "its connection string (Supabase: Connect, Session pooler)"
    )
    return [*findings, warn("settings", names, "set, but no database is reached by it", advice)]


def _data_folder(folder: Path) -> list[Finding]:
    existing = next(parent for parent in (folder, *folder.parents) if parent.exists())
    if not existing.is_dir() or not os.access(existing, os.W_OK | os.X_OK):
        advice = "make it writable, or name another one in BABINGEPET_DATA_DIR"
        return [fail("data", "data folder", f"{existing} is not a writable folder", advice)]
    made = "" if folder == existing else ", will be made"
    return [ok("data", "data folder", f"{folder}, writable{made}"), _space(existing)]


def _space(folder: Path) -> Finding:
    free = shutil.disk_usage(folder).free
    text = f"{free / GIB:.1f} GiB free"
    if free < NO_SPACE:
        return fail("data", "disk", text, "free some space: the databases stop writing soon")
    if free < LITTLE_SPACE:
        return warn("data", "disk", text, "free some space before it runs for days")
    return ok("data", "disk", text)


def _port(port: int) -> Finding:
    name = f"port {port}"
    with socket.socket() as listener:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listener.bind(("127.0.0.1", port))
        except (OSError, OverflowError) as error:
            advice = "babingepet runs already, or another program has it: use run --port"
            return warn("ports", name, f"cannot be used: {error}", advice)
    return ok("ports", name, "free for Dagster's pages")
