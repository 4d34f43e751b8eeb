"""The embedded altcoin analysts, rule by rule, against figures worked out by hand."""

import pytest

from babingepet.errors import InputError
from babingepet.swarm.analysts.altcoin import AltcoinReading, altcoin_answers
from babingepet.swarm.answers import Confidence
from babingepet.swarm.consensus import agree
from babingepet.swarm.rosters import ALTCOIN


def answer_of(agent, sector="L2", **readings):
    found = {a.agent: a for a in altcoin_answers(AltcoinReading("XUSDT", sector, **readings))}
    return found[agent]


def x_of(*args, **readings):
    p_up = answer_of(*args, **readings).p_up
    return None if p_up is None else (p_up - 0.5) / 0.25


@pytest.mark.parametrize(
    ("agent", "sector", "readings", "x"),
    [
        ("defi_analyst", "DEFI", {"btc_alpha": 0.6, "volume": 0.2}, 0.4),
        ("defi_analyst", "L1_MAJOR", {"btc_alpha": 0.6, "volume": 0.2}, 0.4),
        ("defi_analyst", "L1_NEXT", {"btc_alpha": 0.6}, 0.6),
        ("defi_analyst", "AI", {"btc_alpha": 0.6, "volume": 0.2}, 0.2),
        ("defi_analyst", "MEME", {"btc_alpha": 0.6, "volume": 0.2}, -0.5),
        ("defi_analyst", "MEME", {}, -0.5),
        ("defi_analyst", "AI", {}, None),
        ("momentum_hunter", "AI", {"momentum": 0.5, "volume": 0.25}, 0.4),
        ("momentum_hunter", "AI", {"momentum": -0.5, "volume": -0.25}, -0.4),
        ("momentum_hunter", "AI", {"momentum": 0.5, "volume": -0.25}, 0.0),
        ("momentum_hunter", "AI", {"momentum": 0.5, "volume": 0.0}, 0.0),
        ("momentum_hunter", "AI", {"momentum": 0.5}, None),
        ("momentum_hunter", "AI", {"volume": 0.5}, None),
        ("risk_sentinel", "AI", {"funding_r8": 5e-4, "composite": 0.5}, -0.6),
        ("risk_sentinel", "AI", {"funding_r8": -5e-4, "composite": 0.5}, -0.6),
        ("risk_sentinel", "AI", {"funding_r8": 4.9e-4, "composite": 0.5}, 0.1),
        ("risk_sentinel", "AI", {"composite": 0.5}, 0.1),
        ("risk_sentinel", "AI", {"funding_r8": 1e-4}, None),
        ("risk_sentinel", "MEME", {"funding_r8": 1e-4, "composite": 0.9}, -0.3),
        ("risk_sentinel", "MEME", {"funding_r8": 6e-4}, -0.6),
        ("macro_crypto", "AI", {"btc_regime": 0.5, "btc_alpha": -0.5}, 0.1),
        ("macro_crypto", "AI", {"btc_alpha": -0.5}, -0.5),
        ("macro_crypto", "AI", {}, None),
        ("quant_scorer", "AI", {"composite": 0.1}, 0.25),
        ("quant_scorer", "AI", {"composite": 0.1, "rsi": 50.0}, 0.45),
        ("quant_scorer", "AI", {"composite": 0.1, "rsi": 65.1, "volume_ratio": 2.0}, 0.45),
        ("quant_scorer", "AI", {"composite": 0.1, "rsi": 65.0, "volume_ratio": 2.5}, 0.65),
        ("quant_scorer", "AI", {"composite": 0.8, "rsi": 60.0}, 1.0),
        ("quant_scorer", "AI", {"rsi": 60.0, "volume_ratio": 3.0}, None),
    ],
)
def test_an_analyst_of_a_coin_weighs_what_is_there(agent, sector, readings, x):
    found = x_of(agent, sector, **readings)
    assert found == (None if x is None else pytest.approx(x, abs=1e-12))


@pytest.mark.parametrize("sector", ["AI", "MEME"])
def test_the_sentinel_is_never_more_than_low(sector):
    answer = answer_of("risk_sentinel", sector, funding_r8=9e-4)
    assert answer.confidence is Confidence.LOW


def test_a_reason_holds_the_numbers():
    assert answer_of("risk_sentinel", funding_r8=5.1e-4).reason == (
        "funding of +0.0510% in 8 hours is extreme: leans down"
    )
    assert "(without RSI, volume_ratio)" in answer_of("quant_scorer", composite=0.1).reason


def test_the_five_are_the_roster_and_reach_a_consensus():
    reading = AltcoinReading(
        "SOLUSDT", "L1_MAJOR", btc_alpha=0.8, volume=0.6, momentum=0.9, composite=0.5,
        funding_r8=1e-4, rsi=60.0, volume_ratio=2.2, btc_regime=0.7,
    )  # fmt: skip
    agreed = agree(ALTCOIN, altcoin_answers(reading), {})
    assert (agreed.valid, agreed.bulls, agreed.side, agreed.is_low) == (5, 4, 1, False)


@pytest.mark.parametrize(
    ("field", "value"), [("rsi", 101.0), ("momentum", -1.1), ("funding_r8", float("nan"))]
)
def test_a_reading_of_a_coin_that_cannot_be_is_refused_by_name(field, value):
    with pytest.raises(InputError, match=f"^XUSDT: {field}: "):
        AltcoinReading("XUSDT", "AI", **{field: value})
