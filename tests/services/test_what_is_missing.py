"""What is missing: of a grid, and of spans less others."""

from babingepet_services.backfill.series import grid_holes
from babingepet_services.market.gap_ledger import less


def test_holes_of_a_grid_are_runs_of_empty_cells():
    assert grid_holes([5, 12, 40], 10, 0, 60) == [(20, 40), (50, 60)]
    assert grid_holes([], 10, 3, 29) == [(10, 20)]
    assert grid_holes(range(0, 60, 10), 10, 0, 60) == []


def test_spans_less_others_are_what_is_left():
    assert less([(0, 10), (20, 30)], [(2, 4), (9, 22)]) == [(0, 2), (4, 9), (22, 30)]
    assert less([(0, 10)], []) == [(0, 10)]
    assert less([(0, 10)], [(0, 10)]) == []
