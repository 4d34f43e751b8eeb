"""The nineteen gates as a table: the minute that just passes each, the one that just fails it.

Thirteen signals of strength .5 make a STRONG_BUY that passes every gate at noon of a Wednesday; a
row names what differs from it. Thresholds on fractions are inclusive and forgive 1e-12, those on
times and on money are exact.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from babingepet.domain.codes import Regime
from babingepet.market.intervals import DAY, HOUR, MINUTE
from babingepet.paper.guards import Guards
from babingepet.voting.debounce import Debounce
from tests import factories as f
from tests.engine.cycles.account import BUY

WEDNESDAY, THURSDAY, NEXT_MONDAY = f.WEDNESDAY, f.WEDNESDAY + DAY, f.MONDAY + 7 * DAY
FORGIVEN, TOO_MUCH = 5e-13, 2e-12
GUARDS = Guards(day=WEDNESDAY, day_anchor=1_000.0, week=f.MONDAY, week_anchor=1_000.0)
ONE_MINUTE = Debounce(as_of=f.NOON - MINUTE, side=1, minutes=1)
"""The minute before was the first one of this side."""

FOUR = f.scores(whale_flow=1.0, vpin=1.0, mtf_alignment=1.0, regime=1.0)
FOUR_COVER = 0.42 / 0.88
MIDDLING = f.scores(others=0.0, whale_flow=0.52, vpin=0.52, ai_consensus=0.52, mtf_alignment=0.52)
MIDDLING_B = (55.0 * 0.75 - 40.0 * 0.2236 / 0.40 - 20.0 * 4 / 8) / 15.0
"""Trend fraction with which that score of .2236 and its four votes earn 55 points."""
NO_EDGE = (34 * 0.0238 * 0.21 / 0.79 - 14 * 0.0072) / 20
"""Size of twenty losses after which a score of .44 expects nothing: its p is .21."""
ONE_UNIT = ["least_fraction=0.1", "most_fraction=0.1"]
"""A tenth of a thousand, at 100."""

Differs = Mapping[str, Any]


@dataclass(frozen=True)
class Boundary:
    """A gate between two minutes.

    Attributes:
        gate: Its name.
        passes: What differs in the minute that just passes.
        fails: What differs in the minute that just fails.
        said: The detail of the refusal; None where it is not part of the rule.
        until: When the refusal says that it ends by itself.
        also: Gates that cannot but fail with it.
    """

    gate: str
    passes: Differs
    fails: Differs
    said: str | None
    until: int | None = None
    also: tuple[str, ...] = ()


def score_of(score: float) -> Any:
    """Thirteen equal signals that come to this score."""
    return f.scores(others=score / 0.88)


def _fourth(strength: float) -> Differs:
    scores = {"whale_flow": 1.0, "vpin": 1.0, "regime": 1.0, "mtf_alignment": strength}
    return {"scores": f.scores(others=0.0, **scores)}


def _without(*signals: str) -> Differs:
    return {"scores": f.scores(others=1.0, **dict.fromkeys(signals))}


def _market(gate: str, name: str, passes: Any, fails: Any, said: str | None) -> Boundary:
    return Boundary(gate, {"market": {name: passes}}, {"market": {name: fails}}, said)


def _regime(passes: Regime, fails: Regime) -> Boundary:
    said = f"regime {fails.name} is not traded"
    return _market("REGIME_RANGING", "regime", passes.value, fails.value, said)


def _hour(passes: int, fails: int, until: int) -> Boundary:
    """A boundary between two minutes of the day; hour 24 is the next day's first."""
    said = f"no entries in UTC hour {fails // HOUR % 24}"
    times: list[Differs] = [{"as_of": WEDNESDAY + each} for each in (passes, fails)]
    return Boundary("HOUR_BLOCK", *times, said, WEDNESDAY + until)


