"""A metric never holds what is not a number."""

import math

import pytest

from babingepet.performance.metric import Metric, measured, unavailable


@pytest.mark.parametrize("value", [math.inf, -math.inf, math.nan])
def test_what_is_not_a_number_is_unavailable_and_says_so(value):
    metric = measured(value, 40, (1.0, 2.0))
    assert metric == Metric(None, 40, reason="too large for a number")


def test_a_measured_value_keeps_its_interval_and_its_warning():
    metric = measured(1.5, 12, (1, 2), "12 days")
    assert metric == Metric(1.5, 12, 1.0, 2.0, "12 days")
    assert measured(1.5, 12) == Metric(1.5, 12)


def test_an_unavailable_one_keeps_its_sample():
    assert unavailable("no day lost", 9) == Metric(None, 9, None, None, "no day lost")
