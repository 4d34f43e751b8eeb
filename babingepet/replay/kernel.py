"""The walk over columns: every minute through the two halves of ``btc_minute``, which decides live.

Columns that depend on no setting and no weight come in; what each minute came to goes out. The vote
asks nothing of the account, so any stretch of it may be read beside the others; the account is
walked in order. Nothing is decided here.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from babingepet.compiled import rule, stage
from babingepet.cycles.btc_minute import decide_minute, read_minute
from babingepet.cycles.btc_values import BtcState, Market, Reading
from babingepet.cycles.settings import BtcSettings
from babingepet.market.frames import Bools, Codes, Floats, Ints
from babingepet.market.intervals import HOUR, MINUTE
from babingepet.paper.position import Bar, ClosedTrade
from babingepet.signals.ai_consensus import NAME as AI
from babingepet.signals.registry import NAMES
from babingepet.voting.aggregate import thresholds_at
from babingepet.voting.rules import VotingRules


class Columns(NamedTuple):
    """All that the rules read of each minute, shape (n,)."""

    open_time: Ints
    open: Floats
    high: Floats
    low: Floats
    close: Floats
    chandelier_long: Floats
    chandelier_short: Floats
    funding: Floats
    """What a long pays per base unit for the settlements that fell due."""
    scores: Floats
    """Of the k signals that the source can supply, (k, n); NaN where unavailable."""
    measured: Ints
    """Their places in the registry, ascending, (k,)."""
    regime: Codes
    """Code of the confirmed regime."""
    trend_up: Floats
    """Share of the interval weight that trends up."""
    trend_down: Floats
    ai_agreement: Floats
    """Of the analysts' consensus in force; NaN without one."""
    ai_side: Codes


def rows_of(columns: Columns, start: int, stop: int) -> Columns:
    """The minutes of some rows; scores are copied, because another layout is compiled anew."""
    scores, measured = np.ascontiguousarray(columns.scores[:, start:stop]), columns.measured
    cut = {name: column[start:stop] for name, column in columns._asdict().items()}
    return Columns(**cut | {"scores": scores, "measured": measured})


class Walked(NamedTuple):
    """What each minute came to; shape (n,)."""

    score: Floats
    coverage: Floats
    verdict: Codes
    votes: Codes
    points: Floats
    grade: Codes
    blocked: npt.NDArray[np.int32]
    side: Codes
    equity: Floats
    exposure: Floats


AI_ROW = NAMES.index(AI)
TRADE_FIELDS = len(ClosedTrade._fields)
NO_PATTERN = 1.0
"""Multiplier of the size without pattern insights."""


@stage
def bar_at(columns: Columns, i: int) -> Bar:
    """The minute as the account sees it, without a book."""
    return Bar(
        columns.open_time[i], columns.open[i], columns.high[i], columns.low[i], columns.close[i],
        np.nan, np.nan, np.nan, np.nan,
        columns.chandelier_long[i], columns.chandelier_short[i], columns.funding[i],
    )  # fmt: skip


@stage
def market_at(columns: Columns, i: int, has_ai: bool) -> Market:
    """What the vote reads beside the scores: the analysts, no book, a punctual clock."""
    return Market(
        regime=columns.regime[i],
        trend_up=columns.trend_up[i],
        trend_down=columns.trend_down[i],
        agreement=columns.ai_agreement[i],
        ai_side=columns.ai_side[i],
        spread_bps=np.nan,
        has_ai=has_ai,
        has_book=False,
        data_age=0,
        clock_skew=0,
        pattern=NO_PATTERN,
        check_failed=False,
        paused=False,
    )


@rule
def write_trade(row: Floats, trade: ClosedTrade, shadow: float) -> None:
    """Lay a closed trade out in a row of ``TRADE_FIELDS`` + 1 numbers."""
    row[0], row[1], row[2] = trade.side, trade.quantity, trade.entry_time
    row[3], row[4], row[5] = trade.entry_price, trade.exit_time, trade.exit_price
    row[6], row[7], row[8] = trade.exit_reason, trade.initial_stop, trade.stop
    row[9], row[10], row[11] = trade.target, trade.peak, trade.armed
    row[12], row[13], row[14] = trade.grade, trade.fees_paid, trade.funding_paid
    row[15], row[16], row[17] = trade.gross_pnl, trade.net_pnl, trade.net_return
    row[18], row[19], row[20] = trade.r_multiple, trade.slippage_paid, shadow


def empty_walk(count: int) -> Walked:
    """Room for what so many minutes come to."""
    return Walked(
        score=np.empty(count),
        coverage=np.empty(count),
        verdict=np.empty(count, np.int8),
        votes=np.empty(count, np.int8),
        points=np.empty(count),
        grade=np.empty(count, np.int8),
        blocked=np.empty(count, np.int32),
        side=np.empty(count, np.int8),
        equity=np.empty(count),
        exposure=np.empty(count),
    )


@rule
def read_votes(
    columns: Columns,
    start: int,
    stop: int,
    weights: Floats,
    capability: Bools,
    rules: VotingRules,
    out: Walked,
) -> None:
    """Fill in what depends on no minute before: score to grade, and the gates of the market."""
    scores = np.full(len(weights), np.nan)
    for i in range(start, stop):
        for k in range(len(columns.measured)):
            scores[columns.measured[k]] = columns.scores[k, i]
        as_of = columns.open_time[i] + MINUTE
        market = market_at(columns, i, capability[AI_ROW])
        reading = read_minute(as_of, scores, weights, capability, market, rules)
        out.score[i], out.coverage[i] = reading.score, reading.coverage
        out.verdict[i], out.votes[i] = reading.verdict, reading.votes
        out.points[i], out.grade[i] = reading.points, reading.grade
        out.blocked[i] = reading.refused


@stage
def reading_at(out: Walked, i: int, as_of: int, rules: VotingRules) -> Reading:
    """What ``read_votes`` filled in."""
    thresholds = thresholds_at(as_of // HOUR % 24, rules)
    return Reading(
        out.score[i],
        out.coverage[i],
        np.int64(out.verdict[i]),  # type: ignore[arg-type]
        np.int64(out.votes[i]),  # type: ignore[arg-type]
        out.points[i],
        np.int64(out.grade[i]),  # type: ignore[arg-type]
        thresholds.buy,
        thresholds.strong,
        NO_PATTERN,
        np.int64(out.blocked[i]),  # type: ignore[arg-type]
    )


@rule
def walk(
    state: BtcState, columns: Columns, settings: BtcSettings, out: Walked
) -> tuple[BtcState, Floats]:
    """Decide every minute in order, after ``read_votes``; fill in the rest of what it came to.

    Returns:
        The state after the last minute, and a row a closed trade, shape (k, 21), as ``write_trade``
        lays it out.
    """
    trades = np.empty((64, TRADE_FIELDS + 1))
    closed = 0
    for i in range(len(columns.open_time)):
        bar = bar_at(columns, i)
        reading = reading_at(out, i, bar.open_time + MINUTE, settings.voting)
        state, account, vote = decide_minute(state, bar, reading, settings)
        out.blocked[i], out.side[i] = vote.blocked, state.position.side
        out.equity[i] = account.equity
        out.exposure[i] = state.position.quantity * bar.close / account.equity
        if closed + 2 > len(trades):
            trades = np.concatenate((trades, np.empty_like(trades)))
        if account.closed.side != 0:
            write_trade(trades[closed], account.closed, 0.0)
            closed += 1
        if account.shadow_closed.side != 0:
            write_trade(trades[closed], account.shadow_closed, 1.0)
            closed += 1
    return state, trades[:closed].copy()
