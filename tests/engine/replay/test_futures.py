"""A market as it was known, and the same past with another future."""

import numpy as np
import pytest

from babingepet.market.intervals import DAY, HOUR, MINUTE
from babingepet.replay.futures import known_market, other_market
from babingepet.replay.market import BAR_FEEDS, ReplayMarket
from tests import factories as f

FIRST = f.WEDNESDAY
CUT = FIRST + DAY + 37 * MINUTE


@pytest.fixture
def market():
    settlements = ((FIRST + k * 8 * HOUR, 1e-4) for k in range(10))
    return ReplayMarket(
        "BTCUSDT", "recorded", f.candles(3 * 1_440, first=FIRST),
        f.candles(48, first=FIRST - 2 * DAY, interval="1h"), f.funding(*settlements), BAR_FEEDS,
    )  # fmt: skip


def test_nothing_that_is_not_over_is_known(market):
    known = known_market(market, CUT)
    assert known.minutes.open_time[-1] == CUT - MINUTE
    assert known.funding.funding_time[-1] == FIRST + DAY
    assert known.hours.equals(market.hours)
    assert known_market(market, FIRST - 1).hours.open_time[-1] == FIRST - 2 * HOUR


def test_a_rate_is_known_when_it_settles(market):
    assert known_market(market, FIRST + DAY).funding.funding_time[-1] == FIRST + DAY
    assert known_market(market, FIRST + DAY - 1).funding.funding_time[-1] == FIRST + 16 * HOUR


def test_the_past_stays_to_the_last_bit_under_another_future(market):
    other = other_market(market, CUT, seed=1)
    known, again = known_market(market, CUT), known_market(other, CUT)
    for name in ("minutes", "hours", "funding"):
        assert getattr(known, name).equals(getattr(again, name))


def test_no_number_of_another_future_is_what_it_was(market):
    later = other_market(market, CUT, seed=1).minutes.between(CUT, FIRST + 9 * DAY)
    true = market.minutes.where(np.isin(market.minutes.open_time, later.open_time))
    assert len(later) < len(market.minutes.between(CUT, FIRST + 9 * DAY))
    for name, column in later.columns().items():
        assert name == "open_time" or not (column == true.columns()[name]).any()


def test_another_future_has_other_rates_at_other_times(market):
    later = other_market(market, CUT, seed=1).funding.between(CUT + 1, FIRST + 9 * DAY)
    true = market.funding.between(CUT + 1, FIRST + 9 * DAY)
    assert len(later) == len(true)
    assert not np.isin(later.funding_time, true.funding_time).any()
    assert (later.funding_rate != true.funding_rate).all()
    assert (np.diff(later.funding_time) > 0).all()


@pytest.mark.parametrize("seed", range(5))
def test_another_future_is_a_market_that_could_have_been(market, seed):
    later = other_market(market, CUT, seed).minutes
    for price in (later.open, later.close):
        assert ((later.low <= price) & (price <= later.high)).all()
    assert (later.low > 0.0).all()
    assert (later.taker_buy_base_volume <= later.base_volume).all()
    assert (np.diff(later.open_time) > 0).all()


@pytest.mark.parametrize("seed", range(20))
def test_the_minute_that_begins_at_the_cut_exists_in_every_future(market, seed):
    assert CUT in other_market(market, CUT, seed).minutes.open_time


def test_a_future_belongs_to_its_seed_and_its_cut(market):
    once, again = (other_market(market, CUT, seed=1).minutes for _ in range(2))
    assert once.equals(again)
    assert not once.equals(other_market(market, CUT, seed=2).minutes)


def test_where_nothing_follows_both_futures_are_the_truth(market):
    end = int(market.minutes.open_time[-1]) + MINUTE
    assert other_market(market, end, seed=1).minutes.equals(market.minutes)
