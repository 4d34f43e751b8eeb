"""What a context row must be before it is stored: times, numbers in their range, names, plain text.

Such rows come from vendors, feeds and models, whose text is hostile until proven otherwise.
Numbers and names that are not what they should be are refused by the name of their field; text is
cleaned, because one odd headline must not cost the other ninety-nine.
"""

from __future__ import annotations

import math
import operator
import unicodedata

from babingepet.errors import InputError

LAST_TIME = 4_102_444_800_000
"""2100-01-01 in milliseconds; vendors who count in micro- or nanoseconds are beyond it."""

NAME_LIMIT = 200
"""Characters of a name: market, source, provider, method."""

TEXT_LIMIT = 500
"""Characters of a text. Headlines of news feeds are shorter than 300; longer ones are no headlines."""

_DROPPED = {"Cc", "Cs", "Zl", "Zp"}
"""Unicode categories that become a space: control characters (among them NUL, which PostgreSQL
refuses, and ESC, which terminals obey), halves of surrogate pairs, line and paragraph separators."""

_REORDERING = frozenset("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")
"""Marks that show a text in another order than it is read: Boucher and Anderson (2021), Trojan
Source. Joiners, which belong to emoji and to Persian, stay."""


def whole(
    table: str, field: str, value: int, low: int, high: int, unit: str = "a whole number"
) -> int:
    """The value as a plain integer.

    Raises:
        InputError: Not an integer, or outside of low to high.
    """
    try:
        plain = operator.index(value)
    except TypeError:
        plain = low - 1
    if not low <= plain <= high:
        raise InputError(
            f"{table}: {field} is {value}; it must be {unit} between {low} and {high}."
        )
    return plain


def time(table: str, field: str, value: int) -> int:
    """A time in UTC milliseconds, as a plain integer.

    Raises:
        InputError: Not a whole number of milliseconds between 1970 and 2100.
    """
    return whole(table, field, value, 0, LAST_TIME, "UTC milliseconds")


def number(table: str, field: str, value: float, low: float, high: float) -> float:
    """The value as a plain float.

    Raises:
        InputError: Not finite, or outside of low to high.
    """
    if not math.isfinite(value):
        raise InputError(f"{table}: {field} is {value}; it must be a finite number.")
    if not low <= value <= high:
        raise InputError(f"{table}: {field} is {value}; it must lie between {low:g} and {high:g}.")
    return float(value)


def amount(table: str, field: str, value: float) -> float:
    """Any finite number, as a plain float.

    Raises:
        InputError: Not finite.
    """
    return number(table, field, value, -math.inf, math.inf)


def name(table: str, field: str, value: str) -> str:
    """A name by which rows are found.

    Raises:
        InputError: Empty, longer than ``NAME_LIMIT``, or holding what ``clean`` would change.
    """
    if not value or clean(value, NAME_LIMIT) != value:
        raise InputError(
            f"{table}: {field} is {value[:NAME_LIMIT]!r}; a name of 1 to {NAME_LIMIT} characters "
            "without control characters or doubled spaces is needed."
        )
    return value


def clean(text: str, limit: int = TEXT_LIMIT) -> str:
    """Text on one line without control characters, cut to ``limit``; it may come out empty."""
    # Printable text, nearly all of it, holds nothing to drop; this takes a tenth of the time.
    if not text.isprintable():
        text = "".join(" " if _is_dropped(character) else character for character in text)
    return " ".join(text.split())[:limit].rstrip()


def _is_dropped(character: str) -> bool:
    return unicodedata.category(character) in _DROPPED or character in _REORDERING
