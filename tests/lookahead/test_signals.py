"""No signal knows the future: removing it or replacing it changes neither inputs nor scores."""

import hashlib

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from babingepet.domain.decision import canonical_json
from babingepet.market.funding import settlements_due
from babingepet.market.intervals import DAY, HOUR, MINUTE
from babingepet.signals.registry import NAMES, compute_scores
from babingepet_services.capture.content import tape_summary
from tests import factories as f
from tests.lookahead import markets
from tests.lookahead.checker import first_leak

OF_THE_TAPE = {"whale_flow", "ofi_contrarian", "as_fair_value"}
FEBRUARY_2024 = 1_706_745_600_000


def scores(facts, as_of):
    """All 13 scores with their raw numbers, and the regime."""
    return compute_scores(facts.inputs(as_of), markets.FEEDS)


def what_is_read(facts, as_of):
    """The inputs by content."""
    inputs = facts.inputs(as_of)
    frames = {"1m": inputs.minutes, **inputs.bars}
    return (
        {name: hashlib.sha256(bars.to_bytes()).hexdigest() for name, bars in frames.items()},
        [canonical_json(tape_summary(minute)) for minute in inputs.tape],
        settlements_due(inputs.funding, inputs.minutes, as_of - DAY, as_of),
        repr(inputs.hour_table),
        inputs.consensus,
    )


def measured(facts, as_ofs):
    """Signals that had a score at some time."""
    told = [scores(facts, as_of)[0] for as_of in as_ofs]
    return {score.signal for row in told for score in row if score.value is not None}


def some_times(facts, count, *, within, seed=0):
    """Random minutes of the last ``within``, the newest among them; each may be decided."""
    end = int(facts.minutes.open_time[-1]) + MINUTE
    back = np.random.default_rng(seed).integers(1, within, count) * MINUTE
    return markets.decidable(facts, [end, *(end - back).tolist()])


@pytest.mark.slow
def test_what_is_read_of_a_random_market_is_what_was_known():
    facts = markets.made_up(1, tape=300, hour=23)  # a whole day, part of it later than as_of
    as_ofs = some_times(facts, 8, within=200)
    assert first_leak(what_is_read, facts, as_ofs) is None


@pytest.mark.slow
def test_no_score_of_a_random_market_depends_on_the_future():
    facts = markets.made_up(2, tape=300, hour=16)
    shortly_before_a_settlement = f.WEDNESDAY + 16 * HOUR - 5 * MINUTE
    as_ofs = [*some_times(facts, 8, within=200), shortly_before_a_settlement]
    assert first_leak(scores, facts, as_ofs) is None
    assert measured(facts, as_ofs) == set(NAMES)


@pytest.mark.slow
@given(st.integers(0, 2**32), st.integers(0, 90), st.integers(0, 23))
def test_no_score_of_any_random_market_depends_on_the_future(seed, back, hour):
    facts = markets.made_up(seed, days=22, tape=91, hour=hour)
    end = int(facts.minutes.open_time[-1]) + MINUTE
    as_ofs = markets.decidable(facts, [end - back * MINUTE])
    assert first_leak(scores, facts, as_ofs, seed) is None


@pytest.mark.slow
def test_no_score_of_the_recorded_market_depends_on_the_future(recorded_data):
    facts = markets.recorded(recorded_data, FEBRUARY_2024, 60)
    as_ofs = some_times(facts, 150, within=35 * DAY // MINUTE)
    assert first_leak(what_is_read, facts, as_ofs) is None
    assert first_leak(scores, facts, as_ofs) is None
    assert measured(facts, as_ofs) == set(NAMES) - OF_THE_TAPE
