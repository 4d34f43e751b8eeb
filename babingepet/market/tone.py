"""The tone of a headline by lists of words: how good or bad the news is, and how near it comes.

What belongs here: the rules by which listed words add up. What does not: the lists themselves, which
are text files that anybody may edit, and what a decision makes of the tones (the signal).

A title is cut into clauses at its punctuation. In each, the longest listed phrase at a place counts
and hides what is inside of it. A word of strength next to it multiplies its weight; a negation up to
three words before it turns it round and weakens it.

    polarity = x / sqrt(x^2 + 15), x = the sum of the weights; 0 when no listed word occurs

Source: Hutto and Gilbert, VADER, ICWSM 2014, for the scale of the weights (-4 to 4), the constant 15
and the factor of a negation.
"""

from __future__ import annotations

import math
import re
import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Literal, NamedTuple, Protocol

Phrase = tuple[str, ...]
"""Words as ``words_of`` gives them."""

MarkKind = Literal["tone", "strength", "negation"]

HIGHEST_WEIGHT = 4.0
"""A single word of this weight gives a polarity of 0.72."""
SOFTENING = 15.0
"""How slowly polarity approaches 1: two words of weight 3 give 0.84."""
NEGATION = -0.74
"""What a negation does to a weight: not rising is bad, and less so than falling."""
NEGATION_REACH = 3
"""Words from a negation to the one it concerns: "fails to hold on to gains" has five and is missed."""
LEAST_RELEVANCE = 0.25
"""Of a title without any listed subject: it came by a search for the instrument, as one of the economy."""

_PART = re.compile(r"(\d+(?:[.,]\d+)*|[^\W\d_]+)|([,;:.!?|()\u2013\u2014]|\s-+\s)")
"""A number or a word, or what ends a clause; a hyphen inside a compound only parts words."""
_APOSTROPHES = frozenset("'`\u2018\u2019\u02bc")


class Tone(NamedTuple):
    """How a headline reads."""

    polarity: float
    """-1 (bad for the price) to 1 (good)."""
    relevance: float
    """1 when the title names the instrument, .5 its market, .25 the economy."""


class Mark(NamedTuple):
    """What a listed phrase stands for, with its weight or factor."""

    kind: MarkKind
    value: float


@dataclass(frozen=True)
class Lexicon:
    """Listed phrases, of all languages together.

    Attributes:
        marks: What each phrase does to the tone.
        subjects: Relevance of a title in which the phrase occurs, 0 to 1.
    """

    marks: Mapping[Phrase, Mark]
    subjects: Mapping[Phrase, float]

    @cached_property
    def longest(self) -> int:
        """Words of the longest phrase."""
        return max(map(len, (*self.marks, *self.subjects)), default=0)


class Reader(Protocol):
    """Who reads titles for their tone: the lexicon, or a model."""

    @property
    def method(self) -> str:
        """The name that is stored with the tones: ``lexicon``, or a model's."""
        ...

    def __call__(self, titles: Sequence[str]) -> Sequence[Tone | None]:
        """One tone a title, in their order; None where it cannot say.

        A model that does not answer, or may not be asked any more, says None of every title.
        """
        ...


@dataclass(frozen=True)
class LexiconReader:
    """Reads titles by a lexicon; the same title always has the same tone."""

    lexicon: Lexicon
    method: str = "lexicon"

    def __call__(self, titles: Sequence[str]) -> list[Tone]:
        """One tone a title."""
        return [tone_of(title, self.lexicon) for title in titles]


def tone_of(title: str, lexicon: Lexicon) -> Tone:
    """Read one title.

    Example:
        >>> rises = Lexicon({("rises",): Mark("tone", 2.0)}, {("bitcoin",): 1.0})
        >>> tone_of("Bitcoin rises", rises)
        Tone(polarity=0.4588314677411235, relevance=1.0)
    """
    clauses = list(clauses_of(title))
    weight = math.fsum(_weight(clause, lexicon) for clause in clauses)
    named = (lexicon.subjects[one] for clause in clauses for one in _phrases(clause, lexicon))
    relevance = max(named, default=LEAST_RELEVANCE)
    return Tone(weight / math.sqrt(weight * weight + SOFTENING), relevance)


def clauses_of(title: str) -> Iterator[Phrase]:
    """The words of each clause, without case, apostrophes and invisible characters."""
    words: list[str] = []
    for found in _PART.finditer(_plain(title)):
        if found[1]:
            words.append(found[1])
        elif words:
            yield tuple(words)
            words = []
    if words:
        yield tuple(words)


def words_of(phrase: str) -> Phrase:
    """The words of a listed phrase, as titles are compared with it."""
    return tuple(word for clause in clauses_of(phrase) for word in clause)


def _plain(title: str) -> str:
    folded = unicodedata.normalize("NFKC", title).casefold()
    return "".join(
        one for one in folded if one not in _APOSTROPHES and unicodedata.category(one) != "Cf"
    )


def _phrases(clause: Phrase, lexicon: Lexicon) -> Iterator[Phrase]:
    """Every listed subject that occurs, inside of others too."""
    for start in range(len(clause)):
        for end in range(start + 1, min(start + lexicon.longest, len(clause)) + 1):
            if clause[start:end] in lexicon.subjects:
                yield clause[start:end]


class _Found(NamedTuple):
    mark: Mark
    start: int
    end: int


def _weight(clause: Phrase, lexicon: Lexicon) -> float:
    found = list(_marks(clause, lexicon))
    return math.fsum(
        one.mark.value * _factor(one, found) for one in found if one.mark.kind == "tone"
    )


def _marks(clause: Phrase, lexicon: Lexicon) -> Iterator[_Found]:
    """The longest listed phrase at each place, from left to right."""
    start = 0
    while start < len(clause):
        for end in range(min(start + lexicon.longest, len(clause)), start, -1):
            mark = lexicon.marks.get(clause[start:end])
            if mark is not None:
                yield _Found(mark, start, end)
                start = end
                break
        else:
            start += 1


def _factor(tone: _Found, found: Sequence[_Found]) -> float:
    """What the words around a tone make of its weight."""
    factor = 1.0
    for one in found:
        if one.mark.kind == "strength" and (one.end == tone.start or one.start == tone.end):
            factor *= one.mark.value
        elif one.mark.kind == "negation" and 0 <= tone.start - one.end < NEGATION_REACH:
            factor *= NEGATION
    return factor
