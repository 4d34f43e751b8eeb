"""Stop and target: .6 % against the position and 2.5 % for it, measured from its fill.

Both rest at the exchange. One minute asks, in this order: did it open beyond the stop, then the
position left at the open; did it reach the stop, then it left there; did it reach the target, then
it left there. How to read a table: story.py.
"""

from tests.engine.paper.scenarios.story import story


@story()
def test_a_position_that_reaches_nothing_stays():
    """
    minute | open  high  low   close | long       | short
    12:00  | 100   100.5 99.5  100.1 | enters 100 | enters 100
    12:01  | 100.1 100.9 99.41 99.5  |            |
    12:02  | 99.5  99.5  99.5  99.5  |            |
    """


@story()
def test_a_minute_that_touches_the_stop_leaves_there():
    """
    minute | open high  low  close | long           | short
    12:00  | 100  100.1 99.9 100   | enters 100     | enters 100
    12:01  | 100  100.1 99.4 99.8  | STOP_LOSS 99.4 | STOP_LOSS 100.6
    """


@story()
def test_a_cent_before_the_stop_it_stays():
    """
    minute | open high  low   close | long       | short
    12:00  | 100  100.1 99.9  100   | enters 100 | enters 100
    12:01  | 100  100.1 99.41 99.8  |            |
    """


@story()
def test_however_far_a_minute_falls_the_stop_was_reached_on_the_way():
    """
    minute | open high  low  close | long           | short
    12:00  | 100  100.1 99.9 100   | enters 100     | enters 100
    12:01  | 100  100.1 90   90    | STOP_LOSS 99.4 | STOP_LOSS 100.6
    """


@story()
def test_the_stop_stays_where_the_fill_put_it_while_the_position_loses():
    """
    minute | open high  low  close | long           | short
    12:00  | 100  100.1 99.8 99.9  | enters 100     | enters 100
    12:01  | 99.9 99.9  99.6 99.6  |                |
    12:02  | 99.6 99.7  99.5 99.5  |                |
    12:03  | 99.5 99.5  99.3 99.6  | STOP_LOSS 99.4 | STOP_LOSS 100.6
    """


@story()
def test_an_open_beyond_the_stop_fills_at_the_open():
    """
    minute | open  high  low  close | long                | short
    12:00  | 100   100.1 99.9 100   | enters 100          | enters 100
    12:01  | 99.39 99.5  99   99.2  | STOP_LOSS_GAP 99.39 | STOP_LOSS_GAP 100.61
    """


@story()
def test_a_gap_has_filled_even_when_the_same_minute_recovers():
    """
    minute | open high  low  close | long             | short
    12:00  | 100  100.1 99.9 100   | enters 100       | enters 100
    12:01  | 95   102.4 94   102   | STOP_LOSS_GAP 95 | STOP_LOSS_GAP 105
    """


@story()
def test_an_open_exactly_at_the_stop_is_no_gap():
    """
    minute | open high  low  close | long           | short
    12:00  | 100  100.1 99.9 100   | enters 100     | enters 100
    12:01  | 99.4 99.6  99   99.2  | STOP_LOSS 99.4 | STOP_LOSS 100.6
    """


@story()
def test_a_minute_that_touches_the_target_leaves_there():
    """
    minute | open high  low  close | long         | short
    12:00  | 100  100.1 99.9 100   | enters 100   | enters 100
    12:01  | 100  102.5 99.9 102   | TARGET 102.5 | TARGET 97.5
    """


@story()
def test_a_cent_before_the_target_it_stays_with_a_trail():
    """
    minute | open high   low  close | long              | short
    12:00  | 100  100.1  99.9 100   | enters 100        | enters 100
    12:01  | 100  102.49 99.9 102.3 | trail to 101.8675 | trail to 98.1325
    """


@story()
def test_a_minute_that_runs_past_the_target_pays_no_more_than_the_target():
    """
    minute | open high  low  close | long         | short
    12:00  | 100  100.1 99.9 100   | enters 100   | enters 100
    12:01  | 100  110   99.9 109   | TARGET 102.5 | TARGET 97.5
    """


@story()
def test_an_open_beyond_the_target_pays_no_more_than_the_target():
    """
    minute | open high  low  close | long         | short
    12:00  | 100  100.1 99.9 100   | enters 100   | enters 100
    12:01  | 104  105   103  104   | TARGET 102.5 | TARGET 97.5
    """


