"""What holds for every tape, however it is cut: nothing is lost, nothing depends on the cuts."""

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from babingepet.market.frames import Trades
from babingepet.market.order_flow import (
    NO_QUOTE,
    advance_flow,
    advance_prints,
    imbalance_by_stretch,
    merged_prints,
)
from babingepet.market.volume_clock import advance, volume_clock
from babingepet.signals.vpin import rolling_vpin
from tests import factories as f

steps = st.integers(0, 5_000_000)
"""Of a trade, in thousandths of a base unit."""
trades = st.lists(st.tuples(steps, st.booleans()), max_size=60)
bucket_volumes = st.floats(100.0, 1e5)
cuts = st.lists(st.integers(0, 60), max_size=8).map(sorted)


def pieces(length, places):
    """The rows from each cut to the next."""
    borders = [0, *(min(place, length) for place in places), length]
    return list(pairwise(borders))


def columns(rows):
    quantity = np.array([count / 1000 for count, _ in rows])
    makers = np.array([maker for _, maker in rows], np.bool_)
    for column in (quantity, makers):
        column.flags.writeable = False
    return quantity, makers


def state(clock):
    return (*clock[:3], clock.recent.tobytes())


@given(trades, bucket_volumes)
def test_no_volume_is_lost_between_buckets(rows, size):
    clock, signed = advance(volume_clock(size), *columns(rows))
    whole = sum(count for count, _ in rows) * 100_000
    assert len(signed) * round(size * 1e8) + clock.filled == whole
    assert 0 <= clock.filled < round(size * 1e8)
    assert abs(clock.signed) <= clock.filled


@given(trades, bucket_volumes)
def test_buyers_and_sellers_are_treated_alike(rows, size):
    clock, signed = advance(volume_clock(size), *columns(rows))
    turned, other = advance(volume_clock(size), *columns([(q, not maker) for q, maker in rows]))
    assert other.tolist() == (-signed).tolist()
    assert (turned.filled, turned.signed) == (clock.filled, -clock.signed)


@given(trades, bucket_volumes)
def test_buckets_and_vpin_are_shares(rows, size):
    _, signed = advance(volume_clock(size), *columns(rows))
    vpins = rolling_vpin(signed)
    assert (np.abs(signed) <= 1.0).all()
    assert ((vpins >= 0.0) & (vpins <= 1.0)).all()


@given(trades, bucket_volumes, cuts)
def test_the_clock_does_not_depend_on_how_its_trades_are_cut(rows, size, places):
    quantity, makers = columns(rows)
    whole, signed = advance(volume_clock(size), quantity, makers)
    vpins = rolling_vpin(signed).tolist()
    clock, found = volume_clock(size), []
    for start, end in pieces(len(rows), places):
        clock, more = advance(clock, quantity[start:end], makers[start:end])
        found += more.tolist()
        if len(found) >= 50:
            assert rolling_vpin(clock.recent)[-1] == vpins[len(found) - 50]
    assert found == signed.tolist()
    assert state(clock) == state(whole)


@given(trades, bucket_volumes, st.data())
def test_cutting_a_trade_in_two_changes_nothing(rows, size, data):
    halves = []
    for count, maker in rows:
        part = data.draw(st.integers(0, count))
        halves += [(part, maker), (count - part, maker)]
    whole, one = advance(volume_clock(size), *columns(rows)), advance(
        volume_clock(size), *columns(halves)
    )  # fmt: skip
    assert one[1].tolist() == whole[1].tolist()
    assert state(one[0]) == state(whole[0])


prices, sizes = st.integers(0, 40).map(lambda k: k / 2), st.integers(0, 400).map(lambda k: k / 4)
"""Halves and quarters: their sums are exact. Some are nothing, some quotes cross."""
quotes = st.lists(st.tuples(prices, sizes, prices, sizes), max_size=60)


def sides(rows):
    frame = f.quotes(*((f.NOON + i, *row) for i, row in enumerate(rows)))
    return frame.bid_price, frame.bid_size, frame.ask_price, frame.ask_size


@given(quotes, cuts)
def test_the_flow_does_not_depend_on_how_its_quotes_are_cut(rows, places):
    columns_ = sides(rows)
    whole = advance_flow(NO_QUOTE, *columns_)
    flow = NO_QUOTE
    for start, end in pieces(len(rows), places):
        flow = advance_flow(flow, *(column[start:end] for column in columns_))
    assert repr(flow) == repr(whole)  # NaN included


@given(quotes, cuts)
def test_the_stretches_add_up_to_the_whole(rows, places):
    bounds = np.array([start for start, _ in pieces(len(rows), places)] + [len(rows)])
    parts = imbalance_by_stretch(NO_QUOTE, bounds, *sides(rows))
    assert parts.sum() == advance_flow(NO_QUOTE, *sides(rows)).imbalance


@given(quotes)
def test_reflecting_the_book_negates_its_flow(rows):
    reflected = [(21.0 - ask, asks, 21.0 - bid, bids) for bid, bids, ask, asks in rows if bid]
    flow = advance_flow(NO_QUOTE, *sides([row for row in rows if row[0]]))
    other = advance_flow(NO_QUOTE, *sides(reflected))
    assert (other.imbalance, other.updates) == (-flow.imbalance, flow.updates)


fills = st.lists(
    st.tuples(
        st.integers(0, 3).map(lambda k: f.NOON + k),
        st.floats(1.0, 1e5),
        st.floats(1e-3, 1e3),
        st.booleans(),
    ),
    max_size=40,
).map(lambda rows: sorted(rows, key=lambda row: row[0]))


@given(fills, cuts, st.floats(0.0, 1e6))
def test_prints_do_not_depend_on_how_their_fills_are_cut(rows, places, minimum):
    tape, held, found = f.trades(*rows), Trades.empty(), []
    for start, end in pieces(len(rows), places):
        complete, held = advance_prints(held, tape.rows(start, end), minimum)
        found.append(complete)
    joined = Trades.concat([*found, merged_prints(held, minimum)])
    assert joined.equals(merged_prints(tape, minimum))


@given(fills, st.randoms(use_true_random=False))
def test_the_order_of_fills_within_a_print_does_not_matter(rows, random):
    def keyed(shuffled):
        return sorted(shuffled, key=lambda row: (row[0], row[3]))

    mixed = list(rows)
    random.shuffle(mixed)
    one, two = (merged_prints(f.trades(*keyed(some)), 0.0) for some in (rows, mixed))
    assert one.event_time.tolist() == two.event_time.tolist()
    assert one.is_buyer_maker.tolist() == two.is_buyer_maker.tolist()
    np.testing.assert_allclose(one.quantity, two.quantity, rtol=1e-12)
    np.testing.assert_allclose(one.price, two.price, rtol=1e-12)


@given(fills)
def test_prints_hold_all_that_was_traded(rows):
    prints = merged_prints(f.trades(*rows), 0.0)
    assert prints.quantity.sum() == pytest.approx(sum(row[2] for row in rows))
    notional = (prints.price * prints.quantity).sum()
    assert notional == pytest.approx(sum(row[1] * row[2] for row in rows))
