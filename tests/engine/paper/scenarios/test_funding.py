"""Funding: settled at 00:00, 08:00 and 16:00 UTC, paid by what was open before.

A settlement at T costs a long quantity x mark x rate and pays a short the same; a negative rate
turns it around. The mark is the last close at or before T. The minute that opens at T pays it:
after its entry, which does not, and before its exit, which has. How to read a table: story.py.
"""

from tests.engine.paper.scenarios.story import story


@story()
def test_a_position_open_before_the_settlement_pays_it_once():
    """
    minute | open high  low  close | given       | long       | short
    15:58  | 100  100.1 99.9 100   |             | enters 100 | enters 100
    15:59  | 100  100.1 99.9 100   |             |            |
    16:00  | 100  100.1 99.9 100   | rate 0.0001 | pays 0.01  | receives 0.01
    16:01  | 100  100.1 99.9 100   |             |            |
    """


@story()
def test_a_fill_at_the_settlement_does_not_pay_it():
    """
    minute    | open high  low  close | given              | long       | short
    15:59     | missing               |                    |            |
    16:00     | 100  100.1 99.9 100   | rate 0.0001, order | lapses     | lapses
    16:01     | 100  100.1 99.9 100   |                    | enters 100 | enters 100
    ...       |                       |                    |            |
    Thu 00:00 | 100  100.1 99.9 100   | rate 0.0002        | pays 0.02  | receives 0.02
    """


@story()
def test_an_entry_filled_by_the_minute_that_opens_at_the_settlement_pays_only_the_next_one():
    """
    The first position leaves at its target in the minute before.

    minute    | open high  low  close | given       | long         | short
    15:58     | 100  100.1 99.9 100   |             | enters 100   | enters 100
    15:59     | 100  102.5 99.9 100   | order       | TARGET 102.5 | TARGET 97.5
    16:00     | 100  100.1 99.9 100   | rate 0.0001 | enters 100   | enters 100
    ...       |                       |             |              |
    Thu 00:00 | 100  100.1 99.9 100   | rate 0.0001 | pays 0.01    | receives 0.01
    """


@story()
def test_a_negative_rate_turns_the_payment_around():
    """
    minute | open high  low  close | given        | long          | short
    07:59  | 100  100.1 99.9 100   |              | enters 100    | enters 100
    08:00  | 100  100.1 99.9 100   | rate -0.0001 | receives 0.01 | pays 0.01
    """


@story()
def test_the_mark_is_the_close_before_the_settlement():
    """
    100.4, which a short sees as 99.6; not the open of the minute that pays.

    minute | open high  low  close | given       | long         | short
    15:59  | 100  100.4 99.9 100.4 |             | enters 100   | enters 100
    16:00  | 100  100.1 99.9 100   | rate 0.0001 | pays 0.01004 | receives 0.00996
    """


@story()
def test_all_three_settlements_of_a_day_are_paid_at_their_own_rates():
    """
    minute    | open high  low  close | given        | long          | short
    12:00     | 100  100.1 99.9 100   |              | enters 100    | enters 100
    ...       |                       |              |               |
    16:00     | 100  100.1 99.9 100   | rate 0.0001  | pays 0.01     | receives 0.01
    ...       |                       |              |               |
    Thu 00:00 | 100  100.1 99.9 100   | rate 0.0003  | pays 0.03     | receives 0.03
    ...       |                       |              |               |
    Thu 08:00 | 100  100.1 99.9 100   | rate -0.0002 | receives 0.02 | pays 0.02
    ...       |                       |              |               |
    Thu 11:59 | 100  100.1 99.9 100   |              | TIME 100      | TIME 100
              |                       |              | gross 0       | gross 0
              |                       |              | net -0.02     | net 0.02
    """


@story()
def test_a_settlement_off_the_schedule_is_paid_in_its_own_minute():
    """
    minute | open high  low  close | given       | long       | short
    12:58  | 100  100.1 99.9 100   |             | enters 100 | enters 100
    12:59  | 100  100.1 99.9 100   |             |            |
    13:00  | 100  100.1 99.9 100   | rate 0.0001 | pays 0.01  | receives 0.01
    13:01  | 100  100.1 99.9 100   |             |            |
    """


@story()
def test_an_exit_after_the_settlement_has_paid_it():
    """
    minute | open high  low  close | given       | long           | short
    15:59  | 100  100.1 99.9 100   |             | enters 100     | enters 100
    16:00  | 100  100.1 99.9 100   | rate 0.0001 | pays 0.01      | receives 0.01
    16:01  | 100  100.1 99.4 99.5  |             | STOP_LOSS 99.4 | STOP_LOSS 100.6
           |                       |             | gross -0.6     | gross -0.6
           |                       |             | net -0.61      | net -0.59
    """


@story()
def test_an_exit_in_the_minute_that_opens_at_the_settlement_has_paid_it():
    """
    Even one at its very open.

    minute | open high  low  close | given       | long             | short
    15:59  | 100  100.1 99.9 100   |             | enters 100       | enters 100
    16:00  | 99   99.1  98.9 99    | rate 0.0001 | pays 0.01        | receives 0.01
           |                       |             | STOP_LOSS_GAP 99 | STOP_LOSS_GAP 101
           |                       |             | net -1.01        | net -0.99
    """


@story()
def test_an_exit_in_the_minute_before_the_settlement_has_not():
    """
    minute | open high  low  close | given       | long           | short
    15:58  | 100  100.1 99.9 100   |             | enters 100     | enters 100
    15:59  | 100  100.1 99.4 99.5  |             | STOP_LOSS 99.4 | STOP_LOSS 100.6
           |                       |             | net -0.6       | net -0.6
    16:00  | 99.5 99.5  99.5 99.5  | rate 0.0001 |                |
    """


@story()
def test_a_settlement_in_missing_minutes_is_paid_by_the_next_one_at_its_own_mark():
    """
    minute | open high  low  close | given       | long         | short
    15:58  | 100  100.1 99.9 100   |             | enters 100   | enters 100
    15:59  | 100  100.5 99.9 100.5 |             |              |
    16:00  | missing               | rate 0.0001 |              |
    16:01  | missing               |             |              |
    16:02  | 100  100.1 99.9 100   |             | pays 0.01005 | receives 0.00995
    16:03  | 100  100.1 99.9 100   |             |              |
    """


@story()
def test_a_gap_after_missing_minutes_has_paid_their_settlement():
    """
    minute | open high  low  close | given       | long             | short
    15:58  | 100  100.1 99.9 100   |             | enters 100       | enters 100
    15:59  | missing               |             |                  |
    16:00  | missing               | rate 0.0001 |                  |
    16:01  | 98   98    98   98    |             | pays 0.01        | receives 0.01
           |                       |             | STOP_LOSS_GAP 98 | STOP_LOSS_GAP 102
           |                       |             | net -2.01        | net -1.99
    """


@story()
def test_funding_moves_no_level():
    """
    minute | open high  low   close | given     | long           | short
    15:59  | 100  100.1 99.9  100   |           | enters 100     | enters 100
    16:00  | 100  100.1 99.9  100   | rate 0.02 | pays 2         | receives 2
    16:01  | 100  100.9 99.41 99.5  |           |                |
    16:02  | 99.5 99.5  99.4  99.5  |           | STOP_LOSS 99.4 | STOP_LOSS 100.6
           |                        |           | net -2.6       | net 1.4
           |                        |           | R -4.33333333  | R 2.33333333
    """
