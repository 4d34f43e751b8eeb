"""A sweep from files to its report: what is told agrees with the replays it was made of."""

import json
import math
from dataclasses import replace

import numpy as np
import pytest

from babingepet.cycles.btc import BASE_BOOK
from babingepet.errors import ConfigurationError, InputError
from babingepet.market.intervals import DAY, MINUTE
from babingepet.performance.metric import Metric, measured, unavailable
from babingepet.replay.deflation import Deflation
from babingepet.replay.run import replay
from babingepet.signals.registry import NAMES
from babingepet_resources.settings import load_settings
from babingepet_services.replay.inputs import ReplayRequest, read_inputs
from babingepet_services.replay.sweep import run_sweep
from babingepet_services.replay.sweep_report import SweepRequest, statement
from tests.factories import WEDNESDAY, settings
from tests.fakes import FakeClock
from tests.services.swings import DAYS, EAGER, write_swinging_market

GRID = ("stop_loss=0.004,0.008", "target=0.01,0.025")


@pytest.fixture(scope="module")
def market(tmp_path_factory):
    return write_swinging_market(tmp_path_factory.mktemp("swings"))


def request_of(market, *overrides: str, **given) -> SweepRequest:
    base = ReplayRequest(
        settings=load_settings(overrides=(*EAGER, *overrides)),
        candles=(market,),
        start=given.pop("start", None),
        end=given.pop("end", None),
        capital=given.pop("capital", 1_000.0),
    )
    return SweepRequest(base=base, **given)


@pytest.fixture(scope="module")
def done(market):
    """A grid of four with three weight books, walked forward twice."""
    return run_sweep(request_of(market, grid=GRID, weights=2, splits=2, seed=7), FakeClock())


@pytest.fixture(scope="module")
def document(done):
    return json.loads(json.dumps(done.document(), allow_nan=False))


def test_every_combination_is_tried_with_the_base_weights_and_the_drawn_ones(document):
    told = [
        (one["overrides"]["stop_loss"], one["overrides"]["target"], one["weights_version"])
        for one in document["trials"]
    ]
    books = ("base", "random-7-1", "random-7-2")
    assert told == [
        (stop, target, book)
        for stop in (0.004, 0.008)
        for target in (0.01, 0.025)
        for book in books
    ]
    assert [one["trial"] for one in document["trials"]] == list(range(12))


def test_the_weights_of_each_book_are_told_so_that_they_can_be_used(document):
    books = document["weight_books"]
    assert set(books) == {"base", "random-7-1", "random-7-2"}
    assert books["base"] == dict(zip(NAMES, BASE_BOOK.weights, strict=True))
    assert books["random-7-1"] != books["base"]


def test_a_trial_is_told_as_its_own_replay_would_be(market, document):
    inputs = read_inputs(request_of(market).base, FakeClock())
    rules = replace(inputs.rules, settings=settings(*EAGER, "stop_loss=0.008", "target=0.01"))
    alone = replay(inputs.market, rules)
    told = document["trials"][6]
    pnl = alone.trades.net_pnl[~alone.trades.shadow]
    assert told["trades"] == len(pnl) > 10
    assert told["net_pnl"] == alone.minutes.equity[-1] - 1_000.0
    factor = pnl[pnl > 0].sum() / -pnl[pnl < 0].sum()
    assert told["profit_factor"]["value"] == pytest.approx(factor)
    multiples = alone.trades.r_multiple[~alone.trades.shadow]
    assert told["expectancy_r"]["value"] == pytest.approx(np.mean(multiples))
    equity = np.append(1_000.0, alone.minutes.equity)
    fall = np.min(equity / np.maximum.accumulate(equity) - 1.0)
    assert told["max_drawdown"] == pytest.approx(fall)
    days = np.append(1_000.0, alone.minutes.equity[alone.minutes.as_of % DAY == 0])
    returns = days[1:] / days[:-1] - 1.0
    ratio = np.mean(returns) / np.std(returns, ddof=1) * math.sqrt(365)
    assert told["sharpe_ratio"]["value"] == pytest.approx(ratio)


def test_the_best_has_the_highest_ratio_and_says_what_it_was_chosen_from(document):
    ratios = [one["sharpe_ratio"]["value"] for one in document["trials"]]
    best = document["best"]
    assert best["sharpe_ratio"]["value"] == max(ratios)
    assert best["trial"] == ratios.index(max(ratios))
    assert best["overrides"] == document["trials"][best["trial"]]["overrides"]
    assert best["chosen_from"] == 12
    assert best["deflated_sharpe_ratio"]["value"] < best["probabilistic_sharpe_ratio"]["value"]
    assert document["statement"].startswith("the best of 12 trials would reach a Sharpe ratio of ")


