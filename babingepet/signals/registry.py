"""The 13 signals of the BTC vote: weight, inputs, warm-up and reference of each.

A signal that is not computed yet has no function and stays outside every capability mask.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from babingepet.domain.score import Score, unavailable
from babingepet.signals.as_fair_value import as_fair_value
from babingepet.signals.funding_rate import funding_rate
from babingepet.signals.inputs import SignalInputs
from babingepet.signals.mtf_alignment import mtf_alignment
from babingepet.signals.ofi_contrarian import ofi_contrarian
from babingepet.signals.regime import RegimeReading, read_regime
from babingepet.signals.vpin import vpin
from babingepet.signals.vwap import vwap
from babingepet.signals.whale_flow import whale_flow


@dataclass(frozen=True, slots=True)
class Readings:
    """What was read before: the regime, and the scores of the signals further up the list."""

    regime: RegimeReading
    scores: Mapping[str, Score]


Compute = Callable[[SignalInputs, Readings], Score]

NOT_BUILT = "not computed by this version"


@dataclass(frozen=True, slots=True)
class SignalSpec:
    """One signal of the vote.

    Attributes:
        name: Key in scores, tables and pages.
        weight: Base weight; the 13 sum to 0.88.
        feeds: The kinds of feed that can supply it, any one of the alternatives.
        warm_up: What it needs before its first score.
        reference: Where the formula comes from.
        compute: The function, or None when this version does not compute it.
    """

    name: str
    weight: float
    feeds: tuple[frozenset[str], ...]
    warm_up: str
    reference: str
    compute: Compute | None


def _feeds(*names: str) -> tuple[frozenset[str], ...]:
    return (frozenset(names),)


SIGNALS: tuple[SignalSpec, ...] = (
    SignalSpec(
        "whale_flow", 0.12, _feeds("trades"), "5 minutes of trades",
        "merged large prints", lambda inputs, _: whale_flow(inputs),
    ),
    SignalSpec(
        "vpin", 0.11, _feeds("candles", "taker_volume"), "20 whole days of minutes",
        "Easley, Lopez de Prado, O'Hara (2012)", lambda inputs, _: vpin(inputs),
    ),
    SignalSpec(
        "ai_consensus", 0.10, _feeds("swarm"), "one consensus", "swarm of analysts", None,
    ),
    SignalSpec(
        "mtf_alignment", 0.10, _feeds("candles"), "150 bars in two intervals",
        "EMA20/EMA50 over ATR14", lambda inputs, _: mtf_alignment(inputs),
    ),
    SignalSpec(
        "regime", 0.09, _feeds("candles"), "120 bars of 15m",
        "Wilder (1978), Kaufman", lambda _, read: read.regime.score,
    ),
    SignalSpec(
        "ofi_contrarian", 0.08, _feeds("quotes"), "60 whole minutes of quotes",
        "Cont, Kukanov, Stoikov (2014)", lambda inputs, _: ofi_contrarian(inputs),
    ),
    SignalSpec(
        "vwap", 0.07, _feeds("candles"), "30 minutes after 00:00 UTC",
        "volume-weighted average price", lambda inputs, read: vwap(inputs, read.regime.state),
    ),
    SignalSpec(
        "funding_rate", 0.06, (frozenset({"funding"}), frozenset({"mark_price"})),
        "one settlement", "Binance funding", lambda inputs, _: funding_rate(inputs),
    ),
    SignalSpec(
        "etf_flow", 0.04, _feeds("etf_flow"), "20 days of flows", "US spot ETF creations", None,
    ),
    SignalSpec(
        "ml_xgboost", 0.03, _feeds("candles", "model"), "a model that earned its place",
        "Lopez de Prado (2018)", None,
    ),
    SignalSpec(
        "as_fair_value", 0.03, _feeds("quotes"), "3 minutes of quotes",
        "Avellaneda, Stoikov (2008)", lambda inputs, _: as_fair_value(inputs),
    ),
    SignalSpec(
        "hour_seasonality", 0.03, _feeds("hourly_history"), "2 years of hours",
        "Beta-binomial shrinkage", None,
    ),
    SignalSpec(
        "sentiment", 0.02, _feeds("news"), "one healthy news feed", "headline lexicon", None,
    ),
)  # fmt: skip

NAMES: tuple[str, ...] = tuple(spec.name for spec in SIGNALS)
BASE_WEIGHTS: tuple[float, ...] = tuple(spec.weight for spec in SIGNALS)


def can_supply(spec: SignalSpec, feeds: frozenset[str]) -> bool:
    """Whether a source with these feeds can ever supply the signal."""
    return spec.compute is not None and any(need <= feeds for need in spec.feeds)


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
    if spec.compute is None:
        return unavailable(spec.name, NOT_BUILT)
    if not can_supply(spec, feeds):
        needed = " or ".join(", ".join(sorted(need - feeds)) for need in spec.feeds)
        return unavailable(spec.name, f"this source never recorded: {needed}")
    return spec.compute(inputs, readings)
