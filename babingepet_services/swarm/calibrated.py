"""Whether the analysts were right: calibration and hits of each, of both groups, of the consensus.

Does not belong here: what they earned (``value``).
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from babingepet.market.frames import Bools, Floats
from babingepet.performance.confidence import wilson_interval
from babingepet.performance.metric import Metric, measured, unavailable
from babingepet.swarm.agents import Group
from babingepet.swarm.calibration import Calibration, calibrate
from babingepet.swarm.consensus_series import group_series
from babingepet.swarm.rosters import BTC
from babingepet.swarm.track_record import NO_SIDE
from babingepet_services.swarm.said import Said

CONSENSUS = "consensus"


@dataclass(frozen=True, slots=True)
class Judged:
    """How the probabilities of one voice compare with what happened.

    Attributes:
        votes: Probabilities given.
        unresolved: Those among them whose hour has no known return.
        calibration: Of the others.
        hit_rate: Share of the resolved ones on the side the price went to; those that took no side,
            and those of a price that did not move, are left out, as in a track record.
    """

    votes: int
    unresolved: int
    calibration: Calibration
    hit_rate: Metric

    def document(self) -> dict[str, Any]:
        """As JSON values."""
        return asdict(self)


def judge(p_up: Floats, outcomes: Floats) -> Judged:
    """Compare probabilities with returns over their hour.

    Args:
        p_up: NaN is no vote.
        outcomes: NaN is not known; shape of ``p_up``.
    """
    voted, resolved = ~np.isnan(p_up), ~np.isnan(p_up) & ~np.isnan(outcomes)
    p, returns = p_up[resolved], outcomes[resolved]
    pairs = list(zip(p.tolist(), (returns > 0.0).tolist(), strict=True))
    products = (p - NO_SIDE) * returns
    return Judged(
        votes=int(np.count_nonzero(voted)),
        unresolved=int(np.count_nonzero(voted & ~resolved)),
        calibration=calibrate(pairs),
        hit_rate=_hit_rate(
            int(np.count_nonzero(products > 0.0)), int(np.count_nonzero(products != 0.0))
        ),
    )


def judge_all(said: Said, within: Bools) -> dict[str, Judged]:
    """Every analyst, both groups and the consensus by name.

    A group speaks wherever one of it votes, the consensus where there is a quorum.
    """
    answers = said.answers
    series = dict(zip(BTC.names, answers.votes, strict=True))
    for group in Group:
        series[group.value] = group_series(BTC, answers.votes, group, answers.weights)
    series[CONSENSUS] = answers.agree().p_up
    return {name: judge(p[within], answers.outcomes[within]) for name, p in series.items()}


def _hit_rate(hits: int, n: int) -> Metric:
    if not n:
        return unavailable("no resolved prediction took a side", 0)
    return measured(hits / n, n, wilson_interval(hits, n))
