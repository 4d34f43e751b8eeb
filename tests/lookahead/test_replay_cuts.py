"""The future is changed where a bar, a fill, an exit or a settlement could betray it."""

import numpy as np
import pytest

from babingepet.market.intervals import DAY, INTERVALS, MINUTE, month_start
from babingepet.replay.lookahead_cuts import AROUND, choose_cuts
from babingepet.replay.told import ENTRY_TIME, exit_ends
from babingepet.replay.truth import read_truth
from tests.lookahead import replays as r


@pytest.fixture(scope="module")
def truth():
    market = r.made_up(days=10)
    return read_truth(market, r.RULES, start=int(market.minutes.open_time[0]) + DAY)


def as_ofs(truth):
    return truth.columns.open_time + MINUTE


@pytest.mark.parametrize("count", [1, 7, 60, 500])
def test_there_are_as_many_cuts_as_asked_for_each_at_a_decided_minute(truth, count):
    cuts = choose_cuts(truth, count)
    assert len(set(cuts)) == count
    assert cuts == sorted(cuts)
    assert np.isin(cuts, as_ofs(truth)).all()


def test_a_short_replay_is_cut_at_every_minute(truth):
    assert choose_cuts(truth, 10**6) == as_ofs(truth).tolist()


def moments(truth, kind):
    if kind in INTERVALS:
        times = as_ofs(truth)
        return times[times % INTERVALS[kind] == 0]
    return {
        "month": np.array([month_start(int(as_ofs(truth)[-1]))]),
        "fill": truth.trades[:, ENTRY_TIME].astype(int),
        "exit": exit_ends(truth.trades),
        "settlement": truth.market.funding.funding_time,
    }[kind]


@pytest.mark.parametrize(
    "kind", ["5m", "15m", "1h", "4h", "1d", "month", "fill", "exit", "settlement"]
)
def test_cuts_lie_before_at_and_after_moments_of_every_kind(truth, kind):
    cuts = choose_cuts(truth, 500)
    for offset in AROUND:
        assert np.isin(moments(truth, kind) + offset, cuts).any()


def test_the_seed_decides_which_they_are(truth):
    assert choose_cuts(truth, 90, seed=4) == choose_cuts(truth, 90, seed=4)
    assert choose_cuts(truth, 90, seed=4) != choose_cuts(truth, 90, seed=5)
