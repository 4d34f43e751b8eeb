"""The one JSON object in a text that a model wrote.

Models fence their JSON, introduce it and comment on it; they also cut it off, nest it to crash the
reader and repeat keys. The work is linear in the text, and the text is limited. What the object
must hold is the business of ``answers``.
"""

from __future__ import annotations

import json
import re
from collections import Counter

LONGEST = 262_144
"""Characters of an answer that is read: 100 symbols with the longest reasons come to 80,000."""
DEEPEST = 8
"""Levels of nesting; a list of answers has three. Python's reader crashes at some thousands."""
_SHOWN = 40
"""Characters of a hostile key that are repeated in a reason."""

# Possessive, and an open string runs to the end: no position is looked at twice.
_TOKEN = re.compile(r'"(?:[^"\\]++|\\.)*+"?|[\[\]{}]', re.DOTALL)


class NoObjectError(ValueError):
    """The text holds no JSON object, or more than one; the message says what was found."""


def the_object(text: str) -> dict[str, object]:
    """Read the only object of a text, bare or within fences or prose.

    NaN and infinities come back as floats, for whoever checks the numbers to name them.

    Raises:
        NoObjectError: There is none, it is cut off, malformed or too deep, a key comes twice, a
            second one follows, or the text is too long to be read at all.
    """
    if len(text) > LONGEST:
        raise NoObjectError(f"the answer has {len(text)} characters, at most {LONGEST} are read")
    start = text.find("{")
    if start < 0:
        raise NoObjectError("the answer holds no JSON object" if text.strip() else "no text")
    end = _end(text, start)
    if "{" in text[end:]:
        raise NoObjectError("the answer holds more than one JSON object")
    try:
        found = json.loads(text[start:end], object_pairs_hook=_without_repeats)
    except NoObjectError:
        raise
    except ValueError as wrong:  # JSONDecodeError, and numbers of thousands of digits
        raise NoObjectError(f"the answer is no JSON: {wrong}") from wrong
    return dict(found)


def _end(text: str, start: int) -> int:
    """Where the object that opens at ``start`` ends."""
    depth = 0
    for token in _TOKEN.finditer(text, start):
        if token.group() in "{[":
            depth += 1
        elif token.group() in "}]":
            depth -= 1
        if depth > DEEPEST:
            raise NoObjectError(f"the answer is nested deeper than {DEEPEST} levels")
        if depth == 0:
            return token.end()
    raise NoObjectError("the answer is cut off before its object ends")


def _without_repeats(pairs: list[tuple[str, object]]) -> dict[str, object]:
    found = dict(pairs)
    if len(found) < len(pairs):
        twice, _ = Counter(name for name, _ in pairs).most_common(1)[0]
        raise NoObjectError(f"the answer holds the key {twice[:_SHOWN]!r} twice")
    return found
