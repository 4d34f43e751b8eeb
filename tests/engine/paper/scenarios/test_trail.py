"""The trail: how the stop follows a position that is in profit.

A peak of 1 % arms the trail, which then keeps three quarters of the peak's profit. It never
loosens. Whatever a minute does to the stop binds from the next minute on. How to read a table:
story.py.
"""

from tests.engine.paper.scenarios.story import story


@story()
def test_a_peak_of_one_per_cent_arms_the_trail():
    """
    minute | open  high  low    close | long            | short
    12:00  | 100   100.1 99.9   100   | enters 100      | enters 100
    12:01  | 100   101   99.9   100.9 | trail to 100.75 | trail to 99.25
    12:02  | 100.9 100.9 100.75 100.8 | TRAIL 100.75    | TRAIL 99.25
    """


@story()
def test_a_peak_short_of_one_per_cent_arms_nothing():
    """
    minute | open  high   low  close | long           | short
    12:00  | 100   100.1  99.9 100   | enters 100     | enters 100
    12:01  | 100   100.99 99.9 100.9 |                |
    12:02  | 100.9 100.9  99.4 99.5  | STOP_LOSS 99.4 | STOP_LOSS 100.6
    """


@story()
def test_one_per_cent_is_of_the_fill_and_inclusive():
    """
    From 101 it takes 102.01, from 99 it takes 98.01 (101.99 in a long's prices).

    minute | open  high   low   close | long              | short
    12:00  | 101   101.1  100.9 101   | enters 101        | enters 99
    12:01  | 101   101.98 100.9 101.5 |                   |
    12:02  | 101.5 101.99 101.4 101.9 |                   | trail to 98.2575
    12:03  | 101.9 102    101.8 101.9 |                   | trail to 98.25
    12:04  | 101.9 102.01 101.8 101.9 | trail to 101.7575 | trail to 98.2425
    """


@story()
def test_the_minute_that_fills_the_entry_can_arm_the_trail():
    """
    minute | open  high  low   close | long                        | short
    12:00  | 100   101   99.9  100.9 | enters 100, trail to 100.75 | enters 100, trail to 99.25
    12:01  | 100.9 100.9 100.7 100.8 | TRAIL 100.75                | TRAIL 99.25
    """


@story()
def test_the_minute_that_arms_the_trail_cannot_leave_by_it():
    """
    The low lies below the new stop, but who knows whether it came before the high.

    minute | open high  low  close | long             | short
    12:00  | 100  100.1 99.9 100   | enters 100       | enters 100
    12:01  | 100  101.5 99.5 99.6  | trail to 101.125 | trail to 98.875
    12:02  | 99.6 99.7  99.5 99.6  | TRAIL_GAP 99.6   | TRAIL_GAP 100.4
    """


@story()
def test_a_minute_that_moves_the_trail_is_judged_by_the_stop_before_it():
    """
    minute | open  high  low    close | long            | short
    12:00  | 100   100.1 99.9   100   | enters 100      | enters 100
    12:01  | 100   101   99.9   101   | trail to 100.75 | trail to 99.25
    12:02  | 101   102   100.76 101.9 | trail to 101.5  | trail to 98.5
    12:03  | 101.9 102.4 101.5  102.3 | TRAIL 101.5     | TRAIL 98.5
    """


@story()
def test_the_trail_follows_each_new_peak():
    """
    minute | open  high  low   close | long             | short
    12:00  | 100   100.1 99.9  100   | enters 100       | enters 100
    12:01  | 100   101   99.9  101   | trail to 100.75  | trail to 99.25
    12:02  | 101   101.5 100.9 101.5 | trail to 101.125 | trail to 98.875
    12:03  | 101.5 102   101.4 102   | trail to 101.5   | trail to 98.5
    12:04  | 102   102.4 101.9 102   | trail to 101.8   | trail to 98.2
    12:05  | 102   102.1 101.7 101.9 | TRAIL 101.8      | TRAIL 98.2
    """


