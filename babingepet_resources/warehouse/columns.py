"""What the tables are made of: one function for each kind of column, and the shared metadata.

What belongs here: kinds of columns and the naming of constraints. What does not: tables.

All times are UTC epoch milliseconds. Market data are floats; account values are exact money. The
order of columns is the order in which rows are written.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Double,
    ForeignKeyConstraint,
    MetaData,
    Text,
)

from babingepet_resources.warehouse.types import KEY, Json, Money

metadata = MetaData(
    naming_convention={
        "pk": "%(table_name)s_pkey",
        "uq": "%(table_name)s_%(column_0_N_name)s_key",
        "fk": "%(table_name)s_%(column_0_N_name)s_fkey",
        "ix": "%(table_name)s_%(column_0_N_name)s_idx",
    }
)


def key_column(name: str, *, null: bool = False) -> Column[str]:
    """Text compared by its bytes: identifiers, names, enum values."""
    return Column(name, KEY, nullable=null)


def text_column(name: str, *, null: bool = False) -> Column[str]:
    """Text for people."""
    return Column(name, Text, nullable=null)


def time_column(name: str, *, null: bool = False) -> Column[int]:
    """UTC epoch milliseconds."""
    return Column(name, BigInteger, nullable=null)


def count_column(name: str, *, null: bool = False) -> Column[int]:
    """A whole number."""
    return Column(name, BigInteger, nullable=null)


def number_column(name: str, *, null: bool = False) -> Column[float]:
    """A float; NULL where the source never carried the value."""
    return Column(name, Double, nullable=null)


def flag_column(name: str) -> Column[bool]:
    """True or false."""
    return Column(name, Boolean, nullable=False)


def money_column(name: str, *, null: bool = False) -> Column[Any]:
    """An exact account value."""
    return Column(name, Money, nullable=null)


def json_column(name: str, *, null: bool = False) -> Column[Any]:
    """Canonical JSON text."""
    return Column(name, Json, nullable=null)


def decided(name: str = "cycle_id") -> ForeignKeyConstraint:
    """A row that belongs to a decision cannot exist without it."""
    return ForeignKeyConstraint(["book", name], ["btc_decisions.book", "btc_decisions.cycle_id"])


CLUSTERED: dict[str, Any] = {"sqlite_with_rowid": False}
"""Rows of a few hundred bytes live in the primary key's own tree on SQLite: no second index to
write. Tables with long texts keep their row number: beyond 1,002 bytes a row in a tree of keys spills
into a page of its own."""
