"""Files of funding rates and of open interest."""

import numpy as np
import pytest

from babingepet.market.intervals import HOUR
from babingepet_resources.market_files.cells import FOREIGN
from babingepet_resources.market_files.funding import read_funding
from babingepet_resources.market_files.open_interest import read_open_interest

T = 1_700_006_400_000
RATES = b"calc_time,funding_interval_hours,last_funding_rate\n"


def told(rows):
    return [(one.row, one.column, one.reason) for one in rows.rejects]


@pytest.mark.parametrize(
    ("content", "hours"),
    [
        (RATES + b"%d,8,0.0001\n%d,4,-0.0002\n" % (T + 5, T + 4 * HOUR), [8, 4]),
        (b"%d,8,0.0001\n%d,4,-0.0002\n" % (T + 5, T + 4 * HOUR), [8, 4]),
        (
            b"fundingTime,fundingRate,symbol\n%d,0.0001,BTCUSDT\n%d,-0.0002,BTCUSDT\n"
            % (T, T + 4 * HOUR),
            [4, 4],
        ),
    ],
    ids=["archive", "headerless", "rest"],
)
def test_settlements_come_out_on_their_minute_with_their_interval(content, hours):
    frame = read_funding(content, "a.csv").frame
    assert frame.funding_time.tolist() == [T, T + 4 * HOUR]
    assert frame.funding_rate.tolist() == [0.0001, -0.0002]
    assert frame.interval_hours.tolist() == hours
    assert not frame.derived.any()


def test_one_settlement_that_does_not_tell_its_interval_has_the_usual_one():
    rows = read_funding(b"funding_time,funding_rate\n%d,0.0001\n" % T, "a.csv")
    assert rows.frame.interval_hours.tolist() == [8.0]


@pytest.mark.parametrize(
    ("line", "column", "reason"),
    [
        (b"%d,8,1.5" % T, "last_funding_rate", "1.5 is no fraction of the price"),
        (b"%d,8," % T, "last_funding_rate", "is empty"),
        (b"%d,0,0.1" % T, "funding_interval_hours", "0 is not between 1 and 24 hours"),
        (b"%d,8,0.1" % (T + 9 * HOUR), "calc_time", f"{T + 9 * HOUR} lies in the future"),
        (b"%d,8,0.2" % (T - 8 * HOUR + 9), "calc_time", "repeats row 1 with other values"),
        (b"yesterday,8,0.2", "calc_time", f"'yesterday' {FOREIGN['time']}"),
    ],
)  # fmt: skip
def test_a_settlement_that_cannot_be_true_is_refused(line, column, reason):
    content = RATES + b"%d,8,0.0001\n" % (T - 8 * HOUR) + line
    rows = read_funding(content, "a.csv", until=T + HOUR)
    assert told(rows) == [(2, column, reason)]
    assert rows.frame.funding_time.tolist() == [T - 8 * HOUR]


METRICS = b"create_time,symbol,sum_open_interest,sum_open_interest_value,count_long_short_ratio\n"


def test_the_archives_metrics_are_read_with_their_written_times():
    content = (
        METRICS + b"2023-11-15 00:00:00,BTCUSDT,80.5,3000.25,\n2023-11-15 00:05:00,BTCUSDT,81,,\n"
    )
    rows = read_open_interest(content, "BTCUSDT-metrics-2023-11-15.zip")
    assert rows.frame.event_time.tolist() == [T, T + 300_000]
    assert rows.frame.open_interest.tolist() == [80.5, 81]
    assert np.isnan(rows.frame.notional).tolist() == [False, True]
    assert (rows.symbol, rows.absent) == ("BTCUSDT", frozenset())


@pytest.mark.parametrize(
    ("cells", "column", "reason"),
    [
        (b"-1,5", "sum_open_interest", "-1 is negative"),
        (b"1,-5", "sum_open_interest_value", "-5 is negative"),
        (b"0,0", "sum_open_interest", "0 is no reading"),
        (b",5", "sum_open_interest", "is empty"),
        (b"x,5", "sum_open_interest", "'x' is not a number"),
        (b"1,x", "sum_open_interest_value", "'x' is not a number"),
    ],
)
def test_a_reading_that_cannot_be_true_is_refused(cells, column, reason):
    content = (
        METRICS + b"2023-11-15 00:00:00,BTCUSDT,80.5,3000,\n2023-11-15 00:05:00,BTCUSDT,%b,1\n"
    )
    rows = read_open_interest(content % cells, "a.csv")
    assert told(rows) == [(2, column, reason)]


def test_recorded_series_are_read_whole(recorded_data):
    folder = recorded_data / "crypto"
    rates = folder / "btc_perp_funding/BTCUSDT-funding-8h-2022-01_2025-05.parquet"
    rows = read_funding(rates, str(rates))
    assert (len(rows.frame), rows.rejects, set(rows.frame.interval_hours)) == (3741, (), {8.0})
    interest = folder / "btc_perp_stats/binance_rest_oi_4h.csv"
    told = read_open_interest(interest, str(interest))
    assert (len(told.frame), told.rejects) == (124, ())
    assert (told.frame.open_interest[0], told.frame.notional[0]) == (78942.344, 5346644423.510643)
