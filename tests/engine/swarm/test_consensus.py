"""The rules by which votes become a consensus."""

from dataclasses import replace
from math import log2

import pytest

from babingepet.errors import InputError
from babingepet.swarm.agents import Group, Subject
from babingepet.swarm.answers import Confidence, State, silent, vote
from babingepet.swarm.consensus import NoQuorum, agree
from babingepet.swarm.rosters import BTC
from tests.engine.swarm import questions as q

MIXED = [0.6, 0.7, 0.8, 0.5, 0.4, 0.9, 0.55, 0.45, 0.3]


def test_generalists_weigh_40_and_personas_60_percent():
    agreed = agree(BTC, q.votes(MIXED), {"gemini": 0.6, "claude": 0.5, "gpt": 0.4})
    generalists = (0.6 * 0.6 + 0.5 * 0.7 + 0.4 * 0.8) / 1.5
    personas = (0.5 + 0.4 + 0.9 + 0.55 + 0.45 + 0.3) / 6
    assert agreed.p_generalists == pytest.approx(generalists, abs=1e-12)
    assert agreed.p_personas == pytest.approx(personas, abs=1e-12)
    assert agreed.p_up == pytest.approx(0.4 * generalists + 0.6 * personas, abs=1e-12)


def test_a_generalist_without_a_record_weighs_one_half():
    unproven = agree(BTC, q.votes(MIXED), {"gemini": 0.6})
    assert unproven == agree(BTC, q.votes(MIXED), {"gemini": 0.6, "claude": 0.5, "gpt": 0.5})


def test_the_record_of_a_persona_weighs_nothing():
    assert agree(BTC, q.votes(MIXED), {"momentum": 9.0}) == agree(BTC, q.votes(MIXED), {})


def test_votes_on_a_threshold_are_neutral_and_stay_in_the_denominator():
    agreed = agree(BTC, q.votes(MIXED), {})
    assert (agreed.bulls, agreed.bears, agreed.valid, agreed.asked) == (4, 2, 9, 9)
    assert (agreed.agreement, agreed.side) == (pytest.approx(4 / 9, abs=1e-15), 1)
    shares = (4 / 9, 3 / 9, 2 / 9)
    assert agreed.entropy == pytest.approx(-sum(s * log2(s) for s in shares), abs=1e-12)


@pytest.mark.parametrize(
    ("p", "bulls", "bears"),
    [
        (0.55, 0, 0),
        (1 - 0.45, 0, 0),
        (0.5500001, 9, 0),
        (0.45, 0, 0),
        (1 - 0.55, 0, 0),
        (0.44, 0, 9),
    ],
)
def test_the_thresholds_are_strict_and_rounding_does_not_cross_them(p, bulls, bears):
    agreed = agree(BTC, q.votes([p] * 9), {})
    assert (agreed.bulls, agreed.bears) == (bulls, bears)


def test_the_distance_of_votes_is_the_mean_over_their_pairs():
    of = q.roster(*(q.agent(name) for name in "abc"))
    agreed = agree(of, q.votes([0.2, 0.5, 0.6], of), {})
    assert agreed.pairwise == pytest.approx((0.3 + 0.4 + 0.1) / 3, abs=1e-12)


@pytest.mark.parametrize(
    ("probabilities", "p_up"),
    [
        ([None] * 3 + [0.7] * 6, 0.7),
        ([0.6, 0.6, 0.9] + [None] * 4 + [0.8] * 2, 0.4 * 0.7 + 0.6 * 0.8),
    ],
)
def test_a_group_that_is_silent_leaves_all_to_the_other(probabilities, p_up):
    agreed = agree(BTC, q.votes(probabilities), {})
    assert agreed.p_up == pytest.approx(p_up, abs=1e-12)
    assert (agreed.p_generalists is None) == (probabilities[0] is None)


def test_personas_that_are_silent_leave_all_to_the_generalists():
    of = q.roster(*(q.agent(name, Group.GENERALIST) for name in "ab"), q.agent("c"))
    agreed = agree(of, q.votes([0.6, 0.8, None], of), {"a": 3.0, "b": 1.0})
    assert agreed.p_up == pytest.approx(0.65, abs=1e-12)
    assert agreed.p_personas is None


