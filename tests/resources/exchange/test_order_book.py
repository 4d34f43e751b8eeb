"""The rebuilt order book."""

import gzip

import orjson
import pytest

from babingepet_resources.exchange.order_book import BookTape, OrderBook

SNAPSHOT = {
    "lastUpdateId": 10, "E": 1, "T": 1,
    "bids": [["99.0", "1"], ["98.0", "2"]], "asks": [["101.0", "1"], ["102.0", "2"]],
}  # fmt: skip


def difference(first, last, previous, *, bids=(), asks=(), time=2):
    return {
        "e": "depthUpdate", "E": time, "T": time, "U": first, "u": last, "pu": previous,
        "b": list(bids), "a": list(asks),
    }  # fmt: skip


def test_a_book_is_unknown_before_its_snapshot():
    book = OrderBook()
    book.apply(difference(1, 5, 0, bids=[["99.0", "1"]]))
    assert book.view(5) is None


def test_differences_set_and_remove_levels():
    book = OrderBook()
    book.restart(SNAPSHOT)
    book.apply(difference(5, 9, 4, bids=[["97.0", "7"]]))
    book.apply(difference(9, 12, 9, bids=[["99.0", "0"], ["98.5", "3"]], asks=[["100.5", "4"]]))
    view = book.view(1)
    assert (view.bids, view.asks) == ([("98.5", "3")], [("100.5", "4")])
    assert view.last_update_id == 12


def test_a_lost_difference_makes_the_book_unknown_until_the_next_snapshot():
    book = OrderBook()
    book.restart(SNAPSHOT)
    book.apply(difference(9, 12, 9))
    book.apply(difference(14, 15, 13))
    assert book.view(1) is None
    book.restart(SNAPSHOT)
    assert book.view(1) is not None


def test_a_tape_answers_for_any_moment_in_any_order():
    entries = [(1, SNAPSHOT), (2, difference(9, 12, 9, bids=[["99.5", "3"]]))]
    tape = BookTape([(time, orjson.dumps(entry)) for time, entry in entries])
    best = [tape.at(now).view(1) for now in (3, 2, 1, 3)]
    assert [view and view.bids[0][0] for view in best] == ["99.5", "99.0", None, "99.5"]


@pytest.mark.slow
def test_the_rebuilt_top_is_the_recorded_quote_wherever_ids_agree(stream_folder):
    lines = []
    for day in ("usdm_btcusdt_20230404.dat.gz", "usdm_btcusdt_20230405.dat.gz"):
        with gzip.open(stream_folder / day) as file:
            lines += [orjson.loads(line.partition(b" ")[2]) for line in file]
    quotes = {
        (line["data"]["u"]): line["data"]
        for line in lines
        if line.get("stream") == "btcusdt@bookTicker"
    }
    book = OrderBook()
    compared = 0
    for line in lines:
        if "lastUpdateId" in line:
            book.restart(line)
        elif line["stream"] == "btcusdt@depth@0ms":
            book.apply(line["data"])
            quote, view = quotes.get(line["data"]["u"]), book.view(1)
            if quote and view:
                expected = ([(quote["b"], quote["B"])], [(quote["a"], quote["A"])])
                assert ([tuple(b) for b in view.bids], [tuple(a) for a in view.asks]) == expected
                compared += 1
    assert compared > 1_000
