"""Buffers between the sockets and a consumer: bounded, oldest out first, every loss told."""

from hypothesis import given
from hypothesis import strategies as st

from babingepet.market.intervals import MINUTE
from babingepet_resources.clients.binance.buffers import Coverage, Dropped, MinuteBuffer

A, B, C = MINUTE, 2 * MINUTE, 3 * MINUTE
"""Ends of the first three minutes."""


def test_rows_are_taken_by_minute_and_only_once():
    buffer = MinuteBuffer(30, 10)
    for row in ((1, 5), (2, A - 1), (3, A)):
        buffer.add(row)
    assert buffer.take(A) == [(1, 5), (2, A - 1)]
    assert buffer.take(B) == [(3, A)]
    assert buffer.take(C) == []


def test_a_full_buffer_drops_its_oldest_rows_within_the_minute():
    buffer = MinuteBuffer(30, 3)
    for n in range(5):
        buffer.add((n, n * 10))
    assert buffer.dropped(A) == [Dropped(0, 11, 2)]
    assert [row[0] for row in buffer.take(A)] == [2, 3, 4]
    assert buffer.dropped(C) == []


def test_a_minute_that_was_dropped_whole_is_missing_to_its_end():
    buffer = MinuteBuffer(30, 2)
    for row in ((1, 5), (2, A + 5), (3, A + 6), (4, B + 1)):
        buffer.add(row)
    assert buffer.dropped(B) == [Dropped(0, A, 1), Dropped(A, A + 6, 1)]
    assert [row[0] for row in buffer.take(C)] == [3, 4]


def test_too_many_minutes_drop_the_oldest_minute_whole():
    buffer = MinuteBuffer(2, 100)
    for row in ((1, 5), (2, 6), (3, A), (4, B)):
        buffer.add(row)
    assert buffer.dropped(C) == [Dropped(0, A, 2)]
    assert [row[0] for row in buffer.take(C)] == [3, 4]


@given(st.lists(st.integers(0, 6 * MINUTE - 1), max_size=80), st.integers(1, 9), st.integers(1, 4))
def test_no_more_is_kept_than_allowed_and_what_is_missing_is_counted(times, rows, minutes):
    buffer = MinuteBuffer(minutes, rows)
    for number, time in enumerate(times):
        buffer.add((number, time))
    dropped = buffer.dropped(6 * MINUTE)
    taken = buffer.take(6 * MINUTE)
    assert len(taken) <= rows
    assert len({row[1] // MINUTE for row in taken}) <= minutes
    assert len(taken) + sum(one.rows for one in dropped) == len(times)
    kept = {row[0] for row in taken}
    for number, time in enumerate(times):
        assert number in kept or any(one.start <= time < one.end for one in dropped)


def test_what_was_dropped_is_not_covered_by_an_earlier_connection_either():
    coverage = Coverage()
    coverage.heard(0)
    coverage.heard(B)
    coverage.broke()
    coverage.heard(C)
    assert coverage.reaching(B) == 0
    coverage.broke(after=A + 7)
    assert coverage.reaching(B) == A + 7
    assert coverage.reaching(C) == C
