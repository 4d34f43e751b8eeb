"""Database errors as ours: what happened, in a sentence, and whether trying again helps.

What belongs here: the translation, once, for both databases. Repositories never catch a library's
error; ``Database.reading`` and ``Database.writing`` pass every one of them through here.
"""

from __future__ import annotations

import sqlite3
from dataclasses import dataclass

from sqlalchemy import exc

from babingepet.errors import (
    BabingepetError,
    IntegrityBroken,
    OutcomeUnknown,
    WarehouseUnavailable,
)
from babingepet_resources import sqlite_files
from babingepet_resources.sqlite_files import first_line
from babingepet_resources.warehouse.limits import Limits
from babingepet_resources.warehouse.watchdog import Watched

_POSTGRES: dict[str, str] = {
    "08": "does not answer",
    "25006": "is read-only",
    "25P03": "ended a transaction that stood idle for {transaction:g} s",
    "28": "refuses the user or the password",
    "3D000": "does not exist on this server",
    "3F000": "has no schema that this user may use",
    "42501": "does not let this user do that",
    "40": "made this transaction give way to another",
    "53100": "has no space left on its disk",
    "53": "has no capacity left",
    "55P03": "is locked by another writer for longer than {lock:g} s",
    "57014": "did not finish a statement within {statement:g} s",
    "57P": "is shutting down or restarting",
    "58": "reports a system error",
}
"""By SQLSTATE; a shorter key stands for its whole class."""

_GAVE_WAY = "40"
"""Class of serialization failures and deadlocks: the server undid the transaction for another's."""

_LOST = ("08", "57P")
"""Classes of a connection that ends; what was asked last may have been done."""

_MISSING = {"42P01", "42703"}
"""SQLSTATE of a table or a column that does not exist."""

_NO_TABLES = "has no Babingepet tables, or older ones: run `babingepet db upgrade`"


class GaveWay(WarehouseUnavailable):
    """The server undid the transaction in favour of another one: the same again may succeed."""


@dataclass
class Attempt:
    """How far a transaction came.

    Attributes:
        limits: Of the transaction.
        watched: Its socket; None before it is connected, and always on SQLite.
        has_begun: Whether the server answered.
        is_committing: Whether it was told to commit.
    """

    limits: Limits
    watched: Watched | None = None
    has_begun: bool = False
    is_committing: bool = False

    @property
    def passed_limit(self) -> str | None:
        """The limit that ended it, as the end of a sentence; None when none of ours did."""
        if self.watched is None or not self.watched.expired:
            return None
        if not self.has_begun:
            return f"did not answer within {self.limits.connect:g} s"
        return f"did not finish a transaction within {self.limits.transaction:g} s"


def translate(error: Exception, where: str, attempt: Attempt) -> BabingepetError | None:
    """Our error for a library's.

    Args:
        error: What SQLAlchemy or the driver raised.
        where: The database, without its password, as the message names it.
        attempt: The transaction that it ended.

    Returns:
        The error to raise instead, its text one sentence; None when the error is a mistake in our
        own SQL, which no operator can mend and no retry will.
    """
    if isinstance(error, exc.TimeoutError):
        return WarehouseUnavailable(f"The database {where} has no free connection in the pool.")
    cause = error.orig if isinstance(error, exc.DBAPIError) and error.orig else error
    if isinstance(cause, sqlite3.Error):
        return _from_sqlite(cause, where)
    return _from_postgres(cause, where, attempt)


def _from_sqlite(cause: sqlite3.Error, where: str) -> BabingepetError | None:
    text = first_line(cause)
    if "no such table" in text or "no such column" in text or "has no column named" in text:
        return WarehouseUnavailable(f"The database {where} {_NO_TABLES}.")
    return sqlite_files.translate(cause, f"The database {where}", WarehouseUnavailable)


def _from_postgres(cause: BaseException, where: str, attempt: Attempt) -> BabingepetError | None:
    code = getattr(cause, "pgcode", None)
    text = first_line(cause)
    said = _said(code, text, attempt)
    if attempt.is_committing and (code is None or code.startswith(_LOST)):
        return OutcomeUnknown(
            f"The database {where} {said} and was told to commit: it may have written, or not."
        )
    if code is not None and code.startswith("23"):
        return IntegrityBroken(f"The database {where} refuses a row: {text}")
    if said is None:
        return None
    kind = GaveWay if code is not None and code.startswith(_GAVE_WAY) else WarehouseUnavailable
    return kind(f"The database {where} {said}.")


def _said(code: str | None, text: str, attempt: Attempt) -> str | None:
    """What happened, as the end of a sentence about the database; None for an unknown code."""
    if attempt.passed_limit is not None:
        return attempt.passed_limit
    if code is None:
        refused = "FATAL" in text  # the server's own word for a connection that it will not have
        return f"{'refuses the connection' if refused else 'does not answer'} ({text})"
    if code in _MISSING:
        return _NO_TABLES
    reason = next((_POSTGRES[key] for key in _prefixes(code) if key in _POSTGRES), None)
    return reason and f"{reason.format_map(vars(attempt.limits))} ({text})"


def _prefixes(code: str) -> list[str]:
    return [code[:length] for length in range(len(code), 1, -1)]
