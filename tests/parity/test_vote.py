"""From scores to size against the rules in whole numbers and fractions, thresholds met exactly.

Scores are drawn in hundredths and weights are hundredths, so every threshold is a whole number of
ten-thousandths: draws that meet one exactly are common, and a rounded comparison would show.
"""

from fractions import Fraction

import numpy as np
import pytest

from babingepet.domain.codes import Grade, Verdict
from babingepet.domain.edge import Edge
from babingepet.paper import sizing
from babingepet.paper.exits import liquidation_price
from babingepet.signals.registry import BASE_WEIGHTS
from babingepet.voting import aggregate as a
from babingepet.voting import edge as e
from babingepet.voting.grade import GradeInputs, grade_of, grade_points
from babingepet.voting.rules import VotingRules

WEIGHTS = np.array([12, 11, 10, 10, 9, 8, 7, 6, 4, 3, 3, 3, 2])
"""Hundredths: whale_flow, vpin, ai_consensus, mtf_alignment, regime, ofi_contrarian, vwap,
funding_rate, etf_flow, ml_xgboost, as_fair_value, hour_seasonality, sentiment."""
RULES = VotingRules()
HOURS = {"plain": (12, 2_000, 2_800), "boosted": (8, 1_700, 2_576)}
"""An hour, and its thresholds in ten-thousandths."""
DRAWS = 1_000


def whole_scores(count, seed=0):
    """Scores in hundredths, a fifth of them unavailable (-999)."""
    random = np.random.default_rng(seed)
    drawn = random.integers(-100, 101, (count, 13))
    drawn[random.random(drawn.shape) < 0.2] = -999
    return drawn


def scores_that_meet(total, count, seed):
    """Scores whose weighted sum is a number of ten-thousandths: the last of each is solved for."""
    drawn = whole_scores(400 * count, seed)
    drawn[:, -1] = 0
    rest, odd = np.divmod(total - np.where(drawn == -999, 0, drawn) @ WEIGHTS, WEIGHTS[-1])
    drawn[:, -1] = rest
    return drawn[(odd == 0) & (np.abs(rest) <= 100)][:count]


def as_floats(hundredths):
    return np.where(hundredths == -999, np.nan, hundredths / 100)


def verdict_of(total, buy, strong):
    """Of a sum in ten-thousandths."""
    name = "STRONG_" if abs(total) >= strong else ""
    if abs(total) < buy:
        return "HOLD"
    return name + ("BUY" if total > 0 else "SELL")


def test_the_base_weights_are_the_published_ones():
    assert np.round(np.array(BASE_WEIGHTS) * 100, 12).tolist() == WEIGHTS.tolist()
    assert WEIGHTS.sum() == 88


@pytest.mark.parametrize("hour", HOURS)
def test_score_votes_and_verdict_are_those_of_whole_numbers(hour):
    at, buy, strong = HOURS[hour]
    met = [s * t for s in (1, -1) for t in (buy, strong)]
    drawn = [whole_scores(DRAWS), *(scores_that_meet(t, 100, seed) for seed, t in enumerate(met))]
    assert [len(part) for part in drawn] == [DRAWS, 100, 100, 100, 100]
    seen = set()
    for row in np.concatenate(drawn):
        scores = as_floats(row)
        total = int(np.where(row == -999, 0, row) @ WEIGHTS)
        score = a.weighted_score(scores, np.array(BASE_WEIGHTS))
        assert score == pytest.approx(total / 10_000, abs=1e-15)
        expected = verdict_of(total, buy, strong)
        assert Verdict(a.verdict_of(score, a.thresholds_at(at, RULES))).name == expected
        if total:
            voters = [s for s in row.tolist() if s != -999 and abs(s) >= 10 and s * total > 0]
            assert a.count_votes(scores, score, RULES.vote_floor) == len(voters)
        seen.add(expected)
    assert seen == {verdict.name for verdict in Verdict}


def test_evolved_weights_are_shares_of_the_fixed_scale():
    random = np.random.default_rng(3)
    for row in whole_scores(500, seed=4):
        weights = random.uniform(0.5, 1.5, 13) * WEIGHTS / 100
        known = [(Fraction(w), Fraction(int(s), 100)) for w, s in zip(weights, row, strict=True)]
        total = sum(w * s for w, s in known if s != Fraction(-999, 100))
        exact = Fraction(88, 100) * total / sum(w for w, _ in known)
        assert a.weighted_score(as_floats(row), weights) == pytest.approx(float(exact), abs=1e-15)


def test_coverage_is_that_of_whole_numbers_also_where_it_just_suffices():
    random = np.random.default_rng(5)
    just = 0
    for _ in range(2 * DRAWS):
        capable, available = random.random((2, 13)) < 0.7
        possible, found = int(WEIGHTS[capable].sum()), int(WEIGHTS[capable & available].sum())
        scores = np.where(available, 0.5, np.nan)
        covered = a.coverage(scores, np.array(BASE_WEIGHTS), capable)
        assert covered == pytest.approx(found / possible if possible else 0.0, abs=1e-15)
        assert (covered >= RULES.min_coverage - 1e-12) == (found * 100 >= 60 * possible > 0)
        just += found * 100 == 60 * possible > 0
    assert just > 10


