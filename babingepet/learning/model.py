"""A trained model of one side's trades: how it is kept, checked and asked.

What is kept: a line with the version, a line of JSON (schema, base rate), then the bytes XGBoost
wrote (UBJSON or JSON). The version is the SHA-256 of all that follows it, so one name is one
answer. Some damaged bytes (no bytes, for one) make XGBoost end the process, so the version is
checked before anything is loaded.

Not here: training, and whether a model has earned its place.

Source: Chen, Guestrin, XGBoost: A Scalable Tree Boosting System, KDD 2016.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from typing import TYPE_CHECKING, Self

import numpy as np

from babingepet.errors import InputError, IntegrityBroken
from babingepet.market.frames import Floats
from babingepet.signals.ml_features import FEATURES

if TYPE_CHECKING:
    from xgboost import Booster

SCHEMA = 1
"""Of the kept bytes; raised whenever an older reader would misread them."""
OBJECTIVE = "binary:logistic"
"""The only one whose answer is a probability."""


class TrainedModel:
    """Boosted trees that answer with the probability of a net profit.

    Args:
        trees: What ``Booster.save_raw`` wrote, of a booster trained on columns named ``FEATURES``.
        base_rate: Share of winning trades in the training window, in (0, 1).

    Raises:
        InputError: The base rate is not a share, or the trees are not a model of these features.
    """

    def __init__(self, trees: bytes, base_rate: float) -> None:
        if not 0.0 < base_rate < 1.0:
            raise InputError(f"base_rate of a model is {base_rate}, expected between 0 and 1")
        self._trees, self._base_rate = trees, base_rate
        self._version = hashlib.sha256(self._content()).hexdigest()
        self._booster = _load(trees)
        _require_features(self._booster.feature_names)
        # A booster that was stopped early holds the rounds after its best one as well.
        best = self._booster.attr("best_iteration")
        self._rounds = (0, 0 if best is None else int(best) + 1)

    @property
    def version(self) -> str:
        """SHA-256 of the trees and the base rate, 64 hexadecimal digits."""
        return self._version

    @property
    def base_rate(self) -> float:
        """Share of winning trades in the training window, in (0, 1)."""
        return self._base_rate

    def probability(self, features: Floats) -> float:
        """Probability that an entry now ends with a net profit.

        Args:
            features: Shape (30,), in the order of ``FEATURES``; NaN where missing.
        """
        row = features.reshape(1, len(FEATURES))
        answer = self._booster.inplace_predict(row, iteration_range=self._rounds, missing=np.nan)
        return float(answer[0])

    def to_bytes(self) -> bytes:
        """The bytes to keep under the version's name."""
        return self._version.encode() + b"\n" + self._content()

    @classmethod
    def from_bytes(cls, payload: bytes) -> Self:
        """Read what ``to_bytes`` wrote.

        Raises:
            IntegrityBroken: The bytes are not those that the version was given to.
            InputError: The bytes are of another schema, or not a model of these features.
        """
        version, _, content = payload.partition(b"\n")
        if hashlib.sha256(content).hexdigest().encode() != version:
            raise IntegrityBroken(
                f"model {version[:64].decode(errors='replace')!r}: its {len(content)} bytes have "
                "another SHA-256"
            )
        header, _, trees = content.partition(b"\n")
        return cls(trees, _base_rate(header))

    def _content(self) -> bytes:
        header = {"base_rate": self._base_rate, "schema": SCHEMA}
        return json.dumps(header, sort_keys=True).encode() + b"\n" + self._trees


def _base_rate(header: bytes) -> float:
    try:
        described = json.loads(header)
        schema, base_rate = described["schema"], float(described["base_rate"])
    except (ValueError, TypeError, KeyError) as error:
        raise InputError("the second line of a model's bytes is not its JSON header") from error
    if schema != SCHEMA:
        raise InputError(f"a model of schema {schema}; this version reads {SCHEMA}: train it anew")
    return base_rate


def _load(trees: bytes) -> Booster:
    from xgboost import Booster
    from xgboost.core import XGBoostError

    if not trees:
        raise InputError("a model without trees")
    try:
        booster = Booster({"nthread": 1}, model_file=bytearray(trees))
        objective = json.loads(booster.save_config())["learner"]["objective"]["name"]
    except XGBoostError as error:
        raise InputError("XGBoost cannot read the trees of a model") from error
    if objective != OBJECTIVE:
        raise InputError(f"a model trained for {objective}, expected {OBJECTIVE}: train it anew")
    return booster


def _require_features(names: Sequence[str] | None) -> None:
    """Refuse a model of other columns, or of these in another order."""
    known = tuple(names or ())
    if known == FEATURES:
        return
    if sorted(known) == sorted(FEATURES):
        row = next(i for i, name in enumerate(known) if name != FEATURES[i])
        difference = f"feature {row} is {known[row]}, expected {FEATURES[row]}"
    elif known:
        absent, unknown = sorted(set(FEATURES) - set(known)), sorted(set(known) - set(FEATURES))
        difference = f"missing {absent}, unknown {unknown}"
    else:
        difference = "its columns have no names"
    raise InputError(f"a model of other features ({difference}): train it anew")
