"""Many trials on one market: the best is deflated, and judged on what it was not chosen by."""

import math

import numpy as np
import pytest
from scipy import stats

from babingepet.cycles.btc import BASE_BOOK, WeightBook
from babingepet.errors import ConfigurationError, InputError
from babingepet.market.intervals import DAY, MINUTE
from babingepet.performance.trades import RoundTrips
from babingepet.replay.deflation import best_of, deflate
from babingepet.replay.market import BASE_RULES
from babingepet.replay.result import Replay
from babingepet.replay.run import decide
from babingepet.replay.sweep import Sweep, stitch, sweep
from babingepet.replay.trial_account import TrialAccount, decide_trial
from babingepet.replay.trials import Trial, make_trials
from babingepet.replay.windows import Window
from tests import factories as f
from tests.engine.replay.accounts import voted

GRID = ("stop_loss=0.004,0.006,0.01", "target=0.015,0.025")
YEAR = 365


def trials(*grid: str) -> tuple[Trial, ...]:
    """A grid with the base weights."""
    return make_trials(BASE_RULES, grid or GRID, [BASE_BOOK])


def account(*equity: float, first: int = f.WEDNESDAY) -> TrialAccount:
    """An account that had this equity at one 00:00 after the other, and no trade."""
    values = np.array(equity)
    midnight = first + DAY * np.arange(len(values))
    return TrialAccount(midnight, values, RoundTrips.empty(), float(values[-1]), 0.0)


def bytes_of(result: Sweep) -> list[object]:
    """All that a sweep says, comparable to the bit."""
    accounts = [
        (a.midnight.tobytes(), a.equity.tobytes(), a.trips.to_bytes(), a.closing, a.max_drawdown)
        for a in result.accounts
    ]
    stitched = None if result.stitched is None else result.stitched.to_bytes()
    return [accounts, repr(result.results), repr(result.splits), repr(result.deflation), stitched]


@pytest.fixture(scope="module")
def base() -> Replay:
    return voted(24, seed=3)


def test_a_trial_of_the_base_rules_is_the_replay_itself(base):
    result = sweep(base, trials("min_votes=4"), YEAR)
    real = base.trades.where(~base.trades.shadow)
    assert result.results[0].trades == len(real) > 20
    assert result.results[0].net_pnl == base.minutes.equity[-1] - 1_000.0
    assert result.accounts[0].trips.net_pnl.tobytes() == real.net_pnl.tobytes()
    assert result.whole == (base.start, base.end)


def test_each_trial_is_a_replay_under_its_own_rules(base):
    result = sweep(base, trials(), YEAR)
    for trial, told in zip(result.trials, result.results, strict=True):
        alone = decide(base.market, base.columns, trial.rules, base.start, base.end)
        assert told.net_pnl == alone.minutes.equity[-1] - 1_000.0
        assert told.trades == np.sum(~alone.trades.shadow)
    assert len({told.net_pnl for told in result.results}) == len(result.results)


@pytest.mark.parametrize("rolling", [False, True])
def test_the_result_is_the_same_for_every_number_of_workers(base, rolling):
    one, two, five = (
        bytes_of(sweep(base, trials(), YEAR, splits=3, rolling=rolling, workers=workers))
        for workers in (1, 2, 5)
    )
    assert one == two == five


def test_daily_returns_read_the_equity_at_each_midnight(base):
    (made,) = sweep(base, trials("min_votes=4"), YEAR).accounts
    rows = np.flatnonzero(base.minutes.as_of % DAY == 0)
    assert made.midnight[1:].tolist() == base.minutes.as_of[rows].tolist()
    assert made.equity.tolist() == [1_000.0, *base.minutes.equity[rows].tolist()]
    assert made.max_drawdown == pytest.approx(
        float(np.min(base.minutes.equity / np.maximum.accumulate(base.minutes.equity))) - 1.0,
        abs=1e-3,
    )


