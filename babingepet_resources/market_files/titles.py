"""Headlines as plain text: without markup, invisible characters and the outlet's name at their end.

Belongs here: what feeds and files of headlines share. Does not belong here: what a headline says.
"""

from __future__ import annotations

import html
import re
import unicodedata

TITLE_LIMIT = 5_000
"""Characters of a raw title that are looked at; stored ones have 500 at most."""

_TAG = re.compile(r"<(script|style)\b.*?(?:</\1\s*>|$)|</?[a-z!][^>]*(?:>|$)", re.I | re.S)
"""Markup; text of scripts goes with its tags. "BTC < 50k" is none."""

_JOINERS = frozenset("\u200c\u200d")
"""Zero-width characters that belong to Persian and to emoji."""


def plain_title(title: str, outlet: str = "") -> str:
    """A title on one line as a reader sees it.

    Aggregators append the outlet, some twice: "Rupiah weakens - Kompas.com - Kompas.com".

    Example:
        >>> plain_title("Bitcoin &amp; <b>gold</b> climb - The Herald", "The Herald")
        'Bitcoin & gold climb'
    """
    text, ending = f" {plain_text(title)}", f" - {plain_text(outlet)}"
    while outlet and text[-len(ending) :].casefold() == ending.casefold():
        text = text[: -len(ending)].rstrip()
    return text.strip()


def plain_text(text: str) -> str:
    """Text on one line without markup, control characters and marks that nobody sees."""
    shown = html.unescape(_TAG.sub(" ", html.unescape(text[:TITLE_LIMIT])))
    shown = "".join(_plain_character(one) for one in _TAG.sub(" ", shown))
    return " ".join(shown.split())


def _plain_character(character: str) -> str:
    if character.isprintable() or character in _JOINERS:
        return character
    return "" if unicodedata.category(character) == "Cf" else " "
