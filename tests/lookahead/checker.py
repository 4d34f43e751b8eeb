"""Finds the first moment at which something told depends on what happens later.

A reading is any function of all facts and a time: a score, the inputs of a signal, a run of
decisions. It is read three times: with the true future, with none, and with another one. A reading
that does not look ahead says the same each time, to the last bit.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import NamedTuple

from tests.lookahead.facts import Facts

Reading = Callable[[Facts, int], object]
"""Takes all facts, those after ``as_of`` too, and ``as_of``. Floats are compared by their repr,
which tells every two bit patterns apart but the NaNs."""

NO_FUTURE, ANOTHER_FUTURE = "no future", "another future"


class Leak(NamedTuple):
    """The first dependence on the future that was found."""

    as_of: int
    future: str
    """Which future changed what was told."""
    told: str
    """With the true future."""
    otherwise: str
    """With the other one."""


def first_leak(read: Reading, facts: Facts, as_ofs: Iterable[int], seed: int = 0) -> Leak | None:
    """The earliest of ``as_ofs`` whose reading depends on later facts; None when none does."""
    for as_of in sorted(as_ofs):
        told = repr(read(facts, as_of))
        futures = {
            NO_FUTURE: facts.until(as_of),
            ANOTHER_FUTURE: facts.with_another_future(as_of, seed),
        }
        for future, others in futures.items():
            otherwise = repr(read(others, as_of))
            if otherwise != told:
                return Leak(as_of, future, told, otherwise)
    return None
