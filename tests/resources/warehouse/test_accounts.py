"""Accounts read as columns, one source at a time."""

from decimal import Decimal

import numpy as np
import pytest

from babingepet.market.intervals import MINUTE
from babingepet_resources.warehouse import accounts, cycles
from babingepet_resources.warehouse.accounts import AccountSpan
from babingepet_resources.warehouse.records import CandleBatch, CycleWrite
from tests.resources.warehouse import builders as b

FOR_EVER = 1 << 62


def decide(database, minute, equity="1000", *, source=b.SOURCE, **portfolio):
    candle = CandleBatch(b.SYMBOL, "1m", source, b.candles(first=minute - 1), known_at=b.START)
    account = b.portfolio(minute, equity=Decimal(equity), source=source, **portfolio)
    write = CycleWrite(b.decision(minute, source=source), candles=[candle], portfolio=account)
    cycles.commit(database, None, write, now=b.START)


@pytest.fixture
def shared(database):
    """Two accounts in turns, and one of another book and another instrument."""
    for minute, source in enumerate(["recorded", "simulated", "recorded", "simulated"], 1):
        decide(database, minute, f"{1000 + minute}.00000001", source=source, exposure=minute / 10)
    for place, changes in enumerate(({"book": "replay"}, {"symbol": "ETHUSDT"}), 5):
        write = CycleWrite(b.decision(place, **changes), portfolio=b.portfolio(place, **changes))
        cycles.commit(database, None, write, now=b.START)
    return database


def test_accounts_are_named_by_source_the_newest_first(shared):
    with shared.reading() as connection:
        found = accounts.accounts(connection, b.BOOK, b.SYMBOL)
        assert accounts.accounts(connection, b.BOOK, "SOLUSDT") == []
        (other,) = accounts.accounts(connection, "replay", b.SYMBOL)
    assert found == [
        AccountSpan("simulated", b.START + 2 * MINUTE, b.START + 4 * MINUTE, 2),
        AccountSpan("recorded", b.START + MINUTE, b.START + 3 * MINUTE, 2),
    ]
    assert (other.source, other.minutes) == (b.SOURCE, 1)


def test_equity_is_read_as_columns_of_one_source(shared):
    with shared.reading() as connection:
        as_of, equity, exposure = accounts.equity_columns(
            connection, b.BOOK, b.SYMBOL, "recorded", 0, FOR_EVER
        )
    assert as_of.tolist() == [b.START + MINUTE, b.START + 3 * MINUTE]
    assert equity.tolist() == [1001.00000001, 1003.00000001]
    assert exposure.tolist() == [0.1, 0.3]


def test_a_period_excludes_its_start_and_includes_its_end(shared):
    start, end = b.START + MINUTE, b.START + 3 * MINUTE
    with shared.reading() as connection:
        account = (connection, b.BOOK, b.SYMBOL, "recorded")
        as_of, *_ = accounts.equity_columns(*account, start, end)
        nothing, *_ = accounts.equity_columns(*account, end, start)
    assert as_of.tolist() == [end]
    assert (len(nothing), nothing.dtype) == (0, np.int64)


def test_every_amount_becomes_the_nearest_double(database):
    """SQLite's own conversion misses it in one of five thousand."""
    amounts = [f"{value:.8f}" for value in np.random.default_rng(2).uniform(900, 1100, 50)]
    amounts += ["989.00620361", "1009.23747118", "1091.84057593"]
    for minute, equity in enumerate(amounts, 1):
        decide(database, minute, equity)
    with database.reading() as connection:
        _, equity, _ = accounts.equity_columns(connection, b.BOOK, b.SYMBOL, b.SOURCE, 0, FOR_EVER)
    assert equity.tolist() == [float(text) for text in amounts]


def test_the_newest_account_until_a_time_is_of_its_source(shared):
    with shared.reading() as connection:
        until = b.START + 3 * MINUTE
        newest = accounts.newest_until(connection, b.BOOK, b.SYMBOL, "simulated", until)
        before = accounts.newest_until(connection, b.BOOK, b.SYMBOL, "simulated", b.START + MINUTE)
    assert newest.as_of == b.START + 2 * MINUTE
    assert newest.equity == Decimal("1002.00000001")
    assert before is None
