"""A run of the whole cycle over facts, minute after minute, as a reading of the checker."""

from __future__ import annotations

from collections.abc import Iterator

from babingepet.cycles.btc import CycleInputs, run_cycle
from babingepet.cycles.btc_values import BtcState
from babingepet.cycles.settings import BtcSettings
from babingepet.domain.decision import Decision
from babingepet.market.intervals import MINUTE
from tests import factories as f
from tests.lookahead.facts import Facts
from tests.lookahead.markets import FEEDS, decidable

EAGER = f.settings(
    "buy_threshold=0.02", "strong_threshold=0.03", "min_votes=1", "min_coverage=0",
    "blocked_hours=", "entry_spacing=60000", "stop_loss=0.002", "max_hold=900000",
    "first_cooldown=0", "second_cooldown=0", "later_cooldown=0",
)  # fmt: skip
"""Rules under which an hour holds several trades."""


def decide(
    facts: Facts, start: int, until: int, settings: BtcSettings = EAGER
) -> Iterator[tuple[Decision, BtcState]]:
    """Decisions with start <= as_of <= until, and the state after each, of a fresh account."""
    state = f.state()
    for as_of in decidable(facts, range(start, until + 1, MINUTE)):
        inputs = CycleInputs("BTCUSDT", "recorded", facts.inputs(as_of), FEEDS, clock=as_of)
        decision, state = run_cycle(inputs, state, settings)
        yield decision, state
