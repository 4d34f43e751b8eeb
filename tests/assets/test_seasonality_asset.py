"""The table of hours as an asset: that of the signal, with intervals, or a sentence why not."""

from contextlib import closing

import dagster as dg
import numpy as np
import pytest
from scipy import integrate
from scipy.special import betaln

from babingepet.learning.seasonality import hour_table
from babingepet.market.intervals import DAY, HOUR, month_start
from babingepet_assets.learning.seasonality import hour_seasonality
from babingepet_resources.settings import load_settings
from babingepet_resources.warehouse import candles
from babingepet_services.btc_day.day import DayScope
from babingepet_services.learning.seasonality import intervals, month_of_hours, read_hours
from babingepet_services.market.source import open_warehouse
from tests import factories as f
from tests.fakes import FakeClock

MONTH = month_start(f.NOON)
"""2025-05-01."""
DAYS = 760
KEY = "2025-05-01"


@pytest.fixture
def settings(real_place):
    return load_settings(**real_place)


@pytest.fixture
def database(settings):
    with closing(open_warehouse(settings, "binance")) as opened:
        yield opened


def hours_of(days, until=MONTH):
    """Hours that rise every second day, but for noon: six days of ten."""
    day, hour = np.divmod(np.arange(days * 24), 24)
    rose = np.where(hour == 12, day % 10 < 6, day % 2 == 0)
    closes = np.where(rose, 101.0, 99.0)
    return f.candles(closes=closes, open=100.0, first=until - days * DAY, interval="1h")


def store(database, bars, interval="1h"):
    with database.writing() as connection:
        known_at = int(bars.open_time[-1]) + HOUR
        candles.insert(connection, "BTCUSDT", interval, "binance", bars, known_at=known_at)


def called(settings, key=KEY):
    with dg.build_asset_context(partition_key=key) as context:
        result = hour_seasonality(context, settings=settings, clock=FakeClock())
    return {name: value.value for name, value in result.metadata.items()}


@pytest.mark.slow
def test_a_month_shows_the_hours_that_survive_and_a_picture(settings, database):
    store(database, hours_of(DAYS))
    said = called(settings)
    assert said["dagster/row_count"] == 24
    assert said["statement"].startswith("1 of 24 hours survive the false discovery rate of 10%")
    assert said["statement"].endswith(": 12:00")
    assert (said["significant_hours"], said["hours_missing"]) == (1, 0)
    assert said["window"].endswith("2025-05-01T00:00:00Z")
    assert said["plot"].startswith("![plot](data:image/png;base64,")
    noon = next(line for line in said["table"].splitlines() if line.startswith("| 12:00"))
    assert [cell.strip() for cell in noon.split("|")[2:4]] == ["760", "456"]
    assert noon.split("|")[7].strip() == "yes"


@pytest.mark.parametrize(
    ("days", "has"), [(0, "none is stored"), (700, "they begin at 2023-06-01")]
)
def test_too_little_history_is_said_and_is_no_error(settings, database, days, has):
    if days:
        store(database, hours_of(days))
    said = called(settings)
    assert said["dagster/row_count"] == 0
    assert said["statement"].startswith("too little history: hours since 2023-05-01T00:00:00Z")
    assert has in said["statement"]
    assert "plot" not in said
    assert "significant_hours" not in said


@pytest.mark.slow
def test_the_hours_of_the_month_itself_are_not_read(settings, database):
    store(database, hours_of(DAYS))
    before = called(settings)
    store(database, hours_of(10, MONTH + 10 * DAY))
    assert called(settings) == before


def test_hours_are_made_of_minutes_where_a_loop_has_minutes(database):
    """The newest stored hours say that they fell, their minutes that they rose: minutes win."""
    store(database, hours_of(DAYS))
    minutes = f.candles(
        closes=np.full(600, 102.0), open=100.0, first=MONTH - 10 * HOUR, interval="1m"
    )
    store(database, minutes, "1m")
    with database.reading() as connection:
        hours = read_hours(connection, "BTCUSDT", "binance", MONTH)
    assert len(hours) == DAYS * 24
    assert set(hours.close[-10:]) == {102.0}
    assert set(hours.close[:-10]) == {99.0, 101.0}
    assert list(hours.open_time) == list(range(MONTH - DAYS * DAY, MONTH, HOUR))


def test_a_missing_hour_is_counted(database):
    bars = hours_of(20)
    store(database, bars.rows(0, 50))
    store(database, bars.rows(52, len(bars)))
    found = month_of_hours(DayScope(database, "BTCUSDT", "binance", KEY))
    assert (found.counted, found.missing) == (20 * 24 - 2, 2)


@pytest.mark.slow
def test_an_interval_holds_the_middle_of_the_posterior():
    """The density of Beta(50 p + wins, 50 (1 - p) + losses), integrated to both ends."""
    made = hour_table(hours_of(DAYS), MONTH)
    low, high = intervals(made)
    for hour in (0, 12):
        a = made.rises[hour] + 50 * made.mean_share
        b = 50 + made.hours[hour] - a
        norm = betaln(a, b)
        density = lambda x, a=a, b=b, norm=norm: np.exp(  # noqa: E731
            (a - 1) * np.log(x) + (b - 1) * np.log1p(-x) - norm
        )
        assert integrate.quad(density, 1e-9, low[hour])[0] == pytest.approx(0.025, abs=1e-9)
        assert integrate.quad(density, high[hour], 1 - 1e-9)[0] == pytest.approx(0.025, abs=1e-9)
        assert low[hour] < made.share[hour] < high[hour]