def test_five_of_nine_are_a_degraded_consensus_and_four_are_none():
    five = agree(BTC, q.votes([0.8] * 5 + [None] * 4), {})
    assert (five.valid, five.asked, five.degraded, five.agreement) == (5, 9, True, 1.0)
    assert not agree(BTC, q.votes([0.8] * 9), {}).degraded
    four = agree(BTC, q.votes([0.8] * 4 + [None] * 5), {})
    assert isinstance(four, NoQuorum)
    assert (four.valid, four.needed, four.asked) == (4, 5, 9)


def test_no_quorum_says_what_became_of_the_others():
    answers = [
        vote("gemini", 0.7, Confidence.LOW, ""),
        silent("claude", State.TIMEOUT, "20 s"),
        silent("momentum", State.TIMEOUT, "20 s"),
        silent("gpt", State.ABSTAIN, "no idea"),
        silent("contrarian", State.INVALID, "p_up is 1.7"),
        silent("flow_reader", State.BUDGET_STOPPED, "the day's limit"),
        silent("macro_sage", State.STALE_INPUT, "old"),
    ]
    none = agree(BTC, answers, {})
    assert none.reason == (
        "1 of 9 analysts voted, 5 are needed; gpt: abstained; contrarian: gave no valid answer;"
        " claude, momentum: did not answer in time; flow_reader: not asked, the money was spent;"
        " macro_sage: not asked, the facts were too old;"
        " risk_manager, conservative_filter: unavailable"
    )


def test_nobody_at_all_is_no_quorum():
    assert agree(BTC, [], {}).reason.startswith("0 of 9 analysts voted, 5 are needed; gemini,")


def test_confidence_weighs_votes_about_symbols():
    of = q.about_symbols()
    answers = q.votes([0.6, 0.9, 0.3, 0.5, 0.7], of)
    levels = [Confidence.LOW, Confidence.MED, Confidence.HIGH, Confidence.LOW, Confidence.HIGH]
    answers = [replace(a, confidence=c) for a, c in zip(answers, levels, strict=True)]
    expected = (0.5 * 0.6 + 0.9 + 1.5 * 0.3 + 0.5 * 0.5 + 1.5 * 0.7) / 5.0
    assert agree(of, answers, {}).p_up == pytest.approx(expected, abs=1e-12)
    plain = replace(of, subject=Subject.MARKET)
    assert agree(plain, answers, {}).p_up == pytest.approx(0.6, abs=1e-12)


@pytest.mark.parametrize(
    ("low", "of_votes", "is_low"), [(2, 5, False), (3, 5, True), (2, 4, False)]
)
def test_a_majority_of_low_votes_bars_the_pick(low, of_votes, is_low):
    of = q.about_symbols()
    answers = q.votes([0.7] * of_votes + [None] * (5 - of_votes), of)
    answers[:low] = [replace(a, confidence=Confidence.LOW) for a in answers[:low]]
    assert agree(of, answers, {}).is_low is is_low


def test_low_votes_about_bitcoin_bar_nothing():
    assert not agree(BTC, q.votes([0.7] * 9, confidence=Confidence.LOW), {}).is_low


@pytest.mark.parametrize(
    ("answers", "weights", "said"),
    [
        (
            [vote("nobody", 0.5, Confidence.LOW, "")],
            {},
            "answers: nobody is not on the roster of BTC",
        ),
        ([silent("gpt", State.ABSTAIN, "")] * 2, {}, "answers: gpt answers twice"),
        ([], {"gpt": 0.0}, "weights: gpt weighs 0.0"),
        ([], {"gpt": float("nan")}, "weights: gpt weighs nan"),
        ([], {"gpt": float("inf")}, "weights: gpt weighs inf"),
    ],
)
def test_answers_and_weights_that_cannot_be_are_refused(answers, weights, said):
    with pytest.raises(InputError, match=said):
        agree(BTC, answers, weights)
