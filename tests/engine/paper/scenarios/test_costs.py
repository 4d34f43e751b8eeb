"""What fills cost: slippage and half a spread by kind of fill, and a fee on either side.

An entry and an exit by time are market orders: with a book they pay its touch and 1 bp of slippage,
without one the minute's open or close stands for the mid and half a basis point of spread is
added. A triggered stop, of whatever name, fills 1 bp behind its level or, gapped, behind the open.
The target rests in the book and fills exactly. Every fill pays a taker fee of .05 % on its own
notional. Prices, fees and results are rounded to 1e-8. How to read a table: story.py.
"""

from tests.engine.paper.scenarios.story import story


@story(costs=True)
def test_without_a_book_an_entry_pays_half_a_spread_and_slippage():
    """
    1.5 bp against either side.

    minute | open high  low  close | long           | short
    12:00  | 100  100.1 99.9 100   | enters 100.015 | enters 99.985
           |                       | fee 0.0500075  | fee 0.0499925
    """


@story(costs=True)
def test_with_a_book_an_entry_pays_the_touch_and_slippage():
    """
    A long buys at the ask, a short sells at the bid, whatever the minute opened at.

    minute | open high  low  close | given                  | long             | short
    12:00  | 100  100.3 99.7 100   | first quote 99.8 100.2 | enters 100.21002 | enters 99.79002
    """


@story(costs=True)
def test_the_last_quote_of_the_minute_does_not_price_its_entry():
    """
    minute | open high  low  close | given                 | long           | short
    12:00  | 100  100.3 99.7 100   | last quote 99.8 100.2 | enters 100.015 | enters 99.985
    """


@story(costs=True)
def test_the_levels_hang_on_the_price_that_was_paid():
    """
    .6 % from 100.015 and 99.985: 99.41491 and 100.58491.

    minute | open high  low    close | long                  | short
    12:00  | 100  100.1 99.9   100   | enters 100.015        | enters 99.985
    12:01  | 100  100.1 99.415 99.8  |                       | STOP_LOSS 100.59496849
    12:02  | 99.8 99.8  99.414 99.8  | STOP_LOSS 99.40496851 |
    """


@story(costs=True)
def test_a_triggered_stop_slips_and_pays_the_second_fee():
    """
    minute | open high  low  close | long                  | short
    12:00  | 100  100.1 99.9 100   | enters 100.015        | enters 99.985
    12:01  | 100  100.1 99   99.5  | STOP_LOSS 99.40496851 | STOP_LOSS 100.59496849
           |                       | fee 0.04970248        | fee 0.05029748
           |                       | gross -0.61003149     | gross -0.60996849
           |                       | net -0.70974147       | net -0.71025847
           |                       | R -1.18272504         | R -1.18394171
    """


@story(costs=True)
def test_a_gap_slips_from_the_open():
    """
    minute | open high  low  close | long                  | short
    12:00  | 100  100.1 99.9 100   | enters 100.015        | enters 99.985
    12:01  | 99   99.1  98   98.5  | STOP_LOSS_GAP 98.9901 | STOP_LOSS_GAP 101.0101
           |                       | net -1.12440255       | net -1.12559755
    """


@story(costs=True)
def test_a_target_fills_exactly_and_pays_the_fee():
    """
    minute | open high  low  close | long              | short
    12:00  | 100  100.1 99.9 100   | enters 100.015    | enters 99.985
    12:01  | 100  103   99.9 102   | TARGET 102.515375 | TARGET 97.485375
           |                       | fee 0.05125769    | fee 0.04874269
           |                       | gross 2.500375    | gross 2.499625
           |                       | net 2.39910981    | net 2.40088981
           |                       | R 3.99791667      | R 4.00208333
    """


@story(costs=True)
def test_a_target_beyond_which_the_minute_opens_fills_no_better():
    """
    minute | open high  low   close | long              | short
    12:00  | 100  100.1 99.9  100   | enters 100.015    | enters 99.985
    12:01  | 104  104   103.9 104   | TARGET 102.515375 | TARGET 97.485375
    """


