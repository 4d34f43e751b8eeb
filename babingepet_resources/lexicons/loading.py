"""From the text files of words to the engine's ``Lexicon``.

Belongs here: the form of the files, and what a line must be. Does not belong here: what the words
do to a tone (the engine).

A file has sections, ``[name]``. Each of their lines is words or phrases separated by `` / ``, a comma
and a number; negations have no number. What follows a ``#`` is for people.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from functools import cache
from importlib import resources
from typing import NamedTuple

from babingepet.errors import InputError
from babingepet.market.tone import HIGHEST_WEIGHT, Lexicon, Mark, MarkKind, Phrase, words_of

LANGUAGES = ("english.txt", "indonesian.txt")
SUBJECTS = "subjects.txt"

_LIMITS: Mapping[MarkKind, tuple[float, float]] = {
    "tone": (-HIGHEST_WEIGHT, HIGHEST_WEIGHT),
    "strength": (0.1, 3.0),
}
"""Between what the numbers of a section must lie; a negation has none."""


class Line(NamedTuple):
    """One phrase of a file.

    Attributes:
        where: File and line, for complaints.
        section: Under which heading it stands.
        phrase: Its words.
        number: Its weight, factor or relevance; None where the line has none.
    """

    where: str
    section: str
    phrase: Phrase
    number: float | None


@cache
def load_lexicon(market: str) -> Lexicon:
    """The lexicon of a market, from the files of this package.

    Raises:
        InputError: A line of a file is wrong, or there are no subjects of the market; the message
            names the file and the line.
    """
    folder = resources.files(__package__)
    texts = {name: (folder / name).read_text("utf-8") for name in (*LANGUAGES, SUBJECTS)}
    return parse_lexicon(
        {name: texts[name] for name in LANGUAGES}, {SUBJECTS: texts[SUBJECTS]}, market
    )


def parse_lexicon(
    languages: Mapping[str, str], subjects: Mapping[str, str], market: str
) -> Lexicon:
    """Put a lexicon together from the texts of its files.

    Args:
        languages: Text of each file of words, by its name.
        subjects: Text of each file of subjects, by its name.
        market: Whose section of the subjects counts: ``BTC``.

    Raises:
        InputError: As ``load_lexicon``.
    """
    marks: dict[Phrase, Mark] = {}
    for name, text in languages.items():
        for line in lines_of(name, text):
            mark = _mark(line)
            if marks.setdefault(line.phrase, mark) != mark:
                said = " ".join(line.phrase)
                raise InputError(f"{line.where}: {said!r} is listed before with another meaning.")
    found = {
        line.phrase: _between(line, 0.0, 1.0)
        for name, text in subjects.items()
        for line in lines_of(name, text)
        if line.section == market
    }
    if not found:
        raise InputError(f"{', '.join(subjects)}: there is no section [{market}].")
    return Lexicon(marks, found)


def lines_of(name: str, text: str) -> Iterator[Line]:
    """The phrases of a file, in its order.

    Raises:
        InputError: A line is wrong; the message names it.
    """
    section = ""
    for number, raw in enumerate(text.splitlines(), start=1):
        where, line = f"{name}, line {number}", raw.partition("#")[0].strip()
        if line.startswith("[") and line.endswith("]"):
            section = line[1:-1].strip()
        elif line and not section:
            raise InputError(f"{where}: stands before the first section, such as [tone].")
        elif line:
            yield from _phrases(where, section, line)


def _phrases(where: str, section: str, line: str) -> Iterator[Line]:
    words, comma, figure = line.rpartition(",")
    number = _number(where, figure) if comma else None
    for listed in (words if comma else line).split("/"):
        phrase = words_of(listed)
        if not phrase:
            raise InputError(f"{where}: {line[:60]!r} has no word before or after a / or a comma.")
        yield Line(where, section, phrase, number)


def _number(where: str, text: str) -> float:
    try:
        return float(text)
    except ValueError:
        raise InputError(f"{where}: {text.strip()[:40]!r} is not a number.") from None


def _mark(line: Line) -> Mark:
    match line.section:
        case "negation":
            if line.number is not None:
                raise InputError(f"{line.where}: a negation has no number.")
            return Mark("negation", math.nan)
        case "tone" | "strength" as kind:
            return Mark(kind, _between(line, *_LIMITS[kind]))
    raise InputError(f"{line.where}: section [{line.section}] is none of tone, strength, negation.")


def _between(line: Line, low: float, high: float) -> float:
    if line.number is None or not low <= line.number <= high:
        shown = "no number" if line.number is None else f"{line.number:g}"
        raise InputError(
            f"{line.where}: {shown} after {' '.join(line.phrase)!r}; "
            f"it must lie between {low:g} and {high:g}."
        )
    return line.number
