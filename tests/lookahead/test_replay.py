"""Nothing a replay tells depends on the future; what is planted to do so is named, and when."""

import numpy as np
import pytest

from babingepet.domain.codes import ExitReason
from babingepet.errors import ConfigurationError, InputError
from babingepet.market.intervals import DAY, HOUR, INTERVALS, MINUTE, iso
from babingepet.paper.position import ClosedTrade
from babingepet.replay.dependence import NO_FUTURE, OTHER_REST, RESUMED
from babingepet.replay.lookahead import check, first_dependence
from babingepet.replay.lookahead_cuts import choose_cuts
from babingepet.replay.opening import check_trades
from babingepet.replay.told import ENTRY_TIME
from babingepet.replay.truth import decide_minutes, read_minutes, read_truth
from babingepet.signals.registry import NAMES
from tests import factories as f
from tests.lookahead import replays as r

OF_BARS = {"vpin", "mtf_alignment", "regime", "vwap", "funding_rate", "hour_seasonality"}
TUESDAY = f.WEDNESDAY - DAY
THREE = f.WEDNESDAY + 15 * HOUR
"""15:00, an hour before a settlement."""
QUARTER = INTERVALS["15m"]


@pytest.fixture(scope="module")
def market():
    return r.made_up(days=4)


@pytest.fixture(scope="module")
def truth():
    return truth_of(r.made_up(days=26))  # long enough for every signal but the table of hours


def truth_of(market, read=read_minutes, decide=decide_minutes, rules=r.RULES):
    """A replay from Tuesday on."""
    return read_truth(market, rules, start=TUESDAY, read=read, decide=decide)


def every_minute(truth, since, count):
    """Ends of the decided minutes among some."""
    as_ofs = truth.columns.open_time + MINUTE
    return as_ofs[(as_ofs >= since) & (as_ofs < since + count * MINUTE)].tolist()


def times(truth, field, **wanted):
    """Times of the trades that were closed for some reason, shadows left out."""
    fields = ClosedTrade._fields
    real = truth.trades[truth.trades[:, -1] == 0.0]
    for name, value in wanted.items():
        real = real[real[:, fields.index(name)] == value]
    return real[:, fields.index(field)].astype(int).tolist()


@pytest.mark.slow
def test_nothing_of_a_random_market_depends_on_the_future(truth):
    report = check(truth, choose_cuts(truth, 40))
    assert report.dependence is None
    assert report.cuts == 40
    assert report.minutes > 40 * HOUR // MINUTE
    assert report.values > 80 * report.minutes
    assert len(times(truth, "exit_time")) > 20
    told = ~np.isnan(truth.columns.scores).all(axis=1)
    assert {NAMES[at] for at in truth.columns.measured[told]} == OF_BARS


SIGNALS = {
    "the next minute's return": (r.last_return, {"ahead": 1}, THREE),
    "a 15m bar in its last minute": (r.bar_return, {"early": MINUTE}, THREE + 14 * MINUTE),
    "a 15m bar that has begun": (r.bar_return, {"early": QUARTER - MINUTE}, THREE + MINUTE),
    "a centred mean": (r.against_average, {"after": 5}, THREE - 4 * MINUTE),
    "the volume of today": (r.share_of_day, {"days": 0}, f.WEDNESDAY + MINUTE),
    "a scale made of all history": (r.z_of_all, {"sample": None}, TUESDAY),
}
HONEST = {
    "the last minute's return": (r.last_return, {"ahead": 0}),
    "15m bars that are over": (r.bar_return, {"early": 0}),
    "a trailing mean": (r.against_average, {"after": 0}),
    "the volume of yesterday": (r.share_of_day, {"days": -1}),
    "a scale made of the first day": (r.z_of_all, {"sample": 1_440}),
}


def planted(leak, options):
    return r.reading("vwap", lambda market, columns: leak(market, columns, **options))


