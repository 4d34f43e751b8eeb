import pytest

from babingepet.cycles import btc_decision as d
from babingepet.cycles.btc import run_cycle
from babingepet.cycles.settings import BtcSettings, override
from babingepet.market.intervals import HOUR, MINUTE
from babingepet.voting.debounce import Debounce
from tests import factories as f


def decide(state, **minutes):
    columns = {"high": 100.2, "low": 99.8} | minutes
    signals = f.signal_inputs(minutes=f.candles(60, first=f.NOON - HOUR, **columns))
    return run_cycle(f.cycle_inputs(signals), state, BtcSettings())[0]


def ordered(side=1, as_of=f.NOON - MINUTE):
    return f.state(order=f.state().order._replace(side=side, quantity=2.0, as_of=as_of, grade=3))


def test_a_fill_and_its_position_are_told():
    decision = decide(ordered())
    price = round(100.0 * 1.00015, 8)
    assert decision.fill == {
        "side": "LONG", "quantity": 2.0, "entry_time": f.NOON - MINUTE, "entry_price": price,
    }  # fmt: skip
    assert decision.position["position_id"] == "btc-20250507T1159Z-trade"
    assert decision.position["side"] == "LONG"
    assert decision.position["unrealized_pnl"] == pytest.approx(2.0 * (100.0 - price), abs=1e-8)
    assert decision.account["equity"] == pytest.approx(
        decision.account["cash"] + decision.account["unrealized_pnl"], abs=1e-8
    )


def test_a_trade_that_opened_and_closed_in_one_minute_is_told_whole():
    decision = decide(ordered(-1), high=101.0)
    assert decision.position is None
    assert decision.fill["side"] == decision.closed["side"] == "SHORT"
    assert decision.closed["exit_reason"] == "STOP_LOSS"
    assert decision.closed["position_id"] == "btc-20250507T1159Z-trade"
    assert decision.closed["exit_time"] == f.NOON
    assert decision.account["losses_in_a_row"] == 1


def test_a_shadow_is_told_apart():
    state = f.state(shadow=f.position(entry_time=f.NOON - HOUR), debounce=Debounce(f.NOON - MINUTE))
    decision = decide(state)
    assert decision.shadow["position_id"] == "btc-20250507T1100Z-shadow"
    assert decision.position is None
    assert decision.account["equity"] == 1_000.0


@pytest.mark.parametrize(
    ("state", "notice"),
    [
        (f.state(returns=[-0.01] * 20), d.NO_EDGE_NOTICE),
        (ordered(as_of=f.NOON - 5 * MINUTE), d.LAPSED_NOTICE),
    ],
)
def test_what_the_operator_should_know_is_a_notice(state, notice):
    assert notice in decide(state).notices
    assert notice not in decide(f.state(returns=[0.02] * 20)).notices


def test_names_sort_by_time():
    times = [f.NOON, f.NOON + MINUTE, f.NOON + HOUR, f.NOON + 24 * HOUR]
    assert [d.cycle_id(t) for t in times] == sorted(d.cycle_id(t) for t in times)
    assert d.position_id(f.NOON, shadow=True) == "btc-20250507T1200Z-shadow"


def test_equal_rules_have_equal_hashes_and_others_do_not():
    same = override(BtcSettings(), ["leverage=1", "blocked_hours=23,18,0"])
    other = override(BtcSettings(), ["leverage=2"])
    assert d.settings_hash(same) == d.settings_hash(BtcSettings()) != d.settings_hash(other)
