"""What a sweep tries: every combination of a grid of settings, with the base weights and drawn ones.

Drawn weights come from a Dirichlet distribution whose mean are the base weights. Only signals that
the source can supply take part, and they keep their sum: the others weigh nothing in any score of
this source, and another sum would only be another threshold in disguise.

Source: Devroye, Non-Uniform Random Variate Generation, 1986, chapter XI.4 (Dirichlet).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import product

import numpy as np

from babingepet.cycles.btc import WeightBook
from babingepet.cycles.settings import HOUR_SETS, override
from babingepet.errors import InputError
from babingepet.replay.market import ReplayRules

CONCENTRATION = 100.0
"""Of the Dirichlet distribution: a weight of a tenth of the sum moves by about a third of itself."""


@dataclass(frozen=True, slots=True)
class Trial:
    """One set of rules of a sweep.

    Attributes:
        overrides: What the grid changed, ``key=value``; none is the base settings.
        rules: What decides.
    """

    overrides: tuple[str, ...]
    rules: ReplayRules


def make_trials(
    base: ReplayRules, grid: Sequence[str], books: Sequence[WeightBook]
) -> tuple[Trial, ...]:
    """Every combination of the grid, in its order, with each of the weight books.

    Args:
        base: What the grid changes.
        grid: ``key=value,value``; values of a set of hours are parted by ``|``, as each of them
            is a list.
        books: Weights to try, the base ones among them where they shall be.

    Raises:
        InputError: A setting that does not exist or appears twice, a value that does not parse, a
            combination that contradicts itself.
    """
    axes = [_axis(one) for one in grid]
    keys = [key for key, _ in axes]
    for key in keys:
        if keys.count(key) > 1:
            raise InputError(f"--grid {key}: given twice; write all of its values into one")
    made = []
    for values in product(*(values for _, values in axes)):
        pairs = tuple(f"{key}={value}" for key, value in zip(keys, values, strict=True))
        settings = _override(base, pairs)
        made += [Trial(pairs, replace(settings, book=book)) for book in books]
    return tuple(made)


def random_books(
    base: WeightBook, capability: Sequence[bool], count: int, seed: int
) -> tuple[WeightBook, ...]:
    """Weight books drawn around a base one; the same seed draws the same ones.

    Args:
        base: The mean of what is drawn.
        capability: The signals that the source can supply, in registry order.
        count: How many.
        seed: Of the draws.
    """
    weights = np.array(base.weights)
    drawn = np.flatnonzero(np.array(capability) & (weights > 0.0))
    if not len(drawn):
        return (base,) * count
    total = float(weights[drawn].sum())
    shares = np.random.default_rng(seed).dirichlet(CONCENTRATION * weights[drawn] / total, count)
    books = []
    for number, share in enumerate(shares, start=1):
        moved = weights.copy()
        moved[drawn] = share * total
        books.append(WeightBook(f"random-{seed}-{number}", tuple(moved.tolist())))
    return tuple(books)


def _axis(text: str) -> tuple[str, list[str]]:
    key, separator, values = text.partition("=")
    key = key.strip()
    if not separator or not key:
        raise InputError(f"--grid {text}: write key=value,value")
    parts = [part.strip() for part in values.split("|" if key in HOUR_SETS else ",")]
    if len(set(parts)) < len(parts):
        raise InputError(f"--grid {text}: a value is given twice")
    return key, parts


def _override(base: ReplayRules, pairs: tuple[str, ...]) -> ReplayRules:
    try:
        return replace(base, settings=override(base.settings, pairs))
    except InputError as error:
        reason = str(error).removeprefix("--set ")
        raise InputError(f"--grid {reason}") from None