def _settled(
    passes: Differs, fails: Differs, said: str, until: int | None = None, **scores: Any
) -> Boundary:
    states = [{"debounce": ONE_MINUTE._replace(**each), **scores} for each in (passes, fails)]
    return Boundary("DEBOUNCE", *states, said, until)


BOUNDARIES = [
    _market(
        "STALE_DATA",
        "data_age",
        180_000,
        180_001,
        "the last closed minute is 180 s old, 180 s allowed",
    ),
    Boundary(
        "LOW_COVERAGE",
        _without("vpin", "mtf_alignment", "ofi_contrarian", "funding_rate"),  # .53 of .88 are left
        _without("vpin", "mtf_alignment", "regime", "funding_rate"),  # .52
        "59.1% of the source's signal weight is measured, 60.0% needed",
        also=("DEBOUNCE",),
    ),
    Boundary(
        "LOW_COVERAGE",
        {"scores": FOUR, "rules": [f"min_coverage={FOUR_COVER + FORGIVEN!r}"]},
        {"scores": FOUR, "rules": [f"min_coverage={FOUR_COVER + TOO_MUCH!r}"]},
        "47.7% of the source's signal weight is measured, 47.7% needed",
        also=("DEBOUNCE",),
    ),
    Boundary(
        "HOLD",
        {"scores": score_of(0.20 - FORGIVEN), "debounce": ONE_MINUTE},
        {"scores": score_of(0.20 - TOO_MUCH), "debounce": ONE_MINUTE},
        "score +0.2000 lies within +-0.2000",
        also=("DEBOUNCE",),
    ),
    Boundary(
        "HOLD",
        {"scores": score_of(-0.20 + FORGIVEN), "debounce": ONE_MINUTE._replace(side=-1)},
        {"scores": score_of(-0.20 + TOO_MUCH), "debounce": ONE_MINUTE._replace(side=-1)},
        "score -0.2000 lies within +-0.2000",
        also=("DEBOUNCE",),
    ),
    _hour(18 * HOUR - MINUTE, 18 * HOUR, until=19 * HOUR),
    _hour(19 * HOUR, 19 * HOUR - MINUTE, until=19 * HOUR),
    _hour(23 * HOUR - MINUTE, 23 * HOUR, until=25 * HOUR),
    _hour(25 * HOUR, 25 * HOUR - MINUTE, until=25 * HOUR),
    _regime(Regime.TRENDING_UP, Regime.RANGING),
    _regime(Regime.TRENDING_DOWN, Regime.RANGING),
    _regime(Regime.VOLATILE, Regime.UNKNOWN),
    _regime(Regime.NEUTRAL, Regime.UNKNOWN),
    Boundary(
        "VOTES_LT_4",
        _fourth(0.10 - FORGIVEN),
        _fourth(0.10 - TOO_MUCH),
        "3 of 13 signals agree, 4 needed",
    ),
    _market("AI_AGREEMENT", "agreement", 0.40, 0.39, "analysts agree 39.0%, 40.0% needed"),
    _market("AI_AGREEMENT", "agreement", 0.40 - FORGIVEN, 0.40 - TOO_MUCH, None),
    Boundary(
        "AI_AGREEMENT",
        {"market": {"agreement": 0.40}, "rules": ["ai_required=true"]},
        {"rules": ["ai_required=true"]},
        "no AI consensus, and one is required",
    ),
    Boundary(
        "DAILY_DD",
        {"capital": 950.00000001},
        {"capital": 950.0},
        "equity fell 5.0% since 00:00 UTC",
        until=THURSDAY,
    ),
    Boundary(
        "WEEKLY_DD",
        {"capital": 850.00000001, "guards": GUARDS._replace(day_anchor=850.0)},
        {"capital": 850.0, "guards": GUARDS._replace(day_anchor=850.0)},
        "equity fell 15.0% since Monday 00:00 UTC",
        until=NEXT_MONDAY,
    ),
    Boundary(
        "COOLDOWN",
        {"guards": GUARDS._replace(losses=2, cooldown_until=f.NOON)},
        {"guards": GUARDS._replace(losses=2, cooldown_until=f.NOON + 1)},
        "2 losses in a row",
        until=f.NOON + 1,
    ),
    Boundary(
        "GRADE",
        {"scores": MIDDLING, "debounce": ONE_MINUTE, "market": {"trend_up": MIDDLING_B}},
        {"scores": MIDDLING, "debounce": ONE_MINUTE, "market": {"trend_up": MIDDLING_B - 1e-10}},
        "grade C (55.0 points), B needed",
    ),
    Boundary(
        "GRADE",
        {"scores": MIDDLING, "debounce": ONE_MINUTE, "market": {"trend_up": 0.60}},
        {"scores": MIDDLING, "debounce": ONE_MINUTE, "market": {"trend_up": 0.0}},
        "grade C (43.1 points), B needed",
    ),
    Boundary(
        "EDGE",
        {"rules": ["edge_policy=veto"], "returns": [-NO_EDGE + 1e-10] * 20},
        {"rules": ["edge_policy=veto"], "returns": [-NO_EDGE + 1e-11] * 20},
        "the record expects +0.00000 of notional a trade",
    ),
    Boundary(
        "EDGE",
        {"rules": ["edge_policy=floor"], "returns": [-0.01] * 20},
        {"rules": ["edge_policy=veto"], "returns": [-0.01] * 20},
        "the record expects -0.00199 of notional a trade",
    ),
    _market("PATTERN_SKIP", "pattern", 0.05, 0.0, "the record of this pattern forbids it"),
    _settled({}, {"minutes": 0}, "1 of 2 minutes on this side", scores=BUY),
    _settled({}, {"side": -1}, "1 of 2 minutes on this side", scores=BUY),
    _settled({}, {"as_of": f.NOON - 2 * MINUTE}, "1 of 2 minutes on this side", scores=BUY),
    _settled(
        {"minutes": 2, "entry_side": -1},
        {"minutes": 1, "entry_side": -1},
        "2 of 3 minutes on this side",  # also when the verdict is STRONG, as here
    ),
    _settled(
        {"entry_side": 1, "entry_as_of": f.NOON - 300_000},
        {"entry_side": 1, "entry_as_of": f.NOON - 299_999},
        "the last entry is less than 300 s ago",
        until=f.NOON + 1,
    ),
    Boundary(
        "POSITION_OPEN",
        {"position": f.position(), "prices": (100.0, 103.0, 100.0, 100.0)},  # leaves at its target
        {"position": f.position()},
        "already LONG",
    ),
    Boundary(
        "MIN_NOTIONAL",
        {"rules": [*ONE_UNIT, "min_notional=100"]},
        {"rules": [*ONE_UNIT, "min_notional=100.00000001"]},
        "10.00% of equity buys less than one step or 100 of notional",
    ),
    Boundary(
        "MIN_NOTIONAL",
        {"rules": [*ONE_UNIT, "quantity_step=1"]},
        {"rules": [*ONE_UNIT, "quantity_step=1.00001"]},
        "10.00% of equity buys less than one step or 5 of notional",
    ),
    Boundary(
        "CHECK_FAILED",
        {},
        {"market": {"check_failed": True}, "checks": ("gap in candles", "stale funding")},
        "gap in candles; stale funding",
    ),
    _market("CLOCK_SKEW", "clock_skew", 30_000, 30_001, "clocks differ by 30.0 s"),
    _market("CLOCK_SKEW", "clock_skew", -30_000, -30_001, "clocks differ by -30.0 s"),
    _market(
        "CLOCK_SKEW",
        "data_age",
        -30_000,
        -30_001,
        "the minute ends 30.0 s after the exchange's clock",
    ),
    _market("PAUSED", "paused", False, True, "paused by the operator"),
]
"""In the order of the gates."""
