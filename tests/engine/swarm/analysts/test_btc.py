"""The embedded Bitcoin analysts, rule by rule, against figures worked out by hand."""

import pytest

from babingepet.errors import InputError
from babingepet.swarm.analysts.btc import SCORES, BtcReading, btc_answers
from babingepet.swarm.answers import Confidence, State
from babingepet.swarm.consensus import agree
from babingepet.swarm.rosters import BTC


def answers(reading):
    return {answer.agent: answer for answer in btc_answers(reading)}


def x_of(agent, scores=None, **readings):
    """What an analyst leans to, read back from its vote."""
    answer = answers(BtcReading(scores or {}, **readings))[agent]
    return None if answer.p_up is None else (answer.p_up - 0.5) / 0.25


TREND = {"mtf_alignment": 0.6, "regime": 0.4, "vwap": -0.2}
FLOW = {"whale_flow": 0.5, "vpin": -0.3, "as_fair_value": 0.1, "ofi_contrarian": -0.8}
SLOW = {"funding_rate": 0.5, "etf_flow": -0.4, "sentiment": 0.2}
HOUR = {"ret_1h": 0.006, "rv_1h": 0.005, "ret_4h": 0.012, "rv_4h": 0.01}


@pytest.mark.parametrize(
    ("agent", "scores", "readings", "x"),
    [
        ("gemini", TREND, {}, 0.5 * 0.6 + 0.3 * 0.4 - 0.2 * 0.2),
        ("gemini", {**TREND, "regime": None}, {}, (0.5 * 0.6 - 0.2 * 0.2) / 0.7),
        ("gemini", {"vwap": -0.2}, {}, -0.2),
        ("gemini", SLOW, {}, None),
        ("claude", FLOW, {}, 0.5 * 0.5 - 0.3 * 0.3 + 0.2 * 0.1),
        ("claude", {"vpin": -0.3}, {}, -0.3),
        ("gpt", SLOW, {}, 0.4 * 0.5 - 0.3 * 0.4 + 0.3 * 0.2),
        ("gpt", {"etf_flow": -0.4, "sentiment": 0.2}, {}, (-0.3 * 0.4 + 0.3 * 0.2) / 0.6),
        ("momentum", TREND, HOUR, 0.5 * 0.6 + 0.5 * 0.6),
        ("momentum", TREND, {**HOUR, "ret_1h": -0.05}, 0.5 * 0.6 - 0.5),
        ("momentum", TREND, {"ret_1h": 0.006}, 0.6),
        ("momentum", TREND, {"rv_1h": 0.005}, 0.6),
        ("momentum", TREND, {"ret_1h": 0.006, "rv_1h": 0.0}, 0.3),
        ("momentum", {}, {}, None),
        ("contrarian", FLOW | SLOW, HOUR, -0.5 * 0.6 + 0.3 * 0.5 - 0.2 * 0.8),
        ("contrarian", FLOW | SLOW, {}, (0.3 * 0.5 - 0.2 * 0.8) / 0.5),
        ("contrarian", {}, HOUR, -0.6),
        ("flow_reader", FLOW, {}, 0.4 * 0.5 - 0.4 * 0.3 - 0.2 * 0.8),
        ("risk_manager", TREND, {}, 0.8 / 3),
        ("risk_manager", {**TREND, "ai_consensus": 1.0}, {}, 0.8 / 3),
        ("risk_manager", TREND, {"is_volatile": True}, 0.0),
        ("risk_manager", TREND, {"natr_percentile": 0.9}, 0.0),
        ("risk_manager", TREND, {"natr_percentile": 0.899}, 0.8 / 3),
        ("risk_manager", {}, {"is_volatile": True}, None),
        ("macro_sage", SLOW, {}, -0.5 * 0.4 + 0.3 * 0.5 + 0.2 * 0.2),
        ("conservative_filter", TREND, {}, 0.0),
        ("conservative_filter", {}, {}, None),
        ("conservative_filter", dict.fromkeys(SCORES[:4], 0.1), {}, 0.1),
        ("conservative_filter", dict.fromkeys(SCORES[:4], 0.099), {}, 0.0),
        ("conservative_filter", {**dict.fromkeys(SCORES[:3], 0.5), "vwap": 0.05}, {}, 0.0),
        ("conservative_filter", dict.fromkeys(SCORES[:4], 0.2) | {"vwap": -1.0}, {}, 0.0),
        ("conservative_filter", dict.fromkeys(SCORES[:4], -0.5) | {"vwap": 0.3}, {}, -0.34),
    ],
)
def test_an_analyst_weighs_what_is_there(agent, scores, readings, x):
    assert x_of(agent, scores, **readings) == (None if x is None else pytest.approx(x, abs=1e-12))


def test_all_nine_answer_in_the_order_of_the_roster_or_abstain_by_name():
    assert set(answers(BtcReading({}))) == set(BTC.names)
    for answer in btc_answers(BtcReading({})):
        assert answer.state is State.ABSTAIN
        assert answer.reason.startswith("nothing to read: no ")
    assert answers(BtcReading({}))["gemini"].reason == (
        "nothing to read: no mtf_alignment, regime, vwap"
    )


@pytest.mark.parametrize(
    ("lean", "confidence", "said"),
    [
        (0.2, Confidence.LOW, "no side"),
        (-0.2, Confidence.LOW, "no side"),
        (0.21, Confidence.MED, "leans up"),
        (-0.59, Confidence.MED, "leans down"),
        (-0.6, Confidence.HIGH, "leans down"),
        (1.0, Confidence.HIGH, "leans up"),
    ],
)
def test_confidence_is_the_size_of_the_lean(lean, confidence, said):
    answer = answers(BtcReading({"mtf_alignment": lean}))["gemini"]
    assert answer.confidence is confidence
    assert answer.reason == f"mtf_alignment {lean:+.2f} (without regime, vwap): {said}"


def test_on_candles_alone_the_rules_reach_a_quorum():
    """What a replay of a recording of candles and funding has."""
    there = dict.fromkeys(("vpin", "mtf_alignment", "regime", "vwap", "funding_rate"), 0.5)
    agreed = agree(BTC, btc_answers(BtcReading(there, **HOUR)), {})
    assert (agreed.valid, agreed.side) == (9, 1)


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"scores": {"mtf": 0.5}}, "scores: mtf is no score"),
        ({"scores": {"vpin": 1.5}}, r"scores.vpin: 1.5 is no number from -1 to 1"),
        ({"scores": {"vpin": float("nan")}}, r"scores.vpin: nan"),
        ({"scores": {}, "rv_1h": -0.1}, "rv_1h: -0.1 is no number from 0"),
        ({"scores": {}, "ret_4h": float("inf")}, "ret_4h: inf"),
        ({"scores": {}, "natr_percentile": 95.0}, "natr_percentile: 95.0 is no number from 0 to 1"),
    ],
)
def test_a_reading_that_cannot_be_is_refused_by_name(fields, said):
    with pytest.raises(InputError, match=said):
        BtcReading(**fields)
