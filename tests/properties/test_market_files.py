"""Any bytes, and any table of numbers: rows are accounted for, or one sentence says why not."""

import csv
import gzip
import io
import json
import zipfile

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from babingepet.errors import InputError
from babingepet.market.intervals import MINUTE
from babingepet_resources.market_files.candles import read_candles
from babingepet_resources.market_files.etf_flows import read_etf_flows
from babingepet_resources.market_files.fear_greed import read_fear_greed
from babingepet_resources.market_files.funding import read_funding
from babingepet_resources.market_files.open_interest import read_open_interest
from babingepet_resources.market_files.trades import read_trades

START = 1_700_000_040_000

HEADERS = {
    read_candles: ("open_time", "open", "high", "low", "close", "volume", "taker_buy_base", "symbol"),
    read_trades: ("agg_trade_id", "price", "quantity", "transact_time", "is_buyer_maker"),
    read_funding: ("calc_time", "funding_interval_hours", "last_funding_rate"),
    read_open_interest: ("create_time", "symbol", "sum_open_interest", "sum_open_interest_value"),
    read_etf_flows: ("date", "IBIT", "GBTC", "total"),
    read_fear_greed: ("date", "value"),
}  # fmt: skip

odd = st.sampled_from(
    ["", " ", "nan", "-inf", "1e999", "0x10", "1_0", "-0", "true", "FALSE", "\u0661\u0662", "\x1b[2J", '"', "'", "\0",
     "9" * 25, "-" * 40, "1e-320", "(1.5)", "2024-01-11", "2024-01-11 00:05:00", "9999-12-31", "BTCUSDT"]
)  # fmt: skip
times = st.integers(-2, 40).map(lambda n: str(START + n * MINUTE))
numbers = st.one_of(st.integers(-3, 300), st.floats(width=32)).map(str)
cells = st.one_of(odd, times, numbers, st.text(max_size=6))
readers = st.sampled_from(list(HEADERS))


def as_csv(rows):
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerows(rows)
    return text.getvalue().encode("utf-8", "replace")


def read(reader, content):
    """What came of it: rows, or a sentence; anything else fails the test."""
    options = {"interval": "1m"} if reader is read_candles else {}
    try:
        return reader(content, "file.csv", **options)
    except InputError as error:
        sentence = str(error)
    assert sentence.startswith("file.csv: ")
    assert sentence.isprintable()
    return None


def account_for(rows):
    """Every row is usable, refused or told of; usable ones ascend and are finite."""
    frame = rows.frame
    assert rows.rows_read >= len(frame) + rows.rows_rejected
    assert len(rows.rejects) == min(rows.rows_rejected, 1_000)
    if rows.rows_read > len(frame) + rows.rows_rejected:
        assert rows.notes
    numbered = [one.row for one in rows.rejects]
    assert numbered == sorted(set(numbered))
    assert all(one.reason.isprintable() for one in rows.rejects)
    assert (np.diff(frame.time) >= 0).all()
    assert not any(np.isinf(column).any() for column in frame.columns().values())


@given(readers, st.data())
def test_any_table_is_read_row_by_row_or_refused_in_one_sentence(reader, data):
    width = len(HEADERS[reader])
    row = st.lists(cells, min_size=max(1, width - 1), max_size=width + 1)
    whole = st.lists(cells, min_size=width, max_size=width)
    table = data.draw(st.lists(st.one_of(whole, whole, whole, row), max_size=8))
    header = [HEADERS[reader]] if data.draw(st.booleans()) or width != 3 else []
    rows = read(reader, as_csv([*header, *table]))
    if rows is not None:
        account_for(rows)


@given(st.data())
def test_candles_that_are_usable_are_candles(data):
    price = st.floats(-1.0, 200.0).map(lambda value: round(value, 1))
    row = st.tuples(times, price, price, price, price, price, price, st.just("BTCUSDT"))
    table = data.draw(st.lists(row, min_size=1, max_size=12))
    rows = read(read_candles, as_csv([HEADERS[read_candles], *table]))
    if rows is None:
        return
    account_for(rows)
    frame = rows.frame
    assert (np.diff(frame.open_time) > 0).all()
    assert (frame.low > 0).all()
    assert (frame.low <= np.minimum(frame.open, frame.close)).all()
    assert (frame.high >= np.maximum(frame.open, frame.close)).all()
    assert (frame.base_volume >= 0).all()
    for time, high in zip(frame.open_time.tolist(), frame.high.tolist(), strict=True):
        assert any(int(cell[0]) == time and cell[2] == high for cell in table)


@given(
    readers, st.binary(max_size=300), st.sampled_from(["plain", "gzip", "zip", "parquet", "cut"])
)
def test_any_bytes_are_read_or_refused_in_one_sentence(reader, content, form):
    if form == "gzip":
        content = gzip.compress(content)
    elif form == "zip":
        file = io.BytesIO()
        with zipfile.ZipFile(file, "w") as archive:
            archive.writestr("a.csv", content)
        content = file.getvalue()
    elif form == "parquet":
        content = b"PAR1" + content + b"PAR1"
    elif form == "cut":
        content = gzip.compress(content)[: len(content) // 2 + 3]
    rows = read(reader, content)
    if rows is not None:
        account_for(rows)


@given(st.recursive(st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
                    lambda inner: st.lists(inner, max_size=4)
                    | st.dictionaries(st.sampled_from(["data", "value", "timestamp"]), inner),
                    max_leaves=12))  # fmt: skip
def test_any_json_is_an_index_or_refused_in_one_sentence(document):
    rows = read(read_fear_greed, json.dumps({"data": document}).encode())
    if rows is not None:
        account_for(rows)
