"""Scenarios are written as minutes: verdicts as letters, one a minute.

B BUY, b STRONG_BUY, S SELL, s STRONG_SELL, . HOLD, x thin coverage, _ a missed minute.
"""

import pytest

from babingepet.domain.codes import Verdict
from babingepet.market.intervals import MINUTE
from babingepet.voting import debounce as d
from babingepet.voting.rules import VotingRules
from tests import factories as f

RULES = VotingRules()
VERDICTS = {
    "B": Verdict.BUY.value, "b": Verdict.STRONG_BUY.value, "S": Verdict.SELL.value,
    "s": Verdict.STRONG_SELL.value, ".": Verdict.HOLD.value, "x": Verdict.BUY.value,
}  # fmt: skip


def play(minutes, *, enter=False, last=0):
    """Whether each minute is settled; with ``enter``, every settled one is an entry."""
    state = d.Debounce(entry_side=last)
    said = ""
    for i, letter in enumerate(minutes):
        if letter == "_":
            said += " "
            continue
        verdict = VERDICTS[letter]
        side = (verdict > 0) - (verdict < 0)
        state = d.count_minute(state, f.NOON + i * MINUTE, verdict, letter != "x")
        settled = d.is_settled(state, side, verdict, state.entry_as_of, RULES)
        said += "Y" if settled else "n"
        if settled and enter:
            state = d.note_entry(state, side, state.as_of)
    return said


@pytest.mark.parametrize(
    ("minutes", "settled"),
    [
        ("B", "n"),
        ("BB", "nY"),
        ("SS", "nY"),
        ("BBB", "nYY"),
        ("b", "Y"),  # a strong one needs a single minute
        ("s", "Y"),
        ("Bb", "nY"),
        ("bB", "YY"),  # BUY and STRONG_BUY are one side
        ("B.B", "nnn"),
        ("B.BB", "nnnY"),
        ("BS", "nn"),
        ("BSS", "nnY"),
        ("B_B", "n n"),  # a missed minute begins anew
        ("B_BB", "n nY"),
        ("BxB", "nnn"),
        ("BxBB", "nnnY"),
        ("x", "n"),
        (".", "n"),
        ("....", "nnnn"),
    ],
)
def test_a_side_must_persist(minutes, settled):
    assert play(minutes) == settled


@pytest.mark.parametrize(
    ("last", "minutes", "settled"),
    [
        (-1, "BBB", "nnY"),  # against the last entry: three
        (-1, "bbb", "nnY"),  # also when strong
        (-1, "Bbb", "nnY"),
        (1, "sss", "nnY"),
        (1, "BB", "nY"),
        (1, "b", "Y"),
        (-1, "BB.BBB", "nnnnnY"),
    ],
)
def test_a_reversal_needs_three_minutes(last, minutes, settled):
    assert play(minutes, last=last) == settled


def test_entries_lie_five_minutes_apart():
    assert play("bbbbbbbbbbb", enter=True) == "YnnnnYnnnnY"


def test_a_reversal_needs_both_the_minutes_and_the_distance():
    assert play("bssssssb", enter=True) == "YnnnnYnn"


def test_a_shadow_has_its_own_clock():
    state = d.count_minute(d.Debounce(), f.NOON, VERDICTS["B"], True)
    shadowed = d.note_shadow(state, f.NOON)
    assert shadowed.shadow_as_of == f.NOON
    assert (shadowed.entry_side, shadowed.entry_as_of) == (0, d.NEVER)
    assert d.note_entry(state, 1, f.NOON).shadow_as_of == d.NEVER


@pytest.mark.parametrize(("distance", "settled"), [(300_000, True), (299_999, False)])
def test_the_distance_is_inclusive(distance, settled):
    state = d.Debounce(as_of=f.NOON, side=1, minutes=9)
    assert d.is_settled(state, 1, 1, f.NOON - distance, RULES) is settled


def test_an_account_that_never_traded_waits_for_nothing():
    state = d.Debounce(as_of=f.NOON, side=1, minutes=2)
    assert d.is_settled(state, 1, 1, d.NEVER, RULES)
