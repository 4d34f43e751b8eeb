"""Words of a memory: cleaned, cut into tokens, and told apart by a fingerprint.

Texts come from everywhere, headlines included: nothing in one can mean anything but words. What
does not belong here: how words are looked up.
"""

from __future__ import annotations

import re
import unicodedata

from babingepet.domain.decision import sha256
from babingepet.errors import InputError

MOST_CHARACTERS = 4_000
"""Of a text or a query. Longer ones are refused: half a text would be another memory."""
MOST_TOKENS = 64
"""Different tokens of a query that are looked up; the first ones."""

_TOKEN = re.compile(r"[a-z0-9_]+")
_SEPARATORS = ("C", "Z")
"""Unicode categories of what separates words: controls, surrogates, unassigned, blanks."""


def clean(text: str, what: str = "text") -> str:
    r"""A text without control characters and with single blanks, composed (NFKC).

    Args:
        text: As it came.
        what: What it is, for the message.

    Raises:
        InputError: It is longer than MOST_CHARACTERS, or nothing is left of it.

    Example:
        >>> clean("Bitcoin\x00 fällt\n")
        'Bitcoin fällt'
    """
    _require_short(text, what)
    composed = unicodedata.normalize("NFKC", text)
    _require_short(composed, what)  # it may be longer: one Arabic ligature becomes eighteen letters
    spaced = (" " if unicodedata.category(one)[0] in _SEPARATORS else one for one in composed)
    cleaned = " ".join("".join(spaced).split())
    if not cleaned:
        raise InputError(f"{what}: there is no word in it")
    return cleaned


def normalise(text: str) -> str:
    """Lower case, single blanks, without accents: texts that read the same are the same.

    Example:
        >>> normalise("  Café  BTC ")
        'cafe btc'
    """
    parts = unicodedata.normalize("NFKD", text.casefold())
    plain = "".join(one for one in parts if not unicodedata.combining(one))
    return " ".join(plain.split())


def tokens(text: str) -> list[str]:
    """The different words of a query, in order: runs of a-z, 0-9 and the underscore.

    Raises:
        InputError: It is longer than MOST_CHARACTERS.

    Example:
        >>> tokens('VPIN "high" OR vpin_regime_high*')
        ['vpin', 'high', 'or', 'vpin_regime_high']
    """
    _require_short(text, "query")
    return list(dict.fromkeys(_TOKEN.findall(normalise(text))))[:MOST_TOKENS]


def as_token(*parts: str) -> str:
    """Several words as one token.

    Example:
        >>> as_token("ofi_pressure", "STRONG_BUY")
        'ofi_pressure_strong_buy'
    """
    return "_".join(_TOKEN.findall(normalise(" ".join(parts))))


def fingerprint(kind: str, text: str) -> str:
    """Tells memories apart: the same kind and the same words are the same memory."""
    return sha256(f"{kind}|{normalise(text)}".encode())


def _require_short(text: str, what: str) -> None:
    if len(text) > MOST_CHARACTERS:
        raise InputError(f"{what}: {len(text):,} characters, at most {MOST_CHARACTERS:,}")
