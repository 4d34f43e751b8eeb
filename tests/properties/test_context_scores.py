"""What holds for every score of context, whatever was filed."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from babingepet.domain.decision import canonical_json
from babingepet.learning.seasonality import hour_table
from babingepet.market.context import EtfFlows, Headline
from babingepet.market.intervals import DAY, HOUR, MINUTE, month_start
from babingepet.signals.ai_consensus import ai_consensus, fresh_consensus
from babingepet.signals.etf_flow import etf_flow
from babingepet.signals.hour_seasonality import hour_seasonality
from babingepet.signals.sentiment import sentiment
from tests import factories as f

finite = st.floats(-1e300, 1e300)
anything = st.floats()
AS_OF = f.WEDNESDAY + 3 * HOUR
MONTH = month_start(f.NOON)
TWO_YEARS = MONTH - month_start(f.NOON, 24)


def is_sound(score):
    """Within [-1, 1], or unavailable for a reason; and nothing in it that JSON cannot hold."""
    canonical_json(dict(score.raw))
    if score.value is None:
        return bool(score.reason)
    return -1.0 <= score.value <= 1.0 and score.reason is None


def flow_score(flows, as_of=AS_OF, **where):
    return etf_flow(f.signal_inputs(as_of, etf_flows=f.etf_flows(flows, **where)))


flow_lists = st.lists(finite, min_size=20, max_size=40)
flow_patterns = st.lists(finite, min_size=1, max_size=4).map(lambda p: (p * 20)[:20])


@given(flow_lists | flow_patterns)
def test_flows_are_sound_and_turn_with_the_money(flows):
    score = flow_score(flows)
    assert is_sound(score)
    assert score.value is not None
    assert flow_score([-flow for flow in flows]).value == -score.value


@given(st.lists(anything, max_size=40), st.integers(-2 * DAY, 9 * DAY))
def test_flows_that_are_no_numbers_leave_the_score_sound(flows, later):
    flows = [flow if abs(flow) < 1e300 else math.inf for flow in flows]
    assert is_sound(flow_score(flows, AS_OF + later))


@given(flow_lists, st.integers(-8, 8).map(lambda k: 2.0**k))
def test_the_unit_of_money_does_not_change_the_score_of_flows(flows, unit):
    flows = [round(flow / 1e290, 3) for flow in flows]
    assert flow_score([flow * unit for flow in flows]).value == flow_score(flows).value


@given(flow_lists, st.lists(finite, min_size=1, max_size=5), st.integers(0, 3 * DAY))
def test_flows_that_are_not_published_yet_change_nothing(flows, later, since):
    as_of = AS_OF + since
    known = f.etf_flows(flows)
    first = -(-(as_of - 27 * HOUR + 1) // DAY) * DAY  # published after as_of
    days = np.append(known.day, first + np.arange(len(later)) * DAY)
    both = EtfFlows(days, np.append(known.flow_usd, later))
    inputs = (f.signal_inputs(as_of, etf_flows=flows) for flows in (known, both))
    alone, beside = map(etf_flow, inputs)
    assert beside == alone


words = st.sampled_from(["bitcoin", "falls", "rises", "fund", "flows", "miner", "sells", "court"])
titles = st.lists(words, max_size=6).map(" ".join) | st.text(max_size=20)
times = st.integers(f.NOON - 26 * HOUR, f.NOON)
headlines = st.builds(
    f.headline,
    titles,
    event_time=times,
    polarity=st.floats(-1.0, 1.0),
    relevance=st.sampled_from([1.0, 0.5, 0.25]),
)
presses = st.lists(headlines, max_size=12)
future = st.integers(f.NOON + 1, f.NOON + 26 * HOUR)
unseen = st.lists(
    st.builds(f.headline, titles, event_time=future, known_at=future)
    | st.builds(f.headline, titles, event_time=times, known_at=future)
    | st.builds(f.headline, titles, event_time=future, known_at=times),
    max_size=5,
)


def press_score(rows, **given):
    return sentiment(f.signal_inputs(news=f.news(*rows, **given)))


@given(presses)
def test_the_press_is_sound_and_turns_with_its_tone(rows):
    score = press_score(rows)
    assert is_sound(score)
    assert score.value is not None
    turned = press_score([row._replace(polarity=-row.polarity) for row in rows])
    assert turned.value == -score.value


@given(
    st.lists(
        st.builds(Headline, st.integers(), st.integers(), st.text(), anything, anything), max_size=9
    ),
    st.integers(f.NOON - 2 * HOUR, f.NOON + HOUR),
)
def test_whatever_a_feed_brings_the_score_stays_sound(rows, checked_at):
    near = [row._replace(event_time=f.NOON - abs(row.event_time) % DAY) for row in rows]
    assert is_sound(press_score([*rows, *near], checked_at=checked_at))


@given(presses, unseen)
def test_headlines_from_later_change_nothing(rows, later):
    assert press_score([*rows, *later]) == press_score(rows)


@given(
    st.lists(headlines, max_size=9, unique_by=lambda row: row.event_time).flatmap(
        lambda rows: st.tuples(st.just(rows), st.permutations(rows))
    )
)
def test_the_order_in_which_headlines_are_filed_changes_nothing(both):
    rows, shuffled = both
    assert press_score(shuffled) == press_score(rows)


@given(titles, st.integers(1, DAY), st.integers(1, DAY))
def test_a_later_copy_of_a_headline_changes_nothing(title, age, later):
    first = f.headline(title, event_time=f.NOON - age, polarity=-1.0)
    copy = f.headline(title, event_time=min(f.NOON - age + later, f.NOON))
    assert press_score([copy, first]) == press_score([first])


@given(st.floats(0.0, 1.0), st.integers(-HOUR, HOUR))
def test_a_consensus_is_sound_and_turns_with_its_probability(p_up, age):
    scores, kept = [], []
    for p in (p_up, 1.0 - p_up):
        inputs = f.signal_inputs(consensus=f.consensus(p, as_of=f.NOON - age))
        scores.append(ai_consensus(inputs))
        kept.append(fresh_consensus(inputs))
    assert all(is_sound(score) for score in scores)
    available = 0 <= age <= 40 * MINUTE
    for score, consensus in zip(scores, kept, strict=True):
        assert (score.value is not None) is (consensus is not None) is available
    if available:
        assert scores[1].value == pytest.approx(-scores[0].value, abs=1e-15)


@given(anything, anything, st.integers(0, HOUR))
def test_whatever_the_analysts_say_the_score_stays_sound(p_up, agreement, age):
    consensus = f.consensus(p_up, agreement=agreement, as_of=f.NOON - age)
    assert is_sound(ai_consensus(f.signal_inputs(consensus=consensus)))


@pytest.mark.slow
@given(st.lists(st.integers(0, 700), min_size=24, max_size=24), st.integers(0, 23))
def test_hours_are_sound_and_turn_with_the_market(rises, hour):
    """Falls instead of rises: every share p becomes 1 - p, and the same hours are significant."""
    day, of_day = np.divmod(np.arange(TWO_YEARS // HOUR), 24)
    rose = day < np.asarray(rises)[of_day]
    first, as_of = MONTH - TWO_YEARS, MONTH + hour * HOUR
    scores, tables = [], []
    for closes in (np.where(rose, 101.0, 99.0), np.where(rose, 99.0, 101.0)):
        hours = f.candles(closes=closes, open=100.0, first=first, interval="1h")
        tables.append(hour_table(hours, as_of))
        scores.append(hour_seasonality(f.signal_inputs(as_of, hour_table=tables[-1])))
    assert all(is_sound(score) for score in scores)
    assert scores[1].value == pytest.approx(-scores[0].value, abs=1e-9)
    np.testing.assert_allclose(tables[1].share, 1.0 - tables[0].share, atol=1e-12)
    assert tables[1].significant.tolist() == tables[0].significant.tolist()


@pytest.mark.slow
@given(st.floats(0.5, 2.0), st.integers(0, 30 * 24 - 1))
def test_hours_of_this_month_change_nothing(factor, altered):
    wave = 100.0 + np.sin(np.arange(761 * 24))
    hours = f.candles(closes=wave, open=100.0, first=MONTH - TWO_YEARS, interval="1h")
    columns = {name: values.copy() for name, values in hours.columns().items()}
    since = TWO_YEARS // HOUR
    columns["close"][since + altered :] *= factor
    columns["close"][since + altered] = np.nan
    tables = [hour_table(rows, f.NOON) for rows in (hours, type(hours)(**columns))]
    assert all(np.array_equal(one, other) for one, other in zip(*tables, strict=True))


@given(anything, anything, st.integers(0, 10_000))
def test_whatever_a_table_says_the_score_of_its_hours_stays_sound(share, mean, hours):
    table = f.hour_table(share=share, hours=hours, significant=True)._replace(mean_share=mean)
    assert is_sound(hour_seasonality(f.signal_inputs(hour_table=table)))
