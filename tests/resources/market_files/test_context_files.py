"""Files of fund flows and of the index of fear and greed."""

import json

import pandas as pd
import pytest

from babingepet.errors import InputError
from babingepet.market.intervals import DAY, day_key
from babingepet_resources.market_files.etf_flows import read_etf_flows
from babingepet_resources.market_files.fear_greed import read_fear_greed

T = 1_704_931_200_000
"""2024-01-11."""


def told(rows):
    return [(one.row, one.column, one.reason) for one in rows.rejects]


def test_a_table_by_fund_is_read_in_dollars_without_its_holidays():
    content = (
        b"Date,IBIT,GBTC,Total\n"
        b'11 Jan 2024,"1,111.7",(95.1),"1,016.6"\n'
        b"2024-01-12,-,2.0,2.0\n"
        b"15 Jan 2024,0.0,0.0,0.0\n"
        b"16 Jan 2024,5.0,(5.0),0.0\n"
    )
    rows = read_etf_flows(content, "flows.csv")
    assert [day_key(day) for day in rows.frame.day.tolist()] == ["2024-01-11", "2024-01-12", "2024-01-16"]  # fmt: skip
    assert rows.frame.flow_usd.tolist() == pytest.approx([1_016.6e6, 2e6, 0.0])
    assert rows.notes == ("1 days are 0 for every fund: holidays, left out",)
    assert rows.rejects == ()


@pytest.mark.parametrize(
    ("line", "column", "reason"),
    [
        (b"2024-01-12,1.0,1.0,3.0", "total", "3 is not the sum of the funds, 2"),
        (b"2024-01-12,x,1.0,1.0", "ibit", "'x' is not a number"),
        (b"2024-01-12,nan,1.0,1.0", "ibit", "nan is not a finite number"),
        (b"2024-01-12,1.0,1.0", "", "the row has 3 columns, not 4"),
        (b"Average,1.0,1.0,2.0", "date", "'Average' is not a date"),
        (b"0001-01-01,1.0,1.0,2.0", "date", "'0001-01-01' is not a date between 2009 and 2099"),
        (b"2024-01-11,1.0,1.0,2.0", "Date", "repeats row 1 with other values"),
        (b"2024-01-15,1.0,1.0,2.0", "Date", f"{T + 4 * DAY} lies in the future"),
        (b"2024-01-12 09:00,1.0,1.0,2.0", "Date", f"{T + DAY + 32_400_000} is not 00:00 UTC of a day"),
    ],
)  # fmt: skip
def test_a_day_of_flows_that_cannot_be_true_is_refused(line, column, reason):
    content = b"Date,IBIT,GBTC,Total\n2024-01-11,1.0,2.0,3.0\n" + line + b"\n"
    rows = read_etf_flows(content, "flows.csv", until=T + 2 * DAY)
    assert told(rows) == [(2, column, reason)]
    assert len(rows.frame) == 1


def test_rounding_of_each_fund_is_no_contradiction():
    content = b"date,A,B,C,total_musd\n2024-01-11,0.1,0.1,0.1,0.4\n"
    assert read_etf_flows(content, "flows.csv").frame.flow_usd.tolist() == [0.4e6]


def test_a_table_of_totals_is_taken_as_it_is():
    content = b"day,flow_usd\n2024-01-11,655300000\n2024-01-12,0\n"
    rows = read_etf_flows(content, "flows.csv")
    assert rows.frame.flow_usd.tolist() == [655_300_000, 0]


def test_the_recorded_flows_are_the_totals_that_pandas_reads(recorded_data):
    path = recorded_data / "crypto/etf_flows/btc_spot_etf_flows_farside.csv"
    rows = read_etf_flows(path, str(path))
    table = pd.read_csv(path, index_col="date")
    table = table[(table != 0).any(axis=1)]
    assert rows.rejects == ()
    assert [day_key(day) for day in rows.frame.day.tolist()] == table.index.tolist()
    assert rows.frame.flow_usd.tolist() == (table["total_musd"] * 1e6).tolist()


