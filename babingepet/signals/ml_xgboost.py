"""What trained models say about an entry now, against how often entries won in their training.

p >= p0: (p - p0) / (1 - p0), else (p - p0) / p0, p0 the share of winners in the model's own training
window; score = clip(long - short). A model that knows nothing answers p0 and scores 0, however rare
winners are. With one model the other side's term is 0.

Inputs: the thirty features, a model a side. Warm-up: a model that earned its place, and at most a
fifth of the features missing. Units: probability.
Source: Chen, Guestrin, XGBoost: A Scalable Tree Boosting System, KDD 2016; Lopez de Prado, Advances
in Financial Machine Learning (2018), chapters 3 and 4, for labels and weights.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from babingepet.domain.score import Score, clip1, measured, unavailable
from babingepet.market.history import seed_of
from babingepet.signals.inputs import SignalInputs
from babingepet.signals.ml_features import FEATURES, INTERVAL, features

NAME = "ml_xgboost"

LARGEST_MISSING_SHARE = 0.20
"""Share of missing features above which a model would be asked about a market it never saw."""

SIGNS = {"long": 1.0, "short": -1.0}
"""What a side's winning entry means for the price."""


def edge(probability: float, base_rate: float) -> float:
    """How far a probability lies from the base rate, -1 (certain loss) to 1 (certain win)."""
    room = 1.0 - base_rate if probability >= base_rate else base_rate
    return (probability - base_rate) / room


def ml_xgboost(inputs: SignalInputs, scores: Mapping[str, Score]) -> Score:
    """Score what the models say at ``as_of``.

    Args:
        inputs: Facts known at ``as_of``, the models among them.
        scores: What the signals that the features read measured at the same moment, by name.
    """
    models = {side: model for side, model in inputs.models._asdict().items() if model is not None}
    if not models:
        return unavailable(NAME, "no model has earned its place")
    bars = inputs.bars[INTERVAL]
    values = features(inputs, scores)
    absent = [name for name, value in zip(FEATURES, values, strict=True) if np.isnan(value)]
    if len(absent) > LARGEST_MISSING_SHARE * len(FEATURES):
        reason = f"{len(absent)} of {len(FEATURES)} features are missing: {', '.join(absent)}"
        return unavailable(NAME, reason, len(bars))
    seed = seed_of(bars.open_time, INTERVAL, inputs.as_of)
    total = 0.0
    raw: dict[str, float | int | str | bool | None] = {"missing": len(absent), "seed": seed}
    for side, model in models.items():
        probability = model.probability(values)
        if not 0.0 <= probability <= 1.0:
            return unavailable(NAME, f"the {side} model answered {probability}", len(bars))
        total += SIGNS[side] * edge(probability, model.base_rate)
        raw |= {
            f"{side}_version": model.version,
            f"{side}_probability": probability,
            f"{side}_base_rate": model.base_rate,
        }
    return measured(NAME, clip1(total), len(bars), raw)
