"""Contexts count what is remembered, say how little it is, and never make anything up."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from statsmodels.stats.proportion import proportion_confint

from babingepet.market.intervals import DAY, MINUTE
from babingepet.memory.conditions import Conditions, session_of
from babingepet.memory.engrams import Memory, Outcome
from babingepet.memory.events import trade_engram
from babingepet.memory.patterns import MOST_CHARACTERS, pattern_context, pattern_told

NOW = 1_746_403_200_000
HERE = Conditions("HIGH", "BUY", "B", "US", "TRENDING_UP")


def trade(number=1, net_return=0.01, conditions=HERE, reason="TARGET"):
    time = NOW - DAY + number * MINUTE
    outcome = Outcome(net_return, reason)
    engram = trade_engram(
        fact_id=f"paper:{number}", symbol="BTCUSDT", source="recorded", side="LONG",
        entry_time=time - MINUTE, outcome=outcome, conditions=conditions, event_time=time,
        known_at=time,
    )  # fmt: skip
    return Memory(number, engram, time, 0.5, 0)


def test_an_empty_memory_says_so():
    said = "no closed trade like this is remembered yet (0 of 0 engrams match)"
    assert pattern_context([], HERE).startswith(said)


def test_trades_under_other_conditions_are_not_like_this_one():
    other = Conditions("LOW", "SELL", "B", "US", "RANGING")
    text = pattern_context([trade(n, conditions=other) for n in range(1, 8)], HERE)
    assert "(0 of 7 engrams match)" in text


def test_wins_share_interval_and_mean_are_those_of_the_trades():
    returns = [0.02, -0.01, 0.0, 0.005, -0.01, 0.03, 0.01, -0.02, 0.01, 0.01, 0.01, -0.001]
    text = pattern_context([trade(n, value) for n, value in enumerate(returns, 1)], HERE)
    wins = sum(value > 0 for value in returns)
    low, high = proportion_confint(wins, len(returns), method="wilson")
    line = text.splitlines()[1]
    assert f"n=12, wins={wins}, win rate {wins / 12:.0%}" in line
    assert f"(95% interval {low:.0%} to {high:.0%})" in line
    assert f"mean net return {sum(returns) / 12:+.3%}" in line
    assert "too few" not in line


def test_a_small_sample_says_that_it_is_small():
    assert "n=2 is too few to tell anything" in pattern_context([trade(1), trade(2)], HERE)


def test_fewer_than_all_conditions_alike_are_counted_apart():
    near = Conditions("HIGH", "BUY", "B", "ASIA", "VOLATILE")
    lines = pattern_context([trade(1), trade(2, -0.01, near)], HERE).splitlines()
    assert lines[1].startswith("all 5 conditions alike: n=1, wins=1")
    assert lines[2].startswith("at least 3 of 5 alike: n=2, wins=1")
    assert [line.split()[2][11:16] for line in lines[3:]] == ["00:02", "00:01"], "newest first"


def test_what_was_not_measured_resembles_nothing():
    unknown = Conditions(session="US")
    text = pattern_context([trade(1, conditions=Conditions(entry_grade="B"))], unknown)
    assert "(0 of 1 engrams match)" in text
    assert "no condition is measured now" in pattern_context([trade(1)], Conditions())


@given(
    st.lists(st.floats(-1.0, 10.0), max_size=40),
    st.text("ABZ_ ", max_size=900),
    st.integers(0, 40),
)
def test_a_context_never_outgrows_its_room(returns, regime, k):
    here = Conditions("HIGH", "BUY", "B", "US", regime or None)
    memories = [trade(n, value, here, "R" * 300) for n, value in enumerate(returns, 1)]
    assert 0 < len(pattern_context(memories, here, k)) <= MOST_CHARACTERS


def test_those_that_are_told_singly_are_those_that_have_a_line():
    memories = [trade(n, reason="R" * n * 40) for n in range(1, 9)]
    told = pattern_told([*memories, trade(9, conditions=Conditions("LOW"))], HERE, 8)
    lines = [line for line in told.text.splitlines() if line.startswith("- closed")]
    assert 0 < len(lines) < 8, "there is no room for all"
    assert [one.id for one in told.singly] == [8 - row for row in range(len(lines))]
    assert (told.remembered, told.alike) == (9, 8)
    assert pattern_told([], HERE) == (pattern_context([], HERE), 0, 0, ())


@pytest.mark.parametrize(
    ("hour", "name"),
    [(0, "ASIA"), (6, "ASIA"), (7, "EU"), (12, "EU"), (13, "US"), (20, "US"), (21, "LATE"), (23, "LATE")],
)  # fmt: skip
def test_each_hour_belongs_to_a_session(hour, name):
    assert session_of(NOW + hour * 60 * MINUTE) == name
