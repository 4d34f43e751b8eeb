import numpy as np
import pytest

from babingepet.market.frames import BookLevels, Quotes, Trades
from babingepet.market.intervals import MINUTE
from babingepet.market.tape import (
    book_imbalance,
    covered_from,
    is_tradable,
    merged_prints,
    order_flow_imbalance,
    reduce_minute,
    spread_bps,
)
from tests import factories as f

T = f.NOON
BUYER, SELLER = False, True  # who was the aggressor, as is_buyer_maker says it


def event(before, after):
    """One best-quote event, case by case: price up, unchanged or down on either side."""
    (bid, bid_size, ask, ask_size), (bid2, bid_size2, ask2, ask_size2) = before, after
    if bid2 > bid:
        bids = bid_size2
    elif bid2 < bid:
        bids = -bid_size
    else:
        bids = bid_size2 - bid_size
    if ask2 < ask:
        asks = ask_size2
    elif ask2 > ask:
        asks = -ask_size
    else:
        asks = ask_size2 - ask_size
    return bids - asks


@pytest.mark.parametrize(
    ("before", "after", "expected"),
    [
        # queues at unchanged prices: what strict inequalities lose
        ((100.0, 5.0, 101.0, 7.0), (100.0, 9.0, 101.0, 7.0), 4.0),
        ((100.0, 5.0, 101.0, 7.0), (100.0, 2.0, 101.0, 7.0), -3.0),
        ((100.0, 5.0, 101.0, 7.0), (100.0, 5.0, 101.0, 9.0), -2.0),
        ((100.0, 5.0, 101.0, 7.0), (100.0, 5.0, 101.0, 4.0), 3.0),
        # the bid moves
        ((100.0, 5.0, 102.0, 7.0), (101.0, 3.0, 102.0, 7.0), 3.0),
        ((100.0, 5.0, 102.0, 7.0), (99.0, 3.0, 102.0, 7.0), -5.0),
        # the ask moves
        ((100.0, 5.0, 102.0, 7.0), (100.0, 5.0, 101.0, 2.0), -2.0),
        ((100.0, 5.0, 102.0, 7.0), (100.0, 5.0, 103.0, 2.0), 7.0),
        # both move
        ((100.0, 5.0, 102.0, 7.0), (101.0, 3.0, 103.0, 2.0), 10.0),
        ((100.0, 5.0, 102.0, 7.0), (100.0, 5.0, 102.0, 7.0), 0.0),
    ],
)
def test_an_event_is_the_change_of_the_queues(before, after, expected):
    columns = [np.array(pair) for pair in zip(before, after, strict=True)]
    assert order_flow_imbalance(*columns) == expected == event(before, after)


def test_one_quote_is_no_event():
    assert order_flow_imbalance(*(np.array([1.0]),) * 4) == 0.0
    assert order_flow_imbalance(*(np.empty(0),) * 4) == 0.0


@pytest.mark.parametrize(
    ("rows", "expected"),
    [
        ([], []),
        # one order through three price levels: one print at the average price
        (
            [(T, 100.0, 10.0, BUYER), (T, 101.0, 20.0, BUYER), (T, 103.0, 10.0, BUYER)],
            [(1, 4050.0, 40.0, BUYER)],
        ),
        # the other side in between ends it
        (
            [(T, 100.0, 10.0, BUYER), (T, 100.0, 10.0, SELLER), (T, 100.0, 10.0, BUYER)],
            [(1, 1000.0, 10.0, BUYER), (2, 1000.0, 10.0, SELLER), (3, 1000.0, 10.0, BUYER)],
        ),
        # another millisecond is another order
        (
            [(T, 100.0, 10.0, SELLER), (T + 1, 100.0, 10.0, SELLER)],
            [(1, 1000.0, 10.0, SELLER), (2, 1000.0, 10.0, SELLER)],
        ),
        # the threshold is inclusive and applies after merging
        ([(T, 100.0, 9.99, BUYER)], []),
        ([(T, 100.0, 5.0, BUYER), (T, 100.0, 5.0, BUYER)], [(1, 1000.0, 10.0, BUYER)]),
    ],
)
def test_fills_of_one_millisecond_and_side_are_one_print(rows, expected):
    prints = merged_prints(f.trades(*rows), 1_000.0)
    found = zip(
        prints.trade_id.tolist(),
        (prints.price * prints.quantity).tolist(),
        prints.quantity.tolist(),
        prints.is_buyer_maker.tolist(),
        strict=True,
    )
    assert list(found) == expected


@pytest.mark.parametrize(
    ("row", "usable"),
    [
        ((100.0, 1.0, 101.0, 1.0), True),
        ((100.0, 0.0, 101.0, 1.0), False),
        ((100.0, 1.0, 101.0, 0.0), False),
        ((0.0, 1.0, 101.0, 1.0), False),
        ((101.0, 1.0, 100.0, 1.0), False),  # crossed
        ((np.nan, 1.0, 101.0, 1.0), False),
        ((100.0, 1.0, np.nan, 1.0), False),
        ((100.0, np.nan, 101.0, 1.0), False),
    ],
)
def test_a_quote_needs_two_sides_that_do_not_cross(row, usable):
    assert is_tradable(f.quotes((T, *row))).tolist() == [usable]


def reduced(trades=None, quotes=None, **given):
    values = {
        "previous": None,
        "trades_from": T,
        "quotes_from": T,
        "book": None,
        "minimum_notional": 1_000.0,
    } | given
    return reduce_minute(T, trades or Trades.empty(), quotes or Quotes.empty(), **values)


