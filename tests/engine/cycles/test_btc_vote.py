"""From scores to a verdict in one minute: the side it leans to, the hour, the minutes before."""

import pytest

from babingepet.domain.codes import Verdict
from babingepet.market.intervals import HOUR, MINUTE
from tests import factories as f
from tests.engine.cycles.account import BUY, STRONG_BUY, STRONG_SELL, Account

FORGIVEN, TOO_MUCH = 5e-13, 2e-12


def score_of(score):
    """Thirteen equal signals that come to this score."""
    return f.scores(others=score / 0.88)


def decide(scores=STRONG_BUY, *, market=None, time=f.NOON, **start):
    return Account(time=time, **start).minute(scores=scores, market=f.market(**(market or {})))


# --- the hour


@pytest.mark.parametrize("side", [1, -1])
@pytest.mark.parametrize(("hour", "buy", "strong"), [(8, 0.17, 0.2576), (12, 0.20, 0.28)])
def test_a_verdict_begins_at_the_threshold_of_its_hour(hour, buy, strong, side):
    for score, verdict in [
        (buy - TOO_MUCH, Verdict.HOLD),
        (buy - FORGIVEN, Verdict.BUY),
        (strong - TOO_MUCH, Verdict.BUY),
        (strong - FORGIVEN, Verdict.STRONG_BUY),
    ]:
        vote = decide(score_of(side * score), time=f.WEDNESDAY + hour * HOUR).vote
        assert vote.verdict == side * verdict
        assert (vote.buy_threshold, vote.strong_threshold) == pytest.approx((buy, strong))


def test_the_odds_count_from_the_threshold_in_force():
    boosted = f.WEDNESDAY + 7 * HOUR - MINUTE
    assert decide(score_of(0.25)).vote.edge.p == pytest.approx(0.30 + 0.25 * 0.05)
    assert decide(score_of(0.25), time=boosted).vote.edge.p == pytest.approx(0.30 + 0.25 * 0.08)


# --- the side: on HOLD the one that the score leans to

LEANS_UP = f.scores(others=0.0, whale_flow=0.5, vpin=0.5, mtf_alignment=0.2, regime=0.2, vwap=-0.9)


@pytest.mark.parametrize(
    ("scores", "mine", "others"), [(LEANS_UP, 0.4, 1.0), (-LEANS_UP, 1.0, 0.4)]
)
def test_on_hold_votes_and_grade_are_those_of_the_side_the_score_leans_to(scores, mine, others):
    account = decide(scores, market={"trend_up": mine, "trend_down": others})
    assert account.blocked == ["HOLD", "GRADE", "DEBOUNCE"]
    assert account.vote.votes == 4
    score = 0.5 * 0.23 + 0.2 * 0.19 - 0.9 * 0.07
    assert account.vote.points == pytest.approx((40 * score / 0.40 + 20 * 4 / 8 + 15 * 0.4) / 0.75)


def test_a_score_that_leans_nowhere_has_no_votes_and_no_trend():
    account = decide(f.scores(others=0.0))
    assert (account.vote.votes, account.vote.points) == (0, 0.0)


@pytest.mark.parametrize(
    ("scores", "side", "points"),
    [
        (STRONG_BUY, 1, 100.0),
        (STRONG_BUY, -1, 75 / 90 * 100),
        (STRONG_BUY, 0, 75 / 90 * 100),
        (STRONG_SELL, -1, 100.0),
        (STRONG_SELL, 1, 75 / 90 * 100),
    ],
)
def test_analysts_of_another_side_earn_nothing(scores, side, points):
    market = {"has_ai": True, "agreement": 1.0, "ai_side": side}
    assert decide(scores, market=market).vote.points == pytest.approx(points)


# --- the minutes before


@pytest.mark.parametrize(
    "between",
    [
        pytest.param(lambda a: a.minute(scores=score_of(0.19)), id="a HOLD"),
        pytest.param(lambda a: a.miss(), id="a missed minute"),
        pytest.param(lambda a: a.minute(scores=f.scores(whale_flow=1.0, vpin=1.0)), id="thin coverage"),
        pytest.param(lambda a: a.minute(scores=-BUY), id="the other side"),
    ],
)  # fmt: skip
def test_a_side_must_persist_without_a_break(between):
    account = Account().minute(scores=BUY)
    between(account)
    assert account.minute(scores=BUY).blocked == ["DEBOUNCE"]
    assert account.minute(scores=BUY).blocked == []


def test_a_minute_that_another_gate_refused_counts_all_the_same():
    account = Account().minute(scores=BUY, market=f.market(paused=True))
    assert account.blocked == ["DEBOUNCE", "PAUSED"]
    assert account.minute(scores=BUY).blocked == []
