"""One market read once and decided with some of its analysts."""

from dataclasses import replace

import pytest

from babingepet.errors import ConfigurationError, InputError
from babingepet.market.context import Verdicts
from babingepet.replay.ablation import read_ablation
from babingepet.replay.market import ReplayRules
from babingepet.replay.run import opened, replay
from babingepet.signals.registry import SWARM
from babingepet.swarm.rosters import BTC
from tests import factories as f
from tests.engine.replay import recorded as r

RULES = ReplayRules(f.settings("min_coverage=0"))


def silent(_done, _total):
    """Report no progress."""


@pytest.fixture(scope="module")
def market(recorded_data):
    """Nine recorded days."""
    whole = r.hundred_days(recorded_data)
    return replace(whole, minutes=whole.minutes.rows(0, 9 * 1_440), feeds=whole.feeds | {SWARM})


def ablation(market, rules=RULES, answers=None):
    given, start, end = opened(market, rules, None, None)
    return read_ablation(given, rules, start, end, answers=answers, threads=1, progress=silent)


def test_with_all_analysts_it_is_the_replay_also_after_others_were_left_out(market):
    made = ablation(market)
    without_all = made.without(BTC.names)
    alone = replay(market, RULES)
    assert made.without().ledger_sha256 == alone.ledger_sha256
    assert without_all.ledger_sha256 != alone.ledger_sha256


def test_answers_that_are_given_are_heard_instead_of_asking(market):
    said = ablation(market).answers
    given = replace(said, votes=1.0 - said.votes)
    stored = replace(market, verdicts=given.verdicts())
    made = ablation(stored, answers=given)
    assert made.answers is given
    assert made.without().ledger_sha256 == replay(stored, RULES).ledger_sha256


def test_a_market_with_verdicts_needs_answers(market):
    with pytest.raises(InputError, match="nobody to ask"):
        ablation(replace(market, verdicts=Verdicts.empty()))


def test_rules_that_nothing_but_analysts_can_meet_are_refused_before_anything_is_read(market):
    with pytest.raises(ConfigurationError):
        ablation(market, ReplayRules(f.settings("min_capability=0.5")))