@pytest.mark.parametrize(("leak", "options", "first"), SIGNALS.values(), ids=SIGNALS)
def test_a_signal_that_looks_ahead_is_named_at_its_first_moment(market, leak, options, first):
    truth = truth_of(market, read=planted(leak, options))
    found = check(truth, every_minute(truth, THREE, 16)).dependence
    assert found is not None
    assert found.part == "signal vwap"
    assert iso(found.as_of) == iso(first)
    assert found.future == NO_FUTURE
    assert found.told != found.otherwise


@pytest.mark.slow
@pytest.mark.parametrize(("signal", "options"), HONEST.values(), ids=HONEST)
def test_the_same_signal_without_its_leak_passes(market, signal, options):
    truth = truth_of(market, read=planted(signal, options))
    assert check(truth, every_minute(truth, THREE, 16)).dependence is None


SETTLEMENT = f.WEDNESDAY + 8 * HOUR


def test_a_rate_that_is_known_one_settlement_early_is_found_in_the_score(market):
    truth = truth_of(market, read=r.knowing_rates(settlements=1))
    found = check(truth, every_minute(truth, THREE, 3)).dependence
    assert (found.part, found.as_of, found.future) == (
        "signal funding_rate", f.WEDNESDAY + 8 * HOUR, NO_FUTURE,
    )  # fmt: skip


@pytest.mark.slow
def test_a_rate_that_is_paid_one_minute_early_is_found_in_the_minute_before(market):
    truth = truth_of(market, read=r.paying(early=MINUTE))
    cuts = every_minute(truth, SETTLEMENT - 5 * MINUTE, 10)
    found = check(truth, cuts).dependence
    assert (found.part, found.as_of, found.future) == ("funding", SETTLEMENT, OTHER_REST)
    assert found.ahead == -MINUTE


@pytest.mark.slow
def test_a_rate_that_is_paid_when_it_settles_passes(market):
    truth = truth_of(market, read=r.paying(early=0))
    assert check(truth, every_minute(truth, SETTLEMENT - 5 * MINUTE, 10)).dependence is None


def test_a_fill_at_a_later_open_is_found_in_its_own_minute(market):
    truth = truth_of(market, decide=r.later_open(ahead=1))
    filled = times(truth, "entry_time")[5]
    found = check(truth, [filled + MINUTE]).dependence
    assert (found.part, found.as_of) == ("fill: entry_price", filled + MINUTE)
    assert found.ahead == 0


def test_a_fill_at_the_low_of_its_own_minute_is_found(market):
    truth = truth_of(market, decide=r.walking(r.own_low))
    filled = times(truth, "entry_time")[5]
    found = check(truth, [filled - MINUTE, filled, filled + MINUTE]).dependence
    assert (found.part, found.as_of) == ("fill: entry_price", filled + MINUTE)
    assert (found.cut, found.future) == (filled, OTHER_REST)


@pytest.mark.slow
def test_a_gate_that_reads_the_next_hour_is_named(market):
    truth = truth_of(market, decide=r.later_regime(ahead=60))
    found = check(truth, (truth.columns.open_time[60::60] + MINUTE).tolist()).dependence
    assert found.part == "gate REGIME_RANGING"
    assert 0 <= found.ahead < HOUR


def test_an_exit_at_the_best_price_of_its_minute_is_found(market):
    truth = truth_of(market, decide=r.extreme_exits, rules=r.NEAR_TARGETS)
    left = times(truth, "exit_time", exit_reason=ExitReason.TARGET)[3]
    found = check(truth, [left - 2 * MINUTE, left - MINUTE, left]).dependence
    assert (found.part, found.as_of) == ("exit: exit_price", left)
    assert (found.cut, found.future) == (left - MINUTE, OTHER_REST)


@pytest.mark.slow
def test_exits_at_the_level_that_was_reached_pass(market):
    truth = truth_of(market, rules=r.NEAR_TARGETS)
    left = times(truth, "exit_time", exit_reason=ExitReason.TARGET)
    assert len(left) > 5
    assert check(truth, [time - MINUTE for time in left[:20]]).dependence is None


