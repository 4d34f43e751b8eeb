"""Column types that behave the same on SQLite and on PostgreSQL.

What belongs here: how a Python value becomes a stored one and back. What does not: which table has
which column (``tables``).
"""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import orjson
from sqlalchemy import BigInteger, Dialect, Integer, Numeric, Text, TypeDecorator
from sqlalchemy.types import TypeEngine

from babingepet.errors import InputError

MONEY_PLACES = 8
"""Decimal places of account values: one satoshi, and the unit the ledger rounds to."""

_UNIT = Decimal(1).scaleb(-MONEY_PLACES)
_LIMIT = Decimal(10) ** (28 - MONEY_PLACES)


class Money(TypeDecorator[Decimal]):
    """An exact account value with eight decimal places.

    SQLite has no decimal type and would turn NUMERIC into a double (0.1 + 0.2 != 0.3), so there it
    is canonical text: ``-0.00000001``, never an exponent, never a negative zero.
    Sums over such a column are made in Python.
    """

    impl = Text
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        """NUMERIC(28, 8) where the database has it."""
        if dialect.name == "postgresql":
            return dialect.type_descriptor(Numeric(28, MONEY_PLACES))
        return dialect.type_descriptor(Text())

    def process_bind_param(self, value: Decimal | None, dialect: Dialect) -> object:
        """Refuse what cannot be stored exactly.

        Raises:
            InputError: Not a Decimal, not finite, too large, or finer than eight places.
        """
        if value is None:
            return None
        if not isinstance(value, Decimal) or not value.is_finite() or abs(value) >= _LIMIT:
            raise InputError(f"{value!r} is not an amount of money: a finite Decimal is needed")
        exact = value.quantize(_UNIT)
        if exact != value:
            raise InputError(f"{value} has more than {MONEY_PLACES} decimal places")
        exact = exact if exact else abs(exact)
        return exact if dialect.name == "postgresql" else f"{exact:f}"

    def process_result_value(self, value: str | Decimal | None, dialect: Dialect) -> Decimal | None:
        """The Decimal that was written."""
        del dialect
        return None if value is None else Decimal(value)


class Json(TypeDecorator[Any]):
    """A value as canonical JSON text: sorted keys, no spaces, so equal values are equal text.

    NaN and infinities are written as null: unavailable, not a number. Text rather than JSONB,
    because JSONB reorders keys and rewrites numbers, and what was hashed must be read back.
    """

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: object, dialect: Dialect) -> str | None:
        """Encode; None is stored as SQL NULL."""
        del dialect
        return None if value is None else json_text(value)

    def process_result_value(self, value: str | None, dialect: Dialect) -> object:
        """Decode."""
        del dialect
        return None if value is None else orjson.loads(value)


def json_text(value: object) -> str:
    """The one JSON text of a value: sorted keys, no spaces, NaN as null.

    Raises:
        InputError: The value holds something that JSON has no word for.
    """
    try:
        return orjson.dumps(
            value, option=orjson.OPT_SORT_KEYS | orjson.OPT_SERIALIZE_NUMPY, default=_plain
        ).decode()
    except TypeError as error:
        raise InputError(f"A value cannot be written as JSON: {error}") from error


def _plain(value: object) -> object:
    if isinstance(value, frozenset | set):
        return sorted(value)
    if isinstance(value, Decimal):
        return f"{value:f}"
    if hasattr(value, "items"):
        return dict(value.items())
    raise TypeError(type(value).__name__)


KEY = Text().with_variant(Text(collation="C"), "postgresql")
"""Text that is compared and sorted by its bytes. A PostgreSQL database made with a language's
collation ignores hyphens when it compares, and ``cycle_id`` must sort by time everywhere."""

ROW_ID = BigInteger().with_variant(Integer, "sqlite")
"""A number the database hands out; SQLite does so for INTEGER PRIMARY KEY only."""
