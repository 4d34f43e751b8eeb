import pytest

from babingepet.domain.score import Score, clip1, measured, unavailable


@pytest.mark.parametrize(
    ("value", "expected"),
    [(-2.0, -1.0), (-1.0, -1.0), (0.3, 0.3), (1.0, 1.0), (7.0, 1.0), (float("inf"), 1.0)],
)
def test_a_score_is_clipped_to_one(value, expected):
    assert clip1(value) == expected


def test_a_neutral_measurement_is_not_an_unavailable_one():
    assert measured("vwap", 0.0, 30, {"z": 0.0}) == Score("vwap", 0.0, None, 30, {"z": 0.0})
    assert unavailable("vwap", "warm-up") == Score("vwap", None, "warm-up", 0, {})
