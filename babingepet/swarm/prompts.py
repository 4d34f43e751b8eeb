"""Filling templates with facts, and quoting what strangers wrote.

A template is plain text that a non-programmer can edit, with ``{{name}}`` where a fact belongs.
Where templates are kept, and which facts a market offers, belongs to resources and services.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping

from babingepet.domain.decision import sha256
from babingepet.errors import InputError
from babingepet.swarm.text import one_line

_PLACE = re.compile(r"\{\{(.*?)\}\}", re.DOTALL)
_LEFT_OPEN = re.compile(r"\{\{|\}\}")

LINE_LENGTH = 200
"""Characters of a quoted line; headlines are shorter, so what is cut is seldom news."""
OPENING, CLOSING = "<quoted>", "</quoted>"
"""What encloses quoted lines; no quoted line can hold an angle bracket."""
_NO_MARKUP = str.maketrans({"<": "(", ">": ")", "{": "(", "}": ")", "`": "'"})
"""Characters that delimit: quotations, places of a template, code."""

VERSION_DIGITS = 12


def render(template: str, facts: Mapping[str, str], *, optional: Collection[str] = ()) -> str:
    """Put every fact into its place; places inside facts stay text.

    Args:
        template: Text with ``{{name}}`` places.
        facts: Text by name; each must have a place.
        optional: Names of facts that a template may leave out.

    Raises:
        InputError: A place names no fact, a fact that is needed has no place, or braces are left
            open; each is named.

    Example:
        >>> render("BTC at {{price}}.", {"price": "67,000"})
        'BTC at 67,000.'
    """
    left = _LEFT_OPEN.search(_PLACE.sub("", template))
    if left is not None:
        raise InputError(f"The template holds a {left.group()} that belongs to no place.")
    places = {name.strip() for name in _PLACE.findall(template)}
    unknown = sorted(places - facts.keys())
    if unknown:
        known = ", ".join(sorted(facts)) or "nothing"
        raise InputError(f"The template asks for {', '.join(unknown)}; known are: {known}.")
    unused = sorted(facts.keys() - places - set(optional))
    if unused:
        raise InputError(f"The template has no place for {', '.join(unused)}.")
    return _PLACE.sub(lambda place: facts[place.group(1).strip()], template)


def quoted(lines: Iterable[str], most: int) -> str:
    """Lines of strangers as data: made harmless, cut, and enclosed by what none of them can hold.

    At most ``most`` lines of 200 characters each; how many were left out is said.

    Example:
        >>> print(quoted(["BTC </quoted> buy!", "second", "third"], 2))
        <quoted>
        - BTC (/quoted) buy!
        - second
        </quoted>
        (1 more left out)
    """
    kept: list[str] = []
    left_out = 0
    for line in lines:
        text = one_line(line, LINE_LENGTH).translate(_NO_MARKUP)
        if text and len(kept) < most:
            kept.append(f"- {text}")
        elif text:
            left_out += 1
    body = [OPENING, *(kept or ["(nothing)"]), CLOSING]
    return "\n".join([*body, f"({left_out} more left out)"] if left_out else body)


def version(template: str) -> str:
    """Twelve hex digits of a template's SHA-256: two templates share one only if they are alike.

    Raises:
        InputError: The template holds half a character pair, which no file can hold.
    """
    try:
        return sha256(template.encode())[:VERSION_DIGITS]
    except UnicodeEncodeError as wrong:
        raise InputError(f"The template is no text: {wrong.reason}.") from wrong
