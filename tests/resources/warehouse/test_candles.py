import numpy as np
import pytest

from babingepet.errors import InputError
from babingepet.market.frames import Candles
from babingepet.market.intervals import MINUTE
from babingepet_resources.warehouse import candles, funding
from babingepet_resources.warehouse.records import InsertOutcome
from tests.resources.warehouse import builders as b

KEY = (b.SYMBOL, "1m", b.SOURCE)
END = b.START + 10_000 * MINUTE


def test_candles_come_back_bit_for_bit_with_nan_where_nothing_was_recorded(database):
    rng = np.random.default_rng(7)
    frame = b.candles(
        1_200, open=rng.normal(100, 1, 1_200), taker_buy_base_volume=np.full(1_200, np.nan)
    )
    with database.writing() as connection:
        assert candles.insert(connection, *KEY, frame, known_at=1) == InsertOutcome(written=1_200)
    with database.reading() as connection:
        assert candles.read(connection, *KEY, b.START, END).equals(frame)


def test_nan_is_stored_as_null(database):
    with database.writing() as connection:
        candles.insert(connection, *KEY, b.candles(quote_volume=[np.nan]), known_at=1)
        query = "SELECT count(*) FROM crypto_candles WHERE quote_volume IS NULL"
        assert connection.exec_driver_sql(query).scalar_one() == 1


def test_a_closed_candle_never_changes_and_the_conflict_is_counted(database):
    first = b.candles(3, quote_volume=[1.0, np.nan, 3.0])
    again = Candles.concat(
        [
            b.candles(2, quote_volume=[1.0, np.nan]),
            b.candles(1, first=2, close=555.0),
            b.candles(1, first=3),
        ]
    )
    with database.writing() as connection:
        candles.insert(connection, *KEY, first, known_at=1)
        outcome = candles.insert(connection, *KEY, again, known_at=2)
    assert outcome == InsertOutcome(written=1, already_there=2, conflicts=1)
    with database.reading() as connection:
        assert candles.read(connection, *KEY, b.START, END).rows(0, 3).equals(first)


def test_a_value_that_was_missing_before_is_a_conflict_too(database):
    with database.writing() as connection:
        candles.insert(connection, *KEY, b.candles(quote_volume=[np.nan]), known_at=1)
        outcome = candles.insert(connection, *KEY, b.candles(quote_volume=[5.0]), known_at=2)
    assert outcome == InsertOutcome(conflicts=1)


def test_an_empty_frame_writes_nothing(database):
    with database.writing() as connection:
        outcome = candles.insert(connection, *KEY, Candles.empty(), known_at=1)
        assert outcome == InsertOutcome()
        assert len(candles.read(connection, *KEY, b.START, END)) == 0


def test_known_until_hides_rows_that_became_known_later(database):
    with database.writing() as connection:
        candles.insert(connection, *KEY, b.candles(2), known_at=100)
        candles.insert(connection, *KEY, b.candles(1, first=2), known_at=200)
        funding.insert(connection, b.SYMBOL, b.SOURCE, b.funding(), known_at=200)
    with database.reading() as connection:
        assert len(candles.read(connection, *KEY, b.START, END, known_until=199)) == 2
        assert len(candles.read(connection, *KEY, b.START, END, known_until=200)) == 3
        late = funding.read(connection, b.SYMBOL, b.SOURCE, b.START, END, known_until=199)
        assert len(late) == 0


def test_candles_are_told_with_the_time_at_which_each_became_known(database):
    with database.writing() as connection:
        candles.insert(connection, *KEY, b.candles(2), known_at=100)
        candles.insert(connection, *KEY, b.candles(1, first=-1), known_at=200)
    with database.reading() as connection:
        found, known_at = candles.read_known(connection, *KEY, b.START - MINUTE, END)
        assert found.equals(candles.read(connection, *KEY, b.START - MINUTE, END))
        assert known_at.tolist() == [200, 100, 100]
        assert len(candles.read_known(connection, *KEY, 0, 1)[1]) == 0


