"""Thousands of rows at once: stored as they were given, and never over what is there."""

import math
import threading
from operator import attrgetter

import numpy as np
import pytest

from babingepet.market.frames import Candles, FundingRates
from babingepet.market.intervals import HOUR, MINUTE
from babingepet_resources.warehouse import candles, funding
from babingepet_resources.warehouse.records import InsertOutcome
from tests.resources.warehouse import builders as b

KEY = (b.SYMBOL, "1m", b.SOURCE)
ROWS = 3_000
"""Several times what is worth a COPY."""
END = b.START + 10 * ROWS * MINUTE


def stored_rows(database, columns):
    """What the database itself says, beside the product's own reading."""
    with database.reading() as connection:
        query = f"SELECT {columns} FROM crypto_candles ORDER BY open_time"
        return connection.exec_driver_sql(query).all()


def random_candles(seed=1):
    rng = np.random.default_rng(seed)
    columns = {name: rng.lognormal(0, 100, ROWS) for name in ("open", "close", "base_volume")}
    columns["quote_volume"] = np.where(rng.random(ROWS) < 0.5, np.nan, rng.random(ROWS))
    columns["taker_buy_base_volume"] = np.full(ROWS, np.nan)
    return b.candles(ROWS, **columns)


def insert(database, frame, **options):
    with database.writing() as connection:
        return candles.insert(connection, *KEY, frame, known_at=1, **options)


def test_every_bit_of_every_number_arrives_and_nan_is_null(database):
    frame = random_candles()
    assert insert(database, frame, derived=True) == InsertOutcome(written=ROWS)
    rows = stored_rows(database, "open_time, open, close, quote_volume, known_at, derived")
    columns = [frame.open_time, frame.open, frame.close, frame.quote_volume]
    given = [
        (time, opened, close, None if math.isnan(quote) else quote, 1, True)
        for time, opened, close, quote in zip(*(c.tolist() for c in columns), strict=True)
    ]
    assert rows == given
    assert {row[0] for row in stored_rows(database, "taker_buy_base_volume")} == {None}


@pytest.mark.slow
@pytest.mark.parametrize("value", [5e-324, 1.7976931348623157e308, 0.1 + 0.2])
def test_the_ends_of_what_a_number_can_be_are_stored_as_they_are(database, value):
    insert(database, b.candles(ROWS, base_volume=np.full(ROWS, value)))
    assert {row[0].hex() for row in stored_rows(database, "base_volume")} == {value.hex()}


@pytest.mark.parametrize("symbol", ["Ünï\tcode", 'quo"ted\\N', "x" * 300, "\\."])
def test_a_name_is_text_whatever_it_holds(database, symbol):
    with database.writing() as connection:
        frame = b.candles(ROWS)
        assert candles.insert(connection, symbol, "1m", b.SOURCE, frame, known_at=1).written == ROWS
    assert set(stored_rows(database, "symbol, interval, source")) == {(symbol, "1m", b.SOURCE)}


def test_flags_and_rates_are_stored_each_with_its_own_row(database):
    times = b.START + np.arange(ROWS) * 8 * HOUR
    rates, derived = np.arange(ROWS) / 7e6, np.arange(ROWS) % 3 == 0
    frame = FundingRates(times, rates, np.full(ROWS, 8.0), derived)
    with database.writing() as connection:
        assert funding.insert(connection, b.SYMBOL, b.SOURCE, frame, known_at=1).written == ROWS
    with database.reading() as connection:
        query = "SELECT funding_time, funding_rate, derived FROM crypto_funding ORDER BY 1"
        rows = [(time, rate, bool(flag)) for time, rate, flag in connection.exec_driver_sql(query)]
    assert rows == list(zip(times.tolist(), rates.tolist(), derived.tolist(), strict=True))


def test_the_second_time_nothing_is_written(database):
    insert(database, random_candles())
    before = stored_rows(database, "*")
    assert insert(database, random_candles()) == InsertOutcome(already_there=ROWS)
    assert stored_rows(database, "*") == before


@pytest.mark.parametrize("there", [[0], [ROWS - 1], range(500, ROWS, 7)])
def test_rows_that_are_there_stay_and_the_others_come_in_beside_them(database, there):
    frame = random_candles()
    for position in there:
        insert(database, frame.rows(position, position + 1))
    outcome = insert(database, frame)
    assert outcome == InsertOutcome(written=ROWS - len(there), already_there=len(there))
    with database.reading() as connection:
        assert candles.read(connection, *KEY, b.START, END).equals(frame)


def test_rows_with_other_values_are_counted_and_stay(database):
    first = random_candles()
    insert(database, first.rows(0, 2_000))
    changed = first.close.copy()
    changed[:30] *= 2.0
    longer = Candles(**(first.columns() | {"close": changed}))
    outcome = insert(database, longer)
    assert outcome == InsertOutcome(written=ROWS - 2_000, already_there=1_970, conflicts=30)
    kept = np.array([row[0] for row in stored_rows(database, "close")])
    assert np.array_equal(kept, first.close)


def test_a_transaction_that_fails_after_many_rows_leaves_none(database):
    def fail():
        with database.writing() as connection:
            candles.insert(connection, *KEY, random_candles(), known_at=1)
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        fail()
    assert stored_rows(database, "*") == []


def test_many_inserts_fit_into_one_transaction(database):
    frame = random_candles()
    with database.writing() as connection:
        outcomes = [
            candles.insert(connection, *KEY, part, known_at=1)
            for part in (frame, frame, frame.rows(0, 1_500))
        ]
    assert list(map(attrgetter("written"), outcomes)) == [ROWS, 0, 0]
    assert len(stored_rows(database, "open_time")) == ROWS


def test_two_writers_of_the_same_rows_store_each_once(database):
    frame = random_candles()
    ready = threading.Barrier(2)
    outcomes = []

    def write():
        ready.wait()
        outcomes.append(insert(database, frame))

    threads = [threading.Thread(target=write) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(outcome.written for outcome in outcomes) == [0, ROWS]
    assert sum(outcome.already_there for outcome in outcomes) == ROWS
    with database.reading() as connection:
        assert candles.read(connection, *KEY, b.START, END).equals(frame)
