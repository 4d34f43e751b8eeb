from decimal import Decimal

import pytest

from babingepet.domain.money import amount, round8


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (0.123456784, 0.12345678),
        (0.123456786, 0.12345679),
        (2.5e-8, 2e-8),  # half to even
        (3.5e-8, 4e-8),
        (-2.5e-8, -2e-8),
        (1e-9, 0.0),
        (1_000.0, 1_000.0),
    ],
)
def test_money_rounds_to_eight_decimals_half_to_even(value, expected):
    assert round8(value) == expected


def test_rounding_is_idempotent_on_the_whole_range_of_an_account():
    for value in (0.1, 12_345.678_912_34, 89_999_999.123_456_78, -77.7):
        assert round8(round8(value)) == round8(value)


@pytest.mark.parametrize(
    ("value", "expected"),
    [(0.1 + 0.2, "0.30000000"), (1e7 + 1e-8, "10000000.00000001"), (-0.00000001, "-1E-8")],
)
def test_an_amount_is_the_exact_decimal_of_a_value_on_the_grid(value, expected):
    assert amount(value) == Decimal(expected)