@pytest.mark.slow
@pytest.mark.parametrize(
    "rules", [r.RULES, r.NEAR_TARGETS, r.TRAILING], ids=["", "targets", "trails"]
)
def test_no_fill_and_no_exit_knew_the_rest_of_its_minute(market, rules):
    truth = truth_of(market, rules=rules)
    assert len(truth.trades) > 5
    assert check_trades(truth) is None


def test_of_all_fills_and_exits_the_first_that_knew_too_much_is_found(market):
    cheap = truth_of(market, decide=r.walking(r.own_low))
    filled = min(cheap.trades[:, ENTRY_TIME])
    found = check_trades(cheap)
    assert (found.as_of, found.future) == (filled + MINUTE, OTHER_REST)
    assert found.part.endswith("fill: entry_price")

    rich = truth_of(market, decide=r.extreme_exits, rules=r.NEAR_TARGETS)
    left = times(rich, "exit_time", exit_reason=ExitReason.TARGET)[0]
    found = check_trades(rich)
    assert (found.part, found.as_of) == ("exit: exit_price", left)


def test_a_peak_read_one_minute_early_is_found_in_the_account(market):
    truth = truth_of(market, decide=r.walking(r.higher), rules=r.TRAILING)
    entered = times(truth, "entry_time", side=1)[2]
    found = check(truth, [entered + MINUTE, entered + 2 * MINUTE]).dependence
    assert found.part in {"position: peak", "position: stop"}
    assert found.ahead == 0


def test_what_only_a_run_that_goes_on_knows_is_found_where_it_is_resumed(market):
    truth = truth_of(market, decide=r.hidden_peak, rules=r.TRAILING)
    left = times(truth, "exit_time", side=1, exit_reason=ExitReason.TRAIL_GAP)
    found = check(truth, [time - MINUTE for time in left[:5]]).dependence
    assert found.future == RESUMED
    assert found.as_of == found.cut + MINUTE


def test_the_search_ends_where_no_cut_can_show_anything_earlier(market):
    truth = truth_of(market, read=planted(r.last_return, {"ahead": 1}))
    days = [f.WEDNESDAY - DAY + k * DAY // 2 for k in range(1, 4)]
    report = check(truth, [*days, f.WEDNESDAY + 15 * HOUR])
    assert report.dependence.as_of == days[0]
    assert report.cuts == 4


@pytest.mark.slow
def test_the_result_is_the_same_for_any_number_of_workers_and_order_of_cuts(market):
    truth = truth_of(market, read=planted(r.last_return, {"ahead": 3}))
    cuts = every_minute(truth, THREE, 8)
    assert check(truth, cuts) == check(truth, cuts[::-1] + cuts, workers=3)


def test_every_cut_is_told_to_whoever_waits(truth):
    seen = []
    cuts = every_minute(truth, THREE, 3)
    check(truth, cuts, progress=lambda done, total: seen.append((done, total)))
    assert seen == [(1, 3), (2, 3), (3, 3)]


def test_the_first_dependence_can_be_asked_for_in_one_call(market):
    read = planted(r.last_return, {"ahead": 1})
    found = first_dependence(market, r.RULES, [THREE], read=read)
    assert (found.part, found.as_of) == ("signal vwap", THREE)
    assert first_dependence(market, r.RULES, [THREE]) is None


@pytest.mark.parametrize("cut", [f.WEDNESDAY - 2 * DAY, THREE + 1, THREE + DAY])
def test_a_cut_at_which_nothing_is_decided_is_refused(truth, cut):
    with pytest.raises(InputError, match=f"no decided minute ends at the cut {iso(cut)}"):
        check(truth, [cut])


def test_a_period_without_minutes_and_a_source_without_signals_are_refused(market):
    with pytest.raises(InputError, match="no minute lies in the period"):
        read_truth(market, r.RULES, start=f.WEDNESDAY + 9 * DAY)
    poor = r.ReplayMarket(
        market.symbol, market.source, market.minutes, market.hours, market.funding, frozenset()
    )
    with pytest.raises(ConfigurationError, match="missing feeds"):
        read_truth(poor, r.RULES)
