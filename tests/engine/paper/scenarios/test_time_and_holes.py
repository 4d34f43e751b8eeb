"""Time: the limit of 24 hours, orders that wait for their minute, and minutes that never came.

A position is closed at the close that completes 24 hours from the open it was filled at, when
nothing else closed it in that minute. An order fills at the open of the very next minute or lapses.
A minute that was never received reaches nothing; the next one is judged like any other. How to
read a table: story.py.
"""

from tests.engine.paper.scenarios.story import story


@story()
def test_the_close_that_completes_24_hours_closes_the_position():
    """
    minute    | open  high  low  close | long       | short
    12:00     | 100   100.1 99.9 100   | enters 100 | enters 100
    ...       |                        |            |
    Thu 11:58 | 100   100.4 99.9 100.3 |            |
    Thu 11:59 | 100.3 100.3 100  100.2 | TIME 100.2 | TIME 99.8
    Thu 12:00 | 95    95    95   95    |            |
    """


@story()
def test_the_stop_comes_before_the_time():
    """
    minute    | open high  low  close | long           | short
    12:00     | 100  100.1 99.9 100   | enters 100     | enters 100
    ...       |                       |                |
    Thu 11:59 | 100  100   99.4 100   | STOP_LOSS 99.4 | STOP_LOSS 100.6
    """


@story()
def test_a_gap_comes_before_the_time():
    """
    minute    | open high  low  close | long             | short
    12:00     | 100  100.1 99.9 100   | enters 100       | enters 100
    ...       |                       |                  |
    Thu 11:59 | 99   100   99   100   | STOP_LOSS_GAP 99 | STOP_LOSS_GAP 101
    """


@story()
def test_the_target_comes_before_the_time():
    """
    minute    | open high  low  close | long         | short
    12:00     | 100  100.1 99.9 100   | enters 100   | enters 100
    ...       |                       |              |
    Thu 11:59 | 100  102.5 100  100   | TARGET 102.5 | TARGET 97.5
    """


@story()
def test_the_trail_comes_before_the_time():
    """
    minute    | open high low   close | long                       | short
    12:00     | 100  102  99.9  102   | enters 100, trail to 101.5 | enters 100, trail to 98.5
    ...       |                       |                            |
    Thu 11:59 | 102  102  101.4 101.9 | TRAIL 101.5                | TRAIL 98.5
    """


@story()
def test_a_trail_that_the_last_minute_arms_comes_too_late():
    """
    minute    | open high  low  close | long       | short
    12:00     | 100  100.1 99.9 100   | enters 100 | enters 100
    ...       |                       |            |
    Thu 11:59 | 100  102   100  100.1 | TIME 100.1 | TIME 99.9
    """


@story()
def test_the_last_close_counts_however_long_the_position_was_in_profit():
    """
    minute    | open  high  low  close | long                 | short
    12:00     | 100   100.1 99.9 100   | enters 100           | enters 100
    12:01     | 100   100.9 100  100.9 |                      |
    ...       |                        |                      |
    Thu 11:59 | 100.9 100.9 100  100   | TIME 100, net 0, R 0 | TIME 100, net 0, R 0
    """


@story()
def test_where_the_minute_that_completes_24_hours_is_missing_the_next_one_closes():
    """
    minute    | open high  low  close | long       | short
    12:00     | 100  100.1 99.9 100   | enters 100 | enters 100
    ...       |                       |            |
    Thu 11:58 | 100  100   100  100   |            |
    Thu 11:59 | missing               |            |
    Thu 12:00 | missing               |            |
    Thu 12:01 | 100  100.3 99.9 100.2 | TIME 100.2 | TIME 99.8
    """


@story()
def test_with_a_book_the_time_is_sold_at_the_bid_and_bought_at_the_ask():
    """
    A long sells at 99.8; the mirrored book of the short asks 100.2.

    minute    | open high  low  close | given                 | long       | short
    12:00     | 100  100.1 99.9 100   |                       | enters 100 | enters 100
    ...       |                       |                       |            |
    Thu 11:59 | 100  100   100  100   | last quote 99.8 100.1 | TIME 99.8  | TIME 100.2
    """


@story("max_hold=180000")
def test_the_limit_is_a_setting():
    """
    minute | open  high  low  close | long       | short
    12:00  | 100   100.1 99.9 100   | enters 100 | enters 100
    12:01  | 100   100.1 99.9 100.1 |            |
    12:02  | 100.1 100.2 99.9 99.9  | TIME 99.9  | TIME 100.1
    """


