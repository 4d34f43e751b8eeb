import json

import numpy as np
import pytest

from babingepet.cycles.btc import BASE_BOOK, WeightBook, require_capability, run_cycle
from babingepet.cycles.settings import BtcSettings
from babingepet.errors import ConfigurationError, InputError
from babingepet.market.intervals import HOUR, MINUTE
from babingepet.signals.registry import BASE_WEIGHTS, NAMES
from babingepet.voting.debounce import Debounce
from tests import factories as f

SETTINGS = BtcSettings()
RISE = 1_000.0 + np.arange(200.0)


def rising(as_of=f.NOON, **given):
    """A market in which trend, regime, VWAP and funding all point up."""
    count = (as_of - f.WEDNESDAY) // MINUTE
    closes = 100.0 + np.where(np.arange(count) % 2, 1.0, -1.0)
    closes[-1] = 102.0  # two deviations above the average
    values = {
        "minutes": f.candles(closes=closes, first=f.WEDNESDAY),
        "bars": {name: f.bars_until(as_of, name, RISE) for name in ("5m", "15m", "1h", "4h")},
        "funding": f.funding((as_of // (8 * HOUR) * 8 * HOUR, -3e-4)),
    }
    return f.signal_inputs(as_of, **(values | given))


def quiet(as_of, **given):
    """The minute before ``as_of`` at 100, and nothing that could be scored."""
    return f.signal_inputs(as_of, minutes=f.candles(30, first=as_of - 30 * MINUTE), **given)


def decide(signals, state=None, settings=SETTINGS, book=BASE_BOOK, **given):
    return run_cycle(f.cycle_inputs(signals, **given), state or f.state(), settings, book)


def test_a_rising_market_is_bought():
    decision, after = decide(rising())
    assert decision.verdict == "STRONG_BUY"
    assert decision.blocked_by == ()
    assert decision.order == {
        "side": "LONG", "quantity": after.order.quantity, "as_of": f.NOON, "grade": "A",
    }  # fmt: skip
    assert decision.score == pytest.approx(0.10 + 0.09 + 0.06 + 0.07 * decision.scores["vwap"])
    assert decision.votes == 4
    assert decision.regime == "TRENDING_UP"
    assert decision.coverage == pytest.approx(0.32 / 0.46)  # VPIN and hours are warming up
    assert decision.capability == (
        "vpin", "mtf_alignment", "regime", "vwap", "funding_rate", "hour_seasonality",
    )  # fmt: skip


def test_every_score_or_its_reason_is_on_the_decision():
    decision, _ = decide(rising())
    assert tuple(decision.scores) == NAMES
    for name, score in decision.scores.items():
        assert (score is None) == (name in decision.reasons)
    assert "warm-up" in decision.reasons["vpin"]


def test_equal_inputs_give_equal_bytes():
    one, other = decide(rising()), decide(rising())
    assert one[0].canonical() == other[0].canonical()
    assert one[1][:-1] == other[1][:-1]


@pytest.mark.parametrize(
    "signals",
    [
        rising(),
        quiet(f.NOON),
        rising(tape=f.tape(120)),
        rising(minutes=f.candles(720, base_volume=0.0)),
        rising(bars={n: f.bars_until(f.NOON, n, np.full(200, 9.0), high=9.0, low=9.0) for n in ("5m", "15m", "1h", "4h")}),
    ],
    ids=["rising", "quiet", "tape", "no volume", "flat"],
)  # fmt: skip
def test_a_decision_is_valid_json_without_anything_that_is_no_number(signals):
    held = f.state(position=f.position(), shadow=f.position(-1), debounce=Debounce(f.NOON - MINUTE))
    decision, _ = decide(signals, held, feeds=f.ALL_FEEDS)
    text = decision.canonical().decode()
    assert json.loads(text)["cycle_id"] == "btc-20250507T1200Z"
    assert "NaN" not in text
    assert "Infinity" not in text


def test_the_minute_that_ends_now_must_be_there():
    late = f.signal_inputs(f.NOON + MINUTE, minutes=f.candles(60, first=f.NOON - HOUR))
    with pytest.raises(InputError, match=f"no closed minute ends at {f.NOON + MINUTE}"):
        decide(late)
    with pytest.raises(InputError, match="no closed minute"):
        decide(f.signal_inputs(minutes=f.candles(0)))


@pytest.mark.parametrize(
    ("given", "gate"),
    [
        ({"clock": f.NOON + 180_000}, None),
        ({"clock": f.NOON + 180_001}, "STALE_DATA"),
        ({"clock_skew": -30_001}, "CLOCK_SKEW"),
        ({"failed_checks": ("btc/candles: gap",)}, "CHECK_FAILED"),
        ({"paused": True}, "PAUSED"),
    ],
)
def test_what_surrounds_the_market_can_forbid_an_entry(given, gate):
    decision, _ = decide(rising(), **given)
    assert [refusal.gate for refusal in decision.blocked_by] == ([gate] if gate else [])


def test_a_weight_book_decides_what_a_signal_counts():
    without_trend = tuple(
        0.0 if n == "mtf_alignment" else w for n, w in zip(NAMES, BASE_WEIGHTS, strict=True)
    )
    decision, _ = decide(rising(), book=WeightBook("w7", without_trend))
    plain, _ = decide(rising())
    assert decision.weights_version == "w7"
    assert decision.score == pytest.approx((plain.score - 0.10) * 0.88 / 0.78)


def test_a_book_gives_the_fill_its_touch_and_the_grade_its_spread():
    first = f.quote(bid_price=99.0, ask_price=100.0)
    tape = (f.tape_minute(f.NOON - MINUTE), f.tape_minute(f.NOON, first_quote=first))
    decision, state = decide(rising(tape=tape[:1]), feeds=f.ALL_FEEDS)
    feeds = f.CANDLE_FEEDS | {"quotes"}
    ordered = state._replace(order=f.state().order._replace(side=1, quantity=0.5, as_of=f.NOON))
    filled, _ = decide(quiet(f.NOON + MINUTE, tape=tape), ordered, feeds=feeds)
    assert filled.fill["entry_price"] == round(100.0 * 1.0001, 8)
    assert decision.grade_points < decide(rising())[0].grade_points  # the spread is 100 bp wide


def test_analysts_who_say_nothing_cost_the_grade_their_points():
    plain, _ = decide(rising())
    with_swarm, _ = decide(rising(), feeds=f.CANDLE_FEEDS | {"swarm"})
    assert "ai_consensus" in with_swarm.capability
    assert with_swarm.grade_points == pytest.approx(plain.grade_points * 75 / 90)


def test_context_takes_part_in_the_vote():
    filed = {
        "consensus": f.consensus(0.7),
        "hour_table": f.hour_table(share=0.54, significant=True),
    }
    plain, _ = decide(rising())
    decision, _ = decide(rising(**filed), feeds=f.CANDLE_FEEDS | {"swarm"})
    assert decision.score == pytest.approx(plain.score + 0.10 * 0.4 + 0.03 * 0.8)
    assert decision.votes == plain.votes + 2


def test_the_chandelier_hangs_in_the_closed_quarters_of_an_hour():
    # 22 bars up to 1199 with true ranges of 2: 1200 - 3 * 2 for a long
    held = f.state(position=f.position(1, 1_150.0, peak=1_165.0, armed=True, stop=1_161.0))
    bars = {**rising().bars}
    minutes = f.candles(
        60, first=f.NOON - HOUR, closes=np.full(60, 1_170.0), high=1_170.0, low=1_170.0
    )
    decision, _ = decide(f.signal_inputs(bars=bars, minutes=minutes), held)
    assert decision.position["stop"] == pytest.approx(1_200.0 - 6.0)
    assert decision.position["stop_reason"] == "CHANDELIER"


@pytest.mark.parametrize(
    "feeds",
    [f.CANDLE_FEEDS, f.ALL_FEEDS, frozenset({"candles", "funding"})],  # the last just reaches 0.35
)
def test_a_source_with_enough_weight_may_run(feeds):
    require_capability(feeds, SETTINGS, BASE_BOOK)


@pytest.mark.parametrize(
    ("feeds", "weight"),
    [
        ((), "0.00"),
        (("candles",), "0.29"),
        (("quotes", "trades"), "0.23"),
        (("candles", "news"), "0.31"),
    ],
)
def test_a_source_with_too_little_is_refused_by_name(feeds, weight):
    with pytest.raises(ConfigurationError, match=f"weight {weight}, 0.35 needed") as refusal:
        require_capability(frozenset(feeds), SETTINGS, BASE_BOOK)
    assert "taker_volume" in str(refusal.value)
    assert not any(f" {feed}," in str(refusal.value) for feed in feeds)


def test_the_least_weight_is_a_setting():
    require_capability(frozenset({"candles"}), f.settings("min_capability=0.29"), BASE_BOOK)
