import numpy as np
import pytest

from babingepet.domain.codes import Grade
from babingepet.voting.grade import GradeInputs, grade_of, grade_points

FULL = GradeInputs(
    score=0.40, votes=8, side_agreement=1.0, trend_fraction=1.0, spread_bps=1.0, has_ai=True,
    has_book=True,
)  # fmt: skip


@pytest.mark.parametrize(
    ("change", "points"),
    [
        ({}, 100.0),
        # 40 for the score
        ({"score": 0.88}, 100.0),
        ({"score": -0.40}, 100.0),
        ({"score": 0.20}, 80.0),
        ({"score": 0.0}, 60.0),
        # 20 for the votes
        ({"votes": 13}, 100.0),
        ({"votes": 4}, 90.0),
        ({"votes": 0}, 80.0),
        # 15 for analysts of the same side
        ({"side_agreement": 0.6}, 94.0),
        ({"side_agreement": 0.0}, 85.0),
        ({"side_agreement": np.nan}, 85.0),
        # 15 for the trend
        ({"trend_fraction": 0.4}, 91.0),
        # 10 for a narrow spread
        ({"spread_bps": 0.1}, 100.0),
        ({"spread_bps": 3.0}, 95.0),
        ({"spread_bps": 5.0}, 90.0),
        ({"spread_bps": 50.0}, 90.0),
        ({"spread_bps": np.nan}, 90.0),
        # what the source can never supply leaves both sides
        ({"has_ai": False, "side_agreement": np.nan}, 100.0),
        ({"has_ai": False, "score": 0.0}, 45.0 / 85 * 100),
        ({"has_book": False, "votes": 0}, 70.0 / 90 * 100),
        ({"has_ai": False, "has_book": False, "trend_fraction": 0.0}, 60.0 / 75 * 100),
    ],
    ids=str,
)
def test_points_are_earned_of_those_attainable(change, points):
    assert grade_points(FULL._replace(**change)) == pytest.approx(points, abs=1e-12)


@pytest.mark.parametrize(
    ("points", "grade"),
    [
        (100.0, "A"), (70.0, "A"), (70.0 - 5e-13, "A"), (70.0 - 2e-12, "B"), (55.0, "B"),
        (55.0 - 5e-13, "B"), (55.0 - 2e-12, "C"), (40.0, "C"), (40.0 - 5e-13, "C"),
        (40.0 - 2e-12, "D"), (0.0, "D"),
    ],
)  # fmt: skip
def test_grades_begin_at_their_points(points, grade):
    assert Grade(grade_of(points)).name == grade


@pytest.mark.parametrize(
    ("has_ai", "has_book", "grade"),
    [(False, False, "A"), (True, False, "B"), (False, True, "B"), (True, True, "C")],
)
def test_the_same_points_are_a_better_grade_where_less_could_be_earned(has_ai, has_book, grade):
    # 52.5 points of 75, of 90, of 85, of 100: a feed that has nothing to say earns nothing
    earned = GradeInputs(0.40, 5, np.nan, 0.0, np.nan, has_ai, has_book)
    assert Grade(grade_of(grade_points(earned))).name == grade