@story(costs=True)
def test_a_trail_slips():
    """
    minute | open high    low   close | long              | short
    12:00  | 100  100.1   99.9  100   | enters 100.015    | enters 99.985
    12:01  | 100  102.015 99.9  102   | trail to 101.515  | trail to 98.485
    12:02  | 102  102     101.4 101.6 | TRAIL 101.5048485 | TRAIL 98.4948485
           |                          | net 1.38908858    | net 1.39091158
    """


@story(costs=True)
def test_the_trail_is_armed_by_one_per_cent_of_the_price_that_was_paid():
    """
    At 101.01515 and 98.98515: the short is first.

    minute | open  high    low   close | long           | short
    12:00  | 100   100.1   99.9  100   | enters 100.015 | enters 99.985
    12:01  | 100   101.01  99.9  100.9 |                |
    12:02  | 100.9 101.015 100.8 100.9 |                | trail to 99.235
    """


@story(costs=True)
def test_a_chandelier_slips():
    """
    minute | open high  low   close | given            | long                 | short
    12:00  | 100  100.1 99.9  100   |                  | enters 100.015       | enters 99.985
    12:01  | 100  102   99.9  102   | chandelier 101.8 | chandelier to 101.8  | chandelier to 98.2
    12:02  | 102  102   101.4 101.6 |                  | CHANDELIER 101.78982 | CHANDELIER 98.20982
    """


@story("max_hold=120000", costs=True)
def test_without_a_book_the_time_pays_half_a_spread_and_slippage():
    """
    minute | open high  low  close | long            | short
    12:00  | 100  100.1 99.9 100   | enters 100.015  | enters 99.985
    12:01  | 100  100.5 99.9 100.3 | TIME 100.284955 | TIME 99.714955
           |                       | fee 0.05014248  | fee 0.04985748
           |                       | net 0.16980502  | net 0.17019502
    """


@story("max_hold=120000", costs=True)
def test_with_a_book_the_time_pays_the_last_touch_and_slippage():
    """
    A long sells at the bid, a short buys at the ask, whatever the minute closed at.

    minute | open high  low  close | given                    | long           | short
    12:00  | 100  100.1 99.9 100   |                          | enters 100.015 | enters 99.985
    12:01  | 100  100.1 99.9 100   | last quote 99.8 100.2    | TIME 99.79002  | TIME 100.21002
           |                       | first quote 99.95 100.05 |                |
    """


@story("max_hold=120000", costs=True)
def test_a_trade_that_ends_where_it_began_has_lost_its_costs():
    """
    Three basis points of spread and slippage, ten of fees.

    minute | open high  low  close | long           | short
    12:00  | 100  100.1 99.9 100   | enters 100.015 | enters 99.985
    12:01  | 100  100.1 99.9 100   | TIME 99.985    | TIME 100.015
           |                       | gross -0.03    | gross -0.03
           |                       | net -0.13      | net -0.13
    """


@story(costs=True)
def test_the_minute_of_entry_and_exit_pays_both_fees():
    """
    minute | open high  low close | long                  | short
    12:00  | 100  100.1 99  99.5  | enters 100.015        | enters 99.985
           |                      | STOP_LOSS 99.40496851 | STOP_LOSS 100.59496849
           |                      | fee 0.09970998        | fee 0.10028998
    """


@story("leverage=5", costs=True)
def test_a_liquidation_fills_at_its_level_and_pays_the_fee():
    """
    minute | open high  low  close | long                    | short
    12:00  | 100  100.1 99.9 100   | enters 100.015          | enters 99.985
    12:01  | 100  100.1 80   90    | LIQUIDATION 80.33333333 | LIQUIDATION 119.50398406
           |                       | fee 0.04016667          | fee 0.05975199
    """


@story("taker_fee=0.001", "slippage_bps=5", "half_spread_bps=15", costs=True)
def test_costs_are_settings():
    """
    Twenty basis points on a market order, five on a triggered stop.

    minute | open high  low  close | long                 | short
    12:00  | 100  100.1 99.9 100   | enters 100.2         | enters 99.8
           |                       | fee 0.1002           | fee 0.0998
    12:01  | 100  100.1 99   99    | STOP_LOSS 99.5490006 | STOP_LOSS 100.4489994
           |                       | fee 0.099549         | fee 0.100449
    """
