"""The chandelier: a second level that follows a position, hung from the market's own range.

For a long it lies three average true ranges below the highest high of 22 quarter hours (LeBeau),
for a short three above the lowest low. It counts only once the trail is armed. The stop in force
is the tightest of initial stop, trail and chandelier, is named after the last of them that
tightened it, and never loosens. How to read a table: story.py.
"""

from tests.engine.paper.scenarios.story import story


@story()
def test_the_chandelier_counts_only_once_the_trail_is_armed():
    """
    minute | open  high  low   close | given            | long                | short
    12:00  | 100   100.1 99.9  100   | chandelier 99.8  | enters 100          | enters 100
    12:01  | 100   100.9 99.85 100.8 | chandelier 100.2 |                     |
    12:02  | 100.8 100.9 100   100.8 | chandelier 100.5 |                     |
    12:03  | 100.8 101   100.6 101   | chandelier 100.9 | chandelier to 100.9 | chandelier to 99.1
    """


@story()
def test_a_chandelier_tighter_than_the_trail_is_the_stop():
    """
    minute | open  high  low   close | given            | long                | short
    12:00  | 100   100.1 99.9  100   |                  | enters 100          | enters 100
    12:01  | 100   101.5 99.9  101.5 | chandelier 101.2 | chandelier to 101.2 | chandelier to 98.8
    12:02  | 101.5 101.5 101.2 101.3 | chandelier 101.2 | CHANDELIER 101.2    | CHANDELIER 98.8
    """


@story()
def test_a_chandelier_looser_than_the_trail_changes_nothing():
    """
    minute | open  high  low   close | given            | long             | short
    12:00  | 100   100.1 99.9  100   |                  | enters 100       | enters 100
    12:01  | 100   101.5 99.9  101.5 | chandelier 101.1 | trail to 101.125 | trail to 98.875
    12:02  | 101.5 101.5 101.1 101.3 | chandelier 101.1 | TRAIL 101.125    | TRAIL 98.875
    """


@story()
def test_where_both_lie_at_one_level_the_stop_is_the_trails():
    """
    minute | open high  low   close | given            | long           | short
    12:00  | 100  100.1 99.9  100   |                  | enters 100     | enters 100
    12:01  | 100  102   99.9  102   | chandelier 101.5 | trail to 101.5 | trail to 98.5
    12:02  | 102  102   101.5 101.8 | chandelier 101.5 | TRAIL 101.5    | TRAIL 98.5
    """


@story()
def test_a_level_keeps_the_name_of_what_set_it_first():
    """
    The trail reaches 101.5 a minute after the chandelier did: it tightens nothing.

    minute | open  high  low   close | given            | long                | short
    12:00  | 100   100.1 99.9  100   |                  | enters 100          | enters 100
    12:01  | 100   101.8 99.9  101.8 | chandelier 101.5 | chandelier to 101.5 | chandelier to 98.5
    12:02  | 101.8 102   101.6 101.8 |                  |                     |
    12:03  | 101.8 101.9 101.5 101.8 |                  | CHANDELIER 101.5    | CHANDELIER 98.5
    """


@story()
def test_while_its_bars_warm_up_there_is_no_chandelier():
    """
    minute | open  high  low   close | given | long             | short
    12:00  | 100   100.1 99.9  100   |       | enters 100       | enters 100
    12:01  | 100   101.5 99.9  101.5 |       | trail to 101.125 | trail to 98.875
    12:02  | 101.5 101.5 101.2 101.3 |       |                  |
    """


@story()
def test_a_chandelier_that_falls_back_or_is_lost_does_not_loosen_the_stop():
    """
    minute | open  high  low   close | given            | long                | short
    12:00  | 100   100.1 99.9  100   |                  | enters 100          | enters 100
    12:01  | 100   101.5 99.9  101.5 | chandelier 101.3 | chandelier to 101.3 | chandelier to 98.7
    12:02  | 101.5 101.5 101.4 101.5 | chandelier 100.2 |                     |
    12:03  | 101.5 101.5 101.4 101.5 |                  |                     |
    12:04  | 101.5 101.5 101.3 101.4 |                  | CHANDELIER 101.3    | CHANDELIER 98.7
    """


@story()
def test_trail_and_chandelier_overtake_each_other():
    """
    minute | open  high  low   close | given            | long                | short
    12:00  | 100   100.1 99.9  100   |                  | enters 100          | enters 100
    12:01  | 100   101   99.9  101   | chandelier 100.8 | chandelier to 100.8 | chandelier to 99.2
    12:02  | 101   102   100.9 102   | chandelier 100.9 | trail to 101.5      | trail to 98.5
    12:03  | 102   102   101.6 101.9 | chandelier 101.7 | chandelier to 101.7 | chandelier to 98.3
    12:04  | 101.9 102.4 101.8 102.3 | chandelier 101.7 | trail to 101.8      | trail to 98.2
    12:05  | 102.3 102.3 101.7 102   |                  | TRAIL 101.8         | TRAIL 98.2
    """


@story()
def test_a_chandelier_above_the_close_leaves_at_the_next_open():
    """
    minute | open  high  low   close | given            | long                 | short
    12:00  | 100   100.1 99.9  100   |                  | enters 100           | enters 100
    12:01  | 100   101   99.9  100.2 | chandelier 100.9 | chandelier to 100.9  | chandelier to 99.1
    12:02  | 100.2 100.6 100.1 100.5 |                  | CHANDELIER_GAP 100.2 | CHANDELIER_GAP 99.8
    """


@story()
def test_an_open_exactly_at_the_chandelier_is_no_gap():
    """
    minute | open  high  low   close | given            | long                | short
    12:00  | 100   100.1 99.9  100   |                  | enters 100          | enters 100
    12:01  | 100   101.5 99.9  101.5 | chandelier 101.2 | chandelier to 101.2 | chandelier to 98.8
    12:02  | 101.2 103   101.2 103   |                  | CHANDELIER 101.2    | CHANDELIER 98.8
    """


@story()
def test_where_one_minute_reaches_chandelier_and_target_the_chandelier_counts():
    """
    minute | open  high  low   close | given            | long                | short
    12:00  | 100   100.1 99.9  100   |                  | enters 100          | enters 100
    12:01  | 100   101.5 99.9  101.5 | chandelier 101.2 | chandelier to 101.2 | chandelier to 98.8
    12:02  | 101.5 103   101.2 103   |                  | CHANDELIER 101.2    | CHANDELIER 98.8
    """


@story("target=0.2")
def test_with_a_far_target_the_chandelier_closes_a_long_run():
    """
    minute | open  high  low   close | given            | long                 | short
    12:00  | 100   100.1 99.9  100   |                  | enters 100           | enters 100
    12:01  | 100   104   99.9  104   | chandelier 102   | trail to 103         | trail to 97
    12:02  | 104   108   103.5 108   | chandelier 106.5 | chandelier to 106.5  | chandelier to 93.5
    12:03  | 108   110   107.6 108   | chandelier 107.8 | chandelier to 107.8  | chandelier to 92.2
    12:04  | 107.7 107.7 107   107   |                  | CHANDELIER_GAP 107.7 | CHANDELIER_GAP 92.3
    """
