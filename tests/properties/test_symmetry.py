"""What a market in another unit, or turned upside down, does to every score and vote."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from babingepet.domain.codes import Grade, Verdict
from babingepet.market.intervals import DAY, MINUTE
from babingepet.market.order_flow import book_imbalance
from babingepet.signals.as_fair_value import as_fair_value
from babingepet.signals.mtf_alignment import mtf_alignment
from babingepet.signals.ofi_contrarian import ofi_contrarian
from babingepet.signals.registry import BASE_WEIGHTS, NAMES, compute_scores
from babingepet.signals.vpin import vpin
from babingepet.voting import aggregate as a
from babingepet.voting.edge import edge_of, record_of
from babingepet.voting.rules import VotingRules
from tests import factories as f
from tests.engine.cycles.account import Account
from tests.properties import markets as m

WITH_UNITS = {"whale_flow", "as_fair_value"}
"""A threshold in dollars; a risk aversion and an arrival decay per dollar."""
WEIGHTS = np.array(BASE_WEIGHTS)
RULES = VotingRules()
seeds = st.integers(0, 2**32)
unit = st.floats(-1.0, 1.0)
thirteen = st.lists(unit | st.just(np.nan), min_size=13, max_size=13).map(np.array)


def scores_of(inputs):
    """Score values by name, the ones that carry units left out."""
    scores, _ = compute_scores(inputs, f.ALL_FEEDS)
    return {score.signal: score.value for score in scores if score.signal not in WITH_UNITS}


@given(seeds, st.integers(-20, 20))
def test_prices_in_halves_or_doubles_change_no_bit_of_a_score(seed, power):
    inputs = m.random_inputs(seed)
    plain = scores_of(inputs)
    assert scores_of(m.in_another_unit(inputs, 2.0**power)) == plain
    assert sum(value is not None for value in plain.values()) >= 6


@given(seeds, st.floats(-6.0, 6.0))
def test_prices_in_any_unit_change_no_score(seed, exponent):
    inputs = m.random_inputs(seed)
    plain, other = scores_of(inputs), scores_of(m.in_another_unit(inputs, 10.0**exponent))
    assert other == pytest.approx(plain, abs=1e-9)


@given(seeds)
def test_reflected_prices_turn_the_trend(seed):
    bars = m.random_bars(np.random.default_rng(seed))
    turned = {name: m.reflected(frame, 250.0) for name, frame in bars.items()}
    score, other = (mtf_alignment(f.signal_inputs(bars=frames)) for frames in (bars, turned))
    assert other.value == pytest.approx(-score.value, abs=1e-9)


@given(m.volumes, st.lists(st.integers(0, 64), min_size=1, max_size=7))
def test_selling_what_was_bought_turns_vpin(volumes, shares):
    volume = m.tiled(volumes, 24 * 1_440)
    share = m.tiled(shares, len(volume)) / 64.0
    first = f.WEDNESDAY - 24 * DAY
    one, other = (
        vpin(
            f.signal_inputs(
                f.WEDNESDAY,
                minutes=f.candles(
                    len(volume), first=first, base_volume=volume, taker_buy_base_volume=volume * s
                ),
            )
        )
        for s in (share, 1.0 - share)
    )
    assert (one.value is None) == (other.value is None)
    if one.value is not None:
        assert other.raw["direction"] == pytest.approx(-one.raw["direction"], abs=1e-9)
        assert other.raw["vpin"] == pytest.approx(one.raw["vpin"], abs=1e-9)


@given(st.lists(st.floats(-1e9, 1e9), min_size=61, max_size=80))
def test_a_reflected_order_flow_negates_its_score(imbalances):
    one, other = (
        ofi_contrarian(f.signal_inputs(tape=f.tape(len(flow), order_flow_imbalance=flow)))
        for flow in (imbalances, [-flow for flow in imbalances])
    )
    assert other.value == -one.value


money = st.floats(0.0, 1e9)
levels = st.lists(st.tuples(st.floats(1e-6, 0.02), money, money), min_size=1, max_size=20)


@given(levels)
def test_a_reflected_book_negates_its_imbalance(rows):
    rows = sorted(rows)

    def imbalance(sides):
        """Of levels at a distance from 1,000; money is price times size."""
        return book_imbalance(
            f.book(
                *(
                    (1e3 * (1 - d), bid / (1e3 * (1 - d)), 1e3 * (1 + d), ask / (1e3 * (1 + d)))
                    for d, bid, ask in sides
                )
            ).levels
        )

    one, other = imbalance(rows), imbalance([(d, ask, bid) for d, bid, ask in rows])
    assert (one is None) == (other is None)
    if one is not None:
        assert other == pytest.approx(-one, abs=1e-9)
        assert -1.0 <= one <= 1.0


sizes = st.floats(1e-6, 1e6)


@given(sizes, sizes, st.floats(1e-6, 10.0))
def test_a_reflected_quote_negates_its_fair_value(bid_size, ask_size, half):
    def score(bid, ask):
        quote = f.quote(bid_price=1e3 - half, bid_size=bid, ask_price=1e3 + half, ask_size=ask)
        return as_fair_value(f.signal_inputs(tape=f.tape(4, last_quote=quote))).value

    assert score(ask_size, bid_size) == pytest.approx(-score(bid_size, ask_size), abs=1e-9)


analysts = st.tuples(st.floats(0.0, 1.0) | st.just(np.nan), st.sampled_from([-1, 0, 1]))


@given(
    thirteen, st.integers(0, DAY // MINUTE - 1), unit, unit, analysts,
    st.floats(0.0, 9.0) | st.just(np.nan), st.booleans(), st.booleans(),
)  # fmt: skip
def test_a_mirrored_vote_is_the_same_vote_for_the_other_side(
    scores, minute, up, down, consensus, spread, has_ai, has_book
):
    agreement, ai_side = consensus
    up, down = abs(up), abs(down)
    sides = {
        sign: f.market(
            trend_up=up if sign > 0 else down, trend_down=down if sign > 0 else up,
            agreement=agreement, ai_side=sign * ai_side, spread_bps=spread, has_ai=has_ai,
            has_book=has_book,
        )
        for sign in (1, -1)
    }  # fmt: skip
    time = f.WEDNESDAY + minute * MINUTE
    one, other = (
        Account(time=time).minute(scores=sign * scores, market=sides[sign]) for sign in (1, -1)
    )
    assert other.vote.score == -one.vote.score
    assert Verdict(other.vote.verdict) == -Verdict(one.vote.verdict)
    assert other.vote.votes == one.vote.votes
    assert (other.vote.points, other.vote.grade) == (one.vote.points, one.vote.grade)
    assert (other.vote.coverage, other.vote.edge, other.vote.size) == (
        one.vote.coverage,
        one.vote.edge,
        one.vote.size,
    )
    assert other.blocked == one.blocked
    assert other.ordered == -one.ordered
    assert Grade(one.vote.grade) in Grade


@given(
    thirteen, st.permutations(range(len(NAMES))), st.lists(st.booleans(), min_size=13, max_size=13)
)
def test_the_order_of_the_signals_changes_nothing(scores, order, able):
    order, capability = np.array(order), np.array(able)
    score = a.weighted_score(scores, WEIGHTS)
    shuffled = a.weighted_score(scores[order], WEIGHTS[order])
    assert shuffled == pytest.approx(score, abs=1e-15)
    assert a.coverage(scores[order], WEIGHTS[order], capability[order]) == pytest.approx(
        a.coverage(scores, WEIGHTS, capability), abs=1e-15
    )
    floor = RULES.vote_floor
    assert a.count_votes(scores[order], score, floor) == a.count_votes(scores, score, floor)


@given(st.lists(st.floats(-0.05, 0.05), max_size=100).flatmap(
    lambda returns: st.tuples(st.just(returns), st.permutations(returns))
), unit)  # fmt: skip
def test_the_order_of_the_trades_changes_no_odds(both, score):
    one, other = (edge_of(record_of(np.array(returns)), score, 0.20) for returns in both)
    assert other == pytest.approx(one, abs=1e-15)