def answer(*entries):
    return json.dumps({"name": "Fear and Greed Index", "data": entries}).encode()


def test_the_index_is_read_from_json_csv_and_parquet(tmp_path):
    days = [str(T // 1000 + 86_400), str(T // 1000)]
    as_json = answer(*({"value": v, "timestamp": t} for v, t in zip(["27", 30], days, strict=True)))
    as_csv = b"Date,FNG_Index,Classification\n2024-01-11,30,Fear\n2024-01-12,27,Fear\n"
    pd.DataFrame({"day": [T, T + DAY], "value": [30.0, 27.0]}).to_parquet(tmp_path / "a.parquet")
    for content in (as_json, as_csv, tmp_path / "a.parquet"):
        frame = read_fear_greed(content, "fng").frame
        assert (frame.day.tolist(), frame.value.tolist()) == ([T, T + DAY], [30, 27])


@pytest.mark.parametrize(
    ("entry", "column", "reason"),
    [
        ({"value": "101", "timestamp": T // 1000}, "value", "101 is not between 0 and 100"),
        ({"value": "-1", "timestamp": T // 1000}, "value", "-1 is not between 0 and 100"),
        ({"value": "27.5", "timestamp": T // 1000}, "value", "'27.5' is not a whole number"),
        ({"value": None, "timestamp": T // 1000}, "value", "'None' is not a whole number"),
        ({"value": True, "timestamp": T // 1000}, "value", "'True' is not a whole number"),
        ({"value": 5, "timestamp": T}, "timestamp", f"'{T}' is not a time in seconds"),
        ({"value": 5}, "timestamp", "'None' is not a time in seconds"),
        ({"value": 5, "timestamp": T // 1000 + 1}, "timestamp", f"{T + 1000} is not 00:00 UTC of a day"),
        (["no", "object"], "", "is no object with timestamp and value"),
    ],
)  # fmt: skip
def test_a_day_of_the_index_that_cannot_be_true_is_refused(entry, column, reason):
    content = answer({"value": 9, "timestamp": T // 1000 - 86_400}, entry)
    rows = read_fear_greed(content, "fng.json")
    assert told(rows) == [(2, column, reason)]
    assert rows.frame.value.tolist() == [9]


@pytest.mark.parametrize(
    "content",
    [b"[" * 100_000, b'{"data": []}', b'{"data": {}}', b'{"data"', b"[" + b"9" * 9_000 + b"]"],
)
def test_json_that_is_no_answer_is_one_sentence(content):
    with pytest.raises(InputError, match=r"^fng\.json: (is not JSON|holds no list of rows)"):
        read_fear_greed(content, "fng.json")


def test_another_index_is_not_taken_for_this_one(recorded_data):
    path = recorded_data / "crypto/fear_greed/coinmarketcap_fear_greed.csv"
    with pytest.raises(InputError, match="column 'value' is missing"):
        read_fear_greed(path, str(path))


def test_recorded_days_come_out_as_pandas_reads_them(recorded_data):
    folder = recorded_data / "crypto/fear_greed"
    rows = read_fear_greed(folder / "alternative_me_fng_daily.csv", "a.csv")
    table = pd.read_csv(folder / "alternative_me_fng_daily.csv")
    assert rows.rejects == ()
    assert [day_key(day) for day in rows.frame.day.tolist()] == table["Date"].tolist()
    assert rows.frame.value.tolist() == table["FNG_Index"].tolist()
    path = folder / "alternative_me_fng_response_2024-12.json"
    reply = pd.DataFrame(json.loads(path.read_text())["data"]).iloc[::-1]
    frame = read_fear_greed(path, "a.json").frame
    assert (frame.day // 1000).tolist() == reply["timestamp"].astype(int).tolist()
    assert frame.value.tolist() == reply["value"].tolist()
