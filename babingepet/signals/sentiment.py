"""Tone of the headlines of the last 24 hours, newer ones first.

score = sum(w polarity) / W * W / (W + 3), W = sum(w), w = 2^(-age / 6 h) * relevance: the mean tone,
drawn towards 0 while little was written. A healthy feed without headlines scores 0.

Headlines that share four fifths of their words count once, as the earliest of them. One that breaks
its own ranges (polarity -1 to 1, relevance 0 to 1) is dropped.

Inputs: headlines with their tone, and when their feed last answered. Warm-up: one answer.
Units: tone, -1 to 1. Source: half-life and shrinkage are ours; the overlap of words is that of Jaccard, New Phytologist
11(2), 1912.
"""

from __future__ import annotations

import math
import re
import unicodedata
from functools import lru_cache

from babingepet.domain.score import Score, measured, unavailable
from babingepet.market.context import Headline, News
from babingepet.market.intervals import HOUR, MINUTE, iso
from babingepet.signals.inputs import SignalInputs

NAME = "sentiment"

MAX_AGE = 24 * HOUR
HALF_LIFE = 6 * HOUR
PRIOR = 3.0
"""Weight of an imagined neutral press: three headlines of this minute that name the instrument."""
MAX_SILENCE = 90 * MINUTE
"""A feed that is asked every half hour has failed three times in a row by then."""
SAME_STORY = 0.8
"""Share of common words from which two titles tell one story."""

APOSTROPHES = str.maketrans("", "", "'`\u2018\u2019\u02bc")
WORD = re.compile(r"[^\W_]+")


def sentiment(inputs: SignalInputs) -> Score:
    """Score what was known at ``as_of``."""
    return score_news(inputs.news, inputs.as_of)


def score_news(news: News | None, as_of: int) -> Score:
    """Score headlines as they were known at ``as_of``; None is a market without a feed of news."""
    if news is None or news.checked_at is None:
        return unavailable(NAME, "the news feed has never answered")
    if news.checked_at > as_of:
        return unavailable(NAME, f"the news feed answered after {iso(as_of)}")
    if as_of - news.checked_at > MAX_SILENCE:
        return unavailable(NAME, f"stale: the news feed last answered at {iso(news.checked_at)}")
    known = (headline for headline in news.headlines if counts(headline, as_of))
    headlines = stories(tuple(sorted(known, key=lambda h: (h.event_time, h.known_at, h.title))))
    ages = [as_of - headline.event_time for headline in headlines]
    weights = [
        h.relevance * 2.0 ** (-age / HALF_LIFE) for h, age in zip(headlines, ages, strict=True)
    ]
    weight = math.fsum(weights)
    tone = math.fsum(w * h.polarity for w, h in zip(weights, headlines, strict=True))
    return measured(
        NAME,
        tone / (weight + PRIOR),
        len(headlines),
        {
            "headlines": len(headlines),
            "weight": weight,
            "newest_age_minutes": ages[-1] / MINUTE if ages else None,
            "mean_polarity": tone / weight if weight > 0.0 else None,
            "checked_at": news.checked_at,
        },
    )


def counts(headline: Headline, as_of: int) -> bool:
    """Whether a headline was known, is fresh, and keeps its own ranges (NaN keeps none)."""
    return (
        headline.known_at <= as_of
        and 0 <= as_of - headline.event_time <= MAX_AGE
        and -1.0 <= headline.polarity <= 1.0
        and 0.0 <= headline.relevance <= 1.0
    )


@lru_cache(maxsize=4)  # the same headlines come until one is added or too old
def stories(headlines: tuple[Headline, ...]) -> tuple[Headline, ...]:
    """The first headline of each story, in the order given."""
    first: list[Headline] = []
    told: list[frozenset[str]] = []
    for headline in headlines:
        words = title_words(headline.title)
        if all(overlap(words, other) < SAME_STORY for other in told):
            first.append(headline)
            told.append(words)
    return tuple(first)


def title_words(title: str) -> frozenset[str]:
    """Words of a title without case, punctuation and typographic variants."""
    plain = unicodedata.normalize("NFKC", title).casefold().translate(APOSTROPHES)
    return frozenset(WORD.findall(plain))


def overlap(one: frozenset[str], other: frozenset[str]) -> float:
    """Common words over all words of both; titles without any word are alike."""
    common = len(one & other)
    together = len(one) + len(other) - common
    return common / together if together else 1.0
