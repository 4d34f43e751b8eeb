"""The 13 signals of the BTC vote: weight, feeds and function of each.

What a signal computes and from what stands in its own file, and in ``documentation``.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from babingepet.domain.score import Score, unavailable
from babingepet.signals.ai_consensus import ai_consensus
from babingepet.signals.as_fair_value import as_fair_value
from babingepet.signals.etf_flow import etf_flow
from babingepet.signals.funding_rate import funding_rate
from babingepet.signals.hour_seasonality import hour_seasonality
from babingepet.signals.inputs import SignalInputs
from babingepet.signals.ml_xgboost import ml_xgboost
from babingepet.signals.mtf_alignment import mtf_alignment
from babingepet.signals.ofi_contrarian import ofi_contrarian
from babingepet.signals.regime import RegimeReading, read_regime
from babingepet.signals.sentiment import sentiment
from babingepet.signals.vpin import vpin
from babingepet.signals.vwap import vwap
from babingepet.signals.whale_flow import whale_flow


@dataclass(frozen=True, slots=True)
class Readings:
    """What was read before: the regime, and the scores of the signals further up the list."""

    regime: RegimeReading
    scores: Mapping[str, Score]


SWARM = "swarm"
"""The feed of a market whose analysts are asked."""

Compute = Callable[[SignalInputs, Readings], Score]


@dataclass(frozen=True, slots=True)
class SignalSpec:
    """One signal of the vote.

    Attributes:
        name: Key in scores, tables and pages, and name of its file.
        weight: Base weight; the 13 sum to 0.88.
        feeds: The kinds of feed that can supply it, any one of the alternatives.
        compute: The function.
    """

    name: str
    weight: float
    feeds: tuple[frozenset[str], ...]
    compute: Compute


def _feeds(*names: str) -> tuple[frozenset[str], ...]:
    return (frozenset(names),)


SIGNALS: tuple[SignalSpec, ...] = (
    SignalSpec("whale_flow", 0.12, _feeds("trades"), lambda inputs, _: whale_flow(inputs)),
    SignalSpec("vpin", 0.11, _feeds("candles", "taker_volume"), lambda inputs, _: vpin(inputs)),
    SignalSpec("ai_consensus", 0.10, _feeds(SWARM), lambda inputs, _: ai_consensus(inputs)),
    SignalSpec("mtf_alignment", 0.10, _feeds("candles"), lambda inputs, _: mtf_alignment(inputs)),
    SignalSpec("regime", 0.09, _feeds("candles"), lambda _, read: read.regime.score),
    SignalSpec("ofi_contrarian", 0.08, _feeds("quotes"), lambda inputs, _: ofi_contrarian(inputs)),
    SignalSpec(
        "vwap", 0.07, _feeds("candles"), lambda inputs, read: vwap(inputs, read.regime.state)
    ),
    SignalSpec(
        "funding_rate", 0.06, (frozenset({"funding"}), frozenset({"mark_price"})),
        lambda inputs, _: funding_rate(inputs),
    ),
    SignalSpec("etf_flow", 0.04, _feeds("etf_flow"), lambda inputs, _: etf_flow(inputs)),
    SignalSpec(
        "ml_xgboost", 0.03, _feeds("candles", "model"),
        lambda inputs, read: ml_xgboost(inputs, read.scores),
    ),
    SignalSpec("as_fair_value", 0.03, _feeds("quotes"), lambda inputs, _: as_fair_value(inputs)),
    SignalSpec(
        "hour_seasonality", 0.03, _feeds("candles"), lambda inputs, _: hour_seasonality(inputs)
    ),
    SignalSpec("sentiment", 0.02, _feeds("news"), lambda inputs, _: sentiment(inputs)),
)  # fmt: skip

NAMES: tuple[str, ...] = tuple(spec.name for spec in SIGNALS)
BASE_WEIGHTS: tuple[float, ...] = tuple(spec.weight for spec in SIGNALS)

NEVER_FILED: Mapping[str, str] = {
    "etf_flow": "no ETF flows were ever filed",
    "model": "no model has earned its place",
    "news": "no headlines were ever filed",
    "swarm": "no analysts were ever asked",
}
"""What a missing feed of context says; it is filed beside the market, no source records it."""


def can_supply(spec: SignalSpec, feeds: frozenset[str]) -> bool:
    """Whether a source with these feeds can ever supply the signal."""
    return any(need <= feeds for need in spec.feeds)


def capability(feeds: frozenset[str]) -> tuple[bool, ...]:
    """The mask of signals a source can ever supply, in registry order.

    Decided by the kinds of feed alone, never by a recording's length or by warm-up.
    """
    return tuple(can_supply(spec, feeds) for spec in SIGNALS)


def compute_scores(
    inputs: SignalInputs, feeds: frozenset[str]
) -> tuple[tuple[Score, ...], RegimeReading]:
    """All 13 scores in registry order, and the regime they were read in."""
    regime = read_regime(inputs)
    scores: dict[str, Score] = {}
    for spec in SIGNALS:
        scores[spec.name] = _compute(spec, inputs, Readings(regime, scores), feeds)
    return tuple(scores.values()), regime


def _compute(
    spec: SignalSpec, inputs: SignalInputs, readings: Readings, feeds: frozenset[str]
) -> Score:
    if not can_supply(spec, feeds):
        return unavailable(spec.name, _never(spec, feeds))
    return spec.compute(inputs, readings)


def _never(spec: SignalSpec, feeds: frozenset[str]) -> str:
    """Which missing feeds keep a signal out for good."""
    missing = [sorted(need - feeds) for need in spec.feeds]
    filed = [NEVER_FILED[feed] for names in missing for feed in names if feed in NEVER_FILED]
    if filed:
        return ", ".join(filed)
    return "this source never recorded: " + " or ".join(", ".join(names) for names in missing)
