import pytest

from babingepet.cycles.refusals import Situation, describe, refusals
from babingepet.domain.codes import Gate, Regime
from babingepet.domain.decision import Refusal
from babingepet.market.intervals import DAY, HOUR, MINUTE
from babingepet.paper.guards import Guards
from tests import factories as f
from tests.engine.cycles.account import STRONG_BUY, Account


def told(account, gate, *, as_of=f.NOON, market=None, failed_checks=()):
    """How one failing gate is put into words after an account's last minute."""
    vote = account.vote._replace(blocked=1 << Gate[gate])
    found = refusals(
        Situation(as_of, account.state, market or f.market(), vote, account.settings, failed_checks)
    )
    assert [refusal.gate for refusal in found] == [gate]
    return found[0]


@pytest.fixture(scope="module")
def played():
    return Account(guards=Guards(losses=2, cooldown_until=f.NOON + HOUR)).minute(scores=STRONG_BUY)


@pytest.mark.parametrize(
    ("gate", "market", "said"),
    [
        ("STALE_DATA", f.market(data_age=200_000), "200 s old"),
        ("LOW_COVERAGE", None, "60% needed"),
        ("HOLD", None, "lies within +-0.2000"),
        ("HOUR_BLOCK", None, "UTC hour 12"),
        ("REGIME_RANGING", f.market(regime=Regime.RANGING.value), "RANGING"),
        ("REGIME_RANGING", f.market(regime=Regime.UNKNOWN.value), "UNKNOWN"),
        ("VOTES_LT_4", None, "13 of 13 signals agree, 4 needed"),
        ("AI_AGREEMENT", f.market(agreement=0.25), "agree 25%, 40% needed"),
        ("AI_AGREEMENT", None, "no AI consensus"),
        ("DAILY_DD", None, "fell 5% since 00:00"),
        ("WEEKLY_DD", None, "fell 15% since Monday"),
        ("COOLDOWN", None, "2 losses in a row"),
        ("GRADE", None, "B needed"),
        ("EDGE", None, "expects +0."),
        ("PATTERN_SKIP", None, "pattern"),
        ("DEBOUNCE", None, "less than 300 s ago"),
        ("POSITION_OPEN", None, "already FLAT"),
        ("MIN_NOTIONAL", None, "of equity buys less than"),
        ("CLOCK_SKEW", f.market(clock_skew=-31_000), "differ by -31.0 s"),
        ("PAUSED", None, "operator"),
    ],
)
def test_every_no_says_what_was_found(played, gate, market, said):
    assert said in told(played, gate, market=market).detail


def test_failed_checks_are_named(played):
    refusal = told(played, "CHECK_FAILED", failed_checks=("gap in candles", "stale funding"))
    assert refusal.detail == "gap in candles; stale funding"


def test_a_side_that_has_not_persisted_says_how_long_it_must():
    from tests.engine.cycles.account import BUY

    assert told(Account().minute(scores=BUY), "DEBOUNCE").detail == "1 of 2 minutes on this side"


@pytest.mark.parametrize(
    ("gate", "as_of", "until"),
    [
        ("COOLDOWN", f.NOON, f.NOON + HOUR),
        ("DAILY_DD", f.NOON, f.WEDNESDAY + DAY),
        ("WEEKLY_DD", f.NOON, f.MONDAY + 7 * DAY),
        ("HOUR_BLOCK", f.WEDNESDAY + 18 * HOUR, f.WEDNESDAY + 19 * HOUR),
        ("HOUR_BLOCK", f.WEDNESDAY + 18 * HOUR + 59 * MINUTE, f.WEDNESDAY + 19 * HOUR),
        ("HOUR_BLOCK", f.WEDNESDAY + 23 * HOUR + MINUTE, f.WEDNESDAY + 25 * HOUR),  # past 00
        ("PAUSED", f.NOON, None),
        ("GRADE", f.NOON, None),
    ],
)
def test_a_no_that_ends_by_itself_says_when(played, gate, as_of, until):
    assert told(played, gate, as_of=as_of).until == until


def test_where_every_hour_is_blocked_there_is_no_end():
    account = Account("blocked_hours=" + ",".join(map(str, range(24)))).minute()
    assert told(account, "HOUR_BLOCK").until is None


def test_a_refusal_is_one_line():
    assert describe(Refusal("PAUSED", "paused by the operator")) == "PAUSED: paused by the operator"
    line = describe(Refusal("COOLDOWN", "1 losses in a row", f.NOON))
    assert line.endswith("(until 2025-05-07T12:00:00Z)")
