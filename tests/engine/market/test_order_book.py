"""The rule of a local order book: which difference is the next one, and what the book is then."""

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from babingepet.market.order_book import BookDifference, OrderBook


def known_book() -> OrderBook:
    book = OrderBook()
    book.restart(10, [("99.0", "1"), ("98.0", "2")], [("101.0", "1"), ("102.0", "2")])
    return book


def difference(first, last, previous, *, bids=(), asks=()) -> BookDifference:
    return BookDifference(first, last, previous, list(bids), list(asks))


def test_a_book_is_unknown_before_its_snapshot():
    book = OrderBook()
    assert not book.apply(difference(1, 5, 0, bids=[("99.0", "1")]))
    assert book.update_id is None
    assert book.best(5) == ([], [])


def test_differences_set_and_remove_levels_and_keep_every_digit():
    book = known_book()
    assert book.apply(
        difference(9, 12, 8, bids=[("99.0", "0"), ("98.50", "3.100")], asks=[("100.5", "4")])
    )
    assert book.best(2) == ([("98.50", "3.100"), ("98.0", "2")], [("100.5", "4"), ("101.0", "1")])
    assert book.update_id == 12


@pytest.mark.parametrize(
    ("first", "last", "previous", "is_known", "update_id"),
    [
        (5, 9, 4, True, 10),  # all of it is in the snapshot
        (5, 10, 4, True, 10),  # ends with the snapshot's own update
        (10, 12, 9, True, 12),
        (8, 12, 7, True, 12),
        (13, 15, 10, True, 15),  # the snapshot ended where the difference before it did
        (11, 12, 9, False, None),  # the updates between the snapshot and it may be missing
        (13, 15, 11, False, None),
    ],
)
def test_the_first_difference_must_hold_the_snapshots_own_update_or_follow_it(
    first, last, previous, is_known, update_id
):
    book = known_book()
    assert book.apply(difference(first, last, previous)) is is_known
    assert book.update_id == update_id


def test_later_differences_must_name_the_one_before():
    book = known_book()
    book.apply(difference(9, 12, 8))
    assert book.apply(difference(20, 21, 12))
    assert not book.apply(difference(23, 24, 22))
    assert book.best(1) == ([], [])
    assert not book.apply(difference(25, 26, 24)), "a lost book stays lost"
    book.restart(26, [("99.0", "1")], [("101.0", "1")])
    assert book.apply(difference(25, 27, 24))
    assert book.best(2) == ([("99.0", "1")], [("101.0", "1")]), "nothing of the old book is left"


def test_a_difference_that_comes_twice_changes_nothing():
    book = known_book()
    twice = difference(9, 12, 8, bids=[("99.0", "5")])
    book.apply(twice)
    book.apply(difference(13, 14, 12, bids=[("99.0", "6")]))
    assert book.apply(twice)
    assert book.best(1)[0] == [("99.0", "6")]
    assert book.update_id == 14


def test_a_crossed_book_is_recognised():
    book = known_book()
    assert not book.is_crossed
    book.apply(difference(9, 12, 8, bids=[("101.0", "1")]))
    assert book.is_crossed
    assert not OrderBook().is_crossed


@given(st.integers(0, 2**32), st.integers(0, 30))
def test_a_snapshot_taken_anywhere_ends_in_the_same_book_as_following_from_the_start(seed, taken):
    generator = random.Random(seed)
    whole, late = OrderBook(), OrderBook()
    whole.restart(0, [], [])
    differences = []
    for step in range(30):
        side = [(f"{generator.randint(90, 99)}.0", str(generator.randint(0, 3)))]
        other = [(f"{generator.randint(100, 109)}.0", str(generator.randint(0, 3)))]
        differences.append(
            difference(10 * step, 10 * step + 5, 10 * step - 5, bids=side, asks=other)
        )
    for step, each in enumerate(differences):
        if step == taken:
            late.restart(whole.update_id, *whole.best(100))
        assert whole.apply(each)
    for each in differences:
        late.apply(each)
    if taken < 30:
        assert late.best(100) == whole.best(100)
        assert late.update_id == whole.update_id
