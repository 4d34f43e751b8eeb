"""A line of dots on the terminal."""

import numpy as np
import pytest

from babingepet_delivery.cli.chart import BLANK, dotted


def test_a_rise_goes_from_the_lower_left_to_the_upper_right():
    lines = dotted(np.arange(80.0), 40, 4)
    assert [len(line) for line in lines] == [40] * 4
    first_dots = [next(i for i, c in enumerate(line) if ord(c) != BLANK) for line in lines]
    assert first_dots == pytest.approx([30, 20, 10, 0], abs=1)


def test_one_minute_of_a_long_series_is_seen():
    values = np.zeros(1_000_000)
    values[700_000] = 1.0
    top = dotted(values, 50, 5)[0]
    assert [i for i, c in enumerate(top) if ord(c) != BLANK] == [35]


@pytest.mark.parametrize("values", [[1.0], [2.0, 2.0, 2.0]])
def test_a_series_that_does_not_move_is_a_line_at_the_bottom(values):
    lines = dotted(np.array(values), 10, 3)
    assert set("".join(lines[:-1])) == {chr(BLANK)}
    assert chr(BLANK) not in lines[-1]


def test_a_short_series_fills_the_width():
    lines = dotted(np.array([1.0, 2.0]), 10, 1)
    assert lines == [chr(BLANK + 0xC0) * 5 + chr(BLANK + 0x09) * 5]
