"""The simulated book: consistent with quotes, trades and its own differences."""

from itertools import islice, pairwise

import numpy as np
import orjson
import pytest

from babingepet_resources.exchange.order_book import RecordedBook
from babingepet_resources.exchange.simulated import DEFAULT_START_MS, SimulatedMarket

START = DEFAULT_START_MS
MINUTE = 60_000


def messages(market, channels, count, start=START):
    found = (event for event in market.events(start) if event.channel in channels)
    return [(event.channel, orjson.loads(event.payload())) for event in islice(found, count)]


@pytest.mark.parametrize("symbol", ["BTCUSDT", "WIFUSDT", "1000SHIBUSDT"])
def test_the_book_has_its_levels_behind_the_quote(symbol):
    market = SimulatedMarket(seed=6, symbol=symbol)
    for now in range(START, START + MINUTE, 7_300):
        book, quote = market.book(20, now), market.quote(now // 100 * 100)
        bids, asks = [float(p) for p, _ in book.bids], [float(p) for p, _ in book.asks]
        assert (book.bids[0], book.asks[0]) == (
            (quote.bid_price, quote.bid_quantity), (quote.ask_price, quote.ask_quantity),
        )  # fmt: skip
        assert bids == sorted(set(bids), reverse=True)
        assert asks == sorted(set(asks))
        assert bids[0] < asks[0]
        assert len(bids) == len(asks) == 20
        assert all(float(quantity) > 0 for _, quantity in book.bids + book.asks)


def test_the_top_of_a_deep_book_is_the_shallow_one():
    market = SimulatedMarket(seed=3)
    deep, shallow = market.book(100, START + 5_000), market.book(20, START + 5_000)
    assert (deep.bids[:20], deep.asks[:20]) == (shallow.bids, shallow.asks)
    assert len(market.book(1_000, START).bids) == 100


def test_levels_stay_from_one_state_to_the_next():
    market = SimulatedMarket(seed=3)
    kept = []
    for before, after in pairwise(range(START, START + 20_000, 100)):
        held = dict(market.book(20, before).bids[1:])
        kept.append(
            np.mean([held.get(price) == size for price, size in market.book(20, after).bids])
        )
    assert np.mean(kept) > 0.6


@pytest.mark.slow
def test_a_snapshot_and_the_differences_after_it_are_the_book():
    market = SimulatedMarket(seed=8)
    snapshot = market.book(100, START + 437)
    book, compared = RecordedBook(), 0
    book.restart(
        {
            "lastUpdateId": snapshot.last_update_id, "E": START, "T": START,
            "bids": snapshot.bids, "asks": snapshot.asks,
        }
    )  # fmt: skip
    for _, message in messages(market, {"depth@100ms"}, 1_500):
        book.apply(message)
        if message["E"] > START + 437:
            view, told = book.view(20), market.book(20, message["E"])
            assert view is not None
            assert [tuple(level) for level in view.bids] == told.bids
            assert [tuple(level) for level in view.asks] == told.asks
            compared += 1
    assert compared > 1_400


def test_every_difference_names_the_one_before_it_and_never_crosses():
    chain = [data for _, data in messages(SimulatedMarket(seed=8), {"depth@100ms"}, 700)]
    assert all(after["pu"] == before["u"] for before, after in pairwise(chain))
    assert all(data["U"] == data["pu"] + 1 <= data["u"] for data in chain)
    later = [
        data for _, data in messages(SimulatedMarket(seed=8), {"depth@100ms"}, 50, START + MINUTE)
    ]
    assert later == chain[600:650]


def test_a_volatile_minute_has_a_thinner_book():
    market = SimulatedMarket(seed=11)
    day = market._days.day(1_943)
    order = np.argsort(day.agitation)
    first = 1_943 * 1_440
    calm, wild = (
        np.median(np.concatenate([market._quotes(first + int(k)).bid_steps for k in minutes]))
        for minutes in (order[:20], order[-20:])
    )
    assert wild < calm