def test_an_account_before_a_cut_is_the_account_of_the_shorter_window(base):
    (trial,) = trials("min_votes=4")
    end = base.start - MINUTE + 9 * DAY + MINUTE
    longer = decide_trial(base, Window(base.start, base.end), trial).before(end)
    shorter = decide_trial(base, Window(base.start, end), trial)
    assert longer.midnight.tobytes() == shorter.midnight.tobytes()
    assert longer.equity.tobytes() == shorter.equity.tobytes()
    assert longer.trips.to_bytes() == shorter.trips.to_bytes()
    assert longer.closing == shorter.closing
    assert longer.max_drawdown >= shorter.max_drawdown


def test_each_split_judges_the_best_of_its_train_window_from_a_fresh_account(base):
    result = sweep(base, trials(), YEAR, splits=3)
    assert len(result.splits) == 3
    for split in result.splits:
        trained = [decide_trial(base, split.split.train, trial) for trial in result.trials]
        ratios = [np.mean(a.returns) / np.std(a.returns, ddof=1) for a in trained]
        assert split.best == int(np.argmax(ratios))
        tested = decide_trial(base, split.split.test, result.trials[split.best])
        assert tested.equity[0] == 1_000.0
        assert split.in_sample.net_pnl == trained[split.best].net_pnl
        assert split.in_sample.sharpe_ratio.value == pytest.approx(max(ratios) * math.sqrt(YEAR))
        assert split.out_of_sample.net_pnl == tested.net_pnl
        assert split.out_of_sample.trades == len(tested.trips)


def test_rolling_windows_train_on_the_block_before_the_test(base):
    result = sweep(base, trials(), YEAR, splits=2, rolling=True)
    second = result.splits[1]
    assert second.split.train.start == result.splits[0].split.test.start
    trained = decide_trial(base, second.split.train, result.trials[second.best])
    assert second.in_sample.net_pnl == trained.net_pnl


def test_what_comes_after_the_train_window_cannot_change_the_choice(base):
    """The market after the first train window is turned upside down: the first choice stays."""
    result = sweep(base, trials(), YEAR, splits=2)
    row = int(np.searchsorted(base.columns.open_time, result.splits[0].split.train.end - MINUTE))
    turned = base.columns.scores.copy()
    turned[:, row:] *= -1.0
    other = decide(
        base.market, base.columns._replace(scores=turned), base.rules, base.start, base.end
    )
    again = sweep(other, trials(), YEAR, splits=2)
    assert again.splits[0].best == result.splits[0].best
    assert again.splits[0].in_sample == result.splits[0].in_sample
    assert again.splits[0].out_of_sample != result.splits[0].out_of_sample


def test_the_embargo_is_the_longest_holding_time_of_any_trial(base):
    for grid, embargo in (("max_hold=3600000,7200000", 7_200_000), ("min_votes=4", DAY)):
        result = sweep(base, trials(grid), YEAR, splits=1)
        split = result.splits[0].split
        assert result.embargo == split.test.start - split.train.end == embargo


def test_the_test_windows_join_into_one_equity(base):
    result = sweep(base, trials(), YEAR, splits=3)
    growth = [split.out_of_sample.net_pnl / 1_000.0 + 1.0 for split in result.splits]
    first = result.splits[0].split.test.start - MINUTE
    assert result.stitched.as_of[0] == first
    assert (np.diff(result.stitched.as_of) == DAY).all()
    assert result.stitched.equity[-1] == pytest.approx(1_000.0 * math.prod(growth))


def test_joined_accounts_begin_with_what_the_one_before_left():
    later = f.WEDNESDAY + 2 * DAY
    joined = stitch(
        f.WEDNESDAY, 50.0, [account(100.0, 110.0, 120.0), account(100.0, 50.0, first=later)]
    )
    assert joined.as_of.tolist() == [f.WEDNESDAY + n * DAY for n in range(4)]
    assert joined.equity.tolist() == pytest.approx([50.0, 55.0, 60.0, 30.0])


def test_a_window_without_a_choice_leaves_the_equity_as_it_is():
    joined = stitch(f.WEDNESDAY, 50.0, [])
    assert joined.equity.tolist() == [50.0]