@story("max_hold=60000")
def test_a_limit_of_one_minute_closes_at_the_close_of_the_entry_minute():
    """
    minute | open high  low  close | long                   | short
    12:00  | 100  100.1 99.9 100.1 | enters 100, TIME 100.1 | enters 100, TIME 99.9
    """


# --- orders


@story()
def test_an_order_whose_minute_is_missing_lapses():
    """
    minute | open high  low  close | long   | short
    12:00  | missing               |        |
    12:01  | 100  100.1 99.9 100   | lapses | lapses
    12:02  | 100  100.1 99.9 100   |        |
    """


@story()
def test_the_next_order_after_a_lapsed_one_fills():
    """
    minute | open  high  low   close | given | long         | short
    12:00  | missing                 |       |              |
    12:01  | 100   100.1 99.9  100   | order | lapses       | lapses
    12:02  | 100.2 100.3 100.1 100.2 |       | enters 100.2 | enters 99.8
    """


@story()
def test_a_position_may_be_followed_by_another_one_the_minute_after_it_left():
    """
    The order is decided at the end of the minute that closed the position. The new position has a
    stop, a peak and a target of its own; nothing of the trail before is left.

    minute | open  high  low    close | given | long              | short
    12:00  | 100   100.1 99.9   100   |       | enters 100        | enters 100
    12:01  | 100   101.2 99.9   101.2 |       | trail to 100.9    | trail to 99.1
    12:02  | 101.2 101.3 100.8  101   | order | TRAIL 100.9       | TRAIL 99.1
    12:03  | 101   101.5 100.5  100.5 |       | enters 101        | enters 99
    12:04  | 100.5 100.6 100.41 100.5 |       |                   |
    12:05  | 100.5 100.5 100.39 100.5 |       | STOP_LOSS 100.394 | STOP_LOSS 99.594
    """


@story()
def test_its_24_hours_begin_anew():
    """
    minute    | open high  low  close | given | long         | short
    12:00     | 100  100.1 99.9 100   |       | enters 100   | enters 100
    12:01     | 100  102.5 99.9 100   | order | TARGET 102.5 | TARGET 97.5
    12:02     | 100  100.1 99.9 100   |       | enters 100   | enters 100
    ...       |                       |       |              |
    Thu 12:00 | 100  100.1 99.9 100   |       |              |
    Thu 12:01 | 100  100.1 99.9 100   |       | TIME 100     | TIME 100
    """


@story()
def test_an_order_beside_an_open_position_does_not_fill():
    """
    minute | open  high  low  close | given | long           | short
    12:00  | 100   100.1 99.9 100   | order | enters 100     | enters 100
    12:01  | 100.2 100.3 99.9 100.2 |       | lapses         | lapses
    12:02  | 100.2 100.2 99.4 99.4  |       | STOP_LOSS 99.4 | STOP_LOSS 100.6
    """


# --- missing minutes


@story()
def test_a_fall_in_missing_minutes_fills_at_the_next_open():
    """
    minute | open high  low  close | long             | short
    12:00  | 100  100.1 99.9 100   | enters 100       | enters 100
    12:01  | missing               |                  |
    12:02  | missing               |                  |
    12:03  | 98   98.5  97.9 98.4  | STOP_LOSS_GAP 98 | STOP_LOSS_GAP 102
    """


@story()
def test_a_trail_is_gapped_over_missing_minutes_too():
    """
    minute | open  high  low   close | long            | short
    12:00  | 100   100.1 99.9  100   | enters 100      | enters 100
    12:01  | 100   102   99.9  102   | trail to 101.5  | trail to 98.5
    12:02  | missing                 |                 |
    12:30  | 100.6 100.7 100.5 100.6 | TRAIL_GAP 100.6 | TRAIL_GAP 99.4
    """


@story()
def test_a_rise_over_the_target_in_missing_minutes_pays_the_target():
    """
    minute | open high  low   close | long         | short
    12:00  | 100  100.1 99.9  100   | enters 100   | enters 100
    12:01  | missing                |              |
    12:02  | 104  104   103.9 104   | TARGET 102.5 | TARGET 97.5
    """


@story()
def test_missing_minutes_that_hid_nothing_change_nothing():
    """
    minute | open  high  low   close | long             | short
    12:00  | 100   100.1 99.9  100   | enters 100       | enters 100
    12:01  | 100   101   99.9  101   | trail to 100.75  | trail to 99.25
    12:02  | missing                 |                  |
    12:03  | 101   101   100.8 100.9 |                  |
    12:04  | 100.9 101.5 100.8 101.5 | trail to 101.125 | trail to 98.875
    """