def test_the_walk_forward_tells_windows_choices_and_both_halves(document):
    walked = document["walk_forward"]
    assert (walked["window"], walked["embargo_hours"]) == ("expanding", 24.0)
    first, second = walked["splits"]
    assert first["train_start"] == second["train_start"] == document["start"]
    assert first["test_start"] - first["train_end"] == DAY
    assert first["test_end"] == second["test_start"] == WEDNESDAY + 8 * DAY + MINUTE
    assert second["test_end"] == document["end"]
    for one in walked["splits"]:
        assert set(one["in_sample"]) == {"sharpe_ratio", "net_pnl", "trades"}
        assert one["best"]["overrides"] == document["trials"][one["best"]["trial"]]["overrides"]


def test_the_joined_tests_are_told_day_by_day(document):
    walked = document["walk_forward"]
    days = walked["equity"]
    assert days[0] == [WEDNESDAY + 4 * DAY, 1_000.0]
    assert [time for time, _ in days] == [WEDNESDAY + day * DAY for day in range(4, DAYS + 1)]
    growth = [1.0 + one["out_of_sample"]["net_pnl"] / 1_000.0 for one in walked["splits"]]
    assert days[-1][1] == pytest.approx(1_000.0 * math.prod(growth))
    assert walked["stitched"]["total_return"]["value"] == pytest.approx(math.prod(growth) - 1.0)


def test_more_workers_tell_the_same(market, document):
    more = run_sweep(
        request_of(market, grid=GRID, weights=2, splits=2, seed=7, workers=3), FakeClock()
    ).document()
    changing = {"workers", "seconds", "replay_seconds", "read_seconds"}
    assert json.loads(json.dumps(more)).keys() == document.keys()
    for name in document.keys() - changing:
        assert json.loads(json.dumps(more[name])) == document[name], name


def test_without_splits_there_is_no_walk_forward(market):
    document = run_sweep(request_of(market, grid=GRID[:1]), FakeClock()).document()
    assert document["walk_forward"] is None
    assert len(document["trials"]) == 2


def test_the_period_and_the_capital_are_those_of_the_replay(market):
    request = request_of(
        market, start=WEDNESDAY + 3 * DAY, end=WEDNESDAY + 5 * DAY, capital=5_000.0
    )
    document = run_sweep(request, FakeClock()).document()
    assert (document["start"], document["end"]) == (WEDNESDAY + 3 * DAY, WEDNESDAY + 5 * DAY)
    assert (document["bars"], document["capital"]) == (2 * 1_440, 5_000.0)


def test_trials_that_never_trade_are_counted_in_a_note(market):
    document = run_sweep(request_of(market, grid=("min_votes=1,13",)), FakeClock()).document()
    assert "1 of 2 trials closed no trade" in document["notes"]
    assert document["best"]["chosen_from"] == 1
    assert document["statement"].startswith("nothing was chosen: the only trial")
    none = run_sweep(
        request_of(market, grid=("min_votes=12,13",), splits=2), FakeClock()
    ).document()
    assert "trial" not in none["best"]
    assert none["statement"].startswith("no trial has a Sharpe ratio")
    assert none["walk_forward"]["splits"][0]["best"] is None
    assert none["walk_forward"]["stitched"]["sharpe_ratio"]["value"] is None


@pytest.mark.parametrize(
    ("given", "sentence"),
    [
        ({"weights": -1}, "--weights -1: must be 0 or more"),
        ({"splits": -1}, "--splits -1: must be 0 or more"),
        ({"seed": -1}, "--seed -1: must be 0 or more"),
        ({"workers": 0}, "--workers 0: must be 1 or more"),
        ({"grid": ("leverge=1",)}, "--grid leverge: no such setting"),
        ({"splits": 11}, "--splits 11: .* too short"),
    ],
)
def test_what_cannot_be_tried_is_refused(market, given, sentence):
    with pytest.raises(InputError, match="^" + sentence):
        run_sweep(request_of(market, **given), FakeClock())


def test_a_wrong_grid_is_refused_before_a_file_is_read(tmp_path):
    with pytest.raises(InputError, match=r"^--grid stop_loss=x"):
        run_sweep(request_of(tmp_path / "missing.parquet", grid=("stop_loss=x",)), FakeClock())


def test_a_grid_that_asks_for_more_than_the_source_has_is_refused(market):
    with pytest.raises(ConfigurationError, match=r"0\.80 needed"):
        run_sweep(request_of(market, grid=("min_capability=0.3,0.8",)), FakeClock())


def deflation(ratio: Metric, maximum: float = 0.9, chance: float = 0.62) -> Deflation:
    return Deflation(3, 24, ratio, measured(maximum, 24), measured(0.9, 100), measured(chance, 100))


def test_the_statement_sets_the_best_beside_chance():
    assert statement(deflation(measured(1.4, 100))) == (
        "the best of 24 trials would reach a Sharpe ratio of 0.90 by chance alone; this one reached "
        "1.40: that it is better than chance has probability 62.0%"
    )


def test_a_best_without_numbers_says_why():
    assert statement(deflation(unavailable("too large for a number", 100))) == (
        "the best of 24 trials cannot be judged: too large for a number"
    )