def test_a_trial_that_never_trades_is_never_chosen(base):
    result = sweep(base, trials("min_votes=13"), YEAR, splits=2)
    assert result.deflation.best is None
    assert result.deflation.deflated.reason == "no trial has a Sharpe ratio"
    assert [split.best for split in result.splits] == [None, None]
    assert result.stitched.equity.tolist() == [1_000.0]
    mixed = sweep(base, trials("min_votes=13,4"), YEAR, splits=2)
    assert mixed.deflation.best == 1
    assert mixed.deflation.trials == 1


def test_of_equal_ratios_the_first_trial_wins():
    flat, rising, falling = account(1.0, 1.0, 1.0), account(1.0, 2.0, 3.0), account(3.0, 2.0, 1.0)
    assert best_of([falling, rising, rising, flat], YEAR) == 1
    assert best_of([flat, flat], YEAR) is None


def test_the_best_is_deflated_by_the_number_and_the_spread_of_the_trials():
    rng = np.random.default_rng(1)
    drawn = rng.normal(0.0002, 0.01, (5, 60))
    accounts = [account(*np.append(1.0, np.cumprod(1.0 + returns))) for returns in drawn]
    ratios = drawn.mean(axis=1) / drawn.std(axis=1, ddof=1)
    best = int(np.argmax(ratios))
    gamma = np.euler_gamma
    maximum = np.std(ratios, ddof=1) * (
        (1 - gamma) * stats.norm.ppf(1 - 1 / 5) + gamma * stats.norm.ppf(1 - 1 / (5 * math.e))
    )
    skew, kurtosis = stats.skew(drawn[best]), stats.kurtosis(drawn[best], fisher=False)
    ratio = ratios[best]
    spread = math.sqrt(1 - skew * ratio + (kurtosis - 1) / 4 * ratio**2)

    found = deflate([*accounts, account(1.0, 1.0, 1.0)], YEAR)
    assert (found.best, found.trials) == (best, 5)
    assert found.sharpe_ratio.value == pytest.approx(ratio * math.sqrt(YEAR))
    assert found.expected_maximum.value == pytest.approx(maximum * math.sqrt(YEAR))
    chance = stats.norm.cdf(ratio * math.sqrt(59) / spread)
    assert found.probabilistic.value == pytest.approx(chance)
    chance = stats.norm.cdf((ratio - maximum) * math.sqrt(59) / spread)
    assert found.deflated.value == pytest.approx(chance)


def test_of_many_trials_without_skill_the_best_looks_good_and_its_deflated_ratio_does_not():
    """In 40 sweeps of 50 made-up accounts each, the best passes 95 % alone far too often."""
    rng = np.random.default_rng(2)
    passed = {"alone": 0, "deflated": 0}
    for _ in range(40):
        drawn = 1.0 + rng.normal(0.0, 0.01, (50, 250))
        found = deflate([account(*np.append(1.0, np.cumprod(r))) for r in drawn], YEAR)
        passed["alone"] += found.probabilistic.value > 0.95
        passed["deflated"] += found.deflated.value > 0.95
    assert passed["alone"] >= 34
    assert passed["deflated"] <= 2


def test_a_window_without_a_minute_only_opens_its_account(base):
    window = Window(base.end + DAY, base.end + 2 * DAY)
    made = decide_trial(base, window, trials("min_votes=4")[0])
    assert (made.net_pnl, len(made.trips), len(made.returns)) == (0.0, 0, 0)
    assert made.before(window.start + 1).equity.tolist() == [1_000.0]


def test_progress_counts_every_account(base):
    told: list[tuple[int, int]] = []
    sweep(
        base,
        trials(),
        YEAR,
        splits=2,
        rolling=True,
        progress=lambda done, total: told.append((done, total)),
    )
    assert told == [(done, 20) for done in range(1, 21)]


def test_weights_that_the_source_can_hardly_supply_are_refused(base):
    book = WeightBook("thin", tuple(w / 2.0 for w in BASE_BOOK.weights))
    with pytest.raises(ConfigurationError, match=r"supplies signals of weight 0\.23"):
        sweep(base, make_trials(BASE_RULES, [], [BASE_BOOK, book]), YEAR)


def test_a_period_too_short_for_its_splits_is_refused(base):
    with pytest.raises(InputError, match="--splits 12"):
        sweep(base, trials(), YEAR, splits=12)
