"""Text that somebody else wrote, made harmless to print, store and send on.

Headlines and answers of models are hostile: they are shown, never interpreted. What delimits them
in a prompt is the business of ``prompts``.
"""

from __future__ import annotations

import unicodedata

CUT = "\u2026"
"""What stands where a line was cut."""
_EXPANSION = 4
"""Characters looked at for each one kept: enough for what is dropped, too few to cost time."""
_SELECTORS = frozenset([*range(0xFE00, 0xFE10), *range(0xE0100, 0xE01F0)])
"""Variation selectors: invisible marks that can carry a hidden message a byte each."""


def one_line(text: str, length: int) -> str:
    r"""One printable line of at most ``length`` characters; compatibility forms become plain ones.

    Dropped are control, format (bidirectional marks, invisible tags), surrogate, private and
    unassigned characters and variation selectors. White space of any kind becomes single spaces.

    Example:
        >>> one_line("BTC \u202eup\x00\n now", 40)
        'BTC up now'
        >>> one_line("abcdef", 4)
        'abc…'
    """
    seen = text[: _EXPANSION * length]
    # The forms first: some of them are made of characters that are then dropped or are spaces.
    kept = (c for c in unicodedata.normalize("NFKC", seen) if c.isspace() or not _is_hidden(c))
    line = " ".join("".join(kept).split())
    if len(line) <= length and len(seen) == len(text):
        return line
    return line[: length - 1].rstrip() + CUT


def _is_hidden(character: str) -> bool:
    return unicodedata.category(character)[0] == "C" or ord(character) in _SELECTORS
