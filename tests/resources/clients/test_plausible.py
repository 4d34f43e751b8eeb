import pytest

from babingepet_resources.clients.binance.plausible import LEVEL_MINUTES, Implausible, PriceBand

START = 1_700_000_040_000


def candle(minute: int, price: float, *, high: float | None = None):
    return (START + minute * 60_000, price, high or price, price, price, 1.0, price, 1.0, 0.5)


def band_at(price: float) -> PriceBand:
    band = PriceBand()
    band.require_candle(candle(0, price))
    return band


def test_before_the_first_candle_every_price_is_plausible():
    PriceBand().require(1e-9)


@pytest.mark.parametrize("price", [49.9, 200.1, 1_000.0, 1e308])
def test_a_price_beyond_twice_or_half_of_the_last_close_is_refused(price: float):
    with pytest.raises(Implausible):
        band_at(100.0).require(price)
    with pytest.raises(Implausible):
        band_at(100.0).require_candle(candle(1, price))


@pytest.mark.parametrize("price", [50.0, 100.0, 200.0])
def test_a_price_within_is_not(price: float):
    band_at(100.0).require(price)


def test_a_candle_with_one_wild_extreme_is_refused_whole():
    with pytest.raises(Implausible):
        band_at(100.0).require_candle(candle(1, 100.0, high=1_000.0))


def test_the_band_follows_the_accepted_candles():
    band = band_at(100.0)
    for minute, price in enumerate((150.0, 220.0, 350.0), start=1):
        band.require_candle(candle(minute, price))
    band.require(600.0)


def refuse(band: PriceBand, minute: int, price: float) -> None:
    with pytest.raises(Implausible):
        band.require_candle(candle(minute, price))


def test_a_level_that_ten_candles_in_a_row_agree_on_is_believed():
    band = band_at(100.0)
    for minute in range(1, LEVEL_MINUTES):
        refuse(band, minute, 1_000.0 + minute)
    band.require_candle(candle(LEVEL_MINUTES, 1_010.0))
    band.require(1_500.0)


def test_the_same_candle_again_and_an_older_one_count_once():
    band = band_at(100.0)
    for _ in range(3 * LEVEL_MINUTES):
        refuse(band, 2, 1_000.0)
        refuse(band, 1, 1_000.0)


def test_refused_candles_that_contradict_each_other_are_no_level():
    band = band_at(100.0)
    for minute in range(1, 3 * LEVEL_MINUTES):
        refuse(band, minute, 1_000.0 if minute % 2 else 10_000.0)