def exact_points(total, votes, agreement, trend, spread, *, has_ai, has_book):
    """Points of 100; score in ten-thousandths, the others exact."""
    points = 40 * min(Fraction(1), Fraction(abs(total), 4_000))
    points += 20 * min(Fraction(1), Fraction(votes, 8)) + 15 * trend
    attainable = 75
    if has_ai:
        points, attainable = points + 15 * agreement, attainable + 15
    if has_book:
        narrow = max(Fraction(0), min(Fraction(1), (5 - spread) / 4))
        points, attainable = points + 10 * narrow, attainable + 10
    return points / attainable * 100


def test_grades_are_those_of_fractions_also_at_their_borders():
    random = np.random.default_rng(6)
    borders = 0
    for _ in range(8_000):
        total, votes = int(random.integers(-45, 46)) * 100, int(random.integers(0, 14))
        agreement, trend = Fraction(int(random.integers(0, 10)), 9), Fraction(votes % 11, 10)
        spread = Fraction(int(random.integers(0, 25)), 4)
        has_ai, has_book = (bool(n) for n in random.integers(0, 2, 2))
        exact = exact_points(
            total, votes, agreement, trend, spread, has_ai=has_ai, has_book=has_book
        )
        given = GradeInputs(
            total / 10_000, votes, float(agreement), float(trend), float(spread), has_ai, has_book
        )
        points = grade_points(given)
        assert points == pytest.approx(float(exact), abs=1e-12)
        grade = next(
            g for g, least in (("A", 70), ("B", 55), ("C", 40), ("D", 0)) if exact >= least
        )
        assert Grade(grade_of(points)).name == grade
        borders += exact in {40, 55, 70}
    assert borders > 20


def exact_edge(returns, score, threshold):
    """p, W, L and EV from the record's last hundred returns."""
    last = [Fraction(r) for r in returns[-100:]]
    won, lost = [r for r in last if r > 0], [-r for r in last if r < 0]
    win = (sum(won) + 6 * Fraction("0.0238")) / (len(won) + 6)
    loss = (sum(lost) + 14 * Fraction("0.0072")) / (len(lost) + 14)
    share = Fraction(len(won) + 6, len(last) + 20)
    p = share + Fraction("0.25") * (abs(Fraction(score)) - Fraction(threshold))
    p = min(max(p, Fraction("0.05")), Fraction("0.60"))
    return p, win, loss, p * win - (1 - p) * loss


def test_edge_and_kelly_are_those_of_fractions():
    random = np.random.default_rng(7)
    for _ in range(400):
        returns = random.normal(random.normal(0, 0.01), 0.01, random.integers(0, 180))
        returns[random.random(len(returns)) < 0.1] = 0.0
        score, threshold = float(random.uniform(-0.88, 0.88)), (0.20, 0.17)[random.integers(2)]
        record = e.record_of(np.empty(0))
        for value in returns:
            record = e.add_return(record, value)
        edge = e.edge_of(record, score, threshold)
        p, win, loss, expected = exact_edge(returns.tolist(), score, threshold)
        assert edge == pytest.approx(tuple(map(float, (p, win, loss, expected))), abs=1e-15)
        kelly = sizing.kelly_fraction(edge, False)
        assert kelly == pytest.approx(float(p - (1 - p) / (win / loss)), abs=1e-12)
        nominal = p - (1 - p) / (Fraction("0.025") / Fraction("0.006"))
        assert sizing.kelly_fraction(edge, True) == pytest.approx(float(nominal), abs=1e-12)


STEPS = ("0.00001", "0.001", "0.1", "1")


@pytest.mark.parametrize("grade", ["A", "B"])
@pytest.mark.parametrize("step", STEPS)
def test_a_quantity_is_that_of_fractions(step, grade):
    random = np.random.default_rng(8)
    size, whole = Fraction(step), 0
    for _ in range(1_000):
        equity, price = (
            float(np.round(random.uniform(10, 1e6), 2)),
            float(random.integers(1, 10**6)),
        )
        leverage, p = float(random.integers(1, 6)), float(random.uniform(0.2, 0.6))
        edge = Edge(p, 0.0238, 0.0072, p * 0.0238 - (1 - p) * 0.0072)
        rules = sizing.SizingRules(quantity_step=float(size), leverage=leverage)
        found = sizing.size_entry(edge, Grade[grade].value, 1.0, equity, price, rules)
        kelly = Fraction(p) - (1 - Fraction(p)) / (Fraction("0.0238") / Fraction("0.0072"))
        share = min(max(kelly, Fraction("0.08")), Fraction("0.20"))
        share *= Fraction("0.75") if grade == "B" else 1
        steps = share * Fraction(equity) * Fraction(leverage) / Fraction(price) / size
        floored = int(steps + Fraction("1e-9")) * size
        expected = floored if floored * Fraction(price) >= 5 else 0
        assert found.quantity == pytest.approx(float(expected), rel=1e-12, abs=1e-12)
        whole += expected > 0
    assert whole > 50


@pytest.mark.parametrize("side", [1, -1])
@pytest.mark.parametrize("leverage", [1, 2, 3, 5])
@pytest.mark.parametrize("entry", ["0.0123", "64321.5", "123456789"])
def test_liquidation_is_where_the_margin_left_is_the_maintenance_margin(side, leverage, entry):
    # entry / leverage + side (level - entry) = mmr * level, per base unit
    price, margin = Fraction(entry), Fraction("0.004")
    level = price * (side - Fraction(1, leverage)) / (side - margin)
    found = liquidation_price(side, float(price), float(leverage))
    assert found == pytest.approx(float(level), rel=1e-14)
    assert side * (price - level) > Fraction("0.006") * price  # beyond the stop