@story()
def test_the_trail_never_loosens():
    """
    minute | open  high  low    close | long           | short
    12:00  | 100   100.1 99.9   100   | enters 100     | enters 100
    12:01  | 100   102   99.9   102   | trail to 101.5 | trail to 98.5
    12:02  | 102   102   101.6  101.7 |                |
    12:03  | 101.7 101.9 101.51 101.6 |                |
    12:04  | 101.6 101.6 101.5  101.5 | TRAIL 101.5    | TRAIL 98.5
    """


@story()
def test_the_peak_is_remembered_over_minutes_that_fall_back():
    """
    Three quarters of 1.2 are kept, not of the lower highs in between.

    minute | open  high  low  close | long           | short
    12:00  | 100   100.1 99.9 100   | enters 100     | enters 100
    12:01  | 100   101.2 99.9 101.1 | trail to 100.9 | trail to 99.1
    12:02  | 101.1 101.1 101  101   |                |
    12:03  | 101   101.6 101  101.5 | trail to 101.2 | trail to 98.8
    """


@story()
def test_a_trail_once_armed_stays_armed():
    """
    minute | open  high  low    close | long            | short
    12:00  | 100   100.1 99.9   100   | enters 100      | enters 100
    12:01  | 100   101   99.9   100.9 | trail to 100.75 | trail to 99.25
    12:02  | 100.9 100.9 100.76 100.8 |                 |
    12:03  | 100.8 102   100.8  101.9 | trail to 101.5  | trail to 98.5
    """


@story()
def test_an_open_beyond_the_trail_fills_at_the_open():
    """
    minute | open  high  low  close | long            | short
    12:00  | 100   100.1 99.9 100   | enters 100      | enters 100
    12:01  | 100   102   99.9 102   | trail to 101.5  | trail to 98.5
    12:02  | 101.4 102.6 101  101.2 | TRAIL_GAP 101.4 | TRAIL_GAP 98.6
    """


@story()
def test_an_open_exactly_at_the_trail_is_no_gap():
    """
    minute | open  high  low  close | long           | short
    12:00  | 100   100.1 99.9 100   | enters 100     | enters 100
    12:01  | 100   102   99.9 102   | trail to 101.5 | trail to 98.5
    12:02  | 101.5 101.9 101  101.2 | TRAIL 101.5    | TRAIL 98.5
    """


@story()
def test_a_position_with_a_trail_can_still_reach_its_target():
    """
    minute | open high  low   close | long           | short
    12:00  | 100  100.1 99.9  100   | enters 100     | enters 100
    12:01  | 100  102   99.9  102   | trail to 101.5 | trail to 98.5
    12:02  | 102  102.6 101.6 102.1 | TARGET 102.5   | TARGET 97.5
    """


@story()
def test_where_one_minute_reaches_trail_and_target_the_trail_counts():
    """
    minute | open high  low   close | long           | short
    12:00  | 100  100.1 99.9  100   | enters 100     | enters 100
    12:01  | 100  102   99.9  102   | trail to 101.5 | trail to 98.5
    12:02  | 102  103   101.5 102.8 | TRAIL 101.5    | TRAIL 98.5
    """


@story("arm=0.005", "keep=0.5")
def test_the_arming_profit_and_the_share_that_is_kept_are_settings():
    """
    minute | open  high  low   close | long            | short
    12:00  | 100   100.4 99.9  100   | enters 100      | enters 100
    12:01  | 100   100.5 99.9  100.4 | trail to 100.25 | trail to 99.75
    12:02  | 100.4 101   100.3 101   | trail to 100.5  | trail to 99.5
    """


@story("arm=0")
def test_a_trail_that_needs_no_profit_starts_at_the_fill():
    """
    minute | open  high  low   close | long                     | short
    12:00  | 100   100   99.9  100   | enters 100, trail to 100 | enters 100, trail to 100
    12:01  | 100.2 100.4 100.1 100.4 | trail to 100.3           | trail to 99.7
    """
