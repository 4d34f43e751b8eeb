"""Funding over whole cycles: a settlement T with entry < T is paid once, by the minute that opens at T."""

import numpy as np
import pytest

from babingepet.cycles.btc import run_cycle
from babingepet.cycles.settings import BtcSettings
from babingepet.market.intervals import HOUR, MINUTE
from babingepet.voting.debounce import Debounce
from tests import factories as f

T = f.WEDNESDAY + 16 * HOUR
RATES = f.funding((T - 8 * HOUR, 1e-4), (T, 2e-4))


def run(signals, state):
    return run_cycle(f.cycle_inputs(signals), state, BtcSettings())


def held(entry_time, decided=None):
    """Two units long since ``entry_time``, last decided at ``decided``."""
    return f.state(
        position=f.position(quantity=2.0, entry_time=entry_time),
        debounce=Debounce(as_of=decided or T),
    )


def paid(as_of, state, rates=RATES, **minutes):
    columns = {"high": 100.2, "low": 99.8} | minutes
    candles = f.candles(30, first=as_of - 30 * MINUTE, **columns)
    return run(f.signal_inputs(as_of, minutes=candles, funding=rates), state)


def test_a_position_that_is_open_at_the_settlement_pays_it_in_the_minute_after():
    decision, after = paid(T + MINUTE, held(T - HOUR))
    assert decision.funding_paid == pytest.approx(2.0 * 100.0 * 2e-4)
    assert [due["time"] for due in decision.funding] == [T]
    assert after.position.funding_paid == decision.funding_paid


def test_the_minutes_before_and_after_it_pay_nothing():
    assert paid(T, held(T - HOUR, T - MINUTE))[0].funding_paid == 0.0
    assert paid(T + 2 * MINUTE, held(T - HOUR, T + MINUTE))[0].funding_paid == 0.0


def test_a_fill_at_the_settlement_does_not_pay_it():
    ordered = f.state(
        order=f.state().order._replace(side=1, quantity=2.0, as_of=T), debounce=Debounce(as_of=T)
    )
    decision, after = paid(T + MINUTE, ordered)
    assert decision.fill["entry_time"] == T
    assert (decision.funding_paid, after.position.side) == (0.0, 1)


def test_an_exit_after_the_settlement_has_paid_it_and_one_before_has_not():
    after, _ = paid(T + MINUTE, held(T - HOUR), low=90.0)
    assert after.closed["funding_paid"] == pytest.approx(0.04)
    before, _ = paid(T, held(T - HOUR, T - MINUTE), low=90.0)
    assert before.closed["funding_paid"] == 0.0


def test_a_settlement_in_missed_minutes_is_paid_by_the_next_one_at_its_own_mark():
    closes = np.full(30, 100.0)
    closes[:16] = 50.0  # up to the minute that closes at T
    decision, _ = paid(
        T + 14 * MINUTE, held(T - HOUR, T - 5 * MINUTE), closes=closes, high=100.0, low=100.0
    )
    assert decision.funding_paid == pytest.approx(2.0 * 50.0 * 2e-4)
    again, _ = paid(T + 15 * MINUTE, held(T - HOUR, T + 14 * MINUTE))
    assert again.funding_paid == 0.0


def test_a_missing_rate_is_paid_at_the_last_known_one_and_said():
    decision, _ = paid(T + MINUTE, held(T - HOUR), RATES.rows(0, 1))
    assert decision.funding_paid == pytest.approx(2.0 * 100.0 * 1e-4)
    assert decision.funding[0]["assumed"] is True
    assert any("funding rate was missing" in notice for notice in decision.notices)


def test_two_settlements_in_one_gap_are_paid_with_their_own_rates():
    later = T + 8 * HOUR
    rates = f.funding((T, 2e-4), (later, 5e-4))
    minutes = f.candles(500, first=later - 499 * MINUTE, high=100.2, low=99.8)
    signals = f.signal_inputs(later + MINUTE, minutes=minutes, funding=rates)
    decision, _ = run(signals, held(T - HOUR, T - 5 * MINUTE))
    assert decision.funding_paid == pytest.approx(2.0 * 100.0 * (2e-4 + 5e-4))
    assert [due["time"] for due in decision.funding] == [T, later]
