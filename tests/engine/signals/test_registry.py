import numpy as np
import pytest

from babingepet.domain.codes import Regime
from babingepet.signals.registry import BASE_WEIGHTS, NAMES, capability, compute_scores
from tests import factories as f

WEIGHTS = {
    "whale_flow": 0.12, "vpin": 0.11, "ai_consensus": 0.10, "mtf_alignment": 0.10, "regime": 0.09,
    "ofi_contrarian": 0.08, "vwap": 0.07, "funding_rate": 0.06, "etf_flow": 0.04,
    "ml_xgboost": 0.03, "as_fair_value": 0.03, "hour_seasonality": 0.03, "sentiment": 0.02,
}  # fmt: skip


def test_the_thirteen_weights_sum_to_the_scale():
    assert dict(zip(NAMES, BASE_WEIGHTS, strict=True)) == WEIGHTS
    assert sum(BASE_WEIGHTS) == pytest.approx(0.88, abs=1e-15)


def masked(*feeds):
    return {name for name, able in zip(NAMES, capability(frozenset(feeds)), strict=True) if able}


CANDLES = {"mtf_alignment", "regime", "vwap", "hour_seasonality"}


@pytest.mark.parametrize(
    ("feeds", "expected"),
    [
        ((), set()),
        (("candles",), CANDLES),
        (("candles", "taker_volume"), CANDLES | {"vpin"}),
        (("taker_volume",), set()),
        (("trades",), {"whale_flow"}),
        (("quotes",), {"ofi_contrarian", "as_fair_value"}),
        (("funding",), {"funding_rate"}),
        (("mark_price",), {"funding_rate"}),
        (("etf_flow",), {"etf_flow"}),
        (("news",), {"sentiment"}),
        (("swarm",), {"ai_consensus"}),
        (("candles", "model"), CANDLES | {"ml_xgboost"}),
        (("candles", "taker_volume", "funding"), CANDLES | {"vpin", "funding_rate"}),
    ],
)
def test_the_mask_is_decided_by_the_kinds_of_feed(feeds, expected):
    assert masked(*feeds) == expected


def test_scores_come_in_order_and_every_missing_one_has_a_reason():
    scores, regime = compute_scores(f.signal_inputs(), f.ALL_FEEDS)
    assert tuple(score.signal for score in scores) == NAMES
    assert regime.state is Regime.UNKNOWN
    for score in scores:
        assert (score.value is None) == bool(score.reason)


@pytest.mark.parametrize(
    ("name", "feeds", "said"),
    [
        ("whale_flow", {"candles"}, "never recorded: trades"),
        ("vpin", {"candles"}, "never recorded: taker_volume"),
        ("funding_rate", {"candles"}, "never recorded: funding or mark_price"),
        ("hour_seasonality", {"trades"}, "never recorded: candles"),
        ("etf_flow", {"candles"}, "no ETF flows were ever filed"),
        ("sentiment", {"candles"}, "no headlines were ever filed"),
        ("ai_consensus", {"candles"}, "no analysts were ever asked"),
        ("ml_xgboost", {"candles"}, "no model has earned its place"),
    ],
)
def test_a_signal_that_can_never_be_says_why(name, feeds, said):
    scores, _ = compute_scores(f.signal_inputs(), frozenset(feeds))
    assert {s.signal: s.reason for s in scores}[name].endswith(said)


CONTEXT = frozenset({"etf_flow", "news", "swarm", "candles"})


def test_context_is_scored_as_soon_as_it_is_filed():
    filed = f.signal_inputs(
        etf_flows=f.etf_flows([1.0, -1.0] * 10),
        news=f.news(f.headline()),
        consensus=f.consensus(),
        hour_table=f.hour_table(share=0.54, significant=True),
    )
    names = ("etf_flow", "sentiment", "ai_consensus", "hour_seasonality")
    for inputs, available in ((filed, True), (f.signal_inputs(), False)):
        scores = {s.signal: s for s in compute_scores(inputs, CONTEXT)[0]}
        assert [scores[name].value is not None for name in names] == [available] * 4


def test_the_regime_and_the_vwap_read_the_same_confirmed_state():
    rise = 1_000.0 + np.arange(200.0)
    bars = {**f.signal_inputs().bars, "15m": f.bars_until(f.NOON, "15m", rise)}
    minutes = f.candles(closes=100.0 + np.arange(720.0) / 100, first=f.WEDNESDAY)
    scores, regime = compute_scores(f.signal_inputs(bars=bars, minutes=minutes), f.ALL_FEEDS)
    by_name = {score.signal: score for score in scores}
    assert regime.state is Regime.TRENDING_UP
    assert by_name["vwap"].raw["regime"] == "TRENDING_UP"
    assert by_name["vwap"].value > 0.0
    assert by_name["regime"] is regime.score