@story()
def test_where_one_minute_reaches_both_the_stop_counts():
    """
    minute | open high  low  close | long           | short
    12:00  | 100  100.1 99.9 100   | enters 100     | enters 100
    12:01  | 100  103   99   102   | STOP_LOSS 99.4 | STOP_LOSS 100.6
    """


@story()
def test_touching_both_exactly_is_the_stop_too():
    """
    minute | open high  low  close | long           | short
    12:00  | 100  100.1 99.9 100   | enters 100     | enters 100
    12:01  | 100  102.5 99.4 102.5 | STOP_LOSS 99.4 | STOP_LOSS 100.6
    """


@story()
def test_a_gap_comes_before_the_target_of_its_minute():
    """
    minute | open high  low  close | long             | short
    12:00  | 100  100.1 99.9 100   | enters 100       | enters 100
    12:01  | 99   103   98   102   | STOP_LOSS_GAP 99 | STOP_LOSS_GAP 101
    """


@story()
def test_an_open_beyond_the_target_falls_back_through_the_stop_and_is_stopped():
    """
    minute | open high  low  close | long           | short
    12:00  | 100  100.1 99.9 100   | enters 100     | enters 100
    12:01  | 103  103   99   99    | STOP_LOSS 99.4 | STOP_LOSS 100.6
    """


@story()
def test_the_minute_that_fills_the_entry_can_be_stopped():
    """
    minute | open high  low  close | long                       | short
    12:00  | 100  100.1 99.4 99.5  | enters 100, STOP_LOSS 99.4 | enters 100, STOP_LOSS 100.6
    12:01  | 99.5 103   99   100   |                            |
    """


@story()
def test_the_minute_that_fills_the_entry_can_reach_the_target():
    """
    minute | open high  low   close | long                     | short
    12:00  | 100  102.5 99.41 102   | enters 100, TARGET 102.5 | enters 100, TARGET 97.5
    12:01  | 102  103   90    90    |                          |
    """


@story()
def test_where_the_entry_minute_reaches_both_the_stop_counts():
    """
    minute | open high low close | long                       | short
    12:00  | 100  103  99  102   | enters 100, STOP_LOSS 99.4 | enters 100, STOP_LOSS 100.6
    """


@story()
def test_both_levels_hang_on_the_fill_not_on_the_price_it_was_decided_at():
    """
    Whatever the minute before closed at: this one opens at 101, for a short at 99.

    minute | open  high  low    close | long              | short
    12:00  | 101   101.2 100.8  101   | enters 101        | enters 99
    12:01  | 101   101.1 100.41 100.5 |                   |
    12:02  | 100.5 100.6 100.4  100.5 |                   | STOP_LOSS 99.594
    12:03  | 100.5 100.6 100.39 100.5 | STOP_LOSS 100.394 |
    """


@story()
def test_so_does_the_target():
    """
    minute | open  high  low   close | long             | short
    12:00  | 101   101.2 100.8 101   | enters 101       | enters 99
    12:01  | 101   103.5 100.9 103.2 | trail to 102.875 | TARGET 96.525
    12:02  | 103.2 103.6 103   103.5 | TARGET 103.525   |
    """


@story()
def test_after_it_left_nothing_reaches_it_any_more():
    """
    minute | open high  low  close | long           | short
    12:00  | 100  100.1 99.9 100   | enters 100     | enters 100
    12:01  | 100  100.1 99.4 99.8  | STOP_LOSS 99.4 | STOP_LOSS 100.6
    12:02  | 98   98    98   98    |                |
    12:03  | 103  103   103  103   |                |
    """


@story("stop_loss=0.01", "target=0.02")
def test_the_distances_are_settings():
    """
    minute | open high  low   close | long       | short
    12:00  | 100  100.1 99.01 100   | enters 100 | enters 100
    12:01  | 100  102   99.01 101   | TARGET 102 | TARGET 98
    """


@story("stop_loss=0.01", "target=0.02")
def test_a_wider_stop_holds_longer():
    """
    minute | open high  low   close | long         | short
    12:00  | 100  100.1 99.01 100   | enters 100   | enters 100
    12:01  | 100  102   99    101   | STOP_LOSS 99 | STOP_LOSS 101
    """
