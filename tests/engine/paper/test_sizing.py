import pytest

from babingepet.domain.codes import Grade
from babingepet.domain.edge import Edge
from babingepet.paper import sizing as s

FLOOR, VETO = s.SizingRules(), s.SizingRules(edge_policy=s.VETO_POLICY)
A, B = Grade.A.value, Grade.B.value


def edge(p=0.36, win=0.0238, loss=0.0072):
    return Edge(p, win, loss, p * win - (1 - p) * loss)


def share(rules=FLOOR, *, grade=A, pattern=1.0, **odds):
    return s.size_entry(edge(**odds), grade, pattern, 1_000.0, 100.0, rules).fraction


@pytest.mark.parametrize("p", [0.05, 0.2322, 0.3, 0.3548, 0.6])
def test_kelly_is_the_edge_over_the_odds(p):
    assert s.kelly_fraction(edge(p), False) == pytest.approx(p - (1 - p) * 0.0072 / 0.0238)
    assert s.kelly_fraction(edge(p), True) == pytest.approx(p - (1 - p) * 0.006 / 0.025)


def test_no_edge_and_no_kelly_are_the_same():
    break_even = 0.0072 / (0.0238 + 0.0072)
    assert s.kelly_fraction(edge(break_even), False) == pytest.approx(0.0, abs=1e-15)
    assert edge(break_even).expected == pytest.approx(0.0, abs=1e-15)


@pytest.mark.parametrize(
    ("rules", "p", "expected"),
    [
        (FLOOR, 0.05, 0.08),
        (FLOOR, 0.25, 0.08),
        (FLOOR, 0.36, 0.36 - 0.64 * 0.0072 / 0.0238),
        (FLOOR, 0.60, 0.20),
        (VETO, 0.05, 0.0),
        (VETO, 0.0072 / 0.031, 0.0),  # an edge of nothing is none
        (VETO, 0.24, 0.08),
        (VETO, 0.60, 0.20),
        (FLOOR._replace(kelly_fraction=0.5), 0.36, 0.5 * (0.36 - 0.64 * 0.0072 / 0.0238)),
        (FLOOR._replace(kelly_fraction=0.0), 0.60, 0.08),
        (FLOOR._replace(nominal_odds=True), 0.33, 0.33 - 0.67 * 0.006 / 0.025),
    ],
)
def test_the_share_stays_within_its_bounds_and_is_nothing_only_under_veto(rules, p, expected):
    assert share(rules, p=p) == pytest.approx(max(expected, 0.0), abs=1e-12)


@pytest.mark.parametrize(
    ("grade", "pattern", "expected"),
    [
        (A, 1.0, 0.20),
        (B, 1.0, 0.15),
        (A, 0.5, 0.10),
        (B, 0.5, 0.075),
        (A, 1.25, 0.20),  # a boost never lifts it above the bound
        (B, 1.25, 0.15),
        (A, 0.0, 0.0),
    ],
)
def test_pattern_and_grade_multiply_after_the_bounds(grade, pattern, expected):
    assert share(grade=grade, pattern=pattern, p=0.6) == pytest.approx(expected)


def test_grade_b_may_fall_below_the_least_share():
    assert share(grade=B, p=0.05) == pytest.approx(0.06)


@pytest.mark.parametrize(
    ("notional", "price", "step", "least", "expected"),
    [
        (80.0, 100_000.0, 0.001, 5.0, 0.0),  # less than one step of the exchange
        (80.0, 100_000.0, 1e-5, 5.0, 0.0008),
        (199.99, 100_000.0, 0.001, 5.0, 0.001),  # never rounded up
        (30.0, 100.0, 0.1, 5.0, 0.3),  # 30 / 100 / 0.1 falls just below 3 in doubles
        (29.999, 100.0, 0.1, 5.0, 0.2),
        (5.0, 100.0, 0.01, 5.0, 0.05),  # the least notional is enough
        (4.99, 100.0, 0.01, 5.0, 0.0),
        (5.01, 100.0, 0.05, 5.0, 0.05),
        (0.0, 100.0, 1e-5, 5.0, 0.0),
    ],
)
def test_a_quantity_is_whole_steps_that_the_notional_buys(notional, price, step, least, expected):
    rules = FLOOR._replace(quantity_step=step, min_notional=least)
    assert s.floor_quantity(notional, price, rules) == pytest.approx(expected, abs=1e-15)


@pytest.mark.parametrize("leverage", [1.0, 3.0])
def test_the_notional_is_the_share_of_equity_times_leverage(leverage):
    size = s.size_entry(edge(0.6), A, 1.0, 1_000.0, 100.0, FLOOR._replace(leverage=leverage))
    assert size.quantity == pytest.approx(0.20 * 1_000.0 * leverage / 100.0)


@pytest.mark.parametrize(("notional", "expected"), [(199.9, 0.0), (200.0, 0.002), (250.0, 0.002)])
def test_a_quantity_below_the_exchanges_least_order_is_none(notional, expected):
    rules = s.SizingRules(quantity_step=0.001, min_quantity=0.002)
    assert s.floor_quantity(notional, 100_000.0, rules) == expected
