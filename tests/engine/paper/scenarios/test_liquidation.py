"""Liquidation: where the margin of a position ends, the exchange closes it before all else.

Of a fill at E with leverage L, isolated, with a maintenance margin of .4 % and fees ignored:
E (1 - 1/L) / .996 for a long, E (1 + 1/L) / 1.004 for a short. Without leverage a long cannot be
liquidated, a short can. A minute that touches the level left there, whatever else it reached and
wherever it opened. How to read a table: story.py.
"""

from tests.engine.paper.scenarios.story import story


@story("leverage=5")
def test_a_minute_that_reaches_the_liquidation_leaves_there_and_not_at_the_stop():
    """
    A fifth is 80 / .996 for a long, 120 / 1.004 for a short, which sees a high of 119.7.

    minute | open high  low  close | long                    | short
    12:00  | 100  100.1 99.9 100   | enters 100              | enters 100
    12:01  | 100  100.1 80.3 90    | LIQUIDATION 80.32128514 | LIQUIDATION 119.52191235
    """


@story("leverage=5")
def test_either_side_has_its_own_level():
    """
    A low of 80.4 stays above 80.32; the high of 119.6 that a short sees lies above 119.52.

    minute | open high  low  close | long           | short
    12:00  | 100  100.1 99.9 100   | enters 100     | enters 100
    12:01  | 100  100.1 80.4 90    | STOP_LOSS 99.4 | LIQUIDATION 119.52191235
    """


@story("leverage=5")
def test_short_of_it_the_stop_counts():
    """
    minute | open high  low  close | long           | short
    12:00  | 100  100.1 99.9 100   | enters 100     | enters 100
    12:01  | 100  100.1 80.5 90    | STOP_LOSS 99.4 | STOP_LOSS 100.6
    """


@story("leverage=5")
def test_it_precedes_the_gap_of_an_open_beyond_it():
    """
    minute | open high  low  close | long                    | short
    12:00  | 100  100.1 99.9 100   | enters 100              | enters 100
    12:01  | 70   71    69   70    | LIQUIDATION 80.32128514 | LIQUIDATION 119.52191235
    """


@story("leverage=5")
def test_it_precedes_the_target():
    """
    minute | open high  low  close | long                    | short
    12:00  | 100  100.1 99.9 100   | enters 100              | enters 100
    12:01  | 103  103   80   102   | LIQUIDATION 80.32128514 | LIQUIDATION 119.52191235
    """


@story("leverage=5")
def test_it_precedes_a_trail():
    """
    minute | open high  low  close | long                    | short
    12:00  | 100  100.1 99.9 100   | enters 100              | enters 100
    12:01  | 100  102   99.9 102   | trail to 101.5          | trail to 98.5
    12:02  | 102  102   80   100   | LIQUIDATION 80.32128514 | LIQUIDATION 119.52191235
    """


@story("leverage=5")
def test_it_precedes_the_time():
    """
    minute    | open high  low  close | long                    | short
    12:00     | 100  100.1 99.9 100   | enters 100              | enters 100
    ...       |                       |                         |
    Thu 11:59 | 100  100   80   100   | LIQUIDATION 80.32128514 | LIQUIDATION 119.52191235
    """


@story("leverage=5")
def test_the_minute_that_fills_the_entry_can_be_liquidated():
    """
    minute | open high  low close | long                    | short
    12:00  | 100  100.1 80  90    | enters 100              | enters 100
           |                      | LIQUIDATION 80.32128514 | LIQUIDATION 119.52191235
    """


@story("leverage=4")
def test_at_four_times_it_lies_a_quarter_away():
    """
    minute | open high  low  close | long                    | short
    12:00  | 100  100.1 99.9 100   | enters 100              | enters 100
    12:01  | 100  100.1 75.3 90    | LIQUIDATION 75.30120482 | LIQUIDATION 124.50199203
    """


@story("leverage=3")
def test_at_three_times_it_lies_a_third_away():
    """
    minute | open high  low  close | long                    | short
    12:00  | 100  100.1 99.9 100   | enters 100              | enters 100
    12:01  | 100  100.1 66.9 90    | LIQUIDATION 66.93440428 | LIQUIDATION 132.80212483
    """


@story("leverage=2")
def test_at_twice_it_lies_half_away():
    """
    minute | open high  low  close | long                    | short
    12:00  | 100  100.1 99.9 100   | enters 100              | enters 100
    12:01  | 100  100.1 50.2 90    | LIQUIDATION 50.20080321 | LIQUIDATION 149.40239044
    """


@story("leverage=2")
def test_at_twice_a_short_is_liquidated_above_149():
    """
    minute | open high  low  close | long           | short
    12:00  | 100  100.1 99.9 100   | enters 100     | enters 100
    12:01  | 100  100.1 50.5 90    | STOP_LOSS 99.4 | LIQUIDATION 149.40239044
    """


@story()
def test_without_leverage_only_a_short_can_be_liquidated():
    """
    It sees a high of 199.3: its loss has eaten its margin.

    minute | open high  low  close | long           | short
    12:00  | 100  100.1 99.9 100   | enters 100     | enters 100
    12:01  | 100  100.1 0.7  90    | STOP_LOSS 99.4 | LIQUIDATION 199.20318725
    """


@story("leverage=5")
def test_the_level_hangs_on_the_fill():
    """
    80 % of 101 / .996 for a long; a short filled at 99 is liquidated at 118.8 / 1.004.

    minute | open high  low   close | long                    | short
    12:00  | 101  101.1 100.9 101   | enters 101              | enters 99
    12:01  | 101  101.1 81.1  90    | LIQUIDATION 81.12449799 | LIQUIDATION 118.32669323
    """
