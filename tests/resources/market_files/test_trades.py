"""Files of trades."""

import numpy as np
import pandas as pd
import pytest

from babingepet_resources.market_files.trades import read_trades

T = 1_700_000_000_000
AGGREGATE = (
    b"agg_trade_id,price,quantity,first_trade_id,last_trade_id,transact_time,is_buyer_maker\n"
)


def line(number, *, time=None, price=100.5, quantity=0.25, maker="true"):
    moment = T + number if time is None else time
    return f"{number},{price},{quantity},{number},{number},{moment},{maker}\n".encode()


@pytest.mark.parametrize(
    "content",
    [
        AGGREGATE + line(7) + line(8, maker="false"),
        line(7) + line(8, maker="False"),
        b"id,price,qty,quote_qty,time,is_buyer_maker\n7,100.5,.25,25.1,%d,true\n8,100.5,.25,25.1,%d,false\n"
        % (T + 7, T + 8),
        b"7,100.5,.25,25.1,%d,true\n8,100.5,.25,25.1,%d,false\n" % (T + 7, T + 8),
        b"7,100.5,.25,1,1,%d,true,true\n8,100.5,.25,1,1,%d,false,true\n"
        % ((T + 7) * 1000, (T + 8) * 1000),
        b"trade_id,time,price,quantity,is_buyer_maker\n7,%d,100.5,.25,1\n8,%d,100.5,.25,0\n"
        % (T + 7, T + 8),
        b"a,p,q,f,l,T,m\n7,100.5,.25,1,1,%d,true\n8,100.5,.25,1,1,%d,false\n" % (T + 7, T + 8),
    ],
    ids=["aggregate", "headerless", "single", "single headerless", "spot", "plain", "rest"],
)
def test_all_forms_of_trades_are_read(content):
    frame = read_trades(content, "a.csv").frame
    assert frame.trade_id.tolist() == [7, 8]
    assert frame.event_time.tolist() == [T + 7, T + 8]
    assert (frame.price.tolist(), frame.quantity.tolist()) == ([100.5, 100.5], [0.25, 0.25])
    assert frame.is_buyer_maker.tolist() == [True, False]


def test_parquet_keeps_its_types(tmp_path):
    table = pd.DataFrame(
        {
            "trade_id": np.array([7, 8], np.uint32),
            "time": pd.to_datetime([T + 7, T + 8], unit="ms", utc=True),
            "price": np.array([100.5, 101.5], np.float32),
            "quantity": ["0.25", "0.5"],
            "is_buyer_maker": [True, False],
        }
    )
    table.to_parquet(tmp_path / "a.parquet")
    frame = read_trades(tmp_path / "a.parquet", "a.parquet").frame
    assert frame.event_time.tolist() == [T + 7, T + 8]
    assert (frame.price.tolist(), frame.quantity.tolist()) == ([100.5, 101.5], [0.25, 0.5])


@pytest.mark.parametrize(
    ("wrong", "column", "reason"),
    [
        (line(8, price=0), "price", "0 is not a positive price"),
        (line(8, quantity=0), "quantity", "0 is not above 0"),
        (line(8, quantity="nan"), "quantity", "nan is not a finite number"),
        (line(8, maker="maybe"), "is_buyer_maker", "'maybe' is neither true nor false"),
        (line(8, maker=""), "is_buyer_maker", "is empty"),
        (line("8.5", time=T), "agg_trade_id", "'8.5' is not a whole number"),
        (line("-8", time=T), "agg_trade_id", "-8 is negative"),
        (line(8, time=T + 99), "transact_time", f"{T + 99} lies in the future"),
        (line(7, price=3), "agg_trade_id", "repeats row 1 with other values"),
        (line(8, time=T), "transact_time", f"{T} is before the trade with the id before it"),
    ],
)
def test_a_trade_that_cannot_be_true_is_refused(wrong, column, reason):
    rows = read_trades(AGGREGATE + line(7) + wrong + line(9), "a.csv", until=T + 50)
    assert [(one.row, one.column, one.reason) for one in rows.rejects] == [(2, column, reason)]
    assert rows.frame.trade_id.tolist() == [7, 9]


def test_trades_come_out_by_their_number():
    rows = read_trades(line(9) + line(7) + line(8), "a.csv")
    assert rows.frame.trade_id.tolist() == [7, 8, 9]
    assert rows.notes == ("2 rows stood out of order and were sorted",)
