"""How memories fade, and what makes their rank."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from babingepet.market.intervals import DAY
from babingepet.memory import strength

SHARE = st.floats(0.0, 1.0)
SPAN = st.integers(0, 400 * DAY)


@pytest.mark.parametrize(
    ("days", "left"), [(0, 0.5), (14, 0.25), (28, 0.125), (7, 0.5 / math.sqrt(2)), (-3, 0.5)]
)
def test_a_strength_halves_in_fourteen_days_and_never_grows_by_itself(days, left):
    assert strength.effective(0.5, days * DAY) == pytest.approx(left, rel=1e-15)


@given(SHARE, SPAN, SPAN)
def test_fading_in_two_steps_is_fading_in_one(first, one, other):
    twice = strength.effective(strength.effective(first, one), other)
    assert twice == pytest.approx(strength.effective(first, one + other), rel=1e-12, abs=1e-300)


@given(SHARE)
def test_a_reinforcement_goes_a_fifth_of_the_way_and_never_beyond_one(left):
    assert strength.reinforced(left) == pytest.approx(0.8 * left + 0.2, abs=1e-15)
    assert left <= strength.reinforced(left) <= 1.0


@given(st.floats(0.0, 100.0), SHARE)
def test_a_rank_lies_between_three_tenths_of_the_fit_and_the_fit(fit, left):
    rank = strength.rank(fit, left)
    assert 0.3 * fit <= rank <= fit * (1 + 1e-15)
    assert rank == pytest.approx(fit * (0.3 + 0.7 * left), abs=1e-12)
