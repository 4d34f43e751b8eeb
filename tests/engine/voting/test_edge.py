import numpy as np
import pytest

from babingepet.voting import edge as e

EMPTY = e.record_of(np.empty(0))


def record(*returns):
    return e.record_of(np.array(returns, float))


@pytest.mark.parametrize(
    ("returns", "p", "win", "loss"),
    [
        ((), 6 / 20, 0.0238, 0.0072),
        ((0.01,), 7 / 21, (0.01 + 6 * 0.0238) / 7, 0.0072),
        ((-0.01,), 6 / 21, 0.0238, (0.01 + 14 * 0.0072) / 15),
        ((0.0,), 6 / 21, 0.0238, 0.0072),  # breakeven counts in n only
        (
            (0.01, -0.02, 0.03, 0.0),
            8 / 24,
            (0.04 + 6 * 0.0238) / 8,
            (0.02 + 14 * 0.0072) / 15,
        ),
    ],
)
def test_the_record_moves_the_prior_odds(returns, p, win, loss):
    edge = e.edge_of(record(*returns), 0.20, 0.20)
    assert edge[:3] == pytest.approx((p, win, loss), abs=1e-15)
    assert edge.expected == pytest.approx(p * win - (1 - p) * loss, abs=1e-15)


@pytest.mark.parametrize(
    ("score", "threshold", "p"),
    [
        (0.20, 0.20, 0.30),
        (-0.20, 0.20, 0.30),  # the side does not matter
        (0.40, 0.20, 0.35),
        (0.20, 0.17, 0.3075),  # the threshold in force
        (0.00, 0.20, 0.25),
        (0.88, 0.20, 0.47),
    ],
)
def test_a_stronger_score_is_likelier_to_win(score, threshold, p):
    assert e.edge_of(EMPTY, score, threshold).p == pytest.approx(p, abs=1e-15)


@pytest.mark.parametrize(("returns", "p"), [([0.01] * 100, 0.60), ([-0.01] * 100, 0.05)])
def test_the_probability_stays_within_its_bounds(returns, p):
    assert e.edge_of(record(*returns), 0.20, 0.20).p == p


def test_only_the_last_hundred_trades_count():
    kept = EMPTY
    returns = np.random.default_rng(1).normal(0, 0.01, 130)
    for value in returns:
        kept = e.add_return(kept, value)
    assert kept.returns.tolist() == returns[-100:].tolist()
    assert kept[1:] == e.record_of(returns[-100:])[1:]


def test_adding_a_return_leaves_the_record_before_as_it_was():
    before = record(0.01, -0.01)
    after = e.add_return(before, 0.02)
    assert before.returns.tolist() == [0.01, -0.01]
    assert after.returns.tolist() == [0.01, -0.01, 0.02]
    assert (after.wins, after.losses) == (2, 1)
