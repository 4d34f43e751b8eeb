"""What a sweep tries: a grid of settings, and weights drawn around the base ones."""

import numpy as np
import pytest

from babingepet.cycles.btc import BASE_BOOK, WeightBook
from babingepet.errors import InputError
from babingepet.replay.market import BASE_RULES, ReplayRules
from babingepet.replay.trials import make_trials, random_books
from babingepet.signals.registry import NAMES, capability
from tests import factories as f

ABLE = capability(f.CANDLE_FEEDS)


def grid_of(*grid: str) -> list[tuple[str, ...]]:
    """What each trial of a grid changes, with the base weights."""
    return [trial.overrides for trial in make_trials(BASE_RULES, grid, [BASE_BOOK])]


def test_without_a_grid_the_base_rules_are_the_only_trial():
    (only,) = make_trials(BASE_RULES, [], [BASE_BOOK])
    assert (only.overrides, only.rules) == ((), BASE_RULES)


def test_a_grid_tries_every_combination_in_its_order():
    assert grid_of("stop_loss=0.006,0.01", "min_votes=3,4") == [
        ("stop_loss=0.006", "min_votes=3"),
        ("stop_loss=0.006", "min_votes=4"),
        ("stop_loss=0.01", "min_votes=3"),
        ("stop_loss=0.01", "min_votes=4"),
    ]


def test_each_combination_is_tried_with_each_book():
    other = WeightBook("other", BASE_BOOK.weights)
    trials = make_trials(BASE_RULES, ["min_votes=3,4"], [BASE_BOOK, other])
    assert [(t.overrides[0], t.rules.book.version) for t in trials] == [
        ("min_votes=3", "base"), ("min_votes=3", "other"),
        ("min_votes=4", "base"), ("min_votes=4", "other"),
    ]  # fmt: skip


def test_a_grid_changes_the_given_rules_and_nothing_else():
    base = ReplayRules(settings=f.settings("leverage=2"), capital=500.0)
    (trial,) = make_trials(base, ["min_votes=5"], [BASE_BOOK])
    assert trial.rules.settings == f.settings("leverage=2", "min_votes=5")
    assert trial.rules.capital == 500.0


def test_hours_are_lists_so_a_bar_parts_them():
    trials = make_trials(BASE_RULES, ["blocked_hours=18,23,0|"], [BASE_BOOK])
    assert [t.rules.settings.by_name["blocked_hours"] for t in trials] == [[0, 18, 23], []]


@pytest.mark.parametrize(
    ("grid", "sentence"),
    [
        (["leverge=1"], "--grid leverge: no such setting"),
        (["leverage"], "--grid leverage: write key=value,value"),
        (["=1"], "--grid =1: write key=value,value"),
        (["leverage=1,two"], "--grid leverage=two: expected a number"),
        (["leverage=9"], "--grid leverage=9: must lie in"),
        (["leverage="], "--grid leverage=: expected a number"),
        (["leverage=1,1"], "--grid leverage=1,1: a value is given twice"),
        (["leverage=1", "leverage=2"], "--grid leverage: given twice"),
        (["buy_threshold=0.1,0.5"], "--grid buy_threshold: must not exceed strong_threshold"),
    ],
)
def test_a_grid_that_cannot_be_tried_is_refused(grid, sentence):
    with pytest.raises(InputError, match="^" + sentence):
        grid_of(*grid)


def test_drawn_weights_keep_the_sum_of_what_the_source_supplies():
    base = np.array(BASE_BOOK.weights)
    for book in random_books(BASE_BOOK, ABLE, 20, seed=1):
        weights = np.array(book.weights)
        assert weights[list(ABLE)].sum() == pytest.approx(base[list(ABLE)].sum(), abs=1e-12)
        assert (weights > 0.0).all()


def test_a_signal_that_the_source_cannot_supply_keeps_its_weight():
    (book,) = random_books(BASE_BOOK, ABLE, 1, seed=1)
    unmoved = [n for n, a, b in zip(NAMES, book.weights, BASE_BOOK.weights, strict=True) if a == b]
    assert unmoved == [name for name, able in zip(NAMES, ABLE, strict=True) if not able]


def test_drawn_weights_lie_around_the_base_ones():
    """The mean of a Dirichlet share m is m, its variance m (1 - m) / (concentration + 1)."""
    able = np.array(ABLE)
    base = np.array(BASE_BOOK.weights)[able]
    total = base.sum()
    drawn = np.array([b.weights for b in random_books(BASE_BOOK, ABLE, 4_000, seed=2)])[:, able]
    share = base / total
    deviation = np.sqrt(share * (1.0 - share) / 101.0)
    assert drawn.mean(axis=0) / total == pytest.approx(share, abs=0.003)
    assert drawn.std(axis=0) / total == pytest.approx(deviation, rel=0.05)


def test_a_weight_of_nothing_stays_nothing():
    weights = list(BASE_BOOK.weights)
    weights[NAMES.index("vwap")] = 0.0
    silent = tuple(weights)
    (book,) = random_books(WeightBook("learned", silent), ABLE, 1, seed=1)
    assert book.weights[NAMES.index("vwap")] == 0.0


def test_a_seed_draws_the_same_books_and_says_so_in_their_version():
    first, again, other = (random_books(BASE_BOOK, ABLE, 2, seed=s) for s in (5, 5, 6))
    assert first == again
    assert first[0].weights != other[0].weights
    assert [book.version for book in first] == ["random-5-1", "random-5-2"]


def test_a_source_that_supplies_nothing_leaves_nothing_to_draw():
    assert random_books(BASE_BOOK, (False,) * 13, 2, seed=1) == (BASE_BOOK, BASE_BOOK)
    silent = WeightBook("silent", (0.0,) * 13)
    assert random_books(silent, ABLE, 1, seed=1) == (silent,)
