"""Aggregate trades and minute candles from raw trades."""

from babingepet_resources.exchange.trade_tape import aggregate, minute_candles, select_trades

MINUTE = 60_000


def trade(number, time, price="100.0", quantity="1.0", *, maker=False, kind="MARKET", event=None):
    return {
        "t": number, "T": time, "E": event or time + 3, "p": price, "q": quantity,
        "m": maker, "X": kind,
    }  # fmt: skip


def test_consecutive_trades_of_one_time_price_and_side_are_one():
    entries = aggregate(
        [trade(1, 5), trade(2, 5), trade(3, 5, maker=True), trade(4, 5, "100.1"), trade(5, 6)]
    )
    ids = [(e.trade.aggregate_id, e.trade.first_trade_id, e.trade.last_trade_id) for e in entries]
    assert ids == [(1, 1, 2), (2, 3, 3), (3, 4, 4), (4, 5, 5)]
    assert entries[0].trade.quantity == "2.0"
    assert entries[0].trade_count == 2


def test_transfers_of_the_insurance_fund_are_not_trades_of_the_market():
    entries = aggregate([trade(1, 5), trade(2, 5, "999.0", kind="INSURANCE_FUND"), trade(3, 5)])
    assert [e.trade.last_trade_id for e in entries] == [3]
    assert minute_candles(entries).values[0, 1] == 100.0


def test_a_trade_never_leaves_after_the_minute_it_belongs_to():
    entries = aggregate([trade(1, MINUTE - 2, event=MINUTE + 900)])
    assert entries[0].event_time == MINUTE - 1


def test_a_candle_adds_up_its_trades():
    candles = minute_candles(
        aggregate(
            [
                trade(1, 10, "100.0", "1.5"),
                trade(2, 20, "103.0", "0.5", maker=True),
                trade(3, 30, "99.0", "0.1"),
                trade(4, 40, "101.0", "0.2", maker=True),
                trade(5, MINUTE, "101.0", "9"),
            ]
        )
    )
    assert candles.open_time.tolist() == [0, MINUTE]
    assert candles.values[0].round(9).tolist() == [100, 103, 99, 101, 2.3, 231.6, 4, 1.6, 159.9]


def test_trades_are_paged_by_id_by_time_and_from_the_newest():
    entries = aggregate([trade(n, n * 10, event=n * 10) for n in range(1, 11)])

    def ids(*, first_id=None, start=None, end=1_000, now=1_000, limit=3):
        rows = select_trades(entries, first_id=first_id, start=start, end=end, now=now, limit=limit)
        return [row.first_trade_id for row in rows]

    assert ids(first_id=4) == [4, 5, 6]
    assert ids(first_id=9) == [9, 10]
    assert ids(start=45, end=70) == [5, 6, 7]
    assert ids() == [8, 9, 10]
    assert ids(end=50) == [3, 4, 5]
    assert ids(now=50) == [2, 3, 4]
    assert ids(first_id=4, now=50) == [4]
