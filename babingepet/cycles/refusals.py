"""Failing gates in words: what was found, what was needed, until when."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from babingepet.cycles.btc_values import BtcState, Market, Vote
from babingepet.cycles.settings import HOURS, BtcSettings
from babingepet.domain.codes import Gate, Grade, Regime, Side, failing
from babingepet.domain.decision import Refusal
from babingepet.market.intervals import DAY, HOUR, SECOND, day_start, hour_of_day, iso, week_start
from babingepet.voting.aggregate import in_hours
from babingepet.voting.debounce import minutes_needed


@dataclass(frozen=True, slots=True)
class Situation:
    """Everything a refusal may have to name."""

    as_of: int
    state: BtcState
    market: Market
    vote: Vote
    settings: BtcSettings
    failed_checks: tuple[str, ...]


def refusals(situation: Situation) -> tuple[Refusal, ...]:
    """All failing gates, in reporting order."""
    return tuple(
        Refusal(gate.name, _detail(gate, situation), _until(gate, situation))
        for gate in failing(situation.vote.blocked)
    )


def _detail(gate: Gate, s: Situation) -> str:
    rules, vote, market = s.settings.voting, s.vote, s.market
    details: dict[Gate, Callable[[], str]] = {
        Gate.STALE_DATA: lambda: (
            f"the last closed minute is {market.data_age / SECOND:.0f} s old, "
            f"{rules.max_data_age / SECOND:.0f} s allowed"
        ),
        Gate.LOW_COVERAGE: lambda: (
            f"{vote.coverage:.1%} of the source's signal weight is measured, "
            f"{rules.min_coverage:.1%} needed"
        ),
        Gate.HOLD: lambda: f"score {vote.score:+.4f} lies within +-{vote.buy_threshold:.4f}",
        Gate.HOUR_BLOCK: lambda: f"no entries in UTC hour {hour_of_day(s.as_of)}",
        Gate.REGIME_RANGING: lambda: f"regime {Regime(market.regime).name} is not traded",
        Gate.VOTES_LT_4: lambda: f"{vote.votes} of 13 signals agree, {rules.min_votes} needed",
        Gate.AI_AGREEMENT: lambda: _agreement(s),
        Gate.DAILY_DD: lambda: (
            f"equity fell {s.settings.guards.daily_drawdown:.1%} since 00:00 UTC"
        ),
        Gate.WEEKLY_DD: lambda: (
            f"equity fell {s.settings.guards.weekly_drawdown:.1%} since Monday 00:00 UTC"
        ),
        Gate.COOLDOWN: lambda: _losses(s.state.guards.losses),
        Gate.GRADE: lambda: f"grade {Grade(vote.grade).name} ({vote.points:.1f} points), B needed",
        Gate.EDGE: lambda: f"the record expects {vote.edge.expected:+.5f} of notional a trade",
        Gate.PATTERN_SKIP: lambda: "the record of this pattern forbids it",
        Gate.DEBOUNCE: lambda: _debounce(s),
        Gate.POSITION_OPEN: lambda: f"already {Side(s.state.position.side).name}",
        Gate.MIN_NOTIONAL: lambda: (
            f"{vote.size.fraction:.2%} of equity buys less than one step or "
            f"{s.settings.sizing.min_notional:g} of notional"
        ),
        Gate.CHECK_FAILED: lambda: "; ".join(s.failed_checks),
        Gate.CLOCK_SKEW: lambda: _skew(s),
        Gate.PAUSED: lambda: "paused by the operator",
    }
    return details[gate]()


def _agreement(s: Situation) -> str:
    if s.market.agreement != s.market.agreement:
        return "no AI consensus, and one is required"
    return f"analysts agree {s.market.agreement:.1%}, {s.settings.voting.min_agreement:.1%} needed"


def _losses(count: int) -> str:
    return "one loss" if count == 1 else f"{count} losses in a row"


def _skew(s: Situation) -> str:
    if abs(s.market.clock_skew) > s.settings.voting.max_clock_skew:
        return f"clocks differ by {s.market.clock_skew / SECOND:.1f} s"
    return f"the minute ends {-s.market.data_age / SECOND:.1f} s after the exchange's clock"


def _debounce(s: Situation) -> str:
    rules = s.settings.voting
    missing = _minutes_missing(s)
    if missing:
        minutes = s.state.debounce.minutes
        return f"{minutes} of {minutes + missing} minutes on this side"
    return f"the last entry is less than {rules.entry_spacing / SECOND:.0f} s ago"


def _minutes_missing(s: Situation) -> int:
    """Minutes that the side must still persist before an entry."""
    state = s.state.debounce
    side = (s.vote.score > 0) - (s.vote.score < 0)
    return max(0, minutes_needed(state, side, s.vote.verdict, s.settings.voting) - state.minutes)


def _until(gate: Gate, s: Situation) -> int | None:
    if gate is Gate.HOUR_BLOCK:
        return _next_open_hour(s.as_of, s.settings.voting.blocked_hours)
    if gate is Gate.DEBOUNCE:
        return _spaced_until(s)
    ends = {
        Gate.COOLDOWN: s.state.guards.cooldown_until,
        Gate.DAILY_DD: day_start(s.as_of) + DAY,
        Gate.WEEKLY_DD: week_start(s.as_of) + 7 * DAY,
    }
    return ends.get(gate)


def _spaced_until(s: Situation) -> int | None:
    """When the last entry lies far enough back; None while the side has not persisted."""
    state, rules = s.state.debounce, s.settings.voting
    return None if _minutes_missing(s) else state.entry_as_of + rules.entry_spacing


def _next_open_hour(as_of: int, blocked: int) -> int | None:
    hours = (as_of // HOUR * HOUR + step * HOUR for step in range(1, HOURS + 1))
    return next((hour for hour in hours if not in_hours(blocked, hour_of_day(hour))), None)


def describe(refusal: Refusal) -> str:
    """One line: gate, detail, until."""
    until = f" (until {iso(refusal.until)})" if refusal.until is not None else ""
    return f"{refusal.gate}: {refusal.detail}{until}"
