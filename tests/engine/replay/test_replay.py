"""What a replay decides, when, and what it never does."""

import numpy as np
import pytest

from babingepet.domain.codes import ExitReason
from babingepet.errors import ConfigurationError, InputError
from babingepet.market.frames import Candles, FundingRates
from babingepet.market.intervals import DAY, MINUTE
from babingepet.replay.run import replay
from babingepet.signals.registry import NAMES
from tests import factories as f
from tests.engine.replay import recorded as r


def ledger_of(market, threads=1, **period):
    return replay(market, r.EAGER, threads=threads, **period).ledger_sha256


def test_the_ledger_is_the_same_on_every_run_and_for_every_number_of_threads(recorded_data):
    market = r.hundred_days(recorded_data)
    assert len({ledger_of(market, threads) for threads in (1, 1, 2, 5)}) == 1


def test_another_candle_is_another_ledger(recorded_data):
    market = r.hundred_days(recorded_data)
    assert ledger_of(market) != ledger_of(r.stretched(market))


def test_every_minute_of_the_period_is_decided_and_no_other(recorded_data):
    market = r.hundred_days(recorded_data)
    start, end = r.FIRST + 40 * DAY, r.FIRST + 41 * DAY
    replayed = replay(market, start=start, end=end)
    assert replayed.minutes.as_of.tolist() == list(range(start, end, MINUTE))


def test_minutes_before_the_start_only_warm_the_signals_up(recorded_data):
    market = r.hundred_days(recorded_data)
    start = r.FIRST + 80 * DAY
    late, whole = replay(market, r.EAGER, start=start), replay(market, r.EAGER)
    for name, scores in late.minutes.scores.items():
        assert scores.tobytes() == whole.minutes.scores[name][-len(scores) :].tobytes()
    assert late.minutes.equity[0] == r.EAGER.capital
    assert late.trades.entry_time.min() >= start


def test_without_a_period_the_first_and_the_last_minute_are_decided(recorded_data):
    market = r.hundred_days(recorded_data)
    assert len(replay(market).minutes) == len(market.minutes)


def test_money_is_conserved(recorded_data):
    replayed = replay(r.hundred_days(recorded_data), r.EAGER)
    ledger, trades = replayed.state.ledger, replayed.trades
    real = trades.where(~trades.shadow)
    assert len(real) > 20
    assert replayed.state.position.side == 0
    assert ledger.cash == pytest.approx(r.EAGER.capital + real.net_pnl.sum(), abs=1e-8)
    assert ledger.fees_paid == pytest.approx(real.fees_paid.sum(), abs=1e-8)
    assert ledger.funding_paid == pytest.approx(real.funding_paid.sum(), abs=1e-8)
    assert ledger.slippage_paid == pytest.approx(real.slippage_paid.sum(), abs=1e-8)
    assert replayed.minutes.equity[-1] == ledger.cash


@pytest.mark.parametrize("change", ["holes", "stretched", "both"])
def test_no_order_fills_inside_a_hole_and_nothing_is_filled_in(recorded_data, change):
    market = r.hundred_days(recorded_data)
    if change != "stretched":
        market = r.with_holes(market, recorded_data)
    if change != "holes":
        market = r.stretched(market)
    replayed = replay(market, r.EAGER)
    known, trades = replayed.minutes.as_of, replayed.trades
    sound = np.isfinite(market.minutes.close) & np.isfinite(market.minutes.base_volume)
    for column in (market.minutes.open, market.minutes.high, market.minutes.low):
        sound &= np.isfinite(column)
    assert known.tolist() == (market.minutes.open_time[sound] + MINUTE).tolist()
    assert len(trades) > 20
    assert np.isin(trades.entry_time, known).all()  # the minute that ordered it
    assert np.isin(trades.entry_time + MINUTE, known).all()  # the minute that filled it
    assert np.isin(trades.exit_time, known).all()


def test_a_candle_that_reaches_beyond_the_stop_leaves_at_the_stop_not_at_its_extreme(recorded_data):
    replayed = replay(r.stretched(r.hundred_days(recorded_data)), r.EAGER)
    trades = replayed.trades
    stopped = trades.where(trades.exit_reason == ExitReason.STOP_LOSS.value)
    assert len(stopped) > 5
    slip = np.abs(stopped.exit_price / stopped.stop - 1.0)
    assert slip == pytest.approx(1e-4, abs=1e-9)


def test_a_signal_whose_feed_was_never_recorded_is_outside_and_never_scored(recorded_data):
    market = r.without_funding(r.hundred_days(recorded_data))
    replayed = replay(market, r.EAGER)
    able = dict(zip(NAMES, replayed.capability, strict=True))
    assert {name for name, has in able.items() if has} == {
        "vpin", "mtf_alignment", "regime", "vwap", "hour_seasonality",
    }  # fmt: skip
    assert "funding_rate" not in replayed.minutes.scores
    assert replayed.state.ledger.funding_paid == 0.0


def test_a_source_that_can_never_supply_enough_of_the_vote_is_refused(recorded_data):
    market = r.without_funding(r.hundred_days(recorded_data))
    rules = r.ReplayRules(f.settings("min_capability=0.5"))
    with pytest.raises(ConfigurationError, match="missing feeds"):
        replay(market, rules)


def test_a_feed_that_no_replay_reads_is_refused():
    with pytest.raises(ConfigurationError, match="no replay reads the feeds quotes, trades"):
        r.ReplayMarket(
            "BTCUSDT", "recorded", Candles.empty(), Candles.empty(), FundingRates.empty(),
            frozenset({"candles", "trades", "quotes"}),
        )  # fmt: skip


@pytest.mark.parametrize(("start", "end"), [(200, 201), (-9, 0), (10, 10)])
def test_a_period_without_a_minute_is_refused_with_what_there_is(recorded_data, start, end):
    market = r.hundred_days(recorded_data)
    with pytest.raises(InputError, match="2023-06-01T00:00:00Z to 2023-09-09T00:00:00Z"):
        replay(market, start=r.FIRST + start * DAY, end=r.FIRST + end * DAY)


def test_a_market_without_minutes_is_refused(recorded_data):
    with pytest.raises(InputError, match="no minute"):
        replay(r.market_of(recorded_data, Candles.empty()))


def test_progress_ends_with_every_minute(recorded_data):
    told = []
    market = r.hundred_days(recorded_data)
    replay(market, progress=lambda done, total: told.append((done, total)))
    assert [done for done, _ in told] == sorted(done for done, _ in told)
    assert told[-1] == (len(market.minutes), len(market.minutes))
    assert len(told) == 4  # months; the last minute of August ends in September