@pytest.mark.parametrize(
    "other",
    [("ETHUSDT", "1m", b.SOURCE), (b.SYMBOL, "5m", b.SOURCE), (b.SYMBOL, "1m", "simulated")],
)
def test_instruments_intervals_and_sources_never_meet(database, other):
    with database.writing() as connection:
        candles.insert(connection, *KEY, b.candles(2), known_at=1)
        assert candles.insert(connection, *other, b.candles(2), known_at=1).written == 2
        assert len(candles.read(connection, *other, b.START, END)) == 2
        assert candles.span(connection, *other)[0] == b.START


def test_a_range_includes_its_start_and_excludes_its_end(database):
    with database.writing() as connection:
        candles.insert(connection, *KEY, b.candles(5), known_at=1)
        found = candles.read(connection, *KEY, b.START + MINUTE, b.START + 3 * MINUTE)
    assert found.open_time.tolist() == [b.START + MINUTE, b.START + 2 * MINUTE]


def test_the_span_runs_from_the_first_open_to_the_last_close(database):
    with database.writing() as connection:
        assert candles.span(connection, *KEY) is None
        candles.insert(connection, *KEY, b.candles(3), known_at=1)
        assert candles.span(connection, *KEY) == (b.START, b.START + 3 * MINUTE)


def test_the_first_open_is_that_of_its_own_source_and_interval(database):
    other = (b.SYMBOL, "1m", "simulated")
    with database.writing() as connection:
        assert candles.first_open(connection, *KEY) is None
        candles.insert(connection, *other, b.candles(3), known_at=1)
        assert candles.first_open(connection, *KEY) is None
        candles.insert(connection, *KEY, b.candles(2, first=5), known_at=1)
        assert candles.first_open(connection, *KEY) == b.START + 5 * MINUTE
        candles.insert(connection, *KEY, b.candles(1, first=-1), known_at=1)
        assert candles.first_open(connection, *KEY) == b.START - MINUTE


@pytest.mark.parametrize(
    ("stored", "holes"),
    [
        ([], [(0, 6)]),
        ([0, 1, 2, 3, 4, 5], []),
        ([1, 2, 5], [(0, 1), (3, 5)]),
        ([0, 1, 2], [(3, 6)]),
        ([-1, 6, 7], [(0, 6)]),
    ],
)
def test_missing_names_every_hole_of_the_range(database, stored, holes):
    with database.writing() as connection:
        for minute in stored:
            candles.insert(connection, *KEY, b.candles(first=minute), known_at=1)
        found = candles.missing(connection, *KEY, b.START, b.START + 6 * MINUTE)
    assert found == [(b.START + s * MINUTE, b.START + e * MINUTE) for s, e in holes]


def test_missing_counts_only_whole_minutes_of_the_range(database):
    with database.reading() as connection:
        found = candles.missing(connection, *KEY, b.START + 1, b.START + 2 * MINUTE + 1)
        assert found == [(b.START + MINUTE, b.START + 2 * MINUTE)]
        assert candles.missing(connection, *KEY, b.START + 1, b.START + 2) == []


def test_an_unknown_interval_is_the_users_mistake(database):
    with database.reading() as connection, pytest.raises(InputError, match="'7m'"):
        candles.missing(connection, b.SYMBOL, "7m", b.SOURCE, b.START, END)


def test_a_settled_rate_never_changes_either(database):
    with database.writing() as connection:
        funding.insert(connection, b.SYMBOL, b.SOURCE, b.funding(derived=True), known_at=1)
        outcome = funding.insert(connection, b.SYMBOL, b.SOURCE, b.funding(0.0002), known_at=2)
        assert outcome == InsertOutcome(conflicts=1)
        stored = funding.read(connection, b.SYMBOL, b.SOURCE, b.START, END)
    assert stored.equals(b.funding(derived=True))
