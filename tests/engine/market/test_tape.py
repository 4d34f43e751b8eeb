import numpy as np
import pytest

from babingepet.market.frames import Quotes, Trades
from babingepet.market.intervals import MINUTE
from babingepet.market.tape import covered_from, reduce_minute, spread_bps
from babingepet.market.volume_clock import advance, volume_clock
from tests import factories as f

T = f.NOON
BUYER, SELLER = False, True  # who was the aggressor, as is_buyer_maker says it


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
    ("row", "expected"),
    [
        ((100.0, 1.0, 101.0, 1.0), True),
        ((101.0, 1.0, 100.0, 1.0), True),  # crossed, but there
        ((100.0, 0.0, 101.0, 1.0), False),
        ((100.0, 1.0, np.nan, 1.0), False),
    ],
)
def test_the_newest_update_says_whether_there_are_two_sides(row, expected):
    quotes = f.quotes((T + 1, 99.0, 1.0, 101.0, 1.0), (T + 2, *row))
    assert reduced(quotes=quotes).is_two_sided == expected
    assert reduced().is_two_sided


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


THREE_MINUTES = [(T + 90 * i, 100.0, 0.001 * (1 + i % 7), i % 3 == 0) for i in range(2_000)]


def chained(rows, sizes, trades_from=(T, T, T)):
    """Minutes reduced one after the other, each with its bucket volume and coverage."""
    tape, trades = [None], f.trades(*rows)
    for k, (size, begin) in enumerate(zip(sizes, trades_from, strict=True)):
        start = T + k * MINUTE
        tape.append(
            reduce_minute(
                start, trades.between(start, start + MINUTE), Quotes.empty(), previous=tape[-1],
                trades_from=begin, quotes_from=None, book=None, minimum_notional=1e9,
                bucket_volume=size,
            )
        )  # fmt: skip
    return tape[1:]


def clock_from(begin, size):
    """The volume clock over all trades from a time on, in one call."""
    trades = f.trades(*THREE_MINUTES).between(begin, T + 3 * MINUTE)
    return advance(volume_clock(size), trades.quantity, trades.is_buyer_maker)[0]


def test_the_volume_clock_goes_on_from_minute_to_minute():
    last = chained(THREE_MINUTES, [0.05] * 3)[-1].volume_clock
    whole = clock_from(T, 0.05)
    assert last[:3] == whole[:3]
    assert len(last.recent) == 50
    assert last.recent.tobytes() == whole.recent.tobytes()


def test_another_bucket_volume_drops_the_bucket_in_progress_only():
    tape = chained(THREE_MINUTES, [0.3, 0.3, 0.2])
    begun = clock_from(T + 2 * MINUTE, 0.2)
    assert tape[1].volume_clock.filled > 0
    assert tape[2].volume_clock[:3] == begun[:3]
    kept = [*tape[1].volume_clock.recent.tolist(), *begun.recent.tolist()]
    assert tape[2].volume_clock.recent.tolist() == kept[-50:]


@pytest.mark.parametrize(
    ("sizes", "trades_from", "has_clock", "begins"),
    [
        # the bucket volume was unknown in between
        ([0.3, np.nan, 0.3], [T, T, T], [True, False, True], T + 2 * MINUTE),
        # so was whether all trades had come
        ([0.3] * 3, [T, None, T], [True, False, True], T + 2 * MINUTE),
        # trades were missed
        ([0.3] * 3, [T, T + MINUTE + 7, T + MINUTE + 7], [True] * 3, T + MINUTE + 7),
        # they were repaired minute by minute
        ([0.3] * 3, [T, T + MINUTE, T + 2 * MINUTE], [True] * 3, T),
    ],
)
def test_where_the_chain_is_broken_the_clock_begins_anew(sizes, trades_from, has_clock, begins):
    tape = chained(THREE_MINUTES, sizes, trades_from)
    assert [minute.volume_clock is not None for minute in tape] == has_clock
    found, expected = tape[-1].volume_clock, clock_from(begins, 0.3)
    assert found[:3] == expected[:3]
    assert found.recent.tolist() == expected.recent.tolist()


def test_trades_before_the_hole_are_not_counted():
    rows = [(T + 1, 100.0, 7.0, BUYER), (T + 5_000, 100.0, 1.0, BUYER)]
    clock = reduced(f.trades(*rows), trades_from=T + 2_000, bucket_volume=100.0).volume_clock
    assert clock.filled == 1e8


def test_a_late_trade_is_taken_once_by_the_minute_after():
    known = f.trades((T - MINUTE + 5, 100.0, 2.0, BUYER))
    before = reduce_minute(
        T - MINUTE, known, Quotes.empty(), previous=None, trades_from=T - MINUTE, quotes_from=None,
        book=None, minimum_notional=100.0, bucket_volume=50.0,
    )  # fmt: skip
    # the client brings the trade that was taken, the one that came late, and a new one
    again = f.trades(
        (T - MINUTE + 5, 100.0, 2.0, BUYER), (T - 1, 100.0, 3.0, SELLER), (T, 100.0, 4.0, BUYER)
    )
    after = reduced(again, previous=before, trades_from=T - MINUTE, bucket_volume=50.0,
                    minimum_notional=100.0)  # fmt: skip
    assert after.trade_count == 2
    assert after.prints.trade_id.tolist() == [2, 3]
    assert after.volume_clock.filled == 9e8
    assert after.volume_clock.signed == 3e8
    assert (before.last_trade_id, after.last_trade_id) == (1, 3)


def test_after_a_minute_stored_without_its_newest_trade_the_time_decides():
    again = f.trades((T - 1, 100.0, 3.0, SELLER), (T, 100.0, 4.0, BUYER))
    before = f.tape_minute(T - MINUTE)
    assert before.last_trade_id is None
    assert reduced(again, previous=before).trade_count == 1
    assert reduced(again).trade_count == 2  # nothing before it: all that is known


def test_a_minute_without_trades_passes_the_newest_id_and_the_clock_on():
    before = reduced(f.trades((T, 100.0, 4.0, BUYER)), bucket_volume=50.0)
    silent = reduce_minute(
        T + MINUTE, Trades.empty(), Quotes.empty(), previous=before, trades_from=T,
        quotes_from=None, book=None, minimum_notional=1.0, bucket_volume=50.0,
    )  # fmt: skip
    assert silent.last_trade_id == 1
    assert silent.volume_clock[:3] == before.volume_clock[:3] == (50.0, 400_000_000, 400_000_000)


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


def test_the_spread_is_in_basis_points_of_the_mid():
    assert spread_bps(f.quote(bid_price=99.5, ask_price=100.5)) == pytest.approx(100.0)
