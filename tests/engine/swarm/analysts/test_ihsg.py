"""The embedded analysts of Indonesian shares, rule by rule, against figures worked out by hand."""

import pytest

from babingepet.errors import InputError
from babingepet.swarm.analysts.ihsg import IhsgReading, ihsg_answers
from babingepet.swarm.answers import Confidence, State
from babingepet.swarm.consensus import agree
from babingepet.swarm.rosters import IHSG


def answer_of(agent, **readings):
    return {a.agent: a for a in ihsg_answers(IhsgReading("BBCA.JK", **readings))}[agent]


def x_of(agent, **readings):
    p_up = answer_of(agent, **readings).p_up
    return None if p_up is None else (p_up - 0.5) / 0.25


MOMENTUM = {"mom_5d": 0.5, "mom_20d": 0.25, "volume": -0.5}


@pytest.mark.parametrize(
    ("agent", "readings", "x"),
    [
        ("value_hunter", {"pe": 7.5, "pb": 1.2}, 0.5 * 0.5 + 0.5 * 0.2),
        ("value_hunter", {"pe": 7.5, "pb": 1.2, "is_bank_or_telco": True}, 1.2 * 0.35),
        ("value_hunter", {"pe": 60.0, "pb": 1.2}, -0.5 + 0.1),
        ("value_hunter", {"pb": 1.2}, 0.2),
        ("value_hunter", {"pe": -8.0, "pb": 1.8}, -0.2),
        ("value_hunter", {"pe": 0.0, "pb": -1.0}, None),
        ("value_hunter", {}, None),
        ("momentum_trader", {**MOMENTUM, "rsi": 60.0}, 0.2 + 0.1 - 0.1),
        ("momentum_trader", {**MOMENTUM, "rsi": 50.0}, 0.2),
        ("momentum_trader", {**MOMENTUM, "rsi": 70.0}, 0.2),
        ("momentum_trader", {**MOMENTUM, "rsi": 70.1}, 0.0),
        ("momentum_trader", {**MOMENTUM, "rsi": 49.9}, 0.0),
        ("momentum_trader", {"mom_5d": 0.5, "rsi": 60.0}, 0.5),
        ("momentum_trader", MOMENTUM, None),
        ("momentum_trader", {"rsi": 60.0}, None),
        ("risk_analyst", {"rsi": 71.0, "volatility": 0.41, "beta": 1.31}, -1.0),
        ("risk_analyst", {"rsi": 71.0, "volatility": 0.40, "beta": 1.3}, -0.5),
        ("risk_analyst", {"rsi": 70.0, "volatility": 0.41}, -0.5),
        ("risk_analyst", {"rsi": 70.0, "beta": 1.31}, -0.3),
        ("risk_analyst", {"volatility": 0.41, "beta": 1.31}, -0.8),
        ("risk_analyst", {"beta": 1.0}, 0.1),
        ("risk_analyst", {}, None),
        ("macro_strategist", {"trend_factor": 0.75, "usd_idr_change": 0.015}, 0.3 - 0.2),
        ("macro_strategist", {"trend_factor": 0.75}, 0.5),
        ("macro_strategist", {"usd_idr_change": 0.3}, -1.0),
        ("macro_strategist", {"usd_idr_change": -0.015}, 0.5),
        ("macro_strategist", {}, None),
        ("quant_analyst", {"composite": -0.1, "rsi": 35.0, "volume_ratio": 2.0}, 0.15),
        ("quant_analyst", {"composite": 0.1, "rsi": 55.1, "volume_ratio": 1.9}, 0.25),
        ("quant_analyst", {"rsi": 40.0}, None),
    ],
)
def test_an_analyst_of_a_share_weighs_what_is_there(agent, readings, x):
    found = x_of(agent, **readings)
    assert found == (None if x is None else pytest.approx(x, abs=1e-12))


def test_without_fundamentals_the_value_hunter_abstains():
    answer = answer_of("value_hunter")
    assert (answer.state, answer.reason) == (State.ABSTAIN, "nothing to read: no PE, PB")


def test_the_risk_analyst_is_never_more_than_low_and_names_its_objections():
    answer = answer_of("risk_analyst", rsi=80.0, volatility=0.6, beta=1.0)
    assert answer.confidence is Confidence.LOW
    assert answer.reason == (
        "RSI 80.00, volatility 0.60, beta 1.00, too high: RSI, volatility: leans down"
    )


def test_the_five_are_the_roster_and_reach_a_consensus():
    reading = IhsgReading(
        "BBCA.JK", is_bank_or_telco=True, pe=9.0, pb=0.9, mom_5d=0.7, mom_20d=0.6, volume=0.4,
        composite=0.3, rsi=54.0, volatility=0.2, beta=0.9, volume_ratio=2.1, trend_factor=0.8,
        usd_idr_change=-0.01,
    )  # fmt: skip
    agreed = agree(IHSG, ihsg_answers(reading), {})
    assert (agreed.valid, agreed.bulls, agreed.is_low) == (5, 4, False)


@pytest.mark.parametrize(
    ("field", "value"),
    [("rsi", -1.0), ("volatility", -0.1), ("trend_factor", 1.1), ("pe", float("nan"))],
)
def test_a_reading_of_a_share_that_cannot_be_is_refused_by_name(field, value):
    with pytest.raises(InputError, match=rf"^BBCA\.JK: {field}: "):
        IhsgReading("BBCA.JK", **{field: value})