def test_an_unusable_quote_is_as_if_it_had_never_come():
    good = [(T + 1, 100.0, 5.0, 101.0, 7.0), (T + 3, 100.0, 9.0, 101.0, 7.0)]
    bad = (T + 2, 101.0, 0.0, 101.5, 7.0)
    with_bad, without = (
        reduced(quotes=f.quotes(good[0], bad, good[1])),
        reduced(quotes=f.quotes(*good)),
    )
    assert with_bad.order_flow_imbalance == without.order_flow_imbalance == 4.0
    assert with_bad.quote_count == without.quote_count == 2


def test_the_chain_goes_on_from_the_quote_of_the_minute_before():
    before = f.tape_minute(
        T - MINUTE, last_quote=f.quote(bid_price=100.0, bid_size=5.0, ask_price=101.0, ask_size=7.0)
    )
    update = f.quotes((T + 1, 100.0, 9.0, 101.0, 7.0))
    assert reduced(quotes=update, previous=before).order_flow_imbalance == 4.0
    assert reduced(quotes=update).order_flow_imbalance == 0.0


@pytest.mark.parametrize(
    ("since", "expected"), [(T - 1, 0.0), (T, 0.0), (T + 1, None), (None, None)]
)
def test_a_minute_that_was_not_covered_whole_has_no_imbalance(since, expected):
    assert reduced(quotes_from=since).order_flow_imbalance == expected


def test_the_mid_is_read_at_the_end_of_each_second():
    minute = reduced(
        quotes=f.quotes(
            (T + 1_000, 99.0, 1.0, 101.0, 1.0),  # first millisecond of second 1
            (T + 1_999, 109.0, 1.0, 111.0, 1.0),  # last of second 1
            (T + 5_000, 119.0, 1.0, 121.0, 1.0),
        )
    )
    assert np.isnan(minute.mids[0])
    assert minute.mids[1:5].tolist() == [110.0] * 4
    assert minute.mids[5:].tolist() == [120.0] * 55


def test_before_the_first_quote_the_mid_of_the_minute_before_holds():
    before = f.tape_minute(T - MINUTE, last_quote=f.quote(bid_price=90.0, ask_price=92.0))
    minute = reduced(quotes=f.quotes((T + 2_500, 99.0, 1.0, 101.0, 1.0)), previous=before)
    assert minute.mids[:3].tolist() == [91.0, 91.0, 100.0]


def test_first_and_last_quote_and_last_trade_are_kept():
    minute = reduced(
        trades=f.trades((T + 5, 100.0, 1.0, BUYER), (T + 9, 100.0, 1.0, SELLER)),
        quotes=f.quotes((T + 1, 99.0, 1.0, 101.0, 1.0), (T + 2, 98.0, 1.0, 102.0, 1.0)),
    )
    assert (minute.first_quote.bid_price, minute.last_quote.bid_price) == (99.0, 98.0)
    assert (minute.trade_count, minute.last_trade_time, len(minute.prints)) == (2, T + 9, 0)


def test_a_silent_minute_carries_the_last_quote_but_has_no_first_one():
    before = f.tape_minute(T - MINUTE)
    minute = reduced(previous=before)
    assert minute.first_quote is None
    assert minute.last_quote == before.last_quote
    assert reduced(previous=before, quotes_from=T + 1).last_quote is None


def minutes(*begins):
    """Minutes 0, 1, ...; each with the start of its coverage, None for one that is missing."""
    return tuple(
        f.tape_minute(i * MINUTE, trades_from=begin, quotes_from=None)
        for i, begin in enumerate(begins)
        if begin != "missing"
    )


@pytest.mark.parametrize(
    ("begins", "expected"),
    [
        ((), None),
        ((0, 0, 0), 0),
        ((0, 0, 2 * MINUTE + 5), 2 * MINUTE + 5),  # connected anew within the last minute
        ((0, MINUTE + 5, MINUTE + 5), MINUTE + 5),
        ((0, MINUTE, 2 * MINUTE), 0),  # minutes repaired one by one form a chain
        ((0, 0, None), None),  # not covered up to its end
        ((0, None, 2 * MINUTE), 2 * MINUTE),
        ((-7, 0, MINUTE), -7),
    ],
)
def test_coverage_reaches_back_to_the_last_reconnect(begins, expected):
    assert covered_from(minutes(*begins), "trades") == expected
    assert covered_from(minutes(*begins), "quotes") is None


def test_a_minute_missing_from_the_tape_breaks_its_coverage():
    assert covered_from(minutes(0, "missing", 2 * MINUTE), "trades") == 2 * MINUTE


@pytest.mark.parametrize(
    ("rows", "expected"),
    [
        # mid 100: levels within .5 % are 99.5 to 100.5, inclusive
        ([(99.9, 30.0, 100.1, 10.0)], (99.9 * 30 - 1001) / (99.9 * 30 + 1001)),
        ([(99.9, 1.0, 100.1, 1.0), (99.4, 1e9, 100.6, 1e9)], (99.9 - 100.1) / 200.0),
        ([(99.9, 0.0, 100.1, 1.0)], -1.0),
        ([(99.9, 0.0, 100.1, 0.0)], None),
        ([(np.nan, np.nan, 100.1, 1.0)], None),
        ([(99.9, 1.0, np.nan, np.nan)], None),
        ([], None),
    ],
)
def test_depth_imbalance_weighs_notional_near_the_mid(rows, expected):
    levels = f.book(*rows).levels if rows else BookLevels.empty()
    assert book_imbalance(levels) == (None if expected is None else pytest.approx(expected))


def test_the_spread_is_in_basis_points_of_the_mid():
    assert spread_bps(f.quote(bid_price=99.5, ask_price=100.5)) == pytest.approx(100.0)
