import numpy as np
import pytest

from babingepet.market.frames import BookLevels, Trades
from babingepet.market.order_flow import (
    NO_QUOTE,
    advance_flow,
    advance_prints,
    book_imbalance,
    imbalance_by_stretch,
    is_tradable,
    merged_prints,
)
from tests import factories as f

T = f.NOON
BUYER, SELLER = False, True  # who was the aggressor, as is_buyer_maker says it


def sides_of(rows):
    quotes = f.quotes(*((T + i, *row) for i, row in enumerate(rows)))
    return quotes.bid_price, quotes.bid_size, quotes.ask_price, quotes.ask_size


def flow_after(*rows, flow=NO_QUOTE):
    return advance_flow(flow, *sides_of(rows))


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
    assert flow_after(before, after).imbalance == expected == event(before, after)


def test_the_first_quote_is_no_event():
    assert flow_after((100.0, 5.0, 101.0, 7.0)).imbalance == 0.0
    assert flow_after()[:2] == (0.0, 0)
    assert np.isnan(flow_after()[2:]).all()


STEPS = [
    (100.0, 5.0, 101.0, 7.0), (100.0, 9.0, 101.0, 7.0), (100.5, 2.0, 101.0, 6.0),
    (100.0, 4.0, 100.5, 3.0), (99.0, 4.0, 100.5, 1.0), (99.0, 8.0, 100.0, 2.0),
]  # fmt: skip


@pytest.mark.parametrize("border", range(len(STEPS) + 1))
def test_the_flow_goes_on_from_the_quote_before(border):
    whole = flow_after(*STEPS)
    assert flow_after(*STEPS[border:], flow=flow_after(*STEPS[:border])) == whole
    assert whole.imbalance == sum(map(event, STEPS, STEPS[1:]))
    assert whole.updates == 6


@pytest.mark.parametrize(
    "unusable",
    [
        (100.0, 0.0, 101.0, 1.0),
        (0.0, 1.0, 101.0, 1.0),
        (101.0, 1.0, 101.0, 1.0),  # locked
        (102.0, 1.0, 101.0, 1.0),  # crossed
        (100.0, np.inf, 101.0, 1.0),
        (100.0, 1.0, np.nan, np.nan),
    ],
)
def test_a_quote_nobody_can_trade_on_is_as_if_it_had_never_come(unusable):
    for row in range(len(STEPS) + 1):
        assert flow_after(*STEPS[:row], unusable, *STEPS[row:]) == flow_after(*STEPS)


def test_each_stretch_has_its_own_imbalance_and_the_quote_goes_on():
    events = [0.0, *map(event, STEPS, STEPS[1:])]
    sides = sides_of(STEPS)
    found = imbalance_by_stretch(NO_QUOTE, np.array([0, 2, 2, 5, 6]), *sides)
    assert found.tolist() == [sum(events[:2]), 0.0, sum(events[2:5]), events[5]]
    later = imbalance_by_stretch(flow_after(*STEPS[:4]), np.array([0, 2]), *sides_of(STEPS[4:]))
    assert later.tolist() == [sum(events[4:])]


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


FILLS = [
    (T, 100.0, 1.0, BUYER), (T, 101.0, 2.0, BUYER), (T, 102.0, 3.0, BUYER),
    (T, 99.0, 4.0, SELLER), (T + 1, 99.0, 5.0, SELLER), (T + 1, 98.0, 6.0, SELLER),
]  # fmt: skip


@pytest.mark.parametrize("border", range(len(FILLS) + 1))
def test_an_order_cut_by_a_border_is_one_print(border):
    trades = f.trades(*FILLS)
    complete, held = advance_prints(Trades.empty(), trades.rows(0, border), 300.0)
    rest, held = advance_prints(held, trades.rows(border, len(trades)), 300.0)
    found = Trades.concat([complete, rest, merged_prints(held, 300.0)])
    assert found.equals(merged_prints(trades, 300.0))
    assert found.trade_id.tolist() == [1, 4, 5]
    assert found.quantity.tolist() == [6.0, 4.0, 11.0]


def test_the_newest_order_is_held_back_until_another_one_trades():
    complete, held = advance_prints(Trades.empty(), f.trades(*FILLS[:2]), 0.0)
    assert len(complete) == 0
    complete, held = advance_prints(held, f.trades(FILLS[3]), 0.0)
    assert complete.quantity.tolist() == [3.0]
    assert held.quantity.tolist() == [4.0]
    assert len(advance_prints(Trades.empty(), Trades.empty(), 0.0)[0]) == 0


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
        ((101.0, 1.0, 101.0, 1.0), False),  # locked
        ((100.0, 1.0, np.inf, 1.0), False),
        ((100.0, np.inf, 101.0, 1.0), False),
        ((100.0, 1.0, 101.0, np.inf), False),
    ],
)
def test_a_quote_needs_two_sides_that_do_not_cross(row, usable):
    assert is_tradable(*row) == usable


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
