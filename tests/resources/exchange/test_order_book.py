"""The rebuilt order book."""

import orjson

from babingepet_resources.exchange.order_book import BookTape, RecordedBook

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
    book = RecordedBook()
    book.apply(difference(1, 5, 0, bids=[["99.0", "1"]]))
    assert book.view(5) is None


def test_a_view_names_the_newest_update_and_its_times():
    book = RecordedBook()
    book.restart(SNAPSHOT)
    book.apply(difference(9, 12, 9, bids=[["98.5", "3"]], time=7))
    book.apply(difference(3, 4, 2, time=8))
    view = book.view(1)
    assert (view.last_update_id, view.event_time, view.transaction_time) == (12, 7, 7)
    assert (view.bids, view.asks) == ([("99.0", "1")], [("101.0", "1")])


def test_a_tape_answers_for_any_moment_in_any_order():
    entries = [(1, SNAPSHOT), (2, difference(9, 12, 9, bids=[["99.5", "3"]]))]
    tape = BookTape([(time, orjson.dumps(entry)) for time, entry in entries])
    best = [tape.at(now).view(1) for now in (3, 2, 1, 3)]
    assert [view and view.bids[0][0] for view in best] == ["99.5", "99.0", None, "99.5"]
