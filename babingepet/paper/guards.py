"""What keeps a losing account from trading: cooldown after losses, daily and weekly breakers."""

from __future__ import annotations

from typing import NamedTuple

from babingepet.compiled import rule
from babingepet.market.intervals import DAY, MINUTE

NEVER = -(2**62)
NEUTRAL = 1e-9
"""A net P&L smaller than this, quote currency, is neither win nor loss."""
ROUNDING = 1e-12


class GuardRules(NamedTuple):
    """Limits of loss."""

    first_cooldown: int = 30 * MINUTE
    second_cooldown: int = 60 * MINUTE
    later_cooldown: int = 120 * MINUTE
    """Pause after the third and every further loss in a row, ms."""
    daily_drawdown: float = 0.05
    """Loss of equity since 00:00 UTC that stops entries until the next day."""
    weekly_drawdown: float = 0.15
    """Loss of equity since Monday 00:00 UTC that stops entries until the next Monday."""
    flatten_on_drawdown: bool = False
    """Whether a breaker also closes the open position, at the next minute's open."""


class Guards(NamedTuple):
    """Losses in a row, and the anchors and latches of the breakers."""

    losses: int = 0
    cooldown_until: int = NEVER
    day: int = NEVER
    """00:00 UTC of the day whose anchor is in force."""
    day_anchor: float = 0.0
    day_hit: bool = False
    """Latched until the next day: recovery does not unlatch it."""
    week: int = NEVER
    week_anchor: float = 0.0
    week_hit: bool = False


@rule
def after_trade(guards: Guards, net_pnl: float, exit_time: int, rules: GuardRules) -> Guards:
    """Count a closed trade: a loss pauses entries from its exit, a win clears the streak."""
    g = guards
    if abs(net_pnl) < NEUTRAL:
        return g
    losses = g.losses + 1 if net_pnl < 0.0 else 0
    until = g.cooldown_until
    if losses == 1:
        until = exit_time + rules.first_cooldown
    elif losses == 2:  # noqa: PLR2004
        until = exit_time + rules.second_cooldown
    elif losses > 0:
        until = exit_time + rules.later_cooldown
    return Guards(losses, until, g.day, g.day_anchor, g.day_hit, g.week, g.week_anchor, g.week_hit)


@rule
def has_fallen(equity: float, anchor: float, limit: float) -> bool:
    """Whether equity lies at least ``limit`` below its anchor."""
    return equity / anchor - 1.0 <= -limit + ROUNDING


@rule
def mark_equity(guards: Guards, as_of: int, equity: float, rules: GuardRules) -> Guards:
    """Renew the anchors at 00:00 and on Monday, then test the breakers."""
    g = guards
    day = as_of - as_of % DAY
    week = day - (day // DAY + 3) % 7 * DAY
    new_day, new_week = day != g.day, week != g.week
    day_anchor = equity if new_day else g.day_anchor
    week_anchor = equity if new_week else g.week_anchor
    day_hit = (g.day_hit and not new_day) or has_fallen(equity, day_anchor, rules.daily_drawdown)
    week_hit = (g.week_hit and not new_week) or has_fallen(
        equity, week_anchor, rules.weekly_drawdown
    )
    return Guards(g.losses, g.cooldown_until, day, day_anchor, day_hit, week, week_anchor, week_hit)
